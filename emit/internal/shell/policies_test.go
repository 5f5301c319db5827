package shell

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

// policyARN returns the ARN of a managed policy of the role web.
func policyARN(name string) string { return "arn:aws:iam::111122223333:policy/" + name }

// by returns a managed policy that somebody made.
func by(tags ...policy.Tag) *stubPolicy {
	return &stubPolicy{Default: "v1", Made: 1, Versions: []stubVersion{{"v1", "{}"}}, Tags: tags}
}

// ownTag is the tag that a script gives its policies.
var ownTag = policy.Tag{Key: "execrole:document", Value: "v1:0"}

// TestScriptOwnPolicies: a script changes and deletes only the managed policies that have one of its names, its path and
// its tag. If it needs a name that somebody else has, it changes nothing at all.
func TestScriptOwnPolicies(t *testing.T) {
	sh := start(t, "sh")
	one := script(t, sample.Deployed(1, "a", policy.Properties{}))
	first, seventh := policyARN("web-TaskExecution1"), policyARN("web-TaskExecution7")
	needed := func(what string) string {
		return "web: the policy " + first + " exists, and this script did not make it: --adopt takes it over\n"
	}
	for _, tt := range []struct {
		name     string
		policies map[string]*stubPolicy
		attached []string // of these
		adopt    bool
		refused  string // what the script says; "" if it does its work
		stay     []string
		said     string
	}{
		{"a name that it needs", map[string]*stubPolicy{first: by()}, nil, false, needed(first), nil, ""},
		{"one that is attached", map[string]*stubPolicy{first: by()}, []string{first}, false, needed(first), nil, ""},
		{"one that is adopted", map[string]*stubPolicy{first: by()}, []string{first}, true, "", nil, ""},
		{"one with other tags", map[string]*stubPolicy{first: by(policy.Tag{Key: "team", Value: "shop"})}, nil, false, needed(first), nil, ""},
		{"one with its tag", map[string]*stubPolicy{first: by(ownTag)}, nil, false, "", nil, ""},
		{"a tag of several words", map[string]*stubPolicy{first: by(policy.Tag{Key: "execrole:document", Value: "a b  c"}), seventh: by(policy.Tag{Key: "execrole:document"})}, nil, false, "", nil, ""},
		{"another path", map[string]*stubPolicy{policyARN("x/web-TaskExecution1"): by(ownTag)}, nil, true,
			"web: the policy " + policyARN("x/web-TaskExecution1") + " exists, and this script needs its name for the path /\n", nil, ""},
		{"no tag", map[string]*stubPolicy{seventh: by()}, []string{seventh}, false, "", []string{seventh},
			"web: the managed policy " + seventh + " stays attached: this script did not attach it\n"},
		{"no tag, and adopted", map[string]*stubPolicy{seventh: by()}, []string{seventh}, true, "", []string{seventh},
			"web: the managed policy " + seventh + " stays attached: this script did not attach it\n"},
		{"no tag, not attached", map[string]*stubPolicy{seventh: by()}, nil, false, "", []string{seventh}, ""},
		{"another path, attached", map[string]*stubPolicy{policyARN("x/web-TaskExecution7"): by(ownTag)}, []string{policyARN("x/web-TaskExecution7")}, false, "", []string{policyARN("x/web-TaskExecution7")},
			"web: the managed policy " + policyARN("x/web-TaskExecution7") + " stays attached: this script did not attach it\n"},
		{"its tag", map[string]*stubPolicy{seventh: by(ownTag)}, []string{seventh}, false, "", nil, ""},
		{"its tag, not attached", map[string]*stubPolicy{seventh: by(ownTag)}, nil, false, "", nil, ""},
		{"names of other roles", map[string]*stubPolicy{policyARN("web-TaskExecution7-TaskExecution1"): by(ownTag), policyARN("web-TaskExecutionX"): by(ownTag)},
			nil, false, "", []string{policyARN("web-TaskExecution7-TaskExecution1"), policyARN("web-TaskExecutionX")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAccount()
			a.mustRun(t, sh, script(t, sample.Deployed(0, "a", policy.Properties{})))
			a.Policies, a.Roles["web"].Attached = tt.policies, tt.attached
			var args []string
			if tt.adopt {
				args = []string{"--adopt"}
			}
			before := a.contents(t)
			if tt.refused != "" {
				stdout, stderr, status := a.run(t, sh, one, args...)
				if status != 1 || stdout != "" || stderr != tt.refused || a.writes() != nil || a.contents(t) != before {
					t.Errorf("status %d, printed %q, said %q, called %q", status, stdout, stderr, a.Calls)
				}
				return
			}
			_, said := a.mustRun(t, sh, one, args...)
			if said != tt.said || !slices.Equal(slices.Sorted(maps.Keys(a.Policies)), slices.Sorted(slices.Values(append(tt.stay, first)))) {
				t.Errorf("said %q, and the policies are %q", said, slices.Sorted(maps.Keys(a.Policies)))
			}
			for _, arn := range tt.stay {
				if p := a.Policies[arn]; len(p.Versions) != 1 || p.Versions[0].Document != "{}" || slices.Contains(tt.attached, arn) != slices.Contains(a.Roles["web"].Attached, arn) {
					t.Errorf("%s is touched: %+v, and attached are %q", arn, p, a.Roles["web"].Attached)
				}
			}
			a.contentsOf(t, first)
		})
	}
}

// TestScriptSharedPolicy: a policy that something else has attached cannot be deleted. That is said, and stops nothing.
func TestScriptSharedPolicy(t *testing.T) {
	sh, a := start(t, "sh"), newAccount()
	a.mustRun(t, sh, script(t, sample.Deployed(1, "a", policy.Properties{})))
	arn := policyARN("web-TaskExecution1")
	a.Roles["other"] = &stubRole{Arn: "arn:aws:iam::111122223333:role/other", Attached: []string{arn}}
	r, said := a.mustRun(t, sh, script(t, sample.Deployed(0, "a", policy.Properties{})))
	if said != "web: the managed policy "+arn+" stays: something else uses it too\n" || len(r.Attached) > 0 || a.Policies[arn] == nil {
		t.Errorf("said %q, attached %q, policies %v", said, r.Attached, a.Policies)
	}
}

// TestScriptUnlistedPolicy: for some seconds, IAM may not list a policy that is new, and list one that is deleted. The
// script then finds a policy only when it makes it, or because it is attached.
func TestScriptUnlistedPolicy(t *testing.T) {
	sh := start(t, "sh")
	path, arn := script(t, sample.Deployed(1, "a", policy.Properties{})), policyARN("web-TaskExecution1")
	for _, tt := range []struct {
		tags []policy.Tag
		args []string
		want string
	}{
		{[]policy.Tag{ownTag}, nil, ""}, {nil, []string{"--adopt"}, ""},
		{nil, nil, "the policy " + arn + " exists, and this script did not make it: --adopt takes it over\n"},
	} {
		a := newAccount()
		a.Unlisted, a.Policies = true, map[string]*stubPolicy{arn: by(tt.tags...)}
		_, stderr, status := a.run(t, sh, path, tt.args...)
		if (status == 0) != (tt.want == "") || !strings.HasSuffix(stderr, tt.want) {
			t.Errorf("%v: status %d, said %q", tt.tags, status, stderr)
		}
		if status == 0 {
			a.contentsOf(t, arn)
		}
	}
	a := newAccount()
	a.mustRun(t, sh, script(t, sample.Deployed(2, "a", policy.Properties{})))
	a.Unlisted, a.Stale = true, []string{policyARN("web-TaskExecution7")}
	a.mustRun(t, sh, path)
	if got := slices.Collect(maps.Keys(a.Policies)); !slices.Equal(got, []string{arn}) {
		t.Errorf("the policies are %q", got)
	}
}

// contentsOf fails the test unless the account has a managed policy with a document and a tag of a script, and the role
// web has it attached.
func (a *account) contentsOf(t *testing.T, arn string) {
	t.Helper()
	p := a.Policies[arn]
	i := slices.IndexFunc(p.Versions, func(v stubVersion) bool { return v.ID == p.Default })
	if !strings.Contains(p.Versions[i].Document, "ssm:GetParameters") || !strings.HasPrefix(valueOf(p.Tags, "execrole:document"), p.Default+":") ||
		!slices.Contains(a.Roles["web"].Attached, arn) {
		t.Errorf("%s: %+v, attached %q", arn, p, a.Roles["web"].Attached)
	}
}

// TestScriptStops: whichever call is the last one that a script can make, the next run finishes its work. Then nothing in
// the account says that it was stopped.
func TestScriptStops(t *testing.T) {
	t.Parallel()
	sh := start(t, "sh")
	full := policy.Properties{PermissionsBoundary: sample.Boundary, Description: "a"}
	none := policy.Properties{}
	inline, three := sample.Deployed(0, "a", none), sample.Deployed(3, "a", none)
	attached := sample.Deployed(1, "a", none, sample.AmazonPolicy, "arn:aws:iam::111122223333:policy/a")
	gone := func(a *account) { a.Roles = nil }
	byHand := func(a *account) {
		a.Roles["web"].Tags = nil
		a.Policies = map[string]*stubPolicy{policyARN("web-TaskExecution1"): by()}
	}
	runs := 0
	for _, tt := range []struct {
		name     string
		from, to *policy.Role
		change   func(*account)
		args     []string
	}{
		{"a new role", nil, inline, nil, nil},
		{"a new role with managed policies", nil, sample.Deployed(2, "a", full, sample.AmazonPolicy), nil, nil},
		{"leftovers of a role that is gone", three, sample.Deployed(1, "b", none), gone, nil},
		{"fewer", three, sample.Deployed(1, "b", none), nil, nil},
		{"more", sample.Deployed(1, "a", full), sample.Deployed(3, "b", none), nil, nil},
		{"managed to inline", sample.Deployed(2, "a", none), inline, nil, nil},
		{"inline to managed", inline, sample.Deployed(2, "a", none), nil, nil},
		{"attached", inline, attached, nil, nil},
		{"no longer attached", attached, inline, nil, nil},
		{"another is attached", attached, sample.Deployed(0, "a", none, "arn:aws:iam::111122223333:policy/b/a"), nil, nil},
		{"adopted", inline, sample.Deployed(2, "b", full), byHand, []string{"--adopt"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, to := newAccount(), script(t, tt.to)
			if tt.from != nil {
				first.mustRun(t, sh, script(t, tt.from))
			}
			if tt.change != nil {
				tt.change(first)
			}
			whole := first.clone(t)
			whole.mustRun(t, sh, to, tt.args...)
			want := whole.withoutVersions(t).contents(t)
			for n := 1; n <= len(whole.Calls); n++ {
				a := first.clone(t)
				a.Stop = n
				if stdout, stderr, status := a.run(t, sh, to, tt.args...); status == 0 || stdout != "" {
					t.Fatalf("after %s nothing works, and the script: status %d, printed %q, said %q", a.Calls[n-1], status, stdout, stderr)
				}
				last := a.Calls[n-1]
				a.Stop = 0
				a.mustRun(t, sh, to, tt.args...)
				runs++
				if diff := cmp.Diff(want, a.withoutVersions(t).contents(t)); diff != "" {
					t.Errorf("stopped after call %d, %s (-undisturbed +finished):\n%s", n, last, diff)
				}
			}
		})
	}
	if runs < 150 {
		t.Errorf("only %d runs were stopped", runs)
	}
}
