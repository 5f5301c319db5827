package taskdef

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Setting is a name and the value that it gets. In [Options].Set the name is a placeholder's, or a JSON
// pointer to a string; in Image, a container's.
type Setting struct {
	Name, Value string
}

// Opening leaves a part of a string open: its value is given when the role is deployed.
type Opening struct {
	// Pointer is the JSON pointer to the string.
	Pointer string
	// Name is that of a placeholder or a word in the string, as --set calls it; "" for the whole string.
	Name string
	// Texts are what replaces it, with symbols: one text, or for a whole string several, of which each counts.
	Texts []policy.Text
}

// settings puts the values of [Options] into a document, and remembers which of them fit something.
//
// It changes strings that are already parsed: no value can change the shape of the document. Placeholders with
// delimiters are filled wherever they are, and so are words that say of themselves that they are to be replaced: see
// [Words]. Another word without delimiters, such as ACCOUNT_ID, is a placeholder only where a rule expects an account: see
// [Reader.Word].
type settings struct {
	doc      *tree.Document
	form     Form
	problems []Problem
	words    map[string]string   // values of placeholders, by name
	matched  map[string]bool     // the words that filled a placeholder
	filled   map[string]bool     // those that were the value of a symbol
	whole    map[*tree.Node]bool // strings that were set whole, by their pointer
	pointers map[string]bool     // these pointers
	open     map[string]string   // symbols in the place of words without delimiters

	images     []Setting       // the usable ones of Options.Image
	imaged     map[string]bool // the containers that got their image
	containers []string        // the names of all containers
	place      tree.Place      // of the first list of containers
}

// fill puts the options into the document, whose task definitions have these roots. If it adds members, the document has
// more nodes, and they have to be adopted again.
func (s *settings) fill(opts Options, parts []Part) {
	if len(opts.Set)+len(opts.Image) > 0 {
		s.fillValues(opts, parts)
	}
	if opts.Open != nil {
		moved := movedNodes(parts)
		for _, o := range opts.Open {
			s.leaveOpen(o, parts, moved)
		}
	}
}

// movedNodes returns the nodes of the parts that are of another shape than the document, by their JSON pointers in it.
// Openings can be many, and looking for each of them in a part takes as long as the part is.
func movedNodes(parts []Part) map[string][]*tree.Node {
	nodes := map[string][]*tree.Node{}
	for _, part := range parts {
		if part.Fields == nil {
			continue
		}
		seen := map[string]bool{}
		part.each(func(n *tree.Node, pointer string) bool {
			if !seen[pointer] {
				seen[pointer] = true
				nodes[pointer] = append(nodes[pointer], n)
			}
			return true
		})
	}
	return nodes
}

// leaveOpen puts symbols into the place of what is left open.
func (s *settings) leaveOpen(o Opening, parts []Part, moved map[string][]*tree.Node) {
	for _, n := range s.findBeside(o.Pointer, parts, moved[o.Pointer]) {
		switch {
		case o.Name != "":
			n.Kind, n.Text = tree.String, replace(n.Text, func(p Placeholder) (string, bool) {
				return string(o.Texts[0]), p.Name == o.Name || p.Call == o.Name
			})
		case len(o.Texts) == 1:
			n.Kind, n.Text = tree.String, string(o.Texts[0])
		default:
			branches := make([]tree.Node, len(o.Texts))
			for i, text := range o.Texts {
				branches[i] = s.doc.NewNode(tree.String, n, "")
				branches[i].Text, branches[i].Index = string(text), i
				for j := range parts {
					if parts[j].Pointers == nil {
						parts[j].Pointers = map[int]string{}
					}
					parts[j].Pointers[branches[i].ID] = o.Pointer
				}
			}
			n.Kind, n.Text, n.Children = tree.Choice, "", branches
		}
	}
	if o.Name != "" {
		if s.open == nil {
			s.open = map[string]string{}
		}
		s.open[o.Name] = string(o.Texts[0])
	}
}

// fillValues fills the settings and images that the caller gives.
func (s *settings) fillValues(opts Options, parts []Part) {
	s.words, s.matched, s.whole, s.imaged = map[string]string{}, map[string]bool{}, map[*tree.Node]bool{}, map[string]bool{}
	s.pointers = map[string]bool{}
	start := s.doc.Source.Start()
	for i, set := range opts.Set {
		if given(opts.Set[:i], set.Name) {
			s.report(start, fmt.Sprintf("--set %s is given twice", set.Name))
			continue
		}
		if !s.usable("--set", set) {
			continue
		}
		if found := s.find(set.Name, parts); len(found) > 0 {
			if n := found[0]; n.Kind != tree.String && n.Kind != tree.Null && n.Kind != tree.Placeholder {
				s.report(n.Start, fmt.Sprintf("--set %s: there is %s, and only strings can be set", set.Name, n.Kind))
				continue
			}
			for _, n := range found {
				n.Kind, n.Text, s.whole[n] = tree.String, set.Value, true
			}
			s.pointers[set.Name] = true
			continue
		}
		s.words[set.Name] = set.Value
		s.matched[set.Name] = s.filled[set.Name]
	}
	written := s.writtenNames(opts.Image, parts)
	if len(s.words) > 0 {
		s.fillBelow(s.doc.Root)
		for _, part := range parts {
			if part.Fields != nil {
				s.fillMoved(part.Root, part.Pointers)
			}
		}
	}
	s.fillImages(opts.Image, parts, written)
}

// find returns the nodes at a JSON pointer: the document's, or where a part is of another shape, its own in each such part.
func (s *settings) find(pointer string, parts []Part) (found []*tree.Node) {
	for _, part := range parts {
		if part.Fields == nil {
			continue
		}
		if n := part.find(pointer); n != nil {
			found = append(found, n)
		}
	}
	return s.findBeside(pointer, parts, found)
}

// findBeside is find, where the nodes of parts of another shape have been found.
func (s *settings) findBeside(pointer string, parts []Part, found []*tree.Node) []*tree.Node {
	member := func(n *tree.Node, name string) *tree.Node {
		if kid := n.Member(name); kid != nil {
			return kid
		}
		return n.MemberFold(name) // findings can have the names of ECS
	}
	if n := s.doc.Root.Find(pointer, member); n != nil {
		return append(found, n)
	}
	for i := 0; found == nil && i < len(parts); i++ {
		if n := parts[i].find(pointer); n != nil {
			found = append(found, n)
		}
	}
	return found
}

// fillMoved fills the placeholders in those strings below n that have moved: they are not below the document's root. The
// others have been filled there.
func (s *settings) fillMoved(n *tree.Node, pointers map[int]string) {
	if _, moved := pointers[n.ID]; moved && n.Kind == tree.String && !s.whole[n] {
		n.Text = s.fillText(n.Text)
	}
	for i := range n.Children {
		s.fillMoved(&n.Children[i], pointers)
	}
}

// given reports whether a setting of that name is in the list.
func given(list []Setting, name string) bool {
	return slices.ContainsFunc(list, func(s Setting) bool { return s.Name == name })
}

func (s *settings) report(off int, message string) {
	s.problems = append(s.problems, Problem{Kind: Flags, At: Ref{Place: place(s.doc, s.form, off)}, Message: message})
}

// usable reports whether a setting's value is one that the reader accepts from the input as well: all that comes
// later relies on it. Otherwise it reports a problem.
func (s *settings) usable(flag string, set Setting) bool {
	start := s.doc.Source.Start()
	switch {
	case strings.IndexByte(set.Value, 0) >= 0:
		s.report(start, fmt.Sprintf("%s %s: the value holds a NUL character", flag, set.Name))
	case !utf8.ValidString(set.Value):
		s.report(start, fmt.Sprintf("%s %s: the value is not UTF-8", flag, set.Name))
	case set.Name == "":
		s.report(start, fmt.Sprintf("%s has no name before the value %q", flag, set.Value))
	default:
		return true
	}
	return false
}

// fillBelow fills the placeholders in all strings below n.
func (s *settings) fillBelow(n *tree.Node) {
	switch {
	case n.Kind == tree.String && !s.whole[n]:
		text := n.Text
		if n.Text = s.fillText(text); n.Text != text && n.Plain && isPlaceholder(text) {
			n.Kind = kindOf(n.Text) // YAML would read the value without quotes as that
		}
	case n.Kind == tree.Placeholder && policy.Text(n.Text).IsLiteral():
		if n.Text = s.fillText(n.Text); len(Placeholders(n.Text, false)) == 0 && !s.hasOpenWord(n.Text) {
			n.Kind = kindOf(n.Text)
		}
	}
	for i := range n.Children {
		s.fillBelow(&n.Children[i])
	}
}

// hasOpenWord reports whether a text without quotes has a word to be replaced, such as __PORT__, that no setting has filled.
func (s *settings) hasOpenWord(text string) bool {
	return slices.ContainsFunc(Words(text), func(w Placeholder) bool { return s.words[w.Name] == "" })
}

// kindOf returns the kind of the value that a text means where it has no quotes around it: of a number, of a boolean, or of
// a string.
func kindOf(text string) tree.Kind {
	if doc, _ := tree.ReadJSON("", []byte(text)); doc != nil && (doc.Root.Kind == tree.Number || doc.Root.Kind == tree.Boolean) {
		return doc.Root.Kind
	}
	return tree.String
}

// fillText fills the placeholders in a string, and outside of them the words that are to be replaced.
func (s *settings) fillText(text string) string {
	return replace(text, func(p Placeholder) (string, bool) {
		name := s.nameOf(p)
		if name == "" {
			return "", false
		}
		s.matched[name] = true
		return s.words[name], true
	})
}

// replace replaces placeholders in a string, and outside of them words that are to be replaced, where there is a value.
func replace(text string, value func(Placeholder) (string, bool)) string {
	found := append(Placeholders(text, true), Placeholders(text, false)...)
	found = append(found, Words(text)...)
	slices.SortStableFunc(found, func(a, b Placeholder) int { return a.Start - b.Start })
	var b strings.Builder
	end := 0
	for _, p := range found {
		if p.Start < end {
			continue
		}
		if v, ok := value(p); ok {
			b.WriteString(text[end:p.Start])
			b.WriteString(v)
			end = p.End
		}
	}
	b.WriteString(text[end:])
	return b.String()
}

// nameOf returns the name under which a setting fills a placeholder, or "". A whole template call has precedence over its
// argument.
func (s *settings) nameOf(p Placeholder) string {
	for _, name := range [...]string{p.Call, p.Name} {
		if _, ok := s.words[name]; ok {
			return name
		}
	}
	return ""
}

// writtenNames returns the names of the containers before their placeholders are filled: a finding that asks for an image
// knows the container by that name.
func (s *settings) writtenNames(images []Setting, parts []Part) map[*tree.Node]string {
	names := map[*tree.Node]string{}
	if len(images) > 0 {
		for _, part := range parts {
			for c := range objects(part.Root.MemberFold("containerDefinitions")) {
				names[c] = nameMember(c)
			}
		}
	}
	return names
}

// fillImages gives containers their images, by their names or by those that are written. It can add a member.
func (s *settings) fillImages(images []Setting, parts []Part, written map[*tree.Node]string) {
	if len(images) == 0 {
		return
	}
	lists := make([]*tree.Node, len(parts))
	for i, part := range parts {
		if lists[i] = part.Root.MemberFold("containerDefinitions"); part.Form.Subject.Beside() {
			lists[i] = &tree.Node{Kind: tree.List, Start: lists[i].Start} // what is added has no images
		}
	}
	s.place = place(s.doc, s.form, lists[0].Start)
	for _, list := range lists {
		for c := range objects(list) {
			if name := nameMember(c); name != "" {
				s.containers = append(s.containers, name)
			}
		}
	}
	for i, set := range images {
		if given(images[:i], set.Name) {
			s.report(lists[0].Start, fmt.Sprintf("--image %s is given twice", set.Name))
			continue
		}
		if !s.usable("--image", set) {
			continue
		}
		s.images = append(s.images, set)
		// Placeholders in it are filled as in the image that it replaces.
		value := s.fillText(set.Value)
		for _, list := range lists {
			for c := range objects(list) {
				if nameMember(c) == set.Name || written[c] == set.Name {
					s.imaged[set.Name] = true
					s.fillImage(c, set.Name, value)
				}
			}
		}
	}
}

// fillImage gives a container its image.
func (s *settings) fillImage(c *tree.Node, name, value string) {
	n := c.MemberFold("image")
	if n == nil {
		c.Children = append(c.Children, tree.Node{Kind: tree.String, Name: "image", Text: value, Start: c.Start, End: c.Start, NameStart: c.Start, ID: s.doc.Nodes})
		s.doc.Nodes++
		return
	}
	if s.whole[n] {
		s.report(n.Start, fmt.Sprintf("--image %s and --set give the same image", name))
	}
	n.Kind, n.Text, n.Children = tree.String, value, nil
}

// objects yields the objects of a list, of an object in the place of a list, or of any of their branches.
func objects(list *tree.Node) func(yield func(*tree.Node) bool) {
	return func(yield func(*tree.Node) bool) {
		for branch := range list.Branches() {
			if branch.Kind == tree.Object {
				if !yield(branch) {
					return
				}
				continue
			}
			for i := range branch.Children {
				for c := range branch.Children[i].Branches() {
					if c.Kind == tree.Object && !yield(c) {
						return
					}
				}
			}
		}
	}
}

// Word returns the value that --set gives to a word without delimiters: a name where a value of another shape
// has to be, such as ACCOUNT_ID in the place of an account.
func (r *Reader) Word(t policy.Text) (policy.Text, bool) {
	word := string(t)
	if symbol, ok := r.td.settings.open[word]; ok {
		return policy.Text(symbol), true
	}
	value, ok := r.td.settings.words[word]
	if ok {
		if r.used == nil {
			r.used = map[string]bool{}
		}
		r.used[word] = true
	}
	return policy.Text(value), ok
}

// Uses remembers which settings fit the task definitions of documents. Its zero value has seen none.
type Uses struct {
	documents  int
	file       string          // of the last document
	place      tree.Place      // of its first list of containers
	words      map[string]bool // the words that are no pointers, and whether they fit something
	whole      map[string]bool // the pointers to strings of some document
	images     []Setting
	imaged     map[string]bool
	containers []string // the names of all containers, where images are given
	seen       map[string]bool
}

// Add adds the readers of all task definitions of a document. Each has been read by its reader.
func (u *Uses) Add(readers []*Reader) {
	set := readers[len(readers)-1].td.settings
	u.documents++
	u.file, u.place = set.doc.Source.File, set.place
	if set.words == nil {
		return // there are no settings
	}
	if u.words == nil {
		u.words, u.whole, u.imaged, u.seen = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	for name := range set.words {
		u.words[name] = u.words[name] || set.matched[name]
		for _, r := range readers {
			u.words[name] = u.words[name] || r.used[name]
		}
	}
	for name := range set.pointers {
		u.whole[name] = true
	}
	for _, image := range set.images {
		if !given(u.images, image.Name) {
			u.images = append(u.images, image)
		}
	}
	for name := range set.imaged {
		u.imaged[name] = true
	}
	for _, name := range set.containers {
		if !u.seen[name] {
			u.seen[name] = true
			u.containers = append(u.containers, name)
		}
	}
}

// Use notes that settings of these names were used elsewhere than in a task definition.
func (u *Uses) Use(names ...string) {
	if u.words == nil {
		u.words, u.whole, u.imaged, u.seen = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	for _, name := range names {
		u.words[name] = true
	}
}

// Unused returns a problem for each setting that fits none of the task definitions, which are all that there are. Where
// there is more than one document, the problems have no place.
func (u *Uses) Unused() []Problem {
	const most = 20 // names in a message
	var problems []Problem
	report := func(at tree.Place, format string, args ...any) {
		if u.documents > 1 {
			at = tree.Place{}
		}
		problems = append(problems, Problem{Kind: Flags, At: Ref{Place: at}, Message: fmt.Sprintf(format, args...)})
	}
	for _, set := range u.images {
		if u.imaged[set.Name] {
			continue
		}
		known := ""
		if len(u.containers) > 0 {
			if u.documents > 1 {
				slices.Sort(u.containers) // documents come in any order
			}
			var names []string
			for _, name := range u.containers[:min(len(u.containers), most)] {
				names = append(names, strconv.Quote(name))
			}
			if n := len(u.containers) - most; n > 0 {
				names = append(names, fmt.Sprintf("and %d more", n))
			}
			known = "; there are " + strings.Join(names, ", ")
		}
		report(u.place, "--image %s: there is no container of that name%s", set.Name, known)
	}
	for _, name := range slices.Sorted(maps.Keys(u.words)) {
		// A pointer to a string of one document is nothing in another.
		if !u.words[name] && !u.whole[name] {
			report(tree.Place{File: u.file}, "--set %s: there is no placeholder of that name, nor a string at that JSON pointer", name)
		}
	}
	return problems
}
