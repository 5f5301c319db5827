package taskdef

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
)

// Reader reads a task definition once, for one analysis, and remembers what was wanted from it: a value of a
// wrong type is an error only if somebody needs it.
type Reader struct {
	td     *TaskDefinition
	wanted map[*tree.Node]bool
	used   map[string]bool // words that a rule filled
	// mistyped counts the readings of values of a wrong type.
	mistyped int
	// questions counts the calls of [Together] that needed more than a glance.
	questions int
	// defaults are the texts of values with the defaults of their symbols.
	defaults  map[*tree.Node]policy.Text
	defaulted []Default
	open      map[string][]*tree.Node // texts with symbols, by pointer; nil before somebody asks
	stale     bool
}

// Reader returns a new reader of the task definition.
func (td *TaskDefinition) Reader() *Reader { return &Reader{td: td} }

// Root returns the task definition as a value.
func (r *Reader) Root() Value { return Value{r: r, n: r.td.root, near: r.td.root} }

// Name returns what the document calls the task definition, such as the logical ID of a resource; "" if it does not call it
// anything.
func (r *Reader) Name() string { return r.td.name }

// Keys returns the keys that the document names for what it declares beside the task definition.
func (r *Reader) Keys() []template.Key { return r.td.keys }

// KeysOf returns the keys that the document names for a thing with any of these names, in the document's order.
func (r *Reader) KeysOf(names []string) (keys []template.Key) {
	var found []int
	for _, name := range names {
		found = append(found, r.td.keyed[name]...)
	}
	slices.Sort(found)
	for _, i := range slices.Compact(found) {
		keys = append(keys, r.td.keys[i])
	}
	return keys
}

// Declares reports whether the document declares secrets, parameters or buckets: without any, [Reader.Keyless] and
// [Reader.Exists] know nothing.
func (r *Reader) Declares() bool { return len(r.td.keyless)+len(r.td.exist) > 0 }

// Keyless reports whether the document declares a thing with any of these names, and no customer-managed key for it.
func (r *Reader) Keyless(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return r.td.keyless[name] })
}

// Exists reports whether the document says that there is a secret with this ARN, so that the ARN is complete.
func (r *Reader) Exists(arn string) bool { return r.td.exist[arn] }

// Region returns the region of the task that the document names beside the task definition; "" if it does not name one.
func (r *Reader) Region() string { return r.td.region }

// RoleAt returns the JSON pointers of the objects that have, or can have, the member executionRoleArn. They are known of
// resources of a template.
func (r *Reader) RoleAt() []string { return r.td.roleAt }

// Condition returns the condition of the resource that the task definition, or what is read beside one, is in a template; ""
// if it has none.
func (r *Reader) Condition() string { return r.td.condition }

// Branches returns the branches of conditionals in which a JSON pointer of the document is, the outermost first.
func (r *Reader) Branches(pointer string) (list []policy.Branch) {
	if len(r.td.branches) == 0 {
		return nil
	}
	for i := 1; i <= len(pointer); i++ {
		if i < len(pointer) && pointer[i] != '/' {
			continue
		}
		if branch, ok := r.td.branches[pointer[:i]]; ok {
			list = append(list, branch)
		}
	}
	return list
}

// BranchesAt returns the branches of conditions under which the value at a place exists: [Reader.Branches] of its pointer, and those
// under which a function returns this text and not another one. With made, that includes conditions of [Reader.Formulas].
func (r *Reader) BranchesAt(at Ref, made bool) []policy.Branch {
	list := r.Branches(at.Pointer)
	for _, b := range r.td.alternatives[at.alternative] {
		if _, isMade := r.td.formulas[b.Condition]; made || !isMade {
			list = append(list, b)
		}
	}
	return list
}

// Formulas returns the conditions of branches that the document does not declare, by their names, such as that AWS::Region is a
// certain row of a mapping; nil if there are none.
func (r *Reader) Formulas() map[string]*policy.Formula { return r.td.formulas }

// Module returns the module of Terraform that has the task definition; nil for a task definition of another document.
func (r *Reader) Module() *policy.Module { return r.td.module }

// Form returns the form of the input.
func (r *Reader) Form() Form { return r.td.form }

// Other yields a value that is beside the task definition in its document, by its name there: every branch where it is a
// conditional, and an absent value where there is none.
func (r *Reader) Other(name string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		n := r.td.others[name]
		if n == nil {
			yield(Value{r: r, near: r.td.root})
			return
		}
		for branch := range n.Branches() {
			v := r.value(branch)
			if branch.Kind == tree.Null {
				v = Value{r: r, near: r.td.root}
			}
			if !yield(v) {
				return
			}
		}
	}
}

// Symbols returns what is known of the symbols in the values.
func (r *Reader) Symbols() policy.SymbolTable { return r.td.symbols }

// Problems returns what is known only after the rules have read: the values whose type is not the one
// that ECS takes (warnings, and errors for those that a rule wanted), sorted by place. Of placeholders without quotes, those
// that no rule wanted have one note.
func (r *Reader) Problems() []Problem {
	var list []Problem
	var placeholders []string
	var first *tree.Node
	for _, m := range r.td.mistyped {
		isOpen := m.node.Kind == tree.Placeholder && !policy.Text(m.node.Text).IsLiteral()
		if isOpen && !r.wanted[m.node] {
			continue // a symbol, on which no permission depends
		}
		if m.node.Kind == tree.Placeholder && !r.wanted[m.node] {
			if first == nil || m.node.Start < first.Start {
				first = m.node
			}
			if !slices.Contains(placeholders, m.node.Text) {
				placeholders = append(placeholders, m.node.Text)
			}
			continue
		}
		list = append(list, Problem{Kind: Schema, Warning: !r.wanted[m.node], At: r.td.ref(m.node), Message: m.message})
	}
	if first != nil {
		list = append(list, Problem{Kind: Schema, Note: true, At: r.td.ref(first), Message: "no permission depends on the placeholders without quotes: " + strings.Join(placeholders, ", ")})
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].At.Offset < list[j].At.Offset })
	return list
}

// Unwanted yields the values of a wrong type that no rule wanted: [Reader.Problems] has a warning about each.
func (r *Reader) Unwanted() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for _, m := range r.td.mistyped {
			if m.node.Kind != tree.Placeholder && !r.wanted[m.node] && !yield(r.value(m.node)) {
				return
			}
		}
	}
}

// Value is a value of the task definition, or the absence of one. It is never a conditional: each branch is a value.
// The zero Value must not be used.
type Value struct {
	r    *Reader
	n    *tree.Node // nil where the value is absent
	near *tree.Node // the value, or the innermost one that is there
	// null is the node that makes the value absent, such as AWS::NoValue in a branch: [Together] needs its branch. It is nil if the
	// value is present, or is not in the document at all.
	null *tree.Node
}

func (r *Reader) value(n *tree.Node) Value { return Value{r: r, n: n, near: n} }

// Each yields the values at a path of member names below v: nothing where one on the way is absent or
// null, every element where one is a list, every branch where one is a conditional, the object in the place of a
// list. It is the only way into a value, so that a rule that is right for one is right for all. A value of a wrong type
// yields nothing and becomes an error. Each panics on a name that the schema does not have: a rule that misspells a
// name would never ask for its permission.
func (v Value) Each(path ...string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.n != nil {
			v.r.walk(v.n, v.r.td.detail(v.n).schema, path, yield, nil)
		}
	}
}

// EachOrAbsent is Each, and also yields an absent value wherever the value at the path is absent, for a member whose
// absence means something. In a list it does so only if the value is absent from every element. Of a conditional, each
// branch counts for itself.
func (v Value) EachOrAbsent(path ...string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		absent := func(near, null *tree.Node) bool { return yield(Value{r: v.r, near: near, null: null}) }
		if v.n == nil {
			absent(v.near, v.null)
			return
		}
		v.r.walk(v.n, v.r.td.detail(v.n).schema, path, yield, absent)
	}
}

// walk yields the values at a path below n, which is present and has the schema s. Absent, where it is not nil, is
// called where there is none. It returns false when the caller wants no more.
func (r *Reader) walk(n *tree.Node, s *schema, path []string, yield func(Value) bool, absent func(near, null *tree.Node) bool) bool {
	if len(path) == 0 {
		return yield(r.value(n))
	}
	s = below(s, path[0])
	kid := n.Member(path[0])
	if kid == nil {
		checkPath(s, path[1:])
		return absent == nil || absent(n, nil)
	}
	return r.walkBranches(n, kid, s, path[1:], yield, absent)
}

// walkBranches continues a path at a member of n: at each of its branches, if it is a conditional.
func (r *Reader) walkBranches(n, kid *tree.Node, s *schema, path []string, yield func(Value) bool, absent func(near, null *tree.Node) bool) bool {
	if kid.Kind != tree.Choice {
		return r.walkMember(n, kid, s, path, yield, absent)
	}
	for i := range kid.Children {
		if !r.walkBranches(n, &kid.Children[i], s, path, yield, absent) {
			return false
		}
	}
	return true
}

// walkMember continues a path at a member of n, which is no conditional.
func (r *Reader) walkMember(n, kid *tree.Node, s *schema, path []string, yield func(Value) bool, absent func(near, null *tree.Node) bool) bool {
	d := r.td.detail(kid)
	switch {
	case kid.Kind == tree.Null:
		checkPath(s, path)
		return absent == nil || absent(n, kid)
	case d.wrong:
		r.want(kid)
		return true
	case kid.Kind != tree.List:
		return r.walk(kid, d.schema, path, yield, absent)
	}
	if absent == nil {
		return r.walkElements(kid, path, yield)
	}
	found, mistyped := false, r.mistyped
	more := r.walkElements(kid, path, func(v Value) bool { found = true; return yield(v) })
	return more && (found || r.mistyped > mistyped || absent(n, nil))
}

// walkElements continues a path at the elements of a list, or at the branches of an element.
func (r *Reader) walkElements(list *tree.Node, path []string, yield func(Value) bool) bool {
	for i := range list.Children {
		element := &list.Children[i]
		d := r.td.detail(element)
		switch {
		case element.Kind == tree.Null:
		case element.Kind == tree.Choice:
			if !r.walkElements(element, path, yield) {
				return false
			}
		case d.wrong:
			r.want(element)
		default:
			if !r.walk(element, d.schema, path, yield, nil) {
				return false
			}
		}
	}
	return true
}

// want notes that a rule wants a value of a wrong type.
func (r *Reader) want(n *tree.Node) {
	if r.wanted == nil {
		r.wanted = map[*tree.Node]bool{}
	}
	r.wanted[n] = true
	r.mistyped++
}

// below returns the schema of a member of something that has the schema s.
func below(s *schema, name string) *schema {
	if s.kind == list {
		s = s.element
	}
	if s.kind == mapping {
		return s.element
	}
	s = s.member(name)
	if s == nil {
		panic(fmt.Sprintf("taskdef: a rule asks for %q, which the schema of ECS does not have", name))
	}
	return s
}

// checkPath panics where a path does not follow the schema, though the input ends before it.
func checkPath(s *schema, path []string) {
	for _, name := range path {
		s = below(s, name)
	}
}

// Text returns the string, and whether v is one.
func (v Value) Text() (policy.Text, bool) {
	if v.n == nil || v.n.Kind != tree.String {
		return "", false
	}
	if text, ok := v.r.defaults[v.n]; ok {
		return text, true
	}
	return policy.Text(v.n.Text), true
}

// Is reports whether v is one of these values of its enumeration. It panics on a value that the enumeration does not
// have: a rule that misspells one would never ask for its permission.
func (v Value) Is(values ...string) bool {
	if v.n == nil {
		return false
	}
	for _, value := range values {
		if !slices.Contains(v.r.td.detail(v.n).schema.values, value) {
			panic(fmt.Sprintf("taskdef: a rule asks for the value %q, which the schema of ECS does not have", value))
		}
	}
	return v.n.Kind == tree.String && slices.Contains(values, v.n.Text)
}

// Meant reports whether the caller set the whole value, by its JSON pointer: what looks like a placeholder in it
// is then the thing's own name.
func (v Value) Meant() bool { return v.n != nil && v.r.td.detail(v.n).meant }

// Members yields the names and values of a map such as logConfiguration.options, or of an object: of a member that is
// a conditional, each branch.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.n == nil {
			return
		}
		for i := range v.n.Children {
			for kid := range v.n.Children[i].Branches() {
				if kid.Kind != tree.Null && !yield(v.n.Children[i].Name, v.r.value(kid)) {
					return
				}
			}
		}
	}
}

// Scalars yields the member of that name as a string, or a boolean or number as it is written, whatever type ECS wants
// there: nothing where it is absent or something else, and every branch where it is a conditional.
func (v Value) Scalars(name string) iter.Seq2[Value, policy.Text] {
	return func(yield func(Value, policy.Text) bool) {
		if v.n == nil {
			return
		}
		member := v.n.Member(name)
		if member == nil {
			return
		}
		for kid := range member.Branches() {
			text, ok := v.r.value(kid).Text()
			if kid.Kind == tree.Boolean || kid.Kind == tree.Number {
				text, ok = policy.Text(kid.Text), true
			}
			if ok && !yield(v.r.value(kid), text) {
				return
			}
		}
	}
}

// ChosenBelow reports whether a conditional inside of above chooses v, which is present. A value beside v then does not
// always occur together with it.
func (v Value) ChosenBelow(above Value) bool {
	for n := v.near; n != nil && n != above.near; n = n.Parent {
		if n.Kind == tree.Choice {
			return true
		}
	}
	return false
}

// maxQuestions is how often the rules may ask whether values can occur together. No task definition that a person writes needs as
// many: values that are asked for after that count as possible.
const maxQuestions = 10000

// Together reports whether values of one task definition can occur together. They cannot if they are in branches of
// conditionals that exclude each other, such as both branches of one condition. It returns true where that is unknown.
func Together(values ...Value) bool {
	all := policy.Always()
	for _, v := range values {
		n := v.near
		if v.null != nil {
			n = v.null
		}
		for ; n != nil && len(v.r.td.when) > 0; n = n.Parent {
			if f := v.r.td.when[n.ID]; f != nil && !slices.Contains(all.Of, f) {
				all.Of = append(all.Of, f)
			}
		}
	}
	if len(all.Of) < 2 {
		return true // one branch excludes nothing
	}
	r := values[0].r
	r.questions++
	return r.questions > maxQuestions || all.Possible()
}

// Present reports whether there is a value.
func (v Value) Present() bool { return v.n != nil }

// Ref returns the place of the value, or of the object in which it is absent.
func (v Value) Ref() Ref { return v.r.td.ref(v.near) }

// Offset returns where the value begins: the offset of [Value.Ref], which costs nothing.
func (v Value) Offset() int { return v.near.Start }

// NameRef returns the place of the member's name instead of its value.
func (v Value) NameRef() Ref { return v.r.td.at(v.near, v.near.NameStart) }

// unknownMember is a member that ECS does not have.
type unknownMember struct {
	node    *tree.Node
	message string
}

// mistyped is a value that does not fit its schema.
type mistyped struct {
	node    *tree.Node
	message string
}

// Unknown yields the members that ECS does not have, each with a message that says so and names a member that was
// perhaps meant. What is below such a member is unknown too, and not yielded by itself. Whoever asks reports them:
// [Reader.Problems] does not.
func (r *Reader) Unknown() iter.Seq2[Value, string] {
	return func(yield func(Value, string) bool) {
		for _, u := range r.td.unknowns {
			if !yield(r.value(u.node), u.message) {
				return
			}
		}
	}
}

// Strings yields all strings in v and below it, whatever their place in the schema.
func (v Value) Strings() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.n != nil {
			v.r.strings(v.n, yield)
		}
	}
}

func (r *Reader) strings(n *tree.Node, yield func(Value) bool) bool {
	if n.Kind == tree.String && !yield(r.value(n)) {
		return false
	}
	for i := range n.Children {
		if !r.strings(&n.Children[i], yield) {
			return false
		}
	}
	return true
}

// Path returns the names that lead to v from the task definition, with [] behind a list:
// "containerDefinitions[].secrets[].valueFrom".
func (v Value) Path() string {
	var names []string
	suffix := ""
	for n := v.near; n != nil && n != v.r.td.root; n = n.Parent {
		switch {
		case n.Parent != nil && n.Parent.Kind == tree.List:
			suffix = "[]"
		case n.Parent != nil && n.Parent.Kind == tree.Object:
			if v.r.td.detail(n).lone {
				suffix = "[]"
			}
			names = append(names, n.Name+suffix)
			suffix = ""
		}
	}
	slices.Reverse(names)
	return strings.Join(names, ".")
}
