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
	var visit func(n *tree.Node)
	visit = func(n *tree.Node) {
		if text := policy.Text(n.Text); n.Kind == tree.String && !text.IsLiteral() && r.td.ref(n).Pointer == pointer {
			r.useDefaults(n, text)
		}
		for i := range n.Children {
			visit(&n.Children[i])
		}
	}
	visit(r.td.root)
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
