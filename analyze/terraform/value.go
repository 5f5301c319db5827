package terraform

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// kind is the kind of a value.
type kind uint8

const (
	null kind = iota
	boolean
	number
	textual // a string
	list    // or a tuple, or a set
	object
	// choice is a value that is one of several: a conditional whose condition is unknown.
	choice
	// unknown is a value of any type that only a deployment knows. Its text is a symbol.
	unknown
	// absent is in the place of an element or of a member that is not there. It is a branch of a choice.
	absent
	// reference is a resource, a data source or a module, whose attributes are evaluated when they are needed.
	reference
	// failed is what cannot be evaluated, in a call of try: Terraform would refuse it.
	failed
)

// value is what an expression evaluates to. It does not change.
type value struct {
	kind kind
	// text is that of a string, or a number or boolean as Terraform writes it.
	text policy.Text
	// marks says where the text of a string is: see [tree.Document.EmbeddedText].
	marks []tree.Mark
	// encoded is the value that a string is the JSON of. The text of such a string is made where somebody needs it.
	encoded *value
	// pieces are the parts of a string with JSON in it, in the place of its text.
	pieces []*value

	list    []*value // elements, or the branches of a choice
	members []member // of an object, in the order of the source
	// condition is that of a choice: the first branch is the value where it holds. Of a list it is the condition under which
	// there is one: elsewhere it cannot be evaluated.
	condition string
	of        *target
	// start and end are the offsets of the expression.
	start, end int
	// What is known of a value once somebody has asked: see [value.isKnown] and [value.weight].
	knows int8
	heavy int
}

// member is a member of an object.
type member struct {
	name  policy.Text
	start int // the offset of the name
	value *value
}

// member returns the value of a member, or nil.
func (v *value) member(name policy.Text) *value {
	for i := range v.members {
		if v.members[i].name == name {
			return v.members[i].value
		}
	}
	return nil
}

// sorted returns the members of an object in the order in which Terraform visits them.
func (v *value) sorted() []member {
	list := slices.Clone(v.members)
	slices.SortStableFunc(list, func(a, b member) int { return strings.Compare(string(a.name), string(b.name)) })
	return list
}

// at returns a copy of a value with another place, such as that of an expression that refers to it.
func (v *value) at(start, end int) *value {
	c := *v
	c.start, c.end = start, end
	return &c
}

// isKnown reports whether a value has no symbols and no conditionals.
func (v *value) isKnown() bool {
	if v.knows == 0 {
		v.knows = -1
		if v.findKnown() {
			v.knows = 1
		}
	}
	return v.knows > 0
}

func (v *value) findKnown() bool {
	switch v.kind {
	case choice, unknown, absent, reference, failed:
		return false
	}
	if !v.text.IsLiteral() || v.encoded != nil && !v.encoded.isKnown() {
		return false
	}
	for _, m := range v.members {
		if !m.name.IsLiteral() || !m.value.isKnown() {
			return false
		}
	}
	return !slices.ContainsFunc(slices.Concat(v.list, v.pieces), func(e *value) bool { return !e.isKnown() })
}

// maxWeight is how many values may be in one.
const maxWeight = 1 << 18

// weight returns how many values are in a value, each as often as it is there, up to a bit more than [maxWeight].
func (v *value) weight() int {
	if v.heavy == 0 {
		v.heavy = 1
		add := func(e *value) {
			if v.heavy <= maxWeight {
				v.heavy += e.weight()
			}
		}
		for _, e := range v.list {
			add(e)
		}
		for _, e := range v.pieces {
			add(e)
		}
		for _, m := range v.members {
			add(m.value)
		}
		if v.encoded != nil {
			add(v.encoded)
		}
	}
	return v.heavy
}

// isScalar reports whether a value can be a part of a text.
func (v *value) isScalar() bool {
	return v.kind == textual || v.kind == number || v.kind == boolean || v.kind == unknown
}

// truth returns the value of a boolean; not ok where it is none, or unknown.
func (v *value) truth() (holds, ok bool) {
	if v.kind != boolean && v.kind != textual || v.encoded != nil || v.pieces != nil {
		return false, false
	}
	return v.text == "true", v.text == "true" || v.text == "false"
}

// same reports whether two values are the same scalar, or nothing.
func (v *value) same(w *value) bool {
	plain := func(v *value) bool {
		return (v.kind == null || v.kind == absent || v.isScalar()) && v.encoded == nil && v.pieces == nil
	}
	return plain(v) && plain(w) && v.kind == w.kind && v.text == w.text
}

// made returns a value of a kind in the place of another.
func made(k kind, at *value) *value { return &value{kind: k, start: at.start, end: at.end} }

// textAt returns a string in the place of another value.
func textAt(t policy.Text, at *value) *value {
	return &value{kind: textual, text: t, start: at.start, end: at.end}
}

// truthAt returns a boolean in the place of another value.
func truthAt(holds bool, at *value) *value {
	v := made(boolean, at)
	v.text = "false"
	if holds {
		v.text = "true"
	}
	return v
}

// listAt returns a list in the place of another value.
func listAt(elements []*value, at *value) *value {
	v := made(list, at)
	v.list = elements
	return v
}

// choose returns the choice between two values, or the value that both are. The first branch is the value where the
// condition holds.
func choose(condition string, at *value, branches ...*value) *value {
	if len(branches) == 1 || !slices.ContainsFunc(branches[1:], func(v *value) bool { return !v.same(branches[0]) }) {
		return branches[0]
	}
	v := made(choice, at)
	v.condition, v.list = condition, branches
	if v.width() > maxWidth {
		v = made(unknown, at)
		v.text = policy.Of("a value with too many branches")
	}
	return v
}

// maxWidth is how many branches a conditional can have, with those of the conditionals in it. Where a value has more, nothing
// is known of it.
const maxWidth = 512

// width returns the number of branches of a conditional, which are no conditionals.
func (v *value) width() int {
	if v.kind != choice {
		return 1
	}
	n := 0
	for _, branch := range v.list {
		n += branch.width()
	}
	return n
}

// orElse returns the value with another one in the place of null, also in the branches of conditionals. Other is called for each null.
func (v *value) orElse(other func() *value) *value {
	switch v.kind {
	case null:
		return other()
	case choice:
		branches := make([]*value, len(v.list))
		for i := range v.list {
			branches[i] = v.list[i].orElse(other)
		}
		return choose(v.condition, v, branches...)
	}
	return v
}

// without returns the value without the branches of that kind; nil if nothing is left.
func (v *value) without(unwanted kind) *value {
	switch v.kind {
	case unwanted:
		return nil
	case choice:
		var left []*value
		for _, branch := range v.list {
			if e := branch.without(unwanted); e != nil {
				left = append(left, e)
			}
		}
		switch {
		case left == nil:
			return nil
		case len(left) < len(v.list):
			return choose("", v, left...)
		}
		return choose(v.condition, v, left...)
	}
	return v
}

// assume returns a value under the assumption that each conditional with that condition takes the branch i.
func (v *value) assume(condition string, i int) *value {
	if v.kind != choice {
		return v
	}
	if v.condition == condition && condition != "" && i < len(v.list) {
		return v.list[i].assume(condition, i)
	}
	return v
}

// assumeBelow is assume for a value and all that is in it.
func (v *value) assumeBelow(condition string, i int) *value {
	if condition == "" || v.isKnown() || v.weight() > maxWeight {
		return v
	}
	v = v.assume(condition, i)
	changed := *v
	changed.knows, changed.heavy = 0, 0
	each := func(list []*value) []*value {
		list = slices.Clone(list)
		for j := range list {
			list[j] = list[j].assumeBelow(condition, i)
		}
		return list
	}
	changed.list, changed.pieces = each(v.list), each(v.pieces)
	changed.members = slices.Clone(v.members)
	for j := range changed.members {
		changed.members[j].value = changed.members[j].value.assumeBelow(condition, i)
	}
	if v.encoded != nil {
		changed.encoded = v.encoded.assumeBelow(condition, i)
	}
	if v.kind == choice {
		return choose(v.condition, v, changed.list...)
	}
	if v.kind == list && len(v.list) > 0 {
		changed.list = slices.DeleteFunc(changed.list, func(e *value) bool { return e.kind == absent })
	}
	return &changed
}

// branches returns the values that a value can be, none of which is a choice.
func (v *value) branches() []*value {
	if v.kind != choice {
		return []*value{v}
	}
	var list []*value
	for _, branch := range v.list {
		list = append(list, branch.branches()...)
	}
	return list
}

// hasFailed reports whether a value, or one in it, cannot be evaluated.
func (v *value) hasFailed() bool {
	if v.kind == failed {
		return true
	}
	if v.isKnown() || v.weight() > maxWeight {
		return false
	}
	return slices.ContainsFunc(slices.Concat(v.list, v.pieces), (*value).hasFailed) || slices.ContainsFunc(v.members, func(m member) bool { return m.value.hasFailed() }) ||
		v.encoded != nil && v.encoded.hasFailed()
}

// canBeAbsent reports whether an element or a member may not be there.
func (v *value) canBeAbsent() bool {
	return slices.ContainsFunc(v.branches(), func(b *value) bool { return b.kind == absent })
}

// toCty returns a value as Terraform's own functions take it; not ok where it is not known.
func (p *Program) toCty(v *value) (c cty.Value, ok bool) {
	if !v.isKnown() || v.weight() > maxWeight {
		return cty.NilVal, false
	}
	switch v.kind {
	case null:
		return cty.NullVal(cty.DynamicPseudoType), true
	case boolean:
		return cty.BoolVal(v.text == "true"), true
	case number:
		n, err := cty.ParseNumberVal(string(v.text))
		return n, err == nil
	case textual:
		return cty.StringVal(string(p.flat(v))), true
	case list:
		elements := make([]cty.Value, len(v.list))
		for i, e := range v.list {
			if elements[i], ok = p.toCty(e); !ok {
				return cty.NilVal, false
			}
		}
		return cty.TupleVal(elements), true
	}
	members := map[string]cty.Value{}
	for _, m := range v.members {
		if members[string(m.name)], ok = p.toCty(m.value); !ok {
			return cty.NilVal, false
		}
	}
	return cty.ObjectVal(members), true
}

// maxExponent is the exponent of the largest number, in powers of two.
const maxExponent = 2048

// fromCty returns a value of Terraform's own functions, in the place of another.
func fromCty(c cty.Value, at *value) (*value, bool) {
	c, _ = c.UnmarkDeep()
	switch t := c.Type(); {
	case !c.IsKnown():
		return nil, false
	case c.IsNull():
		return made(null, at), true
	case t == cty.String:
		return textAt(policy.Text(c.AsString()), at), strings.IndexByte(c.AsString(), 0) < 0
	case t == cty.Bool:
		return truthAt(c.True(), at), true
	case t == cty.Number:
		v := made(number, at)
		if exponent := c.AsBigFloat().MantExp(nil); exponent > maxExponent || exponent < -maxExponent {
			return nil, false // written out, it would have as many digits
		}
		s, err := convert.Convert(c, cty.String)
		if err != nil {
			return nil, false
		}
		v.text = policy.Text(s.AsString())
		return v, true
	case t.IsTupleType() || t.IsListType() || t.IsSetType():
		v := made(list, at)
		for it := c.ElementIterator(); it.Next(); {
			_, e := it.Element()
			element, ok := fromCty(e, at)
			if !ok {
				return nil, false
			}
			v.list = append(v.list, element)
		}
		return v, true
	case t.IsObjectType() || t.IsMapType():
		v := made(object, at)
		for it := c.ElementIterator(); it.Next(); {
			k, e := it.Element()
			element, ok := fromCty(e, at)
			if !ok || strings.IndexByte(k.AsString(), 0) >= 0 {
				return nil, false
			}
			v.members = append(v.members, member{policy.Text(k.AsString()), at.start, element})
		}
		return v, true
	}
	return nil, false
}
