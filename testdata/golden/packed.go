package golden

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// decrypt is what the encryption of a secret with a key of one's own asks for: a condition a secret.
var decrypt = &analyze.Grant{Sid: "Decrypt", Actions: []analyze.Action{{Name: "kms:Decrypt", Strength: analyze.Documented}}, Agent: "1.0.0"}

// ManySecrets returns the plan of a task with n secrets, half of them parameters, forwards or backwards; with key,
// all of them are encrypted with one key.
func ManySecrets(t testing.TB, n int, key, backwards bool) *analyze.Plan {
	t.Helper()
	plan, err := Plan([]byte(ManySecretsSource(n, backwards)), analyze.Options{})
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
				{Operator: "StringEquals", Key: "kms:ViaService", Values: policy.Values(policy.Text(service + ".eu-west-1.amazonaws.com"))},
				{Operator: "StringLike", Key: "kms:EncryptionContext:" + context, Values: policy.Values(r.Resource)},
			}
			r.Grant, r.Actions, r.Match = decrypt, decrypt.Actions, analyze.Exact
			r.Resource = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1234-1234-1234-0a1b2c3d4e5f"
			plan.Requirements = append(plan.Requirements, r)
		}
	}
	return plan
}

// ManySecretsSource returns the task definition of ManySecrets.
func ManySecretsSource(n int, backwards bool) string {
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
	{1, false, 0}, {60, false, 0}, {100, false, 0}, {150, false, 3}, {400, false, 7}, {2000, false, -1},
	{1, true, 0}, {60, true, 2}, {100, true, 4}, {200, true, 7}, {400, true, -1}, {2000, true, -1},
}

// Packed returns the roles of the cases that give one, by names such as "packed-100-key".
func Packed(t testing.TB) map[string]*policy.Role {
	t.Helper()
	roles := map[string]*policy.Role{}
	for _, c := range packedCases {
		name := fmt.Sprintf("packed-%d", c.secrets)
		if c.key {
			name += "-key"
		}
		role, err := ManySecrets(t, c.secrets, c.key, false).Role(policy.Options{})
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
