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

// Additions returns the functions in objects below n that add members to the others there, such as the macro AWS::Include and
// Fn::ForEach.
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
