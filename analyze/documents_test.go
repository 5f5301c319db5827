package analyze_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/testdata/golden"
)

// TestDocuments compares the plans of every document with those that were written by hand.
func TestDocuments(t *testing.T) {
	for _, d := range golden.Documents(t) {
		t.Run(d.Name, func(t *testing.T) {
			plans, _ := analyze.Read(d.Input.Name, d.Input.Source, d.Options)
			var names []string
			for _, plan := range plans {
				names = append(names, plan.Name)
				if diff := cmp.Diff(d.Plans[plan.Name], golden.Lines(plan)); diff != "" {
					t.Errorf("plan %s (-want +got):\n%s", plan.Name, diff)
					for _, f := range plan.Findings {
						t.Log(f)
					}
				}
			}
			slices.Sort(names)
			if want := slices.Sorted(maps.Keys(d.Plans)); !slices.Equal(names, want) {
				t.Errorf("task definitions %q, want %q", names, want)
			}
		})
	}
}
