// Package template reads CloudFormation templates: it replaces their functions by what they return. That is a text, in
// which unknown values are symbols with a meaning, or a conditional of which both branches count. It knows nothing of ECS.
package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Template is a CloudFormation template. Its tree changes while it is read.
type Template struct {
	Doc *tree.Document
	// Symbols says what is known of the values that only a deployment knows.
	Symbols policy.SymbolTable
	// Pointers are the JSON pointers of nodes that have moved, by their IDs.
	Pointers map[int]string
	// Used are the names of the given values that were needed.
	Used map[string]bool
	// Branches are the branches of conditionals, by their JSON pointers.
	Branches map[string]policy.Branch
	// When says when the branches of conditionals are taken, by the IDs of their nodes.
	When map[int]*policy.Formula
	// Exports are those of other templates, which this one can import; nil for none.
	Exports *Exports

	top       *tree.Node
	set       map[string]string
	resources map[string]*tree.Node
	inputs    map[string]*tree.Node // the template's parameters
	mappings  map[string]*tree.Node
	// conditions are those of the template, and formulas those that have been taken apart.
	conditions map[string]*tree.Node
	formulas   map[string]*policy.Formula
	// state says of each node whether its functions have been replaced.
	state     map[*tree.Node]progress
	depth     int                               // of functions that are being replaced
	named     map[*policy.Formula]policy.Branch // the branches of conditions that the template declares, by their formulas
	negated   map[string]*policy.Formula        // that hold where a condition of that name does not
	questions int                               // calls of possible
	made      map[string]*policy.Formula        // of branches whose condition the template does not declare, by the names that they get
	// imported are the imports of which something is known, each once, and importTexts their values by name.
	imported    []imported
	importTexts map[string]policy.Text
}

type progress int

const (
	untouched progress = iota
	working            // a function inside of it needs the node itself
	replaced
)

// New returns the template below a node of a document. Set gives values to parameters, to resources and to their
// attributes, by names such as Db and Db.Arn. Of pseudo parameters, such as AWS::Region, it chooses the row of a mapping.
// Functions are replaced when somebody asks: see [Template.Replace].
func New(doc *tree.Document, top *tree.Node, set map[string]string) *Template {
	longForms(top)
	return &Template{
		Doc: doc, top: top, set: set, resources: members(top, "Resources"), inputs: members(top, "Parameters"), mappings: members(top, "Mappings"),
		conditions: members(top, "Conditions"),
		Symbols:    policy.SymbolTable{}, Pointers: map[int]string{}, Used: map[string]bool{}, Branches: map[string]policy.Branch{}, When: map[int]*policy.Formula{}, state: map[*tree.Node]progress{},
	}
}

// members returns the members of a member of the template, by name.
func members(top *tree.Node, name string) map[string]*tree.Node {
	list := map[string]*tree.Node{}
	if n := top.Member(name); n != nil && n.Kind == tree.Object {
		for i := range n.Children {
			list[n.Children[i].Name] = &n.Children[i]
		}
	}
	return list
}

// longForms gives the functions that YAML writes as tags, such as !Sub, their names.
func longForms(n *tree.Node) {
	for i := range n.Children {
		longForms(&n.Children[i])
	}
	if n.Kind != tree.Object || len(n.Children) != 1 || !strings.HasPrefix(n.Children[0].Name, "!") {
		return
	}
	kid := &n.Children[0]
	switch kid.Name {
	case "!Ref", "!Condition":
		kid.Name = kid.Name[1:]
	case "!GetAtt":
		kid.Name = "Fn::GetAtt"
	default:
		kid.Name = "Fn::" + kid.Name[1:]
	}
}

// symbol returns a symbol, and keeps what is known of it.
func (t *Template) symbol(name string, info policy.SymbolInfo, at *tree.Node) policy.Text {
	s := policy.Symbol(name)
	if value, ok := t.set[name]; ok {
		t.Used[name] = true
		return policy.Text(value)
	}
	if _, known := t.Symbols[s]; !known {
		info.Place = t.Doc.Source.Place(at.Start)
		if at == t.resources[name] || at == t.inputs[name] {
			info.Place = t.Doc.Source.Place(at.NameStart) // where it is declared
		}
		if info.Meaning == "" {
			info.Meaning = policy.MeansUnknown
		}
		resource, _, _ := strings.Cut(name, ".")
		if r := t.resources[resource]; r != nil && r.Member("Condition") != nil {
			info.Condition = r.Member("Condition").Text
		}
		if r := t.resources[resource]; r != nil && t.inputs[resource] == nil {
			kind := t.typeOf(r)
			info.Distinct = kind.of == "" && slices.Contains(distinct, info.Meaning)
			t.Symbols[s] = info
			if properties := r.Member("Properties"); kind.of != "" && properties != nil && properties.Member(kind.of) != nil {
				info.Same, _ = t.text(properties.Member(kind.of))
			}
		}
		t.Symbols[s] = info
	}
	return policy.Of(s)
}

// unknown returns a symbol for a value that only the deployment knows.
func (t *Template) unknown(n *tree.Node, expression string) policy.Text {
	line, column := t.Doc.Source.Position(n.Start)
	return t.symbol(fmt.Sprintf("%s at %d:%d", expression, line, column), policy.SymbolInfo{Kind: policy.Attribute, Expression: expression}, n)
}
