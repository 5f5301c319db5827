package analyze

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
)

// TestDerivedMeansTheValue: where a value is known only at deployment, what follows from it there is what the rules require
// when the value is written in the input, and the default of the variable does not matter.
func TestDerivedMeansTheValue(t *testing.T) {
	const head = `variable "x" { default = "a-default" }
resource "aws_ecs_task_definition" "t" {
  family = "t"
  execution_role_arn = "arn:aws:iam::111122223333:role/r"
  requires_compatibilities = ["EC2"]
  container_definitions = jsonencode([{name = "app", `
	image := head + "image = VALUE}])\n}\n"
	secret := head + `image = "nginx", secrets = [{name = "A", valueFrom = VALUE}]}])` + "\n}\n"
	credentials := head + `image = "nginx", repositoryCredentials = {credentialsParameter = VALUE}}])` + "\n}\n"
	file := head + `image = "nginx", environmentFiles = [{type = "s3", value = VALUE}]}])` + "\n}\n"
	opts := Options{Environment: policy.Environment{Account: "111122223333", Region: "eu-west-1", Partition: "aws"}, PartialARNs: true}
	for _, tt := range []struct{ name, input, value string }{
		{"ecr", image, "444455556666.dkr.ecr.us-east-1.amazonaws.com/a/b"},
		{"ecr tag", image, "444455556666.dkr.ecr.us-east-1.amazonaws.com/a-b.c_d:1.0"},
		{"ecr digest", image, "444455556666.dkr.ecr-fips.us-east-1.amazonaws.com/web@sha256:0123456789abcdef0123456789abcdef"},
		{"hub", image, "nginx"}, {"hub tag", image, "library/nginx:1"}, {"public ecr", image, "public.ecr.aws/a/b:1"},
		{"like ecr", image, "444455556666.dkr.ecr.us-east-1.example.com/a:1"},
		{"secret", secret, "arn:aws:secretsmanager:us-east-1:444455556666:secret:a/b"},
		{"secret key", secret, "arn:aws:secretsmanager:us-east-1:444455556666:secret:a/b:key::"},
		{"parameter", secret, "arn:aws:ssm:us-east-1:111122223333:parameter/a/b"},
		{"name", secret, "/a/b"}, {"short name", secret, "ab"},
		{"credentials", credentials, "arn:aws:secretsmanager:us-east-1:111122223333:secret:hub"},
		{"credentials name", credentials, "hub"},
		{"file", file, "arn:aws:s3:::bucket/a/b.env"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			derive := opts
			derive.Derive = true
			module := func(value string) Input {
				src := strings.ReplaceAll(tt.input, "VALUE", value)
				return Input{Name: "infra", Module: &Module{FS: fstest.MapFS{"main.tf": {Data: []byte(src)}}, Folder: "."}}
			}
			open := NewAnalysis(derive).Read(module("var.x"))[0]
			known := NewAnalysis(opts).Read(module(strconv.Quote(tt.value)))[0]
			if err := open.Err(); err != nil {
				t.Fatal(err)
			}
			if err := known.Err(); err != nil {
				t.Fatal(err)
			}
			derived := func(s policy.Symbol) string {
				d := open.Symbols[s].Derivation
				if d.Value != policy.Of("var.x") {
					t.Fatalf("%s follows from %q", s, d.Value)
				}
				m := regexp.MustCompile(d.Pattern).FindStringSubmatch(tt.value)
				if m == nil {
					return ""
				}
				return open.Environment.Fill(policy.Text(d.Result.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
					if n := policy.GroupOf(s); n > 0 {
						return m[n]
					}
					return string(policy.Of(s))
				})))
			}
			var got, want []string
			for _, r := range open.Requirements {
				if r.When != nil && !slices.ContainsFunc(r.When, func(s policy.Symbol) bool { return derived(s) != "" }) {
					continue
				}
				text := policy.Text(r.Resource.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
					if open.Symbols[s].Derivation.Pattern != "" {
						return derived(s)
					}
					return string(policy.Of(s))
				}))
				for _, a := range r.Actions {
					got = append(got, a.Name+" on "+open.Environment.Fill(text))
				}
			}
			for _, r := range known.Requirements {
				for _, a := range r.Actions {
					line := a.Name + " on " + known.Environment.Fill(r.Resource)
					want = append(want, line)
					if r.Grant.Sid == readSecret.Sid && r.Resource.HasPrefix("arn:aws:secretsmanager:us-east-1") {
						want = append(want, line[:len(line)-len(anySuffix)]) // whether it has its suffix is unknown
					}
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
