package check

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
)

// stack is a CloudFormation template whose roles are read.
type stack struct {
	*reader
	*template.Template
	file  string
	top   *tree.Node
	space *space
	roles []*parts // in the order of the template
	// managed are the managed policies that the template declares, by everything that names them.
	managed map[policy.Text]Policy
	unknown map[policy.Text]UnknownPolicy // those of which the document cannot be read
	// nested are the templates of its nested stacks, by their logical IDs, and parents those that nest this template.
	nested      map[string]*stack
	parents     []link
	outputsRead map[string]template.Output
}

// fileOf returns the file of the template; "" where there is none.
func (s *stack) fileOf() string {
	if s == nil {
		return ""
	}
	return s.file
}

// Resources are the resources of the template.
func (s *stack) Resources() *tree.Node { return s.top.Member("Resources") }

// conditional is a value of a template, with the branches of conditionals in which it is.
type conditional struct {
	*tree.Node
	branches []policy.Branch
}

// template reads the roles of a template: AWS::IAM::Role, and the policies that other resources add to them.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
func (r *reader) template(top *tree.Node) {
	s := &stack{reader: r, Template: template.New(r.doc, top, r.values), file: r.file, top: top, space: &r.space}
	s.managed, s.unknown, s.nested = map[policy.Text]Policy{}, map[policy.Text]UnknownPolicy{}, map[string]*stack{}
	r.space.stacks[r.file] = s
	for _, macro := range template.Macros(top) {
		r.report(macro, "the macro %s can change the roles: pass the template that aws cloudformation get-template --template-stage Processed prints", macro.Text)
	}
	resources := s.Resources().Children
	for i := range resources {
		resource := &resources[i]
		if strings.HasPrefix(resource.Name, "Fn::ForEach") && mentionsRole(resource) {
			r.problems = append(r.problems, tree.Problem{At: s.declared(resource), Message: fmt.Sprintf("%s makes roles, and is not read: pass the template that aws cloudformation get-template --template-stage Processed prints", resource.Name)})
		}
		if kindOf(resource) == "AWS::IAM::Role" {
			s.role(resource)
		}
	}
	for i := range resources {
		switch kindOf(&resources[i]) {
		case "AWS::IAM::Policy", "AWS::IAM::RolePolicy":
			s.policy(&resources[i])
		case "AWS::IAM::ManagedPolicy":
			s.managedPolicy(&resources[i])
		}
	}
	if conditions := top.Member("Conditions"); conditions != nil {
		for i := range conditions.Children {
			s.Formula(conditions.Children[i].Name) // those with given values need them
		}
	}
}

// IsTemplate reports whether a file is a CloudFormation template, in JSON or YAML, or what the AWS CLI prints of one.
func IsTemplate(name string, src []byte) bool {
	if !bytes.Contains(src, []byte("Resources")) {
		return false
	}
	doc, _, _ := tree.Read(name, src)
	if doc == nil {
		return false
	}
	body, advice := template.Body(doc, doc.Root)
	return body != nil || advice != "" || template.Is(doc.Root)
}

// kindOf returns the type of a resource.
func kindOf(resource *tree.Node) string { return text(resource, "Type") }

// mentionsRole reports whether a role or a policy is somewhere below n.
func mentionsRole(n *tree.Node) bool {
	return n.Name == "Type" && strings.HasPrefix(n.Text, "AWS::IAM::") || slices.ContainsFunc(n.Children, func(kid tree.Node) bool { return mentionsRole(&kid) })
}

// declared returns the place of a resource: where its logical ID is.
func (s *stack) declared(resource *tree.Node) tree.Place {
	place := s.doc.Source.Place(resource.NameStart)
	place.Pointer = resource.Pointer()
	return place
}

// properties returns the properties of a resource, without functions; an empty object where it has none.
func (s *stack) properties(resource *tree.Node) *tree.Node {
	properties := resource.Member("Properties")
	if properties == nil {
		return &tree.Node{Kind: tree.Object}
	}
	s.Replace(properties)
	properties.Adopt() // functions have become other nodes
	return properties
}

// branchesOf returns the condition of a resource.
func branchesOf(resource *tree.Node) []policy.Branch {
	if condition := text(resource, "Condition"); condition != "" {
		return []policy.Branch{{Condition: condition}}
	}
	return nil
}

// elements returns the elements of a list, or the one value that there is, in all branches of conditionals, without those
// that are absent.
func (s *stack) elements(n *tree.Node, branches []policy.Branch) (list []conditional) {
	switch {
	case n == nil || n.Kind == tree.Null:
	case n.Kind == tree.Choice:
		for i := range n.Children {
			list = append(list, s.elements(&n.Children[i], append(slices.Clip(branches), s.BranchOf(&n.Children[i])))...)
		}
	case n.Kind == tree.List:
		for i := range n.Children {
			list = append(list, s.elements(&n.Children[i], branches)...)
		}
	default:
		list = append(list, conditional{n, branches})
	}
	return list
}

// role reads a resource of the type AWS::IAM::Role.
func (s *stack) role(resource *tree.Node) {
	id := resource.Name
	p := &parts{role: Role{Name: id, id: id, Place: s.declared(resource), stack: s, branches: branchesOf(resource)}}
	s.roles = append(s.roles, p)
	key := s.file + "\n" + id
	s.reader.roles[key], s.order = p, append(s.order, key)
	properties := s.properties(resource)
	p.role.refs = []policy.Text{policy.Of(policy.Symbol(id)), policy.Of(policy.Symbol(id + ".Arn"))}
	for _, name := range []string{id, id + ".Arn"} {
		if value, ok := s.values[name]; ok {
			p.role.refs = append(p.role.refs, policy.Text(value))
			if _, isARN := policy.CutARN(policy.Text(value)); isARN {
				p.role.ARN = policy.Text(value)
			}
		}
	}
	paths := s.texts(properties.Member("Path"))
	if len(paths) != 1 {
		paths = []policy.Text{"/"}
	}
	for _, name := range s.texts(properties.Member("RoleName")) {
		p.role.refs = append(p.role.refs, name)
		p.role.named = append(p.role.named, paths[0]+name)
		p.role.roleNames = append(p.role.roleNames, name)
		if name.IsLiteral() {
			p.role.Name = name.String()
		}
	}
	for _, trust := range s.elements(properties.Member("AssumeRolePolicyDocument"), nil) {
		read, ok := s.read(trust, "AssumeRolePolicyDocument")
		switch {
		case !ok:
			p.listed = append(p.listed, UnknownPolicy{Name: "AssumeRolePolicyDocument", Place: s.place(trust.Node)})
		case p.role.Trust == nil:
			p.role.Trust = &read
		default:
			p.role.Trust.Document.Statements = append(p.role.Trust.Document.Statements, read.Document.Statements...)
		}
	}
	for _, inline := range s.elements(properties.Member("Policies"), nil) {
		s.add(p, inline, inline.Node)
	}
	for _, arn := range s.elements(properties.Member("ManagedPolicyArns"), nil) {
		p.attached = append(p.attached, s.attached(arn))
	}
	for _, arn := range s.elements(properties.Member("PermissionsBoundary"), nil) {
		boundary := s.attached(arn)
		boundary.Boundary = true
		if arn.branches != nil || p.boundary != nil {
			boundary.ARN = "" // it may be another one, or none
		}
		p.boundary = &boundary
	}
	if macro := properties.Member("Fn::Transform"); macro != nil {
		p.listed = append(p.listed, UnknownPolicy{Name: "Fn::Transform", Place: s.place(macro)})
	}
}

// texts returns the texts that a value can be.
func (s *stack) texts(n *tree.Node) (list []policy.Text) {
	for _, e := range s.elements(n, nil) {
		if e.Kind == tree.String {
			list = append(list, policy.Text(e.Text))
		}
	}
	return list
}

// attached reads the ARN of an attached policy.
func (s *stack) attached(arn conditional) UnknownPolicy {
	t := policy.Text(arn.Text)
	name := lastName(t.String())
	if sy, rest, ok := t.CutSymbol(); ok && rest == "" {
		name = cmp.Or(s.Symbols.Lookup(sy).Expression, name)
	}
	return UnknownPolicy{Name: name, ARN: t, Place: s.place(arn.Node), branches: arn.branches}
}

// nameOf returns the name of a policy for people: that in its properties, or its logical ID.
func (s *stack) nameOf(properties *tree.Node, property, id string) string {
	if names := s.texts(properties.Member(property)); len(names) == 1 {
		return names[0].String()
	}
	return id
}

// add adds the policy of an object with PolicyName and PolicyDocument to a role.
func (s *stack) add(p *parts, object conditional, at *tree.Node) {
	name := s.nameOf(object.Node, "PolicyName", at.Name)
	documents := s.elements(object.Member("PolicyDocument"), object.branches)
	if object.Kind != tree.Object || len(documents) == 0 {
		p.listed = append(p.listed, UnknownPolicy{Name: cmp.Or(name, policy.Text(object.Text).String()), Place: s.place(at)})
	}
	for _, d := range documents {
		if read, ok := s.read(d, name); ok {
			p.inline = append(p.inline, read)
		} else {
			p.listed = append(p.listed, UnknownPolicy{Name: name, Place: s.place(d.Node), branches: d.branches})
		}
	}
}

// read reads a policy document. Where it is not ok, a part of it is unknown.
func (s *stack) read(n conditional, name string) (Policy, bool) {
	value := n.Node
	if value.Kind == tree.String && policy.Text(value.Text).IsLiteral() {
		if inner, _ := s.doc.Embedded(value); inner != nil {
			value = inner
		}
	}
	d, problems := policy.ReadConditional(s.doc, value, s.BranchOf)
	for _, problem := range problems {
		problem.Message += ": the policy " + name + " is taken as unknown"
		problem.Warning = true
		s.problems = append(s.problems, problem)
	}
	ok := len(problems) == 0
	for i := range d.Statements {
		statement := &d.Statements[i]
		for _, action := range slices.Concat(statement.Actions, statement.NotActions) {
			if !policy.Text(action).IsLiteral() {
				s.problems = append(s.problems, tree.Problem{At: statement.Place, Warning: true,
					Message: fmt.Sprintf("the action %s is unknown until deployment: the policy %s is taken as unknown", policy.Text(action), name)})
				ok = false
			}
		}
	}
	return under(Policy{Policy: policy.Policy{Name: name, Document: d}, Place: s.place(n.Node)}, n.branches), ok
}

// under returns a policy that is there in branches of conditions alone.
func under(p Policy, branches []policy.Branch) Policy {
	if len(branches) > 0 {
		p.Document.Statements = slices.Clone(p.Document.Statements)
		for i := range p.Document.Statements {
			s := &p.Document.Statements[i]
			s.Branches = append(slices.Clone(branches), s.Branches...)
		}
	}
	return p
}

// named returns the roles that an element of Roles names, or a RoleName. A role whose name it may be has the policy perhaps: that
// is then unknown.
func (s *stack) named(n conditional, policyName string) (list []*parts) {
	name := s.Symbols.Pattern(policy.Text(n.Text), nil)
	for _, p := range s.roles {
		if slices.Contains(p.role.refs, policy.Text(n.Text)) {
			list = append(list, p)
			continue
		}
		for _, written := range p.role.roleNames {
			if name.CoveredBy(s.Symbols.Pattern(written, nil)) != policy.CoversNone {
				p.listed = append(p.listed, UnknownPolicy{Name: policyName, Place: s.place(n.Node), branches: n.branches})
			}
		}
	}
	return list
}

// policy reads a resource that is a policy inside of roles.
func (s *stack) policy(resource *tree.Node) {
	properties, branches := s.properties(resource), branchesOf(resource)
	name := s.nameOf(properties, "PolicyName", resource.Name)
	for _, property := range []string{"Roles", "RoleName"} {
		for _, role := range s.elements(properties.Member(property), branches) {
			for _, p := range s.named(role, name) {
				s.add(p, conditional{properties, role.branches}, resource)
			}
		}
	}
}

// managedPolicy reads a managed policy, and attaches it to the roles that it names.
func (s *stack) managedPolicy(resource *tree.Node) {
	properties, branches := s.properties(resource), branchesOf(resource)
	id := resource.Name
	name := s.nameOf(properties, "ManagedPolicyName", id)
	arn := policy.Of(policy.Symbol(id))
	var documents []Policy
	unknown := UnknownPolicy{Name: name, ARN: arn, Place: s.declared(resource)}
	readable := true
	for _, d := range s.elements(properties.Member("PolicyDocument"), branches) {
		read, ok := s.read(d, name)
		documents = append(documents, read)
		readable = readable && ok
	}
	refs := []policy.Text{arn, policy.Of(policy.Symbol(id + ".PolicyArn"))}
	if value, ok := s.values[id]; ok {
		refs = append(refs, policy.Text(value))
	}
	paths := s.texts(properties.Member("Path"))
	if len(paths) != 1 {
		paths = []policy.Text{"/"}
	}
	for _, written := range s.texts(properties.Member("ManagedPolicyName")) {
		for _, partition := range []policy.Text{policy.Of(policy.Partition), "aws"} {
			refs = append(refs, policy.ARN{Partition: partition, Service: "iam", Account: policy.Of(policy.AccountID), Resource: "policy" + paths[0] + written}.Text())
		}
	}
	for _, ref := range refs {
		if !readable || len(documents) == 0 {
			s.unknown[ref] = unknown
			continue
		}
		p := documents[0]
		p.ARN = arn
		for _, more := range documents[1:] {
			p.Document.Statements = append(slices.Clip(p.Document.Statements), more.Document.Statements...)
		}
		s.managed[ref] = p
	}
	for _, role := range s.elements(properties.Member("Roles"), branches) {
		for _, p := range s.named(role, name) {
			p.attached = append(p.attached, UnknownPolicy{Name: name, ARN: arn, Place: s.declared(resource), branches: role.branches})
		}
	}
}

// finish gives a role of the template what other templates have: the policies that it has attached, and the values of symbols.
func (s *stack) finish(role *Role, attached []UnknownPolicy) (left []UnknownPolicy) {
	for i := range role.Policies {
		role.Policies[i].Document = s.space.translateDocument(role.Policies[i].Document, s, s.file)
	}
	if role.Trust != nil {
		role.Trust.Document = s.space.translateDocument(role.Trust.Document, s, s.file)
	}
	for _, a := range attached {
		known := false
		for _, other := range s.space.stacks {
			for ref, p := range other.managed {
				if !known && s.space.translate(ref, other.file, s.file, other.Symbols) == s.space.translate(a.ARN, s.file, s.file, s.Symbols) {
					known = true
					p.Document = s.space.translateDocument(p.Document, other, s.file)
					if other != s { // its conditions are others
						p = inOtherTemplate(p, other.file)
					}
					role.Policies = append(role.Policies, under(p, a.branches))
				}
			}
			if unknown, ok := other.unknown[s.space.translate(a.ARN, s.file, other.file, s.Symbols)]; ok && !known {
				known = true
				role.Unknown = append(role.Unknown, unknown)
			}
		}
		if !known {
			left = append(left, a)
		}
	}
	role.Symbols = policy.SymbolTable{}
	for _, other := range s.space.stacks {
		maps.Copy(role.Symbols, s.space.foreignSymbols(other.file, s.file, other.Symbols))
	}
	return left
}

// inOtherTemplate returns a policy whose statements have conditions of another template.
func inOtherTemplate(p Policy, file string) Policy {
	p.Document.Statements = slices.Clone(p.Document.Statements)
	for i := range p.Document.Statements {
		s := &p.Document.Statements[i]
		s.Branches = slices.Clone(s.Branches)
		for j := range s.Branches {
			s.Branches[j].Condition = file + ": " + s.Branches[j].Condition
		}
	}
	return p
}
