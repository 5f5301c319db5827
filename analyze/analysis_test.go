package analyze

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// TestAnalysisInAnyOrder: documents that goroutines read in any order have the plans of ReadAll, and the options are
// judged alike.
func TestAnalysisInAnyOrder(t *testing.T) {
	opts := Options{
		Set:               []Setting{{Name: "IMAGE", Value: "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop"}, {Name: "NOTHING", Value: "x"}},
		Image:             []Setting{{Name: "nobody", Value: "nginx"}},
		KMSKeys:           []KMSKey{{Ref: "/a", Key: "alias/a"}, {Ref: "/z", Key: "alias/z"}},
		PullThroughCaches: []string{"cache"},
		SourceVPCs:        []string{"vpc-1"},
	}
	var inputs []Input
	for i := range 40 {
		src := withSecret
		if i%3 == 0 {
			src = withFile
		}
		inputs = append(inputs, Input{Name: fmt.Sprintf("%d.json", i), Source: []byte(strings.Replace(src, `"app"`, fmt.Sprintf(`"app%d"`, i), 1))})
	}
	want, err := ReadAll(inputs, opts)
	errs, _ := err.(Errors)
	if len(errs) != 4 {
		t.Fatal(err)
	}
	for range 3 {
		a := NewAnalysis(opts)
		got := make([]*Plan, len(inputs))
		var group sync.WaitGroup
		for i, in := range inputs {
			group.Go(func() { got[i] = a.Read(in)[0] })
		}
		group.Wait()
		findings := a.Finish()
		if diff := cmp.Diff(Errors(findings).Error(), errs.Error()); diff != "" {
			t.Error(diff)
		}
		for i := range got {
			if lines := outcome(got[i]); i < len(got)-1 && !slices.Equal(lines, outcome(want[i])) {
				t.Errorf("%s: %q", got[i].File, lines)
			}
		}
		for _, f := range findings {
			if f.At != (taskdef.Ref{}) {
				t.Errorf("an option has a place in one of many documents: %v", f)
			}
		}
	}
}

// TestResources: Options.Resources choose by name or family, and a name that chooses nothing is an error once.
func TestResources(t *testing.T) {
	template := `{"Resources": {
		"Web": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "web", "ContainerDefinitions": [{"Name": "app", "Image": "nginx"}]}},
		"Bad": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "bad"}},
		"Ref": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": {"Ref": "Name"}, "ContainerDefinitions": [{"Name": "app", "Image": "nginx"}]}}}}`
	for _, c := range []struct {
		resources []string
		plans     string
		errors    string
	}{
		{nil, "Web Ref ", "the resource Bad has no ContainerDefinitions"},
		{[]string{"Web"}, "Web", ""},
		{[]string{"web"}, "Web", ""},
		{[]string{"Ref", "a"}, "Ref", ""},
		{[]string{"Bad"}, "", "the resource Bad has no ContainerDefinitions"},
		{[]string{"Web", "Wbe"}, "Web", `--resource Wbe: there is no task definition of that name; there are "Bad", "Ref", "Web", "a", "b"`},
		{[]string{"x"}, "", `--resource x: there is no task definition of that name`},
	} {
		plans, err := ReadAll([]Input{{Name: "t.json", Source: []byte(template)}, {Name: "a.json", Source: []byte(withSecret)}, {Name: "b.json", Source: []byte(withFile)}},
			Options{Resources: c.resources, Set: []Setting{{Name: "IMAGE", Value: "nginx"}}})
		var names []string
		for _, p := range plans {
			if p.File == "t.json" {
				names = append(names, p.Name)
			}
		}
		if got := strings.Join(names, " "); got != c.plans {
			t.Errorf("%q chooses %q, want %q", c.resources, got, c.plans)
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		if !strings.Contains(text, c.errors) || c.errors == "" && c.resources != nil && len(c.resources) < 2 && strings.Contains(text, "no task definition") {
			t.Errorf("%q: errors %s", c.resources, text)
		}
	}
}

// TestShare: a shared role requires what each task definition requires, does not depend on their order, and keeps apart
// what two inputs call alike.
func TestShare(t *testing.T) {
	template := `{"Resources": {
		"Secret": {"Type": "AWS::SecretsManager::Secret"},
		"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "web", "ContainerDefinitions": [{"Name": "app", "Image": "nginx", "Secrets": [{"Name": "A", "ValueFrom": {"Ref": "Secret"}}]}]}}}}`
	inputs := []Input{{Name: "v1/web.json", Source: []byte(template)}, {Name: "v2/web.json", Source: []byte(template)}, {Name: "b.json", Source: []byte(withFile)}, {Name: "none.json", Source: []byte(strings.Replace(withFile, `"family": "b", `, "", 1))}}
	plans, err := ReadAll(inputs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	shared := Share("", plans)
	want := []string{"none.json", "b", "web in v1/web.json", "web in v2/web.json"}
	if !slices.Equal(shared.SharedBy, want) || shared.Family != "shared" {
		t.Errorf("family %s, shared by %q", shared.Family, shared.SharedBy)
	}
	role, err := shared.Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range role.Inline[0].Document.Statements {
		for _, r := range s.Resources {
			for _, from := range r.From {
				lines = append(lines, r.String()+" for "+from.Task+": "+from.Container+": "+from.Field)
			}
		}
	}
	wantLines := []string{
		"${Secret} for web in v1/web.json: app: secrets A",
		"${Secret 2} for web in v2/web.json: app: secrets A",
		"arn:aws:s3:::bucket/a.env for b: web: environmentFiles",
		"arn:aws:s3:::bucket/a.env for none.json: web: environmentFiles",
		"arn:aws:s3:::bucket for b: web: environmentFiles",
		"arn:aws:s3:::bucket for none.json: web: environmentFiles",
	}
	if diff := cmp.Diff(wantLines, lines); diff != "" {
		t.Error(diff)
	}
	for range 4 {
		plans = append(plans[1:], plans[0])
		if again := Share("", plans); !slices.Equal(outcome(again), outcome(shared)) || len(again.Needs()) != len(shared.Needs()) {
			t.Error("the order of the plans matters")
		}
	}
	// Each requirement of each plan is there, and no other.
	total := 0
	for _, p := range plans {
		total += len(p.Requirements)
	}
	if len(shared.Requirements) != total {
		t.Errorf("%d requirements, want %d", len(shared.Requirements), total)
	}
	if named := Share("shop", plans); named.Family != "shop" {
		t.Errorf("family %s", named.Family)
	}
	if one := Share("", plans[:1]); one.Family != "web" {
		t.Errorf("family %s", one.Family)
	}
}

// TestSharedEnvironment: what all say is known, a region about which they differ is not, and two accounts have no role.
func TestSharedEnvironment(t *testing.T) {
	plan := func(arn string) *Plan {
		plans, err := Read(arn, []byte(strings.Replace(withFile, `"family"`, `"taskDefinitionArn": "`+arn+`", "family"`, 1)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return plans[0]
	}
	here, there := plan("arn:aws:ecs:us-east-1:111122223333:task-definition/b:1"), plan("arn:aws:ecs:eu-west-1:111122223333:task-definition/b:2")
	other := plan("arn:aws:ecs:us-east-1:444455556666:task-definition/b:1")
	shared := Share("", []*Plan{here, there})
	if want := (policy.Environment{Partition: "aws", Account: "111122223333"}); shared.Environment != want || shared.Err() != nil {
		t.Errorf("%+v, %v", shared.Environment, shared.Err())
	}
	if err := Share("", []*Plan{here, other}).Err(); err == nil || !strings.Contains(err.Error(), "a role belongs to one account; add --account ACCOUNT") {
		t.Errorf("two accounts: %v", err)
	}
}

// TestSharedLimits: IAM's limits are for the role that all share.
func TestSharedLimits(t *testing.T) {
	var plans []*Plan
	for i := range 3 {
		var secrets []string
		for j := range 250 {
			secrets = append(secrets, fmt.Sprintf(`{"name": "S%d", "valueFrom": "/a/rather/long/path/of/parameters/%d/%d"}`, j, i, j))
		}
		list, err := Read(fmt.Sprintf("%d.json", i), fmt.Appendf(nil, `{"family": "many", "containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [%s]}]}`, strings.Join(secrets, ", ")), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := list[0].Role(policy.Options{}); err != nil {
			t.Fatal(err)
		}
		plans = append(plans, list[0])
	}
	_, err := Share("", plans).Role(policy.Options{})
	var limit policy.LimitError
	if !errors.As(err, &limit) || !strings.HasSuffix(err.Error(), "or let fewer task definitions share the role") {
		t.Error(err)
	}
}
