package tree_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/tree"
)

// escapings are ways to write a text as a string of JSON.
var escapings = [...]func(text string) string{
	func(text string) string { b, _ := json.Marshal(text); return string(b) },
	func(text string) string {
		var b strings.Builder
		for i, r := range text {
			if i%3 == 0 && r >= ' ' && r != '"' && r != '\\' {
				b.WriteRune(r)
				continue
			}
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
		return `"` + b.String() + `"`
	},
	func(text string) string { return strings.ReplaceAll(escapeLittle(text), "/", `\/`) },
	escapeLittle,
}

// escapeLittle escapes only what has to be.
func escapeLittle(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04X`, r)
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// FuzzEmbedded: the text at the place of each value of embedded JSON, without its escapes, is the value as the string
// contains it. Problems have the same messages as those of the JSON alone, and places inside of the string.
func FuzzEmbedded(f *testing.F) {
	for _, s := range []string{
		`[{"name":"a","image":"x"}]`, "", " ", "[", "{}", `{"a\"b\\":"\u00e9\ud83d\ude00é😀/\n",  "é": [1.5e3,true,null,"😀"]}`,
		"[\n\t{\"a\" : \"b\"}\r\n]", `{"a":1,"a":1}`, `{"a":1,"a":2}`, `"\u0000"`, "\ufeff[1]", `[1] x`, "{'a'}", "[\"\u2028<>&\"]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			return
		}
		alone, want := tree.ReadJSON("f.json", []byte(text))
		if alone == nil && len(want) == 1 && strings.Contains(want[0].Message, "UTF-16") {
			return // a string that begins with the characters of a byte order mark
		}
		for i, escape := range escapings {
			src := "\ufeff{\n \"é\": " + escape(text) + "}"
			doc, problems := tree.ReadJSON("f.json", []byte(src))
			if doc == nil {
				t.Fatalf("%s: %v", src, problems)
			}
			n, nodes := doc.Root.Member("é"), doc.Nodes
			start, end := n.Start, n.End
			root, problems := doc.Embedded(n)
			if (root == nil) != (alone == nil) || len(problems) != len(want) {
				t.Fatalf("%d: %s\nproblems %v, want %v", i, src, problems, want)
			}
			for j, p := range problems {
				before, _, _ := strings.Cut(p.Message, "; the first one is at ")
				if !strings.HasPrefix(want[j].Message, before) || p.At.Offset < start || p.At.Offset > end || p.At.Line != 2 || p.At != doc.Source.Place(p.At.Offset) {
					t.Errorf("%d: %s\nproblem %v, want %v", i, src, p, want[j])
				}
			}
			if root == nil {
				continue
			}
			if root.Name != "é" || root.Parent != doc.Root || doc.Nodes != nodes+alone.Nodes {
				t.Errorf("the root is %+v of %d nodes", root, doc.Nodes)
			}
			root.Name, root.NameStart = "", root.Start
			compareEmbedded(t, doc, alone, root, alone.Root, nodes)
		}
	})
}

// compareEmbedded compares an embedded value with the same value in a document of its own.
func compareEmbedded(t *testing.T, doc, alone *tree.Document, n, want *tree.Node, firstID int) {
	t.Helper()
	if n.Kind != want.Kind || n.Name != want.Name || n.Text != want.Text || n.Index != want.Index || n.ID != want.ID+firstID || len(n.Children) != len(want.Children) {
		t.Fatalf("%+v, want %+v", n, want)
	}
	for _, at := range [][4]int{{n.Start, n.End, want.Start, want.End}, {n.NameStart, n.Start, want.NameStart, want.Start}} {
		var got string
		written := doc.Source.Text[at[0]:at[1]]
		if err := json.Unmarshal([]byte(`"`+written+`"`), &got); err != nil || got != alone.Source.Text[at[2]:at[3]] {
			t.Errorf("%s is written as %s: %v", alone.Source.Text[at[2]:at[3]], written, err)
		}
	}
	for i := range n.Children {
		if n.Children[i].Parent != n {
			t.Errorf("the parent of %+v", n.Children[i])
		}
		compareEmbedded(t, doc, alone, &n.Children[i], &want.Children[i], firstID)
	}
}

// TestEmbeddedInYAML: a string without the escapes of JSON has one place, and a wrong one is reported there.
func TestEmbeddedInYAML(t *testing.T) {
	doc, _, problems := tree.Read("f.yaml", []byte("a:\n  b: '[\"x\", {\"y\": 1}]'\n  c: >\n    [1,\n    2\n"))
	if doc == nil {
		t.Fatal(problems)
	}
	b := doc.Root.Find("/a/b", (*tree.Node).Member)
	root, problems := doc.Embedded(b)
	if root == nil || len(problems) > 0 || root.Children[1].Children[0].Text != "1" || root.Children[1].Children[0].Start != b.Start {
		t.Errorf("%+v %v", root, problems)
	}
	root, problems = doc.Embedded(doc.Root.Find("/a/c", (*tree.Node).Member))
	if root != nil || len(problems) != 1 || problems[0].At.Line != 3 {
		t.Errorf("%+v %v", root, problems)
	}
}
