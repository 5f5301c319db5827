package template

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// read reads a template.
func read(t testing.TB, src string) *Template {
	t.Helper()
	doc, _, problems := tree.Read("f", []byte(src))
	if doc == nil {
		t.Fatal(problems, src)
	}
	return New(doc, doc.Root, nil)
}

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
  Made: {Type: "AWS::SSM::Parameter"}
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
		`!Join ["", [a, !If [Prod, b, !Ref AWS::NoValue]]]`: "ab|a",
		"!If [Prod, a, !Ref Tag]":                           "a|${Tag}",
		"!If [Prod, !If [Prod, a, b], c]":                   "a|b|c",
		"!If [Prod, a, !Ref AWS::NoValue]":                  "a|",
		"!FindInMap [Images, us-east-1, web]":               "east",
		"!FindInMap [Images, !Ref AWS::Region, web]":        "east|west",
		"!FindInMap [Images, !Ref AWS::Region, api]":        "east-api",
		"!FindInMap [Images, eu-west-1, web]":               "${Fn::FindInMap at 28:16}",
		`!Select [1, [a, !Ref Tag]]`:                        "${Tag}",
		`!Select ["0", !Split [",", "x,y"]]`:                "x",
		`!Select [4, !Split [":", !GetAtt Repo.Arn]]`:       "${AWS::AccountId}",
		`!Select [5, !Split [":", !GetAtt Repo.Arn]]`:       "repository/${Repo}",
		`!Select [0, !Ref List]`:                            "${Fn::Select at 28:16}",
		`!Select [0, !Split ["-", !Ref Tag]]`:               "${Fn::Select at 28:16}",
		`!Select [4, !Split [":", !ImportValue arn]]`:       "${Fn::ImportValue arn[4]}",
		"!ImportValue exported":                             "${Fn::ImportValue exported}",
		`!ImportValue {"Fn::Sub": "${AWS::StackName}-x"}`:   "${Fn::ImportValue ${AWS::StackName}-x}",
		"!Base64 x":                       "${Fn::Base64 at 28:16}",
		"!Transform {Name: x}":            "${Fn::Transform at 28:16}",
		"'{{resolve:ssm:/image:1}}'":      "${resolve:ssm:/image:1}",
		`!Sub "a-{{resolve:ssm:${Tag}}}"`: "a-${resolve:ssm:${Tag}}",

		// What has an ARN is not the ARN.
		`!Select [0, !Split ["/", !GetAtt Repo.RepositoryUri]]`: "${Fn::Select at 28:16}",
		`!Select [1, !Split [":", !Ref Made]]`:                  "${Made[1]}",
	} {
		template := read(t, inTemplate(value))
		image := template.Doc.Root.Find("/Resources/Task/Properties/ContainerDefinitions/0/Image", (*tree.Node).Member)
		template.Replace(image)
		var got []string
		for branch := range image.Branches() {
			got = append(got, policy.Text(branch.Text).String())
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s is %q, want %q", value, s, want)
		}
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
	var got []string
	for _, k := range read(t, src).Keys() {
		got = append(got, fmt.Sprintf("%s: %s at %d", strings.Join(k.Refs, ","), k.Key, k.At.Line))
	}
	want := []string{"${A},a: ${Key.Arn} at 4", "${B}: ${Key.Arn} at 5", "${C}: alias/a at 6", "${D}: ${Unknown} at 7", "${E},${E.Arn}: ${Key.Arn} at 8"}
	if !slices.Equal(got, want) {
		t.Errorf("keys\n%q, want\n%q", got, want)
	}
}

// FuzzReplace: whatever a template says, its functions are replaced, in bounded time, and every text is whole.
func FuzzReplace(f *testing.F) {
	for _, value := range []string{`!Sub "${Repo}:${Tag}"`, "!If [Prod, !Ref Tag, !Ref AWS::NoValue]", `!Select [4, !Split [":", !GetAtt Repo.Arn]]`, "!FindInMap [Images, !Ref AWS::Region, web]", "!Ref Cycle"} {
		f.Add([]byte(inTemplate(value)))
	}
	f.Add([]byte(`{"Resources": {"A": {"Fn::Join": ["", [{"Ref": "A"}, {"Fn::ImportValue": {"Fn::Sub": ["${x}", {"x": "{{resolve:a:${b}}}"}]}}]]}}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, _, _ := tree.Read("f", src)
		if doc == nil {
			return
		}
		template := New(doc, doc.Root, map[string]string{"Tag": "set"})
		template.Keys()
		template.Replace(doc.Root)
		var check func(n *tree.Node)
		check = func(n *tree.Node) {
			if n.Kind == tree.String {
				_ = policy.Text(n.Text).String() // panics on a symbol that is cut
			}
			for i := range n.Children {
				check(&n.Children[i])
			}
		}
		check(doc.Root)
	})
}
