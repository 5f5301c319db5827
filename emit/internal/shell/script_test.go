package shell

import (
	"bytes"
	"encoding/json"
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
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// changes are what a role may become from one run to the next.
func changes() map[string][2]*policy.Role {
	full := policy.Properties{PermissionsBoundary: sample.Boundary, Description: "file:///etc/passwd", MaxSessionDuration: 7200, Tags: []policy.Tag{{Key: "a b", Value: "http://x"}}}
	none := policy.Properties{}
	nothing := sample.Deployed(0, "a", none)
	nothing.Inline = nil
	return map[string][2]*policy.Role{
		"inline to packed":    {sample.Deployed(0, "a", none), sample.Deployed(3, "a", none)},
		"packed to inline":    {sample.Deployed(3, "a", none), sample.Deployed(0, "a", none)},
		"packed to fewer":     {sample.Deployed(3, "a", none), sample.Deployed(2, "a", none)},
		"packed to more":      {sample.Deployed(2, "a", none), sample.Deployed(3, "b", none)},
		"to nothing":          {sample.Deployed(0, "a", none), nothing},
		"another thing":       {sample.Deployed(0, "a", none), sample.Deployed(0, "b", none)},
		"properties":          {sample.Deployed(0, "a", none), sample.Deployed(0, "a", full)},
		"no properties":       {sample.Deployed(0, "a", full), sample.Deployed(0, "a", none)},
		"attached":            {sample.Deployed(0, "a", none), sample.Deployed(0, "a", none, sample.AmazonPolicy)},
		"no longer attached":  {sample.Deployed(0, "a", none, sample.AmazonPolicy), sample.Deployed(0, "a", none)},
		"another is attached": {sample.Deployed(0, "a", none, sample.AmazonPolicy), sample.Deployed(1, "a", none, "arn:aws:iam::111122223333:policy/a")},
	}
}

// TestScriptChanges: a role becomes what it is to be whatever it was before, and no permission is missing in between.
// Tags stay, since nobody knows whose they are.
func TestScriptChanges(t *testing.T) {
	sh := start(t, "sh")
	for name, c := range changes() {
		t.Run(name, func(t *testing.T) {
			from, to := script(t, c[0]), script(t, c[1])
			a := newAccount()
			a.mustRun(t, sh, from)
			r, said := a.mustRun(t, sh, to)
			calls := a.Calls
			got, want := a.meaning(t, r), meaning.Wanted(c[1])
			for _, tag := range c[0].Properties.Tags {
				want.Set(t, "Tags", []any{map[string]any{"Key": tag.Key, "Value": tag.Value}})
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
			a.unchangedBy(t, sh, to)
		})
	}
}

// TestScriptFails: wherever the CLI fails so does the script, and the next run finishes what it began.
func TestScriptFails(t *testing.T) {
	sh := start(t, "sh")
	full := policy.Properties{PermissionsBoundary: sample.Boundary, Description: "a"}
	small, large := sample.Deployed(0, "a", policy.Properties{}), sample.Deployed(2, "b", full, sample.AmazonPolicy)
	for name, c := range map[string][2]*policy.Role{
		"new": {nil, large}, "less": {large, small}, "else": {large, sample.Deployed(1, "c", full, "arn:aws:iam::111122223333:policy/a")},
	} {
		t.Run(name, func(t *testing.T) {
			to := script(t, c[1])
			first := newAccount()
			if c[0] != nil {
				first.mustRun(t, sh, script(t, c[0]))
			}
			whole := first.clone(t)
			r, _ := whole.mustRun(t, sh, to)
			want, calls := whole.meaning(t, r), len(whole.Calls)
			for n := 1; n <= calls; n++ {
				a := first.clone(t)
				a.Fail = n
				stdout, stderr, status := a.run(t, sh, to)
				if status == 0 || stdout != "" || !strings.Contains(stderr, "AccessDenied") {
					t.Fatalf("call %d fails, and the script: status %d, printed %q, said %q", n, status, stdout, stderr)
				}
				failed := a.Calls[n-1]
				a.Fail = 0
				r, _ := a.mustRun(t, sh, to)
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
	sh := start(t, "sh")
	scripts := []string{script(t, sample.Deployed(1, "a", policy.Properties{})), script(t, sample.Deployed(1, "b", policy.Properties{}))}
	a := newAccount()
	arn := "arn:aws:iam::111122223333:policy/web-TaskExecution1"
	for i := range 12 {
		a.mustRun(t, sh, scripts[i%2])
		p := a.Policies[arn]
		if want := "v" + strconv.Itoa(i+1); p.Default != want || len(p.Versions) != min(i+1, 5) || p.Versions[0].ID != "v"+strconv.Itoa(max(1, i-3)) {
			t.Fatalf("after %d runs: %+v", i+1, p)
		}
	}
	p := a.Policies[arn]
	p.Default, p.Made = "v13", 13
	p.Versions[0].ID, p.Versions[0].Document = "v13", `{"Version": "2012-10-17", "Statement": []}`
	r, _ := a.mustRun(t, sh, scripts[1])
	if m := a.meaning(t, r); p.Default != "v14" || len(m.Permissions) != 1 {
		t.Errorf("after another's version: %+v", a.Policies[arn])
	}
	a.unchangedBy(t, sh, scripts[1])
}

// TestScriptRefuses: a role that is not the script's own is not touched, unless somebody asks for that.
func TestScriptRefuses(t *testing.T) {
	sh := start(t, "sh")
	path := scriptIn(t, policy.Environment{Account: "111122223333"}, sample.Deployed(1, "a", policy.Properties{}, sample.AmazonPolicy))
	hand := func() *account {
		a := newAccount()
		a.Roles = map[string]*stubRole{"web": {
			Arn: "arn:aws:iam::111122223333:role/web", Path: "/", Trust: "{}", MaxSessionDuration: 3600, Attached: []string{sample.HandPolicy},
			Inline: map[string]string{"hand": `{"Version": "2012-10-17", "Statement": []}`, "TaskExecution": "{}", "TaskExecutionRole": `{"Version": "2012-10-17", "Statement": []}`,
				"TaskExecution2": `{"Version": "2012-10-17", "Statement": []}`},
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
			before := a.contents(t)
			stdout, stderr, status := a.run(t, sh, path, tt.args...)
			if status != 1 || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("status %d, printed %q, said %q", status, stdout, stderr)
			}
			if diff := cmp.Diff(before, a.contents(t)); diff != "" || a.writes() != nil {
				t.Errorf("it is touched: %q\n%s", a.writes(), diff)
			}
			if !tt.adopts {
				return
			}
			r, said := a.mustRun(t, sh, path, "--adopt")
			for _, want := range []string{"the managed policy " + sample.HandPolicy + " stays", "the inline policy hand stays", "the inline policy TaskExecutionRole stays", "the inline policy TaskExecution2 stays"} {
				if !strings.Contains(said, "web: "+want) {
					t.Errorf("nothing of %q in %q", want, said)
				}
			}
			if !slices.Equal(r.Attached, []string{sample.HandPolicy, string(sample.AmazonPolicy), "arn:aws:iam::111122223333:policy/web-TaskExecution1"}) || len(r.Inline) != 3 {
				t.Errorf("adopted: %+v", r)
			}
		})
	}
}

// TestScriptArguments: nothing is called where the arguments are wrong.
func TestScriptArguments(t *testing.T) {
	sh := start(t, "sh")
	path := script(t, sample.Deployed(0, "a", policy.Properties{}))
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
		stdout, stderr, status := a.run(t, sh, path, tt.args...)
		if status != tt.status || !strings.HasPrefix(stdout, tt.stdout) || !strings.HasPrefix(stderr, tt.stderr) || (stdout == "") != (tt.stdout == "") || (stderr == "") != (tt.stderr == "") || a.Calls != nil {
			t.Errorf("%q: status %d, printed %q, said %q, called %q", tt.args, status, stdout, stderr, a.Calls)
		}
	}
}

// TestScriptShells runs one script in the shells that people have.
func TestScriptShells(t *testing.T) {
	roles := changes()["another is attached"]
	from, to := script(t, roles[0]), script(t, roles[1])
	for _, shell := range shells() {
		t.Run(shell, func(t *testing.T) {
			sh, a := start(t, shell), newAccount()
			for _, path := range []string{from, to} {
				a.mustRun(t, sh, path)
			}
			want := meaning.Wanted(roles[1])
			want.Outputs, want.CFNNag = nil, nil
			if diff := cmp.Diff(want, a.meaning(t, a.Roles["web"])); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if len(shells()) < 2 {
		tool.Missing(t, "there is one shell only")
	}
}

// shells returns the shells of this machine.
func shells() []string {
	return slices.DeleteFunc([]string{"sh", "dash", "bash --posix", "bash", "busybox sh", "ksh", "mksh", "yash", "zsh --emulate sh"}, func(shell string) bool {
		_, err := exec.LookPath(strings.Fields(shell)[0])
		return err != nil
	})
}

// TestScriptsPassLint: the shell can read every script, and shellcheck has nothing to say. The part that is the same for
// every role is read with some of them, which takes most of the time; without it, variables and functions are unused.
func TestScriptsPassLint(t *testing.T) {
	t.Parallel()
	lint := tool.Require(t, "shellcheck", "apt-get install shellcheck")
	roles := golden.Roles(t)
	maps.Copy(roles, sample.Roles())
	maps.Copy(roles, golden.Packed(t))
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
		parts = append(parts, write(name+".part", part(data)))
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

// TestScriptsMeanTheSame runs the script of every role, one that holds every tricky string in many places among them. The
// script knows nothing of the environment, apart from that of roles for another partition. Package emit tests that it
// differs in nothing else.
func TestScriptsMeanTheSame(t *testing.T) {
	t.Parallel()
	sh := start(t, "sh")
	roles := golden.Roles(t)
	maps.Copy(roles, sample.Roles())
	maps.Copy(roles, golden.Packed(t))
	opened, elsewhere := 0, 0
	for name, role := range roles {
		data, err := os.ReadFile(script(t, role))
		if err != nil {
			t.Fatal(err)
		}
		environments := []policy.Environment{{}}
		switch {
		case !bytes.Contains(data, []byte("\npartition=''\n")) && !bytes.Contains(data, []byte("\npartition='aws'\n")):
			environments[0] = meaning.Environment
			elsewhere++
		case strings.HasPrefix(name, "made-"):
			environments = append(environments, meaning.Environment)
			fallthrough
		default:
			opened++
		}
		for _, env := range environments {
			t.Run(name, func(t *testing.T) { meaning.Same(t, "aws-cli", role, scriptMeaning(t, sh, env, role)) })
		}
	}
	if opened < 150 || elsewhere > 20 {
		t.Errorf("%d scripts ask for their environment, and %d are for another partition", opened, elsewhere)
	}
}

// TestScriptHostileStrings lets a shell read the scripts of roles that have a string everywhere.
func TestScriptHostileStrings(t *testing.T) {
	dir := t.TempDir()
	var args, strs []string
	for i, s := range sample.Strings {
		if s == "" || !sample.Readable(s) {
			continue
		}
		role := sample.Hostile(s)
		role.Name, role.Properties.Path, role.Properties.PermissionsBoundary = "", "", ""
		files, err := meaning.Emit("aws-cli", role)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("%03d.sh", i))
		if err := os.WriteFile(path, []byte(part(files[0].Data)), 0o666); err != nil {
			t.Fatal(err)
		}
		strs, args = append(strs, s), append(args, path)
	}
	read := `for file; do (. "$file"; for f in policy_1 policy_2 properties tags; do "$f"; printf '\0'; done) || exit; done`
	out, err := exec.Command("sh", append([]string{"-c", read, "sh"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(out), "\x00")
	if len(parts) != 4*len(strs)+1 || len(strs) < 100 {
		t.Fatalf("%d parts of %d strings", len(parts), len(strs))
	}
	for i, s := range strs {
		p := parts[4*i:]
		document := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Sid": "Files", "Effect": "Allow", "Action": "s3:GetObject",
			"Resource":  []any{"arn:aws:s3:::" + s + "*", "arn:aws:s3:::" + s + "us-east-1" + s + "*"},
			"Condition": map[string]any{"StringEquals": map[string]any{"aws:x": s}},
		}, map[string]any{"Sid": "Any", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}}
		var got [4]any
		for j := range got {
			if err := json.Unmarshal([]byte(p[j]), &got[j]); err != nil {
				t.Fatalf("%q: %v\n%s", s, err, p[j])
			}
		}
		// The tag of the family has what IAM allows of the string, which package emit tests.
		tags := got[3].([]any)
		tags = append(tags[:1:1], tags[2:]...)
		want := [4]any{document, document, map[string]any{"Description": s, "MaxSessionDuration": 3600.0},
			[]any{map[string]any{"Key": s, "Value": s}, map[string]any{"Key": "execrole:region", "Value": "us-east-1"}}}
		if diff := cmp.Diff(want, [4]any{got[0], got[1], got[2], tags}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", s, diff)
		}
	}
}

// part returns the part of a script that differs from role to role.
func part(script []byte) string {
	part, _, _ := strings.Cut(string(script), "# What follows is the same for every role.\n")
	return part
}
