package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// pass is one run of one rule over one task definition: the rule's way to ask for permissions and to
// remark on the input.
type pass struct {
	*reading
	rule *Rule
	kept any // what the rule keeps between check and finish
}

// reading is what the passes over one task definition share.
type reading struct {
	plan   *Plan
	reader *taskdef.Reader
	td     taskdef.Value
	opts   *Options
	used   map[any]bool // options that fit something; all readings of a document share it
	// suffixes is what the ARNs of secrets say of each other; nil as long as no rule has asked.
	suffixes  *suffixes
	questions questions
	// leavesOpen says that what is unknown is left open. Whole is then what whole values can name, by their pointers, and
	// narrowed has the characters that the values of symbols may have.
	leavesOpen bool
	derives    bool // see [Options.Derive]
	whole      map[string]wholeValue
	narrowed   map[policy.Symbol]letters
}

// finish is the end of one rule's work on a document: its passes over the task definitions in it.
type finish struct {
	analysis *Analysis
	rule     *Rule
	passes   []*pass
}

// opts returns the options of all passes.
func (f *finish) opts() *Options { return &f.analysis.opts }

// remember changes what the rule remembers of all documents, for its judgement. It is nil at first.
func (f *finish) remember(change func(any) any) {
	f.analysis.mu.Lock()
	defer f.analysis.mu.Unlock()
	f.analysis.remembered[f.rule] = change(f.analysis.remembered[f.rule])
}

// judgement is the end of one rule's work on all documents: it judges the options that it reads.
type judgement struct {
	rule *Rule
	plan *Plan // gets the findings
	opts *Options
	used map[any]bool // the options that fit something
	// complete says that every document could be read, so that an option that fits nothing is a mistake.
	complete   bool
	remembered any // by the rule
}

// misfit says of an option that it is malformed or contradicts another.
func (j *judgement) misfit(format string, args ...any) {
	j.plan.Findings = append(j.plan.Findings, Finding{Severity: Error, Rule: string(taskdef.Flags), Message: fmt.Sprintf(format, args...)})
}

// unused says of an option that it fits nothing, if that is known.
func (j *judgement) unused(format string, args ...any) {
	if j.complete {
		j.misfit(format, args...)
	}
}

// Require asks for a grant of the rule on a resource. It panics on a grant that the rule does not list:
// explain and docs/rules.md would not show it.
func (p *pass) Require(g *Grant, resource policy.ARN, match Match, at taskdef.Ref, conditions ...policy.Condition) {
	if !slices.Contains(p.rule.Grants, g) {
		panic(fmt.Sprintf("rule %s requires the grant %s, which it does not list", p.rule.ID, g.Sid))
	}
	actions := g.Actions
	if p.opts.CalledOnly {
		actions = slices.DeleteFunc(slices.Clone(actions), func(a Action) bool { return a.Strength != Called })
	}
	if len(actions) == 0 {
		return
	}
	if p.plan.Requirements == nil {
		p.plan.Requirements = make([]Requirement, 0, 16) // most plans have fewer
	}
	p.plan.Requirements = append(p.plan.Requirements, Requirement{
		Rule: p.rule, Grant: g, Actions: actions, Resource: resource.Text(), ARN: resource, Match: match, At: at, Conditions: sorted(conditions),
		When: p.given(resource, conditions),
	})
}

// given returns the condition that the symbols of a resource, or of the values of its conditions, are given, where they
// can be empty.
func (p *pass) given(resource policy.ARN, conditions []policy.Condition) policy.When {
	if len(p.plan.Symbols) == 0 {
		return nil
	}
	var optional []policy.Symbol
	add := func(t policy.Text) {
		for _, s := range t.Symbols() {
			if p.plan.Symbols[s].Optional {
				optional = append(optional, s)
			}
		}
	}
	add(resource.Text())
	for _, c := range conditions {
		for _, v := range c.Values {
			add(v.Text)
		}
	}
	return policy.WhenAny(optional...)
}

// partOfLast says what the field names of the resource that was required last: see [Requirement.Part].
func (p *pass) partOfLast(part policy.Text) {
	if n := len(p.plan.Requirements); n > 0 {
		p.plan.Requirements[n-1].Part = part
	}
}

// everything is the resource of an action that has no resources of its own.
var everything = policy.Whole("*")

// sorted returns the conditions as a requirement has them: by operator and key, and their values sorted.
func sorted(conditions []policy.Condition) []policy.Condition {
	for i := range conditions {
		conditions[i].Values = slices.Clone(conditions[i].Values)
		slices.SortFunc(conditions[i].Values, func(a, b policy.Value) int { return cmp.Compare(a.Text, b.Text) })
	}
	slices.SortFunc(conditions, func(a, b policy.Condition) int {
		return cmp.Or(strings.Compare(a.Operator, b.Operator), strings.Compare(a.Key, b.Key))
	})
	return conditions
}

// Errorf says that a permission cannot be known.
func (p *pass) Errorf(v located, format string, args ...any) {
	p.find(Error, v.Ref(), nil, format, args...)
}

// Warnf says that ECS will refuse the task definition, or that the task will fail.
func (p *pass) Warnf(v located, format string, args ...any) {
	p.find(Warning, v.Ref(), nil, format, args...)
}

// Notef remarks on something that is not wrong.
func (p *pass) Notef(v located, format string, args ...any) {
	p.find(Note, v.Ref(), nil, format, args...)
}

// noteOfRole remarks on roles whose options are such that the remark applies: see [Plan.RoleFindings].
func (p *pass) noteOfRole(applies func(policy.Options) bool, at taskdef.Ref, message string) {
	p.plan.remarks = append(p.plan.remarks, remark{Finding{Severity: Note, Rule: p.rule.ID, At: at, Message: message}, applies})
}

// flag says that something is wrong with an option. It has no place in the input.
func (p *pass) flag(format string, args ...any) {
	p.plan.Findings = append(p.plan.Findings, Finding{
		Severity: Error, Rule: string(taskdef.Flags), At: p.td.Ref(), Message: fmt.Sprintf(format, args...),
	})
}

func (p *pass) find(s Severity, at taskdef.Ref, flags []string, format string, args ...any) {
	p.plan.Findings = append(p.plan.Findings, Finding{
		Severity: s, Rule: p.rule.ID, At: at, Message: fmt.Sprintf(format, args...), Flags: flags,
	})
}

// findUnseen adds to the plan what the task definition cannot show about the rule's topic.
func (p *pass) findUnseen() {
	if p.plan.Unseen == nil && len(p.rule.Unseen) > 0 {
		p.plan.Unseen = make([]Unseen, 0, 8) // no plan has more
	}
	for _, u := range p.rule.Unseen {
		if u.beside != "" && p.reader.Form().Subject != taskdef.Task {
			continue // nothing is read beside it
		}
		if u.applies == nil || u.applies(p) {
			p.plan.Unseen = append(p.plan.Unseen, u)
		}
	}
}

// located is a string that a rule reads: a value of the task definition, or one that is derived from it.
type located interface {
	Text() (policy.Text, bool)
	Ref() taskdef.Ref
	Meant() bool
}

// derived is a string that is not in the task definition, such as one in a credential spec, or a part of a value.
type derived struct {
	text    policy.Text
	written policy.Text // what the task definition has there
	at      taskdef.Ref // of the value of the task definition that needs it
	outside bool        // it is not in that value
}

// partOf returns a part of a value of the task definition.
func partOf(v located, text policy.Text) derived {
	written, _ := v.Text()
	return derived{text: text, written: written, at: v.Ref()}
}

// outsideOf returns a string that a value of the task definition needs and that is not in it. A caller of the library may
// have put a NUL into it, which would be taken for a symbol.
func outsideOf(v located, s string) derived {
	d := partOf(v, policy.Text(strings.ReplaceAll(s, "\x00", "")))
	d.outside = true
	return d
}

// Text returns the string.
func (d derived) Text() (policy.Text, bool) { return d.text, true }

// Ref returns the place of the value that needs the string.
func (d derived) Ref() taskdef.Ref { return d.at }

// Meant is false: a placeholder of a pipeline may have reached a flag.
func (d derived) Meant() bool { return false }

// written returns what the task definition has in the place of v.
func written(v located) policy.Text {
	if d, ok := v.(derived); ok {
		return d.written
	}
	t, _ := v.Text()
	return t
}

// quote quotes a value of the input for a message.
func quote(t policy.Text) string { return fmt.Sprintf("%q", t.String()) }
