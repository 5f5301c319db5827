package analyze

import (
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

var guardDuty = &Rule{
	ID:     "guardduty",
	Title:  "GuardDuty's agent on Fargate",
	Why:    "Where Amazon GuardDuty Runtime Monitoring is on, it adds a container to Fargate tasks, whose image ECS pulls with the execution role; without the permission the task stops.",
	Doc:    "https://docs.aws.amazon.com/guardduty/latest/ug/prereq-runtime-monitoring-ecs-support.html",
	Fields: []string{"requiresCompatibilities[]"},
	Grants: []*Grant{ecrLogin, ecrPull},
	Unseen: []Unseen{{
		What:    "the agent that Amazon GuardDuty Runtime Monitoring adds to Fargate tasks, where the account has switched it on",
		Cure:    "--guardduty",
		Actions: []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"}, Resource: "arn:PARTITION:ecr:REGION:ACCOUNT:repository/" + guardDutyRepository,
		applies: func(p *pass) bool { return mayBeOnFargate(p.td) && !p.opts.GuardDuty },
	}},
	// Source: https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring-agent-connectivity.html
	Needs: []Need{{Kind: NeedEndpoint, Name: "guardduty-data", Why: "GuardDuty makes this endpoint itself where it manages its agent."}},
	check: checkGuardDuty,
}

// guardDutyFlag is written in the place of a field: nothing in a task definition asks for the agent.
const guardDutyFlag = "--guardduty"

// guardDutyRepository is the agent's, in each of the accounts below.
//
// Source: https://docs.aws.amazon.com/guardduty/latest/ug/ecs-runtime-agent-ecr-image-uri.html
const guardDutyRepository = "aws-guardduty-agent-fargate"

type guardDutyAccount struct{ region, account string }

// guardDutyAccounts own the agent's repository of a region. They are sorted by region.
var guardDutyAccounts = [...]guardDutyAccount{
	{"af-south-1", "197869348890"},
	{"ap-east-1", "258348409381"},
	{"ap-east-2", "259886477082"},
	{"ap-northeast-1", "533107202818"},
	{"ap-northeast-2", "914738172881"},
	{"ap-northeast-3", "273192626886"},
	{"ap-south-1", "251508486986"},
	{"ap-south-2", "950823858135"},
	{"ap-southeast-1", "174946120834"},
	{"ap-southeast-2", "005257825471"},
	{"ap-southeast-3", "510637619217"},
	{"ap-southeast-4", "251357961535"},
	{"ap-southeast-5", "156041399949"},
	{"ap-southeast-7", "054037130133"},
	{"ca-central-1", "354763396469"},
	{"ca-west-1", "339712888787"},
	{"eu-central-1", "323658145986"},
	{"eu-central-2", "529164026651"},
	{"eu-north-1", "591436053604"},
	{"eu-south-1", "266869475730"},
	{"eu-south-2", "919611009337"},
	{"eu-west-1", "694911143906"},
	{"eu-west-2", "892757235363"},
	{"eu-west-3", "665651866788"},
	{"il-central-1", "870907303882"},
	{"me-central-1", "000014521398"},
	{"me-south-1", "536382113932"},
	{"mx-central-1", "311141559934"},
	{"sa-east-1", "758426053663"},
	{"us-east-1", "593207742271"},
	{"us-east-2", "307168627858"},
	{"us-gov-east-1", "383115532789"},
	{"us-gov-west-1", "383110348953"},
	{"us-west-1", "684579721401"},
	{"us-west-2", "733349766148"},
}

// mayBeOnFargate reports whether nothing keeps the task from Fargate: without requiresCompatibilities a task may run
// anywhere.
func mayBeOnFargate(td taskdef.Value) bool {
	for v := range td.EachOrAbsent("requiresCompatibilities") {
		if t, _ := v.Text(); !v.Present() || v.Is(fargate) || !t.IsLiteral() {
			return true
		}
	}
	return false
}

func checkGuardDuty(p *pass, td taskdef.Value) {
	account, region := p.opts.GuardDutyAccount, p.plan.Environment.Region
	switch {
	case !p.opts.GuardDuty:
		return
	case account != "" && !policy.IsAccount(account):
		p.flag("%s=%s: an account has 12 digits", guardDutyFlag, account)
		return
	}
	arn := policy.LocalARN("ecr", "repository/"+guardDutyRepository)
	if region != "" {
		p.plan.use(policy.Region)
		arn.Region, arn.Partition = policy.Text(region), policy.PartitionText(policy.Text(region))
	}
	mapping := guardDutyMapping()
	switch known, ok := mapping.Lookup(region); {
	case account != "":
		arn.Account = policy.Text(account)
	case region == "":
		arn.Account = policy.Of(mapping.Symbol)
		p.plan.mapSymbol(mapping, policy.SymbolInfo{Meaning: policy.MeansAccount, MaxLength: len("111122223333")})
	case ok:
		arn.Account = policy.Text(known)
	default:
		p.flag("%s: the account of the agent's image in %s is not known; find it in GuardDuty's documentation, and add %[1]s=ACCOUNT", guardDutyFlag, region)
		return
	}
	if !onFargate(td) {
		p.Notef(td, "%s: GuardDuty adds its agent to tasks on Fargate, and this task definition does not ask for that", guardDutyFlag)
	}
	at := td.Ref()
	at.Field = guardDutyFlag
	p.Require(ecrLogin, everything, Exact, at)
	p.Require(ecrPull, arn, Exact, at)
	// Source: https://docs.aws.amazon.com/guardduty/latest/ug/prereq-runtime-monitoring-ecs-support.html
	p.noteOfRole(func(o policy.Options) bool { return o.Properties.PermissionsBoundary != "" }, at,
		guardDutyFlag+" with --permissions-boundary: the boundary has to allow guardduty:SendSecurityTelemetry, with which the agent sends what it sees")
}

// guardDutyMapping has the account of the agent's image for a role whose region is unknown: a template is for
// every region.
func guardDutyMapping() policy.Mapping {
	m := policy.Mapping{Symbol: "GuardDuty::AccountId", Name: "GuardDutyAgent", Column: "Account"}
	for _, a := range guardDutyAccounts {
		m.Rows = append(m.Rows, policy.Row{Region: a.region, Value: a.account})
	}
	return m
}
