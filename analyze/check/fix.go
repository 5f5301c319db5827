package check

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Fix is what makes a role fit: statements, as data.
type Fix struct {
	// Add are statements for the role, and Trust for its trust policy.
	Add, Trust []policy.Statement
	// Replace says that Add is all that the role is to allow. Removed is what it then no longer allows, and Kept is what it
	// allows still, since something outside of a task definition may need it.
	Replace       bool
	Removed, Kept []Allowed
	// Wanted are the managed policies that the role keeps, since the options ask for them.
	Wanted []policy.Text

	// Environment, Symbols, Mappings and Module say what is known of the symbols in Add; see [policy.Role]. Family is that of
	// the tasks.
	Environment policy.Environment
	Symbols     policy.SymbolTable
	Mappings    []policy.Mapping
	Module      *policy.Module
	Family      string
}

// Allowed is something that a role allows and no task needs.
type Allowed struct {
	Code   Code
	Policy *policy.Policy  // that allows it
	Unseen *analyze.Unseen // what may need it; nil where nothing is known
	Pairs  []Pair
}

// Pair is an action on a resource. Both can have wildcards.
type Pair struct {
	Action   string
	Resource policy.Text
	Used     bool // a part of it is needed, and is still allowed
}

// Fix returns what a role lacks: the statements that cure the findings of the kind [Missing], and the trust policy where it
// keeps ECS out. It is empty where nothing of that kind is wrong. What a policy denies cannot be cured by adding.
func (v *Verdict) Fix() Fix { return v.FixOf(v.Findings) }

// FixOf returns what cures some findings of the verdict, as [Verdict.Fix] does for all.
func (v *Verdict) FixOf(findings []Finding) Fix {
	fix := v.fix()
	for i := range findings {
		f := &findings[i]
		switch {
		case f.Kind == Missing && f.Permission != nil:
			fix.Add = append(fix.Add, v.allow(f.Permission)...)
		case f.Kind == Trust && f.Sure && f.Code != TrustDenied && f.Code != TrustOthers && f.Code != TrustNoConditions:
			fix.Trust = f.Cure.Trust.Statements
		}
	}
	fix.Add = TightForm(fix.Add)
	return fix
}

// fix returns what is known of the symbols in statements for the role.
func (v *Verdict) fix() Fix {
	fix := Fix{Environment: v.Environment, Symbols: policy.SymbolTable{}}
	for _, p := range v.Tasks {
		maps.Copy(fix.Symbols, p.Symbols)
		for _, m := range p.Mappings {
			if !slices.ContainsFunc(fix.Mappings, func(other policy.Mapping) bool { return other.Symbol == m.Symbol }) {
				fix.Mappings = append(fix.Mappings, m)
			}
		}
		fix.Module = cmp.Or(fix.Module, p.Module)
		fix.Family = cmp.Or(fix.Family, p.Family)
	}
	return fix
}

// allow returns statements that allow a permission, in all readings of what asks for it.
func (v *Verdict) allow(p *Permission) (list []policy.Statement) {
	for _, reading := range alternatives(p.Needs[0].Plan).of(p.Needs[0].Requirement) {
		needs := []Need{{p.Needs[0].Plan, reading}}
		if reading.Resource == p.Needs[0].Requirement.Resource {
			needs = p.Needs
		}
		s := statement(needs[:1], p.Action.Name)
		from := s.Resources[0].From
		for _, n := range needs[1:] {
			from = append(from, statement([]Need{n}, p.Action.Name).Resources[0].From...)
		}
		if len(v.Tasks) > 1 {
			for i, n := range needs {
				from[i].Task = cmp.Or(from[i].Task, n.Plan.Family, n.Plan.Name)
			}
		}
		s.Resources[0].From = policy.SortSources(from)
		list = append(list, s)
	}
	return list
}

// Tight returns the whole exact role for the tasks: what a role that is made for them would allow, and no more. What something
// outside of a task definition may need is kept, as broad as it is, unless all is to go: to take it away on a guess could keep
// the next task from starting. Statements that deny something are not a part of it: they stay.
//
// It fails where nobody can say what would be taken away: where containers have the role too, and where the role has a policy
// that is unknown or a condition that cannot be decided.
func (v *Verdict) Tight(opts policy.Options, all bool) (Fix, error) {
	fix := v.Fix()
	lacks := fix.Add
	fix.Replace, fix.Add = true, nil
	var errs []error
	for _, f := range v.Findings {
		e := Explain(f.Code)
		switch {
		case f.Code == SameRole, f.Code == PolicyUnknown, f.Kind == Conditional:
			err := fmt.Errorf("what the role allows and no task needs cannot be told: %s %s: %s", f.Code, e.Title, f.Advice())
			if !slices.ContainsFunc(errs, func(other error) bool { return other.Error() == err.Error() }) {
				errs = append(errs, err)
			}
		}
	}
	if errs != nil {
		return fix, errors.Join(errs...)
	}
	tasks := make([]*analyze.Plan, len(v.Tasks))
	for i, p := range v.Tasks {
		tasks[i] = p.Named()
	}
	plan := tasks[0]
	if len(tasks) > 1 {
		plan = analyze.Share("", tasks)
		fix.Symbols = plan.Symbols
		fix.Mappings = plan.Mappings
	}
	made, err := v.ungranted(plan).Role(opts)
	if err != nil {
		return fix, err
	}
	if len(made.Managed) > 0 {
		return fix, fmt.Errorf("what the tasks need is %d managed policies, and no policy inside a role can be as large: write them with execrole generate", len(made.Managed))
	}
	fix.Wanted = made.Attached
	for _, p := range made.Inline {
		fix.Add = append(fix.Add, p.Document.Statements...)
	}
	for i := range v.Findings {
		if f := &v.Findings[i]; f.Kind == Unexplained && !all {
			s := *f.Statement
			s.Actions, s.NotActions, s.Resources, s.NotResources = f.Actions, nil, policy.Values(f.Resources...), nil
			fix.Add = append(fix.Add, s)
			fix.Kept = append(fix.Kept, Allowed{f.Code, f.Policy, f.Unseen, v.pairs(f, fix.Add, true)})
		}
	}
	if fix.Removed = v.removed(fix.Add, all); fix.Removed == nil && lacks == nil {
		fix.Replace, fix.Add = false, nil // the role is exact
	}
	return fix, nil
}

// ungranted returns a plan in which managed policies grant what the role has attached, and no more.
func (v *Verdict) ungranted(p *analyze.Plan) *analyze.Plan {
	values := v.Environment.Values()
	isAttached := func(arn policy.Text) bool {
		return slices.ContainsFunc(v.Role.Policies, func(q Policy) bool {
			return q.ARN != "" && v.Role.Symbols.Pattern(q.ARN, values).CoveredBy(p.Symbols.Pattern(arn, values)) != policy.CoversNone
		})
	}
	if !slices.ContainsFunc(p.Attached, func(arn policy.Text) bool { return !isAttached(arn) }) {
		return p
	}
	out := *p
	out.Attached = slices.DeleteFunc(slices.Clone(p.Attached), func(arn policy.Text) bool { return !isAttached(arn) })
	out.Requirements = slices.Clone(p.Requirements)
	for i := range out.Requirements {
		if r := &out.Requirements[i]; r.GrantedBy != "" && !isAttached(r.GrantedBy) {
			r.GrantedBy = ""
		}
	}
	return &out
}

// removed returns what the role allows, statements do not allow, and no task needs, in the order of the findings. What may be
// needed is not listed a second time.
func (v *Verdict) removed(list []policy.Statement, all bool) []Allowed {
	removed := make([]Allowed, len(v.Findings))
	seen := map[Pair]bool{}
	for _, kind := range []Kind{Unexplained, Unneeded} {
		for i := range v.Findings {
			f := &v.Findings[i]
			if f.Kind != kind || kind == Unexplained && !all {
				continue
			}
			pairs := slices.DeleteFunc(v.pairs(f, list, false), func(p Pair) bool { return seen[p] })
			for _, p := range pairs {
				seen[p] = true
			}
			removed[i] = Allowed{f.Code, f.Policy, f.Unseen, pairs}
		}
	}
	if removed = slices.DeleteFunc(removed, func(a Allowed) bool { return len(a.Pairs) == 0 }); len(removed) == 0 {
		return nil
	}
	return removed
}

// pairs returns the actions on resources of a finding that statements do not allow, or, with the other value of allowed, that
// they do.
func (v *Verdict) pairs(f *Finding, list []policy.Statement, allowed bool) (pairs []Pair) {
	values := v.Environment.Values()
	resource := func(t policy.Text) policy.Pattern { return v.Role.Symbols.Pattern(t, values) }
	allows := func(s *policy.Statement, action string, r policy.Text) bool {
		return policy.CompareConditions(s.Conditions, f.Statement.Conditions) == 0 &&
			slices.ContainsFunc(s.Actions, func(a string) bool {
				return policy.ActionPattern(action).CoveredBy(policy.ActionPattern(a)) == policy.CoversAll
			}) &&
			slices.ContainsFunc(s.Resources, func(other policy.Value) bool { return resource(r).CoveredBy(resource(other.Text)) == policy.CoversAll })
	}
	for _, action := range f.Actions {
		for _, r := range f.Resources {
			if slices.ContainsFunc(list, func(s policy.Statement) bool { return allows(&s, action, r) }) == allowed {
				pairs = append(pairs, Pair{action, r, len(f.Used) > 0})
			}
		}
	}
	return pairs
}
