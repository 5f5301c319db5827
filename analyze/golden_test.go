package analyze_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/testdata/golden"
)

// TestGoldenPlans compares the plan of every golden case with the one that was written by hand, and its findings with
// those that an earlier run wrote.
func TestGoldenPlans(t *testing.T) {
	for _, c := range golden.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			if _, ok := c.Section("input.json"); !ok {
				t.Fatal("no input.json")
			}
			wanted, ok := c.Section("plan")
			if !ok {
				t.Fatal("no plan")
			}
			want := strings.Split(strings.TrimSpace(wanted), "\n")
			slices.Sort(want)
			plan, err := c.Plan()
			if diff := cmp.Diff(want, golden.Lines(plan)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
				for _, f := range plan.Findings {
					t.Log(f)
				}
			}
			var findings strings.Builder
			for _, f := range plan.Findings {
				findings.WriteString(f.String() + "\n")
			}
			c.Check(t, "findings", findings.String())
			var needs []string
			for _, n := range plan.Needs() {
				if n.Rule == nil || n.Name == "" || n.From == nil && n.Kind != analyze.NeedEndpoint || (n.Keys != nil) != (n.Kind == analyze.NeedKeys) {
					t.Errorf("need %+v", n)
				}
				needs = append(needs, n.String())
			}
			if once := slices.Compact(slices.Sorted(slices.Values(needs))); len(once) != len(needs) {
				t.Errorf("of %d needs some are the same: %q", len(needs), needs)
			}
			if wanted, ok := c.Section("needs"); ok {
				if diff := cmp.Diff(strings.Split(strings.TrimSpace(wanted), "\n"), needs); diff != "" {
					t.Errorf("needs (-want +got):\n%s", diff)
				}
			}
			if err == nil {
				return
			}
			for _, name := range c.Sections() {
				if !slices.Contains(append([]string{"findings"}, golden.ByHand...), name) {
					t.Errorf("the case has %s, but no role can be written: %v", name, err)
				}
			}
		})
	}
}

// TestEveryRuleHasACase: the golden cases hold a requirement or a finding of every rule, and a requirement of
// every grant.
func TestEveryRuleHasACase(t *testing.T) {
	rules, grants := map[string]bool{}, map[*analyze.Grant]bool{}
	for _, c := range golden.Cases(t) {
		plan, _ := c.Plan()
		for _, r := range plan.Requirements {
			rules[r.Rule.ID], grants[r.Grant] = true, true
		}
		for _, f := range plan.Findings {
			rules[f.Rule] = true
		}
	}
	for _, r := range analyze.Rules() {
		if !rules[r.ID] {
			t.Errorf("no golden case shows the rule %s", r.ID)
		}
		for _, g := range r.Grants {
			if !grants[g] {
				t.Errorf("no golden case requires %v by the rule %s", g.Actions, r.ID)
			}
		}
	}
}
