package taskdef

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
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
	td.detail(td.root).schema = &schemaRoot
	td.structure(td.root, &schemaRoot)
}

// structure gives the members of an object the schemas of a structure's members.
func (td *TaskDefinition) structure(n *tree.Node, s *schema) {
	for i := range n.Children {
		if isName(&n.Children[i]) {
			td.detail(n).named = int32(i + 1)
			break
		}
	}
	for i := range n.Children {
		kid := &n.Children[i]
		member := s.member(kid.Name)
		if member == nil {
			for _, m := range s.members {
				if strings.EqualFold(m.name, kid.Name) {
					member = td.otherCase(n, kid, m)
					break
				}
			}
		}
		if member == nil {
			td.unknown(kid, s.names())
			continue
		}
		td.value(kid, member)
	}
}

// otherCase accepts a member whose name differs from ECS's only in case, as in the SDK's own JSON and in
// CloudFormation. If such a member were ignored, its permission would be lost.
func (td *TaskDefinition) otherCase(parent, kid *tree.Node, m member) *schema {
	if first := parent.Member(m.name); first != nil {
		line, column := td.doc.Source.Position(first.NameStart)
		td.report(Syntax, kid.NameStart, fmt.Sprintf("%q is here a second time, as %q; the first one is at %d:%d", m.name, kid.Name, line, column))
		return nil
	}
	if !td.form.NamesInAnyCase {
		td.warn(kid, kid.NameStart, fmt.Sprintf("ECS writes %q as %q; it is read as that", kid.Name, m.name))
	}
	if !td.form.NoLines {
		if td.written == nil {
			td.written = map[*tree.Node]string{}
		}
		td.written[kid] = kid.Name
	}
	kid.Name = m.name
	return m.schema
}

// wants says which kinds of values each kind of schema takes, and what a message calls them.
var wants = [...]struct {
	words string
	kinds []tree.Kind
}{
	structure:   {"an object", []tree.Kind{tree.Object}},
	union:       {"an object", []tree.Kind{tree.Object}},
	mapping:     {"an object", []tree.Kind{tree.Object}},
	list:        {"a list", []tree.Kind{tree.List}},
	text:        {"a string", []tree.Kind{tree.String}},
	enumeration: {"a string", []tree.Kind{tree.String}},
	boolean:     {"a boolean", []tree.Kind{tree.Boolean}},
	integer:     {"an integer", []tree.Kind{tree.Number}},
	number:      {"a number", []tree.Kind{tree.Number}},
	// Seconds in the API, a date in the output of the AWS CLI.
	timestamp: {"a time", []tree.Kind{tree.Number, tree.String}},
}

// value gives a node and what is below it their schemas.
func (td *TaskDefinition) value(n *tree.Node, s *schema) {
	d := td.detail(n)
	d.schema = s
	isString := s.kind == text || s.kind == enumeration
	if n.Plain && !slices.Contains(wants[s.kind].kinds, tree.String) && isPlaceholder(n.Text) {
		n.Kind = tree.Placeholder // in YAML, a string without quotes is a string too
	}
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
			message := "%s is %s, a placeholder without quotes, and the permissions depend on it: render the template first"
			if !policy.Text(n.Text).IsLiteral() {
				message = "%s is %s, whose value is not in the source, and the permissions depend on it: " + sourceUnknown
			}
			td.mistyped = append(td.mistyped, mistyped{n, fmt.Sprintf(message, called(n), policy.Text(n.Text))})
		}
		return
	case td.form.EmptyEnumIsAbsent && n.Kind == tree.String && n.Text == "" && s.kind == enumeration:
		n.Kind = tree.Null
		return
	case td.form.UntaggedUnions && s.kind == union:
		return // no rule reads one
	case td.form.ScalarsAreStrings && isString && (n.Kind == tree.Number || n.Kind == tree.Boolean):
		n.Kind = tree.String
		return
	case td.form.StringsAreScalars && n.Kind == tree.String && isScalar(n.Text, s.kind):
		return
	}
	want := &wants[s.kind]
	if n.Kind == tree.String && !slices.Contains(want.kinds, tree.String) && !policy.Text(n.Text).IsLiteral() {
		n.Kind, d.wrong = tree.Placeholder, true
		td.mistyped = append(td.mistyped, mistyped{n, fmt.Sprintf("%s is %s, %s", called(n), policy.Text(n.Text), deploymentUnknown)})
		return
	}
	fits := slices.Contains(want.kinds, n.Kind) && (s.kind != integer || isInteger(n.Text))
	if fits {
		td.below(n, s)
		return
	}
	if s.kind == list && n.Kind == tree.Object && s.element.kind == structure {
		d.lone = true
		td.warn(n, n.Start, fmt.Sprintf("%s has to be a list; this object is read as its only element", called(n)))
		td.structure(n, s.element)
		return
	}
	d.wrong = true
	td.mistyped = append(td.mistyped, mistyped{n, fmt.Sprintf("%s is %s; ECS wants %s", called(n), n.Kind, want.words)})
}

// deploymentUnknown is the end of a message about a list or an object that only a deployment knows: what to do then.
const deploymentUnknown = "which is unknown until deployment, and the permissions depend on it: write it out, or pass the template that " + processed

// isPlaceholder reports whether a string is one placeholder and nothing else.
func isPlaceholder(s string) bool {
	found := Placeholders(s, false)
	return len(found) == 1 && found[0].Start == 0 && found[0].End == len(s)
}

// isScalar reports whether a string says a value of that kind, or can say one when its symbols are known.
func isScalar(text string, k kind) bool {
	known := policy.Text(text).IsLiteral()
	switch k {
	case boolean:
		return !known || kindOf(strings.ToLower(text)) == tree.Boolean
	case integer:
		return !known || kindOf(text) == tree.Number && isInteger(text)
	case number:
		return !known || kindOf(text) == tree.Number
	}
	return false
}

// isInteger reports whether a number is written as an integer.
func isInteger(text string) bool { return !strings.ContainsAny(text, ".eE") }

// below gives the members or the elements of a node their schemas.
func (td *TaskDefinition) below(n *tree.Node, s *schema) {
	switch s.kind {
	case structure, union:
		td.structure(n, s)
	case list, mapping:
		for i := range n.Children {
			td.value(&n.Children[i], s.element)
		}
	}
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
