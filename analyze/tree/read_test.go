package tree

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// inUTF16 returns a text in UTF-16 with a byte order mark.
func inUTF16(text string, order binary.AppendByteOrder) []byte {
	b := order.AppendUint16(nil, 0xFEFF)
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"JSON", `{"a": 1}`, `an object@1:1 (a@1:2=a number "1"@1:7)`},
		{"JSON behind white space", "\ufeff \n[1]", `a list@2:1 (a number "1"@2:2)`},
		{"several values", "{\"a\": 1}\n{\"b\": 2}\n", `a list@1:1 (an object@1:1 (a@1:2=a number "1"@1:7)) (an object@2:1 (b@2:2=a number "2"@2:7))`},
		{"YAML", "a: 1\n", `an object@1:1 (a@1:1=a number "1"@1:4)`},
		{"YAML behind dashes", "---\na: 1\n---\n", `an object@2:1 (a@2:1=a number "1"@2:4)`},
		{"several documents", "# x\na: 1\n---\nb: 2\n", `a list@2:1 (an object@2:1 (a@2:1=a number "1"@2:4)) (an object@4:1 (b@4:1=a number "2"@4:4))`},
		{"tags", "a: !Ref X\nb: !Sub [x, {y: !GetAtt z.Arn}]\n",
			`an object@1:1 (a@1:1=an object@1:4 (!Ref@1:4=a string "X"@1:4)) (b@2:1=an object@2:4 (!Sub@2:4=a list@2:4 (a string "x"@2:10) (an object@2:13 (y@2:14=an object@2:17 (!GetAtt@2:17=a string "z.Arn"@2:17)))))`},
		{"a tagged number is a string", "a: !Ref 1\n", `an object@1:1 (a@1:1=an object@1:4 (!Ref@1:4=a string "1"@1:4))`},
		{"placeholders without quotes in YAML", "a: {{ f | x }}\nb: [{{ c }}]\n",
			`an object@1:1 (a@1:1=a placeholder "{{ f | x }}"@1:4) (b@2:1=a list@2:4 (a placeholder "{{ c }}"@2:5))`},
		{"placeholders without quotes", `{"a": <A B>, "b": [${X}:1, $Y], "c": {{ f "x" }}, "d": %D%, "e": "<E>", "f": __F_1__}`,
			`an object@1:1 (a@1:2=a placeholder "<A B>"@1:7) (b@1:14=a list@1:19 (a placeholder "${X}:1"@1:20) (a placeholder "$Y"@1:28)) ` +
				`(c@1:33=a placeholder "{{ f \"x\" }}"@1:38) (d@1:51=a placeholder "%D%"@1:56) (e@1:61=a string "<E>"@1:66) (f@1:73=a placeholder "__F_1__"@1:78)`},
		{"placeholder behind an escape", "{\"a\": \"\\\"<X>\\\\\",\n\"b\": <X>}", `an object@1:1 (a@1:2=a string "\"<X>\\"@1:7) (b@2:1=a placeholder "<X>"@2:6)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for encoding, src := range map[string][]byte{
				"UTF-8": []byte(c.in), "UTF-16 LE": inUTF16(c.in, binary.LittleEndian), "UTF-16 BE": inUTF16(c.in, binary.BigEndian),
			} {
				if encoding != "UTF-8" && strings.HasPrefix(c.in, "\ufeff") {
					continue // which has two marks then
				}
				d, _, problems := Read("f", src)
				if d == nil {
					t.Fatal(encoding, problems)
				}
				if got := show(d, d.Root); got != c.want {
					t.Errorf("%s: got  %s\nwant %s", encoding, got, c.want)
				}
			}
		})
	}
}

func TestReadProblems(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "f:1:1: the input is empty"},
		{"\xff\xfea", "f: the input is UTF-16, and ends in the middle of a character"},
		{"\xff\xfe\x00\xd8a\x00", "f: the input is UTF-16 with a half of a character: save it as UTF-8"},
		{"{} []\n x", `f:2:2: text after the end of the JSON: "x"`},
		{"// x\n{}", "f:1:1: a comment: JSON has none"},
		{" /* x */ {}", "f:1:2: a comment: JSON has none"},
		{`{"a": __A__, "b": ____}`, `f:1:19: unexpected "____}"`},
		{`{"a": <A>, "b": }`, `f:1:17: unexpected "}"`},
		{`{<A>: 1}`, `f:1:2: "<A>: 1}" is not JSON: is it a placeholder?`},
		{"{\"a\": $A\x00}", "f:1:9: a control character (0x00)"},
		{`{"a": <>}`, `f:1:7: "<>}" is not JSON: is it a placeholder?`},
		{`{"a": $}`, `f:1:7: "$}" is not JSON: is it a placeholder?`},
		{"{\"a\": <A\n>}", `f:1:7: "<A" is not JSON: is it a placeholder?`},
		{"a: [\n---\nb: ]\n", "f:1:4: not YAML"},
		{"a: !x%00y z\n", "f:1:4: the string holds a NUL character"},
		{"a: 1\n---\na: 1\na: 2\n", `f:4:1: "a" is here a second time, with another value; the first one is at 3:1`},
	} {
		d, _, problems := Read("f", []byte(c.in))
		if d != nil || len(problems) != 1 || !strings.HasPrefix(problems[0].At.String()+": "+problems[0].Message, c.want) {
			t.Errorf("%q: problems %+v, want %s", c.in, problems, c.want)
		}
	}
}

// FuzzRead: nothing crashes, every place is inside the text, and no text has a NUL.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"a": <A>}`, "{}\n[1]", "a: !Sub x\n---\nb: 1\n", "\xff\xfea\x00:\x00 \x001\x00", `[$A, {"b": {{ x }}}, "%"]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, _, problems := Read("f", src)
		if broken := slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning }); (d == nil) != broken {
			t.Fatalf("document %v, problems %v", d, problems)
		}
		if d == nil {
			return
		}
		checkOffsets(t, d.Root, len(d.Source.Text))
		var check func(n *Node)
		check = func(n *Node) {
			if strings.Contains(n.Text+n.Name, "\x00") {
				t.Fatalf("a NUL, which begins a symbol in all that comes later, in %q", n.Name+n.Text)
			}
			for i := range n.Children {
				check(&n.Children[i])
			}
		}
		check(d.Root)
	})
}
