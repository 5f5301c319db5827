package main

import (
	"os"

	"golang.org/x/term"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

const explainText = `Reads an ECS task definition and says for every permission what it allows, on
what, which field asks for it, and why; then what a task definition cannot show,
the least version of the ECS agent, and all findings. It takes the flags of
generate that say what is required, so the same flags explain the role.

An input that has errors is explained as far as it is understood, errors
included, and the exit status is 2. Findings are part of the explanation and so
do not go to standard error as well, unless the explanation goes to a file.
`

// explainFormats returns the forms of an explanation, the default one first. They have no Emit: they are
// made of a plan, where a role's formats are made of a role.
func explainFormats() []*emit.Format {
	return []*emit.Format{
		{Name: "text", Help: "for people, in colour on a terminal", Extensions: []string{".txt", ".text"}},
		{Name: "json", Help: "for programs", Extensions: []string{".json"}},
		{Name: "markdown", Aliases: []string{"md"}, Help: "for a comment on a pull request", Extensions: []string{".md"}},
	}
}

// explain says where each permission comes from.
func (c *command) explain(args []string) int {
	r, status := c.request("explain", args)
	if r == nil {
		return status
	}
	in, err := c.read(r)
	if errs := r.readCredSpecs(); err != nil || errs != nil {
		return c.fail(append(errs, err)...)
	}
	plan, err := analyze.JSON(r.name, in.data, r.options)
	var role *policy.Role
	if err == nil {
		var limits []analyze.Finding
		role, limits, err = makeRole(plan, r.role)
		plan.Findings = append(plan.Findings, limits...)
	}
	var file emit.File
	switch r.format.Name {
	case "json":
		file = emit.File{Name: "explain.json", Data: report.JSON(plan, role)}
	case "markdown":
		file = emit.File{Name: "explain.md", Data: report.Markdown(plan, role)}
	default:
		file = emit.File{Name: "explain.txt", Data: report.Text(plan, role, c.colour(r.target))}
	}
	if r.target.path != "" {
		c.report(plan.Findings, r.verbose)
	}
	if errs := c.write(r.target, []emit.File{file}, in.info, false); errs != nil {
		return c.fail(errs...)
	}
	if err != nil {
		return c.fail(err)
	}
	return r.exit(plan.Findings)
}

// colour reports whether to write in colour: on a terminal that can, to somebody who did not say no.
func (c *command) colour(t target) bool {
	f, ok := c.Stdout.(*os.File)
	return ok && t.path == "" && coloured(c.Getenv) && term.IsTerminal(int(f.Fd()))
}

// coloured reports whether the environment lets a terminal be written to in colour. NO_COLOR counts when
// it is set to anything: https://no-color.org.
func coloured(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}
