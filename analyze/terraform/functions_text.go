package terraform

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/execrole/execrole/analyze/policy"
)

// joinStrings joins the strings of lists.
func joinStrings(f *call) *value {
	if len(f.args) < 2 {
		return f.wrong("it needs a separator and a list")
	}
	all := made(list, f.at)
	for _, arg := range f.args[1:] {
		elements, ok := f.maybe(arg)
		if !ok || arg.kind == unknown {
			return f.unknown()
		}
		all.list = append(all.list, elements...)
	}
	return f.context.each(f.at, f.expression, f.args[:1], func(args []*value) *value {
		if !args[0].isScalar() {
			return f.wrong("the separator has to be a string")
		}
		return f.join(all, args[0], f.at, f.expression)
	})
}

// join joins the elements of a list. One that is absent has no separator either.
func (c *context) join(elements, separator, at *value, expression string) *value {
	if elements.kind != list {
		if elements.kind == unknown {
			return c.unknown(expression, at)
		}
		return c.each(at, expression, []*value{elements}, func(args []*value) *value {
			if args[0].kind != list {
				return c.unknown(expression, at)
			}
			return c.join(args[0], separator, at, expression)
		})
	}
	return c.each(at, expression, elements.list, func(args []*value) *value {
		var parts []*value
		for _, part := range args {
			if part.kind == absent {
				continue
			}
			if len(parts) > 0 && separator.text != "" {
				parts = append(parts, separator)
			}
			parts = append(parts, part)
		}
		if len(parts) == 0 {
			return textAt("", at)
		}
		if slices.ContainsFunc(parts, func(v *value) bool { return !v.isScalar() }) {
			return c.unknown(expression, at)
		}
		return c.joined(parts, at, expression, []hclsyntax.Expression{&hclsyntax.LiteralValueExpr{}})
	})
}

// format formats unknown values too, if the verbs are %s, %d and %v alone.
func format(f *call) *value {
	if len(f.args) == 0 {
		return f.wrong("it needs a format")
	}
	return f.each(func(args []*value) *value {
		if !slices.ContainsFunc(args, func(v *value) bool { return !v.isKnown() }) {
			known := make([]cty.Value, len(args))
			for i, v := range args {
				known[i], _ = f.toCty(v)
			}
			if why := tooLarge("format", known); why != "" {
				return f.stop("%s", why)
			}
			impl, _ := knownFunction("format")
			return f.context.call(impl, known, f.at, f.expression)
		}
		if !args[0].isKnown() || args[0].kind != textual {
			return f.unknown()
		}
		var parts []*value
		next := 1
		for rest := string(f.flat(args[0])); rest != ""; {
			before, after, found := strings.Cut(rest, "%")
			parts = append(parts, textAt(policy.Text(before), args[0]))
			if rest = after; !found {
				break
			}
			switch {
			case strings.HasPrefix(rest, "%"):
				parts = append(parts, textAt("%", args[0]))
			case rest != "" && strings.IndexByte("sdv", rest[0]) >= 0 && next < len(args) && args[next].isScalar():
				parts = append(parts, args[next])
				next++
			default:
				return f.unknown()
			}
			rest = rest[1:]
		}
		return concat(parts, f.at)
	})
}

// split cuts a string at a separator that is in no unknown part of it.
func split(f *call) *value {
	if !f.arity(2) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		separator, text := args[0], args[1]
		if !separator.isKnown() || !text.isScalar() || separator.kind != textual {
			return f.unknown()
		}
		t, by := f.flat(text), string(f.flat(separator))
		isPlain := by != "" && !strings.ContainsFunc(by, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' })
		if !t.IsLiteral() && (!isPlain || f.mayContain(t, by)) {
			return f.splitUnknown(t, by)
		}
		v := made(list, f.at)
		if by == "" {
			return f.unknown()
		}
		for part := range t.Split(by) {
			v.list = append(v.list, textAt(part, text))
		}
		return v
	})
}

// splitUnknown returns the parts of an ARN that is a symbol, as far as they are known: people cut nothing else at colons.
func (f *call) splitUnknown(t policy.Text, by string) *value {
	s, rest, ok := t.CutSymbol()
	if !ok || rest != "" || by != ":" {
		return f.unknown()
	}
	if arn := f.Symbols.Lookup(s).ARN; arn != (policy.ARN{}) && !arn.IsWhole() {
		v := made(list, f.at)
		for part := range arn.Text().Split(":") {
			v.list = append(v.list, textAt(part, f.at))
		}
		return v
	}
	v := made(list, f.at)
	meanings := [...]policy.Meaning{policy.MeansText, policy.MeansPartition, policy.MeansText, policy.MeansRegion, policy.MeansAccount, policy.MeansUnknown, policy.MeansUnknown}
	for i, meaning := range meanings {
		part := "[" + strconv.Itoa(i) + "]"
		v.list = append(v.list, f.open(f.prefix(f.expression+part), f.expression+part, policy.Variable, meaning, f.at))
	}
	return v
}

// mayContain reports whether an unknown part of a text can have the separator in it.
func (c *context) mayContain(t policy.Text, separator string) bool {
	for _, s := range t.Symbols() {
		switch c.Symbols.Lookup(s).Meaning {
		case policy.MeansAccount:
		case policy.MeansPartition, policy.MeansRegion:
			if separator == "-" {
				return true
			}
		case policy.MeansRepositoryURI, policy.MeansRepositoryName, policy.MeansBucketName, policy.MeansLogGroupName:
			if !strings.Contains(separator, ":") {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// replace replaces in known parts of a string, if the unknown ones cannot have what is looked for.
func replace(f *call) *value {
	if !f.arity(3) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		if !args[1].isKnown() || !args[2].isScalar() || !args[0].isScalar() || !args[1].isScalar() {
			return f.unknown()
		}
		text, old := f.flat(args[0]), string(f.flat(args[1]))
		if len(old) > 1 && strings.HasPrefix(old, "/") && strings.HasSuffix(old, "/") {
			x, known := f.toCty(args[0])
			y, also := f.toCty(args[2])
			if !known || !also {
				return f.unknown()
			}
			return f.context.call(stdlib.RegexReplaceFunc, []cty.Value{x, cty.StringVal(strings.TrimSuffix(old[1:], "/")), y}, f.at, f.expression)
		}
		by := string(f.flat(args[2]))
		if strings.Count(string(text), old)*len(by) > maxText {
			return f.wrong("the string becomes too long")
		}
		if old == "" || !text.IsLiteral() && f.mayContain(text, old) {
			return f.unknown()
		}
		v := textAt(text.Map(func(s string) string { return strings.ReplaceAll(s, old, by) }), f.at)
		return v
	})
}

// lower leaves what has small letters only as it is: regions and accounts.
func lower(f *call) *value {
	if !f.arity(1) {
		return made(null, f.at)
	}
	return f.each(func(args []*value) *value {
		if !args[0].isScalar() {
			return f.unknown()
		}
		text := f.flat(args[0])
		for _, s := range text.Symbols() {
			if s != policy.Region && s != policy.AccountID && s != policy.Partition {
				return f.unknown()
			}
		}
		return textAt(text.Map(strings.ToLower), f.at)
	})
}

// regex matches an unknown text, of which the groups become symbols.
func regex(f *call) *value {
	if !f.opts.Follow || len(f.args) != 2 || f.args[0].kind != textual || !f.args[0].isKnown() || f.args[1].isKnown() {
		return nil
	}
	pattern := string(f.flat(f.args[0]))
	compiled, err := regexp.Compile(pattern)
	if err != nil || compiled.NumSubexp() == 0 || slices.ContainsFunc(compiled.SubexpNames(), func(name string) bool { return name != "" }) {
		return nil
	}
	return f.context.each(f.at, f.expression, f.args[1:], func(args []*value) *value {
		switch {
		case args[0].kind == null:
			return f.wrong("the text is null")
		case !args[0].isScalar():
			return f.unknown()
		case args[0].isKnown():
			text, ok := f.toCty(args[0])
			impl, found := knownFunction("regex")
			if !ok || !found {
				return f.unknown()
			}
			return f.context.call(impl, []cty.Value{cty.StringVal(pattern), text}, f.at, f.expression)
		}
		groups := made(list, f.at)
		for i := range compiled.NumSubexp() {
			groups.list = append(groups.list, f.open(string(policy.MatchOf(pattern, f.flat(args[0]), i+1)), f.expression, policy.Resource, policy.MeansUnknown, f.at))
		}
		groups.condition = string(policy.MatchOf(pattern, f.flat(args[0]), 0))
		return groups
	})
}
