package analyze_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/testdata/golden"
)

// TestCapabilities: what ECS found is remarked on where nothing asks for it, and only there.
func TestCapabilities(t *testing.T) {
	const secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbC1dE"
	for name, member := range map[string]string{
		"execution-role-ecr-pull":                        `"image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1"`,
		"execution-role-awslogs":                         `"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}}`,
		"private-registry-authentication.secretsmanager": `"repositoryCredentials": {"credentialsParameter": "` + secret + `"}`,
		"secrets.asm.environment-variables":              `"secrets": [{"name": "A", "valueFrom": "` + secret + `"}]`,
		"secrets.ssm.environment-variables":              `"secrets": [{"name": "A", "valueFrom": "/a"}]`,
		"secrets.asm.bootstrap.log-driver":               `"logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "A", "valueFrom": "` + secret + `"}]}`,
		"secrets.ssm.bootstrap.log-driver":               `"logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "A", "valueFrom": "/a"}]}`,
		"env-files.s3":                                   `"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/a.env"}]`,
		"firelens.options.config.s3":                     `"firelensConfiguration": {"type": "fluentbit", "options": {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::bucket/a.conf"}}`,
		"gmsa":                                           `"credentialSpecs": ["credentialspec:arn:aws:s3:::bucket/a.json"]`,
		"fsxWindowsFileServer":                           "",
	} {
		remarked := func(member, volumes string) bool {
			if member == "" {
				member = `"essential": true`
			}
			image := `"image": "nginx", `
			if len(member) > 8 && member[:8] == `"image":` {
				image = ""
			}
			src := fmt.Sprintf(`{"executionRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [{"name": "app", %s%s}], %s
				"requiresAttributes": [{"name": "ecs.capability.%s"}]}`, image, member, volumes, name)
			plan, err := golden.Plan([]byte(src), analyze.Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return slices.ContainsFunc(plan.Findings, func(f analyze.Finding) bool { return f.Rule == "requires-attributes" && f.Severity == analyze.Warning })
		}
		volumes := ""
		if member == "" {
			volumes = `"volumes": [{"name": "v", "fsxWindowsFileServerVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0", "rootDirectory": "a", "authorizationConfig": {"credentialsParameter": "` + secret + `", "domain": "example.com"}}}],`
		}
		if remarked(member, volumes) {
			t.Errorf("%s is asked for, and remarked on", name)
		}
		if !remarked("", "") {
			t.Errorf("%s is not asked for, and nothing says so", name)
		}
	}
}

// TestCapabilitiesOfAnotherInput: where options changed what was read, it is not what ECS saw, and nothing is compared.
func TestCapabilitiesOfAnotherInput(t *testing.T) {
	const src = `{"executionRoleArn": "arn:aws:iam::111122223333:role/web", "containerDefinitions": [{"name": "app", "image": "<IMAGE>"}],
		"requiresAttributes": [{"name": "ecs.capability.execution-role-ecr-pull"}]}`
	for name, opts := range map[string]analyze.Options{
		"--set":   {Set: golden.Settings([]string{"IMAGE=nginx"})},
		"--image": {Image: golden.Settings([]string{"app=nginx"})},
	} {
		plan, err := golden.Plan([]byte(src), opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range plan.Findings {
			if f.Rule == "requires-attributes" {
				t.Errorf("%s: %v", name, f)
			}
		}
	}
}
