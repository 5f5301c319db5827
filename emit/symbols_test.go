package emit

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

// section returns the lines of a text from the first that begins so to the one before the next that begins so.
func section(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n"+from)
	rest, _, end := strings.Cut(rest, "\n"+to)
	if !found || !end {
		t.Fatalf("%q and %q are not in\n%s", from, to, text)
	}
	return from + rest + "\n"
}

// TestInputs: every symbol whose value the format does not have is given by whoever deploys the role.
func TestInputs(t *testing.T) {
	role := sample.Inputs()
	template := string(emitOne(t, "cloudformation", role, Options{})[0].Data)
	terraform := string(emitOne(t, "terraform", role, Options{})[0].Data)
	app := emitOne(t, "cdk-go", role, Options{})
	for _, tt := range []struct{ name, got, want string }{
		{"parameters", section(t, template, "Parameters:", "Resources:"), `Parameters:
  # pass !Ref Database
  Database:
    Type: String
    Description: "The ARN of a secret: !Ref Database"
  # pass !GetAtt Repo.Arn
  RepoArn:
    Type: String
    Description: "The ARN of a repository: !GetAtt Repo.Arn"
  # pass !Ref LogGroup
  LogGroup:
    Type: String
    Description: "The name of a log group: !Ref LogGroup"
    Default: "/ecs/web"
    MaxLength: 512
  LogGroup2:
    Type: String
    Description: "Log::Group"
  # pass var.literal1
  InputLiteral1:
    Type: String
    Description: "Plain text: var.literal1"
`},
		{"references", section(t, template, "              - Sid: Secrets", "Outputs:"), `              - Sid: Secrets
                Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: !Ref Database
              - Sid: Pull
                Effect: Allow
                Action: ecr:BatchGetImage
                Resource: !Ref RepoArn
              - Sid: Logs
                Effect: Allow
                Action: logs:PutLogEvents
                Resource:
                  - !Sub "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${LogGroup}:log-stream:${LogGroup2}/*"
                  - Fn::Sub:
                      - "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}${Literal1}${InputLiteral1}"
                      - Literal1: ":log-group:${*}"
                Condition:
                  StringEquals:
                    kms:ViaService: !Sub "logs.${AWS::Region}.${AWS::URLSuffix}"
`},
		{"data sources and variables", section(t, terraform, `data "aws_partition"`, `resource "aws_iam_role" "web`), `data "aws_partition" "web_execution" {}

data "aws_region" "web_execution" {}

data "aws_caller_identity" "web_execution" {}

variable "web_execution_database" {
  description = "The ARN of a secret: !Ref Database"
  type        = string
}

variable "web_execution_repo_arn" {
  description = "The ARN of a repository: !GetAtt Repo.Arn"
  type        = string
}

variable "web_execution_log_group" {
  description = "The name of a log group: !Ref LogGroup"
  type        = string
  default     = "/ecs/web"
}

variable "web_execution_log_group2" {
  description = "Log::Group"
  type        = string
}

variable "web_execution_literal1" {
  description = "Plain text: var.literal1"
  type        = string
}

`},
		{"properties", section(t, string(app[0].Data), "// TaskExecutionRoleProps", "// NewTaskExecutionRole"), `// TaskExecutionRoleProps are the values that the role needs.
type TaskExecutionRoleProps struct {
	Database  string // The ARN of a secret: "!Ref Database"
	RepoArn   string // The ARN of a repository: "!GetAtt Repo.Arn"
	LogGroup  string // The name of a log group: "!Ref LogGroup"
	LogGroup2 string // "Log::Group"
	Literal1  string // Plain text: var.literal1
}

`},
		{"the app", section(t, string(app[1].Data), "\tNewExecutionRoleStack(", "\tapp.Synth"), `	NewExecutionRoleStack(app, jsii.String("web-execution-role"), &ExecutionRoleStackProps{Role: TaskExecutionRoleProps{
		Database:  "",         // The ARN of a secret: "!Ref Database"
		RepoArn:   "",         // The ARN of a repository: "!GetAtt Repo.Arn"
		LogGroup:  "/ecs/web", // The name of a log group: "!Ref LogGroup"
		LogGroup2: "",         // "Log::Group"
		Literal1:  "",         // Plain text: var.literal1
	}})
`},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
	for _, part := range []string{
		`"kms:ViaService" = "logs.${data.aws_region.web_execution.id}.${data.aws_partition.web_execution.dns_suffix}"`,
		`log-group:${var.web_execution_log_group}:log-stream:${var.web_execution_log_group2}/*"`,
	} {
		if !strings.Contains(terraform, part) {
			t.Errorf("%s is not in\n%s", part, terraform)
		}
	}
	for _, part := range []string{
		"\t\tvalues.LogGroup = \"/ecs/web\"\n", "\t\tpanic(\"TaskExecutionRoleProps has no RepoArn\")\n", "\turlSuffix := *stack.UrlSuffix()\n",
		`jsii.Strings(values.Database)`, `"logs." + region + "." + urlSuffix`,
	} {
		if !strings.Contains(string(app[0].Data), part) {
			t.Errorf("%s is not in\n%s", part, app[0].Data)
		}
	}
	if !strings.Contains(string(app[1].Data), app[1].Line+"\n") {
		t.Errorf("%s does not have the line %q", app[1].Name, app[1].Line)
	}
	want := []policy.Symbol{"Database", "Repo.Arn", "LogGroup", "Log::Group", "Literal1", policy.URLSuffix}
	for _, f := range []*Format{IAMJSON, AWSCLI} {
		_, err := f.Emit(sample.In(ownValues, role), Options{})
		var missing *MissingValues
		if !errors.As(err, &missing) || !slices.Equal(missing.Symbols, want) {
			t.Errorf("%s: error %v", f.Name, err)
		}
	}
}

// TestInputsHaveNamesOfTheirOwn: a parameter does not get the ID of a resource of the template, nor the name of the
// variable for a mapping in it.
func TestInputsHaveNamesOfTheirOwn(t *testing.T) {
	role := sample.Web()
	role.Mappings = []policy.Mapping{{Symbol: "Test::Owner", Name: "TestTable", Column: "Owner", Rows: []policy.Row{{Region: "eu-west-1", Value: "000000000001"}}}}
	for _, s := range []policy.Symbol{"TaskExecutionRole", "TaskExecutionPolicy1", "TaskExecutionPolicy10", "TaskExecutionPolicy11", "TestTableOwner"} {
		role.Inline[0].Document.Statements[0].Resources = append(role.Inline[0].Document.Statements[0].Resources, policy.Values(policy.Of(s))...)
	}
	role.Attached = []policy.Text{policy.Of("Test::Owner")}
	template := string(emitOne(t, "cloudformation", role, Options{})[0].Data)
	var names []string
	for _, line := range regexp.MustCompile(`(?m)^  (\w+):$`).FindAllStringSubmatch(section(t, template, "Parameters:", "Mappings:"), -1) {
		names = append(names, line[1])
	}
	want := []string{"TaskExecutionRole2", "TaskExecutionPolicy12", "TaskExecutionPolicy102", "TaskExecutionPolicy11", "TestTableOwner2"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestUsesOfMappings: a file with the value of a mapping contains what the region is, and nothing that a caller could give
// in its place.
func TestUsesOfMappings(t *testing.T) {
	role := sample.Files()
	role.Mappings = []policy.Mapping{{Symbol: "Test::Owner", Name: "TestTable", Column: "Owner", Rows: []policy.Row{{Region: "us-east-1", Value: "000000000001"}}}}
	role.Inline[0].Document.Statements[0].Resources = policy.Values("arn:aws:s3:::" + policy.Of("Test::Owner"))
	role.Inline[0].Document.Statements[0].Conditions = nil
	for _, format := range []string{"json", "aws-cli"} {
		f := emitOne(t, format, sample.In(ownValues, role), Options{MainOnly: true})[0]
		if !slices.Contains(f.Uses, policy.Region) || slices.Contains(f.Uses, "Test::Owner") || !strings.Contains(string(f.Data), "arn:aws:s3:::000000000001") {
			t.Errorf("%s: uses %v in\n%s", format, f.Uses, f.Data)
		}
	}
}

// TestTwoRolesInOneTemplate: the resources of two roles fit into one frame, and share its mappings and parameters.
func TestTwoRolesInOneTemplate(t *testing.T) {
	table := policy.Mapping{Symbol: "Test::Owner", Name: "TestTable", Column: "Owner", Rows: []policy.Row{{Region: "eu-west-1", Value: "000000000001"}}}
	web, worker := sample.Inputs(), sample.Inputs()
	web.Mappings, worker.Mappings = []policy.Mapping{table}, []policy.Mapping{table}
	web.Attached, worker.Attached = []policy.Text{"arn:aws:iam::" + policy.Of(table.Symbol) + ":policy/a"}, []policy.Text{policy.Of(table.Symbol)}
	worker.Inline, worker.Managed = nil, []policy.Policy{{Name: "P1", Document: worker.Inline[0].Document}, {Name: "P2", Document: sample.Files().Inline[0].Document}}
	ids := []string{"WebRole", "WorkerRole"}
	template := cfnNamesOf(ids, web, worker)
	var resources, outputs []pair
	for i, role := range []*policy.Role{web, worker} {
		r, o, err := cfnResources(role, ids[i], template.writer(role), false)
		if err != nil {
			t.Fatal(err)
		}
		resources, outputs = append(resources, r...), append(outputs, o...)
	}
	whole, err := cfnFrame("Two roles", "", template.sections(resources, outputs)...)
	if err != nil {
		t.Fatal(err)
	}
	text := string(yamlBytes(whole.yaml().(*ast.MappingNode)))
	var names []string
	for _, line := range regexp.MustCompile(`(?m)^  (\w+):$`).FindAllStringSubmatch(text, -1) {
		names = append(names, line[1])
	}
	want := []string{
		"Database", "RepoArn", "LogGroup", "LogGroup2", "InputLiteral1", "TestTable", "WebRole", "WorkerRole", "WorkerPolicy1", "WorkerPolicy2",
		"WebRoleName", "WebRoleArn", "WorkerRoleName", "WorkerRoleArn",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got\n%s\n%s", diff, text)
	}
	for _, part := range []string{"- !Ref WorkerPolicy2\n", "- Fn::FindInMap:\n", "${TestTableOwner}:policy/a", "Value: !GetAtt WebRole.Arn\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

// TestReferencesOfAnotherTemplate: a role can be put into a template that refers to its symbols in ways of its own.
func TestReferencesOfAnotherTemplate(t *testing.T) {
	refer := func(s policy.Symbol) cfnReference {
		switch s {
		case "Repo.Arn":
			return cfnReference{node: callNode("Fn::GetAtt", wordNode("Repo.Arn")), name: "Repo.Arn"}
		case "Shared":
			return cfnReference{node: callNode("Fn::ImportValue", stringNode("shared-bucket")), name: "Bucket", variable: true}
		}
		return cfnRef(string(s))
	}
	w := cfnWriter{refer: refer}
	for text, want := range map[policy.Text]string{
		policy.Of("Repo.Arn"):                           "a: !GetAtt Repo.Arn\n",
		policy.Of("Repo.Arn") + "/x":                    "a: !Sub \"${Repo.Arn}/x\"\n",
		policy.Of("Shared"):                             "a: !ImportValue \"shared-bucket\"\n",
		policy.Of("Shared") + "/" + policy.Of("Shared"): "a:\n  Fn::Sub:\n    - \"${Bucket}/${Bucket}\"\n    - Bucket: !ImportValue \"shared-bucket\"\n",
		policy.Of("Secret"):                             "a: !Ref Secret\n",
		"a$" + policy.Of("Secret") + "b$":               "a:\n  Fn::Sub:\n    - \"${Literal1}${Secret}${Literal2}\"\n    - Literal1: \"a$\"\n      Literal2: \"b$\"\n",
	} {
		if got := string(yamlBytes(objectNode(pair{"a", w.text(text)}).yaml().(*ast.MappingNode))); got != want {
			t.Errorf("%v: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

// TestHCLKeys: a key is an identifier or a string.
func TestHCLKeys(t *testing.T) {
	for key, want := range map[string]string{"Action": "Action", "a1": "a1", "_a": "_a", "1a": `"1a"`, "aws:SourceArn": `"aws:SourceArn"`, "a-b": `"a-b"`, "${a}": `"$${a}"`, "": `""`} {
		if got := hclKey(key); got != want {
			t.Errorf("%q is written %s, want %s", key, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"": "Value", "TaskRoleArn": "Task Role Arn TaskRoleArn", "Repo.Arn": "Repo Arn RepoArn", "var.my_bucket": "var my bucket VarMyBucket",
		"AWS::StackName": "AWS Stack Name AWSStackName", "1st": "1st Value1st", "é": "Value", "a.9": "a 9 A9",
	} {
		words := wordsOf(name)
		if got := strings.TrimSpace(fmt.Sprint(strings.Join(words, " "), " ", camel(words))); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestUnusedSymbols: the table has all symbols of the input, and those that the role does not use are in no output. So
// no text of theirs keeps a format from writing the role.
func TestUnusedSymbols(t *testing.T) {
	role := sample.Inputs()
	role.Symbols = maps.Clone(role.Symbols)
	role.Symbols["Unused"] = policy.SymbolInfo{Kind: policy.Parameter, Default: "{{resolve:ssm:/a}} e\u0301", Expression: "${Token[a.1]}"}
	for _, f := range []*Format{CloudFormation, CloudFormationJSON, Terraform, CDKGo} {
		if _, err := f.Emit(role, Options{}); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	info := role.Symbols["LogGroup"]
	info.Default = "{{resolve:ssm:/a}} e\u0301"
	role.Symbols["LogGroup"] = info
	for _, f := range []*Format{CloudFormation, CloudFormationJSON, Terraform, CDKGo} {
		if _, err := f.Emit(role, Options{}); err == nil {
			t.Errorf("%s: no error for a default that it cannot write", f.Name)
		}
	}
}

// TestLongDefault: CloudFormation refuses a parameter whose default is longer than its MaxLength.
func TestLongDefault(t *testing.T) {
	role := sample.Inputs()
	role.Symbols = maps.Clone(role.Symbols)
	info := role.Symbols["LogGroup"]
	for length, want := range map[int]bool{8: true, 7: false} {
		info.Default, info.MaxLength = "/ecs/wéb", length
		role.Symbols["LogGroup"] = info
		template := string(emitOne(t, "cloudformation", role, Options{})[0].Data)
		if got := strings.Contains(template, "MaxLength"); got != want {
			t.Errorf("a default of 8 characters and the length %d: MaxLength is written: %v", length, got)
		}
	}
}
