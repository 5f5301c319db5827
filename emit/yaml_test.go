package emit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	goccy "github.com/goccy/go-yaml"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/analyze/policy"
)

// Two parsers that share no code: what both read as the same string, others will too.
var yamlParsers = []struct {
	name      string
	unmarshal func([]byte, any) error
}{
	{"goccy/go-yaml", func(b []byte, v any) error { return goccy.Unmarshal(b, v) }},
	{"yaml/v3", yamlv3.Unmarshal},
}

// trickyStrings are those that some YAML or JSON writer or reader is known to take for something else.
var trickyStrings = []string{
	"", " ", "  ", "a b", " a", "a ", "\t", "\ta", "a\t", "\n", "a\n", "\na", "a\nb", "a\n\nb", "a\r\nb", "\r", "a\rb",
	"\x00", "\x01", "\x07", "\b", "\v", "\f", "\x1b[31mred", "\x1f", "\x7f", "a\x00b",
	"\u0080", "\u0085", "a\u0085b", "\u009b31m", "\u00a0", "\u00ad", "\u00e9", "e\u0301",
	"\u200b", "\u200d", "\u200e", "\u202e", "a\u202eb\u202c", "\u2028", "a\u2028b", "\u2029", "\u2066", "\u3000", "\ue000",
	"\ufeff", "a\ufeffb", "\ufffd", "\ufffe", "\uffff", "\U0001f600", "\U0001f468\u200d\U0001f469", "\U0001d11e", "\U000e0001", "\U000f0000", "\U0010ffff", "\U0001fffe",
	"~", "null", "Null", "NULL", "true", "True", "yes", "Yes", "no", "NO", "on", "off", "y", "n", "Y", "N",
	"0", "-1", "+1", "1.0", "1e3", "0x1F", "0o14", "014", "1_000", "190:20:30", ".inf", "-.inf", ".nan", "NaN", "2010-09-09", "2001-12-14t21:59:43.10-05:00",
	"-", "- a", "--- ", "---", "...", "?", "? a", ":", ": a", "a:", "a: b", "a:b", "a::b", "#", "# a", "a #b", "a# b",
	"&a", "*a", "!a", "!Ref x", "!!str a", "|", ">", ">-", "|2", "%", "%YAML 1.2", "@", "`", "=", "<<", "{", "}", "[", "]", "{}", "[]", "{a: b}", "[a, b]", ",", "a,b",
	"'", "''", "'a'", `"`, `""`, `"a"`, `a"b`, `\`, `\\`, `\n`, `\u0041`, `a\`, `\"`, `"\`,
	"$", "$$", "${", "${}", "${*}", "${?}", "${$}", "${!x}", "${AWS::Region}", "a${", "a$", "{a", "{AWS::Region}", "${Literal1}", "$${AWS::Region}", "{{resolve:ssm:a}}", "{{resolve", "{{ x }}",
	"\" # x", "\"\nResources: {}\n", "x\n  Evil: true", "\n- a", "*/", "-->", "'''", `"""`, "<!--", "</script>", "&lt;",
	strings.Repeat("long ", 400), strings.Repeat("\U0001f600", 50), "a\xffb", "\xed\xa0\x80",
}

func TestQuotedScalars(t *testing.T) {
	for _, s := range trickyStrings {
		checkQuoted(t, s)
	}
}

func FuzzQuotedScalars(f *testing.F) {
	for _, s := range trickyStrings {
		f.Add(s)
	}
	f.Fuzz(checkQuoted)
}

// checkQuoted reads a string back from every place in a tree where a quoted scalar can stand.
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
	CheckPrintable(t, text)
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

// checkPrintable fails where the output holds anything that a reviewer would not see.
func CheckPrintable(t *testing.T, text []byte) {
	t.Helper()
	if !utf8.Valid(text) {
		t.Errorf("not UTF-8: %q", text)
	}
	for _, r := range string(text) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%q in the output:\n%q", r, text)
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
	for _, s := range []string{"", "*", "yes", "True", "NULL", "n", "1", "a:", "a b", "-", "2010-09-09"} {
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
		if got := headerComment(source); got != want {
			t.Errorf("%q: %s, want %s", source, got, want)
		}
	}
}

func FuzzComments(f *testing.F) {
	for _, s := range trickyStrings {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, container, field string) {
		comment := sourceComment(policy.Source{Container: container, Field: field})
		CheckPrintable(t, []byte(comment))
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

func BenchmarkCloudFormation(b *testing.B) { benchmark(b, cloudFormation) }
func BenchmarkJSON(b *testing.B)           { benchmark(b, iamJSON) }

// benchmark spreads the resources over ten statements: time has to grow as their number does.
func benchmark(b *testing.B, f *Format) {
	for _, n := range []int{10, 100, 1000, 10000} {
		role := &policy.Role{Family: "web", Trust: trust(), Inline: []policy.Policy{{Name: "TaskExecution"}}}
		document := &role.Inline[0].Document
		for i := range n {
			if i%(n/10) == 0 {
				document.Statements = append(document.Statements, policy.Statement{
					Sid: fmt.Sprint("Secrets", i), Actions: []string{"secretsmanager:GetSecretValue"}})
			}
			s := &document.Statements[len(document.Statements)-1]
			s.Resources = append(s.Resources, policy.Text(fmt.Sprintf("arn:%s:secretsmanager:%s:%s:secret:db-%d-??????", partition, region, account, i)))
			s.From = append(s.From, policy.Source{Container: "app", Field: fmt.Sprintf("secrets DB_%d", i)})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Emit(role, Options{Source: "web.json", Values: ownValues}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/resource")
		})
	}
}
