package taskdef

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
)

// inTemplate returns a template in which a value is the image of a container.
func inTemplate(value string) string {
	return `AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Tag: {Type: String, Default: "1"}
  Hidden: {Type: String, NoEcho: true, Default: x}
  FromStore: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x}
  List: {Type: CommaDelimitedList, Default: "a,b"}
Mappings:
  Images:
    us-east-1: {web: east, api: east-api}
    us-west-2: {web: west}
Conditions:
  Prod: !Equals [!Ref Tag, "1"]
Resources:
  Repo: {Type: AWS::ECR::Repository}
  Named: {Type: AWS::ECR::Repository, Properties: {RepositoryName: !Sub "web-${AWS::Region}"}}
  Stack: {Type: AWS::ECR::Repository, Properties: {RepositoryName: !Sub "web-${AWS::StackName}"}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /a}}
  Bucket: {Type: AWS::S3::Bucket}
  Store: {Type: AWS::SSM::Parameter, Properties: {Name: /p}}
  Cycle: {Type: AWS::SSM::Parameter, Properties: {Name: !Ref Cycle}}
  Other: {Type: "AWS::Lambda::Function"}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - Name: app
        Image: ` + value + "\n"
}

// TestFunctions: what each function of CloudFormation returns.
func TestFunctions(t *testing.T) {
	for value, want := range map[string]string{
		"nginx":                             "nginx",
		"5":                                 "5",
		"!Ref Tag":                          "${Tag}",
		"!Ref AWS::AccountId":               "${AWS::AccountId}",
		"!Ref AWS::StackName":               "${AWS::StackName}",
		"!Ref AWS::NoValue":                 "",
		"!Ref Repo":                         "${Repo}",
		"!Ref Named":                        "web-${AWS::Region}",
		"!Ref Stack":                        "${Stack}",
		"!Ref Logs":                         "/a",
		"!Ref Store":                        "/p",
		"!Ref Cycle":                        "${Cycle}",
		"!Ref Missing":                      "${Missing}",
		"{Ref: Tag}":                        "${Tag}",
		"!GetAtt Repo.Arn":                  "${Repo.Arn}",
		"!GetAtt [Repo, Arn]":               "${Repo.Arn}",
		"{Fn::GetAtt: Repo.RepositoryUri}":  "${Repo.RepositoryUri}",
		"!GetAtt Named.RepositoryUri":       "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/web-${AWS::Region}",
		"!GetAtt Named.Arn":                 "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/web-${AWS::Region}",
		"!GetAtt Logs.Arn":                  "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/a:*",
		"!GetAtt Other.Arn":                 "${Other.Arn}",
		"!GetAtt Missing.Outputs.X":         "${Missing.Outputs.X}",
		`!Sub "${Repo}:${Tag}-${!Literal}"`: "${Repo}:${Tag}-${Literal}",
		`!Sub ["${A}/${Repo.Arn}", {A: !Ref Tag}]`:          "${Tag}/${Repo.Arn}",
		`!Sub ["${A}", {A: !If [Prod, x, y]}]`:              "x|y",
		`!Join [":", [a, !Ref Tag, c]]`:                     "a:${Tag}:c",
		`!Join ["", [a, !If [Prod, b, !Ref AWS::NoValue]]]`: "a|ab",
		"!If [Prod, a, !Ref Tag]":                           "a|${Tag}",
		"!If [Prod, !If [Prod, a, b], c]":                   "a|b|c",
		"!If [Prod, a, !Ref AWS::NoValue]":                  "a|",
		"!FindInMap [Images, us-east-1, web]":               "east",
		"!FindInMap [Images, !Ref AWS::Region, web]":        "east|west",
		"!FindInMap [Images, !Ref AWS::Region, api]":        "east-api",
		"!FindInMap [Images, eu-west-1, web]":               "${Fn::FindInMap at 27:16}",
		`!Select [1, [a, !Ref Tag]]`:                        "${Tag}",
		`!Select ["0", !Split [",", "x,y"]]`:                "x",
		`!Select [4, !Split [":", !GetAtt Repo.Arn]]`:       "${AWS::AccountId}",
		`!Select [5, !Split [":", !GetAtt Repo.Arn]]`:       "repository/${Repo}",
		`!Select [0, !Ref List]`:                            "${Fn::Select at 27:16}",
		`!Select [0, !Split ["-", !Ref Tag]]`:               "${Fn::Select at 27:16}",
		"!ImportValue exported":                             "${Fn::ImportValue exported}",
		`!ImportValue {"Fn::Sub": "${AWS::StackName}-x"}`:   "${Fn::ImportValue ${AWS::StackName}-x}",
		"!Base64 x":                       "${Fn::Base64 at 27:16}",
		"!Transform {Name: x}":            "${Fn::Transform at 27:16}",
		"'{{resolve:ssm:/image:1}}'":      "${{{resolve:ssm:/image:1}}}",
		`!Sub "a-{{resolve:ssm:${Tag}}}"`: "a-${{{resolve:ssm:${Tag}}}}",
	} {
		tds, problems := Read("f", []byte(inTemplate(value)), Options{})
		if len(tds) != 1 {
			t.Errorf("%s: %+v", value, problems)
			continue
		}
		var got []string
		for container := range tds[0].Reader().Root().Each("containerDefinitions") {
			for v := range container.EachOrAbsent("image") {
				text, _ := v.Text()
				got = append(got, text.String())
			}
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s is %q, want %q", value, s, want)
		}
	}
}

// TestParameters: what is known of a parameter, and what --set gives for it.
func TestParameters(t *testing.T) {
	for name, want := range map[string]policy.SymbolInfo{
		"Tag":       {Kind: policy.Parameter, Meaning: policy.MeansText, Default: "1", Expression: "!Ref Tag"},
		"Hidden":    {Kind: policy.Parameter, Meaning: policy.MeansText, Expression: "!Ref Hidden"},
		"FromStore": {Kind: policy.Parameter, Meaning: policy.MeansUnknown, Expression: "!Ref FromStore"},
		"Bucket":    {Kind: policy.Resource, Meaning: policy.MeansBucketName, Expression: "!Ref Bucket"},
	} {
		src := []byte(inTemplate("!Ref " + name))
		tds, _ := Read("f", src, Options{})
		info := tds[0].Reader().Symbols()[policy.Symbol(name)]
		if info.Place.Line == 0 {
			t.Errorf("%s has no place", name)
		}
		info.Place = want.Place
		if info != want {
			t.Errorf("%s: %+v, want %+v", name, info, want)
		}
		tds, problems := Read("f", src, Options{Set: []Setting{{name, "nginx"}}})
		reader := tds[0].Reader()
		for v := range reader.Root().Each("containerDefinitions", "image") {
			if text, _ := v.Text(); text != "nginx" || len(problems) > 0 {
				t.Errorf("--set %s=nginx: %q, %v", name, text, problems)
			}
		}
		if unused := Unused([]*Reader{reader}); len(unused) > 0 {
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
		`{"Transform": "AWS::Serverless-2016-10-31", "Resources": {"T": ` + task + `}}`:                                    "T",
		`{"Transform": ["Mine"], "Resources": {"T": ` + task + `}}`:                                                        "T 1:16 the macro Mine can change the task definitions",
		`{"Transform": {"Name": "AWS::Include"}, "Resources": {"T": ` + task + `}}`:                                        "T 1:24 the macro AWS::Include can change",
		`{"Resources": {"Fn::ForEach::X": ["A", [], {"T${A}": ` + task + `}]}}`:                                            "1:16 Fn::ForEach::X makes task definitions, and is not read",
		`{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}`:                                                                "1:1 the template has no resource of type AWS::ECS::TaskDefinition",
		`{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition"}}}`:                                                       "1:21 the resource T has no Properties",
		`{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {}}}}`:                                     "1:72 the resource T has no ContainerDefinitions",
		`{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": {"Ref": "X"}}}}}`: "1:97 containerDefinitions is a string",
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

// TestKeys: the keys of secrets and buckets that a template names.
func TestKeys(t *testing.T) {
	const src = `{"Resources": {
"Key": {"Type": "AWS::KMS::Key"},
"Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/a"}},
"A": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Ref": "Key"}, "Name": "a"}},
"B": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}},
"C": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Ref": "Alias"}}},
"D": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Fn::If": ["X", {"Ref": "Unknown"}, {"Ref": "AWS::NoValue"}]}}},
"E": {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"KMSMasterKeyID": {"Ref": "Key"}}}]}}},
"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "a", "Image": "x"}]}}}}`
	tds, problems := Read("f", []byte(src), Options{})
	if len(tds) != 1 {
		t.Fatal(problems)
	}
	var got []string
	for _, k := range tds[0].Reader().Keys() {
		got = append(got, fmt.Sprintf("%s: %s at %d", strings.Join(k.Refs, ","), k.Key, k.At.Line))
	}
	want := []string{"${A},a: ${Key.Arn} at 4", "${B}: ${Key.Arn} at 5", "${C}: alias/a at 6", "${D}: ${Unknown} at 7", "${E},${E.Arn}: ${Key.Arn} at 8"}
	if !slices.Equal(got, want) {
		t.Errorf("keys\n%q, want\n%q", got, want)
	}
}
