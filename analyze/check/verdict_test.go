package check

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// verdictCase is a case of testdata: a task, the files of a role, and what somebody expects.
type verdictCase struct {
	task, verdict string
	role          []analyze.Input
	opts          Options
	keys          []analyze.KMSKey
}

func readCase(t *testing.T, path string) (c verdictCase) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The role's account is that of executionRoleArn.
	c.opts.Environment = policy.Environment{Account: "111122223333", Region: "us-east-1"}
	for _, f := range archive.Files {
		document := func() policy.Policy {
			d, problems := policy.ReadDocument(f.Name, f.Data)
			if problems != nil {
				t.Fatal(problems)
			}
			return policy.Policy{Name: f.Name, Document: d}
		}
		switch f.Name {
		case "task.json":
			c.task = string(f.Data)
		case "verdict":
			c.verdict = strings.TrimSpace(string(f.Data))
		case "boundary.json":
			p := document()
			c.opts.Boundary = &p
		case "scp.json":
			c.opts.ServiceControl = [][]policy.Policy{{document()}}
		case "kms":
			for line := range strings.Lines(string(f.Data)) {
				ref, key, _ := strings.Cut(strings.TrimSpace(line), "=")
				c.keys = append(c.keys, analyze.KMSKey{Ref: ref, Key: key})
			}
		case "source-vpce":
			c.opts.SourceVPCEndpoints = strings.Fields(string(f.Data))
		case "resource-policy.json":
			c.opts.ResourcePolicies = []ResourcePolicy{{"arn:aws:secretsmanager:*", document()}}
		default:
			c.role = append(c.role, analyze.Input{Name: f.Name, Source: f.Data})
		}
	}
	return c
}

// check reads the task and the role of a case, and compares them.
func (c *verdictCase) check(t *testing.T) *Verdict {
	t.Helper()
	plans, err := analyze.Read("task.json", []byte(c.task), analyze.Options{KMSKeys: c.keys})
	if err != nil {
		t.Fatal(err)
	}
	roles, problems := Read(c.role)
	if problems != nil || len(roles) != 1 {
		t.Fatalf("%d roles, %v", len(roles), problems)
	}
	if roles[0].ARN == "" {
		roles[0].ARN = plans[0].ExecutionRole
	}
	return Check(roles[0], plans, c.opts)
}

func TestVerdicts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	codes := map[Code]bool{}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			c := readCase(t, path)
			v := c.check(t)
			got := []string{"fits " + v.Fits.String()}
			for _, f := range v.Findings {
				got = append(got, line(f))
				codes[f.Code] = true
				if (f.Kind == Missing || f.Kind == Conditional) && (len(f.Cure.Add) != 1 || f.Cure.Add[0].Actions[0] != f.Permission.Action.Name || len(f.Permission.From()) == 0) {
					t.Errorf("%s: cure %+v", line(f), f.Cure)
				}
				if f.Kind == Unneeded && !f.Cure.Remove || f.Kind == Trust && f.Cure.Trust.Statements == nil {
					t.Errorf("%s: cure %+v", line(f), f.Cure)
				}
			}
			if diff := cmp.Diff(strings.Split(c.verdict, "\n"), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	for _, code := range []Code{
		NotAllowed, DeniedByRole, DeniedByBoundary, DeniedByControl, DeniedByResource, DependsOnCondition, DependsOnString, DependsOnPolicy, DocumentedOnly, Escalation, SecretsByWildcard,
		OtherSecrets, UnneededWrites, UnneededReads, PerhapsNeeded, TrustKeepsOut, TrustOthers, TrustSourceArn, TrustSourceAccount, TrustNoConditions, TrustOtherCondition, TrustDenied, SameRole, PolicyUnknown,
	} {
		if !codes[code] {
			t.Errorf("no case shows %s", code)
		}
	}
}
