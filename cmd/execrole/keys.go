package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/tree"
)

// readKeys reads the files of the folder that --keys names, or of the folder for keys in it; nil without the flag.
func (r *request) readKeys() (*analyze.KnownKeys, error) {
	if r.keys == "" {
		return nil, nil
	}
	folder := r.keys
	if within := filepath.Join(folder, collectedKeys); isFolder(within) {
		folder = within
	}
	fail := func(err error) (*analyze.KnownKeys, error) {
		err = fmt.Errorf("cannot read --keys %s: %w", analyze.Printable(r.keys), err)
		if at, ok := r.in.configured["keys"]; ok {
			err = fmt.Errorf("%s: %w", at, err)
		}
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fail(reason(err))
	}
	var inputs []analyze.Input
	var errs []error
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		path := filepath.Join(folder, e.Name())
		data, err := readFile(path, tree.MaxSize)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot read %s: %w", analyze.Printable(path), reason(err)))
			continue
		}
		inputs = append(inputs, analyze.Input{Name: analyze.Printable(path), Source: data})
	}
	if inputs == nil && errs == nil && len(entries) > 0 {
		return fail(errors.New("there is no file that ends in .json"))
	}
	keys, problems := analyze.ReadKeys(inputs)
	for _, p := range problems {
		if !p.Warning {
			errs = append(errs, fmt.Errorf("%s: %s", p.At, p.Message))
		}
	}
	return keys, errors.Join(errs...)
}
