package emit_test

import (
	"maps"
	"testing"

	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/testdata/golden"
)

// TestFormatsMeanTheSame: every format of every role means the role. The formats that need a shell or the CDK have tests of
// their own, in emit/internal. That a role means its plan is a law of package analyze.
func TestFormatsMeanTheSame(t *testing.T) {
	roles := golden.Roles(t)
	for name, role := range sample.Roles() {
		if name != "made-tricky" { // its strings are what other tests are about
			roles[name] = role
		}
	}
	maps.Copy(roles, golden.Packed(t))
	for name, role := range roles {
		t.Run(name, func(t *testing.T) {
			for _, format := range meaning.Formats() {
				got := meaning.OfRole(t, format, role)
				if len(got.Trust) == 0 || len(got.Permissions) == 0 != (len(role.Policies()) == 0) {
					t.Errorf("the test does not see the role: %+v", got)
				}
				meaning.Same(t, format, role, got)
			}
		})
	}
}
