package policy

import (
	"fmt"
	"strings"
	"testing"
)

// TestWorlds: the worlds of formulas are all combinations of values that formulas can tell apart, and of those that can be.
func TestWorlds(t *testing.T) {
	is := func(variable, value string, domain ...string) *Formula {
		return &Formula{Variable: variable, Value: value, Domain: domain}
	}
	not := func(f *Formula) *Formula { return &Formula{Op: Not, Of: []*Formula{f}} }
	prod, dev := is("Stage", "prod", "dev", "prod"), is("Stage", "dev", "dev", "prod")
	for _, c := range []struct {
		name     string
		formulas []*Formula
		known    map[string]string
		want     string // for each world, which formulas hold
	}{
		{"nothing", nil, nil, "-"},
		{"always and never", []*Formula{Always(), not(Always()), {Op: Or}}, nil, "+--"},
		{"any value", []*Formula{is("A", "x"), is("A", "y")}, nil, "+- -+ --"},
		{"all values", []*Formula{prod, dev, not(prod)}, nil, "-++ +--"},
		{"a value that cannot be", []*Formula{is("Stage", "test", "dev", "prod")}, nil, "-"},
		{"a known value", []*Formula{prod, is("A", "x")}, map[string]string{"Stage": "prod"}, "++ +-"},
		{"opaque", []*Formula{Opaque("C"), not(Opaque("C"))}, nil, "+- -+"},
		{"and, or", []*Formula{{Op: And, Of: []*Formula{prod, is("A", "x")}}, {Op: Or, Of: []*Formula{prod, is("A", "x")}}}, nil, "++ -+ -+ --"},
	} {
		worlds, ok := Worlds(c.formulas, c.known, nil)
		var got []string
		for _, w := range worlds {
			var holds strings.Builder
			for _, f := range c.formulas {
				if f.Holds(w) {
					holds.WriteByte('+')
				} else {
					holds.WriteByte('-')
				}
			}
			if c.formulas == nil {
				holds.WriteByte('-')
			}
			got = append(got, holds.String())
		}
		if !ok || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v %q, want %q", c.name, ok, strings.Join(got, " "), c.want)
		}
	}
	var many []*Formula
	for i := range 20 {
		many = append(many, is(fmt.Sprint(i), "x"))
	}
	// Where each value of a domain counts, none of them is only "another one".
	stage := &Formula{Variable: "Stage", Value: "prod", Domain: []string{"dev", "test", "prod"}}
	for each, want := range map[bool]int{true: 3, false: 2} {
		if worlds, ok := Worlds([]*Formula{stage}, nil, func(string) bool { return each }); !ok || len(worlds) != want {
			t.Errorf("each value counts: %v: worlds %v, want %d", each, worlds, want)
		}
	}
	// Of two mappings, the region can be a row of each.
	one, other := &Formula{Variable: "R", Value: "a", Domain: []string{"a", "b"}}, &Formula{Variable: "R", Value: "c", Domain: []string{"a", "c"}}
	if worlds, ok := Worlds([]*Formula{one, other}, nil, nil); !ok || len(worlds) != 3 {
		t.Errorf("two domains: worlds %v, want a, b and c", worlds)
	}
	if _, ok := Worlds(many, nil, nil); ok {
		t.Error("there are as many worlds as 2 to the power of 20, and all are looked at")
	}
}

// TestThingsDiffer: things of an input are not the same, in the same place of a pattern.
func TestThingsDiffer(t *testing.T) {
	symbols := SymbolTable{
		"A": {Meaning: MeansSecretARN, Distinct: true}, "B": {Meaning: MeansSecretARN, Distinct: true}, "P": {Meaning: MeansSecretARN}, "SameAsA": {Meaning: MeansSecretARN, Same: Of("A")},
		"L": {Meaning: MeansLogGroupName, Distinct: true}, "M": {Meaning: MeansLogGroupName, Distinct: true}, "X": {Meaning: MeansBucketName, Distinct: true}, "Y": {Meaning: MeansBucketName, Distinct: true},
	}
	for _, c := range []struct {
		of, by Text
		want   Coverage
	}{
		{Of("A"), Of("A"), CoversAll},
		{Of("A"), Of("B"), CoversNone},
		{Of("A"), Of("P"), CoverageUnknown},
		{Of("A"), Of("SameAsA"), CoversAll},
		{Of("A") + "x", Of("B") + "x", CoverageUnknown}, // an ARN and what follows it have no border
		{"g:" + Of("L") + ":s", "g:" + Of("M") + ":*", CoversNone},
		{"g:" + Of("L") + ":s", "g:" + Of("M") + "*", CoverageUnknown},
		{"g:" + Of("L") + "/a", "g:" + Of("M") + "/*", CoverageUnknown}, // names of log groups have slashes
		{"b:" + Of("X") + "/a", "b:" + Of("Y") + "/*", CoversNone},
		{Of(Region) + Of("L"), Of(Region) + Of("M"), CoversNone},
		{Of("L"), Of("X"), CoverageUnknown},
	} {
		if got := symbols.Pattern(c.of, nil).CoveredBy(symbols.Pattern(c.by, nil)); got != c.want {
			t.Errorf("%s by %s: %v, want %v", c.of, c.by, got, c.want)
		}
	}
}
