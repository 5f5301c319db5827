package report

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

var update = flag.Bool("update", false, "write testdata anew; read the difference before committing it")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got\n%s", name, diff)
	}
}

func TestGoldens(t *testing.T) {
	failed := webPlan()
	failed.Findings = append(failed.Findings, analyze.Finding{
		Severity: analyze.Error, Rule: "ecr-image", At: at(28, 16, "/containerDefinitions/2/image", "log_router", "image"),
		Message: `"<IMAGE>" is a placeholder: give --set IMAGE=VALUE`,
	})
	own := webRole()
	own.Name = "web-execution"
	own.Properties = policy.Properties{
		Path: "/ecs/", Description: "Starts the tasks of \"web\"\nand no others", PermissionsBoundary: "arn:aws:iam::111122223333:policy/team",
		MaxSessionDuration: 3600, Tags: []policy.Tag{{Key: "stage"}, {Key: "team", Value: "shop"}},
	}
	bare := &analyze.Plan{File: "web.json", Family: "web"}
	own.Inline = nil
	golden(t, "properties.txt", text(newPage(bare, own, "", nil), false))
	golden(t, "properties.json", jsonText(bare, own, "", nil))
	golden(t, "properties.md", markdown(newPage(bare, own, "", nil)))
	golden(t, "web.txt", text(newPage(webPlan(), webRole(), "1.37.0", notInTask), false))
	golden(t, "web.json", jsonText(webPlan(), webRole(), "1.37.0", notInTask))
	golden(t, "web.md", markdown(newPage(webPlan(), webRole(), "1.37.0", notInTask)))
	golden(t, "failed.txt", text(newPage(failed, nil, "1.37.0", notInTask), false))
}

// TestNeeds shows needs of all kinds, in all forms.
func TestNeeds(t *testing.T) {
	plans, err := analyze.Read("web.json", []byte(`{"containerDefinitions": [{"name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web",
		"secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-secret:key::"},
			{"name": "B", "valueFrom": "/b"}, {"name": "C", "valueFrom": "/c"}, {"name": "D", "valueFrom": "/d"}, {"name": "E", "valueFrom": "/e"}, {"name": "F", "valueFrom": "/f"}],
		"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}}}]}`),
		analyze.Options{Environment: policy.Environment{Region: "us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[analyze.NeedKind]bool{}
	for _, n := range plans[0].Needs() {
		kinds[n.Kind] = true
	}
	if len(kinds) != len(analyze.NeedKinds) {
		t.Errorf("the plan has needs of the kinds %v alone", kinds)
	}
	groups := needGroups(plans[0], plans[0].Environment)
	golden(t, "needs.txt", text(page{needs: groups}, false))
	golden(t, "needs.md", markdown(page{needs: groups}))
}

// TestColorOnlyColors: without its escape sequences the colored text is the plain one.
func TestColorOnlyColors(t *testing.T) {
	sequence := regexp.MustCompile("\x1b\\[[0-9]*m")
	for _, role := range []*policy.Role{webRole(), nil} {
		plain := string(text(newPage(webPlan(), role, "1.37.0", notInTask), false))
		colored := string(text(newPage(webPlan(), role, "1.37.0", notInTask), true))
		if diff := cmp.Diff(plain, sequence.ReplaceAllString(colored, "")); diff != "" {
			t.Errorf("-plain +colored\n%s", diff)
		}
		if strings.Contains(plain, "\x1b") || !strings.Contains(colored, "\x1b[33mwarning:\x1b[0m") {
			t.Errorf("escape sequences in the plain text or none for the warning in the other:\n%q", colored)
		}
	}
}

// TestNothingIsLost: a requirement that no statement has as its source is shown all the same.
func TestNothingIsLost(t *testing.T) {
	tests := []struct {
		name   string
		change func(statements []policy.Statement)
		lost   string
	}{
		{"resource", func(s []policy.Statement) { s[1].Resources = s[1].Resources[:1] }, "repository/proxy"},
		{"condition", func(s []policy.Statement) { s[3].Conditions[0].Values = s[3].Conditions[0].Values[:1] }, "config/r.env"},
		{"statement", func(s []policy.Statement) { s[4].Resources = nil }, "log-group:/web"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			role := webRole()
			tt.change(role.Inline[0].Document.Statements)
			_, rest, found := strings.Cut(string(Text(webPlan(), role, false)), "\nRequired, but not in this role:\n")
			if !found || !strings.Contains(rest, tt.lost) {
				t.Errorf("%s is not in what the role lacks:\n%s", tt.lost, rest)
			}
		})
	}
}

// TestOneRuleThatSeesTheCallIsEnough: an action that one requirement documents and another one calls has no mark,
// whichever of them comes first.
func TestOneRuleThatSeesTheCallIsEnough(t *testing.T) {
	seen, guide := []analyze.Action{{Name: "logs:CreateLogGroup", Strength: analyze.Called}}, []analyze.Action{{Name: "logs:CreateLogGroup", Strength: analyze.Documented}}
	for _, tt := range []struct {
		first, second []analyze.Action
		marked        bool
	}{{seen, guide, false}, {guide, seen, false}, {guide, guide, true}} {
		requirement := func(actions []analyze.Action) *analyze.Requirement {
			return &analyze.Requirement{Rule: logs, Grant: write, Actions: actions, Resource: "a", Match: analyze.Exact}
		}
		b := block{policy.Statement{Actions: []string{"logs:CreateLogGroup"}, Resources: policy.Values("a")},
			[]*analyze.Requirement{requirement(tt.first), requirement(tt.second)}}
		if marked := len(b.view(policy.Environment{}).actions[0].marks) > 0; marked != tt.marked {
			t.Errorf("%v and %v: marked %v", tt.first, tt.second, marked)
		}
	}
}

// TestLegend explains the marks of every part of the page, those of what an attached policy grants too, and no others.
func TestLegend(t *testing.T) {
	const arn = policy.Text("arn:aws:iam::aws:policy/A")
	plan, role := webPlan(), webRole()
	plan.Requirements, role.Inline[0].Document.Statements = plan.Requirements[:2], nil
	for i := range plan.Requirements {
		plan.Requirements[i].GrantedBy = arn
	}
	role.Attached = []policy.Text{arn}
	for name, got := range map[string]string{"text": string(Text(plan, role, false)), "Markdown": string(Markdown(plan, role))} {
		if !strings.Contains(got, legend[0].text) || strings.Contains(got, legend[1].text) || strings.Contains(got, legend[2].text) {
			t.Errorf("%s: the legend is not that of %s alone:\n%s", name, documentedMark, got)
		}
	}
}

// TestGrantedByNothing: what a managed policy would grant that the role does not have attached is missing.
func TestGrantedByNothing(t *testing.T) {
	plan := webPlan()
	plan.Requirements = plan.Requirements[:1]
	plan.Requirements[0].GrantedBy = "arn:aws:iam::aws:policy/A"
	for _, attached := range []policy.Text{"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"} {
		got := string(Text(plan, &policy.Role{Family: "web", Attached: []policy.Text{attached}}, false))
		if missing := strings.Contains(got, "\nRequired, but not in this role:\n"); missing != (attached != plan.Requirements[0].GrantedBy) {
			t.Errorf("with %s attached:\n%s", attached, got)
		}
	}
}

func TestTitles(t *testing.T) {
	tests := []struct {
		name string
		plan *analyze.Plan
		role *policy.Role
		want string
	}{
		{"nothing needed", &analyze.Plan{File: "", Family: "web"}, &policy.Role{},
			"Task execution role of web\nThe role needs no permissions: its trust policy is all.\n"},
		{"nothing known", &analyze.Plan{File: "a\nb.json"}, nil,
			`Task execution role (a\nb.json)` + "\nNo role can be written: see the findings.\n"},
	}
	for _, tt := range tests {
		if got := string(text(newPage(tt.plan, tt.role, "", nil), false)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestEmptyLists: readers of the JSON can loop over every list.
func TestEmptyLists(t *testing.T) {
	plan := &analyze.Plan{Requirements: []analyze.Requirement{{Rule: logs, Grant: write}}}
	role := &policy.Role{Inline: []policy.Policy{{Document: policy.Document{Statements: []policy.Statement{{}}}}}}
	for _, got := range [][]byte{
		jsonText(&analyze.Plan{}, nil, "", nil), jsonText(&analyze.Plan{}, &policy.Role{}, "", nil), jsonText(plan, role, "", nil),
	} {
		if strings.Contains(string(got), "null") || !json.Valid(got) {
			t.Errorf("null in\n%s", got)
		}
	}
}

func TestPrintable(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{`secrets "A" \ é 日 😀`, `secrets "A" \ é 日 😀`},
		{"a\nb\r\tc", `a\nb\r\tc`},
		{"\x00\x1b[31m\x7f\u0085\u009b\u200b\u202e\u2028\ufeff", `\u0000\u001b[31m\u007f\u0085\u009b\u200b\u202e\u2028\ufeff`},
		{"\U000e0001", `\udb40\udc01`},
		{"a\xffb\ufffd", `a\xffb` + "\ufffd"},
	}
	for _, tt := range tests {
		if got := analyze.Printable(tt.in); got != tt.want {
			t.Errorf("analyze.Printable(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzHostileStrings(f *testing.F) {
	for _, s := range []string{"", "app", "a\nb", "\x1b[2J", "\u009b31m", "\u202e", "\u2028", "a\xff", "\U000e0001", `"\`, "error: ", "web.json:1:1: error: "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.IndexByte(s, 0) >= 0 {
			t.Skip("no reader lets NUL in")
		}
		if s == "" {
			t.Skip("what is empty has no line")
		}
		ref := taskdef.Ref{Place: tree.Place{File: s, Line: 1, Column: 1, Pointer: s}, Container: s, Field: s}
		conditions := []policy.Condition{{Operator: "StringEquals", Key: "aws:x", Values: policy.Values(policy.Text(s))}}
		plan := &analyze.Plan{File: s, Family: s, TaskRoles: []policy.Text{policy.Text(s)},
			Requirements: []analyze.Requirement{{Rule: logs, Grant: write, Actions: write.Actions, Resource: policy.Text(s), Conditions: conditions, At: ref}},
			Findings:     []analyze.Finding{{Severity: analyze.Error, Rule: "awslogs", At: ref, Message: s}},
		}
		roleWith := func(own string) *policy.Role {
			p := policy.Properties{Path: own, Description: own, PermissionsBoundary: own, Tags: []policy.Tag{{Key: own, Value: own}}}
			return &policy.Role{Name: own, Properties: p, PassRole: policy.NewDocument(policy.Statement{Resources: policy.Values(policy.Text(own))}), Inline: []policy.Policy{{Document: policy.Document{Statements: []policy.Statement{{
				Sid: "Logs", Actions: []string{"logs:PutLogEvents"}, Resources: []policy.Value{{Text: policy.Text(s), From: []policy.Source{{Container: s, Field: s, Requirement: 1}}}}, Conditions: conditions,
			}}}}}}
		}
		reference := &analyze.Plan{File: "x", Family: "x", TaskRoles: []policy.Text{"x"},
			Requirements: []analyze.Requirement{plan.Requirements[0]}, Findings: []analyze.Finding{{Severity: analyze.Error, Rule: "awslogs", At: ref, Message: "x"}},
		}
		for _, roles := range [][2]*policy.Role{{roleWith(s), roleWith("x")}, {nil, nil}} {
			r, harmless := roles[0], roles[1]
			pageOf := func(plan *analyze.Plan, role *policy.Role, s string) page {
				p := newPage(plan, role, "1.0.0", nil)
				name := policy.Text(s)
				need := analyze.Need{Kind: analyze.NeedThing, Thing: s, Name: name, Or: []policy.Text{name}, Tag: name, Why: s, From: []taskdef.Ref{{Container: s, Field: s}}}
				held := analyze.Need{Kind: analyze.NeedEndpoint, Name: name, Keys: []policy.Text{name}, Region: name, LaunchType: s}
				p.needs = []needGroup{{"x", []needView{viewOfNeed(need, policy.Environment{}), viewOfNeed(held, policy.Environment{})}}}
				return p
			}
			asText := text(pageOf(plan, r, s), false)
			checkPrintable(t, asText)
			// No string adds a line.
			if want, got := strings.Count(string(text(pageOf(reference, harmless, "x"), false)), "\n"), strings.Count(string(asText), "\n"); want != got {
				t.Errorf("%q makes %d lines of %d:\n%s", s, got, want, asText)
			}
			asMarkdown := markdown(pageOf(plan, r, s))
			checkPrintable(t, asMarkdown)
			if want, got := strings.Count(string(markdown(pageOf(reference, harmless, "x"))), "\n"), strings.Count(string(asMarkdown), "\n"); want != got {
				t.Errorf("%q makes %d lines of %d:\n%s", s, got, want, asMarkdown)
			}
			asJSON := jsonText(plan, r, "1.0.0", nil)
			checkPrintable(t, asJSON)
			var got document
			if err := json.Unmarshal(asJSON, &got); err != nil {
				t.Fatalf("%q: %v\n%s", s, err, asJSON)
			}
			want := toUTF8(s)
			if r != nil && (got.Role.Name != want || got.Role.Path != want || got.Role.Description != want || got.Role.PermissionsBoundary != want || got.Role.Tags[want] != want || !json.Valid(got.PassRole.Policy)) {
				t.Errorf("the properties of %q are read back as something else:\n%s", s, asJSON)
			}
			if got.Family != want || got.Requirements[0].From.Field != want || got.Requirements[0].Resource != want || got.Findings[0].Message != want {
				t.Errorf("%q is read back as something else:\n%s", s, asJSON)
			}
		}
	})
}

// toUTF8 replaces each invalid byte, as encoding/json does.
func toUTF8(s string) string { return string([]rune(s)) }

func checkPrintable(t *testing.T, text []byte) {
	t.Helper()
	for _, r := range string(text) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%q in the output:\n%q", r, text)
		}
	}
}
