// Package meaning says what the outputs of the formats mean once they are deployed, for tests: all formats of one role have
// to mean the same. A new format adds an entry to resolvers, or, where its own tool has to run first, a test of its own that
// ends in [Same].
package meaning

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/sample"
)

// Environment is where the outputs are deployed in these tests.
var Environment = policy.Environment{Partition: "aws", Region: "us-east-1", Account: "111122223333"}

// Meaning is a deployed role: one line for each action on one resource under its conditions, sorted, each once. What does
// not fit into these lines fails the test, so that nothing is overlooked.
type Meaning struct {
	Name        string
	Properties  map[string]string // by CloudFormation's names; tags as "Tag KEY"
	Trust       []string
	Permissions []string
	Attached    []string          // ARNs of managed policies that exist without the role
	Outputs     map[string]string // a template's, by name
	// CFNNag and CDKNag are a template's suppressions, a line each; nil where a format has no place for them.
	CFNNag, CDKNag []string
}

// resolvers resolve the files of the formats that need no tool of their own.
var resolvers = map[string]func(t testing.TB, files []emit.File) Meaning{
	"cloudformation": func(t testing.TB, files []emit.File) Meaning {
		var doc yaml.Node
		if err := yaml.Unmarshal(files[0].Data, &doc); err != nil {
			t.Fatal(err)
		}
		return OfTemplate(t, LongForm(t, doc.Content[0]))
	},
	"cloudformation-json": func(t testing.TB, files []emit.File) Meaning {
		var template any
		if err := json.Unmarshal(files[0].Data, &template); err != nil {
			t.Fatal(err)
		}
		return OfTemplate(t, template)
	},
	"terraform": OfTerraform,
	"json": func(t testing.TB, files []emit.File) Meaning {
		var m Meaning
		for _, f := range files {
			var doc any
			if f.Data == nil {
				continue
			}
			if err := json.Unmarshal(f.Data, &doc); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(f.Name, "-attach") {
				m.Attached = append(m.Attached, Object(t, doc)["PolicyArn"].(string))
				continue
			}
			if strings.HasSuffix(f.Name, "-role.json") {
				var trust any
				for key, value := range Object(t, doc) {
					if key == "AssumeRolePolicyDocument" {
						if err := json.Unmarshal([]byte(value.(string)), &trust); err != nil {
							t.Fatal(err)
						}
						m.Trust = PolicyLines(t, trust)
					} else {
						m.Set(t, key, value)
					}
				}
				continue
			}
			if strings.HasSuffix(f.Name, "-trust.json") {
				m.Trust = append(m.Trust, PolicyLines(t, doc)...)
			} else {
				m.Permissions = append(m.Permissions, PolicyLines(t, doc)...)
			}
		}
		m.Trust, m.Permissions = Sorted(m.Trust), Sorted(m.Permissions)
		return m
	},
}

// Formats returns the names of the formats whose files [Of] can resolve.
func Formats() []string { return slices.Sorted(maps.Keys(resolvers)) }

// Of resolves the files of one of [Formats].
func Of(t testing.TB, format string, files []emit.File) Meaning {
	t.Helper()
	return resolvers[format](t, files)
}

// Emit writes a role in a format for [Environment].
func Emit(format string, role *policy.Role) ([]emit.File, error) {
	return EmitIn(format, role, Environment)
}

// EmitIn writes a role in a format for another environment.
func EmitIn(format string, role *policy.Role, env policy.Environment) ([]emit.File, error) {
	f, ok := emit.Lookup(format)
	if !ok {
		return nil, fmt.Errorf("there is no format %s", format)
	}
	return f.Emit(sample.In(env, role), emit.Options{Source: "input.json"})
}

// OfRole writes a role in one of [Formats] and resolves the files.
func OfRole(t testing.TB, format string, role *policy.Role) Meaning {
	t.Helper()
	files, err := Emit(format, role)
	if err != nil {
		t.Fatalf("format %s: %v", format, err)
	}
	return Of(t, format, files)
}

// Wanted returns what every format of a role has to mean, from the role itself.
func Wanted(role *policy.Role) Meaning {
	m := Meaning{
		Name: role.Name, Properties: properties(role), Trust: DocumentLines(role, role.Trust), CFNNag: []string{},
		Outputs: map[string]string{"TaskExecutionRoleName": `{"Ref":"ROLE"}`, "TaskExecutionRoleArn": `{"Fn::GetAtt":["ROLE","Arn"]}`},
	}
	for _, arn := range role.Attached {
		m.Attached = append(m.Attached, resolve(role, arn))
	}
	for _, p := range role.Policies() {
		m.Permissions = append(m.Permissions, DocumentLines(role, p.Document)...)
	}
	m.Permissions = Sorted(m.Permissions)
	onRole, onManaged := emit.Suppressions(role)
	for i, list := range append([][]emit.Suppression{onRole}, onManaged...) {
		resource := "role"
		if i > 0 {
			resource = fmt.Sprint("policy ", i)
		}
		for _, s := range list {
			if s.Tool == emit.CFNNag {
				m.CFNNag = append(m.CFNNag, fmt.Sprintf("%s: %s: %s", resource, s.ID, s.Reason))
			}
		}
	}
	return m
}

// resolve gives the symbols of a text their values in [Environment].
func resolve(role *policy.Role, text policy.Text) string {
	return text.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		for _, m := range role.Mappings {
			if value, ok := m.Lookup(Environment.Region); ok && m.Symbol == s {
				return value
			}
		}
		if value := Environment.Value(s); value != "" {
			return value
		}
		return "${" + string(s) + "}" // as resource policies have it, for their owners
	})
}

// DocumentLines returns the lines of a document of the role, which [PolicyLines] returns of its JSON.
func DocumentLines(role *policy.Role, document policy.Document) []string {
	var lines []string
	for _, s := range document.Statements {
		who := ""
		for _, p := range s.Principals {
			var ids []string
			for _, id := range p.IDs {
				ids = append(ids, resolve(role, id))
			}
			who += fmt.Sprintf(" by %s %q", p.Type, ids)
		}
		var conditions []string
		for _, c := range s.Conditions {
			var values []string
			for _, v := range c.Values {
				values = append(values, resolve(role, v.Text))
			}
			conditions = append(conditions, fmt.Sprintf(" if %s %s %q", c.Operator, c.Key, Sorted(values)))
		}
		resources := []string{""}
		if len(s.Resources) > 0 {
			resources = nil
		}
		for _, r := range s.Resources {
			resources = append(resources, fmt.Sprintf(" on %q", resolve(role, r.Text)))
		}
		for _, action := range s.Actions {
			for _, resource := range resources {
				lines = append(lines, fmt.Sprintf("%s %s%s%s%s", s.Effect, action, who, resource, strings.Join(Sorted(conditions), "")))
			}
		}
	}
	return Sorted(lines)
}

// Same compares the meaning of a format's files with the one that is wanted. Formats that have no place for outputs or
// suppressions leave them nil.
func Same(t testing.TB, format string, role *policy.Role, got Meaning) {
	t.Helper()
	want := Wanted(role)
	if got.Outputs == nil {
		want.Outputs = nil
	}
	if got.CFNNag == nil {
		want.CFNNag = nil
	}
	want.CDKNag = got.CDKNag // of the CDK alone
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s does not mean the role (-role +%s):\n%s", format, format, diff)
	}
}

// properties returns what a format has to say of the role's properties; nil for nothing.
func properties(role *policy.Role) map[string]string {
	p := role.Properties
	list := map[string]string{"Path": p.Path, "Description": p.Description, "PermissionsBoundary": p.PermissionsBoundary}
	if p.MaxSessionDuration != 0 {
		list["MaxSessionDuration"] = fmt.Sprint(p.MaxSessionDuration)
	}
	maps.DeleteFunc(list, func(_, value string) bool { return value == "" })
	for _, tag := range p.Tags {
		list["Tag "+tag.Key] = tag.Value
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// Set notes a property of the role that is no policy, with the value of CloudFormation. It fails the test where the property
// is there twice.
func (m *Meaning) Set(t testing.TB, key string, value any) {
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
			tag := Object(t, tag)
			if len(tag) != 2 {
				t.Fatalf("tag %v", tag)
			}
			set("Tag "+tag["Key"].(string), tag["Value"].(string))
		}
	default:
		t.Fatalf("the role has a property %s: %v", key, value)
	}
}

// PolicyLines resolves a policy document.
func PolicyLines(t testing.TB, document any) []string {
	t.Helper()
	d := Object(t, document)
	if len(d) != 2 || d["Version"] != policy.Version {
		t.Fatalf("policy document %v", d)
	}
	var lines []string
	for _, statement := range d["Statement"].([]any) {
		var who string
		var conditions []string
		resources := []string{""}
		s := Object(t, statement)
		for key, value := range s {
			switch key {
			case "Sid", "Action", "Effect": // a Sid grants nothing
			case "Principal":
				for kind, name := range Object(t, value) {
					who += fmt.Sprintf(" by %s %q", kind, list(t, name))
				}
			case "Resource":
				resources = nil
				for _, r := range list(t, value) {
					resources = append(resources, fmt.Sprintf(" on %q", r))
				}
			case "Condition":
				for operator, keys := range Object(t, value) {
					for key, values := range Object(t, keys) {
						conditions = append(conditions, fmt.Sprintf(" if %s %s %q", operator, key, Sorted(list(t, values))))
					}
				}
			default:
				t.Fatalf("a statement has the element %s", key)
			}
		}
		for _, action := range list(t, s["Action"]) {
			for _, resource := range resources {
				lines = append(lines, fmt.Sprintf("%v %s%s%s%s", s["Effect"], action, who, resource, strings.Join(Sorted(conditions), "")))
			}
		}
	}
	return lines
}

// Object returns a JSON object, and fails the test where v is something else.
func Object(t testing.TB, v any) map[string]any {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("no object: %v", v)
	}
	return m
}

// list returns a list of strings, or a single string as a list.
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

// Sorted sorts a list in place and returns each of its strings once.
func Sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
