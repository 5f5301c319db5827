package policy

import (
	"math/bits"
	"slices"
)

// Coverage says how many of the strings that fit one pattern fit another one too.
type Coverage int

const (
	// CoverageUnknown says that it depends on values that nobody knows here.
	CoverageUnknown Coverage = iota
	CoversNone
	CoversSome
	CoversAll
)

// String returns the coverage in a word: "some".
func (c Coverage) String() string {
	return [...]string{CoverageUnknown: "unknown", CoversNone: "none", CoversSome: "some", CoversAll: "all"}[c]
}

// truth says whether a string that fits the first pattern, and that nobody knows, fits the other.
func (c Coverage) truth() Truth {
	switch c {
	case CoversAll:
		return Yes
	case CoversNone:
		return No
	}
	return Unknown
}

// maxWork bounds the work for one request, in comparisons of tokens. Policies and ARNs that IAM takes need far less. What is
// left when it is used up is unknown.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxWork = 1 << 24

// work is how much can still be done.
type work int

// cover says how many of the strings of one pattern fit another one.
func (w *work) cover(of, by *pattern) Coverage {
	switch {
	case by.invalid || of.invalid:
		return CoversNone
	case of.isPlain && by.isPlain:
		if of.plain == by.plain {
			return CoversAll
		}
		return CoversNone
	case len(by.tokens) == 1 && by.tokens[0].kind == many && by.tokens[0].class == anyCharacter:
		return CoversAll
	}
	if differ(of, by) {
		return CoversNone
	}
	a, b := trim(of.tokens, by.tokens)
	if !of.symbols && !of.narrow && !by.symbols && !by.narrow {
		return w.coverSimple(of, by, a, b)
	}
	if of.symbols && by.symbols && differInThings(a, b) {
		return CoversNone
	}
	switch {
	case !w.intersects(shapes(a, of.symbols), shapes(b, by.symbols)):
		return CoversNone
	case *w <= 0:
		return CoverageUnknown
	case of.isPlain && !by.symbols:
		return CoversAll
	case w.simulates(a, b):
		return CoversAll
	}
	return w.coverLike(a, b)
}

// coverLike is cover for patterns with symbols of which [SymbolInfo.Like] says more than their meaning does.
func (w *work) coverLike(of, by []token) Coverage {
	likeOf, likeBy := alike(of, false), alike(by, false)
	if likeOf == nil && likeBy == nil || *w <= 0 {
		return CoverageUnknown
	}
	if likeOf == nil {
		likeOf = of
	}
	if likeBy == nil {
		likeBy = by
	}
	if !w.intersects(shapes(likeOf, true), shapes(likeBy, true)) {
		return CoversNone
	}
	if exact := alike(by, true); exact != nil {
		by = exact
	}
	if w.simulates(likeOf, by) {
		return CoversAll
	}
	return CoverageUnknown
}

// alike returns the tokens with [SymbolInfo.Like] in the place of each symbol that has it; nil if none has it. With exact, only a
// Like without wildcards counts: that is the value itself.
func alike(tokens []token, exact bool) (list []token) {
	isWildcard := func(t token) bool { return t.kind == one || t.kind == many }
	is := func(t token) bool {
		return t.kind == symbol && t.value.like != nil && !(exact && slices.ContainsFunc(t.value.like, isWildcard))
	}
	if !slices.ContainsFunc(tokens, is) {
		return nil
	}
	for _, t := range tokens {
		if is(t) {
			list = append(list, t.value.like...)
		} else {
			list = append(list, t)
		}
	}
	return list
}

// coverSimple does what cover does, for patterns that have no symbols and whose wildcards match every character. A and b are
// the tokens of the two patterns, without the tokens that both begin with.
func (w *work) coverSimple(of, by *pattern, a, b []token) Coverage {
	switch {
	case of.stars && by.stars && !w.endsMeet(a, b):
		return CoversNone
	case !(of.stars && by.stars) && !w.meet(a, b, of.stars):
		return CoversNone
	case *w <= 0:
		return CoverageUnknown
	case of.isPlain || w.fits(a, b, true):
		return CoversAll
	case !of.stars && *w > 0:
		return CoversSome
	case w.contains(a, b):
		return CoversAll
	case *w <= 0:
		return CoverageUnknown
	}
	return CoversSome
}

// endsMeet reports whether a string fits two patterns that both have a *. Only the tokens before the first * and behind the last
// one have to agree. In between, the * of each pattern matches whatever the other one has there.
func (w *work) endsMeet(a, b []token) bool {
	*w -= work(len(a) + len(b))
	for i := 0; i < len(a) && i < len(b) && a[i].kind != many && b[i].kind != many; i++ {
		if !meets(a[i], b[i]) {
			return false
		}
	}
	for i, j := len(a)-1, len(b)-1; i >= 0 && j >= 0 && a[i].kind != many && b[j].kind != many; i, j = i-1, j-1 {
		if !meets(a[i], b[j]) {
			return false
		}
	}
	return true
}

// meet reports whether a string fits two patterns, of which one at most has a *: a, if starred is set. Where the work is used
// up, it reports that one does.
func (w *work) meet(a, b []token, starred bool) bool {
	if starred {
		a, b = b, a
	}
	return w.fits(a, b, false) || *w <= 0
}

// fits compares pattern s with pattern by, one token after the other. A * of by matches any number of tokens of s. What follows
// the * is looked for at the first place where it fits, which is enough. With whole, fits reports whether every string of s fits
// by. Without it, s has no *, and fits reports whether one string of s fits by. If the work is used up, the answer is no.
func (w *work) fits(s, by []token, whole bool) bool {
	i, j, star, from := 0, 0, -1, 0
	for i < len(s) {
		if *w--; *w <= 0 {
			return false
		}
		if j < len(by) {
			b := by[j]
			if b.kind == many {
				star, from = j, i
				j++
				continue
			}
			t := s[i]
			fits := b.kind == one && t.kind != many || t.kind == character && t.char == b.char && b.kind == character
			if fits || !whole && t.kind == one {
				i++
				j++
				continue
			}
		}
		if star < 0 {
			return false
		}
		from++
		i, j = from, star+1
	}
	for j < len(by) && by[j].kind == many {
		j++
	}
	return j == len(by)
}

// differ reports whether the strings of two patterns begin or end in different characters, as most do that have no string in
// common.
func differ(a, b *pattern) bool {
	n, m := min(len(a.prefix), len(b.prefix)), min(len(a.suffix), len(b.suffix))
	return a.prefix[:n] != b.prefix[:n] || a.suffix[len(a.suffix)-m:] != b.suffix[len(b.suffix)-m:]
}

// differInThings reports whether two patterns name different things of the input, in the same place: behind what they have in
// common, each has the symbol of a thing, and the symbols end in the same place.
func differInThings(a, b []token) bool {
	for len(a) > 0 && len(b) > 0 && a[0].kind == symbol && b[0].kind == symbol && a[0].value.name == b[0].value.name && a[0].value.name != "" {
		a, b = trim(a[1:], b[1:])
	}
	if len(a) == 0 || len(b) == 0 || a[0].kind != symbol || b[0].kind != symbol {
		return false
	}
	thing, other := a[0].value, b[0].value
	if thing.distinct == "" || thing.distinct != other.distinct || thing.name == other.name {
		return false
	}
	if len(a) == 1 && len(b) == 1 {
		return true
	}
	// No name has a colon, nor a slash if it is that of a bucket.
	ends := func(rest []token) bool {
		return len(rest) == 0 || rest[0].kind == character && (rest[0].char == ':' || rest[0].char == '/' && thing.distinct == MeansBucketName)
	}
	return !thing.distinct.IsARN() && ends(a[1:]) && ends(b[1:])
}

// trim cuts the characters off with which both patterns begin.
func trim(a, b []token) ([]token, []token) {
	i := 0
	for i < len(a) && i < len(b) && a[i].kind == character && b[i].kind == character && a[i].char == b[i].char {
		i++
	}
	return a[i:], b[i:]
}

// states are positions in a pattern that can be reached: what comes before them fits what was read so far.
type states struct {
	list []int
	in   []bool
	// Most patterns are short behind what they have in common: no memory is allocated for them.
	listRoom [48]int
	inRoom   [48]bool
}

// reset makes room for a pattern of n tokens.
func (s *states) reset(n int) {
	s.list, s.in = s.listRoom[:0], s.inRoom[:]
	if n >= len(s.inRoom) {
		s.in = make([]bool, n+1)
	}
}

// add adds a position. If a * is there, it can match nothing, so add also adds the position behind it.
func (s *states) add(p []token, j int) {
	for ; !s.in[j]; j++ {
		s.in[j] = true
		s.list = append(s.list, j)
		if j == len(p) || p[j].kind != many {
			return
		}
	}
}

func (s *states) clear() {
	for _, j := range s.list {
		s.in[j] = false
	}
	s.list = s.list[:0]
}

// step moves from the positions in now, which it clears, to those in next that are reached by token t. It reports false where
// the work is used up.
func (w *work) step(now, next *states, t token, by []token, fits func(t, b token) bool) bool {
	for _, j := range now.list {
		switch *w--; {
		case *w <= 0:
			return false
		case j == len(by) || !fits(t, by[j]):
		case by[j].kind == many:
			next.add(by, j)
		default:
			next.add(by, j+1)
		}
	}
	now.clear()
	return true
}

// intersects reports whether a string fits both patterns, which have no symbols. Where the work is used up, it reports that
// one does.
func (w *work) intersects(of, by []token) bool {
	if len(by) < 64 {
		return w.walk(of, by, meets, true)
	}
	return w.walkLong(of, by, meets, true)
}

// walk does what intersects and simulates do for a short pattern, whose states are the bits of a number. Anything says that
// a * of the one pattern stands for whatever brings it to the end of the other.
func (w *work) walk(of, by []token, fits func(t, b token) bool, anything bool) bool {
	var stars uint64
	for j, t := range by {
		if t.kind == many {
			stars |= 1 << j
		}
	}
	// Behind a * that stands for nothing is the next token.
	closed := func(s uint64) uint64 {
		for {
			more := s | (s&stars)<<1
			if more == s {
				return s
			}
			s = more
		}
	}
	now := closed(1)
	for _, t := range of {
		next := uint64(0)
		spreads := anything && t.kind == many
		if spreads {
			next = now
		}
		for rest := now &^ (1 << len(by)); rest != 0; rest &= rest - 1 {
			if *w--; *w <= 0 {
				return anything
			}
			j := bits.TrailingZeros64(rest)
			switch {
			case !fits(t, by[j]):
			case spreads:
				reached := closed(1 << (j + 1))
				rest |= reached &^ (next | 1<<len(by))
				next |= reached
			case by[j].kind == many:
				next |= 1 << j
			default:
				next |= 1 << (j + 1)
			}
		}
		if now = closed(next); now == 0 {
			return false
		}
	}
	return now>>len(by)&1 == 1
}

// walkLong does what walk does for a pattern that is longer.
func (w *work) walkLong(of, by []token, fits func(t, b token) bool, anything bool) bool {
	var room [2]states
	now, next := &room[0], &room[1]
	now.reset(len(by))
	next.reset(len(by))
	now.add(by, 0)
	for _, t := range of {
		if anything && t.kind == many {
			w.spread(now, t.class, by)
			continue
		}
		if !w.step(now, next, t, by, fits) {
			return anything
		}
		now, next = next, now
		if len(now.list) == 0 {
			return false
		}
	}
	return now.in[len(by)]
}

// spread adds the positions that are reached with any characters of a class.
func (w *work) spread(s *states, c class, by []token) {
	for i := 0; i < len(s.list); i++ {
		*w--
		if j := s.list[i]; j < len(by) && meets(token{kind: one, class: c}, by[j]) {
			s.add(by, j+1)
		}
	}
}

// meets reports whether there is a character that fits both tokens.
func meets(a, b token) bool {
	switch {
	case a.kind != character && b.kind != character:
		return true // each class is a subset of the next
	case a.kind != character:
		return a.class.has(b.char)
	case b.kind != character:
		return b.class.has(a.char)
	}
	return a.char == b.char
}

// simulates reports whether a pattern fits another one token by token: its wildcards fit wildcards, and its symbols the
// same symbols or wildcards. Then every string of the one fits the other, whatever the symbols are.
func (w *work) simulates(of, by []token) bool {
	if len(by) < 64 {
		return w.walk(of, by, takes, false)
	}
	return w.walkLong(of, by, takes, false)
}

// takes reports whether everything that fits token t fits b too.
func takes(t, b token) bool {
	switch t.kind {
	case character:
		return b.kind == character && b.char == t.char || (b.kind == one || b.kind == many) && b.class.has(t.char)
	case one:
		return (b.kind == one || b.kind == many) && b.class >= t.class
	case many:
		return b.kind == many && b.class >= t.class
	}
	switch b.kind {
	case symbol:
		return b.value.name == t.value.name && b.value.name != ""
	case many:
		return b.class == anyCharacter || !slices.ContainsFunc(t.value.shape, func(s token) bool {
			return s.kind == character && !b.class.has(s.char) || s.kind != character && s.class > b.class
		})
	}
	return false
}

// contains reports whether every string of one pattern fits another one. Neither has symbols, and their wildcards stand for
// all characters.
//
// A string in which every wildcard of the one pattern is filled with a character that the other does not have fits the other
// only if its wildcards take that character; then they take any other in its place. So it is enough to look at strings of
// that character, #. Of the numbers of # that a * may have, none and very many are enough: if a pattern fits both, it fits
// all numbers between. After very many, nothing before them matters but the last * of the other pattern that was reached:
// the earlier, the harder is the rest. So there is one case for each * of the one pattern, and the time is bounded by the
// number of its * times the lengths of both.
func (w *work) contains(of, by []token) bool {
	stars := map[int]int{-1: -1} // the earliest * that was reached behind the * of the one pattern at an index
	order := []int{-1}
	for i := 0; i < len(order); i++ {
		var room [2]states
		now, next := &room[0], &room[1]
		now.reset(len(by))
		next.reset(len(by))
		if reached := stars[order[i]]; reached < 0 {
			now.add(by, 0)
		} else {
			for j := reached; ; j++ {
				now.add(by, j)
				if j == len(by) || by[j].kind == character {
					break
				}
			}
		}
		for k := order[i] + 1; k < len(of); k++ {
			if of[k].kind == many {
				reached := lastStar(now, by)
				if reached < 0 {
					return false
				}
				if before, seen := stars[k]; !seen {
					order, stars[k] = append(order, k), reached
				} else if reached < before {
					stars[k] = reached
				}
				continue
			}
			if !w.step(now, next, of[k], by, sameOrWildcard) {
				return false
			}
			now, next = next, now
			if len(now.list) == 0 {
				return false
			}
		}
		if !now.in[len(by)] {
			return false
		}
	}
	return true
}

// sameOrWildcard reports whether token b is a wildcard, or the same character as t.
func sameOrWildcard(t, b token) bool {
	return b.kind != character || t.kind == character && t.char == b.char
}

// lastStar returns the last * that is reached from the states by wildcards alone; -1 for none.
func lastStar(s *states, by []token) int {
	last := -1
	for _, j := range s.list {
		for ; j < len(by) && by[j].kind != character; j++ {
			if by[j].kind == many {
				last = max(last, j)
			}
		}
	}
	return last
}
