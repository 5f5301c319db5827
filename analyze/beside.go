package analyze

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// identity is how other documents name a task definition, and what they change of it.
type identity struct {
	family, revision policy.Text
	role             policy.Text // the execution role
	containers       []policy.Text
}

// beside is what a document adds to a task definition: a service, or the run of a task.
type beside struct {
	subject taskdef.Subject
	// name is how the document calls the task definition, and at is where. Family and revision are the parts of the name; ""
	// where it has none, or a placeholder.
	name, family, revision policy.Text
	// resource is the name of the task definition in the same document, if it refers to that. File is the document's name.
	resource  string
	file      string
	at        taskdef.Ref
	role      named   // the execution role of a run that has its own
	overrides []named // the containers
}

// named is a name in a document, and its place.
type named struct {
	name policy.Text
	at   taskdef.Ref
}

// besideRule is the rule of findings about which task definition something is read beside.
const besideRule = "beside"

// what says in words what is read beside a task definition.
func (b *beside) what() string {
	if b.subject == taskdef.Service {
		return "a service"
	}
	return "the run of a task"
}

// identify returns how other documents name a task definition.
func identify(td taskdef.Value) (id identity) {
	for _, id.family = range td.Scalars("family") {
		break
	}
	for _, id.revision = range td.Scalars("revision") {
		break
	}
	for v := range td.Each("taskDefinitionArn") {
		if t, _ := v.Text(); id.revision == "" {
			_, id.revision = cutTaskDefinition(t)
		}
	}
	for v := range td.Each("executionRoleArn") {
		id.role, _ = v.Text()
	}
	for v := range td.Each("containerDefinitions", "name") {
		name, _ := v.Text()
		id.containers = append(id.containers, name)
	}
	return id
}

// newBeside returns what a document says of the task definition that it is read beside.
func newBeside(file string, subject taskdef.Subject, added taskdef.Value) *beside {
	b := &beside{subject: subject, file: file, at: added.Ref()}
	for v := range added.Each("taskDefinitionArn") {
		b.name, _ = v.Text()
		b.at = v.Ref()
	}
	if s, rest, ok := b.name.CutSymbol(); ok && rest == "" {
		b.resource = string(s)
	} else if len(placeholders(b.name, false)) == 0 {
		b.family, b.revision = cutTaskDefinition(b.name)
	}
	return b
}

// cutTaskDefinition cuts FAMILY, FAMILY:REVISION or an ARN with one of them at its end.
func cutTaskDefinition(t policy.Text) (family, revision policy.Text) {
	if arn, ok := policy.CutARN(t); ok {
		t, _ = arn.Resource.CutPrefix("task-definition/")
	}
	family, revision, _ = t.Cut(":")
	return family, revision
}

// Join adds the plans of services and of runs to those of the task definitions that they are for, and returns the latter. A
// plan whose task definition is not among them stays, and has an error. It changes the plans.
//
// A document that lists many services can have some that run other task definitions: where one of them runs one that is
// there, the others are left out, with a note.
func Join(plans []*Plan) []*Plan {
	if !slices.ContainsFunc(plans, func(p *Plan) bool { return p.beside != nil }) {
		return plans
	}
	var joined []*Plan
	tasks := newTaskIndex(plans)
	matched := map[string]*Plan{} // by file, the first task definition that something in it is for
	for _, p := range plans {
		if p.beside == nil {
			joined = append(joined, p)
			continue
		}
		exact, others := tasks.named(p.beside)
		if list := append(slices.Clip(exact), others...); len(list) > 0 && matched[p.File] == nil {
			matched[p.File] = list[0]
		}
	}
	changed := map[*Plan]bool{}
	for _, p := range plans {
		b := p.beside
		if b == nil {
			continue
		}
		p.Findings = slices.DeleteFunc(p.Findings, func(f Finding) bool { return f.Rule == besideRule })
		exact, others := tasks.named(b)
		if task := matched[p.File]; task != nil && b.family != "" && len(exact)+len(others) == 0 {
			task.Findings = append(task.Findings, b.finding(Note, "runs the task definition %s, and that is not given: it is left out", quote(b.name)))
			changed[task] = true
			continue
		}
		targets, finding := tasks.targets(b)
		if finding != nil {
			p.Findings = append(p.Findings, *finding)
		}
		if targets == nil {
			p.Unread = true
			joined = append(joined, p)
		}
		for _, task := range targets {
			task.join(p)
			changed[task] = true
		}
	}
	for task := range changed {
		task.sort()
	}
	return joined
}

// taskIndex finds task definitions by the names that other documents have for them.
type taskIndex struct {
	all      []*Plan
	families map[policy.Text][]*Plan
	// resources are those of a file with a name in it.
	resources map[[2]string][]*Plan
	unread    bool // a task definition could not be read
}

func newTaskIndex(plans []*Plan) *taskIndex {
	x := &taskIndex{families: map[policy.Text][]*Plan{}, resources: map[[2]string][]*Plan{}}
	for _, p := range plans {
		switch {
		case p.identity != nil:
			x.all = append(x.all, p)
			x.families[p.identity.family] = append(x.families[p.identity.family], p)
			x.resources[[2]string{p.File, p.Name}] = append(x.resources[[2]string{p.File, p.Name}], p)
		case p.beside == nil:
			x.unread = true
		}
	}
	return x
}

// named returns the plans of the task definitions that b names: those of its revision, or without one as b is, and others.
func (x *taskIndex) named(b *beside) (exact, others []*Plan) {
	if b.resource != "" {
		return x.resources[[2]string{b.file, b.resource}], nil
	}
	if b.family == "" {
		return nil, nil
	}
	for _, p := range x.families[b.family] {
		if p.identity.revision == b.revision {
			exact = append(exact, p)
		} else {
			others = append(others, p)
		}
	}
	return exact, others
}

// known returns the families of the task definitions, for a message.
func (x *taskIndex) known() string {
	const most = 20
	var list []string
	for _, family := range slices.Sorted(maps.Keys(x.families)) {
		if family != "" {
			list = append(list, quote(family))
		}
	}
	if n := len(list) - most; n > 0 {
		list = append(list[:most], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(list, ", ")
}

// finding returns a finding about the task definition that b is read beside.
func (b *beside) finding(s Severity, format string, args ...any) Finding {
	return Finding{Severity: s, Rule: besideRule, At: b.at, Message: b.what() + " " + fmt.Sprintf(format, args...)}
}

// alone returns the error about what is read without a task definition. Its plan has it until it is joined to another, so
// that no role is made of it.
func (b *beside) alone() Finding {
	if b.name == "" {
		return b.finding(Error, "is read beside its task definition: pass that too")
	}
	return b.finding(Error, "is read beside its task definition: pass that of %s too", quote(b.name))
}

// targets returns the plans that b adds to: those of the task definitions that it names, or the only one that there is. It
// returns nil with an error where that is unknown.
func (x *taskIndex) targets(b *beside) ([]*Plan, *Finding) {
	find := func(s Severity, format string, args ...any) *Finding {
		f := b.finding(s, format, args...)
		return &f
	}
	exact, others := x.named(b)
	switch {
	case len(exact) > 0:
		return exact, nil
	case len(others) == 1:
		return others, nil
	case len(others) > 1:
		return nil, find(Error, "runs the task definition %s, and several other revisions of it are given: pass this one, or one of them", quote(b.name))
	case b.resource != "":
		return nil, find(Error, "is read beside its task definition, and that could not be read")
	case len(x.all) == 1 && (b.family == "" || x.known() == ""):
		return x.all, nil
	case len(x.all) == 1:
		return x.all, find(Warning, "runs the task definition %s, and the one that is given is %s: they are read together all the same", quote(b.name), x.known())
	case len(x.all) == 0 && x.unread:
		return nil, find(Error, "is read beside its task definition, and that could not be read")
	case len(x.all) == 0:
		f := b.alone()
		return nil, &f
	case b.family != "":
		return nil, find(Error, "runs the task definition %s, and that is not given: there are %s", quote(b.name), x.known())
	}
	return nil, find(Error, "names no task definition, and several are given, %s: pass one of them", x.known())
}

// join adds the plan of what is read beside the task definition.
func (p *Plan) join(added *Plan) {
	b := added.beside
	p.settled = append(p.settled, b.subject)
	p.absorb(added)
	if b.role.name != "" && b.role.name != p.identity.role {
		p.Findings = append(p.Findings, Finding{Severity: Note, Rule: executionRole.ID, At: b.role.at, Message: fmt.Sprintf(
			"the run has its own execution role, %s: it needs all that this role has, and not only what the run adds", quote(b.role.name))})
	}
	for _, o := range b.overrides {
		if !slices.Contains(p.identity.containers, o.name) && o.name.IsLiteral() && len(p.identity.containers) > 0 {
			p.Findings = append(p.Findings, Finding{Severity: Warning, Rule: environmentFiles.ID, At: o.at, Message: fmt.Sprintf(
				"an override for the container %s, and the task definition has none of that name: ECS refuses the run", quote(o.name))})
		}
	}
}

// absorb adds what another plan has to what p has.
func (p *Plan) absorb(added *Plan) {
	p.Requirements = append(p.Requirements, added.Requirements...)
	p.Findings = append(p.Findings, added.Findings...)
	p.remarks = append(p.remarks, added.remarks...)
	p.needs = append(p.needs, added.needs...)
	for _, m := range added.Mappings {
		if !slices.ContainsFunc(p.Mappings, func(n policy.Mapping) bool { return n.Symbol == m.Symbol }) {
			p.mapSymbol(m, added.Symbols[m.Symbol])
		}
	}
	for _, subject := range append(slices.Clip(p.settled), added.settled...) {
		p.Unseen = slices.DeleteFunc(p.Unseen, func(u Unseen) bool { return u.beside == subject })
	}
	for _, u := range added.Unseen {
		if !slices.ContainsFunc(p.Unseen, func(v Unseen) bool { return v.What == u.What }) {
			p.Unseen = append(p.Unseen, u)
		}
	}
	for _, role := range added.TaskRoles {
		if !slices.Contains(p.TaskRoles, role) {
			p.TaskRoles = append(p.TaskRoles, role)
		}
	}
}

// Adds reports whether the plan is that of a service or a run, which adds to a task definition: see [Join].
func (p *Plan) Adds() bool { return p.beside != nil }

// Outline is how other documents name the task definition of a plan, in little memory.
type Outline struct {
	file, name, family string
	unread             bool
	identity           *identity
}

// Outline returns the outline of the plan, which does not hold the text of its input.
func (p *Plan) Outline() Outline {
	outline := Outline{file: p.File, name: strings.Clone(p.Name), family: strings.Clone(p.Family), unread: p.Unread}
	if p.identity != nil {
		clone := func(t policy.Text) policy.Text { return policy.Text(strings.Clone(string(t))) }
		id := identity{family: clone(p.identity.family), revision: clone(p.identity.revision), role: clone(p.identity.role)}
		for _, name := range p.identity.containers {
			id.containers = append(id.containers, clone(name))
		}
		outline.identity = &id
	}
	return outline
}

// Plan returns a plan that has the names of another and requires nothing. [Join] adds to it what it would add to that one,
// so that it need not be kept meanwhile: see [Plan.Extend].
func (o Outline) Plan() *Plan {
	return &Plan{File: o.file, Name: o.name, Family: o.family, Unread: o.unread, identity: o.identity}
}

// Extended reports whether something was joined to the plan of an outline.
func (p *Plan) Extended() bool { return p.settled != nil || p.Findings != nil }

// Extend adds to a plan what was joined to that of its outline.
func (p *Plan) Extend(outline *Plan) {
	p.absorb(outline)
	p.sort()
}

// sort sorts requirements and findings in the order of the input: first those of the plan's own file.
func (p *Plan) sort() {
	position := func(at taskdef.Ref) int {
		if at.File != p.File {
			return tree.MaxSize + at.Offset
		}
		return at.Offset
	}
	order(p.Requirements, func(r *Requirement) int { return position(r.At) })
	order(p.Findings, func(f *Finding) int { return position(f.At) })
	p.Findings = onePerMessage(p.Findings)
}
