package report

import (
	"strings"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
	"github.com/execrole/execrole/analyze/policy"
)

func diagnosisText(d *diagnose.Diagnosis, color bool) []byte {
	p := &printer{color: color}
	for i := range d.Answers {
		if i > 0 {
			p.line("")
		}
		p.answer(viewOfAnswer(&d.Answers[i]))
	}
	p.next(d)
	for i := range d.Unknown {
		u := &d.Unknown[i]
		if i == 0 {
			if len(d.Answers) > 0 {
				p.line("")
			}
			p.line(p.style(yellow, unknownLead+":"))
		}
		p.line("  " + shortened(u.Text))
		if words := whereElse(u); words != "" {
			p.line("    " + words)
		}
		for _, fact := range unknownFacts(u) {
			p.line("    " + fact)
		}
	}
	if d.More > 0 {
		p.line("")
		p.line(moreWords(d))
	}
	return p.out.Bytes()
}

// answer prints one answer.
func (p *printer) answer(v answerView) {
	words := sureWords[v.sure]
	color := red
	if v.sure != diagnose.Certain {
		color = yellow
	}
	p.line(p.style(color, words[0]) + " " + p.style(bold, v.sentence))
	if len(v.others) > 0 {
		p.line("  " + words[1])
		for _, s := range v.others {
			p.line("    " + s)
		}
	}
	label := "message"
	part := func(text string) {
		p.labeledWide(&label, text)
	}
	part(v.shape)
	if v.messages != "" {
		part(v.messages)
	}
	label = "field"
	if len(v.fields) > 1 && !v.fields[0].sure {
		label = "one of"
	}
	for _, f := range v.fields {
		part(strings.TrimSpace(f.words + "  " + p.style(faint, f.place)))
	}
	label = "role"
	if v.allowed != "" {
		part(v.allowed)
	}
	label = "note"
	for _, n := range v.notes {
		part(n)
	}
	for _, r := range v.remarks {
		part(r)
	}
	label = "cure"
	part(v.cure)
	label = "settle"
	if v.settle != "" {
		part(v.settle)
	}
	label = "see"
	if v.page != "" {
		part(v.page)
	}
	p.answerNeeds(v.needs)
	for _, d := range v.documents {
		p.heading(d.lead)
		p.document(d.document)
	}
}

// answerNeeds prints what has to be there.
func (p *printer) answerNeeds(groups []needGroup) {
	if len(groups) > 0 {
		p.needs(groups)
	}
}

// labeledWide prints a line with the label before it, once.
func (p *printer) labeledWide(label *string, text string) {
	p.line("  " + *label + strings.Repeat(" ", 9-len(*label)) + text)
	*label = ""
}

// next prints what fails next.
func (p *printer) next(d *diagnose.Diagnosis) {
	if !d.Checked || len(d.Answers) == 0 {
		return
	}
	if len(d.Next) == 0 {
		p.heading("Nothing else is missing in the role.")
		return
	}
	p.heading(nextLead + ":")
	for _, v := range viewsOfNext(d) {
		p.line("  " + p.style(kindStyle(v.kind), strings.ToUpper(string(v.kind))) + " " + v.words)
		for _, f := range v.from {
			p.line("    " + strings.TrimSpace(f.words+"  "+p.style(faint, f.place)))
		}
	}
	if d.AddNext != nil {
		p.heading("To be added to the role too:")
		p.document(printableDocument(policy.NewDocument(d.AddNext...), environmentOfNext(d)))
	}
}

// environmentOfNext returns what is known of where the role is used.
func environmentOfNext(d *diagnose.Diagnosis) policy.Environment {
	for _, f := range d.Next {
		if f.Permission != nil && f.Kind == check.Missing {
			return f.Permission.Needs[0].Plan.Environment
		}
	}
	return environmentOfDiagnosis(d)
}
