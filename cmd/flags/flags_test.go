package flags

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// parse parses a command line into new options.
func parse(args ...string) (o analyze.Options, role policy.Options, problems []string, fs *pflag.FlagSet, err error) {
	fs = pflag.NewFlagSet("test", pflag.ContinueOnError)
	Analyze(fs, &o)
	Role(fs, &role)
	errs, err := Parse(fs, args)
	for _, err := range errs {
		problems = append(problems, err.Error())
	}
	return o, role, problems, fs, err
}

func TestAnalyze(t *testing.T) {
	set := func(list ...analyze.Setting) analyze.Options { return analyze.Options{Set: list} }
	for _, c := range []struct {
		args []string
		want analyze.Options
	}{
		{nil, analyze.Options{}},
		{[]string{"--set", "A=1", "--set", "B=x=y,z", "--set", "C="}, set(analyze.Setting{Name: "A", Value: "1"}, analyze.Setting{Name: "B", Value: "x=y,z"}, analyze.Setting{Name: "C"})},
		{[]string{"--set=/containerDefinitions/0/image=nginx:1"}, set(analyze.Setting{Name: "/containerDefinitions/0/image", Value: "nginx:1"})},
		{[]string{"--set", "A=1", "--set", "A=1"}, set(analyze.Setting{Name: "A", Value: "1"})},
		{[]string{"--image", "app=nginx"}, analyze.Options{Image: []analyze.Setting{{Name: "app", Value: "nginx"}}}},
		{[]string{"--kms-key", "a=b=alias/c", "--kms-key", "*=alias/d"}, analyze.Options{KMSKeys: []analyze.KMSKey{{Ref: "a=b", Key: "alias/c"}, {Ref: "*", Key: "alias/d"}}}},
		{[]string{"--bucket-owner", "111122223333", "--bucket-owner", "b=444455556666"}, analyze.Options{BucketOwners: []analyze.BucketOwner{{Account: "111122223333"}, {Bucket: "b", Account: "444455556666"}}}},
		{[]string{"--guardduty"}, analyze.Options{GuardDuty: true}},
		{[]string{"--guardduty=111122223333"}, analyze.Options{GuardDuty: true, GuardDutyAccount: "111122223333"}},
		{[]string{"--guardduty=111122223333", "--guardduty"}, analyze.Options{GuardDuty: true}},
		{[]string{"--source-vpce", "vpce-1", "--source-vpce", "vpce-2", "--source-vpc", "vpc-1", "--pull-through-cache", "hub", "--credspec-secret", "arn"},
			analyze.Options{SourceVPCEndpoints: []string{"vpce-1", "vpce-2"}, SourceVPCs: []string{"vpc-1"}, PullThroughCaches: []string{"hub"}, CredSpecSecrets: []string{"arn"}}},
		{[]string{"--managed-policy", "--called-only", "--account", "1", "--region", "r", "--partition", "p"},
			analyze.Options{ManagedPolicy: true, CalledOnly: true, Environment: policy.Environment{Account: "1", Region: "r", Partition: "p"}}},
	} {
		got, role, problems, _, err := parse(c.args...)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil || problems != nil || len(role.Properties.List(role.Name)) > 0 {
			t.Errorf("%q: %v, %q, %v; options (-want +got):\n%s", c.args, err, problems, role, diff)
		}
	}
}

func TestRole(t *testing.T) {
	_, got, problems, _, err := parse("--role-name", "web", "--path", "/ecs/", "--permissions-boundary", "arn", "--tag", "b=1=2", "--tag", "a=", "--tag", "a=",
		"--description", "two words", "--max-session-duration", "3600", "--no-source-conditions")
	want := policy.Options{Name: "web", NoSourceConditions: true, Properties: policy.Properties{
		Path: "/ecs/", PermissionsBoundary: "arn", Tags: []policy.Tag{{Key: "b", Value: "1=2"}, {Key: "a"}}, Description: "two words", MaxSessionDuration: 3600,
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || problems != nil {
		t.Errorf("%v, %q; options (-want +got):\n%s", err, problems, diff)
	}
}

// TestProblems has every kind of value that is not accepted: all problems of a command line are returned.
func TestProblems(t *testing.T) {
	_, _, problems, fs, err := parse(
		"--set", "A", "--set", "=1", "--set", "", "--set", "A=\xff", "--set", "A=1", "--set", "A=2",
		"--image", "app=", "--tag", "a=b", "--tag", "a=c", "--kms-key", "k=", "--kms-key", "=k", "--kms-key", "k",
		"--bucket-owner", "b=", "--bucket-owner", "=1", "--account", "", "--source-vpc", "", "--guardduty=",
		"--max-session-duration", "1h", "--max-session-duration", "0", "--max-session-duration", "13h", "--called-only=", "--called-only=maybe", "file")
	want := []string{
		`--set "A" has no "="; write --set NAME=VALUE`,
		`--set "=1" has nothing before the "="; write --set NAME=VALUE`,
		`--set is empty: give it a value or leave it out`,
		`--set "A=\xff" is not UTF-8`,
		`--set A is given twice, as "1" and as "2"`,
		`--image app= names no image; write --image CONTAINER=URI`,
		`--tag a is given twice, as "b" and as "c"`,
		`--kms-key "k=": write --kms-key REF=KEY`,
		`--kms-key "=k": write --kms-key REF=KEY`,
		`--kms-key "k": write --kms-key REF=KEY`,
		`--bucket-owner "b=": write --bucket-owner ACCOUNT or --bucket-owner BUCKET=ACCOUNT`,
		`--bucket-owner "=1": write --bucket-owner ACCOUNT or --bucket-owner BUCKET=ACCOUNT`,
		`--account is empty: give it a value or leave it out`,
		`--source-vpc is empty: give it a value or leave it out`,
		`--guardduty is empty: give it a value or leave it out`,
		`--max-session-duration "1h": write seconds, 3600 to 43200; 1h is 3600`,
		`--max-session-duration "0": write seconds, 3600 to 43200`,
		`--max-session-duration "13h": write seconds, 3600 to 43200`,
		`--called-only is on or off and takes no value, not ""`,
		`--called-only is on or off and takes no value, not "maybe"`,
	}
	if diff := cmp.Diff(want, problems); diff != "" || err != nil {
		t.Errorf("%v; problems (-want +got):\n%s", err, diff)
	}
	if !fs.Changed("account") || !cmp.Equal(fs.Args(), []string{"file"}) {
		t.Errorf("a flag with a bad value does not count as given, or the rest is lost: %q", fs.Args())
	}
}

// TestShape has a command line whose shape is wrong: that is an error of its own, beside the problems before it.
func TestShape(t *testing.T) {
	_, _, problems, _, err := parse("--set", "A", "--unknown")
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || len(problems) != 1 {
		t.Errorf("%v, %q", err, problems)
	}
}

// TestString has every value print itself as it was given.
func TestString(t *testing.T) {
	_, _, _, fs, _ := parse("--set", "A=1", "--set", "B=2", "--kms-key", "a=b", "--kms-key", "c=d", "--guardduty", "--max-session-duration", "3600")
	for name, want := range map[string]string{"set": "A=1 B=2", "image": "", "kms-key": "a=b c=d", "guardduty": "region", "max-session-duration": "3600"} {
		if got := fs.Lookup(name).Value.String(); got != want {
			t.Errorf("--%s is %q, want %q", name, got, want)
		}
	}
	_, _, _, fs, _ = parse("--guardduty=111122223333")
	if got := fs.Lookup("guardduty").Value.String(); got != "111122223333" {
		t.Errorf("--guardduty is %q", got)
	}
}
