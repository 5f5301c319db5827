package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
)

// configFile is the file that is read where --config does not say another.
const configFile = "execrole.yaml"

// configure sets the flags that the command line does not from a YAML file: its keys are the names of flags. For
// the command explain, keys of flags that only generate has say nothing, and the form and the place of the
// output are generate's.
func (c *command) configure(name string, flags *pflag.FlagSet) []error {
	file := configFile
	if f := flags.Lookup("config"); f.Changed {
		file = f.Value.String()
	}
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !flags.Changed("config"):
		return nil
	case err != nil:
		return []error{fmt.Errorf("cannot read --config %s: %v", file, reason(err))}
	}
	all := newFlags()
	new(request).generateFlags(all)
	var skip []string
	if name == "explain" {
		skip = []string{"format", "output", "package", "force"}
	}
	return readConfig(file, text, func(key string, n ast.Node) error {
		switch {
		case key == "config":
			return errors.New("config: a file of options names no other")
		case all.Lookup(key) == nil:
			var names []string
			all.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
			return fmt.Errorf("unknown key %q%s", key, didYouMean("", key, names))
		case slices.Contains(skip, key):
			return nil
		}
		f := flags.Lookup(key)
		values, err := configValues(f, n)
		if err != nil || f.Changed {
			return err // a flag wins, but what is wrong is wrong
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
func readConfig(file string, text []byte, set func(key string, value ast.Node) error) []error {
	at := func(n ast.Node, err error) error {
		p := n.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %w", file, p.Line, p.Column, err)
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			p := syntax.GetToken().Position
			return []error{fmt.Errorf("%s:%d:%d: %s", file, p.Line, p.Column, analyze.Printable(syntax.GetMessage()))}
		}
		return []error{fmt.Errorf("%s: %v", file, err)}
	}
	var errs []error
	for i, doc := range parsed.Docs {
		switch body := doc.Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.NullNode:
		case *ast.MappingNode:
			if i > 0 {
				errs = append(errs, at(body, errors.New("a second document: a file of options is one")))
				continue
			}
			for _, entry := range body.Values {
				if err := set(entry.Key.GetToken().Value, entry.Value); err != nil {
					errs = append(errs, at(entry.Key, err))
				}
			}
		default:
			errs = append(errs, at(body, errors.New("a file of options is a mapping of names to values")))
		}
	}
	return errs
}

// configValues returns what a value of the file is on the command line. A flag that repeats takes a list, or a
// mapping of what stands before and behind its "=".
func configValues(f *pflag.Flag, n ast.Node) ([]string, error) {
	one := func(n ast.Node) (string, error) {
		switch n := n.(type) {
		case *ast.StringNode:
			return n.Value, nil
		case *ast.LiteralNode:
			return n.Value.Value, nil
		case *ast.IntegerNode, *ast.FloatNode:
			// As it is written: an account may begin with a zero.
			return n.GetToken().Value, nil
		case *ast.BoolNode:
			return n.GetToken().Value, nil
		}
		return "", fmt.Errorf("%s: a value has to be a string", f.Name)
	}
	switch kind := f.Value.Type(); {
	case kind == "bool":
		if b, ok := n.(*ast.BoolNode); ok {
			return []string{fmt.Sprint(b.Value)}, nil
		}
		return nil, fmt.Errorf("%s is on or off: write true or false", f.Name)
	case f.NoOptDefVal != "":
		if b, ok := n.(*ast.BoolNode); ok {
			if b.Value {
				return []string{f.NoOptDefVal}, nil
			}
			return nil, nil
		}
	case kind == "stringArray":
		var values []string
		switch n := n.(type) {
		case *ast.SequenceNode:
			for _, element := range n.Values {
				v, err := one(element)
				if err != nil {
					return nil, err
				}
				values = append(values, v)
			}
			return values, nil
		case *ast.MappingNode:
			value, _ := pflag.UnquoteUsage(f)
			if !strings.Contains(value, "=") {
				return nil, fmt.Errorf("%s takes a list", f.Name)
			}
			for _, entry := range n.Values {
				v, err := one(entry.Value)
				if err != nil {
					return nil, err
				}
				values = append(values, entry.Key.GetToken().Value+"="+v)
			}
			return values, nil
		}
	}
	v, err := one(n)
	if err == nil && v == "" {
		err = fmt.Errorf("%s is empty: give it a value or leave it out", f.Name)
	}
	return []string{v}, err
}
