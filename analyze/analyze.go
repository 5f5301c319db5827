// Package analyze finds out which permissions ECS needs to start a task: it reads a task definition,
// asks every rule, and returns a plan, in which each permission knows the field that asks for it.
package analyze

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Options change what is required.
type Options struct {
	// Set fills placeholders, by name or by JSON pointer.
	Set []taskdef.Setting
	// Image gives containers an image, whatever the task definition says.
	Image []taskdef.Setting
	// CalledOnly leaves out actions that are documented but not known to be called.
	CalledOnly bool
	// Own are the role's own values as far as the caller knows them. They never enter a requirement,
	// which keeps its symbols; they win over what the task definition says in [Plan.Own].
	Own Own
}

// Plan is what a task needs, field by field.
type Plan struct {
	File         string        // as the caller named the input
	Family       string        // as the input says it; "" where it does not
	Requirements []Requirement // in the order of the input
	Findings     []Finding     // in the order of the input
	Own          Own           // the role's own values where options or input tell them
	// Contradictions are those inside the input about own values; they matter only where the value
	// is used.
	Contradictions map[policy.Symbol]Finding
}

// Own are the role's own values; "" where unknown.
type Own struct {
	Partition string // "aws-cn"
	Region    string // "us-east-1"
	Account   string // 12 digits
}

// Values returns the known ones by their symbols, as formats take them.
func (o Own) Values() map[policy.Symbol]string {
	values := map[policy.Symbol]string{}
	for s, v := range map[policy.Symbol]string{
		policy.Partition: o.Partition, policy.Region: o.Region, policy.AccountID: o.Account,
	} {
		if v != "" {
			values[s] = v
		}
	}
	return values
}

// Check reports values that are malformed or contradict each other, all of them, and fills in the
// partition that the region tells.
func (o Own) Check() (Own, []error) { return o, nil }

// JSON analyzes a task definition as aws ecs register-task-definition takes it or as
// describe-task-definition prints it. The plan is never nil; the error is [Errors] when the plan
// holds findings that are errors, and no role can then be made of it. File is how findings name the input.
func JSON(file string, src []byte, opts Options) (*Plan, error) {
	return &Plan{File: file}, nil
}

// TaskDefinition analyzes a task definition of the AWS SDK. Findings have JSON pointers for places.
func TaskDefinition(td *types.TaskDefinition, opts Options) (*Plan, error) {
	src, err := json.Marshal(td)
	if err != nil {
		return nil, fmt.Errorf("task definition: %w", err)
	}
	return JSON("", src, opts)
}

// Errors are the findings that forbid making a role.
type Errors []Finding

// Error returns the findings, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns [Errors] if the plan holds findings that are errors, and nil otherwise.
func (p *Plan) Err() error {
	errs := slices.DeleteFunc(slices.Clone(p.Findings), func(f Finding) bool { return f.Severity != Error })
	if len(errs) == 0 {
		return nil
	}
	return Errors(errs)
}

// Role merges the plan's requirements into a role. It fails with the plan's own errors, and where
// opts ask for what IAM does not allow.
func (p *Plan) Role(opts policy.Options) (*policy.Role, error) {
	return nil, p.Err()
}

// Agent returns the least version of the ECS container agent that can do what the plan requires,
// such as "1.23.0", or "" if it requires nothing.
func (p *Plan) Agent() string { return "" }

// Unseen returns what the task definition cannot show and this plan makes likely.
func (p *Plan) Unseen() []Unseen { return nil }
