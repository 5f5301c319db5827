package emit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"

	"github.com/execrole/execrole/analyze/tree"
)

// insertion is a text at an offset of the template.
type insertion struct {
	offset int
	text   string
}

// text returns the template with the members that its objects get.
func (m *merger) text() []byte {
	var b bytes.Buffer
	end := 0
	for _, i := range m.insertions() {
		b.WriteString(m.doc.Source.Text[end:i.offset])
		b.WriteString(i.text)
		end = i.offset
	}
	b.WriteString(m.doc.Source.Text[end:])
	return b.Bytes()
}

// insertions returns the members that objects of the template get, as texts by their offsets.
func (m *merger) insertions() []insertion {
	var list []insertion
	for object, members := range m.added {
		if object == m.doc.Root {
			list = append(list, m.sections(members))
		} else {
			list = append(list, m.first(object, members))
		}
	}
	slices.SortFunc(list, func(a, b insertion) int { return a.offset - b.offset })
	return list
}

// sections returns sections that the template does not have, before its resources.
func (m *merger) sections(sections *node) insertion {
	source, offset := m.doc.Source.Text, m.doc.Root.Member("Resources").NameStart
	start := strings.LastIndexByte(source[:offset], '\n') + 1
	before := strings.TrimPrefix(source[start:offset], "\ufeff")
	if source[m.content(m.doc.Root.Start)] != '{' {
		text := m.yamlLines(m.doc.Root.Member("Resources"), sections, before)
		if above := m.comments(start); above < start {
			return insertion{above, before + text}
		}
		return insertion{offset, text + before}
	}
	if strings.Trim(before, " \t") != "" {
		return insertion{offset, m.flow(sections) + ", "}
	}
	newline := m.newline(m.doc.Root.Member("Resources"))
	return insertion{offset, strings.TrimLeft(m.flowLines(sections, newline+before), "\r\n \t") + "," + newline + before}
}

// comments returns where the comment begins that is above a line, whose offset this is, and belongs to it; the offset itself
// where there is none. A comment at the beginning of the text is about the whole.
func (m *merger) comments(line int) int {
	source := m.doc.Source.Text
	above := line
	for above > 0 {
		start := strings.LastIndexByte(source[:above-1], '\n') + 1
		if !strings.HasPrefix(strings.TrimLeft(source[start:above], " "), "#") {
			return above
		}
		above = start
	}
	return line
}

// first returns members as the first ones of an object.
func (m *merger) first(object *tree.Node, members *node) insertion {
	first := m.content(object.Start)
	source := m.doc.Source.Text
	if first >= len(source) || source[first] != '{' {
		return m.lines(object, first, members)
	}
	// What follows the brace says how the members are laid out.
	inside := source[first+1:]
	space := inside[:len(inside)-len(strings.TrimLeft(inside, " \t\r\n"))]
	comma := ","
	if strings.HasPrefix(inside[len(space):], "}") {
		comma = ""
	}
	if !strings.Contains(space, "\n") {
		return insertion{first + 1, m.flow(members) + comma}
	}
	indent := space[strings.LastIndexByte(space, '\n')+1:]
	return insertion{first + 1, m.flowLines(members, m.newline(object)+indent) + comma}
}

// flow returns members in one line, as JSON.
func (m *merger) flow(members *node) string {
	var b bytes.Buffer
	w := newJSONWriter(&b, nil, jsontext.SpaceAfterColon(m.yaml)) // which YAML wants
	w.dialect = dialectJSON
	members.json(w)
	inner := strings.TrimSpace(b.String())
	return inner[len("{") : len(inner)-len("}")]
}

// flowLines returns members in lines of their own, as JSON. Newline is what begins each line.
func (m *merger) flowLines(members *node, newline string) string {
	var b bytes.Buffer
	w := newJSONWriter(&b, nil, jsontext.WithIndent("  "))
	w.dialect = dialectJSON
	members.json(w)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	var inserted strings.Builder
	for _, line := range lines[1 : len(lines)-1] {
		inserted.WriteString(newline + strings.TrimPrefix(line, "  "))
	}
	return inserted.String()
}

// content returns where a value begins behind what YAML can have before it: an anchor, a tag, white space and comments.
func (m *merger) content(offset int) int {
	text := m.doc.Source.Text
	if !m.yaml {
		return offset
	}
	for offset < len(text) {
		switch text[offset] {
		case ' ', '\t', '\r', '\n':
			offset++
		case '&', '!':
			offset += strings.IndexAny(text[offset:]+" ", " \t\r\n")
		case '#':
			offset += strings.IndexByte(text[offset:]+"\n", '\n')
		default:
			return offset
		}
	}
	return offset
}

// lines returns members as the first ones of a mapping of YAML whose members have lines of their own, the first of them at an
// offset. They go below the line of the mapping's key, so that a comment before the first member stays there. In a list, the
// first member is behind a dash, and they go there.
func (m *merger) lines(object *tree.Node, first int, members *node) insertion {
	source := m.doc.Source.Text
	before := source[strings.LastIndexByte(source[:first], '\n')+1 : first]
	indent := strings.Repeat(" ", len(before))
	offset := object.NameStart + strings.IndexByte(source[object.NameStart:]+"\n", '\n') + 1
	switch text := m.yamlLines(object, members, indent); {
	case before == indent && offset <= first:
		return insertion{offset, indent + text}
	case strings.Trim(before, " -") == "" && object.Parent.Kind == tree.List:
		return insertion{first, text + indent}
	}
	m.fail(object, "%v", errLayout)
	return insertion{}
}

// yamlLines returns members in lines of their own, as YAML. Before each line but the first are the spaces of indent.
func (m *merger) yamlLines(object *tree.Node, members *node, indent string) string {
	lines := strings.SplitAfter(string(yamlBytes(members.yaml().(*ast.MappingNode))), "\n")
	return strings.ReplaceAll(strings.Join(lines[:len(lines)-1], indent), "\n", m.newline(object))
}

// newline returns how lines end at an object.
func (m *merger) newline(object *tree.Node) string {
	text := m.doc.Source.Text[object.NameStart:]
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

var errLayout = errors.New("the layout is not known: put the members of Resources and Properties on lines of their own")

// check reads the text with the insertions, and compares it with the template: apart from the members that were inserted, all
// values have to be those of the template.
func (m *merger) check(text []byte) error {
	doc, _, problems := tree.Read(m.doc.Source.File, text)
	if doc == nil {
		return fmt.Errorf("%s: %w; with the role in it, %s", m.doc.Source.Place(m.doc.Root.Start), errLayout, problems[0].Message)
	}
	if n := m.changed(m.doc.Root, doc.Root); n != nil {
		return fmt.Errorf("%s: %w", m.doc.Source.Place(n.Start), errLayout)
	}
	return nil
}

// changed returns the first value at or below n that is another one in the merged template; nil if there is none.
func (m *merger) changed(n, merged *tree.Node) *tree.Node {
	kids, ok := m.without(n, merged.Children)
	if !ok {
		return n
	}
	if n.Kind != merged.Kind || n.Name != merged.Name || n.Text != merged.Text || len(n.Children) != len(kids) {
		return n
	}
	for i := range kids {
		if found := m.changed(&n.Children[i], &kids[i]); found != nil {
			return found
		}
	}
	return nil
}

// without returns the members of an object of the merged template without those that it got, and whether they are there.
func (m *merger) without(n *tree.Node, kids []tree.Node) ([]tree.Node, bool) {
	added := m.added[n]
	if added == nil {
		return kids, true
	}
	from := 0
	if n == m.doc.Root {
		from = slices.IndexFunc(n.Children, func(kid tree.Node) bool { return kid.Name == "Resources" })
	}
	for i, p := range added.pairs {
		if from+i >= len(kids) || kids[from+i].Name != p.key {
			return nil, false
		}
	}
	return slices.Delete(slices.Clone(kids), from, from+len(added.pairs)), true
}
