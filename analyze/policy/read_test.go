package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/execrole/execrole/analyze/tree"
)

// managedPolicies is a folder with documents of AWS's managed policies, which is not a part of the project.
const managedPolicies = "../../../shared/managed-policies/*.json"

// managedPolicyFile is one of its files.
type managedPolicyFile struct {
	ARN        string
	Version    string
	UpdateDate string
	Document   json.RawMessage
}

// eachManagedPolicy calls test for every managed policy in the folder.
func eachManagedPolicy(t *testing.T, test func(t *testing.T, name string, file managedPolicyFile)) {
	t.Helper()
	paths, err := filepath.Glob(managedPolicies)
	if err != nil || len(paths) == 0 {
		t.Skipf("AWS's managed policies are not beside the project: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var file managedPolicyFile
			if err := json.Unmarshal(src, &file); err != nil {
				t.Fatal(err)
			}
			test(t, name, file)
		})
	}
}

// TestReadManagedPolicies reads what AWS writes, and compares it with another reader of JSON.
func TestReadManagedPolicies(t *testing.T) {
	eachManagedPolicy(t, func(t *testing.T, name string, file managedPolicyFile) {
		got, problems := ReadDocument(name, file.Document)
		if problems != nil {
			t.Fatal(problems)
		}
		var want struct{ Statement []map[string]any }
		if err := json.Unmarshal(file.Document, &want); err != nil {
			t.Fatal(err)
		}
		if len(got.Statements) != len(want.Statement) {
			t.Fatalf("%d statements, want %d", len(got.Statements), len(want.Statement))
		}
		lines := strings.Split(string(file.Document), "\n")
		for i, s := range got.Statements {
			w := want.Statement[i]
			for element, has := range map[string][]string{
				"Effect": {s.Effect.String()}, "Action": s.Actions, "NotAction": s.NotActions,
				"Resource": stringsOf(s.Resources), "NotResource": stringsOf(s.NotResources),
			} {
				if diff := cmp.Diff(listOf(w[element]), has, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("statement %d, %s: -want +got\n%s", i, element, diff)
				}
			}
			conditions := map[string]any{}
			for _, c := range s.Conditions {
				keys, _ := conditions[c.Operator].(map[string]any)
				if keys == nil {
					keys = map[string]any{}
				}
				keys[c.Key], conditions[c.Operator] = stringsOf(c.Values), keys
			}
			wanted := map[string]any{}
			operators, _ := w["Condition"].(map[string]any)
			for operator, keys := range operators {
				all := map[string]any{}
				for key, values := range keys.(map[string]any) {
					all[key] = listOf(values)
				}
				wanted[operator] = all
			}
			if diff := cmp.Diff(wanted, conditions); diff != "" {
				t.Errorf("statement %d, Condition: -want +got\n%s", i, diff)
			}
			if at := lines[s.Place.Line-1][s.Place.Column-1:]; s.Place.File != name || !strings.HasPrefix(at, "{") {
				t.Errorf("statement %d has the place %v, which is %q", i, s.Place, at)
			}
		}
	})
}

func listOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, s := range v {
			list = append(list, s.(string))
		}
		return list
	}
	return nil
}

func stringsOf(values []Value) []string {
	var list []string
	for _, v := range values {
		list = append(list, v.String())
	}
	return list
}

// TestManagedPolicyIsAWS compares the managed policy that the project has with the policy itself.
func TestManagedPolicyIsAWS(t *testing.T) {
	found := false
	eachManagedPolicy(t, func(t *testing.T, name string, file managedPolicyFile) {
		p := ECSTaskExecutionRolePolicy()
		if name != p.Name {
			return
		}
		found = true
		document, _ := ReadDocument("", file.Document)
		if diff := cmp.Diff(document, p.Document, cmpopts.IgnoreFields(Statement{}, "Place")); diff != "" {
			t.Errorf("-AWS +here\n%s", diff)
		}
		if arn := p.ARN("aws"); string(arn) != file.ARN || p.Version != file.Version || !strings.HasPrefix(file.UpdateDate, p.Date+"T") {
			t.Errorf("%s %s of %s; want %s %s of %s", arn, p.Version, p.Date, file.ARN, file.Version, file.UpdateDate)
		}
	})
	if !found && !t.Skipped() {
		t.Error("the folder does not have the policy")
	}
}

func TestReadDocument(t *testing.T) {
	const src = `{"Version": "2012-10-17", "Id": "x", "Statement": {
	"Sid": "A", "Effect": "Deny", "Principal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:role/${a}"], "Service": "s3.amazonaws.com"},
	"NotAction": "s3:*", "NotResource": ["arn:aws:s3:::b/*"],
	"Condition": {"Bool": {"aws:SecureTransport": false}, "NumericLessThan": {"aws:x": [1, "2.0"]}, "StringEquals": {"aws:y": []}}}}`
	got, problems := ReadDocument("p.json", []byte(src))
	want := Document{Version, []Statement{{
		Sid: "A", Effect: Deny, NotActions: []string{"s3:*"}, NotResources: Values("arn:aws:s3:::b/*"),
		Principals: []Principal{{AWSPrincipal, []Text{"111122223333", "arn:aws:iam::111122223333:role/${a}"}}, {ServicePrincipal, []Text{"s3.amazonaws.com"}}},
		Conditions: []Condition{{"Bool", "aws:SecureTransport", Values("false")}, {"NumericLessThan", "aws:x", Values("1", "2.0")}, {"StringEquals", "aws:y", Values()}},
		Place:      tree.Place{File: "p.json", Line: 1, Column: 51, Offset: 50, Pointer: "/Statement"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" || problems != nil {
		t.Errorf("problems %v; -want +got\n%s", problems, diff)
	}
	old, problems := ReadDocument("", []byte(`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": [], "Condition": {}}]}`))
	want = Document{"2008-10-17", []Statement{{Principals: []Principal{{Type: AnyPrincipal}}, Actions: []string{}}}}
	if diff := cmp.Diff(want, old, cmpopts.IgnoreFields(Statement{}, "Place")); diff != "" || problems != nil {
		t.Errorf("problems %v; -want +got\n%s", problems, diff)
	}
}

func TestReadDocumentProblems(t *testing.T) {
	const ok = `"Effect": "Allow", "Action": "a:b", "Resource": "*"`
	for _, tt := range []struct{ src, want string }{
		{`[]`, `p:1:1: a policy document is a list; IAM wants an object`},
		{`{"Version": "2012-10-17"}`, `p:1:1: the policy document has no Statement`},
		{`{"Statement": [], "version": "2012-10-17"}`, `p:1:30: unknown element "version": is Version meant?`},
		{`{"Statement": [], "Comment": ""}`, `p:1:30: unknown element "Comment"; IAM knows Version, Id, Statement here`},
		{`{"Statement": [], "Version": "2012-10-18"}`, `p:1:30: Version "2012-10-18": IAM knows 2012-10-17 and 2008-10-17`},
		{`{"Statement": [], "Version": 1, "Id": 2}`, `p:1:30: Version is a number; IAM wants a string|p:1:39: Id is a number; IAM wants a string`},
		{`{"Statement": "x"}`, `p:1:15: a statement is a string; IAM wants an object`},
		{`{"Statement": {` + ok + `, "Resources": "*"}}`, `p:1:82: unknown element "Resources": is Resource meant?`},
		{`{"Statement": {` + ok + `, "NotPrincipal": "*"}}`, `p:1:85: NotPrincipal: execrole does not read it; IAM takes it in no policy of a role`},
		{`{"Statement": {"Sid": 1, "Effect": "allow", "Action": "a:b"}}`, `p:1:23: Sid is a number; IAM wants a string|p:1:36: Effect "allow": IAM knows Allow and Deny`},
		{`{"Statement": {"Resource": "*"}}`, `p:1:15: the statement has no Effect|p:1:15: a statement has either Action or NotAction`},
		{`{"Statement": {` + ok + `, "NotAction": "c:d", "NotResource": "x"}}`, `p:1:15: a statement has either Action or NotAction|p:1:15: a statement has either Resource or NotResource`},
		{`{"Statement": {"Effect": null, "Action": ["a:b", 1]}}`, `p:1:26: Effect is null; IAM wants a string|p:1:50: Action is a number; IAM wants a string`},
		{`{"Statement": {` + ok + `, "Principal": "x"}}`, `p:1:82: Principal, if it is not "*", is a string; IAM wants an object`},
		{`{"Statement": {` + ok + `, "Principal": {"AWs": "x"}}}`, `p:1:90: unknown element "AWs": is AWS meant?`},
		{`{"Statement": {` + ok + `, "Condition": "x"}}`, `p:1:82: Condition is a string; IAM wants an object`},
		{`{"Statement": {` + ok + `, "Condition": {"Bool": "x"}}}`, `p:1:91: operator "Bool" is a string; IAM wants an object`},
		{`{"Statement": {` + ok + `, "Condition": {"Bool": {"a": [null]}}}}`, `p:1:98: a is null; IAM wants a string`},
		{`{"Statement": {` + ok + `, "Action": "c:d"}}`, `p:1:69: "Action" is here a second time; the first one is at 1:35`},
		{strings.Repeat("x", tree.MaxSize+1), `p: the input has more than 16 MiB, and execrole reads no more`},
	} {
		_, problems := ReadDocument("p", []byte(tt.src))
		var got []string
		for _, p := range problems {
			got = append(got, p.At.String()+": "+p.Message)
		}
		if diff := cmp.Diff(strings.Split(tt.want, "|"), got); diff != "" {
			t.Errorf("%.200s\n-want +got\n%s", tt.src, diff)
		}
	}
}
