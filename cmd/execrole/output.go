package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// output is what a request makes of its input. Making it neither prints nor writes anything.
type output struct {
	files    []emit.File // what the target gets; nil if there is nothing to write
	input    fs.FileInfo // nil where the input is no file
	findings []analyze.Finding
	shown    bool              // the files show the findings, on standard output
	always   []analyze.Finding // notes that are printed without --verbose too
	err      error             // why the request could not be done, though there may be files
}

// deliver writes the files of an output, reports its findings, and returns the error for the exit status.
func (c *command) deliver(r *request, out output) error {
	var done, remarks []string
	if out.files != nil {
		var err error
		if done, remarks, err = c.write(r.target, out.files, out.input, r.force); err != nil {
			out.err = err
		}
	}
	if !out.shown {
		c.report(out.findings, r.verbose)
	}
	if !r.quiet {
		c.report(out.always, true)
	}
	for _, remark := range remarks {
		c.complain("%s", remark)
	}
	if !r.quiet {
		for _, line := range done {
			c.complain("%s", line)
		}
	}
	return r.result(out)
}

// result returns the error for the exit status of a request that has this output.
func (r *request) result(out output) error {
	if out.err == nil && r.strict && warned(out.findings) {
		return errNo
	}
	return out.err
}

// analysis is a request's input, its plan, and the role that fits the plan.
type analysis struct {
	in   input
	plan *analyze.Plan // nil if the input or another file could not be read
	role *policy.Role  // nil if there is an error
}

// analyze reads the request's input and makes a plan and a role of it. An error of the input, or of a role that would be
// over IAM's limits, is among the plan's findings.
func (r *request) analyze(stdin io.Reader) (a analysis, err error) {
	if a.in, err = r.readInput(stdin); err != nil {
		_, more := r.readCredSpecs()
		return a, errors.Join(more, err)
	}
	opts := r.options
	if opts.CredSpecs, err = r.readCredSpecs(); err != nil {
		return a, err
	}
	plans, err := analyze.Read(r.name, a.in.data, opts)
	a.plan = plans[0]
	if len(plans) > 1 {
		// A role is for one task definition so far.
		several := analyze.Finding{Severity: analyze.Error, Rule: "several", At: wholeFile(r.name),
			Message: fmt.Sprintf("%d task definitions in one input: pass one of them", len(plans))}
		for _, p := range plans[1:] {
			a.plan.Findings = append(a.plan.Findings, p.Findings...)
		}
		a.plan.Findings = append(a.plan.Findings, several)
		err = errors.Join(err, analyze.Errors{several})
	}
	r.in.place(a.plan.Findings)
	if err != nil {
		return a, err
	}
	var more []analyze.Finding
	a.role, more, err = roleOf(a.plan, r.roleOptions)
	a.plan.Findings = append(a.plan.Findings, more...)
	return a, err
}

// makeRole makes the files of a role, as generate writes them and diff compares them.
func (r *request) makeRole(stdin io.Reader) output {
	a, err := r.analyze(stdin)
	out := output{input: a.in.info, err: err}
	if a.plan != nil {
		out.findings = a.plan.Findings
	}
	if err != nil {
		return out
	}
	files, err := r.emit(a)
	var values *emit.MissingValues
	switch {
	case errors.As(err, &values):
		findings := missing(r.name, values, a.plan.Symbols)
		out.findings, out.err = append(out.findings, findings...), analyze.Errors(findings)
		return out
	case err != nil:
		out.err = err
		return out
	}
	out.files = files
	out.findings = append(out.findings, contradictions(a.plan, files)...)
	out.findings = append(out.findings, large(r.name, r.format.role, files)...)
	out.findings = append(out.findings, r.notes(a)...)
	if files[0].Write == emit.Remove {
		out.always = append(out.always, r.noPolicy(a))
	}
	for _, u := range a.plan.Unseen {
		if u.Note != "" {
			out.always = append(out.always, note(r.name, u.Note))
		}
	}
	return out
}

// emit writes the role in the request's format: the main file, or for a folder all files.
func (r *request) emit(a analysis) ([]emit.File, error) {
	files, err := r.format.role.Emit(a.role, emit.Options{
		Source:   a.in.base,
		MainOnly: !r.target.folder,
		Package:  r.goPackage,
	})
	switch {
	case err != nil:
		return nil, err
	case r.target.folder:
		if files, err = emit.WithPassRole(files, a.role); err != nil {
			return nil, err
		}
		return emit.WithResourcePolicies(files, a.role)
	}
	return files[:1], nil
}

// noPolicy returns a note that says why there is no policy to write.
func (r *request) noPolicy(a analysis) analyze.Finding {
	why := "the task needs no permissions"
	if len(a.role.Attached) > 0 {
		why = "the managed policy grants all that the task needs"
	}
	return note(r.name, why+", so there is no policy to write")
}

// notes returns remarks on what the files do not show.
func (r *request) notes(a analysis) (list []analyze.Finding) {
	if n := len(a.plan.Unseen); n > 0 {
		list = append(list, note(r.name, fmt.Sprintf(`a task definition does not show everything: "execrole explain" lists what else may need a permission here (%d)`, n)))
	}
	return list
}
