package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// shared is a template that exports values, each under the name of its output.
func shared(outputs ...string) string {
	text := `Parameters: {Stage: {Type: String, Default: dev}, List: {Type: CommaDelimitedList}}
Conditions: {Prod: !Equals [!Ref Stage, prod]}
Resources:
  Key: {Type: AWS::KMS::Key}
  Hidden: {Type: AWS::KMS::Key}
  Repo: {Type: AWS::ECR::Repository}
  Alone: {Type: AWS::ECR::Repository}
  Plain: {Type: AWS::SecretsManager::Secret}
  ById: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !Ref Key}}
  ByHidden: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !Ref Hidden}}
  ByAlias: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !Sub "alias/${Stage}"}}
  ByImport: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !ImportValue KeyId}}
  Attached: {Type: AWS::SecretsManager::SecretTargetAttachment, Properties: {SecretId: !ImportValue ByImport}}
  Named: {Type: AWS::SSM::Parameter, Properties: {Name: !Sub "/${AWS::Region}/p"}}
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: !GetAtt Key.Arn}}]}}}
Outputs:
`
	for _, o := range outputs {
		name, value, _ := strings.Cut(o, ": ")
		text += fmt.Sprintf("  %s: {Value: %s, Export: {Name: %[1]s}}\n", name, value)
	}
	return text
}

var sharedOutputs = []string{
	"KeyArn: !GetAtt Key.Arn", "KeyId: !Ref Key", "RepoUri: !GetAtt Repo.RepositoryUri", "Repo: !Ref Repo", "RepoArn: !GetAtt Repo.Arn", "AloneUri: !GetAtt Alone.RepositoryUri",
	"Plain: !Ref Plain", "ById: !Ref ById", "ByHidden: !Ref ByHidden", "ByAlias: !Ref ByAlias", "ByImport: !Ref ByImport", "Attached: !Ref Attached", "Named: !Ref Named",
	"BucketArn: !GetAtt Bucket.Arn", "Literal: arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf", "List: !Ref List", "Stage: !Ref Stage", "Nothing: !Ref Nothing",
	`Path: !Sub "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${Stage}/p"`, `PartOfSecret: !Sub "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${Stage}"`,
	"Either: !If [Prod, !Ref Plain, !Ref ById]", "Mixed: !If [Prod, !Ref Plain, !Ref Named]", "Absent: !If [Prod, !Ref Plain, !Ref AWS::NoValue]",
	"LoopA: !ImportValue LoopB", "LoopB: !ImportValue LoopA", "Elsewhere: !ImportValue Unseen", "Again: !ImportValue ById",
}

// exportsOf returns the exports of texts.
func exportsOf(texts ...string) *Exports {
	return NewExports(func(yield func(string, []byte) bool) {
		for i, text := range texts {
			if !yield(fmt.Sprint("shared-", i), []byte(text)) {
				return
			}
		}
	})
}

// importOf returns what a template takes of an export: its value, its meaning, its ARN, and its keys.
func importOf(t *testing.T, exports *Exports, name string, set map[string]string) string {
	doc, _, _ := tree.Read("app", []byte("Resources: {Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: !ImportValue "+name+"}}}"))
	app := New(doc, doc.Root, set)
	app.Exports = exports
	family := doc.Root.Find("/Resources/Task/Properties/Family", (*tree.Node).Member)
	app.Replace(family)
	said := policy.Text(family.Text).String()
	if s, rest, ok := policy.Text(family.Text).CutSymbol(); ok && rest == "" {
		info := app.Symbols.Lookup(s)
		said = string(info.Meaning)
		if s != Import(policy.Text(name)) || info.Export != name || info.Expression != "Fn::ImportValue "+name {
			t.Errorf("%s is no import any more: %s, %+v", name, s, info)
		}
		if info.ARN != (policy.ARN{}) {
			said += ", " + info.ARN.Text().String()
		}
	}
	for _, k := range app.Keys() {
		if len(k.Refs) != 1 || k.Refs[0] != policy.Text(family.Text).String() {
			t.Errorf("%s: a key for %q", name, k.Refs)
		}
		said += "; key " + k.Key.String()
		for _, s := range k.Key.Symbols() {
			said += " " + string(app.Symbols.Lookup(s).Meaning)
		}
	}
	if len(app.Keyless()) > 0 {
		said += "; without a key"
	}
	return said
}

// TestImports: what a template takes of what another one exports.
func TestImports(t *testing.T) {
	exports := exportsOf("no template: Outputs, Export", shared(sharedOutputs...))
	const repository = "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${Fn::ImportValue Repo}"
	const key = "; key ${Fn::ImportValue KeyArn} the ARN of a key"
	for name, want := range map[string]string{
		"KeyArn": "the ARN of a key", "KeyId": "plain text, ${Fn::ImportValue KeyArn}",
		"RepoUri": "the URI of a repository, " + repository, "RepoArn": "the ARN of a repository, " + repository, "Repo": "the name of a repository",
		"AloneUri": "the URI of a repository",
		"Plain":    "the ARN of a secret; without a key", "ById": "the ARN of a secret" + key, "Again": "the ARN of a secret" + key,
		"ByHidden": "the ARN of a secret; key ${Fn::ImportValue ByHidden key} unknown", "ByAlias": "the ARN of a secret; key alias/${Fn::ImportValue Stage} plain text",
		"ByImport": "the ARN of a secret" + key, "Attached": "the ARN of a secret" + key,
		"Named": "/${AWS::Region}/p", "Literal": "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf", "Path": "the ARN of a parameter",
		"BucketArn": "the ARN of a bucket" + key, // nothing exports the name
		"List":      "unknown", "Stage": "plain text", "Nothing": "unknown", "PartOfSecret": "unknown", "Mixed": "unknown", "Absent": "unknown", "LoopA": "unknown", "Elsewhere": "unknown",
		"Unseen": "unknown", "Either": "the ARN of a secret" + key,
	} {
		if got := importOf(t, exports, name, nil); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := importOf(t, nil, "Plain", nil); got != "unknown" {
		t.Errorf("without other templates: %s", got)
	}
	// A value that somebody gives goes before, and has the key that is exported.
	if got := importOf(t, exports, "ById", map[string]string{"Fn::ImportValue ById": "given"}); got != "given"+key {
		t.Errorf("given: %s", got)
	}
	if got := importOf(t, exports, "ByHidden", map[string]string{"Fn::ImportValue ByHidden": "given"}); got != "given" {
		t.Errorf("given: %s", got)
	}
}

// TestSeveralExporters: what two templates say of one export counts where they say the same. What is in another form counts too.
func TestSeveralExporters(t *testing.T) {
	plain, byID, key := shared("X: !Ref Plain"), shared("X: !Ref ById"), shared("X: !Ref ById", "K: !GetAtt Key.Arn")
	macro := "Transform: Custom\n" + plain
	body := "TemplateBody:\n  " + strings.ReplaceAll(plain, "\n", "\n  ")
	for i, c := range []struct {
		texts []string
		want  string
	}{
		{[]string{plain}, "the ARN of a secret; without a key"},
		{[]string{plain, plain}, "the ARN of a secret; without a key"},
		{[]string{plain, byID}, "unknown"},
		{[]string{byID, byID}, "the ARN of a secret; key ${Fn::ImportValue X key} unknown"},
		{[]string{byID, key}, "unknown"},
		{[]string{plain, shared("X: !Ref Named")}, "unknown"},
		{[]string{plain, shared("X: !Ref Nothing"), plain}, "unknown"},
		{[]string{shared("X: a"), shared("X: a")}, "a"},
		{[]string{shared("X: a"), shared("X: b")}, "unknown"},
		{[]string{macro}, "unknown"},
		{[]string{macro, plain}, "unknown"},
		{[]string{body}, "the ARN of a secret; without a key"},
		{[]string{"---\n" + shared("Y: a") + "---\n" + plain}, "the ARN of a secret; without a key"},
		{[]string{strings.Replace(plain, "{Name: X}", "{Name: !Sub \"${AWS::StackName}X\"}", 1)}, "unknown"},
	} {
		for range 2 {
			if got := importOf(t, exportsOf(c.texts...), "X", nil); got != c.want {
				t.Errorf("%d: %s, want %s", i, got, c.want)
			}
			for l, r := 0, len(c.texts)-1; l < r; l, r = l+1, r-1 {
				c.texts[l], c.texts[r] = c.texts[r], c.texts[l]
			}
		}
	}
	if e := exportsOf(plain, "Outputs: Export"); !e.From("shared-0") || e.From("shared-1") {
		t.Error("From")
	}
}
