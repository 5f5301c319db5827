// Package diagnose finds out from an error that Amazon ECS shows why a task does not start. A task definition and a role
// that exists make the answer exact. It opens no connection.
package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Options are what is known besides the messages.
type Options struct {
	// Plans are those of the task definitions; nil where there are none. Those with errors count as far as they are known.
	Plans []*analyze.Plan
	// Verdicts are those about the roles of the plans; nil where there are no roles.
	Verdicts []*check.Verdict
	// Role returns the role of a name, where roles are known and no verdict is about what a message is about; nil if there is
	// none.
	Role func(name string) *check.Role
	// Check is what else is known of policies.
	Check check.Options
	// Environment is what the caller knows of where the task runs. What the messages say has precedence.
	Environment policy.Environment
}

// Diagnosis is what some messages say together.
type Diagnosis struct {
	// Answers are the causes that were found, one for messages that say the same, in the order of the messages.
	Answers []Answer
	// Unknown are the messages that no shape fits.
	Unknown []Unknown
	// Next are the permissions that are also not there, in the order in which ECS would meet them: ECS reports only the first.
	// It is nil where no role is known.
	Next []check.Finding
	// AddNext are the statements that cure those of Next that are missing.
	AddNext []policy.Statement
	// Verdicts are about the roles that [Known.Diagnose] compared, and Check has the options with which it did.
	Verdicts []*check.Verdict
	Check    check.Options
	// Checked says that roles were compared.
	Checked bool
	// More is how many further messages there are, which nobody looked at.
	More int
}

// Unknown is a message that no shape fits, with what could be read from it.
type Unknown struct {
	Message
	Facts Facts
	// Empty says that the message says only that tasks fail: another message has the reason.
	Empty bool
}

// Answer is what is known of the cause of one or more messages.
type Answer struct {
	Shape *Shape
	Sure  Sure
	// Causes are those that are possible, in the order of their likelihood. Of a certain answer there is one.
	Causes []Cause
	Facts  Facts
	// Messages are those that say so.
	Messages []Message
	// Fields are those of the task definitions that ask for what failed. Of several, it can be one of them.
	Fields []Field
	// Add are the statements to add to the role, if that is the cause.
	Add []policy.Statement
	// Trust is the trust policy to have, if that is the cause; PassRole the statement for whoever calls ECS.
	Trust, PassRole policy.Document
	// Allow is what the policy has to allow that is the first cause, where it is none of the role; its zero value where none is,
	// or where a statement denies it.
	Allow policy.Document
	// Theirs are the policies that other accounts have to have.
	Theirs []policy.ResourcePolicy
	// Needs are what has to be there: VPC endpoints, a secret, a log group, an image.
	Needs []analyze.Need
	// Remarks are warnings about the task definition that explain the message.
	Remarks []analyze.Finding
	// Notes are further sentences.
	Notes []string
	// Finding is what the verdict about the role says of the permission; nil where it says nothing, or that it is there.
	Finding *check.Finding
	// Sample is the verdict that the finding is of where no verdict about task definitions has it: the role is compared with
	// what the message says. Its requirements have no field.
	Sample *check.Verdict
	// Allowed says whether the role that is known allows it; Unknown where no role is known.
	Allowed policy.Truth
	// Environment is where the task runs.
	Environment policy.Environment
}

// Field is a field of a task definition that asks for something.
type Field struct {
	Plan        *analyze.Plan
	Requirement *analyze.Requirement // nil for an image that needs no permission
	At          taskdef.Ref
	// Sure says that it is this one, and not one of several.
	Sure bool
}

// Diagnose finds the causes of messages.
func Diagnose(messages []Message, opts Options) *Diagnosis {
	d := &Diagnosis{Checked: opts.Verdicts != nil}
	index := map[string]int{}
	var unknown []Unknown
	d.More = limit(messages)
	explained := tasksWithReason(messages)
	for i := range messages {
		m := &messages[i]
		if m.found == nil {
			continue
		}
		one := m.read()
		if one.shape == nil {
			unknown = append(unknown, Unknown{Message: *m, Facts: *one.facts})
			continue
		}
		if one.shape.Vague && (m.prefix || explained[m.Task]) {
			continue
		}
		key := one.key()
		j, seen := index[key]
		if !seen {
			j = len(d.Answers)
			index[key] = j
			d.Answers = append(d.Answers, Answer{Shape: one.shape, Sure: one.sure, Causes: one.causes, Facts: *one.facts})
		}
		d.Answers[j].Messages = append(d.Answers[j].Messages, *m)
	}
	d.addUnknown(unknown)
	needs := map[*analyze.Plan][]analyze.Need{}
	for _, p := range opts.Plans {
		needs[p] = p.Needs()
	}
	for i := range d.Answers {
		s := solver{answer: &d.Answers[i], opts: opts, needs: needs}
		s.solve()
	}
	d.next(opts)
	return d
}

// tasksWithReason returns the ARNs of the tasks of which a message has the reason: its shape is not vague. Messages that name no
// task count as those of one task, "".
func tasksWithReason(messages []Message) map[string]bool {
	list := map[string]bool{}
	for i := range messages {
		if one := messages[i].found; one != nil && one.shape != nil && !one.shape.Vague {
			list[messages[i].Task] = true
		}
	}
	return list
}

// limit reads messages, the same ones once, and no more than [maxPieces] different ones. It returns how many are not read. What is
// written beside a text makes it different, since it is a part of what [Message.read] returns.
func limit(messages []Message) (more int) {
	type reading struct {
		text, from string
		facts      Facts
	}
	seen := map[reading]*match{}
	for i := range messages {
		m := &messages[i]
		more += m.more
		key := reading{text: m.Text, facts: m.facts}
		if m.From == "CloudTrail" { // the only origin that changes how a text is read
			key.from = m.From
		}
		switch known, ok := seen[key]; {
		case m.found != nil:
		case ok:
			m.found = known
		case len(seen) >= maxPieces:
			more++
			continue
		default:
			m.read()
		}
		seen[key] = m.found
	}
	return more
}

// Where returns what messages say of where the tasks run; a value about which they differ is "".
func Where(messages []Message) (e policy.Environment) {
	differ := map[policy.Symbol]bool{}
	limit(messages)
	for i := range messages {
		one := messages[i].found
		if one == nil {
			continue
		}
		said := policy.Environment{Account: one.facts.Account, Partition: one.facts.Partition, Region: messages[i].facts.Region}
		for _, s := range policy.EnvironmentSymbols {
			switch v := said.Value(s); {
			case v == "":
			case e.Value(s) == "" || e.Value(s) == v:
				e.Set(s, v)
			default:
				differ[s] = true
			}
		}
	}
	for s := range differ {
		e.Set(s, "")
	}
	if e.Check() != nil {
		return policy.Environment{}
	}
	return e
}

// Region returns the region of the tasks, where the messages show it: a field without a region, such as the name of a
// parameter, means the task's, and the message has the ARN. It is "" where no message does, or where they differ.
func (d *Diagnosis) Region() (region string) {
	for _, a := range d.Answers {
		arn, ok := policy.CutARN(policy.Text(a.Facts.Resource))
		if !ok || !arn.Region.IsLiteral() || arn.Region == "" {
			continue
		}
		for _, f := range a.Fields {
			if !f.Sure || f.Requirement == nil {
				continue
			}
			asked, _ := policy.CutARN(f.Requirement.Resource)
			if s, rest, ok := asked.Region.CutSymbol(); !ok || s != policy.Region || rest != "" {
				continue
			}
			if region != "" && region != string(arn.Region) {
				return ""
			}
			region = string(arn.Region)
		}
	}
	return region
}

// Roles returns the names of the roles that messages are about, each once.
func Roles(messages []Message) (names []string) {
	limit(messages)
	for i := range messages {
		if messages[i].found == nil {
			continue
		}
		if f := messages[i].found.facts; f.Role != "" && !f.Instance() && !slices.Contains(names, f.Role) {
			names = append(names, f.Role)
		}
	}
	return names
}

// Families returns the names of the task definitions that the JSON beside the messages names, each once, without their
// revisions.
func Families(messages []Message) (names []string) {
	for i := range messages {
		name := messages[i].Definition
		name, _, _ = strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ":")
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// key is what messages have in common that say the same. They can differ in the task.
func (m *match) key() string {
	f := m.facts
	resource := f.Resource
	if i := strings.LastIndexByte(resource, '/'); i >= 0 && strings.Contains(resource, ":log-stream:") {
		resource = resource[:i]
	}
	if f.Action == "" && strings.Contains(resource, ":ecs:") && !slices.Contains(m.causes, NotFound) {
		resource = "" // each failure of RunTask names a container instance, and the cause is the same for all of them
	}
	own := "" // shapes that say more than their cause are answers of their own
	if m.shape.Means != "" {
		own = m.shape.Means + m.shape.Cure
	}
	causes := make([]string, len(m.causes))
	for i, c := range m.causes {
		causes[i] = string(c)
	}
	return strings.Join([]string{
		string(m.sure), strings.Join(causes, ","), f.Action, resource, f.Role, f.Policy, f.Image, f.Secret, f.Key, f.Parameter, f.Bucket, f.File, f.Group, f.Region, f.Account, own,
	}, "\n")
}

// harmless are words of events that are no errors, in small letters.
var harmless = [...]string{
	"has reached a steady state", "has started ", "has stopped ", "registered ", "deregistered ", "deployment completed", "has begun draining", "stopped by user",
	"scaling activity initiated", "task stopped by", "is now in progress", "ecs deployment ", "deployment in progress",
	"az balanced", "pending tasks",
}

// wanted are the stop codes of tasks that somebody wanted to stop.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
var wanted = [...]string{"UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice"}

// empty are messages that say only that another message has the reason.
var empty = [...]string{
	"task failed to start", "deployment failed: tasks failed to start", "circuit breaker: tasks failed to start", "circuit breaker: task failed to start",
	"is unable to consistently start tasks successfully", "circuit breaker was triggered", "rolling back to deployment",
	"not in the state servicesstable", "waiter servicesstable failed", "to become 'tfstable'", "did not stabilize",
}

// isEmpty reports whether a message, in small letters, is one of [empty], or has its words. The first one counts only if it is
// all of the message: other messages begin with it.
func isEmpty(s string) bool {
	return s == empty[0] || slices.ContainsFunc(empty[1:], func(words string) bool { return strings.Contains(s, words) })
}

// addUnknown adds the messages that no shape fits. What says nothing, next to something that does, is none.
func (d *Diagnosis) addUnknown(list []Unknown) {
	contains := func(words []string, s string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
	}
	seen := map[string]bool{}
	for _, u := range list {
		s := strings.TrimRight(strings.Join(strings.Fields(lowerASCII(u.Text)), " "), ".: -")
		known := len(d.Answers) > 0 || len(d.Unknown) > 0
		switch {
		case seen[s], s == "":
			continue
		case u.event && contains(harmless[:], s), slices.Contains(wanted[:], u.StopCode):
			continue
		case known && u.From == "CloudTrail":
			continue // of an account, CloudTrail has all errors, whoever asked
		case known && (isEmpty(s) || !u.event && u.At.File == "" && !u.begins || u.prefix):
			continue
		}
		seen[s] = true
		u.Empty = isEmpty(s)
		d.Unknown = append(d.Unknown, u)
	}
}

// next finds what would fail after this.
func (d *Diagnosis) next(opts Options) {
	var add []policy.Statement
	for _, v := range opts.Verdicts {
		for i := range v.Findings {
			f := v.Findings[i]
			wrong := f.Kind == check.Missing || f.Kind == check.Denied || f.Kind == check.Conditional || f.Kind == check.Trust && f.Code != check.TrustOthers && f.Code != check.TrustNoConditions
			if !wrong || slices.ContainsFunc(d.Answers, func(a Answer) bool { return a.covers(&f) }) {
				continue
			}
			d.Next = append(d.Next, f)
			if f.Kind == check.Missing {
				add = append(add, f.Cure.Add...)
			}
		}
	}
	slices.SortStableFunc(d.Next, func(a, b check.Finding) int { return cmp.Compare(stage(&a), stage(&b)) })
	d.AddNext = check.TightForm(add)
}

// covers reports whether the answer is about a finding already.
func (a *Answer) covers(f *check.Finding) bool {
	if f.Permission == nil {
		return a.Finding != nil && a.Finding.Code == f.Code && a.Finding.At == f.At
	}
	if a.Finding != nil && a.Finding.Permission == f.Permission {
		return true
	}
	if a.Causes[0] == TaskRole {
		return false // what the answer adds is for the task role, and the execution role lacks it still
	}
	for _, s := range a.Add {
		if slices.Contains(s.Actions, f.Permission.Action.Name) && slices.Contains(policy.Texts(s.Resources), f.Permission.Resource()) {
			return true
		}
	}
	return false
}

// stage is where in the start of a task ECS needs something: it assumes the role, logs in to the registry and reads secrets,
// downloads files, pulls images and opens logs. Fargate checks the logs before it pulls.
//
// Source: the beginnings of the messages, ResourceInitializationError before CannotPullContainerError; agent/api/task/task.go
func stage(f *check.Finding) int {
	if f.Permission == nil {
		return 0
	}
	service, action, _ := strings.Cut(f.Permission.Action.Name, ":")
	onlyEC2 := true
	for _, n := range f.Permission.Needs {
		onlyEC2 = onlyEC2 && !slices.Contains(n.Plan.LaunchTypes, "FARGATE")
	}
	switch {
	case action == "GetAuthorizationToken" && !onlyEC2:
		return 1
	case service == "ssm" || service == "secretsmanager" || service == "kms":
		return 2
	case service == "s3" || service == "fsx":
		return 3
	case service == "logs" && !onlyEC2:
		return 4
	case action == "GetAuthorizationToken":
		return 5
	case service == "ecr":
		return 6
	}
	return 7
}
