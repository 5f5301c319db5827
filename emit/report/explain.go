// Package explain says why a role is what it is: for every permission what it allows, on what, which field
// of the task definition asks for it, and why.
package report

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

// blocks pairs the role's statements with the plan's requirements. What a managed policy grants that the role has
// attached, and what nothing serves, which is everything where there is no role, come in statements made of the
// requirements themselves.
func blocks(plan *analyze.Plan, role *policy.Role) (written, attached, open []block) {
	byResource := map[policy.Text][]int{}
	for _, s := range statements(role) {
		for _, r := range s.Resources {
			byResource[r] = append(byResource[r], len(written))
		}
		written = append(written, block{statement: s})
	}
	var byAttached, byNone []*analyze.Requirement
	for i := range plan.Requirements {
		r := &plan.Requirements[i]
		if r.GrantedBy != "" && (role == nil || slices.Contains(role.Attached, r.GrantedBy)) {
			byAttached = append(byAttached, r)
			continue
		}
		served := false
		for _, j := range byResource[r.Resource] {
			if serves(written[j].statement, r) {
				written[j].requirements = append(written[j].requirements, r)
				served = true
			}
		}
		if !served {
			byNone = append(byNone, r)
		}
	}
	return written, group(byAttached), group(byNone)
}

// group makes statements of requirements: one of those that differ in their resources alone.
func group(requirements []*analyze.Requirement) (list []block) {
	type key struct {
		grant      *analyze.Grant
		actions    string
		conditions string
	}
	index := map[key]int{}
	has := map[key]map[policy.Text]bool{}
	for _, r := range requirements {
		s := statementOf(r)
		k := key{r.Grant, strings.Join(s.Actions, "\x00"), conditionsKey(r.Conditions)}
		j, found := index[k]
		if !found {
			j = len(list)
			index[k] = j
			has[k] = map[policy.Text]bool{}
			list = append(list, block{statement: s})
		}
		if !has[k][r.Resource] {
			has[k][r.Resource] = true
			list[j].statement.Resources = append(list[j].statement.Resources, r.Resource)
		}
		list[j].requirements = append(list[j].requirements, r)
	}
	return list
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
