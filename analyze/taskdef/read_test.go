package taskdef

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze/tree"
)

// seeds adds the golden inputs to a fuzz test's corpus, and some real files where they are beside the project.
func seeds(f *testing.F) {
	paths, err := filepath.Glob("../../testdata/golden/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no golden cases: %v", err)
	}
	for _, form := range []string{"batch", "daemon", "express", "service", "run"} {
		documents, err := filepath.Glob("../../testdata/documents/" + form + "*.txtar")
		if err != nil || len(documents) == 0 {
			f.Fatalf("no documents: %v", err)
		}
		paths = append(paths, documents...)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".json") {
				f.Add(file.Data)
			}
		}
	}
	real, _ := filepath.Glob("../../../shared/corpus/describe/*")
	for i, path := range real {
		if src, err := os.ReadFile(path); err == nil && i < 8 {
			f.Add(src)
		}
	}
	for _, s := range []string{
		``, ` `, `null`, `[]`, `{}`, "\ufeff{}", `{"containerDefinitions":[{}]}`, `{"containerDefinitions":{}},`, `{"containerDefinitions":{}}:`,
		`{"containerDefinitions":[{"a":"\u0000","\u0000":1,"b":"\ud800"}]}`, "{\"containerDefinitions\":[{\"a\":\"\xff\"}]}",
		`{"taskDefinition":{"ContainerDefinitions":[null,{"NAME":"a"}]},"tags":[]}`, `{"containerDefinitions":[[{"secrets":{}}]],}`,
		`{"jobDefinitions":[{"containerProperties":{"image":"a","Image":"b","volumes":{},"secrets":{}},"jobDefinitionName":1},{"eksProperties":1}]}`,
		`{"nodeProperties":[{"nodeRangeProperties":{"container":{},"ecsProperties":[{"taskProperties":[{"containers":{"name":"a"}},{"containers":[1]}]}]}}]}`,
		`{"PrimaryContainer":{"Image":"a","awsLogsConfiguration":[],"secrets":[1]},"serviceName":null}`, `{"service":{"activeConfigurations":[{},1]}}`,
		`{"services":[{"deployments":{"serviceConnectConfiguration":[{"logConfiguration":1}]},"taskDefinition":"a"}]}`, `{"tasks":[1]}`,
		`{"overrides":[{"containerOverrides":{"name":1,"environmentFiles":{}}}],"taskDefinitionArn":"a"}`, `{"containerOverrides":null}`,
		`{"containerDefinitions":[{}],"volumes":[{"LogDriverVolumeConfiguration":1}],"daemonTaskDefinitionArn":"a","taskDefinitionArn":"b"}`,
		`{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"a","mode":"managed","type":"aws_batch_job_definition","values":{"name":"p","eks_properties":[{}]}}]}}}`,
		`{"family":"a","Family":"b","containerDefinitions":[{}]}`, "{\r\n\t\"containerDefinitions\"\r:[1.5e3,true,\"é\\u00e9\\\"\"]}",
	} {
		f.Add([]byte(s))
	}
}

// FuzzRead compares every place with the input. What is not read has a reason.
func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		docs, problems := Read("f.json", src, Options{})
		var doc *TaskDefinition
		if len(docs) > 0 {
			doc = docs[0]
		}
		switch {
		case doc == nil && len(problems) == 0:
			t.Fatal("neither a document nor a problem")
		case doc == nil && !slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning && !p.Note }):
			t.Fatalf("nothing says why there is no task definition: %+v", problems)
		}
		for _, p := range problems {
			checkPlace(t, src, p.At)
			if p.Message == "" {
				t.Error("a problem without a message")
			}
		}
		if doc == nil {
			return
		}
		top := doc.root
		if top.Parent != nil {
			top = top.Parent
		}
		for _, p := range doc.Reader().Problems() {
			checkPlace(t, src, p.At)
		}
		more, repeated := Read("f.json", src, Options{})
		if !reflect.DeepEqual(problems, repeated) || !reflect.DeepEqual(pointers(doc, doc.root), pointers(more[0], more[0].root)) {
			t.Error("a second reading differs")
		}
		// As --set sees them, before the schema gives them ECS's names.
		for n, name := range doc.written {
			n.Name = name
		}
		// Other forms that move nodes have tests of their own for their pointers.
		if written, _, _ := tree.Read("f.json", src); doc.pointers == nil || doc.fields != nil {
			checkPointers(t, doc, top, written.Nodes)
		}
	})
}

// checkPlace checks that a place is inside the input, and that its line and column are those of its offset.
func checkPlace(t *testing.T, src []byte, at Ref) {
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

// checkPointers checks that the pointer of each value below n leads to it: package tree checks the rest. Values that a form
// adds have the numbers from written on. They have the pointer of something in the document.
func checkPointers(t *testing.T, d *TaskDefinition, n *tree.Node, written int) {
	t.Helper()
	if n.Parent != nil {
		// Container definitions alone have nodes around them that are not in the document.
		found := d.doc.Root.Find("/"+strings.TrimPrefix(d.ref(n).Pointer, "/"), (*tree.Node).Member)
		if found == nil {
			// The node that it leads to has another name now.
			found = (&Part{Root: d.root, Pointers: d.pointers}).find(d.ref(n).Pointer)
		}
		if d.ref(n).Pointer != "" && (found == nil || found.ID != n.ID && n.ID < written) {
			t.Errorf("%q does not lead to the value that has it for a pointer", d.ref(n).Pointer)
		}
	}
	for i := range n.Children {
		checkPointers(t, d, &n.Children[i], written)
	}
}

// pointers returns the places of all values below n.
func pointers(d *TaskDefinition, n *tree.Node) []Ref {
	list := []Ref{d.ref(n)}
	for i := range n.Children {
		list = append(list, pointers(d, &n.Children[i])...)
	}
	return list
}

// TestPlaceholders: which parts of a string are placeholders, and what --set calls them. In S3 keys and log stream
// prefixes, fewer are.
func TestPlaceholders(t *testing.T) {
	for _, c := range []struct {
		in               string
		literal, general string // the names, joined by "|"
	}{
		{"<NAME>", "NAME", "NAME"},
		{"< NAME >/x", "NAME", "NAME"},
		{"${NAME}", "NAME", "NAME"},
		{"$NAME", "NAME", "NAME"},
		{"$name", "", "name"},
		{"$Name/x", "", "Name"},
		{"$1", "", ""},
		{"$", "", ""},
		{"$$", "", ""},
		{"{{ call }}", "call", "call"},
		{"{{ must_env `X` }}", "X", "X"},
		{"{{ f `X` `Y` }}", "f `X` `Y`", "f `X` `Y`"},
		{"%NAME%", "NAME", "NAME"},
		{"%name%", "name", "name"},
		{"%20a%20", "", ""},
		{"a%C3%BC", "", ""},
		{"a%C3%ab%", "", ""},
		{"%CAB%", "CAB", "CAB"},
		{"100% of 5%", "", ""},
		{"[NAME]", "", "NAME"},
		{"{some words}", "", "some words"},
		{"a<b", "", ""},
		{"<>", "", ""},
		{"< >", "", ""},
		{"${A}-<B>-%C%", "A|B|C", "A|B|C"},
		{"plain/key.env", "", ""},
		{"[::1]:5000", "", ""},
		{"${" + strings.Repeat("a", maxPlaceholder) + "}", "", ""},
	} {
		for literal, want := range map[bool]string{true: c.literal, false: c.general} {
			var names []string
			for _, h := range Placeholders(c.in, literal) {
				names = append(names, h.Name)
				if h.Start < 0 || h.End > len(c.in) || h.Start >= h.End {
					t.Errorf("%q: placeholder %+v is outside", c.in, h)
				}
			}
			if got := strings.Join(names, "|"); got != want {
				t.Errorf("Placeholders(%.40q, %v): %q, want %q", c.in, literal, got, want)
			}
		}
	}
}

// TestRefusals: what is not readable at all, with the reason and the place.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "the input is empty"},
		{"byte order mark alone", "\ufeff \n", "the input is empty"},
		{"cut off", `{"containerDefinitions":[`, "ends too early"},
		{"comma behind", `{"containerDefinitions":[{}]},`, "text after the end of the JSON"},
		{"colon behind", `{"containerDefinitions":[{}]} :`, "text after the end of the JSON"},
		{"comment", "{// x\n}", "a comment"},
		{"template", `{{ x }}`, "template"},
		{"UTF-16 without a mark", "{\x00}\x00", "UTF-16"},
		{"Latin-1", "{\"family\":\"\xe9\"}", "is not UTF-8"},
		{"half a surrogate", `{"family":"\ud800"}`, "is no escape that JSON has"},
		{"too deep", strings.Repeat("[", 20000), "too deep"},
		{"too deep, objects", strings.Repeat(`{"a":`, 20000), "too deep"},
		{"execrole reads no more", strings.Repeat(" ", tree.MaxSize+1), "more than 16 MiB"},
		{"null", "null", "this is null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, problems := Read("f", []byte(c.in), Options{})
			if doc != nil || len(problems) == 0 || !strings.Contains(problems[0].Message, c.want) {
				t.Errorf("problems %+v, want %q", problems, c.want)
			}
			for _, p := range problems {
				checkPlace(t, []byte(c.in), p.At)
			}
		})
	}
}

// TestSettingsAreChecked: what a caller of the library sets is held to what the reader lets in, since a NUL
// byte begins a symbol in all that comes later.
func TestSettingsAreChecked(t *testing.T) {
	src := []byte(`{"containerDefinitions":[{"name":"app","image":"<X>"}]}`)
	for _, value := range []string{"a\x00b", "\x00AWS\x01\x01Region\x00", "\xff"} {
		for _, opts := range []Options{{Set: []Setting{{"X", value}}}, {Set: []Setting{{"/containerDefinitions/0/image", value}}}, {Image: []Setting{{"app", value}}}} {
			doc, problems := Read("f", src, opts)
			if len(problems) != 1 || problems[0].Kind != Flags || problems[0].Warning {
				t.Errorf("%+v: problems %+v", opts, problems)
			}
			if doc[0].root.Member("containerDefinitions").Children[0].Member("image").Text != "<X>" {
				t.Errorf("%+v: the value came in", opts)
			}
		}
	}
}
