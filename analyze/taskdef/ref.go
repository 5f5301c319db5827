package taskdef

import (
	"slices"
	"strconv"
	"strings"
)

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

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// ref returns the place of a node. Its field is the path of names below the container, or below the task
// definition. In a list the path ends at the element, called by its own name instead of its index: so it
// stays the same when another element is put before it.
func (d *Document) ref(n *node) Ref {
	r := d.at(n.off)
	var chainRoom [16]*node // deeper than anything in the schema
	chain := chainRoom[:0]
	for ; n.up != nil; n = n.up {
		chain = append(chain, n)
	}
	// Most places are asked for once and are shorter than this, so that only the strings are allocated.
	var pointerRoom, fieldRoom [128]byte
	pointer, field := pointerRoom[:0], fieldRoom[:0]
	ended := false
	for _, n := range slices.Backward(chain) {
		element := n.up.kind == list
		pointer = append(pointer, '/')
		if element {
			pointer = strconv.AppendInt(pointer, int64(n.index), 10)
		} else {
			name := n.name
			if written, ok := d.written[n]; ok {
				name = written
			}
			pointer = append(pointer, pointerEscapes.Replace(name)...)
		}
		switch {
		case n == d.root: // in the output of describe-task-definition
		case d.isContainer(n):
			r.Container = n.label()
			field = field[:0]
		case ended:
		default:
			if !element {
				if len(field) > 0 {
					field = append(field, '.')
				}
				field = append(field, n.name...)
			}
			if element || n.lone {
				if name := n.label(); name != "" {
					field = append(append(field, ' '), name...)
				}
				ended = true
			}
		}
	}
	r.Pointer, r.Field = string(pointer), string(field)
	return r
}

// isContainer reports whether n is one of the container definitions.
func (d *Document) isContainer(n *node) bool {
	if n.up.kind == list {
		n = n.up
	} else if !n.lone {
		return false
	}
	return n.name == "containerDefinitions" && n.up == d.root
}

// nameMember returns the value of an object's member "name", or "".
func (n *node) nameMember() string {
	for i := range n.kids {
		if n.kids[i].isName() {
			return n.kids[i].text
		}
	}
	return ""
}

// label is nameMember without a search, for after [adopt]: an object of many members is asked for its name by
// each of them.
func (n *node) label() string {
	if n.named == 0 {
		return ""
	}
	return n.kids[n.named-1].text
}

func (n *node) isName() bool {
	return n.kind == text && len(n.name) == 4 && strings.EqualFold(n.name, "name")
}
