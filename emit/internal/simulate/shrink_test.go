package simulate

import (
	"maps"
	"slices"
	"testing"

	"github.com/execrole/execrole/analyze/policy"
)

// shrunk returns the smallest case that it finds in which the answers differ still.
func (o *oracle) shrunk(t *testing.T, c testCase) testCase {
	for {
		candidates := smaller(t, &c)
		theirs := o.answers(t, candidates)
		i := slices.IndexFunc(theirs, func(bool) bool { return false })
		for j := range candidates {
			if answer := ours(&candidates[j], read(t)).Allowed; answer != policy.Unknown && (answer == policy.Yes) != theirs[j] {
				i = j
				break
			}
		}
		if i < 0 {
			return c
		}
		c = candidates[i]
	}
}

// smaller returns cases that lack one part of c each.
func smaller(t *testing.T, c *testCase) (list []testCase) {
	without := func(change func(*testCase)) {
		one := copied(t, c)
		change(&one)
		list = append(list, one)
	}
	for i := range c.Identity {
		if len(c.Identity) > 1 {
			without(func(c *testCase) { c.Identity = slices.Delete(c.Identity, i, i+1) })
		}
	}
	if c.Boundary != nil {
		without(func(c *testCase) { c.Boundary = nil })
	}
	if len(c.ServiceControl) > 0 {
		without(func(c *testCase) { c.ServiceControl = c.ServiceControl[:0] })
		for i := range c.ServiceControl[0].Policies {
			if len(c.ServiceControl[0].Policies) > 1 {
				without(func(c *testCase) { c.ServiceControl[0].Policies = slices.Delete(c.ServiceControl[0].Policies, i, i+1) })
			}
		}
	}
	if c.Resource != nil && c.Request.Resource.Account == ownAccount && c.Request.Action != "kms:Decrypt" {
		without(func(c *testCase) { c.Resource = nil })
	}
	documents := 0
	c.eachDocument(func(*document) { documents++ })
	for d := range documents {
		in := func(c *testCase, change func(*document)) {
			i := 0
			c.eachDocument(func(doc *document) {
				if i == d {
					change(doc)
				}
				i++
			})
		}
		statements := 0
		in(c, func(doc *document) { statements = len(doc.Statement) })
		for s := range statements {
			var st statement
			in(c, func(doc *document) { st = doc.Statement[s] })
			if statements > 1 {
				without(func(c *testCase) {
					in(c, func(doc *document) { doc.Statement = slices.Delete(doc.Statement, s, s+1) })
				})
			}
			for _, list := range []func(*statement) *[]string{
				func(s *statement) *[]string { return &s.Action }, func(s *statement) *[]string { return &s.NotAction },
				func(s *statement) *[]string { return &s.Resource }, func(s *statement) *[]string { return &s.NotResource },
			} {
				for i := range *list(&st) {
					if len(*list(&st)) > 1 {
						without(func(c *testCase) {
							in(c, func(doc *document) { l := list(&doc.Statement[s]); *l = slices.Delete(*l, i, i+1) })
						})
					}
				}
			}
			for _, operator := range slices.Sorted(maps.Keys(st.Condition)) {
				without(func(c *testCase) { in(c, func(doc *document) { delete(doc.Statement[s].Condition, operator) }) })
				for key, values := range st.Condition[operator] {
					for i := range values {
						if len(values) > 1 {
							without(func(c *testCase) {
								in(c, func(doc *document) {
									doc.Statement[s].Condition[operator][key] = slices.Delete(slices.Clone(values), i, i+1)
								})
							})
						}
					}
				}
			}
		}
	}
	return list
}
