package emit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
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
		{`{"TemplateBody": {"Resources": {}}}`, "Task", "t: the template is in TemplateBody: pass it alone", plain},
		{`{"a": 1}`, "Task", "t: this is no CloudFormation template", plain},
		{head + "/a}]}]\n", "Other", "t:2:3: there is no resource Other", plain},
		{"Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n", "Task", "t:3:5: the resource Task has no Properties", plain},
		{head + "/a}]}]\n      ExecutionRoleArn: x\n", "Task", "t:6:25: Task has an ExecutionRoleArn", plain},
		{head + "/a}]}]\n      ExecutionRoleArn: !Ref AWS::NoValue\n", "Task", "t:6:25: Task has an ExecutionRoleArn without a value: remove it", plain},
		{head + "/a}]}]\n      ExecutionRoleArn:\n", "Task", "t:6:24: Task has an ExecutionRoleArn without a value: remove it", plain},
		{head + "/a}]}]\n---\na: 1\n", "Task", "t: there are several documents", plain},
		{head + "!Ref Db}]}]\n  Db: {Type: AWS::SecretsManager::Secret, Condition: \"not a name\"}\n", "Task", "t:3:5: Db exists only where the condition not a name holds", nil},
		{head + "!Sub \"/{{resolve:ssm-secure:x}}/a\"}]}]\n", "Task", "t:3:5: the role would have the value of {{resolve:ssm-secure:x}} in its policy: add --set resolve:ssm-secure:x=VALUE", nil},
		{"Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    ? Properties\n    : Family: web\n      ContainerDefinitions: [{Name: web, Image: nginx}]\n", "Task",
			"t:5:7: the layout is not known: put the members of Resources and Properties on lines of their own", plain},
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

// TestMergeConditions: a role has the condition of its task definition, and refers to what exists under the same one.
func TestMergeConditions(t *testing.T) {
	const template = `Conditions: {Prod: !Equals [!Ref AWS::Region, us-east-1]}
Resources:
  Db: {Type: AWS::SecretsManager::Secret, Condition: Prod}
  Task:
    Type: AWS::ECS::TaskDefinition
    Condition: Prod
    Properties:
      ContainerDefinitions: [{Name: web, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Db}]}]
`
	got, err := mergeTemplate(t, template)
	if err != nil || !strings.Contains(got, "  TaskExecutionRole:\n    Type: AWS::IAM::Role\n    Condition: Prod\n") || !strings.Contains(got, "Resource: !Ref Db\n") {
		t.Errorf("%v\n%s", err, got)
	}
	// The policies of a large role have it too.
	large := golden.Packed(t)["packed-150"]
	merged, err := emit.Merge("t", []byte(template), []emit.TaskRole{{Task: "Task", Role: large}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(string(merged), "    Condition: Prod\n"), 1+1+len(large.Managed); got != want || want < 3 {
		t.Errorf("%d resources with the condition, want %d", got, want)
	}
}

// TestMergeExpressions: a value without a name is the expression that the template has for it.
func TestMergeExpressions(t *testing.T) {
	const template = `Parameters: {Env: {Type: String}, ImportValueEnvLogs: {Type: String}}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  Only: {Type: AWS::SNS::Topic, Condition: Prod}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - {Name: web, Image: nginx, LogConfiguration: {LogDriver: awslogs, Options: {awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: a, awslogs-group: VALUE}}}
`
	for value, want := range map[string]string{
		"!ImportValue {Fn::Sub: '${Env}-logs'}":    "- ImportValueEnvLogs2:\n                        Fn::ImportValue: !Sub \"${Env}-logs\"\n",
		"{Fn::ImportValue: !Sub '${Env}-logs'}":    "- ImportValueEnvLogs2:\n                        Fn::ImportValue: !Sub \"${Env}-logs\"\n",
		"!Select [1, !Split [',', !Ref Env]]":      "- Select:\n                        Fn::Select:\n                          - 1\n                          - Fn::Split:\n                              - \",\"\n                              - !Ref Env\n",
		"!GetAtt [Nested, Outputs.Logs]":           ":log-group:${Nested.Outputs.Logs}:log-stream:a/web/*\"",
		"'{{resolve:ssm:/logs}}'":                  "- ResolveSsmLogs: \"{{resolve:ssm:/logs}}\"\n",
		"!Sub 'a-{{resolve:ssm:/logs:1}}'":         "log-group:a-${ResolveSsmLogs1}:log-stream:",
		"!Select [5, !Split [':', !GetAtt A.Arn]]": "- AArn5:\n                        Fn::Select:\n                          - 5\n                          - Fn::Split:\n                              - \":\"\n                              - !GetAtt A.Arn\n",
		"!Select [0x0, !If [Prod, [!GetAtt Only.TopicName], ['a']]]": "- Select:\n                        Fn::Select:\n                          - \"0x0\"\n                          - Fn::If:\n" +
			"                              - Prod\n                              - - !GetAtt Only.TopicName\n                              - - \"a\"\n",
		"!Transform {Name: Mine, Parameters: {a: !Sub ['${Only}', {Only: x}]}}": "- Transform:\n                        Fn::Transform:\n                          Name: \"Mine\"\n                          Parameters:\n" +
			"                            a:\n                              Fn::Sub:\n                                - \"${Only}\"\n                                - Only: \"x\"\n",
		"!Select [0, !GetAtt Only.Names]":      "!Only exists only where the condition Prod holds",
		"!Select [0, [!Sub 'a-${Only.Name}']]": "        - Fn::If:\n            - Prod\n            - PolicyName: TaskExecution\n",
	} {
		src := strings.Replace(template, "VALUE", value, 1)
		got, err := mergeTemplate(t, src)
		if want, refused := strings.CutPrefix(want, "!"); refused {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s\n%s", value, err, want, got)
			}
			continue
		}
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: %v: there is no\n%s in\n%s", value, err, want, got)
		}
	}
}

// TestMergeAliases: what is inserted does not change what an alias means.
func TestMergeAliases(t *testing.T) {
	const containers = "ContainerDefinitions: [{Name: web, Image: &image nginx, Secrets: [{Name: A, ValueFrom: /a}]}, {Name: two, Image: *image}]\n"
	const shared = ": Task shares its properties with other places of the template, by an alias of YAML"
	for _, c := range []struct{ name, src, want string }{
		{"inside of the properties", "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      " + containers,
			"    Properties:\n      ExecutionRoleArn: !GetAtt TaskExecutionRole.Arn\n      Cont"},
		{"an anchor without an alias", "Resources: &all # & more\n  Task: &task\n    Type: AWS::ECS::TaskDefinition\n    Properties: &properties\n      # first\n      " + containers,
			"    Properties: &properties\n      ExecutionRoleArn: !GetAtt TaskExecutionRole.Arn\n      # first\n"},
		{"an anchor without an alias, in one line", "Resources: &all {Task: {Type: AWS::ECS::TaskDefinition, Properties: &p {" + strings.TrimSpace(containers) + "}}}\n",
			`Properties: &p {"ExecutionRoleArn": {"Fn::GetAtt": ["TaskExecutionRole","Arn"]},Cont`},
		{"merged properties", "Metadata: &common\n  Cpu: 256\n  " + containers + "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      <<: *common\n",
			"    Properties:\n      ExecutionRoleArn: !GetAtt TaskExecutionRole.Arn\n      <<: *common\n"},
		{"merged properties, in one line", "Metadata: &common\n  Cpu: 256\n  " + containers + "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {<<: *common}\n",
			`    Properties: {"ExecutionRoleArn": {"Fn::GetAtt": ["TaskExecutionRole","Arn"]},<<: *common}`},
		{"merged and own properties", "Metadata: &common {Cpu: 256}\nResources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      <<: *common\n      " + containers,
			"    Properties:\n      ExecutionRoleArn: !GetAtt TaskExecutionRole.Arn\n      <<: *common\n"},
		{"an alias", "Metadata: &p\n  " + containers + "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: *p\n", "!t.yaml:6:17" + shared},
		{"an anchor with an alias", "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: &p\n      " + containers + "Outputs: {A: {Value: *p}}\n", "!t.yaml:4:17" + shared},
		{"an alias of the resource", "Resources:\n  Task: &t\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      " + containers + "Outputs: {A: {Value: *t}}\n", "!t.yaml:5:7" + shared},
		{"an alias of the properties of another", "Resources:\n  Two:\n    <<: &t {Type: AWS::ECS::TaskDefinition, Properties: {" + strings.TrimSpace(containers) + "}}\n  Task: *t\n", "!t.yaml:3:57: Two shares its"},
		{"an alias of the resources", "Resources: &r\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      " + containers + "Outputs: *r\n",
			"!t.yaml:1:12: an alias of YAML shows these resources in another place too"},
	} {
		got, err := mergeTemplate(t, c.src)
		if want, refused := strings.CutPrefix(c.want, "!"); refused {
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: %v, want %s\n%s", c.name, err, want, got)
			}
			continue
		}
		if err != nil || !isSubsequence(c.src, got) || !strings.Contains(got, c.want) {
			t.Errorf("%s: %v: there is no %q in\n%s", c.name, err, c.want, got)
		}
	}
}

// TestMergeJobs: a job definition of AWS Batch has the role in each of its tasks that has none.
func TestMergeJobs(t *testing.T) {
	got, err := mergeTemplate(t, `Conditions: {Big: !Equals [!Ref AWS::Region, us-east-1]}
Resources:
  Job:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: multinode
      PlatformCapabilities: [EC2]
      NodeProperties:
        MainNode: 0
        NumNodes: 3
        NodeRangeProperties:
        - TargetNodes: "0"
          Container:
            Image: nginx
            Secrets: [{Name: A, ValueFrom: /a}]
        - TargetNodes: "1"
          Container: !If
          - Big
          - Image: big
            Secrets: [{Name: A, ValueFrom: /big}]
          - {Image: small}
        - TargetNodes: "2"
          Container: {Image: nginx, ExecutionRoleArn: !Ref Other}
`)
	if err != nil {
		t.Fatal(err)
	}
	const arn = "ExecutionRoleArn: !GetAtt JobExecutionRole.Arn\n"
	for _, want := range []string{
		"          Container:\n            " + arn + "            Image: nginx\n", "          - " + arn + "            Image: big\n",
		`          - {"ExecutionRoleArn": {"Fn::GetAtt": ["JobExecutionRole","Arn"]},Image: small}`, "parameter/a\"\n", "parameter/big\"\n",
		"          Container: {Image: nginx, ExecutionRoleArn: !Ref Other}\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
}

// TestMergeParameters: what is left open becomes a parameter of the template, and its condition one of its conditions. Sections
// that the template does not have are before its resources.
func TestMergeParameters(t *testing.T) {
	const task = "Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: a, ContainerDefinitions: [{Name: app, Image: !Ref Image}]}}"
	const parameter = "ImageRepository:\n    Type: String\n    Description: \"The ARN of the repository"
	for _, c := range []struct{ name, src, want string }{
		{"no sections", "# all\nAWSTemplateFormatVersion: 2010-09-09\n\n# what is deployed\nResources:\n  " + task + "\n", "2010-09-09\n\nParameters:\n  " + parameter},
		{"the comment of the whole", "# all\nResources:\n  " + task + "\n", "# all\nParameters:\n  " + parameter},
		{"behind other sections", "Outputs: {}\nResources:\n  " + task + "\n", "Outputs: {}\nParameters:\n  " + parameter},
		{"sections that are there", "Conditions:\n  HasImageRepository: !Equals [a, b]\nParameters:\n  # the image\n  Image: {Type: String}\n  ImageRepository: {Type: String}\nResources:\n  " + task + "\n",
			"Conditions:\n  HasImageRepository2:\n    Fn::Not:\n      - Fn::Equals:\n          - !Ref ImageRepository2\n          - \"\"\n  HasImageRepository: !Equals [a, b]\nParameters:\n  ImageRepository2:\n"},
		{"sections in one line", "Conditions: {}\nParameters: {Image: {Type: String}}\nResources: {" + task + "}\n", "Conditions: {\"HasImageRepository\": {\"Fn::Not\": [{\"Fn::Equals\": [{\"Ref\": \"ImageRepository\"},\"\"]}]}}\n"},
		{"all in one line", "--- {Resources: {" + task + "}}\n", "--- {\"Parameters\": {\"ImageRepository\": {"},
		{"with CRLF", "Resources:\r\n  " + task + "\r\n", "Parameters:\r\n  ImageRepository:\r\n"},
		{"JSON", asJSON(t, "Metadata: {}\nResources:\n  "+task+"\n", ""), "{\"Metadata\":{},\"Parameters\":{\"ImageRepository\":{"},
		{"JSON in lines", asJSON(t, "AAA: {}\nResources:\n  "+task+"\n", "  "), "  \"AAA\": {},\n  \"Parameters\": {\n    \"ImageRepository\": {\n      \"Type\": \"String\","},
		{"an alias", "Parameters: &p {Image: {Type: String}}\nMetadata: *p\nResources:\n  " + task + "\n", "!t.yaml:1:13: Parameters of the template cannot be changed"},
	} {
		plans, _ := analyze.Read("t.yaml", []byte(c.src), analyze.Options{Conditions: true, Parameters: true})
		role, err := plans[0].Role(policy.Options{})
		if err != nil {
			t.Fatal(c.name, err)
		}
		merged, err := emit.Merge("t.yaml", []byte(c.src), []emit.TaskRole{{Task: "Task", Role: role}})
		got := string(merged)
		if want, refused := strings.CutPrefix(c.want, "!"); refused {
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: %v, want %s\n%s", c.name, err, want, got)
			}
			continue
		}
		if err != nil || !isSubsequence(c.src, got) || !strings.Contains(got, c.want) {
			t.Errorf("%s: %v: there is no %q in\n%s", c.name, err, c.want, got)
		}
	}
}

// FuzzMerge: of any template, every byte stays, or it is refused.
func FuzzMerge(f *testing.F) {
	for _, containers := range []string{
		"[{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: /a}]}]", "[{Name: a, Image: !If [C, nginx, !Ref AWS::NoValue]}, *x]",
		"\n      - &x {Name: a, Image: nginx}", "[{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !If [C, !Ref S, !Ref T]}]}]",
		"[{Name: a, Image: nginx, LogConfiguration: {LogDriver: awslogs, Options: {awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: a, awslogs-group: !ImportValue {Fn::Sub: '${A}'}}}}]",
	} {
		src := "Conditions: {C: !Equals [a, b]}\nResources: # all\n  S: {Type: AWS::SecretsManager::Secret, Condition: C}\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions: " + containers + "\n"
		f.Add(src)
		f.Add(strings.ReplaceAll(src, "\n", "\r\n"))
		f.Add("--- &all\n" + strings.Replace(src, "Properties:", "Properties: &p !!map", 1))
	}
	f.Add(`{"Resources":{"Task":{"Type":"AWS::ECS::TaskDefinition","Properties":{"ContainerDefinitions":[{"Name":"a","Image":"nginx"}]}}}}`)
	f.Fuzz(func(t *testing.T, src string) {
		roles := func(src string) (list []emit.TaskRole) {
			plans, _ := analyze.Read("t.yaml", []byte(src), analyze.Options{Conditions: true})
			for _, plan := range analyze.Join(plans) {
				if role, err := plan.Role(policy.Options{}); err == nil && plan.RoleAt != nil && plan.ExecutionRole == "" {
					list = append(list, emit.TaskRole{Task: plan.Name, Role: role, At: plan.RoleAt})
				}
			}
			return list
		}
		list := roles(src)
		if list == nil {
			return
		}
		merged, err := emit.Merge("t.yaml", []byte(src), list)
		if err != nil {
			return
		}
		if !isSubsequence(src, string(merged)) {
			t.Errorf("a byte of %q has changed in %q", src, merged)
		}
		if left := roles(string(merged)); left != nil {
			t.Errorf("%s has no role in %q", left[0].Task, merged)
		}
	})
}

// TestDescriptionsOfParameters: no description has a reference to a parameter of the template, which cfn-lint takes for a
// forgotten Fn::Sub.
func TestDescriptionsOfParameters(t *testing.T) {
	const src = `Parameters: {Stage: {Type: String}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: !Sub "app-${Stage}"
          Image: nginx
          Secrets: [{Name: A, ValueFrom: !Join ["", [!ImportValue {"Fn::Sub": "${AWS::StackName}-secret"}, ":key::"]]}]
          LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Stage, awslogs-region: us-east-1, awslogs-stream-prefix: a}}
`
	plans, _ := analyze.Read("t.yaml", []byte(src), analyze.Options{Parameters: true})
	role, err := plans[0].Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := emit.CloudFormation.Emit(role, emit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[0].Data)
	const want = `Description: "The ARN of the parameter in Parameter Store for \"${Fn::ImportValue AWS::StackName-secret}:key::\", secrets A of the container \"app-Stage\"; empty if it is no parameter"`
	if !strings.Contains(text, want) {
		t.Errorf("there is no\n%s in\n%s", want, text)
	}
}
