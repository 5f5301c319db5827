package analyze

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/taskdef"
)

// Analysis is [ReadAll] for any number of documents: each is read by itself, and what was read is forgotten. It remembers
// which options fit something, and [Analysis.Finish] says which do not. Several goroutines may call Read at once. Only
// the credential specs of Options depend on the order of these calls: each task definition takes those that the ones
// before it have left.
type Analysis struct {
	opts Options

	mu         sync.Mutex    // of what follows
	used       map[any]bool  // the options that fit something
	remembered map[*Rule]any // what rules remember of all documents
	settings   taskdef.Uses
	offered    map[string]bool // the names of the task definitions that there are, where some are chosen
	documents  int             // those with task definitions
	last       taskdef.Ref     // the last of these
	unread     bool            // a document could not be read: whether an option fits something is then unknown
}

// NewAnalysis returns an analysis that has read nothing.
func NewAnalysis(opts Options) *Analysis {
	return &Analysis{opts: opts, used: map[any]bool{}, remembered: map[*Rule]any{}, offered: map[string]bool{}}
}

// Read analyzes the task definitions of one document, of any form. There is a plan for each of them, and for a document
// that cannot be read one with nothing but findings. There is none only where [Options.Resources] choose none of the
// document's task definitions. Findings about options that fit nothing are not among those of the plans.
func (a *Analysis) Read(in Input) []*Plan {
	opts := taskdef.Options{Set: a.opts.Set, Image: a.opts.Image, Form: in.Form, NullsOpen: a.derives(in), Known: in.Known, KnownSymbols: in.KnownSymbols, Exports: in.Exports}
	offered := false
	if a.opts.Resources != nil {
		opts.Choose = func(name, family string) bool {
			offered = true
			return a.choose(name, family)
		}
	}
	tds, problems := in.read(opts)
	if tds == nil && offered && problems == nil {
		return nil
	}
	ofTemplate := func(td *taskdef.TaskDefinition) bool { return td.OfTemplate() }
	if !a.opts.Parameters && !a.derives(in) && !(a.opts.TemplateParameters && slices.ContainsFunc(tds, ofTemplate)) {
		plans := a.add(in.Name, tds, problems, nil)
		for _, p := range plans {
			if a.opts.OfferParameters && p.asks {
				p.offerParameters(a.trial(in, opts, tds))
			}
		}
		return plans
	}
	o, _ := a.trial(in, opts, tds)
	if o.list != nil {
		opts.Open, opts.Symbols = o.list, o.symbols
		tds, problems = in.read(opts)
	}
	return a.add(in.Name, tds, problems, o)
}

// Use says that settings of these names fit something outside of the task definitions, such as the role in their template.
func (a *Analysis) Use(names ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settings.Use(names...)
}

// read reads the document.
func (in Input) read(opts taskdef.Options) ([]*taskdef.TaskDefinition, []taskdef.Problem) {
	if in.Module != nil {
		return taskdef.ReadModule(in.Name, *in.Module, opts)
	}
	return taskdef.Read(in.Name, in.Source, opts)
}

// derives reports whether [Options.Derive] holds for an input.
func (a *Analysis) derives(in Input) bool {
	return a.opts.Derive && !a.opts.Parameters && in.Module != nil
}

// choose reports whether [Options.Resources] choose a task definition: by the name that its document gives it, or by its
// family.
func (a *Analysis) choose(name, family string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	chosen := false
	for _, n := range []string{name, family} {
		if n != "" && slices.Contains(a.opts.Resources, n) {
			chosen, a.used[resource(n)] = true, true
		}
	}
	if name == "" {
		name = family
	}
	if name != "" {
		a.offered[name] = true
	}
	return chosen
}

// resource is one of Options.Resources, as a key of Analysis.used.
type resource string

// document is the analysis of one document.
type document struct {
	*Analysis
	opts *Options
	used map[any]bool
	// leavesOpen says that what is unknown is left open: see [Options.Parameters].
	leavesOpen bool
	derives    bool // see [Options.Derive]
}

// read lets every rule check a task definition, until the defaults of symbols that have to be known are in their places.
func (d *document) read(name string, problems []taskdef.Problem, td *taskdef.TaskDefinition) ([]pass, *reading) {
	reader := td.Reader()
	passes, shared := d.check(name, problems, reader)
	for reader.Stale() {
		reader = reader.Again()
		passes, shared = d.check(name, problems, reader)
	}
	return passes, shared
}

// add lets every rule check the task definitions of a document, and then finish. Open is what was left open in it; nil
// where nothing may be.
func (a *Analysis) add(name string, tds []*taskdef.TaskDefinition, problems []taskdef.Problem, open *openings) (plans []*Plan) {
	if len(tds) == 0 {
		return []*Plan{a.addUnread(name, problems)}
	}
	d := &document{a, &a.opts, map[any]bool{}, open != nil, open != nil && open.derives}
	passes := make([][]pass, len(tds)) // those over each task definition, in the order of the rules
	readers := make([]*taskdef.Reader, len(tds))
	own, common := divided(tds, problems)
	for i, td := range tds {
		var shared *reading
		passes[i], shared = d.read(name, own[i], td)
		plan, reader := shared.plan, shared.reader
		if open != nil {
			shared.patterns(open.symbols)
			plan.noteOpenings(open)
		}
		plan.warnOfDefaults(reader)
		plan.add(reader.Problems())
		plans, readers[i] = append(plans, plan), reader
	}
	d.finish(passes)
	for i, p := range plans {
		if a.opts.Conditions || open != nil && open.derives {
			p.addConditions(readers[i], a.opts.TemplateParameters)
		}
		if readers[i].Formulas() != nil {
			p.joinAlternatives()
		}
		p.sort()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.Copy(a.used, d.used)
	a.settings.Add(readers)
	a.documents++
	a.last = readers[len(readers)-1].Root().Ref()
	if common != nil {
		a.unread = true
		plan := &Plan{File: name, Unread: true}
		plan.add(common)
		plans = append(plans, plan)
	}
	return plans
}

// divided returns the problems of each of the task definitions of a document. Where there are several, the errors that
// are about none of them are common, such as those of a task definition that cannot be read: they do not keep the others
// from having a role.
func divided(tds []*taskdef.TaskDefinition, problems []taskdef.Problem) (own [][]taskdef.Problem, common []taskdef.Problem) {
	own = make([][]taskdef.Problem, len(tds))
	if len(tds) == 1 {
		own[0] = problems
		return own, nil
	}
	for _, problem := range problems {
		i := slices.IndexFunc(tds, func(td *taskdef.TaskDefinition) bool { return slices.Contains(td.Problems(), problem) })
		switch {
		case i >= 0:
			own[i] = append(own[i], problem)
		case problem.Warning || problem.Note:
			own[0] = append(own[0], problem)
		case problem.Kind == taskdef.Flags:
			// With a setting that cannot be used, none of them is what was asked for.
			for i := range own {
				own[i] = append(own[i], problem)
			}
		default:
			common = append(common, problem)
		}
	}
	return own, common
}

// addUnread returns the plan of a document that has no task definition, or none that can be read.
func (a *Analysis) addUnread(name string, problems []taskdef.Problem) *Plan {
	plan := &Plan{File: name, Unread: true}
	plan.NoTaskDefinition = slices.ContainsFunc(problems, func(p taskdef.Problem) bool { return p.None })
	plan.checkOptions(&a.opts)
	plan.add(problems)
	for _, rule := range allRules() {
		plan.Unseen = append(plan.Unseen, slices.DeleteFunc(slices.Clone(rule.Unseen), func(u Unseen) bool { return u.applies != nil })...)
	}
	plan.AddFindings(nil)
	if !plan.NoTaskDefinition {
		a.Incomplete()
	}
	return plan
}

// Incomplete says that something could not be read: whether an option fits something there is unknown. A document that is
// no task definition at all counts only if the caller says so.
func (a *Analysis) Incomplete() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unread = true
}

// finish lets every rule finish, when all of them have checked every task definition of the document.
func (d *document) finish(passes [][]pass) {
	f := &finish{analysis: d.Analysis, passes: make([]*pass, len(passes))}
	for i, rule := range allRules() {
		if f.rule = rule; rule.finish != nil {
			for j := range passes {
				f.passes[j] = &passes[j][i]
			}
			rule.finish(f)
		}
	}
	// What cannot be seen depends on what all rules require.
	for _, rules := range passes {
		for i := range rules {
			rules[i].findUnseen()
		}
	}
}

// Finish returns the errors about options, when all documents have been read: those that are malformed, and, where every
// document could be read, those that fit nothing. Where there was one document, they have its place, and otherwise none.
func (a *Analysis) Finish() []Finding {
	a.mu.Lock()
	defer a.mu.Unlock()
	plan := &Plan{}
	complete := !a.unread && (a.documents > 0 || len(a.offered) > 0)
	if complete {
		a.judgeResources(plan)
	}
	if a.documents == 0 {
		return plan.Findings
	}
	if complete {
		plan.add(a.settings.Unused())
	}
	for _, rule := range allRules() {
		if rule.judge != nil {
			rule.judge(&judgement{rule: rule, plan: plan, opts: &a.opts, used: a.used, complete: complete, remembered: a.remembered[rule]})
		}
	}
	for i := range plan.Findings {
		if f := &plan.Findings[i]; a.documents == 1 && f.At == (taskdef.Ref{}) {
			f.At = a.last
		}
	}
	return plan.Findings
}

// judgeResources says which of [Options.Resources] are no task definition.
func (a *Analysis) judgeResources(plan *Plan) {
	const most = 20 // names in a message
	var known []string
	for _, name := range slices.Sorted(maps.Keys(a.offered)) {
		known = append(known, strconv.Quote(name))
	}
	if n := len(known) - most; n > 0 {
		known = append(known[:most], "and "+strconv.Itoa(n)+" more")
	}
	j := &judgement{plan: plan, complete: true}
	for _, name := range a.opts.Resources {
		if !a.used[resource(name)] {
			j.unused("--resource %s: there is no task definition of that name; there are %s", name, strings.Join(known, ", "))
		}
	}
}
