package diagnose

import (
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Fill puts words into the names in braces of a sentence about a cause of an answer, such as [Explanation].Means in another language. The
// function word translates what the English sentence would have there.
func Fill(a *Answer, c Cause, sentence string, word func(english string) string) string {
	words := a.wordsFor(c)
	return upperFirst(fill(sentence, func(name string) string { return word(words(name)) }))
}

// Sentence says in one sentence that a cause is the one.
func (a *Answer) Sentence(c Cause) string {
	text := Explain(c).Means
	if a.Shape.Means != "" && len(a.Shape.Causes) > 0 && c == a.Shape.Causes[0] {
		text = a.Shape.Means
	}
	return upperFirst(fill(text, a.wordsFor(c)))
}

// wordsFor returns what is in a sentence about a cause in the place of a name. The message can say whether the policy that is
// the cause denies it, or does not allow it.
func (a *Answer) wordsFor(c Cause) func(name string) string {
	said := a.Facts.blames(c)
	return func(name string) string {
		switch {
		case name == "refuses" && said && a.Facts.Explicit:
			return "denies " + a.words("action") + " on " + a.words("resource")
		case name == "refuses" && said:
			return "does not allow " + a.words("action") + " on " + a.words("resource")
		case name == "refuses":
			return "denies " + a.words("action") + " on " + a.words("resource") + ", or does not allow it"
		case name == "allow" && said && a.Facts.Explicit:
			return "take it out of the statement that denies it"
		case name == "allow":
			return "allow it"
		}
		return a.words(name)
	}
}

// blames reports whether the message names the kind of policy that a cause is.
func (f *Facts) blames(c Cause) bool {
	if f.Policy == "" {
		return false
	}
	m := match{facts: f}
	_, causes := m.byPolicy()
	return causes[0] == c
}

// Cure says how a cause is cured.
func (a *Answer) Cure(c Cause) string {
	text := Explain(c).Cure
	if a.Shape.Cure != "" && len(a.Shape.Causes) > 0 && c == a.Shape.Causes[0] {
		text = a.Shape.Cure
	}
	if c == RoleLacks && a.Messages != nil && a.Add == nil {
		text = "Allow it in a policy of the role." // there is no statement to paste
	}
	text = upperFirst(fill(text, a.wordsFor(c)))
	if a.Facts.PolicyARN != "" && a.Facts.blames(c) {
		text += " The policy is " + a.Facts.PolicyARN + "."
	}
	return text
}

// Settle returns the command that settles whether a cause is the one, quoted for a shell. Words in capitals are for the
// reader to replace. It is "" where no command settles it.
func (a *Answer) Settle(c Cause) string {
	text := Explain(c).Settle
	if a.Shape.Settle != "" && len(a.Shape.Causes) > 0 && c == a.Shape.Causes[0] {
		text = a.Shape.Settle
	}
	command := fill(text, func(name string) string {
		if c, ok := a.command(name); ok {
			return c
		}
		return "{" + name + "}"
	})
	return fill(command, func(name string) string {
		value := a.value(name)
		if value == "" {
			return strings.ToUpper(name)
		}
		return analyze.ShellQuote(value)
	})
}

// fill replaces the names in braces. What is in the place of a name is not looked at again.
func fill(text string, value func(name string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		switch {
		case !found:
			return b.String()
		case !closed || !all(name, func(c byte) bool { return c >= 'a' && c <= 'z' }):
			b.WriteByte('{')
			text = rest
		default:
			b.WriteString(value(name))
			text = after
		}
	}
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' || strings.HasPrefix(s, "arn:") {
		return s
	}
	return string(s[0]+'A'-'a') + s[1:]
}

// words returns what is in a sentence in the place of a name.
func (a *Answer) words(name string) string {
	f := &a.Facts
	or := func(value, words string) string { // marks a value that is cut off
		if value != "" && value == f.cut() {
			return value + "…"
		}
		return firstOf(value, words)
	}
	switch name {
	case "role":
		if f.Role != "" {
			return "the role " + f.Role
		}
		return "the task execution role"
	case "principal":
		return or(f.Principal, "whoever called ECS")
	case "passed":
		if f.Action == "iam:PassRole" && f.Resource != "" {
			return "the role " + f.Resource
		}
		return a.words("role")
	case "action":
		return or(f.Action, "the action")
	case "resource":
		switch {
		case f.Resource != "" && f.Action != decrypt:
			return or(f.Resource, "")
		case f.Action == decrypt && strings.Contains(f.Resource, ":kms:"):
			return f.Resource
		case f.Action == decrypt && f.Secret != "":
			return "the key of " + or(f.Secret, "")
		case f.Action == decrypt:
			return "the customer-managed key"
		case f.File != "":
			return f.File
		}
		return or(f.Secret, or(f.Image, "what the task needs"))
	case "secret":
		return or(f.Resource, or(f.Secret, "that the task definition names"))
	case "encrypted":
		return or(f.Secret, or(f.Parameter, or(f.File, "what the task reads")))
	case "object":
		return or(f.Resource, or(f.File, "that the task definition names"))
	case "owner":
		return or(a.value("owner"), "that it belongs to")
	case "key":
		return or(f.Key, "of that name")
	case "parameterdoes":
		if names := strings.Split(f.Parameter, ","); len(names) > 1 {
			return "The parameters " + strings.Join(names, ", ") + " do"
		}
		return "The parameter " + or(f.Parameter, "that the task definition names") + " does"
	case "missing":
		return or(f.Resource, "what the call names")
	case "group":
		return or(f.Group, "that the task definition names")
	case "image":
		return or(f.Image, "that the task definition names")
	case "service":
		if f.Service == "" && f.Action == "" && f.pull {
			return "the registry of the image"
		}
		return or(f.Service, serviceWords(f.Action))
	case "endpoint":
		return or(a.value("endpoint"), "the service")
	case "region":
		return or(a.value("region"), "REGION")
	}
	return or(a.value(name), strings.ToUpper(name))
}

// serviceWords returns the name of a service by an action.
func serviceWords(action string) string {
	prefix, _, _ := strings.Cut(action, ":")
	if words, ok := map[string]string{
		"ecr": "Amazon ECR", "secretsmanager": "AWS Secrets Manager", "ssm": "AWS Systems Manager Parameter Store", "logs": "Amazon CloudWatch Logs",
		"s3": "Amazon S3", "fsx": "Amazon FSx", "kms": "AWS KMS",
	}[prefix]; ok {
		return words
	}
	return "the service that it calls"
}

// value returns what is known under a name; "" for nothing.
func (a *Answer) value(name string) string {
	f := &a.Facts
	arn, _ := policy.CutARN(policy.Text(f.Resource))
	if f.isCut(name) {
		return "" // a part of a name is of no use in a command
	}
	switch name {
	case "targetgroup":
		return a.targetGroup()
	case "role":
		return f.Role
	case "rolearn":
		return f.RoleARN
	case "principal":
		return f.Principal
	case "asker": // as IAM's commands take it
		if strings.Contains(f.Principal, ":assumed-role/") {
			return f.RoleARN
		}
		return f.Principal
	case "passed":
		if f.Action == "iam:PassRole" {
			return f.Resource
		}
		return f.RoleARN
	case "action":
		return f.Action
	case "resource":
		return f.Resource
	case "secret":
		return f.Secret
	case "parameter":
		return f.Parameter
	case "group":
		return f.Group
	case "bucket":
		return f.Bucket
	case "file":
		return f.File
	case "key":
		return f.Key
	case "image":
		return f.Image
	case "region":
		return firstOf(string(arn.Region), a.Environment.Region)
	case "account":
		return firstOf(f.Account, a.Environment.Account)
	case "owner":
		return string(arn.Account)
	case "repository":
		return strings.TrimPrefix(string(arn.Resource), "repository/")
	case "endpoint":
		return endpointOf(f.Action)
	case "tag":
		return imageTag(f.Image)
	}
	for _, m := range a.Messages {
		if v := map[string]string{"definition": m.Definition, "cluster": m.Cluster, "instance": m.Instance, "subnet": m.Subnet, "task": m.Task}[name]; v != "" {
			return v
		}
	}
	return ""
}

// isCut reports whether the value of a name is perhaps only the beginning of what the message had: its end is cut off.
func (f *Facts) isCut(name string) bool {
	cut := f.cut()
	switch name {
	case "resource", "secret", "repository":
		return cut != "" && (cut == f.Resource || cut == f.Image)
	case "image", "tag":
		return cut != "" && cut == f.Image
	}
	return false
}

// endpointOf returns the end of the name of the VPC endpoint through which an action is called, such as "ecr.api".
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
func endpointOf(action string) string {
	service, _, _ := strings.Cut(action, ":")
	switch {
	case service != "ecr":
		return service
	case action == getToken:
		return "ecr.api"
	}
	return "ecr.dkr"
}

// targetGroup returns the ARN of the target group that a message names; "" if none does.
func (a *Answer) targetGroup() string {
	for _, m := range a.Messages {
		for word := range strings.FieldsFuncSeq(m.Text, func(r rune) bool { return strings.ContainsRune(" \n()[]'\"", r) }) {
			word = strings.TrimRight(word, ".,")
			if arn, ok := policy.CutARN(policy.Text(word)); ok && arn.Service == "elasticloadbalancing" && arn.Resource.HasPrefix("targetgroup/") && strings.Count(word, "/") == 2 {
				return word
			}
		}
	}
	return ""
}

// imageTag returns the tag of an image, or its digest, as describe-images takes it.
func imageTag(image string) string {
	if _, digest, ok := strings.Cut(image, "@"); ok {
		return "imageDigest=" + digest
	}
	name := image[strings.LastIndexByte(image, '/')+1:]
	if _, tag, ok := strings.Cut(name, ":"); ok {
		return "imageTag=" + tag
	}
	return "imageTag=latest"
}

// command returns a command that depends on what the message is about.
func (a *Answer) command(name string) (string, bool) {
	f := &a.Facts
	service, _, _ := strings.Cut(f.Action, ":")
	isRepository := strings.Contains(f.Resource, ":repository/")
	switch name {
	case "showpolicy":
		switch {
		case service == "secretsmanager":
			return "aws secretsmanager get-resource-policy --region {region} --secret-id {resource}", true
		case isRepository:
			return "aws ecr get-repository-policy --region {region} --registry-id {owner} --repository-name {repository}", true
		case service == "s3":
			return "aws s3api get-bucket-policy --bucket {bucket}", true
		}
		return "", true
	case "showkey":
		switch {
		case strings.Contains(f.Resource, ":kms:"):
			return "aws kms get-key-policy --region {region} --key-id {resource} --policy-name default", true
		case service == "s3" || f.Bucket != "":
			return "aws s3api head-object --bucket {bucket} --key {file} --query SSEKMSKeyId", true
		case f.Parameter != "" || a.Shape.Action == getParam || a.Shape.ID == "key-parameter":
			return "aws ssm describe-parameters --region {region} --parameter-filters Key=Name,Values={parameter} --query 'Parameters[].KeyId'", true
		}
		return "aws secretsmanager describe-secret --region {region} --secret-id {secret} --query KmsKeyId", true
	case "showimage":
		if isRepository {
			return "aws ecr describe-images --region {region} --registry-id {owner} --repository-name {repository} --image-ids {tag}", true
		}
		return "docker manifest inspect {image}", true
	case "showroutes":
		return "aws ec2 describe-route-tables --region {region} --filters Name=association.subnet-id,Values={subnet}", true
	}
	return "", false
}
