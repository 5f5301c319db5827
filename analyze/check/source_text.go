package check

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// sourceText returns a text of a plan as the roles of a module of Terraform have it: what follows from other values is said by
// these.
func sourceText(p *analyze.Plan, t policy.Text) policy.Text {
	if t.IsLiteral() {
		return t
	}
	var b strings.Builder
	t.Expand(func(literal string) string {
		b.WriteString(literal)
		return ""
	}, func(s policy.Symbol) string {
		d := p.Symbols.Lookup(s).Derivation
		i := slices.IndexFunc(p.Mappings, func(m policy.Mapping) bool { return m.Symbol == s })
		switch {
		case d.Pattern != "":
			b.WriteString(string(d.Result.Rename(map[policy.Symbol]policy.Symbol{
				policy.Group(1): policy.MatchOf(d.Pattern, d.Value, 1), policy.Group(2): policy.MatchOf(d.Pattern, d.Value, 2), policy.Group(3): policy.MatchOf(d.Pattern, d.Value, 3),
			})))
		case i >= 0:
			b.WriteString(string(policy.Of(p.Mappings[i].ByRegion())))
		default:
			b.WriteString(string(policy.Of(s)))
		}
		return ""
	})
	return policy.Text(b.String())
}

// givenFormula returns the formula that a symbol of a plan has a value.
func (c *checker) givenFormula(p *analyze.Plan, given policy.Symbol) *policy.Formula {
	if p != nil && c.role.module != "" {
		if d := p.Symbols.Lookup(given).Derivation; d.Pattern != "" {
			return policy.Opaque(string(policy.MatchOf(d.Pattern, d.Value, 0)))
		}
	}
	return &policy.Formula{Op: policy.Not, Of: []*policy.Formula{{Variable: string(given)}}}
}
