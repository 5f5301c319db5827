package tree

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Mark says where the text of a string is in the text around it: from these offsets on, up to the next mark, both have
// the same bytes. A mark that is Fixed says that all of it, up to the next mark, is at one place: Outer.
type Mark struct {
	Inner, Outer int
	Fixed        bool
}

// Embedded reads the JSON that is the text of a string of the document, such as one that Terraform's jsonencode made. The
// nodes belong to the document: their offsets are places inside of the string as the document writes it, and their IDs
// are new. A string that does not have the escapes of JSON, as in YAML, has one place for all of them: its beginning.
//
// The root takes the place of the string: it has its name, its index and its parent. It is nil where a problem is no
// warning.
func (d *Document) Embedded(n *Node) (*Node, []Problem) {
	root, problems := d.EmbeddedText(n.Text, n.Start, d.marks(n))
	if root != nil {
		root.Name, root.NameStart, root.Index, root.Parent = n.Name, n.NameStart, n.Index, n.Parent
	}
	return root, problems
}

// EmbeddedText is [Document.Embedded] for a text of which the marks say where its parts are, in their order. A part
// without a mark is at the offset start.
func (d *Document) EmbeddedText(text string, start int, marks []Mark) (*Node, []Problem) {
	inner := newSource(d.Source.File, []byte(text))
	inner.outer, inner.outerStart, inner.marks = d.Source, start, marks
	p := newJSONReader(inner, []byte(text), false)
	p.nodes = d.Nodes
	root := p.read()
	doc, problems := newDocument(inner, root, p.nodes, p.problems)
	if doc == nil {
		return nil, problems
	}
	d.Nodes = doc.Nodes
	doc.Root.moveOut(inner)
	return doc.Root, problems
}

// moveOut replaces the offsets of n, and of what is below it, by those of the text around the string.
func (n *Node) moveOut(s *Source) {
	n.Start, n.NameStart, n.End = s.outside(n.Start), s.outside(n.NameStart), s.outside(n.End)
	for i := range n.Children {
		n.Children[i].moveOut(s)
	}
}

// outside returns an offset in the text around the string.
func (s *Source) outside(off int) int {
	if s.outer == nil {
		return off
	}
	i := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].Inner > off })
	if i == 0 {
		return s.outerStart
	}
	if m := s.marks[i-1]; !m.Fixed {
		return m.Outer + off - m.Inner
	}
	return s.marks[i-1].Outer
}

// marks returns where the text of a string is in the document; nil for a string that does not have the escapes of JSON.
func (d *Document) marks(n *Node) []Mark {
	literal := d.Source.Text[n.Start:n.End]
	if text, err := jsontext.AppendUnquote(nil, literal); err != nil || string(text) != n.Text {
		return nil
	}
	list := []Mark{{Outer: n.Start + 1}}
	for in, out := 0, 1; ; {
		escape := strings.IndexByte(literal[out:], '\\')
		if escape < 0 {
			return list
		}
		in, out = in+escape, out+escape
		length := escapeLength(literal[out:])
		_, size := utf8.DecodeRuneInString(n.Text[in:])
		in, out = in+size, out+length
		list = append(list, Mark{Inner: in, Outer: n.Start + out})
	}
}

// escapeLength returns the length of the escape at the beginning of a text of valid JSON. Two escapes \uXXXX can be one
// character.
func escapeLength(s string) int {
	switch {
	case s[1] != 'u':
		return len(`\n`)
	case len(s) >= 12 && strings.IndexByte("dD", s[2]) >= 0 && strings.IndexByte("89abAB", s[3]) >= 0:
		return len(`\ud83d\ude00`)
	}
	return len(`\u0000`)
}
