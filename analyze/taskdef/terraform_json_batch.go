package taskdef

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/tree"
)

// A job definition of AWS Batch has its containers in strings of JSON, with the names of the API. The other attributes have
// these names in another spelling.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/batch_job_definition
var (
	jobStrings    = [...]string{"container_properties", "ecs_properties", "node_properties"}
	renamedOfJobs = map[string]string{"name": "jobDefinitionName", "arn": "jobDefinitionArn"}
	// ownOfJobs are those that Batch does not have, and that ask for no permission.
	ownOfJobs = [...]string{"id", "arn_prefix", "deregister_on_new_revision", "tags_all", "region", "timeouts"}
)

// jobDefinition takes a resource that is a job definition of AWS Batch.
func (t *terraformJSON) jobDefinition(r terraformResource) {
	if r.values == nil || r.values.Kind != tree.Object {
		t.f.fail(r.node.Start, "%s has no values", r.address)
		return
	}
	for _, attribute := range jobStrings {
		if t.isHidden(r, attribute) {
			return
		}
	}
	if isUnknown(memberOf(r.unknown, "platform_capabilities")) {
		t.f.fail(r.node.Start, "platform_capabilities of %s is unknown until apply; %s", r.address, stateKnows)
		return
	}
	region, at := t.region(r), r.values.Pointer()
	kept := r.values.Children[:0:0]
	for _, kid := range r.values.Children {
		attribute := kid.Name
		isAbsent := kid.Kind == tree.Null || kid.Kind == tree.String && kid.Text == "" || kid.Kind == tree.List && len(kid.Children) == 0
		if isAbsent || slices.Contains(ownOfJobs[:], attribute) {
			continue
		}
		if slices.Contains(jobStrings[:], attribute) && kid.Kind == tree.String && !t.embed(&kid) {
			return
		}
		if renamed, ok := renamedOfJobs[attribute]; ok {
			kid.Name = renamed
		} else {
			kid.Name = camelCase(attribute)
		}
		t.pointers[kid.ID] = at + "/" + tree.EscapePointer(attribute)
		kept = append(kept, kid)
	}
	r.values.Children = kept
	r.values.Adopt()
	before := len(t.f.parts)
	t.f.batch(r.values, t.f.form, t.pointers, r.address)
	for i := range t.f.parts[before:] {
		t.f.parts[before+i].Region = region
	}
}

// camelCase returns a name with underscores in the spelling of the API: platformCapabilities.
func camelCase(attribute string) string {
	words := strings.Split(attribute, "_")
	for i, word := range words {
		if i > 0 && word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}
