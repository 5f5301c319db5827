package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/execrole/execrole/emit"
)

func explainCommand() *subcommand {
	r := new(request)
	return &subcommand{
		name:  "explain",
		args:  "[flags] FILE",
		about: "say which field asks for which permission, and why",
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
			return c.deliver(r, r.makeExplanation(c.Stdin, c.colour(r.target)))
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

// colour reports whether to write in colour: on a terminal that can, to a user who did not refuse it.
func (c *command) colour(t target) bool {
	f, ok := c.Stdout.(*os.File)
	return ok && t.path == "" && coloured(c.Getenv) && term.IsTerminal(int(f.Fd()))
}

// coloured reports whether the environment allows colour on a terminal. NO_COLOR counts when it is set to anything:
// https://no-color.org.
func coloured(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}
