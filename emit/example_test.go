package emit_test

import (
	"fmt"
	"log"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// Formats are values, which write a role as files. Roles usually come from a plan's Role method.
func ExampleFormat() {
	role := &policy.Role{Family: "web", Inline: []policy.Policy{{
		Name: "TaskExecution",
		Document: policy.Document{Statements: []policy.Statement{{
			Sid:     "Secrets",
			Actions: []string{"secretsmanager:GetSecretValue"},
			Resources: []policy.Value{{
				Text: "arn:aws:secretsmanager:us-east-1:" + policy.Of(policy.AccountID) + ":secret:db-??????",
				From: []policy.Source{{Container: "app", Field: "secrets DB_PASSWORD"}},
			}},
		}}},
	}}}
	role.Environment.Account = "111122223333"
	files, err := emit.IAMJSON.Emit(role, emit.Options{MainOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s:\n%s", files[0].Name, files[0].Data)
	// Output:
	// web-execution-policy.json:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Sid": "Secrets",
	//       "Effect": "Allow",
	//       "Action": "secretsmanager:GetSecretValue",
	//       "Resource": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-??????"
	//     }
	//   ]
	// }
}
