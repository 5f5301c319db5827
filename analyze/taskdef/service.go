package taskdef

import (
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// overrideMembers are those of a container in the overrides of a task.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
var (
	taskOverride = memberNames{
		read:    []memberName{{"executionRoleArn", "executionRoleArn"}, {"taskRoleArn", "taskRoleArn"}},
		ignored: []string{"containerOverrides", "cpu", "memory", "ephemeralStorage", "inferenceAcceleratorOverrides"},
	}
	containerOverride = memberNames{
		read:    []memberName{{"name", "name"}, {"environmentFiles", "environmentFiles"}, {"environment", "environment"}},
		ignored: []string{"command", "cpu", "memory", "memoryReservation", "resourceRequirements"},
	}
)

// beside takes a document that is read beside a task definition: a service, or a run of a task. It reports whether it is
// one. Other tools have members of these names too, such as the tasks of an editor or the overrides of npm.
func (f *finder) beside(n *tree.Node) bool {
	if n.MemberFold("jobQueue") != nil {
		return false // a run of AWS Batch, which changes nothing that needs a permission
	}
	for _, list := range []string{"services", "service", "serviceRevisions", "tasks"} {
		if m := n.MemberFold(list); m != nil && f.besides(m) {
			return true
		}
	}
	switch {
	case isService(n):
		f.serviceAlone(n)
	case isRun(n):
		f.run(n)
	default:
		return false
	}
	return true
}

// besides takes a list of services or of tasks, or one of them. It reports whether there are any.
func (f *finder) besides(list *tree.Node) bool {
	found := false
	for n := range objects(list) {
		switch {
		case isService(n):
			f.serviceAlone(n)
		case isRun(n):
			f.run(n)
		default:
			continue
		}
		found = true
	}
	return found
}

// isService reports whether an object is a service, as somebody creates or updates one, or as it is described.
func isService(n *tree.Node) bool {
	if n.MemberFold("serviceConnectConfiguration") != nil {
		return true
	}
	if !isString(n.MemberFold("taskDefinition")) {
		return false
	}
	for _, name := range []string{"serviceName", "service", "desiredCount", "deployments", "serviceArn"} {
		if n.MemberFold(name) != nil {
			return true
		}
	}
	return false
}

// isRun reports whether an object is the input of RunTask or StartTask, a task that runs, or the overrides of one.
func isRun(n *tree.Node) bool {
	overrides := n.MemberFold("overrides")
	return isString(n.MemberFold("taskDefinition")) || n.MemberFold("containerOverrides") != nil ||
		overrides != nil && (isString(n.MemberFold("taskDefinitionArn")) || overrides.MemberFold("containerOverrides") != nil || overrides.MemberFold("executionRoleArn") != nil)
}

func isString(n *tree.Node) bool { return n != nil && n.Kind == tree.String }

// serviceAlone takes a service that is not in a template.
func (f *finder) serviceAlone(n *tree.Node) { f.service(n, f.form, nil) }

// service takes a service: the input of aws ecs create-service or update-service, or one in what describe-services prints,
// where the deployments have the configuration of Service Connect.
func (f *finder) service(n *tree.Node, form Form, pointers map[int]string) {
	form.Subject = Service
	taken := false
	add := func(at *tree.Node, field string) {
		connect := at.MemberFold("serviceConnectConfiguration")
		if connect == nil && (at != n || taken) {
			return
		}
		taken = true
		a := f.assemble(form, pointers)
		var containers []tree.Node
		if connect != nil {
			for c := range objects(connect) {
				containers = append(containers, a.serviceConnect(c, field)...)
			}
		}
		members := f.taskDefinitionOf(a, at, n)
		for _, from := range []*tree.Node{at, n} {
			if launchType := from.MemberFold("launchType"); launchType != nil && launchType.Kind == tree.String {
				list := a.made(tree.List, launchType, "requiresCompatibilities")
				list.Children = []tree.Node{a.moved(launchType, "", "launchType")}
				members = append(members, list)
				break
			}
		}
		a.finish(at, members, containers)
	}
	if deployments := n.MemberFold("deployments"); deployments != nil {
		for d := range objects(deployments) {
			add(d, "deployments.")
		}
	}
	add(n, "")
}

// serviceConnect makes a container of the configuration of Service Connect, with what ECS logs of its proxy.
func (a *assembly) serviceConnect(n *tree.Node, field string) []tree.Node {
	logs := n.MemberFold("logConfiguration")
	if logs == nil || logs.Kind == tree.Null {
		return nil
	}
	if enabled := n.MemberFold("enabled"); enabled != nil && enabled.Text == "false" {
		at := place(a.f.doc, a.f.form, logs.Start)
		at.Pointer = a.pointer(logs)
		a.f.problems = append(a.f.problems, Problem{Kind: Schema, Note: true, At: Ref{Place: at},
			Message: "Service Connect is not enabled here, and so its log configuration needs no permission"})
		return nil
	}
	c := a.made(tree.Object, n, "")
	c.Children = []tree.Node{a.moved(logs, "logConfiguration", field+"serviceConnectConfiguration.logConfiguration")}
	return []tree.Node{c}
}

// run takes the input of aws ecs run-task or start-task, one task of what describe-tasks prints, or overrides alone.
func (f *finder) run(n *tree.Node) {
	form := f.form
	form.Subject = Run
	a := f.assemble(form, nil)
	root := tree.Node{Kind: tree.Object, Children: f.taskDefinitionOf(a, n, n)}
	overrides, prefix := n.MemberFold("overrides"), "overrides."
	if overrides == nil {
		overrides, prefix = n, ""
	}
	var containers []tree.Node
	for o := range objects(overrides) {
		if o != n || n.MemberFold("containerOverrides") != nil {
			a.take(o, "ECS", destination{to: &root, names: taskOverride, prefix: strings.TrimSuffix(prefix, ".")})
		}
		for _, c := range elements(o.MemberFold("containerOverrides")) {
			containers = append(containers, a.each(c, "", func(n *tree.Node) tree.Node {
				c := a.made(tree.Object, n, "")
				a.take(n, "an override", destination{to: &c, names: containerOverride})
				for i := range c.Children {
					if kid := &c.Children[i]; kid.Name == "environmentFiles" {
						a.part.Fields[kid.ID] = prefix + "containerOverrides.environmentFiles"
					}
				}
				return c
			}))
		}
	}
	a.finish(n, root.Children, containers)
}

// taskDefinitionOf returns the member that names the task definition beside which something is read: its own, or that of
// what has it.
func (f *finder) taskDefinitionOf(a *assembly, n, outer *tree.Node) []tree.Node {
	for _, at := range []*tree.Node{n, outer} {
		for _, name := range []string{"taskDefinition", "taskDefinitionArn"} {
			if m := at.MemberFold(name); m != nil && m.Kind == tree.String {
				return []tree.Node{a.moved(m, "taskDefinitionArn", name)}
			}
		}
	}
	return nil
}
