package analyze

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// question is a finding about the unknown parts of a value. Its flags depend on the whole task definition: placeholders
// of one name that mean different things cannot be set by their name.
type question struct {
	finding int         // its index in the plan
	value   policy.Text // as the task definition has it
	at      taskdef.Ref
	what    string // names the value in messages
	parts   []unknown
	other   []string // flags that settle it as well
}

// questions are all questions about one task definition, and its words to be replaced, which are questions too.
type questions struct {
	asked []question
	words []*foundWord
	// byWord are the words again.
	byWord map[unknown]*foundWord
	// calls are the template calls by their argument, and kinds what the placeholders of a name have to be.
	calls, kinds map[string]map[string]bool
}

func add(m map[string]map[string]bool, key, value string) {
	if m[key] == nil {
		m[key] = map[string]bool{}
	}
	m[key][value] = true
}

// aName is the kind of a placeholder that is a name or a part of one, in whatever field.
const aName = "name"

// isInNames reports whether people use a thing of some kind as a part of names, too.
func isInNames(kind string) bool { return kind == "account" || kind == "region" || kind == "partition" }

// answer writes the findings of all questions into the plan.
func (q *questions) answer(plan *Plan, td taskdef.Value) {
	if len(q.asked)+len(q.words) == 0 {
		return
	}
	q.calls, q.kinds = map[string]map[string]bool{}, map[string]map[string]bool{}
	for v := range td.Strings() {
		t, _ := v.Text()
		for _, p := range taskdef.Placeholders(t, false) {
			if p.Call != "" {
				add(q.calls, p.Name, p.Call)
			}
		}
	}
	for i := range q.asked {
		asked := &q.asked[i]
		whole := asked.kindOfWhole()
		for _, u := range asked.parts {
			if u.symbol != "" {
				continue // one value, whatever it is used for
			}
			kind := aName
			if u.kind != "" {
				kind = u.kind
			} else if whole != "" {
				kind = whole
			}
			q.use(q.nameOf(u), kind, asked.at.Pointer)
		}
	}
	for _, w := range q.words {
		for _, at := range w.places {
			q.use(q.nameOf(w.unknown), aName, at.Pointer)
		}
	}
	q.useNames(td)
	for i := range q.asked {
		f := &plan.Findings[q.asked[i].finding]
		f.Message, f.Flags = q.text(&q.asked[i])
		f.question = true
	}
	for _, w := range q.words {
		f := &plan.Findings[w.finding]
		name := q.nameOf(w.unknown)
		f.Message, f.Flags = w.text(name, q.meansSeveral(name))
	}
}

// useNames notes the placeholders in the family and in the names of containers, which --set fills too.
func (q *questions) useNames(td taskdef.Value) {
	use := func(v taskdef.Value) {
		t, _ := v.Text()
		for _, p := range slices.Concat(taskdef.Placeholders(t, false), taskdef.Words(t)) {
			q.use(q.nameOf(unknown{name: policy.Text(p.Name), call: policy.Text(p.Call)}), aName, v.Ref().Pointer)
		}
	}
	for v := range td.Scalars("family") {
		use(v)
	}
	for v := range td.Each("containerDefinitions", "name") {
		use(v)
	}
}

// nameOf returns how --set calls a part: a template call by its argument, if no other call has the same.
func (q *questions) nameOf(u unknown) string {
	if len(q.calls[u.name.String()]) > 1 && u.call != "" {
		return u.call.String()
	}
	return u.name.String()
}

// kindOfWhole returns what the value of a question has to be, where one placeholder is all of it and it is no name.
func (q *question) kindOfWhole() string {
	list := taskdef.Placeholders(q.value, false)
	isWhole := len(q.parts) == 1 && q.parts[0].name == q.value || len(list) == 1 && list[0].Start == 0 && list[0].End == len(q.value)
	if !isWhole || slices.Contains([]string{"awslogs-group", "awslogs-stream-prefix", "container name"}, q.what) {
		return ""
	}
	return q.what
}

// use notes that a placeholder of that name is at a pointer, and has to be of some kind there. A name that says nothing,
// such as PLACEHOLDER, means something else in every place.
func (q *questions) use(name, kind, pointer string) {
	if taskdef.SaysNothing(name) && !isInNames(kind) {
		kind = pointer
	}
	add(q.kinds, name, kind)
}

// meansSeveral reports whether the placeholders of a name have to be several things, which no value can be at once.
func (q *questions) meansSeveral(name string) bool {
	kinds := q.kinds[name]
	if !kinds[aName] || len(kinds) != 2 {
		return len(kinds) > 1
	}
	return !kinds["account"] && !kinds["region"] && !kinds["partition"]
}

// isSettable reports whether --set can have a name. What is not has to be set by its pointer.
func isSettable(name string) bool {
	return name != "" && !strings.Contains(name, "=") && Printable(name) == name
}

// text returns the message of a question and the flags that settle it: for each placeholder one, or one for the whole
// value, which sets them all.
func (q *questions) text(asked *question) (message string, flags []string) {
	several, byPointer := "", false
	wholeValue := setFlag(asked.at.Pointer)
	seen := map[string]bool{}
	for _, u := range asked.parts {
		name := q.nameOf(u)
		switch {
		case seen[name]:
			continue
		case name != "" && q.meansSeveral(name):
			several, byPointer = name, true
		case !isSettable(name):
			byPointer = true
		}
		seen[name] = true
		flags = append(flags, setFlag(name))
	}
	if byPointer {
		flags = []string{wholeValue}
	}
	advice := "to fill it in,"
	switch {
	case several != "":
		advice = fmt.Sprintf("%q is used for other things too: to set this value alone,", several)
	case byPointer && !asked.value.IsLiteral():
		advice = "to set the whole value,"
	case slices.ContainsFunc(asked.parts, func(u unknown) bool { return u.reason == "" || u.symbol != "" && u.name != "" }):
	case byPointer:
		advice = "correct it, or"
	default:
		advice = "correct it, or if it is a placeholder,"
	}
	cure := strings.Join(flags, " ")
	if len(asked.other) > 0 {
		cure += " or " + strings.Join(asked.other, " ")
	}
	return fmt.Sprintf("%s %s: %s; %s add %s", asked.what, quote(asked.value), strings.Join(q.reasons(asked.parts), "; "), advice, cure),
		append(flags, asked.other...)
}

// reasons returns the placeholders among the parts, and why the others are unknown, each once.
func (q *questions) reasons(parts []unknown) []string {
	var names, reasons []string
	seen := map[string]bool{}
	for _, u := range parts {
		text, list := u.reason, &reasons
		if text == "" {
			text, list = strconv.Quote(q.nameOf(u)), &names
		}
		if !seen[text] {
			seen[text] = true
			*list = append(*list, text)
		}
	}
	switch len(names) {
	case 0:
		return reasons
	case 1:
		return append([]string{"placeholder " + names[0]}, reasons...)
	}
	return append([]string{"placeholders " + strings.Join(names, ", ")}, reasons...)
}
