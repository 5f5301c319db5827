// Package taskdef reads ECS task definitions into a tree in which every value knows its place in the
// input and its meaning in the schema of the AWS SDK.
package taskdef

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/smithy-go"
)

// MaxSize is the size of the largest input that is read, in bytes. ECS itself takes far less; the bound
// keeps a wrong file from filling the memory.
const MaxSize = 16 << 20

// Document is a task definition that was read. It does not change after [Read]; several goroutines may
// use it.
type Document struct {
	file     string
	src      string
	bom      int   // length of the byte order mark
	lines    []int // offsets at which lines begin
	sdk      bool  // made from a Go value: no lines, names in PascalCase
	root     *node // the task definition
	problems []Problem
	mistyped []*node           // values of a type that ECS does not take there
	words    map[string]string // what --set gives, by name
	matched  map[string]bool   // the words that filled a placeholder
	written  map[*node]string  // the names as the input has them, where ECS's differ in case
}

// Options say what to put into the values that were read.
type Options struct {
	// Set fills placeholders, or replaces whole strings, before anybody reads them.
	Set []Setting
	// Image gives a container, by its name, an image.
	Image []Setting
	// SDK says that the input is the JSON form of the SDK's types.TaskDefinition.
	SDK bool
}

// Setting is a name and the value that it gets. In [Options].Set the name is a placeholder's, or a JSON
// pointer to a string; in Image, a container's.
type Setting struct {
	Name, Value string
}

// Problem is something wrong with the input itself.
type Problem struct {
	Kind    Kind
	Warning bool // the input can be used all the same
	At      Ref
	Message string
}

// Kind says which part of reading found a problem.
type Kind string

const (
	Syntax Kind = "json"   // not JSON, or no task definition
	Schema Kind = "schema" // members and types that ECS does not have
	Flags  Kind = "flags"  // settings that fit nothing
)

type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	object
	list
)

var kindNames = [...]string{
	null: "null", boolean: "a boolean", number: "a number", text: "a string", object: "an object", list: "a list",
}

// node is one value of the input. Its start offset is kept for places and, later, for edits of the input.
type node struct {
	kind    kind
	lone    bool   // an object in the place of a list: its only element
	meant   bool   // the value was set whole by its pointer: it holds no placeholders
	off     int    // of the first byte
	nameOff int    // of the member's name; off where there is none
	name    string // of the member; "" in a list
	index   int    // in a list
	text    string // a string's value; a number or boolean as it is written
	kids    []node
	up      *node
	schema  *smithy.Schema // nil for what the schema lacks
	wrong   string         // how the value does not fit its schema; "" if it does
	named   int            // the index of the member "name", from 1; 0 where there is none
}

// kid returns the member of that name, or nil.
func (n *node) kid(name string) *node {
	for i := range n.kids {
		if n.kids[i].name == name {
			return &n.kids[i]
		}
	}
	return nil
}

// Read reads JSON as aws ecs register-task-definition takes it or as describe-task-definition prints it:
// UTF-8, with or without byte order mark. The document is nil where it is not usable; the problems are
// sorted by place.
func Read(file string, src []byte, opts Options) (*Document, []Problem) {
	d := &Document{file: file, sdk: opts.SDK}
	root := d.read(src)
	ok := len(d.problems) == 0
	if ok {
		ok = d.unwrap(&root)
	}
	if ok {
		d.fill(&root, opts)
		// The parts of the tree point to their parents: from here on nothing moves.
		adopt(&root)
		d.bind()
		ok = !slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Kind == Syntax })
	}
	sort.SliceStable(d.problems, func(i, j int) bool { return d.problems[i].At.Offset < d.problems[j].At.Offset })
	if !ok {
		return nil, d.problems
	}
	return d, d.problems
}

// read reads any JSON into a tree that is not bound to a schema. The tree is of use only if there are no
// problems.
func (d *Document) read(src []byte) node {
	if message := unreadable(src); message != "" {
		d.problems = []Problem{{Kind: Syntax, At: Ref{File: d.file}, Message: message}}
		return node{}
	}
	d.src = string(src)
	if strings.HasPrefix(d.src, "\ufeff") {
		d.bom = len("\ufeff")
	}
	d.lines = make([]int, 1, 1+strings.Count(d.src, "\n"))
	d.lines[0] = d.bom
	for i := strings.IndexByte(d.src, '\n'); i >= 0; {
		d.lines = append(d.lines, i+1)
		next := strings.IndexByte(d.src[i+1:], '\n')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	root, _ := d.parse(src)
	return root
}

// unreadable says why src is no text that could hold JSON, or returns "".
func unreadable(src []byte) string {
	switch {
	case len(src) > MaxSize:
		return fmt.Sprintf("the input has more than %d MiB: too large for a task definition", MaxSize>>20)
	case len(src) >= 2 && (src[0] == 0xFE && src[1] == 0xFF || src[0] == 0xFF && src[1] == 0xFE),
		len(src) >= 2 && (src[0] == 0) != (src[1] == 0):
		return "the input is UTF-16: save it as UTF-8"
	}
	return ""
}

// unwrap finds the task definition in the document and checks that it is one.
func (d *Document) unwrap(root *node) bool {
	if root.kind != object {
		message := fmt.Sprintf("a task definition is an object; this is %s", kindNames[root.kind])
		if root.kind == list && len(root.kids) > 0 && root.kids[0].kind == object && root.kids[0].kid("image") != nil {
			message = `a list of container definitions alone: put it into {"containerDefinitions": …}`
		}
		d.report(Syntax, root.off, message)
		return false
	}
	d.root = root
	containers := d.member(root, "containerDefinitions")
	if containers == nil {
		if inner := d.member(root, "taskDefinition"); inner != nil && inner.kind == object {
			d.root = inner
			containers = d.member(inner, "containerDefinitions")
		}
	}
	switch {
	case containers == nil:
		d.report(Syntax, d.root.off, "no containerDefinitions: this is no task definition"+d.looksLike(root))
	case containers.kind == null:
		d.report(Syntax, containers.off, "containerDefinitions is null: a task definition has at least one container")
	case containers.kind == list && empty(containers):
		d.report(Syntax, containers.off, "containerDefinitions is empty: a task definition has at least one container")
	case containers.kind != list && containers.kind != object:
		d.report(Syntax, containers.off, fmt.Sprintf("containerDefinitions is %s: it has to be a list of objects", kindNames[containers.kind]))
	default:
		return true
	}
	return false
}

// empty reports whether a list has no elements but null.
func empty(n *node) bool {
	for i := range n.kids {
		if n.kids[i].kind != null {
			return false
		}
	}
	return true
}

// member returns the member of that name, in whatever case, or nil.
func (d *Document) member(n *node, name string) *node {
	for i := range n.kids {
		if strings.EqualFold(n.kids[i].name, name) {
			return &n.kids[i]
		}
	}
	return nil
}

// looksLike names what a document without containers is, where it is something that people mix up with a
// task definition.
func (d *Document) looksLike(root *node) string {
	for _, known := range []struct{ member, what string }{
		{"AWSTemplateFormatVersion", "a CloudFormation template, which is not read yet"},
		{"Resources", "a CloudFormation template, which is not read yet"},
		{"taskDefinitions", "a list of them: pass one"},
		{"taskDefinitionArns", "the output of aws ecs list-task-definitions: use describe-task-definition"},
		{"services", "the output of aws ecs describe-services: use describe-task-definition"},
		{"serviceName", "a service definition"},
		{"tasks", "the output of aws ecs describe-tasks: use describe-task-definition"},
	} {
		if root.kid(known.member) != nil {
			return ", it looks like " + known.what
		}
	}
	if data := root.kid("data"); data != nil && data.kid("taskDefinition") != nil {
		return ", but the object at /data is the output of describe-task-definition"
	}
	return ""
}

// adopt lets the nodes below n know their parents, and objects their names.
func adopt(n *node) {
	for i := range n.kids {
		n.kids[i].up = n
		if n.named == 0 && n.kids[i].isName() {
			n.named = i + 1
		}
		adopt(&n.kids[i])
	}
}

// report adds an error at an offset.
func (d *Document) report(k Kind, off int, message string) {
	d.problems = append(d.problems, Problem{Kind: k, At: d.at(off), Message: message})
}

// at returns the Ref of an offset of which no more is known.
func (d *Document) at(off int) Ref {
	if d.sdk {
		return Ref{Offset: off}
	}
	line, column := d.position(off)
	return Ref{File: d.file, Line: line, Column: column, Offset: off}
}

// position returns line and column of an offset, both from 1, the column in bytes. The byte order mark
// takes no column: no editor shows it.
func (d *Document) position(off int) (line, column int) {
	line = sort.Search(len(d.lines), func(i int) bool { return d.lines[i] > off })
	if line == 0 {
		return 1, 1
	}
	return line, off - d.lines[line-1] + 1
}

// taskDefinition returns the schema of a member of the task definition itself. Registering takes tags,
// describing does not print them there; all else of a registration is in what is described.
func taskDefinition(name string) *smithy.Schema {
	if m := schemas.TaskDefinition.Member(name); m != nil {
		return m
	}
	return schemas.RegisterTaskDefinitionRequest.Member(name)
}
