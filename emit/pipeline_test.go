package emit_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/explain"
)

// FuzzAnalyze runs the whole pipeline, from bytes and a setting to files. The setting is a --set, or what its
// prefix says: "image:", "credspec:" with the spec itself, "credspec-secret:".
func FuzzAnalyze(f *testing.F) {
	for _, c := range goldenCases(f) {
		input, _ := c.section("input.json")
		setting := ""
		if len(c.opts.Set) > 0 {
			setting = c.opts.Set[0].Name + "=" + c.opts.Set[0].Value
		} else if len(c.opts.Image) > 0 {
			setting = "image:" + c.opts.Image[0].Name + "=" + c.opts.Image[0].Value
		} else if len(c.opts.CredSpecSecrets) > 0 {
			setting = "credspec-secret:" + c.opts.CredSpecSecrets[0]
			f.Add([]byte(input), `credspec:{"ActiveDirectoryConfig":{"HostAccountConfig":{"PluginInput":{"CredentialArn":"`+c.opts.CredSpecSecrets[0]+`"}}}}`)
			f.Add([]byte(input), `credspec:{"ActiveDirectoryConfig":{"HostAccountConfig":{"PluginInput":"{\"credentialArn\":\"`+c.opts.CredSpecSecrets[0]+`\"}"}}}`)
		}
		f.Add([]byte(input), setting)
	}
	if os.Getenv("EXECROLE_TOOLS") == "required" || exists(corpus) {
		for i, file := range corpusFiles(f, "taskdef", "describe") {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if i%10 == 0 {
				f.Add(src, "")
			}
		}
	}
	f.Fuzz(checkPipeline)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func checkPipeline(t *testing.T, src []byte, setting string) {
	var opts analyze.Options
	switch kind, value, _ := strings.Cut(setting, ":"); {
	case setting == "":
	case kind == "image":
		opts.Image = settings([]string{value})
	case kind == "credspec":
		opts.CredSpecs = []analyze.CredSpec{{File: "spec.json", Data: []byte(value)}}
	case kind == "credspec-secret":
		opts.CredSpecSecrets = []string{value}
	default:
		opts.Set = settings([]string{setting})
	}
	plan, err := analyze.JSON("input.json", src, opts)
	if (err != nil) != (plan.Err() != nil) {
		t.Fatalf("the analysis says %v, its plan %v", err, plan.Err())
	}
	for _, finding := range plan.Findings {
		checkFinding(t, finding)
	}
	role, roleErr := plan.Role(policy.Options{})
	if (roleErr == nil) != (err == nil) {
		t.Fatalf("the plan says %v, its role %v", err, roleErr)
	}
	if !json.Valid(explain.JSON(plan, role)) {
		t.Errorf("explain writes what is not JSON:\n%s", explain.JSON(plan, role))
	}
	if text := explain.Text(plan, role, false); !utf8.Valid(text) || analyze.PrintableLines(string(text)) != string(text) {
		t.Errorf("explain writes what is not printable:\n%q", text)
	}
	if err != nil {
		return
	}
	// A key or prefix may have ? for what a policy cannot hold; otherwise no input has a wildcard's effect.
	plain := !strings.ContainsFunc(string(src)+setting, func(r rune) bool { return !policy.Allowed(r) && !strings.ContainsRune("\t\r\n", r) }) &&
		!strings.ContainsAny(string(src)+setting, `\%`)
	for _, r := range plan.Requirements {
		checkResource(t, r, plain)
	}
	own := analyze.Own{Partition: "aws-cn", Region: "cn-north-1", Account: "444455556666"}
	outputs := map[string]string{}
	for _, format := range emit.Formats() {
		files, err := format.Emit(role, emit.Options{Source: "input.json", Values: own.Values()})
		if err != nil {
			if strings.Contains(err.Error(), "{{resolve:") {
				continue
			}
			t.Fatalf("format %s: %v", format.Name, err)
		}
		for _, file := range files {
			if file.Data == nil {
				continue
			}
			outputs[file.Name] = string(file.Data)
			var parsed any
			var err error
			switch {
			case strings.HasSuffix(file.Name, ".json"):
				err = json.Unmarshal(file.Data, &parsed)
			case strings.HasSuffix(file.Name, ".yaml"):
				err = yamlv3.Unmarshal(file.Data, &parsed)
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", file.Name, err, file.Data)
			}
			if strings.HasSuffix(file.Name, "-execution-policy.json") {
				checkWritten(t, parsed, role, own)
			}
		}
	}
	again, _ := analyze.JSON("input.json", src, opts)
	second, err := again.Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range emit.Formats() {
		files, err := format.Emit(second, emit.Options{Source: "input.json", Values: own.Values()})
		if err != nil {
			continue
		}
		for _, file := range files {
			if outputs[file.Name] != string(file.Data) {
				t.Errorf("%s differs on the second run:\n%s", file.Name, cmp.Diff(outputs[file.Name], string(file.Data)))
			}
		}
	}
}

// checkFinding checks that a finding is one line, and that its flags are words of a shell.
func checkFinding(t *testing.T, f analyze.Finding) {
	t.Helper()
	if s := f.String(); !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n") || analyze.Printable(s) != s || f.Message == "" || f.Rule == "" {
		t.Errorf("finding %q", s)
	}
	for _, flag := range f.Flags {
		words := shellWords(flag)
		if len(words) != 2 || !strings.HasPrefix(words[0], "--") || words[1] == "" || words[0] != "--credspec" && !strings.Contains(words[1], "=") {
			t.Errorf("flag %q reads as %q", flag, words)
		}
	}
}

// escapes are how a policy writes a wildcard that means itself.
var escapes = strings.NewReplacer("${*}", "", "${?}", "", "${$}", "")

// wildcards are those that the rules put at the end of a resource.
var wildcards = regexp.MustCompile(`^arn:[^:]+:(?:logs:[^:]+:[^:]+:log-group:[^:]+:(?:\*|log-stream:(?:\*|[^*]+/\*))|secretsmanager:[^:]+:[^:]+:secret:[^:]+-\?{6})$`)

// checkResource checks that a resource has wildcards only where a rule put them. If plain is set, there is no
// reason for a ? in the place of a character.
func checkResource(t *testing.T, r analyze.Requirement, plain bool) {
	t.Helper()
	literal := r.Resource.Expand(escapes.Replace, func(policy.Symbol) string { return "symbol" })
	if literal == "*" {
		if slices.ContainsFunc(r.Actions, func(a analyze.Action) bool {
			return a.Name != "ecr:GetAuthorizationToken" && a.Name != "fsx:DescribeFileSystems"
		}) {
			t.Errorf("%v on every resource", r.Actions)
		}
		return
	}
	if wildcards.MatchString(literal) {
		literal = strings.TrimSuffix(strings.TrimSuffix(literal, "*"), "-??????")
	}
	if !plain {
		literal = strings.ReplaceAll(literal, "?", "")
	}
	if strings.ContainsAny(literal, "*?$") || strings.ContainsFunc(literal, func(c rune) bool { return !policy.Allowed(c) }) {
		t.Errorf("the resource %q has what nobody escaped", r.Resource)
	}
	if r.Match == analyze.Exact && !plain && strings.Contains(escapes.Replace(r.Resource.String()), "?") {
		t.Errorf("the resource %q is called exact", r.Resource)
	}
}

// checkWritten checks that a written policy allows what the role does, resource by resource.
func checkWritten(t *testing.T, document any, role *policy.Role, own analyze.Own) {
	t.Helper()
	var got, want []string
	statements, _ := document.(map[string]any)["Statement"].([]any)
	for _, s := range statements {
		for _, a := range stringsOf(s.(map[string]any)["Action"]) {
			for _, r := range stringsOf(s.(map[string]any)["Resource"]) {
				got = append(got, a+" "+r)
			}
		}
	}
	values := own.Values()
	for _, s := range role.Inline[0].Document.Statements {
		for _, a := range s.Actions {
			for _, r := range s.Resources {
				want = append(want, a+" "+r.Expand(func(s string) string { return s }, func(s policy.Symbol) string { return values[s] }))
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("permissions (-role +written):\n%s", diff)
	}
}

// stringsOf returns a string or a list of strings as a list.
func stringsOf(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var list []string
	for _, s := range v.([]any) {
		list = append(list, s.(string))
	}
	return list
}

// TestEveryRuleHasACase: the golden cases hold a requirement or a finding of every rule, and a requirement of
// every grant.
func TestEveryRuleHasACase(t *testing.T) {
	rules, grants := map[string]bool{}, map[*analyze.Grant]bool{}
	for _, c := range goldenCases(t) {
		input, _ := c.section("input.json")
		plan, _ := analyze.JSON("input.json", []byte(input), c.opts)
		for _, r := range plan.Requirements {
			rules[r.Rule.ID], grants[r.Grant] = true, true
		}
		for _, f := range plan.Findings {
			rules[f.Rule] = true
		}
	}
	for _, r := range analyze.Rules() {
		if !rules[r.ID] {
			t.Errorf("no golden case shows the rule %s", r.ID)
		}
		for _, g := range r.Grants {
			if !grants[g] {
				t.Errorf("no golden case requires %v by the rule %s", g.Actions, r.ID)
			}
		}
	}
}
