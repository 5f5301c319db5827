package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/emit"
)

// checkMerge returns what is wrong with --merge beside other flags.
func (r *request) checkMerge() error {
	switch {
	case !r.merge:
	case r.format != nil && r.format.role != emit.CloudFormation && r.format.role != emit.CloudFormationJSON:
		return fmt.Errorf("--merge is for CloudFormation templates, and the format is %s", r.format.name)
	case r.shared.given:
		return errors.New("--merge and --shared-role exclude each other: a template gets a role for each task definition")
	case len(r.files) > 1:
		return errors.New("--merge takes one template at a time")
	}
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
		out.findings = append(out.findings, large(s.name, b.format.role, out.files)...)
	}
	out.err = errors.Join(errs...)
	if b.compares {
		return b.compare(b.request, out)
	}
	return b.deliver(b.request, out)
}
