package terraform

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/execrole/execrole/analyze/policy"
)

// TestJSONSyntax: source in JSON means what the same source in HCL means, and places are those of the characters in the file.
func TestJSONSyntax(t *testing.T) {
	read := func(name, src string) (v string, at string, problems []string) {
		fsys := fstest.MapFS{name: {Data: []byte(src)}, "o/main.tf.json": {Data: []byte(`{"output": {"o": {"value": "out"}}, "variable": {"a": {}}}`)}}
		p := Read(fsys, ".", Options{Name: "."})
		if list, _ := p.Resources(nil, "r"); len(list) > 0 {
			if n := list[0].Values.Member("v"); n != nil {
				v, at = policy.Text(n.Text).String(), p.Doc.Source.Place(n.Start).String()
			}
		}
		for _, problem := range p.Problems() {
			problems = append(problems, problem.At.String()+": "+problem.Message)
		}
		return v, at, problems
	}
	const resource = `{"resource": {"r": {"r": {"v": VALUE}}}, "variable": {"x": {"type": "string"}, "d": {"default": "${x}"}}, "locals": {"l": "L"}, "module": {"o": {"source": "./o", "a": 1}}}`
	for value, want := range map[string]string{
		`"a"`:                                   "a 1:33",
		`"a\"\u0062\ud83d\ude00"`:               "a\"b\U0001F600 1:33",
		`"$${a}"`:                               "${a} 1:33",
		`"${var.x}"`:                            "${var.x} 1:35",
		`"${var.x}/y"`:                          "${var.x}/y 1:33",
		`"${local.l}"`:                          "L 1:131",
		`"${module.o.o}"`:                       "out o/main.tf.json:1:29",
		`"${upper(\"\u0061\")}"`:                "A 1:35",
		`"${lookup({ \"k\" = var.x }, \"k\")}"`: "${var.x} 1:52",
		`"%{ if true }y%{ endif }"`:             "y 1:33",
		`null`:                                  " 1:32",
		`12`:                                    "12 1:32",
	} {
		v, at, problems := read("main.tf.json", strings.Replace(resource, "VALUE", value, 1))
		at = strings.TrimPrefix(at, "main.tf.json:")
		if v+" "+at != want || problems != nil {
			t.Errorf("%s: %s %s, want %s: %q", value, v, at, want, problems)
		}
	}
	for src, want := range map[string]string{
		`{"resource": {"r": {"r": 1}}}`:                      `main.tf.json:1:26: this is a number, and Terraform takes an object here, or a list of objects`,
		`{"resource": {"r": [[{"r": "x"}]]}}`:                `main.tf.json:1:28: this is a string, and Terraform takes an object here, or a list of objects`,
		`{"resource": {"r": {"r": {"v": "a\"${var.}"}}}}`:    `main.tf.json:1:42: An attribute name is required after a dot`,
		`{"resource": {"r": {"r": {"v": "${local.none}"}}}}`: `main.tf.json:1:35: there is no local value "none"`,
		`{"resource": {"r": {"r": {"v": ${X}}}}}`:            `main.tf.json:1:32: "${X}}}}}" is not JSON`,
		`{"resource": `: `main.tf.json:1:14: `,
		`{"resource": ` + strings.Repeat("[", 100_000):            `main.tf.json:1:`,
		`{"locals": {"a": "` + strings.Repeat("${[", 300) + `"}}`: `main.tf.json:1:`,
	} {
		if _, _, problems := read("main.tf.json", src); len(problems) == 0 || !strings.HasPrefix(problems[0], want) {
			t.Errorf("%.60s: %.300q, want %s", src, problems, want)
		}
	}
}

// TestJSONBlocks: of a resource, objects are blocks, and a provider is a reference.
func TestJSONBlocks(t *testing.T) {
	fsys := fstest.MapFS{
		"a.tf.json": {Data: []byte(`[{"provider": {"aws": [{"region": "eu-west-1"}, {"alias": "us", "region": "us-east-1"}]}},
{"resource": [{"r": {"r": [{"//": "x", "provider": "aws.us", "volume": [{"name": "a"}, {"name": "b"}], "one": {"name": "c"}, "list": ["d"],
  "tags": {"name": "e"}, "dynamic": {"many": {"for_each": ["f", "g"], "content": {"name": "${many.value}"}}}}]}}]}]`)},
		"x_override.tf.json": {Data: []byte(`{"resource": {"r": {"r": {"list": ["h"]}}}}`)},
		"notes.json":         {Data: []byte(`{"resource": {"r": {"s": {}}}}`)},
	}
	p := Read(fsys, ".", Options{Name: "."})
	list, _ := p.Resources(nil, "r")
	if len(list) != 1 || len(p.Problems()) > 0 {
		t.Fatalf("%d resources, %v", len(list), p.Problems())
	}
	r := list[0]
	if r.Region != "us-east-1" || r.File != "a.tf.json" || p.Doc.Source.Place(r.At).String() != "a.tf.json:2:22" {
		t.Errorf("region %s, file %s, place %s", r.Region, r.File, p.Doc.Source.Place(r.At))
	}
	var got []string
	for _, m := range r.Values.Children {
		words := []string{m.Name}
		for i := range m.Children {
			if n := m.Children[i].Member("name"); n != nil {
				words = append(words, "{"+n.Text+"}")
			} else {
				words = append(words, m.Children[i].Text)
			}
		}
		got = append(got, strings.Join(words, " "))
	}
	if want := "list h, tags e, volume {a} {b}, one {c}, many {f} {g}"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
}
