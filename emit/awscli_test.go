package emit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

// ProgramBegin is the line where the part of a script begins that is the same in all of them.
const ProgramBegin = "# What follows is the same for every role.\n"

// TestAWSCLIGolden: the part of a script that differs from role to role is in testdata, and the rest is the program.
func TestAWSCLIGolden(t *testing.T) {
	begin, program, _ := bytes.Cut(emitOne(t, "aws-cli", sample.In(ownValues, sample.Web()), Options{Source: "web.json"})[0].Data, []byte(ProgramBegin))
	checkFile(t, "web.sh", begin)
	if diff := cmp.Diff(programOf(t), ProgramBegin+string(program)); diff != "" {
		t.Errorf("the program (-template +script)\n%s", diff)
	}
}

func TestAWSCLIFiles(t *testing.T) {
	for _, mainOnly := range []bool{false, true} {
		files := emitOne(t, "sh", sample.In(ownValues, sample.Files()), Options{Source: "web.json", MainOnly: mainOnly})
		if len(files) != 1 || files[0].Name != "web-execution-role.sh" || !files[0].Executable || files[0].Write != Always || !Generated(files[0].Data) {
			t.Errorf("files %+v", files)
		}
	}
}

// TestAWSCLIMissingValues: the role's tag and the script's own check ask for the region and the account of every role.
func TestAWSCLIMissingValues(t *testing.T) {
	closed := &policy.Role{Family: "web", Name: "web", Trust: policy.Document{Statements: []policy.Statement{
		{Principals: sample.ECSTasks(), Actions: []string{"sts:AssumeRole"}},
	}}}
	for _, tt := range []struct {
		role *policy.Role
		want []policy.Symbol
	}{
		{closed, []policy.Symbol{policy.Region, policy.AccountID}},
		{sample.Files(), []policy.Symbol{policy.Partition, policy.Region, policy.AccountID}},
	} {
		_, err := AWSCLI.Emit(tt.role, Options{})
		var missing *MissingValues
		if !errors.As(err, &missing) || missing.Format != "aws-cli" || !slices.Equal(missing.Symbols, tt.want) {
			t.Errorf("error %v, want that of %v", err, tt.want)
		}
		files := emitOne(t, "aws-cli", sample.In(ownValues, tt.role), Options{})
		if !slices.Equal(files[0].Uses, tt.want) {
			t.Errorf("uses %v, want %v", files[0].Uses, tt.want)
		}
	}
}

func TestAWSCLIRefuses(t *testing.T) {
	role := func(change func(*policy.Role)) *policy.Role {
		r := sample.Web()
		change(r)
		return r
	}
	tags := func(n int) *policy.Role {
		return role(func(r *policy.Role) {
			for i := range n {
				r.Properties.Tags = append(r.Properties.Tags, policy.Tag{Key: fmt.Sprint("k", i)})
			}
		})
	}
	if _, err := AWSCLI.Emit(sample.In(ownValues, tags(47)), Options{}); err != nil {
		t.Errorf("47 tags: %v", err)
	}
	long := policy.Text("arn:aws:iam::aws:policy/" + strings.Repeat("a", 120))
	for _, tt := range []struct {
		name string
		role *policy.Role
		want string
	}{
		{"too many tags", tags(48), "48 tags, and the script's own are execrole:family, execrole:region, execrole:attached: IAM allows 50 together"},
		{"own tag", role(func(r *policy.Role) { r.Properties.Tags = []policy.Tag{{Key: "Execrole:Region"}} }), `the tag "Execrole:Region" is the script's own`},
		{"name", role(func(r *policy.Role) { r.Name = "file://x" }), `role name "file://x"`},
		{"path", role(func(r *policy.Role) { r.Properties.Path = "http://x" }), `path "http://x"`},
		{"boundary", role(func(r *policy.Role) { r.Properties.PermissionsBoundary = "--query" }), `permissions boundary "--query"`},
		{"attached", role(func(r *policy.Role) { r.Attached = []policy.Text{`arn:aws:iam::aws:policy/"a`} }), "characters that the tag execrole:attached cannot have"},
		{"long attached", role(func(r *policy.Role) { r.Attached = []policy.Text{long, long} }), "289 characters, and the tag execrole:attached has room for 256"},
		{"table", role(func(r *policy.Role) {
			r.Mappings = []policy.Mapping{{Symbol: "T", Name: "Table", Column: "C"}}
			r.Attached = []policy.Text{policy.Of("T")}
		}), "the mapping Table has no C for region us-east-1"},
		{"unknown symbol", role(func(r *policy.Role) { r.Attached = []policy.Text{policy.Of("T")} }), "needs the values of T"},
	} {
		if _, err := AWSCLI.Emit(sample.In(ownValues, tt.role), Options{}); err == nil || !strings.HasPrefix(err.Error(), "format aws-cli") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

func TestDefaultRoleName(t *testing.T) {
	a := strings.Repeat("a", 60)
	for _, tt := range []struct{ family, region, want string }{
		{"web", "us-east-1", "web-execution-us-east-1"},
		{"", "us-east-1", "task-execution-us-east-1"},
		{"-x", "us-east-1", "task-x-execution-us-east-1"},
		{"a b/c", "us-east-1", "a-b-c-execution-us-east-1"},
		{a[:44], "us-east-1", a[:44] + "-execution-us-east-1"},
		// printf %s aaa…-execution-us-east-1 | sha256sum
		{a, "us-east-1", a[:55] + "-ed203e40"},
		{a, "us-east-2", a[:55] + "-31794d40"},
	} {
		if got := defaultRoleName(tt.family, tt.region); got != tt.want || len(got) > policy.MaxRoleName {
			t.Errorf("%s, %s: %s, want %s", tt.family, tt.region, got, tt.want)
		}
	}
}

// shParts is what a shell reads in the part of a script that differs from role to role.
type shParts struct {
	values    map[string]string // of variables
	documents map[string]string // of functions that print one
	calls     map[string][]string
	comments  int
}

var (
	assignment = regexp.MustCompile(`^([a-z]+)='([^']*(?:'\\''[^']*)*)'$`)
	function   = regexp.MustCompile(`^([a-z_0-9]+)\(\) \{$`)
)

// readScript reads that part as a shell does, and knows nothing but what the template prints.
func readScript(t *testing.T, data []byte) shParts {
	t.Helper()
	text, program, found := strings.Cut(string(data), ProgramBegin)
	if want := programOf(t); !found || ProgramBegin+program != want {
		t.Fatalf("the script does not end with the program:\n%s", data)
	}
	p := shParts{map[string]string{}, map[string]string{}, map[string][]string{}, 0}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		switch m := function.FindStringSubmatch(lines[i]); {
		case lines[i] == "" || lines[i] == "set -eu":
		case strings.HasPrefix(lines[i], "#"):
			p.comments++
		case m != nil && lines[i+1] == "\tcat <<'END'":
			end := slices.Index(lines[i:], "END") + i
			if lines[end+1] != "}" {
				t.Fatalf("%s does not end:\n%s", m[1], text)
			}
			p.documents[m[1]] = strings.Join(lines[i+2:end], "\n")
			i = end + 1
		case m != nil:
			end := slices.Index(lines[i:], "}") + i
			p.calls[m[1]] = lines[i+1 : end]
			i = end
		default:
			m := assignment.FindStringSubmatch(lines[i])
			if m == nil {
				t.Fatalf("the line %q in\n%s", lines[i], text)
			}
			p.values[m[1]] = strings.ReplaceAll(m[2], `'\''`, "'")
		}
	}
	return p
}

func programOf(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../templates/awscli/program.sh")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// hostileScriptRole has the string where a script can have it: IAM's own limits keep it out of names and paths.
func hostileScriptRole(s string) *policy.Role {
	role := sample.Hostile(s)
	role.Name, role.Properties.Path, role.Properties.PermissionsBoundary = "", "", ""
	return role
}

// TestAWSCLIHostileStrings: a string, wherever it is written, is read back as itself and changes nothing else.
func TestAWSCLIHostileStrings(t *testing.T) {
	for _, s := range sample.Strings {
		checkAWSCLIHostile(t, s)
	}
}

// TestAWSCLIQuotes: IAM allows a single quote in paths, which ends a word of the shell.
func TestAWSCLIQuotes(t *testing.T) {
	const path, boundary = "/o'brien/$(id)/", "arn:aws:iam::111122223333:policy/o'brien/limit"
	role := sample.Web()
	role.Properties.Path, role.Properties.PermissionsBoundary = path, boundary
	got := readScript(t, emitOne(t, "aws-cli", sample.In(ownValues, role), Options{})[0].Data).values
	if got["path"] != path || got["boundary"] != boundary {
		t.Errorf("path %q, boundary %q", got["path"], got["boundary"])
	}
}

func FuzzAWSCLIHostileStrings(f *testing.F) {
	for _, s := range sample.Strings {
		f.Add(s)
	}
	f.Fuzz(checkAWSCLIHostile)
}

func checkAWSCLIHostile(t *testing.T, s string) {
	t.Helper()
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) || strings.HasPrefix(strings.ToLower(s), "execrole:") {
		return
	}
	harmless := readScript(t, emitOne(t, "aws-cli", sample.In(ownValues, hostileScriptRole("x")), Options{Source: "x"})[0].Data)
	data := emitOne(t, "aws-cli", sample.In(ownValues, hostileScriptRole(s)), Options{Source: s})[0].Data
	sample.CheckPrintable(t, []byte(strings.ReplaceAll(string(data), "\t", "")))
	got := readScript(t, data)
	values := map[string]string{
		"role": defaultRoleName(s, "us-east-1"), "path": "/", "account": "111122223333", "region": "us-east-1", "family": shorten(cleaned(s), s, 256),
		"boundary": "", "attached": "", "naming": "TaskExecution", "inline": "TaskExecution",
	}
	if diff := cmp.Diff(values, got.values); diff != "" {
		t.Errorf("%q: variables (-want +got):\n%s", s, diff)
	}
	if got.comments != harmless.comments {
		t.Errorf("%q: %d comments, want %d\n%s", s, got.comments, harmless.comments, data)
	}
	name := regexp.MustCompile(`'[^' ]+-TaskExecution' [0-9a-f]{64} `)
	for function, lines := range harmless.calls {
		for i := range lines {
			want, got := name.ReplaceAllString(lines[i], "NAME HASH "), name.ReplaceAllString(got.calls[function][i], "NAME HASH ")
			if want != got || len(lines) != len(harmless.calls[function]) {
				t.Errorf("%q: %s calls %q, want %q", s, function, got, want)
			}
		}
	}
	checkHostileDocuments(t, s, "us-east-1", got.documents)
}

// checkHostileDocuments checks the documents of a hostileScriptRole.
func checkHostileDocuments(t *testing.T, s, region string, documents map[string]string) {
	t.Helper()
	policyWant := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Sid": "Files", "Effect": "Allow", "Action": "s3:GetObject",
		"Resource":  []any{"arn:aws:s3:::" + s + "*", "arn:aws:s3:::" + s + region + s + "*"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:x": s}},
	}, map[string]any{"Sid": "Any", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}}
	tag := func(key, value string) any { return map[string]any{"Key": key, "Value": value} }
	for function, want := range map[string]any{
		"policy_1": policyWant, "policy_2": policyWant,
		"properties": map[string]any{"Description": s, "MaxSessionDuration": 3600.0},
		"tags":       []any{tag(s, s), tag("execrole:family", shorten(cleaned(s), s, 256)), tag("execrole:region", region)},
	} {
		var got any
		if err := json.Unmarshal([]byte(documents[function]), &got); err != nil {
			t.Fatalf("%q: %s: %v\n%s", s, function, err, documents[function])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s (-want +got):\n%s", s, function, diff)
		}
		if strings.HasPrefix(function, "policy") && strings.ContainsFunc(documents[function], func(r rune) bool { return r > 0xFF }) {
			t.Errorf("%q: IAM's API refuses characters beyond U+00FF:\n%s", s, documents[function])
		}
	}
}
