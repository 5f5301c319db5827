package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// unknown is a part of a value that keeps a permission from being known: a placeholder, something malformed, or a
// symbol that names something else.
type unknown struct {
	name   policy.Text   // of the placeholder, as --set calls it; "" where only the whole value can be set
	call   policy.Text   // the whole template call, where the name is its argument
	reason string        // why it is one, where no delimiters show it
	kind   string        // what it has to be, where that is certain: "account", "region", "partition"
	symbol policy.Symbol // whose value is unknown, or names something else; "" for none. A symbol of the input is the name
}

// Unknown says that parts of a value are unknown. What names the value in the message; other are further flags that settle
// it. The finding gets its text when the whole task definition has been read: see [questions].
func (p *pass) Unknown(v located, what string, parts []unknown, other ...string) {
	if d, ok := v.(derived); ok && d.outside {
		// No flag changes what is outside of the task definition.
		p.find(Error, v.Ref(), nil, "%s %s: %s", what, quote(d.text), strings.Join(new(questions).reasons(parts), "; "))
		return
	}
	if _, ok := p.whole[v.Ref().Pointer]; !ok || !p.derives {
		p.reader.UseDefaults(v.Ref().Pointer) // of what is derived, no default has to be known
	}
	for i, u := range parts {
		if p.reader.Symbols().Lookup(u.symbol).Expression != "" {
			parts[i].name = policy.Text(u.symbol)
		}
	}
	p.questions.asked = append(p.questions.asked, question{len(p.plan.Findings), written(v), v.Ref(), what, parts, other})
	p.find(Error, v.Ref(), nil, "")
}

// Wrong says that a whole value keeps a permission from being known, for the reason given. Its flag is that of the pointer.
// A value that begins with a word to be replaced, such as YOUR_SECRET_ARN:key::, may be right after the word is filled. It is
// unknown because of that word, and not wrong.
func (p *pass) Wrong(v located, what, format string, args ...any) {
	t, _ := v.Text()
	if words := taskdef.Words(t); len(words) > 0 && words[0].Start == 0 {
		p.Unknown(v, what, []unknown{{name: policy.Text(words[0].Name)}})
		return
	}
	p.Unknown(v, what, []unknown{{reason: fmt.Sprintf(format, args...)}})
}

// ofKind says of parts what they have to be.
func ofKind(kind string, parts []unknown) []unknown {
	for i := range parts {
		parts[i].kind = kind
	}
	return parts
}

// SetFlag returns the --set flag that gives a value to a name, ready for the shell.
func SetFlag(name, value string) string { return "--set " + shellQuote(name+"="+value) }

// setFlag returns the flag for a value that somebody has to fill in.
func setFlag(name string) string { return SetFlag(name, "VALUE") }

// imageFlag returns the --image flag for a container, ready for the shell.
func imageFlag(container string) string { return "--image " + shellQuote(container+"=URI") }

// shellQuote quotes a word for a POSIX shell where that is needed.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-=/.:,@+", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// placeholders returns the placeholders in t that have delimiters. Literal is as in [taskdef.Placeholders].
func placeholders(t policy.Text, literal bool) []unknown {
	var list []unknown
	for _, h := range taskdef.Placeholders(t, literal) {
		list = append(list, unknown{name: policy.Text(h.Name), call: policy.Text(h.Call)})
	}
	return list
}

// unless returns nothing if a value fits, the placeholders in it if it has some, and otherwise the value
// itself as unknown, for the reason given.
func unless(fits bool, t policy.Text, reason string) []unknown {
	if fits {
		return nil
	}
	if list := placeholders(t, false); len(list) > 0 {
		return list
	}
	return []unknown{{name: t, reason: fmt.Sprintf("%q is %s", t.String(), reason)}}
}

// settleWhole lets those parts that have no delimiters be settled by setting the whole value: a part of a name
// cannot be separated from the rest.
func settleWhole(list []unknown) []unknown {
	for i := range list {
		if list[i].reason != "" {
			list[i].name = ""
		}
	}
	return list
}

// missing returns an empty part of an ARN as unknown.
func missing(part policy.Text, what string) []unknown {
	if part != "" {
		return nil
	}
	return []unknown{{reason: "the ARN has no " + what}}
}

// word returns t, or the value that --set gives for t, a word in the place of a value of another shape. What fits as it
// is is no placeholder, though a setting may have its name.
func (p *pass) word(t policy.Text, fits bool) policy.Text {
	if fits || !t.IsLiteral() {
		return t
	}
	if value, ok := p.reader.Word(t); ok {
		return value
	}
	return t
}

// splitText splits t at a separator, into at most n parts, and leaves placeholders whole: a template call can have
// colons and slashes.
func splitText(t policy.Text, separator byte, n int) []policy.Text {
	found := taskdef.Placeholders(t, false)
	parts := make([]policy.Text, 0, min(n, 1+t.Count(string(rune(separator)))))
	start := 0
	for i := 0; i < len(t) && len(parts) < n-1; i++ {
		if len(found) > 0 && found[0].Start == i {
			i = found[0].End - 1
			found = found[1:]
			continue
		}
		if t[i] == separator {
			parts = append(parts, t[start:i])
			start = i + 1
		}
	}
	return append(parts, t[start:])
}

// cutText cuts t at the first separator outside of placeholders.
func cutText(t policy.Text, separator byte) (before, after policy.Text, found bool) {
	list := taskdef.Placeholders(t, false)
	for i := 0; i < len(t); i++ {
		if len(list) > 0 && list[0].Start == i {
			i = list[0].End - 1
			list = list[1:]
		} else if t[i] == separator {
			return t[:i], t[i+1:], true
		}
	}
	return t, "", false
}

// fits reports whether t is not empty, has only characters that are allowed, and only symbols that can be a part of
// such a name: see canBeIn.
func (p *pass) fits(t policy.Text, allowed func(byte) bool, meanings ...policy.Meaning) bool {
	if t.IsLiteral() {
		return all(t, allowed)
	}
	ok := true
	t.Expand(func(literal string) string {
		ok = ok && all(literal, allowed)
		return ""
	}, func(s policy.Symbol) string {
		p.narrow(s, allowed)
		ok = ok && p.canBeIn(s, meanings...)
		return ""
	})
	return ok
}

// contrary returns the symbols in a name that cannot be a part of it, with what they are.
func (p *pass) contrary(t policy.Text, meanings ...policy.Meaning) (list []unknown) {
	for _, s := range t.Symbols() {
		if !p.canBeIn(s, meanings...) {
			list = append(list, unknown{symbol: s, reason: fmt.Sprintf("%s is %s", policy.Of(s), p.reader.Symbols().Lookup(s).Meaning)})
		}
	}
	return list
}

// canMean reports whether a symbol can have one of the meanings: it has it, or nothing else is known of it.
func (p *pass) canMean(s policy.Symbol, meanings ...policy.Meaning) bool {
	m := p.reader.Symbols().Lookup(s).Meaning
	return m == policy.MeansText || m == policy.MeansUnknown || slices.Contains(meanings, m)
}

// canBeIn reports whether a symbol can be a part of a name: it can have one of the meanings, or it is an account, a
// region or a partition, after which people name things.
func (p *pass) canBeIn(s policy.Symbol, meanings ...policy.Meaning) bool {
	return p.canMean(s, meanings...) || p.canMean(s, policy.MeansAccount, policy.MeansRegion, policy.MeansPartition)
}

// isPart reports whether t is one part of an ARN or host: a literal that fits, or a symbol that can mean it.
func (p *pass) isPart(t policy.Text, fits func(policy.Text) bool, meaning policy.Meaning) bool {
	if t.IsLiteral() {
		return fits(t)
	}
	s, rest, ok := t.CutSymbol()
	return ok && rest == "" && p.canMean(s, meaning)
}

// beginsUnknown reports that t begins with a symbol whose value could begin in any way. Wanted says in words what
// would have been understood.
func (p *pass) beginsUnknown(t policy.Text, wanted string) []unknown {
	s, rest, _ := t.CutSymbol()
	info := p.reader.Symbols().Lookup(s)
	switch {
	case info.Meaning == policy.MeansUnknown || info.Meaning == policy.MeansText:
		return []unknown{{symbol: s, reason: fmt.Sprintf("the value of %s is unknown until deployment, and so is what it names", policy.Of(s))}}
	case rest != "":
		return []unknown{{symbol: s, reason: fmt.Sprintf("%s is %s, and with %s behind it the value is not %s", policy.Of(s), info.Meaning, quote(rest), wanted)}}
	}
	return []unknown{{symbol: s, reason: fmt.Sprintf("%s is %s, not %s", policy.Of(s), info.Meaning, wanted)}}
}

// open returns what keeps a text from being one of a few words: that its symbols have no value before deployment.
func (p *pass) open(t policy.Text) []unknown {
	if t.IsLiteral() {
		return nil
	}
	s := t.Symbols()[0]
	return []unknown{{symbol: s, reason: fmt.Sprintf("the value of %s is unknown until deployment, and the permissions depend on it", policy.Of(s))}}
}
