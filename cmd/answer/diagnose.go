package answer

import (
	"errors"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/report"
)

// DiagnoseQuestion asks why tasks do not start. Task definitions and roles can be there too, and make the answer exact.
type DiagnoseQuestion struct {
	CheckQuestion
	// Messages are errors of ECS as people copy them, or the JSON that has them.
	Messages []Document
}

// Diagnose says what messages of ECS mean, as JSON: see docs/diagnose.md. Failed is what is wrong with the task definitions or the
// roles; there is no answer then, unless the task definitions are known in part.
func Diagnose(q DiagnoseQuestion) (data []byte, failed analyze.Errors, err error) {
	opts := diagnose.Options{}
	var errs []error
	if opts.Check, errs = q.policies(); len(q.Messages) == 0 {
		errs = append(errs, errors.New("there is no message: pass the error that ECS shows"))
	}
	q.noTasks = true
	r, err := q.open(compares, q.Messages, q.Role, q.IAM, q.others())
	errs = append(append(errs, each(err)...), q.oneSource()...)
	var messages []diagnose.Message
	for i, d := range q.Messages {
		list, err := diagnose.Read(nameOf(d, "message", i), []byte(d.Text))
		errs = append(errs, each(err)...)
		messages = append(messages, list...)
	}
	if errs != nil {
		return nil, nil, errors.Join(errs...)
	}
	where := diagnose.Where(messages)
	opts.Environment = r.analyze.Environment
	rolesIn := q.rolesIn(r)
	if rolesIn == nil && len(q.others()) > 0 {
		return nil, nil, errors.New("boundary, serviceControlPolicies and resourcePolicies say more of a role: pass it as role, or the roles of an account as iam")
	}
	var roles check.Roles
	if rolesIn != nil {
		read, used, problems := check.ReadSet(rolesIn, r.analyze.Set)
		roles = read
		failed = rolesWrong(q.problemsOf(problems, nil, nil))
		failed = append(failed, r.compare(roles, used, q.ownRoles())...)
	} else if len(r.inputs) > 0 {
		failed = r.compare(nil, nil, false)
	}
	for _, p := range r.plans {
		if p.Unread {
			failed = append(failed, errorsOf(p)...)
		}
	}
	if failed != nil {
		return nil, failed, nil
	}
	for _, p := range r.plans { // what is known of it counts
		failed = append(failed, errorsOf(p)...)
		fill(&p.Environment, where)
	}
	opts.Plans = r.plans
	if rolesIn != nil {
		fill(&r.analyze.Environment, where)
		opts.Check.Environment, opts.Check.Role = r.analyze.Environment, r.options.role
		if err := q.compareRoles(roles, diagnose.Roles(messages), &opts); err != nil {
			return nil, nil, err
		}
	}
	d := diagnose.Diagnose(messages, opts)
	if len(d.Answers)+len(d.Unknown) == 0 {
		return nil, nil, errors.New("there is no error among the messages: the service is steady, or somebody stopped the tasks")
	}
	return report.JSONDiagnosis.Write(d, false), failed, nil
}

// fill takes over what messages say of where a task runs, if nothing else says it.
func fill(e *policy.Environment, where policy.Environment) {
	for _, s := range policy.EnvironmentSymbols {
		if e.Value(s) == "" {
			e.Set(s, where.Value(s))
		}
	}
	if e.Check() != nil {
		e.Region, e.Partition = "", where.Partition
	}
}

// compareRoles compares the roles of the task definitions with what these need. Named are the roles that the messages name.
func (q DiagnoseQuestion) compareRoles(roles check.Roles, named []string, opts *diagnose.Options) error {
	only := len(q.Role) > 0 && len(roles) == 1
	opts.Role = func(name string) *check.Role {
		if only {
			return roles[0]
		}
		return roles.Find(policy.Text(name))
	}
	users := map[*check.Role][]*analyze.Plan{}
	var order []*check.Role
	for _, p := range opts.Plans {
		if p.Err() != nil {
			continue
		}
		found := roles
		if !only {
			found, _ = roles.Of(p)
			for _, name := range named { // of several, and where it names none, it is the one that the messages are about
				if role := roles.Find(policy.Text(name)); role != nil && (len(found) == 0 || slices.Contains(found, role)) {
					found = check.Roles{role}
					break
				}
			}
		}
		if len(found) == 0 && !q.ownRoles() {
			return errors.New(p.File + ": the role of this task definition is not among the roles of the call")
		}
		for _, role := range found {
			if users[role] == nil {
				order = append(order, role)
			}
			users[role] = append(users[role], p)
		}
	}
	for _, role := range order {
		opts.Verdicts = append(opts.Verdicts, check.Check(role, users[role], opts.Check))
	}
	return nil
}
