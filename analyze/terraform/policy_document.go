package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// The data source aws_iam_policy_document makes JSON of its arguments, without a call of AWS.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document, and
// internal/service/iam/policy_document_data_source.go and policy_model.go in https://github.com/hashicorp/terraform-provider-aws

const policyDocumentType = "aws_iam_policy_document"

// policyDocument returns an attribute of such a data source which is its JSON; nil for others.
func (c *context) policyDocument(i *instance, name string, r hcl.Range) *value {
	if name != "json" && name != "minified_json" {
		return nil
	}
	at := c.placeOf(i.block.DefRange())
	key := i.local() + " as JSON"
	return c.once(key, i.address(), r, func() *value {
		v := c.documentOf(c.body(i.block.Body, at))
		if v.weight() > maxWeight {
			c.stop(r, "%s has more than %d values: execrole reads no more", i.address(), maxWeight)
			return made(null, at)
		}
		return v
	})
}

// PolicyDocument returns what the JSON of such a data source says, by the node of its arguments. What is unknown there is a
// placeholder, or such a string.
func (p *Program) PolicyDocument(arguments *tree.Node) tree.Node {
	c := &context{scope: p.root}
	v := c.documentOf(fromArguments(arguments))
	if v.encoded != nil {
		v = v.encoded
	}
	return p.node(v, policy.Text(arguments.Name), arguments.NameStart)
}

// fromArguments is fromNode for a node that can have placeholders.
func fromArguments(n *tree.Node) *value {
	if n.Kind == tree.Placeholder {
		return &value{kind: unknown, text: policy.Text(n.Text), start: n.Start, end: n.End}
	}
	v := fromNode(&tree.Node{Kind: n.Kind, Text: n.Text, Start: n.Start, End: n.End}, func(off int) int { return off })
	for i := range n.Children {
		kid := &n.Children[i]
		if n.Kind == tree.Object {
			v.members = append(v.members, member{policy.Text(kid.Name), kid.NameStart, fromArguments(kid)})
		} else {
			v.list = append(v.list, fromArguments(kid))
		}
	}
	return v
}

// documentOf returns the JSON that the data source makes of its arguments, as a string with an encoded value.
func (c *context) documentOf(arguments *value) *value {
	d := &documentMaker{context: c, version: policy.Version}
	argument := func(name policy.Text) *value {
		if v := arguments.member(name); v != nil && v.kind != null {
			return v
		}
		return nil
	}
	if v := argument("source_json"); v != nil {
		d.merge(v)
	}
	if v := argument("source_policy_documents"); v != nil {
		d.mergeAll(v)
	}
	if v := argument("version"); v != nil && v.kind == textual && v.isKnown() {
		d.version = c.flat(v).String()
	}
	if v := argument("statement"); v != nil {
		blocks := v.list
		if v.kind != list {
			blocks = []*value{v} // a plan does not know the blocks
		}
		for _, s := range blocks {
			d.add(mapped(s, d.statement))
		}
	}
	if v := argument("override_policy_documents"); v != nil {
		d.mergeAll(v)
	}
	if v := argument("override_json"); v != nil {
		d.merge(v)
	}
	document := made(object, arguments)
	document.members = []member{
		{"Version", arguments.start, textAt(policy.Text(d.version), arguments)},
		{"Statement", arguments.start, listAt(d.statements, arguments)},
	}
	v := made(textual, arguments)
	v.encoded = document
	return v
}

// documentMaker collects the statements of a document.
type documentMaker struct {
	*context
	version    string
	statements []*value
}

// add adds a statement, or puts it in the place of the one that has its Sid. Where that is unknown, both stay.
func (d *documentMaker) add(s *value) {
	sid := sidOf(s)
	i := slices.IndexFunc(d.statements, func(other *value) bool { return sid != "" && sidOf(other) == sid })
	if i < 0 {
		d.statements = append(d.statements, s)
		return
	}
	d.statements[i] = s
}

// sidOf returns the Sid of a statement that is there always; "" where there is none, or it is unknown.
func sidOf(s *value) policy.Text {
	if s.kind != object {
		return ""
	}
	if sid := s.member("Sid"); sid != nil && sid.kind == textual && sid.isKnown() {
		return sid.text
	}
	return ""
}

// mergeAll merges the documents of a list, in their order.
func (d *documentMaker) mergeAll(v *value) {
	switch v.kind {
	case list:
		for _, e := range v.list {
			d.merge(e)
		}
	case choice:
		// Each branch is a list of documents. Their statements are there only in that branch.
		for i := range v.list {
			branch := v.list[i]
			elements := []*value{branch}
			if branch.kind == list {
				elements = branch.list
			}
			for _, e := range elements {
				alternatives := slices.Repeat([]*value{made(absent, e)}, len(v.list))
				alternatives[i] = e
				d.merge(choose(v.condition, e, alternatives...))
			}
		}
	default:
		d.merge(v)
	}
}

// merge merges the document that is the JSON in a string.
func (d *documentMaker) merge(v *value) {
	switch v.kind {
	case null, absent:
		return
	case choice:
		var sids []policy.Text
		merged := mapped(v, func(branch *value) *value {
			inner := &documentMaker{context: d.context}
			inner.merge(branch)
			for _, s := range inner.statements {
				sids = append(sids, sidOf(s))
			}
			return listAt(inner.statements, branch)
		})
		for i, s := range d.statements {
			if sid := sidOf(s); sid != "" && slices.Contains(sids, sid) {
				d.statements[i] = mapped(merged, func(branch *value) *value {
					if slices.ContainsFunc(branch.list, func(other *value) bool { return sidOf(other) == sid }) {
						return made(absent, s)
					}
					return s
				})
			}
		}
		d.statements = append(d.statements, merged)
		return
	case textual:
		if v.encoded == nil && v.pieces == nil && v.text == "" {
			return
		}
		if known := d.decode(v); known.kind == object {
			d.mergeObject(known)
			return
		}
	}
	unknown := made(unknown, v)
	unknown.text = policy.Of(policy.Symbol("the statements of " + d.describe(v)))
	d.statements = append(d.statements, unknown)
}

// mergeObject merges a document that is known in part at least.
func (d *documentMaker) mergeObject(document *value) {
	if v := document.member("Version"); v != nil && v.kind == textual && v.isKnown() && v.text.String() > d.version {
		d.version = v.text.String()
	}
	switch statements := document.member("Statement"); {
	case statements == nil:
	case statements.kind == list:
		for _, s := range statements.list {
			d.add(s)
		}
	default:
		d.add(statements)
	}
}

// mapped applies a function to each branch of a conditional.
func mapped(v *value, f func(*value) *value) *value {
	if v.kind != choice {
		return f(v)
	}
	branches := make([]*value, len(v.list))
	for i := range v.list {
		branches[i] = mapped(v.list[i], f)
	}
	return choose(v.condition, v, branches...)
}

// documentElements are the elements of a statement by the arguments that give them.
var documentElements = [...]struct {
	argument, element policy.Text
	variables         bool // &{…} becomes ${…}
}{
	{"sid", "Sid", false}, {"effect", "Effect", false}, {"actions", "Action", false}, {"not_actions", "NotAction", false},
	{"resources", "Resource", true}, {"not_resources", "NotResource", true},
}

// statement returns the statement that a block makes.
func (d *documentMaker) statement(block *value) *value {
	if block.kind != object {
		return block
	}
	s := made(object, block)
	add := func(name policy.Text, v *value) { s.members = append(s.members, member{name, v.start, v}) }
	for _, e := range documentElements {
		v := block.member(e.argument)
		if isNothing(v) {
			continue
		}
		if e.variables {
			v = d.withVariables(v)
		}
		add(e.element, v)
	}
	if s.member("Effect") == nil {
		add("Effect", textAt("Allow", block))
	}
	for _, e := range [...][2]policy.Text{{"principals", "Principal"}, {"not_principals", "NotPrincipal"}} {
		if v := block.member(e[0]); !isNothing(v) {
			add(e[1], d.grouped(v, []policy.Text{"type"}, "identifiers"))
		}
	}
	if v := block.member("condition"); !isNothing(v) {
		add("Condition", d.grouped(v, []policy.Text{"test", "variable"}, "values"))
	}
	return s
}

// isNothing reports whether an argument has no effect: it is absent, null or empty.
func isNothing(v *value) bool {
	return v == nil || v.kind == null || v.kind == list && len(v.list) == 0 || v.kind == textual && v.text == "" && v.encoded == nil && v.pieces == nil
}

// withVariables returns strings with &{…} as ${…}, as the data source writes the variables of policies.
func (d *documentMaker) withVariables(v *value) *value {
	switch v.kind {
	case list:
		elements := make([]*value, len(v.list))
		for i := range v.list {
			elements[i] = d.withVariables(v.list[i])
		}
		return listAt(elements, v)
	case choice:
		return mapped(v, d.withVariables)
	case textual:
		return textAt(d.flat(v).Map(func(s string) string { return strings.ReplaceAll(s, "&{", "${") }), v)
	}
	return v
}

// grouped makes an object of blocks: {TYPE: [VALUES]}, or {TEST: {VARIABLE: [VALUES]}}. Blocks with the same names are joined.
// Blocks of which something other than the values is unknown make it unknown.
func (d *documentMaker) grouped(blocks *value, names []policy.Text, values policy.Text) *value {
	if blocks.kind != list {
		return blocks
	}
	root := made(object, blocks)
	for _, block := range blocks.list {
		if block.kind != object {
			return d.unknownBlocks(blocks)
		}
		into := root
		v := block.member(values)
		if v == nil {
			v = listAt(nil, block)
		}
		v = d.withVariables(v)
		for i, argument := range names {
			name := block.member(argument)
			if name == nil || name.kind != textual || !name.isKnown() {
				return d.unknownBlocks(blocks)
			}
			text := d.flat(name)
			j := slices.IndexFunc(into.members, func(m member) bool { return m.name == text })
			switch {
			case j < 0 && i == len(names)-1:
				into.members = append(into.members, member{text, name.start, v})
			case j < 0:
				next := made(object, block)
				into.members = append(into.members, member{text, name.start, next})
				into = next
			case i < len(names)-1:
				into = into.members[j].value
			case into.members[j].value.kind == list && v.kind == list:
				known := into.members[j].value
				into.members[j].value = listAt(append(known.list[:len(known.list):len(known.list)], v.list...), known)
			default:
				return d.unknownBlocks(blocks)
			}
		}
	}
	if everybody := root.member("*"); everybody != nil && len(root.members) == 1 && len(names) == 1 {
		return textAt("*", everybody)
	}
	return root
}

// unknownBlocks returns the value of blocks of which not everything is known that has to be.
func (d *documentMaker) unknownBlocks(blocks *value) *value {
	v := made(unknown, blocks)
	v.text = policy.Of("blocks that are unknown")
	return v
}
