// Package terraform reads Terraform's source: it evaluates the expressions of a module symbolically. What only a
// deployment knows is a symbol with a meaning, and of a conditional both branches count. It knows nothing of ECS. It runs
// nothing, fetches nothing, and reads files of the given file system alone.
package terraform

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Limits keep time and memory in bounds, whatever a module says. No person comes near them.
const (
	maxSteps    = 1 << 19 // expressions that are evaluated, each as often as it is
	maxElements = 10_000  // of one collection
	maxNested   = 200     // values, such as locals, that are evaluated inside of each other
	maxDepth    = 5000    // expressions that are
	maxBranches = 64      // of one value, because of conditionals
	maxText     = 4 << 20 // bytes of one text
	maxTexts    = 64 << 20
	maxFile     = 2 << 20 // bytes of one file of source
	maxProblems = 1000
)

// Options say what to read of a module.
type Options struct {
	// Name is the module's folder as the caller named it. Places have the names of files in it.
	Name string
	// Within is the folder that file() and templates have to be in, or below; "" is the module's own. Modules that are
	// called may also read files of their own folders.
	Within string
	// Set gives values to symbols, by their names: var.image, aws_secretsmanager_secret.db.arn.
	Set map[string]string
	// NullsOpen says that a variable of the root whose default is null can have a value. Otherwise it is null, with a warning.
	NullsOpen bool
	// Required are the names of members that are never null: a variable whose default is null has a value there, if NullsOpen is set.
	Required []string
	// Quiet are the names of members and arguments on which nothing depends: that a default is used there needs no warning.
	Quiet []string
	// Known are modules of somebody else whose outputs are known by their arguments.
	Known []KnownModule
	// Follow says that what follows from unknown values is a symbol of its own: an element of a map of texts whose key is the
	// role's own region ([policy.Mapping.ByRegion]), and what a regular expression matches ([policy.MatchOf]). Otherwise it is
	// each of the elements, and any value.
	Follow bool
	// Callers finds the modules that call this one, in the file system as a repository; nil where none are looked for.
	Callers *Callers
	// Calls are parts of the sources that the registry has for modules of somebody else, whose arguments [Program.Resources] returns.
	Calls []string
}

// Program is a module, with the modules that it calls. It is evaluated where somebody asks for something.
type Program struct {
	Doc *tree.Document
	// Symbols says what is known of the values that only a deployment knows.
	Symbols policy.SymbolTable
	// Used are the names of the given values that were needed.
	Used map[string]bool
	// Conditions are the conditions of the nodes that are conditionals, by their IDs: the first branch is the value where
	// the condition holds.
	Conditions map[int]string

	fsys     fs.FS
	problems []Problem
	folder   string
	opts     Options
	modules  map[string]*module
	bases    map[string]base // of the texts that were parsed, by the names in their ranges
	read     map[string]text // the files that were read, by their paths
	root     *scope
	working  map[progress]bool
	steps    int
	nested   int
	texts    int // bytes
	over     bool
	// missing are the folders of modules that are called and cannot be read, and missingAt is where the first one is called.
	missing        []string
	missingAt      int
	partial        bool // other files of the module can be missing
	conditionNames []string
	tried          int // calls of try, and branches of unknown conditionals, that are being evaluated
	quiet          int // members of Options.Quiet that are being evaluated
	inTry          int // of tried, calls of try and can
	inBranch       int // of tried, branches in which parts that Terraform would refuse are kept as such

	programs map[string]*Program // of callers, and of those of them, by their folders
	depth    int                 // how many programs ask for this one, as a caller, one through the other
	calling  bool                // the calls of the root were looked for
	callers  []*context          // the calls of the root
	called   bool                // all of them are known
	offered  map[policy.Symbol][]offer
}

// Problem is something wrong with the source, or something in it that cannot be read.
type Problem struct {
	At      tree.Place
	Message string
	Warning bool
	Note    bool // a warning of something that is not wrong
	// refused says that Terraform refuses it too: so a branch with it is never taken.
	refused bool
}

// base says where a text that was parsed is: its first byte is at an offset, or, where it is fixed, all of it.
type base struct {
	offset int
	fixed  bool
	// text is that of a string of JSON, without its escapes, and marks say where it is.
	text  string
	marks []tree.Mark
}

// Read parses the module in a folder of a file system. Its problems are those of the syntax, and then nothing can be
// evaluated.
func Read(fsys fs.FS, folder string, opts Options) *Program {
	p := newProgram(fsys, path.Clean(folder), opts)
	p.root.module = p.module(p.folder)
	if p.root.module != nil {
		p.root.given = p.tfvars()
	}
	return p
}

// ReadText parses a text as a module of one file, which can read no other files. [Options].Name is that of the text.
func ReadText(src []byte, opts Options) *Program {
	p := newProgram(noFiles{}, ".", opts)
	p.partial = true
	start, src2, err := p.Doc.Source.Add(opts.Name, src)
	t := text{text: src2, start: start, err: err}
	p.bases[opts.Name], p.read[opts.Name] = base{offset: start}, t
	if body := p.parse(opts.Name); body != nil {
		p.root.module = newModule(".")
		p.modules["."] = p.root.module
		p.root.module.declare(body)
	}
	return p
}

// noFiles is a file system without files.
type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func newProgram(fsys fs.FS, folder string, opts Options) *Program {
	p := &Program{
		Doc: tree.NewDocument(tree.NewFiles(opts.Name)), Symbols: policy.SymbolTable{}, Used: map[string]bool{}, Conditions: map[int]string{},
		fsys: fsys, folder: folder, opts: opts,
		modules: map[string]*module{}, bases: map[string]base{}, read: map[string]text{}, working: map[progress]bool{},
		programs: map[string]*Program{},
	}
	if p.opts.Within == "" {
		p.opts.Within = folder
	}
	p.root = &scope{Program: p, values: map[string]*value{}}
	return p
}

// name returns how messages call a file: in relation to the folder as the caller named it.
func (p *Program) name(file string) string {
	return path.Join(p.opts.Name, relative(p.folder, file))
}

// relative returns the path from one folder to a file, both of one file system.
func relative(from, to string) string {
	if from == "." {
		return to
	}
	a, b := strings.Split(from, "/"), strings.Split(to, "/")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	return path.Join(strings.Repeat("../", len(a)) + strings.Join(b, "/"))
}

// offset returns the offset of a position in a text that was parsed.
func (p *Program) offset(file string, at hcl.Pos) int {
	b := p.bases[file]
	if b.fixed {
		return b.offset
	}
	i := sort.Search(len(b.marks), func(i int) bool { return b.marks[i].Inner > at.Byte })
	switch {
	case i == 0:
		return b.offset + at.Byte
	case b.marks[i-1].Fixed:
		return b.marks[i-1].Outer
	}
	return b.marks[i-1].Outer + at.Byte - b.marks[i-1].Inner
}

// span returns the offsets of the beginning and the end of a range.
func (p *Program) span(r hcl.Range) (start, end int) {
	return p.offset(r.Filename, r.Start), p.offset(r.Filename, r.End)
}

// source returns the source of a range, as an expression has it.
func (p *Program) source(r hcl.Range) string {
	if b := p.bases[r.Filename]; b.text != "" {
		return b.text[min(r.Start.Byte, len(b.text)):min(max(r.Start.Byte, r.End.Byte), len(b.text))]
	}
	return p.written(r)
}

// written returns the source of a range, as the file has it.
func (p *Program) written(r hcl.Range) string {
	start, end := p.span(r)
	return p.Doc.Source.Text[start:max(start, end)]
}

// report adds a problem. Where an expression is evaluated several times, it is there several times too.
func (p *Program) report(problem Problem) {
	if p.problems = append(p.problems, problem); len(p.problems) > maxProblems {
		p.over = true
	}
}

// Problems returns the problems of the files, and of what was evaluated so far, each once.
func (p *Program) Problems() []Problem {
	list := distinctProblems(p.problems)
	if len(p.missing) > 0 {
		const most = 5
		names := p.missing
		if len(names) > most {
			names = append(names[:most:most], fmt.Sprintf("and %d more", len(p.missing)-most))
		}
		list = append(list, Problem{At: p.Doc.Source.Place(p.missingAt), Warning: true,
			Message: "modules that are called cannot be read; their task definitions are missing, and their outputs are unknown: " + strings.Join(names, ", ")})
	}
	return list
}

func distinctProblems(all []Problem) (list []Problem) {
	seen := map[Problem]bool{}
	for _, problem := range all {
		if !seen[problem] {
			seen[problem] = true
			list = append(list, problem)
		}
	}
	return list
}

// failAt reports an error at an offset.
func (p *Program) failAt(off int, format string, args ...any) {
	p.report(Problem{At: p.Doc.Source.Place(off), Message: fmt.Sprintf(format, args...)})
}

// fail reports an error at the beginning of a range.
func (p *Program) fail(r hcl.Range, format string, args ...any) {
	start, _ := p.span(r)
	p.report(Problem{At: p.Doc.Source.Place(start), Message: fmt.Sprintf(format, args...), refused: true})
}

// stop reports an error at the beginning of a range, which is execrole's own.
func (p *Program) stop(r hcl.Range, format string, args ...any) {
	start, _ := p.span(r)
	p.failAt(start, format, args...)
}

// warn reports a warning at the beginning of a range.
func (p *Program) warn(r hcl.Range, format string, args ...any) {
	start, _ := p.span(r)
	p.report(Problem{At: p.Doc.Source.Place(start), Message: fmt.Sprintf(format, args...), Warning: true})
}

// diagnose reports the errors of the parser.
func (p *Program) diagnose(file string, list hcl.Diagnostics) (failed bool) {
	for _, d := range list {
		if d.Severity != hcl.DiagError {
			continue
		}
		failed = true
		off := p.bases[file].offset
		if d.Subject != nil {
			off = p.offset(file, d.Subject.Start)
		}
		detail, _, _ := strings.Cut(strings.TrimSpace(d.Detail), "\n")
		p.failAt(min(off, len(p.Doc.Source.Text)), "%s", cmp.Or(strings.TrimSuffix(detail, "."), d.Summary))
	}
	return failed
}

// step counts an evaluation, and reports whether there may be more.
func (p *Program) step(r hcl.Range) bool {
	if p.over {
		return false
	}
	if p.steps++; p.steps > maxSteps {
		p.over = true
		p.stop(r, "the module takes too long to evaluate: execrole stops here, after %d expressions", maxSteps)
		return false
	}
	return true
}

// symbol returns a symbol, and keeps what is known of it; or the value that the caller gives to it.
func (p *Program) symbol(name string, info policy.SymbolInfo, at int) (policy.Text, bool) {
	if value, ok := p.opts.Set[name]; ok {
		p.Used[name] = true
		return policy.Text(value), true
	}
	s := policy.Symbol(name)
	if _, known := p.Symbols[s]; !known {
		if info.Place == (tree.Place{}) {
			info.Place = p.Doc.Source.Place(at)
		}
		if info.Meaning == "" {
			info.Meaning = policy.MeansUnknown
		}
		p.Symbols[s] = info
	}
	return policy.Of(s), false
}
