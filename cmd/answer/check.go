package answer

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/report"
)

// CheckQuestion asks whether roles that exist fit.
type CheckQuestion struct {
	Question
	// Role is one role, in parts, as the command takes it with --role; Account has the roles of an account, as with --iam. One of
	// them is given.
	Role, Account []Document
	// Boundary is the permissions boundary; nil for none. ServiceControl are service control policies.
	Boundary       *Document
	ServiceControl []Document
	// ResourcePolicies are policies by the ARN of what they belong to.
	ResourcePolicies map[string]Document
}

// Check compares roles with what the task definitions need, as JSON: see docs/check.md. Failed is what is wrong with the task
// definitions or the roles; then there is no answer.
func Check(q CheckQuestion, version string) (data []byte, failed analyze.Errors, err error) {
	opts, errs := q.policies()
	switch {
	case len(q.Role)+len(q.Account) == 0:
		errs = append(errs, errors.New("there is no role: pass its policies as role, or the roles of an account as account"))
	case len(q.Role) > 0 && len(q.Account) > 0:
		errs = append(errs, errors.New("role and account exclude each other: account has the roles too"))
	}
	errs = append(errs, checkSize(q.Role, q.Account, q.ServiceControl, q.TaskDefinitions)...)
	r, err := q.read(func(o *options) { o.analyze.Derive = true })
	if errs = append(errs, each(err)...); errs != nil {
		return nil, nil, errors.Join(errs...)
	}
	opts.Environment, opts.Role = r.analyze.Environment, r.options.role
	var inputs []analyze.Input
	for i, d := range append(q.Role, q.Account...) {
		inputs = append(inputs, analyze.Input{Name: nameOf(d, "role", i), Source: []byte(d.Text)})
	}
	roles, problems := check.Read(inputs)
	for _, p := range problems {
		if !p.Warning {
			f := analyze.Finding{Severity: analyze.Error, Rule: "role", Message: p.Message}
			f.At.Place = p.At
			failed = append(failed, f)
		}
	}
	for _, p := range r.plans {
		var errs analyze.Errors
		if errors.As(p.Err(), &errs) {
			failed = append(failed, errs...)
		}
	}
	if failed != nil {
		return nil, failed, nil
	}
	if len(q.Role) > 0 && len(roles) != 1 {
		return nil, nil, fmt.Errorf("role has %d roles, and one is allowed: pass the roles of an account as account", len(roles))
	}
	verdicts, err := verdicts(roles, r.plans, opts, len(q.Role) > 0)
	if err != nil {
		return nil, nil, err
	}
	return report.JSONVerdict.Write(verdicts, report.VerdictOptions{Version: version}), nil, nil
}

// policies reads the other policies that have a say.
func (q CheckQuestion) policies() (opts check.Options, errs []error) {
	read := func(d Document, what string, i int) policy.Policy {
		name := nameOf(d, what, i)
		document, problems := policy.ReadDocument(name, []byte(d.Text))
		for _, p := range problems {
			if !p.Warning {
				errs = append(errs, fmt.Errorf("%s: %s", p.At, p.Message))
			}
		}
		return policy.Policy{Name: name, Document: document}
	}
	if q.Boundary != nil {
		p := read(*q.Boundary, "boundary", 0)
		opts.Boundary = &p
	}
	var controls []policy.Policy
	for i, d := range q.ServiceControl {
		controls = append(controls, read(d, "service-control-policy", i))
	}
	if controls != nil {
		opts.ServiceControl = [][]policy.Policy{controls}
	}
	for _, arn := range slices.Sorted(maps.Keys(q.ResourcePolicies)) {
		if _, ok := policy.CutARN(policy.Text(arn)); !ok {
			errs = append(errs, fmt.Errorf("%q of the resource policies is no ARN", arn))
			continue
		}
		opts.ResourcePolicies = append(opts.ResourcePolicies, check.ResourcePolicy{Of: policy.Text(arn), Policy: read(q.ResourcePolicies[arn], "resource-policy", 0)})
	}
	return opts, errs
}

// verdicts compares each role with the task definitions that use it: the only role with all, or the one that executionRoleArn
// names.
func verdicts(roles check.Roles, plans []*analyze.Plan, opts check.Options, only bool) (list []*check.Verdict, err error) {
	users := map[*check.Role][]*analyze.Plan{}
	var order []*check.Role
	var errs []error
	for _, p := range plans {
		var role *check.Role
		if only {
			role = roles[0]
		} else {
			role = roles.Find(p.ExecutionRole)
		}
		switch {
		case !only && p.ExecutionRole == "":
			errs = append(errs, fmt.Errorf("%s: the task definition %s names no executionRoleArn: pass its role as role", p.File, label(p)))
			continue
		case role == nil:
			errs = append(errs, fmt.Errorf("%s: the role %s is not in account", p.File, p.ExecutionRole))
			continue
		}
		if users[role] == nil {
			order = append(order, role)
		}
		users[role] = append(users[role], p)
	}
	for _, role := range order {
		list = append(list, check.Check(role, users[role], opts))
	}
	return list, errors.Join(errs...)
}
