package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Merge joins statements so that few of them allow exactly what many did. It joins statements that differ in their
// resources alone, and statements that differ in the values of one condition alone, where several values are
// alternatives. So sixty secrets under one key are one statement.
//
// A statement of the result has the resources and values of all statements that it is made of, sorted and with their
// sources. It has the Sid of the first of them, with a number where another statement has that Sid already. The result
// is in the order of these first statements, and does not depend on the order of the others. So a caller that sorts
// its statements, at last by [CompareConditions], gets the same result for every order of its input.
//
// Each statement given allows actions on resources. Merge does not change them.
func Merge(statements []Statement) []Statement {
	merged := merge(statements)
	numberSids(merged)
	return merged
}

// merge is Merge without the numbers behind Sids.
func merge(statements []Statement) []Statement {
	merged := joinResources(statements)
	conditions := 0
	for _, s := range merged {
		conditions = max(conditions, len(s.Conditions))
	}
	// Statements that were joined can be equal now to statements that they differed from before.
	for before := -1; conditions > 0 && before != len(merged); {
		before = len(merged)
		for i := range conditions {
			merged = joinValues(merged, i)
		}
		merged = joinResources(merged)
	}
	return merged
}

// joinResources joins statements that differ in resources and sources only.
func joinResources(statements []Statement) []Statement {
	return join(statements, func(s *Statement) string { return mergeKey(s, -1) }, func(into, s *Statement) {
		into.Resources = append(into.Resources, s.Resources...)
		for i := range s.Conditions {
			addSources(into.Conditions[i].Values, s.Conditions[i].Values)
		}
	})
}

// joinValues joins statements that differ in the values of their condition number i, and in sources, only.
func joinValues(statements []Statement, i int) []Statement {
	return join(statements, func(s *Statement) string {
		if i >= len(s.Conditions) || !alternatives(s.Conditions[i].Operator) {
			return ""
		}
		return mergeKey(s, i)
	}, func(into, s *Statement) {
		addSources(into.Resources, s.Resources)
		for j := range s.Conditions {
			if j == i {
				into.Conditions[j].Values = append(into.Conditions[j].Values, s.Conditions[j].Values...)
			} else {
				addSources(into.Conditions[j].Values, s.Conditions[j].Values)
			}
		}
	})
}

// addSources adds the sources and reasons of values to those of others with the same texts. These are there where one or
// the other is.
func addSources(into, values []Value) {
	for i, v := range values {
		into[i].From = append(into[i].From, v.From...)
		into[i].Reasons = append(into[i].Reasons, v.Reasons...)
		into[i].When = into[i].When.Or(v.When)
	}
}

// join makes one statement of all that have the same key, by add. A statement with the key "" stays as it is. Join does
// not change the statements given.
func join(statements []Statement, key func(*Statement) string, add func(into, s *Statement)) []Statement {
	joined := make([]Statement, 0, len(statements))
	index := map[string]int{}
	for i := range statements {
		k := key(&statements[i])
		if j, seen := index[k]; seen && k != "" {
			add(&joined[j], &statements[i])
			continue
		}
		index[k] = len(joined)
		s := statements[i]
		s.Resources, s.Conditions = ownValues(s.Resources), slices.Clone(s.Conditions)
		for j := range s.Conditions {
			s.Conditions[j].Values = ownValues(s.Conditions[j].Values)
		}
		joined = append(joined, s)
	}
	for i := range joined {
		joined[i].Resources = sortValues(joined[i].Resources)
		for j := range joined[i].Conditions {
			joined[i].Conditions[j].Values = sortValues(joined[i].Conditions[j].Values)
		}
	}
	return joined
}

// ownValues returns a copy of values to which sources and reasons can be added.
func ownValues(values []Value) []Value {
	values = slices.Clone(values)
	for i := range values {
		values[i].From, values[i].Reasons = slices.Clip(values[i].From), slices.Clip(values[i].Reasons)
	}
	return values
}

// sortValues sorts values by text, and makes one of those with the same text.
func sortValues(values []Value) []Value {
	compare := func(a, b Value) int { return strings.Compare(string(a.Text), string(b.Text)) }
	if !slices.IsSortedFunc(values, compare) {
		slices.SortStableFunc(values, compare)
	}
	n := 0
	for i := range values {
		if n > 0 && values[n-1].Text == values[i].Text {
			addSources(values[n-1:n], values[i:i+1])
			continue
		}
		values[n] = values[i]
		values[n].From, values[n].Reasons = slices.Clip(values[n].From), slices.Clip(values[n].Reasons)
		n++
	}
	clear(values[n:])
	for i := range values[:n] {
		values[i].From, values[i].Reasons = SortSources(values[i].From), sortReasons(values[i].Reasons)
	}
	return values[:n]
}

func sortReasons(reasons []string) []string {
	if len(reasons) < 2 {
		return reasons
	}
	return slices.Compact(slices.Sorted(slices.Values(reasons)))
}

// mergeKey is equal for statements that differ in sources only, and in the values of condition number i; in the
// resources if i is -1. It is "" for a statement that does not allow actions on resources.
func mergeKey(s *Statement, i int) string {
	if s.Effect != Allow || s.NotActions != nil || s.NotResources != nil {
		return ""
	}
	actions := strings.Join(s.Actions, " ")
	if i < 0 && s.Principals == nil && s.Conditions == nil {
		return actions // as nearly always
	}
	var b strings.Builder
	b.WriteString(actions)
	for _, p := range s.Principals {
		b.WriteString("\n" + p.Type)
		for _, id := range p.IDs {
			b.WriteString(strconv.Quote(string(id)))
		}
	}
	list := func(values []Value) {
		b.WriteByte('\n')
		for _, v := range values {
			b.WriteString(strconv.Quote(string(v.Text)))
		}
	}
	for j, c := range s.Conditions {
		b.WriteString("\n" + c.Operator + "\n" + c.Key)
		if j != i {
			list(c.Values)
		}
	}
	if i >= 0 {
		list(s.Resources)
	}
	return b.String()
}

// alternatives reports whether a condition with the operator holds if and only if it would hold with one of its values
// alone. Such conditions may be joined and cut at their values. It is not so for the negated operators, where no value
// may match, nor for ForAllValues, where each value of the request may match another value of the policy.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func alternatives(operator string) bool {
	switch strings.TrimSuffix(strings.TrimPrefix(operator, "ForAnyValue:"), "IfExists") {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress":
		return true
	}
	return false
}

// CompareConditions orders lists of conditions, for statements that do not differ otherwise. It ignores sources.
func CompareConditions(a, b []Condition) int {
	return slices.CompareFunc(a, b, func(a, b Condition) int {
		return cmp.Or(strings.Compare(a.Operator, b.Operator), strings.Compare(a.Key, b.Key), slices.CompareFunc(a.Values, b.Values, func(a, b Value) int {
			return strings.Compare(string(a.Text), string(b.Text))
		}))
	})
}

// numberSids makes every Sid unique: the first statement of a Sid keeps it, and the others get 2, 3 … behind it.
// Statements without a Sid stay so.
func numberSids(statements []Statement) {
	taken := make(map[string]bool, len(statements))
	for _, s := range statements {
		taken[s.Sid] = true
	}
	last := map[string]int{}
	for i := range statements {
		sid := statements[i].Sid
		if last[sid]++; last[sid] == 1 || sid == "" {
			continue
		}
		for taken[sid+strconv.Itoa(last[sid])] {
			last[sid]++
		}
		statements[i].Sid = sid + strconv.Itoa(last[sid])
		taken[statements[i].Sid] = true
	}
}
