package diagnose_test

import (
	"fmt"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/diagnose"
)

// ECS shows an error; the task definition says which field it is about.
func ExampleDiagnose() {
	plans, err := analyze.Read("task.json", []byte(`{"executionRoleArn": "arn:aws:iam::111122223333:role/web",
		"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [
			{"name": "DB", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/db"}]}]}`), analyze.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Cut off, as tools often do it.
	messages, err := diagnose.ReadText("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: " +
		"unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: " +
		"arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef is not authorized to perform: ssm:GetParameters on resource: " +
		"arn:aws:ssm:us-east-1:111122223333:parameter/db because no ident")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range diagnose.Diagnose(messages, diagnose.Options{Plans: plans}).Answers {
		fmt.Println(a.Sure, a.Causes[0], a.Sentence(a.Causes[0]))
		fmt.Println(a.Fields[0].At.Field, "at", a.Fields[0].At)
		fmt.Println(a.Add[0].Sid, a.Add[0].Actions, a.Add[0].Resources[0].Text)
	}
	// Output:
	// likely role-lacks No policy of the role web allows ssm:GetParameters on arn:aws:ssm:us-east-1:111122223333:parameter/db.
	// secrets DB at task.json:3:32
	// ReadParameters [ssm:GetParameters] arn:aws:ssm:us-east-1:111122223333:parameter/db
}
