package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
)

// TestRulesPage keeps docs/rules.md equal to the rules; -update writes it.
func TestRulesPage(t *testing.T) {
	upToDate(t, "rules.md", RulesPage(analyze.Rules()))
}

// upToDate compares a page in docs with what it is made from; -update writes it.
func upToDate(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("../../docs", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("docs/%s is stale: go test ./emit/report -update (-file +tables):\n%s", name, diff)
	}
}

// TestFindingsPage keeps docs/findings.md and docs/ja/findings.md equal to what each code means; -update writes them.
func TestFindingsPage(t *testing.T) {
	upToDate(t, "findings.md", FindingsPage(English))
	ja := readLanguage(t, "testdata/ja/findings.txtar")
	upToDate(t, "ja/findings.md", FindingsPage(Language{ja.texts}))
	ja.report(t)
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
