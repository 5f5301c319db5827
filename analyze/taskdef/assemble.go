package taskdef

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// assembly is a task definition that is made of the nodes of a document that has another shape.
type assembly struct {
	f    *finder
	part Part
}

// assemble begins a task definition. Pointers are those of the nodes that have moved before.
func (f *finder) assemble(form Form, pointers map[int]string) *assembly {
	if pointers = maps.Clone(pointers); pointers == nil {
		pointers = map[int]string{}
	}
	return &assembly{f: f, part: Part{Form: form, Pointers: pointers, Fields: map[int]string{}}}
}

// pointer returns the JSON pointer of a node in the document as it was read.
func (a *assembly) pointer(n *tree.Node) string {
	var tokens []string
	for ; n.Parent != nil; n = n.Parent {
		if pointer, ok := a.part.Pointers[n.ID]; ok {
			tokens = append(tokens, pointer)
			break
		}
		token := n.Name
		if n.Parent.Kind != tree.Object {
			token = strconv.Itoa(n.Index)
		}
		tokens = append(tokens, "/"+tree.EscapePointer(token))
	}
	slices.Reverse(tokens)
	return strings.Join(tokens, "")
}

// made returns a node that the document does not have, in the place of one that it has.
func (a *assembly) made(kind tree.Kind, at *tree.Node, name string) tree.Node {
	n := a.f.doc.NewNode(kind, at, name)
	a.part.Pointers[n.ID] = a.pointer(at)
	return n
}

// text returns a string that the document does not have.
func (a *assembly) text(at *tree.Node, name, text string) tree.Node {
	n := a.made(tree.String, at, name)
	n.Text = text
	return n
}

// moved returns a node of the document as a member of that name. Field is how people know it in their document, as a path
// of names; "" if its new place says that.
func (a *assembly) moved(n *tree.Node, name, field string) tree.Node {
	pointer := a.pointer(n)
	m := *n
	if a.f.taken[n.ID] {
		m = a.second(n, pointer)
	}
	if a.f.taken == nil {
		a.f.taken = map[int]bool{}
	}
	a.f.taken[n.ID] = true
	m.Name = name
	a.part.Pointers[m.ID] = pointer
	if field != "" {
		a.part.Fields[m.ID] = field
	}
	return m
}

// second returns a node and all that is below it a second time: a node has one parent.
func (a *assembly) second(n *tree.Node, pointer string) tree.Node {
	m := *n
	m.ID = a.f.doc.Nodes
	a.f.doc.Nodes++
	a.part.Pointers[m.ID] = pointer
	m.Children = make([]tree.Node, len(n.Children))
	for i := range n.Children {
		m.Children[i] = a.second(&n.Children[i], a.pointer(&n.Children[i]))
	}
	return m
}

// each makes something of an object, or of each object that a conditional can be. Nothing else is changed.
func (a *assembly) each(n *tree.Node, name string, make func(n *tree.Node) tree.Node) tree.Node {
	switch n.Kind {
	case tree.Object:
		made := make(n)
		made.Name = name
		return made
	case tree.Choice:
		choice := a.made(tree.Choice, n, name)
		for i := range n.Children {
			branch := a.each(&n.Children[i], "", make)
			branch.Index = i
			choice.Children = append(choice.Children, branch)
		}
		return choice
	}
	return a.moved(n, name, "")
}

// memberNames are the members of an object in a document. They are data that the linker lays out: a map would be made
// whenever a program starts.
type memberNames struct {
	read    []memberName
	ignored []string // no permission depends on them
}

// memberName is a member's name in the document, and the one that it gets in the task definition.
type memberName struct{ own, becomes string }

// get returns a member's name in the document and in the task definition, whatever its case. The latter is "" for one that
// no permission depends on.
func (names *memberNames) get(name string) (own, becomes string, ok bool) {
	for i := range names.read {
		if m := &names.read[i]; strings.EqualFold(m.own, name) {
			return m.own, m.becomes, true
		}
	}
	for _, own := range names.ignored {
		if strings.EqualFold(own, name) {
			return own, "", true
		}
	}
	return "", "", false
}

// all returns the names in the document.
func (names *memberNames) all() []string {
	list := slices.Clone(names.ignored)
	for _, m := range names.read {
		list = append(list, m.own)
	}
	return list
}

// destination is an object that gets members from another.
type destination struct {
	to    *tree.Node
	names memberNames
	// prefix is that of the fields, where the members are known by the path that they have in the document.
	prefix string
}

// take moves the members of an object. It warns of those that have no destination: owner cannot have them there.
func (a *assembly) take(from *tree.Node, owner string, destinations ...destination) {
members:
	for i := range from.Children {
		kid := &from.Children[i]
		var known []string
		for _, d := range destinations {
			own, becomes, ok := d.names.get(kid.Name)
			if !ok {
				known = append(known, d.names.all()...)
				continue
			}
			field := ""
			if own != becomes || d.prefix != "" {
				field = strings.TrimPrefix(d.prefix+"."+own, ".")
			}
			switch first := d.to.Member(becomes); {
			case becomes == "":
			case first == nil:
				d.to.Children = append(d.to.Children, a.moved(kid, becomes, field))
			case first.Kind == tree.List && kid.Kind == tree.List:
				for j := range kid.Children {
					element := a.moved(&kid.Children[j], "", "")
					element.Index = len(first.Children)
					first.Children = append(first.Children, element)
				}
			}
			continue members
		}
		slices.Sort(known)
		message := owner + " has no member " + strconv.Quote(kid.Name) + " here"
		if near := tree.Nearest(kid.Name, known); near != "" {
			message += "; did you mean " + strconv.Quote(near) + "?"
		}
		at := place(a.f.doc, a.f.form, kid.NameStart)
		at.Pointer = a.pointer(kid)
		a.f.problems = append(a.f.problems, Problem{Kind: Schema, Warning: true, At: Ref{Place: at}, Message: message})
	}
}

// finish makes the task definition of its members and its containers. At is the node that has them in the document.
func (a *assembly) finish(at *tree.Node, members, containers []tree.Node) {
	list := a.made(tree.List, at, "containerDefinitions")
	for i := range containers {
		containers[i].Name, containers[i].Index = "", i
	}
	list.Children = containers
	root := a.made(tree.Object, at, "")
	root.Children = append(members, list)
	a.part.Root = &root
	a.f.parts = append(a.f.parts, a.part)
}

// launchType adds the launch type that all tasks of the form have, if the document does not say one.
func (a *assembly) launchType(root, at *tree.Node, launchType string) {
	if root.Member("requiresCompatibilities") != nil {
		return
	}
	list := a.made(tree.List, at, "requiresCompatibilities")
	list.Children = []tree.Node{a.text(at, "", launchType)}
	root.Children = append(root.Children, list)
}

// maxRoles is how many execution roles a document of another shape may name. Each has copies of what they share. AWS Batch
// has five ranges of nodes at most.
const maxRoles = 10

// byRole groups objects by the execution role that they name, in the order of the document. If they name too many, it says
// so, and returns none.
func byRole[T any](f *finder, list []T, object func(T) *tree.Node) (groups [][]T) {
	index := map[string]int{}
	for _, e := range list {
		key := ""
		if role := object(e).MemberFold("executionRoleArn"); role != nil && role.Kind != tree.Null {
			if key = role.Text; role.Kind != tree.String {
				key = role.Pointer()
			}
		}
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], e)
	}
	if len(groups) > maxRoles {
		f.fail(object(list[0]).Start, "the tasks name %d execution roles: execrole reads no more than %d in one of these documents", len(groups), maxRoles)
		return nil
	}
	return groups
}
