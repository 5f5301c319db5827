// Package tree is a parsed document in which every value knows its place. It knows nothing of what the document means.
package tree

import (
	"iter"
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
	// Choice is a value that is one of several: its children are the branches of a conditional. A branch that is
	// Null means that the value may be absent.
	Choice
)

var kindNames = [...]string{
	Null: "null", Boolean: "a boolean", Number: "a number", String: "a string", Object: "an object", List: "a list",
	Choice: "a conditional",
}

// String returns the kind in words for a message: "a list".
func (k Kind) String() string { return kindNames[k] }

// Node is one value of a document.
type Node struct {
	Kind     Kind
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
func EscapePointer(name string) string { return pointerEscapes.Replace(name) }

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
