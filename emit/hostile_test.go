package emit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

// TestHostileStrings: a string, wherever it is written, is read back as itself and changes nothing else.
func TestHostileStrings(t *testing.T) {
	for _, s := range sample.Strings {
		checkHostile(t, s)
	}
}

func FuzzHostileStrings(f *testing.F) {
	for _, s := range sample.Strings {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.IndexByte(s, 0) >= 0 {
			t.Skip("no reader lets NUL in")
		}
		checkHostile(t, s)
	})
}

func checkHostile(t *testing.T, s string) {
	t.Helper()
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return
	}
	role := sample.Hostile(s)

	files := emitOne(t, "json", sample.In(ownValues, role), Options{})
	var doc any
	if err := json.Unmarshal(files[0].Data, &doc); err != nil {
		t.Fatalf("%q: %v\n%s", s, err, files[0].Data)
	}
	want := map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Sid": "Files", "Effect": "Allow", "Action": "s3:GetObject",
			"Resource":  []any{"arn:aws:s3:::" + s + "*", "arn:aws:s3:::" + s + "us-east-1" + s + "*"},
			"Condition": map[string]any{"StringEquals": map[string]any{"aws:x": s}},
		}, map[string]any{
			"Sid": "Any", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*",
		}},
	}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Errorf("%q: json: -want +got\n%s", s, diff)
	}
	sample.CheckPrintable(t, files[0].Data)
	createRole := files[len(files)-2]
	var created map[string]any
	if err := json.Unmarshal(createRole.Data, &created); err != nil {
		t.Fatalf("%q: %v\n%s", s, err, createRole.Data)
	}
	sample.CheckPrintable(t, createRole.Data)
	delete(created, "AssumeRolePolicyDocument")
	if diff := cmp.Diff(hostileProperties(s), created); diff != "" {
		t.Errorf("%q: json: properties: -want +got\n%s", s, diff)
	}
	if i := bytes.IndexFunc(files[0].Data, func(r rune) bool { return r > 0xFF }); i >= 0 {
		t.Errorf("%q: IAM's API refuses characters beyond U+00FF:\n%s", s, files[0].Data)
	}

	if noDynamicReference(s) != nil || noDynamicReference(s+"${AWS::Region}"+s) != nil {
		return
	}
	template := emitOne(t, "cfn", role, Options{Source: s})[0].Data
	sample.CheckPrintable(t, template)
	for _, parser := range yamlParsers {
		var got any
		if err := parser.unmarshal(template, &got); err != nil {
			t.Fatalf("%q: %s: %v\n%s", s, parser.name, err, template)
		}
		properties := dig(got, "Resources", "TaskExecutionRole", "Properties").(map[string]any)
		policies := properties["Policies"]
		delete(properties, "Policies")
		delete(properties, "AssumeRolePolicyDocument")
		delete(properties, "ManagedPolicyArns")
		properties["MaxSessionDuration"] = asFloat(properties["MaxSessionDuration"])
		if diff := cmp.Diff(hostileProperties(s), properties); diff != "" {
			t.Errorf("%q: %s: properties: -want +got\n%s", s, parser.name, diff)
		}
		statement := dig(policies, 0, "PolicyDocument", "Statement", 0)
		managed := dig(got, "Resources", "TaskExecutionPolicy1", "Properties", "PolicyDocument", "Statement", 0)
		if diff := cmp.Diff(statement, managed); diff != "" {
			t.Errorf("%q: %s: the managed policy (-inline +managed):\n%s", s, parser.name, diff)
		}
		resources := []string{dig(statement, "Resource", 0).(string), resolveSub(dig(statement, "Resource", 1))}
		if diff := cmp.Diff([]string{"arn:aws:s3:::" + s + "*", "arn:aws:s3:::" + s + "us-east-1" + s + "*"}, resources); diff != "" {
			t.Errorf("%q: %s: resources: -want +got\n%s", s, parser.name, diff)
		}
		for id, want := range map[string]string{"TaskExecutionRole": "W11", "TaskExecutionPolicy1": "W13"} {
			rule := dig(got, "Resources", id, "Metadata", "cfn_nag", "rules_to_suppress", 0)
			if diff := cmp.Diff(map[string]any{"id": want, "reason": "Since " + s}, rule); diff != "" {
				t.Errorf("%q: %s: reason: -want +got\n%s", s, parser.name, diff)
			}
		}
		if v := dig(statement, "Condition", "StringEquals", "aws:x"); v != s {
			t.Errorf("%q: %s: condition %q", s, parser.name, v)
		}
		if n := len(policies.([]any)); n != 1 || dig(statement, "Effect") != "Allow" {
			t.Errorf("%q: %s: %d policies\n%s", s, parser.name, n, template)
		}
	}
	// The comments are lines of their own, as many as there are sources, and a header.
	comments := 0
	for line := range strings.Lines(string(template)) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			comments++
		}
	}
	if comments != 5 {
		t.Errorf("%q: %d comments\n%s", s, comments, template)
	}
}

// hostileProperties are those of a hostileRole, as JSON and YAML read back.
func hostileProperties(s string) map[string]any {
	properties := map[string]any{
		"MaxSessionDuration": 3600.0, "Tags": []any{map[string]any{"Key": s, "Value": s}},
	}
	for _, name := range []string{"RoleName", "Path", "Description", "PermissionsBoundary"} {
		if s != "" {
			properties[name] = s
		}
	}
	return properties
}

// asFloat returns a number as encoding/json has it; YAML's parsers have types of their own.
func asFloat(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case uint64:
		return float64(v)
	}
	return v
}

// resolveSub does what CloudFormation does with !Sub and Fn::Sub: each ${NAME} is replaced once, and
// nothing in what replaces it is.
func resolveSub(v any) string {
	variables := map[string]any{}
	if list, ok := dig(v, "Fn::Sub").([]any); ok {
		v, variables = list[0], list[1].(map[string]any)
	}
	var b strings.Builder
	for rest := v.(string); ; {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(after, "}")
		if value, ok := variables[name]; ok {
			b.WriteString(value.(string))
		} else {
			b.WriteString(ownValues.Value(policy.Symbol(name)))
		}
		rest = after
	}
}

// dig follows keys and indices through what a parser made of a document; nil where they lead nowhere.
func dig(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			list, _ := v.([]any)
			if p >= len(list) {
				return nil
			}
			v = list[p]
		}
	}
	return v
}
