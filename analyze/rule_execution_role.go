package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

var executionRole = &Rule{
	ID:     "execution-role",
	Title:  "The execution role's own field",
	Why:    "ECS assumes the role that executionRoleArn names; without one it uses none, or the instance's role on EC2.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
	Fields: []string{"executionRoleArn"},
	// The agent on the instance talks to ECS through these; on Fargate that is AWS's own.
	//
	// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
	Needs: []Need{
		{Kind: NeedEndpoint, Name: "ecs", LaunchType: ec2},
		{Kind: NeedEndpoint, Name: "ecs-agent", LaunchType: ec2},
		{Kind: NeedEndpoint, Name: "ecs-telemetry", LaunchType: ec2},
	},
	check: func(p *pass, td taskdef.Value) {
		noteTrust(p, td)
		checkLaunchTypeNames(p, td)
		for v := range td.Each("taskRoleArn") {
			if t, _ := v.Text(); t != "" && !slices.Contains(p.plan.TaskRoles, t) {
				p.plan.TaskRoles = append(p.plan.TaskRoles, t)
			}
		}
		for v := range td.EachOrAbsent("executionRoleArn") {
			t, _ := v.Text()
			if t != "" {
				p.plan.ExecutionRole = t
				p.plan.ExecutionRoles = append(p.plan.ExecutionRoles, NamedRole{t, p.plan.namedBranches(p.reader.Branches(v.Ref().Pointer)), v.Ref()})
			}
			if s, rest, ok := t.CutSymbol(); ok && rest == "" && p.reader.Symbols().Lookup(s).Meaning == policy.MeansRoleName {
				p.Warnf(v, "executionRoleArn is the name of the role %s, and ECS wants its ARN: write the attribute Arn instead", s)
			}
			if t == "" && !p.hasMisplacedRole() {
				p.Notef(td, "no executionRoleArn: put the ARN of the role there%s", takesOver(p.reader.Form().Subject))
			}
		}
	},
	checkBeside: checkOtherRole,
}

// takesOver says what an execution role changes for what can run on EC2.
func takesOver(s taskdef.Subject) string {
	if s == taskdef.Express || s == taskdef.Daemon {
		return ""
	}
	return ". On EC2 the role then takes over from the instance's role what ECS does for ECR images and awslogs; both are in it"
}

// MissesRole says whether the task cannot start since it has no execution role: Unknown where it can run on EC2, where the role
// of the instance can have what the task needs of Amazon ECR and of CloudWatch Logs.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func (p *Plan) MissesRole() policy.Truth {
	others := slices.ContainsFunc(p.Requirements, func(r Requirement) bool { return r.Rule != ecrImage && r.Rule != awslogs && r.When == nil })
	switch {
	case len(p.Requirements) == 0 || p.ExecutionRole != "":
		return policy.No
	case others || p.RunsOnly(fargate):
		return policy.Yes
	}
	return policy.Unknown
}

// checkOtherRole remembers the execution role of a run.
func checkOtherRole(p *pass, added taskdef.Value) {
	for v := range added.Each("executionRoleArn") {
		role, _ := v.Text()
		p.plan.beside.role = named{role, v.Ref()}
	}
}

// checkLaunchTypeNames warns of launch types that ECS does not have: no other check of a launch type looks at them.
func checkLaunchTypeNames(p *pass, td taskdef.Value) {
	known := taskdef.Enumeration("requiresCompatibilities")
	for v := range td.Each("requiresCompatibilities") {
		t, _ := v.Text()
		if v.Is(known...) || !t.IsLiteral() || len(placeholders(t, false)) > 0 || len(taskdef.Words(t)) > 0 {
			continue
		}
		if near := tree.Nearest(t, known); near != "" {
			p.Warnf(v, "ECS has no launch type %s; did you mean %q?", quote(t), near)
		} else {
			p.Warnf(v, "ECS has no launch type %s; it has %s", quote(t), strings.Join(known, ", "))
		}
	}
}

// noteTrust says that nobody has reported the conditions of the trust policy to work where the task runs: they are in
// use on Fargate and EC2.
func noteTrust(p *pass, td taskdef.Value) {
	if !onlyOn(td, external, managedInstances) {
		return
	}
	for v := range td.Each("requiresCompatibilities") {
		t, _ := v.Text()
		p.noteOfRole(func(o policy.Options) bool { return !o.NoSourceConditions }, v.Ref(), fmt.Sprintf(
			"launch type %s: the conditions of the trust policy are known to work on Fargate and EC2; if ECS cannot assume the role, add --no-source-conditions", t))
		return
	}
}

// ecsTasks is the service that assumes an execution role, and every task role, in all partitions.
const ecsTasks = "ecs-tasks.amazonaws.com"

// RoleARN is the symbol of the role's ARN in policies of others, where the role has no name yet.
const RoleARN policy.Symbol = "TaskExecutionRoleArn"

// passRole returns what has to be allowed to those who register the task definition or run the task: IAM asks them for
// the permission to pass the role on, and to this service alone.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func (p *Plan) passRole(opts policy.Options) policy.Document {
	arn := policy.Of(RoleARN)
	if opts.Name != "" {
		// A path can have characters that are wildcards in a resource.
		arn = policy.ARN{
			Partition: p.partition(), Service: "iam", Account: policy.Of(policy.AccountID),
			Resource: policy.Text("role" + policy.Escape(cmp.Or(opts.Properties.Path, "/")) + opts.Name),
		}.Text()
	}
	return PassRolePolicy(arn)
}

// PassRolePolicy returns what has to be allowed to whoever passes the role of an ARN to ECS.
func PassRolePolicy(arn policy.Text) policy.Document {
	return policy.NewDocument(policy.Statement{
		Sid: "PassTaskExecutionRole", Actions: []string{"iam:PassRole"}, Resources: policy.Values(arn),
		Conditions: []policy.Condition{{Operator: "StringEquals", Key: "iam:PassedToService", Values: policy.Values(ecsTasks)}},
	})
}

// partition returns the role's own: that of the things that ECS reads with it, where nothing else says it. No role reaches
// another partition.
func (p *Plan) partition() policy.Text {
	for i := range p.Requirements {
		if t := p.Requirements[i].ARN.Partition; t != "" && t.IsLiteral() && p.Environment.Partition == "" {
			return t
		}
	}
	return policy.Of(policy.Partition)
}

// TrustPolicy returns the trust policy of an execution role: see [Plan.Role].
func TrustPolicy(opts policy.Options) policy.Document { return trustPolicy(!opts.NoSourceConditions) }

// AssumeRole returns the request with which ECS assumes an execution role for a task, in the role's own environment. It says
// for which task it does so. The ARN of the task is the only one that roles are known to accept: "Specifying a specific
// cluster is not currently supported".
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
func AssumeRole() policy.Request {
	r := policy.Request{Action: "sts:AssumeRole", Match: policy.Exact, Principal: policy.Requester{Service: ecsTasks}, Context: policy.Context{}}
	r.Context.SetValues("aws:SourceAccount", policy.Of(policy.AccountID))
	r.Context.SetValues("aws:SourceArn", policy.LocalARN("ecs", "task/*").Text())
	r.Context.Set("sts:ExternalId", policy.ContextKey{State: policy.KeyAbsent})
	return r
}

// trustPolicy returns the trust policy of an execution role: ECS may assume it for tasks, and with conditions only
// for tasks of the role's own account. Any region is allowed, since roles belong to no region.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func trustPolicy(conditions bool) policy.Document {
	s := policy.Statement{
		Principals: []policy.Principal{{Type: policy.ServicePrincipal, IDs: []policy.Text{ecsTasks}}},
		Actions:    []string{"sts:AssumeRole"},
	}
	if conditions {
		account := policy.Of(policy.AccountID)
		arn := policy.ARN{Partition: policy.Of(policy.Partition), Service: "ecs", Region: "*", Account: account, Resource: "*"}
		s.Conditions = []policy.Condition{
			{Operator: "ArnLike", Key: "aws:SourceArn", Values: policy.Values(arn.Text())},
			{Operator: "StringEquals", Key: "aws:SourceAccount", Values: policy.Values(account)},
		}
	}
	return policy.NewDocument(s)
}
