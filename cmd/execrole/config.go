package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
)

// configFile is the configuration file that is read if --config names no other.
const configFile = "execrole.yaml"

// A configuration file may be as large and as deeply nested as this. The YAML parser needs memory and time for the square
// of the depth: gigabytes for a file of 64 KiB that opens nothing but lists.
const (
	maxConfig      = 64 << 10 // bytes
	maxConfigDepth = 16
)

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
	text, err := readFile(file, maxConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !f.Changed:
		return nil
	case err != nil:
		return []error{fmt.Errorf("cannot read %s: %v", what, reason(err))}
	}
	all := newFlags(generateCommand())
	ownOutput := in.formats[0].role == nil
	return readConfig(file, text, func(key string, n ast.Node) error {
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
func readConfig(file string, text []byte, set func(key string, value ast.Node) error) []error {
	at := func(n ast.Node, err error) error {
		p := n.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %w", file, p.Line, p.Column, err)
	}
	tokens := lexer.Tokenize(string(text))
	if t := tooDeep(tokens); t != nil {
		return []error{fmt.Errorf("%s:%d:%d: a value is nested too deeply", file, t.Position.Line, t.Position.Column)}
	}
	parsed, err := parser.Parse(tokens, 0)
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
				errs = append(errs, at(body, errors.New("a second document: a configuration file has one")))
				continue
			}
			for _, entry := range body.Values {
				if err := set(entry.Key.GetToken().Value, entry.Value); err != nil {
					errs = append(errs, at(entry.Key, err))
				}
			}
		default:
			errs = append(errs, at(body, errors.New("a configuration file is a mapping of names to values")))
		}
	}
	return errs
}

// tooDeep returns the first token that is nested too deeply on its line; nil for none. What is nested by indentation needs
// so many bytes for each level that [maxConfig] is limit enough.
func tooDeep(tokens token.Tokens) *token.Token {
	flow, entries := 0, 0
	for _, t := range tokens {
		if t.Type != token.SequenceEntryType {
			entries = 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			entries++
		}
		if flow > maxConfigDepth || entries > maxConfigDepth {
			return t
		}
	}
	return nil
}

// configValues returns the values that a flag gets from a value of the file. A flag that repeats takes a list, or, if its
// values have a "=", a mapping.
func configValues(f *pflag.Flag, n ast.Node) ([]string, error) {
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
		switch n := n.(type) {
		case *ast.SequenceNode:
			return configList(f, n)
		case *ast.MappingNode:
			return configPairs(f, n)
		}
	}
	v, err := configValue(f, n)
	return []string{v}, err
}

// configList returns the elements of a list.
func configList(f *pflag.Flag, list *ast.SequenceNode) (values []string, err error) {
	for _, element := range list.Values {
		v, err := configValue(f, element)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// configPairs returns the members of a mapping as KEY=VALUE.
func configPairs(f *pflag.Flag, mapping *ast.MappingNode) (values []string, err error) {
	if value, _ := pflag.UnquoteUsage(f); !strings.Contains(value, "=") {
		return nil, fmt.Errorf("%s takes a list", f.Name)
	}
	for _, entry := range mapping.Values {
		v, err := configValue(f, entry.Value)
		if err != nil {
			return nil, err
		}
		values = append(values, entry.Key.GetToken().Value+"="+v)
	}
	return values, nil
}

// configValue returns a scalar of the file as a string.
func configValue(f *pflag.Flag, n ast.Node) (string, error) {
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
