package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ReadJSON reads one value of JSON, as [Read] does. A placeholder without quotes is a problem.
func ReadJSON(file string, src []byte) (*Document, []Problem) {
	src, message := decode(src)
	if message != "" {
		return nil, []Problem{{At: Place{File: file}, Message: message}}
	}
	return readJSON(file, src, false)
}

// readJSON reads JSON in UTF-8. Loose says that several values may follow each other, and that placeholders may lack
// their quotes.
func readJSON(file string, src []byte, loose bool) (*Document, []Problem) {
	source := newSource(file, src)
	p := newJSONReader(source, src, loose)
	root := p.read()
	if loose && p.failed {
		if masked, spans := maskPlaceholders(source.Text); len(spans) > 0 {
			p = newJSONReader(source, masked, loose)
			p.placeholders = spans
			root = p.read()
		}
	}
	return newDocument(source, root, p.nodes, p.problems)
}

// newJSONReader returns a reader of src, which is the text of the source, or that with its placeholders masked.
func newJSONReader(source *Source, src []byte, loose bool) *jsonReader {
	// Before each value except the first there is one of these characters. Strings contain some too.
	values := strings.Count(source.Text, ",") + strings.Count(source.Text, "{") + strings.Count(source.Text, "[")
	return &jsonReader{
		source: source, loose: loose,
		open: make([]Node, 0, 16), slab: make([]Node, 0, min(values, 1024)),
		dec: jsontext.NewDecoder(bytes.NewBuffer(src[source.start:]), jsontext.AllowDuplicateNames(true)),
	}
}

// jsonReader turns JSON text into nodes. It continues after repeated names and NUL characters, so that all of
// them are reported at once. A syntax error ends it.
type jsonReader struct {
	source   *Source
	dec      *jsontext.Decoder
	problems []Problem
	loose    bool
	failed   bool // by a syntax error
	// placeholders has the ends of the placeholders without quotes, by their beginnings. The decoder reads strings in
	// their places.
	placeholders map[int]int
	// nodes counts the nodes so far.
	nodes int
	// open has the children, so far, of all objects and lists that are not yet closed, and slab has room
	// for those of the closed ones. Lists of children that grow one by one would waste most of their memory.
	open, slab []Node
}

// close moves the open children from base on to their final place.
func (p *jsonReader) close(base int) []Node {
	kids := p.open[base:]
	n := len(kids)
	if n == 0 {
		return nil
	}
	if cap(p.slab)-len(p.slab) < n {
		p.slab = make([]Node, 0, max(n, 1024))
	}
	from := len(p.slab)
	p.slab = append(p.slab, kids...)
	p.open = p.open[:base]
	return p.slab[from:len(p.slab):len(p.slab)] // who appends to it later gets a copy
}

// read reads the whole text.
func (p *jsonReader) read() Node {
	var values []Node
	for {
		value, err := p.value()
		if err != nil {
			p.failed = true
			off, message := p.explain(err)
			p.report(off, message)
			return value
		}
		value.Index = len(values)
		values = append(values, value)
		rest := strings.TrimLeft(p.source.Text[p.end():], " \t\r\n")
		if rest != "" && p.loose && (rest[0] == '{' || rest[0] == '[') {
			continue
		}
		if rest != "" {
			off := len(p.source.Text) - len(rest)
			p.report(off, fmt.Sprintf("text after the end of the JSON: %s", p.source.Glimpse(off)))
		}
		break
	}
	if len(values) == 1 {
		return values[0]
	}
	list := p.newNode(List, values[0].Start)
	list.Children, list.End = values, p.end()
	return list
}

func (p *jsonReader) report(off int, message string) {
	p.problems = append(p.problems, Problem{At: p.source.Place(off), Message: message})
}

// newNode returns a node that begins at an offset.
func (p *jsonReader) newNode(kind Kind, start int) Node {
	n := Node{Kind: kind, Start: start, NameStart: start, ID: p.nodes}
	p.nodes++
	return n
}

// end returns the offset after the last token that was read.
func (p *jsonReader) end() int { return p.source.start + int(p.dec.InputOffset()) }

// next returns the offset of the next token: the decoder knows only where the last one ended.
func (p *jsonReader) next() int {
	off := p.end()
	for off < len(p.source.Text) {
		switch p.source.Text[off] {
		case ' ', '\t', '\r', '\n', ',', ':':
			off++
		default:
			return off
		}
	}
	return off
}

func (p *jsonReader) value() (Node, error) {
	switch p.dec.PeekKind() {
	case '{':
		return p.object()
	case '[':
		return p.list()
	}
	raw, err := p.dec.ReadValue()
	if err != nil {
		return Node{}, err
	}
	end := p.end()
	n := p.newNode(Null, end-len(raw))
	n.End = end
	literal := p.source.Text[n.Start:end]
	if p.placeholders[n.Start] == end {
		n.Kind, n.Text = Placeholder, literal
		return n, nil
	}
	switch literal[0] {
	case 'n':
	case 't', 'f':
		n.Kind, n.Text = Boolean, literal
	case '"':
		n.Kind = String
		n.Text, err = p.string(literal, n.Start)
	default:
		n.Kind, n.Text = Number, literal
	}
	return n, err
}

// string decodes a string literal. Without escapes it is a part of the source, which costs nothing.
func (p *jsonReader) string(literal string, off int) (string, error) {
	s := literal[1 : len(literal)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	decoded, err := jsontext.AppendUnquote(nil, literal)
	if err != nil {
		return "", err
	}
	if i := bytes.IndexByte(decoded, 0); i >= 0 {
		p.report(off, `the string holds a NUL character (\u0000), which no name or value in AWS can have`)
		return "", nil
	}
	return string(decoded), nil
}

func (p *jsonReader) object() (Node, error) {
	n := p.newNode(Object, p.next())
	if _, err := p.dec.ReadToken(); err != nil {
		return n, err
	}
	base := len(p.open)
	for p.dec.PeekKind() != '}' {
		if off := p.next(); off < len(p.source.Text) && p.source.Text[off] != '"' && p.source.Text[off] != '}' {
			return n, &jsontext.SyntacticError{ByteOffset: int64(off - p.source.start), Err: jsontext.ErrNonStringName}
		}
		raw, err := p.dec.ReadValue()
		if err != nil {
			return n, err
		}
		nameStart := p.end() - len(raw)
		name, err := p.string(p.source.Text[nameStart:p.end()], nameStart)
		if err != nil {
			return n, err
		}
		kid, err := p.value()
		if err != nil {
			return n, err
		}
		kid.Name, kid.NameStart = name, nameStart
		p.open = append(p.open, kid)
	}
	n.Children = p.close(base)
	_, err := p.dec.ReadToken()
	n.End = p.end()
	n.dropRepeated(p.source, func(problem Problem) { p.problems = append(p.problems, problem) })
	return n, err
}

func (p *jsonReader) list() (Node, error) {
	n := p.newNode(List, p.next())
	if _, err := p.dec.ReadToken(); err != nil {
		return n, err
	}
	base := len(p.open)
	for p.dec.PeekKind() != ']' {
		kid, err := p.value()
		if err != nil {
			return n, err
		}
		kid.Index = len(p.open) - base
		p.open = append(p.open, kid)
	}
	n.Children = p.close(base)
	_, err := p.dec.ReadToken()
	n.End = p.end()
	return n, err
}

// maxDepth is how deep the decoder goes.
const maxDepth = 10000

// explain puts a syntax error into the words of somebody who wrote the file by hand or made it from a
// template, and returns its place.
func (p *jsonReader) explain(err error) (off int, message string) {
	src := p.source.Text
	off = len(src)
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		off = p.source.start + int(syntax.ByteOffset)
	}
	// The decoder names the comma or colon before the culprit in some cases and the culprit in others.
	at := off
	for at < len(src) && strings.IndexByte(" \t\r\n", src[at]) >= 0 {
		at++
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || at >= len(src) {
		if strings.TrimSpace(src[p.source.start:]) == "" {
			return len(src), "the input is empty"
		}
		return len(src), "the JSON ends too early: a bracket, brace or quote is not closed"
	}
	if syntax == nil {
		return off, err.Error()
	}
	rest := src[at:]
	if p.dec.StackDepth() >= maxDepth {
		return at, fmt.Sprintf("more than %d objects and lists inside of each other: too deep to read", maxDepth)
	}
	switch r, size := utf8.DecodeRuneInString(rest); {
	case r == utf8.RuneError && size == 1:
		return at, fmt.Sprintf("byte 0x%02X is not UTF-8: save the file as UTF-8", rest[0])
	case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "/*"), rest[0] == '#':
		return at, "a comment: JSON has none"
	case p.end() <= p.source.start && at == p.next():
		return at, fmt.Sprintf("not JSON: it begins with %s; a JSON object begins with {", p.source.Glimpse(at))
	case errors.Is(err, jsontext.ErrNonStringName) && rest[0] == '{':
		return at, "\"{{\" is not JSON: is this a template? Render it first"
	case rest[0] == ',' && at+1 < len(src) && strings.IndexAny(strings.TrimLeft(rest[1:], " \t\r\n"), "}]") == 0:
		return at, fmt.Sprintf("a comma before %q: JSON has none after the last element", strings.TrimLeft(rest[1:], " \t\r\n")[:1])
	case (rest[0] == '}' || rest[0] == ']') && p.afterComma(at):
		return at, fmt.Sprintf("a comma before %q: JSON has none after the last element", rest[:1])
	case rest[0] == '\'':
		return at, "a single quote: JSON writes strings in double quotes"
	case rest[0] == '<', rest[0] == '$', rest[0] == '%', strings.HasPrefix(rest, "{{"), rest[0] == '{' && p.dec.StackDepth() > 0:
		return at, fmt.Sprintf("%s is not JSON: is it a placeholder? Put it in quotes, or render the template first", p.source.Glimpse(at))
	case rest[0] == '\\':
		return at, fmt.Sprintf("%s is no escape that JSON has", p.source.Glimpse(at))
	case r < ' ':
		return at, fmt.Sprintf("a control character (0x%02X) inside of a string: write it as an escape", rest[0])
	case errors.Is(err, jsontext.ErrNonStringName):
		return at, fmt.Sprintf("a member's name has to be a string in double quotes, not %s", p.source.Glimpse(at))
	}
	if before := strings.TrimRight(src[:at], " \t\r\n"); before != "" && rest[0] != ':' && strings.IndexByte("{[,:", before[len(before)-1]) < 0 {
		return at, fmt.Sprintf("unexpected %s: is a comma missing before it?", p.source.Glimpse(at))
	}
	return at, fmt.Sprintf("unexpected %s", p.source.Glimpse(at))
}

// afterComma reports whether the last thing before off, apart from white space, is a comma.
func (p *jsonReader) afterComma(off int) bool {
	before := strings.TrimRight(p.source.Text[:off], " \t\r\n")
	return strings.HasSuffix(before, ",")
}
