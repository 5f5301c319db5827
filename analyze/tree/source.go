package tree

import (
	"sort"
	"strconv"
	"strings"
)

// Source is the text of a document.
type Source struct {
	File  string // as the caller named it
	Text  string
	start int   // length of the byte order mark
	lines []int // offsets at which lines begin
	// A text can consist of several files: see [NewFiles].
	files []file
	all   strings.Builder // the text, where there are several
	// A text that is a string of another text has its places there, at the marks, or, where there are none, at the
	// beginning of the string: see [Document.Embedded].
	outer      *Source
	outerStart int
	marks      []Mark
}

func newSource(file string, src []byte) *Source {
	s := &Source{File: file, Text: string(src)}
	if strings.HasPrefix(s.Text, "\ufeff") {
		s.start = len("\ufeff")
	}
	s.lines = make([]int, 1, 1+strings.Count(s.Text, "\n"))
	s.lines[0] = s.start
	for i := strings.IndexByte(s.Text, '\n'); i >= 0; {
		s.lines = append(s.lines, i+1)
		next := strings.IndexByte(s.Text[i+1:], '\n')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return s
}

// Start returns the offset of the first byte after the byte order mark.
func (s *Source) Start() int { return s.start }

// Place returns the place of an offset, without a pointer.
func (s *Source) Place(off int) Place {
	line, column := s.Position(off)
	off = s.outside(off)
	return Place{File: s.fileAt(off).name, Line: line, Column: column, Offset: off}
}

// Position returns line and column of an offset in its file, both from 1, the column in bytes. The byte order mark
// takes no column: no editor shows it.
func (s *Source) Position(off int) (line, column int) {
	if s.outer != nil {
		return s.outer.Position(s.outside(off))
	}
	line = sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > off })
	if line == 0 {
		return 1, 1
	}
	return line - s.fileAt(off).line, off - s.lines[line-1] + 1
}

// Glimpse quotes the few characters at an offset, up to the end of their line.
func (s *Source) Glimpse(off int) string {
	rest := s.Text[off:]
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
