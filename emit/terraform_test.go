package emit_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"golang.org/x/text/unicode/norm"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/testdata/golden"
)

// TestTerraformNames: names are identifiers, and begin with the family.
func TestTerraformNames(t *testing.T) {
	for family, want := range map[string]string{
		"": "task_execution", "web": "web_execution", "shop-web": "shop_web_execution", "shop--web": "shop__web_execution",
		// printf %s shop_web | sha256sum
		"shop_web": "shop_web_687307ed_execution", "1st": "task_1st_e01ddf65_execution", "_a": "task__a_34fb7160_execution", "-": "task__3973e022_execution",
	} {
		role := *golden.Roles(t)["web"]
		role.Family = family
		files, err := emit.Terraform.Emit(&role, emit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if line := fmt.Sprintf("resource \"aws_iam_role\" %q {", want); !strings.Contains(string(files[0].Data), line) {
			t.Errorf("family %q: there is no line %s in\n%s", family, line, files[0].Data)
		}
	}
}

// TestTerraformPrefixes: the provider puts 26 characters behind a name_prefix, and IAM allows a role 64, a policy 128.
func TestTerraformPrefixes(t *testing.T) {
	for n := 1; n < 130; n++ {
		role := sample.Deployed(1, "a", policy.Properties{})
		role.Name, role.Family = "", strings.Repeat("a", n)
		files, err := emit.Terraform.Emit(role, emit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		prefixes := regexp.MustCompile(`name_prefix += "([^"]*)"`).FindAllSubmatch(files[0].Data, -1)
		if len(prefixes) != 2 {
			t.Fatalf("%d prefixes in\n%s", len(prefixes), files[0].Data)
		}
		for i, p := range prefixes {
			longest, whole := 64-26, role.Family+"-execution-"
			if i == 1 {
				longest, whole = 128-26, role.Family+"-TaskExecution1-"
			}
			// What fits is written as it is, and what does not fit is cut to what does.
			if got := string(p[1]); len(whole) <= longest && got != whole || len(whole) > longest && (len(got) != longest || !strings.HasSuffix(got, "-")) {
				t.Errorf("a family of %d characters has the prefix %q of %d characters", n, got, len(got))
			}
		}
	}
}

// TestTerraformOutputsWait: whoever uses an output uses a role that has all of its policies.
func TestTerraformOutputsWait(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		role := sample.Deployed(n, "a", policy.Properties{}, sample.AmazonPolicy)
		files, err := emit.Terraform.Emit(role, emit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text := string(files[0].Data)
		var want []string
		for _, m := range regexp.MustCompile(`(?m)^resource "(aws_iam_role_policy|aws_iam_role_policy_attachment)" "(\w+)"`).FindAllStringSubmatch(text, -1) {
			want = append(want, "    "+m[1]+"."+m[2]+",\n")
		}
		outputs := regexp.MustCompile(`(?ms)^output .*?^}`).FindAllString(text, -1)
		if len(want) != max(n, 1)+1 || len(outputs) != 2 {
			t.Fatalf("%d policies: %d resources, %d outputs in\n%s", n, len(want), len(outputs), text)
		}
		for _, output := range outputs {
			for _, w := range want {
				if !strings.Contains(output, w) {
					t.Errorf("%d policies: %s is not in\n%s", n, strings.TrimSpace(w), output)
				}
			}
		}
	}
}

// TestTerraformHostileStrings: a string, wherever it is written, means itself, as in IAM's own JSON; and comments are lines
// of their own in which nothing looks like an interpolation.
func TestTerraformHostileStrings(t *testing.T) {
	roles := sample.HostileRoles()
	maps.Copy(roles, sample.Roles())
	delete(roles, "made-tricky") // it has all of the strings, of which one is refused
	for name, role := range roles {
		files, err := emit.Terraform.Emit(role, emit.Options{Source: role.Family})
		if err != nil {
			if !strings.Contains(err.Error(), "NFC") || norm.NFC.IsNormalString(role.Name) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		got, want := meaning.OfTerraform(t, files), meaning.OfRole(t, "json", role)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -json +terraform\n%s\n%s", name, diff, files[0].Data)
		}
		tokens, _ := hclsyntax.LexConfig(files[0].Data, files[0].Name, hcl.InitialPos)
		comments, sources := 0, 1
		for _, token := range tokens {
			if token.Type == hclsyntax.TokenComment {
				comments++
				text := strings.NewReplacer("$${", "", "%%{", "").Replace(string(token.Bytes))
				if strings.Contains(text, "${") || strings.Contains(text, "%{") || !strings.HasPrefix(text, "# ") {
					t.Errorf("%s: the comment %q", name, token.Bytes)
				}
			}
		}
		for _, p := range role.Policies() {
			for _, s := range p.Document.Statements {
				sources += len(s.Fields())
			}
		}
		if comments != sources {
			t.Errorf("%s: %d comments for %d sources", name, comments, sources)
		}
		sample.CheckPrintable(t, files[0].Data)
	}
	if len(roles) < 100 {
		t.Errorf("only %d roles", len(roles))
	}
}

func FuzzTerraformHostileStrings(f *testing.F) {
	f.Add("$", "${a}")
	f.Add("%%{", "\\\"\n$")
	web := golden.Roles(f)["web"]
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsRune(a+b, 0) || !utf8.ValidString(a) || !utf8.ValidString(b) {
			t.Skip("no reader lets it in")
		}
		role := *web
		role.Family = a
		role.Inline = []policy.Policy{{Name: "P", Document: policy.Document{Statements: []policy.Statement{{
			Sid: "S", Actions: []string{"s3:GetObject"},
			Resources:  []policy.Value{{Text: policy.Text(a), From: []policy.Source{{Container: a, Field: b}}}, {Text: policy.Text(a) + policy.Of(policy.Region) + policy.Text(b)}},
			Conditions: []policy.Condition{{Operator: "StringEquals", Key: b, Values: policy.Values(policy.Text(b) + policy.Of(policy.AccountID))}},
		}}}}}
		files, err := emit.Terraform.Emit(&role, emit.Options{Source: b})
		if err != nil {
			if !strings.Contains(err.Error(), "NFC") || norm.NFC.IsNormalString(a) && norm.NFC.IsNormalString(b) {
				t.Error(err)
			}
			return
		}
		if diff := cmp.Diff(meaning.OfRole(t, "json", &role), meaning.OfTerraform(t, files)); diff != "" {
			t.Errorf("-json +terraform\n%s\n%s", diff, files[0].Data)
		}
	})
}
