package emit

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// TaskRole is the execution role of a task definition in a CloudFormation template.
type TaskRole struct {
	Task string // the logical ID of the task definition
	Role *policy.Role
	// At are the JSON pointers of the objects that get ExecutionRoleArn; nil for the properties of the task definition.
	At []string
}

// Merge returns a CloudFormation template, in JSON or YAML, with the roles as further resources, and with ExecutionRoleArn
// in their task definitions. The text is inserted: every byte of the template is in the result, in the same order.
// References stay references to what the template has. A role has the condition that its task definition has. File is the
// name of the template in errors.
//
// Merge refuses a task definition that has an ExecutionRoleArn, and what it cannot insert into, with the place. The error
// joins one error for each reason.
func Merge(file string, src []byte, roles []TaskRole) ([]byte, error) {
	doc, syntax, problems := tree.Read(file, src)
	if doc == nil {
		return nil, fmt.Errorf("%s: %s", problems[0].At, problems[0].Message)
	}
	if doc.Source.Text != string(src) {
		return nil, fmt.Errorf("%s: a template in UTF-16 stays as it is: save it as UTF-8 first", file)
	}
	if doc.Root.Kind == tree.List {
		return nil, fmt.Errorf("%s: there are several documents: a role is written into a file with one template", file)
	}
	if doc.Root.Member("TemplateBody") != nil {
		return nil, fmt.Errorf("%s: the template is in TemplateBody: pass it alone", file)
	}
	resources := doc.Root.Member("Resources")
	if resources == nil || resources.Kind != tree.Object {
		return nil, fmt.Errorf("%s: this is no CloudFormation template: it has no Resources", file)
	}
	if resources.Shared {
		return nil, fmt.Errorf("%s: an alias of YAML shows these resources in another place too: what is inserted would be there as well", doc.Source.Place(resources.Start))
	}
	m := newMerger(doc, syntax == "yaml")
	for _, r := range roles {
		m.add(resources, r)
	}
	m.section("Parameters", m.parameters)
	m.section("Conditions", m.conditions.list)
	text := m.text()
	if m.errors != nil {
		return nil, errors.Join(m.errors...)
	}
	if err := m.check(text); err != nil {
		return nil, err
	}
	return text, nil
}

// newMerger returns a merger for a template that has resources.
func newMerger(doc *tree.Document, yaml bool) *merger {
	return &merger{
		doc: doc, yaml: yaml, taken: names(doc, "Resources", "Parameters", "Mappings"), added: map[*tree.Node]*node{},
		named: map[policy.Symbol]cfnReference{}, conditions: cfnConditions{taken: names(doc, "Conditions"), names: map[string]string{}},
	}
}

// names returns the names of the members of sections of a template.
func names(doc *tree.Document, sections ...string) map[string]bool {
	list := map[string]bool{}
	for _, section := range sections {
		if n := doc.Root.Member(section); n != nil {
			for i := range n.Children {
				list[n.Children[i].Name] = true
			}
		}
	}
	return list
}

// merger collects what is inserted into a template.
type merger struct {
	doc        *tree.Document
	yaml       bool
	taken      map[string]bool      // logical IDs, and names of variables
	added      map[*tree.Node]*node // the members that an object gets
	parameters []pair               // those that the template gets
	conditions cfnConditions
	// named are the symbols for which the merged template has a name of its own. A symbol is the same in all of a template.
	named  map[policy.Symbol]cfnReference
	errors []error
}

func (m *merger) fail(n *tree.Node, format string, args ...any) {
	err := fmt.Errorf("%s: %s", m.doc.Source.Place(n.Start), fmt.Sprintf(format, args...))
	if !slices.ContainsFunc(m.errors, func(other error) bool { return other.Error() == err.Error() }) {
		m.errors = append(m.errors, err)
	}
}

// add adds the role of a task definition.
func (m *merger) add(resources *tree.Node, r TaskRole) {
	task := resources.Member(r.Task)
	if task == nil {
		m.fail(resources, "there is no resource %s", r.Task)
		return
	}
	objects := m.objects(task, r)
	switch {
	case objects == nil:
		return
	case len(r.Role.Mappings) > 0:
		m.fail(task, "the role of %s depends on the region: add --region", r.Task)
		return
	}
	id := m.unused(r.Task + "ExecutionRole")
	references := &references{merger: m, task: task, resources: resources, symbols: r.Role.Symbols}
	condition := task.Member("Condition")
	if condition != nil {
		references.condition = condition.Text
	}
	references.check(r.Role)
	cfn := cfnWriter{references.to, &m.conditions}
	list, _, err := cfnResources(r.Role, id, cfn, false)
	if err != nil {
		m.fail(task, "%v", err)
		return
	}
	for _, p := range list {
		if m.taken[p.key] && p.key != id {
			m.fail(task, "the role needs a resource %s, and the template has one of that name", p.key)
		}
		m.taken[p.key] = true
		if condition != nil {
			m.under(p.value, condition.Text)
		}
		m.insert(resources, p)
	}
	for _, object := range objects {
		m.insert(object, pair{"ExecutionRoleArn", callNode("Fn::GetAtt", wordNode(id+".Arn"))})
	}
}

// under puts a resource under a condition, besides the one that it may have.
func (m *merger) under(resource *node, condition string) {
	const place = 1 // behind the type
	if own := &resource.pairs[place]; own.key == "Condition" {
		both := []string{condition, own.value.text}
		own.value = wordNode(m.conditions.add(strings.Join(both, "And"), cfnAnd(both)))
		return
	}
	resource.pairs = slices.Insert(resource.pairs, place, pair{"Condition", wordNode(condition)})
}

// section adds members to a section of the template, which is made if the template does not have it.
func (m *merger) section(name string, members []pair) {
	if len(members) == 0 {
		return
	}
	section := m.doc.Root.Member(name)
	switch {
	case section == nil:
		m.insert(m.doc.Root, pair{name, objectNode(members...)})
	case section.Kind != tree.Object || section.Shared:
		m.fail(section, "%s of the template cannot be changed: write them as a mapping without an alias", name)
	default:
		for _, p := range members {
			m.insert(section, p)
		}
	}
}

// objects returns the objects that get ExecutionRoleArn; nil if that is not possible, after saying why.
func (m *merger) objects(task *tree.Node, r TaskRole) (list []*tree.Node) {
	if r.At == nil {
		r.At = []string{"/Resources/" + tree.EscapePointer(r.Task) + "/Properties"}
	}
	for _, pointer := range r.At {
		switch n := m.doc.Root.Find(pointer, shortMember); {
		case n == nil || n.Kind != tree.Object:
			m.fail(task, "the resource %s has no Properties", r.Task)
			return nil
		case n.Member("ExecutionRoleArn") != nil:
			if role := n.Member("ExecutionRoleArn"); isNoValue(role) { // ECS sees no role, but the template has the property
				m.fail(role, "%s has an ExecutionRoleArn without a value: remove it, and the role is set there", r.Task)
			} else {
				m.fail(role, "%s has an ExecutionRoleArn, which is left as it is", r.Task)
			}
			return nil
		case n.Shared:
			m.fail(n, "%s shares its properties with other places of the template, by an alias of YAML, and ExecutionRoleArn would be set in all of them: "+
				"give it a mapping of its own, which can take over the others with the merge key <<", r.Task)
			return nil
		default:
			list = append(list, n)
		}
	}
	return list
}

// isNoValue reports whether a value is null, or AWS::NoValue.
func isNoValue(n *tree.Node) bool {
	reference := shortMember(n, "Ref")
	if reference == nil {
		reference = n.Member("!Ref")
	}
	return n.Kind == tree.Null || reference != nil && reference.Text == "AWS::NoValue"
}

// shortMember returns the member of a name, or the function whose long form has that name.
func shortMember(n *tree.Node, name string) *tree.Node {
	if member := n.Member(name); member != nil {
		return member
	}
	if function, ok := strings.CutPrefix(name, "Fn::"); ok {
		return n.Member("!" + function)
	}
	return nil
}

// unused returns a logical ID that the template does not have.
func (m *merger) unused(id string) string {
	name := id
	for n := 2; m.taken[name]; n++ {
		name = id + strconv.Itoa(n)
	}
	m.taken[name] = true
	return name
}

// insert inserts a member into an object, behind those that were inserted before.
func (m *merger) insert(object *tree.Node, member pair) {
	if m.added[object] == nil {
		m.added[object] = objectNode()
	}
	m.added[object].pairs = append(m.added[object].pairs, member)
}
