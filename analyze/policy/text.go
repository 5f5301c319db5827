package policy

import (
	"fmt"
	"strings"
)

// Text is a string with symbols in it: values such as the role's own account that stay open until a
// format writes them. Symbols stand in band, each between two NUL bytes, which no reader lets in from
// the input, and with its colons as \x01; so Text compares with ==, works as a map key, and can be cut
// and split at colons and slashes as a string. [Text.Expand] is the only way out.
type Text string

// Symbol names a value that a Text leaves open.
type Symbol string

// The role's own values, named as CloudFormation names its pseudo parameters.
const (
	Partition Symbol = "AWS::Partition"
	Region    Symbol = "AWS::Region"
	AccountID Symbol = "AWS::AccountId"
)

// Of returns the Text that is nothing but the symbol.
func Of(s Symbol) Text {
	return Text("\x00" + strings.ReplaceAll(string(s), ":", "\x01") + "\x00")
}

// Literal returns s as a Text without symbols. It panics when s holds a NUL byte: the readers refuse
// those, so one that comes here is a defect of the caller.
func Literal(s string) Text {
	if strings.IndexByte(s, 0) >= 0 {
		panic(fmt.Sprintf("policy.Literal: %q holds a NUL byte", s))
	}
	return Text(s)
}

// Expand calls literal and symbol for the parts of t, in their order, and joins what they return.
func (t Text) Expand(literal func(string) string, symbol func(Symbol) string) string {
	if t.IsLiteral() {
		return literal(string(t))
	}
	var b strings.Builder
	for rest := string(t); rest != ""; {
		before, after, found := strings.Cut(rest, "\x00")
		if before != "" {
			b.WriteString(literal(before))
		}
		if !found {
			break
		}
		name, after, found := strings.Cut(after, "\x00")
		if !found {
			panic(fmt.Sprintf("policy.Text: %q is cut inside a symbol", string(t)))
		}
		b.WriteString(symbol(Symbol(strings.ReplaceAll(name, "\x01", ":"))))
		rest = after
	}
	return b.String()
}

// IsLiteral reports whether t has no symbols.
func (t Text) IsLiteral() bool { return strings.IndexByte(string(t), 0) < 0 }

// Symbols returns the symbols of t in the order in which they stand, repeated ones each time.
func (t Text) Symbols() []Symbol {
	var symbols []Symbol
	if t.IsLiteral() {
		return nil
	}
	t.Expand(func(string) string { return "" }, func(s Symbol) string {
		symbols = append(symbols, s)
		return ""
	})
	return symbols
}

// String returns t with its symbols as ${NAME}: for people and for explain, not for a policy.
func (t Text) String() string {
	return t.Expand(func(s string) string { return s }, func(s Symbol) string { return "${" + string(s) + "}" })
}
