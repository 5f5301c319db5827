package answer

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestPure keeps answers a function of what is asked: no package of the project that makes them can open a file or a
// connection, or ask for the time. What the answers are is tested with execrole-mcp, against the command.
func TestPure(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		path, imports := words[0], words[1:]
		if path == "net/http" || strings.Contains(path, "jsii") || strings.Contains(path, "modelcontextprotocol") {
			t.Errorf("answer depends on %s", path)
		}
		if !strings.HasPrefix(path, "github.com/execrole/execrole/") {
			continue
		}
		ours++
		for _, impure := range []string{"os", "os/exec", "os/user", "net", "net/http", "time", "log", "log/slog", "io/ioutil", "syscall", "plugin"} {
			units := impure == "time" && path == "github.com/execrole/execrole/cmd/flags" // it reads durations
			if slices.Contains(imports, impure) && !units {
				t.Errorf("%s imports %s", path, impure)
			}
		}
	}
	if ours < 10 {
		t.Errorf("%d packages of the project make answers: the test does not see them", ours)
	}
}

func TestDepth(t *testing.T) {
	for dir, want := range map[string]int{".": 0, "infra": 1, "infra/modules/web": 3} {
		if got := depth(dir); got != want {
			t.Errorf("%s: %d, want %d", dir, got, want)
		}
	}
}
