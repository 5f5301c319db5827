package emit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/execrole/execrole/analyze/policy"
)

// Terraform writes HCL for an existing module: no provider, no backend, and the name of everything begins with the
// family. Data sources say the account, region and partition when the module is applied. A symbol of the input is a
// variable.
//
// Documents are written with jsonencode. The data source aws_iam_policy_document would sort them and read "&{" as a
// policy variable. So all formats write the same documents, each statement with its comment.
//
// The role's policies are resources of their own, as the provider wants it. ECS must not start a task before they are
// attached, so the outputs wait for them: a resource that uses an output gets a complete role.
var Terraform = &Format{
	Name:       "terraform",
	Aliases:    []string{"tf"},
	Help:       "a Terraform file (HCL) for a module that exists",
	Extensions: []string{".tf"},
	Flags:      []string{"parameters"},
	Emit:       emitTerraform,
}

// The longest name_prefix of a role and of a policy: the provider puts 26 characters behind it.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role (name_prefix)
const (
	maxRolePrefix   = policy.MaxRoleName - 26
	maxPolicyPrefix = maxPolicyName - 26
	maxPolicyName   = 128
)

func emitTerraform(role *policy.Role, opts Options) ([]File, error) {
	if err := checkTexts(role, composed); err != nil {
		return nil, fmt.Errorf("format terraform: %w", err)
	}
	if role.Module != nil && role.Module.Role != "" {
		if list := role.Properties.List(role.Name); len(list) > 0 {
			return nil, fmt.Errorf("format terraform: the module has the role already, and its %s is there: %s", list[0].Words, role.Module.Role)
		}
	}
	tf := terraformNamesOf(role)
	if err := tf.checkLists(); err != nil {
		return nil, err
	}
	w := &hclWriter{}
	w.line(0, "# "+hclComment(headerComment(opts)))
	tf.blocks(w)
	return []File{{Name: stem(role.Family) + "-execution-role.tf", Data: []byte(w.b.String())}}, nil
}

// checkLists returns an error where the module has the role, and lists its policies without those that are written here: Terraform
// would remove them.
func (tf terraformNames) checkLists() error {
	role, m := tf.role, tf.role.Module
	if m == nil || m.Role == "" {
		return nil
	}
	inline, attached := m.RoleLists.Inline, m.RoleLists.Attached
	switch {
	case inline.Exclusive:
		for i, p := range role.Inline {
			if name := tf.policyName(p); !slices.Contains(inline.Elements, name) && !slices.Contains(inline.Elements, "aws_iam_role_policy."+tf.inlineLabel(i)+".name") {
				return fmt.Errorf("%s: %s lists all policies inside the role, and Terraform removes every other one: add %q to the list", inline.Place, inline.Argument, name)
			}
		}
	case inline.Argument != "" && len(role.Inline) > 0:
		return fmt.Errorf("%s: %s lists all policies inside the role, and Terraform removes every other one: execrole check --fix adds to the list; or write the policies as aws_iam_role_policy instead", inline.Place, inline.Argument)
	}
	switch {
	case attached.Exclusive:
		for i, arn := range role.Attached {
			// The list can name the partition, which this ARN leaves to the deployment: only the rest is compared.
			own, tail := tf.attachmentARN(tf.attachedLabel(i)), string(arn)
			if rest, found := strings.CutPrefix(tail, "arn:"+string(policy.Of(policy.Partition))+":"); found {
				tail = ":" + rest
			}
			if !slices.ContainsFunc(attached.Elements, func(e string) bool { return e == own || strings.HasSuffix(e, tail) }) {
				return missingInList(attached, own)
			}
		}
		for i, p := range role.Managed {
			own, arn := tf.attachmentARN(tf.managedLabel(i)), tf.managedARN(i, p)
			if !slices.Contains(attached.Elements, own) && !slices.Contains(attached.Elements, arn) {
				return missingInList(attached, arn)
			}
		}
	case attached.Argument != "" && len(role.Managed)+len(role.Attached) > 0:
		return fmt.Errorf("%s: %s lists all managed policies of the role, and Terraform removes every other one: write the policies as aws_iam_role_policy_attachment instead", attached.Place, attached.Argument)
	}
	return nil
}

// missingInList returns the error for a managed policy that is not in the list of all that the role may have. The ARN is an
// expression of Terraform.
func missingInList(list policy.RoleList, arn string) error {
	return fmt.Errorf("%s: %s lists all managed policies of the role, and Terraform removes every other one: add %s to the list", list.Place, list.Argument, arn)
}

// blocks writes all blocks of the file.
func (tf terraformNames) blocks(w *hclWriter) {
	own := tf.role.Module != nil && tf.role.Module.Role != ""
	tf.symbolBlocks(w)
	if !own {
		w.block(tf.resource("aws_iam_role", tf.prefix), tf.provided(tf.roleAttributes())...)
	}
	policies := tf.policies(w)
	if !own {
		tf.outputs(w, policies)
	}
}

func (tf terraformNames) resource(kind, name string) string {
	return fmt.Sprintf("resource %q %q", kind, name)
}

// provided returns the attributes of a resource or a data source, with the provider before them that the module wants.
func (tf terraformNames) provided(attributes []pair) []pair {
	if m := tf.role.Module; m != nil && m.Provider != "" {
		return append([]pair{{"provider", rawNode(m.Provider)}}, attributes...)
	}
	return attributes
}

// policies writes the policies of the role, and returns the addresses of what gives them to it.
func (tf terraformNames) policies(w *hclWriter) (policies []string) {
	name, id := "aws_iam_role."+tf.prefix+".name", "aws_iam_role."+tf.prefix+".id"
	if m := tf.role.Module; m != nil && m.Role != "" {
		name, id = m.Role, m.Role
	}
	for i, p := range tf.role.Inline {
		resource := tf.inlineLabel(i)
		policies = append(policies, "aws_iam_role_policy."+resource)
		w.block(tf.resource("aws_iam_role_policy", resource), tf.provided(append(tf.count(p.Document),
			pair{"name", hclQuoted(tf.policyName(p))},
			pair{"role", rawNode(id)},
			pair{"policy", tf.document(p.Document)},
		))...)
	}
	attach := func(resource, arn string, count []pair) {
		policies = append(policies, "aws_iam_role_policy_attachment."+resource)
		w.block(tf.resource("aws_iam_role_policy_attachment", resource), tf.provided(append(count,
			pair{"role", rawNode(name)},
			pair{"policy_arn", rawNode(arn)},
		))...)
	}
	for i, arn := range tf.role.Attached {
		attach(tf.attachedLabel(i), hclString(arn, tf.symbol), nil)
	}
	for i, p := range tf.role.Managed {
		resource := tf.managedLabel(i)
		count := tf.count(p.Document)
		w.block(tf.resource("aws_iam_policy", resource), tf.provided(append(tf.count(p.Document),
			pair{"name_prefix", hclQuoted(shorten(stem(tf.role.Family)+"-"+p.Name, tf.role.Family+"-"+p.Name, maxPolicyPrefix-1) + "-")},
			pair{"policy", tf.document(p.Document)},
		))...)
		attach(resource, tf.managedARN(i, p), count)
	}
	return policies
}

// inlineLabel returns the label of the resource that puts the policy i, from 0, inside the role.
func (tf terraformNames) inlineLabel(i int) string {
	if i == 0 {
		return tf.prefix
	}
	return tf.prefix + "_" + strconv.Itoa(i+1)
}

// managedARN returns the expression of the ARN of the managed policy i.
func (tf terraformNames) managedARN(i int, p policy.Policy) string {
	index := ""
	if tf.count(p.Document) != nil {
		index = "[0]"
	}
	return "aws_iam_policy." + tf.managedLabel(i) + index + ".arn"
}

// managedLabel returns the label of the resource of the managed policy i, and of its attachment.
func (tf terraformNames) managedLabel(i int) string { return tf.prefix + "_" + strconv.Itoa(i+1) }

// attachedLabel returns the label of the attachment of the managed policy i that is not made here, such as one of AWS.
func (tf terraformNames) attachedLabel(i int) string {
	return tf.prefix + "_attached_" + strconv.Itoa(i+1)
}

// attachmentARN returns the expression of the ARN that an attachment has.
func (tf terraformNames) attachmentARN(label string) string {
	return "aws_iam_role_policy_attachment." + label + ".policy_arn"
}

// policyName returns the name of an inline policy. A role that the module has can get policies for several task definitions,
// and has some of its own.
func (tf terraformNames) policyName(p policy.Policy) string {
	if tf.role.Module == nil || tf.role.Module.Role == "" {
		return p.Name
	}
	name := p.Name + "-" + stem(tf.role.Family)
	return shorten(name, name, maxPolicyName)
}

// outputs writes the outputs, which wait for the policies.
func (tf terraformNames) outputs(w *hclWriter, policies []string) {
	for _, output := range []struct{ name, attribute, description string }{
		{"role_name", "name", "Name of the task execution role"},
		{"role_arn", "arn", "ARN of the task execution role, for execution_role_arn"},
	} {
		attributes := []pair{
			{"description", hclQuoted(output.description)},
			{"value", rawNode("aws_iam_role." + tf.prefix + "." + output.attribute)},
		}
		if policies != nil {
			list := listNode()
			for _, p := range policies {
				list.elements = append(list.elements, rawNode(p))
			}
			attributes = append(attributes, pair{"depends_on", list})
		}
		w.block(fmt.Sprintf("output %q", tf.prefix+"_"+output.name), attributes...)
	}
}

// composed refuses a text that Terraform would change: it brings all strings into the form NFC of Unicode, in which a
// letter and its accent are one character, and there is no escape.
//
// Source: https://github.com/zclconf/go-cty/blob/main/docs/types.md (cty.String)
func composed(s string) error {
	if norm.NFC.IsNormalString(s) {
		return nil
	}
	return fmt.Errorf("%+q is not in the form NFC of Unicode, in which Terraform would write it: %+q", s, norm.NFC.String(s))
}

// terraformPrefix returns the beginning of all names: the family with underscores instead of hyphens, as names in
// Terraform usually have them.
func terraformPrefix(family string) string {
	return strings.ReplaceAll(shorten(hyphened(family), family, maxStem), "-", "_") + "_execution"
}

// terraformNames are the names in one file.
type terraformNames struct {
	prefix  string
	role    *policy.Role
	used    []policy.Symbol
	inputs  []input
	derived []input // their names are those of locals
}

// TerraformRoleARN returns the expression of the ARN of a role in the file that [Terraform] writes.
func TerraformRoleARN(role *policy.Role) string {
	return "aws_iam_role." + terraformNamesOf(role).prefix + ".arn"
}

// terraformNamesOf returns the names in the file of a role. Where the module has one of them, all get the same number.
func terraformNamesOf(role *policy.Role) terraformNames {
	prefix := terraformPrefix(role.Family)
	tf := terraformNamesWith(prefix, role)
	if role.Module == nil || len(role.Module.Taken) == 0 {
		return tf
	}
	isTaken := func(address string) bool { return role.Module.Taken[address] }
	for n := 2; ; n++ {
		w := &hclWriter{}
		if tf.blocks(w); !slices.ContainsFunc(w.declared, isTaken) {
			return tf
		}
		tf = terraformNamesWith(prefix+strconv.Itoa(n), role)
	}
}

// terraformNamesWith returns the names in the file of a role, which all begin with a prefix.
func terraformNamesWith(prefix string, role *policy.Role) terraformNames {
	tf := terraformNames{prefix: prefix, role: role, used: usedSymbols(role)}
	isDerived := func(s policy.Symbol) bool { return role.Symbols.Lookup(s).Derivation.Pattern != "" }
	for _, s := range tf.used {
		if isDerived(s) {
			info := role.Symbols[s]
			tf.derived = append(tf.derived, input{symbol: s, name: unusedName(tf.join(wordsOf(string(s))), tf.derivedNames()), info: info})
			for _, from := range append(info.Derivation.Value.Symbols(), info.Derivation.Result.Symbols()...) {
				if policy.GroupOf(from) == 0 && !slices.Contains(tf.used, from) {
					tf.used = append(tf.used, from)
				}
			}
		}
	}
	isKnown := func(s policy.Symbol) bool {
		_, ok := tf.dataSource(s)
		_, inModule := role.Module.Expression(s)
		return ok || inModule || isDerived(s)
	}
	tf.inputs = inputsOf(role, tf.used, isKnown, tf.join)
	return tf
}

func (tf terraformNames) derivedNames() (names []string) {
	for _, d := range tf.derived {
		names = append(names, d.name)
	}
	return names
}

// dataSources are the data sources for symbols, and the attribute that is the value. The id of aws_region is its name in
// versions 5 and 6 of the provider. The attribute region exists from version 6 on only, and name gives a warning there.
//
// Source: terraform-provider-aws, internal/service/meta/region_data_source.go, of both versions
var dataSources = []struct {
	symbol          policy.Symbol
	kind, attribute string
}{
	{policy.Partition, "aws_partition", "partition"},
	{policy.Region, "aws_region", "id"},
	{policy.AccountID, "aws_caller_identity", "account_id"},
	{policy.URLSuffix, "aws_partition", "dns_suffix"},
}

// symbolBlocks writes the blocks that symbols are read from: data sources, variables for the inputs, and locals for the
// mappings.
func (tf terraformNames) symbolBlocks(w *hclWriter) {
	list := needed(tf.role, tf.used)
	var written []string
	for _, source := range dataSources {
		if _, has := tf.moduleValue(source.symbol); !has && slices.Contains(list, source.symbol) && !slices.Contains(written, source.kind) {
			written = append(written, source.kind)
			w.block(fmt.Sprintf("data %q %q", source.kind, tf.prefix), tf.provided(nil)...)
		}
	}
	for _, in := range tf.inputs {
		w.block(fmt.Sprintf("variable %q", in.name), terraformVariable(in)...)
	}
	var locals []pair
	for _, t := range tf.role.Mappings {
		if !slices.Contains(tf.used, t.Symbol) {
			continue
		}
		rows := objectNode()
		for _, r := range t.Rows {
			rows.pairs = append(rows.pairs, pair{hclQuote(r.Region), hclQuoted(r.Value)})
		}
		locals = append(locals, pair{tf.local(t), rows})
	}
	for _, d := range tf.derived {
		locals = append(locals, tf.derivation(d)...)
	}
	if locals != nil {
		w.block("locals", locals...)
	}
}

// derivation returns the locals of a value that follows from another: what the other matches, and the value; null where it
// does not match. Terraform decides that when it plans or, where the other value is known only then, when it applies.
func (tf terraformNames) derivation(in input) []pair {
	d := in.info.Derivation
	match := in.name + "_match"
	result := hclString(d.Result, func(s policy.Symbol) string {
		if n := policy.GroupOf(s); n > 0 {
			return "local." + match + "[" + strconv.Itoa(n-1) + "]"
		}
		return tf.symbol(s)
	})
	return []pair{
		{match, rawNode("try(regex(" + hclQuote(d.Pattern) + ", " + hclString(d.Value, tf.symbol) + "), null)")},
		{in.name, rawNode("try(" + result + ", null)")},
	}
}

// moduleValue returns the expression that the module has for a symbol of the environment.
func (tf terraformNames) moduleValue(s policy.Symbol) (expression string, ok bool) {
	if tf.role.Module != nil {
		expression, ok = tf.role.Module.Values[s]
	}
	return expression, ok
}

// terraformVariable returns the attributes of a variable. One whose value can be empty is a list: Terraform knows at plan
// time how long a list is, also where it does not know what is in it, such as the ARN of a repository that it will make.
func terraformVariable(in input) []pair {
	kind, check := "string", ""
	if in.info.Pattern != "" {
		check = "can(regex(" + hclQuote(in.pattern()) + ", var." + in.name + "))"
	}
	message := "The value has to match " + in.pattern() + "."
	if in.info.Optional {
		kind, check = "list(string)", "length(var."+in.name+") <= 1"
		if in.info.Pattern != "" {
			in.info.Optional = false
			check += " && alltrue([for value in var." + in.name + " : can(regex(" + hclQuote(in.pattern()) + ", value))])"
			message = "The list has one value at most, which has to match " + in.pattern() + "."
		}
	}
	attributes := []pair{
		{"description", hclQuoted(in.description(unquoted))},
		{"type", rawNode(kind)},
	}
	if in.info.Default != "" {
		attributes = append(attributes, pair{"default", hclQuoted(in.info.Default)})
	}
	if check != "" {
		attributes = append(attributes, pair{"validation", &node{kind: blockKind, pairs: []pair{
			{"condition", rawNode(check)}, {"error_message", hclQuoted(message)},
		}}})
	}
	return attributes
}

// dataSource returns the expression of a symbol that a data source has, and whether one has it.
func (tf terraformNames) dataSource(s policy.Symbol) (expression string, ok bool) {
	if expression, ok := tf.moduleValue(s); ok {
		return expression, true
	}
	for _, source := range dataSources {
		if source.symbol == s {
			return "data." + source.kind + "." + tf.prefix + "." + source.attribute, true
		}
	}
	return "", false
}

// symbol returns the expression of a symbol. Where a mapping has no value for the region, Terraform reports an error that
// names the mapping and the region.
func (tf terraformNames) symbol(s policy.Symbol) string {
	if value, ok := tf.dataSource(s); ok {
		return value
	}
	if m, ok := mappingOf(tf.role, s); ok {
		return "local." + tf.local(m) + "[" + tf.symbol(policy.Region) + "]"
	}
	if d, ok := tf.derivedOf(s); ok {
		return "local." + d.name
	}
	if expression, ok := tf.role.Module.Expression(s); ok {
		return expression
	}
	in := tf.input(s)
	if in.info.Optional {
		return "var." + in.name + "[0]"
	}
	return "var." + in.name
}

// derivedOf returns the local of a symbol whose value follows from another.
func (tf terraformNames) derivedOf(s policy.Symbol) (input, bool) {
	i := slices.IndexFunc(tf.derived, func(in input) bool { return in.symbol == s })
	if i < 0 {
		return input{}, false
	}
	return tf.derived[i], true
}

func (tf terraformNames) input(s policy.Symbol) input {
	return tf.inputs[slices.IndexFunc(tf.inputs, func(in input) bool { return in.symbol == s })]
}

// when returns the expression that one of the symbols has a value, or that what it stands for holds.
func (tf terraformNames) when(when policy.When) string {
	conditions := make([]string, len(when))
	for i, s := range when {
		conditions[i] = tf.whenOne(s, len(when) > 1)
	}
	return strings.Join(conditions, " || ")
}

// whenOne is when of one symbol. Nested says that it is a part of another expression.
func (tf terraformNames) whenOne(s policy.Symbol, nested bool) string {
	branches, given, ok := s.Decision()
	if !ok {
		if d, ok := tf.derivedOf(s); ok {
			return "local." + d.name + " != null"
		}
		return "length(var." + tf.input(s).name + ") > 0"
	}
	var all []string
	for _, b := range branches {
		condition := "(" + tf.role.Symbols.Lookup(policy.Symbol(b.Condition)).Expression + ")"
		if isOneName(condition[1 : len(condition)-1]) {
			condition = condition[1 : len(condition)-1]
		}
		if b.Not {
			condition = "!" + condition
		}
		all = append(all, condition)
	}
	if given != "" {
		all = append(all, tf.whenOne(given, true))
	}
	if len(all) == 1 || !nested {
		return strings.Join(all, " && ")
	}
	return "(" + strings.Join(all, " && ") + ")"
}

// isOneName reports whether an expression is a reference, which needs no parentheses.
func isOneName(expression string) bool {
	return !strings.ContainsFunc(expression, func(r rune) bool {
		return !(r == '.' || r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	})
}

// count returns the attribute count of a policy that is not always there: one without statements would be none. Terraform has
// to know it when it plans, so that it can depend on the variables of the file alone: see [terraformNames.nothing].
func (tf terraformNames) count(d policy.Document) []pair {
	when := d.When()
	if when == nil || !tf.isPlanned(when) {
		return nil
	}
	return []pair{{"count", rawNode(tf.when(when) + " ? 1 : 0")}}
}

// isPlanned reports whether Terraform always knows a condition when it plans: it is about variables of the file, which are
// lists. What the module has can be known later.
func (tf terraformNames) isPlanned(when policy.When) bool {
	return !slices.ContainsFunc(when, func(s policy.Symbol) bool {
		_, _, isDecision := s.Decision()
		_, isDerived := tf.derivedOf(s)
		return isDecision || isDerived
	})
}

// local returns the name of a mapping: web_execution_guard_duty_agent_account.
func (tf terraformNames) local(m policy.Mapping) string { return tf.join(wordsOf(m.Name + m.Column)) }

// join makes a name of words: web_execution_task_role_arn.
func (tf terraformNames) join(words []string) string {
	return tf.prefix + "_" + strings.ToLower(strings.Join(words, "_"))
}

// terraformProperty are the arguments of aws_iam_role for the properties of a role.
var terraformProperty = map[string]string{
	policy.RoleNameKey: "name", policy.PathKey: "path", policy.DescriptionKey: "description",
	policy.PermissionsBoundaryKey: "permissions_boundary", policy.MaxSessionDurationKey: "max_session_duration",
	policy.TagsKey: "tags",
}

func (tf terraformNames) roleAttributes() []pair {
	var list, tags []pair
	if tf.role.Name == "" {
		// A name that the provider makes would not say whose role it is.
		const end = "-execution-"
		prefix := shorten(stem(tf.role.Family), tf.role.Family, maxRolePrefix-len(end)) + end
		list = append(list, pair{"name_prefix", hclQuoted(prefix)})
	}
	for _, p := range tf.role.Properties.List(tf.role.Name) {
		key := terraformProperty[p.Key]
		switch {
		case p.Tags != nil:
			object := objectNode()
			for _, t := range p.Tags {
				object.pairs = append(object.pairs, pair{hclQuote(t.Key), hclQuoted(t.Value)})
			}
			tags = append(tags, pair{key, object})
		case p.Number != 0:
			list = append(list, pair{key, rawNode(strconv.Itoa(p.Number))})
		default:
			list = append(list, pair{key, hclQuoted(p.Text)})
		}
	}
	return append(append(list, pair{"assume_role_policy", tf.document(tf.role.Trust)}), tags...)
}

func (tf terraformNames) document(d policy.Document) *node {
	when := d.When()
	syntax := tf.syntax()
	syntax.always = when != nil && !tf.isPlanned(when)
	document := documentNode(d, syntax)
	if syntax.always {
		statements := document.pairs[len(document.pairs)-1].value
		statements.elements = append(statements.elements, optionalNode("!("+tf.when(when)+")", syntax.members(statementMembers(nil, &nothing))))
		statements.comments = append(statements.comments, []string{"nothing is needed: IAM takes no policy without a statement, and this one changes nothing"})
	}
	return callNode("jsonencode", document)
}

// syntax is that of documents in HCL.
func (tf terraformNames) syntax() documentSyntax {
	return documentSyntax{
		text:    func(t policy.Text) *node { return rawNode(hclString(t, tf.symbol)) },
		word:    hclQuoted,
		key:     hclKey,
		comment: hclComment,
		when:    tf.when,
	}
}

// nothing is a statement that changes nothing: everybody can call this action, whatever a policy says. A policy has it where
// Terraform finds out, maybe only when it applies, that no other statement is needed.
//
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html ("No permissions are required")
var nothing = policy.Statement{Sid: "Nothing", Effect: policy.Deny, Actions: []string{"sts:GetCallerIdentity"}, Resources: policy.Values("*")}
