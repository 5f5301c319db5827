package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// AWS's guide has the role begin with a managed policy, which allows images and logs on everything, and be
// completed by hand. Who wants it that way gets the rest, exactly.

// managedPolicyFlag is how findings call [Options.ManagedPolicy].
const managedPolicyFlag = "--managed-policy"

const managedPolicyName = "AmazonECSTaskExecutionRolePolicy"

// managedPolicyARN is the policy's in the role's own partition: each has one.
var managedPolicyARN = "arn:" + policy.Of(policy.Partition) + ":iam::aws:policy/service-role/" + managedPolicyName

// managedPolicyActions are what the policy allows, on every resource and without a condition.
//
// Source: version 1 of the policy, of 2017-11-16, the only one that there has been;
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
var managedPolicyActions = [...]string{
	"ecr:GetAuthorizationToken",
	"ecr:BatchCheckLayerAvailability",
	"ecr:GetDownloadUrlForLayer",
	"ecr:BatchGetImage",
	"logs:CreateLogStream",
	"logs:PutLogEvents",
}

// useManagedPolicy marks the requirements that the managed policy grants. It comes after all rules.
func (p *Plan) useManagedPolicy(td taskdef.Value, opts *Options) {
	if !opts.ManagedPolicy {
		return
	}
	if len(opts.SourceVPCEndpoints)+len(opts.SourceVPCs) > 0 {
		p.flag(td, "%s: %s allows pulling images from everywhere, which undoes --source-vpce and --source-vpc; leave out the one or the other", managedPolicyFlag, managedPolicyName)
		return
	}
	p.Attached = append(p.Attached, managedPolicyARN)
	var repositories, streams []policy.Text
	for i := range p.Requirements {
		r := &p.Requirements[i]
		if !slices.ContainsFunc(r.Actions, func(a Action) bool { return !slices.Contains(managedPolicyActions[:], a.Name) }) {
			r.GrantedBy = managedPolicyARN
			switch {
			case r.Resource == "*":
			case strings.HasPrefix(r.Actions[0].Name, "ecr:"):
				repositories = append(repositories, r.Resource)
			default:
				streams = append(streams, r.Resource)
			}
		}
	}
	if p.Err() != nil {
		return // what the task needs is not known as yet
	}
	p.Findings = append(p.Findings, Finding{
		Severity: Note, Rule: string(taskdef.Flags), At: td.Ref(),
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
