package taskdef

import (
	"slices"
	"strconv"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Ref says where a value is: for a machine (file, offset, pointer) and for people (line, container, field).
type Ref struct {
	tree.Place
	// Task is the task definition, where several share a role and the places of all are together; "" elsewhere.
	Task      string
	Container string // the container's name, or "" outside of one
	Field     string // "image", "secrets DB_PASSWORD", "logConfiguration.options.awslogs-group"

	// alternative is the ID of the node, if it is one of several texts that a function of a template can return; 0 otherwise. All
	// these texts have one place, so that [Reader.BranchesAt] tells them apart by it.
	alternative int
}

// Whole returns the place of the whole value, if r is that of one of the texts that the value can be; otherwise r itself.
func (r Ref) Whole() Ref {
	r.alternative = 0
	return r
}

// ref returns the place of a node. Its field is the path of names below the container, or below the task
// definition. In a list the path ends at the element, called by its own name instead of its index: so it
// stays the same when another element is put before it. Conditionals are no part of it.
func (td *TaskDefinition) ref(n *tree.Node) Ref {
	r := Ref{Place: td.place(n.Start)}
	var chainRoom [16]*tree.Node // deeper than anything in the schema
	chain := chainRoom[:0]
	for ; n.Parent != nil; n = n.Parent {
		chain = append(chain, n)
	}
	// Most places are asked for once and are shorter than this, so that only one string is allocated for
	// both.
	var pointerRoom [256]byte
	var fieldRoom [128]byte
	pointer, field := pointerRoom[:0], fieldRoom[:0]
	ended := false
	for _, n := range slices.Backward(chain) {
		inObject := n.Parent.Kind == tree.Object
		if td.alternatives[n.ID] != nil {
			r.alternative = n.ID
		}
		if base, ok := td.pointers[n.ID]; ok {
			pointer = append(pointer[:0], base...)
		} else if pointer = append(pointer, '/'); inObject {
			name := n.Name
			if written, ok := td.written[n]; ok {
				name = written
			}
			pointer = append(pointer, tree.EscapePointer(name)...)
		} else {
			pointer = strconv.AppendInt(pointer, int64(n.Index), 10)
		}
		known, renamed := td.fields[n.ID]
		switch {
		case renamed:
			field, ended = append(field[:0], known...), false
		case n == td.root:
			// Fields are those of the task definition, wherever it is in the document.
			field, ended = field[:0], false
		case td.isContainer(n):
			if n.Kind != tree.Choice {
				r.Container = td.label(n)
				field = field[:0]
			}
		case ended:
		default:
			if inObject {
				if len(field) > 0 {
					field = append(field, '.')
				}
				field = append(field, n.Name...)
			}
			if n.Kind != tree.Choice && (unconditional(n).Parent.Kind == tree.List || td.detail(n).lone) {
				if name := td.label(n); name != "" {
					field = append(append(field, ' '), name...)
				}
				ended = true
			}
		}
	}
	both := string(append(pointer, field...))
	r.Pointer, r.Field = both[:len(pointer)], both[len(pointer):]
	return r
}

// unconditional returns n, or the outermost of the conditionals of which it is a branch.
func unconditional(n *tree.Node) *tree.Node {
	for n.Parent != nil && n.Parent.Kind == tree.Choice {
		n = n.Parent
	}
	return n
}

// isContainer reports whether n is one of the container definitions.
func (td *TaskDefinition) isContainer(n *tree.Node) bool {
	list := unconditional(n)
	if list.Parent.Kind == tree.List {
		list = unconditional(list.Parent)
	} else if !td.detail(n).lone {
		return false
	}
	return list.Name == "containerDefinitions" && list.Parent == td.root
}

// label returns the name of an object, or "". It does not search: every member of an object asks for it.
func (td *TaskDefinition) label(n *tree.Node) string {
	named := td.detail(n).named
	if named == 0 {
		return ""
	}
	return policy.Text(n.Children[named-1].Text).String()
}
