package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/diagnose"
	"github.com/execrole/execrole/analyze/policy"
)

// diagnosisMarkdown returns a diagnosis in Markdown. All text of messages is escaped or written as code.
func diagnosisMarkdown(d *diagnose.Diagnosis, _ bool) []byte {
	var b bytes.Buffer
	for i := range d.Answers {
		if i > 0 {
			b.WriteByte('\n')
		}
		viewOfAnswer(&d.Answers[i]).markdown(&b)
	}
	if next := viewsOfNext(d); len(next) > 0 && len(d.Answers) > 0 {
		b.WriteString("\n## " + nextLead + "\n\n")
		for _, v := range next {
			b.WriteString("- " + string(v.kind) + ": " + code(v.words))
			writeFields(&b, v.from)
			b.WriteByte('\n')
		}
		if d.AddNext != nil {
			writeDocument(&b, documentView{"To be added to the role too:", printableDocument(policy.NewDocument(d.AddNext...), environmentOfNext(d))})
		}
	}
	for i := range d.Unknown {
		if i == 0 {
			if len(d.Answers) > 0 {
				b.WriteByte('\n')
			}
			b.WriteString("## " + unknownLead + "\n\n")
		}
		b.WriteString("- " + code(shortened(d.Unknown[i].Text)) + "\n")
		if words := whereElse(&d.Unknown[i]); words != "" {
			b.WriteString("  - " + words + "\n")
		}
		for _, fact := range unknownFacts(&d.Unknown[i]) {
			b.WriteString("  - " + code(fact) + "\n")
		}
	}
	if d.More > 0 {
		b.WriteString("\n" + moreWords(d) + "\n")
	}
	return b.Bytes()
}

func (v answerView) markdown(b *bytes.Buffer) {
	words := sureWords[v.sure]
	b.WriteString("## " + codeWords(v.sentence) + "\n\n**" + words[0] + "**")
	if len(v.others) > 0 {
		b.WriteString(". " + words[1] + "\n\n")
		for _, s := range v.others {
			b.WriteString("- " + codeWords(s) + "\n")
		}
	} else {
		b.WriteString(".\n")
	}
	b.WriteString("\nMessage: " + code(v.shape))
	if v.messages != "" {
		b.WriteString(", " + code(v.messages))
	}
	b.WriteByte('\n')
	if len(v.fields) > 0 {
		lead := "\nField:"
		if len(v.fields) > 1 && !v.fields[0].sure {
			lead = "\nOne of the fields:"
		}
		b.WriteString(lead)
		writeFields(b, v.fields)
		b.WriteByte('\n')
	}
	if v.allowed != "" {
		b.WriteString("\nRole: " + code(v.allowed) + "\n")
	}
	for _, n := range v.notes {
		b.WriteString("\n" + codeWords(n) + "\n")
	}
	for _, r := range v.remarks {
		b.WriteString("\n" + code(r) + "\n")
	}
	fmt.Fprintf(b, "\n%s\n", codeWords(v.cure))
	if v.settle != "" {
		b.WriteString("\nTo settle it: " + code(v.settle) + "\n")
	}
	if v.page != "" {
		b.WriteString("\nSee <" + v.page + ">.\n")
	}
	for _, g := range v.needs {
		b.WriteString("\n" + plain(g.title) + ":\n\n")
		writeNeeds(b, g.needs)
	}
	for _, d := range v.documents {
		writeDocument(b, d)
	}
}

// writeDocument writes a policy document. No line of JSON is a fence.
func writeDocument(b *bytes.Buffer, d documentView) {
	b.WriteString("\n" + codeWords(d.lead) + "\n\n```json\n" + d.document + "```\n")
}

func writeFields(b *bytes.Buffer, fields []fieldView) {
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" " + code(f.words))
		if f.place != "" {
			b.WriteString(" at " + code(f.place))
		}
	}
}

// codeWords returns a sentence in which what a message says, which can be anything, is written as code: each word that is not
// made of letters, digits, hyphens and apostrophes.
func codeWords(s string) string {
	words := strings.Split(s, " ")
	for i := 0; i < len(words); i++ { // a JSON text is one word
		for strings.HasPrefix(words[i], "{") && !strings.Contains(words[i], "}") && i+1 < len(words) {
			words[i] += " " + words[i+1]
			words = slices.Delete(words, i+1, i+2)
		}
	}
	for i, w := range words {
		bare := strings.TrimRight(w, ".,:;)")
		if bare == "" || strings.IndexFunc(bare, func(r rune) bool { return !isPlainLetter(r) }) < 0 {
			words[i] = plain(w)
			continue
		}
		words[i] = code(bare) + w[len(bare):]
	}
	return strings.Join(words, " ")
}

func isPlainLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == ',' || r == '\''
}
