package shell

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

// regional returns a role that has no name of its own, and a permission in its own account and region.
func regional() *policy.Role {
	role := sample.Deployed(0, "a", policy.Properties{})
	role.Name = ""
	return role
}

// regionlessRole returns the role web, with a permission in one region whatever the role's own is.
func regionlessRole() *policy.Role {
	role := sample.Deployed(0, "a", policy.Properties{})
	role.Inline[0].Document.Statements[0].Resources = policy.Values("arn:aws:ssm:us-east-1:111122223333:parameter/a")
	return role
}

// TestScriptAsks: a script takes what the CLI says, in the order of the CLI, and puts it into the documents.
func TestScriptAsks(t *testing.T) {
	sh := start(t, "sh")
	path := script(t, regional())
	for _, tt := range []struct {
		name               string
		variables, profile string
		account, partition string
		region             string
		calls              int
	}{
		{"AWS_REGION", "AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-2", "eu-west-3", "111122223333", "aws", "eu-west-1", 0},
		{"AWS_DEFAULT_REGION", "AWS_DEFAULT_REGION=eu-west-2", "eu-west-3", "444455556666", "aws", "eu-west-2", 0},
		{"empty variables", "AWS_REGION= AWS_DEFAULT_REGION=", "eu-west-3", "444455556666", "aws", "eu-west-3", 1},
		{"the profile", "", "us-isob-east-1", "111122223333", "aws-iso-b", "us-isob-east-1", 1},
		{"a partition that nobody knows", "", "xx-north-1", "111122223333", "aws-xx", "xx-north-1", 1},
		{"the longest region", "", "us-isof-northeast-1", "111122223333", "aws-iso-f", "us-isof-northeast-1", 1},
	} {
		a := &account{Account: tt.account, Partition: tt.partition, Region: tt.region, Profile: tt.profile, Variables: tt.variables}
		r, _ := a.mustRun(t, sh, path)
		arn := "arn:" + tt.partition + ":iam::" + tt.account + ":role/web-execution-" + tt.region
		want := `"arn:` + tt.partition + ":ssm:" + tt.region + ":" + tt.account + `:parameter/a/0"`
		if r.Arn != arn || !strings.Contains(r.Inline["TaskExecution"], want) || valueOf(r.Tags, "execrole:region") != tt.region {
			t.Errorf("%s: the role is %+v", tt.name, r)
		}
		if asked := a.Calls[0] == "configure get"; asked != (tt.calls > 0) {
			t.Errorf("%s: calls %q", tt.name, a.Calls)
		}
		a.unchangedBy(t, sh, path)
	}
	// Flags may say what execrole does not know: it warns, and the script does it.
	a := &account{Account: "111122223333", Partition: "aws", Region: "cn-north-1"}
	a.mustRun(t, sh, scriptIn(t, policy.Environment{Region: "cn-north-1", Partition: "aws"}, regional()))
	// One script makes a role for each region of an account.
	a = newAccount()
	a.mustRun(t, sh, path)
	a.Region, a.Variables = "eu-west-1", "AWS_REGION=eu-west-1"
	a.mustRun(t, sh, path)
	if len(a.Roles) != 2 {
		t.Errorf("roles %v", a.Roles)
	}
}

// TestScriptChecks: a script changes nothing if what the CLI says is malformed, or is something else than the script
// knows.
func TestScriptChecks(t *testing.T) {
	sh := start(t, "sh")
	asks := script(t, regional())
	known := scriptIn(t, policy.Environment{Account: "111122223333", Partition: "aws"}, regional())
	china := sample.Deployed(0, "a", policy.Properties{})
	china.Inline[0].Document.Statements[0].Resources = policy.Values("arn:aws-cn:s3:::a")
	mapped := script(t, sample.Roles()["made-tables"])
	type change func(*account)
	region := func(region string) change { return func(a *account) { a.Profile = region } }
	of := func(number string) change { return func(a *account) { a.Account = number } }
	in := func(partition string) change { return func(a *account) { a.Partition = partition } }
	const looks, form = "and a region looks like us-east-1", "and a partition looks like aws or aws-cn"
	for _, tt := range []struct {
		path   string
		change change
		want   string
	}{
		{asks, region(""), "web-execution: the AWS CLI has no region: set AWS_REGION, or write this script with --region"},
		{asks, region(`us-east-1"`), looks}, {asks, region("us-east-1/"), looks}, {asks, region("us-east"), looks}, {asks, region("US-EAST-1"), looks},
		{asks, region("-us-east-1"), looks}, {asks, region("us--east-1"), looks}, {asks, region("us-1"), looks}, {asks, region("us-east-"), looks},
		{asks, region("us-east-1a"), looks}, {asks, region("us-\u00e9ast-1"), looks}, {asks, region("us-east-\u0661"), looks}, {asks, region("$(id)-a-1"), looks},
		{asks, region("us-isof-northwesten-1"), "has more than 19 characters: write this script with --region us-isof-northwesten-1"},
		{asks, of("1111222233334"), `the AWS CLI says that the account is "1111222233334", and an account has 12 digits`},
		{asks, of("11112222333x"), "an account has 12 digits"}, {asks, of("None"), "an account has 12 digits"}, {asks, of(""), "an account has 12 digits"},
		{asks, in(`aws"`), `the AWS CLI says that the partition is "aws"", and a partition looks like aws or aws-cn`},
		{asks, in("aws-"), form}, {asks, in("awscn"), form}, {asks, in("aws-CN"), form}, {asks, in("aws-\u00e9"), form}, {asks, in(""), form},
		{asks, in("aws-abcdefgh"), "the partition aws-abcdefgh has more than 10 characters: write this script with --partition aws-abcdefgh"},
		{asks, in("aws-cn"), "the region of the AWS CLI is us-east-1, and the credentials are of the partition aws-cn"},
		{known, of("444455556666"), "the credentials are of account 444455556666, and this script is for account 111122223333"},
		{known, in("aws-cn"), "the credentials are of the partition aws-cn, and this script is for the partition aws"},
		{script(t, china), in("aws"), "the credentials are of the partition aws, and this script is for the partition aws-cn"},
		{mapped, func(a *account) { a.Region, a.Profile = "us-west-1", "us-west-1" }, "web-execution: the mapping TestTable has no Owner for region us-west-1"},
		{mapped, func(a *account) { a.Region, a.Profile = "eu-west-1", "eu-west-1" }, "the mapping OtherTable has no Text for region eu-west-1"},
	} {
		a := newAccount()
		tt.change(a)
		stdout, stderr, status := a.run(t, sh, tt.path)
		if status != 1 || stdout != "" || !strings.HasSuffix(stderr, tt.want+"\n") || strings.Count(stderr, "\n") != 1 || a.writes() != nil || a.Roles != nil {
			t.Errorf("want %q: status %d, printed %q, said %q, called %q", tt.want, status, stdout, stderr, a.Calls)
		}
	}
}

// TestScriptWithoutRegion: a script that needs no region does not ask for one. Its role is good for every region, until a
// permission depends on the region.
func TestScriptWithoutRegion(t *testing.T) {
	sh, a := start(t, "sh"), newAccount()
	a.Profile = ""
	without, with := script(t, regionlessRole()), script(t, sample.Deployed(0, "a", policy.Properties{}))
	r, _ := a.mustRun(t, sh, without)
	if slices.Contains(a.Calls, "configure get") || valueOf(r.Tags, "execrole:region") != "" {
		t.Errorf("calls %q, tags %v", a.Calls, r.Tags)
	}
	a.unchangedBy(t, sh, without)
	a.Profile = a.Region
	if r, _ = a.mustRun(t, sh, with); valueOf(r.Tags, "execrole:region") != a.Region {
		t.Errorf("tags %v", r.Tags)
	}
	a.Profile, a.Region = "eu-west-1", "eu-west-1"
	if _, stderr, status := a.run(t, sh, with); status != 1 || !strings.Contains(stderr, "are web and us-east-1, not web and eu-west-1: --adopt takes it over") {
		t.Errorf("status %d, said %q", status, stderr)
	}
	a.mustRun(t, sh, without)
	a.mustRun(t, sh, with)
	a.Roles["web"].Tags = []policy.Tag{{Key: "execrole:family", Value: "web"}}
	if _, stderr, status := a.run(t, sh, without); status != 1 || !strings.Contains(stderr, "are web and None, not web and : --adopt takes it over") {
		t.Errorf("status %d, said %q", status, stderr)
	}
}

// TestScriptKnowsForms: the functions of a script that check values agree with package policy, in every shell.
func TestScriptKnowsForms(t *testing.T) {
	words := []string{
		"", "a", "aws", "aws-", "aws-cn", "aws-us-gov", "aws--x", "awsx", "aws-1", "Aws", "aws cn", "-", "--", "*", "1", "-1", "us-1", "us-east-1", "us-east-12", "us-east-1-",
		"us-east-1-2", "us-east1-1", "us--east-1", "-us-east-1", "a-b-c-d-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1", "eusc-de-east-1",
		"cn-north-1", "cn-1", "eu-west-1", "ap-southeast-7", "sa-east-1", "ca-west-1", "me-south-1", "af-south-1", "il-central-1", "mx-central-1", "xx-east-1", "us-new-east-1",
		"usx-east-1", "111122223333", "1111222233334", "11112222333", "11112222333a", "\u0661\u0661\u0661\u0661\u0661\u0661", "us-\u00e9ast-1", "US-EAST-1", "us-east-\u00b2",
	}
	var want []string
	for _, w := range words {
		partition := ""
		if policy.IsRegion(w) { // a script asks for the partition of nothing else
			partition = policy.PartitionOf(w)
		}
		want = append(want, fmt.Sprintf("%q %v %v %v %s", w, policy.IsAccount(w), policy.IsPartition(w), policy.IsRegion(w), partition))
	}
	data, err := os.ReadFile(script(t, regional()))
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(data), "# What follows is the same for every role.\n")
	functions := strings.TrimSuffix(program, "main \"$@\"\n")
	if functions == program {
		t.Fatal("the script does not end with its main function")
	}
	path := filepath.Join(t.TempDir(), "functions.sh")
	if err := os.WriteFile(path, []byte(functions), 0o666); err != nil {
		t.Fatal(err)
	}
	const ask = `set -eu
. "$1"
shift
is() { if "$@"; then printf 'true '; else printf 'false '; fi; }
for word; do
	is is_account "$word"; is is_partition "$word"; is is_region "$word"
	if is_region "$word"; then echo "$(partition_of "$word")"; else echo; fi
done`
	for _, shell := range shells() {
		args := append(append(strings.Fields(shell), "-c", ask, "sh", path), words...)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", shell, err)
		}
		var got []string
		for i, line := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
			got = append(got, fmt.Sprintf("%q %s", words[i], line))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-policy +script):\n%s", shell, diff)
		}
	}
	// The numbers of the script are those with which the policies were measured.
	var symbols policy.SymbolTable
	for _, limit := range []string{
		fmt.Sprintf(`[ "${#region}" -le %d ] || fail "the region $region has more than %[1]d characters`, symbols.Lookup(policy.Region).MaxLength),
		fmt.Sprintf(`[ "${#partition}" -le %d ] || fail "the partition $partition has more than %[1]d characters`, symbols.Lookup(policy.Partition).MaxLength),
	} {
		if !strings.Contains(program, limit) {
			t.Errorf("the script does not have %s", limit)
		}
	}
}
