package check

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// This file evaluates policies of which parts are there only under conditions of a template: once for each combination of
// values on which the conditions depend.

// formula returns a condition of the template that has the role. Those of the plan of another template are other conditions.
func (c *checker) formula(p *analyze.Plan, b policy.Branch) *policy.Formula {
	f := policy.Opaque(b.Condition)
	var made *policy.Formula // what the reader of the plan made of the condition
	if p != nil {
		made = p.Formulas[b.Condition]
	}
	switch s := c.role.stack; {
	case s == nil && c.role.module == "": // the role was made for the plans
	case made != nil && (p.File == s.fileOf() || made.Only(isOfEnvironment)):
		f = made
	case s != nil && (p == nil || p.File == s.file):
		f = s.Formula(b.Condition)
	case s == nil && p == nil:
		if f = c.role.formulas[b.Condition]; f == nil {
			f = sourceFormula(policy.ConditionOf(b.Condition))
		}
	case s == nil && c.role.isOf(p.File):
		if info := p.Symbols.Lookup(policy.Symbol(b.Condition)); info.Expression != "" {
			f = sourceFormula(info.Expression)
		}
	default:
		f = policy.Opaque(p.File + ": " + b.Condition)
	}
	if b.Not {
		f = &policy.Formula{Op: policy.Not, Of: []*policy.Formula{f}}
	}
	return f
}

// isOfEnvironment reports whether a variable is the partition, the region or the account: it has one value in all templates.
func isOfEnvironment(variable string) bool {
	return slices.Contains(policy.EnvironmentSymbols[:], policy.Symbol(variable))
}

// branchFormula returns the formula that a branch of a condition of source is taken.
func branchFormula(b policy.Branch) *policy.Formula {
	f := sourceFormula(policy.ConditionOf(b.Condition))
	if b.Not {
		f = &policy.Formula{Op: policy.Not, Of: []*policy.Formula{f}}
	}
	return f
}

// sourceFormula takes a condition of Terraform's source apart that compares something with a text.
func sourceFormula(condition string) *policy.Formula {
	variable, value, ok := strings.Cut(condition, " == ")
	if unquoted, err := strconv.Unquote(value); ok && err == nil && strings.HasPrefix(value, `"`) && !strings.ContainsAny(variable, "=!&|?(") {
		return &policy.Formula{Variable: variable, Value: unquoted}
	}
	return policy.Opaque(condition)
}

// all returns the formula that all branches are taken.
func (c *checker) all(p *analyze.Plan, branches []policy.Branch) *policy.Formula {
	f := policy.Always()
	for _, b := range branches {
		f.Of = append(f.Of, c.formula(p, b))
	}
	return f
}

// when returns the formula for where something is there.
func (c *checker) when(p *analyze.Plan, when policy.When) *policy.Formula {
	if when == nil {
		return policy.Always()
	}
	f := &policy.Formula{Op: policy.Or}
	for _, s := range when {
		branches, given, ok := s.Decision()
		if !ok {
			given = s
		}
		part := c.all(p, branches)
		if given != "" {
			part.Of = append(part.Of, c.givenFormula(p, given))
		}
		f.Of = append(f.Of, part)
	}
	return f
}

// needed returns the formula for where a requirement is there: where its task definition is, and names the role.
func (c *checker) needed(p *analyze.Plan, r *analyze.Requirement) *policy.Formula {
	f := policy.Always()
	f.Of = append(f.Of, c.when(p, r.When), c.all(nil, c.role.branches))
	if p.Condition != "" {
		f.Of = append(f.Of, c.formula(p, policy.Branch{Condition: p.Condition}))
	}
	uses := &policy.Formula{Op: policy.Or}
	for _, named := range p.ExecutionRoles {
		if (c.role.stack != nil || c.role.module != "") && c.role.isCalled(named.Role) {
			uses.Of = append(uses.Of, c.all(p, named.Branches))
		}
	}
	if uses.Of != nil {
		f.Of = append(f.Of, uses)
	}
	return f
}

// isConditional reports whether a statement, or a resource of it, is there only under conditions of the template.
func isConditional(s *policy.Statement) bool {
	return s.Branches != nil || slices.ContainsFunc(s.Resources, func(v policy.Value) bool { return v.When != nil })
}

// policiesAndBoundary returns the policies of the role, and its boundary if that is known.
func (r *Role) policiesAndBoundary() []Policy {
	if r.Boundary == nil {
		return r.Policies
	}
	return append(slices.Clip(r.Policies), *r.Boundary)
}

// hasConditionals reports whether a statement of the role, or of its boundary, is there only under conditions.
func (r *Role) hasConditionals() bool {
	return slices.ContainsFunc(r.policiesAndBoundary(), func(p Policy) bool {
		return slices.ContainsFunc(p.Document.Statements, func(s policy.Statement) bool { return isConditional(&s) })
	})
}

// conditionals returns the formulas of the conditional statements that are about an action.
func (c *checker) conditionals(policies []Policy, action string) (list []*policy.Formula) {
	for i := range policies {
		for j := range policies[i].Document.Statements {
			s := &policies[i].Document.Statements[j]
			if !isConditional(s) || s.Actions != nil && !slices.ContainsFunc(s.Actions, func(a string) bool { return isAction(a, action) }) {
				continue
			}
			list = append(list, c.all(nil, s.Branches))
			for _, v := range s.Resources {
				if v.When != nil {
					list = append(list, c.when(nil, v.When))
				}
			}
		}
	}
	return list
}

// in returns what is there of a document in a world. Key gets a byte for each part that can be there.
func (c *checker) in(d policy.Document, w policy.World, key *strings.Builder) policy.Document {
	mark := func(is bool) bool {
		if is {
			key.WriteByte('1')
		} else {
			key.WriteByte('0')
		}
		return is
	}
	statements := make([]policy.Statement, 0, len(d.Statements))
	for _, s := range d.Statements {
		if s.Branches != nil && !mark(c.all(nil, s.Branches).Holds(w)) {
			continue
		}
		if isConditional(&s) && s.Resources != nil {
			resources := []policy.Value{}
			for _, v := range s.Resources {
				if v.When == nil || mark(c.when(nil, v.When).Holds(w)) {
					v.When = nil
					resources = append(resources, v)
				}
			}
			if s.Resources = resources; len(resources) == 0 {
				continue
			}
		}
		statements = append(statements, s)
	}
	d.Statements = statements
	return d
}

// policiesIn returns the policies that have a say in a world, and a text that is the same for the same policies.
func (c *checker) policiesIn(w policy.World) (policy.Policies, string) {
	var name strings.Builder
	for _, variable := range slices.Sorted(maps.Keys(w)) {
		name.WriteString(strconv.Quote(variable) + strconv.Quote(w[variable]))
	}
	if known, ok := c.inWorlds[name.String()]; ok { // another permission asked before
		return known.policies, known.key
	}
	var key strings.Builder
	p := c.policies()
	for i := range p.Identity {
		p.Identity[i].Document = c.in(p.Identity[i].Document, w, &key)
	}
	if p.Boundary != nil {
		boundary := *p.Boundary
		boundary.Document = c.in(boundary.Document, w, &key)
		p.Boundary = &boundary
	}
	const most = 1 << 12 // bounds the memory
	if len(c.inWorlds) < most {
		c.inWorlds[name.String()] = worldPolicies{p, key.String()}
	}
	return p, key.String()
}

// worldPolicies is what [checker.policiesIn] returns.
type worldPolicies struct {
	policies policy.Policies
	key      string
}

// valuesIn adds to the values of symbols those that a world gives to the parameters of the role's template, and to the region and
// the like, where the plan is of the same template. What is known already stays. Key is the same text for the same additions; "" for
// none.
func (c *checker) valuesIn(w policy.World, p *analyze.Plan, values map[policy.Symbol]string) (in map[policy.Symbol]string, key string) {
	if c.role.stack == nil || p.File != c.role.stack.file {
		return values, ""
	}
	for _, name := range slices.Sorted(maps.Keys(w)) {
		s := policy.Symbol(name)
		if _, known := values[s]; known || !isOfEnvironment(name) && c.role.Symbols.Lookup(s).Kind != policy.Parameter {
			continue
		}
		if key == "" {
			values = maps.Clone(values)
		}
		values[s] = w[name]
		key += "\n" + name + "=" + strconv.Quote(w[name])
	}
	return values, key
}

// isInTexts reports whether a variable is a symbol in the texts of the role or of what the tasks need. Then each of its values is a
// world of its own. Otherwise only the conditions matter that depend on it.
func (c *checker) isInTexts(variable string) bool {
	if c.inTexts == nil {
		c.inTexts = map[policy.Symbol]bool{}
		add := func(values []policy.Value) {
			for _, v := range values {
				for _, s := range v.Text.Symbols() {
					c.inTexts[s] = true
				}
			}
		}
		for _, p := range c.role.policiesAndBoundary() {
			for _, s := range p.Document.Statements {
				add(s.Resources)
				add(s.NotResources)
				for _, condition := range s.Conditions {
					add(condition.Values)
				}
			}
		}
		for _, p := range c.plans {
			for i := range p.Requirements {
				r := &p.Requirements[i]
				add([]policy.Value{{Text: r.Resource}})
				for _, condition := range r.Conditions {
					add(condition.Values)
				}
			}
		}
	}
	return c.inTexts[policy.Symbol(variable)]
}

// across evaluates something in all worlds in which it is needed, and joins the answers. Parts are formulas of what is there
// in some worlds only.
func (c *checker) across(needed *policy.Formula, parts []*policy.Formula, evaluate func(policy.World) policy.Answer) policy.Answer {
	known := map[string]string{}
	for s, v := range c.values {
		known[string(s)] = v
	}
	formulas := append(slices.Clip(parts), needed) // parts are kept for other permissions
	worlds, ok := policy.Worlds(formulas, known, c.isInTexts)
	if !ok {
		worlds, ok = policy.Worlds(formulas, known, nil)
	}
	// Bounds the worlds of all permissions together, so that even a template that is made to be slow takes only seconds.
	const most = 1 << 19
	if c.worlds += len(worlds); !ok || c.worlds > most {
		a := evaluate(policy.World{})
		a.Allowed, a.Explicit, a.Conditional = policy.Unknown, false, true
		return a
	}
	var answer policy.Answer
	first := true
	for _, w := range worlds {
		if !needed.Holds(w) {
			continue
		}
		a := evaluate(w)
		if first {
			answer, first = a, false
			continue
		}
		answer.Exhausted = answer.Exhausted || a.Exhausted
		if a.Allowed != answer.Allowed {
			if answer.Allowed == policy.Yes {
				answer.By = a.By
			}
			answer.Allowed, answer.Explicit, answer.Conditional = policy.Unknown, false, true
		}
		for _, d := range a.Deciders {
			if !slices.ContainsFunc(answer.Deciders, func(other policy.Decider) bool {
				return other.Statement.Place == d.Statement.Place && slices.Equal(other.Statement.Actions, d.Statement.Actions)
			}) {
				answer.Deciders = append(slices.Clip(answer.Deciders), d)
			}
		}
	}
	if first { // nowhere
		answer = policy.Answer{Allowed: policy.Yes}
	}
	return answer
}

// isAction reports whether an action of a statement, which can have wildcards, is one of a request.
func isAction(pattern, action string) bool {
	return policy.ActionPattern(action).CoveredBy(policy.ActionPattern(pattern)) == policy.CoversAll
}
