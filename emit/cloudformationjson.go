package emit

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
)

// cloudFormationJSON writes the template of the format cloudformation as JSON, which has no comments: what they
// say stands in Metadata, where CloudFormation keeps it and does nothing with it. Its name in a folder is
// another than that of a file of the format json.
var cloudFormationJSON = &Format{
	Name:       "cloudformation-json",
	Aliases:    []string{"cfn-json"},
	Help:       "the same template as JSON",
	Extensions: []string{".json", ".template"},
	MaxBody:    MaxTemplateBody,
	Emit: func(role *policy.Role, opts Options) ([]File, error) {
		template, err := cfnTemplate(role, &opts)
		if err != nil {
			return nil, fmt.Errorf("format cloudformation-json: %w", err)
		}
		var b bytes.Buffer
		w := newJSONWriter(&b, nil, jsontext.WithIndent("  "))
		w.dialect = dialectJSON
		template.json(w)
		return []File{{Name: stem(role.Family) + "-execution-role.template.json", Data: b.Bytes()}}, nil
	},
}

// cfnSources returns for the Metadata of a resource which fields asked for each of its statements, as comments
// say it.
func cfnSources(policies []policy.Policy) (*cfnNode, error) {
	list := cfnObject()
	for _, p := range policies {
		for _, s := range p.Document.Statements {
			var lines []string
			for _, from := range s.Fields() {
				line := sourceComment(from)
				if err := noDynamicReference(line); err != nil {
					return nil, err
				}
				lines = append(lines, line)
			}
			list.pairs = append(list.pairs, cfnPair{s.Sid, cfnStrings(lines)})
		}
	}
	return list, nil
}
