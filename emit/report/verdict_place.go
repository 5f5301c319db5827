package report

import (
	"bytes"
	"encoding/json"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
)

// level is how much a finding weighs, in SARIF's words.
type level string

const (
	levelError   level = "error"
	levelWarning level = "warning"
	levelNote    level = "note"
)

// levelOf returns the level of findings of a kind. What is not sure is no error.
func levelOf(kind check.Kind, sure bool) level {
	switch kind {
	case check.Missing, check.Denied, check.Trust:
		if sure {
			return levelError
		}
		return levelWarning
	case check.Conditional, check.Unneeded, check.RoleUse:
		return levelWarning
	}
	return levelNote
}

// levelOfFinding returns the level of one finding: a trust policy that lets others in, or has no condition, keeps no task
// from starting.
func levelOfFinding(f check.Finding) level {
	if f.Code == check.TrustOthers || f.Code == check.TrustNoConditions {
		return levelWarning
	}
	return levelOf(f.Kind, f.Sure)
}

// placesOfFinding returns where a finding is: the fields that ask for a permission, or else the statement, the role, or the
// first file with a task. More are other places that explain it.
func placesOfFinding(v *check.Verdict, f check.Finding) (at tree.Place, more []relatedPlace) {
	if f.Permission != nil {
		for i, n := range f.Permission.Needs {
			if i == 0 {
				at = n.Requirement.At.Place
				continue
			}
			where := n.Requirement.At
			more = append(more, relatedPlace{source(where.Task, where.Container, where.Field) + " needs it too", where.Place})
		}
	} else {
		at = f.At
	}
	if f.Permission != nil && f.At.File != "" {
		more = append(more, relatedPlace{statementPlace(f), f.At})
	}
	for _, n := range f.Used {
		where := n.Requirement.At
		more = append(more, relatedPlace{"used for " + source(where.Task, where.Container, where.Field), where.Place})
	}
	if at.File == "" {
		at = v.Role.Place
	}
	if at.File == "" {
		for _, p := range v.Permissions {
			return tree.Place{File: p.Needs[0].Plan.File}, more
		}
	}
	return at, more
}

// relatedPlace is a place with what is there.
type relatedPlace struct {
	what string
	tree.Place
}

// sentence says in one or two sentences what a finding is about.
func sentence(v *check.Verdict, f check.Finding) string {
	view := viewOfFinding(v, f)
	var parts []string
	for _, p := range view.permissions {
		fields := make([]string, len(p.askers))
		for i, a := range p.askers {
			fields[i] = a.field
		}
		parts = append(parts, p.action+" on "+p.resource+", for "+strings.Join(fields, "; "))
	}
	if view.actions != nil {
		parts = append(parts, strings.Join(view.actions, ", ")+" on "+strings.Join(view.on, ", "))
	}
	parts = append(parts, view.about...)
	if view.in != "" {
		parts = append(parts, "in "+view.in)
	}
	words := view.title
	if parts != nil {
		words += ": " + strings.Join(parts, "; ")
	}
	words = strings.ToUpper(words[:1]) + words[1:]
	if view.shown != "" {
		words += ". ECS shows: " + view.shown
	}
	if f.Kind == check.Missing {
		return words + ". Add to the role: " + statementsInLine(f, v.Environment)
	}
	return words + ". " + view.cure
}

// statementsInLine returns the statements that cure a finding as JSON in one line.
func statementsInLine(f check.Finding, known policy.Environment) string {
	var document struct{ Statement json.RawMessage }
	var line bytes.Buffer
	if err := json.Unmarshal(emit.OpenDocument(policy.NewDocument(f.Cure.Add...), known), &document); err != nil {
		panic("report: " + err.Error()) // the document was just made
	}
	if err := json.Compact(&line, document.Statement); err != nil {
		panic("report: " + err.Error())
	}
	return strings.TrimSuffix(strings.TrimPrefix(line.String(), "["), "]")
}

// columns counts columns in characters. The places of the input count them in bytes.
type columns struct {
	text  func(file string) string
	lines map[string][]string // by file
}

// of returns the column of a place, from 1; 0 where the text of the file is unknown.
func (c *columns) of(at tree.Place) int {
	if at.Column == 0 || c.text == nil {
		return 0
	}
	lines, ok := c.lines[at.File]
	if !ok {
		lines = strings.Split(strings.TrimPrefix(c.text(at.File), "\ufeff"), "\n")
		if c.lines == nil {
			c.lines = map[string][]string{}
		}
		c.lines[at.File] = lines
	}
	if at.Line > len(lines) || at.Column > len(lines[at.Line-1])+1 {
		return 0
	}
	return utf8.RuneCountInString(lines[at.Line-1][:at.Column-1]) + 1
}

// fileURI returns the URI of a file, which is relative where its name is.
func fileURI(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	u := url.URL{Path: name}
	switch {
	case len(name) > 2 && name[1] == ':' && name[2] == '/': // C:/
		u = url.URL{Scheme: "file", Path: "/" + name}
	case path.IsAbs(name):
		u.Scheme = "file"
	}
	return u.String()
}
