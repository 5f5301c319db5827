package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	arn := "arn:" + Of(Partition) + ":ssm:" + Of(Region) + ":" + Of(AccountID) + ":parameter/" + "a/b"
	if got, want := arn.String(), "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a/b"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if got := len(strings.Split(string(arn), ":")); got != 6 {
		t.Errorf("the ARN splits into %d parts at its colons, want 6: a symbol was cut", got)
	}
	if got, want := arn.Symbols(), []Symbol{Partition, Region, AccountID}; !slices.Equal(got, want) {
		t.Errorf("Symbols() = %q, want %q", got, want)
	}
	if arn.IsLiteral() || !Text("a").IsLiteral() {
		t.Error("IsLiteral is wrong")
	}
	if got := Of(Region).Expand(func(string) string { return "literal" }, func(s Symbol) string { return string(s) }); got != "AWS::Region" {
		t.Errorf("a symbol alone expands to %q", got)
	}
	if got := Text("").Expand(func(s string) string { return "[" + s + "]" }, nil); got != "[]" {
		t.Errorf("the empty text expands to %q: a literal must still be written", got)
	}
}
