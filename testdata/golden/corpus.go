package golden

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/execrole/execrole/analyze"
)

// HasCorpus reports whether the corpus of real task definitions is beside the project.
func HasCorpus(t testing.TB) bool {
	_, err := os.Stat(filepath.Join(Root(t), "..", "shared", "corpus"))
	return err == nil
}

// Corpus returns the real files of folders of the corpus, or skips the test where the corpus is missing.
func Corpus(t testing.TB, folders ...string) []string {
	t.Helper()
	var files []string
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(Root(t), "..", "shared", "corpus", folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skip("the corpus of real task definitions is not beside the project")
	}
	return files
}

// Inputs calls check for every golden input and every real task definition, with its plan.
func Inputs(t *testing.T, check func(t *testing.T, src []byte, plan *analyze.Plan)) {
	for _, c := range Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			plan, _ := c.Plan()
			check(t, c.Input(), plan)
		})
	}
	t.Run("corpus", func(t *testing.T) {
		files := Corpus(t, "taskdef", "describe")
		if len(files) != 111 {
			t.Errorf("the corpus has %d task definitions, want 111", len(files))
		}
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				src, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				plan, _ := Plan(src, analyze.Options{})
				check(t, src, plan)
			})
		}
	})
}
