package emit_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// This file tells what a format's output means once it is deployed, whatever the format: all formats of one
// role have to mean the same. A new format adds an entry to meanings, or, where its own tool has to run
// first, a test of its own that ends in sameMeaning.

// resolveAs is where the outputs are deployed in these tests.
var resolveAs = policy.Environment{Partition: "aws", Region: "us-east-1", Account: "111122223333"}

// meaning is a deployed role: one line for each action on one resource under its conditions, sorted, each
// once. What cannot be told in these lines fails the test, so that nothing is overlooked.
type meaning struct {
	Name        string
	Properties  map[string]string // by CloudFormation's names; tags as "Tag KEY"
	Trust       []string
	Permissions []string
	Attached    []string          // ARNs of managed policies that exist without the role
	Outputs     map[string]string // a template's, by name
	// CFNNag and CDKNag are a template's suppressions, a line each; nil where a format has no place for them.
	CFNNag, CDKNag []string
}

// meanings resolve the files of the formats that need no tool of their own.
var meanings = map[string]func(t testing.TB, files []emit.File) meaning{
	"cloudformation": func(t testing.TB, files []emit.File) meaning {
		var doc yaml.Node
		if err := yaml.Unmarshal(files[0].Data, &doc); err != nil {
			t.Fatal(err)
		}
		return templateMeaning(t, longForm(t, doc.Content[0]))
	},
	"cloudformation-json": func(t testing.TB, files []emit.File) meaning {
		var template any
		if err := json.Unmarshal(files[0].Data, &template); err != nil {
			t.Fatal(err)
		}
		return templateMeaning(t, template)
	},
	"terraform": terraformMeaning,
	"aws-cli":   scriptMeaning,
	"json": func(t testing.TB, files []emit.File) meaning {
		var m meaning
		for _, f := range files {
			var doc any
			if f.Data == nil {
				continue
			}
			if err := json.Unmarshal(f.Data, &doc); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(f.Name, "-attach") {
				m.Attached = append(m.Attached, object(t, doc)["PolicyArn"].(string))
				continue
			}
			if strings.HasSuffix(f.Name, "-role.json") {
				var trust any
				for key, value := range object(t, doc) {
					if key == "AssumeRolePolicyDocument" {
						if err := json.Unmarshal([]byte(value.(string)), &trust); err != nil {
							t.Fatal(err)
						}
						m.Trust = policyLines(t, trust)
					} else {
						m.property(t, key, value)
					}
				}
				continue
			}
			if strings.HasSuffix(f.Name, "-trust.json") {
				m.Trust = append(m.Trust, policyLines(t, doc)...)
			} else {
				m.Permissions = append(m.Permissions, policyLines(t, doc)...)
			}
		}
		m.Trust, m.Permissions = sorted(m.Trust), sorted(m.Permissions)
		return m
	},
}

// roleMeaning emits a role in a format that is in meanings, and resolves it.
func roleMeaning(t testing.TB, format string, role *policy.Role) meaning {
	t.Helper()
	files, err := emit.Lookup(format).Emit(role, emit.Options{Source: "input.json", Values: resolveAs.Values()})
	if err != nil {
		t.Fatalf("format %s: %v", format, err)
	}
	return meanings[format](t, files)
}

// sameMeaning compares with the meaning of the role as CloudFormation. Formats that cannot tell outputs leave
// them empty.
func sameMeaning(t testing.TB, format string, role *policy.Role, got meaning) {
	t.Helper()
	want := roleMeaning(t, "cloudformation", role)
	if got.Outputs == nil {
		want.Outputs = nil
	}
	if got.CFNNag == nil {
		want.CFNNag = nil
	}
	want.CDKNag = got.CDKNag // of the CDK alone
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cloudformation and %s do not mean the same (-cloudformation +%s):\n%s", format, format, diff)
	}
}

// goldenRoles returns the role of every golden case that gives one, by the case's name.
func goldenRoles(t testing.TB) map[string]*policy.Role {
	t.Helper()
	roles := map[string]*policy.Role{}
	for _, c := range goldenCases(t) {
		input, _ := c.section("input.json")
		plan, err := analyze.JSON("input.json", []byte(input), c.opts)
		if err != nil {
			continue
		}
		role, err := plan.Role(c.role)
		if err != nil {
			t.Fatalf("%s: %v", c.name(), err)
		}
		roles[c.name()] = role
	}
	if len(roles) < 100 {
		t.Fatalf("only %d golden cases give a role", len(roles))
	}
	return roles
}

func TestFormatsMeanTheSame(t *testing.T) {
	roles := goldenRoles(t)
	for name, role := range emit.CDKRoles() {
		if name != "made-tricky" { // its strings are what other tests are about
			roles[name] = role
		}
	}
	maps.Copy(roles, packedRoles(t))
	for name, role := range roles {
		for format := range meanings {
			t.Run(name+"/"+format, func(t *testing.T) {
				if format == "aws-cli" {
					t.Parallel() // it starts processes
				}
				got := roleMeaning(t, format, role)
				if len(got.Trust) == 0 || len(got.Permissions) == 0 != (len(role.Policies()) == 0) {
					t.Errorf("the test does not see the role: %+v", got)
				}
				sameMeaning(t, format, role, got)
				if want := propertiesOf(role); !maps.Equal(want, got.Properties) || role.Name != got.Name {
					t.Errorf("name %q and properties %q, want %q and %q", got.Name, got.Properties, role.Name, want)
				}
			})
		}
	}
}

// propertiesOf returns what a format has to say of the role's properties.
func propertiesOf(role *policy.Role) map[string]string {
	p := role.Properties
	list := map[string]string{"Path": p.Path, "Description": p.Description, "PermissionsBoundary": p.PermissionsBoundary}
	if p.MaxSessionDuration != 0 {
		list["MaxSessionDuration"] = fmt.Sprint(p.MaxSessionDuration)
	}
	maps.DeleteFunc(list, func(_, value string) bool { return value == "" })
	for _, tag := range p.Tags {
		list["Tag "+tag.Key] = tag.Value
	}
	return list
}

// templateMeaning resolves a CloudFormation template, in its long form, that holds one role, and the managed
// policies that are attached to it.
func templateMeaning(t testing.TB, template any) meaning {
	t.Helper()
	m := meaning{CFNNag: []string{}}
	id := ""
	managed := map[string][]string{}
	metadata := map[string]any{}
	var attached []string
	mappings := object(t, template)["Mappings"]
	for name, resource := range object(t, template)["Resources"].(map[string]any) {
		r := object(t, resource)
		if r["Type"] == "AWS::CDK::Metadata" {
			continue // of the CDK's statistics
		}
		for key, value := range r {
			switch key {
			case "Type", "Properties":
			case "Metadata":
				metadata[name] = value
			default:
				t.Fatalf("resource %s has a member %s", name, key)
			}
		}
		if r["Type"] == "AWS::IAM::ManagedPolicy" {
			for key, value := range object(t, r["Properties"]) {
				switch {
				case key == "PolicyDocument":
					managed[name] = policyLines(t, evaluate(t, value, mappings))
				case key == "Description" && value == "", key == "Path" && value == "/": // as when they are absent
				default:
					t.Fatalf("the policy %s has a property %s: %v", name, key, value)
				}
			}
			continue
		}
		if id != "" || r["Type"] != "AWS::IAM::Role" {
			t.Fatalf("resource %s is more than the one role: %v", name, r)
		}
		id = name
		for key, value := range object(t, r["Properties"]) {
			if key == "ManagedPolicyArns" {
				for _, arn := range value.([]any) {
					if reference, _ := arn.(map[string]any); reference["Ref"] != nil {
						attached = append(attached, reference["Ref"].(string))
					} else {
						m.Attached = append(m.Attached, evaluate(t, arn, mappings).(string))
					}
				}
				continue
			}
			value = evaluate(t, value, mappings)
			switch key {
			case "AssumeRolePolicyDocument":
				m.Trust = sorted(policyLines(t, value))
			case "Policies":
				for _, p := range value.([]any) {
					p := object(t, p)
					if len(p) != 2 || p["PolicyName"] == "" {
						t.Fatalf("policy %v", p)
					}
					m.Permissions = append(m.Permissions, policyLines(t, p["PolicyDocument"])...)
				}
			default:
				m.property(t, key, value)
			}
		}
	}
	m.suppressed(t, "role", metadata[id])
	for i, name := range attached {
		m.suppressed(t, fmt.Sprint("policy ", i+1), metadata[name])
		if managed[name] == nil {
			t.Fatalf("the role has the policy %s, and the template has not, or it is attached twice", name)
		}
		m.Permissions = append(m.Permissions, managed[name]...)
		delete(managed, name)
	}
	if len(managed) > 0 {
		t.Fatalf("policies that the role does not have: %v", managed)
	}
	m.Permissions = sorted(m.Permissions)
	outputs, _ := object(t, template)["Outputs"].(map[string]any)
	for name, output := range outputs {
		if m.Outputs == nil {
			m.Outputs = map[string]string{}
		}
		value, err := json.Marshal(object(t, output)["Value"])
		if err != nil {
			t.Fatal(err)
		}
		m.Outputs[name] = strings.ReplaceAll(string(value), id, "ROLE")
	}
	return m
}

// suppressed notes what a resource's metadata suppress.
func (m *meaning) suppressed(t testing.TB, resource string, metadata any) {
	t.Helper()
	if metadata == nil {
		return
	}
	for key, value := range object(t, metadata) {
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
		rules := object(t, value)
		if len(rules) != 1 || len(rules["rules_to_suppress"].([]any)) == 0 {
			t.Fatalf("the %s has the metadata %v", resource, rules)
		}
		for _, rule := range rules["rules_to_suppress"].([]any) {
			rule := object(t, rule)
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

// property notes one of the role's properties that are not policies.
func (m *meaning) property(t testing.TB, key string, value any) {
	t.Helper()
	set := func(key string, value any) {
		if m.Properties == nil {
			m.Properties = map[string]string{}
		}
		if _, twice := m.Properties[key]; twice {
			t.Fatalf("%s is there twice", key)
		}
		m.Properties[key] = fmt.Sprint(value)
	}
	switch key {
	case "RoleName":
		m.Name = value.(string)
	case "Path", "Description", "PermissionsBoundary":
		set(key, value.(string))
	case "MaxSessionDuration":
		number, ok := value.(float64)
		if !ok {
			t.Fatalf("%s is no number: %v", key, value)
		}
		set(key, number)
	case "Tags":
		for _, tag := range value.([]any) {
			tag := object(t, tag)
			if len(tag) != 2 {
				t.Fatalf("tag %v", tag)
			}
			set("Tag "+tag["Key"].(string), tag["Value"].(string))
		}
	default:
		t.Fatalf("the role has a property %s: %v", key, value)
	}
}

// policyLines resolves a policy document.
func policyLines(t testing.TB, document any) []string {
	t.Helper()
	d := object(t, document)
	if len(d) != 2 || d["Version"] != policy.Version {
		t.Fatalf("policy document %v", d)
	}
	var lines []string
	for _, statement := range d["Statement"].([]any) {
		var who string
		var conditions []string
		resources := []string{""}
		s := object(t, statement)
		for key, value := range s {
			switch key {
			case "Sid", "Action", "Effect": // a Sid grants nothing
			case "Principal":
				for kind, name := range object(t, value) {
					who += fmt.Sprintf(" by %s %q", kind, list(t, name))
				}
			case "Resource":
				resources = nil
				for _, r := range list(t, value) {
					resources = append(resources, fmt.Sprintf(" on %q", r))
				}
			case "Condition":
				for operator, keys := range object(t, value) {
					for key, values := range object(t, keys) {
						conditions = append(conditions, fmt.Sprintf(" if %s %s %q", operator, key, sorted(list(t, values))))
					}
				}
			default:
				t.Fatalf("a statement has the element %s", key)
			}
		}
		for _, action := range list(t, s["Action"]) {
			for _, resource := range resources {
				lines = append(lines, fmt.Sprintf("%v %s%s%s%s", s["Effect"], action, who, resource, strings.Join(sorted(conditions), "")))
			}
		}
	}
	return lines
}

// evaluate does what CloudFormation does with its functions.
func evaluate(t testing.TB, v, mappings any) any {
	t.Helper()
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = evaluate(t, v[i], mappings)
		}
		return out
	case map[string]any:
		for key, argument := range v {
			switch {
			case key == "Ref":
				return ownValue(t, argument.(string))
			case key == "Fn::Join":
				parts := list(t, evaluate(t, argument.([]any)[1], mappings))
				return strings.Join(parts, argument.([]any)[0].(string))
			case key == "Fn::Sub":
				return substitute(t, argument, mappings)
			case key == "Fn::FindInMap":
				path := list(t, evaluate(t, argument, mappings))
				value := object(t, object(t, object(t, mappings)[path[0]])[path[1]])[path[2]]
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
			out[key] = evaluate(t, value, mappings)
		}
		return out
	}
	return v
}

// substitute does what Fn::Sub does: it does not look into what it put in.
func substitute(t testing.TB, argument, mappings any) string {
	t.Helper()
	variables := map[string]any{}
	if pair, ok := argument.([]any); ok {
		argument, variables = pair[0], object(t, pair[1])
	}
	var b strings.Builder
	for rest := argument.(string); ; {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, found := strings.Cut(after, "}")
		value, known := evaluate(t, variables[name], mappings).(string)
		switch {
		case !found:
			t.Fatalf("Fn::Sub of %q does not end", argument)
		case strings.HasPrefix(name, "!"):
			b.WriteString("${" + name[1:] + "}")
		case known:
			b.WriteString(value)
		default:
			b.WriteString(ownValue(t, name))
		}
		rest = after
	}
}

func ownValue(t testing.TB, name string) string {
	t.Helper()
	value, ok := resolveAs.Values()[policy.Symbol(name)]
	if !ok {
		t.Fatalf("a reference to %s", name)
	}
	return value
}

// longForm returns YAML as CloudFormation reads it: tags are functions.
func longForm(t testing.TB, n *yaml.Node) any {
	t.Helper()
	var value any
	switch n.Kind {
	case yaml.MappingNode:
		members := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			members[n.Content[i].Value] = longForm(t, n.Content[i+1])
		}
		value = members
	case yaml.SequenceNode:
		elements := make([]any, len(n.Content))
		for i, c := range n.Content {
			elements[i] = longForm(t, c)
		}
		value = elements
	case yaml.ScalarNode:
		value = n.Value
	default:
		t.Fatalf("line %d: an alias", n.Line)
	}
	switch n.Tag {
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

func object(t testing.TB, v any) map[string]any {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("no object: %v", v)
	}
	return m
}

// list returns strings, of which one may stand without a list around it.
func list(t testing.TB, v any) []string {
	t.Helper()
	if s, ok := v.(string); ok {
		return []string{s}
	}
	elements, ok := v.([]any)
	if !ok {
		t.Fatalf("no list of strings: %v", v)
	}
	out := make([]string, len(elements))
	for i, e := range elements {
		if out[i], ok = e.(string); !ok {
			t.Fatalf("no string: %v", e)
		}
	}
	return out
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
