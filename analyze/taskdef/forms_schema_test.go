package taskdef

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/smithy-go"
)

// TestMembersAreThoseOfTheSDK: the tables of members have all that the SDK has and no others, so that a new one is noticed.
func TestMembersAreThoseOfTheSDK(t *testing.T) {
	for _, c := range []struct {
		what    string
		names   memberNames
		schemas []*smithy.Schema
	}{
		{"Express service", expressService, []*smithy.Schema{schemas.CreateExpressGatewayServiceRequest, schemas.UpdateExpressGatewayServiceRequest,
			schemas.ExpressGatewayServiceConfiguration, schemas.ECSExpressGatewayService, schemas.UpdatedExpressGatewayService}},
		{"container of an Express service", expressContainer, []*smithy.Schema{schemas.ExpressGatewayContainer}},
		{"awsLogsConfiguration", expressLogs, []*smithy.Schema{schemas.ExpressGatewayServiceAwsLogsConfiguration}},
		{"overrides", taskOverride, []*smithy.Schema{schemas.TaskOverride}},
		{"override of a container", containerOverride, []*smithy.Schema{schemas.ContainerOverride}},
	} {
		var want []string
		for _, s := range c.schemas {
			for name := range s.Members() {
				if !slices.Contains(want, name) {
					want = append(want, name)
				}
			}
		}
		got := c.names.all()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: members %q, want %q", c.what, got, want)
		}
	}
}

// TestDaemonsAreTaskDefinitions: all members of a daemon task definition are those of a task definition too, apart from its
// ARN and a kind of volume.
func TestDaemonsAreTaskDefinitions(t *testing.T) {
	var extra []string
	within := func(path string, daemon, task *smithy.Schema) {
		for name := range daemon.Members() {
			if task.Member(name) == nil {
				extra = append(extra, path+name)
			}
		}
	}
	within("", schemas.DaemonTaskDefinition, schemas.TaskDefinition)
	within("", schemas.RegisterDaemonTaskDefinitionRequest, schemas.RegisterTaskDefinitionRequest)
	within("container.", schemas.DaemonContainerDefinition, schemas.ContainerDefinition)
	within("volume.", schemas.DaemonVolume, schemas.Volume)
	slices.Sort(extra)
	if want := []string{"daemonTaskDefinitionArn", "volume." + logDriverVolume}; !slices.Equal(extra, want) {
		t.Errorf("members %q, want %q", extra, want)
	}
}

// TestServicesHaveTheirMembers: what is read of services and runs is in the SDK's schemas.
func TestServicesHaveTheirMembers(t *testing.T) {
	for _, c := range []struct {
		schema *smithy.Schema
		names  []string
	}{
		{schemas.CreateServiceRequest, []string{"serviceName", "taskDefinition", "serviceConnectConfiguration", "launchType", "desiredCount"}},
		{schemas.UpdateServiceRequest, []string{"service", "taskDefinition", "serviceConnectConfiguration", "desiredCount"}},
		{schemas.Service, []string{"serviceName", "taskDefinition", "deployments", "launchType"}},
		{schemas.Deployment, []string{"taskDefinition", "serviceConnectConfiguration", "launchType"}},
		{schemas.ServiceRevision, []string{"taskDefinition", "serviceConnectConfiguration", "launchType"}},
		{schemas.ServiceConnectConfiguration, []string{"enabled", "logConfiguration"}},
		{schemas.RunTaskRequest, []string{"taskDefinition", "overrides"}},
		{schemas.StartTaskRequest, []string{"taskDefinition", "overrides"}},
		{schemas.Task, []string{"taskDefinitionArn", "overrides"}},
		{schemas.DescribeServicesResponse, []string{"services"}},
		{schemas.DescribeServiceRevisionsResponse, []string{"serviceRevisions"}},
		{schemas.DescribeTasksResponse, []string{"tasks"}},
		{schemas.CreateServiceResponse, []string{"service"}},
	} {
		for _, name := range c.names {
			if c.schema.Member(name) == nil {
				t.Errorf("%s has no %s", c.schema.ID(), name)
			}
		}
	}
}
