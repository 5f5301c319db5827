package template

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// maxNested is how many functions may be inside of each other. CloudFormation has a limit on the size of a template only;
// no person writes as many.
const maxNested = 100

// function returns what replaces a function of that name by its result, or nil if there is no such function. N is the object
// that the function is, and args its argument.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
func (t *Template) function(name string) func(n, args *tree.Node) {
	switch name {
	case "Ref":
		return t.ref
	case "Fn::GetAtt":
		return t.getAtt
	case "Fn::Sub":
		return t.sub
	case "Fn::Join":
		return t.join
	case "Fn::If":
		return t.ifElse
	case "Fn::FindInMap":
		return t.findInMap
	case "Fn::Select":
		return t.selectOne
	case "Fn::Split":
		return t.split
	case "Fn::ImportValue":
		return t.importValue
	}
	if strings.HasPrefix(name, "Fn::") {
		return func(n, _ *tree.Node) { t.become(n, t.unknown(n, name)) }
	}
	return nil
}

// Replace replaces the functions in a value and below it.
func (t *Template) Replace(n *tree.Node) {
	switch t.state[n] {
	case replaced:
		return
	case working:
		t.become(n, t.unknown(n, "a reference to itself"))
		return
	}
	t.state[n] = working
	if n.Kind == tree.Object && len(n.Children) == 1 {
		if call := t.function(n.Children[0].Name); call != nil {
			if t.depth++; t.depth > maxNested {
				t.become(n, t.unknown(n, "a function inside of too many others"))
			} else {
				call(n, &n.Children[0])
			}
			t.depth--
			t.state[n] = replaced
			return
		}
	}
	for i := range n.Children {
		t.Replace(&n.Children[i])
	}
	if n.Kind == tree.String {
		n.Text = string(t.resolved(policy.Text(n.Text), n))
	}
	t.state[n] = replaced
}

// become makes a node a string.
func (t *Template) become(n *tree.Node, text policy.Text) {
	n.Kind, n.Text, n.Children = tree.String, string(t.resolved(text, n)), nil
}

// dynamicReference is a reference that CloudFormation resolves when it deploys, after all functions.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
var dynamicReference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\{resolve:[^{}]*\}\}`) })

// resolved returns a text with its dynamic references as symbols.
func (t *Template) resolved(text policy.Text, n *tree.Node) policy.Text {
	if !strings.Contains(string(text), "{{resolve:") {
		return text
	}
	return policy.Text(dynamicReference().ReplaceAllStringFunc(string(text), func(s string) string {
		expression := policy.Text(s[len("{{") : len(s)-len("}}")]).String()
		return string(t.symbol(expression, policy.SymbolInfo{Kind: policy.Variable, Expression: expression}, n))
	}))
}

// texts returns the texts that a value can be; not ok where it is no text.
func (t *Template) texts(n *tree.Node) (list []policy.Text, ok bool) {
	alternatives, ok := t.alternatives(n)
	for _, a := range alternatives {
		if !a.absent {
			list = append(list, a.text)
		}
	}
	return list, ok
}

// text returns the text that a value is; not ok where it is none, or several.
func (t *Template) text(n *tree.Node) (policy.Text, bool) {
	if list, ok := t.texts(n); ok && len(list) == 1 {
		return list[0], true
	}
	return "", false
}

// literal is text for a text without symbols.
func (t *Template) literal(n *tree.Node) (string, bool) {
	text, ok := t.text(n)
	return text.String(), ok && text.IsLiteral()
}

func (t *Template) ref(n, args *tree.Node) {
	if args.Kind != tree.String {
		t.become(n, t.unknown(n, "Ref"))
		return
	}
	if args.Text == "AWS::NoValue" {
		n.Kind, n.Text, n.Children = tree.Null, "", nil
		return
	}
	t.become(n, t.reference(n, args.Text))
}

func (t *Template) getAtt(n, args *tree.Node) {
	name := args.Text
	if args.Kind == tree.List && len(args.Children) > 1 {
		t.Replace(args)
		var parts []string
		for i := range args.Children {
			parts = append(parts, args.Children[i].Text)
		}
		name = strings.Join(parts, ".")
	}
	resource, attribute, ok := strings.Cut(name, ".")
	if !ok {
		t.become(n, t.unknown(n, "Fn::GetAtt"))
		return
	}
	t.become(n, t.attribute(n, resource, attribute))
}

// subVariable is a variable in Fn::Sub; with ! it is no variable.
var subVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{(!?)([^${}]*)\}`) })

func (t *Template) sub(n, args *tree.Node) {
	text := args
	given := map[string]*tree.Node{}
	if args.Kind == tree.List && len(args.Children) == 2 {
		text = &args.Children[0]
		for i := range args.Children[1].Children {
			given[args.Children[1].Children[i].Name] = &args.Children[1].Children[i]
		}
	}
	if text.Kind != tree.String {
		t.become(n, t.unknown(n, "Fn::Sub"))
		return
	}
	var parts []alternatives
	end := 0
	for _, m := range subVariable().FindAllStringSubmatchIndex(text.Text, -1) {
		parts = append(parts, always(policy.Text(text.Text[end:m[0]])))
		end = m[1]
		name := strings.TrimSpace(text.Text[m[4]:m[5]])
		if m[2] < m[3] {
			parts = append(parts, always(policy.Text("${"+name+"}")))
			continue
		}
		if value := given[name]; value != nil {
			values, ok := t.alternatives(value)
			if !ok {
				values = always(t.unknown(value, "the variable "+name))
			}
			parts = append(parts, values)
		} else if resource, attribute, ok := strings.Cut(name, "."); ok {
			parts = append(parts, always(t.attribute(n, resource, attribute)))
		} else {
			parts = append(parts, always(t.reference(n, name)))
		}
	}
	t.choose(n, "Fn::Sub", t.joined("", append(parts, always(policy.Text(text.Text[end:])))))
}

func (t *Template) join(n, args *tree.Node) {
	if args.Kind != tree.List || len(args.Children) != 2 {
		t.become(n, t.unknown(n, "Fn::Join"))
		return
	}
	separator, ok := t.literal(&args.Children[0])
	lists, known := t.lists(&args.Children[1])
	if !ok || !known {
		t.become(n, t.unknown(n, "Fn::Join"))
		return
	}
	var all alternatives
	for _, l := range lists {
		// An element that is absent has no separator either.
		texts := t.joined(policy.Text(separator), l.elements)
		if texts == nil {
			all = nil
			break
		}
		all = append(all, t.under(l.when, texts)...)
	}
	t.choose(n, "Fn::Join", all)
}

// ifElse makes a conditional of both branches: which of them is taken is known when somebody deploys the template.
func (t *Template) ifElse(n, args *tree.Node) {
	if args.Kind != tree.List || len(args.Children) != 3 {
		t.become(n, t.unknown(n, "Fn::If"))
		return
	}
	branches := args.Children[1:3]
	for i := range branches {
		t.Pointers[branches[i].ID] = t.pointerTo(&branches[i])
		branch := policy.Branch{Condition: args.Children[0].Text, Not: i == 1}
		t.Branches[t.Pointers[branches[i].ID]] = branch
		t.When[branches[i].ID] = t.taken(branch)
		t.Replace(&branches[i])
		branches[i].Index = i
	}
	n.Kind, n.Text, n.Children = tree.Choice, "", branches
}

// pointerTo returns the JSON pointer of a node in the document as it was read.
func (t *Template) pointerTo(n *tree.Node) string {
	if pointer, ok := t.Pointers[n.ID]; ok {
		return pointer
	}
	return n.Pointer()
}

// findInMap returns the values of all rows that the keys can name: a key that is unknown can name each. A default value is
// there where the keys name nothing.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap-enhancements.html
func (t *Template) findInMap(n, args *tree.Node) {
	if args.Kind != tree.List || len(args.Children) < 3 {
		t.become(n, t.unknown(n, "Fn::FindInMap"))
		return
	}
	name, known := t.literal(&args.Children[0])
	var otherwise *tree.Node
	if len(args.Children) > 3 {
		otherwise = args.Children[3].Member("DefaultValue")
	}
	mapping := t.mappings[name]
	if !known || mapping == nil && otherwise == nil {
		t.become(n, t.unknown(n, "Fn::FindInMap"))
		return
	}
	var cells []chosen
	var found []*policy.Formula
	if mapping != nil {
		for _, row := range t.rows(chosen{node: mapping}, &args.Children[1]) {
			for _, cell := range t.rows(row, &args.Children[2]) {
				cells = append(cells, cell)
				found = append(found, allOf(cell.when))
			}
		}
	}
	if otherwise != nil {
		nothing := when{{Op: policy.Not, Of: []*policy.Formula{{Op: policy.Or, Of: found}}}}
		if t.possible(nothing) {
			cells = append(cells, chosen{otherwise, nothing})
		}
	}
	if len(cells) == 0 || !t.take(n, cells) {
		t.become(n, t.unknown(n, "Fn::FindInMap"))
	}
}

// chosen is a value that something can name, and when it does so.
type chosen struct {
	node *tree.Node
	when when
}

// rows returns the members of a mapping that a key can name.
func (t *Template) rows(mapping chosen, key *tree.Node) (list []chosen) {
	keys, ok := t.alternatives(key)
	if !ok {
		line, column := t.Doc.Source.Position(key.Start)
		keys = always(policy.Of(policy.Symbol(fmt.Sprintf("the key at %d:%d", line, column))))
	}
	for i := range mapping.node.Children {
		row := &mapping.node.Children[i]
		for _, k := range keys {
			if s, rest, ok := k.text.CutSymbol(); ok && rest == "" && t.set[string(s)] != "" { // AWS::Region
				k.text = policy.Text(t.set[string(s)])
				t.Used[string(s)] = true
			}
			named := k.when
			switch {
			case k.absent || k.text.IsLiteral() && k.text != policy.Text(row.Name):
				continue
			case !k.text.IsLiteral():
				named, ok = t.both(named, when{t.is(k.text, row.Name)})
				if !ok {
					continue
				}
			}
			if both, ok := t.both(mapping.when, named); ok {
				list = append(list, chosen{row, both})
			}
		}
	}
	return list
}

func (t *Template) selectOne(n, args *tree.Node) {
	if args.Kind != tree.List || len(args.Children) != 2 {
		t.become(n, t.unknown(n, "Fn::Select"))
		return
	}
	index, ok := t.literal(&args.Children[0])
	i, err := strconv.Atoi(index)
	lists, known := t.lists(&args.Children[1])
	if !ok || err != nil || !known || i < 0 {
		t.become(n, t.unknown(n, "Fn::Select"))
		return
	}
	var all alternatives
	for _, l := range lists {
		if i >= len(l.elements) || slices.ContainsFunc(l.elements[:i+1], alternatives.canBeAbsent) {
			t.become(n, t.unknown(n, "Fn::Select"))
			return
		}
		all = append(all, t.under(l.when, l.elements[i])...)
	}
	t.choose(n, "Fn::Select", all)
}

// split makes a list of a text, or of each text that the value can be.
func (t *Template) split(n, args *tree.Node) {
	var texts alternatives
	var separator string
	ok := args.Kind == tree.List && len(args.Children) == 2
	if ok {
		var known bool
		separator, known = t.literal(&args.Children[0])
		texts, ok = t.alternatives(&args.Children[1])
		ok = ok && known && separator != "" && len(texts) > 0 && len(texts) <= maxBranches && !texts.canBeAbsent()
	}
	var branches []chosen
	for i, one := range texts {
		var parts []policy.Text
		if ok {
			parts, ok = t.partsBetween(one.text, separator, n)
		}
		list := t.Doc.NewNode(tree.List, n, "")
		list.Index = i
		for j, part := range parts {
			element := t.Doc.NewNode(tree.String, n, "")
			element.Text, element.Index = string(part), j
			list.Children = append(list.Children, element)
		}
		branches = append(branches, chosen{&list, one.when})
	}
	switch {
	case !ok:
		t.become(n, t.unknown(n, "Fn::Split"))
	case len(branches) == 1:
		n.Kind, n.Text, n.Children = tree.List, "", branches[0].node.Children
	default:
		t.decide(n, branches)
	}
}

// partsBetween returns the parts of a text between separators; not ok where they are unknown. The ARN of a resource in the
// template has parts that are known.
func (t *Template) partsBetween(text policy.Text, separator string, n *tree.Node) (parts []policy.Text, ok bool) {
	if s, rest, symbol := text.CutSymbol(); symbol && rest == "" {
		// An ARN, which is cut at its colons.
		if info := t.Symbols.Lookup(s); info.Meaning.IsARN() && info.ARN != (policy.ARN{}) && !info.ARN.IsWhole() {
			text = info.ARN.Text()
		}
	}
	if text.IsLiteral() || strings.ContainsAny(separator, ":/,.-_|; ") && !t.mayContain(text, separator) {
		return slices.Collect(text.Split(separator)), true
	}
	if s, rest, symbol := text.CutSymbol(); symbol && rest == "" && separator == ":" {
		return t.partsOf(s, n), true
	}
	return nil, false
}

// arnParts are what the parts of an ARN mean, cut at its colons.
var arnParts = [...]policy.Meaning{policy.MeansText, policy.MeansPartition, policy.MeansText, policy.MeansRegion, policy.MeansAccount, policy.MeansUnknown}

// partsOf returns the parts of an unknown value as symbols. People cut nothing but ARNs at colons.
func (t *Template) partsOf(s policy.Symbol, n *tree.Node) (parts []policy.Text) {
	whole := t.Symbols.Lookup(s)
	for i, meaning := range arnParts {
		parts = append(parts, t.symbol(fmt.Sprintf("%s[%d]", s, i), policy.SymbolInfo{
			Kind: policy.Attribute, Meaning: meaning, Expression: fmt.Sprintf(`!Select [%d, !Split [":", %s]]`, i, whole.Expression),
		}, n))
	}
	return parts
}

// mayContain reports whether a symbol of the text may have the separator in its value.
func (t *Template) mayContain(text policy.Text, separator string) bool {
	for _, s := range text.Symbols() {
		switch t.Symbols.Lookup(s).Meaning {
		case policy.MeansAccount, policy.MeansPartition, policy.MeansRegion:
			if separator == "-" {
				return true
			}
		case policy.MeansRepositoryName, policy.MeansBucketName, policy.MeansLogGroupName:
			if separator != ":" {
				return true
			}
		default:
			return true
		}
	}
	return false
}

func (t *Template) importValue(n, args *tree.Node) {
	name, ok := t.text(args)
	if !ok {
		t.become(n, t.unknown(n, "Fn::ImportValue"))
		return
	}
	if name.IsLiteral() {
		t.become(n, t.importOf(name.String(), n))
		return
	}
	expression := string(Import(name))
	t.become(n, t.symbol(expression, policy.SymbolInfo{Kind: policy.Import, Expression: expression}, n))
}

// Import returns the symbol for what a stack exports under a name.
func Import(name policy.Text) policy.Symbol { return policy.Symbol("Fn::ImportValue " + name.String()) }
