package emit

import (
	"cmp"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// jsonStyle is how a file writes JSON.
type jsonStyle struct {
	lines       bool   // objects have a line for each member
	innerLine   bool   // but those inside of others are in one line
	listLines   bool   // lists have a line for each element
	unit        string // the indentation of one level
	newline     string
	colon       string // between a name and its value
	comma       string // between members in one line
	pad         string // inside of the braces of an object in one line
	stringStyle dialect
}

// jsonStyleOf returns the style of an object, as far as it shows it. The offsets of its nodes are those of the text.
func jsonStyleOf(text string, n *tree.Node, d dialect) jsonStyle {
	s := jsonStyle{unit: "  ", newline: newlineOf(text), colon: ": ", comma: ", ", stringStyle: d}
	whole := text[n.Start:n.End]
	s.lines = strings.Contains(whole, "\n")
	if len(n.Children) == 0 {
		return s
	}
	first := &n.Children[0]
	if between := text[first.NameStart:first.Start]; strings.IndexByte(between, '"') >= 0 && !strings.Contains(between, "\n") {
		s.colon = between[strings.LastIndexByte(between, '"')+1:]
	}
	if !strings.HasSuffix(s.colon, " ") {
		s.comma = ","
	}
	if before := text[n.Start+1 : first.NameStart]; s.lines && strings.Contains(before, "\n") {
		s.unit = cmp.Or(strings.TrimPrefix(indentAt(text, first.NameStart), indentAt(text, n.Start)), s.unit)
	} else if strings.Trim(before, " ") == "" {
		s.pad = before
	}
	if len(n.Children) > 1 {
		if between := text[first.End:n.Children[1].NameStart]; strings.Trim(between, " ,") == "" {
			s.comma = between
			s.lines = false
		}
	}
	s.listLines = s.lines
	for i := range n.Children {
		kid := &n.Children[i]
		switch inLines := strings.Contains(text[kid.Start:kid.End], "\n"); {
		case len(kid.Children) == 0:
		case kid.Kind == tree.List:
			s.listLines = s.lines && inLines
		case kid.Kind == tree.Object && s.lines && !inLines:
			s.innerLine = true
			s.pad = text[kid.Start+1 : kid.Children[0].NameStart]
		}
	}
	return s
}

// write returns a node. Indent is the indentation of the line that it begins in.
func (s jsonStyle) write(n *node, indent string) string {
	switch n.kind {
	case objectKind:
		members := make([]string, len(n.pairs))
		inner := s
		if s.innerLine {
			inner.lines = false
		}
		for i, p := range n.pairs {
			members[i] = quote(p.key, s.stringStyle) + s.colon + inner.write(p.value, indent+s.unit)
		}
		return s.wrap("{", "}", members, indent, s.lines, s.pad)
	case listKind:
		elements := make([]string, len(n.elements))
		lines := s.listLines
		for _, e := range n.elements {
			lines = lines || s.lines && e.kind > numberKind && e.kind != rawKind
		}
		inner := indent
		if lines {
			inner += s.unit
		}
		for i, e := range n.elements {
			elements[i] = s.write(e, inner)
		}
		return s.wrap("[", "]", elements, indent, lines, "")
	case callKind:
		argument := n.elements[0]
		if n.text == "Fn::GetAtt" {
			resource, attribute, _ := strings.Cut(argument.text, ".")
			argument = stringNodes([]string{resource, attribute})
		}
		inLine := s
		inLine.lines, inLine.listLines = false, false // a reference is one thing
		return inLine.write(objectNode(pair{n.text, argument}), indent)
	case optionalKind:
		return s.write(n.cfnIf(), indent)
	case numberKind, rawKind:
		return n.text
	}
	return quote(n.text, s.stringStyle)
}

// wrap puts parts between brackets.
func (s jsonStyle) wrap(open, end string, parts []string, indent string, lines bool, pad string) string {
	switch {
	case len(parts) == 0:
		return open + end
	case !lines:
		return open + pad + strings.Join(parts, s.comma) + pad + end
	}
	newline := s.newline + indent
	return open + newline + s.unit + strings.Join(parts, ","+newline+s.unit) + newline + end
}

// yamlStyle is how a file writes YAML in lines.
type yamlStyle struct {
	step   int  // the spaces before the members of a member
	dash   int  // the spaces before the dashes of a member
	width  int  // from a dash to its element
	words  byte // the quote of words: '"', '\” or 0 for none
	quotes byte // the quote of other strings
}

// yamlStyleOf returns the style of a list of objects in lines, which is a member. The dash of the list is in a column.
func yamlStyleOf(text string, list *tree.Node, column int) yamlStyle {
	s := yamlStyle{step: 2, dash: 2, width: 2, quotes: '"'}
	if key := columnOf(text, list.NameStart); list.Name != "" && key <= column {
		s.dash = column - key
	}
	for i := range list.Children {
		element := &list.Children[i]
		if element.Kind != tree.Object || len(element.Children) == 0 {
			continue
		}
		if width := columnOf(text, element.Children[0].NameStart) - column; width >= 2 {
			s.width = width
		}
		for j := range element.Children {
			s.see(text, &element.Children[j], columnOf(text, element.Children[0].NameStart))
		}
	}
	return s
}

// see takes over how a member of a statement is written.
func (s *yamlStyle) see(text string, member *tree.Node, column int) {
	switch {
	case member.Kind == tree.Object && len(member.Children) > 0 && text[member.Start] != '{' && !strings.HasPrefix(member.Children[0].Name, "!"):
		if step := columnOf(text, member.Children[0].NameStart) - column; step > 0 && lineStart(text, member.Children[0].NameStart) > member.NameStart {
			s.step = step
		}
	case member.Start < len(text):
		value := text[member.Start:]
		if value[0] == '!' { // the quote is behind the tag
			_, value, _ = strings.Cut(value, " ")
		}
		switch quote := (value + " ")[0]; {
		case member.Name == "Effect" && (quote == '"' || quote == '\''):
			s.words, s.quotes = quote, quote
		case member.Name == "Resource" && quote == '\'':
			s.quotes = quote
		}
	}
}

// columnOf returns the column of an offset, from 0, in bytes.
func columnOf(text string, offset int) int { return offset - lineStart(text, offset) }

// lines returns an object or a list in lines, without the indentation of all of it.
func (s yamlStyle) lines(n *node) (lines []string) {
	switch n.kind {
	case optionalKind:
		return s.lines(n.cfnIf())
	case callKind:
		return s.lines(objectNode(pair{n.text, n.elements[0]}))
	case listKind:
		for i, e := range n.elements {
			if n.comments != nil {
				for _, c := range n.comments[i] {
					lines = append(lines, "# "+c)
				}
			}
			if text, ok := s.scalar(e); ok {
				lines = append(lines, "-"+strings.Repeat(" ", s.width-1)+text)
				continue
			}
			for j, line := range s.lines(e) {
				before := strings.Repeat(" ", s.width)
				if j == 0 {
					before = "-" + before[1:]
				}
				lines = append(lines, before+line)
			}
		}
		return lines
	}
	for _, p := range n.pairs {
		if text, ok := s.scalar(p.value); ok {
			lines = append(lines, yamlWord(p.key)+": "+text)
			continue
		}
		lines = append(lines, yamlWord(p.key)+":")
		indent := s.step
		if p.value.kind == listKind {
			indent = s.dash
		}
		for _, line := range s.lines(p.value) {
			lines = append(lines, strings.Repeat(" ", indent)+line)
		}
	}
	return lines
}

// scalar returns a node that is written behind its key or dash, and whether it is one.
func (s yamlStyle) scalar(n *node) (string, bool) {
	switch n.kind {
	case stringKind:
		return quotedBy(n.text, s.quotes), true
	case wordKind:
		if s.words != 0 {
			return quotedBy(n.text, s.words), true
		}
		return yamlWord(n.text), true
	case numberKind:
		return n.text, true
	case callKind:
		if text, ok := s.scalar(n.elements[0]); ok && n.elements[0].kind <= numberKind {
			return "!" + strings.TrimPrefix(n.text, "Fn::") + " " + text, true
		}
	case listKind:
		if len(n.elements) == 0 {
			return "[]", true
		}
	case objectKind:
		if len(n.pairs) == 0 {
			return "{}", true
		}
	}
	return "", false
}

// quotedBy returns a string of YAML in quotes of a kind, if that kind can hold it.
func quotedBy(s string, kind byte) string {
	if kind != '\'' || !plainInside(strings.NewReplacer(`"`, "", `\`, "").Replace(s)) {
		return quote(s, dialectYAML)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
