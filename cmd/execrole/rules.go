package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit/report"
)

const rulesText = `Without ID it lists the rules: for each its ID, the fields that are read, what
they need, why, and AWS's page. With ID it shows all that execrole knows about
that need: each action and how it is known (called: seen in the source of the
agent or a log driver; documented: in AWS's guide, never seen called), the least
version of the ECS agent, and what a task definition cannot show.
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
		return c.print(report.RuleTable(rules))
	case 1:
		var ids []string
		for _, r := range rules {
			if r.ID == rest[0] {
				return c.print(report.Rule(r))
			}
			ids = append(ids, r.ID)
		}
		return c.misuse("rules", []error{fmt.Errorf("there is no rule %q%s; the rules are %s",
			rest[0], didYouMean("", rest[0], ids), strings.Join(ids, ", "))})
	}
	return c.misuse("rules", []error{errors.New("rules shows one rule at a time")})
}
