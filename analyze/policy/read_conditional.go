package policy

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// This file takes the conditionals in documents apart.

// element is a value, with the branches of conditionals in which it is.
type element struct {
	*tree.Node
	branches []Branch
}

// branchesOf returns the elements in the branches of a conditional, without those that are absent.
func (r *documentReader) branchesOf(n *tree.Node) (list []element) {
	for i := range n.Children {
		kid := &n.Children[i]
		if kid.Kind == tree.Null {
			continue
		}
		branch := r.branchOf(kid)
		for _, e := range r.elementsOf(kid) {
			if branches, ok := joinBranches([]Branch{branch}, e.branches); ok {
				list = append(list, element{e.Node, branches})
			}
		}
	}
	return list
}

// joinBranches returns the branches of both lists, each once; not ok where they contradict each other.
func joinBranches(a, b []Branch) (list []Branch, ok bool) {
	list = slices.Clone(a)
	for _, branch := range b {
		if slices.Contains(list, Branch{branch.Condition, !branch.Not}) {
			return nil, false
		}
		if !slices.Contains(list, branch) {
			list = append(list, branch)
		}
	}
	return list, true
}

// maxAlternatives is how many values one value with conditionals may be.
const maxAlternatives = 64

// alternatives returns the values without conditionals that a value can be; not ok where there are too many.
func (r *documentReader) alternatives(n *tree.Node) (list []element, ok bool) {
	if n.Kind == tree.Choice {
		for i := range n.Children {
			branch := r.branchOf(&n.Children[i])
			inner, ok := r.alternatives(&n.Children[i])
			if !ok {
				return nil, false
			}
			for _, e := range inner {
				if branches, ok := joinBranches([]Branch{branch}, e.branches); ok {
					value := *e.Node
					value.Name, value.Parent, value.Index = n.Name, n.Parent, n.Index
					list = append(list, element{&value, branches})
				}
			}
		}
		return list, len(list) <= maxAlternatives
	}
	list = []element{{Node: n}}
	for i := range n.Children {
		inner, ok := r.alternatives(&n.Children[i])
		if !ok {
			return nil, false
		}
		if len(inner) == 1 && inner[0].Node == &n.Children[i] {
			continue
		}
		var longer []element
		for _, e := range list {
			for _, kid := range inner {
				if branches, ok := joinBranches(e.branches, kid.branches); ok {
					value := *e.Node
					value.Children = slices.Clone(value.Children)
					value.Children[i] = *kid.Node
					longer = append(longer, element{&value, branches})
				}
			}
		}
		if list = longer; len(list) > maxAlternatives {
			return nil, false
		}
	}
	for _, e := range list {
		if e.Node != n && e.Kind == tree.List {
			e.Children = slices.DeleteFunc(e.Children, func(kid tree.Node) bool { return kid.Kind == tree.Null })
		}
	}
	return list, true
}

// statements returns what a statement is in the branches of its conditionals. Where the branches differ in the resources
// alone, it is one statement, whose resources know their branches.
func (r *documentReader) statements(e element) (list []Statement) {
	if r.branchOf == nil {
		return []Statement{r.statement(e.Node)}
	}
	simple := func(m tree.Node) bool { return m.Name == "Action" || m.Name == "Resource" }
	rest := *e.Node
	rest.Children = slices.DeleteFunc(slices.Clone(rest.Children), simple)
	alternatives, ok := r.alternatives(&rest)
	if !ok {
		r.report(e.Node, "the statement has too many conditionals")
		return nil
	}
	actions := []element{{}}
	if n := e.Member("Action"); n != nil {
		actions = r.byBranches(n)
	}
	for _, a := range alternatives {
		for _, action := range actions {
			branches, ok := joinBranches(e.branches, a.branches)
			if ok {
				branches, ok = joinBranches(branches, action.branches)
			}
			if !ok {
				continue
			}
			n := *a.Node
			n.Children = slices.Clone(n.Children)
			if action.Node != nil {
				n.Children = append(n.Children, *action.Node)
			}
			if resource := e.Member("Resource"); resource != nil {
				n.Children = append(n.Children, *resource)
			}
			s := r.statement(&n)
			s.Branches = branches
			list = append(list, s)
		}
	}
	return list
}

// byBranches returns the elements of a list as one list for each combination of branches.
func (r *documentReader) byBranches(n *tree.Node) (lists []element) {
	index := map[string]int{}
	for _, e := range r.elementsOf(n) {
		var words []string
		for _, b := range e.branches {
			words = append(words, b.String())
		}
		key := strings.Join(words, "\n")
		i, seen := index[key]
		if !seen {
			i = len(lists)
			index[key] = i
			list := *n
			list.Kind, list.Children = tree.List, nil
			lists = append(lists, element{&list, e.branches})
		}
		lists[i].Children = append(lists[i].Children, *e.Node)
	}
	return lists
}
