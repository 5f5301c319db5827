package analyze

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// TestManagedPolicyIsAWS compares what the managed policy is said to allow with the policy itself.
func TestManagedPolicyIsAWS(t *testing.T) {
	text, err := os.ReadFile("../../shared/managed-policies/" + managedPolicyName + ".json")
	if err != nil {
		t.Skipf("AWS's managed policies are not beside the project: %v", err)
	}
	var file struct {
		ARN      string
		Document struct {
			Statement []struct {
				Effect, Resource string
				Action           []string
				Condition        any
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:iam::aws:policy/service-role/" + managedPolicyName; file.ARN != want {
		t.Errorf("the policy is %s, want %s", file.ARN, want)
	}
	statements := file.Document.Statement
	if len(statements) != 1 || statements[0].Effect != "Allow" || statements[0].Resource != "*" || statements[0].Condition != nil {
		t.Fatalf("the policy is no longer one statement on everything: %+v", statements)
	}
	if got := managedPolicyActions[:]; !slices.Equal(got, statements[0].Action) {
		t.Errorf("the policy allows %v, and the rule says %v", statements[0].Action, got)
	}
}

// TestManagedPolicyGrantsWhole: a grant is the managed policy's as a whole or not at all, so that nothing of it is
// written that is granted already.
func TestManagedPolicyGrantsWhole(t *testing.T) {
	whole := 0
	for _, rule := range Rules() {
		for _, g := range rule.Grants {
			granted := 0
			for _, a := range g.Actions {
				if slices.Contains(managedPolicyActions[:], a.Name) {
					granted++
				}
			}
			switch granted {
			case 0:
			case len(g.Actions):
				whole++
			default:
				t.Errorf("rule %s: of the grant %s the managed policy has %d of %d actions", rule.ID, g.Sid, granted, len(g.Actions))
			}
		}
	}
	if whole < 3 {
		t.Errorf("the managed policy grants only %d of all grants", whole)
	}
}
