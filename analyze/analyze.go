// Package analyze finds out which permissions ECS needs to start a task: it reads a task definition,
// asks every rule, and returns a plan, in which each permission knows the field that asks for it.
package analyze

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// Options change what is required.
type Options struct {
	// Set fills placeholders, by name or by JSON pointer.
	Set []taskdef.Setting
	// Image gives containers an image, whatever the task definition says.
	Image []taskdef.Setting
	// CalledOnly leaves out actions that are documented but not known to be called.
	CalledOnly bool
	// CredSpecs are the credential specs that domainless containers use, or CredSpecSecrets the ARNs of the
	// secrets that they name: the task definition holds neither.
	CredSpecs       []CredSpec
	CredSpecSecrets []string
	// KMSKeys say what is encrypted with which customer-managed key.
	KMSKeys []KMSKey
	// BucketOwners pin the owners of buckets.
	BucketOwners []BucketOwner
	// SourceVPCEndpoints and SourceVPCs are where images are pulled from: vpce-…, vpc-….
	SourceVPCEndpoints, SourceVPCs []string
	// GuardDuty allows the image of GuardDuty's agent in the role's region: where that is open, in each that this
	// package knows ([Plan.Mappings]). GuardDutyAccount is the account that has it, for other regions.
	GuardDuty        bool
	GuardDutyAccount string
	// ManagedPolicy attaches AWS's policy AmazonECSTaskExecutionRolePolicy to the role, which then has only what
	// that does not grant in policies of its own.
	ManagedPolicy bool
	// PullThroughCaches are prefixes of repositories that are pull-through caches; "ROOT" is all.
	PullThroughCaches []string
	// Own are the role's own values as far as the caller knows them; [Own.Check] says what may stand there.
	// They never enter a requirement, which keeps its symbols; they win over what the task definition says in
	// [Plan.Own].
	Environment policy.Environment
}

// Plan is what a task needs, field by field.
type Plan struct {
	File         string             // as the caller named the input
	Family       string             // as the input says it; "" where it does not
	Requirements []Requirement      // in the order of the input
	Findings     []Finding          // in the order of the input
	Environment  policy.Environment // the role's own values where options or input tell them
	// Attached are the ARNs of AWS's managed policies that the role is to have; see [Requirement.GrantedBy].
	Attached []policy.Text
	// Mappings give the values of symbols in requirements, besides the role's own values.
	Mappings []policy.Mapping
	// Symbols says what is known of the symbols in requirements, besides those of the environment.
	Symbols policy.SymbolTable
	// Contradictions are those inside the input about own values; they matter only where the value
	// is used.
	Contradictions map[policy.Symbol]Finding

	domainless int // how many domainless credential specs there are
	guardDuty  bool
	// mayBeFargate says that nothing keeps the task from Fargate.
	mayBeFargate bool
	shared       bool // something belongs to another account
	usedKeys     map[KMSKey]bool
	usedOwners   map[BucketOwner]bool
	usedCaches   map[string]bool
}

// JSON analyzes a task definition as aws ecs register-task-definition takes it or as
// describe-task-definition prints it. The plan is never nil; the error is [Errors] when the plan
// holds findings that are errors, and no role can then be made of it. File is how findings name the input.
func JSON(file string, src []byte, opts Options) (*Plan, error) {
	return analyze(file, src, taskdef.Options{Set: opts.Set, Image: opts.Image}, opts)
}

// TaskDefinition analyzes a task definition of the AWS SDK. Findings have JSON pointers for places.
func TaskDefinition(td *types.TaskDefinition, opts Options) (*Plan, error) {
	src, err := json.Marshal(td)
	if err != nil {
		// A plan without findings would give a role without permissions.
		plan := &Plan{Findings: []Finding{{Severity: Error, Rule: string(taskdef.Syntax), Message: err.Error()}}}
		return plan, plan.Err()
	}
	return analyze("", src, taskdef.Options{Set: opts.Set, Image: opts.Image, Form: taskdef.SDK}, opts)
}

func analyze(file string, src []byte, read taskdef.Options, opts Options) (*Plan, error) {
	plan := &Plan{File: file, usedKeys: map[KMSKey]bool{}, usedOwners: map[BucketOwner]bool{}, usedCaches: map[string]bool{}}
	if _, errs := opts.Environment.Check(); errs != nil {
		for _, err := range errs {
			plan.Findings = append(plan.Findings, Finding{Severity: Error, Rule: string(taskdef.Flags), At: taskdef.Ref{Place: tree.Place{File: file}}, Message: err.Error()})
		}
	}
	tds, problems := taskdef.Read(file, src, read)
	plan.add(problems)
	if len(tds) > 0 {
		reader := tds[0].Reader()
		td := reader.Root()
		plan.Symbols = reader.Symbols()
		// A family of another type is wrong, but no permission depends on it.
		for _, family := range td.Scalars("family") {
			plan.Family = family.String()
		}
		plan.findEnvironment(td, opts.Environment)
		for _, rule := range Rules() {
			rule.check(&pass{rule: rule, plan: plan, reader: reader, opts: &opts}, td)
		}
		plan.checkEndpoints(td, &opts)
		plan.checkKeys(td, &opts)
		plan.checkBucketOwners(td, &opts)
		plan.checkCaches(td, &opts)
		plan.add(reader.Problems())
		plan.add(taskdef.Unused([]*taskdef.Reader{reader}))
		plan.useManagedPolicy(td, &opts)
		plan.checkShared(td)
	}
	slices.SortStableFunc(plan.Requirements, func(a, b Requirement) int { return cmp.Compare(a.At.Offset, b.At.Offset) })
	slices.SortStableFunc(plan.Findings, func(a, b Finding) int { return cmp.Compare(a.At.Offset, b.At.Offset) })
	return plan, plan.Err()
}

// add takes over what the reader found.
func (p *Plan) add(problems []taskdef.Problem) {
	for _, problem := range problems {
		severity := Error
		if problem.Warning {
			severity = Warning
		}
		p.Findings = append(p.Findings, Finding{Severity: severity, Rule: string(problem.Kind), At: problem.At, Message: problem.Message})
	}
}

// flag says that an option fits nothing, or is malformed. It has no place in the input.
func (p *Plan) flag(td taskdef.Value, format string, args ...any) {
	p.Findings = append(p.Findings, Finding{Severity: Error, Rule: string(taskdef.Flags), At: td.Ref(), Message: fmt.Sprintf(format, args...)})
}

// requires reports whether the plan requires one of the grants.
func (p *Plan) requires(grants ...*Grant) bool {
	return slices.ContainsFunc(p.Requirements, func(r Requirement) bool { return slices.Contains(grants, r.Grant) })
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
	var errs Errors
	for _, f := range p.Findings {
		if f.Severity == Error {
			errs = append(errs, f)
		}
	}
	if errs == nil {
		return nil
	}
	return errs
}

// Role merges the plan's requirements into a role. It fails with the plan's own errors, where opts ask for what
// IAM does not allow, and with a [policy.LimitError] where the permissions are more than a role can have.
func (p *Plan) Role(opts policy.Options) (*policy.Role, error) {
	if err := p.Err(); err != nil {
		return nil, err
	}
	if err := opts.Check(); err != nil {
		return nil, err
	}
	role := &policy.Role{Family: p.Family, Name: opts.Name, Properties: opts.Properties.Sorted(), Trust: trustPolicy(!opts.NoSourceConditions), Attached: p.Attached}
	var err error
	if role.Inline, role.Managed, err = policy.Pack(policy.Name, p.statements(), len(role.Attached), p.Symbols); err != nil {
		return nil, fmt.Errorf("%w; keep several values as JSON keys of one secret, or split the task definition", err)
	}
	role.Mappings, role.Environment, role.Symbols = p.usedMappings(role), p.Environment, p.Symbols
	role.ResourcePolicies = p.shares(opts)
	if err := role.Check(); err != nil {
		return nil, err
	}
	return role, nil
}

// usedMappings returns the tables whose symbols the role's policies hold.
func (p *Plan) usedMappings(role *policy.Role) (tables []policy.Mapping) {
	for _, t := range p.Mappings {
		if slices.ContainsFunc(role.Policies(), func(q policy.Policy) bool {
			return slices.Contains(policy.Symbols(q.Document), t.Symbol)
		}) {
			tables = append(tables, t)
		}
	}
	return tables
}

// statements returns the requirements as statements that are to be merged, without those that a managed policy
// grants.
func (p *Plan) statements() []policy.Statement {
	var single []policy.Statement
	for _, r := range p.ordered() {
		if r.GrantedBy == "" {
			single = append(single, r.statement())
		}
	}
	return single
}

// ordered returns the requirements in the order of the rules and their grants, and then of their conditions, so that
// a statement's place does not depend on where in the input its fields stand.
func (p *Plan) ordered() []*Requirement {
	order := grantOrder()
	ordered := make([]*Requirement, len(p.Requirements))
	for i := range p.Requirements {
		ordered[i] = &p.Requirements[i]
	}
	slices.SortStableFunc(ordered, func(a, b *Requirement) int {
		return cmp.Or(cmp.Compare(order[a.Grant], order[b.Grant]), policy.CompareConditions(a.Conditions, b.Conditions))
	})
	return ordered
}

// grantOrder numbers the grants in the order of the rules.
var grantOrder = sync.OnceValue(func() map[*Grant]int {
	order := map[*Grant]int{}
	for _, rule := range Rules() {
		for _, g := range rule.Grants {
			if _, seen := order[g]; !seen {
				order[g] = len(order)
			}
		}
	}
	return order
})

// statement returns the requirement as a statement of its own.
func (r *Requirement) statement() policy.Statement {
	s := policy.Statement{
		Sid: r.Grant.Sid, Actions: make([]string, len(r.Actions)), Resources: []policy.Text{r.Resource}, Conditions: r.Conditions,
		From: []policy.Source{{Container: r.At.Container, Field: r.At.Field}},
	}
	for i, a := range r.Actions {
		s.Actions[i] = a.Name
	}
	if reason := r.WildcardReason(); reason != "" {
		s.Reasons = []string{reason}
	}
	return s
}

// Agent returns the least version of the ECS container agent that can do what the plan requires,
// such as "1.23.0", or "" if it requires nothing.
func (p *Plan) Agent() string {
	least := ""
	for _, r := range p.Requirements {
		if least == "" || slices.Compare(version(r.Grant.Agent), version(least)) > 0 {
			least = r.Grant.Agent
		}
	}
	return least
}

// version returns the numbers of a version.
func version(s string) []int {
	var numbers []int
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			panic(fmt.Sprintf("a grant has the agent version %q", s))
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// Unseen returns what the task definition cannot show and this plan makes likely.
func (p *Plan) Unseen() []Unseen {
	var list []Unseen
	for _, rule := range Rules() {
		for _, u := range rule.Unseen {
			if u.Applies == nil || u.Applies(p) {
				list = append(list, u)
			}
		}
	}
	return list
}
