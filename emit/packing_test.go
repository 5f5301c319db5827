package emit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/emit/report"
	"github.com/execrole/execrole/testdata/golden"
)

// TestPackedFiles looks at the files of managed policies as IAM does: at their number and their characters.
func TestPackedFiles(t *testing.T) {
	for name, role := range golden.Packed(t) {
		files, err := emit.IAMJSON.Emit(sample.In(meaning.Environment, role), emit.Options{Source: "input.json"})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range files {
			if f.Data == nil {
				continue
			}
			names = append(names, strings.TrimPrefix(f.Name, "many-execution-"))
			var b bytes.Buffer
			if err := json.Compact(&b, f.Data); err != nil {
				t.Fatal(err)
			}
			limit := policy.MaxManaged
			if len(role.Inline) > 0 {
				limit = policy.MaxInline
			}
			if b.Len() > limit {
				t.Errorf("%s: %s has %d characters", name, f.Name, b.Len())
			}
		}
		want := []string{"policy.json"}
		for i := 2; i <= len(role.Managed); i++ {
			want = append(want, fmt.Sprintf("policy-%d.json", i))
		}
		if diff := cmp.Diff(append(want, "trust.json"), names); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", name, diff)
		}
		_, err = emit.IAMJSON.Emit(sample.In(meaning.Environment, role), emit.Options{MainOnly: true})
		if many := len(role.Managed) > 0; many != (err != nil) || many && !strings.Contains(err.Error(), "use -o DIR/") {
			t.Errorf("%s: on standard output: error %v", name, err)
		}
	}
}

// TestPackedInAnyOrder: the order of the input changes nothing, in any format.
func TestPackedInAnyOrder(t *testing.T) {
	for _, key := range []bool{false, true} {
		for _, format := range emit.Formats() {
			var outputs []string
			for _, backwards := range []bool{false, true} {
				role, err := golden.ManySecrets(t, 150, key, backwards).Role(policy.Options{})
				if err != nil {
					t.Fatal(err)
				}
				files, err := format.Emit(sample.In(meaning.Environment, role), emit.Options{Source: "input.json"})
				if err != nil {
					t.Fatal(err)
				}
				var all strings.Builder
				for _, f := range files {
					all.Write(f.Data)
				}
				outputs = append(outputs, all.String())
			}
			if diff := cmp.Diff(outputs[0], outputs[1]); diff != "" {
				t.Errorf("format %s, key %v (-forwards +backwards):\n%.2000s", format.Name, key, diff)
			}
		}
	}
}

// TestPackedExplained: explain shows the statements of managed policies, and each requirement in them.
func TestPackedExplained(t *testing.T) {
	for _, key := range []bool{false, true} {
		plan := golden.ManySecrets(t, 150, key, false)
		role, err := plan.Role(policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text := string(report.Text(plan, role, false))
		if strings.Contains(text, "Required, but not in this role") {
			t.Errorf("explain does not find all requirements in the role:\n%.500s", text)
		}
		for _, p := range role.Managed {
			for _, s := range p.Document.Statements {
				if !strings.Contains(text, "\n"+s.Sid+"\n") {
					t.Errorf("explain does not show %s", s.Sid)
				}
			}
		}
	}
}
