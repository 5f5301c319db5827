package terraform

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// RoleModule returns what a role has to know that becomes a part of the module, for a resource of it. What execrole has
// written into the module before is not the module's own: it is written again.
func (p *Program) RoleModule(r Resource) *policy.Module {
	m := &policy.Module{Folder: p.opts.Name, Values: map[policy.Symbol]string{}, Expressions: map[policy.Symbol]string{}, Roles: map[policy.Symbol]string{}, Lists: map[policy.Symbol]policy.RoleLists{}, Taken: map[string]bool{}}
	if p.root.module == nil {
		return m
	}
	m.Label = labelOf(r.Address)
	if block := p.root.module.resources[withoutIndex(r.Address)]; block != nil {
		m.Provider = providerOf(block)
		m.File, m.Resource = path.Base(block.DefRange().Filename), r.Address
	}
	p.takeNames(m)
	p.environmentValues(m)
	for s, info := range p.Symbols {
		if string(s) != info.Expression || !p.isExpressible(info.Expression) {
			continue
		}
		m.Expressions[s] = info.Expression
		if address, isARN := strings.CutSuffix(info.Expression, ".arn"); isARN && info.Meaning == policy.MeansRoleARN {
			if block := p.root.module.resources[withoutIndex(address)]; block != nil && !p.isGenerated(block.DefRange()) {
				m.Roles[s] = address + ".name"
				m.Lists[s] = p.listsOf(withoutIndex(address), block)
			}
		}
	}
	return m
}

// listsOf returns the arguments that list all policies of a role: those of its resource, and of resources beside it.
func (p *Program) listsOf(address string, block *hclsyntax.Block) (lists policy.RoleLists) {
	list := func(name string, r hcl.Range) policy.RoleList {
		return policy.RoleList{Argument: address + "." + name, Place: p.Doc.Source.Place(p.root.placeOf(r).start)}
	}
	for _, b := range block.Body.Blocks {
		if b.Type == "inline_policy" || b.Type == "dynamic" && len(b.Labels) > 0 && b.Labels[0] == "inline_policy" {
			lists.Inline = list("inline_policy", b.DefRange())
		}
	}
	if a := block.Body.Attributes["managed_policy_arns"]; a != nil {
		lists.Attached = list(a.Name, a.NameRange)
	}
	for _, exclusive := range []struct {
		list           *policy.RoleList
		kind, argument string
	}{{&lists.Inline, "aws_iam_role_policies_exclusive", "policy_names"}, {&lists.Attached, "aws_iam_role_policy_attachments_exclusive", "policy_arns"}} {
		if exclusive.list.Argument == "" {
			*exclusive.list = p.exclusiveList(address, exclusive.kind, exclusive.argument)
		}
	}
	return lists
}

// exclusiveList returns the argument that lists all policies of a role, in a resource of that kind; empty if no resource does.
func (p *Program) exclusiveList(role, kind, argument string) policy.RoleList {
	c := &context{scope: p.root}
	for _, address := range slices.Sorted(maps.Keys(p.root.module.resources)) {
		block := p.root.module.resources[address]
		of, names := block.Body.Attributes["role_name"], block.Body.Attributes[argument]
		if block.Type != "resource" || block.Labels[0] != kind || of == nil || names == nil || !c.isNameOf(of.Expr, role) {
			continue
		}
		list := policy.RoleList{Argument: address + "." + argument, Place: p.Doc.Source.Place(c.placeOf(names.NameRange).start), Exclusive: true}
		for _, branch := range c.eval(names.Expr).branches() {
			for _, element := range branch.list {
				for _, e := range element.branches() {
					list.Elements = append(list.Elements, c.flat(e).String())
				}
			}
		}
		for _, traversal := range hclsyntax.Variables(names.Expr) {
			list.Elements = append(list.Elements, c.source(traversal.SourceRange()))
		}
		return list
	}
	return policy.RoleList{}
}

// isNameOf reports whether an expression is the name of a role of the module: it refers to the role, or has the same value as its
// name. Role is the address of the role, without the key of an instance.
func (c *context) isNameOf(x hclsyntax.Expression, role string) bool {
	for _, traversal := range hclsyntax.Variables(x) {
		reference := c.source(traversal.SourceRange())
		if strings.HasPrefix(reference+".", role+".") || strings.HasPrefix(reference, role+"[") {
			return true
		}
	}
	given := c.eval(x)
	for _, attribute := range []string{"name", "id"} {
		if name, diagnostics := hclsyntax.ParseExpression([]byte(role+"."+attribute), "", hcl.InitialPos); !diagnostics.HasErrors() {
			for _, branch := range given.branches() {
				if v := c.eval(name); v.isScalar() && branch.isScalar() && c.flat(branch) == c.flat(v) {
					return true
				}
			}
		}
	}
	return false
}

// NameConditions gives the conditions of symbols names of letters and digits, as [policy.Branch] wants them, and returns the
// names of those of conditionals, by the IDs of the nodes. A condition that cannot be written in the module has no name: what
// depends on it is there always.
func (p *Program) NameConditions() map[int]string {
	names := map[string]string{}
	name := func(condition string) string {
		if known, ok := names[condition]; ok {
			return known
		}
		names[condition] = ""
		if p.isExpressible(condition) {
			names[condition] = "C" + strconv.Itoa(len(p.conditionNames)+1)
			p.conditionNames = append(p.conditionNames, names[condition])
			p.Symbols[policy.Symbol(names[condition])] = policy.SymbolInfo{
				Kind: policy.ConditionName, Meaning: policy.MeansText, Expression: condition, Place: tree.Place{File: p.opts.Name},
			}
		}
		return names[condition]
	}
	for _, s := range slices.Sorted(maps.Keys(p.Symbols)) {
		if info := p.Symbols[s]; info.Condition != "" {
			info.Condition = name(info.Condition)
			p.Symbols[s] = info
		}
	}
	nodes := map[int]string{}
	for _, id := range slices.Sorted(maps.Keys(p.Conditions)) {
		if n := name(p.Conditions[id]); n != "" {
			nodes[id] = n
		}
	}
	return nodes
}

// labelOf returns a name for an instance of a resource: the names of the modules that have it and its own, each with the key of
// the instance behind it.
func labelOf(address string) string {
	var words []string
	add := func(word string) {
		if n := len(words); word != "" && (n == 0 || words[n-1] != word) {
			words = append(words, word)
		}
	}
	for n := 1; address != ""; n++ {
		end := strings.IndexByte(withoutKeys(address)+".", '.')
		step, key, _ := strings.Cut(address[:end], "[")
		address = address[min(end+1, len(address)):]
		if n%2 > 0 && address != "" {
			continue // the word module or a type, before a name
		}
		add(step)
		if key = strings.Trim(key, `"]`); key != "0" {
			add(key)
		}
	}
	return strings.Join(words, "-")
}

// withoutKeys returns an address in which the characters of keys are spaces.
func withoutKeys(address string) string {
	b, inside := []byte(address), false
	for i, c := range b {
		inside = inside && c != ']' || c == '['
		if inside {
			b[i] = ' '
		}
	}
	return string(b)
}

// withoutIndex returns the address of a resource without the key of an instance.
func withoutIndex(address string) string {
	before, _, _ := strings.Cut(address, "[")
	return before
}

// providerOf returns the provider that a block names: aws.eu; "" where it names none.
func providerOf(b *hclsyntax.Block) string {
	a := b.Body.Attributes["provider"]
	if a == nil {
		return ""
	}
	if traversal, diagnostics := hcl.AbsTraversalForExpr(a.Expr); !diagnostics.HasErrors() {
		name := traversal.RootName()
		if len(traversal) > 1 {
			if alias, ok := traversal[1].(hcl.TraverseAttr); ok {
				name += "." + alias.Name
			}
		}
		return name
	}
	return ""
}

// generatedBy begins the files that execrole writes.
const generatedBy = "# Code generated by execrole"

// isGenerated reports whether execrole has written the file of a range.
func (p *Program) isGenerated(r hcl.Range) bool {
	return strings.HasPrefix(p.read[r.Filename].text, generatedBy)
}

// takeNames collects the addresses of what the module declares.
func (p *Program) takeNames(m *policy.Module) {
	take := func(prefix string, blocks map[string]*hclsyntax.Block) {
		for name, b := range blocks {
			if !p.isGenerated(b.DefRange()) {
				m.Taken[prefix+name] = true
			}
		}
	}
	take("", p.root.module.resources)
	take("var.", p.root.module.variables)
	take("output.", p.root.module.outputs)
	for name, a := range p.root.module.locals {
		if !p.isGenerated(a.NameRange) {
			m.Taken["local."+name] = true
		}
	}
}

// environmentAttributes are the attributes of data sources that say where the role is used. The id of aws_region is its name
// in versions 5 and 6 of the provider.
var environmentAttributes = []struct {
	kind, attribute string
	symbol          policy.Symbol
}{
	{"aws_partition", "partition", policy.Partition}, {"aws_partition", "dns_suffix", policy.URLSuffix},
	{"aws_region", "id", policy.Region}, {"aws_caller_identity", "account_id", policy.AccountID},
}

// environmentValues finds the data sources of the module that say where the role is used: of the provider that the role has,
// and of no other region.
func (p *Program) environmentValues(m *policy.Module) {
	for _, address := range slices.Sorted(maps.Keys(p.root.module.resources)) {
		b := p.root.module.resources[address]
		if b.Type != "data" || p.isGenerated(b.DefRange()) || providerOf(b) != m.Provider || slices.ContainsFunc([]string{"count", "for_each", "region", "name"}, func(name string) bool {
			return b.Body.Attributes[name] != nil
		}) {
			continue
		}
		for _, e := range environmentAttributes {
			expression := address + "." + e.attribute
			if _, has := m.Values[e.symbol]; !has && e.kind == b.Labels[0] && p.isExpressible(expression) {
				m.Values[e.symbol] = expression
			}
		}
	}
}

// isExpressible reports whether an expression can be written anywhere in the module: it refers to what the module declares,
// and not to the variables of a loop or of an instance.
func (p *Program) isExpressible(expression string) bool {
	x, diagnostics := hclsyntax.ParseExpression([]byte(expression), "", hcl.InitialPos)
	if diagnostics.HasErrors() {
		return false
	}
	// In the middle of a line, a comment would take the rest of the line away.
	tokens, _ := hclsyntax.LexExpression([]byte(expression), "", hcl.InitialPos)
	if slices.ContainsFunc(tokens, func(t hclsyntax.Token) bool {
		return t.Type == hclsyntax.TokenComment || bytes.ContainsAny(t.Bytes, "\r\n")
	}) {
		return false
	}
	for _, traversal := range hclsyntax.Variables(x) {
		if !p.isDeclared(traversal) {
			return false
		}
	}
	return true
}

// isDeclared reports whether a reference is to something that the module declares.
func (p *Program) isDeclared(traversal hcl.Traversal) bool {
	m, name := p.root.module, func(i int) string {
		if i < len(traversal) {
			if attribute, ok := traversal[i].(hcl.TraverseAttr); ok {
				return attribute.Name
			}
		}
		return ""
	}
	switch root := traversal.RootName(); root {
	case "path", "terraform":
		return true
	case "var":
		return m.variables[name(1)] != nil
	case "local":
		return m.locals[name(1)] != nil
	case "data":
		return m.resources["data."+name(1)+"."+name(2)] != nil
	case "module":
		call := m.calls[name(1)]
		if call == nil {
			return false
		}
		output := name(2)
		for i := 2; output == "" && i+1 < len(traversal); i++ {
			output = name(i + 1) // behind the key of an instance
		}
		source, local := (&context{scope: p.root}).moduleSource(call)
		if called := p.modules[path.Join(p.root.module.folder, source)]; local && called != nil {
			return called.outputs[output] != nil
		}
		return output != ""
	default:
		return m.resources[root+"."+name(1)] != nil
	}
}

// oneLine returns an expression in one line, without its comments. Strings stay as they are.
func oneLine(expression string) string {
	if !strings.ContainsAny(expression, "\r\n\t#") && !strings.Contains(expression, "  ") && !strings.Contains(expression, "//") && !strings.Contains(expression, "/*") {
		return expression
	}
	var b strings.Builder
	tokens, _ := hclsyntax.LexExpression([]byte(expression), "", hcl.InitialPos)
	end, space := 0, false
	for _, t := range tokens {
		start := t.Range.Start.Byte
		space = space || start > end
		end = t.Range.End.Byte
		if t.Type == hclsyntax.TokenComment || t.Type == hclsyntax.TokenNewline {
			space = true
			continue
		}
		if space && b.Len() > 0 && len(t.Bytes) > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.Write(t.Bytes)
	}
	return b.String()
}
