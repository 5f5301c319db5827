package emit

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// indented returns the text of a file with a fix with the indentation that terraform fmt gives it, if the text before had it, and
// if spaces that are inserted are enough. What is inserted is indented already; but a line such as "}, {" that was "}" moves.
//
// Package hclwrite of HCL does all that terraform fmt does. It is not used here, since what it initializes takes longer than a
// whole run of the command.
func indented(before, after string) string {
	for _, line := range indentsOf(before) {
		if line.has != line.wants {
			return after
		}
	}
	var b strings.Builder
	done := 0
	for _, line := range indentsOf(after) {
		if line.has > line.wants {
			return after
		}
		b.WriteString(after[done:line.start])
		b.WriteString(strings.Repeat(" ", line.wants-line.has))
		done = line.start
	}
	return b.String() + after[done:]
}

// indent is the number of spaces before a line of HCL, which begins at an offset.
type indent struct{ start, has, wants int }

// indentsOf returns the indents of the lines that have something, without those inside of a heredoc. A line that opens more
// brackets than it closes indents what follows by two spaces, however many it opens; the line that closes the last of them ends
// that.
func indentsOf(text string) (list []indent) {
	tokens, _ := hclsyntax.LexConfig([]byte(text), "", hcl.InitialPos)
	var open []int // how many brackets each indent has
	for len(tokens) > 0 {
		line, balance := tokens, 0
		for i, token := range tokens {
			balance += bracketsOf(token.Type)
			if n := len(token.Bytes); token.Type == hclsyntax.TokenNewline || token.Type == hclsyntax.TokenComment && n > 0 && token.Bytes[n-1] == '\n' || i == len(tokens)-1 {
				line, tokens = tokens[:i+1], tokens[i+1:]
				break
			}
		}
		for closed := -balance; closed > 0 && len(open) > 0; {
			last := len(open) - 1
			n := min(closed, open[last])
			closed -= n
			if open[last] -= n; open[last] == 0 {
				open = open[:last]
			}
		}
		if first := line[0]; first.Type != hclsyntax.TokenNewline && first.Type != hclsyntax.TokenEOF {
			start := first.Range.Start.Byte
			spaces := text[strings.LastIndexByte(text[:start], '\n')+1 : start]
			list = append(list, indent{start, len(spaces), 2 * len(open)})
		}
		if balance > 0 {
			open = append(open, balance)
		}
	}
	return list
}

// bracketsOf returns 1 for a token that opens a bracket, and -1 for one that closes it.
func bracketsOf(t hclsyntax.TokenType) int {
	switch t {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateControl, hclsyntax.TokenTemplateInterp:
		return 1
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
		return -1
	}
	return 0
}
