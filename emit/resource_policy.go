package emit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
)

// WithResourcePolicies returns the files that a format made, and behind them one for each of the role's shares, whatever the
// format: a policy document that the owner of things in another account adds to theirs. It belongs into a folder.
// Values binds the role's own values, and what is left open stands as ${AWS::Region}.
//
// The last file is a pattern for such files of another run, which are to be removed.
func WithResourcePolicies(files []File, role *policy.Role, values map[policy.Symbol]string) ([]File, error) {
	base := stem(role.Family) + "-execution-"
	files = slices.Clone(files)
	number := map[string]int{}
	for _, share := range role.ResourcePolicies {
		if err := checkTexts(&policy.Role{Inline: []policy.Policy{{Document: share.Document}}}, func(string) error { return nil }); err != nil {
			return nil, err
		}
		name := base + share.Account + "-" + share.Service
		if number[name]++; number[name] > 1 {
			name += fmt.Sprintf("-%d", number[name])
		}
		files = append(files, File{Name: name + ".json", Data: ResourcePolicyDocument(share, values), Uses: policy.Symbols(share.Document)})
	}
	return append(files, File{Name: base + strings.Repeat("[0-9]", 12) + "-[a-z]*.json", Write: Remove}), nil
}

// ResourcePolicyDocument returns the policy document of a share as JSON of many lines. A symbol without a value stands as
// ${NAME}, for the owner to replace.
func ResourcePolicyDocument(share policy.ResourcePolicy, values map[policy.Symbol]string) []byte {
	var b bytes.Buffer
	w := newJSONWriter(&b, values, jsontext.WithIndent("  "))
	w.open = true
	w.document(share.Document)
	return b.Bytes()
}
