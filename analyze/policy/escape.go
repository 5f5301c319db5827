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

// AnyVariables returns the resource of a statement with * in the place of each policy variable, such as ${aws:username}, because
// its value is unknown. Version is that of the policy document: old ones have no variables. A variable whose key is in no request,
// as isAbsent says, becomes its default. Without a default it stays as it is, since such a resource matches nothing. IAM knows no
// variables before the fifth colon of an ARN.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func AnyVariables(resource Text, version string, isAbsent func(key string) bool) Text {
	if !variablesIn(version) || !strings.Contains(string(resource), "${") {
		return resource
	}
	var b strings.Builder
	colons := 0
	for rest := string(resource); rest != ""; {
		begun, isVariable := strings.CutPrefix(rest, "${")
		if isVariable && colons >= 5 {
			name, after, ok := strings.Cut(begun, "}")
			if !ok {
				b.WriteString(rest)
				break
			}
			b.WriteString(anyVariable(name, isAbsent))
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

// anyVariable is [AnyVariables] for one variable: name is what its braces have.
func anyVariable(name string, isAbsent func(key string) bool) string {
	key, fallback, hasFallback := strings.Cut(name, ",")
	switch key = strings.TrimSpace(key); {
	case name == "*" || name == "?" || name == "$":
		return "${" + name + "}" // the character itself
	case !isAbsent(key):
		return "*"
	case hasFallback:
		return string(Escape(Text(strings.Trim(fallback, " '"))))
	}
	return "${" + name + "}"
}
