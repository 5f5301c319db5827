package policy

import (
	"slices"
	"strings"
)

// PatternIndex finds patterns that can have strings in common with another one, of many.
type PatternIndex struct {
	numbers  map[string][]int // of the patterns, by what all strings of each begin with
	prefixes []string         // sorted
	lengths  []int            // of the prefixes, each once, sorted
}

// NewPatternIndex makes an index of patterns.
func NewPatternIndex(patterns []Pattern) *PatternIndex {
	x := &PatternIndex{numbers: map[string][]int{}}
	for i, p := range patterns {
		if x.numbers[p.prefix] == nil {
			x.prefixes = append(x.prefixes, p.prefix)
			x.lengths = append(x.lengths, len(p.prefix))
		}
		x.numbers[p.prefix] = append(x.numbers[p.prefix], i)
	}
	slices.Sort(x.prefixes)
	slices.Sort(x.lengths)
	x.lengths = slices.Compact(x.lengths)
	return x
}

// Candidates returns the numbers of the patterns that begin as another one does, or as a part of it does. No other pattern has
// a string in common with it.
func (x *PatternIndex) Candidates(with Pattern) (numbers []int) {
	for _, n := range x.lengths {
		if n >= len(with.prefix) {
			break
		}
		numbers = append(numbers, x.numbers[with.prefix[:n]]...)
	}
	first, _ := slices.BinarySearch(x.prefixes, with.prefix)
	for _, prefix := range x.prefixes[first:] {
		if !strings.HasPrefix(prefix, with.prefix) {
			break
		}
		numbers = append(numbers, x.numbers[prefix]...)
	}
	return numbers
}

// Meets reports whether a string can fit both patterns, and within whether every string that fits the second one can fit the
// first one too. What it takes is taken off the work; where that is used up, both are so.
func (w *Work) Meets(p, q Pattern) (meets, within bool) {
	const each = 8 // what comparing takes that have nothing in common
	rest := w.take() - each
	before := rest
	meets = rest <= 0 || rest.cover(p.pattern, q.pattern) != CoversNone
	within = meets && (rest <= 0 || rest.within(q, p) != No)
	w.give(before+each, rest)
	return meets, within
}

// Spend takes n comparisons of characters off the work.
func (w *Work) Spend(n int) { w.left -= n }
