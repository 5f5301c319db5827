package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
)

const taskSource = "resource \"aws_ecs_task_definition\" \"a\" {\n  container_definitions = file(\"${path.module}/task.json\")\n}\n"

// TestModules: which modules and files are inputs. A module that another calls is read with its caller.
func TestModules(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		args  []string
		want  string
	}{
		"one module":            {map[string]string{"i/main.tf": taskSource, "i/task.json": "[]"}, []string{"i"}, "i"},
		"with a slash":          {map[string]string{"i/main.tf": taskSource}, []string{"i/"}, "i"},
		"a file of it":          {map[string]string{"i/a.tf": "", "i/b.tf": ""}, []string{"i/a.tf"}, "i/a.tf"},
		"a pattern":             {map[string]string{"i/a.tf": "", "i/b.tf": ""}, []string{"i/*.tf"}, "i/a.tf i/b.tf several"},
		"called":                {map[string]string{"i/main.tf": "module \"m\" {\n  source = \"./m\"\n}", "i/m/main.tf": taskSource, "i/m/task.json": "[]"}, []string{"i"}, "i"},
		"two roots":             {map[string]string{"e/dev/main.tf": "module \"m\" {\n  source = \"../../m\"\n}", "e/prod/main.tf": "module \"m\" {\n  source = \"../../m\"\n}", "m/main.tf": ""}, []string{"."}, "e/dev e/prod several"},
		"a circle":              {map[string]string{"a/main.tf": "module \"m\" {\n  source = \"../b\"\n}", "b/main.tf": "module \"m\" {\n  source = \"../a\"\n}"}, []string{"."}, "a several"},
		"other files":           {map[string]string{"i/main.tf": taskSource, "i/other.json": "{}", "i/t.tpl": "", "x.yaml": ""}, []string{"."}, "i i/other.json x.yaml several"},
		"backups":               {map[string]string{"i/.main.tf": "", "i/#main.tf": "", "i/main.tf~": ""}, []string{"i"}, "i/#main.tf i/.main.tf i/main.tf~ several"},
		"terraform's own files": {map[string]string{".terraform/m/main.tf": taskSource, "main.tf": ""}, []string{"."}, "."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			writeFiles(t, ".", c.files)
			found, err := findSources(c.args)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range found.list {
				got = append(got, filepath.ToSlash(filepath.Clean(s.path)))
			}
			if found.several {
				got = append(got, "several")
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("inputs %q, want %q", got, c.want)
			}
		})
	}
}

// TestModuleFiles: links within the folder are followed, and those that lead out of it are not. In a repository, modules
// outside of the folder are read.
func TestModuleFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	const task = `[{"name": "a", "image": "nginx"}]`
	writeFiles(t, ".", map[string]string{
		"secret.json": task, "in/shared/main.tf": taskSource, "in/shared/task.json": task, "out/main.tf": taskSource,
		"env/prod/main.tf": "module \"m\" {\n  source = \"../../m\"\n}\n", "m/main.tf": taskSource, "m/task.json": task,
	})
	for from, to := range map[string]string{"in/main.tf": "shared/main.tf", "in/task.json": "shared/task.json", "out/task.json": "../secret.json"} {
		if err := os.Symlink(to, from); err != nil {
			t.Skip(err)
		}
	}
	read := func(folder string) []string {
		s := &source{path: folder, name: folder, module: &module{folder: folder, within: folder}}
		_, plans, err := s.readModule(analyze.NewAnalysis(analyze.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		var messages []string
		for _, plan := range plans {
			for _, f := range plan.Findings {
				if f.Severity != analyze.Note {
					messages = append(messages, f.String())
				}
			}
		}
		return messages
	}
	if got := read("in"); got != nil {
		t.Errorf("links within the folder: %q", got)
	}
	if got := read("out"); len(got) != 1 || !strings.Contains(got[0], "out/main.tf:2:27: error: file: cannot read out/task.json: ") {
		t.Errorf("a link out of the folder: %q", got)
	}
	outside := func(s string) bool { return strings.Contains(s, "pass a folder that has both modules in it") }
	if got := read("env/prod"); !slices.ContainsFunc(got, outside) {
		t.Errorf("a module outside of the folder: %q", got)
	}
	if err := os.Mkdir(".git", 0o777); err != nil {
		t.Fatal(err)
	}
	if got := read("env/prod"); got != nil {
		t.Errorf("a module of the same repository: %q", got)
	}
}
