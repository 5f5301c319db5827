package analyze

import (
	"slices"

	"github.com/execrole/execrole/analyze/policy"
)

// Many fields name a secret or a parameter, by its ARN or by its name. This file has what these fields share.

// namedThing says what a field can name by an ARN, and which grants that asks for.
type namedThing struct {
	what      string // the field, in messages
	secret    *Grant // for a whole secret; nil where the field takes none
	part      *Grant // for a part of a secret; the same as secret where the field takes no parts
	parameter *Grant // nil where the field takes none
	encrypted bool   // a parameter stays encrypted: no key is used
	ownRegion bool   // ECS reads it in the task's own region, whatever its ARN says
	// ownAccount says that AWS wants a secret in the account of the task. No policy of its owner makes up for another one.
	ownAccount bool
	only       string // for messages: "ECS reads secrets from secretsmanager and ssm only"
}

// requireByARN requires the secret or the parameter that t, the value of v, names by its ARN.
func (p *pass) requireByARN(v located, t policy.Text, n namedThing) {
	if s, rest, ok := t.CutSymbol(); ok {
		p.requireBySymbol(v, t, s, rest, n)
		return
	}
	if a, list, ok := p.cutARN(v, t, n.what); ok {
		p.requireNamed(v, t, a, list, n)
	}
}

// requireBySymbol requires what a symbol names, and perhaps a part of it, which rest says.
func (p *pass) requireBySymbol(v located, t policy.Text, s policy.Symbol, rest policy.Text, n namedThing) {
	switch meaning := p.meaning(s); {
	case meaning == policy.MeansSecretARN && n.secret != nil && (rest == "" || rest[0] == ':'):
		p.noteTold(v, s)
		// The ARN of a secret that exists is complete.
		parts := splitText(rest, ':', len(rest)+1)[1:]
		grant := p.secretGrant(v, n, len(parts))
		resources, match := []policy.ARN{policy.Whole(policy.Of(s))}, Exact
		if d := p.reader.Symbols().Lookup(s).Derivation; d.Result.HasSuffix(anySuffix) {
			match = OneOf // it follows from a name
		} else if d.Pattern != "" {
			// Whether the ARN that it follows from has the suffix is unknown.
			resources, match = append(resources, policy.Whole(policy.Of(s)+anySuffix)), OneOf
		}
		for _, secret := range resources {
			p.Require(grant, secret, match, v.Ref())
		}
		p.decrypt(v, "secretsmanager", "", secretContext, resources, match == OneOf)
	case meaning == policy.MeansParameterARN && n.parameter != nil && rest == "":
		p.noteTold(v, s)
		p.Require(n.parameter, policy.Whole(t), Exact, v.Ref())
		if !n.encrypted {
			p.decrypt(v, "ssm", "", parameterContext, []policy.ARN{policy.Whole(t)}, false)
		}
	default:
		wanted := "the ARN of a secret"
		switch {
		case n.secret == nil:
			wanted = "the ARN of a parameter"
		case n.parameter != nil:
			wanted += " or of a parameter"
		}
		p.Unknown(v, n.what, p.beginsUnknown(t, wanted))
	}
}

// requireNamed requires the secret or the parameter of an ARN. List are the unknown parts found before.
func (p *pass) requireNamed(v located, t policy.Text, a policy.ARN, list []unknown, n namedThing) {
	switch {
	case a.Service == "secretsmanager" && n.secret != nil:
		p.requireSecretARN(v, a, list, n)
	case a.Service == "ssm" && n.parameter != nil:
		p.requireParameterARN(v, a, list, n)
	case len(list) > 0:
		p.Unknown(v, n.what, list)
	default:
		p.Wrong(v, n.what, "it is of the service %s: %s", a.Service, n.only)
	}
}

// secretGrant returns the grant for a secret behind whose name there are as many parts, and warns of numbers that ECS
// does not take.
//
// Source: agent/taskresource/asmsecret/asmsecret.go, which takes none of JSON key, version stage and version, or all.
func (p *pass) secretGrant(v located, n namedThing, parts int) *Grant {
	t, _ := v.Text()
	switch {
	case n.secret == n.part && parts > 0:
		p.Warnf(v, "secret %s: ECS reads the whole secret here; leave out what follows the name", quote(t))
	case parts != 0 && parts != 3:
		word := "parts"
		if parts == 1 {
			word = "part"
		}
		p.Warnf(v, "secret %s has %d %s behind its name: ECS takes none or three, NAME:JSON-KEY:VERSION-STAGE:VERSION-ID, of which each may be empty", quote(t), parts, word)
	}
	if parts > 0 {
		return n.part
	}
	return n.secret
}

// requireSecretARN requires a secret that is named by its ARN, perhaps without the random suffix, and
// perhaps with JSON key, version stage and version behind it, which are no part of what IAM sees.
func (p *pass) requireSecretARN(v located, a policy.ARN, list []unknown, n namedThing) {
	t, _ := v.Text()
	parts := splitText(a.Resource, ':', len(a.Resource)+1)
	if parts[0] != "secret" || len(parts) < 2 || parts[1] == "" {
		if list = slices.Concat(list, placeholders(a.Resource, false), p.contrary(a.Resource)); len(list) > 0 {
			p.Unknown(v, "secret", list)
			return
		}
		p.Wrong(v, n.what, "it is no secret, whose ARN ends in secret:NAME")
		return
	}
	name := parts[1]
	rest, isOpen := cutAnySuffix(name)
	if isOpen {
		p.Warnf(v, "secret %s has %s in the place of its six random characters, and ECS does not find such a secret: write the complete ARN", quote(t), name[len(rest):])
		name = rest
	}
	list = slices.Concat(list, p.secretNameUnknown(name), missing(a.Region, "region"), missing(a.Account, "account"))
	if len(list) > 0 {
		p.Unknown(v, "secret", list)
		return
	}
	grant := p.secretGrant(v, n, len(parts)-2)
	complete, partial := a.With("secret:"+name), a.With("secret:"+name+anySuffix)
	require := func(match Match, resources ...policy.ARN) {
		region, like := a.Region, match == OneOf
		if own := p.inOwnRegion(v, n, "secret", resources); own != nil {
			resources, match, region = append(resources, own...), OneOf, ""
		}
		for _, r := range resources {
			p.Require(grant, r, match, v.Ref())
		}
		known := p.decrypt(v, a.Service, region, secretContext, resources, like)
		p.checkOwner(v, n, a.Account, known)
	}
	ending, why := withoutSuffix, ""
	if !isOpen {
		ending, why = p.secretEnding(a, name)
	}
	if p.reader.Declares() && p.reader.Exists(complete.Text().String()) {
		ending = withSuffix
	}
	if ending != withoutSuffix {
		if answered, known := p.answeredSuffix(v, complete, partial); known {
			ending = answered
		}
	}
	if ending == doubtfulSuffix {
		ending = p.settleSuffix(v, name, why)
	}
	switch ending {
	case withoutSuffix:
		require(OneOf, partial)
	case doubtfulSuffix:
		require(OneOf, complete, partial)
	default:
		require(Exact, complete)
	}
}

// requireSecretName requires a secret that is named by its name. A name never has the random suffix.
func (p *pass) requireSecretName(v located, a policy.ARN, name policy.Text, grant *Grant) {
	a.Service = "secretsmanager"
	secret := a.With("secret:" + name + anySuffix)
	region := a.Region
	if !region.IsLiteral() {
		region = ""
	}
	p.Require(grant, secret, OneOf, v.Ref())
	known := p.decrypt(v, a.Service, region, secretContext, []policy.ARN{secret}, true)
	p.checkOwner(v, namedThing{}, a.Account, known)
}

// secretNameUnknown returns why a text is not the name of a secret; nothing if it is one.
func (p *pass) secretNameUnknown(name policy.Text) []unknown {
	if list := p.contrary(name, policy.MeansSecretName); list != nil {
		return list
	}
	fits := len(name.String()) <= 512 && p.fits(name, oneOf("/_+=.@-!"), policy.MeansSecretName)
	return settleWhole(unless(fits, name, "no name of a secret (1 to 512 letters, digits and / _ + = . @ - !)"))
}

const (
	referencePath = "/aws/reference/secretsmanager/" // a parameter that refers to a secret
	publicPath    = "/aws/service/"                  // parameters that AWS publishes; they belong to no account
)

// namesParameter reports whether a text is the name of a parameter and not an ARN.
func (p *pass) namesParameter(t policy.Text) bool {
	if s, _, ok := t.CutSymbol(); ok {
		if p.derives {
			// An expression finds out whether a variable begins with a slash.
			return p.reader.Symbols().Lookup(s).Meaning == policy.MeansParameterName
		}
		return p.meaning(s) == policy.MeansParameterName
	}
	return !t.HasPrefix("arn:")
}

// requireParameterName requires a parameter of the role's own account and region.
func (p *pass) requireParameterName(v located, t policy.Text, n namedThing) {
	if list := placeholders(t, false); len(list) > 0 {
		// Filled in, it may become an ARN.
		p.Unknown(v, "valueFrom", list)
		return
	}
	if s, rest, ok := t.CutSymbol(); ok && rest == "" && p.reader.Symbols().Lookup(s).ARN != (policy.ARN{}) {
		// The ARN says where the name begins.
		arn := p.reader.Symbols().Lookup(s).ARN
		p.Require(n.parameter, arn, Exact, v.Ref())
		p.decrypt(v, "ssm", "", parameterContext, []policy.ARN{arn}, false)
		return
	}
	if t.Count(":") > 1 {
		reason := "it is no name of a parameter, nor an ARN, which begins with arn: in small letters"
		if start := lowerASCII(t); !start.HasPrefix("arn:") && !start.HasPrefix("aws:") {
			reason = "it is no name of a parameter, and ECS finds a secret of Secrets Manager by its ARN only"
		}
		p.Wrong(v, n.what, "%s", reason)
		return
	}
	name, ok := p.parameterName(v, t, nil)
	if !ok {
		return
	}
	if s, _, ok := t.CutSymbol(); ok {
		p.noteTold(v, s)
	}
	a := policy.LocalARN("ssm", "")
	if name.HasPrefix(publicPath) {
		a.Account = ""
	}
	resources, match := []policy.ARN{a.With("parameter/" + cutSlash(name))}, Exact
	switch slash, known := p.beginsWithSlash(name); {
	case slash:
		resources[0] = a.With("parameter" + name)
	case !known:
		// The ARN of the other reading names nothing: no parameter has two slashes there, or none.
		resources, match = append(resources, a.With("parameter"+name)), OneOf
	}
	for _, resource := range resources {
		p.Require(n.parameter, resource, match, v.Ref())
	}
	if a.Account != "" {
		p.decrypt(v, "ssm", "", parameterContext, resources, match == OneOf)
	}
	if secretName, ok := name.CutPrefix(referencePath); ok {
		p.requireSecretName(v, policy.LocalARN("secretsmanager", ""), secretName, n.secret)
	}
}

// beginsWithSlash reports whether the name of a parameter begins with a slash. It is not known of a symbol, unless the input
// says so by the ARN.
func (p *pass) beginsWithSlash(name policy.Text) (slash, known bool) {
	s, _, open := name.CutSymbol()
	if !open {
		return name.HasPrefix("/"), true
	}
	arn := p.reader.Symbols().Lookup(s).ARN
	known = arn.Service == "ssm"
	return known && !arn.Resource.HasPrefix("parameter/"), known
}

// cutSlash returns a name without the slash that it begins with.
func cutSlash(name policy.Text) policy.Text {
	rest, _ := name.CutPrefix("/")
	return rest
}

// requireParameterARN requires a parameter by its ARN.
func (p *pass) requireParameterARN(v located, a policy.ARN, list []unknown, n namedThing) {
	t, _ := v.Text()
	rest, ok := a.Resource.CutPrefix("parameter")
	_, _, open := rest.CutSymbol()
	if !ok || rest == "" || rest[0] != '/' && rest[0] != ':' && !open {
		if list = slices.Concat(list, placeholders(a.Resource, false), p.contrary(a.Resource)); len(list) > 0 {
			p.Unknown(v, "parameter", list)
			return
		}
		p.Wrong(v, n.what, "it is no parameter, whose ARN ends in parameter/NAME")
		return
	}
	name := rest.TrimLeft("/:")
	slash, known := p.beginsWithSlash(name)
	switch one := "/" + name; {
	case open && known && !slash:
		p.Wrong(v, n.what, "it is no parameter, whose ARN ends in parameter/NAME: the name has no slash at its beginning")
		return
	case open:
	case slash:
		p.Warnf(v, "parameter %s: one slash belongs between parameter and the name, and the name begins with one: parameter%s", quote(t), name)
		rest = name
	case rest != one:
		p.Warnf(v, "parameter %s: one slash belongs between parameter and the name: parameter%s", quote(t), one)
		rest = one
	}
	list = append(list, missing(a.Region, "region")...)
	// In an ARN the slash before a name of one level is the ARN's.
	if name, ok = p.parameterName(v, rest, list); !ok {
		return
	}
	own := policy.Text(p.plan.Environment.Account)
	switch {
	case name.HasPrefix(publicPath):
		a.Account = ""
	case a.Account == "":
		p.Unknown(v, "parameter", missing(a.Account, "account"))
		return
	case own != "" && a.Account.IsLiteral() && a.Account != own && a.Account != policy.Text(p.plan.Declared.Account):
		p.plan.use(policy.AccountID)
		p.Warnf(v, "parameter %s belongs to account %s, not to the role's, %s: ECS reads no parameters of other accounts", quote(t), a.Account, own)
	}
	resources, match, region := []policy.ARN{a.With("parameter" + name)}, Exact, a.Region
	if own := p.inOwnRegion(v, n, "parameter", resources); own != nil {
		resources, match, region = append(resources, own...), OneOf, ""
	}
	for _, resource := range resources {
		p.Require(n.parameter, resource, match, v.Ref())
	}
	if a.Account != "" && !n.encrypted {
		p.decrypt(v, a.Service, region, parameterContext, resources, false)
	}
	if secretName, ok := name.CutPrefix(referencePath); ok {
		for _, resource := range resources {
			p.requireSecretName(v, resource, secretName, n.secret)
		}
	}
}

// inOwnRegion returns what things of another region than the role's are called there, if ECS reads them there whatever
// their ARNs say: it takes the name out of the ARN, or asks the service of its own region for the ARN. Otherwise it
// returns nil. Thing is what the things are, in words.
//
// Source: agent/taskresource/credentialspec and agent/taskresource/fsxwindowsfileserver, cs.region and fv.region
func (p *pass) inOwnRegion(v located, n namedThing, thing string, things []policy.ARN) (own []policy.ARN) {
	region, here := things[0].Region, policy.Text(p.plan.Environment.Region)
	if !n.ownRegion || here == "" || !region.IsLiteral() || region == here {
		return nil
	}
	if region != policy.Text(p.plan.Declared.Region) {
		p.plan.use(policy.Region)
		t, _ := v.Text()
		p.Warnf(v, "%s %s is in region %s, and ECS reads it in the task's own, %s, whatever the ARN says: the ARN in that region is allowed too", thing, quote(t), region, here)
	}
	local := policy.LocalARN("", "")
	for _, a := range things {
		a.Partition, a.Region = local.Partition, local.Region
		own = append(own, a)
	}
	return own
}

// parameterName checks the name of a parameter and returns it without version or label, which ECS does not
// take. List are the unknown parts found before. If the name is unknown, it adds a finding
// and is not ok.
func (p *pass) parameterName(v located, t policy.Text, list []unknown) (name policy.Text, ok bool) {
	value, _ := v.Text()
	name, label, labelled := cutText(t, ':')
	// Behind the path of references there is the name of a secret, which is checked below.
	fits := p.fits(name, oneOf("_.-/"), policy.MeansParameterName) && name.TrimLeft("/") != "" || name.HasPrefix(referencePath)
	whole := name
	// No label has a slash, and in ssm:NAME or secretsmanager:NAME, as other tools write it, the name is behind the colon.
	if labelled && label.IsLiteral() && (label.Count("/") > 0 || name == "ssm" || name == "secretsmanager") {
		fits, whole = false, t
	}
	if contrary := p.contrary(name, policy.MeansParameterName, policy.MeansSecretName); contrary != nil {
		list = append(list, contrary...)
	} else {
		reason := "no name of a parameter (letters, digits and . _ - /)"
		if value[0] != '/' && !value.HasPrefix("arn:") {
			reason += ", and ECS finds a secret of Secrets Manager by its ARN only"
		}
		list = append(list, settleWhole(unless(fits, whole, reason))...)
	}
	if len(list) > 0 {
		p.Unknown(v, "parameter", list)
		return "", false
	}
	if labelled {
		more := ""
		if value[0] != '/' && !value.HasPrefix("arn:") && !all(label, isDigit) {
			more = ". If it is a secret of Secrets Manager, ECS finds it by its ARN only"
		}
		p.Warnf(v, "parameter %s has a version or label, %q: ECS takes none%s", quote(value), label.String(), more)
	}
	if name.HasPrefix("//") {
		name = "/" + name.TrimLeft("/")
		p.Warnf(v, "parameter %s begins with more than one slash", quote(value))
	}
	if name[0] != '/' && name.Before() != "" && name.Count("/") > 0 {
		p.Warnf(v, "parameter %s has slashes, but does not begin with one: Parameter Store refuses such names. If it is a secret of Secrets Manager, ECS finds it by its ARN only", quote(value))
	}
	if secretName, ok := name.CutPrefix(referencePath); ok {
		if list := p.secretNameUnknown(secretName); len(list) > 0 {
			p.Unknown(v, "secret", list)
			return "", false
		}
	}
	return name, true
}
