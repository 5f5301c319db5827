package analyze

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// valueFor returns a value for a symbol that was left open. Of things of which one is named, other chooses which.
func valueFor(info policy.SymbolInfo, other bool) string {
	switch info.Meaning {
	case policy.MeansAccount:
		return "444455556666"
	case policy.MeansRegion:
		return "eu-west-1"
	case policy.MeansPartition:
		return "aws"
	case policy.MeansRepositoryARN:
		if other {
			return ""
		}
		return "arn:aws:ecr:eu-west-1:444455556666:repository/a/b"
	case policy.MeansRepositoryURI:
		if other {
			return "nginx"
		}
		return "444455556666.dkr.ecr.eu-west-1.amazonaws.com/a/b"
	case policy.MeansSecretARN:
		if other && info.Optional {
			return ""
		}
		return "arn:aws:secretsmanager:eu-west-1:444455556666:secret:a-Q1w2E3"
	case policy.MeansParameterARN:
		if !other && info.Optional {
			return ""
		}
		return "arn:aws:ssm:eu-west-1:444455556666:parameter/a"
	case policy.MeansBucketARN:
		if other && info.Optional {
			return ""
		}
		return "arn:aws:s3:::bucket"
	}
	return "abc1"
}

// given returns a text with values for the symbols that were left open, and whether all of them are given.
func given(t policy.Text, open policy.SymbolTable, other bool) (text policy.Text, all bool) {
	all = true
	text = policy.Text(t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		info, ok := open[s]
		if !ok {
			return string(policy.Of(s))
		}
		value := valueFor(info, other)
		all = all && value != ""
		return value
	}))
	return text, all
}

// lines returns what a plan requires with values for what was left open: a line for each action on a resource.
func lines(p *Plan, open policy.SymbolTable, other bool) map[string]bool {
	list := map[string]bool{}
	for _, r := range p.Requirements {
		is := func(s policy.Symbol) bool { return valueFor(open[s], other) != "" }
		if r.When != nil && !slices.ContainsFunc(r.When, is) {
			continue
		}
		fill := func(t policy.Text) string {
			t, _ = given(t, open, other)
			return p.Environment.Fill(t)
		}
		line := fill(r.Resource)
		for _, c := range r.Conditions {
			values := make([]string, len(c.Values))
			for i, v := range c.Values {
				values[i] = fill(v.Text)
			}
			slices.Sort(values)
			line += fmt.Sprintf(" if %s %s %q", c.Operator, c.Key, values)
		}
		for _, a := range r.Actions {
			list[a.Name+" on "+line] = true
		}
	}
	return list
}

// TestParametersMeanTheirValues: with a value for what was left open, the role has the permissions of a task definition
// that has this value written in it. Only whether the name of a secret ends in its random suffix cannot be asked, so that
// both readings are there.
func TestParametersMeanTheirValues(t *testing.T) {
	opened := 0
	for path, src := range openInputs(t) {
		in := Input{Name: path, Source: src}
		a := NewAnalysis(Options{Environment: policy.Environment{Account: "444455556666", Region: "eu-west-1", Partition: "aws"}})
		tds, _ := taskdef.Read(in.Name, in.Source, taskdef.Options{})
		o, _ := a.trial(in, taskdef.Options{}, tds)
		if len(o.list) == 0 {
			continue
		}
		opened++
		symbolic := taskdef.Options{Open: o.list, Symbols: o.symbols}
		tds, problems := taskdef.Read(in.Name, in.Source, symbolic)
		plans := a.add(in.Name, tds, problems, o)
		for _, s := range slices.Sorted(maps.Keys(o.symbols)) {
			info := plans[0].Symbols.Lookup(s)
			if info.Meaning == policy.MeansRepositoryURI {
				continue
			}
			pattern := regexp.MustCompile("^(" + info.Pattern + ")$")
			for _, bad := range []string{"*", "a*", "?", "${a}", "arn:aws:s3:::*", "a\nb", "é"} {
				if info.Pattern == "" || pattern.MatchString(bad) {
					t.Errorf("%s: %s has the pattern %q, which allows %q", path, s, info.Pattern, bad)
				}
			}
			for _, other := range []bool{false, true} {
				if v := valueFor(o.symbols[s], other); v != "" && !pattern.MatchString(v) {
					t.Errorf("%s: %s has the pattern %q, which does not allow %q", path, s, info.Pattern, v)
				}
			}
		}
		for _, other := range []bool{false, true} {
			literal := taskdef.Options{}
			for _, opening := range o.list {
				filled := taskdef.Opening{Pointer: opening.Pointer, Name: opening.Name}
				for _, text := range opening.Texts {
					if value, all := given(text, o.symbols, other); all {
						filled.Texts = append(filled.Texts, value)
					}
				}
				literal.Open = append(literal.Open, filled)
			}
			tds, problems := taskdef.Read(in.Name, in.Source, literal)
			known := a.add(in.Name, tds, problems, o)
			for i, p := range plans {
				if i >= len(known) {
					t.Errorf("%s: %d plans, and %d with the values written", path, len(plans), len(known))
					break
				}
				got, want := lines(p, o.symbols, other), lines(known[i], nil, other)
				for line := range want {
					if !got[line] {
						t.Errorf("%s: a value, and not in the role: %s", path, line)
					}
				}
				for line := range got {
					if !want[line] && !isOtherSuffix(line, want) {
						t.Errorf("%s: in the role, and not needed: %s", path, line)
					}
				}
			}
		}
	}
	if opened < 30 {
		t.Errorf("only %d inputs have something that can be left open", opened)
	}
	t.Logf("%d inputs have something that can be left open", opened)
}

// openInputs returns the inputs of the golden cases, and the files of the corpus where it is there, by their paths.
func openInputs(t *testing.T) map[string][]byte {
	t.Helper()
	inputs := map[string][]byte{}
	for _, pattern := range []string{"../testdata/golden/*.txtar", "../../shared/corpus/[ctd]*/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(path) == ".txtar" {
				src = txtar.Parse(src).Files[0].Data
			}
			inputs[path] = src
		}
	}
	return inputs
}

// isOtherSuffix reports whether a line is that of a secret of which the other reading is wanted.
func isOtherSuffix(line string, want map[string]bool) bool {
	return want[strings.ReplaceAll(line, "-??????", "")] || slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(w string) bool {
		return strings.ReplaceAll(w, "-??????", "") == line
	})
}
