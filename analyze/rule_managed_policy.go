package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// managedPolicy attaches AWS's managed policy. AWS's guide begins the role with it, which allows images and logs on
// everything, and adds the rest by hand. With --managed-policy, the role gets exactly the rest.
var managedPolicy = &Rule{
	ID:    "managed-policy",
	Title: "AWS's managed policy",
	Why:   "AWS's guide begins the role with a managed policy that allows images and logs on everything.",
	Doc:   "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
	finish: func(f *finish) {
		for _, p := range f.passes {
			p.useManagedPolicy()
		}
	},
}

// managedPolicyFlag is how findings call [Options.ManagedPolicy].
const managedPolicyFlag = "--managed-policy"

var (
	awsPolicy         = policy.ECSTaskExecutionRolePolicy()
	managedPolicyName = awsPolicy.Name
	managedPolicyARN  = awsPolicy.ARN(policy.Of(policy.Partition))
	// managedPolicyActions are what the policy allows, on every resource and without a condition.
	managedPolicyActions = awsPolicy.Document.Statements[0].Actions
)

// useManagedPolicy marks the requirements that the managed policy grants.
func (p *pass) useManagedPolicy() {
	if !p.opts.ManagedPolicy {
		return
	}
	if len(p.opts.SourceVPCEndpoints)+len(p.opts.SourceVPCs) > 0 {
		p.flag("%s: %s allows pulling images from everywhere, which undoes --source-vpce and --source-vpc; leave out the one or the other", managedPolicyFlag, managedPolicyName)
		return
	}
	p.plan.Attached = append(p.plan.Attached, managedPolicyARN)
	var repositories, streams []policy.Text
	for i := range p.plan.Requirements {
		r := &p.plan.Requirements[i]
		if slices.ContainsFunc(r.Actions, func(a Action) bool { return !slices.Contains(managedPolicyActions, a.Name) }) {
			continue
		}
		r.GrantedBy = managedPolicyARN
		switch {
		case r.Resource == "*":
		case strings.HasPrefix(r.Actions[0].Name, "ecr:"):
			repositories = append(repositories, r.Resource)
		default:
			streams = append(streams, r.Resource)
		}
	}
	if p.plan.Err() != nil {
		return // what the task needs is not known
	}
	p.plan.Findings = append(p.plan.Findings, Finding{
		Severity: Note, Rule: string(taskdef.Flags), At: p.td.Ref(),
		Message: fmt.Sprintf("%s: %s allows pulling from every repository of Amazon ECR, where this task needs %s, and writing to every log stream, where it needs %s",
			managedPolicyFlag, managedPolicyName, count(repositories, "repository", "repositories"), count(streams, "prefix of streams", "prefixes of streams")),
	})
}

// count says how many different texts there are.
func count(texts []policy.Text, one, many string) string {
	slices.Sort(texts)
	switch n := len(slices.Compact(texts)); n {
	case 0:
		return "none"
	case 1:
		return "1 " + one
	default:
		return fmt.Sprintf("%d %s", n, many)
	}
}
