package page

import (
	"encoding/json"
	"fmt"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/emit/report"
)

// Verdict says whether a role that exists fits the task definitions.
type Verdict struct {
	// Roles is the document that execrole check -f json writes, and Text what it writes for people.
	Report json.RawMessage `json:"report"`
	Text   string          `json:"text"`
	// Places are those of the findings of each role in Report, in the same order.
	Places [][]Places `json:"places"`
	// Problems are what cannot be read in the role.
	Problems []Finding `json:"problems"`
}

// Places are where a finding is.
type Places struct {
	Asked []Span `json:"asked"` // in the input: the fields that ask for it
	Role  Span   `json:"role"`  // in the files of the role
}

// check compares the role of the request with the plans.
func (s *session) check(plans []*analyze.Plan) {
	resp := s.response
	resp.Verdict = &Verdict{Report: json.RawMessage("null"), Places: [][]Places{}, Problems: []Finding{}}
	var usable []*analyze.Plan
	failed := false
	for _, p := range plans {
		failed = failed || p.Err() != nil || p.Unread
		s.findings = append(s.findings, p.Findings...)
		if p.Err() == nil && !p.Unread {
			usable = append(usable, p)
		}
	}
	var inputs []analyze.Input
	for _, f := range s.request.Roles {
		inputs = append(inputs, analyze.Input{Name: analyze.Printable(f.Name), Source: []byte(f.Text)})
	}
	roleTexts := texts{files: s.request.Roles}
	empty := input{files: s.request.Roles}
	if empty.empty() {
		return
	}
	roles, problems := check.Read(inputs)
	for _, p := range problems {
		f := Finding{Severity: string(analyze.Error), Rule: "role", Message: analyze.Printable(p.Message), At: roleTexts.span(p.At), Fixes: []Fix{}}
		if p.Warning {
			f.Severity = string(analyze.Warning)
		} else {
			failed = true
		}
		f.Text = fmt.Sprintf("%s: %s: %s [role]", p.At, f.Severity, f.Message)
		resp.Verdict.Problems = append(resp.Verdict.Problems, f)
	}
	if failed || len(usable) == 0 || len(roles) == 0 {
		return
	}
	verdicts, err := s.verdicts(roles, usable)
	if err != nil {
		resp.Problems = append(resp.Problems, err.Error())
		return
	}
	resp.Verdict.Report = json.RawMessage(report.JSONVerdict.Write(verdicts, report.VerdictOptions{}))
	resp.Verdict.Text = string(report.TextVerdict.Write(verdicts, report.VerdictOptions{}))
	inputTexts := texts{files: s.input.files}
	for _, v := range verdicts {
		list := []Places{}
		for _, f := range v.Findings {
			one := Places{Asked: []Span{}, Role: roleTexts.span(f.At)}
			if f.Permission != nil {
				for _, at := range f.Permission.From() {
					one.Asked = append(one.Asked, inputTexts.span(at.Place))
				}
			}
			list = append(list, one)
		}
		resp.Verdict.Places = append(resp.Verdict.Places, list)
	}
}

// verdicts compares the only role with all plans, or each of several roles with the plans that name it.
func (s *session) verdicts(roles check.Roles, plans []*analyze.Plan) (list []*check.Verdict, err error) {
	opts := check.Options{Environment: s.options.analyze.Environment, Role: s.options.role}
	if len(roles) == 1 {
		return []*check.Verdict{check.Check(roles[0], plans, opts)}, nil
	}
	users := map[*check.Role][]*analyze.Plan{}
	for _, p := range plans {
		if role := roles.Find(p.ExecutionRole); role != nil {
			users[role] = append(users[role], p)
		}
	}
	for _, role := range roles {
		if users[role] != nil {
			list = append(list, check.Check(role, users[role], opts))
		}
	}
	if list == nil {
		return nil, fmt.Errorf("there are %d roles, and the task definition names none of them as its executionRoleArn", len(roles))
	}
	return list, nil
}
