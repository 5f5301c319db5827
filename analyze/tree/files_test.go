package tree_test

import (
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/tree"
)

// TestFiles: an offset in a text of several files says the file, the line and the column.
func TestFiles(t *testing.T) {
	s := tree.NewFiles("folder")
	if at := s.Place(0); at.File != "folder" || at.Line != 1 {
		t.Errorf("without files, the place is %+v", at)
	}
	starts := map[string]int{}
	for _, f := range []struct{ name, text string }{{"a", "one\ntwo"}, {"empty", ""}, {"b", "\ufeffé\r\nx\n"}} {
		start, text, err := s.Add(f.name, []byte(f.text))
		if err != nil || text != strings.TrimPrefix(f.text, "\ufeff") || !strings.HasPrefix(s.Text[start:], text) {
			t.Fatalf("%s: %d %q %v", f.name, start, text, err)
		}
		starts[f.name] = start
	}
	for _, c := range []struct {
		file string
		off  int
		want string
	}{{"a", 0, "a:1:1"}, {"a", 3, "a:1:4"}, {"a", 4, "a:2:1"}, {"a", 7, "a:2:4"}, {"empty", 0, "empty:1:1"}, {"b", 0, "b:1:1"}, {"b", 2, "b:1:3"}, {"b", 4, "b:2:1"}, {"b", 6, "b:3:1"}} {
		if at := s.Place(starts[c.file] + c.off); at.String() != c.want || at.Offset != starts[c.file]+c.off {
			t.Errorf("%s %d is %+v, want %s", c.file, c.off, at, c.want)
		}
	}
	if _, _, err := s.Add("large", make([]byte, tree.MaxSize)); err == nil {
		t.Error("files without a limit")
	}
	if _, text, err := s.Add("utf16", []byte("\xff\xfea\x00")); err != nil || text != "a" {
		t.Errorf("%q %v", text, err)
	}
}

// TestEmbeddedText: the places of JSON that was put together are those of its parts.
func TestEmbeddedText(t *testing.T) {
	s := tree.NewFiles("folder")
	first, _, _ := s.Add("a", []byte("..[\"x\","))
	second, _, _ := s.Add("b", []byte("\n\n y]"))
	doc := tree.NewDocument(s)
	root, problems := doc.EmbeddedText(`["x",  {"y": 1, "y": 2}]`, first, []tree.Mark{{Outer: first + 2}, {Inner: 5, Outer: second + 2, Fixed: true}, {Inner: 23, Outer: second + 4}})
	if root != nil || len(problems) != 1 || problems[0].At.String() != "b:3:1" {
		t.Errorf("%v %v", root, problems)
	}
	root, problems = doc.EmbeddedText(`["x",  true]`, first, []tree.Mark{{Outer: first + 2}, {Inner: 5, Outer: second + 2}})
	if len(problems) > 0 || s.Place(root.Children[0].Start).String() != "a:1:4" || s.Place(root.Children[1].Start).String() != "b:3:3" || root.ID == 0 {
		t.Errorf("%+v %v", root, problems)
	}
}
