package emit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/emit"
)

// motoServer starts a server of moto, which plays AWS on this machine, for the account of resolveAs. It returns the
// environment in which the AWS CLI speaks to it and to nothing else.
func motoServer(t *testing.T) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("the AWS CLI takes a second for each call")
	}
	emit.RequireTool(t, "aws", "the AWS CLI")
	server := emit.RequireTool(t, "moto_server", "pip install 'moto[server]'")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, server, "-H", "127.0.0.1", "-p", port)
	cmd.Env = append(os.Environ(), "MOTO_ACCOUNT_ID="+resolveAs.Account)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait()
	})
	for range 600 {
		response, err := http.Get("http://" + address + "/moto-api/")
		if err == nil {
			response.Body.Close()
			return append(os.Environ(), "AWS_ENDPOINT_URL=http://"+address, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
				"AWS_REGION="+resolveAs.Region, "AWS_DEFAULT_REGION="+resolveAs.Region, "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true",
				"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("moto_server does not answer")
	return nil
}

// awsCLI runs the AWS CLI and decodes what it prints.
func awsCLI(env []string, args ...string) (any, error) {
	cmd := exec.Command("aws", append(args, "--output", "json")...)
	cmd.Env = env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("aws %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	var v any
	if len(out) > 0 {
		err = json.Unmarshal(out, &v)
	}
	return v, err
}

// pythonLiteral reads what moto says of a deployed role's inline policy: a literal of Python instead of JSON.
func pythonLiteral(t *testing.T, s string) any {
	t.Helper()
	python := emit.RequireTool(t, "python3", "the AWS CLI and moto run on it")
	cmd := exec.Command(python, "-c", "import ast, json, sys; print(json.dumps(ast.literal_eval(sys.stdin.read())))")
	cmd.Stdin = strings.NewReader(s)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	var v any
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTemplatesDeploy deploys templates to moto in both syntaxes, reads the roles back with the AWS CLI, and compares
// them with what the templates mean. What moto gets wrong is not compared: it ignores the managed policies that a
// role names, though it makes those of the template, and it looks for "${" in what Fn::Sub has put in.
func TestTemplatesDeploy(t *testing.T) {
	env := motoServer(t)
	roles := templateRoles(t)
	var wait sync.WaitGroup
	slots := make(chan bool, 4)
	type deployed struct {
		name, format string
		role         map[string]any
		policies     []any
		err          error
	}
	var mutex sync.Mutex
	var results []deployed
	dir := t.TempDir()
	for i, name := range []string{
		"web", "guardduty-no-region", "managed-policy", "environment-files-wildcards", "kms-alias-bare", "packed-150", "role-properties",
	} {
		role, ok := roles[name]
		if !ok {
			t.Fatalf("there is no role %s", name)
		}
		// Another test compares the two syntaxes; here one of them is enough for most.
		formats := []string{"cloudformation", "cloudformation-json"}
		if i > 0 {
			formats = formats[i%2 : i%2+1]
		}
		for _, format := range formats {
			files, err := emit.Lookup(format).Emit(role, emit.Options{Source: "input.json"})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name+"-"+format)
			if err := os.WriteFile(path, files[0].Data, 0o666); err != nil {
				t.Fatal(err)
			}
			wait.Go(func() {
				slots <- true
				defer func() { <-slots }()
				d := deployed{name: name, format: format}
				d.role, d.policies, d.err = deploy(env, name+"-"+format, path)
				if role.Name != "" && d.err == nil { // so that the other template can have the name
					_, d.err = awsCLI(env, "cloudformation", "delete-stack", "--stack-name", name+"-"+format)
				}
				mutex.Lock()
				defer mutex.Unlock()
				results = append(results, d)
			})
			if role.Name != "" {
				wait.Wait()
			}
		}
	}
	wait.Wait()
	slices.SortFunc(results, func(a, b deployed) int { return strings.Compare(a.name+a.format, b.name+b.format) })
	for _, d := range results {
		t.Run(d.name+"/"+d.format, func(t *testing.T) {
			if d.err != nil {
				t.Fatal(d.err)
			}
			want := roleMeaning(t, d.format, roles[d.name])
			want.Outputs, want.Attached, want.CFNNag = nil, nil, nil
			var got meaning
			if roles[d.name].Name != "" {
				got.Name = d.role["RoleName"].(string)
			}
			for key, value := range d.role {
				switch key {
				case "AssumeRolePolicyDocument":
					got.Trust = sorted(policyLines(t, value))
				case "Path":
					if value != "/" {
						got.property(t, key, value)
					}
				case "PermissionsBoundary":
					got.property(t, key, object(t, value)["PermissionsBoundaryArn"])
				case "MaxSessionDuration":
					if value != 3600.0 {
						got.property(t, key, value)
					}
				case "Description":
					if value != "" {
						got.property(t, key, value)
					}
				case "Tags":
					got.property(t, key, value)
				}
			}
			for _, p := range d.policies {
				if s, ok := p.(string); ok {
					p = pythonLiteral(t, s)
				}
				got.Permissions = append(got.Permissions, policyLines(t, p)...)
			}
			got.Permissions = sorted(got.Permissions)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the template and the deployed role (-template +role):\n%s", diff)
			}
		})
	}
}

// deploy makes a stack of a template and returns its role and the documents of its policies.
func deploy(env []string, stack, path string) (role map[string]any, policies []any, err error) {
	if _, err := awsCLI(env, "cloudformation", "create-stack", "--stack-name", stack, "--template-body", "file://"+path, "--capabilities", "CAPABILITY_NAMED_IAM"); err != nil {
		return nil, nil, err
	}
	list, err := awsCLI(env, "cloudformation", "list-stack-resources", "--stack-name", stack)
	if err != nil {
		return nil, nil, err
	}
	for _, resource := range list.(map[string]any)["StackResourceSummaries"].([]any) {
		r := resource.(map[string]any)
		id := r["PhysicalResourceId"].(string)
		switch r["ResourceType"] {
		case "AWS::IAM::Role":
			got, err := awsCLI(env, "iam", "get-role", "--role-name", id)
			if err != nil {
				return nil, nil, err
			}
			role = got.(map[string]any)["Role"].(map[string]any)
			names, err := awsCLI(env, "iam", "list-role-policies", "--role-name", id)
			if err != nil {
				return nil, nil, err
			}
			for _, name := range names.(map[string]any)["PolicyNames"].([]any) {
				p, err := awsCLI(env, "iam", "get-role-policy", "--role-name", id, "--policy-name", name.(string))
				if err != nil {
					return nil, nil, err
				}
				policies = append(policies, p.(map[string]any)["PolicyDocument"])
			}
		case "AWS::IAM::ManagedPolicy":
			p, err := awsCLI(env, "iam", "get-policy-version", "--policy-arn", id, "--version-id", "v1")
			if err != nil {
				return nil, nil, err
			}
			policies = append(policies, p.(map[string]any)["PolicyVersion"].(map[string]any)["Document"])
		default:
			return nil, nil, fmt.Errorf("a resource %v", r)
		}
	}
	return role, policies, nil
}
