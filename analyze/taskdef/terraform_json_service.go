package taskdef

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// serviceAttributes are the attributes of a service that permissions depend on, by the names that they have in ECS. The log
// configuration of Service Connect has the shape of a container's.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_service
var serviceAttributes = schema{kind: structure, members: []member{
	{"launchType", &schemaString},
	{"serviceConnectConfiguration", &schema{kind: structure, members: []member{
		{"enabled", &schemaBoxedBoolean},
		{"logConfiguration", &schemaLogConfiguration},
	}}},
	{"taskDefinition", &schemaString},
}}

// taskNames are the task definitions of a document by what services know of them. Of one, that is the address.
type taskNames struct {
	all      []string
	read     map[string]bool
	families map[string][]terraformResource
	paths    map[string][]string // by the address without the keys of instances
}

func (t *terraformJSON) taskNames() *taskNames {
	names := &taskNames{read: map[string]bool{}, families: map[string][]terraformResource{}, paths: map[string][]string{}}
	for _, part := range t.f.parts {
		names.read[part.Name] = true
	}
	for _, r := range t.resources {
		if r.kind != "aws_ecs_task_definition" || r.data || r.values == nil {
			continue
		}
		family, path := textOf(r.values, "family"), strings.Join(addressPath(r.address), ".")
		names.all = append(names.all, r.address)
		names.families[family] = append(names.families[family], r)
		names.paths[path] = append(names.paths[path], r.address)
	}
	return names
}

func (names *taskNames) isRead(address string) bool { return names.read[address] }

// services takes the resources that are services, of which the task definitions have been read.
func (t *terraformJSON) services() {
	var names *taskNames
	for _, r := range t.resources {
		if r.kind != "aws_ecs_service" || r.data || r.values == nil || r.values.Kind != tree.Object {
			continue
		}
		if names == nil {
			names = t.taskNames()
		}
		t.service(r, names)
	}
}

// service takes a service, if its task definition is one of those that have been read.
func (t *terraformJSON) service(r terraformResource, names *taskNames) {
	t.begin(r)
	t.attributes(r.values, r.unknown, &serviceAttributes, t.base)
	logs := memberOf(r.values.Member("serviceConnectConfiguration"), "logConfiguration")
	unknownLogs := elementOf(memberOf(elementOf(memberOf(r.unknown, "service_connect_configuration"), 0), "log_configuration"), 0)
	if logs != nil && isUnknown(memberOf(unknownLogs, "options")) {
		t.fail(r.node, "the log options of Service Connect in %s are unknown until apply; %s", r.address, stateKnows)
		*logs = tree.Node{Kind: tree.Null, Name: logs.Name, Start: logs.Start, NameStart: logs.NameStart, ID: logs.ID}
	}
	r.values.Adopt()
	task := r.values.Member("taskDefinition")
	if task == nil || task.Kind != tree.String {
		return
	}
	tasks, known := names.named(task.Text), policy.Text(task.Text).IsLiteral()
	if !known {
		tasks = t.tasksReferred(r, names)
	}
	switch {
	case len(tasks) == 1 && names.isRead(tasks[0]):
		task.Text = string(policy.Of(policy.Symbol(tasks[0])))
	case known && slices.ContainsFunc(tasks, names.isRead):
		// Several revisions: the caller knows which of them is right.
	case tasks == nil && logs != nil:
		at := place(t.f.doc, t.f.form, logs.Start)
		t.f.problems = append(t.f.problems, Problem{Kind: t.f.kind, Note: true, At: Ref{Place: at},
			Message: fmt.Sprintf("%s runs the task definition %q, and that is not here: the service is left out", r.address, task.Text)})
		return
	case known || len(tasks) == 1 || !slices.ContainsFunc(tasks, names.isRead) || logs == nil:
		return
	default:
		t.f.fail(r.node.Start, "task_definition of %s is unknown until apply: it is one string%s, and can be that of %s; add --set %q, or %s",
			r.address, t.references(r, "task_definition"), strings.Join(tasks, ", "), r.address+".task_definition=FAMILY", stateKnows)
		return
	}
	before := len(t.f.parts)
	t.f.service(r.values, t.f.form, t.pointers)
	for i := range t.f.parts[before:] {
		t.f.parts[before+i].Problems = t.problems
	}
}

// named returns the task definitions that a service can name by their family, FAMILY:REVISION or an ARN: the one of this
// revision, or those of the family.
func (names *taskNames) named(name string) (addresses []string) {
	slash := strings.LastIndexByte(name, '/') + 1
	family, revision, _ := strings.Cut(name[slash:], ":")
	for _, r := range names.families[family] {
		arn := cmp.Or(textOf(r.values, "taskDefinitionArn"), textOf(r.values, "arn"))
		switch {
		case arn != "" && !strings.HasPrefix(arn, name[:slash]):
		case revision != "" && textOf(r.values, "revision") == revision:
			return []string{r.address}
		default:
			addresses = append(addresses, r.address)
		}
	}
	return addresses
}

// tasksReferred returns the task definitions that a service can refer to, of which the plan does not know the name: those of
// its references, or all where these lead to none. Nothing but a task definition of the plan can be unknown there.
func (t *terraformJSON) tasksReferred(r terraformResource, names *taskNames) (addresses []string) {
	parts := addressParts(r.address)
	own := max(len(parts)-2, 0) // the parts before that are those of the module
	same := []string(nil)
	for _, target := range t.followReferences(parts[:own], t.referencesOf(r, "task_definition"), map[string]bool{}) {
		for _, address := range names.paths[strings.Join(addressPath(target), ".")] {
			if address == target {
				return []string{address}
			}
			if slices.Contains(addresses, address) {
				continue
			}
			addresses = append(addresses, address)
			if keyOf(address) == keyOf(r.address) {
				same = append(same, address)
			}
		}
	}
	switch {
	case len(same) == 1:
		return same
	case addresses == nil:
		return names.all
	}
	return addresses
}

// followReferences returns the addresses of the task definitions that references in a module lead to, also through the
// variables and the outputs of modules. Local values are not in a plan. Followed are the references that have been seen.
func (t *terraformJSON) followReferences(module, references []string, followed map[string]bool) (targets []string) {
	for _, reference := range references {
		name := strings.Join(module, ".") + " " + reference
		if followed[name] {
			continue
		}
		followed[name] = true
		parts := addressParts(reference)
		var further []string
		in := module
		switch {
		case len(parts) < 2:
		case parts[0] == "aws_ecs_task_definition":
			targets = append(targets, strings.Join(append(slices.Clip(module), parts[:2]...), "."))
		case parts[0] == "var" && len(module) > 1:
			in = module[:len(module)-2]
			name, _, _ := strings.Cut(module[len(module)-1], "[")
			call := memberOf(memberOf(t.moduleAt(in), "module_calls"), name)
			further = elementTexts(memberOf(memberOf(memberOf(call, "expressions"), parts[1]), "references"))
		case parts[0] == "module" && len(parts) > 2:
			in = append(slices.Clip(module), parts[:2]...)
			output := memberOf(memberOf(t.moduleAt(in), "outputs"), parts[2])
			further = elementTexts(memberOf(memberOf(output, "expression"), "references"))
		}
		targets = append(targets, t.followReferences(in, further, followed)...)
	}
	return targets
}

// keyOf returns the key of the instance at the end of an address: [0], ["blue"], or nothing.
func keyOf(address string) string {
	parts := addressParts(address)
	last := parts[len(parts)-1]
	if i := strings.IndexByte(last, '['); i >= 0 {
		return last[i:]
	}
	return ""
}
