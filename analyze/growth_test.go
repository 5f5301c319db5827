package analyze

import (
	"strings"
	"testing"
	"time"
)

// BenchmarkGrowth analyzes inputs that are much of one kind of thing, and ten times as much, and reports how many
// times as long that takes: about 10 where the time grows as the input does, 100 where it grows as its square.
func BenchmarkGrowth(b *testing.B) {
	container := func(members string) string { return `{"containerDefinitions":[{` + members + `}]}` }
	many := func(n int, format func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(format(i))
		}
		return b.String()
	}
	number := func(i int) string {
		return string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + string(rune('a'+i/17576))
	}
	for _, c := range []struct {
		name string
		src  func(n int) string
	}{
		{"unknown members", func(n int) string {
			return container(many(n, func(i int) string { return `"` + number(i) + `":1,` }) + `"image":"nginx"`)
		}},
		{"secrets", func(n int) string {
			return container(`"name":"app","image":"nginx","secrets":[` + many(n, func(i int) string { return `{"name":"` + number(i) + `","valueFrom":"/` + number(i) + `"},` }) + `{}]`)
		}},
		{"opening brackets", func(n int) string { return container(`"name":"app","image":"` + strings.Repeat("<{{", n) + `"`) }},
		{"placeholders", func(n int) string {
			return container(`"name":"app","image":"` + many(n, func(i int) string { return "<" + number(i) + ">" }) + `"`)
		}},
		{"words in an image", func(n int) string {
			return container(`"name":"app","image":"` + many(n, func(i int) string { return "X" + number(i) + "/" }) + `"`)
		}},
		{"words to be replaced", func(n int) string {
			return container(`"name":"app","image":"nginx","secrets":[` + many(n, func(i int) string { return `{"valueFrom":"/TBD/` + number(i) + `_PLACEHOLDER"},` }) + `{}]`)
		}},
		{"a placeholder for many", func(n int) string {
			return container(`"name":"app","image":"nginx","secrets":[` + many(n, func(int) string { return `{"valueFrom":"<TBD>"},` }) + `{}]`)
		}},
		{"secrets that read like words", func(n int) string {
			return container(`"name":"app","image":"nginx","secrets":[` + many(n, func(i int) string {
				return `{"valueFrom":"arn:aws:secretsmanager:us-east-1:111122223333:secret:` + number(i) + `-cuwyhr"},`
			}) + `{}]`)
		}},
		{"containers of a job", func(n int) string {
			return `{"ecsProperties":{"taskProperties":[{"containers":[` + many(n, func(i int) string { return `{"name":"` + number(i) + `","image":"nginx","secert":1},` }) + `{}]}]}}`
		}},
		{"nodes of a job", func(n int) string {
			return `{"platformCapabilities":["EC2"],"nodeProperties":{"nodeRangeProperties":[` + many(n, func(i int) string {
				return `{"container":{"image":"nginx","volumes":[{"name":"a"}],"` + number(i) + `":1}},`
			}) + `{}]}}`
		}},
		{"runs of a task", func(n int) string {
			return `[{"family":"a","containerDefinitions":[{}]},{"tasks":[` + many(n/10, func(i int) string {
				return `{"taskDefinitionArn":"a","overrides":{"executionRoleArn":"` + number(i) + `","containerOverrides":[{"name":"` + number(i) + `"}]}},`
			}) + `{}]}]`
		}},
		{"options", func(n int) string {
			return container(`"name":"app","image":"nginx","logConfiguration":{"logDriver":"awslogs","options":{` + many(n, func(i int) string { return `"awslogs` + number(i) + `":5,` }) + `"mode":""}}`)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			some, more := []byte(c.src(10_000)), []byte(c.src(100_000))
			var took [2]time.Duration
			for b.Loop() {
				for i, src := range [][]byte{some, more} {
					start := time.Now()
					Read("f", src, Options{})
					took[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "x-for-10x")
		})
	}
}
