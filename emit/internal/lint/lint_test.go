// Package lint lets cfn-lint, CloudFormation's own checker, read the templates of all formats.
package lint

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// TestTemplates: cfn-lint has nothing to say of any template. It is started once, since its start takes seconds.
func TestTemplates(t *testing.T) {
	cfnLint := tool.Require(t, "cfn-lint", "pip install cfn-lint")
	dir := t.TempDir()
	args := []string{"--"}
	write := func(format *emit.Format, name string, role *policy.Role) {
		files, err := format.Emit(role, emit.Options{Source: "a\nb.json"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := filepath.Join(dir, name+format.Extensions[0])
		if err := os.WriteFile(path, files[0].Data, 0o666); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	roles := golden.Roles(t)
	for name, role := range roles {
		write(emit.CloudFormation, name, role)
	}
	for name, role := range golden.Packed(t) {
		write(emit.CloudFormation, name, role)
		roles[name] = role
	}
	made := sample.Roles()
	bare := sample.Web()
	bare.Name = ""
	for name, role := range map[string]*policy.Role{
		"made-web": made["made-web"], "made-plain": bare, "made-files": sample.Files(), "made-properties": made["made-properties"],
		"made-no-permissions": {Trust: sample.Trust()}, "made-strings": stringsRole(), "made-inputs": sample.Inputs(),
		"made-optional": sample.Optional(false), "made-optional-managed": sample.Optional(true),
		"made-no-conditions": {Trust: policy.Document{Statements: []policy.Statement{{Principals: sample.ECSTasks(), Actions: []string{"sts:AssumeRole"}}}}},
	} {
		write(emit.CloudFormation, name, role)
		roles[name] = role
	}
	// The format cloudformation-json writes the same template: a test of package emit compares the two.
	for _, name := range []string{"web", "guardduty-no-region", "managed-policy", "packed-150", "made-properties", "environment-files-wildcards"} {
		role, ok := roles[name]
		if !ok {
			t.Fatalf("there is no role %s", name)
		}
		write(emit.CloudFormationJSON, name, role)
	}
	// Roles of different families in one template.
	var several []*policy.Role
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		if role := *roles[name]; role.Name == "" && len(several) < 40 {
			role.Family = name
			several = append(several, &role)
		}
	}
	for _, format := range []*emit.Format{emit.CloudFormation, emit.CloudFormationJSON} {
		file, err := format.Combine(several, emit.Options{Sources: []string{"a\nb.json", ""}})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "several"+format.Extensions[0])
		if err := os.WriteFile(path, file.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if len(args) < 150 {
		t.Fatalf("only %d templates", len(args))
	}
	if out, err := exec.Command(cfnLint, args...).CombinedOutput(); err != nil || len(strings.TrimSpace(string(out))) > 0 {
		t.Errorf("cfn-lint: %v\n%s", err, out)
	}
}

// TestMerged: cfn-lint says nothing of real templates with a role in them that it does not say of them without it.
func TestMerged(t *testing.T) {
	cfnLint := tool.Require(t, "cfn-lint", "pip install cfn-lint")
	dir := t.TempDir()
	args := []string{"--format", "json", "--"}
	add := func(name string, src, merged []byte) {
		for folder, data := range map[string][]byte{"before": src, "after": merged} {
			file := filepath.Join(dir, folder, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, data, 0o666); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
		}
	}
	for i, path := range golden.Corpus(t, "cloudformation", "cdkout") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		roles := meaning.TaskRoles(t, path, src)
		if roles == nil {
			continue
		}
		merged, err := emit.Merge(path, src, roles)
		if err == nil && (i%3 == 0 || bytes.Contains(merged, []byte("AWS::NoValue")) && !bytes.Contains(src, []byte("AWS::NoValue"))) {
			add(filepath.Base(path), src, merged) // a third of them says as much
		}
	}
	open, err := analyze.Read("conditions.yaml", []byte(conditions), analyze.Options{Conditions: true, Parameters: true})
	if err != nil {
		t.Fatal(err)
	}
	role, err := open[0].Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	merged, err := emit.Merge("conditions.yaml", []byte(conditions), []emit.TaskRole{{Task: "Task", Role: role}})
	if err != nil || !bytes.Contains(merged, []byte("LoggedAndHasImageRepository:")) {
		t.Fatalf("%v\n%s", err, merged)
	}
	add("conditions.yaml", []byte(conditions), merged)
	if len(args) < 40 {
		t.Fatalf("only %d templates", len(args)/2)
	}
	out, _ := exec.Command(cfnLint, args...).Output() // the templates have faults of their own
	var matches []struct {
		Filename string
		Rule     struct{ Id string }
		Message  string
	}
	if err := json.Unmarshal(out, &matches); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	before, after := map[string]int{}, map[string][]string{} // by file and rule
	for _, m := range matches {
		key := filepath.Base(m.Filename) + " " + m.Rule.Id
		if filepath.Base(filepath.Dir(m.Filename)) == "before" {
			before[key]++
		} else {
			after[key] = append(after[key], m.Message)
		}
	}
	if len(before) == 0 {
		t.Error("cfn-lint finds nothing in real templates: was it started?")
	}
	for key, messages := range after {
		if len(messages) > before[key] {
			t.Errorf("%s: %d messages became %q", key, before[key], messages)
		}
	}
}

// conditions is a template in which permissions hang on conditions and on what is unknown.
const conditions = `Parameters:
  Image: {Type: String}
  Parts: {Type: CommaDelimitedList}
Conditions:
  Deployed: !Equals [!Ref AWS::Region, us-east-1]
  Logged: !Equals [!Ref AWS::StackName, shop]
  Quiet: !Equals [!Ref AWS::StackName, quiet]
Resources:
  Database: {Type: AWS::SecretsManager::Secret, Condition: Deployed}
  Logs: {Type: AWS::Logs::LogGroup, Condition: Logged}
  Task:
    Type: AWS::ECS::TaskDefinition
    Condition: Deployed
    Properties:
      Family: shop
      ContainerDefinitions:
        - Name: app
          Image: nginx
          Secrets:
            - {Name: PASSWORD, ValueFrom: !Ref Database}
            - !If [Quiet, {Name: TOKEN, ValueFrom: !If [Logged, /both, /quiet]}, !Ref AWS::NoValue]
          LogConfiguration: !If
            - Logged
            - {LogDriver: awslogs, Options: {awslogs-group: !Ref Logs, awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: app}}
            - LogDriver: awslogs
              Options:
                awslogs-group: !ImportValue {Fn::Sub: "${AWS::StackName}-logs"}
                awslogs-region: !Ref AWS::Region
                awslogs-stream-prefix: !Select [1, !Ref Parts]
        - !If [Logged, {Name: side, Image: !Ref Image}, !Ref AWS::NoValue]
`

// stringsRole has many strings in one role.
func stringsRole() *policy.Role {
	role := sample.Web()
	statement := &role.Inline[0].Document.Statements[3]
	partition, region := policy.Of(policy.Partition), policy.Of(policy.Region)
	for _, s := range sample.Strings {
		if !sample.Writable(s) {
			continue
		}
		statement.Resources[0].From = append(statement.Resources[0].From, policy.Source{Container: s, Field: s})
		// The template means the right thing here too, as tests of package emit show. But cfn-lint knows no ARN with a
		// line break (E3510), and takes every ${AWS::Region} for a forgotten !Sub (E1029): the rules make IAM's
		// ${$}{AWS::Region} of the latter.
		if strings.Contains(s, "\n") || strings.Contains(s, "${AWS::") {
			continue
		}
		text := policy.Text(s)
		statement.Resources = append(statement.Resources, policy.Values("arn:aws:s3:::b/"+text, "arn:"+partition+":s3:::b/"+text, "arn:"+partition+":s3:::b/"+text+region)...)
		if len(s) < 100 {
			statement.Conditions = append(statement.Conditions,
				policy.Condition{Operator: "StringEquals", Key: "kms:EncryptionContext:" + s, Values: policy.Values(text)})
		}
	}
	return role
}
