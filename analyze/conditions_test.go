package analyze_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze"
)

// TestConditions: with Options.Conditions, requirements say under which conditions of their template they are there.
func TestConditions(t *testing.T) {
	const src = `Conditions: {A: !Equals [x, y], B: !Equals [x, z], "not a name": !Equals [x, z]}
Resources:
  Db: {Type: AWS::SecretsManager::Secret, Condition: A}
  Other: {Type: AWS::SecretsManager::Secret, Condition: "not a name"}
  Task:
    Type: AWS::ECS::TaskDefinition
    Condition: B
    Properties:
      ContainerDefinitions:
      - Name: app
        Image: nginx
        Secrets:
        - {Name: ALWAYS, ValueFrom: /always}
        - {Name: RESOURCE, ValueFrom: !Ref Db}
        - {Name: UNNAMED, ValueFrom: !Ref Other}
        - {Name: BRANCHES, ValueFrom: !If [A, /a, /not-a]}
        - {Name: OWN, ValueFrom: !If [B, /b, /not-b]}
        - !If [A, {Name: BOTH, ValueFrom: !If [B, /a-b, /a-not-b]}, !Ref AWS::NoValue]
        - {Name: DEEP, ValueFrom: !If [A, !If [C, !Ref Db, /a-not-c], /not-a-deep]}
  Service:
    Type: AWS::ECS::Service
    Condition: A
    Properties:
      TaskDefinition: !Ref Task
      ServiceConnectConfiguration: {Enabled: true, LogConfiguration: {LogDriver: awslogs, SecretOptions: [{Name: S, ValueFrom: /service}]}}
`
	want := []string{ // field, what it reads, and where
		"ALWAYS /always",
		"BOTH /a-b where !Condition A holds",
		"BOTH /a-not-b where !Condition A and !Not [!Condition B] holds",
		"BRANCHES /a where !Condition A holds",
		"BRANCHES /not-a where !Not [!Condition A] holds",
		"DEEP /a-not-c where !Condition A and !Not [!Condition C] holds",
		"DEEP /not-a-deep where !Not [!Condition A] holds",
		"DEEP Db where !Condition A and !Condition C holds",
		"OWN /b",
		"OWN /not-b where !Not [!Condition B] holds",
		"RESOURCE Db where !Condition A holds",
		"UNNAMED Other",
		"S /service where !Condition A holds",
	}
	for _, conditions := range []bool{true, false} {
		plans, err := analyze.Read("t.yaml", []byte(src), analyze.Options{Conditions: conditions})
		if err != nil {
			t.Fatal(err)
		}
		plans = analyze.Join(plans)
		if len(plans) != 1 {
			t.Fatalf("%d plans", len(plans))
		}
		var got []string
		for _, r := range plans[0].Requirements {
			field := r.At.Field[strings.LastIndexByte(r.At.Field, ' ')+1:]
			resource := r.Resource.String()
			if _, name, ok := strings.Cut(resource, ":parameter"); ok {
				resource = name
			}
			_, where, ok := strings.Cut(r.String(), " where ")
			if ok {
				where = " where " + where
			}
			got = append(got, field+" "+strings.Trim(resource, "${}")+where)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !conditions {
			for i := range want {
				want[i], _, _ = strings.Cut(want[i], " where ")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("conditions %v (-want +got):\n%s", conditions, diff)
		}
	}
}
