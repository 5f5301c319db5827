package emit

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
)

// fixModule is a source in Terraform's language.
type fixModule struct {
	*fixFile
	body   *hclsyntax.Body
	tokens hclsyntax.Tokens
	// blocks are those that the file gets at its end, such as data sources, by their text.
	blocks []string
}

// documentKind is a way in which Terraform's source has a policy document.
type documentKind int

const (
	encodedDocument documentKind = iota // an object, for jsonencode
	blocksDocument                      // the data source aws_iam_policy_document
	heredocDocument                     // JSON as a text between <<EOF and EOF
)

// fixDocument is a policy document in Terraform's source.
type fixDocument struct {
	file       *fixFile
	kind       documentKind
	start      int                  // its offset
	statements hclsyntax.Expression // of an encoded document
	block      *hclsyntax.Block     // the data source
	heredoc    *hclsyntax.TemplateExpr
}

func openModule(file *fixFile) (*fixModule, error) {
	src := []byte(file.text)
	parsed, diagnostics := hclsyntax.ParseConfig(src, file.name, hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("%s: %s", file.name, diagnostics[0].Summary)
	}
	tokens, _ := hclsyntax.LexConfig(src, file.name, hcl.InitialPos)
	return &fixModule{fixFile: file, body: parsed.Body.(*hclsyntax.Body), tokens: tokens}, nil
}

// contains reports whether an offset is in a range.
func contains(r hcl.Range, offset int) bool { return r.Start.Byte <= offset && offset < r.End.Byte }

// blockAt returns the block of the top level around an offset; nil if there is none.
func (f *fixModule) blockAt(offset int) *hclsyntax.Block {
	i := slices.IndexFunc(f.body.Blocks, func(b *hclsyntax.Block) bool { return contains(b.Range(), offset) })
	if i < 0 {
		return nil
	}
	return f.body.Blocks[i]
}

// document returns the policy document at an offset, if it is one to write into: the offset is that of the document, of the
// argument that has it, or of the resource. Name is that of the policy, where the resource has several.
func (f *fixModule) document(offset int, name string) *fixDocument {
	block := f.blockAt(offset)
	if block == nil {
		return nil
	}
	if isDocumentBlock(block) {
		return f.blocksOf(block)
	}
	if a := attributeAt(block.Body, offset); a != nil {
		return f.resolve(a.Expr, false, maxReferences)
	}
	if block.Type != "resource" || len(block.Labels) != 2 {
		return nil
	}
	body := block.Body
	if block.Labels[0] == "aws_iam_role" {
		if body = inlineBlock(body, name); body == nil {
			return nil
		}
	}
	if a := body.Attributes["policy"]; a != nil {
		return f.resolve(a.Expr, false, maxReferences)
	}
	return nil
}

// maxReferences is how many references are followed from one to the next.
const maxReferences = 8

func isDocumentBlock(b *hclsyntax.Block) bool {
	return b.Type == "data" && len(b.Labels) == 2 && b.Labels[0] == "aws_iam_policy_document"
}

// inlineBlock returns the block inline_policy of a name, or the only one.
func inlineBlock(body *hclsyntax.Body, name string) *hclsyntax.Body {
	var list []*hclsyntax.Body
	for _, b := range body.Blocks {
		if b.Type != "inline_policy" {
			continue
		}
		list = append(list, b.Body)
		if a := b.Body.Attributes["name"]; a != nil {
			if v, diagnostics := a.Expr.Value(nil); !diagnostics.HasErrors() && v.Type().FriendlyName() == "string" && v.AsString() == name {
				return b.Body
			}
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return nil
}

// attributeAt returns the attribute whose text is around an offset.
func attributeAt(body *hclsyntax.Body, offset int) *hclsyntax.Attribute {
	for _, a := range body.Attributes {
		if contains(a.SrcRange, offset) {
			return a
		}
	}
	for _, b := range body.Blocks {
		if contains(b.Range(), offset) {
			return attributeAt(b.Body, offset)
		}
	}
	return nil
}

func (f *fixModule) blocksOf(block *hclsyntax.Block) *fixDocument {
	return &fixDocument{file: f.fixFile, kind: blocksDocument, start: block.Range().Start.Byte, block: block}
}

// resolve returns the document that an expression is, or refers to in the same module. Encoded says that the expression is the
// argument of jsonencode.
func (f *fixModule) resolve(e hclsyntax.Expression, encoded bool, most int) *fixDocument {
	if most == 0 {
		return nil
	}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return f.resolve(e.Expression, encoded, most)
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "jsonencode" && len(e.Args) == 1 && !encoded {
			return f.resolve(e.Args[0], true, most-1)
		}
	case *hclsyntax.ObjectConsExpr:
		if statements := memberOf(e, "Statement"); encoded && statements != nil {
			return &fixDocument{file: f.fixFile, kind: encodedDocument, start: e.SrcRange.Start.Byte, statements: statements}
		}
	case *hclsyntax.TemplateExpr:
		if !encoded && strings.HasPrefix(f.text[e.SrcRange.Start.Byte:], "<<") {
			return &fixDocument{file: f.fixFile, kind: heredocDocument, start: e.SrcRange.Start.Byte, heredoc: e}
		}
	case *hclsyntax.ScopeTraversalExpr:
		return f.refer(e.Traversal, encoded, most)
	}
	return nil
}

// refer follows a reference to a data source or a local.
func (f *fixModule) refer(t hcl.Traversal, encoded bool, most int) *fixDocument {
	name := func(i int) string {
		if i < len(t) {
			if a, ok := t[i].(hcl.TraverseAttr); ok {
				return a.Name
			}
		}
		return ""
	}
	for _, file := range f.all.order {
		if file.module == nil || path.Dir(file.name) != path.Dir(f.name) {
			continue
		}
		for _, b := range file.module.body.Blocks {
			switch {
			case t.RootName() == "data" && !encoded && isDocumentBlock(b) && name(1) == b.Labels[0] && name(2) == b.Labels[1]:
				return file.module.blocksOf(b)
			case t.RootName() == "local" && b.Type == "locals" && len(t) == 2 && b.Body.Attributes[name(1)] != nil:
				return file.module.resolve(b.Body.Attributes[name(1)].Expr, encoded, most-1)
			}
		}
	}
	return nil
}

// memberOf returns the value of a member of an object; nil if there is none.
func memberOf(o *hclsyntax.ObjectConsExpr, name string) hclsyntax.Expression {
	for _, item := range o.Items {
		if v, diagnostics := item.KeyExpr.Value(nil); !diagnostics.HasErrors() && v.Type().FriendlyName() == "string" && v.AsString() == name {
			return item.ValueExpr
		}
	}
	return nil
}

// write makes the edits of a document.
func (d *fixDocument) write(t *fixTarget) error {
	f := d.file.module
	document := t.document()
	tf, err := f.names(t.role, &document)
	if err != nil {
		return err
	}
	switch d.kind {
	case blocksDocument:
		return f.writeBlocks(d.block, tf, document, t.replace)
	case heredocDocument:
		return f.writeHeredoc(d.heredoc, tf, t, document)
	}
	list := statementNodes(document, tf.syntax(), nil)
	if t.replace {
		return f.replaceStatements(d.statements, list)
	}
	return f.addStatements(d.statements, list)
}

// names returns how statements are written in the file. A value of the environment that the module has no expression for is
// written as it is, if it is known, and otherwise as that of a new data source.
func (f *fixModule) names(r *RoleFix, d *policy.Document) (terraformNames, error) {
	module := policy.Module{}
	if r.Module != nil && path.Clean(r.Module.Folder) == path.Dir(f.name) {
		module = *r.Module
	}
	module.Taken = f.taken()
	values := map[policy.Symbol]string{}
	for s, v := range r.Environment.Values() {
		if _, ok := module.Values[s]; !ok && v != "" {
			values[s] = v
		}
	}
	*d = withValues(*d, values)
	role := &policy.Role{
		Family: r.Family, Inline: []policy.Policy{{Document: *d}}, Symbols: r.Symbols, Mappings: r.Mappings, Environment: r.Environment, Module: &module,
	}
	if err := checkTexts(role, composed); err != nil {
		return terraformNames{}, fmt.Errorf("%s: %w", f.name, err)
	}
	tf := terraformNamesOf(role)
	if len(tf.inputs) > 0 {
		s := tf.inputs[0].symbol
		return tf, fmt.Errorf("%s: %s would need the value of %s, for which the module of the role has no expression: add --set %s=VALUE", f.name, r.title(), s, s)
	}
	w := &hclWriter{}
	tf.symbolBlocks(w)
	for _, block := range strings.Split(strings.TrimPrefix(w.b.String(), "\n"), "\n\n") {
		// Two roles of one module can need the same.
		if key := path.Dir(f.name) + "\n" + strings.TrimSpace(block); block != "" && !f.all.blocks[key] {
			f.all.blocks[key] = true
			f.blocks = append(f.blocks, strings.TrimSuffix(block, "\n")+"\n")
		}
	}
	return tf, nil
}

// withValues returns a document with values for symbols.
func withValues(d policy.Document, values map[policy.Symbol]string) policy.Document {
	d.Statements = slices.Clone(d.Statements)
	fill := func(list []policy.Value) []policy.Value {
		list = slices.Clone(list)
		for i := range list {
			list[i].Text = policy.Text(list[i].Text.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
				if v := values[s]; v != "" {
					return v
				}
				return string(policy.Of(s))
			}))
		}
		return list
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		s.Resources, s.Conditions = fill(s.Resources), slices.Clone(s.Conditions)
		for j := range s.Conditions {
			s.Conditions[j].Values = fill(s.Conditions[j].Values)
		}
	}
	return d
}

// insert adds a text at an offset.
func (f *fixModule) insert(offset int, text string) {
	f.edits = append(f.edits, edit{offset, offset, text})
}

// hclLines returns an expression with line breaks and the indentation of a line, without that of its first line.
func (f *fixModule) hclLines(n *node, indent string) string {
	w := &hclWriter{}
	w.value(0, "", n, "")
	return f.indented(w.b.String(), indent)
}

// indented returns lines with an indentation before each but the first, and without the last line break.
func (f *fixModule) indented(text, indent string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		if i > 0 && lines[i] != "" {
			lines[i] = indent + lines[i]
		}
	}
	return strings.Join(lines, newlineOf(f.text))
}

// hclLine returns an expression in one line.
func hclLine(n *node) string {
	switch n.kind {
	case objectKind:
		var parts []string
		for _, p := range n.pairs {
			parts = append(parts, p.key+" = "+hclLine(p.value))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case listKind:
		var parts []string
		for _, e := range n.elements {
			parts = append(parts, hclLine(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return n.text
}

// addStatements adds statements to the expression of a document's statements.
func (f *fixModule) addStatements(e hclsyntax.Expression, list *node) error {
	start, end := e.Range().Start.Byte, e.Range().End.Byte
	indent := indentAt(f.text, start)
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		if slices.ContainsFunc(list.elements, isOptional) {
			break
		}
		return f.appendTuple(e, list)
	case *hclsyntax.ObjectConsExpr:
		if slices.ContainsFunc(list.elements, isOptional) {
			f.insert(start, "concat([")
			f.insert(end, "], "+f.parts(list, indent)+")")
			return nil
		}
		f.insert(start, "[")
		for _, n := range list.elements {
			text := f.hclLines(n, indent)
			if e.SrcRange.Start.Line == e.SrcRange.End.Line {
				text = hclLine(n)
			}
			f.insert(end, ", "+text)
		}
		f.insert(end, "]")
		return nil
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "concat" && len(e.Args) > 0 && !e.ExpandFinal {
			f.insert(e.Args[len(e.Args)-1].Range().End.Byte, ", "+f.parts(list, indent))
			return nil
		}
	}
	// Whatever is a list stays one.
	f.insert(start, "concat(")
	f.insert(end, ", "+f.parts(list, indent)+")")
	return nil
}

// parts returns statements as arguments of concat.
func (f *fixModule) parts(list *node, indent string) string {
	w := &hclWriter{}
	w.parts(0, list)
	return strings.TrimSuffix(f.indented(w.b.String(), indent), ",")
}

// appendTuple adds elements behind those of a list.
func (f *fixModule) appendTuple(tuple *hclsyntax.TupleConsExpr, list *node) error {
	start, end := tuple.SrcRange.Start.Byte, tuple.SrcRange.End.Byte-1
	newline := newlineOf(f.text)
	if len(tuple.Exprs) == 0 {
		indent := indentAt(f.text, end)
		lines := f.hclLines(list, indent)
		inside := lines[1 : len(lines)-1]
		if strings.Contains(f.text[start:end], "\n") {
			inside = strings.TrimSuffix(inside, newline+indent) // the list has that already
		}
		f.insert(start+1, inside)
		return nil
	}
	last := tuple.Exprs[len(tuple.Exprs)-1].Range()
	comma := -1
	for _, token := range f.tokens {
		if at := token.Range.Start.Byte; at >= last.End.Byte && at < end && token.Type == hclsyntax.TokenComma {
			comma = token.Range.End.Byte
		}
	}
	line := max(comma, last.End.Byte)
	inLine := !strings.Contains(f.text[line:end], "\n") // the bracket is behind the last element
	indent := indentAt(f.text, last.Start.Byte)
	if inLine {
		separator := ", "
		if comma >= 0 {
			separator = " "
		}
		text := ""
		for _, n := range list.elements {
			if strings.Contains(f.text[last.Start.Byte:last.End.Byte], "\n") {
				text += separator + f.hclLines(n, indent)
			} else {
				text += separator + hclLine(n)
			}
			separator = ", "
		}
		f.insert(line, text)
		return nil
	}
	if comma < 0 {
		f.insert(last.End.Byte, ",")
	}
	w := &hclWriter{}
	for i, n := range list.elements {
		w.comments(0, list, i)
		if strings.Contains(f.text[last.Start.Byte:last.End.Byte], "\n") {
			w.value(0, "", n, ",")
		} else {
			w.line(0, hclLine(n)+",")
		}
	}
	text := f.indented(w.b.String(), indent)
	if comma < 0 {
		text = strings.TrimSuffix(text, ",")
	}
	f.insert(lineEnd(f.text, line), newline+indent+text)
	return nil
}

// replaceStatements puts statements in the place of those that allow something. Of a list of which nobody can say what each
// element does, nothing is replaced.
func (f *fixModule) replaceStatements(e hclsyntax.Expression, list *node) error {
	place := e.Range()
	indent := indentAt(f.text, place.Start.Byte)
	var kept []string
	for _, element := range elementsOf(e) {
		object, ok := element.(*hclsyntax.ObjectConsExpr)
		if !ok {
			return fmt.Errorf("%s:%d:%d: this is no statement whose effect can be read: write the statements as objects in a list", f.name, element.Range().Start.Line, element.Range().Start.Column)
		}
		if effect := memberOf(object, "Effect"); effect == nil || strings.Trim(f.text[effect.Range().Start.Byte:effect.Range().End.Byte], `"`) != policy.Allow.String() {
			kept = append(kept, f.text[element.Range().Start.Byte:element.Range().End.Byte])
		}
	}
	for i, text := range kept {
		list.elements = slices.Insert(list.elements, i, rawNode(text))
		list.comments = slices.Insert(list.comments, i, nil)
	}
	f.edits = append(f.edits, edit{place.Start.Byte, place.End.Byte, f.hclLines(list, indent)})
	return nil
}

// elementsOf returns the elements of a list, or of lists that are put together.
func elementsOf(e hclsyntax.Expression) (list []hclsyntax.Expression) {
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		return e.Exprs
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "concat" && !e.ExpandFinal {
			for _, argument := range e.Args {
				list = append(list, elementsOf(argument)...)
			}
			return list
		}
	}
	return []hclsyntax.Expression{e}
}

// writeBlocks adds blocks to a data source, or puts them in the place of those that allow something.
func (f *fixModule) writeBlocks(block *hclsyntax.Block, tf terraformNames, d policy.Document, replace bool) error {
	newline := newlineOf(f.text)
	indent := indentAt(f.text, block.TypeRange.Start.Byte) + "  "
	w := &hclWriter{}
	for i := range d.Statements {
		if i > 0 {
			w.b.WriteByte('\n')
		}
		if err := tf.statementBlock(w, &d.Statements[i]); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	text := indent + f.indented(w.b.String(), indent)
	at, last := lineEnd(f.text, block.OpenBraceRange.Start.Byte), (*hclsyntax.Block)(nil)
	for _, b := range block.Body.Blocks {
		isStatement := b.Type == "statement" || b.Type == "dynamic" && len(b.Labels) == 1 && b.Labels[0] == "statement"
		if isStatement && replace && !f.denies(b) {
			from, to := lineStart(f.text, b.Range().Start.Byte), nextLine(f.text, b.CloseBraceRange.Start.Byte)
			// The empty line before it goes too.
			if before := strings.TrimRight(f.text[:from], " \t\r\n"); strings.Count(f.text[len(before):from], "\n") > 1 {
				from = nextLine(f.text, len(before))
			}
			f.edits = append(f.edits, edit{from, to, ""})
			continue
		}
		if b.Range().Start.Byte > block.OpenBraceRange.Start.Byte && (last == nil || b.Range().Start.Byte > last.Range().Start.Byte) {
			last = b
		}
	}
	for _, a := range block.Body.Attributes {
		if end := a.SrcRange.End.Byte; last == nil && end > at {
			at = lineEnd(f.text, end)
			text = strings.TrimPrefix(text, newline)
		}
	}
	switch {
	case len(d.Statements) == 0:
	case last != nil:
		f.insert(lineEnd(f.text, last.CloseBraceRange.Start.Byte), newline+newline+text)
	case block.OpenBraceRange.Start.Line == block.CloseBraceRange.Start.Line:
		f.insert(block.CloseBraceRange.Start.Byte, newline+text+newline+strings.TrimSuffix(indent, "  "))
	case len(block.Body.Attributes) > 0:
		f.insert(at, newline+newline+text)
	default:
		f.insert(at, newline+text)
	}
	return nil
}

// denies reports whether a block says that its effect is not to allow.
func (f *fixModule) denies(b *hclsyntax.Block) bool {
	body := b.Body
	for _, content := range body.Blocks {
		if b.Type == "dynamic" && content.Type == "content" {
			body = content.Body
		}
	}
	effect := body.Attributes["effect"]
	if effect == nil {
		return false
	}
	v, diagnostics := effect.Expr.Value(nil)
	return diagnostics.HasErrors() || v.Type().FriendlyName() != "string" || v.AsString() != policy.Allow.String()
}

// statementBlock writes a statement as a block of the data source aws_iam_policy_document. The data source reads &{ as the
// beginning of a policy variable, and there is no escape for it.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
func (tf terraformNames) statementBlock(w *hclWriter, s *policy.Statement) error {
	texts := func(values []policy.Value) *node {
		list := listNode()
		for _, v := range values {
			list.elements = append(list.elements, rawNode(hclString(v.Text, tf.symbol)))
		}
		return list
	}
	for _, v := range slices.Concat(policy.Texts(s.Resources), conditionTexts(s)) {
		if strings.Contains(v.String(), "&{") {
			return fmt.Errorf(`%q has "&{", which aws_iam_policy_document would change`, v)
		}
	}
	if isPartlyConditional(s) {
		return fmt.Errorf("a part of the statement %s is needed under a condition only, and blocks have no way to say that: write the policy with jsonencode", s.Sid)
	}
	for _, from := range s.Fields() {
		w.line(0, "# "+hclComment(sourceComment(from)))
	}
	var attributes []pair
	if s.Sid != "" {
		attributes = append(attributes, pair{"sid", hclQuoted(s.Sid)})
	}
	attributes = append(attributes, pair{"effect", hclQuoted(s.Effect.String())})
	actions := listNode()
	for _, a := range s.Actions {
		actions.elements = append(actions.elements, hclQuoted(a))
	}
	attributes = append(attributes, pair{"actions", oneLine(actions)})
	if len(s.Resources) > 0 {
		attributes = append(attributes, pair{"resources", oneLine(texts(s.Resources))})
	}
	for _, p := range s.Principals {
		ids := listNode()
		for _, id := range p.IDs {
			ids.elements = append(ids.elements, hclQuoted(id.String()))
		}
		attributes = append(attributes, pair{"principals", &node{kind: blockKind, pairs: []pair{{"type", hclQuoted(p.Type)}, {"identifiers", oneLine(ids)}}}})
	}
	for _, c := range s.Conditions {
		attributes = append(attributes, pair{"condition", &node{kind: blockKind, pairs: []pair{
			{"test", hclQuoted(c.Operator)}, {"variable", hclQuoted(c.Key)}, {"values", oneLine(texts(c.Values))},
		}}})
	}
	when := s.When()
	if when == nil {
		w.line(0, "statement {")
		w.attributes(1, attributes)
		w.line(0, "}")
		return nil
	}
	w.line(0, `dynamic "statement" {`)
	w.attributes(1, []pair{{"for_each", rawNode(tf.when(when) + " ? [1] : []")}, {"content", &node{kind: blockKind, pairs: attributes}}})
	w.line(0, "}")
	return nil
}

// isPartlyConditional reports whether a part of a statement is there under another condition than the statement.
func isPartlyConditional(s *policy.Statement) bool {
	when := s.When()
	partly := func(v policy.Value) bool { return v.When != nil && !v.When.Equal(when) }
	return slices.ContainsFunc(s.Resources, partly) || slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool { return slices.ContainsFunc(c.Values, partly) })
}

// oneLine returns a list of one element as an expression in one line, as people write it.
func oneLine(list *node) *node {
	if len(list.elements) == 1 {
		return rawNode(hclLine(list))
	}
	return list
}

// addPolicy gives a role of the module a new policy: a resource behind that of the role, or, if the role has its policies as
// blocks, one more block. Such a role has no other policies.
func (f *fixModule) addPolicy(r *RoleFix, name string, d policy.Document) error {
	offset, _ := offsetAt(f.text, r.Place)
	block := f.blockAt(offset)
	if block == nil || block.Type != "resource" || len(block.Labels) != 2 || block.Labels[0] != "aws_iam_role" {
		return fmt.Errorf("%s: there is no resource aws_iam_role here that could get a policy", r.Place)
	}
	tf, err := f.names(r, &d)
	if err != nil {
		return err
	}
	newline := newlineOf(f.text)
	w := &hclWriter{}
	inside := slices.ContainsFunc(block.Body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == "inline_policy" })
	if d.When() != nil && (inside || block.Body.Attributes["count"] != nil || block.Body.Attributes["for_each"] != nil) {
		return fmt.Errorf("%s: what %s lacks, it lacks under a condition only: give it a policy with a list of statements first", r.Place, r.title())
	}
	if inside {
		w.line(0, "inline_policy {")
		w.attributes(1, []pair{{"name", hclQuoted(name)}, {"policy", tf.document(d)}})
		w.line(0, "}")
		last := block.Body.Blocks[len(block.Body.Blocks)-1]
		indent := indentAt(f.text, last.TypeRange.Start.Byte)
		f.insert(lineEnd(f.text, last.CloseBraceRange.Start.Byte), newline+newline+indent+f.indented(w.b.String(), indent))
		return nil
	}
	address := "aws_iam_role." + block.Labels[1]
	attributes := tf.count(d)
	for _, repeat := range []struct{ argument, index string }{{"count", "count.index"}, {"for_each", "each.key"}} {
		if a := block.Body.Attributes[repeat.argument]; a != nil {
			attributes = append(attributes, pair{repeat.argument, rawNode(f.text[a.Expr.Range().Start.Byte:a.Expr.Range().End.Byte])})
			address += "[" + repeat.index + "]"
		}
	}
	if a := block.Body.Attributes["provider"]; a != nil {
		attributes = append(attributes, pair{"provider", rawNode(f.text[a.Expr.Range().Start.Byte:a.Expr.Range().End.Byte])})
	}
	attributes = append(attributes, pair{"name", hclQuoted(name)}, pair{"role", rawNode(address + ".id")}, pair{"policy", tf.document(d)})
	label := f.unusedLabel(block.Labels[1])
	if err := f.nameExclusively(block, "aws_iam_role_policy."+label+".name"); err != nil {
		return err
	}
	w.block(fmt.Sprintf("resource %q %q", "aws_iam_role_policy", label), attributes...)
	f.insert(lineEnd(f.text, block.CloseBraceRange.Start.Byte), newline+f.indented(w.b.String(), ""))
	return nil
}

// nameExclusively adds the expression of a policy's name to the aws_iam_role_policies_exclusive of the role, if the module has one:
// Terraform removes every policy that this resource does not list. It returns an error where the list cannot be changed.
func (f *fixModule) nameExclusively(role *hclsyntax.Block, name string) error {
	for _, file := range f.all.order {
		if file.module == nil || path.Dir(file.name) != path.Dir(f.name) {
			continue
		}
		for _, b := range file.module.body.Blocks {
			of, names := b.Body.Attributes["role_name"], b.Body.Attributes["policy_names"]
			isList := b.Type == "resource" && len(b.Labels) == 2 && b.Labels[0] == "aws_iam_role_policies_exclusive" && of != nil && names != nil
			if !isList || !isRoleName(of.Expr, role) {
				continue
			}
			list, isTuple := names.Expr.(*hclsyntax.TupleConsExpr)
			if !isTuple || role.Body.Attributes["count"] != nil || role.Body.Attributes["for_each"] != nil {
				at := names.NameRange.Start
				return fmt.Errorf("%s:%d:%d: %s.policy_names lists all policies inside the role, and Terraform removes every other one: give the role a policy that is in the list first",
					file.name, at.Line, at.Column, strings.Join(b.Labels, "."))
			}
			if inside := file.text[list.SrcRange.Start.Byte+1 : list.SrcRange.End.Byte-1]; strings.TrimSpace(inside) == "" {
				file.module.insert(list.SrcRange.Start.Byte+1, name)
				return nil
			}
			return file.module.appendTuple(list, listNode(rawNode(name)))
		}
	}
	return nil
}

// isRoleName reports whether an expression is the name of a role: a reference to the role, or the same text as its name.
func isRoleName(x hclsyntax.Expression, role *hclsyntax.Block) bool {
	for _, t := range hclsyntax.Variables(x) {
		if t.RootName() == role.Labels[0] && len(t) > 1 {
			label, ok := t[1].(hcl.TraverseAttr)
			return ok && label.Name == role.Labels[1]
		}
	}
	a := role.Body.Attributes["name"]
	if a == nil {
		return false
	}
	given, diagnostics := x.Value(nil)
	own, more := a.Expr.Value(nil)
	return !diagnostics.HasErrors() && !more.HasErrors() && given.RawEquals(own)
}

// removePolicy takes out the resource that gives a policy to a role. It reports whether it did: a resource that is repeated, or
// that others refer to, stays.
func (f *fixModule) removePolicy(p FixPolicy) bool {
	offset, _ := offsetAt(f.text, p.Place)
	block := f.blockAt(offset)
	if block == nil || block.Type != "resource" || len(block.Labels) != 2 || block.Labels[0] != "aws_iam_role_policy" && block.Labels[0] != "aws_iam_role_policy_attachment" {
		return false
	}
	if block.Body.Attributes["count"] != nil || block.Body.Attributes["for_each"] != nil {
		return false
	}
	address := strings.Join(block.Labels, ".")
	for _, file := range f.all.order {
		if file.module != nil && strings.Contains(file.text, address) {
			return false
		}
	}
	from, to := lineStart(f.text, block.TypeRange.Start.Byte), nextLine(f.text, block.CloseBraceRange.Start.Byte)
	for from > 0 && f.text[lineStart(f.text, from-1)] == '#' {
		from = lineStart(f.text, from-1) // a comment above it goes too
	}
	if before := strings.TrimRight(f.text[:from], " \t\r\n"); before != "" {
		from = nextLine(f.text, len(before)) // and the empty lines
	}
	f.edits = append(f.edits, edit{from, to, ""})
	return true
}

// taken returns the addresses of what the module of the file declares: aws_iam_role.app, data.aws_region.current, var.image,
// local.name.
func (f *fixModule) taken() map[string]bool {
	w := &hclWriter{}
	for _, file := range f.all.order {
		if file.module == nil || path.Dir(file.name) != path.Dir(f.name) {
			continue
		}
		for _, b := range file.module.body.Blocks {
			var attributes []pair
			for name := range b.Body.Attributes {
				attributes = append(attributes, pair{key: name})
			}
			w.declare(strings.Join(append([]string{b.Type}, b.Labels...), " "), attributes)
		}
	}
	taken := map[string]bool{}
	for _, address := range w.declared {
		taken[address] = true
	}
	return taken
}

// unusedLabel returns a label for a policy of a role that no policy has.
func (f *fixModule) unusedLabel(role string) string {
	const kind = "aws_iam_role_policy."
	return strings.TrimPrefix(unusedName(kind+role+"_execution", slices.Collect(maps.Keys(f.taken()))), kind)
}

// finish returns the text with the edits, after it has parsed it again.
func (f *fixModule) finish() (string, error) {
	if len(f.edits) == 0 {
		return f.text, nil
	}
	text := applied(f.text, f.edits)
	newline := newlineOf(f.text)
	for _, block := range f.blocks {
		block = strings.ReplaceAll(block, "\n", newline)
		if !strings.HasSuffix(text, "\n") {
			text += newline + newline + strings.TrimSuffix(block, newline)
			continue
		}
		text += newline + block
	}
	if _, diagnostics := hclsyntax.ParseConfig([]byte(text), f.name, hcl.InitialPos); diagnostics.HasErrors() {
		return "", fmt.Errorf("%s: the layout is not known: with the fix in it, %s", f.name, diagnostics[0].Error())
	}
	return indented(f.text, text), nil
}
