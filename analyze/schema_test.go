package analyze_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/smithy-go"

	"github.com/execrole/execrole/analyze"
)

// TestEveryLeafIsKnown walks the SDK's schema: each leaf is in a rule or in the list of those that need
// nothing, so that a field that is new in the SDK is not overlooked.
func TestEveryLeafIsKnown(t *testing.T) {
	var leaves []string
	var walk func(path string, s *smithy.Schema)
	walk = func(path string, s *smithy.Schema) {
		switch s.Type() {
		case smithy.ShapeTypeStructure, smithy.ShapeTypeUnion:
			for name, member := range s.Members() {
				if path != "" {
					name = path + "." + name
				}
				walk(name, member)
			}
		case smithy.ShapeTypeList, smithy.ShapeTypeSet:
			walk(path+"[]", s.ListMember())
		default:
			leaves = append(leaves, path)
		}
	}
	walk("", schemas.TaskDefinition)
	walk("", schemas.RegisterTaskDefinitionRequest)
	if len(leaves) < 150 {
		t.Fatalf("the schema has only %d leaves: the walk is wrong", len(leaves))
	}
	known := map[string]string{}
	for _, rule := range analyze.Rules() {
		for _, field := range rule.Fields {
			known[field] = rule.ID
			if !slices.Contains(leaves, field) {
				t.Errorf("rule %s reads %s, which is no leaf of the schema", rule.ID, field)
			}
		}
	}
	for _, field := range analyze.NeedNothing() {
		if rule, ok := known[field]; ok {
			t.Errorf("%s needs nothing, but rule %s reads it", field, rule)
		}
		known[field] = "nothing"
		if !slices.Contains(leaves, field) {
			t.Errorf("%s needs nothing, but is no leaf of the schema", field)
		}
	}
	for _, leaf := range leaves {
		if known[leaf] == "" {
			t.Errorf("%s is in no rule, and not in the list of those that need nothing", leaf)
		}
	}
}
