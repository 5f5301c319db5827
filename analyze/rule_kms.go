package analyze

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// customerManagedKeys judges --kms-key. A task definition does not show these keys: the caller says which key encrypts
// what, and the rules of secrets, parameters and objects ask for the key's use beside their own permission. AWS's own
// keys (aws/secretsmanager, aws/ssm, aws/s3) can be used by everybody in the account and need nothing.
var customerManagedKeys = &Rule{
	ID:     "customer-managed-keys",
	Title:  "Customer-managed keys",
	Why:    "The service that keeps a value decrypts it with the customer-managed key on behalf of the role.",
	Doc:    "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html",
	Grants: []*Grant{useKey},
	judge:  judgeKeys,
}

// KMSKey says that a customer-managed key encrypts something.
type KMSKey struct {
	// Ref names what is encrypted: "*" is everything that no other key names. A secret is named by its ARN, with or
	// without what follows the name, or by its name; a parameter by its ARN or its name; an object by its ARN or by its
	// bucket; each of them by what the task definition writes, or by the field that reads it: "secrets NAME", or
	// "CONTAINER: secrets NAME".
	Ref string
	// Key is the ARN of a key, arn:PARTITION:kms:REGION:ACCOUNT:key/ID, or of an alias, …:alias/NAME, or the
	// alias alone, for one in the role's own account and in the region of what it encrypts.
	Key string
}

// usedKey is a key of something that is read. Declared says that the input itself names it, or an answer of AWS, and not an
// option.
type usedKey struct {
	KMSKey
	declared bool
	from     tree.Place // of the answer of AWS that names it; the zero value elsewhere
}

// useKey is a grant of every rule that reads something which a key can encrypt. ECS never calls KMS: the
// service that keeps the thing calls it on behalf of the role, and needs only this action.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
var useKey = &Grant{
	shownFor: keyShown,
	Sid:      "DecryptWithKeys",
	When:     "what --kms-key names",
	Why:      "The service decrypts the value with the customer-managed key on behalf of the role, and for that value alone.",
	Actions:  []Action{{"kms:Decrypt", Called}},
	Agent:    "1.16.0",
	Wildcard: "IAM takes no alias for a resource: * stands for the ID of the key that has it, and the condition on " +
		"kms:ResourceAliases leaves no other.",
}

// keyShown is what ECS shows where a service may not use the key of what a requirement names.
func keyShown(r *Requirement) string {
	for _, c := range r.Conditions {
		switch c.Key {
		case secretContext:
			return notPulled + "AccessDeniedException: Access to KMS is not allowed"
		case parameterContext:
			return notPulled + "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access"
		case objectContext:
			return fileShown
		}
	}
	return ""
}

// mayNeedKey reports whether the task definition reads something that a customer-managed key can encrypt. Parameters that AWS
// publishes are not encrypted, and those for FSx and for credential specs on Windows are read as they are. Of a secret that
// the input declares, the input says the key.
func (p *pass) mayNeedKey() bool {
	return slices.ContainsFunc(p.plan.Requirements, func(r Requirement) bool {
		switch r.Grant.Sid {
		case readSecret.Sid, getFile.Sid:
		case readParameter.Sid, readDomainlessParameter.Sid:
			if r.Grant == readFSxParameter || r.Grant == readWindowsSpecParameter || !r.ARN.IsWhole() && r.ARN.Account == "" {
				return false
			}
		default:
			return false
		}
		if s, _, ok := r.ARN.Resource.CutSymbol(); ok && r.ARN.IsWhole() && p.plan.Symbols.Lookup(s).Kind == policy.Resource {
			return false
		}
		return len(p.opts.Keys.sure([]policy.ARN{r.ARN}, p.plan.Environment)) == 0 && !p.keyless(r.ARN)
	})
}

// keyless reports whether the input declares the thing that an ARN names, and encrypts it with no customer-managed key.
func (p *pass) keyless(a policy.ARN) bool {
	if !p.reader.Declares() {
		return false
	}
	name, _ := a.Resource.CutPrefix("parameter")
	return p.reader.Keyless([]string{a.Text().String(), name.String(), cutSlash(name).String()})
}

// The encryption contexts that the services give, as condition keys.
const (
	secretContext    = "kms:EncryptionContext:SecretARN"
	parameterContext = "kms:EncryptionContext:PARAMETER_ARN"
	objectContext    = "kms:EncryptionContext:aws:s3:arn"
)

// decrypt requires the keys that Options.KMSKeys has for v. Service is the service that keeps the thing, and region the
// thing's region, or "" where it is unknown. Context is the key of the encryption context that the service sends, and
// values are what it can be. Like says that the values are patterns. It reports whether there are keys for v.
func (p *pass) decrypt(v located, service, region policy.Text, context string, values []policy.ARN, like bool) bool {
	t, _ := v.Text()
	keys := p.keysOf(v, values)
	for _, k := range keys {
		key, problem := k.cut(region)
		var derived []keyResource
		switch name := policy.Text(k.Key); {
		case k.declared && !name.IsLiteral():
			if derived = p.derivedKeys(v, name, region); derived != nil {
				problem = ""
			} else {
				key, problem = p.symbolicKey(v, name, region)
			}
		case k.declared && isKeyID(k.Key):
			key, problem = keyResource{arn: key.arn.With("key/" + name)}, ""
		}
		switch {
		case problem != "" && !k.declared:
			continue // judgeKeys reports it
		case problem == keyOfAWS:
			continue
		case problem == keyUnknown && p.leavesOpen && !p.derives:
			key = p.openKey(v, policy.Text(k.Key))
		case problem != "":
			flag := "--kms-key " + shellQuote(written(v).String()+"=KEY")
			p.find(Error, v.Ref(), []string{flag}, "%s is encrypted with %s, and %s; add %s", quote(t), p.keyCalled(policy.Text(k.Key)), problem, flag)
			p.plan.Findings[len(p.plan.Findings)-1].CanLeaveOpen = problem == keyUnknown && p.opts.OfferParameters
			continue
		}
		in := region
		if in == "" && (service == "ssm" || values[0].Region == policy.Of(policy.Region)) {
			// A parameter without a region is looked for in the role's own, and so is a secret.
			in = policy.Text(p.plan.Environment.Region)
		}
		if derived == nil && in != "" && in.IsLiteral() && key.arn.Region.IsLiteral() && key.arn.Region != in {
			p.Warnf(v, "%s is in region %s, and its key %s in %s: a key is used in its own region only", quote(t), in, k.Key, key.arn.Region)
			if region == "" {
				p.plan.use(policy.Region)
			}
		}
		if k.from.File != "" {
			p.Notef(v, "%s is encrypted with the key %s, as %s says", quote(t), k.Key, k.from)
		}
		if derived == nil {
			derived = []keyResource{key}
		}
		for _, key := range derived {
			p.requireKey(v, key, service, context, values, like)
		}
	}
	return keys != nil
}

// requireKey requires one key: see [pass.decrypt].
func (p *pass) requireKey(v located, key keyResource, service policy.Text, context string, values []policy.ARN, like bool) {
	operator := "StringEquals"
	if like {
		operator = "StringLike"
	}
	match := Exact
	conditions := []policy.Condition{
		{Operator: operator, Key: context, Values: policy.Values(texts(values)...)},
		{Operator: "StringEquals", Key: "kms:ViaService", Values: policy.Values(service + "." + key.region() + ".amazonaws.com")},
	}
	if key.alias != "" {
		match = OneOf
		conditions = append(conditions, policy.Condition{Operator: "ForAnyValue:StringEquals", Key: "kms:ResourceAliases", Values: policy.Values(key.alias)})
	}
	p.Require(useKey, key.arn, match, v.Ref(), conditions...)
}

// derivedKey is a form in which a text can name a key. The pattern matches texts of that form, and its first group is what names
// the key. Name is the last word of the symbol for the key, which has that meaning.
type derivedKey struct {
	name, pattern string
	meaning       policy.Meaning
}

// derivedKeyForms are the forms in which secrets, parameters and buckets name their keys: an ARN, an ID, and an alias. No pattern
// matches an alias of AWS's own keys, alias/aws/…, since those need no permission.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
var derivedKeyForms = [...]derivedKey{
	{"key", `^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)$`, policy.MeansKeyARN},
	{"key ID", `^([A-Za-z0-9-]+)$`, policy.MeansKeyARN},
	{"key alias", `^(?:arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:)?(alias/(?:[^a]|a[^w]|aw[^s]|aws[^/]|(?:a|aw|aws)$)[A-Za-z0-9/_-]*)$`, policy.MeansText},
}

// derivedKeys returns the keys that a text can name whose value only Terraform knows, one for each of [derivedKeyForms]; nil if
// Terraform cannot decide which it is: see [Options.Derive].
func (p *pass) derivedKeys(v located, name, region policy.Text) (list []keyResource) {
	s, rest, ok := name.CutSymbol()
	if !p.derives || !ok || rest != "" || !p.canMean(s) || p.meaning(s) == policy.MeansKeyARN {
		return nil
	}
	for _, form := range derivedKeyForms {
		result := policy.Of(policy.Group(1))
		if form.name == "key ID" {
			result = localKeys(region, "").arn.With("key/" + result).Text()
		}
		symbol := policy.Symbol(string(s) + " " + form.name)
		p.plan.Symbols[symbol] = policy.SymbolInfo{
			Kind: policy.Parameter, Meaning: form.meaning, Optional: true, MaxLength: longestARN, Expression: name.String(), Place: v.Ref().Place,
			Derivation: policy.Derivation{Value: name, Pattern: form.pattern, Result: result},
		}
		if key := (keyResource{arn: policy.Whole(policy.Of(symbol))}); form.meaning == policy.MeansKeyARN {
			list = append(list, key)
		} else {
			list = append(list, localKeys(region, policy.Of(symbol)))
		}
	}
	return list
}

// localKeys returns all keys of the role's own account that have an alias, or all if alias is "". Region is that of what they
// encrypt; "" for the role's own.
func localKeys(region, alias policy.Text) keyResource {
	arn := policy.LocalARN("kms", "key/*")
	if region != "" && region != arn.Region {
		arn.Region, arn.Partition = region, policy.PartitionText(region)
	}
	return keyResource{arn: arn, alias: alias}
}

// texts returns each ARN in one piece.
func texts(list []policy.ARN) []policy.Text {
	t := make([]policy.Text, len(list))
	for i, a := range list {
		t[i] = a.Text()
	}
	return t
}

// keysOf returns the keys of what v reads, which has one of these ARNs: those that options name for it, or else those that the
// document names, or else those of AWS's answers. Where none of them says anything, they are the keys for everything.
func (p *pass) keysOf(v located, things []policy.ARN) (keys []usedKey) {
	if len(p.opts.KMSKeys)+len(p.reader.Keys()) == 0 && p.opts.Keys == nil {
		return nil
	}
	thing := things[0]
	// A thing of the role's own account and region is also called by its ARN there.
	names := append(namesOf(v, thing), strings.TrimSuffix(p.plan.Environment.Fill(thing.Text()), anySuffix))
	var all []usedKey
	for _, k := range p.opts.KMSKeys {
		switch {
		case slices.ContainsFunc(k.refs(thing), func(ref string) bool { return slices.Contains(names, ref) }):
			keys = append(keys, usedKey{KMSKey: k})
		case k.Ref == "*":
			all = append(all, usedKey{KMSKey: k})
		default:
			continue
		}
		p.used[k] = true
	}
	if keys != nil {
		return keys
	}
	for _, k := range p.reader.KeysOf(names) {
		keys = append(keys, usedKey{KMSKey: KMSKey{Ref: k.Refs[0], Key: string(k.Key)}, declared: true})
	}
	if keys != nil {
		return keys
	}
	known := false
	for _, t := range p.opts.Keys.find(things, p.plan.Environment) {
		if t.unsure {
			read, _ := v.Text()
			p.Warnf(v, "%s is encrypted with the key %s, as %s says, and no answer of aws kms list-aliases says whether that is AWS's own: add it to the folder", quote(read), t.key, t.from)
			continue
		}
		known = true
		key := KMSKey{Ref: t.arn.Text().String(), Key: t.key}
		if t.key != "" && !slices.ContainsFunc(keys, func(k usedKey) bool { return k.Key == t.key }) {
			keys = append(keys, usedKey{key, true, t.from})
		}
	}
	if known {
		return keys
	}
	return all
}

// anySuffix is what is written for the random suffix of a secret.
const anySuffix = "-??????"

// namesOf returns what the thing with this ARN can be called, which v reads.
func namesOf(v located, thing policy.ARN) []string {
	at := v.Ref()
	read, _ := v.Text()
	names := []string{written(v).String(), read.String(), at.Field, at.Container + ": " + at.Field}
	add := func(list ...policy.Text) {
		for _, t := range list {
			names = append(names, strings.TrimSuffix(t.String(), anySuffix))
		}
	}
	add(thing.Text())
	if thing.IsWhole() {
		bucket, _, _ := thing.Resource.Cut("/")
		add(bucket)
	}
	switch thing.Service {
	case "secretsmanager":
		name, _ := thing.Resource.CutPrefix("secret:")
		add(name)
		if _, ok := randomTail(name, false); ok {
			name = name[:len(name)-suffixLength]
			add(name, thing.With("secret:"+name).Text())
		}
	case "ssm":
		name, _ := thing.Resource.CutPrefix("parameter")
		add(name, cutSlash(name))
	case "s3":
		bucket, _, _ := thing.Resource.Cut("/")
		add(bucket, thing.With(bucket).Text(), thing.Resource)
	}
	return names
}

// refs returns the ways to read the key's Ref for a thing: as it is, and as the ARN of a secret without what follows its
// name, and without the random suffix where the thing has none.
func (k KMSKey) refs(thing policy.ARN) []string {
	list := []string{k.Ref}
	arn, ok := policy.CutARN(policy.Text(k.Ref))
	if !ok || arn.Service != "secretsmanager" {
		return list
	}
	name, _ := arn.Resource.CutPrefix("secret:")
	name, _, _ = name.Cut(":")
	list = append(list, arn.With("secret:"+name).Text().String())
	if _, ok := randomTail(name, false); ok && thing.Resource.HasSuffix(anySuffix) {
		list = append(list, arn.With("secret:"+name[:len(name)-suffixLength]).Text().String())
	}
	return list
}

// checkOwner warns of a secret of another account, if AWS wants it in the task's own, or if its key is not known: AWS's own
// key is for its own account alone, so that the secret is encrypted with another one.
//
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
func (p *pass) checkOwner(v located, n namedThing, account policy.Text, keyKnown bool) {
	own := policy.Text(p.plan.Environment.Account)
	if own == "" || !policy.IsAccount(account) || account == own || account == policy.Text(p.plan.Declared.Account) {
		return
	}
	t, _ := v.Text()
	switch flag := "--kms-key " + shellQuote(written(v).String()+"=KEY"); {
	case n.ownAccount:
		p.plan.use(policy.AccountID)
		p.Warnf(v, "secret %s belongs to account %s, and AWS wants the credentials of a registry in the task's own, %s: no policy makes up for that", quote(t), account, own)
	case !keyKnown:
		p.plan.use(policy.AccountID)
		p.find(Warning, v.Ref(), []string{flag}, "secret %s belongs to account %s, and so it is encrypted with a customer-managed key: that of AWS's own serves its own account alone; add %s", quote(t), account, flag)
	}
}

// keyResource is a key as a statement names it. For an alias that is every key of its region and account, and the
// alias for a condition: the ARN of an alias authorises nothing.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
type keyResource struct {
	arn   policy.ARN
	alias policy.Text // alias/NAME; "" for a key
}

// region returns the key's region. A key whose ARN is a symbol is declared beside the role.
func (k keyResource) region() policy.Text {
	if k.arn.IsWhole() {
		return policy.Of(policy.Region)
	}
	return k.arn.Region
}

// symbolicKey is [KMSKey.cut] for a key that the input names with symbols.
func (p *pass) symbolicKey(v located, name, region policy.Text) (key keyResource, problem string) {
	if arn, ok := policy.CutARN(name); ok && arn.Service == "kms" {
		alias, isAlias := arn.Resource.CutPrefix("alias/")
		switch {
		case arn.Resource.HasPrefix("key/"):
			return keyResource{arn: arn}, ""
		case isAlias && alias.HasPrefix("aws/"):
			return KMSKey{Key: arn.Resource.String()}.cut(region)
		case isAlias && p.fits(alias, oneOf("/_-"), policy.MeansText):
			return keyResource{arn: arn.With("key/*"), alias: arn.Resource}, ""
		}
	}
	if alias, ok := name.CutPrefix("alias/"); ok && !alias.HasPrefix("aws/") && (p.derives || p.fits(alias, oneOf("/_-"), policy.MeansText)) {
		return localKeys(region, name), ""
	}
	s, rest, ok := name.CutSymbol()
	info := p.reader.Symbols().Lookup(s)
	switch {
	case ok && rest == "" && p.meaning(s) == policy.MeansKeyARN:
		p.noteTold(v, s)
		return keyResource{arn: policy.Whole(name)}, ""
	case ok && rest == "" && info.Default != "":
		t, _ := v.Text()
		flag := "--kms-key " + shellQuote(written(v).String()+"=KEY")
		p.find(Warning, v.Ref(), []string{flag}, "%s is encrypted with the key that the parameter %s names, and its default is used, %q: a deployment with another value needs another role; add %s for that", quote(t), s, info.Default, flag)
		return KMSKey{Key: info.Default}.cut(region)
	}
	return key, keyUnknown
}

// keyOfAWS is the problem of an option that names a key of AWS's own. Where the input names such a key, that is no problem.
const keyOfAWS = "it is a key of AWS's own, which needs no permission"

// keyUnknown is the problem of a key that the input names with a symbol, if nothing says that the symbol is the ARN of a key.
const keyUnknown = "its value is unknown until deployment"

// isKeyID reports whether a text is the ID of a key, as a resource that is encrypted can name it.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
func isKeyID(s string) bool {
	digits, ok := strings.CutPrefix(s, "mrk-")
	if !ok {
		digits = strings.ReplaceAll(s, "-", "")
	}
	return len(digits) == 32 && (ok || len(s) == 36) && strings.Trim(digits, "0123456789abcdef") == ""
}

// keyCalled names a key for people: also one of another template, which says what that is.
func (p *pass) keyCalled(name policy.Text) string {
	if s, rest, ok := name.CutSymbol(); ok && rest == "" {
		if called := p.reader.Symbols().Lookup(s).Description; called != "" {
			return called
		}
	}
	return "the key " + quote(name)
}

// openKey leaves open which key encrypts what v reads: the output asks for its ARN.
func (p *pass) openKey(v located, name policy.Text) keyResource {
	called := name.String() + " key"
	if s, rest, ok := name.CutSymbol(); ok && rest == "" {
		called = string(s) + " key"
		if strings.HasSuffix(strings.ToLower(string(s)), "key") {
			called = string(s) + " ARN"
		}
	}
	s := policy.Symbol(called)
	for n := 2; ; n++ {
		known, taken := p.plan.Symbols[s]
		if !taken || known.Expression == name.String() && known.Meaning == policy.MeansKeyARN {
			break
		}
		s = policy.Symbol(called + " " + strconv.Itoa(n))
	}
	t, _ := v.Text()
	info := policy.SymbolInfo{
		Kind: policy.Parameter, Meaning: policy.MeansKeyARN, Optional: true, MaxLength: longestARN, Place: v.Ref().Place, Expression: name.String(),
		Pattern:     `arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+`,
		Description: "The ARN of " + p.keyCalled(name) + ", which encrypts " + strconv.Quote(t.String()) + "; empty if it is one of AWS's own",
	}
	// All task definitions of the document share one table of symbols, and the others do not have this key.
	p.plan.Symbols = maps.Clone(p.plan.Symbols)
	p.plan.Symbols[s] = info
	p.Notef(v, "the key of %s is left open: the output asks for its ARN", quote(t))
	return keyResource{arn: policy.Whole(policy.Of(s))}
}

// cut returns what a statement has to name for the key, or what is wrong with it. An alias alone means the key in the
// region of the thing that it encrypts, or in the role's own where that is "".
//
// Source: agent/taskresource/asmsecret/asmsecret.go, which asks the service in the region of the secret
func (k KMSKey) cut(region policy.Text) (key keyResource, problem string) {
	key.arn = policy.LocalARN("kms", "")
	if region != "" && region != key.arn.Region {
		key.arn.Region, key.arn.Partition = region, policy.PartitionText(region)
	}
	name := policy.Text(k.Key)
	if name.HasPrefix("arn:") {
		a, ok := policy.CutARN(name)
		if !ok || !policy.IsPartition(a.Partition) || a.Service != "kms" || !policy.IsRegion(a.Region) || !policy.IsAccount(a.Account) {
			return key, "it is no ARN of a key or of an alias, arn:PARTITION:kms:REGION:ACCOUNT:key/ID"
		}
		name, key.arn = a.Resource, a
	}
	id, isKey := name.CutPrefix("key/")
	alias, isAlias := name.CutPrefix("alias/")
	switch {
	case isAlias && alias.HasPrefix("aws/"):
		return key, keyOfAWS
	case isAlias && all(alias, oneOf("/_-")):
		key.arn, key.alias = key.arn.With("key/*"), name
	case isKey && policy.Text(k.Key) != name && all(id, oneOf("-")):
		key.arn = key.arn.With(name)
	default:
		return key, "it is no ARN of a key, nor an alias: arn:PARTITION:kms:REGION:ACCOUNT:key/ID, or alias/NAME alone or in an ARN"
	}
	return key, ""
}

// judgeKeys says which keys are malformed, and which encrypt nothing that a task definition names.
func judgeKeys(j *judgement) {
	for _, k := range j.opts.KMSKeys {
		if _, problem := k.cut(""); problem != "" {
			j.misfit("--kms-key %s=%s: %s", k.Ref, k.Key, problem)
		} else if !j.used[k] {
			j.unused("--kms-key %s=%s: ECS decrypts nothing that is called so; give the name or the ARN of a secret, a parameter or a file, the field that reads it, or * for everything", k.Ref, k.Key)
		}
	}
}
