package emit

import (
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/execrole/execrole/analyze/policy"
)

// The limits of a template.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const (
	maxResources  = 500
	maxParameters = 200
	maxOutputs    = 200
)

// maxRoles is how many roles a template has at most: each has two outputs, its name and its ARN.
const maxRoles = maxOutputs / 2

func combineCloudFormation(roles []*policy.Role, opts Options) (File, error) {
	template, err := cfnCombined(roles, nil)
	if err != nil {
		return File{}, fmt.Errorf("format cloudformation: %w", err)
	}
	return File{Name: "execution-roles.yaml", Data: cfnYAML(template, opts)}, nil
}

// cfnCombined returns a template with several roles. Each has a logical ID of its own, which does not depend on the other
// roles: a role that came to another ID would be replaced. With noted, it has in Metadata what the comments would say.
func cfnCombined(roles []*policy.Role, noted *Options) (*node, error) {
	ids := make([]string, len(roles))
	for i, role := range roles {
		if ids[i] = cfnIDOf(role.Family); slices.Contains(ids[:i], ids[i]) {
			return nil, fmt.Errorf("two roles of the family %q would have the logical ID %s", role.Family, ids[i])
		}
	}
	names := cfnNamesOf(ids, roles...)
	var resources, outputs []pair
	for i, role := range roles {
		r, o, err := cfnResources(role, ids[i], names.writer(role), noted != nil)
		if err != nil {
			return nil, err
		}
		resources, outputs = append(resources, r...), append(outputs, o...)
	}
	for _, section := range []struct {
		what  string
		count int
		most  int
	}{{"resources", len(resources), maxResources}, {"parameters", len(names.parameters), maxParameters}, {"outputs", len(outputs), maxOutputs}} {
		if section.count > section.most {
			return nil, fmt.Errorf("a template of %d roles has %d %s, and CloudFormation takes %d: use -o DIR/, which writes a template for each",
				len(roles), section.count, section.what, section.most)
		}
	}
	header := ""
	if noted != nil {
		header = headerComment(*noted)
	}
	return cfnFrame("Task execution roles", header, names.sections(resources, outputs)...)
}

// maxID leaves room in the 255 characters that a logical ID can have.
const maxID = 128

// plainFamily matches the families of which camel makes different names: capitals show where the hyphens were.
var plainFamily = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$`) })

// cfnIDOf returns the logical ID of a family's role among other roles: WebTaskExecutionRole. Where the words of the family
// could be those of another, a hash of the family follows them.
func cfnIDOf(family string) string {
	if family == "" {
		return cfnRoleID
	}
	name := camel(wordsOf(family))
	if cut := name[:min(len(name), maxID)]; cut != name || !plainFamily().MatchString(family) {
		name = cut + hash(family)
	}
	return name + cfnRoleID
}

// Stem returns the beginning of the names of a family's files: the family, without characters that mean something to a
// file system or a shell. It is for callers that write files of their own beside those of a format.
func Stem(family string) string { return stem(family) }
