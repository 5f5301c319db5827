package analyze

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
)

// TestNeeds is about needs that depend on symbols, conditionals and launch types; the section needs of golden cases has
// the others. TASK is the input without braces, and the wanted lines are those of the kinds that are named.
func TestNeeds(t *testing.T) {
	const (
		aSecret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-a1B2c3"
		spec    = `"credentialSpecs": ["credentialspecdomainless:arn:aws:s3:::specs/%.json"]`
		logs    = `"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"`
		ecs     = "endpoint ecs in ${AWS::Region}%|endpoint ecs-agent in ${AWS::Region}%|endpoint ecs-telemetry in ${AWS::Region}%"
	)
	for _, c := range []struct {
		name, container, task string
		opts                  Options
		kinds, want           string
	}{
		{"key of a symbol", `"secrets": [{"name": "A", "valueFrom": "${S:the ARN of a secret}:key::"}, {"name": "B", "valueFrom": "${S:the ARN of a secret}"}]`, `"requiresCompatibilities": ["FARGATE"]`, Options{}, "thing keys endpoint",
			"thing secret ${S} for a: secrets A, a: secrets B|keys secret ${S} with key for a: secrets A|endpoint secretsmanager in ${AWS::Region} for a: secrets A, a: secrets B"},
		{"doubtful name of a parameter", `"secrets": [{"name": "A", "valueFrom": "${P:the name of a parameter}"}]`, "", Options{}, "thing keys",
			"thing parameter arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${P} or arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${P} in ${AWS::Region} for a: secrets A"},
		{"one key of a doubtful secret", `"secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-secret:k::"}]`, "", Options{}, "keys",
			"keys secret arn:aws:secretsmanager:us-east-1:111122223333:secret:x-secret or arn:aws:secretsmanager:us-east-1:111122223333:secret:x-secret-?????? with k in us-east-1 for a: secrets A"},
		{"doubtful secret of another region", `"secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-secret"}]`, "", Options{Environment: policy.Environment{Region: "eu-west-1"}}, "internet",
			"internet image nginx for a: image|internet secret arn:aws:secretsmanager:us-east-1:111122223333:secret:x-secret or arn:aws:secretsmanager:us-east-1:111122223333:secret:x-secret-?????? in us-east-1 for a: secrets A"},
		{"image of a symbol", `"image": "${R:the URI of a repository=R.Arn}:${T:plain text}"`, "", Options{}, "thing internet", "thing image ${R.Arn} tag ${T} for a: image"},
		{"tag and digest", `"image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/aa:1@sha256:0123456789012345678901234567890123456789012345678901234567890123"`, "", Options{}, "thing",
			"thing image arn:aws:ecr:us-east-1:111122223333:repository/aa tag sha256:0123456789012345678901234567890123456789012345678901234567890123 in us-east-1 for a: image"},
		{"either image", `"image": {"Fn::If": ["111122223333.dkr.ecr.us-east-1.amazonaws.com/aa:1", "nginx"]}`, "", Options{}, "thing internet",
			"thing image arn:aws:ecr:us-east-1:111122223333:repository/aa tag 1 in us-east-1 for a: image|internet image nginx for a: image"},
		{"image of a pull-through cache", `"image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/quay/aa:1"`, "", Options{PullThroughCaches: []string{"quay"}}, "thing internet",
			"internet image arn:aws:ecr:us-east-1:111122223333:repository/quay/aa in us-east-1 for a: image"},
		{"symbol of a bucket", `"environmentFiles": [{"type": "s3", "value": "${B:the ARN of a bucket}/a.env"}]`, "", Options{}, "thing", "thing object ${B}/a.env for a: environmentFiles"},
		{"group that may be created", logs + `, "awslogs-create-group": {"Fn::If": ["true", "false"]}}}`, "", Options{}, "thing", ""},
		{"group that another container creates", logs + `, "awslogs-create-group": "true"}}}, {"name": "b", "image": "nginx", ` + logs + `}}`, "", Options{}, "thing",
			"thing log group arn:aws:logs:us-east-1:${AWS::AccountId}:log-group:g in us-east-1 for b: logConfiguration.options.awslogs-group"},
		{"group that is documented to be created", logs + `, "awslogs-create-group": "true"}}`, "", Options{CalledOnly: true}, "thing", ""},
		{"two domainless secrets", spec + `}, {"name": "b", "image": "nginx", ` + strings.ReplaceAll(spec, "%", "b"), "", Options{CredSpecSecrets: []string{aSecret, "arn:aws:ssm:us-east-1:111122223333:parameter/b"}}, "keys",
			"keys secret " + aSecret + " with username, password, domainName in us-east-1 for a: credentialSpecs|" +
				"keys parameter arn:aws:ssm:us-east-1:111122223333:parameter/b with username, password, domainName in us-east-1 for a: credentialSpecs"},
		{"parameter for FSx", `"image": "nginx"`, `"volumes": [{"name": "v", "fsxWindowsFileServerVolumeConfiguration": {"fileSystemId": "fs-1", "authorizationConfig": {"credentialsParameter": "arn:aws:ssm:us-east-1:111122223333:parameter/b"}}}]`, Options{}, "keys",
			"keys parameter arn:aws:ssm:us-east-1:111122223333:parameter/b with username, password in us-east-1 for volumes v"},
		{"Fargate", logs + `}}`, `"requiresCompatibilities": ["FARGATE"]`, Options{}, "setting endpoint", "endpoint logs in us-east-1 for a: logConfiguration.options.awslogs-group"},
		{"EC2", logs + `}}`, `"requiresCompatibilities": ["EC2"]`, Options{}, "setting endpoint",
			"endpoint ecs in ${AWS::Region}|endpoint ecs-agent in ${AWS::Region}|endpoint ecs-telemetry in ${AWS::Region}|endpoint logs in us-east-1 for a: logConfiguration.options.awslogs-group|" +
				"setting ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true for a: logConfiguration.options.awslogs-group"},
		{"EC2 or Fargate", `"image": "nginx"`, `"requiresCompatibilities": [{"Fn::If": ["EC2", "FARGATE"]}]`, Options{}, "endpoint", strings.ReplaceAll(ecs, "%", " only on EC2")},
		{"unknown launch type", `"image": "nginx"`, `"requiresCompatibilities": ["${C:plain text}"]`, Options{}, "endpoint", strings.ReplaceAll(ecs, "%", " only on EC2")},
		{"outside of AWS", logs + `}}`, `"requiresCompatibilities": ["EXTERNAL"]`, Options{}, "setting endpoint", ""},
	} {
		task := c.task
		if task != "" {
			task += ","
		}
		image := `"image": "nginx",`
		if strings.HasPrefix(c.container, `"image"`) {
			image = ""
		}
		container := `{"name": "a", ` + image + c.container
		if strings.Count(container, "{") > strings.Count(container, "}") {
			container += "}"
		}
		plan := analyzeSymbols(t, []byte(`{`+task+`"containerDefinitions": [`+container+`]}`), c.opts)
		if err := plan.Err(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, n := range plan.Needs() {
			if n.Rule == nil || n.Kind.Title() == string(n.Kind) {
				t.Errorf("%s: no rule or no title: %+v", c.name, n)
			}
			if strings.Contains(c.kinds, string(n.Kind)) {
				got = append(got, n.String())
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(got, "|")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
