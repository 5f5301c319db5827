package policy

import (
	"maps"
	"strings"
	"testing"
)

func TestEnvironmentCheck(t *testing.T) {
	for _, tt := range []struct {
		env  Environment
		want string // in the only error
	}{
		{Environment{Account: "*"}, `account "*": an account has 12 digits`},
		{Environment{Account: "11112222333"}, "12 digits"},
		{Environment{Account: "11112222333a"}, "12 digits"},
		{Environment{Region: "us-*"}, `region "us-*": a region looks like us-east-1`},
		{Environment{Region: "US-EAST-1"}, "looks like"},
		{Environment{Partition: "aw"}, `partition "aw"`},
		{Environment{Partition: "aws*"}, `partition "aws*"`},
		{Environment{Partition: "aws-cn", Region: "us-east-1"}, "region us-east-1 is in partition aws"},
	} {
		if err := tt.env.Check(); err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want %q", tt.env, err, tt.want)
		}
	}
	for _, tt := range []struct{ env, want Environment }{
		{Environment{}, Environment{}},
		{Environment{Account: "111122223333"}, Environment{Account: "111122223333"}},
		{Environment{Region: "cn-north-1"}, Environment{Region: "cn-north-1", Partition: "aws-cn"}},
		{Environment{Region: "us-new-kind-1"}, Environment{Region: "us-new-kind-1"}},
		{Environment{Partition: "aws-cn"}, Environment{Partition: "aws-cn"}},
		{Environment{Partition: "aws-cn", Region: "cn-north-1"}, Environment{Partition: "aws-cn", Region: "cn-north-1"}},
	} {
		if got, err := tt.env.WithPartition(), tt.env.Check(); got != tt.want || err != nil {
			t.Errorf("%+v: %+v, error %v", tt.env, got, err)
		}
	}
}

func TestEnvironmentValues(t *testing.T) {
	var env Environment
	if len(env.Values()) != 0 {
		t.Errorf("an unknown environment has the values %v", env.Values())
	}
	want := map[Symbol]string{Partition: "aws-cn", Region: "cn-north-1", AccountID: "111122223333"}
	for s, v := range want {
		env.Set(s, v)
		if env.Value(s) != v {
			t.Errorf("%s is %q, want %q", s, env.Value(s), v)
		}
	}
	if !maps.Equal(env.Values(), want) || env != (Environment{"aws-cn", "cn-north-1", "111122223333"}) {
		t.Errorf("%+v has the values %v", env, env.Values())
	}
	if env.Value("Other") != "" {
		t.Error("an environment has a value for another symbol")
	}
	defer func() {
		if recover() == nil {
			t.Error("an environment takes another symbol")
		}
	}()
	env.Set("Other", "x")
}

func TestPartitionOf(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "ap-southeast-7": "aws", "mx-central-1": "aws", "il-central-1": "aws", "us-gov-west-1": "aws-us-gov",
		"us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "us-isof-south-1": "aws-iso-f", "eu-isoe-west-1": "aws-iso-e",
		"eusc-de-east-1": "aws-eusc", "cn-northwest-1": "aws-cn", "us-new-kind-1": "", "xx-east-1": "", "us-east": "", "": "", "global": "",
		"us-East-1": "", "us-east-x": "", "us--1": "",
	} {
		if got := PartitionOf(region); got != want {
			t.Errorf("PartitionOf(%q) = %q, want %q", region, got, want)
		}
		text := Text(want)
		if want == "" {
			text = Of(Partition)
		}
		if got := PartitionText(Text(region)); got != text {
			t.Errorf("PartitionText(%q) = %q, want %q", region, got, text)
		}
	}
	for name, want := range map[string]bool{"aws": true, "aws-cn": true, "aws-iso-b": true, "": false, "aw": false, "aws-": false, "awsx": false, "aws-CN": false} {
		if IsPartition(name) != want {
			t.Errorf("IsPartition(%q) is %v", name, !want)
		}
	}
}
