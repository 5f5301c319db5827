package tree

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"go.yaml.in/yaml/v3"
)

// maxYAMLNodes is how many values a YAML document can have when its aliases are followed. An alias is a few bytes, and
// can mean any number of values.
const maxYAMLNodes = 1 << 20

// ReadYAML reads one document of YAML, as [Read] does. An empty document is Null. Aliases and merge keys are followed.
//
// The end of a value is not known: [Node.End] is the same as [Node.Start].
func ReadYAML(file string, src []byte) (*Document, []Problem) {
	src, message := decode(src)
	if message != "" {
		return nil, []Problem{{At: Place{File: file}, Message: message}}
	}
	return readYAML(file, src, false)
}

// readYAML reads YAML in UTF-8. Several says that there may be more than one document.
func readYAML(file string, src []byte, several bool) (*Document, []Problem) {
	r := &yamlReader{source: newSource(file, src), several: several}
	root := r.read()
	return newDocument(r.source, root, r.nodes, r.problems)
}

// yamlReader turns nodes of the YAML library into nodes of a tree.
type yamlReader struct {
	source   *Source
	several  bool // documents; and tags are kept
	problems []Problem
	nodes    int
	aliases  []*yaml.Node        // those that are being followed
	named    map[*yaml.Node]bool // the values that aliases name
	shared   int                 // of the values around the one that is being read, those that aliases name
}

func (r *yamlReader) report(off int, format string, args ...any) {
	r.problems = append(r.problems, Problem{At: r.source.Place(off), Message: fmt.Sprintf(format, args...)})
}

func (r *yamlReader) read() Node {
	if i := strings.IndexByte(r.source.Text, 0); i >= 0 {
		r.report(i, "the input holds a NUL character")
		return Node{}
	}
	if !utf8.ValidString(r.source.Text) {
		i := 0
		for _, c := range r.source.Text {
			if c == utf8.RuneError && !strings.HasPrefix(r.source.Text[i:], "\ufffd") {
				break
			}
			i += utf8.RuneLen(c)
		}
		r.report(i, "byte 0x%02X is not UTF-8: save the file as UTF-8", r.source.Text[i])
		return Node{}
	}
	dec := yaml.NewDecoder(strings.NewReader(withoutVersion(r.source.Text[r.source.start:])))
	var documents []Node
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.syntax(err)
			break
		}
		if len(documents) > 0 && !r.several {
			r.report(r.offset(doc.Content[0]), "a second document: one is read")
			break
		}
		r.named = map[*yaml.Node]bool{}
		r.findAliases(doc.Content[0])
		root := r.node(doc.Content[0])
		// A separator at the beginning or at the end makes an empty document.
		if root.Kind != Null || !r.several {
			root.Index = len(documents)
			documents = append(documents, root)
		}
	}
	switch len(documents) {
	case 0:
		r.nodes++
		return Node{Kind: Null, Start: r.source.start, End: r.source.start, NameStart: r.source.start}
	case 1:
		return documents[0]
	}
	first := documents[0].Start
	r.nodes++
	return Node{Kind: List, Children: documents, Start: first, End: first, NameStart: first, ID: r.nodes - 1}
}

// withoutVersion returns a text in which directives name the version 1.1 of YAML. The library refuses other versions,
// although it reads what they have. No value has another place then.
func withoutVersion(text string) string {
	if !strings.Contains(text, "%YAML 1.") {
		return text
	}
	return regexp.MustCompile(`(?m)^%YAML 1\.[0-9]\b`).ReplaceAllString(text, "%YAML 1.1")
}

// syntax reports an error of the library. The library says a line at most, which for some errors is that of the list or
// mapping around the place. So the place is that of the other library's error, if it has one.
func (r *yamlReader) syntax(err error) {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if m := regexp.MustCompile(`^yaml: line (\d+): `).FindStringSubmatch(err.Error()); m != nil {
		message = err.Error()[len(m[0]):]
		line, _ = strconv.Atoi(m[1])
	}
	off := r.source.start
	if line > 0 && line <= len(r.source.lines) {
		off = r.source.lines[line-1]
		off += len(r.source.Text[off:]) - len(strings.TrimLeft(r.source.Text[off:], " "))
	}
	if m := regexp.MustCompile(`^unknown anchor '(.+)' referenced`).FindStringSubmatch(message); m != nil {
		off = max(strings.Index(r.source.Text, "*"+m[1]), r.source.start)
	}
	found, at, column := secondOpinion(r.source.Text[r.source.start:])
	// After a text of several lines, the other library names the first of them.
	if found != "" && (message != "mapping values are not allowed in this context" || at == line) {
		message, off = found, r.at(at, column)
	}
	if strings.HasPrefix(message, "mapping value") && endsInColon(r.source.Text[off:]) {
		message += ": a text that ends in a colon needs quotes around it"
	}
	r.report(off, "not YAML: %s", message)
}

// endsInColon reports whether the first line of a text has several colons and ends in one, as the ARN of a secret with a JSON key
// behind it does.
func endsInColon(text string) bool {
	line, _, _ := strings.Cut(text, "\n")
	before, ok := strings.CutSuffix(strings.TrimSpace(line), ":")
	return ok && strings.Contains(before, ":")
}

// maxSecondOpinion is how long a text can be, in bytes, for [secondOpinion]: its parser is slow on deeply nested lists. No
// configuration that people write is longer.
const maxSecondOpinion = 8 << 10

// secondOpinion returns the error that goccy's parser reports for a text that is not YAML, with line and column, both from
// 1. Message is "" if there is none. That parser knows the place of each error, but its places of values are not right.
func secondOpinion(text string) (message string, line, column int) {
	if len(text) > maxSecondOpinion {
		return "", 0, 0
	}
	_, err := parser.ParseBytes([]byte(text), 0)
	var syntax interface {
		error
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &syntax) || syntax.GetToken() == nil || syntax.GetToken().Position == nil {
		return "", 0, 0
	}
	at := syntax.GetToken().Position
	return syntax.GetMessage(), at.Line, at.Column
}

// offset returns the offset of a node. The library counts columns in characters.
func (r *yamlReader) offset(n *yaml.Node) int { return r.at(n.Line, n.Column) }

// at returns the offset of a line and a column, both from 1, the column in characters.
func (r *yamlReader) at(line, column int) int {
	if line < 1 || line > len(r.source.lines) {
		return r.source.start
	}
	off := r.source.lines[line-1]
	for range column - 1 {
		if off >= len(r.source.Text) {
			break
		}
		_, size := utf8.DecodeRuneInString(r.source.Text[off:])
		off += size
	}
	return off
}

// node returns a node of the tree, with what is below it.
func (r *yamlReader) node(y *yaml.Node) Node {
	start := r.offset(y)
	if r.named[y] {
		r.shared++
		defer func() { r.shared-- }()
	}
	n := Node{Start: start, End: start, NameStart: start, ID: r.nodes, Shared: r.shared > 0}
	if r.nodes++; r.nodes > maxYAMLNodes {
		if r.nodes == maxYAMLNodes+1 {
			r.report(start, "the aliases mean more than %d values: too many to read", maxYAMLNodes)
		}
		return n
	}
	if y.Kind == yaml.AliasNode {
		if slices.Contains(r.aliases, y.Alias) {
			r.report(start, "the alias *%s contains itself", y.Value)
			return n
		}
		r.aliases = append(r.aliases, y.Alias)
		n = r.node(y.Alias)
		r.aliases = r.aliases[:len(r.aliases)-1]
		n.Start, n.End, n.NameStart = start, start, start
		return n
	}
	if r.several && strings.HasPrefix(y.Tag, "!") && !strings.HasPrefix(y.Tag, "!!") {
		return r.tagged(n, y)
	}
	// A mapping whose key is a mapping, {{ x }}, is a placeholder of Jinja, Helm or Go without quotes.
	if y.Kind == yaml.MappingNode && y.Style&yaml.FlowStyle != 0 && strings.HasPrefix(r.source.Text[start:], "{{") {
		if end := onePlaceholder(r.source.Text, start); end > 0 {
			n.Kind, n.Text = Placeholder, r.source.Text[start:end]
			return n
		}
	}
	switch tag := y.ShortTag(); {
	case y.Kind == yaml.MappingNode && tag == "!!map":
		n.Kind = Object
		r.members(&n, y)
	case y.Kind == yaml.SequenceNode && tag == "!!seq":
		n.Kind = List
		for i, e := range y.Content {
			element := r.node(e)
			element.Index = i
			n.Children = append(n.Children, element)
		}
	case y.Kind == yaml.ScalarNode && tag == "!!null":
	case y.Kind == yaml.ScalarNode && tag == "!!bool":
		n.Kind, n.Text = Boolean, y.Value
	case y.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float"):
		n.Kind, n.Text = Number, y.Value
	case y.Kind == yaml.ScalarNode && (tag == "!!str" || tag == "!!timestamp"):
		n.Kind, n.Text, n.Plain = String, r.withoutNUL(start, y.Value), y.Style == 0
	default:
		r.report(start, "the tag %s is not read", tag)
	}
	return n
}

// findAliases notes the values that aliases name, in y and below it.
func (r *yamlReader) findAliases(y *yaml.Node) {
	if y.Kind == yaml.AliasNode {
		r.named[y.Alias] = true
		return
	}
	for _, kid := range y.Content {
		r.findAliases(kid)
	}
}

// tagged returns a value with a tag of its own, such as !Sub "${A}", as an object with one member that has the tag's name.
func (r *yamlReader) tagged(n Node, y *yaml.Node) Node {
	n.Kind = Object
	plain := *y
	plain.Tag = ""
	if y.Kind == yaml.ScalarNode {
		plain.Tag = "!!str"
	}
	value := r.node(&plain)
	value.Name = r.withoutNUL(n.Start, y.Tag)
	n.Children = []Node{value}
	return n
}

// withoutNUL returns a string if it has no NUL character, which an escape can make.
func (r *yamlReader) withoutNUL(off int, s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		r.report(off, `the string holds a NUL character (\0), which no name or value in AWS can have`)
		return ""
	}
	return s
}

// members adds the members of a mapping, and then those of its merge keys that it does not have itself.
//
// Source: https://yaml.org/type/merge.html
func (r *yamlReader) members(n *Node, y *yaml.Node) {
	var merged []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		start := r.offset(key)
		switch {
		case key.Kind == yaml.AliasNode:
			key = key.Alias
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
			continue
		}
		if key.Kind != yaml.ScalarNode {
			r.report(start, "a key has to be a string")
			continue
		}
		member := r.node(value)
		member.Name, member.NameStart = r.withoutNUL(start, key.Value), start
		n.Children = append(n.Children, member)
	}
	n.dropRepeated(r.source, func(p Problem) { r.problems = append(r.problems, p) })
	for _, m := range merged {
		r.merge(n, m)
	}
}

// merge adds the members of a mapping, or of each of a list of mappings, that n does not have.
func (r *yamlReader) merge(n *Node, y *yaml.Node) {
	from := r.node(y)
	sources := []Node{from}
	if from.Kind == List {
		sources = from.Children
	}
	for _, s := range sources {
		if s.Kind != Object {
			r.report(from.Start, "a merge key has to name a mapping, or a list of mappings")
			return
		}
		for _, member := range s.Children {
			if n.Member(member.Name) == nil {
				n.Children = append(n.Children, member)
			}
		}
	}
}
