package emit

import (
	"math"
	"strings"
	"unicode/utf8"
)

// goWriter writes Go in the layout of gofmt, which would take most of the time that a file needs. Each line is written
// for itself: the caller knows where a composite literal or a call has several lines.
type goWriter struct {
	b      strings.Builder
	indent int
	// fields are those of the lines before the next one, as far as they have one line each.
	fields []goField
}

type goField struct{ key, value, comment string }

// field writes a field of a literal or an entry of a map, whose value has one line. Such lines are aligned with the
// lines of this kind next to them.
func (w *goWriter) field(key, value string) { w.commented(key, value, "") }

// commented is field with a comment at the end of the line; "" is none.
func (w *goWriter) commented(key, value, comment string) {
	w.fields = append(w.fields, goField{key, value, comment})
}

// line writes a line that consists of these parts.
func (w *goWriter) line(parts ...string) {
	w.align()
	w.tabs()
	for _, p := range parts {
		w.b.WriteString(p)
	}
	w.b.WriteByte('\n')
}

// open writes a line that ends in an opening bracket. What follows is inside of it.
func (w *goWriter) open(parts ...string) {
	w.line(parts...)
	w.indent++
}

// close writes a line that begins with the closing bracket.
func (w *goWriter) close(parts ...string) {
	w.align()
	w.indent--
	w.line(parts...)
}

func (w *goWriter) tabs() {
	for range w.indent {
		w.b.WriteByte('\t')
	}
}

// list writes the elements between two brackets, which are parts of a line: in one line if there are no elements.
func (w *goWriter) list(before string, elements []string, after string) {
	if len(elements) == 0 {
		w.line(before, after)
		return
	}
	w.open(before)
	for _, e := range elements {
		w.line(e, ",")
	}
	w.close(after)
}

// String returns what was written.
func (w *goWriter) String() string {
	w.align()
	return w.b.String()
}

// align writes the fields that were not written yet. In each section, the values begin in one column, and so do the
// comments of lines next to each other.
func (w *goWriter) align() {
	fields := w.fields
	w.fields = w.fields[:0]
	for len(fields) > 0 {
		n := goSection(fields)
		keys, values := 0, 0
		for _, f := range fields[:n] {
			keys = max(keys, utf8.RuneCountInString(f.key))
		}
		for i, f := range fields[:n] {
			w.tabs()
			w.b.WriteString(f.key)
			w.b.WriteByte(':')
			w.spaces(keys - utf8.RuneCountInString(f.key) + 1)
			w.b.WriteString(f.value)
			w.b.WriteByte(',')
			if f.comment != "" {
				if i == 0 || fields[i-1].comment == "" {
					values = 0
					for j := i; j < n && fields[j].comment != ""; j++ {
						values = max(values, utf8.RuneCountInString(fields[j].value))
					}
				}
				w.spaces(values - utf8.RuneCountInString(f.value) + 1)
				w.b.WriteString("// ")
				w.b.WriteString(f.comment)
			}
			w.b.WriteByte('\n')
		}
		fields = fields[n:]
	}
}

func (w *goWriter) spaces(n int) {
	for range n {
		w.b.WriteByte(' ')
	}
}

// goSection returns how many of the fields, from the first one on, gofmt aligns: up to a key that is much longer or
// shorter than the mean of the ones before it, if it or the one before it is long.
//
// Source: go/printer, the method exprList
func goSection(fields []goField) int {
	const small, ratio = 40, 2.5
	logs := math.Log(float64(len(fields[0].key)))
	for i := 1; i < len(fields); i++ {
		before, size := len(fields[i-1].key), len(fields[i].key)
		if before > small || size > small {
			r := float64(size) / math.Exp(logs/float64(i))
			if r*ratio <= 1 || ratio <= r {
				return i
			}
		}
		logs += math.Log(float64(size))
	}
	return len(fields)
}

// goDoc returns a word for a doc comment. There gofmt replaces doubled quotes of these kinds. Only a word in quotes of its
// own contains them, so that they can be escaped.
func goDoc(word string) string {
	return strings.ReplaceAll(strings.ReplaceAll(word, "``", `\x60\x60`), "''", `\x27\x27`)
}
