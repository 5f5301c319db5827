package template

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// Is reports whether a document is a CloudFormation template.
func Is(top *tree.Node) bool {
	resources := top.Member("Resources")
	if resources == nil || resources.Kind != tree.Object {
		return false
	}
	return top.Member("AWSTemplateFormatVersion") != nil || slices.ContainsFunc(resources.Children, func(n tree.Node) bool {
		kind := n.Member("Type")
		return kind != nil && strings.Contains(kind.Text, "::") || strings.HasPrefix(n.Name, "Fn::ForEach")
	})
}

// Body returns the template in what aws cloudformation get-template prints, and nil for everything else. A template in JSON is an
// object there, or a string of JSON in the input of other commands. A template in YAML is a string, which is not read: advice says
// what to pass.
//
// Source: https://docs.aws.amazon.com/cli/latest/reference/cloudformation/get-template.html
func Body(doc *tree.Document, n *tree.Node) (top *tree.Node, advice string) {
	body := n.Member("TemplateBody")
	if body == nil {
		return nil, ""
	}
	if body.Kind == tree.String {
		root, _ := doc.Embedded(body)
		if root == nil {
			return nil, "TemplateBody is a string: pass the template alone, which aws cloudformation get-template --query TemplateBody --output text prints"
		}
		*body = *root
		body.Adopt()
	}
	if !Is(body) {
		return nil, ""
	}
	return body, ""
}

// Additions returns the functions below n that add members to the object in which they are, beside other members: Fn::Transform,
// such as of the macro AWS::Include, and Fn::ForEach.
func Additions(n *tree.Node) (list []*tree.Node) {
	for i := range n.Children {
		kid := &n.Children[i]
		if n.Kind == tree.Object && len(n.Children) > 1 && (kid.Name == "Fn::Transform" || strings.HasPrefix(kid.Name, "Fn::ForEach")) {
			list = append(list, kid)
		}
		list = append(list, Additions(kid)...)
	}
	return list
}

// harmlessMacros are macros of AWS that leave the resources of ECS and IAM alone, but for those that they add.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
var harmlessMacros = [...]string{
	"AWS::Serverless-2016-10-31", "AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen",
	"AWS::LanguageExtensions",
}

// Macros returns the names of the macros that can change all of a template.
func Macros(top *tree.Node) (list []*tree.Node) {
	if transforms := top.Member("Transform"); transforms != nil {
		addMacros(transforms, &list)
	}
	return list
}

func addMacros(n *tree.Node, list *[]*tree.Node) {
	if n.Kind == tree.List {
		for i := range n.Children {
			addMacros(&n.Children[i], list)
		}
		return
	}
	if name := n.Member("Name"); name != nil {
		n = name
	}
	if n.Kind == tree.String && !slices.Contains(harmlessMacros[:], n.Text) {
		*list = append(*list, n)
	}
}
