// Package page builds the page of cmd/execrole-page, and tests it under Node and in Chromium.
package page

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/execrole/execrole/cmd/execrole-page/page"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// TestPage builds the page once for all tests of it.
func TestPage(t *testing.T) {
	node := tool.Require(t, "node", "https://nodejs.org")
	tool.Require(t, "xz", "apt-get install xz-utils")
	root := golden.Root(t)
	source := filepath.Join(root, "cmd", "execrole-page")
	web := tool.NodeModules(t, filepath.Join(source, "web"))
	for _, name := range []string{"src", "test"} {
		if err := os.CopyFS(filepath.Join(web, name), os.DirFS(filepath.Join(source, "web", name))); err != nil {
			t.Fatal(err)
		}
	}
	build, err := os.ReadFile(filepath.Join(source, "web", "build.mjs"))
	if err == nil {
		err = os.WriteFile(filepath.Join(web, "build.mjs"), build, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "page")
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "build.mjs", "--fast", folder)
	cmd.Dir, cmd.Env = web, append(os.Environ(), "EXECROLE_PAGE="+source)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the page is not built: %v\n%s", err, out)
	}
	packed, err := filepath.Glob(filepath.Join(folder, "core-*.wasm.xz"))
	if err != nil || len(packed) != 1 {
		t.Fatalf("the cores are %q: %v", packed, err)
	}
	if info, err := os.Stat(packed[0]); err != nil || info.Size() > maxFastCore {
		t.Errorf("the core is larger than %d bytes: %v, %v", maxFastCore, info.Size(), err)
	}
	t.Run("core", func(t *testing.T) { t.Parallel(); core(t, node, web, folder) })
	t.Run("browser", func(t *testing.T) { t.Parallel(); browser(t, node, web, folder) })
}

// maxFastCore is how many bytes the core may have when it is packed with --fast. That is a fifth more than the core of a release,
// whose aim is 2.5 MB.
const maxFastCore = 3_100_000

// longest is how long a program of the test may take. It takes two minutes on a machine that is busy.
const longest = 8 * time.Minute

// core compares the core under Node with the same code of this test, byte by byte, for every golden case in every format and
// for all documents. The package of that code compares it with the command.
func core(t *testing.T, node, web, folder string) {
	var requests, want []string
	add := func(req page.Request) {
		data, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		requests, want = append(requests, string(data)), append(want, page.RunJSON(string(data)))
	}
	for _, c := range golden.Cases(t) {
		for _, format := range emit.Formats() {
			files := []page.File{{Name: "input.json", Text: string(c.Input())}}
			add(page.Request{Files: files, Options: c.Flags(), Format: format.Name})
			if !slices.Contains(c.Flags(), "--parameters") {
				add(page.Request{Files: files, Options: append([]string{"--parameters"}, c.Flags()...), Format: format.Name})
			}
		}
	}
	role := `{"Statement": {"Effect": "Allow", "Action": ["ecr:*", "ssm:GetParameters"], "Resource": "*"}}`
	for _, d := range golden.Documents(t) {
		var files []page.File
		for _, in := range d.Inputs {
			if in.Module == nil {
				files = append(files, page.File{Name: in.Name, Text: string(in.Source)})
				continue
			}
			err := fs.WalkDir(in.Module.FS, ".", func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := fs.ReadFile(in.Module.FS, name)
				files = append(files, page.File{Name: name, Text: string(text)})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, format := range emit.Formats() { // what is unknown is asked for: other parts of the templates
			add(page.Request{Files: files, Options: []string{"--parameters"}, Format: format.Name})
		}
		add(page.Request{Files: files})
		add(page.Request{Mode: page.Check, Files: files, Roles: []page.File{{Name: "role.json", Text: role}}})
	}
	task := []page.File{{Name: "task.json", Text: `{"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": "/a"}]}]}`}}
	messages, err := filepath.Glob(filepath.Join(golden.Root(t), "testdata", "diagnose", "*.txtar"))
	if err != nil || len(messages) == 0 {
		t.Fatalf("there are no messages: %v", err)
	}
	for _, path := range messages {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			_, text, _ := strings.Cut(string(f.Data), "\n\n") // what is expected comes first
			add(page.Request{Mode: page.Diagnose, Message: text, Files: task, Roles: []page.File{{Name: "role.json", Text: role}}})
		}
	}
	for _, name := range []string{"main.tf", "template.yaml"} {
		text, err := os.ReadFile(filepath.Join(web, "src", "examples", name))
		if err != nil {
			t.Fatal(err)
		}
		add(page.Request{Files: []page.File{{Name: name, Text: string(text)}}, Format: "terraform"})
	}
	file := filepath.Join(t.TempDir(), "requests")
	if err := os.WriteFile(file, []byte(strings.Join(requests, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "test/core.mjs", folder, filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js"), file)
	cmd.Dir = web
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(got) != len(want) || len(got) < 2000 {
		t.Fatalf("%d answers to %d requests\n%s", len(got), len(want), stderr.Bytes())
	}
	for i := range want {
		if got[i] != want[i] {
			at := 0 // where they begin to differ
			for at < min(len(got[i]), len(want[i])) && got[i][at] == want[i][at] {
				at++
			}
			t.Errorf("request %s\nanswer of the core …%.200s\nwant …%.200s", requests[i], got[i][max(0, at-60):], want[i][max(0, at-60):])
		}
	}
}

// browser runs the tests of the page in Chromium.
func browser(t *testing.T, node, web, folder string) {
	chromium := tool.Require(t, "chromium", "apt-get install chromium")
	command := filepath.Join(t.TempDir(), "execrole")
	if out, err := exec.Command("go", "build", "-o", command, "github.com/execrole/execrole/cmd/execrole").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "test/browser.mjs", folder, command)
	cmd.Dir, cmd.Env = web, append(os.Environ(), "CHROMIUM="+chromium)
	out, err := cmd.CombinedOutput()
	passed := 0
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ok ") {
			passed++
		}
	}
	if err != nil || passed < 17 {
		t.Errorf("%d tests passed; %v\n%s", passed, err, out)
		return
	}
	t.Logf("%s", out)
}
