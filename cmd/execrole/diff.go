package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	unified "github.com/rogpeppe/go-internal/diff"

	"github.com/execrole/execrole/analyze"
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
1. The files of an app that are for you to edit only have to exist. Line ends as
on Windows are no difference. A file that is a symbolic link is not compared:
it could point to anything, and its text would be printed.
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
	c.report(append(out.findings, out.always...), r.verbose)
	if out.err == nil && text != "" {
		return errNo
	}
	return r.result(out)
}

// diff returns the difference between the files that exist and the given ones, as a unified diff that a terminal can show:
// what exists, and its name, can be a stranger's.
func (t target) diff(files []emit.File) (string, error) {
	changes, _, err := t.changes(files)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var errs []error
	for _, ch := range differences(changes) {
		old, err := ch.comparable()
		from := analyze.Printable(ch.name)
		to := from
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("cannot read %s: %v", ch.name, reason(err)))
			continue
		case ch.info == nil:
			from = os.DevNull
		case ch.file.Write == emit.Remove:
			to = os.DevNull
		case bytes.Equal(old, ch.file.Data):
			continue // but for the ends of its lines
		}
		text := string(unified.Diff(from, old, to, ch.file.Data))
		if text == "" && from != to {
			text = fmt.Sprintf("diff %s %s\n", from, to) // an empty file
		}
		parts := strings.Split(text, "\t")
		for i, part := range parts {
			parts[i] = analyze.PrintableLines(part)
		}
		b.WriteString(strings.Join(parts, "\t"))
	}
	return b.String(), errors.Join(errs...)
}

// comparable returns what exists under the change's name; nil if nothing does. Lines that all end with CR LF, as Git
// checks them out on Windows, end with LF in it. It is an error if the name is a symbolic link: who can change the link
// can choose what is printed.
func (ch *change) comparable() ([]byte, error) {
	if info, err := os.Lstat(ch.name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if _, opened, err := follow(ch.name); err != nil || !opened {
			return nil, errors.New("it is a symbolic link; name the file that it points to")
		}
	}
	old, err := ch.content()
	if bytes.Count(old, []byte("\n")) == bytes.Count(old, []byte("\r\n")) {
		old = bytes.ReplaceAll(old, []byte("\r\n"), []byte("\n"))
	}
	return old, err
}
