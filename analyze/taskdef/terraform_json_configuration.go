package taskdef

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// A plan has the configuration beside the planned values: expressions, of which it knows constants and the names that they
// refer to.

// configured returns what the configuration says of a resource; nil if the document has no configuration.
func (t *terraformJSON) configured(r terraformResource) *tree.Node {
	path := addressPath(r.address)
	own := path[max(len(path)-2, 0):]
	for _, resource := range children(memberOf(t.moduleAt(path[:len(path)-len(own)]), "resources")) {
		if textOf(resource, "address") == strings.Join(own, ".") {
			return resource
		}
	}
	return nil
}

// moduleAt returns what the configuration says of a module, by the parts of its address; nil if it says nothing.
func (t *terraformJSON) moduleAt(parts []string) *tree.Node {
	module := memberOf(t.top.Member("configuration"), "root_module")
	for ; len(parts) > 1; parts = parts[2:] {
		name, _, _ := strings.Cut(parts[1], "[")
		module = memberOf(memberOf(memberOf(module, "module_calls"), name), "module")
	}
	return module
}

// addressParts returns the parts of an address between its dots: module, web["a.b"], aws_ecs_task_definition, app[0].
func addressParts(address string) (parts []string) {
	begin, key, quoted := 0, false, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\':
			i++
		case quoted:
		case c == '[' || c == ']':
			key = c == '['
		case c == '.' && !key:
			parts = append(parts, address[begin:i])
			begin = i + 1
		}
	}
	return append(parts, address[begin:])
}

// addressPath returns the names in an address, without the keys of instances: module, web, aws_ecs_task_definition, app.
func addressPath(address string) []string {
	parts := addressParts(address)
	for i, part := range parts {
		parts[i], _, _ = strings.Cut(part, "[")
	}
	return parts
}

// referencesOf returns what the configuration says that an attribute refers to.
func (t *terraformJSON) referencesOf(r terraformResource, attribute string) []string {
	return elementTexts(memberOf(memberOf(memberOf(t.configured(r), "expressions"), attribute), "references"))
}

// references says in the rest of a sentence what an attribute refers to; "" where that is unknown.
func (t *terraformJSON) references(r terraformResource, attribute string) string {
	var list []string
	for _, reference := range t.referencesOf(r, attribute) {
		// A reference to an attribute comes before one to the resource that has it.
		if !slices.ContainsFunc(list, func(before string) bool { return strings.HasPrefix(before, reference+".") || before == reference }) {
			list = append(list, reference)
		}
	}
	if list == nil {
		return ""
	}
	return " that refers to " + strings.Join(list, ", ")
}

// region returns the region of a resource: its own, which version 6 of the provider has, or that of its provider; "" where
// it is unknown.
func (t *terraformJSON) region(r terraformResource) string {
	if region := textOf(r.values, "region"); region != "" {
		return region
	}
	configured := t.configured(r)
	if configured == nil {
		return ""
	}
	provider := memberOf(memberOf(t.top.Member("configuration"), "provider_config"), textOf(configured, "provider_config_key"))
	if constant := memberOf(memberOf(memberOf(provider, "expressions"), "region"), "constant_value"); constant != nil {
		return constant.Text
	}
	return ""
}

// elementTexts returns the texts of the elements of a list; none if it is nil.
func elementTexts(n *tree.Node) (list []string) {
	for _, element := range children(n) {
		list = append(list, element.Text)
	}
	return list
}

// children returns the members or the elements of n; none if it is nil.
func children(n *tree.Node) (list []*tree.Node) {
	if n == nil {
		return nil
	}
	for i := range n.Children {
		list = append(list, &n.Children[i])
	}
	return list
}
