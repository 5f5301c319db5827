package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/emit"
)

// report prints findings to stderr: errors and warnings, and notes too if asked. Where more than one
// error names flags that settle it, a last line repeats them all, ready to paste: several placeholders
// are then filled in one go.
func (c *command) report(findings []analyze.Finding, notes bool) {
	var b strings.Builder
	var flags []string
	flagged := 0
	for _, f := range findings {
		if f.Severity == analyze.Note && !notes {
			continue
		}
		b.WriteString(printable(f.String()) + "\n")
		if f.Severity != analyze.Error || len(f.Flags) == 0 {
			continue
		}
		flagged++
		for i, flag := range f.Flags {
			// A placeholder in an image can be filled or the image given: one of the two is enough.
			instead := strings.HasPrefix(flag, "--image ") && i > 0 && strings.HasPrefix(f.Flags[0], "--set ")
			if !instead && !slices.Contains(flags, flag) {
				flags = append(flags, flag)
			}
		}
	}
	if flagged > 1 {
		b.WriteString(printable("execrole: to go on, add: "+strings.Join(flags, " ")) + "\n")
	}
	fmt.Fprint(c.Stderr, b.String())
}

// warned reports whether one of the findings is a warning.
func warned(findings []analyze.Finding) bool {
	return slices.ContainsFunc(findings, func(f analyze.Finding) bool { return f.Severity == analyze.Warning })
}

// note returns a remark of the command's own on its input.
func note(file, format string, args ...any) analyze.Finding {
	return analyze.Finding{Severity: analyze.Note, At: taskdef.Ref{File: file}, Message: fmt.Sprintf(format, args...)}
}

// missing returns an error for each value that a format cannot do without and nobody gave.
func missing(file string, err *emit.MissingValues) []analyze.Finding {
	var list []analyze.Finding
	for _, s := range err.Symbols {
		f := analyze.Finding{Severity: analyze.Error, Rule: "own-values", At: taskdef.Ref{File: file}}
		open := fmt.Sprintf("format %s cannot leave %s open", err.Format, policy.Of(s))
		switch s {
		case policy.AccountID:
			f.Message, f.Flags = open+": add --account ACCOUNT", []string{"--account ACCOUNT"}
		case policy.Region:
			f.Message, f.Flags = open+": add --region REGION", []string{"--region REGION"}
		case policy.Partition:
			// The region tells the partition, so the closing line asks for the region alone.
			f.Message, f.Flags = open+": add --partition PARTITION, or --region REGION, which tells it", []string{"--region REGION"}
		default:
			f.Message = open + ", and nothing says what it is"
		}
		list = append(list, f)
	}
	return list
}

// contradictions returns what the input says in two ways about the values that the files use.
func contradictions(plan *analyze.Plan, files []emit.File) []analyze.Finding {
	var list []analyze.Finding
	var seen []policy.Symbol
	for _, file := range files {
		for _, s := range file.Uses {
			if f, ok := plan.Contradictions[s]; ok && !slices.Contains(seen, s) {
				seen = append(seen, s)
				list = append(list, f)
			}
		}
	}
	return list
}

// reason returns an error of the operating system without the operation and the path: the messages
// name the file themselves, as the user gave it.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// printable returns s with everything that is not printable as Go's escape sequences. Names and values
// that others chose stand in what is printed; none of them may move the cursor, or reverse the
// direction of writing, or break the line.
func printable(s string) string {
	clean := true
	for _, r := range s {
		// An invalid byte comes as RuneError, which is printable where it is really written.
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case strconv.IsPrint(r):
			b.WriteString(s[:n])
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// didYouMean returns a question to end a message with when one of the words is near, and "" otherwise.
func didYouMean(prefix, word string, words []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, w := range words {
		d := distance(word, w)
		// Who writes half of a long name means it.
		if len(word) > 2 && strings.HasPrefix(w, word) {
			d = min(d, 1)
		}
		if d < least {
			best, least = w, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + prefix + best + "?"
}

// distance counts the letters to insert, drop, replace or swap with the next to get from a to b.
func distance(a, b string) int {
	if len(a) > 64 { // no name is that long, and the time goes with the length
		return len(a)
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
