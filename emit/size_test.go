package emit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/testdata/golden"
)

// TestSizeIsThatOfTheJSON compares the size that a document is said to have with the JSON that is written, and with the
// one that a script makes of what the AWS CLI says, where every symbol has its longest value.
func TestSizeIsThatOfTheJSON(t *testing.T) {
	longest := policy.Environment{Partition: "aws-us-gov", Region: "us-isof-northeast-1", Account: "111122223333"}
	compared := 0
	compare := func(t *testing.T, role *policy.Role) {
		for i := range role.Mappings { // a role of its own for each plan
			role.Mappings[i].Rows = append(slices.Clone(role.Mappings[i].Rows), policy.Row{Region: longest.Region, Value: longest.Account})
			slices.SortFunc(role.Mappings[i].Rows, func(a, b policy.Row) int { return strings.Compare(a.Region, b.Region) })
		}
		files, err := emit.IAMJSON.Emit(sample.In(longest, role), emit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		check := func(d policy.Document, data []byte) {
			var b bytes.Buffer
			if err := json.Compact(&b, data); err != nil {
				t.Fatal(err)
			}
			want := 0
			for _, r := range b.String() {
				if r != ' ' {
					want++
				}
			}
			if got := d.Size(role.Symbols); got != want {
				t.Errorf("size %d, but the JSON has %d characters:\n%s", got, want, &b)
			}
			compared++
		}
		for i, p := range role.Policies() {
			check(p.Document, files[i].Data)
		}
		check(role.Trust, files[len(files)-1].Data)
		if role.Mappings != nil {
			return // the test does not read the mappings of scripts
		}
		script, err := emit.AWSCLI.Emit(sample.In(policy.Environment{}, role), emit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		part, _, _ := strings.Cut(string(script[0].Data), emit.ProgramBegin)
		documents := emit.ScriptDocuments(t, part, longest)
		for i, p := range role.Policies() {
			check(p.Document, []byte(documents[fmt.Sprint("policy_", i+1)]))
		}
		check(role.Trust, []byte(documents["trust_policy"]))
	}
	golden.Inputs(t, func(t *testing.T, _ []byte, plan *analyze.Plan) {
		if role, err := plan.Role(policy.Options{}); err == nil {
			compare(t, role)
		}
	})
	for name, role := range golden.Packed(t) {
		t.Run(name, func(t *testing.T) { compare(t, role) })
	}
	if compared < 400 {
		t.Errorf("only %d documents were compared", compared)
	}
}

// aliases returns a role that decrypts n parameters of its own region with an alias each: its statements have the most
// symbols of all.
func aliases(t *testing.T, n int) *policy.Role {
	t.Helper()
	var secrets []map[string]string
	var opts analyze.Options
	for i := range n {
		name := fmt.Sprintf("/p%d", i)
		secrets = append(secrets, map[string]string{"name": "A" + fmt.Sprint(i), "valueFrom": name})
		opts.KMSKeys = append(opts.KMSKeys, analyze.KMSKey{Ref: name, Key: fmt.Sprintf("alias/key-%d", i)})
	}
	src, err := json.Marshal(map[string]any{"containerDefinitions": []any{map[string]any{"name": "a", "image": "nginx", "secrets": secrets}}})
	if err != nil {
		t.Fatal(err)
	}
	plans, err := analyze.Read("f", src, opts)
	if err != nil {
		t.Fatal(err)
	}
	role, err := plans[0].Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return role
}

// characters counts what IAM counts of a document: all but white space.
func characters(data []byte) int {
	n := 0
	for _, r := range string(data) {
		if r != ' ' && r != '\n' {
			n++
		}
	}
	return n
}

// TestRealValuesFit: however long the names of a region and a partition of today are, no policy is over IAM's limit, and
// values that are longer than any are refused.
func TestRealValuesFit(t *testing.T) {
	const maxInline, maxManaged = 10240, 6144
	inline, managed, refused := 0, 0, 0
	for n := 8; n < 60; n++ {
		role := aliases(t, n)
		for _, environment := range []policy.Environment{
			{Partition: "aws-iso-f", Region: "us-isof-south-1", Account: "111122223333"},
			{Partition: "aws-us-gov", Region: "us-gov-east-1", Account: "111122223333"},
			{Partition: "aws-" + strings.Repeat("x", 60), Region: "us-east-1", Account: "111122223333"},
		} {
			files, err := emit.IAMJSON.Emit(sample.In(environment, role), emit.Options{})
			var limit policy.LimitError
			if errors.As(err, &limit) && len(environment.Partition) > 12 {
				refused++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range role.Policies() {
				limit := maxManaged
				if role.Inline != nil {
					limit = maxInline
					inline++
				} else {
					managed++
				}
				if size := characters(files[i].Data); size > limit {
					t.Errorf("%d aliases in %s: %d characters", n, environment.Region, size)
				}
			}
		}
	}
	if inline < 3 || managed < 10 || refused < 5 {
		t.Errorf("%d inline and %d managed policies, %d refused: the test does not see the limits", inline, managed, refused)
	}
}
