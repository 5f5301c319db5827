package analyze

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

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
		What: "environment files in the overrides of RunTask, which replace those of the task definition",
		Cure: "allow s3:GetObject on the file and s3:GetBucketLocation on its bucket",
	}},
	check: checkEnvironmentFiles,
}

var (
	getFile = &Grant{
		Sid: "ReadObjects", Actions: []Action{{"s3:GetObject", Called}}, Agent: "1.39.0",
		Wildcard: "The object's key has characters that IAM policies cannot hold: ? stands for each of them.",
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
				if t, _ := kind.Text(); t != policy.Text(types.EnvironmentFileTypeS3) {
					p.Warnf(kind, "environment file of type %s: ECS has only %q", quote(t), types.EnvironmentFileTypeS3)
				}
			}
			for v := range file.EachOrAbsent("value") {
				t, ok := v.Text()
				if !ok || t == "" {
					p.Errorf(v, "the environment file has no value: give the ARN of an object in S3")
					continue
				}
				path := string(t)
				if strings.HasPrefix(path, "http") {
					path, _, _ = strings.Cut(path, "?")
				}
				if p.requireObject(v, "environment file", getFile, locateBucket) && !strings.HasSuffix(path, ".env") {
					p.Warnf(v, "environment file %s does not end in .env: ECS demands it", quote(t))
				}
			}
		}
	}
}

// requireObject requires an object in S3, by its ARN as ECS wants it, or by the URL that people put there.
// Locate is the grant to find the bucket's region, or nil. It reports whether the object is known.
func (p *pass) requireObject(v reading, what string, get, locate *Grant) bool {
	t, _ := v.Text()
	s := string(t)
	partition, bucket, key := policy.Of(policy.Partition), "", ""
	var gaps []gap
	switch {
	case strings.HasPrefix(s, "arn:"):
		a, arnGaps, ok := p.cutARN(v, s, what)
		if !ok {
			return false
		}
		gaps, partition = arnGaps, policy.Text(a.partition)
		if len(gaps) == 0 && (a.service != "s3" || a.region != "" || a.account != "") {
			p.Errorf(v, "%s %s is no object in a bucket, arn:PARTITION:s3:::BUCKET/KEY: ECS reads no others, nor access points", what, quote(t))
			return false
		}
		bucket, key, _ = cutOutsidePlaceholders(a.resource, '/')
	case strings.HasPrefix(s, "s3://"):
		bucket, key, _ = cutOutsidePlaceholders(strings.TrimPrefix(s, "s3://"), '/')
		p.Warnf(v, "%s %s is a URL: ECS wants the ARN, arn:PARTITION:s3:::%s/%s", what, quote(t), bucket, key)
	case strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://"):
		var ok bool
		if bucket, key, ok = cutObjectURL(s); ok {
			p.Warnf(v, "%s %s is a URL: ECS wants the ARN, arn:PARTITION:s3:::%s/%s", what, quote(t), bucket, key)
			break
		}
		fallthrough
	default:
		if gaps = placeholders(s, true); len(gaps) > 0 {
			p.Gaps(v, what, gaps)
		} else {
			p.Errorf(v, "%s %s is no object in S3: write arn:aws:s3:::BUCKET/KEY", what, quote(t))
		}
		return false
	}
	bucket = p.word(bucket, isBucket(bucket))
	gaps = append(gaps, unless(isBucket(bucket), bucket, "no name of a bucket (3 to 63 small letters, digits, . and -)")...)
	if !v.Meant() {
		gaps = append(gaps, placeholders(key, true)...)
	}
	if key == "" && len(gaps) == 0 {
		gaps = append(gaps, gap{"", "it names a bucket, and no object in it"})
	}
	if len(gaps) > 0 {
		p.Gaps(v, what, gaps)
		return false
	}
	object, exact := p.pattern(v, what, key)
	match := OneOf
	if exact {
		match = Exact
	}
	base := "arn:" + partition + ":s3:::" + policy.Text(bucket)
	owner := p.bucketOwner(bucket)
	p.Require(get, base+"/"+object, match, v.Ref(), owner...)
	if locate != nil {
		p.Require(locate, base, Exact, v.Ref(), owner...)
	}
	// With bucket keys S3 gives the bucket for a context, and otherwise the object.
	p.decrypt(v, "s3", "", objectContext, []policy.Text{base + "/" + object, base}, match == OneOf)
	return true
}

// pattern returns s as a policy has to hold it: escaped, and with ? for each character that no policy can
// hold. It is exact if there are none of those; otherwise it says so of v, which what names.
func (p *pass) pattern(v reading, what, s string) (pattern policy.Text, exact bool) {
	pattern = policy.Escape(policy.Text(s))
	if strings.IndexFunc(s, func(r rune) bool { return !policy.Allowed(r) }) < 0 {
		return pattern, true
	}
	t, _ := v.Text()
	p.Notef(v, "%s %s has characters that IAM policies cannot hold: ? stands for each of them", what, quote(t))
	return policy.Text(strings.Map(func(r rune) rune {
		if policy.Allowed(r) {
			return r
		}
		return '?'
	}, string(pattern))), false
}

// BucketOwner says which account owns a bucket, so that another's of the same name is not read.
type BucketOwner struct {
	Bucket  string // "" for all buckets
	Account string // 12 digits
}

// bucketOwner returns the condition that pins the bucket's owner, if Options.BucketOwners tell it. An owner
// that is given for the bucket itself wins over the one for all.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
func (p *pass) bucketOwner(bucket string) []policy.Condition {
	for _, name := range []string{bucket, ""} {
		for _, o := range p.opts.BucketOwners {
			if o.Bucket == name && policy.IsAccount(o.Account) {
				p.plan.usedOwners[o] = true
				return []policy.Condition{{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: []policy.Text{policy.Text(o.Account)}}}
			}
		}
	}
	return nil
}

// checkBucketOwners says which owners are malformed, or of buckets that nothing is read from.
func (p *Plan) checkBucketOwners(td taskdef.Value, opts *Options) {
	seen := map[string]bool{}
	for _, o := range opts.BucketOwners {
		name := strings.TrimPrefix(o.Bucket+"="+o.Account, "=")
		switch {
		case !policy.IsAccount(o.Account):
			p.flag(td, "--bucket-owner %s: %q is no account (12 digits)", name, o.Account)
		case seen[o.Bucket]:
			p.flag(td, "--bucket-owner %s: there is another owner for the same", name)
		case !p.usedOwners[o]:
			p.flag(td, "--bucket-owner %s: ECS reads nothing from such a bucket", name)
		}
		seen[o.Bucket] = true
	}
}

// cutObjectURL takes bucket and key out of an https URL of S3, in the virtual-hosted and in the path style.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
func cutObjectURL(s string) (bucket, key string, ok bool) {
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
				return strings.Join(labels[:i], "."), path, path != ""
			}
			bucket, key, _ = strings.Cut(path, "/")
			return bucket, key, bucket != "" && key != ""
		}
	}
	return "", "", false
}

// isBucket reports whether s can be the name of a bucket. Buckets of us-east-1 that are older than 2018 may
// have capitals and underscores; a name of nothing else is a placeholder.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func isBucket(s string) bool {
	return len(s) >= 3 && len(s) <= 255 && all(s, oneOf("._-")) && !all(s, func(c byte) bool { return isUpper(c) || isDigit(c) && s[0] > '9' || c == '_' })
}
