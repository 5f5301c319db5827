package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// task is a task definition that was read, or several that share a role.
type task struct {
	input           // of one task definition
	name   string   // of the input, as messages call it; "" for several
	inputs []string // the base names of several inputs, "" for what is no file
	plan   *analyze.Plan
}

// source names the input as the header of a difference does.
func (t *task) source() string {
	switch {
	case t.inputs != nil:
		return fmt.Sprintf("%d inputs", len(t.inputs))
	case t.name == stdinName:
		return "standard input"
	}
	return t.name
}

// output is what a request makes of a task. Making it neither prints nor writes anything.
type output struct {
	files    []emit.File // what the target gets; nil if there is nothing to write
	source   string      // the input, for people
	input    fs.FileInfo // nil where the input is no file
	findings []analyze.Finding
	shown    bool              // the files show the findings, on standard output
	always   []analyze.Finding // notes that are printed without --verbose too
	err      error             // why the request could not be done, though there may be files

	// Of several outputs:
	name, family, id string       // the input, the family, and what the input calls the task definition
	role             *policy.Role // that is to be in one file with others
	warned           bool         // there is a warning among the findings, which are not all kept
	unread           bool         // there is no task definition in the input, or none that can be read
	// For [batch.makeAgain]: the task definition is the one of this number in its source, or, where that cannot be read
	// twice, the task.
	from   *source
	number int
	task   *task
	adds   *analyze.Plan // what services and runs add to it; nil for nothing
	later  bool          // the files are made when they are to be written
	gone   bool          // they could not be made then, since the source has changed
}

// deliver writes the files of an output, reports its findings, and returns the error for the exit status.
func (c *command) deliver(r *request, out output) error {
	var done, remarks []string
	if out.files != nil {
		var err error
		if done, remarks, err = c.write(r.target, out.files, out.isInput, r.force); err != nil {
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

// makeRole makes the files of a role, as generate writes them and diff compares them.
func (r *request) makeRole(t *task) output {
	out := t.output()
	role, err := r.roleOf(t)
	out.findings, out.err = t.plan.Findings, err
	if err != nil {
		return out
	}
	t.plan.Requirements = nil // they are in the role; of many inputs that share it, they take more memory than all else
	if r.together() {
		out.role = role
		out.findings, out.always = append(out.findings, t.notes()...), t.unseen()
		return out
	}
	files, err := r.emit(t, role)
	var values *emit.MissingValues
	switch {
	case errors.As(err, &values):
		findings := report.Missing(t.name, values, t.plan.Symbols)
		out.findings, out.err = append(out.findings, findings...), analyze.Errors(findings)
		return out
	case err != nil:
		out.err = err
		return out
	}
	out.files = files
	out.findings = append(out.findings, report.Contradictions(t.plan, files)...)
	out.findings = append(out.findings, report.TooLarge(t.name, r.format.role, files)...)
	out.findings = append(out.findings, t.notes()...)
	if files[0].Write == emit.Remove {
		out.always = append(out.always, t.noPolicy(role))
	}
	out.always = append(out.always, t.unseen()...)
	return out
}

// output returns an output of the task without files.
func (t *task) output() output {
	return output{source: t.source(), input: t.info, name: t.name, family: t.plan.Family, id: t.plan.Name, unread: t.plan.Unread}
}

// roleOf returns the role of the task. The findings about the role are among those of the plan then.
func (r *request) roleOf(t *task) (*policy.Role, error) {
	if err := t.plan.Err(); err != nil {
		return nil, err
	}
	role, more, err := report.RoleOf(t.plan, r.roleOptions)
	t.plan.Findings = append(t.plan.Findings, more...)
	return role, err
}

// together reports whether the roles of several task definitions go into one file.
func (r *request) together() bool {
	return r.several && !r.shared.given && !r.target.folder && r.format.role != nil && r.format.role.Combine != nil
}

// isInput reports whether a change is of the file that the output was made of.
func (out *output) isInput(ch *change) bool {
	return out.input != nil && os.SameFile(ch.info, out.input)
}

// emit writes the role in the request's format: the main file, or for a folder all files.
func (r *request) emit(t *task, role *policy.Role) ([]emit.File, error) {
	files, err := r.format.role.Emit(role, emit.Options{
		Source:   t.base,
		Sources:  t.inputs,
		MainOnly: !r.target.folder,
		Package:  r.goPackage,
	})
	switch {
	case err != nil:
		return nil, err
	case r.target.folder:
		if files, err = emit.WithPassRole(files, role); err != nil {
			return nil, err
		}
		return emit.WithResourcePolicies(files, role)
	}
	return files[:1], nil
}

// noPolicy returns a note that says why there is no policy to write.
func (t *task) noPolicy(role *policy.Role) analyze.Finding {
	why := "the task needs no permissions"
	if len(role.Attached) > 0 {
		why = "the managed policy grants all that the task needs"
	}
	return note(t.name, why+", so there is no policy to write")
}

// notes returns remarks on what the files do not show.
func (t *task) notes() (list []analyze.Finding) {
	if n := len(t.plan.Unseen); n > 0 {
		list = append(list, note(t.name, fmt.Sprintf(`a task definition does not show everything: "execrole explain" lists what else may need a permission here (%d)`, n)))
	}
	return list
}

// unseen returns notes about what is common and whose lack is found late.
func (t *task) unseen() (list []analyze.Finding) {
	for _, u := range t.plan.Unseen {
		if u.Note != "" {
			list = append(list, note(t.name, u.Note))
		}
	}
	return list
}
