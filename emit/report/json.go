package report

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Schema is the number of the form that [JSON] writes. It changes when a member changes its meaning or disappears, and not
// when one is added.
const Schema = 1

// document is what JSON writes. Lists are never null: readers can loop without asking.
type document struct {
	Schema       int            `json:"schema"`
	Family       string         `json:"family"`
	File         string         `json:"file"`
	Name         string         `json:"name"`
	SharedBy     []string       `json:"sharedBy"`
	Environment  environment    `json:"environment"`
	Role         roleProperties `json:"role"`
	Statements   []statement    `json:"statements"`
	Requirements []requirement  `json:"requirements"`
	Findings     []finding      `json:"findings"`
	MinimumAgent string         `json:"minimumAgent"`
	Unseen       []unseen       `json:"unseen"`
	Others       []otherAccount `json:"otherAccounts"`
	PassRole     passing        `json:"passRole"`
	Needs        []need         `json:"needs"`
}

// environment is where the role is used: its members are empty where that is unknown.
type environment struct {
	Partition string `json:"partition"`
	Region    string `json:"region"`
	Account   string `json:"account"`
}

// otherAccount is what another account has to allow.
type otherAccount struct {
	Account   string          `json:"account"`
	Service   string          `json:"service"`
	Resources []string        `json:"resources"`
	From      []string        `json:"from"`
	Policy    json.RawMessage `json:"policy"`
}

// passing is what whoever passes the role on has to be allowed.
type passing struct {
	Policy    json.RawMessage `json:"policy"`
	TaskRoles []string        `json:"taskRoles"`
}

// need is something besides the role that has to be there for the task to start.
type need struct {
	Kind       string   `json:"kind"`
	Rule       string   `json:"rule"`
	Thing      string   `json:"thing"`
	Name       string   `json:"name"`
	Or         []string `json:"or"`
	Region     string   `json:"region"`
	Tag        string   `json:"tag"`
	Keys       []string `json:"keys"`
	Gateway    bool     `json:"gateway"`
	LaunchType string   `json:"launchType"`
	Why        string   `json:"why"`
	From       []place  `json:"from"`
}

// roleProperties are the properties of the role, all of them empty where there is no role.
type roleProperties struct {
	Name                string            `json:"name"`
	Path                string            `json:"path"`
	Description         string            `json:"description"`
	PermissionsBoundary string            `json:"permissionsBoundary"`
	MaxSessionDuration  int               `json:"maxSessionDuration"`
	ManagedPolicies     []string          `json:"managedPolicies"`
	Tags                map[string]string `json:"tags"`
}

type statement struct {
	Sid        string     `json:"sid"`
	Actions    []string   `json:"actions"`
	Resources  []string   `json:"resources"`
	Conditions conditions `json:"conditions"`
	From       []string   `json:"from"`
}

type requirement struct {
	Rule       string     `json:"rule"`
	Actions    []action   `json:"actions"`
	Resource   string     `json:"resource"`
	Match      string     `json:"match"`
	Conditions conditions `json:"conditions"`
	When       []string   `json:"when"` // of which one at least has to hold; none is always
	GrantedBy  string     `json:"grantedBy"`
	From       place      `json:"from"`
	Why        string     `json:"why"`
	Doc        string     `json:"doc"`
}

type action struct {
	Name     string `json:"name"`
	Strength string `json:"strength"`
}

type finding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	At       place  `json:"at"`
}

type place struct {
	Task      string `json:"task,omitempty"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	Pointer   string `json:"pointer"`
	Container string `json:"container"`
	Field     string `json:"field"`
}

type unseen struct {
	What string `json:"what"`
	Cure string `json:"cure"`
}

// conditions are nested as in a policy: operator, key, values.
type conditions map[string]map[string][]string

// JSON returns the plan and the role for programs. Role is nil where the plan has errors; the requirements
// are there all the same. Symbols without a known value are written as ${AWS::AccountId}.
func JSON(plan *analyze.Plan, role *policy.Role) []byte {
	return jsonText(plan, role, plan.Agent(), plan.Unseen)
}

// jsonText is JSON with the results of all rules as arguments, so that tests can choose them.
func jsonText(plan *analyze.Plan, role *policy.Role, agent string, notInTask []analyze.Unseen) []byte {
	known := environmentOf(plan, role)
	doc := document{
		Schema:       Schema,
		Family:       plan.Family,
		File:         plan.File,
		Name:         plan.Name,
		SharedBy:     append([]string{}, plan.SharedBy...),
		Environment:  environment(known),
		Statements:   []statement{},
		Requirements: []requirement{},
		Findings:     []finding{},
		MinimumAgent: agent,
		Unseen:       []unseen{},
		Others:       []otherAccount{},
		Needs:        []need{},
	}
	doc.Role.Tags, doc.Role.ManagedPolicies = map[string]string{}, []string{}
	if role != nil {
		p := role.Properties
		doc.Role.Name, doc.Role.Path, doc.Role.Description = role.Name, p.Path, p.Description
		doc.Role.PermissionsBoundary, doc.Role.MaxSessionDuration = p.PermissionsBoundary, p.MaxSessionDuration
		doc.Role.ManagedPolicies = texts(role.Attached, known)
		for _, t := range p.Tags {
			doc.Role.Tags[t.Key] = t.Value
		}
	}
	for _, s := range statements(role) {
		from := []string{}
		for _, f := range s.Fields() {
			from = append(from, source(f.Task, f.Container, f.Field))
		}
		doc.Statements = append(doc.Statements, statement{
			Sid:        s.Sid,
			Actions:    append([]string{}, s.Actions...),
			Resources:  texts(policy.Texts(s.Resources), known),
			Conditions: conditionsOf(s.Conditions, known),
			From:       from,
		})
	}
	for _, r := range plan.Requirements {
		doc.Requirements = append(doc.Requirements, requirementOf(r, plan.Symbols, known))
	}
	for _, f := range plan.Findings {
		doc.Findings = append(doc.Findings, finding{f.Rule, string(f.Severity), f.Message, placeOf(f.At)})
	}
	for _, u := range notInTask {
		doc.Unseen = append(doc.Unseen, unseen{u.What, u.Cure})
	}
	for _, o := range others(role) {
		doc.Others = append(doc.Others, o.json())
	}
	doc.PassRole = passing{json.RawMessage(cmp.Or(passRole(role), "{}")), []string{}}
	for _, t := range plan.TaskRoles {
		doc.PassRole.TaskRoles = append(doc.PassRole.TaskRoles, known.Fill(t))
	}
	for _, n := range plan.Needs() {
		doc.Needs = append(doc.Needs, needOf(n, known))
	}
	return programJSON(doc)
}

// json returns what another account has to allow for programs.
func (o other) json() otherAccount {
	return otherAccount{o.account, o.service, o.resources, o.askers, json.RawMessage(o.document)}
}

func requirementOf(r analyze.Requirement, symbols policy.SymbolTable, known policy.Environment) requirement {
	actions := make([]action, len(r.Actions))
	for i, a := range r.Actions {
		actions[i] = action{a.Name, string(a.Strength)}
	}
	when := []string{}
	for _, s := range r.When {
		when = append(when, whenWords(symbols, s))
	}
	return requirement{
		Rule:       r.Rule.ID,
		Actions:    actions,
		Resource:   known.Fill(r.Resource),
		Match:      string(r.Match),
		Conditions: conditionsOf(r.Conditions, known),
		When:       when,
		GrantedBy:  known.Fill(r.GrantedBy),
		From:       placeOf(r.At),
		Why:        r.Why(),
		Doc:        r.Rule.Doc,
	}
}

func needOf(n analyze.Need, known policy.Environment) need {
	out := need{
		Kind: string(n.Kind), Rule: n.Rule.ID, Thing: n.Thing, Name: known.Fill(n.Name), Or: []string{}, Region: known.Fill(n.Region),
		Tag: known.Fill(n.Tag), Keys: []string{}, Gateway: n.Gateway, LaunchType: n.LaunchType, Why: n.Why, From: []place{},
	}
	for _, t := range n.Or {
		out.Or = append(out.Or, known.Fill(t))
	}
	for _, t := range n.Keys {
		out.Keys = append(out.Keys, known.Fill(t))
	}
	for _, at := range n.From {
		out.From = append(out.From, placeOf(at))
	}
	return out
}

// texts returns texts as they are written, sorted, and each once: with the values that are known, two can be equal.
func texts(list []policy.Text, known policy.Environment) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = known.Fill(t)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func conditionsOf(list []policy.Condition, known policy.Environment) conditions {
	out := conditions{}
	for _, c := range list {
		if out[c.Operator] == nil {
			out[c.Operator] = map[string][]string{}
		}
		out[c.Operator][c.Key] = texts(policy.Texts(c.Values), known)
	}
	return out
}

func placeOf(r taskdef.Ref) place {
	return place{r.Task, r.File, r.Line, r.Column, r.Pointer, r.Container, r.Field}
}
