package taskdef

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// parser turns JSON text into nodes. It goes on after repeated names and NUL characters, so that all of
// them are reported at once; a syntax error ends it.
type parser struct {
	doc *Document
	dec *jsontext.Decoder
	// names holds each member name once: a task definition repeats few names often.
	names map[string]string
	// open holds the children, so far, of all objects and lists that are not yet closed, and slab the room
	// for those of the closed ones: lists of children grown one by one would leave most of their memory
	// behind.
	open, slab []node
}

// close moves the open children from base on to where they stay.
func (p *parser) close(base int) []node {
	kids := p.open[base:]
	n := len(kids)
	if n == 0 {
		return nil
	}
	if cap(p.slab)-len(p.slab) < n {
		p.slab = make([]node, 0, max(n, 64, min(1024, 2*cap(p.slab))))
	}
	from := len(p.slab)
	p.slab = append(p.slab, kids...)
	p.open = p.open[:base]
	return p.slab[from:len(p.slab):len(p.slab)] // who appends to it later gets a copy
}

// parse reads the text below the byte order mark into a tree. Where that fails it reports problems.
func (d *Document) parse(src []byte) (root node, ok bool) {
	p := &parser{
		doc:   d,
		dec:   jsontext.NewDecoder(bytes.NewBuffer(src[d.bom:]), jsontext.AllowDuplicateNames(true)),
		names: map[string]string{},
	}
	root, err := p.value()
	if err != nil {
		off, message := p.explain(err)
		d.report(Syntax, off, message)
		return root, false
	}
	if rest := strings.TrimLeft(d.src[p.end():], " \t\r\n"); rest != "" {
		off := len(d.src) - len(rest)
		d.report(Syntax, off, fmt.Sprintf("text after the end of the JSON: %s", d.glimpse(off)))
		return root, false
	}
	return root, len(d.problems) == 0
}

// end returns the offset after the last token that was read.
func (p *parser) end() int { return p.doc.bom + int(p.dec.InputOffset()) }

// next returns the offset of the next token: the decoder tells only where the last one ended.
func (p *parser) next() int {
	off := p.end()
	for off < len(p.doc.src) {
		switch p.doc.src[off] {
		case ' ', '\t', '\r', '\n', ',', ':':
			off++
		default:
			return off
		}
	}
	return off
}

func (p *parser) value() (node, error) {
	switch p.dec.PeekKind() {
	case '{':
		return p.object()
	case '[':
		return p.list()
	}
	raw, err := p.dec.ReadValue()
	if err != nil {
		return node{}, err
	}
	end := p.end()
	n := node{off: end - len(raw)}
	n.nameOff = n.off
	literal := p.doc.src[n.off:end]
	switch literal[0] {
	case 'n':
		n.kind = null
	case 't', 'f':
		n.kind, n.text = boolean, literal
	case '"':
		n.kind = text
		n.text, err = p.string(literal, n.off)
	default:
		n.kind, n.text = number, literal
	}
	return n, err
}

// string decodes a string literal. Without escapes it is a part of the source, which costs nothing.
func (p *parser) string(literal string, off int) (string, error) {
	s := literal[1 : len(literal)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	decoded, err := jsontext.AppendUnquote(nil, literal)
	if err != nil {
		return "", err
	}
	if i := bytes.IndexByte(decoded, 0); i >= 0 {
		p.doc.report(Syntax, off, `the string holds a NUL character (\u0000), which no name or value in AWS can have`)
		return "", nil
	}
	return string(decoded), nil
}

func (p *parser) object() (node, error) {
	n := node{kind: object, off: p.next()}
	n.nameOff = n.off
	if _, err := p.dec.ReadToken(); err != nil {
		return n, err
	}
	base := len(p.open)
	for {
		kind := p.dec.PeekKind()
		if kind == '}' {
			break
		}
		if off := p.next(); off < len(p.doc.src) && p.doc.src[off] != '"' && p.doc.src[off] != '}' {
			return n, &jsontext.SyntacticError{ByteOffset: int64(off - p.doc.bom), Err: jsontext.ErrNonStringName}
		}
		raw, err := p.dec.ReadValue()
		if err != nil {
			return n, err
		}
		nameOff := p.end() - len(raw)
		name, seen := p.names[string(raw)]
		if !seen {
			if name, err = p.string(string(raw), nameOff); err != nil {
				return n, err
			}
			p.names[string(raw)] = name
		}
		kid, err := p.value()
		if err != nil {
			return n, err
		}
		kid.name, kid.nameOff = name, nameOff
		p.open = append(p.open, kid)
	}
	n.kids = p.close(base)
	_, err := p.dec.ReadToken()
	p.repeated(&n)
	return n, err
}

// repeated reports names that stand in an object more than once: readers of JSON differ in which one
// they believe.
func (p *parser) repeated(n *node) {
	if len(n.kids) <= 16 {
		for i := range n.kids {
			for j := range i {
				if n.kids[i].name == n.kids[j].name {
					p.repeats(&n.kids[i], &n.kids[j])
					break
				}
			}
		}
		return
	}
	first := make(map[string]*node, len(n.kids))
	for i := range n.kids {
		if other, ok := first[n.kids[i].name]; ok {
			p.repeats(&n.kids[i], other)
		} else {
			first[n.kids[i].name] = &n.kids[i]
		}
	}
}

func (p *parser) repeats(n, first *node) {
	line, column := p.doc.position(first.nameOff)
	p.doc.report(Syntax, n.nameOff, fmt.Sprintf("%q stands here a second time; the first one is at %d:%d", n.name, line, column))
}

func (p *parser) list() (node, error) {
	n := node{kind: list, off: p.next()}
	n.nameOff = n.off
	if _, err := p.dec.ReadToken(); err != nil {
		return n, err
	}
	base := len(p.open)
	for p.dec.PeekKind() != ']' {
		kid, err := p.value()
		if err != nil {
			return n, err
		}
		kid.index = len(p.open) - base
		p.open = append(p.open, kid)
	}
	n.kids = p.close(base)
	_, err := p.dec.ReadToken()
	return n, err
}

// maxDepth is how deep the decoder goes.
const maxDepth = 10000

// explain puts a syntax error into words of somebody who wrote the file by hand or made it from a
// template, and says where it is.
func (p *parser) explain(err error) (off int, message string) {
	src := p.doc.src
	off = len(src)
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		off = p.doc.bom + int(syntax.ByteOffset)
	}
	// The decoder names the comma or colon before the culprit in some cases and the culprit in others.
	at := off
	for at < len(src) && strings.IndexByte(" \t\r\n", src[at]) >= 0 {
		at++
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || at >= len(src) {
		if strings.TrimSpace(src[p.doc.bom:]) == "" {
			return len(src), "the input is empty"
		}
		return len(src), "the JSON ends too early: a bracket, brace or quote is not closed"
	}
	if syntax == nil {
		return off, err.Error()
	}
	rest := src[at:]
	if p.dec.StackDepth() >= maxDepth {
		return at, fmt.Sprintf("more than %d objects and lists inside of each other: too deep for a task definition", maxDepth)
	}
	switch r, size := utf8.DecodeRuneInString(rest); {
	case r == utf8.RuneError && size == 1:
		return at, fmt.Sprintf("byte 0x%02X is not UTF-8: save the file as UTF-8", rest[0])
	case p.end() <= p.doc.bom && at == p.next():
		return at, fmt.Sprintf("not JSON: it begins with %s; a task definition in JSON begins with {", p.doc.glimpse(at))
	case errors.Is(err, jsontext.ErrNonStringName) && rest[0] == '{':
		return at, "\"{{\" is not JSON: is this a template? Render it first"
	case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "/*"), rest[0] == '#':
		return at, "a comment: JSON has none"
	case rest[0] == ',' && at+1 < len(src) && strings.IndexAny(strings.TrimLeft(rest[1:], " \t\r\n"), "}]") == 0:
		return at, fmt.Sprintf("a comma before %q: JSON has none after the last element", strings.TrimLeft(rest[1:], " \t\r\n")[:1])
	case (rest[0] == '}' || rest[0] == ']') && p.afterComma(at):
		return at, fmt.Sprintf("a comma before %q: JSON has none after the last element", rest[:1])
	case rest[0] == '\'':
		return at, "a single quote: JSON's strings stand in double quotes"
	case rest[0] == '<', rest[0] == '$', rest[0] == '%', strings.HasPrefix(rest, "{{"), rest[0] == '{' && p.dec.StackDepth() > 0:
		return at, fmt.Sprintf("%s is not JSON: is it a placeholder? Put it in quotes, or render the template first", p.doc.glimpse(at))
	case rest[0] == '\\':
		return at, fmt.Sprintf("%s is no escape that JSON has", p.doc.glimpse(at))
	case r < ' ':
		return at, fmt.Sprintf("a control character (0x%02X) inside of a string: write it as an escape", rest[0])
	case errors.Is(err, jsontext.ErrNonStringName):
		return at, fmt.Sprintf("a member's name has to be a string in double quotes, not %s", p.doc.glimpse(at))
	}
	if before := strings.TrimRight(src[:at], " \t\r\n"); before != "" && rest[0] != ':' && strings.IndexByte("{[,:", before[len(before)-1]) < 0 {
		return at, fmt.Sprintf("unexpected %s: is a comma missing before it?", p.doc.glimpse(at))
	}
	return at, fmt.Sprintf("unexpected %s", p.doc.glimpse(at))
}

// afterComma reports whether the last thing before off, apart from white space, is a comma.
func (p *parser) afterComma(off int) bool {
	before := strings.TrimRight(p.doc.src[:off], " \t\r\n")
	return strings.HasSuffix(before, ",")
}

// glimpse quotes the few characters at off, up to the end of their line.
func (d *Document) glimpse(off int) string {
	rest := d.src[off:]
	if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
		rest = rest[:i]
	}
	const most = 24
	if n := 0; len(rest) > most {
		for i := range rest {
			if n++; n > most {
				return strconv.Quote(rest[:i] + "…")
			}
		}
	}
	return strconv.Quote(rest)
}
