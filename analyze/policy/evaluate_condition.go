package policy

import (
	"strings"
	"sync"
)

// compiledCondition is a condition whose operator and values are taken apart.
type compiledCondition struct {
	operator operator
	known    bool   // IAM has such an operator
	key      string // in lower case
	values   []compiledValue
	noARN    bool // a value is compared as an ARN and is none
}

// operator is an operator of a condition, taken apart.
type operator struct {
	kind     comparison
	holds    func(order int) bool // for numbers and dates: whether the order of two is the wanted one
	negated  bool
	ifExists bool
	set      setOperator
}

// comparison says how an operator compares a value of the request with one of the policy.
type comparison int

const (
	compareText comparison = iota
	comparePattern
	compareFolded
	compareARN
	compareNumber
	compareDate
	compareBoolean
	compareBinary
	compareAddress
	compareNull
)

// setOperator says how an operator treats keys that are lists.
type setOperator int

const (
	noSet setOperator = iota
	forAllValues
	forAnyValue
)

func equal(order int) bool          { return order == 0 }
func less(order int) bool           { return order < 0 }
func lessOrEqual(order int) bool    { return order <= 0 }
func greater(order int) bool        { return order > 0 }
func greaterOrEqual(order int) bool { return order >= 0 }

// operators are the operators by their names in lower case.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = sync.OnceValue(func() map[string]operator {
	return map[string]operator{
		"stringequals":              {kind: compareText},
		"stringnotequals":           {kind: compareText, negated: true},
		"stringequalsignorecase":    {kind: compareFolded},
		"stringnotequalsignorecase": {kind: compareFolded, negated: true},
		"stringlike":                {kind: comparePattern},
		"stringnotlike":             {kind: comparePattern, negated: true},
		"arnequals":                 {kind: compareARN},
		"arnlike":                   {kind: compareARN},
		"arnnotequals":              {kind: compareARN, negated: true},
		"arnnotlike":                {kind: compareARN, negated: true},
		"numericequals":             {kind: compareNumber, holds: equal},
		"numericnotequals":          {kind: compareNumber, holds: equal, negated: true},
		"numericlessthan":           {kind: compareNumber, holds: less},
		"numericlessthanequals":     {kind: compareNumber, holds: lessOrEqual},
		"numericgreaterthan":        {kind: compareNumber, holds: greater},
		"numericgreaterthanequals":  {kind: compareNumber, holds: greaterOrEqual},
		"dateequals":                {kind: compareDate, holds: equal},
		"datenotequals":             {kind: compareDate, holds: equal, negated: true},
		"datelessthan":              {kind: compareDate, holds: less},
		"datelessthanequals":        {kind: compareDate, holds: lessOrEqual},
		"dategreaterthan":           {kind: compareDate, holds: greater},
		"dategreaterthanequals":     {kind: compareDate, holds: greaterOrEqual},
		"bool":                      {kind: compareBoolean},
		"binaryequals":              {kind: compareBinary},
		"ipaddress":                 {kind: compareAddress},
		"notipaddress":              {kind: compareAddress, negated: true},
		"null":                      {kind: compareNull},
	}
})

// cutOperator takes the name of an operator apart.
func cutOperator(name string) (o operator, ok bool) {
	name = strings.ToLower(name)
	set := noSet
	if rest, found := strings.CutPrefix(name, "forallvalues:"); found {
		name, set = rest, forAllValues
	} else if rest, found := strings.CutPrefix(name, "foranyvalue:"); found {
		name, set = rest, forAnyValue
	}
	name, ifExists := strings.CutSuffix(name, "ifexists")
	o, ok = operators()[name]
	o.set, o.ifExists = set, ifExists
	return o, ok && !(ifExists && o.kind == compareNull)
}

func (e *Evaluator) compileCondition(c *Condition, version string) compiledCondition {
	out := compiledCondition{key: strings.ToLower(c.Key)}
	out.operator, out.known = cutOperator(c.Operator)
	var s syntax
	switch out.operator.kind {
	case compareText:
		s.variables = true
	case comparePattern:
		s.wildcards, s.variables = true, true
	case compareFolded:
		s.fold, s.variables = true, true
	case compareARN:
		s.wildcards, s.variables, s.arn = true, true, true
	default:
		version = versionBefore // these take no variables
	}
	out.values = e.compileValues(c.Values, version, s)
	for i := range c.Values {
		out.noARN = out.noARN || s.arn && !mayBeARN(out.values[i].pattern)
	}
	return out
}

// condition reports whether a condition holds.
func (r *evaluation) condition(c *compiledCondition) Truth {
	if !c.known || c.noARN && c.operator.negated {
		return Unknown // IAM does not say what does not match something that is no ARN
	}
	key := r.request.Context[c.key]
	present := key.State == KeyPresent && (len(key.Values) > 0 || key.More)
	switch {
	case key.State == KeyAbsent, key.State == KeyPresent && !present:
		return r.absent(c)
	case present:
		return r.present(c, key)
	}
	// It may be absent or have any value. Often the answer is the same.
	if a := r.absent(c); a == r.present(c, ContextKey{State: KeyPresent, Values: []Text{"*"}, More: c.operator.set != noSet}) {
		return a
	}
	return Unknown
}

// absent reports whether a condition holds where the request does not have its key.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (r *evaluation) absent(c *compiledCondition) Truth {
	switch o := c.operator; {
	case o.kind == compareNull:
		return c.saysNull(true)
	case o.ifExists && o.set == forAnyValue:
		return Unknown // "true" by the one page, "false" by the other
	case o.ifExists, o.set == forAllValues:
		return Yes
	case o.set == forAnyValue:
		return No
	default:
		return truthOf(o.negated)
	}
}

// saysNull reports whether one of the values of the operator Null is the one that is wanted.
func (c *compiledCondition) saysNull(want bool) Truth {
	is := No
	for i := range c.values {
		if b, ok := parseBoolean(c.values[i].source.Text.String()); ok {
			is = is.Or(truthOf(b == want))
		}
	}
	return is
}

// present reports whether a condition holds where the request has its key.
func (r *evaluation) present(c *compiledCondition, key ContextKey) Truth {
	if c.operator.kind == compareNull {
		return c.saysNull(false)
	}
	every, some := Yes, No
	for _, v := range key.Values {
		t := r.matches(c, v)
		every, some = every.And(t), some.Or(t)
	}
	if key.More {
		every, some = every.And(Unknown), some.Or(Unknown)
	}
	switch {
	case key.OneOf || c.operator.set == noSet:
		// An operator without a set operator is for keys that have one value. IAM does not say what it does with several.
		if every == some {
			return every
		}
		return Unknown
	case c.operator.set == forAllValues:
		return every
	}
	return some
}

// matches reports whether one value of the request matches one of those of the condition, or none of them if the operator is
// negated.
func (r *evaluation) matches(c *compiledCondition, v Text) Truth {
	is := No
	for i := range c.values {
		is = is.Or(r.matchesOne(c, v, &c.values[i]))
		if is == Yes {
			break
		}
	}
	if c.operator.negated {
		return is.Not()
	}
	return is
}

func (r *evaluation) matchesOne(c *compiledCondition, v Text, want *compiledValue) Truth {
	fold := c.operator.kind == compareFolded
	request := compiler{symbols: r.symbols, values: r.values, version: Version}
	of := request.pattern(v, syntax{wildcards: true, fold: fold})
	switch c.operator.kind {
	case compareText, comparePattern, compareFolded:
		by := r.patternOf(want)
		if by.invalid && c.operator.negated {
			return Unknown
		}
		return r.work.cover(of, by).truth()
	case compareARN:
		return r.matchesARN(c, of, r.patternOf(want))
	}
	has, known := of.plain, of.isPlain
	if !known || !want.pattern.isPlain {
		return Unknown
	}
	return compareValues(c.operator, has, want.pattern.plain)
}

// matchesARN compares ARNs: the wildcards of the policy do not cross the first five colons.
func (r *evaluation) matchesARN(c *compiledCondition, of, by *pattern) Truth {
	switch {
	case c.operator.negated && (by.invalid || !mayBeARN(of)):
		return Unknown
	case !mayBeARN(by) && !by.isPlain:
		return Unknown // IAM does not say what a part of an ARN fits
	case !mayBeARN(by):
		return No
	}
	return r.work.cover(of, by).truth()
}

// mayBeARN reports whether a pattern has the five colons of an ARN, or may have them. One that is not known yet may.
func mayBeARN(p *pattern) bool {
	if p == nil {
		return true
	}
	colons := 0
	for _, t := range p.shapes() {
		if t.kind == character && t.char == ':' {
			colons++
		}
		if t.kind == many && p.symbols {
			return true
		}
	}
	return colons >= 5
}
