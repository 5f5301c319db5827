package tree_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/testdata/golden"
)

// refusals are the reasons for which ReadJSON refuses what encoding/json takes for JSON.
var refusals = []string{"a second time", "NUL character", "is not UTF-8", "is no escape that JSON has", "too deep", "execrole reads no more", "is UTF-16"}

// FuzzReadJSON compares the reader with encoding/json, and every place in the tree with the input.
func FuzzReadJSON(f *testing.F) {
	for i, c := range golden.Cases(f) {
		if i%8 == 0 {
			f.Add(c.Input())
		}
	}
	for _, s := range []string{
		"", " ", "null", "[]", "{}", "\ufeff{}", "\ufeff[1]", `{"a":1},`, `{"a":[]}:`, `{"a":"\u0000","\u0000":1,"b":"\ud800"}`, "{\"a\":\"\xff\"}",
		`[null,{"NAME":"a"},[[]],-0.0e+10,true,false]`, `{"a":1,"a":2}`, "{\r\n\t\"a/~b\"\r:[1.5e3,true,\"é\\u00e9\\\"\"]}", `{"a":{"b":[{"c":{}}]}}`,
		"\"\u2028\"", `{"":""}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
			return // UTF-16, which encoding/json does not read
		}
		doc, problems := tree.ReadJSON("f.json", src)
		valid := json.Valid(bytes.TrimPrefix(src, []byte("\ufeff")))
		switch {
		case doc != nil && (!valid || slices.ContainsFunc(problems, func(p tree.Problem) bool { return !p.Warning })):
			t.Fatalf("a document of what is not JSON, or with errors: %+v", problems)
		case doc == nil && len(problems) == 0:
			t.Fatal("neither a document nor a problem")
		case doc == nil && valid:
			for _, p := range problems {
				known := false
				for _, reason := range refusals {
					known = known || strings.Contains(p.Message, reason)
				}
				if !known {
					t.Fatalf("JSON is refused for no known reason: %+v", p)
				}
			}
		}
		last := 0
		for _, p := range problems {
			checkPlace(t, src, p.At)
			if p.Message == "" || p.At.File != "f.json" || p.At.Offset < last {
				t.Errorf("problem %+v, after offset %d", p, last)
			}
			last = p.At.Offset
		}
		if again, repeated := tree.ReadJSON("f.json", src); !reflect.DeepEqual(problems, repeated) || !reflect.DeepEqual(doc, again) {
			t.Error("a second reading differs")
		}
		if doc == nil {
			return
		}
		ids := map[int]bool{}
		checkNode(t, doc, src, doc.Root, "", ids)
		// Members that repeat others are left out.
		if len(ids) != doc.Nodes && len(problems) == 0 {
			t.Errorf("%d nodes, and the document says %d", len(ids), doc.Nodes)
		}
	})
}

// checkPlace checks that a place is inside the input, and that its line and column are those of its offset.
func checkPlace(t *testing.T, src []byte, at tree.Place) {
	t.Helper()
	if at.Offset < 0 || at.Offset > len(src) {
		t.Fatalf("offset %d is outside of %d bytes", at.Offset, len(src))
	}
	if at.Line == 0 {
		return // the whole input
	}
	before := src[:at.Offset]
	column := at.Offset - bytes.LastIndexByte(before, '\n')
	line := 1 + bytes.Count(before, []byte("\n"))
	if line == 1 && bytes.HasPrefix(src, []byte("\ufeff")) {
		column -= len("\ufeff")
	}
	if at.Line != line || at.Column != column {
		t.Errorf("offset %d is said to be at %d:%d, and is at %d:%d", at.Offset, at.Line, at.Column, line, column)
	}
}

// checkNode checks that each value from n on is the text between its offsets, and is found by its JSON pointer.
func checkNode(t *testing.T, doc *tree.Document, src []byte, n *tree.Node, pointer string, ids map[int]bool) {
	t.Helper()
	if ids[n.ID] || n.ID < 0 || n.ID >= doc.Nodes {
		t.Fatalf("%s has the ID %d again, or one beyond %d", pointer, n.ID, doc.Nodes)
	}
	ids[n.ID] = true
	checkPlace(t, src, doc.Source.Place(n.Start))
	var value any
	decoder := json.NewDecoder(bytes.NewReader(src[n.Start:n.End]))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil || decoder.InputOffset() != int64(n.End-n.Start) {
		t.Fatalf("%s: no value from %d to %d: %v", pointer, n.Start, n.End, err)
	}
	same := false
	switch v := value.(type) {
	case nil:
		same = n.Kind == tree.Null
	case bool:
		same = n.Kind == tree.Boolean && n.Text == fmt.Sprint(v)
	case json.Number:
		same = n.Kind == tree.Number && n.Text == v.String()
	case string:
		same = n.Kind == tree.String && n.Text == v
	case []any:
		same = n.Kind == tree.List && len(n.Children) == len(v)
	case map[string]any:
		same = n.Kind == tree.Object && len(n.Children) == len(v)
	}
	if !same {
		t.Fatalf("%s: from %d to %d there is %v; the reader says %s %q", pointer, n.Start, n.End, value, n.Kind, n.Text)
	}
	if n.Parent != nil && n.Parent.Kind == tree.Object {
		var name string
		if err := json.NewDecoder(bytes.NewReader(src[n.NameStart:])).Decode(&name); err != nil || name != n.Name {
			t.Fatalf("%s: at offset %d there is no name %q, but %q: %v", pointer, n.NameStart, n.Name, name, err)
		}
	}
	if pointer != "" && doc.Root.Find(pointer, (*tree.Node).Member) != n {
		t.Errorf("%q does not lead to its value", pointer)
	}
	for i := range n.Children {
		kid := &n.Children[i]
		if kid.Parent != n || n.Kind == tree.List && kid.Index != i {
			t.Fatalf("%s: child %d has the index %d, or another parent", pointer, i, kid.Index)
		}
		token := fmt.Sprint(i)
		if n.Kind == tree.Object {
			token = tree.EscapePointer(kid.Name)
		}
		checkNode(t, doc, src, kid, pointer+"/"+token, ids)
	}
}

// TestJSONProblems: what is not JSON, with the place and the reason in the words of somebody who wrote the file.
func TestJSONProblems(t *testing.T) {
	const many = `"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1`
	for _, tt := range []struct {
		in   string
		want string // the lines of all problems, with LINE:COLUMN
	}{
		{"", "1:1 the input is empty"},
		{"\ufeff \n", "2:1 the input is empty"},
		{`{"a":[`, "1:7 the JSON ends too early: a bracket, brace or quote is not closed"},
		{`{"a":"b`, "1:8 the JSON ends too early: a bracket, brace or quote is not closed"},
		{"{}\n {}", `2:2 text after the end of the JSON: "{}"`},
		{"{} ,", `1:4 text after the end of the JSON: ","`},
		{"{} \"123456789012345678901234567890", "1:4 text after the end of the JSON: \"\\\"12345678901234567890123…\""},
		{"{// x\n}", "1:2 a comment: JSON has none"},
		{"// x\n{}", "1:1 a comment: JSON has none"},
		{"{\n/* x */}", "2:1 a comment: JSON has none"},
		{`{"a":1, # x` + "\n}", "1:9 a comment: JSON has none"},
		{"hello", `1:1 not JSON: it begins with "hello"; a JSON object begins with {`},
		{"{{ x }}", `1:2 "{{" is not JSON: is this a template? Render it first`},
		{`{"a":1,}`, `1:7 a comma before "}": JSON has none after the last element`},
		{`{"a":[1,]}`, `1:8 a comma before "]": JSON has none after the last element`},
		{"{'a':1}", "1:2 a single quote: JSON writes strings"},
		{`{"a":<X>}`, `1:6 "<X>}" is not JSON: is it a placeholder?`},
		{`{"a":${X}}`, `1:6 "${X}}" is not JSON: is it a placeholder?`},
		{`{"a":{{X}}}`, `1:7 "{{" is not JSON: is this a template?`},
		{`{"a":%X%}`, `1:6 "%X%}" is not JSON: is it a placeholder?`},
		{`{"a":"\x"}`, `1:7 "\\x\"}" is no escape that JSON has`},
		{`{"a":"\ud800"}`, `1:7 "\\ud800\"}" is no escape that JSON has`},
		{"{\"a\":\"b\x01c\"}", "1:8 a control character (0x01) inside of a string"},
		{`{a:1}`, `1:2 a member's name has to be a string in double quotes, not "a:1}"`},
		{`{1:1}`, `1:2 a member's name has to be a string in double quotes, not "1:1}"`},
		{`{"a":1 "b":2}`, `1:8 unexpected "\"b\":2}": is a comma missing before it?`},
		{`{"a":]}`, `1:6 unexpected "]}"`},
		{"{\"a\":\"\xe9\"}", "1:7 byte 0xE9 is not UTF-8: save the file as UTF-8"},
		{"{\x00}\x00", "0:0 the input is UTF-16 without a byte order mark: save it as UTF-8"},
		{strings.Repeat("[", 10001), "1:10001 more than 10000 objects and lists inside of each other: too deep to read"},
		{strings.Repeat(" ", tree.MaxSize+1), "0:0 the input has more than 16 MiB, and execrole reads no more"},
		// All at once, and a name has its first place.
		{`{"a":"\u0000",` + "\n" + `"b":1,"b":2,"a":3}`, "1:6 the string holds a NUL character\n2:7 \"b\" \n2:13 \"a\" "},
		{"{" + many + `,"c":2,"q":1,"c":3}`, "1:98 \"c\" \n1:110 \"c\" "},
	} {
		doc, problems := tree.ReadJSON("f", []byte(tt.in))
		want := strings.Split(tt.want, "\n")
		if doc != nil || len(problems) != len(want) {
			t.Errorf("%.40q: problems %+v", tt.in, problems)
			continue
		}
		for i, p := range problems {
			if got := fmt.Sprintf("%d:%d %s", p.At.Line, p.At.Column, p.Message); !strings.HasPrefix(got, want[i]) {
				t.Errorf("%.40q: %s\nwant %s", tt.in, got, want[i])
			}
			checkPlace(t, []byte(tt.in), p.At)
		}
	}
}
