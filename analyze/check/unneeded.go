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
	u := unneeded{checker: c, needs: map[string][]*need{}}
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
	for i := range c.role.Policies {
		p := &c.role.Policies[i]
		if c.isWanted(p) {
			continue
		}
		for j := range p.Document.Statements {
			if s := &p.Document.Statements[j]; s.Effect == policy.Allow {
				u.statement(p, s)
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
	Need     // the first that has it
	action   string
	resource policy.Pattern
}

// unneeded looks through statements.
type unneeded struct {
	*checker
	needs  map[string][]*need // by the action in lower case
	seen   map[needKey]bool
	unseen []unseen
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
	if u.seen == nil {
		u.seen = map[needKey]bool{}
	}
	u.seen[key] = true
	u.needs[key.action] = append(u.needs[key.action], &need{Need{p, r}, action, u.pattern(p, r.Resource)})
}

// unseen is what no task definition shows, with its resource taken apart.
type unseen struct {
	*analyze.Unseen
	resource policy.Pattern
}

// capitals returns the pattern of the words of [analyze.Unseen] that stand for any value. It is compiled when it is needed,
// so that no other command pays for it.
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

func (u *unneeded) statement(p *Policy, s *policy.Statement) {
	actions, resources := s.Actions, policy.Texts(s.Resources)
	if s.NotActions != nil {
		actions = []string{"*"} // all but a few
	}
	if s.NotResources != nil || s.Resources == nil {
		resources = []policy.Text{"*"}
	}
	patterns := make([]policy.Pattern, len(resources))
	for i, r := range resources {
		patterns[i] = u.role.Symbols.Pattern(r, u.values)
	}
	findings := map[group]*Finding{}
	var order []group
	for _, action := range actions {
		for i, resource := range resources {
			used, tight := u.uses(action, resource, patterns[i])
			if tight {
				continue
			}
			g := group{rank(action, resource), used != nil, nil}
			if unseen := u.explains(action, patterns[i]); unseen != nil && used == nil {
				g = group{PerhapsNeeded, false, unseen}
			}
			f, ok := findings[g]
			if !ok {
				f = &Finding{Code: g.code, Kind: Unneeded, Sure: true, Policy: &p.Policy, Statement: s, At: s.Place, Unseen: g.unseen, Cure: Cure{Remove: true}}
				if p.ARN != "" && s.Place.File == "" || p.Version != "" {
					f.At = p.Place // where the policy is attached
				}
				if g.code == PerhapsNeeded {
					f.Kind, f.Sure, f.Cure = Unexplained, false, Cure{}
				}
				findings[g] = f
				order = append(order, g)
			}
			if !slices.Contains(f.Actions, action) {
				f.Actions = append(f.Actions, action)
			}
			if !slices.Contains(f.Resources, resource) {
				f.Resources = append(f.Resources, resource)
			}
			for _, n := range used {
				f.Cure.Add = append(f.Cure.Add, statement([]Need{n.Need}, n.action))
				if !slices.Contains(f.Used, n.Need) {
					f.Used = append(f.Used, n.Need)
				}
			}
		}
	}
	for _, g := range order {
		f := findings[g]
		f.Cure.Add = TightForm(f.Cure.Add)
		u.find(*f)
	}
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

// uses returns the needs that an action on a resource serves, and whether it allows nothing else. Both can be patterns.
func (u *unneeded) uses(action string, resource policy.Text, pattern policy.Pattern) (used []*need, tight bool) {
	list := u.needs[strings.ToLower(action)]
	exact := !strings.ContainsAny(action, "*?")
	if !exact {
		list = nil
		for _, name := range slices.Sorted(maps.Keys(u.needs)) {
			if covers(action, name) {
				list = append(list, u.needs[name]...)
			}
		}
	}
	everything := strings.Trim(string(resource), "*") == ""
	for _, n := range list {
		if of := n.Requirement.Resource; of == "*" {
			if everything {
				used = append(used, n)
				tight = tight || exact
			}
			continue
		}
		if n.resource.CoveredBy(pattern) == policy.CoversNone {
			continue
		}
		used = append(used, n)
		if exact && pattern.Within(n.resource) != policy.No {
			return used, true
		}
	}
	return used, tight
}

// covers reports whether an action, which can have wildcards, is another one too.
func covers(action, other string) bool {
	return policy.ActionPattern(other).CoveredBy(policy.ActionPattern(action)) == policy.CoversAll
}

// explains returns what no task definition shows and may need an action on a resource; nil if there is nothing.
func (u *unneeded) explains(action string, resource policy.Pattern) *analyze.Unseen {
	for _, one := range u.unseen {
		if slices.ContainsFunc(one.Actions, func(a string) bool { return covers(a, action) }) && resource.CoveredBy(one.resource) == policy.CoversAll {
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

// rank says how bad it is that an action on a resource is allowed.
func rank(action string, resource policy.Text) Code {
	allows := func(one string) bool { return covers(action, one) }
	_, name, _ := strings.Cut(action, ":")
	switch {
	case slices.ContainsFunc(escalations, allows):
		return Escalation
	case slices.ContainsFunc(secretReads, allows) && policy.HasWildcard(resource):
		return SecretsByWildcard
	case slices.ContainsFunc(secretReads, allows):
		return OtherSecrets
	case slices.ContainsFunc(readVerbs, func(verb string) bool {
		return len(name) >= len(verb) && strings.EqualFold(name[:len(verb)], verb)
	}):
		return UnneededReads
	}
	return UnneededWrites
}
