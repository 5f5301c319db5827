package taskdef

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
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
	values := map[string]string{}
	for _, set := range f.set {
		values[set.Name] = set.Value
	}
	t := template.New(f.doc, top, values)
	if transforms := top.Member("Transform"); transforms != nil {
		f.checkTransforms(transforms)
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
		if properties := resource.Member("Properties"); properties == nil || f.chosen(resource.Name, properties) {
			f.resource(t, resource)
		}
	}
	f.broken = f.broken || found
	if !found {
		f.fail(top.Start, "the template has no resource of type %s", taskDefinitionTypes[0])
	}
	f.keys = t.Keys()
	f.symbols, f.filled = t.Symbols, t.Used
}

// checkTransforms refuses macros, which can change all of a template.
func (f *finder) checkTransforms(n *tree.Node) {
	if n.Kind == tree.List {
		for i := range n.Children {
			f.checkTransforms(&n.Children[i])
		}
		return
	}
	if name := n.Member("Name"); name != nil {
		n = name
	}
	if n.Kind == tree.String && !slices.Contains(harmlessTransforms[:], n.Text) {
		f.fail(n.Start, "the macro %s can change the task definitions: pass the template that aws cloudformation get-template --template-stage Processed prints", n.Text)
	}
}

// mentionsTaskDefinition reports whether a task definition is somewhere below n.
func mentionsTaskDefinition(n *tree.Node) bool {
	if n.Name == "Type" && slices.Contains(taskDefinitionTypes[:], n.Text) {
		return true
	}
	return slices.ContainsFunc(n.Children, func(kid tree.Node) bool { return mentionsTaskDefinition(&kid) })
}

// resource takes a resource that is a task definition.
func (f *finder) resource(t *template.Template, resource *tree.Node) {
	properties := resource.Member("Properties")
	if properties == nil || properties.Kind != tree.Object {
		f.fail(resource.Start, "the resource %s has no Properties, and so no ContainerDefinitions", resource.Name)
		return
	}
	t.Replace(properties)
	containers := properties.Member("ContainerDefinitions")
	if containers == nil {
		f.fail(properties.Start, "the resource %s has no ContainerDefinitions", resource.Name)
		return
	}
	form := Form{NamesInAnyCase: true, ScalarsAreStrings: true}
	f.oneOf(containers, Part{Root: properties, Form: form, Pointers: t.Pointers, Name: resource.Name})
}
