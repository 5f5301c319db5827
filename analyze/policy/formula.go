package policy

import (
	"maps"
	"slices"
)

// Formula is a condition of the input, taken apart: it holds or does not hold in a [World].
type Formula struct {
	Op FormulaOp
	Of []*Formula // of Not one, of And and Or any number
	// Variable and Value are those of Equals. Domain are all values that the variable can have; nil where it can have others.
	Variable, Value string
	Domain          []string
}

// FormulaOp is what a formula does with its parts.
type FormulaOp int

const (
	Equals FormulaOp = iota // a variable has a value
	Not
	And // with no parts, it always holds
	Or  // with no parts, it never holds
)

// World gives each variable of formulas a value. A variable that it does not have has a value that no formula names.
type World map[string]string

// Opaque returns the formula for a condition of which only the name is known.
func Opaque(name string) *Formula {
	return &Formula{Variable: name, Value: "true", Domain: []string{"true", "false"}}
}

// Always returns the formula that holds in every world.
func Always() *Formula { return &Formula{Op: And} }

// Holds reports whether the formula holds in a world.
func (f *Formula) Holds(w World) bool {
	switch f.Op {
	case Equals:
		value, ok := w[f.Variable]
		return ok && value == f.Value
	case Not:
		return !f.Of[0].Holds(w)
	case And:
		return !slices.ContainsFunc(f.Of, func(part *Formula) bool { return !part.Holds(w) })
	}
	return slices.ContainsFunc(f.Of, func(part *Formula) bool { return part.Holds(w) })
}

// IsLarger reports whether the formula consists of more than n formulas, itself included. A part that is there twice counts twice.
func (f *Formula) IsLarger(n int) bool { return f.within(n) < 0 }

// within returns n less the number of formulas in f, and a negative number as soon as there are more.
func (f *Formula) within(n int) int {
	n--
	for i := 0; i < len(f.Of) && n >= 0; i++ {
		n = f.Of[i].within(n)
	}
	return n
}

// Only reports whether is holds for all variables of the formula.
func (f *Formula) Only(is func(variable string) bool) bool {
	if f.Op == Equals {
		return is(f.Variable)
	}
	return !slices.ContainsFunc(f.Of, func(part *Formula) bool { return !part.Only(is) })
}

// variable is what formulas say of one variable.
type variable struct {
	values []string // that they name, sorted
	domain []string
}

// addTo adds the variables of a formula.
func (f *Formula) addTo(all map[string]variable) {
	if f.Op != Equals {
		for _, part := range f.Of {
			part.addTo(all)
		}
		return
	}
	v := all[f.Variable]
	if i, found := slices.BinarySearch(v.values, f.Value); !found {
		v.values = slices.Insert(slices.Clone(v.values), i, f.Value)
	}
	// Two mappings can have different rows for one variable. It can then have the values of both.
	for _, value := range f.Domain {
		if !slices.Contains(v.domain, value) {
			v.domain = append(slices.Clip(v.domain), value)
		}
	}
	all[f.Variable] = v
}

// maxWorlds is how many worlds are looked at.
const maxWorlds = 1 << 10

// Worlds returns the worlds in which formulas can differ; not ok where there are too many. Known are values of variables. For
// a variable for which each holds, every value of its domain is a world of its own; for others, the values that no formula names
// are one world. Each is nil if there is no such variable.
func Worlds(formulas []*Formula, known map[string]string, each func(variable string) bool) (worlds []World, ok bool) {
	all := map[string]variable{}
	for _, f := range formulas {
		f.addTo(all)
	}
	worlds = []World{{}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if value, ok := known[name]; ok {
			for _, w := range worlds {
				w[name] = value
			}
			continue
		}
		v := all[name]
		if each != nil && v.domain != nil && each(name) {
			v.values = v.domain
		}
		values, other := v.possible()
		if len(worlds)*(len(values)+1) > maxWorlds {
			return nil, false
		}
		var longer []World
		for _, w := range worlds {
			for _, value := range values {
				next := maps.Clone(w)
				next[name] = value
				longer = append(longer, next)
			}
			if other {
				longer = append(longer, w)
			}
		}
		worlds = longer
	}
	return worlds, true
}

// Possible reports whether the formula holds in some world. It returns true also if there are more than maxWorlds to look at.
func (f *Formula) Possible() bool {
	all := map[string]variable{}
	f.addTo(all)
	names, count := slices.Sorted(maps.Keys(all)), 1
	for _, v := range all {
		if count *= len(v.values) + 1; count > maxWorlds {
			return true
		}
	}
	w := World{}
	var holds func(i int) bool
	holds = func(i int) bool {
		if i == len(names) {
			return f.Holds(w)
		}
		values, other := all[names[i]].possible()
		for _, value := range values {
			w[names[i]] = value
			if holds(i + 1) {
				return true
			}
		}
		delete(w, names[i])
		return other && holds(i+1)
	}
	return holds(0)
}

// possible returns the values that formulas name and that the variable can have. Other says that it can also have a value that
// no formula names.
func (v variable) possible() (values []string, other bool) {
	if v.domain == nil {
		return v.values, true
	}
	values = slices.DeleteFunc(slices.Clone(v.values), func(s string) bool { return !slices.Contains(v.domain, s) })
	return values, slices.ContainsFunc(v.domain, func(s string) bool { return !slices.Contains(v.values, s) })
}

// Shares reports whether the formula and another one have a variable in common. If not, each of them holds or does not hold
// whatever the other one does.
func (f *Formula) Shares(other *Formula) bool {
	mine, others := map[string]variable{}, map[string]variable{}
	f.addTo(mine)
	other.addTo(others)
	for name := range mine {
		if _, ok := others[name]; ok {
			return true
		}
	}
	return false
}
