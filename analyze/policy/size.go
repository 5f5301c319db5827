package policy

import "strings"

// IAM's limits, in characters without white space where they are sizes. AWS raises some of them on request,
// and cannot know for whom a role is written, so these are those that every account has.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	MaxInline   = 10240 // of the inline policies of a role together
	MaxManaged  = 6144  // of a managed policy
	MaxAttached = 10    // managed policies that a role may have
	MaxTrust    = 2048  // of a trust policy
)

// Size returns the number of characters that IAM counts in the document as JSON, with every symbol at its
// longest: so it is the same in all accounts and regions, and in every format.
func (d Document) Size() int {
	n := frameSize
	for i, s := range d.Statements {
		if i > 0 {
			n += size(`,`)
		}
		n += s.size()
	}
	return n
}

// frameSize is the size of a document without statements.
var frameSize = size(`{"Version":"` + Version + `","Statement":[]}`)

// size returns how much the statement adds to its document, apart from the comma between two.
func (s Statement) size() int {
	n := size(`{"Effect":"Allow"}`)
	if s.Sid != "" {
		n += size(`"Sid":"",`) + size(s.Sid)
	}
	if s.Service != "" {
		n += size(`"Principal":{"Service":""},`) + size(s.Service)
	}
	actions := make([]Text, len(s.Actions))
	for i, a := range s.Actions {
		actions[i] = Text(a)
	}
	n += size(`,"Action":`) + sizeOf(actions)
	if s.Resources != nil {
		n += size(`,"Resource":`) + sizeOf(s.Resources)
	}
	if len(s.Conditions) > 0 {
		n += size(`,"Condition":{}`)
	}
	for i, c := range s.Conditions {
		if i == 0 || s.Conditions[i-1].Operator != c.Operator {
			n += size(`"":{}`) + size(c.Operator)
			if i > 0 {
				n += size(`,`)
			}
		} else {
			n += size(`,`)
		}
		n += size(`"":`) + size(c.Key) + sizeOf(c.Values)
	}
	return n
}

// sizeOf returns the size of a list, which is written without brackets if it has one element.
func sizeOf(texts []Text) int {
	n := 0
	for _, t := range texts {
		n += size(`"",`) + sizeOfText(t)
	}
	if len(texts) == 1 {
		return n - size(`,`)
	}
	return n - size(`,`) + size(`[]`)
}

// sizeOfText returns the size of a text inside of quotes.
func sizeOfText(t Text) int { return size(t.Expand(escapeJSON, longest)) }

// size counts characters, without white space.
func size(s string) int {
	n := 0
	for _, r := range s {
		if r != ' ' && r != '\t' && r != '\n' && r != '\r' {
			n++
		}
	}
	return n
}

// escapeJSON returns s with as many characters as it has inside of a JSON string.
func escapeJSON(s string) string {
	if !strings.ContainsAny(s, `"\`) {
		return s
	}
	return strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s)
}

// longest returns a string as long as the longest value of a symbol.
func longest(s Symbol) string {
	switch s {
	case Partition:
		return strings.Repeat("x", 10) // aws-us-gov
	case Region:
		return strings.Repeat("x", 14) // ap-northeast-1
	case AccountID:
		return strings.Repeat("x", 12)
	}
	return strings.Repeat("x", 128)
}
