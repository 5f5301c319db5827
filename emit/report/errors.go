package report

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze/diagnose"
)

// ErrorsPage returns docs/errors.md, or docs/LANGUAGE/errors.md: every message that is known, what it means, and the cure.
func ErrorsPage(in Language) string {
	var b strings.Builder
	page := in.texts("page", "Errors of Amazon ECS", "[日本語](ja/errors.md)",
		"These are the messages that `execrole diagnose` knows, in the order in which it tries them: those that read like permissions and are the network come first. In a message, … is anything. Each has what it means, and its causes, which are described [below](#causes) with the cure and with the command that settles whether it is the one.",
		"The page is made from analyze/diagnose/shapes.go and analyze/diagnose/causes.go.", "Messages", "Causes")
	fmt.Fprintf(&b, "# %s\n\n%s\n\n%s\n\n%s\n\n## %s\n", page[0], page[1], page[2], page[3], page[4])
	message := in.texts("message", "*%s; %s.*", "Cause: %s.", "Causes: %s.", "The [kind of policy](#kinds-of-policies) that the message names says which cause it is.", "[Source](%s)", ", ", "[AWS's page](%s)")
	for _, s := range diagnose.Shapes() {
		a := diagnose.Answer{Shape: &s, Facts: diagnose.Facts{Action: s.Action}}
		fmt.Fprintf(&b, "\n### %s\n\n"+message[0], code(s.Text), in.word(s.Platform), in.word(sureOf(s)))
		means, cure := in.cause(&a, s.Causes[0])
		switch {
		case s.Head:
		case s.Denial:
			b.WriteString(" " + means)
		default:
			b.WriteString(" " + in.join(means, cure))
		}
		links := make([]string, len(s.Causes))
		for i, c := range s.Causes {
			links[i] = fmt.Sprintf("[%s](#%s)", c, c)
		}
		b.WriteString("\n\n")
		switch {
		case s.Denial:
			b.WriteString(message[3])
		case len(links) == 1:
			fmt.Fprintf(&b, message[1], links[0])
		default:
			fmt.Fprintf(&b, message[2], strings.Join(links, message[5]))
		}
		fmt.Fprintf(&b, "\n\n"+message[4]+"\n", s.Source)
	}
	kinds := in.texts("kinds", "Kinds of policies",
		"A message such as `User: … is not authorized to perform: … on resource: … because no identity-based policy allows the … action` says at its end where the cure is. Only what an identity-based policy lacks can be added to the role.",
		"end of the message", "cause",
		"The session, which is the last part of the ARN of who asked, is the ID of the task: then it is a role of the task. One such as `i-0123456789abcdef0` is an EC2 instance: then the [role of the instance](#instance-role) asked.")
	fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| %s | %s |\n|---|---|\n", kinds[0], kinds[1], kinds[2], kinds[3])
	for _, k := range diagnose.PolicyKinds() {
		fmt.Fprintf(&b, "| %s | [%s](#%s) |\n", k.Words, k.Cause, k.Cause)
	}
	fmt.Fprintf(&b, "\n%s\n\n## %s\n", kinds[4], page[5])
	for _, e := range diagnose.Explanations() {
		a := diagnose.Answer{Shape: &diagnose.Shape{}}
		means, cure := in.cause(&a, e.Cause)
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", e.Cause, in.join(means, cure))
		if settle := a.Settle(e.Cause); settle != "" {
			fmt.Fprintf(&b, "\n    %s\n", settle)
		}
		if e.Page != "" {
			fmt.Fprintf(&b, "\n"+message[6]+"\n", e.Page)
		}
	}
	return b.String()
}

// cause returns what a cause of an answer means, and its cure, as Markdown. A message can have texts of its own for its first
// cause. In another language than English, the texts have the backquotes of code themselves.
func (l Language) cause(a *diagnose.Answer, c diagnose.Cause) (means, cure string) {
	if l.Texts == nil {
		return codeWords(a.Sentence(c)), codeWords(a.Cure(c))
	}
	e := diagnose.Explain(c)
	general := l.texts("cause/"+string(c), e.Means, e.Cure)
	means, cure = general[0], general[1]
	if s := a.Shape; len(s.Causes) > 0 && s.Causes[0] == c {
		switch key := "message/" + s.ID; {
		case s.Means != "" && s.Cure != "":
			own := l.texts(key, s.Means, s.Cure)
			means, cure = own[0], own[1]
		case s.Means != "":
			means = l.texts(key, s.Means)[0]
		case s.Cure != "":
			cure = l.texts(key, s.Cure)[0]
		}
	}
	word := func(english string) string {
		if strings.Contains(english, ":") { // an action, which is the same in every language
			return code(english)
		}
		return l.word(english)
	}
	return l.join(diagnose.Fill(a, c, means, word)), l.join(diagnose.Fill(a, c, cure, word))
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
