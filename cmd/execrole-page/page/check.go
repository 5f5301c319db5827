package page

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit/report"
)

// Verdict says whether a role that exists fits the task definitions.
type Verdict struct {
	// Report is the document that execrole check -f json writes, and Text what it writes for people.
	Report json.RawMessage `json:"report"`
	Text   string          `json:"text"`
	// Places are those of the findings of each role in Report, in the same order.
	Places [][]Places `json:"places"`
	// Own says that the roles are those of the templates in the input, so that the places of roles are in it too.
	Own bool `json:"own"`
	// Problems are what cannot be read in the role.
	Problems []Finding `json:"problems"`
}

// Places are where a finding is.
type Places struct {
	Asked []Span `json:"asked"` // in the input: the fields that ask for it
	Role  Span   `json:"role"`  // in the files of the role
}

// check compares roles with the plans: those of the request or, without any, those of the templates in the input.
func (s *session) check(roles *existing, plans []*analyze.Plan) {
	resp := s.response
	resp.Verdict = &Verdict{Report: json.RawMessage("null"), Places: [][]Places{}, Problems: []Finding{}}
	failed := false
	for _, p := range plans {
		s.findings = append(s.findings, p.Findings...)
		failed = failed || p.Err() != nil || p.Unread
	}
	places := texts{files: roles.files}
	var unread bool
	resp.Verdict.Problems, unread = roles.findings()
	if failed || unread || len(plans) == 0 || len(roles.roles) == 0 && !roles.own {
		return
	}
	verdicts, err := s.verdicts(roles, plans)
	if err != nil {
		resp.Problems = append(resp.Problems, analyze.PrintableLines(err.Error()))
		return
	}
	resp.Verdict.Own = roles.own
	resp.Verdict.Report = json.RawMessage(report.JSONVerdict.Write(verdicts, report.VerdictOptions{}))
	resp.Verdict.Text = string(report.TextVerdict.Write(verdicts, report.VerdictOptions{}))
	inputTexts := texts{files: s.input.files}
	for _, v := range verdicts {
		list := []Places{}
		for _, f := range v.Findings {
			one := Places{Asked: []Span{}, Role: places.span(f.At)}
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

// existing are roles that exist, with the files that have them.
type existing struct {
	roles check.Roles
	files []File
	own   bool // the files are those of the input
	// terraform are the inputs of own roles that are Terraform's, by their names.
	terraform map[string]bool
	problems  []tree.Problem
}

// readRoles reads the roles of the request or, without any, those of the templates and of Terraform in the input. The analysis
// learns which settings they use.
func (s *session) readRoles(analysis *analyze.Analysis, set []analyze.Setting) *existing {
	given := readInput(s.request.Roles)
	e, inputs := &existing{files: given.files}, given.inputs
	if given.empty() {
		e.files, inputs = s.input.files, nil
		e.terraform = map[string]bool{}
		for _, in := range s.input.inputs {
			e.terraform[in.Name] = in.Module != nil || check.IsTerraform(in.Name, in.Source)
			if e.terraform[in.Name] || check.IsTemplate(in.Name, in.Source) {
				inputs = append(inputs, in)
			}
		}
		e.own = inputs != nil
	}
	if inputs == nil {
		return e
	}
	var used []string
	e.roles, used, e.problems = check.ReadSet(inputs, set)
	analysis.Use(used...)
	return e
}

// verdicts compares the only role that is given with all plans, or else each role with the plans that name it.
func (s *session) verdicts(roles *existing, plans []*analyze.Plan) (list []*check.Verdict, err error) {
	opts := check.Options{Environment: s.options.analyze.Environment, Role: s.options.role}
	if len(roles.roles) == 1 && !roles.own {
		return []*check.Verdict{check.Check(roles.roles[0], plans, opts)}, nil
	}
	users, notSeen := map[*check.Role][]*analyze.Plan{}, map[*check.Role][]check.NotSeen{}
	elsewhere := map[string]*check.Role{} // by what Terraform names, and where
	var order []*check.Role
	var errs []error
	for _, p := range plans {
		name := analyze.Printable(firstOf(p.Family, p.Name))
		found, unknown := roles.roles.Of(p)
		switch {
		case len(p.ExecutionRoles) == 0 && roles.terraform[p.File] && check.IsModuleCall(p.Name):
			found = check.Roles{check.InModule(p)}
		case p.ExecutionRole == "" && roles.own:
			found = check.Roles{{Absent: true, Name: name, Place: p.At()}}
		case p.ExecutionRole == "":
			errs = append(errs, fmt.Errorf("%s: the task definition %s names no executionRoleArn, and there are %d roles: paste the one that it is to have", p.At(), name, len(roles.roles)))
		}
		known := found
		for _, named := range unknown {
			role := analyze.Printable(p.Symbols.Written(named.Role))
			key := p.File + "\n" + string(named.Role)
			switch {
			case len(known) > 0: // one of several by a conditional
				for _, k := range known {
					notSeen[k] = append(notSeen[k], check.NotSeen(fmt.Sprintf("the role %s, which %s can have too", role, name)))
				}
			case roles.terraform[p.File]: // it is somebody else's, and no mistake
				if elsewhere[key] == nil {
					elsewhere[key] = check.Elsewhere(named)
				}
				found = append(found, elsewhere[key])
			default:
				errs = append(errs, fmt.Errorf("%s: the execution role of %s is %s, which is not among the roles here: paste it alone", named.At, name, role))
			}
		}
		for _, role := range found {
			if users[role] == nil {
				order = append(order, role)
			}
			users[role] = append(users[role], p)
		}
	}
	for _, role := range order {
		v := check.Check(role, users[role], opts)
		v.NotSeen = append(v.NotSeen, notSeen[role]...)
		list = append(list, v)
	}
	return list, errors.Join(errs...)
}
