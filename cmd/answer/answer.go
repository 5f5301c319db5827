// Package answer says about texts what the command says about files, for programs that have no files: a server, a page. It
// touches nothing but what it is given. The answers are those of the command, byte for byte.
package answer

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/spf13/pflag"
	"golang.org/x/tools/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/cmd/flags"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// How much a question may have, so that an answer takes seconds at most.
const (
	MaxDocuments = 100
	MaxText      = 4 << 20 // bytes of all documents together
)

// Document is a text with the name by which findings call it.
type Document struct {
	Name string `json:"name,omitempty" jsonschema:"the name by which findings call the text, such as task.json; of Terraform's source, the path of the file in the module"`
	Text string `json:"text" jsonschema:"the whole text"`
}

// Question is what every question has.
type Question struct {
	// TaskDefinitions are texts of any form that the command reads. Where there is Terraform's source among them, by its name,
	// all of them are files of one module.
	TaskDefinitions []Document
	// CredentialSpecs are what the command takes with --credspec.
	CredentialSpecs []Document
	// Keys are AWS's answers about keys, as the command takes them with --keys.
	Keys []Document
	// Options are the values of the command's flags, by their names: see [Flags]. A flag that repeats has a list.
	Options map[string]any

	noTasks bool // there may be no task definition
}

// Flags returns the flags that Options may set.
func Flags() *pflag.FlagSet { return new(options).flags() }

// options are what Options set.
type options struct {
	analyze analyze.Options
	role    policy.Options
}

func (o *options) flags() *pflag.FlagSet {
	set := pflag.NewFlagSet("options", pflag.ContinueOnError)
	flags.Analyze(set, &o.analyze)
	flags.Role(set, &o.role)
	return set
}

// set sets the options, and returns all that is wrong with them.
func (o *options) set(values map[string]any) (errs []error) {
	set := o.flags()
	var names []string
	set.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	for name := range values {
		if set.Lookup(name) == nil {
			errs = append(errs, fmt.Errorf("there is no option %q; the options are %q", name, names))
		}
	}
	for _, name := range names { // in an order that is always the same
		if value, ok := values[name]; ok {
			for _, err := range setFlag(set.Lookup(name), value) {
				errs = append(errs, fmt.Errorf("option %s: %w", name, err))
			}
		}
	}
	errs = append(errs, each(o.analyze.Environment.Check())...)
	o.analyze.Environment = o.analyze.Environment.WithPartition()
	return append(errs, each(o.role.Check())...)
}

// setFlag gives a value of JSON to a flag.
func setFlag(f *pflag.Flag, value any) (errs []error) {
	repeats := f.Value.Type() == "stringArray"
	set := func(text string) {
		switch {
		case text == "":
			errs = append(errs, errors.New("it is empty: give it a value or leave it out"))
		default:
			if err := f.Value.Set(text); err != nil {
				errs = append(errs, err)
			}
		}
	}
	switch value := value.(type) {
	case bool:
		switch {
		case f.Value.Type() == "bool":
			set(fmt.Sprint(value))
		case f.NoOptDefVal == "":
			return []error{errors.New("it is not on or off: give it a text")}
		case value:
			set(f.NoOptDefVal)
		}
	case string:
		if f.Value.Type() == "bool" {
			return []error{errors.New("it is on or off: true or false")}
		}
		set(value)
	case float64:
		set(fmt.Sprint(int64(value)))
	case []any:
		if !repeats {
			return []error{errors.New("it has one value, not a list")}
		}
		for _, one := range value {
			text, ok := one.(string)
			if !ok {
				return []error{errors.New("its list has texts")}
			}
			set(text)
		}
	default:
		return []error{fmt.Errorf("%v is no value for it", value)}
	}
	return errs
}

// each returns the errors that [errors.Join] joined.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// reading is what was read of a question.
type reading struct {
	options
	inputs []analyze.Input
	plans  []*analyze.Plan
	bases  map[string]string // of documents, by the names that plans have
}

// read reads the task definitions. Only what is wrong with the question itself is an error: what is wrong with a task
// definition is among the findings of its plan. Prepare changes the options before they are used.
func (q Question) read(prepare func(*options)) (*reading, error) {
	r, err := q.open(prepare)
	if err == nil {
		r.plans, _ = analyze.ReadAll(r.inputs, r.analyze)
	}
	return r, err
}

// open makes a reading that has the options and the inputs, and no plans. More are texts that the question has besides.
func (q Question) open(prepare func(*options), more ...[]Document) (*reading, error) {
	r := &reading{bases: map[string]string{}}
	errs := r.set(q.Options)
	errs = append(errs, checkSize(append(more, q.TaskDefinitions, q.CredentialSpecs, q.Keys)...)...)
	if len(q.TaskDefinitions) == 0 && !q.noTasks {
		errs = append(errs, errors.New("there is no task definition: pass its text"))
	}
	if errs != nil {
		return nil, errors.Join(errs...)
	}
	for i, d := range q.CredentialSpecs {
		r.analyze.CredSpecs = append(r.analyze.CredSpecs, analyze.CredSpec{File: nameOf(d, "credential-spec", i), Data: []byte(d.Text)})
	}
	var err error
	if r.analyze.Keys, err = q.keys(); err != nil {
		return nil, err
	}
	prepare(&r.options)
	r.inputs, err = q.inputs(r.bases)
	return r, err
}

// keys reads AWS's answers about keys; nil if there are none.
func (q Question) keys() (*analyze.KnownKeys, error) {
	if q.Keys == nil {
		return nil, nil
	}
	var inputs []analyze.Input
	for i, d := range q.Keys {
		inputs = append(inputs, analyze.Input{Name: nameOf(d, "keys", i), Source: []byte(d.Text)})
	}
	keys, problems := analyze.ReadKeys(inputs)
	var errs []error
	for _, p := range problems {
		if !p.Warning {
			errs = append(errs, fmt.Errorf("%s: %s", p.At, p.Message))
		}
	}
	return keys, errors.Join(errs...)
}

// checkSize returns an error for each limit that documents exceed.
func checkSize(lists ...[]Document) (errs []error) {
	n, size := 0, 0
	for _, list := range lists {
		n += len(list)
		for _, d := range list {
			size += len(d.Text)
		}
	}
	if n > MaxDocuments {
		errs = append(errs, fmt.Errorf("there are %d texts, and %d are allowed", n, MaxDocuments))
	}
	if size > MaxText {
		errs = append(errs, fmt.Errorf("the texts have %d bytes together, and %d are allowed", size, MaxText))
	}
	return errs
}

// nameOf returns the name of a document. Those without a name are counted.
func nameOf(d Document, what string, i int) string {
	if d.Name != "" {
		return analyze.Printable(d.Name)
	}
	if i > 0 {
		what += fmt.Sprint("-", i+1)
	}
	return what
}

// inputs returns the task definitions as inputs, and remembers their base names.
func (q Question) inputs(bases map[string]string) (list []analyze.Input, err error) {
	if slices.ContainsFunc(q.TaskDefinitions, func(d Document) bool { return taskdef.IsTerraformSource(path.Base(d.Name)) }) {
		in, err := q.module()
		bases[in.Name] = path.Base(in.Name)
		if in.Name == "." { // the folder has no name here
			bases[in.Name] = "module"
		}
		if len(q.TaskDefinitions) == 1 { // as the command is given a file, and not its folder
			bases[in.Name] = path.Base(q.TaskDefinitions[0].Name)
		}
		return []analyze.Input{in}, err
	}
	for i, d := range q.TaskDefinitions {
		name := nameOf(d, "task-definition", i)
		if _, twice := bases[name]; twice {
			return nil, fmt.Errorf("two texts have the name %q", name)
		}
		bases[name] = path.Base(name)
		list = append(list, analyze.Input{Name: name, Source: []byte(d.Text)})
	}
	return list, nil
}

// module returns the documents as a module of Terraform, which is in the uppermost folder that has source.
func (q Question) module() (analyze.Input, error) {
	var archive txtar.Archive
	folder := ""
	for _, d := range q.TaskDefinitions {
		name := path.Clean(d.Name)
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(d.Text)})
		if dir := path.Dir(name); taskdef.IsTerraformSource(path.Base(name)) && (folder == "" || depth(dir) < depth(folder)) {
			folder = dir
		}
	}
	files, err := txtar.FS(&archive)
	if err != nil {
		return analyze.Input{}, fmt.Errorf("the texts are files of a module of Terraform, and a name is no path in it: %w", err)
	}
	return analyze.Input{Name: folder, Module: &analyze.Module{FS: files, Folder: folder, Within: "."}}, nil
}

// depth counts the folders of a clean path.
func depth(dir string) int {
	if dir == "." {
		return 0
	}
	n := 1
	for _, c := range dir {
		if c == '/' {
			n++
		}
	}
	return n
}

// lookup returns the format of a role; "" is the first.
func lookup(name string) (*emit.Format, error) {
	if name == "" {
		return emit.Formats()[0], nil
	}
	if f, ok := emit.Lookup(name); ok {
		return f, nil
	}
	var names []string
	for _, f := range emit.Formats() {
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("unknown format %q; the formats are %q", name, names)
}

// Generated is the role of a task definition, as files.
type Generated struct {
	Plan     *analyze.Plan
	Files    []emit.File // the main one first; none if a finding is an error
	Findings []analyze.Finding
}

// Generate makes a role for each task definition, as the command does with -o FOLDER/: all files of the format.
func Generate(q Question, format string) ([]Generated, error) {
	f, err := lookup(format)
	if err != nil {
		return nil, err
	}
	asks := slices.Contains(f.Flags, "parameters")
	if on, _ := q.Options["parameters"].(bool); on && !asks {
		return nil, fmt.Errorf("option parameters: the format %s cannot ask for values", f.Name)
	}
	r, err := q.read(func(o *options) {
		o.analyze.Derive = f == emit.Terraform
		o.analyze.OfferParameters = asks
	})
	if err != nil {
		return nil, err
	}
	var list []Generated
	for _, p := range r.plans {
		g := Generated{Plan: p}
		role, more, err := r.role(p)
		if err == nil {
			g.Files, err = files(f, role, r.bases[p.File])
		}
		var values *emit.MissingValues
		if errors.As(err, &values) {
			more = append(more, report.Missing(p.File, values, p.Symbols)...)
		} else if err == nil {
			more = append(append(more, report.Contradictions(p, g.Files)...), report.TooLarge(p.File, f, g.Files)...)
			g.Files = slices.DeleteFunc(g.Files, func(f emit.File) bool { return f.Write == emit.Remove })
		} else if findings := (analyze.Errors)(nil); !errors.As(err, &findings) {
			return nil, err
		}
		g.Findings = append(p.Findings, more...)
		list = append(list, g)
	}
	return list, nil
}

// role returns the role of a plan, with findings about it. The error is among the findings of the plan, or these.
func (r *reading) role(p *analyze.Plan) (*policy.Role, []analyze.Finding, error) {
	if err := p.Err(); err != nil {
		return nil, nil, err
	}
	return report.RoleOf(p, r.options.role)
}

// files returns all files of a role.
func files(f *emit.Format, role *policy.Role, base string) ([]emit.File, error) {
	list, err := f.Emit(role, emit.Options{Source: base})
	if err == nil {
		list, err = emit.WithPassRole(list, role)
	}
	if err == nil {
		list, err = emit.WithResourcePolicies(list, role)
	}
	return list, err
}

// Explain says why each role is what it is, as JSON: see docs/explain.md. Failed says that a task definition has errors, which
// are among its findings.
func Explain(q Question) (data []byte, failed analyze.Errors, err error) {
	r, err := q.read(func(o *options) { o.analyze.Derive, o.analyze.OfferParameters = true, true })
	if err != nil {
		return nil, nil, err
	}
	form := report.JSONExplanation
	several := len(r.plans) > 1 || len(q.TaskDefinitions) > 1 && len(r.bases) > 1
	if several {
		data = append(data, form.Several.Begin...)
	}
	for i, p := range r.plans {
		role, more, err := r.role(p)
		p.Findings = append(p.Findings, more...)
		var errs analyze.Errors
		if errors.As(err, &errs) {
			failed = append(failed, errs...)
		} else if err != nil {
			return nil, nil, err
		}
		explain(p, role)
		one := form.Write(p, role, false)
		if !several {
			data = append(data, one...)
			continue
		}
		if i > 0 {
			data = append(data, form.Several.Between...)
		}
		data = append(data, form.Several.Element(one)...)
	}
	if several {
		data = append(data, form.Several.End...)
	}
	return data, failed, nil
}

// explain adds what the input contradicts itself about to the findings of a plan, in their order.
func explain(p *analyze.Plan, role *policy.Role) {
	for _, f := range report.Contradictions(p, []emit.File{{Uses: report.Uses(p, role)}}) {
		i := slices.IndexFunc(p.Findings, func(g analyze.Finding) bool { return g.At.Offset > f.At.Offset })
		if i < 0 {
			i = len(p.Findings)
		}
		p.Findings = slices.Insert(p.Findings, i, f)
	}
}
