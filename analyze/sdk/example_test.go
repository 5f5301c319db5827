package sdk_test

import (
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/sdk"
)

// A task definition that the caller has from the SDK, or is about to register with it, needs no file.
func ExampleRead() {
	plan, err := sdk.Read(&types.TaskDefinition{
		Family: new("web"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name:  new("app"),
			Image: new("nginx"),
			LogConfiguration: &types.LogConfiguration{
				LogDriver: types.LogDriverAwslogs,
				Options: map[string]string{
					"awslogs-group":         "/ecs/web",
					"awslogs-region":        "us-east-1",
					"awslogs-stream-prefix": "web",
				},
			},
		}},
	}, analyze.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range plan.Requirements {
		fmt.Println(r.Actions[0].Name, r.Resource)
	}
	// Output:
	// logs:CreateLogStream arn:aws:logs:us-east-1:${AWS::AccountId}:log-group:/ecs/web:log-stream:web/app/*
}
