package terraform

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// A string can have JSON in it that jsonencode made, as in "[${local.a}, ${local.b}]". Such a string has pieces: texts, and
// values that are encoded. So the values keep their places and their conditionals.

// concat returns the string that consists of scalars.
func concat(parts []*value, at *value) *value {
	if len(parts) == 1 && parts[0].kind == textual {
		return parts[0]
	}
	v := made(textual, at)
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			v.pieces = append(v.pieces, &value{kind: textual, text: policy.Text(b.String()), marks: v.marks, start: v.start, end: v.end})
			b.Reset()
			v.marks = nil
		}
	}
	for _, part := range parts {
		pieces := []*value{part}
		if part.pieces != nil {
			pieces = part.pieces
		}
		for _, piece := range pieces {
			if piece.encoded != nil {
				flush()
				v.pieces = append(v.pieces, piece)
				continue
			}
			if piece.marks == nil && piece.text != "" {
				v.marks = append(v.marks, tree.Mark{Inner: b.Len(), Outer: piece.start, Fixed: true})
			}
			for _, m := range piece.marks {
				m.Inner += b.Len()
				v.marks = append(v.marks, m)
			}
			b.WriteString(string(piece.text))
		}
	}
	if v.pieces == nil {
		v.text = policy.Text(b.String())
		return v
	}
	flush()
	return v
}

// flat returns the text of a scalar, with the JSON in it.
func (p *Program) flat(v *value) policy.Text {
	if v.pieces == nil && v.encoded == nil {
		return v.text
	}
	var b strings.Builder
	if v.encoded != nil {
		p.encode(&b, v.encoded)
	}
	for _, piece := range v.pieces {
		b.WriteString(string(p.flat(piece)))
	}
	if !p.fits(b.Len(), v.start) {
		return ""
	}
	return policy.Text(b.String())
}

// fits counts the bytes of a text that was made, and reports whether there may be as many.
func (p *Program) fits(size, at int) bool {
	if p.texts += size; !p.over && (size > maxText || p.texts > maxTexts) {
		p.over = true
		p.failAt(at, "the strings of the module become too long: execrole stops here")
	}
	return !p.over
}

// flattened returns a string without pieces.
func (p *Program) flattened(v *value) *value {
	if v.pieces == nil && v.encoded == nil {
		return v
	}
	f := made(textual, v)
	f.text = p.flat(v)
	return f
}

// encode writes a value as jsonencode does. A symbol remains one. A conditional is written as its first branch: whoever
// needs the others asks for the encoded value itself.
func (p *Program) encode(b *strings.Builder, v *value) {
	if b.Len() > maxText || p.over {
		return
	}
	switch v.kind {
	case null, absent, reference:
		b.WriteString("null")
	case number, boolean, unknown:
		b.WriteString(string(v.text))
	case textual:
		b.WriteByte('"')
		b.WriteString(string(p.flat(v).Map(escapeJSON)))
		b.WriteByte('"')
	case choice:
		p.encode(b, v.list[0])
	case list:
		b.WriteByte('[')
		for i, e := range v.list {
			if i > 0 {
				b.WriteByte(',')
			}
			p.encode(b, e)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i, m := range v.sorted() {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('"')
			b.WriteString(string(m.name.Map(escapeJSON)))
			b.WriteString(`":`)
			p.encode(b, m.value)
		}
		b.WriteByte('}')
	}
}

// escapeJSON returns a text as jsonencode writes it in a string.
func escapeJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029':
			const hex = "0123456789abcdef"
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[r>>shift&15])
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// literal returns the value of a literal, with the places of its characters.
func (c *context) literal(x *hclsyntax.LiteralValueExpr) *value {
	at := c.here(x)
	v, ok := fromCty(x.Val, at)
	if !ok {
		c.fail(x.SrcRange, "the string holds a NUL character, which no name or value in AWS can have")
		return made(null, at)
	}
	if v.kind == textual {
		v.marks = align(x.Val, c.written(x.SrcRange), at.start)
		if c.bases[x.SrcRange.Filename].fixed {
			v.marks = []tree.Mark{{Outer: at.start, Fixed: true}}
		}
	}
	return v
}

// align finds the text of a string in its source, in which there are escapes, and, in an indented heredoc and beside directives,
// more spaces. Where both differ in another way, the rest is at the place where they do.
func align(c cty.Value, src string, start int) []tree.Mark {
	text := c.AsString()
	marks := []tree.Mark{{Outer: start}}
	in, out := 0, 0
	for in < len(text) {
		switch {
		case out >= len(src):
			return append(marks, tree.Mark{Inner: in, Outer: start + len(src), Fixed: true})
		case text[in] == src[out] && src[out] != '\\':
			in, out = in+1, out+1
			if doubled := src[max(0, out-1):]; (strings.HasPrefix(doubled, "$${") || strings.HasPrefix(doubled, "%%{")) && !strings.HasPrefix(text[in-1:], doubled[:3]) {
				out++
				marks = append(marks, tree.Mark{Inner: in, Outer: start + out})
			}
			continue
		case strings.IndexByte(" \t\r\n", src[out]) >= 0: // a directive can trim it
			out++
		case src[out] == '\\' && out+1 < len(src):
			if text[in] == '\\' && src[out+1] != '\\' {
				in, out = in+1, out+1 // a template of a file has no escapes
				continue
			}
			size := len(`\n`)
			switch src[out+1] {
			case 'u':
				size = len(`\u0000`)
				if out+3 < len(src) && src[out+2]|0x20 == 'd' && strings.IndexByte("89abAB", src[out+3]) >= 0 && strings.HasPrefix(src[min(out+size, len(src)):], `\u`) {
					size *= 2 // JSON writes it in two halves
				}
			case 'U':
				size = len(`\U00000000`)
			}
			_, width := utf8.DecodeRuneInString(text[in:])
			in, out = in+width, min(out+size, len(src))
		default:
			return append(marks, tree.Mark{Inner: in, Outer: start + out, Fixed: true})
		}
		marks = append(marks, tree.Mark{Inner: in, Outer: start + out})
	}
	return marks
}

// each calls f for every combination of what the arguments can be, and returns the choice of the results. Conditionals with
// the same condition are chosen together.
func (c *context) each(at *value, expression string, args []*value, f func(args []*value) *value) *value {
	count, chosen := 0, false
	var visit func(args []*value) *value
	visit = func(args []*value) *value {
		i := slices.IndexFunc(args, func(v *value) bool { return v.kind == choice })
		if i < 0 {
			if count++; count > maxBranches {
				return nil
			}
			if i := slices.IndexFunc(args, func(v *value) bool { return v.kind == failed }); i >= 0 {
				return args[i]
			}
			return c.attempt(at, chosen, func() *value { return f(args) })
		}
		of := args[i]
		chosen = true
		results := make([]*value, len(of.list))
		for branch, v := range of.list {
			next := slices.Clone(args)
			for j := range next {
				next[j] = next[j].assume(of.condition, branch)
			}
			next[i] = v.assume(of.condition, branch)
			if results[branch] = visit(next); results[branch] == nil {
				return nil
			}
		}
		return choose(of.condition, at, results...)
	}
	if v := visit(args); v != nil {
		return v
	}
	return c.unknown(expression, at)
}

// attempt evaluates one branch of several. In a call of try, and in a branch of a conditional, what Terraform would refuse there
// is no problem of the others.
func (c *context) attempt(at *value, isBranch bool, f func() *value) *value {
	before := len(c.problems)
	v := f()
	if !isBranch || c.inTry+c.inBranch == 0 || !slices.ContainsFunc(c.problems[before:], func(p Problem) bool { return p.refused }) {
		return v
	}
	c.problems = c.problems[:before]
	return made(failed, at)
}
