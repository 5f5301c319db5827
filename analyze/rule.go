package analyze

import (
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Rule is all that execrole knows about one kind of need: one file, rule_TOPIC.go, holds it.
type Rule struct {
	ID     string   // "ecr-image": stands in findings, in explain and in docs/rules.md
	Title  string   // a few words, as a heading
	Why    string   // one sentence: what ECS does with the permission
	Doc    string   // the AWS page
	Fields []string // schema paths that the rule reads: "containerDefinitions[].image"
	Grants []*Grant // what it may ask for; empty for a rule that only remarks
	Unseen []Unseen // what the task definition cannot show about this topic
	check  func(*pass, taskdef.Value)
}

// Grant is a set of actions that is always granted together.
type Grant struct {
	Sid     string // of the statement it ends in; rules that need the same thing share it
	When    string // what it is for, where the rule has several grants with one Sid: "a JSON key"
	Why     string // one sentence, where the rule's does not say enough about it
	Actions []Action
	Agent   string // least version of the ECS container agent, "1.23.0"; source: its CHANGELOG
	// Wildcard says, in one sentence, why a resource of the grant can hold a wildcard: for those who look over
	// the policy, and for the tools that do. "" where none does.
	Wildcard string
}

// Action is an IAM action and how we know of it.
type Action struct {
	Name     string
	Strength Strength
}

// Strength says how it is known that ECS needs an action.
type Strength string

const (
	// Called actions are seen in the source of the agent or of a log driver.
	Called Strength = "called"
	// Documented actions stand in AWS's guide or managed policy, and no source is known to call them.
	Documented Strength = "documented"
)

// Match says how a requirement's resource, which may hold wildcards, relates to what ECS touches.
type Match string

const (
	Exact Match = "exact"  // the resource as it stands
	Each  Match = "each"   // every string that fits: all task ids below a log stream prefix
	OneOf Match = "one of" // one string that fits and cannot be known: a secret's random suffix
)

// Why returns the reason of the requirement, in a sentence.
func (r *Requirement) Why() string {
	if r.Grant != nil && r.Grant.Why != "" {
		return r.Grant.Why
	}
	return r.Rule.Why
}

// WildcardReason says why the requirement's resource holds a wildcard, in a sentence; "" where it holds none.
func (r *Requirement) WildcardReason() string {
	if r.Grant == nil || !policy.HasWildcard(r.Resource) {
		return ""
	}
	return r.Grant.Wildcard
}

// Requirement is one permission that one field asks for.
type Requirement struct {
	Rule       *Rule
	Grant      *Grant
	Actions    []Action // the grant's, without the documented ones if Options.CalledOnly
	Resource   policy.Text
	Match      Match
	Conditions []policy.Condition
	At         taskdef.Ref
	// GrantedBy is the ARN of a managed policy that the role has attached and that allows all of this: no
	// statement is then written for it; "" where the role's own policies have to.
	GrantedBy policy.Text
}

// Unseen is a permission that a task may need and its definition cannot show.
type Unseen struct {
	What string // what is not in the task definition
	Cure string // the flag to give or the statement to add by hand
	// Applies reports whether the plan makes it likely; nil means always.
	Applies func(*Plan) bool
}

// Severity says what a finding means for the role.
type Severity string

const (
	// Error: the permission cannot be told; no role is written.
	Error Severity = "error"
	// Warning: the permission is written, but ECS will refuse the task definition or the task will fail.
	Warning Severity = "warning"
	// Note: nothing is wrong.
	Note Severity = "note"
)

// Finding is a remark on one place of the input.
type Finding struct {
	Severity Severity
	Rule     string // a rule's ID, or "json" (syntax), "schema" (members and types), "flags", "own-values", "limits"
	At       taskdef.Ref
	Message  string   // what is wrong, lower case, offending values quoted, then what is allowed or what settles it
	Flags    []string // flags that settle it, ready to paste: "--set IMAGE=VALUE", "--image app=URI"
}

// String returns the finding as it is printed, in one line: file:line:col: severity: message [rule].
func (f Finding) String() string {
	place := f.At.String()
	if place != "" {
		place += ": "
	}
	s := place + string(f.Severity) + ": " + f.Message
	if f.Rule != "" {
		s += " [" + f.Rule + "]"
	}
	return Printable(s)
}

// Rules returns all rules, in the order in which their statements are written.
func Rules() []*Rule {
	return []*Rule{
		ecrImage,
		guardDuty,
		awslogs,
		secrets,
		logSecrets,
		repositoryCredentials,
		environmentFiles,
		firelensConfig,
		credentialSpecs,
		fsxVolumes,
		executionRole,
		otherRoles,
		requiresAttributes, // last: it looks at what the others found
	}
}
