package report

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
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
