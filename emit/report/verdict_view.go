package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
)

// findingView is a finding, or several of one kind and one reason, in words. The words are not escaped: what an input says
// can have any characters.
type findingView struct {
	kind        check.Kind
	sure        bool
	code        check.Code
	title       string
	permissions []permissionView
	actions, on []string // what the role allows
	about       []string // who or what else it is about
	unseen      string   // what may need it
	unseenCure  string
	in          string // the statement, with its place
	used        []string
	instead     string // the statements that allow what is used, as JSON in one line
	shown       string // the error that ECS shows
	cure        string
}

// permissionView is a permission in words.
type permissionView struct {
	action, resource, mark string
	askers                 []askerView
}

type askerView struct{ field, place string }

// findingViews returns the findings of a verdict. Those about permissions that have one reason are together.
func findingViews(v *check.Verdict, findings []check.Finding) (views []findingView) {
	type reason struct {
		code      check.Code
		sure      bool
		statement *policy.Statement
		shown     string
	}
	index := map[reason]int{}
	for _, f := range findings {
		key := reason{f.Code, f.Sure, f.Statement, shownFor(f)}
		if i, ok := index[key]; ok && f.Permission != nil {
			views[i].permissions = append(views[i].permissions, viewOfPermission(v, f.Permission))
			continue
		}
		if f.Permission != nil {
			index[key] = len(views)
		}
		views = append(views, viewOfFinding(v, f))
	}
	return views
}

// shorten leaves out the ends of long lists, and says how long they are.
func (f *findingView) shorten() {
	list := func(words []string) []string {
		if words, more := few(words, fewPlaces); more > 0 {
			return append(slices.Clip(words), fmt.Sprintf("%d more; -v lists all", more))
		}
		return words
	}
	f.actions, f.on, f.used = list(f.actions), list(f.on), list(f.used)
	for i := range f.permissions {
		askers := &f.permissions[i].askers
		if n := len(*askers); n > fewPlaces {
			*askers = append(slices.Clip((*askers)[:fewPlaces]), askerView{field: fmt.Sprintf("%d more; -v lists all", n-fewPlaces)})
		}
	}
}

// shownFor returns the error that ECS shows for a finding.
func shownFor(f check.Finding) string {
	if f.Permission == nil || f.Kind != check.Missing && f.Kind != check.Denied {
		return ""
	}
	return f.Permission.Needs[0].Requirement.Shown()
}

// managedCure is the cure where the policy is not the role's own, so that nothing can be taken out of it.
const managedCure = "Detach the policy, and give the role one of its own: execrole generate writes it."

func viewOfFinding(v *check.Verdict, f check.Finding) findingView {
	e := check.Explain(f.Code)
	view := findingView{kind: f.Kind, sure: f.Sure, code: f.Code, title: e.Title, actions: f.Actions, on: textsOf(f.Resources), shown: shownFor(f), cure: f.Advice(), in: statementPlace(f)}
	if f.Permission != nil {
		view.permissions = []permissionView{viewOfPermission(v, f.Permission)}
	}
	if f.Principal.Type != "" {
		view.about = append(view.about, f.Principal.Type+" "+strings.Join(textsOf(f.Principal.IDs), ", "))
	}
	if f.Condition != nil {
		view.about = append(view.about, f.Condition.Key+" "+f.Condition.Operator+" "+strings.Join(textsOf(policy.Texts(f.Condition.Values)), " or "))
	}
	if f.Unknown != nil {
		what := f.Unknown.Name
		if f.Unknown.ARN.IsLiteral() { // another one is a reference, as the name says it
			what = strings.TrimSpace(what + " " + string(f.Unknown.ARN))
		}
		if f.Unknown.Boundary {
			what += ", the permissions boundary"
		}
		view.about = append(view.about, what)
	}
	if f.Task != "" {
		view.about = append(view.about, "the task "+f.Task)
	}
	if f.Unseen != nil {
		view.unseen, view.unseenCure = f.Unseen.What, f.Unseen.Cure
	}
	if f.Managed != "" {
		view.cure = managedCure
	}
	if f.Kind == check.Unneeded && len(f.Cure.Add) > 0 {
		view.instead = statementsInLine(f, v.Environment)
	}
	for _, n := range f.Used {
		at := n.Requirement.At
		view.used = append(view.used, v.Environment.Fill(n.Requirement.Resource)+" for "+source(at.Task, at.Container, at.Field))
	}
	return view
}

func viewOfPermission(v *check.Verdict, p *check.Permission) permissionView {
	r := p.Needs[0].Requirement
	view := permissionView{p.Action.Name, v.Environment.Fill(r.Resource), matchMark[r.Match], nil}
	for _, n := range p.Needs {
		at := n.Requirement.At
		asker := askerView{source(at.Task, at.Container, at.Field), at.String()}
		if !slices.Contains(view.askers, asker) {
			view.askers = append(view.askers, asker)
		}
	}
	return view
}

// word returns the word before a finding.
func (f *findingView) word() string {
	word := strings.ToUpper(string(f.kind))
	if !f.sure {
		word += "?"
	}
	return word
}

// statementPlace names the statement that a finding is about, and its place.
func statementPlace(f check.Finding) string {
	var words []string
	if f.Statement != nil && f.Statement.Sid != "" {
		words = append(words, "the statement "+f.Statement.Sid)
	} else if f.Statement != nil {
		words = append(words, "a statement")
	}
	if f.Policy != nil && f.Policy.Name != "" {
		words = append(words, "of the policy "+f.Policy.Name)
	}
	if place := f.At.String(); place != "" && words == nil {
		words = append(words, place)
	} else if place != "" {
		words = append(words, "("+place+")")
	}
	if where := branchWords(f.Statement); where != "" && f.Kind == check.Conditional {
		words = append(words, "which is there only "+where)
	}
	return strings.Join(words, " ")
}

// branchWords says in words under which conditions of a template a statement, or a resource of it, is there; "" where it
// always is.
func branchWords(s *policy.Statement) string {
	if s == nil {
		return ""
	}
	var alternatives []string // of its resources: each is there where one of the decisions is taken
	for _, r := range s.Resources {
		for _, symbol := range r.When {
			branches, _, _ := symbol.Decision()
			if words := allBranches(branches); words != "" && !slices.Contains(alternatives, words) {
				alternatives = append(alternatives, words)
			}
		}
	}
	words := slices.DeleteFunc([]string{allBranches(s.Branches), strings.Join(alternatives, ", or ")}, func(s string) bool { return s == "" })
	return strings.Join(words, " and ")
}

// allBranches says in words that all of some branches are taken; "" for none.
func allBranches(branches []policy.Branch) string {
	var words []string
	for _, b := range branches {
		condition := policy.ConditionOf(b.Condition)
		word := "where " + condition
		switch {
		case b.Not:
			word += " does not hold"
		case !strings.Contains(condition, " is "): // "Stage is prod" needs no verb
			word += " holds"
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " and ")
}

// roleTitle names the role and where it is.
func roleTitle(v *check.Verdict) (name, place string) {
	name, place = v.Role.Name, v.Role.Place.String()
	if v.Role.Absent {
		name = "of " + name + ": there is none"
	}
	return name, place
}

// Summary says in one line whether the role fits.
func Summary(v *check.Verdict) string {
	counts := map[check.Kind]int{}
	for _, f := range v.Findings {
		counts[f.Kind]++
	}
	var words []string
	for _, kind := range []check.Kind{check.Missing, check.Denied, check.Conditional, check.Trust, check.Unneeded, check.Unexplained, check.Documented} {
		if n := counts[kind]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, kind))
		}
	}
	answer := map[policy.Truth]string{policy.Yes: "The role fits", policy.No: "The role does not fit", policy.Unknown: "Whether the role fits cannot be told"}[v.Fits]
	if words != nil {
		answer += ": " + strings.Join(words, ", ")
	}
	if n := len(v.Accepted); n > 0 {
		answer += fmt.Sprintf(" (%d accepted)", n)
	}
	return answer + "."
}

// checklistLine is a question of AWS's guide with its answer.
type checklistLine struct {
	question string
	answer   policy.Truth
}

func checklistOf(v *check.Verdict) []checklistLine {
	return []checklistLine{
		{"the role exists", v.Checklist.Exists},
		{"AmazonECSTaskExecutionRolePolicy is attached", v.Checklist.ManagedPolicy},
		{"the trust policy lets ECS assume it", v.Checklist.Trust},
	}
}
