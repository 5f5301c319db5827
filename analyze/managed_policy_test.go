package analyze

import (
	"slices"
	"testing"
)

// TestManagedPolicyGrantsWhole: a grant is the managed policy's as a whole or not at all, so that nothing of it is
// written that is granted already.
func TestManagedPolicyGrantsWhole(t *testing.T) {
	whole := 0
	for _, rule := range Rules() {
		for _, g := range rule.Grants {
			granted := 0
			for _, a := range g.Actions {
				if slices.Contains(managedPolicyActions, a.Name) {
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
