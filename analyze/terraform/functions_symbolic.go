package terraform

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
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

// coalesce returns the first argument that is not empty. A variable can be empty, and then the next one counts too.
func coalesce(f *call) *value {
	var visit func(args []*value) *value
	visit = func(args []*value) *value {
		if len(args) == 0 {
			return f.wrong("every argument is empty")
		}
		var first func(v *value, known string) *value
		first = func(v *value, known string) *value {
			isEmpty := v.kind == null || v.kind == absent || v.kind == textual && v.text == "" && v.encoded == nil && v.pieces == nil || v.kind == list && len(v.list) == 0
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

// joinStrings joins the strings of lists.
func joinStrings(f *call) *value {
	if len(f.args) < 2 {
		return f.wrong("it needs a separator and a list")
	}
	all := made(list, f.at)
	for _, arg := range f.args[1:] {
		elements, ok := f.maybe(arg)
		if !ok || arg.kind == unknown {
			return f.unknown()
		}
		all.list = append(all.list, elements...)
	}
	return f.context.each(f.at, f.expression, f.args[:1], func(args []*value) *value {
		if !args[0].isScalar() {
			return f.wrong("the separator has to be a string")
		}
		return f.join(all, args[0], f.at, f.expression)
	})
}

// join joins the elements of a list. One that is absent has no separator either.
func (c *context) join(elements, separator, at *value, expression string) *value {
	if elements.kind != list {
		if elements.kind == unknown {
			return c.unknown(expression, at)
		}
		return c.each(at, expression, []*value{elements}, func(args []*value) *value {
			if args[0].kind != list {
				return c.unknown(expression, at)
			}
			return c.join(args[0], separator, at, expression)
		})
	}
	return c.each(at, expression, elements.list, func(args []*value) *value {
		var parts []*value
		for _, part := range args {
			if part.kind == absent {
				continue
			}
			if len(parts) > 0 && separator.text != "" {
				parts = append(parts, separator)
			}
			parts = append(parts, part)
		}
		if len(parts) == 0 {
			return textAt("", at)
		}
		if slices.ContainsFunc(parts, func(v *value) bool { return !v.isScalar() }) {
			return c.unknown(expression, at)
		}
		return c.joined(parts, at, expression, []hclsyntax.Expression{&hclsyntax.LiteralValueExpr{}})
	})
}

// format formats unknown values too, if the verbs are %s, %d and %v alone.
func format(f *call) *value {
	if len(f.args) == 0 {
		return f.wrong("it needs a format")
	}
	return f.each(func(args []*value) *value {
		if !slices.ContainsFunc(args, func(v *value) bool { return !v.isKnown() }) {
			known := make([]cty.Value, len(args))
			for i, v := range args {
				known[i], _ = f.toCty(v)
			}
			if why := tooLarge("format", known); why != "" {
				return f.stop("%s", why)
			}
			impl, _ := knownFunction("format")
			return f.context.call(impl, known, f.at, f.expression)
		}
		if !args[0].isKnown() || args[0].kind != textual {
			return f.unknown()
		}
		var parts []*value
		next := 1
		for rest := string(f.flat(args[0])); rest != ""; {
			before, after, found := strings.Cut(rest, "%")
			parts = append(parts, textAt(policy.Text(before), args[0]))
			if rest = after; !found {
				break
			}
			switch {
			case strings.HasPrefix(rest, "%"):
				parts = append(parts, textAt("%", args[0]))
			case rest != "" && strings.IndexByte("sdv", rest[0]) >= 0 && next < len(args) && args[next].isScalar():
				parts = append(parts, args[next])
				next++
			default:
				return f.unknown()
			}
			rest = rest[1:]
		}
		return concat(parts, f.at)
	})
}

// split cuts a string at a separator that is in no unknown part of it.
func split(f *call) *value {
	if !f.arity(2) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		separator, text := args[0], args[1]
		if !separator.isKnown() || !text.isScalar() || separator.kind != textual {
			return f.unknown()
		}
		t, by := f.flat(text), string(f.flat(separator))
		isPlain := by != "" && !strings.ContainsFunc(by, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' })
		if !t.IsLiteral() && (!isPlain || f.mayContain(t, by)) {
			return f.splitUnknown(t, by)
		}
		v := made(list, f.at)
		if by == "" {
			return f.unknown()
		}
		for part := range t.Split(by) {
			v.list = append(v.list, textAt(part, text))
		}
		return v
	})
}

// splitUnknown returns the parts of an ARN that is a symbol, as far as they are known: people cut nothing else at colons.
func (f *call) splitUnknown(t policy.Text, by string) *value {
	s, rest, ok := t.CutSymbol()
	if !ok || rest != "" || by != ":" {
		return f.unknown()
	}
	if arn := f.Symbols.Lookup(s).ARN; arn != (policy.ARN{}) && !arn.IsWhole() {
		v := made(list, f.at)
		for part := range arn.Text().Split(":") {
			v.list = append(v.list, textAt(part, f.at))
		}
		return v
	}
	v := made(list, f.at)
	meanings := [...]policy.Meaning{policy.MeansText, policy.MeansPartition, policy.MeansText, policy.MeansRegion, policy.MeansAccount, policy.MeansUnknown, policy.MeansUnknown}
	for i, meaning := range meanings {
		part := "[" + strconv.Itoa(i) + "]"
		v.list = append(v.list, f.open(f.prefix(f.expression+part), f.expression+part, policy.Variable, meaning, f.at))
	}
	return v
}

// mayContain reports whether an unknown part of a text can have the separator in it.
func (c *context) mayContain(t policy.Text, separator string) bool {
	for _, s := range t.Symbols() {
		switch c.Symbols.Lookup(s).Meaning {
		case policy.MeansAccount:
		case policy.MeansPartition, policy.MeansRegion:
			if separator == "-" {
				return true
			}
		case policy.MeansRepositoryName, policy.MeansBucketName, policy.MeansLogGroupName:
			if separator != ":" {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// replace replaces in known parts of a string, if the unknown ones cannot have what is looked for.
func replace(f *call) *value {
	if !f.arity(3) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		if !args[1].isKnown() || !args[2].isScalar() || !args[0].isScalar() || !args[1].isScalar() {
			return f.unknown()
		}
		text, old := f.flat(args[0]), string(f.flat(args[1]))
		if len(old) > 1 && strings.HasPrefix(old, "/") && strings.HasSuffix(old, "/") {
			x, known := f.toCty(args[0])
			y, also := f.toCty(args[2])
			if !known || !also {
				return f.unknown()
			}
			return f.context.call(stdlib.RegexReplaceFunc, []cty.Value{x, cty.StringVal(strings.TrimSuffix(old[1:], "/")), y}, f.at, f.expression)
		}
		by := string(f.flat(args[2]))
		if strings.Count(string(text), old)*len(by) > maxText {
			return f.wrong("the string becomes too long")
		}
		if old == "" || !text.IsLiteral() && f.mayContain(text, old) {
			return f.unknown()
		}
		v := textAt(text.Map(func(s string) string { return strings.ReplaceAll(s, old, by) }), f.at)
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

// lower leaves what has small letters only as it is: regions and accounts.
func lower(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		if !args[0].isScalar() {
			return f.unknown()
		}
		text := f.flat(args[0])
		for _, s := range text.Symbols() {
			if s != policy.Region && s != policy.AccountID && s != policy.Partition {
				return f.unknown()
			}
		}
		return textAt(text.Map(strings.ToLower), f.at)
	})
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

// regex matches an unknown text, of which the groups become symbols.
func regex(f *call) *value {
	if !f.opts.Follow || len(f.args) != 2 || f.args[0].kind != textual || !f.args[0].isKnown() || f.args[1].isKnown() {
		return nil
	}
	pattern := string(f.flat(f.args[0]))
	compiled, err := regexp.Compile(pattern)
	if err != nil || compiled.NumSubexp() == 0 || slices.ContainsFunc(compiled.SubexpNames(), func(name string) bool { return name != "" }) {
		return nil
	}
	return f.context.each(f.at, f.expression, f.args[1:], func(args []*value) *value {
		switch {
		case args[0].kind == null:
			return f.wrong("the text is null")
		case !args[0].isScalar():
			return f.unknown()
		case args[0].isKnown():
			text, ok := f.toCty(args[0])
			impl, found := knownFunction("regex")
			if !ok || !found {
				return f.unknown()
			}
			return f.context.call(impl, []cty.Value{cty.StringVal(pattern), text}, f.at, f.expression)
		}
		groups := made(list, f.at)
		for i := range compiled.NumSubexp() {
			groups.list = append(groups.list, f.open(string(policy.MatchOf(pattern, f.flat(args[0]), i+1)), f.expression, policy.Resource, policy.MeansUnknown, f.at))
		}
		groups.condition = string(policy.MatchOf(pattern, f.flat(args[0]), 0))
		return groups
	})
}
