package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// BenchmarkManyInputs compares a run over 10,000 files of 2 KB with a loop that reads and decodes the same files with
// encoding/json, and does nothing else. Both run in turn, so that a machine whose speed changes changes both. The metric
// x-decode is the median of the ratios of wall time.
func BenchmarkManyInputs(b *testing.B) {
	const files = 10_000
	web, err := os.ReadFile(filepath.Join(root, "testdata", "web.json"))
	if err != nil {
		b.Fatal(err)
	}
	folder := b.TempDir()
	for i := range files {
		path := filepath.Join(folder, fmt.Sprint(i%100), fmt.Sprintf("web-%d.json", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			b.Fatal(err)
		}
		own := bytes.Replace(web, []byte(`"family": "web"`), fmt.Appendf(nil, `"family": "web-%d"`, i), 1)
		own = bytes.ReplaceAll(own, []byte("shop"), fmt.Appendf(nil, "shop-%d", i)) // so that no two roles are alike
		if err := os.WriteFile(path, own, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	decode := func() {
		paths, err := filepath.Glob(filepath.Join(folder, "*", "*.json"))
		if err != nil || len(paths) != files {
			b.Fatalf("%d files, %v", len(paths), err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				b.Fatal(err)
			}
			var td types.TaskDefinition
			if err := json.Unmarshal(data, &td); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, format := range []string{"cloudformation", "json", "terraform"} {
		b.Run(format, func(b *testing.B) {
			var ratios []float64
			for b.Loop() {
				out := filepath.Join(b.TempDir(), "out") + "/"
				var stderr bytes.Buffer
				c := command{Stdin: bytes.NewReader(nil), Stdout: io.Discard, Stderr: &stderr, Getenv: func(string) string { return "" }}
				start := time.Now()
				if status := c.run([]string{"-q", "-f", format, "--account", "111122223333", "--region", "us-east-1", "-o", out, folder}); status != statusDone {
					b.Fatal(stderr.String())
				}
				ours := time.Since(start)
				start = time.Now()
				decode()
				ratios = append(ratios, float64(ours)/float64(time.Since(start)))
				b.StopTimer()
				if err := os.RemoveAll(out); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "x-decode")
		})
	}
}
