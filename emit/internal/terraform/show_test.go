package terraform

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// module is a module of Terraform whose provider needs no account.
type module struct {
	dir, terraform string
	config         map[string]any
}

// newModule returns an empty module, in which terraform has the AWS provider, or skips the test.
func newModule(t *testing.T) *module {
	m := &module{dir: t.TempDir(), terraform: tool.Require(t, "terraform", "https://developer.hashicorp.com/terraform/install")}
	plugins := os.Getenv(tool.TerraformPlugins)
	if plugins == "" {
		t.Skip("the AWS provider is missing: " + tool.TerraformPlugins + " names no folder for terraform init -plugin-dir")
	}
	m.config = map[string]any{
		"terraform": map[string]any{"required_providers": map[string]any{"aws": map[string]any{"source": "hashicorp/aws"}}},
		"provider": map[string]any{"aws": map[string]any{
			"region": "eu-west-1", "access_key": "x", "secret_key": "x",
			"skip_credentials_validation": true, "skip_requesting_account_id": true, "skip_metadata_api_check": true,
		}},
	}
	m.write(t)
	m.run(t, "init", "-backend=false", "-input=false", "-no-color", "-plugin-dir="+plugins)
	return m
}

// write writes the configuration.
func (m *module) write(t *testing.T) {
	src, err := json.Marshal(m.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.dir, "main.tf.json"), src, 0o666); err != nil {
		t.Fatal(err)
	}
}

// run returns what terraform prints to standard output.
func (m *module) run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(m.terraform, args...)
	var stderr strings.Builder
	cmd.Dir, cmd.Stderr = m.dir, &stderr
	out, err := cmd.Output()
	if err != nil && !slices.Contains(args, "validate") {
		t.Fatalf("terraform %s: %v\n%.2000s\n%.2000s", strings.Join(args, " "), err, out, stderr.String())
	}
	return out
}

// snakeCase returns Terraform's name of a member of ECS.
func snakeCase(name string) string {
	switch name {
	case "volumes", "inferenceAccelerators":
		name = strings.TrimSuffix(name, "s")
	case "sizeInGiB":
		return "size_in_gib"
	case "configuredAtLaunch":
		return "configure_at_launch"
	}
	return strings.ToLower(regexp.MustCompile(`[A-Z]`).ReplaceAllString(name, "_$0"))
}

// attributes returns the attributes and blocks that a value of ECS is in Terraform.
func attributes(value any) any {
	switch value := value.(type) {
	case map[string]any:
		block := map[string]any{}
		for name, member := range value {
			switch attribute := snakeCase(name); attribute {
			case "labels", "driver_opts":
				block[attribute] = member
			case "host":
				block["host_path"] = member.(map[string]any)["sourcePath"]
			default:
				block[attribute] = attributes(member)
			}
		}
		return block
	case []any:
		var list []any
		for _, element := range value {
			list = append(list, attributes(element))
		}
		return list
	case string:
		return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(value)
	}
	return value
}

// TestPlanMeansTheSame: of a plan of terraform, execrole requires what it requires of the same task definition in ECS's own
// form. What the provider refuses is left out.
func TestPlanMeansTheSame(t *testing.T) {
	m := newModule(t)
	resources, cases := map[string]any{}, map[string][]byte{}
	for _, c := range golden.Cases(t) {
		var td map[string]any
		if err := json.Unmarshal(c.Input(), &td); err != nil || td["containerDefinitions"] == nil {
			continue
		}
		maps.DeleteFunc(td, func(name string, _ any) bool {
			return slices.Contains([]string{"tags", "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
				"registeredBy", "deregisteredAt", "proxyConfiguration"}, name)
		})
		cases[c.Name], _ = json.Marshal(td)
		containers, _ := json.Marshal(td["containerDefinitions"])
		delete(td, "containerDefinitions")
		resource := attributes(td).(map[string]any)
		resource["container_definitions"] = attributes(string(containers))
		if resource["family"] == nil {
			resource["family"] = "x"
		}
		resources[c.Name] = resource
	}
	m.config["resource"] = map[string]any{"aws_ecs_task_definition": resources}
	m.write(t)
	var validation struct {
		Diagnostics []struct {
			Severity, Summary string
			Snippet           struct{ Context string }
			Address           string
		}
	}
	out := m.run(t, "validate", "-json")
	if err := json.Unmarshal(out, &validation); err != nil {
		t.Fatal(err)
	}
	for _, d := range validation.Diagnostics {
		name := regexp.MustCompile(`resource\.aws_ecs_task_definition\.([\w-]+)`).FindStringSubmatch(d.Snippet.Context)
		if name == nil {
			t.Fatalf("%+v\n%.3000s", d, out)
		}
		t.Logf("%s: %s", name[1], d.Summary)
		delete(resources, name[1])
	}
	m.write(t)
	m.run(t, "plan", "-refresh=false", "-input=false", "-out=plan")
	plans, _ := analyze.Read("plan.json", m.run(t, "show", "-json", "plan"), analyze.Options{})
	for _, plan := range plans {
		name := strings.TrimPrefix(plan.Name, "aws_ecs_task_definition.")
		want, _ := analyze.Read(name, cases[name], analyze.Options{Environment: policy.Environment{Region: "eu-west-1"}})
		if diff := cmp.Diff(requirements(want[0]), requirements(plan)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		delete(resources, name)
	}
	for name := range resources {
		// It has no containers.
		if plan, _ := analyze.Read(name, cases[name], analyze.Options{}); len(plan[0].Requirements) > 0 {
			t.Errorf("%s is not read", name)
		}
	}
	if len(plans) < 200 {
		t.Errorf("only %d plans", len(plans))
	}
}

// requirements returns the lines of a plan that do not depend on places.
func requirements(plan *analyze.Plan) []string {
	return slices.DeleteFunc(golden.Lines(plan), func(line string) bool {
		return !strings.HasPrefix(line, "called ") && !strings.HasPrefix(line, "documented ")
	})
}

// TestPlanOfServices: a service adds what its Service Connect logs to the task definition that it refers to, which a plan
// knows by the reference alone.
func TestPlanOfServices(t *testing.T) {
	m := newModule(t)
	task := func(family string) map[string]any {
		return map[string]any{"family": family, "container_definitions": `[{"name":"app","image":"nginx","memory":64}]`}
	}
	m.config["resource"] = map[string]any{
		"aws_ecs_task_definition": map[string]any{"web": task("web"), "jobs": task("jobs")},
		"aws_ecs_service": map[string]any{"web": map[string]any{
			"name": "web", "task_definition": "${aws_ecs_task_definition.web.arn}",
			"service_connect_configuration": map[string]any{"enabled": true, "log_configuration": map[string]any{
				"log_driver":    "awslogs",
				"options":       map[string]any{"awslogs-group": "/proxy", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"},
				"secret_option": []any{map[string]any{"name": "x", "value_from": "/x"}},
			}},
		}},
	}
	m.write(t)
	m.run(t, "plan", "-refresh=false", "-input=false", "-out=plan")
	plans, err := analyze.Read("plan.json", m.run(t, "show", "-json", "plan"), analyze.Options{})
	if err != nil {
		t.Error(err)
	}
	const logs = "called logs:%s on arn:aws:logs:eu-west-1:${AWS::AccountId}:log-group:/proxy:log-stream:web/ecs-service-connect-*/* (each) for serviceConnectConfiguration.logConfiguration.options.awslogs-group"
	want := map[string][]string{
		"aws_ecs_task_definition.web": {
			fmt.Sprintf(logs, "CreateLogStream"), fmt.Sprintf(logs, "PutLogEvents"),
			"called ssm:GetParameters on arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/x (exact) for serviceConnectConfiguration.logConfiguration.secretOptions x",
		},
		"aws_ecs_task_definition.jobs": nil,
	}
	got := map[string][]string{}
	for _, plan := range plans {
		got[plan.Name] = requirements(plan)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("plans (-want +got):\n%s", diff)
	}
}

// schemaBlock is a block of a provider's schema.
type schemaBlock struct {
	Attributes map[string]struct {
		Type               any
		Optional, Computed bool
	}
	Blocks map[string]struct{ Block schemaBlock } `json:"block_types"`
}

// example returns a value of a block in which each attribute is set, each string by its path. Computed has true for the
// attributes that can be unknown where nobody sets them.
func (b schemaBlock) example(path string) (value, computed map[string]any) {
	value, computed = map[string]any{}, map[string]any{}
	for name, a := range b.Attributes {
		if a.Optional && a.Computed {
			computed[name] = true
		}
		switch kind, _ := json.Marshal(a.Type); string(kind) {
		case `"string"`:
			value[name] = path + name
		case `"number"`:
			value[name] = 1
		case `"bool"`:
			value[name] = true
		case `["map","string"]`:
			value[name] = map[string]any{"k": path + name}
		default:
			value[name] = []any{path + name}
		}
	}
	for name, nested := range b.Blocks {
		inner, unknown := nested.Block.example(path + name + ".")
		value[name], computed[name] = []any{inner}, []any{unknown}
	}
	return value, computed
}

// TestSchema: every attribute of a task definition, and of a job definition, that the provider has is one that ECS, or AWS Batch, has, or is known to be Terraform's
// alone.
func TestSchema(t *testing.T) {
	m := newModule(t)
	var schema struct {
		Providers map[string]struct {
			Resources map[string]struct{ Block schemaBlock } `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(m.run(t, "providers", "schema", "-json"), &schema); err != nil {
		t.Fatal(err)
	}
	resources := schema.Providers["registry.terraform.io/hashicorp/aws"].Resources
	block := resources["aws_ecs_task_definition"].Block
	if len(block.Attributes) == 0 {
		t.Fatal("the provider has no schema of a task definition")
	}
	values, computed := block.example("")
	values["container_definitions"] = `[{"name":"x","image":"x"}]`
	job, _ := resources["aws_batch_job_definition"].Block.example("")
	job["container_properties"], job["ecs_properties"], job["node_properties"], job["eks_properties"] = `{"image":"x"}`, "", "", []any{}
	resource := map[string]any{"address": "a", "mode": "managed", "type": "aws_ecs_task_definition", "values": values}
	read := func(plan map[string]any) (strings []string) {
		plan["format_version"] = "1.0"
		src, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		tds, problems := taskdef.Read("x", src, taskdef.Options{})
		if len(tds) != 1 {
			t.Fatal(problems)
		}
		r := tds[0].Reader()
		for v := range r.Root().Strings() {
			text, _ := v.Text()
			strings = append(strings, text.String())
		}
		for _, message := range r.Unknown() {
			t.Error(message)
		}
		for _, p := range append(problems, r.Problems()...) {
			t.Error(p.At, p.Message)
		}
		return strings
	}
	state := func(kind string, values any) map[string]any {
		resource := map[string]any{"address": "a", "mode": "managed", "type": kind, "values": values}
		return map[string]any{"values": map[string]any{"root_module": map[string]any{"resources": []any{resource}}}}
	}
	if got := read(state("aws_batch_job_definition", job)); !slices.Contains(got, "platform_capabilities") || !slices.Contains(got, "name") {
		t.Errorf("of a job definition, this is read: %q", got)
	}
	got := read(state("aws_ecs_task_definition", values))
	for _, name := range []string{"arn", "family", "volume.fsx_windows_file_server_volume_configuration.authorization_config.credentials_parameter", "tags"} {
		if !slices.Contains(got, name) {
			t.Errorf("%s is not read: %q", name, got)
		}
	}
	// All that the provider has, apart from these.
	var all func(value any)
	all = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for _, v := range value {
				all(v)
			}
		case []any:
			for _, v := range value {
				all(v)
			}
		case string:
			if !slices.Contains(got, value) && !slices.Contains([]string{"id", "arn_without_revision", "tags_all", "region"}, value) {
				t.Errorf("the attribute %s is not read", value)
			}
		}
	}
	delete(values, "container_definitions")
	all(values)

	// In a plan, nothing that nobody set is unknown.
	resource["values"] = map[string]any{"container_definitions": `[{"name":"x","image":"x"}]`}
	got = read(map[string]any{
		"planned_values":   map[string]any{"root_module": map[string]any{"resources": []any{resource}}},
		"resource_changes": []any{map[string]any{"address": "a", "change": map[string]any{"after_unknown": computed}}},
	})
	if want := []string{"x", "x"}; !slices.Equal(got, want) {
		t.Errorf("of a plan in which only the computed attributes are unknown: %q", got)
	}
}
