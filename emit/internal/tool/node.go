package tool

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// NodeModules returns a new folder in which npm has installed what the package.json of a folder asks for, by its
// package-lock.json.
func NodeModules(t testing.TB, folder string) string {
	t.Helper()
	npm := Require(t, "npm", "https://nodejs.org")
	dir := t.TempDir()
	for _, file := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		Missing(t, fmt.Sprintf("npm could not install what %s asks for: %v\n%s", folder, err, out))
	}
	return dir
}
