package meaning

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/analyze/policy"
)

// OfTemplate resolves a CloudFormation template, in its long form, that holds one role, and the managed
// policies that are attached to it.
func OfTemplate(t testing.TB, template any) Meaning {
	t.Helper()
	return OfTemplateGiven(t, template, nil)
}

// OfTemplateGiven resolves a template of which the parameters have these values, by their descriptions.
func OfTemplateGiven(t testing.TB, template any, given map[string]string) Meaning {
	t.Helper()
	m := Meaning{CFNNag: []string{}}
	id := ""
	managed := map[string][]string{}
	metadata := map[string]any{}
	var attached []string
	c := newTemplate(t, template, given)
	for name, resource := range Object(t, template)["Resources"].(map[string]any) {
		r := Object(t, resource)
		if r["Type"] == "AWS::CDK::Metadata" {
			continue // of the CDK's statistics
		}
		left := false
		for key, value := range r {
			switch key {
			case "Type", "Properties":
			case "Condition":
				left = !c.holds(value.(string))
			case "Metadata":
				metadata[name] = value
			default:
				t.Fatalf("resource %s has a member %s", name, key)
			}
		}
		if left {
			continue
		}
		if r["Type"] == "AWS::IAM::ManagedPolicy" {
			managed[name] = managedPolicy(t, name, r["Properties"], c)
			continue
		}
		if id != "" || r["Type"] != "AWS::IAM::Role" {
			t.Fatalf("resource %s is more than the one role: %v", name, r)
		}
		id = name
		attached = m.readRole(t, r["Properties"], c)
	}
	m.suppressed(t, "role", metadata[id])
	for i, name := range attached {
		m.suppressed(t, fmt.Sprint("policy ", i+1), metadata[name])
		if managed[name] == nil {
			t.Fatalf("the role has the policy %s, and the template does not, or attaches it twice", name)
		}
		m.Permissions = append(m.Permissions, managed[name]...)
		delete(managed, name)
	}
	if len(managed) > 0 {
		t.Fatalf("policies that the role does not have: %v", managed)
	}
	m.Permissions = Sorted(m.Permissions)
	outputs, _ := Object(t, template)["Outputs"].(map[string]any)
	for name, output := range outputs {
		if m.Outputs == nil {
			m.Outputs = map[string]string{}
		}
		value, err := json.Marshal(Object(t, output)["Value"])
		if err != nil {
			t.Fatal(err)
		}
		m.Outputs[name] = strings.ReplaceAll(string(value), id, "ROLE")
	}
	return m
}

// managedPolicy returns the lines of a managed policy that has no other properties.
func managedPolicy(t testing.TB, name string, properties any, c *template) (lines []string) {
	t.Helper()
	for key, value := range Object(t, properties) {
		switch {
		case key == "PolicyDocument":
			lines = PolicyLines(t, evaluate(t, value, c))
		case key == "Description" && value == "", key == "Path" && value == "/": // as when they are absent
		default:
			t.Fatalf("the policy %s has a property %s: %v", name, key, value)
		}
	}
	return lines
}

// readRole takes over the properties of a role, and returns the IDs of the managed policies in the template that it has
// attached.
func (m *Meaning) readRole(t testing.TB, properties any, c *template) (attached []string) {
	t.Helper()
	for key, value := range Object(t, properties) {
		if key == "ManagedPolicyArns" {
			for _, arn := range value.([]any) {
				if arn = c.choose(arn); arn == nil {
					continue
				}
				if reference, _ := arn.(map[string]any); reference["Ref"] != nil {
					attached = append(attached, reference["Ref"].(string))
				} else {
					m.Attached = append(m.Attached, evaluate(t, arn, c).(string))
				}
			}
			continue
		}
		value = evaluate(t, value, c)
		switch key {
		case "AssumeRolePolicyDocument":
			m.Trust = Sorted(PolicyLines(t, value))
		case "Policies":
			for _, p := range value.([]any) {
				p := Object(t, p)
				if len(p) != 2 || p["PolicyName"] == "" {
					t.Fatalf("policy %v", p)
				}
				m.Permissions = append(m.Permissions, PolicyLines(t, p["PolicyDocument"])...)
			}
		default:
			m.Set(t, key, value)
		}
	}
	return attached
}

// suppressed notes what a resource's metadata suppress.
func (m *Meaning) suppressed(t testing.TB, resource string, metadata any) {
	t.Helper()
	if metadata == nil {
		return
	}
	for key, value := range Object(t, metadata) {
		lines := &m.CFNNag
		switch key {
		case "cfn_nag":
		case "cdk_nag":
			lines = &m.CDKNag
		case "aws:cdk:path", "execrole": // where it was made, and what comments say
			continue
		default:
			t.Fatalf("the %s has the metadata %s", resource, key)
		}
		rules := Object(t, value)
		if len(rules) != 1 || len(rules["rules_to_suppress"].([]any)) == 0 {
			t.Fatalf("the %s has the metadata %v", resource, rules)
		}
		for _, rule := range rules["rules_to_suppress"].([]any) {
			rule := Object(t, rule)
			line := fmt.Sprintf("%s: %s: %s", resource, rule["id"], rule["reason"])
			if key == "cdk_nag" {
				line += fmt.Sprintf(" %q", list(t, rule["applies_to"]))
				delete(rule, "applies_to")
			}
			if len(rule) != 2 {
				t.Fatalf("rule %v", rule)
			}
			*lines = append(*lines, line)
		}
	}
}

// evaluate does what CloudFormation does with its functions.
func evaluate(t testing.TB, v any, c *template) any {
	t.Helper()
	switch v := v.(type) {
	case []any:
		out := []any{}
		for i := range v {
			if element := c.choose(v[i]); element != nil {
				out = append(out, evaluate(t, element, c))
			}
		}
		return out
	case map[string]any:
		for key, argument := range v {
			switch {
			case key == "Ref":
				return c.value(argument.(string))
			case key == "Fn::Join":
				parts := list(t, evaluate(t, argument.([]any)[1], c))
				return strings.Join(parts, argument.([]any)[0].(string))
			case key == "Fn::Sub":
				return substitute(t, argument, c)
			case key == "Fn::FindInMap":
				path := list(t, evaluate(t, argument, c))
				value := Object(t, Object(t, Object(t, c.mappings)[path[0]])[path[1]])[path[2]]
				if value == nil {
					t.Fatalf("nothing at %q of the mappings", path)
				}
				return value
			case strings.HasPrefix(key, "Fn::"):
				t.Fatalf("function %s", key)
			}
		}
		out := map[string]any{}
		for key, value := range v {
			out[key] = evaluate(t, value, c)
		}
		return out
	}
	return v
}

// substitute does what Fn::Sub does: it does not look into what it put in.
func substitute(t testing.TB, argument any, c *template) string {
	t.Helper()
	variables := map[string]any{}
	if pair, ok := argument.([]any); ok {
		argument, variables = pair[0], Object(t, pair[1])
	}
	var b strings.Builder
	for rest := argument.(string); ; {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, found := strings.Cut(after, "}")
		value, known := evaluate(t, variables[name], c).(string)
		switch {
		case !found:
			t.Fatalf("Fn::Sub of %q does not end", argument)
		case strings.HasPrefix(name, "!"):
			b.WriteString("${" + name[1:] + "}")
		case known:
			b.WriteString(value)
		default:
			b.WriteString(c.value(name))
		}
		rest = after
	}
}

// template is what the functions of a template need.
type template struct {
	t          testing.TB
	mappings   any
	conditions map[string]any
	parameters map[string]string // their values
}

// newTemplate gives the parameters their values, by their descriptions. A value that the pattern of its parameter does not
// allow fails the test.
func newTemplate(t testing.TB, text any, given map[string]string) *template {
	t.Helper()
	sections := Object(t, text)
	c := &template{t: t, mappings: sections["Mappings"], parameters: map[string]string{}}
	c.conditions, _ = sections["Conditions"].(map[string]any)
	list, _ := sections["Parameters"].(map[string]any)
	for name, parameter := range list {
		p := Object(t, parameter)
		value, ok := given[p["Description"].(string)]
		if ok {
			c.parameters[name] = value
		}
		if pattern, _ := p["AllowedPattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(value) {
			t.Fatalf("the parameter %s does not allow %q", name, value)
		}
	}
	return c
}

// value returns what Ref returns of a parameter.
func (c *template) value(name string) string {
	c.t.Helper()
	if value, ok := c.parameters[name]; ok {
		return value
	}
	value, ok := Environment.Values()[policy.Symbol(name)]
	if !ok {
		c.t.Fatalf("a reference to %s", name)
	}
	return value
}

// choose returns what Fn::If returns: nil where that is AWS::NoValue. Another value is itself.
func (c *template) choose(v any) any {
	c.t.Helper()
	object, _ := v.(map[string]any)
	branches, ok := object["Fn::If"].([]any)
	if !ok {
		return v
	}
	chosen := branches[2]
	if c.holds(branches[0].(string)) {
		chosen = branches[1]
	}
	if reference, _ := chosen.(map[string]any); reference["Ref"] == "AWS::NoValue" {
		return nil
	}
	return c.choose(chosen)
}

// holds reports whether a condition of the template holds.
func (c *template) holds(name string) bool {
	c.t.Helper()
	condition, ok := c.conditions[name]
	if !ok {
		c.t.Fatalf("there is no condition %s", name)
	}
	return c.isTrue(condition)
}

func (c *template) isTrue(condition any) bool {
	c.t.Helper()
	for key, argument := range Object(c.t, condition) {
		switch key {
		case "Condition":
			return c.holds(argument.(string))
		case "Fn::Not":
			return !c.isTrue(argument.([]any)[0])
		case "Fn::Or":
			if n := len(argument.([]any)); n < 2 || n > 10 {
				c.t.Fatalf("Fn::Or of %d", n)
			}
			return slices.ContainsFunc(argument.([]any), c.isTrue)
		case "Fn::Equals":
			sides := list(c.t, evaluate(c.t, argument, c))
			return sides[0] == sides[1]
		}
	}
	c.t.Fatalf("condition %v", condition)
	return false
}

// LongForm returns YAML as CloudFormation reads it: tags are functions.
func LongForm(t testing.TB, n *yaml.Node) any {
	t.Helper()
	var value any
	switch n.Kind {
	case yaml.MappingNode:
		members := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			members[n.Content[i].Value] = LongForm(t, n.Content[i+1])
		}
		value = members
	case yaml.SequenceNode:
		elements := make([]any, len(n.Content))
		for i, c := range n.Content {
			elements[i] = LongForm(t, c)
		}
		value = elements
	case yaml.ScalarNode:
		value = n.Value
	default:
		t.Fatalf("line %d: an alias", n.Line)
	}
	switch n.Tag {
	case "!Condition":
		return map[string]any{"Condition": value}
	case "!Ref":
		return map[string]any{"Ref": value}
	case "!Sub":
		return map[string]any{"Fn::Sub": value}
	case "!GetAtt":
		name, attribute, _ := strings.Cut(value.(string), ".")
		return map[string]any{"Fn::GetAtt": []any{name, attribute}}
	case "!!str", "!!map", "!!seq":
		return value
	case "!!int":
		var number float64
		if err := n.Decode(&number); err != nil {
			t.Fatal(err)
		}
		return number
	}
	t.Fatalf("line %d: tag %s", n.Line, n.Tag)
	return nil
}
