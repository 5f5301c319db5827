package analyze

import (
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

var secrets = &Rule{
	ID:     "secrets",
	Title:  "Secrets in environment variables",
	Why:    "ECS reads the secret or parameter and puts its value into the container's environment.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar.html",
	Fields: []string{"containerDefinitions[].secrets[].valueFrom"},
	Grants: []*Grant{readSecret, readSecretPart, readParameter, useKey},
	Unseen: []Unseen{{
		What: "customer-managed keys: what a secret, a parameter or an S3 object is encrypted with",
		Cure: "--kms-key REF=KEY for each, or --kms-key '*=KEY', where it is not one of AWS's own",
		Applies: func(p *Plan) bool {
			return p.requires(readSecret, readSecretPart, readParameter, getFile) && !p.requires(useKey)
		},
	}},
	check: func(p *pass, td taskdef.Value) {
		for s := range td.Each("containerDefinitions", "secrets") {
			p.checkSecret(s, readSecret, readSecretPart, readParameter)
		}
	},
}

var logSecrets = &Rule{
	ID:     "log-secrets",
	Title:  "Secrets of log drivers",
	Why:    "ECS reads the secret or parameter and passes its value to the log driver as an option, or to the FireLens container.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-logconfig.html",
	Fields: []string{"containerDefinitions[].logConfiguration.secretOptions[].valueFrom"},
	Grants: []*Grant{readLogSecret, readSecretPart, readLogParameter, useKey},
	check: func(p *pass, td taskdef.Value) {
		for s := range td.Each("containerDefinitions", "logConfiguration", "secretOptions") {
			p.checkSecret(s, readLogSecret, readSecretPart, readLogParameter)
		}
	},
}

// The agent reads secrets and parameters with these two actions alone; ssm:GetParameter in the singular is
// another one. Source: agent/asm/asm.go, agent/ssm/ssm.go.
var (
	readSecret = &Grant{
		Sid: "ReadSecrets", Actions: []Action{{"secretsmanager:GetSecretValue", Called}}, Agent: "1.23.0",
		Wildcard: "Secrets Manager ends the ARN of a secret in a hyphen and six random characters, which the task definition does " +
			"not hold: ? stands for each of the six.",
	}
	readSecretPart   = &Grant{Sid: readSecret.Sid, When: "a JSON key, version stage or version ID", Actions: readSecret.Actions, Agent: "1.37.0", Wildcard: readSecret.Wildcard}
	readLogSecret    = &Grant{Sid: readSecret.Sid, Actions: readSecret.Actions, Agent: "1.27.0", Wildcard: readSecret.Wildcard}
	readParameter    = &Grant{Sid: "ReadParameters", Actions: []Action{{"ssm:GetParameters", Called}}, Agent: "1.22.0"}
	readLogParameter = &Grant{Sid: readParameter.Sid, Actions: readParameter.Actions, Agent: "1.27.0"}
)

// checkSecret requires what one element of secrets or secretOptions asks for. The grants are those for a
// whole secret, for a part of one, and for a parameter.
func (p *pass) checkSecret(element taskdef.Value, secret, part, parameter *Grant) {
	for v := range element.EachOrAbsent("valueFrom") {
		t, ok := v.Text()
		if s := string(t); !ok || s == "" {
			p.Errorf(v, "the secret has no valueFrom: give the ARN of a secret, or the ARN or name of a parameter")
		} else if !strings.HasPrefix(s, "arn:") {
			p.requireParameterName(v, s, secret, parameter)
		} else if a, gaps, ok := p.cutARN(v, s, "valueFrom"); ok {
			switch a.service {
			case "secretsmanager":
				p.requireSecretARN(v, a, gaps, secret, part)
			case "ssm":
				p.requireParameterARN(v, a, gaps, secret, parameter)
			default:
				if len(gaps) > 0 {
					p.Gaps(v, "valueFrom", gaps)
				} else {
					p.Errorf(v, "valueFrom %q is of the service %s: ECS reads secrets from secretsmanager and ssm only", s, a.service)
				}
			}
		}
	}
}

// requireSecretARN requires a secret that is named by its ARN, perhaps without the random suffix, and
// perhaps with JSON key, version stage and version behind it, which are no part of what IAM sees.
//
// Source: agent/taskresource/asmsecret/asmsecret.go, which takes none of these three or all.
func (p *pass) requireSecretARN(v reading, a arn, gaps []gap, secret, part *Grant) {
	t, _ := v.Text()
	parts := splitOutsidePlaceholders(a.resource, ':', len(a.resource)+1)
	if parts[0] != "secret" || len(parts) < 2 || parts[1] == "" {
		if gaps = append(gaps, placeholders(a.resource, false)...); len(gaps) > 0 {
			p.Gaps(v, "secret", gaps)
			return
		}
		p.Errorf(v, "%s is no secret: its ARN ends in secret:NAME", quote(t))
		return
	}
	name := parts[1]
	gaps = append(gaps, p.secretNameGaps(name)...)
	gaps = append(gaps, missing(a.region, "region")...)
	gaps = append(gaps, missing(a.account, "account")...)
	if len(gaps) > 0 {
		p.Gaps(v, "secret", gaps)
		return
	}
	switch n := len(parts) - 2; {
	case secret == part && n > 0:
		p.Warnf(v, "secret %s: ECS reads the whole secret here; leave out what follows the name", quote(t))
	case n != 0 && n != 3:
		parts := "parts"
		if n == 1 {
			parts = "part"
		}
		p.Warnf(v, "secret %s has %d %s behind its name: ECS takes none or three, NAME:JSON-KEY:VERSION-STAGE:VERSION-ID, of which each may be empty", quote(t), n, parts)
	}
	grant := secret
	if len(parts) > 2 {
		grant = part
	}
	complete, partial := a.with("secret:"+name), a.with("secret:"+name+"-??????")
	tail, hasTail := randomTail(name)
	switch {
	case !hasTail:
		p.Require(grant, partial, OneOf, v.Ref())
		p.decrypt(v, a.service, a.region, secretContext, []policy.Text{partial}, true)
	case readsLikeWords(tail):
		p.Warnf(v, "secret %s may be complete, or may lack the six random characters at its end, since %q reads like words: both are allowed; write the complete ARN", quote(t), tail)
		p.Require(grant, complete, OneOf, v.Ref())
		p.Require(grant, partial, OneOf, v.Ref())
		p.decrypt(v, a.service, a.region, secretContext, []policy.Text{complete, partial}, true)
	default:
		p.Require(grant, complete, Exact, v.Ref())
		p.decrypt(v, a.service, a.region, secretContext, []policy.Text{complete}, false)
	}
}

// requireSecretName requires a secret that is named by its name. A name never has the random suffix.
func (p *pass) requireSecretName(v reading, base policy.Text, region, name string, grant *Grant) {
	secret := base + policy.Text("secret:"+name+"-??????")
	p.Require(grant, secret, OneOf, v.Ref())
	p.decrypt(v, "secretsmanager", region, secretContext, []policy.Text{secret}, true)
}

func (p *pass) secretNameGaps(name string) []gap {
	return wholeGaps(unless(len(name) <= 512 && all(name, oneOf("/_+=.@-!")), name, "no name of a secret (1 to 512 letters, digits and / _ + = . @ - !)"))
}

// wholeGaps lets those gaps that have no delimiters be filled by setting the whole value: a part of a name
// cannot be told from the rest.
func wholeGaps(gaps []gap) []gap {
	for i := range gaps {
		if gaps[i].reason != "" {
			gaps[i].name = ""
		}
	}
	return gaps
}

// missing returns a gap for an empty part of an ARN.
func missing(part, what string) []gap {
	if part != "" {
		return nil
	}
	return []gap{{"", "the ARN has no " + what}}
}

// randomTail returns what stands in the place of the suffix that Secrets Manager adds to a secret's name: a
// hyphen and six letters and digits.
func randomTail(name string) (string, bool) {
	i := len(name) - 7
	if i < 1 || name[i] != '-' || !all(name[i+1:], isAlnum) {
		return "", false
	}
	return name[i+1:], true
}

// readsLikeWords reports whether somebody could have written the tail by hand: secret, config, oauth2,
// ApiKey, PASSWD, 123456. About one random suffix in eleven reads like that too.
func readsLikeWords(tail string) bool {
	s := strings.TrimRight(tail, "0123456789")
	if s == "" || all(s, isUpper) {
		return true
	}
	if isUpper(s[0]) {
		s = s[1:]
	}
	s = strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyz")
	return s == "" || len(s) > 1 && isUpper(s[0]) && all(s[1:], isLower)
}

const (
	referencePath = "/aws/reference/secretsmanager/" // a parameter that stands for a secret
	publicPath    = "/aws/service/"                  // parameters that AWS publishes; they belong to no account
)

// requireParameterName requires a parameter of the role's own account and region.
func (p *pass) requireParameterName(v reading, s string, secret, parameter *Grant) {
	if gaps := placeholders(s, false); len(gaps) > 0 {
		// Filled in, it may become an ARN.
		p.Gaps(v, "valueFrom", gaps)
		return
	}
	if strings.Count(s, ":") > 1 {
		p.Errorf(v, "valueFrom %q is no name of a parameter, nor an ARN, which begins with arn: in small letters", s)
		return
	}
	name, ok := p.parameterName(v, s, nil)
	if !ok {
		return
	}
	base := "arn:" + policy.Of(policy.Partition) + ":ssm:" + policy.Of(policy.Region) + ":"
	account := policy.Of(policy.AccountID)
	if strings.HasPrefix(name, publicPath) {
		account = ""
	}
	resource := base + account + policy.Text(":parameter/"+strings.TrimPrefix(name, "/"))
	p.Require(parameter, resource, Exact, v.Ref())
	if account != "" {
		p.decrypt(v, "ssm", "", parameterContext, []policy.Text{resource}, false)
	}
	if secretName, ok := strings.CutPrefix(name, referencePath); ok {
		p.requireSecretName(v, ownARN("secretsmanager", ""), "", secretName, secret)
	}
}

// requireParameterARN requires a parameter by its ARN.
func (p *pass) requireParameterARN(v reading, a arn, gaps []gap, secret, parameter *Grant) {
	t, _ := v.Text()
	rest, ok := strings.CutPrefix(a.resource, "parameter")
	if !ok || rest == "" || rest[0] != '/' && rest[0] != ':' {
		if gaps = append(gaps, placeholders(a.resource, false)...); len(gaps) > 0 {
			p.Gaps(v, "parameter", gaps)
			return
		}
		p.Errorf(v, "%s is no parameter: its ARN ends in parameter/NAME", quote(t))
		return
	}
	if name := strings.TrimLeft(rest, "/:"); rest != "/"+name {
		p.Warnf(v, "parameter %s: one slash stands between parameter and the name: parameter/%s", quote(t), name)
		rest = "/" + name
	}
	gaps = append(gaps, missing(a.region, "region")...)
	// In an ARN the slash before a name of one level is the ARN's.
	name, ok := p.parameterName(v, rest, gaps)
	if !ok {
		return
	}
	switch {
	case strings.HasPrefix(name, publicPath):
		a.account = ""
	case a.account == "":
		p.Gaps(v, "parameter", missing(a.account, "account"))
		return
	case p.plan.Environment.Account != "" && a.account != p.plan.Environment.Account:
		p.plan.use(policy.AccountID)
		p.Warnf(v, "parameter %s belongs to account %s, not to the role's, %s: ECS reads no parameters of other accounts", quote(t), a.account, p.plan.Environment.Account)
	}
	p.Require(parameter, a.with("parameter"+name), Exact, v.Ref())
	if a.account != "" && parameter != readFSxParameter {
		p.decrypt(v, a.service, a.region, parameterContext, []policy.Text{a.with("parameter" + name)}, false)
	}
	if secretName, ok := strings.CutPrefix(name, referencePath); ok {
		a.service = "secretsmanager"
		p.requireSecretName(v, a.with(""), a.region, secretName, secret)
	}
}

// parameterName checks the name of a parameter and returns it without version or label, which ECS does not
// take. Gaps are those found before. It is not ok where the name is not known; that has been said.
func (p *pass) parameterName(v reading, s string, gaps []gap) (name string, ok bool) {
	t, _ := v.Text()
	name, label, labelled := cutOutsidePlaceholders(s, ':')
	// Behind the path of references stands the name of a secret, which is checked below.
	fits := all(name, oneOf("_.-/")) && strings.Trim(name, "/") != "" || strings.HasPrefix(name, referencePath)
	gaps = append(gaps, wholeGaps(unless(fits, name, "no name of a parameter (letters, digits and . _ - /)"))...)
	if len(gaps) > 0 {
		p.Gaps(v, "parameter", gaps)
		return "", false
	}
	if labelled {
		p.Warnf(v, "parameter %s has a version or label, %q: ECS takes none", quote(t), label)
	}
	if strings.HasPrefix(name, "//") {
		name = "/" + strings.TrimLeft(name, "/")
		p.Warnf(v, "parameter %s begins with more than one slash", quote(t))
	}
	if name[0] != '/' && strings.Contains(name, "/") {
		p.Warnf(v, "parameter %s has slashes, but does not begin with one: Parameter Store refuses such names", quote(t))
	}
	if secretName, ok := strings.CutPrefix(name, referencePath); ok {
		if gaps := p.secretNameGaps(secretName); len(gaps) > 0 {
			p.Gaps(v, "secret", gaps)
			return "", false
		}
	}
	return name, true
}

// repositoryCredentials stands here since it reads secrets as the others do; a bare name is a secret's,
// though, and the value is never cut.
var repositoryCredentials = &Rule{
	ID:     "repository-credentials",
	Title:  "Credentials of private registries",
	Why:    "ECS reads the user name and password of the private registry from the secret before it pulls the image.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html",
	Fields: []string{"containerDefinitions[].repositoryCredentials.credentialsParameter"},
	Grants: []*Grant{readRegistrySecret, useKey},
	check: func(p *pass, td taskdef.Value) {
		for container := range td.Each("containerDefinitions") {
			for v := range container.Each("repositoryCredentials") {
				for parameter := range v.EachOrAbsent("credentialsParameter") {
					p.checkRegistryCredentials(container, parameter)
				}
			}
		}
	},
}

var readRegistrySecret = &Grant{Sid: readSecret.Sid, Actions: readSecret.Actions, Agent: "1.19.0", Wildcard: readSecret.Wildcard}

func (p *pass) checkRegistryCredentials(container, v taskdef.Value) {
	t, ok := v.Text()
	s := string(t)
	if !ok || s == "" {
		p.Errorf(v, "repositoryCredentials has no credentialsParameter: give the ARN or the name of a secret")
		return
	}
	for image := range container.Each("image") {
		if t, _ := image.Text(); t != "" {
			ref, _ := p.cutImage(string(t))
			if isECRHost(ref.host) {
				p.Warnf(v, "repositoryCredentials on an image in Amazon ECR: ECS ignores them")
				return
			}
		}
	}
	if !strings.HasPrefix(s, "arn:") {
		if gaps := p.secretNameGaps(s); len(gaps) > 0 {
			p.Gaps(v, "credentialsParameter", gaps)
			return
		}
		p.requireSecretName(v, ownARN("secretsmanager", ""), "", s, readRegistrySecret)
		return
	}
	a, gaps, ok := p.cutARN(v, s, "credentialsParameter")
	switch {
	case !ok:
	case a.service == "secretsmanager":
		p.requireSecretARN(v, a, gaps, readRegistrySecret, readRegistrySecret)
	case len(gaps) > 0:
		p.Gaps(v, "credentialsParameter", gaps)
	default:
		p.Errorf(v, "credentialsParameter %q is of the service %s: ECS reads registry credentials from secretsmanager only", s, a.service)
	}
}
