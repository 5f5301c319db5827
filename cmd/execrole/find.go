package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// source is an input: a file or standard input.
type source struct {
	path string // as it is opened; "-" is standard input
	name string // as messages name it
	// named says that an argument or a pattern names it. Such a file has to be a task definition. Of a folder, what is
	// none is skipped.
	named bool
	// others are the other names that it was found by, and its own where it was found twice by it.
	others []string
	// holds says that there is a task definition in it, once it was read.
	holds bool
	// known are the values of symbols that other templates give, and symbols says what is known of the symbols in them.
	known   map[policy.Symbol]policy.Text
	symbols policy.SymbolTable
	// exports are what the templates of the command export; nil where there is one input.
	exports *analyze.Exports
	// module is set where the input is a module of Terraform instead of a file.
	module *module
}

// stdinName is how messages call standard input.
const stdinName = "<stdin>"

// skippedFolders have copies of what others wrote, or what tools need for themselves.
var skippedFolders = []string{".git", ".hg", ".svn", ".terraform", "node_modules"}

// sources are the inputs that arguments name, each once.
type sources struct {
	list []*source
	// several says that the arguments can mean several inputs, however many there are today: a folder or a pattern.
	several bool
	skipped []analyze.Finding // notes on what is not read
	real    map[string]*source
	alone   bool // there is one argument, so that a file which it names has no other name
	searches
}

// findSources returns the inputs that the arguments mean: files, folders with everything in them, and patterns. They are
// sorted by their names, so that nothing depends on the order of the arguments or of a file system. A file that is named
// twice is one input. The errors say all there is to say; there can be inputs all the same.
func findSources(args []string) (*sources, error) {
	found := &sources{real: map[string]*source{}, alone: len(args) == 1}
	var errs []error
	for _, arg := range args {
		if err := found.add(arg); err != nil {
			errs = append(errs, fmt.Errorf("cannot read %s: %w", analyze.Printable(arg), err))
		}
	}
	slices.SortFunc(found.list, func(a, b *source) int {
		return cmp.Or(strings.Compare(filepath.Clean(a.path), filepath.Clean(b.path)), strings.Compare(a.path, b.path))
	})
	for _, s := range found.list {
		s.skipOthers(found)
	}
	found.nameModule(args)
	found.several = found.several || len(found.list)+len(errs) > 1
	if len(found.list) > 1 {
		exports := analyze.NewExports(found.texts)
		for _, s := range found.list {
			s.exports = exports
		}
	}
	return found, errors.Join(errs...)
}

// texts yields the texts of the files, which are read once more for it. What cannot be read twice, such as standard input, or
// cannot be read at all, is left out.
func (f *sources) texts(yield func(name string, text []byte) bool) {
	for _, s := range f.list {
		info, err := os.Stat(s.path)
		if s.module != nil || s.path == "-" || err != nil || !info.Mode().IsRegular() {
			continue
		}
		if text, err := readFile(s.path, tree.MaxSize); err == nil && !yield(s.name, text) {
			return
		}
	}
}

// add adds what an argument means.
func (f *sources) add(arg string) error {
	if arg == "-" {
		f.file("-", "-", true)
		return nil
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		f.several = true
		return f.folder(arg)
	case err == nil && f.alone && !isSource(arg):
		f.file(arg, arg, true)
		return nil
	case err == nil:
		f.named(arg)
		return nil
	case !errors.Is(err, fs.ErrNotExist) || !isPattern(arg):
		return reason(err)
	}
	f.several = true
	paths, err := matches(arg)
	if err == nil && len(paths) == 0 {
		err = errors.New("no file fits the pattern")
	}
	var errs []error
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			errs = append(errs, f.folder(path))
			continue
		}
		f.named(path)
	}
	return errors.Join(append(errs, err)...)
}

// named adds a file that an argument or a pattern names.
func (f *sources) named(path string) {
	if isSource(path) {
		folder, file := filepath.Split(path)
		folder = cmp.Or(filepath.Clean(folder), ".")
		f.addModule(&module{folder: folder, file: file, within: folder}).named = true
		return
	}
	f.file(path, realPath(path), true)
}

// realPath returns the absolute path of a file without symbolic links, by which it is known to be the same as another.
func realPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	return abs
}

// file adds a file. Of two names of one file the shorter one is kept, or the first in the order of the alphabet.
func (f *sources) file(path, real string, named bool) {
	name := analyze.Printable(path)
	if path == "-" {
		name = stdinName
	}
	s, known := f.real[real]
	if !known {
		s = &source{path: path, name: name, named: named}
		f.real[real] = s
		f.list = append(f.list, s)
		return
	}
	s.named = s.named || named
	if cmp.Or(cmp.Compare(len(path), len(s.path)), strings.Compare(path, s.path)) < 0 {
		name, s.name = s.name, name
		s.path = path
	}
	s.others = append(s.others, name)
}

// skipOthers notes the other names of the file.
func (s *source) skipOthers(f *sources) {
	slices.Sort(s.others)
	for _, name := range slices.Compact(s.others) {
		if name == s.name {
			f.skip(name, "it is named twice and read once")
		} else {
			f.skip(name, "it is "+s.name+", which is read once")
		}
	}
}

// skip notes why something is not read.
func (f *sources) skip(name, why string) { f.skipped = append(f.skipped, skipped(name, why)) }

// skipped returns the note that something was not read.
func skipped(name, why string) analyze.Finding { return note(name, "skipped: "+why) }

// folder adds all files in a folder and below it, hidden ones too. A link to a file is followed; one to a folder is not,
// so that no loop is possible.
func (f *sources) folder(root string) error {
	real := realPath(root)
	var errs []error
	found, before := &modules{}, len(f.list)
	walk := func(path string, entry fs.DirEntry, err error) error {
		within, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			if path != root {
				err = fmt.Errorf("%s: %w", analyze.Printable(path), reason(err))
			}
			errs = append(errs, err)
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir() && path != root && slices.Contains(skippedFolders, entry.Name()):
			f.skip(analyze.Printable(path), "a folder of this name is not looked into")
			return fs.SkipDir
		case entry.IsDir():
		case isSource(path):
			found.note(path)
		case entry.Type()&fs.ModeSymlink != 0:
			f.link(path)
		case entry.Type().IsRegular():
			f.file(path, filepath.Join(real, within), false)
		default:
			f.skip(analyze.Printable(path), "it is no regular file")
		}
		return nil
	}
	// With a separator at the end, a link to a folder is walked through.
	start := root
	if !os.IsPathSeparator(root[len(root)-1]) {
		start += string(filepath.Separator)
	}
	err := filepath.WalkDir(start, func(path string, entry fs.DirEntry, err error) error {
		if path == start {
			path = root
		}
		return walk(path, entry, err)
	})
	f.addModules(root, found, before)
	return errors.Join(append(errs, err)...)
}

// link adds the file that a symbolic link of a folder leads to.
func (f *sources) link(path string) {
	name := analyze.Printable(path)
	switch info, err := os.Stat(path); {
	case err != nil:
		f.skip(name, "the symbolic link leads nowhere")
	case info.IsDir():
		f.skip(name, "it is a symbolic link to a folder")
	case !info.Mode().IsRegular():
		f.skip(name, "it is no regular file")
	default:
		f.file(path, realPath(path), false)
	}
}

// isPattern reports whether a path has a wildcard: *, ? or [.
func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// matches returns the paths that fit a pattern of [filepath.Match], in which ** is any number of folders. As in a shell,
// what begins with a dot has to be named with it. So a pattern in quotes means what the shell would make of it.
func matches(pattern string) ([]string, error) {
	volume := filepath.VolumeName(pattern)
	rest := filepath.ToSlash(pattern[len(volume):])
	start := volume
	if strings.HasPrefix(rest, "/") {
		start += string(filepath.Separator)
	}
	parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '/' })
	parts = slices.CompactFunc(parts, func(a, b string) bool { return a == "**" && b == "**" }) // the same, and faster
	list, err := matchesBelow(start, parts)
	if strings.HasSuffix(rest, "/") {
		list = slices.DeleteFunc(list, func(path string) bool {
			info, err := os.Stat(path)
			return err != nil || !info.IsDir()
		})
	}
	slices.Sort(list)
	return slices.Compact(list), err
}

// matchesBelow returns the paths below a folder that fit the parts of a pattern; "" is the current folder.
func matchesBelow(folder string, parts []string) (list []string, err error) {
	if len(parts) == 0 {
		return []string{folder}, nil
	}
	part, rest := parts[0], parts[1:]
	descend := func(name string, parts []string) error {
		more, err := matchesBelow(filepath.Join(folder, name), parts)
		list = append(list, more...)
		return err
	}
	if !isPattern(part) {
		if _, err := os.Lstat(filepath.Join(folder, part)); err != nil {
			return nil, nil
		}
		err := descend(part, rest)
		return list, err
	}
	if _, err := filepath.Match(part, ""); err != nil {
		return nil, errors.New("the pattern is malformed: [ begins a set of characters, and ] ends it")
	}
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		return nil, nil // as in a shell
	}
	if part == "**" {
		if len(rest) == 0 {
			rest = []string{"*"} // at the end: everything in these folders
		}
		if list, err = matchesBelow(folder, rest); err != nil {
			return nil, err
		}
	}
	for _, entry := range entries {
		name := entry.Name()
		fits, _ := filepath.Match(part, name)
		switch {
		case strings.HasPrefix(name, ".") && !strings.HasPrefix(part, "."):
		case part == "**" && (!entry.IsDir() || slices.Contains(skippedFolders, name)):
		case part == "**":
			err = cmp.Or(err, descend(name, parts))
		case fits:
			err = cmp.Or(err, descend(name, rest))
		}
	}
	return list, err
}
