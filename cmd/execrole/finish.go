package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// results are what became of all inputs of a batch.
type results struct {
	inputs   int
	outs     []*output         // in the order in which they are written
	bases    []string          // the base names of the inputs with task definitions
	tasks    int               // how many task definitions there are
	findings []analyze.Finding // in the order of the inputs
	always   []analyze.Finding // likewise
	general  []analyze.Finding // what was found that is about no input
	problems []error           // that are no findings
	unread   int               // how many inputs could not be opened
	wrong    bool              // something is wrong with the run as a whole: nothing is written
	handled  []handled
	closed   *exitError // nobody reads standard output any more; nil otherwise
}

// handled is what became of files.
type handled struct {
	done, remarks []string
	difference    difference
}

// finish writes, prints or compares what was made of all inputs, reports what there is to say, and returns the error for
// the exit status. Err says which arguments could not be read.
func (b *batch) finish(readings []*reading, err error) error {
	res := b.collect(readings, err)
	byInput := slices.Clone(res.outs)
	slices.SortStableFunc(res.outs, func(x, y *output) int {
		return slices.Compare([]string{x.family, x.id, x.name}, []string{y.family, y.id, y.name})
	})
	switch {
	case res.wrong:
	case b.target.folder:
		res.handled = b.inFolder(res)
	default:
		b.progress.stop() // its line could be on the terminal that is printed to
		res.handled = b.inOne(res)
	}
	res.gather(byInput)
	b.progress.stop()
	return b.conclude(res)
}

// collect puts the readings together, and checks what can be checked only now.
func (b *batch) collect(readings []*reading, err error) *results {
	res := &results{inputs: len(readings) + len(each(err)), problems: each(err), unread: len(each(err))}
	var packed []*analyze.Packed
	var base string // of the last input whose task definition shares the role
	if b.verbose {
		res.findings = slices.SortedStableFunc(slices.Values(b.found.skipped), func(f, g analyze.Finding) int {
			return strings.Compare(f.At.File+f.Message, g.At.File+g.Message)
		})
	}
	for i, read := range readings {
		if read.err != nil {
			res.problems = append(res.problems, each(read.err)...)
			res.unread++
		}
		if read.skip != "" {
			res.findings = append(res.findings, skipped(b.found.list[i].name, read.skip))
		}
		if read.packed != nil {
			base = read.bases[0]
		}
		packed, res.outs, res.bases = append(packed, read.packed...), append(res.outs, read.outs...), append(res.bases, read.bases...)
	}
	flags := b.analysis.Finish()
	b.in.place(flags)
	// A mistake in an option can cost any role a permission.
	res.wrong = len(flags) > 0 && !b.explains()
	res.tasks = len(res.outs)
	if len(packed) > 0 {
		res.tasks = len(packed)
		out := b.share(packed, base, res)
		b.trim(&out)
		res.outs = []*output{&out}
	}
	if len(res.outs) == 0 && res.problems == nil && flags == nil {
		res.problems = append(res.problems, fmt.Errorf("no task definition in %d files; add -v, which lists why", res.inputs))
		if b.verbose {
			res.problems[0] = fmt.Errorf("no task definition in %d files", res.inputs)
		}
	}
	res.general = flags
	b.checkOuts(res)
	return res
}

// gather puts together what was found, in the order of the inputs, and behind it what is about none of them.
func (res *results) gather(outs []*output) {
	said := map[saying]bool{}
	for _, out := range outs {
		for _, f := range out.findings {
			// What is wrong with a setting keeps each task definition of an input from having a role.
			isFlag := f.Rule == string(taskdef.Flags) && f.Flags == nil
			if key := (saying{f.At, f.Message}); !isFlag || !said[key] {
				said[key] = isFlag
				res.findings = append(res.findings, f)
			}
		}
		res.always = append(res.always, out.always...)
	}
	res.findings = append(res.findings, res.general...)
}

// saying is the place and the message of a finding.
type saying struct {
	at      taskdef.Ref
	message string
}

// explains reports whether the request is for explanations, which show what is wrong.
func (b *batch) explains() bool { return b.format.report != nil }

// share makes the output of a role that task definitions share. Base is the base name of the input, if there is only one.
func (b *batch) share(packed []*analyze.Packed, base string, res *results) output {
	t := &task{inputs: res.bases}
	if len(packed) == 1 {
		t.plan = packed[0].Plan()
		t.plan.Family = cmp.Or(b.shared.name, t.plan.Family)
		t.name, t.base, t.inputs = t.plan.File, base, nil
		return b.make(t)
	}
	for _, p := range packed {
		if p.Family() != packed[0].Family() && b.format.role == emit.AWSCLI && b.shared.name == "" && b.roleOptions.Name == "" && !res.wrong {
			// Two roles of that name would be one.
			res.problems, res.wrong = append(res.problems, fmt.Errorf(
				"format %s names the role by the family, and the task definitions have several: name the role, with --shared-role=NAME or --role-name", b.format.name)), true
		}
	}
	t.plan = analyze.SharePacked(b.shared.name, packed)
	return b.make(t)
}

// checkOuts says where several outputs exclude each other.
func (b *batch) checkOuts(res *results) {
	wrong := func(format string, args ...any) {
		res.problems, res.wrong = append(res.problems, fmt.Errorf(format, args...)), true
	}
	whole := 0
	for _, out := range res.outs {
		if !out.unread {
			whole++
		}
	}
	if whole < 2 || b.explains() {
		return
	}
	if b.roleOptions.Name != "" {
		wrong("--role-name %s is the name of one role, and there are %d task definitions: leave it out, or add --shared-role for one role that all of them share", b.roleOptions.Name, whole)
	}
	if !b.target.folder && b.format.role.Combine == nil {
		wrong("format %s writes one role to a file, and there are %d task definitions: add -o DIR/ for a role each, --shared-role for one role, or --resource NAME to choose one", b.format.name, whole)
	}
}

// collide finds outputs that would be written to the same files, whose names are made of the family, and leaves none of
// them. Names that differ in upper and lower case alone are the same in some file systems, and the names of roles are the
// same to IAM.
func (b *batch) collide(outs []*output) {
	var stems []string
	byStem := map[string][]*output{}
	for _, out := range outs {
		if out.unread {
			out.files = nil // its findings say all
		}
		if out.unread || out.err != nil && !b.explains() {
			continue
		}
		stem := strings.ToLower(emit.Stem(out.family))
		if byStem[stem] == nil {
			stems = append(stems, stem)
		}
		byStem[stem] = append(byStem[stem], out)
	}
	for _, stem := range stems {
		same := byStem[stem]
		if len(same) < 2 {
			continue
		}
		for _, out := range same {
			out.files, out.later = nil, false
			out.err = cmp.Or(out.err, error(errCollides))
		}
		same[1].err = errors.Join(same[1].err, b.collision(same))
	}
}

// collision returns the error of outputs whose files would have the same names.
func (b *batch) collision(same []*output) error {
	var families []string
	for _, out := range same {
		if family := strconv.Quote(out.family); !slices.Contains(families, family) {
			families = append(families, family)
		}
	}
	what := "have the family " + families[0]
	switch {
	case len(families) > 1:
		what = "have the families " + strings.Join(families, " and ")
	case same[0].family == "":
		what = "have no family"
	}
	const most = 3 // names in a message
	var labels []string
	for _, out := range same {
		labels = append(labels, out.label())
	}
	leave, whose := "leave one out", "both"
	if n := len(same); n > 2 {
		leave, whose = "leave in only one", "all"
		if n > most && !b.verbose {
			labels = append(labels[:most-1], fmt.Sprintf("%d more", n-most+1))
		}
	}
	last := len(labels) - 1
	return fmt.Errorf("%s and %s %s, so that their files would have the same names: %s, or add --shared-role for one role for %s",
		strings.Join(labels[:last], ", "), labels[last], what, leave, whose)
}

// errCollides is the error of an output with whose files those of another collide, which says so.
var errCollides = &exitError{status: statusFailed}

// label returns the name of the input and, where it has one, that of the task definition in it.
func (out *output) label() string {
	if out.id == "" {
		return out.name
	}
	return out.name + " (" + analyze.Printable(out.id) + ")"
}

// folderOf returns the folder to which the files of an output go.
func (b *batch) folderOf(out *output) string {
	if b.format.role != nil && b.format.role.OwnFolder && !b.shared.given {
		return filepath.Join(b.target.path, emit.Stem(out.family))
	}
	return b.target.path
}

// inFolder writes the files of all outputs to folders, or compares them.
func (b *batch) inFolder(res *results) []handled {
	if len(res.outs) == 0 {
		return nil
	}
	b.collide(res.outs)
	b.leaveStrangers(res.outs)
	list := make([]handled, len(res.outs))
	var made []string
	if !b.compares && slices.ContainsFunc(res.outs, func(out *output) bool { return out.files != nil || out.later }) {
		var err error
		if made, err = b.target.makeFolders(); err != nil {
			removeFolders(made)
			res.problems = append(res.problems, err)
			return nil
		}
	}
	b.folder.made = true
	b.progress.write(len(res.outs))
	inParallel(len(res.outs), runtime.GOMAXPROCS(0), func(i int) {
		defer b.progress.step()
		out := res.outs[i]
		if out.later {
			b.makeAgain(out)
		}
		if out.files == nil {
			return
		}
		t := b.folder
		if folder := b.folderOf(out); folder != t.path {
			t = folderTarget(folder)
		}
		var err error
		list[i], err = b.handle(t, out)
		out.err, out.files = errors.Join(out.err, err), nil
	})
	removeFolders(made) // nothing may have come into them
	return list
}

// handle writes the files of an output, or compares them.
func (b *batch) handle(t target, out *output) (h handled, err error) {
	if b.compares {
		h.difference, err = t.diff(out.files, out.source, b.force)
		return h, err
	}
	h.done, h.remarks, err = b.write(t, out.files, b.isInput, b.force)
	return h, err
}

// isInput reports whether a change is of one of the inputs. Of a folder, what has no task definition is none: outputs can
// be there.
func (b *batch) isInput(ch *change) bool {
	s := b.found.real[realPath(ch.name)]
	return s != nil && s.holds
}

// inOne writes everything to one file or to standard output, or compares that. A file of all roles lacks none: if there is
// an error, nothing is written.
func (b *batch) inOne(res *results) []handled {
	one := output{source: fmt.Sprintf("%d inputs", len(res.bases))}
	var h handled
	var err error
	switch {
	case len(res.outs) == 0:
		return nil
	case b.explains():
		h, err = b.explainAll(res)
	case slices.ContainsFunc(res.outs, func(out *output) bool { return out.err != nil }) || res.problems != nil:
		if len(res.outs) > 1 || res.inputs > 1 {
			why := "nothing is written: all of it would be in one file, which would lack a part"
			if len(res.outs) > 1 {
				why += "; with -o DIR/, each role that has no errors is written"
			}
			res.problems = append(res.problems, errors.New(why))
		}
		return nil
	case !b.together():
		one.files = res.outs[0].files
		if len(res.outs) == 1 {
			one.source = res.outs[0].source
		}
	default:
		one.files, err = b.combine(res)
	}
	if err == nil && one.files != nil {
		h, err = b.handle(b.target, &one)
	}
	if err != nil {
		var closed *exitError
		if errors.As(err, &closed) {
			res.closed = closed
			return nil
		}
		res.problems = append(res.problems, each(err)...)
		return nil
	}
	return []handled{h}
}

// explainAll prints the explanations one after another, or writes them into one file, which has all of them.
func (b *batch) explainAll(res *results) (h handled, err error) {
	if b.target.path == "" {
		return h, b.eachExplanation(res, b.printBytes)
	}
	done, err := b.target.writeStream(func(w io.Writer) error {
		err := b.eachExplanation(res, func(part []byte) error {
			_, err := w.Write(part)
			return err
		})
		if err == nil && slices.ContainsFunc(res.outs, func(out *output) bool { return out.gone }) {
			err = errors.New("it would lack a part")
		}
		return err
	}, b.isInput)
	return handled{done: []string{done}}, err
}

// eachExplanation writes the explanations, and the text before, between and behind them.
func (b *batch) eachExplanation(res *results, write func([]byte) error) error {
	const atOnce = 64 // explanations are made at the same time
	sequence := b.format.report.Several
	if b.shared.given {
		sequence = report.Sequence{} // there is one
	}
	err := write([]byte(sequence.Begin))
	first := true
	for outs := range slices.Chunk(res.outs, atOnce) {
		inParallel(len(outs), runtime.GOMAXPROCS(0), func(i int) {
			if outs[i].later {
				b.makeAgain(outs[i])
			}
		})
		for _, out := range outs {
			for _, f := range out.files {
				if !first {
					err = cmp.Or(err, write([]byte(sequence.Between)))
				}
				first = false
				err = cmp.Or(err, write(sequence.Element(f.Data)))
			}
			out.files = nil
		}
		if err != nil {
			return err
		}
	}
	return write([]byte(sequence.End))
}

// combine makes one file of all roles.
func (b *batch) combine(res *results) ([]emit.File, error) {
	roles := make([]*policy.Role, len(res.outs))
	for i, out := range res.outs {
		roles[i] = out.role
		if i > 0 && out.family == res.outs[i-1].family {
			return nil, fmt.Errorf("%s and %s have the family %q, and one template cannot have a role for each: leave one out, or add --shared-role for one role for both",
				res.outs[i-1].label(), out.label(), out.family)
		}
	}
	if most := b.format.role.MaxRoles; len(roles) > most {
		return nil, fmt.Errorf("format %s: a file has at most %d roles, and there are %d: use -o DIR/, which writes a file for each", b.format.name, most, len(roles))
	}
	file, err := b.format.role.Combine(roles, emit.Options{Sources: res.bases})
	if err != nil {
		return nil, err
	}
	files := []emit.File{file}
	res.general = append(res.general, report.TooLarge("", b.format.role, files)...)
	return files, nil
}

// conclude reports what there is to say, and returns the error for the exit status.
func (b *batch) conclude(res *results) error {
	if res.closed != nil {
		return res.closed
	}
	var stale, refused []string
	failed, differs := res.wrong || len(res.problems) > 0, 0
	for _, h := range res.handled {
		if text := h.difference.text; text != "" {
			if err := b.print(text); err != nil {
				return err
			}
		}
		stale, refused = append(stale, h.difference.stale...), append(refused, h.difference.refused...)
		if h.difference.text != "" {
			differs++
		}
	}
	b.reportAll(res.findings)
	if !b.quiet {
		b.report(grouped(res.always, func(n int) string { return fmt.Sprintf("for %d more of the inputs", n) }), true)
	}
	for _, h := range res.handled {
		for _, remark := range h.remarks {
			b.complain("%s", remark)
		}
	}
	if !b.quiet && !b.omitsFiles(res) {
		for _, h := range res.handled {
			for _, line := range h.done {
				b.complain("%s", line)
			}
		}
	}
	if differs > 0 && !b.quiet {
		b.complain("to write this, run: %s", difference{stale: stale}.cure(b.in))
		for _, why := range refused {
			b.complain("%s", why)
		}
	}
	errs := res.problems
	for _, out := range res.outs {
		errs = append(errs, each(out.err)...)
	}
	failed = failed || len(errs) > 0
	for _, err := range errs {
		var findings analyze.Errors
		if !errors.As(err, &findings) && err != errCollides {
			b.complain("%v", err)
		}
	}
	if !b.quiet || failed {
		b.complain("%s", b.summary(res, differs))
	}
	switch {
	case failed:
		return &exitError{status: statusFailed}
	case differs > 0, b.strict && (warned(res.general) || slices.ContainsFunc(res.outs, func(out *output) bool { return out.warned })):
		return errNo
	}
	return nil
}

// omitsFiles reports whether the files are counted and not listed, since there are many.
func (b *batch) omitsFiles(res *results) bool {
	n := 0
	for _, h := range res.handled {
		n += len(h.done)
	}
	return n > screenful && !b.verbose && !b.quiet
}

// counted returns a number with the noun that it counts.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// summary says in one line what became of all inputs.
func (b *batch) summary(res *results, differs int) string {
	unread, bad, files := res.unread, 0, map[string]int{}
	for _, out := range res.outs {
		switch {
		case out.unread:
			unread++
			res.tasks--
		case out.err != nil:
			bad++
		}
	}
	for _, h := range res.handled {
		for _, line := range h.done {
			what, _, _ := strings.Cut(line, " ")
			files[what]++
		}
	}
	good := max(0, min(len(res.outs), res.tasks)-bad)
	var parts []string
	add := func(n int, format string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, n))
		}
	}
	switch {
	case b.explains():
		add(good, "%d explained")
	case res.handled == nil && b.compares:
		parts = append(parts, "nothing compared")
	case res.handled == nil:
		parts = append(parts, "nothing written")
	case b.compares:
		parts = append(parts, counted(good, "role")+" compared")
		add(differs, "%d different")
	default:
		parts = append(parts, counted(good, "role"))
		if n := files["wrote"]; n > 0 {
			parts = append(parts, counted(n, "file")+" written")
		}
		add(files["unchanged"], "%d unchanged")
		add(files["kept"], "%d kept")
	}
	add(bad, "%d with errors")
	add(unread, "%d not read")
	line := counted(res.tasks, "task definition") + " in " + counted(res.inputs, "input") + ": " + strings.Join(parts, ", ")
	if b.omitsFiles(res) {
		line += "; add -v, which lists the files"
	}
	return line
}
