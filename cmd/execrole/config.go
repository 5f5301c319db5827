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
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// configFile is the configuration file that is read if --config names no other.
const configFile = "execrole.yaml"

// configure sets the flags that the command line does not set from the configuration file, whose keys are the names of the
// flags of generate and check. Its format and output are those of generate as well: another command that writes something else
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
	doc, errs := readConfig(file, text)
	if doc == nil {
		return errs
	}
	in.configured = map[string]tree.Place{}
	known := configurable()
	for i := range doc.Root.Children {
		errs = append(errs, in.configureFlag(doc.Source, &doc.Root.Children[i], known)...)
	}
	return errs
}

// configurable returns the keys of a configuration file: the flags of generate, and what check has besides them.
func configurable() (names []string) {
	names = flagNames(newFlags(generateCommand()))
	return append(names, checkCommand().own...)
}

// readConfig reads a YAML mapping. The document is nil if there is none; all that is wrong has its place.
func readConfig(file string, text []byte) (*tree.Document, []error) {
	doc, problems := tree.ReadYAML(file, text)
	var errs []error
	for _, p := range problems {
		errs = append(errs, fmt.Errorf("%s: %s", p.At, p.Message))
	}
	switch {
	case doc == nil || doc.Root.Kind == tree.Null:
		return nil, errs
	case doc.Root.Kind != tree.Object:
		return nil, []error{fmt.Errorf("%s: a configuration file is a mapping of names to values", doc.Source.Place(doc.Root.Start))}
	}
	return doc, errs
}

// configureFlag sets the flag that an entry of the configuration file names, unless the command line sets it: a flag wins,
// but the file is checked all the same. Known are the names that an entry may have. The errors have places.
func (in *invocation) configureFlag(source *tree.Source, entry *tree.Node, known []string) (errs []error) {
	report := func(off int, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", source.Place(off), fmt.Sprintf(format, args...)))
	}
	key := entry.Name
	ownOutput := in.formats[0].role == nil
	f := in.flags.Lookup(key)
	switch {
	case key == "config":
		report(entry.NameStart, "config: a configuration file names no other")
		return errs
	case !slices.Contains(known, key):
		report(entry.NameStart, "unknown key %q%s", key, didYouMean("", key, known))
		return errs
	case ownOutput && (key == "format" || key == "output"), f == nil:
		return nil
	}
	values, err := configValues(f, entry)
	if err != nil {
		report(entry.NameStart, "%v", err)
		return errs
	}
	for _, v := range values {
		switch {
		case v.text == "" && !v.pair:
			report(v.start, "%s is empty: give it a value or leave it out", key)
		case f.Changed:
		default:
			if err := v.set(f); err != nil {
				report(v.start, "%s: %v", key, err)
			}
		}
	}
	if errs == nil && !f.Changed {
		in.configured[key] = source.Place(entry.NameStart)
		for _, v := range values {
			in.values = append(in.values, placedValue{"--" + key, v, source.Place(v.start)})
		}
	}
	return errs
}

// checkedAs are the words with which the error for a flag's value begins if a check finds it that does not know the flag.
var checkedAs = [...]struct{ words, flag string }{
	{"account ", "account"},
	{"region ", "region"},
	{"partition ", "partition"},
	{"role name ", "role-name"},
	{"path ", "path"},
	{"permissions boundary ", "permissions-boundary"},
	{"description ", "description"},
	{"maximum session duration ", "max-session-duration"},
	{"tag ", "tag"},
	{"value of tag ", "tag"},
	{"unknown format ", "format"},
	{"-o ", "output"},
	{"package name ", "package"},
	{"--ignore ", "ignore"},
	{"--fail-on ", "fail-on"},
}

// placedValue is a value of the configuration file.
type placedValue struct {
	flag  string // "--kms-key"
	value configValue
	at    tree.Place
}

// mentionedBy reports whether a message begins with the flag and this value, or its key: "--set NAME: …".
func (v placedValue) mentionedBy(message string) bool {
	rest, found := strings.CutPrefix(message, v.flag+" ")
	if !found {
		return false
	}
	key, _, _ := strings.Cut(v.value.text, "=")
	for _, text := range []string{v.value.text, strconv.Quote(v.value.text), key, v.value.key, v.value.key + "=" + v.value.text} {
		if after, found := strings.CutPrefix(rest, text); found && text != "" && (after == "" || strings.ContainsRune(": ", rune(after[0]))) {
			return true
		}
	}
	return false
}

// place moves findings about flags to the configuration file, where that file sets the flag.
func (in *invocation) place(findings []analyze.Finding) {
	for i := range findings {
		f := &findings[i]
		if f.Rule != string(taskdef.Flags) {
			continue
		}
		for _, v := range in.values {
			if v.mentionedBy(f.Message) {
				f.At = taskdef.Ref{Place: v.at}
				break
			}
		}
	}
}

// placed returns an error with its place in the configuration file, if that file sets the flag that the error is about.
func (in *invocation) placed(err error) error {
	for _, c := range checkedAs {
		if at, ok := in.configured[c.flag]; ok && strings.HasPrefix(err.Error(), c.words) {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	if at, ok := in.configured["tag"]; ok && strings.HasSuffix(err.Error(), fmt.Sprintf(" tags; IAM allows %d", policy.MaxTags)) {
		return fmt.Errorf("%s: %w", at, err)
	}
	return err
}

// configValue is a value that a flag gets from the file: one of a list or a scalar, or a pair of a mapping.
type configValue struct {
	key   string
	text  string
	pair  bool
	start int // the offset of a pair's key, of an element of a list, or of the flag's key
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
	one := func(text string) []configValue { return []configValue{{text: text, start: n.NameStart}} }
	switch {
	case f.Value.Type() == "bool":
		if n.Kind == tree.Boolean {
			on, err := strconv.ParseBool(strings.ToLower(n.Text))
			return one(strconv.FormatBool(on)), err
		}
		return nil, fmt.Errorf("%s is on or off: write true or false", f.Name)
	case f.NoOptDefVal != "" && n.Kind == tree.Boolean:
		if on, err := strconv.ParseBool(strings.ToLower(n.Text)); err != nil || !on {
			return nil, err
		}
		return one(f.NoOptDefVal), nil
	case repeats && n.Kind == tree.Object:
		if value, _ := pflag.UnquoteUsage(f); !strings.Contains(value, "=") {
			return nil, fmt.Errorf("%s takes a list", f.Name)
		}
	case repeats && n.Kind == tree.List:
	default:
		text, err := configText(f, n)
		return one(text), err
	}
	var values []configValue
	for i := range n.Children {
		text, err := configText(f, &n.Children[i])
		if err != nil {
			return nil, err
		}
		kid := &n.Children[i]
		values = append(values, configValue{kid.Name, text, n.Kind == tree.Object, kid.NameStart})
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
