package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/execrole/execrole/emit"
)

func TestParentFolder(t *testing.T) {
	for _, c := range [][2]string{
		{"a", "."}, {"a/", "."}, {"./a", "."}, {"a/b", "a"}, {"a/b/", "a"}, {"a//b//", "a"}, {"a/../b", "a/.."},
		{"/a", "/"}, {"/a/b", "/a"}, {"/", "/"}, {"//a", "/"}, {"..", "."}, {"../a", ".."}, {".", "."},
	} {
		if got := parentFolder(filepath.FromSlash(c[0])); filepath.ToSlash(got) != c[1] {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
	}
}

// TestStaleNames: of the files to remove, those remain that the folder has. A name in another case can be the same to the
// file system, which is asked then.
func TestStaleNames(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"a-2.json": "", "a-3.json": "", "A-4.json": "", "a-9-x.json": "", "aa-2.json": "", "b.json": ""})
	names, err := namesIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	remove := func(name string) emit.File { return emit.File{Name: name, Write: emit.Remove} }
	var got []string
	for _, f := range names.expand([]emit.File{{Name: "a-1.json"}, {Name: "a-3.json"}, remove("a-4.json"), remove("a-5.json"), remove("a-[0-9].json"), remove("b.json"), remove("c.json")}) {
		got = append(got, f.Name)
	}
	if want := []string{"a-1.json", "a-3.json", "a-4.json", "a-2.json", "b.json"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for name, want := range map[string]bool{"b.json": true, "B.JSON": true, "a-4.json": true, "b": false, "b.json2": false, "z": false} {
		if names.mayHave(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
