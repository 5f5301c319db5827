package diagnose

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// setStatements sets the statements that the role lacks.
func (s *solver) setStatements() {
	a := s.answer
	elsewhere := a.Sure != OneOf && slices.Contains([]Cause{Boundary, ServiceControl, SessionPolicy, EndpointPolicy, KeyPolicy}, a.Causes[0])
	if !a.has(RoleLacks, InstanceRole, TaskRole) && !elsewhere {
		return
	}
	f := &a.Facts
	var list []policy.Statement
	add := func(r *analyze.Requirement) { list = append(list, statementFor(r, f.Action)...) }
	for _, field := range a.Fields {
		if field.Requirement == nil {
			continue
		}
		for _, r := range requirements(field.Plan, f.Action) {
			if r == field.Requirement || r.IsOtherReading(field.Requirement) {
				add(r)
			}
		}
		s.addReferenced(field.Plan, field.Requirement, &list)
	}
	if list == nil && s.sample != nil && s.sample.Err() == nil {
		for _, r := range requirements(s.sample, f.Action) {
			add(r)
			s.addReferenced(s.sample, r, &list)
		}
	}
	if a.Finding != nil && a.Finding.Permission != nil && a.Finding.Cure.Add != nil && list == nil {
		list = a.Finding.Cure.Add
	}
	switch arn, ok := policy.CutARN(policy.Text(f.Resource)); {
	case list != nil || f.Resource == "" || f.resourceCut || f.actionCut || f.Action == "":
	case !ok && f.Resource != "*", !isPrintableASCII(f.Resource), f.Action == decrypt && arn.Service != "kms":
	default:
		// An action that no rule knows: what the message says is all.
		list = []policy.Statement{{Actions: []string{f.Action}, Resources: policy.Values(policy.Escape(policy.Text(f.Resource)))}}
		if f.Resource == "*" {
			list[0].Resources = policy.Values("*")
		}
	}
	list = slices.Clone(mergedStatements(list))
	if elsewhere {
		s.setAllow(list)
	}
	if a.has(RoleLacks, InstanceRole, TaskRole) {
		a.Add = list
	}
}

// setAllow sets what the policy that is the cause has to allow. Where one of its statements denies it, no other one helps.
func (s *solver) setAllow(list []policy.Statement) {
	a := s.answer
	f := &a.Facts
	if f.blames(a.Causes[0]) && f.Explicit || a.Finding != nil && a.Finding.Statement != nil || len(list) == 0 {
		return
	}
	var asker []policy.Principal
	if a.Causes[0] == EndpointPolicy || a.Causes[0] == KeyPolicy {
		if !policy.Text(f.RoleARN).IsLiteral() || !isPrintableASCII(f.RoleARN) {
			return
		}
		asker = []policy.Principal{{Type: policy.AWSPrincipal, IDs: []policy.Text{policy.Text(f.RoleARN)}}}
	}
	for i := range list {
		list[i].Principals = asker
		if a.Causes[0] == KeyPolicy { // of a key, it is the key
			list[i].Actions, list[i].Resources = []string{decrypt}, policy.Values("*")
		}
	}
	a.Allow = policy.NewDocument(list...)
}

// addReferenced adds what a parameter also needs that is only a reference to a secret. Where a verdict knows the role, it says so
// itself.
func (s *solver) addReferenced(p *analyze.Plan, of *analyze.Requirement, list *[]policy.Statement) {
	if s.answer.Facts.Action != getParam || s.opts.Verdicts != nil {
		return
	}
	for _, r := range requirements(p, getValue) {
		if r.At == of.At {
			*list = append(*list, statementFor(r, getValue)...)
		}
	}
}

func isPrintableASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// statementFor returns what a requirement needs, as a statement. What is only documented is left out, unless it is the action
// itself.
func statementFor(r *analyze.Requirement, action string) []policy.Statement {
	var actions []string
	for _, a := range r.Actions {
		if a.Strength == analyze.Called || a.Name == action {
			actions = append(actions, a.Name)
		}
	}
	return []policy.Statement{{Sid: r.Grant.Sid, Actions: actions, Resources: policy.Values(r.Resource), Conditions: r.Conditions}}
}

// mergedStatements puts the resources of equal statements together.
func mergedStatements(list []policy.Statement) (merged []policy.Statement) {
	for _, s := range list {
		i := slices.IndexFunc(merged, func(m policy.Statement) bool {
			return slices.Equal(m.Actions, s.Actions) && policy.CompareConditions(m.Conditions, s.Conditions) == 0
		})
		if i < 0 {
			s.Resources = slices.Clone(s.Resources)
			merged = append(merged, s)
			continue
		}
		for _, v := range s.Resources {
			if !slices.ContainsFunc(merged[i].Resources, func(w policy.Value) bool { return w.Text == v.Text }) {
				merged[i].Resources = append(merged[i].Resources, v)
			}
		}
	}
	return merged
}

// setPolicies sets the policies of others that are the cure.
func (s *solver) setPolicies() {
	a := s.answer
	f := &a.Facts
	if slices.Contains([]Cause{Trust, NoCredentials, NoRole}, a.Causes[0]) {
		a.Trust = analyze.TrustPolicy(policy.Options{})
	}
	if a.has(PassRole) || a.Shape.ID == "assume-role" {
		arn := policy.Text(f.Resource)
		if f.Action != "iam:PassRole" || !strings.HasPrefix(f.Resource, "arn:") || f.resourceCut {
			arn = policy.Text(f.RoleARN)
		}
		if strings.HasPrefix(string(arn), "arn:") && isPrintableASCII(string(arn)) && !strings.ContainsAny(string(arn), " *?$") {
			a.PassRole = analyze.PassRolePolicy(arn)
		} else {
			a.PassRole = analyze.PassRolePolicy(policy.Of(analyze.RoleARN))
		}
	}
	if a.has(ResourcePolicy, KeyPolicy) && f.Role != "" && s.sample != nil && s.sample.Err() == nil {
		path, _, _ := strings.Cut(strings.TrimPrefix(f.RoleARN[strings.Index(f.RoleARN, ":role/")+1:], "role"), f.Role)
		if role, err := s.sample.Role(policy.Options{Name: f.Role, Properties: policy.Properties{Path: path}}); err == nil {
			a.Theirs = role.ResourcePolicies
		}
	}
}

// setNeeds sets what has to be there, by the cause.
func (s *solver) setNeeds() {
	a := s.answer
	var kinds []analyze.NeedKind
	thing := ""
	switch {
	case a.has(Network) && (len(a.Causes) == 1 || a.Sure == OneOf):
		kinds = []analyze.NeedKind{analyze.NeedEndpoint, analyze.NeedInternet}
	case a.has(SecretKey, SecretContent):
		kinds = []analyze.NeedKind{analyze.NeedKeys}
	case a.has(Attribute):
		kinds = []analyze.NeedKind{analyze.NeedSetting}
	case a.has(SecretMissing, ParameterGone, ObjectMissing, LogGroupMissing, ImageMissing, RegistryLogin):
		kinds, thing = []analyze.NeedKind{analyze.NeedThing}, thingOf(a.Facts.Action)
		if thing == "image" {
			kinds = append(kinds, analyze.NeedInternet)
		}
	default:
		return
	}
	found := false
	for _, p := range s.opts.Plans {
		for _, n := range s.needs[p] {
			if !slices.Contains(kinds, n.Kind) || thing != "" && n.Thing != thing || !s.asks(p, n) {
				continue
			}
			found = true
			a.Needs = append(a.Needs, n)
		}
	}
	if found {
		return
	}
	needs := s.sampleNeeds
	if a.has(Network) && (s.sample == nil || s.sample.Err() != nil) {
		// What is read is unknown here; the service is not.
		_, needs = sample(&Facts{Action: a.Facts.Action, Region: a.Facts.Region}, s.opts.Environment)
	}
	for _, n := range needs {
		if !slices.Contains(kinds, n.Kind) || thing != "" && n.Thing != thing || isAny(n.Name) {
			continue
		}
		if (n.Kind == analyze.NeedEndpoint || n.Kind == analyze.NeedInternet) && a.Environment.Region == "" {
			n.Region = policy.Of(policy.Region)
		}
		n.From = nil
		a.Needs = append(a.Needs, n)
	}
}

// asks reports whether a need is for the fields of the answer. Of an answer without fields, each is.
func (s *solver) asks(p *analyze.Plan, n analyze.Need) bool {
	a := s.answer
	service, _, _ := strings.Cut(a.Facts.Action, ":")
	if n.Kind == analyze.NeedEndpoint && service != "" && len(a.Fields) > 0 && !a.Fields[0].Sure {
		return strings.HasPrefix(string(n.Name), service) || service == "ecr" && n.Gateway
	}
	if n.Kind == analyze.NeedSetting {
		return true
	}
	if len(a.Fields) == 0 {
		return n.Kind == analyze.NeedEndpoint && n.From != nil // of things, the message names another one
	}
	return slices.ContainsFunc(a.Fields, func(f Field) bool { return f.Plan == p && slices.Contains(n.From, f.At) })
}

// thingOf returns what an action is about, in the word of [analyze.Need.Thing]; "" for any.
func thingOf(action string) string {
	for _, r := range analyze.Rules() {
		for _, g := range r.Grants {
			if slices.ContainsFunc(g.Actions, func(a analyze.Action) bool { return a.Name == action }) && g.Thing() != "" {
				return g.Thing()
			}
		}
	}
	return ""
}

// setNotes says what is noteworthy about the roles and the task definition.
func (s *solver) setNotes() {
	a := s.answer
	f := &a.Facts
	note := func(text string) { a.Notes = append(a.Notes, text) }
	if a.Shape.Head {
		note("The message ends before it says the cause, or says it in other words than those that are known. Pass all of it, or what aws ecs describe-tasks prints.")
	}
	if cut := f.cut(); cut != "" {
		note("The message is cut off in or right behind " + cut + ". Where a command needs the rest, it has a word in capitals.")
	}
	s.noteExits()
	if a.has(Trust) && (strings.Contains(f.RoleARN, ":role/aws-service-role/") || strings.HasPrefix(f.Role, "AWSServiceRoleFor")) {
		note("This is a service-linked role, which is for its service alone, and whose trust policy cannot be changed: make another role for the task.")
	}
	if arn, _ := policy.CutARN(policy.Text(f.Resource)); a.has(ImageMissing) {
		if name, ok := strings.CutPrefix(string(arn.Resource), "repository/"); ok && analyze.LooksCached(policy.Text(name)) {
			note("The repository looks like a pull-through cache. If it is one, Amazon ECR says that an image does not exist where the role lacks ecr:BatchImportUpstreamImage or ecr:CreateRepository.")
		}
	}
	if a.has(OtherRole) && f.infrastructure() {
		note("The role " + f.Role + " is an infrastructure role: ECS makes volumes, certificates, target groups or instances as this role" + refused(f) + ".")
	}
	if f.Instance() && !a.has(InstanceRole) {
		note("The role of the EC2 instance asked: no execution role is in effect for the task.")
	}
	for _, p := range s.plans() {
		execution, isTaskRole := roleName(p.ExecutionRole), false
		for _, t := range p.TaskRoles {
			isTaskRole = isTaskRole || roleName(t) == f.Role
		}
		switch {
		case f.Role == "" || execution == f.Role || execution == "" && !isTaskRole:
		case isTaskRole && a.has(TaskRole):
		case isTaskRole && a.has(Trust):
			note("This is the task role of the task definition, taskRoleArn, and not the execution role.")
		case isTaskRole:
			note("The message is about the task role; ECS needs this as the execution role.")
		case f.Role != execution && f.Task():
			note("The message is about the role " + f.Role + ", and the task definition names " + execution + ": it is another revision, or a run that overrides the role.")
		}
	}
	if s.opts.Plans != nil && a.Fields == nil && a.Shape.ID != "guardduty" && f.Action != "" && f.Action != decrypt && isComplete(f.Action) && !a.has(InstanceRole, TaskRole, Trust, PassRole) && f.Resource+f.Parameter+f.Image+f.File != "" {
		note("No field of the task definition asks for this: the message is from another revision, or something outside of the task definition asked.")
	}
	for _, v := range s.opts.Verdicts {
		if v.Role.Name != "" && !v.Role.IsReferred() && f.Role != "" && v.Role.Name != f.Role && !f.Instance() && !f.infrastructure() && len(s.opts.Verdicts) == 1 {
			note("The message is about the role " + f.Role + ", and the files have the role " + v.Role.Name + ".")
		}
	}
	if a.has(LogGroupMissing) && a.Sure == Certain && slices.ContainsFunc(a.Fields, func(field Field) bool {
		return slices.ContainsFunc(requirements(field.Plan, makeLogs), func(r *analyze.Requirement) bool { return r.At == field.At })
	}) {
		note("The task definition lets ECS create the log group: the message is from another revision.")
	}
	if a.has(Definition, LogOptions) {
		for _, p := range s.opts.Plans {
			for _, finding := range p.Findings {
				if finding.Severity != analyze.Note {
					a.Remarks = append(a.Remarks, finding)
				}
			}
		}
	}
}

// refused returns the end of a sentence that names the refused action; "" if the message does not name it.
func refused(f *Facts) string {
	if f.Action == "" || f.actionCut {
		return ""
	}
	return ", which is not allowed " + f.Action
}

// exitMeanings say what the exit codes of containers mean.
//
// Source: https://repost.aws/knowledge-center/ecs-task-stopped, https://docs.docker.com/reference/cli/docker/container/run/#exit-status
var exitMeanings = [...]struct{ code, means string }{
	{"1", "its program failed"}, {"125", "Docker itself failed"}, {"126", "its command cannot be run"}, {"127", "its command is not in the image"},
	{"134", "its program aborted"}, {"137", "it was killed, since it used more memory than it may, or did not stop in time when ECS asked it to"},
	{"139", "its program used memory that it does not own"}, {"143", "it was asked to stop, and did"},
}

// noteExits adds a note for each container that ended with an exit code: what the code means can be the cause.
func (s *solver) noteExits() {
	a := s.answer
	if !a.has(Exited, OutOfMemory, Unhealthy) {
		return
	}
	for _, m := range a.Messages {
		for _, e := range m.Exits {
			note := strings.TrimSuffix("The container "+e.Container, " ") + " ended with exit code " + e.Code
			for _, x := range exitMeanings {
				if x.code == e.Code {
					note += ": " + x.means
				}
			}
			if note += "."; !slices.Contains(a.Notes, note) && len(a.Notes) < maxExits {
				a.Notes = append(a.Notes, note)
			}
		}
	}
}

func roleName(arn policy.Text) string {
	if !arn.IsLiteral() {
		return ""
	}
	return string(arn[strings.LastIndexByte(string(arn), '/')+1:])
}
