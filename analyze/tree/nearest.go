package tree

import "strings"

// Nearest returns the candidate that a typing error could have made name of, or "" when none is near: at
// most two letters left out, put in, changed or swapped, and at most a third of the name.
func Nearest[N, C ~string](name N, candidates []C) C {
	var best C
	least := min(2, len(name)/3) + 1
	for _, c := range candidates {
		if strings.EqualFold(string(c), string(name)) {
			return c
		}
		if d := distance(strings.ToLower(string(name)), strings.ToLower(string(c)), least); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the single edits between a and b, a swap of neighbours being one (the optimal string
// alignment distance). It may return any number from limit on once the answer is not below it.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			change := previous[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			current[j] = min(previous[j]+1, current[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}
