package taskdef

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/smithy-go"

	"github.com/execrole/execrole/analyze/tree"
)

// bind gives every node its schema and remarks on objects in the place of a list. Members that ECS does not have are kept
// for [Reader.Unknown]. A value of a wrong type is only marked; [Reader.Problems] knows whether a rule wanted it.
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
	for i := range n.Children {
		if isName(&n.Children[i]) {
			td.detail(n).named = int32(i + 1)
			break
		}
	}
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
// CloudFormation. If such a member were ignored, its permission would be lost.
func (td *TaskDefinition) otherCase(parent, kid *tree.Node, name string, lookup func(string) *smithy.Schema) *smithy.Schema {
	if first := parent.Member(name); first != nil {
		line, column := td.doc.Source.Position(first.NameStart)
		td.report(Syntax, kid.NameStart, fmt.Sprintf("%q is here a second time, as %q; the first one is at %d:%d", name, kid.Name, line, column))
		return nil
	}
	if !td.form.NamesInAnyCase {
		td.warn(kid, kid.NameStart, fmt.Sprintf("ECS writes %q as %q; it is read as that", kid.Name, name))
	}
	if !td.form.NoLines {
		if td.written == nil {
			td.written = map[*tree.Node]string{}
		}
		td.written[kid] = kid.Name
	}
	kid.Name = name
	return lookup(name)
}

// wants says which kinds of values each type of the schema takes, and what a message calls them.
var wants = map[smithy.ShapeType]struct {
	words string
	kinds []tree.Kind
}{
	smithy.ShapeTypeStructure: {"an object", []tree.Kind{tree.Object}},
	smithy.ShapeTypeUnion:     {"an object", []tree.Kind{tree.Object}},
	smithy.ShapeTypeMap:       {"an object", []tree.Kind{tree.Object}},
	smithy.ShapeTypeList:      {"a list", []tree.Kind{tree.List}},
	smithy.ShapeTypeSet:       {"a list", []tree.Kind{tree.List}},
	smithy.ShapeTypeString:    {"a string", []tree.Kind{tree.String}},
	smithy.ShapeTypeEnum:      {"a string", []tree.Kind{tree.String}},
	smithy.ShapeTypeBoolean:   {"a boolean", []tree.Kind{tree.Boolean}},
	smithy.ShapeTypeInteger:   {integer, []tree.Kind{tree.Number}},
	smithy.ShapeTypeLong:      {integer, []tree.Kind{tree.Number}},
	smithy.ShapeTypeShort:     {integer, []tree.Kind{tree.Number}},
	smithy.ShapeTypeByte:      {integer, []tree.Kind{tree.Number}},
	smithy.ShapeTypeIntEnum:   {integer, []tree.Kind{tree.Number}},
	smithy.ShapeTypeDouble:    {"a number", []tree.Kind{tree.Number}},
	smithy.ShapeTypeFloat:     {"a number", []tree.Kind{tree.Number}},
	// Seconds in the API, a date in the output of the AWS CLI.
	smithy.ShapeTypeTimestamp: {"a time", []tree.Kind{tree.Number, tree.String}},
}

const integer = "an integer"

// value gives a node and what is below it their schemas.
func (td *TaskDefinition) value(n *tree.Node, s *smithy.Schema) {
	d, kind := td.detail(n), s.Type()
	d.schema = s
	isString := kind == smithy.ShapeTypeString || kind == smithy.ShapeTypeEnum
	switch {
	case n.Kind == tree.Choice:
		for i := range n.Children {
			td.value(&n.Children[i], s)
		}
		return
	case n.Kind == tree.Null:
		return
	case n.Kind == tree.Placeholder:
		if n.Kind = tree.String; !isString {
			n.Kind, d.wrong = tree.Placeholder, true
			td.mistyped = append(td.mistyped, mistyped{n, fmt.Sprintf("%s is %s, a placeholder without quotes, and the permissions depend on it: render the template first", called(n), n.Text)})
		}
		return
	case td.form.EmptyEnumIsAbsent && n.Kind == tree.String && n.Text == "" && kind == smithy.ShapeTypeEnum:
		n.Kind = tree.Null
		return
	case td.form.UntaggedUnions && kind == smithy.ShapeTypeUnion:
		return // no rule reads one
	case td.form.ScalarsAreStrings && isString && (n.Kind == tree.Number || n.Kind == tree.Boolean):
		n.Kind = tree.String
		return
	}
	want, known := wants[kind]
	if !known {
		panic(fmt.Sprintf("taskdef: the schema of %s has type %d, which bind does not know", n.Name, kind))
	}
	fits := slices.Contains(want.kinds, n.Kind) && (want.words != integer || !strings.ContainsAny(n.Text, ".eE"))
	if fits {
		td.below(n, s)
		return
	}
	if want.kinds[0] == tree.List && n.Kind == tree.Object && s.ListMember().Type() == smithy.ShapeTypeStructure {
		d.lone = true
		td.warn(n, n.Start, fmt.Sprintf("%s has to be a list; this object is read as its only element", called(n)))
		td.structure(n, s.ListMember())
		return
	}
	d.wrong = true
	td.mistyped = append(td.mistyped, mistyped{n, fmt.Sprintf("%s is %s; ECS wants %s", called(n), n.Kind, want.words)})
}

// below gives the members or the elements of a node their schemas.
func (td *TaskDefinition) below(n *tree.Node, s *smithy.Schema) {
	switch s.Type() {
	case smithy.ShapeTypeStructure, smithy.ShapeTypeUnion:
		td.structure(n, s)
	case smithy.ShapeTypeMap:
		for i := range n.Children {
			td.value(&n.Children[i], s.MapValue())
		}
	case smithy.ShapeTypeList, smithy.ShapeTypeSet:
		for i := range n.Children {
			td.value(&n.Children[i], s.ListMember())
		}
	}
}

// structure gives the members of an object the schemas of a structure's members.
func (td *TaskDefinition) structure(n *tree.Node, s *smithy.Schema) {
	td.members(n, s.Member, func() []string { return names(s) })
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
	td.unknowns = append(td.unknowns, unknownMember{n, message})
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
