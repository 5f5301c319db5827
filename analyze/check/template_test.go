package check

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// answerOf returns what check says of templates, in lines: the problems, and for each task definition its role and the
// findings.
func answerOf(inputs []analyze.Input) (lines []string) {
	roles, problems := Read(inputs)
	for _, p := range problems {
		severity := "error"
		if p.Warning {
			severity = "warning"
		}
		lines = append(lines, severity+" "+p.At.String()+": "+p.Message)
	}
	add := func(title string, v *Verdict) {
		lines = append(lines, title+" fits "+v.Fits.String())
		for _, f := range v.Findings {
			lines = append(lines, line(f))
		}
	}
	for _, in := range inputs {
		in.Known, in.KnownSymbols = roles.Known(in.Name)
		plans, _ := analyze.ReadAll([]analyze.Input{in}, analyze.Options{Conditions: true, TemplateParameters: true, RoleExists: true})
		for _, plan := range plans {
			if plan.Unread {
				continue
			}
			found, unknown := roles.Of(plan)
			if plan.ExecutionRole == "" {
				add(plan.Name+": no role", Check(&Role{Absent: true}, []*analyze.Plan{plan}, Options{}))
			}
			for _, role := range found {
				add(plan.Name+": "+role.Name+" at "+role.Place.String(), Check(role, []*analyze.Plan{plan}, Options{}))
			}
			for _, named := range unknown {
				lines = append(lines, plan.Name+": "+named.At.String()+": no role "+plan.Symbols.Written(named.Role))
			}
		}
	}
	return lines
}

// TestTemplates: what check says of templates of testdata/template, which somebody wrote beside them.
func TestTemplates(t *testing.T) {
	paths, err := filepath.Glob("testdata/template/*.txtar")
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var inputs []analyze.Input
			var want []string
			for _, f := range archive.Files {
				if f.Name == "verdict" {
					want = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
					continue
				}
				inputs = append(inputs, analyze.Input{Name: f.Name, Source: f.Data})
			}
			if diff := cmp.Diff(want, answerOf(inputs)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// FuzzReadRoles: whatever a template is, roles and task definitions of it are compared without a panic, twice alike, and a role
// with a policy that is unknown never fits for sure.
func FuzzReadRoles(f *testing.F) {
	paths, err := filepath.Glob("testdata/template/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if file.Name != "verdict" {
				f.Add(file.Data)
			}
		}
	}
	f.Add([]byte("Resources:\n  R: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: !If [A, !Ref R, [!GetAtt R.Arn]], Policies: !Ref R}}\n  T: {Type: AWS::ECS::TaskDefinition, Properties: {ExecutionRoleArn: !Ref R, ContainerDefinitions: []}}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		in := analyze.Input{Name: "f", Source: src}
		roles, problems := Read([]analyze.Input{in})
		for _, p := range problems {
			if p.Message == "" || p.At.File != "f" {
				t.Errorf("problem %+v", p)
			}
		}
		plans, _ := analyze.Read("f", src, analyze.Options{Conditions: true, TemplateParameters: true, RoleExists: true})
		for _, plan := range plans {
			found, _ := roles.Of(plan)
			for _, role := range found {
				v := Check(role, []*analyze.Plan{plan}, Options{})
				if v.Fits == policy.Yes && len(role.Unknown) > 0 {
					t.Errorf("the role fits, with the unknown policies %+v", role.Unknown)
				}
				for _, f := range v.Findings {
					if f.Code == "" || f.Kind == "" {
						t.Errorf("finding %+v", f)
					}
				}
			}
		}
		if first, again := answerOf([]analyze.Input{in}), answerOf([]analyze.Input{in}); !slices.Equal(first, again) {
			t.Errorf("the answer is another the second time:\n%s\n%s", strings.Join(first, "\n"), strings.Join(again, "\n"))
		}
	})
}
