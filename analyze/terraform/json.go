package terraform

import (
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// The characters around the number of a value that is not known, in the text that is read as JSON. Unicode reserves them for
// private use.
const (
	before = "\ue000"
	behind = "\ue001"
)

// decode reads the JSON in a string. In the place of a string or within one, and in the place of any other value, there can
// be a symbol or a value that was encoded.
func (c *context) decode(v *value) *value {
	if v.encoded != nil {
		return v.encoded
	}
	pieces := v.pieces
	if pieces == nil {
		pieces = []*value{v}
	}
	d := &decoder{context: c, at: v}
	for _, piece := range pieces {
		if strings.ContainsAny(string(piece.text), before+behind) {
			c.failAt(piece.start, "the JSON has characters for private use (U+E000), which execrole does not read")
			return made(null, v)
		}
		d.add(piece)
	}
	root, problems := c.Doc.EmbeddedText(d.text.String(), v.start, d.marks)
	failed := false
	for _, p := range problems {
		failed = failed || !p.Warning
		c.report(Problem{At: p.At, Message: "in the JSON: " + d.readable(p.Message), Warning: p.Warning})
	}
	if root == nil || failed {
		return made(null, v)
	}
	return d.value(root)
}

// decoder reads JSON with unknown parts.
type decoder struct {
	*context
	at     *value
	text   strings.Builder
	marks  []tree.Mark
	values []*value // the unknown parts
	bare   []bool   // those that are not within a string
	quoted bool     // the text so far ends within a string
	escape bool     // and with a backslash
}

// add adds a piece of the text.
func (d *decoder) add(piece *value) {
	if piece.encoded != nil {
		if d.quoted {
			d.add(d.flattened(piece))
			return
		}
		d.unknown(piece.encoded, piece.start)
		return
	}
	marks := piece.marks
	if marks == nil {
		marks = []tree.Mark{{Outer: piece.start, Fixed: true}}
	}
	done := 0
	// placed returns the mark of what comes next.
	placed := func() tree.Mark {
		for len(marks) > 1 && marks[1].Inner <= done {
			marks = marks[1:]
		}
		m := marks[0]
		if !m.Fixed {
			m.Outer += done - m.Inner
		}
		m.Inner = d.text.Len()
		return m
	}
	piece.text.Expand(func(literal string) string {
		d.marks = append(d.marks, placed())
		for _, m := range marks[1:] {
			if m.Inner < done+len(literal) {
				m.Inner += d.text.Len() - done
				d.marks = append(d.marks, m)
			}
		}
		d.literal(literal)
		done += len(literal)
		return ""
	}, func(s policy.Symbol) string {
		symbol := made(unknown, d.at)
		symbol.text, symbol.start = policy.Of(s), placed().Outer
		symbol.end = symbol.start
		d.unknown(symbol, symbol.start)
		done += len(policy.Of(s))
		return ""
	})
}

// literal adds known text, and follows whether it ends within a string.
func (d *decoder) literal(s string) {
	for i := range len(s) {
		switch {
		case d.escape:
			d.escape = false
		case d.quoted && s[i] == '\\':
			d.escape = true
		case s[i] == '"':
			d.quoted = !d.quoted
		}
	}
	d.text.WriteString(s)
}

// unknown adds a value that is not known: as a string, where the text is not within one.
func (d *decoder) unknown(v *value, off int) {
	d.marks = append(d.marks, tree.Mark{Inner: d.text.Len(), Outer: off, Fixed: true})
	token := before + strconv.Itoa(len(d.values)) + behind
	if !d.quoted {
		token = `"` + token + `"`
	}
	d.values, d.bare = append(d.values, v), append(d.bare, !d.quoted)
	d.text.WriteString(token)
}

// readable returns a message with what is unknown as people write it.
func (d *decoder) readable(message string) string {
	for i, v := range d.values {
		name := "${…}"
		if v.kind == unknown {
			name = v.text.String()
		}
		message = strings.ReplaceAll(message, before+strconv.Itoa(i)+behind, name)
		message = strings.ReplaceAll(message, `\ue000`+strconv.Itoa(i)+`\ue001`, name)
	}
	return message
}

// value returns the value of a node.
func (d *decoder) value(n *tree.Node) *value {
	v := fromNode(&tree.Node{Kind: n.Kind, Text: n.Text, Start: n.Start, End: n.End}, func(off int) int { return off })
	switch n.Kind {
	case tree.String:
		return d.string(v)
	case tree.List:
		for i := range n.Children {
			v.list = append(v.list, d.value(&n.Children[i]))
		}
	case tree.Object:
		for i := range n.Children {
			kid := &n.Children[i]
			name := d.string(textAt(policy.Text(kid.Name), v))
			v.members = append(v.members, member{d.flat(name), kid.NameStart, d.value(kid)})
		}
	}
	return v
}

// string returns a string with its unknown parts, or the value that is in the place of a string.
func (d *decoder) string(v *value) *value {
	text := string(v.text)
	if !strings.Contains(text, before) {
		return v
	}
	var b strings.Builder
	for text != "" {
		literal, rest, found := strings.Cut(text, before)
		b.WriteString(literal)
		if !found {
			break
		}
		number, rest, _ := strings.Cut(rest, behind)
		i, err := strconv.Atoi(number)
		if err != nil || i >= len(d.values) {
			break
		}
		if d.bare[i] && literal == "" && rest == "" && b.Len() == 0 {
			if d.values[i].kind == unknown {
				return d.values[i].at(v.start, v.end)
			}
			return d.values[i]
		}
		b.WriteString(string(d.values[i].text))
		text = rest
	}
	return textAt(policy.Text(b.String()), v)
}
