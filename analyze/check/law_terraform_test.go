package check

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/testdata/golden"
)

// anyBoundary is a boundary that allows everything: nobody but the caller can know that of a case.
var anyBoundary = policy.Policy{Name: "limit", Document: policy.NewDocument(policy.Statement{Actions: []string{"*"}, Resources: policy.Values("*")})}

// TestTerraformRolesFit: the files that the format terraform writes are read again, and the role in them fits the plan, with
// nothing unneeded.
func TestTerraformRolesFit(t *testing.T) {
	read := 0
	for _, c := range golden.Cases(t) {
		plan, made, ok := c.Made(t)
		if !ok {
			continue
		}
		files, err := emit.Terraform.Emit(made, emit.Options{Source: c.Name})
		if err != nil {
			continue // a name that Terraform does not take
		}
		inputs := inputsOf(files)
		roles, problems := Read(inputs)
		if problems != nil || len(roles) != 1 {
			t.Errorf("%s: %d roles, %v", c.Name, len(roles), problems)
			continue
		}
		read++
		opts := Options{Role: c.Role, Environment: c.Options.Environment}
		if made.Properties.PermissionsBoundary != "" {
			opts.Boundary = &anyBoundary
		}
		v := Check(roles[0], []*analyze.Plan{plan}, opts)
		if v.Fits != policy.Yes || slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code != SameRole }) {
			for _, f := range v.Findings {
				t.Errorf("%s: %s", c.Name, line(f))
			}
			t.Errorf("%s: fits %v", c.Name, v.Fits)
		}
	}
	if read < 150 {
		t.Errorf("only %d roles were read", read)
	}
}

// modules are the modules of testdata, by names for messages.
func modules(t *testing.T) map[string]fstest.MapFS {
	all := map[string]fstest.MapFS{}
	for _, pattern := range []string{"documents", "script", "source"} {
		paths, err := filepath.Glob(filepath.Join(golden.Root(t), "testdata", pattern, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range archive.Files {
				if strings.HasPrefix(f.Name, "plan") {
					continue
				}
				folder, file, ok := strings.Cut(f.Name, "/")
				if !ok || pattern != "script" {
					folder, file = "", f.Name
				}
				name := pattern + "/" + strings.TrimSuffix(filepath.Base(path), ".txtar") + "/" + folder
				if all[name] == nil {
					all[name] = fstest.MapFS{}
				}
				all[name][file] = &fstest.MapFile{Data: f.Data}
			}
		}
	}
	maps.DeleteFunc(all, func(_ string, files fstest.MapFS) bool {
		return !slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(file string) bool { return taskdef.IsTerraformSource(file) && !strings.Contains(file, "/") })
	})
	return all
}

// TestRolesInModulesFit: the role that is written into a module is read with the module, and fits the task definition, with
// nothing unneeded: references, conditions, and what follows from variables are the same on both sides.
func TestRolesInModulesFit(t *testing.T) {
	checked := 0
	for name, files := range modules(t) {
		t.Run(name, func(t *testing.T) {
			input := analyze.Input{Name: "infra", Module: &analyze.Module{FS: files, Folder: "."}}
			for _, plan := range analyze.NewAnalysis(analyze.Options{Derive: true, Conditions: true, PartialARNs: true}).Read(input) {
				if plan.Err() != nil || plan.Module == nil {
					continue
				}
				made, err := plan.Role(policy.Options{})
				if err != nil {
					t.Fatal(err)
				}
				made.Module = plan.Module
				written, err := emit.Terraform.Emit(made, emit.Options{Source: "infra"})
				if err != nil {
					t.Logf("%s: %v", plan.Name, err)
					continue
				}
				if strings.Contains(string(written[0].Data), "\nvariable ") {
					continue // it asks for what the module does not declare: nobody can know that the answer is the same
				}
				with := maps.Clone(files)
				with["zz-execution-role.tf"] = &fstest.MapFile{Data: written[0].Data}
				roles, problems := Read([]analyze.Input{{Name: "infra", Module: &analyze.Module{FS: with, Folder: "."}}})
				for _, p := range problems {
					if !p.Warning {
						t.Errorf("%s: %s: %s", plan.Name, p.At, p.Message)
					}
				}
				i := slices.IndexFunc(roles, func(r *Role) bool { return strings.Contains(r.Place.File, "zz-execution-role.tf") })
				if i < 0 {
					if i = slices.IndexFunc(roles, func(r *Role) bool { return slices.Contains(r.refs, plan.ExecutionRole) }); i < 0 {
						t.Errorf("%s: there is no role in\n%s", plan.Name, written[0].Data)
						continue
					}
				}
				checked++
				v := Check(roles[i], []*analyze.Plan{plan}, Options{})
				if v.Fits != policy.Yes || slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code != SameRole }) {
					for _, f := range v.Findings {
						t.Errorf("%s: %s", plan.Name, line(f))
					}
					t.Errorf("%s: fits %v\n%s", plan.Name, v.Fits, written[0].Data)
				}
			}
		})
	}
	if checked < 20 {
		t.Errorf("only %d roles were checked", checked)
	}
}
