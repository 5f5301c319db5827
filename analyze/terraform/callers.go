package terraform

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// A module that is read alone has variables without a value. The modules of the same repository that call it say what such a
// value is: the ARN of a secret, an image. Only that is taken from them, and no name: the role belongs into the module, and
// its other callers give other values.

// Callers finds the modules of a repository that call a module. It looks through the repository once, when somebody asks.
type Callers struct {
	once sync.Once
	// folders are those with a file that has the folder of the key as the source of a module.
	folders map[string][]string
	partial bool // the repository has more than execrole looks at
}

// Limits of a search. Where a repository is larger, nothing is taken from callers: one that was not found can disagree.
const (
	maxCallerFolders = 5000
	maxCallerFiles   = 10_000
	maxCallerBytes   = 64 << 20
	maxCallers       = 200 // folders that call one module
	maxCallerDepth   = 8   // callers of callers
)

// of returns the folders whose files can call the module in a folder; not ok where that is unknown.
func (s *Callers) of(fsys fs.FS, folder string) (folders []string, ok bool) {
	s.once.Do(func() { s.search(fsys) })
	folders = s.folders[folder]
	return folders, !s.partial && len(folders) <= maxCallers
}

// search looks through the repository. It follows no links to folders, and leaves out hidden folders, what npm installs, and
// repositories inside of the repository.
func (s *Callers) search(fsys fs.FS) {
	s.folders = map[string][]string{}
	files, size := 0, 0
	folders := []string{"."}
	for i := 0; i < len(folders); i++ {
		folder := folders[i]
		entries, err := fs.ReadDir(fsys, folder)
		if s.partial = s.partial || err != nil; err != nil {
			continue
		}
		if folder != "." && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".git" }) {
			continue
		}
		for _, e := range entries {
			switch name := e.Name(); {
			case e.IsDir() && name[0] != '.' && name != "node_modules":
				folders = append(folders, path.Join(folder, name))
			case e.IsDir() || !IsSource(name):
			default:
				src, err := readFile(fsys, path.Join(folder, name))
				files, size = files+1, size+len(src)
				// With a link to nothing, or to a folder, Terraform refuses the folder.
				s.partial = s.partial || err != nil && err != errNoFile && err != errNotRegular
				s.add(folder, string(src))
			}
		}
		if len(folders) > maxCallerFolders || files > maxCallerFiles || size > maxCallerBytes {
			s.partial = true
			return
		}
	}
}

// add notes the folders that a text has as sources. Whether they are those of modules is seen when the file is parsed.
func (s *Callers) add(folder, text string) {
	for {
		_, rest, found := strings.Cut(text, "source")
		if !found {
			return
		}
		text = rest
		rest = strings.TrimLeft(strings.TrimPrefix(rest, `"`), " \t")
		if rest == "" || rest[0] != '=' && rest[0] != ':' {
			continue
		}
		rest, isQuoted := strings.CutPrefix(strings.TrimLeft(rest[1:], " \t"), `"`)
		source, _, _ := strings.Cut(rest, `"`)
		if !isQuoted || !isLocal(source) {
			continue
		}
		if called := path.Join(folder, source); !slices.Contains(s.folders[called], folder) {
			s.folders[called] = append(s.folders[called], folder)
		}
	}
}

// isLocal reports whether the source of a module is a folder beside the caller.
func isLocal(source string) bool {
	return source == "." || source == ".." || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// offer is what one call of the root gives for a value that is unknown in it.
type offer struct {
	in    *context // of the call, in a program of its own
	value *value
	at    hcl.Range // of the argument
}

// evaluate sets the value of an offer, and reports whether there were no errors. What is wrong in a caller is for those who read
// the caller.
func (o *offer) evaluate(f func() *value) bool {
	before := len(o.in.problems)
	o.value = f()
	return !o.in.over && !slices.ContainsFunc(o.in.problems[before:], func(p Problem) bool { return !p.Warning })
}

// rootCalls returns the calls of the root in its repository, as the contexts of their instances; not ok where a caller cannot be
// read.
func (p *Program) rootCalls() (calls []*context, ok bool) {
	if p.opts.Callers == nil || p.depth >= maxCallerDepth {
		return nil, false
	}
	if p.calling {
		return p.callers, p.called
	}
	p.calling = true
	folders, ok := p.opts.Callers.of(p.fsys, p.folder)
	if !ok {
		p.report(Problem{At: tree.Place{File: p.Doc.Source.File}, Warning: true, Note: true, Message: "the repository has more than execrole looks at, or a part that cannot be read: " +
			"what the callers of the module give to its variables is not known"})
	}
	for _, folder := range folders {
		if folder == p.folder || !ok {
			continue // it calls itself: Terraform refuses that
		}
		caller := p.caller(folder)
		if caller.root.module == nil {
			return nil, false
		}
		found, complete := caller.callsOf(p.folder)
		calls, ok = append(calls, found...), ok && complete
	}
	p.callers, p.called = calls, ok && len(calls) > 0
	return p.callers, p.called
}

// caller returns the program of a module that may call the root.
func (p *Program) caller(folder string) *Program {
	if caller := p.programs[folder]; caller != nil {
		return caller
	}
	opts := Options{
		Name: path.Join(p.opts.Name, relative(p.folder, folder)), NullsOpen: true, Known: p.opts.Known, Quiet: p.opts.Quiet, Callers: p.opts.Callers,
	}
	caller := Read(p.fsys, folder, opts)
	caller.depth, caller.programs = p.depth+1, p.programs
	p.programs[folder] = caller
	return caller
}

// callsOf returns the calls of a module in the root, one for each instance.
func (p *Program) callsOf(folder string) (calls []*context, ok bool) {
	c, before := &context{scope: p.root}, len(p.problems)
	for _, b := range p.root.module.order {
		if b.Type != "module" {
			continue
		}
		if source, local := c.moduleSource(b); !local || path.Join(p.folder, source) != folder {
			continue
		}
		for _, i := range c.instances(b).instances {
			calls = append(calls, &context{scope: p.root, instance: i})
		}
	}
	return calls, !p.over && !slices.ContainsFunc(p.problems[before:], func(p Problem) bool { return !p.Warning })
}

// offers returns what the calls of the root give for a variable of it, or its default; nil where one of them is unknown.
func (c *context) offers(declared *hclsyntax.Block) (offers []offer) {
	calls, ok := c.rootCalls()
	if !ok {
		return nil
	}
	standard, name := declared.Body.Attributes["default"], declared.Labels[0]
	for _, call := range calls {
		block := call.instance.block
		o := offer{in: call, at: block.DefRange()}
		if a := block.Body.Attributes[name]; a != nil {
			o.at = a.Expr.Range()
			ok = o.evaluate(func() *value { return call.eval(a.Expr) })
		} else if standard != nil {
			o.in, o.at = &context{scope: c.scope}, standard.Expr.Range()
			ok = o.evaluate(func() *value { return o.in.eval(standard.Expr) })
		} else {
			ok = false
		}
		if !ok {
			return nil
		}
		offers = append(offers, o)
	}
	return offers
}

// offer notes what the calls of the root give for a symbol of it.
func (p *Program) offer(t policy.Text, offers []offer) {
	s, rest, ok := t.CutSymbol()
	if !ok || rest != "" || len(offers) == 0 {
		return
	}
	if p.offered == nil {
		p.offered = map[policy.Symbol][]offer{}
	}
	p.offered[s] = offers
	info := p.Symbols[s]
	info.Given = givenBy(offers)
	p.Symbols[s] = info
}

// offerBelow notes what the calls of the root give for an element or a member of a symbol.
func (p *Program) offerBelow(outer policy.Symbol, inner policy.Text, key *value) {
	var offers []offer
	for _, o := range p.offered[outer] {
		collection := o.value
		if !o.evaluate(func() *value { return o.in.index(collection, key, o.at) }) {
			return
		}
		offers = append(offers, o)
	}
	p.offer(inner, offers)
}

// givenBy returns the texts of offers, without the names in them; nil where one of them is unknown. No text is given where
// there is null.
func givenBy(offers []offer) (given []policy.Given) {
	for _, o := range offers {
		for _, v := range o.value.branches() {
			if v.kind == null || v.kind == absent {
				continue
			}
			var texts []policy.Text
			if v.isScalar() {
				texts = o.in.withoutNames(o.in.flat(v))
			}
			if texts == nil {
				return nil
			}
			start, _ := o.in.span(o.at)
			for _, text := range texts {
				if g := (policy.Given{Text: text, At: o.in.Doc.Source.Place(start)}); !slices.Contains(given, g) {
					given = append(given, g)
				}
			}
		}
	}
	return given
}

// withoutNames returns a text with the meanings of its symbols in their places; nil where it is empty, or begins with a symbol
// of which nothing is known. There are several where callers give several values for that symbol. An ARN that says all of what
// it names becomes the meaning of it.
func (p *Program) withoutNames(t policy.Text) (texts []policy.Text) {
	toMeanings := func(t policy.Text) policy.Text {
		return policy.Text(t.Expand(func(s string) string { return s }, func(s policy.Symbol) string { return string(policy.Of(policy.Symbol(p.meaningOf(s)))) }))
	}
	if arn, ok := policy.CutARN(t); ok {
		// The ARN of a secret can lack its end, or have more than it.
		if meaning := arn.Meaning(); meaning != "" && meaning != policy.MeansSecretARN {
			return []policy.Text{policy.Of(policy.Symbol(meaning))}
		}
	}
	s, rest, ok := t.CutSymbol()
	switch meaning := p.meaningOf(s); {
	case t == "":
		return nil
	case !ok || meaning != policy.MeansUnknown && meaning != policy.MeansText:
		return []policy.Text{toMeanings(t)}
	}
	for _, g := range p.Symbols.Lookup(s).Given {
		texts = append(texts, g.Text+toMeanings(rest))
	}
	return texts
}

// meaningOf returns what a symbol means, also where only callers say it.
func (p *Program) meaningOf(s policy.Symbol) policy.Meaning {
	info := p.Symbols.Lookup(s)
	if told := info.Told(); told != "" && (info.Meaning == policy.MeansUnknown || info.Meaning == policy.MeansText) {
		return told
	}
	return info.Meaning
}
