package report

import (
	"encoding/json"
	"slices"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// VerdictSchema is the number of the form that [JSONVerdict] writes. It changes as [Schema] does.
const VerdictSchema = 1

type (
	verdictDocument struct {
		Schema int           `json:"schema"`
		Roles  []roleVerdict `json:"roles"`
		Table  []tableRow    `json:"table"`  // of an account; empty for given roles
		Unused []unusedRole  `json:"unused"` // roles that ECS may assume for tasks, and that no task definition has
	}
	tableRow struct {
		Role     string   `json:"role"`
		ARN      string   `json:"arn"`
		Tasks    []string `json:"tasks"`
		Missing  *int     `json:"missing"` // null where the role was not compared
		Denied   *int     `json:"denied"`
		Unneeded *int     `json:"unneeded"`
		Verdict  string   `json:"verdict"`
	}
	unusedRole struct {
		Role string `json:"role"`
		ARN  string `json:"arn"`
		At   place  `json:"at"`
	}
	roleVerdict struct {
		Role        string              `json:"role"`
		ARN         string              `json:"arn"`
		At          place               `json:"at"`
		Fits        string              `json:"fits"` // "yes", "no", "cannot tell"
		Permissions []verdictPermission `json:"permissions"`
		Findings    []verdictFinding    `json:"findings"`
		Accepted    []acceptedFinding   `json:"accepted"`
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
	acceptedFinding struct {
		verdictFinding
		Reason string `json:"reason"`
	}
	verdictFinding struct {
		Fingerprint string          `json:"fingerprint"` // the same in another run
		Code        string          `json:"code"`
		Kind        string          `json:"kind"`
		Sure        bool            `json:"sure"`
		Title       string          `json:"title"`
		Means       string          `json:"means"`
		Cure        string          `json:"cure"`
		Action      string          `json:"action"`
		Resource    string          `json:"resource"`
		From        []place         `json:"from"`
		Policy      string          `json:"policy"`
		Statement   string          `json:"statement"`
		At          place           `json:"at"`
		Actions     []string        `json:"actions"`
		Resources   []string        `json:"resources"`
		About       []string        `json:"about"`   // a principal, a condition, a policy that is unknown, a task
		Shown       string          `json:"shown"`   // the error that ECS shows at start
		Instead     json.RawMessage `json:"instead"` // a policy document with what is used of it, or null
	}
)

func verdictJSON(verdicts []*check.Verdict, opts VerdictOptions) []byte {
	doc := verdictDocument{Schema: VerdictSchema, Roles: []roleVerdict{}, Table: []tableRow{}, Unused: []unusedRole{}}
	for _, v := range verdicts {
		doc.Roles = append(doc.Roles, roleVerdictOf(v))
	}
	if opts.Account != nil {
		doc.addAccount(opts.Account)
	}
	return programJSON(doc)
}

// addAccount adds the table of an account, and the roles that nothing uses.
func (d *verdictDocument) addAccount(a *check.Account) {
	for _, row := range TableRows(a) {
		r := tableRow{Role: row.Role, ARN: row.ARN, Tasks: row.Tasks, Verdict: row.Answer}
		if row.Counts {
			r.Missing, r.Denied = &row.Missing, &row.Denied
		}
		if row.Judged {
			r.Unneeded = &row.Unneeded
		}
		d.Table = append(d.Table, r)
	}
	for _, role := range a.Unused {
		d.Unused = append(d.Unused, unusedRole{role.Name, role.ARN.String(), place{File: role.Place.File, Line: role.Place.Line, Column: role.Place.Column}})
	}
}

func roleVerdictOf(v *check.Verdict) roleVerdict {
	out := roleVerdict{
		Role: v.Role.Name, ARN: v.Role.ARN.String(), At: place{File: v.Role.Place.File, Line: v.Role.Place.Line, Column: v.Role.Place.Column}, Fits: v.Fits.String(),
		Permissions: []verdictPermission{}, Findings: []verdictFinding{}, Accepted: []acceptedFinding{}, Add: json.RawMessage("null"), Trust: json.RawMessage("null"),
		Checklist: verdictChecklist{v.Checklist.Exists.String(), v.Checklist.ManagedPolicy.String(), v.Checklist.Trust.String()},
		Assumed:   environment{v.Assumed.Partition, v.Assumed.Region, v.Assumed.Account}, NotSeen: append([]string{}, notSeen(v)...),
	}
	known := v.Environment
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
		out.Findings = append(out.Findings, findingOf(v, f, known))
	}
	for _, a := range v.Accepted {
		out.Accepted = append(out.Accepted, acceptedFinding{findingOf(v, a.Finding, known), a.Reason})
	}
	return out
}

func findingOf(v *check.Verdict, f check.Finding, known policy.Environment) verdictFinding {
	e, view := check.Explain(f.Code), viewOfFinding(v, f)
	one := verdictFinding{
		Fingerprint: v.Fingerprint(f), Code: string(f.Code), Kind: string(f.Kind), Sure: f.Sure, Title: e.Title, Means: e.Means, Cure: view.cure, From: []place{},
		At: place{File: f.At.File, Line: f.At.Line, Column: f.At.Column}, Actions: append([]string{}, f.Actions...), Resources: append([]string{}, textsOf(f.Resources)...),
		About: append([]string{}, view.about...), Shown: view.shown, Instead: json.RawMessage("null"),
	}
	if f.Permission != nil {
		one.Action, one.Resource, one.From = f.Permission.Action.Name, known.Fill(f.Permission.Resource()), placesOf(f.Permission)
	}
	if view.instead != "" {
		one.Instead = json.RawMessage(emit.OpenDocument(policy.NewDocument(f.Cure.Add...), known))
	}
	if f.Policy != nil {
		one.Policy = f.Policy.Name
	}
	if f.Statement != nil {
		one.Statement = f.Statement.Sid
	}
	return one
}

func placesOf(p *check.Permission) []place {
	list := []place{}
	for _, n := range p.Needs {
		list = append(list, placeOf(n.Requirement.At))
	}
	return slices.Clip(list)
}
