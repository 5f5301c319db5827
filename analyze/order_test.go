package analyze

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestOrder compares the sorting of large elements with the standard one.
func TestOrder(t *testing.T) {
	type element struct{ offset, number int }
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		list := make([]element, random.IntN(12))
		for i := range list {
			list[i] = element{random.IntN(6), i}
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, func(a, b element) int { return a.offset - b.offset })
		if order(list, func(e *element) int { return e.offset }); !slices.Equal(list, want) {
			t.Fatalf("%v, want %v", list, want)
		}
	}
}
