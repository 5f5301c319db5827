package taskdef

import "testing"

// TestNone: in a folder, a document that is no task definition is skipped, and a broken task definition is an error. So the
// reader has to know which of the two it has.
func TestNone(t *testing.T) {
	for _, c := range []struct {
		file, src string
		none      bool
	}{
		{"package.json", `{"name": "image"}`, true},
		{"list.json", `[]`, true},
		{"number.json", `5`, true},
		{"tsconfig.json", "{\n  // image\n}", true},
		{"stack.yaml", "Resources: {B: {Type: AWS::S3::Bucket}}", true},
		{"model.json", `{"members": {"containerDefinitions": {"shape": "image"}}}`, true},
		{"README.md", "# It reads `\"containerDefinitions\": [` and\n\t- image: x: y\n", true},
		{"main.go", "package main\n\nvar x = `{\"containerDefinitions\": [`\n", true},
		{".gitlab-ci.yml", "image: node:18\nstages: [build]\nbuild: {script: [make]}\n", true},
		{"bitbucket-pipelines.yml", "image: node:18\npipelines: {default: []}\n", true},
		{"broken.json", `{"containerDefinitions": [{"image": "x",]}`, false},
		{"broken", `{"containerDefinitions": [{"image": "x",]}`, false},
		{"broken.yaml", "containerDefinitions:\n- image: @x\n", false},
		{"broken.YML", "ContainerDefinitions:\n- Image: @x\n", false},
		{"null.json", `{"containerDefinitions": null}`, false},
		{"empty.json", `{"containerDefinitions": []}`, false},
		{"wrapped.json", `{"taskDefinition": {"containerDefinitions": 1}}`, false},
		{"stack.json", `{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition"}}}`, false},
	} {
		tds, problems := Read(c.file, []byte(c.src), Options{})
		if tds != nil || len(problems) == 0 {
			t.Fatalf("%s: %d task definitions, %v", c.file, len(tds), problems)
		}
		if problems[0].None != c.none {
			t.Errorf("%s: none is %v: %s", c.file, problems[0].None, problems[0].Message)
		}
		if !c.none && !MayHold([]byte(c.src)) && c.file != "stack.json" {
			t.Errorf("%s is not looked at", c.file)
		}
	}
	for src, want := range map[string]bool{
		"": false, "{}": false, `{"Image": 1}`: true, "image: x": true, `{"containerDefinitions": [{"name": "a"}]}`: true,
		`resource "aws_ecs_task_definition" "a" { container_definitions = file("a.json") }`: true, "\xff\xfe{\x00": true, "\x00{": true,
	} {
		if MayHold([]byte(src)) != want {
			t.Errorf("MayHold(%q) is %v", src, !want)
		}
	}
}
