package terraform

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/meaning"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// writtenModule is a case of testdata/modules: a module as people write it, into which execrole writes roles.
//
// The comment of a case can have these lines besides sentences:
//
//	values: NAME=VALUE …    what AWS makes of the module's resources: the mock gives it to Terraform, and --set to execrole
//	late: VARIABLE …        variables whose values can be known at apply time alone
//	either suffix: REASON   why the role has both readings of a secret's ARN, with and without random characters at its end
//	without merge: REASON   why --merge refuses the module: the roles are written beside it
//	stub: SOURCE            the module of somebody else that the files below stub/ are for Terraform
//
// Files below calls-of-NAME/ are other modules of the repository, which call the module as ../../NAME.
type writtenModule struct {
	name         string
	files        fstest.MapFS
	settings     map[string]string // of its variables, by their names
	values       []analyze.Setting
	late         []string
	merges       bool
	eitherSuffix bool
	isFormatted  bool   // as terraform fmt does it
	stub         string // a source
	stubs        fstest.MapFS
	callers      fstest.MapFS // other modules of its repository, which call it
}

// writtenModules returns the cases of testdata/modules, and those of testdata/source that have no line "without role".
func writtenModules(t *testing.T) (list []*writtenModule) {
	var paths []string
	for _, folder := range []string{"modules", "source"} {
		found, err := filepath.Glob(filepath.Join(golden.Root(t), "testdata", folder, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) < 42 {
		t.Fatalf("only %d modules", len(paths))
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m := &writtenModule{isFormatted: filepath.Base(filepath.Dir(path)) == "modules", name: strings.TrimSuffix(filepath.Base(path), ".txtar"), files: fstest.MapFS{}, stubs: fstest.MapFS{}, settings: map[string]string{}, merges: true}
		for line := range strings.SplitSeq(string(archive.Comment), "\n") {
			keyword, rest, _ := strings.Cut(line, ": ")
			switch keyword {
			case "values":
				m.values = append(m.values, golden.Settings(strings.Fields(rest))...)
			case "late":
				m.late = strings.Fields(rest)
			case "without merge":
				m.merges = false
			case "either suffix":
				m.eitherSuffix = true
			case "stub":
				m.stub = rest
			}
		}
		for _, f := range archive.Files {
			if setting, ok := strings.CutSuffix(f.Name, ".tfvars"); ok {
				m.settings[setting] = string(f.Data)
			} else if stub, ok := strings.CutPrefix(f.Name, "stub/"); ok {
				m.stubs[stub] = &fstest.MapFile{Data: f.Data}
			} else if caller, ok := strings.CutPrefix(f.Name, "calls-of-"+m.name+"/"); ok {
				if m.callers == nil {
					m.callers = fstest.MapFS{}
				}
				m.callers[caller] = &fstest.MapFile{Data: f.Data}
			} else {
				m.files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
		}
		if len(m.settings) < 2 {
			t.Fatalf("%s has %d settings", m.name, len(m.settings))
		}
		if !strings.Contains(string(archive.Comment), "\nwithout role: ") {
			list = append(list, m)
			if m.late != nil && m.callers == nil {
				list = append(list, m.called())
			}
		}
	}
	return list
}

// called returns a module as a repository with callers of it, one for each setting. What these say of its variables must not make
// the role wrong for any of them.
func (m *writtenModule) called() *writtenModule {
	called := *m
	called.name, called.callers = m.name+"-called", fstest.MapFS{}
	for name, setting := range m.settings {
		called.callers[name+"/main.tf"] = &fstest.MapFile{Data: fmt.Appendf(nil, "module \"called\" {\n  source = \"../../%s\"\n%s}\n", called.name, setting)}
	}
	return &called
}

// writeAll writes files to a folder.
func writeAll(t *testing.T, dir string, files fstest.MapFS) {
	t.Helper()
	for name, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWrittenModules: execrole writes the roles of each module into it. Terraform takes the module, terraform fmt is silent,
// and what Terraform makes of the role's policies is what the task definitions need: those that Terraform makes of the same
// module, and those that execrole reads in it where all values are known. Terraform is started four times for all modules.
func TestWrittenModules(t *testing.T) {
	terraform := tool.Require(t, "terraform", "https://developer.hashicorp.com/terraform/install")
	plugins := os.Getenv(tool.TerraformPlugins)
	if plugins == "" {
		t.Skip("the AWS provider is missing: " + tool.TerraformPlugins + " names no folder for terraform init -plugin-dir")
	}
	modules, dir := writtenModules(t), t.TempDir()
	execrole := filepath.Join(t.TempDir(), "execrole")
	if out, err := exec.Command("go", "build", "-C", golden.Root(t), "-o", execrole, "./cmd/execrole").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	writeAll(t, dir, fstest.MapFS{".git/HEAD": {}}) // all modules are in one repository
	var formatted []string
	p := &proof{provided: map[string]bool{}}
	roles := map[string]map[string]string{} // by module and the address of the task definition
	for _, m := range modules {
		folder := filepath.Join(dir, m.name)
		writeAll(t, folder, m.files)
		if m.isFormatted {
			formatted = append(formatted, folder)
		}
		writeAll(t, filepath.Join(dir, "stub-of-"+m.name), m.stubs)
		writeAll(t, filepath.Join(dir, "calls-of-"+m.name), m.callers)
		m.write(t, execrole, folder)
		roles[m.name] = m.roles(t)
	}
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command(terraform, args...)
		var stderr strings.Builder
		cmd.Dir, cmd.Stderr = dir, &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("terraform %s: %v\n%.8000s\n%.8000s", strings.Join(args, " "), err, diagnostics(out), stderr.String())
		}
		return out
	}
	run(append([]string{"fmt", "-check", "-diff", "-recursive"}, formatted...)...)
	for _, m := range modules {
		p.call(t, m, dir, roles[m.name])
	}
	writeAll(t, dir, p.files())
	run("init", "-backend=false", "-input=false", "-no-color", "-plugin-dir="+plugins)
	if out := run("validate", "-json"); !strings.Contains(string(out), `"warning_count": 0`) {
		t.Errorf("terraform validate:\n%.8000s", out)
	}
	state := p.state(t, run("test", "-json", "-verbose"))
	if t.Failed() {
		return
	}
	for _, m := range modules {
		for call, setting := range p.calls[m.name] {
			t.Run(call, func(t *testing.T) { m.check(t, call, setting, roles[m.name], state) })
		}
	}
}

// diagnostics returns the diagnostics among the messages of Terraform, each in a line; the messages themselves if there are none.
func diagnostics(messages []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(messages)) {
		var message struct {
			Diagnostic struct {
				Summary, Detail, Address string
				Range                    struct{ Filename string }
			}
		}
		if json.Unmarshal([]byte(line), &message) == nil && message.Diagnostic.Summary != "" {
			fmt.Fprintf(&b, "%+v\n", message.Diagnostic)
		}
	}
	if b.Len() == 0 {
		return string(messages)
	}
	return b.String()
}

// write has the command write the roles into the folder of the module.
func (m *writtenModule) write(t *testing.T, execrole, folder string) {
	t.Helper()
	args := []string{"-o", folder + "/", folder + "/"}
	merge := exec.Command(execrole, append([]string{"--merge"}, args...)...)
	out, err := merge.CombinedOutput()
	if (err == nil) != m.merges {
		t.Fatalf("%s: execrole --merge: %v\n%s", m.name, err, out)
	}
	if !m.merges {
		if out, err = exec.Command(execrole, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: execrole: %v\n%s", m.name, err, out)
		}
	}
	// A second run finds nothing to change.
	if out, err := exec.Command(execrole, append([]string{"diff"}, args...)...).CombinedOutput(); err != nil {
		t.Errorf("%s: execrole diff: %v\n%s", m.name, err, out)
	}
}

// roles returns the expression of the ARN of each role, by the address of its task definition.
func (m *writtenModule) roles(t *testing.T) map[string]string {
	t.Helper()
	roles := map[string]string{}
	for _, plan := range m.plans(t, analyze.Options{Derive: true}, nil) {
		role, err := plan.Role(policy.Options{})
		if err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
		roles[plan.Name] = emit.TerraformRoleARN(role)
		if own := role.Module.Role; own != "" {
			roles[plan.Name] = own
		}
	}
	return roles
}

// plans returns the plans of the module with these values of its variables.
func (m *writtenModule) plans(t *testing.T, opts analyze.Options, tfvars []byte) []*analyze.Plan {
	t.Helper()
	files := maps.Clone(m.files)
	if tfvars != nil {
		files["terraform.tfvars"] = &fstest.MapFile{Data: tfvars}
	}
	module := &analyze.Module{FS: files, Folder: "."}
	if m.callers != nil {
		repository := fstest.MapFS{}
		for name, f := range files {
			repository[m.name+"/"+name] = f
		}
		for name, f := range m.callers {
			repository["calls-of-"+m.name+"/"+name] = f
		}
		module = &analyze.Module{FS: repository, Folder: m.name, Callers: new(analyze.Callers)}
	}
	plans, err := analyze.ReadAll([]analyze.Input{{Name: m.name, Module: module}}, opts)
	if err != nil {
		t.Fatalf("%s: %v", m.name, err)
	}
	return plans
}

// check compares the role of each task definition of a call of the module, as Terraform evaluates it, with what the task
// definition needs.
func (m *writtenModule) check(t *testing.T, call, setting string, roles map[string]string, state []stateResource) {
	prefix := "module." + call + "."
	tfvars := []byte(m.settings[setting])
	var opts analyze.Options
	known := m.plans(t, opts, tfvars)[0].Symbols
	for _, v := range m.values {
		if _, ok := known[policy.Symbol(v.Name)]; ok { // others are what the source says already
			opts.Set = append(opts.Set, v)
		}
	}
	for _, plan := range m.plans(t, opts, tfvars) {
		task := taskOf(state, prefix+plan.Name)
		if task == nil {
			t.Errorf("Terraform has no %s", plan.Name)
			continue
		}
		env := meaning.Environment
		if region := plan.Environment.Region; region != "" {
			env.Region = region
		}
		want := permissions(t, plan, env)
		if diff := cmp.Diff(readTask(t, state, task, env), want); diff != "" {
			t.Errorf("%s: execrole with all values (+) and with what Terraform evaluates (-):\n%s", plan.Name, diff)
		}
		name := roles[plan.Name]
		if name == "" { // the instances were unknown when the role was written
			address, _, _ := strings.Cut(plan.Name, "[")
			name = roles[address]
		}
		got, arn := policiesOf(t, state, prefix, name)
		if len(want) == 0 && len(got) == 1 && got[0] == `Deny sts:GetCallerIdentity on "*"` {
			got = want // no policy can be without a statement, and this one changes nothing
		}
		if m.eitherSuffix {
			got = slices.DeleteFunc(got, func(line string) bool {
				complete, ok := strings.CutSuffix(line, `-??????"`)
				return ok && slices.Contains(want, complete+`"`)
			})
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: the role that Terraform makes of the written file (+) and what is needed (-):\n%s", plan.Name, diff)
		}
		if m.merges && (arn == "" || task.Values["execution_role_arn"] != arn) {
			t.Errorf("%s: its execution role is not %s", plan.Name, name)
		}
	}
}

// permissions returns what a plan requires, where all symbols have values.
func permissions(t *testing.T, plan *analyze.Plan, env policy.Environment) []string {
	t.Helper()
	role, err := plan.Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return meaning.Wanted(sample.Given(role, map[policy.Symbol]string{policy.Region: env.Region})).Permissions
}

// taskOf returns a task definition, by its address or that of the call of the module which has it.
func taskOf(state []stateResource, address string) *stateResource {
	for i, r := range state {
		if inner, ok := strings.CutPrefix(r.Address, address+"."); r.Address == address || ok && strings.HasPrefix(inner, "aws_ecs_task_definition.") {
			return &state[i]
		}
	}
	return nil
}

// stateResource is a resource in a state.
type stateResource struct {
	Address, Type string
	Values        map[string]any
}

func resourceOf(state []stateResource, address string) *stateResource {
	if i := slices.IndexFunc(state, func(r stateResource) bool { return r.Address == address }); i >= 0 {
		return &state[i]
	}
	return nil
}

// policiesOf returns the permissions of a role, which an expression of its module names, and its ARN.
func policiesOf(t *testing.T, state []stateResource, prefix, expression string) (lines []string, arn string) {
	t.Helper()
	address, _ := cutAttribute(expression)
	role := resourceOf(state, prefix+address)
	if role == nil {
		t.Fatalf("there is no role %s", prefix+address)
	}
	is := func(name any) bool { return name == role.Values["id"] || name == role.Values["name"] }
	document := func(text any) {
		var doc any
		if err := json.Unmarshal([]byte(text.(string)), &doc); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, meaning.PolicyLines(t, doc)...)
	}
	for _, r := range state {
		if !strings.HasPrefix(r.Address, prefix) || !is(r.Values["role"]) {
			continue
		}
		switch r.Type {
		case "aws_iam_role_policy":
			document(r.Values["policy"])
		case "aws_iam_role_policy_attachment":
			for _, p := range state {
				if p.Type == "aws_iam_policy" && p.Values["arn"] == r.Values["policy_arn"] {
					document(p.Values["policy"])
				}
			}
		}
	}
	arn, _ = role.Values["arn"].(string)
	return meaning.Sorted(lines), arn
}

// readTask returns what a task definition needs that Terraform has made: in the state is everything that AWS would know.
func readTask(t *testing.T, state []stateResource, task *stateResource, env policy.Environment) []string {
	t.Helper()
	module := task.Address[:strings.Index(task.Address, ".")] // of Terraform's test, with all that is in it
	module += "." + strings.SplitN(task.Address, ".", 3)[1] + "."
	var own []stateResource
	for _, r := range state {
		isTask := r.Type == "aws_ecs_task_definition" || r.Type == "aws_batch_job_definition"
		if strings.HasPrefix(r.Address, module) && (!isTask || r.Address == task.Address) {
			own = append(own, r)
		}
	}
	doc, err := json.Marshal(map[string]any{"format_version": "1.0", "terraform_version": "1.11.4", "values": map[string]any{"root_module": map[string]any{"resources": stateList(own)}}})
	if err != nil {
		t.Fatal(err)
	}
	plans, err := analyze.Read("state.json", doc, analyze.Options{Environment: env})
	if err != nil {
		t.Fatal(err)
	}
	return permissions(t, plans[0], env)
}

// stateList returns resources as a state has them.
func stateList(state []stateResource) (list []map[string]any) {
	for _, r := range state {
		mode := "managed"
		if strings.Contains(r.Address, "data."+r.Type+".") {
			mode = "data"
		}
		list = append(list, map[string]any{"address": r.Address, "mode": mode, "type": r.Type, "values": r.Values})
	}
	return list
}

// proof is a module that calls all modules with all their settings, with a test that mocks the provider.
type proof struct {
	main, mocks strings.Builder
	provided    map[string]bool              // aliases
	calls       map[string]map[string]string // the settings of the calls of each module
}

// call adds calls of a module: one for each setting, and, if there are late variables, another in which these are known at
// apply time alone.
func (p *proof) call(t *testing.T, m *writtenModule, dir string, roles map[string]string) {
	t.Helper()
	aliases := m.useCallersProviders(t, filepath.Join(dir, m.name))
	if m.stub != "" {
		m.useStub(t, dir)
	}
	if p.calls == nil {
		p.calls = map[string]map[string]string{}
	}
	p.calls[m.name] = map[string]string{}
	for _, setting := range slices.Sorted(maps.Keys(m.settings)) {
		for _, late := range []bool{false, true} {
			if late && m.late == nil {
				continue
			}
			name := strings.ReplaceAll(m.name, "-", "_") + "_" + setting
			if late {
				name += "_late"
			}
			p.calls[m.name][name] = setting
			fmt.Fprintf(&p.main, "\nmodule %q {\n  source = %q\n", name, "./"+m.name)
			given := attributesOf(t, m.settings[setting])
			values := ""
			for _, variable := range slices.Sorted(maps.Keys(given)) {
				if late && slices.Contains(m.late, variable) {
					values += fmt.Sprintf("    %s = %s\n", variable, given[variable])
					fmt.Fprintf(&p.main, "  %s = terraform_data.%s.output.%s\n", variable, name, variable)
				} else {
					fmt.Fprintf(&p.main, "  %s = %s\n", variable, given[variable])
				}
			}
			if aliases != nil {
				p.main.WriteString("  providers = {\n    aws = aws\n")
				for _, alias := range aliases {
					p.provided[alias] = true
					fmt.Fprintf(&p.main, "    aws.%s = aws.%s\n", alias, alias)
				}
				p.main.WriteString("  }\n")
			}
			p.main.WriteString("}\n")
			if values != "" {
				fmt.Fprintf(&p.main, "\nresource \"terraform_data\" %q {\n  input = {\n%s  }\n}\n", name, values)
			}
			p.override(t, m, name, roles)
		}
	}
}

// override gives the resources of a call the values that AWS would, and each role an ARN of its own.
func (p *proof) override(t *testing.T, m *writtenModule, call string, roles map[string]string) {
	t.Helper()
	values := map[string]string{}
	for _, expression := range roles {
		address, _ := cutAttribute(expression)
		values[address] = fmt.Sprintf("      arn = \"arn:aws:iam::%s:role/%s-%s\"\n", meaning.Environment.Account, call, address)
	}
	for _, v := range m.values {
		address, attribute := cutAttribute(v.Name)
		name, inner, deep := strings.Cut(attribute, "[0].")
		if deep {
			values[address] += fmt.Sprintf("      %s = [{ %s = %q }]\n", name, inner, v.Value)
		} else {
			values[address] += fmt.Sprintf("      %s = %q\n", name, v.Value)
			// What the provider says besides. What is encrypted with a key of AWS says so.
			switch kind, _, _ := strings.Cut(address, "."); {
			case name != "arn":
			case kind == "aws_secretsmanager_secret":
				values[address] += fmt.Sprintf("      id = %q\n", v.Value)
			case kind == "aws_ssm_parameter":
				values[address] += "      key_id = \"alias/aws/ssm\"\n"
			case strings.HasPrefix(address, "data.aws_secretsmanager_secret."):
				values[address] += "      kms_key_id = \"\"\n"
			}
		}
	}
	for _, address := range slices.Sorted(maps.Keys(values)) {
		kind := "override_resource"
		if strings.HasPrefix(address, "data.") {
			kind = "override_data"
		}
		fmt.Fprintf(&p.mocks, "  %s {\n    target = module.%s.%s\n    values = {\n%s    }\n  }\n", kind, call, address, values[address])
	}
}

// cutAttribute cuts an expression behind the address of its resource, and the key of the instance.
func cutAttribute(expression string) (address, attribute string) {
	words := 2
	if strings.HasPrefix(expression, "data.") {
		words = 3
	}
	inside := false
	for i, r := range expression {
		inside = inside && r != ']' || r == '['
		if r == '.' && !inside {
			if words--; words == 0 {
				return expression[:i], expression[i+1:]
			}
		}
	}
	return expression, ""
}

// useCallersProviders makes the module take its providers from its caller, so that they can be mocked. It returns the aliases;
// nil for none.
func (m *writtenModule) useCallersProviders(t *testing.T, folder string) (aliases []string) {
	t.Helper()
	file := m.files["providers.tf"]
	if file == nil {
		return nil
	}
	var names []string
	for _, b := range parseHCL(t, file.Data).Blocks {
		if a := b.Body.Attributes["alias"]; a != nil {
			alias, _ := a.Expr.Value(nil)
			aliases = append(aliases, alias.AsString())
			names = append(names, "aws."+alias.AsString())
		}
	}
	writeAll(t, folder, fstest.MapFS{"providers.tf": {Data: []byte(fmt.Sprintf(
		"terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      configuration_aliases = [%s]\n    }\n  }\n}\n", strings.Join(names, ", ")))}})
	return aliases
}

// useStub makes Terraform take the stub for the module of somebody else.
func (m *writtenModule) useStub(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, m.name, "main.tf")
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.SplitSeq(string(src), "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "version ") {
			lines = append(lines, line)
		}
	}
	text := strings.ReplaceAll(strings.Join(lines, "\n"), `"`+m.stub+`"`, `"../stub-of-`+m.name+`"`)
	writeAll(t, filepath.Join(dir, m.name), fstest.MapFS{"main.tf": {Data: []byte(text)}})
}

func parseHCL(t *testing.T, src []byte) *hclsyntax.Body {
	t.Helper()
	parsed, problems := hclsyntax.ParseConfig(src, "", hcl.InitialPos)
	if problems.HasErrors() {
		t.Fatalf("%v\n%s", problems, src)
	}
	return parsed.Body.(*hclsyntax.Body)
}

// attributesOf returns the expressions of values of variables.
func attributesOf(t *testing.T, src string) map[string]string {
	t.Helper()
	list := map[string]string{}
	for name, a := range parseHCL(t, []byte(src)).Attributes {
		r := a.Expr.Range()
		list[name] = src[r.Start.Byte:r.End.Byte]
	}
	return list
}

// files returns the files of the module that calls all others.
func (p *proof) files() fstest.MapFS {
	var providers, mocks strings.Builder
	for _, alias := range append([]string{""}, slices.Sorted(maps.Keys(p.provided))...) {
		name, region := "", meaning.Environment.Region
		if alias != "" {
			name, region = fmt.Sprintf("  alias = %q\n", alias), "eu-west-1"
		}
		fmt.Fprintf(&providers, "\nprovider \"aws\" {\n%s  region = %q\n}\n", name, region)
		fmt.Fprintf(&mocks, "mock_provider \"aws\" {\n%s", name)
		for kind, values := range map[string]string{
			"aws_region":          fmt.Sprintf("id = %q, name = %[1]q", region),
			"aws_iam_role":        fmt.Sprintf("arn = \"arn:aws:iam::%s:role/existing\"", meaning.Environment.Account),
			"aws_caller_identity": fmt.Sprintf("account_id = %q", meaning.Environment.Account),
			"aws_partition":       `partition = "aws", dns_suffix = "amazonaws.com"`,
		} {
			fmt.Fprintf(&mocks, "  mock_data %q {\n    defaults = { %s }\n  }\n", kind, values)
		}
		mocks.WriteString("  mock_resource \"aws_ssm_parameter\" {\n    defaults = { key_id = \"alias/aws/ssm\" }\n  }\n  mock_data \"aws_secretsmanager_secret\" {\n    defaults = { kms_key_id = \"\" }\n  }\n")
		mocks.WriteString("}\n\n")
	}
	required := "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n"
	return fstest.MapFS{
		"main.tf":        {Data: []byte(required + providers.String() + p.main.String())},
		"all.tftest.hcl": {Data: []byte(mocks.String() + "run \"all\" {\n" + p.mocks.String() + "}\n")},
	}
}

// state returns the resources in the state that terraform test prints.
func (p *proof) state(t *testing.T, messages []byte) (list []stateResource) {
	t.Helper()
	type values struct {
		Resources []stateResource
		Children  []json.RawMessage `json:"child_modules"`
	}
	var visit func(raw json.RawMessage)
	visit = func(raw json.RawMessage) {
		var v values
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v.Resources...)
		for _, child := range v.Children {
			visit(child)
		}
	}
	for line := range strings.Lines(string(messages)) {
		var message struct {
			State struct {
				Root json.RawMessage `json:"root_module"`
			} `json:"test_state"`
		}
		if err := json.Unmarshal([]byte(line), &message); err == nil && message.State.Root != nil {
			visit(message.State.Root)
		}
	}
	return list
}
