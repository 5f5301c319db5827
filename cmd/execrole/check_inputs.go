package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
)

// roleInputs are the inputs that roles are read from.
type roleInputs struct {
	list   []analyze.Input
	closes []func() error // of the folders of modules
	errs   []error
}

func (in *roleInputs) close() {
	for _, closes := range in.closes {
		closes()
	}
}

func (in *roleInputs) fail(name string, err error) {
	in.errs = append(in.errs, fmt.Errorf("cannot read %s: %w", analyze.Printable(name), reason(err)))
}

// add adds a file, or the files of a folder. A folder with Terraform's source is a module, and so is a file of it: the policies
// of a role can be in other files of the module.
func (in *roleInputs) add(name string) {
	if areModules([]string{name}) {
		m := &module{folder: name, within: name}
		if isSource(name) {
			m.folder = cmp.Or(filepath.Dir(name), ".")
			m.within = m.folder
		}
		in.addModule(m, name)
		return
	}
	paths := []string{name}
	if entries, err := os.ReadDir(name); err == nil {
		paths = nil
		for _, e := range entries {
			if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), emit.PassRoleEnding) { // that one is somebody else's
				paths = append(paths, filepath.Join(name, e.Name()))
			}
		}
	}
	for _, path := range paths {
		data, err := readFile(path, tree.MaxSize)
		if err != nil {
			in.fail(path, err)
			continue
		}
		in.list = append(in.list, analyze.Input{Name: analyze.Printable(path), Source: data})
	}
}

// addModule adds a module of Terraform. It reports whether the module could be opened.
func (in *roleInputs) addModule(m *module, name string) bool {
	opened, closes, err := m.open()
	if err != nil {
		in.fail(name, err)
		return false
	}
	in.list, in.closes = append(in.list, opened), append(in.closes, closes)
	return true
}
