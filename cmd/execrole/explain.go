package main

import (
	"io"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

func explainCommand() *subcommand {
	r := new(request)
	return &subcommand{
		name:    "explain",
		args:    "[flags] FILE",
		example: "execrole explain task-definition.json",
		about:   "say which field asks for what, and why",
		text: `Reads an ECS task definition and says for every permission what it allows, on
what, which field asks for it, and why; then what else has to be there for the
task to start, what a task definition cannot show, the least version of the ECS
agent, and all findings. It takes the flags of generate that say what is
required, so the same flags explain the role.

An input that has errors is explained as far as it is understood, errors
included, and the exit status is 2. Findings are part of the explanation and so
do not go to standard error as well, unless the explanation goes to a file.
`,
		formats: explanationFormats(),
		flags:   r.explainFlags,
		run: func(c *command, in *invocation) error {
			if err := r.complete(in); err != nil {
				return err
			}
			out := r.makeExplanation(c.Stdin, r.target.path == "" && c.colour(c.Stdout))
			if r.target.path == "" && r.format.report == report.TextExplanation && out.files != nil {
				out.files[0].Data = []byte(c.wrap(string(out.files[0].Data)))
			}
			return c.deliver(r, out)
		},
	}
}

// makeExplanation makes the file of an explanation. An input that has errors is explained too.
func (r *request) makeExplanation(stdin io.Reader, colour bool) output {
	a, err := r.analyze(stdin)
	out := output{input: a.in.info, shown: r.target.path == "", err: err}
	if a.plan == nil {
		return out
	}
	// The explanation has the values of the environment that it knows, also those that the input contradicts itself about.
	file := emit.File{Name: "explain" + r.format.extensions[0], Uses: report.Uses(a.plan, a.role)}
	for _, f := range contradictions(a.plan, []emit.File{file}) {
		i := slices.IndexFunc(a.plan.Findings, func(g analyze.Finding) bool { return g.At.Offset > f.At.Offset })
		if i < 0 {
			i = len(a.plan.Findings)
		}
		a.plan.Findings = slices.Insert(a.plan.Findings, i, f)
	}
	out.findings = a.plan.Findings
	file.Data = r.format.report.Write(a.plan, a.role, colour)
	out.files = []emit.File{file}
	return out
}
