package emit

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// YAML is built as a syntax tree and not marshaled: the tree has comments and tags, and determines how each scalar is
// written. The library keeps indentation in the positions of tokens. One pass, yamlBytes, sets them when the tree is
// complete.

// yamlQuoted returns a double-quoted scalar. Every string of the input or of a flag has this form, since nothing in it
// can end the string, start a comment or be read as a number.
func yamlQuoted(s string) *ast.StringNode { return yamlVerbatim(quote(s, dialectYAML)) }

// yamlPlain returns a scalar without quotes, for constants. A constant that would not be read as the same string gets
// quotes.
func yamlPlain(s string) *ast.StringNode {
	if !plainScalar(s) {
		return yamlQuoted(s)
	}
	return yamlVerbatim(s)
}

// yamlVerbatim returns a scalar that is printed without a change. The type of the token matters: the library would quote
// other types by its own rules.
func yamlVerbatim(s string) *ast.StringNode {
	return ast.String(&token.Token{Type: token.StringType, Value: s, Position: &token.Position{}})
}

// plainScalar reports whether every YAML parser reads s, without quotes, as the string s. YAML 1.1 takes some words for
// booleans and null. Numbers and dates begin with a digit.
func plainScalar(s string) bool {
	if s == "" || !asciiLetter(s[0]) || s[len(s)-1] == ':' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !asciiLetter(c) && !(c >= '0' && c <= '9') && strings.IndexByte(":./_-", c) < 0 {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	return true
}

func asciiLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// yamlPair is one entry of a mapping.
type yamlPair struct {
	key   string
	value ast.Node
}

// yamlMapping returns a mapping. Keys are names of execrole or IAM, and short: YAML ends a key at 1024 characters.
func yamlMapping(pairs ...yamlPair) *ast.MappingNode {
	// The keys of one mapping are in one column, so they share their position.
	position := &token.Position{}
	values := make([]*ast.MappingValueNode, len(pairs))
	for i, p := range pairs {
		key := yamlPlain(p.key)
		key.Token.Position = position
		values[i] = ast.MappingValue(&token.Token{Position: position}, key, p.value)
	}
	return ast.Mapping(&token.Token{Position: position}, false, values...)
}

func yamlSequence(values ...ast.Node) *ast.SequenceNode {
	n := ast.Sequence(&token.Token{Position: &token.Position{}}, false)
	n.Values = values
	return n
}

// yamlTag returns a scalar with a tag such as !Ref.
func yamlTag(tag string, value *ast.StringNode) *ast.TagNode {
	n := ast.Tag(&token.Token{Value: tag, Position: &token.Position{}})
	n.Value = value
	return n
}

// yamlComment returns a comment of these lines, or nil if there are none. No line may contain a line break: see word.
func yamlComment(lines ...string) *ast.CommentGroupNode {
	if len(lines) == 0 {
		return nil
	}
	tokens := make([]*token.Token, len(lines))
	for i, line := range lines {
		tokens[i] = &token.Token{Value: " " + line}
	}
	return ast.CommentGroup(tokens)
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
	case *ast.SequenceNode:
		n.Start.Position.Column = column
		for _, v := range n.Values {
			yamlPlace(v, column+2)
		}
	}
}
