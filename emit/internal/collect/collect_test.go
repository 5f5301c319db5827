// Package collect runs docs/collect.sh, against moto and against a program that only looks like the AWS CLI.
package collect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

const account, region = "111122223333", "eu-west-1"

// run runs a command and returns what it prints, and its exit status.
func run(t *testing.T, env []string, name string, args ...string) (out string, status int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = env
	data, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok {
		return string(data), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data), 0
}

// files returns the texts of all files in a folder by their names in it.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		texts[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func names(texts map[string]string) []string {
	var list []string
	for name := range texts {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// aws calls a service of moto as the AWS CLI would, which takes its time.
type aws struct {
	*testing.T
	endpoint string
}

// call calls a service with JSON, and returns the answer.
func (a aws) call(service, target string, body any) map[string]any {
	a.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		a.Fatal(err)
	}
	return a.send(service, "POST", "/", data, map[string]string{"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"})
}

func (a aws) send(service, method, path string, body []byte, header map[string]string) map[string]any {
	a.Helper()
	request, err := http.NewRequest(method, a.endpoint+path, bytes.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	json.NewDecoder(response.Body).Decode(&answer) // S3 and IAM answer with XML
	if response.StatusCode != http.StatusOK {
		a.Fatalf("%s %s: %s %v", service, path, response.Status, answer)
	}
	return answer
}

func (a aws) register(family, role string, container map[string]any) {
	container["name"], container["image"], container["memory"] = "app", "nginx", 1
	a.call("ecs", "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", map[string]any{
		"family": family, "executionRoleArn": "arn:aws:iam::" + account + ":role/" + role, "containerDefinitions": []any{container},
	})
}

// secret makes a secret, with a key where that is not "", and returns its ARN.
func (a aws) secret(name, key string) string {
	body := map[string]any{"Name": name, "SecretString": secretValue, "ClientRequestToken": strings.Repeat("a", 32)}
	if key != "" {
		body["KmsKeyId"] = key
	}
	return a.call("secretsmanager", "secretsmanager.CreateSecret", body)["ARN"].(string)
}

const secretValue = "a-value-that-nobody-may-see"

const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}]}`

func (a aws) role(name, policy string) {
	form := func(values ...string) {
		query := "Version=2010-05-08"
		for i := 0; i < len(values); i += 2 {
			query += "&" + values[i] + "=" + escape(values[i+1])
		}
		a.send("iam", "POST", "/", []byte(query), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	}
	form("Action", "CreateRole", "RoleName", name, "AssumeRolePolicyDocument", trust)
	form("Action", "PutRolePolicy", "RoleName", name, "PolicyName", "p", "PolicyDocument", policy)
}

// escape encodes a text for a form.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// setUp makes roles, secrets, parameters, an object and more task definitions than one page has. Of these, many is a family
// with many revisions.
func (a aws) setUp() (key string) {
	key = a.call("kms", "TrentService.CreateKey", map[string]any{})["KeyMetadata"].(map[string]any)["Arn"].(string)
	a.call("kms", "TrentService.CreateAlias", map[string]any{"AliasName": "alias/app", "TargetKeyId": key})
	var own string
	for _, alias := range a.call("kms", "TrentService.ListAliases", map[string]any{})["Aliases"].([]any) {
		if alias := alias.(map[string]any); alias["AliasName"] == "alias/aws/s3" {
			own = "arn:aws:kms:" + region + ":" + account + ":key/" + alias["TargetKeyId"].(string)
		}
	}
	a.send("s3", "PUT", "/env-files", []byte(`<CreateBucketConfiguration><LocationConstraint>`+region+`</LocationConstraint></CreateBucketConfiguration>`), nil)
	a.send("s3", "PUT", "/env-files/app.env", []byte("A=1"), map[string]string{"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": key})
	a.send("s3", "PUT", "/env-files/own.env", []byte("A=1"), map[string]string{"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": own})
	for name, id := range map[string]string{"/shop/token": "alias/app", "/shop/own": "alias/aws/ssm"} {
		a.call("ssm", "AmazonSSM.PutParameter", map[string]any{"Name": name, "Value": secretValue, "Type": "SecureString", "KeyId": id})
	}
	plain, encrypted := a.secret("plain", ""), a.secret("encrypted", "alias/app")
	a.role("web", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "`+plain+`"}]}`)
	a.role("api", `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameters", "s3:GetObject", "s3:GetBucketLocation"], "Resource": "*"}]}`)
	a.role("idle", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}`)
	for range 105 {
		a.register("many", "web", map[string]any{})
	}
	secrets := func(values ...string) (list []any) {
		for _, v := range values {
			list = append(list, map[string]any{"name": "A", "valueFrom": v})
		}
		return list
	}
	a.register("web", "web", map[string]any{"secrets": secrets(plain + ":key::")})
	a.register("api", "api", map[string]any{
		"secrets":          secrets(encrypted, "/shop/token", "arn:aws:ssm:"+region+":"+account+":parameter/shop/own", "arn:aws:secretsmanager:"+region+":"+account+":secret:gone-AbCdEf"),
		"environmentFiles": []any{map[string]any{"type": "s3", "value": "arn:aws:s3:::env-files/app.env"}, map[string]any{"type": "s3", "value": "arn:aws:s3:::env-files/own.env"}},
	})
	return key
}

// workflow returns what the scheduled workflow of docs/ci.md runs: the command that collects, and the arguments of check.
func workflow(t *testing.T) (script string, arguments []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(golden.Root(t), "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "\n```")
		var w struct {
			On   struct{ Schedule []struct{ Cron string } }
			Jobs map[string]struct {
				Steps []struct {
					Run, Uses string
					With      struct{ Command, Args string }
				}
			}
		}
		if yaml.Unmarshal([]byte(block), &w) != nil || w.On.Schedule == nil {
			continue // another workflow
		}
		for _, step := range w.Jobs["roles"].Steps {
			if script += step.Run; step.With.Command == "check" {
				arguments = strings.Fields(step.With.Args)
			}
		}
	}
	if script == "" || arguments == nil {
		t.Fatal("docs/ci.md has no workflow that collects and checks")
	}
	return script, arguments
}

// TestCollect collects an account that moto plays, and compares its roles with its task definitions, by the commands of the
// workflow in docs/ci.md.
func TestCollect(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("the AWS CLI takes seconds for each call, and the script is for a POSIX shell")
	}
	sh := tool.Require(t, "sh", "a POSIX shell")
	env := tool.MotoServer(t, account, region)
	a := aws{t, ""}
	for _, v := range env {
		if endpoint, ok := strings.CutPrefix(v, "AWS_ENDPOINT_URL="); ok {
			a.endpoint = endpoint
		}
	}
	key := a.setUp()
	script, arguments := workflow(t)
	execrole := filepath.Join(t.TempDir(), "execrole")
	if out, status := run(t, os.Environ(), "go", "build", "-C", golden.Root(t), "-o", execrole, "./cmd/execrole"); status != 0 {
		t.Fatal(out)
	}
	root, err := filepath.Abs(golden.Root(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Symlink(root, "execrole"); err != nil {
		t.Fatal(err)
	}
	const folder = "account" // as the workflow has it

	out, status := run(t, env, sh, "-c", script)
	for _, want := range []string{"3 task definitions in eu-west-1, 3 of them new", "secret: 2 answers to 3 questions", "parameters: 1 answers to 1 questions", "object: 2 answers to 2 questions", "gone-AbCdEf"} {
		if !strings.Contains(out, want) || status != 0 {
			t.Errorf("status %d, and no %q in\n%s", status, want, out)
		}
	}
	collected := files(t, folder)
	if got, want := names(collected), []string{
		"account", "iam/roles-0001.json", "keys/aliases.json", "keys/object.json", "keys/parameters.json", "keys/secret.json",
		"tasks/eu-west-1.api.1.json", "tasks/eu-west-1.many.105.json", "tasks/eu-west-1.web.1.json",
	}; !slices.Equal(got, want) {
		t.Errorf("the folder has %v, want %v", got, want)
	}
	for name, text := range collected {
		if strings.Contains(text, secretValue) {
			t.Errorf("%s has the value of a secret", name)
		}
	}

	check := func(args ...string) (string, int) {
		return run(t, env, execrole, slices.Concat([]string{"check", "-q"}, arguments, args)...)
	}
	// Of what is encrypted with AWS's own keys, nothing is missing.
	out, status = check()
	for _, want := range []string{
		`(?m)^api +api +3 +0 +\d+  does not fit$`, `(?m)^web +many, web +0 +0 +0  fits$`, `(?m)^  idle$`,
		`(?m)^  kms:Decrypt on ` + regexp.QuoteMeta(key) + `$`, `"kms:EncryptionContext:PARAMETER_ARN": "arn:aws:ssm:eu-west-1:111122223333:parameter/shop/token"`,
	} {
		if !regexp.MustCompile(want).MatchString(out) || status != 1 {
			t.Errorf("status %d, and no %q in\n%s", status, want, out)
		}
	}

	// Again: nothing is asked twice, a new revision takes the place of the last one, and what is gone is removed.
	before := files(t, folder)
	if out, status := run(t, env, sh, "execrole/docs/collect.sh", folder); status != 0 || !strings.Contains(out, "3 task definitions in eu-west-1, 0 of them new") {
		t.Errorf("again: status %d\n%s", status, out)
	}
	if after := files(t, folder); !slices.Equal(names(before), names(after)) || before["tasks/eu-west-1.api.1.json"] != after["tasks/eu-west-1.api.1.json"] {
		t.Errorf("again, the folder has %v, and had %v", names(after), names(before))
	}
	a.register("web", "web", map[string]any{})
	a.call("ecs", "AmazonEC2ContainerServiceV20141113.DeregisterTaskDefinition", map[string]any{"taskDefinition": "api:1"})
	if out, status := run(t, env, sh, "execrole/docs/collect.sh", folder); status != 0 || !strings.Contains(out, "2 task definitions in eu-west-1, 1 of them new") {
		t.Errorf("after a change: status %d\n%s", status, out)
	}
	var tasks []string
	for _, name := range names(files(t, folder)) {
		if strings.HasPrefix(name, "tasks/") {
			tasks = append(tasks, name)
		}
	}
	if want := []string{"tasks/eu-west-1.many.105.json", "tasks/eu-west-1.web.2.json"}; !slices.Equal(tasks, want) {
		t.Errorf("after a change, the tasks are %v, want %v", tasks, want)
	}
}
