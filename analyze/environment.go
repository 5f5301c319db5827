package analyze

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// findOwn finds the role's own values: those given win, then what the task definition's ARN says, then the
// ARNs of its roles. Malformed ARNs say nothing.
func (p *Plan) findEnvironment(td taskdef.Value, given policy.Environment) {
	given, _ = given.Check()
	p.Environment = given
	source := map[policy.Symbol]string{}
	for _, member := range []struct{ name, service, resource string }{
		{"taskDefinitionArn", "ecs", "task-definition/"},
		{"executionRoleArn", "iam", "role/"},
		{"taskRoleArn", "iam", "role/"},
	} {
		for v := range td.Each(member.name) {
			t, _ := v.Text()
			parts := strings.SplitN(string(t), ":", 6)
			if len(parts) < 6 || parts[0] != "arn" || !policy.IsPartition(parts[1]) || parts[2] != member.service ||
				!policy.IsAccount(parts[4]) || !strings.HasPrefix(parts[5], member.resource) {
				continue
			}
			if (parts[3] != "") != (member.service == "ecs") || parts[3] != "" && !policy.IsRegion(parts[3]) {
				continue
			}
			if told := policy.PartitionOf(parts[3]); told != "" && told != parts[1] {
				continue
			}
			for _, found := range []struct {
				symbol policy.Symbol
				value  string
			}{{policy.Partition, parts[1]}, {policy.Region, parts[3]}, {policy.AccountID, parts[4]}} {
				known := p.Environment.Value(found.symbol)
				switch {
				case found.value == "" || given.Value(found.symbol) != "":
				case known == "":
					p.Environment.Set(found.symbol, found.value)
					source[found.symbol] = member.name
				case known != found.value:
					p.contradict(found.symbol, v.Ref(), fmt.Sprintf("%s says %s, but %s says %s: the latter is used",
						member.name, found.value, source[found.symbol], known))
				}
			}
		}
	}
	switch told := policy.PartitionOf(p.Environment.Region); {
	case p.Environment.Partition == "":
		p.Environment.Partition = told
	case told != "" && told != p.Environment.Partition:
		p.contradict(policy.Partition, td.Ref(), fmt.Sprintf("the role's own partition is said to be %s, but its region, %s, is in %s: %[1]s is used", p.Environment.Partition, p.Environment.Region, told))
	}
}

// contradict keeps the first contradiction about an own value.
func (p *Plan) contradict(s policy.Symbol, at taskdef.Ref, message string) {
	if p.Contradictions == nil {
		p.Contradictions = map[policy.Symbol]Finding{}
	}
	if _, ok := p.Contradictions[s]; !ok {
		p.Contradictions[s] = Finding{Severity: Warning, Rule: "own-values", At: at, Message: message}
	}
}

// use says that a finding depends on an own value: a contradiction about it then is a finding itself.
func (p *Plan) use(s policy.Symbol) {
	if f, ok := p.Contradictions[s]; ok {
		p.Findings = append(p.Findings, f)
		delete(p.Contradictions, s)
	}
}
