package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/testdata/golden"
)

// line writes a finding in one line, for logs and comparisons.
func line(f Finding) string {
	b := fmt.Sprintf("%s %s", f.Code, f.Kind)
	if !f.Sure {
		b += " perhaps"
	}
	if f.Permission != nil {
		b += fmt.Sprintf(" %s on %s (%s)", f.Permission.Action.Name, f.Permission.Resource(), f.Permission.Needs[0].Requirement.Match)
	}
	if f.Actions != nil {
		b += fmt.Sprintf(" %s on %s", strings.Join(f.Actions, ","), strings.Join(textsOf(f.Resources), ","))
	}
	if f.Used != nil {
		b += fmt.Sprintf(", %d used", len(f.Used))
	}
	if f.Principal.Type != "" {
		b += " " + f.Principal.Type + " " + strings.Join(textsOf(f.Principal.IDs), ",")
	}
	if f.Condition != nil {
		b += " " + f.Condition.Operator + " " + f.Condition.Key
	}
	if f.Unknown != nil {
		b += " " + f.Unknown.Name
	}
	if place := f.At.String(); place != "" {
		b += " at " + place
	}
	return b
}

func textsOf(list []policy.Text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.String()
	}
	return out
}

// inputsOf returns the files that a format writes as inputs.
func inputsOf(files []emit.File) (inputs []analyze.Input) {
	for _, f := range files {
		if f.Write != emit.Remove {
			inputs = append(inputs, analyze.Input{Name: f.Name, Source: f.Data})
		}
	}
	return inputs
}

// without returns a role without one of its statements, or with another in its place.
func without(role *Role, p, s int, other ...policy.Statement) *Role {
	changed := *role
	changed.Policies = slices.Clone(role.Policies)
	d := &changed.Policies[p].Document
	d.Statements = slices.Replace(slices.Clone(d.Statements), s, s+1, other...)
	return &changed
}

// TestMadeRolesFit: the role of every plan fits that plan, and allows nothing unneeded. Without one of its statements,
// something is missing, and with * for the resources of a statement, something is unneeded.
func TestMadeRolesFit(t *testing.T) {
	roles, removed, widened := 0, 0, 0
	for _, c := range golden.Cases(t) {
		plan, made, ok := c.Made(t)
		if !ok {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			roles++
			role := Existing(made)
			opts := Options{Role: c.Role, Environment: c.Options.Environment}
			v := Check(role, []*analyze.Plan{plan}, opts)
			same := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code == SameRole })
			if v.Fits != policy.Yes || len(v.Findings) > 0 && !same {
				for _, f := range v.Findings {
					t.Error(line(f))
				}
				t.Errorf("fits: %v", v.Fits)
			}
			for i := range role.Policies {
				if role.Policies[i].ARN != "" {
					continue // a managed policy is there as a whole or not at all
				}
				for j, s := range role.Policies[i].Document.Statements {
					removed++
					v := Check(without(role, i, j), []*analyze.Plan{plan}, opts)
					if !slices.ContainsFunc(v.Findings, func(f Finding) bool {
						return f.Permission != nil && slices.Contains(s.Actions, f.Permission.Action.Name)
					}) && c.Name != "secrets-complete-arns" { // there another statement allows db-secret too, as db-??????
						t.Errorf("without the statement %s of %v on %v nothing is missing: %v", s.Sid, s.Actions, s.Resources, v.Findings)
					}
					if len(s.Resources) == 1 && s.Resources[0].Text == "*" {
						continue
					}
					widened++
					s.Resources = policy.Values("*")
					v = Check(without(role, i, j, s), []*analyze.Plan{plan}, opts)
					if !same && !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Kind == Unneeded }) {
						t.Errorf("with * as the resource of %s nothing is unneeded", s.Sid)
					}
				}
			}
		})
	}
	if roles < 100 || removed < 300 || widened < 250 {
		t.Errorf("%d roles, %d statements removed, %d made wide", roles, removed, widened)
	}
}

// TestWrittenRolesFit: the files that the formats json and aws-cli write are read again, and the role in them fits the plan. The
// symbols of the environment have values in the files and not in the plan, and are found again. A script can also leave them
// open.
func TestWrittenRolesFit(t *testing.T) {
	env := policy.Environment{Partition: "aws", Region: "us-east-1", Account: "444455556666"}
	for _, form := range []struct {
		format *emit.Format
		open   bool
		least  int
	}{{emit.IAMJSON, false, 150}, {emit.AWSCLI, false, 150}, {emit.AWSCLI, true, 150}} {
		read := 0
		for _, c := range golden.Cases(t) {
			plan, made, ok := c.Made(t)
			if !ok {
				continue
			}
			known := golden.KnownOf(made, env)
			if !form.open {
				made.Environment = known
			}
			files, err := form.format.Emit(made, emit.Options{Source: c.Name})
			if err != nil {
				continue // a symbol is not of the environment
			}
			inputs := inputsOf(files)
			roles, _, problems := ReadSet(inputs, []analyze.Setting{{Name: string(policy.Region), Value: known.Region}}) // of mappings
			if problems != nil || len(roles) != 1 {
				t.Fatalf("%s: %v", c.Name, problems)
			}
			read++
			opts := Options{Role: c.Role, Environment: known}
			if made.Properties.PermissionsBoundary != "" {
				opts.Boundary = &anyBoundary
			}
			v := Check(roles[0], []*analyze.Plan{plan}, opts)
			if v.Fits != policy.Yes || slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code != SameRole }) {
				for _, f := range v.Findings {
					t.Errorf("%s, %s: %s", form.format.Name, c.Name, line(f))
				}
			}
		}
		if read < form.least {
			t.Errorf("%s: only %d roles were read", form.format.Name, read)
		}
	}
}
