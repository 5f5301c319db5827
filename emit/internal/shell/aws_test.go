// Package shell tests the scripts of the format aws-cli in shells, with a stub of the AWS CLI.
package shell

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// account is an account of AWS as far as scripts of the format aws-cli know it.
type account struct {
	Account   string
	Partition string
	Region    string // that calls have to be for
	Profile   string // the region of the CLI's profile; "" for none
	Variables string // of the environment: "AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-west-1"

	Roles    map[string]*stubRole
	Policies map[string]*stubPolicy // by ARN
	Calls    []string               // "iam create-role", in their order
	Fail     int                    // this call, counted from 1, does not work, nor do later ones that are like it; 0 for none
	Stop     int                    // this call, counted from 1, is the last one that has an effect, and nobody gets its answer; 0 for none
	Unlisted bool                   // policies are not listed
	Stale    []string               // ARNs of policies that are listed, although they are deleted

	Regionless bool // the script that runs needs no region, so calls name none
}

type stubRole struct {
	Arn, Path, Description, Boundary, Trust string
	MaxSessionDuration                      int
	Tags                                    []policy.Tag
	Inline                                  map[string]string
	Attached                                []string
}

type stubPolicy struct {
	Default  string
	Versions []stubVersion // the oldest first
	Made     int
	Tags     []policy.Tag
}

type stubVersion struct{ ID, Document string }

// reply is what a call of the AWS CLI ends with.
type reply struct {
	status         int
	stdout, stderr string
}

// stub is one call of the AWS CLI.
type stub struct {
	*account
	out strings.Builder
}

// call does what the AWS CLI does with these arguments. It knows the calls that the scripts make; whatever else it is asked
// for fails.
func (a *account) call(args []string) (r reply) {
	s := &stub{account: a}
	defer func() {
		switch v := recover().(type) {
		case nil:
		case reply:
			r = v
		default:
			panic(v)
		}
	}()
	call, options := s.parse(args)
	a.Calls = append(a.Calls, call)
	if a.Fail > 0 && len(a.Calls) >= a.Fail && a.Calls[a.Fail-1] == call {
		refuse("AccessDenied", call)
	}
	if a.Stop > 0 && len(a.Calls) > a.Stop {
		return reply{status: 255, stderr: "stopped\n"}
	}
	s.do(call, options)
	if len(a.Calls) == a.Stop {
		return reply{status: 255, stderr: "stopped\n"}
	}
	return reply{stdout: s.out.String()}
}

// print prints a line.
func (a *stub) print(line string) { a.out.WriteString(line + "\n") }

// refuse ends a call as the CLI does where the service says no.
func refuse(code, what string) {
	panic(reply{status: 254, stderr: fmt.Sprintf("\nAn error occurred (%s) when calling the operation: %s\n", code, what)})
}

// fail ends a call as the CLI does with arguments that it does not know.
func fail(format string, args ...any) {
	panic(reply{status: 252, stderr: fmt.Sprintf("stub: "+format+"\n", args...)})
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

// operations are the options of each call: those that it must have, and behind ";" those that it may have. A call that
// prints something has a query.
var operations = map[string]string{
	"configure get":                        "",
	"sts get-caller-identity":              "output query; region",
	"iam list-policies":                    "scope query",
	"iam get-role":                         "role-name query",
	"iam create-role":                      "role-name path assume-role-policy-document cli-input-json tags query; permissions-boundary",
	"iam update-assume-role-policy":        "role-name policy-document",
	"iam update-role":                      "role-name cli-input-json",
	"iam tag-role":                         "role-name tags",
	"iam untag-role":                       "role-name tag-keys",
	"iam put-role-permissions-boundary":    "role-name permissions-boundary",
	"iam delete-role-permissions-boundary": "role-name",
	"iam put-role-policy":                  "role-name policy-name policy-document",
	"iam delete-role-policy":               "role-name policy-name",
	"iam list-role-policies":               "role-name query",
	"iam attach-role-policy":               "role-name policy-arn",
	"iam detach-role-policy":               "role-name policy-arn",
	"iam list-attached-role-policies":      "role-name query",
	"iam get-policy":                       "policy-arn query",
	"iam create-policy":                    "policy-name policy-document tags query",
	"iam delete-policy":                    "policy-arn",
	"iam create-policy-version":            "policy-arn policy-document set-as-default query",
	"iam delete-policy-version":            "policy-arn version-id",
	"iam list-policy-versions":             "policy-arn query",
	"iam tag-policy":                       "policy-arn tags",
}

// queries are what calls print of what they know.
var queries = map[string]string{
	"sts get-caller-identity": "[[Account],[Arn]]",
	"iam get-role": "[[Role.Arn],[Role.Path],[Role.PermissionsBoundary.PermissionsBoundaryArn]," +
		"[Role.Tags[?Key=='execrole:family'].Value | [0]],[Role.Tags[?Key=='execrole:region'].Value | [0]]," +
		"[Role.Tags[?Key=='execrole:attached'].Value | [0]]]",
	"iam create-role":                 "Role.Arn",
	"iam list-role-policies":          "PolicyNames",
	"iam list-attached-role-policies": "AttachedPolicies[].PolicyArn",
	"iam get-policy":                  "[[Policy.DefaultVersionId],[Policy.Tags[?Key=='execrole:document'].Value | [0]]]",
	"iam create-policy":               "Policy.Arn",
	"iam create-policy-version":       "PolicyVersion.VersionId",
	"iam list-policy-versions":        "Versions[?!IsDefaultVersion].VersionId",
}

// policiesQuery is the query of list-policies, with how names begin.
const policiesQuery = "Policies[?starts_with(PolicyName, '%s')].Arn"

// beginning returns how the names begin that a query of list-policies asks for.
func beginning(query string) string {
	parts := strings.Split(query, "'")
	return parts[min(1, len(parts)-1)]
}

// parse reads the command line strictly.
func (a *stub) parse(args []string) (call string, options map[string]string) {
	if len(args) < 2 {
		fail("no command: %q", args)
	}
	call = args[0] + " " + args[1]
	if call == "configure get" {
		if !slices.Equal(args[2:], []string{"region"}) {
			fail("an unknown call: %q", args)
		}
		return call, nil
	}
	all, known := operations[call]
	if !known {
		fail("an unknown call: %q", args)
	}
	required, optional, _ := strings.Cut(all, ";")
	if args[0] == "iam" {
		required += " output"
		optional += " region"
	}
	options = map[string]string{}
	for i := 2; i < len(args); i++ {
		name, value, inside := strings.Cut(strings.TrimPrefix(args[i], "--"), "=")
		switch {
		case !strings.HasPrefix(args[i], "--"):
			fail("%s: an argument %q", call, args[i])
		case !slices.Contains(strings.Fields(required+" "+optional), name):
			fail("%s: an option %q", call, args[i])
		case name == "set-as-default" && !inside:
		case !inside && (i+1 == len(args) || strings.HasPrefix(args[i+1], "-")):
			fail("%s: %s has no value, or one that is taken for an option", call, args[i])
		case !inside:
			i++
			value = args[i]
		}
		if _, twice := options[name]; twice {
			fail("%s: --%s twice", call, name)
		}
		for _, file := range []string{"file:", "fileb:", "http:", "https:"} {
			if strings.HasPrefix(value, file) {
				fail("%s: --%s would be read from %s", call, name, value)
			}
		}
		options[name] = value
	}
	for _, name := range strings.Fields(required) {
		if _, given := options[name]; !given {
			fail("%s: no --%s", call, name)
		}
	}
	query := queries[call]
	if call == "iam list-policies" {
		query = fmt.Sprintf(policiesQuery, beginning(options["query"]))
	}
	region, given := options["region"]
	if given == a.Regionless || given && region != a.Region || options["output"] != "text" || options["query"] != query {
		fail("%s: region %q, output %q, query %q", call, options["region"], options["output"], options["query"])
	}
	for _, name := range []string{"policy-document", "assume-role-policy-document"} {
		if document, given := options[name]; given && !json.Valid([]byte(document)) {
			refuse("MalformedPolicyDocument", document)
		}
	}
	return call, options
}

func (a *stub) do(call string, o map[string]string) {
	_, iam, _ := strings.Cut(call, " ")
	switch call {
	case "configure get":
		if a.Profile == "" {
			panic(reply{status: 1})
		}
		a.print(a.Profile)
		return
	case "sts get-caller-identity":
		a.print(a.Account)
		a.print("arn:" + a.Partition + ":sts::" + a.Account + ":assumed-role/deploy/me")
		return
	case "iam list-policies":
		if o["scope"] != "Local" {
			fail("the scope %s", o["scope"])
		}
		arns := slices.Clone(a.Stale)
		for arn := range a.Policies {
			if !a.Unlisted && strings.HasPrefix(arn[strings.LastIndexByte(arn, '/')+1:], beginning(o["query"])) {
				arns = append(arns, arn)
			}
		}
		slices.Sort(arns)
		a.print(strings.Join(arns, "\t"))
		return
	}
	if iam == "create-role" {
		name := o["role-name"]
		if a.Roles[name] != nil {
			refuse("EntityAlreadyExists", name)
		}
		r := &stubRole{
			Arn: "arn:" + a.Partition + ":iam::" + a.Account + ":role" + o["path"] + name, Path: o["path"], Trust: o["assume-role-policy-document"],
			Boundary: o["permissions-boundary"], Inline: map[string]string{},
		}
		r.update(o["cli-input-json"])
		r.Tags = tagged(nil, o["tags"])
		if a.Roles == nil {
			a.Roles = map[string]*stubRole{}
		}
		a.Roles[name] = r
		a.print(r.Arn)
		return
	}
	if name, given := o["role-name"]; given {
		r := a.Roles[name]
		if r == nil {
			refuse("NoSuchEntity", name)
		}
		a.doRole(iam, r, o)
		return
	}
	if iam == "create-policy" {
		// Names are unique whatever the path is.
		for arn := range a.Policies {
			if strings.HasSuffix(arn, "/"+o["policy-name"]) {
				refuse("EntityAlreadyExists", arn)
			}
		}
		arn := "arn:" + a.Partition + ":iam::" + a.Account + ":policy/" + o["policy-name"]
		if a.Policies == nil {
			a.Policies = map[string]*stubPolicy{}
		}
		a.Policies[arn] = &stubPolicy{Default: "v1", Made: 1, Versions: []stubVersion{{"v1", o["policy-document"]}}, Tags: tagged(nil, o["tags"])}
		a.print(arn)
		return
	}
	arn := o["policy-arn"]
	if a.Policies[arn] == nil {
		refuse("NoSuchEntity", arn)
	}
	a.doPolicy(iam, arn, a.Policies[arn], o)
}

func (a *stub) doRole(call string, r *stubRole, o map[string]string) {
	arn, name := o["policy-arn"], o["policy-name"]
	at := slices.Index(r.Attached, arn)
	switch call {
	case "get-role":
		a.print(r.Arn)
		a.print(r.Path)
		a.print(orNone(r.Boundary, r.Boundary != ""))
		for _, key := range []string{"execrole:family", "execrole:region", "execrole:attached"} {
			a.print(valueOf(r.Tags, key))
		}
	case "update-assume-role-policy":
		r.Trust = o["policy-document"]
	case "update-role":
		r.update(o["cli-input-json"])
	case "tag-role":
		r.Tags = tagged(r.Tags, o["tags"])
	case "untag-role":
		r.Tags = slices.DeleteFunc(r.Tags, func(t policy.Tag) bool { return t.Key == o["tag-keys"] })
	case "put-role-permissions-boundary":
		r.Boundary = o["permissions-boundary"]
	case "delete-role-permissions-boundary":
		r.Boundary = ""
	case "put-role-policy":
		r.Inline[name] = o["policy-document"]
	case "delete-role-policy":
		if _, there := r.Inline[name]; !there {
			refuse("NoSuchEntity", name)
		}
		delete(r.Inline, name)
	case "list-role-policies":
		var names []string
		for name := range r.Inline {
			names = append(names, name)
		}
		slices.Sort(names)
		a.print(strings.Join(names, "\t"))
	case "attach-role-policy":
		if a.Policies[arn] == nil && strings.HasPrefix(arn, "arn:"+a.Partition+":iam::"+a.Account+":") && !strings.HasSuffix(arn, "/a") {
			refuse("NoSuchEntity", arn)
		}
		if at < 0 {
			if len(r.Attached) == 10 {
				refuse("LimitExceeded", arn)
			}
			r.Attached = append(r.Attached, arn)
		}
	case "detach-role-policy":
		if at < 0 {
			refuse("NoSuchEntity", arn)
		}
		r.Attached = slices.Delete(r.Attached, at, at+1)
	case "list-attached-role-policies":
		a.print(strings.Join(r.Attached, "\t"))
	default:
		fail("%s is for no role", call)
	}
}

func (a *stub) doPolicy(call, arn string, p *stubPolicy, o map[string]string) {
	switch call {
	case "get-policy":
		a.print(p.Default)
		a.print(valueOf(p.Tags, "execrole:document"))
	case "tag-policy":
		p.Tags = tagged(p.Tags, o["tags"])
	case "create-policy-version":
		if len(p.Versions) == 5 {
			refuse("LimitExceeded", arn)
		}
		p.Made++
		p.Default = "v" + strconv.Itoa(p.Made)
		p.Versions = append(p.Versions, stubVersion{p.Default, o["policy-document"]})
		a.print(p.Default)
	case "delete-policy-version":
		id := o["version-id"]
		i := slices.IndexFunc(p.Versions, func(v stubVersion) bool { return v.ID == id })
		if i < 0 || id == p.Default {
			refuse("DeleteConflict", id)
		}
		p.Versions = slices.Delete(p.Versions, i, i+1)
	case "list-policy-versions":
		var ids []string
		for _, v := range slices.Backward(p.Versions) { // as IAM has them, the newest first
			if v.ID != p.Default {
				ids = append(ids, v.ID)
			}
		}
		a.print(strings.Join(ids, "\t"))
	case "delete-policy":
		for _, r := range a.Roles {
			if slices.Contains(r.Attached, arn) {
				refuse("DeleteConflict", arn)
			}
		}
		if len(p.Versions) > 1 {
			refuse("DeleteConflict", arn)
		}
		delete(a.Policies, arn)
	default:
		fail("%s is for no policy", call)
	}
}

func (r *stubRole) update(input string) {
	var properties struct {
		Description        *string
		MaxSessionDuration *int
	}
	d := json.NewDecoder(strings.NewReader(input))
	d.DisallowUnknownFields()
	check(d.Decode(&properties))
	r.Description, r.MaxSessionDuration = *properties.Description, *properties.MaxSessionDuration
}

func tagged(tags []policy.Tag, input string) []policy.Tag {
	var list []policy.Tag
	check(json.Unmarshal([]byte(input), &list))
	for _, t := range list {
		if i := slices.IndexFunc(tags, func(u policy.Tag) bool { return u.Key == t.Key }); i >= 0 {
			tags[i] = t
		} else {
			tags = append(tags, t)
		}
	}
	return tags
}

func valueOf(tags []policy.Tag, key string) string {
	i := slices.IndexFunc(tags, func(t policy.Tag) bool { return t.Key == key })
	if i < 0 {
		return "None"
	}
	return tags[i].Value
}

func orNone(s string, there bool) string {
	if there {
		return s
	}
	return "None"
}
