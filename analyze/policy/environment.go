package policy

import (
	"errors"
	"fmt"
)

// Environment is where a role is used, as far as that is known: the values of [Partition], [Region] and [AccountID].
type Environment struct {
	Partition string // "aws-cn"; "" where it is unknown
	Region    string // "us-east-1"; "" where it is unknown
	Account   string // 12 digits; "" where it is unknown
}

// EnvironmentSymbols are the symbols of an environment's values, in the order of [Environment].
var EnvironmentSymbols = [...]Symbol{Partition, Region, AccountID}

// Value returns the value of a symbol; "" where it is unknown.
func (e Environment) Value(s Symbol) string {
	switch s {
	case Partition:
		return e.Partition
	case Region:
		return e.Region
	case AccountID:
		return e.Account
	}
	return ""
}

// Values returns the known values by their symbols.
func (e Environment) Values() map[Symbol]string {
	values := map[Symbol]string{}
	for _, s := range EnvironmentSymbols {
		if v := e.Value(s); v != "" {
			values[s] = v
		}
	}
	return values
}

// Fill returns t for people and for explain, as [Text.String] does, but with the values that are known in the place of
// their symbols.
func (e Environment) Fill(t Text) string {
	return t.Expand(func(s string) string { return s }, func(s Symbol) string {
		if v := e.Value(s); v != "" {
			return v
		}
		return "${" + string(s) + "}"
	})
}

// Set changes the value of one of [EnvironmentSymbols], and panics on any other symbol.
func (e *Environment) Set(s Symbol, value string) {
	switch s {
	case Partition:
		e.Partition = value
	case Region:
		e.Region = value
	case AccountID:
		e.Account = value
	default:
		panic("an environment has no " + string(s))
	}
}

// WithPartition returns e with the partition of its region, where e does not have one.
func (e Environment) WithPartition() Environment {
	if e.Partition == "" {
		e.Partition = PartitionOf(e.Region)
	}
	return e
}

// Check reports every value that is malformed or contradicts another, joined with [errors.Join]. Each is one line.
func (e Environment) Check() error {
	var errs []error
	if e.Account != "" && !IsAccount(e.Account) {
		errs = append(errs, fmt.Errorf("account %q: an account has 12 digits", e.Account))
	}
	if e.Region != "" && !IsRegion(e.Region) {
		errs = append(errs, fmt.Errorf("region %q: a region looks like us-east-1", e.Region))
	}
	if e.Partition != "" && !IsPartition(e.Partition) {
		errs = append(errs, fmt.Errorf("partition %q: a partition is aws, aws-cn, aws-us-gov or looks like them", e.Partition))
	}
	if known := PartitionOf(e.Region); e.Partition != "" && known != "" && known != e.Partition {
		errs = append(errs, fmt.Errorf("partition %q: region %s is in partition %s", e.Partition, e.Region, known))
	}
	return errors.Join(errs...)
}
