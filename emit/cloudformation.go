package emit

import (
	"fmt"
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
	var properties []yamlPair
	if role.Name != "" {
		properties = append(properties, yamlPair{"RoleName", yamlQuoted(role.Name)})
	}
	properties = append(properties, cfnProperties(role.Properties)...)
	properties = append(properties, yamlPair{"AssumeRolePolicyDocument", cfnDocument(role.Trust)})
	if len(role.Inline) > 0 {
		policies := make([]ast.Node, len(role.Inline))
		for i, p := range role.Inline {
			policies[i] = yamlMapping(
				yamlPair{"PolicyName", yamlPlain(p.Name)},
				yamlPair{"PolicyDocument", cfnDocument(p.Document)},
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
	onRole, onManaged := Suppressions(role)
	const id = "TaskExecutionRole"
	resources := []yamlPair{{id, nil}}
	if len(role.Managed) > 0 {
		references := make([]ast.Node, len(role.Managed))
		for i, p := range role.Managed {
			policyID := "TaskExecutionPolicy" + strconv.Itoa(i+1)
			references[i] = yamlTag("!Ref", yamlPlain(policyID))
			resources = append(resources, yamlPair{policyID, cfnResource("AWS::IAM::ManagedPolicy", onManaged[i],
				yamlPair{"PolicyDocument", cfnDocument(p.Document)})})
		}
		properties = append(properties, yamlPair{"ManagedPolicyArns", yamlSequence(references...)})
	}
	resources[0].value = cfnResource("AWS::IAM::Role", onRole, properties...)
	template := yamlMapping(
		yamlPair{"AWSTemplateFormatVersion", yamlQuoted("2010-09-09")},
		yamlPair{"Description", yamlQuoted(cfnDescription(role.Family))},
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
	)
	template.Comment = yamlComment(headerComment(opts.Source))
	return []File{{Name: stem(role.Family) + "-execution-role.yaml", Data: yamlBytes(template)}}, nil
}

// cfnResource returns a resource with its properties, and in its metadata the suppressions for cfn-nag. cdk-nag's
// are not there: it is a part of the CDK, and what includes a template says there what it acknowledges.
func cfnResource(kind string, suppressions []Suppression, properties ...yamlPair) ast.Node {
	pairs := []yamlPair{{"Type", yamlPlain(kind)}}
	if list := of(CFNNag, suppressions); len(list) > 0 {
		rules := make([]ast.Node, len(list))
		for i, s := range list {
			rules[i] = yamlMapping(yamlPair{"id", yamlPlain(s.ID)}, yamlPair{"reason", yamlQuoted(s.Reason)})
		}
		pairs = append(pairs, yamlPair{"Metadata", yamlMapping(
			yamlPair{"cfn_nag", yamlMapping(yamlPair{"rules_to_suppress", yamlSequence(rules...)})},
		)})
	}
	return yamlMapping(append(pairs, yamlPair{"Properties", yamlMapping(properties...)})...)
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

func cfnDocument(d policy.Document) *ast.MappingNode {
	statements := make([]ast.Node, len(d.Statements))
	comments := make([]*ast.CommentGroupNode, len(d.Statements))
	for i, s := range d.Statements {
		statements[i] = cfnMembers(statementMembers(s))
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

func cfnMembers(members []member) *ast.MappingNode {
	pairs := make([]yamlPair, len(members))
	for i, m := range members {
		pairs[i] = yamlPair{m.key, cfnValue(m)}
	}
	return yamlMapping(pairs...)
}

func cfnValue(m member) ast.Node {
	if m.members != nil {
		return cfnMembers(m.members)
	}
	scalars := make([]ast.Node, len(m.texts))
	for i, t := range m.texts {
		if m.ours {
			scalars[i] = yamlPlain(string(t))
		} else {
			scalars[i] = cfnText(t)
		}
	}
	if len(scalars) == 1 {
		return scalars[0]
	}
	return yamlSequence(scalars...)
}

// cfnText returns a text with its symbols as references. A text without any is a plain string, never
// !Sub, which cfn-lint reports as needless. Literal parts that hold "${", as IAM's escapes ${*} do, are
// handed to Fn::Sub as variables: it does not look into those.
func cfnText(t policy.Text) ast.Node {
	if t.IsLiteral() {
		return yamlQuoted(string(t))
	}
	if symbols := t.Symbols(); len(symbols) == 1 && t == policy.Of(symbols[0]) {
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
	}, func(s policy.Symbol) string { return "${" + string(s) + "}" })
	if variables == nil {
		return yamlTag("!Sub", yamlQuoted(sub))
	}
	return yamlMapping(yamlPair{"Fn::Sub", yamlSequence(yamlQuoted(sub), yamlMapping(variables...))})
}
