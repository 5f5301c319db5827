package emit

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// cfnConditions are the conditions that a template needs, in the order of their use.
type cfnConditions struct{ list []pair }

// add adds a condition, if the template does not have it yet.
func (c *cfnConditions) add(name string, condition *node) {
	if !slices.ContainsFunc(c.list, func(p pair) bool { return p.key == name }) {
		c.list = append(c.list, pair{name, condition})
	}
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
	w.conditions.add(name, cfnOr(names))
	return name
}

// conditionOf returns the name of the condition that a symbol has a value.
func (w cfnWriter) conditionOf(s policy.Symbol) string {
	reference := w.refer(s)
	name := "Has" + camel(wordsOf(reference.name))
	w.conditions.add(name, callNode("Fn::Not", listNode(callNode("Fn::Equals", listNode(reference.node, stringNode(""))))))
	return name
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
