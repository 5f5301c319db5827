package taskdef

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/template"
	"github.com/execrole/execrole/analyze/terraform"
	"github.com/execrole/execrole/analyze/tree"
)

// Module is a module of Terraform, as its source has it.
type Module struct {
	FS     fs.FS  // nothing else is read
	Folder string // of the module, in FS
	// Within is a folder that files which the source names have to be in, besides the folder of the module that names them;
	// "" is Folder.
	Within string
	// File is the file of the folder whose task definitions are read; "" for all, with those of the modules that are called.
	File string
	// Callers finds the modules that call this one, if FS is a repository; nil where none are looked for. Modules of one
	// repository share it.
	Callers *Callers
}

// Callers finds the modules of a repository that call a module. Its zero value is ready.
type Callers = terraform.Callers

// sourceUnknown says what to do where the source does not say enough.
const sourceUnknown = "run execrole on the folder of the module that calls this one, give the value in terraform.tfvars, or, after an apply, run: terraform show -json | execrole -f terraform -"

// jsonArguments are the arguments that are strings of JSON.
var jsonArguments = []string{"container_definition_json", "container_definitions", "container_properties", "ecs_properties", "node_properties"}

// ReadModule is [Read] for the source of a module of Terraform. Name is the module's folder as the caller knows it: places
// have the names of files in it.
func ReadModule(name string, m Module, opts Options) ([]*TaskDefinition, []Problem) {
	options := sourceOptions(name, m.Within, opts)
	options.Callers = m.Callers
	program := terraform.Read(m.FS, m.Folder, options)
	return readProgram(program, m, opts)
}

// source finds the task definitions of a module.
func (f *finder) source(program *terraform.Program, m Module) {
	if f.sourceProblems(program.Problems(), nil); len(f.problems) > 0 {
		f.broken = strings.Contains(f.doc.Source.Text, "aws_ecs_task_definition") || strings.Contains(f.doc.Source.Text, "aws_batch_job_definition")
		return
	}
	resources, calls := program.Resources(jsonArguments, "aws_ecs_task_definition", "aws_batch_job_definition")
	others := f.moduleCalls(m, calls)
	resources = slices.DeleteFunc(append(resources, others...), func(r terraform.Resource) bool { return m.File != "" && r.File != m.File })
	// Nodes have their parents, and so their pointers, from here on.
	for i := range resources {
		f.doc.Root.Children = append(f.doc.Root.Children, resources[i].Values)
	}
	f.doc.Root.Adopt()
	t := &terraformJSON{f: f, top: f.doc.Root, pointers: map[int]string{}}
	for i, r := range resources {
		t.source(r, &f.doc.Root.Children[i])
	}
	found := f.broken || len(resources) > 0
	f.sourceProblems(program.Problems(), f.parts)
	f.broken = f.broken || found
	if !found {
		f.problems = append(f.problems, Problem{Kind: f.kind, At: Ref{Place: tree.Place{File: f.doc.Source.File}},
			Message: "the module has no resource of type aws_ecs_task_definition or aws_batch_job_definition"})
	}
	if len(f.parts) > 0 {
		t.sourceServices(program)
	}
	f.sourceKeys(program.Keys())
	// Only now all symbols are known.
	f.nameBranches(program.NameConditions())
	for i := range f.parts {
		if at := slices.IndexFunc(resources, func(r terraform.Resource) bool { return r.Address == f.parts[i].Name }); at >= 0 {
			f.parts[i].Module = program.RoleModule(resources[at])
			if resources[at].Type != "aws_batch_job_definition" {
				f.parts[i].Module.Argument = "execution_role_arn"
			}
		}
	}
	f.symbols, f.filled = program.Symbols, program.Used
}

// nameBranches notes the branches of conditionals by their JSON pointers. Conditions are the names of conditions, by the IDs
// of the conditionals.
func (f *finder) nameBranches(conditions map[int]string) {
	if len(conditions) == 0 {
		return
	}
	f.branches, f.when = map[string]policy.Branch{}, map[int]*policy.Formula{}
	for i := range f.parts {
		f.parts[i].choices(func(n *tree.Node, branch int, pointer string) {
			if name := conditions[n.ID]; name != "" && len(n.Children) == 2 {
				f.branches[pointer] = policy.Branch{Condition: name, Not: branch == 1}
				f.when[n.Children[branch].ID] = policy.Opaque(name)
				if branch == 1 {
					f.when[n.Children[branch].ID] = &policy.Formula{Op: policy.Not, Of: []*policy.Formula{policy.Opaque(name)}}
				}
			}
		})
	}
}

// sourceProblems adds problems of the source that are not those of a task definition.
func (f *finder) sourceProblems(problems []terraform.Problem, parts []Part) {
	for _, p := range problems {
		problem := f.sourceProblem(p)
		if !slices.ContainsFunc(parts, func(part Part) bool { return slices.Contains(part.Problems, problem) }) {
			f.problems = append(f.problems, problem)
		}
	}
}

func (f *finder) sourceProblem(p terraform.Problem) Problem {
	return Problem{Kind: f.kind, Warning: p.Warning && !p.Note, Note: p.Note, At: Ref{Place: p.At}, Message: p.Message}
}

// source takes a resource that has the fields of a task definition.
func (t *terraformJSON) source(r terraform.Resource, values *tree.Node) {
	f := t.f
	if !f.chosen(r.Address, values) {
		return
	}
	note := ""
	switch r.Type {
	case albServiceTask:
		t.albServiceTask(values)
		note = albServiceNote
	case awsService:
		t.awsService(values)
		note = awsServiceNote
	}
	before := len(f.parts)
	resource := terraformResource{node: values, address: r.Address, kind: r.Type, values: values}
	isJob := r.Type == "aws_batch_job_definition"
	for _, name := range jsonArguments {
		if n := values.Member(name); n != nil && n.Kind == tree.Placeholder {
			f.fail(n.Start, "%s of %s is %s, whose value is not in the source: %s", name, r.Address, policy.Text(n.Text), sourceUnknown)
			return
		}
	}
	containers := values.Member("container_definitions")
	failed := slices.ContainsFunc(r.Problems, func(p terraform.Problem) bool { return !p.Warning })
	switch {
	case failed && (containers == nil || containers.Kind == tree.Null):
		return // its problems say why
	case isJob:
		t.jobDefinition(resource)
	case containers == nil || containers.Kind == tree.Null:
		f.fail(r.At, "%s has no container_definitions", r.Address)
		return
	case containers.Kind == tree.String || containers.Kind == tree.Number || containers.Kind == tree.Boolean:
		f.fail(containers.Start, "container_definitions of %s is %s: it has to be JSON, such as jsonencode makes", r.Address, containers.Kind)
		return
	default:
		t.address, t.base = r.Address, values.Pointer()
		t.attributes(values, nil, &schemaRoot, t.base)
		values.Adopt()
		f.oneOf(values.Member("containerDefinitions"), Part{Root: values, Form: f.form, Pointers: t.pointers, Name: r.Address})
	}
	for i := range f.parts[before:] {
		part := &f.parts[before+i]
		part.Region, part.Note = r.Region, note
		for _, p := range r.Problems {
			part.Problems = append(part.Problems, f.sourceProblem(p))
		}
	}
}

// sourceServices takes the services of the source that log through Service Connect, if their task definitions are among those
// that are read.
func (t *terraformJSON) sourceServices(program *terraform.Program) {
	services, _ := program.Resources(nil, "aws_ecs_service")
	services = slices.DeleteFunc(services, func(r terraform.Resource) bool { return r.Values.Member("service_connect_configuration") == nil })
	parts := t.f.parts
	for i := range services {
		services[i].Values.Parent = t.f.doc.Root // its pointer begins with its address
		r, values := services[i], &services[i].Values
		t.begin(terraformResource{node: values, address: r.Address, kind: r.Type, values: values})
		t.attributes(values, nil, &serviceAttributes, t.base)
		values.Adopt()
		task := values.Member("taskDefinition")
		if task == nil || memberOf(values.Member("serviceConnectConfiguration"), "logConfiguration") == nil {
			continue
		}
		name := serviceTask(parts, policy.Text(task.Text))
		if name == "" {
			t.f.problems = append(t.f.problems, Problem{Kind: t.f.kind, Note: true, At: Ref{Place: place(t.f.doc, t.f.form, task.Start)},
				Message: fmt.Sprintf("%s runs the task definition %q, and that is not here: the service is left out", r.Address, policy.Text(task.Text))})
			continue
		}
		task.Kind, task.Text = tree.String, string(policy.Of(policy.Symbol(name)))
		from := len(t.f.parts)
		t.f.service(values, t.f.form, t.pointers)
		for j := range t.f.parts[from:] {
			for _, p := range r.Problems {
				t.f.parts[from+j].Problems = append(t.f.parts[from+j].Problems, t.f.sourceProblem(p))
			}
		}
	}
}

// serviceTask returns the name of the part that a service runs: it refers to it, or has its family; "" if there is none.
func serviceTask(parts []Part, task policy.Text) string {
	for _, part := range parts {
		for _, s := range task.Symbols() {
			if strings.HasPrefix(string(s), part.Name+".") {
				return part.Name
			}
		}
	}
	family, _, _ := task.Cut(":")
	for _, part := range parts {
		if family != "" && textOf(part.Root, "family") == string(family) {
			return part.Name
		}
	}
	return ""
}

// sourceKeys takes the keys of what the modules declare, and the names of what has none.
func (f *finder) sourceKeys(keys []terraform.Key) {
	for _, k := range keys {
		key := k.Key
		arn, isARN := policy.CutARN(key)
		switch {
		case key == "" || key.HasPrefix("alias/aws/") || isARN && arn.Resource.HasPrefix("alias/aws/"):
			if f.keyless == nil {
				f.keyless = map[string]bool{}
			}
			for _, ref := range k.Refs {
				f.keyless[ref] = true
			}
			continue
		case isARN && arn.Resource.HasPrefix("alias/") && !arn.Account.IsLiteral():
			key = arn.Resource
		case !isARN && key.IsLiteral() && !key.HasPrefix("alias/"):
			key = policy.LocalARN("kms", "key/"+key).Text()
		}
		f.keys = append(f.keys, template.Key{Refs: k.Refs, Key: key, At: k.At})
	}
}

// readText is [ReadModule] for a text, as a module of one file.
func readText(file string, src []byte, opts Options) ([]*TaskDefinition, []Problem) {
	return readProgram(terraform.ReadText(src, sourceOptions(file, "", opts)), Module{}, opts)
}

func readProgram(program *terraform.Program, m Module, opts Options) ([]*TaskDefinition, []Problem) {
	f := &finder{doc: program.Doc, kind: Terraform, form: opts.Form, set: opts.Set, choose: opts.Choose, resources: true}
	f.source(program, m)
	return f.finish(opts)
}

// valuesOf returns the values of settings by their names.
func valuesOf(set []Setting) map[string]string {
	values := map[string]string{}
	for _, s := range set {
		values[s.Name] = s.Value
	}
	return values
}

// IsTerraformSource reports whether a file of that name is Terraform's source.
func IsTerraformSource(name string) bool { return terraform.IsSource(name) }
