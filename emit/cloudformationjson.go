package emit

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
)

// CloudFormationJSON writes the template of [CloudFormation] as JSON. JSON has no comments, so what they say is in
// Metadata, which CloudFormation keeps and ignores. In a folder, the file does not have the name of a file of [IAMJSON].
var CloudFormationJSON = &Format{
	Name:       "cloudformation-json",
	Aliases:    []string{"cfn-json"},
	Help:       "the same template as JSON",
	Extensions: []string{".json", ".template"},
	Flags:      []string{"parameters"},
	MaxBody:    MaxTemplateBody,
	Emit: func(role *policy.Role, opts Options) ([]File, error) {
		template, err := cfnTemplate(role, &opts)
		if err != nil {
			return nil, fmt.Errorf("format cloudformation-json: %w", err)
		}
		return []File{{Name: stem(role.Family) + "-execution-role.template.json", Data: cfnJSON(template)}}, nil
	},
	MaxRoles: maxRoles,
	Combine: func(roles []*policy.Role, opts Options) (File, error) {
		template, err := cfnCombined(roles, &opts)
		if err != nil {
			return File{}, fmt.Errorf("format cloudformation-json: %w", err)
		}
		return File{Name: "execution-roles.template.json", Data: cfnJSON(template)}, nil
	},
}

// cfnJSON returns a template as JSON.
func cfnJSON(template *node) []byte {
	var b bytes.Buffer
	w := newJSONWriter(&b, nil, jsontext.WithIndent("  "))
	w.dialect = dialectJSON
	template.json(w)
	return b.Bytes()
}

// cfnSources returns, for the metadata of a resource, the fields that asked for each of its statements, in the words of
// comments.
func cfnSources(policies []policy.Policy) (*node, error) {
	list := objectNode()
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
			list.pairs = append(list.pairs, pair{s.Sid, stringNodes(lines)})
		}
	}
	return list, nil
}
