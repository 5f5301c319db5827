package analyze

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable returns s for one line of a terminal. It escapes, as JSON does, what is not printable: a line break, a
// control character, a mark that changes the direction of writing.
// Every string of the input has to pass through here, or through an encoder, before it is shown.
// [Finding.String] does so.
func Printable(s string) string { return printable(s, false) }

// PrintableLines is Printable for a text of many lines, and keeps the line breaks. It is right for a whole JSON document
// too: what it escapes is in strings only, and the escapes are those of JSON.
func PrintableLines(s string) string { return printable(s, true) }

func printable(s string, keepLines bool) string {
	ok := func(r rune) bool {
		if r < 0x7F { // nearly all characters
			return r >= ' ' || keepLines && r == '\n'
		}
		return unicode.IsPrint(r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !ok(r) || r == utf8.RuneError }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case ok(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
