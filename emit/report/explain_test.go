package report

import (
	"slices"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

const own = "\x00AWS\x013A\x013APartition\x00"

var (
	token = &analyze.Grant{Sid: "EcrToken", Actions: []analyze.Action{{Name: "ecr:GetAuthorizationToken", Strength: analyze.Called}}}
	pull  = &analyze.Grant{Sid: "EcrPull", Actions: []analyze.Action{
		{Name: "ecr:BatchGetImage", Strength: analyze.Called},
		{Name: "ecr:BatchCheckLayerAvailability", Strength: analyze.Documented},
	}}
	read  = &analyze.Grant{Sid: "Secrets", Actions: []analyze.Action{{Name: "secretsmanager:GetSecretValue", Strength: analyze.Called}}}
	write = &analyze.Grant{Sid: "Logs", Actions: []analyze.Action{{Name: "logs:PutLogEvents", Strength: analyze.Called}}}
	get   = &analyze.Grant{Sid: "Files", Actions: []analyze.Action{{Name: "s3:GetObject", Strength: analyze.Called}}}

	images = &analyze.Rule{ID: "ecr-image", Why: "ECS signs in to the registry and pulls the image.", Doc: "https://docs.aws.amazon.com/ecr"}
	creds  = &analyze.Rule{ID: "registry-credentials", Why: "ECS signs in to a registry with the secret's user name and password.", Doc: "https://docs.aws.amazon.com/private-auth"}
	vars   = &analyze.Rule{ID: "secret-secretsmanager", Why: "ECS reads the secret and puts it into the container's environment.", Doc: "https://docs.aws.amazon.com/secrets"}
	logs   = &analyze.Rule{ID: "awslogs", Why: "The log driver writes to a stream of the group."}
	files  = &analyze.Rule{ID: "environment-file", Why: "ECS reads the file before the container starts.", Doc: "https://docs.aws.amazon.com/files"}
)

func at(line, column int, pointer, container, field string) taskdef.Ref {
	return taskdef.Ref{Place: tree.Place{File: "web.json", Line: line, Column: column, Pointer: pointer}, Container: container, Field: field}
}

// webPlan is a task of three containers: an app, a proxy and a log router.
func webPlan() *analyze.Plan {
	account := []policy.Condition{{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: policy.Values("111122223333")}}
	other := []policy.Condition{{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: policy.Values("444455556666")}}
	const db = policy.Text("arn:" + own + ":secretsmanager:us-east-1:111122223333:secret:db-??????")
	appImage := at(5, 16, "/containerDefinitions/0/image", "app", "image")
	proxyImage := at(21, 16, "/containerDefinitions/1/image", "proxy", "image")
	plan := &analyze.Plan{File: "web.json", Family: "web", TaskRoles: []policy.Text{"arn:aws:iam::111122223333:role/`task`"}}
	add := func(rule *analyze.Rule, grant *analyze.Grant, resource policy.Text, match analyze.Match, ref taskdef.Ref, conditions ...policy.Condition) {
		plan.Requirements = append(plan.Requirements, analyze.Requirement{
			Rule: rule, Grant: grant, Actions: grant.Actions, Resource: resource, Match: match, Conditions: conditions, At: ref,
		})
	}
	add(images, token, "*", analyze.Exact, appImage)
	add(images, pull, "arn:aws:ecr:us-east-1:111122223333:repository/app", analyze.Exact, appImage)
	add(vars, read, db, analyze.OneOf, at(8, 40, "/containerDefinitions/0/secrets/0/valueFrom", "app", "secrets DB_PASSWORD"))
	add(vars, read, db, analyze.OneOf, at(9, 40, "/containerDefinitions/0/secrets/1/valueFrom", "app", "secrets DB_USER"))
	add(files, get, "arn:aws:s3:::config/a.env", analyze.Exact, at(12, 20, "/containerDefinitions/0/environmentFiles/0/value", "app", "environmentFiles arn:aws:s3:::config/a.env"), account...)
	add(logs, write, "arn:aws:logs:us-east-1:111122223333:log-group:/web:log-stream:web/app/*", analyze.Each, at(15, 9, "/containerDefinitions/0/logConfiguration", "app", "logConfiguration"))
	add(images, token, "*", analyze.Exact, proxyImage)
	add(images, pull, "arn:aws:ecr:us-east-1:111122223333:repository/proxy", analyze.Exact, proxyImage)
	add(creds, read, "arn:aws:secretsmanager:us-east-1:111122223333:secret:hub-a1B2c3", analyze.Exact, at(33, 40, "/containerDefinitions/2/repositoryCredentials/credentialsParameter", "log_router", "repositoryCredentials"))
	add(files, get, "arn:aws:s3:::config/r.env", analyze.Exact, at(36, 20, "/containerDefinitions/2/environmentFiles/0/value", "log_router", "environmentFiles arn:aws:s3:::config/r.env"), other...)
	plan.Findings = []analyze.Finding{
		{Severity: analyze.Warning, Rule: "secret-secretsmanager", At: at(8, 40, "/containerDefinitions/0/secrets/0/valueFrom", "app", "secrets DB_PASSWORD"), Message: `"db" may be a whole name`},
		{Severity: analyze.Note, Rule: "schema", At: taskdef.Ref{Place: tree.Place{File: "web.json", Line: 1, Column: 1}}, Message: "no executionRoleArn"},
	}
	return plan
}

// asked returns the resources that requirements of the plan ask for, by the numbers of the requirements.
func asked(plan *analyze.Plan, numbers ...int) (list []policy.Value) {
	for _, n := range numbers {
		r := plan.Requirements[n-1]
		from := policy.Source{Container: r.At.Container, Field: r.At.Field, Requirement: n}
		i := slices.IndexFunc(list, func(v policy.Value) bool { return v.Text == r.Resource })
		if i < 0 {
			i = len(list)
			list = append(list, policy.Value{Text: r.Resource})
		}
		list[i].From = append(list[i].From, from)
	}
	return list
}

// webRole is what the plan merges to; the two files' conditions became one with two values.
func webRole() *policy.Role {
	plan := webPlan()
	owners := []policy.Value{{Text: "111122223333", From: asked(plan, 5)[0].From}, {Text: "444455556666", From: asked(plan, 10)[0].From}}
	pass := policy.NewDocument(policy.Statement{Sid: "Pass", Actions: []string{"iam:PassRole"}, Resources: policy.Values("\x00Role\x00")})
	return &policy.Role{Family: "web", PassRole: pass, Inline: []policy.Policy{{Name: "TaskExecution", Document: policy.NewDocument(
		policy.Statement{Sid: "EcrToken", Actions: []string{"ecr:GetAuthorizationToken"}, Resources: asked(plan, 1, 7)},
		policy.Statement{Sid: "EcrPull", Actions: []string{"ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability"}, Resources: asked(plan, 2, 8)},
		policy.Statement{Sid: "Secrets", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: asked(plan, 3, 4, 9)},
		policy.Statement{Sid: "Files", Actions: []string{"s3:GetObject"}, Resources: asked(plan, 5, 10),
			Conditions: []policy.Condition{{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: owners}}},
		policy.Statement{Sid: "Logs", Actions: []string{"logs:PutLogEvents"}, Resources: asked(plan, 6)},
	)}}}
}

var notInTask = []analyze.Unseen{{What: "keys of your own in KMS", Cure: "add kms:Decrypt on the key"}, {What: "a pull-through cache"}}
