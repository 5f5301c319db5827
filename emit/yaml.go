package emit

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// YAML is built as a syntax tree and not marshaled: the tree has comments and tags, and determines how each scalar is
// written. The library keeps indentation in the positions of tokens. One pass, yamlBytes, sets them when the tree is
// complete. A node of the library consists of several values; here they are allocated together, and those that are never
// changed are shared.

// noComment is in every node that has no comment, and noColumn the position of what follows its parent.
var (
	noComment ast.BaseNode
	noColumn  token.Position
)

// yamlQuoted returns a double-quoted scalar. Every string of the input or of a flag has this form, since nothing in it
// can end the string, start a comment or be read as a number.
func yamlQuoted(s string) *ast.StringNode { return yamlVerbatim(quote(s, dialectYAML)) }

// yamlPlain returns a scalar without quotes, for constants. A constant that would not be read as the same string gets
// quotes.
func yamlPlain(s string) *ast.StringNode { return yamlVerbatim(yamlWord(s)) }

// yamlWord is the text of yamlPlain.
func yamlWord(s string) string {
	if !plainScalar(s) {
		return quote(s, dialectYAML)
	}
	return s
}

// yamlVerbatim returns a scalar that is printed without a change.
func yamlVerbatim(s string) *ast.StringNode {
	return new(yamlScalar).set(s, &noColumn)
}

// yamlScalar is a scalar with its parts.
type yamlScalar struct {
	node  ast.StringNode
	token token.Token
}

// set makes the scalar one that is printed without a change. The type of the token matters: the library would quote other
// types by its own rules.
func (n *yamlScalar) set(s string, position *token.Position) *ast.StringNode {
	n.token = token.Token{Type: token.StringType, Value: s, Position: position}
	n.node = ast.StringNode{BaseNode: &noComment, Token: &n.token, Value: s}
	return &n.node
}

// plainScalar reports whether every YAML parser reads s, without quotes, as the string s. Numbers and dates begin with a
// digit.
func plainScalar(s string) bool {
	if s == "" || !asciiLetter(s[0]) || s[len(s)-1] == ':' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !asciiLetter(c) && !(c >= '0' && c <= '9') && strings.IndexByte(":./_-", c) < 0 {
			return false
		}
	}
	return len(s) > len("false") || !slices.ContainsFunc(yamlWords[:], func(word string) bool { return strings.EqualFold(word, s) })
}

// yamlWords are the words that YAML 1.1 takes for booleans and null.
var yamlWords = [...]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

func asciiLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// yamlPair is one entry of a mapping.
type yamlPair struct {
	key   string
	value ast.Node
}

// yamlMapping returns a mapping. Keys are names of execrole or IAM, and short: YAML ends a key at 1024 characters.
func yamlMapping(pairs ...yamlPair) *ast.MappingNode {
	n := &struct {
		node  ast.MappingNode
		base  ast.BaseNode
		token token.Token
		// The keys of one mapping are in one column, so they share their position.
		position token.Position
	}{}
	entries := make([]struct {
		node ast.MappingValueNode
		key  yamlScalar
	}, len(pairs))
	n.token.Position = &n.position
	n.node = ast.MappingNode{BaseNode: &n.base, Start: &n.token, Values: make([]*ast.MappingValueNode, len(pairs))}
	for i, p := range pairs {
		e := &entries[i]
		e.node = ast.MappingValueNode{BaseNode: &noComment, Start: &n.token, Key: e.key.set(yamlWord(p.key), &n.position), Value: p.value}
		n.node.Values[i] = &e.node
	}
	return &n.node
}

// yamlList is a sequence that trusts the columns of its elements. The library's own indents every line of each element once
// more, so a line as many times as there are sequences around it. That is half of the work of printing a template.
type yamlList struct{ ast.SequenceNode }

// yamlSequence returns a sequence of at least one value.
func yamlSequence(values ...ast.Node) *yamlList {
	n := &struct {
		node     yamlList
		token    token.Token
		position token.Position
	}{}
	n.token.Position = &n.position
	n.node.SequenceNode = ast.SequenceNode{BaseNode: &noComment, Start: &n.token, Values: values}
	return &n.node
}

// String returns the elements below each other. An element that is a mapping or a sequence begins with the spaces of its
// column, and the dash takes the place of the last two.
func (n *yamlList) String() string {
	column := n.Start.Position.Column - 1
	space := strings.Repeat(" ", column)
	lines := make([]string, 0, 2*len(n.Values))
	for i, value := range n.Values {
		if n.ValueHeadComments != nil && n.ValueHeadComments[i] != nil {
			lines = append(lines, n.ValueHeadComments[i].StringWithSpace(column))
		}
		lines = append(lines, space+"- "+strings.TrimLeft(value.String(), " "))
	}
	return strings.Join(lines, "\n")
}

// yamlTag returns a scalar with a tag such as !Ref.
func yamlTag(tag string, value *ast.StringNode) *ast.TagNode {
	n := &struct {
		node  ast.TagNode
		token token.Token
	}{token: token.Token{Value: tag, Position: &noColumn}}
	n.node = ast.TagNode{BaseNode: &noComment, Start: &n.token, Value: value}
	return &n.node
}

// yamlComment returns a comment of these lines, or nil if there are none. No line may contain a line break: see word.
func yamlComment(lines ...string) *ast.CommentGroupNode {
	if len(lines) == 0 {
		return nil
	}
	group := &ast.CommentGroupNode{BaseNode: &noComment, Comments: make([]*ast.CommentNode, len(lines))}
	parts := make([]struct {
		node  ast.CommentNode
		token token.Token
	}, len(lines))
	for i, line := range lines {
		part := &parts[i]
		part.token.Value = " " + line
		part.node = ast.CommentNode{BaseNode: &noComment, Token: &part.token}
		group.Comments[i] = &part.node
	}
	return group
}

// yamlBytes indents the tree and returns its text.
func yamlBytes(root *ast.MappingNode) []byte {
	yamlPlace(root, 1)
	return []byte(root.String() + "\n")
}

// yamlPlace sets the columns, from 1, in which mappings and sequences begin. Other nodes follow their parents.
func yamlPlace(node ast.Node, column int) {
	switch n := node.(type) {
	case *ast.MappingNode:
		n.Start.Position.Column = column // shared with every key
		for _, v := range n.Values {
			yamlPlace(v.Value, column+2)
		}
	case *yamlList:
		n.Start.Position.Column = column
		for _, v := range n.Values {
			yamlPlace(v, column+2)
		}
	}
}
