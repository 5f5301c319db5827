// Package check compares a role that exists with what tasks need: a verdict, as data. It reads the role from files that the
// AWS CLI writes, and opens no connection.
package check

import (
	"slices"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Role is a role that exists, as far as the input shows it.
type Role struct {
	Name string      // "" where the input has only policy documents
	ARN  policy.Text // "" where it is unknown
	// Place is where the input has the role; the zero value where it has only policy documents.
	Place tree.Place
	// Trust is the trust policy; nil where the input does not have it.
	Trust *Policy
	// Policies are those inside the role and those that it has attached, in the order of the input. Of each of them the
	// document is known.
	Policies []Policy
	// Boundary is the permissions boundary; nil where there is none, or its document is unknown.
	Boundary *Policy
	// Unknown are the policies that the role has, and whose documents the input does not have.
	Unknown []UnknownPolicy
	// Symbols says what is known of the symbols in the policies.
	Symbols policy.SymbolTable
	// Problems are those of the problems that [Read] returns which are in the documents of this role and of its managed
	// policies.
	Problems []tree.Problem
}

// Policy is a policy of a role.
type Policy struct {
	policy.Policy
	// ARN is that of a managed policy; "" for one inside the role.
	ARN policy.Text
	// Version and Date are those of a policy of AWS that this package has built in; "" for any other.
	Version, Date string
	// Place is where the input has the policy, or says that it is attached.
	Place tree.Place
}

// UnknownPolicy is a policy of a role whose document is unknown.
type UnknownPolicy struct {
	Name     string
	ARN      policy.Text // "" for one inside the role
	Boundary bool        // it is the permissions boundary
	Place    tree.Place  // where the input names it
}

// Roles are the roles of an input.
type Roles []*Role

// Find returns the role that has an ARN or a name; nil if there is none. A role whose ARN the input does not say is known by
// the name in an ARN.
func (r Roles) Find(name policy.Text) *Role {
	if name == "" {
		return nil
	}
	last := name
	if arn, ok := policy.CutARN(name); ok && arn.Service == "iam" {
		for rest := arn.Resource; rest != ""; {
			last, rest, _ = rest.Cut("/")
		}
	}
	i := slices.IndexFunc(r, func(role *Role) bool {
		return role.ARN != "" && role.ARN == name || policy.Text(role.Name) == name || role.ARN == "" && role.Name != "" && policy.Text(role.Name) == last
	})
	if i < 0 {
		return nil
	}
	return r[i]
}

// Existing returns a role that was just made as one that exists.
func Existing(role *policy.Role) *Role {
	r := &Role{Name: role.Name, Symbols: role.Symbols, Trust: &Policy{Policy: policy.Policy{Name: "trust", Document: role.Trust}}}
	for _, p := range role.Policies() {
		r.Policies = append(r.Policies, Policy{Policy: p})
	}
	for _, arn := range role.Attached {
		r.attach(string(arn), arn, tree.Place{}, nil)
	}
	return r
}

// attach adds a managed policy. Known are the documents of managed policies that the input has, by ARN.
func (r *Role) attach(name string, arn policy.Text, at tree.Place, known map[policy.Text]Policy) {
	if p, ok := document(name, arn, at, known); ok {
		r.Policies = append(r.Policies, p)
		return
	}
	r.Unknown = append(r.Unknown, UnknownPolicy{Name: name, ARN: arn, Place: at})
}

// document returns a managed policy whose document the input has, or that is built in.
func document(name string, arn policy.Text, at tree.Place, known map[policy.Text]Policy) (Policy, bool) {
	if p, ok := known[arn]; ok {
		return p, true
	}
	p, ok := managedPolicy(arn)
	if !ok {
		return Policy{}, false
	}
	return Policy{Policy: policy.Policy{Name: p.Name, Document: p.Document}, ARN: arn, Version: p.Version, Date: p.Date, Place: at}, true
}
