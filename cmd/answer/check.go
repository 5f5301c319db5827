package answer

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit/report"
)

// CheckQuestion asks whether roles that exist fit.
type CheckQuestion struct {
	Question
	// Role is one role, in parts, as the command takes it with --role; IAM has the roles of an account, as with --iam. Without
	// both, the roles are those of the templates among the task definitions.
	Role, IAM []Document
	// Boundary is the permissions boundary; nil for none. ServiceControl are service control policies.
	Boundary       *Document
	ServiceControl []Document
	// ResourcePolicies are policies by the ARN of what they belong to.
	ResourcePolicies map[string]Document
}

// Check compares roles with what the task definitions need, as JSON: see docs/check.md. Failed is what is wrong with the task
// definitions or the roles; then there is no answer, unless it is about others of an account.
func Check(q CheckQuestion, version string) (data []byte, failed analyze.Errors, err error) {
	opts, errs := q.policies()
	r, err := q.open(compares, q.Role, q.IAM, q.others())
	if errs = append(append(errs, each(err)...), q.oneSource()...); errs != nil {
		return nil, nil, errors.Join(errs...)
	}
	opts.Environment, opts.Role, opts.Keys = r.analyze.Environment, r.options.role, r.analyze.Keys
	opts.SourceVPCEndpoints, opts.SourceVPCs = r.analyze.SourceVPCEndpoints, r.analyze.SourceVPCs
	rolesIn := q.rolesIn(r)
	if rolesIn == nil {
		return nil, nil, errors.New("there is no role: pass its policies as role, or the roles of an account as iam; only a CloudFormation template, or what is Terraform's, can have the role in itself")
	}
	roles, used, problems := check.ReadSet(rolesIn, r.analyze.Set)
	unfit := r.compare(roles, used, q.ownRoles())
	if len(r.plans) == 0 {
		return nil, nil, errors.New("there is no task definition in the texts")
	}
	failed = rolesWrong(roles.ProblemsThatCount(q.origin(), problems, r.plans))
	for _, p := range r.plans {
		failed = append(failed, errorsOf(p)...)
	}
	account, err := q.account(roles, r, opts)
	switch {
	case err != nil && failed == nil:
		return nil, nil, err
	case err != nil, unfit != nil, failed != nil && (len(q.Role) > 0 || len(account.Verdicts) == 0):
		return nil, append(failed, unfit...), nil
	}
	form := report.VerdictOptions{Version: version}
	if len(q.IAM) > 0 {
		form.Account = account
	}
	return report.JSONVerdict.Write(account.Verdicts, form), failed, nil
}

// oneSource returns an error if the roles are there twice.
func (q CheckQuestion) oneSource() []error {
	if len(q.Role) > 0 && len(q.IAM) > 0 {
		return []error{errors.New("role and iam exclude each other: iam has the roles too")}
	}
	return nil
}

// errorsOf returns the errors of a task definition.
func errorsOf(p *analyze.Plan) (errs analyze.Errors) {
	errors.As(p.Err(), &errs)
	return errs
}

// rolesWrong returns problems of the texts of roles as errors.
func rolesWrong(problems []tree.Problem) (errs analyze.Errors) {
	for _, p := range problems {
		if p.Warning {
			continue
		}
		f := analyze.Finding{Severity: analyze.Error, Rule: "role", Message: p.Message}
		f.At.Place = p.At
		errs = append(errs, f)
	}
	return errs
}

// others returns the texts of policies that are not the role's.
func (q CheckQuestion) others() []Document {
	list := slices.AppendSeq(slices.Clone(q.ServiceControl), maps.Values(q.ResourcePolicies))
	if q.Boundary != nil {
		list = append(list, *q.Boundary)
	}
	return list
}

// compares prepares options as the command check does: a role that exists asks for nothing, and templates can depend on where
// they are deployed.
func compares(o *options) {
	o.analyze.Derive, o.analyze.Conditions, o.analyze.TemplateParameters, o.analyze.RoleExists = true, true, true, true
	for _, s := range policy.EnvironmentSymbols {
		if value := o.analyze.Environment.Value(s); value != "" {
			o.analyze.Set = append(o.analyze.Set, analyze.Setting{Name: string(s), Value: value})
		}
	}
}

// ownRoles reports whether the task definitions have the roles themselves.
func (q CheckQuestion) ownRoles() bool { return len(q.Role)+len(q.IAM) == 0 }

// rolesIn returns the inputs that have roles.
func (q CheckQuestion) rolesIn(r *reading) (list []analyze.Input) {
	if q.ownRoles() {
		for _, in := range r.inputs {
			if in.Module != nil || check.IsTerraform(in.Name, in.Source) || check.IsTemplate(in.Name, in.Source) {
				list = append(list, in)
			}
		}
		return list
	}
	for i, d := range append(slices.Clone(q.Role), q.IAM...) {
		list = append(list, analyze.Input{Name: nameOf(d, "role", i), Source: []byte(d.Text)})
	}
	return list
}

// compare reads the task definitions, with what the templates of roles say of their symbols. It returns the errors about options
// that fit nothing. Used are the settings that the roles use, and the environment counts as used.
func (r *reading) compare(roles check.Roles, used []string, own bool) analyze.Errors {
	analysis := analyze.NewAnalysis(r.analyze)
	analysis.Use(used...)
	for _, s := range policy.EnvironmentSymbols {
		analysis.Use(string(s))
	}
	exports := analyze.ExportsOf(r.inputs)
	for _, in := range r.inputs {
		in.Known, in.KnownSymbols = roles.Known(in.Name)
		in.Exports = exports
		r.plans = append(r.plans, analysis.Read(in)...)
	}
	if r.plans = analyze.Join(r.plans); own {
		r.plans = slices.DeleteFunc(r.plans, func(p *analyze.Plan) bool { // a template can have roles alone
			return p.NoTaskDefinition && roles.HasTemplate(p.File)
		})
	}
	return analysis.Finish()
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

// origin says where the roles come from.
func (q CheckQuestion) origin() check.Origin {
	switch {
	case len(q.Role) > 0:
		return check.Given
	case len(q.IAM) > 0:
		return check.OfAccount
	}
	return check.Own
}

// account compares each role with the task definitions that use it. The error is about task definitions that have no role; of an
// account, it is for the case that none has one.
func (q CheckQuestion) account(roles check.Roles, r *reading, opts check.Options) (*check.Account, error) {
	uses := roles.Uses(q.origin(), r.plans, r.terraform())
	account := &check.Account{Left: uses.Left}
	for _, role := range uses.Roles {
		account.Verdicts = append(account.Verdicts, uses.Check(role, role, opts))
	}
	account.Sort()
	if len(r.plans) > 1 {
		account.Unused = roles.Unused(r.plans)
	}
	if len(q.IAM) > 0 && len(account.Verdicts) > 0 {
		return account, nil
	}
	var errs []error
	for _, l := range uses.Left {
		name := check.LabelOf(l.Plan)
		switch l.Why {
		case check.NoneGiven:
			return nil, errors.New("role has no role in it")
		case check.NamesNone, check.NeedsNone:
			errs = append(errs, fmt.Errorf("%s: the task definition %s names no executionRoleArn: pass its role as role", l.Plan.File, name))
		case check.NotAmong:
			for _, named := range l.Named() {
				errs = append(errs, fmt.Errorf("%s: the execution role of %s is %s, and it is not among the roles of the call", named.At, name, analyze.Printable(l.Plan.Symbols.Written(named.Role))))
			}
		}
	}
	return account, errors.Join(errs...)
}

// terraform returns which inputs are Terraform's, by their names.
func (r *reading) terraform() map[string]bool {
	list := map[string]bool{}
	for _, in := range r.inputs {
		list[in.Name] = in.Module != nil || check.IsTerraform(in.Name, in.Source)
	}
	return list
}
