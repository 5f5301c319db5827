package taskdef

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/terraform"
	"github.com/execrole/execrole/analyze/tree"
)

// Resources are resources and data sources that a document of Terraform has besides task definitions, such as roles. Symbols
// have the names that they have in the task definitions of the document.
type Resources struct {
	Doc  *tree.Document
	List []terraform.Resource
	// Calls are the calls of modules that are somebody else's; a plan and a state have the resources themselves.
	Calls   []terraform.Call
	Symbols policy.SymbolTable
	// Conditions are the conditions of the nodes that are conditionals, by their IDs.
	Conditions map[int]string
	Problems   []tree.Problem
	Used       []string // the names of the settings that were needed
	// Program makes documents of the arguments of aws_iam_policy_document.
	Program *terraform.Program
	// RoleOf are the addresses of the roles of task definitions, by the symbols that their execution_role_arn is, where a plan
	// does not know it.
	RoleOf map[policy.Symbol]string
}

// ModuleResources returns the resources of a module that have one of the types, as [terraform.Program.Resources] does. Set are
// the settings that its task definitions are read with.
func ModuleResources(name string, m Module, set []Setting, json []string, types ...string) *Resources {
	opts := sourceOptions(name, m.Within, Options{Set: set})
	opts.Follow, opts.NullsOpen, opts.Callers = true, true, m.Callers
	return programResources(terraform.Read(m.FS, m.Folder, opts), json, types)
}

// TextResources is [ModuleResources] for a text, as a module of one file; nil if the text is none.
func TextResources(file string, src []byte, set []Setting, json []string, types ...string) *Resources {
	if !isTerraformSource(file, src) {
		return nil
	}
	opts := sourceOptions(file, "", Options{Set: set})
	opts.Follow, opts.NullsOpen = true, true
	return programResources(terraform.ReadText(src, opts), json, types)
}

func programResources(program *terraform.Program, json, types []string) *Resources {
	r := &Resources{Doc: program.Doc, Program: program}
	r.List, r.Calls = program.Resources(json, types...)
	for _, p := range program.Problems() {
		r.Problems = append(r.Problems, tree.Problem{At: p.At, Message: p.Message, Warning: p.Warning})
	}
	r.Used = slices.Sorted(maps.Keys(program.Used))
	r.Symbols, r.Conditions = maps.Clone(program.Symbols), program.Conditions
	return r
}

// ShownResources returns the resources of these types of what terraform show -json prints, or of a state; nil for another
// document. Arguments that are strings of JSON remain strings. What a plan does not know is a placeholder, whose text is a
// symbol.
func ShownResources(doc *tree.Document, types ...string) *Resources {
	if doc.Root.Kind != tree.Object || !isTerraformJSON(doc.Root) {
		return nil
	}
	f := &finder{doc: doc, kind: Terraform}
	t := &terraformJSON{f: f, top: doc.Root, symbols: policy.SymbolTable{}}
	switch plan, state := doc.Root.Member("planned_values"), doc.Root.Member("values"); {
	case plan != nil:
		t.resources = modules(nil, plan.Member("root_module"))
		t.changes()
		t.addReads()
	case state != nil:
		t.resources = modules(nil, state.Member("root_module"))
	case doc.Root.Member("format_version") == nil:
		t.stateFile()
	}
	r := &Resources{Doc: doc, Symbols: t.symbols, RoleOf: map[policy.Symbol]string{}, Program: terraform.ReadText(nil, terraform.Options{})}
	addresses := map[string][]string{} // without the keys of instances
	for _, resource := range t.resources {
		path := strings.Join(addressPath(resource.address), ".")
		addresses[path] = append(addresses[path], resource.address)
	}
	for _, resource := range t.resources {
		kind := resource.kind
		if resource.data {
			kind = "data." + kind
		}
		if kind == "aws_ecs_task_definition" {
			if role := t.refersTo(resource, "execution_role_arn", addresses); role != "" {
				r.RoleOf[policy.Symbol(resource.address+".execution_role_arn")] = role
			}
		}
		if !slices.Contains(types, kind) {
			continue
		}
		values := f.doc.NewNode(tree.Object, resource.node, "") // a plan has no values where it knows none
		if resource.values != nil && resource.values.Kind == tree.Object {
			values = *resource.values
		}
		values.Children = slices.Clone(values.Children)
		t.addPlaceholders(resource, &values, addresses)
		r.List = append(r.List, terraform.Resource{Type: kind, Address: resource.address, At: resource.node.Start, Values: values})
	}
	for _, p := range f.problems {
		if !p.Note {
			r.Problems = append(r.Problems, tree.Problem{At: p.At.Place, Message: p.Message, Warning: p.Warning})
		}
	}
	return r
}

// addReads adds the data sources that the plan has read, or that are read when it is applied.
func (t *terraformJSON) addReads() {
	known := map[string]bool{}
	for _, r := range t.resources {
		known[r.address] = true
	}
	for _, r := range modules(nil, memberOf(memberOf(t.top.Member("prior_state"), "values"), "root_module")) {
		if r.data && !known[r.address] {
			known[r.address] = true
			t.resources = append(t.resources, r)
		}
	}
	for _, change := range children(t.top.Member("resource_changes")) {
		c := change.Member("change")
		if address := textOf(change, "address"); textOf(change, "mode") == "data" && c != nil && !known[address] {
			t.resources = append(t.resources, terraformResource{
				node: change, address: address, kind: textOf(change, "type"), data: true, values: c.Member("after"), unknown: c.Member("after_unknown"),
			})
		}
	}
}

// addPlaceholders adds to the attributes of a resource those that a plan does not know, if the configuration sets them.
func (t *terraformJSON) addPlaceholders(r terraformResource, values *tree.Node, addresses map[string][]string) {
	if r.unknown == nil || r.unknown.Kind != tree.Object {
		return
	}
	expressions := memberOf(t.configured(r), "expressions")
	for i := range r.unknown.Children {
		unknown := &r.unknown.Children[i]
		name := unknown.Name
		if expressions != nil && expressions.Member(name) == nil {
			continue // computed: nobody sets it
		}
		j := slices.IndexFunc(values.Children, func(kid tree.Node) bool { return kid.Name == name })
		if !isUnknown(unknown) {
			if j >= 0 {
				values.Children[j] = t.withPlaceholders(values.Children[j], unknown, r.address+"."+name)
			}
			continue
		}
		symbol := r.address + "." + name
		if target := t.refersTo(r, name, addresses); target != "" {
			symbol = target
		}
		n := t.placeholder(values, name, symbol)
		if j >= 0 {
			n.Start, n.End, n.NameStart = values.Children[j].Start, values.Children[j].End, values.Children[j].NameStart
			values.Children[j] = n
		} else {
			values.Children = append(values.Children, n)
		}
	}
}

// placeholder returns a node for a value that is unknown.
func (t *terraformJSON) placeholder(at *tree.Node, name, symbol string) tree.Node {
	n := t.f.doc.NewNode(tree.Placeholder, at, name)
	n.Text = string(policy.Of(policy.Symbol(symbol)))
	return n
}

// withPlaceholders returns a value with placeholders where the plan does not know its parts.
func (t *terraformJSON) withPlaceholders(n tree.Node, unknown *tree.Node, symbol string) tree.Node {
	if isUnknown(unknown) {
		p := t.placeholder(&n, n.Name, symbol)
		p.Index = n.Index
		return p
	}
	n.Children = slices.Clone(n.Children)
	switch {
	case n.Kind == tree.Object && unknown.Kind == tree.Object:
		for i := range unknown.Children {
			name := unknown.Children[i].Name
			if j := slices.IndexFunc(n.Children, func(kid tree.Node) bool { return kid.Name == name }); j >= 0 {
				n.Children[j] = t.withPlaceholders(n.Children[j], &unknown.Children[i], symbol+"."+name)
			} else if isUnknown(&unknown.Children[i]) && name != "json" && name != "minified_json" && name != "id" {
				n.Children = append(n.Children, t.placeholder(&n, name, symbol+"."+name))
			}
		}
	case n.Kind == tree.List && unknown.Kind == tree.List:
		for i := range min(len(n.Children), len(unknown.Children)) {
			n.Children[i] = t.withPlaceholders(n.Children[i], &unknown.Children[i], fmt.Sprintf("%s[%d]", symbol, i))
		}
	}
	return n
}

// refersTo returns the address of the one resource or data source that an attribute refers to, with the attribute of it; ""
// where there is none, or several. Only the reference is known, and not the expression around it.
func (t *terraformJSON) refersTo(r terraformResource, attribute string, addresses map[string][]string) string {
	parts := addressParts(r.address)
	own := len(parts) - 2
	if r.data {
		own--
	}
	found := ""
	for _, target := range t.follow(parts[:max(own, 0)], t.withEach(r, t.referencesOf(r, attribute)), map[string]bool{}) {
		path := addressParts(target)
		at := len(path) - 1 // of the attribute
		address := strings.Join(path[:at], ".")
		candidates := addresses[strings.Join(addressPath(address), ".")]
		if len(candidates) > 1 {
			exact := slices.Contains(candidates, address)
			candidates = slices.DeleteFunc(slices.Clone(candidates), func(c string) bool {
				return exact && c != address || !exact && keyOf(c) != keyOf(r.address)
			})
		}
		if len(candidates) != 1 || found != "" && found != candidates[0]+"."+path[at] {
			return ""
		}
		found = candidates[0] + "." + path[at]
	}
	return found
}

// withEach returns references with those of for_each in the place of each.value.
func (t *terraformJSON) withEach(r terraformResource, references []string) (list []string) {
	for i, reference := range references {
		rest, ok := strings.CutPrefix(reference, "each.value")
		switch {
		case !ok:
			list = append(list, reference)
		case i > 0 && strings.HasPrefix(references[i-1], reference+"."): // that said more
		default:
			for _, of := range elementTexts(memberOf(memberOf(t.configured(r), "for_each_expression"), "references")) {
				if size := len(addressParts(of)); size == 2 || size == 3 && strings.HasPrefix(of, "data.") {
					of += rest
				}
				list = append(list, of)
			}
		}
	}
	return list
}

// follow returns the attributes of resources and data sources that references in a module lead to, with the addresses of these,
// also through the variables and the outputs of modules. Local values are not in a plan.
func (t *terraformJSON) follow(module, references []string, followed map[string]bool) (targets []string) {
	for i, reference := range references {
		name := strings.Join(module, ".") + " " + reference
		if followed[name] || slices.ContainsFunc(references[:i], func(before string) bool {
			return strings.HasPrefix(before, reference+".") || strings.HasPrefix(before, reference+"[")
		}) {
			continue // a reference to an attribute comes before one to the instance, and that before one to the resource
		}
		followed[name] = true
		parts := addressParts(reference)
		var further []string
		in := module
		switch size := len(parts); {
		case size < 2 || parts[0] == "each" || parts[0] == "count" || parts[0] == "local" || parts[0] == "path":
		case parts[0] == "var" && len(module) > 1:
			in = module[:len(module)-2]
			name, _, _ := strings.Cut(module[len(module)-1], "[")
			call := memberOf(memberOf(t.moduleAt(in), "module_calls"), name)
			further = elementTexts(memberOf(memberOf(memberOf(call, "expressions"), parts[1]), "references"))
		case parts[0] == "var":
		case parts[0] == "module" && size > 2:
			in = append(slices.Clip(module), parts[:2]...)
			output := memberOf(memberOf(t.moduleAt(in), "outputs"), parts[2])
			further = elementTexts(memberOf(memberOf(output, "expression"), "references"))
		case parts[0] == "module":
		case parts[0] == "data" && size > 3:
			targets = append(targets, strings.Join(append(slices.Clip(module), parts[:4]...), "."))
		case parts[0] == "data":
		case size > 2:
			targets = append(targets, strings.Join(append(slices.Clip(module), parts[:3]...), "."))
		default: // the attribute is behind the key of an instance
			targets = append(targets, strings.Join(append(slices.Clip(module), parts[0], parts[1], "*"), "."))
		}
		targets = append(targets, t.follow(in, further, followed)...)
	}
	return targets
}
