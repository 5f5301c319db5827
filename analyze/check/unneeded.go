package check

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// checkUnneeded looks for what the role allows and no task needs.
func (c *checker) checkUnneeded() {
	u := unneeded{checker: c, seen: map[needKey]bool{}, resources: map[needKey]*neededResource{}, actions: map[string]*allowed{}, work: c.newWork()}
	for _, p := range c.plans {
		for i := range p.Requirements {
			r := &p.Requirements[i]
			for _, a := range r.Actions {
				u.add(p, r, a.Name)
			}
		}
		for i := range p.Unseen {
			u.addUnseen(&p.Unseen[i])
		}
	}
	patterns := make([]policy.Pattern, len(u.needed))
	for i, r := range u.needed {
		patterns[i] = r.pattern
	}
	u.index = policy.NewPatternIndex(patterns)
	for i := range c.role.Policies {
		p := &c.role.Policies[i]
		if c.isWanted(p) {
			continue
		}
		for j := range p.Document.Statements {
			s := &p.Document.Statements[j]
			if s.Effect != policy.Allow {
				continue
			}
			if u.statement(p, s); u.work.Done() {
				c.find(Finding{Code: NotCompared, Kind: RoleUse, Sure: true, Policy: &p.Policy, Statement: s, At: s.Place})
				return
			}
		}
	}
}

// isWanted reports whether the options of the plans ask for a managed policy.
func (c *checker) isWanted(p *Policy) bool {
	return p.ARN != "" && slices.ContainsFunc(c.plans, func(plan *analyze.Plan) bool {
		return slices.ContainsFunc(plan.Attached, func(arn policy.Text) bool {
			return c.pattern(plan, p.ARN).CoveredBy(c.pattern(plan, arn)) != policy.CoversNone
		})
	})
}

// pattern takes a text apart that is of a plan or of the role.
func (c *checker) pattern(p *analyze.Plan, t policy.Text) policy.Pattern {
	return c.symbols(p).Pattern(t, c.valuesFor(p))
}

// need is an action of requirements on one resource.
type need struct {
	Need   // the first that has it
	action string
	number int // of all needs
}

// neededResource is a resource that plans need, taken apart.
type neededResource struct {
	pattern policy.Pattern
	needs   []*need
	// complete is the complete ARN where the answers of AWS have it; nil otherwise. The pattern allows every random suffix.
	complete *policy.Pattern
}

// unneeded looks through statements.
type unneeded struct {
	*checker
	seen      map[needKey]bool
	count     int                         // of needs
	resources map[needKey]*neededResource // by the resource, without an action
	needed    []*neededResource
	index     *policy.PatternIndex // of needed
	whole     []*need              // of actions that have no resources of their own
	actions   map[string]*allowed  // by the actions of statements
	unseen    []unseen
	work      *policy.Work
}

// needKey is an action on a resource. In different plans, symbols of one name are different.
type needKey struct {
	action   string
	resource policy.Text
	plan     *analyze.Plan
}

// add adds an action of a requirement.
func (u *unneeded) add(p *analyze.Plan, r *analyze.Requirement, action string) {
	key := needKey{strings.ToLower(action), r.Resource, nil}
	if !r.Resource.IsLiteral() && len(p.Symbols) > 0 {
		key.plan = p
	}
	if u.seen[key] {
		return
	}
	u.seen[key] = true
	n := &need{Need{p, r}, key.action, u.count}
	u.count++
	if r.Resource == "*" {
		u.whole = append(u.whole, n)
		return
	}
	key.action = ""
	resource := u.resources[key]
	if resource == nil {
		resource = &neededResource{pattern: u.pattern(p, u.text(p, r.Resource))}
		if arn, ok := u.opts.Keys.Complete(r.ARN, u.environment); ok {
			complete := u.pattern(p, u.text(p, arn.Text()))
			resource.complete = &complete
		}
		u.resources[key] = resource
		u.needed = append(u.needed, resource)
	}
	resource.needs = append(resource.needs, n)
}

// allowed is what an action of a statement, which can have wildcards, allows.
type allowed struct {
	exact  bool            // it has no wildcards
	needs  map[string]bool // the actions of needs, in lower case
	unseen []bool          // which of the unseen things may need it
	code   Code            // what it is where nothing needs it
	reads  bool            // it reads secrets, or uses keys
}

// action returns what an action allows.
func (u *unneeded) action(action string) *allowed {
	a, ok := u.actions[action]
	if ok {
		return a
	}
	pattern := policy.ActionPattern(action)
	allows := func(other string) bool { return policy.ActionPattern(other).CoveredBy(pattern) == policy.CoversAll }
	a = &allowed{exact: !strings.ContainsAny(action, "*?"), needs: map[string]bool{}, code: rank(action, allows), reads: slices.ContainsFunc(secretReads, allows)}
	for key := range u.seen {
		if _, known := a.needs[key.action]; !known {
			a.needs[key.action] = allows(key.action)
		}
	}
	maps.DeleteFunc(a.needs, func(_ string, does bool) bool { return !does })
	for _, one := range u.unseen {
		a.unseen = append(a.unseen, slices.ContainsFunc(one.Actions, func(other string) bool {
			return pattern.CoveredBy(policy.ActionPattern(other)) == policy.CoversAll
		}))
	}
	u.actions[action] = a
	return a
}

// unseen is what no task definition shows, with its resource taken apart.
type unseen struct {
	*analyze.Unseen
	resource policy.Pattern
}

// capitals matches the words in capitals in [analyze.Unseen]: each is a placeholder for any value. The pattern is compiled when
// check first uses it, so that other commands start faster.
var capitals = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b[A-Z]{3,}\b`) })

func (u *unneeded) addUnseen(one *analyze.Unseen) {
	if slices.ContainsFunc(u.unseen, func(other unseen) bool { return other.What == one.What && other.Resource == one.Resource }) {
		return
	}
	var symbols policy.SymbolTable
	u.unseen = append(u.unseen, unseen{one, symbols.Pattern(policy.Text(capitals().ReplaceAllString(string(one.Resource), "*")), nil)})
}

// group is what findings of one statement have in common.
type group struct {
	code   Code
	broad  bool // a part of it is used
	unseen *analyze.Unseen
}

// members are the parts of a statement, and what uses them, of one finding.
type members struct {
	actions, resources []bool
	used               map[*need]bool
}

func (u *unneeded) statement(p *Policy, s *policy.Statement) {
	actions, resources := s.Actions, policy.Texts(s.Resources)
	if s.NotActions != nil {
		actions = []string{"*"} // all but a few
	}
	if s.NotResources != nil || s.Resources == nil {
		resources = []policy.Text{"*"}
	}
	groups := map[group]*members{}
	var order []group
	for i, resource := range resources {
		resource = policy.AnyVariables(resource, p.Document.Version, isAbsent)
		hit := u.resource(resource)
		for j, action := range actions {
			if u.work.Done() {
				return // what was found so far says less than it seems
			}
			a := u.action(action)
			used, tight := hit.uses(a)
			if tight {
				continue
			}
			g := group{a.codeOn(resource), used != nil, nil}
			if unseen := u.explains(a, hit.pattern); unseen != nil && used == nil {
				g = group{PerhapsNeeded, false, unseen}
			}
			m := groups[g]
			if m == nil {
				m = &members{make([]bool, len(actions)), make([]bool, len(resources)), map[*need]bool{}}
				groups[g] = m
				order = append(order, g)
			}
			m.actions[j], m.resources[i] = true, true
			for _, n := range used {
				if !m.used[n] {
					const each = 1024 // memory is bounded by it
					u.work.Spend(each)
					m.used[n] = true
				}
			}
		}
	}
	for _, g := range order {
		u.find(u.finding(p, s, g, groups[g], actions, resources))
	}
}

// finding returns the finding about parts of a statement.
func (u *unneeded) finding(p *Policy, s *policy.Statement, g group, m *members, actions []string, resources []policy.Text) Finding {
	f := Finding{Code: g.code, Kind: Unneeded, Sure: true, Policy: &p.Policy, Statement: s, At: s.Place, Managed: p.ARN, Unseen: g.unseen, Cure: Cure{Remove: true}}
	if p.ARN != "" && s.Place.File == "" || p.Version != "" {
		f.At = p.Place // where the policy is attached
	}
	if g.code == PerhapsNeeded {
		f.Kind, f.Sure, f.Cure = Unexplained, false, Cure{}
	}
	f.Actions, f.Resources = chosen(actions, m.actions), chosen(resources, m.resources)
	needs := slices.SortedFunc(maps.Keys(m.used), func(a, b *need) int {
		return cmp.Or(strings.Compare(a.action, b.action), cmp.Compare(a.number, b.number))
	})
	listed := make(map[Need]bool, len(needs))
	for _, n := range needs {
		name := n.action
		for _, a := range n.Requirement.Actions {
			if strings.EqualFold(a.Name, name) {
				name = a.Name
			}
		}
		f.Cure.Add = append(f.Cure.Add, statement([]Need{n.Need}, name))
		if !listed[n.Need] {
			listed[n.Need] = true
			f.Used = append(f.Used, n.Need)
		}
	}
	f.Cure.Add = TightForm(f.Cure.Add)
	return f
}

// chosen returns the elements of a list that are chosen, each once.
func chosen[T comparable](list []T, is []bool) (out []T) {
	seen := map[T]bool{}
	for i, one := range list {
		if is[i] && !seen[one] {
			seen[one] = true
			out = append(out, one)
		}
	}
	return out
}

// TightForm merges statements that allow one action on one resource each.
func TightForm(list []policy.Statement) []policy.Statement {
	if list == nil {
		return nil
	}
	slices.SortStableFunc(list, func(a, b policy.Statement) int {
		return cmp.Or(strings.Compare(a.Sid, b.Sid), strings.Compare(a.Actions[0], b.Actions[0]), policy.CompareConditions(a.Conditions, b.Conditions))
	})
	merged := policy.Merge(list)
	// Statements that differ in their actions alone are one.
	var joined []policy.Statement
	for _, s := range merged {
		i := slices.IndexFunc(joined, func(other policy.Statement) bool {
			return slices.Equal(policy.Texts(other.Resources), policy.Texts(s.Resources)) && policy.CompareConditions(other.Conditions, s.Conditions) == 0
		})
		if i < 0 {
			joined = append(joined, s)
			continue
		}
		joined[i].Actions = append(slices.Clip(joined[i].Actions), s.Actions...)
	}
	return joined
}

// hit is a resource of a statement, with the needed resources that it has something in common with.
type hit struct {
	*unneeded
	pattern    policy.Pattern
	everything bool
	list       []hitResource
}

// hitResource is a needed resource. Tight says that the statement's resource is a part of it.
type hitResource struct {
	*neededResource
	tight bool
}

// resource compares a resource of a statement with those that are needed.
func (u *unneeded) resource(resource policy.Text) hit {
	h := hit{unneeded: u, pattern: u.role.Symbols.Pattern(resource, u.values), everything: strings.Trim(string(resource), "*") == ""}
	for _, i := range u.index.Candidates(h.pattern) {
		n := u.needed[i]
		meets, within := u.work.Meets(n.pattern, h.pattern)
		if meets && n.complete != nil {
			meets, _ = u.work.Meets(*n.complete, h.pattern)
		}
		if meets {
			h.list = append(h.list, hitResource{n, within})
		}
	}
	return h
}

// uses returns the needs that an action on the resource serves, and whether it allows nothing else.
func (h hit) uses(a *allowed) (used []*need, tight bool) {
	if len(a.needs) == 0 {
		return nil, false
	}
	for _, r := range h.list {
		for _, n := range r.needs {
			if a.needs[n.action] {
				used = append(used, n)
				tight = tight || a.exact && r.tight
			}
		}
	}
	for _, n := range h.whole {
		if h.everything && a.needs[n.action] {
			used = append(used, n)
			tight = tight || a.exact
		}
	}
	return used, tight
}

// explains returns what no task definition shows and may need an action on a resource; nil if there is nothing.
func (u *unneeded) explains(a *allowed, resource policy.Pattern) *analyze.Unseen {
	for i, one := range u.unseen {
		if a.unseen[i] && resource.CoveredBy(one.resource) == policy.CoversAll {
			return one.Unseen
		}
	}
	return nil
}

// The actions by which somebody can give himself or others more rights.
var escalations = []string{
	"iam:PassRole", "sts:AssumeRole", "iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:AttachGroupPolicy", "iam:PutRolePolicy", "iam:PutUserPolicy",
	"iam:PutGroupPolicy", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy", "iam:CreateAccessKey", "iam:CreateLoginProfile",
	"iam:UpdateLoginProfile", "iam:AddUserToGroup", "iam:CreateRole", "iam:CreateUser", "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary",
}

// The actions that read secrets, or use keys.
var secretReads = []string{
	"secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
	"ssm:GetParameterHistory", "kms:Decrypt",
}

// readVerbs are what the names of actions begin with that change nothing.
var readVerbs = []string{"Get", "List", "Describe", "BatchGet", "BatchCheck", "Head", "Search", "Lookup", "View", "Read", "Check", "Validate", "Simulate", "Filter", "Estimate", "Query", "Scan", "Select"}

// rank says how bad it is that an action is allowed, apart from what it is allowed on. Allows reports whether it is another
// one too.
func rank(action string, allows func(string) bool) Code {
	_, name, _ := strings.Cut(action, ":")
	switch {
	case slices.ContainsFunc(escalations, allows):
		return Escalation
	case slices.ContainsFunc(readVerbs, func(verb string) bool {
		return len(name) >= len(verb) && strings.EqualFold(name[:len(verb)], verb)
	}):
		return UnneededReads
	}
	return UnneededWrites
}

// codeOn says how bad it is that the action is allowed on a resource.
func (a *allowed) codeOn(resource policy.Text) Code {
	switch {
	case a.code == Escalation || !a.reads:
		return a.code
	case policy.HasWildcard(resource):
		return SecretsByWildcard
	}
	return OtherSecrets
}
