package report

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
)

// VerdictReport is one form of a verdict.
type VerdictReport struct {
	Name       string
	Help       string // one line for the command's help
	Extensions []string
	// Write returns verdicts about several roles, or one.
	Write func(verdicts []*check.Verdict, opts VerdictOptions) []byte
}

// VerdictOptions are what a form of a verdict can need besides the verdict.
type VerdictOptions struct {
	Color   bool   // write the escape sequences of a terminal
	Version string // of the program that writes it; "" where it is unknown
	// Text returns the text of a file of the input by its name in places, and "" where that is unknown. Forms that count
	// columns in characters need it; nil is allowed.
	Text func(file string) string
	// Fix returns what cures a finding in a file of the role, and false where nothing does. Forms that can have it ask for
	// it; nil is allowed.
	Fix func(*check.Verdict, check.Finding) (Replacement, bool)
	// Account is what the verdicts are a part of; nil where they are about given roles.
	Account *check.Account
	// All asks for the details of the roles of an account that fit, too, and for long lists as they are.
	All bool
}

// Replacement is a text of a file that another one is to replace. Both can be empty.
type Replacement struct {
	Start, End tree.Place // End is the place after the text
	Text       string
}

// hasTable reports whether there is a table: there is more than one role or task definition to speak of.
func (o VerdictOptions) hasTable() bool {
	if o.Account == nil {
		return false
	}
	n := len(o.Account.Left)
	for _, v := range o.Account.Verdicts {
		n += len(v.Tasks)
	}
	return n > 1 || len(o.Account.Unused) > 0
}

// The forms of a verdict.
var (
	TextVerdict = &VerdictReport{Name: "text", Help: "for people, in colour on a terminal", Extensions: []string{".txt", ".text"}, Write: verdictText}
	JSONVerdict = &VerdictReport{Name: "json", Help: "for programs: docs/check.md describes it", Extensions: []string{".json"}, Write: verdictJSON}
	// SARIFVerdict is for GitHub's code scanning and other programs that collect what checks find.
	SARIFVerdict    = &VerdictReport{Name: "sarif", Help: "SARIF 2.1.0, for code scanning", Extensions: []string{".sarif", ".json"}, Write: verdictSARIF}
	GitHubVerdict   = &VerdictReport{Name: "github", Help: "annotations, for a workflow of GitHub Actions", Extensions: []string{".txt"}, Write: verdictGitHub}
	MarkdownVerdict = &VerdictReport{Name: "markdown", Help: "for a comment on a pull request", Extensions: []string{".md", ".markdown"}, Write: verdictMarkdown}
)

// Verdicts returns all forms of a verdict, the default one first.
func Verdicts() []*VerdictReport {
	return []*VerdictReport{TextVerdict, JSONVerdict, SARIFVerdict, GitHubVerdict, MarkdownVerdict}
}

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

// assumed are the values that nobody gave.
func assumed(v *check.Verdict) (list []string) {
	for _, s := range policy.EnvironmentSymbols {
		if value := v.Assumed.Value(s); value != "" {
			list = append(list, value)
		}
	}
	return list
}

// acceptedLine says in one line which finding does not count, and why.
func acceptedLine(a check.Accepted) string {
	words := string(a.Code) + " " + check.Explain(a.Code).Title
	switch {
	case a.Permission != nil:
		words += ": " + a.Permission.Action.Name + " on " + a.Permission.Resource().String()
	case a.Actions != nil:
		words += ": " + strings.Join(a.Actions, ", ") + " on " + strings.Join(textsOf(a.Resources), ", ")
	}
	if a.Reason != "" {
		words += " (" + a.Reason + ")"
	}
	return words
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

// FindingsPage returns docs/findings.md, or docs/LANGUAGE/findings.md: what each code of a verdict means.
func FindingsPage(in Language) string {
	var b strings.Builder
	page := in.texts("page", "Findings of execrole check", "[日本語](ja/findings.md)", "The codes do not change from version to version. A finding of the kind *missing* or *denied*, and most about the trust policy, mean that the role does not fit.")
	fmt.Fprintf(&b, "# %s\n\n%s\n\n%s\n", page[0], page[1], page[2])
	for _, e := range check.Explanations() {
		texts := in.texts(string(e.Code), e.Title, e.Means, e.Cure)
		fmt.Fprintf(&b, "\n## %s: %s\n\n*%s%s* %s\n\n%s\n", e.Code, texts[0], in.word(string(e.Kind)), in.word("."), texts[1], texts[2])
	}
	return b.String()
}
