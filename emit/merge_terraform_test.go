package emit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/tool"
)

// TestMergeTerraform: the argument is inserted, every other byte stays, and terraform fmt says nothing new.
func TestMergeTerraform(t *testing.T) {
	const line = "  execution_role_arn = aws_iam_role.app.arn"
	merge := func(src string) (string, error) {
		merged, err := emit.MergeTerraform("main.tf", []byte(src), "aws_ecs_task_definition.app[0]", "execution_role_arn", "aws_iam_role.app.arn")
		return string(merged), err
	}
	inputs := map[string]string{
		"plain":   "resource \"aws_ecs_task_definition\" \"app\" {\n  family                = \"app\"\n  container_definitions = jsonencode([])\n}\n",
		"comment": "# a\nresource \"aws_ecs_task_definition\" \"app\" { # b\n  # c\n  count  = 1\n  family = \"app\"\n}\n",
		"empty":   "resource \"aws_ecs_task_definition\" \"app\" {\n}\n",
		"blank":   "resource \"aws_ecs_task_definition\" \"app\" {\n\n  family = \"app\"\n}\n",
		"second":  "resource \"aws_ecs_task_definition\" \"other\" {\n}\n\nresource \"aws_ecs_task_definition\" \"app\" {\n  volume {\n    name = \"a\"\n  }\n}\n",
	}
	inputs["mark"] = "\ufeff" + inputs["plain"]
	inputs["before"] = "/* a */ " + inputs["plain"]
	inputs["crlf"] = strings.ReplaceAll(inputs["plain"], "\n", "\r\n")
	dir := t.TempDir()
	for name, src := range inputs {
		merged, err := merge(src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		i := strings.Index(merged, line)
		if i < 0 {
			t.Errorf("%s: no argument in\n%s", name, merged)
			continue
		}
		rest := strings.TrimLeft(merged[i+len(line):], "\r\n")
		if !strings.HasPrefix(src, merged[:i]) || !strings.HasSuffix(src, rest) || strings.TrimSpace(src[i:len(src)-len(rest)]) != "" {
			t.Errorf("%s: another byte is changed:\n%s", name, merged)
		}
		if strings.Contains(src, "\r\n") != (strings.Count(merged, "\n") == strings.Count(merged, "\r\n")) {
			t.Errorf("%s: the ends of lines are mixed:\n%q", name, merged)
		}
		if _, err := merge(merged); err == nil || !strings.Contains(err.Error(), "has the argument") {
			t.Errorf("%s: merged twice: %v", name, err)
		}
		if name != "crlf" && name != "mark" { // terraform fmt changes those
			if err := os.WriteFile(filepath.Join(dir, name+".tf"), []byte(merged), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	for src, want := range map[string]string{
		"resource \"aws_ecs_task_definition\" \"app\" { family = \"a\" }\n":                 "main.tf:1:42: the block has one line",
		"resource \"aws_ecs_task_definition\" \"app\" {\n  execution_role_arn = \"a\"\n}\n": "main.tf:2:3: aws_ecs_task_definition.app has the argument",
		"resource \"aws_ecs_task_definition\" \"b\" {\n}\n":                                 "there is no resource aws_ecs_task_definition.app",
		"resource {": "main.tf: ",
	} {
		if _, err := merge(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", src, err, want)
		}
	}
	terraform := tool.Require(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	if out, err := exec.Command(terraform, "fmt", "-check", "-diff", dir).CombinedOutput(); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
}
