package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/execrole/execrole/analyze"
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

// readAll reads everything, which may be as many bytes as the limit.
func readAll(from io.Reader, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// readFile reads a file of at most as many bytes as the limit. The command reads all its files with it except its input.
func readFile(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, limit)
}

// input is what was read from FILE.
type input struct {
	data []byte
	// base is the file's base name, which the output contains, or "" if it is not a file: the numbers of pipes differ from
	// run to run.
	base string
	info fs.FileInfo // nil where there is no file
}

// readInput reads the request's FILE. Its errors say all there is to say.
func (r *request) readInput(stdin io.Reader) (in input, err error) {
	from := stdin
	fail := func(err error) (input, error) {
		return input{}, fmt.Errorf("cannot read %s: %w", r.name, reason(err))
	}
	if r.file != "-" {
		f, err := os.Open(r.file)
		if err != nil {
			return fail(err)
		}
		defer f.Close()
		from = f
	}
	if f, ok := from.(*os.File); ok {
		if in.info, err = f.Stat(); err != nil {
			return fail(err)
		}
		if in.info.IsDir() {
			return fail(errors.New("it is a folder; name the task definition's file in it"))
		}
		if r.file != "-" && in.info.Mode().IsRegular() {
			in.base = filepath.Base(r.file)
		}
	}
	in.data, err = readAll(from, tree.MaxSize)
	var large tooLarge
	switch {
	case errors.As(err, &large):
		return fail(fmt.Errorf("%v, and ECS takes no task definition of that size", large))
	case err != nil:
		return fail(err)
	}
	return in, nil
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
