package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/testdata/golden"
)

// fixForms are ways to write a role that lacks everything.
var fixForms = []struct{ name, file, text string }{
	{"lines", "p.json", "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": [\"s3:GetObject\"],\n      \"Resource\": \"*\"\n    }\n  ]\n}\n"},
	{"empty", "p.json", "{\"Version\": \"2012-10-17\",\n \"Statement\": []}\n"},
	{"compact", "p.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`},
	{"spaces", "p.json", "{ \"Version\" : \"2012-10-17\", \"Statement\" : [ { \"Effect\" : \"Allow\", \"Action\" : \"s3:GetObject\", \"Resource\" : \"*\" } ] }\r\n"},
	{"yaml document", "p.yaml", "Version: '2012-10-17'\nStatement:\n- Effect: Allow\n  Action: 's3:GetObject'\n  Resource: '*'"},
	{"template", "t.yaml", "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies:\n        -   PolicyName: p\n            PolicyDocument:\n              Version: \"2012-10-17\"\n              Statement:\n                -   Effect: \"Allow\"\n                    Action: s3:GetObject\n                    Resource: \"*\"\n                # end\n      RoleName: x\n"},
	{"template without policies", "t.yaml", "Resources:\r\n  Role:\r\n    Type: AWS::IAM::Role\r\n    Properties: # of the role\r\n     MaxSessionDuration: 3600\r\n"},
	{"template in one line", "t.yaml", "# all\n{Resources: {Role: {Type: AWS::IAM::Role, Properties: {MaxSessionDuration: 3600, }}}}\n"},
	{"flow", "t.yaml", "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies: [{PolicyName: 'it''s', PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'},]}}]\n"},
	{"template as JSON", "t.json", "{\n\t\"Resources\": {\n\t\t\"Role\": {\n\t\t\t\"Type\": \"AWS::IAM::Role\",\n\t\t\t\"Properties\": {\n\t\t\t\t\"MaxSessionDuration\": 3600\n\t\t\t}\n\t\t}\n\t}\n}"},
	{"jsonencode", "main.tf", tfRole + "\nresource \"aws_iam_role_policy\" \"web\" {\n  role = aws_iam_role.web.id\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{\n      Effect   = \"Allow\"\n      Action   = \"s3:GetObject\"\n      Resource = \"*\"\n    }]\n  })\n}\n"},
	{"jsonencode of nothing", "main.tf", tfRole + "\nresource \"aws_iam_role_policy\" \"web\" {\n  role = aws_iam_role.web.id\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [ # none\n    ]\n  })\n}\n"},
	{"jsonencode in lines", "main.tf", tfRole + "\nresource \"aws_iam_role_policy\" \"web\" {\n  role = aws_iam_role.web.id\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [\n      # one\n      {\n        Effect   = \"Allow\"\n        Action   = \"s3:GetObject\"\n        Resource = \"*\"\n      } # one, too\n      # end\n    ]\n  })\n}\n"},
	{"jsonencode of one", "main.tf", tfRole + "\nresource \"aws_iam_role_policy\" \"web\" {\n  role   = aws_iam_role.web.id\n  policy = jsonencode({ Version = \"2012-10-17\", Statement = { Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"*\" } })\n}\n"},
	{"concat", "main.tf", tfRole + "\nresource \"aws_iam_role_policy\" \"web\" {\n  role = aws_iam_role.web.id\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = concat([\n      { Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"*\" },\n    ], [])\n  })\n}\n"},
	{"blocks", "main.tf", tfRole + "\nresource \"aws_iam_role_policy\" \"web\" {\n  role   = aws_iam_role.web.id\n  policy = data.aws_iam_policy_document.web.json\n}\n\ndata \"aws_iam_policy_document\" \"web\" {\n  version = \"2012-10-17\"\n}\n"},
	{"blocks in one line", "main.tf", tfRole + "\nresource \"aws_iam_role_policy\" \"web\" {\n  role   = aws_iam_role.web.id\n  policy = data.aws_iam_policy_document.web.json\n}\ndata \"aws_iam_policy_document\" \"web\" {}\n"},
	{"heredoc", "main.tf", tfRole + "\nresource \"aws_iam_role_policy\" \"web\" {\n  role   = aws_iam_role.web.id\n  policy = <<EOF\n{\"Version\": \"2012-10-17\", \"Statement\": [\n  {\"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:${\"aws\"}:s3:::b/*\"}]}\nEOF\n}\n"},
	{"inline_policy", "main.tf", strings.TrimSuffix(tfRole, "}\n") + "\n  inline_policy {\n    name   = \"a\"\n    policy = jsonencode({ Version = \"2012-10-17\", Statement = [] })\n  }\n}\n"},
	{"no policy", "main.tf", tfRole},
	{"several roles", "main.tf", strings.Replace(tfRole, "{\n", "{\n  for_each           = toset([\"a\"])\n", 1)},
}

const tfRole = "resource \"aws_iam_role\" \"web\" {\n  assume_role_policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Principal = { Service = \"ecs-tasks.amazonaws.com\" }, Action = \"sts:AssumeRole\" }] })\n}\n"

// TestFixForms: all that the task of a golden needs goes into roles that people write in many ways. What terraform fmt leaves as it
// is, it leaves so.
func TestFixForms(t *testing.T) {
	env := policy.Environment{Partition: "aws", Region: "us-east-1", Account: "444455556666"}
	for _, form := range fixForms {
		t.Run(form.name, func(t *testing.T) {
			fixed, refused := 0, map[string]int{}
			for i, c := range golden.Cases(t) {
				plan, err := c.Plan()
				if err != nil || i%3 > 0 { // a third of them is enough for the layout
					continue
				}
				law := fixLaw{plan: plan, opts: check.Options{Role: c.Role, Environment: env}, inputs: []analyze.Input{{Name: form.file, Source: []byte(form.text)}}}
				switch err := law.holds(true); {
				case errors.Is(err, errNotFixed):
					refused[err.Error()]++
				case err != nil:
					t.Fatalf("%s: %v", c.Name, err)
				default:
					fixed++
				}
				if after := law.inputs[0].Source; form.file == "main.tf" && string(hclwrite.Format([]byte(form.text))) == form.text {
					if formatted := hclwrite.Format(after); string(formatted) != string(after) {
						t.Fatalf("%s: terraform fmt would change\n%s\n\n%s", c.Name, after, formatted)
					}
				}
			}
			if fixed < 50 {
				t.Errorf("%d roles were fixed; refused: %v", fixed, refused)
			}
		})
	}
}
