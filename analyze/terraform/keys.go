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

// Keys returns the keys of the secrets, parameters and buckets that the modules declare, with those that have none.
//
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/secretsmanager_secret, ssm_parameter,
// s3_bucket and s3_bucket_server_side_encryption_configuration there
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
			argument := map[string]string{"aws_secretsmanager_secret": "kms_key_id", "aws_ssm_parameter": "key_id", "aws_s3_bucket_server_side_encryption_configuration": "rule"}[b.Labels[0]]
			if argument == "" || b.Type == "data" {
				continue
			}
			for _, i := range c.instances(b).instances {
				keys = append(keys, (&context{scope: s, instance: i}).keysOf(i, argument)...)
			}
		}
	}
	p.problems = problems
	return keys
}

// keysOf returns the keys of an instance of a resource.
func (c *context) keysOf(i *instance, argument string) (keys []Key) {
	r := i.block.DefRange()
	if argument == "rule" {
		return c.keysOfBucket(i, r)
	}
	refs := c.refs(i, []string{"arn", "name"}, r)
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
