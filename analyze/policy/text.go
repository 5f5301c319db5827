package policy

import (
	"fmt"
	"iter"
	"strings"
)

// Text is a string with symbols in it: values such as the role's own account, which are unknown until somebody
// deploys the role. Text compares with == and works as a map key.
//
// A symbol is a part of the string, between two NUL bytes, which no reader accepts from the input. In between,
// every byte of its name other than a letter or digit is written as \x01 and two hexadecimal digits. So a Text can be
// cut at punctuation as a string can, and no cut goes through a symbol. [Text.Expand] is the way out.
type Text string

// Of returns the Text that is nothing but the symbol.
func Of(s Symbol) Text {
	switch s {
	case Partition:
		return ofPartition
	case Region:
		return ofRegion
	case AccountID:
		return ofAccountID
	}
	return encode(s)
}

var ofPartition, ofRegion, ofAccountID = encode(Partition), encode(Region), encode(AccountID)

func encode(s Symbol) Text {
	b := make([]byte, 0, len(s)+8)
	b = append(b, 0)
	for i := range len(s) {
		if c := s[i]; isAlnum(c) {
			b = append(b, c)
		} else {
			b = append(b, 1, hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return Text(append(b, 0))
}

const hexDigits = "0123456789ABCDEF"

// decode returns the symbol of an encoded name, without the NUL bytes around it.
func decode(name string) Symbol {
	if strings.IndexByte(name, 1) < 0 {
		return Symbol(name)
	}
	switch name { // the usual ones, without an allocation
	case string(ofPartition[1 : len(ofPartition)-1]):
		return Partition
	case string(ofRegion[1 : len(ofRegion)-1]):
		return Region
	case string(ofAccountID[1 : len(ofAccountID)-1]):
		return AccountID
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == 1 && i+2 < len(name) {
			b = append(b, byte(strings.IndexByte(hexDigits, name[i+1])<<4|strings.IndexByte(hexDigits, name[i+2])))
			i += 2
			continue
		}
		b = append(b, name[i])
	}
	return Symbol(b)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// Expand calls literal and symbol for the parts of t, in their order, and joins what they return.
func (t Text) Expand(literal func(string) string, symbol func(Symbol) string) string {
	if t.IsLiteral() {
		return literal(string(t))
	}
	var b strings.Builder
	b.Grow(len(t)) // a value is mostly shorter than its encoded name
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
		b.WriteString(symbol(decode(name)))
		rest = after
	}
	return b.String()
}

// Map returns t with its literal parts changed.
func (t Text) Map(change func(string) string) Text {
	return Text(t.Expand(change, func(s Symbol) string { return string(Of(s)) }))
}

// Rename returns t with other symbols in the place of those that the map has.
func (t Text) Rename(names map[Symbol]Symbol) Text {
	if len(names) == 0 || t.IsLiteral() {
		return t
	}
	return Text(t.Expand(func(s string) string { return s }, func(s Symbol) string {
		if name, ok := names[s]; ok {
			s = name
		}
		return string(Of(s))
	}))
}

// IsLiteral reports whether t has no symbols.
func (t Text) IsLiteral() bool { return strings.IndexByte(string(t), 0) < 0 }

// Symbols returns the symbols of t in their order, and a repeated one each time.
func (t Text) Symbols() []Symbol {
	var symbols []Symbol
	for s := range t.eachSymbol {
		symbols = append(symbols, s)
	}
	return symbols
}

// eachSymbol yields the symbols of t in their order.
func (t Text) eachSymbol(yield func(Symbol) bool) {
	for rest := string(t); ; {
		_, after, found := strings.Cut(rest, "\x00")
		if !found {
			return
		}
		name, after, _ := strings.Cut(after, "\x00")
		if !yield(decode(name)) {
			return
		}
		rest = after
	}
}

// CutSymbol returns the symbol that t begins with and what follows it. It is not ok if t begins with something else.
func (t Text) CutSymbol() (s Symbol, rest Text, ok bool) {
	if t == "" || t[0] != 0 {
		return "", t, false
	}
	end := 1 + strings.IndexByte(string(t[1:]), 0)
	return decode(string(t[1:end])), t[end+1:], true
}

// Cut cuts t around the first separator, which has no letters or digits.
func (t Text) Cut(separator string) (before, after Text, found bool) {
	b, a, found := strings.Cut(string(t), separator)
	return Text(b), Text(a), found
}

// CutPrefix returns t without the prefix, and whether t begins with it.
func (t Text) CutPrefix(prefix Text) (Text, bool) {
	rest, found := strings.CutPrefix(string(t), string(prefix))
	return Text(rest), found
}

// CutSuffix returns t without the suffix, and whether t ends in it.
func (t Text) CutSuffix(suffix Text) (Text, bool) {
	rest, found := strings.CutSuffix(string(t), string(suffix))
	return Text(rest), found
}

// TrimLeft returns t without the characters of the set, which has no letters or digits, at its beginning.
func (t Text) TrimLeft(set string) Text { return Text(strings.TrimLeft(string(t), set)) }

// IndexAny returns where in t one of the characters is first, none of which is a letter or digit; -1 if there is none.
func (t Text) IndexAny(characters string) int { return strings.IndexAny(string(t), characters) }

// Index returns where in t a text without letters or digits at its ends is first; -1 if it is not there.
func (t Text) Index(s string) int { return strings.Index(string(t), s) }

// Count returns how often the separator, which has no letters or digits, is in t.
func (t Text) Count(separator string) int { return strings.Count(string(t), separator) }

// Split yields the parts of t between separators, which have no letters or digits.
func (t Text) Split(separator string) iter.Seq[Text] {
	return func(yield func(Text) bool) {
		for part := range strings.SplitSeq(string(t), separator) {
			if !yield(Text(part)) {
				return
			}
		}
	}
}

// Before returns what is before the first symbol of t.
func (t Text) Before() Text {
	before, _, _ := t.Cut("\x00")
	return before
}

// Behind returns what is behind the last symbol of t, which is all of it where there is none.
func (t Text) Behind() Text { return t[strings.LastIndexByte(string(t), 0)+1:] }

// HasPrefix reports whether t begins with the prefix.
func (t Text) HasPrefix(prefix Text) bool { return strings.HasPrefix(string(t), string(prefix)) }

// HasSuffix reports whether t ends in the suffix.
func (t Text) HasSuffix(suffix Text) bool { return strings.HasSuffix(string(t), string(suffix)) }

// String returns t with its symbols as ${NAME}: for people and for explain, not for a policy.
func (t Text) String() string {
	return t.Expand(func(s string) string { return s }, func(s Symbol) string { return "${" + string(s) + "}" })
}
