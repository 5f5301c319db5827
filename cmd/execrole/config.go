package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/tree"
)

// configFile is the configuration file that is read if --config names no other.
const configFile = "execrole.yaml"

// configure sets the flags that the command line does not set from the configuration file, whose keys are the names of
// generate's flags. Its format and output are those of generate as well: another command that writes something else
// ignores them, and the flags that it does not have.
func configure(in *invocation) []error {
	f := in.flags.Lookup("config")
	file, what := configFile, configFile
	if f.Changed {
		file = f.Value.String()
		what = "--config " + file
	}
	if file == "" {
		return nil
	}
	text, err := readFile(file, tree.MaxSize)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !f.Changed:
		return nil
	case err != nil:
		return []error{fmt.Errorf("cannot read %s: %v", what, reason(err))}
	}
	all := newFlags(generateCommand())
	ownOutput := in.formats[0].role == nil
	return readConfig(file, text, func(key string, n *tree.Node) error {
		switch {
		case key == "config":
			return errors.New("config: a configuration file names no other")
		case all.Lookup(key) == nil:
			return fmt.Errorf("unknown key %q%s", key, didYouMean("", key, flagNames(all)))
		case ownOutput && (key == "format" || key == "output"), in.flags.Lookup(key) == nil:
			return nil
		}
		f := in.flags.Lookup(key)
		values, err := configValues(f, n)
		switch {
		case err != nil:
			return err
		case slices.Contains(values, ""):
			return fmt.Errorf("%s is empty: give it a value or leave it out", key)
		case f.Changed:
			return nil // a flag wins, but the file is checked all the same
		}
		for _, v := range values {
			if err := f.Value.Set(v); err != nil {
				return fmt.Errorf("%s: %v", key, err)
			}
		}
		return nil
	})
}

// readConfig calls set for every entry of a YAML mapping and returns all that is wrong, with places.
func readConfig(file string, text []byte, set func(key string, value *tree.Node) error) []error {
	doc, problems := tree.ReadYAML(file, text)
	var errs []error
	for _, p := range problems {
		errs = append(errs, fmt.Errorf("%s: %s", p.At, analyze.Printable(p.Message)))
	}
	switch {
	case doc == nil || doc.Root.Kind == tree.Null:
		return errs
	case doc.Root.Kind != tree.Object:
		return []error{fmt.Errorf("%s: a configuration file is a mapping of names to values", doc.Source.Place(doc.Root.Start))}
	}
	for i := range doc.Root.Children {
		entry := &doc.Root.Children[i]
		if err := set(entry.Name, entry); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", doc.Source.Place(entry.NameStart), err))
		}
	}
	return errs
}

// configValues returns the values that a flag gets from a value of the file. A flag that repeats takes a list, or, if its
// values have a "=", a mapping.
func configValues(f *pflag.Flag, n *tree.Node) ([]string, error) {
	repeats := f.Value.Type() == "stringArray"
	switch {
	case f.Value.Type() == "bool":
		if n.Kind == tree.Boolean {
			on, err := strconv.ParseBool(strings.ToLower(n.Text))
			return []string{strconv.FormatBool(on)}, err
		}
		return nil, fmt.Errorf("%s is on or off: write true or false", f.Name)
	case f.NoOptDefVal != "" && n.Kind == tree.Boolean:
		if on, err := strconv.ParseBool(strings.ToLower(n.Text)); err != nil || !on {
			return nil, err
		}
		return []string{f.NoOptDefVal}, nil
	case repeats && n.Kind == tree.Object:
		if value, _ := pflag.UnquoteUsage(f); !strings.Contains(value, "=") {
			return nil, fmt.Errorf("%s takes a list", f.Name)
		}
	case repeats && n.Kind == tree.List:
	default:
		v, err := configValue(f, n)
		return []string{v}, err
	}
	var values []string
	for i := range n.Children {
		v, err := configValue(f, &n.Children[i])
		if err != nil {
			return nil, err
		}
		if n.Kind == tree.Object {
			v = n.Children[i].Name + "=" + v
		}
		values = append(values, v)
	}
	return values, nil
}

// configValue returns a scalar of the file as a string: a number as it is written, since an account may begin with a
// zero.
func configValue(f *pflag.Flag, n *tree.Node) (string, error) {
	if n.Kind == tree.String || n.Kind == tree.Number || n.Kind == tree.Boolean {
		return n.Text, nil
	}
	return "", fmt.Errorf("%s: a value has to be a string", f.Name)
}
