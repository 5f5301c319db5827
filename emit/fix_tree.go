package emit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// fixTree is a source in JSON or YAML.
type fixTree struct {
	*fixFile
	doc  *tree.Document
	yaml bool
	kind treeKind
	// merger has the references of a template, and the sections that it needs; nil elsewhere.
	merger *merger
	// appended are the lists that get elements at their end, and wrapped the objects that become the first element of a
	// list: with how many others. Replaced are the lists of which elements go.
	appended, wrapped map[*tree.Node]int
	replaced          map[*tree.Node]bool
	changes           []*listChange
}

// listChange is what changes in a list.
type listChange struct {
	list    *tree.Node
	dropped []bool // by the index of the element
	added   *node
}

// change returns the change of a list.
func (f *fixTree) change(list *tree.Node) *listChange {
	for _, c := range f.changes {
		if c.list == list {
			return c
		}
	}
	c := &listChange{list, make([]bool, len(list.Children)), &node{kind: listKind}}
	f.changes = append(f.changes, c)
	return c
}

// add adds elements, with their comments.
func (c *listChange) add(list *node) {
	c.added.elements = append(c.added.elements, list.elements...)
	comments := list.comments
	if comments == nil {
		comments = make([][]string, len(list.elements))
	}
	c.added.comments = append(c.added.comments, comments...)
}

// treeKind is what a source in JSON or YAML is.
type treeKind int

const (
	describedFile treeKind = iota // policy documents alone, or answers of the AWS CLI
	templateFile                  // a CloudFormation template
	planFile                      // a plan or a state of Terraform
)

func openTree(file *fixFile) (*fixTree, error) {
	doc, syntax, problems := tree.Read(file.name, []byte(file.text))
	if doc == nil {
		return nil, fmt.Errorf("%s: %s", problems[0].At, problems[0].Message)
	}
	if doc.Source.Text != file.text {
		return nil, fmt.Errorf("%s: a file in UTF-16 stays as it is: save it as UTF-8 first", file.name)
	}
	f := &fixTree{fixFile: file, doc: doc, yaml: syntax == "yaml", appended: map[*tree.Node]int{}, wrapped: map[*tree.Node]int{}, replaced: map[*tree.Node]bool{}}
	switch resources := doc.Root.Member("Resources"); {
	case resources != nil && resources.Kind == tree.Object:
		f.kind = templateFile
		f.merger = newMerger(doc, f.yaml)
	case doc.Root.Member("terraform_version") != nil || doc.Root.Member("format_version") != nil:
		f.kind = planFile
	}
	return f, nil
}

// document returns the policy document at an offset, if it is one to write into: nil for one in an answer of the AWS CLI, and
// for one that an alias of YAML shows in another place too.
func (f *fixTree) document(offset int) *tree.Node {
	n := documentAt(f.doc.Root, offset)
	if n == nil || n.Shared || f.kind == describedFile && n.Parent != nil && (n.Parent.Kind != tree.List || n.Parent.Parent != nil) {
		return nil
	}
	if list := n.Member("Statement"); list.Shared || list.Kind != tree.List && list.Member("Effect") == nil {
		return nil
	}
	return n
}

// documentAt returns the object at an offset that has statements, or the one around that offset.
func documentAt(n *tree.Node, offset int) (found *tree.Node) {
	if n.Start == offset && n.Member("Statement") != nil {
		return n
	}
	for i := range n.Children {
		if found = documentAt(&n.Children[i], offset); found != nil {
			return found
		}
	}
	return nil
}

// write makes the edits of a document.
func (f *fixTree) write(t *fixTarget) error {
	d := t.document()
	var list *node
	var err error
	if f.kind == templateFile {
		list, err = f.templateNodes(t.role, t.tree, d, nil)
	} else {
		list, err = t.role.plainNodes(d)
	}
	if err != nil {
		return err
	}
	return f.put(t.tree, list, t.replace)
}

// put adds statements to a document, or puts them in the place of those that allow something.
func (f *fixTree) put(document *tree.Node, list *node, replace bool) error {
	statements := document.Member("Statement")
	keep := func(n *tree.Node) bool { return !replace || !allows(n) }
	if statements.Kind == tree.Object {
		return f.wrapObject(statements, list, keep(statements))
	}
	change := f.change(statements)
	change.add(list)
	for i := range statements.Children {
		change.dropped[i] = change.dropped[i] || !keep(&statements.Children[i])
	}
	return nil
}

// allows reports whether a statement allows something, or each statement that a conditional can be.
func allows(n *tree.Node) bool {
	if effect := n.Member("Effect"); effect != nil {
		return effect.Text == policy.Allow.String()
	}
	found := false
	for i := range n.Children {
		kid := &n.Children[i]
		if kid.Kind != tree.Object && kid.Kind != tree.List || kid.Name == "Ref" || kid.Name == "!Ref" || len(kid.Children) == 1 && longName(kid.Children[0].Name) == "Ref" {
			continue
		}
		if !allows(kid) {
			return false
		}
		found = true
	}
	return found
}

// dialect returns how strings of JSON are written in the file.
func (f *fixTree) dialect() dialect {
	if f.kind == templateFile {
		return dialectJSON
	}
	return dialectIAM
}

func (f *fixTree) layoutError(n *tree.Node) error {
	return fmt.Errorf("%s: %w", f.doc.Source.Place(n.Start), errLayout)
}

// editLists makes the edits of all lists that change.
func (f *fixTree) editLists() error {
	for _, c := range f.changes {
		if err := f.editList(c); err != nil {
			return err
		}
	}
	return nil
}

// editList puts elements behind those of a list that are kept.
func (f *fixTree) editList(c *listChange) error {
	list, added := c.list, c.added
	all := !slices.Contains(c.dropped, true)
	var kept []*tree.Node
	for i := range list.Children {
		if !c.dropped[i] {
			kept = append(kept, &list.Children[i])
		}
	}
	if all {
		f.appended[list] += len(added.elements)
	} else {
		f.replaced[list] = true
	}
	start := f.content(list.Start)
	switch {
	case start >= len(f.text):
		return f.layoutError(list)
	case !f.yaml:
		return f.editJSON(list, added, kept)
	case f.text[start] == '[':
		return f.editFlow(list, start, added, len(kept), all)
	case f.text[start] != '-':
		return f.layoutError(list)
	}
	return f.editBlock(list, start, added, kept, all)
}

// content returns where a value begins, behind what YAML can have before it.
func (f *fixTree) content(offset int) int {
	return (&merger{doc: f.doc, yaml: f.yaml}).content(offset)
}

// editJSON edits a list of JSON.
func (f *fixTree) editJSON(list *tree.Node, added *node, kept []*tree.Node) error {
	if len(list.Children) == 0 {
		style := jsonStyleOf(f.text, list.Parent, f.dialect())
		style.listLines = style.lines || strings.Contains(f.text[list.Start:list.End], "\n")
		indent := indentAt(f.text, list.End-1)
		text := style.write(&node{kind: listKind, elements: added.elements}, indent)
		text = text[1 : len(text)-1]
		if strings.Contains(f.text[list.Start:list.End], "\n") {
			text = strings.TrimSuffix(text, style.newline+indent) // the list has that already
		}
		f.edits = append(f.edits, edit{list.Start + 1, list.Start + 1, text})
		return nil
	}
	first, last := &list.Children[0], &list.Children[len(list.Children)-1]
	style := jsonStyleOf(f.text, last, f.dialect())
	before := f.text[list.Start+1 : first.Start]
	if len(list.Children) > 1 {
		before = f.text[list.Children[len(list.Children)-2].End:last.Start]
	}
	indent := indentAt(f.text, last.Start)
	separator := style.comma
	if strings.Contains(before, "\n") {
		separator = "," + style.newline + indent
	}
	var parts []string
	for _, n := range added.elements {
		parts = append(parts, style.write(n, indent))
	}
	text := strings.Join(parts, separator)
	switch {
	case len(kept) > 0:
		if text != "" {
			at := kept[len(kept)-1].End
			f.edits = append(f.edits, edit{at, at, separator + text})
		}
		f.dropJSON(list, kept)
	case text == "":
		f.edits = append(f.edits, edit{list.Start + 1, list.End - 1, ""})
	default:
		f.edits = append(f.edits, edit{first.Start, last.End, text})
	}
	return nil
}

// dropJSON takes out the elements of a list that are not kept, each with the comma before it, or, of the first ones, behind it.
func (f *fixTree) dropJSON(list *tree.Node, kept []*tree.Node) {
	end := -1
	for i := range list.Children {
		n := &list.Children[i]
		switch {
		case !slices.Contains(kept, n):
		case end < 0 && i > 0:
			f.edits = append(f.edits, edit{list.Children[0].Start, n.Start, ""})
		case end >= 0 && i > 0 && end != list.Children[i-1].End:
			f.edits = append(f.edits, edit{end, list.Children[i-1].End, ""})
		}
		if slices.Contains(kept, n) {
			end = n.End
		}
	}
	if last := list.Children[len(list.Children)-1].End; end != last {
		f.edits = append(f.edits, edit{end, last, ""})
	}
}

// editFlow edits a list of YAML between brackets, whose nodes have no ends.
func (f *fixTree) editFlow(list *tree.Node, start int, added *node, kept int, all bool) error {
	at, end := flowEnd(f.text, start)
	if end < 0 || !all && kept > 0 {
		return f.layoutError(list)
	}
	style := jsonStyle{colon: ": ", comma: ", ", newline: newlineOf(f.text), stringStyle: dialectJSON}
	var parts []string
	for _, n := range added.elements {
		parts = append(parts, style.write(n, ""))
	}
	if !all {
		f.edits = append(f.edits, edit{start + 1, end - 1, strings.Join(parts, style.comma)})
		return nil
	}
	separator := style.comma
	if f.text[at-1] == ',' {
		separator = " "
	}
	if kept == 0 {
		separator = ""
	} else if last := &list.Children[len(list.Children)-1]; !strings.Contains(f.text[lineStart(f.text, last.Start):last.Start], "[") {
		separator = strings.TrimRight(separator, " ") + style.newline + indentAt(f.text, last.Start)
	}
	f.edits = append(f.edits, edit{at, at, separator + strings.Join(parts, style.comma)})
	return nil
}

// flowEnd returns the offset behind the bracket that closes the one at an offset of YAML, and that behind the last text before
// it; -1 if there is none.
func flowEnd(text string, start int) (last, end int) {
	depth := 0
	for i := start; i < len(text); i++ {
		switch c := text[i]; c {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return last, i + 1
			}
		case ' ', '\t', '\r', '\n':
			continue
		case '#':
			if strings.IndexByte(" \t\n", text[i-1]) >= 0 {
				i = lineEnd(text, i)
				continue
			}
		case '"', '\'':
			if strings.IndexByte("[{,:", text[last-1]) < 0 {
				break // inside of a plain scalar
			}
			for i++; i < len(text) && text[i] != c; i++ {
				if c == '"' && text[i] == '\\' {
					i++
				}
			}
		}
		last = i + 1
	}
	return -1, -1
}

// editBlock edits a list of YAML in lines.
func (f *fixTree) editBlock(list *tree.Node, start int, added *node, kept []*tree.Node, all bool) error {
	column := columnOf(f.text, start)
	end := f.blockEnd(start, column, isElement)
	style := yamlStyleOf(f.text, list, column)
	newline := newlineOf(f.text)
	var lines []string
	for _, line := range style.lines(added) {
		lines = append(lines, strings.Repeat(" ", column)+line)
	}
	text := strings.Join(lines, newline)
	if len(kept) == 0 && text == "" && !all {
		return f.emptyBlock(list, start, end)
	}
	for i := range list.Children {
		if n := &list.Children[i]; !slices.Contains(kept, n) {
			if err := f.dropBlock(list, n, column); err != nil {
				return err
			}
		}
	}
	switch {
	case text == "":
		return nil
	case f.text[end-1] == '\n':
		text += newline
	default:
		text = newline + text // the file ends without a line break, and does so still
	}
	f.edits = append(f.edits, edit{end, end, text})
	return nil
}

// dropBlock takes out the lines of an element of a list, with the comment above it.
func (f *fixTree) dropBlock(list, n *tree.Node, column int) error {
	from := lineStart(f.text, n.Start)
	dash := f.text[from:n.Start]
	if len(dash) <= column || strings.Trim(dash[:column], " ") != "" || dash[column] != '-' {
		return f.layoutError(list)
	}
	end := f.blockEnd(n.Start, column, nil)
	for from > 0 {
		above := lineStart(f.text, from-1)
		if indent := indentAt(f.text, above); len(indent) != column || f.text[above+column] != '#' {
			break
		}
		from = above
	}
	f.edits = append(f.edits, edit{from, end, ""})
	return nil
}

// emptyBlock makes a list empty, behind its key.
func (f *fixTree) emptyBlock(list *tree.Node, start, end int) error {
	from, key := lineStart(f.text, start), lineEnd(f.text, list.NameStart)
	if f.text[key-1] != ':' || nextLine(f.text, list.NameStart) > from {
		return f.layoutError(list)
	}
	f.edits = append(f.edits, edit{key, key, " []"}, edit{from, end, ""})
	return nil
}

// blockEnd returns the offset behind the last line of a value of YAML in lines that begins at an offset, in a column. Comments
// behind it belong to it if they are further to the right. Goes says which lines in the column itself belong to it; nil for none.
func (f *fixTree) blockEnd(start, column int, goes func(line string) bool) int {
	end := nextLine(f.text, start)
	for next := end; next < len(f.text); {
		line := f.text[next:lineEnd(f.text, next)]
		next = nextLine(f.text, next)
		rest := strings.TrimLeft(line, " ")
		indent := len(line) - len(rest)
		switch {
		case strings.TrimSpace(rest) == "":
			continue
		case column == 0 && (strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...")):
			return end
		case indent > column:
		case rest[0] == '#':
			continue // it is of what follows, unless the value goes on
		case indent == column && goes != nil && goes(rest):
		default:
			return end
		}
		end = next
	}
	return end
}

// isElement reports whether a line of YAML begins with a dash.
func isElement(line string) bool { return line == "-" || strings.HasPrefix(line, "- ") }

// isMember reports whether a line of YAML does not.
func isMember(line string) bool { return !isElement(line) }

// nextLine returns where the line behind that of an offset begins.
func nextLine(text string, offset int) int {
	i := strings.IndexByte(text[offset:], '\n')
	if i < 0 {
		return len(text)
	}
	return offset + i + 1
}

// wrapObject makes an object the first element of a list with others, or, if it is not kept, puts them in its place.
func (f *fixTree) wrapObject(n *tree.Node, added *node, keep bool) error {
	if keep {
		f.wrapped[n] = len(added.elements)
	} else {
		f.replaced[n] = true
	}
	start := f.content(n.Start)
	switch {
	case start >= len(f.text):
		return f.layoutError(n)
	case f.text[start] != '{':
		return f.wrapBlock(n, start, added, keep)
	}
	end := n.End
	style := jsonStyle{colon: ": ", comma: ", ", newline: newlineOf(f.text), stringStyle: dialectJSON}
	if f.yaml {
		_, end = flowEnd(f.text, start)
	} else {
		style = jsonStyleOf(f.text, n, f.dialect())
	}
	if end < 0 {
		return f.layoutError(n)
	}
	var parts []string
	for _, e := range added.elements {
		parts = append(parts, style.write(e, indentAt(f.text, start)))
	}
	text := strings.Join(parts, style.comma)
	if !keep {
		f.edits = append(f.edits, edit{start, end, "[" + text + "]"})
		return nil
	}
	f.edits = append(f.edits, edit{start, start, "["}, edit{end, end, style.comma + text + "]"})
	return nil
}

// wrapBlock is wrapObject for an object of YAML in lines. The dash takes the place of two spaces before its first line.
func (f *fixTree) wrapBlock(n *tree.Node, start int, added *node, keep bool) error {
	column := columnOf(f.text, start)
	line := lineStart(f.text, start)
	if strings.Trim(f.text[line:start], " ") != "" || column-columnOf(f.text, n.NameStart) < 2 {
		return f.layoutError(n)
	}
	end := f.blockEnd(start, column, isMember)
	newline := newlineOf(f.text)
	style := yamlStyleOf(f.text, n, column-2)
	if len(n.Children) > 0 {
		for i := range n.Children {
			style.see(f.text, &n.Children[i], column)
		}
	}
	var lines []string
	for _, l := range style.lines(added) {
		lines = append(lines, strings.Repeat(" ", column-2)+l)
	}
	text := strings.Join(lines, newline)
	if !keep {
		if f.text[end-1] == '\n' {
			text += newline
		}
		f.edits = append(f.edits, edit{line, end, text})
		return nil
	}
	f.edits = append(f.edits, edit{start - 2, start, "- "})
	if f.text[end-1] == '\n' {
		f.edits = append(f.edits, edit{end, end, text + newline})
	} else {
		f.edits = append(f.edits, edit{end, end, newline + text})
	}
	return nil
}

// addMember adds a member behind those of an object that has some.
func (f *fixTree) addMember(object *tree.Node, member pair) error {
	f.appended[object]++
	start := f.content(object.Start)
	last := &object.Children[len(object.Children)-1]
	switch {
	case start >= len(f.text):
		return f.layoutError(object)
	case !f.yaml:
		style := jsonStyleOf(f.text, object, f.dialect())
		separator := style.comma
		if between := f.text[object.Start+1 : object.Children[0].NameStart]; strings.Contains(between, "\n") {
			separator = "," + style.newline + indentAt(f.text, last.NameStart)
			style.lines, style.innerLine, style.listLines = true, false, true
		}
		text := quote(member.key, style.stringStyle) + style.colon + style.write(member.value, indentAt(f.text, last.NameStart))
		f.edits = append(f.edits, edit{last.End, last.End, separator + text})
		return nil
	case f.text[start] == '{':
		at, end := flowEnd(f.text, start)
		if end < 0 {
			return f.layoutError(object)
		}
		style := jsonStyle{colon: ": ", comma: ", ", newline: newlineOf(f.text), stringStyle: dialectJSON}
		separator := style.comma
		if f.text[at-1] == ',' {
			separator = " "
		}
		f.edits = append(f.edits, edit{at, at, separator + member.key + style.colon + style.write(member.value, "")})
		return nil
	}
	column := columnOf(f.text, start)
	end, newline := f.blockEnd(start, column, isMember), newlineOf(f.text)
	style := yamlStyle{step: 2, dash: 2, width: 2, quotes: '"'}
	if object.Parent != nil && object.Parent.Kind == tree.Object {
		style.step = max(1, column-columnOf(f.text, object.NameStart))
		style.dash = style.step
	}
	var lines []string
	for _, line := range style.lines(objectNode(member)) {
		lines = append(lines, strings.Repeat(" ", column)+line)
	}
	text := strings.Join(lines, newline)
	if f.text[end-1] == '\n' {
		text += newline
	} else {
		text = newline + text
	}
	f.edits = append(f.edits, edit{end, end, text})
	return nil
}

// finish returns the text with the edits, after it has read it again: apart from the edits, all values are those of the source.
func (f *fixTree) finish() (string, error) {
	if err := f.editLists(); err != nil {
		return "", err
	}
	edits := f.edits
	if f.merger != nil {
		f.merger.section("Parameters", f.merger.parameters)
		f.merger.section("Conditions", f.merger.conditions.list)
		for _, i := range f.merger.insertions() {
			edits = append(edits, edit{i.offset, i.offset, i.text})
		}
		if f.merger.errors != nil {
			return "", f.merger.errors[0]
		}
	}
	if edits == nil {
		return f.text, nil
	}
	text := applied(f.text, edits)
	doc, _, problems := tree.Read(f.name, []byte(text))
	if doc == nil {
		return "", fmt.Errorf("%s: %w; with the fix in it, %s", f.name, errLayout, problems[0].Message)
	}
	if n := f.changed(f.doc.Root, doc.Root); n != nil {
		return "", f.layoutError(n)
	}
	return text, nil
}

// changed returns the first value at or below n that is another one in the fixed source, for another reason than an edit; nil
// if there is none.
func (f *fixTree) changed(n, fixed *tree.Node) *tree.Node {
	if f.replaced[n] {
		if n.Name != fixed.Name || fixed.Kind != tree.List {
			return n
		}
		return nil
	}
	kids := fixed.Children
	if more, ok := f.wrapped[n]; ok {
		if n.Name != fixed.Name || fixed.Kind != tree.List || len(kids) != more+1 {
			return n
		}
		first := kids[0]
		first.Name = n.Name
		unwrapped := *f
		unwrapped.wrapped = nil
		return unwrapped.changed(n, &first)
	}
	if f.merger != nil {
		var ok bool
		if kids, ok = f.merger.without(n, kids); !ok {
			return n
		}
	}
	if more := f.appended[n]; more > 0 && len(kids) == len(n.Children)+more {
		kids = kids[:len(n.Children)]
	}
	if n.Kind != fixed.Kind || n.Name != fixed.Name || n.Text != fixed.Text || len(n.Children) != len(kids) {
		return n
	}
	for i := range kids {
		if found := f.changed(&n.Children[i], &kids[i]); found != nil {
			return found
		}
	}
	return nil
}
