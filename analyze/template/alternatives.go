package template

import (
	"slices"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// maxBranches is how many texts one value may have because of conditionals inside of it.
const maxBranches = 64

// when says under which conditions something is there: all of these formulas hold. Nil means always.
type when []*policy.Formula

// maxQuestions is how often one template may ask whether formulas can hold together, so that no template takes minutes. No template
// that a person writes needs as many: what is asked for after that counts as possible.
const maxQuestions = 10000

// both returns the conditions under which two things are there together; not ok if they never are. For example, two parts of a
// text that depend on one condition do not occur in each combination.
func (t *Template) both(w, other when) (all when, ok bool) {
	all = slices.Clone(w)
	related := false
	for _, f := range other {
		if slices.Contains(all, f) {
			continue
		}
		related = related || slices.ContainsFunc(all, f.Shares)
		all = append(all, f)
	}
	return all, !related || t.possible(all)
}

// possible reports whether all formulas can hold together. It returns true where that is unknown.
func (t *Template) possible(w when) bool {
	t.questions++
	return t.questions > maxQuestions || allOf(w).Possible()
}

// allOf returns the formula that holds where all of w do.
func allOf(w when) *policy.Formula {
	if len(w) == 1 {
		return w[0]
	}
	return &policy.Formula{Op: policy.And, Of: w}
}

// alternative is one of the texts that a value can be.
type alternative struct {
	text   policy.Text
	absent bool // there is no value, as with AWS::NoValue
	when   when
}

// alternatives are all texts that a value can be.
type alternatives []alternative

// always returns the alternatives of a text that is the only one.
func always(text policy.Text) alternatives { return alternatives{{text: text}} }

func (a alternatives) canBeAbsent() bool {
	return slices.ContainsFunc(a, func(one alternative) bool { return one.absent })
}

// under returns the alternatives that are possible under a further condition.
func (t *Template) under(w when, a alternatives) (list alternatives) {
	if w == nil {
		return a
	}
	for _, one := range a {
		if both, ok := t.both(one.when, w); ok {
			list = append(list, alternative{one.text, one.absent, both})
		}
	}
	return list
}

// alternatives returns the texts that a value can be; not ok where it is no text.
func (t *Template) alternatives(n *tree.Node) (list alternatives, ok bool) {
	t.Replace(n)
	ok = t.eachBranch(n, nil, func(branch *tree.Node, w when) bool {
		switch branch.Kind {
		case tree.String, tree.Number, tree.Boolean:
			list = append(list, alternative{text: policy.Text(branch.Text), when: w})
		case tree.Null: // an absent element of a list
			list = append(list, alternative{absent: true, when: w})
		default:
			return false
		}
		return true
	})
	return list, ok
}

// eachBranch yields each value that a node can be, with the conditions under which it is that value; w are those of the node
// itself. It returns false as soon as yield does.
func (t *Template) eachBranch(n *tree.Node, w when, yield func(branch *tree.Node, w when) bool) bool {
	if n.Kind != tree.Choice {
		return yield(n, w)
	}
	for i := range n.Children {
		kid, below := &n.Children[i], w
		if f := t.When[kid.ID]; f != nil {
			var ok bool
			if below, ok = t.both(w, when{f}); !ok {
				continue // never
			}
		}
		if !t.eachBranch(kid, below, yield) {
			return false
		}
	}
	return true
}

// sequence is a list that a value can be.
type sequence struct {
	elements []alternatives
	when     when
}

// lists returns the lists that a value can be; not ok where it is no list of texts.
func (t *Template) lists(n *tree.Node) (list []sequence, ok bool) {
	t.Replace(n)
	ok = t.eachBranch(n, nil, func(branch *tree.Node, w when) bool {
		if branch.Kind != tree.List {
			return false
		}
		s := sequence{when: w}
		for i := range branch.Children {
			element, ok := t.alternatives(&branch.Children[i])
			if !ok {
				return false
			}
			s.elements = append(s.elements, element)
		}
		list = append(list, s)
		return true
	})
	return list, ok && list != nil
}

// joined returns every text that consists of one text of each part, apart from combinations that never occur; nil where
// there are too many.
func (t *Template) joined(separator policy.Text, parts []alternatives) alternatives {
	type partial struct {
		alternative
		begun bool // there is an element
	}
	list := []partial{{}}
	for _, part := range parts {
		var longer []partial
		for _, before := range list {
			for _, one := range part {
				both, ok := t.both(before.when, one.when)
				if !ok {
					continue
				}
				next := partial{alternative{text: before.text, when: both}, before.begun}
				if !one.absent {
					if before.begun {
						next.text += separator
					}
					next.text += one.text
					next.begun = true
				}
				longer = append(longer, next)
			}
		}
		if list = longer; len(list) > maxBranches {
			return nil
		}
	}
	var all alternatives
	for _, one := range list {
		all = append(all, one.alternative)
	}
	return all
}

// choose gives a node the texts that it can be: one makes it a string, several make it a conditional. If there are none, or more
// than maxBranches, the node becomes an unknown value of that function.
func (t *Template) choose(n *tree.Node, function string, list alternatives) {
	list = list.distinct()
	switch {
	case len(list) == 0 || len(list) > maxBranches:
		t.become(n, t.unknown(n, function+" with too many branches"))
	case len(list) == 1 && !list[0].absent:
		t.become(n, list[0].text)
	default:
		var branches []chosen
		for i, one := range list {
			branch := t.Doc.NewNode(tree.String, n, "")
			branch.Index = i
			if one.absent {
				branch.Kind = tree.Null
			} else {
				branch.Text = string(t.resolved(one.text, n))
			}
			branches = append(branches, chosen{&branch, one.when})
		}
		t.decide(n, branches)
	}
}

// distinct returns the alternatives with each text once.
func (a alternatives) distinct() (list alternatives) {
	same := func(one, other alternative) bool { return one.text == other.text && one.absent == other.absent }
	for _, one := range a {
		i := slices.IndexFunc(list, func(other alternative) bool { return same(one, other) })
		switch {
		case i < 0:
			list = append(list, one)
		case one.when == nil || list[i].when == nil:
			list[i].when = nil
		default:
			list[i].when = when{{Op: policy.Or, Of: []*policy.Formula{allOf(list[i].when), allOf(one.when)}}}
		}
	}
	return list
}

// decide makes a node a conditional with these branches. All of them have the JSON pointer of the node, since the document has no
// others.
func (t *Template) decide(n *tree.Node, branches []chosen) {
	pointer := t.pointerTo(n)
	n.Kind, n.Text, n.Children = tree.Choice, "", nil
	for _, b := range branches {
		t.Pointers[b.node.ID] = pointer
		if b.when != nil {
			t.When[b.node.ID] = allOf(b.when)
		}
		n.Children = append(n.Children, *b.node)
	}
}

// take gives a node the values of a mapping that it can be: only texts, or only lists of texts. It returns false for others.
func (t *Template) take(n *tree.Node, cells []chosen) bool {
	var texts alternatives
	var lists []chosen
	for _, cell := range cells {
		t.Replace(cell.node)
		ok := t.eachBranch(cell.node, cell.when, func(branch *tree.Node, w when) bool {
			if branch.Kind == tree.List {
				lists = append(lists, chosen{branch, w})
				return true
			}
			found, ok := t.alternatives(branch)
			texts = append(texts, t.under(w, found)...)
			return ok
		})
		if !ok {
			return false
		}
	}
	switch {
	case len(texts) > 0 && len(lists) > 0 || len(lists) > maxBranches:
		return false
	case len(lists) == 0:
		t.choose(n, "Fn::FindInMap", texts)
		return true
	}
	var branches []chosen
	for i, l := range lists {
		branch := t.Doc.NewNode(tree.List, n, "")
		branch.Index = i
		for j := range l.node.Children {
			text, ok := t.text(&l.node.Children[j])
			if !ok {
				return false
			}
			element := t.Doc.NewNode(tree.String, n, "")
			element.Text, element.Index = string(text), j
			branch.Children = append(branch.Children, element)
		}
		branches = append(branches, chosen{&branch, l.when})
	}
	t.decide(n, branches)
	return true
}

// Prune removes branches that are never taken from the conditionals below a value, because they contradict a conditional around
// them, or the condition of the resource, which is "" for none.
func (t *Template) Prune(n *tree.Node, condition string) {
	var around when
	if condition != "" {
		around = when{t.Formula(condition)}
	}
	t.prune(n, around)
}

func (t *Template) prune(n *tree.Node, around when) {
	if n.Kind != tree.Choice {
		for i := range n.Children {
			t.prune(&n.Children[i], around)
		}
		return
	}
	var left []tree.Node
	for _, kid := range n.Children {
		below, ok := around, true
		if f := t.When[kid.ID]; f != nil {
			below, ok = t.both(around, when{f})
		}
		if ok {
			t.prune(&kid, below)
			left = append(left, kid)
		}
	}
	if left != nil { // a conditional has at least one branch
		n.Children = left
	}
}
