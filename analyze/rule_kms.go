package analyze

import (
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Customer-managed keys cannot be seen in a task definition: the caller says which key encrypts what, and the
// rules of secrets, parameters and objects ask for the key's use beside their own permission. AWS's own keys
// (aws/secretsmanager, aws/ssm, aws/s3) admit everybody of the account and need nothing.

// KMSKey says that a customer-managed key encrypts something.
type KMSKey struct {
	// Ref names what is encrypted as the task definition writes it; "*" is everything that no other key names.
	Ref string
	// Key is the ARN of a key, arn:PARTITION:kms:REGION:ACCOUNT:key/ID, or of an alias, …:alias/NAME, or the
	// alias alone, for one in the role's own account and region.
	Key string
}

// useKey is a part of every rule that reads something which a key may encrypt. ECS never calls KMS itself: the
// service that keeps the thing does, in the name of the role, and needs only this action.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
var useKey = &Grant{
	Sid:     "DecryptWithKeys",
	When:    "what --kms-key names",
	Why:     "The service decrypts the value with the customer-managed key in the name of the role, and for that value alone.",
	Actions: []Action{{"kms:Decrypt", Called}},
	Agent:   "1.16.0",
	Wildcard: "IAM takes no alias for a resource: * stands for the ID of the key that has it, and the condition on " +
		"kms:ResourceAliases leaves no other.",
}

// The encryption contexts that the services give, as condition keys.
const (
	secretContext    = "kms:EncryptionContext:SecretARN"
	parameterContext = "kms:EncryptionContext:PARAMETER_ARN"
	objectContext    = "kms:EncryptionContext:aws:s3:arn"
)

// decrypt requires the keys that Options.KMSKeys give for v. The service reads it in the region, if that is
// told; context is the encryption context that the service gives, of which one value is used; like says
// that the values are patterns.
func (p *pass) decrypt(v reading, service, region, context string, values []policy.Text, like bool) {
	t, _ := v.Text()
	keys := p.keysOf(v)
	if keys == nil && service == "secretsmanager" {
		p.checkOwner(v, values[0])
	}
	for _, k := range keys {
		resource, keyRegion, alias, problem := k.resource()
		if problem != "" {
			continue // said once, by checkKeys
		}
		if region != "" && keyRegion.IsLiteral() && string(keyRegion) != region {
			p.Warnf(v, "%s is in region %s, and its key %s in %s: a key is used in its own region only", quote(t), region, k.Key, keyRegion)
		}
		operator := "StringEquals"
		if like {
			operator = "StringLike"
		}
		conditions := []policy.Condition{
			{Operator: operator, Key: context, Values: values},
			{Operator: "StringEquals", Key: "kms:ViaService", Values: []policy.Text{policy.Text(service) + "." + keyRegion + ".amazonaws.com"}},
		}
		if alias != "" {
			conditions = append(conditions, policy.Condition{Operator: "ForAnyValue:StringEquals", Key: "kms:ResourceAliases", Values: []policy.Text{policy.Text(alias)}})
		}
		match := Exact
		if alias != "" {
			match = OneOf
		}
		p.Require(useKey, resource, match, v.Ref(), conditions...)
	}
}

// keysOf returns the keys that are named for v, or, where there are none, those for everything.
func (p *pass) keysOf(v reading) (keys []KMSKey) {
	if len(p.opts.KMSKeys) == 0 {
		return nil
	}
	t := written(v)
	read, _ := v.Text()
	var all []KMSKey
	for _, k := range p.opts.KMSKeys {
		switch k.Ref {
		case string(t), string(read):
			keys = append(keys, k)
		case "*":
			all = append(all, k)
		default:
			continue
		}
		p.plan.usedKeys[k] = true
	}
	if keys == nil {
		return all
	}
	return keys
}

// written returns what the task definition writes for v.
func written(v reading) policy.Text {
	if f, ok := v.(foreign); ok {
		return f.written
	}
	t, _ := v.Text()
	return t
}

// checkOwner warns of a secret of another account for which no key is told: AWS's own key serves its own account alone,
// so that it is encrypted with another.
//
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
func (p *pass) checkOwner(v reading, secret policy.Text) {
	own := p.plan.Environment.Account
	account, _ := arnAccount(secret)
	if own == "" || !policy.IsAccount(account) || account == own {
		return
	}
	p.plan.use(policy.AccountID)
	t, _ := v.Text()
	flag := "--kms-key " + shellQuote(written(v).String()+"=KEY")
	p.find(Warning, v.Ref(), []string{flag}, "secret %s belongs to account %s, and so it is encrypted with a customer-managed key: that of AWS's own serves its own account alone; add %s", quote(t), account, flag)
}

// resource returns what a statement has to name for the key. For an alias that is every key of its region and
// account, and the alias for a condition: the ARN of an alias authorises nothing.
//
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
func (k KMSKey) resource() (resource, region policy.Text, alias, problem string) {
	name := k.Key
	base := "arn:" + policy.Of(policy.Partition) + ":kms:" + policy.Of(policy.Region) + ":" + policy.Of(policy.AccountID) + ":"
	region = policy.Of(policy.Region)
	if strings.HasPrefix(k.Key, "arn:") {
		parts := strings.SplitN(k.Key, ":", 6)
		if len(parts) < 6 || !policy.IsPartition(parts[1]) || parts[2] != "kms" || !policy.IsRegion(parts[3]) || !policy.IsAccount(parts[4]) {
			return "", "", "", "it is no ARN of a key or of an alias, arn:PARTITION:kms:REGION:ACCOUNT:key/ID"
		}
		name, region = parts[5], policy.Text(parts[3])
		base = policy.Text(strings.Join(parts[:5], ":") + ":")
	}
	id, isKey := strings.CutPrefix(name, "key/")
	alias, isAlias := strings.CutPrefix(name, "alias/")
	switch {
	case isAlias && strings.HasPrefix(alias, "aws/"):
		return "", "", "", "it is a key of AWS's own, which needs no permission"
	case isAlias && all(alias, oneOf("/_-")):
		return base + "key/*", region, name, ""
	case isKey && base.IsLiteral() && all(id, oneOf("-")):
		return base + policy.Text(name), region, "", ""
	}
	return "", "", "", "it is no ARN of a key, nor an alias: arn:PARTITION:kms:REGION:ACCOUNT:key/ID, or alias/NAME alone or in an ARN"
}

// checkKeys says which keys are malformed, and which encrypt nothing that the task definition names. It comes
// after all rules.
func (p *Plan) checkKeys(td taskdef.Value, opts *Options) {
	for _, k := range opts.KMSKeys {
		if _, _, _, problem := k.resource(); problem != "" {
			p.flag(td, "--kms-key %s=%s: %s", k.Ref, k.Key, problem)
		} else if !p.usedKeys[k] {
			p.flag(td, "--kms-key %s=%s: nothing that ECS reads is written like that in the task definition; give a secret, parameter or file as it stands there, or * for everything", k.Ref, k.Key)
		}
	}
}
