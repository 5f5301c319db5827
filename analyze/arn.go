package analyze

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// cutARN cuts an ARN at colons outside of placeholders, and fills words such as ACCOUNT_ID from --set. The unknown
// parts among its first five are for the caller to report, together with those of the resource. If the text has fewer than
// six parts, cutARN adds a finding and is not ok.
func (p *pass) cutARN(v located, t policy.Text, what string) (a policy.ARN, parts []unknown, ok bool) {
	fields := splitText(t, ':', 6)
	if len(fields) < 6 {
		if list := placeholders(t, false); len(list) > 0 {
			p.Unknown(v, what, list)
		} else {
			p.Wrong(v, what, "it is no complete ARN, arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE")
		}
		return policy.ARN{}, nil, false
	}
	isPartition := func(t policy.Text) bool { return p.isPart(t, policy.IsPartition, policy.MeansPartition) }
	isRegion := func(t policy.Text) bool { return t == "" || p.isPart(t, policy.IsRegion, policy.MeansRegion) }
	isAccount := func(t policy.Text) bool { return t == "" || p.isPart(t, policy.IsAccount, policy.MeansAccount) }
	isService := func(t policy.Text) bool {
		return all(t, func(c byte) bool { return isLower(c) || isDigit(c) || c == '-' })
	}
	a = policy.ARN{
		Partition: p.word(fields[1], isPartition(fields[1])),
		Service:   p.word(fields[2], isService(fields[2])),
		Region:    p.word(fields[3], isRegion(fields[3])),
		Account:   p.word(fields[4], isAccount(fields[4])),
		Resource:  fields[5],
	}
	parts = slices.Concat(
		ofKind("partition", unless(isPartition(a.Partition), a.Partition, "no partition")),
		unless(all(a.Service, oneOf("-")), a.Service, "no service"),
		ofKind("region", unless(isRegion(a.Region), a.Region, "no region")),
		ofKind("account", unless(isAccount(a.Account), a.Account, "no account (12 digits)")),
	)
	if want := policy.PartitionOf(a.Region); want != "" && policy.IsPartition(a.Partition) && a.Partition != policy.Text(want) {
		p.Warnf(v, "%s %s says partition %s, but region %s is in %s", what, quote(t), a.Partition, a.Region, want)
	}
	return a, parts, true
}

// oneOf returns a test for letters, digits and the given characters.
func oneOf(chars string) func(byte) bool {
	return func(c byte) bool { return isAlnum(c) || strings.IndexByte(chars, c) >= 0 }
}
