package analyze

import (
	"fmt"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Own are the role's own values; "" where unknown.
type Own struct {
	Partition string // "aws-cn"
	Region    string // "us-east-1"
	Account   string // 12 digits
}

// Values returns the known ones by their symbols, as formats take them.
func (o Own) Values() map[policy.Symbol]string {
	values := map[policy.Symbol]string{}
	for _, s := range ownSymbols {
		if v := *o.field(s); v != "" {
			values[s] = v
		}
	}
	return values
}

var ownSymbols = [...]policy.Symbol{policy.Partition, policy.Region, policy.AccountID}

// field returns the field of a symbol.
func (o *Own) field(s policy.Symbol) *string {
	switch s {
	case policy.Partition:
		return &o.Partition
	case policy.Region:
		return &o.Region
	case policy.AccountID:
		return &o.Account
	}
	panic("no own value: " + string(s))
}

// Check returns o with the partition that the region tells, and an error for each value that is malformed
// or contradicts another.
func (o Own) Check() (Own, []error) {
	var errs []error
	if o.Account != "" && !isAccount(o.Account) {
		errs = append(errs, fmt.Errorf("account %q: an account has 12 digits", o.Account))
	}
	if o.Region != "" && !isRegion(o.Region) {
		errs = append(errs, fmt.Errorf("region %q: a region looks like us-east-1", o.Region))
	}
	if o.Partition != "" && !isPartition(o.Partition) {
		errs = append(errs, fmt.Errorf("partition %q: a partition is aws, aws-cn, aws-us-gov or looks like them", o.Partition))
	}
	switch told := partitionOf(o.Region); {
	case o.Partition == "":
		o.Partition = told
	case told != "" && told != o.Partition:
		errs = append(errs, fmt.Errorf("partition %q: region %s is in partition %s", o.Partition, o.Region, told))
	}
	return o, errs
}

// findOwn finds the role's own values: those given win, then what the task definition's ARN says, then the
// ARNs of its roles. Malformed ARNs say nothing.
func (p *Plan) findOwn(td taskdef.Value, given Own) {
	given, _ = given.Check()
	p.Own = given
	source := map[policy.Symbol]string{}
	for _, member := range []struct{ name, service, resource string }{
		{"taskDefinitionArn", "ecs", "task-definition/"},
		{"executionRoleArn", "iam", "role/"},
		{"taskRoleArn", "iam", "role/"},
	} {
		for v := range td.Each(member.name) {
			t, _ := v.Text()
			parts := strings.SplitN(string(t), ":", 6)
			if len(parts) < 6 || parts[0] != "arn" || !isPartition(parts[1]) || parts[2] != member.service ||
				!isAccount(parts[4]) || !strings.HasPrefix(parts[5], member.resource) {
				continue
			}
			if (parts[3] != "") != (member.service == "ecs") || parts[3] != "" && !isRegion(parts[3]) {
				continue
			}
			if told := partitionOf(parts[3]); told != "" && told != parts[1] {
				continue
			}
			for _, found := range []struct {
				symbol policy.Symbol
				value  string
			}{{policy.Partition, parts[1]}, {policy.Region, parts[3]}, {policy.AccountID, parts[4]}} {
				own := p.Own.field(found.symbol)
				switch {
				case found.value == "" || *given.field(found.symbol) != "":
				case *own == "":
					*own, source[found.symbol] = found.value, member.name
				case *own != found.value:
					p.contradict(found.symbol, v.Ref(), fmt.Sprintf("%s says %s, but %s says %s: the latter is used",
						member.name, found.value, source[found.symbol], *own))
				}
			}
		}
	}
	switch told := partitionOf(p.Own.Region); {
	case p.Own.Partition == "":
		p.Own.Partition = told
	case told != "" && told != p.Own.Partition:
		p.contradict(policy.Partition, td.Ref(), fmt.Sprintf("the role's own partition is said to be %s, but its region, %s, is in %s: %[1]s is used", p.Own.Partition, p.Own.Region, told))
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
