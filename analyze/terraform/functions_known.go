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

// knownFunction returns a function of Terraform for which all arguments have to be known; not ok if there is none of that
// name. The functions of cty are those that Terraform itself calls.
func knownFunction(name string) (f function.Function, ok bool) {
	switch name {
	case "abs":
		return stdlib.AbsoluteFunc, true
	case "base64decode":
		return ofString(func(s string) (string, error) {
			b, err := base64.StdEncoding.DecodeString(s)
			return string(b), err
		}), true
	case "base64encode":
		return ofString(func(s string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(s)), nil }), true
	case "basename":
		return ofString(func(s string) (string, error) { return path.Base(s), nil }), true
	case "ceil":
		return stdlib.CeilFunc, true
	case "chomp":
		return stdlib.ChompFunc, true
	case "chunklist":
		return stdlib.ChunklistFunc, true
	case "dirname":
		return ofString(func(s string) (string, error) { return path.Dir(s), nil }), true
	case "endswith":
		return ofStrings(strings.HasSuffix), true
	case "floor":
		return stdlib.FloorFunc, true
	case "format":
		return stdlib.FormatFunc, true
	case "formatdate":
		return stdlib.FormatDateFunc, true
	case "formatlist":
		return stdlib.FormatListFunc, true
	case "indent":
		return stdlib.IndentFunc, true
	case "log":
		return stdlib.LogFunc, true
	case "lower":
		return stdlib.LowerFunc, true
	case "max":
		return stdlib.MaxFunc, true
	case "min":
		return stdlib.MinFunc, true
	case "parseint":
		return stdlib.ParseIntFunc, true
	case "pow":
		return stdlib.PowFunc, true
	case "range":
		return stdlib.RangeFunc, true
	case "regex":
		return stdlib.RegexFunc, true
	case "regexall":
		return stdlib.RegexAllFunc, true
	case "setintersection":
		return stdlib.SetIntersectionFunc, true
	case "setproduct":
		return stdlib.SetProductFunc, true
	case "setsubtract":
		return stdlib.SetSubtractFunc, true
	case "signum":
		return stdlib.SignumFunc, true
	case "slice":
		return stdlib.SliceFunc, true
	case "sort":
		return stdlib.SortFunc, true
	case "startswith":
		return ofStrings(strings.HasPrefix), true
	case "strcontains":
		return ofStrings(strings.Contains), true
	case "strrev":
		return stdlib.ReverseFunc, true
	case "substr":
		return stdlib.SubstrFunc, true
	case "timeadd":
		return stdlib.TimeAddFunc, true
	case "title":
		return stdlib.TitleFunc, true
	case "trim":
		return stdlib.TrimFunc, true
	case "trimprefix":
		return stdlib.TrimPrefixFunc, true
	case "trimspace":
		return stdlib.TrimSpaceFunc, true
	case "trimsuffix":
		return stdlib.TrimSuffixFunc, true
	case "upper":
		return stdlib.UpperFunc, true
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
