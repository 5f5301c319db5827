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

// TestAWSCLIUses: a script has the values of the environment that are known, and needs no others.
func TestAWSCLIUses(t *testing.T) {
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
		if uses := emitOne(t, "aws-cli", sample.In(ownValues, tt.role), Options{})[0].Uses; !slices.Equal(uses, tt.want) {
			t.Errorf("uses %v, want %v", uses, tt.want)
		}
		if uses := emitOne(t, "aws-cli", sample.In(policy.Environment{}, tt.role), Options{})[0].Uses; len(uses) > 0 {
			t.Errorf("uses %v, and nothing is known", uses)
		}
	}
}

// TestAWSCLIEnvironment: what is known of the environment is in the first lines of a script, and changes nothing else.
func TestAWSCLIEnvironment(t *testing.T) {
	head := func(role *policy.Role, env policy.Environment) (values [5]string, rest string) {
		data := emitOne(t, "aws-cli", sample.In(env, role), Options{})[0].Data
		got := readScript(t, data).values
		values = [5]string{got["account"], got["partition"], got["region"], got["needs_region"], got["add_region_to_name"]}
		_, rest, _ = strings.Cut(string(data), "\nfamily=")
		return values, rest
	}
	literal, regional, china := sample.Deployed(0, "a", policy.Properties{}), sample.Files(), sample.Deployed(0, "a", policy.Properties{})
	regional.Name = "web"
	literal.Inline[0].Document.Statements[0].Resources = policy.Values("arn:aws:ssm:us-east-1:111122223333:parameter/a", "*")
	china.Name = ""
	china.Inline[0].Document.Statements[0].Resources = policy.Values("arn:aws-cn:ssm:cn-north-1:111122223333:parameter/a", "*")
	several := sample.Deployed(0, "a", policy.Properties{})
	several.Inline[0].Document.Statements[0].Resources = policy.Values("arn:aws-cn:s3:::a", "arn:aws:s3:::a")
	for _, tt := range []struct {
		name string
		role *policy.Role
		env  policy.Environment
		want [5]string
	}{
		{"all", regional, ownValues, [5]string{"111122223333", "aws", "us-east-1", "yes", "no"}},
		{"nothing", regional, policy.Environment{}, [5]string{"", "", "", "yes", "no"}},
		{"no region in it", literal, policy.Environment{}, [5]string{"", "aws", "", "no", "no"}},
		{"a partition in it", china, policy.Environment{Account: "111122223333"}, [5]string{"111122223333", "aws-cn", "", "yes", "yes"}},
		{"another partition in it", china, ownValues, [5]string{"111122223333", "aws", "us-east-1", "no", "no"}},
		{"two partitions in it", several, policy.Environment{}, [5]string{"", "", "", "no", "no"}},
	} {
		got, rest := head(tt.role, tt.env)
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if _, known := head(tt.role, ownValues); rest != known {
			t.Errorf("%s: the environment changes more than the first lines:\n%s", tt.name, cmp.Diff(known, rest))
		}
	}
}

// TestAWSCLIMappings: without a region, the script has all rows of a mapping, and measures with the longest.
func TestAWSCLIMappings(t *testing.T) {
	role := sample.Roles()["made-tables"]
	data := emitOne(t, "aws-cli", sample.In(policy.Environment{}, role), Options{})[0].Data
	got := readScript(t, data).calls["mappings"]
	want := strings.Split(`	case $region in
	'eu-west-1') mapping_test_table_owner='000000000001' ;;
	'us-east-1') mapping_test_table_owner='000000000002' ;;
	*) fail 'the mapping TestTable has no Owner for region '"$region" ;;
	esac
	case $region in
	'us-east-1') mapping_other_table_text='a '\$'{b} \"c\" '\$'' ;;
	*) fail 'the mapping OtherTable has no Text for region '"$region" ;;
	esac`, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	twins := []shMapping{{Variable: "mapping_test_table_owner"}}
	if one := shMappingOf(role.Mappings[0], twins); one.Variable != "mapping_test_table_owner_2" {
		t.Errorf("a second variable has the name %s", one.Variable)
	}
	mapping := policy.Mapping{Symbol: "T", Name: "Table", Column: "C", Rows: []policy.Row{{Region: "us-east-1", Value: "a"}, {Region: "us-west-1", Value: strings.Repeat("a", 300)}}}
	long := sample.Web()
	long.Mappings, long.Attached = []policy.Mapping{mapping}, []policy.Text{policy.Of("T")}
	if _, err := AWSCLI.Emit(long, Options{}); err == nil || !strings.Contains(err.Error(), "the attached managed policies have 300 characters") {
		t.Errorf("error %v", err)
	}
	mapping.Rows[1].Value = "a$b"
	if _, err := AWSCLI.Emit(long, Options{}); err == nil || !strings.Contains(err.Error(), `"a$b"`) {
		t.Errorf("error %v", err)
	}
	mapping.Rows[1].Value = strings.Repeat("a", 10000)
	long.Attached, long.Inline[0].Document.Statements[0].Resources = nil, policy.Values("arn:aws:s3:::"+policy.Of("T"))
	var limit policy.LimitError
	if _, err := AWSCLI.Emit(long, Options{}); !errors.As(err, &limit) {
		t.Errorf("error %v", err)
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
		{"account", sample.In(policy.Environment{Account: "1"}, sample.Web()), `account "1": an account has 12 digits`},
		{"region", sample.In(policy.Environment{Region: `a"`}, sample.Web()), "region \"a\\\"\""},
		{"partition", sample.In(policy.Environment{Partition: "aws$(id)"}, sample.Web()), `partition "aws$(id)"`},
		{"NUL", role(func(r *policy.Role) { r.Properties.Description = "\x00region\x00" }), "a NUL byte"},
		{"unknown symbol", role(func(r *policy.Role) { r.Attached = []policy.Text{policy.Of("T")} }), "needs the values of T"},
	} {
		if tt.role.Environment == (policy.Environment{}) {
			tt.role = sample.In(ownValues, tt.role)
		}
		if _, err := AWSCLI.Emit(tt.role, Options{}); err == nil || !strings.HasPrefix(err.Error(), "format aws-cli") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

// TestRegionlessName: with the longest region, the name of a role is not longer than IAM allows. So it is the same
// whether execrole or the script adds the region.
func TestRegionlessName(t *testing.T) {
	a := strings.Repeat("a", 60)
	for _, tt := range []struct{ family, want string }{
		{"web", "web-execution"},
		{"", "task-execution"},
		{"-x", "task-x-a4209624-execution"},
		{"a b/c", "a-b-c-539138d5-execution"},
		{a[:34], a[:34] + "-execution"},
		// printf %s aaa…-execution | sha256sum
		{a, a[:35] + "-c89c1231"},
		{a[:35], a[:35] + "-db21b21c"},
	} {
		if got := regionlessName(&policy.Role{Family: tt.family}); got != tt.want || len(got+"-us-isof-northeast-1") > policy.MaxRoleName {
			t.Errorf("%s: %s, want %s", tt.family, got, tt.want)
		}
	}
	long := sample.In(policy.Environment{Region: "us-" + a + "-1"}, sample.Files())
	if _, err := AWSCLI.Emit(long, Options{}); err == nil || !strings.Contains(err.Error(), "IAM allows 64") {
		t.Errorf("error %v", err)
	}
}

// shParts is what a shell reads in the part of a script that differs from role to role.
type shParts struct {
	values    map[string]string // of variables
	documents map[string]string // of functions that print one, with values for the variables in them
	calls     map[string][]string
	comments  int
}

var (
	assignment = regexp.MustCompile(`^([a-z_]+)=(?:'([^'$]*(?:'\\['$]'[^'$]*)*)'|(yes|no))$`)
	function   = regexp.MustCompile(`^([a-z_0-9]+)\(\) \{$`)
)

// readScript reads that part as a shell does, with the variables of ownValues. It knows nothing but what the template
// prints.
func readScript(t *testing.T, data []byte) shParts {
	t.Helper()
	part, program, found := strings.Cut(string(data), ProgramBegin)
	if want := programOf(t); !found || ProgramBegin+program != want {
		t.Fatalf("the script does not end with the program:\n%s", data)
	}
	return readPart(t, part, ownValues)
}

// ScriptDocuments returns the documents in the part of a script that differs from role to role, by the functions that
// print them, in an environment.
func ScriptDocuments(t *testing.T, part string, env policy.Environment) map[string]string {
	t.Helper()
	return readPart(t, part, env).documents
}

func readPart(t *testing.T, text string, env policy.Environment) shParts {
	t.Helper()
	p := shParts{map[string]string{}, map[string]string{}, map[string][]string{}, 0}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		switch m := function.FindStringSubmatch(lines[i]); {
		case lines[i] == "" || lines[i] == "set -eu" || strings.HasSuffix(lines[i], "() { :; }"):
		case strings.HasPrefix(lines[i], "#"):
			p.comments++
		case m != nil && strings.HasPrefix(lines[i+1], "\tcat <<"):
			end := slices.Index(lines[i:], "END") + i
			if lines[end+1] != "}" {
				t.Fatalf("%s does not end:\n%s", m[1], text)
			}
			document := strings.Join(lines[i+2:end], "\n")
			if lines[i+1] == "\tcat <<END" {
				document = expand(t, document, env)
			} else if lines[i+1] != "\tcat <<'END'" {
				t.Fatalf("the line %q", lines[i+1])
			}
			p.documents[m[1]] = document
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
			p.values[m[1]] = strings.NewReplacer(`'\''`, "'", `'\$'`, "$").Replace(m[2]) + m[3]
		}
	}
	return p
}

// expand does what a shell does with the text of an open here-document.
func expand(t *testing.T, text string, env policy.Environment) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i+1 == len(text) || !strings.ContainsRune("\\$`", rune(text[i+1])) {
				t.Fatalf("a backslash before nothing that needs one in %s", text)
			}
			i++
			b.WriteByte(text[i])
		case '$':
			name, _, _ := strings.Cut(text[i+1:], "}")
			value, known := map[string]string{"{partition": env.Partition, "{region": env.Region, "{account": env.Account}[name]
			if !known && !strings.HasPrefix(name, "{mapping_") {
				t.Fatalf("no variable of the environment: %.20q", text[i:])
			}
			b.WriteString(value)
			i += len(name) + 1
		case '`':
			t.Fatalf("a command in %s", text)
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
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
		"role": regionlessName(&policy.Role{Family: s}) + "-us-east-1", "path": "/", "account": "111122223333", "partition": "aws", "region": "us-east-1",
		"needs_region": "yes", "add_region_to_name": "no", "family": shorten(cleaned(s), s, 256),
		"boundary": "", "naming": "TaskExecution", "inline": "TaskExecution",
	}
	if diff := cmp.Diff(values, got.values); diff != "" {
		t.Errorf("%q: variables (-want +got):\n%s", s, diff)
	}
	if got.comments != harmless.comments {
		t.Errorf("%q: %d comments, want %d\n%s", s, got.comments, harmless.comments, data)
	}
	mark := regexp.MustCompile(`"[0-9a-f]{64}:\$region" `)
	for function, lines := range harmless.calls {
		for i := range lines {
			want, got := mark.ReplaceAllString(lines[i], "MARK "), mark.ReplaceAllString(got.calls[function][i], "MARK ")
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
