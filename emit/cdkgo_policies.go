package emit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// isOptionalPolicy reports whether a policy can have no statements.
func isOptionalPolicy(p policy.Policy) bool { return p.Document.When() != nil }

// managedPolicies writes the policies that the role has attached.
func (symbols cdkSymbols) managedPolicies(w *goWriter, role *policy.Role) {
	list := cdkList{w: w, symbols: symbols, kind: "awsiam.IManagedPolicy", optional: slices.ContainsFunc(role.Managed, isOptionalPolicy)}
	list.open("ManagedPolicies: ")
	for i, arn := range role.Attached {
		list.element(nil)
		w.line(cdkManagedPolicy("Attached"+strconv.Itoa(i+1), symbols.argument(arn)), ",")
	}
	for i, p := range role.Managed {
		when := p.Document.When()
		list.element(when)
		if i == 0 {
			w.line("// Inside of the role there is no room for all of this.")
		}
		before, after := "", "}),"
		if when != nil {
			// A policy that is made is in the stack, so it is made only then.
			w.open("madeIf(", symbols.when(when), ", func() awsiam.IManagedPolicy {")
			before, after = "return ", "})"
		}
		w.open(before, "awsiam.NewManagedPolicy(scope, jsii.String(*id+", cdkPolicyID(i), "), &awsiam.ManagedPolicyProps{")
		symbols.document(w, "Document", p.Document)
		w.close(after)
		if when != nil {
			w.close("}),")
		}
	}
	list.close()
}

// cdkList writes a list, of which some elements are there only under a condition: as the lists of the others, and a call for
// each conditional element.
type cdkList struct {
	w        *goWriter
	symbols  cdkSymbols
	kind     string // of the elements
	optional bool   // there are elements with a condition
	inside   bool   // of a list of elements without
}

func (l *cdkList) open(key string) {
	if l.optional {
		l.w.open(key, "together(")
	} else {
		l.w.open(key, "&[]", l.kind, "{")
		l.inside = true
	}
}

// element begins an element.
func (l *cdkList) element(when policy.When) {
	switch {
	case when == nil && !l.inside:
		l.w.open("[]", l.kind, "{")
		l.inside = true
	case when != nil && l.inside:
		l.w.close("},")
		l.inside = false
	}
}

func (l *cdkList) close() {
	switch {
	case !l.optional:
		l.w.close("},")
		return
	case l.inside:
		l.w.close("},")
	}
	l.w.close("),")
}

// when returns the Go expression that one of the symbols has a value.
func (symbols cdkSymbols) when(when policy.When) string {
	conditions := make([]string, len(when))
	for i, s := range when {
		conditions[i] = symbols[s] + ` != ""`
	}
	return strings.Join(conditions, " || ")
}

// cdkManagedPolicy returns the expression of a managed policy that exists. The ID of the construct is that of the role and
// this ending.
func cdkManagedPolicy(id, arn string) string {
	return "awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.String(*id+" + strconv.Quote(id) + "), jsii.String(" + arn + "))"
}

// cdkPolicyID returns what follows the role's ID in the ID of a managed policy, so that a scope can have several roles.
func cdkPolicyID(i int) string { return strconv.Quote("Policy" + strconv.Itoa(i+1)) }

// document writes a policy document as the value of a key.
func (symbols cdkSymbols) document(w *goWriter, key string, d policy.Document) {
	w.open(key, ": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{")
	w.commented("Minimize", "jsii.Bool(false)", "each statement stays one, with its comment here")
	whole := d.When()
	isOptional := func(s policy.Statement) bool { return s.When() != nil && !s.When().Equal(whole) }
	list := cdkList{w: w, symbols: symbols, kind: "awsiam.PolicyStatement", optional: slices.ContainsFunc(d.Statements, isOptional) || whole != nil}
	if len(d.Statements) == 0 {
		w.field("Statements", "&[]awsiam.PolicyStatement{}")
	} else {
		list.open("Statements: ")
		for i := range d.Statements {
			when := d.Statements[i].When()
			list.element(when)
			symbols.statement(w, &d.Statements[i], when)
		}
		list.close()
	}
	w.close("}),")
}

func (symbols cdkSymbols) statement(w *goWriter, s *policy.Statement, when policy.When) {
	for _, from := range s.Fields() {
		w.line("// ", sourceComment(from))
	}
	before, after := "", "}),"
	if when != nil {
		before, after = "given("+symbols.when(when)+", ", "})),"
	}
	w.open(before, "awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{")
	if s.Sid != "" {
		w.field("Sid", "jsii.String("+strconv.Quote(s.Sid)+")")
	}
	w.field("Effect", "awsiam.Effect_ALLOW")
	actions := make([]string, len(s.Actions))
	for i, a := range s.Actions {
		actions[i] = strconv.Quote(a)
	}
	cdkStrings(w, "Actions", actions)
	switch {
	case symbols.hasOptional(s.Resources, when):
		symbols.optionalTexts(w, "Resources: jsii.Strings(*together(", s.Resources, when, ")...),")
	case len(s.Resources) == 1:
		cdkStrings(w, "Resources", []string{symbols.text(s.Resources[0].Text)})
	default:
		resources := make([]string, len(s.Resources))
		for i, r := range s.Resources {
			resources[i] = symbols.argument(r.Text)
		}
		cdkStrings(w, "Resources", resources)
	}
	symbols.conditions(w, s.Conditions, when)
	w.close(after)
}

// hasOptional reports whether some of the values have a condition that is not that of their statement.
func (symbols cdkSymbols) hasOptional(values []policy.Value, statement policy.When) bool {
	return slices.ContainsFunc(values, func(v policy.Value) bool { return v.When != nil && !v.When.Equal(statement) })
}

// optionalTexts writes values of which some have a condition: as the arguments of a call of together, between two parts of
// lines.
func (symbols cdkSymbols) optionalTexts(w *goWriter, before string, values []policy.Value, statement policy.When, after string) {
	w.open(before)
	for _, v := range values {
		if v.When == nil || v.When.Equal(statement) {
			w.line("[]string{", symbols.text(v.Text), "},")
		} else {
			w.line("given(", symbols.when(v.When), ", ", symbols.argument(v.Text), "),")
		}
	}
	w.close(after)
}

// cdkStrings writes a list of strings as the value of a key: in one line if it has no more than one element.
func cdkStrings(w *goWriter, key string, list []string) {
	if len(list) < 2 {
		w.field(key, "jsii.Strings("+strings.Join(list, "")+")")
		return
	}
	w.list(key+": jsii.Strings(", list, "),")
}

func (symbols cdkSymbols) conditions(w *goWriter, conditions []policy.Condition, statement policy.When) {
	if len(conditions) == 0 {
		return
	}
	w.open("Conditions: &map[string]any{")
	for _, operator := range conditionMembers(conditions) {
		w.open(strconv.Quote(operator.key), ": map[string]any{")
		for _, key := range operator.members {
			if symbols.hasOptional(key.values, statement) {
				symbols.optionalTexts(w, strconv.Quote(key.key)+": *together(", key.values, statement, "),")
				continue
			}
			values := make([]string, len(key.values))
			for i, v := range key.values {
				values[i] = symbols.text(v.Text)
			}
			switch name := strconv.Quote(key.key); len(values) {
			case 0:
				w.field(name, "[]string{}")
			case 1:
				w.field(name, values[0])
			default:
				w.list(name+": []string{", values, "},")
			}
		}
		w.close("},")
	}
	w.close("},")
}
