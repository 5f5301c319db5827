package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/execrole/execrole/analyze/policy"
)

// KnownModule is a module of somebody else whose outputs say its arguments again, in an object with other names.
type KnownModule struct {
	Source string // a part of the source that the registry has for the module
	// Members are those of the object, by the arguments that give them. Where two arguments give one, the last one that is
	// not null counts.
	Members []KnownMember
	// Overrides is the argument that has further members; "" for none.
	Overrides string
	// Objects are the outputs that are the object, Encoded those that are the JSON of it, and Lists the JSON of a list with it.
	Objects, Encoded, Lists []string
}

// KnownMember is a member of the object of a known module.
type KnownMember struct {
	Argument, Member string
	// Value is set where the argument is a map of names and values, and the member a list of objects: it is how the objects
	// call the value.
	Value string
}

// known returns an output of a known module; nil where the module or the output is unknown.
func (c *context) known(i *instance, name string, r hcl.Range) *value {
	source, _ := c.moduleSource(i.block)
	for k := range c.opts.Known {
		m := &c.opts.Known[k]
		if !strings.Contains(registrySource(source), m.Source) {
			continue
		}
		at := c.placeOf(r)
		has := func(names []string) bool {
			for _, n := range names {
				if n == name {
					return true
				}
			}
			return false
		}
		encode := func(v *value) *value {
			encoded := made(textual, at)
			encoded.encoded = v
			return encoded
		}
		switch {
		case has(m.Objects):
			return c.knownObject(i, m, r)
		case has(m.Encoded):
			return encode(c.knownObject(i, m, r))
		case has(m.Lists):
			return encode(listAt([]*value{c.knownObject(i, m, r)}, at))
		}
	}
	return nil
}

// knownObject returns the object that a known module makes of its arguments.
func (c *context) knownObject(i *instance, m *KnownModule, r hcl.Range) *value {
	v := made(object, c.placeOf(r))
	v.start, v.end = c.span(i.block.DefRange())
	add := func(name policy.Text, start int, e *value) {
		for j := range v.members {
			if v.members[j].name == name {
				v.members[j] = member{name, start, e}
				return
			}
		}
		v.members = append(v.members, member{name, start, e})
	}
	for _, k := range m.Members {
		e := c.argument(i, k.Argument, r)
		if e == nil || e.kind == null {
			continue
		}
		start, _ := c.span(i.block.Body.Attributes[k.Argument].NameRange)
		if k.Value != "" && e.kind == object {
			list := made(list, e)
			for _, pair := range e.sorted() {
				o := made(object, pair.value)
				o.members = []member{{"name", pair.start, textAt(pair.name, pair.value)}, {policy.Text(k.Value), pair.start, pair.value}}
				list.list = append(list.list, o)
			}
			e = list
		}
		add(policy.Text(k.Member), start, e)
	}
	if m.Overrides != "" {
		switch more := c.argument(i, m.Overrides, r); {
		case more == nil || more.kind == null:
		case more.kind == object:
			for _, o := range more.members {
				add(o.name, o.start, o.value)
			}
		default:
			return c.unknown(c.source(r), v)
		}
	}
	return v
}
