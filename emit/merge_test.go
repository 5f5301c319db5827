package emit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/testdata/golden"
)

// isSubsequence reports whether the bytes of a are in b, in the same order.
func isSubsequence(a, b string) bool {
	for i := range len(a) {
		j := strings.IndexByte(b, a[i])
		if j < 0 {
			return false
		}
		b = b[j+1:]
	}
	return true
}

// TestMergeCorpus: in every real template that lacks a role, every byte stays, and the merged template has the roles.
func TestMergeCorpus(t *testing.T) {
	merged := 0
	for _, path := range golden.Corpus(t, "cloudformation", "cdkout") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		roles := meaning.TaskRoles(t, name, src)
		if roles == nil {
			continue
		}
		got, err := emit.Merge(name, src, roles)
		if err != nil {
			t.Logf("not merged: %v", err)
			continue
		}
		merged++
		if !isSubsequence(string(src), string(got)) {
			t.Errorf("%s: a byte has changed", name)
		}
		if left := meaning.TaskRoles(t, name, got); left != nil {
			t.Errorf("%s: %s has no role", name, left[0].Task)
		}
	}
	t.Logf("%d templates", merged)
	if merged < 20 {
		t.Errorf("only %d templates were merged", merged)
	}
}

// mergeTemplate makes a role for each task definition of a template, and merges them.
func mergeTemplate(t testing.TB, src string) (string, error) {
	got, err := emit.Merge("t.yaml", []byte(src), meaning.TaskRoles(t, "t.yaml", []byte(src)))
	return string(got), err
}

// TestMergeLayouts: text is inserted as the template is laid out, in YAML and JSON, and all else stays.
func TestMergeLayouts(t *testing.T) {
	const yaml = `# a template
Resources: # of the service
  # the task
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      # its name
      Family: web
      ContainerDefinitions: [{Name: web, Image: nginx, Secrets: [{Name: A, ValueFrom: /a}]}]
`
	got, err := mergeTemplate(t, yaml)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Resources: # of the service\n  TaskExecutionRole:\n    Type: AWS::IAM::Role\n",
		"  # the task\n  Task:\n",
		"    Properties:\n      ExecutionRoleArn: !GetAtt TaskExecutionRole.Arn\n      # its name\n",
		"Resource: !Sub \"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a\"\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	windows, err := mergeTemplate(t, "\ufeff"+strings.ReplaceAll(yaml, "\n", "\r\n"))
	if err != nil || windows != "\ufeff"+strings.ReplaceAll(got, "\n", "\r\n") {
		t.Errorf("with a byte order mark and CRLF: %v\n%q", err, windows)
	}
	for _, src := range []string{
		`{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "web", "Image": "nginx"}]}}}}`,
		"{\n\t\"Resources\": {\n\t\t\"Task\": {\n\t\t\t\"Type\": \"AWS::ECS::TaskDefinition\",\n\t\t\t\"Properties\": {\n\t\t\t\t\"ContainerDefinitions\": [{\"Name\": \"web\", \"Image\": \"nginx\"}]\n\t\t\t}\n\t\t}\n\t}\n}\n",
		"Resources: {Task: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: web, Image: nginx}]}}}\n",
	} {
		got, err := mergeTemplate(t, src)
		if err != nil || !isSubsequence(src, got) {
			t.Fatalf("%v\n%s", err, got)
		}
		if left := meaning.TaskRoles(t, "t.yaml", []byte(got)); left != nil {
			t.Errorf("no role in\n%s", got)
		}
		if strings.HasPrefix(src, "{\n\t") && !strings.Contains(got, "{\n\t\t\"TaskExecutionRole\": {\n\t\t  \"Type\"") {
			t.Errorf("another layout:\n%s", got)
		}
	}
}

// TestMergeNames: a logical ID that the template has is not taken again, and references are those of the template.
func TestMergeNames(t *testing.T) {
	got, err := mergeTemplate(t, `Parameters: {Env: {Type: String}}
Resources:
  TaskExecutionRole: {Type: AWS::SNS::Topic}
  Db: {Type: AWS::SecretsManager::Secret}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - Name: web
        Image: nginx
        Secrets:
        - {Name: A, ValueFrom: !Sub "${Db}:a::"}
        - {Name: B, ValueFrom: !Sub "/${Env}/b"}
        LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !ImportValue logs, awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: !Ref AWS::StackName}}
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  TaskExecutionRole2:\n", "ExecutionRoleArn: !GetAtt TaskExecutionRole2.Arn\n", "Resource: !Ref Db\n", ":parameter/${Env}/b\"",
		":log-group:${Logs}:log-stream:${AWS::StackName}/web/*\"", "- Logs: !ImportValue \"logs\"",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
}

// TestMergeRefusals: what is not merged, with the place and the reason.
func TestMergeRefusals(t *testing.T) {
	const head = "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions: [{Name: web, Image: nginx, Secrets: [{Name: A, ValueFrom: "
	role := func(src string) *policy.Role { return meaning.TaskRoles(t, "t", []byte(src))[0].Role }
	plain := role(head + "/a}]}]\n")
	for _, c := range []struct {
		src, task, want string
		role            *policy.Role
	}{
		{"{", "Task", "t:1:2: the JSON ends too early", plain},
		{`{"a": 1}`, "Task", "t: this is no CloudFormation template", plain},
		{head + "/a}]}]\n", "Other", "t:2:3: there is no resource Other", plain},
		{"Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n", "Task", "t:3:5: the resource Task has no Properties", plain},
		{head + "/a}]}]\n      ExecutionRoleArn: x\n", "Task", "t:6:25: Task has an ExecutionRoleArn", plain},
		{strings.Replace(head, "Properties:", "Properties: &p", 1) + "/a}]}]\n", "Task", "t:4:17: this is an alias or has an anchor", plain},
		{"A: &p\n  ContainerDefinitions: []\nResources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: *p\n", "Task", "t:6:17: this is an alias", plain},
		{head + "!Ref Db}]}]\n  Db: {Type: AWS::SecretsManager::Secret, Condition: Prod}\n", "Task", "t:3:5: Db exists only where the condition Prod holds", nil},
		{head + "!Sub \"/{{resolve:ssm:x}}/a\"}]}]\n", "Task", "t:3:5: the role would need the value of resolve:ssm:x, for which the template has no name", nil},
	} {
		if c.role == nil {
			c.role = role(c.src)
		}
		got, err := emit.Merge("t", []byte(c.src), []emit.TaskRole{{Task: c.task, Role: c.role}})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s\n%v, want %s\n%s", c.src, err, c.want, got)
		}
	}
}
