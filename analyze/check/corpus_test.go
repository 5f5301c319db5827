package check

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/testdata/golden"
)

// templateAnswer is the answer to a template that has task definitions and their execution roles.
type templateAnswer struct {
	name     string
	roles    int
	fits     policy.Truth
	kinds    map[Kind]int
	verdicts []*Verdict
	refused  string // why a task definition is refused; "" where none is
}

// checkTemplate compares the roles of a template with its task definitions.
func checkTemplate(name string, src []byte, opts Options) (a templateAnswer) {
	roles, _ := Read([]analyze.Input{{Name: name, Source: src}})
	plans, _ := analyze.Read(name, src, analyze.Options{Conditions: true, Parameters: true})
	users := map[*Role][]*analyze.Plan{}
	a = templateAnswer{name: name, fits: policy.Yes, kinds: map[Kind]int{}}
	for _, plan := range analyze.Join(plans) {
		found, _ := roles.Of(plan)
		if plan.Err() != nil && len(found) > 0 {
			a.refused, _, _ = strings.Cut(plan.Err().Error(), "\n")
			continue
		}
		for _, role := range found {
			users[role] = append(users[role], plan)
		}
	}
	for _, role := range roles {
		if users[role] == nil {
			continue
		}
		v := Check(role, users[role], opts)
		a.roles++
		a.verdicts = append(a.verdicts, v)
		a.fits = a.fits.And(v.Fits)
		for _, f := range v.Findings {
			a.kinds[f.Kind]++
		}
	}
	return a
}

// kindOrder are the kinds of findings in the order of lines.
var kindOrder = []Kind{Missing, Denied, Conditional, Documented, Unneeded, Unexplained, Trust, RoleUse}

// line writes the answer in a line.
func (a *templateAnswer) line() string {
	words := []string{map[policy.Truth]string{policy.Yes: "fits", policy.No: "does not fit", policy.Unknown: "cannot tell"}[a.fits]}
	if a.roles == 0 {
		words[0] = "refused: " + a.refused
	}
	var why []string
	for _, v := range a.verdicts {
		for _, reason := range untold(v) {
			if !slices.Contains(why, reason) {
				why = append(why, reason)
			}
		}
	}
	if why != nil {
		words[0] += " (" + strings.Join(why, "; ") + ")"
	}
	for _, kind := range kindOrder {
		if n := a.kinds[kind]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return a.name + ": " + strings.Join(words, ", ")
}

// These are the reasons for the answer "cannot tell".
const (
	ofAWS      = "a policy of AWS that is not built in"
	ofSomebody = "a policy or boundary that a parameter names"
	byRegion   = "a mapping by region: --region settles it"
	byDomain   = "a principal with the domain of the partition: --region settles it"
	byValue    = "a value that only the deployment knows"
)

var untoldReasons = []string{ofAWS, ofSomebody, byRegion, byDomain, byValue}

// untold returns the reasons for the answer "cannot tell"; nil for another answer.
func untold(v *Verdict) (why []string) {
	if v.Fits != policy.Unknown {
		return nil
	}
	add := func(reason string) {
		if !slices.Contains(why, reason) {
			why = append(why, reason)
		}
	}
	for _, f := range v.Findings {
		switch {
		case f.Unknown != nil && strings.Contains(string(f.Unknown.ARN), ":iam::aws:policy/"):
			add(ofAWS)
		case f.Unknown != nil:
			add(ofSomebody)
		case f.Code == DependsOnCondition:
			add(byRegion)
		case f.Kind == Trust && !f.Sure:
			add(byDomain)
		case f.Code == DependsOnValue:
			add(byValue)
		}
	}
	return why
}

// tally counts roles.
type tally struct {
	templates, refused, roles, fit, exact, missing, untold, wildcard, other, escalation, others, open, same int
	why                                                                                                     map[string]int
}

func (t *tally) add(v *Verdict) {
	has := func(code Code) bool {
		return slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code == code })
	}
	count := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	t.roles++
	count(&t.fit, v.Fits == policy.Yes)
	count(&t.missing, v.Fits == policy.No)
	count(&t.untold, v.Fits == policy.Unknown)
	count(&t.exact, v.Fits == policy.Yes && !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Kind == Unneeded }))
	count(&t.wildcard, has(SecretsByWildcard))
	count(&t.other, has(OtherSecrets))
	count(&t.escalation, has(Escalation))
	count(&t.others, has(TrustOthers))
	count(&t.open, has(TrustNoConditions))
	count(&t.same, has(SameRole))
	for _, reason := range untold(v) {
		t.why[reason]++
	}
}

// TestCorpus: every real template that has a task definition and its execution role gets an answer. docs/corpus.md counts
// them.
func TestCorpus(t *testing.T) {
	var b strings.Builder
	var tallies []*tally
	var missing []string
	for _, folder := range []string{"cloudformation", "cdkout"} {
		count := &tally{why: map[string]int{}}
		tallies = append(tallies, count)
		fmt.Fprintf(&b, "%s\n", folder)
		for _, path := range golden.Corpus(t, folder) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			a := checkTemplate(filepath.Base(path), src, Options{})
			if a.roles == 0 && a.refused == "" {
				continue
			}
			b.WriteString("  " + a.line() + "\n")
			count.templates++
			if a.refused != "" {
				count.refused++
			}
			for _, v := range a.verdicts {
				count.add(v)
				for _, f := range v.Findings {
					if f.Kind == Missing || f.Kind == Denied {
						missing = append(missing, fmt.Sprintf("- %s, role %s: %s for %s\n", a.name, v.Role.Name, f.Permission.Action.Name, f.Permission.From()[0].Field))
					}
					if slices.Contains([]Kind{Missing, Denied, Conditional, RoleUse}, f.Kind) || f.Kind == Trust && !f.Sure {
						t.Logf("%s: %s", a.name, line(f))
					}
				}
			}
		}
	}
	b.WriteString("terraform\n")
	files, without := 0, 0
	for _, path := range golden.Corpus(t, "terraform") {
		files++
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(path); IsTerraform(name, src) {
			if a := checkTemplate(name, src, Options{}); a.roles > 0 || a.refused != "" {
				t.Errorf("%s: it has a role, and docs/corpus.md does not count it", a.line())
			}
			without++
			b.WriteString("  " + name + ": " + withoutRole(name, src) + "\n")
		}
	}
	golden.CheckFile(t, "testdata/corpus/check.txt", b.String())
	page := corpusPage(tallies[0], tallies[1], slices.Compact(missing))
	page += fmt.Sprintf("\nOf the %d files of Terraform, %d are plans. None has an execution role, so that they say nothing of real roles.\n", files, without)
	golden.CheckFile(t, "docs/corpus.md", page)
}

// withoutRole writes the answers to the task definitions of a file that has no role.
func withoutRole(name string, src []byte) string {
	plans, _ := analyze.Read(name, src, analyze.Options{Conditions: true, Parameters: true})
	var answers []string
	for _, plan := range plans {
		v := Check(&Role{Absent: true, Name: plan.Family, Place: plan.At()}, []*analyze.Plan{plan}, Options{})
		answers = append(answers, fmt.Sprintf("%s has no execution role, needs %d permissions, fits %s", plan.Name, len(v.Permissions), v.Fits))
	}
	return strings.Join(answers, "; ")
}

// corpusPage returns docs/corpus.md.
func corpusPage(hand, made *tally, missing []string) string {
	var b strings.Builder
	b.WriteString(`# Execution roles of real templates

The corpus of this project has real CloudFormation templates: some that people wrote by hand, and some that the AWS CDK made.
This page counts what execrole check says of those that have a task definition together with its execution role. Nobody gave it
a value or a region.

| | by hand | by the CDK |
|---|---|---|
`)
	row := func(words string, number func(*tally) int) {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", words, number(hand), number(made))
	}
	row("templates", func(t *tally) int { return t.templates })
	row("of these, with a task definition that is refused", func(t *tally) int { return t.refused })
	row("**roles**", func(t *tally) int { return t.roles })
	row("fit", func(t *tally) int { return t.fit })
	row("fit, and allow nothing unneeded", func(t *tally) int { return t.exact })
	row("miss something", func(t *tally) int { return t.missing })
	row("cannot be told", func(t *tally) int { return t.untold })
	for _, reason := range untoldReasons {
		row("– because of "+reason, func(t *tally) int { return t.why[reason] })
	}
	row("**may read secrets or use keys by a wildcard**", func(t *tally) int { return t.wildcard })
	row("may read a secret that no task names", func(t *tally) int { return t.other })
	row("may give themselves or others more rights", func(t *tally) int { return t.escalation })
	row("can be assumed by others than ECS", func(t *tally) int { return t.others })
	row("have no condition on whose task it is", func(t *tally) int { return t.open })
	row("are the task role too", func(t *tally) int { return t.same })
	b.WriteString("\nWhat is missing:\n\n" + strings.Join(missing, ""))
	return b.String()
}
