package shell

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/meaning"
)

func newAccount() *account {
	return &account{Account: meaning.Environment.Account, Region: meaning.Environment.Region}
}

// script writes a role as a script into a file.
func script(t testing.TB, role *policy.Role) string {
	t.Helper()
	files, err := meaning.Emit("aws-cli", role)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "role.sh")
	if err := os.WriteFile(path, files[0].Data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a script in the account, and returns what it prints and says.
func (a *account) run(t testing.TB, sh *process, path string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	a.Calls = nil
	return sh.run(t, a, path, args...)
}

// mustRun runs a script that has to do what it is there for, and returns the role and what the script says.
func (a *account) mustRun(t testing.TB, sh *process, path string, args ...string) (*stubRole, string) {
	t.Helper()
	stdout, stderr, status := a.run(t, sh, path, args...)
	if status != 0 {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	for _, r := range a.Roles {
		if stdout == r.Arn+"\n" {
			return r, stderr
		}
	}
	t.Fatalf("the script prints %q, and the roles are %q", stdout, slices.Collect(maps.Keys(a.Roles)))
	return nil, ""
}

// writes are the calls that changed something, and did not put there what was there before.
func (a *account) writes() []string {
	var list []string
	for _, call := range a.Calls {
		switch call {
		case "sts get-caller-identity", "iam get-role", "iam get-policy", "iam list-attached-role-policies", "iam list-role-policies",
			"iam update-assume-role-policy", "iam update-role", "iam put-role-policy", "iam tag-role":
		default:
			list = append(list, call)
		}
	}
	return list
}

// scriptMeaning runs a script twice, and returns what the role means then. The second run has to change nothing.
func scriptMeaning(t testing.TB, sh *process, role *policy.Role) meaning.Meaning {
	path := script(t, role)
	a := newAccount()
	r, _ := a.mustRun(t, sh, path)
	m := a.meaning(t, r)
	if role.Name == "" {
		// Package emit tests the names that roles get.
		if len(m.Name) > policy.MaxRoleName || len(m.Name) < policy.MaxRoleName && !strings.HasSuffix(m.Name, "-execution-"+meaning.Environment.Region) {
			t.Errorf("the role has the name %s", m.Name)
		}
		m.Name = ""
	}
	a.unchangedBy(t, sh, path)
	return m
}

// unchangedBy runs a script that has nothing to do.
func (a *account) unchangedBy(t testing.TB, sh *process, path string, args ...string) {
	t.Helper()
	before, err := json.Marshal([]any{a.Roles, a.Policies})
	if err != nil {
		t.Fatal(err)
	}
	_, said := a.mustRun(t, sh, path, args...)
	after, _ := json.Marshal([]any{a.Roles, a.Policies})
	if diff := cmp.Diff(string(before), string(after)); diff != "" || a.writes() != nil || said != "" {
		t.Errorf("a second run does something: calls %q, said %q, (-first +second):\n%s", a.writes(), said, diff)
	}
}

// meaning returns what a role means. Its tags of execrole's own have to be there, and are left out.
func (a *account) meaning(t testing.TB, r *stubRole) meaning.Meaning {
	t.Helper()
	m := meaning.Meaning{Name: r.Arn[strings.LastIndexByte(r.Arn, '/')+1:]}
	decode := func(s string) (v any) {
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	m.Trust = meaning.Sorted(meaning.PolicyLines(t, decode(r.Trust)))
	for _, document := range r.Inline {
		m.Permissions = append(m.Permissions, meaning.PolicyLines(t, decode(document))...)
	}
	left := maps.Clone(a.Policies)
	for _, arn := range r.Attached {
		p := a.Policies[arn]
		if p == nil {
			m.Attached = append(m.Attached, arn)
			continue
		}
		delete(left, arn)
		for _, v := range p.Versions {
			if v.ID == p.Default {
				m.Permissions = append(m.Permissions, meaning.PolicyLines(t, decode(v.Document))...)
			}
		}
	}
	if len(left) > 0 {
		t.Errorf("policies that the role does not have: %v", left)
	}
	m.Permissions = meaning.Sorted(m.Permissions)
	if r.Path != "/" {
		m.Set(t, "Path", r.Path)
	}
	if r.Description != "" {
		m.Set(t, "Description", r.Description)
	}
	if r.Boundary != "" {
		m.Set(t, "PermissionsBoundary", r.Boundary)
	}
	if r.MaxSessionDuration != 3600 {
		m.Set(t, "MaxSessionDuration", float64(r.MaxSessionDuration))
	}
	tags(t, &m, r.Tags)
	return m
}

// tags notes the tags of a role that a script made.
func tags(t testing.TB, m *meaning.Meaning, tags []policy.Tag) {
	t.Helper()
	own := map[string]string{}
	for _, tag := range tags {
		if strings.HasPrefix(tag.Key, "execrole:") {
			own[tag.Key] = tag.Value
		} else {
			m.Set(t, "Tags", []any{map[string]any{"Key": tag.Key, "Value": tag.Value}})
		}
	}
	want := map[string]string{"execrole:family": own["execrole:family"], "execrole:region": meaning.Environment.Region}
	if m.Attached != nil {
		want["execrole:attached"] = strings.Join(m.Attached, " ")
	}
	if diff := cmp.Diff(want, own); diff != "" || own["execrole:family"] == "" {
		t.Errorf("the script's own tags (-want +got):\n%s", diff)
	}
}
