package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// view is a block as people read it, in every form. All its strings are printable.
type view struct {
	sid        string
	actions    []marked
	resources  []resource
	conditions []string
	whys, docs []string
}

// marked is a text with the marks that the legend explains.
type marked struct {
	text  string
	marks []string
}

// resource is a resource of a statement, and who asked for it.
type resource struct {
	marked
	askers []asker
}

type asker struct {
	words string // "app: secrets DB_PASSWORD"
	place string // "web.json:5:16", or ""
}

// The marks behind actions and resources. The legend explains those that occur.
const (
	documentedMark = "(documented)"
	whenMark       = "(conditional)"
)

var matchMark = map[analyze.Match]string{analyze.Each: "(each)", analyze.OneOf: "(one of)"}

var legend = []struct{ mark, text string }{
	{documentedMark, "AWS documents that this action is needed; no known source calls it"},
	{matchMark[analyze.OneOf], "one name that fits the pattern is meant, and the input does not say which"},
	{matchMark[analyze.Each], "every name that fits the pattern is meant"},
	{whenMark, "only where whoever deploys the role gives a value, or where a condition of the input holds"},
}

// marks returns the marks that occur in views, in the order of the legend.
func marks(views []view) (list []string) {
	for _, l := range legend {
		has := func(m marked) bool { return slices.Contains(m.marks, l.mark) }
		if slices.ContainsFunc(views, func(v view) bool {
			return slices.ContainsFunc(v.actions, has) || slices.ContainsFunc(v.resources, func(r resource) bool { return has(r.marked) })
		}) {
			list = append(list, l.mark)
		}
	}
	return list
}

// view returns the block for people. The environment's values are written in the place of their symbols.
func (b block) view(environment policy.Environment) view {
	v := view{sid: analyze.Printable(b.statement.Sid)}
	strengths := map[string]analyze.Strength{}
	byResource := map[policy.Text][]*analyze.Requirement{}
	for _, r := range b.requirements {
		byResource[r.Resource] = append(byResource[r.Resource], r)
		v.whys = appendNew(v.whys, analyze.Printable(r.Why()))
		v.whys = appendNew(v.whys, analyze.Printable(r.WildcardReason()))
		v.docs = appendNew(v.docs, analyze.Printable(r.Rule.Doc))
		for _, a := range r.Actions {
			// One rule that sees the call is enough.
			if strengths[a.Name] != analyze.Called {
				strengths[a.Name] = a.Strength
			}
		}
	}
	for _, a := range b.statement.Actions {
		m := marked{text: analyze.Printable(a)}
		if strengths[a] == analyze.Documented {
			m.marks = []string{documentedMark}
		}
		v.actions = append(v.actions, m)
	}
	for _, value := range b.statement.Resources {
		text := analyze.Printable(environment.Fill(value.Text))
		i := slices.IndexFunc(v.resources, func(r resource) bool { return r.text == text })
		if i < 0 {
			i = len(v.resources)
			v.resources = append(v.resources, resource{marked: marked{text: text}})
		}
		res := &v.resources[i]
		if value.When != nil {
			res.marks = appendNew(res.marks, whenMark)
		}
		listed := map[asker]bool{} // two rules may read one field
		for _, r := range byResource[value.Text] {
			res.marks = appendNew(res.marks, matchMark[r.Match])
			a := asker{analyze.Printable(source(r.At.Task, r.At.Container, r.At.Field)), analyze.Printable(r.At.String())}
			if !listed[a] {
				listed[a] = true
				res.askers = append(res.askers, a)
			}
		}
	}
	for _, c := range b.statement.Conditions {
		values := texts(policy.Texts(c.Values), environment)
		for i, value := range values {
			values[i] = analyze.Printable(value)
		}
		v.conditions = append(v.conditions, analyze.Printable(c.Key)+" "+analyze.Printable(c.Operator)+" "+strings.Join(values, " or "))
	}
	return v
}

// appendNew appends s unless it is empty or already in the list.
func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// page is all that people read.
type page struct {
	family, file string
	sharedBy     []string // the task definitions that share the role; nil for one
	lead         string   // how much of a role there is; "" for a whole one
	properties   []property
	granted      []view
	attached     []view // what managed policies grant that the role has attached
	open         []view // requirements that nothing in the role grants
	others       []other
	passRole     string   // JSON of several lines; "" for none
	openRole     bool     // the role's ARN is unknown in it
	taskRoles    []string // that the same people pass on too
	hasRole      bool
	needs        []needGroup
	unseen       []analyze.Unseen
	agent        string
	findings     []analyze.Finding
}

// property is a property of the role, such as its path.
type property struct{ label, text string }

// boundaryRemark is written below a permissions boundary: because of it a task may fail, whatever the page shows.
const boundaryRemark = "The role can do only what this policy allows too. execrole does not read it."

// other is what another account has to allow.
type other struct {
	account, service string
	resources        []string
	askers           []string
	document         string // JSON of several lines
}

const othersLead = "Other accounts have to allow this role too, in the policies of:"

// The words around the statement of [policy.Role.PassRole].
const (
	passRoleLead  = "Whoever registers the task definition or runs the task has to be allowed this:"
	openRoleLead  = "Put the ARN of the new role in the place of ${" + string(analyze.RoleARN) + "}; --role-name makes it known."
	taskRolesLead = "The same people pass on the task role, and need the same for it:"
)

// passRole returns what somebody has to be allowed who passes the role on; "" for nothing.
func passRole(role *policy.Role) string {
	if role == nil || role.PassRole.Statements == nil {
		return ""
	}
	return analyze.PrintableLines(string(emit.OpenDocument(role.PassRole, role.Environment)))
}

// others returns the role's resource policies.
func others(role *policy.Role) (list []other) {
	if role == nil {
		return nil
	}
	for _, p := range role.ResourcePolicies {
		list = append(list, viewOfOther(p, role.Environment))
	}
	return list
}

// viewOfOther returns a resource policy for people.
func viewOfOther(p policy.ResourcePolicy, known policy.Environment) other {
	o := other{account: analyze.Printable(p.Account), service: analyze.Printable(p.Service), document: analyze.PrintableLines(string(emit.OpenDocument(p.Document, known)))}
	for _, r := range p.Things {
		o.resources = append(o.resources, analyze.Printable(known.Fill(r)))
	}
	for _, from := range p.From {
		o.askers = appendNew(o.askers, analyze.Printable(source(from.Task, from.Container, from.Field)))
	}
	return o
}

// attachedLead is the heading of what managed policies grant: more than the task needs.
const attachedLead = "Required, and granted by the attached managed policy, which grants more:"

// views returns all blocks of the page.
func (p *page) views() []view { return slices.Concat(p.granted, p.attached, p.open) }

// properties returns the properties that the role has.
func properties(role *policy.Role) (list []property) {
	if role == nil {
		return nil
	}
	add := func(label, text string) { list = append(list, property{label, analyze.Printable(text)}) }
	var tags []policy.Tag
	for _, p := range role.Properties.List(role.Name) {
		switch {
		case p.Tags != nil:
			tags = p.Tags
		case p.Number != 0:
			add("session", strconv.Itoa(p.Number)+" seconds at most")
		case p.Key == policy.PermissionsBoundaryKey:
			add("boundary", p.Text)
		default:
			add(p.Words, p.Text)
		}
	}
	for _, arn := range role.Attached {
		add("attached", role.Environment.Fill(arn))
	}
	for _, t := range tags {
		add("tag", t.Key+"="+t.Value)
	}
	return list
}

func newPage(plan *analyze.Plan, role *policy.Role, agent string, unseen []analyze.Unseen) page {
	p := page{family: analyze.Printable(plan.Family), file: analyze.Printable(plan.File), properties: properties(role), hasRole: role != nil, others: others(role), passRole: passRole(role), openRole: role != nil && slices.Contains(policy.Symbols(role.PassRole), analyze.RoleARN), unseen: unseen, agent: agent, findings: plan.Findings}
	environment := environmentOf(plan, role)
	for _, task := range plan.SharedBy {
		p.sharedBy = append(p.sharedBy, analyze.Printable(task))
	}
	granted, attached, open := blocks(plan, role)
	p.needs = needGroups(plan, environment)
	for _, t := range plan.TaskRoles {
		p.taskRoles = append(p.taskRoles, analyze.Printable(environment.Fill(t)))
	}
	for _, b := range granted {
		p.granted = append(p.granted, b.view(environment))
	}
	for _, b := range attached {
		p.attached = append(p.attached, b.view(environment))
	}
	for _, b := range open {
		p.open = append(p.open, b.view(environment))
	}
	switch {
	case role == nil && len(plan.Requirements) == 0:
		p.lead = "No role can be written: see the findings."
	case role == nil:
		p.lead = "No role can be written: see the findings. This much is known to be required:"
	case len(statements(role)) == 0 && len(plan.Requirements) == 0:
		p.lead = "The role needs no permissions: its trust policy is all."
	}
	return p
}
