package emit_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/testdata/golden"
)

// hostileModules are modules in which a text stands where it is written into the role's file: %s.
var hostileModules = []string{
	"resource \"aws_ecs_task_definition\" \"a\" {\n  family = %s\n  container_definitions = jsonencode([{ name = %[1]s, image = var.image, secrets = [{ name = %[1]s, valueFrom = %[1]s }] }])\n}\nvariable \"image\" {}\n",
	"variable \"v\" {\n  default = %s\n}\nresource \"aws_ecs_task_definition\" \"a\" {\n  container_definitions = jsonencode([{ name = \"a\", image = var.v == %[1]s ? \"a\" : var.v, secrets = [{ name = \"a\", valueFrom = \"/${var.v}/${%[1]s}\" }] }])\n}\n",
	"resource \"aws_secretsmanager_secret\" %s {\n}\nresource \"aws_ecs_task_definition\" %[1]s {\n  container_definitions = jsonencode([for k, s in aws_secretsmanager_secret : { name = \"a\", image = \"b\" }])\n}\ndata \"aws_region\" %[1]s {}\n",
	"resource \"aws_secretsmanager_secret\" \"s\" {\n  for_each = toset([%s])\n}\nresource \"aws_ecs_task_definition\" \"a\" {\n  for_each = toset([%[1]s])\n  container_definitions = jsonencode([{ name = \"a\", image = \"b\", secrets = [{ name = \"a\", valueFrom = aws_secretsmanager_secret.s[%[1]s].arn }] }])\n}\n",
}

// hostileJSON is such a module in Terraform's JSON, where names can be any text.
const hostileJSON = `{"variable": {%s: {}, "image": {}}, "resource": {"aws_secretsmanager_secret": {%s: {}, "s": {"for_each": {%s: 1}}},
  "aws_ecs_task_definition": {%s: {"family": %s, "provider": "aws.us", "container_definitions": "${jsonencode([{ name = \"a\", image = var.image,
  secrets = [for k, s in aws_secretsmanager_secret.s : { name = k, valueFrom = s.arn }] }])}"}}}}`

// FuzzModules: nothing that a module says gets out of its place in the file of a role, and --merge adds its argument and nothing
// else.
func FuzzModules(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join(golden.Root(f), "testdata", "modules", "*.txtar"))
	if err != nil || paths == nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".tf") || strings.HasSuffix(file.Name, ".tf.json") {
				f.Add(string(file.Data))
			}
		}
	}
	f.Add("resource {}\nresource \"a\" \"b\" \"c\" {}\nvariable {}\nmodule {}\nprovider {}\ndata \"x\" {}\noutput {}\n")
	for i, src := range hostileSources() {
		if i%13 == 0 { // of each text one
			f.Add(src)
		}
	}
	f.Fuzz(writeModule)
}

// TestHostileModules writes roles for all hostile modules.
func TestHostileModules(t *testing.T) {
	for _, src := range hostileSources() {
		writeModule(t, src)
	}
}

// hostileSources returns hostile modules with each text that means harm, in each way to write it.
func hostileSources() (list []string) {
	for _, text := range append([]string{"*/", "# x", "// x", "a\nb", "${x", "%{ if true }", "\" }\n}", "x.id\n}"}, sample.Strings...) {
		escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "${", "$${", "%{", "%%{").Replace(text)
		for _, module := range hostileModules {
			for _, quoted := range []string{`"` + escaped + `"`, "var.x /* " + text + " */", "<<E\n" + text + "\nE\n"} {
				list = append(list, strings.ReplaceAll(strings.ReplaceAll(module, "%[1]s", quoted), "%s", quoted))
			}
		}
		inJSON, _ := json.Marshal(text)
		list = append(list, strings.ReplaceAll(hostileJSON, "%s", string(inJSON)))
	}
	return list
}

// writeModule writes the role of each task definition of a module, and checks the files.
func writeModule(t *testing.T, src string) {
	name := "main.tf"
	if strings.HasPrefix(src, "{") {
		name = "main.tf.json"
	}
	plans, _ := analyze.ReadAll([]analyze.Input{{Name: ".", Module: &analyze.Module{FS: fstest.MapFS{name: {Data: []byte(src)}}, Folder: "."}}}, analyze.Options{Derive: true})
	for _, plan := range plans {
		role, err := plan.Role(policy.Options{})
		if err != nil {
			continue
		}
		files, err := emit.Terraform.Emit(role, emit.Options{Source: "."})
		if err != nil {
			continue
		}
		checkModuleFile(t, src, string(files[0].Data))
		if m := role.Module; m == nil || m.Resource == "" || m.Argument == "" {
			continue
		}
		merged, err := emit.MergeTerraform(name, []byte(src), role.Module.Resource, role.Module.Argument, emit.TerraformRoleARN(role))
		if err != nil {
			continue
		}
		checkMerged(t, src, string(merged), role.Module.Argument+" = "+emit.TerraformRoleARN(role))
	}
}

// writtenBlocks are the blocks of a role's file, with their attributes.
var writtenBlocks = map[string][]string{
	"data aws_partition": {"provider"}, "data aws_region": {"provider"}, "data aws_caller_identity": {"provider"},
	"resource aws_iam_role":                   {"provider", "name", "name_prefix", "assume_role_policy"},
	"resource aws_iam_role_policy":            {"provider", "count", "name", "role", "policy"},
	"resource aws_iam_policy":                 {"provider", "count", "name_prefix", "policy"},
	"resource aws_iam_role_policy_attachment": {"provider", "count", "role", "policy_arn"},
	"variable": {"description", "type", "default"},
	"output":   {"description", "value", "depends_on"},
}

// checkModuleFile fails the test if the file of a role has anything that such a file does not have.
func checkModuleFile(t *testing.T, src, written string) {
	t.Helper()
	parsed, problems := hclsyntax.ParseConfig([]byte(written), "role.tf", hcl.InitialPos)
	if problems.HasErrors() {
		t.Fatalf("%v\n%s\nof\n%s", problems, written, src)
	}
	body := parsed.Body.(*hclsyntax.Body)
	if len(body.Attributes) > 0 {
		t.Fatalf("attributes outside of blocks:\n%s\nof\n%s", written, src)
	}
	for _, b := range body.Blocks {
		kind := b.Type
		if len(b.Labels) > 1 {
			kind += " " + b.Labels[0]
		}
		known, ok := writtenBlocks[kind]
		for name, a := range b.Body.Attributes {
			switch {
			case b.Type == "locals":
				ok = !strings.Contains(written[a.Expr.Range().Start.Byte:a.Expr.Range().End.Byte], "\n")
			case !slices.Contains(known, name):
				ok = false
			case name == "policy":
				ok = ok && isPolicy(a.Expr)
			}
		}
		if !ok || len(b.Labels) > 0 && !strings.Contains(b.Labels[len(b.Labels)-1], "_execution") {
			t.Fatalf("the block %s %q:\n%s\nof\n%s", b.Type, b.Labels, written, src)
		}
	}
}

// isPolicy reports whether an expression is a policy as the format writes it: every statement has the members that execrole gives
// it.
func isPolicy(x hclsyntax.Expression) bool {
	encode, ok := x.(*hclsyntax.FunctionCallExpr)
	if !ok || encode.Name != "jsonencode" || len(encode.Args) != 1 {
		return false
	}
	document, ok := encode.Args[0].(*hclsyntax.ObjectConsExpr)
	if !ok || len(document.Items) != 2 {
		return false
	}
	lists := []hclsyntax.Expression{document.Items[1].ValueExpr}
	if concat, ok := lists[0].(*hclsyntax.FunctionCallExpr); ok {
		lists = concat.Args
	}
	for _, list := range lists {
		if conditional, ok := list.(*hclsyntax.ConditionalExpr); ok {
			list = conditional.TrueResult
		}
		statements, ok := list.(*hclsyntax.TupleConsExpr)
		if !ok {
			return false
		}
		for _, x := range statements.Exprs {
			statement, ok := x.(*hclsyntax.ObjectConsExpr)
			if !ok {
				return false
			}
			for _, item := range statement.Items {
				key, _ := item.KeyExpr.Value(nil)
				if !slices.Contains([]string{"Sid", "Effect", "Action", "Resource", "Condition"}, key.AsString()) {
					return false
				}
			}
		}
	}
	return true
}

// checkMerged fails the test if a merged file has another change than an argument of its own line, and an empty line behind it.
func checkMerged(t *testing.T, src, merged, argument string) {
	t.Helper()
	i := strings.Index(merged, argument)
	if i < 0 {
		t.Fatalf("no argument in\n%s", merged)
	}
	before := merged[:i]
	rest := merged[i+len(argument):]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	left := src[min(lineStart, len(src)):]
	if src[:min(lineStart, len(src))] != merged[:lineStart] || strings.TrimSpace(before[lineStart:]) != "" || !strings.HasSuffix(rest, left) || strings.TrimSpace(strings.TrimSuffix(rest, left)) != "" {
		t.Fatalf("another change:\n%s\nof\n%s", merged, src)
	}
	if _, problems := hclsyntax.ParseConfig([]byte(merged), "main.tf", hcl.InitialPos); problems.HasErrors() {
		t.Fatalf("%v\n%s\nof\n%s", problems, merged, src)
	}
}
