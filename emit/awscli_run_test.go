package emit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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

// scriptRole returns a role of that name with the given properties, and one statement on a thing of this name in its
// inline policy, or in each of n managed ones.
func scriptRole(n int, thing string, properties policy.Properties, attached ...policy.Text) *policy.Role {
	role := &policy.Role{Family: "web", Name: "web", Properties: properties, Attached: attached}
	role.Trust.Statements = []policy.Statement{{Service: "ecs-tasks.amazonaws.com", Actions: []string{"sts:AssumeRole"}}}
	document := func(i int) policy.Document {
		return policy.Document{Statements: []policy.Statement{{
			Sid: fmt.Sprint("Read", i), Actions: []string{"ssm:GetParameters"},
			Resources: []policy.Text{policy.Text(fmt.Sprintf("arn:aws:ssm:us-east-1:111122223333:parameter/%s/%d", thing, i))},
		}}}
	}
	if n == 0 {
		role.Inline = []policy.Policy{{Name: policy.Name, Document: document(0)}}
	}
	for i := range n {
		role.Managed = append(role.Managed, policy.Policy{Name: policy.Name + strconv.Itoa(i+1), Document: document(i + 1)})
	}
	return role
}

const (
	amazonPolicy = policy.Text("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
	handPolicy   = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	boundary     = "arn:aws:iam::111122223333:policy/boundary"
)

// changes are what a role may become from one run to the next.
func changes() map[string][2]*policy.Role {
	full := policy.Properties{PermissionsBoundary: boundary, Description: "file:///etc/passwd", MaxSessionDuration: 7200, Tags: []policy.Tag{{Key: "a b", Value: "http://x"}}}
	none := policy.Properties{}
	nothing := scriptRole(0, "a", none)
	nothing.Inline = nil
	return map[string][2]*policy.Role{
		"inline to packed":    {scriptRole(0, "a", none), scriptRole(3, "a", none)},
		"packed to inline":    {scriptRole(3, "a", none), scriptRole(0, "a", none)},
		"packed to fewer":     {scriptRole(3, "a", none), scriptRole(2, "a", none)},
		"packed to more":      {scriptRole(2, "a", none), scriptRole(3, "b", none)},
		"to nothing":          {scriptRole(0, "a", none), nothing},
		"another thing":       {scriptRole(0, "a", none), scriptRole(0, "b", none)},
		"properties":          {scriptRole(0, "a", none), scriptRole(0, "a", full)},
		"no properties":       {scriptRole(0, "a", full), scriptRole(0, "a", none)},
		"attached":            {scriptRole(0, "a", none), scriptRole(0, "a", none, amazonPolicy)},
		"no longer attached":  {scriptRole(0, "a", none, amazonPolicy), scriptRole(0, "a", none)},
		"another is attached": {scriptRole(0, "a", none, amazonPolicy), scriptRole(1, "a", none, "arn:aws:iam::111122223333:policy/a")},
	}
}

// TestScriptChanges: a role becomes what it is to be whatever it was before, and no permission is missing in between.
// Tags stay, since nobody knows whose they are.
func TestScriptChanges(t *testing.T) {
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := script(t, c[0]), script(t, c[1])
			a := newAccount()
			a.mustRun(t, from)
			r, said := a.mustRun(t, to)
			calls := a.Calls
			got, want := a.meaning(t, r), roleMeaning(t, "cloudformation", c[1])
			for _, tag := range c[0].Properties.Tags {
				want.property(t, "Tags", []any{map[string]any{"Key": tag.Key, "Value": tag.Value}})
			}
			want.Outputs, want.CFNNag = nil, nil
			if diff := cmp.Diff(want, got); diff != "" || said != "" {
				t.Errorf("said %q (-want +got):\n%s", said, diff)
			}
			// What gives comes before what takes.
			var taken bool
			for _, call := range calls {
				switch call {
				case "iam detach-role-policy", "iam delete-role-policy":
					taken = true
				case "iam attach-role-policy", "iam put-role-policy", "iam create-policy", "iam create-policy-version":
					if taken {
						t.Errorf("permissions are taken before all are given: %q", calls)
					}
				}
			}
			a.unchangedBy(t, to)
		})
	}
}

// TestScriptFails: wherever the CLI fails so does the script, and the next run finishes what it began.
func TestScriptFails(t *testing.T) {
	full := policy.Properties{PermissionsBoundary: boundary, Description: "a"}
	small, large := scriptRole(0, "a", policy.Properties{}), scriptRole(2, "b", full, amazonPolicy)
	for name, c := range map[string][2]*policy.Role{
		"new": {nil, large}, "less": {large, small}, "else": {large, scriptRole(1, "c", full, "arn:aws:iam::111122223333:policy/a")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && name != "else" {
				t.Skip("every script starts some thirty processes")
			}
			to := script(t, c[1])
			start := newAccount()
			if c[0] != nil {
				start.mustRun(t, script(t, c[0]))
			}
			whole := start.clone(t)
			r, _ := whole.mustRun(t, to)
			want, calls := whole.meaning(t, r), len(whole.Calls)
			for n := 1; n <= calls; n++ {
				a := start.clone(t)
				a.Fail = n
				stdout, stderr, err := a.run(t, "sh", to)
				if err == nil || stdout != "" || !strings.Contains(stderr, "AccessDenied") {
					t.Fatalf("call %d fails, and the script: error %v, printed %q, said %q", n, err, stdout, stderr)
				}
				failed := a.Calls[n-1]
				a.Fail = 0
				r, _ := a.mustRun(t, to)
				// A policy that could be detached and not removed is no longer the role's: it stays.
				if strings.HasPrefix(failed, "iam delete-policy") || failed == "iam list-policy-versions" {
					maps.DeleteFunc(a.Policies, func(arn string, _ *stubPolicy) bool { return !slices.Contains(r.Attached, arn) })
				}
				if diff := cmp.Diff(want, a.meaning(t, r)); diff != "" {
					t.Errorf("after %s failed (-want +got):\n%s", failed, diff)
				}
			}
		})
	}
}

func (a *account) clone(t testing.TB) *account {
	data, err := json.Marshal(a)
	b := new(account)
	if err == nil {
		err = json.Unmarshal(data, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestScriptVersions: IAM keeps five versions of a policy, and a script removes the oldest one before the sixth. A
// version that somebody else made does not stay.
func TestScriptVersions(t *testing.T) {
	scripts := []string{script(t, scriptRole(1, "a", policy.Properties{})), script(t, scriptRole(1, "b", policy.Properties{}))}
	a := newAccount()
	arn := "arn:aws:iam::111122223333:policy/web-TaskExecution1"
	for i := range 12 {
		a.mustRun(t, scripts[i%2])
		p := a.Policies[arn]
		if want := "v" + strconv.Itoa(i+1); p.Default != want || len(p.Versions) != min(i+1, 5) || p.Versions[0].ID != "v"+strconv.Itoa(max(1, i-3)) {
			t.Fatalf("after %d runs: %+v", i+1, p)
		}
	}
	p := a.Policies[arn]
	p.Default, p.Made = "v13", 13
	p.Versions[0].ID, p.Versions[0].Document = "v13", `{"Version": "2012-10-17", "Statement": []}`
	r, _ := a.mustRun(t, scripts[1])
	if m := a.meaning(t, r); p.Default != "v13" || a.Policies[arn].Default != "v14" || len(m.Permissions) != 1 {
		t.Errorf("after another's version: %+v", a.Policies[arn])
	}
	a.unchangedBy(t, scripts[1])
}

// TestScriptRefuses: a role that is not the script's own is not touched, unless the script is told to.
func TestScriptRefuses(t *testing.T) {
	path := script(t, scriptRole(1, "a", policy.Properties{}, amazonPolicy))
	hand := func() *account {
		a := newAccount()
		a.Roles = map[string]*stubRole{"web": {
			Arn: "arn:aws:iam::111122223333:role/web", Path: "/", Trust: "{}", MaxSessionDuration: 3600, Attached: []string{handPolicy},
			Inline: map[string]string{"hand": `{"Version": "2012-10-17", "Statement": []}`, "TaskExecution": "{}", "TaskExecutionRole": `{"Version": "2012-10-17", "Statement": []}`},
		}}
		return a
	}
	tag := func(a *account, family, region string) {
		a.Roles["web"].Tags = []policy.Tag{{Key: "execrole:family", Value: family}, {Key: "execrole:region", Value: region}}
	}
	const none = "tags execrole:family and execrole:region are None and None, not web and us-east-1: --adopt takes it over"
	for _, tt := range []struct {
		name   string
		change func(*account)
		args   []string
		want   string // in what it says
		adopts bool
	}{
		{"by hand", func(*account) {}, nil, none, true},
		{"another region", func(a *account) { tag(a, "web", "eu-west-1") }, nil, "are web and eu-west-1, not web and us-east-1", true},
		{"another family", func(a *account) { tag(a, "shop", "us-east-1") }, nil, "are shop and us-east-1, not", true},
		{"empty tags", func(a *account) { tag(a, "", "") }, nil, "are  and , not", true},
		{"a family of several words", func(a *account) { tag(a, "web us-east-1", "us-east-1") }, nil, "are web us-east-1 and us-east-1, not", true},
		{"another path", func(a *account) { tag(a, "web", "us-east-1"); a.Roles["web"].Path = "/x/" }, []string{"--adopt"}, "the role exists with the path /x/, not /", false},
		{"another account", func(a *account) { a.Account = "444455556666" }, []string{"--adopt"}, "the credentials are of account 444455556666, and this script is for account 111122223333", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := hand()
			tt.change(a)
			before := a.clone(t)
			stdout, stderr, err := a.run(t, "sh", path, tt.args...)
			var status *exec.ExitError
			if !errors.As(err, &status) || status.ExitCode() != 1 || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("error %v, printed %q, said %q", err, stdout, stderr)
			}
			if a.Calls = nil; !cmp.Equal(before, a) {
				t.Errorf("it is touched: %s", cmp.Diff(before, a))
			}
			if !tt.adopts {
				return
			}
			r, said := a.mustRun(t, path, "--adopt")
			for _, want := range []string{"the managed policy " + handPolicy + " stays", "the inline policy hand stays", "the inline policy TaskExecutionRole stays"} {
				if !strings.Contains(said, "web: "+want) {
					t.Errorf("nothing of %q in %q", want, said)
				}
			}
			if !slices.Equal(r.Attached, []string{handPolicy, string(amazonPolicy), "arn:aws:iam::111122223333:policy/web-TaskExecution1"}) || len(r.Inline) != 2 {
				t.Errorf("adopted: %+v", r)
			}
		})
	}
	t.Run("a policy by hand", func(t *testing.T) {
		a := newAccount()
		arn := "arn:aws:iam::111122223333:policy/web-TaskExecution1"
		a.Policies = map[string]*stubPolicy{arn: {Default: "v1", Made: 1, Versions: []struct{ ID, Document string }{{"v1", "{}"}}}}
		_, stderr, err := a.run(t, "sh", path)
		if err == nil || !strings.Contains(stderr, "the policy "+arn+" exists, and this script did not make it: --adopt") || len(a.Policies[arn].Versions) != 1 {
			t.Errorf("error %v, said %q, policies %+v", err, stderr, a.Policies)
		}
		a.mustRun(t, path, "--adopt")
		a.unchangedBy(t, path)
	})
}

// TestScriptArguments: nothing is called where the arguments are wrong.
func TestScriptArguments(t *testing.T) {
	path := script(t, scriptRole(0, "a", policy.Properties{}))
	for _, tt := range []struct {
		args           []string
		status         int
		stdout, stderr string // how they begin
	}{
		{[]string{"--help"}, 0, "Usage: sh FILE [--adopt]\n", ""},
		{[]string{"-h"}, 0, "Usage: sh FILE [--adopt]\n", ""},
		{[]string{"--adopt", "--force"}, 2, "", "unknown argument: --force\n\nUsage: "},
		{[]string{"web"}, 2, "", "unknown argument: web\n"},
		{[]string{""}, 2, "", "unknown argument: \n"},
	} {
		a := newAccount()
		stdout, stderr, err := a.run(t, "sh", path, tt.args...)
		status := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			status = exit.ExitCode()
		}
		if status != tt.status || !strings.HasPrefix(stdout, tt.stdout) || !strings.HasPrefix(stderr, tt.stderr) || (stdout == "") != (tt.stdout == "") || (stderr == "") != (tt.stderr == "") || a.Calls != nil {
			t.Errorf("%q: status %d, printed %q, said %q, called %q", tt.args, status, stdout, stderr, a.Calls)
		}
	}
}

// TestScriptShells runs one script in the shells that people have.
func TestScriptShells(t *testing.T) {
	roles := changes()["another is attached"]
	from, to := script(t, roles[0]), script(t, roles[1])
	ran := 0
	for _, shell := range []string{"sh", "dash", "bash --posix", "bash", "busybox sh", "ksh", "mksh", "yash", "zsh --emulate sh"} {
		if _, err := exec.LookPath(strings.Fields(shell)[0]); err != nil {
			continue
		}
		ran++
		t.Run(shell, func(t *testing.T) {
			a := newAccount()
			for _, path := range []string{from, to} {
				if _, stderr, err := a.run(t, shell, path); err != nil {
					t.Fatalf("%v\n%s", err, stderr)
				}
			}
			want := roleMeaning(t, "cloudformation", roles[1])
			want.Outputs, want.CFNNag = nil, nil
			if diff := cmp.Diff(want, a.meaning(t, a.Roles["web"])); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if ran < 2 {
		t.Skip("there is one shell only")
	}
}

// TestScriptsPassLint: the shell can read every script, and shellcheck has nothing to say. The part that is the same for
// every role is read with some of them, which takes most of the time; without it, variables and functions are unused.
func TestScriptsPassLint(t *testing.T) {
	t.Parallel()
	lint := emit.RequireTool(t, "shellcheck", "apt-get install shellcheck")
	roles := goldenRoles(t)
	maps.Copy(roles, emit.CDKRoles())
	maps.Copy(roles, packedRoles(t))
	dir := t.TempDir()
	var whole, parts []string
	write := func(name, text string) string {
		path := filepath.Join(dir, name+".sh")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	read := []string{"-c", `for file; do sh -n "$file" || exit; done`, "sh"}
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		role := roles[name]
		data, err := os.ReadFile(script(t, role))
		if err != nil {
			t.Fatal(err)
		}
		path := write(name, string(data))
		read = append(read, path)
		if strings.HasPrefix(name, "made-") || len(role.Attached) > 0 || name == "packed-150" || name == "web" {
			whole = append(whole, path)
			continue
		}
		part, _, _ := strings.Cut(string(data), emit.ProgramBegin)
		parts = append(parts, write(name+".part", part))
	}
	if len(whole) < 10 || len(parts) < 100 {
		t.Fatalf("only %d whole scripts and %d parts", len(whole), len(parts))
	}
	for _, command := range []*exec.Cmd{
		exec.Command("sh", read...), exec.Command(lint, whole...), exec.Command(lint, append([]string{"-e", "SC2034,SC2317,SC2329"}, parts...)...),
	} {
		if out, err := command.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%.3000s", command.Args[0], err, out)
		}
	}
}

// TestScriptTricky runs a script that holds every tricky string in many places.
func TestScriptTricky(t *testing.T) {
	role := emit.CDKRoles()["made-tricky"]
	files, err := emit.Lookup("aws-cli").Emit(role, emit.Options{Source: "input.json", Values: resolveAs.Values()})
	if err != nil {
		t.Fatal(err)
	}
	got, want := scriptMeaning(t, files), roleMeaning(t, "json", role)
	if diff := cmp.Diff(want, got); diff != "" || len(got.Permissions) < 100 {
		t.Errorf("json and aws-cli do not mean the same (-json +aws-cli):\n%s", diff)
	}
}
