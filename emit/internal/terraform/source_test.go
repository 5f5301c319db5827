package terraform

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze/policy"
	source "github.com/execrole/execrole/analyze/terraform"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// The modules of testdata/source need no provider, apart from task definitions. For Terraform these become resources of a
// type that Terraform has itself.
var builtIn = strings.NewReplacer(`"aws_ecs_task_definition"`, `"terraform_data"`, "container_definitions ", "input ", "  family", "  # family")

// sourceModules returns the files of the modules, and the settings of their variables, by the names of the modules.
func sourceModules(t *testing.T) (files map[string]fstest.MapFS, settings map[string]map[string]string) {
	paths, err := filepath.Glob(filepath.Join(golden.Root(t), "testdata", "source", "*.txtar"))
	if err != nil || len(paths) < 14 {
		t.Fatalf("only %d modules: %v", len(paths), err)
	}
	files, settings = map[string]fstest.MapFS{}, map[string]map[string]string{}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		files[name], settings[name] = fstest.MapFS{}, map[string]string{}
		for _, f := range archive.Files {
			if setting, ok := strings.CutSuffix(f.Name, ".tfvars"); ok {
				settings[name][setting] = string(f.Data)
				continue
			}
			files[name][f.Name] = &fstest.MapFile{Data: f.Data}
		}
		if len(settings[name]) != 2 {
			t.Fatalf("%s has %d settings", name, len(settings[name]))
		}
	}
	return files, settings
}

// evaluated returns what Terraform evaluates each resource to, by its address. It is started twice for all modules, each of
// which is called with each of its settings.
func evaluated(t *testing.T, files map[string]fstest.MapFS, settings map[string]map[string]string) map[string]any {
	terraform := tool.Require(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	dir, main := t.TempDir(), ""
	for name, module := range files {
		for file, f := range module {
			path := filepath.Join(dir, name, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			data := string(f.Data)
			if strings.HasSuffix(file, ".tf") {
				data = builtIn.Replace(data)
			}
			if name == "old-syntax" { // Terraform has no list any more
				data = strings.ReplaceAll(strings.ReplaceAll(data, "list(\"a\", var.name)", "[\"a\", var.name]"), `type    = "string"`, "type = string")
			}
			if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for setting, values := range settings[name] {
			main += fmt.Sprintf("module %q {\n  source = %q\n%s}\n", name+"_"+setting, "./"+name, values)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(main), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		cmd := exec.Command(terraform, args...)
		var stderr strings.Builder
		cmd.Dir, cmd.Stderr = dir, &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("terraform %s: %v\n%s\n%s", strings.Join(args, " "), err, out, stderr.String())
		}
		return out
	}
	run("init", "-backend=false", "-input=false", "-no-color")
	run("plan", "-input=false", "-no-color", "-out=plan")
	type moduleValues struct {
		Resources []struct {
			Address string
			Values  struct{ Input string }
		}
		Children []json.RawMessage `json:"child_modules"`
	}
	var plan struct {
		Values struct {
			Root json.RawMessage `json:"root_module"`
		} `json:"planned_values"`
	}
	if err := json.Unmarshal(run("show", "-json", "plan"), &plan); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	var visit func(raw json.RawMessage)
	visit = func(raw json.RawMessage) {
		var m moduleValues
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		for _, r := range m.Resources {
			var value any
			if err := json.Unmarshal([]byte(r.Values.Input), &value); err != nil {
				t.Errorf("%s: %v\n%s", r.Address, err, r.Values.Input)
			}
			values[strings.ReplaceAll(r.Address, "terraform_data", "aws_ecs_task_definition")] = value
		}
		for _, child := range m.Children {
			visit(child)
		}
	}
	visit(plan.Values.Root)
	return values
}

// readSource returns the container definitions of the resources of a module, by their addresses. Uses says that defaults
// were used in the place of values.
func readSource(t *testing.T, files fstest.MapFS) (found map[string]*tree.Node, symbols policy.SymbolTable, uses bool) {
	program := source.Read(files, ".", source.Options{Name: "."})
	resources, _ := program.Resources([]string{"container_definitions"}, "aws_ecs_task_definition")
	for _, p := range program.Problems() {
		if uses = uses || p.Warning; !p.Warning {
			t.Errorf("%s: %s", p.At, p.Message)
		}
	}
	found = map[string]*tree.Node{}
	for i := range resources {
		found[resources[i].Address] = resources[i].Values.Member("container_definitions")
	}
	return found, program.Symbols, uses
}

// plain returns a value without unknown parts, as encoding/json has it. Symbols have their defaults.
func plain(n *tree.Node, symbols policy.SymbolTable) any {
	text := policy.Text(n.Text)
	text = policy.Text(text.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		if standard := symbols.Lookup(s).Default; standard != "" {
			return standard
		}
		return string(policy.Of(s))
	}))
	switch n.Kind {
	case tree.Null:
		return nil
	case tree.Boolean:
		return n.Text == "true"
	case tree.Number:
		var number float64
		_ = json.Unmarshal([]byte(text), &number)
		return number
	case tree.String:
		return text.String()
	case tree.List:
		list := []any{}
		for i := range n.Children {
			list = append(list, plain(&n.Children[i], symbols))
		}
		return list
	case tree.Object:
		object := map[string]any{}
		for i := range n.Children {
			object[n.Children[i].Name] = plain(&n.Children[i], symbols)
		}
		return object
	}
	var value any
	if n.Kind == tree.Placeholder && text.IsLiteral() && json.Unmarshal([]byte(text), &value) == nil {
		return value
	}
	return fmt.Sprintf("%s %s", n.Kind, text)
}

// TestSourceMeansTheSame: the reader evaluates each module, with each setting of its variables, to what Terraform evaluates
// it to. Without the values of the variables, that is one of the values that the reader says it can be.
func TestSourceMeansTheSame(t *testing.T) {
	files, settings := sourceModules(t)
	want := evaluated(t, files, settings)
	for name, module := range files {
		for setting, values := range settings[name] {
			t.Run(name+"/"+setting, func(t *testing.T) {
				given := maps.Clone(module)
				given["terraform.tfvars"] = &fstest.MapFile{Data: []byte(values)}
				prefix := "module." + name + "_" + setting + "."
				got, symbols, _ := readSource(t, given)
				addresses := 0
				for address, n := range got {
					if diff := cmp.Diff(want[prefix+address], plain(n, symbols)); diff != "" {
						t.Errorf("%s (-terraform +execrole):\n%s", address, diff)
					}
				}
				for address := range want {
					if strings.HasPrefix(address, prefix) {
						addresses++
					}
				}
				if len(got) != addresses {
					t.Errorf("execrole reads %q, terraform %d", slices.Collect(maps.Keys(got)), addresses)
				}
				open, symbols, uses := readSource(t, module)
				for address, n := range open {
					if concrete, ok := want[prefix+address]; ok && !uses && !canBe(n, concrete) {
						text, _ := json.Marshal(plain(n, symbols))
						t.Errorf("%s cannot be what terraform has: %s\n%v", address, text, concrete)
					}
				}
			})
		}
	}
}

// canBe reports whether a value with unknown parts can be a known one.
func canBe(n *tree.Node, value any) bool {
	switch n.Kind {
	case tree.Placeholder:
		return true
	case tree.Choice:
		return slices.ContainsFunc(n.Children, func(branch tree.Node) bool { return canBe(&branch, value) })
	case tree.String:
		text, ok := value.(string)
		return ok && textCanBe(policy.Text(n.Text), text)
	case tree.List:
		list, ok := value.([]any)
		return ok && listCanBe(n.Children, list)
	case tree.Object:
		object, ok := value.(map[string]any)
		for name := range object {
			ok = ok && n.Member(name) != nil
		}
		for i := range n.Children {
			v, there := object[n.Children[i].Name]
			ok = ok && (there && canBe(&n.Children[i], v) || !there && canBeAbsent(&n.Children[i]))
		}
		return ok
	}
	return cmp.Equal(plain(n, nil), value)
}

// canBeAbsent reports whether an element or a member may not be there.
func canBeAbsent(n *tree.Node) bool {
	for branch := range n.Branches() {
		if branch.Kind == tree.Null {
			return true
		}
	}
	return false
}

func listCanBe(elements []tree.Node, list []any) bool {
	if len(elements) == 0 {
		return len(list) == 0
	}
	if len(list) > 0 && canBe(&elements[0], list[0]) && listCanBe(elements[1:], list[1:]) {
		return true
	}
	if elements[0].Kind == tree.Placeholder { // an unknown list
		for i := range len(list) + 1 {
			if listCanBe(elements[1:], list[i:]) {
				return true
			}
		}
	}
	return canBeAbsent(&elements[0]) && listCanBe(elements[1:], list)
}

func textCanBe(t policy.Text, text string) bool {
	before, _, found := t.Cut("\x00")
	if !found {
		return string(t) == text
	}
	rest, ok := strings.CutPrefix(text, string(before))
	_, after, _ := t[len(before):].CutSymbol()
	for i := 0; ok && i <= len(rest); i++ {
		if textCanBe(after, rest[i:]) {
			return true
		}
	}
	return false
}
