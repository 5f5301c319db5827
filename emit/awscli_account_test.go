package emit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// account is what testdata/aws keeps of an account.
type account struct {
	Account, Region string
	Roles           map[string]*stubRole
	Policies        map[string]*stubPolicy
	Calls           []string
	Fail            int
}

type stubRole struct {
	Arn, Path, Description, Boundary, Trust string
	MaxSessionDuration                      float64
	Tags                                    []policy.Tag
	Inline                                  map[string]string
	Attached                                []string
}

type stubPolicy struct {
	Default  string
	Versions []struct{ ID, Document string }
	Made     int
	Tags     []policy.Tag
}

// stub is the folder of the command that stands in for the AWS CLI. It is built once; TestMain removes it.
var stub = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "execrole-aws-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(dir, "aws"), "./testdata/aws").CombinedOutput()
	if err != nil {
		err = errors.Join(err, errors.New(string(out)))
	}
	stubDir = dir
	return dir, err
})

var stubDir string

func TestMain(m *testing.M) {
	status := m.Run()
	if stubDir != "" {
		os.RemoveAll(stubDir)
	}
	os.Exit(status)
}

func newAccount() *account { return &account{Account: resolveAs.Account, Region: resolveAs.Region} }

// script writes a role as a script into a file.
func script(t testing.TB, role *policy.Role) string {
	t.Helper()
	files, err := emit.Lookup("aws-cli").Emit(role, emit.Options{Source: "input.json", Values: resolveAs.Values()})
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
func (a *account) run(t testing.TB, shell, path string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	dir, err := stub()
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state.json")
	a.Calls = nil
	data, err := json.Marshal(a)
	if err == nil {
		err = os.WriteFile(state, data, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	words := append(strings.Fields(shell), path)
	cmd := exec.Command(words[0], append(words[1:], args...)...)
	cmd.Env = []string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "STUB_STATE=" + state}
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	data, readErr := os.ReadFile(state)
	if readErr == nil {
		*a = account{}
		readErr = json.Unmarshal(data, a)
	}
	if readErr != nil {
		t.Fatal(readErr)
	}
	return out.String(), said.String(), err
}

// mustRun runs a script that has to do what it is there for, and returns the role and what the script says.
func (a *account) mustRun(t testing.TB, path string, args ...string) (*stubRole, string) {
	t.Helper()
	stdout, stderr, err := a.run(t, "sh", path, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
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

// scriptMeaning runs a script, and tells the role that is there then. Scripts that do more than most, and every eighth
// of the others, run a second time, which has to change nothing: a run starts some thirty processes, which is what
// takes the time of these tests.
func scriptMeaning(t testing.TB, files []emit.File) meaning {
	data := files[0].Data
	more := bytes.Contains(data, []byte("managed_policy \"$1\" '")) || !bytes.Contains(data, []byte("\nattached=''\n")) || !bytes.Contains(data, []byte("\nboundary=''\n"))
	again := more || crc32.ChecksumIEEE(data)%8 == 0
	if testing.Short() && !again {
		t.(*testing.T).Skip("every script starts some thirty processes")
	}
	path := filepath.Join(t.TempDir(), "role.sh")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	a := newAccount()
	r, _ := a.mustRun(t, path)
	m := a.meaning(t, r)
	if again {
		a.unchangedBy(t, path)
	}
	return m
}

// unchangedBy runs a script that has nothing to do.
func (a *account) unchangedBy(t testing.TB, path string, args ...string) {
	t.Helper()
	before, err := json.Marshal([]any{a.Roles, a.Policies})
	if err != nil {
		t.Fatal(err)
	}
	_, said := a.mustRun(t, path, args...)
	after, _ := json.Marshal([]any{a.Roles, a.Policies})
	if diff := cmp.Diff(string(before), string(after)); diff != "" || a.writes() != nil || said != "" {
		t.Errorf("a second run does something: calls %q, said %q, (-first +second):\n%s", a.writes(), said, diff)
	}
}

// meaning tells the role. Its tags of execrole's own have to be there and are left out, and so is the name that it has
// where none is given.
func (a *account) meaning(t testing.TB, r *stubRole) meaning {
	t.Helper()
	m := meaning{Name: r.Arn[strings.LastIndexByte(r.Arn, '/')+1:]}
	decode := func(s string) (v any) {
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	m.Trust = sorted(policyLines(t, decode(r.Trust)))
	for _, document := range r.Inline {
		m.Permissions = append(m.Permissions, policyLines(t, decode(document))...)
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
				m.Permissions = append(m.Permissions, policyLines(t, decode(v.Document))...)
			}
		}
	}
	if len(left) > 0 {
		t.Errorf("policies that the role does not have: %v", left)
	}
	m.Permissions = sorted(m.Permissions)
	if r.Path != "/" {
		m.property(t, "Path", r.Path)
	}
	if r.Description != "" {
		m.property(t, "Description", r.Description)
	}
	if r.Boundary != "" {
		m.property(t, "PermissionsBoundary", r.Boundary)
	}
	if r.MaxSessionDuration != 3600 {
		m.property(t, "MaxSessionDuration", r.MaxSessionDuration)
	}
	m.tags(t, r.Tags)
	return m
}

// tags notes the tags of a role that a script made.
func (m *meaning) tags(t testing.TB, tags []policy.Tag) {
	t.Helper()
	own := map[string]string{}
	for _, tag := range tags {
		if strings.HasPrefix(tag.Key, "execrole:") {
			own[tag.Key] = tag.Value
		} else {
			m.property(t, "Tags", []any{map[string]any{"Key": tag.Key, "Value": tag.Value}})
		}
	}
	want := map[string]string{"execrole:family": own["execrole:family"], "execrole:region": resolveAs.Region}
	if m.Attached != nil {
		want["execrole:attached"] = strings.Join(m.Attached, " ")
	}
	if diff := cmp.Diff(want, own); diff != "" || own["execrole:family"] == "" {
		t.Errorf("the script's own tags (-want +got):\n%s", diff)
	}
	if m.Name == emit.DefaultRoleName(own["execrole:family"], resolveAs.Region) {
		m.Name = ""
	}
}
