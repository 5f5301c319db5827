package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/cmd/flags"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// diagnoseRequest is what the arguments of diagnose ask for.
type diagnoseRequest struct {
	checkRequest
	texts        []string // messages that are arguments
	messageFiles []string // files with messages
	stdin        bool     // standard input has messages
}

func diagnoseCommand() *subcommand {
	r := new(diagnoseRequest)
	r.failOn = failOn[0]
	return &subcommand{
		name:    "diagnose",
		args:    "[flags] MESSAGE|- [FILE...]",
		example: "execrole diagnose 'ResourceInitializationError: unable to pull secrets …'\naws ecs describe-tasks --cluster c --tasks t | execrole diagnose - task.json",
		about:   "say why a task does not start",
		text: `Reads an error that ECS shows, and says what the cause is, how sure that is, and
what cures it. MESSAGE is the text itself in quotes, as the console, an event of
the service or AWS Batch shows it, also if it is cut off. Standard input has
messages if - says so, or if no argument is a message: the text, or the JSON of
"aws ecs describe-tasks" or "describe-services", of "aws batch describe-jobs",
of CloudTrail or EventBridge. A FILE that exists is a task definition, or has
such messages. With the task definition the answer names the field, and with
--role, or a template that has the role, whether the role allows it, and what
else would fail next. docs/diagnose.md describes the answer, and docs/errors.md
all messages that are known.

Exit status: 0 if a cause was found; 1 if the messages are unknown; 2 if
something could not be read.
`,
		formats: diagnosisFormats(),
		flags:   r.diagnoseFlags,
		own:     []string{"role", "iam", "boundary", "scp", "resource-policy", "fix"},
		run:     func(c *command, in *invocation) error { return c.diagnose(r, in) },
	}
}

func (r *diagnoseRequest) diagnoseFlags(set *pflag.FlagSet) {
	flags.Strings(set, &r.role, "role", "the `FILE` with the role, or with a part of it, such\nas a policy document or its trust policy, or a\nfolder of them; repeatable")
	flags.Strings(set, &r.iam, "iam", "the `FILE` with the roles of an account: the role of\na task is the one that its executionRoleArn or the\nmessage names; repeatable")
	set.StringVar(&r.boundary, "boundary", "", "the `FILE` with the permissions boundary of the role")
	flags.Strings(set, &r.serviceControl, "scp", "a `FILE` with a service control policy; repeatable")
	flags.Strings(set, &r.resourcePolicies, "resource-policy", "the policy of what an ARN names: `ARN=FILE`;\nrepeatable")
	set.BoolVar(&r.patch, "fix", false, "print what the files of the role lack, as a\ndifference for git apply; with -o, write them")
	r.explainFlags(set)
}

// diagnose says what messages of ECS mean.
func (c *command) diagnose(r *diagnoseRequest, in *invocation) error {
	if err := r.complete(c, in); err != nil {
		return err
	}
	defer r.inputs.close()
	messages, err := r.readMessages(c)
	if err != nil {
		return err
	}
	roles, err := c.rolesToCompare(r)
	if err != nil {
		return err
	}
	known := diagnose.Known{Roles: roles, From: r.origin(), Check: r.checkOptions()}
	if len(r.files) > 0 {
		if known.Plans, err = c.plansToCompare(r, roles); err != nil {
			return err
		}
	}
	d, uses := known.Diagnose(messages)
	if len(uses.Left) > 0 && !r.ownRoles() {
		return fmt.Errorf("%s: the role of this task definition is not in the files of --role and --iam", uses.Left[0].Plan.File)
	}
	if len(d.Answers)+len(d.Unknown) == 0 {
		return errors.New("there is no error among the messages: the service is steady, or somebody stopped the tasks")
	}
	if r.edits {
		r.uses, r.comparing = uses, d.Check
		return c.fixDiagnosed(r, roles, d)
	}
	data := r.format.diagnosis.Write(d, r.target.path == "" && c.colour(c.Stdout))
	done, _, err := c.write(r.target, []emit.File{{Name: "diagnosis" + r.format.extensions[0], Data: data}}, nil, r.force)
	if err != nil {
		return err
	}
	for _, line := range done {
		if !r.quiet {
			fmt.Fprintln(c.Stderr, line)
		}
	}
	if len(d.Answers) == 0 {
		return errNo
	}
	return nil
}

// fixDiagnosed prints what has to change in the files of the roles, or writes them, as check --fix does. What the causes are is
// said beside it. The exit status is that of the diagnosis.
func (c *command) fixDiagnosed(r *diagnoseRequest, roles check.Roles, d *diagnose.Diagnosis) error {
	if roles == nil {
		return misuse("diagnose", errors.New("--fix changes the files of a role: add --role FILE, or pass the template or the Terraform that has it"))
	}
	for _, line := range report.Causes(d) {
		if !r.quiet {
			c.complain("%s", line)
		}
	}
	f := &fixing{command: c, checkRequest: &r.checkRequest, roles: roles, verdicts: d.Verdicts}
	if len(f.verdicts) == 0 {
		f.samples = true
		for _, a := range d.Answers {
			if a.Sample == nil {
				continue
			}
			role := a.Sample.Role
			if _, ok := r.uses.Tasks[role]; !ok {
				f.verdicts = append(f.verdicts, a.Sample)
			}
			r.uses.Tasks[role] = append(r.uses.Tasks[role], a.Sample.Tasks...)
		}
		for i, v := range f.verdicts {
			f.verdicts[i] = r.judge(v.Role, v.Role)
		}
	}
	if err := f.fix(); err != nil && err != errNo {
		return err
	}
	if len(d.Answers) == 0 {
		return errNo
	}
	return nil
}

// plansToCompare reads the task definitions. One with errors is used as far as it is understood.
func (c *command) plansToCompare(r *diagnoseRequest, roles check.Roles) ([]*analyze.Plan, error) {
	plans, findings, err := c.readPlans(&r.checkRequest, roles)
	for _, p := range plans {
		findings = append(findings, p.Findings...)
		if p.Unread {
			err = errors.Join(err, p.Err())
		}
	}
	c.report(slices.DeleteFunc(findings, func(f analyze.Finding) bool { return f.Severity != analyze.Error && !r.verbose }), r.verbose)
	return plans, err
}

// rolesToCompare reads the roles: those of --role or --iam, or those of the templates and of the Terraform among the files; nil if there are none.
func (c *command) rolesToCompare(r *diagnoseRequest) (roles check.Roles, err error) {
	var problems []tree.Problem
	switch {
	case !r.ownRoles():
		roles, problems, err = r.readRoles()
	case slices.ContainsFunc(r.files, canHaveRoles):
		roles, problems, err = c.readOwnRoles(&r.checkRequest)
	}
	if err == nil {
		err = r.readPolicies()
	}
	if err != nil {
		return nil, err
	}
	if roles == nil && len(r.serviceControl)+len(r.resourcePolicies)+len(r.boundary) > 0 {
		return nil, misuse("diagnose", errors.New("--boundary, --scp and --resource-policy say more of a role: add --role FILE, or --iam FILE with the roles of an account"))
	}
	findings := newFindings(problems, nil)
	c.report(slices.DeleteFunc(findings, func(f analyze.Finding) bool { return f.Severity != analyze.Error && !r.verbose }), r.verbose)
	if slices.ContainsFunc(problems, func(p tree.Problem) bool { return !p.Warning }) {
		return nil, analyze.Errors{{Severity: analyze.Error}}
	}
	return roles, nil
}

// canHaveRoles reports whether a file or folder can have roles itself: a CloudFormation template, or what is Terraform's. What
// cannot be read is reported elsewhere.
func canHaveRoles(path string) bool {
	if areModules([]string{path}) {
		return true
	}
	data, err := readFile(path, tree.MaxSize)
	return err == nil && (check.IsTemplate(path, data) || check.IsTerraform(path, data))
}

// complete sorts the arguments and checks them: what exists is a file, and the rest are messages.
func (r *diagnoseRequest) complete(c *command, in *invocation) error {
	var files []string
	problem := func(format string, args ...any) { in.problems = append(in.problems, fmt.Errorf(format, args...)) }
	for _, arg := range in.args {
		switch {
		case arg == "-":
			r.stdin = true
		case arg == "":
			problem("MESSAGE is empty: put the message in quotes, or pass it on standard input")
		case exists(arg):
			if hasMessages(arg) {
				r.messageFiles = append(r.messageFiles, arg)
			} else {
				files = append(files, arg)
			}
		case strings.ContainsAny(arg, " \n") || isReason(arg):
			r.texts = append(r.texts, arg)
		case isPattern(arg) && strings.Contains(arg, "."):
			files = append(files, arg)
		case strings.ContainsAny(arg, "./\\") && !strings.HasPrefix(arg, "("):
			problem("there is no file %q", arg)
		default:
			problem("%q is neither a file nor a message: put the whole message in quotes, or pass it on standard input", arg)
		}
	}
	if len(r.texts)+len(r.messageFiles) == 0 && !r.stdin && in.problems == nil {
		if f, ok := c.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			problem("no MESSAGE: put the message in quotes, or pass it on standard input")
		}
		r.stdin = true
	}
	in.args = files
	r.withoutFiles = true
	return r.checkRequest.complete(in)
}

// isReason reports whether a word is a reason of RunTask that diagnose knows, such as RESOURCE:MEMORY. Other words in capitals
// can be names of files.
func isReason(arg string) bool {
	if strings.ToUpper(arg) != arg {
		return false
	}
	list, err := diagnose.ReadText(arg)
	return err == nil && len(diagnose.Diagnose(list, diagnose.Options{}).Answers) > 0
}

// hasMessages reports whether a file has messages of ECS, and is no task definition.
func hasMessages(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	data, err := readFile(path, tree.MaxSize)
	if err != nil {
		return false
	}
	if diagnose.IsDocument(data) {
		list, err := diagnose.Read(path, data)
		return err == nil && (!taskdef.MayHold(data) || slices.ContainsFunc(list, func(m diagnose.Message) bool { return m.From != "" }))
	}
	if taskdef.MayHold(data) || isSource(path) {
		return false
	}
	list, err := diagnose.ReadText(string(data))
	return err == nil && len(diagnose.Diagnose(list, diagnose.Options{}).Answers) > 0
}

// readMessages reads the messages of all arguments.
func (r *diagnoseRequest) readMessages(c *command) (messages []diagnose.Message, err error) {
	var errs []error
	add := func(name string, data []byte) {
		list, err := diagnose.Read(name, data)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read %w", prefixed(name, err)))
		}
		messages = append(messages, list...)
	}
	for _, text := range r.texts {
		list, err := diagnose.ReadText(text)
		if diagnose.IsDocument([]byte(text)) {
			list, err = diagnose.Read("MESSAGE", []byte(text))
		}
		if err != nil {
			errs = append(errs, err)
		}
		messages = append(messages, list...)
	}
	for _, path := range r.messageFiles {
		data, err := readFile(path, tree.MaxSize)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read %s: %w", analyze.Printable(path), reason(err)))
			continue
		}
		add(analyze.Printable(path), data)
	}
	if r.stdin {
		data, err := readAll(c.Stdin, 0, tree.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", stdinName, reason(err))
		}
		add(stdinName, data)
	}
	return messages, errors.Join(errs...)
}

// prefixed puts the name of an input before an error that does not begin with it.
func prefixed(name string, err error) error {
	if strings.HasPrefix(err.Error(), name) {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}
