package page

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/diagnose"
	"github.com/execrole/execrole/emit/report"
)

// Diagnosis says what errors of ECS mean.
type Diagnosis struct {
	// Report is the document that execrole diagnose -f json writes, and Text what it writes for people.
	Report json.RawMessage `json:"report"`
	Text   string          `json:"text"`
	// Places are those of the fields of each answer in Report, in the same order.
	Places [][]Span `json:"places"`
	// Problems are what cannot be read in the role.
	Problems []Finding `json:"problems"`
	// Error says why the message has no answer; "" if it has one.
	Error string `json:"error"`
}

// messageName is how problems name the message.
const messageName = "MESSAGE"

// diagnose says what the message of the request means. Plans and roles make the answer exact, and there may be none.
func (s *session) diagnose(roles *existing, plans []*analyze.Plan) {
	out := &Diagnosis{Report: json.RawMessage("null"), Places: [][]Span{}, Problems: []Finding{}}
	s.response.Diagnosis = out
	for _, p := range plans {
		s.findings = append(s.findings, p.Findings...)
	}
	opts, _ := s.addPolicies(roles, plans) // what is wrong with them is among the problems
	var failed bool
	out.Problems, failed = roles.findings()
	if strings.TrimSpace(s.request.Message) == "" || failed {
		return
	}
	messages, err := diagnose.Read(messageName, []byte(s.request.Message))
	if err != nil {
		out.Error = analyze.Printable(err.Error())
		return
	}
	known := diagnose.Known{Plans: plans, Roles: roles.roles, From: roles.origin(), Check: opts}
	if len(roles.roles) == 0 {
		known.Roles, known.From = nil, check.Own
	}
	d, uses := known.Diagnose(messages)
	if len(uses.Left) > 0 && known.From == check.OfAccount {
		out.Error = uses.Left[0].Plan.File + ": the role of this task definition is not among the roles of the account"
		return
	}
	if len(d.Answers)+len(d.Unknown) == 0 {
		out.Error = "there is no error among the messages: the service is steady, or somebody stopped the tasks"
		return
	}
	out.Report = json.RawMessage(report.JSONDiagnosis.Write(d, false))
	out.Text = string(report.TextDiagnosis.Write(d, false))
	places := texts{files: s.input.files}
	for _, a := range d.Answers {
		list := []Span{}
		for _, f := range a.Fields {
			list = append(list, places.span(f.At.Place))
		}
		out.Places = append(out.Places, list)
	}
}

// findings returns the problems of the roles at their places. Failed says that one of them is an error.
func (e *existing) findings() (list []Finding, failed bool) {
	list = []Finding{}
	places := texts{files: e.files}
	for _, p := range e.problems {
		f := Finding{Severity: string(analyze.Error), Rule: "role", Message: analyze.Printable(p.Message), At: places.span(p.At), Fixes: []Fix{}}
		if p.Warning {
			f.Severity = string(analyze.Warning)
		} else {
			failed = true
		}
		f.Text = fmt.Sprintf("%s: %s: %s [role]", p.At, f.Severity, f.Message)
		list = append(list, f)
	}
	return list, failed
}
