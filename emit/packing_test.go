package emit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// decrypt is what the encryption of a secret with a key of one's own asks for: a condition a secret.
var decrypt = &analyze.Grant{Sid: "Decrypt", Actions: []analyze.Action{{Name: "kms:Decrypt", Strength: analyze.Documented}}, Agent: "1.0.0"}

// manySecrets returns the plan of a task with n secrets, half of them parameters, in the order told; with key,
// all of them are encrypted with one key.
func manySecrets(t testing.TB, n int, key, backwards bool) *analyze.Plan {
	t.Helper()
	plan, err := analyze.JSON("input.json", []byte(manySecretsSource(n, backwards)), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range slices.Clip(plan.Requirements) {
		service, context := "secretsmanager", "SecretARN"
		if strings.Contains(string(r.Resource), ":ssm:") {
			service, context = "ssm", "PARAMETER_ARN"
		}
		if key && strings.Contains(string(r.Resource), ":"+service+":") {
			r.Conditions = []policy.Condition{
				{Operator: "StringEquals", Key: "kms:ViaService", Values: []policy.Text{policy.Text(service + ".eu-west-1.amazonaws.com")}},
				{Operator: "StringLike", Key: "kms:EncryptionContext:" + context, Values: []policy.Text{r.Resource}},
			}
			r.Grant, r.Actions, r.Match = decrypt, decrypt.Actions, analyze.Exact
			r.Resource = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1234-1234-1234-0a1b2c3d4e5f"
			plan.Requirements = append(plan.Requirements, r)
		}
	}
	return plan
}

// manySecretsSource returns the task definition of manySecrets.
func manySecretsSource(n int, backwards bool) string {
	var secrets []string
	for i := range n {
		valueFrom := fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/production/name-%04d-a1B2c3", i)
		if i%2 == 1 {
			valueFrom = fmt.Sprintf("/shop/production/name-%04d", i)
		}
		secrets = append(secrets, fmt.Sprintf(`{"name": "S%04d", "valueFrom": %q}`, i, valueFrom))
	}
	if backwards {
		slices.Reverse(secrets)
	}
	return fmt.Sprintf(`{"family": "many", "containerDefinitions": [{"name": "app",
		"image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1", "secrets": [%s]}]}`, strings.Join(secrets, ", "))
}

// packedCases say how many managed policies the secrets fill: none where all fits into the role, -1 where it
// does not fit at all.
var packedCases = []struct {
	secrets int
	key     bool
	managed int
}{
	{1, false, 0}, {60, false, 0}, {100, false, 0}, {150, false, 3}, {400, false, 6}, {2000, false, -1},
	{1, true, 0}, {60, true, 2}, {100, true, 4}, {200, true, 6}, {400, true, -1}, {2000, true, -1},
}

// packedRoles returns the roles of the cases that give one, by names such as "packed-100-key".
func packedRoles(t testing.TB) map[string]*policy.Role {
	t.Helper()
	roles := map[string]*policy.Role{}
	for _, c := range packedCases {
		name := fmt.Sprintf("packed-%d", c.secrets)
		if c.key {
			name += "-key"
		}
		role, err := manySecrets(t, c.secrets, c.key, false).Role(policy.Options{})
		var limit policy.LimitError
		switch {
		case c.managed < 0:
			if !errors.As(err, &limit) || !strings.Contains(err.Error(), "too many") || !strings.Contains(err.Error(), "split the task definition") {
				t.Errorf("%s: error %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case len(role.Managed) != c.managed || len(role.Inline) != max(0, 1-c.managed):
			t.Errorf("%s: %d inline and %d managed policies, want %d managed", name, len(role.Inline), len(role.Managed), c.managed)
		default:
			roles[name] = role
		}
	}
	return roles
}

// TestPackedFiles looks at the files of managed policies as IAM does: at their number and their characters.
func TestPackedFiles(t *testing.T) {
	for name, role := range packedRoles(t) {
		files, err := emit.Lookup("json").Emit(role, emit.Options{Source: "input.json", Values: resolveAs.Values()})
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
		_, err = emit.Lookup("json").Emit(role, emit.Options{Values: resolveAs.Values(), MainOnly: true})
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
				role, err := manySecrets(t, 150, key, backwards).Role(policy.Options{})
				if err != nil {
					t.Fatal(err)
				}
				files, err := format.Emit(role, emit.Options{Source: "input.json", Values: resolveAs.Values()})
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
		plan := manySecrets(t, 150, key, false)
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

// TestPackedTemplatesPassLint runs cfn-lint over templates with managed policies.
func TestPackedTemplatesPassLint(t *testing.T) {
	lint := emit.RequireTool(t, "cfn-lint", "pip install cfn-lint")
	dir := t.TempDir()
	var paths []string
	for name, role := range packedRoles(t) {
		files, err := emit.Lookup("cloudformation").Emit(role, emit.Options{Source: "input.json"})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".yaml")
		if err := os.WriteFile(path, files[0].Data, 0o666); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	if out, err := exec.Command(lint, paths...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("cfn-lint: %v\n%s", err, out)
	}
}
