package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/emit"
)

// folderTree returns the names and contents of a folder's files.
func folderTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			files[e.Name()] = "a folder"
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func equal(a, b map[string]string) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

// TestWriteAllOrNothing writes two files of which one cannot be written: the other must stay as it was,
// and no temporary file may stay.
func TestWriteAllOrNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		before map[string]string
		files  []emit.File
		why    string
	}{
		{"stale", map[string]string{"a": "old", "b": "old"}, []emit.File{{Name: "a", Data: []byte("new")}, {Name: "b"}}, "remove it"},
		{"stale first", map[string]string{"a": "", "b": "old"}, []emit.File{{Name: "a"}, {Name: "b", Data: []byte("new")}}, "remove it"},
		{"folder", map[string]string{"a": "old", "b": "a folder"}, []emit.File{{Name: "a", Data: []byte("new")}, {Name: "b", Data: []byte("new")}}, "it is a folder"},
		{"new", map[string]string{"b": "a folder"}, []emit.File{{Name: "a", Data: []byte("new")}, {Name: "b", Data: []byte("new")}}, "it is a folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, data := range c.before {
				var err error
				if data == "a folder" {
					err = os.Mkdir(filepath.Join(dir, name), 0o777)
				} else {
					err = os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			errs := new(command).write(target{path: dir, folder: true}, c.files, nil, false)
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.why) {
				t.Errorf("got %v, want an error with %q", errs, c.why)
			}
			if after := folderTree(t, dir); !equal(after, c.before) {
				t.Errorf("the folder held %q and holds %q", c.before, after)
			}
		})
	}
}

// TestCommitCleansUp has a change fail after another's temporary file was written.
func TestCommitCleansUp(t *testing.T) {
	dir := t.TempDir()
	errs := commit([]*change{
		{name: "a", path: filepath.Join(dir, "a"), data: []byte("new")},
		{name: "b", path: filepath.Join(dir, "gone", "b"), data: []byte("new")},
	})
	if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), "cannot write b: ") || strings.Contains(errs[0].Error(), dir) {
		t.Errorf("got %v, want one error on b without the path of a temporary file", errs)
	}
	if after := folderTree(t, dir); len(after) > 0 {
		t.Errorf("this was left: %q", after)
	}
}

// TestFailedFolderIsRemoved makes a folder for files that then cannot be written.
func TestFailedFolderIsRemoved(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	long := strings.Repeat("n", 300)
	if errs := new(command).write(target{path: out, folder: true}, []emit.File{{Name: long, Data: []byte("x")}}, nil, false); errs == nil {
		t.Fatal("a name of 300 bytes was written")
	}
	if after := folderTree(t, dir); len(after) > 0 {
		t.Errorf("this was left: %q", after)
	}
}

// TestLongestName writes a file whose name leaves no room for a longer, temporary one.
func TestLongestName(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, strings.Repeat("n", 250))
	if errs := new(command).write(target{path: name}, []emit.File{{Data: []byte("x")}}, nil, false); errs != nil {
		t.Error(errs)
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   string // NAME|VALUE, in brackets
		errs   []string
	}{
		{nil, "", nil},
		{[]string{"A=1", "B=x=y,z", "C="}, "[A|1][B|x=y,z][C|]", nil},
		{[]string{"/containerDefinitions/0/image=nginx:1"}, "[/containerDefinitions/0/image|nginx:1]", nil},
		{[]string{"A=1", "A=1"}, "[A|1]", nil},
		{[]string{"A=1", "A=2"}, "[A|1]", []string{"given twice"}},
		{[]string{"A", "=1", ""}, "", []string{`"A" has no "="`, `nothing before`, `"" has no "="`}},
		{[]string{"A=\xff"}, "", []string{"not UTF-8"}},
	} {
		list, errs := settings("--set", "NAME=VALUE", c.values)
		got := ""
		for _, s := range list {
			got += "[" + s.Name + "|" + s.Value + "]"
		}
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.values, got, c.want)
		}
		if len(errs) != len(c.errs) {
			t.Errorf("%q: got errors %v, want %q", c.values, errs, c.errs)
			continue
		}
		for i, err := range errs {
			if !strings.Contains(err.Error(), c.errs[i]) {
				t.Errorf("%q: got %v, want %q", c.values, err, c.errs[i])
			}
		}
	}
}

// TestFailingWriter has standard output fail: an error is said and the status tells.
func TestFailingWriter(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"rules"}, {"version"}, {"help", "explain"}} {
		var stderr bytes.Buffer
		c := command{Stdout: failing{}, Stderr: &stderr}
		if status := c.run(args); status != statusFailed {
			t.Errorf("%q: status %d", args, status)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }
