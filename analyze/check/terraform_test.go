package check

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// verdictsOf reads the roles and the task definitions of an input, and returns the verdicts in lines.
func verdictsOf(t *testing.T, in analyze.Input) (lines []string) {
	t.Helper()
	roles, problems := Read([]analyze.Input{in})
	for _, p := range problems {
		lines = append(lines, fmt.Sprintf("%s: %s", p.At, p.Message))
	}
	for _, plan := range analyze.NewAnalysis(analyze.Options{Derive: true, Conditions: true}).Read(in) {
		if err := plan.Err(); err != nil {
			t.Fatal(err)
		}
		used, unknown := roles.Of(plan)
		for _, named := range unknown {
			lines = append(lines, fmt.Sprintf("%s: %s is not here", plan.Name, named.Role))
			used = append(used, Elsewhere(named))
		}
		for _, role := range used {
			v := Check(role, []*analyze.Plan{plan}, Options{Environment: policy.Environment{Partition: "aws", Region: "eu-west-1", Account: "111122223333"}})
			lines = append(lines, fmt.Sprintf("%s: %s at %s fits %s", plan.Name, role.Name, role.Place, v.Fits))
			for _, f := range v.Findings {
				lines = append(lines, line(f))
			}
		}
	}
	return lines
}

// TestTerraform: the roles of modules, and of what terraform show -json prints, fit or do not fit as somebody expects.
func TestTerraform(t *testing.T) {
	paths, err := filepath.Glob("testdata/terraform/*.txtar")
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			in, files, want := analyze.Input{Name: "."}, fstest.MapFS{}, ""
			for _, f := range archive.Files {
				switch {
				case f.Name == "verdict":
					want = strings.TrimSpace(string(f.Data))
				case f.Name == "shown.json":
					in.Name, in.Source = f.Name, f.Data
				default:
					files[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			if in.Source == nil {
				in.Module = &analyze.Module{FS: files, Folder: "."}
			}
			if diff := cmp.Diff(strings.Split(want, "\n"), verdictsOf(t, in)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// FuzzTerraform: whatever source or a plan says, reading its roles and comparing them ends, and gives the same answer again.
func FuzzTerraform(f *testing.F) {
	paths, err := filepath.Glob("testdata/terraform/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	const document = `data "aws_iam_policy_document" "a" {
  source_policy_documents = [data.aws_iam_policy_document.a.json]
}
resource "aws_iam_role" "a" {
  assume_role_policy = data.aws_iam_policy_document.a.json
  managed_policy_arns = aws_iam_role.a.managed_policy_arns
}
`
	f.Add([]byte(document))
	f.Add([]byte(strings.ReplaceAll(document, "[data", "[for x in range(9999) : data")))
	f.Fuzz(func(t *testing.T, src []byte) {
		in := analyze.Input{Name: "f.tf", Source: src}
		roles, problems := Read([]analyze.Input{in})
		for _, p := range problems {
			if p.Message == "" {
				t.Errorf("problem %+v", p)
			}
		}
		plans := analyze.NewAnalysis(analyze.Options{Derive: true, Conditions: true}).Read(in)
		plans = slices.DeleteFunc(plans, func(p *analyze.Plan) bool { return p.Err() != nil })
		for _, role := range roles[:min(len(roles), 3)] {
			v := Check(role, plans[:min(len(plans), 3)], Options{})
			for _, f := range v.Findings {
				if f.Code == "" || f.Kind == "" {
					t.Errorf("finding %+v", f)
				}
			}
		}
		again, _ := Read([]analyze.Input{in})
		if len(again) != len(roles) {
			t.Errorf("%d roles, and the second time %d", len(roles), len(again))
		}
	})
}
