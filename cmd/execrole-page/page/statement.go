package page

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Statement is a statement of the role, with the fields that ask for it.
type Statement struct {
	Sid        string      `json:"sid"`
	Actions    []Action    `json:"actions"`
	Resources  []string    `json:"resources"`
	Conditions []Condition `json:"conditions"`
	From       []Asker     `json:"from"`
	Why        []string    `json:"why"`
	Doc        []string    `json:"doc"`       // pages of AWS's documentation
	GrantedBy  string      `json:"grantedBy"` // the managed policy that allows it, so that no file has it; mostly ""
}

// Action is an action of a statement.
type Action struct {
	Name       string `json:"name"`
	Documented bool   `json:"documented"` // AWS documents that it is needed, and no source is known to call it
}

// Condition is a condition of a statement.
type Condition struct {
	Operator string   `json:"operator"`
	Key      string   `json:"key"`
	Values   []string `json:"values"`
}

// Asker is a field that asks for a statement.
type Asker struct {
	Words string `json:"words"` // "app: secrets DB_PASSWORD"
	At    Span   `json:"at"`
}

// statements returns those of a role, and then what a managed policy grants. Without a role there is one for each
// requirement.
func (s *session) statements(plan *analyze.Plan, role *policy.Role) (list []Statement) {
	places := texts{files: s.input.files}
	known := plan.Environment
	written := map[int]bool{}
	if role != nil {
		known = role.Environment
		for _, p := range role.Policies() {
			for _, st := range p.Document.Statements {
				one := Statement{Sid: st.Sid, Resources: []string{}, Conditions: conditionsOf(st.Conditions, known)}
				for _, r := range st.Resources {
					one.Resources = appendNew(one.Resources, analyze.Printable(known.Fill(r.Text)))
				}
				var asking []*analyze.Requirement
				for _, from := range st.Askers() {
					if n := from.Requirement; n >= 1 && n <= len(plan.Requirements) {
						written[n-1] = true
						asking = append(asking, &plan.Requirements[n-1])
					}
				}
				list = append(list, one.with(asking, st.Actions, &places))
			}
		}
	}
	for i := range plan.Requirements {
		if r := &plan.Requirements[i]; !written[i] {
			one := Statement{Sid: r.Grant.Sid, Resources: []string{analyze.Printable(known.Fill(r.Resource))}, Conditions: conditionsOf(r.Conditions, known)}
			one.GrantedBy = known.Fill(r.GrantedBy)
			var actions []string
			for _, a := range r.Actions {
				actions = append(actions, a.Name)
			}
			list = append(list, one.with([]*analyze.Requirement{r}, actions, &places))
		}
	}
	return list
}

// with returns the statement with its actions, and with who asks for them and why.
func (one Statement) with(asking []*analyze.Requirement, actions []string, places *texts) Statement {
	one.Actions, one.From, one.Why, one.Doc = []Action{}, []Asker{}, []string{}, []string{}
	called := map[string]bool{}
	for _, r := range asking {
		for _, a := range r.Actions {
			called[a.Name] = called[a.Name] || a.Strength == analyze.Called
		}
		words := r.At.Field
		if r.At.Container != "" {
			words = r.At.Container + ": " + words
		}
		if r.At.Task != "" {
			words = r.At.Task + ": " + words
		}
		if asker := (Asker{analyze.Printable(words), places.span(r.At.Place)}); !slices.Contains(one.From, asker) {
			one.From = append(one.From, asker)
		}
		one.Why = appendNew(one.Why, analyze.Printable(r.Why()))
		one.Why = appendNew(one.Why, analyze.Printable(r.WildcardReason()))
		one.Doc = appendNew(one.Doc, r.Rule.Doc)
	}
	for _, a := range actions {
		one.Actions = append(one.Actions, Action{a, !called[a]})
	}
	return one
}

func conditionsOf(conditions []policy.Condition, known policy.Environment) []Condition {
	list := []Condition{}
	for _, c := range conditions {
		one := Condition{c.Operator, c.Key, []string{}}
		for _, v := range c.Values {
			one.Values = appendNew(one.Values, analyze.Printable(known.Fill(v.Text)))
		}
		list = append(list, one)
	}
	return list
}

// appendNew appends a text unless it is empty or in the list.
func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// StatementSpan is where a statement is in a file of the output: the lines From to To, from 1, both included.
type StatementSpan struct {
	Statement int `json:"statement"` // its number in the response
	From      int `json:"from"`
	To        int `json:"to"`
}

// spansOf finds statements in a file by their Sids. In every language they are laid out in the same way: the parts of a
// statement have an indentation of their own.
func spansOf(text string, statements []Statement) []StatementSpan {
	spans := []StatementSpan{}
	lines := strings.Split(text, "\n")
	bySid := map[string][]int{}
	for i, st := range statements {
		if st.GrantedBy == "" && st.Sid != "" {
			bySid[st.Sid] = append(bySid[st.Sid], i)
		}
	}
	for i, l := range lines {
		sid := sidOf(l)
		if len(bySid[sid]) == 0 {
			continue
		}
		from, to := block(lines, i)
		spans = append(spans, StatementSpan{bySid[sid][0], from + 1, to + 1})
		if len(bySid[sid]) > 1 {
			bySid[sid] = bySid[sid][1:] // the next one of this Sid, in another policy
		}
	}
	return spans
}

// sidOf returns the Sid of a statement that a line has; "" for none.
func sidOf(line string) string {
	line = strings.TrimLeft(line, " \t-")
	name, value, ok := strings.Cut(line, "Sid")
	if !ok || strings.Trim(name, `"'`) != "" {
		return ""
	}
	start := strings.IndexFunc(value, isLetterOrDigit)
	if start < 0 {
		return ""
	}
	value = strings.TrimPrefix(value[start:], "jsii.String(\"")
	if end := strings.IndexFunc(value, func(r rune) bool { return !isLetterOrDigit(r) }); end >= 0 {
		value = value[:end]
	}
	return value
}

func isLetterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// block returns the first and the last line of the statement that has a line: with the comments above it, and with the
// brackets around it.
func block(lines []string, at int) (from, to int) {
	inner := indentation(lines[at])
	item := strings.HasPrefix(strings.TrimLeft(lines[at], " \t"), "- ")
	from, to = at, at
	for to+1 < len(lines) && lines[to+1] != "" && (indentation(lines[to+1]) > inner || indentation(lines[to+1]) == inner && !item) {
		to++
	}
	if !item {
		for from > 0 && indentation(lines[from-1]) >= inner {
			from--
		}
		if from > 0 {
			from-- // the bracket
		}
		if to+1 < len(lines) {
			to++
		}
	}
	for outer := indentation(lines[from]); from > 0 && indentation(lines[from-1]) == outer && isComment(lines[from-1]); {
		from--
	}
	return from, to
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

func isComment(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//")
}
