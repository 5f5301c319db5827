package diagnose

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// A sample is a task definition that needs just what a message is about. The rules say of it which permission that is, which
// VPC endpoints lead there, and what the owner of another account has to allow: so that knowledge is theirs alone.

// Values of a sample that the message does not say. They are never shown.
const (
	anyRegion  = "us-east-1"
	anyAccount = "000000000000"
	anyName    = "execrole-sample"
)

type (
	object = map[string]any
	list   = []any
)

// sample returns the plan of a sample, and what it needs; nil if the message says too little. The plan has no requirements
// with values that the message does not say.
func sample(f *Facts, known policy.Environment) (*analyze.Plan, []analyze.Need) {
	if f.resourceCut && !looksComplete(f.Resource) || f.actionCut && !isComplete(f.Action) {
		return nil, nil
	}
	container := object{"name": "app", "image": anyName}
	definition := object{"family": "sample", "containerDefinitions": list{container}, "requiresCompatibilities": list{"FARGATE"}}
	service, action, _ := strings.Cut(f.Action, ":")
	switch {
	case service == "ecr":
		container["image"] = sampleImage(f)
	case f.Action == getValue && strings.HasPrefix(f.Secret, "arn:"):
		container["secrets"] = list{object{"name": "SECRET", "valueFrom": f.Secret}}
	case f.Action == getValue && f.Secret != "":
		container["repositoryCredentials"] = object{"credentialsParameter": f.Secret}
	case f.Action == getValue:
		container["secrets"] = list{object{"name": "SECRET", "valueFrom": "arn:aws:secretsmanager:" + anyRegion + ":" + anyAccount + ":secret:" + anyName + "-a1B2c3"}}
	case f.Action == getParam:
		container["secrets"] = list{object{"name": "SECRET", "valueFrom": firstOf(f.Resource, f.Parameter, "/"+anyName)}}
	case service == "s3":
		container["environmentFiles"] = list{object{"type": "s3", "value": firstOf(f.Resource, "arn:aws:s3:::"+anyName+"/any.env")}}
	case service == "logs":
		container["name"], container["logConfiguration"] = sampleLogs(f, action)
	case service == "fsx":
		definition["volumes"] = list{object{"name": "v", "fsxWindowsFileServerVolumeConfiguration": object{"fileSystemId": "fs-0", "rootDirectory": "/",
			"authorizationConfig": object{"domain": "d", "credentialsParameter": "arn:aws:secretsmanager:" + anyRegion + ":" + anyAccount + ":secret:" + anyName + "-a1B2c3"}}}}
		definition["requiresCompatibilities"] = list{"EC2"}
	default:
		return nil, nil
	}
	source, err := json.Marshal(definition)
	if err != nil {
		return nil, nil
	}
	e := policy.Environment{Account: firstOf(f.Account, known.Account), Region: firstOf(f.Region, known.Region)}
	if e.Check() != nil {
		e = policy.Environment{}
	}
	plans, _ := analyze.Read("", source, analyze.Options{Environment: e.WithPartition(), CalledOnly: true})
	plan := plans[0]
	needs := plan.Needs()
	plan.Requirements = slices.DeleteFunc(plan.Requirements, func(r analyze.Requirement) bool {
		return isAny(r.Resource)
	})
	return plan, needs
}

// isAny reports whether a text has values that the message does not say.
func isAny(t policy.Text) bool {
	return strings.Contains(string(t), anyAccount) || strings.Contains(string(t), anyName)
}

func looksComplete(resource string) bool { return resource == "*" }

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// sampleImage returns the image of a message, or one of the repository that it names.
func sampleImage(f *Facts) string {
	if f.Image != "" && !f.imageCut && !strings.Contains(f.Resource, ":repository/") {
		return f.Image
	}
	if a, ok := policy.CutARN(policy.Text(f.Resource)); ok && a.Service == "ecr" {
		if image := imageOf(string(a.Account), string(a.Region), strings.TrimPrefix(string(a.Resource), "repository/"), ""); image != "" {
			return image
		}
	}
	return imageOf(firstOf(f.Account, anyAccount), firstOf(f.Region, anyRegion), anyName, "")
}

// sampleLogs returns the name of a container and the log configuration of which a log stream is.
func sampleLogs(f *Facts, action string) (name string, config object) {
	region, group := firstOf(f.Region, anyRegion), firstOf(f.Group, anyName)
	options := object{"awslogs-region": region, "awslogs-group": group, "awslogs-stream-prefix": anyName}
	name = "app"
	if _, stream, ok := strings.Cut(f.Resource, ":log-stream:"); ok && stream != "" {
		parts := strings.Split(stream, "/")
		if n := len(parts); n >= 3 {
			name, options["awslogs-stream-prefix"] = parts[n-2], strings.Join(parts[:n-2], "/")
		} else {
			delete(options, "awslogs-stream-prefix") // the stream of a container on EC2
		}
	}
	if action == "CreateLogGroup" {
		options["awslogs-create-group"] = "true"
	}
	return name, object{"logDriver": "awslogs", "options": options}
}
