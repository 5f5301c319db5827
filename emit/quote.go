package emit

import (
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// dialect is a syntax of double-quoted strings.
type dialect int

const (
	// dialectIAM is JSON as IAM's API takes it. A policy document may not contain characters beyond U+00FF, so they are
	// escaped, although JSON allows them.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html (PolicyDocument, pattern)
	dialectIAM dialect = iota
	// dialectJSON is JSON for readers that may take it for YAML, as cfn-lint does with templates. Printable characters
	// are not escaped.
	dialectJSON
	// dialectYAML escapes characters beyond the Basic Multilingual Plane in another way: YAML does not join the two
	// halves that JSON writes.
	dialectYAML
	// dialectHCL has fewer escapes than YAML. The beginnings of interpolations are left to hclLiteral.
	dialectHCL
)

// quote returns s, which has to be valid UTF-8, as a double-quoted string. It escapes everything that is not printable:
// control characters, which end a line or steer a terminal, and marks that turn the direction of writing, which show a
// reviewer what is not there. All other characters stay as they are where the dialect allows it, so that names in every
// script can be read.
func quote(s string, d dialect) string {
	if plainInside(s) {
		return `"` + s + `"`
	}
	return string(appendQuoted(make([]byte, 0, len(s)+16), s, d))
}

// appendQuoted appends s as quote returns it.
func appendQuoted(b []byte, s string, d dialect) []byte {
	b = append(b, '"')
	if plainInside(s) {
		return append(append(b, s...), '"')
	}
	for _, r := range s {
		b = appendRune(b, r, d)
	}
	return append(b, '"')
}

// appendRune appends a character as it is written between quotes.
func appendRune(b []byte, r rune, d dialect) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case unicode.IsPrint(r) && (d != dialectIAM || r <= 0xFF):
		return utf8.AppendRune(b, r)
	case r == '\b' && d != dialectHCL:
		return append(b, `\b`...)
	case r == '\f' && d != dialectHCL:
		return append(b, `\f`...)
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case r <= 0xFFFF:
		return appendHex(append(b, `\u`...), r, 4)
	case d == dialectYAML || d == dialectHCL:
		return appendHex(append(b, `\U`...), r, 8)
	}
	high, low := utf16.EncodeRune(r)
	b = appendHex(append(b, `\u`...), high, 4)
	return appendHex(append(b, `\u`...), low, 4)
}

// plainInside reports whether s is written between quotes without a change. Nearly every string is.
func plainInside(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func appendHex(b []byte, r rune, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[r>>shift&15])
	}
	return b
}
