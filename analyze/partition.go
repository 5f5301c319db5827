package analyze

import (
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

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

// partitionOf returns the partition of a region, or "" where the region's name does not tell it.
func partitionOf(region string) string {
	if !isRegion(region) {
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

// partitionText returns the partition of a region as a literal, or the role's own where the region does
// not tell it.
func partitionText(region string) policy.Text {
	if name := partitionOf(region); name != "" {
		return policy.Literal(name)
	}
	return policy.Of(policy.Partition)
}

// isRegion reports whether s has the shape of a region's name: words of small letters joined by hyphens,
// and a number. Regions come faster than releases of this program, so there is no list.
func isRegion(s string) bool {
	words := strings.Split(s, "-")
	last := len(words) - 1
	if last < 2 || !all(words[last], isDigit) {
		return false
	}
	for _, w := range words[:last] {
		if !all(w, isLower) {
			return false
		}
	}
	return true
}

// isPartition reports whether s has the shape of a partition's name.
func isPartition(s string) bool {
	rest, ok := strings.CutPrefix(s, "aws")
	return ok && (rest == "" || rest[0] == '-' && len(rest) > 1 && all(rest[1:], func(c byte) bool { return isLower(c) || c == '-' }))
}

// isAccount reports whether s is an account's number.
func isAccount(s string) bool { return len(s) == 12 && all(s, isDigit) }

// all reports whether s is not empty and every byte of it fits.
func all(s string, fits func(byte) bool) bool {
	for i := range len(s) {
		if !fits(s[i]) {
			return false
		}
	}
	return s != ""
}

func isHex(c byte) bool   { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isAlnum(c byte) bool { return isDigit(c) || isLower(c) || isUpper(c) }
