package sdk_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/sdk"
	"github.com/execrole/execrole/testdata/golden"
)

// TestSDKNamesAndTypes fills every field of the SDK's type: none of them may be unknown to the schema, or of
// another type there, since what is unknown is not read.
func TestSDKNamesAndTypes(t *testing.T) {
	var td types.TaskDefinition
	fields := fill(t, reflect.ValueOf(&td).Elem())
	if fields < 100 {
		t.Errorf("only %d fields were filled", fields)
	}
	plan, _ := sdk.Read(&td, analyze.Options{})
	for _, f := range plan.Findings {
		if f.Rule == "schema" || f.Rule == "json" {
			t.Error(f)
		}
		if f.At.Pointer == "" && f.Rule != "execution-role" || f.At.Line != 0 {
			t.Errorf("the place of %v is %+v", f, f.At)
		}
	}
}

// fill gives every field below v a value that is not zero, and returns how many there are.
func fill(t *testing.T, v reflect.Value) int {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(t, v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		fill(t, value)
		v.SetMapIndex(reflect.ValueOf("key"), value)
		return 1
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1700000000, 0)))
			return 1
		}
		n := 0
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				n += fill(t, v.Field(i))
			}
		}
		return n
	case reflect.Interface:
		if v.Type() != reflect.TypeFor[types.SharingStrategy]() {
			t.Fatalf("the SDK has a union %v: teach fill its members, and see whether a rule has to read it", v.Type())
		}
		member := &types.SharingStrategyMemberNvidiaMps{}
		v.Set(reflect.ValueOf(member))
		return fill(t, reflect.ValueOf(member).Elem())
	case reflect.String:
		v.SetString("value")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	default:
		t.Fatalf("the SDK has a field of type %v: teach fill, and the reader, what it is", v.Type())
	}
	return 1
}

// TestSDKZeroValues: what the SDK leaves at its zero value is absent, and remarked on by nobody.
func TestSDKZeroValues(t *testing.T) {
	name, image := "app", "nginx"
	td := types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{
		Name: &name, Image: &image, EnvironmentFiles: []types.EnvironmentFile{}, LogConfiguration: nil,
	}}}
	plan, err := sdk.Read(&td, analyze.Options{})
	if err != nil || len(plan.Requirements) > 0 {
		t.Errorf("requirements %+v, error %v", plan.Requirements, err)
	}
	for _, f := range plan.Findings {
		if f.Severity != analyze.Note {
			t.Error(f)
		}
	}
	for _, td := range []*types.TaskDefinition{nil, {}} {
		if plan, err := sdk.Read(td, analyze.Options{}); err == nil || plan == nil {
			t.Errorf("%+v: plan %v, error %v", td, plan, err)
		}
	}
}

// TestSDKWithoutJSON: a value that has no JSON form gives no role, not an empty one.
func TestSDKWithoutJSON(t *testing.T) {
	year := time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	plan, err := sdk.Read(&types.TaskDefinition{RegisteredAt: &year}, analyze.Options{})
	if err == nil {
		t.Error("no error")
	}
	if _, err := plan.Role(policy.Options{}); err == nil {
		t.Error("the plan gives a role")
	}
}

// TestSDKIsJSON: a value of the SDK requires what its JSON requires, in the same words.
func TestSDKIsJSON(t *testing.T) {
	src, err := os.ReadFile("../../testdata/web.json")
	if err != nil {
		t.Fatal(err)
	}
	var td types.TaskDefinition
	// encoding/json takes names in any case.
	if err := json.Unmarshal(src, &td); err != nil {
		t.Fatal(err)
	}
	fromJSON, err := golden.Plan(src, analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fromSDK, err := sdk.Read(&td, analyze.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(requirements(fromJSON), requirements(fromSDK)); diff != "" {
		t.Errorf("requirements (-JSON +SDK):\n%s", diff)
	}
	if fromJSON.Family != fromSDK.Family || fromJSON.Environment != fromSDK.Environment {
		t.Errorf("family %q and own values %+v; from the SDK %q and %+v", fromJSON.Family, fromJSON.Environment, fromSDK.Family, fromSDK.Environment)
	}
	roles := [2]*policy.Role{}
	for i, plan := range []*analyze.Plan{fromJSON, fromSDK} {
		if roles[i], err = plan.Role(policy.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(roles[0], roles[1], cmpopts.IgnoreFields(policy.Source{}, "Requirement")); diff != "" {
		t.Errorf("roles (-JSON +SDK):\n%s", diff)
	}
}

// requirements writes them, sorted: the SDK's order of fields is another one than the file's.
func requirements(plan *analyze.Plan) []string {
	var list []string
	for _, r := range plan.Requirements {
		list = append(list, fmt.Sprint(r.Rule.ID, r.Actions, r.Resource, r.Match, r.Conditions, r.At.Container, r.At.Field, r.At.Pointer))
	}
	slices.Sort(list)
	return list
}
