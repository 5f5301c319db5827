// Package tool is for tests that need a program of others.
package tool

import (
	"os"
	"os/exec"
	"testing"
)

// TerraformPlugins is the variable of the environment that names a folder with the AWS provider, as terraform init
// -plugin-dir takes it. .ci/run looks for one.
const TerraformPlugins = "EXECROLE_TERRAFORM_PLUGINS"

// Require returns the path of a program. Where it is missing it skips the test and says how to install it, or fails
// where EXECROLE_TOOLS=required says that all are there.
func Require(t testing.TB, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	Missing(t, name+" is missing: "+install)
	return ""
}

// Missing skips the test for a reason that is not the project's, or fails where EXECROLE_TOOLS=required says that there
// is none.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("EXECROLE_TOOLS") == "required" {
		t.Fatalf("EXECROLE_TOOLS=required, and %s", reason)
	}
	t.Skip(reason)
}
