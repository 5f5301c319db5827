package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
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

// kindWord returns the word before findings of a kind, and its style.
func kindWord(kind check.Kind) (word string, style style) {
	switch kind {
	case check.Missing, check.Denied, check.Trust:
		style = red
	case check.Conditional, check.Unneeded, check.RoleUse:
		style = yellow
	default:
		style = faint
	}
	return strings.ToUpper(string(kind)), style
}

func verdictText(verdicts []*check.Verdict, color bool) []byte {
	p := &printer{color: color}
	for i, v := range verdicts {
		if i > 0 {
			p.line("")
		}
		p.verdict(v)
	}
	return p.out.Bytes()
}

// verdict prints one verdict.
func (p *printer) verdict(v *check.Verdict) {
	p.line(p.style(bold, roleTitle(v)))
	for _, f := range v.Findings {
		p.line("")
		p.roleFinding(v, f)
	}
	if ok := fulfilled(v); len(ok) > 0 {
		p.heading("OK")
		for _, permission := range ok {
			p.permission("  ", permission)
		}
	}
	if add := additions(v); len(add) > 0 {
		p.heading("To be added to the role:")
		p.document(analyze.PrintableLines(string(emit.OpenDocument(policy.NewDocument(add...), environmentOfVerdict(v)))))
	}
	if trust := newTrust(v); trust.Statements != nil {
		p.heading("The trust policy to have:")
		p.document(analyze.PrintableLines(string(emit.OpenDocument(trust, environmentOfVerdict(v)))))
	}
	p.heading("AWS's checklist:")
	for _, question := range []struct {
		words  string
		answer policy.Truth
	}{
		{"the role exists", v.Checklist.Exists}, {"AmazonECSTaskExecutionRolePolicy is attached", v.Checklist.ManagedPolicy}, {"the trust policy lets ECS assume it", v.Checklist.Trust},
	} {
		p.line(fmt.Sprintf("  %-46s %s", question.words, question.answer))
	}
	for _, s := range policy.EnvironmentSymbols {
		if value := v.Assumed.Value(s); value != "" {
			p.line("  " + p.style(faint, fmt.Sprintf("assumed: %s, as everywhere in the role", analyze.Printable(value))))
		}
	}
	p.line("  " + p.style(faint, "not seen: "+strings.Join(notSeen(v), "; ")))
	p.line("")
	p.line(p.style(bold, Summary(v)))
}

// roleTitle names the role and where it is.
func roleTitle(v *check.Verdict) string {
	title := "Task execution role"
	if v.Role.Name != "" {
		title += " " + analyze.Printable(v.Role.Name)
	}
	if place := v.Role.Place.String(); place != "" {
		title += " (" + analyze.Printable(place) + ")"
	}
	return title
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
	if words == nil {
		return answer + "."
	}
	return answer + ": " + strings.Join(words, ", ") + "."
}

// roleFinding prints a finding, with what asks for it and where it is.
func (p *printer) roleFinding(v *check.Verdict, f check.Finding) {
	words, color := kindWord(f.Kind)
	e := check.Explain(f.Code)
	if !f.Sure {
		words += "?"
	}
	p.line(p.style(color, words) + " " + string(f.Code) + " " + e.Title)
	if f.Permission != nil {
		p.permission("  ", *f.Permission)
	}
	if f.Actions != nil {
		for _, a := range f.Actions {
			p.line("  " + analyze.Printable(a))
		}
		for _, r := range f.Resources {
			p.line("    on " + analyze.Printable(r.String()))
		}
	}
	if f.Principal.Type != "" {
		p.line("  " + analyze.Printable(f.Principal.Type+" "+strings.Join(textsOf(f.Principal.IDs), ", ")))
	}
	if f.Condition != nil {
		p.line("  " + analyze.Printable(f.Condition.Key+" "+f.Condition.Operator+" "+strings.Join(textsOf(policy.Texts(f.Condition.Values)), " or ")))
	}
	if f.Unknown != nil {
		p.line("  " + analyze.Printable(strings.TrimSpace(f.Unknown.Name+" "+f.Unknown.ARN.String())))
	}
	if f.Unseen != nil {
		p.line("  " + analyze.Printable(f.Unseen.What))
		p.line("    " + p.style(faint, analyze.Printable(f.Unseen.Cure)))
	}
	if in := statementPlace(f); in != "" {
		p.line("  in " + in)
	}
	if len(f.Used) > 0 {
		p.line("  used of it:")
		for _, n := range f.Used {
			p.line("    " + analyze.Printable(n.Requirement.Resource.String()) + " for " + analyze.Printable(source(n.Requirement.At.Task, n.Requirement.At.Container, n.Requirement.At.Field)))
		}
	}
	p.line("  " + p.style(faint, e.Cure))
}

// permission prints a permission with the fields that ask for it.
func (p *printer) permission(indent string, permission check.Permission) {
	r := permission.Needs[0].Requirement
	line := indent + analyze.Printable(permission.Action.Name) + " on " + analyze.Printable(permission.Needs[0].Plan.Environment.Fill(r.Resource))
	if mark := matchMark[r.Match]; mark != "" {
		line += " " + mark
	}
	p.line(line)
	for _, n := range permission.Needs {
		at := n.Requirement.At
		line := indent + "  " + analyze.Printable(source(at.Task, at.Container, at.Field))
		if place := at.String(); place != "" {
			line += "  " + p.style(faint, analyze.Printable(place))
		}
		p.line(line)
	}
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
	if place := f.At.String(); place != "" {
		words = append(words, "("+place+")")
	}
	return analyze.Printable(strings.Join(words, " "))
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

// VerdictSchema is the number of the form that [JSONVerdict] writes. It changes as [Schema] does.
const VerdictSchema = 1

type (
	verdictDocument struct {
		Schema int           `json:"schema"`
		Roles  []roleVerdict `json:"roles"`
	}
	roleVerdict struct {
		Role        string              `json:"role"`
		ARN         string              `json:"arn"`
		At          place               `json:"at"`
		Fits        string              `json:"fits"` // "yes", "no", "cannot tell"
		Permissions []verdictPermission `json:"permissions"`
		Findings    []verdictFinding    `json:"findings"`
		Add         json.RawMessage     `json:"add"`   // a policy document, or null
		Trust       json.RawMessage     `json:"trust"` // the trust policy to have, or null
		Checklist   verdictChecklist    `json:"checklist"`
		Assumed     environment         `json:"assumed"`
		NotSeen     []string            `json:"notSeen"`
	}
	verdictChecklist struct {
		Exists        string `json:"exists"`
		ManagedPolicy string `json:"managedPolicy"`
		Trust         string `json:"trust"`
	}
	verdictPermission struct {
		Action   string  `json:"action"`
		Strength string  `json:"strength"`
		Resource string  `json:"resource"`
		Match    string  `json:"match"`
		Allowed  string  `json:"allowed"`
		Code     string  `json:"code"`
		From     []place `json:"from"`
	}
	verdictFinding struct {
		Code      string   `json:"code"`
		Kind      string   `json:"kind"`
		Sure      bool     `json:"sure"`
		Title     string   `json:"title"`
		Means     string   `json:"means"`
		Cure      string   `json:"cure"`
		Action    string   `json:"action"`
		Resource  string   `json:"resource"`
		From      []place  `json:"from"`
		Policy    string   `json:"policy"`
		Statement string   `json:"statement"`
		At        place    `json:"at"`
		Actions   []string `json:"actions"`
		Resources []string `json:"resources"`
	}
)

func verdictJSON(verdicts []*check.Verdict, _ bool) []byte {
	doc := verdictDocument{Schema: VerdictSchema, Roles: []roleVerdict{}}
	for _, v := range verdicts {
		doc.Roles = append(doc.Roles, roleVerdictOf(v))
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		panic("report: " + err.Error()) // the document is made of strings and numbers
	}
	return []byte(analyze.PrintableLines(b.String()))
}

func roleVerdictOf(v *check.Verdict) roleVerdict {
	out := roleVerdict{
		Role: v.Role.Name, ARN: v.Role.ARN.String(), At: place{File: v.Role.Place.File, Line: v.Role.Place.Line, Column: v.Role.Place.Column}, Fits: v.Fits.String(),
		Permissions: []verdictPermission{}, Findings: []verdictFinding{}, Add: json.RawMessage("null"), Trust: json.RawMessage("null"),
		Checklist: verdictChecklist{v.Checklist.Exists.String(), v.Checklist.ManagedPolicy.String(), v.Checklist.Trust.String()},
		Assumed:   environment{v.Assumed.Partition, v.Assumed.Region, v.Assumed.Account}, NotSeen: append([]string{}, notSeen(v)...),
	}
	known := environmentOfVerdict(v)
	if add := additions(v); len(add) > 0 {
		out.Add = json.RawMessage(emit.OpenDocument(policy.NewDocument(add...), known))
	}
	if trust := newTrust(v); trust.Statements != nil {
		out.Trust = json.RawMessage(emit.OpenDocument(trust, known))
	}
	for i := range v.Permissions {
		p := &v.Permissions[i]
		out.Permissions = append(out.Permissions, verdictPermission{
			Action: p.Action.Name, Strength: string(p.Action.Strength), Resource: known.Fill(p.Resource()), Match: string(p.Needs[0].Requirement.Match),
			Allowed: p.Answer.Allowed.String(), Code: string(p.Code), From: placesOf(p),
		})
	}
	for _, f := range v.Findings {
		e := check.Explain(f.Code)
		one := verdictFinding{
			Code: string(f.Code), Kind: string(f.Kind), Sure: f.Sure, Title: e.Title, Means: e.Means, Cure: e.Cure, From: []place{},
			At: place{File: f.At.File, Line: f.At.Line, Column: f.At.Column}, Actions: append([]string{}, f.Actions...), Resources: append([]string{}, textsOf(f.Resources)...),
		}
		if f.Permission != nil {
			one.Action, one.Resource, one.From = f.Permission.Action.Name, known.Fill(f.Permission.Resource()), placesOf(f.Permission)
		}
		if f.Policy != nil {
			one.Policy = f.Policy.Name
		}
		if f.Statement != nil {
			one.Statement = f.Statement.Sid
		}
		out.Findings = append(out.Findings, one)
	}
	return out
}

func placesOf(p *check.Permission) []place {
	list := []place{}
	for _, n := range p.Needs {
		list = append(list, placeOf(n.Requirement.At))
	}
	return slices.Clip(list)
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
