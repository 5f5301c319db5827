package check

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
)

// Read reads roles from files of one account: what these commands of the AWS CLI print, in JSON or YAML, one page or several
// pages in a file,
//
//	aws iam get-account-authorization-details, get-role, list-roles, get-role-policy, list-role-policies,
//	list-attached-role-policies, get-policy, get-policy-version
//
// what create-role and attach-role-policy take, and policy documents alone. Documents can be objects, strings of JSON, or
// encoded as in a URL, as IAM's API returns them. It also reads the script of the format aws-cli, and the roles of
// CloudFormation templates, each of which knows how the task definitions of its template refer to it: see [Roles.Find]. Of
// Terraform it reads source, as a module or as one text, and what terraform show -json prints of a plan or of a state.
//
// A document alone and the answers that do not name a role belong to the one role of the input, or make a role without a
// name. A document that has principals is a trust policy. The problems are sorted by input and place; one that is no
// warning makes the roles incomplete.
func Read(inputs []analyze.Input) (Roles, []tree.Problem) {
	roles, _, problems := ReadSet(inputs, nil)
	return roles, problems
}

// ReadSet is [Read] with values for parameters and resources of templates, by their names. Used are the names of those that
// are in a template.
func ReadSet(inputs []analyze.Input, set []analyze.Setting) (roles Roles, used []string, problems []tree.Problem) {
	r := reader{roles: map[string]*parts{}, policies: map[policy.Text]Policy{}, broken: map[policy.Text][]tree.Problem{}, values: map[string]string{}}
	r.space = space{stacks: map[string]*stack{}, exports: map[string]*export{}, origins: map[policy.Symbol]origin{}}
	for _, one := range set {
		r.values[one.Name] = one.Value
	}
	for _, in := range inputs {
		r.file = in.Name
		if in.Module != nil {
			r.terraform(taskdef.ModuleResources(in.Name, *in.Module, set, terraformJSON, terraformTypes...))
			continue
		}
		if IsScript(in.Source) {
			r.script(string(in.Source))
			continue
		}
		if isGo(in.Source) {
			r.problems = append(r.problems, tree.Problem{At: tree.Place{File: in.Name, Line: 1, Column: 1}, Message: "this is Go, as the format cdk-go writes it: run cdk synth, and pass the folder cdk.out"})
			continue
		}
		doc, _, problems := tree.Read(in.Name, in.Source)
		if doc == nil || doc.Root.Kind == tree.String {
			if of := taskdef.TextResources(in.Name, in.Source, set, terraformJSON, terraformTypes...); of != nil {
				r.terraform(of)
				continue
			}
		}
		r.problems = append(r.problems, problems...)
		if doc == nil {
			continue
		}
		if of := taskdef.ShownResources(doc, terraformTypes...); of != nil {
			r.terraform(of)
			continue
		}
		if r.doc = doc; !r.value(doc.Root) {
			r.report(doc.Root, "this is neither a policy document nor what the AWS CLI prints about roles and their policies")
		}
	}
	roles = r.finish()
	used = r.settings
	for _, one := range set {
		if slices.ContainsFunc(slices.Collect(maps.Values(r.space.stacks)), func(s *stack) bool { return s.Used[one.Name] }) {
			used = append(used, one.Name)
		}
	}
	return roles, used, r.problems
}

// reader collects what the inputs say.
type reader struct {
	file     string
	doc      *tree.Document
	problems []tree.Problem
	roles    map[string]*parts
	order    []string // the names of roles, in the order of the input
	nameless parts    // what does not name its role
	policies map[policy.Text]Policy
	settings []string                       // those that documents of Terraform have used
	values   map[string]string              // of parameters and resources of templates
	space    space                          // the templates
	versions []version                      // answers of get-policy-version, which do not name the policy
	broken   map[policy.Text][]tree.Problem // of managed policies
}

// parts are what the input says of one role.
type parts struct {
	role     Role
	inline   []Policy
	listed   []UnknownPolicy // policies inside the role that are only named
	attached []UnknownPolicy
	boundary *UnknownPolicy
	problems []tree.Problem
	unsure   []UnknownPolicy // policies, or parts of them, that the role has or can have
	// managed are the managed policies of the module that has the role, by everything that names them.
	managed map[policy.Text]Policy
}

// unknown adds a policy, or a part of one, that is unknown.
func (p *parts) unknown(u UnknownPolicy) { p.unsure = append(p.unsure, u) }

// version is a document of a managed policy that does not say its ARN.
type version struct {
	file string
	Policy
}

// value reads one value, or a list of them. It reports whether there is anything that it knows.
func (r *reader) value(n *tree.Node) bool {
	switch {
	case n.Kind == tree.List:
		known := len(n.Children) > 0
		for i := range n.Children {
			known = r.value(&n.Children[i]) && known
		}
		return known
	case template.Is(n):
		r.template(n)
	case n.Member("TemplateBody") != nil:
		top, advice := template.Body(r.doc, n)
		if top == nil && advice != "" {
			r.report(n.Member("TemplateBody"), "%s", advice)
			return true
		}
		return top != nil && r.value(top)
	case n.Member("Statement") != nil:
		r.document(&r.nameless, n, n, strings.TrimSuffix(path.Base(r.file), path.Ext(r.file)))
	case n.Member("RoleDetailList") != nil, n.Member("Roles") != nil, n.Member("Policies") != nil, n.Member("UserDetailList") != nil, n.Member("GroupDetailList") != nil:
		for role := range each(n.Member("RoleDetailList"), n.Member("Roles")) {
			r.role(role)
		}
		for p := range each(n.Member("Policies")) {
			r.managed(p)
		}
	case n.Member("Role") != nil:
		r.role(n.Member("Role"))
	case n.Member("AssumeRolePolicyDocument") != nil:
		r.role(n) // what create-role takes
	case n.Member("PolicyDocument") != nil:
		p := r.parts(text(n, "RoleName"))
		r.document(p, n.Member("PolicyDocument"), n, text(n, "PolicyName"))
	case n.Member("AttachedPolicies") != nil:
		for a := range each(n.Member("AttachedPolicies")) {
			r.nameless.attached = append(r.nameless.attached, r.named(a))
		}
	case n.Member("PolicyArn") != nil:
		p := r.parts(text(n, "RoleName")) // what attach-role-policy takes
		p.attached = append(p.attached, r.named(n))
	case n.Member("PolicyNames") != nil:
		for name := range each(n.Member("PolicyNames")) {
			r.nameless.listed = append(r.nameless.listed, UnknownPolicy{Name: name.Text, Place: r.place(name)})
		}
	case n.Member("PolicyVersion") != nil:
		v := n.Member("PolicyVersion")
		if d, ok := r.read(v.Member("Document"), v); ok {
			r.versions = append(r.versions, version{r.file, Policy{Policy: policy.Policy{Name: text(v, "VersionId"), Document: d}, Place: r.place(v)}})
		}
	case n.Member("Policy") != nil:
		r.managed(n.Member("Policy"))
	default:
		return false
	}
	return true
}

// each yields the elements of lists.
func each(lists ...*tree.Node) func(func(*tree.Node) bool) {
	return func(yield func(*tree.Node) bool) {
		for _, list := range lists {
			if list == nil {
				continue
			}
			for i := range list.Children {
				if !yield(&list.Children[i]) {
					return
				}
			}
		}
	}
}

// text returns the text of a member; "" if there is none.
func text(n *tree.Node, name string) string {
	if m := n.Member(name); m != nil && m.Kind == tree.String {
		return m.Text
	}
	return ""
}

// parts returns what is known of the role of a name, or of the role without a name.
func (r *reader) parts(name string) *parts {
	if name == "" {
		return &r.nameless
	}
	if r.roles[name] == nil {
		r.roles[name] = &parts{role: Role{Name: name}}
		r.order = append(r.order, name)
	}
	return r.roles[name]
}

// role reads a role as get-role, list-roles and get-account-authorization-details have it.
func (r *reader) role(n *tree.Node) {
	name := text(n, "RoleName")
	p := r.parts(name)
	before := len(r.problems)
	defer func() { p.problems = append(p.problems, r.problems[before:]...) }()
	p.role.Place = r.place(n)
	if arn := text(n, "Arn"); arn != "" {
		p.role.ARN = policy.Text(arn)
	}
	if d := n.Member("AssumeRolePolicyDocument"); d != nil {
		if document, ok := r.read(d, n); ok {
			p.role.Trust = &Policy{Policy: policy.Policy{Name: "AssumeRolePolicyDocument", Document: document}, Place: r.place(d)}
		}
	}
	for inline := range each(n.Member("RolePolicyList")) {
		r.document(p, inline.Member("PolicyDocument"), inline, text(inline, "PolicyName"))
	}
	for a := range each(n.Member("AttachedManagedPolicies")) {
		p.attached = append(p.attached, r.named(a))
	}
	if b := n.Member("PermissionsBoundary"); b != nil && b.Kind != tree.Null {
		arn := text(b, "PermissionsBoundaryArn")
		if b.Kind == tree.String {
			arn = b.Text
		}
		p.boundary = &UnknownPolicy{Name: lastName(arn), ARN: policy.Text(arn), Boundary: true, Place: r.place(b)}
	}
}

// named reads the name and the ARN of an attached policy.
func (r *reader) named(n *tree.Node) UnknownPolicy {
	arn := text(n, "PolicyArn")
	return UnknownPolicy{Name: cmp.Or(text(n, "PolicyName"), lastName(arn)), ARN: policy.Text(arn), Place: r.place(n)}
}

// lastName returns the name in the ARN of a policy.
func lastName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// managed reads a managed policy with its default version, where the input has that.
func (r *reader) managed(n *tree.Node) {
	arn := policy.Text(text(n, "Arn"))
	before := len(r.problems)
	defer func() {
		if len(r.problems) > before {
			r.broken[arn] = append(r.broken[arn], r.problems[before:]...)
		}
	}()
	for v := range each(n.Member("PolicyVersionList")) {
		isDefault := v.Member("IsDefaultVersion")
		if isDefault != nil && isDefault.Text != "true" || isDefault == nil && text(v, "VersionId") != text(n, "DefaultVersionId") {
			continue
		}
		if d, ok := r.read(v.Member("Document"), v); ok {
			name := cmp.Or(text(n, "PolicyName"), lastName(string(arn)))
			r.policies[arn] = Policy{Policy: policy.Policy{Name: name, Document: d}, ARN: arn, Place: r.place(n)}
		}
	}
}

// document adds a policy document to a role. One that has principals is the trust policy.
func (r *reader) document(p *parts, n, at *tree.Node, name string) {
	d, ok := r.read(n, at)
	if !ok {
		return
	}
	read := Policy{Policy: policy.Policy{Name: name, Document: d}, Place: r.place(n)}
	switch trusts := slices.ContainsFunc(d.Statements, func(s policy.Statement) bool { return s.Principals != nil }); {
	case trusts && p.role.Trust != nil && p == &r.nameless && !isSame(p.role.Trust.Document, d):
		r.report(n, "there is a second trust policy; the first one is at %s", p.role.Trust.Place)
	case trusts:
		p.role.Trust = &read
	default:
		same := func(q Policy) bool { return q.Name == name && p != &r.nameless }
		p.inline = append(slices.DeleteFunc(p.inline, same), read)
	}
}

// isSame reports whether two documents have the same statements. Format json of generate writes a trust policy twice, for
// two commands.
func isSame(a, b policy.Document) bool {
	withoutPlaces := func(list []policy.Statement) []policy.Statement {
		list = slices.Clone(list)
		for i := range list {
			list[i].Place = tree.Place{}
		}
		return list
	}
	return a.Version == b.Version && reflect.DeepEqual(withoutPlaces(a.Statements), withoutPlaces(b.Statements))
}

// read reads a document that is an object, a string of JSON, or such a string encoded as in a URL. At is what has it.
func (r *reader) read(n, at *tree.Node) (policy.Document, bool) {
	switch {
	case n == nil:
		r.report(at, "the policy has no document")
		return policy.Document{}, false
	case n.Kind == tree.String:
		encoded := *n
		if strings.HasPrefix(strings.TrimSpace(encoded.Text), "%") {
			encoded.Text = unescape(encoded.Text)
		}
		inner, problems := r.doc.Embedded(&encoded)
		r.problems = append(r.problems, problems...)
		if inner == nil {
			return policy.Document{}, false
		}
		n = inner
	}
	d, problems := policy.ReadDocumentAt(r.doc, n)
	r.problems = append(r.problems, problems...)
	return d, len(problems) == 0
}

// unescape returns a text without the escapes of URLs, %7B. What is no escape stays. A + is a +: IAM encodes by RFC 3986.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
func unescape(s string) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			high, low := strings.IndexByte(digits, s[i+1]|0x20), strings.IndexByte(digits, s[i+2]|0x20)
			if high >= 0 && low >= 0 {
				b = append(b, byte(high<<4|low))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func (r *reader) place(n *tree.Node) tree.Place {
	place := r.doc.Source.Place(n.Start)
	place.Pointer = n.Pointer()
	return place
}

func (r *reader) report(n *tree.Node, format string, args ...any) {
	r.problems = append(r.problems, tree.Problem{At: r.place(n), Message: fmt.Sprintf(format, args...)})
}

// finish puts the roles together.
func (r *reader) finish() (roles Roles) {
	if n := &r.nameless; n.inline != nil || n.attached != nil || n.listed != nil || n.role.Trust != nil || n.role.Place.File != "" {
		switch len(r.order) {
		case 0:
			r.roles[""], r.order = n, []string{""}
		case 1:
			r.roles[r.order[0]].add(n)
		default:
			r.problems = append(r.problems, tree.Problem{At: n.place(), Message: fmt.Sprintf("the input has %d roles, and this does not say which of them it belongs to", len(r.order))})
		}
	}
	if r.order == nil && len(r.versions) > 0 {
		r.roles[""], r.order = &parts{}, []string{""}
	}
	r.space.link()
	for _, name := range r.order {
		r.match(r.roles[name])
	}
	for _, name := range r.order {
		role := r.roles[name].resolve(r.policies)
		role.Problems = r.roles[name].problems
		for _, u := range role.Unknown {
			role.Problems = append(role.Problems, r.broken[u.ARN]...)
		}
		roles = append(roles, role)
	}
	r.leftVersions(roles)
	return roles
}

// place returns where the input has something that names no role.
func (p *parts) place() tree.Place {
	switch {
	case len(p.inline) > 0:
		return p.inline[0].Place
	case p.role.Trust != nil:
		return p.role.Trust.Place
	case len(p.attached) > 0:
		return p.attached[0].Place
	case len(p.listed) > 0:
		return p.listed[0].Place
	}
	return p.role.Place
}

// add adds what names no role.
func (p *parts) add(n *parts) {
	p.inline, p.attached, p.listed = append(p.inline, n.inline...), append(p.attached, n.attached...), append(p.listed, n.listed...)
	if n.role.Trust != nil {
		p.role.Trust = n.role.Trust
	}
}

// match finds the attached policies whose documents came without an ARN: a file that has the name of the policy in its own
// name, or the only document for the only policy.
func (r *reader) match(p *parts) {
	wanted := p.attached
	if p.boundary != nil {
		wanted = append(slices.Clip(wanted), *p.boundary)
	}
	var open []UnknownPolicy
	take := func(w UnknownPolicy, i int) {
		v := r.versions[i]
		v.Name, v.ARN = w.Name, w.ARN
		r.policies[w.ARN] = v.Policy
		r.versions = slices.Delete(r.versions, i, i+1)
	}
	for _, w := range wanted {
		if _, ok := r.policies[w.ARN]; ok {
			continue
		}
		if i := slices.IndexFunc(r.versions, func(v version) bool { return w.Name != "" && strings.Contains(path.Base(v.file), w.Name) }); i >= 0 {
			take(w, i)
			continue
		}
		_, builtIn := managedPolicy(w.ARN)
		if !builtIn && !slices.ContainsFunc(open, func(o UnknownPolicy) bool { return o.ARN == w.ARN }) {
			open = append(open, w)
		}
	}
	if len(open) == 1 && len(r.versions) == 1 && len(r.order) == 1 {
		take(open[0], 0)
	}
}

// leftVersions adds the documents that fit no attached policy to the one role of the input.
func (r *reader) leftVersions(roles Roles) {
	for _, v := range r.versions {
		if len(roles) != 1 {
			r.problems = append(r.problems, tree.Problem{At: v.Place, Message: "this version of a policy does not say its ARN: give the file the name of the policy"})
			continue
		}
		if !slices.ContainsFunc(roles[0].Policies, func(p Policy) bool { return isSame(p.Document, v.Document) }) {
			roles[0].Policies = append(roles[0].Policies, v.Policy)
		}
	}
}

// resolve returns the role with the documents of its managed policies.
func (p *parts) resolve(known map[policy.Text]Policy) *Role {
	role := p.role
	role.Policies = p.inline
	for _, l := range p.listed {
		if !slices.ContainsFunc(p.inline, func(q Policy) bool { return q.Name == l.Name }) {
			role.Unknown = append(role.Unknown, l)
		}
	}
	attached, list := map[string]bool{}, p.attached
	if role.stack != nil {
		list = role.stack.finish(&role, list)
	}
	for _, a := range list {
		key := string(a.ARN) + "\n" + string(policy.DecisionOf(a.branches, ""))
		if attached[key] {
			continue
		}
		attached[key] = true
		if p, ok := p.managed[a.ARN]; ok {
			role.Policies = append(role.Policies, under(p, a.branches))
			continue
		}
		role.attach(a, known)
	}
	if b := p.boundary; b != nil {
		if local, ok := role.declared(b.ARN); ok {
			role.Boundary = &local
		} else if declared, ok := p.managed[b.ARN]; ok {
			role.Boundary = &declared
		} else if d, ok := document(b.Name, b.ARN, b.Place, known); ok {
			role.Boundary = &d
		} else {
			role.Unknown = append(role.Unknown, *b)
		}
	}
	role.Unknown = append(role.Unknown, p.unsure...)
	return &role
}
