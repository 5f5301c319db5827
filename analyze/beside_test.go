package analyze_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
)

// task returns a task definition; a revision of 0 is none.
func task(family string, revision int) string {
	s := `{"containerDefinitions": [{"name": "app", "image": "nginx"}]`
	if family != "" {
		s += fmt.Sprintf(`, "family": %q`, family)
	}
	if revision > 0 {
		s += fmt.Sprintf(`, "revision": %d`, revision)
	}
	return s + "}"
}

// run returns the input of aws ecs run-task, with an environment file.
func run(taskDefinition string) string {
	return fmt.Sprintf(`{"taskDefinition": %q, "overrides": {"containerOverrides": [{"name": "app", "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/k.env"}]}]}}`, taskDefinition)
}

// TestBeside: which task definition a run is read beside.
func TestBeside(t *testing.T) {
	const arn = "arn:aws:ecs:us-east-1:111122223333:task-definition/web:7"
	for _, c := range []struct {
		name   string
		inputs []string
		reads  []int  // the plans that have the file
		want   string // severity and message of the finding about it
	}{
		{"by family", []string{run("web"), task("jobs", 0), task("web", 0)}, []int{1}, ""},
		{"by family and revision", []string{task("web", 6), task("web", 7), run("web:7")}, []int{1}, ""},
		{"by ARN", []string{task("web", 6), task("web", 7), run(arn)}, []int{1}, ""},
		{"an input that has no revision", []string{task("web", 0), run(arn)}, []int{0}, ""},
		{"another revision", []string{task("web", 6), task("jobs", 1), run(arn)}, []int{0}, ""},
		{"twice", []string{task("web", 7), task("web", 7), run("web:7")}, []int{0, 1}, ""},
		{"the only one", []string{task("", 0), run("web")}, []int{0}, ""},
		{"the only one, of another name", []string{task("jobs", 0), run("web")}, []int{0}, `warning: the run of a task runs the task definition "web", and the one that is given is "jobs"`},
		{"a placeholder", []string{task("jobs", 0), run("<TASK>")}, []int{0}, ""},
		{"no name", []string{task("jobs", 0), strings.Replace(run("x"), `"taskDefinition": "x", `, "", 1)}, []int{0}, ""},
		{"alone", []string{run(arn)}, nil, `error: the run of a task is read beside its task definition: pass that of "` + arn + `" too`},
		{"a service alone", []string{`{"serviceConnectConfiguration": {}}`}, nil, "error: a service is read beside its task definition: pass that too"},
		{"none of several", []string{task("a", 0), task("b", 0), run("web")}, nil, `error: the run of a task runs the task definition "web", and that is not given: there are "a", "b"`},
		{"no name of several", []string{task("a", 0), task("b", 0), run("<X>")}, nil, `error: the run of a task names no task definition, and several are given, "a", "b": pass one of them`},
		{"several other revisions", []string{task("web", 1), task("web", 2), run("web:3")}, nil, `error: the run of a task runs the task definition "web:3", and several other revisions of it are given`},
		{"what cannot be read", []string{"{", run("web")}, nil, "error: the run of a task is read beside its task definition, and that could not be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var inputs []analyze.Input
			for i, src := range c.inputs {
				inputs = append(inputs, analyze.Input{Name: fmt.Sprintf("%d.json", i), Source: []byte(src)})
			}
			plans, _ := analyze.ReadAll(inputs, analyze.Options{})
			var reads []int
			finding := ""
			for i, p := range plans {
				for _, r := range p.Requirements {
					if r.Actions[0].Name == "s3:GetObject" && r.At.File != p.File {
						reads = append(reads, i)
					}
				}
				for _, f := range p.Findings {
					if f.Rule == "beside" {
						finding += string(f.Severity) + ": " + f.Message
					}
				}
			}
			if !slices.Equal(reads, c.reads) || !strings.HasPrefix(finding, c.want) || (finding == "") != (c.want == "") {
				t.Errorf("plans %v have the file, want %v; %q, want %q", reads, c.reads, finding, c.want)
				for _, p := range plans {
					t.Log(p.File, p.Findings)
				}
			}
		})
	}
}

// TestBesideSettles: what a service and a run show is no longer among what cannot be seen, and of what has neither it never
// is.
func TestBesideSettles(t *testing.T) {
	unseen := func(inputs ...string) string {
		var list []analyze.Input
		for i, src := range inputs {
			list = append(list, analyze.Input{Name: fmt.Sprintf("%d.json", i), Source: []byte(src)})
		}
		plans, _ := analyze.ReadAll(list, analyze.Options{})
		var words []string
		for _, word := range []string{"Service Connect", "RunTask"} {
			if slices.ContainsFunc(plans[0].Unseen, func(u analyze.Unseen) bool { return strings.Contains(u.What, word) }) {
				words = append(words, word)
			}
		}
		return strings.Join(words, ", ")
	}
	for _, c := range []struct {
		inputs []string
		want   string
	}{
		{[]string{task("web", 0)}, "Service Connect, RunTask"},
		{[]string{task("web", 0), `{"serviceName": "web", "taskDefinition": "web"}`}, "RunTask"},
		{[]string{task("web", 0), run("web")}, "Service Connect"},
		{[]string{task("web", 0), run("web"), `{"services": [{"taskDefinition": "web", "serviceName": "web"}]}`}, ""},
		{[]string{`{"containerProperties": {"image": "nginx"}}`}, ""},
		{[]string{`{"daemonTaskDefinition": ` + task("web", 0) + `}`}, ""},
	} {
		if got := unseen(c.inputs...); got != c.want {
			t.Errorf("%s: unseen %q, want %q", c.inputs, got, c.want)
		}
	}
}

// TestOneDocument: a task definition and its service may be in one file, as values one after the other.
func TestOneDocument(t *testing.T) {
	plans, err := analyze.Read("all.json", []byte(run("web")+"\n"+task("web", 0)), analyze.Options{
		Set: []analyze.Setting{{Name: "/0/overrides/containerOverrides/0/environmentFiles/0/value", Value: "arn:aws:s3:::other/k.env"}},
	})
	if err != nil || len(plans) != 1 || len(plans[0].Requirements) != 2 {
		t.Fatalf("%d plans, %v", len(plans), err)
	}
	if r := plans[0].Requirements[0]; r.Resource != "arn:aws:s3:::other/k.env" || r.At.Pointer != "/0/overrides/containerOverrides/0/environmentFiles/0/value" {
		t.Errorf("%s at %s", r, r.At.Pointer)
	}
}

// TestBesideWhatCannotBeRead: of a service whose task definition is in the same template and cannot be read, nothing is in the
// role of another one.
func TestBesideWhatCannotBeRead(t *testing.T) {
	const template = `{"Resources": {
"Web": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": []}},
"Job": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "job", "Image": "nginx"}]}},
"Service": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "Web"}, "ServiceConnectConfiguration": {"LogConfiguration": {
	"LogDriver": "awslogs", "Options": {"awslogs-group": "/x", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}}}}}}}`
	plans, _ := analyze.Read("template.json", []byte(template), analyze.Options{})
	errors := ""
	for _, p := range plans {
		if p.Name == "Job" && (len(p.Requirements) > 0 || p.Err() != nil) {
			t.Errorf("the other task definition has %v and %v", p.Requirements, p.Err())
		}
		for _, f := range p.Findings {
			if f.Rule == "beside" {
				errors += string(f.Severity) + ": " + f.Message
			}
		}
	}
	if want := "error: a service is read beside its task definition, and that could not be read"; errors != want {
		t.Errorf("%q, want %q", errors, want)
	}
}
