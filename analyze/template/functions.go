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

// maxBranches is how many texts one value may have because of conditionals inside of it.
const maxBranches = 64

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

// become makes a node a string, or the several strings that it can be.
func (t *Template) become(n *tree.Node, texts ...policy.Text) {
	switch {
	case len(texts) > maxBranches:
		texts = []policy.Text{t.unknown(n, "a value with too many branches")}
	case len(texts) == 0:
		n.Kind, n.Text, n.Children = tree.Null, "", nil
		return
	}
	if len(texts) == 1 {
		n.Kind, n.Text, n.Children = tree.String, string(t.resolved(texts[0], n)), nil
		return
	}
	pointer := t.pointerTo(n)
	n.Kind, n.Text, n.Children = tree.Choice, "", nil
	for i, text := range texts {
		branch := t.Doc.NewNode(tree.String, n, "")
		branch.Text, branch.Index = string(t.resolved(text, n)), i
		t.Pointers[branch.ID] = pointer
		n.Children = append(n.Children, branch)
	}
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
	t.Replace(n)
	for branch := range n.Branches() {
		switch branch.Kind {
		case tree.String, tree.Number, tree.Boolean:
			list = append(list, policy.Text(branch.Text))
		case tree.Null: // an absent element of a list
		default:
			return nil, false
		}
	}
	return list, true
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
		t.become(n)
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
	var parts [][]policy.Text // each with the texts that it can be
	end := 0
	for _, m := range subVariable().FindAllStringSubmatchIndex(text.Text, -1) {
		parts = append(parts, []policy.Text{policy.Text(text.Text[end:m[0]])})
		end = m[1]
		name := strings.TrimSpace(text.Text[m[4]:m[5]])
		if m[2] < m[3] {
			parts = append(parts, []policy.Text{policy.Text("${" + name + "}")})
			continue
		}
		values := []policy.Text{}
		if value := given[name]; value != nil {
			var ok bool
			if values, ok = t.texts(value); !ok {
				values = []policy.Text{t.unknown(value, "the variable "+name)}
			}
		} else if resource, attribute, ok := strings.Cut(name, "."); ok {
			values = append(values, t.attribute(n, resource, attribute))
		} else {
			values = append(values, t.reference(n, name))
		}
		parts = append(parts, values)
	}
	list, ok := joined(append(parts, []policy.Text{policy.Text(text.Text[end:])}))
	if !ok {
		list = []policy.Text{t.unknown(n, "Fn::Sub with too many branches")}
	}
	t.become(n, list...)
}

// joined returns every text that consists of one text of each part; not ok where there are too many.
func joined(parts [][]policy.Text) (list []policy.Text, ok bool) {
	count := 1
	for _, texts := range parts {
		if count *= len(texts); count > maxBranches {
			return nil, false
		}
	}
	for i := range count {
		var b strings.Builder
		rest := i
		for _, texts := range parts {
			b.WriteString(string(texts[rest%len(texts)]))
			rest /= len(texts)
		}
		list = append(list, policy.Text(b.String()))
	}
	return list, true
}

func (t *Template) join(n, args *tree.Node) {
	if args.Kind != tree.List || len(args.Children) != 2 {
		t.become(n, t.unknown(n, "Fn::Join"))
		return
	}
	separator, ok := t.literal(&args.Children[0])
	elements, known := t.elements(&args.Children[1])
	if !ok || !known {
		t.become(n, t.unknown(n, "Fn::Join"))
		return
	}
	// An element that is absent has no separator either.
	sequences := [][]policy.Text{nil}
	for _, e := range elements {
		var longer [][]policy.Text
		for _, sequence := range sequences {
			if e.absent {
				longer = append(longer, sequence)
			}
			for _, text := range e.texts {
				longer = append(longer, append(slices.Clone(sequence), text))
			}
		}
		if sequences = longer; len(sequences) > maxBranches {
			t.become(n, t.unknown(n, "Fn::Join with too many branches"))
			return
		}
	}
	var list []policy.Text
	for _, sequence := range sequences {
		var joined policy.Text
		for i, text := range sequence {
			if i > 0 {
				joined += policy.Text(separator)
			}
			joined += text
		}
		list = append(list, joined)
	}
	t.become(n, list...)
}

// element is one of a list: the texts that it can be, and whether it can be absent.
type element struct {
	texts  []policy.Text
	absent bool
}

// elements returns the elements of a list; not ok where the value is no list of texts.
func (t *Template) elements(n *tree.Node) (list []element, ok bool) {
	t.Replace(n)
	if n.Kind != tree.List {
		return nil, false
	}
	for i := range n.Children {
		e := element{}
		if e.texts, ok = t.texts(&n.Children[i]); !ok {
			return nil, false
		}
		for branch := range n.Children[i].Branches() {
			e.absent = e.absent || branch.Kind == tree.Null
		}
		list = append(list, e)
	}
	return list, true
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
		t.Branches[t.Pointers[branches[i].ID]] = policy.Branch{Condition: args.Children[0].Text, Not: i == 1}
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

// findInMap returns the values of all rows that the keys can name: a key that is unknown can name each.
func (t *Template) findInMap(n, args *tree.Node) {
	if args.Kind != tree.List || len(args.Children) < 3 {
		t.become(n, t.unknown(n, "Fn::FindInMap"))
		return
	}
	name, known := t.literal(&args.Children[0])
	mapping := t.mappings[name]
	if !known || mapping == nil {
		t.become(n, t.unknown(n, "Fn::FindInMap"))
		return
	}
	var list []policy.Text
	for _, row := range t.rows(mapping, &args.Children[1]) {
		for _, cell := range t.rows(row, &args.Children[2]) {
			values, ok := t.texts(cell)
			if !ok {
				t.become(n, t.unknown(n, "Fn::FindInMap"))
				return
			}
			for _, v := range values {
				if !slices.Contains(list, v) {
					list = append(list, v)
				}
			}
		}
	}
	if list == nil {
		t.become(n, t.unknown(n, "Fn::FindInMap"))
		return
	}
	t.become(n, list...)
}

// rows returns the members of a mapping that a key can name.
func (t *Template) rows(mapping, key *tree.Node) (list []*tree.Node) {
	texts, _ := t.texts(key)
	for i, text := range texts {
		if s, rest, ok := text.CutSymbol(); ok && rest == "" && t.set[string(s)] != "" { // AWS::Region
			texts[i] = policy.Text(t.set[string(s)])
			t.Used[string(s)] = true
		}
	}
	for i := range mapping.Children {
		row := &mapping.Children[i]
		fits := len(texts) == 0
		for _, text := range texts {
			fits = fits || !text.IsLiteral() || text == policy.Text(row.Name)
		}
		if fits {
			list = append(list, row)
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
	elements, known := t.elements(&args.Children[1])
	absent := func(e element) bool { return e.absent }
	if !ok || err != nil || !known || i < 0 || i >= len(elements) || slices.ContainsFunc(elements[:i+1], absent) {
		t.become(n, t.unknown(n, "Fn::Select"))
		return
	}
	t.become(n, elements[i].texts...)
}

// split makes a list of a text. The ARN of a resource in the template has parts that are known.
func (t *Template) split(n, args *tree.Node) {
	var text policy.Text
	var separator string
	ok := args.Kind == tree.List && len(args.Children) == 2
	if ok {
		var known bool
		separator, known = t.literal(&args.Children[0])
		text, ok = t.text(&args.Children[1])
		ok = ok && known && separator != ""
	}
	if ok {
		if s, rest, symbol := text.CutSymbol(); symbol && rest == "" {
			// An ARN, which is cut at its colons.
			if info := t.Symbols.Lookup(s); info.Meaning.IsARN() && info.ARN != (policy.ARN{}) && !info.ARN.IsWhole() {
				text = info.ARN.Text()
			}
		}
		ok = text.IsLiteral() || strings.ContainsAny(separator, ":/,.-_|; ") && !t.mayContain(text, separator)
	}
	parts := slices.Collect(text.Split(separator))
	if s, rest, symbol := text.CutSymbol(); !ok && symbol && rest == "" && separator == ":" {
		parts, ok = t.partsOf(s, n), true
	}
	if !ok {
		t.become(n, t.unknown(n, "Fn::Split"))
		return
	}
	n.Kind, n.Text, n.Children = tree.List, "", nil
	for i, part := range parts {
		element := t.Doc.NewNode(tree.String, n, "")
		element.Text, element.Index = string(part), i
		n.Children = append(n.Children, element)
	}
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
	info := policy.SymbolInfo{Kind: policy.Import, Expression: string(Import(name))}
	if name.IsLiteral() {
		info.Export = name.String()
	}
	t.become(n, t.symbol(info.Expression, info, n))
}

// Import returns the symbol for what a stack exports under a name.
func Import(name policy.Text) policy.Symbol { return policy.Symbol("Fn::ImportValue " + name.String()) }
