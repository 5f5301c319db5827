package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
)

// FuzzFix: of any policy document, template or source of Terraform that has a role, every byte stays when the role gets what it
// lacks, and then nothing is missing; or it is refused.
func FuzzFix(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "fix", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		c := readFixCase(f, path)
		for name, data := range c.files {
			if name != "task.json" {
				f.Add(string(data), strings.HasSuffix(name, ".tf"))
				f.Add(strings.ReplaceAll(string(data), "\r\n", "\n"), strings.HasSuffix(name, ".tf"))
			}
		}
	}
	const task = `{"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": "/fuzz"}]}]}`
	env := policy.Environment{Partition: "aws", Region: "us-east-1", Account: "111122223333"}
	plans, err := analyze.Read("task.json", []byte(task), analyze.Options{Environment: env})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src string, terraform bool) {
		name := "role"
		if terraform {
			name = "role.tf"
		}
		law := fixLaw{plan: plans[0], opts: check.Options{Environment: env}, inputs: []analyze.Input{{Name: name, Source: []byte(src)}}, loose: true}
		if v, err := law.read(law.inputs); err != nil || len(v.Findings) == 0 || v.Role.Unknown != nil {
			return
		}
		if err := law.holds(false); err != nil && !errors.Is(err, errNotFixed) {
			t.Errorf("%v\n%q", err, src)
		}
	})
}
