package analyze

import (
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
		What:    "customer-managed keys: what a secret, a parameter or an S3 object is encrypted with",
		Cure:    "--kms-key REF=KEY for each, or --kms-key '*=KEY', where it is not one of AWS's own",
		Actions: []string{"kms:Decrypt"}, Resource: "arn:PARTITION:kms:REGION:ACCOUNT:key/KEY",
		Note:    "customer-managed keys cannot be seen in a task definition: if one encrypts a secret, a parameter or a file that ECS reads here, add --kms-key REF=KEY, or --kms-key '*=KEY' for all",
		applies: func(p *pass) bool { return p.mayNeedKey() && !p.plan.requires(useKey) },
	}},
	check: func(p *pass, td taskdef.Value) {
		for s := range td.Each("containerDefinitions", "secrets") {
			p.checkSecret(s, namedThing{what: "valueFrom", secret: readSecret, part: readSecretPart, parameter: readParameter})
		}
	},
	judge: judgeSuffixes,
}

var logSecrets = &Rule{
	ID:          "log-secrets",
	Title:       "Secrets of log drivers",
	Why:         "ECS reads the secret or parameter and passes its value to the log driver as an option, or to the FireLens container.",
	Doc:         "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-logconfig.html",
	Fields:      []string{"containerDefinitions[].logConfiguration.secretOptions[].valueFrom"},
	Grants:      []*Grant{readLogSecret, readSecretPart, readLogParameter, useKey},
	check:       checkLogSecrets,
	checkBeside: checkLogSecrets,
}

func checkLogSecrets(p *pass, td taskdef.Value) {
	for s := range td.Each("containerDefinitions", "logConfiguration", "secretOptions") {
		p.checkSecret(s, namedThing{what: "valueFrom", secret: readLogSecret, part: readSecretPart, parameter: readLogParameter})
	}
}

// The agent reads secrets and parameters with these two actions alone; ssm:GetParameter in the singular is
// another one. Source: agent/asm/asm.go, agent/ssm/ssm.go.
var (
	readSecret = &Grant{
		Shown: secretShown,
		Sid:   "ReadSecrets", Actions: []Action{{"secretsmanager:GetSecretValue", Called}}, Agent: "1.23.0",
		thing: secretThing, endpoints: []endpoint{{service: "secretsmanager"}},
		Wildcard: "Secrets Manager ends the ARN of a secret in a hyphen and six random characters, which the task definition does " +
			"not hold: ? stands for each of the six.",
	}
	readSecretPart = readSecret.variant(Grant{Shown: secretShown, When: "a JSON key, version stage or version ID", Agent: "1.37.0"})
	readLogSecret  = readSecret.variant(Grant{Shown: secretShown, Agent: "1.27.0"})
	readParameter  = &Grant{
		Shown: parameterShown,
		Sid:   "ReadParameters", Actions: []Action{{"ssm:GetParameters", Called}}, Agent: "1.22.0",
		thing: "parameter", endpoints: []endpoint{{service: "ssm"}},
	}
	readLogParameter = readParameter.variant(Grant{Shown: parameterShown, Agent: "1.27.0"})
)

// What ECS shows where it cannot read a secret or a parameter.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html, and public issues
const (
	notPulled      = "ResourceInitializationError: unable to pull secrets or registry auth: … "
	secretShown    = notPulled + "unable to retrieve secret from asm: … AccessDeniedException"
	parameterShown = notPulled + "unable to retrieve secrets from ssm: … AccessDeniedException"
)

// secretThing is a secret, in words.
const secretThing = "secret"

// reference returns the ARN of the secret that Parameter Store reads for a requirement, whose parameter refers to it; not
// ok for any other requirement. There is no such parameter.
//
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
func (r *Requirement) reference() (secret policy.ARN, ok bool) {
	name, ok := r.ARN.Resource.CutPrefix("parameter" + referencePath)
	if !ok || r.ARN.Service != "ssm" {
		return secret, false
	}
	secret = r.ARN.With("secret:" + name + anySuffix)
	secret.Service = "secretsmanager"
	return secret, true
}

// isOtherReading reports whether two ARNs are of one thing, whose name the input does not say in full: a secret with and
// without its random suffix, or a parameter whose name may begin with a slash.
func isOtherReading(a, b policy.Text) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	before, name, _ := b.Cut(":parameter/")
	return a+anySuffix == b || before+":parameter"+name == a
}

// partsOfSecret returns the JSON key, the version stage and the version ID that follow the ARN of a secret, or the symbol of one,
// as ARN:KEY:STAGE:VERSION; "" for each that is not there.
func partsOfSecret(t policy.Text) (key, stage, version policy.Text) {
	parts := splitText(t, ':', len(t)+1)
	before := 7 // the parts of arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME
	if _, _, symbol := t.CutSymbol(); symbol {
		before = 1
	} else if parts[0] != "arn" {
		return "", "", ""
	}
	for i, part := range []*policy.Text{&key, &stage, &version} {
		if before+i < len(parts) {
			*part = parts[before+i]
		}
	}
	return key, stage, version
}

// checkSecret requires what one element of secrets or secretOptions asks for.
func (p *pass) checkSecret(element taskdef.Value, n namedThing) {
	n.only = "ECS reads secrets from secretsmanager and ssm only"
	for v := range element.EachOrAbsent("valueFrom") {
		n0 := len(p.plan.Requirements)
		t, ok := v.Text()
		if p.requireOpenSecret(v, t, n) {
			continue
		}
		p.mayName(v, aSecret, aParameter, aParameterName)
		switch {
		case !ok || t == "":
			p.Errorf(v, "the secret has no valueFrom: give the ARN of a secret, or the ARN or name of a parameter")
		case p.namesParameter(t):
			p.requireParameterName(v, t, n)
		default:
			p.requireByARN(v, t, n)
			for i := n0; i < len(p.plan.Requirements); i++ {
				if r := &p.plan.Requirements[i]; r.Grant == n.part {
					r.Part, r.Stage, r.Version = partsOfSecret(t)
				}
			}
		}
	}
}

// requireOpenSecret requires the secret that a symbol of unknown meaning names, such as ${Secret} in ${Secret}:password::, for a
// comparison with a role that exists. Three colons follow only the ARN of a secret. That ARN may lack its random suffix. It
// reports whether v is such a value.
func (p *pass) requireOpenSecret(v located, t policy.Text, n namedThing) bool {
	s, rest, ok := t.CutSymbol()
	if !ok || !p.opts.RoleExists || !isUnsaid(p.meaning(s)) || !rest.HasPrefix(":") || rest.Count(":") != 3 {
		return false
	}
	arns := []policy.ARN{policy.Whole(policy.Of(s)), policy.Whole(policy.Of(s) + anySuffix)}
	grant := p.secretGrant(v, n, 3)
	for _, arn := range arns {
		p.Require(grant, arn, OneOf, v.Ref())
		r := &p.plan.Requirements[len(p.plan.Requirements)-1]
		r.Part, r.Stage, r.Version = partsOfSecret(t)
	}
	p.decrypt(v, "secretsmanager", "", secretContext, arns, true)
	return true
}

// repositoryCredentials is in this file since it reads secrets as the others do. Here a bare name is that of a secret,
// though, and the value has no parts behind the name.
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

// Source: agent/asm/asm.go, extractASMValue
var readRegistrySecret = readSecret.variant(Grant{Shown: notPulled + "unable to get registry auth from asm: … AccessDeniedException", Agent: "1.19.0", keys: []policy.Text{"username", "password"}})

func (p *pass) checkRegistryCredentials(container, v taskdef.Value) {
	t, ok := v.Text()
	if !ok || t == "" {
		p.Errorf(v, "repositoryCredentials has no credentialsParameter: give the ARN or the name of a secret")
		return
	}
	if p.alwaysInECR(container) {
		p.Warnf(v, "repositoryCredentials on an image in Amazon ECR: ECS ignores them")
		return
	}
	p.mayName(v, aSecret, aSecretName)
	n := namedThing{
		what: "credentialsParameter", secret: readRegistrySecret, part: readRegistrySecret, ownAccount: true,
		only: "ECS reads registry credentials from secretsmanager only",
	}
	if s, rest, ok := t.CutSymbol(); ok && p.meaning(s) != policy.MeansSecretName {
		p.requireByARN(v, t, n)
	} else if ok && rest == "" || !t.HasPrefix("arn:") {
		if list := p.secretNameUnknown(t); len(list) > 0 {
			p.Unknown(v, "credentialsParameter", list)
			return
		}
		p.noteTold(v, s)
		p.requireSecretName(v, policy.LocalARN("secretsmanager", ""), t, readRegistrySecret)
	} else {
		p.requireByARN(v, t, n)
	}
}

// alwaysInECR reports whether a container's image is in a private registry of Amazon ECR, whichever way conditionals
// choose, and whatever value a symbol has that is left open.
func (p *pass) alwaysInECR(container taskdef.Value) bool {
	always := false
	for image := range container.EachOrAbsent("image") {
		t, _ := image.Text()
		s, _, _ := t.CutSymbol()
		if !p.isInECR(t) || p.given(p.reader.Symbols().Lookup(s).ARN, nil) != nil {
			return false
		}
		always = true
	}
	return always
}
