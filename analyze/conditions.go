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
func (p *Plan) addConditions(reader *taskdef.Reader) {
	own := policy.Branch{Condition: reader.Condition()}
	for i := range p.Requirements {
		r := &p.Requirements[i]
		branches := reader.Branches(r.At.Pointer)
		for _, s := range r.symbols() {
			branches = append(branches, policy.Branch{Condition: p.Symbols[s].Condition})
		}
		if reader.Form().Subject.Beside() {
			branches = append(branches, own) // of another resource than the task definition
		}
		branches = slices.DeleteFunc(namedBranches(branches), func(b policy.Branch) bool {
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

// namedBranches returns the branches of conditions that have names.
func namedBranches(branches []policy.Branch) []policy.Branch {
	return slices.DeleteFunc(branches, func(b policy.Branch) bool { return b.Condition == "" || !all(policy.Text(b.Condition), oneOf("")) })
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
