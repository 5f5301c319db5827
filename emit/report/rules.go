package report

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
)

// RuleTable returns the table of rules: the ID of each, the fields that it reads, what it needs and why, and the AWS
// page.
func RuleTable(rules []*analyze.Rule) string {
	var b strings.Builder
	for i, r := range rules {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s\n", r.ID, r.Title)
		column(&b, "fields", r.Fields)
		column(&b, "needs", needs(r))
		column(&b, "why", []string{r.Why})
		column(&b, "see", []string{r.Doc})
	}
	return b.String()
}

// needs returns the actions of a rule, those of one grant in a line.
func needs(r *analyze.Rule) []string {
	var lines []string
	seen := map[string]bool{}
	for _, g := range r.Grants {
		var actions []string
		for _, a := range g.Actions {
			actions = append(actions, actionText(a))
		}
		if line := strings.Join(actions, ", "); !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	if lines == nil {
		return []string{"nothing: it only remarks"}
	}
	return lines
}

// actionText returns the name of the action, with a mark if no source is known to call it.
func actionText(a analyze.Action) string {
	if a.Strength == analyze.Documented {
		return a.Name + " " + documentedMark
	}
	return a.Name
}

func column(b *strings.Builder, label string, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(b, "  %-8s%s\n", label, line)
		label = ""
	}
}

// Rule returns all that is known about one rule.
func Rule(r *analyze.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n\nFields:\n", r.ID, r.Title, r.Why)
	for _, f := range r.Fields {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	if len(r.Grants) > 0 {
		b.WriteString("\nPermissions:\n")
	}
	for _, g := range r.Grants {
		b.WriteString("  " + g.Sid)
		if g.When != "" {
			b.WriteString(", for " + g.When)
		}
		if g.Agent != "" {
			fmt.Fprintf(&b, " (ECS agent %s or later)", g.Agent)
		}
		b.WriteByte('\n')
		for _, a := range g.Actions {
			fmt.Fprintf(&b, "    %s (%s)\n", a.Name, a.Strength)
		}
		if g.Why != "" {
			fmt.Fprintf(&b, "    %s\n", g.Why)
		}
		if g.Wildcard != "" {
			fmt.Fprintf(&b, "    Wildcards: %s\n", g.Wildcard)
		}
		if g.Shown != "" {
			fmt.Fprintf(&b, "    Without it ECS shows: %s\n", g.Shown)
		}
	}
	if len(r.Unseen) > 0 {
		b.WriteString("\nNot in a task definition:\n")
	}
	for _, u := range r.Unseen {
		fmt.Fprintf(&b, "  %s\n    %s\n", u.What, u.Cure)
	}
	if r.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", r.Doc)
	}
	return b.String()
}

// RulesPage returns docs/rules.md: what the command rules prints for all rules, and the fields that no rule needs.
func RulesPage(rules []*analyze.Rule) string {
	var b strings.Builder
	b.WriteString("# Rules\n\n" +
		"What execrole knows about the needs of each field. `execrole rules` prints the table, and\n" +
		"`execrole rules ID` one rule in full; a test keeps this page equal to them.\n\n" +
		"An action is *called* where the source of the ECS agent or of a log driver calls it, and *documented*\n" +
		"where AWS's guide or managed policy lists it and no known source calls it; `--called-only` leaves the\n" +
		"latter out.\n\n## All rules\n\n```text\n" + RuleTable(rules) + "```\n")
	for _, r := range rules {
		fmt.Fprintf(&b, "\n## %s\n\n```text\n%s```\n", r.ID, Rule(r))
	}
	b.WriteString("\n## Fields that need no permission\n\n" +
		"ECS uses the execution role for none of these. With the fields of the rules they are all that the API\nhas.\n\n```text\n")
	for _, f := range analyze.NeedNothing() {
		b.WriteString(f + "\n")
	}
	b.WriteString("```\n")
	return b.String()
}
