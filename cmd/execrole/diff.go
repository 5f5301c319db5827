package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	unified "github.com/rogpeppe/go-internal/diff"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit"
)

func diffCommand() *subcommand {
	r := new(request)
	return &subcommand{
		name:    "diff",
		args:    "[flags] -o OUTPUT FILE...",
		example: "execrole diff -o role.yaml task-definition.json",
		about:   "compare the role with what is on disk",
		text: `Compares what generate would write with what is on disk, and writes nothing: for
a pipeline that commits the outputs. It takes the flags of generate; -o names
the file or the folder to compare with. The difference goes to standard output
as a unified diff, from what is there to what would be, and the exit status is
1. Then the command that writes the files anew goes to standard error. The files
of an app that are for you to edit only have to exist. Line ends as on Windows
are no difference. A file that is a symbolic link is not compared: it could
point to anything, and its text would be printed.
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
			r.compares = true
			return c.perform(r, r.makeRole)
		},
	}
}

// compare prints the difference between an output and the files that exist, reports the findings, and returns the error
// for the exit status. A last line is the command that writes what is missing.
func (c *command) compare(r *request, out output) error {
	var d difference
	if out.err == nil {
		d, out.err = r.target.diff(out.files, out.source, r.force)
	}
	differs := d.text != ""
	if out.err == nil && differs {
		out.err = c.print(d.text)
	}
	c.report(append(out.findings, out.always...), r.verbose)
	if out.err == nil && differs {
		if !r.quiet {
			c.complain("to write this, run: %s", d.cure(r.in))
			for _, why := range d.refused {
				c.complain("%s", why)
			}
		}
		return errNo
	}
	return r.result(out)
}

// difference is what diff found.
type difference struct {
	text    string   // a unified diff; "" if there is none
	stale   []string // files that generate does not remove, and refuses to leave
	refused []string // what generate would refuse to do, and which flag makes it do it
}

// cure returns the command line that writes what differs: generate, with the arguments of this run.
func (d difference) cure(in *invocation) string {
	words := slices.Concat([]string{"execrole", "generate"}, in.given)
	for i, word := range words {
		words[i] = analyze.ShellQuote(word)
	}
	line := strings.Join(words, " ")
	if len(d.stale) > 0 {
		remove := []string{"rm"}
		for _, name := range d.stale {
			if strings.HasPrefix(name, "-") {
				name = "./" + name
			}
			remove = append(remove, analyze.ShellQuote(name))
		}
		line = strings.Join(remove, " ") + " && " + line
	}
	return line
}

// diff returns the difference between the files that exist and the given ones, as a unified diff that a terminal can show:
// what exists, and its name, can be a stranger's. Source is the input's name, and force is that of
// [command.write]. A tab ends a file's name, so that patch and
// git apply know it.
func (t target) diff(files []emit.File, source string, force bool) (d difference, err error) {
	changes, _, err := t.changes(files)
	if err != nil {
		return d, err
	}
	const none = "/dev/null" // on every system, as Git writes it
	var b strings.Builder
	var errs []error
	for _, ch := range differences(changes) {
		old, err := ch.comparable()
		name := analyze.Printable(ch.name)
		from, to := name+"\ton disk", name+"\tfrom "+source
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("cannot read %s: %v", ch.name, reason(err)))
			continue
		case ch.info == nil:
			from = none
		case ch.file.Write == emit.Remove:
			to = none
			d.stale = append(d.stale, ch.name)
		case bytes.Equal(old, ch.file.Data):
			continue // but for the ends of its lines
		case ch.file.Write == emit.IfOurs && !force && len(old) > 0:
			if err := ch.checkOurs(); err != nil {
				d.refused = append(d.refused, fmt.Sprintf("cannot write %s: %v", ch.name, err))
			}
		}
		fmt.Fprintf(&b, "--- %s\n+++ %s\n", from, to)
		text := string(unified.Diff("", old, "", ch.file.Data))
		if i := strings.Index(text, "\n@@"); i >= 0 { // after a header of its own; there is none where a file is empty
			b.WriteString(printableDiff(text[i+1:]))
		}
	}
	d.text = b.String()
	return d, errors.Join(errs...)
}

// printableDiff escapes what a terminal would obey. It keeps line breaks and tabs.
func printableDiff(text string) string {
	parts := strings.Split(text, "\t")
	for i, part := range parts {
		parts[i] = analyze.PrintableLines(part)
	}
	return strings.Join(parts, "\t")
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
