package taskdef

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
)

// inTemplate returns a template in which a value is the image of a container.
func inTemplate(value string) string {
	return `Parameters: {Tag: {Type: String, Default: "1"}, Hidden: {Type: String, NoEcho: true, Default: x}, FromStore: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x}}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: app, Image: ` + value + "}]}}\n"
}

// TestParameters: what is known of a parameter, and what --set gives for it.
func TestParameters(t *testing.T) {
	for name, want := range map[string]policy.SymbolInfo{
		"Tag":       {Kind: policy.Parameter, Meaning: policy.MeansText, Default: "1", Expression: "!Ref Tag"},
		"Hidden":    {Kind: policy.Parameter, Meaning: policy.MeansText, Expression: "!Ref Hidden"},
		"FromStore": {Kind: policy.Parameter, Meaning: policy.MeansUnknown, Expression: "!Ref FromStore"},
		"Bucket":    {Kind: policy.Resource, Meaning: policy.MeansBucketName, Expression: "!Ref Bucket", Distinct: true},
	} {
		src := []byte(inTemplate("!Ref " + name))
		tds, _ := Read("f", src, Options{})
		info := tds[0].Reader().Symbols()[policy.Symbol(name)]
		if info.Place.Line == 0 {
			t.Errorf("%s has no place", name)
		}
		info.Place = want.Place
		if !reflect.DeepEqual(info, want) {
			t.Errorf("%s: %+v, want %+v", name, info, want)
		}
		tds, problems := Read("f", src, Options{Set: []Setting{{name, "nginx"}}})
		reader := tds[0].Reader()
		for v := range reader.Root().Each("containerDefinitions", "image") {
			if text, _ := v.Text(); text != "nginx" || len(problems) > 0 {
				t.Errorf("--set %s=nginx: %q, %v", name, text, problems)
			}
		}
		if unused := unused(reader); len(unused) > 0 {
			t.Errorf("--set %s: %v", name, unused)
		}
	}
}

// TestTemplates: the task definitions of templates, and what cannot be read.
func TestTemplates(t *testing.T) {
	const task = `{"Type": "AWS::ECS::TaskDefinition", "Properties": {"Cpu": 256, "ContainerDefinitions": [{"Name": "a", "Image": "x"}]}}`
	for in, want := range map[string]string{
		`{"Resources": {"T": ` + task + `, "U": ` + task + `}}`:                                                            "T U",
		`{"Resources": {"T": ` + strings.Replace(task, "Task", "DaemonTask", 1) + `}}`:                                     "T",
		`{"StagesAvailable": [], "TemplateBody": {"Resources": {"T": ` + task + `}}}`:                                      "T",
		`{"StackName": "s", "TemplateBody": ` + strconv.Quote(`{"Resources": {"T": `+task+`}}`) + `}`:                      "T",
		`{"TemplateBody": "Resources:\n  T: {}\n"}`:                                                                        "1:18 TemplateBody is a string: pass the template alone",
		`{"Transform": "AWS::Serverless-2016-10-31", "Resources": {"T": ` + task + `}}`:                                    "T",
		`{"Transform": ["Mine"], "Resources": {"T": ` + task + `}}`:                                                        "T 1:16 the macro Mine can change the task definitions",
		`{"Transform": {"Name": "AWS::Include"}, "Resources": {"T": ` + task + `}}`:                                        "T 1:24 the macro AWS::Include can change",
		`{"Resources": {"Fn::ForEach::X": ["A", [], {"T${A}": ` + task + `}]}}`:                                            "1:16 Fn::ForEach::X makes task definitions, and is not read",
		`{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}`:                                                                "1:1 the template has no resource of type AWS::ECS::TaskDefinition",
		`{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition"}}}`:                                                       "1:21 the resource T has no Properties",
		`{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {}}}}`:                                     "1:72 the resource T has no ContainerDefinitions",
		`{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": {"Ref": "X"}}}}}`: "1:97 containerDefinitions is ${X}, which is unknown until deployment",
		`{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Fn::Transform": {"Name": "X"}}}}}`:       "1:72 the Properties of T are ${Fn::Transform at 1:72}, which is unknown until deployment",
		`{"Resources": {"T": ` + strings.Replace(task, `"Cpu"`, `"Fn::Transform": {"Name": "X"}, "Cpu"`, 1) + `}}`:         "1:73 Fn::Transform can add to the task definition T",
		`{"Resources": {"T": ` + strings.Replace(task, `"Name"`, `"Fn::ForEach::X": [], "Name"`, 1) + `}}`:                 "1:111 Fn::ForEach::X can add to the task definition T",
		`{"Resources": {"T": ` + task + `, "Fn::Transform": {"Name": "AWS::Include"}}}`:                                    "T 1:142 Fn::Transform can add task definitions",
		`{"Resources": {"Fn::Transform": {"Name": "AWS::Include"}}, "AWSTemplateFormatVersion": ""}`:                       "1:16 Fn::Transform can add task definitions",
	} {
		tds, problems := Read("f", []byte(in), Options{})
		var got []string
		for _, td := range tds {
			got = append(got, td.Reader().Name())
		}
		for _, p := range problems {
			got = append(got, fmt.Sprintf("%d:%d %s", p.At.Line, p.At.Column, p.Message))
		}
		if s := strings.Join(got, " "); !strings.HasPrefix(s, want) {
			t.Errorf("%s\n%s\nwant %s", in, s, want)
		}
	}
}

// TestPlacesInTemplates: pointers are those of the document, and --set takes them.
func TestPlacesInTemplates(t *testing.T) {
	src := inTemplate(`!If [Prod, "<A>", !Sub "${AWS::Region}<B>"]`)
	tds, _ := Read("f", []byte(src), Options{})
	var pointers []string
	for v := range tds[0].Reader().Root().Each("containerDefinitions", "image") {
		pointers = append(pointers, v.Ref().Pointer)
	}
	const image = "/Resources/Task/Properties/ContainerDefinitions/0/Image"
	if want := []string{image + "/Fn::If/1", image + "/Fn::If/2"}; !slices.Equal(pointers, want) {
		t.Errorf("pointers %q, want %q", pointers, want)
	}
	tds, problems := Read("f", []byte(src), Options{Set: []Setting{{pointers[0], "one"}, {pointers[1], "two"}}})
	if got := texts(tds[0].Reader().Root().Each("containerDefinitions", "image")); !slices.Equal(got, []string{"one", "two"}) || len(problems) > 0 {
		t.Errorf("set: %q, %v", got, problems)
	}
}
