package taskdef

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestOtherShapes: documents in another shape give their containers, with the pointers and fields of the document, and
// settings reach them.
func TestOtherShapes(t *testing.T) {
	for _, c := range []struct {
		name, in string
		opts     Options
		want     []string
	}{
		{"job", `{"jobDefinitionName": "j", "containerProperties": {"image": "x"}}`, Options{},
			[]string{"default image x /containerProperties/image"}},
		{"job, set", `{"jobDefinitionName": "j", "containerProperties": {"image": "<X>"}}`,
			Options{Set: []Setting{{"/containerProperties/image", "y"}}}, []string{"default image y /containerProperties/image"}},
		{"job, filled", `{"jobDefinitionName": "j", "containerProperties": {"image": "<X>:<X>"}}`,
			Options{Set: []Setting{{"X", "<X>"}}}, []string{"default image <X>:<X> /containerProperties/image"}},
		{"job, image", `{"jobDefinitionName": "j", "containerProperties": {"command": []}}`,
			Options{Image: []Setting{{"default", "y"}}}, []string{"default image y /containerProperties/image"}},
		{"nodes with a role", `{"nodeProperties": {"nodeRangeProperties": [{"container": {"image": "x", "executionRoleArn": "r"}}, {"container": {"image": "y", "executionRoleArn": "r"}}]}}`, Options{},
			[]string{"default image x /nodeProperties/nodeRangeProperties/0/container/image", "default image y /nodeProperties/nodeRangeProperties/1/container/image"}},
		{"nodes with two roles", `{"platformCapabilities": ["EC2"], "nodeProperties": {"nodeRangeProperties": [{"container": {"image": "x", "executionRoleArn": "r"}}, {"container": {"image": "y"}}]}}`, Options{},
			[]string{"default image x /nodeProperties/nodeRangeProperties/0/container/image", "--", "default image y /nodeProperties/nodeRangeProperties/1/container/image"}},
		{"containers of a job", `{"ecsProperties": {"taskProperties": [{"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}]}}`, Options{},
			[]string{"a image x /ecsProperties/taskProperties/0/containers/0/image", "b image y /ecsProperties/taskProperties/0/containers/1/image"}},
		{"Express service", `{"primaryContainer": {"image": "x", "awsLogsConfiguration": {"logGroup": "g"}}}`, Options{},
			[]string{"Main image x /primaryContainer/image", "Main awsLogsConfiguration.logGroup g /primaryContainer/awsLogsConfiguration/logGroup"}},
		{"Express service, set", `{"primaryContainer": {"image": "x", "awsLogsConfiguration": {"logGroup": "<G>"}}}`,
			Options{Set: []Setting{{"/primaryContainer/awsLogsConfiguration/logGroup", "g"}}},
			[]string{"Main image x /primaryContainer/image", "Main awsLogsConfiguration.logGroup g /primaryContainer/awsLogsConfiguration/logGroup"}},
		{"capitals", `{"PrimaryContainer": {"Image": "x"}}`, Options{}, []string{"Main image x /PrimaryContainer/Image"}},
		{"update of an Express service", `{"service": {"targetConfiguration": {"primaryContainer": {"image": "x"}}}}`, Options{},
			[]string{"Main image x /service/targetConfiguration/primaryContainer/image"}},
		{"conditionals", `{"Resources": {"J": {"Type": "AWS::Batch::JobDefinition", "Properties": {"Type": "container",
			"ContainerProperties": {"Fn::If": ["C", {"Image": "x"}, {"Image": {"Fn::If": ["D", "y", "z"]}}]}}}}}`, Options{},
			[]string{"default image x /Resources/J/Properties/ContainerProperties/Fn::If/1/Image",
				"default image y /Resources/J/Properties/ContainerProperties/Fn::If/2/Image/Fn::If/1",
				"default image z /Resources/J/Properties/ContainerProperties/Fn::If/2/Image/Fn::If/2"}},
		{"a conditional container", `{"Resources": {"S": {"Type": "AWS::ECS::ExpressGatewayService", "Properties": {
			"PrimaryContainer": {"Fn::If": ["C", {"Image": "x"}, {"Image": "y", "AwsLogsConfiguration": {"Fn::If": ["D", {"LogGroup": "g"}, {"Ref": "AWS::NoValue"}]}}]}}}}}`, Options{},
			[]string{"Main image x /Resources/S/Properties/PrimaryContainer/Fn::If/1/Image", "Main image y /Resources/S/Properties/PrimaryContainer/Fn::If/2/Image",
				"Main awsLogsConfiguration.logGroup g /Resources/S/Properties/PrimaryContainer/Fn::If/2/AwsLogsConfiguration/Fn::If/1/LogGroup"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tds, problems := Read("f", []byte(c.in), c.opts)
			var got []string
			for i, td := range tds {
				if i > 0 {
					got = append(got, "--")
				}
				for _, path := range [][]string{{"image"}, {"logConfiguration", "options", "awslogs-group"}} {
					for v := range td.Reader().Root().Each(append([]string{"containerDefinitions"}, path...)...) {
						at := v.Ref()
						text, _ := v.Text()
						got = append(got, fmt.Sprintf("%s %s %s %s", at.Container, at.Field, text, at.Pointer))
					}
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q\n%v", got, c.want, problems)
			}
			for _, p := range problems {
				if !p.Warning && !p.Note {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// TestMembersOfOtherShapes: a member that a document cannot have there is a warning with the place and a suggestion, and one
// that no permission depends on is none.
func TestMembersOfOtherShapes(t *testing.T) {
	for in, want := range map[string]string{
		`{"containerProperties": {"image": "x", "vcpus": 1, "secert": []}}`:                                                        `AWS Batch has no member "secert" here; did you mean "secrets"?`,
		`{"containerProperties": {"image": "x", "environmentFiles": []}}`:                                                          `AWS Batch has no member "environmentFiles" here`,
		`{"jobDefinitionNam": "j", "containerProperties": {"image": "x"}}`:                                                         `AWS Batch has no member "jobDefinitionNam" here; did you mean "jobDefinitionName"?`,
		`{"primaryContainer": {"image": "x", "cpu": 1}}`:                                                                           `the container of an Express service has no member "cpu" here`,
		`{"primaryContainer": {"image": "x", "awsLogsConfiguration": {"logGrup": "g"}}}`:                                           `awsLogsConfiguration has no member "logGrup" here; did you mean "logGroup"?`,
		`{"overrides": {"containerOverrides": [{"name": "a", "secrets": []}]}}`:                                                    `an override has no member "secrets" here`,
		`{"daemonTaskDefinition": {"volumes": [{"logDriverVolumeConfigurations": 1}], "containerDefinitions": [{}]}}`:              "",
		`{"daemonTaskDefinition": {"daemonTaskDefinitionArn": "a", "status": "ACTIVE", "containerDefinitions": [{}]}}`:             "",
		`{"containerProperties": {"image": "x", "networkConfiguration": {}, "fargatePlatformConfiguration": {}}, "tags": {}}`:      "",
		`{"taskDefinition": "a", "cluster": "c", "count": 1, "networkConfiguration": {}, "overrides": {"containerOverrides": []}}`: "",
	} {
		_, problems := Read("f", []byte(in), Options{})
		var got []string
		for _, p := range problems {
			got = append(got, p.Message)
			if !p.Warning || p.At.Pointer == "" || p.At.Line == 0 {
				t.Errorf("%s: %+v", in, p)
			}
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
