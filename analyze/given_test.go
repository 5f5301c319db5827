package analyze_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/testdata/golden"
)

// calledModule is a case of testdata/modules, with the values of its variables as calls of it.
type calledModule struct {
	name, source string
	files, calls fstest.MapFS
	words        []string // the strings in the calls
}

func calledModules(t *testing.T) (list []calledModule) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(golden.Root(t), "testdata", "modules", "*.txtar"))
	if err != nil || len(paths) < 25 {
		t.Fatalf("only %d modules: %v", len(paths), err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m := calledModule{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), files: fstest.MapFS{}, calls: fstest.MapFS{}}
		for _, f := range archive.Files {
			if setting, ok := strings.CutSuffix(f.Name, ".tfvars"); ok {
				m.calls["calls/"+setting+"/main.tf"] = &fstest.MapFile{Data: fmt.Appendf(nil, "module \"m\" {\n  source = \"../../m\"\n%s}\n", f.Data)}
				for _, word := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(string(f.Data), -1) {
					m.words = append(m.words, word[1])
				}
			} else {
				m.files["m/"+f.Name] = &fstest.MapFile{Data: f.Data}
				m.source += string(f.Data)
			}
		}
		list = append(list, m)
	}
	return list
}

// TestCallersMakeNothingLessExact: with callers, a module that is read alone has no error that it has not without them, nor does
// a field ask for more than without them. What asks for nothing any more has a note. No word of a caller is in a requirement.
func TestCallersMakeNothingLessExact(t *testing.T) {
	settled := 0
	for _, m := range calledModules(t) {
		for _, derive := range []bool{false, true} {
			read := func(calls fstest.MapFS) *analyze.Plan {
				files := maps.Clone(m.files)
				maps.Copy(files, calls)
				module := &analyze.Module{FS: files, Folder: "m", Callers: new(analyze.Callers)}
				plans, _ := analyze.ReadAll([]analyze.Input{{Name: "m", Module: module}}, analyze.Options{Derive: derive})
				return plans[0]
			}
			without := read(nil)
			callers := []fstest.MapFS{m.calls}
			for name, f := range m.calls {
				callers = append(callers, fstest.MapFS{name: f})
			}
			for _, calls := range callers {
				with, name := read(calls), fmt.Sprint(m.name, " derive ", derive, " ", slices.Sorted(maps.Keys(calls)))
				compareGiven(t, name, without, with)
				for _, r := range with.Requirements {
					for _, word := range m.words {
						if strings.Contains(r.ARN.Text().String(), word) && !strings.Contains(m.source, word) {
							t.Errorf("%s: %s has %q, which only the caller says", name, r.ARN.Text(), word)
						}
					}
				}
				if len(with.Requirements) != len(without.Requirements) || errorsOf(with) != errorsOf(without) {
					settled++
				}
			}
		}
	}
	if settled < 15 {
		t.Errorf("callers settle something in %d readings only", settled)
	}
}

// errorsOf counts the errors of a plan.
func errorsOf(p *analyze.Plan) (n int) {
	for _, f := range p.Findings {
		if f.Severity == analyze.Error {
			n++
		}
	}
	return n
}

// compareGiven compares the plans of a module without callers and with them.
func compareGiven(t *testing.T, name string, without, with *analyze.Plan) {
	t.Helper()
	type asked struct{ pointer, grant string }
	requirements := func(p *analyze.Plan) map[asked][]string {
		all := map[asked][]string{}
		for _, r := range p.Requirements {
			key := asked{r.At.Pointer, r.Grant.Sid}
			all[key] = append(all[key], r.ARN.Text().String())
		}
		return all
	}
	findings := map[string]bool{}
	for _, f := range without.Findings {
		findings[f.String()] = true
	}
	noted, failed := map[string]bool{}, map[string]bool{}
	for _, f := range with.Findings {
		if f.Severity == analyze.Error && !findings[f.String()] {
			t.Errorf("%s: new: %s", name, f)
		}
		noted[f.At.Pointer] = noted[f.At.Pointer] || strings.Contains(f.Message, "as its callers say")
	}
	for _, f := range without.Findings {
		failed[f.At.Pointer] = failed[f.At.Pointer] || f.Severity == analyze.Error
	}
	before, after := requirements(without), requirements(with)
	for key, list := range after {
		if len(list) > len(before[key]) && !failed[key.pointer] {
			t.Errorf("%s: %s asks for %s on %q, and without callers on %q", name, key.pointer, key.grant, list, before[key])
		}
	}
	pointers := map[string]bool{}
	for key := range after {
		pointers[key.pointer] = true
	}
	for key := range before {
		if !pointers[key.pointer] && !noted[key.pointer] {
			t.Errorf("%s: %s asks for nothing", name, key.pointer)
		}
	}
}
