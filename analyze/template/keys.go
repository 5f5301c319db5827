package template

import (
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Key says that the document encrypts something with a customer-managed key.
type Key struct {
	Refs []string    // the names of the thing, with its symbols as ${NAME}
	Key  policy.Text // the ARN of the key, its alias, or a symbol
	At   tree.Place
}

// Keys returns the keys of the secrets and buckets that the template declares, in its order.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html,
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
func (t *Template) Keys() (keys []Key) {
	for _, resource := range children(t.top.Member("Resources")) {
		name := resource.Name
		properties := resource.Member("Properties")
		kind := resource.Member("Type")
		if properties == nil || kind == nil {
			continue
		}
		switch kind.Text {
		case "AWS::SecretsManager::Secret":
			if key := properties.Member("KmsKeyId"); key != nil {
				refs := []string{t.reference(resource, name).String()}
				if secretName := properties.Member("Name"); secretName != nil {
					if text, ok := t.text(secretName); ok {
						refs = append(refs, text.String())
					}
				}
				keys = append(keys, t.key(refs, key)...)
			}
		case "AWS::S3::Bucket":
			t.Replace(properties)
			for _, rule := range children(properties.Find("/BucketEncryption/ServerSideEncryptionConfiguration", (*tree.Node).Member)) {
				if key := rule.Find("/ServerSideEncryptionByDefault/KMSMasterKeyID", (*tree.Node).Member); key != nil {
					keys = append(keys, t.key([]string{t.reference(resource, name).String(), t.attribute(resource, name, "Arn").String()}, key)...)
				}
			}
		}
	}
	return keys
}

// key returns what a property says of the key of a thing, which has these names: one for each branch.
func (t *Template) key(refs []string, key *tree.Node) (keys []Key) {
	texts, _ := t.texts(key)
	for _, text := range texts {
		if s, rest, ok := text.CutSymbol(); ok && rest == "" && t.Symbols.Lookup(s).ARN.IsWhole() && t.Symbols.Lookup(s).ARN != (policy.ARN{}) {
			text = t.Symbols.Lookup(s).ARN.Text() // Ref is the ID of a key
		}
		keys = append(keys, Key{refs, text, t.Doc.Source.Place(key.Start)})
	}
	return keys
}

// children returns the elements of a list, or those of its branches.
func children(n *tree.Node) (list []*tree.Node) {
	if n == nil {
		return nil
	}
	for branch := range n.Branches() {
		for i := range branch.Children {
			list = append(list, &branch.Children[i])
		}
	}
	return list
}
