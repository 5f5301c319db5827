package analyze

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// arn is an Amazon Resource Name cut at its first five colons.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
type arn struct {
	partition, service, region, account, resource string
}

func (a arn) with(resource string) policy.Text {
	return policy.Text("arn:" + a.partition + ":" + a.service + ":" + a.region + ":" + a.account + ":" + resource)
}

// ownARN returns the ARN of something in the role's own account and region.
func ownARN(service, resource string) policy.Text {
	return "arn:" + policy.Of(policy.Partition) + ":" + policy.Text(service) + ":" + policy.Of(policy.Region) + ":" +
		policy.Of(policy.AccountID) + ":" + policy.Text(resource)
}

// cutARN cuts an ARN at colons outside of placeholders, and fills words such as ACCOUNT_ID from --set. The
// gaps in its first five parts are for the caller to report, together with those of the resource. It is not
// ok if the string has fewer than six parts; it has then said so.
func (p *pass) cutARN(v reading, s, what string) (a arn, gaps []gap, ok bool) {
	fields := splitOutsidePlaceholders(s, ':', 6)
	if len(fields) < 6 {
		if gaps := placeholders(s, false); len(gaps) > 0 {
			p.Gaps(v, what, gaps)
		} else {
			p.Errorf(v, "%s %q is no complete ARN: an ARN is arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE", what, s)
		}
		return arn{}, nil, false
	}
	a = arn{
		partition: p.word(fields[1], policy.IsPartition(fields[1])),
		service:   p.word(fields[2], all(fields[2], func(c byte) bool { return isLower(c) || isDigit(c) || c == '-' })),
		region:    p.word(fields[3], fields[3] == "" || policy.IsRegion(fields[3])),
		account:   p.word(fields[4], fields[4] == "" || policy.IsAccount(fields[4])),
		resource:  fields[5],
	}
	gaps = slices.Concat(
		unless(policy.IsPartition(a.partition), a.partition, "no partition"),
		unless(all(a.service, oneOf("-")), a.service, "no service"),
		unless(a.region == "" || policy.IsRegion(a.region), a.region, "no region"),
		unless(a.account == "" || policy.IsAccount(a.account), a.account, "no account (12 digits)"),
	)
	if want := policy.PartitionOf(a.region); want != "" && policy.IsPartition(a.partition) && a.partition != want {
		p.Warnf(v, "%s %q says partition %s, but region %s is in %s", what, s, a.partition, a.region, want)
	}
	return a, gaps, true
}

// splitOutsidePlaceholders splits s at sep, into at most n parts, leaving placeholders whole: a template call may
// hold colons and slashes.
func splitOutsidePlaceholders(s string, sep byte, n int) []string {
	holes := taskdef.Placeholders(s, false)
	var parts []string
	start := 0
	for i := 0; i < len(s) && len(parts) < n-1; i++ {
		if len(holes) > 0 && holes[0].Start == i {
			i = holes[0].End - 1
			holes = holes[1:]
			continue
		}
		if s[i] == sep {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// oneOf returns a test for letters, digits and the given characters.
func oneOf(chars string) func(byte) bool {
	return func(c byte) bool { return isAlnum(c) || strings.IndexByte(chars, c) >= 0 }
}
