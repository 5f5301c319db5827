package analyze_test

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

// TestAgent: the least version of the agent is that of the requirement that needs the latest one.
func TestAgent(t *testing.T) {
	const image = `"image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1"`
	for members, want := range map[string]string{
		`"image": "nginx"`: "",
		image:              "1.16.0",
		`"image": "111122223333.dkr-ecr-fips.us-east-1.on.aws/web:1"`:                                                                           "1.95.0",
		`"image": "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com/web:1"`:                                                                    "1.16.0",
		image + `, "secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbC1dE:k"}]`:                  "1.37.0",
		`"image": "111122223333.dkr-ecr.us-east-1.on.aws/web:1"`:                                                                                "1.95.0",
		image + `, "secrets": [{"name": "A", "valueFrom": "/a"}]`:                                                                               "1.22.0",
		image + `, "secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbC1dE:k::"}]`:                "1.37.0",
		image + `, "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/k.env"}], "secrets": [{"name": "A", "valueFrom": "/aws"}]`: "1.39.0",
	} {
		plan, err := golden.Plan([]byte(`{"containerDefinitions": [{"name": "app", `+members+`}]}`), analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.Agent(); got != want {
			t.Errorf("%s: agent %q, want %q", members, got, want)
		}
	}
}

// TestAgentOnFargate: where Fargate alone runs the task, its owner chooses no version of the agent.
func TestAgentOnFargate(t *testing.T) {
	for members, want := range map[string]string{
		`"requiresCompatibilities": ["FARGATE"], `:                          "",
		`"requiresCompatibilities": ["FARGATE", "FARGATE"], `:               "",
		`"requiresCompatibilities": ["EC2", "FARGATE"], `:                   "1.16.0",
		`"requiresCompatibilities": ["FARGATE", "MANAGED_INSTANCES"], `:     "1.16.0",
		`"requiresCompatibilities": ["EXTERNAL"], `:                         "1.16.0",
		`"requiresCompatibilities": [], `:                                   "1.16.0",
		``:                                                                  "1.16.0",
		`"requiresCompatibilities": null, "compatibilities": ["FARGATE"], `: "1.16.0",
	} {
		plan, err := golden.Plan([]byte(`{`+members+`"containerDefinitions": [{"name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1"}]}`), analyze.Options{})
		if err != nil {
			t.Fatalf("%s: %v", members, err)
		}
		if got := plan.Agent(); got != want {
			t.Errorf("%s: agent %q, want %q", members, got, want)
		}
	}
}

// TestErrors: all at once, one a line, and no role is made.
func TestErrors(t *testing.T) {
	plan, err := golden.Plan([]byte(`{"containerDefinitions": [{"name": "app"}, {"name": "b", "image": "<X>"}]}`), analyze.Options{})
	lines := strings.Split(fmt.Sprint(err), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "input.json:1:27: error: ") || !strings.HasPrefix(lines[1], "input.json:1:67: error: ") {
		t.Errorf("errors %q", lines)
	}
	if role, roleErr := plan.Role(policy.Options{}); role != nil || fmt.Sprint(roleErr) != fmt.Sprint(err) {
		t.Errorf("role %v, error %v", role, roleErr)
	}
	plan, err = golden.Plan([]byte(`{"containerDefinitions": [{"name": "app", "image": "nginx"}]}`), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if role, err := plan.Role(policy.Options{Name: "a b"}); role != nil || !strings.Contains(fmt.Sprint(err), `role name "a b"`) {
		t.Errorf("role %v, error %v", role, err)
	}
}

// TestCredSpecs: the secret of a domainless task is named in its credential spec, on Linux in an object and on Windows in a
// string of JSON.
func TestCredSpecs(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:gmsa-aB1cD2"
	const src = `{"executionRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [{"name": "app", "image": "nginx", "credentialSpecs": ["credentialspecdomainless:arn:aws:s3:::specs/web.json"]}]}`
	spec := func(input string) string {
		return `{"CmsPlugins": ["ActiveDirectory"],` + "\n" + ` "ActiveDirectoryConfig": {"HostAccountConfig": {"PluginInput": ` + input + `}}}`
	}
	for _, tt := range []struct{ name, spec, want string }{
		{"Linux", spec(`{"CredentialArn": "` + arn + `"}`), ""},
		{"Windows", spec(`"{\"credentialArn\":\"` + arn + `\"}"`), ""},
		{"other case", strings.ToLower(spec(`{"CredentialArn": ""}`))[:len(spec(``))-3] + `{"CREDENTIALARN": "` + arn + `"}}}}`, ""},
		{"no JSON", "{", "spec.json:1:2: error: credential spec: the JSON ends too early"},
		{"no config", `{"ActiveDirectoryConfig": null}`, "spec.json:1:1: error: credential spec: no ActiveDirectoryConfig"},
		{"no input", spec(`null`), "spec.json:2:49: error: credential spec: no ActiveDirectoryConfig.HostAccountConfig.PluginInput"},
		{"no secret", spec(`{}`), "spec.json:2:65: error: credential spec: no ActiveDirectoryConfig.HostAccountConfig.PluginInput.CredentialArn"},
		{"no string", spec(`{"CredentialArn": 5}`), "spec.json:2:83: error: credential spec: CredentialArn is no string"},
		{"empty", spec(`{"CredentialArn": ""}`), "CredentialArn is no string"},
		{"no JSON inside", spec(`"{"`), "spec.json:2:65: error: credential spec: PluginInput: the JSON ends too early"},
		{"no secret inside", spec(`"{}"`), "PluginInput: no CredentialArn"},
		{"no ARN", spec(`{"CredentialArn": "gmsa"}`), `credential spec "gmsa" is no ARN of a secret`},
		{"another service", spec(`{"CredentialArn": "arn:aws:s3:::b/k"}`), "is of the service s3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := golden.Plan([]byte(src), analyze.Options{CredSpecs: []analyze.CredSpec{{File: "spec.json", Data: []byte(tt.spec)}}})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v\nwant %s", err, tt.want)
				}
				return
			}
			if want := "called secretsmanager:GetSecretValue on " + arn + " (exact) for app: credentialSpecs"; err != nil || !slices.Contains(golden.Lines(plan), want) {
				t.Errorf("error %v, plan %q", err, golden.Lines(plan))
			}
		})
	}
}

// TestPrincipal: another account's policy names the role by its whole ARN, with its path, or leaves it open.
func TestPrincipal(t *testing.T) {
	const src = `{"executionRoleArn": "arn:aws:iam::111122223333:role/x", "containerDefinitions": [{"name": "app", "image": "444455556666.dkr.ecr.%s/web:1"}]}`
	for _, tt := range []struct {
		host string
		opts policy.Options
		want policy.Text
	}{
		{"us-east-1.amazonaws.com", policy.Options{}, policy.Of(analyze.RoleARN)},
		{"us-east-1.amazonaws.com", policy.Options{Properties: policy.Properties{Path: "/ecs/"}}, policy.Of(analyze.RoleARN)},
		{"us-east-1.amazonaws.com", policy.Options{Name: "web"}, "arn:aws:iam::111122223333:role/web"},
		{"us-east-1.amazonaws.com", policy.Options{Name: "web", Properties: policy.Properties{Path: "/ecs/shop/"}}, "arn:aws:iam::111122223333:role/ecs/shop/web"},
		{"cn-north-1.amazonaws.com.cn", policy.Options{Name: "web"}, "arn:aws-cn:iam::111122223333:role/web"},
	} {
		plan, err := golden.Plan([]byte(fmt.Sprintf(src, tt.host)), analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		role, err := plan.Role(tt.opts)
		if err != nil {
			t.Fatal(err)
		}
		if len(role.ResourcePolicies) != 1 {
			t.Fatalf("%s: resource policies %+v", tt.host, role.ResourcePolicies)
		}
		for _, s := range role.ResourcePolicies[0].Document.Statements {
			want := []policy.Principal{{Type: policy.AWSPrincipal, IDs: []policy.Text{tt.want}}}
			if diff := cmp.Diff(want, s.Principals); diff != "" {
				t.Errorf("%s, %+v: the principal (-want +got):\n%s", tt.host, tt.opts, diff)
			}
		}
	}
}

// TestResourcePolicyOfAWS: AWS's registries are open to everybody, and other things of the same accounts are not.
func TestResourcePolicyOfAWS(t *testing.T) {
	const src = `{"executionRoleArn": "arn:aws:iam::111122223333:role/x", "containerDefinitions": [{"name": "app",
		"image": "840364872350.dkr.ecr.us-east-1.amazonaws.com/aws-appmesh-envoy:v1",
		"secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:840364872350:secret:a-AbC1dE"}]}]}`
	plan, err := golden.Plan([]byte(src), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	role, err := plan.Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if list := role.ResourcePolicies; len(list) != 1 || list[0].Service != "secretsmanager" {
		t.Errorf("resource policies %+v", list)
	}
}

// TestGivenEnvironment: a value that the caller gives has precedence over the input. One warning says that they differ.
func TestGivenEnvironment(t *testing.T) {
	const src = `{"executionRoleArn": "arn:aws:iam::111122223333:role/x", "containerDefinitions": [{"name": "app", "image": "nginx",
		"secrets": [{"name": "A", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/a"}]}]}`
	for account, want := range map[string]int{"": 0, "111122223333": 0, "444455556666": 1} {
		plan, err := golden.Plan([]byte(src), analyze.Options{Environment: policy.Environment{Account: account}})
		if err != nil {
			t.Fatal(err)
		}
		warnings := 0
		for _, f := range plan.Findings {
			if f.Severity == analyze.Warning {
				warnings++
			}
			if (f.Rule == "own-values") != (f.Severity == analyze.Warning) {
				t.Errorf("account %q: %v", account, f)
			}
		}
		if warnings != want || account != "" && plan.Environment.Account != account {
			t.Errorf("account %q: %d warnings, and the plan has the account %s", account, warnings, plan.Environment.Account)
		}
	}
}

// TestEnvironmentOfInput: well-formed ARNs of the task definition and of its roles say where the role is used.
func TestEnvironmentOfInput(t *testing.T) {
	for members, want := range map[string]policy.Environment{
		`"taskDefinitionArn": "arn:aws-cn:ecs:cn-north-1:111122223333:task-definition/web:1"`: {Partition: "aws-cn", Region: "cn-north-1", Account: "111122223333"},
		`"executionRoleArn": "arn:aws:iam::111122223333:role/web"`:                            {Partition: "aws", Account: "111122223333"},
		`"taskRoleArn": "arn:aws:iam::111122223333:role/web"`:                                 {Partition: "aws", Account: "111122223333"},
		`"taskRoleArn": "arn:aws:iam:us-east-1:111122223333:role/web"`:                        {},
		`"taskRoleArn": "arn:aws:iam::111122223333:user/web"`:                                 {},
		`"taskRoleArn": "arn:aws:sts::111122223333:role/web"`:                                 {},
		`"taskRoleArn": "arn:aws:iam::11112222333:role/web"`:                                  {},
		`"taskRoleArn": "arn:amazon:iam::111122223333:role/web"`:                              {},
		`"taskDefinitionArn": "arn:aws:ecs::111122223333:task-definition/web:1"`:              {},
		`"taskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:service/web"`:               {},
		`"taskDefinitionArn": "arn:aws:ecs:east:111122223333:task-definition/web:1"`:          {},
		`"taskDefinitionArn": "arn:aws:ecs:cn-north-1:111122223333:task-definition/web:1"`:    {},
		`"taskRoleArn": "web"`: {},
	} {
		plan, err := golden.Plan([]byte(`{`+members+`, "containerDefinitions": [{"name": "app", "image": "nginx"}]}`), analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if plan.Environment != want {
			t.Errorf("%s: %+v, want %+v", members, plan.Environment, want)
		}
	}
}

// TestSharedCredSpec: containers that share a domainless credential spec need its secret once, and another spec needs
// another one, in the order of the specs.
func TestSharedCredSpec(t *testing.T) {
	container := func(name, spec string) string {
		return `{"name": "` + name + `", "image": "nginx", "credentialSpecs": ["credentialspecdomainless:arn:aws:s3:::specs/` + spec + `.json"]}`
	}
	secret := func(name string) string {
		return "arn:aws:secretsmanager:us-east-1:111122223333:secret:" + name + "-aB1cD2"
	}
	secrets := func(plan *analyze.Plan) (list []string) {
		for _, r := range plan.Requirements {
			if r.Grant.Sid == "ReadSecrets" {
				list = append(list, string(r.Resource))
			}
		}
		return list
	}
	file := func(name string) analyze.CredSpec {
		return analyze.CredSpec{File: name, Data: []byte(`{"ActiveDirectoryConfig": {"HostAccountConfig": {"PluginInput": {"CredentialArn": "` + secret(name) + `"}}}}`)}
	}
	for _, tt := range []struct {
		containers []string
		files      []analyze.CredSpec
		secrets    []string
		want       []string // the secrets; nil for an error
	}{
		{[]string{container("a", "x"), container("b", "x")}, nil, []string{secret("x")}, []string{secret("x")}},
		{[]string{container("a", "x"), container("b", "y")}, nil, []string{secret("x"), secret("y")}, []string{secret("x"), secret("y")}},
		{[]string{container("a", "x"), container("b", "y")}, []analyze.CredSpec{file("x")}, []string{secret("y")}, []string{secret("x"), secret("y")}},
		{[]string{container("a", "x"), container("b", "y")}, nil, []string{secret("x")}, nil},
		{[]string{container("a", "x"), container("b", "x")}, nil, []string{secret("x"), secret("y")}, nil},
	} {
		src := `{"executionRoleArn": "arn:aws:iam::111122223333:role/x", "containerDefinitions": [` + strings.Join(tt.containers, ", ") + `]}`
		plan, err := golden.Plan([]byte(src), analyze.Options{CredSpecs: tt.files, CredSpecSecrets: tt.secrets})
		if got := secrets(plan); (err == nil) != (tt.want != nil) || tt.want != nil && !slices.Equal(got, tt.want) {
			t.Errorf("%q: secrets %q, want %q, error %v", tt.containers, got, tt.want, err)
		}
	}
	// Of two documents each has its own.
	document := func(spec string) analyze.Input {
		return analyze.Input{Name: spec, Source: []byte(`{"containerDefinitions": [` + container("a", spec) + `]}`)}
	}
	for name, opts := range map[string]analyze.Options{
		"secrets": {CredSpecSecrets: []string{secret("x"), secret("y")}},
		"files":   {CredSpecs: []analyze.CredSpec{file("x"), file("y")}},
	} {
		plans, err := analyze.ReadAll([]analyze.Input{document("x"), document("y")}, opts)
		if err != nil {
			t.Fatal(err)
		}
		for i, spec := range []string{"x", "y"} {
			if got := secrets(plans[i]); !slices.Equal(got, []string{secret(spec)}) {
				t.Errorf("%s: document %s: secrets %q", name, spec, got)
			}
		}
	}
}

// TestRoleOfManagedPolicy: the managed policy counts among those that a role may have, and what it grants leaves no
// mapping behind.
func TestRoleOfManagedPolicy(t *testing.T) {
	plan := golden.ManySecrets(t, 500, false, false)
	plan.Attached = make([]policy.Text, policy.MaxAttached-1)
	if role, err := plan.Role(policy.Options{}); err == nil || !strings.Contains(err.Error(), "keep several values as JSON keys of one secret") {
		t.Errorf("role %v, error %v", role != nil, err)
	}
	src := []byte(`{"requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{"name": "app", "image": "nginx"}]}`)
	for managed, want := range map[bool]int{false: 1, true: 0} {
		plan, err := golden.Plan(src, analyze.Options{GuardDuty: true, ManagedPolicy: managed})
		if err != nil {
			t.Fatal(err)
		}
		role, err := plan.Role(policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(role.Mappings) != want {
			t.Errorf("with the managed policy %v: %d mappings", managed, len(role.Mappings))
		}
	}
}

// TestProxies: App Mesh is the only proxy whose needs are known, and the default.
func TestProxies(t *testing.T) {
	for kind, want := range map[string]bool{``: true, `"type": "APPMESH", `: true, `"type": "OTHER", `: false} {
		plan, err := golden.Plan([]byte(`{"containerDefinitions": [{"name": "app", "image": "nginx"}], "proxyConfiguration": {`+kind+`"containerName": "app"}}`), analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(plan.Findings, func(f analyze.Finding) bool { return strings.HasPrefix(f.Message, "App Mesh") }); got != want {
			t.Errorf("%q: a note %v", kind, got)
		}
	}
}

// TestGuardDutyAccounts has AWS's list, copied once more.
//
// Source: https://docs.aws.amazon.com/guardduty/latest/ug/ecs-runtime-agent-ecr-image-uri.html
func TestGuardDutyAccounts(t *testing.T) {
	const list = `us-east-1 593207742271; us-east-2 307168627858; us-west-1 684579721401; us-west-2 733349766148; ca-central-1 354763396469;
		ca-west-1 339712888787; mx-central-1 311141559934; sa-east-1 758426053663; eu-west-1 694911143906; eu-west-2 892757235363;
		eu-west-3 665651866788; eu-north-1 591436053604; eu-central-1 323658145986; eu-central-2 529164026651; eu-south-1 266869475730;
		eu-south-2 919611009337; af-south-1 197869348890; me-south-1 536382113932; me-central-1 000014521398; il-central-1 870907303882;
		ap-south-1 251508486986; ap-south-2 950823858135; ap-southeast-1 174946120834; ap-southeast-2 005257825471;
		ap-southeast-3 510637619217; ap-southeast-4 251357961535; ap-southeast-5 156041399949; ap-southeast-7 054037130133;
		ap-northeast-1 533107202818; ap-northeast-2 914738172881; ap-northeast-3 273192626886; ap-east-1 258348409381;
		ap-east-2 259886477082; us-gov-east-1 383115532789; us-gov-west-1 383110348953`
	src := []byte(`{"requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{"name": "app", "image": "nginx"}]}`)
	var regions []string
	for entry := range strings.SplitSeq(list, ";") {
		words := strings.Fields(entry)
		region, account := words[0], words[1]
		regions = append(regions, region)
		plan, err := golden.Plan(src, analyze.Options{GuardDuty: true, Environment: policy.Environment{Region: region}})
		if err != nil {
			t.Fatal(err)
		}
		partition := "aws"
		if strings.HasPrefix(region, "us-gov-") {
			partition = "aws-us-gov"
		}
		want := "called ecr:BatchGetImage on arn:" + partition + ":ecr:" + region + ":" + account + ":repository/aws-guardduty-agent-fargate (exact) for --guardduty"
		if !slices.Contains(golden.Lines(plan), want) {
			t.Errorf("%s: plan %q, want %s", region, golden.Lines(plan), want)
		}
	}
	plan, err := golden.Plan(src, analyze.Options{GuardDuty: true})
	if err != nil || len(plan.Mappings) != 1 {
		t.Fatalf("error %v, mappings %v", err, plan.Mappings)
	}
	slices.Sort(regions)
	var mapped []string
	for _, row := range plan.Mappings[0].Rows {
		mapped = append(mapped, row.Region)
	}
	if !slices.Equal(regions, mapped) {
		t.Errorf("the mapping has the regions %q, want %q", mapped, regions)
	}
}
