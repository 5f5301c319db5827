package analyze

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// Share returns the plan of a role that several task definitions share, such as the revisions of one family: it requires
// what each of them requires. The places of requirements say in Task which one that is. Family is that of the role's
// files; where it is "", the task definitions' own is taken if they have only one, and otherwise "shared".
//
// The result does not depend on the order of the plans. They are not changed.
func Share(family string, plans []*Plan) *Plan {
	packed := make([]*Packed, len(plans))
	for i, p := range plans {
		packed[i] = &Packed{plan: *p}
	}
	return SharePacked(family, packed)
}

// SharePacked is [Share] for plans that are packed, since there are more than memory should hold.
func SharePacked(family string, packed []*Packed) *Plan {
	packed = slices.Clone(packed)
	slices.SortStableFunc(packed, func(a, b *Packed) int { return comparePlans(&a.plan, &b.plan) })
	plans := make([]*Plan, len(packed))
	total := 0
	for i, p := range packed {
		plans[i] = &p.plan
		total += len(p.requirements) + len(p.plan.Requirements)
	}
	s := sharing{plan: &Plan{
		Family: family, Requirements: make([]Requirement, 0, total), Symbols: policy.SymbolTable{}, Contradictions: map[policy.Symbol]Finding{},
	}}
	if family == "" {
		s.plan.Family = commonFamily(plans)
	}
	labels := labelsOf(plans)
	for i, p := range packed {
		// Findings and requirements are sorted by offset, and a field is known by its offset. So the offsets of each input
		// begin behind those of the input before.
		s.task, s.base = labels[i], i*(tree.MaxSize+1)
		s.add(p.Plan())
	}
	s.plan.SharedBy = labels
	s.shareModule(plans)
	s.shareEnvironment(plans)
	return s.plan
}

// SortPlans sorts plans by family, name and file, and those of one file by the order in it.
func SortPlans(plans []*Plan) { slices.SortStableFunc(plans, comparePlans) }

func comparePlans(a, b *Plan) int {
	return cmp.Or(strings.Compare(a.Family, b.Family), strings.Compare(a.Name, b.Name), strings.Compare(a.File, b.File))
}

func commonFamily(plans []*Plan) string {
	for _, p := range plans {
		if p.Family == "" || p.Family != plans[0].Family {
			return "shared"
		}
	}
	return plans[0].Family
}

// labelsOf returns a name for each plan that no other has: the family, if that is enough.
func labelsOf(plans []*Plan) []string {
	ways := []func(*Plan) string{
		func(p *Plan) string { return p.Family },
		func(p *Plan) string { return joined(p.Family, p.Name) },
		func(p *Plan) string { return joined(p.Family, path.Base(p.File)) },
		func(p *Plan) string { return joined(p.Family, p.File) },
		func(p *Plan) string { return joined(joined(p.Family, p.Name), p.File) },
	}
	labels := make([]string, len(plans))
	families := map[string][]int{}
	for i, p := range plans {
		families[p.Family] = append(families[p.Family], i)
	}
	for _, group := range families {
		for w, way := range ways {
			seen := map[string]bool{}
			for _, i := range group {
				labels[i] = way(plans[i])
				seen[labels[i]] = true
			}
			if len(seen) == len(group) && !seen[""] {
				break
			}
			if w == len(ways)-1 {
				for n, i := range group {
					labels[i] += " " + strconv.Itoa(n+1)
				}
			}
		}
	}
	return labels
}

// joined returns a name together with the input that it is from: "web in old.json".
func joined(name, in string) string {
	switch {
	case name == "" || name == in:
		return in
	case in == "":
		return name
	}
	return name + " in " + in
}

// sharing puts plans together.
type sharing struct {
	plan *Plan
	task string // the label of the plan that is added
	base int    // of its offsets
}

// add adds a plan.
func (s *sharing) add(p *Plan) {
	names := s.rename(p.Symbols)
	text := func(t policy.Text) policy.Text { return t.Rename(names) }
	to := s.plan
	for _, r := range p.Requirements {
		r.At = s.at(r.At)
		if len(names) > 0 {
			renameRequirement(&r, names)
		}
		to.Requirements = append(to.Requirements, r)
	}
	for _, f := range p.Findings {
		f.At.Offset += s.base
		to.Findings = append(to.Findings, f)
	}
	for _, r := range p.remarks {
		r.At.Offset += s.base
		to.remarks = append(to.remarks, r)
	}
	for _, n := range p.needs {
		n.Name, n.Region, n.Tag = text(n.Name), text(n.Region), text(n.Tag)
		n.Or, n.Keys, n.From = slices.Clone(n.Or), slices.Clone(n.Keys), slices.Clone(n.From)
		for i := range n.Or {
			n.Or[i] = text(n.Or[i])
		}
		for i := range n.Keys {
			n.Keys[i] = text(n.Keys[i])
		}
		for i := range n.From {
			n.From[i] = s.at(n.From[i])
		}
		to.needs = append(to.needs, n)
	}
	for _, u := range p.Unseen {
		if !slices.ContainsFunc(to.Unseen, func(v Unseen) bool { return v.What == u.What && v.Cure == u.Cure }) {
			to.Unseen = append(to.Unseen, u)
		}
	}
	for _, m := range p.Mappings {
		if !slices.ContainsFunc(to.Mappings, func(n policy.Mapping) bool { return n.Symbol == m.Symbol }) {
			to.Mappings = append(to.Mappings, m)
		}
	}
	for _, role := range p.TaskRoles {
		to.TaskRoles = appendOnce(to.TaskRoles, text(role))
	}
	for _, arn := range p.Attached {
		to.Attached = appendOnce(to.Attached, arn)
	}
	for _, launchType := range p.LaunchTypes {
		to.LaunchTypes = appendOnce(to.LaunchTypes, launchType)
	}
	for symbol, f := range p.Contradictions {
		if _, ok := to.Contradictions[symbol]; !ok {
			f.At.Offset += s.base
			to.Contradictions[symbol] = f
		}
	}
}

func appendOnce[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// at returns a place of the plan that is added as one among the places of all.
func (s *sharing) at(at taskdef.Ref) taskdef.Ref {
	at.Task = s.task
	at.Offset += s.base
	return at
}

// rename adds the symbols of a plan. Those of two inputs can have one name and be different things: one of them then gets
// a number. It returns the new names.
func (s *sharing) rename(symbols policy.SymbolTable) map[policy.Symbol]policy.Symbol {
	names := map[policy.Symbol]policy.Symbol{}
	isOther := func(name, symbol policy.Symbol) bool {
		has, taken := s.plan.Symbols[name]
		_, own := symbols[name]
		return taken && has.Place.File != symbols[symbol].Place.File || own && name != symbol
	}
	for _, symbol := range slices.Sorted(maps.Keys(symbols)) {
		name := symbol
		for n := 2; isOther(name, symbol); n++ {
			separator := " "
			if symbols[symbol].Kind == policy.ConditionName {
				separator = "x" // these names have letters and digits
			}
			name = policy.Symbol(fmt.Sprintf("%s%s%d", symbol, separator, n))
		}
		if name != symbol {
			names[symbol] = name
		}
	}
	for symbol, info := range symbols {
		if name, ok := names[symbol]; ok {
			symbol = name
		}
		if _, taken := s.plan.Symbols[symbol]; !taken {
			info.ARN = renameARN(info.ARN, names)
			s.plan.Symbols[symbol] = info
		}
	}
	return names
}

// renameRequirement gives symbols in a requirement new names. It does not change the lists in it.
func renameRequirement(r *Requirement, names map[policy.Symbol]policy.Symbol) {
	text := func(t policy.Text) policy.Text { return t.Rename(names) }
	r.Resource, r.Part, r.ARN = text(r.Resource), text(r.Part), renameARN(r.ARN, names)
	r.Stage, r.Version = text(r.Stage), text(r.Version)
	r.When = slices.Clone(r.When)
	for i, symbol := range r.When {
		r.When[i] = renamed(symbol, names)
	}
	r.Conditions = slices.Clone(r.Conditions)
	for i, c := range r.Conditions {
		values := slices.Clone(c.Values)
		for j := range values {
			values[j].Text = text(values[j].Text)
		}
		r.Conditions[i].Values = values
	}
}

// renamed returns the new name of a symbol, which can be the symbol of a decision about others.
func renamed(s policy.Symbol, names map[policy.Symbol]policy.Symbol) policy.Symbol {
	branches, given, ok := s.Decision()
	if !ok {
		return cmp.Or(names[s], s)
	}
	for i, b := range branches {
		branches[i].Condition = string(renamed(policy.Symbol(b.Condition), names))
	}
	if given != "" {
		given = renamed(given, names)
	}
	return policy.DecisionOf(branches, given)
}

func renameARN(a policy.ARN, names map[policy.Symbol]policy.Symbol) policy.ARN {
	if len(names) == 0 {
		return a
	}
	for _, field := range []*policy.Text{&a.Partition, &a.Service, &a.Region, &a.Account, &a.Resource} {
		*field = field.Rename(names)
	}
	return a
}

// shareModule takes over the module of which the role becomes a part, if all task definitions are in it. Elsewhere its
// conditions cannot be written, and what depends on them is there always.
func (s *sharing) shareModule(plans []*Plan) {
	m := plans[0].Module
	for _, p := range plans {
		if m == nil || p.Module == nil || p.Module.Folder != m.Folder || p.Module.Provider != m.Provider {
			m = nil
		}
	}
	if m != nil {
		common := *m
		common.File, common.Resource, common.Label = "", "", "" // of one of them
		for _, p := range plans {
			if p.ExecutionRole != plans[0].ExecutionRole {
				common.Roles = nil // a role of its own each
			}
		}
		s.plan.Module, s.plan.ExecutionRole = &common, plans[0].ExecutionRole
		return
	}
	for i := range s.plan.Requirements {
		r := &s.plan.Requirements[i]
		when := make([]policy.Symbol, 0, len(r.When))
		for _, symbol := range r.When {
			if _, given, ok := symbol.Decision(); ok {
				symbol = given
			}
			when = append(when, symbol)
		}
		if slices.Contains(when, "") {
			when = nil // without the conditions it is there always
		}
		r.When = policy.WhenAny(when...)
	}
}

// shareEnvironment takes over what the plans say of where the role is used. A value about which two of them differ is
// unknown: tasks of two regions can share a role. But a role belongs to one account.
func (s *sharing) shareEnvironment(plans []*Plan) {
	for _, symbol := range policy.EnvironmentSymbols {
		value, other := oneValue(plans, func(p *Plan) string { return p.Environment.Value(symbol) })
		s.plan.Environment.Set(symbol, value)
		if other != "" && symbol != policy.Region {
			what, flag := "account", "--account ACCOUNT"
			if symbol == policy.Partition {
				what, flag = "partition", "--region REGION"
			}
			s.plan.AddFindings([]Finding{{Severity: Error, Rule: "own-values", Flags: []string{flag}, Message: fmt.Sprintf(
				"the task definitions that share the role say %s, and a role belongs to one %s; add %s, or leave some of them out", other, what, flag)}})
		}
		value, _ = oneValue(plans, func(p *Plan) string { return p.Declared.Value(symbol) })
		s.plan.Declared.Set(symbol, value)
	}
}

// oneValue returns the value that all plans have that have one. If two differ, it is "", and other says in words who says
// what.
func oneValue(plans []*Plan, valueOf func(*Plan) string) (value, other string) {
	var from *Plan
	for _, p := range plans {
		switch v := valueOf(p); {
		case v == "":
		case value == "":
			value, from = v, p
		case v != value:
			return "", fmt.Sprintf("%s (%s) and %s (%s)", value, from.File, v, p.File)
		}
	}
	return value, ""
}
