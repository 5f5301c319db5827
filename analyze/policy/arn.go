package policy

// ARN is an Amazon Resource Name, cut at its first five colons. Every field can hold symbols. Where only the whole is
// known, such as "*" or the symbol of an ARN, it is in Resource, and the other fields are empty: see [Whole].
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
type ARN struct {
	Partition, Service, Region, Account, Resource Text
}

// LocalARN returns the ARN of something in the role's own partition, region and account.
func LocalARN(service, resource Text) ARN {
	return ARN{Of(Partition), service, Of(Region), Of(AccountID), resource}
}

// Whole returns an ARN that cannot be cut: "*", or a text that begins with the symbol of an ARN.
func Whole(t Text) ARN { return ARN{Resource: t} }

// IsWhole reports whether the ARN has no parts: see [Whole].
func (a ARN) IsWhole() bool { return a.Service == "" }

// CutARN takes an ARN apart. It is not ok if the text does not begin with "arn:" or has fewer than six parts.
func CutARN(t Text) (ARN, bool) {
	var a ARN
	rest, ok := t.CutPrefix("arn:")
	for _, field := range []*Text{&a.Partition, &a.Service, &a.Region, &a.Account} {
		if ok {
			*field, rest, ok = rest.Cut(":")
		}
	}
	if !ok {
		return ARN{}, false
	}
	a.Resource = rest
	return a, true
}

// Text returns the ARN in one piece.
func (a ARN) Text() Text {
	if a.IsWhole() {
		return a.Resource
	}
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// With returns the ARN of another resource of the same service, region and account.
func (a ARN) With(resource Text) ARN {
	a.Resource = resource
	return a
}

// Meaning returns what an ARN names, by its service and the beginning of its resource; "" for others.
func (a ARN) Meaning() Meaning {
	for _, m := range arnMeanings {
		if name, ok := a.Resource.CutPrefix(m.resource); ok && a.Service == m.service && name != "" && (m.service != "s3" || a.Resource.Index("/") < 0) {
			return m.meaning
		}
	}
	return ""
}

// arnMeanings are the meanings of ARNs, by the service and the beginning of the resource.
var arnMeanings = [...]struct {
	service, resource Text
	meaning           Meaning
}{
	{"secretsmanager", "secret:", MeansSecretARN},
	{"ssm", "parameter/", MeansParameterARN},
	{"ecr", "repository/", MeansRepositoryARN},
	{"logs", "log-group:", MeansLogGroupARN},
	{"kms", "key/", MeansKeyARN},
	{"iam", "role/", MeansRoleARN},
	{"s3", "", MeansBucketARN},
}
