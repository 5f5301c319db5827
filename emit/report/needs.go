package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// needsLead is the heading of what has to be there besides the role's permissions.
const needsLead = "To start, the task also needs"

// needGroup is all needs of one kind, as people read them. All its strings are printable.
type needGroup struct {
	title string
	needs []needView
}

type needView struct {
	kind  string   // "secret"; "" for none
	names []string // the ARN, or several where it is one of them
	rest  string   // what follows the names in the line
	from  string   // who asks; "" where nobody does
	why   string
}

// maxAskers is how many of those who ask for one thing are named. Every secret of a task asks for the same endpoint, and
// the statements name them all.
const maxAskers = 3

// needGroups returns the plan's needs, by their kinds.
func needGroups(plan *analyze.Plan, known policy.Environment) (groups []needGroup) {
	for _, n := range plan.Needs() {
		if title := n.Kind.Title(); len(groups) == 0 || groups[len(groups)-1].title != title {
			groups = append(groups, needGroup{title: title})
		}
		g := &groups[len(groups)-1]
		g.needs = append(g.needs, viewOfNeed(n, known))
	}
	return groups
}

func viewOfNeed(n analyze.Need, known policy.Environment) needView {
	v := needView{kind: analyze.Printable(n.Thing), why: analyze.Printable(n.Why)}
	for _, name := range append([]policy.Text{n.Name}, n.Or...) {
		v.names = append(v.names, analyze.Printable(known.Fill(name)))
	}
	switch tag := known.Fill(n.Tag); {
	case strings.Contains(tag, ":"):
		v.rest = ", digest " + tag
	case tag != "":
		v.rest = ", tag " + tag
	case n.Keys != nil:
		keys := make([]string, len(n.Keys))
		for i, key := range n.Keys {
			keys[i] = known.Fill(key)
		}
		v.rest = ": " + strings.Join(keys, ", ")
	}
	if n.Kind == analyze.NeedEndpoint {
		if n.Gateway {
			v.rest = " (gateway)"
		}
		// An endpoint without a region is one in the task's own.
		if n.Region != policy.Of(policy.Region) {
			v.rest += " in " + known.Fill(n.Region)
		}
	}
	if n.LaunchType != "" {
		v.rest += ", only on " + n.LaunchType
	}
	v.rest, v.from = analyze.Printable(v.rest), askersOf(n.From)
	return v
}

// askersOf returns the fields of places in words.
func askersOf(places []taskdef.Ref) string {
	var list []string
	listed := map[string]bool{}
	for _, at := range places {
		if a := analyze.Printable(source(at.Task, at.Container, at.Field)); a != "" && !listed[a] {
			listed[a] = true
			list = append(list, a)
		}
	}
	if n := len(list) - maxAskers; n > 1 {
		list = append(list[:maxAskers:maxAskers], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(list, ", ")
}

func (p *printer) needs(groups []needGroup) {
	if len(groups) > 0 {
		p.heading(needsLead + ":")
	}
	for _, g := range groups {
		p.line("  " + g.title + ":")
		for _, n := range g.needs {
			line := strings.Join(n.names, " or ") + n.rest
			if n.kind != "" {
				line = n.kind + " " + line
			}
			p.line("    " + line)
			if n.from != "" {
				p.line("      " + p.style(faint, "for "+n.from))
			}
			if n.why != "" {
				p.line("      " + p.style(faint, n.why))
			}
		}
	}
}

func markdownNeeds(b *bytes.Buffer, groups []needGroup) {
	if len(groups) > 0 {
		b.WriteString("\n## " + needsLead + "\n")
	}
	for _, g := range groups {
		b.WriteString("\n" + plain(g.title) + ":\n\n")
		writeNeeds(b, g.needs)
	}
}

// writeNeeds writes the needs of one kind in Markdown.
func writeNeeds(b *bytes.Buffer, needs []needView) {
	for _, n := range needs {
		b.WriteString("- ")
		if n.kind != "" {
			b.WriteString(plain(n.kind) + " ")
		}
		for i, name := range n.names {
			if i > 0 {
				b.WriteString(" or ")
			}
			b.WriteString(code(name))
		}
		if n.rest != "" {
			b.WriteString(" " + code(strings.TrimLeft(n.rest, " ,:")))
		}
		if n.from != "" {
			b.WriteString(" for " + code(n.from))
		}
		b.WriteByte('\n')
		if n.why != "" {
			b.WriteString("  " + plain(n.why) + "\n")
		}
	}
}
