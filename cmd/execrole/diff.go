package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	unified "github.com/rogpeppe/go-internal/diff"

	"github.com/execrole/execrole/emit"
)

func diffCommand() *subcommand {
	r := new(request)
	return &subcommand{
		name:  "diff",
		args:  "[flags] -o OUTPUT FILE",
		about: "compare with what is on disk; 1 if it differs",
		text: `Compares what generate would write with what is on disk, and writes nothing: for
a pipeline that commits the outputs. It takes the flags of generate; -o names
the file or the folder to compare with. The difference goes to standard output
as a unified diff, from what is there to what would be, and the exit status is
1. The files of an app that are for you to edit only have to exist.
`,
		formats: roleFormats(),
		flags:   r.roleFlags,
		run: func(c *command, in *invocation) error {
			if err := r.complete(in); err != nil {
				return err
			}
			if r.target.path == "" {
				return misuse(in.name, errors.New("-o is missing: name the file or the folder to compare with"))
			}
			return c.compare(r, r.makeRole(c.Stdin))
		},
	}
}

// compare prints the difference between an output and the files that exist, reports the findings, and returns the error
// for the exit status.
func (c *command) compare(r *request, out output) error {
	var text string
	if out.err == nil {
		text, out.err = r.target.diff(out.files)
	}
	if out.err == nil && text != "" {
		out.err = c.print(text)
	}
	c.report(out.findings, r.verbose)
	if out.err == nil && text != "" {
		return errNo
	}
	return r.result(out)
}

// diff returns the difference between the files that exist and the given ones, as a unified diff.
func (t target) diff(files []emit.File) (string, error) {
	changes, _, err := t.changes(files)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var errs []error
	for _, ch := range changes {
		from, to := ch.name, ch.name
		old, err := ch.content()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("cannot read %s: %v", ch.name, reason(err)))
			continue
		case ch.info == nil:
			from = os.DevNull
		case ch.file.Write == emit.Remove:
			to = os.DevNull
		}
		text := unified.Diff(from, old, to, ch.file.Data)
		if len(text) == 0 && from != to {
			text = fmt.Appendf(nil, "diff %s %s\n", from, to) // an empty file
		}
		b.Write(text)
	}
	return b.String(), errors.Join(errs...)
}
