package terraform

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/execrole/execrole/analyze/policy"
)

// TestCallers: what the callers of a module in its repository say of a variable.
func TestCallers(t *testing.T) {
	secret := "resource \"aws_secretsmanager_secret\" \"db\" {}\nresource \"aws_ssm_parameter\" \"p\" {}\n"
	call := func(value string) string { return "module \"m\" {\n  source = \"../m\"\n  x = " + value + "\n}\n" }
	db := secret + call("aws_secretsmanager_secret.db.arn")
	const unknown = policy.Meaning("")
	for name, c := range map[string]struct {
		files map[string]string // m/main.tf is there
		want  policy.Meaning
	}{
		"nobody":                {nil, unknown},
		"one caller":            {map[string]string{"a/main.tf": db}, policy.MeansSecretARN},
		"two callers":           {map[string]string{"a/main.tf": db, "b/main.tf": db}, policy.MeansSecretARN},
		"that disagree":         {map[string]string{"a/main.tf": db, "b/main.tf": secret + call("aws_ssm_parameter.p.arn")}, unknown},
		"one is unknown":        {map[string]string{"a/main.tf": db, "b/main.tf": "variable \"v\" {}\n" + call("var.v")}, unknown},
		"one does not give it":  {map[string]string{"a/main.tf": db, "b/main.tf": "module \"m\" {\n  source = \"../m\"\n}\n"}, unknown},
		"one is broken":         {map[string]string{"a/main.tf": db, "b/main.tf": call("1") + "}"}, unknown},
		"one has an error":      {map[string]string{"a/main.tf": db, "b/main.tf": call("local.none")}, unknown},
		"null":                  {map[string]string{"a/main.tf": db, "b/main.tf": call("null")}, policy.MeansSecretARN},
		"a conditional":         {map[string]string{"a/main.tf": "variable \"v\" {}\n" + secret + call(`var.v ? aws_secretsmanager_secret.db.arn : null`)}, policy.MeansSecretARN},
		"both branches":         {map[string]string{"a/main.tf": "variable \"v\" {}\n" + secret + call(`var.v ? aws_secretsmanager_secret.db.arn : "x"`)}, unknown},
		"more than an ARN":      {map[string]string{"a/main.tf": secret + call(`"${aws_secretsmanager_secret.db.arn}:key::"`)}, unknown},
		"an ARN without end":    {map[string]string{"a/main.tf": call(`"arn:aws:secretsmanager:eu-west-1:111122223333:secret:db"`)}, unknown},
		"the ARN of a key":      {map[string]string{"a/main.tf": call(`"arn:aws:kms:eu-west-1:111122223333:key/1"`)}, policy.MeansKeyARN},
		"the ARN of an object":  {map[string]string{"a/main.tf": call(`"arn:aws:s3:::bucket/key"`)}, unknown},
		"a variable of it":      {map[string]string{"a/main.tf": "variable \"v\" {}\n" + call("var.v"), "a/terraform.tfvars": `v = "arn:aws:s3:::bucket"`}, policy.MeansBucketARN},
		"a caller of it":        {map[string]string{"a/main.tf": "variable \"v\" {}\n" + call("var.v"), "main.tf": secret + "module \"a\" {\n  source = \"./a\"\n  v = aws_secretsmanager_secret.db.arn\n}\n"}, policy.MeansSecretARN},
		"a circle":              {map[string]string{"a/main.tf": "variable \"v\" {}\n" + call("var.v"), "m/call.tf": "module \"a\" {\n  source = \"../a\"\n  v = var.x\n}\n"}, unknown},
		"a call of itself":      {map[string]string{"a/main.tf": db, "m/call.tf": "module \"m\" {\n  source = \"../m\"\n  x = 1\n}\n"}, policy.MeansSecretARN},
		"its own value":         {map[string]string{"a/main.tf": db, "m/terraform.tfvars": `x = "y"`}, unknown},
		"another module":        {map[string]string{"a/main.tf": secret + "module \"m\" {\n  source = \"../n\"\n  x = aws_secretsmanager_secret.db.arn\n}\n"}, unknown},
		"an other block":        {map[string]string{"a/main.tf": "locals {\n  source = \"../m\"\n}\n", "b/main.tf": db}, policy.MeansSecretARN},
		"a hidden folder":       {map[string]string{".terraform/main.tf": db, "node_modules/main.tf": db}, unknown},
		"another repository":    {map[string]string{"vendor/.git": "gitdir: x", "vendor/main.tf": db}, unknown},
		"too many files":        {manyFiles(db), unknown},
		"in JSON":               {map[string]string{"a/main.tf.json": `{"module": {"m": {"source": "../m", "x": "arn:aws:s3:::b"}}}`}, policy.MeansBucketARN},
		"an element":            {map[string]string{"a/main.tf": secret + call("[aws_secretsmanager_secret.db.arn]")}, unknown},
		"no element that it is": {map[string]string{"a/main.tf": call("[]")}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"m/main.tf": {Data: []byte("variable \"x\" {}\nresource \"r\" \"r\" {\n  v = var.x\n}\n")}}
			for name, src := range c.files {
				fsys[name] = &fstest.MapFile{Data: []byte(src)}
			}
			p := Read(fsys, "m", Options{Name: "m", Callers: new(Callers)})
			p.Resources(nil, "r")
			info := p.Symbols["var.x"]
			if got := info.Told(); got != c.want {
				t.Errorf("callers say %q, want %q: %+v", got, c.want, info.Given)
			}
			for _, problem := range p.Problems() {
				if !problem.Note && c.files["m/call.tf"] == "" {
					t.Errorf("a problem of a caller is one of the module: %s: %s", problem.At, problem.Message)
				}
			}
		})
	}
}

// manyFiles returns more files than a search reads.
func manyFiles(src string) map[string]string {
	files := map[string]string{"a/main.tf": src}
	for i := range maxCallerFiles + 1 {
		files[fmt.Sprintf("many/%d.tf", i)] = ""
	}
	return files
}

// TestNoNamesOfCallers: of what a caller gives, no symbol of the caller is left.
func TestNoNamesOfCallers(t *testing.T) {
	fsys := fstest.MapFS{
		"m/main.tf": {Data: []byte("variable \"o\" {}\nresource \"r\" \"r\" {\n  v = [var.o.list[0], var.o[\"image\"], var.o.deep.name]\n}\n")},
		"main.tf": {Data: []byte(`variable "tag" {}
resource "aws_ecr_repository" "app" { name = var.tag }
resource "aws_secretsmanager_secret" "db" {}
module "m" {
  source = "./m"
  o = {
    list  = [aws_secretsmanager_secret.db.arn]
    image = "${aws_ecr_repository.app.repository_url}:${var.tag}"
    deep  = { name = "/app/${var.tag}" }
  }
}
`)},
	}
	p := Read(fsys, "m", Options{Name: "m", Callers: new(Callers)})
	p.Resources(nil, "r")
	got := map[policy.Symbol]string{}
	for s, info := range p.Symbols {
		for _, g := range info.Given {
			got[s] = g.Text.String() + " " + g.At.String()
		}
	}
	want := map[policy.Symbol]string{
		"var.o.list[0]":   "${the ARN of a secret} main.tf:6:7",
		`var.o["image"]`:  "${the URI of a repository}:${unknown} main.tf:6:7",
		"var.o.deep.name": "/app/${unknown} main.tf:6:7",
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, s := range slices.Sorted(maps.Keys(p.Symbols)) {
		if s[:4] != "var." {
			t.Errorf("the symbol %s is one of the caller", s)
		}
	}
}
