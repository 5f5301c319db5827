package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// ReadDocument reads a policy document in JSON, of at most [tree.MaxSize] bytes, as IAM takes and returns it. File is
// the name of the input in places. Every statement has its place.
//
// Whatever the document has that a [Statement] cannot hold is a problem, so that nobody who judges the document
// overlooks a part of it. Where there are problems, the document is incomplete.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func ReadDocument(file string, src []byte) (Document, []tree.Problem) {
	parsed, problems := tree.ReadJSON(file, src)
	if parsed == nil {
		return Document{}, problems
	}
	r := documentReader{source: parsed.Source, problems: problems}
	return r.document(parsed.Root), r.problems
}

// ReadDocumentAt reads the policy document that is a value of another document. Places and problems are as [ReadDocument]
// gives them, in the document as a whole.
func ReadDocumentAt(doc *tree.Document, n *tree.Node) (Document, []tree.Problem) {
	r := documentReader{source: doc.Source}
	return r.document(n), r.problems
}

// ReadConditional is [ReadDocumentAt] for a document with symbols, in which values can be conditionals: nodes of the kind
// [tree.Choice]. BranchOf returns which branch a child of such a node is. A statement that has conditionals inside becomes
// several, each of which knows its branches.
func ReadConditional(doc *tree.Document, n *tree.Node, branchOf func(*tree.Node) Branch) (Document, []tree.Problem) {
	r := documentReader{source: doc.Source, branchOf: branchOf}
	return r.document(n), r.problems
}

// documentReader reads a policy document and collects the problems.
type documentReader struct {
	source   *tree.Source
	problems []tree.Problem
	branchOf func(*tree.Node) Branch // nil where there are no conditionals
}

// The elements of documents and statements.
var (
	documentElements  = []string{"Version", "Id", "Statement"}
	statementElements = []string{
		"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition",
	}
	principalTypes = []string{ServicePrincipal, AWSPrincipal, FederatedPrincipal, CanonicalPrincipal}
)

// versionBefore is the version of the policy language of a document that does not say its version.
const versionBefore = "2008-10-17"

func (r *documentReader) document(root *tree.Node) Document {
	d := Document{Version: versionBefore}
	if !r.is(root, "a policy document", tree.Object) {
		return d
	}
	for _, n := range r.elements(root, documentElements) {
		switch n.Name {
		case "Version":
			if !r.is(n, n.Name, tree.String) {
				continue
			}
			if d.Version = n.Text; d.Version != Version && d.Version != versionBefore {
				r.report(n, "Version %q: IAM knows %s and %s", n.Text, Version, versionBefore)
			}
		case "Id":
			r.is(n, n.Name, tree.String)
		case "Statement":
			for _, element := range r.elementsOf(n) {
				if r.is(element.Node, "a statement", tree.Object) {
					d.Statements = append(d.Statements, r.statements(element)...)
				}
			}
		}
	}
	if root.Member("Statement") == nil {
		r.report(root, "the policy document has no Statement")
	}
	return d
}

func (r *documentReader) statement(n *tree.Node) Statement {
	s := Statement{Place: r.place(n)}
	for _, n := range r.elements(n, statementElements) {
		switch n.Name {
		case "Sid":
			if r.is(n, n.Name, tree.String) {
				s.Sid = n.Text
			}
		case "Effect":
			switch {
			case !r.is(n, n.Name, tree.String):
			case n.Text == Deny.String():
				s.Effect = Deny
			case n.Text != Allow.String():
				r.report(n, "Effect %q: IAM knows %s and %s", n.Text, Allow, Deny)
			}
		case "Principal":
			s.Principals = r.principals(n)
		case "Action":
			s.Actions = r.strings(n)
		case "NotAction":
			s.NotActions = r.strings(n)
		case "Resource":
			s.Resources = r.values(n)
		case "NotResource":
			s.NotResources = Values(texts(r.strings(n))...)
		case "Condition":
			s.Conditions = r.conditions(n)
		}
	}
	if n.Member("Effect") == nil {
		r.report(n, "the statement has no Effect")
	}
	if (n.Member("Action") == nil) == (n.Member("NotAction") == nil) {
		r.report(n, "a statement has either Action or NotAction")
	}
	if n.Member("Resource") != nil && n.Member("NotResource") != nil {
		r.report(n, "a statement has either Resource or NotResource")
	}
	return s
}

func (r *documentReader) principals(n *tree.Node) []Principal {
	if n.Kind == tree.String && n.Text == AnyPrincipal {
		return []Principal{{Type: AnyPrincipal}}
	}
	if !r.is(n, `Principal, if it is not "*",`, tree.Object) {
		return nil
	}
	list := []Principal{}
	for _, m := range r.elements(n, principalTypes) {
		list = append(list, Principal{Type: m.Name, IDs: texts(r.strings(m))})
	}
	return list
}

// conditions reads operators, in each of them keys, and for each key a value or a list of values.
func (r *documentReader) conditions(n *tree.Node) (list []Condition) {
	if !r.is(n, n.Name, tree.Object) {
		return nil
	}
	for i := range n.Children {
		operator := &n.Children[i]
		if !r.is(operator, "operator "+shown(operator.Name), tree.Object) {
			continue
		}
		for j := range operator.Children {
			key := &operator.Children[j]
			values := r.strings(key, tree.Number, tree.Boolean)
			list = append(list, Condition{Operator: operator.Name, Key: key.Name, Values: Values(texts(values)...)})
		}
	}
	return list
}

// strings returns a string, or the strings of a list. Kinds are further kinds whose text is taken for a string. The list
// is never nil, since an empty list differs from none.
func (r *documentReader) strings(n *tree.Node, kinds ...tree.Kind) []string {
	list := []string{}
	for _, element := range r.elementsOf(n) {
		if r.is(element.Node, n.Name, append(kinds, tree.String)...) {
			list = append(list, element.Text)
		}
	}
	return list
}

// values returns the strings of a list, each of which knows its branches.
func (r *documentReader) values(n *tree.Node) []Value {
	list := []Value{}
	for _, element := range r.elementsOf(n) {
		if r.is(element.Node, n.Name, tree.String) {
			v := Value{Text: Text(element.Text)}
			if element.branches != nil {
				v.When = WhenAny(DecisionOf(element.branches, ""))
			}
			list = append(list, v)
		}
	}
	return list
}

// elementsOf returns the elements of a list, or the one value that there is without a list. Of conditionals it returns what
// each branch has.
func (r *documentReader) elementsOf(n *tree.Node) []element {
	if n.Kind == tree.Choice && r.branchOf != nil {
		return r.branchesOf(n)
	}
	if n.Kind != tree.List {
		return []element{{Node: n}}
	}
	list := make([]element, 0, len(n.Children))
	for i := range n.Children {
		if kid := &n.Children[i]; kid.Kind == tree.Choice && r.branchOf != nil {
			list = append(list, r.branchesOf(kid)...)
		} else {
			list = append(list, element{Node: kid})
		}
	}
	return list
}

func texts(list []string) []Text {
	out := make([]Text, len(list))
	for i, s := range list {
		out[i] = Text(s)
	}
	return out
}

// elements returns the members of an object that have known names, and reports the others.
func (r *documentReader) elements(n *tree.Node, known []string) (list []*tree.Node) {
	for i := range n.Children {
		m := &n.Children[i]
		if m.Kind == tree.Null && r.branchOf != nil {
			continue // it is absent
		}
		switch near := tree.Nearest(m.Name, known); {
		case slices.Contains(known, m.Name):
			list = append(list, m)
		case m.Name == "NotPrincipal":
			r.report(m, "NotPrincipal: execrole does not read it; IAM takes it in no policy of a role")
		case near != "":
			r.report(m, "unknown element %s: is %s meant?", shown(m.Name), near)
		default:
			r.report(m, "unknown element %s; IAM knows %s here", shown(m.Name), strings.Join(known, ", "))
		}
	}
	return list
}

// is reports whether the value has one of the kinds, and otherwise reports a problem.
func (r *documentReader) is(n *tree.Node, what string, kinds ...tree.Kind) bool {
	if slices.Contains(kinds, n.Kind) {
		return true
	}
	r.report(n, "%s is %s; IAM wants %s", what, n.Kind, kinds[len(kinds)-1])
	return false
}

func (r *documentReader) report(n *tree.Node, format string, args ...any) {
	r.problems = append(r.problems, tree.Problem{At: r.place(n), Message: fmt.Sprintf(format, args...)})
}

func (r *documentReader) place(n *tree.Node) tree.Place {
	place := r.source.Place(n.Start)
	for ; n.Parent != nil; n = n.Parent {
		token := tree.EscapePointer(n.Name)
		if n.Parent.Kind == tree.List {
			token = fmt.Sprint(n.Index)
		}
		place.Pointer = "/" + token + place.Pointer
	}
	return place
}
