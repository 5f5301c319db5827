package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/testdata/golden"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"execrole": main})
}

// TestScript runs the transcripts of testdata/script. In them, the condition [root] says that permissions
// of files do not bind; the commands of their own are explained below.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:       *golden.Update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(cond string) (bool, error) {
			return cond == "root" && os.Geteuid() == 0, nil
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("TERM", "xterm")
			// Otherwise every command waits for a second at its end when the race detector is on.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// mode FILE MODE fails unless the file has the mode, as ls prints it.
			"mode": func(ts *testscript.TestScript, neg bool, args []string) {
				info, err := os.Stat(ts.MkAbs(args[0]))
				ts.Check(err)
				if got := info.Mode().Perm().String(); (got == args[1]) == neg {
					ts.Fatalf("mode of %s is %s", args[0], got)
				}
			},
			// same A B fails unless both files were changed at the same time.
			"same": func(ts *testscript.TestScript, neg bool, args []string) {
				a, err := os.Stat(ts.MkAbs(args[0]))
				ts.Check(err)
				b, err := os.Stat(ts.MkAbs(args[1]))
				ts.Check(err)
				if a.ModTime().Equal(b.ModTime()) == neg {
					ts.Fatalf("%s was changed at %v, %s at %v", args[0], a.ModTime(), args[1], b.ModTime())
				}
			},
			// big FILE writes one byte more than is read.
			"big": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat(" ", tree.MaxSize+1)), 0o666))
			},
			// parameters N FILE writes a task definition with N parameters for secrets.
			"parameters": func(ts *testscript.TestScript, neg bool, args []string) {
				n, err := strconv.Atoi(args[0])
				ts.Check(err)
				var secrets []string
				for i := range n {
					secrets = append(secrets, fmt.Sprintf(`{"name": "S%d", "valueFrom": "/a/rather/long/path/of/parameters/%d"}`, i, i))
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[1]), fmt.Appendf(nil,
					`{"family": "many", "containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [%s]}]}`, strings.Join(secrets, ", ")), 0o666))
			},
			// only DIR NAME... fails unless the folder holds just these: no temporary files are left.
			"only": func(ts *testscript.TestScript, neg bool, args []string) {
				var names []string
				ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
					if err == nil && path != ts.MkAbs(args[0]) {
						names = append(names, d.Name())
					}
					return err
				}))
				if got, want := strings.Join(names, " "), strings.Join(args[1:], " "); (got == want) == neg {
					ts.Fatalf("%s holds %q", args[0], got)
				}
			},
		},
	})
}

// TestDependencies keeps what would make the command slow to build or to start, or let it reach the
// network, out of it. The SDK makes hundreds of schemas whenever a program starts. HCL's hclwrite brings go-cmp, which takes
// longer to initialize than everything else that the command does. Because of text/template, the linker keeps every exported
// method.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		switch {
		case path == "net/http", strings.HasPrefix(path, "github.com/aws/"), strings.Contains(path, "jsii"), path == "go/format", strings.Contains(path, "modelcontextprotocol"), strings.HasPrefix(path, "github.com/google/go-cmp"), path == "text/template":
			t.Errorf("the command depends on %s", path)
		}
	}
}

// TestInit keeps small what every run does before main begins: no package of the project compiles a regular expression
// then. One takes 5 kB and 40 thousand instructions, and a run takes 2.3 million in all.
func TestInit(t *testing.T) {
	const most = 23 << 10 // bytes, of which 19 kB are there today
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := regexp.MustCompile(`(?m)^init github\.com/execrole/\S+ @.* (\d+) bytes, \d+ allocs$`).FindAllStringSubmatch(string(out), -1)
	if len(lines) < 5 {
		t.Fatalf("the packages of the project are missing in\n%s", out)
	}
	total := 0
	for _, line := range lines {
		bytes, _ := strconv.Atoi(line[1])
		total += bytes
	}
	if total > most {
		t.Errorf("%d bytes are allocated when a program starts; make what few runs use where it is used:\n%s", total, slices.Concat(lines...))
	}
}

// TestHelpWidth keeps help readable in a terminal of the usual width.
func TestHelpWidth(t *testing.T) {
	helps := map[string]string{"": overview(subcommands())}
	for _, s := range subcommands() {
		helps[s.name] = s.help()
	}
	for name, text := range helps {
		for line := range strings.Lines(text) {
			if len(strings.TrimRight(line, "\n")) > 80 {
				t.Errorf("help %s: a line is longer than 80 columns: %q", name, line)
			}
		}
	}
}

// TestFlagGroups has each flag in one group of the help, and no other.
func TestFlagGroups(t *testing.T) {
	groups := map[string]int{}
	for _, g := range flagGroups {
		for _, name := range g.flags {
			groups[name]++
		}
	}
	for _, s := range subcommands() {
		for _, name := range flagNames(newFlags(s)) {
			if groups[name] != 1 && !slices.Contains(s.own, name) {
				t.Errorf("flagGroups has --%s of %s %d times", name, s.name, groups[name])
			}
		}
	}
	all := flagNames(newFlags(generateCommand()))
	for name := range groups {
		if !slices.Contains(all, name) {
			t.Errorf("flagGroups has --%s, which generate does not have", name)
		}
	}
}
