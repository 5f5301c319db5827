// Package moto deploys templates and scripts to moto, which plays AWS on this machine.
package moto

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// environment is that of moto and of what talks to it.
var environment = tool.MotoEnvironment(meaning.Environment.Account, meaning.Environment.Region)

// awsCLI runs the AWS CLI and decodes what it prints.
func awsCLI(env []string, args ...string) (any, error) {
	cmd := exec.Command("aws", append(args, "--output", "json")...)
	cmd.Env = env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("aws %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	var v any
	if len(out) > 0 {
		err = json.Unmarshal(out, &v)
	}
	return v, err
}

// TestTemplatesDeploy deploys templates to moto in both syntaxes, reads the roles back, and compares them with what the
// roles mean. What moto gets wrong is not compared: it ignores the managed policies that a role names, though it makes
// those of the template, and it looks for "${" in what Fn::Sub has put in.
func TestTemplatesDeploy(t *testing.T) {
	python := tool.Require(t, "python3", "moto runs on it")
	if err := exec.Command(python, "-c", "import boto3, moto").Run(); err != nil {
		tool.Missing(t, "python3 has no moto: pip install 'moto[server]'")
	}
	roles := golden.Roles(t)
	maps.Copy(roles, golden.Packed(t))
	maps.DeleteFunc(roles, func(_ string, role *policy.Role) bool { return misread(role) })
	if len(roles) < 150 {
		t.Fatalf("only %d roles", len(roles))
	}
	dir := t.TempDir()
	args := []string{"deploy.py"}
	for name, role := range roles {
		for _, format := range []string{"cloudformation", "cloudformation-json"} {
			files, err := meaning.Emit(format, role)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name+"."+format)
			if err := os.WriteFile(path, files[0].Data, 0o666); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
	}
	args = append(args, mergedTemplate(t, dir))
	cmd := exec.Command(python, args...)
	cmd.Env = append(os.Environ(), environment...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var deployed map[string]struct {
		Role     map[string]any
		Policies []any
	}
	if err := json.Unmarshal(out, &deployed); err != nil {
		t.Fatal(err)
	}
	if len(deployed) != len(args)-1 {
		t.Errorf("%d roles of %d templates", len(deployed), len(args)-1)
	}
	// moto does not keep the role that a template gives to a task definition.
	merged := deployed[mergedName]
	delete(deployed, mergedName)
	if got := fmt.Sprint(merged.Policies); !strings.Contains(got, "secretsmanager:GetSecretValue") || strings.Contains(got, "other") || strings.Contains(got, "elsewhere") ||
		!strings.Contains(got, ":log-group:/shop/merged-json:log-stream:shop/app/*") {
		t.Errorf("the merged template's role allows %s", got)
	}
	for file, d := range deployed {
		t.Run(file, func(t *testing.T) {
			name, _, _ := strings.Cut(file, ".")
			want := meaning.Wanted(roles[name])
			want.Outputs, want.Attached, want.CFNNag = nil, nil, nil
			var got meaning.Meaning
			if roles[name].Name != "" {
				got.Name = d.Role["RoleName"].(string)
			}
			properties(t, &got, d.Role)
			if tags, ok := d.Role["Tags"]; ok {
				got.Set(t, "Tags", tags)
			}
			for _, p := range d.Policies {
				got.Permissions = append(got.Permissions, meaning.PolicyLines(t, p)...)
			}
			got.Permissions = meaning.Sorted(got.Permissions)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the role and the deployed one (-role +deployed):\n%s", diff)
			}
		})
	}
}

const mergedName = "merged.json"

// mergedTemplate writes a template into which a role was merged, and returns its path.
func mergedTemplate(t *testing.T, dir string) string {
	t.Helper()
	// In JSON, since moto does not know the short form of Condition.
	src := []byte(`{
  "Conditions": {
    "Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
    "Elsewhere": {"Fn::Not": [{"Condition": "Here"}]}
  },
  "Resources": {
    "Database": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "shop/db", "SecretString": "x"}},
    "Logs": {"Type": "AWS::Logs::LogGroup", "Condition": "Here", "Properties": {"LogGroupName": {"Fn::Sub": "/shop/${AWS::StackName}"}}},
    "Other": {"Type": "AWS::Logs::LogGroup", "Condition": "Elsewhere", "Properties": {"LogGroupName": {"Fn::Sub": "/other/${AWS::StackName}"}}},
    "Task": {
      "Type": "AWS::ECS::TaskDefinition",
      "Condition": "Here",
      "Properties": {
        "Family": "shop",
        "ContainerDefinitions": [{
          "Name": "app",
          "Image": "nginx",
          "Memory": 256,
          "Secrets": [
            {"Name": "PASSWORD", "ValueFrom": {"Ref": "Database"}},
            {"Fn::If": ["Elsewhere", {"Name": "A", "ValueFrom": "/elsewhere"}, {"Ref": "AWS::NoValue"}]}
          ],
          "LogConfiguration": {
            "LogDriver": "awslogs",
            "Options": {"awslogs-group": {"Fn::If": ["Here", {"Ref": "Logs"}, {"Ref": "Other"}]}, "awslogs-region": {"Ref": "AWS::Region"}, "awslogs-stream-prefix": "shop"}
          }
        }]
      }
    }
  }
}
`)
	merged, err := emit.Merge(mergedName, src, meaning.TaskRoles(t, mergedName, src))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, mergedName)
	if err := os.WriteFile(path, merged, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// misread reports whether a template of the role has what moto gets wrong: a text with a symbol and with one of IAM's
// variables, such as ${*}.
func misread(role *policy.Role) bool {
	var texts []policy.Text
	for _, p := range role.Policies() {
		for _, s := range p.Document.Statements {
			texts = append(texts, policy.Texts(s.Resources)...)
			for _, c := range s.Conditions {
				texts = append(texts, policy.Texts(c.Values)...)
			}
		}
	}
	return slices.ContainsFunc(texts, func(text policy.Text) bool {
		return !text.IsLiteral() && strings.Contains(string(text), "${")
	})
}

// properties notes the trust policy and the properties of a role as IAM returns it, apart from its tags.
func properties(t *testing.T, m *meaning.Meaning, role map[string]any) {
	t.Helper()
	for key, value := range role {
		switch {
		case key == "AssumeRolePolicyDocument":
			m.Trust = meaning.Sorted(meaning.PolicyLines(t, value))
		case key == "Path" && value != "/", key == "Description" && value != "", key == "MaxSessionDuration" && value != 3600.0:
			m.Set(t, key, value)
		case key == "PermissionsBoundary":
			m.Set(t, key, meaning.Object(t, value)["PermissionsBoundaryArn"])
		}
	}
}

// TestScriptsDeploy runs scripts with the AWS CLI against moto, reads the roles back with it, and compares with what the
// scripts mean. The scripts ask the CLI for the account and the region. Each call of the CLI takes a second, so two roles at the same time go through all.
func TestScriptsDeploy(t *testing.T) {
	if testing.Short() {
		t.Skip("the AWS CLI takes a second for each call")
	}
	env := tool.MotoServer(t, meaning.Environment.Account, meaning.Environment.Region)
	run := func(t *testing.T, role *policy.Role, own policy.Environment, args ...string) (stdout, stderr string, err error) {
		t.Helper()
		files, err := meaning.EmitIn("aws-cli", role, own)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "role.sh")
		if err := os.WriteFile(path, files[0].Data, 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", append([]string{path}, args...)...)
		cmd.Env = env
		var out, said strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &said
		err = cmd.Run()
		return out.String(), said.String(), err
	}
	// must runs a script, which says one thing, and returns the versions of the role's managed policy.
	must := func(t *testing.T, want string, role, meant *policy.Role, hand []string, args ...string) []string {
		t.Helper()
		stdout, said, err := run(t, role, policy.Environment{}, args...)
		if err != nil || stdout != "arn:aws:iam::111122223333:role/ecs/shop/"+role.Name+"\n" || (said == "") != (want == "") || !strings.Contains(said, want) {
			t.Fatalf("error %v, printed %q, said %q", err, stdout, said)
		}
		wanted := meaning.Wanted(meant)
		wanted.Outputs, wanted.CFNNag = nil, nil
		wanted.Attached = meaning.Sorted(append(wanted.Attached, hand...))
		got, versions := deployedRole(t, env, role.Name)
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("the script and the deployed role (-script +role):\n%s", diff)
		}
		return versions
	}
	full := func(name string) *policy.Role {
		role := sample.Deployed(1, "a", policy.Properties{
			Path: "/ecs/shop/", PermissionsBoundary: sample.Boundary, Description: "file:///etc/passwd: \u00e9 \"a\" 'b' \\ $c `d`", MaxSessionDuration: 7200,
			Tags: []policy.Tag{{Key: "Cost center", Value: "http://a/b"}, {Key: "empty"}},
		}, sample.AmazonPolicy)
		role.Name = name
		return role
	}

	t.Run("again, taken away and adopted", func(t *testing.T) {
		t.Parallel()
		role := full("web")
		elsewhere := meaning.Environment
		elsewhere.Account = "444455556666"
		if _, said, err := run(t, role, elsewhere); err == nil || !strings.Contains(said, "the credentials are of account 111122223333, and this script is for account 444455556666") {
			t.Errorf("another account: error %v, said %q", err, said)
		}
		must(t, "the role is made", role, role, nil)
		if got := must(t, "", role, role, nil); !slices.Equal(got, []string{"v1"}) {
			t.Errorf("versions %q after a second run", got)
		}
		// Somebody else gives the policy as many versions as it can have.
		for range 4 {
			motoCall(t, env, "CreatePolicyVersion", "PolicyArn", "arn:aws:iam::111122223333:policy/web-TaskExecution1", "SetAsDefault", "true",
				"PolicyDocument", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`)
		}
		motoCall(t, env, "UntagRole", "RoleName", "web", "TagKeys.member.1", "execrole:region")
		motoCall(t, env, "AttachRolePolicy", "RoleName", "web", "PolicyArn", sample.HandPolicy)
		if _, said, err := run(t, role, policy.Environment{}); err == nil || !strings.Contains(said, "execrole:family and execrole:region are web and None, not web and us-east-1: --adopt takes it over") {
			t.Errorf("not its own: error %v, said %q", err, said)
		}
		got := must(t, "the managed policy "+sample.HandPolicy+" stays attached", role, role, []string{sample.HandPolicy}, "--adopt")
		if !slices.Equal(got, []string{"v2", "v3", "v4", "v5", "v6"}) {
			t.Errorf("versions %q after a sixth was written", got)
		}
	})
	t.Run("with less", func(t *testing.T) {
		t.Parallel()
		large, small := full("api"), sample.Deployed(0, "b", policy.Properties{Path: "/ecs/shop/"})
		small.Name = "api"
		if _, said, err := run(t, large, policy.Environment{}); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		// A run was stopped before it could delete the policy.
		motoCall(t, env, "DetachRolePolicy", "RoleName", "api", "PolicyArn", "arn:aws:iam::111122223333:policy/api-TaskExecution1")
		// Nothing of the managed policies is left, and nothing of the properties but the path and the tags.
		meant := *small
		meant.Properties.Tags = large.Properties.Tags
		if got := must(t, "", small, &meant, nil); got != nil {
			t.Errorf("a policy is left, with versions %q", got)
		}
	})
}

// motoCall calls IAM as somebody else would, without the CLI, which takes its time.
func motoCall(t *testing.T, env []string, action string, parameters ...string) {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	i := slices.IndexFunc(env, func(v string) bool { return strings.HasPrefix(v, "AWS_ENDPOINT_URL=") })
	request, err := http.NewRequest("POST", strings.TrimPrefix(env[i], "AWS_ENDPOINT_URL="), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=test")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s\n%s", action, response.Status, body)
	}
}

// deployedRole reads a role that a script made, and the versions of the managed policies that have its name, the oldest
// first.
func deployedRole(t *testing.T, env []string, name string) (m meaning.Meaning, versions []string) {
	t.Helper()
	read := func(args ...string) map[string]any {
		got, err := awsCLI(env, append([]string{"iam"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return meaning.Object(t, got)
	}
	m = meaning.Meaning{Name: name}
	role := meaning.Object(t, read("get-role", "--role-name", name)["Role"])
	properties(t, &m, role)
	account := read("get-account-authorization-details", "--filter", "Role", "LocalManagedPolicy")
	roles := account["RoleDetailList"].([]any)
	details := meaning.Object(t, roles[slices.IndexFunc(roles, func(r any) bool { return meaning.Object(t, r)["RoleName"] == name })])
	for _, p := range details["RolePolicyList"].([]any) {
		m.Permissions = append(m.Permissions, meaning.PolicyLines(t, meaning.Object(t, p)["PolicyDocument"])...)
	}
	for _, p := range details["AttachedManagedPolicies"].([]any) {
		m.Attached = append(m.Attached, meaning.Object(t, p)["PolicyArn"].(string))
	}
	for _, p := range account["Policies"].([]any) {
		p := meaning.Object(t, p)
		if !strings.Contains(p["Arn"].(string), "/"+name+"-") { // moto has no names here
			continue
		}
		i := slices.Index(m.Attached, p["Arn"].(string))
		if i < 0 {
			t.Errorf("a policy that the role does not have: %v", p)
			continue
		}
		m.Attached = slices.Delete(m.Attached, i, i+1)
		for _, v := range p["PolicyVersionList"].([]any) {
			v := meaning.Object(t, v)
			versions = append(versions, v["VersionId"].(string))
			if v["IsDefaultVersion"] == true {
				m.Permissions = append(m.Permissions, meaning.PolicyLines(t, v["Document"])...)
			}
		}
	}
	slices.Sort(versions)
	m.Attached, m.Permissions = meaning.Sorted(m.Attached), meaning.Sorted(m.Permissions)
	own := map[string]any{}
	for _, tag := range role["Tags"].([]any) {
		if key := meaning.Object(t, tag)["Key"].(string); strings.HasPrefix(key, "execrole:") {
			own[key] = meaning.Object(t, tag)["Value"]
		} else {
			m.Set(t, "Tags", []any{tag})
		}
	}
	want := map[string]any{"execrole:family": "web", "execrole:region": "us-east-1"}
	if slices.Contains(m.Attached, string(sample.AmazonPolicy)) {
		want["execrole:attached"] = string(sample.AmazonPolicy)
	}
	if diff := cmp.Diff(want, own); diff != "" {
		t.Errorf("the script's own tags (-want +got):\n%s", diff)
	}
	return m, versions
}
