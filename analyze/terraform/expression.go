package terraform

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/execrole/execrole/analyze/policy"
)

// here returns an empty value in the place of an expression.
func (c *context) here(x hclsyntax.Node) *value { return c.placeOf(x.Range()) }

// eval evaluates an expression. It never fails: where something is wrong, it reports that, and returns null.
//
// Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
func (c *context) eval(x hclsyntax.Expression) *value {
	if !c.step(x.Range()) {
		return made(null, c.here(x))
	}
	if c.nested++; c.nested > maxDepth {
		c.nested--
		c.stop(x.Range(), "this is evaluated inside of too many other expressions")
		return made(null, c.here(x))
	}
	defer func() { c.nested-- }()
	switch x := x.(type) {
	case *hclsyntax.LiteralValueExpr:
		return c.literal(x)
	case *hclsyntax.TemplateExpr:
		return c.template(x)
	case *hclsyntax.TemplateWrapExpr:
		return c.eval(x.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return c.join(c.eval(x.Tuple), made(textual, c.here(x)), c.here(x), c.source(x.Range()))
	case *hclsyntax.ParenthesesExpr:
		return c.eval(x.Expression)
	case *hclsyntax.ObjectConsKeyExpr:
		if name := hcl.ExprAsKeyword(x.Wrapped); name != "" && !x.ForceNonLiteral {
			return textAt(policy.Text(name), c.here(x))
		}
		return c.eval(x.Wrapped)
	case *hclsyntax.ScopeTraversalExpr:
		return c.traversal(x)
	case *hclsyntax.RelativeTraversalExpr:
		return c.steps(c.eval(x.Source), x.Traversal, x.Range())
	case *hclsyntax.IndexExpr:
		return c.index(c.eval(x.Collection), c.eval(x.Key), x.Range())
	case *hclsyntax.ConditionalExpr:
		return c.conditional(x)
	case *hclsyntax.TupleConsExpr:
		v := made(list, c.here(x))
		for _, e := range x.Exprs {
			v.list = append(v.list, c.eval(e))
		}
		return v
	case *hclsyntax.ObjectConsExpr:
		return c.object(x)
	case *hclsyntax.ForExpr:
		return c.forExpression(x)
	case *hclsyntax.SplatExpr:
		return c.splat(x)
	case *hclsyntax.AnonSymbolExpr:
		for v := c.loop; v != nil; v = v.outer {
			if v.anon == x {
				return v.value
			}
		}
	case *hclsyntax.FunctionCallExpr:
		return c.callFunction(x)
	case *hclsyntax.BinaryOpExpr:
		return c.binary(x)
	case *hclsyntax.UnaryOpExpr:
		v := c.eval(x.Val)
		if x.Op == hclsyntax.OpLogicalNot {
			v = c.decided(v, x.Val)
		}
		return c.each(c.here(x), c.source(x.Range()), []*value{v}, func(args []*value) *value {
			if holds, ok := args[0].truth(); ok && x.Op == hclsyntax.OpLogicalNot {
				return truthAt(!holds, c.here(x))
			}
			return c.operate(x.Op, args, c.here(x), c.source(x.Range()))
		})
	}
	return c.unknown(c.source(x.Range()), c.here(x))
}

// template evaluates a string with interpolations.
func (c *context) template(x *hclsyntax.TemplateExpr) *value {
	at := c.here(x)
	parts := make([]*value, len(x.Parts))
	for i, part := range x.Parts {
		parts[i] = c.eval(part)
	}
	if len(parts) == 1 && parts[0].kind == textual && parts[0].marks != nil {
		v := parts[0].at(at.start, at.end)
		return v
	}
	return c.joined(parts, at, c.source(x.Range()), x.Parts)
}

// joined returns the string that consists of parts, for each combination of what they can be. Terraform refuses null in a
// string, so that the branches in which a part is null do not count where it has others. Inside of try, and of branches of a
// conditional, such an error decides what the value is.
func (c *context) joined(parts []*value, at *value, expression string, sources []hclsyntax.Expression) *value {
	if c.inTry+c.inBranch == 0 {
		parts = slices.Clone(parts)
		for i, part := range parts {
			if some := part.without(null); some != nil {
				parts[i] = some
			}
		}
	}
	return c.each(at, expression, parts, func(parts []*value) *value {
		size := 0
		var kept []*value
		for i, part := range parts {
			switch {
			case part.kind == absent:
				continue
			case !part.isScalar():
				what := map[kind]string{null: "null", list: "a list", object: "an object", reference: "a resource"}[part.kind]
				if part.kind == null && c.over {
					return made(null, at)
				}
				source := sources[min(i, len(sources)-1)]
				c.fail(source.Range(), "%s cannot be a part of a string%s", what, c.cureOfNull(part, source))
				return made(null, at)
			}
			size += len(part.text)
			kept = append(kept, part)
		}
		if !c.fits(size, at.start) {
			return made(null, at)
		}
		return concat(kept, at)
	})
}

// cureOfNull says how to give a value to a variable of the root module that is null, as the end of a message; "" for any other value.
func (c *context) cureOfNull(v *value, x hclsyntax.Expression) string {
	variable, ok := x.(*hclsyntax.ScopeTraversalExpr)
	if !ok || v.kind != null || c.address != "" || variable.Traversal.RootName() != "var" || len(variable.Traversal) != 2 {
		return ""
	}
	return ": give the variable a value in terraform.tfvars, or add --set " + c.source(x.Range()) + "=VALUE"
}

// conditional evaluates both branches of a conditional, unless its condition is known.
func (c *context) conditional(x *hclsyntax.ConditionalExpr) *value {
	return c.decide(c.eval(x.Condition), c.here(x), x.Condition, func() *value { return c.eval(x.TrueResult) }, func() *value { return c.eval(x.FalseResult) })
}

// decide returns what a condition chooses, or the choice where that is unknown. A branch that Terraform could not evaluate is
// left out: it would refuse to take it.
func (c *context) decide(condition, at *value, x hclsyntax.Expression, holds, otherwise func() *value) *value {
	condition = c.decided(condition, x)
	type result struct {
		value  *value
		failed bool
	}
	var results [2]*result
	take := func(i int, branch func() *value) *result {
		if results[i] == nil {
			before := len(c.problems)
			c.tried++
			if c.opts.Follow && condition.kind == choice {
				c.inBranch++
			}
			r := &result{value: branch()}
			if c.opts.Follow && condition.kind == choice {
				c.inBranch--
			}
			c.tried--
			r.failed = slices.ContainsFunc(c.problems[before:], func(p Problem) bool { return p.refused })
			results[i] = r
			if r.failed && condition.kind == choice {
				c.problems = slices.DeleteFunc(c.problems, func(p Problem) bool { return p.refused })
			}
		}
		return results[i]
	}
	var resolve func(condition *value) (v *value, failed bool)
	resolve = func(condition *value) (*value, bool) {
		if condition.kind == choice {
			var kept []*value
			for i, branch := range condition.list {
				v, failed := resolve(branch)
				if !failed {
					kept = append(kept, v.assumeBelow(condition.condition, i))
				}
			}
			switch len(kept) {
			case 0:
				return made(null, at), true
			case len(condition.list):
				return choose(condition.condition, at, kept...), false
			}
			return choose("", at, kept...), false
		}
		if is, ok := condition.truth(); ok && is {
			r := take(0, holds)
			return r.value, r.failed
		}
		r := take(1, otherwise)
		return r.value, r.failed
	}
	v, failed := resolve(condition)
	if failed && condition.kind == choice {
		start, _ := c.span(x.Range())
		c.failAt(start, "neither branch of the conditional can be evaluated")
	}
	if c.inTry == 0 && c.inBranch == 0 && v.hasFailed() {
		c.fail(x.Range(), "a branch of the conditional cannot be evaluated")
	}
	return v
}

// decided returns a condition as a boolean, or as a choice of booleans.
func (c *context) decided(condition *value, x hclsyntax.Expression) *value {
	if condition.kind == choice {
		branches := make([]*value, len(condition.list))
		for i, branch := range condition.list {
			branches[i] = c.decided(branch, x)
		}
		return choose(condition.condition, condition, branches...)
	}
	if _, ok := condition.truth(); ok {
		return condition
	}
	if condition.kind == null || condition.kind != unknown {
		if condition.kind != absent && !c.over {
			c.fail(x.Range(), "a condition has to be true or false")
		}
		return truthAt(false, condition)
	}
	text := c.prefix(oneLine(c.source(x.Range())))
	if s, rest, ok := condition.text.CutSymbol(); ok && rest == "" {
		text = string(s)
	}
	return either(text, condition)
}

// either returns a boolean that is true where an unknown condition holds.
func either(condition string, at *value) *value {
	return choose(condition, at, truthAt(true, at), truthAt(false, at))
}

// object evaluates an object. Of members with the same name, the last one counts.
func (c *context) object(x *hclsyntax.ObjectConsExpr) *value {
	v := made(object, c.here(x))
	for _, item := range x.Items {
		name := c.eval(item.KeyExpr)
		start, _ := c.span(item.KeyExpr.Range())
		v.put(c, name, start, c.member(string(name.text), item.ValueExpr), item.KeyExpr.Range())
	}
	return v
}

// member evaluates the value of a member or an argument of that name.
func (c *context) member(name string, x hclsyntax.Expression) *value {
	if slices.Contains(c.opts.Quiet, name) {
		c.quiet++
		defer func() { c.quiet-- }()
	}
	return c.eval(x)
}

// put adds a member, or replaces the one of that name. If the name can be several, each of them may be absent.
func (v *value) put(c *context, name *value, start int, element *value, r hcl.Range) {
	branches := name.branches()
	for _, branch := range branches {
		if branch.kind == absent {
			continue
		}
		if !branch.isScalar() {
			c.fail(r, "the name of a member has to be a string")
			continue
		}
		e := element
		if len(branches) > 1 {
			e = choose("", element, element, made(absent, element))
		}
		text := c.flat(branch)
		replaced := false
		for i := range v.members {
			if v.members[i].name == text {
				v.members[i].value, v.members[i].start, replaced = e, start, true
			}
		}
		if !replaced {
			v.members = append(v.members, member{text, start, e})
		}
	}
}

// forExpression evaluates a for of a list or of an object.
func (c *context) forExpression(x *hclsyntax.ForExpr) *value {
	at := c.here(x)
	return c.each(at, c.source(x.Range()), []*value{c.eval(x.CollExpr)}, func(args []*value) *value {
		keys, values, ok := c.iterate(args[0])
		switch {
		case args[0].kind == null || args[0].kind == absent:
			c.fail(x.CollExpr.Range(), "the collection of this for is null")
			return made(null, at)
		case !ok && (args[0].kind == unknown || args[0].kind == reference):
			return c.unknown(c.source(x.Range()), at)
		case !ok:
			c.fail(x.CollExpr.Range(), "a for needs a list or an object")
			return made(null, at)
		case len(values) > maxElements:
			c.stop(x.CollExpr.Range(), "the collection has %d elements: execrole reads no more than %d", len(values), maxElements)
			return made(null, at)
		}
		result := made(list, at)
		if x.KeyExpr != nil {
			result.kind = object
		}
		for i := range values {
			c.forElement(x, result, keys[i], values[i])
		}
		return result
	})
}

// forElement evaluates the body of a for, for one element of the collection.
func (c *context) forElement(x *hclsyntax.ForExpr, result, key, element *value) {
	branch := func(element *value) (name, v *value) {
		if element.kind == absent {
			return nil, element
		}
		inner := c
		if x.KeyVar != "" {
			inner = inner.with(x.KeyVar, key)
		}
		inner = inner.with(x.ValVar, element)
		evaluate := func() *value {
			if x.KeyExpr != nil {
				name = inner.eval(x.KeyExpr)
			}
			return inner.eval(x.ValExpr)
		}
		if x.CondExpr == nil {
			return name, evaluate()
		}
		v = inner.decide(inner.eval(x.CondExpr), element, x.CondExpr, evaluate, func() *value { return made(absent, element) })
		return name, v
	}
	if x.KeyExpr == nil {
		var visit func(e *value) *value
		visit = func(e *value) *value {
			if e.kind != choice || !e.canBeAbsent() {
				_, v := branch(e)
				return v
			}
			results := make([]*value, len(e.list))
			for i := range e.list {
				results[i] = visit(e.list[i])
			}
			return choose(e.condition, e, results...)
		}
		if v := visit(element); v.kind != absent {
			result.list = append(result.list, v)
		}
		return
	}
	for _, e := range element.branches() {
		name, v := branch(e)
		if v.kind == absent || name == nil {
			continue
		}
		if element.canBeAbsent() {
			v = choose("", v, v, made(absent, v))
		}
		if x.Group {
			if known := result.member(c.flat(name)); known != nil && known.kind == list {
				v = listAt(append(known.list[:len(known.list):len(known.list)], v), v)
			} else {
				v = listAt([]*value{v}, v)
			}
		}
		start, _ := c.span(x.KeyExpr.Range())
		if name.start > 0 {
			start = name.start
		}
		result.put(c, name, start, v, x.KeyExpr.Range())
	}
}

// iterate returns the elements of a collection with their keys, in the order in which Terraform visits them.
func (c *context) iterate(v *value) (keys, values []*value, ok bool) {
	if v.kind == reference {
		if v = v.elements(); v == nil {
			return nil, nil, false
		}
	}
	switch v.kind {
	case list:
		for i, e := range v.list {
			index, _ := fromCty(cty.NumberIntVal(int64(i)), e)
			keys, values = append(keys, index), append(values, e)
		}
	case object:
		for _, m := range v.sorted() {
			name := textAt(m.name, m.value)
			name.start = m.start
			keys, values = append(keys, name), append(values, m.value)
		}
	default:
		return nil, nil, false
	}
	return keys, values, true
}

// splat evaluates a splat: x[*].name. Of a value that is no list, it makes a list.
func (c *context) splat(x *hclsyntax.SplatExpr) *value {
	at := c.here(x)
	return c.each(at, c.source(x.Range()), []*value{c.eval(x.Source)}, func(args []*value) *value {
		source := args[0]
		if source.kind == reference {
			if all := source.elements(); all != nil {
				source = all
			} else if !source.of.single {
				return c.unknown(c.source(x.Range()), at)
			}
		}
		switch source.kind {
		case null:
			return made(list, at)
		case unknown:
			return c.unknown(c.source(x.Range()), at)
		case list:
		default:
			source = listAt([]*value{source}, at)
		}
		result := made(list, at)
		for _, e := range source.list {
			inner := *c
			inner.loop = &variable{anon: x.Item, value: e, outer: c.loop}
			if e.kind == absent {
				continue
			}
			result.list = append(result.list, inner.eval(x.Each))
		}
		return result
	})
}

// binary evaluates an operator with two operands.
func (c *context) binary(x *hclsyntax.BinaryOpExpr) *value {
	at := c.here(x)
	left := c.eval(x.LHS)
	if x.Op == hclsyntax.OpLogicalAnd || x.Op == hclsyntax.OpLogicalOr {
		// Terraform evaluates both, and either can decide.
		return c.logical(x.Op == hclsyntax.OpLogicalOr, c.decided(left, x.LHS), func() *value { return c.decided(c.eval(x.RHS), x.RHS) }, at, c.source(x.Range()))
	}
	if v := c.isGiven(x, at); v != nil {
		return v
	}
	right := c.eval(x.RHS)
	return c.each(at, c.source(x.Range()), []*value{left, right}, func(args []*value) *value {
		if x.Op == hclsyntax.OpEqual || x.Op == hclsyntax.OpNotEqual {
			if equal, ok := c.equal(args[0], args[1]); ok {
				return truthAt(equal == (x.Op == hclsyntax.OpEqual), at)
			}
			v := either(c.describe(args[0])+" == "+c.describe(args[1]), at)
			if v.kind == choice && x.Op == hclsyntax.OpNotEqual {
				v.list[0], v.list[1] = v.list[1], v.list[0]
			}
			return v
		}
		return c.operate(x.Op, args, at, c.source(x.Range()))
	})
}

// isGiven evaluates try(coalesce(X), null) != null, which is how a condition says that X is there and not empty; nil for
// anything else. See [coalesce].
func (c *context) isGiven(x *hclsyntax.BinaryOpExpr, at *value) *value {
	try, ok := x.LHS.(*hclsyntax.FunctionCallExpr)
	if !c.opts.Follow || x.Op != hclsyntax.OpNotEqual || !ok || try.Name != "try" || len(try.Args) != 2 {
		return nil
	}
	inner, ok := try.Args[0].(*hclsyntax.FunctionCallExpr)
	if !ok || inner.Name != "coalesce" || len(inner.Args) != 1 || c.source(x.RHS.Range()) != "null" || c.source(try.Args[1].Range()) != "null" {
		return nil
	}
	problems := len(c.problems)
	v := c.eval(inner.Args[0])
	if v.kind != unknown || len(c.problems) > problems {
		c.problems = c.problems[:problems]
		return nil
	}
	return either("try(coalesce("+c.describe(v)+"), null) != null", at)
}

// logical applies && or ||. One that decides, true for ||, leaves the other without effect.
func (c *context) logical(decides bool, left *value, right func() *value, at *value, expression string) *value {
	if is, ok := left.truth(); ok && is == decides {
		return truthAt(is, at)
	}
	before := len(c.problems)
	also := right()
	if left.kind == choice {
		// Where the left one decides, it does not matter that the right one cannot be evaluated.
		c.problems = append(c.problems[:before], slices.DeleteFunc(c.problems[before:], func(p Problem) bool { return p.refused })...)
	}
	return c.each(at, expression, []*value{left, also}, func(args []*value) *value {
		for _, arg := range args {
			if is, ok := arg.truth(); ok && is == decides {
				return truthAt(is, at)
			}
		}
		return truthAt(!decides, at)
	})
}

// describe returns a value as the text of a condition has it.
func (c *context) describe(v *value) string {
	switch {
	case v.kind == null:
		return "null"
	case v.kind == unknown:
		if s, rest, ok := v.text.CutSymbol(); ok && rest == "" {
			return string(s)
		}
	case v.kind == textual:
		return strconv.Quote(c.flat(v).String())
	case v.isScalar():
		return c.flat(v).String()
	}
	return c.prefix(oneLine(c.Doc.Source.Text[v.start:max(v.start, v.end)]))
}

// equal reports whether two values are equal, as far as that is known.
func (c *context) equal(a, b *value) (equal, ok bool) {
	if a.kind == null || b.kind == null {
		if a.kind == b.kind {
			return true, true
		}
		other := a
		if a.kind == null {
			other = b
		}
		// A resource, or what it has, is not null; a variable can be, unless that is the condition of its symbol.
		if s, rest, symbol := other.text.CutSymbol(); other.kind == unknown && symbol && rest == "" && c.Symbols.Lookup(s).Kind != policy.Resource {
			return false, c.Symbols.Lookup(s).Condition == string(s)+" != null"
		}
		return false, true
	}
	x, knownX := c.toCty(a)
	y, knownY := c.toCty(b)
	if !knownX || !knownY {
		if a.isScalar() && b.isScalar() && (knownX && !c.canBe(c.flat(b), string(c.flat(a))) || knownY && !c.canBe(c.flat(a), string(c.flat(b)))) {
			return false, true
		}
		return false, false
	}
	if !x.Type().Equals(y.Type()) {
		if x.Type().IsPrimitiveType() && y.Type().IsPrimitiveType() {
			return false, true // Terraform converts no operands of ==
		}
		return false, false
	}
	return x.RawEquals(y), true
}

// canBe reports whether a text can be a known one: symbols can be anything, apart from those of resources, which are not empty.
func (c *context) canBe(t policy.Text, known string) bool {
	before, _, open := t.Cut("\x00")
	rest, ok := strings.CutPrefix(known, string(before))
	if !open || !ok {
		return ok && rest == ""
	}
	behind := string(t.Behind())
	ok = len(rest) >= len(behind) && strings.HasSuffix(rest, behind)
	for s := range slices.Values(t.Symbols()) {
		switch c.Symbols.Lookup(s).Meaning {
		case policy.MeansUnknown, policy.MeansText:
		default:
			ok = ok && len(rest) > len(behind)
		}
	}
	return ok
}

// operate applies an operator to known values. The result of others is unknown.
func (c *context) operate(op *hclsyntax.Operation, args []*value, at *value, expression string) *value {
	known := make([]cty.Value, len(args))
	for i, v := range args {
		var ok bool
		if known[i], ok = c.toCty(v); !ok {
			return c.unknown(expression, at)
		}
	}
	return c.call(op.Impl, known, at, expression)
}
