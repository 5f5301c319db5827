package tree

import "strconv"

// Place is where something is in an input.
type Place struct {
	File    string // as the caller named it; "" for an input that came as a Go value
	Line    int    // from 1; 0 where there is no text
	Column  int    // from 1, in bytes
	Offset  int    // in bytes, from the start of the input, its byte order mark included
	Pointer string // JSON pointer (RFC 6901) from the top of the document; "" where only the offset is known
}

// String returns file:line:col, as editors and terminals link it, or the pointer where there is no text.
func (p Place) String() string {
	if p.Line == 0 {
		if p.File == "" {
			return p.Pointer
		}
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}
