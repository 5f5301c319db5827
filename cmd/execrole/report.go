package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit/report"
)

// report prints findings to stderr: errors and warnings, and notes too if asked. If there are errors and more than one
// finding names flags that settle it, a last line repeats all these flags, ready to paste, so that all placeholders are
// filled in one go. Of warnings, these are the flags that fill words.
func (c *command) report(findings []analyze.Finding, notes bool) {
	var b strings.Builder
	var flags []string
	flagged, failed, canLeaveOpen := 0, false, true
	colour := c.colour(c.Stderr)
	for _, f := range findings {
		if f.Severity == analyze.Note && !notes {
			continue
		}
		b.WriteString(report.Finding(f, colour) + "\n")
		if f.Severity == analyze.Error {
			failed, canLeaveOpen = true, canLeaveOpen && f.CanLeaveOpen
		}
		if len(f.Flags) == 0 || f.Severity != analyze.Error && f.Rule != analyze.PlaceholderWords {
			continue
		}
		flagged++
		for i, flag := range f.Flags {
			// Either a value for the placeholder in an image or the image is enough.
			instead := strings.HasPrefix(flag, "--image ") && i > 0 && strings.HasPrefix(f.Flags[0], "--set ")
			if !instead && !slices.Contains(flags, flag) {
				flags = append(flags, flag)
			}
		}
	}
	const leaveOpen = "add --parameters, and the output asks for what is unknown"
	switch {
	case failed && flagged > 1:
		line := "execrole: to go on, add: " + strings.Join(flags, " ")
		if canLeaveOpen {
			line += "; or " + leaveOpen
		}
		b.WriteString(analyze.Printable(line) + "\n")
	case failed && canLeaveOpen:
		b.WriteString("execrole: or " + leaveOpen + "\n")
	}
	fmt.Fprint(c.Stderr, b.String())
}

// warned reports whether one of the findings is a warning.
func warned(findings []analyze.Finding) bool {
	return slices.ContainsFunc(findings, func(f analyze.Finding) bool { return f.Severity == analyze.Warning })
}
