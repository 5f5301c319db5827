package emit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/tool"
)

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
		tool.Missing(t, "there is one shell only")
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
