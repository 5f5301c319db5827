package main

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
)

func TestDidYouMean(t *testing.T) {
	words := []string{"generate", "explain", "rules", "version", "help"}
	for _, c := range []struct{ word, want string }{
		{"explian", "explain"},
		{"gen", "generate"},
		{"rule", "rules"},
		{"hlep", "help"},
		{"web.json", ""},
		{"", ""},
		{"x", ""},
		{strings.Repeat("a", 1<<20), ""},
	} {
		got := didYouMean("", c.word, words)
		want := c.want
		if want != "" {
			want = "; did you mean " + want + "?"
		}
		if got != want {
			t.Errorf("didYouMean(%.20q) = %q, want %q", c.word, got, want)
		}
	}
}

// finding returns a finding on line 2 of web.json.
func finding(severity analyze.Severity, message string, flags ...string) analyze.Finding {
	return analyze.Finding{
		Severity: severity, Rule: "ecr-image", Message: message, Flags: flags,
		At: taskdef.Ref{Place: tree.Place{File: "web.json", Line: 2, Column: 5}},
	}
}

func TestReport(t *testing.T) {
	a := finding(analyze.Error, "no A", "--set A=VALUE", "--image app=URI")
	b := finding(analyze.Error, "no B\x1b", "--set B=VALUE", "--set A=VALUE")
	none := finding(analyze.Error, "no image", "--image side=URI")
	warning := finding(analyze.Warning, "odd", "--set C=VALUE")
	warning.Rule = analyze.PlaceholderWords
	remark := finding(analyze.Note, "so be it")
	for _, c := range []struct {
		name     string
		findings []analyze.Finding
		notes    bool
		want     string
	}{
		{"nothing", nil, true, ""},
		{"one error", []analyze.Finding{a}, false, "web.json:2:5: error: no A [ecr-image]\n"},
		{"all flags once", []analyze.Finding{a, warning, remark, b, none}, false, "web.json:2:5: error: no A [ecr-image]\n" +
			"web.json:2:5: warning: odd [placeholder-words]\n" +
			"web.json:2:5: error: no B\\u001b [ecr-image]\n" +
			"web.json:2:5: error: no image [ecr-image]\n" +
			"execrole: to go on, add: --set A=VALUE --set C=VALUE --set B=VALUE --image side=URI\n"},
		{"only placeholders of warnings", []analyze.Finding{a, finding(analyze.Warning, "a default", "--set X=VALUE")}, false, "web.json:2:5: error: no A [ecr-image]\n" +
			"web.json:2:5: warning: a default [ecr-image]\n"},
		{"notes", []analyze.Finding{warning, remark}, true, "web.json:2:5: warning: odd [placeholder-words]\n" +
			"web.json:2:5: note: so be it [ecr-image]\n"},
		{"no notes", []analyze.Finding{remark}, false, ""},
	} {
		var out bytes.Buffer
		(&command{Stderr: &out}).report(c.findings, c.notes)
		if out.String() != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, out.String(), c.want)
		}
	}
}

func TestMissing(t *testing.T) {
	var out bytes.Buffer
	err := &emit.MissingValues{Format: "json", Symbols: []policy.Symbol{policy.Partition, policy.Region, policy.AccountID, "Other"}}
	(&command{Stderr: &out}).report(missing("web.json", err, nil), false)
	want := `web.json: error: format json cannot leave ${AWS::Partition} open: add --partition PARTITION, or --region REGION, which implies it [own-values]
web.json: error: format json cannot leave ${AWS::Region} open: add --region REGION [own-values]
web.json: error: format json cannot leave ${AWS::AccountId} open: add --account ACCOUNT [own-values]
web.json: error: format json cannot leave ${Other} open: add --set Other=VALUE [own-values]
execrole: to go on, add: --region REGION --account ACCOUNT --set Other=VALUE
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestContradictions(t *testing.T) {
	account, region := finding(analyze.Warning, "two accounts"), finding(analyze.Warning, "two regions")
	plan := &analyze.Plan{Contradictions: map[policy.Symbol]analyze.Finding{policy.AccountID: account, policy.Region: region}}
	none := contradictions(plan, []emit.File{{Uses: []policy.Symbol{policy.Partition}}, {}})
	if len(none) > 0 {
		t.Errorf("values that are not used are warned about: %v", none)
	}
	one := contradictions(plan, []emit.File{{Uses: []policy.Symbol{policy.AccountID}}, {Uses: []policy.Symbol{policy.Partition, policy.AccountID}}})
	if len(one) != 1 || one[0].Message != account.Message {
		t.Errorf("got %v, want the one on accounts, once", one)
	}
}

func TestVersionOf(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	modified := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	clean := debug.BuildSetting{Key: "vcs.modified", Value: "false"}
	for _, c := range []struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		{"", nil, "(devel)"},
		{"(devel)", nil, "(devel)"},
		{"v1.2.3", nil, "v1.2.3"},
		{"(devel)", []debug.BuildSetting{revision, clean}, "(devel)-0123456789ab"},
		{"(devel)", []debug.BuildSetting{revision, modified}, "(devel)-0123456789ab+dirty"},
		{"v0.0.0-20260101000000-0123456789ab+dirty", []debug.BuildSetting{revision, modified}, "v0.0.0-20260101000000-0123456789ab+dirty"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: c.version}, Settings: c.settings}
		if got := versionOf(info); got != c.want {
			t.Errorf("version %q with %v: got %q, want %q", c.version, c.settings, got, c.want)
		}
	}
}

func TestColoured(t *testing.T) {
	for _, c := range []struct {
		noColor, term string
		want          bool
	}{
		{"", "xterm", true},
		{"", "", true}, // Windows sets none
		{"", "dumb", false},
		{"1", "xterm", false},
		{"0", "xterm", false},
	} {
		getenv := func(name string) string {
			switch name {
			case "NO_COLOR":
				return c.noColor
			case "TERM":
				return c.term
			}
			t.Errorf("the environment is asked for %s", name)
			return ""
		}
		if got := coloured(getenv); got != c.want {
			t.Errorf("NO_COLOR=%q TERM=%q: %v, want %v", c.noColor, c.term, got, c.want)
		}
	}
}
