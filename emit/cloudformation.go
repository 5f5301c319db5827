package emit

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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
	Flags:      []string{"parameters"},
	MaxBody:    MaxTemplateBody,
	Emit:       emitCloudFormation,
	Combine:    combineCloudFormation,
	MaxRoles:   maxRoles,
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
	return []File{{Name: stem(role.Family) + "-execution-role.yaml", Data: cfnYAML(template, opts)}}, nil
}

// cfnYAML returns a template as YAML, below the header.
func cfnYAML(template *node, opts Options) []byte {
	text := template.yaml().(*ast.MappingNode)
	text.Comment = yamlComment(headerComment(opts))
	return yamlBytes(text)
}

// cfnRoleID is the logical ID of the role in a template of its own.
const cfnRoleID = "TaskExecutionRole"

// cfnTemplate returns the template of a role as a tree. With noted, it has in Metadata what the comments would say.
func cfnTemplate(role *policy.Role, noted *Options) (*node, error) {
	names := cfnNamesOf([]string{cfnRoleID}, role)
	resources, outputs, err := cfnResources(role, cfnRoleID, names.writer(role), noted != nil)
	if err != nil {
		return nil, err
	}
	header := ""
	if noted != nil {
		header = headerComment(*noted)
	}
	return cfnFrame(cfnDescription(role.Family), header, names.sections(resources, outputs)...)
}

// cfnFrame returns a template of sections that can be empty. A header is put into its Metadata; "" for none.
func cfnFrame(description, header string, sections ...pair) (*node, error) {
	template := objectNode(
		pair{"AWSTemplateFormatVersion", stringNode("2010-09-09")},
		pair{"Description", stringNode(description)},
	)
	if header != "" {
		if err := noDynamicReference(header); err != nil {
			return nil, err
		}
		template.pairs = append(template.pairs, pair{"Metadata", objectNode(pair{"execrole", stringNode(header)})})
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
	node *node
	name string // in Fn::Sub: ${name}
	// variable says that the name is one only where Fn::Sub has the node as a variable.
	variable bool
	// condition is the name of the condition that a symbol of [policy.DecisionOf] is; "" for other symbols.
	condition string
}

// cfnRef returns a reference to a parameter or a resource.
func cfnRef(name string) cfnReference {
	return cfnReference{node: callNode("Ref", wordNode(name)), name: name}
}

// cfnSymbol is a symbol of an input. Two inputs can have symbols of one name that are different things.
type cfnSymbol struct {
	symbol policy.Symbol
	file   string // "" for what is the same in every input
}

// cfnNames are how a template refers to the symbols of its roles, and the sections that it needs for that.
type cfnNames struct {
	references           map[cfnSymbol]cfnReference
	parameters, mappings []pair
	conditions           cfnConditions
}

// symbolOf returns a symbol of a role as one of the template's.
func (names *cfnNames) symbolOf(role *policy.Role, s policy.Symbol) cfnSymbol {
	if _, ok := mappingOf(role, s); ok {
		return cfnSymbol{s, ""}
	}
	return cfnSymbol{s, role.Symbols[s].Place.File}
}

// writer returns a writer of the documents of a role.
func (names *cfnNames) writer(role *policy.Role) cfnWriter {
	return cfnWriter{func(s policy.Symbol) cfnReference {
		if reference, ok := names.references[names.symbolOf(role, s)]; ok {
			return reference
		}
		return cfnRef(string(s)) // a pseudo parameter
	}, &names.conditions}
}

// sections returns the sections of a template with these resources and outputs.
func (names *cfnNames) sections(resources, outputs []pair) []pair {
	return []pair{
		{"Parameters", objectNode(names.parameters...)}, {"Mappings", objectNode(names.mappings...)},
		{"Conditions", objectNode(names.conditions.list...)},
		{"Resources", objectNode(resources...)}, {"Outputs", objectNode(outputs...)},
	}
}

// cfnNamesOf returns the names of a template with these roles. IDs are the logical IDs of the roles, which no parameter may
// have.
func cfnNamesOf(ids []string, roles ...*policy.Role) *cfnNames {
	names := &cfnNames{references: map[cfnSymbol]cfnReference{}}
	references, symbolOf := names.references, names.symbolOf
	files := map[string]bool{}
	for _, role := range roles {
		for _, s := range declaredSymbols(role) {
			files[role.Symbols[s].Place.File] = true
		}
	}
	var taken []string
	for _, id := range ids {
		taken = append(taken, id)
		for i := range policy.MaxAttached {
			taken = append(taken, cfnPolicyID(id, i))
		}
	}
	for _, role := range roles {
		for _, m := range role.Mappings {
			if _, ok := references[cfnSymbol{m.Symbol, ""}]; ok {
				continue
			}
			names.mappings = append(names.mappings, cfnMapping(m))
			taken = append(taken, m.Name+m.Column)
			references[cfnSymbol{m.Symbol, ""}] = cfnReference{callNode("Fn::FindInMap", listNode(
				wordNode(m.Name), callNode("Ref", wordNode(string(policy.Region))), wordNode(m.Column))), m.Name + m.Column, true, ""}
		}
	}
	for _, role := range roles {
		for _, s := range usedSymbols(role) {
			// What a stack exports has the same value everywhere.
			if export := role.Symbols.Lookup(s).Export; export != "" && references[symbolOf(role, s)] == (cfnReference{}) {
				name := unusedName(cfnParameterID(wordsOf(export)), taken)
				taken = append(taken, name)
				references[symbolOf(role, s)] = cfnReference{callNode("Fn::ImportValue", stringNode(export)), name, true, ""}
			}
		}
	}
	for _, role := range roles {
		isPseudo := func(s policy.Symbol) bool { return role.Symbols.Lookup(s).Kind == policy.PseudoParameter }
		used := slices.DeleteFunc(usedSymbols(role), func(s policy.Symbol) bool {
			_, ok := references[symbolOf(role, s)]
			return ok
		})
		for _, in := range inputsOf(role, used, isPseudo, cfnParameterID, taken...) {
			taken = append(taken, in.name)
			if len(files) > 1 {
				in.of = path.Base(in.info.Place.File)
			}
			names.parameters = append(names.parameters, pair{in.name, cfnParameter(in)})
			references[symbolOf(role, in.symbol)] = cfnRef(in.name)
		}
	}
	for _, p := range names.parameters {
		i := slices.IndexFunc(p.value.pairs, func(p pair) bool { return p.key == "Description" })
		description := p.value.pairs[i].value // every parameter has one
		description.text = withoutReferences(description.text, func(name string) bool {
			return strings.HasPrefix(name, "AWS::") || slices.Contains(taken, name)
		})
	}
	return names
}

// cfnParameterID returns the ID of a parameter. It is none of those that texts have for their literal parts.
func cfnParameterID(words []string) string {
	id := camel(words)
	if strings.HasPrefix(id, literalVariable) {
		return "Input" + id
	}
	return id
}

// cfnParameter returns a parameter. CloudFormation refuses one whose default is longer than its MaxLength, which is then
// left out.
func cfnParameter(in input) *node {
	parameter := objectNode(pair{"Type", wordNode("String")}, pair{"Description", stringNode(in.description(unquoted))})
	parameter.above = passComment(in)
	if in.info.Default != "" {
		parameter.pairs = append(parameter.pairs, pair{"Default", stringNode(in.info.Default)})
	}
	if in.info.Pattern != "" {
		parameter.pairs = append(parameter.pairs, pair{"AllowedPattern", stringNode(in.pattern())})
	}
	if in.info.MaxLength > 0 && in.info.MaxLength >= utf8.RuneCountInString(in.info.Default) {
		parameter.pairs = append(parameter.pairs, pair{"MaxLength", numberNode(in.info.MaxLength)})
	}
	return parameter
}

// cfnMapping returns a mapping as a template has it: by region, and then by column.
func cfnMapping(m policy.Mapping) pair {
	rows := make([]pair, len(m.Rows))
	for i, r := range m.Rows {
		rows[i] = pair{r.Region, objectNode(pair{m.Column, stringNode(r.Value)})}
	}
	return pair{m.Name, objectNode(rows...)}
}

// cfnPolicyID returns the logical ID of a managed policy of the role with an ID, numbered from 0.
func cfnPolicyID(roleID string, i int) string {
	return strings.TrimSuffix(roleID, "Role") + "Policy" + strconv.Itoa(i+1)
}

// cfnResources returns the resources and outputs of a role that has a logical ID in a template. With noted, the metadata of
// the resources says what comments would say.
func cfnResources(role *policy.Role, id string, cfn cfnWriter, noted bool) (resources, outputs []pair, err error) {
	if err := checkTexts(role, noDynamicReference); err != nil {
		return nil, nil, err
	}
	onRole, onManaged := cfnNagSuppressions(role)
	resources = []pair{{id, nil}}
	var attached []*node
	for _, arn := range role.Attached {
		attached = append(attached, cfn.text(arn))
	}
	for i, p := range role.Managed {
		policyID := cfnPolicyID(id, i)
		attached = append(attached, cfn.optional(p.Document.When(), callNode("Ref", wordNode(policyID))))
		properties := objectNode(pair{"PolicyDocument", cfn.document(p.Document)})
		resource, err := cfnResource("AWS::IAM::ManagedPolicy", properties, role.Managed[i:i+1], onManaged[i], noted)
		if err != nil {
			return nil, nil, err
		}
		if when := p.Document.When(); when != nil {
			resource.pairs = slices.Insert(resource.pairs, 1, pair{"Condition", wordNode(cfn.condition(when))})
		}
		resources = append(resources, pair{policyID, resource})
	}
	properties := cfn.roleProperties(role)
	if attached != nil {
		properties = append(properties, pair{"ManagedPolicyArns", listNode(attached...)})
	}
	if resources[0].value, err = cfnResource("AWS::IAM::Role", objectNode(properties...), role.Inline, onRole, noted); err != nil {
		return nil, nil, err
	}
	return resources, []pair{
		{id + "Name", objectNode(
			pair{"Description", stringNode("Name of the task execution role")},
			pair{"Value", callNode("Ref", wordNode(id))},
		)},
		{id + "Arn", objectNode(
			pair{"Description", stringNode("ARN of the task execution role, for executionRoleArn")},
			pair{"Value", callNode("Fn::GetAtt", wordNode(id+".Arn"))},
		)},
	}, nil
}

// roleProperties returns the properties of a role. The tags are the last of them, since there can be many.
func (w cfnWriter) roleProperties(role *policy.Role) []pair {
	var list, tags []pair
	for _, p := range role.Properties.List(role.Name) {
		switch {
		case p.Tags != nil:
			elements := make([]*node, len(p.Tags))
			for i, t := range p.Tags {
				elements[i] = objectNode(pair{"Key", stringNode(t.Key)}, pair{"Value", stringNode(t.Value)})
			}
			tags = append(tags, pair{p.Key, listNode(elements...)})
		case p.Number != 0:
			list = append(list, pair{p.Key, numberNode(p.Number)})
		default:
			list = append(list, pair{p.Key, stringNode(p.Text)})
		}
	}
	list = append(list, pair{"AssumeRolePolicyDocument", w.document(role.Trust)})
	if len(role.Inline) > 0 {
		policies := make([]*node, len(role.Inline))
		for i, p := range role.Inline {
			policies[i] = w.optional(p.Document.When(), objectNode(
				pair{"PolicyName", wordNode(p.Name)},
				pair{"PolicyDocument", w.document(p.Document)},
			))
		}
		list = append(list, pair{"Policies", listNode(policies...)})
	}
	return append(list, tags...)
}

// cfnResource returns a resource that has the policies, and in its metadata the suppressions for cfn-nag. It has none
// for cdk-nag, which is a part of the CDK: an app that includes a template acknowledges findings itself. With noted, the
// metadata says who asked for the statements.
func cfnResource(kind string, properties *node, policies []policy.Policy, suppressions []Suppression, noted bool) (*node, error) {
	resource, metadata := objectNode(pair{"Type", wordNode(kind)}), objectNode()
	if noted && len(policies) > 0 {
		sources, err := cfnSources(policies)
		if err != nil {
			return nil, err
		}
		metadata.pairs = append(metadata.pairs, pair{"execrole", sources})
	}
	if len(suppressions) > 0 {
		rules := make([]*node, len(suppressions))
		for i, s := range suppressions {
			rules[i] = objectNode(pair{"id", wordNode(s.ID)}, pair{"reason", stringNode(s.Reason)})
		}
		metadata.pairs = append(metadata.pairs, pair{"cfn_nag", objectNode(pair{"rules_to_suppress", listNode(rules...)})})
	}
	if metadata.pairs != nil {
		resource.pairs = append(resource.pairs, pair{"Metadata", metadata})
	}
	resource.pairs = append(resource.pairs, pair{"Properties", properties})
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

// cfnWriter makes nodes of texts and documents. Refer returns how the template refers to a symbol.
type cfnWriter struct {
	refer      func(policy.Symbol) cfnReference
	conditions *cfnConditions
}

// optional returns an element of a list that is there only where a condition holds.
func (w cfnWriter) optional(when policy.When, n *node) *node {
	if when == nil {
		return n
	}
	return optionalNode(w.condition(when), n)
}

// literalVariable is the beginning of the names that variables of Fn::Sub have if they are literal text.
const literalVariable = "Literal"

// text returns a text with its symbols as references. A text without symbols is a plain string and no Fn::Sub, which
// cfn-lint would report as needless. Fn::Sub gets as variables the literal parts with "${" in them, as IAM's escapes ${*}
// are, because it does not look into variables, and references that are more than a name.
func (w cfnWriter) text(t policy.Text) *node {
	if t.IsLiteral() {
		return stringNode(string(t))
	}
	if s, rest, _ := t.CutSymbol(); rest == "" {
		return w.refer(s).node
	}
	var variables []pair
	sub := t.Expand(func(literal string) string {
		// A dollar at the end would join the "${" of the next symbol.
		if !strings.Contains(literal, "${") && !strings.HasSuffix(literal, "$") {
			return literal
		}
		name := literalVariable + strconv.Itoa(len(variables)+1)
		variables = append(variables, pair{name, stringNode(literal)})
		return "${" + name + "}"
	}, func(s policy.Symbol) string {
		reference := w.refer(s)
		if reference.variable && !slices.ContainsFunc(variables, func(v pair) bool { return v.key == reference.name }) {
			variables = append(variables, pair{reference.name, reference.node})
		}
		return "${" + reference.name + "}"
	})
	if variables == nil {
		return callNode("Fn::Sub", stringNode(sub))
	}
	return callNode("Fn::Sub", listNode(stringNode(sub), objectNode(variables...)))
}

func (w cfnWriter) document(d policy.Document) *node { return documentNode(d, w.syntax()) }

// syntax is that of documents in templates.
func (w cfnWriter) syntax() documentSyntax {
	same := func(s string) string { return s }
	return documentSyntax{text: w.text, word: wordNode, key: same, comment: same, when: w.condition}
}
