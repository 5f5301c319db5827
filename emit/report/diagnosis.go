package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// DiagnosisReport is one form of a diagnosis.
type DiagnosisReport struct {
	Name       string
	Aliases    []string
	Help       string // one line for the command's help
	Extensions []string
	// Write returns a diagnosis. Color asks for the escape sequences of a terminal.
	Write func(d *diagnose.Diagnosis, color bool) []byte
}

// The forms of a diagnosis.
var (
	TextDiagnosis     = &DiagnosisReport{Name: "text", Help: "for people, in colour on a terminal", Extensions: []string{".txt", ".text"}, Write: diagnosisText}
	JSONDiagnosis     = &DiagnosisReport{Name: "json", Help: "for programs: docs/diagnose.md describes it", Extensions: []string{".json"}, Write: diagnosisJSON}
	MarkdownDiagnosis = &DiagnosisReport{Name: "markdown", Aliases: []string{"md"}, Help: "for an issue, or a comment on a pull request", Extensions: []string{".md"}, Write: diagnosisMarkdown}
)

// Diagnoses returns all forms of a diagnosis, the default one first.
func Diagnoses() []*DiagnosisReport {
	return []*DiagnosisReport{TextDiagnosis, JSONDiagnosis, MarkdownDiagnosis}
}

// sureWords say how sure an answer is, before the sentence of its first cause and before those of the others.
var sureWords = map[diagnose.Sure][2]string{
	diagnose.Certain: {"CERTAIN", ""},
	diagnose.Likely:  {"LIKELY", "Possible too:"},
	diagnose.OneOf:   {"ONE OF", "Or:"},
}

// answerView is an answer as people read it. All its strings are printable.
type answerView struct {
	sure      diagnose.Sure
	sentence  string
	others    []string // the other causes, in sentences
	messages  string   // how many, and of what
	shape     string
	fields    []fieldView
	allowed   string // what the role says
	notes     []string
	remarks   []string
	cure      string
	settle    string
	page      string // see [diagnose.Explanation]
	needs     []needGroup
	documents []documentView
}

type fieldView struct {
	words, place string
	sure         bool
}

// documentView is a policy document, and what it is for.
type documentView struct{ lead, document string }

// maxCauses is how many other causes are written in sentences. Of a text that was cut off early there are more.
const maxCauses = 4

// Causes returns the causes of a diagnosis, one line for each answer, and for each unknown message.
func Causes(d *diagnose.Diagnosis) (lines []string) {
	for i := range d.Answers {
		v := viewOfAnswer(&d.Answers[i])
		lines = append(lines, sureWords[v.sure][0]+" "+v.sentence)
	}
	for i := range d.Unknown {
		lines = append(lines, unknownLead+": "+shortened(d.Unknown[i].Text))
	}
	return lines
}

func viewOfAnswer(a *diagnose.Answer) answerView {
	first := a.Causes[0]
	v := answerView{sure: a.Sure, sentence: analyze.Printable(a.Sentence(first)), shape: shapeWords(a.Shape), cure: analyze.Printable(a.Cure(first)), settle: analyze.Printable(a.Settle(first)), page: diagnose.Explain(first).Page}
	for i, c := range a.Causes[1:] {
		if rest := len(a.Causes) - 1 - i; i == maxCauses && rest > 1 {
			names := make([]string, rest)
			for j, other := range a.Causes[1+i:] {
				names[j] = string(other)
			}
			v.others = append(v.others, fmt.Sprintf("%d more: %s", rest, strings.Join(names, ", ")))
			break
		}
		v.others = append(v.others, analyze.Printable(a.Sentence(c)))
	}
	if n := len(a.Messages); n > 1 {
		v.messages = fmt.Sprintf("%d messages say so", n)
	}
	if at := a.Messages[0].At.String(); at != "" {
		v.messages = strings.TrimPrefix(v.messages+", the first at "+analyze.Printable(at), ", the first ")
	}
	for _, f := range a.Fields {
		v.fields = append(v.fields, fieldView{analyze.Printable(source(f.At.Task, f.At.Container, f.At.Field)), analyze.Printable(f.At.String()), f.Sure})
	}
	v.allowed = allowedWords(a)
	for _, n := range a.Notes {
		v.notes = append(v.notes, analyze.Printable(n))
	}
	for _, r := range a.Remarks {
		v.remarks = append(v.remarks, analyze.Printable(r.String()))
	}
	v.needs = groupsOfNeeds(a.Needs, a.Environment)
	v.documents = documentsOf(a)
	return v
}

// shapeWords says which message it is.
func shapeWords(s *diagnose.Shape) string {
	return s.ID + " (" + s.Platform + ")"
}

// allowedWords says what the role that is known allows.
func allowedWords(a *diagnose.Answer) string {
	switch {
	case a.Finding != nil:
		words := string(a.Finding.Code) + " " + check.Explain(a.Finding.Code).Title
		if in := statementPlace(*a.Finding); in != "" {
			words += ", in " + in
		}
		return analyze.Printable(words)
	case a.Allowed == policy.Yes:
		return "allows it"
	}
	return ""
}

// groupsOfNeeds returns needs by their kinds.
func groupsOfNeeds(list []analyze.Need, known policy.Environment) (groups []needGroup) {
	for _, n := range list {
		title := n.Kind.Title()
		i := slices.IndexFunc(groups, func(g needGroup) bool { return g.title == title })
		if i < 0 {
			i = len(groups)
			groups = append(groups, needGroup{title: title})
		}
		groups[i].needs = append(groups[i].needs, viewOfNeed(n, known))
	}
	return groups
}

// documentsOf returns the policies that cure an answer.
func documentsOf(a *diagnose.Answer) (list []documentView) {
	add := func(lead string, d policy.Document) {
		if d.Statements != nil {
			list = append(list, documentView{lead, printableDocument(d, a.Environment)})
		}
	}
	if a.Add != nil {
		lead := "To be added to the role:"
		switch first := a.Causes[0]; {
		case first == diagnose.TaskRole:
			lead = "To be added to the task role:"
		case first == diagnose.InstanceRole:
			lead = "To be added to the execution role, or to that of the instance:"
		case first != diagnose.RoleLacks:
			lead = "If the role lacks it, to be added to the role:"
		}
		add(lead, policy.NewDocument(a.Add...))
	}
	add(allowLeads[a.Causes[0]], a.Allow)
	add("The trust policy to have:", a.Trust)
	add(passRoleLead, a.PassRole)
	for _, p := range a.Theirs {
		o := viewOfOther(p, a.Environment)
		list = append(list, documentView{"The account " + o.account + " has to have in the policy of " + strings.Join(o.resources, ", ") + ":", o.document})
	}
	return list
}

// allowLeads are the headings of what a policy has to allow that is not one of the role.
var allowLeads = map[diagnose.Cause]string{
	diagnose.Boundary:       "To be allowed in the permissions boundary:",
	diagnose.ServiceControl: "To be allowed by the service control policies:",
	diagnose.SessionPolicy:  "To be allowed by the policy of the session:",
	diagnose.EndpointPolicy: "To be allowed by the policy of the VPC endpoint:",
	diagnose.KeyPolicy:      "To be added to the key policy:",
}

func printableDocument(d policy.Document, known policy.Environment) string {
	return analyze.PrintableLines(string(emit.OpenDocument(d, known)))
}

// nextView is what fails next.
type nextView struct {
	kind  check.Kind
	words string
	from  []fieldView
}

func viewsOfNext(d *diagnose.Diagnosis) (list []nextView) {
	for i := range d.Next {
		f := &d.Next[i]
		v := nextView{kind: f.Kind, words: string(f.Code) + " " + check.Explain(f.Code).Title}
		if p := f.Permission; p != nil {
			v.words = p.Action.Name + " on " + p.Needs[0].Plan.Environment.Fill(p.Resource())
			for _, n := range p.Needs {
				at := n.Requirement.At
				v.from = append(v.from, fieldView{words: analyze.Printable(source(at.Task, at.Container, at.Field)), place: analyze.Printable(at.String())})
			}
		}
		v.words = analyze.Printable(v.words)
		list = append(list, v)
	}
	return list
}

// nextLead is the heading of what fails next.
const nextLead = "Next to fail, since ECS reports only the first"

// unknownLead is the heading of the messages that no shape fits.
const unknownLead = "Unknown: no message that execrole knows has this form"

// emptyWords follow a message that says only that tasks fail.
const emptyWords = "it says only that tasks fail: pass what aws ecs describe-tasks prints for a stopped task, which ECS forgets after an hour"

// emptyTaskWords follow such a message where describe-tasks says no more than that.
const emptyTaskWords = "it says only that the task fails: look at the events of the service, and on EC2 at the log of the ECS agent"

// whereElse says where the reason is, if an unknown message says only that tasks fail; "" for other messages.
func whereElse(u *diagnose.Unknown) string {
	switch {
	case !u.Empty:
		return ""
	case u.From == "task":
		return emptyTaskWords
	}
	return emptyWords
}

// unknownFacts says what could be read from an unknown message.
func unknownFacts(u *diagnose.Unknown) (list []string) {
	for _, v := range []struct{ name, value string }{{"stop code", u.StopCode}, {"action", u.Facts.Action}, {"resource", u.Facts.Resource}, {"principal", u.Facts.Principal}, {"image", u.Facts.Image}, {"secret", u.Facts.Secret}} {
		if v.value != "" {
			list = append(list, v.name+" "+analyze.Printable(v.value))
		}
	}
	return list
}

// moreWords says how many messages were left out.
func moreWords(d *diagnose.Diagnosis) string {
	return fmt.Sprintf("%d more messages were not looked at.", d.More)
}

// maxShown is how much of a message is printed, in characters.
const maxShown = 300

func shortened(s string) string {
	s = analyze.Printable(strings.Join(strings.Fields(s), " "))
	if runes := []rune(s); len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return s
}

// environmentOfDiagnosis returns what is known of where the tasks run.
func environmentOfDiagnosis(d *diagnose.Diagnosis) (e policy.Environment) {
	for _, a := range d.Answers {
		e.Partition, e.Region, e.Account = cmp.Or(e.Partition, a.Environment.Partition), cmp.Or(e.Region, a.Environment.Region), cmp.Or(e.Account, a.Environment.Account)
	}
	return e
}
