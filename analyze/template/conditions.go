package template

import (
	"fmt"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Formula returns a condition of the template, taken apart. A condition that the template does not have is opaque.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
func (t *Template) Formula(name string) *policy.Formula {
	if f, ok := t.formulas[name]; ok {
		return f
	}
	if f, ok := t.made[name]; ok {
		return f
	}
	if t.formulas == nil {
		t.formulas = map[string]*policy.Formula{}
	}
	t.formulas[name] = policy.Opaque(name) // for one that is in itself
	f := t.formulas[name]
	if n := t.conditions[name]; n != nil {
		if f = t.formula(n); f.IsLarger(maxFormula) {
			f = t.opaque(n)
		}
	}
	t.formulas[name] = f
	t.setBranch(f, policy.Branch{Condition: name})
	return f
}

// maxFormula is how many formulas one condition may consist of. Conditions name other conditions, so that each can be twice as
// large as the one before. No person needs as many: a larger condition is opaque.
const maxFormula = 256

// formula takes the value of a condition apart.
func (t *Template) formula(n *tree.Node) *policy.Formula {
	call := n
	if n.Kind == tree.Object && len(n.Children) == 1 {
		call = &n.Children[0]
	}
	if t.depth++; t.depth > maxNested {
		t.depth--
		return t.opaque(n)
	}
	defer func() { t.depth-- }()
	parts := func() (list []*policy.Formula) {
		for i := range call.Children {
			list = append(list, t.formula(&call.Children[i]))
		}
		return list
	}
	switch {
	case call == n:
	case call.Name == "Condition" && call.Kind == tree.String:
		return t.Formula(call.Text)
	case call.Name == "Fn::Not" && call.Kind == tree.List && len(call.Children) == 1:
		return &policy.Formula{Op: policy.Not, Of: parts()}
	case call.Name == "Fn::And" && call.Kind == tree.List:
		return &policy.Formula{Op: policy.And, Of: parts()}
	case call.Name == "Fn::Or" && call.Kind == tree.List:
		return &policy.Formula{Op: policy.Or, Of: parts()}
	case call.Name == "Fn::Equals" && call.Kind == tree.List && len(call.Children) == 2:
		return t.equals(n, &call.Children[0], &call.Children[1])
	}
	return t.opaque(n)
}

func (t *Template) opaque(n *tree.Node) *policy.Formula {
	line, column := t.Doc.Source.Position(n.Start)
	return policy.Opaque(fmt.Sprintf("the condition at %d:%d", line, column))
}

// equals compares two values. What is compared with a literal is a variable.
func (t *Template) equals(n, left, right *tree.Node) *policy.Formula {
	a, ok := t.text(left)
	b, known := t.text(right)
	switch {
	case !ok || !known:
		return t.equalAlternatives(n, left, right)
	case a.IsLiteral():
		a, b = b, a
		left = right
	}
	switch {
	case a == b:
		return policy.Always()
	case a.IsLiteral():
		return &policy.Formula{Op: policy.Not, Of: []*policy.Formula{policy.Always()}}
	case !b.IsLiteral():
		return policy.Opaque(a.String() + " is " + b.String())
	}
	return t.is(a, b.String())
}

// equalAlternatives compares two values, at least one of which can be several texts, such as the rows of a mapping. The formula is
// opaque if one of the values is no text, or unknown.
func (t *Template) equalAlternatives(n, left, right *tree.Node) *policy.Formula {
	of, ok := t.alternatives(left)
	with, known := t.alternatives(right)
	equal := &policy.Formula{Op: policy.Or}
	for _, a := range of {
		for _, b := range with {
			both, possible := t.both(a.when, b.when)
			switch {
			case !possible:
			case a.absent || b.absent || !a.text.IsLiteral() || !b.text.IsLiteral() || both == nil:
				return t.opaque(n)
			case a.text == b.text:
				equal.Of = append(equal.Of, allOf(both))
			}
		}
	}
	if !ok || !known {
		return t.opaque(n)
	}
	return equal
}

// is returns the formula that holds where a text with symbols has that value.
func (t *Template) is(text policy.Text, value string) *policy.Formula {
	f := &policy.Formula{Variable: text.String(), Value: value}
	if s, rest, ok := text.CutSymbol(); ok && rest == "" {
		f.Variable = string(s)
		f.Domain = t.allowed(string(s))
	}
	return f
}

// taken returns the formula that holds where a branch is taken. Each call returns the same pointer, by which formulas are compared.
func (t *Template) taken(branch policy.Branch) *policy.Formula {
	if !branch.Not {
		return t.Formula(branch.Condition)
	}
	if t.negated == nil {
		t.negated = map[string]*policy.Formula{}
	}
	if t.negated[branch.Condition] == nil {
		t.negated[branch.Condition] = &policy.Formula{Op: policy.Not, Of: []*policy.Formula{t.Formula(branch.Condition)}}
		t.setBranch(t.negated[branch.Condition], branch)
	}
	return t.negated[branch.Condition]
}

// allowed returns the values that a parameter can have; nil where it can have any.
func (t *Template) allowed(parameter string) (values []string) {
	if n := t.inputs[parameter]; n != nil {
		for _, value := range children(n.Member("AllowedValues")) {
			values = append(values, value.Text)
		}
	}
	return values
}
