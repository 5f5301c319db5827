package policy

import "strings"

// partitions lists how the regions of each partition begin. The first prefix that fits counts.
//
// Source: botocore's partitions.json
var partitions = [...]struct{ region, name string }{
	{"us-gov-", "aws-us-gov"},
	{"us-isob-", "aws-iso-b"},
	{"us-isof-", "aws-iso-f"},
	{"us-iso-", "aws-iso"},
	{"eu-isoe-", "aws-iso-e"},
	{"eusc-de-", "aws-eusc"},
	{"cn-", "aws-cn"},
	{"us-", "aws"},
	{"eu-", "aws"},
	{"ap-", "aws"},
	{"sa-", "aws"},
	{"ca-", "aws"},
	{"me-", "aws"},
	{"af-", "aws"},
	{"il-", "aws"},
	{"mx-", "aws"},
}

// PartitionOf returns the partition of a region, or "" where the name of the region does not say it.
func PartitionOf[S ~string](region S) string {
	if !IsRegion(region) {
		return ""
	}
	for _, p := range partitions {
		if strings.HasPrefix(string(region), p.region) {
			// The commercial regions have three parts: us-east-1. Others would be of partitions unknown here.
			if p.name == "aws" && strings.Count(string(region), "-") != 2 {
				return ""
			}
			return p.name
		}
	}
	return ""
}

// PartitionText returns the partition of a region, or the role's own where the name of the region does not say it.
func PartitionText(region Text) Text {
	if name := PartitionOf(region); name != "" {
		return Text(name)
	}
	return Of(Partition)
}

// IsRegion reports whether s has the shape of a region's name: words of small letters joined by hyphens,
// and a number. Regions come faster than releases of this program, so there is no list. A text with symbols is none.
func IsRegion[S ~string](s S) bool {
	i := strings.LastIndexByte(string(s), '-')
	if i < 0 || !all(s[i+1:], isDigit) {
		return false
	}
	words := 0
	for w := range strings.SplitSeq(string(s[:i]), "-") {
		if !all(w, isLower) {
			return false
		}
		words++
	}
	return words >= 2
}

// IsPartition reports whether s has the shape of a partition's name. A text with symbols is none.
func IsPartition[S ~string](s S) bool {
	rest, ok := strings.CutPrefix(string(s), "aws")
	return ok && (rest == "" || rest[0] == '-' && len(rest) > 1 && all(rest[1:], func(c byte) bool { return isLower(c) || c == '-' }))
}

// IsAccount reports whether s is an account's number. A text with symbols is none.
func IsAccount[S ~string](s S) bool { return len(s) == 12 && all(s, isDigit) }

// all reports whether s is not empty and every byte of it fits.
func all[S ~string](s S, fits func(byte) bool) bool {
	for i := range len(s) {
		if !fits(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

// domains are the domains of partitions: the values of [URLSuffix].
//
// Source: botocore's partitions.json, dnsSuffix
var domains = [...]struct{ partition, domain string }{
	{"aws", "amazonaws.com"}, {"aws-us-gov", "amazonaws.com"}, {"aws-cn", "amazonaws.com.cn"}, {"aws-eusc", "amazonaws.eu"},
	{"aws-iso", "c2s.ic.gov"}, {"aws-iso-b", "sc2s.sgov.gov"}, {"aws-iso-e", "cloud.adc-e.uk"}, {"aws-iso-f", "csp.hci.ic.gov"},
}

// DomainOf returns the domain of a partition; "" where it is unknown.
func DomainOf(partition string) string {
	for _, d := range domains {
		if d.partition == partition {
			return d.domain
		}
	}
	return ""
}
