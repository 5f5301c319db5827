package analyze

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
)

// TestCachesOfSymbols: whether a repository is a pull-through cache can depend on the value of a symbol.
func TestCachesOfSymbols(t *testing.T) {
	const registry = "111122223333.dkr.ecr.us-east-1.amazonaws.com/"
	for _, c := range []struct {
		image, prefix string
		cached, note  bool
	}{
		{"${Repo:the URI of a repository=Repo.Arn}:1", "ROOT", true, false},
		{"${Repo:the URI of a repository=Repo.Arn}:1", "docker-hub", false, true},
		{registry + "${Name:the name of a repository}:1", "ROOT", true, false},
		{registry + "${Name:the name of a repository}:1", "docker-hub", false, true},
		{registry + "docker-${Name:the name of a repository}:1", "docker-hub", false, true},
		{registry + "docker-hub/${Name:the name of a repository}:1", "docker-hub/", true, false},
	} {
		input := `{"containerDefinitions": [{"name": "app", "image": "` + c.image + `"}]}`
		plan := analyzeSymbols(t, []byte(input), Options{PullThroughCaches: []string{c.prefix}})
		if err := plan.Err(); err != nil {
			t.Errorf("%s, %s: %v", c.image, c.prefix, err)
		}
		if got := plan.requires(ecrImport); got != c.cached {
			t.Errorf("%s, %s: the import is required: %v", c.image, c.prefix, got)
		}
		note := false
		for _, f := range plan.Findings {
			note = note || f.Severity == Note && strings.Contains(f.Message, "begins with docker-hub/ is unknown until deployment")
		}
		if note != c.note {
			t.Errorf("%s, %s: there is a note: %v", c.image, c.prefix, note)
		}
	}
	input := `{"containerDefinitions": [{"name": "app", "image": "` + registry + `other-${Name:the name of a repository}:1"}]}`
	if err := analyzeSymbols(t, []byte(input), Options{PullThroughCaches: []string{"docker-hub"}}).Err(); err == nil {
		t.Error("no error for a cache that no image can be in")
	}
}

// TestAgentOfGuardDutyIsUnseen: GuardDuty can add its agent wherever the task may run on Fargate.
func TestAgentOfGuardDutyIsUnseen(t *testing.T) {
	for compatibilities, want := range map[string]bool{
		`["FARGATE"]`:                         true,
		`["EC2"]`:                             false,
		`["EC2", "FARGATE"]`:                  true,
		`["${Kind:plain text}"]`:              true,
		`{"Fn::If": [["EC2"], null]}`:         true,
		`{"Fn::If": [["EC2"], ["EXTERNAL"]]}`: false,
		`{"Fn::If": [["EC2"], ["FARGATE"]]}`:  true,
		`[{"Fn::If": ["EC2", "FARGATE"]}]`:    true,
		`null`:                                true,
	} {
		input := `{"requiresCompatibilities": ` + compatibilities + `, "containerDefinitions": [{"name": "app", "image": "nginx"}]}`
		got := false
		for _, u := range analyzeSymbols(t, []byte(input), Options{}).Unseen {
			got = got || u.Cure == guardDutyFlag
		}
		if got != want {
			t.Errorf("%s: the agent is unseen: %v", compatibilities, got)
		}
	}
}

// TestFindingsAreNotRepeated: conditionals around a value do not multiply what is said about it.
func TestFindingsAreNotRepeated(t *testing.T) {
	plan := analyzeSymbols(t, []byte(`{"containerDefinitions": [{"name": "app", "image": "nginx", "logConfiguration": {"logDriver": "awslogs", "options": {
		"awslogs-region": {"Fn::If": ["us-east-1", "<REGION>"]}, "awslogs-group": {"Fn::If": ["a", "b"]}, "awslogs-stream-prefix": "p",
		"awslogs-create-group": "${Create:plain text}"}}}]}`), Options{})
	if n := len(plan.errors()); n != 2 {
		t.Errorf("%d errors: %v", n, plan.Err())
	}
}

// TestAdviceForSymbols: a placeholder beside a symbol can be filled alone, and the text behind a symbol is named.
func TestAdviceForSymbols(t *testing.T) {
	for value, want := range map[string]string{
		"/<ENV>/${Name:plain text}":              `placeholder "ENV"; to fill it in, add --set ENV=VALUE`,
		"/x/${Secret:the ARN of a secret}":       "to set the whole value, add --set /containerDefinitions/0/secrets/0/valueFrom=VALUE",
		"${Secret:the ARN of a secret}-tail":     `is the ARN of a secret, and with "-tail" behind it the value is not the ARN of a secret or of a parameter`,
		"${Group:the name of a log group}":       "is the name of a log group, not the ARN of a secret or of a parameter",
		"${Secret:the ARN of a parameter}:label": `is the ARN of a parameter, and with ":label" behind it the value is not`,
	} {
		plan := analyzeSymbols(t, []byte(`{"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": "`+value+`"}]}]}`), Options{})
		if err := plan.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// TestSettingsOfSymbols: --set fills a placeholder beside a symbol, and replaces a whole value or a branch of a
// conditional; --image replaces all branches.
func TestSettingsOfSymbols(t *testing.T) {
	plan := analyzeSymbols(t, []byte(`{"executionRoleArn": "arn:aws:iam::111122223333:role/r", "containerDefinitions": [
		{"name": "app", "image": "${Image:plain text}", "secrets": [
			{"name": "A", "valueFrom": "<FOLDER>${Name:plain text}"},
			{"name": "B", "valueFrom": {"Fn::If": ["${Value:unknown}", "/b"]}},
			{"name": "C", "valueFrom": "arn:aws:ssm:us-east-1:ACCOUNT:parameter/${Name:plain text}"}]},
		{"name": "proxy", "image": {"Fn::If": ["${Image:plain text}", "nginx"]}}]}`), Options{
		Set: []Setting{
			{Name: "/containerDefinitions/0/image", Value: "nginx"}, {Name: "FOLDER", Value: "/a/"}, {Name: "ACCOUNT", Value: "444455556666"},
			{Name: "/containerDefinitions/0/secrets/1/valueFrom/0", Value: "/bb"},
		},
		Image: []Setting{{Name: "proxy", Value: "public.ecr.aws/nginx/nginx"}},
	})
	want := []string{
		"called ssm:GetParameters on arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a/${Name} (exact) for app: secrets A",
		"called ssm:GetParameters on arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/b (exact) for app: secrets B",
		"called ssm:GetParameters on arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/bb (exact) for app: secrets B",
		"called ssm:GetParameters on arn:aws:ssm:us-east-1:444455556666:parameter/${Name} (exact) for app: secrets C",
		"warning secrets", // the last one belongs to another account
	}
	if diff := cmp.Diff(want, outcome(plan)); diff != "" {
		t.Errorf("outcome (-want +got):\n%s\n%v", diff, plan.Findings)
	}
}

// TestNotesOfConditionals: a note about what another role needs holds if one branch of a conditional asks for it.
func TestNotesOfConditionals(t *testing.T) {
	for input, want := range map[string]string{
		`"proxyConfiguration": {"containerName": "app", "type": {"Fn::If": ["APPMESH", "other"]}}, "containerDefinitions": [{"name": "app", "image": "nginx"}]`:               "App Mesh proxy",
		`"proxyConfiguration": {"containerName": "app", "type": {"Fn::If": [null, "other"]}}, "containerDefinitions": [{"name": "app", "image": "nginx"}]`:                    "App Mesh proxy",
		`"containerDefinitions": [{"name": "app", "image": "nginx", "logConfiguration": {"logDriver": {"Fn::If": ["awsfirelens", "json-file"]}, "options": {"Name": "s3"}}}]`: `FireLens output "s3"`,
	} {
		found := false
		for _, f := range analyzeSymbols(t, []byte("{"+input+"}"), Options{}).Findings {
			found = found || strings.Contains(f.Message, want)
		}
		if !found {
			t.Errorf("no note about %s for %s", want, input)
		}
	}
}

// TestBucketsOfOtherAccounts: the owner of a bucket has to allow the role too, where its ARN is a symbol.
func TestBucketsOfOtherAccounts(t *testing.T) {
	for bucket, want := range map[string]string{
		"${Bucket:the ARN of a bucket}":               "${Bucket}",
		"arn:aws:s3:::${Bucket:the name of a bucket}": "arn:aws:s3:::${Bucket}",
	} {
		plan := analyzeSymbols(t, []byte(`{"containerDefinitions": [{"name": "app", "image": "nginx", "environmentFiles": [{"type": "s3", "value": "`+bucket+`/a.env"}]}]}`), Options{
			BucketOwners: []BucketOwner{{Account: "444455556666"}}, Environment: policy.Environment{Account: "111122223333", Region: "us-east-1"},
		})
		role, err := plan.Role(policy.Options{Name: "web"})
		if err != nil {
			t.Fatal(err)
		}
		if len(role.ResourcePolicies) != 1 || len(role.ResourcePolicies[0].Things) != 1 || role.ResourcePolicies[0].Things[0].String() != want {
			t.Fatalf("%s: resource policies %+v", bucket, role.ResourcePolicies)
		}
		principal := role.ResourcePolicies[0].Document.Statements[0].Principals[0].IDs[0].String()
		if principal != "arn:aws:iam::111122223333:role/web" {
			t.Errorf("%s: principal %s", bucket, principal)
		}
	}
}
