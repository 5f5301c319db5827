package terraform

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/execrole/execrole/analyze/policy"
)

// symbolicFunction returns how to evaluate a function whose arguments may be unknown; nil if there is none of that name. It
// returns nil where the arguments have to be known after all.
func symbolicFunction(name string) func(f *call) *value {
	switch name {
	case "jsonencode":
		return jsonencode
	case "jsondecode":
		return jsondecode
	case "yamldecode":
		return yamldecode
	case "file", "templatestring":
		return readName
	case "templatefile":
		return templatefile
	case "concat", "setunion":
		return concatLists
	case "merge":
		return merge
	case "flatten":
		return flatten
	case "compact":
		return compact
	case "coalesce", "coalescelist":
		return coalesce
	case "lookup":
		return lookup
	case "element":
		return element
	case "index":
		return index
	case "length":
		return length
	case "keys", "values":
		return keys
	case "zipmap":
		return zipmap
	case "join":
		return joinStrings
	case "format":
		return format
	case "split":
		return split
	case "replace":
		return replace
	case "distinct", "toset", "sort":
		return unique
	case "contains":
		return contains
	case "reverse":
		return reverse
	case "one":
		return one
	case "list", "map":
		return oldCollection
	case "lower":
		return lower
	case "regex":
		return regex
	case "tostring", "tonumber", "tobool", "tolist", "tomap", "sensitive", "nonsensitive", "ephemeralasnull", "issensitive":
		return convertTo
	}
	return nil
}

// arity reports whether the call has as many arguments.
func (f *call) arity(n int) bool {
	if len(f.args) == n {
		return true
	}
	f.wrong("it needs %d arguments", n)
	return false
}

// concatLists joins lists. The elements of a conditional list may each be absent.
func concatLists(f *call) *value {
	v := made(list, f.at)
	for _, arg := range f.args {
		elements, ok := f.maybe(arg)
		if !ok {
			f.wrong("every argument has to be a list")
			return made(null, f.at)
		}
		v.list = append(v.list, elements...)
		if len(v.list) > maxElements {
			return f.wrong("the list has more than %d elements: execrole reads no more", maxElements)
		}
	}
	if f.x.Name == "setunion" {
		if kept, ok := f.distinct(v.list); ok {
			v.list = kept
		}
	}
	return v
}

// maybe returns the elements of a list. Those that only one branch of a conditional has may be absent. An unknown list is an
// element that is unknown.
func (f *call) maybe(v *value) (elements []*value, ok bool) {
	switch v.kind {
	case list:
		return v.list, true
	case absent:
		return nil, true
	case unknown:
		return []*value{v}, true
	case reference:
		if all := v.elements(); all != nil && all.kind == list {
			return all.list, true
		}
		return []*value{f.context.unknown(f.expression, f.at)}, true
	case choice:
		branches := v.list
		for i, branch := range branches {
			inner, ok := f.maybe(branch)
			if !ok {
				return nil, false
			}
			for _, e := range inner {
				gone := made(absent, e)
				if condition := v.condition; i == 0 {
					elements = append(elements, choose(condition, e, e, gone))
				} else if len(branches) == 2 {
					elements = append(elements, choose(condition, e, gone, e))
				} else {
					elements = append(elements, choose("", e, e, gone))
				}
			}
		}
		return elements, true
	}
	return nil, false
}

// merge joins objects. The members of a conditional object may each be absent.
func merge(f *call) *value {
	v := made(object, f.at)
	for _, arg := range f.args {
		branches := arg.branches()
		for _, b := range branches {
			if b.kind != object && b.kind != null && b.kind != absent {
				if b.kind == unknown || b.kind == reference {
					return f.unknown()
				}
				return f.wrong("every argument has to be an object")
			}
		}
		v.mergeFrom(arg, branches)
	}
	return v
}

// mergeFrom adds the members of an argument of merge, which can be a conditional. What a branch does not have remains.
func (v *value) mergeFrom(arg *value, branches []*value) {
	before := made(object, v)
	before.members = slices.Clone(v.members)
	done := map[policy.Text]bool{}
	for _, b := range branches {
		for _, m := range b.members {
			if done[m.name] {
				continue
			}
			done[m.name] = true
			earlier := before.member(m.name)
			if earlier == nil {
				earlier = made(absent, m.value)
			}
			merged := member{m.name, m.start, arg.memberOr(m, earlier)}
			if i := slices.IndexFunc(v.members, func(n member) bool { return n.name == m.name }); i >= 0 {
				v.members[i] = merged
			} else {
				v.members = append(v.members, merged)
			}
		}
	}
}

// memberOr returns the member of an object of that name, or what there is without it: for each branch of a conditional.
func (v *value) memberOr(m member, otherwise *value) *value {
	if v.kind == choice {
		results := make([]*value, len(v.list))
		for i := range v.list {
			results[i] = v.list[i].memberOr(m, otherwise)
		}
		return choose(v.condition, m.value, results...)
	}
	if found := v.member(m.name); found != nil {
		return found
	}
	return otherwise
}

// flatten joins the lists in a list, and those in them.
func flatten(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	v := made(list, f.at)
	var add func(e *value) bool
	add = func(e *value) bool {
		isList := func(b *value) bool { return b.kind == list }
		switch {
		case e.kind == list:
			for _, inner := range e.list {
				if !add(inner) {
					return false
				}
			}
		case e.kind == choice && slices.ContainsFunc(e.branches(), isList):
			elements, ok := f.maybe(e)
			if !ok {
				return false
			}
			for _, inner := range elements {
				if !add(inner) {
					return false
				}
			}
		case e.kind != absent:
			v.list = append(v.list, e)
		}
		return len(v.list) <= maxElements
	}
	if f.args[0].kind == unknown || f.args[0].kind == reference {
		return f.unknown()
	}
	if f.args[0].weight() > maxWeight {
		return f.wrong("the list is too large")
	}
	if !add(f.args[0]) {
		return f.wrong("the list has more than %d elements, or is none", maxElements)
	}
	return v
}

// compact removes what is empty from a list.
func compact(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	elements, ok := f.maybe(f.args[0])
	if !ok || f.args[0].kind == unknown {
		return f.unknown()
	}
	v := made(list, f.at)
	for _, e := range elements {
		var visit func(e *value) *value
		visit = func(e *value) *value {
			switch {
			case e.kind == choice:
				results := make([]*value, len(e.list))
				for i := range e.list {
					results[i] = visit(e.list[i])
				}
				return choose(e.condition, e, results...)
			case e.kind == null || e.kind == textual && e.text == "" && e.encoded == nil && e.pieces == nil:
				return made(absent, e)
			}
			return e
		}
		if e = visit(e); e.kind != absent {
			v.list = append(v.list, e)
		}
	}
	return v
}

// coalesce returns the first argument that is neither null nor an empty string, and coalescelist the first list that is not
// empty. A variable can be empty, and then the next one counts too.
func coalesce(f *call) *value {
	var visit func(args []*value) *value
	visit = func(args []*value) *value {
		if len(args) == 0 {
			return f.wrong("every argument is empty")
		}
		var first func(v *value, known string) *value
		first = func(v *value, known string) *value {
			isEmpty := v.kind == null || v.kind == absent || v.kind == textual && v.text == "" && v.encoded == nil && v.pieces == nil ||
				v.kind == list && len(v.list) == 0 && f.x.Name == "coalescelist"
			switch {
			case v.kind == choice:
				results := make([]*value, len(v.list))
				for i := range v.list {
					results[i] = first(v.list[i], v.condition)
				}
				return choose(v.condition, f.at, results...)
			case isEmpty:
				return visit(args[1:])
			case v.kind == unknown && len(args) > 1 && f.canBeNull(v):
				name := f.describe(v)
				condition := name + ` != ""`
				if known != name+" != null" { // it can also be null, or not even be there
					condition = "try(coalesce(" + name + "), null) != null"
				}
				return choose(condition, f.at, v, visit(args[1:]))
			}
			return v
		}
		return first(args[0], "")
	}
	return visit(f.args)
}

// canBeNull reports whether an unknown value can be null or empty: what resources have is not.
func (c *context) canBeNull(v *value) bool {
	s, rest, ok := v.text.CutSymbol()
	return !ok || rest != "" || c.Symbols.Lookup(s).Kind != policy.Resource && c.Symbols.Lookup(s).Kind != policy.Attribute
}

// lookup returns a member of an object, or else the last argument.
func lookup(f *call) *value {
	if len(f.args) != 2 && len(f.args) != 3 {
		return f.wrong("it needs an object, a name and a value for others")
	}
	otherwise := made(null, f.at)
	if len(f.args) == 3 {
		otherwise = f.args[2]
	}
	return f.context.each(f.at, f.expression, f.args[:2], func(args []*value) *value {
		collection, name := args[0], args[1]
		switch {
		case collection.kind == null || collection.kind == absent:
			return otherwise
		case collection.kind == reference && collection.of.single:
			return f.context.index(collection, name, f.x.Range())
		case collection.kind != object:
			if v := f.unknown(); len(f.args) < 3 {
				return v
			}
			v := f.context.index(collection, name, f.x.Range())
			return choose("", f.at, v, otherwise)
		case !name.isKnown():
			v := f.anyElement(collection, f.at, f.expression)
			if len(f.args) == 3 {
				v = choose("", f.at, append(v.branches(), otherwise)...)
			}
			return v
		}
		if v := collection.member(f.flat(name)); v != nil {
			return v
		}
		if len(f.args) < 3 {
			return f.wrong("there is no member %q", f.flat(name).String())
		}
		return otherwise
	})
}

// element returns an element of a list, whose end its beginning follows.
func element(f *call) *value {
	if !f.arity(2) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		collection := args[0]
		if collection.kind == reference {
			if all := collection.elements(); all != nil {
				collection = all
			}
		}
		i, ok := wholeNumber(args[1])
		if collection.kind != list || len(collection.list) == 0 || collection.canMiss() {
			return f.unknown()
		}
		if !ok {
			return f.anyElement(collection, f.at, f.expression)
		}
		n := len(collection.list)
		return collection.list[(i%n+n)%n]
	})
}

// index returns where a value is in a list.
func index(f *call) *value {
	if !f.arity(2) {
		return made(null, f.at)
	}
	if f.args[0].kind != list || !f.args[0].isKnown() || !f.args[1].isKnown() {
		return f.unknown()
	}
	for i, e := range f.args[0].list {
		if e.same(f.args[1]) {
			v, _ := fromCty(cty.NumberIntVal(int64(i)), f.at)
			return v
		}
	}
	return f.wrong("the list has no such element")
}

// length returns the number of elements, if it is known.
func length(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		v := args[0]
		n := 0
		switch {
		case v.kind == reference && !v.of.single && v.of.certain:
			n = len(v.of.instances)
		case v.kind == list && !v.canMiss():
			n = len(v.list)
		case v.kind == object && !slices.ContainsFunc(v.members, func(m member) bool { return m.value.canBeAbsent() }):
			n = len(v.members)
		case v.kind == textual && v.isKnown():
			n = len([]rune(string(f.flat(v))))
		default:
			return f.unknown()
		}
		length, _ := fromCty(cty.NumberIntVal(int64(n)), f.at)
		return length
	})
}

// keys returns the names or the values of an object, in the order of the names.
func keys(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		v := args[0]
		if v.kind == reference {
			if all := v.elements(); all != nil {
				v = all
			}
		}
		if v.kind != object {
			return f.unknown()
		}
		result := made(list, f.at)
		for _, m := range v.sorted() {
			e := m.value
			if f.x.Name == "keys" {
				e = textAt(m.name, m.value)
				if m.value.canBeAbsent() {
					e = choose("", e, e, made(absent, e))
				}
			}
			result.list = append(result.list, e)
		}
		return result
	})
}

// zipmap makes an object of a list of names and one of values.
func zipmap(f *call) *value {
	if !f.arity(2) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		names, values := args[0], args[1]
		if names.kind != list || values.kind != list || names.canMiss() || values.canMiss() {
			return f.unknown()
		}
		if len(names.list) != len(values.list) {
			return f.wrong("there are %d names and %d values", len(names.list), len(values.list))
		}
		v := made(object, f.at)
		for i, name := range names.list {
			v.put(f.context, name, name.start, values.list[i], f.x.Range())
		}
		return v
	})
}

// unique returns a list without repetitions, and for sets and sort in the order of the alphabet.
func unique(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		_, elements, ok := f.iterate(args[0])
		if !ok || args[0].kind == object {
			return f.unknown()
		}
		v := made(list, f.at)
		v.list = elements
		if f.x.Name != "sort" {
			if kept, ok := f.distinct(elements); ok {
				v.list = kept
			} else {
				return v
			}
		}
		if f.x.Name != "distinct" && !slices.ContainsFunc(v.list, func(e *value) bool { return !e.isKnown() }) {
			v.list = slices.Clone(v.list)
			slices.SortStableFunc(v.list, func(a, b *value) int { return strings.Compare(string(a.text), string(b.text)) })
		}
		return v
	})
}

// distinct returns the values without repetitions; not ok where they are no scalars.
func (c *context) distinct(values []*value) ([]*value, bool) {
	var kept []*value
	seen := map[policy.Text]bool{}
	for _, v := range values {
		if !v.isScalar() {
			return nil, false
		}
		if t := c.flat(v); !seen[t] {
			seen[t] = true
			kept = append(kept, v)
		}
	}
	return kept, true
}

func contains(f *call) *value {
	if !f.arity(2) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		_, elements, ok := f.iterate(args[0])
		if !ok || args[0].canMiss() {
			return f.unknown()
		}
		certain := true
		for _, e := range elements {
			equal, known := f.equal(e, args[1])
			if known && equal {
				return truthAt(true, f.at)
			}
			certain = certain && known
		}
		if !certain {
			return f.unknown()
		}
		return truthAt(false, f.at)
	})
}

func reverse(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		if args[0].kind != list {
			return f.unknown()
		}
		v := made(list, f.at)
		v.list = slices.Clone(args[0].list)
		slices.Reverse(v.list)
		return v
	})
}

// one returns the only element of a list, or null.
func one(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		_, elements, ok := f.iterate(args[0])
		switch {
		case !ok:
			return f.unknown()
		case len(elements) == 0:
			return made(null, f.at)
		case len(elements) > 1:
			return f.unknown()
		}
		return elements[0]
	})
}

// oldCollection is list("a", "b") and map("name", "value"), as Terraform 0.11 has them.
func oldCollection(f *call) *value {
	if f.x.Name == "list" {
		return listAt(f.args, f.at)
	}
	v := made(object, f.at)
	for i := 0; i+1 < len(f.args); i += 2 {
		v.put(f.context, f.args[i], f.args[i].start, f.args[i+1], f.x.Range())
	}
	return v
}

// convertTo converts a value to a type, which changes nothing here except between scalars.
func convertTo(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		v := args[0]
		switch {
		case f.x.Name == "tolist" && v.kind == reference:
			if all := v.elements(); all != nil {
				return all
			}
		case f.x.Name == "tostring" && (v.kind == number || v.kind == boolean):
			return textAt(v.text, v)
		case (f.x.Name == "tonumber" || f.x.Name == "tobool") && v.kind == textual && v.isKnown():
			c := *v
			c.kind, c.marks = number, nil
			if f.x.Name == "tobool" {
				c.kind = boolean
			}
			if _, ok := f.toCty(&c); !ok {
				return f.wrong("%q cannot be converted", f.flat(v).String())
			}
			return &c
		}
		return v
	})
}
