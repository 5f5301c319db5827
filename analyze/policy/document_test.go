package policy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestService(t *testing.T) {
	service := Principal{ServicePrincipal, []Text{"ecs-tasks.amazonaws.com"}}
	for _, tt := range []struct {
		principals []Principal
		want       string
	}{
		{[]Principal{service}, "ecs-tasks.amazonaws.com"},
		{nil, ""},
		{[]Principal{{Type: AnyPrincipal}}, ""},
		{[]Principal{{AWSPrincipal, service.IDs}}, ""},
		{[]Principal{service, {AWSPrincipal, []Text{"111122223333"}}}, ""},
		{[]Principal{{ServicePrincipal, []Text{"a", "b"}}}, ""},
	} {
		s := Statement{Principals: tt.principals}
		if got := s.Service(); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.principals, got, tt.want)
		}
	}
}

// TestSortSources: sorted, each once, and the list that was given stays.
func TestSortSources(t *testing.T) {
	a, b, c := Source{Container: "a", Field: "x", Requirement: 2}, Source{Container: "a", Field: "y", Requirement: 1}, Source{Container: "b", Field: "x", Requirement: 3}
	for _, tt := range []struct{ in, want []Source }{
		{nil, nil},
		{[]Source{a}, []Source{a}},
		{[]Source{a, b, c}, []Source{a, b, c}},
		{[]Source{c, a, b}, []Source{a, b, c}},
		{[]Source{a, a}, []Source{a}},
		{[]Source{a, b, b, c}, []Source{a, b, c}},
	} {
		before := slices.Clone(tt.in)
		if got := SortSources(tt.in); !slices.Equal(got, tt.want) || !slices.Equal(tt.in, before) {
			t.Errorf("%v: %v, want %v", before, got, tt.want)
		}
	}
}

// TestAskers: a requirement asked for a statement if it asked for one of its resources and one value of each condition.
func TestAskers(t *testing.T) {
	from := func(numbers ...int) (list []Source) {
		for _, n := range numbers {
			list = append(list, Source{Container: "app", Field: []string{"image", "secrets A", "secrets B"}[n%3], Requirement: n})
		}
		return list
	}
	value := func(t Text, numbers ...int) Value { return Value{Text: t, From: from(numbers...)} }
	condition := func(values ...Value) Condition { return Condition{"StringEquals", "k", values} }
	for _, tt := range []struct {
		name           string
		s              Statement
		askers, fields []Source
	}{
		{"nothing", Statement{}, []Source{}, []Source{}},
		{"one resource", Statement{Resources: []Value{value("a", 2, 1)}}, from(1, 2), from(1, 2)},
		{"two of one field", Statement{Resources: []Value{value("a", 1, 4), value("b", 1)}}, from(1, 4), from(1)},
		{"a condition that all have", Statement{Resources: []Value{value("a", 1), value("b", 2)}, Conditions: []Condition{condition(value("v", 1, 2))}}, from(1, 2), from(1, 2)},
		{"a part of a condition", Statement{Resources: []Value{value("a", 1, 2)}, Conditions: []Condition{condition(value("v", 2), value("w", 3))}}, from(2), from(2)},
		{"two conditions", Statement{Resources: []Value{value("a", 1, 2, 3)}, Conditions: []Condition{condition(value("v", 1, 2)), condition(value("w", 2, 3))}}, from(2), from(2)},
		{"a condition without sources", Statement{Resources: []Value{value("a", 1)}, Conditions: []Condition{condition(Value{Text: "v"}, value("w", 2))}}, from(1), from(1)},
	} {
		if diff := cmp.Diff(tt.askers, tt.s.Askers()); diff != "" {
			t.Errorf("%s: askers (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.fields, tt.s.Fields()); diff != "" {
			t.Errorf("%s: fields (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestReasons(t *testing.T) {
	s := Statement{Resources: []Value{{Text: "a", Reasons: []string{"Z.", "A."}}, {Text: "b"}, {Text: "c", Reasons: []string{"A."}}}}
	if diff := cmp.Diff([]string{"A.", "Z."}, s.Reasons()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestMergeOnlyWhatIsAlike: statements that differ in more than resources or values stay apart, and reasons and sources of
// one text come together.
func TestMergeOnlyWhatIsAlike(t *testing.T) {
	allow := func(resource Value) Statement {
		return Statement{Sid: "S", Actions: []string{"a:b"}, Resources: []Value{resource}}
	}
	deny, not, other := allow(Value{Text: "r"}), allow(Value{Text: "r"}), allow(Value{Text: "r"})
	deny.Effect = Deny
	not.Actions, not.NotActions = nil, []string{"a:b"}
	other.Principals = []Principal{{AWSPrincipal, []Text{"111122223333"}}}
	one := Value{Text: "r", From: []Source{{Field: "b", Requirement: 2}}, Reasons: []string{"B.", "A."}}
	two := Value{Text: "r", From: []Source{{Field: "a", Requirement: 1}}, Reasons: []string{"B."}}
	both := Value{Text: "r", From: []Source{{Field: "a", Requirement: 1}, {Field: "b", Requirement: 2}}, Reasons: []string{"A.", "B."}}
	got := Merge([]Statement{allow(one), deny, not, other, deny, allow(two)})
	want := []Statement{allow(both), deny, not, other, deny}
	for i, sid := range []string{"S", "S2", "S3", "S4", "S5"} {
		want[i].Sid = sid
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPropertyList(t *testing.T) {
	full := Properties{Path: "/a/", PermissionsBoundary: "arn", Tags: []Tag{{"k", "v"}}, Description: "d", MaxSessionDuration: 3600}
	want := []Property{
		{Key: "RoleName", Words: "name", Text: "n"}, {Key: "Path", Words: "path", Text: "/a/"}, {Key: "Description", Words: "description", Text: "d"},
		{Key: "PermissionsBoundary", Words: "permissions boundary", Text: "arn"}, {Key: "MaxSessionDuration", Words: "maximum session duration", Number: 3600},
		{Key: "Tags", Words: "tags", Tags: full.Tags},
	}
	if diff := cmp.Diff(want, full.List("n")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if list := (Properties{}).List(""); len(list) != 0 {
		t.Errorf("no property is set, and there are %v", list)
	}
}

// TestWhen: a value that several requirements asked for is there where one of them is, and a statement where one of its
// resources is.
func TestWhen(t *testing.T) {
	allow := func(when When, resource Text, values ...Value) Statement {
		s := Statement{Sid: "S", Actions: []string{"a:b"}, Resources: []Value{{Text: resource, When: when}}}
		if values != nil {
			s.Conditions = []Condition{{Operator: "StringEquals", Key: "k", Values: values}}
		}
		return s
	}
	a, b := WhenAny("A"), WhenAny("B")
	for _, tt := range []struct {
		name       string
		statements []Statement
		resources  []When
		values     []When // of the condition
		statement  When
	}{
		{"always", []Statement{allow(nil, "r")}, []When{nil}, nil, nil},
		{"one", []Statement{allow(a, "r")}, []When{a}, nil, a},
		{"two", []Statement{allow(b, "r"), allow(a, "s")}, []When{b, a}, nil, WhenAny("B", "A")},
		{"one of two", []Statement{allow(a, "r"), allow(nil, "s")}, []When{a, nil}, nil, nil},
		{"the same resource", []Statement{allow(a, "r"), allow(b, "r"), allow(a, "r")}, []When{WhenAny("A", "B")}, nil, WhenAny("A", "B")},
		{"the same resource always", []Statement{allow(a, "r"), allow(nil, "r")}, []When{nil}, nil, nil},
		{"values", []Statement{allow(a, "r", Value{Text: "x", When: a}), allow(b, "r", Value{Text: "y", When: b})},
			[]When{WhenAny("A", "B")}, []When{a, b}, WhenAny("A", "B")},
		{"resources of one value", []Statement{allow(a, "r", Value{Text: "x", When: a}), allow(b, "s", Value{Text: "x", When: b})},
			[]When{a, b}, []When{WhenAny("A", "B")}, WhenAny("A", "B")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			merged := Merge(tt.statements)
			if len(merged) != 1 {
				t.Fatalf("%d statements", len(merged))
			}
			whens := func(list []Value) (whens []When) {
				for _, v := range list {
					whens = append(whens, v.When)
				}
				return whens
			}
			if diff := cmp.Diff(tt.resources, whens(merged[0].Resources)); diff != "" {
				t.Errorf("resources (-want +got):\n%s", diff)
			}
			if tt.values != nil {
				if diff := cmp.Diff(tt.values, whens(merged[0].Conditions[0].Values)); diff != "" {
					t.Errorf("values (-want +got):\n%s", diff)
				}
			}
			if got := NewDocument(merged...).When(); !got.Equal(tt.statement) {
				t.Errorf("the statement is there when %v, want %v", got, tt.statement)
			}
		})
	}
	if NewDocument().When() != nil || (&Statement{}).When() != nil {
		t.Error("what is empty has a condition")
	}
	if When(nil).Equal(a) || !a.Equal(WhenAny("A", "A")) || a.Equal(b) || WhenAny() != nil {
		t.Error("conditions that are the same are not equal, or others are")
	}
}
