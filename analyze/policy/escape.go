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
