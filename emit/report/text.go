package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// style is how a piece of text looks on a terminal.
type style string

const (
	bold   style = "\x1b[1m"
	faint  style = "\x1b[2m"
	red    style = "\x1b[31m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
	reset        = "\x1b[0m"
)

var severityStyle = map[analyze.Severity]style{
	analyze.Error:   red,
	analyze.Warning: yellow,
	analyze.Note:    faint,
}

// Text returns the plan and the role for a reviewer: a block for each statement, what the task definition cannot show, and
// the findings. Role is nil where the plan has errors; the blocks are then made of the requirements. Color adds the escape
// sequences of a terminal, which no string of the input can contain.
func Text(plan *analyze.Plan, role *policy.Role, color bool) []byte {
	return text(newPage(plan, role, plan.Agent(), plan.Unseen), color)
}

func text(page page, color bool) []byte {
	p := &printer{color: color}
	title := "Task execution role"
	if page.family != "" {
		title += " of " + page.family
	}
	if page.file != "" {
		title += " (" + page.file + ")"
	}
	p.line(p.style(bold, title))
	if page.sharedBy != nil {
		p.line("Shared by: " + strings.Join(page.sharedBy, ", "))
	}
	if page.lead != "" {
		p.line(page.lead)
	}
	p.properties(page.properties)
	p.views(page)
	p.others(page.others)
	p.passRole(page)
	p.needs(page.needs)
	if len(page.unseen) > 0 {
		p.heading("Not in a task definition:")
		for _, u := range page.unseen {
			p.line("  " + analyze.Printable(u.What))
			if u.Cure != "" {
				p.line("    " + p.style(faint, analyze.Printable(u.Cure)))
			}
		}
	}
	if page.agent != "" {
		p.line("")
		p.line(p.style(bold, "Least ECS agent:") + " " + analyze.Printable(page.agent))
	}
	if len(page.findings) > 0 {
		p.heading("Findings:")
		for _, f := range page.findings {
			p.line("  " + p.finding(f))
		}
	}
	return p.out.Bytes()
}

type printer struct {
	out   bytes.Buffer
	color bool
}

func (p *printer) line(s string) {
	p.out.WriteString(strings.TrimRight(s, " "))
	p.out.WriteByte('\n')
}

func (p *printer) style(s style, text string) string {
	if !p.color || s == "" {
		return text
	}
	return string(s) + text + reset
}

func (p *printer) heading(s string) {
	p.line("")
	p.line(p.style(bold, s))
}

func (p *printer) properties(list []property) {
	if len(list) > 0 {
		p.heading("Properties:")
	}
	label := ""
	for _, property := range list {
		if property.label == label { // one word for many tags
			property.label = ""
		} else {
			label = property.label
		}
		p.line(fmt.Sprintf("  %-12s %s", property.label, property.text))
		if property.label == "boundary" {
			p.line(fmt.Sprintf("  %-12s %s", "", p.style(faint, boundaryRemark)))
		}
	}
}

// views prints all statements of the page, and the legend of their marks.
func (p *printer) views(page page) {
	for _, v := range page.granted {
		p.view(v)
	}
	if len(page.attached) > 0 {
		p.heading(attachedLead)
	}
	for _, v := range page.attached {
		p.view(v)
	}
	if len(page.open) > 0 && page.hasRole {
		p.heading("Required, but not in this role:")
	}
	for _, v := range page.open {
		p.view(v)
	}
	if occur := marks(page.views()); len(occur) > 0 {
		p.line("")
		for _, l := range legend {
			if slices.Contains(occur, l.mark) {
				p.line(p.style(faint, fmt.Sprintf("%-*s  %s", len(documentedMark), l.mark, l.text)))
			}
		}
	}
}

func (p *printer) others(list []other) {
	if len(list) > 0 {
		p.heading(othersLead)
	}
	for i, o := range list {
		if i > 0 {
			p.line("")
		}
		for _, r := range o.resources {
			p.line("  " + r)
		}
		for _, a := range o.askers {
			p.line("    " + a)
		}
		p.document(o.document)
	}
}

// document prints a policy document.
func (p *printer) document(text string) {
	for line := range strings.Lines(text) {
		p.line("      " + p.style(faint, strings.TrimRight(line, "\n")))
	}
}

func (p *printer) passRole(page page) {
	if page.passRole == "" {
		return
	}
	p.heading(passRoleLead)
	p.document(page.passRole)
	if page.openRole {
		p.line("  " + openRoleLead)
	}
	if len(page.taskRoles) > 0 {
		p.line("  " + taskRolesLead)
	}
	for _, role := range page.taskRoles {
		p.line("    " + role)
	}
}

// view prints one statement. A word at the left names each part: allow, on, if, why, see.
func (p *printer) view(v view) {
	p.heading(v.sid)
	label := "allow"
	for _, a := range v.actions {
		p.labeled(&label, p.style(bold, a.text)+p.marks(a))
	}
	// Places are in one column of the block where the words before them are short.
	const maxWidth = 44
	width := 0
	for _, r := range v.resources {
		for _, a := range r.askers {
			if n := utf8.RuneCountInString(a.words); n <= maxWidth {
				width = max(width, n)
			}
		}
	}
	label = "on"
	for _, r := range v.resources {
		p.labeled(&label, r.text+p.marks(r.marked))
		for _, a := range r.askers {
			text := fmt.Sprintf("  %-*s", width, a.words)
			if a.place != "" {
				text += "  " + p.style(faint, a.place)
			}
			p.labeled(&label, text)
		}
	}
	label = "if"
	for _, c := range v.conditions {
		p.labeled(&label, c)
	}
	label = "why"
	for _, why := range v.whys {
		p.labeled(&label, why)
	}
	label = "see"
	for _, doc := range v.docs {
		p.labeled(&label, p.style(faint, doc))
	}
}

// marks returns the marks of a text, each after a space.
func (p *printer) marks(m marked) string {
	s := ""
	for _, mark := range m.marks {
		s += " " + p.style(faint, mark)
	}
	return s
}

// labeled prints a line with the label before it, once.
func (p *printer) labeled(label *string, text string) {
	p.line(fmt.Sprintf("  %-6s%s", *label, text))
	*label = ""
}

// finding returns a finding as [analyze.Finding.String] does, with its severity in color.
func (p *printer) finding(f analyze.Finding) string {
	place := analyze.Printable(f.At.String())
	before, after, found := strings.Cut(strings.TrimPrefix(f.String(), place), string(f.Severity)+": ")
	if !found {
		return f.String()
	}
	return place + before + p.style(severityStyle[f.Severity], string(f.Severity)+":") + " " + after
}
