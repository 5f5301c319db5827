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
	var added []File
	number := map[string]int{}
	for _, p := range role.ResourcePolicies {
		name := base + p.Account + "-" + p.Service
		if number[name]++; number[name] > 1 {
			name += fmt.Sprintf("-%d", number[name])
		}
		f, err := documentFile(name+".json", p.Document, role.Environment)
		if err != nil {
			return nil, err
		}
		added = append(added, f)
	}
	added = append(added, File{Name: base + strings.Repeat("[0-9]", 12) + "-[a-z]*.json", Write: Remove})
	return slices.Concat(files, added), nil
}

// WithPassRole returns the files that a format made, and behind them the file of [policy.Role.PassRole]: a policy document
// for whoever passes the role on. It is for output into a folder. A symbol that the role's environment does not have is
// written as ${AWS::AccountId}.
func WithPassRole(files []File, role *policy.Role) ([]File, error) {
	name := stem(role.Family) + PassRoleEnding
	if role.PassRole.Statements == nil {
		return slices.Concat(files, []File{{Name: name, Write: Remove}}), nil
	}
	f, err := documentFile(name, role.PassRole, role.Environment)
	return slices.Concat(files, []File{f}), err
}

// documentFile returns the file of a document that somebody else uses.
func documentFile(name string, d policy.Document, environment policy.Environment) (File, error) {
	if err := checkTexts(&policy.Role{Inline: []policy.Policy{{Document: d}}}, func(string) error { return nil }); err != nil {
		return File{}, err
	}
	return File{Name: name, Data: OpenDocument(d, environment), Uses: policy.Symbols(d)}, nil
}

// OpenDocument returns a document that somebody else uses, as JSON of many lines. A symbol that the environment does not
// have is written as ${NAME}, for that person to replace.
func OpenDocument(d policy.Document, environment policy.Environment) []byte {
	var b bytes.Buffer
	w := newJSONWriter(&b, environment.Values(), jsontext.WithIndent("  "))
	w.open = true
	w.document(d)
	return b.Bytes()
}

// PassRoleEnding ends the name of the file for whoever passes the role on.
const PassRoleEnding = "-execution-pass-role.json"
