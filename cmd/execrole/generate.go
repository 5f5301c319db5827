package main

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit"
)

const generateText = `Reads an ECS task definition and writes its task execution role. Without -o the
main file of the format goes to standard output. With -o FILE the same goes to
FILE, and with -o FOLDER/ all files of the format are written, under names made
of the task definition's family. A file is written whole or not at all, and one
that would not change is left alone.

An app of cdk-go has the same names for every task definition. Of it, stack.go
is written anew each time, unless somebody else wrote it; the other files, which
people go on from, are written only where they are absent.

Errors and warnings go to standard error, with -v notes too. An input that has
errors writes nothing. "generate" may be left out.
`

// generate writes the role of a task definition.
func (c *command) generate(args []string) int {
	r, status := c.request("generate", args)
	if r == nil {
		return status
	}
	out, ok := c.emit(r)
	if !ok {
		return statusFailed
	}
	if errs := c.write(r.target, out.files, out.input, r.force); errs != nil {
		return c.fail(errs...)
	}
	return r.exit(out.findings)
}

// output is what a request makes of its input.
type output struct {
	files    []emit.File
	input    fs.FileInfo // nil where the input is no file
	findings []analyze.Finding
}

// emit makes the files that the request's target gets, and reports what there is to say. When it is not ok,
// everything has been said.
func (c *command) emit(r *request) (out output, ok bool) {
	in, err := c.read(r)
	if errs := r.readCredSpecs(); err != nil || errs != nil {
		c.fail(append(errs, err)...)
		return out, false
	}
	plan, err := analyze.JSON(r.name, in.data, r.options)
	if err != nil {
		c.report(plan.Findings, r.verbose)
		return out, false
	}
	role, limits, err := makeRole(plan, r.role)
	findings := append(slices.Clip(plan.Findings), limits...)
	if err != nil {
		c.report(findings, r.verbose)
		c.fail(err)
		return out, false
	}
	files, err := r.format.Emit(role, emit.Options{
		Source:   in.base,
		Values:   plan.Environment.Values(),
		MainOnly: !r.target.folder,
		Package:  r.goPackage,
	})
	var values *emit.MissingValues
	switch {
	case errors.As(err, &values):
		c.report(append(findings, missing(r.name, values)...), r.verbose)
		return out, false
	case err != nil:
		c.report(findings, r.verbose)
		c.fail(err)
		return out, false
	}
	if !r.target.folder {
		files = files[:1]
	} else if files, err = emit.WithResourcePolicies(files, role, plan.Environment.Values()); err != nil {
		c.report(findings, r.verbose)
		c.fail(err)
		return out, false
	}
	findings = append(findings, contradictions(plan, files)...)
	findings = append(findings, large(r.name, r.format, files)...)
	if n := len(plan.Unseen); n > 0 {
		findings = append(findings, note(r.name, `a task definition does not show everything: "execrole explain" lists what else may need a permission here (%d)`, n))
	}
	if files[0].Data == nil {
		why := "the task needs no permissions"
		if len(role.Attached) > 0 {
			why = "the managed policy grants all that the task needs"
		}
		findings = append(findings, note(r.name, "%s, so there is no policy to write", why))
	}
	c.report(findings, r.verbose)
	return output{files, in.info, findings}, true
}
