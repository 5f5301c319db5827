package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Merge joins statements that allow the same actions under the same conditions, so that few of them allow
// what many did: a statement of the result has all their resources and sources, sorted, and the Sid of the
// first of them, with a number where another statement has it already. The result is in the order in which
// the first of each stand, and does not depend on the order of the others. Each statement given has a
// resource.
func Merge(statements []Statement) []Statement {
	var merged []Statement
	index := map[string]int{}
	for _, s := range statements {
		key := mergeKey(s)
		i, seen := index[key]
		if !seen {
			i = len(merged)
			index[key] = i
			merged = append(merged, Statement{Sid: s.Sid, Actions: s.Actions, Conditions: s.Conditions})
		}
		merged[i].Resources = append(merged[i].Resources, s.Resources...)
		merged[i].From = append(merged[i].From, s.From...)
	}
	sids := map[string]int{}
	for i := range merged {
		s := &merged[i]
		slices.Sort(s.Resources)
		s.Resources = slices.Compact(s.Resources)
		slices.SortFunc(s.From, func(a, b Source) int {
			return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Field, b.Field))
		})
		s.From = slices.Compact(s.From)
		if sids[s.Sid]++; sids[s.Sid] > 1 {
			s.Sid += strconv.Itoa(sids[s.Sid])
		}
	}
	return merged
}

// mergeKey is equal for statements that differ in resources and sources only.
func mergeKey(s Statement) string {
	key := strings.Join(s.Actions, " ")
	if len(s.Conditions) == 0 {
		return key
	}
	return key + fmt.Sprintf(" %q", s.Conditions)
}
