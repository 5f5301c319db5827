package emit

import (
	"fmt"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// writeHeredoc adds statements to a document that is JSON in a text of Terraform's. What the text has of references is no JSON:
// for the time of reading, letters are in its place.
func (f *fixModule) writeHeredoc(e *hclsyntax.TemplateExpr, tf terraformNames, t *fixTarget, d policy.Document) error {
	start, end, err := f.heredocText(e)
	if err != nil {
		return err
	}
	masked := []byte(f.text[start:end])
	for _, part := range e.Parts {
		if _, ok := part.(*hclsyntax.LiteralValueExpr); ok {
			continue
		}
		// The range of a reference is without its braces.
		from, to := part.Range().Start.Byte-start, part.Range().End.Byte-start
		for i := max(from, 0); i < to && i < len(masked); i++ {
			masked[i] = 'x'
		}
	}
	doc, problems := tree.ReadJSON(f.name, masked)
	at := fmt.Sprintf("%s:%d:%d", f.name, e.SrcRange.Start.Line, e.SrcRange.Start.Column)
	if doc == nil {
		return fmt.Errorf("%s: this text is no JSON that can be changed: %s", at, problems[0].Message)
	}
	inner := &fixFile{name: f.name, text: f.text[start:end]}
	inner.tree = &fixTree{fixFile: inner, doc: doc, appended: map[*tree.Node]int{}, wrapped: map[*tree.Node]int{}, replaced: map[*tree.Node]bool{}}
	document := inner.tree.document(doc.Root.Start)
	if document == nil {
		return fmt.Errorf("%s: this text has no list of statements", at)
	}
	same := func(s string) string { return s }
	list := statementNodes(d, documentSyntax{
		text: func(text policy.Text) *node { return rawNode(heredocString(text, tf.symbol)) },
		word: func(s string) *node { return rawNode(heredocString(policy.Text(s), nil)) }, key: same, comment: same,
	}, nil)
	if err := inner.tree.put(document, list, t.replace); err != nil {
		return err
	}
	if err := inner.tree.editLists(); err != nil {
		return err
	}
	for _, e := range inner.edits {
		f.edits = append(f.edits, edit{start + e.start, start + e.end, e.text})
	}
	return nil
}

// heredocText returns where the lines of a heredoc begin and end.
func (f *fixModule) heredocText(e *hclsyntax.TemplateExpr) (start, end int, err error) {
	start = nextLine(f.text, e.SrcRange.Start.Byte)
	end = -1
	for _, token := range f.tokens {
		if token.Type == hclsyntax.TokenCHeredoc && token.Range.Start.Byte >= start {
			end = lineStart(f.text, token.Range.Start.Byte)
			break
		}
	}
	if end < start {
		return 0, 0, fmt.Errorf("%s:%d:%d: this text does not end", f.name, e.SrcRange.Start.Line, e.SrcRange.Start.Column)
	}
	return start, end, nil
}

// heredocString returns a string of JSON in a heredoc, in which references are as Terraform writes them. A heredoc has no
// escapes besides those of "${" and "%{".
func heredocString(t policy.Text, symbol func(policy.Symbol) string) string {
	escape := func(s string) string {
		quoted := quote(s, dialectIAM)
		return hclTemplates.Replace(quoted[1 : len(quoted)-1])
	}
	return `"` + t.Expand(escape, func(s policy.Symbol) string { return "${" + symbol(s) + "}" }) + `"`
}
