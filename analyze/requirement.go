package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Requirement is one permission that one field asks for.
type Requirement struct {
	Rule       *Rule
	Grant      *Grant
	Actions    []Action    // the grant's, without the documented ones if Options.CalledOnly
	Resource   policy.Text // ARN in one piece, with symbols and wildcards
	ARN        policy.ARN
	Match      Match
	Conditions []policy.Condition
	// Part is what the field names of the resource: the tag or the digest of an image, or the JSON key of a secret; "" for
	// all of it.
	Part policy.Text
	// Stage and Version are the version stage and the version ID of a secret that the field names; "" where it names none.
	Stage, Version policy.Text
	At             taskdef.Ref
	// When says where the requirement exists at all: what the field names can depend on values that are known only at
	// deployment.
	When policy.When
	// GrantedBy is the ARN of a managed policy that the role has attached and that allows all of this: no
	// statement is then written for it; "" where the role's own policies have to.
	GrantedBy policy.Text
}

// Match says how a requirement's resource, which can have wildcards, relates to what ECS touches.
type Match = policy.Match

const (
	Exact = policy.Exact
	Each  = policy.Each
	OneOf = policy.OneOf
)

// String returns the requirement in one line, for logs and tests:
// called ssm:GetParameters on arn:… (exact) for app: secrets KEY.
func (r Requirement) String() string {
	var b strings.Builder
	for i, a := range r.Actions {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", a.Strength, a.Name)
	}
	field := r.At.Field
	if r.At.Container != "" {
		field = r.At.Container + ": " + field
	}
	fmt.Fprintf(&b, " on %s (%s) for %s", r.Resource, r.Match, field)
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, " if %s %s %s", c.Key, c.Operator, c.Values)
	}
	for i, symbol := range r.When {
		word := " where "
		if i > 0 {
			word = " or "
		}
		if _, _, ok := symbol.Decision(); ok {
			fmt.Fprintf(&b, "%s%s holds", word, symbol)
		} else {
			fmt.Fprintf(&b, "%s%s is given", word, policy.Of(symbol))
		}
	}
	return Printable(b.String())
}

// IsOtherReading reports whether two requirements are readings of one thing: it is unknown which of them ECS needs.
func (r *Requirement) IsOtherReading(of *Requirement) bool {
	return r.Match == OneOf && of.Match == OneOf && r.Grant == of.Grant && r.At.File == of.At.File && r.At.Offset == of.At.Offset && isOtherReading(r.Resource, of.Resource)
}

// Why returns the reason of the requirement, in a sentence.
func (r *Requirement) Why() string {
	if r.Grant != nil && r.Grant.Why != "" {
		return r.Grant.Why
	}
	return r.Rule.Why
}

// Shown returns the error that ECS shows where a role lacks the requirement; "" where none is known.
func (r *Requirement) Shown() string {
	switch {
	case r.Grant == nil:
		return ""
	case r.Grant.shownFor != nil:
		return r.Grant.shownFor(r)
	}
	return r.Grant.Shown
}

// WildcardReason says why the requirement's resource has a wildcard, in a sentence; "" where it has none.
func (r *Requirement) WildcardReason() string {
	if r.Grant == nil || !policy.HasWildcard(r.Resource) {
		return ""
	}
	return r.Grant.Wildcard
}

// statement returns the requirement as a statement of its own. From are the sources of its resource and of the values of
// its conditions.
func (r *Requirement) statement(from []policy.Source) policy.Statement {
	resource := policy.Value{Text: r.Resource, From: from, When: r.When}
	if reason := r.WildcardReason(); reason != "" {
		resource.Reasons = []string{reason}
	}
	s := policy.Statement{
		Sid: r.Grant.Sid, Actions: make([]string, len(r.Actions)), Resources: []policy.Value{resource},
		Conditions: slices.Clone(r.Conditions),
	}
	for i, a := range r.Actions {
		s.Actions[i] = a.Name
	}
	for i, c := range s.Conditions {
		values := slices.Clone(c.Values)
		for j := range values {
			values[j].From, values[j].When = from, r.When
		}
		s.Conditions[i].Values = values
	}
	return s
}

// source returns the requirement, which has this number in its plan, as who asked for something.
func (r *Requirement) source(number int) policy.Source {
	return policy.Source{Task: r.At.Task, Container: r.At.Container, Field: r.At.Field, Requirement: number}
}

// Severity says what a finding means for the role.
type Severity string

const (
	// Error: the permission cannot be known; no role is written.
	Error Severity = "error"
	// Warning: the permission is written, but ECS will refuse the task definition or the task will fail.
	Warning Severity = "warning"
	// Note: nothing is wrong.
	Note Severity = "note"
)

// Finding is a remark on one place of the input.
type Finding struct {
	Severity Severity
	Rule     string // a rule's ID, or "json" (syntax), "schema" (members and types), "flags", "own-values", "limits", "beside"
	At       taskdef.Ref
	Message  string   // what is wrong, lower case, offending values quoted, then what is allowed or what settles it
	Flags    []string // flags that settle it, ready to paste: "--set IMAGE=VALUE", "--image app=URI"
	// CanLeaveOpen says that [Options.Parameters] settles it too, if [Options.OfferParameters] asked for that.
	CanLeaveOpen bool

	question bool
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
