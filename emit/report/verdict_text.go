package report

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// kindWord returns the word before findings of a kind, and its style.
func kindWord(kind check.Kind) (word string, style style) {
	switch kind {
	case check.Missing, check.Denied, check.Trust:
		style = red
	case check.Conditional, check.Unneeded, check.RoleUse:
		style = yellow
	default:
		style = faint
	}
	return strings.ToUpper(string(kind)), style
}

func verdictText(verdicts []*check.Verdict, color bool) []byte {
	p := &printer{color: color}
	for i, v := range verdicts {
		if i > 0 {
			p.line("")
		}
		p.verdict(v)
	}
	return p.out.Bytes()
}

// verdict prints one verdict.
func (p *printer) verdict(v *check.Verdict) {
	p.line(p.style(bold, roleTitle(v)))
	for _, f := range v.Findings {
		p.line("")
		p.roleFinding(v, f)
	}
	if ok := fulfilled(v); len(ok) > 0 {
		p.heading("OK")
		for _, permission := range ok {
			p.permission("  ", permission)
		}
	}
	if add := additions(v); len(add) > 0 {
		p.heading("To be added to the role:")
		p.document(analyze.PrintableLines(string(emit.OpenDocument(policy.NewDocument(add...), environmentOfVerdict(v)))))
	}
	if trust := newTrust(v); trust.Statements != nil {
		p.heading("The trust policy to have:")
		p.document(analyze.PrintableLines(string(emit.OpenDocument(trust, environmentOfVerdict(v)))))
	}
	p.heading("AWS's checklist:")
	for _, question := range []struct {
		words  string
		answer policy.Truth
	}{
		{"the role exists", v.Checklist.Exists}, {"AmazonECSTaskExecutionRolePolicy is attached", v.Checklist.ManagedPolicy}, {"the trust policy lets ECS assume it", v.Checklist.Trust},
	} {
		p.line(fmt.Sprintf("  %-46s %s", question.words, question.answer))
	}
	for _, s := range policy.EnvironmentSymbols {
		if value := v.Assumed.Value(s); value != "" {
			p.line("  " + p.style(faint, fmt.Sprintf("assumed: %s, as everywhere in the role", analyze.Printable(value))))
		}
	}
	p.line("  " + p.style(faint, "not seen: "+strings.Join(notSeen(v), "; ")))
	p.line("")
	p.line(p.style(bold, Summary(v)))
}

// roleTitle names the role and where it is.
func roleTitle(v *check.Verdict) string {
	title := "Task execution role"
	if v.Role.Name != "" {
		title += " " + analyze.Printable(v.Role.Name)
	}
	if place := v.Role.Place.String(); place != "" {
		title += " (" + analyze.Printable(place) + ")"
	}
	return title
}

// Summary says in one line whether the role fits.
func Summary(v *check.Verdict) string {
	counts := map[check.Kind]int{}
	for _, f := range v.Findings {
		counts[f.Kind]++
	}
	var words []string
	for _, kind := range []check.Kind{check.Missing, check.Denied, check.Conditional, check.Trust, check.Unneeded, check.Unexplained, check.Documented} {
		if n := counts[kind]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, kind))
		}
	}
	answer := map[policy.Truth]string{policy.Yes: "The role fits", policy.No: "The role does not fit", policy.Unknown: "Whether the role fits cannot be told"}[v.Fits]
	if words == nil {
		return answer + "."
	}
	return answer + ": " + strings.Join(words, ", ") + "."
}

// roleFinding prints a finding, with what asks for it and where it is.
func (p *printer) roleFinding(v *check.Verdict, f check.Finding) {
	words, color := kindWord(f.Kind)
	e := check.Explain(f.Code)
	if !f.Sure {
		words += "?"
	}
	p.line(p.style(color, words) + " " + string(f.Code) + " " + e.Title)
	if f.Permission != nil {
		p.permission("  ", *f.Permission)
	}
	if f.Actions != nil {
		for _, a := range f.Actions {
			p.line("  " + analyze.Printable(a))
		}
		for _, r := range f.Resources {
			p.line("    on " + analyze.Printable(r.String()))
		}
	}
	if f.Principal.Type != "" {
		p.line("  " + analyze.Printable(f.Principal.Type+" "+strings.Join(textsOf(f.Principal.IDs), ", ")))
	}
	if f.Condition != nil {
		p.line("  " + analyze.Printable(f.Condition.Key+" "+f.Condition.Operator+" "+strings.Join(textsOf(policy.Texts(f.Condition.Values)), " or ")))
	}
	if f.Unknown != nil {
		p.line("  " + analyze.Printable(strings.TrimSpace(f.Unknown.Name+" "+f.Unknown.ARN.String())))
	}
	if f.Unseen != nil {
		p.line("  " + analyze.Printable(f.Unseen.What))
		p.line("    " + p.style(faint, analyze.Printable(f.Unseen.Cure)))
	}
	if in := statementPlace(f); in != "" {
		p.line("  in " + in)
	}
	if len(f.Used) > 0 {
		p.line("  used of it:")
		for _, n := range f.Used {
			p.line("    " + analyze.Printable(n.Requirement.Resource.String()) + " for " + analyze.Printable(source(n.Requirement.At.Task, n.Requirement.At.Container, n.Requirement.At.Field)))
		}
	}
	p.line("  " + p.style(faint, e.Cure))
}

// permission prints a permission with the fields that ask for it.
func (p *printer) permission(indent string, permission check.Permission) {
	r := permission.Needs[0].Requirement
	line := indent + analyze.Printable(permission.Action.Name) + " on " + analyze.Printable(permission.Needs[0].Plan.Environment.Fill(r.Resource))
	if mark := matchMark[r.Match]; mark != "" {
		line += " " + mark
	}
	p.line(line)
	for _, n := range permission.Needs {
		at := n.Requirement.At
		line := indent + "  " + analyze.Printable(source(at.Task, at.Container, at.Field))
		if place := at.String(); place != "" {
			line += "  " + p.style(faint, analyze.Printable(place))
		}
		p.line(line)
	}
}

// statementPlace names the statement that a finding is about, and its place.
func statementPlace(f check.Finding) string {
	var words []string
	if f.Statement != nil && f.Statement.Sid != "" {
		words = append(words, "the statement "+f.Statement.Sid)
	} else if f.Statement != nil {
		words = append(words, "a statement")
	}
	if f.Policy != nil && f.Policy.Name != "" {
		words = append(words, "of the policy "+f.Policy.Name)
	}
	if place := f.At.String(); place != "" {
		words = append(words, "("+place+")")
	}
	return analyze.Printable(strings.Join(words, " "))
}
