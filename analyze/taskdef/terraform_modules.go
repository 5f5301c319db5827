package taskdef

import (
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/terraform"
	"github.com/execrole/execrole/analyze/tree"
)

// Modules of others are not in the source that is read. Of some it is known what they make of their arguments.

// containerModules make a container definition of their arguments.
//
// Source: https://registry.terraform.io/modules/cloudposse/ecs-container-definition/aws
var containerModules = []terraform.KnownModule{{
	Source: "cloudposse/ecs-container-definition/aws",
	Members: []terraform.KnownMember{
		{Argument: "container_name", Member: "name"}, {Argument: "container_image", Member: "image"}, {Argument: "repository_credentials", Member: "repositoryCredentials"},
		{Argument: "environment_files", Member: "environmentFiles"}, {Argument: "secrets", Member: "secrets"}, {Argument: "map_secrets", Member: "secrets", Value: "valueFrom"},
		{Argument: "environment", Member: "environment"}, {Argument: "map_environment", Member: "environment", Value: "value"},
		{Argument: "log_configuration", Member: "logConfiguration"}, {Argument: "firelens_configuration", Member: "firelensConfiguration"},
	},
	Overrides: "container_definition",
	Objects:   []string{"json_map_object", "sensitive_json_map_object"},
	Encoded:   []string{"json_map_encoded", "sensitive_json_map_encoded"},
	Lists:     []string{"json_map_encoded_list", "sensitive_json_map_encoded_list"},
}}

// albServiceTask is the type of a call of cloudposse's module of a service: its task definition has the containers of an
// argument.
//
// Source: https://registry.terraform.io/modules/cloudposse/ecs-alb-service-task/aws
const (
	albServiceTask   = "cloudposse/ecs-alb-service-task"
	albServiceSource = "cloudposse/ecs-alb-service-task/aws"
	albServiceNote   = "the module cloudposse/ecs-alb-service-task makes an execution role of its own, unless task_exec_role_arn names one: give it this role there, or this policy in task_exec_policy_arns_map"
)

// awsService is the type of a call of the module of a service in terraform-aws-modules.
//
// Source: https://registry.terraform.io/modules/terraform-aws-modules/ecs/aws/latest/submodules/service
const (
	awsService       = "terraform-aws-modules/ecs service"
	awsServiceSource = "terraform-aws-modules/ecs/aws//modules/service"
	awsServiceNote   = "the module terraform-aws-modules/ecs makes an execution role of its own: give it this role in task_exec_iam_role_arn, with create_task_exec_iam_role = false, or what is read in task_exec_secret_arns, task_exec_ssm_param_arns and task_exec_iam_statements"
)

// awsServiceRole says what is known of the execution role of the module.
const awsServiceRole = "it makes the execution role itself: task_exec_secret_arns, task_exec_ssm_param_arns and task_exec_iam_statements say what the role may read"

// taskModules are modules of others, by a part of the source that the registry has for them; the first that fits counts. Role says
// what is known of the execution role of their task definition; "" for a module that has no task definition. If there is an
// argument, the module has a task definition only where that argument is given: without services, terraform-aws-modules/ecs makes
// only a cluster.
//
// Source: https://registry.terraform.io/modules/terraform-aws-modules/ecs/aws, https://registry.terraform.io/namespaces/cloudposse
var taskModules = [...]struct{ source, argument, role string }{
	{awsServiceSource, "", awsServiceRole},
	{"terraform-aws-modules/ecs/aws//", "", ""},
	{"terraform-aws-modules/ecs/aws", "services", awsServiceRole},
	{"cloudposse/ecs-web-app/aws", "", "it makes the execution role itself"},
}

// quietMembers are members of a task definition on which no permission depends, with the names that Terraform has for them.
var quietMembers = []string{
	"environment", "map_environment", "command", "entryPoint", "entrypoint", "portMappings", "port_mappings", "mountPoints", "mount_points", "volumesFrom", "volumes_from",
	"links", "dependsOn", "container_depends_on", "dnsServers", "dnsSearchDomains", "extraHosts", "dockerLabels", "docker_labels", "ulimits", "healthCheck", "healthcheck",
	"linuxParameters", "linux_parameters", "systemControls", "resourceRequirements", "cpu", "memory", "memoryReservation", "user", "workingDirectory", "hostname", "essential",
	"readonlyRootFilesystem", "stopTimeout", "startTimeout", "tags", "placement_constraints", "runtime_platform", "ephemeral_storage", "proxy_configuration", "network_mode",
	"ipc_mode", "pid_mode", "task_role_arn", "task_cpu", "task_memory",
}

// requiredMembers are members without which ECS refuses a task definition.
var requiredMembers = []string{"image", "valueFrom", "credentialsParameter"}

// sourceOptions returns how to read source.
func sourceOptions(name, within string, opts Options) terraform.Options {
	return terraform.Options{Name: name, Within: within, Set: valuesOf(opts.Set), NullsOpen: opts.NullsOpen, Required: requiredMembers, Quiet: quietMembers, Known: containerModules, Calls: []string{albServiceSource, awsServiceSource}}
}

// moduleCalls returns the calls of modules of others whose task definition is known by their arguments. It says which other
// modules have task definitions.
func (f *finder) moduleCalls(m Module, calls []terraform.Call) (known []terraform.Resource) {
	for _, call := range calls {
		switch {
		case strings.Contains(call.Registry, albServiceSource):
			call.Type = albServiceTask
			known = append(known, call.Resource)
			continue
		case strings.Contains(call.Registry, awsServiceSource) && isContainerMap(call.Values.Member("container_definitions")):
			call.Type = awsService
			known = append(known, call.Resource)
			continue
		}
		i := slices.IndexFunc(taskModules[:], func(t struct{ source, argument, role string }) bool { return strings.Contains(call.Registry, t.source) })
		if i < 0 || taskModules[i].role == "" || m.File != "" && call.File != m.File {
			continue
		}
		if argument := taskModules[i].argument; argument != "" && !slices.Contains(call.Arguments, argument) {
			continue
		}
		f.broken = true
		f.fail(call.At, "%s is the module %s, whose task definition is not in this source; %s. After an apply, run: terraform show -json | execrole -f terraform -",
			call.Address, call.Source, taskModules[i].role)
	}
	return known
}

// albServiceTask gives the arguments of the module the names that a task definition has in Terraform, and leaves out what is
// the service's.
func (t *terraformJSON) albServiceTask(values *tree.Node) {
	names := map[string]string{
		"container_definition_json": "container_definitions", "task_cpu": "cpu", "task_memory": "memory", "network_mode": "network_mode",
		"task_exec_role_arn": "execution_role_arn", "fsx_volumes": "volume", "docker_volumes": "volume", "bind_mount_volumes": "volume", "efs_volumes": "volume",
	}
	var kept []tree.Node
	for _, kid := range values.Children {
		name := names[kid.Name]
		switch {
		case name == "":
			continue
		case name == "volume" && (kid.Kind == tree.Null || kid.Kind == tree.List && len(kid.Children) == 0):
			continue
		case name == "volume" && slices.ContainsFunc(kept, func(n tree.Node) bool { return n.Name == name }):
			i := slices.IndexFunc(kept, func(n tree.Node) bool { return n.Name == name })
			kept[i].Children = append(kept[i].Children, kid.Children...)
			continue
		}
		kid.Name = name
		kept = append(kept, kid)
	}
	values.Children = kept
	values.Adopt()
}

// isContainerMap reports whether a value has a container definition for each name.
func isContainerMap(n *tree.Node) bool {
	return n != nil && n.Kind == tree.Object && !slices.ContainsFunc(n.Children, func(kid tree.Node) bool { return kid.Kind != tree.Object })
}

// awsService gives the arguments of the module the names that a task definition has in Terraform. It adds what the module
// adds: the name of a container, and the log group that the module makes.
func (t *terraformJSON) awsService(values *tree.Node) {
	names := map[string]string{
		"container_definitions": "container_definitions", "task_exec_iam_role_arn": "execution_role_arn", "requires_compatibilities": "requires_compatibilities",
		"family": "family", "volume": "volume",
	}
	service := ""
	if n := values.Member("name"); n != nil && (n.Kind == tree.String || n.Kind == tree.Placeholder) {
		service = "/" + n.Text
	}
	var kept []tree.Node
	for _, kid := range values.Children {
		if kid.Name = names[kid.Name]; kid.Name == "" {
			continue
		}
		if (kid.Name == "container_definitions" || kid.Name == "volume") && kid.Kind == tree.Object {
			kid.Kind = tree.List
			for i := range kid.Children {
				element := &kid.Children[i]
				if name := element.Name; element.Kind == tree.Object && element.Member("name") == nil {
					n := t.text(element, "name", name)
					n.Start, n.End, n.NameStart = element.NameStart, element.NameStart, element.NameStart
					element.Children = append(element.Children, n)
				}
				if kid.Name == "container_definitions" {
					t.awsContainer(element, service)
				}
				element.Name, element.Index = "", i
			}
		}
		kept = append(kept, kid)
	}
	values.Children = kept
	values.Adopt()
	if containers := values.Member("container_definitions"); containers != nil {
		at := containers.Pointer()
		for i := range containers.Children {
			t.attributes(&containers.Children[i], nil, schemaRoot.member("containerDefinitions").element, at+"/"+strconv.Itoa(i))
		}
	}
}

// text returns a string that the source does not have, in the place of a node.
func (t *terraformJSON) text(at *tree.Node, name, text string) tree.Node {
	n := t.f.doc.NewNode(tree.String, at, name)
	n.Text = text
	return n
}

// ownOfContainers are arguments of a container of the module that ECS does not have.
var ownOfContainers = [...]string{
	"create", "enable_cloudwatch_logging", "create_cloudwatch_log_group", "cloudwatch_log_group_name", "cloudwatch_log_group_use_name_prefix",
	"cloudwatch_log_group_retention_in_days", "cloudwatch_log_group_kms_key_id", "cloudwatch_log_group_class", "enable_execute_command",
	"operating_system_family", "tags", "service",
}

// awsContainer adds to a container the log configuration that the module gives it, where it says nothing else.
func (t *terraformJSON) awsContainer(c *tree.Node, service string) {
	group := "/aws/ecs" + service + "/" + c.Name
	if n := c.Member("cloudwatch_log_group_name"); n != nil && n.Kind == tree.String && n.Text != "" {
		group = n.Text
	}
	isFalse := func(name string) bool { return textOf(c, name) == "false" }
	logs := !isFalse("enable_cloudwatch_logging") && !isFalse("create_cloudwatch_log_group")
	c.Children = slices.DeleteFunc(c.Children, func(n tree.Node) bool { return slices.Contains(ownOfContainers[:], n.Name) })
	if !logs {
		return
	}
	i := slices.IndexFunc(c.Children, func(n tree.Node) bool { return n.Name == "log_configuration" || n.Name == "logConfiguration" })
	if i < 0 || c.Children[i].Kind == tree.Null {
		config := t.f.doc.NewNode(tree.Object, c, "logConfiguration")
		c.Children = append(slices.DeleteFunc(c.Children, func(n tree.Node) bool { return n.Name == "log_configuration" || n.Name == "logConfiguration" }), config)
		i = len(c.Children) - 1
	}
	config := &c.Children[i]
	if config.Kind != tree.Object {
		return
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { m := config.Member(name); return m != nil && m.Kind != tree.Null })
	}
	if !has("logDriver", "log_driver") {
		config.Children = append(config.Children, t.text(config, "logDriver", "awslogs"))
	}
	if !has("options") {
		options := t.f.doc.NewNode(tree.Object, config, "options")
		options.Children = []tree.Node{
			t.text(config, "awslogs-group", group), t.text(config, "awslogs-region", string(policy.Of(policy.Region))), t.text(config, "awslogs-stream-prefix", "ecs"),
		}
		config.Children = append(config.Children, options)
	}
}
