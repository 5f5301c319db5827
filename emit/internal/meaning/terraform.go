package meaning

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
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
	return OfTerraformGiven(t, files, nil)
}

// OfTerraformGiven evaluates a file of which the variables have these values, by their descriptions.
func OfTerraformGiven(t testing.TB, files []emit.File, given map[string]string) Meaning {
	t.Helper()
	return OfTerraformIn(t, files, given, nil)
}

// OfTerraformIn evaluates a file in a module that has these values besides: "aws_secretsmanager_secret.db.arn".
func OfTerraformIn(t testing.TB, files []emit.File, given, module map[string]string) Meaning {
	t.Helper()
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	f := readTerraform(t, files[0])
	f.readData()
	f.readVariables(given)
	f.readModule(module)
	f.readLocals()
	f.readReferences()
	m, waited := f.role()
	f.checkOutputs(waited)
	for kind := range f.blocks {
		if !slices.Contains([]string{"data", "locals", "resource", "output", "variable"}, kind) {
			t.Fatalf("a block %s", kind)
		}
	}
	return m
}

// terraformFile is a file of Terraform whose expressions can be evaluated.
type terraformFile struct {
	t       testing.TB
	src     []byte
	blocks  map[string][]*hclsyntax.Block // by type
	prefix  string                        // the name of the role, with which all names begin
	context *hcl.EvalContext
}

// readTerraform parses a file that is nothing but blocks of the top level.
func readTerraform(t testing.TB, file emit.File) *terraformFile {
	t.Helper()
	parsed, problems := hclsyntax.ParseConfig(file.Data, file.Name, hcl.InitialPos)
	if problems.HasErrors() {
		t.Fatalf("%v\n%s", problems, file.Data)
	}
	body := parsed.Body.(*hclsyntax.Body)
	if len(body.Attributes) > 0 {
		t.Fatalf("attributes outside of blocks: %v", body.Attributes)
	}
	f := &terraformFile{t: t, src: file.Data, blocks: map[string][]*hclsyntax.Block{}, context: &hcl.EvalContext{
		Functions: map[string]function.Function{
			"jsonencode": stdlib.JSONEncodeFunc, "concat": stdlib.ConcatFunc, "length": stdlib.LengthFunc, "regex": stdlib.RegexFunc,
			"can": tryfunc.CanFunc, "try": tryfunc.TryFunc, "alltrue": allTrue,
		},
		Variables: map[string]cty.Value{},
	}}
	for _, b := range body.Blocks {
		if len(b.Body.Blocks) > 0 && b.Type != "variable" {
			t.Fatalf("a block in a block %s %q", b.Type, b.Labels)
		}
		f.blocks[b.Type] = append(f.blocks[b.Type], b)
	}
	for _, b := range f.blocks["resource"] {
		if b.Labels[0] == "aws_iam_role" {
			if f.prefix != "" {
				t.Fatal("two roles")
			}
			f.prefix = b.Labels[1]
		}
	}
	return f
}

// checkName fails the test if a name does not begin with that of the role.
func (f *terraformFile) checkName(name string) {
	f.t.Helper()
	if f.prefix == "" || name != f.prefix && !strings.HasPrefix(name, f.prefix+"_") {
		f.t.Fatalf("%q is not named after the role, %q", name, f.prefix)
	}
}

func (f *terraformFile) evaluate(e hcl.Expression) cty.Value {
	f.t.Helper()
	v, problems := e.Value(f.context)
	if problems.HasErrors() {
		f.t.Fatalf("%v\n%s", problems, f.src)
	}
	return v
}

// readData gives the data sources the values of [Environment].
func (f *terraformFile) readData() {
	f.t.Helper()
	data := map[string]cty.Value{}
	for _, b := range f.blocks["data"] {
		f.checkName(b.Labels[1])
		attribute, ok := map[string][2]string{
			"aws_partition":       {"partition", Environment.Partition},
			"aws_region":          {"id", Environment.Region},
			"aws_caller_identity": {"account_id", Environment.Account},
		}[b.Labels[0]]
		delete(b.Body.Attributes, "provider")
		if !ok || len(b.Body.Attributes) > 0 || data[b.Labels[0]] != cty.NilVal {
			f.t.Fatalf("data %q", b.Labels)
		}
		data[b.Labels[0]] = cty.ObjectVal(map[string]cty.Value{
			b.Labels[1]: cty.ObjectVal(map[string]cty.Value{attribute[0]: cty.StringVal(attribute[1])}),
		})
	}
	if len(data) > 0 {
		f.context.Variables["data"] = cty.ObjectVal(data)
	}
}

// allTrue is Terraform's function alltrue, for lists whose values are known.
var allTrue = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		for _, v := range args[0].AsValueSlice() {
			if v.False() {
				return cty.False, nil
			}
		}
		return cty.True, nil
	},
})

// readVariables gives the variables their values, by their descriptions. One that is a list gets none for "".
func (f *terraformFile) readVariables(given map[string]string) {
	f.t.Helper()
	variables := map[string]cty.Value{}
	for _, b := range f.blocks["variable"] {
		f.checkName(b.Labels[0])
		value, ok := given[f.evaluate(b.Body.Attributes["description"].Expr).AsString()]
		if !ok {
			f.t.Fatalf("the variable %s has no value", b.Labels[0])
		}
		switch kind := hcl.ExprAsKeyword(b.Body.Attributes["type"].Expr); {
		case kind == "string":
			variables[b.Labels[0]] = cty.StringVal(value)
		case value == "":
			variables[b.Labels[0]] = cty.ListValEmpty(cty.String)
		default:
			variables[b.Labels[0]] = cty.ListVal([]cty.Value{cty.StringVal(value)})
		}
	}
	if len(variables) > 0 {
		f.context.Variables["var"] = cty.ObjectVal(variables)
	}
	for _, b := range f.blocks["variable"] {
		for _, inner := range b.Body.Blocks {
			if condition := f.evaluate(inner.Body.Attributes["condition"].Expr); inner.Type != "validation" || condition.False() {
				f.t.Fatalf("the variable %s does not allow its value", b.Labels[0])
			}
		}
	}
}

// readModule gives what the module around the file has its values, by their addresses.
func (f *terraformFile) readModule(values map[string]string) {
	for address, value := range values {
		names := strings.Split(address, ".")
		v := cty.StringVal(value)
		for _, name := range slices.Backward(names[1:]) {
			v = cty.ObjectVal(map[string]cty.Value{name: v})
		}
		f.context.Variables[names[0]] = mergeValues(f.context.Variables[names[0]], v)
	}
}

// mergeValues returns an object with the members of two.
func mergeValues(a, b cty.Value) cty.Value {
	if a == cty.NilVal || !a.Type().IsObjectType() || !b.Type().IsObjectType() {
		return b
	}
	members := a.AsValueMap()
	if members == nil {
		members = map[string]cty.Value{}
	}
	for name, value := range b.AsValueMap() {
		members[name] = mergeValues(members[name], value)
	}
	return cty.ObjectVal(members)
}

// readLocals evaluates the locals, each with those that it needs before it.
func (f *terraformFile) readLocals() {
	f.t.Helper()
	expressions, locals := map[string]hcl.Expression{}, map[string]cty.Value{}
	for _, b := range f.blocks["locals"] {
		for name, a := range b.Body.Attributes {
			f.checkName(name)
			expressions[name] = a.Expr
		}
	}
	for len(locals) < len(expressions) {
		before := len(locals)
		for name, x := range expressions {
			_, done := locals[name]
			if needs := func(t hcl.Traversal) bool {
				if t.RootName() != "local" {
					return false
				}
				_, known := locals[t[1].(hcl.TraverseAttr).Name]
				return !known
			}; !done && !slices.ContainsFunc(x.Variables(), needs) {
				locals[name] = f.evaluate(x)
				f.context.Variables["local"] = cty.ObjectVal(locals)
			}
		}
		if len(locals) == before {
			f.t.Fatal("locals that need each other")
		}
	}
}

// readReferences gives the resources names and ARNs, for the references between them.
func (f *terraformFile) readReferences() {
	f.t.Helper()
	resources := map[string]map[string]cty.Value{}
	for _, b := range f.blocks["resource"] {
		f.checkName(b.Labels[1])
		if resources[b.Labels[0]] == nil {
			resources[b.Labels[0]] = map[string]cty.Value{}
		}
		if _, twice := resources[b.Labels[0]][b.Labels[1]]; twice {
			f.t.Fatalf("two resources %q", b.Labels)
		}
		values := map[string]cty.Value{}
		for _, attribute := range []string{"id", "name", "arn"} {
			values[attribute] = cty.StringVal("the " + attribute + " of " + strings.Join(b.Labels, "."))
		}
		resource := cty.ObjectVal(values)
		if b.Body.Attributes["count"] != nil {
			resource = cty.TupleVal([]cty.Value{resource})
		}
		resources[b.Labels[0]][b.Labels[1]] = resource
	}
	for kind, list := range resources {
		f.context.Variables[kind] = cty.ObjectVal(list)
	}
}

// role returns the meaning of the resources, and the addresses of those that give the role its permissions.
func (f *terraformFile) role() (m Meaning, waited []string) {
	f.t.Helper()
	managed := map[string][]string{}
	for _, b := range f.blocks["resource"] {
		count, hasCount := b.Body.Attributes["count"]
		if hasCount && f.evaluate(count.Expr).RawEquals(cty.NumberIntVal(0)) {
			if b.Labels[0] != "aws_iam_policy" {
				waited = append(waited, strings.Join(b.Labels, "."))
			}
			continue
		}
		r := f.resource(b)
		r.take("count")
		r.take("provider")
		switch b.Labels[0] {
		case "aws_iam_role":
			r.readRole(&m)
		case "aws_iam_role_policy":
			if r.text("name") == "" || r.text("role") != "the id of aws_iam_role."+f.prefix {
				f.t.Fatalf("%s has no name, or is another role's", r.address)
			}
			m.Permissions = append(m.Permissions, r.document("policy")...)
			waited = append(waited, r.address)
		case "aws_iam_policy":
			if n := len(r.text("name_prefix")); n == 0 || n > 102 {
				f.t.Fatalf("%s has a name_prefix of %d characters", r.address, n)
			}
			managed["the arn of "+r.address] = r.document("policy")
		case "aws_iam_role_policy_attachment":
			if r.text("role") != "the name of aws_iam_role."+f.prefix {
				f.t.Fatalf("%s is another role's", r.address)
			}
			m.Attached = append(m.Attached, r.text("policy_arn"))
			waited = append(waited, r.address)
		default:
			f.t.Fatalf("a resource %s", r.address)
		}
		if len(r.attributes) > 0 {
			f.t.Fatalf("%s has %v", r.address, slices.Sorted(maps.Keys(r.attributes)))
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
		f.t.Fatalf("policies that the role does not have: %v", managed)
	}
	m.Permissions = Sorted(m.Permissions)
	return m, waited
}

// terraformResource is a resource with those of its attributes that nobody has taken yet.
type terraformResource struct {
	t          testing.TB
	address    string
	attributes map[string]cty.Value
}

func (f *terraformFile) resource(b *hclsyntax.Block) terraformResource {
	f.t.Helper()
	r := terraformResource{f.t, strings.Join(b.Labels, "."), map[string]cty.Value{}}
	for name, a := range b.Body.Attributes {
		r.attributes[name] = f.evaluate(a.Expr)
	}
	return r
}

// take returns an attribute, and whether the resource has it.
func (r terraformResource) take(name string) (cty.Value, bool) {
	v, ok := r.attributes[name]
	delete(r.attributes, name)
	return v, ok
}

// text takes an attribute that the resource has to have.
func (r terraformResource) text(name string) string {
	r.t.Helper()
	v, ok := r.take(name)
	if !ok {
		r.t.Fatalf("%s has no %s", r.address, name)
	}
	return v.AsString()
}

// document takes an attribute that is a policy document.
func (r terraformResource) document(name string) []string {
	r.t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(r.text(name)), &doc); err != nil {
		r.t.Fatal(err)
	}
	return PolicyLines(r.t, doc)
}

// readRole takes the attributes of the role itself.
func (r terraformResource) readRole(m *Meaning) {
	r.t.Helper()
	if v, ok := r.take("name"); ok {
		m.Name = v.AsString()
	} else if prefix := r.text("name_prefix"); prefix == "" || len(prefix) > 38 {
		r.t.Fatalf("name_prefix %q", prefix)
	}
	m.Trust = Sorted(r.document("assume_role_policy"))
	for attribute, property := range map[string]string{"path": "Path", "description": "Description", "permissions_boundary": "PermissionsBoundary"} {
		if v, ok := r.take(attribute); ok {
			m.Set(r.t, property, v.AsString())
		}
	}
	if v, ok := r.take("max_session_duration"); ok {
		seconds, _ := v.AsBigFloat().Float64()
		m.Set(r.t, "MaxSessionDuration", seconds)
	}
	if v, ok := r.take("tags"); ok {
		var tags []any
		for key, value := range v.AsValueMap() {
			tags = append(tags, map[string]any{"Key": key, "Value": value.AsString()})
		}
		m.Set(r.t, "Tags", tags)
	}
}

// checkOutputs: the outputs are those of a template, and wait for the permissions.
func (f *terraformFile) checkOutputs(waited []string) {
	f.t.Helper()
	if n := len(f.blocks["output"]); n != 2 {
		f.t.Fatalf("%d outputs", n)
	}
	for _, b := range f.blocks["output"] {
		f.checkName(b.Labels[0])
		value := f.evaluate(b.Body.Attributes["value"].Expr).AsString()
		want := map[string]string{
			f.prefix + "_role_name": "the name of aws_iam_role." + f.prefix,
			f.prefix + "_role_arn":  "the arn of aws_iam_role." + f.prefix,
		}[b.Labels[0]]
		if value != want {
			f.t.Fatalf("output %s is %s", b.Labels[0], value)
		}
		var depends []string
		if a := b.Body.Attributes["depends_on"]; a != nil {
			expressions, _ := hcl.ExprList(a.Expr)
			for _, e := range expressions {
				traversal, problems := hcl.AbsTraversalForExpr(e)
				if problems.HasErrors() {
					f.t.Fatal(problems)
				}
				depends = append(depends, traversal.RootName()+"."+traversal[1].(hcl.TraverseAttr).Name)
			}
		}
		if !slices.Equal(Sorted(depends), Sorted(slices.Clone(waited))) {
			f.t.Fatalf("output %s waits for %v, want %v", b.Labels[0], depends, waited)
		}
	}
}
