package emit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// cfnConditions are the conditions that a template needs, in the order of their use.
type cfnConditions struct {
	list  []pair
	taken map[string]bool   // the names of other conditions in the template
	names map[string]string // the name of a condition, where that which it was added by is taken
}

// add adds a condition, if it has not been added yet, and returns its name: the given one, or that with a number.
func (c *cfnConditions) add(name string, condition *node) string {
	if other, ok := c.names[name]; ok {
		return other
	}
	if slices.ContainsFunc(c.list, func(p pair) bool { return p.key == name }) {
		return name
	}
	free := name
	for n := 2; c.taken[free]; n++ {
		free = name + strconv.Itoa(n)
	}
	if free != name {
		c.names[name] = free
		c.taken[free] = true
	}
	c.list = append(c.list, pair{free, condition})
	return free
}

// condition returns the name of the condition that one of the symbols has a value.
func (w cfnWriter) condition(when policy.When) string {
	names := make([]string, len(when))
	for i, s := range when {
		names[i] = w.conditionOf(s)
	}
	if len(names) == 1 {
		return names[0]
	}
	slices.Sort(names)
	name := strings.Join(names, "Or")
	if len(names) > 2 || len(name) > maxID {
		name = "HasAny" + hash(name)
	}
	return w.conditions.add(name, cfnOr(names))
}

// conditionOf returns the name of the condition that a symbol has a value.
func (w cfnWriter) conditionOf(s policy.Symbol) string {
	reference := w.refer(s)
	if reference.condition != "" {
		return reference.condition
	}
	return w.conditions.add("Has"+camel(wordsOf(reference.name)),
		callNode("Fn::Not", listNode(callNode("Fn::Equals", listNode(reference.node, stringNode(""))))))
}

// cfnAnd returns the condition that two to ten hold.
func cfnAnd(names []string) *node {
	and := listNode()
	for _, name := range names {
		and.elements = append(and.elements, callNode("Condition", wordNode(name)))
	}
	return callNode("Fn::And", and)
}

// cfnOr returns the condition that one of several holds. CloudFormation takes no more than ten at once.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
func cfnOr(names []string) *node {
	const most = 10
	if len(names) == 1 {
		return callNode("Condition", wordNode(names[0]))
	}
	or := listNode()
	if len(names) <= most {
		for _, name := range names {
			or.elements = append(or.elements, callNode("Condition", wordNode(name)))
		}
	} else {
		size := most
		for size*most < len(names) {
			size *= most
		}
		for part := range slices.Chunk(names, size) {
			or.elements = append(or.elements, cfnOr(part))
		}
	}
	return callNode("Fn::Or", or)
}
