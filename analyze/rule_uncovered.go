package analyze

import (
	"strings"

	"github.com/execrole/execrole/analyze/taskdef"
)

// uncovered refuses what needs permissions and has no rule yet: a role without them would look complete.
var uncovered = &Rule{
	ID:    "uncovered",
	Title: "Fields that execrole does not cover yet",
	Why:   "ECS uses the execution role for these fields too, and execrole cannot yet tell which permissions they need.",
	Doc:   "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
	Fields: []string{
		"containerDefinitions[].firelensConfiguration.options.config-file-type", "containerDefinitions[].credentialSpecs",
		"containerDefinitions[].dockerSecurityOptions", "volumes[].fsxWindowsFileServerVolumeConfiguration",
	},
	Check: func(p *Pass, td taskdef.Value) {
		refuse := func(v taskdef.Value, what string) {
			p.Errorf(v, "%s needs permissions that this version of execrole does not know", what)
		}
		for v := range td.Each("containerDefinitions", "firelensConfiguration", "options", "config-file-type") {
			if t, _ := v.Text(); t != "file" {
				refuse(v, "a FireLens configuration in S3")
			}
		}
		for v := range td.Each("containerDefinitions", "credentialSpecs") {
			refuse(v, "a credential spec")
		}
		for v := range td.Each("containerDefinitions", "dockerSecurityOptions") {
			if t, _ := v.Text(); strings.Contains(string(t), "credentialspec") {
				refuse(v, "a credential spec")
			}
		}
		for v := range td.Each("volumes", "fsxWindowsFileServerVolumeConfiguration") {
			refuse(v, "a volume of FSx for Windows File Server")
		}
	},
}
