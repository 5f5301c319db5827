package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit/report"
)

func rulesCommand() *subcommand {
	return &subcommand{
		name:    "rules",
		args:    "[ID]",
		example: "execrole rules secrets",
		about:   "list the rules, or show one",
		text: `Without ID it lists the rules: for each its ID, the fields that are read, what
they need, why, and AWS's page. With ID it shows all that execrole knows about
that need: each action and how it is known (called: seen in the source of the
agent or a log driver; documented: in AWS's guide, never seen called), the least
version of the ECS agent, and what a task definition cannot show.
`,
		run: runRules,
	}
}

// runRules lists the rules or shows one.
func runRules(c *command, in *invocation) error {
	rules := analyze.Rules()
	switch len(in.args) {
	case 0:
		return c.print(c.wrap(report.RuleTable(rules)))
	case 1:
		var ids []string
		for _, r := range rules {
			if r.ID == in.args[0] {
				return c.print(c.wrap(report.Rule(r)))
			}
			ids = append(ids, r.ID)
		}
		return misuse("rules", fmt.Errorf("there is no rule %q%s; the rules are %s",
			in.args[0], didYouMean("", in.args[0], ids), strings.Join(ids, ", ")))
	}
	return misuse("rules", errors.New("rules shows one rule at a time"))
}
