package terraform

import (
	"slices"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// node returns the node of a value, with that name. What is unknown is a placeholder, of which the text is a symbol.
func (p *Program) node(v *value, name policy.Text, nameStart int) tree.Node {
	n := tree.Node{Name: name.String(), Start: v.start, End: max(v.end, v.start), NameStart: nameStart, ID: p.Doc.Nodes}
	p.Doc.Nodes++
	switch v.kind {
	case boolean:
		n.Kind, n.Text = tree.Boolean, string(v.text)
	case number:
		n.Kind, n.Text = tree.Number, string(v.text)
	case textual:
		n.Kind, n.Text = tree.String, string(p.flat(v))
	case unknown:
		n.Kind, n.Text = tree.Placeholder, string(v.text)
	case reference:
		n.Kind = tree.Placeholder
		symbol, _ := p.symbol(v.of.name(), policy.SymbolInfo{Kind: policy.Resource, Expression: v.of.name()}, v.start)
		n.Text = string(symbol)
	case list:
		n.Kind = tree.List
		for i, e := range v.list {
			kid := p.node(e, "", e.start)
			kid.Index = i
			n.Children = append(n.Children, kid)
		}
	case object:
		n.Kind = tree.Object
		for _, m := range v.members {
			e := m.value
			if slices.Contains(p.opts.Required, m.name.String()) {
				e = p.givenAt(e)
			}
			if e.kind != absent {
				n.Children = append(n.Children, p.node(e, m.name, m.start))
			}
		}
	case choice:
		n.Kind = tree.Choice
		if v.condition != "" {
			p.Conditions[n.ID] = v.condition
		}
		for i, branch := range v.list {
			kid := p.node(branch, "", branch.start)
			kid.Index = i
			n.Children = append(n.Children, kid)
		}
	}
	return n
}

// givenAt returns the value of a member that is never null, as [Options.Required] says: a variable whose default is null has a value
// there, so that its branch with null does not count.
func (p *Program) givenAt(v *value) *value {
	if v.kind != choice {
		return v
	}
	if len(v.list) == 2 && v.list[1].kind == null && v.list[0].kind == unknown {
		if s, rest, ok := v.list[0].text.CutSymbol(); ok && rest == "" && v.condition != "" && p.Symbols.Lookup(s).Condition == v.condition {
			return v.list[0]
		}
	}
	branches := make([]*value, len(v.list))
	for i := range v.list {
		branches[i] = p.givenAt(v.list[i])
	}
	return choose(v.condition, v, branches...)
}

// name returns how a symbol calls a reference without an attribute.
func (t *target) name() string {
	if len(t.instances) == 0 {
		return "nothing"
	}
	return t.instances[0].address()
}
