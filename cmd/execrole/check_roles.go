package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
)

// readRoles reads the files of --role or --iam.
func (r *checkRequest) readRoles() (check.Roles, []tree.Problem, error) {
	var inputs []analyze.Input
	var errs []error
	for _, name := range append(slices.Clone(r.role), r.iam...) {
		paths := []string{name}
		if entries, err := os.ReadDir(name); err == nil {
			paths = nil
			for _, e := range entries {
				if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), emit.PassRoleEnding) { // that one is somebody else's
					paths = append(paths, filepath.Join(name, e.Name()))
				}
			}
		}
		for _, path := range paths {
			data, err := readFile(path, tree.MaxSize)
			if err != nil {
				errs = append(errs, fmt.Errorf("cannot read %s: %w", analyze.Printable(path), reason(err)))
				continue
			}
			inputs = append(inputs, analyze.Input{Name: analyze.Printable(path), Source: data})
		}
	}
	if errs != nil {
		return nil, nil, errors.Join(errs...)
	}
	roles, used, problems := check.ReadSet(inputs, r.options.Set)
	r.used = append(r.used, used...)
	if len(r.role) > 0 && len(roles) > 1 && !slices.ContainsFunc(roles, (*check.Role).OfTemplate) {
		return nil, nil, fmt.Errorf("--role has %d roles, %s: use --iam, which takes that of each task", len(roles), roleNames(roles))
	}
	return roles, problems, nil
}

// roleNames returns the names of roles, with their places.
func roleNames(roles check.Roles) string {
	var names []string
	for _, role := range roles {
		name := cmp.Or(role.Name, "a role without a name")
		if role.OfTemplate() {
			name += " (" + role.Place.String() + ")"
		}
		names = append(names, analyze.Printable(name))
	}
	return strings.Join(names, ", ")
}

// ownRoles reports whether the inputs have the roles themselves.
func (r *checkRequest) ownRoles() bool { return len(r.role)+len(r.iam) == 0 }

// readOwnRoles reads the roles of the templates among the inputs. Standard input is read once, and kept.
func (c *command) readOwnRoles(r *checkRequest) (check.Roles, []tree.Problem, error) {
	found, err := findSources(r.files)
	if err != nil {
		return nil, nil, err
	}
	var inputs []analyze.Input
	for _, s := range found.list {
		if s.module != nil {
			continue
		}
		in, err := s.read(c.Stdin)
		if err != nil {
			continue // it is said where the task definitions are read
		}
		if s.path == "-" {
			c.Stdin = bytes.NewReader(in.data)
		}
		if check.IsTemplate(s.name, in.data) {
			inputs = append(inputs, analyze.Input{Name: s.name, Source: in.data})
		}
	}
	if inputs == nil {
		return nil, nil, misuse("check", errors.New("no role: add --role FILE, or --iam FILE with the roles of an account; only a CloudFormation template can have the role in itself"))
	}
	roles, used, problems := check.ReadSet(inputs, r.options.Set)
	r.used = append(r.used, used...)
	return roles, problems, nil
}

// rolesOf returns the roles that a task definition uses: several where it depends on a condition of its template.
func (r *checkRequest) rolesOf(roles check.Roles, p *analyze.Plan) (check.Roles, error) {
	name := analyze.Printable(cmp.Or(p.Family, p.Name))
	switch {
	case len(r.role) > 0 && len(roles) == 0:
		return nil, errors.New("--role has no role in it")
	case len(r.role) > 0 && len(roles) == 1:
		return roles, nil
	case p.ExecutionRole == "" && r.ownRoles():
		return check.Roles{{Absent: true, Name: name, Place: p.At()}}, nil
	case p.ExecutionRole == "" && len(r.role) > 0:
		return nil, fmt.Errorf("%s: the task definition %s names no executionRoleArn, and --role has %d roles, %s: pass a file with the one that it is to have", p.At(), name, len(roles), roleNames(roles))
	case p.ExecutionRole == "" && len(p.Requirements) == 0:
		r.leave(p, check.NeedsNone)
		return nil, nil
	case p.ExecutionRole == "":
		r.leave(p, check.NamesNone)
		return nil, nil
	}
	found, unknown := roles.Of(p)
	var errs []error
	for _, named := range unknown {
		role := analyze.Printable(p.Symbols.Written(named.Role))
		switch {
		case len(found) > 0: // one of several by a conditional
			for _, known := range found {
				r.others[known] = append(r.others[known], check.NotSeen(fmt.Sprintf("the role %s, which %s can have too", role, name)))
			}
		case r.ownRoles():
			errs = append(errs, fmt.Errorf("%s: the execution role of %s is %s, and no template here has it: pass the file that has it with --role", named.At, name, role))
		case len(r.role) > 0:
			errs = append(errs, fmt.Errorf("%s: the execution role of %s is %s, and --role has others, %s: pass a file with that role alone", named.At, name, role, roleNames(roles)))
		}
	}
	if len(found) == 0 && errs == nil {
		r.leave(p, check.NotAmong)
	}
	return found, errors.Join(errs...)
}
