package check

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// checkPermissions asks for every action of every requirement whether the role allows it.
func (c *checker) checkPermissions() {
	index := map[string]int{}
	v := c.verdict
	for _, p := range c.plans {
		readings := alternatives(p)
		for i := range p.Requirements {
			r := &p.Requirements[i]
			readings := readings.of(r)
			if readings[0] != r {
				continue // it was checked with the first reading
			}
			for _, a := range r.Actions {
				key := c.key(p, readings, a.Name)
				j, seen := index[key]
				if !seen {
					j = len(v.Permissions)
					index[key] = j
					v.Permissions = append(v.Permissions, Permission{Action: a})
				}
				v.Permissions[j].Needs = append(v.Permissions[j].Needs, Need{p, r})
				if seen {
					continue
				}
				c.judge(&v.Permissions[j], p, readings)
			}
		}
	}
	for i := range v.Permissions {
		if p := &v.Permissions[i]; p.Code != "" {
			c.find(c.finding(p))
		}
	}
}

// readings are the requirements of a plan of which each is one of several readings of a value, by the offset of the value.
type readings map[int][]*analyze.Requirement

func alternatives(p *analyze.Plan) readings {
	all := readings{}
	for i := range p.Requirements {
		if r := &p.Requirements[i]; r.Match == analyze.OneOf {
			all[r.At.Offset] = append(all[r.At.Offset], r)
		}
	}
	return all
}

// of returns the requirements that are readings of one thing: r is one of them.
func (all readings) of(r *analyze.Requirement) []*analyze.Requirement {
	if r.Match != analyze.OneOf {
		return []*analyze.Requirement{r}
	}
	var list []*analyze.Requirement
	for _, other := range all[r.At.Offset] {
		if other == r || other.IsOtherReading(r) {
			list = append(list, other)
		}
	}
	return list
}

// key returns everything that the answer to a permission depends on.
func (c *checker) key(p *analyze.Plan, readings []*analyze.Requirement, action string) string {
	var b strings.Builder
	b.WriteString(action)
	if action == registryLogin {
		b.WriteString(" on " + strings.Join(p.LaunchTypes, " ")) // see setSources
	}
	for _, r := range readings {
		b.WriteString("\n" + string(r.Match) + "\n" + string(r.Resource) + "\n" + string(r.Stage) + "\n" + string(r.Version))
		for _, condition := range r.Conditions {
			b.WriteString("\n" + condition.Operator + "\n" + condition.Key)
			for _, v := range condition.Values {
				b.WriteString("\n\t" + string(v.Text))
			}
		}
		for _, s := range r.When {
			b.WriteString("\nwhen " + string(s))
		}
		if !r.Resource.IsLiteral() && len(p.Symbols) > 0 {
			b.WriteString("\nin " + p.File + "\n" + p.Name) // the symbols of two inputs differ
		}
	}
	return b.String()
}

// judge finds the answer to a permission and what is wrong with it.
func (c *checker) judge(permission *Permission, p *analyze.Plan, readings []*analyze.Requirement) {
	answers := make([]policy.Answer, len(readings))
	every, some := policy.Yes, policy.No
	for i, r := range readings {
		answers[i] = c.answer(p, r, permission.Action.Name)
		every, some = every.And(answers[i].Allowed), some.Or(answers[i].Allowed)
	}
	permission.Answer = answers[0]
	if len(answers) > 1 {
		permission.Answer = mixed(answers, every, some)
	}
	permission.Code = c.code(permission.Answer, readings[0], permission.Action)
	permission.Answer.Deciders = fewDeciders(permission.Answer)
}

// fewDeciders returns the statements that decide, and no more of them than somebody reads. The one that is in the way is
// among them.
func fewDeciders(a policy.Answer) []policy.Decider {
	const most = 64
	if len(a.Deciders) <= most {
		return a.Deciders
	}
	few := slices.Clone(a.Deciders[:most])
	isInTheWay := func(d policy.Decider) bool { return d.Statement.Effect == policy.Deny && d.Layer == a.By }
	if i := slices.IndexFunc(a.Deciders, isInTheWay); i >= most {
		few = append(few, a.Deciders[i])
	}
	return few
}

// mixed returns the answer for several readings: one that only some of them allow depends on which of them is right.
func mixed(answers []policy.Answer, every, some policy.Truth) policy.Answer {
	a := answers[0]
	for _, other := range answers[1:] {
		if other.Allowed != policy.Yes && a.Allowed == policy.Yes {
			a.By, a.Explicit = other.By, other.Explicit
		}
		a.Exhausted = a.Exhausted || other.Exhausted
		a.Deciders = append(slices.Clip(a.Deciders), other.Deciders...)
	}
	switch {
	case every == policy.Yes:
		a.Allowed, a.By = policy.Yes, ""
	case some == policy.No:
		a.Allowed = policy.No
	default:
		a.Allowed, a.Explicit = policy.Unknown, false
	}
	return a
}

// answer asks for one reading of a requirement.
func (c *checker) answer(p *analyze.Plan, r *analyze.Requirement, action string) policy.Answer {
	request := c.request(p, r, action)
	request.Work = c.work
	parts := c.partsFor(action)
	var resource *ResourcePolicy
	for i := range c.opts.ResourcePolicies {
		if of := &c.opts.ResourcePolicies[i]; resource == nil && c.pattern(p, c.text(p, r.Resource)).CoveredBy(c.pattern(p, of.Of)) != policy.CoversNone {
			resource = of
		}
	}
	if parts == nil {
		return c.evaluator(p, resource, nil).Evaluate(request)
	}
	return c.across(c.needed(p, r), parts, func(w policy.World) policy.Answer { return c.evaluator(p, resource, w).Evaluate(request) })
}

// partsFor returns the formulas of the conditional statements of the role and of its boundary that are about an action. It keeps them
// for other permissions with this action.
func (c *checker) partsFor(action string) []*policy.Formula {
	if !c.conditional {
		return nil
	}
	parts, ok := c.parts[action]
	if !ok {
		parts = c.conditionals(c.role.policiesAndBoundary(), action)
		c.parts[action] = parts
	}
	return parts
}

// request returns the request that ECS makes, or a service for it, as far as it is known.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (c *checker) request(p *analyze.Plan, r *analyze.Requirement, action string) policy.Request {
	account := policy.Of(policy.AccountID)
	q := policy.Request{
		Action: action, Resource: c.text(p, r.Resource), Match: r.Match, Account: c.text(p, r.ARN.Account), When: r.When,
		Principal: policy.Requester{ARN: c.role.ARN, Account: account}, Context: policy.Context{},
	}
	absent, present := policy.ContextKey{State: policy.KeyAbsent}, policy.ContextKey{State: policy.KeyPresent, Values: []policy.Text{"*"}}
	context := q.Context
	context.SetValues("aws:SecureTransport", "true")
	context.SetValues("aws:PrincipalType", "AssumedRole")
	context.SetValues("aws:PrincipalAccount", account)
	context.SetValues("aws:PrincipalIsAWSService", "false")
	context.Set("aws:TokenIssueTime", present)
	context.Set("aws:CurrentTime", present)
	for _, key := range absentKeys {
		context.Set(key, absent)
	}
	if r.ARN.Service == "kms" || strings.HasPrefix(action, "kms:") {
		context.SetValues("kms:CallerAccount", account)
		context.Set("kms:GrantIsForAWSResource", absent) // only requests about grants have it
	} else {
		context.SetValues("aws:ViaAWSService", "false")
	}
	if c.role.ARN != "" {
		context.SetValues("aws:PrincipalArn", policy.Escape(c.role.ARN))
	}
	if r.ARN.Region != "" {
		context.SetValues("aws:RequestedRegion", c.text(p, r.ARN.Region))
	}
	if r.ARN.Account != "" {
		context.SetValues("aws:ResourceAccount", c.text(p, r.ARN.Account))
	}
	c.setSources(context, p, r, action)
	if r.Stage != "" {
		context.SetValues("secretsmanager:VersionStage", c.text(p, r.Stage))
	}
	if r.Version != "" {
		context.SetValues("secretsmanager:VersionId", c.text(p, r.Version))
	}
	if complete, ok := c.opts.Keys.Complete(r.ARN, c.environment); ok {
		q.Resource, q.Match = c.text(p, complete.Text()), policy.Exact
	}
	for _, condition := range r.Conditions {
		values := policy.Texts(condition.Values)
		for i := range values {
			if arn, isARN := policy.CutARN(values[i]); isARN {
				if complete, ok := c.opts.Keys.Complete(arn, c.environment); ok {
					values[i] = complete.Text()
				}
			}
			values[i] = c.text(p, values[i])
		}
		key := policy.ContextKey{State: policy.KeyPresent, Values: values, OneOf: len(condition.Values) > 1}
		if rest, ok := strings.CutPrefix(condition.Operator, "ForAnyValue:"); ok && rest != "" {
			key.More = true
		}
		context.Set(condition.Key, key)
	}
	return q
}

// absentKeys are the condition keys that no request of ECS has: they are for users, and for services that act in their own name.
var absentKeys = [...]string{"aws:username", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID"}

// isAbsent reports whether a condition key is one of [absentKeys].
func isAbsent(key string) bool {
	return slices.ContainsFunc(absentKeys[:], func(absent string) bool { return strings.EqualFold(absent, key) })
}

// setSources adds to the context the VPC and the endpoints that a call comes from. The keys stay unknown for calls of KMS, which
// another service makes, and for other regions, since an endpoint serves its own region. They are absent from the login to Amazon ECR
// on Fargate, which does not go through the network of the task.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html, and
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
func (c *checker) setSources(context policy.Context, p *analyze.Plan, r *analyze.Requirement, action string) {
	region := r.ARN.Region
	isElsewhere := c.environment.Region != "" && region.IsLiteral() && region != "" && string(region) != c.environment.Region
	isLogin := action == registryLogin
	isUnknown := isElsewhere || r.ARN.Service == "kms" || isLogin && !p.RunsOnly("EC2")
	set := func(key string, ids []string) {
		switch {
		case isLogin && p.RunsOnly("FARGATE"):
			context.Set(key, policy.ContextKey{State: policy.KeyAbsent})
		case len(ids) > 0 && !isUnknown:
			values := make([]policy.Text, len(ids))
			for i, id := range ids {
				values[i] = policy.Text(id)
			}
			context.Set(key, policy.ContextKey{State: policy.KeyPresent, Values: values, OneOf: len(ids) > 1})
		}
	}
	set("aws:SourceVpce", c.opts.SourceVPCEndpoints)
	set("aws:SourceVpc", c.opts.SourceVPCs)
}

// registryLogin is the action by which ECS logs in to Amazon ECR.
const registryLogin = "ecr:GetAuthorizationToken"

// code says what is wrong with a permission; "" where nothing is.
func (c *checker) code(a policy.Answer, r *analyze.Requirement, action analyze.Action) Code {
	documented := action.Strength == analyze.Documented
	switch {
	case a.Allowed == policy.Yes && (documented || !c.unknownPolicy(true)):
		return ""
	case documented && !(a.Exhausted && a.Allowed == policy.Unknown):
		return DocumentedOnly
	case a.Allowed == policy.Unknown && a.Exhausted:
		return TooLong
	case a.Allowed == policy.Yes, a.Allowed == policy.No && !a.Explicit && a.By == policy.IdentityLayer && c.unknownPolicy(false):
		return DependsOnPolicy
	case a.Allowed == policy.No && isOptional(r.When):
		return DependsOnValue
	case a.Allowed == policy.No:
		switch a.By {
		case policy.BoundaryLayer:
			return DeniedByBoundary
		case policy.ServiceControlLayer:
			return DeniedByControl
		case policy.ResourceLayer:
			return DeniedByResource
		}
		if a.Explicit {
			return DeniedByRole
		}
		return NotAllowed
	}
	return reason(a, r)
}

// isOptional reports whether something is there only where a value that is known at deployment is not empty: what the value
// names may be of another kind, which needs no permission, or another one.
func isOptional(when policy.When) bool {
	return len(when) > 0 && !slices.ContainsFunc(when, func(s policy.Symbol) bool {
		_, given, ok := s.Decision()
		return ok && given == ""
	})
}

// reason says what an answer depends on. A condition is the reason where some statement would decide without it.
func reason(a policy.Answer, r *analyze.Requirement) Code {
	code := DependsOnValue
	if a.Conditional {
		return DependsOnCondition
	}
	for _, d := range a.Deciders {
		switch {
		case d.Applies != policy.Unknown:
		case d.Coverage == policy.CoversSome && d.Undecided == nil:
			return DependsOnString
		case d.Undecided != nil, hasVariables(d):
			code = DependsOnCondition // no flag gives the value of a policy variable
		}
	}
	if code == DependsOnValue && r.Match == analyze.OneOf && r.Resource.IsLiteral() && !slices.ContainsFunc(a.Deciders, func(d policy.Decider) bool { return d.Coverage == policy.CoverageUnknown }) {
		return DependsOnString
	}
	return code
}

// hasVariables reports whether a statement may apply by a resource that has policy variables, such as ${aws:PrincipalTag/team}.
func hasVariables(d policy.Decider) bool {
	return slices.ContainsFunc(d.Resources, func(i int) bool {
		t := d.Statement.Resources[i].Text
		return policy.AnyVariables(t, d.Policy.Document.Version, isAbsent) != t
	})
}

// finding returns the finding about a permission.
func (c *checker) finding(p *Permission) Finding {
	f := Finding{Code: p.Code, Permission: p, Sure: true}
	switch p.Code {
	case NotAllowed:
		f.Kind = Missing
	case DeniedByRole, DeniedByBoundary, DeniedByControl, DeniedByResource:
		f.Kind = Denied
	case DocumentedOnly:
		f.Kind, f.Sure = Documented, p.Answer.Allowed == policy.No
	default:
		f.Kind, f.Sure = Conditional, false
	}
	for i := range p.Answer.Deciders {
		d := &p.Answer.Deciders[i]
		blocks := d.Statement.Effect == policy.Deny && d.Layer == p.Answer.By
		depends := d.Applies == policy.Unknown || p.Answer.Conditional && isConditional(c.written(d.Statement))
		if blocks || f.Statement == nil && depends && f.Kind == Conditional {
			f.Policy, f.Statement, f.At = d.Policy, c.written(d.Statement), d.Statement.Place
			if f.Code == DependsOnCondition && d.Undecided != nil {
				f.Condition = &d.Statement.Conditions[d.Undecided[0]]
			}
		}
		if blocks {
			break
		}
	}
	if f.Kind != Denied {
		f.Cure.Add = []policy.Statement{statement(p.Needs[:1], p.Action.Name)}
	}
	return f
}

// statement returns a statement that allows what requirements of one grant need.
func statement(needs []Need, actions ...string) policy.Statement {
	r := needs[0].Requirement
	s := policy.Statement{Sid: r.Grant.Sid, Actions: actions, Conditions: r.Conditions}
	for i, n := range needs {
		s.Resources = append(s.Resources, policy.Value{Text: n.Requirement.Resource, When: n.Plan.NamedWhen(n.Requirement.When), From: []policy.Source{{
			Task: n.Requirement.At.Task, Container: n.Requirement.At.Container, Field: n.Requirement.At.Field, Requirement: i + 1,
		}}})
	}
	return s
}

// written returns a statement as the role has it, of which a part was evaluated.
func (c *checker) written(part *policy.Statement) *policy.Statement {
	policies := c.role.policiesAndBoundary()
	for i := range policies {
		for j := range policies[i].Document.Statements {
			s := &policies[i].Document.Statements[j]
			if isConditional(s) && s.Place == part.Place && slices.Equal(s.Actions, part.Actions) && slices.Equal(s.Branches, part.Branches) {
				return s
			}
		}
	}
	return part
}
