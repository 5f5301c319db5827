package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Merge joins statements so that few of them allow exactly what many did: those that differ in their
// resources alone, and those that differ in the values of one condition alone, where several values are
// alternatives. Sixty secrets under one key are one statement.
//
// A statement of the result has the resources, values and sources of all that became it, sorted, and the
// Sid of the first of them, with a number where another statement has it already. The result is in the
// order in which the first of each stand, and does not depend on the order of the others: who sorts what
// is to be merged, by what its author means and with [CompareConditions], gets the same result for every
// order of the input. Each statement given has a resource.
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
	// What was joined may be equal now to what it was not before.
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
	return join(statements, mergeKey, func(into *Statement, s Statement) {
		into.Resources = append(into.Resources, s.Resources...)
	}, func(s *Statement) {
		slices.Sort(s.Resources)
		s.Resources = slices.Compact(s.Resources)
	})
}

// joinValues joins statements that differ in the values of their condition number i, and in sources, only.
func joinValues(statements []Statement, i int) []Statement {
	return join(statements, func(s Statement) string {
		if i >= len(s.Conditions) || !alternatives(s.Conditions[i].Operator) {
			return ""
		}
		s.Conditions = slices.Clone(s.Conditions)
		s.Conditions[i].Values = nil
		return mergeKey(s) + fmt.Sprintf(" %q", s.Resources)
	}, func(into *Statement, s Statement) {
		values := &into.Conditions[i].Values
		*values = append(*values, s.Conditions[i].Values...)
	}, func(s *Statement) {
		if i < len(s.Conditions) {
			values := &s.Conditions[i].Values
			slices.Sort(*values)
			*values = slices.Compact(*values)
		}
	})
}

// join makes one statement of all that have the same key, by add, and puts each of the result in order by
// tidy. Statements with the key "" stay by themselves. The statements given are not changed.
func join(statements []Statement, key func(Statement) string, add func(into *Statement, s Statement), tidy func(*Statement)) []Statement {
	var joined []Statement
	index := map[string]int{}
	for _, s := range statements {
		k := key(s)
		if i, seen := index[k]; seen && k != "" {
			add(&joined[i], s)
			joined[i].From = append(joined[i].From, s.From...)
			joined[i].Reasons = append(joined[i].Reasons, s.Reasons...)
			continue
		}
		index[k] = len(joined)
		s.Resources, s.Conditions, s.From = slices.Clone(s.Resources), slices.Clone(s.Conditions), slices.Clone(s.From)
		s.Reasons = slices.Clone(s.Reasons)
		for i := range s.Conditions {
			s.Conditions[i].Values = slices.Clone(s.Conditions[i].Values)
		}
		joined = append(joined, s)
	}
	for i := range joined {
		tidy(&joined[i])
		joined[i].From = SortSources(joined[i].From)
		slices.Sort(joined[i].Reasons)
		joined[i].Reasons = slices.Compact(joined[i].Reasons)
	}
	return joined
}

// SortSources sorts sources in place and leaves out what stands there twice.
func SortSources(from []Source) []Source {
	slices.SortFunc(from, func(a, b Source) int {
		return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Field, b.Field))
	})
	return slices.Compact(from)
}

// mergeKey is equal for statements that differ in resources and sources only.
func mergeKey(s Statement) string {
	key := strings.Join(s.Actions, " ")
	if len(s.Conditions) == 0 {
		return key
	}
	return key + fmt.Sprintf(" %q", s.Conditions)
}

// alternatives reports whether a condition of the operator holds where it would hold with one of its values
// alone, so that conditions may be joined and cut at their values. It is not so for the negated operators,
// where every value has to be another, nor for ForAllValues, where each value of the request may fit
// another value of the policy.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func alternatives(operator string) bool {
	switch strings.TrimSuffix(strings.TrimPrefix(operator, "ForAnyValue:"), "IfExists") {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress":
		return true
	}
	return false
}

// CompareConditions orders lists of conditions, to sort statements that nothing else tells apart.
func CompareConditions(a, b []Condition) int {
	return slices.CompareFunc(a, b, func(a, b Condition) int {
		return cmp.Or(strings.Compare(a.Operator, b.Operator), strings.Compare(a.Key, b.Key), slices.Compare(a.Values, b.Values))
	})
}

// numberSids makes every Sid the only one of its kind: the first keeps its name, and the others get 2, 3 …
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
