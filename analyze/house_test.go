package analyze

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/smithy-go"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// TestEveryRuleIsListed looks for rules in the files rule_*.go: one that Rules leaves out would never ask.
func TestEveryRuleIsListed(t *testing.T) {
	files, err := filepath.Glob("rule_*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	list := map[string]bool{}
	parsed, err := parser.ParseFile(token.NewFileSet(), "rule.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && (f.Name.Name == "Rules" || f.Name.Name == "optionRules") {
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					list[id.Name] = true
				}
				return true
			})
		}
	}
	found := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, value := range v.Values {
					if !isLiteralOf(value, "Rule") {
						continue
					}
					found++
					if !list[v.Names[i].Name] {
						t.Errorf("%s: the rule %s is not in Rules", file, v.Names[i].Name)
					}
				}
			}
		}
	}
	if found != len(allRules()) {
		t.Errorf("the files rule_*.go hold %d rules, allRules has %d", found, len(allRules()))
	}
}

// isLiteralOf reports whether an expression is &NAME{…}.
func isLiteralOf(e ast.Expr, name string) bool {
	u, ok := e.(*ast.UnaryExpr)
	if !ok {
		return false
	}
	c, ok := u.X.(*ast.CompositeLit)
	if !ok {
		return false
	}
	id, ok := c.Type.(*ast.Ident)
	return ok && id.Name == name
}

// TestRulesAreComplete checks what explain and the documentation print of every rule.
func TestRulesAreComplete(t *testing.T) {
	ids, sid := map[string]bool{}, regexp.MustCompile(`^[A-Za-z0-9]+$`)
	action, agent := regexp.MustCompile(`^[a-z0-9]+:[A-Z][A-Za-z]+$`), regexp.MustCompile(`^1\.[0-9]+\.[0-9]+$`)
	bySid := map[string]string{}
	for i, r := range allRules() {
		if !regexp.MustCompile(`^[a-z][a-z0-9-]+$`).MatchString(r.ID) || ids[r.ID] || slices.Contains([]string{"json", "schema", "flags", "own-values", "limits", "beside"}, r.ID) {
			t.Errorf("rule %q: the ID is another's, or has other characters than small letters, digits and hyphens", r.ID)
		}
		ids[r.ID] = true
		if r.Title == "" || !isSentence(r.Why) {
			t.Errorf("rule %s: title %q, why %q", r.ID, r.Title, r.Why)
		}
		if !strings.HasPrefix(r.Doc, "https://docs.aws.amazon.com/") {
			t.Errorf("rule %s: %q is no page of AWS's documentation", r.ID, r.Doc)
		}
		if (len(r.Fields) == 0 || r.check == nil) != (i >= len(Rules())) {
			t.Errorf("rule %s reads nothing, or is about options and reads something", r.ID)
		}
		if r.check == nil && r.finish == nil && r.judge == nil {
			t.Errorf("rule %s does nothing", r.ID)
		}
		for _, f := range r.Fields {
			if err := inSchema(f); err != "" {
				t.Errorf("rule %s: field %s: %s", r.ID, f, err)
			}
		}
		for _, u := range r.Unseen {
			if u.What == "" || u.Cure == "" || len(u.Actions) == 0 || u.Resource == "" {
				t.Errorf("rule %s: %+v", r.ID, u)
			}
		}
		for _, g := range r.Grants {
			if !sid.MatchString(g.Sid) || len(g.Actions) == 0 || !agent.MatchString(g.Agent) || g.Why != "" && !isSentence(g.Why) || g.Wildcard != "" && !isPlainSentence(g.Wildcard) {
				t.Errorf("rule %s: grant %+v", r.ID, g)
			}
			names := ""
			for _, a := range g.Actions {
				if !action.MatchString(a.Name) || a.Strength != Called && a.Strength != Documented {
					t.Errorf("rule %s: action %+v", r.ID, a)
				}
				names += a.Name + " "
			}
			// A reader of the policy takes equal names for equal things.
			if other, seen := bySid[g.Sid]; seen && other != names {
				t.Errorf("the Sid %s stands for %sand for %s", g.Sid, other, names)
			}
			bySid[g.Sid] = names
		}
	}
}

// TestNeedsAreComplete checks what explain prints of needs, and that the rules know an endpoint of every service that ECS
// calls. AWS KMS has none: the services call it.
func TestNeedsAreComplete(t *testing.T) {
	called, reached := map[string]bool{}, map[string]bool{"kms": true}
	for _, r := range allRules() {
		for _, n := range r.Needs {
			if !slices.Contains(NeedKinds[:], n.Kind) || n.Name == "" || n.Why != "" && !isSentence(n.Why) {
				t.Errorf("rule %s: need %+v", r.ID, n)
			}
		}
		for _, g := range r.Grants {
			service, _, _ := strings.Cut(g.Actions[0].Name, ":")
			called[service] = true
			for _, e := range g.endpoints {
				reached[service] = true
				if e.service == "" || e.why != "" && !isSentence(e.why) {
					t.Errorf("rule %s, %s: endpoint %+v", r.ID, g.Sid, e)
				}
			}
			if g.noEndpoint != "" && !isSentence(g.noEndpoint) || g.creates && g.thing == "" || g.keys != nil && g.thing == "" || g.thing != "" && !g.creates && g.endpoints == nil {
				t.Errorf("rule %s, %s: thing %q, keys %q, endpoints %v, no endpoint %q", r.ID, g.Sid, g.thing, g.keys, g.endpoints, g.noEndpoint)
			}
		}
	}
	for service := range called {
		if !reached[service] {
			t.Errorf("no grant knows the endpoint of %s", service)
		}
	}
}

func isSentence(s string) bool {
	return s != "" && s == strings.TrimSpace(s) && strings.HasSuffix(s, ".") && !strings.Contains(s, "\n")
}

// isPlainSentence reports whether s is a sentence that every file can contain as it is.
func isPlainSentence(s string) bool {
	return isSentence(s) && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0
}

// inSchema says why a path such as containerDefinitions[].image does not lead through the SDK's schema.
func inSchema(path string) string {
	s := schemas.TaskDefinition
	for name := range strings.SplitSeq(path, ".") {
		name, list := strings.CutSuffix(name, "[]")
		switch s.Type() {
		case smithy.ShapeTypeMap:
			s = s.MapValue()
		case smithy.ShapeTypeStructure:
			s = s.Member(name)
		default:
			return name + " stands below something without members"
		}
		if s == nil {
			return "there is no " + name
		}
		if (s.Type() == smithy.ShapeTypeList) != list {
			// The last name may be a list as a whole.
			if list || !strings.HasSuffix(path, name) {
				return name + " is a list where it should not be, or is none"
			}
		}
		if list {
			s = s.ListMember()
		}
	}
	return ""
}

// TestLaunchTypes: the launch types are those that ECS takes, and no need is for another.
func TestLaunchTypes(t *testing.T) {
	want := taskdef.Enumeration("requiresCompatibilities")
	if all := []string{ec2, fargate, external, managedInstances}; !slices.Equal(all, want) {
		t.Errorf("the launch types are %q; ECS has %q", all, want)
	}
	for _, r := range allRules() {
		for _, n := range r.Needs {
			if n.LaunchType != "" && !slices.Contains(want, n.LaunchType) {
				t.Errorf("rule %s needs %s for the launch type %q", r.ID, n.Name, n.LaunchType)
			}
		}
	}
}

// TestPure keeps the analysis a function of its input: it reads no files, clocks or networks, so that it runs
// in a browser and gives the same answer everywhere.
func TestPure(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		packages++
		for _, path := range words[1:] {
			if slices.Contains([]string{"os", "net", "net/http", "time", "log", "log/slog", "os/exec", "io/ioutil"}, path) {
				t.Errorf("%s imports %s", words[0], path)
			}
		}
	}
	if packages < 3 {
		t.Errorf("only %d packages were looked at", packages)
	}
	out, err = exec.Command("go", "list", "-deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(out)) {
		switch path := strings.TrimSpace(path); {
		case path == "github.com/aws/aws-sdk-go-v2/service/ecs", path == "net/http", strings.Contains(path, "jsii"), strings.Contains(path, "awscdk"):
			t.Errorf("the analysis depends on %s", path)
		}
	}
}

// TestEnvironmentIsChecked: what callers give never reaches a policy unchecked.
func TestEnvironmentIsChecked(t *testing.T) {
	plans, err := Read("f", []byte(`{"containerDefinitions":[{"name":"app","image":"nginx"}]}`), Options{Environment: policy.Environment{Account: "*", Region: "us-*"}})
	if err == nil || len(plans[0].Findings) < 2 || plans[0].Findings[0].Rule != "flags" || plans[0].Findings[1].Rule != "flags" {
		t.Errorf("findings %v", plans[0].Findings)
	}
}

// TestOneImporterOfTheCDK: linking the CDK takes long, and what does needs Node to run. The pattern ./... leaves the importer
// out, because pre-commit runs go install ./... for the hook, and building the CDK takes minutes. The test reads the imports
// itself: go list would download the CDK.
func TestOneImporterOfTheCDK(t *testing.T) {
	importers := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			if strings.Contains(i.Path.Value, "aws-cdk-go") || strings.Contains(i.Path.Value, "jsii") || strings.Contains(i.Path.Value, "emit/cdkrole") {
				importers[filepath.ToSlash(filepath.Dir(path))] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(importers) != 1 || !importers["../emit/cdkrole"] {
		t.Errorf("the CDK is imported by %v", importers)
	}
	out, err := exec.Command("go", "list", "-find", "../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	if packages := strings.Fields(string(out)); len(packages) < 10 || slices.ContainsFunc(packages, func(path string) bool { return strings.HasSuffix(path, "/emit/cdkrole") }) {
		t.Errorf("go install ./... builds the CDK: go.mod has to ignore its importer: %v", packages)
	}
}
