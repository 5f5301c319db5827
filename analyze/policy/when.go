package policy

import "slices"

// When says under which conditions a permission is needed: where one of these symbols at least has a value that is not
// empty, or, if [DecisionOf] made it, where it holds. Nil is always. The symbols are sorted, and each is there once.
type When []Symbol

// WhenAny returns the condition that one of the symbols at least has a value.
func WhenAny(symbols ...Symbol) When {
	if len(symbols) == 0 {
		return nil
	}
	return simplified(slices.Compact(slices.Sorted(slices.Values(symbols))))
}

// Or returns the condition that w or other holds.
func (w When) Or(other When) When {
	if w == nil || other == nil {
		return nil
	}
	return WhenAny(slices.Concat(w, other)...)
}

// Equal reports whether two conditions are the same.
func (w When) Equal(other When) bool {
	return (w == nil) == (other == nil) && slices.Equal(w, other)
}

// When says where the statement allows anything: where one of its resources is there. The conditions of the statement are
// no less often there than its resources, since each requirement has both.
func (s *Statement) When() When {
	return anyOf(len(s.Resources), func(i int) When { return s.Resources[i].When })
}

// When says where the document has a statement.
func (d Document) When() When {
	return anyOf(len(d.Statements), func(i int) When { return d.Statements[i].When() })
}

// anyOf returns the condition that one of n conditions holds.
func anyOf(n int, condition func(i int) When) When {
	if n == 0 {
		return nil
	}
	when := condition(0)
	for i := 1; i < n && when != nil; i++ {
		when = when.Or(condition(i))
	}
	return when
}
