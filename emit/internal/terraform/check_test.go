package terraform

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/tool"
)

// checkedModule has roles that fit and roles that do not, in the forms that people write them in.
const checkedModule = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check     = true
  skip_credentials_validation = true
}

data "aws_caller_identity" "me" {}

data "aws_partition" "here" {}

locals {
  parameters = "arn:${data.aws_partition.here.partition}:ssm:eu-west-1:${data.aws_caller_identity.me.account_id}:parameter"
  names      = ["fits", "wide", "other", "denied", "managed", "inline"]
}

resource "aws_ecs_task_definition" "app" {
  for_each           = toset(local.names)
  family             = each.key
  execution_role_arn = aws_iam_role.app[each.key].arn
  container_definitions = jsonencode([{
    name    = "app"
    image   = "nginx"
    memory  = 64
    secrets = [{ name = "A", valueFrom = "/${each.key}/a" }]
  }])
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.me.account_id]
    }
  }
}

resource "aws_iam_role" "app" {
  for_each           = toset(local.names)
  name_prefix        = "${each.key}-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  dynamic "inline_policy" {
    for_each = each.key == "inline" ? ["own"] : []
    content {
      name = inline_policy.value
      policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "ssm:GetParameters", Resource = "${local.parameters}/inline/a" }] })
    }
  }
}

data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Read"
    actions   = ["ssm:GetParameters"]
    resources = ["${local.parameters}/none"]
  }
}

data "aws_iam_policy_document" "app" {
  for_each                = { fits = "fits/a", wide = "*", other = "other/b", denied = "denied/a" }
  source_policy_documents = [data.aws_iam_policy_document.base.json]
  statement {
    sid       = "Read"
    actions   = ["ssm:GetParameters"]
    resources = ["${local.parameters}/${each.value}"]
  }
  dynamic "statement" {
    for_each = each.key == "denied" ? [1] : []
    content {
      effect        = "Deny"
      actions       = ["ssm:Get*"]
      not_resources = ["${local.parameters}/x"]
    }
  }
}

resource "aws_iam_role_policy" "app" {
  for_each = data.aws_iam_policy_document.app
  role     = aws_iam_role.app[each.key].id
  policy   = each.value.json
}

resource "aws_iam_policy" "managed" {
  name   = "managed"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "ssm:GetParameters", Resource = "${local.parameters}/managed/a" }] })
}

resource "aws_iam_role_policy_attachment" "managed" {
  for_each   = { own = aws_iam_policy.managed.arn, aws = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy" }
  role       = aws_iam_role.app["managed"].name
  policy_arn = each.value
}

module "called" {
  source = "./called"
  role   = aws_iam_role.app["fits"].arn
}
`

const calledModule = `
variable "role" {}

resource "aws_ecs_task_definition" "app" {
  family                = "called"
  execution_role_arn    = var.role
  container_definitions = jsonencode([{ name = "app", image = "nginx", memory = 64, secrets = [{ name = "A", valueFrom = "/fits/b" }] }])
}
`

// answers returns what check says of each task definition of an input, in lines.
func answers(t *testing.T, in analyze.Input) (lines []string) {
	t.Helper()
	roles, problems := check.Read([]analyze.Input{in})
	for _, p := range problems {
		t.Errorf("%s: %s", p.At, p.Message)
	}
	for _, plan := range analyze.NewAnalysis(analyze.Options{Derive: true, Conditions: true}).Read(in) {
		if err := plan.Err(); err != nil {
			t.Fatal(err)
		}
		used, unknown := roles.Of(plan)
		if len(used) != 1 || unknown != nil {
			t.Errorf("%s: %d roles, %v", plan.Name, len(used), unknown)
			continue
		}
		v := check.Check(used[0], []*analyze.Plan{plan}, check.Options{Environment: policy.Environment{Account: "111122223333", Region: "eu-west-1"}})
		words := []string{plan.Name, "fits " + v.Fits.String()}
		for _, f := range v.Findings {
			words = append(words, string(f.Code))
		}
		lines = append(lines, strings.Join(words, " "))
	}
	slices.Sort(lines)
	return lines
}

// TestRolesOfOneModule: what check says of a module does not depend on whether it reads the source, the plan of a first apply,
// the state after it, or the plan of another one.
func TestRolesOfOneModule(t *testing.T) {
	terraform := tool.Require(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	plugins := os.Getenv(tool.TerraformPlugins)
	if plugins == "" {
		t.Skip("the AWS provider is missing: " + tool.TerraformPlugins + " names no folder for terraform init -plugin-dir")
	}
	environment := tool.MotoServer(t, "111122223333", "eu-west-1")
	dir := t.TempDir()
	for name, src := range map[string]string{"main.tf": checkedModule, "called/main.tf": calledModule} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(src), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command(terraform, args...)
		var stderr strings.Builder
		cmd.Dir, cmd.Stderr, cmd.Env = dir, &stderr, environment
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("terraform %s: %v\n%.2000s\n%.4000s", strings.Join(args, " "), err, out, stderr.String())
		}
		return out
	}
	got := map[string][]string{"source": answers(t, analyze.Input{Name: "infra", Module: &analyze.Module{FS: os.DirFS(dir), Folder: "."}})}
	run("init", "-backend=false", "-input=false", "-no-color", "-plugin-dir="+plugins)
	run("plan", "-input=false", "-out=plan")
	got["plan"] = answers(t, analyze.Input{Name: "plan.json", Source: run("show", "-json", "plan")})
	run("apply", "-input=false", "plan")
	got["state"] = answers(t, analyze.Input{Name: "state.json", Source: run("show", "-json")})
	file, err := os.ReadFile(filepath.Join(dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	got["file of the state"] = answers(t, analyze.Input{Name: "terraform.tfstate", Source: file})
	run("plan", "-input=false", "-out=plan")
	got["second plan"] = answers(t, analyze.Input{Name: "plan.json", Source: run("show", "-json", "plan")})
	line := func(name, rest string) string {
		return fmt.Sprintf("aws_ecs_task_definition.app[%q] fits %s", name, rest)
	}
	want := []string{
		line("denied", "no EXR002"), line("fits", "yes"), line("inline", "yes"), line("managed", "yes EXR023 EXR024"), line("other", "no EXR001 EXR022"), line("wide", "yes EXR021"),
		"module.called.aws_ecs_task_definition.app fits no EXR001 EXR022",
	}
	for name, lines := range got {
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
