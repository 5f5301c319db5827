package main

import (
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
	roles, problems := check.Read(inputs)
	if len(r.role) > 0 && len(roles) > 1 {
		var names []string
		for _, role := range roles {
			names = append(names, cmp.Or(role.Name, "a role without a name"))
		}
		return nil, nil, fmt.Errorf("--role has %d roles, %s: use --iam, which takes that of each task", len(roles), strings.Join(names, ", "))
	}
	return roles, problems, nil
}
