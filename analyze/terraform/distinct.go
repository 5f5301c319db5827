package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/execrole/execrole/analyze/policy"
)

// distinctMeanings are the meanings of attributes that name a thing, and no other thing.
var distinctMeanings = [...]policy.Meaning{
	policy.MeansSecretARN, policy.MeansParameterName, policy.MeansParameterARN, policy.MeansLogGroupName, policy.MeansLogGroupARN, policy.MeansRepositoryName,
	policy.MeansRepositoryARN, policy.MeansBucketName, policy.MeansBucketARN, policy.MeansKeyARN, policy.MeansRoleName, policy.MeansRoleARN,
}

// isDistinct reports whether an attribute of an instance names another thing than the same attribute of every other block or
// instance: a resource that is made, or a data source that finds something by its name.
func (c *context) isDistinct(i *instance, t resourceType, name string, meaning policy.Meaning) bool {
	b := i.block
	own := name == "arn" || name == t.name || name == "name" && t.name == ""
	if !own || t.kind == "aws_secretsmanager_secret_version" || !slices.Contains(distinctMeanings[:], meaning) || !hasKnownKeys(i.address()) {
		return false
	}
	isRepeated := b.Body.Attributes["count"] != nil || b.Body.Attributes["for_each"] != nil
	switch {
	case isRepeated && i.key == "":
		return false // it is any of the instances
	case !meaning.IsARN() && (b.Body.Attributes["provider"] != nil || b.Body.Attributes["region"] != nil):
		return false // the same name can be in several regions
	case b.Type == "resource":
		return true
	}
	found := b.Body.Attributes[t.name]
	if found == nil || isRepeated || c.literalText(found.Expr) == "" {
		return false
	}
	for _, other := range c.module.resources {
		if a := other.Body.Attributes[t.name]; other != b && other.Labels[0] == t.kind && (a == nil || c.literalText(a.Expr) == c.literalText(found.Expr) || c.literalText(a.Expr) == "") {
			return false
		}
	}
	return true
}

// hasKnownKeys reports whether the keys of the instances in an address are numbers and texts.
func hasKnownKeys(address string) bool {
	for rest := address; ; {
		_, key, ok := strings.Cut(rest, "[")
		if !ok {
			return true
		}
		if key == "" || key[0] != '"' && (key[0] < '0' || key[0] > '9') {
			return false
		}
		rest = key
	}
}

// addSame adds to what is known of an attribute what always has the same value, or the ARN of which its name is a part.
// Of a secret with a name, it adds what its ARN is like.
func (c *context) addSame(info *policy.SymbolInfo, i *instance, t resourceType, name string, r hcl.Range) {
	if secretName := i.block.Body.Attributes["name"]; name == "arn" && t.kind == "aws_secretsmanager_secret" && secretName != nil {
		if literal := c.literalText(secretName.Expr); literal != "" && i.block.Body.Attributes["provider"] == nil && i.block.Body.Attributes["region"] == nil {
			info.Like = policy.LocalARN("secretsmanager", "secret:"+policy.Text(literal)+"-??????").Text()
		}
	}
	if !c.opts.Follow || t.name == "" || i.block.Body.Attributes["provider"] != nil || i.block.Body.Attributes["region"] != nil {
		return
	}
	switch {
	case name == t.name && i.block.Body.Attributes[t.name] != nil:
		problems := len(c.problems)
		if v := c.argument(i, t.name, r); v != nil && v.isScalar() && len(c.problems) == problems {
			info.Same = c.flat(v)
		}
	case name == "arn" && (t.kind == "aws_cloudwatch_log_group" || t.kind == "aws_s3_bucket"):
		if v := c.resourceAttribute(i, t.name, r); v.isScalar() {
			info.ARN = t.arn(c.flat(v))
		}
	}
}
