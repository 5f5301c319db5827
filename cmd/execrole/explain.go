package main

import (
	"io"

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
what, which field asks for it, and why; then what a task definition cannot show,
the least version of the ECS agent, and all findings. It takes the flags of
generate that say what is required, so the same flags explain the role.

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
	out.findings = a.plan.Findings
	out.files = []emit.File{{
		Name: "explain" + r.format.extensions[0],
		Data: r.format.report.Write(a.plan, a.role, colour),
	}}
	return out
}
