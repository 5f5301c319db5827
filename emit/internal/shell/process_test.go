package shell

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// driver reads jobs from file descriptor 4: the path of a script, its variables of the environment, the number of its
// arguments, and each of these on a line. It runs each script in a subshell, where the AWS CLI is a function that asks the test by file descriptor 3: so neither a
// shell nor a program is started for a script or a call.
const driver = `
aws() {
	printf 'aws\0%s\0' "$#" >&3
	printf '%s\0' "$@" >&3
	read -r stub_status stub_lines stub_errors <&4
	while [ "$stub_lines" -gt 0 ]; do
		IFS= read -r stub_line <&4
		printf '%s\n' "$stub_line"
		stub_lines=$((stub_lines - 1))
	done
	while [ "$stub_errors" -gt 0 ]; do
		IFS= read -r stub_line <&4
		printf '%s\n' "$stub_line" >&2
		stub_errors=$((stub_errors - 1))
	done
	return "$stub_status"
}
while IFS= read -r stub_path <&4; do
	IFS= read -r stub_variables <&4
	IFS= read -r stub_count <&4
	set --
	while [ "$stub_count" -gt 0 ]; do
		IFS= read -r stub_argument <&4
		set -- "$@" "$stub_argument"
		stub_count=$((stub_count - 1))
	done
	(
		[ -z "$stub_variables" ] || export $stub_variables
		. "$stub_path"
	) >"$STUB_DIR/out" 2>"$STUB_DIR/err"
	printf 'done\0%s\0' "$?" >&3
done
`

// process is a shell that runs many scripts, one after the other.
type process struct {
	dir      string
	jobs     io.Writer
	requests *bufio.Reader
}

// start starts a shell such as "bash --posix" for the time of a test.
func start(t testing.TB, shell string) *process {
	t.Helper()
	jobsOut, jobs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	requests, requestsIn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	words := append(strings.Fields(shell), "-c", driver)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stderr = os.Stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "STUB_DIR=" + dir}
	cmd.ExtraFiles = []*os.File{requestsIn, jobsOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	jobsOut.Close()
	requestsIn.Close()
	t.Cleanup(func() {
		jobs.Close() // ends the shell
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", shell, err)
		}
		requests.Close()
	})
	return &process{dir, jobs, bufio.NewReader(requests)}
}

// word reads what the shell says next.
func (p *process) word(t testing.TB) string {
	t.Helper()
	word, err := p.requests.ReadString(0)
	if err != nil {
		t.Fatalf("the shell ended: %v", err)
	}
	return word[:len(word)-1]
}

// run runs a script, whose calls of the AWS CLI go to the account, and returns what it prints and says, and its exit status.
func (p *process) run(t testing.TB, a *account, path string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	fmt.Fprintf(p.jobs, "%s\n%s\n%d\n", path, a.Variables, len(args))
	for _, arg := range args {
		fmt.Fprintln(p.jobs, arg)
	}
	for p.word(t) == "aws" {
		count, err := strconv.Atoi(p.word(t))
		if err != nil {
			t.Fatal(err)
		}
		call := make([]string, count)
		for i := range call {
			call[i] = p.word(t)
		}
		r := a.call(call)
		fmt.Fprintf(p.jobs, "%d %d %d\n%s%s", r.status, strings.Count(r.stdout, "\n"), strings.Count(r.stderr, "\n"), r.stdout, r.stderr)
	}
	status, err := strconv.Atoi(p.word(t))
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(filepath.Join(p.dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.ReadFile(filepath.Join(p.dir, "err"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out), string(said), status
}
