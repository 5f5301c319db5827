package report

import (
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// whenWords says in words where a symbol of a condition holds: the name of a value that has to be given, or the conditions
// of the input.
func whenWords(symbols policy.SymbolTable, s policy.Symbol) string {
	branches, given, ok := s.Decision()
	if !ok {
		return string(s)
	}
	var words []string
	for _, b := range branches {
		condition := b.Condition
		if info, ok := symbols[policy.Symbol(condition)]; ok && info.Expression != "" {
			condition = info.Expression
		}
		if b.Not {
			condition = "not (" + condition + ")"
		}
		words = append(words, condition)
	}
	if given != "" {
		words = append(words, string(given))
	}
	return strings.Join(words, " and ")
}
