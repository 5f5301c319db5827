package analyze

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// PlaceholderWords is the ID of the rule whose warnings have flags that fill words, as errors have flags for placeholders.
const PlaceholderWords = "placeholder-words"

// placeholderWords warns of words in valid names that say of themselves that they are to be replaced: no delimiters show
// them, and the role is written for the very name.
var placeholderWords = &Rule{
	ID:          PlaceholderWords,
	Title:       "Words to be replaced",
	Why:         "A word such as ENV_PLACEHOLDER, TBD, CHANGEME, your-secret-name or xxxx is to be replaced before the task runs, and the role has to be made for the name that it then has.",
	Doc:         "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html",
	check:       checkPlaceholderWords,
	checkBeside: checkPlaceholderWords,
}

// foundWord is a word to be replaced, with its places in the order of the input.
type foundWord struct {
	unknown
	finding int         // its index in the plan
	value   policy.Text // at the first place
	places  []taskdef.Ref
}

// checkPlaceholderWords looks for the words on which permissions or the role's name depend, and then for the places that
// have them. No permission depends on the family, so that its placeholders with delimiters are only warned of too.
func checkPlaceholderWords(p *pass, td taskdef.Value) {
	seen := p.seenNames()
	needed := map[string]bool{}
	for i := range p.plan.Requirements {
		need(needed, p.plan.Requirements[i].ARN.Resource)
	}
	for v := range td.Scalars("family") {
		t, _ := v.Text()
		need(needed, t)
		for _, w := range taskdef.Placeholders(t, false) {
			if !seen[w.Name] && !v.Meant() {
				p.questions.found(w, v)
			}
		}
	}
	maps.DeleteFunc(needed, func(name string, _ bool) bool { return seen[name] })
	if len(needed) > 0 {
		asked := map[string]bool{}
		for _, q := range p.questions.asked {
			asked[q.at.Pointer] = true
		}
		for v := range td.Strings() {
			t, _ := v.Text()
			for _, w := range taskdef.Words(t) {
				if needed[w.Name] && !v.Meant() && isRead(v.Path()) && !asked[v.Ref().Pointer] {
					p.questions.found(w, v)
				}
			}
		}
	}
	for _, f := range p.questions.words {
		f.finding = len(p.plan.Findings)
		p.find(Warning, f.places[0], nil, "")
	}
}

// seenNames returns the names that the caller has set, and those in the values that they got: a value is not filled again.
func (p *pass) seenNames() map[string]bool {
	seen := map[string]bool{}
	for _, set := range slices.Concat(p.opts.Set, p.opts.Image) {
		seen[set.Name] = true
		for _, w := range slices.Concat(taskdef.Words(set.Value), taskdef.Placeholders(set.Value, false)) {
			seen[w.Name] = true
		}
	}
	return seen
}

// found notes a place of a word.
func (q *questions) found(w taskdef.Placeholder, v taskdef.Value) {
	u := unknown{name: policy.Text(w.Name), call: policy.Text(w.Call)}
	f := q.byWord[u]
	if f == nil {
		t, _ := v.Text()
		f = &foundWord{unknown: u, value: t}
		q.words = append(q.words, f)
		if q.byWord == nil {
			q.byWord = map[unknown]*foundWord{}
		}
		q.byWord[u] = f
	}
	if at := v.Ref(); len(f.places) == 0 || f.places[len(f.places)-1] != at { // several times in one string
		f.places = append(f.places, at)
	}
}

// need adds the words in the literal parts of a text.
func need(words map[string]bool, t policy.Text) {
	if !t.IsLiteral() {
		t.Map(func(literal string) string {
			need(words, policy.Text(literal))
			return literal
		})
		return
	}
	for _, w := range taskdef.Words(t) {
		words[w.Name] = true
	}
}

// isRead reports whether a rule reads the values at a path, or the role has its name from them.
func isRead(path string) bool {
	if path == "family" {
		return true
	}
	return slices.ContainsFunc(readFields(), func(field string) bool {
		rest, ok := strings.CutPrefix(path, field)
		return ok && (rest == "" || rest[0] == '.')
	})
}

// readFields are the fields of all rules.
var readFields = sync.OnceValue(func() (fields []string) {
	for _, r := range Rules() {
		fields = append(fields, r.Fields...)
	}
	return fields
})

// text returns the message about a word, which --set calls by the name, and the flags that fill it: one for the name, or one
// for each place if the name means several things.
func (f *foundWord) text(name string, several bool) (message string, flags []string) {
	flags = []string{setFlag(name)}
	if several || !isSettable(name) {
		flags = nil
		for _, at := range f.places {
			flags = append(flags, setFlag(at.Pointer))
		}
	}
	more := ""
	switch n := len(f.places) - 1; {
	case n == 1:
		more = " and in 1 more place"
	case n > 1:
		more = fmt.Sprintf(" and in %d more places", n)
	}
	return fmt.Sprintf("%q in %s%s looks like a placeholder, and the role is made for that very name; to fill it in, add %s",
		name, quote(f.value), more, strings.Join(flags, " ")), flags
}
