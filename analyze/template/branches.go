package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// This file gives names to the formulas of branches: a formula has the name of a condition of the template, or a name that is made
// for it, such as for "AWS::Region is eu-west-1".

// Alternatives returns the conditions under which each branch of a conditional, or each text that a function can return, is the
// value: by the IDs of the nodes, as branches that are all taken. Made are the formulas of those conditions that the template does
// not declare, by their names; nil if there are none.
func (t *Template) Alternatives() (alternatives map[int][]policy.Branch, made map[string]*policy.Formula) {
	alternatives = map[int][]policy.Branch{}
	for id, f := range t.When {
		alternatives[id] = t.branches(f)
	}
	return alternatives, t.made
}

// BranchOf returns which branch of a conditional a node is. If a value is one of several for a reason that is no condition, it gets
// a condition that is named after its place, and that has no formula.
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

// branches returns the branches that are all taken exactly where a formula holds.
func (t *Template) branches(f *policy.Formula) (list []policy.Branch) {
	branch, named := t.named[f]
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

// setBranch says that a branch of a condition of the template has this formula. Of several such branches, the first by the name of its
// condition counts.
func (t *Template) setBranch(f *policy.Formula, branch policy.Branch) {
	if known, ok := t.named[f]; ok && known.Condition <= branch.Condition {
		return
	}
	if t.named == nil {
		t.named = map[*policy.Formula]policy.Branch{}
	}
	t.named[f] = branch
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

// words says in words when a formula holds: "AWS::Region is eu-west-1 and not Prod".
func (t *Template) words(f *policy.Formula) string {
	if branch, ok := t.named[f]; ok && branch.Not {
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
