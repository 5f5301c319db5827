package emit_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
)

// TestOptional: what depends on a value is in the output where the value is given, and only there, in every format that can
// ask for values.
func TestOptional(t *testing.T) {
	resolvers := map[*emit.Format]func(t *testing.T, files []emit.File, given map[string]string) meaning.Meaning{
		emit.CloudFormation: func(t *testing.T, files []emit.File, given map[string]string) meaning.Meaning {
			var doc yaml.Node
			if err := yaml.Unmarshal(files[0].Data, &doc); err != nil {
				t.Fatal(err)
			}
			return meaning.OfTemplateGiven(t, meaning.LongForm(t, doc.Content[0]), given)
		},
		emit.CloudFormationJSON: func(t *testing.T, files []emit.File, given map[string]string) meaning.Meaning {
			var template any
			if err := json.Unmarshal(files[0].Data, &template); err != nil {
				t.Fatal(err)
			}
			return meaning.OfTemplateGiven(t, template, given)
		},
		emit.Terraform: func(t *testing.T, files []emit.File, given map[string]string) meaning.Meaning {
			return meaning.OfTerraformGiven(t, files, given)
		},
	}
	for _, managed := range []bool{false, true} {
		role := sample.Optional(managed)
		for format, resolve := range resolvers {
			files, err := format.Emit(role, emit.Options{Source: "web.json"})
			if err != nil {
				t.Fatal(err)
			}
			for i, values := range sample.OptionalValues() {
				t.Run(fmt.Sprint(format.Name, managed, i), func(t *testing.T) {
					given := map[string]string{}
					for s, value := range values {
						given[sample.OptionalDescription(s)] = value
					}
					got, want := resolve(t, files, given), meaning.Wanted(sample.Given(role, values))
					if len(want.Permissions) == 0 {
						t.Error("nothing is wanted")
					}
					if diff := cmp.Diff(want.Permissions, got.Permissions); diff != "" {
						t.Errorf("-want +got\n%s\n%s", diff, files[0].Data)
					}
				})
			}
		}
	}
}

// TestOptionalNeedsValues: a format that cannot ask for values says which it needs.
func TestOptionalNeedsValues(t *testing.T) {
	for _, format := range []*emit.Format{emit.IAMJSON, emit.AWSCLI} {
		_, err := format.Emit(sample.In(meaning.Environment, sample.Optional(false)), emit.Options{})
		missing, ok := err.(*emit.MissingValues)
		if !ok || len(missing.Symbols) != 5 {
			t.Errorf("format %s: %v", format.Name, err)
		}
	}
}
