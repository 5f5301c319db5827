package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/execrole/execrole/analyze/tree"
)

// Source in JSON becomes the syntax tree that the same source in HCL has. Whether a member of a resource is an argument or a
// block, only its provider knows: here objects, and lists of nothing but objects, are blocks.
//
// Source: https://developer.hashicorp.com/terraform/language/syntax/json

// jsonSource translates a file.
type jsonSource struct {
	*Program
	file   string
	start  int // the offset of the file
	failed bool
}

// parseJSON returns the body of a file in JSON; nil if it cannot be read.
func (p *Program) parseJSON(file string, t text) *hclsyntax.Body {
	root, problems := p.Doc.EmbeddedText(t.text, t.start, []tree.Mark{{Outer: t.start}})
	j := &jsonSource{Program: p, file: file, start: t.start}
	for _, problem := range problems {
		p.report(Problem{At: problem.At, Message: problem.Message, Warning: problem.Warning})
		j.failed = j.failed || !problem.Warning
	}
	if root == nil || j.failed {
		return nil
	}
	if j.checkNames(root); j.failed {
		return nil
	}
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: j.rangeOf(root)}
	j.each(root, func(object *tree.Node) {
		for i := range object.Children {
			kind := &object.Children[i]
			if n, known := labels[kind.Name]; known || kind.Name == "locals" {
				j.blocks(body, kind.Name, kind, kind, nil, n)
			}
		}
	})
	if j.failed {
		return nil
	}
	return body
}

// checkNames refuses names that no name in AWS or in HCL can be.
func (j *jsonSource) checkNames(n *tree.Node) {
	for i := range n.Children {
		if m := &n.Children[i]; strings.IndexByte(m.Name, 0) >= 0 {
			j.failed = true
			j.failAt(m.NameStart, "the name holds a NUL character")
		}
		j.checkNames(&n.Children[i])
	}
}

// each calls f for a node that is an object, or for the elements of a list of objects.
func (j *jsonSource) each(n *tree.Node, f func(object *tree.Node)) {
	switch n.Kind {
	case tree.Object:
		f(n)
	case tree.List:
		for i := range n.Children {
			j.each(&n.Children[i], f)
		}
	case tree.Null: // as if nothing were there
	default:
		j.fail(n, "this is %s, and Terraform takes an object here, or a list of objects", n.Kind)
	}
}

func (j *jsonSource) fail(n *tree.Node, format string, args ...any) {
	j.failed = true
	j.failAt(n.Start, format, args...)
}

// blocks adds the blocks of a type to a body. Named is the member that says its last label, and n is below it, with as many
// labels more.
func (j *jsonSource) blocks(body *hclsyntax.Body, kind string, named, n *tree.Node, names []string, more int) {
	j.each(n, func(object *tree.Node) {
		if more > 0 {
			for i := range object.Children {
				if next := &object.Children[i]; next.Name != "//" {
					j.blocks(body, kind, next, next, append(slices.Clip(names), next.Name), more-1)
				}
			}
			return
		}
		b := &hclsyntax.Block{Type: kind, Labels: names, TypeRange: j.nameOf(named), OpenBraceRange: j.rangeOf(object), CloseBraceRange: j.rangeOf(object)}
		b.Body = j.body(object, kind)
		body.Blocks = append(body.Blocks, b)
	})
}

// mapArguments are arguments of resources that are maps, and no blocks.
var mapArguments = [...]string{"tags", "tags_all", "vars", "variables", "input", "triggers", "triggers_replace", "keepers", "query", "for_each", "count"}

// body translates the object of a block.
func (j *jsonSource) body(object *tree.Node, kind string) *hclsyntax.Body {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: j.rangeOf(object)}
	hasBlocks := !slices.Contains([]string{"variable", "locals", "output", "module", "provider"}, kind)
	for i := range object.Children {
		n := &object.Children[i]
		switch {
		case n.Name == "//":
		case n.Name == "dynamic" && hasBlocks:
			j.blocks(body, n.Name, n, n, nil, 1)
		case hasBlocks && isBlock(n) && !slices.Contains(mapArguments[:], n.Name):
			j.blocks(body, n.Name, n, n, nil, 0)
		default:
			name := j.nameOf(n)
			body.Attributes[n.Name] = &hclsyntax.Attribute{
				Name: n.Name, Expr: j.argument(kind, n), NameRange: name, SrcRange: hcl.RangeBetween(name, j.rangeOf(n)), EqualsRange: name,
			}
		}
	}
	return body
}

// isBlock reports whether a member of a resource can be a block, or several.
func isBlock(n *tree.Node) bool {
	return n.Kind == tree.Object || n.Kind == tree.List && len(n.Children) > 0 &&
		!slices.ContainsFunc(n.Children, func(e tree.Node) bool { return e.Kind != tree.Object })
}

// argument translates an argument of a block of this type. Some are no templates: a type and a provider are expressions, and
// a default is what it is.
func (j *jsonSource) argument(kind string, n *tree.Node) hclsyntax.Expression {
	isText := n.Kind == tree.String
	switch {
	case kind == "variable" && n.Name == "type" && isText, n.Name == "provider" && isText:
		return j.template(n, hclsyntax.ParseExpression)
	case kind == "variable", kind == "module" && n.Name == "source":
		return j.expression(n, false)
	}
	return j.expression(n, true)
}

// expression translates a value. Its strings can be templates.
func (j *jsonSource) expression(n *tree.Node, templates bool) hclsyntax.Expression {
	r := j.rangeOf(n)
	literal := func(v cty.Value) hclsyntax.Expression { return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: r} }
	switch n.Kind {
	case tree.String:
		if templates && (strings.Contains(n.Text, "${") || strings.Contains(n.Text, "%{")) {
			return j.template(n, hclsyntax.ParseTemplate)
		}
		r.Start.Byte++ // behind the quote
		r.End.Byte--
		return literal(cty.StringVal(n.Text))
	case tree.Number:
		if v, err := cty.ParseNumberVal(n.Text); err == nil {
			return literal(v)
		}
	case tree.Boolean:
		return literal(cty.BoolVal(n.Text == "true"))
	case tree.Null:
		return literal(cty.NullVal(cty.DynamicPseudoType))
	case tree.List:
		list := &hclsyntax.TupleConsExpr{SrcRange: r, OpenRange: r}
		for i := range n.Children {
			list.Exprs = append(list.Exprs, j.expression(&n.Children[i], templates))
		}
		return list
	case tree.Object:
		object := &hclsyntax.ObjectConsExpr{SrcRange: r, OpenRange: r}
		for i := range n.Children {
			m := &n.Children[i]
			object.Items = append(object.Items, hclsyntax.ObjectConsItem{KeyExpr: j.key(m, templates), ValueExpr: j.expression(m, templates)})
		}
		return object
	}
	j.fail(n, "this is %s, which JSON does not have", n.Kind)
	return literal(cty.NullVal(cty.DynamicPseudoType))
}

// key translates the name of a member, which can be a template too.
func (j *jsonSource) key(m *tree.Node, templates bool) hclsyntax.Expression {
	r := j.nameOf(m)
	name := &tree.Node{Kind: tree.String, Text: m.Name, Start: j.start + r.Start.Byte, End: j.start + r.End.Byte}
	return j.expression(name, templates)
}

// template parses the text of a string. Its places are those of its characters in the file.
func (j *jsonSource) template(n *tree.Node, parse func(src []byte, file string, start hcl.Pos) (hclsyntax.Expression, hcl.Diagnostics)) hclsyntax.Expression {
	key := fmt.Sprintf("%s %d", j.file, n.Start)
	raw := j.Doc.Source.Text[n.Start+1 : max(n.Start+1, n.End-1)]
	j.bases[key] = base{offset: n.Start + 1, text: n.Text, marks: align(cty.StringVal(n.Text), raw, n.Start+1)}
	if !j.isShallow(text{text: n.Text, start: n.Start + 1}, true) {
		j.failed = true
		return j.expression(n, false)
	}
	x, diagnostics := parse([]byte(n.Text), key, hcl.InitialPos)
	if j.diagnose(key, diagnostics) {
		j.failed = true
	}
	return x
}

// rangeOf returns the range of a node.
func (j *jsonSource) rangeOf(n *tree.Node) hcl.Range {
	return hcl.Range{Filename: j.file, Start: hcl.Pos{Byte: n.Start - j.start}, End: hcl.Pos{Byte: n.End - j.start}}
}

// nameOf returns the range of the name of a member, with its quotes.
func (j *jsonSource) nameOf(n *tree.Node) hcl.Range {
	end := n.NameStart + len(n.Name) + len(`""`)
	if i := strings.LastIndexByte(j.Doc.Source.Text[n.NameStart:max(n.NameStart, n.Start)], '"'); i > 0 {
		end = n.NameStart + i + 1
	}
	return hcl.Range{Filename: j.file, Start: hcl.Pos{Byte: n.NameStart - j.start}, End: hcl.Pos{Byte: end - j.start}}
}
