package meaning

import (
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
)

// TaskRoles returns the roles of the task definitions in a template that have none.
func TaskRoles(t testing.TB, name string, src []byte) (roles []emit.TaskRole) {
	t.Helper()
	doc, _, _ := tree.Read(name, src)
	plans, _ := analyze.Read(name, src, analyze.Options{Conditions: true})
	for _, plan := range analyze.Join(plans) {
		if plan.Err() != nil || plan.Name == "" || len(plan.RoleAt) == 0 {
			continue
		}
		if doc.Root.Find(plan.RoleAt[0]+"/ExecutionRoleArn", (*tree.Node).Member) != nil {
			continue
		}
		role, err := plan.Role(policy.Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		roles = append(roles, emit.TaskRole{Task: plan.Name, Role: role, At: plan.RoleAt})
	}
	return roles
}
