package check

import (
	"maps"
	"path"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
)

// This file resolves what templates of one input say of each other: the exports of other stacks, and the parameters and
// outputs of nested stacks.

// space are the templates of an input.
type space struct {
	stacks map[string]*stack // by the name of the file
	// exports are the values that stacks export, by name. Where two export the same name, it is unknown which is meant.
	exports map[string]*export
	// linked says that there are several templates, which can refer to each other.
	linked bool
	// origins are the symbols of templates by the names that they have in others.
	origins map[policy.Symbol]origin
}

// origin is a symbol of a template.
type origin struct {
	file   string
	symbol policy.Symbol
}

// export is a value of a template.
type export struct {
	of *stack
	policy.Text
}

// link is a nested stack: a resource of a template that has another template.
type link struct {
	parent     *stack
	parameters *tree.Node // what the parent gives to it; nil for nothing
}

// link finds out which templates refer to which.
func (sp *space) link() {
	for _, s := range sp.stacks {
		for _, o := range s.outputs() {
			switch name := o.Export; {
			case name == "":
			case sp.exports[name] != nil:
				sp.exports[name] = &export{}
			default:
				sp.exports[name] = &export{s, s.single(o.Value)}
			}
		}
		if resources := s.Resources(); resources != nil {
			for i := range resources.Children {
				sp.nest(s, &resources.Children[i])
			}
		}
	}
	sp.linked = len(sp.stacks) > 1
}

// nest notes the template of a nested stack, if it is among the inputs.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
func (sp *space) nest(s *stack, resource *tree.Node) {
	if kind := kindOf(resource); kind != "AWS::CloudFormation::Stack" && kind != "AWS::Serverless::Application" {
		return
	}
	properties := s.properties(resource)
	name := text(properties, "TemplateURL")
	if location := text(properties, "Location"); location != "" {
		name = location
	}
	if metadata := resource.Member("Metadata"); metadata != nil {
		if asset := text(metadata, "aws:asset:path"); asset != "" { // of the CDK
			name = asset
		}
	}
	var children []*stack
	for file, other := range sp.stacks {
		if other != s && name != "" && path.Base(file) == path.Base(policy.Text(name).String()) {
			children = append(children, other)
		}
	}
	if len(children) == 1 {
		child := children[0]
		child.parents = append(child.parents, link{s, properties.Member("Parameters")})
		s.nested[resource.Name] = child
	}
}

// outputs returns the outputs of a template by their names.
func (s *stack) outputs() map[string]template.Output {
	if s.outputsRead == nil {
		s.outputsRead = map[string]template.Output{}
		for _, o := range s.Outputs() {
			s.outputsRead[o.Name] = o
		}
	}
	return s.outputsRead
}

// single returns the one text that a value is; "" for others.
func (s *stack) single(n *tree.Node) policy.Text {
	if n == nil || n.Kind != tree.String {
		return ""
	}
	return policy.Text(n.Text)
}

// next returns what a symbol of a template is in another template; not ok where it is nothing in another one. Symbols are
// those of the template, which need not be among the inputs.
func (sp *space) next(file string, s policy.Symbol, symbols policy.SymbolTable) (*stack, policy.Text, bool) {
	if info := symbols.Lookup(s); info.Kind == policy.Import && info.Export != "" {
		if e := sp.exports[info.Export]; e != nil && e.of != nil && e.Text != "" {
			return e.of, e.Text, true
		}
		return nil, "", false
	}
	of := sp.stacks[file]
	if of == nil {
		return nil, "", false
	}
	for name, child := range of.nested {
		if attribute, ok := policy.Text(s).CutPrefix(policy.Text(name) + ".Outputs."); ok {
			if o, ok := child.outputs()[string(attribute)]; ok && child.single(o.Value) != "" {
				return child, child.single(o.Value), true
			}
		}
	}
	if len(of.parents) == 1 {
		l := of.parents[0]
		if l.parameters != nil && of.isInput(string(s)) {
			if value := l.parent.single(l.parameters.Member(string(s))); value != "" {
				return l.parent, value, true
			}
		}
	}
	return nil, "", false
}

// isInput reports whether a template has a parameter.
func (s *stack) isInput(name string) bool {
	inputs := s.top.Member("Parameters")
	return inputs != nil && inputs.Member(name) != nil
}

// maxLinks is how many templates one value may go through.
const maxLinks = 20

// translate returns a text of one template with the symbols of another: what both can name has the same symbols, and what is
// the first one's own has symbols of another name. Symbols are those of the first template.
func (sp *space) translate(t policy.Text, from, to string, symbols policy.SymbolTable) policy.Text {
	if sp == nil || t.IsLiteral() || from == to && !sp.linked {
		return t
	}
	return sp.translated(t, from, to, symbols, maxLinks)
}

func (sp *space) translated(t policy.Text, from, to string, symbols policy.SymbolTable, most int) policy.Text {
	return policy.Text(t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		if slices.Contains(policy.EnvironmentSymbols[:], s) || s == policy.URLSuffix {
			return string(policy.Of(s))
		}
		if o, ok := sp.origins[s]; ok && most > 0 {
			return string(sp.translated(policy.Of(o.symbol), o.file, to, sp.stacks[o.file].Symbols, most-1))
		}
		if most > 0 {
			if of, value, ok := sp.next(from, s, symbols); ok {
				return string(sp.translated(value, of.file, to, of.Symbols, most-1))
			}
		}
		if info := symbols.Lookup(s); from == to || info.Kind == policy.Import && info.Export != "" {
			return string(policy.Of(s))
		}
		return string(policy.Of(sp.foreign(from, s)))
	}))
}

// foreign returns the name that a symbol of a template has in others.
func (sp *space) foreign(file string, s policy.Symbol) policy.Symbol {
	name := policy.Symbol(file+": ") + s
	if sp.stacks[file] != nil {
		sp.origins[name] = origin{file, s}
	}
	return name
}

// foreignSymbols returns what is known of the symbols of another template, by the names that they have elsewhere.
func (sp *space) foreignSymbols(file, to string, symbols policy.SymbolTable) policy.SymbolTable {
	if sp == nil || file == to {
		return symbols
	}
	table := policy.SymbolTable{}
	for s, info := range symbols {
		if _, known := sp.origins[s]; known {
			continue // of a third template
		}
		name := sp.foreign(file, s)
		if info.Kind == policy.Import && info.Export != "" {
			name = s
		}
		info.ARN = sp.translateARN(info.ARN, file, to, symbols)
		info.Condition = "" // of its template
		info.Same = sp.translate(info.Same, file, to, symbols)
		info.Like = sp.translate(info.Like, file, to, symbols)
		table[name] = info
	}
	return table
}

func (sp *space) translateARN(a policy.ARN, from, to string, symbols policy.SymbolTable) policy.ARN {
	for _, part := range []*policy.Text{&a.Partition, &a.Service, &a.Region, &a.Account, &a.Resource} {
		*part = sp.translate(*part, from, to, symbols)
	}
	return a
}

// translateDocument returns a policy document of one template with the symbols of another.
func (sp *space) translateDocument(d policy.Document, from *stack, to string) policy.Document {
	values := func(list []policy.Value) []policy.Value {
		list = slices.Clone(list)
		for i := range list {
			list[i].Text = sp.translate(list[i].Text, from.file, to, from.Symbols)
		}
		return list
	}
	d.Statements = slices.Clone(d.Statements)
	for i := range d.Statements {
		s := &d.Statements[i]
		s.Resources, s.NotResources = values(s.Resources), values(s.NotResources)
		s.Conditions = slices.Clone(s.Conditions)
		for j := range s.Conditions {
			s.Conditions[j].Values = values(s.Conditions[j].Values)
		}
	}
	return d
}

// space returns the templates of the input; nil for none.
func (r Roles) space() *space {
	for _, role := range r {
		if role.stack != nil {
			return role.stack.space
		}
	}
	return nil
}

// Of returns the roles that a task definition names, each once, and what it names that is none of these. Where the names are
// branches of a conditional, there are several roles.
func (r Roles) Of(p *analyze.Plan) (roles []*Role, unknown []analyze.NamedRole) {
	sp := r.space()
	for _, named := range p.ExecutionRoles {
		i := slices.IndexFunc(r, func(role *Role) bool {
			if role.stack == nil {
				return role.isCalled(named.Role) && (role.module == "" || role.isOf(p.File) || !slices.Contains(role.refs, named.Role) || named.Role.IsLiteral())
			}
			return role.isCalled(sp.translate(named.Role, p.File, role.stack.file, p.Symbols))
		})
		switch {
		case i < 0:
			unknown = append(unknown, named)
		case !slices.Contains(roles, r[i]):
			roles = append(roles, r[i])
		}
	}
	return roles, unknown
}

// Known returns what the templates of the roles say of the symbols of another one, or of one of them: the values of imports, of
// the parameters of a nested stack, and of the outputs of nested stacks. Symbols says what is known of the symbols in them.
func (r Roles) Known(file string) (known map[policy.Symbol]policy.Text, symbols policy.SymbolTable) {
	sp := r.space()
	if sp == nil || !sp.linked && sp.stacks[file] != nil {
		return nil, nil
	}
	known, symbols = map[policy.Symbol]policy.Text{}, policy.SymbolTable{}
	for name, e := range sp.exports {
		if e.of != nil && e.of.file != file && e.Text != "" {
			known[template.Import(policy.Text(name))] = sp.translate(e.Text, e.of.file, file, e.of.Symbols)
		}
	}
	if s := sp.stacks[file]; s != nil {
		for _, name := range s.linkedSymbols() {
			if of, value, ok := sp.next(file, name, s.Symbols); ok {
				known[name] = sp.translate(value, of.file, file, of.Symbols)
			}
		}
	}
	for _, other := range sp.stacks {
		if other.file != file {
			maps.Copy(symbols, sp.foreignSymbols(other.file, file, other.Symbols))
		}
	}
	return known, symbols
}

// linkedSymbols returns the symbols of a template whose values other templates can give.
func (s *stack) linkedSymbols() (list []policy.Symbol) {
	if inputs := s.top.Member("Parameters"); inputs != nil {
		for i := range inputs.Children {
			list = append(list, policy.Symbol(inputs.Children[i].Name))
		}
	}
	for name, child := range s.nested {
		for o := range child.outputs() {
			list = append(list, policy.Symbol(name+".Outputs."+o))
		}
	}
	return list
}

// HasTemplate reports whether a file is a template that was read together with the roles.
func (r Roles) HasTemplate(file string) bool {
	sp := r.space()
	return sp != nil && sp.stacks[file] != nil
}
