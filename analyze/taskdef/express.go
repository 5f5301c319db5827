package taskdef

import (
	"github.com/execrole/execrole/analyze/tree"
)

// Members of an Express service. Source: CreateExpressGatewayService, UpdateExpressGatewayService and
// ExpressGatewayServiceConfiguration in the API reference of ECS, and
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-expressgatewayservice.html
var (
	expressService = memberNames{
		read: []memberName{
			{"executionRoleArn", "executionRoleArn"}, {"taskRoleArn", "taskRoleArn"},
			{"taskDefinitionArn", "taskDefinitionArn"}, {"serviceName", "family"},
		},
		ignored: []string{
			"cluster", "infrastructureRoleArn", "cpu", "cpuArchitecture", "memory", "healthCheckPath",
			"networkConfiguration", "primaryContainer", "scalingTarget", "tags", "serviceArn", "status",
			"createdAt", "updatedAt", "activeConfigurations", "targetConfiguration", "currentDeployment",
			"serviceRevisionArn", "ingressPaths",
		},
	}
	expressContainer = memberNames{
		read: []memberName{
			{"image", "image"}, {"secrets", "secrets"}, {"repositoryCredentials", "repositoryCredentials"},
			{"environment", "environment"},
		},
		ignored: []string{"awsLogsConfiguration", "command", "containerPort"},
	}
	expressLogs = memberNames{
		read: []memberName{{"logGroup", "awslogs-group"}, {"logStreamPrefix", "awslogs-stream-prefix"}},
	}
)

// expressName is that of the container. A task definition that somebody makes for an Express service has to use it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateExpressGatewayService.html, taskDefinitionArn
const expressName = "Main"

// expressConfigurations returns the objects that configure the tasks of an Express service: the input of
// create-express-gateway-service itself, or those in the output of describe-express-gateway-service.
func expressConfigurations(n *tree.Node) (list []*tree.Node) {
	for _, name := range []string{"activeConfigurations", "targetConfiguration"} {
		if m := n.MemberFold(name); m != nil {
			for configuration := range objects(m) {
				list = append(list, configuration)
			}
		}
	}
	if list == nil && (n.MemberFold("primaryContainer") != nil || n.MemberFold("infrastructureRoleArn") != nil && n.MemberFold("taskDefinitionArn") != nil) {
		list = []*tree.Node{n}
	}
	return list
}

// express takes an Express service: configurations that have the same execution role are one task definition.
func (f *finder) express(n *tree.Node, configurations []*tree.Node, form Form, pointers map[int]string, name string) {
	form.Subject = Express
	for _, group := range byRole(f, configurations, func(c *tree.Node) *tree.Node { return c }) {
		a := f.assemble(form, pointers)
		a.part.Name = name
		var root tree.Node
		root.Kind = tree.Object
		var containers []tree.Node
		a.take(n, "an Express service", destination{to: &root, names: expressService})
		if cluster := n.MemberFold("cluster"); cluster != nil {
			a.part.Others = map[string]*tree.Node{"cluster": cluster}
		}
		for _, c := range group {
			a.part.RoleAt = append(a.part.RoleAt, a.pointer(c))
			if c != n {
				a.take(c, "an Express service", destination{to: &root, names: expressService})
			}
			container := c.MemberFold("primaryContainer")
			if container == nil || container.Kind == tree.Null {
				advice := "pass its task definition, as aws ecs describe-task-definition prints it"
				if arn := c.MemberFold("taskDefinitionArn"); arn != nil && arn.Kind == tree.String {
					advice = "its task definition is your own: pass what aws ecs describe-task-definition --task-definition " + visible(arn.Text) + " prints"
				}
				f.fail(c.Start, "the Express service has no primaryContainer; %s", advice)
				continue
			}
			if container.Kind != tree.Object && container.Kind != tree.Choice {
				f.fail(container.Start, "primaryContainer is %s: it has to be an object", container.Kind)
				continue
			}
			containers = append(containers, a.each(container, "", a.expressContainer))
		}
		if len(containers) > 0 {
			a.launchType(&root, n, "FARGATE")
			a.finish(n, root.Children, containers)
		}
	}
}

// expressContainer makes a container definition of the primary container.
func (a *assembly) expressContainer(n *tree.Node) tree.Node {
	c := a.made(tree.Object, n, "")
	c.Children = []tree.Node{a.text(n, "name", expressName)}
	a.take(n, "the container of an Express service", destination{to: &c, names: expressContainer})
	if logs := n.MemberFold("awsLogsConfiguration"); logs != nil && logs.Kind != tree.Null {
		c.Children = append(c.Children, a.each(logs, "logConfiguration", func(n *tree.Node) tree.Node {
			config := a.made(tree.Object, n, "")
			options := a.made(tree.Object, n, "options")
			a.take(n, "awsLogsConfiguration", destination{to: &options, names: expressLogs, prefix: "awsLogsConfiguration"})
			a.part.Fields[options.ID] = "awsLogsConfiguration"
			config.Children = []tree.Node{a.text(n, "logDriver", "awslogs"), options}
			return config
		}))
	}
	return c
}
