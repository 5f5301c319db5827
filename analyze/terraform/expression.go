package terraform

import (
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
	if c.nested++; c.nested > 10*maxNested {
		c.nested--
		c.fail(x.Range(), "this is evaluated inside of too many other expressions")
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

// joined returns the string that consists of parts, for each combination of what they can be.
func (c *context) joined(parts []*value, at *value, expression string, sources []hclsyntax.Expression) *value {
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
				c.fail(sources[min(i, len(sources)-1)].Range(), "%s cannot be a part of a string", what)
				return made(null, at)
			}
			size += len(part.text)
			kept = append(kept, part)
		}
		if c.texts += size; size > maxText || c.texts > maxTexts {
			c.over = true
			c.failAt(at.start, "the strings of the module become too long: execrole stops here")
			return made(null, at)
		}
		return concat(kept, at)
	})
}

// conditional evaluates both branches of a conditional, unless its condition is known.
func (c *context) conditional(x *hclsyntax.ConditionalExpr) *value {
	condition := c.eval(x.Condition)
	if holds, ok := condition.truth(); ok {
		if holds {
			return c.eval(x.TrueResult)
		}
		return c.eval(x.FalseResult)
	}
	if condition.kind == choice {
		decided := true
		for _, branch := range condition.list {
			_, ok := branch.truth()
			decided = decided && ok
		}
		if decided && len(condition.list) == 2 && condition.condition != "" {
			results := make([]*value, 2)
			for i, branch := range condition.list {
				result := x.FalseResult
				if holds, _ := branch.truth(); holds {
					result = x.TrueResult
				}
				results[i] = c.eval(result).assume(condition.condition, i)
			}
			return choose(condition.condition, c.here(x), results...)
		}
	}
	text := c.prefix(strings.Join(strings.Fields(c.source(x.Condition.Range())), " "))
	if condition.kind == unknown {
		if s, rest, ok := condition.text.CutSymbol(); ok && rest == "" {
			text = string(s)
		}
	}
	return choose(text, c.here(x), c.eval(x.TrueResult).assume(text, 0), c.eval(x.FalseResult).assume(text, 1))
}

// object evaluates an object. Of members with the same name, the last one counts.
func (c *context) object(x *hclsyntax.ObjectConsExpr) *value {
	v := made(object, c.here(x))
	for _, item := range x.Items {
		name := c.eval(item.KeyExpr)
		start, _ := c.span(item.KeyExpr.Range())
		v.put(c, name, start, c.eval(item.ValueExpr), item.KeyExpr.Range())
	}
	return v
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
			c.fail(x.CollExpr.Range(), "the collection has %d elements: execrole reads no more than %d", len(values), maxElements)
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
		condition := ""
		if x.CondExpr != nil {
			holds := inner.eval(x.CondExpr)
			switch included, ok := holds.truth(); {
			case ok && !included:
				return nil, made(absent, element)
			case !ok:
				condition = c.source(x.CondExpr.Range())
			}
		}
		v = inner.eval(x.ValExpr)
		if x.KeyExpr != nil {
			name = inner.eval(x.KeyExpr)
		}
		if condition != "" {
			v = choose("", v, v, made(absent, v))
		}
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
	holds, known := left.truth()
	switch {
	case known && x.Op == hclsyntax.OpLogicalAnd && !holds, known && x.Op == hclsyntax.OpLogicalOr && holds:
		return truthAt(holds, at)
	}
	right := c.eval(x.RHS)
	also, rightKnown := right.truth()
	switch {
	case rightKnown && x.Op == hclsyntax.OpLogicalAnd && !also, rightKnown && x.Op == hclsyntax.OpLogicalOr && also:
		return truthAt(also, at)
	case known && rightKnown && (x.Op == hclsyntax.OpLogicalAnd || x.Op == hclsyntax.OpLogicalOr):
		return truthAt(also, at) // the left one does not decide
	}
	return c.each(at, c.source(x.Range()), []*value{left, right}, func(args []*value) *value {
		if x.Op == hclsyntax.OpEqual || x.Op == hclsyntax.OpNotEqual {
			if equal, ok := c.equal(args[0], args[1]); ok {
				return truthAt(equal == (x.Op == hclsyntax.OpEqual), at)
			}
		}
		return c.operate(x.Op, args, at, c.source(x.Range()))
	})
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
		// A resource, or what it has, is not null; a variable can be.
		if s, rest, symbol := other.text.CutSymbol(); other.kind == unknown && symbol && rest == "" && c.Symbols.Lookup(s).Kind != policy.Resource {
			return false, false
		}
		return false, true
	}
	x, knownX := c.toCty(a)
	y, knownY := c.toCty(b)
	if !knownX || !knownY {
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
