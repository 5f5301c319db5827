package emit_test

import (
	"fmt"
	"log"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/tree"
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

// A statement goes into the policy document of a role. It is written as the document is.
func ExampleFix() {
	src := []byte(`{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
]}
`)
	document, problems := policy.ReadDocument("policy.json", src)
	if problems != nil {
		panic(problems)
	}
	fixes, err := emit.Fix([]emit.FixSource{{Name: "policy.json", Data: src}}, []emit.RoleFix{{
		Policies: []emit.FixPolicy{{Policy: policy.Policy{Name: "policy", Document: document}, Place: tree.Place{File: "policy.json", Line: 1, Column: 1}}},
		Add:      []policy.Statement{{Sid: "ReadParameters", Actions: []string{"ssm:GetParameters"}, Resources: policy.Values("arn:aws:ssm:us-east-1:111122223333:parameter/a")}},
	}})
	if err != nil {
		panic(err)
	}
	fmt.Print(string(fixes.Files[0].Data))
	// Output:
	// {"Version": "2012-10-17", "Statement": [
	//   {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
	//   {"Sid": "ReadParameters", "Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter/a"}
	// ]}
}
