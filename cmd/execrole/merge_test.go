package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/execrole/execrole/testdata/golden"
)

// TestMergeCorpusOutcomes: every real template that has a task definition without an execution role is merged, or refused
// with a place and a reason. testdata/corpus/merge.txt counts them, and has the first reason of each refusal.
func TestMergeCorpusOutcomes(t *testing.T) {
	var b strings.Builder
	for _, folder := range []string{"cloudformation", "cdkout"} {
		merged, roles, done, open, refused := 0, 0, 0, 0, []string{}
		for _, path := range golden.Corpus(t, folder) {
			var stdout, stderr bytes.Buffer
			run := func(args ...string) int {
				stdout.Reset()
				stderr.Reset()
				c := command{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
				return c.run(append(args, path))
			}
			status := run("-q", "--merge")
			said := strings.ReplaceAll(stderr.String(), filepath.Dir(path)+string(filepath.Separator), "")
			switch {
			case status == 0:
				src, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				merged++
				roles += bytes.Count(stdout.Bytes(), []byte("ecs-tasks.amazonaws.com")) - bytes.Count(src, []byte("ecs-tasks.amazonaws.com"))
			case strings.Contains(said, "there is nothing to merge"):
				done++
			default:
				reason := firstError(said)
				if !regexp.MustCompile(`^[^ ]+:\d+:\d+: .`).MatchString(reason) {
					t.Errorf("%s is refused without a place or a reason: %s", path, said)
				}
				if stdout.Len() > 0 {
					t.Errorf("%s is refused, and printed", path)
				}
				if run("-q", "--merge", "--parameters") == 0 {
					open++
					reason += " (not with --parameters)"
				}
				refused = append(refused, reason)
			}
		}
		fmt.Fprintf(&b, "%s: %d merged, with %d roles; %d have a role for each task definition; %d refused, of which --parameters merges %d:\n",
			folder, merged, roles, done, len(refused), open)
		for _, reason := range refused {
			fmt.Fprintf(&b, "  %s\n", reason)
		}
		b.WriteString("\n")
	}
	golden.CheckFile(t, "testdata/corpus/merge.txt", b.String())
}

// firstError returns the beginning of the first error among the lines that the command said.
func firstError(said string) string {
	for line := range strings.Lines(said) {
		if place, message, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "execrole: "), ": error: "); ok {
			message, _, _ = strings.Cut(message, ";")
			line = place + ": " + message
		} else if strings.Contains(line, ": warning: ") || strings.Contains(line, ": note: ") {
			continue
		} else {
			line = strings.TrimPrefix(strings.TrimSpace(line), "execrole: ")
		}
		if r := []rune(line); len(r) > 160 {
			return string(r[:160]) + "…"
		}
		return line
	}
	return said
}
