package check

import (
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Account is what an account's roles and task definitions say of each other.
type Account struct {
	// Verdicts are those about the roles that the tasks use.
	Verdicts []*Verdict
	// Left are the task definitions without a verdict.
	Left []Left
	// Unused are the roles that ECS may assume for tasks, and that none of the tasks has.
	Unused []*Role
}

// Left is a task definition without a verdict.
type Left struct {
	Plan *analyze.Plan
	Why  Reason
}

// Reason says why a task definition has no verdict.
type Reason string

const (
	NoneGiven  Reason = "no role"          // no role is given
	NamesNone  Reason = "names no role"    // it has no executionRoleArn
	NeedsNone  Reason = "needs no role"    // likewise, and nothing that it has asks for a permission
	NotAmong   Reason = "not in the files" // its role is not in the input, such as one of another account
	TaskUnread Reason = "task not read"    // the task definition has errors
	RoleUnread Reason = "role not read"    // a policy of the role has errors
)

// Sort orders the verdicts: first the roles that do not fit, then those that may fit, then those that fit.
func (a *Account) Sort() {
	worst := []policy.Truth{policy.No, policy.Unknown, policy.Yes}
	slices.SortStableFunc(a.Verdicts, func(v, w *Verdict) int { return slices.Index(worst, v.Fits) - slices.Index(worst, w.Fits) })
}

// Unused returns the roles that ECS may assume for tasks, whatever the conditions are, and that none of the tasks has: for
// its execution role or for its task role.
func (r Roles) Unused(plans []*analyze.Plan) (unused []*Role) {
	used := map[*Role]bool{}
	for _, p := range plans {
		found, _ := r.Of(p)
		for _, role := range found {
			used[role] = true
		}
		for _, name := range p.TaskRoles {
			used[r.Find(name)] = true
		}
	}
	for _, role := range r {
		if !used[role] && role.trustsTasks() {
			unused = append(unused, role)
		}
	}
	return unused
}

// trustsTasks reports whether a statement of the trust policy names ECS's service for tasks.
func (r *Role) trustsTasks() bool {
	if r.Trust == nil {
		return false
	}
	service := policy.Text(analyze.AssumeRole().Principal.Service)
	return slices.ContainsFunc(r.Trust.Document.Statements, func(s policy.Statement) bool {
		return s.Effect == policy.Allow && slices.ContainsFunc(s.Principals, func(p policy.Principal) bool {
			return p.Type == policy.ServicePrincipal && slices.Contains(p.IDs, service)
		})
	})
}
