package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Policy is a policy that limits what the role can do, and is not one of the role's own.
type Policy struct {
	// Kind is one of [PolicyKinds].
	Kind string `json:"kind"`
	// ARN is that of the resource, if the kind is [ResourcePolicy].
	ARN  string `json:"arn"`
	Text string `json:"text"`
}

// The kinds of policies, which are the names of the command's flags.
const (
	Boundary       = "boundary"
	ServiceControl = "scp"
	ResourcePolicy = "resource-policy"
)

// PolicyKinds returns the kinds of policies.
func PolicyKinds() []string { return []string{Boundary, ServiceControl, ResourcePolicy} }

// policyName returns the file name of the policy i of the request, counted for each kind: scp.json, scp-2.json. A name that another
// file has gets "the-" before it.
func (s *session) policyName(i int) string {
	kind, n := s.request.Policies[i].Kind, 1
	for _, p := range s.request.Policies[:i] {
		if p.Kind == kind {
			n++
		}
	}
	name := analyze.Printable(kind)
	if n > 1 {
		name += fmt.Sprint("-", n)
	}
	name += ".json"
	for slices.ContainsFunc(append(slices.Clone(s.input.files), s.request.Roles...), func(f File) bool { return f.Name == name }) {
		name = "the-" + name
	}
	return name
}

// arguments returns the arguments that give the policy, as a file of that name, to the command; nil for an empty policy.
func (p Policy) arguments(name string) []string {
	switch {
	case strings.TrimSpace(p.Text) == "":
		return nil
	case p.Kind == ResourcePolicy:
		return []string{"--" + p.Kind, analyze.ShellQuote(strings.TrimSpace(p.ARN) + "=" + name)}
	}
	return []string{"--" + p.Kind, name}
}

// addPolicies reads the policies of the request besides the role's own. It returns the options for a comparison with them, and whether
// all could be read. It adds them to the files of the roles, and what is wrong with them to the problems. Of the problems of the roles
// themselves, it keeps those that count for the plans.
func (s *session) addPolicies(roles *existing, plans []*analyze.Plan) (opts check.Options, ok bool) {
	opts, files, problems := s.policies()
	roles.problems = append(roles.roles.ProblemsThatCount(roles.origin(), roles.problems, plans), problems...)
	roles.files = append(slices.Clone(roles.files), files...)
	return opts, len(problems) == 0
}

// policies reads the policies of the request into the options of a comparison. Files has one file for each policy, also for an empty
// one, so that they have the order of the request. Problems are what is wrong with them.
func (s *session) policies() (opts check.Options, files []File, problems []tree.Problem) {
	opts = check.Options{Environment: s.options.analyze.Environment, Role: s.options.role}
	var controls []policy.Policy
	for i, p := range s.request.Policies {
		name := s.policyName(i)
		files = append(files, File{Name: name, Text: p.Text})
		if strings.TrimSpace(p.Text) == "" {
			continue
		}
		at := tree.Place{File: name}
		document, found := policy.ReadDocument(name, []byte(p.Text))
		for _, problem := range found {
			if !problem.Warning {
				problems = append(problems, problem)
			}
		}
		one := policy.Policy{Name: name, Document: document}
		switch p.Kind {
		case Boundary:
			if opts.Boundary != nil {
				problems = append(problems, tree.Problem{At: at, Message: "a role has one permissions boundary, and this is a second one"})
			}
			opts.Boundary = &one
		case ServiceControl:
			controls = append(controls, one)
		case ResourcePolicy:
			arn := policy.Text(strings.TrimSpace(p.ARN))
			if _, ok := policy.CutARN(arn); !ok {
				problems = append(problems, tree.Problem{At: at, Message: fmt.Sprintf("%q is no ARN: say which resource has the policy", p.ARN)})
			}
			opts.ResourcePolicies = append(opts.ResourcePolicies, check.ResourcePolicy{Of: arn, Policy: one})
		default:
			problems = append(problems, tree.Problem{At: at, Message: fmt.Sprintf("there is no kind of policy %q; the kinds are %q", p.Kind, PolicyKinds())})
		}
	}
	if controls != nil {
		opts.ServiceControl = [][]policy.Policy{controls}
	}
	return opts, files, problems
}
