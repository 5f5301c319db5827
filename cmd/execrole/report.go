package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
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
		b.WriteString(f.String() + "\n")
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
		b.WriteString(analyze.Printable("execrole: to go on, add: "+strings.Join(flags, " ")) + "\n")
	}
	fmt.Fprint(c.Stderr, b.String())
}

// warned reports whether one of the findings is a warning.
func warned(findings []analyze.Finding) bool {
	return slices.ContainsFunc(findings, func(f analyze.Finding) bool { return f.Severity == analyze.Warning })
}

// note returns a remark of the command's own on its input.
func note(file, format string, args ...any) analyze.Finding {
	return analyze.Finding{Severity: analyze.Note, At: taskdef.Ref{Place: tree.Place{File: file}}, Message: fmt.Sprintf(format, args...)}
}

// makeRole makes the role of a plan, with remarks on IAM's limits. That a role is over them is an error as those
// of the input are, among the remarks too.
func makeRole(plan *analyze.Plan, opts policy.Options) (*policy.Role, []analyze.Finding, error) {
	role, err := plan.Role(opts)
	f := analyze.Finding{Severity: analyze.Note, Rule: "limits", At: taskdef.Ref{Place: tree.Place{File: plan.File}}}
	var limit policy.LimitError
	switch {
	case errors.As(err, &limit):
		f.Severity, f.Message = analyze.Error, err.Error()
		err = analyze.Errors{f}
	case err == nil && len(role.Managed) > 0:
		f.Message = fmt.Sprintf("the permissions have more than the %d characters that IAM allows inside of a role, so they are %d managed policies", policy.MaxInline, len(role.Managed))
	default:
		return role, nil, err
	}
	return role, []analyze.Finding{f}, err
}

// large returns a warning where a template is larger than CloudFormation takes it directly.
func large(file string, format *emit.Format, files []emit.File) []analyze.Finding {
	n := len(files[0].Data)
	if format.MaxBody == 0 || n <= format.MaxBody {
		return nil
	}
	return []analyze.Finding{{Severity: analyze.Warning, Rule: "limits", At: taskdef.Ref{Place: tree.Place{File: file}}, Message: fmt.Sprintf(
		"the template has %d bytes, and CloudFormation takes %d with a request: put it into an S3 bucket, as aws cloudformation deploy does with --s3-bucket BUCKET", n, format.MaxBody)}}
}

// missing returns an error for each value that a format cannot do without and nobody gave.
func missing(file string, err *emit.MissingValues) []analyze.Finding {
	var list []analyze.Finding
	for _, s := range err.Symbols {
		f := analyze.Finding{Severity: analyze.Error, Rule: "own-values", At: taskdef.Ref{Place: tree.Place{File: file}}}
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

// didYouMean returns a question to end a message with when one of the words is near, and "" otherwise.
func didYouMean(prefix, word string, words []string) string {
	near := tree.Nearest(word, words)
	for _, w := range words {
		// Who writes half of a long name means it.
		if near == "" && len(word) > 2 && strings.HasPrefix(w, word) {
			near = w
		}
	}
	if near == "" {
		return ""
	}
	return "; did you mean " + prefix + near + "?"
}
