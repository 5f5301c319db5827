package report

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// kindStyle returns how the word before findings of a kind looks.
func kindStyle(kind check.Kind) style {
	switch kind {
	case check.Missing, check.Denied, check.Trust:
		return red
	case check.Conditional, check.Unneeded, check.RoleUse:
		return yellow
	}
	return faint
}

func verdictText(verdicts []*check.Verdict, opts VerdictOptions) []byte {
	p := &printer{color: opts.Color}
	short := opts.hasTable() && !opts.All
	for _, v := range verdicts {
		if short && v.Fits == policy.Yes {
			continue // the table has it
		}
		if p.out.Len() > 0 {
			p.line("")
		}
		p.verdict(v, short)
	}
	if opts.hasTable() {
		if p.out.Len() > 0 {
			p.line("")
		}
		p.table(opts.Account, opts.All)
	}
	return p.out.Bytes()
}

// verdict prints one verdict. Short asks for long lists without their ends, and for what is wrong only.
func (p *printer) verdict(v *check.Verdict, short bool) {
	title := "Task execution role"
	name, place := roleTitle(v)
	if name != "" {
		title += " " + name
	}
	if place != "" {
		title += " (" + place + ")"
	}
	p.line(p.style(bold, analyze.Printable(title)))
	for _, f := range findingViews(v, v.Findings) {
		p.line("")
		if short {
			f.shorten()
		}
		p.roleFinding(f)
	}
	if ok := fulfilled(v); len(ok) > 0 && !short {
		p.line("")
		p.line(p.style(green, "OK"))
		for i := range ok {
			p.permission(viewOfPermission(v, &ok[i]))
		}
	}
	p.accepted(v)
	if add := additions(v); len(add) > 0 {
		p.heading("To be added to the role:")
		p.document(analyze.PrintableLines(string(emit.OpenDocument(policy.NewDocument(add...), v.Environment))))
	}
	if trust := newTrust(v); trust.Statements != nil {
		p.heading("The trust policy to have:")
		p.document(analyze.PrintableLines(string(emit.OpenDocument(trust, v.Environment))))
	}
	p.heading("AWS's checklist:")
	for _, l := range checklistOf(v) {
		p.line(fmt.Sprintf("  %-46s %s", l.question, l.answer))
	}
	for _, value := range assumed(v) {
		p.line("  " + p.style(faint, fmt.Sprintf("assumed: %s, as everywhere in the role", analyze.Printable(value))))
	}
	if v.NotJudged {
		p.line("  " + p.style(faint, "not judged: what is unneeded"))
	}
	p.line("  " + p.style(faint, "not seen: "+strings.Join(notSeen(v), "; ")))
	p.line("")
	p.line(p.style(bold, Summary(v)))
}

// accepted prints the findings that do not count, each in a line, with who says so.
func (p *printer) accepted(v *check.Verdict) {
	if len(v.Accepted) > 0 {
		p.heading("Accepted:")
	}
	for _, a := range v.Accepted {
		p.line("  " + p.style(faint, analyze.Printable(acceptedLine(a))))
	}
}

// roleFinding prints findings with one reason, with what asks for them and where it is.
func (p *printer) roleFinding(f findingView) {
	say := func(indent, words string) { p.line(indent + analyze.Printable(words)) }
	p.line(p.style(kindStyle(f.kind), f.word()) + " " + string(f.code) + " " + f.title)
	for _, permission := range f.permissions {
		p.permission(permission)
	}
	for _, a := range f.actions {
		say("  ", a)
	}
	for _, r := range f.on {
		say("    ", "on "+r)
	}
	for _, a := range f.about {
		say("  ", a)
	}
	if f.unseen != "" {
		say("  ", f.unseen)
		p.line("    " + p.style(faint, analyze.Printable(f.unseenCure)))
	}
	if f.in != "" {
		say("  ", "in "+f.in)
	}
	if len(f.used) > 0 {
		p.line("  used of it:")
		for _, u := range f.used {
			say("    ", u)
		}
	}
	if f.instead != "" {
		say("  ", "instead: "+f.instead)
	}
	if f.shown != "" {
		p.line("  ECS shows: " + f.shown)
	}
	p.line("  " + p.style(faint, f.cure))
}

// permission prints a permission with the fields that ask for it.
func (p *printer) permission(view permissionView) {
	line := "  " + analyze.Printable(view.action+" on "+view.resource)
	if view.mark != "" {
		line += " " + view.mark
	}
	p.line(line)
	for _, a := range view.askers {
		line := "    " + analyze.Printable(a.field)
		if a.place != "" {
			line += "  " + p.style(faint, analyze.Printable(a.place))
		}
		p.line(line)
	}
}
