package emit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// references says how a role that goes into a template refers to the symbols of one of its task definitions: as the template
// does itself.
type references struct {
	*merger
	task, resources *tree.Node
	symbols         policy.SymbolTable
	condition       string // under which the role exists; "" for always
}

// to returns how the template refers to a symbol.
func (r *references) to(s policy.Symbol) cfnReference {
	if reference, ok := r.named[s]; ok {
		return reference
	}
	info := r.symbols.Lookup(s)
	if info.Kind == policy.PseudoParameter {
		return cfnRef(string(s))
	}
	if name, ok := strings.CutPrefix(info.Expression, "!Ref "); ok {
		return cfnRef(name)
	}
	if attribute, ok := strings.CutPrefix(info.Expression, "!GetAtt "); ok {
		return cfnReference{node: callNode("Fn::GetAtt", wordNode(attribute)), name: attribute}
	}
	reference := r.name(s, info)
	r.named[s] = reference
	return reference
}

// name returns a reference to a symbol that the template does not have by a name.
func (r *references) name(s policy.Symbol, info policy.SymbolInfo) cfnReference {
	if branches, given, ok := s.Decision(); ok {
		return cfnReference{condition: r.decision(branches, given)}
	}
	if info.Description != "" { // whoever deploys the template gives the value
		info.Description = withoutReferences(info.Description, func(string) bool { return true })
		in := input{symbol: s, name: r.unused(cfnParameterID(wordsOf(lowered(string(s))))), info: info}
		r.parameters = append(r.parameters, pair{in.name, cfnParameter(in)})
		return cfnRef(in.name)
	}
	expression := r.expression(s, info)
	if expression == nil {
		r.fail(r.task, "the role would need the value of %s, and the template has no expression for it: add --set %s=VALUE", info.Expression, s)
		return cfnRef(string(s))
	}
	name := info.Export
	if name == "" {
		name, _, _ = strings.Cut(string(s), " at ") // the place says nothing to readers
		name = strings.TrimPrefix(name, "Fn::")
	}
	return cfnReference{node: expression, name: r.unused(cfnParameterID(wordsOf(name))), variable: true}
}

// withoutReferences returns a text with A in place of each ${A} whose name A isTaken. In a text that is no Fn::Sub, cfn-lint takes
// ${A} for a mistake if the template has something with the name A.
func withoutReferences(s string, isTaken func(name string) bool) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "${")
		end := closingBrace(rest)
		if !ok || end < 0 {
			b.WriteString(s)
			return b.String()
		}
		name := withoutReferences(rest[:end], isTaken)
		if !isTaken(rest[:end]) {
			name = "${" + name + "}"
		}
		b.WriteString(before + name)
		s = rest[end+1:]
	}
}

// closingBrace returns the offset of the brace that closes a reference, in a text that begins behind its "${"; -1 if there is none.
// Other references can be inside.
func closingBrace(s string) int {
	depth := 0
	for i := range len(s) {
		switch {
		case strings.HasPrefix(s[i:], "${"):
			depth++
		case s[i] == '}' && depth == 0:
			return i
		case s[i] == '}':
			depth--
		}
	}
	return -1
}

// decision returns the name of the condition that branches of the template's conditionals are taken, and that a symbol has a
// value if it is not "".
func (r *references) decision(branches []policy.Branch, given policy.Symbol) string {
	var names []string
	for _, b := range branches {
		name := b.Condition
		if b.Not {
			name = r.conditions.add("Not"+name, callNode("Fn::Not", listNode(callNode("Condition", wordNode(name)))))
		}
		names = append(names, name)
	}
	if given != "" {
		names = append(names, cfnWriter{r.to, &r.conditions}.conditionOf(given))
	}
	const most = 10
	switch {
	case len(names) == 1:
		return names[0]
	case len(names) > most:
		r.fail(r.task, "a permission depends on %d conditions, and CloudFormation joins no more than %d", len(names), most)
	}
	name := strings.Join(names, "And")
	if len(name) > maxID {
		name = "HasAll" + hash(name)
	}
	return r.conditions.add(name, cfnAnd(names))
}

// check refuses what the role would need and what exists under another condition than the statements that name it.
func (r *references) check(role *policy.Role) {
	for _, d := range documents(role) {
		for i := range d.Statements {
			s := &d.Statements[i]
			for _, v := range s.Resources {
				r.checkText(v.Text, v.When)
			}
			for _, c := range s.Conditions {
				for _, v := range c.Values {
					r.checkText(v.Text, v.When)
				}
			}
		}
	}
	for _, arn := range role.Attached {
		r.checkText(arn, nil)
	}
}

func (r *references) checkText(t policy.Text, when policy.When) {
	holds := func(condition string) bool { return condition == r.condition || implies(when, condition) }
	for _, s := range t.Symbols() {
		info := r.symbols.Lookup(s)
		if info.Condition != "" && !holds(info.Condition) {
			r.lacks(string(s), info.Condition)
		}
		if strings.HasPrefix(info.Expression, partOfARN) {
			whole, _, _ := strings.Cut(string(s), "[")
			info = r.symbols.Lookup(policy.Symbol(whole))
		}
		if n := r.written(info); n != nil {
			r.checkReferences(n, holds)
		}
	}
}

// implies reports whether a condition of the template holds wherever a permission is needed.
func implies(when policy.When, condition string) bool {
	return len(when) > 0 && !slices.ContainsFunc(when, func(s policy.Symbol) bool {
		branches, _, _ := s.Decision()
		return !slices.Contains(branches, policy.Branch{Condition: condition})
	})
}

func (r *references) lacks(name, condition string) {
	r.fail(r.task, "%s exists only where the condition %s holds, and the role would need it in other cases too: "+
		"give the task definition the same condition, or write the role to a template of its own", name, condition)
}

// checkReferences refuses references, in a value of the template, to resources with a condition that does not hold.
func (r *references) checkReferences(n *tree.Node, holds func(condition string) bool) {
	exists := func(name string) {
		name, _, _ = strings.Cut(name, ".")
		if resource := r.resources.Member(name); resource != nil && resource.Member("Condition") != nil {
			if condition := resource.Member("Condition").Text; !holds(condition) {
				r.lacks(name, condition)
			}
		}
	}
	switch longName(n.Name) {
	case "Ref":
		exists(n.Text)
	case "Fn::GetAtt":
		if n.Kind == tree.List && len(n.Children) > 0 {
			exists(n.Children[0].Text)
			return
		}
		exists(n.Text)
	case "Fn::Sub":
		text, variables := n, new(tree.Node)
		if n.Kind == tree.List && len(n.Children) == 2 {
			text, variables = &n.Children[0], &n.Children[1]
		}
		for _, part := range strings.Split(text.Text, "${")[1:] {
			name, _, _ := strings.Cut(part, "}")
			if name = strings.TrimSpace(name); variables.Member(name) == nil {
				exists(name)
			}
		}
	case "Fn::If":
		if n.Kind == tree.List && len(n.Children) == 3 {
			r.checkReferences(&n.Children[1], func(c string) bool { return c == n.Children[0].Text || holds(c) })
			r.checkReferences(&n.Children[2], holds)
			return
		}
	}
	for i := range n.Children {
		r.checkReferences(&n.Children[i], holds)
	}
}

// longName returns the long name of a function; "" for other names.
func longName(name string) string {
	short, ok := strings.CutPrefix(name, "!")
	switch {
	case name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::"):
		return name
	case !ok:
		return ""
	case short == "Ref" || short == "Condition":
		return short
	}
	return "Fn::" + short
}

// expression returns the value of a symbol as the template writes it; nil if it is none of the template's values.
func (r *references) expression(s policy.Symbol, info policy.SymbolInfo) *node {
	if info.Export != "" {
		return callNode("Fn::ImportValue", stringNode(info.Export))
	}
	if reference, ok := strings.CutPrefix(info.Expression, dynamic); ok {
		// CloudFormation puts the value into the policy, where everybody can read it who reads the role.
		if service, _, _ := strings.Cut(reference, ":"); service != "ssm" {
			r.fail(r.task, "the role would have the value of {{%s}} in its policy: add --set %s=VALUE", info.Expression, s)
		}
		return stringNode("{{" + info.Expression + "}}")
	}
	if rest, ok := strings.CutPrefix(info.Expression, partOfARN); ok {
		index, _, _ := strings.Cut(rest, ",")
		whole, _, found := strings.Cut(string(s), "["+index+"]")
		i, err := strconv.Atoi(index)
		if err != nil || !found {
			return nil
		}
		return callNode("Fn::Select", listNode(numberNode(i), callNode("Fn::Split", listNode(stringNode(":"), r.to(policy.Symbol(whole)).node))))
	}
	if n := r.written(info); n != nil {
		return copied(n)
	}
	return nil
}

// The expressions of symbols that are no whole values of a template begin with these.
const (
	dynamic   = "resolve:"
	partOfARN = "!Select ["
)

// written returns the value of the template that a symbol without a name is; nil if there is none.
func (r *references) written(info policy.SymbolInfo) *tree.Node {
	for _, other := range []string{"!Ref ", "!GetAtt ", dynamic, partOfARN} {
		if strings.HasPrefix(info.Expression, other) {
			return nil
		}
	}
	if info.Kind != policy.Attribute && info.Kind != policy.Import || info.Export != "" {
		return nil
	}
	return at(r.doc.Root, info.Place.Offset)
}

// at returns the outermost value below n that begins at an offset of the text; nil if there is none.
func at(n *tree.Node, offset int) *tree.Node {
	if n.Start == offset && n.Parent != nil {
		return n
	}
	for i := range n.Children {
		if found := at(&n.Children[i], offset); found != nil {
			return found
		}
	}
	return nil
}

// copied returns a value of the template as a node.
func copied(n *tree.Node) *node {
	switch n.Kind {
	case tree.List:
		list := listNode()
		for i := range n.Children {
			list.elements = append(list.elements, copied(&n.Children[i]))
		}
		return list
	case tree.Object:
		if len(n.Children) == 1 && longName(n.Children[0].Name) != "" {
			return call(&n.Children[0])
		}
		object := objectNode()
		for i := range n.Children {
			object.pairs = append(object.pairs, pair{n.Children[i].Name, copied(&n.Children[i])})
		}
		return object
	case tree.Number, tree.Boolean:
		if jsontext.Value(n.Text).IsValid() { // others are those of YAML alone, such as 0x10
			return &node{kind: numberKind, text: n.Text}
		}
	}
	return stringNode(n.Text)
}

// call returns the call of a function of which n is the argument.
func call(n *tree.Node) *node {
	name := longName(n.Name)
	switch {
	case name == "Ref":
		return callNode(name, wordNode(n.Text))
	case name == "Fn::GetAtt":
		text := n.Text
		if n.Kind == tree.List {
			var parts []string
			for i := range n.Children {
				parts = append(parts, n.Children[i].Text)
			}
			text = strings.Join(parts, ".")
		}
		return callNode(name, wordNode(text))
	case name == "Fn::If" && n.Kind == tree.List && len(n.Children) == 3:
		return callNode(name, listNode(wordNode(n.Children[0].Text), copied(&n.Children[1]), copied(&n.Children[2])))
	}
	return callNode(name, copied(n))
}
