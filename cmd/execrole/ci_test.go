package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// readYAML reads a YAML file of the project's root.
func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// committed makes a folder with a task definition, and with the role that execrole writes for it.
func committed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const task = `{"family": "web", "containerDefinitions": [{"name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1"}]}`
	if err := os.WriteFile(filepath.Join(dir, "task definition.json"), []byte(task), 0o666); err != nil {
		t.Fatal(err)
	}
	c := command{Stdin: strings.NewReader(""), Stdout: os.Stdout, Stderr: os.Stderr, Getenv: func(string) string { return "" }}
	if status := c.run([]string{"-o", filepath.Join(dir, "role.yaml"), filepath.Join(dir, "task definition.json")}); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	return dir
}

// TestPreCommitHook runs the hook's entry as pre-commit does: a program on PATH, with the arguments of the
// configuration in docs/ci.md behind it.
func TestPreCommitHook(t *testing.T) {
	var hooks []struct {
		ID, Entry, Language string
		PassFilenames       *bool `yaml:"pass_filenames"`
	}
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	if len(hooks) != 2 || hooks[0].ID != "execrole-diff" || hooks[1].ID != "execrole-check" {
		t.Fatalf("hooks: %+v", hooks)
	}
	for _, h := range hooks {
		if h.Language != "golang" || h.PassFilenames == nil || *h.PassFilenames {
			t.Errorf("the hook %+v", h)
		}
	}
	var config struct {
		Repos []struct {
			Hooks []struct {
				ID   string
				Args []string
			}
		}
	}
	blocks := fences(documents(t)["docs/ci.md"], "yaml")
	if err := yaml.Unmarshal([]byte(blocks[0]), &config); err != nil {
		t.Fatal(err)
	}
	used := config.Repos[0].Hooks
	if len(used) != 2 || used[0].ID != hooks[0].ID || used[1].ID != hooks[1].ID {
		t.Fatalf("docs/ci.md uses the hooks %+v", used)
	}
	dir := committed(t)
	t.Chdir(dir)
	if err := os.Rename("task definition.json", "task-definition.json"); err != nil {
		t.Fatal(err)
	}
	run := func(i int) int {
		words := append(strings.Fields(hooks[i].Entry), used[i].Args...)
		if words[0] != "execrole" {
			t.Fatalf("the hook runs %q", words[0])
		}
		var out strings.Builder
		c := command{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }}
		return c.run(words[1:])
	}
	// The header names the file.
	if status := run(0); status != statusNo {
		t.Errorf("a renamed task definition: exit status %d, want 1", status)
	}
	role, err := os.ReadFile("role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	role = []byte(strings.Replace(string(role), `"task definition.json"`, "task-definition.json", 1))
	role = []byte(strings.Replace(string(role), "task definition.json", "task-definition.json", 1))
	if err := os.WriteFile("role.yaml", role, 0o666); err != nil {
		t.Fatal(err)
	}
	if status := run(0); status != statusDone {
		t.Errorf("the role as it is written: exit status %d", status)
	}
	for _, tt := range []struct {
		actions string
		want    int
	}{{`"*"`, statusDone}, {`"logs:*"`, statusNo}} {
		if err := os.WriteFile("role.json", []byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": `+tt.actions+`, "Resource": "*"}]}`), 0o666); err != nil {
			t.Fatal(err)
		}
		if status := run(1); status != tt.want {
			t.Errorf("a role with %s: exit status %d, want %d", tt.actions, status, tt.want)
		}
	}
}

// TestAction runs the steps of the action in a shell, with the environment that a runner gives them.
func TestAction(t *testing.T) {
	bash, err := exec.LookPath("bash")
	switch {
	case err == nil && runtime.GOOS != "windows":
	case os.Getenv("EXECROLE_TOOLS") == "required":
		t.Fatal("bash is missing, and EXECROLE_TOOLS=required")
	default:
		t.Skip("the action's steps are for bash")
	}
	var action struct {
		Runs struct {
			Using string
			Steps []struct {
				Uses, Shell, Run string
				Env              map[string]string
			}
		}
	}
	readYAML(t, "action.yml", &action)
	project, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir, temp := committed(t), t.TempDir()
	summary := filepath.Join(temp, "summary.md")
	run := func(command, args string) (last string, err error) {
		for _, step := range action.Runs.Steps {
			if step.Uses != "" {
				continue // sets up Go, which this test has
			}
			cmd := exec.Command(bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+project, "RUNNER_TEMP="+temp, "GITHUB_STEP_SUMMARY="+summary)
			for name, value := range step.Env {
				given, ok := map[string]string{"${{ inputs.args }}": args, "${{ inputs.command }}": command}[value]
				if !ok {
					t.Fatalf("the step's variable %s has the value %q", name, value)
				}
				cmd.Env = append(cmd.Env, name+"="+given)
			}
			out, err := cmd.CombinedOutput()
			if last += string(out); err != nil {
				return last, err
			}
		}
		return last, nil
	}
	if action.Runs.Using != "composite" || len(action.Runs.Steps) != 3 {
		t.Fatalf("the action: %+v", action)
	}
	if out, err := run("diff", "--strict\n-o\nrole.yaml\ntask definition.json\n"); err != nil {
		t.Errorf("the role as it is written: %v\n%s", err, out)
	}
	out, err := run("diff", "--called-only\n-o\nrole.yaml\ntask definition.json\n")
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != statusNo || !strings.Contains(out, "\n-") {
		t.Errorf("another role: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "role.json"), []byte(`{"Version": "2012-10-17", "Statement": []}`), 0o666); err != nil {
		t.Fatal(err)
	}
	out, err = run("check", "--role\nrole.json\ntask definition.json\n")
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != statusNo || !strings.Contains(out, "::error file=task definition.json,line=1,col=") {
		t.Errorf("a role that allows nothing: %v\n%s", err, out)
	}
	if text, err := os.ReadFile(summary); err != nil || !strings.HasPrefix(string(text), "# Task execution role\n") || !strings.Contains(string(text), "The role does not fit") {
		t.Errorf("the summary: %v\n%s", err, text)
	}
	if out, err := run("chekc", "x"); err == nil || !strings.Contains(out, "::error::") {
		t.Errorf("a command that does not exist: %v\n%s", err, out)
	}
}

// TestReleases: the binaries of a release are static, tell no folder of the machine that built them, and are for
// every system that go vet looks at in .ci/run, which also has goreleaser check the file.
func TestReleases(t *testing.T) {
	var config struct {
		Builds []struct {
			Main         string
			Env, Flags   []string
			Goos, Goarch []string
		}
	}
	readYAML(t, ".goreleaser.yaml", &config)
	if len(config.Builds) != 1 {
		t.Fatalf("%d builds", len(config.Builds))
	}
	b := config.Builds[0]
	if b.Main != "./cmd/execrole" || !slices.Contains(b.Env, "CGO_ENABLED=0") || !slices.Contains(b.Flags, "-trimpath") {
		t.Errorf("build %+v", b)
	}
	script, err := os.ReadFile(filepath.Join(root, ".ci/run"))
	if err != nil {
		t.Fatal(err)
	}
	vetted := regexp.MustCompile(`for os in ([a-z ]+); do`).FindSubmatch(script)
	if vetted == nil {
		t.Fatal(".ci/run vets no system")
	}
	if want := strings.Fields(string(vetted[1])); !slices.Equal(sortedStrings(want), sortedStrings(b.Goos)) {
		t.Errorf("releases are for %v, and .ci/run vets %v", b.Goos, want)
	}
	// A static binary of the system at hand, with the flags of the file.
	if !slices.Contains(b.Goos, runtime.GOOS) {
		return
	}
	binary := filepath.Join(t.TempDir(), "execrole.exe")
	build := exec.Command("go", slices.Concat([]string{"build", "-C", root, "-o", binary}, b.Flags, []string{"-buildvcs=false", b.Main})...)
	build.Env = append(os.Environ(), b.Env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(here)) {
		t.Errorf("the binary names the folder %s", here)
	}
	if f, err := elf.Open(binary); err == nil {
		defer f.Close()
		if libraries, _ := f.ImportedLibraries(); len(libraries) > 0 {
			t.Errorf("the binary needs %v", libraries)
		}
	}
}

func sortedStrings(list []string) []string {
	return slices.Sorted(slices.Values(list))
}
