// Package analyze finds out which permissions ECS needs to start a task: it reads a task definition,
// asks every rule, and returns a plan, in which each permission knows the field that asks for it.
package analyze

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

// Options change what is required. Those of one topic are described at the rule of that topic.
type Options struct {
	// Set fills placeholders, by name or by JSON pointer.
	Set []Setting
	// Image gives containers an image, whatever the task definition says.
	Image []Setting
	// CalledOnly leaves out actions that are documented but not known to be called.
	CalledOnly bool
	// CredSpecs are the credential specs that domainless containers use, or CredSpecSecrets the ARNs of the
	// secrets that they name: the task definition has neither.
	CredSpecs       []CredSpec
	CredSpecSecrets []string
	// CompleteARNs says that every ARN of a secret that may lack its random suffix has it, and PartialARNs that it lacks
	// it. Without one of them both readings are allowed.
	CompleteARNs, PartialARNs bool
	// Parameters leaves open what a placeholder or a symbol keeps from being known: the output asks for its value. A whole
	// image or a whole secret becomes the ARN of what it names, or empty where it is something else that needs no
	// permission; a part of an ARN becomes that part. Only formats that can ask for values take such a role.
	Parameters bool
	// Derive leaves whole values of Terraform's source open, and says how what they name follows from the symbols in them: see
	// [policy.Derivation]. Terraform can decide such expressions. Parameters has precedence.
	Derive bool
	// OfferParameters finds out, for findings, whether Parameters would settle them: see [Finding.CanLeaveOpen].
	OfferParameters bool
	// Conditions keeps the conditions of a template of CloudFormation: [Requirement.When] says under which of them a
	// permission is needed. Only a role in the same template can take them; without this option, it has all permissions.
	Conditions bool
	// TemplateParameters does what Parameters does, for templates of CloudFormation alone. With Conditions, it also keeps
	// conditions to which a template gives no name: see [Plan.Formulas].
	TemplateParameters bool
	// RoleExists says that the plans are for a comparison with a role that exists: SourceVPCEndpoints and SourceVPCs then say where
	// all calls of the tasks come from, not only those that pull images.
	RoleExists bool
	// KMSKeys say what is encrypted with which customer-managed key.
	KMSKeys []KMSKey
	// Keys are those that answers of AWS name: see [ReadKeys]; nil where there are none. KMSKeys that name a thing have
	// precedence, and one for everything is for what the answers do not name.
	Keys *KnownKeys
	// BucketOwners say which account owns a bucket.
	BucketOwners []BucketOwner
	// SourceVPCEndpoints and SourceVPCs are where images are pulled from: vpce-…, vpc-….
	SourceVPCEndpoints, SourceVPCs []string
	// GuardDuty allows the image of GuardDuty's agent in the role's region. Where the region is unknown, it allows it in
	// each region that this package knows ([Plan.Mappings]). GuardDutyAccount is the account that owns the image, for
	// other regions.
	GuardDuty        bool
	GuardDutyAccount string
	// ManagedPolicy attaches AWS's policy AmazonECSTaskExecutionRolePolicy to the role, which then has only what
	// that does not grant in policies of its own.
	ManagedPolicy bool
	// PullThroughCaches are prefixes of repositories that are pull-through caches; "ROOT" is all.
	PullThroughCaches []string
	// Resources are the names of the task definitions to read, where a document has several: the logical IDs of
	// resources, or families. Without names, all are read.
	Resources []string
	// Environment is where the role is used, as far as the caller knows; [policy.Environment.Check] says which values
	// are valid. A requirement keeps its symbols all the same. These values have precedence over what the task
	// definition says; [Plan.Environment] has the result.
	Environment policy.Environment
}

// Setting is a name and the value that it gets. In [Options].Set the name is that of a placeholder, or a JSON pointer to a
// string; in Image, that of a container.
type Setting = taskdef.Setting

// Input is a document to read.
type Input struct {
	Name   string // as findings name it
	Source []byte
	Form   taskdef.Form // the zero value is the JSON that [Read] takes
	// Known are the values of symbols of a template that other templates give, such as imports and parameters of a nested
	// stack, and KnownSymbols says what is known of the symbols in them.
	Known        map[policy.Symbol]policy.Text
	KnownSymbols policy.SymbolTable
	// Exports are what the templates of the run export, which this one can import; nil where there are no others.
	Exports *Exports
	// Module is Terraform's source, in the place of Source. Name is then that of its folder: findings name files in it.
	Module *Module
}

// Module is a module of Terraform, as its source has it.
type Module = taskdef.Module

// Exports are what the templates of a run export: see [NewExports].
type Exports = taskdef.Exports

// NewExports returns the exports of templates, given as their names and their texts, in any order. What is no template does not
// count. The texts are read once, and only if a template imports something.
func NewExports(templates iter.Seq2[string, []byte]) *Exports { return taskdef.NewExports(templates) }

// ExportsOf returns the exports of the templates among inputs; nil where there are no others.
func ExportsOf(inputs []Input) *Exports {
	if len(inputs) < 2 {
		return nil
	}
	return NewExports(func(yield func(string, []byte) bool) {
		for _, in := range inputs {
			if in.Module == nil && !yield(in.Name, in.Source) {
				return
			}
		}
	})
}

// OnlyExports reports whether the plans of the input are of a template that has no task definition, and exports something for the
// others.
func (in Input) OnlyExports(plans []*Plan) bool {
	return len(plans) > 0 && plans[0].NoTaskDefinition && in.Exports.From(in.Name)
}

// Callers finds the modules of a repository that call a module: see [Module].
type Callers = taskdef.Callers

// Read analyzes the task definitions of one document: JSON as aws ecs register-task-definition takes it or as
// describe-task-definition prints it. Name is how findings name the document.
//
// There is a plan for each task definition, and at least one: the plan of a document that cannot be read has nothing
// but findings. The error is [Errors] if a plan has findings that are errors. No role can then be made of that plan.
func Read(name string, src []byte, opts Options) ([]*Plan, error) {
	return ReadAll([]Input{{Name: name, Source: src}}, opts)
}

// ReadAll is [Read] for several documents, which share the options: an option that fits one of them is not an error
// for the others. What is wrong with the options themselves is among the findings of the last plan that has a task
// definition. Templates can import what others of them export, and one that has nothing but exports has no plan, unless there are
// no others. For more documents than memory should hold, see [Analysis].
func ReadAll(inputs []Input, opts Options) ([]*Plan, error) {
	a, exports := NewAnalysis(opts), ExportsOf(inputs)
	var plans, others []*Plan
	for _, in := range inputs {
		in.Exports = cmp.Or(in.Exports, exports)
		read := a.Read(in)
		if in.OnlyExports(read) {
			others = append(others, read...)
			continue
		}
		if slices.ContainsFunc(read, func(p *Plan) bool { return p.NoTaskDefinition }) {
			a.Incomplete()
		}
		plans = append(plans, read...)
	}
	if len(plans) == 0 {
		plans = others
	}
	if len(plans) == 0 { // Options.Resources chooses none of them
		plans = []*Plan{{File: inputs[len(inputs)-1].Name}}
	}
	return finished(Join(plans), a.Finish())
}

// finished adds findings about the options to the last plan that has a task definition, and returns the plans and their
// errors.
func finished(plans []*Plan, findings []Finding) ([]*Plan, error) {
	last := plans[len(plans)-1]
	for _, p := range plans {
		if !p.Unread {
			last = p
		}
	}
	last.AddFindings(findings)
	var errs Errors
	for _, p := range plans {
		errs = append(errs, p.errors()...)
	}
	if errs == nil {
		return plans, nil
	}
	return plans, errs
}

// order sorts a list in the order of the input. The elements are large, so their positions are sorted, and then each
// element is moved once.
func order[T any](list []T, offset func(*T) int) {
	type position struct{ offset, index int }
	positions := make([]position, len(list))
	for i := range list {
		positions[i] = position{offset(&list[i]), i}
	}
	byOffset := func(a, b position) int { return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.index, b.index)) }
	if slices.IsSortedFunc(positions, byOffset) {
		return
	}
	slices.SortFunc(positions, byOffset)
	for first := range positions {
		if positions[first].index == first {
			continue
		}
		// What comes to the place of an element leaves a place for another, until the element itself has one.
		element, i := list[first], first
		for from := positions[i].index; from != first; from = positions[i].index {
			list[i] = list[from]
			positions[i].index = i
			i = from
		}
		list[i] = element
		positions[i].index = i
	}
}

// check lets every rule check a task definition. Problems are those of its document.
func (a *document) check(name string, problems []taskdef.Problem, reader *taskdef.Reader) ([]pass, *reading) {
	td := reader.Root()
	plan := &Plan{File: name, Name: reader.Name(), Family: reader.Name(), RoleAt: reader.RoleAt(), Symbols: reader.Symbols(), Module: reader.Module(), Condition: reader.Condition(), at: td.Ref().Place}
	if plan.Module != nil {
		plan.Family = plan.Module.Label // a family that is known only at deployment cannot name anything
	}
	if subject := reader.Form().Subject; subject.Beside() {
		plan.beside = newBeside(name, subject, td)
		plan.Findings = append(plan.Findings, plan.beside.alone())
	} else {
		id := identify(td)
		plan.identity = &id
	}
	plan.checkOptions(a.opts)
	plan.add(problems)
	// A family of another type is wrong, but no permission depends on it.
	for _, family := range td.Scalars("family") {
		if family.IsLiteral() {
			plan.Family = family.String()
		}
		break
	}
	plan.LaunchTypes = launchTypes(td)
	plan.findEnvironment(td, a.opts.Environment, reader.Region())
	passes := make([]pass, len(allRules()))
	shared := &reading{plan: plan, reader: reader, td: td, opts: a.opts, used: a.used, leavesOpen: a.leavesOpen, derives: a.derives}
	if a.leavesOpen {
		shared.narrowed = map[policy.Symbol]letters{}
	}
	for i, rule := range allRules() {
		passes[i] = pass{reading: shared, rule: rule}
		check := rule.check
		if plan.beside != nil {
			check = rule.checkBeside
		}
		if check != nil {
			check(&passes[i], td)
		}
	}
	shared.questions.answer(plan, td)
	plan.asks = len(shared.questions.asked) > 0
	return passes, shared
}

// warnOfDefaults warns of values for which the defaults of parameters were used: a deployment can have others.
func (p *Plan) warnOfDefaults(reader *taskdef.Reader) {
	for _, d := range reader.Defaults() {
		var flags, defaults []string
		for _, s := range d.Symbols {
			flag := setFlag(string(s))
			if slices.Contains(flags, flag) {
				continue
			}
			flags = append(flags, flag)
			defaults = append(defaults, fmt.Sprintf("%s, %q", s, p.Symbols.Lookup(s).Default))
		}
		at := d.Value.Ref()
		p.Findings = append(p.Findings, Finding{Severity: Warning, Rule: "defaults", At: at, Flags: flags, Message: fmt.Sprintf(
			"%s has to be known, and so the default of a parameter is used (%s): a deployment with another value needs another role; add %s for that",
			at.Field, strings.Join(defaults, "; "), strings.Join(flags, " "))})
	}
}

// repeats reports whether two findings at the same offset say the same about the same field. Their pointers can differ where the
// document uses one text in several places.
func (f *Finding) repeats(other *Finding) bool {
	if f.Message != other.Message || f.Severity != other.Severity || f.Rule != other.Rule {
		return false
	}
	a, b := f.At, other.At
	return a == b || b.Line > 0 && a.File == b.File && a.Container == b.Container && a.Field == b.Field
}

// onePerMessage returns findings, which are sorted by place, without repetitions. A rule reads a value once for each
// combination of the conditionals around it, and a document can use one text in several places.
func onePerMessage(findings []Finding) []Finding {
	once := findings[:0]
	for _, f := range findings {
		repeated := false
		for i := len(once) - 1; i >= 0 && once[i].At.Offset == f.At.Offset && !repeated; i-- {
			repeated = once[i].repeats(&f)
		}
		if !repeated {
			once = append(once, f)
		}
	}
	return once
}

// checkOptions reports an environment that cannot be.
func (p *Plan) checkOptions(opts *Options) {
	if err := opts.Environment.Check(); err != nil {
		for _, message := range strings.Split(err.Error(), "\n") {
			p.Findings = append(p.Findings, Finding{Severity: Error, Rule: string(taskdef.Flags), At: taskdef.Ref{Place: tree.Place{File: p.File}}, Message: message})
		}
	}
}
