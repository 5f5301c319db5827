// Package golden reads the golden cases beside it, for the tests of other packages: an input, the plan that somebody
// expects of it, and for some of them the files that are written.
package golden

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Update says that sections are written instead of compared.
var Update = flag.Bool("update", false, "write the expected outputs anew; never the plans, which are written by hand")

// ByHand are the sections that people write: -update leaves them alone.
var ByHand = []string{"input.json", "plan", "needs"}

// Case is one file of this folder.
type Case struct {
	Name    string // the file's name without its ending
	Options analyze.Options
	Role    policy.Options

	path    string
	archive *txtar.Archive
}

// Root returns the folder of the project.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no folder above has a go.mod")
		}
		dir = parent
	}
}

// Cases returns all cases, sorted by their names.
func Cases(t testing.TB) []*Case {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(Root(t), "testdata", "golden", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	var cases []*Case
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c := &Case{Name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, archive: archive}
		c.Options, c.Role = parseFlags(t, path, string(archive.Comment))
		cases = append(cases, c)
	}
	return cases
}

// Input returns the task definition.
func (c *Case) Input() []byte {
	input, _ := c.Section("input.json")
	return []byte(input)
}

// Plan analyzes the input, and has the findings about the role too. The plan is never nil.
func (c *Case) Plan() (*analyze.Plan, error) {
	plan, err := Plan(c.Input(), c.Options)
	plan.Findings = append(plan.Findings, plan.RoleFindings(c.Role)...)
	return plan, err
}

// Made returns the plan of the case and the role that is made of it, or false where the input has errors. It fails where a plan
// without errors gives no role.
func (c *Case) Made(t testing.TB) (*analyze.Plan, *policy.Role, bool) {
	t.Helper()
	plan, err := c.Plan()
	if err != nil {
		return nil, nil, false
	}
	role, err := plan.Role(c.Role)
	if err != nil {
		t.Fatal(err)
	}
	return plan, role, true
}

// KnownOf returns an environment in which the values that a role has itself come first.
func KnownOf(role *policy.Role, env policy.Environment) policy.Environment {
	for _, s := range policy.EnvironmentSymbols {
		if v := role.Environment.Value(s); v != "" {
			env.Set(s, v)
		}
	}
	return env
}

// Flags returns the flags of the case, as a shell splits them into words.
func (c *Case) Flags() []string { return wordsAfter(string(c.archive.Comment), "flags: ") }

// Plan analyzes a task definition. The plan is never nil.
func Plan(src []byte, opts analyze.Options) (*analyze.Plan, error) {
	plans, err := analyze.Read("input.json", src, opts)
	return plans[0], err
}

// Section returns a file of the archive, and whether it is there.
func (c *Case) Section(name string) (string, bool) {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

// Sections returns the names of all files in the archive.
func (c *Case) Sections() []string {
	var names []string
	for _, f := range c.archive.Files {
		names = append(names, f.Name)
	}
	return names
}

// Check compares a section with what came out, or replaces it under -update. Nothing comes out as "".
func (c *Case) Check(t *testing.T, name, got string) {
	t.Helper()
	want, _ := c.Section(name)
	if got == want {
		return
	}
	if !*Update || slices.Contains(ByHand, name) {
		t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
		return
	}
	// The tests of another package may have written another section meanwhile.
	archive, err := txtar.ParseFile(c.path)
	if err != nil {
		t.Fatal(err)
	}
	c.archive = archive
	i := slices.IndexFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
	switch {
	case got == "" && i >= 0:
		c.archive.Files = slices.Delete(c.archive.Files, i, i+1)
	case got == "":
	case i < 0:
		c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(got)})
	default:
		c.archive.Files[i].Data = []byte(got)
	}
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Roles returns the role of every case that gives one, by the case's name.
func Roles(t testing.TB) map[string]*policy.Role {
	t.Helper()
	roles := map[string]*policy.Role{}
	for _, c := range Cases(t) {
		plan, err := c.Plan()
		if err != nil {
			continue
		}
		role, err := plan.Role(c.Role)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		roles[c.Name] = role
	}
	if len(roles) < 100 {
		t.Fatalf("only %d golden cases give a role", len(roles))
	}
	return roles
}

// Lines writes a plan as the cases do, sorted: a line for each action on a resource for a field, and one for each
// finding.
func Lines(plan *analyze.Plan) []string {
	var lines []string
	for _, r := range plan.Requirements {
		field := r.At.Field
		if r.At.Container != "" {
			field = r.At.Container + ": " + field
		}
		for _, a := range r.Actions {
			line := fmt.Sprintf("%s %s on %s (%s) for %s", a.Strength, a.Name, r.Resource, r.Match, field)
			for _, c := range r.Conditions {
				line += fmt.Sprintf(" if %s %s %s", c.Key, c.Operator, c.Values)
			}
			for i, s := range r.When {
				word := []string{" where ", " or "}[min(i, 1)]
				line += fmt.Sprintf("%s%s is given", word, policy.Of(s))
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	for _, f := range plan.Findings {
		lines = append(lines, fmt.Sprintf("%s %d:%d %s", f.Severity, f.At.Line, f.At.Column, f.Rule))
	}
	slices.Sort(lines)
	return lines
}

// CheckFile compares a file of the project, by its path from the root, with what came out, or writes it under -update.
func CheckFile(t *testing.T, path, got string) {
	t.Helper()
	path = filepath.Join(Root(t), filepath.FromSlash(path))
	want, err := os.ReadFile(path)
	switch {
	case string(want) == got:
	case *Update:
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	case err != nil:
		t.Error(err)
	default:
		t.Errorf("%s (-want +got):\n%s", path, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")))
	}
}
