package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// Origin says where roles come from. It decides what it means that a task definition names none of them.
type Origin int

const (
	Given     Origin = iota // for the task definitions: a single one is the role of all
	OfAccount               // an account
	Own                     // the documents of the task definitions
)

// Uses say which task definitions use which roles.
type Uses struct {
	// Roles are those that task definitions use, in the order of the task definitions.
	Roles []*Role
	Tasks map[*Role][]*analyze.Plan
	// Left are the task definitions without a role to compare with.
	Left []Left

	others map[*Role][]NotSeen // those that the tasks of a role can have instead
	unread map[*Role]bool      // a task definition of the role has errors
}

// Uses finds out which roles the task definitions use: several where that depends on a condition. Terraform says which
// documents are Terraform's, by their names: there, a role that none of them has is somebody else's and no mistake, so that it
// counts as a role of which nothing is known.
func (r Roles) Uses(from Origin, plans []*analyze.Plan, terraform map[string]bool) *Uses {
	u := &Uses{Tasks: map[*Role][]*analyze.Plan{}, others: map[*Role][]NotSeen{}, unread: map[*Role]bool{}}
	elsewhere := map[string]*Role{}
	for _, p := range plans {
		if p.Err() != nil || p.Unread {
			u.leave(p, TaskUnread)
			found, _ := r.Of(p)
			for _, role := range found {
				u.unread[role] = true
			}
			continue
		}
		found, unknown, why := r.usedBy(p, from, terraform[p.File])
		for _, named := range unknown {
			switch {
			case len(found) > 0: // one of several by a conditional
				for _, role := range found {
					u.others[role] = append(u.others[role], NotSeen(fmt.Sprintf("the role %s, which %s can have too", analyze.Printable(p.Symbols.Written(named.Role)), LabelOf(p))))
				}
			case from == Own && terraform[p.File]:
				key := p.File + "\n" + string(named.Role)
				if elsewhere[key] == nil {
					elsewhere[key] = Elsewhere(named)
				}
				found, why = append(found, elsewhere[key]), ""
			default:
				why = NotAmong
			}
		}
		if why != "" {
			u.leave(p, why)
		}
		for _, role := range found {
			u.use(role, p)
		}
	}
	return u
}

// usedBy returns the roles that a task definition uses, and those that it names and that are not among them; or else why it has
// none.
func (r Roles) usedBy(p *analyze.Plan, from Origin, terraform bool) (found Roles, unknown []analyze.NamedRole, why Reason) {
	switch {
	case from == Given && len(r) == 1:
		return r, nil, ""
	case from == Given && len(r) == 0:
		return nil, nil, NoneGiven
	case from == Own && terraform && len(p.ExecutionRoles) == 0 && IsModuleCall(p.Name):
		return Roles{InModule(p)}, nil, ""
	case p.ExecutionRole == "" && from == Own:
		return Roles{{Absent: true, Name: LabelOf(p), Place: p.At()}}, nil, ""
	case p.ExecutionRole == "" && from == OfAccount && len(p.Requirements) == 0:
		return nil, nil, NeedsNone
	case p.ExecutionRole == "":
		return nil, nil, NamesNone
	}
	if found, unknown = r.Of(p); len(found)+len(unknown) == 0 {
		return nil, nil, NotAmong
	}
	return found, unknown, ""
}

// use notes that a task definition uses a role, if the role can be compared.
func (u *Uses) use(role *Role, p *analyze.Plan) {
	if slices.ContainsFunc(role.Problems, func(p tree.Problem) bool { return !p.Warning }) {
		u.leave(p, RoleUnread)
		return
	}
	if u.Tasks[role] == nil {
		u.Roles = append(u.Roles, role)
	}
	u.Tasks[role] = append(u.Tasks[role], p)
}

func (u *Uses) leave(p *analyze.Plan, why Reason) { u.Left = append(u.Left, Left{p, why}) }

// Check compares a role with the task definitions that use it, or that use another one, of which it is a changed version.
func (u *Uses) Check(role, of *Role, opts Options) *Verdict {
	opts.TasksUnread = u.unread[of]
	v := Check(role, u.Tasks[of], opts)
	v.NotSeen = append(v.NotSeen, u.others[of]...)
	return v
}

// LabelOf returns the name of a task definition in messages.
func LabelOf(p *analyze.Plan) string { return analyze.Printable(cmp.Or(p.Family, p.Name)) }

// ProblemsThatCount returns those problems of documents of roles that matter for the task definitions: of an account, a policy of
// a role that none of them uses does not.
func (r Roles) ProblemsThatCount(from Origin, problems []tree.Problem, plans []*analyze.Plan) []tree.Problem {
	if from != OfAccount {
		return problems
	}
	used := map[*Role]bool{}
	for _, p := range plans {
		found, _ := r.Of(p)
		for _, role := range found {
			used[role] = true
		}
	}
	of, needed := map[tree.Problem]bool{}, map[tree.Problem]bool{}
	for _, role := range r {
		for _, p := range role.Problems {
			of[p] = true
			needed[p] = needed[p] || used[role]
		}
	}
	return slices.DeleteFunc(slices.Clone(problems), func(p tree.Problem) bool { return of[p] && !needed[p] })
}

// Named returns the roles that a task definition names, with the places.
func (l Left) Named() []analyze.NamedRole {
	if p := l.Plan; len(p.ExecutionRoles) == 0 && p.ExecutionRole != "" {
		return []analyze.NamedRole{{Role: p.ExecutionRole, At: taskdef.Ref{Place: p.At()}}}
	}
	return l.Plan.ExecutionRoles
}
