package analyze_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/taskdef"
)

// findingLine writes a finding without its place in the text: "note ecr-image for app: image".
func findingLine(f analyze.Finding) string {
	line := fmt.Sprintf("%s %s", f.Severity, f.Rule)
	switch at := f.At; {
	case at.Container != "" && at.Field != "":
		return line + " for " + at.Container + ": " + at.Field
	case at.Container+at.Field != "":
		return line + " for " + at.Container + at.Field
	}
	return line
}

// needLine writes a need with its fields in an order that does not depend on their places.
func needLine(n analyze.Need) string {
	n.From = slices.SortedStableFunc(slices.Values(n.From), func(a, b taskdef.Ref) int {
		return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Field, b.Field))
	})
	return n.String()
}
