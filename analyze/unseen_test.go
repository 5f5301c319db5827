package analyze_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/testdata/golden"
)

// TestUnseenOfFargate: GuardDuty's agent comes to tasks that may run on Fargate.
func TestUnseenOfFargate(t *testing.T) {
	for compatibilities, want := range map[string]bool{``: true, `"requiresCompatibilities": ["EC2", "FARGATE"],`: true, `"requiresCompatibilities": ["EC2"],`: false} {
		plan, err := golden.Plan([]byte(`{`+compatibilities+`"containerDefinitions": [{"name": "a", "image": "nginx"}]}`), analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := slices.ContainsFunc(plan.Unseen, func(u analyze.Unseen) bool { return strings.Contains(u.What, "GuardDuty") })
		if got != want {
			t.Errorf("%s: GuardDuty is among what cannot be seen: %v, want %v", compatibilities, got, want)
		}
	}
}
