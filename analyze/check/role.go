// Package check compares a role that exists with what tasks need: a verdict, as data. It reads the role from files that the
// AWS CLI writes, and opens no connection.
package check

import (
	"slices"
	"strings"

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
	// Absent says that there is no role: the task definition names none.
	Absent bool
	// Symbols says what is known of the symbols in the policies.
	Symbols policy.SymbolTable
	// Problems are those of the problems that [Read] returns which are in the documents of this role and of its managed
	// policies.
	Problems []tree.Problem

	// stack is the template that has the role; nil for none. The template has the role in the branches alone.
	stack    *stack
	branches []policy.Branch
	// elsewhere says that no input has the role.
	elsewhere bool
	// module is the name of Terraform's module, plan or state that has the role; "" for none.
	module string
	// formulas are those of conditions of the module that are more than one, by their names.
	formulas map[string]*policy.Formula
	// refs are what the template calls the role: its name, and the symbols for its name and its ARN. Named are its path and
	// name, where it has one.
	refs, named []policy.Text
	roleNames   []policy.Text // what RoleName can be
	id          string        // the logical ID
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
	// ofRole says that a role of Terraform has the policy in its own block.
	ofRole bool
}

// UnknownPolicy is a policy of a role whose document is unknown.
type UnknownPolicy struct {
	Name     string
	ARN      policy.Text // "" for one inside the role
	Boundary bool        // it is the permissions boundary
	Trust    bool        // it is the trust policy
	Place    tree.Place  // where the input names it
	Cure     string      // what to do, in sentences; "" where the explanation of [PolicyUnknown] says it
	branches []policy.Branch
}

// Roles are the roles of an input.
type Roles []*Role

// Find returns the role that has an ARN or a name; nil if there is none. A role whose ARN the input does not say is known by the
// name in an ARN. A role of a template is also found by the symbols
// that the template has for its name and its ARN.
func (r Roles) Find(name policy.Text) *Role {
	i := slices.IndexFunc(r, func(role *Role) bool { return role.isCalled(name) })
	if i < 0 || name == "" {
		return nil
	}
	return r[i]
}

// declared returns a managed policy that the template of the role declares.
func (r *Role) declared(arn policy.Text) (Policy, bool) {
	if r.stack == nil {
		return Policy{}, false
	}
	p, ok := r.stack.managed[arn]
	return p, ok
}

// isCalled reports whether a text is the ARN or the name of the role.
func (r *Role) isCalled(name policy.Text) bool {
	arn, ok := policy.CutARN(name)
	if !r.IsReferred() {
		return r.ARN != "" && r.ARN == name || policy.Text(r.Name) == name ||
			r.ARN == "" && r.Name != "" && ok && arn.Service == "iam" && lastName(arn.Resource.String()) == r.Name
	}
	path, isRole := arn.Resource.CutPrefix("role")
	if !ok || !isRole || arn.Service != "iam" {
		return slices.Contains(r.refs, name)
	}
	return slices.Contains(r.refs, name) || slices.Contains(r.named, path) || r.named == nil && isMadeOf(lastName(path.String()), r.id)
}

// isMadeOf reports whether the name of a role is one that CloudFormation makes of a logical ID: STACK-ID-RANDOM. Long names
// are cut, and are not known again.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-whatis-concepts.html
func isMadeOf(name, id string) bool {
	const random = 12
	i := len(name) - random
	return i > 0 && strings.HasSuffix(name[:i], "-"+id+"-") && strings.IndexFunc(name[i:], func(c rune) bool { return !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9') }) < 0
}

// Existing returns a role that was just made as one that exists.
func Existing(role *policy.Role) *Role {
	r := &Role{Name: role.Name, Symbols: role.Symbols, Trust: &Policy{Policy: policy.Policy{Name: "trust", Document: role.Trust}}}
	for _, p := range role.Policies() {
		r.Policies = append(r.Policies, Policy{Policy: p})
	}
	for _, arn := range role.Attached {
		r.attach(UnknownPolicy{Name: string(arn), ARN: arn}, nil)
	}
	return r
}

// attach adds a managed policy. Known are the documents of managed policies that the input has, by ARN.
func (r *Role) attach(a UnknownPolicy, known map[policy.Text]Policy) {
	if p, ok := document(a.Name, a.ARN, a.Place, known); ok {
		r.Policies = append(r.Policies, under(p, a.branches))
		return
	}
	r.Unknown = append(r.Unknown, a)
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
