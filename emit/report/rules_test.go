package report

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
)

// TestRulesPage keeps docs/rules.md equal to the rules; -update writes it.
func TestRulesPage(t *testing.T) {
	const path = "../../docs/rules.md"
	got := RulesPage(analyze.Rules())
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/rules.md is stale: go test ./emit/report -update (-file +rules):\n%s", diff)
	}
}

// TestFindingsPage keeps docs/findings.md equal to what each code means; -update writes it.
func TestFindingsPage(t *testing.T) {
	const path = "../../docs/findings.md"
	got := FindingsPage()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("docs/findings.md is stale: go test ./emit/report -update (-file +codes):\n%s", diff)
	}
}

// TestCodesAreExplained: each code of a verdict has an explanation in whole sentences, and no code is there twice.
func TestCodesAreExplained(t *testing.T) {
	seen := map[check.Code]bool{}
	for _, e := range check.Explanations() {
		if seen[e.Code] || e.Title == "" || !strings.HasSuffix(e.Means, ".") || !strings.HasSuffix(e.Cure, ".") || e.Kind == "" {
			t.Errorf("%+v", e)
		}
		seen[e.Code] = true
	}
	if check.Explain("EXR999").Title != "" {
		t.Error("a code that does not exist is explained")
	}
}
