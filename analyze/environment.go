package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// ownARN is an ARN of the task definition that says where the task runs.
type ownARN struct {
	member string // that has it
	at     taskdef.Ref
	arn    policy.ARN
}

// value returns what the ARN says of the environment; "" where it says nothing.
func (a ownARN) value(s policy.Symbol) string {
	switch s {
	case policy.Partition:
		return a.arn.Partition.String()
	case policy.Region:
		return a.arn.Region.String()
	}
	return a.arn.Account.String()
}

// ownARNs returns the task definition's own ARN, and those of its roles. Malformed ones are left out.
func ownARNs(td taskdef.Value) (list []ownARN) {
	for _, member := range []struct {
		name              string
		service, resource policy.Text
	}{
		{"taskDefinitionArn", "ecs", "task-definition/"},
		{"taskDefinitionArn", "ecs", "daemon-task-definition/"},
		{"taskDefinitionArn", "batch", "job-definition/"},
		{"executionRoleArn", "iam", "role/"},
		{"taskRoleArn", "iam", "role/"},
	} {
		for v := range td.Each(member.name) {
			t, _ := v.Text()
			arn, ok := policy.CutARN(t)
			switch known := policy.Text(policy.PartitionOf(arn.Region)); {
			case !ok || !policy.IsPartition(arn.Partition) || arn.Service != member.service,
				!policy.IsAccount(arn.Account) || !arn.Resource.HasPrefix(member.resource),
				(arn.Region != "") != (member.service != "iam") || arn.Region != "" && !policy.IsRegion(arn.Region),
				known != "" && known != arn.Partition:
				continue
			}
			list = append(list, ownARN{v.Ref().Field, v.Ref(), arn})
		}
	}
	return list
}

// findEnvironment finds out where the role is used: the values given have precedence, then those in the task
// definition's own ARN, then those in the ARNs of its roles, then the region that the document names beside it.
func (p *Plan) findEnvironment(td taskdef.Value, given policy.Environment, region string) {
	given = given.WithPartition()
	p.Environment = given
	arns := ownARNs(td)
	source := map[policy.Symbol]string{}
	for _, a := range arns {
		for _, s := range policy.EnvironmentSymbols {
			value := a.value(s)
			if value != "" && p.Declared.Value(s) == "" {
				p.Declared.Set(s, value)
			}
			switch known := p.Environment.Value(s); {
			case value == "" || given.Value(s) != "":
			case known == "":
				p.Environment.Set(s, value)
				source[s] = a.member
			case known != value:
				p.contradict(s, a.at, fmt.Sprintf("%s says %s, but %s says %s: the latter is used", a.member, value, source[s], known))
			}
		}
	}
	p.warnOfFlags(arns, given)
	if p.Environment.Region == "" && policy.IsRegion(policy.Text(region)) {
		p.Environment.Region = region
	}
	switch known := policy.PartitionOf(p.Environment.Region); {
	case p.Environment.Partition == "":
		p.Environment.Partition = known
	case known != "" && known != p.Environment.Partition:
		p.contradict(policy.Partition, td.Ref(), fmt.Sprintf("the role's own partition is said to be %s, but its region, %s, is in %s: %[1]s is used",
			p.Environment.Partition, p.Environment.Region, known))
	}
}

// warnOfFlags warns once of an account and a region from flags that none of the ARNs has.
func (p *Plan) warnOfFlags(arns []ownARN, given policy.Environment) {
	var at taskdef.Ref
	var flags, values, effects []string
	for _, c := range []struct {
		symbol       policy.Symbol
		name, effect string
	}{
		{policy.AccountID, "account", "a task needs a role of its own account"},
		{policy.Region, "region", "what is named without a region is looked for in the flag's"},
	} {
		flag := given.Value(c.symbol)
		i := slices.IndexFunc(arns, func(a ownARN) bool { return a.value(c.symbol) != "" })
		if flag == "" || i < 0 || slices.ContainsFunc(arns, func(a ownARN) bool { return a.value(c.symbol) == flag }) {
			continue
		}
		says := fmt.Sprintf("%s says %s", arns[i].member, arns[i].value(c.symbol))
		switch {
		case flags == nil:
			at = arns[i].at
		case at == arns[i].at:
			says = arns[i].value(c.symbol)
		}
		flags = append(flags, "--"+c.name+" "+flag)
		values = append(values, says)
		effects = append(effects, c.effect)
	}
	if flags != nil {
		p.Findings = append(p.Findings, Finding{Severity: Warning, Rule: "own-values", At: at, Message: fmt.Sprintf(
			"%s, but %s: the flags are used; %s", strings.Join(flags, " and "), strings.Join(values, " and "), strings.Join(effects, ", and "))})
	}
}

// contradict keeps the first contradiction about a value of the environment.
func (p *Plan) contradict(s policy.Symbol, at taskdef.Ref, message string) {
	if p.Contradictions == nil {
		p.Contradictions = map[policy.Symbol]Finding{}
	}
	if _, ok := p.Contradictions[s]; !ok {
		p.Contradictions[s] = Finding{Severity: Warning, Rule: "own-values", At: at, Message: message}
	}
}

// use says that a finding depends on a value of the environment: a contradiction about it is then a finding itself.
func (p *Plan) use(s policy.Symbol) {
	if f, ok := p.Contradictions[s]; ok {
		p.Findings = append(p.Findings, f)
		delete(p.Contradictions, s)
	}
}
