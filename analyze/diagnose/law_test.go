package diagnose

import (
	"slices"
	"strings"
	"testing"
)

// isPlain reports whether a case is one line of text without escapes, with one cause.
func (c *textCase) isPlain() bool {
	return !IsDocument([]byte(c.input)) && !strings.ContainsAny(c.input, "\n\\") && c.want[0] != "unknown" && len(c.causes()) == 1
}

// causes are the first causes that a case expects.
func (c *textCase) causes() (list []Cause) {
	for _, line := range c.want {
		if words := strings.Fields(line); words[0] == "cause" {
			list = append(list, Cause(words[1]))
		}
	}
	return list
}

func (c *textCase) possible() (list []Cause) {
	list = c.causes()
	for _, line := range c.want {
		if words := strings.Fields(line); words[0] == "or" {
			list = append(list, Cause(words[1]))
		}
	}
	return list
}

func diagnoseText(t testing.TB, s string) *Diagnosis {
	list, err := ReadText(s)
	if err != nil {
		return &Diagnosis{}
	}
	return Diagnose(list, Options{})
}

// TestTruncation: a text that is cut off anywhere never has a wrong cause: what it can be includes what it is, and it is not
// surer.
func TestTruncation(t *testing.T) {
	cases, cuts := 0, 0
	for _, c := range textCases(t) {
		if !c.isPlain() {
			continue
		}
		cases++
		for n := 1; n < len(c.input); n++ {
			for _, end := range []string{"", "...", "…"} {
				if end != "" && n%5 != 0 {
					continue
				}
				cuts++
				text := c.input[:n] + end
				for _, a := range diagnoseText(t, text).Answers {
					if !slices.ContainsFunc(c.causes(), func(cause Cause) bool { return slices.Contains(a.Causes, cause) }) {
						t.Fatalf("%s: %s\nis %s %v (%s)", c.name, text, a.Sure, a.Causes, a.Shape.ID)
					}
					if a.Sure == Certain && !slices.Contains(c.want, "cause "+string(a.Causes[0])+" certain") && !slices.Contains(c.possible(), a.Causes[0]) {
						t.Fatalf("%s: %s\nis certain to be %v (%s)", c.name, text, a.Causes, a.Shape.ID)
					}
				}
			}
		}
	}
	if cases < 70 || cuts < 30000 {
		t.Errorf("%d cases, %d cuts", cases, cuts)
	}
}

// TestLineBreaks: a text that a terminal, a mail or a table has broken into lines says what it said before.
func TestLineBreaks(t *testing.T) {
	for _, c := range textCases(t) {
		if !c.isPlain() {
			continue
		}
		whole := diagnoseText(t, c.input)
		for width := 60; width <= 200; width += 7 {
			for name, broken := range map[string]string{"hard": hardWrap(c.input, width), "soft": softWrap(c.input, width, ""), "mail": softWrap(c.input, width, "> ")} {
				d := diagnoseText(t, broken)
				if len(d.Answers) != 1 || d.Answers[0].Causes[0] != whole.Answers[0].Causes[0] {
					t.Fatalf("%s, %s, %d: %d answers, %+v\n%s", c.name, name, width, len(d.Answers), d.Answers, broken)
				}
				if got, want := d.Answers[0].Facts, whole.Answers[0].Facts; got.Action != want.Action || got.Role != want.Role || got.Resource != want.Resource && len(want.Resource) < width && want.Action != getFile {
					t.Fatalf("%s, %s, %d: %+v\ninstead of %+v\n%s", c.name, name, width, got, want, broken)
				}
			}
		}
	}
}

func hardWrap(s string, width int) string {
	var lines []string
	for runes := []rune(s); len(runes) > 0; {
		n := min(width, len(runes))
		lines = append(lines, string(runes[:n]))
		runes = runes[n:]
	}
	return strings.Join(lines, "\n")
}

func softWrap(s string, width int, prefix string) string {
	var b strings.Builder
	column := 0
	b.WriteString(prefix)
	for i, word := range strings.Fields(s) {
		switch {
		case i > 0 && column+1+len(word) > width:
			b.WriteString("\n" + prefix)
			column = 0
		case i > 0:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// TestWrapping: quotes, escapes and prefixes around a text change nothing.
func TestWrapping(t *testing.T) {
	for _, c := range textCases(t) {
		if !c.isPlain() {
			continue
		}
		want := diagnoseText(t, c.input).Answers[0]
		for name, text := range map[string]string{
			"quotes":    `"` + c.input + `"`,
			"json":      `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "’", `\u2019`).Replace(c.input) + `"`,
			"single":    "'" + c.input + "'",
			"backquote": "`" + c.input + "`",
			"event":     "(service we-b) was unable to place a task. Reason: " + c.input + ".",
			"task":      "(service web) (task 0123456789abcdef0123456789abcdef) failed to start: " + c.input,
			"batch":     "Task failed to start - " + c.input,
			"agent":     "STOPPED Reason: " + c.input + ", Known Sent: NONE",
			"copilot":   "TaskFailedToStart: " + c.input,
			"time":      "2026-11-26T10:00:00Z  " + c.input,
			"console":   "Stopped reason\n\n" + c.input + "\n\nStatus\nStopped",
			"colour":    "\x1b[31m" + c.input + "\x1b[0m",
		} {
			d := diagnoseText(t, text)
			if len(d.Answers) != 1 || !slices.Equal(d.Answers[0].Causes, want.Causes) || d.Answers[0].Sure != want.Sure {
				t.Errorf("%s, %s: %+v\ninstead of %s %v", c.name, name, d.Answers, want.Sure, want.Causes)
				continue
			}
			if got := d.Answers[0].Facts; got.Action != want.Facts.Action || got.Resource != want.Facts.Resource || got.Role != want.Facts.Role || got.Key != want.Facts.Key || got.Parameter != want.Facts.Parameter || got.Image != want.Facts.Image {
				t.Errorf("%s, %s: %+v\ninstead of %+v", c.name, name, got, want.Facts)
			}
		}
	}
}

// TestNetworkWins: words of the network win over any others, and a name that looks like them does not.
func TestNetworkWins(t *testing.T) {
	for _, c := range textCases(t) {
		if !c.isPlain() || strings.Contains(c.input, "CredentialsEndpoint") {
			continue
		}
		for _, words := range []string{
			" https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded", " RequestCanceled: request context canceled caused by: context deadline exceeded",
			" There is a connection issue between the task and the service.", ` Post "https://x/": dial tcp 10.0.0.1:443: i/o timeout`,
		} {
			d := diagnoseText(t, c.input+words)
			if len(d.Answers) != 1 || !slices.Equal(d.Answers[0].Causes, []Cause{Network}) {
				t.Errorf("%s, %s: %+v", c.name, words, d.Answers)
			}
		}
	}
	for _, name := range []string{"connectionissue", "context-deadline-exceeded", "i/o-timeout", "RequestCanceled", "StatusCode0", "nosuchhost", "dial/tcp", "connection-refused"} {
		text := "Fetching secret data from SSM Parameter Store in us-east-1: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/" + strings.ReplaceAll(name, "/", "-") + "/0123456789abcdef0123456789abcdef is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-east-1:111122223333:parameter/" + name + " because no identity-based policy allows the ssm:GetParameters action"
		if d := diagnoseText(t, text); len(d.Answers) != 1 || !slices.Equal(d.Answers[0].Causes, []Cause{RoleLacks}) {
			t.Errorf("%s: %+v", name, d.Answers)
		}
	}
}

// TestPartitions: in another partition and region, a message says the same.
func TestPartitions(t *testing.T) {
	for _, to := range [][2]string{{"aws-cn", "cn-northwest-1"}, {"aws-us-gov", "us-gov-east-1"}, {"aws-iso", "us-iso-east-1"}, {"aws", "mx-central-1"}} {
		for _, c := range textCases(t) {
			if !c.isPlain() {
				continue
			}
			r := strings.NewReplacer("arn:aws:", "arn:"+to[0]+":", "arn:aws-cn:", "arn:"+to[0]+":", "arn:aws-us-gov:", "arn:"+to[0]+":", "us-east-1", to[1], "eu-west-1", to[1], "us-west-2", to[1])
			want, got := diagnoseText(t, c.input).Answers, diagnoseText(t, r.Replace(c.input)).Answers
			if len(got) != 1 || !slices.Equal(got[0].Causes, want[0].Causes) || got[0].Sure != want[0].Sure || got[0].Facts.Action != want[0].Facts.Action {
				t.Errorf("%s in %s: %+v", c.name, to[0], got)
			}
			if strings.Contains(c.input, "arn:aws") && !strings.Contains(c.input, ":s3:::") && len(got) == 1 && got[0].Facts.Partition != to[0] && want[0].Facts.Partition != "" {
				t.Errorf("%s in %s: partition %s", c.name, to[0], got[0].Facts.Partition)
			}
		}
	}
}

// TestLoginHasNoResource: who logs in to Amazon ECR asks for nothing that has a policy of its own, so that none is the cause.
func TestLoginHasNoResource(t *testing.T) {
	list, err := ReadText("CannotPullECRContainerError: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef is not authorized to perform: ecr:GetAuthorizationToken on resource: *")
	if err != nil {
		t.Fatal(err)
	}
	answers := Diagnose(list, Options{}).Answers
	if len(answers) != 1 || answers[0].has(ResourcePolicy, ResourceControl) || !answers[0].has(RoleLacks) {
		t.Errorf("%+v", answers)
	}
}
