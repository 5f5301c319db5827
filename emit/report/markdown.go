package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Markdown returns what [Text] returns, for a comment on a pull request. All text of the input is written as code, where
// Markdown has no meaning and nobody gets a mention.
func Markdown(plan *analyze.Plan, role *policy.Role) []byte {
	return markdown(newPage(plan, role, plan.Agent(), plan.Unseen))
}

func markdown(page page) []byte {
	var b bytes.Buffer
	title := "# Task execution role"
	if page.family != "" {
		title += " of " + code(page.family)
	}
	b.WriteString(title + "\n")
	paragraph := func(s string) { b.WriteString("\n" + s + "\n") }
	if page.file != "" {
		paragraph("From " + code(page.file) + ".")
	}
	if page.sharedBy != nil {
		names := make([]string, len(page.sharedBy))
		for i, task := range page.sharedBy {
			names[i] = code(task)
		}
		paragraph("Shared by " + strings.Join(names, ", ") + ".")
	}
	if page.lead != "" {
		paragraph(page.lead)
	}
	markdownProperties(&b, page.properties)
	for _, v := range page.granted {
		v.markdown(&b)
	}
	if len(page.attached) > 0 {
		paragraph("**" + attachedLead + "**")
	}
	for _, v := range page.attached {
		v.markdown(&b)
	}
	if len(page.open) > 0 && page.hasRole {
		paragraph("**Required, but not in this role:**")
	}
	for _, v := range page.open {
		v.markdown(&b)
	}
	occur := marks(page.views())
	for i, mark := range occur {
		if i == 0 {
			b.WriteByte('\n')
		}
		for _, l := range legend {
			if l.mark == mark {
				fmt.Fprintf(&b, "- %s: %s.\n", strings.Trim(l.mark, "()"), l.text)
			}
		}
	}
	markdownOthers(&b, page.others)
	markdownPassRole(&b, page)
	markdownNeeds(&b, page.needs)
	if len(page.unseen) > 0 {
		paragraph("## Not in a task definition")
		b.WriteByte('\n')
		for _, u := range page.unseen {
			fmt.Fprintf(&b, "- %s: %s\n", plain(u.What), plain(u.Cure))
		}
	}
	if page.agent != "" {
		paragraph("Least ECS agent: " + code(page.agent))
	}
	if len(page.findings) > 0 {
		paragraph("## Findings")
		b.WriteByte('\n')
		for _, f := range page.findings {
			b.WriteString("- " + code(f.String()) + "\n")
		}
	}
	return b.Bytes()
}

func markdownProperties(b *bytes.Buffer, list []property) {
	if len(list) > 0 {
		b.WriteString("\n## Properties\n\n")
	}
	for _, p := range list {
		b.WriteString("- " + p.label + ": " + code(p.text))
		if p.label == "boundary" {
			b.WriteString(". " + boundaryRemark)
		}
		b.WriteByte('\n')
	}
}

func markdownOthers(b *bytes.Buffer, list []other) {
	if len(list) > 0 {
		b.WriteString("\n## Other accounts\n\n" + othersLead + "\n")
	}
	for _, o := range list {
		b.WriteByte('\n')
		for _, r := range o.resources {
			b.WriteString("- " + code(r) + "\n")
		}
		for _, a := range o.askers {
			b.WriteString("  - " + code(a) + "\n")
		}
		// No line of JSON is a fence.
		b.WriteString("\n```json\n" + o.document + "```\n")
	}
}

func markdownPassRole(b *bytes.Buffer, page page) {
	if page.passRole == "" {
		return
	}
	b.WriteString("\n## To pass the role on\n\n" + passRoleLead + "\n\n```json\n" + page.passRole + "```\n")
	if page.openRole {
		b.WriteString("\n" + plain(openRoleLead) + "\n")
	}
	if len(page.taskRoles) > 0 {
		b.WriteString("\n" + taskRolesLead + "\n\n")
	}
	for _, role := range page.taskRoles {
		b.WriteString("- " + code(role) + "\n")
	}
}

func (v view) markdown(b *bytes.Buffer) {
	b.WriteString("\n## " + plain(v.sid) + "\n\nAllow ")
	for i, a := range v.actions {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(code(a.text) + markWords(a))
	}
	b.WriteString(" on\n\n")
	for _, r := range v.resources {
		b.WriteString("- " + code(r.text) + markWords(r.marked) + "\n")
		for _, a := range r.askers {
			b.WriteString("  - " + code(a.words))
			if a.place != "" {
				b.WriteString(" at " + code(a.place))
			}
			b.WriteByte('\n')
		}
	}
	if len(v.conditions) > 0 {
		b.WriteString("\nif\n\n")
		for _, c := range v.conditions {
			b.WriteString("- " + code(c) + "\n")
		}
	}
	b.WriteByte('\n')
	for _, why := range v.whys {
		b.WriteString(plain(why) + "\n")
	}
	for _, doc := range v.docs {
		b.WriteString("<" + doc + ">\n")
	}
}

func markWords(m marked) string {
	s := ""
	for _, mark := range m.marks {
		s += " *" + mark + "*"
	}
	return s
}

// code returns s as a code span. It is enclosed by more backquotes than s has in a row.
func code(s string) string {
	longest, run := 0, 0
	for _, r := range s {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if s == "" || s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// plain escapes characters in words of execrole that Markdown would take for markup, such as * and <.
func plain(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`", "[", `\[`).Replace(analyze.Printable(s))
}
