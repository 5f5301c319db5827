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
	opts, isRead := s.addPolicies(roles, plans)
	var unread bool
	resp.Verdict.Problems, unread = roles.findings()
	if !isRead || len(plans) == 0 || len(roles.roles) == 0 && !roles.own {
		return
	}
	account, err := s.account(roles, plans, opts)
	if (failed || unread) && (len(account.Verdicts) == 0 || roles.origin() == check.Given) {
		return // the findings say why; roles of an account or of a template that could be read are compared all the same
	}
	if err != nil {
		resp.Problems = append(resp.Problems, analyze.PrintableLines(err.Error()))
		return
	}
	var form report.VerdictOptions
	if roles.account {
		form.Account = account
	}
	resp.Verdict.Own = roles.own
	resp.Verdict.Report = json.RawMessage(report.JSONVerdict.Write(account.Verdicts, form))
	resp.Verdict.Text = string(report.TextVerdict.Write(account.Verdicts, form))
	places, inputTexts := texts{files: roles.files}, texts{files: s.input.files}
	for _, v := range account.Verdicts {
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
	// account says that the roles are those of an account.
	account bool
	// terraform are the inputs of own roles that are Terraform's, by their names.
	terraform map[string]bool
	problems  []tree.Problem
}

// readRoles reads the roles of the request or, without any, those of the templates and of Terraform in the input. The analysis
// learns which settings they use.
func (s *session) readRoles(analysis *analyze.Analysis, set []analyze.Setting) *existing {
	given := readInput(s.request.Roles)
	e, inputs := &existing{files: given.files, account: s.request.Account && !given.empty()}, given.inputs
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

// origin says where the roles come from.
func (e *existing) origin() check.Origin {
	switch {
	case e.own:
		return check.Own
	case e.account:
		return check.OfAccount
	}
	return check.Given
}

// account compares the roles with the plans that use them. The error names each plan whose role is not there. For the roles of an
// account, it is nil as soon as one plan has its role: the table lists the others.
func (s *session) account(roles *existing, plans []*analyze.Plan, opts check.Options) (*check.Account, error) {
	uses := roles.roles.Uses(roles.origin(), plans, roles.terraform)
	account := &check.Account{Left: uses.Left}
	for _, role := range uses.Roles {
		account.Verdicts = append(account.Verdicts, uses.Check(role, role, opts))
	}
	account.Sort()
	if len(plans) > 1 {
		account.Unused = roles.roles.Unused(plans)
	}
	if roles.account && len(account.Verdicts) > 0 {
		return account, nil
	}
	var errs []error
	for _, left := range uses.Left {
		if left.Why == check.TaskUnread {
			continue // the findings say why
		}
		named := left.Named()
		if len(named) == 0 {
			errs = append(errs, fmt.Errorf("%s: the task definition %s %s, and there are %d roles: paste the one that it is to have", left.Plan.At(), check.LabelOf(left.Plan), left.Why, len(roles.roles)))
		}
		for _, named := range named {
			errs = append(errs, fmt.Errorf("%s: the execution role of %s is %s, which is not among the roles here: paste it alone", named.At, check.LabelOf(left.Plan), left.Plan.Symbols.Written(named.Role)))
		}
	}
	return account, errors.Join(errs...)
}
