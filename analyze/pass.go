package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// pass is one run of one rule over one task definition: the rule's way to ask for permissions and to
// remark on the input.
type pass struct {
	rule   *Rule
	plan   *Plan
	reader *taskdef.Reader
	opts   *Options
}

// Require asks for a grant of the rule on a resource. It panics on a grant that the rule does not list:
// explain and docs/rules.md would not show it.
func (p *pass) Require(g *Grant, resource policy.Text, match Match, at taskdef.Ref, conditions ...policy.Condition) {
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
	p.plan.Requirements = append(p.plan.Requirements, Requirement{
		Rule: p.rule, Grant: g, Actions: actions, Resource: resource, Match: match, At: at, Conditions: sorted(conditions),
	})
}

// sorted returns the conditions as a requirement has them: by operator and key, and their values sorted.
func sorted(conditions []policy.Condition) []policy.Condition {
	for i := range conditions {
		conditions[i].Values = slices.Clone(conditions[i].Values)
		slices.Sort(conditions[i].Values)
	}
	slices.SortFunc(conditions, func(a, b policy.Condition) int {
		return cmp.Or(strings.Compare(a.Operator, b.Operator), strings.Compare(a.Key, b.Key))
	})
	return conditions
}

// reading is a string that a rule reads: a value of the task definition, or one that stands elsewhere.
type reading interface {
	Text() (policy.Text, bool)
	Ref() taskdef.Ref
	Meant() bool
}

// foreign is a string that does not stand in the task definition, such as one in a credential spec.
type foreign struct {
	text    string
	written policy.Text // what the task definition writes there
	at      taskdef.Ref // the value of the task definition for whose sake it is read
}

// derivedFrom returns a string that is read for the sake of a value.
func derivedFrom(v reading, text string) foreign {
	written, _ := v.Text()
	return foreign{text, written, v.Ref()}
}

// Text returns the string for messages; a caller of the library may have put a NUL into it.
func (f foreign) Text() (policy.Text, bool) {
	return policy.Text(strings.ReplaceAll(f.text, "\x00", "")), true
}
func (f foreign) Ref() taskdef.Ref { return f.at }

// Meant is false: a placeholder of a pipeline may have reached a flag.
func (f foreign) Meant() bool { return false }

// Errorf says that a permission cannot be told.
func (p *pass) Errorf(v reading, format string, args ...any) {
	p.find(Error, v.Ref(), nil, format, args...)
}

// Warnf says that ECS will refuse the task definition, or that the task will fail.
func (p *pass) Warnf(v reading, format string, args ...any) {
	p.find(Warning, v.Ref(), nil, format, args...)
}

// Notef remarks on something that is not wrong.
func (p *pass) Notef(v reading, format string, args ...any) {
	p.find(Note, v.Ref(), nil, format, args...)
}

func (p *pass) find(s Severity, at taskdef.Ref, flags []string, format string, args ...any) {
	p.plan.Findings = append(p.plan.Findings, Finding{
		Severity: s, Rule: p.rule.ID, At: at, Message: fmt.Sprintf(format, args...), Flags: flags,
	})
}

// gap is a part of a value that still has to be filled in.
type gap struct {
	name   string // as --set calls it; "" where only the whole value can be set
	reason string // why it is one, where it has no delimiters that show it
}

// Gaps says that a value has gaps, and with which flags to fill them. What names the value in the message;
// other are further flags that settle it.
func (p *pass) Gaps(v reading, what string, gaps []gap, other ...string) {
	value, _ := v.Text()
	at := v.Ref()
	var flags, placeholders, reasons []string
	flagged, seen := map[string]bool{}, map[gap]bool{}
	for _, g := range gaps {
		name := g.name
		if name == "" || strings.Contains(name, "=") || Printable(name) != name {
			name = at.Pointer
		}
		if !flagged[name] {
			flagged[name] = true
			flags = append(flags, setFlag(name))
		}
		if g.reason != "" {
			g.name = ""
		}
		switch {
		case seen[g]:
			continue
		case g.reason == "":
			placeholders = append(placeholders, strconv.Quote(g.name))
		default:
			reasons = append(reasons, g.reason)
		}
		seen[g] = true
	}
	switch len(placeholders) {
	case 0:
	case 1:
		reasons = append([]string{"placeholder " + placeholders[0]}, reasons...)
	default:
		reasons = append([]string{"placeholders " + strings.Join(placeholders, ", ")}, reasons...)
	}
	if _, ok := v.(foreign); ok {
		p.find(Error, at, nil, "%s %s: %s", what, quote(value), strings.Join(reasons, "; "))
		return
	}
	cure := strings.Join(flags, " ")
	if len(other) > 0 {
		cure += " or " + strings.Join(other, " ")
	}
	advice := "to fill it in"
	if len(placeholders) == 0 {
		advice = "correct it, or where it stands for something else"
	}
	p.find(Error, at, append(flags, other...), "%s %s: %s; %s, add %s", what, quote(value), strings.Join(reasons, "; "), advice, cure)
}

// setFlag returns the --set flag for a name, ready for the shell.
func setFlag(name string) string { return "--set " + shellQuote(name+"=VALUE") }

// imageFlag returns the --image flag for a container, ready for the shell.
func imageFlag(container string) string { return "--image " + shellQuote(container+"=URI") }

// shellQuote quotes a word for a POSIX shell where that is needed.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-=/.:,@+", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// quote quotes a value of the input for a message.
func quote(t policy.Text) string { return fmt.Sprintf("%q", t.String()) }

// placeholders returns the gaps in s that have delimiters.
func placeholders(s string, literal bool) []gap {
	var gaps []gap
	for _, h := range taskdef.Placeholders(s, literal) {
		gaps = append(gaps, gap{name: h.Name})
	}
	return gaps
}

// unless returns no gaps if a value fits, the placeholders in it if it has some, and otherwise the value
// itself as a gap, for the reason given.
func unless(fits bool, s, reason string) []gap {
	if fits {
		return nil
	}
	if gaps := placeholders(s, false); len(gaps) > 0 {
		return gaps
	}
	return []gap{{s, fmt.Sprintf("%q is %s", s, reason)}}
}

// word returns s, or what --set gives for s, a word that stands for a value of another shape. What fits as it
// stands is no placeholder, though a setting may have its name.
func (p *pass) word(s string, fits bool) string {
	if fits {
		return s
	}
	if value, ok := p.reader.Word(s); ok {
		return value
	}
	return s
}
