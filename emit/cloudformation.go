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

// CloudFormation writes a template with the role as its only resource, beside the managed policies that it may have. The
// account, region and partition are pseudo parameters of the template, even where they are known, so that one template
// serves every account and region. A symbol of the input is a parameter.
//
// The role names its managed policies, and they do not name the role. So CloudFormation makes them first, and nothing
// can use the role before it has them.
var CloudFormation = &Format{
	Name:       "cloudformation",
	Aliases:    []string{"cfn"},
	Help:       "a CloudFormation template (YAML)",
	Extensions: []string{".yaml", ".yml", ".template"},
	MaxBody:    MaxTemplateBody,
	Emit:       emitCloudFormation,
}

// MaxTemplateBody is how many bytes of a template CloudFormation takes with a request. A larger template has to be in an
// S3 bucket.
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

// cfnRoleID is the logical ID of the role in a template of its own.
const cfnRoleID = "TaskExecutionRole"

// cfnTemplate returns the template of a role as a tree. With noted, it has in Metadata what the comments would say.
func cfnTemplate(role *policy.Role, noted *Options) (*cfnNode, error) {
	refer, parameters, mappings := cfnSymbols([]string{cfnRoleID}, role)
	resources, outputs, err := cfnResources(role, cfnRoleID, refer, noted != nil)
	if err != nil {
		return nil, err
	}
	header := ""
	if noted != nil {
		header = headerComment(noted.Source)
	}
	return cfnFrame(cfnDescription(role.Family), header, cfnPair{"Parameters", cfnObject(parameters...)},
		cfnPair{"Mappings", cfnObject(mappings...)}, cfnPair{"Resources", cfnObject(resources...)}, cfnPair{"Outputs", cfnObject(outputs...)})
}

// cfnFrame returns a template of sections that can be empty. A header is put into its Metadata; "" for none.
func cfnFrame(description, header string, sections ...cfnPair) (*cfnNode, error) {
	template := cfnObject(
		cfnPair{"AWSTemplateFormatVersion", cfnString("2010-09-09")},
		cfnPair{"Description", cfnString(description)},
	)
	if header != "" {
		if err := noDynamicReference(header); err != nil {
			return nil, err
		}
		template.pairs = append(template.pairs, cfnPair{"Metadata", cfnObject(cfnPair{"execrole", cfnString(header)})})
	}
	for _, section := range sections {
		if len(section.value.pairs) > 0 {
			template.pairs = append(template.pairs, section)
		}
	}
	return template, nil
}

// cfnReference is how a template refers to a symbol.
type cfnReference struct {
	node *cfnNode
	name string // in Fn::Sub: ${name}
	// variable says that the name is one only where Fn::Sub has the node as a variable.
	variable bool
}

// cfnRef returns a reference to a parameter or a resource.
func cfnRef(name string) cfnReference {
	return cfnReference{node: cfnCall("Ref", cfnWord(name)), name: name}
}

// cfnSymbols returns how a template with these roles refers to their symbols, and the parameters and mappings that it
// needs for that. IDs are the logical IDs of the roles, which no parameter may have.
func cfnSymbols(ids []string, roles ...*policy.Role) (refer func(policy.Symbol) cfnReference, parameters, mappings []cfnPair) {
	references := map[policy.Symbol]cfnReference{}
	var taken []string
	for _, id := range ids {
		taken = append(taken, id)
		for i := range policy.MaxAttached {
			taken = append(taken, cfnPolicyID(id, i))
		}
	}
	for _, role := range roles {
		for _, m := range role.Mappings {
			if _, ok := references[m.Symbol]; ok {
				continue
			}
			mappings = append(mappings, cfnMapping(m))
			taken = append(taken, m.Name+m.Column)
			references[m.Symbol] = cfnReference{cfnCall("Fn::FindInMap", cfnSequence(
				cfnWord(m.Name), cfnCall("Ref", cfnWord(string(policy.Region))), cfnWord(m.Column))), m.Name + m.Column, true}
		}
	}
	for _, role := range roles {
		isPseudo := func(s policy.Symbol) bool { return role.Symbols.Lookup(s).Kind == policy.PseudoParameter }
		used := slices.DeleteFunc(usedSymbols(role), func(s policy.Symbol) bool {
			_, ok := references[s]
			return ok
		})
		for _, in := range inputsOf(role, used, isPseudo, cfnParameterID, taken...) {
			taken = append(taken, in.name)
			parameters = append(parameters, cfnPair{in.name, cfnParameter(in)})
			references[in.symbol] = cfnRef(in.name)
		}
	}
	return func(s policy.Symbol) cfnReference {
		reference, ok := references[s]
		if !ok { // a pseudo parameter
			reference = cfnRef(string(s))
			references[s] = reference
		}
		return reference
	}, parameters, mappings
}

// cfnParameterID returns the ID of a parameter. It is none of those that texts have for their literal parts.
func cfnParameterID(words []string) string {
	id := camel(words)
	if strings.HasPrefix(id, literalVariable) {
		return "Input" + id
	}
	return id
}

func cfnParameter(in input) *cfnNode {
	parameter := cfnObject(cfnPair{"Type", cfnWord("String")}, cfnPair{"Description", cfnString(in.description(unquoted))})
	if in.info.Default != "" {
		parameter.pairs = append(parameter.pairs, cfnPair{"Default", cfnString(in.info.Default)})
	}
	if in.info.MaxLength > 0 {
		parameter.pairs = append(parameter.pairs, cfnPair{"MaxLength", cfnNumber(in.info.MaxLength)})
	}
	return parameter
}

// cfnMapping returns a mapping as a template has it: by region, and then by column.
func cfnMapping(m policy.Mapping) cfnPair {
	rows := make([]cfnPair, len(m.Rows))
	for i, r := range m.Rows {
		rows[i] = cfnPair{r.Region, cfnObject(cfnPair{m.Column, cfnString(r.Value)})}
	}
	return cfnPair{m.Name, cfnObject(rows...)}
}

// cfnPolicyID returns the logical ID of a managed policy of the role with an ID, numbered from 0.
func cfnPolicyID(roleID string, i int) string {
	return strings.TrimSuffix(roleID, "Role") + "Policy" + strconv.Itoa(i+1)
}

// cfnResources returns the resources and outputs of a role that has a logical ID in a template. Refer returns how the
// template refers to a symbol. With noted, the metadata of the resources says what comments would say.
func cfnResources(role *policy.Role, id string, refer func(policy.Symbol) cfnReference, noted bool) (resources, outputs []cfnPair, err error) {
	if err := checkTexts(role, noDynamicReference); err != nil {
		return nil, nil, err
	}
	cfn := cfnWriter{refer}
	onRole, onManaged := Suppressions(role)
	resources = []cfnPair{{id, nil}}
	var attached []*cfnNode
	for _, arn := range role.Attached {
		attached = append(attached, cfn.text(arn))
	}
	for i, p := range role.Managed {
		policyID := cfnPolicyID(id, i)
		attached = append(attached, cfnCall("Ref", cfnWord(policyID)))
		properties := cfnObject(cfnPair{"PolicyDocument", cfn.document(p.Document)})
		resource, err := cfnResource("AWS::IAM::ManagedPolicy", properties, role.Managed[i:i+1], onManaged[i], noted)
		if err != nil {
			return nil, nil, err
		}
		resources = append(resources, cfnPair{policyID, resource})
	}
	properties := cfn.roleProperties(role)
	if attached != nil {
		properties = append(properties, cfnPair{"ManagedPolicyArns", cfnSequence(attached...)})
	}
	if resources[0].value, err = cfnResource("AWS::IAM::Role", cfnObject(properties...), role.Inline, onRole, noted); err != nil {
		return nil, nil, err
	}
	return resources, []cfnPair{
		{id + "Name", cfnObject(
			cfnPair{"Description", cfnString("Name of the task execution role")},
			cfnPair{"Value", cfnCall("Ref", cfnWord(id))},
		)},
		{id + "Arn", cfnObject(
			cfnPair{"Description", cfnString("ARN of the task execution role, for executionRoleArn")},
			cfnPair{"Value", cfnCall("Fn::GetAtt", cfnWord(id+".Arn"))},
		)},
	}, nil
}

// roleProperties returns the properties of a role. The tags are the last of them, since there can be many.
func (w cfnWriter) roleProperties(role *policy.Role) []cfnPair {
	var list, tags []cfnPair
	for _, p := range role.Properties.List(role.Name) {
		switch {
		case p.Tags != nil:
			elements := make([]*cfnNode, len(p.Tags))
			for i, t := range p.Tags {
				elements[i] = cfnObject(cfnPair{"Key", cfnString(t.Key)}, cfnPair{"Value", cfnString(t.Value)})
			}
			tags = append(tags, cfnPair{p.Key, cfnSequence(elements...)})
		case p.Number != 0:
			list = append(list, cfnPair{p.Key, cfnNumber(p.Number)})
		default:
			list = append(list, cfnPair{p.Key, cfnString(p.Text)})
		}
	}
	list = append(list, cfnPair{"AssumeRolePolicyDocument", w.document(role.Trust)})
	if len(role.Inline) > 0 {
		policies := make([]*cfnNode, len(role.Inline))
		for i, p := range role.Inline {
			policies[i] = cfnObject(
				cfnPair{"PolicyName", cfnWord(p.Name)},
				cfnPair{"PolicyDocument", w.document(p.Document)},
			)
		}
		list = append(list, cfnPair{"Policies", cfnSequence(policies...)})
	}
	return append(list, tags...)
}

// cfnResource returns a resource that has the policies, and in its metadata the suppressions for cfn-nag. It has none
// for cdk-nag, which is a part of the CDK: an app that includes a template acknowledges findings itself. With noted, the
// metadata says who asked for the statements.
func cfnResource(kind string, properties *cfnNode, policies []policy.Policy, suppressions []Suppression, noted bool) (*cfnNode, error) {
	resource, metadata := cfnObject(cfnPair{"Type", cfnWord(kind)}), cfnObject()
	if noted && len(policies) > 0 {
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

// cfnDescription returns the description of a template. It names the family only if ECS would accept that name: a
// description has a limit, and CloudFormation shows it in places that may not escape it.
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

// noDynamicReference refuses a text that CloudFormation would replace with the value of a parameter or secret. It does
// that in every string, after all functions, and there is no escape.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
func noDynamicReference(s string) error {
	if strings.Contains(s, "{{resolve:") {
		return fmt.Errorf(`%q holds "{{resolve:", which CloudFormation would replace with the value of a parameter or secret; it has no way to write this text`, s)
	}
	return nil
}

// cfnWriter makes nodes of documents and texts. Refer returns how the template refers to a symbol.
type cfnWriter struct {
	refer func(policy.Symbol) cfnReference
}

func (w cfnWriter) document(d policy.Document) *cfnNode {
	statements := make([]*cfnNode, len(d.Statements))
	comments := make([][]string, len(d.Statements))
	for i := range d.Statements {
		s := &d.Statements[i]
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
	scalars := make([]*cfnNode, 0, len(m.words)+len(m.values))
	for _, word := range m.words {
		scalars = append(scalars, cfnWord(word))
	}
	for _, v := range m.values {
		scalars = append(scalars, w.text(v.Text))
	}
	if len(scalars) == 1 {
		return scalars[0]
	}
	return cfnSequence(scalars...)
}

// literalVariable is the beginning of the names that variables of Fn::Sub have if they are literal text.
const literalVariable = "Literal"

// text returns a text with its symbols as references. A text without symbols is a plain string and no Fn::Sub, which
// cfn-lint would report as needless. Fn::Sub gets as variables the literal parts with "${" in them, as IAM's escapes ${*}
// are, because it does not look into variables, and references that are more than a name.
func (w cfnWriter) text(t policy.Text) *cfnNode {
	if t.IsLiteral() {
		return cfnString(string(t))
	}
	if s, rest, _ := t.CutSymbol(); rest == "" {
		return w.refer(s).node
	}
	var variables []cfnPair
	sub := t.Expand(func(literal string) string {
		// A dollar at the end would join the "${" of the next symbol.
		if !strings.Contains(literal, "${") && !strings.HasSuffix(literal, "$") {
			return literal
		}
		name := literalVariable + strconv.Itoa(len(variables)+1)
		variables = append(variables, cfnPair{name, cfnString(literal)})
		return "${" + name + "}"
	}, func(s policy.Symbol) string {
		reference := w.refer(s)
		if reference.variable && !slices.ContainsFunc(variables, func(v cfnPair) bool { return v.key == reference.name }) {
			variables = append(variables, cfnPair{reference.name, reference.node})
		}
		return "${" + reference.name + "}"
	})
	if variables == nil {
		return cfnCall("Fn::Sub", cfnString(sub))
	}
	return cfnCall("Fn::Sub", cfnSequence(cfnString(sub), cfnObject(variables...)))
}
