package analyze_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/testdata/golden"
)

// TestFormsOfServicesMeanTheSame: the same service in every form requires the same and has the same findings, and that is what
// somebody wrote by hand.
//
// The forms know different things: a task definition has an account, a region and names where a template refers to them. So
// the symbols of a plan get values: those that the case gives, those of the role's environment, and the defaults of the
// form's own parameters. Then all plans have to be equal to the one that has nothing but literals. Three things make that
// strict:
//   - A symbol that gets no value stays, and differs.
//   - A form is read while nothing is known of the role's account and region, while its references are unknown, and with all
//     values. What references mean has to lead to the same requirements as their values do.
//   - The role's own account and region do not hide a mistake: the case worker has an image, a secret, a parameter and logs
//     in another region, and the image in another account. Other cases are in other partitions.
func TestFormsOfServicesMeanTheSame(t *testing.T) {
	services := golden.Services(t)
	if len(services) < 12 {
		t.Errorf("only %d services", len(services))
	}
	for _, service := range services {
		t.Run(service.Name, func(t *testing.T) {
			said := map[string][]string{} // by form
			for _, form := range service.Forms {
				t.Run(form.Name, func(t *testing.T) {
					checkForm(t, service, form, form.Options)
					known := form.Options
					known.Set = append(slices.Clip(known.Set), form.Values...)
					said[form.Name] = checkForm(t, service, form, known)
				})
			}
			first := service.Forms[0].Name
			for _, form := range service.Forms[1:] {
				if diff := cmp.Diff(said[first], said[form.Name]); diff != "" {
					t.Errorf("%s and %s do not say the same (-%[1]s +%[2]s):\n%[3]s", first, form.Name, diff)
				}
			}
		})
	}
}

// checkForm compares the plan of a service in one form with the one that somebody expects. It returns the messages of the
// findings that all forms have, and what has to be there besides the role.
func checkForm(t *testing.T, service golden.Service, form golden.ServiceForm, opts analyze.Options) (said []string) {
	t.Helper()
	isFinding := func(line string) bool {
		return slices.ContainsFunc([]string{"note ", "warning ", "error "}, func(s string) bool { return strings.HasPrefix(line, s) })
	}
	nowhere := opts
	nowhere.Environment = policy.Environment{}
	required := slices.DeleteFunc(slices.Clone(service.Plan), isFinding)
	if diff := cmp.Diff(required, requirementLines(readForm(t, form, nowhere), form)); diff != "" {
		t.Errorf("--set %v, without account and region: requirements (-want +got):\n%s", opts.Set, diff)
	}

	plan := readForm(t, form, opts)
	got := requirementLines(plan, form)
	own := slices.Clone(form.Findings)
	for _, f := range plan.Findings {
		line := findingLine(f)
		got = append(got, line)
		if i := slices.Index(own, line); i >= 0 {
			own = slices.Delete(own, i, i+1)
			continue
		}
		said = append(said, line+": "+inMessage(f.Message, valuesOf(plan, form)))
	}
	slices.Sort(got)
	want := append(slices.Clone(service.Plan), form.Findings...)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("--set %v: plan (-want +got):\n%s", opts.Set, diff)
		for _, f := range plan.Findings {
			t.Log(f)
		}
	}
	for _, n := range plan.Needs() {
		said = append(said, inMessage(needLine(n), valuesOf(plan, form)))
	}
	slices.Sort(said)
	return said
}

// readForm returns the only plan of a service in one form.
func readForm(t *testing.T, form golden.ServiceForm, opts analyze.Options) *analyze.Plan {
	t.Helper()
	plans, _ := analyze.ReadAll([]analyze.Input{form.Input()}, opts)
	if len(plans) != 1 {
		t.Errorf("%d plans, want 1", len(plans))
	}
	for _, r := range plans[0].Requirements {
		if file, ok := form.Files[r.At.File]; !ok || r.At.Line == 0 || r.At.Line > bytes.Count(file, []byte("\n")) || r.At.Pointer == "" {
			t.Errorf("%v is for no place of the input: %+v", r, r.At)
		}
	}
	return plans[0]
}

// valuesOf returns the values of symbols: those that the case gives, those of the role's environment, and defaults.
func valuesOf(plan *analyze.Plan, form golden.ServiceForm) map[policy.Symbol]string {
	values := map[policy.Symbol]string{}
	for symbol, info := range plan.Symbols {
		values[symbol] = info.Default
	}
	for symbol, value := range form.Options.Environment.WithPartition().Values() {
		values[symbol] = value
	}
	for _, v := range form.Values {
		values[policy.Symbol(v.Name)] = v.Value
	}
	return values
}

// requirementLines returns the requirements of a plan, sorted.
func requirementLines(plan *analyze.Plan, form golden.ServiceForm) (lines []string) {
	for _, r := range plan.Requirements {
		lines = append(lines, requirementLine(r, valuesOf(plan, form)))
	}
	slices.Sort(lines)
	return lines
}

// requirementLine writes a requirement as the cases do, with the values of its symbols. Behind the field, in parentheses, is
// the part of the resource that the field names.
func requirementLine(r analyze.Requirement, values map[policy.Symbol]string) string {
	known := func(t policy.Text) policy.Text {
		return policy.Text(t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
			if value := values[s]; value != "" {
				return value
			}
			return string(policy.Of(s))
		}))
	}
	r.Resource = known(r.Resource)
	if r.Part != "" {
		r.At.Field += fmt.Sprintf(" (%s)", known(r.Part))
	}
	r.Conditions = slices.Clone(r.Conditions)
	for i, c := range r.Conditions {
		r.Conditions[i].Values = slices.Clone(c.Values)
		for j, v := range c.Values {
			r.Conditions[i].Values[j].Text = known(v.Text)
		}
	}
	return r.String()
}

// inMessage returns a message with the values of the symbols that it shows.
func inMessage(message string, values map[policy.Symbol]string) string {
	for symbol, value := range values {
		if value != "" {
			message = strings.ReplaceAll(message, policy.Of(symbol).String(), value)
		}
	}
	return message
}

// TestServicesCoverTheRules: the services together require every grant of every rule, apart from those that a flag asks for.
func TestServicesCoverTheRules(t *testing.T) {
	required := map[*analyze.Grant]bool{}
	for _, service := range golden.Services(t) {
		for _, form := range service.Forms {
			plans, _ := analyze.ReadAll([]analyze.Input{form.Input()}, form.Options)
			for _, r := range plans[0].Requirements {
				required[r.Grant] = true
			}
		}
	}
	for _, rule := range analyze.Rules() {
		for _, g := range rule.Grants {
			if !required[g] && !strings.Contains(g.When, "--") {
				t.Errorf("no service requires %v by the rule %s: %s", g.Actions, rule.ID, g.When)
			}
		}
	}
}
