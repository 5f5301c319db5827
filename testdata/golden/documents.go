package golden

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
)

// Document is a case of testdata/documents: inputs in any form, mostly one, and the plans of the task definitions in them. With
// a line "folder: PATH" in its comment, a case is a repository of which that module is read alone.
type Document struct {
	Name    string // of the file, without its ending
	Inputs  []analyze.Input
	Options analyze.Options
	// Plans are those that somebody expects, by the name of the part of the document; "" where it has no name. The lines
	// are sorted.
	Plans map[string][]string
}

// Documents returns all cases of testdata/documents, sorted by their names. A case has inputs, and then a section
// "plan" for an unnamed task definition, or "plan NAME" for each that has a name.
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
		d := Document{Name: strings.TrimSuffix(filepath.Base(path), ".txtar"), Plans: map[string][]string{}}
		d.Options, _ = parseFlags(t, path, string(archive.Comment))
		isModule := slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return strings.HasSuffix(f.Name, ".tf") })
		files := fstest.MapFS{}
		for _, f := range archive.Files {
			name, ok := strings.CutPrefix(f.Name, "plan")
			switch {
			case !ok && isModule:
				files[f.Name] = &fstest.MapFile{Data: f.Data}
				continue
			case !ok:
				d.Inputs = append(d.Inputs, analyze.Input{Name: f.Name, Source: f.Data})
				continue
			}
			lines := strings.Split(strings.TrimSpace(string(f.Data)), "\n")
			slices.Sort(lines)
			d.Plans[strings.TrimSpace(name)] = lines
		}
		if isModule {
			module := &analyze.Module{FS: files, Folder: "."}
			if folder := wordsAfter(string(archive.Comment), "folder: "); folder != nil {
				module.Folder, module.Callers = folder[0], new(analyze.Callers)
			}
			d.Inputs = append(d.Inputs, analyze.Input{Name: module.Folder, Module: module})
		}
		if len(d.Inputs) == 0 || len(d.Plans) == 0 {
			t.Fatalf("%s has no input or no plan", path)
		}
		list = append(list, d)
	}
	return list
}
