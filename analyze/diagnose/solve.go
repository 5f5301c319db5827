package diagnose

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// solver makes an answer exact: by the rules, by the task definitions and by the roles.
type solver struct {
	answer *Answer
	opts   Options
	sample *analyze.Plan
	needs  map[*analyze.Plan][]analyze.Need // of the plans of the options

	sampleNeeds []analyze.Need
}

func (s *solver) solve() {
	a := s.answer
	f := &a.Facts
	a.Environment = policy.Environment{
		Partition: firstOf(f.Partition, s.opts.Environment.Partition), Region: firstOf(f.Region, s.opts.Environment.Region), Account: firstOf(f.Account, s.opts.Environment.Account),
	}.WithPartition()
	if plans := s.opts.Plans; !slices.ContainsFunc(plans, func(p *analyze.Plan) bool { return p.ExecutionRole != plans[0].ExecutionRole }) {
		s.setRole()
	}
	s.findTaskRole()
	s.sample, s.sampleNeeds = sample(f, s.opts.Environment)
	if f.Resource == "" || f.Action == getToken {
		s.setResource()
	}
	s.compareRegistry()
	s.withoutResource()
	s.findFields()
	s.setRole()
	s.takeFromField()
	a.Environment.Region = firstOf(a.Environment.Region, f.Region)
	s.judge()
	s.setStatements()
	s.setPolicies()
	s.setNeeds()
	s.setNotes()
}

// findTaskRole sets the cause to [TaskRole] where a task definition has the role of the message as its task role, and none has it
// as its execution role: then ECS did not ask, but a program in a container.
func (s *solver) findTaskRole() {
	a := s.answer
	if a.Shape.ID != "denied" || a.Facts.Role == "" {
		return
	}
	isTaskRole := false
	for _, p := range s.opts.Plans {
		if roleName(p.ExecutionRole) == a.Facts.Role {
			return
		}
		isTaskRole = isTaskRole || slices.ContainsFunc(p.TaskRoles, func(t policy.Text) bool { return roleName(t) == a.Facts.Role })
	}
	if isTaskRole {
		a.Sure, a.Causes = Certain, []Cause{TaskRole}
	}
}

// has reports whether the answer can be one of the causes.
func (a *Answer) has(causes ...Cause) bool {
	return slices.ContainsFunc(a.Causes, func(c Cause) bool { return slices.Contains(causes, c) })
}

// requirements returns those of a plan that have an action.
func requirements(p *analyze.Plan, action string) (list []*analyze.Requirement) {
	if p == nil {
		return nil
	}
	for i := range p.Requirements {
		r := &p.Requirements[i]
		if slices.ContainsFunc(r.Actions, func(a analyze.Action) bool { return a.Name == action }) {
			list = append(list, r)
		}
	}
	return list
}

// setResource takes the resource from the sample, as for an image.
func (s *solver) setResource() {
	f := &s.answer.Facts
	if (f.Action == getImage || f.Action == getLayer) && (f.Image == "" || f.imageCut) {
		return
	}
	if list := requirements(s.sample, f.Action); len(list) == 1 && list[0].Resource.IsLiteral() {
		f.Resource = string(list[0].Resource)
	}
}

// compareRegistry leaves out what cannot be, of an image. In the account of the task, the role's policies are enough, so that
// they are the likely cause. Outside of Amazon ECR, no permission is asked for.
func (s *solver) compareRegistry() {
	a := s.answer
	f := &a.Facts
	if a.Shape.Action != getImage && a.Shape.Action != getLayer || f.Image == "" || f.imageCut || s.sample == nil {
		return
	}
	list := requirements(s.sample, getImage)
	if list == nil && s.sample.Err() == nil {
		without := slices.DeleteFunc(slices.Clone(a.Causes), func(c Cause) bool {
			return slices.Contains([]Cause{RoleLacks, RoleDenies, Boundary, ServiceControl, ResourcePolicy, ResourceControl, EndpointPolicy, SessionPolicy, InstanceRole}, c)
		})
		if len(without) > 0 {
			a.Causes = without
		}
		return
	}
	if a.Sure == OneOf && !a.Shape.Head && a.Causes[0] == RoleLacks && list != nil && f.Account != "" && string(list[0].ARN.Account) == f.Account {
		a.Sure = Likely
	}
}

// withoutResource leaves out policies of the resource where the action has none: IAM takes * alone for it.
func (s *solver) withoutResource() {
	a := s.answer
	if a.Facts.Resource != "*" && a.Facts.Action != getToken {
		return
	}
	without := slices.DeleteFunc(slices.Clone(a.Causes), func(c Cause) bool { return c == ResourcePolicy || c == ResourceControl })
	if len(without) > 0 {
		a.Causes = without
	}
}

// values are those of the symbols of a plan, as far as the plan or the message says them.
func (s *solver) values(p *analyze.Plan) map[policy.Symbol]string {
	e := s.answer.Environment
	values := map[policy.Symbol]string{}
	for _, symbol := range policy.EnvironmentSymbols {
		if v := firstOf(p.Environment.Value(symbol), e.Value(symbol)); v != "" {
			values[symbol] = v
		}
	}
	return values
}

// findFields finds the fields that ask for what failed.
func (s *solver) findFields() {
	a := s.answer
	best := 0
	if a.Causes[0] == TaskRole && a.Sure == Certain {
		return // a program asked: no field of the task definition did
	}
	for _, p := range s.opts.Plans {
		var fields []Field
		var scores []int
		for _, r := range requirements(p, a.Facts.Action) {
			fields, scores = append(fields, Field{Plan: p, Requirement: r, At: r.At}), append(scores, s.score(p, r))
		}
		if a.has(ImageMissing, RegistryLogin, RateLimit, ImagePlatform) || a.Facts.Image != "" {
			for _, n := range s.needs[p] {
				if (n.Kind == analyze.NeedThing || n.Kind == analyze.NeedInternet) && n.Thing == "image" && a.Facts.Image != "" && !a.Facts.imageCut && isImage(a.Facts.Image, n) {
					for _, at := range n.From {
						fields, scores = append(fields, Field{Plan: p, At: at}), append(scores, 3)
					}
				}
			}
		}
		for i, field := range fields {
			switch {
			case scores[i] == 0 || scores[i] < best:
				continue
			case scores[i] > best:
				best = scores[i]
				a.Fields = nil
			}
			if !slices.ContainsFunc(a.Fields, func(f Field) bool {
				return f.Plan == field.Plan && f.At == field.At && (f.Requirement == nil) == (field.Requirement == nil)
			}) {
				a.Fields = append(a.Fields, field)
			}
		}
	}
	places := map[taskdef.Ref]bool{}
	for _, f := range a.Fields {
		places[f.At] = true
	}
	for i := range a.Fields {
		// Several fields can name the same thing exactly.
		a.Fields[i].Sure = best >= 2 || len(places) == 1
	}
}

// isImage reports whether a need is for an image that a message names. Old messages have no tag.
func isImage(image string, n analyze.Need) bool {
	name := string(n.Name)
	tagged := name
	if n.Tag != "" {
		separator := ":"
		if strings.Contains(string(n.Tag), ":") {
			separator = "@"
		}
		tagged += separator + string(n.Tag)
	}
	for _, prefix := range []string{"", "docker.io/", "docker.io/library/"} {
		if image == prefix+name || image == prefix+tagged || strings.HasPrefix(image, prefix+tagged+":") || strings.HasPrefix(image, prefix+tagged+"@") {
			return true
		}
	}
	return false
}

// takeFromField takes from the only field that can be the one what the message does not say of a thing.
func (s *solver) takeFromField() {
	a := s.answer
	f := &a.Facts
	if len(a.Fields) != 1 || a.Fields[0].Requirement == nil || f.Resource != "" && f.cut() != f.Resource || a.has(InstanceRole, TaskRole) && len(a.Causes) == 1 {
		return
	}
	r := a.Fields[0].Requirement
	values := s.values(a.Fields[0].Plan)
	resource := r.Resource.Expand(func(t string) string { return t }, func(symbol policy.Symbol) string { return firstOf(values[symbol], "${") })
	arn, ok := policy.CutARN(policy.Text(resource))
	group, _, _ := strings.Cut(strings.TrimPrefix(string(arn.Resource), "log-group:"), ":")
	switch {
	case !ok || a.Shape.Action == decrypt:
		return
	case arn.Service == "logs" && !strings.Contains(group, "$"):
		f.Group = firstOf(f.Group, group)
		f.readARN(resource)
		return
	case strings.Contains(resource, "$"):
		return
	case f.Resource != "": // the message has only its beginning, and the field has all of it
		whole := strings.TrimSuffix(resource, "-??????")
		if strings.HasPrefix(whole, f.Resource) {
			if f.Secret == f.Resource {
				f.Secret = whole
			}
			f.Resource, f.resourceCut = whole, false
		}
		return
	}
	switch {
	case f.Action == getValue:
		f.Resource = strings.TrimSuffix(resource, "-??????")
		f.Secret = firstOf(f.Secret, f.Resource)
	case arn.Service == "s3":
		if bucket, file, ok := strings.Cut(strings.TrimPrefix(resource, "arn:"+string(arn.Partition)+":s3:::"), "/"); ok {
			f.Resource = resource
			f.Bucket, f.File = firstOf(f.Bucket, bucket), firstOf(f.File, file)
		}
	case arn.Service == "ssm" && f.Parameter == "":
		f.Resource = resource
	}
	f.readARN(resource)
}

// score says how well a requirement fits what the message says of a resource: 0 not at all, 1 it could be, 2 surely.
// Messages have what the caller passed, which can be a part of an ARN or a name.
func (s *solver) score(p *analyze.Plan, r *analyze.Requirement) int {
	f := &s.answer.Facts
	values := s.values(p)
	full := r.Resource.Expand(func(t string) string { return t }, func(symbol policy.Symbol) string {
		if v, ok := values[symbol]; ok {
			return v
		}
		return "*"
	})
	if s.answer.has(SecretKey) && f.Key != "" {
		if string(r.Part) != f.Key || r.Rule.ID == "" {
			return 0
		}
		if f.Secret == "" {
			return 1
		}
	}
	switch {
	case f.Action == getToken:
		return 2
	case f.Parameter != "" && f.Action == getParam && f.Resource == "":
		return s.nameScore(p, r, ":parameter", f.Parameter)
	case f.Resource == "" && f.File != "":
		if strings.HasSuffix(full, "/"+string(policy.Escape(f.File))) {
			return 1
		}
		return 0
	case f.Resource == "" && f.Group != "":
		if strings.Contains(full, ":log-group:"+f.Group+":") {
			return 2
		}
		return 0
	case f.Resource == "":
		return 1
	case f.resourceCut:
		if beginsWith(full, f.Resource) || s.covered(p, r, string(policy.Escape(f.Resource))) == policy.CoversAll {
			return 1
		}
		return 0
	case !strings.HasPrefix(f.Resource, "arn:") && f.Resource != "*":
		if f.Action == getValue {
			return s.nameScore(p, r, ":secret:", f.Resource)
		}
		return s.nameScore(p, r, ":parameter", f.Resource)
	}
	escaped := string(policy.Escape(f.Resource))
	if f.Action == getValue {
		switch s.covered(p, r, escaped+"-??????") {
		case policy.CoversAll, policy.CoversSome:
			return 2
		}
		if strings.HasPrefix(full, escaped+"-") && len(full) == len(escaped)+7 {
			return 2
		}
	}
	switch s.covered(p, r, escaped) {
	case policy.CoversAll:
		return 2
	case policy.CoverageUnknown:
		return 1
	}
	return 0
}

// covered says whether a requirement's resource has a resource in it.
func (s *solver) covered(p *analyze.Plan, r *analyze.Requirement, resource string) policy.Coverage {
	values := s.values(p)
	return p.Symbols.Pattern(policy.Text(resource), values).CoveredBy(p.Symbols.Pattern(r.Resource, values))
}

// nameScore compares the end of the ARN of a requirement with names, separated by commas.
func (s *solver) nameScore(p *analyze.Plan, r *analyze.Requirement, kind, names string) (best int) {
	arn, have, ok := strings.Cut(string(r.Resource), kind)
	if !ok {
		return 0
	}
	for name := range strings.SplitSeq(names, ",") {
		name = strings.Trim(strings.TrimSpace(name), "/[]")
		if have := strings.Trim(have, "/"); have == name || have == name+"-??????" {
			return 2
		}
		full := arn + kind + string(policy.Escape(name))
		if kind == ":parameter" {
			full = arn + kind + "/" + string(policy.Escape(name))
		}
		if s.covered(p, r, full) == policy.CoverageUnknown {
			best = 1 // a parameter of a template can be a part of it
		}
	}
	return best
}

// beginsWith reports whether a text that fits a pattern can begin with a prefix. In the pattern, * and ? are as in IAM.
func beginsWith(pattern, prefix string) bool {
	prefix = prefix[:min(len(prefix), 2048)]
	reached := make([]bool, len(prefix)+1) // how much of the prefix the pattern so far can be
	reached[0] = true
	for i := range len(pattern) {
		switch c := pattern[i]; c {
		case '*':
			for j := range prefix {
				reached[j+1] = reached[j+1] || reached[j]
			}
		default:
			for j := len(prefix); j > 0; j-- {
				reached[j] = reached[j-1] && (c == '?' || c == prefix[j-1])
			}
			reached[0] = false
		}
		if reached[len(prefix)] {
			return true
		}
	}
	return reached[len(prefix)]
}

// setRole takes the role from the task definition where the message does not name it.
func (s *solver) setRole() {
	f := &s.answer.Facts
	for _, p := range s.plans() {
		if arn := p.ExecutionRole; f.Role == "" && arn != "" && arn.IsLiteral() {
			f.RoleARN = string(arn)
			f.Role = roleName(arn)
		}
		for _, arn := range append([]policy.Text{p.ExecutionRole}, p.TaskRoles...) {
			if a, ok := policy.CutARN(arn); ok && f.Session != "" && roleName(arn) == f.Role && string(a.Account) == f.Account {
				f.RoleARN = string(arn) // the ARN of a session has no path
			}
		}
	}
	if arn, ok := policy.CutARN(policy.Text(f.RoleARN)); ok && f.Account == "" && policy.IsAccount(arn.Account) {
		f.Account = string(arn.Account)
		s.answer.Environment.Account = f.Account
	}
	for _, v := range s.opts.Verdicts {
		if f.Role == "" && len(s.opts.Verdicts) == 1 {
			f.Role = v.Role.Name
		}
		if f.RoleARN == "" && len(s.opts.Verdicts) == 1 && v.Role.ARN.IsLiteral() {
			f.RoleARN = string(v.Role.ARN)
		}
	}
}

// plans are those of the fields, or all.
func (s *solver) plans() (list []*analyze.Plan) {
	for _, f := range s.answer.Fields {
		if !slices.Contains(list, f.Plan) {
			list = append(list, f.Plan)
		}
	}
	if list == nil {
		return s.opts.Plans
	}
	return list
}

// causeOf are the causes that codes of a verdict mean.
func causeOf(code check.Code) Cause {
	switch code {
	case check.NotAllowed:
		return RoleLacks
	case check.DeniedByRole:
		return RoleDenies
	case check.DeniedByBoundary:
		return Boundary
	case check.DeniedByControl:
		return ServiceControl
	case check.DeniedByResource:
		return ResourcePolicy
	}
	return ""
}

// judge compares the message with what the role that is known allows.
func (s *solver) judge() {
	a := s.answer
	if a.has(Trust, NoCredentials, RoleMissing) {
		s.judgeTrust()
	}
	if a.has(InstanceRole, CallerLacks, TaskRole, PassRole, Trust) && len(a.Causes) == 1 {
		return
	}
	found, permission := s.permission()
	if permission == nil {
		found, permission = s.ofSample()
	}
	if permission == nil {
		return
	}
	a.Allowed = permission.Answer.Allowed
	if !a.has(RoleLacks, RoleDenies, Boundary, ServiceControl, ResourcePolicy, EndpointPolicy) {
		return // what the role lacks is next to fail
	}
	a.Finding = found
	switch {
	case found == nil && a.Allowed == policy.Yes:
		s.allowed()
	case found == nil:
	case causeOf(found.Code) != "":
		cause := causeOf(found.Code)
		switch {
		case a.Sure == Certain && a.Causes[0] != cause && a.Causes[0] != RoleLacks:
			a.Finding = nil // the text knows what stopped it: what the role lacks is next to fail
		case a.Shape.Head && a.Sure == OneOf:
			a.Sure, a.Causes = Likely, with([]Cause{cause}, slices.DeleteFunc(slices.Clone(a.Causes), func(c Cause) bool { return c == cause })...)
		default:
			a.Sure, a.Causes = Certain, []Cause{cause}
		}
	default:
		a.Notes = append(a.Notes, check.Explain(found.Code).Means)
	}
}

// allowed says why a role that allows something was refused all the same.
func (s *solver) allowed() {
	a := s.answer
	own := a.Sure == Certain && (a.Causes[0] == RoleLacks || a.Causes[0] == RoleDenies)
	rest := slices.DeleteFunc(slices.Clone(a.Causes), func(c Cause) bool { return c == RoleLacks || c == RoleDenies })
	switch {
	case own || len(rest) == 0:
		a.Sure = Likely
		a.Causes = with(a.Causes[:1], Boundary, ServiceControl)
		a.Notes = append(a.Notes, "The role in the files allows it. So the files are newer than the message, or the message is about another role, or a policy is in the way that is not in the files. Start the task again; if it fails with the same message, settle it with the command.")
	case a.Sure != Certain:
		// In another account, the policy of the resource has to allow it too.
		if arn, _ := policy.CutARN(policy.Text(a.Facts.Resource)); arn.Account != "" && a.Facts.Account != "" && string(arn.Account) != a.Facts.Account && slices.Contains(rest, ResourcePolicy) {
			rest = with([]Cause{ResourcePolicy}, slices.DeleteFunc(rest, func(c Cause) bool { return c == ResourcePolicy })...)
		}
		a.Causes = rest
		if len(rest) == 1 || a.Sure == Likely && !a.Shape.Head {
			a.Sure = Likely
		}
		a.Notes = append(a.Notes, "The role in the files allows it, so the cause is elsewhere, unless the files are newer than the message.")
	default:
		a.Notes = append(a.Notes, "The role in the files allows it, as the message says too.")
	}
	a.Allowed = policy.Yes
}

// permission returns what the verdicts say of the permission that the message is about.
func (s *solver) permission() (*check.Finding, *check.Permission) {
	a := s.answer
	for _, v := range s.opts.Verdicts {
		for i := range v.Permissions {
			p := &v.Permissions[i]
			if p.Action.Name != a.Facts.Action || !slices.ContainsFunc(a.Fields, func(f Field) bool {
				return f.Sure && slices.ContainsFunc(p.Needs, func(n check.Need) bool { return f.Requirement != nil && n.Requirement == f.Requirement })
			}) {
				continue
			}
			for j := range v.Findings {
				if v.Findings[j].Permission == p {
					return &v.Findings[j], p
				}
			}
			return nil, p
		}
	}
	return nil, nil
}

// ofSample returns what a role allows of the sample, where no task definition is known, or none asks for this.
func (s *solver) ofSample() (*check.Finding, *check.Permission) {
	if s.opts.Role == nil || len(s.answer.Fields) > 0 || s.sample == nil || s.sample.Err() != nil || s.answer.Facts.Instance() {
		return nil, nil
	}
	role := s.opts.Role(s.answer.Facts.Role)
	if role == nil {
		return nil, nil
	}
	v := check.Check(role, []*analyze.Plan{s.sample}, s.opts.Check)
	s.answer.Sample = v
	for i := range v.Permissions {
		if p := &v.Permissions[i]; p.Action.Name == s.answer.Facts.Action {
			for j := range v.Findings {
				if v.Findings[j].Permission == p {
					return &v.Findings[j], p
				}
			}
			return nil, p
		}
	}
	return nil, nil
}

// judgeTrust asks whether the trust policy that is known keeps ECS out.
func (s *solver) judgeTrust() {
	a := s.answer
	verdicts := s.opts.Verdicts
	if verdicts == nil && s.opts.Role != nil {
		if role := s.opts.Role(a.Facts.Role); role != nil {
			a.Sample = check.Check(role, nil, s.opts.Check)
			verdicts = []*check.Verdict{a.Sample}
		}
	}
	for _, v := range verdicts {
		if v.Role.Trust == nil || v.Role.Name != "" && a.Facts.Role != "" && v.Role.Name != a.Facts.Role {
			continue
		}
		switch v.Checklist.Trust {
		case policy.Yes:
			a.Causes = slices.DeleteFunc(slices.Clone(a.Causes), func(c Cause) bool { return c == Trust })
			if len(a.Causes) == 0 {
				a.Causes = []Cause{Trust}
			}
			a.Sure = OneOf
			if len(a.Causes) == 1 {
				a.Sure = Likely
			}
			a.Notes = append(a.Notes, "The trust policy in the files lets ECS assume the role. If the role was just created, try again.")
		case policy.No:
			a.Sure, a.Causes = Certain, []Cause{Trust}
		}
		for i := range v.Findings {
			if f := &v.Findings[i]; f.Kind == check.Trust && f.Code != check.TrustOthers && f.Code != check.TrustNoConditions {
				a.Finding = f
			}
		}
		return
	}
}
