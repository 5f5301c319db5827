package taskdef

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Terraform's attributes have the names of ECS in another spelling: requires_compatibilities. Its blocks are lists, also
// where there can be one only. These are the exceptions.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_task_definition
var (
	// renamedAttributes are those that have other names in ECS.
	renamedAttributes = map[string]string{
		"arn": "taskDefinitionArn", "volume": "volumes", "host_path": "host", "configure_at_launch": "configuredAtLaunch",
		"inference_accelerator": "inferenceAccelerators", "secret_option": "secretOptions",
	}
	// ownAttributes are those that ECS does not have, and that ask for no permission.
	ownAttributes = [...]string{"id", "arn_without_revision", "tags_all", "skip_destroy", "track_latest", "region", "timeouts"}
	// computedAttributes are unknown in a plan also where nobody sets them.
	computedAttributes = [...]string{"arn", "network_mode", "launch_type"}
)

// attributeOf returns the name and the schema of the member of ECS that an attribute is; nil for none.
func (s *schema) attributeOf(attribute string) (name string, of *schema) {
	name, renamed := renamedAttributes[attribute]
	if !renamed {
		name = strings.ReplaceAll(attribute, "_", "")
	}
	for _, m := range s.members {
		if strings.EqualFold(m.name, name) {
			return m.name, m.schema
		}
	}
	return attribute, nil
}

// attributes gives the attributes of a resource or of a block the names and the shapes of ECS. Unknown has what the plan
// does not know of them, or is nil, and at is the JSON pointer of n.
func (t *terraformJSON) attributes(n, unknown *tree.Node, s *schema, at string) {
	if unknown != nil && unknown.Kind == tree.Object {
		t.addUnknown(n, unknown, s, at)
	}
	kept, seen := n.Children[:0:0], map[string]bool{}
	for _, kid := range n.Children {
		attribute := kid.Name
		name, of := s.attributeOf(attribute)
		if seen[name] {
			name, of = attribute, nil // another spelling of the same name
		}
		seen[name] = true
		if of == nil && slices.Contains(ownAttributes[:], attribute) {
			continue
		}
		pointer := at + "/" + tree.EscapePointer(attribute)
		t.pointers[kid.ID] = pointer
		kid.Name = name
		switch {
		case of == nil || attribute == "container_definitions":
		case attribute == "host_path":
			t.hostPath(&kid, pointer)
		default:
			t.value(&kid, memberOf(unknown, attribute), of, pointer)
		}
		kept = append(kept, kid)
	}
	n.Children = kept
}

// addUnknown adds the attributes that a plan leaves out because they are unknown: a string as a symbol, for the rules to
// judge. Numbers and booleans decide no permission.
func (t *terraformJSON) addUnknown(n, unknown *tree.Node, s *schema, at string) {
	known := map[string]bool{}
	for i := range n.Children {
		name, _ := s.attributeOf(n.Children[i].Name)
		known[name] = true
	}
	for i := range unknown.Children {
		attribute := unknown.Children[i].Name
		name, of := s.attributeOf(attribute)
		if !isUnknown(&unknown.Children[i]) || known[name] || of == nil || slices.Contains(computedAttributes[:], attribute) {
			continue
		}
		known[name] = true
		switch {
		case isText(of) || attribute == "host_path":
			kid := t.f.doc.NewNode(tree.String, n, attribute)
			kid.Text = string(t.symbol(n, at+"/"+tree.EscapePointer(attribute)))
			n.Children = append(n.Children, kid)
		case of.kind == structure || of.kind == list:
			t.fail(n, "%s of %s is unknown until apply; %s", attribute, t.address, stateKnows)
		}
	}
}

// value gives the value of an attribute the shape of its schema.
func (t *terraformJSON) value(n, unknown *tree.Node, s *schema, at string) {
	switch {
	case n.Kind == tree.Choice: // of source
		for i := range n.Children {
			t.value(&n.Children[i], nil, s, at)
		}
	case isText(s) && isUnknown(unknown):
		if n.Kind == tree.Null { // an element of a list
			n.Kind, n.Text = tree.String, string(t.symbol(n, at))
		}
	case isText(s) && (n.Kind == tree.Number || n.Kind == tree.Boolean):
		n.Kind = tree.String // Terraform converts it
	case isText(s) && n.Kind == tree.String && n.Text == "":
		n.Kind = tree.Null // Terraform writes "" for a text that is absent
	case s.kind == list && isText(s.element) && n.Kind == tree.Placeholder:
		// A list of source that is unknown: so is each of its elements.
		element := t.f.doc.NewNode(tree.String, n, "")
		element.Text = n.Text
		t.pointers[element.ID] = at
		n.Kind, n.Text, n.Children = tree.List, "", []tree.Node{element}
	case s.kind == structure:
		t.block(n, unknown, s, at)
	case s.kind == list && n.Kind == tree.Object:
		t.pairs(n, s.element, at)
	case s.kind == list:
		for i := range n.Children {
			element, below := &n.Children[i], fmt.Sprintf("%s/%d", at, i)
			if s.element.kind == structure && (element.Kind == tree.Object || element.Kind == tree.Choice) {
				t.elements(element, elementOf(unknown, i), s.element, below)
			} else {
				t.value(element, elementOf(unknown, i), s.element, below)
			}
		}
	}
}

// elements gives a block the names of ECS, or each block that a conditional can be.
func (t *terraformJSON) elements(n, unknown *tree.Node, s *schema, at string) {
	for branch := range n.Branches() {
		if branch.Kind == tree.Object {
			t.attributes(branch, unknown, s, at)
		}
	}
}

// block makes an object of the list that a block is. A list of several is left to be refused.
func (t *terraformJSON) block(n, unknown *tree.Node, s *schema, at string) {
	switch {
	case n.Kind == tree.Object: // an argument of a module
		t.attributes(n, nil, s, at)
	case n.Kind == tree.List && len(n.Children) == 0:
		n.Kind = tree.Null
	case n.Kind == tree.List && len(n.Children) == 1 && (n.Children[0].Kind == tree.Object || n.Children[0].Kind == tree.Choice):
		only := n.Children[0]
		only.Name, only.NameStart, only.Index = n.Name, n.NameStart, n.Index
		*n, at = only, at+"/0"
		t.pointers[n.ID] = at
		t.elements(n, elementOf(unknown, 0), s, at)
	}
}

// pairs makes a list of names and values of the map that Terraform has in its place.
func (t *terraformJSON) pairs(n *tree.Node, s *schema, at string) {
	key := "name"
	if s.member(key) == nil {
		key = "key"
	}
	list := make([]tree.Node, 0, len(n.Children))
	for _, value := range n.Children {
		pair := t.f.doc.NewNode(tree.Object, &value, "")
		pair.Index = len(list)
		name := t.f.doc.NewNode(tree.String, &value, key)
		name.Text = value.Name
		// Only the value can be set.
		t.pointers[pair.ID], t.pointers[name.ID] = at, at
		t.pointers[value.ID] = at + "/" + tree.EscapePointer(value.Name)
		value.Name = "value"
		pair.Children = []tree.Node{name, value}
		list = append(list, pair)
	}
	n.Kind, n.Children = tree.List, list
}

// hostPath makes the object host of a path.
func (t *terraformJSON) hostPath(n *tree.Node, at string) {
	if n.Kind != tree.String || n.Text == "" {
		n.Kind = tree.Null
		return
	}
	host, path := t.f.doc.NewNode(tree.Object, n, n.Name), *n
	path.Name = "sourcePath"
	host.Children = []tree.Node{path}
	t.pointers[host.ID] = at[:strings.LastIndexByte(at, '/')]
	*n = host
}

// symbol returns a symbol for an attribute that is unknown until the plan is applied, or what the caller sets.
func (t *terraformJSON) symbol(n *tree.Node, at string) policy.Text {
	name := t.address + strings.ReplaceAll(strings.TrimPrefix(at, t.base), "/", ".")
	if value, ok := t.set[name]; ok {
		t.used[name] = true
		return policy.Text(value)
	}
	info := policy.SymbolInfo{Kind: policy.Attribute, Meaning: policy.MeansUnknown, Place: place(t.f.doc, t.f.form, n.Start), Expression: name}
	if strings.HasSuffix(name, "_role_arn") {
		info.Meaning = policy.MeansRoleARN
	}
	t.symbols[policy.Symbol(name)] = info
	return policy.Of(policy.Symbol(name))
}

// isText reports whether a schema is that of a string.
func isText(s *schema) bool {
	return s.kind == text || s.kind == enumeration
}

// isUnknown reports whether a plan says of a value that it is unknown.
func isUnknown(n *tree.Node) bool { return n != nil && n.Kind == tree.Boolean && n.Text == "true" }

// memberOf returns a member of n, and elementOf an element; nil if there is none, or no n.
func memberOf(n *tree.Node, name string) *tree.Node {
	if n == nil {
		return nil
	}
	return n.Member(name)
}

func elementOf(n *tree.Node, i int) *tree.Node {
	if n == nil || n.Kind != tree.List || i >= len(n.Children) {
		return nil
	}
	return &n.Children[i]
}
