package emit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/testdata/golden"
)

// outputs writes a role in every format, and what other accounts have to allow, for the sections of a golden case: by the
// parts of the files' names behind "-execution-".
func outputs(t *testing.T, plan *analyze.Plan, role *policy.Role) map[string]string {
	t.Helper()
	outputs := map[string]string{}
	for _, format := range emit.Formats() {
		env := meaning.Environment
		if format == emit.AWSCLI {
			env = role.Environment // a script asks for what is unknown
		}
		files, err := meaning.EmitIn(format.Name, role, env)
		if err != nil {
			t.Fatalf("format %s: %v", format.Name, err)
		}
		for _, f := range files {
			_, kind, _ := strings.Cut(f.Name, "-execution-")
			// The rest of a script is the same for every role.
			outputs[kind], _, _ = strings.Cut(string(f.Data), emit.ProgramBegin)
		}
	}
	files, err := emit.WithPassRole(make([]emit.File, 1), role)
	if err != nil {
		t.Fatal(err)
	}
	if files, err = emit.WithResourcePolicies(files, role); err != nil {
		t.Fatal(err)
	}
	for _, f := range files[1:] {
		_, kind, _ := strings.Cut(f.Name, "-execution-")
		outputs[kind] = string(f.Data)
	}
	return outputs
}

// TestGoldenOutputs compares files with the sections of their names, in the golden cases that have such sections. What all
// other cases mean is compared by TestFormatsMeanTheSame. To begin a new section, add its header line and run -update.
func TestGoldenOutputs(t *testing.T) {
	compared := 0
	for _, c := range golden.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			plan, err := c.Plan()
			if err != nil {
				return // the plan's own test looks for sections that must not be there
			}
			role, err := plan.Role(c.Role)
			if err != nil {
				t.Fatal(err)
			}
			outputs := outputs(t, plan, role)
			for _, name := range c.Sections() {
				if !slices.Contains(append([]string{"findings"}, golden.ByHand...), name) {
					c.Check(t, name, outputs[name])
					compared++
				}
			}
			// A script has the documents of the other formats.
			documents := emit.ScriptDocuments(t, outputs["role.sh"], meaning.Environment)
			for name, function := range map[string]string{"policy.json": "policy_1", "trust.json": "trust_policy"} {
				if diff := cmp.Diff(strings.TrimSuffix(outputs[name], "\n"), documents[function]); diff != "" && role.Mappings == nil {
					t.Errorf("%s and the script (-%[1]s +%s):\n%s", name, function, diff)
				}
			}
			// The trust policy depends on nothing in the input.
			if outputs["trust.json"] != emit.WantTrustJSON {
				t.Errorf("trust policy (-want +got):\n%s", cmp.Diff(emit.WantTrustJSON, outputs["trust.json"]))
			}
		})
	}
	if compared < 40 {
		t.Errorf("only %d sections were compared", compared)
	}
}
