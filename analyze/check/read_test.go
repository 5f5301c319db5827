package check

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/testdata/golden"
)

// inputs reads the files of an archive.
func inputs(src string) (list []analyze.Input) {
	for _, f := range txtar.Parse([]byte(src)).Files {
		list = append(list, analyze.Input{Name: f.Name, Source: f.Data})
	}
	return list
}

// shownRoles writes roles in lines.
func shownRoles(roles Roles) (lines []string) {
	add := func(what string, p *Policy) {
		line := fmt.Sprintf("  %s %s", what, p.Name)
		if p.ARN != "" {
			line += " " + string(p.ARN)
		}
		if p.Version != "" {
			line += " " + p.Version + " of " + p.Date
		}
		for _, s := range p.Document.Statements {
			line += fmt.Sprintf(" [%v %s %s]", s.Effect, strings.Join(s.Actions, ","), s.Place)
		}
		lines = append(lines, line)
	}
	for _, r := range roles {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("role %s %s %s", r.Name, r.ARN, r.Place)))
		if r.Trust != nil {
			add("trust", r.Trust)
		}
		for i := range r.Policies {
			add("policy", &r.Policies[i])
		}
		if r.Boundary != nil {
			add("boundary", r.Boundary)
		}
		for _, u := range r.Unknown {
			lines = append(lines, strings.TrimRight(fmt.Sprintf("  unknown %s %s %v %s", u.Name, u.ARN, u.Boundary, u.Place), " "))
		}
	}
	return lines
}

func TestRead(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"a document alone", `
-- policy.json --
{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}]}
`, `
role
  policy policy [Allow a:b policy.json:1:16]`},
		{"a document and its trust policy", `
-- policy.json --
{"Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*"}}
-- trust.json --
{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}}
`, `
role
  trust trust [Allow sts:AssumeRole trust.json:1:15]
  policy policy [Allow a:b policy.json:1:15]`},
		{"the commands for one role", `
-- role.json --
{"Role": {"RoleName": "web", "Arn": "arn:aws:iam::111122223333:role/web",
  "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}},
  "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/limit"}}}
-- inline.json --
{"RoleName": "web", "PolicyName": "own", "PolicyDocument": {"Statement": [
  {"Effect": "Allow", "Action": "a:b", "Resource": "*"}]}}
-- names.json --
{"PolicyNames": ["own", "forgotten"]}
-- attached.json --
{"AttachedPolicies": [
  {"PolicyName": "AmazonECSTaskExecutionRolePolicy", "PolicyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"},
  {"PolicyName": "more", "PolicyArn": "arn:aws:iam::111122223333:policy/more"}, {"PolicyName": "other", "PolicyArn": "arn:aws:iam::111122223333:policy/other"}]}
-- more-v2.json --
{"PolicyVersion": {"VersionId": "v2", "Document": {"Statement": {"Effect": "Allow", "Action": "c:d", "Resource": "*"}}}}
-- limit.json --
{"PolicyVersion": {"VersionId": "v1", "Document": {"Statement": {"Effect": "Allow", "Action": "e:f", "Resource": "*"}}}}
`, `
role web arn:aws:iam::111122223333:role/web role.json:1:10
  trust AssumeRolePolicyDocument [Allow sts:AssumeRole role.json:2:45]
  policy own [Allow a:b inline.json:2:3]
  policy AmazonECSTaskExecutionRolePolicy arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy v1 of 2017-11-16 [Allow ecr:GetAuthorizationToken,ecr:BatchCheckLayerAvailability,ecr:GetDownloadUrlForLayer,ecr:BatchGetImage,logs:CreateLogStream,logs:PutLogEvents managed/AmazonECSTaskExecutionRolePolicy.json:7:4]
  policy more arn:aws:iam::111122223333:policy/more [Allow c:d more-v2.json:1:65]
  boundary limit arn:aws:iam::111122223333:policy/limit [Allow e:f limit.json:1:65]
  unknown forgotten  false names.json:1:25
  unknown other arn:aws:iam::111122223333:policy/other false attached.json:3:81`},
		{"one version for the one policy that is open", `
-- role.json --
{"Role": {"RoleName": "web"}}
-- attached.json --
{"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::111122223333:policy/more"}]}
-- version.json --
{"PolicyVersion": {"Document": {"Statement": {"Effect": "Allow", "Action": "c:d", "Resource": "*"}}}}
`, `
role web  role.json:1:10
  policy more arn:aws:iam::111122223333:policy/more [Allow c:d version.json:1:46]`},
		{"a version of a policy that is built in", `
-- role.json --
{"Role": {"RoleName": "web"}}
-- attached.json --
{"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AmazonFSxReadOnlyAccess"}, {"PolicyArn": "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"}]}
-- version.json --
{"PolicyVersion": {"VersionId": "v1", "Document": {"Version": "2012-10-17", "Statement": [{"Action": ["fsx:Describe*", "fsx:ListTagsForResource"], "Effect": "Allow", "Resource": "*"}]}}}
-- AmazonSSMReadOnlyAccess.json --
{"PolicyVersion": {"VersionId": "v2", "Document": {"Statement": {"Action": "ssm:New*", "Effect": "Allow", "Resource": "*"}}}}
`, `
role web  role.json:1:10
  policy AmazonFSxReadOnlyAccess arn:aws:iam::aws:policy/AmazonFSxReadOnlyAccess v1 of 2018-11-28 [Allow fsx:Describe*,fsx:ListTagsForResource managed/AmazonFSxReadOnlyAccess.json:7:4]
  policy AmazonSSMReadOnlyAccess arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess [Allow ssm:New* AmazonSSMReadOnlyAccess.json:1:65]`},
		{"a managed policy without its name, as moto writes it", `
-- account.json --
{"RoleDetailList": [{"RoleName": "b", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::111122223333:policy/x/more"}]}],
 "Policies": [{"Arn": "arn:aws:iam::111122223333:policy/x/more", "DefaultVersionId": "v2", "PolicyVersionList": [
  {"VersionId": "v1", "Document": {"Statement": {"Effect": "Allow", "Action": "old:old", "Resource": "*"}}},
  {"VersionId": "v2", "Document": {"Statement": {"Effect": "Allow", "Action": "new:new", "Resource": "*"}}}]}]}
`, `
role b  account.json:1:21
  policy more arn:aws:iam::111122223333:policy/x/more [Allow new:new account.json:4:49]`},
		{"a version that nothing names", `
-- version.json --
{"PolicyVersion": {"VersionId": "v7", "Document": {"Statement": {"Effect": "Allow", "Action": "c:d", "Resource": "*"}}}}
`, `
role
  policy v7 [Allow c:d version.json:1:65]`},
		{"an account, in pages", `
-- account.json --
{"UserDetailList": [], "GroupDetailList": [], "Policies": [], "IsTruncated": true, "Marker": "x", "RoleDetailList": [
  {"RoleName": "a", "Arn": "arn:aws:iam::111122223333:role/a", "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}},
   "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Statement": {"Effect": "Deny", "Action": "a:b", "Resource": "*"}}}],
   "AttachedManagedPolicies": [{"PolicyName": "more", "PolicyArn": "arn:aws:iam::111122223333:policy/more"}], "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/limit"}}]}
{"IsTruncated": false, "RoleDetailList": [{"RoleName": "b", "RolePolicyList": [], "AttachedManagedPolicies": [{"PolicyName": "more", "PolicyArn": "arn:aws:iam::111122223333:policy/more"}]}],
 "Policies": [{"PolicyName": "more", "Arn": "arn:aws:iam::111122223333:policy/more", "DefaultVersionId": "v2", "PolicyVersionList": [
  {"VersionId": "v1", "IsDefaultVersion": false, "Document": {"Statement": {"Effect": "Allow", "Action": "old:old", "Resource": "*"}}},
  {"VersionId": "v2", "IsDefaultVersion": true, "Document": {"Statement": {"Effect": "Allow", "Action": "new:new", "Resource": "*"}}}]}]}
`, `
role a arn:aws:iam::111122223333:role/a account.json:2:3
  trust AssumeRolePolicyDocument [Allow sts:AssumeRole account.json:2:106]
  policy own [Deny a:b account.json:3:77]
  policy more arn:aws:iam::111122223333:policy/more [Allow new:new account.json:8:75]
  unknown limit arn:aws:iam::111122223333:policy/limit true account.json:4:134
role b  account.json:5:43
  policy more arn:aws:iam::111122223333:policy/more [Allow new:new account.json:8:75]`},
		{"documents as strings", `
-- list.json --
{"Roles": [{"RoleName": "a", "AssumeRolePolicyDocument": "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"sts:AssumeRole\", \"Principal\": \"*\"}}"}]}
-- inline.json --
{"RoleName": "a", "PolicyName": "own",
 "PolicyDocument": "%7B%22Statement%22%3A%20%7b%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22a%3Ab+%25%22%2C%22Resource%22%3A%22%2A%22%7D%7D"}
`, `
role a  list.json:1:12
  trust AssumeRolePolicyDocument [Allow sts:AssumeRole list.json:1:75]
  policy own [Allow a:b+% inline.json:2:20]`},
		{"what generate writes beside a policy", `
-- web-execution-policy.json --
{"Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*"}}
-- web-execution-role.json --
{"RoleName": "web", "AssumeRolePolicyDocument": "{\"Statement\": []}", "PermissionsBoundary": "arn:aws-cn:iam::aws:policy/AmazonSSMReadOnlyAccess"}
-- web-execution-attach.json --
{"RoleName": "web", "PolicyArn": "arn:aws-cn:iam::aws:policy/AmazonFSxReadOnlyAccess"}
`, `
role web  web-execution-role.json:1:1
  trust AssumeRolePolicyDocument
  policy web-execution-policy [Allow a:b web-execution-policy.json:1:15]
  policy AmazonFSxReadOnlyAccess arn:aws-cn:iam::aws:policy/AmazonFSxReadOnlyAccess v1 of 2018-11-28 [Allow fsx:Describe*,fsx:ListTagsForResource managed/AmazonFSxReadOnlyAccess.json:7:4]
  boundary AmazonSSMReadOnlyAccess arn:aws-cn:iam::aws:policy/AmazonSSMReadOnlyAccess v1 of 2015-05-29 [Allow ssm:Describe*,ssm:Get*,ssm:List* managed/AmazonSSMReadOnlyAccess.json:7:4]`},
		{"YAML", `
-- role.yaml --
Role:
  RoleName: web
  AssumeRolePolicyDocument:
    Statement:
    - Effect: Allow
      Action: sts:AssumeRole
      Principal: '*'
`, `
role web  role.yaml:2:3
  trust AssumeRolePolicyDocument [Allow sts:AssumeRole role.yaml:5:7]`},
		{"a policy of its own", `
-- policy.json --
{"Policy": {"PolicyName": "more", "Arn": "arn:aws:iam::111122223333:policy/more", "DefaultVersionId": "v1"}}
`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			roles, problems := Read(inputs(tt.src))
			if problems != nil {
				t.Errorf("problems: %v", problems)
			}
			if diff := cmp.Diff(strings.TrimSpace(tt.want), strings.Join(shownRoles(roles), "\n")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestReadProblems(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"-- a.json --\n{\"x\": 1}\n", "a.json:1:1: this is neither a policy document nor what the AWS CLI prints about roles and their policies"},
		{"-- a.json --\n[]\n", "a.json:1:1: this is neither a policy document nor what the AWS CLI prints about roles and their policies"},
		{"-- a.json --\n{\n", "a.json:2:1: the JSON ends too early: a bracket, brace or quote is not closed"},
		{"-- a.json --\n{\"Statement\": {\"Effect\": \"Allow\"}}\n", "a.json:1:15: a statement has either Action or NotAction"},
		{"-- a.json --\n{\"RoleName\": \"a\", \"PolicyDocument\": \"{\"}\n", "a.json:1:39: the JSON ends too early: a bracket, brace or quote is not closed"},
		{"-- a.json --\n{\"PolicyVersion\": {}}\n", "a.json:1:19: the policy has no document"},
		{"-- a.json --\n{\"Statement\": []}\n-- b.json --\n{\"Role\": {\"RoleName\": \"a\"}}\n-- c.json --\n{\"Role\": {\"RoleName\": \"b\"}}\n", "a.json:1:1: the input has 2 roles, and this does not say which of them it belongs to"},
		{"-- a.json --\n{\"AttachedPolicies\": [{}]}\n-- b.json --\n[{\"Role\": {\"RoleName\": \"a\"}}, {\"Role\": {\"RoleName\": \"b\"}}]\n", "a.json:1:23: the input has 2 roles, and this does not say which of them it belongs to"},
		{"-- a.json --\n{\"PolicyNames\": [\"x\"]}\n-- b.json --\n[{\"Role\": {\"RoleName\": \"a\"}}, {\"Role\": {\"RoleName\": \"b\"}}]\n", "a.json:1:18: the input has 2 roles, and this does not say which of them it belongs to"},
		{"-- a.json --\n{\"PolicyVersion\": {\"Document\": {\"Statement\": []}}}\n-- b.json --\n[{\"Role\": {\"RoleName\": \"a\"}}, {\"Role\": {\"RoleName\": \"b\"}}]\n", "a.json:1:19: this version of a policy does not say its ARN: give the file the name of the policy"},
		{"-- a.json --\n{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"a:b\", \"Principal\": \"*\"}}\n{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"a:c\", \"Principal\": \"*\"}}\n", "a.json:2:1: there is a second trust policy; the first one is at a.json:1:1"},
		{"-- a.json --\n{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"a:b\", \"Principal\": \"*\"}}\n-- b.json --\n[{\"Role\": {\"RoleName\": \"a\"}}, {\"Role\": {\"RoleName\": \"b\"}}]\n", "a.json:1:1: the input has 2 roles, and this does not say which of them it belongs to"},
	} {
		_, problems := Read(inputs(tt.src))
		var got []string
		for _, p := range problems {
			got = append(got, p.At.String()+": "+p.Message)
		}
		if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
			t.Errorf("%s-want +got\n%s", tt.src, diff)
		}
	}
}

func TestFindRole(t *testing.T) {
	roles, _ := Read(inputs("-- a.json --\n{\"Role\": {\"RoleName\": \"a\", \"Arn\": \"arn:aws:iam::111122223333:role/x/a\"}}\n{\"Role\": {\"RoleName\": \"b\"}}\n"))
	if roles.Find("arn:aws:iam::111122223333:role/x/a") != roles[0] || roles.Find("b") != roles[1] || roles.Find("c") != nil || roles.Find("") != nil {
		t.Errorf("%v", roles)
	}
}

// TestManagedPolicies compares what is built in with the folder that it is from.
func TestManagedPolicies(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(golden.Root(t), "..", "shared", "managed-policies", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Skipf("AWS's managed policies are not beside the project: %v", err)
	}
	byName := map[string]policy.ManagedPolicy{}
	for _, p := range ManagedPolicies() {
		byName[p.Name] = p
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			ARN, Version, UpdateDate string
			Document                 json.RawMessage
		}
		if err := json.Unmarshal(src, &file); err != nil {
			t.Fatal(err)
		}
		p := byName[strings.TrimSuffix(filepath.Base(path), ".json")]
		want, problems := policy.ReadDocument(path, file.Document)
		if problems != nil {
			t.Fatal(problems)
		}
		if string(p.ARN("aws")) != file.ARN || p.Version != file.Version || !strings.HasPrefix(file.UpdateDate, p.Date) || len(p.Date) != len("2017-11-16") {
			t.Errorf("%s: %s, %s of %s", path, p.ARN("aws"), p.Version, p.Date)
		}
		if diff := cmp.Diff(want, p.Document, cmpopts.IgnoreTypes(tree.Place{})); diff != "" {
			t.Errorf("%s: -folder +built in\n%s", path, diff)
		}
	}
	ecs := policy.ECSTaskExecutionRolePolicy()
	if diff := cmp.Diff(*ecs, byName[ecs.Name], cmpopts.IgnoreTypes(tree.Place{})); diff != "" {
		t.Errorf("-package policy +built in\n%s", diff)
	}
	if p, ok := managedPolicy("arn:aws-cn:iam::aws:policy/SecretsManagerReadWrite"); !ok || !strings.Contains(fmt.Sprint(p.Document), "arn:aws-cn:lambda") || strings.Contains(fmt.Sprint(p.Document), "arn:aws:") {
		t.Errorf("in another partition: %v %v", ok, p.Document)
	}
	for _, arn := range []policy.Text{"", "arn:aws:iam::aws:policy/IAMFullAccess", "arn:aws:iam::111122223333:policy/SecretsManagerReadWrite"} {
		if _, ok := managedPolicy(arn); ok {
			t.Errorf("%s is built in", arn)
		}
	}
	for _, src := range []string{`{`, `{"arn": "x", "document": {}}`, `{"arn": "arn:aws:iam::aws:policy/x"}`, `{"arn": "arn:aws:iam::aws:policy/x", "document": {}}`} {
		if _, problems := readManaged("x.json", []byte(src)); problems == nil {
			t.Errorf("%s is read", src)
		}
	}
}

// TestScript: of a script, the places are those of the script, and what was changed in it is said.
func TestScript(t *testing.T) {
	const src = scriptStart + `task.json; DO NOT EDIT.
role='it'\''s'
path='/p/'
account=''
partition='aws'
region=''
add_region_to_name=yes
boundary=''

attached_policies() {
	cat <<END
arn:${partition}:iam::aws:policy/AmazonSSMReadOnlyAccess
END
}

policy_1() {
	cat <<END
{
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:${partition}:s3:::${account}-${mapping_x}-${region}/\${aws:username}"
    }
  ]
}
END
}

inline_policies() {
	inline_policy 'Task' "$(policy_1)"
}

mappings() {
	case $region in
	'eu-west-1') mapping_x='y' ;;
	esac
}
`
	for _, text := range []string{src, strings.ReplaceAll(src, "\n", "\r\n")} {
		roles, _, problems := ReadSet([]analyze.Input{{Name: "role.sh", Source: []byte(text)}}, []analyze.Setting{{Name: "AWS::Region", Value: "eu-west-1"}})
		if len(roles) != 1 {
			t.Fatalf("%d roles; %v", len(roles), problems)
		}
		role := roles[0]
		if role.Name != "it's-eu-west-1" || role.ARN != "" || role.Place.String() != "role.sh:3:1" || role.Trust != nil {
			t.Errorf("%+v", role)
		}
		var lines []string
		for _, p := range role.Policies {
			line := p.Name + " " + p.Place.String()
			if p.Name == "Task" {
				s := p.Document.Statements[0]
				line += " " + s.Place.String() + " " + s.Resources[0].Text.String()
			}
			lines = append(lines, line)
		}
		want := "Task role.sh:19:1 role.sh:21:5 arn:aws:s3:::${AWS::AccountId}-y-eu-west-1/${aws:username}\nAmazonSSMReadOnlyAccess role.sh:13:1"
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if len(problems) != 1 || problems[0].Message != "the script was changed: it has no document trust_policy" {
			t.Errorf("problems: %v", problems)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, src := range []string{
		`{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}]}`, `{"Role": {"RoleName": "a", "AssumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D"}}`,
		`{"RoleDetailList": [{"RoleName": "b", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"}]}], "Policies": [{"Arn": "x", "PolicyVersionList": [{"IsDefaultVersion": true, "Document": {}}]}]}`,
		`{"AttachedPolicies": [{}]} {"PolicyVersion": {"Document": {"Statement": []}}} {"PolicyNames": [1]}`, "Role:\n  RoleName: a\n",
		scriptStart + "x\nrole='a'\nregion=''\nattached_policies() {\n\tcat <<END\narn:${partition}:iam::aws:policy/x\nEND\n}\npolicy_1() {\n\tcat <<END\n{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"a:b\", \"Resource\": \"${account}\"}]}\nEND\n}\ninline_policies() {\n\tinline_policy 'P' \"$(policy_1)\"\n}\n",
	} {
		f.Add([]byte(src))
	}
	plans, err := analyze.Read("task.json", []byte(`{"containerDefinitions": [{"name": "a", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app", "secrets": [{"name": "A", "valueFrom": "/a"}]}]}`), analyze.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		roles, problems := Read([]analyze.Input{{Name: "f", Source: src}})
		for _, p := range problems {
			if p.Message == "" || p.At.File != "f" {
				t.Errorf("problem %+v", p)
			}
		}
		for _, r := range roles {
			v := Check(r, plans, Options{})
			for _, f := range v.Findings {
				if f.Code == "" || f.Kind == "" {
					t.Errorf("finding %+v", f)
				}
			}
			if again := Check(r, plans, Options{}); again.Fits != v.Fits || len(again.Findings) != len(v.Findings) {
				t.Error("the verdict is another the second time")
			}
		}
	})
}
