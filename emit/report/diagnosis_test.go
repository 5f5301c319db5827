package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
)

// TestErrorsPage keeps docs/errors.md and docs/ja/errors.md equal to the shapes and the causes; -update writes them.
func TestErrorsPage(t *testing.T) {
	upToDate(t, "errors.md", ErrorsPage(English))
	ja := readLanguage(t, "testdata/ja/errors.txtar")
	upToDate(t, "ja/errors.md", ErrorsPage(Language{ja.texts}))
	ja.report(t)
}

// TestShapesAreComplete: each shape has an ID of its own, a source, a platform and causes that are explained, in whole
// sentences, and each cause is that of a shape.
func TestShapesAreComplete(t *testing.T) {
	used, ids := map[diagnose.Cause]bool{}, map[string]bool{}
	for _, s := range diagnose.Shapes() {
		if ids[s.ID] || s.Text == "" || s.Platform == "" || !strings.HasPrefix(s.Source, "https://") || len(s.Causes) == 0 || s.Sure == diagnose.Certain && len(s.Causes) > 1 && !s.Denial {
			t.Errorf("%+v", s)
		}
		ids[s.ID] = true
		for i, c := range s.Causes {
			used[c] = true
			if slices.Contains(s.Causes[:i], c) {
				t.Errorf("%s has the cause %s twice", s.ID, c)
			}
		}
		for _, text := range []string{s.Means, s.Cure} {
			if text != "" && (!strings.HasSuffix(text, ".") || strings.TrimSpace(text) != text) {
				t.Errorf("%s: %q is no sentence", s.ID, text)
			}
		}
	}
	// These follow from what a message says besides its shape.
	for _, c := range []diagnose.Cause{diagnose.TaskRole, diagnose.CallerLacks} {
		used[c] = true
	}
	for _, e := range diagnose.Explanations() {
		if !used[e.Cause] || !strings.HasSuffix(e.Means, ".") || !strings.HasSuffix(e.Cure, ".") {
			t.Errorf("%+v", e)
		}
		delete(used, e.Cause)
	}
	if len(used) > 0 {
		t.Errorf("not explained: %v", used)
	}
}

// hostileValues are values that try to leave the place where they are shown.
var hostileValues = []string{
	"\x1b[31mred", "a`b", "``` x", "[a](http://b.example)", "<script>alert(1)</script>", "x\u202ey", "@everyone", "$(id)", "';id;'", "a|b", "**b**", "\x00x", "http://b.example/x",
	"#1", "![i](http://b.example/i.png)", "\u2028x", "x\\", "{role}", "{showpolicy}", "-->", "&lt;", "~~x~~", "\x9b31mx", "\u200b@x", "_x_", "\r\n\r\n# x",
}

// messagesWith returns messages of many shapes with a value in each place that varies.
func messagesWith(v string) []string {
	return []string{
		"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + v + "/x:1: x: not found",
		"CannotPullContainerError: Error response from daemon: pull access denied for " + v + ", repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
		"User: arn:aws:sts::" + v + ":assumed-role/" + v + "/" + v + " is not authorized to perform: " + v + " on resource: " + v + " because no " + v + " policy allows",
		"Fetching secret data from SSM Parameter Store in " + v + ": invalid parameters: " + v,
		"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key " + v,
		"ResourceNotFoundException: The task can't retrieve the secret with ARN '" + v + "' from AWS Secrets Manager.",
		"Unable to download env file with key " + v + " from bucket " + v + ", error: AccessDenied",
		"ECS was unable to assume the role '" + v + "' that was provided",
		"An error occurred (AccessDeniedException) when calling the RunTask operation: User: arn:aws:iam::111122223333:user/" + v + " is not authorized to perform: iam:PassRole on resource: " + v,
		"RequestError: send request failed caused by: Post https://" + v + "/",
		"failed to create Cloudwatch log stream: AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/0123456789abcdef0123456789abcdef is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:us-east-1:1:log-group:" + v + ":log-stream:" + v,
		"unknown " + v,
	}
}

// TestHostileMessages: nothing in a message becomes an escape sequence of a terminal, or markup, or leaves its quotes in a
// command.
func TestHostileMessages(t *testing.T) {
	codes := regexp.MustCompile("``+[^`].*?[^`]``+|`[^`\n]*`")
	for _, v := range hostileValues {
		for _, text := range messagesWith(v) {
			list, err := diagnose.ReadText(text)
			if err != nil {
				t.Fatal(err)
			}
			d := diagnose.Diagnose(list, diagnose.Options{})
			for _, form := range Diagnoses() {
				out := string(form.Write(d, false))
				if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
					t.Errorf("%s of %q has %q", form.Name, text, out[i:min(len(out), i+9)])
				}
			}
			if data := JSONDiagnosis.Write(d, false); !json.Valid(data) {
				t.Errorf("%q: %s", text, data)
			}
			// Outside of code, Markdown has only words of execrole.
			markdown := string(MarkdownDiagnosis.Write(d, false))
			for part := range strings.SplitSeq(markdown, "```json\n") {
				_, after, found := strings.Cut(part, "\n```\n")
				if !found {
					after = part
				}
				outside := codes.ReplaceAllString(after, "")
				for _, bad := range []string{"http://b", "<script", "@everyone", "](", "<b>", "![", "alert(1)", "**b**", "b.example"} {
					if strings.Contains(outside, bad) {
						t.Errorf("%q: Markdown has %q outside of code:\n%s", text, bad, markdown)
					}
				}
			}
			for _, a := range d.Answers {
				for _, c := range a.Causes {
					if settle := a.Settle(c); strings.Contains(settle, "$(id)") && !regexp.MustCompile(`'[^']*\$\(id\)[^']*'`).MatchString(settle) || strings.Contains(settle, "'';id;''") {
						t.Errorf("%q: %s", text, settle)
					}
				}
			}
		}
	}
}

// TestDiagnosisForms: each form shows the parts of an answer.
func TestDiagnosisForms(t *testing.T) {
	plans, err := analyze.Read("web.json", []byte(`{"executionRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [
 {"name": "DB", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/db"}]}]}`), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := diagnose.ReadText("Fetching secret data from SSM Parameter Store in us-east-1: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-east-1:111122223333:parameter/db because no identity-based policy allows the ssm:GetParameters action")
	if err != nil {
		t.Fatal(err)
	}
	d := diagnose.Diagnose(list, diagnose.Options{Plans: plans})
	for _, form := range Diagnoses() {
		out := string(form.Write(d, false))
		for _, want := range []string{"ssm:GetParameters", "arn:aws:ssm:us-east-1:111122223333:parameter/db", "web.json", "simulate-principal-policy", "ReadParameters"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q:\n%s", form.Name, want, out)
			}
		}
	}
	if !strings.Contains(string(TextDiagnosis.Write(d, true)), "\x1b[31mCERTAIN") {
		t.Error("no colour")
	}
	// docs/diagnose.md names every member of the JSON.
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "diagnose.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([a-zA-Z]+)":`).FindAllStringSubmatch(string(JSONDiagnosis.Write(d, false)), -1) {
		if name := m[1]; !slices.Contains([]string{"Version", "Statement", "Sid", "Effect", "Action", "Resource"}, name) && !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/diagnose.md does not describe %s", name)
		}
	}
}

// TestDiagnosisSchema validates the JSON of all cases by its schema.
func TestDiagnosisSchema(t *testing.T) {
	own, err := os.ReadFile("../../docs/diagnose.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var documents []schemaCase
	add := func(name string, document []byte) {
		documents = append(documents, schemaCase{name, json.RawMessage(own), document})
	}
	paths, err := filepath.Glob("../../testdata/diagnose/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			_, input, _ := strings.Cut(string(f.Data), "\n\n")
			if list, err := diagnose.Read(f.Name, []byte(input)); err == nil {
				add(f.Name, JSONDiagnosis.Write(diagnose.Diagnose(list, diagnose.Options{}), false))
			}
		}
	}
	plans, err := analyze.Read("web.json", []byte(`{"executionRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [{"name": "app", "image": "999922223333.dkr.ecr.us-east-1.amazonaws.com/app:1", "secrets": [
 {"name": "DB", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/db"}]}]}`), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	roles, problems := check.Read([]analyze.Input{{Name: "role.json", Source: []byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ecr:*", "Resource": "*"}]}`)}})
	if len(roles) != 1 {
		t.Fatal(problems)
	}
	verdicts := []*check.Verdict{check.Check(roles[0], plans, check.Options{})}
	for _, text := range messagesWith("x") {
		if list, err := diagnose.ReadText(text); err == nil {
			add(text, JSONDiagnosis.Write(diagnose.Diagnose(list, diagnose.Options{Plans: plans, Verdicts: verdicts}), false))
		}
	}
	good := len(documents)
	add("a diagnosis that lacks a member", []byte(`{"schema": 1}`))
	validate(t, documents, good)
}
