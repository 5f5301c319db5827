package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	unified "github.com/rogpeppe/go-internal/diff"

	"github.com/execrole/execrole/emit"
)

// deliverFix prints the difference, or writes the files.
func (c *command) deliverFix(r *request, fixed emit.Fixes, sources []emit.FixSource) error {
	if r.target.path == "" {
		if slices.ContainsFunc(fixed.Files, func(file emit.FixedFile) bool { return file.Name == stdinName }) {
			return errors.New("standard input is no file that a difference could be for: add -o FILE")
		}
		text := differenceOf(fixed, sources)
		if _, ok := onTerminal(c.Stdout); ok {
			text = printableDiff(text)
		}
		return c.print(text)
	}
	if len(fixed.Files) == 0 {
		return nil
	}
	if len(fixed.Files) > 1 && !r.target.folder {
		var names []string
		for _, file := range fixed.Files {
			names = append(names, file.Name)
		}
		return fmt.Errorf("-o %s: the fix is in %d files, %s: use -o FOLDER/", r.target.path, len(names), strings.Join(names, ", "))
	}
	var files []emit.File
	for _, file := range fixed.Files {
		name := filepath.Base(file.Name)
		if slices.ContainsFunc(files, func(other emit.File) bool { return other.Name == name }) {
			return fmt.Errorf("-o %s: the fix is in two files of the name %s: run it once for each", r.target.path, name)
		}
		out := emit.File{Name: name, Data: file.Data}
		path := r.target.path
		if r.target.folder {
			path = filepath.Join(path, name)
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() > 0 && !isSourceOf(info, file) {
			return fmt.Errorf("cannot write %s: it exists, and is not the file that is fixed: remove it, or name another one", path)
		}
		files = append(files, out)
	}
	done, _, err := c.write(r.target, files, nil, false)
	if !r.quiet {
		for _, line := range done {
			c.complain("%s", line)
		}
	}
	return err
}

// isSourceOf reports whether what exists is the source of a fixed file.
func isSourceOf(info os.FileInfo, file emit.FixedFile) bool {
	source, err := os.Stat(file.Name)
	return !file.New && err == nil && os.SameFile(info, source)
}

// differenceOf returns the fix as a unified diff that patch -p1 and git apply take. The bytes are those of the files.
func differenceOf(fixed emit.Fixes, sources []emit.FixSource) string {
	var b strings.Builder
	for _, file := range fixed.Files {
		var old []byte
		for _, s := range sources {
			if s.Name == file.Name && !file.New {
				old = s.Data
			}
		}
		from, to := "a/"+filepath.ToSlash(file.Name), "b/"+filepath.ToSlash(file.Name)
		if filepath.IsAbs(file.Name) {
			from, to = file.Name, file.Name
		}
		if file.New {
			from = "/dev/null"
		}
		fmt.Fprintf(&b, "--- %s\n+++ %s\n", from, to)
		_, hunks, _ := bytes.Cut(unified.Diff("", old, "", file.Data), []byte("\n@@"))
		b.WriteString("@@" + string(hunks))
	}
	return b.String()
}
