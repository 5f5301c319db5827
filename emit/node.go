package emit

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"

	"github.com/execrole/execrole/analyze/policy"
)

// node is a part of an output that is a tree, in no syntax. CloudFormation templates print it as YAML and as JSON, and
// Terraform files as HCL.
type node struct {
	kind     nodeKind
	text     string     // of a scalar; a call's function; the condition of what is optional
	pairs    []pair     // of an object
	elements []*node    // of a sequence; a call's one argument; what is optional
	comments [][]string // of a sequence: lines before each element, where the syntax has comments
	above    string     // of a member of an object: a line before it in YAML; "" for none
}

type nodeKind int

const (
	stringKind nodeKind = iota // from the input or a flag, or text for people
	wordKind                   // a constant, which YAML writes without quotes where that reads back as the same
	numberKind
	objectKind
	listKind
	callKind
	rawKind      // an expression of HCL, as it is written
	optionalKind // an element of a list, which is there where the condition in text holds
	blockKind    // a block of HCL inside another
)

// pair is one entry of an object. Keys are names of execrole or IAM.
type pair struct {
	key   string
	value *node
}

func stringNode(s string) *node { return &node{kind: stringKind, text: s} }

func wordNode(s string) *node { return &node{kind: wordKind, text: s} }

func numberNode(n int) *node { return &node{kind: numberKind, text: strconv.Itoa(n)} }

func objectNode(pairs ...pair) *node { return &node{kind: objectKind, pairs: pairs} }

func listNode(elements ...*node) *node {
	return &node{kind: listKind, elements: elements}
}

// stringNodes returns a sequence of strings.
func stringNodes(list []string) *node {
	n := listNode()
	for _, s := range list {
		n.elements = append(n.elements, stringNode(s))
	}
	return n
}

// callNode returns a call of a function by its long name: "Ref", "Fn::Sub". The argument of Fn::GetAtt is one scalar,
// RESOURCE.ATTRIBUTE.
func callNode(function string, argument *node) *node {
	return &node{kind: callKind, text: function, elements: []*node{argument}}
}

// optionalNode returns an element of a list that is there only where a condition holds. Templates of CloudFormation have the
// condition by its name, and HCL has it as an expression.
func optionalNode(condition string, n *node) *node {
	return &node{kind: optionalKind, text: condition, elements: []*node{n}}
}

// isOptional reports whether an element of a list is optional.
func isOptional(n *node) bool { return n.kind == optionalKind }

// cfnIf returns what is optional as CloudFormation writes it.
func (n *node) cfnIf() *node {
	return callNode("Fn::If", listNode(wordNode(n.text), n.elements[0], callNode("Ref", wordNode("AWS::NoValue"))))
}

// yaml returns the node as YAML: calls with a scalar by their short form, !Ref and !Sub.
func (n *node) yaml() ast.Node {
	switch n.kind {
	case objectKind:
		pairs := make([]yamlPair, len(n.pairs))
		for i, p := range n.pairs {
			pairs[i] = yamlPair{p.key, p.value.yaml()}
		}
		mapping := yamlMapping(pairs...)
		for i, p := range n.pairs {
			if p.value.above != "" {
				mapping.Values[i].BaseNode = &ast.BaseNode{Comment: yamlComment(p.value.above)} // others share one
			}
		}
		return mapping
	case listKind:
		values := make([]ast.Node, len(n.elements))
		for i, e := range n.elements {
			values[i] = e.yaml()
		}
		sequence := yamlSequence(values...)
		if n.comments != nil {
			sequence.ValueHeadComments = make([]*ast.CommentGroupNode, len(values))
			for i, lines := range n.comments {
				sequence.ValueHeadComments[i] = yamlComment(lines...)
			}
		}
		return sequence
	case callKind:
		argument := n.elements[0]
		if argument.kind > numberKind {
			return yamlMapping(yamlPair{n.text, argument.yaml()})
		}
		return yamlTag("!"+strings.TrimPrefix(n.text, "Fn::"), argument.scalar())
	case optionalKind:
		return n.cfnIf().yaml()
	}
	return n.scalar()
}

func (n *node) scalar() *ast.StringNode {
	switch n.kind {
	case numberKind:
		return yamlVerbatim(n.text)
	case wordKind:
		return yamlPlain(n.text)
	}
	return yamlQuoted(n.text)
}

// json writes the node as JSON, which has no comments.
func (n *node) json(w jsonWriter) {
	switch n.kind {
	case objectKind:
		w.token(jsontext.BeginObject)
		for _, p := range n.pairs {
			w.string(p.key)
			p.value.json(w)
		}
		w.token(jsontext.EndObject)
	case listKind:
		w.token(jsontext.BeginArray)
		for _, e := range n.elements {
			e.json(w)
		}
		w.token(jsontext.EndArray)
	case callKind:
		argument := n.elements[0]
		if n.text == "Fn::GetAtt" {
			resource, attribute, _ := strings.Cut(argument.text, ".")
			argument = stringNodes([]string{resource, attribute})
		}
		objectNode(pair{n.text, argument}).json(w)
	case optionalKind:
		n.cfnIf().json(w)
	case numberKind:
		w.must(w.encoder.WriteValue(jsontext.Value(n.text)))
	default:
		w.string(n.text)
	}
}

// documentSyntax is what differs between languages in a policy document.
type documentSyntax struct {
	text    func(policy.Text) *node // a text, with its symbols
	word    func(string) *node      // a constant
	key     func(string) string
	comment func(string) string
	// when returns the condition of what is optional: see [optionalNode].
	when func(policy.When) string
	// statement is the condition of the statement that is written. What is in it needs no condition of its own if it has
	// the same. So it is with the statements of a document.
	statement policy.When
	// always says that the document is there also where none of its statements is. Otherwise what all statements have in
	// common is the condition of the document.
	always bool
}

// documentNode returns a policy document, in which comments name the fields that asked for each statement.
func documentNode(d policy.Document, syntax documentSyntax) *node {
	return objectNode(
		pair{"Version", syntax.text(policy.Text(cmp.Or(d.Version, policy.Version)))},
		pair{"Statement", statementNodes(d, syntax, d.When())},
	)
}

// statementNodes returns the statements of a document that is there under a condition; nil for always. They need no condition
// if they have the same.
func statementNodes(d policy.Document, syntax documentSyntax, whole policy.When) *node {
	statements := &node{kind: listKind, elements: make([]*node, len(d.Statements)), comments: make([][]string, len(d.Statements))}
	var room [6]member
	for i := range d.Statements {
		s := &d.Statements[i]
		syntax.statement = s.When()
		statements.elements[i] = syntax.members(statementMembers(room[:], s))
		if syntax.statement != nil && (syntax.always || !syntax.statement.Equal(whole)) {
			statements.elements[i] = optionalNode(syntax.when(syntax.statement), statements.elements[i])
		}
		for _, from := range s.Fields() {
			statements.comments[i] = append(statements.comments[i], syntax.comment(sourceComment(from)))
		}
	}
	return statements
}

func (syntax documentSyntax) members(members []member) *node {
	object := objectNode()
	object.pairs = make([]pair, len(members))
	for i, m := range members {
		object.pairs[i] = pair{syntax.key(m.key), syntax.value(m)}
	}
	return object
}

func (syntax documentSyntax) value(m member) *node {
	if m.members != nil {
		return syntax.members(m.members)
	}
	list := make([]*node, 0, len(m.words)+len(m.values))
	for _, word := range m.words {
		list = append(list, syntax.word(word))
	}
	for _, v := range m.values {
		n := syntax.text(v.Text)
		if v.When != nil && !v.When.Equal(syntax.statement) {
			n = optionalNode(syntax.when(v.When), n)
		}
		list = append(list, n)
	}
	if len(list) == 1 && !isOptional(list[0]) {
		return list[0]
	}
	return listNode(list...)
}
