package taskdef

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// template is a CloudFormation template, of which the task definitions are read.
//
// Functions are replaced by what they return: a text, in which unknown values are symbols, or a conditional of which both
// branches count.
type template struct {
	f         *finder
	top       *tree.Node
	resources map[string]*tree.Node
	inputs    map[string]*tree.Node // the template's parameters
	mappings  map[string]*tree.Node
	symbols   policy.SymbolTable
	pointers  map[int]string // of the branches of conditionals, by node
	// state says of each node whether its functions have been replaced.
	state map[*tree.Node]progress
	// set has the values that the caller gives to parameters and resources, and used those that were needed.
	set  map[string]string
	used map[string]bool
}

type progress int

const (
	untouched progress = iota
	working            // a function inside of it needs the node itself
	replaced
)

// taskDefinitionTypes are the types of resources that are task definitions.
var taskDefinitionTypes = [...]string{"AWS::ECS::TaskDefinition", "AWS::ECS::DaemonTaskDefinition"}

// isTemplate reports whether a document is a CloudFormation template.
func isTemplate(top *tree.Node) bool {
	resources := top.Member("Resources")
	if resources == nil || resources.Kind != tree.Object {
		return false
	}
	return top.Member("AWSTemplateFormatVersion") != nil || slices.ContainsFunc(resources.Children, func(n tree.Node) bool {
		kind := n.Member("Type")
		return kind != nil && strings.Contains(kind.Text, "::") || strings.HasPrefix(n.Name, "Fn::ForEach")
	})
}

// harmlessTransforms are macros of AWS that leave the resources of ECS alone.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
var harmlessTransforms = [...]string{
	"AWS::Serverless-2016-10-31", "AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen",
	"AWS::LanguageExtensions",
}

// template finds the task definitions of a CloudFormation template.
func (f *finder) template(top *tree.Node) {
	longForms(top)
	t := &template{
		f: f, top: top, resources: members(top, "Resources"), inputs: members(top, "Parameters"), mappings: members(top, "Mappings"),
		symbols: policy.SymbolTable{}, pointers: map[int]string{}, state: map[*tree.Node]progress{},
		set: map[string]string{}, used: map[string]bool{},
	}
	for _, set := range f.set {
		t.set[set.Name] = set.Value
	}
	if transforms := top.Member("Transform"); transforms != nil {
		t.checkTransforms(transforms)
	}
	found := false
	list := top.Member("Resources").Children
	for i := range list {
		resource := &list[i]
		if strings.HasPrefix(resource.Name, "Fn::ForEach") && mentionsTaskDefinition(resource) {
			f.fail(resource.NameStart, "%s makes task definitions, and is not read: pass the template that aws cloudformation get-template --template-stage Processed prints", resource.Name)
			found = true
		}
		kind := resource.Member("Type")
		if kind == nil || !slices.Contains(taskDefinitionTypes[:], kind.Text) {
			continue
		}
		found = true
		t.taskDefinition(resource)
	}
	if !found {
		f.fail(top.Start, "the template has no resource of type %s", taskDefinitionTypes[0])
	}
	t.findKeys()
	f.symbols, f.filled = t.symbols, t.used
}

// checkTransforms refuses macros, which can change all of a template.
func (t *template) checkTransforms(n *tree.Node) {
	if n.Kind == tree.List {
		for i := range n.Children {
			t.checkTransforms(&n.Children[i])
		}
		return
	}
	if name := n.Member("Name"); name != nil {
		n = name
	}
	if n.Kind == tree.String && !slices.Contains(harmlessTransforms[:], n.Text) {
		t.f.fail(n.Start, "the macro %s can change the task definitions: pass the template that aws cloudformation get-template --template-stage Processed prints", n.Text)
	}
}

// mentionsTaskDefinition reports whether a task definition is somewhere below n.
func mentionsTaskDefinition(n *tree.Node) bool {
	if n.Name == "Type" && slices.Contains(taskDefinitionTypes[:], n.Text) {
		return true
	}
	return slices.ContainsFunc(n.Children, func(kid tree.Node) bool { return mentionsTaskDefinition(&kid) })
}

// taskDefinition takes a resource that is a task definition.
func (t *template) taskDefinition(resource *tree.Node) {
	properties := resource.Member("Properties")
	if properties == nil || properties.Kind != tree.Object {
		t.f.fail(resource.Start, "the resource %s has no Properties, and so no ContainerDefinitions", resource.Name)
		return
	}
	t.replace(properties)
	containers := properties.Member("ContainerDefinitions")
	if containers == nil {
		t.f.fail(properties.Start, "the resource %s has no ContainerDefinitions", resource.Name)
		return
	}
	form := Form{NamesInAnyCase: true, ScalarsAreStrings: true}
	t.f.oneOf(containers, Part{Root: properties, Form: form, Pointers: t.pointers, Name: resource.Name})
}

// members returns the members of a member of the template, by name.
func members(top *tree.Node, name string) map[string]*tree.Node {
	list := map[string]*tree.Node{}
	if n := top.Member(name); n != nil && n.Kind == tree.Object {
		for i := range n.Children {
			list[n.Children[i].Name] = &n.Children[i]
		}
	}
	return list
}

// longForms gives the functions that YAML writes as tags, such as !Sub, their names.
func longForms(n *tree.Node) {
	for i := range n.Children {
		longForms(&n.Children[i])
	}
	if n.Kind != tree.Object || len(n.Children) != 1 || !strings.HasPrefix(n.Children[0].Name, "!") {
		return
	}
	kid := &n.Children[0]
	switch kid.Name {
	case "!Ref", "!Condition":
		kid.Name = kid.Name[1:]
	case "!GetAtt":
		kid.Name = "Fn::GetAtt"
	default:
		kid.Name = "Fn::" + kid.Name[1:]
	}
}

// symbol returns a symbol, and keeps what is known of it.
func (t *template) symbol(name string, info policy.SymbolInfo, at *tree.Node) policy.Text {
	s := policy.Symbol(name)
	if value, ok := t.set[name]; ok {
		t.used[name] = true
		return policy.Text(value)
	}
	if _, known := t.symbols[s]; !known {
		info.Place = place(t.f.doc, t.f.form, at.Start)
		if info.Meaning == "" {
			info.Meaning = policy.MeansUnknown
		}
		t.symbols[s] = info
	}
	return policy.Of(s)
}

// unknown returns a symbol for a value that only the deployment knows.
func (t *template) unknown(n *tree.Node, expression string) policy.Text {
	line, column := t.f.doc.Source.Position(n.Start)
	return t.symbol(fmt.Sprintf("%s at %d:%d", expression, line, column), policy.SymbolInfo{Kind: policy.Attribute, Expression: expression}, n)
}
