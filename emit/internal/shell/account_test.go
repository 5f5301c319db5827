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

// newAccount returns the account of meaning.Environment, with a CLI that has its region.
func newAccount() *account {
	env := meaning.Environment
	return &account{Account: env.Account, Partition: env.Partition, Region: env.Region, Profile: env.Region}
}

// script writes a role as a script into a file. The script knows nothing of the environment.
func script(t testing.TB, role *policy.Role) string {
	t.Helper()
	return scriptIn(t, policy.Environment{}, role)
}

// scriptIn writes a role as a script for an environment.
func scriptIn(t testing.TB, env policy.Environment, role *policy.Role) string {
	t.Helper()
	files, err := meaning.EmitIn("aws-cli", role, env)
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
	a.Calls, a.Regionless = nil, regionless(t, path)
	return sh.run(t, a, path, args...)
}

// regionless reports whether a script needs no region.
func regionless(t testing.TB, path string) bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(data), "\nregion=''\nneeds_region=no\n")
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
		case "configure get", "sts get-caller-identity", "iam get-role", "iam get-policy", "iam list-policies", "iam list-attached-role-policies", "iam list-role-policies",
			"iam update-assume-role-policy", "iam update-role", "iam put-role-policy", "iam tag-role":
		default:
			list = append(list, call)
		}
	}
	return list
}

// scriptMeaning runs a script for an environment twice, and returns what the role means then. The second run has to
// change nothing.
func scriptMeaning(t testing.TB, sh *process, env policy.Environment, role *policy.Role) meaning.Meaning {
	path := scriptIn(t, env, role)
	a := newAccount()
	r, _ := a.mustRun(t, sh, path)
	m := a.meaning(t, r)
	if role.Name == "" {
		// Package emit tests the names that roles get.
		if len(m.Name) > policy.MaxRoleName || !strings.HasSuffix(m.Name, "-execution-"+meaning.Environment.Region) {
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
	before := a.contents(t)
	_, said := a.mustRun(t, sh, path, args...)
	if diff := cmp.Diff(before, a.contents(t)); diff != "" || a.writes() != nil || said != "" {
		t.Errorf("a second run does something: calls %q, said %q, (-first +second):\n%s", a.writes(), said, diff)
	}
}

// contents returns what is in an account, as JSON. The order of tags and of policies means nothing.
func (a *account) contents(t testing.TB) string {
	t.Helper()
	b := a.clone(t)
	byKey := func(x, y policy.Tag) int { return strings.Compare(x.Key, y.Key) }
	for _, r := range b.Roles {
		slices.SortFunc(r.Tags, byKey)
		slices.Sort(r.Attached)
	}
	for _, p := range b.Policies {
		slices.SortFunc(p.Tags, byKey)
	}
	data, err := json.MarshalIndent([]any{b.Roles, b.Policies}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// withoutVersions returns an account in which each managed policy has its default version alone, as the first one: a run
// that was stopped may have made one more.
func (a *account) withoutVersions(t testing.TB) *account {
	t.Helper()
	b := a.clone(t)
	for _, p := range b.Policies {
		at := slices.IndexFunc(p.Versions, func(v stubVersion) bool { return v.ID == p.Default })
		for i, tag := range p.Tags {
			if mark, ok := strings.CutPrefix(tag.Value, p.Default+":"); ok {
				p.Tags[i].Value = "v1:" + mark
			}
		}
		p.Default, p.Made, p.Versions = "v1", 1, []stubVersion{{"v1", p.Versions[at].Document}}
	}
	return b
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
	region := a.Region
	if a.Regionless {
		region = ""
	}
	tags(t, &m, r.Tags, region)
	return m
}

// tags notes the tags of a role that a script made.
func tags(t testing.TB, m *meaning.Meaning, tags []policy.Tag, region string) {
	t.Helper()
	own := map[string]string{}
	for _, tag := range tags {
		if strings.HasPrefix(tag.Key, "execrole:") {
			own[tag.Key] = tag.Value
		} else {
			m.Set(t, "Tags", []any{map[string]any{"Key": tag.Key, "Value": tag.Value}})
		}
	}
	want := map[string]string{"execrole:family": own["execrole:family"], "execrole:region": region}
	if m.Attached != nil {
		want["execrole:attached"] = strings.Join(m.Attached, " ")
	}
	if diff := cmp.Diff(want, own); diff != "" || own["execrole:family"] == "" {
		t.Errorf("the script's own tags (-want +got):\n%s", diff)
	}
}
