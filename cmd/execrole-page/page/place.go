package page

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/tree"
)

// Span is a part of a file of the input. From and To count UTF-16 code units, as JavaScript does.
type Span struct {
	File   int `json:"file"` // its number in the request; -1 where there is no place
	Line   int `json:"line"`
	Column int `json:"column"` // in bytes, as messages have it
	From   int `json:"from"`
	To     int `json:"to"`
}

// texts finds places in files. A file is read once from the beginning to each line that is asked for.
type texts struct {
	files []File
	lines [][]line // of each file, when somebody has asked
}

// line is where a line begins.
type line struct{ bytes, units int }

// span returns the part of a file that begins at a place: a string, a word, or the rest of the line.
func (t *texts) span(at tree.Place) Span {
	none := Span{File: -1, Line: at.Line, Column: at.Column}
	if at.Line == 0 {
		return none
	}
	for i, f := range t.files {
		if f.Name != at.File {
			continue
		}
		lines := t.linesOf(i)
		if at.Line > len(lines) {
			return none
		}
		start := lines[at.Line-1]
		from := min(start.bytes+at.Column-1, len(f.Text))
		to := tokenEnd(f.Text, from)
		none.File = i
		none.From = start.units + units(f.Text[start.bytes:from])
		none.To = none.From + units(f.Text[from:to])
		return none
	}
	return none
}

// linesOf returns where the lines of a file begin.
func (t *texts) linesOf(i int) []line {
	if t.lines == nil {
		t.lines = make([][]line, len(t.files))
	}
	if t.lines[i] == nil {
		text := t.files[i].Text
		at := line{}
		t.lines[i] = []line{at}
		for part := range strings.Lines(text) {
			at.bytes += len(part)
			at.units += units(part)
			t.lines[i] = append(t.lines[i], at)
		}
	}
	return t.lines[i]
}

// units counts UTF-16 code units.
func units(s string) (n int) {
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// tokenEnd returns the end of what begins at an offset of JSON, YAML or HCL: a string with its quotes, a bracket, or a word
// with what follows it on the line.
func tokenEnd(text string, from int) int {
	if from >= len(text) {
		return from
	}
	switch c := text[from]; c {
	case '"', '\'':
		for i := from + 1; i < len(text); i++ {
			switch {
			case text[i] == '\\' && c == '"':
				i++
			case text[i] == c:
				return i + 1
			case text[i] == '\n':
				return i
			}
		}
		return len(text)
	case '{', '[':
		return from + 1
	}
	end := from
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if r == '\n' || r == '\r' || strings.ContainsRune(",}]", r) && !within(text[from:end]) {
			break
		}
		if (r == ' ' || r == '\t') && strings.HasPrefix(strings.TrimLeft(text[end:], " \t"), "#") {
			break // a comment
		}
		end += size
	}
	return from + len(strings.TrimRight(text[from:end], " \t"))
}

// within reports whether a text has opened a bracket that it does not close, such as "${".
func within(s string) bool {
	return strings.Count(s, "{")+strings.Count(s, "[") > strings.Count(s, "}")+strings.Count(s, "]")
}
