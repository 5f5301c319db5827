package taskdef

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/smithy-go"

	"github.com/execrole/execrole/analyze/tree"
)

// bind gives every node its schema and remarks on what does not fit: members that ECS does not have, and
// objects in the place of a list. A value of a wrong type is only marked; [Reader.Problems]
// knows whether a rule wanted it.
func (td *TaskDefinition) bind() {
	if top := td.root.Parent; top != nil && top.Parent == nil && strings.EqualFold(td.root.Name, "taskDefinition") {
		// The output of describe-task-definition: the tags are beside the task definition.
		for i := range top.Children {
			if n := &top.Children[i]; n != td.root && n.Name != "tags" && n.Name != "ResponseMetadata" {
				td.unknown(n, []string{"taskDefinition", "tags"})
			}
		}
	}
	td.members(td.root, memberSchema, func() []string {
		return append(names(schemas.TaskDefinition), names(schemas.RegisterTaskDefinitionRequest)...)
	})
}

func (td *TaskDefinition) members(n *tree.Node, lookup func(string) *smithy.Schema, names func() []string) {
	var known []string
	all := func() []string {
		if known == nil {
			known = names()
		}
		return known
	}
	for i := range n.Children {
		kid := &n.Children[i]
		s := lookup(kid.Name)
		if s == nil {
			name := kid.Name
			if j := slices.IndexFunc(all(), func(a string) bool { return strings.EqualFold(a, name) }); j >= 0 {
				s = td.otherCase(n, kid, all()[j], lookup)
			}
		}
		if s == nil {
			td.unknown(kid, all())
			continue
		}
		td.value(kid, s)
	}
}

// otherCase accepts a member whose name differs from ECS's only in case, as in the SDK's own JSON and in
// CloudFormation: to ignore it would cost its permission.
func (td *TaskDefinition) otherCase(parent, kid *tree.Node, name string, lookup func(string) *smithy.Schema) *smithy.Schema {
	if first := parent.Member(name); first != nil {
		line, column := td.doc.Source.Position(first.NameStart)
		td.report(Syntax, kid.NameStart, fmt.Sprintf("%q stands here a second time, as %q; the first one is at %d:%d", name, kid.Name, line, column))
		return nil
	}
	if !td.form.NamesInAnyCase {
		td.warn(kid, kid.NameStart, fmt.Sprintf("ECS writes %q as %q; it is read as that", kid.Name, name))
		if td.written == nil {
			td.written = map[*tree.Node]string{}
		}
		td.written[kid] = kid.Name
	}
	kid.Name = name
	return lookup(name)
}

func (td *TaskDefinition) value(n *tree.Node, s *smithy.Schema) {
	if n.Kind == tree.Choice {
		td.detail(n).schema = s
		for i := range n.Children {
			td.value(&n.Children[i], s)
		}
		return
	}
	d := td.detail(n)
	d.schema = s
	if n.Kind == tree.Null {
		return
	}
	if td.form.EmptyEnumIsAbsent && n.Kind == tree.String && n.Text == "" && s.Type() == smithy.ShapeTypeEnum {
		n.Kind = tree.Null
		return
	}
	if td.form.UntaggedUnions && s.Type() == smithy.ShapeTypeUnion {
		return // no rule reads one
	}
	if td.form.ScalarsAreStrings && (n.Kind == tree.Number || n.Kind == tree.Boolean) &&
		(s.Type() == smithy.ShapeTypeString || s.Type() == smithy.ShapeTypeEnum) {
		n.Kind = tree.String
		return
	}
	want := ""
	switch s.Type() {
	case smithy.ShapeTypeStructure, smithy.ShapeTypeUnion:
		if n.Kind == tree.Object {
			td.members(n, s.Member, func() []string { return names(s) })
			return
		}
		want = "an object"
	case smithy.ShapeTypeMap:
		if n.Kind == tree.Object {
			for i := range n.Children {
				td.value(&n.Children[i], s.MapValue())
			}
			return
		}
		want = "an object"
	case smithy.ShapeTypeList, smithy.ShapeTypeSet:
		element := s.ListMember()
		switch {
		case n.Kind == tree.List:
			for i := range n.Children {
				td.value(&n.Children[i], element)
			}
			return
		case n.Kind == tree.Object && element.Type() == smithy.ShapeTypeStructure:
			d.lone = true
			td.warn(n, n.Start, fmt.Sprintf("%s has to be a list; this object is read as its only element", n.Name))
			td.members(n, element.Member, func() []string { return names(element) })
			return
		}
		want = "a list"
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		if n.Kind == tree.String {
			return
		}
		want = "a string"
	case smithy.ShapeTypeBoolean:
		if n.Kind == tree.Boolean {
			return
		}
		want = "a boolean"
	case smithy.ShapeTypeInteger, smithy.ShapeTypeLong, smithy.ShapeTypeShort, smithy.ShapeTypeByte, smithy.ShapeTypeIntEnum:
		if n.Kind == tree.Number && !strings.ContainsAny(n.Text, ".eE") {
			return
		}
		want = "an integer"
	case smithy.ShapeTypeDouble, smithy.ShapeTypeFloat:
		if n.Kind == tree.Number {
			return
		}
		want = "a number"
	case smithy.ShapeTypeTimestamp:
		// Seconds in the API, a date in the output of the AWS CLI.
		if n.Kind == tree.Number || n.Kind == tree.String {
			return
		}
		want = "a time"
	default:
		panic(fmt.Sprintf("taskdef: the schema of %s has type %d, which bind does not know", n.Name, s.Type()))
	}
	d.wrong = fmt.Sprintf("%s is %s; ECS wants %s", called(n), n.Kind, want)
	td.mistyped = append(td.mistyped, n)
}

// called names a node in a message: a member by its name, an element by its list's.
func called(n *tree.Node) string {
	n = unconditional(n)
	if n.Name != "" {
		return n.Name
	}
	if n.Parent != nil && n.Parent.Kind == tree.List {
		return fmt.Sprintf("element %d of %s", n.Index, unconditional(n.Parent).Name)
	}
	return "this"
}

func (td *TaskDefinition) unknown(n *tree.Node, known []string) {
	message := fmt.Sprintf("ECS has no member %q here", n.Name)
	if near := tree.Nearest(n.Name, known); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	td.warn(n, n.NameStart, message)
}

func (td *TaskDefinition) warn(n *tree.Node, off int, message string) {
	td.problems = append(td.problems, Problem{Kind: Schema, Warning: true, At: td.at(n, off), Message: message})
}

// at returns the Ref of a node, with an offset that is not where its value begins.
func (td *TaskDefinition) at(n *tree.Node, off int) Ref {
	ref, place := td.ref(n), td.place(off)
	ref.Offset, ref.Line, ref.Column = off, place.Line, place.Column
	return ref
}

// names returns the names of a structure's members, sorted.
func names(s *smithy.Schema) []string {
	var list []string
	for name := range s.Members() {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
