package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
)

// wholeFile is the place of a finding that is about a file, and not about a part of it.
func wholeFile(name string) taskdef.Ref { return taskdef.Ref{Place: tree.Place{File: name}} }

// RoleOf returns the role of a plan, with findings about its options and about IAM's limits. A role that is over them is an
// error like those of the input, and among the findings too.
func RoleOf(plan *analyze.Plan, opts policy.Options) (*policy.Role, []analyze.Finding, error) {
	findings := plan.RoleFindings(opts)
	role, err := plan.Role(opts)
	f := analyze.Finding{Severity: analyze.Note, Rule: "limits", At: wholeFile(plan.File)}
	var limit policy.LimitError
	switch {
	case errors.As(err, &limit):
		f.Severity, f.Message = analyze.Error, err.Error()
		err = analyze.Errors{f}
	case err == nil && len(role.Managed) > 0:
		f.Message = fmt.Sprintf("the permissions have more than the %d characters that IAM allows inside of a role, so they are %d managed policies", policy.MaxInline, len(role.Managed))
	default:
		return role, findings, err
	}
	return role, append(findings, f), err
}

// TooLarge returns a warning if a template is larger than CloudFormation takes it with a request.
func TooLarge(file string, format *emit.Format, files []emit.File) []analyze.Finding {
	n := len(files[0].Data)
	if format.MaxBody == 0 || n <= format.MaxBody {
		return nil
	}
	return []analyze.Finding{{Severity: analyze.Warning, Rule: "limits", At: wholeFile(file), Message: fmt.Sprintf(
		"the template has %d bytes, and CloudFormation takes %d with a request: put it into an S3 bucket, as aws cloudformation deploy does with --s3-bucket BUCKET", n, format.MaxBody)}}
}

// Missing returns an error for each value that a format needs and that is unknown.
func Missing(file string, err *emit.MissingValues, symbols policy.SymbolTable) []analyze.Finding {
	var list []analyze.Finding
	for _, s := range err.Symbols {
		f := analyze.Finding{Severity: analyze.Error, Rule: "own-values", At: wholeFile(file)}
		open := fmt.Sprintf("format %s cannot leave %s open", err.Format, policy.Of(s))
		switch s {
		case policy.AccountID:
			f.Message, f.Flags = open+": add --account ACCOUNT", []string{"--account ACCOUNT"}
		case policy.Region:
			f.Message, f.Flags = open+": add --region REGION", []string{"--region REGION"}
		case policy.Partition:
			// The region implies the partition, so the last line of the report asks for the region alone.
			f.Message, f.Flags = open+": add --partition PARTITION, or --region REGION, which implies it", []string{"--region REGION"}
		default:
			info := symbols.Lookup(s)
			flag := analyze.SetFlag(string(s), cmp.Or(info.Default, "VALUE"))
			f.At.Place, f.Flags = cmp.Or(info.Place, f.At.Place), []string{flag}
			f.Message = open + ": add " + flag
		}
		list = append(list, f)
	}
	slices.SortStableFunc(list, func(a, b analyze.Finding) int { return a.At.Offset - b.At.Offset })
	return list
}

// Contradictions returns the findings about values that the files use and that the input contradicts itself about.
func Contradictions(plan *analyze.Plan, files []emit.File) []analyze.Finding {
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
