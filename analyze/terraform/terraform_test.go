package terraform

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// show writes a value as text: the branches of a conditional with | between them, - for an absent one.
func show(n *tree.Node) string {
	var list []string
	for i := range n.Children {
		kid := show(&n.Children[i])
		if n.Kind == tree.Object {
			kid = n.Children[i].Name + "=" + kid
		}
		list = append(list, kid)
	}
	switch n.Kind {
	case tree.Null:
		return "-"
	case tree.List:
		return "[" + strings.Join(list, " ") + "]"
	case tree.Object:
		return "{" + strings.Join(list, " ") + "}"
	case tree.Choice:
		return "(" + strings.Join(list, "|") + ")"
	case tree.Placeholder:
		return "?" + policy.Text(n.Text).String()
	}
	return policy.Text(n.Text).String()
}

// declared is what the expressions of the tests refer to.
const declared = `
variable "image" {}
variable "env" { default = "dev" }
variable "names" { type = list(string) }
variable "on" { type = bool }
variable "old" { type = "string" }
locals {
  colours = { red = "r", blue = "b" }
  dynamic = concat(["a"], var.on ? ["b"] : [])
}
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_region" "there" {
  provider = aws.west
}
data "aws_partition" "this" {}
provider "aws" {
  alias  = "west"
  region = "us-west-2"
}
data "aws_secretsmanager_secret" "given" { name = "given" }
data "aws_ssm_parameter" "given" { name = "/given" }
data "template_file" "t" {
  template = file("t.tpl")
  vars     = { x = "1" }
}
resource "aws_secretsmanager_secret" "db" { name = "db" }
resource "aws_secretsmanager_secret_version" "db" { secret_id = aws_secretsmanager_secret.db.id }
resource "aws_secretsmanager_secret" "each" {
  for_each = local.colours
  name     = each.value
}
resource "aws_secretsmanager_secret" "many" {
  for_each = var.names
}
resource "aws_ssm_parameter" "open" { name = "/${var.env}" }
resource "aws_ssm_parameter" "west" {
  provider = aws.west
  name     = "/west"
}
resource "aws_cloudwatch_log_group" "maybe" {
  count = var.on ? 1 : 0
  name  = "/maybe"
}
resource "aws_ecr_repository" "app" { name = "shop/app" }
resource "aws_ecr_repository" "open" { name = var.env }
resource "aws_s3_bucket" "b" { bucket = "bucket-name" }
resource "aws_s3_object" "env" {
  bucket = aws_s3_bucket.b.id
  key    = "web.env"
}
resource "aws_kms_key" "k" {}
resource "aws_db_instance" "d" {}
resource "aws_ecs_cluster" "c" { name = "cluster" }
module "far" { source = "terraform-aws-modules/secrets-manager/aws" }
`

// TestExpressions: what expressions evaluate to.
func TestExpressions(t *testing.T) {
	for expression, want := range map[string]string{
		`var.image`:                                                    "?${var.image}",
		`"${var.image}:1"`:                                             "${var.image}:1",
		`"${var.old}"`:                                                 "?${var.old}",
		`var.on ? "a" : "b"`:                                           "(a|b)",
		`!var.on ? "a" : "b"`:                                          "(b|a)",
		`var.on ? (var.on ? 1 : 2) : 3`:                                "(1|3)",
		`"${var.on ? 1 : 2}${var.on ? 1 : 2}"`:                         "(11|22)",
		`var.env == "x" ? 1 : (var.env != "x" ? 2 : 3)`:                "(1|2)",
		`var.on && false ? 1 : 2`:                                      "2",
		`var.on || var.env == "x" ? 1 : 2`:                             "(1|(1|2))",
		`var.on ? local.colours.green : "b"`:                           "b",
		`local.dynamic`:                                                "[a (b|-)]",
		`join(",", local.dynamic)`:                                     "(a,b|a)",
		`length(local.dynamic)`:                                        "?${length(local.dynamic)}",
		`[for x in local.dynamic : upper(x)]`:                          "[A (B|-)]",
		`[for x in ["a", "b"] : x if var.env == x]`:                    "[(a|-) (b|-)]",
		`{ for x in local.dynamic : x => 1 }`:                          "{a=1 b=(1|-)}",
		`merge({ a = 1 }, var.on ? { a = 2, b = 3 } : {})`:             "{a=(2|1) b=(3|-)}",
		`merge({ a = 1 }, var.image)`:                                  "?${merge({ a = 1 }, var.image)}",
		`concat(["a"], var.names)`:                                     "[a ?${var.names}]",
		`[for x in var.names : x]`:                                     "?${[for x in var.names : x]}",
		`var.names[0]`:                                                 "?${var.names[0]}",
		`var.image["x"].y`:                                             `?${var.image["x"].y}`,
		`local.colours[var.env]`:                                       "(r|b)",
		`lookup(local.colours, var.env, "z")`:                          "(r|b|z)",
		`lookup(local.colours, "red", "z")`:                            "r",
		`coalesce("", var.image, "z")`:                                 "(?${var.image}|z)",
		`coalesce(null, aws_kms_key.k.arn, "z")`:                       "?${aws_kms_key.k.arn}",
		`try(local.colours.green, "z")`:                                "z",
		`try(var.image.tag, "z")`:                                      "(?${var.image.tag}|z)",
		`element(["a", "b"], 3)`:                                       "b",
		`format("%s-%s", "a", var.env)`:                                "a-${var.env}",
		`format("%05d", var.env)`:                                      `?${format("%05d", var.env)}`,
		`split(":", "a:${data.aws_caller_identity.me.account_id}")[1]`: "${AWS::AccountId}",
		`split("/", var.image)[0]`:                                     `?${split("/", var.image)[0]}`,
		`replace("a.b", ".", "-")`:                                     "a-b",
		`replace(var.image, ".", "-")`:                                 `?${replace(var.image, ".", "-")}`,
		`replace("https://${aws_ecr_repository.open.repository_url}", "https://", "")`: "${aws_ecr_repository.open.repository_url}",
		`sha1("x")`:                                      `?${sha1("x")}`,
		`[for x in ["a", "b"] : sha1(x)]`:                "[?${sha1(x) (x = a)} ?${sha1(x) (x = b)}]",
		`jsondecode("[\"${var.image}\", ${var.on}]")`:    "[${var.image} ?${var.on}]",
		`jsondecode("[${jsonencode({ a = var.env })}]")`: "[{a=?${var.env}}]",
		`templatefile("t.tpl", { x = var.env })`:         "<${var.env}>\n",
		`data.template_file.t.rendered`:                  "<1>\n",
		`file("t.tpl")`:                                  "<${x}>\n",
		`path.module`:                                    ".",
		`terraform.workspace`:                            "?${terraform.workspace}",
		// Resources.
		`data.aws_caller_identity.me.account_id`:                          "${AWS::AccountId}",
		`data.aws_region.here.name`:                                       "${AWS::Region}",
		`data.aws_region.there.region`:                                    "us-west-2",
		`data.aws_partition.this.dns_suffix`:                              "${AWS::URLSuffix}",
		`aws_secretsmanager_secret.db.arn`:                                "?${aws_secretsmanager_secret.db.arn}",
		`aws_secretsmanager_secret.db.id`:                                 "?${aws_secretsmanager_secret.db.arn}",
		`aws_secretsmanager_secret.db.name`:                               "db",
		`aws_secretsmanager_secret_version.db.arn`:                        "?${aws_secretsmanager_secret.db.arn}",
		`aws_secretsmanager_secret.each["red"].arn`:                       `?${aws_secretsmanager_secret.each["red"].arn}`,
		`[for k, s in aws_secretsmanager_secret.each : "${k}:${s.name}"]`: "[blue:b red:r]",
		`aws_secretsmanager_secret.many["x"].arn`:                         `?${aws_secretsmanager_secret.many["x"].arn}`,
		`data.aws_secretsmanager_secret.given.arn`:                        "?${data.aws_secretsmanager_secret.given.arn}",
		`data.aws_ssm_parameter.given.arn`:                                "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/given",
		`aws_ssm_parameter.open.name`:                                     "?${aws_ssm_parameter.open.name}",
		`aws_ssm_parameter.west.arn`:                                      "?${aws_ssm_parameter.west.arn}",
		`aws_cloudwatch_log_group.maybe[0].name`:                          "/maybe",
		`one(aws_cloudwatch_log_group.maybe[*].name)`:                     "/maybe",
		`join("", aws_cloudwatch_log_group.maybe.*.name)`:                 "/maybe",
		`length(aws_cloudwatch_log_group.maybe) > 0 ? 1 : 2`:              "(1|2)",
		`aws_ecr_repository.app.repository_url`:                           "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/shop/app",
		`aws_ecr_repository.open.repository_url`:                          "?${aws_ecr_repository.open.repository_url}",
		`"${aws_s3_bucket.b.arn}/x"`:                                      "arn:${AWS::Partition}:s3:::bucket-name/x",
		`aws_s3_object.env.arn`:                                           "arn:${AWS::Partition}:s3:::bucket-name/web.env",
		`aws_kms_key.k.key_id`:                                            "?${aws_kms_key.k.key_id}",
		`aws_db_instance.d.master_user_secret[0].secret_arn`:              "?${aws_db_instance.d.master_user_secret[0].secret_arn}",
		`aws_ecs_cluster.c.name`:                                          "cluster",
		`module.far.secret_arn`:                                           "?${module.far.secret_arn}",
	} {
		files := fstest.MapFS{"main.tf": {Data: []byte(declared + task("jsonencode("+expression+")"))}, "t.tpl": {Data: []byte("<${x}>\n")}}
		n, _, problems := evaluate(files)
		if n == nil || len(problems) > 0 || show(n) != want {
			got := ""
			if n != nil {
				got = show(n)
			}
			t.Errorf("%s is %q, want %q; problems %q", expression, got, want, problems)
		}
	}
}

// TestSymbols: what is known of symbols.
func TestSymbols(t *testing.T) {
	_, p, _ := evaluate(fstest.MapFS{"main.tf": {Data: []byte(declared + task(`jsonencode([var.env, var.image, aws_ecr_repository.open.repository_url, aws_kms_key.k.key_id,
    aws_db_instance.d.master_user_secret[0].secret_arn, module.far.secret_arn, data.aws_ssm_parameter.given.value, aws_ecr_repository.gone.arn])`))}})
	want := []string{
		"aws_db_instance.d.master_user_secret[0].secret_arn: resource, the ARN of a secret, ARN , default",
		"aws_ecr_repository.gone.arn: attribute, the ARN of a repository, ARN , default",
		"aws_ecr_repository.open.repository_url: resource, the URI of a repository, ARN ${aws_ecr_repository.open.arn}, default",
		"aws_kms_key.k.key_id: resource, plain text, ARN ${aws_kms_key.k.arn}, default",
		"data.aws_ssm_parameter.given.value: attribute, unknown, ARN , default",
		"module.far.secret_arn: attribute, the ARN of a secret, ARN , default",
		"var.env: parameter, unknown, ARN , default dev",
		"var.image: parameter, unknown, ARN , default",
	}
	var got []string
	for _, s := range slices.Sorted(maps.Keys(p.Symbols)) {
		info := p.Symbols[s]
		if info.Expression != string(s) && !strings.HasPrefix(string(s), info.Expression+" of ") || info.Place.Line == 0 {
			t.Errorf("%s: %+v", s, info)
		}
		if line := strings.TrimSpace(fmt.Sprintf("%s: %s, %s, ARN %s, default %s", s, info.Kind, info.Meaning, info.ARN.Text(), info.Default)); slices.Contains(want, line) {
			got = append(got, line)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestPlaces: a value is where its text is, in the file that has it: through locals, calls, templates and heredocs.
func TestPlaces(t *testing.T) {
	files := fstest.MapFS{
		"main.tf":     {Data: []byte("locals {\n  image = \"nginx\"\n}\nmodule \"web\" {\n  source = \"./web\"\n  image  = local.image\n}\n" + task("<<-EOT\n    [\n      {\"a\": \"b ${local.image}\", \"c\": ${jsonencode([local.image])}}\n    ]\n  EOT"))},
		"web/main.tf": {Data: []byte("variable \"image\" {\n}\nresource \"aws_ecs_task_definition\" \"b\" {\n  container_definitions = templatefile(\"${path.module}/é.tpl\", { image = var.image })\n}\n")},
		"web/é.tpl":   {Data: []byte("\ufeff[{\"é\": \"x\",\r\n \"image\": \"${image}\"}]")},
	}
	p := Read(files, ".", Options{Name: "infra"})
	resources, _ := p.Resources([]string{"container_definitions"}, "aws_ecs_task_definition")
	var got []string
	var visit func(n *tree.Node)
	visit = func(n *tree.Node) {
		if n.Kind == tree.String {
			got = append(got, fmt.Sprintf("%s=%s %s %s", n.Name, n.Text, p.Doc.Source.Place(n.NameStart), p.Doc.Source.Place(n.Start)))
		}
		for i := range n.Children {
			visit(&n.Children[i])
		}
	}
	for i := range resources {
		got = append(got, resources[i].Address+" "+p.Doc.Source.Place(resources[i].At).String())
		visit(&resources[i].Values)
	}
	want := []string{
		"module.web.aws_ecs_task_definition.b infra/web/main.tf:3:1",
		"é=x infra/web/é.tpl:1:3 infra/web/é.tpl:1:9", "image=nginx infra/web/é.tpl:2:2 infra/web/é.tpl:2:11",
		"aws_ecs_task_definition.a infra/main.tf:8:1",
		"a=b nginx infra/main.tf:11:8 infra/main.tf:11:13", "=nginx infra/main.tf:2:11 infra/main.tf:2:11",
	}
	if len(p.Problems()) > 0 || !slices.Equal(got, want) {
		t.Errorf("problems %v; got\n%s\nwant\n%s", p.Problems(), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRegion: the region of a resource is its own, that of its provider, or that which the caller passes.
func TestRegion(t *testing.T) {
	const providers = "provider \"aws\" {\n  region = \"eu-west-1\"\n}\nprovider \"aws\" {\n  alias  = \"us\"\n  region = local.us\n}\nlocals {\n  us = \"us-east-1\"\n}\n"
	p := Read(fstest.MapFS{
		"main.tf": {Data: []byte(providers + "resource \"t\" \"own\" {\n  region = \"eu-central-1\"\n}\nresource \"t\" \"plain\" {\n}\nresource \"t\" \"alias\" {\n  provider = aws.us\n}\n" +
			"module \"a\" {\n  source = \"./m\"\n}\nmodule \"b\" {\n  source    = \"./m\"\n  providers = { aws = aws.us, aws.other = aws }\n}\n")},
		"m/main.tf": {Data: []byte("resource \"t\" \"x\" {\n}\nresource \"t\" \"y\" {\n  provider = aws.other\n}\n")},
	}, ".", Options{Name: "."})
	resources, _ := p.Resources(nil, "t")
	var got []string
	for _, r := range resources {
		got = append(got, r.Address+" "+r.Region)
	}
	want := []string{"t.own eu-central-1", "t.plain eu-west-1", "t.alias us-east-1", "module.a.t.x eu-west-1", "module.a.t.y ", "module.b.t.x us-east-1", "module.b.t.y eu-west-1"}
	if !slices.Equal(got, want) {
		t.Errorf("regions %q, want %q", got, want)
	}
}

// TestConditions: the condition of a conditional is kept, and of a resource too.
func TestConditions(t *testing.T) {
	n, p, _ := evaluate(fstest.MapFS{"main.tf": {Data: []byte(declared + task(`jsonencode([var.env == "x" ? "a" : "b"])`))}})
	if got := p.Conditions[n.Children[0].ID]; got != `var.env == "x"` {
		t.Errorf("the condition is %q", got)
	}
}

// TestKeys: what is encrypted with which key, and what with none.
func TestKeys(t *testing.T) {
	p := Read(fstest.MapFS{"main.tf": {Data: []byte(`
variable "on" {}
resource "aws_kms_key" "k" {}
resource "aws_kms_alias" "a" { name = "alias/a" }
resource "aws_secretsmanager_secret" "a" { kms_key_id = aws_kms_key.k.id }
resource "aws_secretsmanager_secret" "b" { name = "b" }
resource "aws_ssm_parameter" "c" {
  name   = "/c"
  key_id = var.on ? aws_kms_key.k.arn : aws_kms_alias.a.name
}
resource "aws_s3_bucket" "d" { bucket = "ddd" }
resource "aws_s3_bucket_server_side_encryption_configuration" "d" {
  bucket = aws_s3_bucket.d.id
  rule {
    apply_server_side_encryption_by_default { kms_master_key_id = aws_kms_key.k.arn }
  }
}
`)}}, ".", Options{Name: "."})
	var got []string
	for _, k := range p.Keys() {
		got = append(got, fmt.Sprintf("%s: %s at %d", strings.Join(k.Refs, ","), k.Key, k.At.Line))
	}
	want := []string{
		"${aws_secretsmanager_secret.a.arn},${aws_secretsmanager_secret.a.name}: ${aws_kms_key.k.arn} at 5", "${aws_secretsmanager_secret.b.arn},b:  at 6",
		"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/c,/c: ${aws_kms_key.k.arn} at 9",
		"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/c,/c: alias/a at 9",
		"ddd,arn:${AWS::Partition}:s3:::ddd: ${aws_kms_key.k.arn} at 15",
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDefaults: that the default of a list or of nothing is used is a warning, unless nothing depends on it.
func TestDefaults(t *testing.T) {
	src := "variable \"a\" {\n  default = []\n}\nvariable \"b\" {\n  default = null\n}\nlocals {\n  a = var.a\n}\n" + task("jsonencode([{ quiet = concat(local.a, [1]), b = var.b }, { loud = local.a }])")
	p := Read(fstest.MapFS{"main.tf": {Data: []byte(src)}}, ".", Options{Name: ".", Quiet: []string{"quiet"}})
	resources, _ := p.Resources([]string{"container_definitions"}, "aws_ecs_task_definition")
	var got []string
	for _, problem := range resources[0].Problems {
		got = append(got, fmt.Sprint(problem.Warning, problem.At.Line))
	}
	if got := show(resources[0].Values.Member("container_definitions")); got != "[{quiet=[1] b=-} {loud=[]}]" {
		t.Error(got)
	}
	if want := []string{"true 4", "true 1"}; !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

// TestRoleModule: what a role needs to know of the module that it becomes a part of. What execrole has written is not counted.
func TestRoleModule(t *testing.T) {
	p := Read(fstest.MapFS{
		"main.tf": {Data: []byte("data \"aws_region\" \"here\" {\n}\ndata \"aws_caller_identity\" \"us\" {\n  provider = aws.us\n}\nvariable \"v\" {\n}\nresource \"aws_iam_role\" \"exec\" {\n  count = 1\n}\n" +
			"resource \"t\" \"a\" {\n  provider = aws.us\n  execution_role_arn = aws_iam_role.exec[0].arn\n}\nresource \"t\" \"b\" {\n  execution_role_arn = var.v\n  x = [for e in var.v : e.y]\n}\nmodule \"m\" {\n  source = \"./m\"\n}\n" +
			"resource \"t\" \"d\" {\n  execution_role_arn = aws_iam_role.written.arn\n}\n")},
		"m/main.tf":  {Data: []byte("resource \"aws_iam_role\" \"inner\" {\n}\nresource \"t\" \"c\" {\n  execution_role_arn = aws_iam_role.inner.arn\n}\n")},
		"written.tf": {Data: []byte("# Code generated by execrole from x; DO NOT EDIT.\nresource \"aws_iam_role\" \"written\" {\n}\ndata \"aws_partition\" \"written\" {\n}\n")},
	}, ".", Options{Name: "."})
	resources, _ := p.Resources(nil, "t")
	want := []string{"t.a aws.us", "t.b ", "module.m.t.c ", "t.d "}
	for i, r := range resources {
		m := p.RoleModule(r)
		if got := r.Address + " " + m.Provider; got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
		values := map[policy.Symbol]string{policy.Region: "data.aws_region.here.id"}
		if m.Provider != "" {
			values = map[policy.Symbol]string{policy.AccountID: "data.aws_caller_identity.us.account_id"}
		}
		if diff := cmp.Diff(values, m.Values); diff != "" {
			t.Errorf("%s: -want +got\n%s", r.Address, diff)
		}
		if !m.Taken["aws_iam_role.exec"] || !m.Taken["var.v"] || m.Taken["aws_iam_role.inner"] || m.Taken["aws_iam_role.written"] {
			t.Errorf("%s: taken %v", r.Address, m.Taken)
		}
		if diff := cmp.Diff(map[policy.Symbol]string{"aws_iam_role.exec[0].arn": "aws_iam_role.exec[0].name"}, m.Roles); diff != "" {
			t.Errorf("%s: roles -want +got\n%s", r.Address, diff)
		}
		for s, expression := range m.Expressions {
			if strings.HasPrefix(string(s), "module.") {
				t.Errorf("%s: %s is no expression of the module", r.Address, expression)
			}
		}
		if m.Expressions["var.v"] != "var.v" {
			t.Errorf("%s: expressions %v", r.Address, m.Expressions)
		}
	}
}

// TestLabelOf: two instances have two names.
func TestLabelOf(t *testing.T) {
	for address, want := range map[string]string{
		"aws_ecs_task_definition.app":                              "app",
		"aws_ecs_task_definition.app[0]":                           "app",
		"aws_ecs_task_definition.app[1]":                           "app-1",
		`aws_ecs_task_definition.app["a.b"]`:                       "app-a.b",
		`module.web["blue"].aws_ecs_task_definition.this`:          "web-blue-this",
		`module.web["green"].aws_ecs_task_definition.this`:         "web-green-this",
		`module.app.aws_ecs_task_definition.app`:                   "app",
		`module.a[0].module.b["x.y"].aws_ecs_task_definition.c[2]`: "a-b-x.y-c-2",
		"module.service":                                           "service",
	} {
		if got := labelOf(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// TestOneLine: an expression in one line means the same.
func TestOneLine(t *testing.T) {
	for expression, want := range map[string]string{
		`var.a == "x  y"`: `var.a == "x  y"`,
		"contains([\n  \"a\", # one\n  \"b\"\n], var.x)": `contains([ "a", "b" ], var.x)`,
		"var.a /* a */ && var.b // c":                    "var.a && var.b",
		"\tvar.a\r\n  == \"${ var.b  }#\"":               `var.a == "${ var.b }#"`,
		`"a//b" == "/*  */"`:                             `"a//b" == "/*  */"`,
		"[for a in b : a] of x.y":                        "[for a in b : a] of x.y",
	} {
		if got := oneLine(expression); got != want {
			t.Errorf("%q: %q, want %q", expression, got, want)
		}
	}
}
