package template

import (
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// resourceType says what Ref and the attributes of a type of resources are.
type resourceType struct {
	ref        policy.Meaning
	attributes map[string]policy.Meaning
	// name is the property that has the name, and named returns what a name means: the value of Ref, and those of
	// attributes. A resource with a name of its own is known without a symbol.
	name string
	arn  func(name policy.Text) policy.ARN
	// of is the property that names the thing that Ref names, where the resource does not make one.
	of string
}

// distinct are the meanings of what a resource makes: no two resources have the same.
var distinct = []policy.Meaning{
	policy.MeansSecretARN, policy.MeansParameterName, policy.MeansLogGroupName, policy.MeansLogGroupARN, policy.MeansRepositoryName, policy.MeansRepositoryARN,
	policy.MeansBucketName, policy.MeansBucketARN, policy.MeansKeyARN, policy.MeansRoleName, policy.MeansRoleARN,
}

// resourceTypes are the types of what a task definition can name.
//
// Source: the pages of the types, "Return values", in
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html
var resourceTypes = sync.OnceValue(func() map[string]resourceType {
	return map[string]resourceType{
		"AWS::SecretsManager::Secret":                 {ref: policy.MeansSecretARN, attributes: map[string]policy.Meaning{"Id": policy.MeansSecretARN}},
		"AWS::SecretsManager::SecretTargetAttachment": {ref: policy.MeansSecretARN, attributes: map[string]policy.Meaning{"Id": policy.MeansSecretARN}, of: "SecretId"},
		"AWS::SecretsManager::RotationSchedule":       {ref: policy.MeansSecretARN, attributes: map[string]policy.Meaning{"Id": policy.MeansSecretARN}, of: "SecretId"},
		"AWS::SSM::Parameter":                         {ref: policy.MeansParameterName, name: "Name"},
		"AWS::Logs::LogGroup": {ref: policy.MeansLogGroupName, attributes: map[string]policy.Meaning{"Arn": policy.MeansLogGroupARN}, name: "LogGroupName",
			arn: func(name policy.Text) policy.ARN { return policy.LocalARN("logs", "log-group:"+name+":*") }},
		"AWS::ECR::Repository": {ref: policy.MeansRepositoryName, name: "RepositoryName",
			attributes: map[string]policy.Meaning{"Arn": policy.MeansRepositoryARN, "RepositoryUri": policy.MeansRepositoryURI},
			arn:        func(name policy.Text) policy.ARN { return policy.LocalARN("ecr", "repository/"+name) }},
		"AWS::S3::Bucket": {ref: policy.MeansBucketName, attributes: map[string]policy.Meaning{"Arn": policy.MeansBucketARN}, name: "BucketName",
			arn: func(name policy.Text) policy.ARN {
				return policy.ARN{Partition: policy.Of(policy.Partition), Service: "s3", Resource: name}
			}},
		"AWS::KMS::Key":              {ref: policy.MeansText, attributes: map[string]policy.Meaning{"Arn": policy.MeansKeyARN, "KeyId": policy.MeansText}},
		"AWS::KMS::ReplicaKey":       {ref: policy.MeansText, attributes: map[string]policy.Meaning{"Arn": policy.MeansKeyARN, "KeyId": policy.MeansText}},
		"AWS::KMS::Alias":            {ref: policy.MeansText, name: "AliasName"},
		"AWS::IAM::Role":             {ref: policy.MeansRoleName, attributes: map[string]policy.Meaning{"Arn": policy.MeansRoleARN, "RoleId": policy.MeansText}},
		"AWS::RDS::DBInstance":       {ref: policy.MeansText, attributes: map[string]policy.Meaning{"MasterUserSecret.SecretArn": policy.MeansSecretARN}},
		"AWS::RDS::DBCluster":        {ref: policy.MeansText, attributes: map[string]policy.Meaning{"MasterUserSecret.SecretArn": policy.MeansSecretARN}},
		"AWS::Redshift::Cluster":     {ref: policy.MeansText, attributes: map[string]policy.Meaning{"MasterPasswordSecretArn": policy.MeansSecretARN}},
		"AWS::DocDB::DBCluster":      {ref: policy.MeansText, attributes: map[string]policy.Meaning{"MasterUserSecret.SecretArn": policy.MeansSecretARN}},
		"AWS::ECS::Cluster":          {ref: policy.MeansText},
		"AWS::EFS::FileSystem":       {ref: policy.MeansText},
		"AWS::EFS::AccessPoint":      {ref: policy.MeansText},
		"AWS::DynamoDB::Table":       {ref: policy.MeansText},
		"AWS::CloudFormation::Stack": {ref: policy.MeansText},
	}
})

// pseudoMeanings are the pseudo parameters besides those of the role's environment. They have other values in the stack of
// another template.
var pseudoMeanings = map[string]policy.Meaning{
	"AWS::StackName": policy.MeansText, "AWS::StackId": policy.MeansText, "AWS::NotificationARNs": policy.MeansUnknown,
}

// reference returns what a name refers to: a pseudo parameter, a parameter or a resource.
func (t *Template) reference(n *tree.Node, name string) policy.Text {
	switch s := policy.Symbol(name); s {
	case policy.Partition, policy.Region, policy.AccountID, policy.URLSuffix:
		return policy.Of(s)
	}
	expression := "!Ref " + name
	if meaning, ok := pseudoMeanings[name]; ok {
		return t.symbol(name, policy.SymbolInfo{Kind: policy.Variable, Meaning: meaning, Expression: expression}, n)
	}
	if input := t.inputs[name]; input != nil {
		return t.input(input, name)
	}
	resource := t.resources[name]
	if resource == nil {
		return t.symbol(name, policy.SymbolInfo{Kind: policy.Resource, Expression: expression}, n)
	}
	kind := t.typeOf(resource)
	if text, ok := t.nameOf(resource, kind); ok {
		return text
	}
	info := policy.SymbolInfo{Kind: policy.Resource, Meaning: kind.ref, Expression: expression}
	switch {
	case kind.attributes["Arn"] == policy.MeansKeyARN:
		info.ARN = policy.Whole(t.attribute(n, name, "Arn"))
	case kind.ref == policy.MeansSecretARN && kind.of == "":
		info.Like = t.likeSecret(resource)
	case kind.ref == policy.MeansParameterName:
		info.ARN = t.parameterARN(resource, kind, policy.Of(policy.Symbol(name)))
	}
	return t.symbol(name, info, resource)
}

// parameterARN returns the ARN of a parameter of that name, if the resource says whether the name begins with a slash.
// CloudFormation makes a name without one.
//
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html, "Return
// values"
func (t *Template) parameterARN(resource *tree.Node, kind resourceType, name policy.Text) policy.ARN {
	written, ok := t.writtenName(resource, kind)
	_, _, open := written.CutSymbol()
	switch {
	case !ok || open:
		return policy.ARN{}
	case !written.HasPrefix("/"):
		name = "/" + name
	}
	return policy.LocalARN("ssm", "parameter"+name)
}

// input returns a parameter of the template. The value of one that is read from Parameter Store, or that is not shown, is
// unknown, whatever its default is.
func (t *Template) input(n *tree.Node, name string) policy.Text {
	info := policy.SymbolInfo{Kind: policy.Parameter, Meaning: policy.MeansText, Expression: "!Ref " + name}
	text := func(member string) string {
		if m := n.Member(member); m != nil {
			return m.Text
		}
		return ""
	}
	kind := text("Type")
	if kind == "String" || kind == "Number" {
		if text("NoEcho") != "true" {
			info.Default = text("Default")
		}
	} else {
		info.Meaning = policy.MeansUnknown
	}
	return t.symbol(name, info, n)
}

// attribute returns an attribute of a resource.
func (t *Template) attribute(n *tree.Node, name, attribute string) policy.Text {
	info := policy.SymbolInfo{Kind: policy.Attribute, Expression: "!GetAtt " + name + "." + attribute}
	resource := t.resources[name]
	if resource == nil {
		return t.symbol(name+"."+attribute, info, n)
	}
	kind := t.typeOf(resource)
	info.Meaning = kind.attributes[attribute]
	switch {
	case info.Meaning != "" && info.Meaning == kind.ref && kind.ref != policy.MeansText:
		return t.reference(n, name) // the same value
	case info.Meaning == policy.MeansText && kind.attributes["Arn"] == policy.MeansKeyARN:
		return t.reference(n, name)
	}
	switch {
	case info.Meaning == policy.MeansKeyARN && t.set[name] == "":
		info.Like = policy.LocalARN("kms", "key/"+policy.Of(policy.Symbol(name))).Text() // Ref is the ID
	case strings.HasPrefix(attribute, "MasterUserSecret."):
		info.Like = policy.LocalARN("secretsmanager", "secret:rds!*").Text()
	}
	given, named := t.nameOf(resource, kind)
	if kind.arn != nil && info.Meaning != "" {
		reference := given
		if !named {
			reference = t.symbol(name, policy.SymbolInfo{Kind: policy.Resource, Meaning: kind.ref, Expression: "!Ref " + name}, resource)
		}
		info.ARN = kind.arn(reference)
		switch {
		case !named:
		case info.Meaning == policy.MeansRepositoryURI:
			return policy.Of(policy.AccountID) + ".dkr.ecr." + policy.Of(policy.Region) + "." + policy.Of(policy.URLSuffix) + "/" + given
		case attribute == "Arn":
			return info.ARN.Text()
		}
	}
	return t.symbol(name+"."+attribute, info, n)
}

// likeSecret returns a pattern for the ARN of a secret: its name, with the random suffix as wildcards. It returns "" if the resource
// gives no name that can be known, since CloudFormation then makes one.
func (t *Template) likeSecret(resource *tree.Node) policy.Text {
	properties := resource.Member("Properties")
	if properties == nil || properties.Member("Name") == nil || t.state[properties.Member("Name")] == working {
		return ""
	}
	name, ok := t.text(properties.Member("Name"))
	// A dynamic reference, {{resolve:ssm:NAME}}, is unknown. No secret has a wildcard in its name.
	if written := name.String(); !ok || written == "" || strings.Contains(written, "{{") || strings.ContainsAny(written, "*?") {
		return ""
	}
	return policy.LocalARN("secretsmanager", "secret:"+name+"-??????").Text()
}

// typeOf returns what is known of a resource's type.
func (t *Template) typeOf(resource *tree.Node) resourceType {
	if kind := resource.Member("Type"); kind != nil {
		return resourceTypes()[kind.Text]
	}
	return resourceType{}
}

// nameOf returns the name that a resource has by its properties, if that is the same in every stack of the template.
func (t *Template) nameOf(resource *tree.Node, kind resourceType) (policy.Text, bool) {
	text, ok := t.writtenName(resource, kind)
	if !ok || text == "" || strings.Contains(text.String(), "{{") {
		return "", false
	}
	for _, s := range text.Symbols() {
		switch s {
		case policy.Partition, policy.Region, policy.AccountID, policy.URLSuffix:
		default:
			return "", false
		}
	}
	return text, true
}

// writtenName returns the name in the properties of a resource; "" if CloudFormation makes one. It is not ok if the name is
// several texts or none.
func (t *Template) writtenName(resource *tree.Node, kind resourceType) (text policy.Text, ok bool) {
	if kind.name == "" {
		return "", false
	}
	properties := resource.Member("Properties")
	if properties == nil {
		return "", true
	}
	name := properties.Member(kind.name)
	switch {
	case name == nil:
		// A macro can add one.
		return "", properties.Member("Fn::Transform") == nil
	case t.state[name] == working:
		return "", false
	}
	return t.text(name)
}
