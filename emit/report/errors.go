package report

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze/diagnose"
)

// ErrorsPage returns docs/errors.md: every message that is known, what it means, and the cure.
func ErrorsPage() string {
	var b strings.Builder
	b.WriteString(`# Errors of Amazon ECS

These are the messages that ` + "`execrole diagnose`" + ` knows, in the order in which it tries them: those that read like permissions and are the
network come first. In a message, … is anything. Each has what it means, and its causes, which are described [below](#causes) with
the cure and with the command that settles whether it is the one.

The page is made from analyze/diagnose/shapes.go and analyze/diagnose/causes.go.

## Messages
`)
	for _, s := range diagnose.Shapes() {
		a := diagnose.Answer{Shape: &s, Facts: diagnose.Facts{Action: s.Action}}
		fmt.Fprintf(&b, "\n### %s\n\n*%s; %s.*", code(s.Text), plain(s.Platform), sureOf(s))
		if !s.Head {
			b.WriteString(" " + codeWords(a.Sentence(s.Causes[0])))
			if !s.Denial {
				b.WriteString(" " + codeWords(a.Cure(s.Causes[0])))
			}
		}
		links := make([]string, len(s.Causes))
		for i, c := range s.Causes {
			links[i] = fmt.Sprintf("[%s](#%s)", c, c)
		}
		b.WriteString("\n")
		if s.Denial {
			b.WriteString("\nThe [kind of policy](#kinds-of-policies) that the message names says which cause it is.\n")
		} else {
			word := "Causes"
			if len(links) == 1 {
				word = "Cause"
			}
			fmt.Fprintf(&b, "\n%s: %s.\n", word, strings.Join(links, ", "))
		}
		fmt.Fprintf(&b, "\n[Source](%s)\n", s.Source)
	}
	b.WriteString(`
## Kinds of policies

A message such as ` + code("User: … is not authorized to perform: … on resource: … because no identity-based policy allows the … action") + ` says at its end where the cure is.
Only what an identity-based policy lacks can be added to the role.

| end of the message | cause |
|---|---|
`)
	for _, k := range diagnose.PolicyKinds() {
		fmt.Fprintf(&b, "| %s | [%s](#%s) |\n", k.Words, k.Cause, k.Cause)
	}
	b.WriteString(`
The session, which is the last part of the ARN of who asked, is the ID of the task: then it is a role of the task. One such as
` + code("i-0123456789abcdef0") + ` is an EC2 instance: then the [role of the instance](#instance-role) asked.

## Causes
`)
	for _, e := range diagnose.Explanations() {
		a := diagnose.Answer{Shape: &diagnose.Shape{}}
		fmt.Fprintf(&b, "\n### %s\n\n%s %s\n", e.Cause, codeWords(a.Sentence(e.Cause)), codeWords(a.Cure(e.Cause)))
		if settle := a.Settle(e.Cause); settle != "" {
			fmt.Fprintf(&b, "\n    %s\n", settle)
		}
	}
	return b.String()
}

// sureOf says how sure the answer to a message is.
func sureOf(s diagnose.Shape) string {
	switch {
	case s.Head:
		return "the beginning of a message whose rest is missing"
	case s.Denial:
		return "certain, if it names the kind of policy"
	case s.Sure == diagnose.OneOf:
		return "one of several causes"
	}
	return string(s.Sure)
}
