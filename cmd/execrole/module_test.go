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
		"examples below it":     {map[string]string{"i/main.tf": taskSource, "i/examples/a/main.tf": "module \"m\" {\n  source = \"../..\"\n}", "i/examples/b/main.tf": "module \"m\" {\n  source = \"../a\"\n}", "i/other/main.tf": taskSource}, []string{"i"}, "i i/other several"},
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

// TestLinkedCallers: a link to a folder is not followed, so that a caller is found once. A link that leads out of the repository
// can have a caller that nobody reads.
func TestLinkedCallers(t *testing.T) {
	t.Chdir(t.TempDir())
	const call = "module \"m\" {\n  source = \"../m\"\n  from = \"arn:aws:ssm:eu-west-1:111122223333:parameter/a\"\n}\n"
	writeFiles(t, ".", map[string]string{
		"out.tf": call, "repository/.git/HEAD": "", "repository/a/main.tf": call,
		"repository/m/main.tf": "variable \"from\" {}\n" + strings.Replace(taskSource, "file(\"${path.module}/task.json\")",
			`jsonencode([{ name = "a", image = "nginx", secrets = [{ name = "A", valueFrom = var.from }] }])`, 1),
	})
	read := func() string {
		s := &source{path: "repository/m", name: "m", module: &module{folder: "repository/m", within: "repository/m"}}
		_, plans, err := s.readModule(analyze.NewAnalysis(analyze.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		var messages []string
		for _, f := range plans[0].Findings {
			messages = append(messages, f.String())
		}
		return strings.Join(messages, "\n")
	}
	for _, link := range []struct{ from, to string }{{"repository/b", "a"}, {"repository/c.tf", "nothing.tf"}, {"repository/d.tf", "a"}} {
		if err := os.Symlink(link.to, link.from); err != nil {
			t.Skip(err)
		}
	}
	if got := read(); !strings.Contains(got, "is the ARN of a parameter, as its callers say: repository/a/main.tf:3:10 [secrets]") {
		t.Errorf("links within the repository: %s", got)
	}
	if err := os.Symlink("../out.tf", "repository/e.tf"); err != nil {
		t.Fatal(err)
	}
	if got := read(); strings.Contains(got, "as its callers say") || !strings.Contains(got, "note: the repository has more than execrole looks at, or a part that cannot be read") {
		t.Errorf("a link out of the repository: %s", got)
	}
}
