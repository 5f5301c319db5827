package tree_test

import (
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/tree"
)

func read(t *testing.T, src string) *tree.Document {
	t.Helper()
	doc, problems := tree.ReadJSON("f.json", []byte(src))
	if doc == nil {
		t.Fatalf("%+v", problems)
	}
	return doc
}

func TestFind(t *testing.T) {
	doc := read(t, `{"a/b": [{"~": "tilde"}, "second"], "Name": "in capitals", "": {"": "empty"}, "0": "zero"}`)
	for _, tt := range []struct{ pointer, exact, fold string }{
		{"/a~1b/0/~0", "tilde", "tilde"},
		{"/a~1b/1", "second", "second"},
		{"/A~1B/1", "", "second"},
		{"/name", "", "in capitals"},
		{"/Name", "in capitals", "in capitals"},
		{"//", "empty", "empty"},
		{"/0", "zero", "zero"},
		{"/a~1b/2", "", ""},
		{"/a~1b/-1", "", ""},
		{"/a~1b/01", "", ""},
		{"/a~1b/x", "", ""},
		{"/a~1b/1/x", "", ""},
		{"Name", "", ""},
		{"", "", ""},
	} {
		text := func(n *tree.Node) string {
			if n == nil {
				return ""
			}
			return n.Text
		}
		if got := text(doc.Root.Find(tt.pointer, (*tree.Node).Member)); got != tt.exact {
			t.Errorf("Find(%q) = %q, want %q", tt.pointer, got, tt.exact)
		}
		if got := text(doc.Root.Find(tt.pointer, (*tree.Node).MemberFold)); got != tt.fold {
			t.Errorf("Find(%q) in any case = %q, want %q", tt.pointer, got, tt.fold)
		}
	}
	if list := doc.Root.Member("a/b"); list.Member("0") != nil || list.MemberFold("0") != nil {
		t.Error("a list has members")
	}
}

// TestBranches: of a choice each branch, those of choices inside of it too, and of all else the value itself.
func TestBranches(t *testing.T) {
	leaf := func(text string) tree.Node { return tree.Node{Kind: tree.String, Text: text} }
	root := tree.Node{Kind: tree.Choice, Children: []tree.Node{
		leaf("a"), {Kind: tree.Choice, Children: []tree.Node{leaf("b"), {Kind: tree.Null}}}, {Kind: tree.List, Text: "list", Children: []tree.Node{leaf("in it")}},
	}}
	root.Adopt()
	var got []string
	for n := range root.Branches() {
		got = append(got, n.Text)
	}
	if want := "a b  list"; strings.Join(got, " ") != want {
		t.Errorf("branches %q, want %q", got, want)
	}
	for n := range root.Branches() {
		if n.Text == "b" {
			break // and nothing is yielded after that
		}
		if n.Text != "a" {
			t.Errorf("branch %q", n.Text)
		}
	}
	single := leaf("x")
	for n := range single.Branches() {
		if n != &single {
			t.Error("the only branch of a value is another")
		}
	}
	if n := root.Find("/1/0", (*tree.Node).Member); n == nil || n.Text != "b" || n.Parent.Parent != &root {
		t.Errorf("the branch at /1/0 is %+v", n)
	}
}

func TestKinds(t *testing.T) {
	for kind, want := range map[tree.Kind]string{tree.Null: "null", tree.Object: "an object", tree.List: "a list", tree.Choice: "a conditional", tree.String: "a string"} {
		if kind.String() != want {
			t.Errorf("%q, want %q", kind, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	doc := read(t, "\ufeff{\r\n  \"é\": [1]\n}")
	n := doc.Root.Member("é").Children[0]
	place := doc.Source.Place(n.Start)
	if got := place.String(); got != "f.json:2:10" || place.Offset != n.Start {
		t.Errorf("the place is %s, %+v", got, place)
	}
	if doc.Source.Start() != 3 || doc.Source.Place(0).String() != "f.json:1:1" || doc.Source.Place(3).String() != "f.json:1:1" {
		t.Errorf("the byte order mark takes a column: %s, %s", doc.Source.Place(0), doc.Source.Place(3))
	}
	for want, p := range map[string]tree.Place{
		"/a/0": {Pointer: "/a/0"}, "f": {File: "f", Pointer: "/a"}, "f:1:2": {File: "f", Line: 1, Column: 2, Pointer: "/a"}, "": {},
	} {
		if p.String() != want {
			t.Errorf("%+v is written %s, want %s", p, p, want)
		}
	}
}

func TestGlimpse(t *testing.T) {
	for in, want := range map[string]string{
		"\"short\"":                           `"\"short\""`,
		"\"" + strings.Repeat("a", 22) + "\"": `"\"` + strings.Repeat("a", 22) + `\""`,
		"\"" + strings.Repeat("é", 30) + "\"": `"\"` + strings.Repeat("é", 23) + `…"`,
		"\"" + strings.Repeat("é", 20) + "\"": `"\"` + strings.Repeat("é", 20) + `\""`,
		"\"a\"\r\n":                           `"\"a\""`,
	} {
		if got := read(t, in).Source.Glimpse(0); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	candidates := []string{"image", "secrets", "logConfiguration", "name"}
	for name, want := range map[string]string{
		"image": "image", "IMAGE": "image", "imgae": "image", "imag": "image", "images": "image", "iamge": "image",
		"secerts": "secrets", "secret": "secrets", "scrts": "", "scretts": "secrets", "sets": "", "logconfigration": "logConfiguration",
		"nam": "name", "mane": "", "na": "", "": "", "other": "", "xyz": "",
	} {
		if got := tree.Nearest(name, candidates); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
	if got := tree.Nearest("name", []string(nil)); got != "" {
		t.Errorf("of nothing, %q is near", got)
	}
}
