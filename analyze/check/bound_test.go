package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// manySources returns task definitions that each need what no other needs.
func manySources(n int) (sources [][]byte) {
	for i := range n {
		sources = append(sources, fmt.Appendf(nil, `{"family": "t%d", "containerDefinitions": [{"name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1",
		  "secrets": [{"name": "A", "valueFrom": "/shop/%[1]d"}, {"name": "B", "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/%[1]d"}],
		  "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/web/%[1]d", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}}}]}`, i))
	}
	return sources
}

// readPlans reads task definitions, one in a source.
func readPlans(t testing.TB, sources ...[]byte) (plans []*analyze.Plan) {
	t.Helper()
	for _, src := range sources {
		list, err := analyze.Read("t.json", src, analyze.Options{})
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, list...)
	}
	return plans
}

// roleOf returns a role with one policy.
func roleOf(statements ...policy.Statement) *Role {
	return &Role{ARN: "arn:aws:iam::111122223333:role/web", Policies: []Policy{{Policy: policy.Policy{Document: policy.NewDocument(statements...)}}}}
}

// statements returns n statements that allow actions on resources, in which %d is the number of the statement.
func statements(n int, actions []string, resources ...string) (list []policy.Statement) {
	for i := range n {
		s := policy.Statement{Actions: actions}
		for _, r := range resources {
			s.Resources = append(s.Resources, policy.Values(policy.Text(strings.ReplaceAll(r, "%d", fmt.Sprint(i))))...)
		}
		list = append(list, s)
	}
	return list
}

// slowRoles are roles that are large, or made to be slow.
func slowRoles() map[string]*Role {
	both := []string{"ssm:GetParameters", "secretsmanager:GetSecretValue"}
	stars := strings.Repeat("*"+strings.Repeat("a", 50)+"b", 4) + "*"
	role := map[string]*Role{
		"prefixes":   roleOf(statements(60, both, "arn:aws:ssm:us-east-1:111122223333:parameter/shop/%d*", "arn:aws:secretsmanager:*:*:secret:shop/*%d-??????")...),
		"everything": roleOf(policy.Statement{Actions: []string{"*"}, Resources: policy.Values("*")}),
		"readers":    roleOf(policy.Statement{Actions: []string{"secretsmanager:Get*", "ssm:*", "kms:Decrypt", "ecr:*", "logs:*"}, Resources: policy.Values("*")}),
		"short":      roleOf(statements(1, both, slices.Repeat([]string{"*shop*"}, 1000)...)...),
		"stars":      roleOf(statements(10_000, both, "arn:aws:s*:us-east-1:*"+stars)...),
		"actions":    roleOf(statements(1000, []string{"s*e*c*r*e*t*:*G*e*t*", "*:*", "ssm:*P*a*r*a*m*s"}, "arn:aws:*%d*")...),
		"denies":     roleOf(statements(10_000, both, "*%d*%d*")...),
	}
	for i := range role["denies"].Policies[0].Document.Statements {
		if i > 0 {
			role["denies"].Policies[0].Document.Statements[i].Effect = policy.Deny
		}
	}
	return role
}

// TestCheckIsBounded: roles and tasks that are large or made to be slow get an answer all the same. What could not be compared
// in time is unknown, and the verdict says so. It is not so for roles of 10,240 characters and usual tasks.
func TestCheckIsBounded(t *testing.T) {
	var secrets []string
	for i := range 300 {
		secrets = append(secrets, fmt.Sprintf(`{"name": "S%d", "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:%d/%s-better"}`, i, i, strings.Repeat("a", 400)))
	}
	large := readPlans(t, fmt.Appendf(nil, `{"family": "large", "containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [%s]}]}`, strings.Join(secrets, ", ")))
	many := readPlans(t, manySources(50)...)
	for name, role := range slowRoles() {
		plans, hostile := many, slices.Contains([]string{"stars", "actions", "denies"}, name)
		if hostile {
			plans = large
		}
		v := Check(role, plans, Options{Environment: policy.Environment{Region: "us-east-1"}})
		has := func(code Code) bool {
			return slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code == code })
		}
		if has(TooLong) && v.Fits == policy.Yes || !hostile && (has(TooLong) || has(NotCompared)) {
			t.Errorf("%s: fits %v, codes %s %v, %s %v", name, v.Fits, TooLong, has(TooLong), NotCompared, has(NotCompared))
		}
		if name == "stars" && !(has(TooLong) && has(NotCompared)) {
			t.Errorf("%s: all is compared: the case is not slow any more", name)
		}
		for _, p := range v.Permissions {
			if len(p.Answer.Deciders) > 65 {
				t.Fatalf("%s: %d statements decide", name, len(p.Answer.Deciders))
			}
		}
	}
}

// BenchmarkCheck compares 1,000 task definitions with one role that is as large as IAM takes it, or allows everything. The
// metric x-read is the median of the ratios to the time in which they are read and analyzed, which is measured in turn.
func BenchmarkCheck(b *testing.B) {
	sources := manySources(1000)
	plans := readPlans(b, sources...)
	for _, name := range []string{"prefixes", "everything", "readers"} {
		role := slowRoles()[name]
		b.Run(name, func(b *testing.B) {
			var ratios []float64
			for b.Loop() {
				start := time.Now()
				Check(role, plans, Options{})
				checked := time.Since(start)
				start = time.Now()
				for _, src := range sources {
					if _, err := analyze.Read("t.json", src, analyze.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				ratios = append(ratios, float64(checked)/float64(time.Since(start)))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "x-read")
		})
	}
}
