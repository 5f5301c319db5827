package emit_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// benchmarkInputs are three sizes: a short task definition, one near the largest that ECS registers, and
// one far beyond it, which shows whether time grows with the input and not faster.
func benchmarkInputs(t testing.TB) []benchmarkInput {
	web, err := os.ReadFile("../testdata/web.json")
	if err != nil {
		t.Fatal(err)
	}
	return []benchmarkInput{
		{"web", web},
		{"64KiB", largeTaskDefinition(t, 64<<10)},
		{"1MiB", largeTaskDefinition(t, 1<<20)},
	}
}

type benchmarkInput struct {
	name string
	src  []byte
}

// largeTaskDefinition returns a task definition of about the given size, all of whose containers ask for
// images, logs, secrets, parameters and an environment file of their own, as real ones do. From the 49th on they
// ask for those of the ones before, since there is no role for more than that.
func largeTaskDefinition(t testing.TB, size int) []byte {
	t.Helper()
	type object = map[string]any
	container := func(i int) object {
		name, app := fmt.Sprintf("app%d", i), fmt.Sprintf("app%d", i%48)
		var environment, secrets []object
		for j := range 12 {
			environment = append(environment, object{"name": fmt.Sprintf("SETTING_%d", j), "value": fmt.Sprintf("value %d of %s", j, app)})
		}
		for j := range 4 {
			secrets = append(secrets,
				object{"name": fmt.Sprintf("SECRET_%d", j), "valueFrom": fmt.Sprintf("arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/%s-a1B2c3:key%d::", app, j)},
				object{"name": fmt.Sprintf("PARAMETER_%d", j), "valueFrom": fmt.Sprintf("/shop/%s/parameter%d", app, j)})
		}
		return object{
			"name":         name,
			"image":        fmt.Sprintf("111122223333.dkr.ecr.us-east-1.amazonaws.com/shop/%s:1.4.2", app),
			"essential":    true,
			"cpu":          256,
			"memory":       512,
			"command":      []string{"serve", "--listen", ":8080"},
			"portMappings": []object{{"containerPort": 8000 + i, "protocol": "tcp"}},
			"mountPoints":  []object{{"sourceVolume": "data", "containerPath": "/data", "readOnly": true}},
			"environment":  environment,
			"secrets":      secrets,
			"environmentFiles": []object{
				{"value": fmt.Sprintf("arn:aws:s3:::shop-config/%s/production.env", app), "type": "s3"},
			},
			"logConfiguration": object{"logDriver": "awslogs", "options": object{
				"awslogs-group": "/ecs/" + app, "awslogs-region": "us-east-1", "awslogs-stream-prefix": app, "awslogs-create-group": "true",
			}},
			"healthCheck": object{"command": []string{"CMD-SHELL", "curl -f http://localhost:8080/ || exit 1"}, "interval": 30, "retries": 3},
		}
	}
	var containers []object
	for length, i := 0, 0; length < size; i++ {
		c := container(i)
		text, err := json.MarshalIndent(c, "    ", "  ")
		if err != nil {
			t.Fatal(err)
		}
		length += len(text)
		containers = append(containers, c)
	}
	src, err := json.MarshalIndent(object{"family": "large", "networkMode": "awsvpc", "containerDefinitions": containers}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// decode is the yardstick: what a program that only wants the values does.
func decode(t testing.TB, src []byte) {
	var td types.TaskDefinition
	if err := json.Unmarshal(src, &td); err != nil {
		t.Fatal(err)
	}
}

var benchmarkWork = []struct {
	name string
	run  func(testing.TB, []byte)
}{
	{"analyze", func(t testing.TB, src []byte) { planOf(t, src) }},
	{"json", func(t testing.TB, src []byte) { write(t, src, emit.IAMJSON) }},
	{"cloudformation", func(t testing.TB, src []byte) { write(t, src, emit.CloudFormation) }},
	{"cdk-go", func(t testing.TB, src []byte) { write(t, src, emit.CDKGo) }},
	{"terraform", func(t testing.TB, src []byte) { write(t, src, emit.Terraform) }},
	{"aws-cli", func(t testing.TB, src []byte) { write(t, src, emit.AWSCLI) }},
}

// BenchmarkRatio measures how many times as long execrole takes as encoding/json takes to decode the same
// bytes into the SDK's type. Both run in turn, so that a machine whose speed changes changes both. The
// metric x-decode is the median of the ratios over rounds of some milliseconds: long enough to hold the
// collector's work, and a round that another process disturbs does not count. Metric ns/byte is execrole's
// time alone, ns/op that of the two together.
func BenchmarkRatio(b *testing.B) {
	for _, work := range benchmarkWork {
		for _, input := range benchmarkInputs(b) {
			b.Run(work.name+"/"+input.name, func(b *testing.B) {
				const round = 10 * time.Millisecond
				var yardstick, ours, total time.Duration
				var ratios []float64
				for b.Loop() {
					start := time.Now()
					decode(b, input.src)
					middle := time.Now()
					work.run(b, input.src)
					yardstick += middle.Sub(start)
					ours += time.Since(middle)
					if yardstick+ours >= round {
						ratios = append(ratios, float64(ours)/float64(yardstick))
						total += ours
						yardstick, ours = 0, 0
					}
				}
				if ours > 0 {
					ratios = append(ratios, float64(ours)/float64(yardstick))
					total += ours
				}
				slices.Sort(ratios)
				b.ReportMetric(ratios[len(ratios)/2], "x-decode")
				b.ReportMetric(float64(total.Nanoseconds())/float64(b.N)/float64(len(input.src)), "ns/byte")
			})
		}
	}
}

// BenchmarkAlone does one thing alone, for profiles and allocations.
func BenchmarkAlone(b *testing.B) {
	b.Run("decode", func(b *testing.B) { alone(b, decode) })
	for _, work := range benchmarkWork {
		b.Run(work.name, func(b *testing.B) { alone(b, work.run) })
	}
}

func alone(b *testing.B, run func(testing.TB, []byte)) {
	for _, input := range benchmarkInputs(b) {
		b.Run(input.name, func(b *testing.B) {
			b.SetBytes(int64(len(input.src)))
			b.ReportAllocs()
			for b.Loop() {
				run(b, input.src)
			}
		})
	}
}

func planOf(t testing.TB, src []byte) *analyze.Plan {
	plans, err := analyze.Read("taskdef.json", src, analyze.Options{Environment: policy.Environment{Region: "us-east-1", Account: "111122223333"}})
	if err != nil {
		t.Fatal(err)
	}
	return plans[0]
}

// write does what the command does, apart from reading and writing files. A role of several documents goes to a
// folder.
func write(t testing.TB, src []byte, format *emit.Format) {
	plan := planOf(t, src)
	role, err := plan.Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = format.Emit(role, emit.Options{Source: "taskdef.json", MainOnly: len(role.Policies()) < 2})
	if err != nil {
		t.Fatal(err)
	}
}
