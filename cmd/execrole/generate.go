package main

import (
	"errors"
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
	in, err := c.read(r)
	if errs := r.readCredSpecs(); err != nil || errs != nil {
		return c.fail(append(errs, err)...)
	}
	plan, err := analyze.JSON(r.name, in.data, r.options)
	if err != nil {
		c.report(plan.Findings, r.verbose)
		return c.fail(err)
	}
	role, limits, err := makeRole(plan, r.role)
	findings := append(slices.Clip(plan.Findings), limits...)
	if err != nil {
		c.report(findings, r.verbose)
		return c.fail(err)
	}
	files, err := r.format.Emit(role, emit.Options{
		Source:   in.base,
		Values:   plan.Own.Values(),
		MainOnly: !r.target.folder,
		Package:  r.goPackage,
	})
	var values *emit.MissingValues
	if errors.As(err, &values) {
		c.report(append(findings, missing(r.name, values)...), r.verbose)
		return statusFailed
	}
	if err != nil {
		c.report(findings, r.verbose)
		return c.fail(err)
	}
	if !r.target.folder {
		files = files[:1]
	}
	findings = append(findings, contradictions(plan, files)...)
	findings = append(findings, large(r.name, r.format, files)...)
	if n := len(plan.Unseen()); n > 0 {
		findings = append(findings, note(r.name, `a task definition does not show everything: "execrole explain" lists what else may need a permission here (%d)`, n))
	}
	if files[0].Data == nil {
		findings = append(findings, note(r.name, "the task needs no permissions, so there is no policy to write"))
	}
	c.report(findings, r.verbose)
	if errs := c.write(r.target, files, in.info, r.force); errs != nil {
		return c.fail(errs...)
	}
	return r.exit(findings)
}
