package emit_test

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
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"golang.org/x/text/unicode/norm"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// terraformMeaning evaluates a file as Terraform does with the provider of AWS, strictly: what it does not know fails
// the test.
func terraformMeaning(t testing.TB, files []emit.File) meaning {
	t.Helper()
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	parsed, problems := hclsyntax.ParseConfig(files[0].Data, files[0].Name, hcl.InitialPos)
	if problems.HasErrors() {
		t.Fatalf("%v\n%s", problems, files[0].Data)
	}
	body := parsed.Body.(*hclsyntax.Body)
	if len(body.Attributes) > 0 {
		t.Fatalf("attributes outside of blocks: %v", body.Attributes)
	}
	blocks := map[string][]*hclsyntax.Block{}
	for _, b := range body.Blocks {
		if len(b.Body.Blocks) > 0 {
			t.Fatalf("a block in a block %s %q", b.Type, b.Labels)
		}
		blocks[b.Type] = append(blocks[b.Type], b)
	}

	// Everything is named after the role.
	prefix := ""
	for _, b := range blocks["resource"] {
		if b.Labels[0] == "aws_iam_role" {
			if prefix != "" {
				t.Fatal("two roles")
			}
			prefix = b.Labels[1]
		}
	}
	named := func(name string) {
		if prefix == "" || name != prefix && !strings.HasPrefix(name, prefix+"_") {
			t.Fatalf("%q is not named after the role, %q", name, prefix)
		}
	}
	context := &hcl.EvalContext{
		Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc},
		Variables: map[string]cty.Value{},
	}
	one := func(name string, attributes map[string]cty.Value) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{name: cty.ObjectVal(attributes)})
	}
	data := map[string]cty.Value{}
	for _, b := range blocks["data"] {
		named(b.Labels[1])
		attribute, ok := map[string][2]string{
			"aws_partition":       {"partition", resolveAs.Partition},
			"aws_region":          {"region", resolveAs.Region},
			"aws_caller_identity": {"account_id", resolveAs.Account},
		}[b.Labels[0]]
		if !ok || len(b.Body.Attributes) > 0 || data[b.Labels[0]] != cty.NilVal {
			t.Fatalf("data %q", b.Labels)
		}
		data[b.Labels[0]] = one(b.Labels[1], map[string]cty.Value{attribute[0]: cty.StringVal(attribute[1])})
	}
	if len(data) > 0 {
		context.Variables["data"] = cty.ObjectVal(data)
	}
	evaluate := func(e hcl.Expression) cty.Value {
		v, problems := e.Value(context)
		if problems.HasErrors() {
			t.Fatalf("%v\n%s", problems, files[0].Data)
		}
		return v
	}
	locals := map[string]cty.Value{}
	for _, b := range blocks["locals"] {
		for name, a := range b.Body.Attributes {
			named(name)
			locals[name] = evaluate(a.Expr)
		}
	}
	if len(locals) > 0 {
		context.Variables["local"] = cty.ObjectVal(locals)
	}

	// Names and ARNs of resources, for the references between them.
	resources := map[string]map[string]cty.Value{}
	for _, b := range blocks["resource"] {
		named(b.Labels[1])
		if resources[b.Labels[0]] == nil {
			resources[b.Labels[0]] = map[string]cty.Value{}
		}
		if _, twice := resources[b.Labels[0]][b.Labels[1]]; twice {
			t.Fatalf("two resources %q", b.Labels)
		}
		values := map[string]cty.Value{}
		for _, attribute := range []string{"id", "name", "arn"} {
			values[attribute] = cty.StringVal("the " + attribute + " of " + strings.Join(b.Labels, "."))
		}
		resources[b.Labels[0]][b.Labels[1]] = cty.ObjectVal(values)
	}
	for kind, list := range resources {
		context.Variables[kind] = cty.ObjectVal(list)
	}

	var m meaning
	document := func(v cty.Value) []string {
		var doc any
		if err := json.Unmarshal([]byte(v.AsString()), &doc); err != nil {
			t.Fatal(err)
		}
		return policyLines(t, doc)
	}
	managed := map[string][]string{}
	waited := []string{}
	for _, b := range blocks["resource"] {
		address := strings.Join(b.Labels, ".")
		attributes := map[string]cty.Value{}
		for name, a := range b.Body.Attributes {
			attributes[name] = evaluate(a.Expr)
		}
		take := func(name string) (cty.Value, bool) {
			v, ok := attributes[name]
			delete(attributes, name)
			return v, ok
		}
		text := func(name string) string {
			v, ok := take(name)
			if !ok {
				t.Fatalf("%s has no %s", address, name)
			}
			return v.AsString()
		}
		switch b.Labels[0] {
		case "aws_iam_role":
			if v, ok := take("name"); ok {
				m.Name = v.AsString()
			} else if prefix := text("name_prefix"); prefix == "" || len(prefix) > 38 {
				t.Fatalf("name_prefix %q", prefix)
			}
			m.Trust = sorted(document(cty.StringVal(text("assume_role_policy"))))
			for attribute, property := range map[string]string{"path": "Path", "description": "Description", "permissions_boundary": "PermissionsBoundary"} {
				if v, ok := take(attribute); ok {
					m.property(t, property, v.AsString())
				}
			}
			if v, ok := take("max_session_duration"); ok {
				seconds, _ := v.AsBigFloat().Float64()
				m.property(t, "MaxSessionDuration", seconds)
			}
			if v, ok := take("tags"); ok {
				var tags []any
				for key, value := range v.AsValueMap() {
					tags = append(tags, map[string]any{"Key": key, "Value": value.AsString()})
				}
				m.property(t, "Tags", tags)
			}
		case "aws_iam_role_policy":
			if text("name") == "" || text("role") != "the id of aws_iam_role."+prefix {
				t.Fatalf("%s has no name, or is another role's", address)
			}
			m.Permissions = append(m.Permissions, document(cty.StringVal(text("policy")))...)
			waited = append(waited, address)
		case "aws_iam_policy":
			if n := len(text("name_prefix")); n == 0 || n > 102 {
				t.Fatalf("%s has a name_prefix of %d characters", address, n)
			}
			managed["the arn of "+address] = document(cty.StringVal(text("policy")))
		case "aws_iam_role_policy_attachment":
			if text("role") != "the name of aws_iam_role."+prefix {
				t.Fatalf("%s is another role's", address)
			}
			m.Attached = append(m.Attached, text("policy_arn"))
			waited = append(waited, address)
		default:
			t.Fatalf("a resource %s", address)
		}
		if len(attributes) > 0 {
			t.Fatalf("%s has %v", address, slices.Sorted(maps.Keys(attributes)))
		}
	}
	m.Attached = slices.DeleteFunc(m.Attached, func(arn string) bool {
		lines, ours := managed[arn]
		delete(managed, arn)
		m.Permissions = append(m.Permissions, lines...)
		return ours
	})
	if len(m.Attached) == 0 {
		m.Attached = nil
	}
	if len(managed) > 0 {
		t.Fatalf("policies that the role does not have: %v", managed)
	}
	m.Permissions = sorted(m.Permissions)

	// The outputs are those of a template, and wait for the permissions.
	for _, b := range blocks["output"] {
		named(b.Labels[0])
		value := evaluate(b.Body.Attributes["value"].Expr).AsString()
		want := map[string]string{
			prefix + "_role_name": "the name of aws_iam_role." + prefix,
			prefix + "_role_arn":  "the arn of aws_iam_role." + prefix,
		}[b.Labels[0]]
		if value != want {
			t.Fatalf("output %s is %s", b.Labels[0], value)
		}
		var depends []string
		if a := b.Body.Attributes["depends_on"]; a != nil {
			expressions, _ := hcl.ExprList(a.Expr)
			for _, e := range expressions {
				traversal, problems := hcl.AbsTraversalForExpr(e)
				if problems.HasErrors() {
					t.Fatal(problems)
				}
				depends = append(depends, traversal.RootName()+"."+traversal[1].(hcl.TraverseAttr).Name)
			}
		}
		if !slices.Equal(sorted(depends), sorted(slices.Clone(waited))) {
			t.Fatalf("output %s waits for %v, want %v", b.Labels[0], depends, waited)
		}
	}
	if len(blocks["output"]) != 2 {
		t.Fatalf("%d outputs", len(blocks["output"]))
	}
	for kind := range blocks {
		if !slices.Contains([]string{"data", "locals", "resource", "output"}, kind) {
			t.Fatalf("a block %s", kind)
		}
	}
	return m
}

// TestTerraformFmt: terraform fmt leaves every file alone.
func TestTerraformFmt(t *testing.T) {
	tool := emit.RequireTool(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	dir := t.TempDir()
	n := 0
	for name, role := range templateRoles(t) {
		files, err := emit.Lookup("terraform").Emit(role, emit.Options{Source: name})
		if err != nil {
			if !strings.Contains(err.Error(), "NFC") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name+".tf"), files[0].Data, 0o666); err != nil {
			t.Fatal(err)
		}
		n++
	}
	cmd := exec.Command(tool, "fmt", "-check", "-diff", "-list=true", dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil || len(out) > 0 {
		t.Errorf("terraform fmt: %v\n%s%s", err, out, stderr.String())
	}
	if n < 300 {
		t.Errorf("only %d files", n)
	}
}

// TestTerraformNames: names are identifiers, and begin with the family.
func TestTerraformNames(t *testing.T) {
	for family, want := range map[string]string{
		"": "task_execution", "web": "web_execution", "shop-web": "shop_web_execution", "1st": "task_1st_execution", "_a": "_a_execution", "-": "task__execution",
	} {
		role := *goldenRoles(t)["web"]
		role.Family = family
		files, err := emit.Lookup("terraform").Emit(&role, emit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if line := fmt.Sprintf("resource \"aws_iam_role\" %q {", want); !strings.Contains(string(files[0].Data), line) {
			t.Errorf("family %q: there is no line %s in\n%s", family, line, files[0].Data)
		}
	}
}

// TestTerraformHostileStrings: a string, wherever it stands, means itself, as in IAM's own JSON; and comments are lines
// of their own in which nothing looks like an interpolation.
func TestTerraformHostileStrings(t *testing.T) {
	roles := emit.HostileRoles()
	maps.Copy(roles, emit.CDKRoles())
	delete(roles, "made-tricky") // it has all of the strings, of which one is refused
	for name, role := range roles {
		files, err := emit.Lookup("terraform").Emit(role, emit.Options{Source: role.Family})
		if err != nil {
			if !strings.Contains(err.Error(), "NFC") || norm.NFC.IsNormalString(role.Name) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		got, want := terraformMeaning(t, files), roleMeaning(t, "json", role)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -json +terraform\n%s\n%s", name, diff, files[0].Data)
		}
		tokens, _ := hclsyntax.LexConfig(files[0].Data, files[0].Name, hcl.InitialPos)
		comments, sources := 0, 1
		for _, token := range tokens {
			if token.Type == hclsyntax.TokenComment {
				comments++
				text := strings.NewReplacer("$${", "", "%%{", "").Replace(string(token.Bytes))
				if strings.Contains(text, "${") || strings.Contains(text, "%{") || !strings.HasPrefix(text, "# ") {
					t.Errorf("%s: the comment %q", name, token.Bytes)
				}
			}
		}
		for _, p := range role.Policies() {
			for _, s := range p.Document.Statements {
				sources += len(s.From)
			}
		}
		if comments != sources {
			t.Errorf("%s: %d comments for %d sources", name, comments, sources)
		}
		emit.CheckPrintable(t, files[0].Data)
	}
	if len(roles) < 100 {
		t.Errorf("only %d roles", len(roles))
	}
}

func FuzzTerraformHostileStrings(f *testing.F) {
	f.Add("$", "${a}")
	f.Add("%%{", "\\\"\n$")
	web := goldenRoles(f)["web"]
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsRune(a+b, 0) || !utf8.ValidString(a) || !utf8.ValidString(b) {
			t.Skip("no reader lets it in")
		}
		role := *web
		role.Family = a
		role.Inline = []policy.Policy{{Name: "P", Document: policy.Document{Statements: []policy.Statement{{
			Sid: "S", Actions: []string{"s3:GetObject"}, From: []policy.Source{{Container: a, Field: b}},
			Resources:  []policy.Text{policy.Text(a), policy.Text(a) + policy.Of(policy.Region) + policy.Text(b)},
			Conditions: []policy.Condition{{Operator: "StringEquals", Key: b, Values: []policy.Text{policy.Text(b) + policy.Of(policy.AccountID)}}},
		}}}}}
		files, err := emit.Lookup("terraform").Emit(&role, emit.Options{Source: b})
		if err != nil {
			if !strings.Contains(err.Error(), "NFC") || norm.NFC.IsNormalString(a) && norm.NFC.IsNormalString(b) {
				t.Error(err)
			}
			return
		}
		if diff := cmp.Diff(roleMeaning(t, "json", &role), terraformMeaning(t, files)); diff != "" {
			t.Errorf("-json +terraform\n%s\n%s", diff, files[0].Data)
		}
	})
}
