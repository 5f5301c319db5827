package taskdef

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// problemsOf returns the problems of an input, those of values that no rule wanted included, with their places.
func problemsOf(src string, form Form) []string {
	list, problems := Read("f.json", []byte(src), Options{Form: form})
	for _, td := range list {
		problems = append(problems, td.Reader().Problems()...)
		for v, message := range td.Reader().Unknown() {
			problems = append(problems, Problem{Kind: Schema, Warning: true, At: v.NameRef(), Message: message})
		}
	}
	var lines []string
	for _, p := range problems {
		kind := "error"
		if p.Warning {
			kind = "warning"
		}
		lines = append(lines, fmt.Sprintf("%d:%d %s %s: %s", p.At.Line, p.At.Column, kind, p.Kind, p.Message))
	}
	return lines
}

// TestTypes: a value of each type of the schema, with one that is wrong.
func TestTypes(t *testing.T) {
	for members, want := range map[string]string{
		`"family": ["x"]`:                                            "family is a list; ECS wants a string",
		`"volumes": "x"`:                                             "volumes is a string; ECS wants a list",
		`"volumes": ["x"]`:                                           "element 0 of volumes is a string; ECS wants an object",
		`"runtimePlatform": 5`:                                       "runtimePlatform is a number; ECS wants an object",
		`"requiresCompatibilities": "FARGATE"`:                       "requiresCompatibilities is a string; ECS wants a list",
		`"revision": 1.5`:                                            "revision is a number; ECS wants an integer",
		`"revision": "1"`:                                            "revision is a string; ECS wants an integer",
		`"registeredAt": true`:                                       "registeredAt is a boolean; ECS wants a time",
		`"registeredAt": 1.7e9`:                                      "",
		`"registeredAt": "2026-01-01"`:                               "",
		`"enableFaultInjection": "true"`:                             "enableFaultInjection is a string; ECS wants a boolean",
		`"enableFaultInjection": true`:                               "",
		`"runtimePlatform": {"cpuArchitecture": false}`:              "cpuArchitecture is a boolean; ECS wants a string",
		`"volumes": {"name": "v"}`:                                   "volumes has to be a list; this object is read as its only element",
		`"volumes": [{"dockerVolumeConfiguration": {"labels": []}}]`: "labels is a list; ECS wants an object",
		`"familly": "x"`:                                             `ECS has no member "familly" here; did you mean "family"?`,
		`"zzz": null`:                                                `ECS has no member "zzz" here`,
		`"Family": "x"`:                                              `ECS writes "Family" as "family"; it is read as that`,
		`"tags": [{"key": "a", "value": "b"}]`:                       "",
	} {
		got := problemsOf("{"+members+`, "containerDefinitions": [{"name": "a"}]}`, Registered)
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], "1:") || !strings.HasSuffix(got[0], "warning schema: "+want)) {
			t.Errorf("%s: problems %q, want %q", members, got, want)
		}
	}
}

// TestForms: what other forms of input may do.
func TestForms(t *testing.T) {
	const src = `{"Family": "x", "ContainerDefinitions": [{"Name": "a", "Image": "x", "Cpu": 5, "Memory": "7", "Essential": "true", "LogConfiguration": {"LogDriver": ""}}], "Cpu": 256}`
	for _, tt := range []struct {
		form Form
		want []string // messages that are left
	}{
		{Form{NamesInAnyCase: true}, []string{"Memory is a string", "Essential is a string", "Cpu is a number"}},
		{Form{NamesInAnyCase: true, ScalarsAreStrings: true}, []string{"memory is a string", "essential is a string"}},
		{Form{NamesInAnyCase: true, StringsAreScalars: true}, []string{"Cpu is a number"}},
		{Form{NamesInAnyCase: true, NoLines: true}, []string{"0:0 "}},
	} {
		got := problemsOf(src, tt.form)
		for _, want := range tt.want {
			if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(want)) }) {
				t.Errorf("%+v: problems %q, want %q", tt.form, got, want)
			}
		}
		if strings.Contains(strings.Join(got, " "), "it is read as that") {
			t.Errorf("%+v: problems %q", tt.form, got)
		}
	}
	// In some forms people write numbers and booleans for strings.
	var written []string
	r := reader(t, `{"containerDefinitions": [{"image": true, "hostname": 5}]}`, Options{Form: Form{ScalarsAreStrings: true}})
	for _, name := range []string{"image", "hostname"} {
		written = append(written, texts(r.Root().Each("containerDefinitions", name))...)
	}
	if !slices.Equal(written, []string{"true", "5"}) || len(r.Problems()) != 0 {
		t.Errorf("scalars %q, problems %v", written, r.Problems())
	}
	// In some forms people write strings for numbers and booleans. What says neither is still of a wrong type.
	for value, wrong := range map[string]string{
		"7": "essential", "1.5": "memory essential", "true": "memory", "False": "memory", "ten": "memory essential", "": "memory essential",
		"0x7": "memory essential", string(policy.Of("Size")): "",
	} {
		doc, _ := tree.ReadJSON("f", []byte(`{"containerDefinitions": [{"image": "x", "memory": "", "essential": ""}]}`))
		for _, name := range []string{"memory", "essential"} {
			doc.Root.Find("/containerDefinitions/0/"+name, (*tree.Node).Member).Text = value
		}
		list, _ := New(doc, []Part{{Root: doc.Root, Form: Form{StringsAreScalars: true}}}, nil, Options{})
		var got []string
		for _, p := range list[0].Reader().Problems() {
			got = append(got, strings.Fields(p.Message)[0])
		}
		if strings.Join(got, " ") != wrong {
			t.Errorf("%q: %q are of a wrong type, want %s", value, got, wrong)
		}
	}
	// An enumeration that is empty is absent, and no rule sees it.
	for form, want := range map[Form]int{Registered: 1, {EmptyEnumIsAbsent: true}: 0} {
		r := reader(t, `{"containerDefinitions": [{"name": "a", "logConfiguration": {"logDriver": ""}}]}`, Options{Form: form})
		if got := len(texts(r.Root().Each("containerDefinitions", "logConfiguration", "logDriver"))); got != want {
			t.Errorf("%+v: %d values, want %d", form, got, want)
		}
	}
	if got := problemsOf(`{`, SDK); len(got) != 1 || !strings.HasPrefix(got[0], "0:0 error json: ") {
		t.Errorf("without lines: %q", got)
	}
}

// TestNoTaskDefinition: what is another document is named.
func TestNoTaskDefinition(t *testing.T) {
	for src, want := range map[string]string{
		`{}`:  "1:1 error json: no containerDefinitions: this is no task definition",
		`[]`:  "1:1 error json: an empty list",
		`"x"`: "1:1 error yaml: a task definition is an object; this is a string",
		`[1]`: "1:2 error json: a task definition is an object; this is a number",
		`{"AWSTemplateFormatVersion": "", "Resources": {}}`: "the template has no resource of type",
		`{"taskDefinitions": []}`:                           "an empty list",
		`{"taskDefinitionArns": []}`:                        "it looks like the output of aws ecs list-task-definitions",
		`{"services": []}`:                                  "1:1 error json: no containerDefinitions",
		`{"jobQueue": "q", "containerOverrides": {}}`:       "it looks like the input of aws batch submit-job",
		`{"tasks": []}`:                                     "1:1 error json: no containerDefinitions",
		`{"serviceName": ""}`:                               "it looks like a service definition",
		`{"overrides": {"minimist": "1.2.8"}}`:              "1:1 error json: no containerDefinitions",
		`{"tasks": [{"label": "build"}]}`:                   "1:1 error json: no containerDefinitions",
		`{"jobDefinitions": []}`:                            "1:1 error json: no containerDefinitions",
		`{"jobDefinitionName": "x", "type": "container"}`:   "1:1 error json: the job definition has none of containerProperties",
		`{"eksProperties": {}}`:                             "1:2 error json: the job definition runs on Amazon EKS",
		`{"primaryContainer": "x"}`:                         "1:22 error json: primaryContainer is a string",
		`{"data": {"taskDefinition": 1}}`:                   "1:10 error json: no containerDefinitions",
		`{"taskDefinition": {}}`:                            "1:20 error json: no containerDefinitions",
		` {"containerDefinitions": null}`:                   "1:27 error json: containerDefinitions is null",
		`{"containerDefinitions": []}`:                      "1:26 error json: containerDefinitions is empty",
		`{"containerDefinitions": [null]}`:                  "1:26 error json: containerDefinitions is empty",
		`{"containerDefinitions": "x"}`:                     "1:26 error json: containerDefinitions is a string: it has to be a list of objects",
	} {
		got := problemsOf(src, Registered)
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: problems %q, want %q", src, got, want)
		}
	}
	roles := ""
	for i := range 11 {
		roles += fmt.Sprintf(`{"container": {"executionRoleArn": "%d"}},`, i)
	}
	if got := problemsOf(`{"nodeProperties": {"nodeRangeProperties": [`+strings.TrimSuffix(roles, ",")+`]}}`, Registered); len(got) != 1 || !strings.Contains(got[0], "the tasks name 11 execution roles") {
		t.Errorf("too many roles: %q", got)
	}
	if got := problemsOf(`{"containerDefinitions": [{}], "ContainerDefinitions": []}`, Registered); len(got) == 0 ||
		!strings.HasPrefix(got[0], `1:32 error json: "containerDefinitions" `) || !strings.HasSuffix(got[0], `as "ContainerDefinitions"; the first one is at 1:2`) {
		t.Errorf("a name twice in another case: %q", got)
	}
	got := problemsOf(`{"taskDefinition": {"containerDefinitions": [{}]}, "tags": [], "failures": [], "ResponseMetadata": {}}`, Registered)
	if len(got) != 1 || !strings.Contains(got[0], `ECS has no member "failures" here`) {
		t.Errorf("beside a task definition: %q", got)
	}
}
