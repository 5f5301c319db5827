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
	module := memberOf(t.top.Member("configuration"), "root_module")
	path := addressPath(r.address)
	for ; len(path) > 2 && path[0] == "module"; path = path[2:] {
		module = memberOf(memberOf(memberOf(module, "module_calls"), path[1]), "module")
	}
	for _, resource := range children(memberOf(module, "resources")) {
		if textOf(resource, "address") == strings.Join(path, ".") {
			return resource
		}
	}
	return nil
}

// addressPath returns the names in an address, without the keys of instances: module, web, aws_ecs_task_definition, app.
func addressPath(address string) (path []string) {
	name := ""
	for i := 0; i < len(address); i++ {
		switch address[i] {
		case '.':
			path, name = append(path, name), ""
		case '[':
			quoted := false
			for i++; i < len(address) && (quoted || address[i] != ']'); i++ {
				switch address[i] {
				case '"':
					quoted = !quoted
				case '\\':
					i++
				}
			}
		default:
			name += address[i : i+1]
		}
	}
	return append(path, name)
}

// references says in the rest of a sentence what an attribute refers to; "" where that is unknown.
func (t *terraformJSON) references(r terraformResource, attribute string) string {
	var list []string
	for _, n := range children(memberOf(memberOf(memberOf(t.configured(r), "expressions"), attribute), "references")) {
		// A reference to an attribute comes before one to the resource that has it.
		if !slices.ContainsFunc(list, func(before string) bool { return strings.HasPrefix(before, n.Text+".") || before == n.Text }) {
			list = append(list, n.Text)
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
