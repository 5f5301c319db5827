package emit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/execrole/execrole/analyze/policy"
)

// terraform writes HCL that drops into a module: no provider, no backend, and everything in it is named after the
// family. The role's own values stay open: data sources tell them where it is applied.
//
// Documents are written with jsonencode and not as the data source aws_iam_policy_document, which would sort what
// they hold and read "&{" as a policy variable: so all formats write the same document, each statement with its
// comment.
//
// The role's policies are resources of their own, as the provider wants it. ECS must not start a task before they are
// attached, so the outputs wait for them: who uses an output uses a whole role.
var terraform = &Format{
	Name:       "terraform",
	Aliases:    []string{"tf"},
	Help:       "a Terraform file (HCL) for a module that exists",
	Extensions: []string{".tf"},
	Emit:       emitTerraform,
}

// The longest name_prefix of a role and of a policy: the provider puts 26 characters behind it.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role (name_prefix)
const (
	maxRolePrefix   = policy.MaxRoleName - 26
	maxPolicyPrefix = 128 - 26
)

func emitTerraform(role *policy.Role, opts Options) ([]File, error) {
	if err := checkTexts(role, composed); err != nil {
		return nil, fmt.Errorf("format terraform: %w", err)
	}
	w := &hclWriter{}
	w.line(0, "# "+hclComment(headerComment(opts.Source)))
	tf := terraformNames{prefix: terraformPrefix(role.Family), role: role}
	tf.open(w)

	roleRef := "aws_iam_role." + tf.prefix
	resource := func(kind, name string) string { return fmt.Sprintf("resource %q %q", kind, name) }
	w.block(resource("aws_iam_role", tf.prefix), tf.roleAttributes()...)

	var policies []string // what the outputs wait for
	for i, p := range role.Inline {
		name := tf.prefix
		if i > 0 {
			name += "_" + strconv.Itoa(i+1)
		}
		policies = append(policies, "aws_iam_role_policy."+name)
		w.block(resource("aws_iam_role_policy", name),
			hclAttribute{"name", hclText(hclQuote(p.Name))},
			hclAttribute{"role", hclText(roleRef + ".id")},
			hclAttribute{"policy", tf.document(p.Document)},
		)
	}
	attach := func(name, arn string) {
		policies = append(policies, "aws_iam_role_policy_attachment."+name)
		w.block(resource("aws_iam_role_policy_attachment", name),
			hclAttribute{"role", hclText(roleRef + ".name")},
			hclAttribute{"policy_arn", hclText(arn)},
		)
	}
	for i, arn := range role.Attached {
		attach(tf.prefix+"_attached_"+strconv.Itoa(i+1), hclString(arn, tf.symbol))
	}
	for i, p := range role.Managed {
		name := tf.prefix + "_" + strconv.Itoa(i+1)
		w.block(resource("aws_iam_policy", name),
			hclAttribute{"name_prefix", hclText(hclQuote(shorten(stem(role.Family)+"-"+p.Name, role.Family+"-"+p.Name, maxPolicyPrefix-1) + "-"))},
			hclAttribute{"policy", tf.document(p.Document)},
		)
		attach(name, "aws_iam_policy."+name+".arn")
	}

	for _, output := range []struct{ name, attribute, description string }{
		{"role_name", "name", "Name of the task execution role"},
		{"role_arn", "arn", "ARN of the task execution role, for execution_role_arn"},
	} {
		attributes := []hclAttribute{
			{"description", hclText(hclQuote(output.description))},
			{"value", hclText(roleRef + "." + output.attribute)},
		}
		if policies != nil {
			list := hclList()
			for _, p := range policies {
				list.elements = append(list.elements, hclElement{value: hclText(p)})
			}
			attributes = append(attributes, hclAttribute{"depends_on", list})
		}
		w.block(fmt.Sprintf("output %q", tf.prefix+"_"+output.name), attributes...)
	}
	return []File{{Name: stem(role.Family) + "-execution-role.tf", Data: []byte(w.b.String())}}, nil
}

// composed refuses what Terraform would not write as it stands: it brings all strings into the form NFC of Unicode, in
// which a letter and its accent are one character, and has no escape for them.
//
// Source: https://github.com/zclconf/go-cty/blob/main/docs/types.md (cty.String)
func composed(s string) error {
	if norm.NFC.IsNormalString(s) {
		return nil
	}
	return fmt.Errorf("%+q is not in the form NFC of Unicode, in which Terraform would write it: %+q", s, norm.NFC.String(s))
}

// terraformPrefix returns how all names begin: the family with underscores, as names in Terraform have them.
func terraformPrefix(family string) string {
	name := strings.ReplaceAll(stem(family), "-", "_")
	if !asciiLetter(name[0]) && name[0] != '_' {
		name = "task_" + name
	}
	return name + "_execution"
}

// terraformNames knows how the names in one file read.
type terraformNames struct {
	prefix string
	role   *policy.Role
}

// ownSources are the data sources that tell the role's own values, and the attribute that is the value. An older
// attribute of aws_region, name, is deprecated from version 6 of the provider on, the first that has this one.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/region
var ownSources = []struct {
	symbol            policy.Symbol
	source, attribute string
}{
	{policy.Partition, "aws_partition", "partition"},
	{policy.Region, "aws_region", "region"},
	{policy.AccountID, "aws_caller_identity", "account_id"},
}

// open writes the blocks that what is open stands in: data sources for the role's own values, locals for what
// tables tell, variables for the rest.
func (tf terraformNames) open(w *hclWriter) {
	used := symbolsOf(documents(tf.role), tf.role.Attached)
	list := needed(tf.role, used)
	for _, own := range ownSources {
		if slices.Contains(list, own.symbol) {
			w.block(fmt.Sprintf("data %q %q", own.source, tf.prefix))
		}
	}
	for _, s := range list {
		if _, own := ownValue(s); !own {
			w.block(fmt.Sprintf("variable %q", tf.name(s)),
				hclAttribute{"description", hclText(hclQuote(string(s)))},
				hclAttribute{"type", hclText("string")},
			)
		}
	}
	var locals []hclAttribute
	for _, t := range tf.role.Mappings {
		if !slices.Contains(used, t.Symbol) {
			continue
		}
		rows := hclObject()
		for _, r := range t.Rows {
			rows.attributes = append(rows.attributes, hclAttribute{hclQuote(r.Region), hclText(hclQuote(r.Value))})
		}
		locals = append(locals, hclAttribute{tf.name(t.Symbol), rows})
	}
	if locals != nil {
		w.block("locals", locals...)
	}
}

// ownValue returns the attribute of a data source that tells a symbol.
func ownValue(s policy.Symbol) (attribute func(prefix string) string, ok bool) {
	for _, own := range ownSources {
		if own.symbol == s {
			return func(prefix string) string { return "data." + own.source + "." + prefix + "." + own.attribute }, true
		}
	}
	return nil, false
}

// symbol returns the expression of a symbol. A region that a table lacks is an error of Terraform's, which names the
// table and the region.
func (tf terraformNames) symbol(s policy.Symbol) string {
	if value, ok := ownValue(s); ok {
		return value(tf.prefix)
	}
	if _, ok := mappingOf(tf.role, s); ok {
		return "local." + tf.name(s) + "[" + tf.symbol(policy.Region) + "]"
	}
	return "var." + tf.name(s)
}

// name returns the name of what stands for a symbol: for a table GuardDutyAgent with the column Account,
// web_execution_guard_duty_agent_account.
func (tf terraformNames) name(s policy.Symbol) string {
	words := string(s)
	if t, ok := mappingOf(tf.role, s); ok {
		words = t.Name + t.Column
	}
	var b strings.Builder
	for i := range len(words) {
		c := words[i]
		switch {
		case c >= 'A' && c <= 'Z':
			if i > 0 && words[i-1] >= 'a' && words[i-1] <= 'z' {
				b.WriteByte('_')
			}
			b.WriteByte(c + 'a' - 'A')
		case asciiLetter(c) || c >= '0' && c <= '9':
			b.WriteByte(c)
		default:
			b.WriteByte('_')
		}
	}
	return tf.prefix + "_" + b.String()
}

func (tf terraformNames) roleAttributes() []hclAttribute {
	p := tf.role.Properties
	var list []hclAttribute
	text := func(key, value string) {
		if value != "" {
			list = append(list, hclAttribute{key, hclText(hclQuote(value))})
		}
	}
	text("name", tf.role.Name)
	if tf.role.Name == "" {
		// Of the provider's own making, a name would not tell whose role it is.
		const end = "-execution-"
		text("name_prefix", shorten(stem(tf.role.Family), tf.role.Family, maxRolePrefix-len(end))+end)
	}
	text("path", p.Path)
	text("description", p.Description)
	text("permissions_boundary", p.PermissionsBoundary)
	if p.MaxSessionDuration != 0 {
		list = append(list, hclAttribute{"max_session_duration", hclText(strconv.Itoa(p.MaxSessionDuration))})
	}
	list = append(list, hclAttribute{"assume_role_policy", tf.document(tf.role.Trust)})
	if len(p.Tags) > 0 {
		tags := hclObject()
		for _, t := range p.Tags {
			tags.attributes = append(tags.attributes, hclAttribute{hclQuote(t.Key), hclText(hclQuote(t.Value))})
		}
		list = append(list, hclAttribute{"tags", tags})
	}
	return list
}

func (tf terraformNames) document(d policy.Document) hclValue {
	statements := hclList()
	for _, s := range d.Statements {
		e := hclElement{value: tf.members(statementMembers(s))}
		for _, from := range s.Fields() {
			e.comments = append(e.comments, hclComment(sourceComment(from)))
		}
		statements.elements = append(statements.elements, e)
	}
	return hclCall("jsonencode", hclObject(
		hclAttribute{"Version", hclText(hclQuote(cmp.Or(d.Version, policy.Version)))},
		hclAttribute{"Statement", statements},
	))
}

func (tf terraformNames) members(members []member) hclValue {
	object := hclObject()
	for _, m := range members {
		object.attributes = append(object.attributes, hclAttribute{hclKey(m.key), tf.value(m)})
	}
	return object
}

func (tf terraformNames) value(m member) hclValue {
	if m.members != nil {
		return tf.members(m.members)
	}
	if len(m.values) == 1 {
		return hclText(hclString(m.values[0].Text, tf.symbol))
	}
	list := hclList()
	for _, v := range m.values {
		list.elements = append(list.elements, hclElement{value: hclText(hclString(v.Text, tf.symbol))})
	}
	return list
}
