package main

import (
	"strings"
	"unicode/utf8"
)

// wrapText breaks the lines of a text that are wider than a number of columns, at spaces. The rest of a line begins below
// its text, after the label that it may have:
//
//	why   ECS reads the secret or parameter and puts its
//	      value into the container's environment.
//
// A word that is wider, such as an ARN, stays whole, and so does JSON, since both are there to be copied.
func wrapText(text string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		wrapLine(&b, strings.TrimSuffix(line, "\n"), width)
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// wrapLine writes one line, which may have to become several.
func wrapLine(b *strings.Builder, line string, width int) {
	text := strings.TrimLeft(visible(line), " ")
	if columns(line) <= width || text != "" && strings.IndexByte("{}[]\"", text[0]) >= 0 {
		b.WriteString(line)
		return
	}
	indent := hang(line)
	column, first := 0, true
	for rest := line; rest != ""; first = false {
		word := strings.TrimLeft(rest, " ")
		spaces := rest[:len(rest)-len(word)]
		if i := strings.IndexByte(word, ' '); i >= 0 {
			word = word[:i]
		}
		rest = rest[len(spaces)+len(word):]
		if n := columns(spaces + word); !first && column > indent && column+n > width {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column, spaces = indent, ""
		}
		b.WriteString(spaces + word)
		column += columns(spaces + word)
	}
}

// hang returns the column at which the rest of a line begins: that of the text after the line's label, or two to the right
// of its own beginning. A label is one word in an indented line, and at least two spaces.
func hang(line string) int {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if indent == 0 {
		return 0
	}
	label, text, found := strings.Cut(line[indent:], "  ")
	if !found || label == "" || strings.ContainsAny(label, " \x1b") {
		return indent + 2
	}
	return len(line) - len(strings.TrimLeft(text, " "))
}

// columns returns how wide a text is on a terminal.
func columns(s string) int { return utf8.RuneCountInString(visible(s)) }

// visible returns a text without the sequences that give it a style.
func visible(s string) string {
	before, after, found := strings.Cut(s, "\x1b[")
	if !found {
		return s
	}
	_, after, _ = strings.Cut(after, "m")
	return before + visible(after)
}
