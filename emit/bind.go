package emit

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/policy"
)

// bind returns a value for each symbol, for formats that cannot leave any open: the role's own values as they
// were given, and what the role's tables have for its region. It fails with a [MissingValues] where one was
// not given.
func bind(format string, role *policy.Role, symbols []policy.Symbol, values map[policy.Symbol]string) (map[policy.Symbol]string, error) {
	bound := maps.Clone(values)
	if bound == nil {
		bound = map[policy.Symbol]string{}
	}
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
	for _, t := range role.Mappings {
		if !slices.Contains(symbols, t.Symbol) {
			continue
		}
		value, ok := t.Lookup(values[policy.Region])
		if !ok {
			return nil, fmt.Errorf("format %s: the table %s has no %s for region %s", format, t.Name, t.Column, values[policy.Region])
		}
		bound[t.Symbol] = value
	}
	return bound, nil
}

// needed returns the symbols that somebody has to give a value: what a table tells depends on the region.
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

// mappingOf returns the role's table of a symbol.
func mappingOf(role *policy.Role, s policy.Symbol) (policy.Mapping, bool) {
	i := slices.IndexFunc(role.Mappings, func(t policy.Mapping) bool { return t.Symbol == s })
	if i < 0 {
		return policy.Mapping{}, false
	}
	return role.Mappings[i], true
}
