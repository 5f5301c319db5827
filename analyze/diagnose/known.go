package diagnose

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
)

// Known is what is known besides the messages.
type Known struct {
	// Plans are those of the task definitions. What the messages say of where the tasks run is filled into them.
	Plans []*analyze.Plan
	// Roles are those that exist, which are compared with the plans; nil where none is known. From says where they come from.
	Roles check.Roles
	From  check.Origin
	// Check are the options of the comparison. Its environment is where the tasks run, as far as that is known.
	Check check.Options
}

// Diagnose says what messages mean, with what is known besides. It returns the roles that it compared with the task definitions
// that use them. Where the messages show the region only by what they say of a field, the answer is made again.
func (k *Known) Diagnose(messages []Message) (*Diagnosis, *check.Uses) {
	plans := About(slices.DeleteFunc(slices.Clone(k.Plans), func(p *analyze.Plan) bool { return p.Unread }), messages)
	where := Where(messages)
	for {
		for _, p := range plans {
			FillEnvironment(&p.Environment, where)
		}
		opts := Options{Environment: k.Check.Environment, Plans: plans, Check: k.Check}
		uses := &check.Uses{Tasks: map[*check.Role][]*analyze.Plan{}}
		if k.Roles != nil || k.From != check.Own {
			FillEnvironment(&opts.Check.Environment, where)
			opts.Role = k.role
			uses = k.uses(plans, Roles(messages))
			for _, role := range uses.Roles {
				opts.Verdicts = append(opts.Verdicts, uses.Check(role, role, opts.Check))
			}
		}
		d := Diagnose(messages, opts)
		region := d.Region()
		if region == "" || where.Region != "" {
			d.Verdicts, d.Check = opts.Verdicts, opts.Check
			return d, uses
		}
		where.Region = region
	}
}

// only reports whether the roles are a single one, which is that of all tasks.
func (k *Known) only() bool { return k.From == check.Given && len(k.Roles) == 1 }

// role returns the role of a name; nil if there is none.
func (k *Known) role(name string) *check.Role {
	if k.only() {
		return k.Roles[0]
	}
	return k.Roles.Find(policy.Text(name))
}

// uses finds out which roles the task definitions use. Of several, and where a task definition names none, it is the one that the
// messages are about. A role that is not there, and one that is not called so, is no reason to say nothing.
func (k *Known) uses(plans []*analyze.Plan, named []string) *check.Uses {
	u := &check.Uses{Tasks: map[*check.Role][]*analyze.Plan{}}
	for _, p := range plans {
		if p.Err() != nil {
			continue
		}
		found := k.Roles
		if !k.only() {
			found, _ = k.Roles.Of(p)
			for _, name := range named {
				if role := k.Roles.Find(policy.Text(name)); role != nil && (len(found) == 0 || slices.Contains(found, role)) {
					found = check.Roles{role}
					break
				}
			}
		}
		if len(found) == 0 {
			u.Left = append(u.Left, check.Left{Plan: p, Why: check.NotAmong})
		}
		for _, role := range found {
			if u.Tasks[role] == nil {
				u.Roles = append(u.Roles, role)
			}
			u.Tasks[role] = append(u.Tasks[role], p)
		}
	}
	return u
}

// About returns those of many task definitions that the messages are about: by the name of the task definition, or
// else by that of the role. If they say neither, it is all.
func About(plans []*analyze.Plan, messages []Message) []*analyze.Plan {
	families, roles := Families(messages), Roles(messages)
	isNamed := func(t policy.Text) bool {
		return t.IsLiteral() && slices.Contains(roles, string(t[strings.LastIndexByte(string(t), '/')+1:]))
	}
	for _, fits := range []func(p *analyze.Plan) bool{
		func(p *analyze.Plan) bool { return slices.Contains(families, p.Family) },
		func(p *analyze.Plan) bool {
			return isNamed(p.ExecutionRole) || slices.ContainsFunc(p.TaskRoles, isNamed)
		},
	} {
		if list := slices.DeleteFunc(slices.Clone(plans), func(p *analyze.Plan) bool { return !fits(p) }); len(list) > 0 {
			return list
		}
	}
	return plans
}

// FillEnvironment takes over what messages say of where a task runs, if nothing else says it.
func FillEnvironment(e *policy.Environment, where policy.Environment) {
	for _, s := range policy.EnvironmentSymbols {
		if e.Value(s) == "" {
			e.Set(s, where.Value(s))
		}
	}
	if e.Check() != nil {
		e.Region, e.Partition = "", where.Partition
	}
}
