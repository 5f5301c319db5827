package answer

import (
	"errors"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
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
	opts, errs := q.policies()
	if len(q.Messages) == 0 {
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
	rolesIn := q.rolesIn(r)
	if rolesIn == nil && len(q.others()) > 0 {
		return nil, nil, errors.New("boundary, serviceControlPolicies and resourcePolicies say more of a role: pass it as role, or the roles of an account as iam")
	}
	var roles check.Roles
	if rolesIn != nil {
		read, used, problems := check.ReadSet(rolesIn, r.analyze.Set)
		roles = read
		failed = rolesWrong(problems)
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
	}
	opts.Environment, opts.Role = r.analyze.Environment, r.options.role
	known := diagnose.Known{Plans: r.plans, Roles: roles, From: q.origin(), Check: opts}
	d, uses := known.Diagnose(messages)
	if len(uses.Left) > 0 && !q.ownRoles() {
		return nil, nil, errors.New(uses.Left[0].Plan.File + ": the role of this task definition is not among the roles of the call")
	}
	if len(d.Answers)+len(d.Unknown) == 0 {
		return nil, nil, errors.New("there is no error among the messages: the service is steady, or somebody stopped the tasks")
	}
	return report.JSONDiagnosis.Write(d, false), failed, nil
}
