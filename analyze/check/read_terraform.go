package check

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/terraform"
	"github.com/execrole/execrole/analyze/tree"
)

// terraformTypes are the types of resources and data sources that roles are made of.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role, and the pages of the others
var terraformTypes = []string{
	"aws_iam_role", "aws_iam_role_policy", "aws_iam_policy", "aws_iam_role_policy_attachment", "aws_iam_policy_attachment",
	"aws_iam_role_policy_attachments_exclusive", "data.aws_iam_role", "data.aws_iam_policy", "data.aws_iam_policy_document",
}

// terraformJSON are the arguments of them that are strings of JSON.
var terraformJSON = []string{"assume_role_policy", "policy"}

// IsTerraform reports whether an input is Terraform's: source, a plan or a state.
func IsTerraform(name string, src []byte) bool {
	doc, _, _ := tree.Read(name, src)
	if doc == nil || doc.Root.Kind == tree.String {
		return taskdef.TextResources(name, src, nil, nil) != nil
	}
	return taskdef.ShownResources(doc) != nil
}

// IsReferred reports whether a template, or a document of Terraform, has the role: its task definitions refer to it.
func (r *Role) IsReferred() bool { return r.stack != nil || r.module != "" }

// isOf reports whether the module, plan or state of that name has the role.
func (r *Role) isOf(file string) bool {
	return r.module != "" && path.Clean(r.module) == path.Clean(file)
}

// terraformReader reads the roles of one module, plan or state.
type terraformReader struct {
	*reader
	of *taskdef.Resources
	// roles are those of the document by everything that its texts call them: their names, their ARNs and the symbols of these.
	roles map[policy.Text]string
	list  []*terraformRole
	// documents are the data sources of policy documents by the symbols of their JSON: of a plan.
	documents map[policy.Symbol]*terraform.Resource
	arns      map[policy.Text]policy.Text // of managed policies, by the symbols of data sources that find them by name
	// managed are the managed policies of the document by everything that names them, and rest what is unknown of them.
	managed map[policy.Text]Policy
	rest    map[policy.Text]UnknownPolicy
	// formulas are those of conditions that are more than one, by their names.
	formulas map[string]*policy.Formula
}

// terraformRole is a role with the names by which other resources call it.
type terraformRole struct {
	key   string
	names []policy.Text
}

// terraform reads what a module, a plan or a state has of roles.
func (r *reader) terraform(of *taskdef.Resources) {
	t := &terraformReader{
		reader: r, of: of, roles: map[policy.Text]string{}, documents: map[policy.Symbol]*terraform.Resource{}, arns: map[policy.Text]policy.Text{},
		managed: map[policy.Text]Policy{}, rest: map[policy.Text]UnknownPolicy{}, formulas: map[string]*policy.Formula{},
	}
	r.doc = of.Doc
	r.settings = append(r.settings, of.Used...)
	r.problems = append(r.problems, of.Problems...)
	for i := range of.List {
		resource := &of.List[i]
		resource.Values.Adopt()
		switch resource.Type {
		case "data.aws_iam_policy_document":
			for _, attribute := range []string{"json", "minified_json", "*"} {
				t.documents[policy.Symbol(resource.Address+"."+attribute)] = resource
			}
		case "data.aws_iam_policy":
			t.policyByName(resource)
		case "aws_iam_role":
			t.role(resource)
		case "data.aws_iam_role":
			t.roleElsewhere(resource)
		}
	}
	for i := range of.List {
		if resource := &of.List[i]; resource.Type == "aws_iam_policy" {
			t.managedPolicy(resource)
		}
	}
	for i := range of.List {
		resource := &of.List[i]
		switch resource.Type {
		case "aws_iam_role":
			t.ofRole(resource)
		case "aws_iam_role_policy":
			t.inline(resource)
		case "aws_iam_role_policy_attachment":
			t.attachment(resource, "role", "policy_arn")
		case "aws_iam_policy_attachment":
			t.attachment(resource, "roles", "policy_arn")
		case "aws_iam_role_policy_attachments_exclusive": // it also detaches the others, which is drift
			t.attachment(resource, "role_name", "policy_arns")
		}
	}
	for symbol, role := range of.RoleOf {
		if key, ok := t.roles[policy.Of(policy.Symbol(role))]; ok {
			p := t.parts(key)
			p.role.refs = append(p.role.refs, policy.Of(symbol))
		}
	}
	for _, role := range t.list {
		p := t.parts(role.key)
		p.managed = t.managed
		p.role.Symbols, p.role.formulas = of.Symbols, t.formulas
	}
}

// parts returns what is known of the role of an address.
func (t *terraformReader) parts(address string) *parts {
	key := t.file + "\n" + address
	if t.reader.roles[key] == nil {
		t.reader.roles[key] = &parts{role: Role{Name: address, module: t.file}}
		t.order = append(t.order, key)
	}
	return t.reader.roles[key]
}

// textsOfNode returns the texts that a node can be.
func textsOfNode(n *tree.Node) (list []policy.Text) {
	if n == nil {
		return nil
	}
	for branch := range n.Branches() {
		if (branch.Kind == tree.String || branch.Kind == tree.Placeholder) && branch.Text != "" {
			list = append(list, policy.Text(branch.Text))
		}
	}
	return list
}

// role adds a role of the document, without its policies.
func (t *terraformReader) role(resource *terraform.Resource) {
	p := t.parts(resource.Address)
	p.role.Place, p.role.branches = t.placeOf(resource.At), t.branches(resource)
	t.name(p, resource)
}

// name finds the names of a role and its ARN.
func (t *terraformReader) name(p *parts, resource *terraform.Resource) {
	role := &terraformRole{key: resource.Address}
	t.list = append(t.list, role)
	add := func(name policy.Text) {
		role.names = append(role.names, name)
		if t.roles[name] == "" {
			t.roles[name] = resource.Address
		}
	}
	for _, attribute := range []string{"arn", "name", "id", "unique_id", "*"} {
		name := policy.Of(policy.Symbol(resource.Address + "." + attribute))
		add(name)
		if attribute == "arn" || attribute == "name" || attribute == "id" {
			p.role.refs = append(p.role.refs, name)
		}
	}
	for _, name := range textsOfNode(resource.Values.Member("name")) {
		add(name)
		if name.IsLiteral() {
			p.role.Name = name.String()
		}
		paths := textsOfNode(resource.Values.Member("path"))
		if len(paths) != 1 {
			paths = []policy.Text{"/"}
		}
		p.role.refs, p.role.named = append(p.role.refs, name), append(p.role.named, paths[0]+name)
	}
	for _, arn := range textsOfNode(resource.Values.Member("arn")) {
		add(arn)
		p.role.refs = append(p.role.refs, arn)
		if arn.IsLiteral() {
			p.role.ARN = arn
		}
	}
}

// roleElsewhere adds a role that the document only finds. Its policies are unknown.
func (t *terraformReader) roleElsewhere(resource *terraform.Resource) {
	p := t.parts(resource.Address)
	p.role.Place = t.placeOf(resource.At)
	t.name(p, resource)
	p.attached = append(p.attached, UnknownPolicy{
		Name: "the policies of " + p.role.Name, ARN: policy.Of(policy.Symbol(resource.Address)), Place: p.role.Place,
		Cure: "The role is made elsewhere: pass what aws iam get-account-authorization-details prints with --iam.",
	})
}

// policyByName finds the ARN of a managed policy that a data source names.
func (t *terraformReader) policyByName(resource *terraform.Resource) {
	symbol := policy.Of(policy.Symbol(resource.Address + ".arn"))
	for _, arn := range textsOfNode(resource.Values.Member("arn")) {
		t.arns[symbol] = arn
	}
	for _, name := range textsOfNode(resource.Values.Member("name")) {
		for _, p := range ManagedPolicies() {
			if policy.Text(p.Name) == name && t.arns[symbol] == "" {
				t.arns[symbol] = p.ARN(policy.Of(policy.Partition))
			}
		}
	}
}

// ofRole reads what a role says of its policies.
func (t *terraformReader) ofRole(resource *terraform.Resource) {
	p := t.parts(resource.Address)
	values := &resource.Values
	if trust := values.Member("assume_role_policy"); trust != nil && trust.Kind != tree.Null {
		d := t.document(resource, trust, nil)
		if d.unknown != nil {
			p.unknown(UnknownPolicy{Name: "the trust policy", Trust: true, Place: t.placeOf(d.unknown.Start), Cure: d.why})
		} else {
			p.role.Trust = &Policy{Policy: policy.Policy{Name: "assume_role_policy", Document: d.Document}, Place: t.placeOf(trust.Start)}
		}
	}
	t.eachElement(values.Member("inline_policy"), nil, func(block *tree.Node, branches []policy.Branch) {
		switch {
		case block.Kind == tree.Placeholder:
			p.unknown(UnknownPolicy{Name: "inline_policy", Place: t.placeOf(block.Start), Cure: cureOfUnknown})
		case block.Kind == tree.Object && block.Member("policy") != nil:
			t.addPolicy(resource, p, block.Member("policy"), block.Member("name"), branches, false)
		}
	})
	t.eachElement(values.Member("managed_policy_arns"), nil, func(arn *tree.Node, branches []policy.Branch) {
		t.attach(p, arn, branches, false, t.placeOf(arn.Start))
	})
	t.eachElement(values.Member("permissions_boundary"), nil, func(n *tree.Node, branches []policy.Branch) {
		arn := policy.Text(n.Text)
		arn = cmp.Or(t.arns[arn], arn)
		boundary := UnknownPolicy{Name: nameOfPolicy(arn), ARN: arn, Boundary: true, Place: t.placeOf(n.Start), Cure: "Give the boundary with --boundary."}
		if p.boundary != nil || branches != nil {
			boundary.ARN = "" // it may be another one, or none
		}
		p.boundary = &boundary
		if rest, ok := t.rest[arn]; ok {
			rest.Boundary = true
			p.unknown(rest)
		}
	})
}

// eachElement calls a function for the elements of a list, or for the one value that there is, in all branches of conditionals,
// without those that are absent.
func (t *terraformReader) eachElement(n *tree.Node, branches []policy.Branch, do func(*tree.Node, []policy.Branch)) {
	switch {
	case n == nil || n.Kind == tree.Null || n.Kind == tree.String && n.Text == "":
	case n.Kind == tree.Choice:
		for i := range n.Children {
			t.eachElement(&n.Children[i], append(slices.Clip(branches), t.branchOf(&n.Children[i])), do)
		}
	case n.Kind == tree.List:
		for i := range n.Children {
			t.eachElement(&n.Children[i], branches, do)
		}
	default:
		do(n, branches)
	}
}

// nameOfPolicy returns what people call a policy by its ARN: its name, or the reference to it.
func nameOfPolicy(arn policy.Text) string {
	if s, rest, ok := arn.CutSymbol(); ok && rest == "" {
		return string(s)
	}
	return lastName(arn.String())
}

// inline reads a policy inside of a role.
func (t *terraformReader) inline(resource *terraform.Resource) {
	document := resource.Values.Member("policy")
	if document == nil {
		document = &resource.Values
	}
	for _, p := range t.rolesOf(resource, resource.Values.Member("role")) {
		t.addPolicy(resource, p.parts, document, resource.Values.Member("name"), p.branches, p.perhaps)
	}
}

// roleParts is a role that a resource belongs to.
type roleParts struct {
	*parts
	branches []policy.Branch // in which it belongs to it
	// perhaps says that it is unknown whether the resource belongs to the role.
	perhaps bool
}

// rolesOf returns the roles that a node names. Where what it names is unknown and can be any role of the document, that is every
// role; where it is elsewhere, there is a warning.
func (t *terraformReader) rolesOf(resource *terraform.Resource, n *tree.Node) (list []roleParts) {
	exists := t.branches(resource)
	t.eachElement(n, exists, func(n *tree.Node, branches []policy.Branch) {
		name := policy.Text(n.Text)
		key := t.roles[name]
		if key == "" {
			key = t.roleByARN(name)
		}
		s, _, _ := name.CutSymbol()
		isOpen := t.of.Symbols.Lookup(s).Kind == policy.Variable || strings.Contains(string(s), "each.") || strings.Contains(string(s), "count.")
		switch {
		case key != "":
			list = append(list, roleParts{t.parts(key), branches, false})
		case isOpen || t.of.RoleOf != nil && !name.IsLiteral():
			for _, role := range t.list {
				list = append(list, roleParts{t.parts(role.key), branches, true})
			}
		default:
			t.problems = append(t.problems, tree.Problem{Warning: true, At: t.placeOf(n.Start),
				Message: fmt.Sprintf("%s is for the role %s, and that is not here: it is left out", resource.Address, name)})
		}
	})
	return list
}

// roleByARN returns the role of the document that the name at the end of an ARN names.
func (t *terraformReader) roleByARN(name policy.Text) string {
	arn, ok := policy.CutARN(name)
	if !ok || arn.Service != "iam" {
		return ""
	}
	return t.roles[arn.Resource[strings.LastIndexByte(string(arn.Resource), '/')+1:]]
}

// cureOfDoubt says what settles whether a role has a policy.
const cureOfDoubt = "Whether the role has the policy depends on a value: give it with --set, or pass what terraform show -json prints of the state."

// addPolicy adds a policy inside of a role.
func (t *terraformReader) addPolicy(resource *terraform.Resource, p *parts, document, name *tree.Node, branches []policy.Branch, perhaps bool) {
	label := nameOr(name, resource.Address)
	d := t.document(resource, document, branches)
	switch {
	case perhaps:
		p.unknown(UnknownPolicy{Name: label, Place: t.placeOf(resource.At), Cure: cureOfDoubt})
		return
	case d.unknown != nil:
		p.unknown(UnknownPolicy{Name: label, Place: t.placeOf(d.unknown.Start), Cure: d.why})
	}
	if len(d.Statements) == 0 {
		return
	}
	added := Policy{Policy: policy.Policy{Name: label, Document: d.Document}, Place: t.placeOf(resource.At), ofRole: resource.Type == "aws_iam_role"}
	// A state has a policy in the role too.
	if i := slices.IndexFunc(p.inline, func(q Policy) bool { return q.Name == label && q.ofRole != added.ofRole }); i >= 0 {
		p.inline[i] = added
		return
	}
	p.inline = append(p.inline, added)
}

// nameOr returns a name that is known, or else another text.
func nameOr(n *tree.Node, otherwise string) string {
	if n != nil && n.Kind == tree.String && n.Text != "" && policy.Text(n.Text).IsLiteral() {
		return n.Text
	}
	return otherwise
}

// managedPolicy reads a managed policy of the document.
func (t *terraformReader) managedPolicy(resource *terraform.Resource) {
	document := resource.Values.Member("policy")
	if document == nil {
		document = &resource.Values
	}
	name := nameOr(resource.Values.Member("name"), resource.Address)
	d := t.document(resource, document, nil)
	names := textsOfNode(resource.Values.Member("arn"))
	for _, attribute := range []string{"arn", "id", "*"} {
		names = append(names, policy.Of(policy.Symbol(resource.Address+"."+attribute)))
	}
	for _, arn := range names {
		t.managed[arn] = Policy{Policy: policy.Policy{Name: name, Document: d.Document}, ARN: arn, Place: t.placeOf(resource.At)}
		if d.unknown != nil {
			t.rest[arn] = UnknownPolicy{Name: name, Place: t.placeOf(d.unknown.Start), Cure: d.why}
		}
	}
}

// attachment attaches the managed policies that one argument names to the roles that another one names.
func (t *terraformReader) attachment(resource *terraform.Resource, roles, policies string) {
	for _, p := range t.rolesOf(resource, resource.Values.Member(roles)) {
		t.eachElement(resource.Values.Member(policies), p.branches, func(arn *tree.Node, branches []policy.Branch) {
			t.attach(p.parts, arn, branches, p.perhaps, t.placeOf(resource.At))
		})
	}
}

// attach attaches the policy of an ARN to a role.
func (t *terraformReader) attach(p *parts, n *tree.Node, branches []policy.Branch, perhaps bool, at tree.Place) {
	arn := policy.Text(n.Text)
	arn = cmp.Or(t.arns[arn], arn)
	a := UnknownPolicy{Name: nameOfPolicy(arn), ARN: arn, Place: at, branches: branches}
	if !arn.IsLiteral() {
		a.Cure = "The policy is made elsewhere, or its ARN is unknown. " + cureOfUnknown
	}
	if perhaps {
		a.Cure = cureOfDoubt
		p.unknown(a)
		return
	}
	if rest, ok := t.rest[arn]; ok {
		p.unknown(rest)
	}
	p.attached = append(p.attached, a)
}

// cureOfUnknown says what settles what is unknown in source or in a plan.
const cureOfUnknown = "The value is known only after an apply: pass what terraform show -json prints of the state, or give the value with --set."

func (t *terraformReader) placeOf(off int) tree.Place { return t.doc.Source.Place(off) }
