package terraform

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Resource is one instance of a resource, with the values of its arguments.
type Resource struct {
	Type    string
	Address string // module.web["a"].aws_ecs_task_definition.app[0]
	At      int    // the offset of its block
	File    string // the path of its file in the file system
	// Values is an object with the arguments, and a list of objects for each type of blocks in it. Its strings are texts with
	// symbols: see [policy.Text]. What is unknown is a placeholder, whose text is a symbol.
	Values tree.Node
	// Problems are those of the evaluation of the values.
	Problems []Problem
	// Region is that of the resource or its provider; "" where it is unknown.
	Region string
	// Exists are the conditions under which there is such an instance, all of which hold there; nil for one that there always
	// is. Of one condition, the branches of one of the lists are all taken.
	Exists [][][]Taken
	// Own are the symbols of data sources that say the account, the region or the partition of the resource's own provider,
	// where it is not the standard one, by what they are: those of the standard one have no symbols of their own.
	Own map[policy.Symbol]policy.Symbol
}

// Taken is a branch of a conditional that is taken.
type Taken struct {
	Condition string // "" where it cannot be said
	Branch    int    // 0 where the condition holds
}

// Call is the call of a module that is somebody else's: its source is no folder beside the caller. Its values are those of its
// arguments, if [Options.Calls] ask for them; for each instance there is one.
type Call struct {
	Resource
	// Source is what the call says, and Registry is the source of the same module in the registry: see registrySource.
	Source, Registry string
	// Arguments are the names of the call's arguments, sorted.
	Arguments []string
}

// Resources returns the instances of the resources of these types, in the module and in those that it calls, with the calls
// of modules that cannot be read. JSON are the arguments that are strings of JSON, also in blocks: they become what the JSON
// says. A type that begins with "data." is one of data sources.
func (p *Program) Resources(json []string, types ...string) (list []Resource, calls []Call) {
	if p.root.module == nil {
		return nil, nil
	}
	w := &walk{types: types, json: json}
	w.scope(p.root)
	return w.list, w.calls
}

// walk collects resources.
type walk struct {
	types, json []string
	list        []Resource
	calls       []Call
}

// scope collects the resources of a scope, and of the modules that it calls.
func (w *walk) scope(s *scope) {
	c := &context{scope: s}
	for _, b := range s.module.order {
		switch {
		case s.over:
			return
		case b.Type == "module":
			w.call(c, b)
		case len(b.Labels) == 2 && (b.Type == "resource" && slices.Contains(w.types, b.Labels[0]) || b.Type == "data" && slices.Contains(w.types, "data."+b.Labels[0])):
			for _, i := range c.instances(b).instances {
				if r := w.resource(&context{scope: s, instance: i}, i); r != nil {
					w.list = append(w.list, *r)
				}
			}
		}
	}
}

// call collects the resources of the instances of a module.
func (w *walk) call(c *context, b *hclsyntax.Block) {
	source, local := c.moduleSource(b)
	registry, arguments := registrySource(source), slices.Sorted(maps.Keys(b.Body.Attributes))
	asked := slices.ContainsFunc(c.opts.Calls, func(part string) bool { return strings.Contains(registry, part) })
	switch {
	case !local && asked:
		for _, i := range c.instances(b).instances {
			if r := w.resource(&context{scope: c.scope, instance: i}, i); r != nil {
				w.calls = append(w.calls, Call{*r, source, registry, arguments})
			}
		}
		return
	case !local:
		start, _ := c.span(b.DefRange())
		w.calls = append(w.calls, Call{Resource{Type: "module", Address: c.prefix("module." + strings.Join(b.Labels, ".")), At: start, File: b.DefRange().Filename}, source, registry, arguments})
		return
	}
	for _, i := range c.instances(b).instances {
		if inner := c.called(i, b.DefRange()); inner != nil {
			w.scope(inner)
		}
	}
}

// resource evaluates the arguments and blocks of a resource or of a call; nil if there are too many.
func (w *walk) resource(c *context, i *instance) *Resource {
	at, before := c.placeOf(i.block.DefRange()), len(c.problems)
	v := c.body(i.block.Body, at)
	w.decode(c, v)
	if v.weight() > maxWeight {
		c.fail(i.block.DefRange(), "%s has more than %d values: execrole reads no more", i.address(), maxWeight)
		return nil
	}
	r := &Resource{
		Type: i.block.Labels[0], Address: i.address(), At: at.start, File: i.block.DefRange().Filename,
		Values: c.node(v, policy.Text(i.address()), at.start), Region: c.region(i.block), Exists: i.taken(), Own: c.ownEnvironment(i.block),
	}
	if i.block.Type == "data" {
		r.Type = "data." + r.Type
	}
	r.Problems = distinctProblems(c.problems[before:])
	return r
}

// ownEnvironment returns the symbols of data sources that have the provider of a block: see [Resource.Own].
func (c *context) ownEnvironment(of *hclsyntax.Block) map[policy.Symbol]policy.Symbol {
	provider := providerOf(of)
	if provider == "" {
		return nil
	}
	own := map[policy.Symbol]policy.Symbol{}
	for address, b := range c.module.resources {
		if b.Type != "data" || providerOf(b) != provider || b.Body.Attributes["region"] != nil || b.Body.Attributes["name"] != nil {
			continue
		}
		for _, e := range environmentAttributes {
			t := typeOf(b.Labels[0])
			if meaning := t.attribute(e.attribute); e.kind == t.kind && meaning != nil {
				attribute := e.attribute
				if meaning.same != "" {
					attribute = meaning.same
				}
				own[policy.Symbol(c.prefix(address+"."+attribute))] = e.symbol
			}
		}
	}
	return own
}

// decode puts what JSON says in the place of the strings of JSON in an object, and in the blocks of it.
func (w *walk) decode(c *context, v *value) {
	for j, m := range v.members {
		switch {
		case slices.Contains(w.json, string(m.name)):
			v.members[j].value = c.decoded(m.value)
		case m.value.kind == list:
			for _, block := range m.value.list {
				for _, branch := range block.branches() {
					if branch.kind == object {
						w.decode(c, branch)
					}
				}
			}
		}
	}
}

// decoded returns what the JSON in a string says, for each string that a value can be.
func (c *context) decoded(v *value) *value {
	switch v.kind {
	case textual:
		return c.decode(v)
	case choice:
		branches := make([]*value, len(v.list))
		for i := range v.list {
			branches[i] = c.decoded(v.list[i])
		}
		return choose(v.condition, v, branches...)
	}
	return v
}

// ownArguments are those of Terraform itself.
//
// Source: https://developer.hashicorp.com/terraform/language/resources/syntax#meta-arguments
var ownArguments = [...]string{"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection", "timeouts", "providers"}

// body evaluates the arguments of a body as the members of an object, and its blocks as lists of objects.
func (c *context) body(b *hclsyntax.Body, at *value) *value {
	v := made(object, at)
	arguments := make([]*hclsyntax.Attribute, 0, len(b.Attributes))
	for _, a := range b.Attributes {
		arguments = append(arguments, a)
	}
	slices.SortFunc(arguments, func(a, b *hclsyntax.Attribute) int { return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte })
	for _, a := range arguments {
		if !slices.Contains(ownArguments[:], a.Name) {
			start, _ := c.span(a.NameRange)
			v.members = append(v.members, member{policy.Text(a.Name), start, c.member(a.Name, a.Expr)})
		}
	}
	for _, block := range b.Blocks {
		kind, blocks := block.Type, []*value(nil)
		switch {
		case slices.Contains(ownArguments[:], kind):
			continue
		case kind == "dynamic" && len(block.Labels) == 1:
			kind = block.Labels[0]
			blocks = c.dynamic(block)
		default:
			blocks = []*value{c.body(block.Body, c.placeOf(block.DefRange()))}
		}
		i := slices.IndexFunc(v.members, func(m member) bool { return m.name == policy.Text(kind) })
		if i < 0 {
			i = len(v.members)
			start, _ := c.span(block.TypeRange)
			v.members = append(v.members, member{policy.Text(kind), start, made(list, c.placeOf(block.DefRange()))})
		}
		v.members[i].value.list = append(v.members[i].value.list, blocks...)
	}
	return v
}

// dynamic returns the blocks that a dynamic block makes.
//
// Source: https://developer.hashicorp.com/terraform/language/expressions/dynamic-blocks
func (c *context) dynamic(b *hclsyntax.Block) (blocks []*value) {
	each := b.Body.Attributes["for_each"]
	if each == nil {
		return nil
	}
	name := b.Labels[0]
	if iterator := b.Body.Attributes["iterator"]; iterator != nil {
		name = strings.TrimSpace(c.source(iterator.Expr.Range()))
	}
	return c.dynamicBlocks(b, name, c.eval(each.Expr))
}

// dynamicBlocks returns a block for each element of a collection. If the collection is a conditional, the first blocks of its
// branches become one conditional block, the second ones another, and so on: only the blocks of one branch exist.
func (c *context) dynamicBlocks(b *hclsyntax.Block, iterator string, collection *value) (blocks []*value) {
	if collection.kind == choice {
		branches, most := make([][]*value, len(collection.list)), 0
		for i, branch := range collection.list {
			branches[i] = c.dynamicBlocks(b, iterator, branch)
			most = max(most, len(branches[i]))
		}
		for j := range most {
			block := make([]*value, len(branches))
			for i := range branches {
				if block[i] = made(absent, collection); j < len(branches[i]) {
					block[i] = branches[i][j]
				}
			}
			blocks = append(blocks, choose(collection.condition, collection, block...))
		}
		return blocks
	}
	keys, values, ok := c.iterate(collection)
	switch {
	case !ok && collection.kind == unknown:
		return []*value{collection}
	case !ok && collection.kind == reference:
		return []*value{c.unknown(c.source(b.Body.Attributes["for_each"].Expr.Range()), collection)}
	case len(values) > maxElements:
		c.stop(b.DefRange(), "there are more than %d blocks: execrole reads no more", maxElements)
		return nil
	}
	i := slices.IndexFunc(b.Body.Blocks, func(inner *hclsyntax.Block) bool { return inner.Type == "content" })
	for j := range values {
		blocks = append(blocks, mapped(values[j], func(e *value) *value {
			if i < 0 || e.kind == absent {
				return made(absent, e)
			}
			element := made(object, e)
			element.members = []member{{"key", e.start, keys[j]}, {"value", e.start, e}}
			return c.with(iterator, element).body(b.Body.Blocks[i].Body, c.placeOf(b.DefRange()))
		}))
	}
	return blocks
}
