// Package page answers the questions of the page in the browser: a task definition in, its role out, both as JSON. It does
// what the command does with the same flags, and knows nothing of ECS and of the browser.
package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// Request is a question of the page.
type Request struct {
	// Mode is one of [Modes]; "" is the first.
	Mode  string `json:"mode"`
	Files []File `json:"files"` // the input: a document, or the files of a module of Terraform
	Roles []File `json:"roles"` // of [Check] and [Diagnose]: a role that exists, or parts of it
	// Account says that Roles has the roles of an account: that of a task is the one that its executionRoleArn names.
	Account bool `json:"account"`
	// Policies are those that limit the role, besides its own.
	Policies []Policy `json:"policies"`
	// Message is an error that ECS shows, of [Diagnose].
	Message string `json:"message"`
	// Options are flags of the command, as a shell splits them into words: "--set", "IMAGE=nginx".
	Options []string `json:"options"`
	// Format is the name of one of [emit.Formats]; "" is the first.
	Format string `json:"format"`
	// Task is the number of the task definition whose role is wanted, where the input has several.
	Task int `json:"task"`
}

// File is a file of the input.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Response is the answer. Its lists are never null.
type Response struct {
	Modes    []string  `json:"modes"`
	Formats  []Format  `json:"formats"`
	Language []string  `json:"language"` // of each file of the input: "json", "yaml", "hcl"
	Problems []string  `json:"problems"` // what is wrong with the options, for people
	Findings []Finding `json:"findings"`
	Tasks    []Task    `json:"tasks"`
	Task     int       `json:"task"`
	// Statements are those of the role; without a role, what is known of it so far.
	Statements []Statement `json:"statements"`
	HasRole    bool        `json:"hasRole"`
	Files      []Output    `json:"files"` // in the format of the request; empty where there is no role
	Unseen     []Unseen    `json:"unseen"`
	Options    []Option    `json:"options"`
	Command    string      `json:"command"` // what does the same in a shell
	Verdict    *Verdict    `json:"verdict"` // of the mode check; null elsewhere
	// Suggestion is the mode that the text of the input belongs to, if it is no task definition; "" for none.
	Suggestion string `json:"suggestion"`
	// Diagnosis is that of the mode diagnose; null elsewhere.
	Diagnosis *Diagnosis `json:"diagnosis"`
}

// Format is a form of output.
type Format struct {
	Name string `json:"name"`
	Help string `json:"help"`
}

// Task is a task definition of the input.
type Task struct {
	Name   string `json:"name"`
	Family string `json:"family"`
}

// Output is a file of the role.
type Output struct {
	Name string `json:"name"`
	Text string `json:"text"`
	// Spans are the places of statements in it.
	Spans []StatementSpan `json:"spans"`
}

// Unseen is what a task definition cannot show.
type Unseen struct {
	What string `json:"what"`
	Cure string `json:"cure"`
}

// The modes. A question of Generate has Files; one of Check has Roles too; one of Diagnose has a Message, and may have both.
const (
	Generate = "generate"
	Check    = "check"
	Diagnose = "diagnose"
)

// Modes returns what the page can be asked, the default one first.
func Modes() []string { return []string{Generate, Check, Diagnose} }

// RunJSON answers a request in JSON with a response in JSON. A fault of the program is a problem in the response, so that the
// page stays alive.
func RunJSON(request string) (response string) {
	defer func() {
		if fault := recover(); fault != nil {
			data, _ := json.Marshal(Response{Problems: []string{fmt.Sprintf("this input makes execrole fail: %v", fault)}}.whole())
			response = string(data)
		}
	}()
	var req Request
	if err := json.Unmarshal([]byte(request), &req); err != nil {
		return RunJSONProblem("the request is no JSON: " + err.Error())
	}
	data, err := json.Marshal(Run(req))
	if err != nil {
		return RunJSONProblem(err.Error())
	}
	return string(data)
}

// RunJSONProblem returns a response that has nothing but a problem.
func RunJSONProblem(text string) string {
	data, _ := json.Marshal(Response{Problems: []string{text}}.whole()) // strings and numbers alone
	return string(data)
}

// whole returns the response with empty lists in the place of null.
func (r Response) whole() Response {
	r.Modes = Modes()
	if r.Formats = []Format{}; true {
		for _, f := range emit.Formats() {
			r.Formats = append(r.Formats, Format{f.Name, f.Help})
		}
	}
	for _, list := range []*[]string{&r.Language, &r.Problems} {
		*list = append([]string{}, *list...)
	}
	r.Findings, r.Tasks, r.Statements = append([]Finding{}, r.Findings...), append([]Task{}, r.Tasks...), append([]Statement{}, r.Statements...)
	r.Files, r.Unseen, r.Options = append([]Output{}, r.Files...), append([]Unseen{}, r.Unseen...), append([]Option{}, r.Options...)
	return r
}

// Run answers a request.
func Run(req Request) Response {
	var resp Response
	s := &session{request: req, response: &resp}
	s.run()
	return resp.whole()
}

// session is the work on one request.
type session struct {
	request  Request
	response *Response
	format   *emit.Format
	options  options
	input    input
	findings []analyze.Finding
}

func (s *session) run() {
	resp := s.response
	s.input = readInput(s.request.Files)
	resp.Language = s.input.languages
	if s.input.problem != "" {
		resp.Problems = append(resp.Problems, analyze.Printable(s.input.problem))
		return
	}
	name := s.request.Format
	if name == "" {
		name = emit.CloudFormation.Name
	}
	var known bool
	if s.format, known = emit.Lookup(name); !known {
		resp.Problems = append(resp.Problems, fmt.Sprintf("there is no format %q", name))
		return
	}
	var problems []error
	s.options, problems = parseOptions(s.request.Options)
	for _, err := range problems {
		resp.Problems = append(resp.Problems, analyze.Printable(err.Error()))
	}
	defer func() {
		resp.Findings = s.placed(s.findings)
		resp.Options = s.options.table(s.findings, resp.Unseen, s.format)
		resp.Command = s.command()
	}()
	if len(problems) > 0 || s.input.empty() && s.request.Mode != Diagnose {
		return
	}
	opts := s.options.analyze
	opts.Parameters = opts.Parameters && slices.Contains(s.format.Flags, "parameters")
	if s.request.Mode == Check || s.request.Mode == Diagnose {
		var known []string
		opts.Derive, opts.Conditions, opts.TemplateParameters = true, true, true
		opts.Set = slices.Clone(opts.Set)
		for _, symbol := range policy.EnvironmentSymbols { // for the mappings of templates
			if value := opts.Environment.Value(symbol); value != "" {
				opts.Set = append(opts.Set, analyze.Setting{Name: string(symbol), Value: value})
				known = append(known, string(symbol))
			}
		}
		analysis := analyze.NewAnalysis(opts)
		analysis.Use(known...)
		roles := s.readRoles(analysis, opts.Set)
		var plans []*analyze.Plan
		if !s.input.empty() {
			plans = s.plans(analysis, roles.roles)
		}
		if s.request.Mode == Check {
			s.check(roles, plans)
		} else {
			s.diagnose(roles, plans)
		}
		return
	}
	opts.Derive = s.format == emit.Terraform
	opts.OfferParameters = slices.Contains(s.format.Flags, "parameters")
	if plans := s.plans(analyze.NewAnalysis(opts), nil); len(plans) > 0 {
		s.generate(plans[resp.Task])
		resp.Suggestion = s.suggestion(plans)
	}
}

// plans reads the input. Templates can have roles that exist, which know what their stacks say of each other.
func (s *session) plans(analysis *analyze.Analysis, roles check.Roles) []*analyze.Plan {
	var plans []*analyze.Plan
	exports := analyze.ExportsOf(s.input.inputs)
	for _, in := range s.input.inputs {
		in.Known, in.KnownSymbols = roles.Known(in.Name)
		in.Exports = exports
		read := analysis.Read(in)
		if len(read) > 0 && read[0].NoTaskDefinition {
			analysis.Incomplete()
		}
		plans = append(plans, read...)
	}
	if plans = analyze.Join(plans); roles != nil {
		plans = slices.DeleteFunc(plans, func(p *analyze.Plan) bool { // a template can have roles alone
			return p.NoTaskDefinition && roles.HasTemplate(p.File)
		})
	}
	for _, p := range plans {
		s.response.Tasks = append(s.response.Tasks, Task{p.Name, p.Family})
	}
	s.response.Task = max(0, min(s.request.Task, len(plans)-1))
	if flags := analysis.Finish(); len(plans) > 0 {
		plans[s.response.Task].AddFindings(flags)
	} else {
		s.findings = append(s.findings, flags...)
	}
	return plans
}

// generate makes the role of a plan, and writes it.
func (s *session) generate(plan *analyze.Plan) {
	resp := s.response
	if !plan.Unread { // otherwise the finding that says why is enough
		for _, u := range plan.Unseen {
			resp.Unseen = append(resp.Unseen, Unseen{u.What, u.Cure})
		}
	}
	var role *policy.Role
	err := plan.Err()
	if err == nil {
		var more []analyze.Finding
		role, more, err = report.RoleOf(plan, s.options.role)
		plan.Findings = append(plan.Findings, more...)
	}
	resp.Statements = s.statements(plan, role)
	resp.HasRole = role != nil
	var files []emit.File
	if role != nil {
		files, err = s.emit(role)
		var values *emit.MissingValues
		if errors.As(err, &values) {
			missing := report.Missing(plan.File, values, plan.Symbols)
			plan.Findings, err = append(plan.Findings, missing...), nil
		}
	}
	if files != nil {
		plan.Findings = append(plan.Findings, report.Contradictions(plan, files)...)
		plan.Findings = append(plan.Findings, report.TooLarge(plan.File, s.format, files)...)
	}
	s.findings = append(s.findings, plan.Findings...)
	var listed analyze.Errors
	if err != nil && !errors.As(err, &listed) {
		resp.Problems = append(resp.Problems, analyze.Printable(err.Error()))
	}
	for _, f := range files {
		if f.Write == emit.Remove {
			continue // a file that is not to be there
		}
		resp.Files = append(resp.Files, Output{f.Name, string(f.Data), spansOf(string(f.Data), resp.Statements)})
	}
}

// emit writes the role in the format, as the command writes it into a folder.
func (s *session) emit(role *policy.Role) ([]emit.File, error) {
	opts := emit.Options{Source: s.input.base}
	files, err := s.format.Emit(role, opts)
	if err != nil {
		return nil, err
	}
	if files, err = emit.WithPassRole(files, role); err != nil {
		return nil, err
	}
	return emit.WithResourcePolicies(files, role)
}

// command returns the command that does the same in a shell.
func (s *session) command() string {
	words := []string{"execrole"}
	switch s.request.Mode {
	case Check, Diagnose:
		words = append(words, s.request.Mode)
		if s.request.Mode == Diagnose {
			words = append(words, "-") // the message is too long for a line
		}
		for _, f := range s.request.Roles {
			if strings.TrimSpace(f.Text) != "" {
				flag := "--role"
				if s.request.Account {
					flag = "--iam"
				}
				words = append(words, flag, analyze.ShellQuote(f.Name))
			}
		}
		for i, p := range s.request.Policies {
			words = append(words, p.arguments(s.policyName(i))...)
		}
	default:
		if s.format != emit.CloudFormation {
			words = append(words, "-f", s.format.Name)
		}
	}
	for _, word := range s.request.Options {
		if (word == "--parameters" || word == "--parameters=true") && !slices.Contains(s.format.Flags, "parameters") {
			continue
		}
		words = append(words, analyze.ShellQuote(word))
	}
	if s.request.Mode != Check && s.request.Mode != Diagnose && len(s.response.Tasks) > 1 && s.format.Combine == nil {
		if t := s.response.Tasks[s.response.Task]; t.Name+t.Family != "" {
			words = append(words, "--resource", analyze.ShellQuote(firstOf(t.Name, t.Family)))
		}
	}
	if !s.input.empty() {
		words = append(words, s.input.arguments()...)
	}
	return analyze.Printable(strings.Join(words, " "))
}

// firstOf returns the first of the texts that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
