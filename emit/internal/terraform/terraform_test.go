// Package terraform lets terraform read the files of the format of that name, and execrole the plans that terraform makes.
package terraform

import (
	"maps"
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

// TestValidate: one module with the files of all roles is valid, and terraform has no warning about it.
func TestValidate(t *testing.T) {
	terraform := tool.Require(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	plugins := os.Getenv(tool.TerraformPlugins)
	if plugins == "" {
		t.Skip("the AWS provider is missing: " + tool.TerraformPlugins + " names no folder for terraform init -plugin-dir")
	}
	dir := t.TempDir()
	roles := meaning.Roles(t)
	maps.Copy(roles, sample.Asking())
	roles["made_inputs"] = sample.Inputs() // names in Terraform have no hyphens
	n := 0
	for name, role := range roles {
		if strings.HasPrefix(name, "hostile-") {
			continue // made of strings that IAM does not take, which the provider checks too
		}
		one := *role
		one.Family = name // names in a module begin with the family
		files, err := emit.Terraform.Emit(&one, emit.Options{Source: name})
		if err != nil {
			continue // TestFmt looks at the reason
		}
		if err := os.WriteFile(filepath.Join(dir, name+".tf"), files[0].Data, 0o666); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n < 200 {
		t.Errorf("only %d files", n)
	}
	for _, args := range [][]string{{"init", "-backend=false", "-input=false", "-no-color", "-plugin-dir=" + plugins}, {"validate", "-json"}} {
		cmd := exec.Command(terraform, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("terraform %s: %v\n%.4000s", args[0], err, out)
		}
		if args[0] == "validate" && !strings.Contains(string(out), `"warning_count": 0`) {
			t.Errorf("terraform validate:\n%.4000s", out)
		}
	}
}

// TestFmt: terraform fmt leaves every file alone.
func TestFmt(t *testing.T) {
	terraform := tool.Require(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	dir := t.TempDir()
	n := 0
	roles := meaning.Roles(t)
	maps.Copy(roles, sample.Asking())
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
