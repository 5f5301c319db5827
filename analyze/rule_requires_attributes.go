package analyze

import (
	"slices"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// requiresAttributes compares with what ECS found: the output of describe-task-definition lists the capabilities that a
// task needs from its host, and some of them imply a permission of the execution role. It runs after the other rules
// that read fields.
var requiresAttributes = &Rule{
	ID:     "requires-attributes",
	Title:  "Cross-check with what ECS found",
	Why:    "ECS lists what a registered task definition requires; a capability that no rule asked for hints at a permission that is missing here.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html",
	Fields: []string{"requiresAttributes[].name"},
	check:  checkRequiresAttributes,
}

// capabilities are those that imply a permission, with the rule and the action that should have asked for it.
//
// Source: agent/app/agent_capability.go
var capabilities = [...]struct {
	name         policy.Text
	rule, action string
}{
	{"ecs.capability.execution-role-ecr-pull", "ecr-image", "ecr:BatchGetImage"},
	{"ecs.capability.execution-role-awslogs", "awslogs", "logs:PutLogEvents"},
	{"ecs.capability.private-registry-authentication.secretsmanager", "repository-credentials", "secretsmanager:GetSecretValue"},
	{"ecs.capability.secrets.asm.environment-variables", "secrets", "secretsmanager:GetSecretValue"},
	{"ecs.capability.secrets.ssm.environment-variables", "secrets", "ssm:GetParameters"},
	{"ecs.capability.secrets.asm.bootstrap.log-driver", "log-secrets", "secretsmanager:GetSecretValue"},
	{"ecs.capability.secrets.ssm.bootstrap.log-driver", "log-secrets", "ssm:GetParameters"},
	{"ecs.capability.env-files.s3", "environment-files", "s3:GetObject"},
	{"ecs.capability.firelens.options.config.s3", "firelens-config", "s3:GetObject"},
	{"ecs.capability.gmsa", "credential-specs", ""},
	{"ecs.capability.gmsa-domainless", "credential-specs", "secretsmanager:GetSecretValue"},
	{"ecs.capability.fsxWindowsFileServer", "fsx-volumes", "fsx:DescribeFileSystems"},
}

func checkRequiresAttributes(p *pass, td taskdef.Value) {
	if len(p.opts.Set) > 0 || len(p.opts.Image) > 0 {
		return // what ECS saw is not what was read
	}
	for v := range td.Each("requiresAttributes", "name") {
		t, _ := v.Text()
		for _, c := range capabilities {
			capability, _ := c.name.CutPrefix("ecs.capability.")
			if t == c.name && !p.answered(c.rule, c.action) {
				p.Warnf(v, "ECS found that the task requires %s, and nothing here asks for it (rule %s): the role may lack a permission", capability, c.rule)
			}
		}
	}
}

// answered reports whether a rule asked for the action, or said why it did not.
func (p *pass) answered(rule, action string) bool {
	return slices.ContainsFunc(p.plan.Requirements, func(r Requirement) bool {
		return r.Rule.ID == rule && (action == "" || slices.ContainsFunc(r.Actions, func(a Action) bool { return a.Name == action }))
	}) || slices.ContainsFunc(p.plan.Findings, func(f Finding) bool {
		return f.Rule == rule && (f.Severity != Note || rule == "credential-specs")
	})
}
