package emit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/execrole/execrole/analyze/policy"
)

// cloudFormation writes a template with the role as its only resource, beside the managed policies that it
// may have. The role's own values stay open as pseudo parameters, whatever is known, so that one template
// serves every account and region.
//
// The role names its managed policies, and not they the role: so CloudFormation makes them first, and nothing
// can use a role that does not have them yet.
var cloudFormation = &Format{
	Name:       "cloudformation",
	Aliases:    []string{"cfn"},
	Help:       "a CloudFormation template (YAML)",
	Extensions: []string{".yaml", ".yml", ".template"},
	MaxBody:    MaxTemplateBody,
	Emit:       emitCloudFormation,
}

// MaxTemplateBody is how many bytes of a template CloudFormation takes with a request; a larger one has to
// be put into an S3 bucket first.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const MaxTemplateBody = 51200

func emitCloudFormation(role *policy.Role, opts Options) ([]File, error) {
	template, err := cfnTemplate(role, nil)
	if err != nil {
		return nil, fmt.Errorf("format cloudformation: %w", err)
	}
	text := template.yaml().(*ast.MappingNode)
	text.Comment = yamlComment(headerComment(opts.Source))
	return []File{{Name: stem(role.Family) + "-execution-role.yaml", Data: yamlBytes(text)}}, nil
}

// cfnTemplate returns the template in no syntax as yet. With noted, what comments would say stands in Metadata.
func cfnTemplate(role *policy.Role, noted *Options) (*cfnNode, error) {
	if err := checkTexts(role, noDynamicReference); err != nil {
		return nil, err
	}
	cfn := cfnWriter{role}
	var properties []cfnPair
	if role.Name != "" {
		properties = append(properties, cfnPair{"RoleName", cfnString(role.Name)})
	}
	properties = append(properties, cfnProperties(role.Properties)...)
	properties = append(properties, cfnPair{"AssumeRolePolicyDocument", cfn.document(role.Trust)})
	if len(role.Inline) > 0 {
		policies := make([]*cfnNode, len(role.Inline))
		for i, p := range role.Inline {
			policies[i] = cfnObject(
				cfnPair{"PolicyName", cfnWord(p.Name)},
				cfnPair{"PolicyDocument", cfn.document(p.Document)},
			)
		}
		properties = append(properties, cfnPair{"Policies", cfnSequence(policies...)})
	}
	if tags := role.Properties.Tags; len(tags) > 0 {
		list := make([]*cfnNode, len(tags))
		for i, t := range tags {
			list[i] = cfnObject(cfnPair{"Key", cfnString(t.Key)}, cfnPair{"Value", cfnString(t.Value)})
		}
		properties = append(properties, cfnPair{"Tags", cfnSequence(list...)})
	}
	onRole, onManaged := Suppressions(role)
	const id = "TaskExecutionRole"
	resources := []cfnPair{{id, nil}}
	if len(role.Attached)+len(role.Managed) > 0 {
		var references []*cfnNode
		for _, arn := range role.Attached {
			references = append(references, cfn.text(arn))
		}
		for i, p := range role.Managed {
			policyID := "TaskExecutionPolicy" + strconv.Itoa(i+1)
			references = append(references, cfnCall("Ref", cfnWord(policyID)))
			properties := cfnObject(cfnPair{"PolicyDocument", cfn.document(p.Document)})
			resource, err := cfnResource("AWS::IAM::ManagedPolicy", properties, role.Managed[i:i+1], onManaged[i], noted)
			if err != nil {
				return nil, err
			}
			resources = append(resources, cfnPair{policyID, resource})
		}
		properties = append(properties, cfnPair{"ManagedPolicyArns", cfnSequence(references...)})
	}
	var err error
	if resources[0].value, err = cfnResource("AWS::IAM::Role", cfnObject(properties...), role.Inline, onRole, noted); err != nil {
		return nil, err
	}
	head := []cfnPair{
		{"AWSTemplateFormatVersion", cfnString("2010-09-09")},
		{"Description", cfnString(cfnDescription(role.Family))},
	}
	if noted != nil {
		header := headerComment(noted.Source)
		if err := noDynamicReference(header); err != nil {
			return nil, err
		}
		head = append(head, cfnPair{"Metadata", cfnObject(cfnPair{"execrole", cfnString(header)})})
	}
	if len(role.Mappings) > 0 {
		head = append(head, cfnPair{"Mappings", cfnMappings(role.Mappings)})
	}
	return cfnObject(append(head,
		cfnPair{"Resources", cfnObject(resources...)},
		cfnPair{"Outputs", cfnObject(
			cfnPair{id + "Name", cfnObject(
				cfnPair{"Description", cfnString("Name of the task execution role")},
				cfnPair{"Value", cfnCall("Ref", cfnWord(id))},
			)},
			cfnPair{id + "Arn", cfnObject(
				cfnPair{"Description", cfnString("ARN of the task execution role, for executionRoleArn")},
				cfnPair{"Value", cfnCall("Fn::GetAtt", cfnWord(id+".Arn"))},
			)},
		)},
	)...), nil
}

// cfnResource returns a resource that has the policies, and in its metadata the suppressions for cfn-nag. cdk-nag's
// are not there: it is a part of the CDK, and what includes a template says there what it acknowledges. For noted
// see cfnTemplate.
func cfnResource(kind string, properties *cfnNode, policies []policy.Policy, suppressions []Suppression, noted *Options) (*cfnNode, error) {
	resource, metadata := cfnObject(cfnPair{"Type", cfnWord(kind)}), cfnObject()
	if noted != nil && len(policies) > 0 {
		sources, err := cfnSources(policies)
		if err != nil {
			return nil, err
		}
		metadata.pairs = append(metadata.pairs, cfnPair{"execrole", sources})
	}
	if list := of(CFNNag, suppressions); len(list) > 0 {
		rules := make([]*cfnNode, len(list))
		for i, s := range list {
			rules[i] = cfnObject(cfnPair{"id", cfnWord(s.ID)}, cfnPair{"reason", cfnString(s.Reason)})
		}
		metadata.pairs = append(metadata.pairs, cfnPair{"cfn_nag", cfnObject(cfnPair{"rules_to_suppress", cfnSequence(rules...)})})
	}
	if metadata.pairs != nil {
		resource.pairs = append(resource.pairs, cfnPair{"Metadata", metadata})
	}
	resource.pairs = append(resource.pairs, cfnPair{"Properties", properties})
	return resource, nil
}

// cfnProperties returns those of the role's properties that stand before its policies: all but the tags, of
// which there can be many.
func cfnProperties(p policy.Properties) []cfnPair {
	var list []cfnPair
	for _, text := range []struct{ key, value string }{
		{"Path", p.Path}, {"Description", p.Description}, {"PermissionsBoundary", p.PermissionsBoundary},
	} {
		if text.value != "" {
			list = append(list, cfnPair{text.key, cfnString(text.value)})
		}
	}
	if p.MaxSessionDuration != 0 {
		list = append(list, cfnPair{"MaxSessionDuration", cfnNumber(p.MaxSessionDuration)})
	}
	return list
}

// cfnDescription names the family only if it is one that ECS takes: a description has a limit, and
// CloudFormation shows it in places whose escaping is not ours.
func cfnDescription(family string) string {
	const text = "Task execution role"
	if len(family) == 0 || len(family) > 255 {
		return text
	}
	for i := range len(family) {
		if c := family[i]; !asciiLetter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_' {
			return text
		}
	}
	return text + " of " + family
}

// noDynamicReference refuses what CloudFormation would replace with the value of a parameter or secret:
// that happens after all functions, in any string, and cannot be escaped.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
func noDynamicReference(s string) error {
	if strings.Contains(s, "{{resolve:") {
		return fmt.Errorf(`%q holds "{{resolve:", which CloudFormation would replace with the value of a parameter or secret; it has no way to write this text`, s)
	}
	return nil
}

// cfnMappings returns the tables as a template has them: by region, and then by column.
func cfnMappings(tables []policy.Mapping) *cfnNode {
	list := make([]cfnPair, len(tables))
	for i, t := range tables {
		rows := make([]cfnPair, len(t.Rows))
		for j, r := range t.Rows {
			rows[j] = cfnPair{r.Region, cfnObject(cfnPair{t.Column, cfnString(r.Value)})}
		}
		list[i] = cfnPair{t.Name, cfnObject(rows...)}
	}
	return cfnObject(list...)
}

// cfnWriter makes nodes of what can hold symbols.
type cfnWriter struct{ role *policy.Role }

func (w cfnWriter) document(d policy.Document) *cfnNode {
	statements := make([]*cfnNode, len(d.Statements))
	comments := make([][]string, len(d.Statements))
	for i, s := range d.Statements {
		statements[i] = w.members(statementMembers(s))
		fields := s.Fields()
		lines := make([]string, len(fields))
		for j, from := range fields {
			lines[j] = sourceComment(from)
		}
		comments[i] = lines
	}
	sequence := cfnSequence(statements...)
	sequence.comments = comments
	return cfnObject(
		cfnPair{"Version", cfnString(cmp.Or(d.Version, policy.Version))},
		cfnPair{"Statement", sequence},
	)
}

func (w cfnWriter) members(members []member) *cfnNode {
	pairs := make([]cfnPair, len(members))
	for i, m := range members {
		pairs[i] = cfnPair{m.key, w.value(m)}
	}
	return cfnObject(pairs...)
}

func (w cfnWriter) value(m member) *cfnNode {
	if m.members != nil {
		return w.members(m.members)
	}
	scalars := make([]*cfnNode, len(m.values))
	for i, v := range m.values {
		if m.ours {
			scalars[i] = cfnWord(string(v.Text))
		} else {
			scalars[i] = w.text(v.Text)
		}
	}
	if len(scalars) == 1 {
		return scalars[0]
	}
	return cfnSequence(scalars...)
}

// text returns a text with its symbols as references. A text without any is a plain string, never
// !Sub, which cfn-lint reports as needless. Literal parts that hold "${", as IAM's escapes ${*} do, are
// handed to Fn::Sub as variables: it does not look into those. So is what a table tells.
func (w cfnWriter) text(t policy.Text) *cfnNode {
	if t.IsLiteral() {
		return cfnString(string(t))
	}
	symbols := t.Symbols()
	if _, told := mappingOf(w.role, symbols[0]); !told && len(symbols) == 1 && t == policy.Of(symbols[0]) {
		return cfnCall("Ref", cfnWord(string(symbols[0])))
	}
	var variables []cfnPair
	sub := t.Expand(func(literal string) string {
		// A dollar at the end would stand before the next symbol's "${".
		if !strings.Contains(literal, "${") && !strings.HasSuffix(literal, "$") {
			return literal
		}
		name := "Literal" + strconv.Itoa(len(variables)+1)
		variables = append(variables, cfnPair{name, cfnString(literal)})
		return "${" + name + "}"
	}, func(s policy.Symbol) string {
		table, ok := mappingOf(w.role, s)
		if !ok {
			return "${" + string(s) + "}"
		}
		name := table.Name + table.Column
		if !slices.ContainsFunc(variables, func(v cfnPair) bool { return v.key == name }) {
			variables = append(variables, cfnPair{name, cfnCall("Fn::FindInMap", cfnSequence(
				cfnWord(table.Name), cfnCall("Ref", cfnWord(string(policy.Region))), cfnWord(table.Column)))})
		}
		return "${" + name + "}"
	})
	if variables == nil {
		return cfnCall("Fn::Sub", cfnString(sub))
	}
	return cfnCall("Fn::Sub", cfnSequence(cfnString(sub), cfnObject(variables...)))
}
