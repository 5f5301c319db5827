package terraform

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
)

// scope is a module with the values of its variables: the root, or one instance of a module that is called.
type scope struct {
	*Program
	module *module
	// address is that of the instance: module.web["a"]; "" for the root.
	address string
	// caller is the scope that has the call, with the values of each and count there; nil for the root.
	caller *context
	block  *hclsyntax.Block                   // the call
	values map[string]*value                  // of locals and variables that were evaluated, by "local.x" and "var.x"
	given  map[string]func(c *context) *value // the values of the root's variables that files give
	calls  map[string]*scope                  // the instances of all modules, by their addresses; of the root
	// targets are the instances of blocks.
	targets map[*hclsyntax.Block]*target
}

// prefix returns a name with the address of its module before it.
func (s *scope) prefix(name string) string {
	if s.address == "" {
		return name
	}
	return s.address + "." + name
}

// context is where an expression is evaluated: a scope, an instance of a resource in it, and the variables of loops.
type context struct {
	*scope
	instance *instance
	loop     *variable
}

// variable is the variable of a loop, or of a template.
type variable struct {
	name  string // "" for the element of a splat
	anon  *hclsyntax.AnonSymbolExpr
	value *value
	outer *variable
	// isTemplate says that the variables further out are not visible, nor is anything else.
	isTemplate bool
}

// with returns the context with another variable.
func (c *context) with(name string, v *value) *context {
	inner := *c
	inner.loop = &variable{name: name, value: v, outer: c.loop}
	return &inner
}

// progress is something that is being evaluated: it must not need itself.
type progress struct {
	scope *scope
	name  string
}

// once evaluates something that must not need itself. What is how messages call it.
func (c *context) once(name, what string, r hcl.Range, evaluate func() *value) *value {
	key := progress{c.scope, name}
	at := c.placeOf(r)
	if c.working[key] {
		c.fail(r, "%s refers to itself", what)
		return made(null, at)
	}
	if len(c.working) >= maxNested {
		c.stop(r, "%s is evaluated inside of too many others", what)
		return made(null, at)
	}
	c.working[key] = true
	inTry, inBranch := c.inTry, c.inBranch
	c.inTry, c.inBranch = 0, 0 // what is evaluated is kept, and others use it too
	defer func() {
		delete(c.working, key)
		c.inTry, c.inBranch = inTry, inBranch
	}()
	return evaluate()
}

// placeOf returns an empty value in the place of a range.
func (p *Program) placeOf(r hcl.Range) *value {
	start, end := p.span(r)
	return &value{start: start, end: end}
}

// local returns the value of a local.
func (c *context) local(name string, r hcl.Range) *value {
	key := "local." + name
	if v := c.values[key]; v != nil {
		return v
	}
	a := c.module.locals[name]
	if a == nil && c.partial {
		return c.open(key, key, policy.Variable, policy.MeansUnknown, c.placeOf(r))
	}
	if a == nil {
		c.fail(r, "there is no local value %q", name)
		return made(null, c.placeOf(r))
	}
	problems := len(c.problems)
	v := c.once(key, key, r, func() *value { return (&context{scope: c.scope}).eval(a.Expr) })
	if len(c.problems) == problems && c.quiet == 0 {
		c.values[key] = v
	}
	return v
}

// variable returns the value of a variable.
func (c *context) variable(name string, r hcl.Range) *value {
	key := "var." + name
	if v := c.values[key]; v != nil {
		return v
	}
	problems := len(c.problems)
	v := c.once(key, key, r, func() *value { return c.valueOf(name, r) })
	if len(c.problems) == problems && c.quiet == 0 {
		c.values[key] = v
	}
	return v
}

// valueOf evaluates a variable: what the caller gives, or else the default. The default of the root's is not its value: of
// a scalar it is kept as the default of a symbol, and of any other value it is used with a warning.
func (c *context) valueOf(name string, r hcl.Range) *value {
	declared := c.module.variables[name]
	if declared == nil && c.partial {
		return c.open("var."+name, "var."+name, policy.Parameter, policy.MeansUnknown, c.placeOf(r))
	}
	if declared == nil {
		c.warn(r, "the module has no variable %q: its value is taken for unknown", name)
		return c.open(c.prefix("var."+name), "var."+name, policy.Variable, policy.MeansUnknown, c.placeOf(r))
	}
	v, isSymbol := c.givenValue(declared, name, r)
	if t := declared.Body.Attributes["type"]; t != nil && !isSymbol {
		return c.conform(v, t.Expr)
	}
	return v
}

// givenValue evaluates a variable, without a conversion to its type. It reports whether the value is a symbol that has the
// type.
func (c *context) givenValue(declared *hclsyntax.Block, name string, r hcl.Range) (v *value, isSymbol bool) {
	at := c.placeOf(declared.DefRange())
	standard := declared.Body.Attributes["default"]
	within := &context{scope: c.scope}
	if c.caller != nil {
		if a := c.block.Body.Attributes[name]; a != nil {
			return within.nullable(declared, c.caller.eval(a.Expr)), false
		}
		if standard != nil {
			return within.eval(standard.Expr), false
		}
		c.fail(c.block.DefRange(), "%s does not give the variable %q a value", c.address, name)
		return c.open(c.prefix("var."+name), "var."+name, policy.Variable, policy.MeansUnknown, at), true
	}
	if given := c.given[name]; given != nil {
		return within.nullable(declared, given(within)), false
	}
	if value, ok := c.opts.Set["var."+name]; ok {
		c.Used["var."+name] = true
		return textAt(policy.Text(value), at), false
	}
	info := policy.SymbolInfo{Kind: policy.Parameter, Meaning: policy.MeansUnknown, Expression: "var." + name}
	offers := within.offers(declared)
	if t := declared.Body.Attributes["type"]; t != nil && strings.Trim(c.source(t.Expr.Range()), `"`) == "string" {
		info.Meaning = policy.MeansText
	}
	if standard != nil {
		v := within.eval(standard.Expr)
		if v.kind == null && c.opts.NullsOpen && isScalarType(declared) {
			some := made(unknown, at)
			info.Condition = "var." + name + " != null" // a text with null in it would be an error
			some.text, _ = c.symbol("var."+name, info, at.start)
			c.offer(some.text, offers)
			return choose(info.Condition, at, some, v), true
		}
		if !v.isScalar() || !v.isKnown() {
			if c.quiet > 0 {
				return v, false
			}
			c.warn(declared.DefRange(), "the default of var.%s is used: with another value, the role can be another; terraform.tfvars and calls of the module are read too", name)
			return v, false
		}
		info.Default = c.flat(v).String()
	}
	v = made(unknown, at)
	v.text, _ = c.symbol("var."+name, info, at.start)
	c.offer(v.text, offers)
	return v, true
}

// nullable returns the value that a variable has if that value is given to it. With nullable = false, its default counts in the
// place of null.
//
// Source: https://developer.hashicorp.com/terraform/language/values/variables#disallowing-null-input-values
func (c *context) nullable(declared *hclsyntax.Block, given *value) *value {
	nullable, standard := declared.Body.Attributes["nullable"], declared.Body.Attributes["default"]
	if nullable == nil || standard == nil || c.source(nullable.Expr.Range()) != "false" {
		return given
	}
	return given.orElse(func() *value { return c.eval(standard.Expr) })
}

// isScalarType reports whether the type of a variable is a string, a number or a boolean.
func isScalarType(variable *hclsyntax.Block) bool {
	t := variable.Body.Attributes["type"]
	return t != nil && slices.Contains([]string{"string", "number", "bool"}, hcl.ExprAsKeyword(t.Expr))
}

// open returns a value that only a deployment knows, by the name of its symbol and by its expression.
func (c *context) open(name, expression string, kind policy.SymbolKind, meaning policy.Meaning, at *value) *value {
	v := made(unknown, at)
	s, given := c.symbol(name, policy.SymbolInfo{Kind: kind, Meaning: meaning, Expression: expression}, at.start)
	if v.text = s; given {
		v.kind = textual
	}
	return v
}

// unknown returns the value of an expression that cannot be evaluated. Where the expression depends on a loop, its name has
// the place in the loop too: it has another value there.
func (c *context) unknown(expression string, at *value) *value {
	const most = 100
	expression = oneLine(expression)
	name := expression
	if len(name) > most {
		line, column := c.Doc.Source.Position(at.start)
		name = fmt.Sprintf("%s… at %d:%d", strings.ToValidUTF8(name[:most], ""), line, column)
	}
	for v := c.loop; v != nil; v = v.outer {
		if v.name != "" && strings.Contains(expression, v.name) && v.value.isKnown() && v.value.isScalar() {
			name += fmt.Sprintf(" (%s = %s)", v.name, c.flat(v.value))
		}
	}
	if c.instance != nil && (strings.Contains(expression, "each.") || strings.Contains(expression, "count.")) {
		name += " of " + c.instance.address()
	}
	return c.open(c.prefix(name), expression, policy.Variable, policy.MeansUnknown, at)
}

// called returns the scope of a module that a block calls, for one of its instances; nil if its source cannot be read.
//
// Source: https://developer.hashicorp.com/terraform/language/modules/sources
func (c *context) called(i *instance, r hcl.Range) *scope {
	address := c.prefix(i.local())
	if s, known := c.root.calls[address]; known {
		return s
	}
	if c.root.calls == nil {
		c.root.calls = map[string]*scope{}
	}
	c.root.calls[address] = nil
	source, local := c.moduleSource(i.block)
	if !local {
		return nil
	}
	folder := path.Join(c.module.folder, source)
	depth := 0
	for outer := c; outer != nil; outer = outer.caller {
		depth++
	}
	at := i.block.Body.Attributes["source"].Expr.Range()
	if depth > maxNested/4 {
		c.stop(at, "the module is inside of too many others, or calls itself")
		return nil
	}
	var m *module
	problems := len(c.problems)
	if folder != ".." && !strings.HasPrefix(folder, "../") {
		m = c.Program.module(folder)
	} else {
		c.warn(at, "the module %s is outside of the folder that execrole was given: pass a folder that has both modules in it", source)
	}
	if m == nil {
		if name := c.name(folder); len(c.problems) == problems && !slices.Contains(c.missing, name) {
			if c.missing == nil {
				c.missingAt, _ = c.span(at)
			}
			c.missing = append(c.missing, name)
		}
		return nil
	}
	s := &scope{Program: c.Program, module: m, address: address, caller: &context{scope: c.scope, instance: i}, block: i.block, values: map[string]*value{}}
	c.root.calls[address] = s
	return s
}

// moduleSource returns the source of a module as the call says it, and whether it is a folder beside the caller.
func (c *context) moduleSource(call *hclsyntax.Block) (source string, local bool) {
	a := call.Body.Attributes["source"]
	if a == nil {
		return "", false
	}
	v := c.eval(a.Expr)
	if v.kind != textual || !v.isKnown() {
		return "", false
	}
	source = string(c.flat(v))
	return source, isLocal(source)
}

// registrySource returns the source that the registry has for a module of a repository at GitHub: for
// git::https://github.com/terraform-aws-modules/terraform-aws-ecs.git//modules/service?ref=v5 that is
// terraform-aws-modules/ecs/aws//modules/service. Any other source stays as it is.
//
// Source: https://developer.hashicorp.com/terraform/registry/modules/publish#requirements
func registrySource(source string) string {
	i := strings.Index(source, "github.com")
	if i < 0 {
		return source
	}
	repository, _, _ := strings.Cut(strings.TrimLeft(source[i+len("github.com"):], "/:"), "?")
	repository, folder, hasFolder := strings.Cut(repository, "//")
	namespace, name, _ := strings.Cut(strings.TrimSuffix(repository, ".git"), "/")
	provider, name, found := strings.Cut(strings.TrimPrefix(name, "terraform-"), "-")
	if !found {
		return source
	}
	source = namespace + "/" + name + "/" + provider
	if hasFolder {
		source += "//" + folder
	}
	return source
}

// output returns an output of an instance of a module.
func (c *context) output(i *instance, name string, r hcl.Range) *value {
	s := c.called(i, r)
	if s == nil {
		expression := i.local() + "." + name
		return c.open(c.prefix(expression), expression, policy.Attribute, c.meaningOfOutput(i.block, name), c.placeOf(r))
	}
	output := s.module.outputs[name]
	if output == nil || output.Body.Attributes["value"] == nil {
		c.fail(r, "the module %s has no output %q", i.local(), name)
		return made(null, c.placeOf(r))
	}
	within := &context{scope: s}
	return within.once("output."+name, s.prefix("output "+name), r, func() *value { return within.eval(output.Body.Attributes["value"].Expr) })
}
