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

func TestTextAroundSymbols(t *testing.T) {
	text := "a-" + Of(Region) + "-" + Of("Repo.Name") + "/b"
	if before, behind := text.Before(), text.Behind(); before != "a-" || behind != "/b" {
		t.Errorf("before the first symbol is %q, behind the last one %q", before, behind)
	}
	if before, behind := Text("ab").Before(), Text("ab").Behind(); before != "ab" || behind != "ab" {
		t.Errorf("without a symbol: %q and %q", before, behind)
	}
	if got, want := text.Map(strings.ToUpper), "A-"+Of(Region)+"-"+Of("Repo.Name")+"/B"; got != want {
		t.Errorf("Map changed a symbol or left a literal: %q", got)
	}
	if got, want := slices.Collect(text.Split("-")), []Text{"a", Of(Region), Of("Repo.Name") + "/b"}; !slices.Equal(got, want) {
		t.Errorf("Split returned %q", got)
	}
	for range text.Split("-") {
		break
	}
	if rest, ok := text.CutSuffix("/b"); !ok || rest.Behind() != "" {
		t.Errorf("CutSuffix left %q", rest)
	}
	if i, j, n := text.Index("/b"), text.IndexAny("/-"), text.Count("-"); text[i:] != "/b" || j != 1 || n != 2 {
		t.Errorf("Index is %d, IndexAny %d, Count %d", i, j, n)
	}
	if got := Text("//" + Of(Region)).TrimLeft("/"); got != Of(Region) {
		t.Errorf("TrimLeft left %q", got)
	}
}

func TestShapesOfNamesRefuseSymbols(t *testing.T) {
	for _, s := range []Symbol{Partition, Region, AccountID} {
		if text := Of(s); IsPartition(text) || IsRegion(text) || IsAccount(text) || PartitionOf(text) != "" {
			t.Errorf("the symbol %s passes for a value", s)
		}
	}
}
