package terraform

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/execrole/execrole/analyze/policy"
)

// traversal evaluates a reference: var.image, aws_ecr_repository.app.repository_url, each.value["name"].
//
// Source: https://developer.hashicorp.com/terraform/language/expressions/references
func (c *context) traversal(x *hclsyntax.ScopeTraversalExpr) *value {
	root, rest := x.Traversal.RootName(), x.Traversal[1:]
	at := c.here(x)
	for v := c.loop; v != nil; v = v.outer {
		switch {
		case v.isTemplate && v.name == root:
			return c.steps(v.value, rest, x.SrcRange)
		case v.isTemplate && (v.outer == nil || !v.outer.isTemplate):
			c.fail(x.SrcRange, "the template gets no variable %q", root)
			return made(null, at)
		case v.anon == nil && v.name == root:
			return c.steps(v.value, rest, x.SrcRange)
		}
	}
	name := ""
	if len(rest) > 0 {
		if step, ok := rest[0].(hcl.TraverseAttr); ok {
			name = step.Name
		}
	}
	switch root {
	case "var":
		v := c.variable(name, x.SrcRange)
		if v.kind == unknown || len(rest) > 1 {
			return c.steps(v.at(at.start, at.end), rest[min(1, len(rest)):], x.SrcRange)
		}
		return v
	case "local":
		return c.steps(c.local(name, x.SrcRange), rest[min(1, len(rest)):], x.SrcRange)
	case "each", "count":
		return c.steps(c.ofInstance(root, name, at), rest[min(1, len(rest)):], x.SrcRange)
	case "path":
		return textAt(policy.Text(c.path(name)), at)
	case "module":
		if call := c.module.calls[name]; call != nil {
			return c.steps(c.refer(call, x.SrcRange), rest[1:], x.SrcRange)
		}
		c.fail(x.SrcRange, "there is no module %q", name)
		return made(null, at)
	case "data":
		if len(rest) > 1 {
			if step, ok := rest[1].(hcl.TraverseAttr); ok {
				return c.resource("data."+name+"."+step.Name, rest[2:], x)
			}
		}
	case "terraform", "self":
	default:
		return c.resource(root+"."+name, rest[min(1, len(rest)):], x)
	}
	return c.unknown(c.source(x.SrcRange), at)
}

// resource evaluates a reference to a resource or a data source.
func (c *context) resource(name string, rest hcl.Traversal, x *hclsyntax.ScopeTraversalExpr) *value {
	b := c.module.resources[name]
	if b == nil {
		return c.undeclared(name, rest, x)
	}
	return c.steps(c.refer(b, x.SrcRange), rest, x.SrcRange)
}

// undeclared evaluates a reference to a resource that no file of the module has. Its type says what its attributes mean.
func (c *context) undeclared(name string, rest hcl.Traversal, x *hclsyntax.ScopeTraversalExpr) *value {
	if !strings.Contains(name, "_") {
		c.fail(x.SrcRange, "there is no %s", name)
		return made(null, c.here(x))
	}
	if !c.partial {
		c.warn(x.SrcRange, "the module has no %s: it is taken for one that is elsewhere", name)
	}
	info := policy.SymbolInfo{Kind: policy.Attribute, Expression: c.source(x.SrcRange)}
	kind, _, _ := strings.Cut(strings.TrimPrefix(name, "data."), ".")
	if len(rest) > 0 {
		t := typeOf(kind)
		if step, ok := rest[len(rest)-1].(hcl.TraverseAttr); ok {
			if meaning := t.attribute(step.Name); meaning != nil {
				info.Meaning = meaning.meaning
				if meaning.meaning == policy.MeansRepositoryURI {
					arn := strings.TrimSuffix(info.Expression, step.Name) + "arn"
					text, _ := c.symbol(c.prefix(arn), policy.SymbolInfo{Kind: policy.Attribute, Meaning: policy.MeansRepositoryARN, Expression: arn}, c.here(x).start)
					info.ARN = policy.Whole(text)
				}
			}
		}
	}
	v := c.here(x)
	v.kind = unknown
	var set bool
	if v.text, set = c.symbol(c.prefix(info.Expression), info, v.start); set {
		v.kind = textual
	}
	return v
}

// ofInstance returns each.key, each.value or count.index.
func (c *context) ofInstance(root, name string, at *value) *value {
	if c.instance != nil {
		for key, v := range map[string]*value{"each.key": c.instance.each, "each.value": c.instance.value, "count.index": c.instance.index} {
			if key == root+"."+name && v != nil {
				return v
			}
		}
	}
	return c.unknown(root+"."+name, at)
}

// path returns path.module and its like, in relation to the root's folder.
func (c *context) path(name string) string {
	if name != "module" || c.module.folder == c.folder {
		return "."
	}
	return relative(c.folder, c.module.folder)
}

// steps evaluates the rest of a reference.
func (c *context) steps(v *value, rest hcl.Traversal, r hcl.Range) *value {
	for i, step := range rest {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			v = c.attribute(v, step.Name, r)
		case hcl.TraverseIndex:
			key, ok := fromCty(step.Key, c.placeOf(r))
			if !ok {
				return made(null, c.placeOf(r))
			}
			v = c.index(v, key, r)
		case hcl.TraverseSplat:
			return c.unknown(c.source(r), c.placeOf(r))
		}
		if v.kind == null && i < len(rest)-1 {
			break
		}
	}
	return v
}

// attribute returns an attribute of a value.
func (c *context) attribute(v *value, name string, r hcl.Range) *value {
	at := c.placeOf(r)
	return c.each(at, c.source(r), []*value{v}, func(args []*value) *value {
		switch v := args[0]; v.kind {
		case object:
			if m := v.member(policy.Text(name)); m != nil {
				return m
			}
			c.fail(r, "there is no member %q", name)
		case reference:
			return c.ofReference(v, name, r)
		case unknown:
			return c.below(v, "."+name, textAt(policy.Text(name), at), at)
		case list:
			if i, err := cty.ParseNumberVal(name); err == nil { // x.0, as Terraform 0.11 has it
				key, _ := fromCty(i, at)
				return c.index(v, key, r)
			}
			c.fail(r, "a list has no member %q", name)
		case absent:
			return v
		default:
			c.fail(r, "%s has no member %q", kindNames[v.kind], name)
		}
		return made(null, at)
	})
}

var kindNames = map[kind]string{null: "null", boolean: "a boolean", number: "a number", textual: "a string"}

// below returns what is below an unknown value. Step is the key as an expression has it.
func (c *context) below(v *value, step string, key, at *value) *value {
	s, rest, ok := v.text.CutSymbol()
	if !ok || rest != "" {
		return c.unknown(v.text.String()+step, at)
	}
	info := c.Symbols.Lookup(s)
	kind := info.Kind
	if kind == policy.Parameter {
		kind = policy.Variable
	}
	meaning := policy.MeansUnknown
	for _, m := range deepMeanings {
		if strings.HasSuffix(string(s)+step, m.path) && strings.Contains(string(s), m.resource) {
			meaning = m.meaning
		}
	}
	inner := c.open(string(s)+step, info.Expression+step, kind, meaning, at)
	c.offerBelow(s, inner.text, key)
	return inner
}

// index returns an element of a collection.
func (c *context) index(v, key *value, r hcl.Range) *value {
	at := c.placeOf(r)
	return c.each(at, c.source(r), []*value{v, key}, func(args []*value) *value {
		v, key := args[0], args[1]
		if v.kind == reference {
			return c.indexReference(v, key, r)
		}
		text := c.flat(key)
		switch {
		case v.kind == absent:
			return v
		case v.kind == unknown && key.isKnown() && key.kind == number:
			return c.below(v, "["+string(text)+"]", key, at)
		case v.kind == unknown && key.isKnown() && key.kind == textual:
			return c.below(v, keyOf(string(text)), key, at)
		case v.kind == unknown || v.kind != list && v.kind != object || v.canMiss():
			if v.kind == null || v.isScalar() && v.kind != unknown {
				c.fail(r, "%s has no elements", kindNames[v.kind])
				return made(null, at)
			}
			return c.unknown(c.source(r), at)
		case c.opts.Follow && key.text == policy.Of(policy.Region) && v.kind == object && v.isKnown():
			return c.byRegion(v, at, c.source(r))
		case !key.isKnown() || key.kind == unknown:
			return c.anyElement(v, at, c.source(r))
		case v.kind == object:
			if m := v.member(text); m != nil {
				return m
			}
			c.fail(r, "there is no member %q", text)
			return made(null, at)
		}
		if i, ok := wholeNumber(key); ok && i >= 0 && i < len(v.list) {
			return v.list[i]
		}
		c.fail(r, "the list has %d elements, and no element %s", len(v.list), text)
		return made(null, at)
	})
}

// byRegion returns the element of a map of texts for the role's own region.
func (c *context) byRegion(v, at *value, expression string) *value {
	var m policy.Mapping
	for _, row := range v.sorted() {
		if row.value.kind != textual {
			return c.anyElement(v, at, expression)
		}
		m.Rows = append(m.Rows, policy.Row{Region: string(row.name), Value: string(c.flat(row.value))})
	}
	return c.open(string(m.ByRegion()), expression, policy.Variable, policy.MeansText, at)
}

// canMiss reports whether elements of a list may be absent, so that no index is certain.
func (v *value) canMiss() bool {
	if v.kind != list {
		return false
	}
	for _, e := range v.list {
		if e.canBeAbsent() {
			return true
		}
	}
	return false
}

// anyElement returns the choice of all elements of a collection: the key is unknown.
func (c *context) anyElement(v *value, at *value, expression string) *value {
	all := v.list
	for _, m := range v.members {
		all = append(all[:len(all):len(all)], m.value)
	}
	if len(all) == 0 || len(all) > maxBranches {
		return c.unknown(expression, at)
	}
	return choose("", at, all...)
}

// indexReference returns an instance of a resource or a module.
func (c *context) indexReference(v, key *value, r hcl.Range) *value {
	at := c.placeOf(r)
	t := v.of
	if t.single && key.kind == textual && key.isKnown() {
		return c.ofReference(v, c.flat(key).String(), r) // x["name"] is x.name
	}
	if t.single {
		c.fail(r, "%s has no instances, since it has neither count nor for_each", t.instances[0].local())
		return made(null, at)
	}
	if len(t.instances) == 0 {
		c.fail(r, "there are no instances")
		return made(null, at)
	}
	one := func(i *instance) *value {
		e := made(reference, at)
		e.of = &target{instances: []*instance{i}, single: true, certain: true}
		return e
	}
	first := t.instances[0]
	end := ""
	if key.isKnown() {
		end = keyOf(c.flat(key).String())
		if t.counted {
			end = "[" + string(key.text) + "]"
		}
		if i := t.find(end); i != nil {
			return one(i)
		}
	}
	if first.key == "" { // the instances are unknown
		in := *first
		if in.key = end; in.key == "" {
			in.key = "[" + oneLine(c.keySource(key)) + "]"
		}
		if in.each != nil {
			in.each = key
		}
		return one(&in)
	}
	if key.isKnown() {
		c.fail(r, "%s has no instance %s", strings.TrimSuffix(first.local(), first.key), end)
		return made(null, at)
	}
	all := v.elements()
	return c.anyElement(all, at, c.source(r))
}

// keySource returns an unknown key as it is written.
func (c *context) keySource(key *value) string {
	if s, rest, ok := key.text.CutSymbol(); ok && rest == "" {
		return c.Symbols.Lookup(s).Expression
	}
	return fmt.Sprintf("%q", key.text.String())
}
