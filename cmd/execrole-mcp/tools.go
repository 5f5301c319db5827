package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/cmd/answer"
)

const instructions = `execrole reads Amazon ECS task definitions and finds out what the task execution role has to allow: each
permission with the field that asks for it. Pass the text of a file, not its path. Errors have file:line:column; a message that
names a flag such as --account is settled by the option of that name. Never widen a resource to * instead, and never edit a
generated file: change the options or the task definition, and generate it anew.`

// newServer returns a server with all tools.
func newServer() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "execrole", Title: "execrole", Version: version()},
		&mcp.ServerOptions{Instructions: instructions, Capabilities: &mcp.ServerCapabilities{}})
	add(s, "generate", "Write the task execution role", `Writes the IAM role that Amazon ECS needs to start the task, with exactly the permissions that the fields ask for, as files in
one of the formats. If an error is among the findings, there are no files.`, generate)
	add(s, "explain", "Explain the task execution role", `Says for each permission of the task execution role which field asks for it, and why, and what else has to be there for the task
to start. The answer is the JSON of "execrole explain -f json".`, explain)
	add(s, "check", "Check a role that exists", `Compares a task execution role that exists with what the tasks need: what is missing or denied, and what is allowed and no task
needs. Without role and iam, the roles are those of the CloudFormation templates and of Terraform among the task definitions. The answer is the
JSON of "execrole check -f json"; "fits" is yes, no or cannot tell.`, check)
	add(s, "diagnose", "Say why a task does not start", `Reads an error that Amazon ECS shows for a task that does not start, and says what the cause is, how sure that is, which command
settles it, and what cures it. With the task definition and the role, it names the field, and what would fail next. The answer is the
JSON of "execrole diagnose -f json".`, diagnose)
	return s
}

// add adds a tool, which changes nothing and reaches nothing.
func add[In, Out any](s *mcp.Server, name, title, description string, handler mcp.ToolHandlerFor[In, Out]) {
	closed := false
	mcp.AddTool(s, &mcp.Tool{
		Name: name, Title: title, Description: strings.ReplaceAll(description, "\n", " "), InputSchema: schemaOf[In](),
		Annotations: &mcp.ToolAnnotations{Title: title, ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: &closed},
	}, handler)
}

// The arguments of the tools.
type (
	explainInput struct {
		TaskDefinitions []answer.Document `json:"taskDefinitions" jsonschema:"the texts with the task definitions: JSON or YAML of a task definition, a template of CloudFormation, a plan of Terraform, or the files of a module of Terraform"`
		CredentialSpecs []answer.Document `json:"credentialSpecs,omitempty" jsonschema:"credential specs of domainless gMSA containers"`
		Keys            []answer.Document `json:"keys,omitempty" jsonschema:"what the AWS CLI says about secrets, parameters, objects and aliases of keys, as docs/collect.sh --describe-keys collects it; they say what is encrypted with which key"`
		Options         map[string]any    `json:"options,omitempty"`
	}
	generateInput struct {
		explainInput
		Format string `json:"format,omitempty"`
	}
	checkInput struct {
		explainInput
		rolesInput
	}
	diagnoseInput struct {
		Messages        []answer.Document `json:"messages" jsonschema:"the error as the console, an event or a log shows it, also cut off; or the JSON of aws ecs describe-tasks or describe-services, aws batch describe-jobs, CloudTrail or EventBridge"`
		TaskDefinitions []answer.Document `json:"taskDefinitions,omitempty" jsonschema:"the texts with the task definitions, as for explain"`
		CredentialSpecs []answer.Document `json:"credentialSpecs,omitempty" jsonschema:"credential specs of domainless gMSA containers"`
		Keys            []answer.Document `json:"keys,omitempty" jsonschema:"what the AWS CLI says of keys, as for explain"`
		Options         map[string]any    `json:"options,omitempty"`
		rolesInput
	}
	rolesInput struct {
		Role             []answer.Document          `json:"role,omitempty" jsonschema:"the role, in one or several texts: policy documents, its trust policy, or what aws iam get-role, get-role-policy, list-attached-role-policies and get-policy-version print"`
		IAM              []answer.Document          `json:"iam,omitempty" jsonschema:"instead of role, what aws iam get-account-authorization-details prints; each task's role is the one that its executionRoleArn names"`
		Boundary         *answer.Document           `json:"boundary,omitempty" jsonschema:"the permissions boundary of the role"`
		ServiceControl   []answer.Document          `json:"serviceControlPolicies,omitempty" jsonschema:"service control policies that are in effect"`
		ResourcePolicies map[string]answer.Document `json:"resourcePolicies,omitempty" jsonschema:"policies of resources, by the ARN of the resource"`
	}
)

func (in explainInput) question() answer.Question {
	return answer.Question{TaskDefinitions: in.TaskDefinitions, CredentialSpecs: in.CredentialSpecs, Keys: in.Keys, Options: in.Options}
}

func (in rolesInput) question(q answer.Question) answer.CheckQuestion {
	return answer.CheckQuestion{
		Question: q, Role: in.Role, IAM: in.IAM,
		Boundary: in.Boundary, ServiceControl: in.ServiceControl, ResourcePolicies: in.ResourcePolicies,
	}
}

// The answer of generate. Those of the other tools are the command's.
type (
	generated struct {
		TaskDefinitions []generatedRole `json:"taskDefinitions" jsonschema:"one for each task definition"`
	}
	generatedRole struct {
		Family   string    `json:"family"`
		File     string    `json:"file" jsonschema:"the name of the text"`
		Files    []file    `json:"files" jsonschema:"what the role is written as, the main file first; none if there are errors"`
		Findings []finding `json:"findings" jsonschema:"errors, warnings and notes"`
	}
	file struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	finding struct {
		Severity  string   `json:"severity" jsonschema:"error, warning or note"`
		Rule      string   `json:"rule"`
		Message   string   `json:"message"`
		File      string   `json:"file"`
		Line      int      `json:"line" jsonschema:"from 1; 0 for a whole file"`
		Column    int      `json:"column" jsonschema:"in bytes, from 1"`
		Pointer   string   `json:"pointer" jsonschema:"the JSON pointer of the value"`
		Container string   `json:"container"`
		Field     string   `json:"field"`
		Flags     []string `json:"flags" jsonschema:"flags that settle it: the option without the hyphens"`
	}
)

func generate(_ context.Context, _ *mcp.CallToolRequest, in generateInput) (*mcp.CallToolResult, *generated, error) {
	roles, err := answer.Generate(in.question(), in.Format)
	if err != nil {
		return nil, nil, err
	}
	out := &generated{TaskDefinitions: []generatedRole{}}
	var errs analyze.Errors
	for _, g := range roles {
		role := generatedRole{g.Plan.Family, g.Plan.File, []file{}, []finding{}}
		for _, f := range g.Files {
			role.Files = append(role.Files, file{f.Name, string(f.Data)})
		}
		for _, f := range g.Findings {
			role.Findings = append(role.Findings, findingOf(f))
			if f.Severity == analyze.Error {
				errs = append(errs, f)
			}
		}
		out.TaskDefinitions = append(out.TaskDefinitions, role)
	}
	return failure(errs), out, nil
}

func findingOf(f analyze.Finding) finding {
	return finding{string(f.Severity), f.Rule, analyze.Printable(f.Message), f.At.File, f.At.Line, f.At.Column, f.At.Pointer, f.At.Container, f.At.Field,
		append([]string{}, f.Flags...)}
}

func explain(_ context.Context, _ *mcp.CallToolRequest, in explainInput) (*mcp.CallToolResult, any, error) {
	data, failed, err := answer.Explain(in.question())
	if err != nil {
		return nil, nil, err
	}
	return textOf(failed, data), json.RawMessage(data), nil
}

func check(_ context.Context, _ *mcp.CallToolRequest, in checkInput) (*mcp.CallToolResult, any, error) {
	return partOf(answer.Check(in.rolesInput.question(in.explainInput.question()), version()))
}

func diagnose(_ context.Context, _ *mcp.CallToolRequest, in diagnoseInput) (*mcp.CallToolResult, any, error) {
	question := explainInput{in.TaskDefinitions, in.CredentialSpecs, in.Keys, in.Options}.question()
	return partOf(answer.Diagnose(answer.DiagnoseQuestion{CheckQuestion: in.rolesInput.question(question), Messages: in.Messages}))
}

// partOf returns the result for an answer that can be about a part of the input: then what is wrong with the rest is a second text.
func partOf(data []byte, failed analyze.Errors, err error) (*mcp.CallToolResult, any, error) {
	if err != nil {
		return nil, nil, err
	}
	if data == nil {
		return failure(failed), nil, nil
	}
	result := textOf(nil, data)
	if failed != nil {
		result.Content = append(result.Content, failure(failed).Content...)
	}
	return result, json.RawMessage(data), nil
}

// textOf returns a result with the command's own text, for clients that do not read structured content. If there are errors,
// the text is these.
func textOf(errs analyze.Errors, data []byte) *mcp.CallToolResult {
	if errs != nil {
		return failure(errs)
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(data)}}}
}

// failure returns a result that says what is wrong with the input, one error a line, each with its place; nil where nothing is.
func failure(errs analyze.Errors) *mcp.CallToolResult {
	if len(errs) == 0 {
		return nil
	}
	var lines []string
	for _, f := range errs {
		lines = append(lines, f.String())
	}
	return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: strings.Join(lines, "\n")}}}
}
