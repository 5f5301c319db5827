package meaning

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/execrole/execrole/emit"
)

// OfTerraform evaluates a file as Terraform does with the provider of AWS, strictly: what it does not know fails
// the test.
func OfTerraform(t testing.TB, files []emit.File) Meaning {
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
			"aws_partition":       {"partition", Environment.Partition},
			"aws_region":          {"region", Environment.Region},
			"aws_caller_identity": {"account_id", Environment.Account},
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

	var m Meaning
	document := func(v cty.Value) []string {
		var doc any
		if err := json.Unmarshal([]byte(v.AsString()), &doc); err != nil {
			t.Fatal(err)
		}
		return PolicyLines(t, doc)
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
			m.Trust = Sorted(document(cty.StringVal(text("assume_role_policy"))))
			for attribute, property := range map[string]string{"path": "Path", "description": "Description", "permissions_boundary": "PermissionsBoundary"} {
				if v, ok := take(attribute); ok {
					m.Set(t, property, v.AsString())
				}
			}
			if v, ok := take("max_session_duration"); ok {
				seconds, _ := v.AsBigFloat().Float64()
				m.Set(t, "MaxSessionDuration", seconds)
			}
			if v, ok := take("tags"); ok {
				var tags []any
				for key, value := range v.AsValueMap() {
					tags = append(tags, map[string]any{"Key": key, "Value": value.AsString()})
				}
				m.Set(t, "Tags", tags)
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
	m.Permissions = Sorted(m.Permissions)

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
		if !slices.Equal(Sorted(depends), Sorted(slices.Clone(waited))) {
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
