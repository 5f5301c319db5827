package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
)

// target is the place that -o names.
type target struct {
	path   string // "" for standard output
	folder bool   // every file of the format goes there, under its own name
	// names returns the names in the folder as they were at first; nil if the folder was not read yet.
	names func() (folderNames, error)
	// made says that the folder exists, since it was made.
	made bool
}

// folderTarget returns the target of files that go to a folder, which is read once for all of them.
func folderTarget(path string) target {
	return target{path: path, folder: true, names: sync.OnceValues(func() (folderNames, error) { return namesIn(path) })}
}

// folderNames are the names in a folder, sorted by key.
type folderNames []folderName

// folderName is a name, and as its key the same in lower case: to some file systems, names that differ in case alone are
// the same.
type folderName struct{ key, name string }

// namesIn returns the names in a folder; none if there is no such folder.
func namesIn(path string) (folderNames, error) {
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the folder %s: %v", path, reason(err))
	}
	names := make(folderNames, len(entries))
	for i, entry := range entries {
		names[i].key, names[i].name = strings.ToLower(entry.Name()), entry.Name()
	}
	slices.SortFunc(names, func(a, b folderName) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.name, b.name))
	})
	return names, nil
}

// from returns the names from a key on, and whether the first of them has that key.
func (names folderNames) from(key string) (folderNames, bool) {
	i, found := slices.BinarySearchFunc(names, key, func(n folderName, key string) int { return strings.Compare(n.key, key) })
	return names[i:], found
}

// mayHave reports whether the folder has the name, perhaps in another case. Where it has not, nothing need be asked of the
// system.
func (names folderNames) mayHave(name string) bool {
	_, found := names.from(strings.ToLower(name))
	return found
}

// findTarget returns the target that -o means by path. Its folder need not exist, but has to be possible.
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
	}
	if _, err := missingFolders(t.base()); err != nil {
		return t, fmt.Errorf("-o %s: %v", path, reason(err))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return t, fmt.Errorf("-o %s: %v", path, reason(err))
	}
	return t, nil
}

// base returns the folder that the files of the target go to.
func (t target) base() string {
	if t.folder {
		return t.path
	}
	return parentFolder(t.path)
}

// missingFolders returns the folders on the way to a folder that do not exist, it included, the outermost first. It is an
// error if something else has the name of one of them.
func missingFolders(folder string) (list []string, err error) {
	for {
		info, err := os.Stat(folder)
		switch {
		case err == nil && info.IsDir():
			slices.Reverse(list)
			return list, nil
		case err == nil:
			return nil, fmt.Errorf("%s is not a folder", folder)
		case errors.Is(err, syscall.ENOTDIR): // an outer folder is a file
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		default:
			if _, err := os.Lstat(withoutSeparators(folder)); err == nil {
				return nil, fmt.Errorf("the symbolic link %s points to nothing", withoutSeparators(folder))
			}
		}
		parent := parentFolder(folder)
		switch name := filepath.Base(folder); {
		case parent == folder:
			return nil, fmt.Errorf("the folder %s does not exist", folder)
		case name == "..":
			return nil, fmt.Errorf("the folder %s does not exist", parent)
		case name != ".":
			list = append(list, folder)
		}
		folder = parent
	}
}

// withoutSeparators returns a path without the separators at its end, except for the first one of all.
func withoutSeparators(path string) string {
	for len(path) > 1 && os.IsPathSeparator(path[len(path)-1]) {
		path = path[:len(path)-1]
	}
	return path
}

// parentFolder returns the folder that a path lies in. Unlike [filepath.Dir] it leaves ".." as it is: that is another folder
// where links are.
func parentFolder(path string) string {
	volume := filepath.VolumeName(path)
	rest := path[len(volume):]
	folder, _ := filepath.Split(withoutSeparators(rest))
	if folder = withoutSeparators(folder); folder == "" && rest != "" && os.IsPathSeparator(rest[0]) {
		folder = rest[:1]
	}
	if volume+folder == "" {
		return "."
	}
	return volume + folder
}

// change is a file that a format made, beside what exists under its name.
type change struct {
	name string // the path, as messages name it
	file emit.File
	// stream writes the data of a file that is too large for memory; nil where the file has it.
	stream func(io.Writer) error
	info   fs.FileInfo // what exists, links followed; nil if nothing does
	err    error       // why it is unknown what exists
	absent bool        // the folder has no such name, not even that of a link to nothing
	stays  string      // why what exists stays as it is: it is "unchanged", or "kept" for people to edit; "" for a difference

	// prepare sets the first two, and the writing of the file the last.
	place  string // the path, links followed
	direct bool   // what exists is no file but a pipe, a terminal, /dev/null: it cannot be replaced
	temp   string // the temporary file; "" before it exists and after it was moved
}

// find finds out what exists under the change's name.
func (ch *change) find() {
	info, err := os.Stat(ch.name)
	switch {
	case err == nil:
		ch.info = info
	case !errors.Is(err, fs.ErrNotExist):
		ch.err = err
	}
}

// changes compares files with those that exist in a target that is not standard output. A file that already has its data
// stays, so that it keeps its time of change, and nothing that depends on it is built again; so does one that people edit.
// The remarks are about files of the latter kind that do not go with the others.
func (t target) changes(files []emit.File) (changes []*change, remarks []string, err error) {
	var names folderNames
	if t.folder {
		if names, err = t.readNames(); err != nil {
			return nil, nil, err
		}
		files = names.expand(files)
	}
	for _, f := range files {
		ch := &change{name: t.path, file: f}
		if t.folder {
			ch.name = filepath.Join(t.path, f.Name)
			ch.absent = !names.mayHave(f.Name)
		}
		if !ch.absent {
			ch.find()
		}
		switch {
		case ch.info == nil && ch.err == nil && f.Write == emit.Remove:
			continue
		case ch.info == nil || ch.info.IsDir():
		case f.Write == emit.IfAbsent:
			if old, err := ch.content(); err == nil && !hasLine(old, f.Line) {
				remarks = append(remarks, fmt.Sprintf("%s is kept as it is, but does not have the line %q, which uses the other files", ch.name, strings.TrimSpace(f.Line)))
			}
			ch.stays = "kept"
		case f.Write == emit.Remove && !ch.info.Mode().IsRegular():
			continue
		case ch.hasData():
			ch.stays = "unchanged"
		}
		changes = append(changes, ch)
	}
	return changes, remarks, nil
}

// differences returns the changes that are one.
func differences(changes []*change) []*change {
	return slices.DeleteFunc(slices.Clone(changes), func(ch *change) bool { return ch.stays != "" })
}

// readNames returns the names in the target's folder.
func (t target) readNames() (folderNames, error) {
	if t.names != nil {
		return t.names()
	}
	return namesIn(t.path)
}

// expand leaves out the files to remove that are not in the folder, and replaces each pattern of names to remove by the
// names that match it and that no file has.
func (names folderNames) expand(files []emit.File) []emit.File {
	var list []emit.File
	for _, f := range files {
		wild := strings.IndexAny(f.Name, "*?[")
		switch {
		case f.Write != emit.Remove || wild < 0 && names.mayHave(f.Name):
			list = append(list, f)
		case wild >= 0:
			// Of many names, only those that begin like the pattern are looked at.
			prefix := strings.ToLower(f.Name[:wild])
			begun, _ := names.from(prefix)
			for _, n := range begun {
				if !strings.HasPrefix(n.key, prefix) {
					break
				}
				match, _ := path.Match(f.Name, n.name) // the patterns are ours, and well formed
				if match && !slices.ContainsFunc(files, func(f emit.File) bool { return f.Name == n.name }) {
					list = append(list, emit.File{Name: n.name, Write: emit.Remove})
				}
			}
		}
	}
	return list
}

// hasData reports whether what exists is a file with the data that it should have.
func (ch *change) hasData() bool {
	if ch.file.Write == emit.Remove || !ch.info.Mode().IsRegular() || ch.info.Size() != int64(len(ch.file.Data)) {
		return false
	}
	old, err := ch.content()
	return err == nil && bytes.Equal(old, ch.file.Data)
}

// content returns what exists under the change's name; nil if nothing does. It is at most [tree.MaxSize] bytes long, or as
// long as the new data if that is more.
func (ch *change) content() ([]byte, error) {
	switch {
	case ch.err != nil:
		return nil, ch.err
	case ch.info == nil:
		return nil, nil
	case ch.info.IsDir():
		return nil, errIsFolder
	}
	return readFile(ch.name, max(tree.MaxSize, len(ch.file.Data)))
}

var errIsFolder = errors.New("it is a folder")

// hasLine reports whether a text has a line; every text has the empty one.
func hasLine(text []byte, line string) bool {
	for l := range bytes.Lines(text) {
		if line == "" || string(bytes.TrimRight(l, "\r\n")) == line {
			return true
		}
	}
	return line == ""
}
