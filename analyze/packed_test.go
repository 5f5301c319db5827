package analyze_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/testdata/golden"
)

// TestPacked: a plan that was packed says the same as before, also where many plans have one pool.
func TestPacked(t *testing.T) {
	say := func(p *analyze.Plan) string {
		var b strings.Builder
		for _, r := range p.Requirements {
			fmt.Fprintf(&b, "%+v\n", r)
		}
		for _, f := range p.Findings {
			fmt.Fprintf(&b, "%+v\n", f)
		}
		for _, u := range p.Unseen {
			fmt.Fprintf(&b, "%s %s\n", u.What, u.Cure)
		}
		for _, n := range p.Needs() {
			fmt.Fprintf(&b, "%+v\n", n)
		}
		fmt.Fprintf(&b, "%+v\n", p.RoleFindings(policy.Options{}))
		fmt.Fprintf(&b, "%q %q %q %q %q %q %v %v\n", p.File, p.Name, p.Family, p.ExecutionRole, p.TaskRoles, p.LaunchTypes, p.Environment, p.Declared)
		return b.String()
	}
	var pool analyze.Pool
	requirements := 0
	golden.Inputs(t, func(t *testing.T, _ []byte, plan *analyze.Plan) {
		requirements += len(plan.Requirements)
		want := say(plan)
		packed := pool.Pack(plan)
		clear(packed.Plan().Unseen) // as if something was read beside it
		if diff := cmp.Diff(want, say(packed.Plan())); diff != "" || packed.Family() != plan.Family {
			t.Error(diff)
		}
	})
	if requirements < 500 {
		t.Errorf("only %d requirements", requirements)
	}
}

// TestPackedForgetsText: packed plans, and outlines, do not hold the text of their inputs.
func TestPackedForgetsText(t *testing.T) {
	const inputs, size = 32, 1 << 20
	before := heap()
	var pool analyze.Pool
	var kept []any
	for i := range inputs {
		plans, err := analyze.Read("web.json", fmt.Appendf(nil, `{"family": "web-%d", "requiresCompatibilities": ["EC2"], "taskRoleArn": "arn:aws:iam::111122223333:role/web-%[1]d",
			"executionRoleArn": "arn:aws:iam::111122223333:role/x-%[1]d", "revision": "%[1]d",
			"containerDefinitions": [{"name": "app-%[1]d", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web-%[1]d:t-%[1]d", "dockerLabels": {"x": "%s"},
			"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g-%[1]d", "awslogs-region": "us-east-1"}},
			"secrets": [{"name": "A-%[1]d", "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-%[1]d:key-%[1]d::"}, {"name": "B", "valueFrom": "/b-%[1]d"}]},
			{"name": "proxy-%[1]d", "image": "nginx:t-%[1]d"}]}`, i, strings.Repeat("x", size)), analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, plans[0].Outline(), pool.Pack(plans[0]))
	}
	if more := heap() - before; more > inputs*size/4 {
		t.Errorf("%d bytes are kept of %d inputs of %d", more, inputs, size)
	}
	runtime.KeepAlive(kept)
}

// heap returns how many bytes the program uses.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
