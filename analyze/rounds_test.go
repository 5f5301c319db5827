package analyze_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/testdata/golden"
)

// TestPlaceholdersCanBeFilled pastes the flags that real files print, with plausible values: after that, one further round
// is the most. A refusal that a person cannot act on is no help.
func TestPlaceholdersCanBeFilled(t *testing.T) {
	held, further := 0, 0
	for _, file := range golden.Corpus(t, "taskdef", "describe", "cloudformation", "cdkout", "terraform", "invalid") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rounds, _ := follow(t, src, plausible)
		if rounds > 0 {
			held++
		}
		if rounds > 1 {
			further++
		}
	}
	t.Logf("%d files hold placeholders, %d need a further round", held, further)
	if held < 120 {
		t.Errorf("only %d files hold placeholders, want at least 120", held)
	}
}

// unread are the rules of findings about documents that cannot be read.
var unread = []string{"json", "yaml"}

// follow gives the settings that findings ask for their values until none is asked for, and returns how often it had to, and
// the last plan. More than twice is an error, and so is an error without flags.
func follow(t *testing.T, src []byte, value func(name string) string) (rounds int, plan *analyze.Plan) {
	t.Helper()
	var opts analyze.Options
	for {
		plan, _ = golden.Plan(src, opts)
		var names []string
		for _, f := range plan.Findings {
			if f.Severity != analyze.Error && f.Rule != analyze.PlaceholderWords {
				continue // as the command does
			}
			if len(f.Flags) == 0 && !slices.Contains(unread, f.Rule) {
				t.Errorf("no flag settles %v", f)
			}
			for _, flag := range f.Flags {
				if words := golden.Words(flag); words[0] == "--set" && !slices.Contains(names, words[1]) {
					names = append(names, words[1])
				}
			}
		}
		if len(names) == 0 {
			return rounds, plan
		}
		if rounds++; rounds > 2 {
			t.Errorf("after filling %v there is still %v", opts.Set, names)
			return rounds, plan
		}
		for _, name := range names {
			name = strings.TrimSuffix(name, "=VALUE")
			opts.Set = append(opts.Set, analyze.Setting{Name: name, Value: value(name)})
		}
	}
}

// plausible returns a value for a placeholder of that name.
func plausible(name string) string {
	name = strings.ToLower(name)
	switch {
	case strings.Contains(name, "account") || strings.Trim(name, "x") == "" || strings.Trim(name, "0123456789") == "":
		return "111122223333"
	case strings.Contains(name, "region"):
		return "us-east-1"
	case strings.Contains(name, "partition"):
		return "aws"
	}
	return "nginx"
}

// TestHiddenValuesComeBack hides the values of real files and of the golden cases behind placeholders, in several ways, and
// gives the settings that are asked for the values that were there: all at once, and the plan is the same as before.
func TestHiddenValuesComeBack(t *testing.T) {
	for _, way := range []struct {
		name string
		hide func(original string, number int) (hidden, name string, value string)
	}{
		{"one name for all", func(string, int) (string, string, string) { return "<PLACEHOLDER>", "", "" }},
		{"one word for all", func(string, int) (string, string, string) { return "TBD", "", "" }},
		{"a name for each", func(original string, n int) (string, string, string) {
			name := "V" + strconv.Itoa(n)
			return "${" + name + "}", name, original
		}},
		{"the end of each", func(original string, n int) (string, string, string) {
			i := strings.LastIndexAny(original, "/:") + 1
			name := "call" + strconv.Itoa(n) + " `db`"
			return original[:i] + "{{ " + name + " }}", name, original[i:]
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			total, further := 0, 0
			inputs(t, func(t *testing.T, src []byte) {
				before, err := golden.Plan(src, analyze.Options{})
				var doc any
				if err != nil || json.Unmarshal([]byte(strings.TrimPrefix(string(src), "\ufeff")), &doc) != nil {
					return
				}
				originals, values := map[string]string{}, map[string]string{}
				doc = hide(doc, "", func(pointer, original string) string {
					hidden, name, value := way.hide(original, len(originals))
					originals[pointer], values[name] = original, value
					return hidden
				})
				hidden, err := json.Marshal(doc)
				if err != nil {
					t.Fatal(err)
				}
				rounds, after := follow(t, hidden, func(name string) string {
					if original, ok := originals[name]; ok {
						return original
					}
					if value, ok := values[name]; ok {
						return value
					}
					return name // a placeholder of the file's own
				})
				if rounds > 0 {
					total++
				}
				if rounds > 1 {
					further++
					t.Logf("needs a further round: %s", t.Name())
				}
				if diff := cmp.Diff(required(before), required(after)); diff != "" {
					t.Errorf("the plan before and after:\n%s\n%s", diff, hidden)
				}
			})
			t.Logf("%d inputs, %d of them need a further round", total, further)
			if total < 100 {
				t.Errorf("only %d inputs: the test does not see them", total)
			}
		})
	}
}

// inputs calls check for every golden input without options, and for every real task definition.
func inputs(t *testing.T, check func(t *testing.T, src []byte)) {
	for _, c := range golden.Cases(t) {
		if cmp.Equal(c.Options, analyze.Options{}) {
			t.Run(c.Name, func(t *testing.T) { check(t, c.Input()) })
		}
	}
	if !golden.HasCorpus(t) {
		return
	}
	for _, file := range golden.Corpus(t, "taskdef", "describe") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(file), func(t *testing.T) { check(t, src) })
	}
}

// hidden are the members whose strings a pipeline may fill in.
var hidden = []string{
	"image", "name", "valueFrom", "value", "credentialsParameter", "credentialSpecs", "config-file-value",
	"awslogs-group", "awslogs-region", "awslogs-stream-prefix", "family",
}

// hide returns the document with the strings of these members replaced, where they are the task definition's.
func hide(v any, pointer string, replace func(pointer, original string) string) any {
	member := pointer[strings.LastIndexByte(pointer, '/')+1:]
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			p := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
			if s, ok := e.(string); ok && slices.Contains(hidden, key) && s != "" && isRead(p) {
				v[key] = replace(p, s)
			} else {
				v[key] = hide(e, p, replace)
			}
		}
	case []any:
		for i, e := range v {
			p := fmt.Sprintf("%s/%d", pointer, i)
			if s, ok := e.(string); ok && slices.Contains(hidden, member) {
				v[i] = replace(p, s)
			} else {
				v[i] = hide(e, p, replace)
			}
		}
	}
	return v
}

// isRead reports whether a rule reads the string at a pointer, whose last token is one of the hidden members.
func isRead(pointer string) bool {
	tokens := strings.Split(strings.TrimPrefix(strings.TrimPrefix(pointer, "/taskDefinition"), "/"), "/")
	switch last := tokens[len(tokens)-1]; last {
	case "name":
		return len(tokens) == 3 && tokens[0] == "containerDefinitions"
	case "value":
		return slices.Contains(tokens, "environmentFiles")
	case "family":
		return len(tokens) == 1
	}
	return tokens[0] == "containerDefinitions" || tokens[0] == "volumes"
}

// required returns the permissions of a plan, sorted, without the containers' names: no permission has to depend on them.
func required(plan *analyze.Plan) []string {
	var list []string
	for _, r := range plan.Requirements {
		list = append(list, fmt.Sprint(r.Rule.ID, r.Actions, r.Resource, r.Match, r.Conditions, r.At.Pointer))
	}
	slices.Sort(list)
	return list
}
