package main

import (
	"bytes"
	"io"
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

// TestWriteAllOrNothing writes two files, one of which cannot be written: the other must stay as it was, and no temporary
// file may be left.
func TestWriteAllOrNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		before map[string]string
		files  []emit.File
		why    string
	}{
		{"stale", map[string]string{"a": "old", "b": "old"}, []emit.File{{Name: "a", Data: []byte("new")}, {Name: "b", Write: emit.Remove}}, "remove it"},
		{"stale first", map[string]string{"a": "", "b": "old"}, []emit.File{{Name: "a", Write: emit.Remove}, {Name: "b", Data: []byte("new")}}, "remove it"},
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
			_, _, err := new(command).write(target{path: dir, folder: true}, c.files, nil, false)
			if errs := each(err); len(errs) != 1 || !strings.Contains(errs[0].Error(), c.why) {
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
	data := emit.File{Data: []byte("new")}
	errs := each(commit([]*change{
		{name: "a", place: filepath.Join(dir, "a"), file: data},
		{name: "b", place: filepath.Join(dir, "gone", "b"), file: data},
	}))
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
	if _, _, err := new(command).write(target{path: out, folder: true}, []emit.File{{Name: long, Data: []byte("x")}}, nil, false); err == nil {
		t.Fatal("a name of 300 bytes was written")
	}
	if after := folderTree(t, dir); len(after) > 0 {
		t.Errorf("this was left: %q", after)
	}
}

// TestStream writes a file that is not in memory: whole, or not at all, and only if it changes.
func TestStream(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out", "a")
	for i, c := range []struct {
		data string
		err  error
		want string
	}{
		{"old", os.ErrClosed, ""}, {"old", nil, "wrote"}, {"old", nil, "unchanged"}, {"older", nil, "wrote"}, {"new", os.ErrClosed, ""}, {"new", nil, "wrote"},
	} {
		before, _ := os.ReadFile(name)
		done, err := target{path: name}.writeStream(func(w io.Writer) error {
			io.WriteString(w, c.data)
			return c.err
		}, nil)
		if c.err != nil {
			if after, _ := os.ReadFile(name); err == nil || done != "" || !bytes.Equal(before, after) {
				t.Errorf("%d: %q, %v, and the file is %q", i, done, err, after)
			}
			if _, err := os.Stat(filepath.Dir(name)); before == nil && err == nil {
				t.Errorf("%d: the folder was left", i)
			}
			continue
		}
		if after := folderTree(t, filepath.Dir(name)); err != nil || done != c.want+" "+name || !equal(after, map[string]string{"a": c.data}) {
			t.Errorf("%d: %q, %v, and the folder has %q", i, done, err, after)
		}
	}
}

// TestLongestName writes a file whose name leaves no room for a longer, temporary one.
func TestLongestName(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, strings.Repeat("n", 250))
	if _, _, err := new(command).write(target{path: name}, []emit.File{{Data: []byte("x")}}, nil, false); err != nil {
		t.Error(err)
	}
}

// TestFailingWriter has standard output fail: the exit status says so.
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
