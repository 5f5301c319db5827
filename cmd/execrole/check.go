package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// checkRequest is what the arguments of check ask for.
type checkRequest struct {
	request
	role, iam         []string // names of files and folders
	boundary          string
	serviceControl    []string
	resourcePolicies  []string // ARN=FILE
	failOn            string
	ignored           ignored
	baseline          string
	accepted          *baseline
	resourcePolicyOf  []check.ResourcePolicy
	boundaryPolicy    *policy.Policy
	serviceControlled []policy.Policy
	used              []string // the settings that are in the templates of roles
	// others are the roles that the tasks of a role can have instead, and that are not among the files.
	others map[*check.Role][]check.NotSeen
}

// The values of --fail-on, from the mildest answer to the strictest.
var failOn = []string{"missing", "conditional", "unneeded", "any"}

func checkCommand() *subcommand {
	r := new(checkRequest)
	return &subcommand{
		name:    "check",
		args:    "[flags] FILE...",
		example: "execrole check --role role.json task-definition.json\nexecrole check template.yaml\nexecrole check --iam account.json 'tasks/*.json'",
		about:   "say whether a role that exists fits",
		text: `Compares a role that exists with what the task definitions need, in both
directions: what is missing, denied, or allowed under a condition, and what the
role allows that no task needs. The role is read from files, such as those that
"aws iam get-role", "get-role-policy", "list-attached-role-policies" or
"get-account-authorization-details" print, or policy documents alone. A policy
of AWS that execution roles are found with is known; another one that is
attached has to be among the files. A CloudFormation template can have the role
beside the task definition: without --role and --iam, the roles are those of the
templates among the arguments. docs/check.md describes the answer.

Exit status: 0 if the role fits; 1 if it does not, as --fail-on says; 2 if it
could not be told, since something could not be read.
`,
		formats: verdictFormats(),
		flags:   r.checkFlags,
		own:     []string{"role", "iam", "boundary", "scp", "resource-policy", "fail-on", "ignore", "baseline"},
		run:     func(c *command, in *invocation) error { return c.check(r, in) },
	}
}

func (r *checkRequest) checkFlags(set *pflag.FlagSet) {
	set.StringArrayVar(&r.role, "role", nil, "the `FILE` with the role, or with a part of it, such\nas a policy document or its trust policy, or a\nfolder of them; repeatable")
	set.StringArrayVar(&r.iam, "iam", nil, "the `FILE` with the roles of an account: the role of\na task is the one that its executionRoleArn names;\nrepeatable")
	set.StringVar(&r.boundary, "boundary", "", "the `FILE` with the permissions boundary of the role")
	set.StringArrayVar(&r.serviceControl, "scp", nil, "a `FILE` with a service control policy; repeatable")
	set.StringArrayVar(&r.resourcePolicies, "resource-policy", nil, "the policy of what an ARN names: `ARN=FILE`;\nrepeatable")
	set.StringVar(&r.failOn, "fail-on", failOn[0], "the answer that gives exit status 1: `KIND` is\nmissing (also denied, and a wrong trust policy),\nconditional, unneeded, or any")
	set.Var(&r.ignored, "ignore", "leave out findings: `CODE[=RESOURCE]`; repeatable")
	set.StringVar(&r.baseline, "baseline", "", "accept what is in a `FILE` that check -f json wrote,\nand report what is new")
	r.explainFlags(set)
}

// check compares roles with task definitions.
func (c *command) check(r *checkRequest, in *invocation) error {
	if err := r.complete(in); err != nil {
		return err
	}
	read := r.readRoles
	if r.ownRoles() {
		read = func() (check.Roles, []tree.Problem, error) { return c.readOwnRoles(r) }
	}
	roles, problems, err := read()
	if err == nil {
		err = r.readPolicies()
	}
	if err == nil && r.baseline != "" {
		r.accepted, err = readBaseline(r.baseline)
	}
	if err != nil {
		return err
	}
	findings := findingsOf(problems)
	plans, fromTasks, err := c.readPlans(r, roles)
	findings = append(findings, fromTasks...)
	for _, p := range plans {
		findings = append(findings, p.Findings...)
		if p.Err() != nil {
			err = errors.Join(err, p.Err())
		}
	}
	for _, p := range problems {
		if !p.Warning {
			err = errors.Join(err, analyze.Errors{{Severity: analyze.Error}})
			break
		}
	}
	verdicts, unmatched := r.verdicts(roles, plans)
	if err = errors.Join(err, unmatched); err != nil {
		c.report(findings, r.verbose)
		return err
	}
	c.report(slices.DeleteFunc(findings, func(f analyze.Finding) bool { return f.Severity != analyze.Error && !r.verbose }), r.verbose)
	data := r.format.verdict.Write(verdicts, report.VerdictOptions{Color: r.target.path == "" && c.colour(c.Stdout), Version: version(), Text: fileText})
	done, _, err := c.write(r.target, []emit.File{{Name: "check" + r.format.extensions[0], Data: data}}, nil, r.force)
	if err != nil {
		return err
	}
	for _, line := range done {
		if !r.quiet {
			fmt.Fprintln(c.Stderr, line)
		}
	}
	return r.answer(verdicts)
}

// complete makes the request of the arguments and the configuration file, as [request.complete] does.
func (r *checkRequest) complete(in *invocation) error {
	r.own = r.checkOwn
	err := r.request.complete(in)
	r.options.OfferParameters = false // a role that exists asks for nothing
	r.options.Conditions, r.options.TemplateParameters = true, true
	for _, s := range policy.EnvironmentSymbols { // for the mappings of templates
		if value := r.options.Environment.Value(s); value != "" {
			r.options.Set = append(r.options.Set, analyze.Setting{Name: string(s), Value: value})
			r.used = append(r.used, string(s))
		}
	}
	return err
}

// checkOwn checks the flags that check alone has.
func (r *checkRequest) checkOwn() (errs []error) {
	if !slices.Contains(failOn, r.failOn) {
		errs = append(errs, fmt.Errorf("--fail-on %q: the kinds are %s", r.failOn, strings.Join(failOn, ", ")))
	}
	if len(r.role) > 0 && len(r.iam) > 0 {
		errs = append(errs, errors.New("--role and --iam exclude each other: the files of --iam have the roles too"))
	}
	for _, i := range r.ignored {
		if check.Explain(check.Code(i.code)).Title == "" {
			errs = append(errs, fmt.Errorf("--ignore %s: there is no finding %q; docs/findings.md lists them", i, i.code))
		}
	}
	return errs
}

// readPlans reads the task definitions.
func (c *command) readPlans(r *checkRequest, roles check.Roles) (plans []*analyze.Plan, findings []analyze.Finding, err error) {
	found, err := findSources(r.files)
	if err != nil {
		return nil, nil, err
	}
	opts := r.options
	if opts.CredSpecs, err = r.readCredSpecs(); err != nil {
		return nil, nil, err
	}
	analysis := analyze.NewAnalysis(opts)
	analysis.Use(r.used...)
	for _, s := range found.list {
		s.known, s.symbols = roles.Known(s.name)
		_, list, _, err := s.readPlans(analysis, c.Stdin)
		if err != nil {
			return nil, nil, err
		}
		plans = append(plans, list...)
	}
	if plans = analyze.Join(plans); r.ownRoles() {
		plans = slices.DeleteFunc(plans, func(p *analyze.Plan) bool { // a template can have roles alone
			return p.NoTaskDefinition && roles.HasTemplate(p.File)
		})
	}
	if len(plans) == 0 {
		return nil, nil, errors.New("there is no task definition in the input")
	}
	findings = analysis.Finish()
	if len(findings) > 0 {
		err = analyze.Errors(findings)
	}
	return plans, findings, err
}

// verdicts compares each role with the task definitions that use it.
func (r *checkRequest) verdicts(roles check.Roles, plans []*analyze.Plan) (verdicts []*check.Verdict, err error) {
	opts := check.Options{Environment: r.options.Environment, Boundary: r.boundaryPolicy, ResourcePolicies: r.resourcePolicyOf, Role: r.roleOptions}
	if r.serviceControlled != nil {
		opts.ServiceControl = [][]policy.Policy{r.serviceControlled}
	}
	users := map[*check.Role][]*analyze.Plan{}
	r.others = map[*check.Role][]check.NotSeen{}
	var order []*check.Role
	var errs []error
	for _, p := range plans {
		if p.Err() != nil || p.Unread {
			continue
		}
		found, err := r.rolesOf(roles, p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, role := range found {
			if users[role] == nil {
				order = append(order, role)
			}
			users[role] = append(users[role], p)
		}
	}
	if errs != nil {
		return nil, errors.Join(errs...)
	}
	for _, role := range order {
		v := check.Check(role, users[role], opts)
		v.NotSeen = append(v.NotSeen, r.others[role]...)
		r.accept(v)
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// fileText returns the text of a file of the input, for forms that count columns in characters; "" where it cannot be read
// again.
func fileText(name string) string {
	data, err := readFile(name, tree.MaxSize)
	if err != nil {
		return ""
	}
	return string(data)
}

// findingsOf returns problems of the files of a role as findings.
func findingsOf(problems []tree.Problem) (list []analyze.Finding) {
	for _, p := range problems {
		f := analyze.Finding{Severity: analyze.Error, Rule: "role", Message: p.Message}
		f.At.Place = p.At
		if p.Warning {
			f.Severity = analyze.Warning
		}
		list = append(list, f)
	}
	return list
}
