package taskdef

import "strings"

// Placeholder is a placeholder that a template, a pipeline or a person was to fill: <NAME>, ${NAME}, $NAME,
// {{ call }}, #{NAME}#, #{NAME}, %NAME%, [NAME], {words}.
type Placeholder struct {
	Name       string // what --set calls it
	Call       string // the whole template call, where the name is only its argument; "" otherwise
	Start, End int    // in the string, End exclusive
}

// Placeholders finds the placeholders in s. Where s may hold $, <, %, [ and { as themselves (S3 keys, log stream
// prefixes), literal is true: then only ${NAME}, #{NAME}, <NAME>, {{…}}, %NAME% and $NAME in capitals count.
func Placeholders[S ~string](s S, literal bool) []Placeholder {
	text := string(s)
	if !strings.ContainsAny(text, "<${%[") {
		return nil
	}
	var found []Placeholder
	for i := 0; i < len(text); {
		name, end := placeholderAt(text, i, literal)
		if end == 0 {
			i++
			continue
		}
		p := Placeholder{Name: name, Start: i, End: end}
		if argument := argumentOf(name); text[i] == '{' && argument != "" {
			p.Name, p.Call = argument, name
		}
		found = append(found, p)
		i = end
	}
	return found
}

// maxPlaceholder is how far the end of a placeholder is looked for, in bytes. No value in a task definition that has
// to be known is longer, and a file of nothing but opening brackets takes no longer to read than others.
const maxPlaceholder = 4096

// placeholderAt returns the name and the end of the placeholder that begins at s[i], or end 0.
func placeholderAt(s string, i int, literal bool) (name string, end int) {
	between := func(open, close, forbidden string) (string, int) {
		if !strings.HasPrefix(s[i:], open) {
			return "", 0
		}
		rest := s[i+len(open):]
		inner, _, found := strings.Cut(rest[:min(len(rest), maxPlaceholder)], close)
		if !found || strings.ContainsAny(inner, forbidden) || strings.TrimSpace(inner) == "" {
			return "", 0
		}
		return strings.TrimSpace(inner), i + len(open) + len(inner) + len(close)
	}
	switch s[i] {
	case '{':
		if name, end = between("{{", "}}", ""); end > 0 {
			return name, end
		}
		if !literal {
			return between("{", "}", "{")
		}
	case '$':
		if name, end = between("${", "}", "{"); end > 0 {
			return name, end
		}
		end = i + 1
		for end < len(s) && isWord(s[end]) {
			end++
		}
		name = s[i+1 : end]
		if name == "" || name[0] >= '0' && name[0] <= '9' || literal && name != strings.ToUpper(name) {
			return "", 0
		}
		return name, end
	case '#': // of Azure DevOps, and of Octopus Deploy; the CDK has #{Token[X]}
		if name, end = between("#{", "}#", "{}["); end > 0 {
			return name, end
		}
		return between("#{", "}", "{[")
	case '<':
		return between("<", ">", "<")
	case '%':
		name, end = between("%", "%", "")
		for j := range len(name) {
			if !isWord(name[j]) {
				return "", 0
			}
		}
		if end > 0 && (name[0] >= '0' && name[0] <= '9' || len(name) == 2 && isHex(name[0]) && isHex(name[1])) {
			// A character escape as in URLs.
			return "", 0
		}
		return name, end
	case '[':
		if !literal {
			return between("[", "]", "[:")
		}
	}
	return "", 0
}

// argumentOf returns the only back-quoted argument of a template call, which names the call; "" where there is none.
func argumentOf(call string) string {
	if parts := strings.Split(call, "`"); len(parts) == 3 {
		return strings.TrimSpace(parts[1])
	}
	return ""
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}
