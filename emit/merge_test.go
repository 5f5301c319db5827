package emit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/testdata/golden"
)

// taskRoles returns the roles of the task definitions in a template that have none.
func taskRoles(t testing.TB, name string, src []byte) (roles []emit.TaskRole) {
	t.Helper()
	doc, _, _ := tree.Read(name, src)
	plans, _ := analyze.Read(name, src, analyze.Options{})
	for _, plan := range plans {
		if plan.Err() != nil || plan.Name == "" {
			continue
		}
		if doc.Root.Find("/Resources/"+plan.Name+"/Properties/ExecutionRoleArn", (*tree.Node).Member) != nil {
			continue
		}
		role, err := plan.Role(policy.Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		roles = append(roles, emit.TaskRole{Task: plan.Name, Role: role})
	}
	return roles
}

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
		roles := taskRoles(t, name, src)
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
		if left := taskRoles(t, name, got); left != nil {
			t.Errorf("%s: %s has no role", name, left[0].Task)
		}
	}
	t.Logf("%d templates", merged)
	if merged < 20 {
		t.Errorf("only %d templates were merged", merged)
	}
}
