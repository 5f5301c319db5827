package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/execrole/execrole/analyze/policy"
)

// resourceType says what the attributes of a type of resources mean. Data sources of the type have them too. It is data that
// the linker lays out: a map would be made whenever the program starts.
type resourceType struct {
	kind       string
	attributes []attributeMeaning
	// name is the argument that has the name. A resource whose name is known has an ARN that is known, if there is arn.
	name string
	arn  func(name policy.Text) policy.ARN
}

// attributeMeaning is an attribute and what it means.
type attributeMeaning struct {
	name    string
	meaning policy.Meaning
	// same is the attribute that always has the same value; "" for itself.
	same string
}

// resourceTypes are the types of what a task definition can name.
//
// Source: the pages of the types, "Attribute Reference", in https://registry.terraform.io/providers/hashicorp/aws/latest/docs
var resourceTypes = [...]resourceType{
	{kind: "aws_secretsmanager_secret", name: "name", attributes: []attributeMeaning{
		{"arn", policy.MeansSecretARN, ""}, {"id", policy.MeansSecretARN, "arn"}, {"name", policy.MeansSecretName, ""}, {"kms_key_id", policy.MeansKeyARN, ""}}},
	{kind: "aws_secretsmanager_secret_version", attributes: []attributeMeaning{
		{"arn", policy.MeansSecretARN, ""}, {"secret_id", policy.MeansSecretARN, "arn"}}},
	{kind: "aws_secretsmanager_secret_rotation", attributes: []attributeMeaning{{"secret_id", policy.MeansSecretARN, ""}, {"id", policy.MeansSecretARN, "secret_id"}}},
	{kind: "aws_ssm_parameter", name: "name", attributes: []attributeMeaning{
		{"arn", policy.MeansParameterARN, ""}, {"name", policy.MeansParameterName, ""}, {"id", policy.MeansParameterName, "name"}},
		arn: func(name policy.Text) policy.ARN { return policy.LocalARN("ssm", "parameter/"+name.TrimLeft("/")) }},
	{kind: "aws_cloudwatch_log_group", name: "name", attributes: []attributeMeaning{
		{"arn", policy.MeansLogGroupARN, ""}, {"name", policy.MeansLogGroupName, ""}, {"id", policy.MeansLogGroupName, "name"}},
		arn: func(name policy.Text) policy.ARN { return policy.LocalARN("logs", "log-group:"+name) }},
	{kind: "aws_ecr_repository", name: "name", attributes: []attributeMeaning{
		{"arn", policy.MeansRepositoryARN, ""}, {"repository_url", policy.MeansRepositoryURI, ""}, {"name", policy.MeansRepositoryName, ""}, {"id", policy.MeansRepositoryName, "name"},
		{"registry_id", policy.MeansAccount, ""}},
		arn: func(name policy.Text) policy.ARN { return policy.LocalARN("ecr", "repository/"+name) }},
	{kind: "aws_s3_bucket", name: "bucket", attributes: []attributeMeaning{
		{"arn", policy.MeansBucketARN, ""}, {"bucket", policy.MeansBucketName, ""}, {"id", policy.MeansBucketName, "bucket"}},
		arn: func(name policy.Text) policy.ARN {
			return policy.ARN{Partition: policy.Of(policy.Partition), Service: "s3", Resource: name}
		}},
	{kind: "aws_s3_object", attributes: []attributeMeaning{{"key", policy.MeansText, ""}, {"id", policy.MeansText, "key"}}},
	{kind: "aws_s3_bucket_object", attributes: []attributeMeaning{{"key", policy.MeansText, ""}, {"id", policy.MeansText, "key"}}},
	{kind: "aws_kms_key", attributes: []attributeMeaning{{"arn", policy.MeansKeyARN, ""}, {"key_id", policy.MeansText, ""}, {"id", policy.MeansText, "key_id"}}},
	{kind: "aws_kms_alias", name: "name", attributes: []attributeMeaning{
		{"target_key_arn", policy.MeansKeyARN, ""}, {"arn", policy.MeansText, ""}, {"name", policy.MeansText, ""}, {"id", policy.MeansText, "name"}},
		arn: func(name policy.Text) policy.ARN { return policy.LocalARN("kms", name) }},
	{kind: "aws_iam_role", attributes: []attributeMeaning{{"arn", policy.MeansRoleARN, ""}, {"name", policy.MeansRoleName, ""}, {"id", policy.MeansRoleName, "name"}}},
	{kind: "aws_redshift_cluster", attributes: []attributeMeaning{{"master_password_secret_arn", policy.MeansSecretARN, ""}}},
	{kind: "aws_caller_identity", attributes: []attributeMeaning{{"account_id", policy.MeansAccount, ""}, {"id", policy.MeansAccount, "account_id"}}},
	{kind: "aws_region", attributes: []attributeMeaning{{"region", policy.MeansRegion, ""}, {"name", policy.MeansRegion, "region"}, {"id", policy.MeansRegion, "region"}}},
	{kind: "aws_partition", attributes: []attributeMeaning{
		{"partition", policy.MeansPartition, ""}, {"id", policy.MeansPartition, "partition"}, {"dns_suffix", policy.MeansDomain, ""}}},
}

// deepMeanings are attributes inside of others.
var deepMeanings = [...]struct {
	resource, path string
	meaning        policy.Meaning
}{
	{"aws_db_instance.", ".master_user_secret[0].secret_arn", policy.MeansSecretARN},
	{"aws_rds_cluster.", ".master_user_secret[0].secret_arn", policy.MeansSecretARN},
	{"aws_docdb_cluster.", ".master_user_secret[0].secret_arn", policy.MeansSecretARN},
}

// outputMeanings are outputs of well-known modules, by a part of the module's source.
//
// Source: the pages of the modules in https://registry.terraform.io/namespaces/terraform-aws-modules
var outputMeanings = [...]struct {
	source, output string
	meaning        policy.Meaning
}{
	{"terraform-aws-modules/secrets-manager/aws", "secret_arn", policy.MeansSecretARN},
	{"terraform-aws-modules/secrets-manager/aws", "secret_id", policy.MeansSecretARN},
	{"terraform-aws-modules/ssm-parameter/aws", "ssm_parameter_arn", policy.MeansParameterARN},
	{"terraform-aws-modules/ssm-parameter/aws", "ssm_parameter_name", policy.MeansParameterName},
	{"terraform-aws-modules/ecr/aws", "repository_url", policy.MeansRepositoryURI},
	{"terraform-aws-modules/ecr/aws", "repository_arn", policy.MeansRepositoryARN},
	{"terraform-aws-modules/cloudwatch/aws//modules/log-group", "cloudwatch_log_group_name", policy.MeansLogGroupName},
	{"terraform-aws-modules/cloudwatch/aws//modules/log-group", "cloudwatch_log_group_arn", policy.MeansLogGroupARN},
	{"terraform-aws-modules/s3-bucket/aws", "s3_bucket_arn", policy.MeansBucketARN},
	{"terraform-aws-modules/s3-bucket/aws", "s3_bucket_id", policy.MeansBucketName},
	{"terraform-aws-modules/kms/aws", "key_arn", policy.MeansKeyARN},
	{"terraform-aws-modules/rds/aws", "db_instance_master_user_secret_arn", policy.MeansSecretARN},
	{"terraform-aws-modules/rds-aurora/aws", "cluster_master_user_secret[0].secret_arn", policy.MeansSecretARN},
	{"terraform-aws-modules/iam/aws//modules/iam-assumable-role", "iam_role_arn", policy.MeansRoleARN},
}

// meaningOfOutput returns what an output of a module of somebody else means.
func (c *context) meaningOfOutput(call *hclsyntax.Block, name string) policy.Meaning {
	source, _ := c.moduleSource(call)
	for _, m := range outputMeanings {
		if m.output == name && strings.Contains(registrySource(source), m.source) {
			return m.meaning
		}
	}
	return policy.MeansUnknown
}

// typeOf returns what is known of a type of resources.
func typeOf(kind string) resourceType {
	for _, t := range resourceTypes {
		if t.kind == kind {
			return t
		}
	}
	return resourceType{}
}

// attribute returns what an attribute means; nil if that is unknown.
func (t *resourceType) attribute(name string) *attributeMeaning {
	for i := range t.attributes {
		if t.attributes[i].name == name {
			return &t.attributes[i]
		}
	}
	return nil
}

// ofReference returns an attribute of a resource, or an output of a module. Of several instances, each can be meant.
func (c *context) ofReference(v *value, name string, r hcl.Range) *value {
	if !v.of.single && v.of.instances != nil && v.of.instances[0].key != "" {
		if all := v.elements(); all.kind == object {
			if m := all.member(policy.Text(name)); m != nil {
				return m // x.name means x["name"]
			}
		}
		if !v.of.counted || len(v.of.instances) > 1 {
			c.fail(r, "%s has several instances: one has to be chosen", strings.Join(v.of.instances[0].block.Labels, "."))
			return made(null, c.placeOf(r))
		}
	}
	if len(v.of.instances) == 0 {
		return made(null, c.placeOf(r))
	}
	i := v.of.instances[0]
	of := &context{scope: i.scope, instance: i}
	if i.block.Type == "module" {
		if v := of.known(i, name, r); v != nil {
			return v
		}
		return of.output(i, name, r)
	}
	return of.resourceAttribute(i, name, r)
}

// resourceAttribute returns an attribute of a resource: its argument, as far as that is known, or a symbol with a meaning.
func (c *context) resourceAttribute(i *instance, name string, r hcl.Range) *value {
	at := c.placeOf(r)
	b := i.block
	t := typeOf(b.Labels[0])
	if t.kind == "aws_s3_bucket_object" || t.kind == "aws_s3_object" {
		if v := c.objectARN(i, name, r); v != nil {
			return v
		}
	}
	if b.Labels[0] == "template_file" && b.Type == "data" && name == "rendered" {
		return c.templateFile(i, r)
	}
	if b.Labels[0] == policyDocumentType && b.Type == "data" {
		if v := c.policyDocument(i, name, r); v != nil {
			return v
		}
	}
	meaning := t.attribute(name)
	if meaning != nil && meaning.same != "" {
		name = meaning.same
		meaning = t.attribute(name)
	}
	if v := c.environment(b, t.kind, name, at); v != nil {
		return v
	}
	if argument := c.argument(i, name, r); argument != nil && (meaning == nil || isFixed(argument)) {
		if argument.isScalar() {
			return argument.at(at.start, at.end)
		}
		return argument
	}
	if t.kind == "aws_secretsmanager_secret_version" && name == "arn" {
		// A value that is given to the secret is that of its version too.
		if secret := c.argument(i, "secret_id", r); secret != nil && (secret.kind == unknown || secret.kind == textual && c.flat(secret).HasPrefix("arn:")) {
			return secret.at(at.start, at.end)
		}
	}
	given := c.fixedName(i, t, r)
	info := policy.SymbolInfo{Kind: policy.Resource, Expression: i.local() + "." + name, Condition: i.exists(), Place: c.Doc.Source.Place(c.placeOf(b.DefRange()).start)}
	if b.Type == "data" {
		info.Kind = policy.Attribute
	}
	if meaning != nil {
		info.Meaning = meaning.meaning
		info.Distinct = c.isDistinct(i, t, name, info.Meaning)
	}
	switch {
	case meaning == nil:
	case given != "" && name == "arn" && t.arn != nil:
		return textAt(t.arn(given).Text(), at)
	case given != "" && name == "repository_url":
		return textAt(policy.Of(policy.AccountID)+".dkr.ecr."+policy.Of(policy.Region)+"."+policy.Of(policy.URLSuffix)+"/"+given, at)
	case name == "repository_url" || name == "key_id" || name == "name" && t.kind == "aws_ssm_parameter":
		info.ARN = policy.Whole(c.resourceAttribute(i, "arn", r).text)
	}
	c.addSame(&info, i, t, name, r)
	v := made(unknown, at)
	s, set := c.symbol(c.prefix(info.Expression), info, at.start)
	if v.text = s; set {
		v.kind = textual
	}
	return v
}

// isFixed reports whether a value is the same in every account and region, or differs in nothing but these.
func isFixed(v *value) bool {
	if !v.isScalar() || v.kind == unknown || v.encoded != nil || v.pieces != nil || v.text == "" {
		return false
	}
	return !slices.ContainsFunc(v.text.Symbols(), func(s policy.Symbol) bool {
		return s != policy.Partition && s != policy.Region && s != policy.AccountID && s != policy.URLSuffix
	})
}

// fixedName returns the name of a resource if it is known, and the resource is in the role's own account and region; ""
// otherwise.
func (c *context) fixedName(i *instance, t resourceType, r hcl.Range) policy.Text {
	for _, elsewhere := range []string{"provider", "region", "registry_id"} {
		if i.block.Body.Attributes[elsewhere] != nil {
			return ""
		}
	}
	if t.name == "" {
		return ""
	}
	if v := c.argument(i, t.name, r); v != nil && isFixed(v) {
		return v.text
	}
	return ""
}

// argument returns the value of an argument of a resource; nil where it has none.
func (c *context) argument(i *instance, name string, r hcl.Range) *value {
	a := i.block.Body.Attributes[name]
	if a == nil {
		return nil
	}
	return c.once(i.local()+"."+name, i.address()+"."+name, r, func() *value { return (&context{scope: i.scope, instance: i}).eval(a.Expr) })
}

// environment returns what a data source says of the account, the region and the partition; nil for others.
func (c *context) environment(b *hclsyntax.Block, kind, name string, at *value) *value {
	symbol := map[string]policy.Symbol{
		"aws_caller_identity.account_id": policy.AccountID, "aws_region.region": policy.Region, "aws_partition.partition": policy.Partition, "aws_partition.dns_suffix": policy.URLSuffix,
	}[kind+"."+name]
	if symbol == "" || b.Type != "data" {
		return nil
	}
	if b.Body.Attributes["provider"] != nil || b.Body.Attributes["region"] != nil || b.Body.Attributes["name"] != nil {
		if region := c.region(b); kind == "aws_region" && region != "" {
			return textAt(policy.Text(region), at)
		}
		return nil
	}
	return textAt(policy.Of(symbol), at)
}

// objectARN returns the ARN of an object in S3, of which the resource says bucket and key; nil for another attribute.
func (c *context) objectARN(i *instance, name string, r hcl.Range) *value {
	if name != "arn" {
		return nil
	}
	bucket, key := c.argument(i, "bucket", r), c.argument(i, "key", r)
	if bucket == nil || key == nil || !bucket.isScalar() || !key.isScalar() {
		return nil
	}
	arn := "arn:" + policy.Of(policy.Partition) + ":s3:::"
	return textAt(arn+c.flat(bucket)+"/"+key.text, c.placeOf(r))
}

// region returns the region of a resource: its own, or that of its provider; "" where that is unknown.
//
// Source: https://developer.hashicorp.com/terraform/language/meta-arguments/resource-provider
func (c *context) region(b *hclsyntax.Block) string {
	for _, name := range []string{"region", "name"} {
		if a := b.Body.Attributes[name]; a != nil && (name == "region" || b.Labels[0] == "aws_region") {
			return c.literalText(a.Expr)
		}
	}
	alias := ""
	if a := b.Body.Attributes["provider"]; a != nil {
		alias = strings.Trim(c.source(a.Expr.Range()), `"`)
	}
	return c.regionOfProvider(alias)
}

// regionOfProvider returns the region of a provider, by its name as aws.west; "" is the standard one.
func (c *context) regionOfProvider(name string) string {
	if name == "aws" {
		name = ""
	}
	for _, b := range c.module.providers {
		alias := ""
		if a := b.Body.Attributes["alias"]; a != nil {
			alias = "aws." + c.literalText(a.Expr)
		}
		if b.Labels[0] != "aws" || alias != name {
			continue
		}
		if a := b.Body.Attributes["region"]; a != nil {
			return c.literalText(a.Expr)
		}
		return ""
	}
	if c.caller == nil {
		return ""
	}
	if given := c.block.Body.Attributes["providers"]; given != nil {
		if all, ok := given.Expr.(*hclsyntax.ObjectConsExpr); ok {
			for _, item := range all.Items {
				inner := strings.Trim(c.source(item.KeyExpr.Range()), `"`)
				if inner == name || inner == "aws" && name == "" {
					return c.caller.regionOfProvider(strings.Trim(c.source(item.ValueExpr.Range()), `"`))
				}
			}
		}
	}
	if name != "" {
		return ""
	}
	return c.caller.regionOfProvider("")
}

// literalText returns the value of an expression that is a known string; "" for others.
func (c *context) literalText(x hclsyntax.Expression) string {
	v := (&context{scope: c.scope}).eval(x)
	if v.kind != textual || !v.isKnown() {
		return ""
	}
	return string(c.flat(v))
}
