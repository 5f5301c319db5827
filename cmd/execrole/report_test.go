package main

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
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

// TestReportOfMany: of findings about many inputs, those that say the same are one, and the flags are those that settle
// most. With --verbose everything is there.
func TestReportOfMany(t *testing.T) {
	var findings []analyze.Finding
	for i := range 30 {
		findings = append(findings, finding(analyze.Error, fmt.Sprintf("no %d", i), fmt.Sprintf("--set N%d=VALUE", i)))
	}
	run := func(verbose bool, more ...analyze.Finding) string {
		var out bytes.Buffer
		(&batch{command: &command{Stderr: &out}, request: &request{verbose: verbose}}).reportAll(append(findings, more...))
		return out.String()
	}
	region := finding(analyze.Error, "no region", "--set R=VALUE")
	both := finding(analyze.Error, "no region and more", "--set R=VALUE", "--set N29=VALUE")
	odd, odder := finding(analyze.Warning, "odd"), finding(analyze.Warning, "odd")
	odder.Rule = "schema"
	rare := finding(analyze.Warning, "rare")
	few := run(false, region, odd, odd)
	if n := strings.Count(few, "\n"); n != 34 || strings.Contains(few, "the same") || !strings.HasSuffix(few, " --set N11=VALUE; these 12 flags settle 12 of 31 places, and -v lists all 31 flags\n") {
		t.Errorf("%d lines:\n%s", n, few)
	}
	more := []analyze.Finding{region, odd, region, both, region, odd, odd, odder, region, odd, region, rare, rare, finding(analyze.Note, "so be it")}
	many := run(false, more...)
	for _, want := range []string{
		"web.json:2:5: error: no region; the same in 4 more places [ecr-image]\n",
		"web.json:2:5: warning: odd; the same in 3 more places [ecr-image]\n",
		"web.json:2:5: warning: rare; the same in 1 more place [ecr-image]\n",
		"web.json:2:5: error: no region and more [ecr-image]\nweb.json:2:5: warning: odd [schema]\n",
		"\nexecrole: what is the same in several places is there once; add -v, which lists all 43 places\n",
		"\nexecrole: to go on, add: --set R=VALUE --set N29=VALUE --set N0=VALUE --set N1=VALUE ", " --set N9=VALUE; these 12 flags settle 17 of 36 places, and -v lists all 31 flags\n",
	} {
		if !strings.Contains(many, want) {
			t.Errorf("no %q in\n%s", want, many)
		}
	}
	if n := strings.Count(many, "\n"); n != 37 || strings.Contains(many, "so be it") {
		t.Errorf("%d lines:\n%s", n, many)
	}
	all := run(true, more...)
	if n := strings.Count(all, "\n"); n != 45 || strings.Contains(all, "the same") || strings.Count(all, "--set N") != 30 {
		t.Errorf("%d lines:\n%s", n, all)
	}
}

// TestCollision names two of many outputs that collide, and with --verbose all.
func TestCollision(t *testing.T) {
	outs := []*output{{name: "a.json", family: "f"}, {name: "b.json", family: "f", id: "B"}, {name: "c.json", family: "f"}, {name: "d.json", family: "F"}}
	for _, c := range []struct {
		outs    []*output
		verbose bool
		want    string
	}{
		{outs[:2], false, `a.json and b.json (B) have the family "f", so that their files would have the same names: leave one out, or add --shared-role for one role for both`},
		{outs[:3], false, `a.json, b.json (B) and c.json have the family "f", so that their files would have the same names: leave in only one, or add --shared-role for one role for all`},
		{outs, false, `a.json, b.json (B) and 2 more have the families "f" and "F", so that their files would have the same names: leave in only one, or add --shared-role for one role for all`},
		{outs, true, `a.json, b.json (B), c.json and d.json have the families "f" and "F", so that their files would have the same names: leave in only one, or add --shared-role for one role for all`},
		{[]*output{{name: "a.json"}, {name: "b.json"}}, false, `a.json and b.json have no family, so that their files would have the same names: leave one out, or add --shared-role for one role for both`},
	} {
		b := &batch{request: &request{verbose: c.verbose}}
		if got := b.collision(c.outs).Error(); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

func TestMissing(t *testing.T) {
	var out bytes.Buffer
	err := &emit.MissingValues{Format: "json", Symbols: []policy.Symbol{policy.Partition, policy.Region, policy.AccountID, "Other"}}
	(&command{Stderr: &out}).report(report.Missing("web.json", err, nil), false)
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
	none := report.Contradictions(plan, []emit.File{{Uses: []policy.Symbol{policy.Partition}}, {}})
	if len(none) > 0 {
		t.Errorf("values that are not used are warned about: %v", none)
	}
	one := report.Contradictions(plan, []emit.File{{Uses: []policy.Symbol{policy.AccountID}}, {Uses: []policy.Symbol{policy.Partition, policy.AccountID}}})
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
