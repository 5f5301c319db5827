package emit

import (
	"fmt"
	"slices"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// resource returns the resource of a template that is around an offset; nil if none is.
func (f *fixTree) resource(offset int) (found *tree.Node) {
	resources := f.doc.Root.Member("Resources")
	for i := range resources.Children {
		if r := &resources.Children[i]; r.NameStart <= offset && r.Name != "" && (found == nil || r.NameStart > found.NameStart) {
			found = r
		}
	}
	return found
}

// templateNodes returns the statements of a role with the template's own references. At is where they go, and whole the condition
// under which they are there together; nil for always.
func (f *fixTree) templateNodes(r *RoleFix, at *tree.Node, d policy.Document, whole policy.When) (*node, error) {
	resource := f.resource(at.Start)
	role := &policy.Role{Inline: []policy.Policy{{Document: d}}, Symbols: r.Symbols, Mappings: r.Mappings, Environment: r.Environment}
	if err := checkTexts(role, noDynamicReference); err != nil {
		return nil, fmt.Errorf("%s: %w", f.doc.Source.Place(at.Start), err)
	}
	for _, s := range policy.Symbols(d) {
		if _, mapped := mappingOf(role, s); mapped {
			return nil, fmt.Errorf("%s: what %s lacks depends on the region: add --region", f.doc.Source.Place(at.Start), r.title())
		}
		info := r.Symbols.Lookup(s)
		if _, _, decision := s.Decision(); info.Place.File != f.name && info.Kind != policy.PseudoParameter && !decision {
			return nil, fmt.Errorf("%s: %s would need the value of %s, which another file has: add --set %s=VALUE", f.doc.Source.Place(at.Start), r.title(), s, s)
		}
	}
	f.references(r, resource).check(role)
	list := statementNodes(d, f.writer(r, resource).syntax(), whole)
	if f.merger.errors != nil {
		return nil, f.merger.errors[0]
	}
	return list, nil
}

// references returns how the template refers to the symbols of a role, in one of its resources.
func (f *fixTree) references(r *RoleFix, resource *tree.Node) *references {
	out := &references{merger: f.merger, task: resource, resources: f.doc.Root.Member("Resources"), symbols: r.Symbols}
	if condition := resource.Member("Condition"); condition != nil {
		out.condition = condition.Text
	}
	return out
}

// writer returns a writer of documents with these references.
func (f *fixTree) writer(r *RoleFix, resource *tree.Node) cfnWriter {
	return cfnWriter{f.references(r, resource).to, &f.merger.conditions}
}

// addPolicy gives a role of the template a new policy.
func (f *fixTree) addPolicy(r *RoleFix, name string, d policy.Document) error {
	offset, _ := offsetAt(f.text, r.Place)
	resource := f.resource(offset)
	if resource == nil || resource.Member("Type") == nil || resource.Member("Type").Text != "AWS::IAM::Role" {
		return fmt.Errorf("%s: there is no AWS::IAM::Role here that could get a policy", r.Place)
	}
	properties := resource.Member("Properties")
	if properties == nil || properties.Kind != tree.Object || properties.Shared || len(properties.Children) == 0 {
		return fmt.Errorf("%s: the properties of %s cannot be changed: write them as a mapping of its own", r.Place, resource.Name)
	}
	list, err := f.templateNodes(r, resource, d, d.When())
	if err != nil {
		return err
	}
	document := objectNode(pair{"Version", stringNode(policy.Version)}, pair{"Statement", list})
	added := objectNode(pair{"PolicyName", wordNode(name)}, pair{"PolicyDocument", document})
	if when := d.When(); when != nil {
		added = optionalNode(f.writer(r, resource).condition(when), added)
	}
	policies := properties.Member("Policies")
	switch {
	case policies == nil:
		return f.addMember(properties, pair{"Policies", listNode(added)})
	case policies.Kind != tree.List || policies.Shared:
		return fmt.Errorf("%s: the policies of %s are not a list that could get another one: add it by hand", f.doc.Source.Place(policies.Start), resource.Name)
	}
	f.change(policies).add(listNode(added))
	return nil
}

// removePolicy takes a policy out of a role of the template. It reports whether it did: a policy that is a resource of its own
// stays, since others can refer to it.
func (f *fixTree) removePolicy(r *RoleFix, p FixPolicy) (bool, error) {
	offset, ok := offsetAt(f.text, p.Place)
	if p.Place.File != f.name || !ok {
		return false, nil
	}
	resource := f.resource(offset)
	of, _ := offsetAt(f.text, r.Place)
	if resource == nil || resource != f.resource(of) || resource.Member("Properties") == nil {
		return false, nil
	}
	for _, name := range []string{"Policies", "ManagedPolicyArns"} {
		list := resource.Member("Properties").Member(name)
		if list == nil || list.Kind != tree.List || list.Shared {
			continue
		}
		i := slices.IndexFunc(list.Children, func(n tree.Node) bool { return n.Start == offset || documentAt(&n, offset) != nil })
		if i < 0 {
			continue
		}
		f.change(list).dropped[i] = true
		return true, nil
	}
	return false, nil
}
