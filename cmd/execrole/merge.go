package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// checkMerge returns what is wrong with --merge beside other flags.
func (r *request) checkMerge() error {
	switch {
	case !r.merge:
	case r.shared.given:
		return errors.New("--merge and --shared-role exclude each other: each task definition gets a role of its own")
	case areModules(r.files) && r.format != nil && r.format.role == emit.Terraform:
		if r.output == "" {
			return errors.New("--merge writes two files of a module: add -o DIR/ with its folder")
		}
	case r.format != nil && r.format.role != emit.CloudFormation && r.format.role != emit.CloudFormationJSON:
		return fmt.Errorf("--merge is for CloudFormation templates and for Terraform's source, and the format is %s", r.format.name)
	case len(r.files) > 1:
		return errors.New("--merge takes one template at a time")
	}
	return nil
}

// mergeIntoModule handles a request whose roles become a part of the module of Terraform that is its input.
func (b *batch) mergeIntoModule(s *source) error {
	in, plans, _, err := s.readPlans(b.analysis, b.Stdin)
	if err != nil {
		return err
	}
	plans = analyze.Join(plans)
	flags := b.analysis.Finish()
	b.in.place(flags)
	out := output{source: (&task{name: s.name}).source()}
	var errs []error
	edited := map[string][]byte{} // files of the module, by their names
	blocks := map[string]string{} // the task definitions, by their blocks
	for _, plan := range plans {
		t := &task{input: in, name: s.name, plan: plan}
		if plan.Err() == nil && plan.ExecutionRole != "" {
			plan.Findings = []analyze.Finding{note(s.name, fmt.Sprintf("%s has an execution_role_arn, which is left as it is", plan.Name))}
		} else if role, err := b.roleOf(t); err != nil {
			errs = append(errs, err)
		} else if err := b.mergeResource(s, t, role, edited, blocks, &out); err != nil {
			errs = append(errs, err)
		}
		out.findings = append(out.findings, plan.Findings...)
	}
	out.findings = append(out.findings, flags...)
	if len(flags) > 0 {
		errs = append(errs, analyze.Errors(flags))
	}
	if errs == nil && len(edited) == 0 {
		errs = append(errs, fmt.Errorf("%s has no task definition without an execution_role_arn: there is nothing to merge", s.name))
	}
	for _, name := range slices.Sorted(maps.Keys(edited)) {
		out.files = append(out.files, emit.File{Name: name, Data: edited[name]})
	}
	if out.err = errors.Join(errs...); out.err != nil {
		out.files = nil
	}
	if b.compares {
		return b.compare(b.request, out)
	}
	return b.deliver(b.request, out)
}

// mergeResource adds the file of a role to the output, and sets the argument of the resource that gets the role.
func (b *batch) mergeResource(s *source, t *task, role *policy.Role, edited map[string][]byte, blocks map[string]string, out *output) error {
	m := role.Module
	block, _, _ := strings.Cut(t.plan.Name, "[")
	switch {
	case m == nil || m.File == "":
		return fmt.Errorf("%s is in a module that %s calls: run execrole --merge on the folder of that module", t.plan.Name, s.name)
	case m.Argument == "":
		return fmt.Errorf("%s names its execution role inside of an argument, where --merge cannot set it: write the role with -o DIR/, and set executionRoleArn = %s there", t.plan.Name, emit.TerraformRoleARN(role))
	case blocks[block] != "":
		return fmt.Errorf("%s and %s are instances of one resource, which has one execution_role_arn: write the roles with -o DIR/, and choose among them there", blocks[block], t.plan.Name)
	}
	blocks[block] = t.plan.Name
	files, err := b.emit(t, role)
	if err != nil {
		return err
	}
	file := filepath.Join(s.module.folder, m.File)
	src, ok := edited[m.File]
	if !ok {
		if src, err = os.ReadFile(file); err != nil {
			return fmt.Errorf("cannot read %s: %w", analyze.Printable(file), reason(err))
		}
	}
	merged, err := emit.MergeTerraform(analyze.Printable(file), src, m.Resource, m.Argument, emit.TerraformRoleARN(role))
	if err != nil {
		return err
	}
	edited[m.File] = merged
	out.files = append(out.files, files...)
	t.plan.Findings = append(t.plan.Findings, t.notes()...)
	out.always = append(out.always, t.unseen()...)
	return nil
}

// mergeInto handles a request whose roles go into the template that is its input.
func (b *batch) mergeInto(s *source) error {
	in, err := s.read(b.Stdin)
	if err != nil {
		return err
	}
	plans := analyze.Join(b.analysis.Read(analyze.Input{Name: s.name, Source: in.data}))
	flags := b.analysis.Finish()
	b.in.place(flags)
	// The template may be written in its own place: every byte of it stays.
	out := output{source: (&task{name: s.name}).source()}
	var roles []emit.TaskRole
	var errs []error
	for _, plan := range plans {
		t := &task{input: in, name: s.name, plan: plan}
		switch {
		case plan.Err() == nil && plan.RoleAt == nil:
			errs = append(errs, fmt.Errorf("--merge: %s is no CloudFormation template", s.name))
		case plan.ExecutionRole != "":
			// Whatever else there is to say is about a role that is not written here.
			plan.Findings = []analyze.Finding{note(s.name, fmt.Sprintf("%s has an ExecutionRoleArn, which is left as it is", plan.Name))}
		default:
			role, err := b.roleOf(t)
			if err != nil {
				errs = append(errs, err)
				break
			}
			roles = append(roles, emit.TaskRole{Task: plan.Name, Role: role, At: plan.RoleAt})
			plan.Findings = append(plan.Findings, t.notes()...)
			out.always = append(out.always, t.unseen()...)
		}
		out.findings = append(out.findings, plan.Findings...)
	}
	out.findings = append(out.findings, flags...)
	if len(flags) > 0 {
		errs = append(errs, analyze.Errors(flags))
	}
	switch {
	case errs != nil:
	case roles == nil:
		errs = append(errs, fmt.Errorf("%s has no task definition without an ExecutionRoleArn: there is nothing to merge", s.name))
	case len(roles) > 1 && b.roleOptions.Name != "":
		errs = append(errs, fmt.Errorf("--role-name %s: the template gets %d roles, and a name is for one", b.roleOptions.Name, len(roles)))
	default:
		merged, err := emit.Merge(s.name, in.data, roles)
		if err != nil {
			errs = append(errs, err)
			break
		}
		out.files = []emit.File{{Name: cmp.Or(in.base, "template"), Data: merged}}
		out.findings = append(out.findings, report.TooLarge(s.name, b.format.role, out.files)...)
	}
	out.err = errors.Join(errs...)
	if b.compares {
		return b.compare(b.request, out)
	}
	return b.deliver(b.request, out)
}
