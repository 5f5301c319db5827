package analyze

import (
	"slices"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// This file has what Options.Conditions does: the requirements of a task definition in a template say under which of the
// template's conditions they are there.

// addConditions adds to each requirement the conditions that hold where it is needed: those of the branches in which its
// field is, and those of the resources that it names.
// Made says whether that includes conditions to which the template gives no name: see [Plan.Formulas].
func (p *Plan) addConditions(reader *taskdef.Reader, made bool) {
	if made {
		p.Formulas = reader.Formulas()
	}
	own := policy.Branch{Condition: reader.Condition()}
	for i := range p.Requirements {
		r := &p.Requirements[i]
		branches := reader.BranchesAt(r.At, made)
		for _, s := range r.symbols() {
			branches = append(branches, policy.Branch{Condition: p.Symbols[s].Condition})
		}
		if reader.Form().Subject.Beside() {
			branches = append(branches, own) // of another resource than the task definition
		}
		branches = slices.DeleteFunc(p.namedBranches(branches), func(b policy.Branch) bool {
			// The role has the condition of the task definition.
			return b == own && !reader.Form().Subject.Beside()
		})
		if len(branches) == 0 {
			continue
		}
		var decisions []policy.Symbol
		for _, given := range r.When {
			decisions = append(decisions, policy.DecisionOf(branches, given))
		}
		if r.When == nil {
			decisions = append(decisions, policy.DecisionOf(branches, ""))
		}
		r.When = policy.WhenAny(decisions...)
	}
}

// joinAlternatives joins requirements that ask for the same thing at one place, because a function returns several texts there. The
// joined requirement exists where one of them exists. Then all places are those of the whole value, since readers of a plan know
// nothing of its texts.
func (p *Plan) joinAlternatives() {
	var kept []Requirement
	for _, r := range p.Requirements {
		whole := r.At.Whole()
		i := -1
		if whole != r.At {
			r.At = whole
			i = slices.IndexFunc(kept, func(other Requirement) bool {
				return other.At == r.At && other.Grant == r.Grant && other.Resource == r.Resource && other.Match == r.Match &&
					policy.CompareConditions(other.Conditions, r.Conditions) == 0
			})
		}
		if i < 0 {
			kept = append(kept, r)
			continue
		}
		kept[i].When = kept[i].When.Or(r.When)
	}
	p.Requirements = kept
	for i := range p.Findings {
		p.Findings[i].At = p.Findings[i].At.Whole()
	}
	for i := range p.needs {
		for j := range p.needs[i].From {
			p.needs[i].From[j] = p.needs[i].From[j].Whole()
		}
	}
	for i := range p.remarks {
		p.remarks[i].At = p.remarks[i].At.Whole()
	}
}

// namedBranches returns the branches of conditions that have names.
func (p *Plan) namedBranches(branches []policy.Branch) []policy.Branch {
	return slices.DeleteFunc(branches, func(b policy.Branch) bool {
		return p.Formulas[b.Condition] == nil && (b.Condition == "" || !all(policy.Text(b.Condition), oneOf("")))
	})
}

// symbols returns the symbols in the resource of the requirement and in the values of its conditions.
func (r *Requirement) symbols() []policy.Symbol {
	list := r.Resource.Symbols()
	for _, c := range r.Conditions {
		for _, v := range c.Values {
			list = append(list, v.Text.Symbols()...)
		}
	}
	return list
}

// NamedWhen returns a condition without the parts that the template has no name for, so that it can be written into the template. It
// holds wherever the given condition holds, and maybe more often.
func (p *Plan) NamedWhen(when policy.When) policy.When {
	if p.Formulas == nil || when == nil {
		return when
	}
	var named []policy.Symbol
	for _, s := range when {
		branches, given, ok := s.Decision()
		if !ok {
			named = append(named, s)
			continue
		}
		branches = slices.DeleteFunc(branches, func(b policy.Branch) bool { return p.Formulas[b.Condition] != nil })
		if len(branches) == 0 && given == "" {
			return nil
		}
		if len(branches) > 0 {
			given = policy.DecisionOf(branches, given)
		}
		named = append(named, given)
	}
	return policy.WhenAny(named...)
}

// Named returns the plan with [Plan.NamedWhen] of all its conditions.
func (p *Plan) Named() *Plan {
	if p.Formulas == nil {
		return p
	}
	out := *p
	out.Requirements = slices.Clone(p.Requirements)
	for i := range out.Requirements {
		out.Requirements[i].When = p.NamedWhen(out.Requirements[i].When)
	}
	out.Formulas = nil
	return &out
}
