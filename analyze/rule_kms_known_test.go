package analyze

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
)

// answers are what AWS says about things of one account. The ID of the key that AWS manages is aws1, those of others key1 …
const answers = `
{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:none-AbCdEf", "Name": "none"}
{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:byarn-AbCdEf", "Name": "byarn", "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/key1"}
{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:byid-AbCdEf", "Name": "byid", "KmsKeyId": "key2"}
{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:byalias-AbCdEf", "Name": "byalias", "KmsKeyId": "alias/app"}
{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:unknownalias-AbCdEf", "Name": "unknownalias", "KmsKeyId": "alias/other"}
{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ownalias-AbCdEf", "Name": "ownalias", "KmsKeyId": "alias/aws/secretsmanager"}
{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ownid-AbCdEf", "Name": "ownid", "KmsKeyId": "aws1"}
{"SecretList": [{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:byarn-GhIjKl", "Name": "byarn", "KmsKeyId": "key3"}]}
{"Aliases": [{"AliasName": "alias/app", "AliasArn": "arn:aws:kms:eu-west-1:111122223333:alias/app", "TargetKeyId": "key4"},
  {"AliasName": "alias/aws/ssm", "AliasArn": "arn:aws:kms:eu-west-1:111122223333:alias/aws/ssm"},
  {"AliasName": "alias/aws/s3", "AliasArn": "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", "TargetKeyId": "aws1"}]}
{"KeyMetadata": {"Arn": "arn:aws:kms:eu-west-1:111122223333:key/aws2", "KeyManager": "AWS"}}
{"Region": "eu-west-1", "Account": "111122223333", "Answer": {"Parameters": [
  {"Name": "/plain", "Type": "String"}, {"Name": "/own", "Type": "SecureString", "KeyId": "alias/aws/ssm"},
  {"Name": "/app/token", "Type": "SecureString", "KeyId": "alias/app"}, {"Name": "short", "Type": "SecureString", "KeyId": "key5"}]}}
{"Object": "arn:aws:s3:::env-files/app.env", "Answer": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:eu-west-1:111122223333:key/key6", "BucketKeyEnabled": true}}
{"Object": "arn:aws:s3:::env-files/own.env", "Answer": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:eu-west-1:111122223333:key/aws1"}}
{"Object": "arn:aws:s3:::env-files/a*.env", "Answer": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:eu-west-1:111122223333:key/key7"}}
{"Object": "arn:aws:s3:::env-files/unsure.env", "Answer": {"SSEKMSKeyId": "arn:aws:kms:eu-central-1:111122223333:key/key8"}}
{"Object": "arn:aws:s3:::env-files/other.env", "Answer": {"SSEKMSKeyId": "arn:aws:kms:eu-west-1:444455556666:key/key9"}}
{"Object": "arn:aws:s3:::env-files/plain.env", "Answer": {"ServerSideEncryption": "AES256"}}
`

// TestKnownKeys: what the answers name needs its key if the customer manages that, and nothing else does. The resources are
// written by hand from the facts.
func TestKnownKeys(t *testing.T) {
	keys, problems := ReadKeys([]Input{{Name: "keys/a.json", Source: []byte(answers)}})
	if problems != nil {
		t.Fatal(problems)
	}
	const secret, key = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:", "arn:aws:kms:eu-west-1:111122223333:key/"
	for _, tt := range []struct {
		value string // of a secret, or of a file where it is an object
		want  string // the resource, and the values of all conditions
		set   []KMSKey
		note  bool // customer-managed keys cannot be seen
	}{
		{value: secret + "none-AbCdEf"},
		{value: secret + "none"},
		{value: secret + "byarn-AbCdEf:key::", want: key + "key1 secretsmanager.eu-west-1 " + secret + "byarn-AbCdEf"},
		{value: secret + "byid-AbCdEf", want: key + "key2 secretsmanager.eu-west-1 " + secret + "byid-AbCdEf"},
		{value: secret + "byid", want: key + "key2 secretsmanager.eu-west-1 " + secret + "byid-??????"},
		{value: secret + "byalias-AbCdEf", want: key + "key4 secretsmanager.eu-west-1 " + secret + "byalias-AbCdEf"},
		{value: secret + "unknownalias-AbCdEf", want: key + "* secretsmanager.eu-west-1 " + secret + "unknownalias-AbCdEf alias/other"},
		{value: secret + "ownalias-AbCdEf"},
		{value: secret + "ownid-AbCdEf"},
		{value: "arn:aws:secretsmanager:us-east-1:111122223333:secret:byarn-GhIjKl", want: "arn:aws:kms:us-east-1:111122223333:key/key3 secretsmanager.us-east-1 arn:aws:secretsmanager:us-east-1:111122223333:secret:byarn-GhIjKl"},
		{value: secret + "elsewhere-AbCdEf", note: true},
		{value: "arn:aws:secretsmanager:us-west-2:111122223333:secret:byarn-AbCdEf", note: true},
		{value: "arn:aws:secretsmanager:eu-west-1:444455556666:secret:byarn-AbCdEf", note: true},
		{value: "/plain"},
		{value: "/own"},
		{value: "/app/token", want: key + "key4 ssm.eu-west-1 arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/app/token"},
		{value: "short", want: key + "key5 ssm.eu-west-1 arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/short"},
		{value: "arn:aws:ssm:eu-west-1:111122223333:parameter/app/token", want: key + "key4 ssm.eu-west-1 arn:aws:ssm:eu-west-1:111122223333:parameter/app/token"},
		{value: "/elsewhere", note: true},
		{value: "arn:aws:s3:::env-files/app.env", want: key + "key6 s3.eu-west-1 arn:aws:s3:::env-files arn:aws:s3:::env-files/app.env"},
		{value: "arn:aws:s3:::env-files/a*.env", want: key + "key7 s3.eu-west-1 arn:aws:s3:::env-files arn:aws:s3:::env-files/a${*}.env"},
		{value: "arn:aws:s3:::env-files/own.env"},
		{value: "arn:aws:s3:::env-files/plain.env"},
		{value: "arn:aws:s3:::env-files/elsewhere.env", note: true},
		{value: "arn:aws:s3:::env-files/unsure.env", note: true}, // it can be AWS's own
		{value: "arn:aws:s3:::env-files/other.env", want: "arn:aws:kms:eu-west-1:444455556666:key/key9 s3.eu-west-1 arn:aws:s3:::env-files arn:aws:s3:::env-files/other.env"},
		// What a flag names has precedence, and a flag for everything is for what the answers do not name.
		{value: secret + "byarn-AbCdEf", set: []KMSKey{{"byarn", "alias/flag"}}, want: "arn:aws:kms:eu-west-1:${AWS::AccountId}:key/* secretsmanager.eu-west-1 " + secret + "byarn-AbCdEf alias/flag"},
		{value: secret + "byid-AbCdEf", set: []KMSKey{{"*", "alias/flag"}}, want: key + "key2 secretsmanager.eu-west-1 " + secret + "byid-AbCdEf"},
	} {
		member := fmt.Sprintf(`"secrets": [{"name": "A", "valueFrom": %q}]`, tt.value)
		if strings.HasSuffix(tt.value, ".env") {
			member = fmt.Sprintf(`"environmentFiles": [{"type": "s3", "value": %q}]`, tt.value)
		}
		plans, err := Read("t.json", fmt.Appendf(nil, `{"containerDefinitions": [{"name": "app", "image": "nginx", %s}]}`, member), Options{
			Keys: keys, KMSKeys: tt.set, Environment: policy.Environment{Account: "111122223333", Region: "eu-west-1"}})
		if err != nil && !strings.Contains(err.Error(), "--kms-key *") {
			t.Errorf("%s: %v", tt.value, err)
			continue
		}
		var got []string
		for _, r := range plans[0].Requirements {
			if r.Grant != useKey {
				continue
			}
			words := []string{r.Resource.String()}
			for _, c := range r.Conditions {
				for _, v := range c.Values {
					words = append(words, strings.TrimSuffix(v.Text.String(), ".amazonaws.com"))
				}
			}
			slices.Sort(words[1:])
			got = append(got, strings.Join(words, " "))
			if from := "as keys/a.json:"; tt.set == nil && !hasFinding(plans[0], from) {
				t.Errorf("%s: no note says where the key comes from", tt.value)
			}
		}
		wanted := strings.Fields(tt.want)
		if len(wanted) > 0 {
			slices.Sort(wanted[1:])
		}
		if diff := cmp.Diff(strings.Join(wanted, " "), strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.value, diff)
		}
		if got := hasFinding(plans[0], "list-aliases"); got != strings.HasSuffix(tt.value, "unsure.env") {
			t.Errorf("%s: it is said that a key can be AWS's own: %v", tt.value, got)
		}
		if got := hasUnseen(plans[0], "customer-managed keys"); got != tt.note {
			t.Errorf("%s: it is said that keys cannot be seen: %v", tt.value, got)
		}
	}
}

func hasFinding(p *Plan, words string) bool {
	for _, f := range p.Findings {
		if strings.Contains(f.Message, words) {
			return true
		}
	}
	return false
}

func hasUnseen(p *Plan, words string) bool {
	for _, u := range p.Unseen {
		if strings.HasPrefix(u.What, words) {
			return true
		}
	}
	return false
}

// TestReadKeysProblems: what is no answer is a problem with its place.
func TestReadKeysProblems(t *testing.T) {
	_, problems := ReadKeys([]Input{
		{Name: "a.json", Source: []byte(`{"family": "web"}`)},
		{Name: "b.json", Source: []byte(`[{"SecretList": [{"Name": "x"}]}, {"Parameters": [{"Type": "String"}]}, {"Object": "b/k", "Answer": {}}, {"Object": "arn:aws:s3:::b/k", "Answer": {"SSEKMSKeyId": "1"}}]`)},
		{Name: "c.json", Source: []byte(`{`)},
	})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s: %.40s", p.At, p.Message))
	}
	want := []string{
		"a.json:1:1: this is no answer of AWS about a secret,", "b.json:1:18: the secret has no ARN", "b.json:1:51: the parameter has no Name",
		`b.json:1:101: Object "b/k" is no ARN of an object in S`, `b.json:1:147: SSEKMSKeyId "1" is no ARN: S3 answers wi`, "c.json:1:2: the JSON ends too early: a bracket, brac",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// FuzzReadKeys: whatever the answers are, they are read or have problems, and a task definition can be analyzed with them.
func FuzzReadKeys(f *testing.F) {
	f.Add([]byte(answers))
	f.Add([]byte(`{"ARN": "arn:aws:secretsmanager:::", "KmsKeyId": "alias/"} {"Aliases": [{"AliasArn": "arn:a:kms:::alias/", "TargetKeyId": "x"}]}`))
	const task = `{"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": "/app/token"},
		{"name": "B", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:byid"}], "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::env-files/app.env"}]}]}`
	f.Fuzz(func(t *testing.T, src []byte) {
		keys, problems := ReadKeys([]Input{{Name: "k.json", Source: src}})
		for _, p := range problems {
			if p.At.File != "k.json" || p.Message == "" {
				t.Errorf("a problem without a place or words: %+v", p)
			}
		}
		plans, _ := Read("t.json", []byte(task), Options{Keys: keys})
		for _, r := range plans[0].Requirements {
			if r.Grant == useKey && len(r.Conditions) < 2 {
				t.Errorf("a key without conditions: %+v", r)
			}
		}
	})
}
