package emit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	goccy "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

// Two parsers that share no code: what both read as the same string, others will too.
var yamlParsers = []struct {
	name      string
	unmarshal func([]byte, any) error
}{
	{"goccy/go-yaml", func(b []byte, v any) error { return goccy.Unmarshal(b, v) }},
	{"yaml/v3", yamlv3.Unmarshal},
}

func TestQuotedScalars(t *testing.T) {
	for _, s := range sample.Strings {
		checkQuoted(t, s)
	}
}

func FuzzQuotedScalars(f *testing.F) {
	for _, s := range sample.Strings {
		f.Add(s)
	}
	f.Fuzz(checkQuoted)
}

// TestPrinting has trees printed as the library's own printing does it: those of all samples, and what these do not have.
func TestPrinting(t *testing.T) {
	trees := map[string]*node{"lists": objectNode(
		pair{"empty", listNode()},
		pair{"list", listNode(wordNode("a"), listNode(wordNode("b"), listNode(stringNode(" c"))), listNode(), objectNode())},
		pair{"mappings", &node{kind: listKind, comments: [][]string{{"one", "two"}, nil}, elements: []*node{
			objectNode(pair{"a", listNode(objectNode(pair{"b", callNode("Fn::Join", listNode(stringNode("")))}))}, pair{"c", numberNode(1)}),
			callNode("Ref", wordNode("D")),
		}}},
	)}
	for name, role := range sample.Roles() {
		template, err := cfnTemplate(role, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		trees[name] = template
	}
	for name, tree := range trees {
		root := tree.yaml().(*ast.MappingNode)
		got := string(yamlBytes(root))
		placeTokens(root, 1)
		if want := root.String() + "\n"; got != want {
			t.Errorf("%s: the library prints\n%s\nand this package\n%s", name, want, got)
		}
		var value any
		if err := yamlv3.Unmarshal([]byte(got), &value); err != nil {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

// placeTokens gives the blocks below a node tokens of their own, in whose positions the library keeps indentation. A column
// counts from 1.
func placeTokens(node ast.Node, column int) {
	position := &token.Token{Type: token.StringType, Position: &token.Position{Column: column}}
	switch n := node.(type) {
	case *ast.MappingNode:
		n.Start = position
		for _, v := range n.Values {
			v.Key.(*ast.StringNode).Token = position
			placeTokens(v.Value, column+2)
		}
	case *ast.SequenceNode:
		n.Start = position
		for _, v := range n.Values {
			placeTokens(v, column+2)
		}
	}
}

// checkQuoted reads a string back from every place in a tree that can have a quoted scalar.
func checkQuoted(t *testing.T, s string) {
	want := strings.ToValidUTF8(s, "\ufffd")
	if s != want {
		return // every format refuses those before they come here
	}
	tagged := yamlTag("!Sub", yamlQuoted(s))
	key := s
	if len(quote(s, dialectYAML)) > 1000 {
		key = "long" // YAML ends a key without "?" at 1024 characters; execrole's keys are names of IAM's
	}
	text := yamlBytes(yamlMapping(
		yamlPair{key, yamlQuoted(s)},
		yamlPair{"zz-list", yamlSequence(yamlQuoted(s), yamlMapping(yamlPair{"in", yamlQuoted(s)}, yamlPair{"deep", yamlSequence(yamlQuoted(s), tagged)}))},
		yamlPair{"zz-tagged", yamlTag("!Sub", yamlQuoted(s))},
		yamlPair{"zz-plain", yamlPlain(s)},
		yamlPair{"zz-last", yamlPlain("end")},
	))
	sample.CheckPrintable(t, text)
	for _, parser := range yamlParsers {
		var got any
		if err := parser.unmarshal(text, &got); err != nil {
			t.Errorf("%q: %s: %v\n%s", s, parser.name, err, text)
			continue
		}
		for _, path := range [][]any{
			{key}, {"zz-list", 0}, {"zz-list", 1, "in"}, {"zz-list", 1, "deep", 0}, {"zz-list", 1, "deep", 1}, {"zz-tagged"}, {"zz-plain"},
		} {
			if v := dig(got, path...); v != s {
				t.Errorf("%q: %s: %v is %#v\n%s", s, parser.name, path, v, text)
			}
		}
		if dig(got, "zz-last") != "end" {
			t.Errorf("%q: %s: lost what follows\n%s", s, parser.name, text)
		}
	}
}

func TestQuote(t *testing.T) {
	tests := []struct{ in, yaml, json string }{
		{"", `""`, `""`},
		{`a"\/`, `"a\"\\/"`, `"a\"\\/"`},
		{"\b\f\n\r\t\x00\x1f\x7f", `"\b\f\n\r\t\u0000\u001f\u007f"`, `"\b\f\n\r\t\u0000\u001f\u007f"`},
		{"\u0085\u00a0é\u2028\ufeff\ufffe", `"\u0085\u00a0é\u2028\ufeff\ufffe"`, `"\u0085\u00a0é\u2028\ufeff\ufffe"`},
		{"\U0001f600\U000f0000", `"😀\U000f0000"`, `"\ud83d\ude00\udb80\udc00"`},
		{"日本", `"日本"`, `"\u65e5\u672c"`},
		{"<&>'", `"<&>'"`, `"<&>'"`},
	}
	for _, tt := range tests {
		if got := quote(tt.in, dialectYAML); got != tt.yaml {
			t.Errorf("YAML %q: %s, want %s", tt.in, got, tt.yaml)
		}
		if got := quote(tt.in, dialectIAM); got != tt.json {
			t.Errorf("JSON %q: %s, want %s", tt.in, got, tt.json)
		}
	}
}

func TestPlainScalars(t *testing.T) {
	for _, s := range []string{"Allow", "ecr:BatchGetImage", "AWS::IAM::Role", "TaskExecutionRole.Arn", "Fn::Sub", "aws:SourceArn", "kms:EncryptionContext:aws:s3:arn"} {
		if got := yamlPlain(s).String(); got != s {
			t.Errorf("%q is written %s", s, got)
		}
	}
	for _, s := range []string{"", "*", "y", "n", "yes", "no", "On", "off", "True", "false", "NULL", "N", "1", "a:", "a b", "-", "2010-09-09"} {
		if got := yamlPlain(s).String(); !strings.HasPrefix(got, `"`) {
			t.Errorf("%q is written %s", s, got)
		}
	}
}

func TestComments(t *testing.T) {
	tests := []struct {
		source policy.Source
		want   string
	}{
		{policy.Source{Container: "app", Field: "secrets DB_PASSWORD"}, "app: secrets DB_PASSWORD"},
		{policy.Source{Field: "volumes data"}, "volumes data"},
		{policy.Source{Container: "app"}, "app"},
		{policy.Source{}, `""`},
		{policy.Source{Container: "a\nb: c", Field: "x\u2028y"}, `"a\nb: c": "x\u2028y"`},
		{policy.Source{Container: " a", Field: "x "}, `" a": "x "`},
		{policy.Source{Container: "a\xff\u202e", Field: "x\u0085#"}, `"a\xff\u202e": "x\u0085#"`},
	}
	for _, tt := range tests {
		if got := sourceComment(tt.source); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.source, got, tt.want)
		}
	}
	for source, want := range map[string]string{
		"":             "Code generated by execrole from standard input; DO NOT EDIT.",
		"web.json":     "Code generated by execrole from web.json; DO NOT EDIT.",
		"a\r\nb: json": `Code generated by execrole from "a\r\nb: json"; DO NOT EDIT.`,
	} {
		if got := headerComment(Options{Source: source}); got != want {
			t.Errorf("%q: %s, want %s", source, got, want)
		}
	}
}

// TestPassComment: a parameter has a comment with the expression that the input has in its place.
func TestPassComment(t *testing.T) {
	for expression, want := range map[string]string{
		"!Ref Database":                     "pass !Ref Database",
		`!Select [1, !Split [":", !Ref A]]`: `pass !Select [1, !Split [":", !Ref A]]`,
		"!Ref A # not a comment: b":         "pass !Ref A # not a comment: b",
		"":                                  "",
		"!Ref A\n  B: x":                    `pass "!Ref A\n  B: x"`,
		"!Ref A\r":                          `pass "!Ref A\r"`,
		"!Ref A\u2028B":                     `pass "!Ref A\u2028B"`,
		" !Ref A":                           `pass " !Ref A"`,
		"!Ref A\t":                          `pass "!Ref A\t"`,
		"!Ref \u202eA":                      `pass "!Ref \u202eA"`,
	} {
		if got := passComment(input{info: policy.SymbolInfo{Expression: expression}}); got != want {
			t.Errorf("%q: %s, want %s", expression, got, want)
		}
	}
	if got, want := passComment(input{of: "a\nb", info: policy.SymbolInfo{Expression: "!Ref A"}}), `pass !Ref A in "a\nb"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := passComment(input{info: policy.SymbolInfo{Expression: "A", Description: "The value"}}); got != "" {
		t.Errorf("a comment on a placeholder: %s", got)
	}
}

// checkPassComment puts an expression into a comment between parameters, and reads these back.
func checkPassComment(t *testing.T, expression string) {
	parameters := objectNode(pair{"First", objectNode(pair{"Type", wordNode("String")})},
		pair{"Second", cfnParameter(input{symbol: "Second", info: policy.SymbolInfo{Meaning: policy.MeansText, Expression: expression}})}, pair{"Third", wordNode("x")})
	text := yamlBytes(objectNode(pair{"Parameters", parameters}).yaml().(*ast.MappingNode))
	sample.CheckPrintable(t, text)
	for _, parser := range yamlParsers {
		var got map[string]map[string]any
		if err := parser.unmarshal(text, &got); err != nil || len(got["Parameters"]) != 3 || dig(got["Parameters"]["Second"], "Type") != "String" {
			t.Errorf("%q: %s: %v, %v\n%s", expression, parser.name, got, err, text)
		}
	}
}

func FuzzPassComment(f *testing.F) {
	for _, s := range sample.Strings {
		f.Add(s)
		f.Add("!Ref " + s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 { // no reader lets others in
			checkPassComment(t, s)
		}
	})
}

func FuzzComments(f *testing.F) {
	for _, s := range sample.Strings {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, container, field string) {
		comment := sourceComment(policy.Source{Container: container, Field: field})
		sample.CheckPrintable(t, []byte(comment))
		if strings.Contains(comment, "\n") {
			t.Errorf("a line break in %q", comment)
		}
		root := yamlMapping(yamlPair{"list", yamlSequence(yamlPlain("a"), yamlPlain("b"))})
		root.Comment = yamlComment(comment)
		text := yamlBytes(root)
		for _, parser := range yamlParsers {
			var got map[string][]string
			if err := parser.unmarshal(text, &got); err != nil || !slices.Equal(got["list"], []string{"a", "b"}) || len(got) != 1 {
				t.Errorf("%s: %v, %v\n%s", parser.name, got, err, text)
			}
		}
	})
}

func BenchmarkCloudFormation(b *testing.B) { benchmark(b, CloudFormation) }
func BenchmarkJSON(b *testing.B)           { benchmark(b, IAMJSON) }

// benchmark spreads the resources over ten statements: time has to grow as their number does.
func benchmark(b *testing.B, f *Format) {
	for _, n := range []int{10, 100, 1000, 10000} {
		role := &policy.Role{Family: "web", Trust: sample.Trust(), Inline: []policy.Policy{{Name: "TaskExecution"}}}
		document := &role.Inline[0].Document
		for i := range n {
			if i%(n/10) == 0 {
				document.Statements = append(document.Statements, policy.Statement{
					Sid: fmt.Sprint("Secrets", i), Actions: []string{"secretsmanager:GetSecretValue"}})
			}
			s := &document.Statements[len(document.Statements)-1]
			s.Resources = append(s.Resources, policy.Value{
				Text: policy.Text(fmt.Sprintf("arn:%s:secretsmanager:%s:%s:secret:db-%d-??????", partition, region, account, i)),
				From: []policy.Source{{Container: "app", Field: fmt.Sprintf("secrets DB_%d", i)}},
			})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Emit(sample.In(ownValues, role), Options{Source: "web.json"}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/resource")
		})
	}
}

// TestShared: nodes share what says nothing, so that nobody may change it.
func TestShared(t *testing.T) {
	for name, role := range sample.Asking() {
		if _, err := CloudFormation.Emit(role, Options{Source: name}); err != nil {
			t.Fatal(err)
		}
	}
	if noComment.Comment != nil {
		t.Errorf("every node has the comment %s", noComment.Comment)
	}
	if want := (token.Token{Type: token.StringType, Position: noToken.Position}); noToken != want || *noToken.Position != (token.Position{}) {
		t.Errorf("every node has the token %+v at %+v", noToken, *noToken.Position)
	}
}
