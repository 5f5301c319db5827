package taskdef

import "strings"

// Found is a value that [Find] found.
type Found struct {
	Text     string // the string's value
	IsString bool
	At       Ref
}

// Find returns the value at a path of names in a JSON document that is no task definition, such as a
// credential spec. Names match in whatever case, as Go's encoding/json reads them.
func Find(file string, src []byte, path ...string) (Found, *Problem) {
	d := &Document{file: file}
	root := d.read(src)
	if len(d.problems) > 0 {
		return Found{}, &d.problems[0]
	}
	n := &root
	for _, name := range path {
		next := d.member(n, name)
		if next == nil || next.kind == null {
			return Found{}, &Problem{Kind: Syntax, At: d.at(n.off), Message: "no " + strings.Join(path, ".")}
		}
		n = next
	}
	return Found{Text: n.text, IsString: n.kind == text, At: d.at(n.off)}, nil
}
