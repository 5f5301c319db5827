package emit_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
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

// TestCDKGoIsFormatted: gofmt would change nothing, although nothing formats the files.
func TestCDKGoIsFormatted(t *testing.T) {
	roles := golden.Roles(t)
	maps.Copy(roles, golden.Packed(t))
	maps.Copy(roles, sample.Roles())
	maps.Copy(roles, sample.HostileRoles())
	maps.Copy(roles, sample.Asking())
	formatted := 0
	for name, role := range roles {
		files, err := emit.CDKGo.Emit(role, emit.Options{Source: name})
		if err != nil {
			continue // the CDK cannot have these strings
		}
		for _, f := range files[:2] {
			src, err := format.Source(f.Data)
			if err != nil {
				t.Fatalf("%s: %s: %v\n%s", name, f.Name, err, f.Data)
			}
			if diff := cmp.Diff(string(src), string(f.Data)); diff != "" {
				t.Errorf("%s: %s: -gofmt +written\n%s", name, f.Name, diff)
			}
			formatted++
		}
	}
	if formatted < 600 {
		t.Errorf("only %d files", formatted)
	}
}

// resourcePolicies writes what other accounts have to allow, and returns the files by the end of their names.
func resourcePolicies(t *testing.T, role *policy.Role) map[string][]byte {
	t.Helper()
	files, err := emit.WithResourcePolicies(make([]emit.File, 1), sample.In(meaning.Environment, role))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string][]byte{}
	for _, f := range files[1:] {
		if f.Write == emit.Remove {
			continue
		}
		_, end, _ := strings.Cut(f.Name, "-execution-")
		if named[end] != nil {
			t.Errorf("two files have the name %s", f.Name)
		}
		named[end] = f.Data
	}
	if len(named) != len(role.ResourcePolicies) {
		t.Errorf("%d files for %d resource policies", len(named), len(role.ResourcePolicies))
	}
	return named
}

// TestResourcePolicyFiles: each file means the resource policy of its name, which has the account and the service, and from
// the second one of these on a number.
func TestResourcePolicyFiles(t *testing.T) {
	roles := golden.Roles(t)
	roles["made-several"] = sample.Shared()
	read := 0
	for name, role := range roles {
		files := resourcePolicies(t, role)
		number := map[string]int{}
		for _, share := range role.ResourcePolicies {
			file := share.Account + "-" + share.Service
			if number[file]++; number[file] > 1 {
				file += fmt.Sprint("-", number[file])
			}
			file += ".json"
			var document any
			if err := json.Unmarshal(files[file], &document); err != nil {
				t.Fatalf("%s: %s: %v", name, file, err)
			}
			want, got := meaning.DocumentLines(role, share.Document), meaning.Sorted(meaning.PolicyLines(t, document))
			if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
				t.Errorf("%s: %s (-resource policy +file):\n%s", name, file, diff)
			}
			read++
		}
	}
	if read < 15 {
		t.Errorf("only %d files were read", read)
	}
}

// TestDocumentsCanBeRead: the reader of policy documents reads every document that the format json writes, and the format
// writes the same bytes of what was read.
func TestDocumentsCanBeRead(t *testing.T) {
	roles := golden.Roles(t)
	maps.Copy(roles, golden.Packed(t))
	maps.Copy(roles, sample.Roles())
	maps.Copy(roles, sample.HostileRoles())
	// Roles that execrole makes deny nothing. Those that exist may have every element.
	elements := *sample.Web()
	elements.Inline = []policy.Policy{{Name: "P", Document: policy.Document{Version: "2008-10-17", Statements: []policy.Statement{
		{Effect: policy.Deny, NotActions: []string{"s3:*"}, NotResources: policy.Values("a", "b")},
		{Principals: []policy.Principal{{Type: policy.AnyPrincipal}}, Actions: []string{"a:b", "c:d"}, Resources: policy.Values("*")},
		{Principals: []policy.Principal{{Type: policy.AWSPrincipal, IDs: []policy.Text{"1", "2"}}, {Type: policy.FederatedPrincipal, IDs: []policy.Text{"3"}}}, Actions: []string{"a:b"}},
	}}}}
	roles["made-elements"] = &elements
	read := 0
	for name, role := range roles {
		files, err := meaning.Emit("json", role)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, f := range files {
			if f.Write == emit.Remove || strings.HasSuffix(f.Name, "-role.json") || strings.Contains(f.Name, "-attach") {
				continue
			}
			document, problems := policy.ReadDocument(f.Name, f.Data)
			if problems != nil {
				t.Fatalf("%s: %s: %v\n%s", name, f.Name, problems, f.Data)
			}
			again, err := emit.IAMJSON.Emit(&policy.Role{Inline: []policy.Policy{{Document: document}}}, emit.Options{MainOnly: true})
			if err != nil {
				t.Fatalf("%s: %s: %v", name, f.Name, err)
			}
			if diff := cmp.Diff(string(f.Data), string(again[0].Data)); diff != "" {
				t.Errorf("%s: %s: -written +read and written again\n%s", name, f.Name, diff)
			}
			read++
		}
	}
	if read < 600 {
		t.Errorf("only %d documents", read)
	}
}
