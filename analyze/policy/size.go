package policy

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// IAM's limits; sizes are in characters without white space. AWS raises some limits on request, but cannot be asked
// here, so these are the limits of every account.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	MaxInline   = 10240 // of the inline policies of a role together
	MaxManaged  = 6144  // of a managed policy
	MaxAttached = 10    // managed policies that a role may have
	MaxTrust    = 2048  // of a trust policy
)

// Size returns the number of characters that IAM counts in the document as JSON, with every symbol at its longest. So
// it is the same in all accounts and regions, and in every format. Symbols says how long symbols can be.
func (d Document) Size(symbols SymbolTable) int {
	n := frameSize - len(Version) + len(cmp.Or(d.Version, Version))
	for i := range d.Statements {
		if i > 0 {
			n += len(`,`)
		}
		n += symbols.statementSize(&d.Statements[i])
	}
	return n
}

// frameSize is the size of a document without statements.
const frameSize = len(`{"Version":"` + Version + `","Statement":[]}`)

// statementSize returns how much the statement adds to its document, apart from the comma between two.
func (t SymbolTable) statementSize(s *Statement) int {
	n := len(`{"Effect":""}`) + len(s.Effect.String())
	if s.Sid != "" {
		n += len(`"Sid":"",`) + t.size(s.Sid)
	}
	n += t.principalsSize(s.Principals)
	for _, list := range []struct {
		key   string
		texts []string
	}{{"Action", s.Actions}, {"NotAction", s.NotActions}} {
		if list.texts != nil {
			size := 0
			for _, a := range list.texts {
				size += t.size(a)
			}
			n += len(`,"":`) + len(list.key) + listSize(size, len(list.texts))
		}
	}
	if s.Resources != nil {
		n += len(`,"Resource":`) + t.listSize(s.Resources)
	}
	if s.NotResources != nil {
		n += len(`,"NotResource":`) + t.listSize(s.NotResources)
	}
	if len(s.Conditions) > 0 {
		n += len(`,"Condition":{}`)
	}
	for i, c := range s.Conditions {
		if i == 0 || s.Conditions[i-1].Operator != c.Operator {
			n += len(`"":{}`) + t.size(c.Operator)
			if i > 0 {
				n += len(`,`)
			}
		} else {
			n += len(`,`)
		}
		n += len(`"":`) + t.size(c.Key) + t.listSize(c.Values)
	}
	return n
}

// principalsSize returns the size of the element Principal and the comma behind it.
func (t SymbolTable) principalsSize(principals []Principal) int {
	if len(principals) == 0 {
		return 0
	}
	n := len(`"Principal":{},`) + (len(principals)-1)*len(`,`)
	for _, p := range principals {
		if p.Type == AnyPrincipal {
			return len(`"Principal":"*",`)
		}
		size := 0
		for _, id := range p.IDs {
			size += t.size(string(id))
		}
		n += len(`"":`) + len(p.Type) + listSize(size, len(p.IDs))
	}
	return n
}

// listSize returns the size of a list of values.
func (t SymbolTable) listSize(values []Value) int {
	n := 0
	for _, v := range values {
		n += t.size(string(v.Text))
	}
	return listSize(n, len(values))
}

// listSize returns the size of a list of n texts that have this size together. A single text has no brackets.
func listSize(texts, n int) int {
	switch n {
	case 0:
		return len(`[]`)
	case 1:
		return texts + len(`""`)
	}
	return texts + n*len(`"",`) - len(`,`) + len(`[]`)
}

// escapedLength returns how many characters a character is in a JSON string as the formats write it, without white space:
// what is not printable is escaped.
func escapedLength(r rune) int {
	switch {
	case r == ' ':
		return 0
	case strings.ContainsRune("\"\\\b\f\n\r\t", r):
		return len(`\n`)
	case unicode.IsPrint(r):
		return 1
	case r > 0xFFFF:
		return len(`\ud800\udc00`)
	}
	return len(`\u00a0`)
}

// size counts the characters of a text in a JSON string, without white space.
func (t SymbolTable) size(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == 0:
			end := strings.IndexByte(s[i+1:], 0)
			if end < 0 {
				panic(fmt.Sprintf("policy.Text: %q is cut inside a symbol", s))
			}
			n += t.maxLength(decode(s[i+1 : i+1+end]))
			i += 1 + end
		case c > ' ' && c < 0x7F && c != '"' && c != '\\':
			n++ // nearly all characters
		default:
			r, width := utf8.DecodeRuneInString(s[i:])
			n += escapedLength(r)
			i += width - 1
		}
	}
	return n
}
