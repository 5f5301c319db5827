package taskdef

import (
	"maps"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
)

// resourceForm returns how to take a resource of a type that has the fields of a task definition; nil for other types.
func resourceForm(kind string) func(f *finder, r cloudResource) {
	switch kind {
	case "AWS::ECS::TaskDefinition":
		return func(f *finder, r cloudResource) {
			if containers := f.containersOf(r); containers != nil {
				f.oneOf(containers, Part{Root: r.properties, Form: r.form, Pointers: r.pointers, Name: r.name, RoleAt: []string{r.properties.Pointer()}})
			}
		}
	case "AWS::ECS::DaemonTaskDefinition":
		return func(f *finder, r cloudResource) {
			if containers := f.containersOf(r); containers != nil {
				f.daemon(r.properties, containers, r.form, r.pointers, r.name)
			}
		}
	case "AWS::ECS::ExpressGatewayService":
		return func(f *finder, r cloudResource) {
			f.express(r.properties, []*tree.Node{r.properties}, r.form, r.pointers, r.name)
		}
	case "AWS::Batch::JobDefinition":
		return func(f *finder, r cloudResource) { f.batch(r.properties, r.form, r.pointers, r.name) }
	}
	return nil
}

// processed names the template in which CloudFormation has run all macros.
const processed = "aws cloudformation get-template --template-stage Processed prints"

// cloudForm is that of a template. A parameter of the type Number is a string where a template refers to it.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
var cloudForm = Form{NamesInAnyCase: true, ScalarsAreStrings: true, StringsAreScalars: true}

// cloudResource is a resource of a template, of which the functions have been replaced.
type cloudResource struct {
	name       string // the logical ID
	properties *tree.Node
	form       Form
	pointers   map[int]string
}

// isTaskDefinitionType reports whether a resource of that type has the fields of a task definition.
func isTaskDefinitionType(kind *tree.Node) bool {
	return kind != nil && resourceForm(kind.Text) != nil
}

// template finds the task definitions of a CloudFormation template.
func (f *finder) template(top *tree.Node) {
	values := map[string]string{}
	for name, value := range f.known {
		values[string(name)] = string(value)
	}
	for _, set := range f.set {
		values[set.Name] = set.Value
	}
	t := template.New(f.doc, top, values)
	t.Exports = f.exports
	maps.Copy(t.Symbols, f.knownSymbols)
	for _, macro := range template.Macros(top) {
		f.fail(macro.Start, "the macro %s can change the task definitions: pass the template that %s", macro.Text, processed)
	}
	found := false
	list := top.Member("Resources").Children
	for i := range list {
		resource := &list[i]
		if strings.HasPrefix(resource.Name, "Fn::ForEach") && mentionsTaskDefinition(resource) {
			f.fail(resource.NameStart, "%s makes task definitions, and is not read: pass the template that %s", resource.Name, processed)
			found = true
		}
		if kind := resource.Member("Type"); isTaskDefinitionType(kind) {
			found = true
			if properties := resource.Member("Properties"); properties == nil || f.chosen(resource.Name, properties) {
				f.resource(t, resource)
			}
		}
	}
	for i := range list {
		if kind := list[i].Member("Type"); found && kind != nil && kind.Text == "AWS::ECS::Service" {
			f.serviceOf(t, &list[i], top.Member("Resources"))
		}
	}
	f.broken = f.broken || found
	if include := top.Member("Resources").Member("Fn::Transform"); include != nil {
		f.fail(include.NameStart, "Fn::Transform can add task definitions: pass the template that %s", processed)
		f.problems[len(f.problems)-1].Warning = found
	} else if !found {
		f.fail(top.Start, "the template has no resource of type AWS::ECS::TaskDefinition")
	}
	f.keys = t.Keys()
	for _, name := range t.Keyless() {
		if f.keyless == nil {
			f.keyless = map[string]bool{}
		}
		f.keyless[name] = true
	}
	f.symbols, f.filled, f.branches, f.when = t.Symbols, t.Used, t.Branches, t.When
	f.alternatives, f.formulas = t.Alternatives()
}

// mentionsTaskDefinition reports whether a task definition is somewhere below n.
func mentionsTaskDefinition(n *tree.Node) bool {
	if n.Name == "Type" && isTaskDefinitionType(n) {
		return true
	}
	return slices.ContainsFunc(n.Children, func(kid tree.Node) bool { return mentionsTaskDefinition(&kid) })
}

// resource takes a resource that has the fields of a task definition.
func (f *finder) resource(t *template.Template, resource *tree.Node) {
	properties, kind := resource.Member("Properties"), resource.Member("Type")
	if properties == nil || properties.Kind != tree.Object {
		f.fail(resource.Start, "the resource %s has no Properties", resource.Name)
		return
	}
	if additions := template.Additions(resource); additions != nil {
		for _, addition := range additions {
			f.fail(addition.NameStart, "%s can add to the task definition %s: pass the template that %s", addition.Name, resource.Name, processed)
		}
		return
	}
	t.Replace(properties)
	t.Prune(properties, conditionOf(resource))
	properties.Adopt() // functions have become other nodes
	f.conditional(resource, func() {
		resourceForm(kind.Text)(f, cloudResource{resource.Name, properties, cloudForm, t.Pointers})
	})
}

// conditional notes the condition of a resource in the parts that add finds in it.
func (f *finder) conditional(resource *tree.Node, add func()) {
	n := len(f.parts)
	add()
	for i := range f.parts[n:] {
		f.parts[n+i].Condition = conditionOf(resource)
	}
}

// conditionOf returns the condition of a resource; "" if it has none.
func conditionOf(resource *tree.Node) string {
	if condition := resource.Member("Condition"); condition != nil {
		return condition.Text
	}
	return ""
}

// serviceOf takes a service whose task definition is a resource of the template too.
func (f *finder) serviceOf(t *template.Template, service, resources *tree.Node) {
	properties := service.Member("Properties")
	if properties == nil || properties.Kind != tree.Object {
		return
	}
	t.Replace(properties)
	t.Prune(properties, conditionOf(service))
	task := properties.Member("TaskDefinition")
	if task == nil {
		return
	}
	var names []policy.Symbol
	for branch := range task.Branches() {
		if name, ok := f.taskDefinitionIn(resources, branch); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	properties.Adopt() // functions have become other nodes
	for _, name := range names {
		task.Kind, task.Text, task.Children = tree.String, string(policy.Of(name)), nil
		f.conditional(service, func() { f.service(properties, cloudForm, t.Pointers) })
	}
}

// taskDefinitionIn returns the name of the resource that a value refers to, if that is a task definition that is read.
func (f *finder) taskDefinitionIn(resources, n *tree.Node) (policy.Symbol, bool) {
	symbol, rest, ok := policy.Text(n.Text).CutSymbol()
	name, attribute, _ := strings.Cut(string(symbol), ".")
	resource := resources.Member(name)
	if n.Kind != tree.String || !ok || rest != "" || attribute != "" && attribute != "TaskDefinitionArn" || resource == nil || !isTaskDefinitionType(resource.Member("Type")) {
		return "", false
	}
	task := resource.Member("Properties")
	return policy.Symbol(name), task == nil || f.chosen(name, task)
}

// containersOf returns the container definitions of a resource, if it has them.
func (f *finder) containersOf(r cloudResource) *tree.Node {
	containers := r.properties.Member("ContainerDefinitions")
	switch {
	case containers == nil && r.properties.Kind == tree.String:
		f.fail(r.properties.Start, "the Properties of %s are %s, %s", r.name, policy.Text(r.properties.Text), deploymentUnknown)
	case containers == nil:
		f.fail(r.properties.Start, "the resource %s has no ContainerDefinitions", r.name)
	}
	return containers
}
