// Package docs executes what the documentation shows, in its order, as a reader would in a fresh copy of the project.
package docs

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// The documentation deploys to this account and region.
const account, region = "111122223333", "eu-west-1"

// instead are the commands that are not executed as the documentation has them: what is executed instead, and why. An
// empty replacement executes nothing.
var instead = []struct{ command, replacement, reason string }{
	{`^go test \./\.\.\.$`, "", "this test is one of these tests"},
	{`^go test \./analyze/\.\.\. \./cmd/\.\.\.$`, "", "these tests run in packages of their own"},
	{`^(TMPDIR=\S+ )?go test .* -bench .*$`, "", "a benchmark measures this machine for minutes"},
	{`^(hyperfine|valgrind) .*$`, "", "it measures this machine for minutes"},
	{`^go get .*$`, "", "it downloads the newest release"},
	{`\bnpx aws-cdk@2 deploy\b`, `"$CDK" synth --quiet`, "moto has no bootstrapped account, and the command's version is the one in testdata/cdk-go"},
}

// given are the files that a document says its readers have.
var given = map[string]map[string]func(t *testing.T) string{
	"docs/ci.md": {"task-definition.json": func(t *testing.T) string {
		text, err := os.ReadFile(filepath.Join(golden.Root(t), "docs", "worker.json"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}},
	"docs/formats.md": {"large.json": func(*testing.T) string {
		return strings.Replace(golden.ManySecretsSource(150, false), `"family": "many"`, `"family": "large"`, 1)
	}},
}

// givenRoles are the roles that a document says its readers have.
var givenRoles = map[string][]string{"docs/formats.md": {"deploy"}}

// givenAccounts are the commands that make the account of which a document speaks.
var givenAccounts = map[string][]string{"docs/check.md": {
	`aws iam create-role --role-name old --assume-role-policy-document '` + trustsTasks + `'`,
	`aws iam create-role --role-name web --assume-role-policy-document '` + trustsTasks + `'`,
	`aws ecs register-task-definition --family shop --execution-role-arn arn:aws:iam::111122223333:role/web --container-definitions '[{"name": "app", "image": "nginx", "memory": 8, "secrets": [{"name": "A", "valueFrom": "/shop/a"}]}]'`,
	`aws ecs register-task-definition --family worker --execution-role-arn arn:aws:iam::444455556666:role/web --container-definitions '[{"name": "app", "image": "nginx", "memory": 8}]'`,
}}

const trustsTasks = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

// programs are those of others that commands need, by the beginning of the command, and whether they are missing here.
var programs = []struct {
	command string
	lacking func() string // what is missing; "" for nothing
}{
	{`aws `, lackingAWS},
	{`./worker-role.sh`, lackingAWS},
	{`docs/collect.sh`, lackingAWS},
	{`execrole check --iam account`, lackingAWS}, // which collect.sh has made
	{`(cd role-app && "$CDK"`, func() string { return lackingProgram("npm", "node") }},
	{`terraform `, func() string {
		if os.Getenv(tool.TerraformPlugins) == "" {
			return noProvider
		}
		return lackingProgram("terraform")
	}},
	{`cfn-lint `, func() string { return lackingProgram("cfn-lint") }},
}

// noProvider is missing where .ci/run finds no AWS provider for terraform. It does not install one.
const noProvider = "the AWS provider for terraform: " + tool.TerraformPlugins + " names no folder for terraform init -plugin-dir"

func lackingAWS() string { return lackingProgram("aws", "moto_server") }

func lackingProgram(names ...string) string {
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			return name
		}
	}
	return ""
}

// step is one command of a document.
type step struct {
	line    int
	command string // as it is executed; "" for nothing
	shown   string // as the document has it
	content string // of the file that is written
	want    string // what the document shows of the output; only a command of a console may fail
	console bool
	missing string // the program that is missing, so that nothing is executed
	reason  string // why something else is executed, or nothing
}

// deploys reports whether a command talks to AWS.
func (s step) deploys() bool {
	return strings.HasPrefix(s.command, "aws ") || strings.HasPrefix(s.command, "./worker-role.sh") || strings.HasPrefix(s.command, "docs/collect.sh")
}

// fence is the line before a block of code: its language, and the file that the block is for, if any.
var fence = regexp.MustCompile("^```([a-z]+)(?: (\\S+))?$")

// checks are what is executed for a block that is a file, by its extension, and what that prints.
var checks = map[string]struct{ command, want string }{
	".tf": {"terraform -chdir=%s init -backend=false -input=false >/dev/null && terraform -chdir=%[1]s validate -no-color",
		"Success! The configuration is valid.\n"},
	".yaml": {"cfn-lint %[2]s", ""},
	// Examples of what execrole reads, which the commands behind them check.
	".yml": {"test -s %[2]s", ""}, ".json": {"test -s %[2]s", ""}, ".jsonnet": {"test -s %[2]s", ""},
}

// steps returns the commands of a document in their order. Files that the document shows are written into a folder, from
// which a command copies each to its place.
func steps(t *testing.T, name, text, folder string) []step {
	t.Helper()
	var list []step
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		m := fence.FindStringSubmatch(lines[i])
		if m == nil {
			continue
		}
		end := i + 1 + slices.Index(lines[i+1:], "```")
		block := lines[i+1 : end]
		switch language, file := m[1], m[2]; {
		case file != "":
			source := filepath.Join(folder, fmt.Sprint(i))
			if err := os.WriteFile(source, []byte(strings.Join(block, "\n")+"\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			check, ok := checks[path.Ext(file)]
			if !ok {
				t.Fatalf("%s:%d: nothing checks a file such as %s", name, i+1, file)
			}
			list = append(list,
				step{line: i + 1, shown: "write " + file, content: strings.Join(block, "\n"), command: fmt.Sprintf("cp %s %s", source, file)},
				step{line: i + 1, shown: "check " + file, command: fmt.Sprintf(check.command, path.Dir(file), file), want: check.want, console: true})
		case language == "sh" || language == "console":
			list = append(list, commands(block, i+2, language == "console")...)
		}
		i = end
	}
	for i := range list {
		prepare(&list[i])
	}
	return list
}

// commands returns the commands of a block that begins in a line. In a console, a command begins with "$ " and its output
// follows.
func commands(block []string, line int, console bool) (list []step) {
	for i := 0; i < len(block); i++ {
		command, prompt := strings.CutPrefix(block[i], "$ ")
		if console && !prompt {
			list[len(list)-1].want += block[i] + "\n"
			continue
		}
		s := step{line: line + i, console: console}
		for strings.HasSuffix(command, `\`) && i+1 < len(block) {
			i++
			command += "\n" + block[i]
		}
		s.command, s.shown = command, command
		list = append(list, s)
	}
	return list
}

// prepare puts what is executed into a step.
func prepare(s *step) {
	for _, other := range instead {
		if pattern := regexp.MustCompile(other.command); pattern.MatchString(s.command) {
			s.command, s.reason = pattern.ReplaceAllLiteralString(s.command, other.replacement), other.reason
		}
	}
	for _, p := range programs {
		if strings.HasPrefix(s.command, p.command) {
			s.missing = p.lacking()
		}
	}
}

// documents returns the paths of README.md, of its translations, and of all pages in docs and the folders below, in that order.
func documents(t *testing.T, root string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "README*.md"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files) // README.ja.md comes first by its name
	err = filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".md" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestDocuments executes every block of commands in README.md, README.ja.md and docs, each document in a fresh copy of the project, as
// one script. What is the same in a translation is executed once. A command has to succeed. In a console it has to print what the document shows, where a line [...] stands for
// lines that are left out. A block whose fence names a file is written to that file and checked.
func TestDocuments(t *testing.T) {
	if testing.Short() {
		t.Skip("the AWS CLI and the CDK take seconds for each call")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the documentation is for a POSIX shell")
	}
	sh := tool.Require(t, "sh", "a POSIX shell")
	root := golden.Root(t)
	settings := settings(t, root)
	copied := filepath.Join(t.TempDir(), "execrole")
	executed := map[string]string{} // documents, by their commands
	missing := map[string]bool{}
	for _, file := range documents(t, root) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.ToSlash(name)
		t.Run(name, func(t *testing.T) {
			scratch := t.TempDir()
			list := steps(t, name, strings.ReplaceAll(string(text), "\r\n", "\n"), scratch)
			if other := executed[contents(list)]; other != "" && len(list) > 0 {
				t.Skipf("its commands are those of %s, which are executed, and have to print the same", other)
			}
			executed[contents(list)] = name
			env := os.Environ()
			if lackingAWS() == "" && slices.ContainsFunc(list, step.deploys) {
				env = tool.MotoServer(t, account, region) // an account in which nothing is left of another document
			}
			commands := slices.Clone(givenAccounts[name])
			for _, role := range givenRoles[name] {
				commands = append(commands, fmt.Sprintf("aws iam create-role --role-name %s --assume-role-policy-document '{}'", role))
			}
			for _, create := range commands {
				list = append([]step{{shown: create, command: create, missing: lackingAWS()}}, list...)
			}
			execute(t, sh, slices.Concat(env, settings), freshCopy(t, copied, root, name), scratch, list)
			for i, s := range list {
				if s.missing != "" {
					missing[s.missing] = true
				}
				t.Run(fmt.Sprint("line ", s.line), func(t *testing.T) {
					switch {
					case s.missing == noProvider:
						t.Skip(noProvider)
					case s.missing != "":
						tool.Missing(t, fmt.Sprintf("for %q this is missing: %s", s.shown, s.missing))
					case s.command == "":
						t.Skipf("%q is not executed: %s", s.shown, s.reason)
					}
					compare(t, s, filepath.Join(scratch, fmt.Sprint("step", i)))
				})
			}
		})
	}
	if len(missing) > 0 && !t.Failed() {
		t.Skipf("some commands of the documentation were not executed, because this is missing: %s", strings.Join(slices.Sorted(maps.Keys(missing)), ", "))
	}
}

// contents returns the commands of a document, what they have to print, and the files that it shows. Documents with the same
// contents differ in their language alone.
func contents(list []step) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, "%q %q %q\n", s.shown, s.content, s.want)
	}
	return b.String()
}

// compare compares what a step printed, and its exit status, with what the document shows.
func compare(t *testing.T, s step, files string) {
	t.Helper()
	out, err := os.ReadFile(files + ".out")
	if err != nil {
		t.Fatalf("%s\nwas not executed: %v", s.command, err)
	}
	status, err := os.ReadFile(files + ".status")
	switch {
	case err != nil:
		t.Fatalf("%s\ndid not end: %v\n%s", s.command, err, out)
	case s.console && !resembles(string(out), s.want):
		t.Errorf("%s\nprints\n%s\nand the document shows\n%s", s.command, out, s.want)
	case !s.console && string(status) != "0\n":
		t.Errorf("%s\nfails with exit status %s%s", s.command, status, out)
	}
}

// resembles reports whether got is want, apart from what want leaves out.
func resembles(got, want string) bool {
	pattern := regexp.QuoteMeta(strings.TrimRight(want, "\n"))
	pattern = regexp.MustCompile(`(?m)^[ \t]*\\\[\\\.\\\.\\\.\\\]$`).ReplaceAllLiteralString(pattern, `(?s:.*)`)
	return regexp.MustCompile(`^` + pattern + `$`).MatchString(strings.TrimRight(got, "\n"))
}

// execute runs the commands of a document in one shell, so that a change of the folder stays. Each command's output and exit
// status become files in the folder scratch.
func execute(t *testing.T, sh string, env []string, fresh, scratch string, list []step) {
	t.Helper()
	var script strings.Builder
	for i, s := range list {
		if s.command != "" && s.missing == "" {
			files := filepath.Join(scratch, fmt.Sprint("step", i))
			fmt.Fprintf(&script, "{\n%s\n} >%s.out 2>&1 </dev/null\necho $? >%[2]s.status\n", s.command, files)
		}
	}
	if len(script.String()) == 0 {
		return
	}
	cmd := exec.Command(sh, "-c", script.String())
	cmd.Dir, cmd.Env = fresh, env
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("the shell: %v\n%s", err, out)
	}
}

// settings are the variables of the environment for all commands: the built command is on PATH, and terraform and the CDK
// need no network.
func settings(t *testing.T, root string) []string {
	t.Helper()
	bin := t.TempDir()
	build := exec.Command("go", "build", "-C", root, "-o", filepath.Join(bin, "execrole"), "./cmd/execrole")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// go install puts the command where it already is.
	env := []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "GOBIN=" + bin, "GOFLAGS=", "GOWORK=off"}
	if lackingProgram("npm", "node") == "" {
		modules := tool.NodeModules(t, filepath.Join(root, "testdata", "cdk-go"))
		env = append(env, "CDK="+filepath.Join(modules, "node_modules", ".bin", "cdk"), "CDK_DISABLE_CLI_TELEMETRY=true",
			"JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION=1")
	}
	if plugins := os.Getenv(tool.TerraformPlugins); plugins != "" {
		file := filepath.Join(t.TempDir(), "terraform.rc")
		text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", plugins)
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		env = append(env, "TF_CLI_CONFIG_FILE="+file)
	}
	return env
}

// freshCopy makes a folder anew with the files of the project, without its history, and with those that a document says its
// readers have. The folder is the same for all documents, since Go compiles a package again where its folder has another name.
func freshCopy(t *testing.T, dir, root, document string) string {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		from, to := filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())
		switch {
		case e.Name() == ".git":
		case e.IsDir():
			err = os.CopyFS(to, os.DirFS(from))
		default:
			var data []byte
			if data, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(to, data, 0o666)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range given[document] {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text(t)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
