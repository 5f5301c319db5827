package emit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
)

// ownExpressions are those that the module has.
var ownExpressions = map[policy.Symbol]string{"aws_secretsmanager_secret.db.arn": "aws_secretsmanager_secret.db.arn", "var.image": "var.image"}

// moduleRole returns a role of a task definition in a module of Terraform: with a reference, a value that follows from a
// variable, and a value of a module that the module calls.
func moduleRole(module *policy.Module) *policy.Role {
	role := sample.Web()
	role.Name, role.Module = "", module
	repository := policy.ARN{Partition: policy.Of(policy.Partition), Service: "ecr", Region: policy.Of(policy.Group(2)), Account: policy.Of(policy.Group(1)),
		Resource: "repository/" + policy.Of(policy.Group(3))}
	role.Symbols = policy.SymbolTable{
		"aws_secretsmanager_secret.db.arn":          {Kind: policy.Resource, Meaning: policy.MeansSecretARN, Expression: "aws_secretsmanager_secret.db.arn"},
		"module.a.aws_secretsmanager_secret.db.arn": {Kind: policy.Resource, Meaning: policy.MeansSecretARN, Expression: "aws_secretsmanager_secret.db.arn", Description: "the other"},
		"var.image": {Kind: policy.Parameter, Expression: "var.image"},
		"var.image repository": {Kind: policy.Parameter, Optional: true, Derivation: policy.Derivation{
			Value: policy.Of("var.image") + ":1", Pattern: `^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([a-z]+):`, Result: repository.Text()}},
	}
	image := policy.Values(policy.Of("var.image repository"))
	image[0].When = policy.WhenAny("var.image repository")
	role.Inline = []policy.Policy{{Name: "TaskExecution", Document: policy.NewDocument(
		policy.Statement{Sid: "Pull", Actions: []string{"ecr:BatchGetImage"}, Resources: image},
		policy.Statement{Sid: "Secrets", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: policy.Values(
			policy.Of("aws_secretsmanager_secret.db.arn"), policy.Of("module.a.aws_secretsmanager_secret.db.arn"), "arn:aws:x:"+policy.Of(policy.Region)+":y")},
	)}}
	return role
}

// TestModule: in its own module, a role has the module's references, and Terraform decides what follows from a variable.
func TestModule(t *testing.T) {
	for _, image := range []string{"444455556666.dkr.ecr.eu-west-1.amazonaws.com/web", "nginx"} {
		role := moduleRole(&policy.Module{Provider: "aws.eu", Values: map[policy.Symbol]string{policy.Region: "data.aws_region.current.id"}, Expressions: ownExpressions, Taken: map[string]bool{"aws_iam_role.web_execution": true, "local.web_execution3_x": true, "var.web_execution2_other": true}})
		files, err := emit.Terraform.Emit(role, emit.Options{Source: "infra"})
		if err != nil {
			t.Fatal(err)
		}
		got := meaning.OfTerraformIn(t, files, map[string]string{"the other": "arn:other"}, map[string]string{
			"aws_secretsmanager_secret.db.arn": "arn:own", "var.image": image, "data.aws_region.current.id": "us-east-1", "aws.eu": "",
		})
		values := map[policy.Symbol]string{"aws_secretsmanager_secret.db.arn": "arn:own", "module.a.aws_secretsmanager_secret.db.arn": "arn:other", "var.image repository": ""}
		if image != "nginx" {
			values["var.image repository"] = "arn:aws:ecr:eu-west-1:444455556666:repository/web"
		}
		want := meaning.Wanted(sample.Given(role, values))
		if diff := cmp.Diff(want.Permissions, got.Permissions); diff != "" {
			t.Errorf("%s: -want +got\n%s\n%s", image, diff, files[0].Data)
		}
		text := string(files[0].Data)
		for _, part := range []string{`data "aws_partition" "web_execution2" {`, `resource "aws_iam_role" "web_execution2" {`, "  provider    = aws.eu\n"} {
			if !strings.Contains(text, part) {
				t.Errorf("no %s in\n%s", part, text)
			}
		}
		if strings.Contains(text, `"aws_region"`) {
			t.Errorf("a data source that the module has:\n%s", text)
		}
	}
}

// TestModuleWithRole: where the module has the role, only its policies are written.
func TestModuleWithRole(t *testing.T) {
	role := moduleRole(&policy.Module{Role: "aws_iam_role.exec.name", Expressions: ownExpressions})
	files, err := emit.Terraform.Emit(role, emit.Options{Source: "infra"})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[0].Data)
	if !strings.Contains(text, "  role = aws_iam_role.exec.name\n") || strings.Contains(text, `"aws_iam_role"`) || strings.Contains(text, "output") {
		t.Error(text)
	}
	role.Properties.Path = "/a/"
	if _, err := emit.Terraform.Emit(role, emit.Options{}); err == nil || !strings.Contains(err.Error(), "aws_iam_role.exec.name") {
		t.Errorf("a path of a role that is not written: %v", err)
	}
}
