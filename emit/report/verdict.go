package report

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
)

// VerdictReport is one form of a verdict.
type VerdictReport struct {
	Name       string
	Help       string // one line for the command's help
	Extensions []string
	// Write returns verdicts about several roles, or one. Color asks for the escape sequences of a terminal.
	Write func(verdicts []*check.Verdict, color bool) []byte
}

// The forms of a verdict.
var (
	TextVerdict = &VerdictReport{Name: "text", Help: "for people, in colour on a terminal", Extensions: []string{".txt", ".text"}, Write: verdictText}
	JSONVerdict = &VerdictReport{Name: "json", Help: "for programs: docs/check.md describes it", Extensions: []string{".json"}, Write: verdictJSON}
)

// Verdicts returns all forms of a verdict, the default one first.
func Verdicts() []*VerdictReport { return []*VerdictReport{TextVerdict, JSONVerdict} }

// fulfilled returns the permissions that are there.
func fulfilled(v *check.Verdict) (list []check.Permission) {
	for _, p := range v.Permissions {
		if p.Code == "" {
			list = append(list, p)
		}
	}
	return list
}

// additions returns the statements that cure what is missing, merged.
func additions(v *check.Verdict) []policy.Statement {
	var list []policy.Statement
	for _, f := range v.Findings {
		if f.Kind == check.Missing {
			list = append(list, f.Cure.Add...)
		}
	}
	return check.TightForm(list)
}

// newTrust returns the trust policy that cures the findings about it; its zero value where there are none.
func newTrust(v *check.Verdict) policy.Document {
	for _, f := range v.Findings {
		if f.Cure.Trust.Statements != nil {
			return f.Cure.Trust
		}
	}
	return policy.Document{}
}

// environmentOfVerdict returns what is known of where the role is used.
func environmentOfVerdict(v *check.Verdict) policy.Environment {
	for _, p := range v.Permissions {
		return p.Needs[0].Plan.Environment
	}
	return policy.Environment{}
}

func notSeen(v *check.Verdict) (list []string) {
	for _, n := range v.NotSeen {
		list = append(list, string(n))
	}
	return list
}

func textsOf(list []policy.Text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.String()
	}
	return out
}

// FindingsPage returns docs/findings.md: what each code of a verdict means.
func FindingsPage() string {
	var b strings.Builder
	b.WriteString("# Findings of execrole check\n\nThe codes do not change from version to version. A finding of the kind *missing* or *denied*, and most about the trust\n" +
		"policy, mean that the role does not fit.\n")
	for _, e := range check.Explanations() {
		fmt.Fprintf(&b, "\n## %s: %s\n\n*%s.* %s\n\n%s\n", e.Code, e.Title, e.Kind, e.Means, e.Cure)
	}
	return b.String()
}
