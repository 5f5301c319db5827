package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/emit"
)

// target is where -o points.
type target struct {
	path   string // "" for standard output
	folder bool   // every file of the format goes there, under its own name
}

// findTarget says what -o means by path. The folder that the files go to, or that a new folder goes to,
// has to exist: a name with a typing error in it makes no folders.
func findTarget(path string) (target, error) {
	if path == "-" || path == "/dev/stdout" {
		return target{}, nil
	}
	t := target{path: path, folder: os.IsPathSeparator(path[len(path)-1])}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		t.folder = true
		return t, nil
	case err == nil && t.folder:
		return t, fmt.Errorf("-o %s: that is a file, not a folder", path)
	case err == nil:
		return t, nil
	case !errors.Is(err, fs.ErrNotExist):
		return t, fmt.Errorf("-o %s: %v", path, reason(err))
	}
	parent := filepath.Dir(filepath.Clean(path))
	switch info, err := os.Stat(parent); {
	case errors.Is(err, fs.ErrNotExist):
		return t, fmt.Errorf("-o %s: the folder %s does not exist", path, parent)
	case err != nil:
		return t, fmt.Errorf("-o %s: %v", path, reason(err))
	case !info.IsDir():
		return t, fmt.Errorf("-o %s: %s is not a folder", path, parent)
	}
	return t, nil
}

// write writes files to the target: to standard output or a file the first one, to a folder all of them.
// Each file is written whole or not at all, and nothing is put in place before everything is written
// beside it. Input is the file that the data came from, which is never overwritten; nil if there is none.
// Force replaces what somebody else wrote under the name of a file that is owned.
func (c *command) write(t target, files []emit.File, input fs.FileInfo, force bool) []error {
	if t.path == "" {
		if _, err := c.Stdout.Write(files[0].Data); err != nil {
			return []error{fmt.Errorf("cannot write to standard output: %v", reason(err))}
		}
		return nil
	}
	made := false
	if t.folder {
		switch err := os.Mkdir(t.path, 0o777); {
		case err == nil:
			made = true
		case !errors.Is(err, fs.ErrExist):
			return []error{fmt.Errorf("cannot make the folder %s: %v", t.path, reason(err))}
		}
	}
	var changes []*change
	var errs []error
	if t.folder {
		stale, err := stale(t.path, files)
		if err != nil {
			return []error{err}
		}
		for _, name := range stale {
			files = append(files, emit.File{Name: name})
		}
	}
	for _, f := range files {
		path := t.path
		if t.folder {
			path = filepath.Join(t.path, f.Name)
		}
		ch, err := c.prepare(path, f, input, force)
		if err != nil {
			errs = append(errs, err)
		} else if ch != nil {
			changes = append(changes, ch)
		}
	}
	if errs == nil {
		errs = commit(changes)
	}
	if errs != nil && made {
		os.Remove(t.path) // fails where something of it is in place
	}
	return errs
}

// stale returns the names of what is in a folder and must not be there beside the files, sorted.
func stale(folder string, files []emit.File) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the folder %s: %v", folder, reason(err))
	}
	var list []string
	for _, entry := range entries {
		name := entry.Name()
		if slices.ContainsFunc(files, func(f emit.File) bool { return f.Name == name }) {
			continue
		}
		for _, f := range files {
			if slices.ContainsFunc(f.Absent, func(pattern string) bool {
				match, _ := path.Match(pattern, name) // the patterns are ours
				return match
			}) {
				list = append(list, name)
				break
			}
		}
	}
	return list, nil
}

// change is a file that is to be written.
type change struct {
	name   string      // as messages name it
	path   string      // where the file is, links followed
	data   []byte      // what it is to hold
	mode   fs.FileMode // what the file has that is there; 0 for a new one
	run    bool        // a new one is a program
	direct bool        // not a file but a pipe, a terminal, /dev/null: there is nothing to replace
	temp   string      // the temporary file; "" before it exists and after it was moved
}

// prepare says what there is to do for a file to be as f says under this name. It returns nil when there
// is nothing to do: a file that holds the data already keeps its time of change, so that what is built
// from it is not built again.
func (c *command) prepare(name string, f emit.File, input fs.FileInfo, force bool) (*change, error) {
	data := f.Data
	fail := func(err error) (*change, error) {
		return nil, fmt.Errorf("cannot write %s: %v", name, reason(err))
	}
	info, err := os.Stat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	switch {
	case err == nil && info.IsDir():
		return fail(errors.New("it is a folder"))
	case data == nil && err == nil && info.Mode().IsRegular():
		return fail(errors.New("there is nothing to write there, and the file that exists would stay as it is; remove it"))
	case data == nil, f.Keep && err == nil:
		if old, err := os.ReadFile(name); f.Keep && err == nil && !hasLine(old, f.Line) {
			c.complain("%s is kept as it is, and has not the line %q, which uses what is written beside it", name, strings.TrimSpace(f.Line))
		}
		return nil, nil
	case err == nil && !info.Mode().IsRegular():
		return &change{name: name, path: name, data: data, direct: true}, nil
	case err == nil && input != nil && os.SameFile(info, input):
		return fail(errors.New("it is the input"))
	}
	exists := err == nil
	path, opened, err := follow(name)
	switch {
	case err != nil:
		return fail(err)
	case opened:
		return &change{name: name, path: name, data: data, direct: true}, nil
	case !exists:
		return &change{name: name, path: path, data: data, run: f.Executable}, nil
	}
	// Moving a file over another asks for the right to write the folder alone. Who took the right to
	// write from the file did not mean that.
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fail(err)
	}
	file.Close()
	if f.Owned && !force && info.Size() > 0 {
		old, err := os.ReadFile(path)
		if err != nil {
			return fail(err)
		}
		if !emit.Generated(old) {
			return fail(errors.New("execrole did not write the file that exists; add --force to replace it"))
		}
		if !hasLine(old, f.Line) {
			return fail(fmt.Errorf("the file that exists has not the line %q; choose another folder, or add --force to replace it", f.Line))
		}
	}
	if info.Size() == int64(len(data)) {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
			return nil, nil
		}
	}
	return &change{name: name, path: path, data: data, mode: info.Mode().Perm()}, nil
}

// hasLine reports whether a text has a line; every text has the empty one.
func hasLine(text []byte, line string) bool {
	for l := range bytes.Lines(text) {
		if line == "" || string(bytes.TrimRight(l, "\r\n")) == line {
			return true
		}
	}
	return line == ""
}

// follow returns the place that a path leads to through symbolic links, whether something is there or
// not: the link stays, and what it points to is written. Opened reports a link of /proc, such as /dev/fd/3
// is; that is a file somebody has open, and has no place that could be moved to.
func follow(path string) (place string, opened bool, err error) {
	for range 40 { // as many links as Linux follows
		folder, base := filepath.Split(path)
		if folder == "" {
			folder = "."
		}
		folder, err = filepath.EvalSymlinks(folder)
		if err != nil {
			return "", false, err
		}
		path = filepath.Join(folder, base)
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return path, false, nil
		case err != nil:
			return "", false, err
		case info.Mode()&fs.ModeSymlink == 0:
			return path, false, nil
		case strings.HasPrefix(folder, "/proc/"):
			return "", true, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", false, err
		}
		if !filepath.IsAbs(to) {
			to = folder + string(filepath.Separator) + to
		}
		path = to
	}
	return "", false, errors.New("too many symbolic links")
}

// commit makes the changes: first every file is written under a temporary name beside its place, then
// all are moved. Of a run that fails before that, nothing is left.
func commit(changes []*change) (errs []error) {
	defer func() {
		for _, ch := range changes {
			if ch.temp != "" {
				os.Remove(ch.temp)
			}
		}
	}()
	for _, step := range []func(*change) error{(*change).writeTemp, (*change).writeDirect, (*change).move} {
		for _, ch := range changes {
			if err := step(ch); err != nil {
				errs = append(errs, fmt.Errorf("cannot write %s: %v", ch.name, reason(err)))
			}
		}
		if errs != nil {
			return errs
		}
	}
	return nil
}

// writeTemp writes the data to a new file in the folder that it is to be moved in.
func (ch *change) writeTemp() error {
	if ch.direct {
		return nil
	}
	mode := ch.mode
	if mode == 0 {
		mode = 0o666 // less the umask, as any program makes files
		if ch.run {
			mode = 0o777
		}
	}
	var f *os.File
	for {
		temp := filepath.Join(filepath.Dir(ch.path), ".execrole-"+strconv.FormatUint(rand.Uint64(), 36)+".tmp")
		var err error
		f, err = os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil {
			ch.temp = temp
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	_, err := f.Write(ch.data)
	if err == nil && ch.mode != 0 {
		err = f.Chmod(ch.mode) // the umask may have taken from it
	}
	return errors.Join(err, f.Close())
}

// writeDirect writes the data to what cannot be replaced.
func (ch *change) writeDirect() error {
	if !ch.direct {
		return nil
	}
	f, err := os.OpenFile(ch.path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(ch.data)
	return errors.Join(err, f.Close())
}

// move puts the temporary file in place.
func (ch *change) move() error {
	if ch.direct {
		return nil
	}
	err := os.Rename(ch.temp, ch.path)
	if err == nil {
		ch.temp = ""
	}
	return err
}
