package tree

import "strings"

// maskPlaceholders finds the placeholders without quotes that are in the place of a value. It returns the text with a
// string of the same length in the place of each, and their ends by their beginnings.
func maskPlaceholders(text string) (masked []byte, spans map[int]int) {
	masked, spans = []byte(text), map[int]int{}
	var open []byte // the brackets around
	before := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		default:
			inList := len(open) > 0 && open[len(open)-1] == '['
			if before == ':' || inList && (before == '[' || before == ',') {
				if end := placeholderEnd(text, i); end > 0 {
					masked[i], masked[end-1] = '"', '"'
					for j := i + 1; j < end-1; j++ {
						masked[j] = '-'
					}
					spans[i] = end
					i = end - 1
					break
				}
			}
			switch {
			case c == '{' || c == '[':
				open = append(open, c)
			case (c == '}' || c == ']') && len(open) > 0:
				open = open[:len(open)-1]
			}
		}
		before = c
	}
	return masked, spans
}

// delimiters are those of placeholders that templates and people write.
var delimiters = [...]struct{ open, close string }{{"{{", "}}"}, {"${", "}"}, {"#{", "}"}, {"<", ">"}, {"%", "%"}, {"__", "__"}}

// placeholderEnd returns the end of the value at i that begins with a placeholder, or 0 where there is none. Text and
// further placeholders may follow up to the end of the value: ${REGISTRY}/${NAME}:1.
func placeholderEnd(text string, i int) int {
	end := onePlaceholder(text, i)
	if end == 0 {
		return 0
	}
	for end < len(text) && text[end] > ' ' && strings.IndexByte(",]}\"", text[end]) < 0 {
		if next := onePlaceholder(text, end); next > 0 {
			end = next
		} else {
			end++
		}
	}
	return end
}

// maxPlaceholder is how far the end of a placeholder is looked for, in bytes. So a file of nothing but opening brackets
// takes no longer to read than others.
const maxPlaceholder = 4096

// onePlaceholder returns the end of the placeholder at i, which is on one line, or 0.
func onePlaceholder(text string, i int) int {
	line := text[i:min(len(text), i+maxPlaceholder)]
	if end := strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' }); end >= 0 {
		line = line[:end]
	}
	for _, d := range delimiters {
		if rest, ok := strings.CutPrefix(line, d.open); ok {
			if inner, _, found := strings.Cut(rest, d.close); found && strings.TrimSpace(inner) != "" {
				return i + len(d.open) + len(inner) + len(d.close)
			}
		}
	}
	if line == "" || line[0] != '$' {
		return 0
	}
	end := 1
	for end < len(line) && (line[end] == '_' || isAlnum(line[end])) {
		end++
	}
	if end == 1 {
		return 0
	}
	return i + end
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
