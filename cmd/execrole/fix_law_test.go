package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/testdata/golden"
)

// TestFixLaw: in each format that check reads, a role without one of its statements is fixed. Every byte of its files stays, and
// what is read again lacks nothing. So it is with a role whose statements are all replaced: it then allows nothing unneeded.
func TestFixLaw(t *testing.T) {
	env := policy.Environment{Partition: "aws", Region: "us-east-1", Account: "444455556666"}
	fixed := map[string]int{}
	refused := map[string]int{}
	for _, c := range golden.Cases(t) {
		plan, made, ok := c.Made(t)
		if !ok {
			continue
		}
		known := golden.KnownOf(made, env)
		made.Environment = known
		if made.Properties.PermissionsBoundary != "" || len(made.Managed) > 0 || len(made.Inline) == 0 {
			continue
		}
		opts := check.Options{Role: c.Role, Environment: known}
		for i := range made.Inline[0].Document.Statements {
			for _, format := range []*emit.Format{emit.IAMJSON, emit.CloudFormation, emit.CloudFormationJSON, emit.Terraform} {
				name := fmt.Sprintf("%s without statement %d as %s", c.Name, i+1, format.Name)
				files, err := format.Emit(lacking(made, i), emit.Options{Source: c.Name})
				if err != nil {
					continue // a symbol is not of the environment
				}
				law := fixLaw{name: name, plan: plan, opts: opts}
				for _, f := range files {
					if f.Write != emit.Remove {
						law.inputs = append(law.inputs, analyze.Input{Name: f.Name, Source: f.Data})
					}
				}
				switch err := law.holds(i == 0); {
				case errors.Is(err, errNotFixed):
					refused[format.Name]++
				case err != nil:
					t.Errorf("%s: %v", name, err)
				default:
					fixed[format.Name]++
				}
			}
		}
	}
	t.Logf("fixed %v, refused %v", fixed, refused)
	for format, n := range fixed {
		if n < 300 || refused[format] > n/10 {
			t.Errorf("%s: %d fixed, %d refused", format, n, refused[format])
		}
	}
}

// lacking returns a role without a statement.
func lacking(role *policy.Role, i int) *policy.Role {
	out := *role
	out.Inline = slices.Clone(role.Inline)
	d := &out.Inline[0].Document
	d.Statements = slices.Delete(slices.Clone(d.Statements), i, i+1)
	if len(d.Statements) == 0 {
		out.Inline = out.Inline[1:]
	}
	return &out
}

// errNotFixed says that a role was not fixed, with a reason.
var errNotFixed = errors.New("not fixed")

// fixLaw is a plan and the files of a role.
type fixLaw struct {
	name   string
	plan   *analyze.Plan
	opts   check.Options
	inputs []analyze.Input
	loose  bool // two spaces can become a dash
}

// read reads the role and compares it with the plan.
func (l *fixLaw) read(inputs []analyze.Input) (*check.Verdict, error) {
	roles, problems := check.Read(inputs)
	if len(roles) != 1 {
		return nil, fmt.Errorf("%d roles, %v", len(roles), problems)
	}
	return check.Check(roles[0], []*analyze.Plan{l.plan}, l.opts), nil
}

// fix returns the files with a fix.
func (l *fixLaw) fix(fix check.Fix, role *check.Role) (emit.Fixes, []analyze.Input, error) {
	var sources []emit.FixSource
	for _, in := range l.inputs {
		sources = append(sources, emit.FixSource{Name: in.Name, Data: in.Source})
	}
	fixed, err := emit.Fix(sources, []emit.RoleFix{roleFix(role, fix)})
	inputs := slices.Clone(l.inputs)
	for i := range inputs {
		for _, f := range fixed.Files {
			if f.Name == inputs[i].Name {
				inputs[i].Source = f.Data
			}
		}
	}
	for _, f := range fixed.Files {
		if f.New {
			inputs = append(inputs, analyze.Input{Name: f.Name, Source: f.Data})
		}
	}
	return fixed, inputs, err
}

func (l *fixLaw) holds(tight bool) error {
	v, err := l.read(l.inputs)
	if err != nil {
		return err
	}
	fixed, inputs, err := l.fix(v.Fix(), v.Role)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotFixed, err)
	}
	for i := range l.inputs {
		before := string(l.inputs[i].Source)
		if l.loose {
			before = strings.ReplaceAll(before, " ", "")
		}
		if !isSubsequence(before, string(inputs[i].Source)) {
			return fmt.Errorf("a byte has changed in\n%s", inputs[i].Source)
		}
	}
	after, err := l.read(inputs)
	if err != nil {
		return err
	}
	for _, f := range after.Findings {
		if f.Kind == check.Missing {
			return fmt.Errorf("%s is missing still, in\n%s", f.Permission.Action.Name, inputs[0].Source)
		}
	}
	missing := slices.ContainsFunc(v.Findings, func(f check.Finding) bool { return f.Kind == check.Missing })
	if changed := len(fixed.Files) > 0; changed != missing {
		return fmt.Errorf("something is missing: %v; something has changed: %v", missing, changed)
	}
	if !tight {
		return nil
	}
	exact, err := after.Tight(l.opts.Role, false)
	if err != nil {
		if strings.Contains(err.Error(), "cannot be told") {
			return nil
		}
		return err
	}
	l.inputs = inputs
	if _, inputs, err = l.fix(exact, after.Role); err != nil {
		return err
	}
	if v, err = l.read(inputs); err != nil {
		return err
	}
	for _, f := range v.Findings {
		if f.Kind == check.Missing || f.Kind == check.Unneeded {
			return fmt.Errorf("the exact role has the finding %s: %v on %v, in\n%s", f.Code, f.Actions, f.Resources, inputs[0].Source)
		}
	}
	return nil
}

// TestFixCorpus: the roles of real templates, after all that they allow was taken out of them, are fixed, and made exact: the
// layouts are those of people, and of the CDK.
func TestFixCorpus(t *testing.T) {
	var c corpusFix
	for _, file := range golden.Corpus(t, "cloudformation", "cdkout") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c.name = filepath.Base(file)
		for i, plan := range c.plans(src) {
			if plan.Err() != nil || plan.Unread {
				continue
			}
			if v := c.compare(src, i); v != nil && len(v.Role.Policies) > 0 {
				c.strip(t, src, i, v)
				c.tighten(t, src, i, v)
			}
		}
	}
	if got := fmt.Sprint(c.stripped, c.fixed, c.exact); got != "148 142 144" {
		t.Errorf("stripped, fixed, exact: %s", got)
	}
}

// corpusFix is a template of the corpus, and counts what was done to all.
type corpusFix struct {
	name                   string
	stripped, fixed, exact int
}

func (c *corpusFix) plans(src []byte) []*analyze.Plan {
	plans, _ := analyze.Read(c.name, src, analyze.Options{Conditions: true, Environment: policy.Environment{Partition: "aws", Region: "us-east-1", Account: "111122223333"}})
	return analyze.Join(plans)
}

// compare compares the task definition of a number with its role; nil where the template does not have that.
func (c *corpusFix) compare(src []byte, i int) *check.Verdict {
	roles, _ := check.Read([]analyze.Input{{Name: c.name, Source: src}})
	plan := c.plans(src)[i]
	role := roles.Find(plan.ExecutionRole)
	if role == nil {
		return nil
	}
	return check.Check(role, []*analyze.Plan{plan}, check.Options{Environment: plan.Environment})
}

// fix returns the template with a fix; nil where nothing changes.
func (c *corpusFix) fix(t *testing.T, src []byte, v *check.Verdict, fix check.Fix) (after []byte, left int) {
	t.Helper()
	fixes, err := emit.Fix([]emit.FixSource{{Name: c.name, Data: src}}, []emit.RoleFix{roleFix(v.Role, fix)})
	if err != nil {
		t.Errorf("%s: %v", c.name, err)
	}
	if len(fixes.Files) == 0 {
		return nil, 0
	}
	return fixes.Files[0].Data, len(fixes.Left)
}

// strip takes out what the role allows, and fixes it.
func (c *corpusFix) strip(t *testing.T, src []byte, i int, v *check.Verdict) {
	t.Helper()
	bare := v.Fix()
	bare.Add, bare.Trust, bare.Replace = nil, nil, true
	before, _ := c.fix(t, src, v, bare)
	if before == nil {
		return // the policies are resources of their own
	}
	c.stripped++
	if v = c.compare(before, i); v == nil {
		t.Errorf("%s: the role is gone", c.name)
		return
	}
	lack := v.Fix()
	if len(lack.Add) == 0 {
		return
	}
	after, _ := c.fix(t, before, v, lack)
	c.fixed++
	if !isSubsequence(string(before), string(after)) {
		t.Errorf("%s: a byte has changed", c.name)
	}
	c.check(t, after, i, check.Missing)
}

// tighten makes the role exact.
func (c *corpusFix) tighten(t *testing.T, src []byte, i int, v *check.Verdict) {
	t.Helper()
	exact, err := v.Tight(policy.Options{}, true)
	if err != nil {
		return // nobody can say what goes
	}
	after, left := c.fix(t, src, v, exact)
	if after == nil {
		return
	}
	kinds := []check.Kind{check.Missing, check.Unneeded, check.Unexplained}
	if left > 0 {
		kinds = kinds[:1]
	}
	c.exact++
	c.check(t, after, i, kinds...)
}

// check refuses findings of some kinds.
func (c *corpusFix) check(t *testing.T, src []byte, i int, kinds ...check.Kind) {
	t.Helper()
	for _, f := range c.compare(src, i).Findings {
		if slices.Contains(kinds, f.Kind) {
			t.Errorf("%s: %s %s %v %v", c.name, f.Code, f.Kind, f.Actions, f.Resources)
		}
	}
}
