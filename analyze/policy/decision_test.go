package policy

import "testing"

// TestDecision: a decision knows what it was made of.
func TestDecision(t *testing.T) {
	for want, c := range map[Symbol]struct {
		branches []Branch
		given    Symbol
	}{
		"!Condition A":                                     {[]Branch{{"A", false}}, ""},
		"!Not [!Condition A]":                              {[]Branch{{"A", true}}, ""},
		"!Condition B and !Not [!Condition A]":             {[]Branch{{"A", true}, {"B", false}}, ""},
		"!Given x and !Condition y":                        {nil, "x and !Condition y"},
		"!Condition A and !Condition B and !Given a and b": {[]Branch{{"A", false}, {"B", false}}, "a and b"},
	} {
		s := DecisionOf(append(c.branches, c.branches...), c.given)
		if s != want {
			t.Errorf("%v: %q, want %q", c, s, want)
		}
		branches, given, ok := s.Decision()
		if again := DecisionOf(branches, given); !ok || again != s || len(branches) != len(c.branches) || given != c.given {
			t.Errorf("%q: %v, %q, %v", s, branches, given, ok)
		}
	}
	for _, s := range []Symbol{"", "A", "!Ref A", "!Condition A and B"} {
		if branches, given, ok := s.Decision(); ok {
			t.Errorf("%q: %v, %q", s, branches, given)
		}
	}
}

// TestSimplified: a condition says nothing twice, and what is needed in every case has none.
func TestSimplified(t *testing.T) {
	a, b, c := Branch{"A", false}, Branch{"B", false}, Branch{"C", false}
	notA, notB := Branch{"A", true}, Branch{"B", true}
	d := func(given Symbol, branches ...Branch) Symbol { return DecisionOf(branches, given) }
	for _, tt := range []struct{ in, want []Symbol }{
		{[]Symbol{d("", a)}, []Symbol{d("", a)}},
		{[]Symbol{d("", a), d("", notA)}, nil},
		{[]Symbol{d("", a), d("", b)}, []Symbol{d("", a), d("", b)}},
		{[]Symbol{d("", a, b), d("", a, notB)}, []Symbol{d("", a)}},
		{[]Symbol{d("", a, b), d("", a, notB), d("", notA)}, nil},
		{[]Symbol{d("", a), d("", a, b), d("", a, b, c)}, []Symbol{d("", a)}},
		{[]Symbol{d("", a, b), d("", notA, notB)}, []Symbol{d("", a, b), d("", notA, notB)}},
		{[]Symbol{d("", a, b), d("", notA, c)}, []Symbol{d("", a, b), d("", notA, c)}},
		{[]Symbol{d("x", a), d("x", notA)}, []Symbol{"x"}},
		{[]Symbol{d("x", a), d("", notA)}, []Symbol{d("x", a), d("", notA)}},
		{[]Symbol{d("x", a), d("y", notA)}, []Symbol{d("x", a), d("y", notA)}},
		{[]Symbol{"x", "y", d("", a)}, []Symbol{"x", "y", d("", a)}},
	} {
		if got := WhenAny(tt.in...); !got.Equal(WhenAny(tt.want...)) || len(got) != len(tt.want) {
			t.Errorf("%q becomes %q, want %q", tt.in, got, tt.want)
		}
	}
}
