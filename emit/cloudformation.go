package emit

import (
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
	Emit:       emitCloudFormation,
}

// MaxTemplateBody is how many bytes of a template CloudFormation takes with a request; a larger one has to
// be put into an S3 bucket first.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const MaxTemplateBody = 51200

func emitCloudFormation(role *policy.Role, opts Options) ([]File, error) {
	if err := checkTexts(role, noDynamicReference); err != nil {
		return nil, fmt.Errorf("format cloudformation: %w", err)
	}
	cfn := cfnWriter{role}
	var properties []yamlPair
	if role.Name != "" {
		properties = append(properties, yamlPair{"RoleName", yamlQuoted(role.Name)})
	}
	properties = append(properties, cfnProperties(role.Properties)...)
	properties = append(properties, yamlPair{"AssumeRolePolicyDocument", cfn.document(role.Trust)})
	if len(role.Inline) > 0 {
		policies := make([]ast.Node, len(role.Inline))
		for i, p := range role.Inline {
			policies[i] = yamlMapping(
				yamlPair{"PolicyName", yamlPlain(p.Name)},
				yamlPair{"PolicyDocument", cfn.document(p.Document)},
			)
		}
		properties = append(properties, yamlPair{"Policies", yamlSequence(policies...)})
	}
	if tags := role.Properties.Tags; len(tags) > 0 {
		list := make([]ast.Node, len(tags))
		for i, t := range tags {
			list[i] = yamlMapping(yamlPair{"Key", yamlQuoted(t.Key)}, yamlPair{"Value", yamlQuoted(t.Value)})
		}
		properties = append(properties, yamlPair{"Tags", yamlSequence(list...)})
	}
	const id = "TaskExecutionRole"
	resources := []yamlPair{{id, nil}}
	if len(role.Attached)+len(role.Managed) > 0 {
		var references []ast.Node
		for _, arn := range role.Attached {
			references = append(references, cfn.text(arn))
		}
		for i, p := range role.Managed {
			policyID := "TaskExecutionPolicy" + strconv.Itoa(i+1)
			references = append(references, yamlTag("!Ref", yamlPlain(policyID)))
			resources = append(resources, yamlPair{policyID, yamlMapping(
				yamlPair{"Type", yamlPlain("AWS::IAM::ManagedPolicy")},
				yamlPair{"Properties", yamlMapping(yamlPair{"PolicyDocument", cfn.document(p.Document)})},
			)})
		}
		properties = append(properties, yamlPair{"ManagedPolicyArns", yamlSequence(references...)})
	}
	resources[0].value = yamlMapping(
		yamlPair{"Type", yamlPlain("AWS::IAM::Role")},
		yamlPair{"Properties", yamlMapping(properties...)},
	)
	head := []yamlPair{
		{"AWSTemplateFormatVersion", yamlQuoted("2010-09-09")},
		{"Description", yamlQuoted(cfnDescription(role.Family))},
	}
	if len(role.Tables) > 0 {
		head = append(head, yamlPair{"Mappings", cfnMappings(role.Tables)})
	}
	template := yamlMapping(append(head,
		yamlPair{"Resources", yamlMapping(resources...)},
		yamlPair{"Outputs", yamlMapping(
			yamlPair{id + "Name", yamlMapping(
				yamlPair{"Description", yamlQuoted("Name of the task execution role")},
				yamlPair{"Value", yamlTag("!Ref", yamlPlain(id))},
			)},
			yamlPair{id + "Arn", yamlMapping(
				yamlPair{"Description", yamlQuoted("ARN of the task execution role, for executionRoleArn")},
				yamlPair{"Value", yamlTag("!GetAtt", yamlPlain(id+".Arn"))},
			)},
		)},
	)...)
	template.Comment = yamlComment(headerComment(opts.Source))
	return []File{{Name: stem(role.Family) + "-execution-role.yaml", Data: yamlBytes(template)}}, nil
}

// cfnProperties returns those of the role's properties that stand before its policies: all but the tags, of
// which there can be many.
func cfnProperties(p policy.Properties) []yamlPair {
	var list []yamlPair
	for _, text := range []struct{ key, value string }{
		{"Path", p.Path}, {"Description", p.Description}, {"PermissionsBoundary", p.PermissionsBoundary},
	} {
		if text.value != "" {
			list = append(list, yamlPair{text.key, yamlQuoted(text.value)})
		}
	}
	if p.MaxSessionDuration != 0 {
		list = append(list, yamlPair{"MaxSessionDuration", yamlVerbatim(strconv.Itoa(p.MaxSessionDuration))})
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
func cfnMappings(tables []policy.Table) *ast.MappingNode {
	list := make([]yamlPair, len(tables))
	for i, t := range tables {
		rows := make([]yamlPair, len(t.Rows))
		for j, r := range t.Rows {
			rows[j] = yamlPair{r.Region, yamlMapping(yamlPair{t.Column, yamlQuoted(r.Value)})}
		}
		list[i] = yamlPair{t.Name, yamlMapping(rows...)}
	}
	return yamlMapping(list...)
}

// cfnWriter makes nodes of what can hold symbols.
type cfnWriter struct{ role *policy.Role }

func (w cfnWriter) document(d policy.Document) *ast.MappingNode {
	statements := make([]ast.Node, len(d.Statements))
	comments := make([]*ast.CommentGroupNode, len(d.Statements))
	for i, s := range d.Statements {
		statements[i] = w.members(statementMembers(s))
		lines := make([]string, len(s.From))
		for j, from := range s.From {
			lines[j] = sourceComment(from)
		}
		comments[i] = yamlComment(lines...)
	}
	sequence := yamlSequence(statements...)
	sequence.ValueHeadComments = comments
	return yamlMapping(
		yamlPair{"Version", yamlQuoted(policy.Version)},
		yamlPair{"Statement", sequence},
	)
}

func (w cfnWriter) members(members []member) *ast.MappingNode {
	pairs := make([]yamlPair, len(members))
	for i, m := range members {
		pairs[i] = yamlPair{m.key, w.value(m)}
	}
	return yamlMapping(pairs...)
}

func (w cfnWriter) value(m member) ast.Node {
	if m.members != nil {
		return w.members(m.members)
	}
	scalars := make([]ast.Node, len(m.texts))
	for i, t := range m.texts {
		if m.ours {
			scalars[i] = yamlPlain(string(t))
		} else {
			scalars[i] = w.text(t)
		}
	}
	if len(scalars) == 1 {
		return scalars[0]
	}
	return yamlSequence(scalars...)
}

// text returns a text with its symbols as references. A text without any is a plain string, never
// !Sub, which cfn-lint reports as needless. Literal parts that hold "${", as IAM's escapes ${*} do, are
// handed to Fn::Sub as variables: it does not look into those. So is what a table tells.
func (w cfnWriter) text(t policy.Text) ast.Node {
	if t.IsLiteral() {
		return yamlQuoted(string(t))
	}
	symbols := t.Symbols()
	if _, told := tableOf(w.role, symbols[0]); !told && len(symbols) == 1 && t == policy.Of(symbols[0]) {
		return yamlTag("!Ref", yamlPlain(string(symbols[0])))
	}
	var variables []yamlPair
	sub := t.Expand(func(literal string) string {
		// A dollar at the end would stand before the next symbol's "${".
		if !strings.Contains(literal, "${") && !strings.HasSuffix(literal, "$") {
			return literal
		}
		name := "Literal" + strconv.Itoa(len(variables)+1)
		variables = append(variables, yamlPair{name, yamlQuoted(literal)})
		return "${" + name + "}"
	}, func(s policy.Symbol) string {
		table, ok := tableOf(w.role, s)
		if !ok {
			return "${" + string(s) + "}"
		}
		name := table.Name + table.Column
		if !slices.ContainsFunc(variables, func(v yamlPair) bool { return v.key == name }) {
			variables = append(variables, yamlPair{name, yamlMapping(yamlPair{"Fn::FindInMap", yamlSequence(
				yamlPlain(table.Name), yamlTag("!Ref", yamlPlain(string(policy.Region))), yamlPlain(table.Column))})})
		}
		return "${" + name + "}"
	})
	if variables == nil {
		return yamlTag("!Sub", yamlQuoted(sub))
	}
	return yamlMapping(yamlPair{"Fn::Sub", yamlSequence(yamlQuoted(sub), yamlMapping(variables...))})
}
