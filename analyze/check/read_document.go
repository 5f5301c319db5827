package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/terraform"
	"github.com/execrole/execrole/analyze/tree"
)

// readDocument is a policy document of Terraform, as far as it is known.
type readDocument struct {
	policy.Document
	// unknown is what is not known of it, and why says what settles that; nil where all is known.
	unknown *tree.Node
	why     string
}

// doubt says that something of the document is unknown. The first thing is kept.
func (d *readDocument) doubt(n *tree.Node) {
	if d.unknown == nil {
		d.unknown, d.why = n, cureOfUnknown
	}
}

// documentReader reads a document with conditionals and unknown parts.
type documentReader struct {
	*terraformReader
	readDocument
	own map[policy.Symbol]policy.Symbol // see [terraform.Resource.Own]
}

// versionBefore is the version of a document that does not say one.
const versionBefore = "2008-10-17"

// document reads a policy document of a resource: an object, or a string of JSON. Branches are those in which there is the policy.
func (t *terraformReader) document(resource *terraform.Resource, n *tree.Node, branches []policy.Branch) readDocument {
	r := documentReader{terraformReader: t, own: resource.Own}
	r.Version = versionBefore
	r.root(n, branches)
	return r.readDocument
}

// branches returns the conditions under which there is a resource.
func (t *terraformReader) branches(resource *terraform.Resource) (list []policy.Branch) {
	branch := func(e terraform.Taken) policy.Branch {
		condition := e.Condition
		if condition == "" {
			condition = "there is " + resource.Address
		}
		return policy.Branch{Condition: policy.NamelessCondition(condition), Not: e.Branch > 0}
	}
	for _, alternatives := range resource.Exists {
		if len(alternatives) == 1 {
			for _, e := range alternatives[0] {
				list = append(list, branch(e))
			}
			continue
		}
		any := &policy.Formula{Op: policy.Or}
		var words []string
		for _, path := range alternatives {
			all := policy.Always()
			var inner []string
			for _, e := range path {
				all.Of = append(all.Of, branchFormula(branch(e)))
				if inner = append(inner, e.Condition); e.Branch > 0 {
					inner[len(inner)-1] = "!(" + e.Condition + ")"
				}
			}
			any.Of, words = append(any.Of, all), append(words, strings.Join(inner, " && "))
		}
		name := policy.NamelessCondition(strings.Join(words, " || "))
		t.formulas[name] = any
		list = append(list, policy.Branch{Condition: name})
	}
	return list
}

// branchOf returns which branch of a conditional a node is. One whose condition cannot be said has a condition of its own.
func (t *terraformReader) branchOf(n *tree.Node) policy.Branch {
	if condition := t.of.Conditions[n.Parent.ID]; condition != "" && len(n.Parent.Children) == 2 {
		return policy.Branch{Condition: policy.NamelessCondition(condition), Not: n.Index == 1}
	}
	line, column := t.doc.Source.Position(n.Start)
	return policy.Branch{Condition: policy.NamelessCondition(fmt.Sprintf("value %d of those at %d:%d", n.Index+1, line, column))}
}

// root reads a document, or each document that a conditional can be.
func (r *documentReader) root(n *tree.Node, branches []policy.Branch) {
	switch n.Kind {
	case tree.Choice:
		for i := range n.Children {
			r.root(&n.Children[i], append(slices.Clip(branches), r.branchOf(&n.Children[i])))
		}
	case tree.Null:
	case tree.String:
		if !policy.Text(n.Text).IsLiteral() {
			r.doubt(n)
			return
		}
		if inner, problems := r.doc.Embedded(n); inner != nil {
			r.root(inner, branches)
		} else {
			r.problems = append(r.problems, problems...)
			r.doubt(n)
		}
	case tree.Placeholder:
		s, rest, ok := policy.Text(n.Text).CutSymbol()
		if !ok || rest != "" || r.documents[s] == nil {
			r.doubt(n)
			return
		}
		made := r.of.Program.PolicyDocument(&r.documents[s].Values)
		made.Adopt()
		r.root(&made, branches)
	case tree.Object:
		statements := n.Member("Statement")
		if statements == nil && n.Member("Version") == nil && n.Member("Id") == nil {
			r.doubt(n) // the arguments of a resource whose policy is unknown
			return
		}
		r.object(*n, branches)
	default:
		r.report(n, "a policy document is an object; this is %s", n.Kind)
		r.doubt(n)
	}
}

// object reads a document, without its parts that are unknown.
func (r *documentReader) object(n tree.Node, branches []policy.Branch) {
	n.Children, n.Parent = slices.Clone(n.Children), nil
	for i := range n.Children {
		if n.Children[i].Name == "Statement" {
			n.Children[i] = r.known(n.Children[i])
		}
	}
	n.Adopt()
	d, problems := policy.ReadConditional(r.doc, &n, r.branchOf)
	r.problems = append(r.problems, problems...)
	if r.Version = max(r.Version, d.Version); len(problems) > 0 {
		r.doubt(&n)
	}
	for _, s := range under(Policy{Policy: policy.Policy{Document: d}}, branches).Document.Statements {
		s.Place.Pointer = ""
		if s.Sid != "" && hasSymbol(s.Sid) {
			s.Sid = ""
		}
		r.rename(&s)
		r.Statements = append(r.Statements, s)
	}
}

// rename gives symbols of the resource's own environment the names that others have for them.
func (r *documentReader) rename(s *policy.Statement) {
	if r.own == nil {
		return
	}
	all := [][]policy.Value{s.Resources, s.NotResources}
	for _, c := range s.Conditions {
		all = append(all, c.Values)
	}
	for _, values := range all {
		for i := range values {
			values[i].Text = values[i].Rename(r.own)
		}
	}
}

// known returns statements without those that have unknown parts, which become null.
func (r *documentReader) known(n tree.Node) tree.Node {
	n.Children = slices.Clone(n.Children)
	switch n.Kind {
	case tree.Choice, tree.List:
		var kept []tree.Node
		for i := range n.Children {
			kid := r.known(n.Children[i])
			switch {
			case n.Kind == tree.List && kid.Kind == tree.Null:
				continue
			case n.Kind == tree.List && kid.Kind == tree.List: // as a merged document has them
				kept = append(kept, kid.Children...)
			default:
				kept = append(kept, kid)
			}
		}
		n.Children = kept
		for i := range n.Children {
			n.Children[i].Index = i
		}
	case tree.Placeholder:
		r.doubt(&n)
		n.Kind = tree.Null
	case tree.Object:
		if unknown := unknownPart(&n); unknown != nil {
			r.doubt(unknown)
			n.Kind, n.Children = tree.Null, nil
		}
	}
	return n
}

// unknownPart returns the first part of a statement that has to be known and is not; nil if there is none. What is unknown in
// resources, in the values of conditions and in principals is a symbol there.
func unknownPart(statement *tree.Node) *tree.Node {
	for i := range statement.Children {
		kid := &statement.Children[i]
		switch kid.Name {
		case "Resource", "NotResource", "Sid":
			scalars(kid)
		case "Condition", "Principal", "NotPrincipal":
			levels := 1 // of names
			if kid.Name == "Condition" {
				levels = 2
			}
			if unknown := unknownName(kid, levels); unknown != nil {
				return unknown
			}
			scalars(kid)
		default:
			if unknown := withSymbols(kid); unknown != nil {
				return unknown
			}
		}
	}
	return nil
}

// unknownName returns the first object that is unknown, of so many levels of objects.
func unknownName(n *tree.Node, levels int) *tree.Node {
	for branch := range n.Branches() {
		if branch.Kind == tree.Placeholder && levels > 0 {
			return branch
		}
		for i := range branch.Children {
			if levels > 0 {
				if unknown := unknownName(&branch.Children[i], levels-1); unknown != nil {
					return unknown
				}
			}
		}
	}
	return nil
}

// scalars makes strings of the placeholders below a node: each is a string that is unknown.
func scalars(n *tree.Node) {
	if n.Kind == tree.Placeholder {
		n.Kind = tree.String
	}
	n.Children = slices.Clone(n.Children)
	for i := range n.Children {
		scalars(&n.Children[i])
	}
}

// withSymbols returns the first node with a symbol; nil if there is none.
func withSymbols(n *tree.Node) *tree.Node {
	if n.Kind == tree.Placeholder || n.Kind == tree.String && hasSymbol(n.Text) {
		return n
	}
	for i := range n.Children {
		if found := withSymbols(&n.Children[i]); found != nil {
			return found
		}
	}
	return nil
}

func hasSymbol(s string) bool { return strings.IndexByte(s, 0) >= 0 }
