package analyze_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/testdata/golden"
)

// TestDocuments compares the plans of every document with those that were written by hand.
func TestDocuments(t *testing.T) {
	for _, d := range golden.Documents(t) {
		t.Run(d.Name, func(t *testing.T) {
			plans, _ := analyze.ReadAll(d.Inputs, d.Options)
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

// TestNoReferenceInDocumentsIsLost finds the references of every document in the text as it is, without the reader of its
// form: each has a requirement or a finding in its place.
func TestNoReferenceInDocumentsIsLost(t *testing.T) {
	references := 0
	for _, d := range golden.Documents(t) {
		type place struct {
			file   string
			offset int
		}
		said := map[place]bool{}
		plans, _ := analyze.ReadAll(d.Inputs, d.Options)
		for _, plan := range plans {
			for _, r := range plan.Requirements {
				said[place{r.At.File, r.At.Offset}] = true
			}
			for _, f := range plan.Findings {
				said[place{f.At.File, f.At.Offset}] = true
			}
		}
		for _, in := range d.Inputs {
			if in.Module != nil {
				continue // what is written in source is not what a task definition has
			}
			doc, _, _ := tree.Read(in.Name, in.Source)
			if doc.Root.Member("Resources") != nil {
				continue // an error of a template can be in the place of what a value refers to
			}
			var visit func(n *tree.Node, above bool)
			visit = func(n *tree.Node, above bool) {
				above = above || said[place{in.Name, n.Start}] || said[place{in.Name, n.NameStart}]
				name := strings.ToLower(n.Name)
				names := []string{"image", "valuefrom", "credentialsparameter", "awslogs-group", "loggroup"}
				if slices.Contains(names, name) || n.Kind == tree.String && strings.HasPrefix(n.Text, "arn:aws:s3:") {
					references++
					// Another service's are not read, and say so by their absence from the plan.
					if !above && !strings.Contains(d.Name+n.Text, "services-described/jobs") {
						t.Errorf("%s: %s %q has neither a requirement nor a finding", d.Name, n.Name, n.Text)
					}
				}
				for i := range n.Children {
					visit(&n.Children[i], above && n.Parent != nil)
				}
			}
			visit(doc.Root, false)
		}
	}
	if references < 30 {
		t.Errorf("only %d references", references)
	}
}
