package policy

import "strings"

// Escape returns t so that it means itself in a resource or in the value of a condition. IAM reads * and ? as wildcards
// and $ as the beginning of a policy variable, and has the variables ${*}, ${?} and ${$} for them.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func Escape[S ~string](t S) S {
	if !strings.ContainsAny(string(t), "*?$") {
		return t
	}
	return S(escapes.Replace(string(t)))
}

var escapes = strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}")

// HasWildcard reports whether t, in a resource or in the value of a condition, has a * or ? that IAM matches with more
// than itself. In the variables ${*} and ${?} they are no wildcards.
func HasWildcard(t Text) bool {
	for i := range len(t) {
		if c := t[i]; (c == '*' || c == '?') && !(strings.HasSuffix(string(t[:i]), "${") && strings.HasPrefix(string(t[i+1:]), "}")) {
			return true
		}
	}
	return false
}

// Allowed reports whether a policy may contain the character: U+0020 to U+00FF.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
func Allowed(r rune) bool { return r >= 0x20 && r <= 0xFF }

// AnyVariables returns a resource of a document of some version with * in the place of each policy variable: what the variable stands
// for is unknown. One whose key is absent from every request is its default, or stays as it is, since the resource fits nothing
// then. There are no variables before the fifth colon.
func AnyVariables(resource Text, version string, isAbsent func(key string) bool) Text {
	if !variablesIn(version) || !strings.Contains(string(resource), "${") {
		return resource
	}
	var b strings.Builder
	colons := 0
	for rest := string(resource); rest != ""; {
		if name, after, ok := strings.Cut(strings.TrimPrefix(rest, "${"), "}"); ok && colons >= 5 && strings.HasPrefix(rest, "${") {
			key, fallback, hasFallback := strings.Cut(name, ",")
			switch {
			case name == "*" || name == "?" || name == "$", isAbsent(strings.TrimSpace(key)) && !hasFallback:
				b.WriteString("${" + name + "}")
			case isAbsent(strings.TrimSpace(key)):
				b.WriteString(string(Escape(Text(strings.Trim(fallback, " '")))))
			default:
				b.WriteByte('*')
			}
			rest = after
			continue
		}
		if rest[0] == ':' {
			colons++
		}
		b.WriteByte(rest[0])
		rest = rest[1:]
	}
	return Text(b.String())
}
