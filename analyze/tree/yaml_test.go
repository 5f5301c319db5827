package tree

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// show writes a tree as text, with the place of each value.
func show(d *Document, n *Node) string {
	var b strings.Builder
	line, column := d.Source.Position(n.Start)
	if n.Name != "" {
		nameLine, nameColumn := d.Source.Position(n.NameStart)
		fmt.Fprintf(&b, "%s@%d:%d=", n.Name, nameLine, nameColumn)
	}
	fmt.Fprintf(&b, "%s", n.Kind)
	if n.Text != "" {
		fmt.Fprintf(&b, " %q", n.Text)
	}
	fmt.Fprintf(&b, "@%d:%d", line, column)
	for i := range n.Children {
		b.WriteString(" (" + show(d, &n.Children[i]) + ")")
	}
	return b.String()
}

func TestReadYAML(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "null@1:1"},
		{"comment alone", "# nothing\n", "null@1:1"},
		{"scalars", "a: x\nb: 1\nc: true\nd: null\ne: 2026-01-02\nf: 1:2\ng: \"1\"\nh: 012345678901\n",
			`an object@1:1 (a@1:1=a string "x"@1:4) (b@2:1=a number "1"@2:4) (c@3:1=a boolean "true"@3:4) (d@4:1=null@4:4) (e@5:1=a string "2026-01-02"@5:4) (f@6:1=a string "1:2"@6:4) (g@7:1=a string "1"@7:4) (h@8:1=a number "012345678901"@8:4)`},
		{"columns are bytes", "é: [ü, x]\n", `an object@1:1 (é@1:1=a list@1:5 (a string "ü"@1:6) (a string "x"@1:10))`},
		{"byte order mark", "\ufeffa: x\n", `an object@1:1 (a@1:1=a string "x"@1:4)`},
		{"version", "%YAML 1.2 # or later\n---\na: yes\n", `an object@3:1 (a@3:1=a string "yes"@3:4)`},
		{"version in a text", "a: |\n  %YAML 1.2\nb: '\n\n  %YAML 1.2'\n", `an object@1:1 (a@1:1=a string "%YAML 1.2\n"@1:4) (b@3:1=a string "\n%YAML 1.2"@3:4)`},
		{"block scalar", "a: |\n  x\n  y\n", `an object@1:1 (a@1:1=a string "x\ny\n"@1:4)`},
		{"alias", "a: &x [1]\nb: *x\n", `an object@1:1 (a@1:1=a list@1:4 (a number "1"@1:8)) (b@2:1=a list@2:4 (a number "1"@1:8))`},
		{"merge", "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n",
			`an object@1:1 (a@1:1=an object@1:4 (k@1:8=a number "1"@1:11) (l@1:14=a number "2"@1:17)) (b@2:1=an object@3:3 (k@4:3=a number "3"@4:6) (l@1:14=a number "2"@1:17))`},
		{"merge of several", "- &x {k: 1}\n- &y {k: 2, l: 3}\n- <<: [*x, *y]\n",
			`a list@1:1 (an object@1:3 (k@1:7=a number "1"@1:10)) (an object@2:3 (k@2:7=a number "2"@2:10) (l@2:13=a number "3"@2:16)) (an object@3:3 (k@1:7=a number "1"@1:10) (l@2:13=a number "3"@2:16))`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, problems := ReadYAML("f.yaml", []byte(c.in))
			if d == nil {
				t.Fatal(problems)
			}
			if got := show(d, d.Root); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			ids := map[int]bool{}
			var check func(n *Node)
			check = func(n *Node) {
				if ids[n.ID] || n.ID >= d.Nodes {
					t.Errorf("ID %d of %d is another's, or too large", n.ID, d.Nodes)
				}
				ids[n.ID] = true
				for i := range n.Children {
					if n.Children[i].Parent != n {
						t.Error("a child has another parent")
					}
					if n.Kind == List && n.Children[i].Index != i {
						t.Errorf("element %d has the index %d", i, n.Children[i].Index)
					}
					check(&n.Children[i])
				}
			}
			check(d.Root)
		})
	}
}

func TestYAMLProblems(t *testing.T) {
	nested := "a: &a [x, x]\n"
	for c := byte('a'); c < 'z'; c++ {
		nested += fmt.Sprintf("%c: &%c [*%c, *%c, *%c]\n", c+1, c+1, c, c, c)
	}
	for _, c := range []struct{ name, in, want string }{
		{"syntax", "a: [\n", "f:1:4: not YAML: sequence end token ']' not found"},
		{"syntax after other lines", "a: x\nb: {c: d\ne: f\n", "f:3:1: not YAML: ',' or '}' must be specified"},
		{"list in a mapping", "a: x\n- b\n", "f:2:1: not YAML: "},
		{"indented too far", "a:\n  b: x\n   c: y\n", "f:3:4: not YAML: mapping values are not allowed in this context"},
		{"a colon at the end", "a:\n  v: arn:aws:x:key::\n", "f:2:6: not YAML: mapping value is not allowed in this context: a text that ends in a colon needs quotes around it"},
		{"two colons", "é: x\nb: c: d\n", "f:2:4: not YAML: mapping value is not allowed in this context"},
		{"quote", "a: x\nb: \"x\nc: d\n", "f:2:4: not YAML: could not find end character of double-quoted text"},
		{"reserved", "a: x\nbé: @x\n", "f:2:6: not YAML: '@' is a reserved character"},
		{"anchor", "a: x\nb: [*c]\n", "f:2:5: not YAML: unknown anchor 'c' referenced"},
		{"byte order mark", "\ufeffa: ]\n", "f:1:4: not YAML: "},
		{"long", "a: x\n" + strings.Repeat("# comment\n", 10000) + "  b: [\n", "not YAML: did not find expected key"},
		{"version of the future", "%YAML 2.0\n---\na: 1\n", `f:1:7: not YAML: unknown YAML version "2.0"`},
		{"tab", "a:\n\tb: 1\n", "f:2:1: not YAML"},
		{"repeated", "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", `f:4:3: "c" is here a second time, with another value; the first one is at 3:3|f:5:1: "a" is here a second time, with another value; the first one is at 1:1`},
		{"tag", "a: !Ref x\n", "f:1:4: the tag !Ref is not read"},
		{"key", "[a]: 1\n", "f:1:1: a key has to be a string"},
		{"merge of a scalar", "<<: 1\n", "f:1:5: a merge key has to name a mapping"},
		{"a merge is read last, and reported in its place", "<<: 1\na: 1\na: 2\n", "f:1:5: a merge key|f:3:1: \"a\" is here a second time"},
		{"two documents", "a: 1\n---\nb: 1\n", "f:3:1: a second document"},
		{"second document is broken", "a: 1\n---\nb: [\n", "not YAML"},
		{"alias bomb", nested, "too many to read"},
		{"alias of itself", "a: &a [*a]\n", "the alias *a contains itself"},
		{"NUL", "a: \x00\n", "f:1:4: the input holds a NUL character"},
		{"NUL as an escape", "a: \"x\\0\"\n\"\\x00\": 1\n", "f:1:4: the string holds a NUL character|f:2:1: the string holds a NUL character"},
		{"not UTF-8", "é: \xe9\n", "f:1:5: byte 0xE9 is not UTF-8"},
		{"UTF-16 without a mark", "a\x00", "UTF-16"},
		{"too large", strings.Repeat(" ", MaxSize+1), "execrole reads no more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, problems := ReadYAML("f", []byte(c.in))
			var lines []string
			for _, p := range problems {
				lines = append(lines, p.At.String()+": "+p.Message)
			}
			got := strings.Join(lines, "|")
			if d != nil || len(problems) == 0 {
				t.Fatalf("it is read, or has no problem: %v", problems)
			}
			rest := got
			for want := range strings.SplitSeq(c.want, "|") {
				var found bool
				if _, rest, found = strings.Cut(rest, want); !found {
					t.Errorf("problems %s, want %q", got, want)
				}
			}
		})
	}
}

// FuzzReadYAML: nothing crashes, and every place is inside the input.
func FuzzReadYAML(f *testing.F) {
	for _, s := range []string{"a: x\n", "a: &x [1]\nb: *x\n", "<<: {a: 1}\n", "- |\n  é\n", "\ufeffa: x\r\nb: y\r\n", "a: !t x\n---\nb", "a: x\na: x\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, problems := ReadYAML("f", src)
		if broken := slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning }); (d == nil) != broken {
			t.Fatalf("document %v, problems %v", d, problems)
		}
		for _, p := range problems {
			if p.At.Offset < 0 || p.At.Offset > len(src) {
				t.Errorf("offset %d is outside of %d bytes", p.At.Offset, len(src))
			}
		}
		if d != nil {
			checkOffsets(t, d.Root, len(src))
		}
	})
}

func checkOffsets(t *testing.T, n *Node, size int) {
	t.Helper()
	if n.Start < 0 || n.Start > size || n.NameStart < 0 || n.NameStart > size || n.End < n.Start || n.End > size {
		t.Fatalf("offsets %d, %d, %d are outside of %d bytes", n.NameStart, n.Start, n.End, size)
	}
	for i := range n.Children {
		checkOffsets(t, &n.Children[i], size)
	}
}

// TestShared: a value is shared where an alias names it, or something around it.
func TestShared(t *testing.T) {
	doc, _, problems := Read("f", []byte(`a: &a
  in: {deep: [1]}
b: *a
c: &c {in: 1}
d:
  <<: [*a, {own: 1}]
  e: 1
f: &f !Sub x
g: *f
`))
	if problems != nil {
		t.Fatal(problems)
	}
	for pointer, want := range map[string]bool{
		"/a": true, "/a/in": true, "/a/in/deep/0": true, "/b": true, "/b/in/deep": true, "/c": false, "/c/in": false,
		"/d": false, "/d/e": false, "/d/in": true, "/d/own": false, "/f": true, "/f/!Sub": true, "/g": true,
	} {
		n := doc.Root.Find(pointer, (*Node).Member)
		if n == nil || n.Shared != want {
			t.Errorf("%s: %+v, want %v", pointer, n, want)
		}
	}
}
