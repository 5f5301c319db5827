package cdkrole_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/cdkrole"
)

func ExampleNewTaskExecutionRole() {
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("worker"), nil)
	execution := cdkrole.NewTaskExecutionRole(stack, jsii.String("TaskExecutionRole"), &cdkrole.Props{
		File:    "worker.json",
		Options: analyze.Options{GuardDuty: true},
		Role:    policy.Options{Properties: policy.Properties{Path: "/ecs/"}},
	})
	awscdk.NewCfnOutput(stack, jsii.String("RoleArn"), &awscdk.CfnOutputProps{Value: execution.Role().RoleArn()})
	app.Synth(nil)
}
