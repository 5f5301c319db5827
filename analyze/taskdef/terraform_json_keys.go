package taskdef

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
)

// findKeys finds the customer-managed keys of secrets, parameters and buckets, and the ARNs of secrets. Data sources of
// secrets have them too.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/secretsmanager_secret, ssm_parameter,
// s3_bucket and s3_bucket_server_side_encryption_configuration there
func (t *terraformJSON) findKeys(resources []terraformResource) {
	for _, r := range resources {
		if r.values == nil {
			continue
		}
		refs := []string{textOf(r.values, "arn"), textOf(r.values, "name")}
		switch {
		case r.kind == "aws_secretsmanager_secret":
			if t.f.exist == nil {
				t.f.exist = map[string]bool{}
			}
			t.f.exist[refs[0]] = refs[0] != ""
			// Nobody but the configuration sets this attribute. If a plan does not know it, there is a key.
			if isUnknown(memberOf(r.unknown, "kms_key_id")) {
				t.address, t.base = r.address, r.values.Pointer()
				t.addKey(r, refs, r.values, t.symbol(r.values, t.base+"/kms_key_id"))
			}
			t.findKey(r, refs, r.values.Member("kms_key_id"))
		case r.data:
		case r.kind == "aws_ssm_parameter":
			t.findKey(r, refs, r.values.Member("key_id"))
		case r.kind == "aws_s3_bucket_server_side_encryption_configuration":
			t.findBucketKeys(r, r.values)
		case r.kind == "aws_s3_bucket":
			for _, encryption := range children(r.values.Member("server_side_encryption_configuration")) {
				t.findBucketKeys(r, encryption)
			}
		}
	}
}

// findBucketKeys finds the keys in the rules of a bucket's encryption.
func (t *terraformJSON) findBucketKeys(r terraformResource, encryption *tree.Node) {
	for _, rule := range children(encryption.Member("rule")) {
		for _, apply := range children(rule.Member("apply_server_side_encryption_by_default")) {
			t.findKey(r, []string{textOf(r.values, "bucket")}, apply.Member("kms_master_key_id"))
		}
	}
}

// findKey takes a key as Terraform has it: an ARN, an alias, or the ID of a key in the region and the account of what it
// encrypts.
func (t *terraformJSON) findKey(r terraformResource, refs []string, key *tree.Node) {
	if key == nil || key.Kind != tree.String || key.Text == "" {
		return
	}
	name := policy.Text(key.Text)
	switch {
	case name.HasPrefix("alias/aws/") || strings.Contains(key.Text, ":alias/aws/"):
		return // AWS's own
	case !name.HasPrefix("arn:") && !name.HasPrefix("alias/"):
		arn := policy.LocalARN("kms", "key/"+name)
		if thing, ok := policy.CutARN(policy.Text(textOf(r.values, "arn"))); ok && thing.Region != "" && thing.Account != "" {
			arn.Partition, arn.Region, arn.Account = thing.Partition, thing.Region, thing.Account
		}
		name = arn.Text()
	}
	t.addKey(r, refs, key, name)
}

func (t *terraformJSON) addKey(r terraformResource, refs []string, at *tree.Node, key policy.Text) {
	refs = slices.DeleteFunc(refs, func(ref string) bool { return ref == "" })
	id := strings.Join(append(refs, string(key)), "\n")
	if len(refs) > 0 && !t.keyed[id] {
		t.keyed[id] = true
		t.f.keys = append(t.f.keys, template.Key{Refs: refs, Key: key, At: place(t.f.doc, t.f.form, at.Start)})
	}
}
