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

// Keys returns the keys of the secrets and buckets that the template declares, and of the secrets that its databases make, in
// its order; then those of what its values import from other templates.
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
		case "AWS::RDS::DBInstance", "AWS::RDS::DBCluster":
			t.Replace(properties)
			key := properties.Find("/MasterUserSecret/KmsKeyId", (*tree.Node).Member)
			keys = append(keys, t.masterKey(resource, "MasterUserSecret.SecretArn", key)...)
		case "AWS::DocDB::DBCluster":
			keys = append(keys, t.masterKey(resource, "MasterUserSecret.SecretArn", properties.Member("MasterUserSecretKmsKeyId"))...)
		case "AWS::Redshift::Cluster":
			keys = append(keys, t.masterKey(resource, "MasterPasswordSecretArn", properties.Member("MasterPasswordSecretKmsKeyId"))...)
		}
	}
	// An attachment is called by the secret that it is of, which can be an import.
	attached := map[string][]string{}
	for _, resource := range children(t.top.Member("Resources")) {
		if t.typeOf(resource).of != "" {
			ref := t.reference(resource, resource.Name)
			same := t.same(ref)
			attached[same.String()] = append(attached[same.String()], ref.String())
		}
	}
	keys = append(keys, t.importedKeys()...)
	for i := range keys {
		for _, ref := range keys[i].Refs {
			keys[i].Refs = append(keys[i].Refs, attached[ref]...)
		}
	}
	return keys
}

// maxSame is how many attachments of attachments are followed.
const maxSame = 10

// same returns what always has the same value as a symbol alone, such as the secret of an attachment; other texts stay.
func (t *Template) same(text policy.Text) policy.Text {
	for range maxSame {
		s, rest, ok := text.CutSymbol()
		if info := t.Symbols.Lookup(s); ok && rest == "" && info.Same != "" {
			text = info.Same
		}
	}
	return text
}

// masterKey returns the key of the secret that a database makes for its master user: the attribute is the ARN of the secret, and
// key is the property that names the key, or nil.
func (t *Template) masterKey(resource *tree.Node, attribute string, key *tree.Node) []Key {
	if key == nil {
		return nil
	}
	return t.key([]string{t.attribute(resource, resource.Name, attribute).String()}, key)
}

// key returns what a property says of the key of a thing, which has these names: one for each branch.
func (t *Template) key(refs []string, key *tree.Node) (keys []Key) {
	texts, _ := t.texts(key)
	for _, text := range texts {
		keys = append(keys, Key{refs, t.whole(t.target(text)), t.Doc.Source.Place(key.Start)})
	}
	return keys
}

// whole returns the ARN of a key in the place of its ID, which Ref is; other texts stay.
func (t *Template) whole(key policy.Text) policy.Text {
	if s, rest, ok := key.CutSymbol(); ok && rest == "" && t.Symbols.Lookup(s).ARN.IsWhole() && t.Symbols.Lookup(s).ARN != (policy.ARN{}) {
		return t.Symbols.Lookup(s).ARN.Text()
	}
	return key
}

// target returns the key behind an alias that is a resource of the template, and every other text as it is.
func (t *Template) target(text policy.Text) policy.Text {
	s, rest, ok := text.CutSymbol()
	resource := t.resources[string(s)]
	if !ok || rest != "" || resource == nil || resource.Member("Type") == nil || resource.Member("Type").Text != "AWS::KMS::Alias" {
		return text
	}
	if target := resource.Find("/Properties/TargetKeyId", (*tree.Node).Member); target != nil {
		if key, ok := t.text(target); ok {
			return key
		}
	}
	return text
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
