package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// shownFormula writes a formula.
func shownFormula(f *policy.Formula) string {
	var parts []string
	for _, part := range f.Of {
		parts = append(parts, shownFormula(part))
	}
	switch f.Op {
	case policy.Equals:
		return strings.TrimSpace(fmt.Sprintf("%s=%s %s", f.Variable, f.Value, strings.Join(f.Domain, "|")))
	case policy.Not:
		return "not(" + parts[0] + ")"
	case policy.And:
		return "and(" + strings.Join(parts, ", ") + ")"
	}
	return "or(" + strings.Join(parts, ", ") + ")"
}

// TestFormulas: conditions are taken apart down to the values on which they depend.
func TestFormulas(t *testing.T) {
	const src = `Parameters: {Stage: {Type: String, AllowedValues: [dev, prod]}, Name: {Type: String}}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Turned: !Equals [x, !Ref Name]
  Not: !Not [!Condition Prod]
  And: {'Fn::And': [!Condition Prod, !Equals [!Ref Name, '']]}
  Or: !Or [!Condition Prod, !Condition Nowhere]
  Same: !Equals [a, a]
  Never: !Equals [a, b]
  Two: !Equals [!Ref Name, !Ref Stage]
  Text: !Equals [!Sub 'x-${Name}', x-y]
  Loop: !Not [!Condition Loop]
  Odd: !Contains [[a], a]
Resources: {}
`
	tr := func(set map[string]string) *Template {
		doc, _, problems := tree.Read("f", []byte(src))
		if doc == nil {
			t.Fatal(problems)
		}
		return New(doc, doc.Root, set)
	}
	unknown := tr(nil)
	for name, want := range map[string]string{
		"Prod": "Stage=prod dev|prod", "Turned": "Name=x", "Not": "not(Stage=prod dev|prod)", "And": "and(Stage=prod dev|prod, Name=)",
		"Or": "or(Stage=prod dev|prod, Nowhere=true true|false)", "Same": "and()", "Never": "not(and())", "Two": "${Name} is ${Stage}=true true|false",
		"Text": "x-${Name}=x-y", "Loop": "not(Loop=true true|false)", "Odd": "the condition at 13:8=true true|false",
	} {
		if got := shownFormula(unknown.Formula(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if f := tr(map[string]string{"Stage": "prod"}).Formula("Prod"); shownFormula(f) != "and()" {
		t.Errorf("a given value: %s", shownFormula(f))
	}
}

// TestLargeConditions: conditions that double in size, from one to the next, do not take twice as long each.
func TestLargeConditions(t *testing.T) {
	src := "Parameters: {P: {Type: String}}\nConditions:\n  C0: !Equals [!Ref P, x]\n"
	for i := range 40 {
		src += fmt.Sprintf("  C%d: {'Fn::And': [!Condition C%d, !Condition C%d]}\n", i+1, i, i)
	}
	template := read(t, src+"Resources: {}\n")
	if f := template.Formula("C40"); f.IsLarger(maxFormula) || !f.Possible() {
		t.Error("C40 is too large, or never holds")
	}
	if got := shownFormula(template.Formula("C2")); got != "and(and(P=x, P=x), and(P=x, P=x))" {
		t.Errorf("a small condition: %s", got)
	}
}
