package taskdef

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/smithy-go"
)

// bind gives every node its schema and remarks on what does not fit: members that ECS does not have, and
// objects that stand where a list belongs. A value of a wrong type is only marked; [Reader.Problems]
// knows whether a rule wanted it.
func (d *Document) bind() {
	if d.root.up != nil {
		// The output of describe-task-definition: the tags stand beside the task definition.
		for i := range d.root.up.kids {
			if n := &d.root.up.kids[i]; n != d.root && n.name != "tags" && n.name != "ResponseMetadata" {
				d.unknown(n, []string{"taskDefinition", "tags"})
			}
		}
	}
	d.members(d.root, taskDefinition, func() []string {
		return append(names(schemas.TaskDefinition), names(schemas.RegisterTaskDefinitionRequest)...)
	})
}

func (d *Document) members(n *node, lookup func(string) *smithy.Schema, names func() []string) {
	var known []string
	all := func() []string {
		if known == nil {
			known = names()
		}
		return known
	}
	for i := range n.kids {
		kid := &n.kids[i]
		s := lookup(kid.name)
		if s == nil {
			name := kid.name
			if j := slices.IndexFunc(all(), func(a string) bool { return strings.EqualFold(a, name) }); j >= 0 {
				s = d.otherCase(n, kid, all()[j], lookup)
			}
		}
		if s == nil {
			d.unknown(kid, all())
			continue
		}
		d.value(kid, s)
	}
}

// otherCase accepts a member whose name differs from ECS's only in case, as in the SDK's own JSON and in
// CloudFormation: to ignore it would cost its permission.
func (d *Document) otherCase(parent, kid *node, name string, lookup func(string) *smithy.Schema) *smithy.Schema {
	if first := parent.kid(name); first != nil {
		line, column := d.position(first.nameOff)
		d.report(Syntax, kid.nameOff, fmt.Sprintf("%q stands here a second time, as %q; the first one is at %d:%d", name, kid.name, line, column))
		return nil
	}
	if !d.sdk {
		d.warn(kid, kid.nameOff, fmt.Sprintf("ECS writes %q as %q; it is read as that", kid.name, name))
		if d.written == nil {
			d.written = map[*node]string{}
		}
		d.written[kid] = kid.name
	}
	kid.name = name
	return lookup(name)
}

func (d *Document) value(n *node, s *smithy.Schema) {
	n.schema = s
	if n.kind == null {
		return
	}
	if d.sdk && n.kind == text && n.text == "" && s.Type() == smithy.ShapeTypeEnum {
		// The SDK has no other way to say that an enumeration is absent.
		n.kind = null
		return
	}
	if d.sdk && s.Type() == smithy.ShapeTypeUnion {
		// JSON of the SDK's unions does not say which member it is. No rule reads one.
		return
	}
	want := ""
	switch s.Type() {
	case smithy.ShapeTypeStructure, smithy.ShapeTypeUnion:
		if n.kind == object {
			d.members(n, s.Member, func() []string { return names(s) })
			return
		}
		want = "an object"
	case smithy.ShapeTypeMap:
		if n.kind == object {
			for i := range n.kids {
				d.value(&n.kids[i], s.MapValue())
			}
			return
		}
		want = "an object"
	case smithy.ShapeTypeList, smithy.ShapeTypeSet:
		element := s.ListMember()
		switch {
		case n.kind == list:
			for i := range n.kids {
				d.value(&n.kids[i], element)
			}
			return
		case n.kind == object && element.Type() == smithy.ShapeTypeStructure:
			n.lone = true
			d.warn(n, n.off, fmt.Sprintf("%s has to be a list; this object is read as its only element", n.name))
			d.members(n, element.Member, func() []string { return names(element) })
			return
		}
		want = "a list"
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		if n.kind == text {
			return
		}
		want = "a string"
	case smithy.ShapeTypeBoolean:
		if n.kind == boolean {
			return
		}
		want = "a boolean"
	case smithy.ShapeTypeInteger, smithy.ShapeTypeLong, smithy.ShapeTypeShort, smithy.ShapeTypeByte, smithy.ShapeTypeIntEnum:
		if n.kind == number && !strings.ContainsAny(n.text, ".eE") {
			return
		}
		want = "an integer"
	case smithy.ShapeTypeDouble, smithy.ShapeTypeFloat:
		if n.kind == number {
			return
		}
		want = "a number"
	case smithy.ShapeTypeTimestamp:
		// Seconds in the API, a date in the output of the AWS CLI.
		if n.kind == number || n.kind == text {
			return
		}
		want = "a time"
	default:
		panic(fmt.Sprintf("taskdef: the schema of %s has type %d, which bind does not know", n.name, s.Type()))
	}
	n.wrong = fmt.Sprintf("%s is %s; ECS wants %s", d.called(n), kindNames[n.kind], want)
	d.mistyped = append(d.mistyped, n)
}

// called names a node in a message: a member by its name, an element by its list's.
func (d *Document) called(n *node) string {
	if n.name != "" {
		return n.name
	}
	if n.up != nil && n.up.kind == list {
		return fmt.Sprintf("element %d of %s", n.index, n.up.name)
	}
	return "this"
}

func (d *Document) unknown(n *node, known []string) {
	message := fmt.Sprintf("ECS has no member %q here", n.name)
	if near := Nearest(n.name, known); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	d.warn(n, n.nameOff, message)
}

func (d *Document) warn(n *node, off int, message string) {
	at := d.ref(n)
	at.Offset = off
	if !d.sdk {
		at.Line, at.Column = d.position(off)
	}
	d.problems = append(d.problems, Problem{Kind: Schema, Warning: true, At: at, Message: message})
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
