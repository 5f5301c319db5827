package emit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// TaskRole is the execution role of a task definition in a CloudFormation template.
type TaskRole struct {
	Task string // the logical ID of the task definition
	Role *policy.Role
}

// Merge returns a CloudFormation template, in JSON or YAML, with the roles as further resources, and with ExecutionRoleArn
// in their task definitions. The text is inserted: every byte of the template is in the result, in the same order.
// References stay references to what the template has. File is the name of the template in errors.
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
	resources := doc.Root.Member("Resources")
	if resources == nil || resources.Kind != tree.Object {
		return nil, fmt.Errorf("%s: this is no CloudFormation template: it has no Resources", file)
	}
	m := &merger{doc: doc, yaml: syntax == "yaml", taken: map[string]bool{}}
	for _, section := range []string{"Resources", "Parameters", "Mappings"} {
		if n := doc.Root.Member(section); n != nil {
			for i := range n.Children {
				m.taken[n.Children[i].Name] = true
			}
		}
	}
	for _, r := range roles {
		m.add(resources, r)
	}
	if len(m.added.pairs) > 0 {
		m.insert(resources, m.added)
	}
	if m.errors != nil {
		return nil, errors.Join(m.errors...)
	}
	return m.text(), nil
}

// merger collects what is inserted into a template.
type merger struct {
	doc        *tree.Document
	yaml       bool
	taken      map[string]bool // logical IDs
	added      *node           // resources
	conditions cfnConditions
	insertions []insertion
	errors     []error
}

// insertion is a text at an offset of the template.
type insertion struct {
	offset int
	text   string
}

func (m *merger) fail(n *tree.Node, format string, args ...any) {
	m.errors = append(m.errors, fmt.Errorf("%s: %s", m.doc.Source.Place(n.Start), fmt.Sprintf(format, args...)))
}

// add adds the role of a task definition.
func (m *merger) add(resources *tree.Node, r TaskRole) {
	if m.added == nil {
		m.added = objectNode()
	}
	task := resources.Member(r.Task)
	if task == nil {
		m.fail(resources, "there is no resource %s", r.Task)
		return
	}
	properties := task.Member("Properties")
	switch {
	case properties == nil || properties.Kind != tree.Object:
		m.fail(task, "the resource %s has no Properties", r.Task)
		return
	case properties.Member("ExecutionRoleArn") != nil:
		m.fail(properties.Member("ExecutionRoleArn"), "%s has an ExecutionRoleArn, which is left as it is", r.Task)
		return
	case len(r.Role.Mappings) > 0:
		m.fail(task, "the role of %s depends on the region: add --region", r.Task)
		return
	}
	id := m.unused(r.Task + "ExecutionRole")
	refer := func(s policy.Symbol) cfnReference { return m.refer(task, r.Role.Symbols.Lookup(s), s) }
	list, _, err := cfnResources(r.Role, id, cfnWriter{refer, &m.conditions}, false)
	if err != nil {
		m.fail(task, "%v", err)
		return
	}
	for _, p := range list {
		if m.taken[p.key] && p.key != id {
			m.fail(task, "the role needs a resource %s, and the template has one of that name", p.key)
		}
	}
	m.added.pairs = append(m.added.pairs, list...)
	m.insert(properties, objectNode(pair{"ExecutionRoleArn", callNode("Fn::GetAtt", wordNode(id+".Arn"))}))
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

// refer returns how the template refers to a symbol: as it does itself.
func (m *merger) refer(task *tree.Node, info policy.SymbolInfo, s policy.Symbol) cfnReference {
	if info.Condition != "" {
		m.fail(task, "%s exists only where the condition %s holds, and the role would need it always: add its permissions by hand, or the role to a template of its own", s, info.Condition)
	}
	if name, ok := strings.CutPrefix(info.Expression, "!Ref "); ok || info.Kind == policy.PseudoParameter {
		if !ok {
			name = string(s)
		}
		return cfnRef(name)
	}
	if attribute, ok := strings.CutPrefix(info.Expression, "!GetAtt "); ok {
		return cfnReference{node: callNode("Fn::GetAtt", wordNode(attribute)), name: attribute}
	}
	if info.Export != "" {
		return cfnReference{callNode("Fn::ImportValue", stringNode(info.Export)), cfnParameterID(wordsOf(info.Export)), true}
	}
	m.fail(task, "the role would need the value of %s, for which the template has no name: add --set %s=VALUE", info.Expression, s)
	return cfnRef(string(s))
}

// insert inserts members at the beginning of an object.
func (m *merger) insert(object *tree.Node, members *node) {
	text := m.doc.Source.Text
	if object.Start >= len(text) || m.yaml && strings.IndexByte("*&!", text[object.Start]) >= 0 {
		m.fail(object, "this is an alias or has an anchor, so that the text would be inserted in several places")
		return
	}
	if text[object.Start] != '{' {
		m.insertLines(object, members)
		return
	}
	// What follows the brace says how the members are laid out.
	inside := text[object.Start+1:]
	space := inside[:len(inside)-len(strings.TrimLeft(inside, " \t\r\n"))]
	comma := ","
	if len(object.Children) == 0 {
		comma = ""
	}
	if !strings.Contains(space, "\n") {
		var b bytes.Buffer
		w := newJSONWriter(&b, nil)
		w.dialect = dialectJSON
		members.json(w)
		inner := strings.TrimSpace(b.String())
		if m.yaml {
			inner = strings.ReplaceAll(inner, `":`, `": `) // which YAML wants
		}
		m.insertions = append(m.insertions, insertion{object.Start + 1, strings.TrimSuffix(strings.TrimPrefix(inner, "{"), "}") + comma})
		return
	}
	var b bytes.Buffer
	w := newJSONWriter(&b, nil, jsontext.WithIndent("  "))
	w.dialect = dialectJSON
	members.json(w)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	indent := space[strings.LastIndexByte(space, '\n')+1:]
	var inserted strings.Builder
	for _, line := range lines[1 : len(lines)-1] {
		inserted.WriteString(m.newline(object) + indent + strings.TrimPrefix(line, "  "))
	}
	m.insertions = append(m.insertions, insertion{object.Start + 1, inserted.String() + comma})
}

// insertLines inserts members into a mapping of YAML whose members have lines of their own: below the line of its key, so
// that a comment before the first member stays there.
func (m *merger) insertLines(object *tree.Node, members *node) {
	text := m.doc.Source.Text
	end := strings.IndexByte(text[object.NameStart:], '\n')
	if len(object.Children) == 0 || end < 0 || object.NameStart+end >= object.Children[0].NameStart {
		m.fail(object, "the layout of this mapping is not known: put its members on lines of their own")
		return
	}
	if strings.Contains(text[object.NameStart:object.NameStart+end], "&") {
		m.fail(object, "this has an anchor, so that the text would be inserted in several places")
		return
	}
	first := object.Children[0].NameStart
	indent := text[strings.LastIndexByte(text[:first], '\n')+1 : first]
	var inserted strings.Builder
	for line := range strings.Lines(string(yamlBytes(members.yaml().(*ast.MappingNode)))) {
		inserted.WriteString(indent + strings.TrimSuffix(line, "\n") + m.newline(object))
	}
	m.insertions = append(m.insertions, insertion{object.NameStart + end + 1, inserted.String()})
}

// newline returns how lines end at an object.
func (m *merger) newline(object *tree.Node) string {
	text := m.doc.Source.Text[object.NameStart:]
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// text returns the template with the insertions.
func (m *merger) text() []byte {
	slices.SortStableFunc(m.insertions, func(a, b insertion) int { return a.offset - b.offset })
	var b bytes.Buffer
	end := 0
	for _, i := range m.insertions {
		b.WriteString(m.doc.Source.Text[end:i.offset])
		b.WriteString(i.text)
		end = i.offset
	}
	b.WriteString(m.doc.Source.Text[end:])
	return b.Bytes()
}
