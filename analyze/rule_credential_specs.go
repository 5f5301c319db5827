package analyze

import (
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

var credentialSpecs = &Rule{
	ID:    "credential-specs",
	Title: "Credential specs of group Managed Service Accounts",
	Why:   "ECS fetches the credential spec, and in domainless mode the secret that it names, to sign the container in to Active Directory.",
	Doc:   "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/linux-gmsa.html",
	Fields: []string{
		"containerDefinitions[].credentialSpecs[]", "containerDefinitions[].dockerSecurityOptions[]",
		"runtimePlatform.operatingSystemFamily",
	},
	Grants: []*Grant{
		getCredentialSpec, getWindowsCredentialSpec, getDomainlessSpec, getSpecVersion, listSpecBucket,
		readSpecParameter, readWindowsSpecParameter, readDomainlessSpecParameter, readDomainlessSecret, readDomainlessParameter, useKey,
	},
	Unseen: []Unseen{{
		What:    "the secret that a domainless credential spec names",
		Cure:    "--credspec FILE with the credential spec, or --credspec-secret ARN",
		Applies: func(p *Plan) bool { return p.domainless > 0 },
	}},
	check: checkCredentialSpecs,
}

// Source: agent/taskresource/credentialspec. Windows has had credential specs for long, Linux and the
// domainless mode came later.
var (
	getCredentialSpec           = &Grant{Sid: getFile.Sid, When: "in S3, on Linux", Actions: getFile.Actions, Agent: "1.66.0", Wildcard: getFile.Wildcard}
	getWindowsCredentialSpec    = &Grant{Sid: getFile.Sid, When: "in S3, on Windows", Actions: getFile.Actions, Agent: "1.34.0", Wildcard: getFile.Wildcard}
	getDomainlessSpec           = &Grant{Sid: getFile.Sid, When: "in S3, domainless", Actions: getFile.Actions, Agent: "1.72.0", Wildcard: getFile.Wildcard}
	readSpecParameter           = &Grant{Sid: readParameter.Sid, When: "in Parameter Store, on Linux", Actions: readParameter.Actions, Agent: "1.66.0"}
	readWindowsSpecParameter    = &Grant{Sid: readParameter.Sid, When: "in Parameter Store, on Windows", Actions: readParameter.Actions, Agent: "1.34.0"}
	readDomainlessSpecParameter = &Grant{Sid: readParameter.Sid, When: "in Parameter Store, domainless", Actions: readParameter.Actions, Agent: "1.72.0"}
	readDomainlessSecret        = &Grant{
		Sid:      readSecret.Sid,
		When:     "the secret that a domainless spec names",
		Why:      "ECS reads the user name and password with which a domainless container signs in to Active Directory.",
		Actions:  readSecret.Actions,
		Agent:    "1.72.0",
		Wildcard: readSecret.Wildcard,
	}

	// AWS's page about gMSA on Fargate lists these two, and forgets s3:GetObject; the agent on EC2 calls neither.
	getSpecVersion = &Grant{
		Sid:      "ReadObjectVersions",
		When:     "on Fargate",
		Why:      "AWS's guide to gMSA on Fargate asks for it, to fetch the credential spec.",
		Actions:  []Action{{"s3:GetObjectVersion", Documented}},
		Agent:    "1.72.0",
		Wildcard: getFile.Wildcard,
	}
	listSpecBucket = &Grant{
		Sid:     "ListBuckets",
		When:    "on Fargate",
		Why:     "AWS's guide to gMSA on Fargate asks for it, to find the credential spec.",
		Actions: []Action{{"s3:ListBucket", Documented}},
		Agent:   "1.72.0",
	}
	// AWS's tutorial for Windows also keeps the user in Parameter Store; the plug-in that reads it is not the agent.
	readDomainlessParameter = &Grant{
		Sid:     "ReadSingleParameters",
		When:    "the parameter that a domainless spec names",
		Why:     "On Windows a domainless credential spec may name a parameter, which AWS's tutorial reads with this action.",
		Actions: []Action{{"ssm:GetParameter", Documented}},
		Agent:   "1.72.0",
	}
)

// CredSpec is a credential spec that the caller has, as it stands in S3 or in Parameter Store.
type CredSpec struct {
	File string // for messages
	Data []byte // JSON
}

const (
	specPrefix           = "credentialspec:"
	domainlessPrefix     = "credentialspecdomainless:"
	domainlessMisspelled = "domainlesscredentialspec:" // as AWS's own page has it in one place
)

func checkCredentialSpecs(p *pass, td taskdef.Value) {
	var domainless []reading
	seen := map[string]bool{}
	for container := range td.Each("containerDefinitions") {
		var used reading
		for v := range container.Each("credentialSpecs") {
			t, _ := v.Text()
			if used != nil {
				p.Warnf(v, "more than one of credentialSpecs: ECS allows one in a container")
			}
			used = v
			if p.checkCredentialSpec(td, v) && !seen[string(t)] {
				seen[string(t)] = true
				domainless = append(domainless, v)
			}
		}
		for v := range container.Each("dockerSecurityOptions") {
			t, _ := v.Text()
			switch s := string(t); {
			case strings.Contains(strings.ToLower(s), "credentialspec") && !strings.HasPrefix(s, "credentialspec") && !strings.HasPrefix(s, domainlessMisspelled):
				p.Warnf(v, "dockerSecurityOptions %s: ECS takes for a credential spec only what begins with %s or %s", quote(t), specPrefix, domainlessPrefix)
			case !strings.HasPrefix(s, "credentialspec") && !strings.HasPrefix(s, domainlessMisspelled):
				// A label of SELinux or AppArmor, or no-new-privileges.
				if gaps := placeholders(s, false); len(gaps) > 0 {
					p.Gaps(v, "dockerSecurityOptions", gaps)
				}
			case used != nil:
				p.Notef(v, "credential spec %s: ECS takes one for a container, and credentialSpecs before dockerSecurityOptions: it takes another", quote(t))
			default:
				used = v
				if p.checkCredentialSpec(td, v) && !seen[s] {
					seen[s] = true
					domainless = append(domainless, v)
				}
			}
		}
	}
	p.checkDomainless(td, domainless)
}

// checkCredentialSpec requires a credential spec, and reports whether it is a domainless one.
func (p *pass) checkCredentialSpec(td, v taskdef.Value) (domainless bool) {
	t, _ := v.Text()
	s := string(t)
	rest, ok := strings.CutPrefix(s, specPrefix)
	if !ok {
		rest, domainless = strings.CutPrefix(s, domainlessPrefix)
	}
	if !ok && !domainless {
		if rest, domainless = strings.CutPrefix(s, domainlessMisspelled); domainless {
			p.Warnf(v, "credential spec %s: ECS writes %q", quote(t), domainlessPrefix)
		}
	}
	windows := strings.HasPrefix(nested(td, "runtimePlatform", "operatingSystemFamily"), "WINDOWS")
	object, parameter := getCredentialSpec, readSpecParameter
	switch {
	case domainless:
		object, parameter = getDomainlessSpec, readDomainlessSpecParameter
	case windows:
		object, parameter = getWindowsCredentialSpec, readWindowsSpecParameter
	}
	spec := derivedFrom(v, rest)
	switch gaps := placeholders(s, true); {
	case len(gaps) > 0:
		p.Gaps(v, "credential spec", gaps)
	case !ok && !domainless:
		p.Errorf(v, "credential spec %s: it begins with %s or %s, and the ARN of an object in S3 or of a parameter follows", quote(t), specPrefix, domainlessPrefix)
	case strings.HasPrefix(rest, "file://"):
		p.Notef(v, "credential spec %s stands on the instance: reading it needs no permission", quote(t))
	case !strings.HasPrefix(rest, "arn:"):
		p.Errorf(v, "credential spec %s is no ARN: give that of an object in S3 or of a parameter", quote(t))
	default:
		a, gaps, ok := p.cutARN(spec, rest, "credential spec")
		switch {
		case !ok:
		case len(gaps) > 0:
			p.Gaps(v, "credential spec", wholeGaps(gaps))
		case a.service == "s3":
			p.requireSpecObject(td, spec, object)
		case a.service == "ssm":
			p.requireParameterARN(spec, a, nil, readDomainlessSecret, parameter)
		default:
			p.Errorf(v, "credential spec %s is of the service %s: ECS fetches it from s3 and ssm only", quote(t), a.service)
		}
		if onFargate(td) && (a.service != "s3" || !domainless || windows) {
			p.Warnf(v, "credential spec %s: on Fargate there are only domainless ones, in S3, for Linux", quote(t))
		}
	}
	return domainless
}

// requireSpecObject requires a credential spec in S3.
func (p *pass) requireSpecObject(td taskdef.Value, spec foreign, object *Grant) {
	n := len(p.plan.Requirements)
	if !p.requireObject(spec, "credential spec", object, nil) || !onFargate(td) {
		return
	}
	if len(p.plan.Requirements) > n {
		got := p.plan.Requirements[n]
		p.Require(getSpecVersion, got.Resource, got.Match, spec.at, got.Conditions...)
		bucket, _, _ := strings.Cut(string(got.Resource), "/")
		p.Require(listSpecBucket, policy.Text(bucket), Exact, spec.at, got.Conditions...)
	}
}

// checkDomainless requires the secrets that domainless credential specs name. They stand inside of the
// specs, which the task definition only points to.
func (p *pass) checkDomainless(td taskdef.Value, specs []reading) {
	p.plan.domainless = len(specs)
	given := len(p.opts.CredSpecs) + len(p.opts.CredSpecSecrets)
	if len(specs) == 0 {
		if given > 0 {
			p.Errorf(td, "--credspec or --credspec-secret is given, and no container has a domainless credential spec")
		}
		return
	}
	flags := []string{"--credspec FILE", "--credspec-secret ARN"}
	if given < len(specs) {
		for _, v := range specs[given:] {
			t, _ := v.Text()
			p.find(Error, v.Ref(), flags[:1], "credential spec %s names a secret that is not in the task definition: add %s with the credential spec, or %s; one for each domainless credential spec (%d), the same again where they share it",
				quote(t), flags[0], flags[1], len(specs))
		}
	}
	if given > len(specs) {
		p.Errorf(specs[0], "--credspec and --credspec-secret are given %d times, and there are %d domainless credential specs: give one for each", given, len(specs))
		return
	}
	for _, c := range p.opts.CredSpecs {
		arn, ref, problem := secretOf(c)
		if problem != "" {
			p.find(Error, taskdef.Ref{Place: ref}, nil, "credential spec: %s", problem)
			continue
		}
		p.requireDomainlessSecret(derivedFrom(specs[0], arn), "credential spec")
	}
	for _, arn := range p.opts.CredSpecSecrets {
		p.requireDomainlessSecret(derivedFrom(specs[0], arn), "--credspec-secret")
	}
}

func (p *pass) requireDomainlessSecret(v foreign, what string) {
	if !strings.HasPrefix(v.text, "arn:") {
		p.Errorf(v, "%s %q is no ARN of a secret", what, v.text)
		return
	}
	a, gaps, ok := p.cutARN(v, v.text, what)
	switch {
	case !ok:
	case a.service == "secretsmanager":
		p.requireSecretARN(v, a, gaps, readDomainlessSecret, readDomainlessSecret)
	case a.service == "ssm":
		p.requireParameterARN(v, a, gaps, readDomainlessSecret, readDomainlessParameter)
	case len(gaps) > 0:
		p.Gaps(v, what, gaps)
	default:
		p.Errorf(v, "%s %q is of the service %s: give the ARN of a secret", what, v.text, a.service)
	}
}

// secretOf returns the ARN that a domainless credential spec names. On Windows PluginInput is a string that
// holds JSON, on Linux an object. Names match in upper and lower case, as the agent reads them.
//
// Source: agent/taskresource/credentialspec/credentialspec_linux.go and credentialspec_windows.go
func secretOf(c CredSpec) (arn string, at tree.Place, problem string) {
	doc, problems := tree.ReadJSON(c.File, c.Data)
	if doc == nil {
		return "", problems[0].At, problems[0].Message
	}
	input, problem := find(doc.Root, "ActiveDirectoryConfig", "HostAccountConfig", "PluginInput")
	at = doc.Source.Place(input.Start)
	if problem != "" {
		return "", at, problem
	}
	secret, path := input, "ActiveDirectoryConfig.HostAccountConfig.PluginInput.CredentialArn"
	if input.Kind == tree.String {
		inner, problems := tree.ReadJSON(c.File, []byte(input.Text))
		if inner == nil {
			return "", at, "PluginInput: " + problems[0].Message
		}
		if secret, problem = find(inner.Root, "CredentialArn"); problem != "" {
			return "", at, "PluginInput: " + problem
		}
	} else {
		secret, problem = find(input, "CredentialArn")
		at = doc.Source.Place(secret.Start)
		if problem != "" {
			return "", at, "no " + path
		}
	}
	if secret.Kind != tree.String || secret.Text == "" {
		return "", at, "CredentialArn is no string: a domainless credential spec names its secret there"
	}
	return secret.Text, at, ""
}

// find returns the value at a path of names below n. Where there is none, it says so, and returns the innermost value
// that is there.
func find(n *tree.Node, path ...string) (found *tree.Node, problem string) {
	for _, name := range path {
		next := n.MemberFold(name)
		if next == nil || next.Kind == tree.Null {
			return n, "no " + strings.Join(path, ".")
		}
		n = next
	}
	return n, ""
}

// nested returns a string at a path of the task definition, or "".
func nested(td taskdef.Value, path ...string) string {
	for v := range td.Each(path...) {
		t, _ := v.Text()
		return string(t)
	}
	return ""
}
