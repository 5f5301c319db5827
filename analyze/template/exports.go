package template

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Templates of one run import what others of them export. An import stays an import: only what it names is taken from the
// other template, and which key encrypts that. A text that is the same in both stacks is taken too.

// Exports are the values that the templates of a run export. It looks through the templates once, when somebody asks.
// Several goroutines may use it.
type Exports struct {
	once      sync.Once
	templates iter.Seq2[string, []byte]
	// exports are those of all templates, by name. Where two templates disagree on one, it is nil.
	exports map[string]*export
	files   map[string]bool // those that export something
}

// NewExports returns the exports of templates. They are given as their names and their texts, in any order; what is no
// template does not count.
func NewExports(templates iter.Seq2[string, []byte]) *Exports { return &Exports{templates: templates} }

// export is what other templates can know of an exported value. Its texts have no symbols but those of imports and of the
// environment, which are the same wherever somebody can import the value: in the same account and region.
type export struct {
	// text is the value; "" where it is unknown until deployment.
	text policy.Text
	// meaning and arn are those of the import's symbol.
	meaning policy.Meaning
	arn     policy.ARN
	// of is the name of another export, whose value is exported again; "" for none.
	of      string
	keys    []exportedKey
	keyless bool // the template declares what is exported, and no customer-managed key for it
}

// exportedKey is a key of what is exported.
type exportedKey struct {
	// text names the key; "" where nothing exports the key.
	text       policy.Text
	expression string // of the key in its template
	at         tree.Place
}

// find returns what is known of an export; nil for nothing.
func (e *Exports) find(name string) *export {
	if e == nil {
		return nil
	}
	e.once.Do(e.search)
	for range maxExportLinks {
		found := e.exports[name]
		if found == nil || found.of == "" {
			return found
		}
		name = found.of
	}
	return nil
}

// maxExportLinks is how many stacks may export a value one after the other.
const maxExportLinks = 20

// From reports whether a template of that name exports something.
func (e *Exports) From(name string) bool {
	if e == nil {
		return false
	}
	e.once.Do(e.search)
	return e.files[name]
}

// search looks through the templates.
func (e *Exports) search() {
	e.exports, e.files = map[string]*export{}, map[string]bool{}
	for name, src := range e.templates {
		if !mayExport(src) {
			continue
		}
		if doc, _, _ := tree.Read(name, src); doc != nil {
			e.document(name, doc, doc.Root)
		}
	}
}

// mayExport reports whether a text can be a template that exports something, without reading it.
func mayExport(src []byte) bool {
	if len(src) >= 2 && (src[0] == 0 || src[1] == 0 || src[0] >= 0xFE) {
		return true // UTF-16
	}
	return bytes.Contains(src, []byte("Outputs")) && bytes.Contains(src, []byte("Export"))
}

// document adds the exports of the templates in a document.
func (e *Exports) document(file string, doc *tree.Document, n *tree.Node) {
	if n.Kind == tree.List {
		for i := range n.Children {
			e.document(file, doc, &n.Children[i])
		}
		return
	}
	if body, _ := Body(doc, n); body != nil {
		n = body
	}
	if !Is(n) {
		return
	}
	t := New(doc, n, nil)
	outputs := slices.DeleteFunc(t.Outputs(), func(o Output) bool { return o.Export == "" })
	if len(outputs) == 0 {
		return
	}
	r := exporter{t, map[policy.Symbol]string{}, map[string][]Key{}}
	for _, k := range t.Keys() {
		for _, ref := range k.Refs {
			r.keys[ref] = append(r.keys[ref], k)
		}
	}
	for _, o := range outputs {
		if s, rest, ok := policy.Text(o.Value.Text).CutSymbol(); ok && rest == "" && o.Value.Kind == tree.String {
			if name, known := r.names[s]; !known || o.Export < name {
				r.names[s] = o.Export
			}
		}
	}
	e.files[file] = true
	isChanged := len(Macros(n)) > 0
	for _, o := range outputs {
		var found *export
		if !isChanged {
			found = r.export(o)
		}
		before, known := e.exports[o.Export]
		if known {
			found = before.agreed(found)
		}
		e.exports[strings.Clone(o.Export)] = found
	}
}

// agreed returns what two templates say of an export of the same name; nil where they say different things.
func (e *export) agreed(f *export) *export {
	same := func(k, l exportedKey) bool { return k.text == l.text && k.expression == l.expression }
	if e == nil || f == nil || e.text != f.text || e.meaning != f.meaning || e.arn != f.arn || e.of != f.of || e.keyless != f.keyless ||
		!slices.EqualFunc(e.keys, f.keys, same) {
		return nil
	}
	first := func(k, l exportedKey) int {
		return cmp.Or(strings.Compare(k.at.File, l.at.File), cmp.Compare(k.at.Offset, l.at.Offset))
	}
	if slices.CompareFunc(e.keys, f.keys, first) > 0 {
		return f // so that the order of the templates does not matter
	}
	return e
}

// exporter is a template that exports something.
type exporter struct {
	*Template
	names map[policy.Symbol]string // the exports of symbols
	keys  map[string][]Key         // by the names of what they encrypt
}

// export returns what an output exports; nil where nothing is known of it. All branches of a conditional have to have the same
// meaning.
func (r *exporter) export(o Output) (found *export) {
	texts, ok := r.alternatives(o.Value)
	if !ok || texts.canBeAbsent() {
		return nil
	}
	for _, a := range texts {
		one := r.value(a.text)
		switch {
		case one == nil:
			return nil
		case found == nil:
			found = one
		case found.meaning != one.meaning || found.meaning == "":
			return nil
		default:
			found = &export{meaning: found.meaning, keys: append(found.keys, one.keys...), keyless: found.keyless && one.keyless}
		}
	}
	return found
}

// value returns what is known of a text that is exported; nil for nothing.
func (r *exporter) value(text policy.Text) *export {
	e := &export{}
	if same := r.same(text); same != text {
		if s, _, ok := same.CutSymbol(); ok && r.Symbols.Lookup(s).Kind == policy.Import {
			text = same // an attachment has the ARN of the secret that is imported
		}
	}
	s, rest, isSymbol := text.CutSymbol()
	isSymbol = isSymbol && rest == ""
	info := r.Symbols.Lookup(s)
	arn, isARN := policy.CutARN(text)
	switch {
	case isShared(text):
		e.text = cloned(text)
	case isSymbol && info.Kind == policy.Import && info.Export != "":
		return &export{of: strings.Clone(info.Export)}
	case isSymbol && info.Meaning != policy.MeansUnknown:
		e.meaning, e.arn = info.Meaning, r.abroadARN(info.ARN)
	case isARN && arn.Meaning() != "" && arn.Meaning() != policy.MeansSecretARN: // that of a secret can lack its end
		e.meaning = arn.Meaning()
	default:
		return nil
	}
	for _, k := range r.keys[text.String()] {
		key, _ := r.abroad(k.Key)
		e.keys = append(e.keys, exportedKey{key, strings.Clone(r.Symbols.Written(k.Key)), k.At})
	}
	if s, rest, ok := r.same(text).CutSymbol(); ok && rest == "" {
		of := r.Symbols.Lookup(s)
		e.keyless = of.Kind == policy.Resource && of.Meaning == policy.MeansSecretARN && len(e.keys) == 0
	}
	return e
}

// isShared reports whether a text is the same wherever somebody can import it.
func isShared(t policy.Text) bool {
	return t != "" && !slices.ContainsFunc(t.Symbols(), func(s policy.Symbol) bool { return !isEnvironment(s) })
}

// isEnvironment reports whether a symbol is of the role's environment.
func isEnvironment(s policy.Symbol) bool {
	return slices.Contains(policy.EnvironmentSymbols[:], s) || s == policy.URLSuffix
}

// abroad returns a text with imports in the place of the template's own symbols; not ok where one of them is not exported.
func (r *exporter) abroad(t policy.Text) (text policy.Text, ok bool) {
	ok = true
	text = policy.Text(t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		info := r.Symbols.Lookup(s)
		name, exported := r.names[s]
		switch {
		case exported:
			s = Import(policy.Text(name))
		case !isEnvironment(s) && (info.Kind != policy.Import || info.Export == ""):
			ok = false
		}
		return string(policy.Of(s))
	}))
	if !ok {
		return "", false
	}
	return cloned(text), true
}

// abroadARN is abroad for an ARN; the zero value where it is not ok.
func (r *exporter) abroadARN(a policy.ARN) policy.ARN {
	for _, part := range []*policy.Text{&a.Partition, &a.Service, &a.Region, &a.Account, &a.Resource} {
		var ok bool
		if *part, ok = r.abroad(*part); !ok {
			return policy.ARN{}
		}
	}
	return a
}

// cloned returns a text that does not keep the document in memory.
func cloned(t policy.Text) policy.Text { return policy.Text(strings.Clone(string(t))) }

// imported is an import of the template of which something is known.
type imported struct {
	text policy.Text // of the import, as the values of the template have it
	name string
	at   *tree.Node // the first one
	// isSet says that somebody gives the value of the import.
	isSet bool
	*export
}

// importOf returns what a literal import is: a symbol, or the text that is exported.
func (t *Template) importOf(name string, n *tree.Node) policy.Text {
	s := Import(policy.Text(name))
	if text, known := t.importTexts[name]; known {
		return text
	}
	text := t.symbol(string(s), policy.SymbolInfo{Kind: policy.Import, Expression: string(s), Export: name}, n)
	found := t.Exports.find(name)
	if found == nil {
		return text
	}
	_, isSet := t.set[string(s)]
	if !isSet && found.text != "" {
		delete(t.Symbols, s)
		text = found.text
	}
	t.imported = append(t.imported, imported{text, name, n, isSet, found})
	if t.importTexts == nil {
		t.importTexts = map[string]policy.Text{}
	}
	t.importTexts[name] = text
	if info, known := t.Symbols[s]; known && !isSet { // others, which know it too, know no meaning
		info.Meaning, info.ARN = found.meaning, t.homeARN(found.arn, n)
		t.Symbols[s] = info
	}
	return text
}

// home returns a text of another template's exports in which each import is what it is in this template.
func (t *Template) home(text policy.Text, n *tree.Node) policy.Text {
	return policy.Text(text.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		if name, ok := strings.CutPrefix(string(s), string(Import(""))); ok {
			return string(t.importOf(name, n))
		}
		return string(policy.Of(s))
	}))
}

// homeARN is home for an ARN.
func (t *Template) homeARN(a policy.ARN, n *tree.Node) policy.ARN {
	for _, part := range []*policy.Text{&a.Partition, &a.Service, &a.Region, &a.Account, &a.Resource} {
		*part = t.home(*part, n)
	}
	return a
}

// importedKeys returns the keys of what is imported. A key that nothing exports is a symbol of which nothing is known. It is left
// out for an import whose value is given: who gives it can know the key.
func (t *Template) importedKeys() (keys []Key) {
	for i := 0; i < len(t.imported); i++ { // there can be more of them meanwhile
		in := t.imported[i]
		for _, k := range in.keys {
			key := k.text
			switch {
			case key == "" && in.isSet:
				continue
			case key == "":
				key = t.symbol(string(Import(policy.Text(in.name)))+" key", policy.SymbolInfo{
					Kind: policy.Attribute, Expression: k.expression, Description: "the key " + strconv.Quote(k.expression) + " of " + k.at.String(),
				}, in.at)
			}
			keys = append(keys, Key{[]string{in.text.String()}, t.whole(t.home(key, in.at)), k.at})
		}
	}
	return keys
}

// Keyless returns the names of imports that other templates declare without a customer-managed key.
func (t *Template) Keyless() (names []string) {
	for _, in := range t.imported {
		if in.keyless {
			names = append(names, in.text.String())
		}
	}
	return names
}
