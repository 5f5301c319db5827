package analyze_test

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/testdata/golden"
)

// TestOrderOfImports: the order of the inputs does not matter for what they import from each other, nor does a copy of one.
func TestOrderOfImports(t *testing.T) {
	said := func(inputs []analyze.Input, opts analyze.Options) (lines []string) {
		plans, _ := analyze.ReadAll(inputs, opts)
		for _, plan := range plans {
			lines = append(lines, golden.Lines(plan)...)
			for _, f := range plan.Findings {
				lines = append(lines, f.String())
			}
		}
		slices.Sort(lines)
		return lines
	}
	cases := 0
	for _, d := range golden.Documents(t) {
		if !slices.ContainsFunc(d.Inputs, func(in analyze.Input) bool { return strings.Contains(string(in.Source), "ImportValue") }) {
			continue
		}
		for _, in := range slices.Clone(d.Inputs) {
			copied := in
			copied.Name = "zz-" + in.Name
			if !strings.Contains(string(in.Source), "AWS::ECS::TaskDefinition") {
				d.Inputs = append(d.Inputs, copied)
			}
		}
		want := said(d.Inputs, d.Options)
		for inputs := range permutations(d.Inputs) {
			cases++
			if diff := cmp.Diff(want, said(inputs, d.Options)); diff != "" {
				t.Fatalf("%s (-in its order +in another one):\n%s", d.Name, diff)
			}
		}
		for name, lines := range d.Plans {
			for _, line := range lines {
				if len(d.Plans) == 1 && !slices.Contains(want, line) {
					t.Errorf("%s: a copy of an input takes from plan %s: %s", d.Name, name, line)
				}
			}
		}
	}
	if cases < 100 {
		t.Errorf("%d orders", cases)
	}
}

// permutations yields a list in every order.
func permutations[T any](list []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		var visit func(n int) bool
		visit = func(n int) bool {
			if n == len(list) {
				return yield(slices.Clone(list))
			}
			for i := n; i < len(list); i++ {
				list[n], list[i] = list[i], list[n]
				ok := visit(n + 1)
				list[n], list[i] = list[i], list[n]
				if !ok {
					return false
				}
			}
			return true
		}
		visit(0)
	}
}

// TestExportsAreLookedForOnce: templates are looked through only where one of them imports something, and then once.
func TestExportsAreLookedForOnce(t *testing.T) {
	task := func(image string) []byte {
		return []byte(`{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "a", "Image": ` + image + `}]}}}}`)
	}
	const imports = `{"Fn::ImportValue": "Image"}`
	for _, c := range []struct {
		images []string
		looks  int
	}{{[]string{`"nginx"`, `{"Ref": "Image"}`}, 0}, {[]string{imports, `"nginx"`, imports}, 1}} {
		looks := 0
		exports := analyze.NewExports(func(yield func(string, []byte) bool) {
			looks++
			yield("shared.yaml", []byte("Resources: {}\nAWSTemplateFormatVersion: '2010-09-09'\nOutputs: {Image: {Value: nginx, Export: {Name: Image}}}"))
		})
		a := analyze.NewAnalysis(analyze.Options{})
		for _, image := range c.images {
			plans := a.Read(analyze.Input{Name: "app.json", Source: task(image), Exports: exports})
			if err := plans[0].Err(); image == imports && err != nil {
				t.Error(err)
			}
		}
		if looks != c.looks {
			t.Errorf("%q: looked %d times, want %d", c.images, looks, c.looks)
		}
	}
}
