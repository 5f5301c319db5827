// Package explain says why a role is what it is: for every permission what it allows, on what, which field
// of the task definition asks for it, and why.
package explain

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// block is one statement together with the requirements that it serves.
type block struct {
	statement    policy.Statement
	requirements []*analyze.Requirement
}

// blocks pairs the role's statements with the plan's requirements. What no statement serves, which is
// everything where there is no role, comes second, in statements made of the requirements themselves.
func blocks(plan *analyze.Plan, role *policy.Role) (granted, open []block) {
	byResource := map[policy.Text][]int{}
	for _, s := range statements(role) {
		for _, r := range s.Resources {
			byResource[r] = append(byResource[r], len(granted))
		}
		granted = append(granted, block{statement: s})
	}
	type key struct {
		grant      *analyze.Grant
		actions    string
		conditions string
	}
	opened := map[key]int{}
	inOpen := map[key]map[policy.Text]bool{}
	for i := range plan.Requirements {
		r := &plan.Requirements[i]
		served := false
		for _, j := range byResource[r.Resource] {
			if serves(granted[j].statement, r) {
				granted[j].requirements = append(granted[j].requirements, r)
				served = true
			}
		}
		if served {
			continue
		}
		s := statementOf(r)
		k := key{r.Grant, strings.Join(s.Actions, "\x00"), conditionsKey(r.Conditions)}
		j, found := opened[k]
		if !found {
			j = len(open)
			opened[k] = j
			inOpen[k] = map[policy.Text]bool{}
			open = append(open, block{statement: s})
		}
		if !inOpen[k][r.Resource] {
			inOpen[k][r.Resource] = true
			open[j].statement.Resources = append(open[j].statement.Resources, r.Resource)
		}
		open[j].requirements = append(open[j].requirements, r)
	}
	return granted, open
}

// statementOf returns the statement that grants one requirement, as yet without its resource.
func statementOf(r *analyze.Requirement) policy.Statement {
	s := policy.Statement{Conditions: r.Conditions}
	if r.Grant != nil {
		s.Sid = r.Grant.Sid
	}
	for _, a := range r.Actions {
		s.Actions = append(s.Actions, a.Name)
	}
	return s
}

func conditionsKey(conditions []policy.Condition) string {
	var b strings.Builder
	for _, c := range conditions {
		b.WriteString(c.Operator + "\x00" + c.Key + "\x00")
		for _, v := range c.Values {
			b.WriteString(v.String() + "\x00")
		}
		b.WriteString("\x01")
	}
	return b.String()
}

// serves reports whether the statement, which names the requirement's resource, grants it: all of its
// actions, under no condition that it does not have.
func serves(s policy.Statement, r *analyze.Requirement) bool {
	for _, a := range r.Actions {
		if !slices.Contains(s.Actions, a.Name) {
			return false
		}
	}
	if len(s.Conditions) != len(r.Conditions) {
		return false
	}
	for _, c := range r.Conditions {
		i := slices.IndexFunc(s.Conditions, func(d policy.Condition) bool {
			return d.Operator == c.Operator && d.Key == c.Key
		})
		if i < 0 {
			return false
		}
		for _, v := range c.Values {
			if !slices.Contains(s.Conditions[i].Values, v) {
				return false
			}
		}
	}
	return true
}

// statements returns those of all permissions policies; none for a nil role.
func statements(role *policy.Role) []policy.Statement {
	if role == nil {
		return nil
	}
	var list []policy.Statement
	for _, p := range role.Policies() {
		list = append(list, p.Document.Statements...)
	}
	return list
}

// source returns a place of the input in words: "app: secrets DB_PASSWORD".
func source(container, field string) string {
	if container == "" || field == "" {
		return container + field
	}
	return container + ": " + field
}
