package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestMappingLookup(t *testing.T) {
	m := Mapping{Rows: []Row{{"eu-west-1", "1"}, {"us-east-1", "2"}, {"us-west-2", "3"}}}
	for region, want := range map[string]string{"eu-west-1": "1", "us-east-1": "2", "us-west-2": "3", "us-east-2": "", "": "", "zz": ""} {
		if got, ok := m.Lookup(region); got != want || ok != (want != "") {
			t.Errorf("Lookup(%q) = %q, %v", region, got, ok)
		}
	}
}

func TestRoleName(t *testing.T) {
	for name, want := range map[string]string{
		"":                                 "",
		"aZ09+=,.@-_":                      "",
		strings.Repeat("a", MaxRoleName):   "",
		strings.Repeat("a", MaxRoleName+1): "has 65 characters; IAM allows 64",
		"a b":                              `has ' '; IAM allows`,
		"a/b":                              `has '/'`,
		"é":                                `has 'é'`,
		strings.Repeat("é", MaxRoleName+1) + "x": "has 66 characters",
	} {
		err := Options{Name: name}.Check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("role name %q: error %v, want %q", name, err, want)
		}
	}
}

// TestSymbolsOfDocuments: each once, in the order of their first use, in resources and in conditions.
func TestSymbolsOfDocuments(t *testing.T) {
	documents := []Document{
		{Statements: []Statement{
			{Resources: Values("a" + Of(Region) + Of(Partition)), Conditions: []Condition{{Values: Values(Of("X"), Of(Region))}}},
			{Resources: Values("*")},
		}},
		{Statements: []Statement{{Resources: Values(Of("X") + Of(AccountID))}}},
	}
	if got, want := Symbols(documents...), []Symbol{Region, Partition, "X", AccountID}; !slices.Equal(got, want) {
		t.Errorf("Symbols = %q, want %q", got, want)
	}
	if got := Symbols(Document{}); got != nil {
		t.Errorf("an empty document has the symbols %q", got)
	}
}

func TestPackNothing(t *testing.T) {
	if inline, managed, err := Pack(Name, nil, 0, nil); inline != nil || managed != nil || err != nil {
		t.Errorf("%v, %v, %v", inline, managed, err)
	}
}

// TestSymbolTable: what is known of a symbol, and how long it is in a policy's size.
func TestSymbolTable(t *testing.T) {
	table := SymbolTable{"Bucket": {Kind: Resource, Meaning: MeansBucketName, MaxLength: 63}, "Other": {Kind: Parameter}, Region: {Meaning: MeansRegion, MaxLength: 9}}
	for symbol, want := range map[Symbol]Meaning{"Bucket": MeansBucketName, "Other": MeansUnknown, "Nothing": MeansUnknown, AccountID: MeansAccount, URLSuffix: MeansDomain, Partition: MeansPartition} {
		if got := table.Lookup(symbol).Meaning; got != want {
			t.Errorf("%s means %q, want %q", symbol, got, want)
		}
	}
	size := func(text Text) int {
		return Document{Statements: []Statement{{Sid: "S", Actions: []string{"s3:GetObject"}, Resources: Values(text)}}}.Size(table)
	}
	empty := size("")
	for text, want := range map[Text]int{
		"abc": 3, `a"\`: 5, "a b\t": 4, "\u00a0\u0085": 12, "\n": 2, "é日": 2, Of("Bucket"): 63, "x" + Of(Region) + "y": 11, Of(AccountID): 12, Of("Other"): 128, Of("Nothing"): 128,
	} {
		if got := size(text) - empty; got != want {
			t.Errorf("%q has the size %d, want %d", text, got, want)
		}
	}
}

// TestDocumentSize compares with the JSON, written by hand without white space.
func TestDocumentSize(t *testing.T) {
	condition := func(operator, key string, values ...Text) Condition {
		return Condition{operator, key, Values(values...)}
	}
	for want, statement := range map[string]Statement{
		`{"Effect":"Deny","Principal":"*","NotAction":"a:b","NotResource":["x","y"],"Condition":{"Bool":{"k":[]}}}`: {
			Effect: Deny, Principals: []Principal{{Type: AnyPrincipal}}, NotActions: []string{"a:b"}, NotResources: Values("x", "y"),
			Conditions: []Condition{{"Bool", "k", Values()}},
		},
		`{"Effect":"Allow","Principal":{"AWS":["a","b"],"Service":"c"},"Action":[]}`: {
			Principals: []Principal{{AWSPrincipal, []Text{"a", "b"}}, {ServicePrincipal, []Text{"c"}}}, Actions: []string{},
		},
		`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}`: {
			Principals: []Principal{{ServicePrincipal, []Text{"ecs-tasks.amazonaws.com"}}}, Actions: []string{"sts:AssumeRole"},
		},
		`{"Sid":"A","Effect":"Allow","Action":["a:B","c:D"],"Resource":["x","y"],"Condition":{"ArnLike":{"k":"v"},"StringEquals":{"l":["v","w"],"m":"v"}}}`: {
			Sid: "A", Actions: []string{"a:B", "c:D"}, Resources: Values("x", "y"),
			Conditions: []Condition{condition("ArnLike", "k", "v"), condition("StringEquals", "l", "v", "w"), condition("StringEquals", "m", "v")},
		},
	} {
		frame := `{"Version":"2012-10-17","Statement":[` + want + `,` + want + `]}`
		if got := (Document{Statements: []Statement{statement, statement}}).Size(nil); got != len(frame) {
			t.Errorf("size %d, want %d of %s", got, len(frame), frame)
		}
	}
}
