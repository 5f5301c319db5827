// Package tree is a parsed document in which every value knows its place. It knows nothing of what the document means.
package tree

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// MaxSize is the size of the largest input that is read, in bytes. A larger one is a wrong file, which must not fill
// the memory.
const MaxSize = 16 << 20

// Document is a text and the tree of its values. Several goroutines may read it.
type Document struct {
	Source *Source
	Root   *Node
	Nodes  int // number of nodes; every [Node.ID] is less
}

// Problem is something wrong with the syntax of a document.
type Problem struct {
	At      Place
	Message string
	Warning bool // the document can be used all the same
}

// newDocument returns the document of a tree, which is nil if a problem is no warning, and the problems by place.
func newDocument(s *Source, root Node, nodes int, problems []Problem) (*Document, []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.At.Offset, b.At.Offset) })
	if slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning }) {
		return nil, problems
	}
	d := &Document{Source: s, Root: &root, Nodes: nodes}
	d.Root.Adopt()
	return d, problems
}

// dropRepeated removes members that repeat the name of an earlier one, and reports each of them. A repetition with an
// equal value is a warning; readers differ in which of several values they believe.
func (n *Node) dropRepeated(s *Source, report func(Problem)) {
	first := firstByName(n.Children)
	if first == nil {
		return
	}
	members := n.Children
	n.Children = nil
	for i := range members {
		kid, earlier := &members[i], first[members[i].Name]
		if earlier == i {
			n.Children = append(n.Children, *kid)
			continue
		}
		line, column := s.Position(members[earlier].NameStart)
		if kid.equal(&members[earlier]) {
			report(Problem{s.Place(kid.NameStart), fmt.Sprintf("%q is here a second time, with the same value; the first one is at %d:%d", kid.Name, line, column), true})
			continue
		}
		report(Problem{At: s.Place(kid.NameStart), Message: fmt.Sprintf("%q is here a second time, with another value; the first one is at %d:%d", kid.Name, line, column)})
	}
}

// firstByName returns the index of the first member of each name, or nil if all names differ.
func firstByName(members []Node) map[string]int {
	if len(members) <= 16 {
		repeated := false
		for i := range members {
			for j := range i {
				repeated = repeated || members[i].Name == members[j].Name
			}
		}
		if !repeated {
			return nil
		}
	}
	first := make(map[string]int, len(members))
	for i := range members {
		if _, ok := first[members[i].Name]; !ok {
			first[members[i].Name] = i
		}
	}
	if len(first) == len(members) {
		return nil
	}
	return first
}

// equal reports whether two values are written alike, apart from white space and escapes.
func (n *Node) equal(m *Node) bool {
	return n.Kind == m.Kind && n.Text == m.Text && slices.EqualFunc(n.Children, m.Children, func(a, b Node) bool {
		return a.Name == b.Name && a.equal(&b)
	})
}

// Kind is the kind of a value.
type Kind uint8

const (
	Null Kind = iota
	Boolean
	Number
	String
	Object
	List
	// Placeholder is a placeholder without quotes, in the place of a value of any kind: its text is as it is written.
	Placeholder
	// Choice is a value that is one of several: its children are the branches of a conditional. A branch that is
	// Null means that the value may be absent.
	Choice
)

var kindNames = [...]string{
	Null: "null", Boolean: "a boolean", Number: "a number", String: "a string", Object: "an object", List: "a list",
	Placeholder: "a placeholder", Choice: "a conditional",
}

// String returns the kind in words for a message: "a list".
func (k Kind) String() string { return kindNames[k] }

// Node is one value of a document.
type Node struct {
	Kind Kind
	// Shared says that the text of the value is in several places of the document: in YAML, an alias names the value or
	// something around it.
	Shared bool
	// Plain says that the document is YAML and the string has no quotes: it can be a placeholder for a value of another kind.
	Plain    bool
	Name     string // of a member of an object; "" elsewhere
	Text     string // the value of a string; a number or boolean as it is written
	Children []Node // members, elements or branches
	Parent   *Node  // nil at the top
	Index    int    // of an element of a list
	// Start and End are the offsets of the value's first byte and of the byte after its last one. NameStart is
	// that of the member's name, and Start where there is no name.
	Start, End, NameStart int
	// ID is a number that no other node of the document has. It is an index for those who keep more about a node.
	ID int
}

// NewNode returns a node that is not in the text, with the place of one that is.
func (d *Document) NewNode(kind Kind, at *Node, name string) Node {
	n := Node{Kind: kind, Name: name, Start: at.Start, End: at.End, NameStart: at.Start, ID: d.Nodes}
	d.Nodes++
	return n
}

// Pointer returns the JSON pointer of a node in its document, of which no node has moved.
func (n *Node) Pointer() string {
	var tokens []string
	for ; n.Parent != nil; n = n.Parent {
		token := EscapePointer(n.Name)
		if n.Parent.Kind != Object {
			token = strconv.Itoa(n.Index)
		}
		tokens = append(tokens, "/"+token)
	}
	slices.Reverse(tokens)
	return strings.Join(tokens, "")
}

// Adopt sets the parents of all nodes below n. It has to be called again after a node has moved.
func (n *Node) Adopt() {
	for i := range n.Children {
		n.Children[i].Parent = n
		n.Children[i].Adopt()
	}
}

// Member returns the member of that name, or nil.
func (n *Node) Member(name string) *Node {
	if n.Kind != Object {
		return nil
	}
	for i := range n.Children {
		if n.Children[i].Name == name {
			return &n.Children[i]
		}
	}
	return nil
}

// MemberFold returns the first member of that name, in upper or lower case, or nil.
func (n *Node) MemberFold(name string) *Node {
	if n.Kind != Object {
		return nil
	}
	for i := range n.Children {
		if strings.EqualFold(n.Children[i].Name, name) {
			return &n.Children[i]
		}
	}
	return nil
}

// Branches yields n, or, of a choice, each value that it can be. It yields no choice.
func (n *Node) Branches() iter.Seq[*Node] {
	return func(yield func(*Node) bool) { n.branches(yield) }
}

func (n *Node) branches(yield func(*Node) bool) bool {
	if n.Kind != Choice {
		return yield(n)
	}
	for i := range n.Children {
		if !n.Children[i].branches(yield) {
			return false
		}
	}
	return true
}

var (
	pointerEscapes   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")
)

// EscapePointer returns a name as a token of a JSON pointer has it (RFC 6901).
func EscapePointer(name string) string {
	// A replacer makes its tables at its first use. Most runs have no such name.
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return pointerEscapes.Replace(name)
}

// Find returns the node at a JSON pointer below n, or nil. Member looks for a member by its name: [Node.Member] or
// [Node.MemberFold].
func (n *Node) Find(pointer string, member func(n *Node, name string) *Node) *Node {
	if !strings.HasPrefix(pointer, "/") {
		return nil
	}
	for _, token := range strings.Split(pointer[1:], "/") {
		if n.Kind == List || n.Kind == Choice {
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(n.Children) || strconv.Itoa(i) != token {
				return nil
			}
			n = &n.Children[i]
		} else if n = member(n, pointerUnescapes.Replace(token)); n == nil {
			return nil
		}
	}
	return n
}
