package meaning

import (
	"maps"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/testdata/golden"
)

// Roles returns all roles that tests write, those with hostile strings among them.
func Roles(t testing.TB) map[string]*policy.Role {
	t.Helper()
	roles := golden.Roles(t)
	maps.Copy(roles, sample.Roles())
	maps.Copy(roles, golden.Packed(t))
	maps.Copy(roles, sample.HostileRoles())
	return roles
}
