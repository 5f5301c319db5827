package taskdef

import (
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Default is a value of which the text had to be known, so that the defaults of its symbols were used.
type Default struct {
	Value   Value
	Symbols []policy.Symbol
}

// UseDefaults gives the symbols in the text at a JSON pointer the values that the input gives where nobody gives others. If
// that changes the text, the reader is stale: see [Reader.Again].
func (r *Reader) UseDefaults(pointer string) {
	if len(r.td.symbols) == 0 {
		return
	}
	if r.open == nil { // once, since many values can be unknown
		r.open = map[string][]*tree.Node{}
		r.findOpen(r.td.root)
	}
	for _, n := range r.open[pointer] {
		r.useDefaults(n, policy.Text(n.Text))
	}
}

// findOpen keeps the texts with symbols below n by their pointers.
func (r *Reader) findOpen(n *tree.Node) {
	if n.Kind == tree.String && !policy.Text(n.Text).IsLiteral() {
		pointer := r.td.ref(n).Pointer
		r.open[pointer] = append(r.open[pointer], n)
	}
	for i := range n.Children {
		r.findOpen(&n.Children[i])
	}
}

func (r *Reader) useDefaults(n *tree.Node, text policy.Text) {
	var symbols []policy.Symbol
	known := policy.Text(text.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		value := r.td.symbols.Lookup(s).Default
		if value == "" {
			return string(policy.Of(s))
		}
		symbols = append(symbols, s)
		return value
	}))
	if _, done := r.defaults[n]; done || symbols == nil {
		return
	}
	if r.defaults == nil {
		r.defaults = map[*tree.Node]policy.Text{}
	}
	r.defaults[n] = known
	r.defaulted = append(r.defaulted, Default{r.value(n), symbols})
	r.stale = true
}

// Defaults returns the values for which defaults were used.
func (r *Reader) Defaults() []Default { return r.defaulted }

// Stale reports whether what was read has changed since, because defaults are used.
func (r *Reader) Stale() bool { return r.stale }

// Again returns a reader that has read nothing yet, and uses the same defaults.
func (r *Reader) Again() *Reader {
	again := r.td.Reader()
	again.defaults = r.defaults
	for _, d := range r.defaulted {
		d.Value.r = again
		again.defaulted = append(again.defaulted, d)
	}
	return again
}
