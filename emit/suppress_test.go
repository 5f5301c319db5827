package emit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

// reasoned returns a statement on resources, with the reasons that | parts; none for "".
func reasoned(reason string, resources ...policy.Text) policy.Statement {
	var reasons []string
	if reason != "" {
		reasons = strings.Split(reason, "|")
	}
	return policy.Statement{Sid: "S", Actions: []string{"s3:GetObject"}, Resources: sample.Asked(nil, reasons, resources...)}
}

func inline(statements ...policy.Statement) *policy.Role {
	return &policy.Role{Trust: sample.Trust(), Inline: []policy.Policy{{Name: "P", Document: policy.Document{Statements: statements}}}}
}

// suppressionLines returns suppressions in words: on what, the tool, the rule, the reason and the findings.
func suppressionLines(role *policy.Role) (lines []string) {
	onRole, onManaged := Suppressions(role)
	for i, list := range append([][]Suppression{onRole}, onManaged...) {
		for _, s := range list {
			var names []string
			for _, f := range s.Findings {
				names = append(names, f.Name(func(policy.Symbol) string { return "" }))
			}
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s: %s %s", i, s.Tool, s.ID, s.Reason, strings.Join(names, " "))))
		}
	}
	return lines
}

func TestSuppressions(t *testing.T) {
	const star = "The star is a part of the name: IAM writes it as ${*} where it is no wildcard."
	named := inline()
	named.Name = "web"
	managed := inline(reasoned("A.", "arn:aws:s3:::b/*"))
	managed.Managed = []policy.Policy{{Name: "P1", Document: policy.Document{Statements: []policy.Statement{reasoned("", "arn:aws:s3:::b")}}},
		{Name: "P2", Document: policy.Document{Statements: []policy.Statement{reasoned("B.", "*")}}}}
	managed.Inline = nil
	attached := inline()
	attached.Attached = []policy.Text{"arn:" + partition + ":iam::aws:policy/service-role/A", "arn:aws:iam::111122223333:policy/own"}
	for name, tt := range map[string]struct {
		role *policy.Role
		want []string
	}{
		"nothing": {inline(reasoned("", "arn:aws:s3:::b/k")), nil},
		// A question mark is a wildcard that no tool looks for.
		"question mark": {inline(reasoned("A.", "arn:aws:s3:::b/?")), nil},
		"whole":         {inline(reasoned("A.", "*")), []string{"0 cfn-nag W11: A.", "0 cdk-nag AwsSolutions-IAM5: A. Resource::*"}},
		"part":          {inline(reasoned("A.", "arn:aws:s3:::b/*")), []string{"0 cdk-nag AwsSolutions-IAM5: A. Resource::arn:aws:s3:::b/*"}},
		"no reason":     {inline(reasoned("", "*", "arn:aws:s3:::b/*")), nil},
		// One finding, since its name is the same; and one rule of cfn-nag for all of the role.
		"two statements": {inline(reasoned("A.", "*"), reasoned("B.", "*"), reasoned("A.", "arn:aws:s3:::b/*")), []string{
			"0 cfn-nag W11: A. B.", "0 cdk-nag AwsSolutions-IAM5: A. B. Resource::*", "0 cdk-nag AwsSolutions-IAM5: A. Resource::arn:aws:s3:::b/*",
		}},
		"one has no reason": {inline(reasoned("A.", "*"), reasoned("", "*"), reasoned("A.", "arn:aws:s3:::b/*")), []string{
			"0 cdk-nag AwsSolutions-IAM5: A. Resource::arn:aws:s3:::b/*",
		}},
		"one reason for two": {inline(reasoned("A.|B.", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*")), []string{
			"0 cdk-nag AwsSolutions-IAM5: A. B. Resource::arn:aws:s3:::b/* Resource::arn:aws:s3:::c/*",
		}},
		"escaped": {inline(reasoned("A.", "arn:aws:s3:::b/${*}", "arn:aws:s3:::b/${*}*")), []string{
			"0 cdk-nag AwsSolutions-IAM5: " + star + " Resource::arn:aws:s3:::b/<*>", "0 cdk-nag AwsSolutions-IAM5: A. Resource::arn:aws:s3:::b/<*>*",
		}},
		"symbols": {inline(reasoned("A.", "arn:"+partition+":s3:::{}"+account+"${$}/*")), []string{
			"0 cdk-nag AwsSolutions-IAM5: A. Resource::arn:<AWS::Partition>:s3:::{><AWS::AccountId><$>/*",
		}},
		"name":    {named, []string{"0 cfn-nag W28: The role was asked for under this name, so that it can be named elsewhere."}},
		"managed": {managed, []string{"2 cfn-nag W13: B.", "2 cdk-nag AwsSolutions-IAM5: B. Resource::*"}},
		"attached": {attached, []string{"0 cdk-nag AwsSolutions-IAM4: This policy of AWS's own was asked for; the role's other policies allow only what it does not." +
			" Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/A"}},
	} {
		if diff := cmp.Diff(tt.want, suppressionLines(tt.role)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	known := NagFinding("arn:" + partition + ":s3:" + region).Name(func(s policy.Symbol) string {
		return map[policy.Symbol]string{policy.Region: "us-east-1"}[s]
	})
	if known != "arn:<AWS::Partition>:s3:us-east-1" {
		t.Errorf("a finding in a stack that knows its region is %s", known)
	}
}

// TestComplexity has the scores that cfn-nag 0.8.10 prints (spcm_scan) for templates with these statements.
func TestComplexity(t *testing.T) {
	decrypt := func(resource policy.Text, conditions ...policy.Condition) policy.Statement {
		return policy.Statement{Sid: "S", Actions: []string{"kms:Decrypt"}, Resources: policy.Values(resource), Conditions: conditions}
	}
	key := policy.Text("arn:aws:kms:eu-west-1:111122223333:key/a")
	service := policy.Condition{Operator: "StringEquals", Key: "kms:ViaService", Values: policy.Values("ssm.eu-west-1.amazonaws.com")}
	open := policy.Condition{Operator: "StringEquals", Key: "kms:ViaService", Values: policy.Values("ssm." + region + ".amazonaws.com")}
	alias := policy.Condition{Operator: "ForAnyValue:StringEquals", Key: "kms:ResourceAliases", Values: policy.Values("alias/x")}
	context := policy.Condition{Operator: "StringEquals", Key: "kms:EncryptionContext:PARAMETER_ARN", Values: policy.Values("${$}${*}")}
	for _, tt := range []struct {
		statement policy.Statement
		want      int
	}{
		{reasoned("", "*"), 1},
		{reasoned("", "arn:aws:s3:::b/k", "arn:aws:s3:::b/l"), 1},
		{reasoned("", "*", "arn:aws:s3:::b/l"), 2},
		{reasoned("", "arn:aws:sqs:::q"), 4},
		{reasoned("", "arn:"+partition+":s3:::b/k", "arn:"+partition+":s3:::b/l"), 4},
		{decrypt(key, service), 3},
		{decrypt(key, service, context), 3},
		{decrypt(key, open), 4},
		{decrypt(key, alias, service), 5},
		{decrypt("arn:"+partition+":kms:"+region+":"+account+":key/*", alias, open), 9},
	} {
		if got := complexity(policy.Document{Statements: []policy.Statement{tt.statement}}); got != tt.want {
			t.Errorf("%v: score %d, want %d", tt.statement, got, tt.want)
		}
	}
	var statements []policy.Statement
	for n := 3; n <= 9; n++ {
		for len(statements) < n {
			statements = append(statements, decrypt(key, service))
		}
		lines := suppressionLines(inline(statements...))
		if found := 3*n >= 25; found != (len(lines) == 1) || found && !strings.Contains(lines[0], "W76") {
			t.Errorf("score %d: %v", 3*n, lines)
		}
	}
}
