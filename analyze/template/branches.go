package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// This file gives the formulas of branches names: those of the template's conditions, or others, such as that AWS::Region is a row
// of a mapping.

// Alternatives returns the branches in which each branch of a conditional, or text of several that a function can return, is the
// value, by the IDs of the nodes. Made are the formulas of those conditions that the template does not have, by their names.
func (t *Template) Alternatives() (alternatives map[int][]policy.Branch, made map[string]*policy.Formula) {
	alternatives = map[int][]policy.Branch{}
	for id, f := range t.When {
		alternatives[id] = t.branches(f)
	}
	return alternatives, t.made
}

// BranchOf returns which branch of a conditional a node is. A value that is one of several for another reason has a condition
// without a formula of its own.
func (t *Template) BranchOf(n *tree.Node) policy.Branch {
	if f := t.When[n.ID]; f != nil {
		if list := t.branches(f); len(list) == 1 {
			return list[0]
		}
		return t.makeBranch(f)
	}
	if branch, ok := t.Branches[t.pointerTo(n)]; ok && branch.Condition != "" {
		return branch
	}
	line, column := t.Doc.Source.Position(n.Start)
	return policy.Branch{Condition: fmt.Sprintf("value %d of those at %d:%d", n.Index+1, line, column)}
}

// branches returns the branches that are all taken where a formula holds.
func (t *Template) branches(f *policy.Formula) (list []policy.Branch) {
	branch, named := t.branchFor(f)
	switch {
	case named:
		return []policy.Branch{branch}
	case f.Op == policy.And && len(f.Of) > 0:
		for _, part := range f.Of {
			for _, b := range t.branches(part) {
				if !slices.Contains(list, b) {
					list = append(list, b)
				}
			}
		}
		return list
	}
	return []policy.Branch{t.makeBranch(f)}
}

// branchFor returns the branch of a condition of the template whose formula it is.
func (t *Template) branchFor(f *policy.Formula) (branch policy.Branch, ok bool) {
	for not, formulas := range map[bool]map[string]*policy.Formula{false: t.formulas, true: t.negated} {
		for name, other := range formulas {
			if other == f && (!ok || name < branch.Condition) {
				branch, ok = policy.Branch{Condition: name, Not: not}, true
			}
		}
	}
	return branch, ok
}

// makeBranch returns a branch in which a formula holds that is no condition of the template.
func (t *Template) makeBranch(f *policy.Formula) policy.Branch {
	name := policy.NamelessCondition(t.words(f))
	if t.made == nil {
		t.made = map[string]*policy.Formula{}
	}
	t.made[name] = f
	return policy.Branch{Condition: name}
}

// words says when a formula holds.
func (t *Template) words(f *policy.Formula) string {
	if branch, ok := t.branchFor(f); ok && branch.Not {
		return "not " + branch.Condition
	} else if ok {
		return branch.Condition
	}
	var parts []string
	for _, part := range f.Of {
		words := t.words(part)
		if len(part.Of) > 1 {
			words = "(" + words + ")"
		}
		parts = append(parts, words)
	}
	switch f.Op {
	case policy.Equals:
		return f.Variable + " is " + f.Value
	case policy.Not:
		return "not (" + parts[0] + ")"
	case policy.And:
		return strings.Join(parts, " and ")
	}
	return strings.Join(parts, " or ")
}
