package page

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/cmd/flags"
	"github.com/execrole/execrole/emit"
)

// Option is a flag of the command, as a field of a form.
type Option struct {
	Name string `json:"name"` // without the hyphens
	// Kind is "switch", "text", or "list": of a list, each value is a flag.
	Kind   string   `json:"kind"`
	Value  string   `json:"value"` // what a value looks like: "REF=KEY"; "" of a switch
	Help   string   `json:"help"`
	Values []string `json:"values"` // those that are given; "true" of a switch
	// Applies says that the input asks for it: a finding or something unseen names the flag. Role says that it is about the
	// role itself, so that it always applies.
	Applies bool `json:"applies"`
	Role    bool `json:"role"`
}

// options are the flags of a request.
type options struct {
	analyze analyze.Options
	role    policy.Options
	set     *pflag.FlagSet
	ofRole  map[string]bool
	values  map[string][]string // of each flag that is given
}

// parseOptions reads flags. The problems are all there are.
func parseOptions(words []string) (o options, problems []error) {
	o.set = pflag.NewFlagSet("execrole", pflag.ContinueOnError)
	o.set.SortFlags = false
	o.ofRole = map[string]bool{}
	flags.Role(o.set, &o.role)
	o.set.VisitAll(func(f *pflag.Flag) { o.ofRole[f.Name] = true })
	flags.Analyze(o.set, &o.analyze)
	o.values = map[string][]string{}
	o.set.ParseAll(words, func(f *pflag.Flag, value string) error {
		o.values[f.Name] = append(o.values[f.Name], value)
		return nil
	}) // the error is the next call's too
	problems, err := flags.Parse(o.set, words)
	if err != nil {
		problems = append(problems, err)
	}
	if len(o.set.Args()) > 0 {
		problems = append(problems, errors.New(`"`+o.set.Arg(0)+`" is no flag`))
	}
	for _, err := range []error{o.analyze.Environment.Check(), o.role.Check()} {
		if err != nil {
			problems = append(problems, err)
		}
	}
	o.analyze.Environment = o.analyze.Environment.WithPartition()
	return o, problems
}

// ownFields are the flags for which the page has something better than a field: task definitions are chosen by a list.
var ownFields = []string{"resource"}

// table returns the flags as fields of a form.
func (o *options) table(findings []analyze.Finding, unseen []Unseen, format *emit.Format) (list []Option) {
	if o.set == nil {
		return nil
	}
	var texts []string
	for _, f := range findings {
		if f.Severity == analyze.Note {
			continue
		}
		texts = append(append(texts, f.Message), f.Flags...)
	}
	leavesOpen := slices.ContainsFunc(findings, func(f analyze.Finding) bool { return f.CanLeaveOpen })
	for _, u := range unseen {
		texts = append(texts, u.Cure)
	}
	o.set.VisitAll(func(f *pflag.Flag) {
		if slices.Contains(ownFields, f.Name) || f.Name == "parameters" && !slices.Contains(format.Flags, f.Name) {
			return
		}
		value, help := pflag.UnquoteUsage(f)
		option := Option{Name: f.Name, Kind: "text", Value: value, Help: strings.ReplaceAll(help, "\n", " "), Values: append([]string{}, o.values[f.Name]...), Role: o.ofRole[f.Name]}
		switch f.Value.Type() {
		case "bool":
			option.Kind, option.Value = "switch", ""
		case "stringArray":
			option.Kind = "list"
		}
		option.Applies = f.Changed || f.Name == "parameters" && leavesOpen || slices.ContainsFunc(texts, func(t string) bool { return names(t, "--"+f.Name) })
		list = append(list, option)
	})
	return list
}

// names reports whether a text has a flag in it, and not only a longer flag that begins in the same way.
func names(text, flag string) bool {
	for {
		i := strings.Index(text, flag)
		if i < 0 {
			return false
		}
		text = text[i+len(flag):]
		if text == "" || text[0] != '-' && (text[0] < 'a' || text[0] > 'z') {
			return true
		}
	}
}
