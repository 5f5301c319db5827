package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// tooLarge is the error of a file that has more bytes than the limit: larger than any file of its kind, or without an end.
type tooLarge int

func (limit tooLarge) Error() string {
	if limit < 1<<20 {
		return fmt.Sprintf("it has more than %d KiB", limit>>10)
	}
	return fmt.Sprintf("it has more than %d MiB", limit>>20)
}

// readAll reads everything, which may be as many bytes as the limit. Size is how many bytes are expected; 0 if that is
// unknown.
func readAll(from io.Reader, size int64, limit int) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(size, int64(limit))) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(from, int64(limit)+1))
	if err == nil && b.Len() > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// readFile reads a file of at most as many bytes as the limit. The command reads all its files with it except its input.
func readFile(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return readAll(f, info.Size(), limit)
}

// input is what was read from a source.
type input struct {
	data []byte
	// base is the file's base name, which the output contains, or "" if it is not a file: the numbers of pipes differ from
	// run to run.
	base string
	info fs.FileInfo // nil where there is no file
}

// read reads the source. Its errors say all there is to say.
func (s *source) read(stdin io.Reader) (in input, err error) {
	from := stdin
	fail := func(err error) (input, error) {
		return input{}, fmt.Errorf("cannot read %s: %w", s.name, reason(err))
	}
	if s.path != "-" {
		f, err := os.Open(s.path)
		if err != nil {
			return fail(err)
		}
		defer f.Close()
		from = f
	}
	var size int64
	if f, ok := from.(*os.File); ok {
		if in.info, err = f.Stat(); err != nil {
			return fail(err)
		}
		size = in.info.Size()
		if s.path != "-" && in.info.Mode().IsRegular() {
			in.base = filepath.Base(s.path)
		}
	}
	in.data, err = readAll(from, size, tree.MaxSize)
	var large tooLarge
	switch {
	case errors.As(err, &large):
		return fail(fmt.Errorf("%w, and ECS takes no task definition of that size", large))
	case err != nil:
		return fail(err)
	}
	return in, nil
}

// readPlans reads the source and analyzes it. Of a file that is only found in a folder, skip says why it is no task
// definition; there are no plans then.
func (s *source) readPlans(a *analyze.Analysis, stdin io.Reader) (in input, plans []*analyze.Plan, skip string, err error) {
	if s.module != nil {
		in, plans, err = s.readModule(a)
	} else {
		in, err = s.read(stdin)
	}
	var large tooLarge
	switch {
	case s.module != nil && err != nil:
		a.Incomplete()
		return in, nil, "", fmt.Errorf("cannot read %s: %w", s.name, reason(err))
	case !s.named && errors.As(err, &large):
		return in, nil, large.Error(), nil
	case err != nil:
		a.Incomplete()
		return in, nil, "", err
	case s.module == nil && !s.named && !taskdef.MayHold(in.data):
		return in, nil, "there is no task definition in it", nil
	}
	if s.module == nil {
		read := analyze.Input{Name: s.name, Source: in.data, Known: s.known, KnownSymbols: s.symbols, Exports: s.exports}
		plans = a.Read(read)
		if s.named && read.OnlyExports(plans) {
			return in, nil, "it only exports values to other templates", nil
		}
		in.data = nil
	}
	if len(plans) == 0 {
		return in, nil, "--resource names none of its task definitions", nil
	}
	if first := plans[0]; first.NoTaskDefinition {
		if !s.named {
			i := slices.IndexFunc(first.Findings, func(f analyze.Finding) bool { return f.Severity == analyze.Error })
			return in, nil, first.Findings[max(i, 0)].Message, nil
		}
		a.Incomplete()
	}
	if !s.holds { // a second reading may be one of several at once
		s.holds = true
	}
	return in, plans, "", nil
}

// withFiles returns the options with what is in the files that they name.
func (r *request) withFiles() (opts analyze.Options, err error) {
	opts = r.options
	var more error
	opts.CredSpecs, err = r.readCredSpecs()
	opts.Keys, more = r.readKeys()
	return opts, errors.Join(err, more)
}

// readCredSpecs reads the files of --credspec.
func (r *request) readCredSpecs() (list []analyze.CredSpec, err error) {
	var errs []error
	for _, file := range r.credSpecs {
		data, err := readFile(file, tree.MaxSize)
		if err != nil {
			err = fmt.Errorf("cannot read --credspec %s: %v", file, reason(err))
			if at, ok := r.in.configured["credspec"]; ok {
				err = fmt.Errorf("%s: %w", at, err)
			}
			errs = append(errs, err)
			continue
		}
		list = append(list, analyze.CredSpec{File: analyze.Printable(file), Data: data})
	}
	return list, errors.Join(errs...)
}
