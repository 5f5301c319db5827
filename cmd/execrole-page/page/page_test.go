package page_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/cmd/execrole-page/page"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/testdata/golden"
)

// TestLikeTheCommand compares the page with the command for every golden case in every format: the files, and the findings
// that the command prints.
func TestLikeTheCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("the command is built")
	}
	command := filepath.Join(t.TempDir(), "execrole")
	if out, err := exec.Command("go", "build", "-o", command, "../../execrole").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	written, failed := 0, 0
	for _, c := range golden.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "input.json"), c.Input(), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, format := range emit.Formats() {
				resp := page.Run(page.Request{Files: []page.File{{Name: "input.json", Text: string(c.Input())}}, Options: c.Flags(), Format: format.Name})
				if len(resp.Problems) > 0 {
					t.Fatalf("format %s: problems %q", format.Name, resp.Problems)
				}
				wantFiles, wantFindings := runCommand(t, command, dir, format.Name, c.Flags())
				files := map[string]string{}
				for _, f := range resp.Files {
					files[f.Name] = f.Text
				}
				if diff := cmp.Diff(wantFiles, files); diff != "" {
					t.Errorf("format %s: files (-command +page):\n%s", format.Name, diff)
				}
				var findings []string
				for _, f := range resp.Findings {
					if f.Severity != "note" {
						findings = append(findings, f.Text)
					}
				}
				if diff := cmp.Diff(sorted(wantFindings), sorted(findings)); diff != "" {
					t.Errorf("format %s: findings (-command +page):\n%s", format.Name, diff)
				}
				if written += len(files); len(files) == 0 {
					failed++
				}
			}
		})
	}
	if written < 2000 || failed < 200 {
		t.Errorf("only %d files were compared, and %d cases without", written, failed)
	}
}

// runCommand runs the command in a folder with input.json. It returns the files that are written, and the errors and warnings
// that are printed.
func runCommand(t *testing.T, command, dir, format string, flags []string) (files map[string]string, findings []string) {
	t.Helper()
	args := slices.Concat([]string{"-q", "-f", format, "-o", format + "/"}, flags)
	if format == emit.IAMJSON.Name || format == emit.AWSCLI.Name {
		args = slices.DeleteFunc(args, func(arg string) bool { return arg == "--parameters" }) // the page leaves it out too
	}
	cmd := exec.Command(command, append(args, "input.json")...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.Run() // with errors it writes no files
	for line := range strings.Lines(stderr.String()) {
		if strings.HasPrefix(line, "input.json:") {
			findings = append(findings, strings.TrimSuffix(line, "\n"))
		} else if !strings.HasPrefix(line, "execrole: to go on") && !strings.HasPrefix(line, "execrole: or add") {
			t.Errorf("the command printed %q", line)
		}
	}
	files = map[string]string{}
	entries, _ := os.ReadDir(filepath.Join(dir, format))
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, format, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files, findings
}

func sorted(list []string) []string {
	list = append([]string{}, list...)
	slices.Sort(list)
	return list
}

// otherAccount is in the name of a file for the owner of resources in another account.
var otherAccount = regexp.MustCompile(`-execution-[0-9]{12}-`)

// TestSpans: every statement of every golden role is found in the files of every format, once, and its lines have its Sid.
func TestSpans(t *testing.T) {
	found := 0
	for _, c := range golden.Cases(t) {
		for _, format := range emit.Formats() {
			options := append([]string{"--account=111122223333", "--region=us-east-1"}, c.Flags()...)
			if strings.Contains(strings.Join(c.Flags(), " "), "--region") || strings.Contains(strings.Join(c.Flags(), " "), "--account") {
				options = c.Flags()
			}
			resp := page.Run(page.Request{Files: []page.File{{Name: "input.json", Text: string(c.Input())}}, Options: options, Format: format.Name})
			if len(resp.Files) == 0 {
				continue
			}
			count := map[int]int{}
			for _, f := range resp.Files {
				lines := strings.Split(f.Text, "\n")
				for _, span := range f.Spans {
					if !otherAccount.MatchString(f.Name) { // what other accounts allow has the same Sids
						count[span.Statement]++
					}
					found++
					part := strings.Join(lines[span.From-1:span.To], "\n")
					st := resp.Statements[span.Statement]
					if n := strings.Count(part, "Sid"); n != 1 || !strings.Contains(part, st.Sid) || !strings.Contains(part, st.Actions[len(st.Actions)-1].Name) {
						t.Errorf("%s, format %s: statement %s has the lines\n%s", c.Name, format.Name, st.Sid, part)
					}
				}
			}
			for i, st := range resp.Statements {
				if want := map[bool]int{true: 1, false: 0}[st.GrantedBy == ""]; count[i] != want {
					t.Errorf("%s, format %s: statement %s was found %d times", c.Name, format.Name, st.Sid, count[i])
				}
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d statements were found", found)
	}
}

// TestPlaces: a place is in UTF-16 units, and has what is at it.
func TestPlaces(t *testing.T) {
	for name, test := range map[string]struct{ name, text, want string }{
		"json":       {"a.json", `{"family":"鍵🔑","containerDefinitions":[{"name":"🔑","image":"${IMAGE}"}]}`, `"${IMAGE}"`},
		"yaml plain": {"a.yaml", "family: 🔑\ncontainerDefinitions:\n  - name: app\n    image: ${IMAGE} # filled in later\n", "${IMAGE}"},
		"yaml flow":  {"a.yaml", "family: f\ncontainerDefinitions: [{name: app, image: '<IMAGE>'}]\n", "'<IMAGE>'"},
		"hcl":        {"main.tf", "# 鍵\nresource \"aws_ecs_task_definition\" \"a\" {\n  family = \"a\"\n  container_definitions = jsonencode([{ name = \"app\", image = \"<IMAGE>\" }])\n}\n", `"<IMAGE>"`},
	} {
		t.Run(name, func(t *testing.T) {
			resp := page.Run(page.Request{Files: []page.File{{Name: test.name, Text: test.text}}, Format: "cloudformation"})
			if len(resp.Findings) == 0 || len(resp.Problems) > 0 {
				t.Fatalf("findings %v, problems %q", resp.Findings, resp.Problems)
			}
			f := resp.Findings[slices.IndexFunc(resp.Findings, func(f page.Finding) bool { return f.Severity == "error" })]
			if got := part(test.text, f.At); f.At.File != 0 || got != test.want {
				t.Errorf("the finding %s is at %+v: %q, want %q", f.Text, f.At, got, test.want)
			}
			if len(f.Fixes) == 0 || f.Fixes[0] != (page.Fix{Flag: "--set", Before: "IMAGE=", Blank: "VALUE"}) {
				t.Errorf("fixes %+v", f.Fixes)
			}
		})
	}
}

// TestStatements: a statement knows the fields that ask for it, and why.
func TestStatements(t *testing.T) {
	text := `{"family":"web","containerDefinitions":[{"name":"app","image":"111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1",
	"secrets":[{"name":"DB","valueFrom":"arn:aws:ssm:eu-west-1:111122223333:parameter/db"}]}]}`
	resp := page.Run(page.Request{Files: []page.File{{Name: "a.json", Text: text}}})
	var got []string
	for _, st := range resp.Statements {
		for _, from := range st.From {
			got = append(got, st.Sid+" "+from.Words+" "+part(text, from.At))
		}
		if len(st.Why) == 0 || len(st.Doc) == 0 || st.Doc[0] == "" {
			t.Errorf("%s: why %q, doc %q", st.Sid, st.Why, st.Doc)
		}
	}
	image, secret := `"111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1"`, `"arn:aws:ssm:eu-west-1:111122223333:parameter/db"`
	want := []string{"GetECRAuthorizationToken app: image " + image, "PullImages app: image " + image, "ReadParameters app: secrets DB " + secret}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !resp.HasRole || len(resp.Files) == 0 || !slices.Equal(resp.Language, []string{"json"}) {
		t.Errorf("role %t, files %d, language %q", resp.HasRole, len(resp.Files), resp.Language)
	}
}

// part returns what a place is of.
func part(text string, at page.Span) string {
	var units []rune // a text of UTF-16 units, of which those of pairs are marked
	for _, r := range text {
		units = append(units, r)
		if r > 0xFFFF {
			units = append(units, -1)
		}
	}
	var b strings.Builder
	for _, r := range units[at.From:at.To] {
		if r >= 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// TestOptions: the form has the flags that apply, with their values, and says what is wrong with them.
func TestOptions(t *testing.T) {
	text := `{"family":"web","containerDefinitions":[{"name":"app","image":"<IMAGE>","secrets":[{"name":"DB","valueFrom":"arn:aws:ssm:eu-west-1:111122223333:parameter/db"}]}]}`
	ask := func(format string, options ...string) page.Response {
		return page.Run(page.Request{Files: []page.File{{Name: "web task.json", Text: text}}, Options: options, Format: format})
	}
	applies := func(resp page.Response) (list []string) {
		for _, o := range resp.Options {
			if o.Applies {
				list = append(list, o.Name+strings.Join(o.Values, ","))
			}
		}
		return list
	}
	if got := applies(ask("")); !slices.Contains(got, "set") || !slices.Contains(got, "kms-key") || !slices.Contains(got, "parameters") || slices.Contains(got, "pull-through-cache") {
		t.Errorf("without options, these apply: %q", got)
	}
	resp := ask("json", "--set", "IMAGE=nginx", "--kms-key=*=alias/shop", "--parameters")
	if got := applies(resp); slices.Contains(got, "parameters") {
		t.Errorf("in the format json, these apply: %q", got)
	}
	if want := "execrole -f json --set IMAGE=nginx '--kms-key=*=alias/shop' 'web task.json'"; resp.Command != want {
		t.Errorf("the command is\n%s, want\n%s", resp.Command, want)
	}
	for _, o := range resp.Options {
		if o.Name == "kms-key" && !slices.Equal(o.Values, []string{"*=alias/shop"}) || o.Name == "set" && !slices.Equal(o.Values, []string{"IMAGE=nginx"}) {
			t.Errorf("the option %s has the values %q", o.Name, o.Values)
		}
	}
	if resp := ask("", "--account=1", "--nothing"); len(resp.Problems) == 0 {
		t.Error("options that are wrong have no problem")
	}
	if resp := ask("xml"); len(resp.Problems) != 1 {
		t.Errorf("problems of a format that is none: %q", resp.Problems)
	}
}

// TestCheck: the page has the verdict of the command, with its places.
func TestCheck(t *testing.T) {
	text := `{"family":"web","containerDefinitions":[{"name":"app","image":"nginx","secrets":[{"name":"DB","valueFrom":"arn:aws:ssm:eu-west-1:111122223333:parameter/db"}]}]}`
	role := "{\"Statement\": [\n{\"Effect\": \"Allow\", \"Action\": \"secretsmanager:GetSecretValue\", \"Resource\": \"*\"}]}"
	req := page.Request{Mode: page.Check, Files: []page.File{{Name: "task.json", Text: text}}, Roles: []page.File{{Name: "role.json", Text: role}}}
	resp := page.Run(req)
	var report struct {
		Roles []struct {
			Fits     string
			Findings []struct{ Code string }
		}
	}
	if err := json.Unmarshal(resp.Verdict.Report, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Roles) != 1 || report.Roles[0].Fits != "no" || len(report.Roles[0].Findings) != len(resp.Verdict.Places[0]) {
		t.Fatalf("report %+v, places %+v", report, resp.Verdict.Places)
	}
	if at := resp.Verdict.Places[0][0].Asked; len(at) != 1 || part(text, at[0]) != `"arn:aws:ssm:eu-west-1:111122223333:parameter/db"` {
		t.Errorf("asked at %+v", at)
	}
	last := resp.Verdict.Places[0][1].Role
	if last.File != 0 || last.Line != 2 {
		t.Errorf("the statement is at %+v", last)
	}
	if !strings.Contains(resp.Verdict.Text, "The role does not fit") {
		t.Errorf("text %q", resp.Verdict.Text)
	}
	req.Roles[0].Text = "{"
	if resp := page.Run(req); len(resp.Verdict.Problems) == 0 || string(resp.Verdict.Report) != "null" {
		t.Errorf("a role that is no JSON: %+v", resp.Verdict)
	}
}

// TestCheckLikeTheCommand: the verdict is that of the command, for a role beside the input and for one in a template.
func TestCheckLikeTheCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("the command is built")
	}
	command := filepath.Join(t.TempDir(), "execrole")
	if out, err := exec.Command("go", "build", "-o", command, "../../execrole").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	template := `Parameters: {Name: {Type: String}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: "sts:AssumeRole"}]}
      Policies: [{PolicyName: p, PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "ssm:GetParameters", Resource: "*"}]}}]
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: f
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{Name: app, Image: !Sub "111122223333.dkr.ecr.eu-west-1.amazonaws.com/${Name}", Secrets: [{Name: A, ValueFrom: /a}]}]
`
	terraform := `resource "aws_iam_role" "r" {
  name               = "r"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_ecs_task_definition" "t" {
  family                = "f"
  execution_role_arn    = aws_iam_role.r.arn
  container_definitions = jsonencode([{ name = "app", image = "nginx", secrets = [{ name = "A", valueFrom = "/a" }] }])
}
`
	role := `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	for name, test := range map[string]struct {
		file, text, role string
		options          []string
		own              bool
		want             string // what the verdict has
	}{
		"beside the input":      {"task.json", `{"family":"f","containerDefinitions":[{"name":"a","image":"nginx"}]}`, role, nil, false, "The role fits"},
		"in the template":       {"t.yaml", template, "", []string{"--set=Name=shop"}, true, "The role does not fit"},
		"given instead":         {"t.yaml", template, role, []string{"--set=Name=shop", "--region=eu-west-1"}, false, "The role fits"},
		"a task that is broken": {"t.yaml", template + `  Other: {Type: "AWS::ECS::TaskDefinition", Properties: {Family: g, ExecutionRoleArn: !GetAtt Role.Arn, ContainerDefinitions: [{Name: b, Image: nginx, Secrets: [{Name: A, ValueFrom: "arn:aws:ssm:x"}]}]}}` + "\n", "", []string{"--set=Name=shop"}, true, "The role does not fit"},
		"in Terraform":          {"main.tf", terraform, "", nil, true, "The role does not fit"},
		"elsewhere":             {"main.tf", strings.Replace(terraform, "aws_iam_role.r.arn", "var.role", 1) + "variable \"role\" {}\n", "", nil, true, ""},
		"given as source":       {"task.json", `{"family":"f","containerDefinitions":[{"name":"a","image":"nginx"}]}`, "resource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  assume_role_policy = \"{}\"\n}\n", nil, false, ""},
		"without a role":        {"t.yaml", strings.Replace(template, "      ExecutionRoleArn: !GetAtt Role.Arn\n", "", 1), "", nil, true, "no execution role"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			args := append([]string{"check", "-q", "-f", "json"}, test.options...)
			if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.text), 0o666); err != nil {
				t.Fatal(err)
			}
			roleFile := "role.json"
			if strings.HasPrefix(test.role, "resource") {
				roleFile = "role.tf"
			}
			if test.role != "" {
				args = append(args, "--role", roleFile)
				if err := os.WriteFile(filepath.Join(dir, roleFile), []byte(test.role), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(command, append(args, test.file)...)
			cmd.Dir = dir
			want, err := cmd.Output()
			if len(want) == 0 {
				t.Fatalf("the command says nothing: %v", err)
			}
			resp := page.Run(page.Request{Mode: page.Check, Files: []page.File{{Name: test.file, Text: test.text}}, Roles: []page.File{{Name: roleFile, Text: test.role}}, Options: test.options})
			if len(resp.Problems) > 0 || resp.Verdict.Own != test.own {
				t.Fatalf("problems %q, own %t", resp.Problems, resp.Verdict.Own)
			}
			if diff := cmp.Diff(canonical(t, want), canonical(t, resp.Verdict.Report)); diff != "" {
				t.Errorf("the verdict (-command +page):\n%s", diff)
			}
			if !strings.Contains(resp.Verdict.Text, test.want) {
				t.Errorf("the text has no %q:\n%s", test.want, resp.Verdict.Text)
			}
			if test.own != (resp.Command == "execrole check "+strings.Join(append(test.options, test.file), " ")) {
				t.Errorf("the command is %s", resp.Command)
			}
		})
	}
}

// TestPoliciesLikeTheCommand: policies besides those of the role, and the roles of an account, count as for the command.
func TestPoliciesLikeTheCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("the command is built")
	}
	command := filepath.Join(t.TempDir(), "execrole")
	if out, err := exec.Command("go", "build", "-o", command, "../../execrole").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const (
		secret  = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
		task    = `{"family":"f","executionRoleArn":"arn:aws:iam::111122223333:role/web","containerDefinitions":[{"name":"a","image":"nginx","secrets":[{"name":"DB","valueFrom":"` + secret + `"}]}]}`
		other   = `{"family":"g","executionRoleArn":"arn:aws:iam::111122223333:role/gone","containerDefinitions":[{"name":"a","image":"nginx","secrets":[{"name":"DB","valueFrom":"` + secret + `"}]}]}`
		role    = `{"Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "` + secret + `"}}`
		deny    = `{"Statement": {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}}`
		nothing = `{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`
		all     = `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
		trust   = `{"Statement": {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}}`
		account = `{"RoleDetailList": [
 {"RoleName": "web", "Arn": "arn:aws:iam::111122223333:role/web", "AssumeRolePolicyDocument": ` + trust + `, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": ` + role + `}]},
 {"RoleName": "idle", "Arn": "arn:aws:iam::111122223333:role/idle", "AssumeRolePolicyDocument": ` + trust + `, "RolePolicyList": []}]}`
	)
	for name, test := range map[string]struct {
		role     string
		account  bool
		policies []page.Policy
		tasks    []string
		args     string // of the command, beside the task definitions
		want     string // what the verdict has
	}{
		"a boundary that allows":   {role, false, []page.Policy{{Kind: page.Boundary, Text: all}}, []string{task}, "--role role.json --boundary boundary.json", "The role fits"},
		"a boundary that does not": {role, false, []page.Policy{{Kind: page.Boundary, Text: nothing}}, []string{task}, "--role role.json --boundary boundary.json", "EXR003"},
		"control policies": {role, false, []page.Policy{{Kind: page.ServiceControl, Text: all}, {Kind: page.ServiceControl}, {Kind: page.ServiceControl, Text: deny}}, []string{task},
			"--role role.json --scp scp.json --scp scp-3.json", "EXR004"},
		"a policy of the secret": {role, false, []page.Policy{{Kind: page.ResourcePolicy, ARN: secret + " ", Text: `{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}`}}, []string{task},
			"--role role.json --resource-policy " + secret + "=resource-policy.json", "EXR005"},
		"an account":                    {account, true, nil, []string{task, other}, "--iam role.json", "not in the files"},
		"an account under control":      {account, true, []page.Policy{{Kind: page.ServiceControl, Text: deny}}, []string{task}, "--iam role.json --scp scp.json", "EXR004"},
		"an account with a broken task": {account, true, nil, []string{task, strings.Replace(other, "nginx", "<IMAGE>", 1)}, "--iam role.json", "task not read"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			write("role.json", test.role)
			req := page.Request{Mode: page.Check, Roles: []page.File{{Name: "role.json", Text: test.role}}, Account: test.account, Policies: test.policies}
			args := strings.Fields(test.args)
			for i, text := range test.tasks {
				name := fmt.Sprintf("task-%d.json", i)
				write(name, text)
				args, req.Files = append(args, name), append(req.Files, page.File{Name: name, Text: text})
			}
			n := map[string]int{}
			for _, p := range test.policies {
				n[p.Kind]++
				name := p.Kind + ".json"
				if n[p.Kind] > 1 {
					name = fmt.Sprintf("%s-%d.json", p.Kind, n[p.Kind])
				}
				write(name, p.Text)
			}
			resp := page.Run(req)
			if len(resp.Problems)+len(resp.Verdict.Problems) > 0 {
				t.Fatalf("problems %q, %v", resp.Problems, resp.Verdict.Problems)
			}
			for form, got := range map[string]string{"json": string(resp.Verdict.Report), "text": resp.Verdict.Text} {
				cmd := exec.Command(command, append([]string{"check", "-q", "-f", form}, args...)...)
				cmd.Dir = dir
				want, err := cmd.Output()
				if len(want) == 0 {
					t.Fatalf("the command says nothing: %v", err)
				}
				if form == "json" {
					if diff := cmp.Diff(canonical(t, want), canonical(t, []byte(got))); diff != "" {
						t.Errorf("the verdict (-command +page):\n%s", diff)
					}
				} else if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("the text (-command +page):\n%s", diff)
				}
			}
			if !strings.Contains(resp.Verdict.Text, test.want) {
				t.Errorf("the text has no %q:\n%s", test.want, resp.Verdict.Text)
			}
			if want := "execrole check " + strings.Join(args, " "); resp.Command != want {
				t.Errorf("the command is %s\nwant %s", resp.Command, want)
			}
		})
	}
}

// TestSuggestion: a text that is no task definition belongs to another mode, if it does.
func TestSuggestion(t *testing.T) {
	for text, want := range map[string]string{
		"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/x/y:1: docker.io/x/y:1: not found":     page.Diagnose,
		`{"tasks": [{"stoppedReason": "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException", "containers": []}]}`: page.Diagnose,
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`:                                                   page.Check,
		`{"Role": {"RoleName": "r", "Arn": "arn:aws:iam::111122223333:role/r"}}`:                                                                          page.Check,
		"hello": "", "{": "", "services:\n  web:\n    image: nginx\n": "", `{"family": "f"}`: "",
		`{"family": "f", "containerDefinitions": [{"name": "a", "image": "<IMAGE>"}]}`: "",
		`{"family": "f", "containerDefinitions": [{"name": "a", "image": "nginx"}]}`:   "",
	} {
		resp := page.Run(page.Request{Files: []page.File{{Name: "task.json", Text: text}}})
		if resp.Suggestion != want {
			t.Errorf("%s: %q, want %q", text, resp.Suggestion, want)
		}
		if want != "" && len(resp.Unseen) > 0 {
			t.Errorf("%s: what a task definition does not show: %v", text, resp.Unseen)
		}
	}
}

// TestBrokenPolicies: what is wrong with another policy is said at its place, and then there is no verdict.
func TestBrokenPolicies(t *testing.T) {
	req := page.Request{Mode: page.Check, Files: []page.File{{Name: "boundary.json", Text: `{"family":"f","containerDefinitions":[{"name":"a","image":"nginx"}]}`}}, Roles: []page.File{{Name: "role.json", Text: "{\"Statement\": []}"}}}
	allow := `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	for want, policies := range map[string][]page.Policy{
		"the-boundary.json:2:1: error": {{Kind: page.Boundary, Text: "{\n"}},
		"one permissions boundary":     {{Kind: page.Boundary, Text: allow}, {Kind: page.Boundary, Text: allow}},
		`"secret" is no ARN`:           {{Kind: page.ResourcePolicy, ARN: "secret", Text: allow}},
		`no kind of policy "x"`:        {{Kind: "x", Text: allow}},
	} {
		for _, mode := range []string{page.Check, page.Diagnose} {
			req.Mode, req.Message, req.Policies = mode, "CannotPullContainerError: x", policies
			resp := page.Run(req)
			var list []page.Finding
			var report string
			if mode == page.Check {
				list, report = resp.Verdict.Problems, string(resp.Verdict.Report)
			} else {
				list, report = resp.Diagnosis.Problems, string(resp.Diagnosis.Report)
			}
			if len(list) != 1 || !strings.Contains(list[0].Text, want) || report != "null" {
				t.Errorf("%s: %v, want %q; the answer is %s", mode, list, want, report)
			} else if strings.Contains(want, ":2:") && list[0].At.File != 1 {
				t.Errorf("%s: the place is %+v", mode, list[0].At)
			}
		}
	}
}

// TestDiagnoseLikeTheCommand: the answer is that of the command, with what it is given besides the message.
func TestDiagnoseLikeTheCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("the command is built")
	}
	command := filepath.Join(t.TempDir(), "execrole")
	if out, err := exec.Command("go", "build", "-o", command, "../../execrole").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	message := "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/web-execution/0123 is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/db because no identity-based policy allows the ssm:GetParameters action"
	task := `{"family":"web","containerDefinitions":[{"name":"app","image":"nginx","secrets":[{"name":"DB","valueFrom":"arn:aws:ssm:eu-west-1:111122223333:parameter/db"}]}]}`
	broken := `{"family":"web","containerDefinitions":[{"name":"app","image":"<IMAGE>","secrets":[{"name":"DB","valueFrom":"arn:aws:ssm:eu-west-1:111122223333:parameter/db"}]}]}`
	for name, test := range map[string]struct{ message, task, role string }{
		"a message":          {message, "", ""},
		"with the task":      {message, task, ""},
		"a placeholder":      {message, broken, ""},
		"with the role":      {message, task, `{"Statement": {"Effect": "Deny", "Action": "ssm:*", "Resource": "*"}}`},
		"an unknown message": {"nobody knows this one", task, ""},
		"a document":         {`{"tasks": [{"stoppedReason": "` + message + `", "containers": []}]}`, task, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"diagnose", "-q", "-f", "json", "-"}
			req := page.Request{Mode: page.Diagnose, Message: test.message}
			for _, f := range []struct{ name, text, flag string }{{"role.json", test.role, "--role"}, {"task.json", test.task, ""}} {
				if f.text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.text), 0o666); err != nil {
					t.Fatal(err)
				}
				if f.flag != "" {
					args, req.Roles = append(args, f.flag), []page.File{{Name: f.name, Text: f.text}}
				} else {
					req.Files = []page.File{{Name: f.name, Text: f.text}}
				}
				args = append(args, f.name)
			}
			cmd := exec.Command(command, args...)
			cmd.Dir, cmd.Stdin = dir, strings.NewReader(test.message)
			want, err := cmd.Output()
			if len(want) == 0 {
				t.Fatalf("the command says nothing: %v", err)
			}
			resp := page.Run(req)
			got := strings.ReplaceAll(string(resp.Diagnosis.Report), `"MESSAGE"`, `"standard input"`)
			if diff := cmp.Diff(strings.ReplaceAll(string(want), `"<stdin>"`, `"standard input"`), got); diff != "" {
				t.Errorf("the answer (-command +page):\n%s", diff)
			}
			if test.task != "" && strings.Contains(test.message, "ssm:") {
				if at := resp.Diagnosis.Places[0]; len(at) != 1 || part(test.task, at[0]) != `"arn:aws:ssm:eu-west-1:111122223333:parameter/db"` {
					t.Errorf("the field is at %+v", at)
				}
			}
		})
	}
	for _, text := range []string{"{", `{"tasks": []}`} {
		if resp := page.Run(page.Request{Mode: page.Diagnose, Message: text}); resp.Diagnosis.Error == "" && string(resp.Diagnosis.Report) == "null" {
			t.Errorf("%s has no answer, and no error", text)
		}
	}
}

// canonical returns a document without the version of the program.
func canonical(t *testing.T, data []byte) any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for key := range doc {
		if strings.Contains(strings.ToLower(key), "version") {
			delete(doc, key)
		}
	}
	return doc
}

// TestFaults: whatever the page sends, it gets an answer without null in it.
func TestFaults(t *testing.T) {
	for _, request := range []string{"", "{}", `{"files":null}`, `{"files":[{}]}`, `{"files":[{"name":"../../x.tf","text":"resource"}]}`, `{"mode":"check","files":[{"text":"{}"}]}`, `{"mode":"diagnose","message":"x"}`, `{"mode":"diagnose","message":"{","files":[{"text":"{}"}]}`, `{"files":[{"text":"{}"}],"task":7}`, `{"options":["--resource=x"],"files":[{"text":"{}"}]}`} {
		var resp map[string]json.RawMessage
		if err := json.Unmarshal([]byte(page.RunJSON(request)), &resp); err != nil {
			t.Errorf("%s: %v", request, err)
		}
		for name, value := range resp {
			if string(value) == "null" && name != "verdict" && name != "diagnosis" {
				t.Errorf("%s: %s is null", request, name)
			}
		}
	}
}
