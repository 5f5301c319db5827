package check

import (
	"cmp"
	"maps"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// Verdict says whether a role fits tasks.
type Verdict struct {
	Role *Role
	// Tasks are the plans of the tasks that use the role, as they were given.
	Tasks []*analyze.Plan
	// NotJudged says that it is not judged what is unneeded: the task role is the execution role, or a task could not be read.
	NotJudged bool
	// Fits is No where something is missing or denied, or the trust policy is wrong; Unknown where something depends on what
	// is unknown, and Yes otherwise.
	Fits policy.Truth
	// Permissions are those that the tasks need, each once, in the order of the plans.
	Permissions []Permission
	// Findings are what is not as it should be, in the order of their codes.
	Findings []Finding
	// Accepted are those that [Verdict.Accept] took out.
	Accepted []Accepted
	// NotSeen are the kinds of policies that have a say in every answer, and that the input does not have.
	NotSeen []NotSeen
	// Environment is where the role is used, as far as that is known or assumed.
	Environment policy.Environment
	// Assumed are values that nobody gave, and that are the same throughout the role: the answers are those for them.
	Assumed policy.Environment
	// Checklist are the answers to AWS's guide.
	Checklist Checklist
}

// Checklist are the questions that AWS's guide asks about an execution role.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
type Checklist struct {
	Exists        policy.Truth // the role is there: Unknown where the input has only policy documents
	ManagedPolicy policy.Truth // AmazonECSTaskExecutionRolePolicy is attached
	Trust         policy.Truth // ECS may assume the role
}

// NotSeen is a kind of policies that the input does not have.
type NotSeen string

const (
	NoServiceControl NotSeen = "service control policies of the organization"
	NoEndpoint       NotSeen = "policies of VPC endpoints"
	NoResource       NotSeen = "policies of secrets, keys, repositories and buckets"
	NoTrust          NotSeen = "the trust policy of the role"
)

// Kind is what a finding is about.
type Kind string

const (
	Missing     Kind = "missing"     // needed, and not allowed
	Denied      Kind = "denied"      // needed, and a policy is in the way
	Conditional Kind = "conditional" // needed, and allowed under what is unknown
	Documented  Kind = "documented"  // in AWS's guide, and not allowed; nothing is known to call it
	Unneeded    Kind = "unneeded"    // allowed, and needed by none of the tasks
	Unexplained Kind = "unexplained" // allowed, and perhaps needed by what no task definition shows
	Trust       Kind = "trust"       // who may assume the role
	RoleUse     Kind = "role"        // what the role is used for, and what is unknown of it
)

// Code names a kind of finding. It does not change from version to version.
type Code string

const (
	NotAllowed          Code = "EXR001" // nothing allows a permission that a task needs
	DeniedByRole        Code = "EXR002" // a statement of the role denies it
	DeniedByBoundary    Code = "EXR003" // the permissions boundary denies it, or does not allow it
	DeniedByControl     Code = "EXR004" // a service control policy denies it, or does not allow it
	DeniedByResource    Code = "EXR005" // the policy of the resource denies it, or does not allow it
	DependsOnCondition  Code = "EXR006" // a condition cannot be decided
	DependsOnString     Code = "EXR007" // some of the strings that the resource can be are allowed
	DependsOnValue      Code = "EXR008" // it depends on a value that is unknown before deployment
	DependsOnPolicy     Code = "EXR009" // the role has a policy whose document is unknown
	DocumentedOnly      Code = "EXR010" // an action of AWS's guide is not allowed
	TooLong             Code = "EXR011" // the policies are too long, or have too many wildcards, to be compared in time
	NoRole              Code = "EXR012" // the task definition names no execution role
	Escalation          Code = "EXR020" // the role can give itself or others more rights
	SecretsByWildcard   Code = "EXR021" // the role can read secrets or use keys by a wildcard
	OtherSecrets        Code = "EXR022" // the role can read a secret or use a key that no task needs
	UnneededWrites      Code = "EXR023" // the role can change something
	UnneededReads       Code = "EXR024" // the role can read something
	PerhapsNeeded       Code = "EXR030" // of a kind that no task definition shows
	TrustKeepsOut       Code = "EXR040" // ECS may not assume the role: no statement is about it
	TrustOthers         Code = "EXR041" // others may assume the role
	TrustSourceArn      Code = "EXR042" // aws:SourceArn keeps ECS out, or may
	TrustSourceAccount  Code = "EXR043" // aws:SourceAccount keeps ECS out, or may
	TrustNoConditions   Code = "EXR044" // ECS may assume the role for tasks of any account
	TrustOtherCondition Code = "EXR045" // another condition keeps ECS out, or may
	TrustDenied         Code = "EXR046" // a statement denies ECS to assume the role
	SameRole            Code = "EXR050" // the task role is the execution role
	PolicyUnknown       Code = "EXR051" // the role has a policy whose document is unknown
	NotCompared         Code = "EXR052" // from a statement on, it was not looked for what is unneeded
)

// Finding is something that is not as it should be.
type Finding struct {
	Code Code
	Kind Kind
	// Sure says that it is so. Otherwise it may be.
	Sure bool
	// Permission is the permission that is not surely there; nil for a finding about what the role has.
	Permission *Permission
	// Policy and Statement are what the finding is about in the role; nil for what is missing. At is its place.
	Policy    *policy.Policy
	Statement *policy.Statement
	At        tree.Place
	// Actions and Resources are the parts of the statement that are unneeded.
	Actions   []string
	Resources []policy.Text
	// Used are the requirements that use a part of them: the statement is too broad.
	Used []Need
	// Managed is the ARN of the policy where it is attached, and its document is not the role's own; "" elsewhere.
	Managed policy.Text
	// Unseen is what may need them; nil elsewhere.
	Unseen *analyze.Unseen
	// Principal is who may assume the role besides ECS.
	Principal policy.Principal
	// Condition is the condition that keeps ECS out, or that cannot be decided; nil elsewhere.
	Condition *policy.Condition
	// Unknown is the policy whose document is unknown; nil elsewhere.
	Unknown *UnknownPolicy
	// Task is the name of the task whose roles are the same.
	Task string
	Cure Cure
}

// Need is a requirement of a plan.
type Need struct {
	Plan        *analyze.Plan
	Requirement *analyze.Requirement
}

// Cure is what to change.
type Cure struct {
	// Add are statements to add to the role, or, where Remove says so, to put in the place of what is removed.
	Add []policy.Statement
	// Remove says that the finding's actions and resources are to be taken out of its statement, or that the policy of
	// [Finding.Managed] is to be detached.
	Remove bool
	// Trust is the trust policy to have; its zero value where that is not the cure.
	Trust policy.Document
}

// Permission is one action on one resource that tasks need.
type Permission struct {
	Action analyze.Action
	// Needs are the requirements that ask for it, in the order of the plans.
	Needs []Need
	// Answer is what IAM answers, for all readings of the requirement.
	Answer policy.Answer
	Code   Code // of the finding; "" where the permission is there
}

// Resource is the permission's resource.
func (p *Permission) Resource() policy.Text { return p.Needs[0].Requirement.Resource }

// From returns the fields that ask for the permission.
func (p *Permission) From() []taskdef.Ref {
	list := make([]taskdef.Ref, len(p.Needs))
	for i, n := range p.Needs {
		list[i] = n.Requirement.At
	}
	return list
}

// ResourcePolicy is the policy of resources.
type ResourcePolicy struct {
	Of policy.Text // the ARN of the resources, with wildcards
	policy.Policy
}

// Options are what else is known.
type Options struct {
	// Environment is where the role is used.
	Environment policy.Environment
	// Boundary is the permissions boundary, whatever the role says.
	Boundary *policy.Policy
	// ServiceControl are the service control policies by the levels of the organization; nil where they are unknown.
	ServiceControl [][]policy.Policy
	// ResourcePolicies are those that are known.
	ResourcePolicies []ResourcePolicy
	// SourceVPCEndpoints and SourceVPCs are the IDs of those that the calls of the tasks come from; nil where that is unknown.
	SourceVPCEndpoints, SourceVPCs []string
	// Keys are answers of AWS. Here they say the complete ARNs of secrets; nil where there are none.
	Keys *analyze.KnownKeys
	// Role are the options that a role for the tasks would be made with.
	Role policy.Options
	// TasksUnread says that there are tasks with the role that could not be read. What is unneeded is not judged then.
	TasksUnread bool
}

// Check compares a role with the plans of all tasks that use it. The plans have no errors.
func Check(role *Role, plans []*analyze.Plan, opts Options) *Verdict {
	c := &checker{role: role, plans: plans, opts: opts, verdict: &Verdict{Role: role, Tasks: plans}, evaluators: map[evaluatorKey]*policy.Evaluator{}, inWorlds: map[string]worldPolicies{}, parts: map[string][]*policy.Formula{}, tables: map[*analyze.Plan]policy.SymbolTable{}}
	c.work = c.newWork()
	c.conditional = role.hasConditionals()
	c.setValues()
	c.checkPermissions()
	c.checkTrust()
	if role.Absent {
		c.checkAbsence()
	} else if c.verdict.NotJudged = c.checkSameRole() || opts.TasksUnread; !c.verdict.NotJudged {
		c.checkUnneeded()
	}
	c.finish()
	return c.verdict
}

// checker makes a verdict.
type checker struct {
	role    *Role
	plans   []*analyze.Plan
	opts    Options
	verdict *Verdict
	// conditional says that parts of the role are there only under conditions of a template.
	conditional bool
	// values are those of the environment's symbols that are known.
	environment policy.Environment
	values      map[policy.Symbol]string
	evaluators  map[evaluatorKey]*policy.Evaluator
	tables      map[*analyze.Plan]policy.SymbolTable // the symbols of the role and of a plan
	parts       map[string][]*policy.Formula         // of conditional statements, by the action that they are about
	worlds      int                                  // how many were looked at, for all permissions
	inWorlds    map[string]worldPolicies             // by the values of all variables
	inTexts     map[policy.Symbol]bool               // the symbols in texts of the role and of plans; nil before the first use
	work        *policy.Work                         // how much may be done for all permissions
}

// evaluatorKey says for what an evaluator is: for a plan with symbols or for all others, and with the policy of a resource or
// without. There is a text for the parts of the policies that are there under the conditions of a template: see
// [checker.policiesIn].
type evaluatorKey struct {
	plan     *analyze.Plan
	resource *ResourcePolicy
	parts    string
}

// newWork returns how much may be done in all. It grows with the number of permissions alone: policies that are made to be slow
// cannot take more. A policy of 10,240 characters, all of them in resources such as *a*, needs less for each permission; a usual
// one needs a thousandth.
func (c *checker) newWork() *policy.Work {
	const once, each = 1 << 28, 1 << 17
	n := 0
	for _, p := range c.plans {
		for i := range p.Requirements {
			n += len(p.Requirements[i].Actions)
		}
	}
	return policy.NewWork(once + n*each)
}

// setValues finds the values of the environment: what the caller says has precedence over the role's ARN, and that over the
// task definitions. A value that nobody says, and that is the same throughout the role, is assumed.
func (c *checker) setValues() {
	e := c.opts.Environment
	if arn, ok := policy.CutARN(c.role.ARN); ok {
		e.Account, e.Partition = cmp.Or(e.Account, string(arn.Account)), cmp.Or(e.Partition, string(arn.Partition))
	}
	for _, p := range c.plans {
		for _, s := range policy.EnvironmentSymbols {
			if e.Value(s) == "" {
				e.Set(s, cmp.Or(p.Environment.Value(s), p.Declared.Value(s)))
			}
		}
	}
	e = e.WithPartition()
	found := environments(c.role)
	if len(found[policy.Partition]) == 0 {
		for _, p := range c.plans { // a role and what its tasks need are in one partition
			for i := range p.Requirements {
				if partition := p.Requirements[i].ARN.Partition; policy.IsPartition(partition) {
					found[policy.Partition][string(partition)] = true
				}
			}
		}
	}
	for _, s := range policy.EnvironmentSymbols {
		if e.Value(s) == "" && len(found[s]) == 1 {
			for v := range found[s] {
				e.Set(s, v)
				c.verdict.Assumed.Set(s, v)
			}
		}
	}
	c.environment, c.values = e, e.Values()
	if domain := policy.DomainOf(e.Partition); domain != "" {
		c.values[policy.URLSuffix] = domain
	}
	c.verdict.Environment = e
}

// environments returns the partitions, regions and accounts in the ARNs of a role's policies. Where the policies name the
// role's own region or account by a symbol, one that they have as text is another or may be.
func environments(role *Role) map[policy.Symbol]map[string]bool {
	found := map[policy.Symbol]map[string]bool{policy.Partition: {}, policy.Region: {}, policy.AccountID: {}}
	symbolic := map[policy.Symbol]bool{}
	add := func(t policy.Text) {
		for _, s := range []policy.Symbol{policy.Region, policy.AccountID} {
			symbolic[s] = symbolic[s] || slices.Contains(t.Symbols(), s)
		}
		arn, ok := policy.CutARN(t)
		if !ok {
			return
		}
		if policy.IsPartition(arn.Partition) {
			found[policy.Partition][string(arn.Partition)] = true
		}
		if policy.IsRegion(arn.Region) {
			found[policy.Region][string(arn.Region)] = true
		}
		if policy.IsAccount(arn.Account) {
			found[policy.AccountID][string(arn.Account)] = true
		}
	}
	policies := role.Policies
	if role.Trust != nil {
		policies = append(slices.Clip(policies), *role.Trust)
	}
	for _, p := range policies {
		for _, s := range p.Document.Statements {
			for _, v := range s.Resources {
				add(v.Text)
			}
			for _, condition := range s.Conditions {
				for _, v := range condition.Values {
					add(v.Text)
					if policy.IsAccount(v.Text) && s.Principals != nil {
						found[policy.AccountID][string(v.Text)] = true
					}
				}
			}
		}
	}
	for s := range symbolic {
		if symbolic[s] {
			clear(found[s])
		}
	}
	return found
}

// symbols returns what is known of the symbols in the role and in a plan.
func (c *checker) symbols(p *analyze.Plan) policy.SymbolTable {
	if p == nil {
		return c.role.Symbols
	}
	if len(c.role.Symbols) == 0 {
		return p.Symbols
	}
	table, ok := c.tables[p]
	if !ok {
		table = maps.Clone(c.role.Symbols)
		if s := c.role.stack; s != nil {
			maps.Copy(table, s.space.foreignSymbols(p.File, s.file, p.Symbols))
		} else {
			maps.Copy(table, p.Symbols)
		}
		c.tables[p] = table
	}
	if c.role.isOf(p.File) {
		maps.Copy(table, c.role.Symbols) // it knows more of the same symbols
	}
	return table
}

// text returns a text of a plan with the symbols of the template that has the role.
func (c *checker) text(p *analyze.Plan, t policy.Text) policy.Text {
	if s := c.role.stack; s != nil {
		return s.space.translate(t, p.File, s.file, p.Symbols)
	}
	if c.role.module == "" {
		return t
	}
	return sourceText(p, t)
}

// valuesFor returns the values of symbols for a plan: those of the environment, and those that depend on its region.
func (c *checker) valuesFor(p *analyze.Plan) map[policy.Symbol]string {
	values := c.values
	if p == nil {
		return values
	}
	for _, m := range p.Mappings {
		if v, ok := m.Lookup(c.environment.Region); ok {
			values = maps.Clone(values)
			values[m.Symbol], values[m.ByRegion()] = v, v
		}
	}
	return values
}

// evaluator returns the evaluator of the role's own policies for a plan, with the policy of a resource or without. Plans
// without symbols share one. In a world, parts of the policies are not there; nil is for policies that are the same in all.
func (c *checker) evaluator(p *analyze.Plan, resource *ResourcePolicy, w policy.World) *policy.Evaluator {
	key := evaluatorKey{plan: p, resource: resource}
	if len(p.Symbols) == 0 && len(p.Mappings) == 0 {
		key.plan = nil
	}
	policies := policy.Policies{}
	values := c.valuesFor(p)
	if w != nil {
		policies, key.parts = c.policiesIn(w)
		var of string
		values, of = c.valuesIn(w, p, values)
		key.parts += of
	}
	e, ok := c.evaluators[key]
	if !ok {
		if w == nil {
			policies = c.policies()
		}
		if resource != nil {
			policies.Resource = &resource.Policy
		}
		e = policy.NewEvaluator(policies, c.symbols(p), values)
		c.evaluators[key] = e
	}
	return e
}

// withFullAccess adds FullAWSAccess, which AWS attaches everywhere, to each level whose known policies only deny. Such a level must
// have another policy that allows: otherwise nobody there could do anything.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
func withFullAccess(levels [][]policy.Policy) [][]policy.Policy {
	levels = slices.Clone(levels)
	for i, level := range levels {
		allows := slices.ContainsFunc(level, func(p policy.Policy) bool {
			return slices.ContainsFunc(p.Document.Statements, func(s policy.Statement) bool { return s.Effect == policy.Allow })
		})
		if !allows {
			all := policy.Statement{Actions: []string{"*"}, Resources: policy.Values("*")}
			levels[i] = append(slices.Clip(level), policy.Policy{Name: "FullAWSAccess", Document: policy.Document{Statements: []policy.Statement{all}}})
		}
	}
	return levels
}

// policies are those that have a say in what the role may do.
func (c *checker) policies() policy.Policies {
	p := policy.Policies{Boundary: c.opts.Boundary, ServiceControl: withFullAccess(c.opts.ServiceControl)}
	for i := range c.role.Policies {
		p.Identity = append(p.Identity, c.role.Policies[i].Policy)
	}
	if p.Boundary == nil && c.role.Boundary != nil {
		p.Boundary = &c.role.Boundary.Policy
	}
	return p
}

// unknownPolicy reports whether the role has policies whose documents are unknown: of its own, or its boundary.
func (c *checker) unknownPolicy(boundary bool) bool {
	return slices.ContainsFunc(c.role.Unknown, func(u UnknownPolicy) bool {
		return u.Boundary == boundary && !u.Trust && !(boundary && c.opts.Boundary != nil)
	})
}

func (c *checker) find(f Finding) { c.verdict.Findings = append(c.verdict.Findings, f) }

// checkSameRole reports whether a task has its execution role as its task role too: what the role allows is then for the
// containers as well, and nobody can say what they need.
func (c *checker) checkSameRole() (same bool) {
	for _, p := range c.plans {
		if p.ExecutionRole != "" && slices.Contains(p.TaskRoles, p.ExecutionRole) {
			c.find(Finding{Code: SameRole, Kind: RoleUse, Sure: true, Task: p.Family})
			same = true
		}
	}
	return same
}

// checkAbsence says what it means that there is no role.
func (c *checker) checkAbsence() {
	for _, p := range c.plans {
		switch p.MissesRole() {
		case policy.Yes:
			c.find(Finding{Code: NoRole, Kind: Missing, Sure: true, Task: p.Family, At: p.At()})
		case policy.Unknown: // the instance may have the permissions
			c.verdict.Findings = slices.DeleteFunc(c.verdict.Findings, func(f Finding) bool { return f.Permission != nil })
			c.find(Finding{Code: NoRole, Kind: Conditional, Task: p.Family, At: p.At()})
		}
	}
}

// judge says whether the role fits, by the findings.
func (v *Verdict) judge() {
	v.Fits = policy.Yes
	for _, f := range v.Findings {
		switch {
		case f.Kind == Missing || f.Kind == Denied, f.Kind == Trust && f.Sure && f.Code != TrustOthers && f.Code != TrustNoConditions:
			v.Fits = policy.No
		case f.Kind == Conditional, f.Kind == Trust && !f.Sure, f.Code == PolicyUnknown:
			v.Fits = v.Fits.And(policy.Unknown)
		}
	}
}

// finish sums up.
func (c *checker) finish() {
	v := c.verdict
	for i := range c.role.Unknown {
		if c.role.Unknown[i].Boundary && c.opts.Boundary != nil {
			continue // the caller knows it
		}
		c.find(Finding{Code: PolicyUnknown, Kind: RoleUse, Sure: true, Unknown: &c.role.Unknown[i], At: c.role.Unknown[i].Place})
	}
	slices.SortStableFunc(v.Findings, func(a, b Finding) int { return cmp.Compare(a.Code, b.Code) })
	v.judge()
	if c.opts.ServiceControl == nil {
		v.NotSeen = append(v.NotSeen, NoServiceControl)
	}
	v.NotSeen = append(v.NotSeen, NoEndpoint)
	if c.opts.ResourcePolicies == nil {
		v.NotSeen = append(v.NotSeen, NoResource)
	}
	if c.role.Trust == nil && !c.role.Absent {
		v.NotSeen = append(v.NotSeen, NoTrust)
	}
	switch {
	case c.role.Absent:
		v.Checklist.Exists = policy.No
	case !c.role.elsewhere && (c.role.Place.File != "" || c.role.Name != ""):
		v.Checklist.Exists = policy.Yes
	}
	v.Checklist.ManagedPolicy = policy.No
	if slices.ContainsFunc(c.role.Policies, func(p Policy) bool {
		return p.ARN.HasSuffix(":iam::aws:policy/service-role/" + policy.Text(policy.ECSTaskExecutionRolePolicy().Name))
	}) {
		v.Checklist.ManagedPolicy = policy.Yes
	} else if c.role.elsewhere || slices.ContainsFunc(c.role.Unknown, func(u UnknownPolicy) bool { return !u.Boundary && !u.ARN.IsLiteral() }) {
		v.Checklist.ManagedPolicy = policy.Unknown
	}
}
