package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// verdictMarkdown writes verdicts for a comment on a pull request. All text of the input is written as code, where Markdown
// has no meaning and nobody gets a mention.
func verdictMarkdown(verdicts []*check.Verdict, opts VerdictOptions) []byte {
	var b bytes.Buffer
	if opts.hasTable() {
		markdownTable(&b, opts.Account)
	}
	for _, v := range verdicts {
		if opts.hasTable() && !opts.All && v.Fits == policy.Yes {
			continue // the table has it
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		markdownVerdict(&b, v)
	}
	return b.Bytes()
}

// markdownTable writes the table of an account, and the roles that no task uses. It is first: a comment has no end that
// everybody sees.
func markdownTable(b *bytes.Buffer, a *check.Account) {
	b.WriteString("# Task execution roles\n\n| " + strings.Join(TableHeads(), " | ") + " |\n|---|---|--:|--:|--:|---|\n")
	for _, row := range TableRows(a) {
		cells := row.Cells()
		for i, cell := range cells[:2] {
			if cell != "" {
				cells[i] = strings.ReplaceAll(codeOf(cell), "|", "\\|")
			}
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	if len(a.Unused) > 0 {
		b.WriteString("\nRoles that ECS may assume for tasks, and that none of these task definitions has:\n\n")
	}
	for _, name := range unusedNames(a) {
		b.WriteString("- " + codeOf(name) + "\n")
	}
}

func markdownVerdict(b *bytes.Buffer, v *check.Verdict) {
	title := "# Task execution role"
	name, place := roleTitle(v)
	if name != "" {
		title += " " + codeOf(name)
	}
	b.WriteString(title + "\n\n")
	if place != "" {
		b.WriteString("In " + codeOf(place) + ". ")
	}
	b.WriteString("**" + plain(Summary(v)) + "**\n")
	for _, f := range findingViews(v, v.Findings) {
		b.WriteByte('\n')
		f.markdown(b)
	}
	if add := additions(v); len(add) > 0 {
		b.WriteString("\nTo be added to the role:\n")
		fencedDocument(b, policy.NewDocument(add...), v.Environment)
	}
	if trust := newTrust(v); trust.Statements != nil {
		b.WriteString("\nThe trust policy to have:\n")
		fencedDocument(b, trust, v.Environment)
	}
	if len(v.Accepted) > 0 {
		b.WriteString("\nAccepted:\n\n")
	}
	for _, a := range v.Accepted {
		b.WriteString("- " + codeOf(acceptedLine(a)) + "\n")
	}
	if ok := fulfilled(v); len(ok) > 0 {
		b.WriteString("\n<details><summary>What is needed and allowed</summary>\n\n")
		for i := range ok {
			viewOfPermission(v, &ok[i]).markdown(b, "")
		}
		b.WriteString("\n</details>\n")
	}
	b.WriteString("\n| AWS's checklist | |\n|---|---|\n")
	for _, l := range checklistOf(v) {
		fmt.Fprintf(b, "| %s | %s |\n", l.question, l.answer)
	}
	for _, value := range assumed(v) {
		b.WriteString("\nAssumed: " + codeOf(value) + ", as everywhere in the role.\n")
	}
	b.WriteString("\nNot seen: " + strings.Join(notSeen(v), "; ") + ".\n")
}

// codeOf returns text of the input as code, in one line.
func codeOf(s string) string { return code(analyze.Printable(s)) }

// fencedDocument writes a policy document as a block of code. No string of a document can end it: inside a string of JSON,
// a line cannot begin with backquotes.
func fencedDocument(b *bytes.Buffer, d policy.Document, known policy.Environment) {
	b.WriteString("\n```json\n" + strings.TrimRight(analyze.PrintableLines(string(emit.OpenDocument(d, known))), "\n") + "\n```\n")
}

// markdown writes a finding as a heading and a list.
func (f findingView) markdown(b *bytes.Buffer) {
	fmt.Fprintf(b, "### %s %s: %s\n\n%s\n\n", f.word(), f.code, f.title, plain(f.cure))
	for _, p := range f.permissions {
		p.markdown(b, "")
	}
	for _, a := range f.actions {
		b.WriteString("- " + codeOf(a) + "\n")
	}
	for _, r := range f.on {
		b.WriteString("  - on " + codeOf(r) + "\n")
	}
	for _, a := range f.about {
		b.WriteString("- " + codeOf(a) + "\n")
	}
	if f.unseen != "" {
		b.WriteString("- " + plain(f.unseen) + ": " + plain(f.unseenCure) + "\n")
	}
	if f.in != "" {
		b.WriteString("- in " + codeOf(f.in) + "\n")
	}
	for _, u := range f.used {
		b.WriteString("- used: " + codeOf(u) + "\n")
	}
	if f.instead != "" {
		b.WriteString("- instead: " + codeOf(f.instead) + "\n")
	}
	if f.shown != "" {
		b.WriteString("- ECS shows: " + codeOf(f.shown) + "\n")
	}
}

// markdown writes a permission as an item of a list, with the fields that ask for it below.
func (p permissionView) markdown(b *bytes.Buffer, indent string) {
	b.WriteString(indent + "- " + codeOf(p.action) + " on " + codeOf(p.resource))
	if p.mark != "" {
		b.WriteString(" *" + p.mark + "*")
	}
	b.WriteByte('\n')
	for _, a := range p.askers {
		b.WriteString(indent + "  - " + codeOf(a.field))
		if a.place != "" {
			b.WriteString(" at " + codeOf(a.place))
		}
		b.WriteByte('\n')
	}
}
