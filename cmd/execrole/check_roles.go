package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/tree"
)

// readRoles reads the files of --role or --iam.
func (r *checkRequest) readRoles() (check.Roles, []tree.Problem, error) {
	inputs := &r.inputs
	for _, name := range append(slices.Clone(r.role), r.iam...) {
		inputs.add(name)
	}
	if inputs.errs != nil {
		return nil, nil, errors.Join(inputs.errs...)
	}
	roles, problems := r.readInputs(inputs)
	if len(r.role) > 0 && len(roles) > 1 && !slices.ContainsFunc(roles, (*check.Role).IsReferred) {
		return nil, nil, fmt.Errorf("--role has %d roles, %s: use --iam, which takes that of each task", len(roles), roleNames(roles))
	}
	return roles, problems, nil
}

// readInputs reads roles, and remembers which settings are theirs.
func (r *checkRequest) readInputs(inputs *roleInputs) (check.Roles, []tree.Problem) {
	roles, used, problems := check.ReadSet(inputs.list, r.options.Set)
	r.used = append(r.used, used...)
	return roles, problems
}

// roleNames returns the names of roles, with their places.
func roleNames(roles check.Roles) string {
	var names []string
	for _, role := range roles {
		name := cmp.Or(role.Name, "a role without a name")
		if role.IsReferred() {
			name += " (" + role.Place.String() + ")"
		}
		names = append(names, analyze.Printable(name))
	}
	return strings.Join(names, ", ")
}

// ownRoles reports whether the inputs have the roles themselves.
func (r *checkRequest) ownRoles() bool { return len(r.role)+len(r.iam) == 0 }

// readOwnRoles reads the roles of the templates and of what is Terraform's among the inputs. Standard input is read once, and
// kept.
func (c *command) readOwnRoles(r *checkRequest) (check.Roles, []tree.Problem, error) {
	found, err := findSources(r.files)
	if err != nil {
		return nil, nil, err
	}
	inputs := &r.inputs
	r.terraform = map[string]bool{}
	for _, s := range found.list {
		if s.module != nil {
			if inputs.addModule(s.module, s.name) {
				r.terraform[inputs.list[len(inputs.list)-1].Name] = true
			}
			continue
		}
		in, err := s.read(c.Stdin)
		if err != nil {
			continue // it is said where the task definitions are read
		}
		if s.path == "-" {
			c.Stdin = bytes.NewReader(in.data)
		}
		isTerraform := check.IsTerraform(s.name, in.data)
		r.terraform[s.name] = isTerraform
		if isTerraform || check.IsTemplate(s.name, in.data) {
			inputs.list = append(inputs.list, analyze.Input{Name: s.name, Source: in.data})
		}
	}
	switch {
	case inputs.errs != nil:
		return nil, nil, errors.Join(inputs.errs...)
	case inputs.list == nil:
		return nil, nil, misuse("check", errors.New("no role: add --role FILE, or --iam FILE with the roles of an account; only a CloudFormation template, or what is Terraform's, can have the role in itself"))
	}
	roles, problems := r.readInputs(inputs)
	return roles, problems, nil
}

// origin says where the roles come from.
func (r *checkRequest) origin() check.Origin {
	switch {
	case len(r.role) > 0:
		return check.Given
	case len(r.iam) > 0:
		return check.OfAccount
	}
	return check.Own
}

// leftErrors returns an error for each task definition whose role is not there, unless an answer about an account says it.
func (r *checkRequest) leftErrors(roles check.Roles) error {
	var errs []error
	for _, l := range r.uses.Left {
		name := check.LabelOf(l.Plan)
		switch {
		case l.Why == check.NoneGiven:
			return errors.New("--role has no role in it")
		case l.Why == check.NamesNone && len(r.role) > 0:
			errs = append(errs, fmt.Errorf("%s: the task definition %s names no executionRoleArn, and --role has %d roles, %s: pass a file with the one that it is to have", l.Plan.At(), name, len(roles), roleNames(roles)))
		case l.Why == check.NotAmong && len(r.iam) == 0:
			for _, named := range l.Named() {
				role := analyze.Printable(l.Plan.Symbols.Written(named.Role))
				if r.ownRoles() {
					errs = append(errs, fmt.Errorf("%s: the execution role of %s is %s, and no template here has it: pass the file that has it with --role", named.At, name, role))
				} else {
					errs = append(errs, fmt.Errorf("%s: the execution role of %s is %s, and --role has others, %s: pass a file with that role alone", named.At, name, role, roleNames(roles)))
				}
			}
		}
	}
	return errors.Join(errs...)
}
