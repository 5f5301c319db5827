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
func PartitionOf(region string) string {
	if !IsRegion(region) {
		return ""
	}
	for _, p := range partitions {
		if strings.HasPrefix(region, p.region) {
			// The commercial regions have three parts: us-east-1. Others would be of partitions unknown here.
			if p.name == "aws" && strings.Count(region, "-") != 2 {
				return ""
			}
			return p.name
		}
	}
	return ""
}

// PartitionText returns the partition of a region, or the role's own where the name of the region does not say it.
func PartitionText(region Text) Text {
	if name := PartitionOf(string(region)); name != "" {
		return Text(name)
	}
	return Of(Partition)
}

// IsRegion reports whether s has the shape of a region's name: words of small letters joined by hyphens,
// and a number. Regions come faster than releases of this program, so there is no list.
func IsRegion(s string) bool {
	i := strings.LastIndexByte(s, '-')
	if i < 0 || !all(s[i+1:], isDigit) {
		return false
	}
	words := 0
	for w := range strings.SplitSeq(s[:i], "-") {
		if !all(w, isLower) {
			return false
		}
		words++
	}
	return words >= 2
}

// IsPartition reports whether s has the shape of a partition's name.
func IsPartition(s string) bool {
	rest, ok := strings.CutPrefix(s, "aws")
	return ok && (rest == "" || rest[0] == '-' && len(rest) > 1 && all(rest[1:], func(c byte) bool { return isLower(c) || c == '-' }))
}

// IsAccount reports whether s is an account's number.
func IsAccount(s string) bool { return len(s) == 12 && all(s, isDigit) }

// all reports whether s is not empty and every byte of it fits.
func all(s string, fits func(byte) bool) bool {
	for i := range len(s) {
		if !fits(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
