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
	in.configured = map[string]tree.Place{}
	return readConfig(file, text, func(key string, at tree.Place, n *tree.Node) error {
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
		case slices.Contains(values, configValue{}):
			return fmt.Errorf("%s is empty: give it a value or leave it out", key)
		case f.Changed:
			return nil // a flag wins, but the file is checked all the same
		}
		for _, v := range values {
			if err := v.set(f); err != nil {
				return fmt.Errorf("%s: %v", key, err)
			}
		}
		in.configured[key] = at
		return nil
	})
}

// readConfig calls set for every entry of a YAML mapping and returns all that is wrong, with places.
func readConfig(file string, text []byte, set func(key string, at tree.Place, value *tree.Node) error) []error {
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
		at := doc.Source.Place(entry.NameStart)
		if err := set(entry.Name, at, entry); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
		}
	}
	return errs
}

// configValue is a value that a flag gets from the file: one of a list or a scalar, or a pair of a mapping.
type configValue struct {
	key  string
	text string
	pair bool
}

// set gives the value to the flag. The key of a pair may contain a "=", so the flag must not take the two apart again.
func (v configValue) set(f *pflag.Flag) error {
	pairs, ok := f.Value.(interface{ SetPair(key, value string) error })
	switch {
	case !v.pair:
		return f.Value.Set(v.text)
	case ok:
		return pairs.SetPair(v.key, v.text)
	}
	return f.Value.Set(v.key + "=" + v.text)
}

// configValues returns the values that a flag gets from a value of the file. A flag that repeats takes a list, or, if its
// values have a "=", a mapping.
func configValues(f *pflag.Flag, n *tree.Node) ([]configValue, error) {
	repeats := f.Value.Type() == "stringArray"
	switch {
	case f.Value.Type() == "bool":
		if n.Kind == tree.Boolean {
			on, err := strconv.ParseBool(strings.ToLower(n.Text))
			return []configValue{{text: strconv.FormatBool(on)}}, err
		}
		return nil, fmt.Errorf("%s is on or off: write true or false", f.Name)
	case f.NoOptDefVal != "" && n.Kind == tree.Boolean:
		if on, err := strconv.ParseBool(strings.ToLower(n.Text)); err != nil || !on {
			return nil, err
		}
		return []configValue{{text: f.NoOptDefVal}}, nil
	case repeats && n.Kind == tree.Object:
		if value, _ := pflag.UnquoteUsage(f); !strings.Contains(value, "=") {
			return nil, fmt.Errorf("%s takes a list", f.Name)
		}
	case repeats && n.Kind == tree.List:
	default:
		text, err := configText(f, n)
		return []configValue{{text: text}}, err
	}
	var values []configValue
	for i := range n.Children {
		text, err := configText(f, &n.Children[i])
		if err != nil {
			return nil, err
		}
		values = append(values, configValue{n.Children[i].Name, text, n.Kind == tree.Object})
	}
	return values, nil
}

// configText returns a scalar of the file as a string: a number as it is written, since an account may begin with a
// zero.
func configText(f *pflag.Flag, n *tree.Node) (string, error) {
	if n.Kind == tree.String || n.Kind == tree.Number || n.Kind == tree.Boolean {
		return n.Text, nil
	}
	return "", fmt.Errorf("%s: a value has to be a string", f.Name)
}
