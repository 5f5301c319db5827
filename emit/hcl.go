package emit

import (
	"slices"
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
type hclWriter struct {
	b        strings.Builder
	declared []string // the addresses of what the blocks declare: aws_iam_role.app, var.image, local.name
}

func (w *hclWriter) line(indent int, s string) {
	w.b.WriteString(strings.Repeat("  ", indent))
	w.b.WriteString(s)
	w.b.WriteByte('\n')
}

// block writes a block of the top level, with an empty line before it. The keys of attributes are written as they are.
func (w *hclWriter) block(header string, attributes ...pair) {
	w.declare(header, attributes)
	w.b.WriteByte('\n')
	if len(attributes) == 0 {
		w.line(0, header+" {}")
		return
	}
	w.line(0, header+" {")
	w.attributes(1, attributes)
	w.line(0, "}")
}

// declare notes the addresses of what a block declares.
func (w *hclWriter) declare(header string, attributes []pair) {
	words := strings.Fields(strings.ReplaceAll(header, `"`, ""))
	switch words[0] {
	case "locals":
		for _, a := range attributes {
			w.declared = append(w.declared, "local."+a.key)
		}
		return
	case "resource":
		words = words[1:]
	case "variable":
		words[0] = "var"
	}
	w.declared = append(w.declared, strings.Join(words, "."))
}

func (w *hclWriter) attributes(indent int, list []pair) {
	width := 0
	for i, a := range list {
		if a.value.kind == blockKind {
			w.b.WriteByte('\n')
			w.line(indent, a.key+" {")
			w.attributes(indent+1, a.value.pairs)
			w.line(indent, "}")
			continue
		}
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
		if slices.ContainsFunc(n.elements, isOptional) {
			w.line(indent, before+"concat(")
			w.parts(indent+1, n)
			w.line(indent, ")"+after)
			return
		}
		w.line(indent, before+"[")
		w.elements(indent+1, n, 0, len(n.elements))
		w.line(indent, "]"+after)
	default:
		w.line(indent, before+"{")
		w.attributes(indent+1, n.pairs)
		w.line(indent, "}"+after)
	}
}

// elements writes elements of a list, each with its comments before it.
func (w *hclWriter) elements(indent int, list *node, from, to int) {
	for i := from; i < to; i++ {
		w.comments(indent, list, i)
		w.value(indent, "", list.elements[i], ",")
	}
}

func (w *hclWriter) comments(indent int, list *node, i int) {
	if list.comments != nil {
		for _, comment := range list.comments[i] {
			w.line(indent, "# "+comment)
		}
	}
}

// parts writes a list with optional elements as the arguments of concat: a list of those that are always there, and for
// each that is not a conditional.
func (w *hclWriter) parts(indent int, list *node) {
	for i := 0; i < len(list.elements); {
		if e := list.elements[i]; isOptional(e) {
			condition, element := e.text+" ? [", e.elements[0]
			if element.kind == rawKind {
				w.line(indent, condition+element.text+"] : [],")
			} else {
				w.line(indent, condition)
				w.comments(indent+1, list, i)
				w.value(indent+1, "", element, ",")
				w.line(indent, "] : [],")
			}
			i++
			continue
		}
		end := i
		for end < len(list.elements) && !isOptional(list.elements[end]) {
			end++
		}
		w.line(indent, "[")
		w.elements(indent+1, list, i, end)
		w.line(indent, "],")
		i = end
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
	return hclTemplates.Replace(s)
}

var hclTemplates = strings.NewReplacer("${", "$${", "%{", "%%{")
