package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/emit"
)

// module is the folder of a module of Terraform.
type module struct {
	folder string
	file   string // the only file whose task definitions are read; "" for all
	within string // the folder that an argument names; files that the source names have to be in it, or in the module's own
	// searches are those of the callers of modules, which the modules of one command share.
	searches *searches
}

// searches find the modules that call others, in each repository once.
type searches struct {
	mu      sync.Mutex
	callers map[string]*analyze.Callers // by the folder of the repository
}

// of returns the search in a repository.
func (s *searches) of(repository string) *analyze.Callers {
	if s == nil {
		return new(analyze.Callers)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.callers == nil {
		s.callers = map[string]*analyze.Callers{}
	}
	if s.callers[repository] == nil {
		s.callers[repository] = new(analyze.Callers)
	}
	return s.callers[repository]
}

// isSource reports whether a file is Terraform's source, by its name.
func isSource(path string) bool { return taskdef.IsTerraformSource(filepath.Base(path)) }

// areModules reports whether all arguments name Terraform's source: files of it, or folders with such files.
func areModules(args []string) bool {
	return len(args) > 0 && !slices.ContainsFunc(args, func(arg string) bool {
		if entries, err := os.ReadDir(arg); err == nil {
			return !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isSource(e.Name()) })
		}
		return !isSource(arg)
	})
}

// modules are the folders with Terraform's source that were found below a folder.
type modules struct {
	folders []string
	text    map[string]string // the source in each of them
	called  map[string][]string
	call    *regexp.Regexp
}

// note remembers the folder of a file of source.
func (m *modules) note(path string) {
	folder := filepath.Dir(path)
	if m.text == nil {
		m.text = map[string]string{}
	}
	if _, known := m.text[folder]; !known {
		m.folders = append(m.folders, folder)
	}
	src, err := readFile(path, maxSource)
	if err != nil {
		src = nil // the reader of the module says why
	}
	m.text[folder] += string(src) + "\n"
}

// maxSource is how much of a file of source is looked at to find the modules that it calls, in bytes.
const maxSource = 2 << 20

// calls returns the folders of the modules that the source in a folder calls.
func (m *modules) calls(folder string) []string {
	if list, known := m.called[folder]; known {
		return list
	}
	if m.called == nil {
		m.called = map[string][]string{}
		// The line is the one that terraform fmt would write.
		m.call = regexp.MustCompile(`(?m)(?:^[ \t]*source[ \t]*=|"source"[ \t]*:)[ \t]*"(\.\.?(?:/[^"]*)?)"`)
	}
	var list []string
	for _, match := range m.call.FindAllStringSubmatch(m.text[folder], -1) {
		list = append(list, filepath.Join(folder, filepath.FromSlash(match[1])))
	}
	m.called[folder] = list
	return list
}

// roots returns the folders that no other module calls. Of those that call each other in a circle, one is a root. Where the folder
// that is named has source itself, it is a root, and those below it that call it, such as examples, are none.
func (m *modules) roots(named string) (roots []string) {
	reached := map[string]bool{}
	var reach func(folder string)
	reach = func(folder string) {
		for _, called := range m.calls(folder) {
			if !reached[called] {
				reached[called] = true
				reach(called)
			}
		}
	}
	called := map[string]bool{}
	for _, folder := range m.folders {
		for _, other := range m.calls(folder) {
			called[other] = called[other] || other != folder
		}
	}
	take := func(folder string) {
		roots = append(roots, folder)
		reached[folder] = true
		reach(folder)
	}
	callers := map[string]bool{}
	if named = filepath.Clean(named); slices.Contains(m.folders, named) {
		take(named)
		callers = m.callersOf(named)
	}
	for _, folder := range m.folders {
		if !called[folder] && folder != named && !callers[folder] {
			take(folder)
		}
	}
	for _, folder := range m.folders {
		if !reached[folder] && !callers[folder] {
			take(folder)
		}
	}
	return roots
}

// callersOf returns the folders of modules that call a module, and of those that call these.
func (m *modules) callersOf(module string) map[string]bool {
	callers := map[string]bool{}
	for grows := true; grows; {
		grows = false
		for _, folder := range m.folders {
			if folder != module && !callers[folder] && slices.ContainsFunc(m.calls(folder), func(called string) bool { return called == module || callers[called] }) {
				callers[folder], grows = true, true
			}
		}
	}
	return callers
}

// owns reports whether a file belongs to a module: the source has its path, or, of a file in the module's folder or below it,
// its name. Templates and values of variables in the folder belong to it too.
func (m *modules) owns(path string) bool {
	base := filepath.Base(path)
	for _, folder := range m.folders {
		within, err := filepath.Rel(folder, path)
		if err != nil {
			continue
		}
		if within = filepath.ToSlash(within); strings.HasPrefix(within, "../") {
			if strings.Contains(m.text[folder], within) {
				return true
			}
			continue
		}
		if slices.Contains([]string{".tpl", ".tftpl", ".tfvars"}, filepath.Ext(base)) || strings.Contains(m.text[folder], base) {
			return true
		}
	}
	return false
}

// addModules adds the modules that were found below a folder, and forgets the files that belong to them.
func (f *sources) addModules(root string, found *modules, before int) {
	if len(found.folders) == 0 {
		return
	}
	kept := f.list[:before:before]
	for _, s := range f.list[before:] {
		if !s.named && found.owns(s.path) {
			delete(f.real, realPath(s.path))
			f.skip(s.name, "it belongs to a module of Terraform")
			continue
		}
		kept = append(kept, s)
	}
	f.list = kept
	for _, folder := range found.roots(root) {
		f.addModule(&module{folder: folder, within: root})
	}
	for _, folder := range slices.Sorted(maps.Keys(found.callersOf(filepath.Clean(root)))) {
		f.skip(folder, "it calls the module that is named")
	}
}

// nameModule says of the only module that was found in the folder that is the only argument, that the argument names it: it has
// to have a task definition. If there is nothing else in the folder, it is one input.
func (f *sources) nameModule(args []string) {
	only := f.onlyModule(args)
	if only == nil {
		return
	}
	only.named = true
	if len(f.list) == 1 {
		f.several = false
	}
}

// onlyModule returns the module that the only argument names, with the modules that it calls; nil where there are others, or
// none.
func (f *sources) onlyModule(args []string) (only *source) {
	for _, s := range f.list {
		if s.module != nil && only != nil {
			return nil
		}
		if s.module != nil {
			only = s
		}
	}
	if only == nil || len(args) != 1 || filepath.Clean(args[0]) != filepath.Clean(only.path) {
		return nil
	}
	return only
}

// moduleOf returns the module that the only argument is the folder of, or a file of; nil for none. Folders below it can have
// other modules, which it does not call.
func (f *sources) moduleOf(args []string) *source {
	for _, s := range f.list {
		if s.module != nil && len(args) == 1 && filepath.Clean(args[0]) == filepath.Clean(s.path) {
			return s
		}
	}
	return nil
}

// leaveStrangers leaves out what does not belong into the target: it is the folder of one module of Terraform, and a role is a
// part of another.
func (b *batch) leaveStrangers(outs []*output) {
	if b.format.role != emit.Terraform {
		return
	}
	target, isHome := realPath(b.target.path), false
	others := map[string]string{} // the folders of other modules, by the names of the inputs
	for _, s := range b.found.list {
		if s.module != nil && realPath(s.module.folder) == target {
			isHome = true
		} else if s.module != nil {
			others[s.name] = filepath.ToSlash(s.module.folder)
		}
	}
	for _, out := range outs {
		if folder := others[out.name]; isHome && folder != "" && !out.unread {
			out.files, out.later = nil, false
			out.err = errors.Join(out.err, fmt.Errorf("%s is in another module than %s: run execrole -o %s/ %[3]s/", out.label(), filepath.ToSlash(filepath.Clean(b.target.path)), folder))
		}
	}
}

// addModule adds a module, once.
func (f *sources) addModule(m *module) *source {
	path := m.folder
	if m.file != "" {
		path = filepath.Join(m.folder, m.file)
	}
	real := realPath(path)
	if s, known := f.real[real]; known {
		return s
	}
	m.searches = &f.searches
	s := &source{path: path, name: analyze.Printable(path), module: m}
	f.real[real] = s
	f.list = append(f.list, s)
	return s
}

// open returns the module as an input, and what closes it. Nothing outside of the repository is read, or, where there is
// none, outside of the folder that an argument names.
func (m *module) open() (in analyze.Input, closes func() error, err error) {
	folder, err := filepath.Abs(m.folder)
	if err != nil {
		return in, nil, err
	}
	within, err := filepath.Abs(m.within)
	if err != nil {
		return in, nil, err
	}
	top, isRepository := repository(within)
	root, err := os.OpenRoot(top)
	if err != nil {
		return in, nil, err
	}
	inRoot := func(path string) string {
		rel, relErr := filepath.Rel(top, path)
		err = errors.Join(err, relErr)
		return filepath.ToSlash(rel)
	}
	in.Name = filepath.ToSlash(analyze.Printable(m.folder))
	in.Module = &analyze.Module{FS: root.FS(), Folder: inRoot(folder), Within: inRoot(within), File: m.file}
	if m.file != "" {
		in.Module.File = filepath.ToSlash(filepath.Join(in.Module.Folder, m.file))
	}
	if isRepository {
		in.Module.Callers = m.searches.of(top)
	}
	return in, root.Close, err
}

// repository returns the innermost folder above, or the folder itself, that has a repository of git; the folder itself where
// there is none.
func repository(folder string) (top string, found bool) {
	for above := folder; ; above = filepath.Dir(above) {
		if _, err := os.Lstat(filepath.Join(above, ".git")); err == nil {
			return above, true
		}
		if above == filepath.Dir(above) {
			return folder, false
		}
	}
}

// readModule analyzes a module.
func (s *source) readModule(a *analyze.Analysis) (in input, plans []*analyze.Plan, err error) {
	opened, closes, err := s.module.open()
	if err != nil {
		var failed *fs.PathError
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return in, nil, err
	}
	defer closes()
	if absolute, err := filepath.Abs(s.path); err == nil {
		in.base = filepath.Base(absolute)
	}
	return in, a.Read(opened), nil
}
