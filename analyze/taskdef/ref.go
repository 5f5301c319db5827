package taskdef

import "strconv"

// Ref says where a value stands: for a machine (file, offset, pointer) and for people (line, container,
// field).
type Ref struct {
	File      string // as the caller named it; "" for a task definition that came as a Go value
	Line      int    // from 1; 0 where there is no text
	Column    int    // from 1, in bytes
	Offset    int    // in bytes, from the start of the input, its byte order mark included
	Pointer   string // JSON pointer (RFC 6901)
	Container string // the container's name, or "" outside of one
	Field     string // "image", "secrets DB_PASSWORD", "logConfiguration.options.awslogs-group"
}

// Place returns file:line:column, as editors and terminals link it, or the pointer where there is no text.
func (r Ref) Place() string {
	if r.Line == 0 {
		if r.File == "" {
			return r.Pointer
		}
		return r.File
	}
	return r.File + ":" + strconv.Itoa(r.Line) + ":" + strconv.Itoa(r.Column)
}
