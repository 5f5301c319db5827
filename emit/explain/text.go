package explain

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
	yellow style = "\x1b[33m"
	reset        = "\x1b[0m"
)

var severityStyle = map[analyze.Severity]style{
	analyze.Error:   red,
	analyze.Warning: yellow,
	analyze.Note:    faint,
}

// The marks behind actions and resources, and what they mean; the legend shows those that occur.
const documentedMark = "(documented)"

var matchMark = map[analyze.Match]string{analyze.Each: "(each)", analyze.OneOf: "(one of)"}

var legend = []struct{ mark, text string }{
	{documentedMark, "AWS documents that this action is needed; no known source calls it"},
	{matchMark[analyze.OneOf], "one name that fits the pattern is meant, and the input does not tell which"},
	{matchMark[analyze.Each], "every name that fits the pattern is meant"},
}

// Text returns the plan and the role for a reviewer: a block for each statement, what the task definition
// cannot show, and the findings. Role is nil where the plan has errors; the blocks are then made of
// the requirements. Color adds the escape sequences of a terminal; no string of the input ever holds any.
func Text(plan *analyze.Plan, role *policy.Role, color bool) []byte {
	return text(plan, role, plan.Agent(), plan.Unseen(), color)
}

// text is Text with what the plan derives from all rules handed in, so that tests can choose it.
func text(plan *analyze.Plan, role *policy.Role, agent string, unseen []analyze.Unseen, color bool) []byte {
	p := &printer{color: color, marks: map[string]bool{}}
	granted, open := blocks(plan, role)

	p.title(plan, role)
	for _, b := range granted {
		p.block(b)
	}
	if len(open) > 0 && role != nil {
		p.heading("Required, but not in this role:")
	}
	for _, b := range open {
		p.block(b)
	}
	p.legend()

	if len(unseen) > 0 {
		p.heading("Not in a task definition:")
		for _, u := range unseen {
			p.line("  " + analyze.Printable(u.What))
			if u.Cure != "" {
				p.line("    " + p.style(faint, analyze.Printable(u.Cure)))
			}
		}
	}
	if agent != "" {
		p.line("")
		p.line(p.style(bold, "Least ECS agent:") + " " + analyze.Printable(agent))
	}
	if len(plan.Findings) > 0 {
		p.heading("Findings:")
		for _, f := range plan.Findings {
			p.line("  " + p.finding(f))
		}
	}
	return p.out.Bytes()
}

type printer struct {
	out   bytes.Buffer
	color bool
	marks map[string]bool // those that were printed
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

func (p *printer) title(plan *analyze.Plan, role *policy.Role) {
	title := "Task execution role"
	if plan.Family != "" {
		title += " of " + analyze.Printable(plan.Family)
	}
	if plan.File != "" && plan.File != "-" {
		title += " (" + analyze.Printable(plan.File) + ")"
	}
	p.line(p.style(bold, title))
	switch {
	case role == nil && len(plan.Requirements) == 0:
		p.line("No role can be written: see the findings.")
	case role == nil:
		p.line("No role can be written: see the findings. This much is known to be required:")
	case len(statements(role)) == 0 && len(plan.Requirements) == 0:
		p.line("The role needs no permissions: its trust policy is all.")
	}
}

// block prints one statement. What stands in a column of its own is named by a word at the left: allow,
// on, if, why, see.
func (p *printer) block(b block) {
	s := b.statement
	p.heading(analyze.Printable(s.Sid))

	strengths := map[string]analyze.Strength{}
	byResource := map[policy.Text][]*analyze.Requirement{}
	var whys, docs []string
	for _, r := range b.requirements {
		byResource[r.Resource] = append(byResource[r.Resource], r)
		if r.Why() != "" && !slices.Contains(whys, r.Why()) {
			whys = append(whys, r.Why())
		}
		if r.Rule.Doc != "" && !slices.Contains(docs, r.Rule.Doc) {
			docs = append(docs, r.Rule.Doc)
		}
		for _, a := range r.Actions {
			// One rule that sees the call is enough.
			if strengths[a.Name] != analyze.Called {
				strengths[a.Name] = a.Strength
			}
		}
	}

	label := "allow"
	for _, a := range s.Actions {
		text := p.style(bold, analyze.Printable(a))
		if strengths[a] == analyze.Documented {
			text += " " + p.mark(documentedMark)
		}
		p.labeled(&label, text)
	}

	// Places stand in one column of the whole block, as far as the words before them are short.
	const maxWidth = 44
	width := 0
	for _, r := range b.requirements {
		if n := utf8.RuneCountInString(words(r)); n <= maxWidth {
			width = max(width, n)
		}
	}
	label = "on"
	for _, resource := range s.Resources {
		text := analyze.Printable(resource.String())
		var marks []string
		for _, r := range byResource[resource] {
			if m := matchMark[r.Match]; m != "" && !slices.Contains(marks, m) {
				marks = append(marks, m)
				text += " " + p.mark(m)
			}
		}
		p.labeled(&label, text)
		seen := map[string]bool{} // two rules may read one field
		for _, r := range byResource[resource] {
			text := fmt.Sprintf("%-*s", width, words(r))
			if place := r.At.Place(); place != "" {
				text += "  " + p.style(faint, analyze.Printable(place))
			}
			if !seen[text] {
				seen[text] = true
				p.labeled(&label, "  "+text)
			}
		}
	}

	label = "if"
	for _, c := range s.Conditions {
		values := make([]string, len(c.Values))
		for i, v := range c.Values {
			values[i] = analyze.Printable(v.String())
		}
		p.labeled(&label, analyze.Printable(c.Key)+" "+analyze.Printable(c.Operator)+" "+strings.Join(values, " or "))
	}
	label = "why"
	for _, why := range whys {
		p.labeled(&label, analyze.Printable(why))
	}
	label = "see"
	for _, doc := range docs {
		p.labeled(&label, p.style(faint, analyze.Printable(doc)))
	}
}

// words names the field that asked, with its container.
func words(r *analyze.Requirement) string {
	return analyze.Printable(source(r.At.Container, r.At.Field))
}

// labeled prints a line with the label before it, once.
func (p *printer) labeled(label *string, text string) {
	p.line(fmt.Sprintf("  %-6s%s", *label, text))
	*label = ""
}

func (p *printer) mark(s string) string {
	p.marks[s] = true
	return p.style(faint, s)
}

func (p *printer) legend() {
	if len(p.marks) == 0 {
		return
	}
	p.line("")
	for _, l := range legend {
		if p.marks[l.mark] {
			p.line(p.style(faint, fmt.Sprintf("%-*s  %s", len(documentedMark), l.mark, l.text)))
		}
	}
}

// finding prints a finding as [analyze.Finding.String] does, with its severity in color.
func (p *printer) finding(f analyze.Finding) string {
	place := analyze.Printable(f.At.Place())
	before, after, found := strings.Cut(strings.TrimPrefix(f.String(), place), string(f.Severity)+": ")
	if !found {
		return f.String()
	}
	return place + before + p.style(severityStyle[f.Severity], string(f.Severity)+":") + " " + after
}
