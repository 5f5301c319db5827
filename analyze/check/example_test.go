package check_test

import (
	"fmt"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
)

// A secret was added to the task and not to the role.
func ExampleCheck() {
	plans, err := analyze.Read("task.json", []byte(`{"executionRoleArn": "arn:aws:iam::111122223333:role/web",
		"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [
			{"name": "DB", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/db"},
			{"name": "KEY", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/key"}]}]}`), analyze.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// What aws iam get-role-policy prints.
	roles, problems := check.Read([]analyze.Input{{Name: "policy.json", Source: []byte(`{"RoleName": "web", "PolicyName": "secrets", "PolicyDocument": {
		"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter/db"},
			{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}}`)}})
	if problems != nil {
		fmt.Println(problems)
		return
	}
	verdict := check.Check(roles.Find("web"), plans, check.Options{})
	fmt.Println("fits:", verdict.Fits)
	for _, f := range verdict.Findings {
		switch f.Kind {
		case check.Missing:
			fmt.Println(f.Code, f.Kind, f.Permission.Action.Name, "on", f.Permission.Resource(), "for", f.Permission.From()[0].Field)
		case check.Unneeded:
			fmt.Println(f.Code, f.Kind, f.Actions, "on", f.Resources, "at", f.At)
		}
	}
	// Output:
	// fits: no
	// EXR001 missing ssm:GetParameters on arn:aws:ssm:us-east-1:111122223333:parameter/key for secrets KEY
	// EXR023 unneeded [s3:*] on [*] at policy.json:4:4
}
