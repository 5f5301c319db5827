// Package terraform lets terraform read the files of the format of that name.
package terraform

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/emit/internal/tool"
)

// TestFmt: terraform fmt leaves every file alone.
func TestFmt(t *testing.T) {
	terraform := tool.Require(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	dir := t.TempDir()
	n := 0
	roles := meaning.Roles(t)
	roles["made-inputs"] = sample.Inputs()
	for name, role := range roles {
		files, err := emit.Terraform.Emit(role, emit.Options{Source: name})
		if err != nil {
			if !strings.Contains(err.Error(), "NFC") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name+".tf"), files[0].Data, 0o666); err != nil {
			t.Fatal(err)
		}
		n++
	}
	cmd := exec.Command(terraform, "fmt", "-check", "-diff", "-list=true", dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil || len(out) > 0 {
		t.Errorf("terraform fmt: %v\n%s%s", err, out, stderr.String())
	}
	if n < 300 {
		t.Errorf("only %d files", n)
	}
}
