package taskdef

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// terraformJSON is what terraform show -json prints of a plan or of a state, or a state as Terraform keeps it in
// terraform.tfstate. OpenTofu has the same formats.
//
// Source: https://developer.hashicorp.com/terraform/internals/json-format
type terraformJSON struct {
	f   *finder
	top *tree.Node
	// resources are those of the state, or those that the plan leaves, child modules included.
	resources []terraformResource
	// address and base are the address of the resource that is being read, and the JSON pointer of its attributes. Problems
	// are its own.
	address, base string
	problems      []Problem
	// pointers are those of nodes whose names or shapes are not the ones that ECS has.
	pointers map[int]string
	// keyed are the keys that were found, each with what it encrypts.
	keyed   map[string]bool
	symbols policy.SymbolTable
	// set has the values that the caller gives to symbols, and used those that were needed.
	set  map[string]string
	used map[string]bool
}

// terraformResource is one instance of a resource: count and for_each make several of one.
type terraformResource struct {
	node    *tree.Node // where the resource is in the document
	address string     // module.web.aws_ecs_task_definition.app[0]
	kind    string     // aws_ecs_task_definition
	data    bool       // a data source, which is somebody else's
	values  *tree.Node // the attributes; nil if there are none
	// unknown has the attributes that only the deployment knows, each with the value true; nil where all are known.
	unknown *tree.Node
}

// isTerraformJSON reports whether a document is one of Terraform's.
func isTerraformJSON(top *tree.Node) bool {
	if format := top.Member("format_version"); format != nil && format.Kind == tree.String {
		return len(top.Children) == 1 || top.Member("terraform_version") != nil || top.Member("values") != nil || top.Member("planned_values") != nil
	}
	version := top.Member("version")
	return version != nil && version.Kind == tree.Number && top.Member("terraform_version") != nil && (top.Member("lineage") != nil || top.Member("resources") != nil)
}

// terraform finds the task definitions of a plan or of a state.
func (f *finder) terraform(top *tree.Node) {
	t := &terraformJSON{f: f, top: top, pointers: map[int]string{}, keyed: map[string]bool{}, symbols: policy.SymbolTable{}, set: map[string]string{}, used: map[string]bool{}}
	for _, set := range f.set {
		t.set[set.Name] = set.Value
	}
	kind := "state"
	switch plan, state := top.Member("planned_values"), top.Member("values"); {
	case plan != nil:
		kind = "plan"
		t.resources = modules(nil, plan.Member("root_module"))
		t.changes()
	case state != nil:
		t.resources = modules(nil, state.Member("root_module"))
	case top.Member("format_version") == nil:
		if !t.stateFile() {
			return
		}
	case len(top.Children) > 1 && top.Member("resource_changes") == nil:
		f.fail(top.Start, "Terraform wrote this, and it is neither a plan nor a state: pass what terraform show -json prints of one")
		return
	}
	f.resources = true
	found, others := false, ""
	for _, r := range t.resources {
		switch {
		case r.kind == "aws_ecs_task_definition" && r.data:
			others = "; data.aws_ecs_task_definition is not the definition itself: use aws ecs describe-task-definition"
		case r.kind == "aws_ecs_task_definition":
			found = true
			if r.values == nil || f.chosen(r.address, r.values) {
				t.taskDefinition(r)
			}
		case r.kind == "aws_batch_job_definition" && !r.data:
			t.jobDefinition(r)
			found = true
		}
	}
	t.services()
	found = t.deferred() || found
	// The state before the plan has the data sources that the plan has read.
	prior := modules(nil, memberOf(memberOf(top.Member("prior_state"), "values"), "root_module"))
	prior = slices.DeleteFunc(prior, func(r terraformResource) bool { return !r.data })
	t.findKeys(append(t.resources, prior...))
	f.broken = f.broken || found
	if !found {
		f.fail(top.Start, "the %s has no resource of type aws_ecs_task_definition or aws_batch_job_definition%s", kind, others)
	}
	if f.symbols == nil {
		f.symbols, f.filled = policy.SymbolTable{}, map[string]bool{}
	}
	maps.Copy(f.symbols, t.symbols)
	maps.Copy(f.filled, t.used)
}

// modules adds to a list the resources of a module and of its child modules. Any part of a module may be missing.
func modules(list []terraformResource, n *tree.Node) []terraformResource {
	for _, r := range children(memberOf(n, "resources")) {
		if r.Member("deposed_key") != nil {
			continue // replaced by another, and not deleted yet
		}
		list = append(list, terraformResource{
			node: r, address: textOf(r, "address"), kind: textOf(r, "type"), data: textOf(r, "mode") == "data", values: r.Member("values"),
		})
	}
	for _, child := range children(memberOf(n, "child_modules")) {
		list = modules(list, child)
	}
	return list
}

// changes gives the resources of a plan what it does not know of them. What the plan deletes is not among its planned
// values.
func (t *terraformJSON) changes() {
	unknown := map[string]*tree.Node{}
	for _, change := range children(t.top.Member("resource_changes")) {
		if c := change.Member("change"); c != nil && change.Member("deposed") == nil {
			unknown[textOf(change, "address")] = c.Member("after_unknown")
		}
	}
	for i := range t.resources {
		t.resources[i].unknown = unknown[t.resources[i].address]
	}
	if errored := t.top.Member("errored"); errored != nil && errored.Text == "true" {
		t.f.problems = append(t.f.problems, Problem{Kind: t.f.kind, Warning: true, At: Ref{Place: place(t.f.doc, t.f.form, errored.Start)},
			Message: "terraform plan ended with an error: task definitions can be missing from the plan"})
	}
}

// deferred refuses task definitions of which a plan says only that they come later, and reports whether there are some.
func (t *terraformJSON) deferred() (found bool) {
	for _, d := range children(t.top.Member("deferred_changes")) {
		if change := d.Member("resource_change"); change != nil && textOf(change, "type") == "aws_ecs_task_definition" && textOf(change, "mode") != "data" {
			t.f.fail(change.Start, "%s is deferred to a later plan; %s", textOf(change, "address"), stateKnows)
			found = true
		}
	}
	return found
}

// stateFile collects the resources of a state as Terraform keeps it.
//
// Source: https://github.com/hashicorp/terraform/blob/main/internal/states/statefile/version4.go
func (t *terraformJSON) stateFile() bool {
	if version := t.top.Member("version"); version.Text != "4" {
		t.f.fail(version.Start, "a state of version %s is not read: pass what terraform show -json prints", version.Text)
		return false
	}
	for _, r := range children(t.top.Member("resources")) {
		address := textOf(r, "type") + "." + textOf(r, "name")
		data := textOf(r, "mode") == "data"
		if data {
			address = "data." + address
		}
		if module := textOf(r, "module"); module != "" {
			address = module + "." + address
		}
		for _, instance := range children(r.Member("instances")) {
			if instance.Member("deposed") != nil {
				continue // replaced by another, and not deleted yet
			}
			t.resources = append(t.resources, terraformResource{
				node: instance, address: address + instanceKey(instance.Member("index_key")), kind: textOf(r, "type"), data: data, values: instance.Member("attributes"),
			})
		}
	}
	return true
}

// instanceKey returns the end of the address of an instance: [0], ["blue"], or nothing.
//
// Source: https://developer.hashicorp.com/terraform/cli/state/resource-addressing
func instanceKey(key *tree.Node) string {
	switch {
	case key == nil || key.Kind == tree.Null:
		return ""
	case key.Kind == tree.String:
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{").Replace(key.Text)
		return `["` + quoted + `"]`
	}
	return "[" + key.Text + "]"
}

// stateKnows says what to pass where a plan does not know enough.
const stateKnows = "pass the folder with the source, or apply the plan, and pass what terraform show -json prints of the state"

// taskDefinition takes a resource that is a task definition.
func (t *terraformJSON) taskDefinition(r terraformResource) {
	if r.values == nil || r.values.Kind != tree.Object {
		t.f.fail(r.node.Start, "%s has no values", r.address)
		return
	}
	const attribute = "container_definitions"
	containers := r.values.Member(attribute)
	switch {
	case t.isHidden(r, attribute):
		return
	case containers == nil || containers.Kind == tree.Null:
		t.f.fail(r.values.Start, "%s has no %s", r.address, attribute)
		return
	case containers.Kind != tree.String:
		t.f.fail(containers.Start, "%s of %s is %s: Terraform writes it as a string of JSON", attribute, r.address, containers.Kind)
		return
	}
	if !t.embed(containers) {
		return
	}
	region := t.region(r)
	t.begin(r)
	t.attributes(r.values, r.unknown, &schemaRoot, t.base)
	r.values.Adopt()
	t.f.oneOf(r.values.Member("containerDefinitions"), Part{Root: r.values, Form: t.f.form, Pointers: t.pointers, Name: r.address, Region: region, Problems: t.problems})
}

// begin begins to read a resource.
func (t *terraformJSON) begin(r terraformResource) {
	t.address, t.base, t.problems = r.address, r.values.Pointer(), nil
}

// fail adds an error about the resource that is being read, and no other.
func (t *terraformJSON) fail(at *tree.Node, format string, args ...any) {
	t.problems = append(t.problems, Problem{Kind: t.f.kind, At: Ref{Place: place(t.f.doc, t.f.form, at.Start)}, Message: fmt.Sprintf(format, args...)})
}

// isHidden reports whether a plan does not know an attribute that is a string of JSON, and says what can be done.
func (t *terraformJSON) isHidden(r terraformResource, attribute string) bool {
	if !isUnknown(r.unknown) && !isUnknown(memberOf(r.unknown, attribute)) {
		return false
	}
	t.f.fail(r.node.Start, "%s of %s is unknown until apply: it is one string%s, and one unknown part hides all of it from the plan; %s",
		attribute, r.address, t.references(r, attribute), stateKnows)
	return true
}

// embed puts the JSON that a string contains in the place of the string. A JSON pointer then leads on into it:
// /values/root_module/resources/0/values/container_definitions/0/image.
func (t *terraformJSON) embed(n *tree.Node) bool {
	name := n.Name
	root, problems := t.f.doc.Embedded(n)
	for _, p := range problems {
		t.f.problems = append(t.f.problems, Problem{Kind: t.f.kind, Warning: p.Warning, At: Ref{Place: p.At}, Message: fmt.Sprintf("in the string %s: %s", name, p.Message)})
	}
	if root == nil {
		return false
	}
	*n = *root
	return true
}

// textOf returns the text of a member of an object, or "".
func textOf(n *tree.Node, name string) string {
	if m := n.Member(name); m != nil {
		return m.Text
	}
	return ""
}
