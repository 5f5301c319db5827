package analyze

import (
	"fmt"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// findEnvironment finds out where the role is used: the values given have precedence, then those in the task
// definition's own ARN, then those in the ARNs of its roles. Malformed ARNs are ignored.
func (p *Plan) findEnvironment(td taskdef.Value, given policy.Environment) {
	given = given.WithPartition()
	p.Environment = given
	source := map[policy.Symbol]string{}
	for _, member := range []struct{ name, service, resource string }{
		{"taskDefinitionArn", "ecs", "task-definition/"},
		{"executionRoleArn", "iam", "role/"},
		{"taskRoleArn", "iam", "role/"},
	} {
		for v := range td.Each(member.name) {
			t, _ := v.Text()
			arn, ok := policy.CutARN(t)
			region := string(arn.Region)
			switch known := policy.PartitionOf(region); {
			case !ok || !policy.IsPartition(string(arn.Partition)) || string(arn.Service) != member.service,
				!policy.IsAccount(string(arn.Account)) || !arn.Resource.HasPrefix(member.resource),
				(region != "") != (member.service == "ecs") || region != "" && !policy.IsRegion(region),
				known != "" && known != string(arn.Partition):
				continue
			}
			for _, found := range []struct {
				symbol policy.Symbol
				value  policy.Text
			}{{policy.Partition, arn.Partition}, {policy.Region, arn.Region}, {policy.AccountID, arn.Account}} {
				value := string(found.value)
				switch known := p.Environment.Value(found.symbol); {
				case value == "" || given.Value(found.symbol) != "":
				case known == "":
					p.Environment.Set(found.symbol, value)
					source[found.symbol] = member.name
				case known != value:
					p.contradict(found.symbol, v.Ref(), fmt.Sprintf("%s says %s, but %s says %s: the latter is used",
						member.name, value, source[found.symbol], known))
				}
			}
		}
	}
	switch known := policy.PartitionOf(p.Environment.Region); {
	case p.Environment.Partition == "":
		p.Environment.Partition = known
	case known != "" && known != p.Environment.Partition:
		p.contradict(policy.Partition, td.Ref(), fmt.Sprintf("the role's own partition is said to be %s, but its region, %s, is in %s: %[1]s is used",
			p.Environment.Partition, p.Environment.Region, known))
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
