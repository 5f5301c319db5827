package taskdef

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// isDaemon reports whether an object with the member containerDefinitions is a daemon task definition: the output of aws
// ecs describe-daemon-task-definition, or the input of register-daemon-task-definition, as far as that differs from a
// task definition's.
func isDaemon(n *tree.Node) bool {
	volumes := n.MemberFold("volumes")
	return n.MemberFold("daemonTaskDefinitionArn") != nil || n.Name == "daemonTaskDefinition" ||
		volumes != nil && slices.ContainsFunc(volumes.Children, func(v tree.Node) bool { return v.MemberFold(logDriverVolume) != nil })
}

// logDriverVolume is a member of a daemon's volume. Its volume is on the instance, and no permission depends on it.
const logDriverVolume = "logDriverVolumeConfiguration"

// daemon takes a daemon task definition. Daemons run on Managed Instances alone.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterDaemonTaskDefinition.html,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateDaemon.html
func (f *finder) daemon(n, containers *tree.Node, form Form, pointers map[int]string, name string) {
	form.Subject = Daemon
	a := f.assemble(form, pointers)
	a.part.Name, a.part.RoleAt = name, []string{a.pointer(n)}
	root := a.made(tree.Object, n, "")
	for i := range n.Children {
		kid := &n.Children[i]
		if strings.EqualFold(kid.Name, "daemonTaskDefinitionArn") {
			root.Children = append(root.Children, a.moved(kid, "taskDefinitionArn", "daemonTaskDefinitionArn"))
			continue
		}
		if kid.Name == "volumes" || kid.Name == "Volumes" {
			for volume := range objects(kid) {
				volume.Children = slices.DeleteFunc(volume.Children, func(m tree.Node) bool { return strings.EqualFold(m.Name, logDriverVolume) })
			}
		}
		root.Children = append(root.Children, a.moved(kid, kid.Name, ""))
	}
	a.launchType(&root, n, "MANAGED_INSTANCES")
	a.part.Root = &root
	f.oneOf(containers, a.part)
}
