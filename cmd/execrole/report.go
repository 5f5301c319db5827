package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit/report"
)

// The most that is printed about several inputs without --verbose: so many lines of a kind, and so many flags.
const (
	screenful = 40
	fewFlags  = 12
)

// report prints findings to stderr: errors and warnings, and notes too if asked. If there are errors and more than one
// finding names flags that settle it, a last line repeats all these flags, ready to paste, so that all placeholders are
// filled in one go. Of warnings, these are the flags that fill words.
func (c *command) report(findings []analyze.Finding, notes bool) {
	c.reportAtMost(findings, notes, len(findings), math.MaxInt)
}

// reportAll is [command.report] for the findings about several inputs. If there are more than people read, what is found
// in several places is there once, with their number, and so is the part of the flags that settles most of them.
func (b *batch) reportAll(findings []analyze.Finding) {
	if b.verbose {
		b.report(findings, true)
		return
	}
	b.reportAtMost(findings, false, screenful, fewFlags)
}

func (c *command) reportAtMost(findings []analyze.Finding, notes bool, most, mostFlags int) {
	if !notes {
		findings = slices.DeleteFunc(slices.Clone(findings), func(f analyze.Finding) bool { return f.Severity == analyze.Note })
	}
	printed := findings
	if len(findings) > most {
		printed = grouped(findings, func(n int) string { return "in " + counted(n, "more place") })
	}
	var b strings.Builder
	colour := c.colour(c.Stderr)
	for _, f := range printed {
		b.WriteString(report.Finding(f, colour) + "\n")
	}
	if len(printed) < len(findings) {
		fmt.Fprintf(&b, "execrole: what is the same in several places is there once; add -v, which lists all %d places\n", len(findings))
	}
	b.WriteString(toGoOn(findings, mostFlags))
	fmt.Fprint(c.Stderr, b.String())
}

// toGoOn returns the line with the flags that settle findings, or, if there are more than mostFlags, those of them that
// settle most; "" if there is nothing to say.
func toGoOn(findings []analyze.Finding, mostFlags int) string {
	var flags []string
	settles := map[string]int{} // how many findings need each flag
	var needs [][]string        // of each finding
	failed, canLeaveOpen := false, true
	for _, f := range findings {
		if f.Severity == analyze.Error {
			failed, canLeaveOpen = true, canLeaveOpen && f.CanLeaveOpen
		}
		if len(f.Flags) == 0 || f.Severity != analyze.Error && f.Rule != analyze.PlaceholderWords {
			continue
		}
		var needed []string
		for i, flag := range f.Flags {
			// Either a value for the placeholder in an image or the image is enough.
			if strings.HasPrefix(flag, "--image ") && i > 0 && strings.HasPrefix(f.Flags[0], "--set ") {
				continue
			}
			needed = append(needed, flag)
			if settles[flag]++; settles[flag] == 1 {
				flags = append(flags, flag)
			}
		}
		needs = append(needs, needed)
	}
	const leaveOpen = "add --parameters, and the output asks for what is unknown"
	switch {
	case failed && len(needs) > 1:
		part := ""
		if all := len(flags); all > mostFlags {
			slices.SortStableFunc(flags, func(a, b string) int { return settles[b] - settles[a] })
			flags = flags[:mostFlags]
			part = fmt.Sprintf("; these %d flags settle %d of %d places, and -v lists all %d flags", mostFlags, countSettled(needs, flags), len(needs), all)
		}
		line := "execrole: to go on, add: " + strings.Join(flags, " ") + part
		if canLeaveOpen {
			line += "; or " + leaveOpen
		}
		return analyze.Printable(line) + "\n"
	case failed && canLeaveOpen:
		return "execrole: or " + leaveOpen + "\n"
	}
	return ""
}

// countSettled counts the findings that need no other flags than the given ones.
func countSettled(needs [][]string, flags []string) (n int) {
	for _, needed := range needs {
		if !slices.ContainsFunc(needed, func(flag string) bool { return !slices.Contains(flags, flag) }) {
			n++
		}
	}
	return n
}

// grouped returns findings with those that say the same only once, in the first place that has it. Others says in words
// where it is found n times more.
func grouped(findings []analyze.Finding, others func(n int) string) (list []analyze.Finding) {
	type group struct {
		severity      analyze.Severity
		rule, message string
	}
	index, count := map[group]int{}, map[group]int{}
	for _, f := range findings {
		g := group{f.Severity, f.Rule, f.Message}
		if count[g]++; count[g] == 1 {
			index[g] = len(list)
			list = append(list, f)
		}
	}
	for g, n := range count {
		if n > 1 {
			list[index[g]].Message += "; the same " + others(n-1)
		}
	}
	return list
}

// warned reports whether one of the findings is a warning.
func warned(findings []analyze.Finding) bool {
	return slices.ContainsFunc(findings, func(f analyze.Finding) bool { return f.Severity == analyze.Warning })
}
