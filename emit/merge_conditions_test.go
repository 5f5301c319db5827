package emit_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/testdata/golden"
)

// deployment is a template as CloudFormation has it when it knows which conditions hold.
type deployment struct {
	t          testing.TB
	conditions map[string]any
	holds      map[string]bool // those of the template before the merge
}

// deploy returns the template without its conditionals, and without the resources that do not exist.
func deploy(t testing.TB, template any, holds map[string]bool) map[string]any {
	t.Helper()
	sections := meaning.Object(t, template)
	d := &deployment{t: t, holds: holds}
	d.conditions, _ = sections["Conditions"].(map[string]any)
	resources := map[string]any{}
	for name, resource := range meaning.Object(t, sections["Resources"]) {
		r := meaning.Object(t, resource)
		if condition, ok := r["Condition"].(string); ok && !d.isTrue(map[string]any{"Condition": condition}) {
			continue
		}
		r, _ = d.resolve(r).(map[string]any)
		delete(r, "Condition")
		resources[name] = r
	}
	out := maps.Clone(sections)
	out["Resources"] = resources
	delete(out, "Conditions")
	delete(out, "Outputs")
	return out
}

// resolve returns a value without conditionals; nil for AWS::NoValue.
func (d *deployment) resolve(v any) any {
	switch v := v.(type) {
	case []any:
		list := []any{}
		for _, e := range v {
			if e = d.resolve(e); e != nil {
				list = append(list, e)
			}
		}
		return list
	case map[string]any:
		if branches, ok := v["Fn::If"].([]any); ok && len(v) == 1 && len(branches) == 3 {
			if d.isTrue(map[string]any{"Condition": branches[0]}) {
				return d.resolve(branches[1])
			}
			return d.resolve(branches[2])
		}
		if v["Ref"] == "AWS::NoValue" {
			return nil
		}
		members := map[string]any{}
		for name, member := range v {
			if member = d.resolve(member); member != nil {
				members[name] = member
			}
		}
		return members
	}
	return v
}

func (d *deployment) isTrue(condition any) bool {
	d.t.Helper()
	for key, argument := range meaning.Object(d.t, condition) {
		switch key {
		case "Condition":
			name := argument.(string)
			if holds, ok := d.holds[name]; ok {
				return holds
			}
			if d.conditions[name] == nil {
				d.t.Fatalf("there is no condition %s", name)
			}
			return d.isTrue(d.conditions[name])
		case "Fn::Not":
			return !d.isTrue(argument.([]any)[0])
		case "Fn::And", "Fn::Or":
			list := argument.([]any)
			if len(list) < 2 || len(list) > 10 {
				d.t.Fatalf("%s of %d", key, len(list))
			}
			return slices.ContainsFunc(list, func(c any) bool { return d.isTrue(c) == (key == "Fn::Or") }) == (key == "Fn::Or")
		}
	}
	d.t.Fatalf("condition %v", condition)
	return false
}

// valueOf returns a value of a template with the long names of functions.
func valueOf(n *tree.Node) any {
	switch n.Kind {
	case tree.List:
		list := []any{}
		for i := range n.Children {
			list = append(list, valueOf(&n.Children[i]))
		}
		return list
	case tree.Object:
		members := map[string]any{}
		for i := range n.Children {
			kid := &n.Children[i]
			name := kid.Name
			if short, ok := strings.CutPrefix(name, "!"); ok {
				if name = "Fn::" + short; short == "Ref" || short == "Condition" {
					name = short
				}
			}
			members[name] = valueOf(kid)
			if text, ok := members[name].(string); ok && name == "Fn::GetAtt" {
				resource, attribute, _ := strings.Cut(text, ".")
				members[name] = []any{resource, attribute}
			}
		}
		return members
	case tree.Number:
		return json.Number(n.Text)
	case tree.Boolean:
		return n.Text == "true"
	case tree.Null:
		return nil
	}
	return n.Text
}

// references calls use for the resources that a value refers to.
func references(v any, use func(name string)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			references(e, use)
		}
	case map[string]any:
		for name, argument := range v {
			switch text, _ := argument.(string); {
			case name == "Ref":
				use(text)
			case name == "Fn::GetAtt":
				use(fmt.Sprint(argument.([]any)[0]))
			case name == "Fn::Sub":
				if list, ok := argument.([]any); ok {
					text, _ = list[0].(string)
				}
				for _, part := range strings.Split(text, "${")[1:] {
					name, _, _ := strings.Cut(part, "}")
					name, _, _ = strings.Cut(name, ".")
					use(name)
				}
			}
			references(argument, use)
		}
	}
}

// written returns a value in which each call of a function is a string.
func written(v any) any {
	switch v := v.(type) {
	case []any:
		list := []any{}
		for _, e := range v {
			list = append(list, written(e))
		}
		return list
	case map[string]any:
		members := map[string]any{}
		for name, member := range v {
			if name == "Ref" || strings.HasPrefix(name, "Fn::") {
				text, _ := json.Marshal(v)
				return string(text)
			}
			members[name] = written(member)
		}
		return members
	}
	return v
}

// permissions returns what the roles of task definitions in a deployed template allow, by task definition. Everything that a
// role and its policies refer to has to exist.
func permissions(t testing.TB, deployed map[string]any, existing map[string]bool, tasks []string) map[string][]string {
	t.Helper()
	lines := map[string][]string{}
	resources := meaning.Object(t, deployed["Resources"])
	for _, task := range tasks {
		role, ok := resources[task+"ExecutionRole"].(map[string]any)
		if !ok {
			continue
		}
		own := []any{role}
		documents := []any{}
		properties := meaning.Object(t, role["Properties"])
		policies, _ := properties["Policies"].([]any)
		for _, p := range policies {
			documents = append(documents, meaning.Object(t, p)["PolicyDocument"])
		}
		for name, resource := range resources {
			if strings.HasPrefix(name, task+"ExecutionPolicy") {
				own = append(own, resource)
				documents = append(documents, meaning.Object(t, meaning.Object(t, resource)["Properties"])["PolicyDocument"])
			}
		}
		references(own, func(name string) {
			if existing[name] && resources[name] == nil {
				t.Errorf("the role of %s refers to %s, which does not exist", task, name)
			}
		})
		for _, d := range documents {
			lines[task] = append(lines[task], meaning.PolicyLines(t, written(d))...)
		}
		lines[task] = meaning.Sorted(lines[task])
	}
	return lines
}

// canHold reports whether conditions of a template can hold, and not hold, together: Prod and Dev cannot, if both compare
// one parameter.
func canHold(t testing.TB, name string, src []byte, holds map[string]bool) bool {
	t.Helper()
	doc, _, problems := tree.Read(name, src)
	if doc == nil {
		t.Fatal(problems)
	}
	conditions, all := template.New(doc, doc.Root, nil), policy.Always()
	for condition, yes := range holds {
		f := conditions.Formula(condition)
		if !yes {
			f = &policy.Formula{Op: policy.Not, Of: []*policy.Formula{f}}
		}
		all.Of = append(all.Of, f)
	}
	return all.Possible()
}

// checkDeployments merges the roles into a template, deploys it with some of its conditions, and compares the roles with those
// that are made for the template as it is then. It returns how many deployments were compared, and in how many of them a role
// has more.
func checkDeployments(t testing.TB, name string, src []byte) (compared, more int) {
	t.Helper()
	roles := meaning.TaskRoles(t, name, src)
	if roles == nil {
		return 0, 0
	}
	merged, err := emit.Merge(name, src, roles)
	if err != nil {
		t.Logf("not merged: %v", err)
		return 0, 0
	}
	var tasks []string
	for _, r := range roles {
		tasks = append(tasks, r.Task)
	}
	read := func(src []byte) map[string]any {
		doc, _, problems := tree.Read(name, src)
		if doc == nil {
			t.Fatal(problems)
		}
		return meaning.Object(t, valueOf(doc.Root))
	}
	before, after := read(src), read(merged)
	conditions, _ := before["Conditions"].(map[string]any)
	names := slices.Sorted(maps.Keys(conditions))
	existing := map[string]bool{}
	for name := range meaning.Object(t, after["Resources"]) {
		existing[name] = true
	}
	for i := range min(16, 1<<min(len(names), 4)) {
		holds := map[string]bool{}
		for j, name := range names {
			holds[name] = (i>>(j%4)+j/4)&1 == 0
		}
		if !canHold(t, name, src, holds) {
			continue
		}
		deployed, err := json.Marshal(deploy(t, before, holds))
		if err != nil {
			t.Fatal(err)
		}
		roles := meaning.TaskRoles(t, name, deployed)
		again, err := emit.Merge(name, deployed, roles)
		if err != nil {
			t.Logf("%s, %v: %v", name, holds, err)
			continue
		}
		var wanted []string
		for _, r := range roles {
			wanted = append(wanted, r.Task)
		}
		want := permissions(t, read(again), nil, wanted)
		got := permissions(t, deploy(t, after, holds), existing, tasks)
		for _, task := range wanted {
			if !slices.Contains(tasks, task) {
				continue
			}
			compared++
			if diff := cmp.Diff(want[task], got[task]); diff != "" {
				for _, line := range want[task] {
					if !slices.Contains(got[task], line) {
						t.Errorf("%s, %v: the role of %s lacks %s\nand has %q", name, holds, task, line, got[task])
					}
				}
				more++
			}
			delete(got, task)
		}
		for task := range got {
			if meaning.Object(t, deploy(t, before, holds)["Resources"])[task] == nil {
				t.Errorf("%s, %v: there is a role for %s, which does not exist", name, holds, task)
			}
		}
	}
	return compared, more
}

// TestMergeDeployments: whatever conditions hold, a role in real templates refers to nothing that does not exist, and lacks
// nothing.
func TestMergeDeployments(t *testing.T) {
	compared, more := 0, 0
	for _, path := range golden.Corpus(t, "cloudformation", "cdkout") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c, m := checkDeployments(t, filepath.Base(path), src)
		compared, more = compared+c, more+m
	}
	t.Logf("%d roles, %d with more than they need", compared, more)
	if compared < 100 {
		t.Errorf("only %d roles were compared", compared)
	}
}

// TestMergeConditionalStatements: a permission that hangs on a condition of the template is in a conditional, and no other is.
func TestMergeConditionalStatements(t *testing.T) {
	const head = `Parameters: {Env: {Type: String}}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Dev: !Equals [!Ref Env, dev]
  NotDev: !Not [!Equals [!Ref AWS::Region, us-east-1]]
Resources:
  Db: {Type: AWS::SecretsManager::Secret, Condition: Prod}
  Key: {Type: AWS::KMS::Key, Condition: Prod}
  Encrypted: {Type: AWS::SecretsManager::Secret, Condition: Prod, Properties: {KmsKeyId: !GetAtt Key.Arn}}
  DevLogs: {Type: AWS::Logs::LogGroup, Condition: Dev}
  Task:
    Type: AWS::ECS::TaskDefinition
`
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"a resource": {"    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Db}, {Name: B, ValueFrom: /b}]}]\n", []string{
			"              - Fn::If:\n                  - Prod\n                  - Sid: ReadSecrets\n", "                  - !Ref AWS::NoValue\n", "              - Sid: ReadParameters\n",
		}},
		"everything": {"    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Db}]}]\n", []string{
			"      Policies:\n        - Fn::If:\n            - Prod\n            - PolicyName: TaskExecution\n",
		}},
		"a resource and its key": {"    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Encrypted}, {Name: B, ValueFrom: /b}]}]\n", []string{
			"                  - Sid: DecryptWithKeys\n",
		}},
		"branches": {"    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !If [Prod, /prod, /other]}, {Name: B, ValueFrom: /b}]}]\n", []string{
			"                  - !Sub \"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/b\"\n",
			"                  - Fn::If:\n                      - Prod\n                      - !Sub \"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/prod\"\n",
			"                  - Fn::If:\n                      - NotProd\n", "Conditions:\n  NotProd:\n    Fn::Not:\n      - !Condition Prod\n  Prod: ",
		}},
		"a name that is taken": {"    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [!If [Dev, !Ref AWS::NoValue, {Name: A, ValueFrom: /other}]]}]\n", []string{
			"  NotDev2:\n    Fn::Not:\n      - !Condition Dev\n", "        - Fn::If:\n            - NotDev2\n",
		}},
		"branches in branches": {"    Properties:\n      ContainerDefinitions:\n      - {Name: a, Image: nginx}\n      - !If [Prod, {Name: b, Image: nginx, Secrets: [!If [Dev, !Ref AWS::NoValue, {Name: A, ValueFrom: /a}]]}, !Ref AWS::NoValue]\n", []string{
			"ProdAndNotDev2:\n    Fn::And:\n", "  NotDev2:\n",
		}},
		"what is always needed too": {"    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !If [Prod, /a, /b]}, {Name: B, ValueFrom: /a}]}]\n", []string{
			"                - !Sub \"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a\"\n",
		}},
		"one condition or another": {"    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !If [Prod, /a, /b]}, {Name: B, ValueFrom: !If [Dev, /a, /c]}]}]\n", []string{
			"DevOrProd:\n    Fn::Or:\n",
		}},
		"the condition of the task definition": {"    Condition: Prod\n    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Db}, !If [NotDev, {Name: B, ValueFrom: /b}, !Ref AWS::NoValue]]}]\n", []string{
			"    Type: AWS::IAM::Role\n    Condition: Prod\n", "              - Sid: ReadSecrets\n", "              - Fn::If:\n                  - NotDev\n",
		}},
		"logs": {"    Properties:\n      ContainerDefinitions:\n      - Name: a\n        Image: nginx\n        LogConfiguration: !If [Dev, {LogDriver: awslogs, Options: {awslogs-group: !Ref DevLogs, awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: a}}, !Ref AWS::NoValue]\n", []string{
			"        - Fn::If:\n            - Dev\n",
		}},
		"a variable of Fn::Sub": {"    Properties:\n      ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !Sub ['${X}:a::', {X: !If [Prod, !Ref Db, !Ref Other]}]}, {Name: B, ValueFrom: /b}]}]\n  Other: {Type: AWS::SecretsManager::Secret}\n", []string{
			"                  - Fn::If:\n                      - Prod\n                      - !Ref Db\n",
		}},
		"a service": {"    Properties:\n      Family: a\n      ContainerDefinitions: [{Name: a, Image: nginx}]\n  Service:\n    Type: AWS::ECS::Service\n    Condition: Dev\n    Properties:\n      TaskDefinition: !Ref Task\n" +
			"      ServiceConnectConfiguration: {Enabled: true, LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref DevLogs, awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: a}}}\n", []string{
			"        - Fn::If:\n            - Dev\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			src := head + c.src
			for _, src := range []string{src, asJSON(t, src, ""), asJSON(t, src, "\t")} {
				compared, more := checkDeployments(t, "t.yaml", []byte(src))
				if compared == 0 || more > 0 && name != "a variable of Fn::Sub" {
					t.Errorf("%d deployments, in %d the role has more than it needs", compared, more)
				}
			}
			got, err := mergeTemplate(t, src)
			if err != nil || !isSubsequence(src, got) {
				t.Fatalf("%v\n%s", err, got)
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("there is no\n%s in\n%s", want, got)
				}
			}
		})
	}
}

// asJSON returns a template in the syntax of JSON.
func asJSON(t testing.TB, src, indent string) string {
	t.Helper()
	doc, _, problems := tree.Read("t", []byte(src))
	if doc == nil {
		t.Fatal(problems)
	}
	text, err := json.MarshalIndent(valueOf(doc.Root), "", indent)
	if indent == "" {
		text, err = json.Marshal(valueOf(doc.Root))
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
