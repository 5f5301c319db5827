package analyze_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/testdata/golden"
)

// TestConcurrentAnalyses is for the race detector: analyses share the rules and the schema.
func TestConcurrentAnalyses(t *testing.T) {
	paths, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	var group sync.WaitGroup
	for _, path := range paths[:min(len(paths), 40)] {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		src := archive.Files[0].Data
		for range 2 {
			group.Go(func() {
				plan, err := golden.Plan(src, analyze.Options{})
				if err == nil {
					_, err = plan.Role(policy.Options{})
				}
				if (err != nil) != (plan.Err() != nil) {
					t.Errorf("%s: %v", path, err)
				}
			})
		}
	}
	group.Wait()
}
