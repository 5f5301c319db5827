package emit

import (
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/policy"
)

// HCL is written as text, in the layout of terraform fmt: attributes of one line have their "=" in one column with those
// of the lines next to them, and attributes of several lines do not.

// rawNode returns an expression of HCL, as it is written in one line. All scalars of HCL are expressions.
func rawNode(expression string) *node { return &node{kind: rawKind, text: expression} }

// hclQuoted returns a string that contains s and no interpolation.
func hclQuoted(s string) *node { return rawNode(hclQuote(s)) }

// hclWriter writes HCL.
type hclWriter struct{ b strings.Builder }

func (w *hclWriter) line(indent int, s string) {
	w.b.WriteString(strings.Repeat("  ", indent))
	w.b.WriteString(s)
	w.b.WriteByte('\n')
}

// block writes a block of the top level, with an empty line before it. The keys of attributes are written as they are.
func (w *hclWriter) block(header string, attributes ...pair) {
	w.b.WriteByte('\n')
	if len(attributes) == 0 {
		w.line(0, header+" {}")
		return
	}
	w.line(0, header+" {")
	w.attributes(1, attributes)
	w.line(0, "}")
}

func (w *hclWriter) attributes(indent int, list []pair) {
	width := 0
	for i, a := range list {
		if a.value.kind != rawKind {
			w.value(indent, a.key+" = ", a.value, "")
			continue
		}
		if i == 0 || list[i-1].value.kind != rawKind {
			width = 0
			for _, b := range list[i:] {
				if b.value.kind != rawKind {
					break
				}
				width = max(width, utf8.RuneCountInString(b.key))
			}
		}
		w.line(indent, a.key+strings.Repeat(" ", width-utf8.RuneCountInString(a.key))+" = "+a.value.text)
	}
}

// value writes a value between the text before it, in its first line, and the text after it, in its last line.
func (w *hclWriter) value(indent int, before string, n *node, after string) {
	switch n.kind {
	case rawKind:
		w.line(indent, before+n.text+after)
	case callKind:
		w.value(indent, before+n.text+"(", n.elements[0], ")"+after)
	case listKind:
		w.line(indent, before+"[")
		for i, e := range n.elements {
			if n.comments != nil {
				for _, comment := range n.comments[i] {
					w.line(indent+1, "# "+comment)
				}
			}
			w.value(indent+1, "", e, ",")
		}
		w.line(indent, "]"+after)
	default:
		w.line(indent, before+"{")
		w.attributes(indent+1, n.pairs)
		w.line(indent, "}"+after)
	}
}

// hclKey returns a key of an object: as an identifier where it is one, and otherwise as a string.
func hclKey(s string) string {
	for i := range len(s) {
		if c := s[i]; !asciiLetter(c) && c != '_' && (i == 0 || c < '0' || c > '9') {
			return hclQuote(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}

// hclQuote returns a string that contains s and no interpolation.
func hclQuote(s string) string { return `"` + hclLiteral(s, false) + `"` }

// hclString returns the expression of a text. Symbol returns the expression of a symbol.
func hclString(t policy.Text, symbol func(policy.Symbol) string) string {
	if symbols := t.Symbols(); len(symbols) == 1 && t == policy.Of(symbols[0]) {
		return symbol(symbols[0])
	}
	rest := string(t)
	return `"` + t.Expand(
		func(literal string) string {
			rest = strings.TrimPrefix(rest, literal)
			return hclLiteral(literal, rest != "")
		},
		func(s policy.Symbol) string {
			rest = strings.TrimPrefix(rest, string(policy.Of(s)))
			return "${" + symbol(s) + "}"
		},
	) + `"`
}

// hclLiteral returns s in the form that it has between the quotes of a string. Followed says that an interpolation
// follows it.
//
// "${" and "%{" begin an interpolation and a directive, and are written with the first character twice. Where that would
// be ambiguous, as in "$${" or for a dollar before an interpolation, the character is written by its number.
//
// Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#template-expressions
func hclLiteral(s string, followed bool) string {
	if plainInside(s) && !strings.ContainsAny(s, "$%") {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i, r := range s {
		next := byte(0)
		switch rest := s[i+utf8.RuneLen(r):]; {
		case rest != "":
			next = rest[0]
		case followed:
			next = '$' // of the interpolation
		}
		switch {
		case (r == '$' || r == '%') && next == '{':
			b = append(b, byte(r), byte(r))
		case (r == '$' || r == '%') && (next == '$' || next == '%'):
			b = appendHex(append(b, `\u`...), r, 4)
		default:
			b = appendRune(b, r, dialectHCL)
		}
	}
	return string(b)
}

// hclComment returns the line of a comment, in which nothing looks like the beginning of an interpolation.
func hclComment(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
}
