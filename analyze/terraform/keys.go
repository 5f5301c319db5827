package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// Key says what encrypts something that the modules declare.
type Key struct {
	// Refs are the names of the thing, with its symbols as ${NAME}.
	Refs []string
	// Key is the ARN of a customer-managed key, its alias, or a symbol; "" if there is none.
	Key policy.Text
	At  tree.Place
}

// keyArguments are the arguments that name the key of what a resource is or has. Secret is the attribute with the ARN of a secret
// that AWS makes for it; "" for a resource that is the thing itself.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/secretsmanager_secret, and the pages of the
// others there
var keyArguments = [...]struct{ kind, argument, secret string }{
	{"aws_secretsmanager_secret", "kms_key_id", ""},
	{"aws_ssm_parameter", "key_id", ""},
	{"aws_s3_bucket_server_side_encryption_configuration", "rule", ""},
	{"aws_db_instance", "master_user_secret_kms_key_id", "master_user_secret[0].secret_arn"},
	{"aws_rds_cluster", "master_user_secret_kms_key_id", "master_user_secret[0].secret_arn"},
	{"aws_redshift_cluster", "master_password_secret_kms_key_id", "master_password_secret_arn"},
}

// Keys returns the keys of the secrets, parameters and buckets that the modules declare, with those that have none.
func (p *Program) Keys() (keys []Key) {
	if p.root.module == nil {
		return nil
	}
	problems := p.problems // those of things that nobody reads are no problems
	scopes := []*scope{p.root}
	for _, s := range p.root.calls {
		if s != nil {
			scopes = append(scopes, s)
		}
	}
	slices.SortFunc(scopes, func(a, b *scope) int { return strings.Compare(a.address, b.address) })
	for _, s := range scopes {
		c := &context{scope: s}
		for _, b := range s.module.order {
			if b.Type == "module" || s.over {
				continue
			}
			for _, a := range keyArguments {
				if a.kind != b.Labels[0] || b.Type == "data" {
					continue
				}
				for _, i := range c.instances(b).instances {
					keys = append(keys, (&context{scope: s, instance: i}).keysOf(i, a.argument, a.secret)...)
				}
			}
		}
	}
	p.problems = problems
	return keys
}

// keysOf returns the keys of an instance of a resource: see [keyArguments].
func (c *context) keysOf(i *instance, argument, secret string) (keys []Key) {
	r := i.block.DefRange()
	if argument == "rule" {
		return c.keysOfBucket(i, r)
	}
	refs := []string{"${" + i.address() + "." + secret + "}"}
	if secret == "" {
		refs = c.refs(i, []string{"arn", "name"}, r)
	}
	place := c.Doc.Source.Place(c.placeOf(r).start)
	v := c.argument(i, argument, r)
	if v == nil {
		return []Key{{Refs: refs, At: place}}
	}
	return c.keysIn(v, refs)
}

// keysOfBucket returns the keys of the encryption of a bucket.
func (c *context) keysOfBucket(i *instance, r hcl.Range) (keys []Key) {
	bucket := c.argument(i, "bucket", r)
	if bucket == nil {
		return nil
	}
	var refs []string
	for _, b := range bucket.branches() {
		if !b.isScalar() {
			continue
		}
		name := c.flat(b)
		refs = append(refs, name.String(), "arn:"+policy.Of(policy.Partition).String()+":s3:::"+name.String())
		if s, rest, ok := name.CutSymbol(); ok && rest == "" {
			refs = append(refs, "${"+strings.TrimSuffix(string(s), ".bucket")+".arn}")
		}
	}
	for _, rule := range i.block.Body.Blocks {
		for _, standard := range rule.Body.Blocks {
			if a := standard.Body.Attributes["kms_master_key_id"]; a != nil {
				keys = append(keys, c.keysIn(c.eval(a.Expr), refs)...)
			}
		}
	}
	return keys
}

// refs returns the names that a resource can be called by: the values of these attributes.
func (c *context) refs(i *instance, attributes []string, r hcl.Range) (refs []string) {
	for _, name := range attributes {
		if v := c.resourceAttribute(i, name, r); v.isScalar() && c.flat(v) != "" {
			refs = append(refs, c.flat(v).String())
		}
	}
	return refs
}

// keysIn returns the keys that a value can be.
func (c *context) keysIn(v *value, refs []string) (keys []Key) {
	for _, branch := range v.branches() {
		key := Key{Refs: refs, At: c.Doc.Source.Place(branch.start)}
		if branch.isScalar() {
			key.Key = c.flat(branch)
			if s, rest, ok := key.Key.CutSymbol(); ok && rest == "" {
				if arn := c.Symbols.Lookup(s).ARN; arn != (policy.ARN{}) {
					key.Key = arn.Text() // the ID of a key
				}
			}
		}
		keys = append(keys, key)
	}
	return keys
}
