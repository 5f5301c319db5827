package emit

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// YAML is built as a syntax tree of the library and not marshaled: the tree has comments and tags, and determines how each
// scalar is written. A node of the library consists of several values; here they are allocated together, and those that are
// never changed are shared. yamlBytes prints a tree.

// noComment is in every node that has no comment, and noToken in every node that needs a token for the library alone. The type of
// the token matters: the library quotes scalars of other types by its own rules.
var (
	noComment ast.BaseNode
	noToken   = token.Token{Type: token.StringType, Position: &token.Position{}}
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
	return &ast.StringNode{BaseNode: &noComment, Token: &noToken, Value: s}
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
		node ast.MappingNode
		base ast.BaseNode
	}{}
	entries := make([]struct {
		node ast.MappingValueNode
		key  ast.StringNode
	}, len(pairs))
	n.node = ast.MappingNode{BaseNode: &n.base, Start: &noToken, Values: make([]*ast.MappingValueNode, len(pairs))}
	for i, p := range pairs {
		e := &entries[i]
		e.key = ast.StringNode{BaseNode: &noComment, Token: &noToken, Value: yamlWord(p.key)}
		e.node = ast.MappingValueNode{BaseNode: &noComment, Start: &noToken, Key: &e.key, Value: p.value}
		n.node.Values[i] = &e.node
	}
	return &n.node
}

// yamlSequence returns a sequence.
func yamlSequence(values ...ast.Node) *ast.SequenceNode {
	return &ast.SequenceNode{BaseNode: &noComment, Start: &noToken, Values: values}
}

// yamlTag returns a scalar with a tag such as !Ref.
func yamlTag(tag string, value *ast.StringNode) *ast.TagNode {
	n := &struct {
		node  ast.TagNode
		token token.Token
	}{token: token.Token{Value: tag, Position: noToken.Position}}
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

// yamlBytes returns the text of a tree whose root is not empty.
func yamlBytes(root *ast.MappingNode) []byte {
	w := &yamlWriter{text: make([]byte, 0, 4<<10)} // most templates are not longer
	w.comment(root.Comment, 0)
	w.block(root, 0)
	return append(w.text, '\n')
}

// yamlWriter prints a tree in one pass. The library's own printing makes a text of each node and copies it into that of the
// node around it, which is half of the work of making a template. A test has both print the same.
type yamlWriter struct {
	text []byte
	// dash says that a dash of a sequence was just written: what comes next follows it on the same line.
	dash bool
}

// line begins a line with an indent, in spaces, unless a dash has begun it.
func (w *yamlWriter) line(indent int) {
	if w.dash {
		w.dash = false
		return
	}
	if len(w.text) > 0 {
		w.text = append(w.text, '\n')
	}
	for range indent {
		w.text = append(w.text, ' ')
	}
}

func (w *yamlWriter) comment(group *ast.CommentGroupNode, indent int) {
	if group == nil {
		return
	}
	for _, c := range group.Comments {
		w.line(indent)
		w.text = append(append(w.text, '#'), c.Token.Value...)
	}
}

// block prints a mapping or a sequence that is not empty. Its lines have an indent, in spaces.
func (w *yamlWriter) block(node ast.Node, indent int) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			w.comment(v.Comment, indent)
			w.line(indent)
			w.scalar(v.Key)
			w.text = append(w.text, ':')
			if isBlock(v.Value) {
				w.block(v.Value, indent+2)
			} else {
				w.text = append(w.text, ' ')
				w.scalar(v.Value)
			}
		}
	case *ast.SequenceNode:
		for i, v := range n.Values {
			if n.ValueHeadComments != nil {
				w.comment(n.ValueHeadComments[i], indent)
			}
			w.line(indent)
			w.text = append(w.text, "- "...)
			if isBlock(v) {
				w.dash = true
				w.block(v, indent+2)
			} else {
				w.scalar(v)
			}
		}
	}
}

// isBlock reports whether a node has lines of its own.
func isBlock(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.MappingNode:
		return len(n.Values) > 0
	case *ast.SequenceNode:
		return len(n.Values) > 0
	}
	return false
}

// scalar prints what has no lines of its own: also {} and [].
func (w *yamlWriter) scalar(node ast.Node) {
	switch n := node.(type) {
	case *ast.StringNode:
		w.text = append(w.text, n.Value...)
	case *ast.TagNode:
		w.text = append(append(w.text, n.Start.Value...), ' ')
		w.scalar(n.Value)
	default:
		w.text = append(w.text, n.String()...)
	}
}
