package main

import (
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/spf13/pflag"

	"github.com/execrole/execrole/cmd/answer"
	"github.com/execrole/execrole/emit"
)

// schemaOf returns the schema of a tool's arguments. The options are the command's flags, so that they are never stale.
func schemaOf[In any]() *jsonschema.Schema {
	schema, err := jsonschema.For[In](nil)
	if err != nil {
		panic("execrole-mcp: " + err.Error()) // the types are those of this package
	}
	for _, one := range schema.Properties { // what is optional is left out, and not null: not every client knows two types
		if i := slices.Index(one.Types, "null"); i >= 0 && len(one.Types) == 2 {
			one.Type, one.Types = one.Types[1-i], nil
		}
	}
	schema.Properties["options"] = optionsSchema()
	if format := schema.Properties["format"]; format != nil {
		var words []string
		for _, f := range emit.Formats() {
			format.Enum = append(format.Enum, f.Name)
			words = append(words, f.Name+": "+f.Help)
		}
		format.Description = "what to write; the first is the default: " + strings.Join(words, "; ")
	}
	documents := answer.MaxDocuments
	for _, name := range []string{"taskDefinitions", "messages"} {
		if list := schema.Properties[name]; list != nil {
			if list.MaxItems = &documents; slices.Contains(schema.Required, name) {
				one := 1
				list.MinItems = &one
			}
		}
	}
	return schema
}

// optionsSchema returns the schema of the options.
func optionsSchema() *jsonschema.Schema {
	options := &jsonschema.Schema{
		Type: "object", Description: "what the text cannot say; each is the flag of execrole of that name",
		Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
	}
	answer.Flags().VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		one := &jsonschema.Schema{Description: strings.ReplaceAll(usage, "\n", " ")}
		switch {
		case f.Value.Type() == "bool":
			one.Type = "boolean"
		case f.Value.Type() == "stringArray":
			one.Type = "array"
			one.Items = &jsonschema.Schema{Type: "string", Description: value}
			one.Description = strings.TrimSuffix(one.Description, "; repeatable")
		case f.NoOptDefVal != "":
			one.Types = []string{"boolean", "string"}
		case f.Name == "max-session-duration": // a number for the command too
			one.Types = []string{"integer", "string"}
		default:
			one.Type = "string"
		}
		options.Properties[f.Name] = one
		options.PropertyOrder = append(options.PropertyOrder, f.Name)
	})
	return options
}
