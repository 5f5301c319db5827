package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeFiles makes files in a folder: names with slashes, and contents.
func writeFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMatches: patterns mean what a shell makes of them, and ** is any number of folders.
func TestMatches(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFiles(t, ".", map[string]string{"a.json": "", "b.yaml": "", ".hidden.json": "", "x/a.json": "", "x/y/c.json": "", ".git/d.json": "", "x/.z/e.json": "", "node_modules/f.json": "", "x/[1].json": ""})
	for pattern, want := range map[string]string{
		"*.json": "a.json", "?.*": "a.json b.yaml", ".*.json": ".hidden.json", "*/a.json": "x/a.json", "[!a].yaml": "", "[^a].yaml": "b.yaml",
		"**/*.json": "a.json x/[1].json x/a.json x/y/c.json", "x/**": "x/[1].json x/a.json x/y x/y/c.json", "**/c.json": "x/y/c.json", "x/*": "x/[1].json x/a.json x/y",
		".*/d.json": ".git/d.json", "*/": "node_modules x", "none/*": "", "x/\\[1].json": "x/[1].json", "./x/a*": "x/a.json",
	} {
		if os.PathSeparator != '/' && strings.Contains(pattern, "\\") {
			continue // Windows has no escapes in patterns
		}
		list, err := matches(pattern)
		for i := range list {
			list[i] = filepath.ToSlash(list[i])
		}
		if got := strings.Join(list, " "); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", pattern, got, err, want)
		}
	}
	if _, err := matches("[.json"); err == nil {
		t.Error("a malformed pattern fits")
	}
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	if list, err := matches(filepath.Join(folder, "*.json")); err != nil || len(list) != 1 || !filepath.IsAbs(list[0]) {
		t.Errorf("an absolute pattern: %q, %v", list, err)
	}
}

// TestOrderOfInputs: neither the order of the arguments nor that in which files were made changes anything that is written.
func TestOrderOfInputs(t *testing.T) {
	const random = 7
	rng := rand.New(rand.NewPCG(random, random))
	task := func(family, more string) string {
		return `{"family": "` + family + `", "containerDefinitions": [{"name": "app", "image": "nginx", "secert": 1, "secrets": [{"name": "A", "valueFrom": "/` + family + `"}` + more + `]}]}`
	}
	files := map[string]string{
		"in/web.json": task("web", ""), "in/old/web.json": task("web", `, {"name": "B", "valueFrom": "/b"}`), "in/worker.json": task("worker", ""),
		"more/api.json": task("api", ""), "more/broken.json": task("broken", `, {"name": "B", "valueFrom": "<X>"}`), "more/notes.txt": "image",
		"two.json": task("two", "") + task("one", ""),
	}
	for _, flags := range [][]string{{"-v"}, {"-v", "-o", "out/"}, {"-v", "--shared-role", "-o", "out/"}, {"explain"}, {"explain", "-f", "json", "--shared-role"}, {"-v", "-f", "json", "--account", "111122223333", "--region", "us-east-1", "-o", "out/"}} {
		var first map[string]string
		for run := range 4 {
			t.Chdir(t.TempDir())
			names := make([]string, 0, len(files))
			for name := range files {
				names = append(names, name)
			}
			slices.Sort(names)
			rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			for _, name := range names {
				writeFiles(t, ".", map[string]string{name: files[name]})
			}
			args := []string{"in", "more", "two.json", "in/worker.json"}
			rng.Shuffle(len(args), func(i, j int) { args[i], args[j] = args[j], args[i] })
			var stdout, stderr bytes.Buffer
			c := command{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
			c.run(append(slices.Clone(flags), args...))
			got := map[string]string{"stdout": stdout.String(), "stderr": stderr.String()}
			if _, err := os.Stat("out"); err == nil {
				for name, text := range folderTree(t, "out") {
					got[name] = text
				}
			}
			if run == 0 {
				first = got
			} else if diff := cmp.Diff(first, got); diff != "" {
				t.Errorf("%q %q: %s", flags, args, diff)
			}
		}
		if len(first["stdout"])+len(first["stderr"]) == 0 {
			t.Errorf("%q printed nothing", flags)
		}
	}
}

// TestLater: files of which not all are kept are written all the same, and so are their findings.
func TestLater(t *testing.T) {
	t.Chdir(t.TempDir())
	files := map[string]string{}
	for _, family := range []string{"a", "b", "c"} {
		files["in/"+family+".json"] = `{"family": "` + family + `", "containerDefinitions": [{"name": "app", "image": "nginx", "secert": 1, "secrets": [{"name": "A", "valueFrom": "/` + family + `"}]}]}`
	}
	writeFiles(t, ".", files)
	run := func(explains bool, out string, kept int64) (stdout, stderr string) {
		var o, e bytes.Buffer
		c := &command{Stdin: strings.NewReader(""), Stdout: &o, Stderr: &e, Getenv: func(string) string { return "" }}
		r := new(request)
		s, defined, makeOutput := generateCommand(), r.roleFlags, r.makeRole
		if explains {
			s, defined = explainCommand(), r.explainFlags
			makeOutput = func(t *task) output { return c.makeExplanation(r, t, false) }
		}
		in := &invocation{subcommand: s, args: []string{"in"}}
		in.flags = newFlags(&subcommand{name: s.name, formats: s.formats, flags: defined})
		if err := in.flags.Parse([]string{"-o", out}); err != nil {
			t.Fatal(err)
		}
		if err := r.complete(in); err != nil {
			t.Fatal(err)
		}
		found, err := findSources(r.files)
		if err != nil {
			t.Fatal(err)
		}
		r.several = true
		b := newBatch(c, r, makeOutput, found, r.options)
		b.kept.Store(kept)
		if err := b.run(nil); err != nil {
			t.Fatal(err)
		}
		return o.String(), strings.ReplaceAll(e.String(), out, "OUT")
	}
	explained, _ := run(true, "-", 0)
	explainedLater, _ := run(true, "-", keptBytes+1)
	if diff := cmp.Diff(explained, explainedLater); diff != "" || strings.Count(explained, "Task execution role of") != 3 {
		t.Errorf("%s: %s", explained, diff)
	}
	for i, want := range []string{"wrote", "unchanged"} {
		if _, said := run(true, "all.txt", int64(i)*(keptBytes+1)); !strings.Contains(said, want+" OUT\n") {
			t.Errorf("%q, want %s", said, want)
		}
	}
	if data, err := os.ReadFile("all.txt"); err != nil || string(data) != explained {
		t.Errorf("%v: the file is not what is printed:\n%s", err, data)
	}
	_, said := run(false, "kept/", 0)
	_, saidLater := run(false, "later/", keptBytes+1)
	if diff := cmp.Diff(said, saidLater); diff != "" || !strings.Contains(said, "secert") {
		t.Error(diff)
	}
	kept, later := folderTree(t, "kept"), folderTree(t, "later")
	if diff := cmp.Diff(kept, later); diff != "" || len(kept) != 6 {
		t.Errorf("%d files; %s", len(kept), diff)
	}
}

// TestTooManyRoles: a template has room for 100 roles.
func TestTooManyRoles(t *testing.T) {
	t.Chdir(t.TempDir())
	var lines strings.Builder
	for n := range 101 {
		fmt.Fprintf(&lines, `{"family": "f%d", "containerDefinitions": [{"name": "app", "image": "nginx"}]}`+"\n", n)
		if n < 99 {
			continue
		}
		if err := os.WriteFile("all.json", []byte(lines.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		c := command{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
		status := c.run([]string{"all.json"})
		tooMany := "execrole: format cloudformation: a file has at most 100 roles, and there are 101: use -o DIR/, which writes a file for each\n"
		if wrong := n == 100; (status == statusFailed) != wrong || strings.Contains(stderr.String(), tooMany) != wrong || (stdout.Len() == 0) != wrong {
			t.Errorf("%d: status %d: %s", n+1, status, stderr.String())
		}
	}
}

// closedPipe is a pipe that nobody reads.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// TestClosedPipe: a run of which nobody reads the output ends without a message, also with several inputs.
func TestClosedPipe(t *testing.T) {
	t.Chdir(root)
	for _, args := range [][]string{{"docs/worker.json"}, {"docs/worker.json", "testdata/web.json"}, {"explain", "docs/worker.json", "testdata/web.json"}, {"diff", "-o", t.TempDir(), "docs/worker.json", "testdata/web.json"}} {
		var stderr bytes.Buffer
		c := command{Stdin: strings.NewReader(""), Stdout: closedPipe{}, Stderr: &stderr, Getenv: func(string) string { return "" }}
		if status := c.run(append(args, "-q")); status != statusFailed || stderr.Len() > 0 {
			t.Errorf("%q: status %d, and it says %q", args, status, stderr.String())
		}
	}
}
