package golden

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
)

// Document is a case of testdata/documents: an input in any form, and the plans of the task definitions in it.
type Document struct {
	Name    string // of the file, without its ending
	Input   analyze.Input
	Options analyze.Options
	// Plans are those that somebody expects, by the name of the part of the document; "" where it has no name. The lines
	// are sorted.
	Plans map[string][]string
}

// Documents returns all cases of testdata/documents, sorted by their names. A case has an input, and a section "plan" for
// an unnamed task definition, or "plan NAME" for each that has a name.
func Documents(t testing.TB) (list []Document) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(Root(t), "testdata", "documents", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(archive.Files) < 2 {
			t.Fatalf("%s has no plan", path)
		}
		d := Document{Name: strings.TrimSuffix(filepath.Base(path), ".txtar"), Plans: map[string][]string{}}
		d.Input = analyze.Input{Name: archive.Files[0].Name, Source: archive.Files[0].Data}
		d.Options, _ = parseFlags(t, path, string(archive.Comment))
		for _, f := range archive.Files[1:] {
			name, ok := strings.CutPrefix(f.Name, "plan")
			if !ok {
				t.Fatalf("%s: a section %s", path, f.Name)
			}
			lines := strings.Split(strings.TrimSpace(string(f.Data)), "\n")
			slices.Sort(lines)
			d.Plans[strings.TrimSpace(name)] = lines
		}
		list = append(list, d)
	}
	return list
}
