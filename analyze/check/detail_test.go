package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/testdata/golden"
)

func TestTightForm(t *testing.T) {
	c := readCase(t, "testdata/managed.txtar")
	v := c.check(t)
	var got []string
	for _, f := range v.Findings {
		for _, s := range f.Cure.Add {
			got = append(got, fmt.Sprintf("%s %s: %s on %s", f.Code, s.Sid, strings.Join(s.Actions, ","), strings.Join(textsOf(policy.Texts(s.Resources)), ",")))
		}
	}
	want := []string{
		"EXR023 WriteLogs: logs:CreateLogStream,logs:PutLogEvents on arn:aws:logs:us-east-1:${AWS::AccountId}:log-group:/web:log-stream:ecs/app/*",
		"EXR024 PullImages: ecr:BatchCheckLayerAvailability,ecr:BatchGetImage,ecr:GetDownloadUrlForLayer on arn:aws:ecr:us-east-1:111122223333:repository/web",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if v.Checklist != (Checklist{policy.Yes, policy.Yes, policy.Yes}) {
		t.Errorf("checklist %+v", v.Checklist)
	}
}

// TestAssumed tests a role whose account and region nobody gives. If all ARNs of the role have one account and one region, check
// assumes these. If they have several, the answer is "cannot tell".
func TestAssumed(t *testing.T) {
	const task = `{"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": "/a"}]}]}`
	plans, err := analyze.Read("task.json", []byte(task), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	parameter := func(region, account string) string {
		return fmt.Sprintf(`{"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:%s:%s:parameter/a"}`, region, account)
	}
	for _, tt := range []struct {
		statements string
		env        policy.Environment
		fits       policy.Truth
		code       Code
		assumed    policy.Environment
	}{
		{parameter("us-east-1", "111122223333"), policy.Environment{}, policy.Yes, "", policy.Environment{Partition: "aws", Region: "us-east-1", Account: "111122223333"}},
		{parameter("us-east-1", "111122223333") + "," + parameter("us-east-1", "444455556666"), policy.Environment{}, policy.Unknown, DependsOnValue, policy.Environment{Partition: "aws", Region: "us-east-1"}},
		{parameter("us-east-1", "111122223333"), policy.Environment{Account: "444455556666"}, policy.No, NotAllowed, policy.Environment{Partition: "aws", Region: "us-east-1"}},
		{parameter("us-east-1", "111122223333") + "," + parameter("us-east-1", "444455556666"), policy.Environment{Account: "444455556666"}, policy.Yes, OtherSecrets, policy.Environment{Partition: "aws", Region: "us-east-1"}},
		{parameter("*", "*"), policy.Environment{}, policy.Yes, SecretsByWildcard, policy.Environment{Partition: "aws"}},
	} {
		roles, problems := Read([]analyze.Input{{Name: "p.json", Source: []byte(`{"Version": "2012-10-17", "Statement": [` + tt.statements + `]}`)}})
		if problems != nil {
			t.Fatal(problems)
		}
		v := Check(roles[0], plans, Options{Environment: tt.env})
		code := Code("")
		if len(v.Findings) > 0 {
			code = v.Findings[0].Code
		}
		if v.Fits != tt.fits || code != tt.code || v.Assumed != tt.assumed {
			t.Errorf("%s in %+v: fits %v, %s, assumed %+v", tt.statements, tt.env, v.Fits, code, v.Assumed)
		}
	}
}

// TestNotSeen: what is not there and has a say is named.
func TestNotSeen(t *testing.T) {
	c := readCase(t, "testdata/missing.txtar")
	c.role = c.role[:1]
	if v := c.check(t); !slices.Equal(v.NotSeen, []NotSeen{NoServiceControl, NoEndpoint, NoResource, NoTrust}) || v.Checklist != (Checklist{policy.Unknown, policy.No, policy.Unknown}) {
		t.Errorf("%v, %+v", v.NotSeen, v.Checklist)
	}
	c = readCase(t, "testdata/scp.txtar")
	c.opts.ResourcePolicies = []ResourcePolicy{}
	if v := c.check(t); !slices.Equal(v.NotSeen, []NotSeen{NoEndpoint}) {
		t.Errorf("%v", v.NotSeen)
	}
}

// TestSeveralTasks: what one of several tasks needs is not unneeded, and what several need is asked once.
func TestSeveralTasks(t *testing.T) {
	task := func(family, secret string) *analyze.Plan {
		plan, err := golden.Plan([]byte(fmt.Sprintf(`{"family": %q, "containerDefinitions": [{"name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1", "secrets": [{"name": "A", "valueFrom": "/%s"}]}]}`, family, secret)), analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	a, b := task("a", "one"), task("b", "two")
	made, err := analyze.Share("", []*analyze.Plan{a, b}).Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	role := Existing(made)
	v := Check(role, []*analyze.Plan{a, b}, Options{})
	if v.Fits != policy.Yes || v.Findings != nil {
		t.Errorf("fits %v: %v", v.Fits, v.Findings)
	}
	needs := map[string]int{}
	for _, p := range v.Permissions {
		needs[p.Action.Name] += len(p.Needs)
	}
	if len(v.Permissions) != 6 || needs["ecr:BatchGetImage"] != 2 || needs["ssm:GetParameters"] != 2 {
		t.Errorf("%d permissions, %v", len(v.Permissions), needs)
	}
	v = Check(role, []*analyze.Plan{a}, Options{})
	if v.Fits != policy.Yes || len(v.Findings) != 1 || v.Findings[0].Code != OtherSecrets {
		t.Errorf("fits %v: %v", v.Fits, v.Findings)
	}
}

// TestSymbols: a role and a task definition of one template have the same symbols.
func TestSymbols(t *testing.T) {
	const template = `{"Resources": {"Secret": {"Type": "AWS::SecretsManager::Secret"}, "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
	  "ContainerDefinitions": [{"Name": "app", "Image": "nginx", "Secrets": [{"Name": "A", "ValueFrom": {"Ref": "Secret"}}]}]}}}}`
	plans, err := analyze.Read("t.json", []byte(template), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	allow := func(r policy.Text) *Role {
		return &Role{Symbols: plans[0].Symbols, Policies: []Policy{{Policy: policy.Policy{Document: policy.NewDocument(policy.Statement{Actions: []string{"secretsmanager:GetSecretValue"}, Resources: policy.Values(r)})}}}}
	}
	for resource, want := range map[policy.Text]string{
		plans[0].Requirements[0].Resource:                               "yes []",
		"arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf": "cannot tell [EXR008]",
		"arn:aws:secretsmanager:us-east-1:111122223333:secret:*":        "cannot tell [EXR008 EXR021]",
		"arn:aws:ssm:us-east-1:111122223333:parameter/a":                "no [EXR001 EXR022]",
	} {
		v := Check(allow(resource), plans, Options{})
		var codes []Code
		for _, f := range v.Findings {
			codes = append(codes, f.Code)
		}
		if got := fmt.Sprint(v.Fits, " ", codes); got != want {
			t.Errorf("%s: %s, want %s", resource, got, want)
		}
	}
}
