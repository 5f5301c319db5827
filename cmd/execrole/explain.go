package main

import (
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

func explainCommand() *subcommand {
	r := new(request)
	return &subcommand{
		name:    "explain",
		args:    "[flags] FILE...",
		example: "execrole explain task-definition.json",
		about:   "say which field asks for what, and why",
		text: `Reads an ECS task definition and says for every permission what it allows, on
what, which field asks for it, and why; then what else has to be there for the
task to start, what a task definition cannot show, the least version of the ECS
agent, and all findings. It takes the flags of generate that change permissions
or the role, so the same flags explain the same role.

An input that has errors is explained as far as it is understood, errors
included, and the exit status is 2. Of several task definitions, each has a
section, or with -o FOLDER/ a file. Findings are part of the explanation and so
do not go to standard error as well, unless the explanation goes to a file.
`,
		formats: explanationFormats(),
		flags:   r.explainFlags,
		run: func(c *command, in *invocation) error {
			if err := r.complete(in); err != nil {
				return err
			}
			colour := r.target.path == "" && c.colour(c.Stdout)
			return c.perform(r, func(t *task) output { return c.makeExplanation(r, t, colour) })
		},
	}
}

// makeExplanation makes the file of an explanation. An input that has errors is explained too.
func (c *command) makeExplanation(r *request, t *task, colour bool) output {
	out := t.output()
	role, err := r.roleOf(t)
	out.err, out.shown = err, r.target.path == ""
	// The explanation has the values of the environment that it knows, also those that the input contradicts itself about.
	file := emit.File{Name: "explain" + r.format.extensions[0], Uses: report.Uses(t.plan, role)}
	if r.several {
		file.Name = emit.Stem(t.plan.Family) + "-" + file.Name
	}
	for _, f := range report.Contradictions(t.plan, []emit.File{file}) {
		i := slices.IndexFunc(t.plan.Findings, func(g analyze.Finding) bool { return g.At.Offset > f.At.Offset })
		if i < 0 {
			i = len(t.plan.Findings)
		}
		t.plan.Findings = slices.Insert(t.plan.Findings, i, f)
	}
	out.findings = t.plan.Findings
	file.Data = r.format.report.Write(t.plan, role, colour)
	if r.target.path == "" && r.format.report == report.TextExplanation {
		file.Data = []byte(c.wrap(string(file.Data)))
	}
	out.files = []emit.File{file}
	return out
}
