// Package taskdef reads ECS task definitions: documents in which every value knows its place in the input and its
// meaning in the schema of the AWS SDK.
package taskdef

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
)

// TaskDefinition is a task definition inside a document. It does not change after [Read] or [New]; several goroutines
// may use it.
type TaskDefinition struct {
	doc     *tree.Document
	root    *tree.Node
	form    Form
	symbols policy.SymbolTable
	// pointers are those of nodes that are at another place in the document.
	pointers map[int]string
	fields   map[int]string
	others   map[string]*tree.Node
	name     string
	region   string
	module   *policy.Module
	roleAt   []string
	// condition is that of the resource, and branches are those of the conditionals in its template, by JSON pointer.
	condition string
	branches  map[string]policy.Branch
	// when has the formula that holds where a branch is taken, by the ID of the branch's node.
	when map[int]*policy.Formula
	// alternatives has the branches under which a node is the value, if a function can return several, by the node's ID. Formulas
	// are the conditions in them that the template does not declare, by their names.
	alternatives map[int][]policy.Branch
	formulas     map[string]*policy.Formula
	keys         []template.Key
	keyed        map[string][]int // the indices of the keys, by the names of what they encrypt
	keyless      map[string]bool  // the names of what the document declares without such a key
	exist        map[string]bool  // the ARNs of secrets that the document knows
	// details has what is known of each node besides the tree, by [tree.Node.ID]. The task definitions of a document
	// share it, and the settings too.
	details  []detail
	settings *settings
	problems []Problem
	mistyped []mistyped            // values of a type that ECS does not take there
	unknowns []unknownMember       // members that ECS does not have
	written  map[*tree.Node]string // the names as the input has them, where those of ECS differ in case
}

// Problems returns the problems of [Read] that are about this task definition and no other.
func (td *TaskDefinition) Problems() []Problem { return td.problems }

// detail is what a task definition knows of a node.
type detail struct {
	schema *schema // nil for what the schema lacks
	named  int32   // the index of the member "name", from 1; 0 where there is none
	wrong  bool    // the value does not fit its schema
	lone   bool    // an object in the place of a list: its only element
	meant  bool    // the value was set whole by its pointer: it holds no placeholders
}

func (td *TaskDefinition) detail(n *tree.Node) *detail { return &td.details[n.ID] }

// Options say what to put into the values that were read.
type Options struct {
	// Set fills placeholders, or replaces whole strings, before anybody reads them.
	Set []Setting
	// Image gives a container, by its name, an image.
	Image []Setting
	// Open leaves parts of strings open, after Set and Image. Symbols says what is known of the symbols in their place.
	Open    []Opening
	Symbols policy.SymbolTable
	// NullsOpen says that a variable of Terraform's source whose default is null can have a value.
	NullsOpen bool
	// Known are the values of symbols of a template that other templates give, and KnownSymbols says what is known of the
	// symbols in them.
	Known        map[policy.Symbol]policy.Text
	KnownSymbols policy.SymbolTable
	// Exports are what the templates of the run export; nil where there are no others.
	Exports *Exports
	// Form is the form of the input, as far as the input does not say it; the zero value is [Registered].
	Form Form
	// Choose says which of the task definitions of a document to read, by the name that the document gives it and by its
	// family, which are "" where there is none. It can be asked twice. Nil chooses all.
	Choose func(name, family string) bool
}

// Exports are what the templates of a run export: see [NewExports].
type Exports = template.Exports

// NewExports returns the exports of templates, given as their names and their texts: see [template.NewExports].
func NewExports(templates iter.Seq2[string, []byte]) *Exports { return template.NewExports(templates) }

// Form is what one form of input does differently from the JSON of aws ecs register-task-definition.
type Form struct {
	Subject           Subject
	NamesInAnyCase    bool // the names of members differ from those of ECS in upper and lower case
	ScalarsAreStrings bool // a number or a boolean can be written where ECS has a string
	StringsAreScalars bool // a string can be written where ECS has a number or a boolean
	NoLines           bool // there is no text that a person could look at
	UntaggedUnions    bool // a union does not say which of its members it is
	EmptyEnumIsAbsent bool // an enumeration that is "" is absent
}

// Subject is what a document describes that has the fields of a task definition.
type Subject string

const (
	Task    Subject = ""                // a task definition
	Daemon  Subject = "daemon"          // a daemon task definition
	Express Subject = "Express service" // a service of Express Mode
	Batch   Subject = "AWS Batch job"   // a job definition of AWS Batch
	Service Subject = "service"         // a service, which is read beside its task definition
	Run     Subject = "run"             // the input of RunTask or StartTask, which is read beside its task definition
)

// Beside reports whether the subject is no task definition of its own, but adds to one.
func (s Subject) Beside() bool { return s == Service || s == Run }

var (
	// Registered is the JSON of aws ecs register-task-definition, and of describe-task-definition.
	Registered = Form{}
	// SDK is the JSON of the SDK's types.TaskDefinition.
	SDK = Form{NamesInAnyCase: true, NoLines: true, UntaggedUnions: true, EmptyEnumIsAbsent: true}
)

// Problem is something wrong with the input itself.
type Problem struct {
	Kind    Kind
	Warning bool // the input can be used all the same
	Note    bool // nothing is wrong
	At      Ref
	Message string
	// None says that there is no task definition in the document, nor anything that looks like one: it is something else.
	None bool
}

// Kind says which part of reading found a problem.
type Kind string

const (
	Syntax Kind = "json"   // not JSON, or no task definition
	YAML   Kind = "yaml"   // not YAML, or no task definition
	Schema Kind = "schema" // members and types that ECS does not have
	Flags  Kind = "flags"  // settings that fit nothing
	// Terraform is source of Terraform that cannot be read.
	Terraform Kind = "terraform"
)

// Read reads a document in JSON or YAML, and finds the task definitions in it: as aws ecs register-task-definition takes
// them, as describe-task-definition prints them, container definitions alone, or several of these. It returns no task
// definition where the input is not usable. The problems are sorted by place. Settings that fit nothing are for [Unused].
func Read(file string, src []byte, opts Options) ([]*TaskDefinition, []Problem) {
	doc, syntax, syntaxProblems := tree.Read(file, src)
	f := &finder{doc: doc, kind: Kind(syntax), form: opts.Form, set: opts.Set, choose: opts.Choose, known: opts.Known, knownSymbols: opts.KnownSymbols, exports: opts.Exports}
	for _, p := range syntaxProblems {
		if opts.Form.NoLines {
			p.At.Line, p.At.Column = 0, 0
		}
		f.problems = append(f.problems, Problem{Kind: f.kind, Warning: p.Warning, At: Ref{Place: p.At}, Message: p.Message})
	}
	if doc == nil && isTerraformSource(file, src) {
		return readText(file, src, opts)
	}
	if doc == nil {
		f.advise(string(src))
		f.problems[0].None = !brokenTaskDefinition(file, src)
		return nil, f.problems
	}
	if doc.Root.Kind == tree.String && isTerraformSource(file, src) {
		return readText(file, src, opts)
	}
	f.find(doc.Root)
	tds, problems := f.finish(opts)
	if len(tds) == 0 && doc.Root.Kind == tree.String {
		f.advise(string(src))
	}
	return tds, problems
}

// finish makes the task definitions of the parts that were found.
func (f *finder) finish(opts Options) ([]*TaskDefinition, []Problem) {
	f.parts = slices.DeleteFunc(f.parts, func(p Part) bool { return !p.Form.Subject.Beside() && !f.chosen(p.Name, p.Root) })
	isError := func(p Problem) bool { return !p.Warning && !p.Note }
	if len(f.parts) == 0 && f.left && !slices.ContainsFunc(f.problems, isError) {
		return nil, nil
	}
	if len(f.parts) == 0 {
		if f.problems = inOrder(f.problems); !f.resources {
			// What is no task definition has nothing to be read, and its first problem says enough.
			i := slices.IndexFunc(f.problems, isError)
			f.problems = f.problems[max(i, 0):][:1]
		}
		if !slices.ContainsFunc(f.problems, isError) {
			f.problems[0].Warning, f.problems[0].Note = false, false
		}
		f.problems[0].None = !f.broken
		return nil, f.problems
	}
	tds, more := build(f.doc, f.parts, f.symbols, opts, f.filled)
	keyed := map[string][]int{}
	for i, k := range f.keys {
		for _, ref := range k.Refs {
			keyed[ref] = append(keyed[ref], i)
		}
	}
	for _, td := range tds {
		td.keys, td.keyed, td.keyless, td.exist, td.branches, td.when = f.keys, keyed, f.keyless, f.exist, f.branches, f.when
		td.alternatives, td.formulas = f.alternatives, f.formulas
	}
	return tds, inOrder(append(f.problems, more...))
}

// advise adds to the first error what the text looks like.
func (f *finder) advise(text string) {
	i := slices.IndexFunc(f.problems, func(p Problem) bool { return !p.Warning })
	if advice := adviceOnText(text[:min(len(text), adviceSize)]); advice != "" {
		f.problems[i].Message += "; " + advice
	}
}

// inOrder sorts problems by place.
func inOrder(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.At.Offset - b.At.Offset })
	return problems
}

// New makes task definitions of parts of a document. The document is theirs from then on, and its nodes have been
// adopted. Symbols says what is known of the symbols in the texts of the tree. A task definition that is not usable is
// left out; the problems are sorted by place.
func New(doc *tree.Document, parts []Part, symbols policy.SymbolTable, opts Options) ([]*TaskDefinition, []Problem) {
	return build(doc, parts, symbols, opts, nil)
}

// build is [New]. Filled are the settings that have given a symbol its value.
func build(doc *tree.Document, parts []Part, symbols policy.SymbolTable, opts Options, filled map[string]bool) ([]*TaskDefinition, []Problem) {
	if opts.Symbols != nil {
		all := maps.Clone(opts.Symbols)
		maps.Copy(all, symbols)
		symbols = all
	}
	set := &settings{doc: doc, form: opts.Form, filled: filled}
	nodes := doc.Nodes
	if set.fill(opts, parts); doc.Nodes > nodes {
		doc.Root.Adopt()
	}
	for _, part := range parts {
		if part.Pointers != nil {
			part.Root.Adopt()
		}
	}
	// Nodes know their parents: from here on nothing moves.
	details := make([]detail, doc.Nodes)
	for n := range set.whole {
		details[n.ID].meant = true
	}
	var list []*TaskDefinition
	problems := set.problems
	for _, part := range parts {
		td := &TaskDefinition{doc: doc, root: part.Root, form: part.Form, pointers: part.Pointers, fields: part.Fields, others: part.Others, name: part.Name, region: part.Region, module: part.Module, roleAt: part.RoleAt, condition: part.Condition, symbols: symbols, details: details, settings: set}
		td.bind()
		if part.Note != "" {
			td.problems = append(td.problems, Problem{Kind: Schema, Note: true, At: td.ref(part.Root), Message: part.Note})
		}
		broken := slices.ContainsFunc(td.problems, func(p Problem) bool { return p.Kind == Syntax && !p.Warning })
		td.problems = append(td.problems, part.Problems...)
		problems = append(problems, td.problems...)
		if broken {
			// Nobody will read it.
			for _, u := range td.unknowns {
				problems = append(problems, Problem{Kind: Schema, Warning: true, At: td.at(u.node, u.node.NameStart), Message: u.message})
			}
			continue
		}
		list = append(list, td)
	}
	return list, inOrder(problems)
}

// nameMember returns the value of an object's member "name", or "".
func nameMember(n *tree.Node) string {
	for i := range n.Children {
		if isName(&n.Children[i]) {
			return n.Children[i].Text
		}
	}
	return ""
}

func isName(n *tree.Node) bool {
	isText := n.Kind == tree.String || n.Kind == tree.Placeholder && !policy.Text(n.Text).IsLiteral()
	return isText && len(n.Name) == 4 && strings.EqualFold(n.Name, "name")
}

// report adds an error at an offset.
func (td *TaskDefinition) report(k Kind, off int, message string) {
	td.problems = append(td.problems, Problem{Kind: k, At: Ref{Place: td.place(off)}, Message: message})
}

// place returns the place of an offset, without a pointer.
func (td *TaskDefinition) place(off int) tree.Place { return place(td.doc, td.form, off) }

func place(doc *tree.Document, form Form, off int) tree.Place {
	if form.NoLines {
		return tree.Place{Offset: off}
	}
	return doc.Source.Place(off)
}

// OfTemplate reports whether a template of CloudFormation has the task definition.
func (td *TaskDefinition) OfTemplate() bool { return td.roleAt != nil }
