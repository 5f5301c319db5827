package emit

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// Tool is a program that reviews infrastructure code and accepts, with a reason, that something stays as it is. checkov
// is no such tool here: none of its checks fails on a role that execrole writes. Its checks on CloudFormation look for
// wildcards as actions, and for wildcards as resources of actions that have other resources. They make an exception for
// ecr:GetAuthorizationToken.
//
// Source: checkov/cloudformation/checks/resource (3.3.13), BaseCloudsplainingIAMCheck.py and IAM*.py; cloudsplaining 0.7
type Tool string

const (
	// CFNNag reads cfn_nag of a resource's metadata. Source: stelligent/cfn_nag 0.8.10, lib/cfn-nag/metadata.rb
	CFNNag Tool = "cfn-nag"
	// CDKNag is its pack AwsSolutions. Version 2 reads cdk_nag of a resource's metadata, version 3 the rules that
	// its construct acknowledges. Source: cdklabs/cdk-nag 2.38.2, src/utils/nag-suppression-helper.ts, and 3.0.2,
	// src/nag-pack.ts
	CDKNag Tool = "cdk-nag"
)

// Suppression is the answer to what a tool finds on one resource: it suppresses the finding and gives the reason.
type Suppression struct {
	Tool   Tool
	ID     string // of the tool's rule: "W11", "AwsSolutions-IAM5"
	Reason string // one or more sentences
	// Findings are those findings of the rule that the reason is for, as cdk-nag names them. Other findings of the rule
	// stay. Empty for a tool that knows whole rules only. See [NagFinding].
	Findings []NagFinding
}

// NagFinding is the name that cdk-nag gives a finding: "Resource::arn:<AWS::Partition>:s3:::bucket/*". Where a stack knows
// the value of a symbol, the name is another: see [NagFinding.Name].
type NagFinding policy.Text

// Name returns the name of the finding. For a symbol that the stack does not know, value returns "", and cdk-nag writes
// it as <AWS::Partition>. For other symbols cdk-nag writes the value.
//
// Source: cdklabs/cdk-nag, src/utils/flatten-cfn-reference.ts
func (f NagFinding) Name(value func(policy.Symbol) string) string {
	return policy.Text(f).Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		if v := value(s); v != "" {
			return v
		}
		return openName(s)
	})
}

// openName is how cdk-nag writes a parameter of CloudFormation.
func openName(s policy.Symbol) string { return "<" + string(s) + ">" }

// Suppressions returns what the tools find on a role, with the reasons: on the role itself, and on each of its managed
// policies in their order. There is none for a finding that no tool has on this role.
//
// The reasons of wildcards are those of the statements. If a statement gives no reason for a wildcard, as in a role that
// another library made, the finding stays.
func Suppressions(role *policy.Role) (onRole []Suppression, onManaged [][]Suppression) {
	onRole, onManaged = cfnNagSuppressions(role)
	onRole = slices.Concat(onRole, cdkNagAttached(role), cdkNagWildcards(role.Inline...))
	for i, p := range role.Managed {
		onManaged[i] = append(onManaged[i], cdkNagWildcards(p)...)
	}
	return onRole, onManaged
}

// cfnNagSuppressions returns the suppressions of cfn-nag alone.
func cfnNagSuppressions(role *policy.Role) (onRole []Suppression, onManaged [][]Suppression) {
	onRole = slices.Concat(cfnNagWildcards("W11", role.Inline...), cfnNagName(role), cfnNagComplexity(role))
	for _, p := range role.Managed {
		onManaged = append(onManaged, cfnNagWildcards("W13", p))
	}
	return onRole, onManaged
}

// of returns the suppressions of one tool.
func of(tool Tool, list []Suppression) []Suppression {
	return slices.DeleteFunc(slices.Clone(list), func(s Suppression) bool { return s.Tool != tool })
}

// cfnNagWildcards suppresses findings of resources that are * and nothing else.
//
// Source: IamRoleWildcardResourceOnPermissionsPolicyRule.rb, IamManagedPolicyWildcardResourceRule.rb; cfn-model,
// lib/cfn-model/model/statement.rb
func cfnNagWildcards(id string, policies ...policy.Policy) []Suppression {
	var reasons []string
	for _, p := range policies {
		for _, s := range p.Document.Statements {
			if !hasAll(s.Resources) {
				continue
			}
			why := s.Reasons()
			if why == nil {
				return nil // the rule is one for all of the resource
			}
			reasons = append(reasons, why...)
		}
	}
	if reasons == nil {
		return nil
	}
	return []Suppression{{Tool: CFNNag, ID: id, Reason: sentences(reasons)}}
}

// hasAll reports whether * is one of the resources.
func hasAll(resources []policy.Value) bool {
	return slices.ContainsFunc(resources, func(v policy.Value) bool { return v.Text == "*" })
}

// cfnNagName suppresses the finding of a name that CloudFormation did not make.
//
// Source: ResourceWithExplicitNameRule.rb
func cfnNagName(role *policy.Role) []Suppression {
	if role.Name == "" {
		return nil
	}
	return []Suppression{{Tool: CFNNag, ID: "W28", Reason: "The role was asked for under this name, so that it can be named elsewhere."}}
}

// maxComplexity is the lowest score that cfn-nag reports.
//
// Source: SPCMRule.rb
const maxComplexity = 25

func cfnNagComplexity(role *policy.Role) []Suppression {
	if !slices.ContainsFunc(role.Inline, func(p policy.Policy) bool { return complexity(p.Document) >= maxComplexity }) {
		return nil
	}
	return []Suppression{{Tool: CFNNag, ID: "W76", Reason: "The score counts statements and their conditions, and these make the policy narrow: " +
		"each statement allows what one kind of thing needs, under the conditions that hold for it alone."}}
}

// complexity returns the score that cfn-nag gives a policy in a template of CloudFormation, as far as a
// [policy.Statement] has what it counts: statements, the operators of their conditions, the variables in values, and
// services of resources that are not services of the actions. cfn-nag does not know pseudo parameters. It takes them for
// variables in values, and one for a partition moves the parts of an ARN, so that no service is found.
//
// Source: cfn_nag, lib/cfn-nag/iam_complexity_metric; cfn-model, lib/cfn-model/model/references.rb
func complexity(d policy.Document) int {
	score := 0
	for _, s := range d.Statements {
		score++
		var operators, services, others []string
		for _, c := range s.Conditions {
			operators = withWord(operators, c.Operator)
			for _, v := range c.Values {
				alone := len(v.Symbols()) == 1 && v.Text == policy.Of(v.Symbols()[0]) // a Ref, which is no string
				if !alone && hasVariable(withoutIAMEscapes.Replace(v.String())) {
					score++
				}
			}
		}
		score += 2 * len(operators)
		for _, a := range s.Actions {
			service, _, _ := strings.Cut(a, ":")
			services = withWord(services, service)
		}
		for _, r := range s.Resources {
			if parts := strings.SplitN(r.String(), ":", 4); len(parts) > 2 && !slices.Contains(services, parts[2]) {
				others = withWord(others, parts[2])
			}
		}
		score += 2*max(0, len(services)+len(others)-1) + len(others)
		if len(s.Resources) > 1 && hasAll(s.Resources) {
			score++
		}
	}
	return score
}

// withWord returns a list that has a word, once.
func withWord(list []string, word string) []string {
	if slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}

var withoutIAMEscapes = strings.NewReplacer("${$}", "", "${*}", "", "${?}", "")

// hasVariable reports whether a text contains ${, characters of the same line, and }.
func hasVariable(s string) bool {
	for {
		_, rest, found := strings.Cut(s, "${")
		if !found {
			return false
		}
		if line, _, _ := strings.Cut(rest, "\n"); strings.LastIndexByte(line, '}') > 0 {
			return true
		}
		s = rest
	}
}

// cdkNagAttached suppresses findings of policies that AWS manages.
//
// Source: cdk-nag, src/rules/iam/IAMNoManagedPolicies.ts
func cdkNagAttached(role *policy.Role) []Suppression {
	var found []NagFinding
	for _, arn := range role.Attached {
		if strings.Contains(string(arn), ":iam::aws:") {
			found = append(found, finding("Policy", arn))
		}
	}
	if found == nil {
		return nil
	}
	return []Suppression{{Tool: CDKNag, ID: "AwsSolutions-IAM4", Findings: found,
		Reason: "This policy of AWS's own was asked for; the role's other policies allow only what it does not."}}
}

// cdkNagWildcards suppresses findings of resources with a star in them. cdk-nag finds a star even where IAM's escape
// makes it an ordinary character. Actions of execrole have no star.
//
// Source: cdk-nag, src/rules/iam/IAMNoWildcardPermissions.ts
func cdkNagWildcards(policies ...policy.Policy) []Suppression {
	var found []policy.Text
	reasons, without := map[policy.Text][]string{}, map[policy.Text]bool{}
	for _, p := range policies {
		for _, s := range p.Document.Statements {
			for _, v := range s.Resources {
				r := v.Text
				if !strings.Contains(string(r), "*") {
					continue
				}
				if !slices.Contains(found, r) {
					found = append(found, r)
				}
				why := s.Reasons()
				if !strings.Contains(strings.ReplaceAll(string(r), "${*}", ""), "*") {
					why = []string{"The star is a part of the name: IAM writes it as ${*} where it is no wildcard."}
				}
				reasons[r] = append(reasons[r], why...)
				// cdk-nag writes a mapping's value as a call of its functions, which no name here can repeat.
				called := slices.ContainsFunc(r.Symbols(), func(s policy.Symbol) bool {
					return s != policy.Partition && s != policy.Region && s != policy.AccountID
				})
				without[r] = without[r] || called || len(why) == 0
			}
		}
	}
	var list []Suppression
	for _, r := range found {
		if without[r] {
			continue
		}
		reason := sentences(reasons[r])
		i := slices.IndexFunc(list, func(other Suppression) bool { return other.Reason == reason })
		if i < 0 {
			i = len(list)
			list = append(list, Suppression{Tool: CDKNag, ID: "AwsSolutions-IAM5", Reason: reason})
		}
		list[i].Findings = append(list[i].Findings, finding("Resource", r))
	}
	return list
}

// finding returns the name of what cdk-nag finds on a text. cdk-nag takes every "${" and "}" for those of Fn::Sub.
func finding(kind string, t policy.Text) NagFinding {
	return NagFinding(kind + "::" + angled.Replace(string(t)))
}

var angled = strings.NewReplacer("${", "<", "}", ">")

// sentences joins sentences, each once.
func sentences(list []string) string {
	var once []string
	for _, s := range list {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return strings.Join(once, " ")
}
