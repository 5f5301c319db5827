package emit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/testdata/golden"
)

// isSubsequence reports whether the bytes of a are in b, in the same order.
func isSubsequence(a, b string) bool {
	for i := range len(a) {
		j := strings.IndexByte(b, a[i])
		if j < 0 {
			return false
		}
		b = b[j+1:]
	}
	return true
}

// TestMergeCorpus: in every real template that lacks a role, every byte stays, and the merged template has the roles.
func TestMergeCorpus(t *testing.T) {
	merged := 0
	for _, path := range golden.Corpus(t, "cloudformation", "cdkout") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		roles := meaning.TaskRoles(t, name, src)
		if roles == nil {
			continue
		}
		got, err := emit.Merge(name, src, roles)
		if err != nil {
			t.Logf("not merged: %v", err)
			continue
		}
		merged++
		if !isSubsequence(string(src), string(got)) {
			t.Errorf("%s: a byte has changed", name)
		}
		if left := meaning.TaskRoles(t, name, got); left != nil {
			t.Errorf("%s: %s has no role", name, left[0].Task)
		}
	}
	t.Logf("%d templates", merged)
	if merged < 20 {
		t.Errorf("only %d templates were merged", merged)
	}
}
