package taskdef

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestFind: which task definitions are in a document, with the place of each container's image.
func TestFind(t *testing.T) {
	const app = `{"name": "a", "image": "x"}`
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"registered", `{"family": "f", "containerDefinitions": [` + app + `]}`, []string{"a image /containerDefinitions/0/image 1:65"}},
		{"described", `{"taskDefinition": {"containerDefinitions": [` + app + `]}, "tags": []}`, []string{"a image /taskDefinition/containerDefinitions/0/image 1:69"}},
		{"described, in data", `{"data": {"taskDefinition": {"containerDefinitions": [` + app + `]}}}`, []string{"a image /data/taskDefinition/containerDefinitions/0/image 1:78"}},
		{"described daemon", `{"daemonTaskDefinition": {"containerDefinitions": [` + app + `]}}`, []string{"a image /daemonTaskDefinition/containerDefinitions/0/image 1:75"}},
		{"list", `{"taskDefinitions": [{"containerDefinitions": [` + app + `]}, {"taskDefinition": {"containerDefinitions": [` + app + `]}}]}`,
			[]string{"a image /taskDefinitions/0/containerDefinitions/0/image 1:71", "a image /taskDefinitions/1/taskDefinition/containerDefinitions/0/image 1:147"}},
		{"one after another", `{"containerDefinitions": [` + app + `]}` + "\n" + `{"containerDefinitions": [` + app + `]}`,
			[]string{"a image /0/containerDefinitions/0/image 1:50", "a image /1/containerDefinitions/0/image 2:50"}},
		{"containers alone", ` [` + app + `, {"name": "b", "image": "y"}]`, []string{"a image /0/image 1:26", "b image /1/image 1:55"}},
		{"a container alone", app, []string{"a image /image 1:24"}},
		{"capitals", `[{"Name": "a", "Image": "x"}]`, []string{"a image /0/Image 1:25"}},
		{"YAML", "# x\nfamily: f\ncontainerDefinitions:\n- name: a\n  image: x\n", []string{"a image /containerDefinitions/0/image 5:10"}},
		{"YAML documents", "containerDefinitions: [{image: x}]\n---\ntaskDefinition: {containerDefinitions: [{image: y}]}\n",
			[]string{" image /0/containerDefinitions/0/image 1:32", " image /1/taskDefinition/containerDefinitions/0/image 3:49"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tds, problems := Read("f", []byte(c.in), Options{})
			var got []string
			for _, td := range tds {
				for v := range td.Reader().Root().Each("containerDefinitions", "image") {
					at := v.Ref()
					got = append(got, fmt.Sprintf("%s %s %s %d:%d", at.Container, at.Field, at.Pointer, at.Line, at.Column))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q\n%v", got, c.want, problems)
			}
		})
	}
}

// TestSetPointers: --set takes the pointers that findings have, also where nodes were taken out of their place.
func TestSetPointers(t *testing.T) {
	for _, in := range []string{`[{"name": "a", "image": "<X>"}]`, `{"name": "a", "image": "<X>"}`, `[{"Name": "a", "Image": "<X>"}]`, "- name: a\n  image: <X>\n"} {
		tds, _ := Read("f", []byte(in), Options{})
		for v := range tds[0].Reader().Root().Each("containerDefinitions", "image") {
			set, problems := Read("f", []byte(in), Options{Set: []Setting{{v.Ref().Pointer, "nginx"}}})
			for w := range set[0].Reader().Root().Each("containerDefinitions", "image") {
				if text, _ := w.Text(); text != "nginx" || !w.Meant() {
					t.Errorf("%s: %s is %q, meant %v: %v", in, v.Ref().Pointer, text, w.Meant(), problems)
				}
			}
		}
	}
}

// TestPlaceholdersWithoutQuotes: one note for those that nobody wants, and an error for each that somebody does.
func TestPlaceholdersWithoutQuotes(t *testing.T) {
	const inYAML = "cpu: <CPU>\nvolumes: ${VOLUMES}\ncontainerDefinitions:\n- {memory: <MEM>, cpu: <MEM>, image: {{ x }}, secrets: $S, hostname: \"<MEM>\"}\n"
	const in = `{"cpu": <CPU>, "volumes": ${VOLUMES}, "containerDefinitions": [{"memory": <MEM>, "cpu": <MEM>, "image": {{ x }}, "secrets": $S}]}`
	read := func(in string, opts Options) string {
		tds, problems := Read("f", []byte(in), opts)
		r := tds[0].Reader()
		for range r.Root().Each("containerDefinitions", "secrets") {
		}
		for v := range r.Root().Each("containerDefinitions", "image") {
			text, _ := v.Text()
			problems = append(problems, Problem{Message: text.String()})
		}
		var lines []string
		for _, p := range append(problems, r.Problems()...) {
			lines = append(lines, fmt.Sprintf("%d:%d %v %v %s", p.At.Line, p.At.Column, p.Warning, p.Note, p.Message))
		}
		return strings.Join(lines, "\n")
	}
	want := "0:0 false false {{ x }}\n1:27 false true no permission depends on the placeholders without quotes: ${VOLUMES}, <MEM>\n" +
		"1:125 false false secrets is $S, a placeholder without quotes, and the permissions depend on it: render the template first"
	if got := read(in, Options{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got := read(in, Options{Set: []Setting{{"MEM", "512"}, {"x", "nginx"}, {"VOLUMES", "a"}, {"CPU", "1"}}})
	want = "0:0 false false nginx\n1:9 true false cpu is a number; ECS wants a string\n1:27 true false volumes is a string; ECS wants a list\n" +
		"1:125 false false secrets is $S, a placeholder without quotes, and the permissions depend on it: render the template first"
	if !strings.HasPrefix(got, "0:0 false false nginx\n") || strings.Contains(got, "note") || strings.Contains(got, "<MEM>") {
		t.Errorf("got\n%s\nwant about\n%s", got, want)
	}
	want = "0:0 false false {{ x }}\n2:10 false true no permission depends on the placeholders without quotes: ${VOLUMES}, <MEM>\n" +
		"4:56 false false secrets is $S, a placeholder without quotes, and the permissions depend on it: render the template first"
	if got := read(inYAML, Options{}); got != want {
		t.Errorf("YAML: got\n%s\nwant\n%s", got, want)
	}
	got = read(inYAML, Options{Set: []Setting{{"MEM", "512"}, {"x", "nginx"}, {"VOLUMES", "a"}, {"CPU", "1"}}})
	if !strings.HasPrefix(got, "0:0 false false nginx\n") || strings.Contains(got, "memory") || !strings.Contains(got, "1:6 true false cpu is a number; ECS wants a string") {
		t.Errorf("YAML: got\n%s", got)
	}
}

// TestOtherTexts: what cannot be read is named by its content, with the command to run first.
func TestOtherTexts(t *testing.T) {
	for in, want := range map[string]string{
		"local x = 1;\n{\n  a: [\n}":                                     "it looks like Jsonnet",
		"{\n  containerDefinitions: [{name: 'a'}],\n}":                   "it looks like Jsonnet or JavaScript",
		"variable \"a\" {\n  default = \"a\"\n}\n":                       "it looks like Terraform",
		"{{ with .Timer }}\n{\n}":                                        "it looks like a template: render it first",
		"Metadata:\n{{- if .X }}\n  a: 1\n{{ end }}\n":                   "it looks like a template: render it first",
		"$ aws ecs describe-task-definition\n{\"taskDefinition\": {}}\n": "there is text around the JSON",
		"type: Backend Service\nname: a\nimage: {build: x}\n":            "run copilot svc package",
		"type: Scheduled Job\nname: a\n":                                 "run copilot job package",
		"services:\n  web:\n    image: nginx\n":                          "it looks like a Compose file",
		"TASKDEFINITION\t256\tweb\nCONTAINERDEFINITIONS\t0\tnginx\n":     "add --output json to the command",
		"--------------\n|  DescribeTaskDefinition  |\n+-----+\n":        "add --output json to the command",
		"\nAn error occurred (X) when calling the Y operation: Z\n":      "it is an error message of the AWS CLI",
		"apiVersion: apps/v1\nkind: Deployment\n":                        "it looks like a manifest of Kubernetes",
		`{"resource": {"aws_ecs_task_definition": {}}}`:                  "its file has to be named *.tf.json",
	} {
		_, problems := Read("f", []byte(in), Options{})
		if len(problems) != 1 || !strings.Contains(problems[0].Message, want) || problems[0].At.Line == 0 {
			t.Errorf("%q: %+v, want %q", in, problems, want)
		}
	}
}
