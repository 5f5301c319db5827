package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/execrole/execrole/emit"
)

const diffText = `Compares what generate would write with what is on disk, and writes nothing: for
a pipeline that commits the outputs. It takes the flags of generate; -o names
the file or the folder to compare with. The difference goes to standard output
as a unified diff, from what is there to what would be, and the exit status is
1. Files of an app that people go on from count as long as they exist.
`

// diff compares the files that generate would write with those that are there.
func (c *command) diff(args []string) int {
	r, status := c.request("diff", args)
	if r == nil {
		return status
	}
	if r.target.path == "" {
		return c.misuse("diff", []error{errors.New("-o is missing: name the file or the folder to compare with")})
	}
	out, ok := c.emit(r)
	if !ok {
		return statusFailed
	}
	var b strings.Builder
	var errs []error
	for _, f := range out.files {
		path := r.target.path
		if r.target.folder {
			path = filepath.Join(path, f.Name)
		}
		errs = append(errs, compare(&b, path, f))
	}
	if r.target.folder {
		names, err := stale(r.target.path, out.files)
		for _, name := range names {
			errs = append(errs, compare(&b, filepath.Join(r.target.path, name), emit.File{}))
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return c.fail(err)
	}
	if b.Len() == 0 {
		return r.exit(out.findings)
	}
	if status := c.print(b.String()); status != statusDone {
		return status
	}
	return statusNo
}

// compare adds the difference of one file to a unified diff.
func compare(b *strings.Builder, path string, f emit.File) error {
	old, err := os.ReadFile(path)
	from, to := path, path
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if f.Data == nil {
			return nil
		}
		from = os.DevNull
	case err != nil:
		return fmt.Errorf("cannot read %s: %v", path, reason(err))
	case f.Keep:
		return nil
	case f.Data == nil:
		to = os.DevNull
	}
	text := diff.Diff(from, old, to, f.Data)
	if len(text) == 0 && from != to {
		text = fmt.Appendf(nil, "diff %s %s\n", from, to) // an empty file
	}
	b.Write(text)
	return nil
}
