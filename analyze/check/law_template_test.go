package check

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/testdata/golden"
)

// fitsExactly fails the test where a role does not fit, or has anything unneeded.
func fitsExactly(t *testing.T, name string, role *Role, plans []*analyze.Plan, opts Options) {
	t.Helper()
	v := Check(role, plans, opts)
	if v.Fits == policy.Yes && !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code != SameRole }) {
		return
	}
	t.Errorf("%s: fits: %v", name, v.Fits)
	for _, f := range v.Findings {
		t.Errorf("%s: %s", name, line(f))
	}
}

// TestWrittenTemplatesFit: the templates that generate writes are read again, and the role in them fits the plan.
func TestWrittenTemplatesFit(t *testing.T) {
	read, left := 0, 0
	for _, c := range golden.Cases(t) {
		plan, made, ok := c.Made(t)
		if !ok {
			continue
		}
		opts := Options{Role: c.Role, Environment: c.Options.Environment}
		if made.Properties.PermissionsBoundary != "" {
			opts.Boundary = &anyBoundary
		}
		if made.Mappings != nil || len(made.Symbols) > 0 {
			left++ // the template names these otherwise than the task definition
			continue
		}
		for _, format := range []*emit.Format{emit.CloudFormation, emit.CloudFormationJSON} {
			files, err := format.Emit(made, emit.Options{Source: c.Name})
			if err != nil {
				t.Fatal(err)
			}
			roles, problems := Read([]analyze.Input{{Name: files[0].Name, Source: files[0].Data}})
			if problems != nil || len(roles) != 1 {
				t.Fatalf("%s: %d roles, %v", c.Name, len(roles), problems)
			}
			read++
			fitsExactly(t, c.Name+" "+format.Name, roles[0], []*analyze.Plan{plan}, opts)
		}
	}
	t.Logf("%d read, %d left out", read, left)
	if read < 300 || left > 60 {
		t.Errorf("%d templates were read, %d were left out", read, left)
	}
}

// TestMergedTemplatesFit: the roles that generate --merge puts into real templates fit their task definitions.
func TestMergedTemplatesFit(t *testing.T) {
	roles := 0
	for _, path := range golden.Corpus(t, "cloudformation", "cdkout") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		for _, options := range []analyze.Options{{Conditions: true}, {Conditions: true, Parameters: true}} {
			plans, _ := analyze.Read(name, src, options)
			var list []emit.TaskRole
			var merged []*analyze.Plan
			for _, plan := range analyze.Join(plans) {
				asked := slices.ContainsFunc(slices.Collect(maps.Values(plan.Symbols)), func(info policy.SymbolInfo) bool { return info.Description != "" })
				if asked {
					continue // of a value that the role asks for, nobody knows in the template that it is the task's
				}
				if role, err := plan.Role(policy.Options{}); err == nil && plan.RoleAt != nil && plan.ExecutionRole == "" {
					list = append(list, emit.TaskRole{Task: plan.Name, Role: role, At: plan.RoleAt})
					merged = append(merged, plan)
				}
			}
			text, err := emit.Merge(name, src, list)
			if list == nil || err != nil {
				continue
			}
			found, _ := Read([]analyze.Input{{Name: name, Source: text}})
			after, _ := analyze.Read(name, text, options)
			for _, plan := range analyze.Join(after) {
				if !slices.ContainsFunc(merged, func(m *analyze.Plan) bool { return m.Name == plan.Name }) {
					continue
				}
				of, unknown := found.Of(plan)
				if len(of) != 1 || unknown != nil {
					t.Errorf("%s: %d roles of %s, unknown %v", name, len(of), plan.Name, unknown)
					continue
				}
				roles++
				fitsExactly(t, name+" "+plan.Name, of[0], []*analyze.Plan{plan}, Options{})
			}
		}
	}
	t.Logf("%d roles", roles)
	if roles < 80 {
		t.Errorf("only %d roles were merged", roles)
	}
}
