package terraform

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/tree"
)

// module is what the files of a folder declare.
//
// Source: https://developer.hashicorp.com/terraform/language/files
type module struct {
	folder    string
	variables map[string]*hclsyntax.Block
	locals    map[string]*hclsyntax.Attribute
	outputs   map[string]*hclsyntax.Block
	calls     map[string]*hclsyntax.Block
	resources map[string]*hclsyntax.Block // by type and name; "data." comes before those of data sources
	providers []*hclsyntax.Block
	// order has the resources and the calls as the files have them.
	order []*hclsyntax.Block
}

func newModule(folder string) *module {
	return &module{
		folder: folder, variables: map[string]*hclsyntax.Block{}, locals: map[string]*hclsyntax.Attribute{}, outputs: map[string]*hclsyntax.Block{},
		calls: map[string]*hclsyntax.Block{}, resources: map[string]*hclsyntax.Block{},
	}
}

// module returns the module in a folder; nil if it cannot be read.
func (p *Program) module(folder string) *module {
	if m, known := p.modules[folder]; known {
		return m
	}
	m := newModule(folder)
	p.modules[folder] = nil
	entries, err := fs.ReadDir(p.fsys, folder)
	if err != nil {
		return nil
	}
	files, failed := 0, false
	var overrides []*hclsyntax.Body
	for _, entry := range entries {
		name := entry.Name()
		if !IsSource(name) || entry.IsDir() {
			continue
		}
		files++
		body := p.parse(path.Join(folder, name))
		switch {
		case body == nil:
			failed = true
		case isOverride(strings.TrimSuffix(name, ".json")):
			overrides = append(overrides, body)
		default:
			m.declare(body)
		}
	}
	for _, body := range overrides {
		m.override(body)
	}
	if files == 0 || failed {
		return nil
	}
	p.modules[folder] = m
	return m
}

// IsSource reports whether a file of that name is Terraform's source. As Terraform does, it leaves out hidden files and the
// backups of editors.
func IsSource(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, ".json"), ".tf") && name[0] != '.' && name[0] != '#'
}

// isOverride reports whether a file of source, by its name without .json, changes what others declare.
func isOverride(name string) bool {
	return name == "override.tf" || strings.HasSuffix(name, "_override.tf")
}

// parse returns the body of a file; nil if it cannot be read.
func (p *Program) parse(file string) *hclsyntax.Body {
	t, err := p.file(file)
	if err != nil {
		p.report(Problem{At: p.Doc.Source.Place(t.start), Message: fmt.Sprintf("cannot read %s: %v", p.name(file), err)})
		return nil
	}
	switch {
	case strings.IndexByte(t.text, 0) >= 0:
		p.failAt(t.start+strings.IndexByte(t.text, 0), "the file holds a NUL character")
		return nil
	case !utf8.ValidString(t.text):
		p.failAt(t.start, "the file is not UTF-8")
		return nil
	case strings.HasSuffix(file, ".json"):
		return p.parseJSON(file, t)
	case !p.isShallow(t, false):
		return nil
	}
	parsed, diagnostics := hclsyntax.ParseConfig([]byte(t.text), file, hcl.InitialPos)
	if p.diagnose(file, diagnostics) {
		return nil
	}
	body, _ := parsed.Body.(*hclsyntax.Body)
	return body
}

// text is a file that was read.
type text struct {
	text  string
	start int
	err   error
}

// file reads a file of the file system, once, and adds it to the source of the document.
func (p *Program) file(file string) (text, error) {
	if t, known := p.read[file]; known {
		return t, t.err
	}
	t := text{start: len(p.Doc.Source.Text)}
	var src []byte
	src, t.err = readFile(p.fsys, file)
	if t.err == nil {
		t.start, t.text, t.err = p.Doc.Source.Add(p.name(file), src)
	} else if _, _, err := p.Doc.Source.Add(p.name(file), nil); err != nil {
		t.err = err
	}
	p.bases[file] = base{offset: t.start}
	p.read[file] = t
	return t, t.err
}

var (
	errNoFile     = errors.New("there is no such file")
	errNotRegular = errors.New("it is no regular file")
)

// readFile reads a file that is not too large.
func readFile(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	var src []byte
	if err == nil {
		defer f.Close()
		if info, statErr := f.Stat(); statErr == nil && !info.Mode().IsRegular() {
			return nil, errNotRegular
		}
		src, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	}
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoFile
	case errors.As(err, &failed):
		return nil, failed.Err
	case err == nil && len(src) > maxFile:
		return nil, fmt.Errorf("it has more than %d MiB", maxFile>>20)
	}
	return src, err
}

// maxOperators is how many operators, and maxBrackets how many brackets, may be inside of each other: the parser of HCL
// calls itself for each of them.
const (
	maxOperators = 1000
	maxBrackets  = 200
	// maxLiterals is how many literals may be in a template. HCL's parser joins them in a time that grows with the square.
	maxLiterals = 1 << 15
)

// isShallow reports whether a text is nested no deeper than the parser can go, and no longer, and says so where it is not.
func (p *Program) isShallow(t text, isTemplate bool) bool {
	lex := hclsyntax.LexConfig
	if isTemplate {
		lex = hclsyntax.LexTemplate
	}
	tokens, _ := lex([]byte(t.text), "", hcl.InitialPos)
	depth, operators, literals := 0, 0, 0
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
			depth--
		case hclsyntax.TokenComma, hclsyntax.TokenEqual:
			operators = 0
		case hclsyntax.TokenNewline:
			if depth == 0 {
				operators = 0
			}
		case hclsyntax.TokenIdent:
			if isTemplate && (string(token.Bytes) == "if" || string(token.Bytes) == "for") {
				operators++ // directives are inside of each other
			}
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash,
			hclsyntax.TokenPercent, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual:
			operators++
		case hclsyntax.TokenStringLit:
			literals++
		}
		if isTemplate && literals > maxLiterals {
			p.failAt(t.start+token.Range.Start.Byte, "the template is too long: execrole reads %d lines and parts between expressions", maxLiterals)
			return false
		}
		if depth > maxBrackets || operators > maxOperators {
			p.failAt(t.start+token.Range.Start.Byte, "this is nested too deeply: execrole reads %d brackets and %d operators inside of each other", maxBrackets, maxOperators)
			return false
		}
	}
	return true
}

// declare adds what a body declares.
func (m *module) declare(body *hclsyntax.Body) {
	for _, b := range body.Blocks {
		m.add(b)
	}
}

// labels are how many labels the blocks have that a module declares.
var labels = map[string]int{"variable": 1, "output": 1, "module": 1, "provider": 1, "data": 2, "resource": 2}

// add adds a block to a module. Terraform refuses one that has another number of labels.
func (m *module) add(b *hclsyntax.Block) {
	if len(b.Labels) != labels[b.Type] {
		return
	}
	switch name := strings.Join(b.Labels, "."); b.Type {
	case "variable":
		m.variables[name] = b
	case "locals":
		for name, a := range b.Body.Attributes {
			m.locals[name] = a
		}
	case "output":
		m.outputs[name] = b
	case "module":
		m.calls[name] = b
		m.order = append(m.order, b)
	case "provider":
		m.providers = append(m.providers, b)
	case "data":
		m.resources["data."+name] = b
		m.order = append(m.order, b)
	case "resource":
		m.resources[name] = b
		m.order = append(m.order, b)
	}
}

// override changes what a module declares as a file override.tf says.
//
// Source: https://developer.hashicorp.com/terraform/language/files/override
func (m *module) override(body *hclsyntax.Body) {
	for _, b := range body.Blocks {
		name := strings.Join(b.Labels, ".")
		original := map[string]*hclsyntax.Block{
			"variable": m.variables[name], "output": m.outputs[name], "module": m.calls[name], "resource": m.resources[name], "data": m.resources["data."+name],
		}[b.Type]
		if original == nil {
			m.add(b)
			continue
		}
		for name, a := range b.Body.Attributes {
			original.Body.Attributes[name] = a
		}
		replaced := map[string]bool{}
		for _, nested := range b.Body.Blocks {
			replaced[nested.Type] = true
		}
		var kept hclsyntax.Blocks
		for _, nested := range original.Body.Blocks {
			if !replaced[nested.Type] {
				kept = append(kept, nested)
			}
		}
		original.Body.Blocks = append(kept, b.Body.Blocks...)
	}
}

// tfvars returns the values of variables that Terraform reads without being told to.
//
// Source: https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
func (p *Program) tfvars() map[string]func(c *context) *value {
	given := map[string]func(c *context) *value{}
	entries, _ := fs.ReadDir(p.fsys, p.folder)
	take := func(fits func(name string) bool) {
		for _, entry := range entries {
			file := path.Join(p.folder, entry.Name())
			switch name, isJSON := strings.CutSuffix(entry.Name(), ".json"); {
			case entry.IsDir() || !fits(name):
			case isJSON:
				p.jsonValues(file, given)
			default:
				if body := p.parse(file); body != nil {
					for name, a := range body.Attributes {
						given[name] = func(c *context) *value { return c.eval(a.Expr) }
					}
				}
			}
		}
	}
	take(func(name string) bool { return name == "terraform.tfvars" })
	take(func(name string) bool { return strings.HasSuffix(name, ".auto.tfvars") })
	return given
}

// jsonValues adds the values of variables in a file of JSON.
func (p *Program) jsonValues(file string, given map[string]func(c *context) *value) {
	t, err := p.file(file)
	if err != nil {
		p.failAt(t.start, "cannot read %s: %v", p.name(file), err)
		return
	}
	root, problems := p.Doc.EmbeddedText(t.text, t.start, []tree.Mark{{Outer: t.start}})
	for _, problem := range problems {
		p.report(Problem{At: problem.At, Message: problem.Message, Warning: problem.Warning})
	}
	if root == nil {
		return
	}
	for i := range root.Children {
		v := fromNode(&root.Children[i], func(off int) int { return off })
		given[root.Children[i].Name] = func(*context) *value { return v }
	}
}
