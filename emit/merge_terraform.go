package emit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// MergeTerraform returns a file of Terraform's source with an argument in its resource of an address: its name is the
// argument's, and its value an expression. The text is inserted: every byte of the file is in the result, in the same order,
// and what terraform fmt would say of the file stays the same. File is the name of the file in errors.
func MergeTerraform(file string, src []byte, address, argument, expression string) ([]byte, error) {
	if strings.HasSuffix(file, ".tf.json") {
		return nil, fmt.Errorf("%s: %s is in Terraform's JSON, which --merge does not write: set %s to ${%s} yourself, and write the role with -o DIR/", file, address, argument, expression)
	}
	parsed, diagnostics := hclsyntax.ParseConfig(src, file, hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("%s: %s", file, diagnostics[0].Summary)
	}
	resource, _, _ := strings.Cut(address, "[") // without the key of an instance
	blocks := parsed.Body.(*hclsyntax.Body).Blocks
	i := slices.IndexFunc(blocks, func(b *hclsyntax.Block) bool { return b.Type == "resource" && strings.Join(b.Labels, ".") == resource })
	if i < 0 {
		return nil, fmt.Errorf("%s: there is no resource %s", file, resource)
	}
	block := blocks[i]
	at := func(p hcl.Pos) string { return fmt.Sprintf("%s:%d:%d", file, p.Line, p.Column) }
	if a := block.Body.Attributes[argument]; a != nil {
		return nil, fmt.Errorf("%s: %s has the argument %s: set it to %s yourself, and write the role without --merge", at(a.NameRange.Start), resource, argument, expression)
	}
	text := string(src)
	open := block.OpenBraceRange.End.Byte
	end := strings.IndexByte(text[open:], '\n')
	if end < 0 || block.CloseBraceRange.Start.Line == block.OpenBraceRange.Start.Line {
		return nil, fmt.Errorf("%s: the block has one line: put its arguments on lines of their own", at(block.OpenBraceRange.Start))
	}
	newline := "\n"
	if end > 0 && text[open+end-1] == '\r' {
		newline = "\r\n"
	}
	start := open + end + 1
	indent := indentAt(text, block.TypeRange.Start.Byte) + "  "
	// An empty line keeps the argument apart from the next ones, whose "=" terraform fmt puts into one column. One before a
	// closing brace or another empty line would be too many.
	line := indent + argument + " = " + expression + newline
	if next, _, _ := strings.Cut(text[start:], "\n"); strings.TrimSpace(next) != "" && strings.TrimSpace(next) != "}" {
		line += newline
	}
	return []byte(text[:start] + line + text[start:]), nil
}
