package emit

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"
)

// cfnNode is a part of a CloudFormation template as YAML and JSON both have it.
type cfnNode struct {
	kind     cfnKind
	text     string     // of a scalar; a call's function
	pairs    []cfnPair  // of an object
	elements []*cfnNode // of a sequence; a call's one argument
	comments [][]string // of a sequence: lines before each element, where the syntax has comments
}

type cfnKind int

const (
	cfnStringKind cfnKind = iota // from the input or a flag, or text for people
	cfnWordKind                  // a constant, which YAML writes without quotes where that reads back as the same
	cfnNumberKind
	cfnObjectKind
	cfnSequenceKind
	cfnCallKind
)

// cfnPair is one entry of an object. Keys are names of execrole or IAM.
type cfnPair struct {
	key   string
	value *cfnNode
}

func cfnString(s string) *cfnNode { return &cfnNode{kind: cfnStringKind, text: s} }

func cfnWord(s string) *cfnNode { return &cfnNode{kind: cfnWordKind, text: s} }

func cfnNumber(n int) *cfnNode { return &cfnNode{kind: cfnNumberKind, text: strconv.Itoa(n)} }

func cfnObject(pairs ...cfnPair) *cfnNode { return &cfnNode{kind: cfnObjectKind, pairs: pairs} }

func cfnSequence(elements ...*cfnNode) *cfnNode {
	return &cfnNode{kind: cfnSequenceKind, elements: elements}
}

// cfnStrings returns a sequence of strings.
func cfnStrings(list []string) *cfnNode {
	n := cfnSequence()
	for _, s := range list {
		n.elements = append(n.elements, cfnString(s))
	}
	return n
}

// cfnCall returns a call of a function by its long name: "Ref", "Fn::Sub". The argument of Fn::GetAtt is one scalar,
// RESOURCE.ATTRIBUTE.
func cfnCall(function string, argument *cfnNode) *cfnNode {
	return &cfnNode{kind: cfnCallKind, text: function, elements: []*cfnNode{argument}}
}

// yaml returns the node as YAML: calls with a scalar by their short form, !Ref and !Sub.
func (n *cfnNode) yaml() ast.Node {
	switch n.kind {
	case cfnObjectKind:
		pairs := make([]yamlPair, len(n.pairs))
		for i, p := range n.pairs {
			pairs[i] = yamlPair{p.key, p.value.yaml()}
		}
		return yamlMapping(pairs...)
	case cfnSequenceKind:
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
	case cfnCallKind:
		argument := n.elements[0]
		if argument.kind > cfnNumberKind {
			return yamlMapping(yamlPair{n.text, argument.yaml()})
		}
		return yamlTag("!"+strings.TrimPrefix(n.text, "Fn::"), argument.scalar())
	}
	return n.scalar()
}

func (n *cfnNode) scalar() *ast.StringNode {
	switch n.kind {
	case cfnNumberKind:
		return yamlVerbatim(n.text)
	case cfnWordKind:
		return yamlPlain(n.text)
	}
	return yamlQuoted(n.text)
}

// json writes the node as JSON, which has no comments.
func (n *cfnNode) json(w jsonWriter) {
	switch n.kind {
	case cfnObjectKind:
		w.token(jsontext.BeginObject)
		for _, p := range n.pairs {
			w.string(p.key)
			p.value.json(w)
		}
		w.token(jsontext.EndObject)
	case cfnSequenceKind:
		w.token(jsontext.BeginArray)
		for _, e := range n.elements {
			e.json(w)
		}
		w.token(jsontext.EndArray)
	case cfnCallKind:
		argument := n.elements[0]
		if n.text == "Fn::GetAtt" {
			resource, attribute, _ := strings.Cut(argument.text, ".")
			argument = cfnStrings([]string{resource, attribute})
		}
		cfnObject(cfnPair{n.text, argument}).json(w)
	case cfnNumberKind:
		w.must(w.encoder.WriteValue(jsontext.Value(n.text)))
	default:
		w.string(n.text)
	}
}
