package tree

import (
	"fmt"
	"sort"
	"strings"
)

// file is one of the files that a text consists of.
type file struct {
	name  string
	start int // the offset of its first byte
	line  int // the index of its first line in [Source.lines]
}

// NewFiles returns a source without text, to which [Source.Add] adds files. Name is that of what consists of them.
//
// The text is that of all files, one after another. So an offset says which file it is in, and [Source.Place] names that
// file, with the line and the column in it. Place.Offset remains the offset in the whole text.
func NewFiles(name string) *Source {
	return &Source{File: name, files: []file{}}
}

// Add adds a file to a source of [NewFiles], and returns the offset at which it begins, and its text in UTF-8, without a
// byte order mark. The files of a source have at most [MaxSize] bytes together.
func (s *Source) Add(name string, src []byte) (start int, text string, err error) {
	src, message := decode(src)
	switch {
	case message != "":
		return 0, "", fmt.Errorf("%s", message)
	case len(s.Text)+len(src) > MaxSize:
		return 0, "", fmt.Errorf("the files have more than %d MiB together, and execrole reads no more", MaxSize>>20)
	}
	text = strings.TrimPrefix(string(src), "\ufeff")
	start = len(s.Text)
	s.files = append(s.files, file{name, start, len(s.lines)})
	s.lines = append(s.lines, start)
	for i := 0; ; {
		next := strings.IndexByte(text[i:], '\n')
		if next < 0 {
			break
		}
		i += next + 1
		s.lines = append(s.lines, start+i)
	}
	// Each file ends in a byte of its own: the end of one is not the beginning of the next.
	s.all.WriteString(text)
	s.all.WriteByte('\n')
	s.Text = s.all.String()
	return start, text, nil
}

// fileAt returns the file that an offset is in.
func (s *Source) fileAt(off int) file {
	if s.outer != nil {
		return s.outer.fileAt(off)
	}
	i := sort.Search(len(s.files), func(i int) bool { return s.files[i].start > off })
	if i == 0 {
		return file{name: s.File}
	}
	return s.files[i-1]
}

// NewDocument returns a document of a source, whose tree the caller makes. Its root is an object without members.
func NewDocument(s *Source) *Document {
	return &Document{Source: s, Root: &Node{Kind: Object}, Nodes: 1}
}
