package analyze

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

var environmentFiles = &Rule{
	ID:     "environment-files",
	Title:  "Environment files in Amazon S3",
	Why:    "ECS fetches the file from S3 and puts its lines into the container's environment.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html",
	Fields: []string{"containerDefinitions[].environmentFiles[].value", "containerDefinitions[].environmentFiles[].type"},
	Grants: []*Grant{getFile, locateBucket, useKey},
	Unseen: []Unseen{{
		What:    "environment files in the overrides of RunTask, which replace those of the task definition",
		Cure:    "pass the input of RunTask too, or allow s3:GetObject on the file and s3:GetBucketLocation on its bucket",
		Actions: []string{"s3:GetObject"}, Resource: "arn:PARTITION:s3:::BUCKET/KEY",
		beside: taskdef.Run,
	}},
	check:       checkEnvironmentFiles,
	checkBeside: checkOverrides,
	judge:       judgeBucketOwners,
}

var (
	getFile = &Grant{
		Shown: fileShown,
		Sid:   "ReadObjects", Actions: []Action{{"s3:GetObject", Called}}, Agent: "1.39.0",
		thing:     "object",
		endpoints: []endpoint{{service: "s3", gateway: true, why: "The bucket of a file has to be in the endpoint's region."}},
		Wildcard:  "The object's key has characters that IAM policies cannot hold: ? stands for each of them.",
	}
	// The guide asks for it; the agent finds the bucket's region by HeadBucket, which needs no permission. The
	// agent of Fargate is not public. Source: agent/s3/factory/factory.go.
	locateBucket = &Grant{
		Sid:     "LocateBuckets",
		Why:     "AWS's guide asks for it, to find the region of the file's bucket; the agent on EC2 does without.",
		Actions: []Action{{"s3:GetBucketLocation", Documented}},
		Agent:   "1.39.0",
	}
)

// fileShown is what ECS shows where it cannot read an environment file, or where there is none and the role may not list the
// bucket.
const fileShown = "ResourceInitializationError: failed to download env files: … operation error S3: HeadObject, … 403 … Forbidden"

// maxEnvironmentFiles is how many files a container may have.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
const maxEnvironmentFiles = 10

func checkEnvironmentFiles(p *pass, td taskdef.Value) {
	for container := range td.Each("containerDefinitions") {
		n := 0
		for file := range container.Each("environmentFiles") {
			if n++; n == maxEnvironmentFiles+1 {
				p.Warnf(file, "more than %d environment files in a container: ECS allows no more", maxEnvironmentFiles)
			}
			for kind := range file.Each("type") {
				if !kind.Is("s3") {
					t, _ := kind.Text()
					p.Warnf(kind, `environment file of type %s: ECS has only "s3"`, quote(t))
				}
			}
			for v := range file.EachOrAbsent("value") {
				t, ok := v.Text()
				if !ok || t == "" {
					p.Errorf(v, "the environment file has no value: give the ARN of an object in S3")
					continue
				}
				if o, ok := p.requireObject(v, "environment file", getFile, locateBucket); ok {
					p.checkKey(v, o)
				}
			}
		}
	}
}

// checkOverrides checks the environment files of a run, which replace those of the task definition.
func checkOverrides(p *pass, added taskdef.Value) {
	for v := range added.Each("containerDefinitions", "name") {
		name, _ := v.Text()
		p.plan.beside.overrides = append(p.plan.beside.overrides, named{name, v.Ref()})
	}
	checkEnvironmentFiles(p, added)
}

// checkKey warns of keys of environment files that ECS refuses, or that name no object as they are meant.
//
// Source: agent/taskresource/envFiles/envfile.go, verifyEnvfileKeyLocal
func (p *pass) checkKey(v located, o s3Object) {
	t, _ := v.Text()
	if !o.key.HasSuffix(".env") && o.key.Behind() != "" {
		p.Warnf(v, "environment file %s does not end in .env: ECS demands it", quote(t))
	}
	key := string(o.key)
	switch inFolder := path.Join(string(o.bucket), key); {
	case inFolder == ".." || strings.HasPrefix(inFolder, "../"):
		p.Warnf(v, "environment file %s: its key leads out of the folder of the task, and agents refuse that from version 1.105.1 on", quote(t))
	case slices.Contains(strings.Split(key, "/"), ".."):
		p.Warnf(v, "environment file %s: S3 takes \"..\" for a part of the key, and does not go up to the folder above", quote(t))
	}
}

// s3Object is an object in S3, by its key in a bucket.
type s3Object struct {
	bucketARN   policy.ARN
	bucket, key policy.Text
}

// requireObject requires an object in S3, by its ARN as ECS wants it, or by the URL that people write there.
// Locate is the grant to find the bucket's region, or nil. If the object is unknown, it is not ok.
func (p *pass) requireObject(v located, what string, get, locate *Grant) (o s3Object, ok bool) {
	if _, isPart := v.(derived); !isPart {
		p.mayName(v, aBucket)
	}
	if o, ok = p.cutObject(v, what); !ok {
		return o, false
	}
	key, exact := p.pattern(v, what, o.key)
	match := OneOf
	if exact {
		match = Exact
	}
	object := o.bucketARN.With(o.bucketARN.Resource + "/" + key)
	owner := p.bucketOwner(o.bucket)
	p.Require(get, object, match, v.Ref(), owner...)
	if locate != nil {
		p.Require(locate, o.bucketARN, Exact, v.Ref(), owner...)
	}
	// With bucket keys S3 gives the bucket for a context, and otherwise the object.
	p.decrypt(v, "s3", "", objectContext, []policy.ARN{object, o.bucketARN}, match == OneOf)
	return o, true
}

// cutObject finds the bucket and the key that a value names. If they are unknown, it adds a finding and is not
// ok.
func (p *pass) cutObject(v located, what string) (o s3Object, ok bool) {
	t, _ := v.Text()
	arn := policy.ARN{Partition: policy.Of(policy.Partition), Service: "s3"}
	var list []unknown
	url := func() {
		p.Warnf(v, "%s %s is a URL: ECS wants the ARN, arn:PARTITION:s3:::%s/%s", what, quote(t), o.bucket, o.key)
	}
	s, rest, symbol := t.CutSymbol()
	switch {
	case symbol && p.meaning(s) == policy.MeansBucketARN && rest.HasPrefix("/"):
		p.noteTold(v, s)
		o.bucketARN, o.bucket, o.key = policy.Whole(policy.Of(s)), policy.Of(s), rest[1:]
	case symbol:
		p.Unknown(v, what, p.beginsUnknown(t, "the ARN of a bucket with a key behind it"))
		return o, false
	case t.HasPrefix("arn:"):
		var ok bool
		if arn, list, ok = p.cutARN(v, t, what); !ok {
			return o, false
		}
		if len(list) == 0 && (arn.Service != "s3" || arn.Region != "" || arn.Account != "") {
			p.Wrong(v, what, "it is no object in a bucket, arn:PARTITION:s3:::BUCKET/KEY: ECS reads no others, nor access points")
			return o, false
		}
		o.bucket, o.key, _ = cutText(arn.Resource, '/')
	case t.HasPrefix("s3://"):
		o.bucket, o.key, _ = cutText(t[len("s3://"):], '/')
		url()
	default:
		if o.bucket, o.key, ok = cutObjectURL(t); !ok {
			if list = placeholders(t, true); len(list) > 0 {
				p.Unknown(v, what, list)
			} else {
				p.Wrong(v, what, "it is no object in S3: write arn:aws:s3:::BUCKET/KEY")
			}
			return o, false
		}
		url()
	}
	if o.bucketARN == (policy.ARN{}) {
		isBucket := func(t policy.Text) bool {
			return t.IsLiteral() && isBucket(t) || !t.IsLiteral() && p.fits(t, oneOf("._-"), policy.MeansBucketName)
		}
		if name := p.word(o.bucket, isBucket(o.bucket)); name != o.bucket && o.key == "" {
			o.bucket, o.key, _ = cutText(name, '/') // a word can mean both
		} else {
			o.bucket = name
		}
		if contrary := p.contrary(o.bucket, policy.MeansBucketName); contrary != nil {
			list = append(list, contrary...)
		} else {
			reason := "no name of a bucket (3 to 63 small letters, digits, . and -)"
			if o.key == "" {
				reason = "no bucket with a key behind it, BUCKET/KEY"
			}
			list = append(list, unless(isBucket(o.bucket), o.bucket, reason)...)
		}
		o.bucketARN = arn.With(o.bucket)
	}
	list = append(list, p.contrary(o.key)...)
	if !v.Meant() {
		list = append(list, placeholders(o.key, true)...)
	}
	if o.key == "" && len(list) == 0 {
		list = append(list, unknown{reason: "it names a bucket, and no object in it"})
	}
	if len(list) > 0 {
		p.Unknown(v, what, list)
		return o, false
	}
	return o, true
}

// pattern returns t as a policy has to have it: escaped, and with ? for each character that policies cannot have. It is
// exact if there are no such characters. Otherwise it adds a note about v, which the note calls by what.
func (p *pass) pattern(v located, what string, t policy.Text) (pattern policy.Text, exact bool) {
	pattern, beyond := escapeKey(t)
	if beyond {
		value, _ := v.Text()
		p.Notef(v, "%s %s has characters that IAM policies cannot hold: ? stands for each of them", what, quote(value))
	}
	return pattern, !beyond
}

// escapeKey returns the key of an object as a policy has to have it, and whether it has characters that policies cannot have:
// ? is written for each of them.
func escapeKey(t policy.Text) (pattern policy.Text, beyond bool) {
	pattern = t.Map(func(literal string) string {
		return strings.Map(func(r rune) rune {
			if policy.Allowed(r) {
				return r
			}
			beyond = true
			return '?'
		}, policy.Escape(literal))
	})
	return pattern, beyond
}

// BucketOwner says which account owns a bucket, so that a bucket of the same name in another account is not read.
type BucketOwner struct {
	Bucket  string // its name or its ARN; "" for all buckets
	Account string // 12 digits
}

// bucket returns the name of the bucket; "" for all buckets.
func (o BucketOwner) bucket() string {
	if arn, ok := policy.CutARN(policy.Text(o.Bucket)); ok && arn.Service == "s3" {
		return arn.Resource.String()
	}
	return o.Bucket
}

// bucketOwner returns the condition that fixes the bucket's owner, if Options.BucketOwners has it. An owner
// of the bucket itself has precedence over the one of all buckets.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
func (p *pass) bucketOwner(bucket policy.Text) []policy.Condition {
	for _, name := range []string{bucket.String(), ""} {
		for _, o := range p.opts.BucketOwners {
			if o.bucket() == name && policy.IsAccount(o.Account) {
				p.used[o] = true
				return []policy.Condition{{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: policy.Values(policy.Text(o.Account))}}
			}
		}
	}
	return nil
}

// judgeBucketOwners adds findings about owners that are malformed, and about owners of buckets that nothing is read from.
func judgeBucketOwners(j *judgement) {
	seen := map[string]bool{}
	for _, o := range j.opts.BucketOwners {
		name := strings.TrimPrefix(o.Bucket+"="+o.Account, "=")
		switch {
		case !policy.IsAccount(o.Account):
			j.misfit("--bucket-owner %s: %q is no account (12 digits)", name, o.Account)
		case seen[o.bucket()]:
			j.misfit("--bucket-owner %s: there is another owner for the same", name)
		case !j.used[o]:
			j.unused("--bucket-owner %s: ECS reads nothing from such a bucket", name)
		}
		seen[o.bucket()] = true
	}
}

// cutObjectURL takes bucket and key out of an https URL of S3, in the virtual-hosted and in the path style.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
func cutObjectURL(t policy.Text) (bucket, key policy.Text, ok bool) {
	s := t.String()
	if !t.IsLiteral() || !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return "", "", false
	}
	_, rest, _ := strings.Cut(s, "://")
	host, path, _ := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	if unescaped, err := url.PathUnescape(path); err == nil {
		path = unescaped
	}
	if strings.IndexByte(path, 0) >= 0 || !utf8.ValidString(path) {
		return "", "", false
	}
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"} {
		name, found := strings.CutSuffix(host, domain)
		if !found {
			continue
		}
		// NAME is [BUCKET.]s3, s3.REGION, s3-REGION, s3.dualstack.REGION or s3-fips.REGION; the bucket may have
		// such labels as well, so that the last one counts.
		labels := strings.Split(name, ".")
		for i, label := range slices.Backward(labels) {
			if label != "s3" && !strings.HasPrefix(label, "s3-") || len(labels)-i > 3 {
				continue
			}
			if i > 0 {
				return policy.Text(strings.Join(labels[:i], ".")), policy.Text(path), path != ""
			}
			bucket, key, _ = policy.Text(path).Cut("/")
			return bucket, key, bucket != "" && key != ""
		}
	}
	return "", "", false
}

// isBucket reports whether s can be the name of a bucket. Buckets of us-east-1 that are older than 2018 can
// have capitals and underscores. A name that has nothing else is a placeholder.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func isBucket(s policy.Text) bool {
	return len(s) >= 3 && len(s) <= 255 && all(s, oneOf("._-")) && !all(s, func(c byte) bool { return isUpper(c) || isDigit(c) && s[0] > '9' || c == '_' })
}
