package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/testdata/golden"
)

// fixCase is a case of testdata/fix: flags, files, and what check prints with them.
type fixCase struct {
	path    string
	archive *txtar.Archive
	flags   []string
	files   map[string][]byte
	want    map[string]string // "diff" and "notes"
}

func readFixCase(t testing.TB, path string) *fixCase {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &fixCase{path: path, archive: archive, files: map[string][]byte{}, want: map[string]string{}}
	var crlf []string
	for _, f := range archive.Files {
		switch f.Name {
		case "flags":
			c.flags = strings.Fields(string(f.Data))
		case "crlf": // files with CR LF, a byte order mark, and no line break at the end
			crlf = strings.Fields(string(f.Data))
		case "diff", "notes":
			c.want[f.Name] = string(f.Data)
		default:
			c.files[f.Name] = f.Data
		}
	}
	for _, name := range crlf {
		text := strings.TrimSuffix(string(c.files[name]), "\n")
		c.files[name] = []byte("\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"))
	}
	return c
}

// write writes the files into a folder.
func (c *fixCase) write(t testing.TB, folder string) {
	t.Helper()
	for name, data := range c.files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// runCheck runs check in the folder of the test.
func runCheck(args ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	c := &command{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}
	status = c.run(append([]string{"check"}, args...))
	return out.String(), errs.String(), status
}

// TestFix runs the cases of testdata/fix. The difference that is printed can be applied, and then nothing more is to be fixed.
func TestFix(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "fix", "*.txtar"))
	if err != nil || len(paths) < 10 {
		t.Fatal(len(paths), err)
	}
	_, noGit := exec.LookPath("git")
	if noGit != nil && os.Getenv("EXECROLE_TOOLS") == "required" {
		t.Fatal(noGit)
	}
	for _, path := range paths {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			c := readFixCase(t, path)
			t.Chdir(t.TempDir())
			c.write(t, ".")
			diff, notes, status := runCheck(c.flags...)
			notes += fmt.Sprintf("exit status %d\n", status)
			c.compare(t, strings.ReplaceAll(diff, "\r", "<CR>"), notes)
			if noGit == nil && status < statusFailed {
				c.apply(t, diff)
			}
		})
	}
}

// compare compares the output with that of the case.
func (c *fixCase) compare(t *testing.T, diff, notes string) {
	t.Helper()
	if *golden.Update {
		files := slices.DeleteFunc(slices.Clone(c.archive.Files), func(f txtar.File) bool { return f.Name == "diff" || f.Name == "notes" })
		c.archive.Files = append(files, txtar.File{Name: "diff", Data: []byte(diff)}, txtar.File{Name: "notes", Data: []byte(notes)})
		if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(c.want["diff"], diff); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if d := cmp.Diff(c.want["notes"], notes); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// apply applies a difference, and compares the result with what -o writes. Every byte of the files is still there, unless the
// role was replaced.
func (c *fixCase) apply(t *testing.T, diff string) {
	t.Helper()
	if diff == "" {
		return
	}
	git := exec.Command("git", "apply", "-")
	git.Stdin = strings.NewReader(diff)
	if out, err := git.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v\n%s\n%s", err, out, diff)
	}
	adds := !slices.ContainsFunc(c.flags, func(s string) bool { return strings.HasPrefix(s, "--tight") })
	for name, before := range c.files {
		after, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if adds && !isSubsequence(strings.ReplaceAll(string(before), " ", ""), string(after)) {
			t.Errorf("a byte of %s has changed", name)
		}
	}
	if strings.Contains(diff, "--- /dev/null") {
		return // the role is elsewhere
	}
	if diff, notes, _ := runCheck(c.flags...); diff != "" {
		t.Errorf("there is more to fix after the fix:\n%s\n%s", diff, notes)
	}
}

// isSubsequence reports whether all bytes of a text are in another, in their order.
func isSubsequence(text, in string) bool {
	for i := range len(text) {
		at := strings.IndexByte(in, text[i])
		if at < 0 {
			return false
		}
		in = in[at+1:]
	}
	return true
}
