package emit_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/testdata/golden"
)

// TestSizeIsThatOfTheJSON compares the size that a document is said to have with the JSON that is written,
// where every symbol has its longest value.
func TestSizeIsThatOfTheJSON(t *testing.T) {
	longest := policy.Environment{Partition: "aws-us-gov", Region: "ap-northeast-1", Account: "111122223333"}
	compared := 0
	compare := func(t *testing.T, role *policy.Role) {
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
	}
	golden.Inputs(t, func(t *testing.T, _ []byte, plan *analyze.Plan) {
		if role, err := plan.Role(policy.Options{}); err == nil {
			compare(t, role)
		}
	})
	for name, role := range golden.Packed(t) {
		t.Run(name, func(t *testing.T) { compare(t, role) })
	}
	if compared < 200 {
		t.Errorf("only %d documents were compared", compared)
	}
}
