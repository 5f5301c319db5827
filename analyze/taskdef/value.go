package taskdef

import (
	"fmt"
	"iter"
	"sort"

	"github.com/aws/smithy-go"

	"github.com/execrole/execrole/analyze/policy"
)

// Reader reads a document once, for one analysis, and remembers what was wanted from it: a value of a
// wrong type is an error only if somebody needs it.
type Reader struct {
	doc    *Document
	wanted map[*node]bool
	used   map[string]bool // words that a rule filled
	// mistyped counts the readings of values of a wrong type.
	mistyped int
}

// Reader returns a new reader of the document.
func (d *Document) Reader() *Reader { return &Reader{doc: d} }

// Root returns the task definition.
func (r *Reader) Root() Value { return Value{r, r.doc.root, r.doc.root} }

// Problems returns what can be told only after the rules have read: the values whose type is not the one
// that ECS takes (warnings, and errors for those that a rule wanted), sorted by place, and settings that
// fit nothing.
func (r *Reader) Problems() []Problem {
	var list []Problem
	for _, n := range r.doc.mistyped {
		list = append(list, Problem{Kind: Schema, Warning: !r.wanted[n], At: r.doc.ref(n), Message: n.wrong})
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].At.Offset < list[j].At.Offset })
	return append(list, r.unused()...)
}

// Value is a value of the task definition, or the absence of one. The zero Value must not be used.
type Value struct {
	r    *Reader
	n    *node // nil where the value is absent
	near *node // the value, or the innermost one that is there
}

// Each yields the values at a path of member names below v: nothing where one on the way is absent or
// null, every element where one is a list, the object that stands for a list. It is the only way into
// a value, so that a rule that is right for one is right for all. A value of a wrong type yields nothing
// and becomes an error. Each panics on a name that the schema does not have: a rule that misspells a name
// would never ask for its permission.
func (v Value) Each(path ...string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.n != nil {
			v.each(path, yield)
		}
	}
}

// EachOrAbsent is Each, and yields one absent value if Each would yield nothing because the value is
// absent: for a member whose absence means something.
func (v Value) EachOrAbsent(path ...string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		found, mistyped := false, v.r.mistyped
		for value := range v.Each(path...) {
			found = true
			if !yield(value) {
				return
			}
		}
		if found || v.r.mistyped > mistyped {
			return
		}
		near := v
		for len(path) > 0 && near.n != nil {
			next := near.n.kid(path[0])
			if next == nil || next.kind != object {
				break
			}
			near, path = Value{v.r, next, next}, path[1:]
		}
		yield(Value{v.r, nil, near.near})
	}
}

func (v Value) each(path []string, yield func(Value) bool) bool {
	n, s := v.n, v.n.schema
	for i, name := range path {
		s = below(n, s, name)
		kid := n.kid(name)
		if kid == nil || kid.kind == null {
			checkPath(s, path[i+1:])
			return true
		}
		if kid.wrong != "" {
			v.want(kid)
			return true
		}
		if kid.kind == list {
			for j := range kid.kids {
				element := &kid.kids[j]
				if element.kind == null {
					continue
				}
				if element.wrong != "" {
					v.want(element)
					continue
				}
				if !(Value{v.r, element, element}).each(path[i+1:], yield) {
					return false
				}
			}
			return true
		}
		if kid.lone {
			return Value{v.r, kid, kid}.each(path[i+1:], yield)
		}
		n, s = kid, kid.schema
	}
	return yield(Value{v.r, n, n})
}

func (v Value) want(n *node) {
	if v.r.wanted == nil {
		v.r.wanted = map[*node]bool{}
	}
	v.r.wanted[n] = true
	v.r.mistyped++
}

// below returns the schema of a member of n, which has the schema s.
func below(n *node, s *smithy.Schema, name string) *smithy.Schema {
	if n != nil && s == nil {
		s = taskDefinition(name)
	} else {
		if s.Type() == smithy.ShapeTypeList {
			s = s.ListMember()
		}
		if s.Type() == smithy.ShapeTypeMap {
			return s.MapValue()
		}
		s = s.Member(name)
	}
	if s == nil {
		panic(fmt.Sprintf("taskdef: a rule asks for %q, which the schema of ECS does not have", name))
	}
	return s
}

// checkPath panics where a path does not follow the schema, though the input ends before it.
func checkPath(s *smithy.Schema, path []string) {
	for _, name := range path {
		s = below(nil, s, name)
	}
}

// Text returns the string, and whether v is one.
func (v Value) Text() (policy.Text, bool) {
	if v.n == nil || v.n.kind != text {
		return "", false
	}
	return policy.Text(v.n.text), true
}

// Meant reports whether the caller set the whole value, by its JSON pointer: what looks like a placeholder in it
// is then the thing's own name.
func (v Value) Meant() bool { return v.n != nil && v.n.meant }

// Members yields the names and values of a map such as logConfiguration.options, or of an object.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.n == nil {
			return
		}
		for i := range v.n.kids {
			kid := &v.n.kids[i]
			if kid.kind != null && !yield(kid.name, Value{v.r, kid, kid}) {
				return
			}
		}
	}
}

// Scalar returns a string, or a boolean or number as it is written, whatever type ECS wants there.
func (v Value) Scalar(name string) (Value, string, bool) {
	if v.n == nil {
		return v, "", false
	}
	if kid := v.n.kid(name); kid != nil && (kid.kind == text || kid.kind == boolean || kid.kind == number) {
		return Value{v.r, kid, kid}, kid.text, true
	}
	return v, "", false
}

// Present reports whether there is a value.
func (v Value) Present() bool { return v.n != nil }

// Ref returns the place of the value, or of the object in which it is absent.
func (v Value) Ref() Ref { return v.r.doc.ref(v.near) }

// NameRef returns the place of the member's name instead of its value.
func (v Value) NameRef() Ref {
	ref := v.Ref()
	ref.Offset = v.near.nameOff
	if !v.r.doc.sdk {
		ref.Line, ref.Column = v.r.doc.position(ref.Offset)
	}
	return ref
}
