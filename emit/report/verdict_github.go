package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
)

// verdictGitHub writes a workflow command for each finding, which GitHub Actions shows at its place, and a line for each role.
//
// Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func verdictGitHub(verdicts []*check.Verdict, opts VerdictOptions) []byte {
	var b bytes.Buffer
	columns := columns{text: opts.Text}
	words := map[level]string{levelError: "error", levelWarning: "warning", levelNote: "notice"}
	for _, v := range verdicts {
		for _, f := range v.Findings {
			at, _ := placesOfFinding(v, f)
			var properties []string
			if at.File != "" {
				properties = append(properties, "file="+commandProperty(at.File))
				if at.Line > 0 {
					properties = append(properties, fmt.Sprintf("line=%d", at.Line))
				}
				if column := columns.of(at); column > 0 {
					properties = append(properties, fmt.Sprintf("col=%d", column))
				}
			}
			properties = append(properties, "title="+commandProperty(string(f.Code)+" "+check.Explain(f.Code).Title))
			fmt.Fprintf(&b, "::%s %s::%s\n", words[levelOfFinding(f)], strings.Join(properties, ","), commandData(sentence(v, f)))
		}
		name, _ := roleTitle(v)
		b.WriteString(strings.TrimRight("execrole check: "+analyze.Printable(name), ": ") + ": " + Summary(v) + "\n")
	}
	if opts.Account != nil {
		for _, row := range TableRows(opts.Account) {
			if !row.Counts {
				b.WriteString("execrole check: " + analyze.Printable(strings.Join(row.Tasks, ", ")+": "+row.Answer+strings.TrimRight(": "+row.Role, ": ")) + ".\n")
			}
		}
	}
	return b.Bytes()
}

// commandData escapes the message of a workflow command.
func commandData(s string) string { return strings.ReplaceAll(analyze.Printable(s), "%", "%25") }

// commandProperty escapes the value of a property of a workflow command.
func commandProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(commandData(s))
}
