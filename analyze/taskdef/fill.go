package taskdef

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fill puts the settings into the tree. It acts on strings that are already parsed: no value can change
// the shape of the document. Placeholders with delimiters are filled wherever they stand; a word that
// stands for itself, such as ACCOUNT_ID, is one only to whoever reads it as an account: see [Reader.Word].
func (d *Document) fill(top *node, opts Options) {
	byName := map[string]string{}
	given := map[string]bool{}
	d.matched = map[string]bool{}
	settled := map[*node]bool{}
	for _, s := range opts.Set {
		if given[s.Name] {
			d.report(Flags, d.bom, fmt.Sprintf("--set %s is given twice", s.Name))
			continue
		}
		given[s.Name] = true
		if !d.settable("--set", s) {
			continue
		}
		if n := d.find(top, s.Name); n != nil {
			if n.kind != text && n.kind != null {
				d.report(Flags, n.off, fmt.Sprintf("--set %s: there is %s, and only strings can be set", s.Name, kindNames[n.kind]))
				continue
			}
			n.kind, n.text, n.meant, settled[n] = text, s.Value, true, true
			continue
		}
		byName[s.Name] = s.Value
	}
	if len(byName) > 0 {
		d.words = byName
		d.fillHoles(top, settled)
	}
	d.fillImages(opts.Image, settled)
}

// settable reports whether a setting's value is what the reader lets in from the input as well: all that comes
// later relies on it. Otherwise it has said so.
func (d *Document) settable(flag string, s Setting) bool {
	switch {
	case strings.IndexByte(s.Value, 0) >= 0:
		d.report(Flags, d.bom, fmt.Sprintf("%s %s: the value holds a NUL character", flag, s.Name))
	case !utf8.ValidString(s.Value):
		d.report(Flags, d.bom, fmt.Sprintf("%s %s: the value is not UTF-8", flag, s.Name))
	case s.Name == "":
		d.report(Flags, d.bom, fmt.Sprintf("%s has no name before the value %q", flag, s.Value))
	default:
		return true
	}
	return false
}

func (d *Document) fillHoles(n *node, settled map[*node]bool) {
	if n.kind == text && !settled[n] {
		n.text = d.fillText(n.text)
	}
	for i := range n.kids {
		d.fillHoles(&n.kids[i], settled)
	}
}

func (d *Document) fillText(s string) string {
	holes := append(Holes(s, true), Holes(s, false)...)
	holes = slices.DeleteFunc(holes, func(h Hole) bool {
		_, ok := d.words[h.Name]
		return !ok
	})
	if len(holes) == 0 {
		return s
	}
	slices.SortStableFunc(holes, func(a, b Hole) int { return a.Start - b.Start })
	var b strings.Builder
	end := 0
	for _, h := range holes {
		if h.Start < end {
			continue
		}
		d.matched[h.Name] = true
		b.WriteString(s[end:h.Start])
		b.WriteString(d.words[h.Name])
		end = h.End
	}
	b.WriteString(s[end:])
	return b.String()
}

// fillImages gives containers their images. It may add a member and so comes before [adopt].
func (d *Document) fillImages(images []Setting, settled map[*node]bool) {
	if len(images) == 0 {
		return
	}
	containers := d.member(d.root, "containerDefinitions")
	elements := containers.kids
	if containers.kind == object {
		elements = []node{*containers}
	}
	given := map[string]bool{}
	for _, s := range images {
		if given[s.Name] {
			d.report(Flags, containers.off, fmt.Sprintf("--image %s is given twice", s.Name))
			continue
		}
		given[s.Name] = true
		if !d.settable("--image", s) {
			continue
		}
		// Placeholders in it are filled as in the image that it takes the place of.
		value := d.fillText(s.Value)
		var known []string
		found := false
		for i := range elements {
			c := &elements[i]
			if c.kind != object {
				continue
			}
			if name := c.nameMember(); name != s.Name {
				if name != "" {
					known = append(known, strconv.Quote(name))
				}
				continue
			}
			found = true
			if n := d.member(c, "image"); n != nil {
				if settled[n] {
					d.report(Flags, n.off, fmt.Sprintf("--image %s and --set give the same image", s.Name))
				}
				n.kind, n.text, n.kids = text, value, nil
			} else {
				c.kids = append(c.kids, node{kind: text, off: c.off, nameOff: c.off, name: "image", text: value})
			}
		}
		if !found {
			message := fmt.Sprintf("--image %s: there is no container of that name", s.Name)
			if len(known) > 0 {
				message += "; there are " + strings.Join(known, ", ")
			}
			d.report(Flags, containers.off, message)
		}
	}
	if containers.kind == object {
		*containers = elements[0]
	}
}

var pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")

// find returns the node at a JSON pointer below n, or nil.
func (d *Document) find(n *node, pointer string) *node {
	if !strings.HasPrefix(pointer, "/") {
		return nil
	}
	for _, token := range strings.Split(pointer[1:], "/") {
		token = pointerUnescapes.Replace(token)
		if n.kind == list {
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(n.kids) || strconv.Itoa(i) != token {
				return nil
			}
			n = &n.kids[i]
			continue
		}
		kid := n.kid(token)
		if kid == nil && d.sdk {
			// The SDK's names differ in case from ECS's, which stand in findings.
			kid = d.member(n, token)
		}
		if n = kid; n == nil {
			return nil
		}
	}
	return n
}

// Word returns what --set gives for a word that stands for itself: a name where a value of another shape
// has to be, such as ACCOUNT_ID in the place of an account.
func (r *Reader) Word(word string) (string, bool) {
	value, ok := r.doc.words[word]
	if ok {
		if r.used == nil {
			r.used = map[string]bool{}
		}
		r.used[word] = true
	}
	return value, ok
}

// unused returns a problem for each setting that filled nothing.
func (r *Reader) unused() []Problem {
	var list []Problem
	for name := range r.doc.words {
		if !r.doc.matched[name] && !r.used[name] {
			list = append(list, Problem{Kind: Flags, At: Ref{File: r.doc.file},
				Message: fmt.Sprintf("--set %s: there is no placeholder of that name, nor a string at that JSON pointer", name)})
		}
	}
	slices.SortFunc(list, func(a, b Problem) int { return strings.Compare(a.Message, b.Message) })
	return list
}
