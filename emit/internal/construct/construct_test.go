// Package construct tests the construct of package cdkrole. These tests have a package of their own because go.mod leaves
// cdkrole out of the pattern ./... and go test ./... is to run them.
package construct

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/cdkrole"
	"github.com/execrole/execrole/emit/internal/tool"
)

const web = `{"family": "web", "executionRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [{"name": "app",
  "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1",
  "secrets": [{"name": "KEY", "valueFrom": "/web/key"}]}]}`

func TestMain(m *testing.M) {
	os.Setenv("JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION", "1")
	status := m.Run()
	jsii.Close()
	os.Exit(status)
}

// needNode skips the test where Node is missing: the CDK runs on it.
func needNode(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starting the CDK is not short")
	}
	tool.Require(t, "node", "https://nodejs.org: the CDK runs on it")
}

// synth makes an app with one stack and returns its template and its metadata, or the error of the synthesis.
func synth(t *testing.T, define func(stack awscdk.Stack)) (template, metadata map[string]any, err error) {
	t.Helper()
	needNode(t)
	out := t.TempDir()
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: &out})
	stack := awscdk.NewStack(app, jsii.String("stack"), nil)
	define(stack)
	func() {
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("%v", v)
			}
		}()
		app.Synth(nil)
	}()
	if err != nil {
		return nil, nil, err
	}
	read := func(name string) (v map[string]any) {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	return read("stack.template.json"), read("stack.metadata.json"), nil
}

// roles returns the logical IDs of the roles in a template with the names of all actions that their inline policies
// allow.
func roles(template map[string]any) map[string]string {
	list := map[string]string{}
	for id, r := range template["Resources"].(map[string]any) {
		if r := r.(map[string]any); r["Type"] == "AWS::IAM::Role" {
			text, _ := json.Marshal(r["Properties"].(map[string]any)["Policies"])
			list[id] = string(text)
		}
	}
	return list
}

func TestSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.json")
	if err := os.WriteFile(file, []byte(web), 0o666); err != nil {
		t.Fatal(err)
	}
	plans, err := analyze.Read("web.json", []byte(web), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var first string
	for _, props := range []*cdkrole.Props{{File: file}, {Source: []byte(web), Name: "web.json"}, {Plan: plans[0]}} {
		template, _, err := synth(t, func(stack awscdk.Stack) {
			r := cdkrole.NewTaskExecutionRole(stack, jsii.String("Role"), props)
			if r.Plan() == nil || len(r.Plan().Requirements) == 0 {
				t.Error("the construct has no plan")
			}
			awscdk.NewCfnOutput(r, jsii.String("Arn"), &awscdk.CfnOutputProps{Value: r.Role().RoleArn()})
		})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(template)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Errorf("the template of %+v differs:\n%s\n%s", props, text, first)
		}
	}
	for _, want := range []string{"ecr:BatchGetImage", "ssm:GetParameters", "repository/web", ":parameter/web/key", `"Ref":"AWS::AccountId"`} {
		if !strings.Contains(first, want) {
			t.Errorf("the template has no %s: %s", want, first)
		}
	}
}

// TestLogicalIDs: the role is the one that a generated app has in the construct's place, and several can stand in one
// scope. A change of these IDs would replace the roles of all who use the construct.
func TestLogicalIDs(t *testing.T) {
	template, _, err := synth(t, func(stack awscdk.Stack) {
		first := cdkrole.NewTaskExecutionRole(stack, jsii.String("TaskExecutionRole"), &cdkrole.Props{Source: []byte(web)})
		cdkrole.NewTaskExecutionRole(stack, jsii.String("Other"), &cdkrole.Props{Source: []byte(web), Role: policy.Options{Name: "other"}})
		cdkrole.NewTaskExecutionRole(first, jsii.String("Nested"), &cdkrole.Props{Source: []byte(web)})
	})
	if err != nil {
		t.Fatal(err)
	}
	got := roles(template)
	for _, id := range []string{"TaskExecutionRole250D2532", "Other34654A52", "TaskExecutionRoleNestedCECBACEE"} {
		if got[id] == "" {
			t.Errorf("there is no role %s, but %v", id, slices.Sorted(maps.Keys(got)))
		}
	}
}

// TestErrorsFailTheSynthesis: all of them at once, of all constructs, each with its place.
func TestErrorsFailTheSynthesis(t *testing.T) {
	plans, err := analyze.Read("plan.json", []byte(strings.Replace(web, "/web/key", "{{KEY}}", 1)), analyze.Options{})
	if err == nil {
		t.Fatal("the plan has no errors")
	}
	broken := plans[0]
	_, _, err = synth(t, func(stack awscdk.Stack) {
		for i, props := range []*cdkrole.Props{
			nil,
			{},
			{File: "a", Plan: broken},
			{Name: "b", File: "a"},
			{Plan: broken, Options: analyze.Options{CalledOnly: true}},
			{File: filepath.Join("no", "such.json")},
			{Source: []byte(strings.ReplaceAll(web, "web:1", "<TAG>/<NAME>")), Name: "two.json"},
			{Source: []byte("{"), Name: "syntax.json"},
			{Plan: broken},
			{Source: []byte(web), Name: "name.json", Role: policy.Options{Name: "a b", Properties: policy.Properties{Path: "x"}}},
			{Source: []byte(strings.Replace(web, "/web/key", "/a", 1)), Name: "token.json", Role: policy.Options{Properties: policy.Properties{Description: "${Token[1]}"}}},
		} {
			r := cdkrole.NewTaskExecutionRole(stack, jsii.String(fmt.Sprintf("Role%d", i)), props)
			// An app goes on with the role until it is synthesised.
			awscdk.NewCfnOutput(r, jsii.String("Arn"), &awscdk.CfnOutputProps{Value: r.Role().RoleArn()})
		}
	})
	if err == nil {
		t.Fatal("the app is synthesised")
	}
	for _, want := range []string{
		"[stack/Role0] error: cdkrole.Props has 0 of File, Source and Plan: give one",
		"[stack/Role1] error: cdkrole.Props has 0 of",
		"[stack/Role2] error: cdkrole.Props has 2 of",
		"[stack/Role3] error: cdkrole.Props has a Name without a Source",
		"[stack/Role4] error: cdkrole.Props has Options beside a Plan",
		"[stack/Role5] " + filepath.Join("no", "such.json") + ": error: cannot read the task definition: ",
		"[stack/Role6] two.json:2:12: error: ",
		`placeholders "TAG", "NAME"`,
		"[stack/Role7] syntax.json:1:2: error: ",
		"[stack/Role8] plan.json:3:44: error: ",
		`[stack/Role9] name.json: error: role name "a b"`,
		`[stack/Role9] name.json: error: path "x"`,
		"[stack/Role10] token.json: error: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error has no %q", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

// TestWarningsAreAnnotations: they stand at the construct, with their places, and one can acknowledge them.
func TestWarningsAreAnnotations(t *testing.T) {
	source := []byte(strings.Replace(web, `"secrets"`, `"secerts": [], "secrets"`, 1))
	annotated := func(acknowledge bool) string {
		_, metadata, err := synth(t, func(stack awscdk.Stack) {
			r := cdkrole.NewTaskExecutionRole(stack, jsii.String("Role"), &cdkrole.Props{Source: source, Name: "web.json"})
			if acknowledge {
				awscdk.Annotations_Of(r).AcknowledgeWarning(jsii.String("execrole:schema"), jsii.String("known"))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(metadata)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := annotated(false)
	if !strings.Contains(text, `"/stack/Role":[{"data":"web.json:3:3: warning: `) || !strings.Contains(text, "[ack: execrole:schema]") || !strings.Contains(text, `"type":"aws:cdk:warning"`) {
		t.Errorf("no warning in %s", text)
	}
	if strings.Contains(text, " note: ") {
		t.Errorf("a note in %s", text)
	}
	if text := annotated(true); strings.Contains(text, "aws:cdk:warning") {
		t.Errorf("the warning is there though it is known: %s", text)
	}
}

// TestKnownRegion: a stack that knows its region and account has them as literals, and looks up what depends on the
// region.
func TestKnownRegion(t *testing.T) {
	needNode(t)
	out := t.TempDir()
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: &out})
	stack := awscdk.NewStack(app, jsii.String("stack"), &awscdk.StackProps{Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-west-1")}})
	cdkrole.NewTaskExecutionRole(stack, jsii.String("Role"), &cdkrole.Props{Source: []byte(web), Options: analyze.Options{GuardDuty: true}})
	app.Synth(nil)
	text, err := os.ReadFile(filepath.Join(out, "stack.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{":ssm:eu-west-1:111122223333:parameter/web/key", "Fn::FindInMap", "694911143906"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the template has no %s: %s", want, text)
		}
	}
}
