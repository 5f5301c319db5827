package taskdef

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// reader reads a task definition that has to be usable.
func reader(t *testing.T, src string, opts Options) *Reader {
	t.Helper()
	list, problems := Read("f.json", []byte(src), opts)
	if len(list) != 1 {
		t.Fatalf("problems %+v", problems)
	}
	return list[0].Reader()
}

// texts returns what values are, in words: their text, "absent" with the place, or their kind.
func texts(values func(func(Value) bool)) []string {
	var list []string
	for v := range values {
		text, ok := v.Text()
		switch {
		case !v.Present():
			list = append(list, "absent at "+v.Ref().Pointer)
		case ok:
			list = append(list, string(text))
		default:
			list = append(list, v.n.Kind.String())
		}
	}
	return list
}

const containers = `{"family": "web", "containerDefinitions": [
  {"name": "a", "image": "x", "secrets": [{"name": "A", "valueFrom": "/a"}, null, {"name": "B"}], "logConfiguration": {"options": {"k": "v", "n": null, "l": "w"}}},
  {"name": "b", "image": null, "logConfiguration": null},
  {"image": 5, "secrets": {"valueFrom": "/lone"}},
  {"name": "d", "secrets": [], "essential": true, "cpu": 7},
  {"name": "e", "secrets": "none"},
  {"name": "f", "image": "y", "secrets": ["/f", {"name": "F", "valueFrom": 6}]}]}`

func TestEach(t *testing.T) {
	r := reader(t, containers, Options{})
	for _, tt := range []struct {
		path   string
		each   string // joined by |
		absent string // of EachOrAbsent; in a list, only what no element has is absent
	}{
		{"family", "web", "web"},
		{"taskRoleArn", "", "absent at "},
		{"containerDefinitions.image", "x|y", "x|absent at /containerDefinitions/1|absent at /containerDefinitions/3|absent at /containerDefinitions/4|y"},
		{"containerDefinitions.secrets.valueFrom", "/a|/lone", "/a|absent at /containerDefinitions/1|/lone|absent at /containerDefinitions/3"},
		{"containerDefinitions.logConfiguration.options", "an object", "an object|absent at /containerDefinitions/1|absent at /containerDefinitions/2|absent at /containerDefinitions/3|absent at /containerDefinitions/4|absent at /containerDefinitions/5"},
		{"volumes.name", "", "absent at "},
	} {
		path := strings.Split(tt.path, ".")
		if got := strings.Join(texts(r.Root().Each(path...)), "|"); got != tt.each {
			t.Errorf("Each %s: %s\nwant %s", tt.path, got, tt.each)
		}
		// A rule asks container by container.
		if head, ok := strings.CutPrefix(tt.path, "containerDefinitions."); ok {
			var got []string
			for c := range r.Root().Each("containerDefinitions") {
				got = append(got, texts(c.EachOrAbsent(strings.Split(head, ".")...))...)
			}
			if strings.Join(got, "|") != tt.absent {
				t.Errorf("EachOrAbsent %s: %s\nwant %s", tt.path, strings.Join(got, "|"), tt.absent)
			}
		} else if got := strings.Join(texts(r.Root().EachOrAbsent(path...)), "|"); got != tt.absent {
			t.Errorf("EachOrAbsent %s: %s\nwant %s", tt.path, got, tt.absent)
		}
	}
	// Values of a wrong type are errors, once a rule wanted them.
	var got []string
	for _, p := range r.Problems() {
		got = append(got, fmt.Sprintf("%s %v %s", p.At.Pointer, p.Warning, p.Message))
	}
	want := []string{
		"/containerDefinitions/2/image false image is a number; ECS wants a string", "/containerDefinitions/4/secrets false secrets is a string; ECS wants a list",
		"/containerDefinitions/5/secrets/0 false element 0 of secrets is a string; ECS wants an object", "/containerDefinitions/5/secrets/1/valueFrom false valueFrom is a number; ECS wants a string",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems %q, want %q", got, want)
	}
	if other := reader(t, containers, Options{}).Problems(); len(other) != 4 || slices.ContainsFunc(other, func(p Problem) bool { return !p.Warning }) {
		t.Errorf("nobody wanted %+v", other)
	}
}

// TestEachStops: a caller that has enough gets no more.
func TestEachStops(t *testing.T) {
	r := reader(t, containers, Options{})
	n := 0
	for range r.Root().Each("containerDefinitions", "name") {
		n++
		break
	}
	for range r.Root().EachOrAbsent("containerDefinitions", "image") {
		n++
		break
	}
	for range r.Root().Members() {
		n++
		break
	}
	for range r.Root().Scalars("family") {
		n++
		break
	}
	if n != 4 {
		t.Errorf("%d values, want 4", n)
	}
}

// TestPathsFollowTheSchema: a name that ECS does not have is a mistake in a rule, whatever the input has.
func TestPathsFollowTheSchema(t *testing.T) {
	root := reader(t, containers, Options{}).Root()
	for _, path := range [][]string{{"containers"}, {"containerDefinitions", "imgae"}, {"volumes", "host", "path"}, {"containerDefinitions", "image", "x"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is no path, and nothing says so", path)
				}
			}()
			for range root.Each(path...) {
			}
		}()
	}
}

// TestIs: a rule that misspells a value, or asks for one of something else than an enumeration, panics.
func TestIs(t *testing.T) {
	root := reader(t, `{"requiresCompatibilities": ["FARGATE", "fargate"], "containerDefinitions": [{"image": "FARGATE"}]}`, Options{}).Root()
	var got []bool
	for v := range root.Each("requiresCompatibilities") {
		got = append(got, v.Is("FARGATE"), v.Is("EC2"))
	}
	for v := range root.EachOrAbsent("networkMode") {
		got = append(got, v.Is("awsvpc"))
	}
	if values := Enumeration("requiresCompatibilities"); !slices.Contains(values, "EXTERNAL") || slices.Contains(values, "fargate") {
		t.Errorf("the enumeration has %q", values)
	}
	if want := []bool{true, false, false, false, false}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, path := range [][]string{{"requiresCompatibilities"}, {"containerDefinitions", "image"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q does not have the value, and nothing says so", path)
				}
			}()
			for v := range root.Each(path...) {
				v.Is("FARGTE")
			}
		}()
	}
}

func TestMembersAndScalars(t *testing.T) {
	root := reader(t, containers, Options{}).Root()
	var options []string
	for o := range root.Each("containerDefinitions", "logConfiguration", "options") {
		for name, v := range o.Members() {
			text, _ := v.Text()
			options = append(options, name+"="+string(text)+" at "+v.Ref().Field)
		}
	}
	if want := []string{"k=v at logConfiguration.options.k", "l=w at logConfiguration.options.l"}; !slices.Equal(options, want) {
		t.Errorf("options %q, want %q", options, want)
	}
	var scalars []string
	for c := range root.Each("containerDefinitions") {
		for _, name := range []string{"image", "essential", "cpu", "secrets", "memory"} {
			for v, text := range c.Scalars(name) {
				scalars = append(scalars, string(text)+" at "+v.Ref().Pointer)
			}
		}
	}
	want := []string{"x at /containerDefinitions/0/image", "5 at /containerDefinitions/2/image", "true at /containerDefinitions/3/essential", "7 at /containerDefinitions/3/cpu", "none at /containerDefinitions/4/secrets", "y at /containerDefinitions/5/image"}
	if !slices.Equal(scalars, want) {
		t.Errorf("scalars %q, want %q", scalars, want)
	}
	for absent := range root.EachOrAbsent("taskRoleArn") {
		if _, ok := absent.Text(); ok || absent.Meant() || absent.Present() {
			t.Error("an absent value has a text")
		}
		for range absent.Members() {
			t.Error("an absent value has members")
		}
		for range absent.Scalars("x") {
			t.Error("an absent value has members")
		}
		for range absent.Each("x") {
			t.Error("there is something below an absent value")
		}
		if got := texts(absent.EachOrAbsent("x")); !slices.Equal(got, []string{"absent at "}) {
			t.Errorf("below an absent value: %q", got)
		}
	}
}

// choices returns a task definition, as from a template, in which a container, an image and the list of secrets are
// conditionals, and a text has a symbol.
func choices(t *testing.T) *Reader {
	t.Helper()
	doc, problems := tree.ReadJSON("t.json", []byte(`{"x": {"containerDefinitions": [
	  [{"name": "a", "image": ["x", "y", null]}, {"name": "b", "secrets": [[{"name": "A", "valueFrom": "/a"}], [{"name": "B", "valueFrom": "/b"}]]}],
	  {"name": "c", "essential": ["true", 5], "logConfiguration": {"options": ["k", {"awslogs-group": ["/g", "/h"]}]}}]}}`))
	if doc == nil {
		t.Fatal(problems)
	}
	for _, pointer := range []string{"/x/containerDefinitions/0", "/x/containerDefinitions/0/0/image", "/x/containerDefinitions/0/1/secrets", "/x/containerDefinitions/1/essential",
		"/x/containerDefinitions/1/logConfiguration/options", "/x/containerDefinitions/1/logConfiguration/options/1/awslogs-group"} {
		doc.Root.Find(pointer, (*tree.Node).Member).Kind = tree.Choice
	}
	doc.Root.Find("/x/containerDefinitions/0/0/image/1", (*tree.Node).Member).Text = string(policy.Of("Image"))
	symbols := policy.SymbolTable{"Image": {Meaning: policy.MeansImage}}
	list, more := New(doc, []Part{{Root: doc.Root.Member("x"), Form: Form{ScalarsAreStrings: true}}}, symbols, Options{})
	if len(list) != 1 || len(more) > 0 {
		t.Fatalf("problems %+v", more)
	}
	return list[0].Reader()
}

// TestChoices: every way into a value yields every branch.
func TestChoices(t *testing.T) {
	r := choices(t)
	if r.Symbols().Lookup("Image").Meaning != policy.MeansImage {
		t.Error("the symbols are not those that were given")
	}
	var names, images, refs, groups, secrets, essential []string
	for c := range r.Root().Each("containerDefinitions") {
		for _, name := range c.Scalars("name") {
			names = append(names, string(name))
		}
		for v := range c.EachOrAbsent("image") {
			images = append(images, texts(func(yield func(Value) bool) { yield(v) })...)
			refs = append(refs, v.Ref().Container+": "+v.Ref().Field)
		}
		for v := range c.Each("secrets", "valueFrom") {
			text, _ := v.Text()
			secrets = append(secrets, string(text)+" for "+v.Ref().Container+": "+v.Ref().Field)
		}
		for o := range c.Each("logConfiguration", "options") {
			for name, v := range o.Members() {
				text, _ := v.Text()
				groups = append(groups, name+"="+string(text))
			}
		}
		for _, text := range c.Scalars("essential") {
			essential = append(essential, string(text))
		}
	}
	for what, pair := range map[string][2][]string{
		"names":   {names, {"a", "b", "c"}},
		"images":  {images, {"x", string(policy.Of("Image")), "absent at /containerDefinitions/0/0", "absent at /containerDefinitions/0/1", "absent at /containerDefinitions/1"}},
		"secrets": {secrets, {"/a for b: secrets A", "/b for b: secrets B"}},
		"groups":  {groups, {"awslogs-group=/g", "awslogs-group=/h"}},
		"scalars": {essential, {"true", "5"}},
	} {
		for i := range pair[1] {
			pair[1][i] = strings.ReplaceAll(pair[1][i], "absent at /", "absent at /x/")
		}
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s %q, want %q", what, pair[0], pair[1])
		}
	}
	if want := []string{"a: image", "a: image", "a: ", "b: ", "c: "}; !slices.Equal(refs, want) {
		t.Errorf("places %q, want %q", refs, want)
	}
	// A branch of a wrong type is named after the conditional.
	var wrong []string
	for _, p := range r.Problems() {
		wrong = append(wrong, p.Message)
	}
	if want := []string{"essential is a string; ECS wants a boolean", "essential is a number; ECS wants a boolean", "options is a string; ECS wants an object"}; !slices.Equal(wrong, want) {
		t.Errorf("problems %q, want %q", wrong, want)
	}
}

// TestNameRef: a member's name has a place of its own.
func TestNameRef(t *testing.T) {
	for v := range reader(t, containers, Options{}).Root().Each("family") {
		if at := v.NameRef(); at.Column != 2 || at.Offset != 1 || at.Pointer != "/family" || v.Ref().Column != 12 {
			t.Errorf("the name is at %+v, the value at %+v", at, v.Ref())
		}
	}
}

// TestChosenBelow: a value is chosen by the conditionals around it, up to the value that is asked about.
func TestChosenBelow(t *testing.T) {
	var got []string
	root := choices(t).Root()
	for c := range root.Each("containerDefinitions") {
		for name := range c.Each("name") {
			text, _ := name.Text()
			got = append(got, fmt.Sprint(text, " ", name.ChosenBelow(c), name.ChosenBelow(root)))
		}
		for v := range c.Each("secrets", "valueFrom") {
			text, _ := v.Text()
			got = append(got, fmt.Sprint(text, " ", v.ChosenBelow(c), v.ChosenBelow(root)))
		}
	}
	want := []string{"a false true", "b false true", "/a true true", "/b true true", "c false false"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestTogether: branches that exclude each other are not together, until a task definition has asked too often.
func TestTogether(t *testing.T) {
	r := reader(t, `{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "a",
		"Image": {"Fn::If": ["C", "x", "y"]}, "User": {"Fn::If": ["C", "1", "2"]}}]}}}}`, Options{})
	together := func() (pairs []string) {
		for image := range r.Root().Each("containerDefinitions", "image") {
			for user := range r.Root().Each("containerDefinitions", "user") {
				if Together(image, user) {
					a, _ := image.Text()
					b, _ := user.Text()
					pairs = append(pairs, a.String()+b.String())
				}
			}
		}
		return pairs
	}
	if got := together(); !slices.Equal(got, []string{"x1", "y2"}) {
		t.Errorf("together: %v", got)
	}
	r.questions = maxQuestions
	if got := together(); len(got) != 4 {
		t.Errorf("after many questions, together: %v", got)
	}
}
