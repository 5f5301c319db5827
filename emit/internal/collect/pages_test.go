package collect

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/emit/internal/tool"
	"github.com/execrole/execrole/testdata/golden"
)

// program looks like the AWS CLI. It writes down its arguments, and answers from the variables of the environment.
const program = `#!/bin/sh
printf '%s\n' "$*" >>"$LOG"
case "$1 $2" in
"sts get-caller-identity") echo "$ACCOUNT" ;;
"ecs list-task-definitions")
	# A line for each page.
	p=arn:aws:ecs:eu-west-1:111122223333:task-definition
	printf '%s\t%s\n%s\t%s\n%s\n' $p/web:9 $p/web:10 $p/api-1:2 $p/web-2:1 $p/api-1:1
	;;
"ecs describe-task-definition")
	case $* in
	*"$FAILS"*) echo "ThrottlingException" >&2; exit 254 ;;
	esac
	printf '{"taskDefinition": {"taskDefinitionArn": "%s"}}\n' "$6"
	;;
"iam get-account-authorization-details")
	case $* in
	*"--marker three=="*) printf '{\n    "RoleDetailList": [],\n    "IsTruncated": %s\n}\n' "$LAST" ;;
	*"--marker two"*) printf '{\n    "RoleDetailList": [],\n    "Marker": "three==",\n    "IsTruncated": true\n}\n' ;;
	*) printf '{\n    "RoleDetailList": [],\n    "IsTruncated": true,\n    "Marker": "two"\n}\n' ;;
	esac
	;;
*) exit 3 ;;
esac
`

// TestPages: all pages are asked for, what fails is asked for again in the next run, and a folder of others is left alone.
func TestPages(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the script is for a POSIX shell")
	}
	sh := tool.Require(t, "sh", "a POSIX shell")
	dir := t.TempDir()
	log, folder := filepath.Join(dir, "log"), filepath.Join(dir, "an account")
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(program), 0o777); err != nil {
		t.Fatal(err)
	}
	collect := func(variables []string, args ...string) (out, calls string, status int) {
		t.Helper()
		os.Remove(log)
		env := slices.Concat([]string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "LOG=" + log, "AWS_REGION=eu-west-1", "ACCOUNT=111122223333", "FAILS=none", "LAST=false"}, variables)
		out, status = run(t, env, sh, append([]string{filepath.Join(golden.Root(t), "docs", "collect.sh")}, args...)...)
		data, _ := os.ReadFile(log)
		return out, string(data), status
	}
	tasks := func() (list []string) {
		for _, name := range names(files(t, folder)) {
			if strings.HasPrefix(name, "tasks/") {
				list = append(list, strings.TrimSuffix(strings.TrimPrefix(name, "tasks/eu-west-1."), ".json"))
			}
		}
		return list
	}

	out, calls, status := collect([]string{"FAILS=task-definition/web:10"}, folder)
	if status != 1 || !strings.Contains(out, "no answer about arn:aws:ecs:eu-west-1:111122223333:task-definition/web:10") || !strings.Contains(out, "run it again") {
		t.Errorf("where an answer fails: status %d\n%s", status, out)
	}
	if got, want := tasks(), []string{"api-1.2", "web-2.1"}; !slices.Equal(got, want) {
		t.Errorf("where an answer fails, the tasks are %v, want %v", got, want)
	}
	for line := range strings.Lines(calls) {
		if !regexp.MustCompile(`^(ecs|iam|sts) (list|describe|get)-`).MatchString(line) {
			t.Errorf("this call can change something: %s", line)
		}
	}
	out, calls, status = collect(nil, folder)
	if status != 0 || strings.Count(calls, "describe-task-definition") != 1 || strings.Count(calls, "get-account-authorization-details") != 3 {
		t.Errorf("the next run: status %d\n%s\n%s", status, out, calls)
	}
	if got, want := tasks(), []string{"api-1.2", "web-2.1", "web.10"}; !slices.Equal(got, want) {
		t.Errorf("the next run: the tasks are %v, want %v", got, want)
	}
	if got := files(t, folder); got["account"] != "111122223333\n" || !strings.Contains(got["iam/roles-0003.json"], "RoleDetailList") || len(got) != 7 {
		t.Errorf("the next run: the folder has %v", names(got))
	}
	if _, calls, status = collect(nil, "--all", folder); status != 0 || strings.Count(calls, "describe-task-definition") != 2 || len(tasks()) != 5 {
		t.Errorf("all revisions: status %d, %v\n%s", status, tasks(), calls)
	}

	for _, tt := range []struct {
		want      string
		variables []string
		args      []string
	}{
		{"no FOLDER", nil, nil},
		{"there is no flag --everything", nil, []string{"--everything", folder}},
		{"there is one FOLDER", nil, []string{folder, dir}},
		{"has files of others", nil, []string{dir}},
		{"is that of account 111122223333, and the credentials are of 444455556666", []string{"ACCOUNT=444455556666"}, []string{folder}},
		{"no region", []string{"AWS_REGION="}, []string{folder}},
		{"page 3 of the roles does not say where the next one begins", []string{"LAST=true"}, []string{folder}},
		{"--region needs a value", nil, []string{"--region"}},
	} {
		before := names(files(t, folder))
		if out, _, status := collect(tt.variables, tt.args...); status != 1 || !strings.Contains(out, "collect.sh: ") || !strings.Contains(out, tt.want) {
			t.Errorf("%v: status %d, %s", tt.args, status, out)
		}
		if after := names(files(t, folder)); tt.args != nil && tt.want != "page 3 of the roles does not say where the next one begins" && !slices.Equal(before, after) {
			t.Errorf("%v: the folder has %v, and had %v", tt.args, after, before)
		}
	}
	if out, _, status := collect(nil, "--help"); status != 0 || !strings.HasPrefix(out, "usage: collect.sh ") {
		t.Errorf("help: status %d, %s", status, out)
	}
}

// TestLint: shellcheck has nothing to say.
func TestLint(t *testing.T) {
	lint := tool.Require(t, "shellcheck", "apt-get install shellcheck")
	if out, status := run(t, os.Environ(), lint, filepath.Join(golden.Root(t), "docs", "collect.sh")); status != 0 {
		t.Error(out)
	}
}
