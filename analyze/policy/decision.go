package policy

import (
	"encoding/hex"
	"slices"
	"strings"
)

// Branch says where something is that depends on a condition of the input: where it holds, or where it does not.
type Branch struct {
	Condition string // a name of letters and digits, or one of [NamelessCondition]
	Not       bool
}

// String returns the branch as CloudFormation writes it: !Condition A, !Not [!Condition A].
func (b Branch) String() string {
	if b.Not {
		return notBefore + b.Condition + notAfter
	}
	return conditionBefore + b.Condition
}

const (
	conditionBefore     = "!Condition "
	notBefore, notAfter = "!Not [!Condition ", "]"
	givenBefore         = "!Given "
	decisionAnd         = " and "
)

// NamelessCondition returns a name for a condition to which its document gives no name. Condition says it in words, such as
// "AWS::Region is eu-west-1". The name has no spaces, as [DecisionOf] needs it, and no condition of a template has such a name.
func NamelessCondition(condition string) string { return "#" + hex.EncodeToString([]byte(condition)) }

// ConditionOf returns the condition of a [Branch] in words: what [NamelessCondition] was given, or the name of a condition.
func ConditionOf(name string) string {
	rest, ok := strings.CutPrefix(name, "#")
	if condition, err := hex.DecodeString(rest); ok && err == nil {
		return string(condition)
	}
	return name
}

// DecisionOf returns the symbol for the condition that all branches are taken and, if given is not "", that this symbol has a
// value. It is for [When] alone, and in no text.
func DecisionOf(branches []Branch, given Symbol) Symbol {
	var words []string
	for _, b := range branches {
		words = append(words, b.String())
	}
	slices.Sort(words)
	words = slices.Compact(words)
	if given != "" {
		words = append(words, givenBefore+string(given))
	}
	return Symbol(strings.Join(words, decisionAnd))
}

// Decision returns what [DecisionOf] made a symbol of; not ok for another symbol.
func (s Symbol) Decision() (branches []Branch, given Symbol, ok bool) {
	for rest := string(s); rest != ""; {
		if symbol, found := strings.CutPrefix(rest, givenBefore); found {
			return branches, Symbol(symbol), true
		}
		var word string
		word, rest, _ = strings.Cut(rest, decisionAnd)
		name, found := strings.CutPrefix(word, conditionBefore)
		if !found {
			if name, found = strings.CutPrefix(word, notBefore); !found {
				return nil, "", false
			}
			name = strings.TrimSuffix(name, notAfter)
		}
		branches = append(branches, Branch{name, !strings.HasPrefix(word, conditionBefore)})
	}
	return branches, "", branches != nil
}

// simplified returns a condition in fewer words: where a decision needs all that another needs, and more, it says nothing
// new; and two that differ only in whether a condition holds do not depend on it.
func simplified(when When) When {
	for i, a := range when {
		of, given, ok := a.Decision()
		if !ok {
			continue
		}
		for j, b := range when {
			other, otherGiven, ok := b.Decision()
			if !ok || i == j || given != otherGiven {
				continue
			}
			rest := slices.DeleteFunc(slices.Clone(of), func(b Branch) bool { return slices.Contains(other, b) })
			if len(rest) == 0 { // a needs less
				return simplified(slices.Delete(slices.Clone(when), j, j+1))
			}
			opposite := Branch{rest[0].Condition, !rest[0].Not}
			if len(rest) > 1 || len(of) != len(other) || !slices.Contains(other, opposite) {
				continue
			}
			common := slices.DeleteFunc(slices.Clone(of), func(b Branch) bool { return b == rest[0] })
			if common = slices.Clip(common); len(common) == 0 && given == "" {
				return nil
			}
			kept := slices.DeleteFunc(slices.Clone(when), func(s Symbol) bool { return s == a || s == b })
			joined := given
			if len(common) > 0 {
				joined = DecisionOf(common, given)
			}
			return WhenAny(append(kept, joined)...)
		}
	}
	return when
}
