package diagnose

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
)

// FuzzRead: no text makes the reader fail, and what it finds is valid.
func FuzzRead(f *testing.F) {
	for _, c := range textCases(f) {
		f.Add(c.input)
	}
	f.Add("{\"tasks\": [{\"stoppedReason\": \"\\u001b[31mCannotPullContainerError: \"}]}")
	f.Add(strings.Repeat("is not authorized to perform: ", 100))
	all := knownOptions(f)
	f.Fuzz(func(t *testing.T, s string) {
		for _, opts := range all {
			list, err := Read("input", []byte(s))
			if err != nil {
				return
			}
			d := Diagnose(list, opts)
			for i := range d.Answers {
				a := &d.Answers[i]
				if len(a.Causes) == 0 || len(a.Messages) == 0 || a.Sure == Certain && len(a.Causes) != 1 {
					t.Errorf("%+v", a)
				}
				for _, c := range a.Causes {
					if s := a.Sentence(c); s == "" || !utf8.ValidString(s) {
						t.Errorf("%s: %q", c, s)
					}
					a.Cure(c)
					a.Settle(c)
				}
			}
		}
	})
}

// knownOptions are what can be known besides messages: nothing, a task definition, and one with a role that allows all of it
// or nothing.
func knownOptions(t testing.TB) []Options {
	plans, err := analyze.Read("task.json", []byte(`{"executionRoleArn": "arn:aws:iam::111122223333:role/web", "taskRoleArn": "arn:aws:iam::111122223333:role/web-task", "containerDefinitions": [{"name": "app",
		"image": "343434343434.dkr.ecr.us-gov-west-1.amazonaws.com/svc:6981141", "repositoryCredentials": {"credentialsParameter": "dockerhub"},
		"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::acme-config/a.env"}],
		"secrets": [{"name": "A", "valueFrom": "/aws/reference/secretsmanager/license"}, {"name": "B", "valueFrom": "arn:aws:secretsmanager:us-east-1:676767676767:secret:app:user::"}],
		"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/aws/ecs/web/app", "awslogs-region": "us-east-1", "awslogs-create-group": "true"}}}]}`), analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := []Options{{}, {Plans: plans}}
	for _, effect := range []string{"Allow", "Deny"} {
		roles, problems := check.Read([]analyze.Input{{Name: "role.json", Source: []byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "` + effect + `", "Action": "*", "Resource": "*"}]}`)},
			{Name: "trust.json", Source: []byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "` + effect + `", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`)}})
		if len(roles) != 1 {
			t.Fatal(problems)
		}
		one := Options{Plans: plans, Role: func(string) *check.Role { return roles[0] }}
		one.Verdicts = []*check.Verdict{check.Check(roles[0], plans, one.Check)}
		all = append(all, one, Options{Role: one.Role})
	}
	return all
}

// TestKnownOptions: every case gives an answer with all that can be known. A role that allows everything is never said to
// lack something for certain.
func TestKnownOptions(t *testing.T) {
	for i, opts := range knownOptions(t) {
		for _, c := range textCases(t) {
			list, err := Read("input", []byte(c.input))
			if err != nil {
				continue
			}
			for _, a := range Diagnose(list, opts).Answers {
				if len(a.Causes) == 0 || a.Sure == Certain && len(a.Causes) != 1 || a.Allowed == policy.Yes && a.Sure == Certain && a.Causes[0] == RoleLacks {
					t.Errorf("%s with %d: %s %v", c.name, i, a.Sure, a.Causes)
				}
			}
		}
	}
}

// TestSlow: texts that were made to be slow take for each byte about as long as real messages do, or less: those take 150 ns,
// and most of these a tenth. A ratio does not depend on the machine, and this one leaves room for what else runs on it.
func TestSlow(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector runs the short tests, and times mean nothing under it")
	}
	var real strings.Builder
	for _, c := range textCases(t) {
		if c.isPlain() {
			real.WriteString(c.input + "\n\n")
		}
	}
	const size = 1 << 20
	perByte := func(text string) float64 {
		least := time.Duration(math.MaxInt64)
		for range 3 {
			start := time.Now()
			if list, err := Read("input", []byte(text)); err == nil {
				Diagnose(list, Options{})
			}
			least = min(least, time.Since(start))
		}
		return float64(least) / float64(len(text))
	}
	base := perByte(real.String())
	for name, unit := range map[string]string{
		"nothing": "a", "spaces": " ", "lines": "\n", "words": "a b ", "escapes": `\\u0041\"`, "quotes": "'\"`", "denials": "is not authorized to perform: ",
		"beginnings": "CannotPullContainerError: ", "lines of beginnings": "CannotPullContainerError: x\n", "different": "", "heads": "unable to retrieve secret from asm: ",
		"resolve": "failed to resolve ref ", "events": "(service a) was unable\n", "arns": "User: arn:aws:sts::1:assumed-role/", "json": `{"reason":"CannotPullContainerError: x"},`,
		"objects": `{"a":`, "colours": "\x1b[31m", "paragraphs": "a\n\n", "lists": "[1,", "members": "", "strings": "",
	} {
		text := strings.Repeat(unit, size/max(1, len(unit)))
		switch name {
		case "different":
			var b strings.Builder
			for i := 0; b.Len() < size; i++ {
				b.WriteString("CannotPullContainerError: failed to resolve ref x" + strings.Repeat("y", i%97) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + ": a: not found\n")
			}
			text = b.String()
		case "members":
			var b strings.Builder
			for i := 0; b.Len() < size; i++ {
				b.WriteString(`"m` + strconv.Itoa(i) + `":{"reason":"x` + strconv.Itoa(i) + `"},`)
			}
			text = "{" + strings.TrimSuffix(b.String(), ",") + "}"
		case "strings":
			text = `{"tasks":[{"stoppedReason":"` + strings.Repeat(`\\u0041 CannotPullContainerError: `, size/32) + `"}]}`
		case "json":
			text = "[" + strings.TrimSuffix(text, ",") + "]"
		}
		if ratio := perByte(text) / base; ratio > 3 {
			t.Errorf("%s takes %.2f times as long as real messages", name, ratio)
		} else {
			t.Logf("%s: %.2f", name, ratio)
		}
	}
	t.Logf("%.0f ns for each byte of real messages", base)
}
