package terraform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/execrole/execrole/analyze/policy"
)

// callFunction evaluates the call of a function.
//
// Source: https://developer.hashicorp.com/terraform/language/functions
func (c *context) callFunction(x *hclsyntax.FunctionCallExpr) *value {
	f := &call{context: c, at: c.here(x), x: x, expression: c.source(x.Range())}
	name := strings.TrimPrefix(x.Name, "core::")
	switch name {
	case "try":
		return f.try()
	case "can":
		return f.can()
	}
	for i, arg := range x.Args {
		v := c.eval(arg)
		if i == len(x.Args)-1 && x.ExpandFinal {
			_, elements, ok := c.iterate(v)
			if !ok {
				return f.unknown()
			}
			f.args = append(f.args, elements...)
			break
		}
		f.args = append(f.args, v)
	}
	if symbolic := symbolicFunction(name); symbolic != nil {
		if v := symbolic(f); v != nil {
			return v
		}
	}
	impl, ok := knownFunction(name)
	if !ok {
		return f.unknown()
	}
	return c.each(f.at, f.expression, f.args, func(args []*value) *value {
		known := make([]cty.Value, len(args))
		for i, v := range args {
			var ok bool
			if known[i], ok = c.toCty(v); !ok {
				return f.unknown()
			}
		}
		if why := tooLarge(name, known); why != "" {
			return f.stop("%s", why)
		}
		return c.call(impl, known, f.at, f.expression)
	})
}

// call is the call of a function.
type call struct {
	*context
	x          *hclsyntax.FunctionCallExpr
	args       []*value
	at         *value
	expression string
}

func (f *call) unknown() *value { return f.context.unknown(f.expression, f.at) }

// stop reports an error of the call which is execrole's own.
func (f *call) stop(format string, args ...any) *value {
	f.context.stop(f.x.Range(), f.x.Name+": "+format, args...)
	return made(null, f.at)
}

// wrong reports an error of the call.
func (f *call) wrong(format string, args ...any) *value {
	f.fail(f.x.Range(), f.x.Name+": "+format, args...)
	return made(null, f.at)
}

// each calls do for each combination of what the arguments can be.
func (f *call) each(do func(args []*value) *value) *value {
	return f.context.each(f.at, f.expression, f.args, do)
}

// call calls a function of the library of cty with known values.
func (c *context) call(impl function.Function, args []cty.Value, at *value, expression string) *value {
	params := impl.Params()
	for i := range args {
		want := cty.DynamicPseudoType
		if i < len(params) {
			want = params[i].Type
		} else if rest := impl.VarParam(); rest != nil {
			want = rest.Type
		}
		if converted, err := convert.Convert(args[i], want); err == nil {
			args[i] = converted
		}
	}
	result, err := impl.Call(args)
	if err == nil {
		if v, ok := fromCty(result, at); ok {
			return v
		}
		return c.unknown(expression, at)
	}
	c.report(Problem{At: c.Doc.Source.Place(at.start), Message: fmt.Sprintf("%s: %v", oneLine(expression), err), refused: true})
	return made(null, at)
}

// try returns the first argument that can be evaluated. An unknown value may turn out to have no such member: then the next
// one counts too.
func (f *call) try() *value {
	for i, arg := range f.x.Args {
		before := len(f.problems)
		f.tried, f.inTry = f.tried+1, f.inTry+1
		v := f.eval(arg)
		f.tried, f.inTry = f.tried-1, f.inTry-1
		wrong := slices.ContainsFunc(f.problems[before:], func(p Problem) bool { return !p.Warning })
		isOwn := slices.ContainsFunc(f.problems[before:], func(p Problem) bool { return !p.Warning && !p.refused })
		wrong = wrong || v.kind != choice && v.hasFailed() || slices.ContainsFunc(v.branches(), func(b *value) bool { return b.kind != failed && b.hasFailed() })
		rest := func() *value {
			others := *f
			fallback := *f.x
			fallback.Args = f.x.Args[i+1:]
			others.x = &fallback
			return others.try()
		}
		switch last := i == len(f.x.Args)-1; {
		case wrong && !last && !isOwn:
			f.problems = f.problems[:before]
			continue
		case v.hasFailed() && last:
			return f.wrong("no argument can be evaluated")
		case v.hasFailed() || !last && slices.ContainsFunc(v.branches(), (*value).isMatch):
			otherwise := rest()
			return mapped(v, func(b *value) *value {
				switch {
				case b.kind == failed:
					return otherwise
				case b.isMatch():
					return choose(b.condition, f.at, b, otherwise)
				}
				return b
			})
		case v.kind == unknown && !last && f.isDoubtful(v):
			return choose("can("+oneLine(f.source(arg.Range()))+")", f.at, v, rest())
		}
		return v
	}
	return f.wrong("it needs an argument")
}

// isMatch reports whether a value is what a regular expression matches in an unknown text: it may match nothing.
func (v *value) isMatch() bool { return v.kind == list && v.condition != "" }

// isDoubtful reports whether a value can turn out not to exist.
func (c *context) isDoubtful(v *value) bool {
	s, rest, ok := v.text.CutSymbol()
	if !ok || rest != "" {
		return true
	}
	info := c.Symbols.Lookup(s)
	// An output of a module of somebody else, module.NAME.OUTPUT, is what the module says it is.
	isOutput := info.Kind == policy.Attribute && strings.HasPrefix(info.Expression, "module.") && strings.Count(withoutKeys(info.Expression), ".") == 2
	return info.Kind != policy.Resource && info.Kind != policy.Parameter && !isOutput
}

func (f *call) can() *value {
	if len(f.x.Args) != 1 {
		return f.wrong("it needs one argument")
	}
	before := len(f.problems)
	f.tried, f.inTry = f.tried+1, f.inTry+1
	v := f.eval(f.x.Args[0])
	f.tried, f.inTry = f.tried-1, f.inTry-1
	if slices.ContainsFunc(f.problems[before:], func(p Problem) bool { return p.refused }) {
		f.problems = f.problems[:before]
		return truthAt(false, f.at)
	}
	if v.kind == unknown && f.isDoubtful(v) {
		return f.unknown()
	}
	if v.hasFailed() {
		return mapped(v, func(b *value) *value { return truthAt(!b.hasFailed(), f.at) })
	}
	return truthAt(true, f.at)
}

// wideVerb matches a verb of format with a width that makes the result long. It is compiled when it is used first.
var wideVerb = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`%[^a-zA-Z%]*[0-9]{4}`) })

// tooLarge says why the result of a function would be too large; "" if it is not.
func tooLarge(name string, args []cty.Value) string {
	switch name {
	case "setproduct":
		n := 1
		for _, arg := range args {
			if arg.CanIterateElements() {
				n *= max(arg.LengthInt(), 1)
			}
			if n > maxElements {
				return "the result has too many elements"
			}
		}
	case "format", "formatlist":
		if len(args) > 0 && args[0].Type() == cty.String && !args[0].IsNull() && wideVerb().MatchString(args[0].AsString()) {
			return "the result is too long"
		}
	case "indent":
		if n, ok := args[0], len(args) > 0; ok && n.Type() == cty.Number && !n.IsNull() && n.GreaterThan(cty.NumberIntVal(1000)).True() {
			return "the result is too long"
		}
	}
	return ""
}
