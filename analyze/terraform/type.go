package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
)

// conform converts a value to the type that a variable has: an object gets the members that are optional, and loses those
// that the type does not have; scalars are converted to each other. What does not fit stays as it is, for Terraform to refuse.
//
// Source: https://developer.hashicorp.com/terraform/language/expressions/type-constraints
func (c *context) conform(v *value, t hclsyntax.Expression) *value {
	if v.kind == choice {
		branches := make([]*value, len(v.list))
		for i := range v.list {
			branches[i] = c.conform(v.list[i], t)
		}
		return choose(v.condition, v, branches...)
	}
	call, ok := t.(*hclsyntax.FunctionCallExpr)
	if !ok {
		return c.conformScalar(v, hcl.ExprAsKeyword(t))
	}
	if len(call.Args) == 0 {
		return v
	}
	if call.Name == "object" {
		members, ok := call.Args[0].(*hclsyntax.ObjectConsExpr)
		if !ok || v.kind != object {
			return v
		}
		return c.conformObject(v, members)
	}
	converted := *v
	converted.knows, converted.heavy = 0, 0
	elements, isTuple := call.Args[0].(*hclsyntax.TupleConsExpr)
	switch {
	case v.kind == list && call.Name == "tuple" && isTuple && len(elements.Exprs) == len(v.list):
		converted.list = make([]*value, len(v.list))
		for i, e := range v.list {
			converted.list[i] = c.conform(e, elements.Exprs[i])
		}
	case v.kind == list && (call.Name == "list" || call.Name == "set"):
		converted.list = make([]*value, len(v.list))
		for i, e := range v.list {
			converted.list[i] = c.conform(e, call.Args[0])
		}
		if call.Name == "set" {
			if kept, ok := c.distinct(converted.list); ok {
				converted.list = kept
				slices.SortStableFunc(converted.list, func(a, b *value) int { return compareText(a.text, b.text) })
			}
		}
	case v.kind == object && call.Name == "map":
		converted.members = slices.Clone(v.members)
		for i := range converted.members {
			converted.members[i].value = c.conform(v.members[i].value, call.Args[0])
		}
	default:
		return v
	}
	return &converted
}

func compareText(a, b policy.Text) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// conformScalar converts a scalar to a type that is called by one word.
func (c *context) conformScalar(v *value, t string) *value {
	converted := *v
	converted.knows = 0
	switch {
	case t == "string" && (v.kind == number || v.kind == boolean):
		converted.kind = textual
	case t == "number" && v.kind == textual && v.isKnown():
		converted.kind, converted.marks = number, nil
	case t == "bool" && v.kind == textual && (v.text == "true" || v.text == "false"):
		converted.kind, converted.marks = boolean, nil
	default:
		return v
	}
	if converted.kind == number {
		known, ok := c.toCty(&converted)
		if !ok {
			return v
		}
		if normal, ok := fromCty(known, v); ok {
			return normal
		}
	}
	return &converted
}

// conformObject gives an object the members of its type.
func (c *context) conformObject(v *value, members *hclsyntax.ObjectConsExpr) *value {
	result := made(object, v)
	for _, item := range members.Items {
		name := policy.Text(hcl.ExprAsKeyword(item.KeyExpr))
		t := item.ValueExpr
		var standard hclsyntax.Expression
		if optional, ok := t.(*hclsyntax.FunctionCallExpr); ok && optional.Name == "optional" && len(optional.Args) > 0 {
			t = optional.Args[0]
			if len(optional.Args) > 1 {
				standard = optional.Args[1]
			}
		}
		m := member{name: name, start: v.start}
		if i := slices.IndexFunc(v.members, func(m member) bool { return m.name == name }); i >= 0 {
			m = v.members[i]
		}
		if m.value == nil {
			m.value = made(null, v)
		}
		if standard != nil {
			m.value = m.value.orElse(func() *value { return (&context{scope: c.scope}).eval(standard) })
		}
		m.value = c.conform(m.value, t)
		result.members = append(result.members, m)
	}
	return result
}
