// Package sdk reads task definitions of the AWS SDK for Go. It is a package of its own because a program that contains the
// types of the SDK takes twice as long to start.
package sdk

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/taskdef"
)

// Read analyzes a task definition of the SDK. The places of findings are JSON pointers. The plan is never nil; the error is
// that of [analyze.Read].
func Read(td *types.TaskDefinition, opts analyze.Options) (*analyze.Plan, error) {
	src, err := json.Marshal(td)
	if err != nil {
		// A plan without findings would give a role without permissions.
		plan := &analyze.Plan{Unread: true, Findings: []analyze.Finding{{Severity: analyze.Error, Rule: string(taskdef.Syntax), Message: err.Error()}}}
		return plan, plan.Err()
	}
	plans, err := analyze.ReadAll([]analyze.Input{{Source: src, Form: taskdef.SDK}}, opts)
	return plans[0], err
}
