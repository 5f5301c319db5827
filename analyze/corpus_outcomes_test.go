package analyze_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/testdata/golden"
)

// TestCorpusOutcomes: every real file gives plans, or is refused with a place and a reason. testdata/corpus/outcomes.txt
// counts them, and has the first reason of each refusal.
func TestCorpusOutcomes(t *testing.T) {
	var b strings.Builder
	for _, folder := range []string{"taskdef", "describe", "cloudformation", "cdkout", "terraform", "invalid"} {
		files, tasks, withRole, refused := 0, 0, 0, ""
		for _, path := range golden.Corpus(t, folder) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(path)
			files++
			plans, _ := analyze.Read(name, src, analyze.Options{})
			for _, plan := range plans {
				tasks++
				i := slices.IndexFunc(plan.Findings, func(f analyze.Finding) bool { return f.Severity == analyze.Error })
				if i < 0 {
					withRole++
					if _, err := plan.Role(policy.Options{}); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				f := plan.Findings[i]
				if f.At.Line == 0 || f.Message == "" {
					t.Errorf("%s is refused without a place or a reason: %s", name, f)
				}
				refused += fmt.Sprintf("  %s:%d:%d: %s [%s]\n", name, f.At.Line, f.At.Column, shortened(f.Message), f.Rule)
			}
		}
		fmt.Fprintf(&b, "%s: %d files, %d task definitions, %d with a role; refused:\n%s\n", folder, files, tasks, withRole, refused)
	}
	golden.CheckFile(t, "testdata/corpus/outcomes.txt", b.String())
}

// shortened returns the beginning of a message, which says what is wrong.
func shortened(s string) string {
	s, _, _ = strings.Cut(analyze.Printable(s), ";")
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}

// TestNoReferenceInTemplatesIsLost counts the references of a template's task definitions in the text as it is, without the
// reader of templates: each has a requirement or a finding in its place.
func TestNoReferenceInTemplatesIsLost(t *testing.T) {
	references := 0
	for path, doc := range templates(t, "cloudformation", "cdkout") {
		plans, _ := analyze.Read(filepath.Base(path), []byte(doc.Source.Text), analyze.Options{})
		places := map[int]bool{}
		for _, plan := range plans {
			for _, r := range plan.Requirements {
				places[r.At.Offset] = true
			}
			for _, f := range plan.Findings {
				places[f.At.Offset] = true
			}
		}
		for i := range doc.Root.Member("Resources").Children {
			resource := &doc.Root.Member("Resources").Children[i]
			if kind := resource.Member("Type"); kind == nil || kind.Text != "AWS::ECS::TaskDefinition" {
				continue
			}
			for reference := range referencesBelow(resource) {
				references++
				said := reference
				if reference.Name == "awslogs-group" {
					said = reference.Parent // an error of the region comes first
				}
				if !slices.ContainsFunc(offsetsBelow(said), func(off int) bool { return places[off] }) {
					place := doc.Source.Place(reference.Start)
					t.Errorf("%s:%d:%d: %s has neither a requirement nor a finding", filepath.Base(path), place.Line, place.Column, reference.Name)
				}
			}
		}
	}
	if references < 500 {
		t.Errorf("only %d references", references)
	}
}

// referencesBelow yields the members that name what ECS reads, apart from those that are always absent.
func referencesBelow(n *tree.Node) func(func(*tree.Node) bool) {
	names := []string{"Image", "ValueFrom", "CredentialsParameter", "awslogs-group"}
	return func(yield func(*tree.Node) bool) {
		var visit func(n *tree.Node) bool
		visit = func(n *tree.Node) bool {
			if slices.Contains(names, n.Name) && n.Kind != tree.Null {
				return yield(n)
			}
			for i := range n.Children {
				if !visit(&n.Children[i]) {
					return false
				}
			}
			return true
		}
		visit(n)
	}
}

// offsetsBelow returns where a value, and those inside of it, begin.
func offsetsBelow(n *tree.Node) []int {
	list := []int{n.Start}
	for i := range n.Children {
		list = append(list, offsetsBelow(&n.Children[i])...)
	}
	return list
}
