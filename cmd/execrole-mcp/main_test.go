package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/pflag"
	"golang.org/x/tools/txtar"

	"github.com/execrole/execrole/cmd/answer"
	"github.com/execrole/execrole/testdata/golden"
)

// TestMain makes the test's program the server, where a test starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv("EXECROLE_MCP_SERVES") != "" {
		main()
	}
	os.Exit(m.Run())
}

// connect returns a session with a server in memory.
func connect(t *testing.T) *mcp.ClientSession {
	t.Helper()
	theirs, ours := mcp.NewInMemoryTransports()
	if _, err := newServer().Connect(t.Context(), theirs, nil); err != nil {
		t.Fatal(err)
	}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(t.Context(), ours, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

type object = map[string]any

// texts returns documents as a client sends them: names and texts in turn.
func texts(pairs ...string) (list []object) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, object{"name": pairs[i], "text": pairs[i+1]})
	}
	return list
}

// call calls a tool. The text is the first of the result.
func call(t *testing.T, s *mcp.ClientSession, tool string, arguments any) (result *mcp.CallToolResult, text string) {
	t.Helper()
	result, err := s.CallTool(context.Background(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Content) == 0 {
		t.Fatal("no content")
	}
	return result, result.Content[0].(*mcp.TextContent).Text
}

// structured reads the structured content of a result.
func structured(t *testing.T, result *mcp.CallToolResult, into any) {
	t.Helper()
	data, err := json.Marshal(result.StructuredContent)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const task = `{"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx",
  "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"}]}]}`

// TestTools: the tools have schemas of all that the command's flags can set, and say that they change and reach nothing.
func TestTools(t *testing.T) {
	list, err := connect(t).ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		if a := tool.Annotations; !a.ReadOnlyHint || a.OpenWorldHint == nil || *a.OpenWorldHint {
			t.Errorf("%s: %+v", tool.Name, a)
		}
		properties := tool.InputSchema.(object)["properties"].(object)
		for name, one := range properties {
			if kind, ok := one.(object)["type"].(string); !ok || kind == "" {
				t.Errorf("%s: the argument %s has the type %v", tool.Name, name, one.(object)["type"])
			}
		}
		options := properties["options"].(object)["properties"].(object)
		answer.Flags().VisitAll(func(f *pflag.Flag) {
			if options[f.Name] == nil {
				t.Errorf("%s lacks the option %s", tool.Name, f.Name)
			}
		})
		if tool.Description == "" || properties["taskDefinitions"] == nil {
			t.Errorf("%s: %q, %v", tool.Name, tool.Description, properties)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"check", "diagnose", "explain", "generate"}, names); diff != "" {
		t.Error(diff)
	}
}

// options returns flags of a command line as the options of a call.
func options(words []string) object {
	out := object{}
	flags := answer.Flags()
	for i := 0; i < len(words); i++ {
		name, value, given := strings.Cut(strings.TrimPrefix(words[i], "--"), "=")
		switch f := flags.Lookup(name); {
		case f.Value.Type() == "bool" || f.NoOptDefVal != "" && !given:
			out[name] = true
		default:
			if !given {
				i++
				value = words[i]
			}
			if f.Value.Type() == "stringArray" {
				list, _ := out[name].([]string)
				out[name] = append(list, value)
			} else {
				out[name] = value
			}
		}
	}
	return out
}

// command builds the command, and returns what runs it in a folder: its output and its exit status.
func command(t *testing.T) func(dir string, args ...string) (stdout string, status int) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "execrole.exe")
	if out, err := exec.Command("go", "build", "-o", binary, "../execrole").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return func(dir string, args ...string) (string, int) {
		cmd := exec.Command(binary, args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if _, failed := err.(*exec.ExitError); err != nil && !failed {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
}

// folder writes files into a new folder.
func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAnswersAreTheCommands: for every golden case, the tools answer what the command answers for the same texts in files.
func TestAnswersAreTheCommands(t *testing.T) {
	run, session := command(t), connect(t)
	for i, c := range golden.Cases(t) {
		if testing.Short() && i%10 != 0 { // each case starts the command four times
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			dir := folder(t, map[string][]byte{"input.json": c.Input()})
			args := object{"taskDefinitions": texts("input.json", string(c.Input())), "options": options(c.Flags())}

			want, status := run(dir, append([]string{"explain", "-f", "json", "input.json"}, c.Flags()...)...)
			result, text := call(t, session, "explain", args)
			if result.IsError != (status != 0) {
				t.Fatalf("explain: error %v, and the command's status is %d\n%s", result.IsError, status, text)
			}
			if result.IsError && result.StructuredContent == nil {
				return // the flags are wrong
			}
			var ours, theirs any
			structured(t, result, &ours)
			if err := json.Unmarshal([]byte(want), &theirs); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("explain (-command +tool):\n%s", diff)
			}
			if !result.IsError && text != want {
				t.Errorf("explain: the text is\n%s\nand that of the command\n%s", text, want)
			}
			for _, format := range []string{"cloudformation", "json"} {
				compareFiles(t, run, session, dir, format, c.Flags(), args)
			}
		})
	}
}

// compareFiles compares the files of generate, and then what check says of the policies that are among them.
func compareFiles(t *testing.T, run func(string, ...string) (string, int), session *mcp.ClientSession, dir, format string, flags []string, args object) {
	t.Helper()
	out := filepath.Join(dir, "out-"+format)
	_, status := run(dir, append([]string{"-q", "-f", format, "-o", out + "/", "input.json"}, flags...)...)
	args["format"] = format
	result, text := call(t, session, "generate", args)
	delete(args, "format")
	if result.IsError != (status != 0) {
		t.Fatalf("%s: error %v, and the command's status is %d\n%s", format, result.IsError, status, text)
	}
	if result.IsError {
		return
	}
	var got generated
	structured(t, result, &got)
	want, ours := map[string]string{}, map[string]string{}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want[e.Name()] = string(data)
	}
	for _, f := range got.TaskDefinitions[0].Files {
		ours[f.Name] = f.Text
	}
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Errorf("%s (-command +tool):\n%s", format, diff)
	}
	trust, policies := "", []string{}
	for name := range want {
		if strings.HasSuffix(name, "-trust.json") {
			trust = name
		} else if strings.Contains(name, "-policy") && format == "json" && !strings.Contains(name, "resource") {
			policies = append(policies, name)
		}
	}
	if trust == "" {
		return
	}
	slices.Sort(policies)
	command, role := append([]string{"check", "-f", "json", "--role", "out-json/" + trust}, flags...), texts("out-json/"+trust, want[trust])
	for _, name := range policies[:min(len(policies), 1)] { // a part of a large role is missing
		command, role = append(command, "--role", "out-json/"+name), append(role, texts("out-json/"+name, want[name])...)
	}
	said, status := run(dir, append(command, "input.json")...)
	result, text = call(t, session, "check", object{"taskDefinitions": args["taskDefinitions"], "options": args["options"], "role": role})
	if status == 2 != result.IsError || !result.IsError && text != said {
		t.Errorf("check, status %d:\n%s", status, cmp.Diff(said, text))
	}
}

// TestTerraformNames: the header of a role names the file of Terraform's source, or the folder, where it has a name.
func TestTerraformNames(t *testing.T) {
	session := connect(t)
	const source = "resource \"aws_ecs_task_definition\" \"t\" {\n  family = \"f\"\n  container_definitions = jsonencode([{ name = \"a\", image = \"nginx\", secrets = [{ name = \"A\", valueFrom = \"/a\" }] }])\n}\n"
	for want, documents := range map[string][]object{
		"main.tf": texts("main.tf", source),
		"task.tf": texts("infra/task.tf", source),
		"module":  texts("main.tf", source, "empty.tf", ""),
		"infra":   texts("deploy/infra/main.tf", source, "deploy/infra/empty.tf", ""),
	} {
		result, text := call(t, session, "generate", object{"taskDefinitions": documents, "format": "terraform", "options": object{"max-session-duration": 3600}})
		if result.IsError || !strings.Contains(text, "generated by execrole from "+want+"; DO NOT EDIT") || !strings.Contains(text, "3600") {
			t.Errorf("want %s: %.300s", want, text)
		}
	}
}

// TestForms: every form of a service is read, a module of Terraform too, and gives the command's explanation.
func TestForms(t *testing.T) {
	run, session := command(t), connect(t)
	read := map[string]int{}
	for _, s := range golden.Services(t) {
		for _, form := range s.Forms {
			dir := folder(t, form.Files)
			var documents []object
			arg := "."
			for name, data := range form.Files {
				documents = append(documents, texts(name, string(data))...)
				if len(form.Files) == 1 && !strings.HasSuffix(name, ".tf") {
					arg = name
				}
			}
			want, status := run(dir, "explain", "-f", "json", arg)
			result, text := call(t, session, "explain", object{"taskDefinitions": documents})
			if result.IsError != (status != 0) {
				t.Errorf("%s as %s: error %v, and the command's status is %d\n%s", s.Name, form.Name, result.IsError, status, text)
			} else if !result.IsError && text != want {
				t.Errorf("%s as %s:\n%s", s.Name, form.Name, cmp.Diff(want, text))
			} else if !result.IsError {
				read[form.Name]++
			}
		}
	}
	for _, form := range golden.Forms {
		if read[form] == 0 {
			t.Errorf("no service is read as %s", form)
		}
	}
}

// TestTranscripts: for each check and diagnose in the command's transcripts whose files are there, the tool answers what the
// command does.
func TestTranscripts(t *testing.T) {
	run, session := command(t), connect(t)
	answers := map[string]int{}
	for _, script := range []string{"check.txtar", "check-template.txtar", "check-account.txtar", "check-forms.txtar", "diagnose.txtar"} {
		archive, err := txtar.ParseFile(filepath.Join("../../testdata/script", script))
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range archive.Files {
			files[f.Name] = f.Data
		}
		dir := folder(t, files)
		for line := range strings.Lines(string(archive.Comment)) {
			_, rest, ok := strings.Cut(line, "exec execrole ")
			words := strings.Fields(rest)
			if !ok || words[0] != "check" && words[0] != "diagnose" {
				continue
			}
			question, asked := arguments(words[1:], files)
			if !asked {
				continue
			}
			want, status := run(dir, append(words, "-f", "json")...)
			result, text := call(t, session, words[0], question)
			noAnswer := status == 2 && want == "" // an answer that cannot tell has the status 2 too
			if result.IsError != noAnswer || !result.IsError && text != want {
				t.Errorf("%s: %s\nerror %v, and the command's status is %d\n%s", script, rest, result.IsError, status, cmp.Diff(want, text))
			}
			answers[words[0]+" "+fmt.Sprint(status)]++
		}
	}
	if answers["check 0"] < 3 || answers["check 1"] < 5 || answers["check 2"] < 5 || answers["diagnose 0"] < 5 {
		t.Errorf("the answers by exit status: %v", answers)
	}
}

// arguments returns the arguments of a command line as those of a call. Answers about stopped tasks, and .txt, are messages. Asked is false if a call cannot ask this.
func arguments(words []string, files map[string][]byte) (question object, asked bool) {
	question = object{}
	document := func(name string) object { return texts(name, string(files[name]))[0] }
	add := func(to, name string) {
		list, _ := question[to].([]object)
		question[to] = append(list, document(name))
	}
	var flags []string
	for i := 0; i < len(words); i++ {
		name, value := words[i], ""
		if strings.HasPrefix(name, "-") && i < len(words)-1 {
			i++
			value = words[i]
		}
		switch to := map[string]string{"--role": "role", "--iam": "iam", "--scp": "serviceControlPolicies"}; {
		case name == "--set" || name == "--account" || name == "--region":
			flags = append(flags, name, value)
		case name == "--fail-on" && value == "any", name == "-f": // they do not change the answer
		case name == "--boundary" && files[value] != nil:
			question["boundary"] = document(value)
		case value != "" && to[name] != "" && files[value] != nil:
			add(to[name], value)
		case value == "" && (bytes.Contains(files[name], []byte(`"stoppedReason"`)) || strings.HasSuffix(name, ".txt")):
			add("messages", name)
		case value == "" && files[name] != nil:
			add("taskDefinitions", name)
		default:
			return nil, false
		}
	}
	question["options"] = options(flags)
	if tasks, ok := question["taskDefinitions"].([]object); ok { // the command reads files in the order of their names
		slices.SortFunc(tasks, func(a, b object) int { return strings.Compare(a["name"].(string), b["name"].(string)) })
	}
	return question, true
}

// TestKeys: what AWS says of a secret names its key, as with the command's --keys.
func TestKeys(t *testing.T) {
	const key = `{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf", "Name": "db", "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1"}`
	dir := folder(t, map[string][]byte{"a.json": []byte(task), "keys/db.json": []byte(key)})
	want, _ := command(t)(dir, "explain", "-f", "json", "--keys", "keys", "a.json")
	_, text := call(t, connect(t), "explain", object{"taskDefinitions": texts("a.json", task), "keys": texts("keys/db.json", key)})
	if text != want || !strings.Contains(text, "arn:aws:kms:eu-west-1:111122223333:key/1") {
		t.Error(cmp.Diff(want, text))
	}
}

// TestPartOfAnAccount: errors in a task definition do not hide the answer about the others, and are there too.
func TestPartOfAnAccount(t *testing.T) {
	const account = `{"RoleDetailList": [{"RoleName": "web", "Arn": "arn:aws:iam::111122223333:role/web", "RolePolicyList": [], "AttachedManagedPolicies": []}]}`
	named := strings.Replace(task, "{", `{"executionRoleArn": "arn:aws:iam::111122223333:role/web", `, 1)
	result, text := call(t, connect(t), "check", object{"iam": texts("account.json", account), "taskDefinitions": texts("a.json", named, "b.json", `{"family": `)})
	if result.IsError || !strings.Contains(text, `"code": "EXR001"`) || len(result.Content) != 2 {
		t.Fatalf("error %v, %d texts\n%s", result.IsError, len(result.Content), text)
	}
	if errs := result.Content[1].(*mcp.TextContent).Text; !strings.HasPrefix(errs, "b.json:1:12: error: ") {
		t.Error(errs)
	}
}

const denied = `AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf because no identity-based policy allows the secretsmanager:GetSecretValue action`

// TestDiagnose: the message is enough, and the task definition names the field. One that is known in part counts.
func TestDiagnose(t *testing.T) {
	session := connect(t)
	if result, text := call(t, session, "diagnose", object{"messages": texts("", denied)}); result.IsError || !strings.Contains(text, `"Action": "secretsmanager:GetSecretValue"`) {
		t.Error(text)
	}
	part := strings.Replace(task, `"nginx"`, `"<IMAGE>"`, 1)
	result, text := call(t, session, "diagnose", object{"messages": texts("", denied), "taskDefinitions": texts("a.json", part)})
	if result.IsError || !strings.Contains(text, `"field": "secrets KEY"`) || len(result.Content) != 2 || !strings.Contains(result.Content[1].(*mcp.TextContent).Text, "<IMAGE>") {
		t.Errorf("%d texts\n%s", len(result.Content), text)
	}
	if result, text := call(t, session, "diagnose", object{"messages": texts("", "Essential container in task exited")}); result.IsError || !strings.Contains(text, `"unknown": [`) {
		t.Error(text)
	}
}

// TestErrors: what is wrong is said in one result, with places, and is no error of the protocol.
func TestErrors(t *testing.T) {
	session := connect(t)
	many := make([]object, answer.MaxDocuments+1)
	for i := range many {
		many[i] = object{"name": fmt.Sprint(i), "text": task}
	}
	role := texts("role.json", `{"Statement": []}`)
	for _, tt := range []struct {
		tool      string
		arguments object
		want      []string
	}{
		{"generate", object{}, []string{"taskDefinitions"}},
		{"generate", object{"taskDefinitions": []object{}}, []string{"taskDefinitions"}},
		{"generate", object{"taskDefinitions": texts("a.json", `{"family": `)}, []string{"a.json:1:12: error: "}},
		{"generate", object{"taskDefinitions": texts("a.json", `{"family": "x", "containerDefinitions": [{"name": "app", "image": "<IMAGE>"}]}`)},
			[]string{"a.json:1:67: error: ", "<IMAGE>", "--image app="}},
		{"generate", object{"taskDefinitions": texts("a.json", task), "format": "yaml"}, []string{"format", "yaml"}},
		{"generate", object{"taskDefinitions": texts("a.json", task), "format": "json", "options": object{"parameters": true}}, []string{"parameters", "json"}},
		{"generate", object{"taskDefinitions": texts("a.json", strings.ReplaceAll(task, "secret:db", "secret:/x")), "options": object{"acount": "1"}}, []string{"acount"}},
		{"generate", object{"taskDefinitions": texts("a.json", task), "options": object{"account": "12", "kms-key": []string{"x"}, "max-session-duration": "1h"}},
			[]string{"12 digits", "option kms-key: \"x\": write --kms-key REF=KEY", "option max-session-duration: \"1h\": write seconds"}},
		{"generate", object{"taskDefinitions": texts("a.json", task), "options": object{"account": ""}}, []string{"option account: it is empty"}},
		{"generate", object{"taskDefinitions": texts("a.json", task), "options": object{"account": 5}}, []string{"account"}},
		{"generate", object{"taskDefinitions": texts("a.json", task), "path": "/etc/passwd"}, []string{"path"}},
		{"generate", object{"taskDefinitions": many}, []string{"taskDefinitions"}},
		{"generate", object{"taskDefinitions": texts("a.json", strings.Repeat(" ", answer.MaxText+1))}, []string{"4194305 bytes", "4194304"}},
		{"generate", object{"taskDefinitions": texts("a.json", task, "a.json", task)}, []string{`two texts have the name "a.json"`}},
		{"explain", object{"taskDefinitions": texts("main.tf", "resource {")}, []string{"main.tf:1:"}},
		{"explain", object{"taskDefinitions": texts("../main.tf", "")}, []string{"main.tf"}},
		{"check", object{"taskDefinitions": texts("a.json", task)}, []string{"there is no role"}},
		{"diagnose", object{}, []string{"messages"}},
		{"diagnose", object{"messages": texts("m", " ")}, []string{"the message is empty"}},
		{"diagnose", object{"messages": texts("m", `{"tasks": []}`)}, []string{"there is no error message in it"}},
		{"diagnose", object{"messages": texts("m", `{"tasks": [`)}, []string{"m:1:12: "}},
		{"diagnose", object{"messages": texts("m", denied), "boundary": role[0]}, []string{"say more of a role"}},
		{"diagnose", object{"messages": texts("m", denied), "role": role, "iam": role}, []string{"exclude each other"}},
		{"diagnose", object{"messages": texts("m", denied), "role": texts("r.json", "[")}, []string{"r.json:1:"}},
		{"diagnose", object{"messages": texts("m", denied), "taskDefinitions": texts("a.json", "[")}, []string{"a.json:1:"}},
		{"diagnose", object{"messages": texts("m", denied), "iam": texts("account.json", `{"RoleDetailList": []}`), "taskDefinitions": texts("a.json", task)}, []string{"a.json: the role of this task definition is not among the roles"}},
		{"check", object{"taskDefinitions": texts("a.json", task), "role": role, "iam": role}, []string{"exclude each other"}},
		{"check", object{"taskDefinitions": texts("a.json", task), "iam": texts("account.json", `{"RoleDetailList": []}`)}, []string{"a.json: the task definition web names no executionRoleArn"}},
		{"check", object{"taskDefinitions": texts("a.json", strings.Replace(task, "{", `{"executionRoleArn": "arn:aws:iam::111122223333:role/web", `, 1)), "iam": texts("account.json", `{"RoleDetailList": []}`)},
			[]string{"a.json:1:22: the execution role of web is arn:aws:iam::111122223333:role/web, and it is not among the roles of the call"}},
		{"check", object{"taskDefinitions": texts("a.json", task), "role": texts("r.json", "[")}, []string{"r.json:1:"}},
		{"check", object{"taskDefinitions": texts("a.json", task), "role": role, "boundary": texts("b.json", "7")[0], "resourcePolicies": object{"x": role[0]}}, []string{"b.json:1:1", `"x" of the resource policies is no ARN`}},
	} {
		result, text := call(t, session, tt.tool, tt.arguments)
		for _, want := range tt.want {
			if !result.IsError || !strings.Contains(text, want) {
				t.Errorf("%s: error %v, %s\nwant %s", tt.tool, result.IsError, text, want)
			}
		}
	}
	if result, text := call(t, session, "explain", object{"taskDefinitions": texts("a.json", task), "keys": texts("k.json", "[")}); !result.IsError || !strings.Contains(text, "k.json:1:") {
		t.Errorf("keys that cannot be read: %s", text)
	}
	if _, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "delete"}); err == nil {
		t.Error("there is a tool delete")
	}
	// After all of these, the server still works.
	if result, text := call(t, session, "generate", object{"taskDefinitions": texts("", task)}); result.IsError {
		t.Error(text)
	}
}

// TestFilesStayClosed: a module of Terraform that names other files gets nothing of them.
func TestFilesStayClosed(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(secret, []byte(`[{"name": "app", "image": "leaked"}]`), 0o666); err != nil {
		t.Fatal(err)
	}
	session := connect(t)
	for _, path := range []string{secret, "../../../../../../../../.." + secret, "/etc/passwd", "main_test.go"} {
		source := fmt.Sprintf("resource \"aws_ecs_task_definition\" \"web\" {\n  family = \"web\"\n  container_definitions = file(%q)\n}\n", path)
		result, text := call(t, session, "explain", object{"taskDefinitions": texts("main.tf", source)})
		if !result.IsError || strings.Contains(text, "leaked") || strings.Contains(text, "root:") {
			t.Errorf("%s: %s", path, text)
		}
	}
}

// process starts the server as a process of its own, which is the test's program.
func process() *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "EXECROLE_MCP_SERVES=1")
	return cmd
}

// TestProcess talks to a process. It has no socket and no file open besides its standard streams, and ends with its client.
func TestProcess(t *testing.T) {
	cmd := process()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, text := call(t, session, "generate", object{"taskDefinitions": texts("task.json", task)})
	if result.IsError || !strings.Contains(text, "secretsmanager:GetSecretValue") {
		t.Errorf("%s", text)
	}
	if info := session.InitializeResult(); info.ServerInfo.Name != "execrole" || !strings.Contains(info.Instructions, "Never widen") {
		t.Errorf("%+v", info)
	}
	if runtime.GOOS == "linux" {
		fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range fds {
			target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", cmd.Process.Pid, fd.Name()))
			// Go itself reads the limits of the machine, and wakes its threads by pipes.
			ofGo := strings.HasPrefix(target, "anon_inode:") || strings.HasPrefix(target, "pipe:") || strings.HasPrefix(target, "/sys/fs/cgroup/")
			if fd.Name() > "2" && !ofGo {
				t.Errorf("the server has %s open", target)
			}
		}
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
	if status := cmd.ProcessState.ExitCode(); status != 0 || stderr.Len() > 0 {
		t.Errorf("exit status %d\n%s", status, stderr.String())
	}
}

// TestLongMessage: a message that does not end is not read for ever.
func TestLongMessage(t *testing.T) {
	cmd := process()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(stdin)
	w.WriteString(`{"jsonrpc": "2.0", "id": 1, "method": "`)
	for range maxMessage/64 + 1 {
		if _, err := w.WriteString(strings.Repeat("x", 64)); err != nil {
			break // the server has ended
		}
	}
	w.Flush()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(stderr.String(), "execrole-mcp: ") {
		t.Errorf("%v\n%s", err, stderr.String())
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		status int
		out    string
	}{{[]string{"--help"}, 0, "Usage: execrole-mcp\n"}, {[]string{"--version"}, 0, "execrole-mcp "}, {[]string{"serve"}, 2, "execrole-mcp: it takes no arguments"}} {
		var out, errs bytes.Buffer
		if status := run(tt.args, &out, &errs, nil); status != tt.status || !strings.HasPrefix(out.String()+errs.String(), tt.out) {
			t.Errorf("%q: %d, %s%s", tt.args, status, out.String(), errs.String())
		}
	}
}
