package emit

import (
	"os"
	"os/exec"
	"testing"
)

// WantTrustJSON is the trust policy of every role, for the tests outside of this package.
const WantTrustJSON = wantTrustJSON

// RequireTool returns the path of a program that a test needs. Without it the test is skipped, or fails
// where EXECROLE_TOOLS=required says that all are there.
func RequireTool(t testing.TB, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("EXECROLE_TOOLS") == "required" {
		t.Fatalf("%s is missing, and EXECROLE_TOOLS=required", name)
	}
	t.Skipf("%s is missing: %s", name, install)
	return ""
}
