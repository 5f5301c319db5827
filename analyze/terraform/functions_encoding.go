package terraform

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

func jsonencode(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	v := made(textual, f.at)
	v.encoded = f.args[0]
	return v
}

func jsondecode(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		if args[0].kind != textual {
			return f.unknown()
		}
		return f.decode(args[0])
	})
}

// yamldecode reads a known text.
func yamldecode(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		v := args[0]
		if v.kind != textual || !v.isKnown() {
			return f.unknown()
		}
		doc, problems := tree.ReadYAML("", []byte(f.flat(v).String()))
		for _, p := range problems {
			if !p.Warning {
				off := v.start
				if len(v.marks) == 1 && !v.marks[0].Fixed {
					off = v.marks[0].Outer + p.At.Offset
				}
				f.failAt(off, "%s", p.Message)
			}
		}
		if doc == nil {
			return made(null, f.at)
		}
		moved := func(off int) int { return v.start }
		if len(v.marks) == 1 && !v.marks[0].Fixed {
			moved = func(off int) int { return v.marks[0].Outer + off }
		}
		return fromNode(doc.Root, moved)
	})
}

// fromNode returns the value of a node of a tree. Moved returns the offset that an offset of the tree means.
func fromNode(n *tree.Node, moved func(int) int) *value {
	v := &value{start: moved(n.Start), end: moved(n.End)}
	switch n.Kind {
	case tree.Boolean:
		v.kind, v.text = boolean, policy.Text(n.Text)
	case tree.Number:
		v.kind, v.text = number, policy.Text(n.Text)
		if parsed, err := cty.ParseNumberVal(n.Text); err == nil {
			if normal, ok := fromCty(parsed, v); ok {
				v.text = normal.text
			}
		}
	case tree.String:
		v.kind, v.text = textual, policy.Text(n.Text)
	case tree.List:
		v.kind = list
		for i := range n.Children {
			v.list = append(v.list, fromNode(&n.Children[i], moved))
		}
	case tree.Object:
		v.kind = object
		for i := range n.Children {
			kid := &n.Children[i]
			v.members = append(v.members, member{policy.Text(kid.Name), moved(kid.NameStart), fromNode(kid, moved)})
		}
	}
	return v
}
