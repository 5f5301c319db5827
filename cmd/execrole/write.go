package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/emit"
)

// write writes files to the target: the first one to standard output or a file, all of them to a folder. Each file is
// written whole or not at all, and nothing is put in place before everything is written beside its place. Folders that are
// missing are made. IsInput reports whether what exists is an input, which is never overwritten; nil if none can be. Force
// replaces a file that is [emit.IfOurs] although somebody else wrote it. Done says for each file what happened to it; for
// the remarks see [target.changes].
func (c *command) write(t target, files []emit.File, isInput func(*change) bool, force bool) (done, remarks []string, err error) {
	if t.path == "" {
		return nil, nil, c.printBytes(files[0].Data)
	}
	changes, remarks, err := t.changes(files)
	if err != nil {
		return nil, remarks, err
	}
	if err := t.commit(differences(changes), isInput, force); err != nil {
		return nil, remarks, err
	}
	for _, ch := range changes {
		done = append(done, ch.done())
	}
	return done, remarks, nil
}

// done says what happened to the file.
func (ch *change) done() string { return cmp.Or(ch.stays, "wrote") + " " + ch.name }

// writeStream writes a file that is not in memory as [command.write] does: whole or not at all, and not at all where it
// would not change.
func (t target) writeStream(stream func(io.Writer) error, isInput func(*change) bool) (done string, err error) {
	ch := &change{name: t.path, stream: stream}
	ch.find()
	if err := t.commit([]*change{ch}, isInput, false); err != nil {
		return "", err
	}
	return ch.done(), nil
}

// commit makes the target's folder and writes the changes. If it fails, no new folder is left.
func (t target) commit(changes []*change, isInput func(*change) bool, force bool) error {
	if len(changes) == 0 {
		return nil
	}
	var made []string
	var err error
	if !t.made {
		made, err = t.makeFolders()
	}
	if err == nil {
		err = eachChange(changes, func(ch *change) error { return ch.prepare(isInput, force) })
	}
	if err == nil {
		err = commit(changes)
	}
	if err != nil {
		removeFolders(made)
	}
	return err
}

// makeFolders makes the folders on the way to the target's files, and returns those that it made.
func (t target) makeFolders() (made []string, err error) {
	missing, err := missingFolders(t.base())
	if err != nil {
		return nil, fmt.Errorf("-o %s: %v", t.path, reason(err))
	}
	for i, folder := range missing {
		if err = os.Mkdir(folder, 0o777); err != nil {
			return missing[:i], fmt.Errorf("cannot make the folder %s: %v", folder, reason(err))
		}
	}
	return missing, nil
}

// removeFolders removes folders that were made, the innermost first. One with something in it stays.
func removeFolders(made []string) {
	for _, folder := range slices.Backward(made) {
		os.Remove(folder)
	}
}

// eachChange does one step for all changes and returns the errors of all.
func eachChange(changes []*change, step func(*change) error) error {
	var errs []error
	for _, ch := range changes {
		if err := step(ch); err != nil {
			errs = append(errs, fmt.Errorf("cannot write %s: %v", ch.name, reason(err)))
		}
	}
	return errors.Join(errs...)
}

// prepare finds out how to write a change, and why it must not be written.
func (ch *change) prepare(isInput func(*change) bool, force bool) error {
	switch {
	case ch.err != nil:
		return ch.err
	case ch.info == nil:
	case ch.info.IsDir():
		return errIsFolder
	case ch.file.Write == emit.Remove:
		return errors.New("there is nothing to write there, and the file that exists would stay as it is; remove it")
	case !ch.info.Mode().IsRegular():
		ch.place, ch.direct = ch.name, true
		return nil
	case isInput != nil && isInput(ch):
		return errors.New("it is the input")
	}
	if ch.absent {
		ch.place = ch.name
		return nil
	}
	place, opened, err := follow(ch.name)
	switch {
	case err != nil:
		return err
	case opened:
		ch.place, ch.direct = ch.name, true
		return nil
	}
	ch.place = place
	if ch.info == nil {
		return nil
	}
	// Moving a file over another needs the right to write to the folder alone. A file that is not writable must stay as it
	// is all the same.
	file, err := os.OpenFile(place, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	file.Close()
	if ch.file.Write == emit.IfOurs && !force && ch.info.Size() > 0 {
		return ch.checkOurs()
	}
	return nil
}

// checkOurs returns an error if execrole did not write the file that exists, or wrote it for another package.
func (ch *change) checkOurs() error {
	old, err := ch.content()
	switch {
	case err != nil:
		return err
	case !emit.Generated(old):
		return errors.New("execrole did not write the file that exists; add --force to replace it")
	case !hasLine(old, ch.file.Line):
		return fmt.Errorf("the file that exists does not have the line %q; choose another folder, or add --force to replace it", ch.file.Line)
	}
	return nil
}

// follow returns the place that a path leads to through symbolic links, whether something exists there or not: the link
// stays, and what it points to is written. Opened reports a link of /proc, as /dev/fd/3 is one: a file that some process
// has open, and whose place no other file can be moved to.
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

// commit writes changes that are prepared: first every file under a temporary name beside its place, then all are moved.
// A run that fails before the moves leaves nothing behind.
func commit(changes []*change) error {
	defer func() {
		for _, ch := range changes {
			if ch.temp != "" {
				os.Remove(ch.temp)
			}
		}
	}()
	for _, step := range []func(*change) error{(*change).writeTemp, (*change).writeDirect, (*change).move} {
		if err := eachChange(changes, step); err != nil {
			return err
		}
	}
	return nil
}

// writeTemp writes the data to a new file in the folder of its place.
func (ch *change) writeTemp() error {
	if ch.direct {
		return nil
	}
	mode := fs.FileMode(0o666) // less the umask, as any program makes files
	if ch.file.Executable {
		mode = 0o777
	}
	if ch.info != nil {
		mode = ch.info.Mode().Perm()
	}
	var f *os.File
	for {
		temp := filepath.Join(filepath.Dir(ch.place), ".execrole-"+strconv.FormatUint(rand.Uint64(), 36)+".tmp")
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
	err := ch.writeData(f)
	if err == nil && ch.info != nil {
		keepOwner(f, ch.info)
		err = f.Chmod(mode) // the umask may have taken from it
	}
	return errors.Join(err, f.Close())
}

// writeDirect writes the data to what cannot be replaced.
func (ch *change) writeDirect() error {
	if !ch.direct {
		return nil
	}
	f, err := os.OpenFile(ch.place, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	return errors.Join(ch.writeData(f), f.Close())
}

func (ch *change) writeData(f *os.File) error {
	if ch.stream == nil {
		_, err := f.Write(ch.file.Data)
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	return errors.Join(ch.stream(w), w.Flush())
}

// move puts the temporary file in place. One that was streamed is compared first with what exists.
func (ch *change) move() error {
	switch {
	case ch.direct:
		return nil
	case ch.stream != nil && ch.info != nil && sameData(ch.place, ch.temp):
		ch.stays = "unchanged"
		return nil
	}
	err := os.Rename(ch.temp, ch.place)
	if err == nil {
		ch.temp = ""
	}
	return err
}

// sameData reports whether two files can be read and have the same data.
func sameData(a, b string) bool {
	f, err := os.Open(a)
	if err != nil {
		return false
	}
	defer f.Close()
	g, err := os.Open(b)
	if err != nil {
		return false
	}
	defer g.Close()
	x, y := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, errF := io.ReadFull(f, x)
		m, errG := io.ReadFull(g, y)
		switch {
		case errF != errG || !bytes.Equal(x[:n], y[:m]):
			return false
		case errF != nil:
			return errF == io.EOF || errF == io.ErrUnexpectedEOF
		}
	}
}
