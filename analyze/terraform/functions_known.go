package terraform

import (
	"encoding/base64"
	"errors"
	"path"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// knownFunctions are those of Terraform for which all arguments have to be known, and that cty has: Terraform itself calls these.
// The table is data that the linker lays out.
var knownFunctions = [...]struct {
	name string
	f    *function.Function
}{
	{"abs", &stdlib.AbsoluteFunc},
	{"ceil", &stdlib.CeilFunc},
	{"chomp", &stdlib.ChompFunc},
	{"chunklist", &stdlib.ChunklistFunc},
	{"floor", &stdlib.FloorFunc},
	{"format", &stdlib.FormatFunc},
	{"formatdate", &stdlib.FormatDateFunc},
	{"formatlist", &stdlib.FormatListFunc},
	{"indent", &stdlib.IndentFunc},
	{"log", &stdlib.LogFunc},
	{"lower", &stdlib.LowerFunc},
	{"max", &stdlib.MaxFunc},
	{"min", &stdlib.MinFunc},
	{"parseint", &stdlib.ParseIntFunc},
	{"pow", &stdlib.PowFunc},
	{"range", &stdlib.RangeFunc},
	{"regex", &stdlib.RegexFunc},
	{"regexall", &stdlib.RegexAllFunc},
	{"setintersection", &stdlib.SetIntersectionFunc},
	{"setproduct", &stdlib.SetProductFunc},
	{"setsubtract", &stdlib.SetSubtractFunc},
	{"signum", &stdlib.SignumFunc},
	{"slice", &stdlib.SliceFunc},
	{"sort", &stdlib.SortFunc},
	{"strrev", &stdlib.ReverseFunc},
	{"substr", &stdlib.SubstrFunc},
	{"timeadd", &stdlib.TimeAddFunc},
	{"title", &stdlib.TitleFunc},
	{"trim", &stdlib.TrimFunc},
	{"trimprefix", &stdlib.TrimPrefixFunc},
	{"trimspace", &stdlib.TrimSpaceFunc},
	{"trimsuffix", &stdlib.TrimSuffixFunc},
	{"upper", &stdlib.UpperFunc},
}

// knownFunction returns a function for which all arguments have to be known; not ok if there is none of that name.
func knownFunction(name string) (f function.Function, ok bool) {
	for _, known := range knownFunctions {
		if known.name == name {
			return *known.f, true
		}
	}
	switch name {
	case "base64decode":
		return ofString(func(s string) (string, error) {
			b, err := base64.StdEncoding.DecodeString(s)
			return string(b), err
		}), true
	case "base64encode":
		return ofString(func(s string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(s)), nil }), true
	case "basename":
		return ofString(func(s string) (string, error) { return path.Base(s), nil }), true
	case "dirname":
		return ofString(func(s string) (string, error) { return path.Dir(s), nil }), true
	case "endswith":
		return ofStrings(strings.HasSuffix), true
	case "startswith":
		return ofStrings(strings.HasPrefix), true
	case "strcontains":
		return ofStrings(strings.Contains), true
	}
	return f, false
}

// ofString returns a function of a string.
func ofString(f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "string", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err == nil && strings.IndexByte(s, 0) >= 0 {
				err = errors.New("the result holds a NUL character")
			}
			return cty.StringVal(s), err
		},
	})
}

// ofStrings returns a test of two strings.
func ofStrings(f func(a, b string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "string", Type: cty.String}, {Name: "other", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}
