package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/tool"
)

// verdictOf compares the role with the task of an archive of analyze/check. The files that are for other policies are left
// out.
func verdictOf(t *testing.T, archive *txtar.Archive) *check.Verdict {
	t.Helper()
	var plans []*analyze.Plan
	var role []analyze.Input
	for _, f := range archive.Files {
		switch f.Name {
		case "task.json":
			plan, err := analyze.Read(f.Name, f.Data, analyze.Options{})
			if err != nil {
				t.Fatal(err)
			}
			plans = append(plans, plan...)
		case "boundary.json", "scp.json", "resource-policy.json", "source-vpce", "kms", "verdict":
		default:
			role = append(role, analyze.Input{Name: f.Name, Source: f.Data})
		}
	}
	roles, problems := check.Read(role)
	if problems != nil || len(roles) != 1 {
		t.Fatalf("%d roles, %v", len(roles), problems)
	}
	return check.Check(roles[0], plans, check.Options{Environment: policy.Environment{Account: "111122223333"}})
}

// verdictCases returns verdicts of all kinds, by the names of their cases.
func verdictCases(t *testing.T) map[string]*check.Verdict {
	t.Helper()
	paths, err := filepath.Glob("../../analyze/check/testdata/*.txtar")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	cases := map[string]*check.Verdict{"hostile": verdictOf(t, hostileCase())}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v := verdictOf(t, archive)
		v.Accept(func(f check.Finding) (string, bool) {
			return "accepted", f.Kind == check.Unneeded && len(v.Findings) > 1
		})
		cases[filepath.Base(path)] = v
	}
	return cases
}

// hostile is a text that means something to terminals, to Markdown, to HTML and to workflows.
const hostile = "\x1b[31m\r\n::error::x\n```\n# a [b](c) <img onerror=x> @someone {0} %0A,"

// hostileCase is a task and a role with hostile names.
func hostileCase() *txtar.Archive {
	quoted := func(s string) string {
		b, _ := json.Marshal(s)
		return string(b)
	}
	arn := "arn:aws:secretsmanager:us-east-1:111122223333:secret:"
	return &txtar.Archive{Files: []txtar.File{
		{Name: "task.json", Data: []byte(`{"family": ` + quoted(hostile) + `, "containerDefinitions": [{"name": ` + quoted(hostile) + `, "image": "nginx", "secrets": [{"name": ` + quoted(hostile) + `, "valueFrom": "` + arn + `db-AbCdEf"}]}]}`)},
		{Name: hostile + ".json", Data: []byte(`{"RoleName": ` + quoted(hostile) + `, "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"AWS": ` + quoted(hostile) + `}, "Action": "sts:AssumeRole"}}}`)},
		{Name: "inline.json", Data: []byte(`{"RoleName": ` + quoted(hostile) + `, "PolicyName": ` + quoted(hostile) + `, "PolicyDocument": {"Statement": [
			{"Sid": ` + quoted(hostile) + `, "Effect": "Allow", "Action": "s3:Get` + "`" + `<b>", "Resource": ` + quoted(hostile) + `}]}}`)},
	}}
}

// TestVerdictSchemas validates the JSON and the SARIF of all cases by their schemas.
func TestVerdictSchemas(t *testing.T) {
	own, err := os.ReadFile("../../docs/check.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var documents []schemaCase
	add := func(name string, schema any, document []byte) {
		documents = append(documents, schemaCase{name, schema, document})
	}
	for name, v := range verdictCases(t) {
		text := func(string) string { return strings.Repeat(strings.Repeat("é", 300)+"\n", 50) }
		add(name+" as JSON", json.RawMessage(own), verdictJSON([]*check.Verdict{v, v}, VerdictOptions{}))
		add(name+" as SARIF", "sarif", verdictSARIF([]*check.Verdict{v, v}, VerdictOptions{Version: "1.2.3", Text: text}))
	}
	good := len(documents)
	add("a verdict that lacks a member", json.RawMessage(own), []byte(`{"schema": 1}`))
	add("a log that lacks a member", "sarif", []byte(`{"version": "2.1.0"}`))
	validate(t, documents, good)
}

// schemaCase is a document and the schema that is to fit it.
type schemaCase struct {
	name     string
	schema   any
	document []byte
}

// validate validates documents by their schemas. The first ones, as many as good says, are to fit, and the others not.
func validate(t *testing.T, documents []schemaCase, good int) {
	t.Helper()
	node := tool.Require(t, "node", "https://nodejs.org")
	const folder = "../../testdata/report-schemas"
	dir := tool.NodeModules(t, folder)
	program, err := os.ReadFile(filepath.Join(folder, "validate.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "validate.mjs"), program, 0o666); err != nil {
		t.Fatal(err)
	}
	var input bytes.Buffer
	encoder := json.NewEncoder(&input)
	for _, d := range documents {
		if err := encoder.Encode(map[string]any{"schema": d.schema, "document": json.RawMessage(d.document)}); err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
	}
	cmd := exec.Command(node, "validate.mjs")
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, &input, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for i, d := range documents {
		if !lines.Scan() {
			t.Fatalf("there is no answer for %s", d.name)
		}
		if got := lines.Text(); got == "ok" != (i < good) {
			t.Errorf("%s: %s", d.name, got)
		}
	}
}

// TestHostileVerdict: what an input says cannot write to the terminal, begin a line of a workflow, or break out of Markdown.
func TestHostileVerdict(t *testing.T) {
	v := verdictCases(t)["hostile"]
	if len(v.Findings) < 4 {
		t.Fatalf("%d findings", len(v.Findings))
	}
	for _, form := range Verdicts() {
		out := string(form.Write([]*check.Verdict{v}, VerdictOptions{}))
		for i, r := range out {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%s: %q at %d", form.Name, r, i)
			}
		}
		for line := range strings.Lines(out) {
			switch {
			case form == GitHubVerdict && strings.HasPrefix(line, "::") && !strings.HasPrefix(line, "::error ") && !strings.HasPrefix(line, "::warning ") && !strings.HasPrefix(line, "::notice "):
				t.Errorf("%s: %s", form.Name, line)
			case form == GitHubVerdict && strings.HasPrefix(line, "::") && strings.Contains(line, "%0A"):
				t.Errorf("%s has the input's own escape: %s", form.Name, line)
			case form == MarkdownVerdict && strings.Contains(withoutCode(line), "someone"):
				t.Errorf("%s: outside of code: %s", form.Name, line)
			}
		}
	}
}

// withoutCode returns a line of Markdown without its code spans. A span ends at as many backquotes as begin it.
func withoutCode(line string) string {
	var out strings.Builder
	for line != "" {
		i := strings.IndexByte(line, '`')
		if i < 0 {
			break
		}
		out.WriteString(line[:i])
		line = line[i:]
		n := len(line) - len(strings.TrimLeft(line, "`"))
		rest := line[n:]
		end := -1
		for j := 0; j < len(rest); {
			if rest[j] != '`' {
				j++
				continue
			}
			run := len(rest[j:]) - len(strings.TrimLeft(rest[j:], "`"))
			if run == n {
				end = j + run
				break
			}
			j += run
		}
		if end < 0 {
			break // it is no span
		}
		line = rest[end:]
	}
	return out.String() + line
}

// TestColumns: columns are counted in characters where the text is known.
func TestColumns(t *testing.T) {
	v := verdictOf(t, txtar.Parse([]byte(`
-- task.json --
{"containerDefinitions": [{"name": "é", "image": "nginx", "secrets": [{"name": "é", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/x"}]}]}
-- policy.json --
{"Statement": []}
`)))
	text := func(string) string {
		return `{"containerDefinitions": [{"name": "é", "image": "nginx", "secrets": [{"name": "é", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/x"}]}]}`
	}
	for _, tt := range []struct {
		text func(string) string
		want string
	}{{text, "line=1,col=98,"}, {nil, "line=1,title="}, {func(string) string { return "" }, "line=1,title="}} {
		if got := string(verdictGitHub([]*check.Verdict{v}, VerdictOptions{Text: tt.text})); !strings.Contains(got, tt.want) {
			t.Errorf("%s lacks %s", got, tt.want)
		}
	}
}

func TestFileURI(t *testing.T) {
	for name, want := range map[string]string{
		"a/b.json": "a/b.json", "a b%.json": "a%20b%25.json", `a\b.json`: "a/b.json", "/a/b.json": "file:///a/b.json", "C:/a.json": "file:///C:/a.json", "<stdin>": "%3Cstdin%3E", "a:b.json": "./a:b.json",
	} {
		if got := fileURI(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
