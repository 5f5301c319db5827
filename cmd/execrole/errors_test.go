package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
)

// TestExit has every kind of error, with its exit status and what is printed.
func TestExit(t *testing.T) {
	findings := analyze.Errors{{Severity: analyze.Error, Message: "reported as a finding"}}
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{nil, statusDone, ""},
		{errNo, statusNo, ""},
		{findings, statusFailed, ""},
		{errors.New("bad\x1b"), statusFailed, "execrole: bad\\u001b\n"},
		{errors.Join(errors.New("one"), errors.Join(errors.New("two"), findings)), statusFailed, "execrole: one\nexecrole: two\n"},
		{misuse("diff", errors.New("one"), errors.New("two")), statusFailed, "execrole: one\nexecrole: two\nexecrole: \"execrole help diff\" says how it is used\n"},
		{misuse("", errors.New("one")), statusFailed, "execrole: one\nexecrole: \"execrole help\" says how it is used\n"},
		{fmt.Errorf("wrapped: %w", errNo), statusNo, ""},
	} {
		var stderr bytes.Buffer
		if status := (&command{Stderr: &stderr}).exit(c.err); status != c.status || stderr.String() != c.want {
			t.Errorf("%v: status %d, want %d; it prints\n%swant\n%s", c.err, status, c.status, stderr.String(), c.want)
		}
	}
}

// TestOrder has a run write its output before it reports anything: what is reported is then about something that exists.
func TestOrder(t *testing.T) {
	input := filepath.Join(t.TempDir(), "warned.json")
	const task = `{"family": "web", "executionRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [{"name": "app", "image": "nginx", "secert": []}]}`
	if err := os.WriteFile(input, []byte(task), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args    []string
		status  int
		outputs []string // in this order
	}{
		{[]string{"--config=", input}, statusDone, []string{"AWSTemplateFormatVersion", "warning: "}},
		{[]string{"--config=", "--strict", input}, statusNo, []string{"AWSTemplateFormatVersion", "warning: "}},
		{[]string{"diff", "--config=", "-o", filepath.Join(t.TempDir(), "role.yaml"), input}, statusNo, []string{"+AWSTemplateFormatVersion", "warning: "}},
		{[]string{"explain", "--config=", "--strict", input}, statusNo, []string{"Task execution role", "warning: "}},
	} {
		var out bytes.Buffer
		run := command{Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }}
		if status := run.run(c.args); status != c.status {
			t.Errorf("%q: status %d, want %d", c.args, status, c.status)
		}
		rest := out.String()
		for _, want := range c.outputs {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%q prints %q not once, or not in this order, in\n%s", c.args, c.outputs, out.String())
			}
			rest = after
		}
		if strings.Contains(rest, "warning: ") {
			t.Errorf("%q reports the warning twice", c.args)
		}
	}
}
