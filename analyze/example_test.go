package analyze_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// From bytes to a plan, to a role, to files. The role's own account stays open until a format needs it.
func Example() {
	src := []byte(`{
	  "family": "web",
	  "containerDefinitions": [{
	    "name": "app",
	    "image": "public.ecr.aws/nginx/nginx:1.27",
	    "secrets": [{
	      "name": "DB_PASSWORD",
	      "valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1B2c3:password::"
	    }, {
	      "name": "API_KEY",
	      "valueFrom": "/web/api-key"
	    }]
	  }]
	}`)
	plans, err := analyze.Read("web.json", src, analyze.Options{})
	if err != nil {
		log.Fatal(err)
	}
	role, err := plans[0].Role(policy.Options{})
	if err != nil {
		log.Fatal(err)
	}
	role.Environment = policy.Environment{Partition: "aws", Region: "us-east-1", Account: "111122223333"}
	files, err := emit.IAMJSON.Emit(role, emit.Options{Source: "web.json"})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		if f.Data != nil { // such a file must not exist: the role has nothing to say there
			fmt.Println(f.Name)
		}
	}
	os.Stdout.Write(files[0].Data)
	// Output:
	// web-execution-policy.json
	// web-execution-trust.json
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Sid": "ReadSecrets",
	//       "Effect": "Allow",
	//       "Action": "secretsmanager:GetSecretValue",
	//       "Resource": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1B2c3"
	//     },
	//     {
	//       "Sid": "ReadParameters",
	//       "Effect": "Allow",
	//       "Action": "ssm:GetParameters",
	//       "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter/web/api-key"
	//     }
	//   ]
	// }
}

// Each requirement knows the field that asks for it, and why.
func ExampleRead() {
	src := []byte(`{
  "containerDefinitions": [
    {"name": "app", "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1"}
  ]
}`)
	plans, err := analyze.Read("web.json", src, analyze.Options{CalledOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range plans[0].Requirements {
		for _, a := range r.Actions {
			fmt.Println(a.Name, "on", r.Resource)
		}
		fmt.Printf("\t%s: %s %s: %s\n", r.At, r.At.Container, r.At.Field, r.Why())
	}
	// Output:
	// ecr:GetAuthorizationToken on *
	// 	web.json:3:30: app image: ECS logs in to the registry of a private Amazon ECR image.
	// ecr:BatchGetImage on arn:aws:ecr:eu-west-1:111122223333:repository/web
	// ecr:GetDownloadUrlForLayer on arn:aws:ecr:eu-west-1:111122223333:repository/web
	// 	web.json:3:30: app image: ECS pulls the image's manifest and layers from private Amazon ECR.
}

// Options are the role's own properties: the task definition says nothing about them. IAM's limits are checked.
func ExamplePlan_Needs() {
	src := []byte(`{"requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{"name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:7"}]}`)
	plans, err := analyze.Read("web.json", src, analyze.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range plans[0].Needs() {
		fmt.Println(n)
	}
	// Output:
	// thing image arn:aws:ecr:us-east-1:111122223333:repository/web tag 7 in us-east-1 for app: image
	// endpoint ecr.api in us-east-1 for app: image
	// endpoint ecr.dkr in us-east-1 for app: image
	// endpoint s3 (gateway) in us-east-1 for app: image
}

func ExamplePlan_Role() {
	src := []byte(`{
  "executionRoleArn": "arn:aws:iam::111122223333:role/web",
  "containerDefinitions": [{"name": "app", "image": "nginx:1.27"}]
}`)
	plans, err := analyze.Read("web.json", src, analyze.Options{})
	if err != nil {
		log.Fatal(err)
	}
	role, err := plans[0].Role(policy.Options{
		Name: "web-execution",
		Properties: policy.Properties{
			Path:                "/ecs/",
			PermissionsBoundary: "arn:aws:iam::111122223333:policy/team",
			Tags:                []policy.Tag{{Key: "team", Value: "shop"}},
			MaxSessionDuration:  2 * 3600,
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(role.Name, role.Properties.Path, role.Properties.Tags)

	_, err = plans[0].Role(policy.Options{Properties: policy.Properties{MaxSessionDuration: 24 * 3600}})
	fmt.Println(err)
	// Output:
	// web-execution /ecs/ [{team shop}]
	// maximum session duration 86400: IAM allows 3600 to 43200 seconds
}

// Findings say what is wrong, where, and which flag of the command settles it. A plan with errors gives no
// role: a permission that cannot be told would be missing from it.
func ExampleErrors() {
	src := []byte(`{
  "executionRoleArn": "arn:aws:iam::111122223333:role/web",
  "containerDefinitions": [
    {"name": "app", "image": "<IMAGE>", "secert": []}
  ]
}`)
	plans, err := analyze.Read("web.json", src, analyze.Options{})
	var errs analyze.Errors
	if errors.As(err, &errs) {
		fmt.Println(len(errs), "error:", errs[0].Flags)
	}
	for _, f := range plans[0].Findings {
		fmt.Println(f)
	}

	// The same with what was missing.
	_, err = analyze.Read("web.json", src, analyze.Options{Set: []analyze.Setting{{Name: "IMAGE", Value: "nginx:1.27"}}})
	fmt.Println("then:", err)
	// Output:
	// 1 error: [--set IMAGE=VALUE --image app=URI]
	// web.json:4:30: error: image "<IMAGE>": placeholder "IMAGE"; to fill it in, add --set IMAGE=VALUE or --image app=URI [ecr-image]
	// web.json:4:41: warning: ECS has no member "secert" here; did you mean "secrets"? [schema]
	// then: <nil>
}

// One role for two revisions of a task definition, each requirement with the one that asks for it.
func ExampleShare() {
	const task = `{"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "KEY", "valueFrom": "/web/%s"}]}]}`
	inputs := map[string][]byte{
		"old.json": fmt.Appendf(nil, task, "key"),
		"new.json": fmt.Appendf(nil, task, "key-2"),
	}
	a := analyze.NewAnalysis(analyze.Options{})
	var plans []*analyze.Plan
	for name, src := range inputs {
		plans = append(plans, a.Read(analyze.Input{Name: name, Source: src})...)
	}
	for _, f := range a.Finish() {
		fmt.Println(f)
	}
	role, err := analyze.Share("shop", plans).Role(policy.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, resource := range role.Inline[0].Document.Statements[0].Resources {
		fmt.Printf("%s for %s\n", resource, resource.From[0].Task)
	}
	// Output:
	// arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/web/key for web in old.json
	// arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/web/key-2 for web in new.json
}
