package emit

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"text/template/parse"
)

// templateSet are texts in which values are put, in the language of text/template. They use a part of it: fields, variables,
// if, else, range, template, and or.
//
// The package text/template has all of it, methods that are called by name included. Because of these, the linker keeps every
// exported method of every type: a tenth of the command. So its parser is used here, and what prints is this file.
type templateSet map[string]*parse.Tree

// parseTemplates reads the files that match a pattern. Each is a template that is called as its file is, and can define others.
func parseTemplates(files fs.FS, pattern string) (templateSet, error) {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return nil, err
	}
	set := templateSet{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		trees, err := parse.Parse(path.Base(name), string(text), "", "", map[string]any{"or": true})
		if err != nil {
			return nil, err
		}
		for name, tree := range trees {
			set[name] = tree
		}
	}
	return set, nil
}

// print returns a template with the values of a struct.
func (set templateSet) print(name string, data any) ([]byte, error) {
	p := &printing{set: set}
	err := p.template(name, reflect.ValueOf(data))
	return p.out.Bytes(), err
}

// printing is the state while a template is printed.
type printing struct {
	set       templateSet
	out       bytes.Buffer
	variables []variable
}

type variable struct {
	name  string
	value reflect.Value
}

func (p *printing) template(name string, dot reflect.Value) error {
	tree := p.set[name]
	if tree == nil {
		return fmt.Errorf("there is no template %q", name)
	}
	own := &printing{set: p.set, variables: []variable{{"$", dot}}}
	err := own.node(dot, tree.Root)
	p.out.Write(own.out.Bytes())
	return err
}

func (p *printing) node(dot reflect.Value, n parse.Node) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil { // there is no else
			return nil
		}
		for _, kid := range n.Nodes {
			if err := p.node(dot, kid); err != nil {
				return err
			}
		}
	case *parse.TextNode:
		p.out.Write(n.Text)
	case *parse.CommentNode:
	case *parse.ActionNode:
		v, err := p.pipe(dot, n.Pipe)
		if err == nil && len(n.Pipe.Decl) == 0 {
			err = p.value(n, v)
		}
		return err
	case *parse.IfNode:
		return p.branch(dot, n.Pipe, func(v reflect.Value) error {
			if isTrue(v) {
				return p.node(dot, n.List)
			}
			return p.node(dot, n.ElseList)
		})
	case *parse.RangeNode:
		return p.branch(dot, n.Pipe, func(v reflect.Value) error {
			if v.Kind() != reflect.Slice {
				return fmt.Errorf("%s: range over %s", n, v.Type())
			}
			for i := range v.Len() {
				if err := p.node(v.Index(i), n.List); err != nil {
					return err
				}
			}
			if v.Len() == 0 {
				return p.node(dot, n.ElseList)
			}
			return nil
		})
	case *parse.TemplateNode:
		v, err := p.pipe(dot, n.Pipe)
		if err != nil {
			return err
		}
		return p.template(n.Name, v)
	default:
		return fmt.Errorf("%s is not for these templates", n)
	}
	return nil
}

// branch does something with a value. Variables that are set in it end with it.
func (p *printing) branch(dot reflect.Value, pipe *parse.PipeNode, do func(reflect.Value) error) error {
	before := len(p.variables)
	v, err := p.pipe(dot, pipe)
	if err == nil {
		err = do(v)
	}
	p.variables = p.variables[:before]
	return err
}

// pipe returns the value of a field, a variable, or the first of several that is there.
func (p *printing) pipe(dot reflect.Value, n *parse.PipeNode) (v reflect.Value, err error) {
	if n == nil || len(n.Cmds) != 1 {
		return v, fmt.Errorf("%v is not for these templates", n)
	}
	args := n.Cmds[0].Args
	if word, ok := args[0].(*parse.IdentifierNode); ok && word.Ident == "or" {
		args = args[1:]
	} else if len(args) != 1 {
		return v, fmt.Errorf("%s is not for these templates", n)
	}
	for _, arg := range args {
		if v, err = p.argument(dot, arg); err != nil || isTrue(v) {
			break
		}
	}
	for _, d := range n.Decl {
		p.variables = append(p.variables, variable{d.Ident[0], v})
	}
	return v, err
}

func (p *printing) argument(dot reflect.Value, n parse.Node) (reflect.Value, error) {
	switch n := n.(type) {
	case *parse.DotNode:
		return dot, nil
	case *parse.FieldNode:
		return field(dot, n.Ident)
	case *parse.VariableNode:
		for i := len(p.variables) - 1; i >= 0; i-- {
			if p.variables[i].name == n.Ident[0] {
				return field(p.variables[i].value, n.Ident[1:])
			}
		}
	}
	return reflect.Value{}, fmt.Errorf("%s is not for these templates", n)
}

func field(v reflect.Value, names []string) (reflect.Value, error) {
	for _, name := range names {
		if v.Kind() != reflect.Struct || !v.FieldByName(name).IsValid() {
			return v, fmt.Errorf("%s has no field %s", v.Type(), name)
		}
		v = v.FieldByName(name)
	}
	return v, nil
}

// isTrue reports whether a value is there: true, or not empty.
func isTrue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.String, reflect.Slice:
		return v.Len() > 0
	}
	return true
}

// value prints a value, which is a string.
func (p *printing) value(n parse.Node, v reflect.Value) error {
	if v.Kind() != reflect.String {
		return fmt.Errorf("%s is %s, and a string can be printed", n, v.Type())
	}
	p.out.WriteString(v.String())
	return nil
}
