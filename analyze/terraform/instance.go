package terraform

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
)

// instance is one instance of a resource, a data source or a module.
type instance struct {
	scope *scope
	block *hclsyntax.Block
	// key is the end of the address: ["a"], [0]; "" where there is none, or where the keys are unknown.
	key string
	// each, value and index are each.key, each.value and count.index; nil where there are none.
	each, value, index *value
	uncertain          bool // whether there is such an instance depends on what only the deployment knows
	// under has the branches under which the block has the instance, those of one of the lists; nil where it always has it.
	under [][]Taken
}

// taken returns the conditions under which there is the instance: its own, and those of the modules that it is in.
func (i *instance) taken() (list [][][]Taken) {
	for ; i != nil; i = i.scope.instanceOfCall() {
		if i.under != nil {
			list = append(list, i.under)
		}
	}
	return list
}

// instanceOfCall returns the instance of the call that a scope is; nil for the root.
func (s *scope) instanceOfCall() *instance {
	if s.caller == nil {
		return nil
	}
	return s.caller.instance
}

// target is what a reference refers to: instances of a block.
type target struct {
	instances []*instance
	// single says that there is one, without a key; of the others the value is a list (count) or an object (for_each).
	single, counted bool
	// certain says that the instances are known.
	certain bool
}

// local returns the address in the instance's own module.
func (i *instance) local() string {
	name := strings.Join(i.block.Labels, ".") + i.key
	switch i.block.Type {
	case "data":
		return "data." + name
	case "module":
		return "module." + name
	}
	return name
}

// exists returns the expression that there is such an instance; "" where there always is one.
func (i *instance) exists() string {
	all := strings.TrimSuffix(i.local(), i.key)
	key := strings.TrimSuffix(strings.TrimPrefix(i.key, "["), "]")
	switch {
	case !i.uncertain || key == "":
		return ""
	case key[0] == '"':
		return "contains(keys(" + all + "), " + key + ")"
	}
	return "length(" + all + ") > " + key
}

// address returns the address in the whole configuration.
func (i *instance) address() string { return i.scope.prefix(i.local()) }

// instances returns the instances of a block.
//
// Source: https://developer.hashicorp.com/terraform/language/meta-arguments/count, for_each there
func (c *context) instances(b *hclsyntax.Block) *target {
	t := c.targets[b]
	if t == nil {
		problems := len(c.problems)
		if t = c.findInstances(b); len(c.problems) == problems && c.quiet == 0 {
			if c.targets == nil {
				c.scope.targets = map[*hclsyntax.Block]*target{}
			}
			c.targets[b] = t
		}
	}
	return t
}

func (c *context) findInstances(b *hclsyntax.Block) *target {
	within := &context{scope: c.scope}
	if a := b.Body.Attributes["count"]; a != nil {
		return c.counted(b, a, within)
	}
	a := b.Body.Attributes["for_each"]
	if a == nil {
		return &target{single: true, certain: true, instances: []*instance{{scope: c.scope, block: b}}}
	}
	v := within.once("for_each of "+b.Type+strings.Join(b.Labels, "."), "for_each", a.SrcRange, func() *value { return within.eval(a.Expr) })
	t, seen, joined := &target{certain: true}, map[string]*instance{}, map[string]bool{}
	for i, branch := range v.branches() {
		t.certain = t.certain && i == 0
		branch, certain := branch.repeated()
		t.certain = t.certain && certain
		keys := branch.sorted()
		if branch.kind == list {
			for _, e := range branch.list {
				keys = append(keys, member{e.text, e.start, e})
			}
		}
		if branch.kind != object && branch.kind != list && branch.kind != null {
			at := branch
			open := func(name string) *value {
				expression := "each." + name
				return c.open(c.prefix(expression+" of "+strings.Join(b.Labels, ".")), expression, policy.Variable, policy.MeansUnknown, at)
			}
			under := c.underUnknown(v, func(of string) string { return "length(" + of + ") > 0" })
			return &target{instances: []*instance{{scope: c.scope, block: b, each: open("key"), value: open("value"), under: under}}}
		}
		for _, m := range keys {
			for _, e := range m.value.branches() {
				if e.kind == absent {
					t.certain = false
					continue
				}
				name := m.name
				if branch.kind == list {
					name = c.flat(e)
				}
				in := &instance{scope: c.scope, block: b, each: textAt(name, e), value: e, key: keyOf(name.String())}
				if other := seen[in.key]; other != nil { // another branch has the key too
					if !joined[in.key] {
						joined[in.key], other.value = true, c.eachValue(v, in.key)
					}
				} else if len(t.instances) < maxElements {
					seen[in.key] = in
					t.instances = append(t.instances, in)
				}
			}
		}
	}
	for _, in := range t.instances {
		if in.uncertain = !t.certain; in.uncertain {
			in.under = takenWhere(v, func(all *value) bool { return all.surelyHas(c, in.key) })
		}
	}
	return t
}

// repeated returns the elements that for_each repeats: of a block those of its instances. It reports whether there surely are
// all of them.
func (v *value) repeated() (elements *value, certain bool) {
	if v.kind == reference && !v.of.counted {
		if all := v.elements(); all != nil {
			return all, v.of.certain
		}
	}
	return v, true
}

// eachValue returns each.value of the instance with a key, in all branches of a for_each that have it.
func (c *context) eachValue(v *value, key string) *value {
	v, _ = v.repeated()
	switch v.kind {
	case choice:
		var having []*value
		for _, branch := range v.list {
			if e := c.eachValue(branch, key); e != nil {
				having = append(having, e)
			}
		}
		switch {
		case having == nil:
			return nil
		case len(having) < len(v.list):
			return choose("", v, having...) // with an instance, not all branches are left
		}
		return choose(v.condition, v, having...)
	case object:
		for _, m := range v.members {
			if keyOf(m.name.String()) == key {
				return m.value.present()
			}
		}
	case list:
		for _, element := range v.list {
			for _, e := range element.branches() {
				if e.kind != absent && keyOf(c.flat(e).String()) == key {
					return e
				}
			}
		}
	}
	return nil
}

// present returns the value without the branches in which it is absent; nil if it is absent in all.
func (v *value) present() *value { return v.without(absent) }

// counted returns the instances of a block with count.
func (c *context) counted(b *hclsyntax.Block, a *hclsyntax.Attribute, within *context) *target {
	v := within.once("count of "+b.Type+strings.Join(b.Labels, "."), "count", a.SrcRange, func() *value { return within.eval(a.Expr) })
	t := &target{counted: true, certain: v.kind != choice}
	most, least := 0, maxElements+1
	for _, branch := range v.branches() {
		n, ok := wholeNumber(branch)
		if holds, isTruth := branch.truth(); isTruth && branch.kind == boolean && holds {
			n, ok = 1, true
		}
		if !ok {
			index := c.open(c.prefix("count.index of "+strings.Join(b.Labels, ".")), "count.index", policy.Variable, policy.MeansText, v)
			under := c.underUnknown(v, func(of string) string { return of + " > 0" })
			return &target{counted: true, instances: []*instance{{scope: c.scope, block: b, index: index, under: under}}}
		}
		most, least = max(most, n), min(least, n)
	}
	if most > maxElements {
		c.stop(a.SrcRange, "count is %d: execrole reads no more than %d instances", most, maxElements)
		most = 0
	}
	for i := range most {
		index := made(number, v)
		index.text = policy.Text(strconv.Itoa(i))
		in := &instance{scope: c.scope, block: b, key: "[" + strconv.Itoa(i) + "]", index: index, uncertain: i >= least}
		in.under = takenWhere(v, func(count *value) bool {
			n, _ := wholeNumber(count)
			holds, isTruth := count.truth()
			return n > i || isTruth && count.kind == boolean && holds && i == 0
		})
		t.instances = append(t.instances, in)
	}
	return t
}

// underUnknown returns the condition under which an unknown count or for_each makes an instance: the same for the same value.
func (c *context) underUnknown(v *value, condition func(of string) string) [][]Taken {
	if v.kind != unknown {
		return [][]Taken{{{}}}
	}
	return [][]Taken{{{condition(c.describe(v)), 0}}}
}

// surelyHas reports whether for_each makes an instance with that key of a value. An element that may be absent is none.
func (v *value) surelyHas(c *context, key string) bool {
	for _, m := range v.members {
		if keyOf(m.name.String()) == key {
			return !m.value.canBeAbsent()
		}
	}
	return v.kind == list && slices.ContainsFunc(v.list, func(e *value) bool { return e.isScalar() && keyOf(c.flat(e).String()) == key })
}

// takenWhere returns the branches of a value that have something, each with those around it; nil if all branches have it.
func takenWhere(v *value, has func(*value) bool) [][]Taken {
	unknown := [][]Taken{{{}}}
	if v.width() > maxBranches {
		return unknown
	}
	if !slices.ContainsFunc(v.branches(), func(b *value) bool { return !has(b) }) {
		return nil
	}
	var paths func(v *value) [][]Taken
	paths = func(v *value) (list [][]Taken) {
		switch {
		case v.kind != choice && has(v):
			return [][]Taken{nil}
		case v.kind != choice:
			return nil
		}
		for i, branch := range v.list {
			for _, path := range paths(branch) {
				list = append(list, append([]Taken{{v.condition, i}}, path...))
			}
		}
		return list
	}
	all := paths(v)
	isUnknown := func(t Taken) bool { return t.Condition == "" || t.Branch > 1 }
	if all == nil || slices.ContainsFunc(all, func(path []Taken) bool { return slices.ContainsFunc(path, isUnknown) }) {
		return unknown
	}
	return all
}

// find returns the instance with that key; nil if there is none.
func (t *target) find(key string) *instance {
	for _, i := range t.instances {
		if i.key == key {
			return i
		}
	}
	return nil
}

// keyOf returns the end of the address of an instance of for_each.
//
// Source: https://developer.hashicorp.com/terraform/cli/state/resource-addressing
func keyOf(name string) string {
	return `["` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{").Replace(name) + `"]`
}

// wholeNumber returns a known whole number.
func wholeNumber(v *value) (n int, ok bool) {
	if v.kind != number && v.kind != textual || !v.text.IsLiteral() {
		return 0, false
	}
	n, err := strconv.Atoi(string(v.text))
	return n, err == nil
}

// refer returns the value of a block: a reference, or a list or an object of references.
func (c *context) refer(b *hclsyntax.Block, r hcl.Range) *value {
	t := c.instances(b)
	at := c.placeOf(r)
	one := func(i *instance) *value {
		v := made(reference, at)
		v.of = &target{instances: []*instance{i}, single: true, certain: true}
		return v
	}
	if t.single {
		return one(t.instances[0])
	}
	v := made(reference, at)
	v.of = t
	return v
}

// elements returns the instances of a reference as a list or an object; nil where the keys are unknown.
func (v *value) elements() *value {
	if v.of.single || len(v.of.instances) == 1 && v.of.instances[0].key == "" {
		return nil
	}
	all := made(object, v)
	if v.of.counted {
		all.kind = list
	}
	for _, i := range v.of.instances {
		e := made(reference, v)
		e.of = &target{instances: []*instance{i}, single: true, certain: true}
		if v.of.counted {
			all.list = append(all.list, e)
		} else {
			all.members = append(all.members, member{i.each.text, v.start, e})
		}
	}
	return all
}
