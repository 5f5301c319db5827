package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/pflag"
)

const root = "../.."

// documents returns the texts for users by their names from the project's root, with slashes.
func documents(t *testing.T) map[string]string {
	t.Helper()
	readmes, err := filepath.Glob(filepath.Join(root, "README*.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"CHANGELOG.md"}
	for _, name := range readmes {
		names = append(names, filepath.Base(name))
	}
	err = filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	return texts
}

// fences returns the code blocks of a language.
func fences(text, language string) []string {
	var blocks []string
	for _, part := range strings.Split("\n"+text, "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut("\n"+part, "\n```")
		blocks = append(blocks, strings.TrimPrefix(block, "\n")+"\n")
	}
	return blocks
}

// TestMainJob keeps the commands in the README that everybody tries first. The short way to test needs no CDK.
func TestMainJob(t *testing.T) {
	readme := documents(t)["README.md"]
	for _, command := range []string{"go run ./cmd/execrole testdata/web.json", "go test ./analyze/... ./cmd/...", "go test ./..."} {
		if !regexp.MustCompile(`(?m)^(\$ )?` + regexp.QuoteMeta(command) + `$`).MatchString(readme) {
			t.Errorf("README.md does not show %q on a line of its own", command)
		}
	}
	list := exec.Command("go", "list", "-deps", "-test", "./analyze/...", "./cmd/...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(out)) {
		if strings.Contains(path, "aws-cdk-go") || strings.Contains(path, "jsii") {
			t.Errorf("go test ./analyze/... ./cmd/... downloads %s", path)
		}
	}
}

// TestFlagsInREADME keeps the table of flags complete.
func TestFlagsInREADME(t *testing.T) {
	readme := documents(t)["README.md"]
	for _, s := range subcommands() {
		newFlags(s).VisitAll(func(f *pflag.Flag) {
			readme := readme
			if slices.Contains(s.own, f.Name) {
				readme = documents(t)["docs/"+s.name+".md"]
			}
			if !regexp.MustCompile("(?m)^\\| .*`--" + regexp.QuoteMeta(f.Name) + "[ `]").MatchString(readme) {
				t.Errorf("README.md's table lacks --%s of %s", f.Name, s.name)
			}
		})
	}
	known := map[string]bool{}
	newFlags(generateCommand()).VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
	for _, m := range regexp.MustCompile("(?m)^\\| [^|]*`--([a-z-]+)").FindAllStringSubmatch(readme, -1) {
		if !known[m[1]] {
			t.Errorf("README.md's table has --%s, which the command does not have", m[1])
		}
	}
}

// TestGoCode keeps the Go code of the documentation equal to code of examples, which is compiled and run.
func TestGoCode(t *testing.T) {
	var sources strings.Builder
	for _, name := range []string{"emit/readme_test.go", "analyze/example_test.go", "analyze/sdk/example_test.go", "emit/cdkrole/example_test.go"} {
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		sources.WriteString(strings.ReplaceAll(string(source), "\r\n", "\n"))
	}
	found := 0
	for name, text := range documents(t) {
		for _, block := range fences(text, "go") {
			found++
			var indented strings.Builder
			for line := range strings.Lines(block) {
				if line != "\n" {
					indented.WriteByte('\t')
				}
				indented.WriteString(line)
			}
			if !strings.Contains(sources.String(), indented.String()) {
				t.Errorf("%s has code that no example has:\n%s", name, indented.String())
			}
		}
	}
	if found < 6 {
		t.Errorf("only %d blocks of Go were found", found)
	}
}

// TestExplainMembers keeps docs/explain.md complete: it names every member of the JSON, and no other.
func TestExplainMembers(t *testing.T) {
	text := documents(t)["docs/explain.md"]
	var docs []any
	// In another account, everything belongs to others.
	for _, flags := range [][]string{nil, {"--account", "444455556666"}} {
		var out bytes.Buffer
		c := command{Stdin: strings.NewReader(""), Stdout: &out, Stderr: os.Stderr, Getenv: func(string) string { return "" }}
		c.run(append([]string{"explain", "-f", "json", filepath.Join(root, "testdata", "web.json")}, flags...))
		var doc any
		if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
	}
	members := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, value := range v {
				members[name] = true
				if name != "policy" { // IAM's members
					walk(value)
				}
			}
		case []any:
			for _, value := range v {
				walk(value)
			}
		}
	}
	walk(docs)
	described := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Split(m[1], ", ") {
			described[strings.Trim(name, "`")] = true
		}
	}
	for name := range members {
		if !described[name] {
			t.Errorf("docs/explain.md does not describe %s", name)
		}
	}
	for name := range described {
		if !members[name] {
			t.Errorf("docs/explain.md describes %s, which the example does not have", name)
		}
	}
}

// TestNoMachine keeps the documentation free of places that only one machine has.
func TestNoMachine(t *testing.T) {
	for name, text := range documents(t) {
		for i, line := range strings.Split(text, "\n") {
			if m := regexp.MustCompile(`(?i)(^|[\s"'=(` + "`" + `])(/(home|root|tmp|work|usr|Users|opt|var|mnt)/|~/|[a-z]:\\)`).FindString(line); m != "" {
				t.Errorf("%s:%d names a place on a machine: %q", name, i+1, line)
			}
		}
	}
}

// TestLinks checks that files and headings that the documentation links to exist.
func TestLinks(t *testing.T) {
	texts := documents(t)
	for name, text := range texts {
		for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
			link, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if link.IsAbs() {
				continue
			}
			target := name
			if link.Path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), link.Path))
				if _, err := os.Stat(filepath.Join(root, target)); err != nil {
					t.Errorf("%s links to %s, which does not exist", name, m[1])
					continue
				}
			}
			if link.Fragment != "" && !slices.Contains(anchors(texts[target]), link.Fragment) {
				t.Errorf("%s links to %s, and there is no such heading", name, m[1])
			}
		}
	}
}

// anchors returns the names of the headings as GitHub makes them.
func anchors(text string) []string {
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		list = append(list, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return r
			}
			return -1
		}, strings.ToLower(m[1])))
	}
	return list
}
