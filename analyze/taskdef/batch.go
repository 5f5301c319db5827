package taskdef

import (
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Members of a job definition of AWS Batch, of its tasks and of their containers. Of a job with containerProperties, these
// are both the task and its only container.
//
// Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_RegisterJobDefinition.html, API_JobDefinition.html,
// API_ContainerProperties.html, API_EcsTaskProperties.html and API_TaskContainerProperties.html there, and
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-batch-jobdefinition.html
var (
	batchJob = memberNames{
		read: []memberName{
			{"jobDefinitionName", "family"}, {"jobDefinitionArn", "taskDefinitionArn"},
			{"platformCapabilities", "requiresCompatibilities"},
		},
		ignored: []string{
			"containerProperties", "ecsProperties", "nodeProperties", "eksProperties",
			"consumableResourceProperties", "containerOrchestrationType", "parameters", "propagateTags",
			"resourceRetentionPolicy", "retryStrategy", "revision", "schedulingPriority", "status", "tags",
			"timeout", "type",
		},
	}
	batchTask = memberNames{
		read: []memberName{
			{"executionRoleArn", "executionRoleArn"}, {"volumes", "volumes"},
			{"runtimePlatform", "runtimePlatform"},
		},
		ignored: []string{"enableExecuteCommand", "ephemeralStorage", "networkConfiguration"},
	}
	// A task of containerProperties has these too, and one of ecsProperties those in the next list.
	batchSingleTask = memberNames{
		read:    []memberName{{"jobRoleArn", "taskRoleArn"}},
		ignored: []string{"fargatePlatformConfiguration", "instanceType", "memory", "vcpus"},
	}
	batchTaskOfMany = memberNames{
		read:    []memberName{{"taskRoleArn", "taskRoleArn"}},
		ignored: []string{"containers", "ipcMode", "pidMode", "platformVersion"},
	}
	batchContainer = memberNames{
		read: []memberName{
			{"image", "image"}, {"secrets", "secrets"}, {"logConfiguration", "logConfiguration"},
			{"repositoryCredentials", "repositoryCredentials"}, {"environment", "environment"},
		},
		ignored: []string{
			"command", "linuxParameters", "mountPoints", "privileged", "readonlyRootFilesystem",
			"resourceRequirements", "ulimits", "user",
		},
	}
	batchContainerOfMany = memberNames{
		read:    []memberName{{"name", "name"}, {"firelensConfiguration", "firelensConfiguration"}},
		ignored: []string{"dependsOn", "essential", "startTimeout", "stopTimeout"},
	}
)

// batchName is that of the container of a job with containerProperties, in the names of its log streams.
//
// Source: https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html
const batchName = "default"

// isBatch reports whether an object is a job definition of AWS Batch.
func isBatch(n *tree.Node) bool {
	for _, name := range []string{"containerProperties", "ecsProperties", "nodeProperties", "eksProperties"} {
		if n.MemberFold(name) != nil {
			return true
		}
	}
	return n.MemberFold("jobDefinitionName") != nil && n.MemberFold("type") != nil
}

// batchTaskNode is an object of a job definition that has an execution role.
type batchTaskNode struct {
	*tree.Node
	field      string // of the object
	containers bool   // it has a list of containers, and is none itself
}

// batch takes a job definition of AWS Batch: tasks that have the same execution role are one task definition.
func (f *finder) batch(n *tree.Node, form Form, pointers map[int]string, name string) {
	form.Subject = Batch
	tasks, kubernetes := batchTasks(n)
	if len(tasks) == 0 {
		if kubernetes == nil {
			f.fail(n.Start, "the job definition has none of containerProperties, ecsProperties and nodeProperties with containers in them")
			return
		}
		f.problems = append(f.problems, Problem{Kind: f.kind, Note: true, At: Ref{Place: place(f.doc, f.form, kubernetes.NameStart)},
			Message: "the job definition runs on Amazon EKS, where there is no task execution role: the nodes pull its images"})
		return
	}
	for _, group := range byRole(f, tasks, func(t batchTaskNode) *tree.Node { return t.Node }) {
		a := f.assemble(form, pointers)
		a.part.Name = name
		root := tree.Node{Kind: tree.Object}
		a.take(n, "AWS Batch", destination{to: &root, names: batchJob})
		var containers []tree.Node
		for _, task := range group {
			a.part.RoleAt = append(a.part.RoleAt, a.pointer(task.Node))
			own := destination{to: &root, names: batchTask, prefix: task.field}
			if !task.containers {
				c := a.made(tree.Object, task.Node, "")
				c.Children = []tree.Node{a.text(task.Node, "name", batchName)}
				a.take(task.Node, "AWS Batch", destination{to: &c, names: batchContainer}, own,
					destination{to: &root, names: batchSingleTask, prefix: task.field})
				containers = append(containers, c)
				continue
			}
			a.take(task.Node, "AWS Batch", own, destination{to: &root, names: batchTaskOfMany, prefix: task.field})
			for _, c := range elements(task.MemberFold("containers")) {
				containers = append(containers, a.each(c, "", func(n *tree.Node) tree.Node {
					c := a.made(tree.Object, n, "")
					a.take(n, "AWS Batch", destination{to: &c, names: batchContainer}, destination{to: &c, names: batchContainerOfMany})
					return c
				}))
			}
		}
		if len(containers) == 0 {
			f.fail(n.Start, "the job definition has no containers")
			continue
		}
		// Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_RegisterJobDefinition.html, platformCapabilities
		a.launchType(&root, n, "EC2")
		a.finish(n, root.Children, containers)
	}
}

// batchTasks returns the tasks of a job definition, and the member that makes it one of Kubernetes.
func batchTasks(n *tree.Node) (tasks []batchTaskNode, kubernetes *tree.Node) {
	add := func(in *tree.Node, single, field string) {
		if m := in.MemberFold(single); m != nil {
			for task := range objects(m) {
				tasks = append(tasks, batchTaskNode{task, field + single, false})
			}
		}
		if m := in.MemberFold("ecsProperties"); m != nil {
			for properties := range objects(m) {
				if list := properties.MemberFold("taskProperties"); list != nil {
					for task := range objects(list) {
						tasks = append(tasks, batchTaskNode{task, field + "ecsProperties.taskProperties", true})
					}
				}
			}
		}
		if m := in.MemberFold("eksProperties"); m != nil && m.Kind != tree.Null {
			kubernetes = m
		}
	}
	add(n, "containerProperties", "")
	if nodes := n.MemberFold("nodeProperties"); nodes != nil {
		for properties := range objects(nodes) {
			if ranges := properties.MemberFold("nodeRangeProperties"); ranges != nil {
				for r := range objects(ranges) {
					add(r, "container", "nodeProperties.nodeRangeProperties.")
				}
			}
		}
	}
	return tasks, kubernetes
}

// elements returns those of a list, of an object in the place of one, or of each that a conditional can be.
func elements(list *tree.Node) (nodes []*tree.Node) {
	if list == nil {
		return nil
	}
	for branch := range list.Branches() {
		switch branch.Kind {
		case tree.Object:
			nodes = append(nodes, branch)
		case tree.List:
			for i := range branch.Children {
				nodes = append(nodes, &branch.Children[i])
			}
		}
	}
	return nodes
}

// visible returns a text of the document as messages show it.
func visible(text string) string { return policy.Text(text).String() }
