package check

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

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
				u.needs[strings.ToLower(a.Name)] = append(u.needs[strings.ToLower(a.Name)], &need{Need{p, r}, a.Name})
			}
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
			return c.cover(plan, p.ARN, arn) != policy.CoversNone
		})
	})
}

// cover compares patterns with the values of the environment.
func (c *checker) cover(p *analyze.Plan, of, by policy.Text) policy.Coverage {
	return c.symbols(p).Cover(c.fill(p, of), c.fill(p, by))
}

// fill returns a text with the values that are known.
func (c *checker) fill(p *analyze.Plan, t policy.Text) policy.Text {
	if t.IsLiteral() {
		return t
	}
	values := c.valuesFor(p)
	return policy.Text(t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		if v, ok := values[s]; ok {
			return v
		}
		return string(policy.Of(s))
	}))
}

// need is an action of a requirement.
type need struct {
	Need
	action string
}

// unneeded looks through statements.
type unneeded struct {
	*checker
	needs map[string][]*need // by the action in lower case
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
	findings := map[group]*Finding{}
	var order []group
	for _, action := range actions {
		for _, resource := range resources {
			used, tight := u.uses(action, resource)
			if tight {
				continue
			}
			g := group{rank(action, resource), used != nil, nil}
			if unseen := u.unseen(action, resource); unseen != nil && used == nil {
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
		f.Cure.Add = tightForm(f.Cure.Add)
		u.find(*f)
	}
}

// tightForm merges statements that allow one action on one resource each.
func tightForm(list []policy.Statement) []policy.Statement {
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
func (u *unneeded) uses(action string, resource policy.Text) (used []*need, tight bool) {
	list := u.needs[strings.ToLower(action)]
	exact := !strings.ContainsAny(action, "*?")
	if !exact {
		list = nil
		for _, needs := range u.needs {
			if policy.CoverAction(needs[0].action, action) == policy.CoversAll {
				list = append(list, needs...)
			}
		}
		slices.SortFunc(list, func(a, b *need) int {
			return cmp.Or(strings.Compare(a.action, b.action), cmp.Compare(a.Requirement.Resource, b.Requirement.Resource), cmp.Compare(a.Requirement.At.Offset, b.Requirement.At.Offset))
		})
	}
	everything := strings.Trim(string(resource), "*") == ""
	for _, n := range list {
		of := n.Requirement.Resource
		switch {
		case of == "*" && !everything, of != "*" && u.cover(n.Plan, of, resource) == policy.CoversNone:
			continue
		case exact && (of == "*" || u.symbols(n.Plan).Within(u.fill(n.Plan, resource), u.fill(n.Plan, of)) != policy.No):
			tight = true
		}
		used = append(used, n)
	}
	return used, tight
}

// capitals are the words of [analyze.Unseen] that stand for any value.
var capitals = regexp.MustCompile(`\b[A-Z]{3,}\b`)

// unseen returns what no task definition shows and may need an action on a resource; nil if there is nothing.
func (u *unneeded) unseen(action string, resource policy.Text) *analyze.Unseen {
	for _, p := range u.plans {
		for i := range p.Unseen {
			unseen := &p.Unseen[i]
			pattern := policy.Text(capitals.ReplaceAllString(string(unseen.Resource), "*"))
			if slices.ContainsFunc(unseen.Actions, func(a string) bool { return policy.CoverAction(action, a) == policy.CoversAll }) &&
				u.cover(p, resource, pattern) == policy.CoversAll {
				return unseen
			}
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
	allows := func(one string) bool { return policy.CoverAction(one, action) == policy.CoversAll }
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
