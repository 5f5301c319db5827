package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
)

const rulesText = `Without ID it lists the rules, one a line: ID, title, and the fields that are
read. With ID it shows all that execrole knows about that need: why ECS wants
the permission, each action and how it is known (called: seen in the source of
the agent or a log driver; documented: in AWS's guide, never seen called), the
least version of the ECS agent, what a task definition cannot show, AWS's page.
`

// rules lists the rules or shows one.
func (c *command) rules(args []string) int {
	rest, status, ok := c.parse("rules", newFlags(), args)
	if !ok {
		return status
	}
	rules := analyze.Rules()
	switch len(rest) {
	case 0:
		return c.print(rulesTable(rules))
	case 1:
		var ids []string
		for _, r := range rules {
			if r.ID == rest[0] {
				return c.print(ruleInFull(r))
			}
			ids = append(ids, r.ID)
		}
		return c.misuse("rules", []error{fmt.Errorf("there is no rule %q%s; the rules are %s",
			rest[0], didYouMean("", rest[0], ids), strings.Join(ids, ", "))})
	}
	return c.misuse("rules", []error{errors.New("rules shows one rule at a time")})
}

func rulesTable(rules []*analyze.Rule) string {
	id, title := 0, 0
	for _, r := range rules {
		id, title = max(id, len(r.ID)), max(title, len(r.Title))
	}
	var b strings.Builder
	for _, r := range rules {
		line := fmt.Sprintf("%-*s  %-*s  %s", id, r.ID, title, r.Title, strings.Join(r.Fields, ", "))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func ruleInFull(r *analyze.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n\nFields:\n", r.ID, r.Title, r.Why)
	for _, f := range r.Fields {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	if len(r.Grants) > 0 {
		b.WriteString("\nPermissions:\n")
	}
	for _, g := range r.Grants {
		fmt.Fprintf(&b, "  %s", g.Sid)
		if g.Agent != "" {
			fmt.Fprintf(&b, " (ECS agent %s or later)", g.Agent)
		}
		b.WriteByte('\n')
		for _, a := range g.Actions {
			fmt.Fprintf(&b, "    %s (%s)\n", a.Name, a.Strength)
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
