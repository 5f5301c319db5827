// Package policy is IAM as data: texts with symbols, statements, documents and the role that has them. It builds and
// merges statements, measures documents, and evaluates requests. It knows IAM's grammar, limits and logic, and nothing of ECS.
package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// Version is the version of IAM's policy language in which execrole writes every document. Policy variables such as
// ${*} exist from this version on.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const Version = "2012-10-17"

// Document is a policy document.
type Document struct {
	Version    string // "" is [Version]
	Statements []Statement
}

// NewDocument returns a document of statements as execrole writes it.
func NewDocument(statements ...Statement) Document { return Document{Version, statements} }

// Statement is one element of a policy document: it allows or denies actions on resources.
type Statement struct {
	// Sid is the statement's name: letters and digits, unique in its document. The statement of a trust policy has
	// none.
	Sid    string
	Effect Effect
	// Principals are who the statement is about; nil in a permissions policy, whose principal is the role.
	Principals []Principal
	// Actions are names such as "s3:GetObject", in the order in which they are written. A statement has either
	// Actions or NotActions.
	Actions, NotActions []string
	// Resources are ARNs, perhaps with IAM's wildcards. In a written role they are sorted by text, and no text occurs
	// twice. Both lists are nil in a trust policy; elsewhere a statement has one of them.
	Resources, NotResources []Value
	// Conditions all have to hold. In a written role they are sorted by operator, then key, and no pair occurs twice.
	Conditions []Condition
	// Branches are the branches of conditions of the input in which the document has the statement; nil where it always has it.
	Branches []Branch
	// Place is where the document has the statement; the zero value for one that was not read.
	Place tree.Place
}

// Effect says what a statement does. The zero value is [Allow].
type Effect int

const (
	Allow Effect = iota
	Deny
)

// String returns the effect as policy documents write it.
func (e Effect) String() string {
	if e == Deny {
		return "Deny"
	}
	return "Allow"
}

// The types of principals.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
const (
	ServicePrincipal   = "Service"       // "ecs-tasks.amazonaws.com"
	AWSPrincipal       = "AWS"           // the ARN of a role or user, an account, or "*"
	FederatedPrincipal = "Federated"     // an identity provider
	CanonicalPrincipal = "CanonicalUser" // an account, by its number in Amazon S3
	AnyPrincipal       = "*"             // everybody; it has no IDs
)

// Principal is one type of principals and those of this type.
type Principal struct {
	Type string
	IDs  []Text
}

// Service returns the service that the statement is about; "" where it is about anything else.
func (s *Statement) Service() string {
	if len(s.Principals) != 1 || s.Principals[0].Type != ServicePrincipal || len(s.Principals[0].IDs) != 1 {
		return ""
	}
	return s.Principals[0].IDs[0].String()
}

// Condition is one operator on one key.
type Condition struct {
	Operator string  // "StringEquals"
	Key      string  // "aws:SourceAccount"
	Values   []Value // any of them may match; sorted by text in a written role
}

// Value is a resource of a statement or a value of a condition.
type Value struct {
	Text
	// From are the requirements that asked for this; nil where that is not known.
	From []Source
	// Reasons say in sentences why a resource has wildcards. There is none where no wildcard needs a reason.
	Reasons []string
	// When says where the value is there at all.
	When When
}

// Values returns texts as values that nobody asked for.
func Values(texts ...Text) []Value {
	list := make([]Value, len(texts))
	for i, t := range texts {
		list[i].Text = t
	}
	return list
}

// Texts returns the texts of values.
func Texts(values []Value) []Text {
	list := make([]Text, len(values))
	for i, v := range values {
		list[i] = v.Text
	}
	return list
}

// Source is a requirement and the field that has it, in words that do not change when the input is formatted anew or
// another container is put before this one.
type Source struct {
	// Task is the task definition, where several share the role; "" where it is the role of one.
	Task string
	// Container is the container's name; "" where the field belongs to the task.
	Container string
	// Field is the field's name and, in a list of named things, the thing's: "secrets DB_PASSWORD".
	Field string
	// Requirement is the number of the requirement in its plan, from 1; 0 where there is no plan.
	Requirement int
}

func compareSources(a, b Source) int {
	return cmp.Or(strings.Compare(a.Task, b.Task), strings.Compare(a.Container, b.Container), strings.Compare(a.Field, b.Field), cmp.Compare(a.Requirement, b.Requirement))
}

// SortSources returns sources sorted by task, container, field and requirement, each once. It does not change the list that
// it gets.
func SortSources(from []Source) []Source {
	for i := 1; i < len(from); i++ {
		if compareSources(from[i-1], from[i]) >= 0 {
			sorted := slices.SortedFunc(slices.Values(from), compareSources)
			return slices.Compact(sorted)
		}
	}
	return from
}

// Askers returns the requirements that asked for the statement, sorted and each once: those that asked for one of its
// resources and for one value of each condition. A value of a condition that has no sources is one that all asked for.
func (s *Statement) Askers() []Source {
	if len(s.Resources) == 1 && len(s.Conditions) == 0 {
		return SortSources(s.Resources[0].From)
	}
	n := 0
	for _, r := range s.Resources {
		n += len(r.From)
	}
	list := make([]Source, 0, n)
	for _, r := range s.Resources {
		list = append(list, r.From...)
	}
	for _, c := range s.Conditions {
		if slices.ContainsFunc(c.Values, func(v Value) bool { return v.From == nil }) {
			continue
		}
		asked := map[Source]bool{}
		for _, v := range c.Values {
			for _, from := range v.From {
				asked[from] = true
			}
		}
		list = slices.DeleteFunc(list, func(from Source) bool { return !asked[from] })
	}
	return SortSources(list)
}

// Fields returns one of the [Statement.Askers] for each field: the lines of a comment on the statement.
func (s *Statement) Fields() []Source { return OnePerField(s.Askers()) }

// OnePerField returns sorted sources without those of a field that another source has already.
func OnePerField(from []Source) []Source {
	same := func(a, b Source) bool { return a.Task == b.Task && a.Container == b.Container && a.Field == b.Field }
	for i := 1; i < len(from); i++ {
		if same(from[i-1], from[i]) {
			return slices.CompactFunc(slices.Clone(from), same)
		}
	}
	return from
}

// Reasons returns why resources of the statement have wildcards, in sentences; sorted, and each once.
func (s *Statement) Reasons() []string {
	var list []string
	for _, r := range s.Resources {
		for _, reason := range r.Reasons {
			if !slices.Contains(list, reason) {
				list = append(list, reason)
			}
		}
	}
	slices.Sort(list)
	return list
}

// Policy is a document with the name that it has in a role.
type Policy struct {
	Name     string
	Document Document
}
