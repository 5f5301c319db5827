package report

import (
	"bytes"
	"fmt"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Report is one form of an explanation.
type Report struct {
	Name    string
	Aliases []string
	Help    string // one line for the command's help
	// Extensions are those that a file of this form may have, the usual one first: ".json".
	Extensions []string
	// Write returns the explanation. Role is nil if the plan has errors, or if its permissions are more than a role can
	// have. Color asks for the escape sequences of a terminal; forms that are no text for people ignore it.
	Write func(plan *analyze.Plan, role *policy.Role, color bool) []byte
	// Several is how explanations of several task definitions are written one after another.
	Several Sequence
}

// Sequence is a form of several explanations: the texts before, between and behind them.
type Sequence struct {
	Begin, Between, End string
	indent              string // before each line of an explanation
}

// Element returns an explanation as one of the sequence.
func (s Sequence) Element(explanation []byte) []byte {
	if s.indent == "" {
		return explanation
	}
	lines := bytes.ReplaceAll(bytes.TrimSuffix(explanation, []byte("\n")), []byte("\n"), []byte("\n"+s.indent))
	return append([]byte(s.indent), lines...)
}

// Uses returns the symbols in the place of which an explanation has values where these are known.
func Uses(plan *analyze.Plan, role *policy.Role) []policy.Symbol {
	var documents []policy.Document
	for _, r := range plan.Requirements {
		documents = append(documents, policy.NewDocument(policy.Statement{Resources: policy.Values(r.Resource), Conditions: r.Conditions}))
	}
	if role != nil {
		for _, p := range role.ResourcePolicies {
			documents = append(documents, p.Document)
		}
		documents = append(documents, role.PassRole)
	}
	return policy.Symbols(documents...)
}

// The forms of an explanation.
var (
	TextExplanation = &Report{
		Name: "text", Help: "for people, in colour on a terminal", Extensions: []string{".txt", ".text"},
		Write: Text, Several: Sequence{Between: "\n"},
	}
	JSONExplanation = &Report{
		Name: "json", Help: "for programs", Extensions: []string{".json"},
		Write:   func(plan *analyze.Plan, role *policy.Role, _ bool) []byte { return JSON(plan, role) },
		Several: Sequence{Begin: fmt.Sprintf("{\n  \"schema\": %d,\n  \"taskDefinitions\": [\n", Schema), Between: ",\n", End: "\n  ]\n}\n", indent: "    "},
	}
	MarkdownExplanation = &Report{
		Name: "markdown", Aliases: []string{"md"}, Help: "for a comment on a pull request", Extensions: []string{".md"},
		Write:   func(plan *analyze.Plan, role *policy.Role, _ bool) []byte { return Markdown(plan, role) },
		Several: Sequence{Between: "\n"},
	}
)

// Explanations returns all forms of an explanation, the default one first.
func Explanations() []*Report {
	return []*Report{TextExplanation, JSONExplanation, MarkdownExplanation}
}
