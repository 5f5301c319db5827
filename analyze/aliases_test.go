package analyze_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/testdata/golden"
)

// TestAliasesMeanTheSame: containers that share members by anchors and merge keys of YAML have what containers have that are
// written one by one. What they share is in one place of the text. Of the cases with log options, the second container
// creates its log group, and the first one as before.
func TestAliasesMeanTheSame(t *testing.T) {
	count, withOptions := 0, 0
	for _, c := range golden.Cases(t) {
		var task struct {
			ContainerDefinitions []map[string]any
		}
		if json.Unmarshal(c.Input(), &task) != nil || len(task.ContainerDefinitions) != 1 || c.Options.Image != nil {
			continue // --image would change one of the two
		}
		if plan, _ := c.Plan(); plan.Unread {
			continue // all of its text is refused
		}
		first := task.ContainerDefinitions[0]
		if _, named := first["name"]; !named {
			continue // the second one would be the only one with a name
		}
		logs, _ := first["logConfiguration"].(map[string]any)
		options, _ := logs["options"].(map[string]any)
		second := maps.Clone(first)
		second["name"] = "second"
		anchored, merged := first, `{<<: *first, "name": "second"}`
		var changes []string // of the texts of the containers with anchors
		if options != nil {
			withOptions++
			created := maps.Clone(options)
			created["awslogs-create-group"] = "true"
			second["logConfiguration"] = changed(logs, "options", created)
			anchored = changed(first, "logConfiguration", changed(logs, "options", "OPTIONS"))
			changes = []string{`"OPTIONS"`, "&options " + text(options)}
			merged = `{<<: *first, "name": "second", "logConfiguration": ` + text(changed(logs, "options", "CREATED")) + "}"
			merged = strings.Replace(merged, `"CREATED"`, `{<<: *options, "awslogs-create-group": "true"}`, 1)
		}
		var whole map[string]any
		if err := json.Unmarshal(c.Input(), &whole); err != nil {
			t.Fatal(err)
		}
		whole["containerDefinitions"] = "CONTAINERS"
		read := func(containers string) (lines []string) {
			// Without the first line it is read as JSON.
			plan, _ := golden.Plan([]byte("---\n"+strings.Replace(text(whole), `"CONTAINERS"`, containers, 1)), c.Options)
			for _, r := range plan.Requirements {
				lines = append(lines, r.String())
			}
			for _, f := range plan.Findings {
				lines = append(lines, findingLine(f))
			}
			for _, n := range plan.Needs() {
				lines = append(lines, needLine(n))
			}
			slices.Sort(lines)
			return lines
		}
		want := read("[" + text(first) + ", " + text(second) + "]")
		got := read("[&first " + strings.NewReplacer(changes...).Replace(text(anchored)) + ", " + merged + "]")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-one by one +with aliases):\n%s", c.Name, diff)
		}
		count++
	}
	if count < 150 || withOptions < 20 {
		t.Errorf("%d cases, %d of them with log options", count, withOptions)
	}
}

// changed returns a map with another value of a key.
func changed(m map[string]any, key string, value any) map[string]any {
	m = maps.Clone(m)
	m[key] = value
	return m
}

// text returns a value as JSON.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
