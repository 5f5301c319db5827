package analyze

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
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
		Actions: []string{"secretsmanager:GetSecretValue"}, Resource: "arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME-??????",
		applies: func(p *pass) bool { return hasDomainlessSpec(p.td) },
	}},
	check:  checkCredentialSpecs,
	finish: finishCredentialSpecs,
	judge:  judgeCredentialSpecs,
}

// Source: agent/taskresource/credentialspec. Windows has had credential specs for long, Linux and the
// domainless mode came later.
var (
	getCredentialSpec           = getFile.variant(Grant{When: "in S3, on Linux", Agent: "1.66.0"})
	getWindowsCredentialSpec    = getFile.variant(Grant{When: "in S3, on Windows", Agent: "1.34.0"})
	getDomainlessSpec           = getFile.variant(Grant{When: "in S3, domainless", Agent: "1.72.0"})
	readSpecParameter           = readParameter.variant(Grant{When: "in Parameter Store, on Linux", Agent: "1.66.0", ownRegion: true})
	readWindowsSpecParameter    = readParameter.variant(Grant{When: "in Parameter Store, on Windows", Agent: "1.34.0", ownRegion: true})
	readDomainlessSpecParameter = readParameter.variant(Grant{When: "in Parameter Store, domainless", Agent: "1.72.0", ownRegion: true})
	readDomainlessSecret        = readSecret.variant(Grant{
		Shown: "failed to retrieve credentials for domainless gMSA user …",
		When:  "the secret that a domainless spec names",
		Why:   "ECS reads the user name and password with which a domainless container signs in to Active Directory.",
		Agent: "1.72.0",
		keys:  domainlessKeys, ownRegion: true,
	})
	// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/linux-gmsa.html
	domainlessKeys = []policy.Text{"username", "password", "domainName"}

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
		thing:   readParameter.thing, endpoints: readParameter.endpoints, keys: domainlessKeys, ownRegion: true,
	}
)

// CredSpec is a credential spec that the caller has, as it is in S3 or in Parameter Store.
type CredSpec struct {
	File string // for messages
	Data []byte // JSON
}

const (
	specPrefix           = "credentialspec:"
	domainlessPrefix     = "credentialspecdomainless:"
	domainlessMisspelled = "domainlesscredentialspec:" // as AWS's own page has it in one place
)

// cutCredentialSpec cuts the prefix off a credential spec. It is not ok if there is none.
func cutCredentialSpec(t policy.Text) (rest policy.Text, domainless, misspelled, ok bool) {
	if rest, ok := t.CutPrefix(specPrefix); ok {
		return rest, false, false, true
	}
	if rest, ok := t.CutPrefix(domainlessPrefix); ok {
		return rest, true, false, true
	}
	rest, ok = t.CutPrefix(domainlessMisspelled)
	return rest, ok, ok, ok
}

// credentialSpecsOf yields the credential specs of a container, with the field that has them. Other security
// options, such as labels of SELinux, are not among them.
func credentialSpecsOf(container taskdef.Value) iter.Seq2[string, taskdef.Value] {
	return func(yield func(string, taskdef.Value) bool) {
		for _, field := range []string{"credentialSpecs", "dockerSecurityOptions"} {
			for v := range container.Each(field) {
				t, _ := v.Text()
				isSpec := field == "credentialSpecs" || t.HasPrefix("credentialspec") || t.HasPrefix(domainlessMisspelled)
				if isSpec && !yield(field, v) {
					return
				}
			}
		}
	}
}

// hasDomainlessSpec reports whether a container has a domainless credential spec.
func hasDomainlessSpec(td taskdef.Value) bool {
	for container := range td.Each("containerDefinitions") {
		for _, v := range credentialSpecsOf(container) {
			t, _ := v.Text()
			if _, domainless, _, _ := cutCredentialSpec(t); domainless {
				return true
			}
		}
	}
	return false
}

// checkCredentialSpecs keeps the domainless ones for finishCredentialSpecs.
func checkCredentialSpecs(p *pass, td taskdef.Value) {
	var domainless []located
	seen := map[policy.Text]bool{}
	for container := range td.Each("containerDefinitions") {
		p.checkSecurityOptions(container)
		used := false // by ECS, whichever way conditionals choose
		for field, v := range credentialSpecsOf(container) {
			t, _ := v.Text()
			switch {
			case used && field == "credentialSpecs":
				p.Warnf(v, "more than one of credentialSpecs: ECS allows one in a container")
			case used:
				p.Notef(v, "credential spec %s: ECS takes one for a container, and credentialSpecs before dockerSecurityOptions: it takes another", quote(t))
				continue
			}
			used = used || !v.ChosenBelow(container)
			if p.checkCredentialSpec(td, v) && !seen[t] {
				seen[t] = true
				domainless = append(domainless, v)
			}
		}
	}
	p.kept = domainless
}

// checkSecurityOptions remarks on security options that look like a credential spec, or that placeholders could make
// one.
func (p *pass) checkSecurityOptions(container taskdef.Value) {
	for v := range container.Each("dockerSecurityOptions") {
		t, _ := v.Text()
		switch {
		case t.HasPrefix("credentialspec"), t.HasPrefix(domainlessMisspelled):
		case lowerASCII(t).Index("credentialspec") >= 0:
			p.Warnf(v, "dockerSecurityOptions %s: ECS takes for a credential spec only what begins with %s or %s", quote(t), specPrefix, domainlessPrefix)
		default:
			if list := slices.Concat(placeholders(t, false), p.open(t)); len(list) > 0 {
				p.Unknown(v, "dockerSecurityOptions", list)
			}
		}
	}
}

// checkCredentialSpec requires a credential spec, and reports whether it is a domainless one.
func (p *pass) checkCredentialSpec(td, v taskdef.Value) bool {
	t, _ := v.Text()
	rest, domainless, misspelled, ok := cutCredentialSpec(t)
	if misspelled {
		p.Warnf(v, "credential spec %s: ECS writes %q", quote(t), domainlessPrefix)
	}
	_, _, symbol := rest.CutSymbol()
	if before, found := t.CutSuffix(rest); found && ok {
		p.mayNameBehind(before, v, aBucket, aParameter)
	}
	switch list := placeholders(t, true); {
	case len(list) > 0:
		p.Unknown(v, "credential spec", list)
	case !ok && !t.IsLiteral():
		p.Unknown(v, "credential spec", p.open(t))
	case !ok:
		p.Wrong(v, "credential spec", "it begins with %s or %s, and the ARN of an object in S3 or of a parameter follows", specPrefix, domainlessPrefix)
	case rest.HasPrefix("file://"):
		p.Notef(v, "credential spec %s is a file on the instance: reading it needs no permission", quote(t))
	case !rest.HasPrefix("arn:") && !symbol:
		p.Wrong(v, "credential spec", "it has no ARN: give that of an object in S3 or of a parameter")
	default:
		windows, linux := operatingSystems(td)
		inS3 := false
		for _, system := range []struct {
			has               bool
			object, parameter *Grant
			encrypted         bool // Windows does not decrypt a parameter
		}{
			{domainless, getDomainlessSpec, readDomainlessSpecParameter, !linux},
			{!domainless && windows, getWindowsCredentialSpec, readWindowsSpecParameter, true},
			{!domainless && linux, getCredentialSpec, readSpecParameter, false},
		} {
			if system.has {
				inS3 = p.requireSpec(td, v, rest, system.object, namedThing{
					what: "credential spec", parameter: system.parameter, encrypted: system.encrypted, ownRegion: true,
					only: "ECS fetches it from s3 and ssm only",
				})
			}
		}
		if onFargate(td) && (!inS3 || !domainless || windows) {
			p.Warnf(v, "credential spec %s: on Fargate there are only domainless ones, in S3, for Linux", quote(t))
		}
	}
	return domainless
}

// operatingSystems returns on which systems the task can run.
func operatingSystems(td taskdef.Value) (windows, linux bool) {
	for v := range td.EachOrAbsent("runtimePlatform", "operatingSystemFamily") {
		t, _ := v.Text()
		isWindows := t.HasPrefix("WINDOWS")
		windows, linux = windows || isWindows || !t.IsLiteral(), linux || !isWindows
	}
	return windows, linux || !windows
}

// requireSpec requires a credential spec by its ARN, and reports whether it is in S3.
//
// Source: agent/taskresource/credentialspec/credentialspec_linux.go (GetSecretsFromSSM, which decrypts) and
// credentialspec_windows.go (GetParametersFromSSM, which does not)
func (p *pass) requireSpec(td, v taskdef.Value, arn policy.Text, object *Grant, n namedThing) (inS3 bool) {
	spec, before := partOf(v, arn), len(p.plan.Requirements)
	if n.encrypted {
		defer func() {
			p.noteEncrypted(v, "credential spec in Parameter Store: ECS does not decrypt it on Windows", n.parameter, before)
		}()
	}
	if s, _, ok := arn.CutSymbol(); ok {
		switch p.meaning(s) {
		case policy.MeansBucketARN:
			p.requireSpecObject(td, spec, object)
			return true
		case policy.MeansParameterARN:
			p.requireByARN(spec, arn, n)
		default:
			p.Unknown(v, "credential spec", p.beginsUnknown(arn, "the ARN of a bucket or of a parameter"))
		}
		return false
	}
	a, list, ok := p.cutARN(spec, arn, n.what)
	switch {
	case !ok:
	case len(list) > 0:
		p.Unknown(v, n.what, settleWhole(list))
	case a.Service == "s3":
		p.requireSpecObject(td, spec, object)
	case a.Service == "ssm":
		n.secret = readDomainlessSecret // of a parameter that refers to a secret
		p.requireParameterARN(spec, a, nil, n)
	default:
		p.Wrong(v, "credential spec", "it is of the service %s: %s", a.Service, n.only)
	}
	return a.Service == "s3"
}

// requireSpecObject requires a credential spec in S3.
func (p *pass) requireSpecObject(td taskdef.Value, spec derived, object *Grant) {
	n := len(p.plan.Requirements)
	_, known := p.requireObject(spec, "credential spec", object, nil)
	if !known || !onFargate(td) && !compatibilityUnknown(td) || len(p.plan.Requirements) == n {
		return
	}
	got := p.plan.Requirements[n]
	p.Require(getSpecVersion, got.ARN, got.Match, spec.at, got.Conditions...)
	bucket, _, _ := got.ARN.Resource.Cut("/")
	p.Require(listSpecBucket, got.ARN.With(bucket), Exact, spec.at, got.Conditions...)
}

// domainlessSpecs are all domainless credential specs that have been read.
type domainlessSpecs struct {
	count int
	first taskdef.Ref // the first of them by file and place
}

// finishCredentialSpecs requires the secrets that domainless credential specs name. They are inside of the
// specs, which the task definitions only refer to. Every task definition takes as many of the given secrets as it has
// specs, in order. Which of its specs names which secret is unknown, so all are required by its first one.
func finishCredentialSpecs(f *finish) {
	total, seen := 0, 0
	for _, p := range f.passes {
		total += len(p.specs())
	}
	if total == 0 {
		return
	}
	f.remember(func(old any) any {
		all, _ := old.(domainlessSpecs)
		seen = all.count
		for _, p := range f.passes {
			for _, v := range p.specs() {
				at := v.Ref()
				if all.count == 0 || cmp.Or(cmp.Compare(at.File, all.first.File), cmp.Compare(at.Offset, all.first.Offset)) < 0 {
					all.first = at
				}
				all.count++
			}
		}
		return all
	})
	total += seen
	given := len(f.opts().CredSpecs) + len(f.opts().CredSpecSecrets)
	flags := []string{"--credspec FILE", "--credspec-secret ARN"}
	for _, p := range f.passes {
		for i, v := range p.specs() {
			if seen+i < given {
				continue
			}
			t, _ := v.Text()
			p.find(Error, v.Ref(), flags[:1], "credential spec %s names a secret that is not in the task definition: add %s with the credential spec, or %s; one for each domainless credential spec (%d), the same again where they share it",
				quote(t), flags[0], flags[1], total)
		}
		p.requireDomainlessSecrets(seen, seen+len(p.specs()))
		seen += len(p.specs())
	}
}

// judgeCredentialSpecs says where more secrets are given than there are domainless credential specs.
func judgeCredentialSpecs(j *judgement) {
	specs, _ := j.remembered.(domainlessSpecs)
	given := len(j.opts.CredSpecs) + len(j.opts.CredSpecSecrets)
	if !j.complete || given <= specs.count {
		return
	}
	f := Finding{Severity: Error, Rule: j.rule.ID, At: specs.first,
		Message: fmt.Sprintf("--credspec and --credspec-secret are given %d times, and there are %d domainless credential specs: give one for each", given, specs.count)}
	switch specs.count {
	case 1:
		f.Message = fmt.Sprintf("--credspec and --credspec-secret are given %d times, and there is 1 domainless credential spec: give one", given)
	case 0:
		f.Message = "--credspec or --credspec-secret is given, and no container has a domainless credential spec"
	}
	j.plan.Findings = append(j.plan.Findings, f)
}

// specs returns the domainless credential specs that the rule has kept.
func (p *pass) specs() []located {
	specs, _ := p.kept.([]located)
	return specs
}

// requireDomainlessSecrets requires the secrets that are given from number from up to number to.
func (p *pass) requireDomainlessSecrets(from, to int) {
	for i, c := range p.opts.CredSpecs {
		if i < from || i >= to {
			continue
		}
		arn, place, problem := secretOf(c)
		if problem != "" {
			p.find(Error, taskdef.Ref{Place: place}, nil, "credential spec: %s", problem)
			continue
		}
		p.requireDomainlessSecret(outsideOf(p.specs()[0], arn), "credential spec")
	}
	for i, arn := range p.opts.CredSpecSecrets {
		if i += len(p.opts.CredSpecs); i >= from && i < to {
			p.requireDomainlessSecret(outsideOf(p.specs()[0], arn), "--credspec-secret")
		}
	}
}

func (p *pass) requireDomainlessSecret(v derived, what string) {
	if !v.text.HasPrefix("arn:") {
		p.Errorf(v, "%s %s is no ARN of a secret", what, quote(v.text))
		return
	}
	p.requireByARN(v, v.text, namedThing{
		what: what, secret: readDomainlessSecret, part: readDomainlessSecret, parameter: readDomainlessParameter, ownRegion: true,
		only: "give the ARN of a secret",
	})
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
