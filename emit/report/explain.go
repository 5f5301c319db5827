// Package report says why a role is what it is: for every permission what it allows, on what, which field of the task
// definition asks for it, and why. It writes that as text, as JSON and as Markdown.
package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// block is one statement together with the requirements that asked for it.
type block struct {
	statement    policy.Statement
	requirements []*analyze.Requirement
}

// blocks pairs the role's statements with the plan's requirements. The requirements that no statement grants come in
// blocks of their own: those that an attached managed policy grants, and those that nothing grants, which are all of
// them where there is no role.
func blocks(plan *analyze.Plan, role *policy.Role) (written, attached, open []block) {
	granted := make([]bool, len(plan.Requirements))
	for _, s := range statements(role) {
		b := block{statement: s}
		for _, n := range requirementNumbers(&s) {
			if n >= 1 && n <= len(plan.Requirements) {
				granted[n-1] = true
				b.requirements = append(b.requirements, &plan.Requirements[n-1])
			}
		}
		written = append(written, b)
	}
	var byAttached, byNone []*analyze.Requirement
	for i := range plan.Requirements {
		r := &plan.Requirements[i]
		switch {
		case r.GrantedBy != "" && (role == nil || slices.Contains(role.Attached, r.GrantedBy)):
			byAttached = append(byAttached, r)
		case !granted[i]:
			byNone = append(byNone, r)
		}
	}
	return written, group(byAttached), group(byNone)
}

// requirementNumbers returns the numbers of the requirements that asked for the statement, sorted.
func requirementNumbers(s *policy.Statement) []int {
	var numbers []int
	for _, from := range s.Askers() {
		numbers = append(numbers, from.Requirement)
	}
	slices.Sort(numbers)
	return numbers
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
		k := key{r.Grant, fmt.Sprintf("%q", s.Actions), fmt.Sprintf("%q", r.Conditions)}
		j, found := index[k]
		if !found {
			j = len(list)
			index[k] = j
			has[k] = map[policy.Text]bool{}
			list = append(list, block{statement: s})
		}
		if !has[k][r.Resource] {
			has[k][r.Resource] = true
			list[j].statement.Resources = append(list[j].statement.Resources, policy.Value{Text: r.Resource})
		}
		list[j].requirements = append(list[j].requirements, r)
	}
	return list
}

// statementOf returns the statement that grants one requirement, without its resource.
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

// environmentOf returns where the role is used, as far as that is known. The caller of the library may know more than the
// plan, and says so in the role.
func environmentOf(plan *analyze.Plan, role *policy.Role) policy.Environment {
	if role != nil {
		return role.Environment
	}
	return plan.Environment
}

// source returns a place of the input in words: "app: secrets DB_PASSWORD", with the task definition before it where
// several share the role.
func source(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), ": ")
}
