package emit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/policy"
)

// MissingValues is the error of a format that needs values which are unknown.
type MissingValues struct {
	Format  string
	Symbols []policy.Symbol
}

// Error names all the symbols without a value.
func (e *MissingValues) Error() string {
	names := make([]string, len(e.Symbols))
	for i, s := range e.Symbols {
		names[i] = string(s)
	}
	return "format " + e.Format + " needs the values of " + strings.Join(names, ", ")
}

// knownValues returns a value for each symbol, for formats that need one: those of the role's environment, and those
// that the role's mappings have for its region. It fails with a [MissingValues] where one is unknown, and with a
// [policy.LimitError] where the role is too large with these values.
func knownValues(format string, role *policy.Role, symbols []policy.Symbol) (map[policy.Symbol]string, error) {
	values := role.Environment.Values()
	missing := &MissingValues{Format: format}
	for _, s := range needed(role, symbols) {
		switch v := values[s]; {
		case v == "":
			missing.Symbols = append(missing.Symbols, s)
		case !utf8.ValidString(v):
			return nil, fmt.Errorf("format %s: the value %q of %s is not valid UTF-8", format, v, s)
		}
	}
	if missing.Symbols != nil {
		return nil, missing
	}
	for _, m := range role.Mappings {
		if !slices.Contains(symbols, m.Symbol) {
			continue
		}
		var err error
		if values[m.Symbol], err = mappedValue(format, m, role.Environment.Region); err != nil {
			return nil, err
		}
	}
	// The permissions were packed for the longest values of today and some more, but any value can be given.
	if err := role.CheckValues(values); err != nil {
		return nil, fmt.Errorf("format %s: %w", format, err)
	}
	return values, nil
}

// mappedValue returns the value of a mapping in a region, and an error if it has none.
func mappedValue(format string, m policy.Mapping, region string) (string, error) {
	value, ok := m.Lookup(region)
	if !ok {
		return "", fmt.Errorf("format %s: the mapping %s has no %s for region %s", format, m.Name, m.Column, region)
	}
	return value, nil
}

// needed returns the symbols whose values are needed for the given ones: a mapping needs the region.
func needed(role *policy.Role, symbols []policy.Symbol) []policy.Symbol {
	var list []policy.Symbol
	for _, s := range symbols {
		if _, ok := mappingOf(role, s); ok {
			s = policy.Region
		}
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// usedSymbols returns the symbols in the role's documents and attached policies, each once.
func usedSymbols(role *policy.Role) []policy.Symbol { return symbolsOf(documents(role), role.Attached) }

// mappingOf returns the role's mapping of a symbol.
func mappingOf(role *policy.Role, s policy.Symbol) (policy.Mapping, bool) {
	i := slices.IndexFunc(role.Mappings, func(m policy.Mapping) bool { return m.Symbol == s })
	if i < 0 {
		return policy.Mapping{}, false
	}
	return role.Mappings[i], true
}

// input is a symbol for which the format has no value: the person or program that deploys the role gives it.
type input struct {
	symbol policy.Symbol
	name   string // in the language of the format
	of     string // the input that has it, where the format has symbols of several; "" otherwise
	info   policy.SymbolInfo
}

// inputsOf returns the inputs among symbols: those that are in no mapping and not known to the format. Spell makes a name
// of words. Names that would be equal, and names that are taken, get a number.
func inputsOf(role *policy.Role, symbols []policy.Symbol, known func(policy.Symbol) bool, spell func(words []string) string, taken ...string) (list []input) {
	for _, s := range needed(role, symbols) {
		if known(s) {
			continue
		}
		name := unusedName(spell(wordsOf(lowered(string(s)))), taken)
		taken = append(taken, name)
		list = append(list, input{symbol: s, name: name, info: role.Symbols.Lookup(s)})
	}
	return list
}

// lowered returns a name without capitals, if it has no small letters: the capitals of DB_SECRET are not where words begin.
func lowered(s string) string {
	if strings.ToUpper(s) == s {
		return strings.ToLower(s)
	}
	return s
}

// unusedName returns a name that is not taken: the given one, or that with a number.
func unusedName(first string, taken []string) string {
	name := first
	for n := 2; slices.Contains(taken, name); n++ {
		name = first + strconv.Itoa(n)
	}
	return name
}

// description says what value is needed: "The ARN of a secret: !Ref Database". Quote writes a text of the input.
func (in input) description(quote func(string) string) string {
	expression := in.info.Expression
	if expression == "" {
		expression = string(in.symbol)
	}
	of := ""
	if in.of != "" {
		of = " of " + quote(in.of)
	}
	if in.info.Description != "" {
		if in.of != "" {
			of = " (" + quote(in.of) + ")"
		}
		return quote(in.info.Description) + of
	}
	if in.info.Meaning == policy.MeansUnknown {
		return quote(expression) + of
	}
	meaning := string(in.info.Meaning)
	return strings.ToUpper(meaning[:1]) + meaning[1:] + ": " + quote(expression) + of
}

// pattern returns the regular expression that the value matches from its beginning to its end.
func (in input) pattern() string {
	if in.info.Optional {
		return "^(" + in.info.Pattern + ")?$"
	}
	return "^" + in.info.Pattern + "$"
}

// unquoted returns s.
func unquoted(s string) string { return s }

// wordsOf cuts a name into words: at everything that is no letter or digit, and before a capital behind a small letter.
func wordsOf(s string) (words []string) {
	start := 0
	for i := 0; i <= len(s); i++ {
		alphanumeric := i < len(s) && (asciiLetter(s[i]) || isDigit(s[i]))
		hump := alphanumeric && i > start && s[i] >= 'A' && s[i] <= 'Z' && s[i-1] >= 'a' && s[i-1] <= 'z'
		if alphanumeric && !hump {
			continue
		}
		if i > start {
			words = append(words, s[start:i])
		}
		start = i
		if !alphanumeric {
			start++
		}
	}
	return words
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// camel joins words as in TaskRoleArn. The result begins with a letter.
func camel(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	if b.Len() == 0 || isDigit(b.String()[0]) {
		return "Value" + b.String()
	}
	return b.String()
}
