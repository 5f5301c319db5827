package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/cmd/flags"
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
	patch             bool          // --fix
	tight             string        // "" for no; tightKept or tightAll
	inputs            roleInputs    // that the roles are read from
	comparing         check.Options // those of each comparison
	account           check.Account // what --iam makes of the inputs
	used              []string      // the settings that are in the templates of roles
	uses              *check.Uses
	terraform         map[string]bool // the inputs that are Terraform's, by their names
}

// The values of --tight: what is unexplained is kept, or goes too.
const (
	tightKept = "explained"
	tightAll  = "all"
)

// The values of --fail-on, from the mildest answer to the strictest.
var failOn = []string{"missing", "conditional", "unneeded", "any"}

func checkCommand() *subcommand {
	r := new(checkRequest)
	return &subcommand{
		name:    "check",
		args:    "[flags] FILE...",
		example: "execrole check --role role.json task-definition.json\nexecrole check template.yaml\nexecrole check ./infra\nexecrole check --iam account.json 'tasks/*.json'",
		about:   "say whether a role that exists fits",
		text: `Compares a role that exists with what the task definitions need, in both
directions: what is missing, denied, or allowed under a condition, and what the
role allows that no task needs. The role is read from files, such as those that
"aws iam get-role", "get-role-policy", "list-attached-role-policies" or
"get-account-authorization-details" print, or policy documents alone. A policy
of AWS that execution roles are found with is known; another one that is
attached has to be among the files. A CloudFormation template can have the role
beside the task definition, and so can source, a plan or a state of Terraform:
without --role and --iam, the roles are those of these among the arguments.
docs/check.md describes the answer.

docs/collect.sh writes a folder with the roles and the task definitions of an
account: "execrole check --iam FOLDER" needs no other file. The answer about an
account ends in a table, with the details of roles that do not fit above it, and
with -v those of all roles.

Exit status: 0 if the role fits; 1 if it does not, as --fail-on says; 2 if it
could not be told, since something could not be read.
`,
		formats: verdictFormats(),
		flags:   r.checkFlags,
		own:     []string{"role", "iam", "boundary", "scp", "resource-policy", "fail-on", "ignore", "baseline", "fix", "tight"},
		run:     func(c *command, in *invocation) error { return c.check(r, in) },
	}
}

func (r *checkRequest) checkFlags(set *pflag.FlagSet) {
	flags.Strings(set, &r.role, "role", "the `FILE` with the role, or with a part of it, such\nas a policy document or its trust policy, or a\nfolder of them; repeatable")
	flags.Strings(set, &r.iam, "iam", "the `FILE` or folder with the roles of an account:\nthe role of a task is the one that its\nexecutionRoleArn names; repeatable")
	set.StringVar(&r.boundary, "boundary", "", "the `FILE` with the permissions boundary of the role")
	flags.Strings(set, &r.serviceControl, "scp", "a `FILE` with a service control policy; repeatable")
	flags.Strings(set, &r.resourcePolicies, "resource-policy", "the policy of what an ARN names: `ARN=FILE`;\nrepeatable")
	set.StringVar(&r.failOn, "fail-on", failOn[0], "the answer that gives exit status 1: `KIND` is\nmissing (also denied, and a wrong trust policy),\nconditional, unneeded, or any")
	set.Var(&r.ignored, "ignore", "leave out findings: `CODE[=RESOURCE]`; repeatable")
	set.StringVar(&r.baseline, "baseline", "", "accept what is in a `FILE` that check -f json wrote,\nand report what is new")
	set.BoolVar(&r.patch, "fix", false, "print what the files of the role lack, as a\ndifference for git apply; with -o, write them")
	set.StringVar(&r.tight, "tight", "", "as --fix, but the role allows what is needed and\nno more; `WHAT` is all if what is unexplained goes\ntoo")
	set.Lookup("tight").NoOptDefVal = tightKept
	r.explainFlags(set)
}

// check compares roles with task definitions.
func (c *command) check(r *checkRequest, in *invocation) error {
	if err := r.complete(in); err != nil {
		return err
	}
	defer r.inputs.close()
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
	plans, fromTasks, err := c.readPlans(r, roles)
	problems = roles.ProblemsThatCount(r.origin(), problems, plans)
	findings := slices.Clone(fromTasks)
	for _, p := range plans {
		findings = append(findings, p.Findings...)
	}
	findings = append(newFindings(problems, findings), findings...)
	wrong := errorsOf(plans, problems)
	verdicts, unmatched := r.verdicts(roles, plans)
	if err = errors.Join(err, unmatched); err != nil || wrong != nil && (len(verdicts) == 0 || len(r.role) > 0) {
		c.report(findings, r.verbose)
		return errors.Join(wrong, err)
	}
	c.report(slices.DeleteFunc(findings, func(f analyze.Finding) bool { return f.Severity != analyze.Error && !r.verbose }), r.verbose)
	fixes := &fixing{command: c, checkRequest: r, roles: roles, verdicts: verdicts}
	if r.edits {
		return fixes.fix()
	}
	opts := report.VerdictOptions{Color: r.target.path == "" && c.colour(c.Stdout), Version: version(), Text: fileText, All: r.verbose, Fix: fixes.replacements()}
	if len(r.iam) > 0 {
		opts.Account = &r.account
	}
	data := r.format.verdict.Write(verdicts, opts)
	done, _, err := c.write(r.target, []emit.File{{Name: "check" + r.format.extensions[0], Data: data}}, nil, r.force)
	if err != nil {
		return err
	}
	for _, line := range done {
		if !r.quiet {
			fmt.Fprintln(c.Stderr, line)
		}
	}
	if err := r.answer(verdicts); err == errNo {
		return err // whatever could not be read
	} else if err = errors.Join(err, wrong, r.leftError()); err != nil {
		return err
	}
	return nil
}

// errorsOf returns the errors of task definitions and of the files of roles; nil if there is none.
func errorsOf(plans []*analyze.Plan, problems []tree.Problem) (err error) {
	for _, p := range plans {
		if p.Err() != nil {
			err = errors.Join(err, p.Err())
		}
	}
	if slices.ContainsFunc(problems, func(p tree.Problem) bool { return !p.Warning }) {
		err = errors.Join(err, analyze.Errors{{Severity: analyze.Error}})
	}
	return err
}

// complete makes the request of the arguments and the configuration file, as [request.complete] does.
func (r *checkRequest) complete(in *invocation) error {
	r.own = r.checkOwn
	r.openCollected(in)
	err := r.request.complete(in)
	r.options.OfferParameters = false // a role that exists asks for nothing
	r.options.Conditions, r.options.TemplateParameters, r.options.RoleExists = true, true, true
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
	if r.edits = r.patch || r.tight != ""; r.edits && r.formatName != "" {
		errs = append(errs, errors.New("--format is for the answer, and --fix and --tight print a difference: leave one out"))
	}
	if r.tight != "" && r.tight != tightKept && r.tight != tightAll {
		errs = append(errs, fmt.Errorf("--tight=%s: write --tight, or --tight=%s", r.tight, tightAll))
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
	opts, err := r.withFiles()
	if err != nil {
		return nil, nil, err
	}
	r.options.Keys = opts.Keys // they say too which secret a role allows
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
	r.comparing = r.checkOptions()
	r.uses = roles.Uses(r.origin(), plans, r.terraform)
	if err := r.leftErrors(roles); err != nil {
		return nil, err
	}
	used := r.uses.Roles
	r.account = check.Account{Verdicts: make([]*check.Verdict, len(used)), Left: r.uses.Left}
	inParallel(len(used), runtime.GOMAXPROCS(0), func(i int) {
		r.account.Verdicts[i] = r.judge(used[i], used[i])
	})
	r.account.Sort()
	if len(plans) > 1 {
		r.account.Unused = roles.Unused(plans)
	}
	if len(used) == 0 {
		return nil, r.leftError()
	}
	return r.account.Verdicts, nil
}

// checkOptions returns the options of each comparison.
func (r *checkRequest) checkOptions() check.Options {
	opts := check.Options{Environment: r.options.Environment, Boundary: r.boundaryPolicy, ResourcePolicies: r.resourcePolicyOf, Role: r.roleOptions, Keys: r.options.Keys,
		SourceVPCEndpoints: r.options.SourceVPCEndpoints, SourceVPCs: r.options.SourceVPCs}
	if r.serviceControlled != nil {
		opts.ServiceControl = [][]policy.Policy{r.serviceControlled}
	}
	return opts
}

// judge compares a role with the task definitions that use it, or that use another one, of which it is a changed version.
func (r *checkRequest) judge(role, of *check.Role) *check.Verdict {
	v := r.uses.Check(role, of, r.comparing)
	if r.tight == "" { // what is accepted goes too
		r.accept(v)
	}
	return v
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

// newFindings returns problems of the files of roles as findings, without those that the task definitions of the same files
// have too.
func newFindings(problems []tree.Problem, known []analyze.Finding) (list []analyze.Finding) {
	for _, p := range problems {
		if slices.ContainsFunc(known, func(f analyze.Finding) bool { return f.At.Place == p.At && f.Message == p.Message }) {
			continue
		}
		f := analyze.Finding{Severity: analyze.Error, Rule: "role", Message: p.Message}
		f.At.Place = p.At
		if p.Warning {
			f.Severity = analyze.Warning
		}
		list = append(list, f)
	}
	return list
}
