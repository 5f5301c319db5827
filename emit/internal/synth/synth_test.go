// Package synth builds and synthesises apps of the CDK.
package synth

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// cdkTool returns a function that runs a program in a folder, as somebody does who has just installed it:
// without flags for go in the environment, and without credentials.
func cdkTool(t *testing.T, dir string) func(env []string, name string, args ...string) (string, error) {
	return func(env []string, name string, args ...string) (string, error) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "AWS_EC2_METADATA_DISABLED=true", "CDK_DISABLE_CLI_TELEMETRY=true", "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION=1")
		cmd.Env = append(cmd.Env, env...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out, stderr.String())
		}
		return string(out), err
	}
}

// orSkip skips the test where something cannot be downloaded, or fails it where all has to be there.
func orSkip(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		tool.Missing(t, fmt.Sprintf("not to be had here: %v", err))
	}
}

// cdkApp writes the app of the README's example to a new folder and fetches the modules that it needs.
func cdkApp(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("building an app of the CDK is not short")
	}
	tool.Require(t, "go", "https://go.dev/dl")
	tool.Require(t, "node", "https://nodejs.org: the CDK runs on it")
	dir := t.TempDir()
	files, err := emit.CDKGo.Emit(golden.Roles(t)["web"], emit.Options{Source: "web.json"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, err = cdkTool(t, dir)(nil, "go", "mod", "download")
	orSkip(t, err)
	return dir
}

// TestFeatureFlags: cdk.json has the feature flags that the version of the CDK in the app's go.mod recommends for new apps.
// With -update it writes them into the template.
func TestFeatureFlags(t *testing.T) {
	t.Parallel()
	dir := cdkApp(t)
	folder, err := cdkTool(t, dir)(nil, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-cdk-go/awscdk/v2")
	if err != nil {
		t.Fatal(err)
	}
	recommended := recommendedFlags(t, strings.TrimSpace(folder))
	template := filepath.Join(golden.Root(t), "templates", "cdkgo", "cdk.json")
	text, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), `  "context":`)
	var want bytes.Buffer
	if err := json.Indent(&want, []byte(before+`"context":`+recommended+`}`), "", "  "); err != nil {
		t.Fatal(err)
	}
	want.WriteByte('\n')
	if *golden.Update {
		if err := os.WriteFile(template, want.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), string(text)); diff != "" {
		t.Errorf("cdk.json (-recommended +template):\n%s", diff)
	}
}

// recommendedFlags returns the JSON object of feature flags in the module of the CDK, whose folder is given. The module
// contains the archive of the CDK's npm package.
func recommendedFlags(t *testing.T, module string) string {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(module, "jsii", "aws-cdk-lib-*.tgz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("the archives %q, %v", archives, err)
	}
	file, err := os.Open(archives[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if err != nil {
			t.Fatalf("the archive has no recommended flags: %v", err)
		}
		if header.Name == "package/recommended-feature-flags.json" {
			text, err := io.ReadAll(archive)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
	}
}

// TestCDKGoModule builds an app that nobody touched: go.mod and go.sum are what go mod tidy would make of
// it. With -update it writes both into the templates.
func TestCDKGoModule(t *testing.T) {
	t.Parallel()
	dir := cdkApp(t)
	run := cdkTool(t, dir)
	if *golden.Update {
		if _, err := run(nil, "go", "mod", "tidy"); err != nil {
			t.Fatal(err)
		}
		for name, template := range map[string]string{"go.mod": "go.mod.tmpl", "go.sum": "go.sum.txt"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			text = regexp.MustCompile(`(?m)^module .*$`).ReplaceAll(text, []byte("module {{.Stack}}"))
			if err := os.WriteFile(filepath.Join(golden.Root(t), "templates", "cdkgo", template), text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(commands ...[]string) {
		for _, args := range commands {
			if out, err := run(nil, "go", args...); err != nil || out != "" {
				t.Errorf("go %v: %v\n%s", args, err, out)
			}
		}
	}
	build, vet := []string{"build", "-o", os.DevNull, "./..."}, []string{"vet", "./..."}
	check([]string{"mod", "tidy", "-diff"}, build, vet)
	// The other app has properties: it is made in the same module, whose packages are compiled already.
	files, err := emit.CDKGo.Emit(sample.Inputs(), emit.Options{Source: "web.json"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files[:2] {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	check(build, vet)
}

// construct is a role that package cdkrole makes from its task definition.
type construct struct {
	Source  string
	Options analyze.Options
	Role    policy.Options
}

// constructs returns those of all golden cases that give a role, and one with managed policies, by the name of the
// same role in goldenRoles and packedRoles.
func constructs(t testing.TB) map[string]construct {
	list := map[string]construct{"packed-150": {Source: golden.ManySecretsSource(150, false)}}
	roles := golden.Roles(t)
	for _, c := range golden.Cases(t) {
		if roles[c.Name] != nil {
			input, _ := c.Section("input.json")
			list[c.Name] = construct{input, c.Options, c.Role}
		}
	}
	return list
}

// writeAsking writes the code of roles that depend on values, and calls that make a stack for each set of values. It returns
// the roles that these stacks have, by their names.
func writeAsking(t *testing.T, write func(name string, data []byte), calls *strings.Builder) map[string]*policy.Role {
	t.Helper()
	roles := map[string]*policy.Role{}
	for _, managed := range []bool{false, true} {
		role := sample.Optional(managed)
		files, err := emit.CDKGo.Emit(role, emit.Options{Source: "asking", MainOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		suffix := fmt.Sprintf("Asking%v", managed)
		src := string(files[0].Data)
		for _, name := range []string{"NewTaskExecutionRole", "NewExecutionRoleStack", "TaskExecutionRoleProps", "ExecutionRoleStackProps", "given", "together", "withStatements", "madeIf"} {
			src = regexp.MustCompile(`\b`+name+`\b`).ReplaceAllString(src, name+suffix)
		}
		write("stack"+suffix+".go", []byte(src))
		fields := map[policy.Symbol]string{"IMAGE": "Image", "sidecar": "Sidecar", "db": "Db", "db name": "DbName", "Env": "Env"}
		for i, values := range sample.OptionalValues() {
			name := fmt.Sprint("asking-", managed, "-", i)
			roles[name] = sample.Given(role, values)
			fmt.Fprintf(calls, "\tNewExecutionRoleStack%s(app, jsii.String(%q), &ExecutionRoleStackProps%s{Role: TaskExecutionRoleProps%s{\n", suffix, name, suffix, suffix)
			for s, value := range values {
				literal := strconv.Quote(value)
				if role.Symbols[s].Optional {
					literal = "jsii.String(" + literal + ")"
				}
				fmt.Fprintf(calls, "\t\t%s: %s,\n", fields[s], literal)
			}
			calls.WriteString("\t}})\n")
		}
	}
	return roles
}

// constructPrefix begins the names of the stacks with cdkrole's constructs; those of generated code have the role's name.
const constructPrefix = "construct-"

// TestCDKGoMeansTheSame synthesises the role of every golden case, and some made ones, and compares with
// the role itself; and the constructs of package cdkrole, with what the generated code makes. All stacks are in one app,
// since building and starting one takes long.
func TestCDKGoMeansTheSame(t *testing.T) {
	t.Parallel()
	dir := cdkApp(t)
	run := cdkTool(t, dir)
	roles := golden.Roles(t)
	inPackage := roles["secrets-partial-arn"]
	maps.Copy(roles, sample.Roles())
	packed := golden.Packed(t)
	for _, name := range []string{"packed-150", "packed-100-key"} {
		roles[name] = packed[name]
	}
	names := slices.Sorted(maps.Keys(roles))
	for _, name := range []string{"stack.go", "main.go"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var calls strings.Builder
	for i, name := range names {
		files, err := emit.CDKGo.Emit(roles[name], emit.Options{Source: name, MainOnly: true})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// One package is compiled in a fraction of the time that a package a stack takes.
		number := fmt.Sprint(i)
		src := strings.NewReplacer("NewTaskExecutionRole(", "NewTaskExecutionRole"+number+"(", "NewExecutionRoleStack(", "NewExecutionRoleStack"+number+"(").Replace(string(files[0].Data))
		write("stack"+number+".go", []byte(src))
		fmt.Fprintf(&calls, "\tNewExecutionRoleStack%d(app, jsii.String(%q), nil)\n", i, name)
	}
	asking := writeAsking(t, write, &calls)
	// A stack that knows its account and region writes them into its resources, and cdk-nag into what it finds.
	const known = "awslogs-no-region"
	fmt.Fprintf(&calls, "\tNewExecutionRoleStack%d(app, jsii.String(\"known\"), &awscdk.StackProps{Env: &awscdk.Environment{Account: jsii.String(%q), Region: jsii.String(%q)}})\n",
		slices.Index(names, known), meaning.Environment.Account, meaning.Environment.Region)
	if err := os.Mkdir(filepath.Join(dir, "roles"), 0o777); err != nil {
		t.Fatal(err)
	}
	files, err := emit.CDKGo.Emit(inPackage, emit.Options{Source: "a", Package: "roles"})
	if err != nil {
		t.Fatal(err)
	}
	write(filepath.Join("roles", files[0].Name), files[0].Data)
	made := constructs(t)
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	write("constructs.json", text)
	project := golden.Root(t)
	const module = "github.com/execrole/execrole"
	_, err = run(nil, "go", "mod", "edit", "-require", module+"@v0.0.0", "-replace", module+"="+project)
	if err != nil {
		t.Fatal(err)
	}
	write("main.go", []byte(`package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/cdkrole"

	"web-execution-role/roles"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	text, err := os.ReadFile("constructs.json")
	if err != nil {
		log.Fatal(err)
	}
	var constructs map[string]struct {
		Source  string
		Options analyze.Options
		Role    policy.Options
	}
	if err := json.Unmarshal(text, &constructs); err != nil {
		log.Fatal(err)
	}
	for name, c := range constructs {
		stack := awscdk.NewStack(app, jsii.String("`+constructPrefix+`"+name), nil)
		role := cdkrole.NewTaskExecutionRole(stack, jsii.String("TaskExecutionRole"), &cdkrole.Props{Source: []byte(c.Source), Options: c.Options, Role: c.Role})
		awscdk.NewCfnOutput(stack, jsii.String("TaskExecutionRoleName"), &awscdk.CfnOutputProps{Value: role.Role().RoleName()})
		awscdk.NewCfnOutput(stack, jsii.String("TaskExecutionRoleArn"), &awscdk.CfnOutputProps{Value: role.Role().RoleArn()})
	}
`+calls.String()+`	roles.NewTaskExecutionRole(awscdk.NewStack(app, jsii.String("in-package"), nil), jsii.String("Role"))
	app.Synth(nil)
}
`))
	_, err = run(nil, "go", "mod", "tidy")
	orSkip(t, err)
	for _, args := range [][]string{{"build", "-o", "app.exe", "."}, {"vet", "./..."}} {
		if out, err := run(nil, "go", args...); err != nil || out != "" {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}

	nagged := map[string]map[string]func(policy.Symbol) string{} // the values that a stack knows, by folder and stack
	// An older app has no flags. The flags of a new one could rewrite policies.
	for flags, context := range map[string]string{"no flags": `{}`, "flags": appContext(t, dir)} {
		out := filepath.Join(dir, "cdk.out "+flags)
		if _, err := run([]string{"CDK_OUTDIR=" + out, "CDK_CONTEXT_JSON=" + context}, filepath.Join(dir, "app.exe")); err != nil {
			t.Fatal(err)
		}
		resolve := func(t *testing.T, name string) meaning.Meaning {
			text, err := os.ReadFile(filepath.Join(out, name+".template.json"))
			if err != nil {
				t.Fatal(err)
			}
			var template any
			if err := json.Unmarshal(text, &template); err != nil {
				t.Fatal(err)
			}
			return meaning.OfTemplate(t, template)
		}
		for _, name := range names {
			t.Run(flags+"/"+name, func(t *testing.T) {
				got := resolve(t, name)
				meaning.Same(t, "cdk-go", roles[name], got)
				if diff := cmp.Diff(cdkNagLines(roles[name], nothingKnown), got.CDKNag); diff != "" {
					t.Errorf("suppressions for cdk-nag: -want +got\n%s", diff)
				}
			})
		}
		for name, role := range asking {
			t.Run(flags+"/"+name, func(t *testing.T) {
				got, want := resolve(t, name), meaning.Wanted(role)
				if diff := cmp.Diff(want.Permissions, got.Permissions); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		}
		for name := range made {
			t.Run(flags+"/"+constructPrefix+name, func(t *testing.T) {
				if diff := cmp.Diff(resolve(t, name), resolve(t, constructPrefix+name)); diff != "" {
					t.Errorf("-generated code +construct\n%s", diff)
				}
			})
		}
		// The partition stays open unless a flag asks for it.
		ownValue := func(s policy.Symbol) string {
			if s == policy.Partition && flags == "no flags" {
				return ""
			}
			return meaning.Environment.Values()[s]
		}
		t.Run(flags+"/known", func(t *testing.T) {
			got := resolve(t, "known")
			meaning.Same(t, "cdk-go", roles[known], got)
			if diff := cmp.Diff(cdkNagLines(roles[known], ownValue), got.CDKNag); diff != "" {
				t.Errorf("suppressions for cdk-nag: -want +got\n%s", diff)
			}
		})
		t.Run(flags+"/in package", func(t *testing.T) { meaning.Same(t, "cdk-go", inPackage, resolve(t, "in-package")) })
		nagged[out] = map[string]func(policy.Symbol) string{"known": ownValue}
		t.Logf("%s: %d stacks", flags, len(names)+len(asking)+len(made)+2)
	}
	// A stack that knows its region has the partition as a literal, where a flag says so. No other template depends on flags.
	for _, name := range append(slices.Collect(maps.Keys(made)), names...) {
		var templates []string
		for out := range nagged {
			text, err := os.ReadFile(filepath.Join(out, name+".template.json"))
			if err != nil {
				t.Fatal(err)
			}
			templates = append(templates, string(text))
		}
		if diff := cmp.Diff(templates[0], templates[1]); diff != "" {
			t.Errorf("%s: the flags change the template:\n%s", name, diff)
		}
	}
	t.Run("cdk-nag", func(t *testing.T) {
		tools := tool.NodeModules(t, filepath.Join(golden.Root(t), "testdata", "cdk-nag"))
		stacks := map[string]*policy.Role{"known": roles[known], "in-package": inPackage}
		maps.Copy(stacks, roles)
		for name := range made {
			stacks[constructPrefix+name] = roles[name]
		}
		for out, values := range nagged {
			checkCDKNag(t, tools, out, stacks, values)
		}
	})
}

// appContext returns the context in the cdk.json of an app: its feature flags.
func appContext(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "cdk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var app struct{ Context json.RawMessage }
	if err := json.Unmarshal(text, &app); err != nil {
		t.Fatal(err)
	}
	return string(app.Context)
}

// cdkNag calls yield for what is to be suppressed for cdk-nag, resource by resource.
func cdkNag(role *policy.Role, yield func(resource string, s emit.Suppression)) {
	onRole, onManaged := emit.Suppressions(role)
	for i, list := range append([][]emit.Suppression{onRole}, onManaged...) {
		resource := "role"
		if i > 0 {
			resource = fmt.Sprint("policy ", i)
		}
		for _, s := range list {
			if s.Tool == emit.CDKNag {
				yield(resource, s)
			}
		}
	}
}

// cdkNagLines returns what the template of a role has to suppress for cdk-nag, in the lines of a Meaning.
func cdkNagLines(role *policy.Role, value func(policy.Symbol) string) (lines []string) {
	cdkNag(role, func(resource string, s emit.Suppression) {
		var names []string
		for _, f := range s.Findings {
			names = append(names, f.Name(value))
		}
		lines = append(lines, fmt.Sprintf("%s: %s: %s %q", resource, s.ID, s.Reason, names))
	})
	return lines
}

// nothingKnown are the values of a stack that is for every account and region.
func nothingKnown(policy.Symbol) string { return "" }

// checkCDKNag runs both versions of cdk-nag over synthesised stacks. They have to be silent, and without the
// suppressions to find what these are for and nothing else, so that none of them is needless.
func checkCDKNag(t *testing.T, tools, out string, stacks map[string]*policy.Role, values map[string]func(policy.Symbol) string) {
	script, err := os.ReadFile(filepath.Join(golden.Root(t), "testdata", "cdk-nag", "nag.js"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tools, "nag.js"), script, 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := cdkTool(t, tools)(nil, "node", "nag.js", out)
	if err != nil {
		t.Fatal(err)
	}
	var report map[string]map[string]struct{ Left, Found []string }
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatal(err)
	}
	// What there is to find in other stacks depends on the values that they are given.
	if others := len(report) - len(stacks); others != 2*len(sample.OptionalValues()) {
		t.Errorf("cdk-nag saw %d stacks of %d, and %d others", len(report), len(stacks), others)
	}
	// The CDK's logical IDs are those of the constructs, and a hash.
	logicalID := regexp.MustCompile(`^[A-Za-z]+?(?:Policy([0-9]+))?[0-9A-F]{8} `)
	findings := 0
	for name, role := range stacks {
		value := nothingKnown
		if v := values[name]; v != nil {
			value = v
		}
		want := []string{}
		cdkNag(role, func(resource string, s emit.Suppression) {
			for _, f := range s.Findings {
				want = append(want, resource+" "+s.ID+"["+f.Name(value)+"]")
			}
		})
		slices.Sort(want)
		for _, version := range []string{"2", "3"} {
			got := report[name][version]
			if len(got.Left) > 0 {
				t.Errorf("%s: cdk-nag %s finds\n%s", name, version, strings.Join(got.Left, "\n"))
			}
			for i, line := range got.Found {
				m := logicalID.FindStringSubmatch(line)
				switch {
				case m == nil:
					t.Fatalf("%s: no logical ID: %s", name, line)
				case m[1] == "":
					got.Found[i] = "role " + line[len(m[0]):]
				default:
					got.Found[i] = "policy " + m[1] + " " + line[len(m[0]):]
				}
			}
			slices.Sort(got.Found)
			if diff := cmp.Diff(want, got.Found); diff != "" {
				t.Errorf("%s: cdk-nag %s without suppressions (-suppressed +found):\n%s", name, version, diff)
			}
			findings += len(got.Found)
		}
	}
	t.Logf("cdk-nag found %d things", findings)
	if findings < 200 {
		t.Errorf("cdk-nag found only %d things", findings)
	}
}

// TestCDKSynth runs the CDK's own command on an app as it was written.
func TestCDKSynth(t *testing.T) {
	t.Parallel()
	dir := cdkApp(t)
	tools := tool.NodeModules(t, filepath.Join(golden.Root(t), "testdata", "cdk-go"))
	out, err := cdkTool(t, dir)(nil, filepath.Join(tools, "node_modules", ".bin", "cdk"), "synth", "--json", "--no-notices")
	if err != nil {
		t.Fatal(err)
	}
	var template any
	if err := json.Unmarshal([]byte(out), &template); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	meaning.Same(t, "cdk-go", golden.Roles(t)["web"], meaning.OfTemplate(t, template))
}
