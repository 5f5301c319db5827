package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"maps"
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

// action is what action.yml has, as far as the test runs it.
type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct {
		Using string
		Steps []struct {
			Name, If, Uses, Shell, Run string
			Env                        map[string]string
		}
	}
}

// run runs the steps of the action in a shell, with the environment that a runner gives them, and returns what they print.
func (a *action) run(t *testing.T, bash, dir, temp string, inputs map[string]string, env ...string) (printed string, err error) {
	t.Helper()
	project, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	value := func(expression string) string {
		name, isInput := strings.CutPrefix(expression, "inputs.")
		given, ok := inputs[name]
		switch {
		case expression == "github.action_ref":
			return inputs["ref"]
		case !isInput:
			t.Fatalf("the action has the expression %s", expression)
		case !ok:
			return a.Inputs[name].Default
		}
		return given
	}
	builds := value("inputs.build") == "true"
	for _, step := range a.Runs.Steps {
		switch {
		case step.If == "inputs.build == 'true'" && !builds, step.If == "inputs.build != 'true'" && builds:
			continue
		case step.If != "" && !strings.HasPrefix(step.If, "inputs.build "):
			t.Fatalf("the step %q has the condition %q", step.Name, step.If)
		case step.Uses != "":
			continue // sets up Go, which this test has
		}
		cmd := exec.Command(bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+project, "RUNNER_TEMP="+temp, "GITHUB_STEP_SUMMARY="+filepath.Join(temp, "summary.md"),
			"RUNNER_OS=Linux", "RUNNER_ARCH=X64")
		cmd.Env = append(cmd.Env, env...)
		for name, text := range step.Env {
			cmd.Env = append(cmd.Env, name+"="+value(strings.TrimSuffix(strings.TrimPrefix(text, "${{ "), " }}")))
		}
		out, err := cmd.CombinedOutput()
		if printed += string(out); err != nil {
			return printed, err
		}
	}
	return printed, nil
}

// readAction returns the action, and the shell for its steps.
func readAction(t *testing.T) (a *action, bash string) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	switch {
	case err == nil && runtime.GOOS != "windows":
	case os.Getenv("EXECROLE_TOOLS") == "required":
		t.Fatal("bash is missing, and EXECROLE_TOOLS=required")
	default:
		t.Skip("the action's steps are for bash")
	}
	a = new(action)
	if readYAML(t, "action.yml", a); a.Runs.Using != "composite" {
		t.Fatalf("the action: %+v", a)
	}
	return a, bash
}

// stepsOf returns what a workflow, or a part of one, gives the steps that use an action.
func stepsOf(workflow any, action string) (list []map[string]any) {
	switch value := workflow.(type) {
	case []any:
		for _, one := range value {
			list = append(list, stepsOf(one, action)...)
		}
	case map[string]any:
		if uses, _ := value["uses"].(string); strings.HasPrefix(uses, action) {
			with, _ := value["with"].(map[string]any)
			list = append(list, with)
		}
		for _, one := range value {
			list = append(list, stepsOf(one, action)...)
		}
	}
	return list
}

// TestAction runs the action's commands, with execrole built from source.
func TestAction(t *testing.T) {
	a, bash := readAction(t)
	uses := 0
	for _, block := range fences(documents(t)["docs/ci.md"], "yaml") {
		var workflow any
		if err := yaml.Unmarshal([]byte(block), &workflow); err != nil {
			t.Fatalf("docs/ci.md: %v\n%s", err, block)
		}
		for _, with := range stepsOf(workflow, "execrole/execrole@") {
			uses++
			for name := range with {
				if _, ok := a.Inputs[name]; !ok {
					t.Errorf("docs/ci.md gives the action the input %s, which it does not have", name)
				}
			}
		}
	}
	if uses < 3 {
		t.Errorf("docs/ci.md uses the action %d times", uses)
	}
	dir, temp := committed(t), t.TempDir()
	run := func(command, args string) (string, error) {
		return a.run(t, bash, dir, temp, map[string]string{"build": "true", "command": command, "args": args})
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
	if text, err := os.ReadFile(filepath.Join(temp, "summary.md")); err != nil || !strings.HasPrefix(string(text), "# Task execution role\n") || !strings.Contains(string(text), "The role does not fit") {
		t.Errorf("the summary: %v\n%s", err, text)
	}
	if out, err := run("chekc", "x"); err == nil || !strings.Contains(out, "::error::") {
		t.Errorf("a command that does not exist: %v\n%s", err, out)
	}
}

// release makes a folder with releases, as GitHub has them: the newest, and v1.2.3. In each of them, execrole prints its name.
func release(t *testing.T) string {
	t.Helper()
	releases := t.TempDir()
	for _, folder := range []string{"latest/download", "download/v1.2.3"} {
		dir := filepath.Join(releases, filepath.FromSlash(folder))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		var sums strings.Builder
		for _, platform := range []string{"linux_amd64", "linux_arm64", "darwin_arm64"} {
			var data bytes.Buffer
			packed := gzip.NewWriter(&data)
			archive := tar.NewWriter(packed)
			script := "#!/bin/sh\necho " + folder + " " + platform + " \"$@\"\n"
			if err := archive.WriteHeader(&tar.Header{Name: "execrole", Mode: 0o755, Size: int64(len(script))}); err != nil {
				t.Fatal(err)
			}
			if _, err := archive.Write([]byte(script)); err != nil {
				t.Fatal(err)
			}
			archive.Close()
			packed.Close()
			name := "execrole_" + platform + ".tar.gz"
			if err := os.WriteFile(filepath.Join(dir, name), data.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			if platform != "linux_arm64" {
				fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data.Bytes()), name)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "checksums.txt"), []byte(sums.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return releases
}

// TestActionDownloads: without being told to build, the action downloads the release for its platform, and runs it only if its
// checksum is the release's.
func TestActionDownloads(t *testing.T) {
	a, bash := readAction(t)
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("EXECROLE_TOOLS") == "required" {
			t.Fatal("curl is missing, and EXECROLE_TOOLS=required")
		}
		t.Skip("curl is missing")
	}
	releases := release(t)
	broken := release(t)
	if err := os.WriteFile(filepath.Join(broken, "latest", "download", "execrole_linux_amd64.tar.gz"), []byte("something else"), 0o666); err != nil {
		t.Fatal(err)
	}
	ours, arm, mac := "RUNNER_OS=Linux", "RUNNER_ARCH=ARM64", "RUNNER_OS=macOS"
	for _, tt := range []struct {
		name, releases string
		inputs         map[string]string
		env            []string
		want           string // what is printed; begins with "::error::" if the action fails
	}{
		{"newest", releases, nil, nil, "latest/download linux_amd64 diff -o role.yaml task.json"},
		{"other platform", releases, nil, []string{mac, arm}, "latest/download darwin_arm64 diff "},
		{"a branch", releases, map[string]string{"ref": "main"}, nil, "latest/download linux_amd64 diff "},
		{"the action's tag", releases, map[string]string{"ref": "v1.2.3"}, nil, "download/v1.2.3 linux_amd64 diff "},
		{"version", releases, map[string]string{"ref": "v9.9.9", "version": "v1.2.3"}, nil, "download/v1.2.3 linux_amd64 diff "},
		{"no such version", releases, map[string]string{"version": "v9.9.9"}, nil, "::error::execrole: cannot download file://" + releases + "/download/v9.9.9/execrole_linux_amd64.tar.gz; with build: true"},
		{"no version", releases, map[string]string{"version": "../../x"}, nil, "::error::execrole: the version ../../x is not"},
		{"wrong checksum", broken, nil, nil, "::error::execrole: execrole_linux_amd64.tar.gz is not what the release has"},
		{"no checksum", releases, nil, []string{ours, arm}, "::error::execrole: checksums.txt of the release does not have execrole_linux_arm64.tar.gz"},
		{"no such system", releases, nil, []string{"RUNNER_OS=Plan9"}, "::error::execrole: there is no release for Plan9"},
		{"no such processor", releases, nil, []string{"RUNNER_ARCH=X86"}, "::error::execrole: there is no release for X86"},
	} {
		inputs := map[string]string{"args": "-o\nrole.yaml\ntask.json\n", "releases": "file://" + tt.releases}
		maps.Copy(inputs, tt.inputs)
		out, err := a.run(t, bash, t.TempDir(), t.TempDir(), inputs, tt.env...)
		failed := strings.HasPrefix(tt.want, "::error::")
		if exit, ok := err.(*exec.ExitError); !strings.Contains(out, tt.want) || failed != ok || ok && exit.ExitCode() != 2 {
			t.Errorf("%s: %v\n%s\nwant %s", tt.name, err, out, tt.want)
		}
		if failed && strings.Contains(out, "diff -o") {
			t.Errorf("%s: it was run\n%s", tt.name, out)
		}
	}
}

// TestReleases: the binaries of a release are static and small, tell no folder of the machine that built them, and are for
// every system that go vet looks at in .ci/run, which also has goreleaser check the file.
func TestReleases(t *testing.T) {
	var config struct {
		Builds []struct {
			Main         string
			Env, Flags   []string
			Ldflags      []string
			Goos, Goarch []string
		}
	}
	readYAML(t, ".goreleaser.yaml", &config)
	type source struct{ Src string }
	var names struct {
		Archives []struct {
			NameTemplate string `yaml:"name_template"`
			Files        []source
		}
		NFPMs []struct{ Contents []source }
	}
	readYAML(t, ".goreleaser.yaml", &names)
	if name := names.Archives[0].NameTemplate; name != "execrole_{{ .Os }}_{{ .Arch }}" { // action.yml makes the same
		t.Errorf("the archives have the name %s", name)
	}
	for _, file := range slices.Concat(names.Archives[0].Files, names.Archives[1].Files, names.NFPMs[0].Contents) {
		if found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(file.Src))); err != nil || len(found) == 0 {
			t.Errorf("releases contain %s, and there is no such file", file.Src)
		}
	}
	if len(config.Builds) != 2 || config.Builds[1].Main != "./cmd/execrole-mcp" {
		t.Fatalf("the builds %+v", config.Builds)
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
	build := exec.Command("go", slices.Concat([]string{"build", "-C", root, "-o", binary}, b.Flags, []string{"-buildvcs=false", "-ldflags", strings.Join(b.Ldflags, " "), b.Main})...)
	build.Env = append(os.Environ(), b.Env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if limit := 15_000_000; len(data) > limit {
		t.Errorf("the binary has %d bytes, and the limit is %d", len(data), limit)
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
