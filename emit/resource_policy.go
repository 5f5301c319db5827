package emit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
)

// WithResourcePolicies returns the files that a format made, and behind them a file for each of the role's resource
// policies: a policy document that the owner of resources in another account adds to their policies. It is for output into
// a folder. A symbol that the role's environment does not have is written as ${AWS::Region}.
//
// The last file is a pattern for such files of another run, which are to be removed.
func WithResourcePolicies(files []File, role *policy.Role) ([]File, error) {
	base := stem(role.Family) + "-execution-"
	files = slices.Clone(files)
	number := map[string]int{}
	for _, p := range role.ResourcePolicies {
		if err := checkTexts(&policy.Role{Inline: []policy.Policy{{Document: p.Document}}}, func(string) error { return nil }); err != nil {
			return nil, err
		}
		name := base + p.Account + "-" + p.Service
		if number[name]++; number[name] > 1 {
			name += fmt.Sprintf("-%d", number[name])
		}
		files = append(files, File{Name: name + ".json", Data: ResourcePolicyDocument(p, role.Environment), Uses: policy.Symbols(p.Document)})
	}
	return append(files, File{Name: base + strings.Repeat("[0-9]", 12) + "-[a-z]*.json", Write: Remove}), nil
}

// ResourcePolicyDocument returns the document of a resource policy as JSON of many lines. A symbol that the environment
// does not have is written as ${NAME}, for the owner to replace.
func ResourcePolicyDocument(p policy.ResourcePolicy, environment policy.Environment) []byte {
	var b bytes.Buffer
	w := newJSONWriter(&b, environment.Values(), jsontext.WithIndent("  "))
	w.open = true
	w.document(p.Document)
	return b.Bytes()
}
