package analyze

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// Plan is what a task needs, field by field.
type Plan struct {
	File         string             // as the caller named the input
	Name         string             // what the input calls the task definition, such as a logical ID; "" where it has no name
	Family       string             // as the input says it, or Name; "" where it has neither
	Requirements []Requirement      // in the order of the input
	Findings     []Finding          // in the order of the input
	Unseen       []Unseen           // what the task definition cannot show and its content makes likely
	Environment  policy.Environment // where the role is used, as far as options or input say it
	// Declared is what the ARNs of the input say of the environment, whatever the options say.
	Declared policy.Environment
	// ExecutionRole is what the task definition has as executionRoleArn; "" where it has none. It can be a symbol, or, by
	// mistake, the name of a role.
	ExecutionRole policy.Text
	// ExecutionRoles are all that executionRoleArn can be: several where it is a conditional, and where a job definition of AWS
	// Batch has several tasks.
	ExecutionRoles []NamedRole
	// Condition is that under which a template has the task definition; "" where it always has it.
	Condition string
	// RoleAt are the JSON pointers of the objects that have, or can have, executionRoleArn, if a template has the task
	// definition: most have one such object, and a job definition of AWS Batch can have several.
	RoleAt []string
	// Attached are the ARNs of AWS's managed policies that the role is to have; see [Requirement.GrantedBy].
	Attached []policy.Text
	// Mappings give the values of symbols in requirements that depend on the region alone.
	Mappings []policy.Mapping
	// Formulas are those conditions in [Requirement.When] that the template does not declare, by their names, such as that
	// AWS::Region is a certain row of a mapping; nil if there are none.
	Formulas map[string]*policy.Formula
	// Module is the module of Terraform's source that has the task definition; nil if none has it.
	Module *policy.Module
	// TaskRoles are what taskRoleArn says: the role as which the containers act, and usually one.
	TaskRoles []policy.Text
	// Symbols says what is known of the symbols in requirements, besides those of the environment.
	Symbols policy.SymbolTable
	// Contradictions are those inside the input about the environment. One of them is a finding only where the value
	// is used.
	Contradictions map[policy.Symbol]Finding
	// LaunchTypes are those that the task can have, such as "EC2": all of ECS where requiresCompatibilities does not say.
	LaunchTypes []string

	// SharedBy are the task definitions that share the role, as the places of requirements call them: see [Share]; nil for
	// the plan of one task definition.
	SharedBy []string
	// Unread says that the document has no task definition, or none that can be read: there are only findings.
	Unread bool
	// NoTaskDefinition says of an unread document that it is something else: nothing in it looks like a task definition.
	NoTaskDefinition bool

	// identity is how other documents name the task definition; nil where none could be read. Beside is not nil for the plan
	// of what is read beside a task definition: see [Join].
	identity *identity
	beside   *beside
	settled  []taskdef.Subject // of what has been joined

	at      tree.Place
	asks    bool // there are questions
	remarks []remark
	needs   []Need // those that do not follow from requirements
}

// NamedRole is a role that a task definition names.
type NamedRole struct {
	Role policy.Text // its ARN, as [Plan.ExecutionRole] is
	// Branches are those of conditionals of a template in which it is named; nil where it always is.
	Branches []policy.Branch
	At       taskdef.Ref
}

// At returns the place of the task definition.
func (p *Plan) At() tree.Place { return p.at }

// remark is a finding about roles with some options.
type remark struct {
	Finding
	applies func(policy.Options) bool
}

// RoleFindings returns the findings about the plan's role with these options, besides [Plan.Findings], in the order of
// the rules.
func (p *Plan) RoleFindings(opts policy.Options) (findings []Finding) {
	for _, r := range p.remarks {
		if r.applies(opts) {
			findings = append(findings, r.Finding)
		}
	}
	return findings
}

// AddFindings adds findings to those of the plan, in the order of their places.
func (p *Plan) AddFindings(findings []Finding) {
	p.Findings = append(p.Findings, findings...)
	p.sort()
}

// add takes over what the reader found.
func (p *Plan) add(problems []taskdef.Problem) {
	for _, problem := range problems {
		severity := Error
		switch {
		case problem.Warning:
			severity = Warning
		case problem.Note:
			severity = Note
		}
		p.Findings = append(p.Findings, Finding{Severity: severity, Rule: string(problem.Kind), At: problem.At, Message: problem.Message})
	}
}

// mapSymbol adds a mapping, and what is known of its symbol.
func (p *Plan) mapSymbol(m policy.Mapping, info policy.SymbolInfo) {
	p.Mappings = append(p.Mappings, m)
	symbols := maps.Clone(p.Symbols) // the reader's
	if symbols == nil {
		symbols = policy.SymbolTable{}
	}
	symbols[m.Symbol] = info
	p.Symbols = symbols
}

// requires reports whether the plan requires one of the grants.
func (p *Plan) requires(grants ...*Grant) bool {
	for i := range p.Requirements { // they are large, so none is copied
		if slices.Contains(grants, p.Requirements[i].Grant) {
			return true
		}
	}
	return false
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

// Err returns [Errors] if the plan has findings that are errors, and nil otherwise.
func (p *Plan) Err() error {
	if errs := p.errors(); errs != nil {
		return errs
	}
	return nil
}

func (p *Plan) errors() (errs Errors) {
	for _, f := range p.Findings {
		if f.Severity == Error {
			errs = append(errs, f)
		}
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
	role := &policy.Role{
		Family: p.Family, Name: opts.Name, Properties: opts.Properties.Sorted(), Trust: trustPolicy(!opts.NoSourceConditions),
		Attached: p.Attached, Environment: p.Environment, Symbols: p.Symbols,
	}
	var err error
	if role.Inline, role.Managed, err = policy.Pack(policy.Name, p.statements(), len(role.Attached), p.Symbols); err != nil {
		cure := "split the task definition"
		if p.SharedBy != nil {
			cure = "let fewer task definitions share the role"
		}
		return nil, fmt.Errorf("%w; keep several values as JSON keys of one secret, or %s", err, cure)
	}
	role.Mappings = p.usedMappings(role)
	role.Module = p.roleModule()
	role.ResourcePolicies = p.resourcePolicies(opts)
	role.PassRole = p.passRole(opts)
	if err := role.Check(); err != nil {
		return nil, err
	}
	return role, nil
}

// roleModule returns the module of which the role becomes a part. Where the task definition names a role of the module, it is
// that role.
func (p *Plan) roleModule() *policy.Module {
	if p.Module == nil {
		return nil
	}
	m := *p.Module
	if s, rest, ok := p.ExecutionRole.CutSymbol(); ok && rest == "" {
		m.Role, m.RoleLists = m.Roles[s], m.Lists[s]
	}
	return &m
}

// usedMappings returns the mappings whose symbols are in the role's policies.
func (p *Plan) usedMappings(role *policy.Role) (mappings []policy.Mapping) {
	for _, m := range p.Mappings {
		if slices.ContainsFunc(role.Policies(), func(q policy.Policy) bool {
			return slices.Contains(policy.Symbols(q.Document), m.Symbol)
		}) {
			mappings = append(mappings, m)
		}
	}
	return mappings
}

// statements returns the requirements as statements that are to be merged, without those that a managed policy
// grants. Requirements that differ in their places alone are one statement: of the task definitions that share a role,
// thousands can ask for the same.
func (p *Plan) statements() []policy.Statement {
	type asked struct {
		grant            *Grant
		resource         policy.Text
		actions          int // which of the grant's, since those that are left out are the same
		conditions, when string
	}
	type askers struct {
		r    *Requirement // the first of them
		from []policy.Source
	}
	var list []askers
	index := map[asked]int{}
	for _, i := range p.ordered() {
		r := &p.Requirements[i]
		if r.GrantedBy != "" {
			continue
		}
		key := asked{grant: r.Grant, resource: r.Resource, actions: len(r.Actions)}
		if r.Conditions != nil {
			key.conditions = fmt.Sprintf("%q", r.Conditions)
		}
		if r.When != nil {
			key.when = fmt.Sprintf("%q", r.When)
		}
		j, seen := index[key]
		if !seen {
			j = len(list)
			index[key] = j
			list = append(list, askers{r: r})
		}
		list[j].from = append(list[j].from, r.source(i+1))
	}
	statements := make([]policy.Statement, len(list))
	for i, a := range list {
		statements[i] = a.r.statement(a.from)
	}
	return statements
}

// ordered returns the indexes of the requirements in the order of the rules and their grants, and then of their
// conditions. So the place of a statement does not depend on the order of the fields in the input.
func (p *Plan) ordered() []int {
	order := grantOrder()
	ordered, ranks := make([]int, len(p.Requirements)), make([]int, len(p.Requirements))
	for i := range p.Requirements {
		ordered[i], ranks[i] = i, order[p.Requirements[i].Grant]
	}
	slices.SortStableFunc(ordered, func(i, j int) int {
		if ranks[i] != ranks[j] {
			return ranks[i] - ranks[j]
		}
		return policy.CompareConditions(p.Requirements[i].Conditions, p.Requirements[j].Conditions)
	})
	return ordered
}

// grantOrder numbers the grants in the order of the rules.
var grantOrder = sync.OnceValue(func() map[*Grant]int {
	order := map[*Grant]int{}
	for _, rule := range allRules() {
		for _, g := range rule.Grants {
			if _, seen := order[g]; !seen {
				order[g] = len(order)
			}
		}
	}
	return order
})

// Agent returns the oldest version of the ECS container agent that can do what the plan requires,
// such as "1.23.0", or "" if it requires nothing, or if nobody but AWS can choose the version.
func (p *Plan) Agent() string {
	least := ""
	if p.RunsOnly(fargate) {
		return least // AWS keeps the agent up to date there
	}
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
