package terraform

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// task is a task definition with an expression for its containers.
func task(containers string) string {
	return "resource \"aws_ecs_task_definition\" \"a\" {\n  container_definitions = " + containers + "\n}\n"
}

// evaluate reads the task definition of a module, and the messages of its problems.
func evaluate(files fstest.MapFS) (containers *tree.Node, p *Program, problems []string) {
	p = Read(files, ".", Options{Name: "."})
	resources, _ := p.Resources([]string{"container_definitions"}, "aws_ecs_task_definition")
	p.Keys()
	if len(resources) > 0 {
		containers = resources[0].Values.Member("container_definitions")
	}
	for _, problem := range p.Problems() {
		if !problem.Warning {
			problems = append(problems, problem.At.String()+": "+problem.Message)
		}
	}
	return containers, p, problems
}

// TestHostile: a module that means harm is refused in bounded time and memory, with a place.
func TestHostile(t *testing.T) {
	doubling := func(first, each string) string {
		var b strings.Builder
		b.WriteString("locals {\n  l0 = " + first + "\n")
		for i := range 60 {
			fmt.Fprintf(&b, "  l%d = %s\n", i+1, strings.ReplaceAll(each, "X", fmt.Sprintf("local.l%d", i)))
		}
		return b.String() + "}\n"
	}
	for name, c := range map[string]struct{ src, want string }{
		"cycle of locals":     {"locals {\n  a = local.b\n  b = [local.a]\n}\n" + task("jsonencode(local.a)"), "main.tf:3:8: local.a refers to itself"},
		"cycle of resources":  {"resource \"x_y\" \"a\" {\n  name = x_y.a.name\n}\n" + task("x_y.a.name"), "refers to itself"},
		"cycle of for_each":   {"resource \"x_y\" \"a\" {\n  for_each = x_y.a\n}\n" + task("jsonencode(keys(x_y.a))"), "refers to itself"},
		"cycle of a template": {"locals {\n  t = templatefile(\"t.tpl\", { x = local.t })\n}\n" + task("local.t"), "refers to itself"},
		"module in itself":    {"module \"m\" {\n  source = \"./\"\n}\n" + task("\"[]\""), "calls itself"},
		"range":               {task("jsonencode([for i in range(1000000) : i])"), "more than 1024 values"},
		"large count":         {"resource \"x_y\" \"a\" {\n  count = 1000000\n}\n" + task("jsonencode(x_y.a[*].id)"), "count is 1000000"},
		"nested for":          {"locals {\n  r = range(1000)\n}\n" + task("jsonencode([for a in local.r : [for b in local.r : [for c in local.r : c]]])"), "takes too long to evaluate"},
		"setproduct":          {"locals {\n  r = range(1000)\n}\n" + task("jsonencode(setproduct(local.r, local.r, local.r))"), "too many elements"},
		"doubling lists":      {doubling("[1]", "[X, X]") + task("jsonencode(local.l60)"), "has more than"},
		"doubling empty":      {doubling("[]", "[X, X]") + task("jsonencode(flatten(local.l60))"), "too large"},
		"doubling concat":     {doubling("[1]", "concat(X, X)") + task("jsonencode(local.l60)"), "reads no more"},
		"doubling texts":      {doubling(`"xxxxxxxx"`, `"${X}${X}"`) + task("local.l60"), "become too long"},
		"doubling encodings":  {doubling(`"x"`, `jsonencode([X, X])`) + task("\"${local.l60}\""), "has more than 262144 values"},
		"doubling choices":    {"variable \"x\" {\n}\n" + doubling(`"x"`, `var.x == X ? X : "${X}y"`) + task("jsonencode([{ image = local.l60 }])"), ""},
		"replace":             {task(`replace(join("", [for i in range(1000) : "xxxxxxxxxxxxxxxxxxxx"]), "x", join("", [for i in range(1000) : "yyyyyyyyyyyyyyyyyyyy"]))`), "too long"},
		"format":              {task(`format("%1000000000d", 1)`), "too long"},
		"large number":        {task("jsonencode([{ cpu = 1e1000000000 }])"), ""},
		"deep brackets":       {task(strings.Repeat("[", 100000) + strings.Repeat("]", 100000)), "nested too deeply"},
		"deep parentheses":    {task(strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000)), "nested too deeply"},
		"deep negation":       {task(strings.Repeat("!", 1000000) + "true"), "nested too deeply"},
		"deep conditional":    {task(strings.Repeat("true ? 1 : ", 100000) + "1"), "nested too deeply"},
		"long sum":            {task("1" + strings.Repeat(" + 1", 400000)), "nested too deeply"},
		"deep templates":      {task(strings.Repeat(`"${`, 10000) + "1" + strings.Repeat(`}"`, 10000)), "nested too deeply"},
		"deep directives":     {task("templatefile(\"deep.tpl\", {})"), "nested too deeply"},
		"deep JSON":           {task("jsondecode(file(\"deep.json\"))"), ""},
		"file of the system":  {task(`file("/etc/passwd")`), `main.tf:2:27: file: "/etc/passwd" is no path below the module`},
		"file of a user":      {task(`file("~/.aws/credentials")`), "is no path below the module"},
		"file above":          {task(`file("../../etc/passwd")`), "is outside of the folder"},
		"file above, tried":   {task(`try(file("../x"), "[]")`), "is outside of the folder"},
		"template above":      {task(`templatefile("a/../../x", {})`), "is outside of the folder"},
		"file in no branch":   {"variable \"x\" {\n}\n" + task(`var.x ? file("../x") : "[]"`), "is outside of the folder"},
		"large file":          {task(`file("large.json")`), "it has more than 2 MiB"},
		"binary file":         {task(`file("binary")`), "is no text"},
		"NUL":                 {task(`"\u0000"`), "NUL"},
		"private characters":  {task(`"[\"\ue0000\ue001${1}\"]"`), "private use"},
		"JSON, deep":          {`{"locals": {"a": ` + strings.Repeat("[", 500000) + strings.Repeat("]", 500000) + `}}`, "main.tf.json:1:"},
		"JSON, rather deep":   {`{"locals": {"a": ` + strings.Repeat("[", 4000) + strings.Repeat("]", 4000) + `}}`, ""},
		"JSON, deep template": {`{"locals": {"a": "` + strings.Repeat("${[", 10000) + `"}}`, "nested too deeply"},
		"JSON, many escapes":  {`{"resource": {"aws_ecs_task_definition": {"a": {"container_definitions": "` + strings.Repeat(`\\${1}\n`, 150000) + `"}}}}`, "the template is too long"},
		"JSON, NUL in a name": {`{"resource": {"aws_ecs_task_definition": {"a\u0000": {"b\u0000": 1}}}}`, "NUL"},
		"JSON, NUL":           {`{"resource": {"aws_ecs_task_definition": {"a": {"b": "\u0000", "c": "${\"\u0000\"}"}}}}`, "NUL"},
		"unfinished":          {"resource \"aws_ecs_task_definition\" \"a\" {", "main.tf:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{
				"main.tf": {Data: []byte(c.src)}, "t.tpl": {Data: []byte("${x}")}, "large.json": {Data: make([]byte, 3<<20)}, "binary": {Data: []byte("\x00")},
				"deep.tpl":  {Data: []byte(strings.Repeat("%{ if true }", 50000) + strings.Repeat("%{ endif }", 50000))},
				"deep.json": {Data: []byte(strings.Repeat("[", 500000) + strings.Repeat("]", 500000))},
			}
			if strings.HasPrefix(c.src, "{") {
				files["main.tf.json"], files["main.tf"] = files["main.tf"], &fstest.MapFile{}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, _, problems := evaluate(files)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if c.want != "" && !strings.Contains(strings.Join(problems, "\n"), c.want) {
				t.Errorf("problems %.500q, want %q", problems, c.want)
			}
			const most = 1 << 30
			if used := after.TotalAlloc - before.TotalAlloc; took > 20*time.Second || used > most {
				t.Errorf("it takes %s and %d MiB", took, used>>20)
			}
			t.Log(took, (after.TotalAlloc-before.TotalAlloc)>>20, "MiB")
		})
	}
}

// FuzzRead: whatever a module says, it is read in bounded time, every text is whole, and every place is in a file.
func FuzzRead(f *testing.F) {
	f.Add([]byte(task(`jsonencode([{ image = var.x == "" ? "a" : "${local.b}:1", secrets = [for k, v in local.m : { name = k, valueFrom = v }] }])`)+
		"variable \"x\" {\n}\nlocals {\n  b = \"c\"\n  m = { d = aws_ssm_parameter.e.arn }\n}\nresource \"aws_ssm_parameter\" \"e\" {\n  name = \"f\"\n}\n"), []byte("x = 1"))
	f.Add([]byte(task("<<-EOT\n    [{\"image\": \"${templatefile(\"t.tpl\", { a = [1, true, null] })}\", %{ if var.x }\"a\": ${var.y}%{ endif }}]\n  EOT")+"variable \"x\" {\n}\nvariable \"y\" {\n}\n"),
		[]byte("%{ for i in a ~}${i}%{ endfor }"))
	f.Add([]byte("module \"m\" {\n  source = \"./\"\n  for_each = toset([\"a\"])\n}\n"+task(`"[${jsonencode(module.m["a"].x)}, ${join(",", try(split(":", each.key), []))}]"`)), []byte(""))
	f.Add([]byte(`{"resource": {"aws_ecs_task_definition": {"a": [{"volume": {"name": "v"}, "dynamic": {"x": {"for_each": ["a"], "content": {}}},
  "container_definitions": "${jsonencode([{ image = \"\u0061\ud83d\ude00${var.x[\"a\"]}\" }])}"}]}}, "variable": {"x": {"type": "map(string)"}}}`), []byte("module \"m\" {\n  source = \"../\"\n  x = { a = y.z }\n}\n"))
	f.Fuzz(func(t *testing.T, src, template []byte) {
		name := "main.tf"
		if bytes.HasPrefix(src, []byte("{")) {
			name = "main.tf.json"
		}
		p := Read(fstest.MapFS{name: {Data: src}, "t.tpl": {Data: template}, "terraform.tfvars": {Data: template}, "caller/main.tf": {Data: template}}, ".",
			Options{Name: ".", Callers: new(Callers)})
		resources, _ := p.Resources([]string{"container_definitions"}, "aws_ecs_task_definition")
		p.Keys()
		var check func(n *tree.Node)
		check = func(n *tree.Node) {
			if n.Kind == tree.String || n.Kind == tree.Placeholder {
				_ = policy.Text(n.Text).String() // panics on a symbol that is cut
			}
			if at := p.Doc.Source.Place(n.Start); n.Start < 0 || n.Start > len(p.Doc.Source.Text) || at.Line < 1 || at.Column < 1 {
				t.Errorf("%+v is at %+v", n, at)
			}
			for i := range n.Children {
				check(&n.Children[i])
			}
		}
		for i := range resources {
			check(&resources[i].Values)
		}
		for _, problem := range p.Problems() {
			if problem.Message == "" || problem.At.File == "" {
				t.Errorf("%+v", problem)
			}
		}
	})
}
