package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/report"
)

// fixing is a run of check that changes the files of roles.
type fixing struct {
	*command
	*checkRequest
	roles    check.Roles // that were read
	verdicts []*check.Verdict
	// samples says that the verdicts are about what messages say, and not about the fields of task definitions.
	samples bool
}

// fix prints what has to change in the files of the roles, or writes them. The exit status is that of the changed roles: what
// to do about those that there are, the output says.
func (f *fixing) fix() error {
	var all []check.Fix
	var fixes []emit.RoleFix
	var errs []error
	for _, v := range f.verdicts {
		if v.Role.Absent { // there is nothing to change, and what is missing is listed
			all, fixes = append(all, check.Fix{}), append(fixes, emit.RoleFix{})
			continue
		}
		one := v.Fix()
		if f.tight != "" {
			var err error
			if one, err = v.Tight(f.roleOptions, f.tight == tightAll); err != nil {
				for _, err := range each(err) {
					errs = append(errs, fmt.Errorf("%s: %w", titleOf(v.Role), err))
				}
				continue
			}
		}
		if f.samples {
			withoutFields(one.Add)
		}
		all = append(all, one)
		fixes = append(fixes, roleFix(v.Role, one))
	}
	if errs != nil {
		return errors.Join(errs...)
	}
	sources, err := f.sources()
	if err != nil {
		return err
	}
	fixed, err := emit.Fix(sources, fixes)
	var values *emit.MissingValues
	switch {
	case errors.As(err, &values):
		findings := report.Missing(sources[0].Name, values, fixes[0].Symbols)
		f.report(findings, true)
		return analyze.Errors(findings)
	case err != nil:
		return err
	}
	after, err := f.again(fixed, fixes)
	if err != nil {
		return err
	}
	if err := f.deliverFix(&f.request, fixed, sources); err != nil {
		return err
	}
	for i, v := range f.verdicts {
		f.tell(v, all[i], fixed.Left)
	}
	has := func(of func(check.Fix) int) bool {
		return slices.ContainsFunc(all, func(fix check.Fix) bool { return of(fix) > 0 })
	}
	switch {
	case f.quiet:
	case has(func(fix check.Fix) int { return len(fix.Kept) }):
		f.complain("execrole cannot see what no task definition shows, so that this is kept; --tight=all takes it away too")
	case has(func(fix check.Fix) int { return len(fix.Removed) }):
		f.complain("execrole cannot see what no task definition shows: look through the list before the next deployment")
	}
	f.sum(fixed, after)
	return f.answer(after)
}

// withoutFields takes the fields that ask for statements out of them, and so out of the comments.
func withoutFields(list []policy.Statement) {
	for i := range list {
		for j := range list[i].Resources {
			list[i].Resources[j].From = nil
		}
	}
}

// titleOf names a role in messages.
func titleOf(role *check.Role) string { return cmp.Or(role.Name, "the role") }

// roleFix returns a fix of a role as emit takes it.
func roleFix(role *check.Role, fix check.Fix) emit.RoleFix {
	placed := func(p *check.Policy) emit.FixPolicy {
		return emit.FixPolicy{Policy: p.Policy, ARN: p.ARN, Place: p.Place}
	}
	out := emit.RoleFix{
		Name: role.Name, Place: role.Place, Add: fix.Add, AddTrust: fix.Trust, Replace: fix.Replace, Environment: fix.Environment,
		Symbols: fix.Symbols, Mappings: fix.Mappings, Module: fix.Module, Family: fix.Family,
	}
	for i := range role.Policies {
		if p := &role.Policies[i]; p.ARN == "" || !slices.Contains(fix.Wanted, p.ARN) {
			out.Policies = append(out.Policies, placed(p))
		}
	}
	if role.Trust != nil {
		trust := placed(role.Trust)
		out.Trust = &trust
	}
	for _, u := range role.Unknown {
		if u.ARN == "" {
			out.Taken = append(out.Taken, u.Name)
		}
	}
	return out
}

// sources returns the files that have the roles: of a module of Terraform, those with its source.
func (f *fixing) sources() (list []emit.FixSource, err error) {
	for _, in := range f.inputs.list {
		if check.IsScript(in.Source) {
			return nil, fmt.Errorf("%s is a script that execrole generate writes: write it anew, instead of changing it", in.Name)
		}
		if in.Module == nil {
			list = append(list, emit.FixSource{Name: in.Name, Data: in.Source})
			continue
		}
		for _, folder := range f.folders(in) {
			entries, err := fs.ReadDir(in.Module.FS, inModule(in, folder))
			if err != nil {
				return nil, fmt.Errorf("cannot read %s: %w", folder, reason(err))
			}
			for _, e := range entries {
				if !e.Type().IsRegular() || !isSource(e.Name()) {
					continue
				}
				name := path.Join(folder, e.Name())
				data, err := fs.ReadFile(in.Module.FS, inModule(in, name))
				if err != nil {
					return nil, fmt.Errorf("cannot read %s: %w", name, reason(err))
				}
				list = append(list, emit.FixSource{Name: name, Data: data})
			}
		}
	}
	return list, nil
}

// folders returns the folder of a module, and those of the modules that it calls and that have a part of a role.
func (f *fixing) folders(in analyze.Input) []string {
	list := []string{path.Clean(in.Name)}
	for _, role := range f.roles {
		places := []tree.Place{role.Place}
		for _, p := range role.Policies {
			places = append(places, p.Place)
		}
		for _, p := range places {
			if folder := path.Dir(p.File); isSource(p.File) && !slices.Contains(list, folder) {
				list = append(list, folder)
			}
		}
	}
	return list
}

// inModule returns a path as the files of a module have it.
func inModule(in analyze.Input, name string) string {
	rel, err := filepath.Rel(filepath.FromSlash(in.Name), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return path.Join(in.Module.Folder, filepath.ToSlash(rel))
}

// again checks the roles as the fixed files have them. A fix that does not cure what it is for is a defect, and is not printed.
func (f *fixing) again(fixed emit.Fixes, fixes []emit.RoleFix) ([]*check.Verdict, error) {
	inputs := slices.Clone(f.inputs.list)
	for i := range inputs {
		in := &inputs[i]
		changed := map[string][]byte{}
		for _, file := range fixed.Files {
			switch {
			case file.New:
			case in.Module != nil:
				changed[inModule(*in, file.Name)] = file.Data
			case file.Name == in.Name:
				in.Source = file.Data
			}
		}
		if in.Module != nil {
			m := *in.Module
			m.FS = overlay{m.FS, changed}
			in.Module = &m
		}
	}
	roles, _, problems := check.ReadSet(inputs, f.options.Set)
	if i := slices.IndexFunc(problems, func(p tree.Problem) bool { return !p.Warning }); i >= 0 || len(roles) != len(f.roles) {
		return nil, fmt.Errorf("the fix cannot be read again, and is not printed: %v", problems)
	}
	var after []*check.Verdict
	for i, v := range f.verdicts {
		at := slices.Index(f.roles, v.Role)
		if at < 0 {
			after = append(after, v) // the files only name it
			continue
		}
		role := roles[at]
		sent := slices.ContainsFunc(fixed.Files, func(file emit.FixedFile) bool { return file.New })
		if sent {
			role = withSent(role, fixed, fixes[i])
		}
		again := f.judge(role, v.Role)
		if slices.ContainsFunc(again.Findings, func(finding check.Finding) bool { return finding.Kind == check.Missing }) {
			return nil, fmt.Errorf("%s: with the fix in it, something would still be missing: the fix is not printed", titleOf(v.Role))
		}
		after = append(after, again)
	}
	return after, nil
}

// withSent returns a role with what new files send to it.
func withSent(role *check.Role, fixed emit.Fixes, fix emit.RoleFix) *check.Role {
	sent := *role
	for _, file := range fixed.Files {
		if !file.New || !slices.Contains(file.Roles, fix.Name) {
			continue
		}
		d, _ := policy.ReadDocument(file.Name, file.Data)
		p := check.Policy{Policy: policy.Policy{Name: file.Name, Document: d}}
		switch {
		case slices.ContainsFunc(d.Statements, func(s policy.Statement) bool { return s.Principals != nil }):
			sent.Trust = &p
		case fix.Replace:
			sent.Policies = []check.Policy{p}
			for _, old := range role.Policies {
				if slices.ContainsFunc(fixed.Left, func(l emit.FixPolicy) bool { return l.Name == old.Name && l.ARN == old.ARN }) {
					sent.Policies = append(sent.Policies, old)
				}
			}
		default:
			sent.Policies = append(slices.Clip(sent.Policies), p)
		}
	}
	return &sent
}

// tell says what the exact role no longer allows, and what it allows still: by policies that are left, and what is unexplained.
func (f *fixing) tell(v *check.Verdict, fix check.Fix, left []emit.FixPolicy) {
	if f.quiet || !fix.Replace {
		return
	}
	isLeft := func(a check.Allowed) bool {
		return slices.ContainsFunc(left, func(p emit.FixPolicy) bool { return p.Name == a.Policy.Name })
	}
	for _, a := range fix.Removed {
		title := "no longer allows"
		if isLeft(a) {
			title = "still allows by the policy " + a.Policy.Name
		}
		f.list(v, title, a)
	}
	for _, a := range fix.Kept {
		f.list(v, "still allows what is unexplained", a)
	}
}

// list prints what a role allows, or no longer allows.
func (f *fixing) list(v *check.Verdict, title string, a check.Allowed) {
	f.complain("%s %s: %s %s", titleOf(v.Role), title, a.Code, check.Explain(a.Code).Title)
	for _, pair := range a.Pairs {
		used := ""
		if pair.Used {
			used = ", but for what is used of it"
		}
		f.complain("  %s on %s%s", pair.Action, pair.Resource, used)
	}
	if a.Unseen != nil {
		f.complain("  perhaps for: %s; if so, say it: %s", a.Unseen.What, a.Unseen.Cure)
	}
}

// sum says what the fix does, what it leaves, and what is still to be done.
func (f *fixing) sum(fixed emit.Fixes, after []*check.Verdict) {
	var left []analyze.Finding
	for i, v := range after {
		if !f.quiet {
			f.complain("%s: %s With the fix: %s", titleOf(v.Role), report.Summary(f.verdicts[i]), report.Summary(v))
		}
		for _, finding := range v.Findings {
			if !breaks(finding) {
				continue
			}
			e := check.Explain(finding.Code)
			message := e.Title
			if finding.Permission != nil {
				message += fmt.Sprintf(": %s on %s", finding.Permission.Action.Name, v.Environment.Fill(finding.Permission.Resource()))
			}
			one := analyze.Finding{Severity: analyze.Warning, Rule: string(finding.Code), Message: message + "; no statement that is added cures this. " + finding.Advice()}
			one.At.Place = finding.At
			if one.At.File == "" && finding.Permission != nil {
				one.At = finding.Permission.Needs[0].Requirement.At
			}
			left = append(left, one)
		}
	}
	f.report(left, true)
	for _, file := range fixed.Files {
		if !f.quiet && bytes.Contains(file.Data, []byte(`"aws:cdk:path"`)) {
			f.complain("%s is written by the CDK, and will be written anew: change the app too", file.Name)
		}
	}
	for _, p := range fixed.Left {
		place := ""
		if p.Place.String() != "" {
			place = " (" + p.Place.String() + ")"
		}
		f.complain("the role has the policy %s%s besides: take it from the role, since the exact one replaces it", cmp.Or(p.Name, p.ARN.String()), place)
	}
	for _, command := range fixed.Commands {
		f.complain("then run: %s", f.commandLine(command))
	}
	if len(fixed.Files) == 0 && len(fixed.Commands) == 0 && !f.quiet {
		f.complain("there is nothing to change")
	}
}

// commandLine returns a command as a shell takes it, with the places of the files.
func (f *fixing) commandLine(command []string) string {
	words := make([]string, len(command))
	for i, word := range command {
		if name, ok := strings.CutPrefix(word, "file://"); ok && f.target.folder {
			word = "file://" + filepath.Join(f.target.path, name)
		} else if ok && f.target.path != "" {
			word = "file://" + f.target.path
		}
		words[i] = analyze.ShellQuote(word)
	}
	return strings.Join(words, " ")
}

// breaks reports whether a finding keeps the role from fitting, and no statement cures it.
func breaks(f check.Finding) bool {
	switch f.Kind {
	case check.Missing:
		return f.Permission == nil // there is no role
	case check.Denied, check.Conditional:
		return true
	case check.Trust:
		return f.Code != check.TrustOthers && f.Code != check.TrustNoConditions
	}
	return f.Code == check.PolicyUnknown
}
