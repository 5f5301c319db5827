package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/execrole/execrole/analyze"
)

// perform reads the request's inputs, makes an output of each task definition, and writes, prints or compares these. It
// returns the error for the exit status.
func (c *command) perform(r *request, makeOutput func(*task) output) error {
	found, err := findSources(r.files)
	opts, more := r.withFiles()
	opts.Conditions = r.merge
	if more != nil || err != nil && len(found.list) == 0 {
		return errors.Join(more, err)
	}
	r.several = found.several || r.shared.given
	b := newBatch(c, r, makeOutput, found, opts)
	if named := found.moduleOf(r.files); b.merge && named != nil {
		return b.mergeIntoModule(named)
	}
	if b.merge && found.several && slices.ContainsFunc(found.list, func(s *source) bool { return s.module != nil }) {
		return errors.Join(misuse("", errors.New("--merge takes one module at a time: name its folder")), err)
	}
	if b.merge && found.several {
		return errors.Join(misuse("", errors.New("--merge takes one template at a time")), err)
	}
	if found.several || err != nil {
		return b.run(err)
	}
	if b.merge {
		return b.mergeInto(found.list[0])
	}
	return b.one(found.list[0])
}

// batch is a request and what it reads.
type batch struct {
	*command
	*request
	make     func(*task) output
	found    *sources
	opts     analyze.Options // those of the request, with the files that they name
	analysis *analyze.Analysis
	progress *progress
	folder   target       // the request's, if it is a folder: its names are read once
	kept     atomic.Int64 // the bytes of files that are kept
	roles    atomic.Int64 // how many there are for one file
	pool     analyze.Pool // of the plans that share a role
}

func newBatch(c *command, r *request, makeOutput func(*task) output, found *sources, opts analyze.Options) *batch {
	return &batch{
		command: c, request: r, make: makeOutput, found: found, opts: opts, analysis: analyze.NewAnalysis(opts), folder: folderTarget(r.target.path),
	}
}

// one handles a request with one input. If there is one task definition in it, what is wrong with options is a finding
// about this input.
func (b *batch) one(s *source) error {
	in, plans, _, err := s.readPlans(b.analysis, b.Stdin)
	if err != nil {
		return err
	}
	plans = analyze.Join(plans)
	if len(plans) > 1 || len(plans) == 1 && b.shared.given {
		b.several = true
		readings := []*reading{b.outputs(s, in, plans)}
		b.join(readings)
		return b.finish(readings, nil)
	}
	if len(plans) == 0 {
		plans = []*analyze.Plan{{File: s.name, Unread: true}}
	}
	plans[0].AddFindings(b.analysis.Finish())
	b.in.place(plans[0].Findings)
	out := b.make(&task{input: in, name: s.name, plan: plans[0]})
	if b.compares {
		return b.compare(b.request, out)
	}
	return b.deliver(b.request, out)
}

// reading is what became of a source.
type reading struct {
	outs   []*output
	packed []*analyze.Packed // those that share a role
	skip   string            // why there is nothing in it; "" if that is not said
	err    error             // why it could not be read
	bases  []string          // of the input, if it has a task definition
	// Of outs or packed, in their order: what services and runs of other inputs can add to.
	outlines []analyze.Outline
	adds     []*analyze.Plan // the services and runs themselves
}

// run handles a request with several inputs. Err says which arguments could not be read.
func (b *batch) run(err error) error {
	workers := runtime.GOMAXPROCS(0)
	if len(b.opts.CredSpecs)+len(b.opts.CredSpecSecrets) > 0 {
		workers = 1 // each task definition takes the next ones
	}
	list := b.found.list
	if err != nil {
		b.analysis.Incomplete()
	}
	if b.shared.given {
		// All that is kept is needed at once in the end. The collector has little to do: half the room is enough for it.
		defer debug.SetGCPercent(debug.SetGCPercent(50))
	}
	b.progress = b.startProgress(len(list))
	defer b.progress.stop()
	readings := make([]*reading, len(list))
	inParallel(len(list), workers, func(i int) {
		in, plans, skip, err := list[i].readPlans(b.analysis, b.Stdin)
		switch {
		case err != nil:
			readings[i] = &reading{err: err}
		case plans == nil:
			readings[i] = &reading{}
			if b.verbose {
				readings[i].skip = skip
			}
		default:
			readings[i] = b.outputs(list[i], in, plans)
		}
		b.progress.step()
	})
	b.join(readings)
	return b.finish(readings, err)
}

// inParallel calls do for the numbers below n, in as many goroutines as workers.
func inParallel(n, workers int, do func(int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(workers, n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}

// keptBytes is how many bytes of files are kept until all inputs are read. When there are more, what an option fits and how
// task definitions are called is all that is remembered of further inputs, and they are read once more to be written. So
// memory hardly grows with their number.
const keptBytes = 48 << 20

// outputs makes the outputs of the task definitions of a source.
func (b *batch) outputs(s *source, in input, plans []*analyze.Plan) *reading {
	read := &reading{bases: []string{in.base}}
	byOrder := len(b.opts.CredSpecs)+len(b.opts.CredSpecSecrets) > 0 // another reading would have other ones
	readable := in.base != "" && !byOrder
	for i, plan := range plans {
		if plan.Adds() {
			read.adds = append(read.adds, plan)
			continue
		}
		read.outlines = append(read.outlines, plan.Outline())
		b.in.place(plan.Findings)
		if b.shared.given {
			if !b.explains() && !b.verbose {
				plan.Findings = slices.DeleteFunc(plan.Findings, func(f analyze.Finding) bool { return f.Severity == analyze.Note })
			}
			read.packed = append(read.packed, b.pool.Pack(plan))
			continue
		}
		t := &task{input: in, name: s.name, plan: plan}
		out := new(output)
		if later := b.target.folder || b.explains(); later && readable && plan.Err() == nil && b.kept.Load() > keptBytes {
			*out = t.output()
			b.trim(out)
			out.later = true
		} else {
			*out = b.made(t)
			b.keep(out)
			if out.role != nil && b.roles.Add(1) > int64(b.format.role.MaxRoles) {
				out.role = nil // there will be an error
			}
		}
		if out.from, out.number = s, i; !readable {
			out.task = t
		}
		read.outs = append(read.outs, out)
	}
	return read
}

// made returns the output of a task, without what only the making needs. It does not change the plan, of which another
// output can be made.
func (b *batch) made(t *task) output {
	plan := *t.plan
	plan.Findings = slices.Clip(plan.Findings)
	once := *t
	once.plan = &plan
	out := b.make(&once)
	b.trim(&out)
	return out
}

// keep keeps the files of an output in as few bytes as possible, and counts these.
func (b *batch) keep(out *output) {
	if b.target.folder && b.folderOf(out) == b.target.path {
		if names, err := b.folder.names(); err == nil {
			out.files = names.expand(out.files)
		}
	}
	for i := range out.files {
		f := &out.files[i]
		f.Data = bytes.Clone(f.Data) // the format made it in a larger buffer
		f.Uses = nil
		b.kept.Add(int64(len(f.Data)+len(f.Name)) + int64(unsafe.Sizeof(*f)))
	}
}

// trim forgets the findings that are not printed, and all else that only the making of the output needs, such as the text
// of the input.
func (b *batch) trim(out *output) {
	out.input = nil
	out.warned = warned(out.findings)
	out.family, out.id = strings.Clone(out.family), strings.Clone(out.id)
	all := out.findings
	out.findings = nil
	for _, f := range all {
		if !out.shown && (b.verbose || f.Severity != analyze.Note) { // others are in the file, or nowhere
			f.At.Container = strings.Clone(f.At.Container)
			out.findings = append(out.findings, f)
		}
	}
	if b.quiet {
		out.always = nil
	}
}

// join adds what services and runs need to the task definitions that they are for. A service whose task definition is not
// there is an error, unless it was only found in a folder.
func (b *batch) join(readings []*reading) {
	if !slices.ContainsFunc(readings, func(read *reading) bool { return read.adds != nil }) {
		return
	}
	var plans []*analyze.Plan
	of := map[*analyze.Plan]int{}
	outlines := make([][]*analyze.Plan, len(readings))
	for i, read := range readings {
		for _, o := range read.outlines {
			outlines[i] = append(outlines[i], o.Plan())
		}
		for _, plan := range slices.Concat(outlines[i], read.adds) {
			of[plan] = i
			plans = append(plans, plan)
		}
	}
	for _, plan := range analyze.Join(plans) {
		i := of[plan]
		if !plan.Adds() {
			continue
		}
		if s := b.found.list[i]; s.named {
			b.in.place(plan.Findings)
			out := b.made(&task{name: s.name, plan: plan})
			readings[i].outs = append(readings[i].outs, &out)
		} else if b.verbose {
			readings[i].skip = plan.Findings[len(plan.Findings)-1].Message
		}
	}
	for i, read := range readings {
		for j, outline := range outlines[i] {
			switch {
			case !outline.Extended():
			case read.packed != nil:
				plan := read.packed[j].Plan()
				plan.Extend(outline)
				read.packed[j] = b.pool.Pack(plan)
			default:
				out := read.outs[j]
				if out.adds = outline; !out.later {
					b.makeAgain(out)
					b.keep(out)
				}
			}
		}
	}
}

// makeAgain makes an output whose files were not kept, or to which something was added since.
func (b *batch) makeAgain(out *output) {
	t := out.task
	if t == nil {
		in, plans, _, err := out.from.readPlans(analyze.NewAnalysis(b.opts), nil)
		if err == nil && out.number >= len(plans) {
			err = fmt.Errorf("cannot read %s: it has changed in the meantime", out.name)
		}
		if err != nil {
			*out = output{name: out.name, err: err, gone: true}
			return
		}
		t = &task{input: in, name: out.name, plan: plans[out.number]}
	}
	if out.adds != nil {
		t.plan.Extend(out.adds)
	}
	b.in.place(t.plan.Findings)
	*out = b.made(t)
}
