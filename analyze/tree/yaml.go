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
	aliases  []*yaml.Node // those that are being followed
}

func (r *yamlReader) report(off int, format string, args ...any) {
	r.problems = append(r.problems, Problem{At: r.source.Place(off), Message: fmt.Sprintf(format, args...)})
}

// yamlLine finds the line in an error of the library.
var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

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
	dec := yaml.NewDecoder(strings.NewReader(r.source.Text[r.source.start:]))
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

// syntax reports an error of the library, which has a line and no column.
func (r *yamlReader) syntax(err error) {
	message, off := err.Error(), r.source.start
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		message = message[len(m[0]):]
		if line, err := strconv.Atoi(m[1]); err == nil && line >= 1 && line <= len(r.source.lines) {
			off = r.source.lines[line-1]
		}
	}
	r.report(off, "not YAML: %s", strings.TrimPrefix(message, "yaml: "))
}

// offset returns the offset of a node. The library counts columns in characters.
func (r *yamlReader) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(r.source.lines) {
		return r.source.start
	}
	off := r.source.lines[n.Line-1]
	for column := 1; column < n.Column && off < len(r.source.Text); column++ {
		_, size := utf8.DecodeRuneInString(r.source.Text[off:])
		off += size
	}
	return off
}

// node returns a node of the tree, with what is below it.
func (r *yamlReader) node(y *yaml.Node) Node {
	start := r.offset(y)
	n := Node{Start: start, End: start, NameStart: start, ID: r.nodes}
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
		n.Kind, n.Text = String, y.Value
	default:
		r.report(start, "the tag %s is not read", tag)
	}
	return n
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
	value.Name = y.Tag
	n.Children = []Node{value}
	return n
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
		member.Name, member.NameStart = key.Value, start
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
