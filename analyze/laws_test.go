package analyze_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/testdata/golden"
)

// reference is a place in the raw JSON that names something ECS may need the role for.
type reference struct {
	pointer string
	within  string // where a finding may be instead of at the pointer itself
}

// references finds them without any of the project's own code.
func references(src []byte) []reference {
	var doc map[string]any
	if json.Unmarshal([]byte(strings.TrimPrefix(string(src), "\ufeff")), &doc) != nil {
		return nil
	}
	prefix := ""
	if inner, ok := doc["taskDefinition"].(map[string]any); ok && doc["containerDefinitions"] == nil {
		doc, prefix = inner, "/taskDefinition"
	}
	var refs []reference
	add := func(within string, path ...any) {
		pointer := within + fmt.Sprint(path...)
		refs = append(refs, reference{pointer, pointer})
	}
	for c, container := range elements(doc["containerDefinitions"], prefix+"/containerDefinitions") {
		if container["image"] != nil {
			add(c, "/image")
		} else if container["Image"] == nil {
			refs = append(refs, reference{c + "/image", c}) // --image may add it
		}
		for s, secret := range elements(container["secrets"], c+"/secrets") {
			if secret["valueFrom"] != nil {
				add(s, "/valueFrom")
			} else {
				add(s)
			}
		}
		if r, ok := container["repositoryCredentials"].(map[string]any); ok && r["credentialsParameter"] != nil {
			add(c, "/repositoryCredentials/credentialsParameter")
		}
		for e := range elements(container["environmentFiles"], c+"/environmentFiles") {
			refs = append(refs, reference{e + "/value", e})
		}
		if log, ok := container["logConfiguration"].(map[string]any); ok {
			for s := range elements(log["secretOptions"], c+"/logConfiguration/secretOptions") {
				add(s, "/valueFrom")
			}
			if options, _ := log["options"].(map[string]any); log["logDriver"] == "awslogs" && options["awslogs-group"] != nil {
				// An unknown region or container name keeps the group's permission from being known as well.
				refs = append(refs, reference{c + "/logConfiguration/options/awslogs-group", c})
			}
		}
		if f, ok := container["firelensConfiguration"].(map[string]any); ok {
			options, _ := f["options"].(map[string]any)
			if value, _ := options["config-file-value"].(string); options["config-file-type"] == "s3" || strings.HasPrefix(value, "arn:") {
				refs = append(refs, reference{c + "/firelensConfiguration/options/config-file-value", c + "/firelensConfiguration"})
			}
		}
		for _, member := range []string{"credentialSpecs", "dockerSecurityOptions"} {
			list, _ := container[member].([]any)
			for i, spec := range list {
				if s, _ := spec.(string); strings.Contains(s, "credentialspec") {
					add(c, "/", member, "/", i)
				}
			}
		}
	}
	for v, volume := range elements(doc["volumes"], prefix+"/volumes") {
		if fsx, ok := volume["fsxWindowsFileServerVolumeConfiguration"].(map[string]any); ok {
			add(v, "/fsxWindowsFileServerVolumeConfiguration")
			if auth, _ := fsx["authorizationConfig"].(map[string]any); auth["credentialsParameter"] != nil {
				add(v, "/fsxWindowsFileServerVolumeConfiguration/authorizationConfig/credentialsParameter")
			}
		}
		if efs, ok := volume["efsVolumeConfiguration"].(map[string]any); ok {
			if auth, _ := efs["authorizationConfig"].(map[string]any); auth["iam"] == "ENABLED" {
				add(v, "/efsVolumeConfiguration/authorizationConfig/iam")
			}
		}
		if volume["s3filesVolumeConfiguration"] != nil {
			add(v, "/s3filesVolumeConfiguration")
		}
		if volume["configuredAtLaunch"] == true {
			add(v, "/configuredAtLaunch")
		}
	}
	return refs
}

// elements yields the objects of a list, or an object in the place of one, by their pointers.
func elements(list any, pointer string) map[string]map[string]any {
	found := map[string]map[string]any{}
	if object, ok := list.(map[string]any); ok {
		found[pointer] = object
	}
	array, _ := list.([]any)
	for i, element := range array {
		if object, ok := element.(map[string]any); ok {
			found[fmt.Sprintf("%s/%d", pointer, i)] = object
		}
	}
	return found
}

// TestEveryReferenceIsAnswered is the first law: what the input refers to ends in a requirement or in a
// finding, never in silence.
func TestEveryReferenceIsAnswered(t *testing.T) {
	total := 0
	golden.Inputs(t, func(t *testing.T, src []byte, plan *analyze.Plan) {
		if slices.ContainsFunc(plan.Findings, func(f analyze.Finding) bool { return f.Rule == "json" }) {
			return // refused as a whole
		}
		for _, ref := range references(src) {
			total++
			answered := slices.ContainsFunc(plan.Requirements, func(r analyze.Requirement) bool { return r.At.Pointer == ref.pointer }) ||
				slices.ContainsFunc(plan.Findings, func(f analyze.Finding) bool {
					return f.Severity != analyze.Note && strings.HasPrefix(f.At.Pointer+"/", ref.within+"/") ||
						f.At.Pointer == ref.pointer
				})
			if !answered {
				t.Errorf("%s: neither a requirement nor a finding", ref.pointer)
			}
		}
	})
	want := 200
	if golden.HasCorpus(t) {
		want = 400
	}
	if total < want {
		t.Errorf("only %d references were looked at: the test does not see the input", total)
	}
}

// anywhere returns the pointers of all strings that look like a reference, in whatever place of the raw JSON: ARNs of
// secrets, parameters and objects, images in private registries, and what a valueFrom names.
func anywhere(v any, pointer, name string) (list []string) {
	switch v := v.(type) {
	case string:
		arn := regexp.MustCompile(`^arn:[^:]*:(secretsmanager|ssm|s3):[^:]*:[^:]*:`)
		image := regexp.MustCompile(`^[^/]*\.dkr[.-]ecr(-fips)?\.[^/]*(amazonaws|on\.aws)[^/]*/`)
		if arn.MatchString(v) || image.MatchString(v) || name == "valueFrom" && v != "" {
			list = append(list, pointer)
		}
	case []any:
		for i, e := range v {
			list = append(list, anywhere(e, fmt.Sprintf("%s/%d", pointer, i), "")...)
		}
	case map[string]any:
		for key, e := range v {
			token := strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
			list = append(list, anywhere(e, pointer+"/"+token, key)...)
		}
	}
	return list
}

// TestNoReferenceIsLost is the first law for every place of the input, also for members that ECS does not have: a
// finding is at the reference or above it, but not at the whole input.
func TestNoReferenceIsLost(t *testing.T) {
	misplaced, total := 0, 0
	golden.Inputs(t, func(t *testing.T, src []byte, plan *analyze.Plan) {
		var doc any
		if plan.Err() != nil || json.Unmarshal([]byte(strings.TrimPrefix(string(src), "\ufeff")), &doc) != nil {
			return
		}
		for _, pointer := range anywhere(doc, "", "") {
			total++
			answered := slices.ContainsFunc(plan.Requirements, func(r analyze.Requirement) bool { return r.At.Pointer == pointer }) ||
				slices.ContainsFunc(plan.Findings, func(f analyze.Finding) bool {
					if f.Rule == "schema" || f.Rule == "misplaced-references" {
						misplaced++
					}
					return strings.Count(f.At.Pointer, "/") > 2 && strings.HasPrefix(pointer+"/", f.At.Pointer+"/") ||
						f.Rule == "schema" && strings.HasPrefix(pointer+"/", f.At.Pointer+"/")
				})
			if !answered {
				t.Errorf("%s: neither a requirement nor a finding", pointer)
			}
		}
	})
	if total < 200 || misplaced < 10 {
		t.Errorf("%d references, %d findings about misplaced ones: the test does not see the input", total, misplaced)
	}
}

// TestStatementsAreRequirements is the second law: every statement comes from requirements, and every
// requirement is in a statement.
func TestStatementsAreRequirements(t *testing.T) {
	golden.Inputs(t, func(t *testing.T, _ []byte, plan *analyze.Plan) {
		role, err := plan.Role(policy.Options{})
		if err != nil {
			if plan.Err() == nil {
				t.Errorf("a plan without errors gives no role: %v", err)
			}
			return
		}
		checkStatements(t, plan, role)
	})
}

// TestStatementsOfSharedRoles is the same law for roles that several task definitions share, which require what each of
// them requires.
func TestStatementsOfSharedRoles(t *testing.T) {
	const several = 5
	var plans []*analyze.Plan
	golden.Inputs(t, func(_ *testing.T, _ []byte, plan *analyze.Plan) {
		if plan.Err() == nil && plan.Environment.Account == "" && plan.Attached == nil {
			plans = append(plans, plan)
		}
	})
	shared := 0
	for i := range plans {
		group := plans[i:min(i+several, len(plans))]
		plan := analyze.Share("", group)
		role, err := plan.Role(policy.Options{})
		var limit policy.LimitError
		if errors.As(err, &limit) {
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", plan.SharedBy, err)
			continue
		}
		shared++
		checkStatements(t, plan, role)
		want := 0
		for _, p := range group {
			want += len(p.Requirements)
		}
		for _, r := range plan.Requirements {
			if !slices.Contains(plan.SharedBy, r.At.Task) {
				t.Errorf("%v is of %q", r, r.At.Task)
			}
		}
		if len(plan.Requirements) != want {
			t.Errorf("%q: %d requirements, want %d", plan.SharedBy, len(plan.Requirements), want)
		}
	}
	if shared < 20 {
		t.Errorf("only %d roles are shared", shared)
	}
}

// checkStatements reports where a role's statements are not what a plan requires.
func checkStatements(t *testing.T, plan *analyze.Plan, role *policy.Role) {
	t.Helper()
	type permission struct {
		action     string
		resource   policy.Text
		conditions string
	}
	required, written := map[permission]bool{}, map[permission]bool{}
	for _, r := range plan.Requirements {
		if r.GrantedBy != "" {
			if !slices.Contains(role.Attached, r.GrantedBy) {
				t.Errorf("%v is said to be granted by %s, which is not attached", r, r.GrantedBy)
			}
			continue
		}
		for _, a := range r.Actions {
			for _, c := range alternatives(r.Conditions) {
				required[permission{a.Name, r.Resource, c}] = true
			}
		}
	}
	for _, p := range role.Policies() {
		sids := map[string]bool{}
		for _, s := range p.Document.Statements {
			if sids[s.Sid] || s.Sid == "" || len(s.Askers()) == 0 || len(s.Resources) == 0 || len(s.Actions) == 0 {
				t.Errorf("statement %+v: its Sid is not its own, or a part is empty", s)
			}
			sids[s.Sid] = true
			for _, a := range s.Actions {
				for _, r := range s.Resources {
					for _, c := range alternatives(s.Conditions) {
						p := permission{a, r.Text, c}
						if written[p] {
							t.Errorf("%v is written twice", p)
						}
						written[p] = true
						if !required[p] {
							t.Errorf("%v is written, and nothing asks for it", p)
						}
					}
				}
			}
		}
	}
	for p := range required {
		if !written[p] {
			t.Errorf("%v is asked for, and not written", p)
		}
	}
}

// TestWildcardsHaveReasons is the third law: what is wider than one thing says why, in the plan and in the role, and
// nothing else does. Every reason that a rule has to give is given somewhere.
func TestWildcardsHaveReasons(t *testing.T) {
	given := map[string]bool{}
	check := func(t *testing.T, role *policy.Role) {
		for _, p := range role.Policies() {
			for _, s := range p.Document.Statements {
				for _, r := range s.Resources {
					if isWide(r.Text) != (len(r.Reasons) > 0) {
						t.Errorf("%s on %v: reasons %q", s.Sid, r, r.Reasons)
					}
					for _, reason := range r.Reasons {
						given[reason] = true
					}
				}
			}
		}
	}
	golden.Inputs(t, func(t *testing.T, _ []byte, plan *analyze.Plan) {
		for _, r := range plan.Requirements {
			if isWide(r.Resource) != (r.WildcardReason() != "") {
				t.Errorf("rule %s on %v: reason %q", r.Rule.ID, r.Resource, r.WildcardReason())
			}
		}
		if role, err := plan.Role(policy.Options{}); err == nil {
			check(t, role)
		}
	})
	for name, role := range golden.Packed(t) {
		t.Run(name, func(t *testing.T) { check(t, role) })
	}
	for _, rule := range analyze.Rules() {
		for _, g := range rule.Grants {
			if g.Wildcard != "" && !given[g.Wildcard] {
				t.Errorf("rule %s, %s: nothing shows the reason %q", rule.ID, g.Sid, g.Wildcard)
			}
		}
	}
}

// isWide reports whether IAM matches a resource with more than itself: it has a star or a question mark outside of
// IAM's variables for these.
func isWide(t policy.Text) bool {
	s := string(t)
	for i := range len(s) {
		if (s[i] == '*' || s[i] == '?') && (i < 2 || s[i-2:i] != "${") {
			return true
		}
	}
	return false
}

// alternatives returns what conditions come to with one value each: statements join the values of many.
func alternatives(conditions []policy.Condition) []string {
	list := []string{""}
	for _, c := range conditions {
		var longer []string
		for _, before := range list {
			for _, v := range c.Values {
				longer = append(longer, fmt.Sprintf("%s if %s %s %q", before, c.Operator, c.Key, v))
			}
		}
		list = longer
	}
	return list
}

// TestResourcePoliciesAreRequirements: what another account has to allow is what the role may do there, no more and no less.
func TestResourcePoliciesAreRequirements(t *testing.T) {
	total := 0
	golden.Inputs(t, func(t *testing.T, _ []byte, plan *analyze.Plan) {
		role, err := plan.Role(policy.Options{})
		if err != nil {
			return
		}
		type half struct{ account, service, action, thing, conditions string }
		wanted, written := map[half]bool{}, map[half]bool{}
		for _, r := range plan.Requirements {
			parts := strings.SplitN(string(r.Resource), ":", 6)
			if len(parts) < 6 || plan.Environment.Account == "" {
				continue
			}
			account, service, thing := parts[4], parts[2], parts[5]
			var conditions []policy.Condition
			for _, c := range r.Conditions {
				switch c.Key {
				case "aws:ResourceAccount":
					account = string(c.Values[0].Text)
				case "kms:ResourceAliases":
					thing = string(c.Values[0].Text)
				default:
					conditions = append(conditions, c)
				}
			}
			if len(account) != 12 || account == plan.Environment.Account || !slices.Contains([]string{"ecr", "secretsmanager", "kms", "s3"}, service) {
				continue
			}
			switch account { // AWS for Fluent Bit, AWS Marketplace, Envoy of App Mesh, and Deep Learning Containers
			case "906394416424", "128054284489", "709825985650", "840364872350", "772975370895", "856666278305",
				"763104351884", "692866216735", "727897471807":
				continue
			}
			if strings.HasSuffix(thing, "/aws-guardduty-agent-fargate") {
				continue
			}
			if r.Rule.ID == "repository-credentials" && service == "secretsmanager" {
				continue // it has to be in the task's own account, whatever its owner allows
			}
			if r.Grant.Sid == "ImportImages" {
				service = "ecr-registry"
			}
			for _, a := range r.Actions {
				for _, c := range alternatives(conditions) {
					wanted[half{account, service, a.Name, thing, c}] = true
				}
			}
		}
		for _, share := range role.ResourcePolicies {
			if len(policy.OnePerField(share.From)) != len(share.From) || len(share.From) == 0 {
				t.Errorf("%s of %s: the fields %v", share.Service, share.Account, share.From)
			}
			for _, s := range share.Document.Statements {
				if len(s.Principals) != 1 || s.Principals[0].Type != policy.AWSPrincipal {
					t.Errorf("statement %+v is for nobody, or for all", s)
				}
				things := share.Things
				if share.Service == "s3" || share.Service == "ecr-registry" {
					things = policy.Texts(s.Resources)
				} else if want := []policy.Text{"*"}; share.Service != "ecr" && !slices.Equal(policy.Texts(s.Resources), want) || share.Service == "ecr" && s.Resources != nil {
					t.Errorf("statement %+v has the resources %v", s, s.Resources)
				}
				for _, thing := range things {
					thing := strings.SplitN(string(thing), ":", 6)[5]
					for _, a := range s.Actions {
						for _, c := range alternatives(s.Conditions) {
							written[half{share.Account, share.Service, a, thing, c}] = true
						}
					}
				}
			}
		}
		total += len(written)
		if !maps.Equal(wanted, written) {
			t.Errorf("another account's half (-wanted +written):\n%s", cmp.Diff(fmt.Sprint(wanted), fmt.Sprint(written)))
		}
	})
	if total < 20 {
		t.Errorf("only %d permissions in other accounts: the test sees too few", total)
	}
}
