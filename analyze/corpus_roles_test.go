package analyze_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/testdata/golden"
)

// Templates often declare the execution role beside the task definition. These tests compare such roles with the plans.

// roleReader reads what the roles of a template allow.
type roleReader struct {
	*template.Template
	allowed map[string][]string // "ACTION RESOURCE", by the logical ID of the role
	managed map[string][]string // ARNs of managed policies
	roleOf  map[string]string   // the role's logical ID, by that of the task definition
}

func readRoles(doc *tree.Document) roleReader {
	r := roleReader{template.New(doc, doc.Root, nil), map[string][]string{}, map[string][]string{}, map[string]string{}}
	for i := range doc.Root.Member("Resources").Children {
		resource := &doc.Root.Member("Resources").Children[i]
		kind, properties := resource.Member("Type"), resource.Member("Properties")
		if kind == nil || properties == nil {
			continue
		}
		switch kind.Text {
		case "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy":
			roles := referredTo(properties.Member("Roles"))
			r.Replace(properties)
			for _, role := range roles {
				r.allow(role, properties.Member("PolicyDocument"))
			}
		case "AWS::IAM::Role":
			r.Replace(properties)
			for policy := range everyElement(properties.Member("Policies")) {
				r.allow(resource.Name, policy.Member("PolicyDocument"))
			}
			for arn := range r.texts(properties.Member("ManagedPolicyArns")) {
				r.managed[resource.Name] = append(r.managed[resource.Name], arn)
			}
		case "AWS::ECS::TaskDefinition":
			if role := referredTo(properties.Member("ExecutionRoleArn")); role != nil {
				r.roleOf[resource.Name] = role[0]
			}
		}
	}
	return r
}

// referredTo returns the logical IDs that a value refers to.
func referredTo(n *tree.Node) (names []string) {
	if n == nil {
		return nil
	}
	if n.Name == "Ref" || n.Name == "Fn::GetAtt" {
		name := n.Text
		if n.Kind == tree.List {
			name = n.Children[0].Text
		}
		name, _, _ = strings.Cut(name, ".")
		return []string{name}
	}
	for i := range n.Children {
		names = append(names, referredTo(&n.Children[i])...)
	}
	return names
}

// everyElement yields the elements of a list, or the one value that there is, and of conditionals all branches.
func everyElement(n *tree.Node) func(func(*tree.Node) bool) {
	return func(yield func(*tree.Node) bool) {
		if n == nil {
			return
		}
		for branch := range n.Branches() {
			if branch.Kind != tree.List {
				if branch.Kind != tree.Null && !yield(branch) {
					return
				}
				continue
			}
			for i := range branch.Children {
				for element := range branch.Children[i].Branches() {
					if element.Kind != tree.Null && !yield(element) {
						return
					}
				}
			}
		}
	}
}

func (r roleReader) texts(n *tree.Node) func(func(string) bool) {
	return func(yield func(string) bool) {
		for element := range everyElement(n) {
			if !yield(expanded(r.Symbols, policy.Text(element.Text))) {
				return
			}
		}
	}
}

func (r roleReader) allow(role string, document *tree.Node) {
	if document == nil {
		return
	}
	for statement := range everyElement(document.Member("Statement")) {
		for action := range r.texts(statement.Member("Action")) {
			for resource := range r.texts(statement.Member("Resource")) {
				r.allowed[role] = append(r.allowed[role], action+" "+resource)
			}
		}
	}
}

// expanded returns a text with its symbols as ${NAME}, and those of ARNs by their parts where these are known.
func expanded(symbols policy.SymbolTable, t policy.Text) string {
	return t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
		if info := symbols.Lookup(s); info.ARN.Service != "" && info.Meaning.IsARN() {
			return info.ARN.Text().String()
		}
		return "${" + string(s) + "}"
	})
}

// allows reports whether what a role allows, "ACTION RESOURCE", covers a requirement in the same form.
func allows(allowed, required string) bool {
	pattern := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(allowed))
	return regexp.MustCompile("^(?i:" + pattern + ")$").MatchString(required)
}

// comparison is a task definition whose role is in the same template.
type comparison struct {
	file  string
	plan  *analyze.Plan
	lacks []string // what the plan requires and the role does not allow; of actions that are called
	extra []string // what the role allows and the plan does not require
}

// templates yields the templates in folders of the corpus, with their paths, in order.
func templates(t *testing.T, folders ...string) iter.Seq2[string, *tree.Document] {
	return func(yield func(string, *tree.Document) bool) {
		for _, path := range golden.Corpus(t, folders...) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			doc, _, _ := tree.Read(path, src)
			if doc != nil && doc.Root.Member("Resources") != nil && !yield(path, doc) {
				return
			}
		}
	}
}

// compareRoles compares the roles of all templates in a folder of the corpus.
func compareRoles(t *testing.T, folder string) (list []comparison) {
	managed := managedPolicies(t)
	for path, doc := range templates(t, folder) {
		roles := readRoles(doc)
		plans, _ := analyze.Read(filepath.Base(path), []byte(doc.Source.Text), analyze.Options{})
		for _, plan := range plans {
			role := roles.roleOf[plan.Name]
			allowed := roles.allowed[role]
			if allowed == nil && roles.managed[role] == nil {
				continue
			}
			c := comparison{file: filepath.Base(path), plan: plan}
			var called, all []string
			for _, r := range plan.Requirements {
				for _, a := range r.Actions {
					line := a.Name + " " + expanded(plan.Symbols, r.Resource)
					all = append(all, line)
					if a.Strength == analyze.Called {
						called = append(called, line)
					}
				}
			}
			with := slices.Clone(allowed)
			for _, arn := range roles.managed[role] {
				with = append(with, managed[arn[strings.LastIndexByte(arn, '/')+1:]]...)
			}
			c.lacks = slices.DeleteFunc(called, func(required string) bool {
				return slices.ContainsFunc(with, func(a string) bool { return allows(a, required) })
			})
			c.extra = slices.DeleteFunc(slices.Clone(allowed), func(a string) bool {
				return slices.ContainsFunc(all, func(required string) bool { return allows(a, required) })
			})
			slices.Sort(c.lacks)
			slices.Sort(c.extra)
			c.lacks, c.extra = slices.Compact(c.lacks), slices.Compact(c.extra)
			list = append(list, c)
		}
	}
	return list
}

// managedPolicies returns what AWS's managed policies allow, "ACTION RESOURCE", by their names.
func managedPolicies(t *testing.T) map[string][]string {
	policies := map[string][]string{}
	paths, _ := filepath.Glob(filepath.Join(golden.Root(t), "..", "shared", "managed-policies", "*.json"))
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Document json.RawMessage }
		if err := json.Unmarshal(src, &file); err != nil {
			t.Fatal(path, err)
		}
		document, problems := policy.ReadDocument(path, file.Document)
		if len(problems) > 0 {
			t.Fatal(path, problems)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		for _, s := range document.Statements {
			for _, action := range s.Actions {
				for _, resource := range s.Resources {
					policies[name] = append(policies[name], action+" "+resource.Text.String())
				}
			}
		}
	}
	return policies
}

// reasons say why the plan and the role that the CDK derived differ, by what the difference looks like. The first that
// fits counts.
var reasons = []struct{ pattern, reason string }{
	{`extra secretsmanager:DescribeSecret `, "the agent never calls it"},
	{`(extra|lacks) ecr:\w+ arn:(aws|\$\{AWS::Partition\}):ecr:\$\{AWS::Region\}:\d+:repository/aws-appmesh-envoy`, "the CDK writes the partition aws, and the image's host says any"},
	{`ecr:\w+ .*\$\{Fn::ImportValue `, "an import of the ARN and one of the name of the same repository"},
	{`ecr:\w+ .*(test-region|\.RepositoryName|\[\d\])`, "a region that is none, or a repository that a custom resource makes"},
}

// TestRolesOfTheCDK: where the CDK derived the policy of the execution role, the plan covers every resource that this
// covers, and requires no more. Every difference has a reason, which testdata/corpus/cdk-roles.txt lists.
func TestRolesOfTheCDK(t *testing.T) {
	var b strings.Builder
	compared, same := 0, 0
	for _, c := range compareRoles(t, "cdkout") {
		compared++
		actions := map[string][]string{} // by what they are allowed on, and why
		for kind, differences := range map[string][]string{"lacks": c.lacks, "extra": c.extra} {
			for _, d := range differences {
				reason := ""
				for _, r := range reasons {
					if reason == "" && regexp.MustCompile(r.pattern).MatchString(kind+" "+d) {
						reason = r.reason
					}
				}
				if reason == "" && c.plan.Err() != nil {
					reason = "the plan has errors: a value is unknown"
				}
				if reason == "" {
					t.Errorf("%s %s: the role %s %s, and nobody knows why", c.file, c.plan.Name, kind, d)
				}
				action, resource, _ := strings.Cut(d, " ")
				key := kind + " %s on " + strings.ReplaceAll(resource, "%", "%%") + ": " + reason
				actions[key] = append(actions[key], action)
			}
		}
		if len(actions) == 0 {
			same++
			continue
		}
		fmt.Fprintf(&b, "%s %s\n", c.file, c.plan.Name)
		for _, key := range slices.Sorted(maps.Keys(actions)) {
			fmt.Fprintf(&b, "  "+key+"\n", strings.Join(actions[key], ", "))
		}
	}
	golden.CheckFile(t, "testdata/corpus/cdk-roles.txt", fmt.Sprintf("%d of %d roles that the CDK derived allow exactly what the plan requires. The others:\n\n%s", same, compared, b.String()))
}
