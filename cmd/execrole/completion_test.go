package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"
)

// words returns the words that complete the last of the given ones.
func words(line ...string) (list []string) {
	for _, c := range completeWord(line, len(line)-1).list {
		list = append(list, c.word)
	}
	return list
}

// TestCompletionIsComplete: every command, flag and format is offered, so that nothing has to be listed twice.
func TestCompletionIsComplete(t *testing.T) {
	commands := words("execrole", "")
	for _, s := range subcommands() {
		if !slices.Contains(commands, s.name) {
			t.Errorf("the command %s is not offered", s.name)
		}
		offered := words("execrole", s.name, "-")
		newFlags(s).VisitAll(func(f *pflag.Flag) {
			if !slices.Contains(offered, "--"+f.Name) {
				t.Errorf("%s: --%s is not offered", s.name, f.Name)
			}
			what, _ := pflag.UnquoteUsage(f)
			for _, c := range []candidates{completeWord([]string{"execrole", s.name, "--" + f.Name, ""}, 3), completeWord([]string{"execrole", s.name, "--" + f.Name + "="}, 2)} {
				if c.files != (what == "FILE" || what == "FOLDER" || f.Name == "output") && f.Value.Type() != "bool" && f.NoOptDefVal == "" {
					t.Errorf("%s: --%s %s: files %v", s.name, f.Name, what, c.files)
				}
			}
		})
		for _, f := range s.formats {
			for _, name := range append([]string{f.name}, f.aliases...) {
				if !slices.Contains(words("execrole", s.name, "-f", ""), name) || !slices.Contains(words("execrole", s.name, "--format="+name[:1]), "--format="+name) {
					t.Errorf("%s: the format %s is not offered", s.name, name)
				}
			}
		}
		if strings.Contains(s.args, "FILE") != completeWord([]string{"execrole", s.name, ""}, 2).files {
			t.Errorf("%s %s: the names of files", s.name, s.args)
		}
	}
	for _, k := range knownValues {
		if !slices.ContainsFunc(subcommands(), func(s *subcommand) bool { return newFlags(s).Lookup(k.flag) != nil }) {
			t.Errorf("values are known of --%s, and no command has that flag", k.flag)
		}
	}
}

// TestCompleteWord has lines whose reading is not obvious.
func TestCompleteWord(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"web.json":     `{"family": "web", "containerDefinitions": [{"name": "app", "image": "<IMAGE>"}]}`,
		"hostile.json": `{"family": "a\u001b[31m\nb", "containerDefinitions": [{"name": "x\ty", "image": "<I\u001bM>"}]}`,
		"broken.json":  `{"family": `,
		"large.json":   `{"family": "large"}` + strings.Repeat(" ", 1<<20),
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ line, want string }{
		{"execrole -qf termin", "none closed"},
		{"execrole -qf terr", "none closed terraform"},
		{"execrole -qo te", "files closed"},
		{"execrole --quiet --qui", "none closed"}, // it is given already
		{"execrole --tag a=b --ta", "none closed --tag"},
		{"execrole --set IMAGE=x web.json --set ", "none open IMAGE="},
		{"execrole web.json --shared-role ", "files closed"}, // its value follows a =
		{"execrole web.json --shared-role=", "none closed --shared-role=web"},
		{"execrole -- web.json --fo", "files closed"},
		{"execrole web.json che", "files closed"}, // the name of a command comes first
		{"execrole broken.json large.json missing.json --resource ", "none closed"},
		{"execrole hostile.json --resource ", "none closed"},
		{"execrole hostile.json --image ", "none open"},
		{"execrole --unknown=", "none closed"},
		{"execrole --unknown web.json --resource ", "none closed web"},
		{"execrole rules awslogs a", "none closed"},
		{"execrole version ", "none closed"},
		{"execrole - web.json --resource ", "none closed web"}, // standard input is not read
	} {
		line := strings.Split(tt.line, " ")
		c := completeWord(line, len(line)-1)
		header, rest, _ := strings.Cut(c.String(), "\n")
		got := strings.Fields(header)
		for word := range strings.Lines(rest) {
			word, _, _ = strings.Cut(word, "\t")
			got = append(got, word)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q: %q, want %q", tt.line, got, tt.want)
		}
	}
	// A file behind the word counts too.
	if c := completeWord([]string{"execrole", "--resource", "w", "web.json"}, 2); len(c.list) != 1 || c.list[0].word != "web" {
		t.Errorf("%+v", c)
	}
}

func TestUnquote(t *testing.T) {
	for _, tt := range []struct {
		word   string
		escape rune
		want   string
	}{
		{`my\ task.json`, '\\', "my task.json"}, {`'my t`, '\\', "my t"}, {`"a\"b'c"'\d'`, '\\', `a"b'c\d`},
		{`C:\a\"b c"`, '`', `C:\a\b c`}, {"a` b", '`', "a b"}, {`""`, '`', ""}, {``, '`', ""},
	} {
		if got := unquote(tt.word, tt.escape); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.word, got, tt.want)
		}
	}
}

// TestCompletionInShells types into real shells, in a terminal: see testdata/completion.
func TestCompletionInShells(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			_, err := exec.LookPath(shell)
			switch {
			case err == nil && runtime.GOOS == "linux":
			case err != nil && os.Getenv("EXECROLE_TOOLS") == "required":
				t.Fatalf("%s is missing, and EXECROLE_TOOLS=required", shell)
			case err != nil:
				t.Skipf("%s is missing", shell)
			default:
				t.Skip("the keys are for a terminal of Linux")
			}
			testscript.Run(t, testscript.Params{
				Files:               []string{filepath.Join(root, "testdata", "completion", shell+".txtar")},
				RequireExplicitExec: true,
				Setup: func(env *testscript.Env) error {
					env.Setenv("TERM", "dumb")
					env.Setenv("GORACE", "atexit_sleep_ms=0")
					return nil
				},
			})
		})
	}
}
