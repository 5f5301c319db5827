package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// document reads the statements of a policy in Version 2012-10-17, or a whole document.
func document(t testing.TB, src string) Document {
	t.Helper()
	if !strings.Contains(src, `"Statement"`) {
		src = `{"Version": "2012-10-17", "Statement": [` + src + `]}`
	}
	d, problems := ReadDocument("p.json", []byte(src))
	if problems != nil {
		t.Fatalf("%s\n%v", src, problems)
	}
	return d
}

// allowing returns a statement that allows everything under a condition.
func allowing(operator, key, values string) string {
	return fmt.Sprintf(`{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {%q: {%q: %s}}}`, operator, key, values)
}

// keys returns a context of "name=value", of "name=value|value" for a list, and of "-name" for a key that is absent.
func keys(list ...string) Context {
	c := Context{}
	for _, k := range list {
		if name, absent := strings.CutPrefix(k, "-"); absent {
			c.Set(name, ContextKey{State: KeyAbsent})
			continue
		}
		name, values, _ := strings.Cut(k, "=")
		var texts []Text
		for v := range strings.SplitSeq(values, "|") {
			texts = append(texts, Text(v))
		}
		c.SetValues(name, texts...)
	}
	return c
}

// Pages of the IAM User Guide.
const (
	actionPage    = "reference_policies_elements_action.html"
	notActionPage = "reference_policies_elements_notaction.html"
	resourcePage  = "reference_policies_elements_resource.html"
	notResource   = "reference_policies_elements_notresource.html"
	variablesPage = "reference_policies_variables.html"
	versionPage   = "reference_policies_elements_version.html"
	operatorsPage = "reference_policies_elements_condition_operators.html"
	setsPage      = "reference_policies_condition-single-vs-multi-valued-context-keys.html"
	logicPage     = "reference_policies_evaluation-logic.html"
	multiplePage  = "reference_policies_condition-logic-multiple-context-keys-or-values.html"
	arnsPage      = "reference-arns.html"
	ecsMeasured   = "ministackorg/ministack#1737" // measured against AWS
)

// TestEvaluateDocumented: a role's policy and a request, as the pages of IAM's documentation describe them.
func TestEvaluateDocumented(t *testing.T) {
	const (
		object   = "arn:aws:s3:::mybucket/David/a.txt"
		everyone = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
	)
	old := func(statement string) string { return `{"Version": "2008-10-17", "Statement": ` + statement + `}` }
	for _, tt := range []struct {
		page, policy, action string
		resource             Text
		context              Context
		want                 Truth
	}{
		{logicPage, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::mybucket/*"}`, "s3:GetObject", object, nil, Yes},
		{logicPage, `{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::mybucket/*"}`, "s3:GetObject", object, nil, No},
		{logicPage, everyone + `, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}`, "s3:GetObject", object, nil, No},
		{actionPage, `{"Effect": "Allow", "Action": "S3:getobject", "Resource": "*"}`, "s3:GetObject", object, nil, Yes},
		{actionPage, `{"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": "*"}`, "iam:CreateAccessKey", "arn:aws:iam::111122223333:user/x", nil, Yes},
		{actionPage, `{"Effect": "Allow", "Action": ["s3:Put*", "s3:Get?bject"], "Resource": "*"}`, "s3:GetObject", object, nil, Yes},
		{actionPage, `{"Effect": "Allow", "Action": "s3:Get", "Resource": "*"}`, "s3:GetObject", object, nil, No},
		{notActionPage, `{"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "arn:aws:s3:::*"}`, "s3:GetObject", object, nil, Yes},
		{notActionPage, `{"Effect": "Allow", "NotAction": ["s3:*"], "Resource": "*"}`, "s3:GetObject", object, nil, No},
		{notActionPage, everyone + `, {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}`, "s3:GetObject", object, nil, No},
		{resourcePage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::my?ucket/*"}`, "s3:GetObject", object, nil, Yes},
		{resourcePage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::MyBucket/*"}`, "s3:GetObject", object, nil, No},
		{resourcePage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:dynamodb:us-east-2:*:table/books_table"}`, "dynamodb:GetItem", "arn:aws:dynamodb:us-east-2:111122223333:table/books_table", nil, Yes},
		{resourcePage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:S3:::mybucket/*"}`, "s3:GetObject", object, nil, Unknown},
		{resourcePage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:SQS:::mybucket/*"}`, "s3:GetObject", object, nil, No},
		{resourcePage, `{"Effect": "Allow", "Action": "*", "Resource": []}`, "s3:GetObject", object, nil, No},
		{arnsPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/*/test/*"}`, "s3:GetObject", "arn:aws:s3:::mybucket/1/2/test/3/object.jpg", nil, Yes},
		{arnsPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/*/test/*"}`, "s3:GetObject", "arn:aws:s3:::mybucket/1-test/object.jpg", nil, No},
		// "If the wildcard is the last character of a resource ARN segment, it can expand to match beyond the colon boundaries."
		{arnsPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:logs:us-east-1:*"}`, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:/a:log-stream:b", nil, Yes},
		{arnsPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:logs:*:log-stream:b"}`, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:/a:log-stream:b", nil, Yes},
		{ecsMeasured, `{"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter/a/*"}`, "ssm:GetParameters", "arn:aws:ssm:us-east-1:111122223333:parameter/a/b/c", nil, Yes},
		{ecsMeasured, `{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db"}`, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf", nil, No},
		{ecsMeasured, `{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-??????"}`, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf", nil, Yes},
		{resourcePage, `{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "arn:aws:ecr:*"}`, "ecr:GetAuthorizationToken", "*", nil, No},
		{resourcePage, `{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}`, "ecr:GetAuthorizationToken", "*", nil, Yes},
		{notResource, `{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::mybucket/secret/*"}`, "s3:GetObject", object, nil, Yes},
		{notResource, `{"Effect": "Allow", "Action": "*", "NotResource": ["arn:aws:s3:::mybucket/*", "x"]}`, "s3:GetObject", object, nil, No},
		{notResource, everyone + `, {"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"]}`, "s3:GetObject", object, nil, No},

		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${aws:username}/*"}`, "s3:GetObject", object, keys("aws:username=David"), Yes},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${AWS:UserName}/*"}`, "s3:GetObject", object, keys("aws:username=Anna"), No},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${aws:username}/*"}`, "s3:GetObject", object, keys("-aws:username"), No},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${aws:username}/*"}`, "s3:GetObject", object, nil, Unknown},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::other/${aws:username}/*"}`, "s3:GetObject", object, nil, No},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${aws:username, 'David'}/*"}`, "s3:GetObject", object, keys("-aws:username"), Yes},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${aws:username, 'David'}/*"}`, "s3:GetObject", object, keys("aws:username=Anna"), No},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${aws:PrincipalTag/team}/*"}`, "s3:GetObject", object, keys("aws:PrincipalTag/team=David"), Yes},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:sqs:us-east-2:${aws:PrincipalAccount}:q"}`, "sqs:SendMessage", "arn:aws:sqs:us-east-2:111122223333:q", keys("aws:PrincipalAccount=111122223333"), No},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/a${*}"}`, "s3:GetObject", "arn:aws:s3:::b/ab", nil, No},
		{variablesPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/a${*}${?}${$}"}`, "s3:GetObject", "arn:aws:s3:::b/a*?$", nil, Yes},
		{variablesPage, allowing("StringLike", "s3:prefix", `["", "home/", "home/${aws:username}/"]`), "s3:ListBucket", object, keys("s3:prefix=home/David/", "aws:username=David"), Yes},
		{variablesPage, allowing("StringNotEquals", "aws:PrincipalTag/a", `"${aws:ResourceTag/a}"`), "s3:GetObject", object, keys("aws:PrincipalTag/a=1", "-aws:ResourceTag/a"), Unknown},
		{setsPage, `{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${aws:TagKeys}/*"}`, "s3:GetObject", object, keys("aws:TagKeys=David|x"), Unknown},
		{versionPage, old(`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/${aws:username}/*"}`), "s3:GetObject", object, keys("aws:username=David"), No},
		{versionPage, old(`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mybucket/David/a.txt"}`), "s3:GetObject", object, nil, Yes},

		{operatorsPage, allowing("StringEquals", "aws:PrincipalTag/job-category", `"iamuser-admin"`), "s3:GetObject", object, keys("aws:PrincipalTag/job-category=iamuser-admin"), Yes},
		{operatorsPage, allowing("StringEquals", "AWS:principaltag/job-category", `"iamuser-admin"`), "s3:GetObject", object, keys("aws:PrincipalTag/job-category=iamuser-admin"), Yes},
		{operatorsPage, allowing("StringEquals", "k:k", `"A"`), "s3:GetObject", object, keys("k:k=a"), No},
		{operatorsPage, allowing("StringEquals", "k:k", `"a*"`), "s3:GetObject", object, keys("k:k=ab"), No},
		{operatorsPage, allowing("StringEqualsIgnoreCase", "k:k", `"A"`), "s3:GetObject", object, keys("k:k=a"), Yes},
		{operatorsPage, allowing("StringNotEqualsIgnoreCase", "k:k", `"A"`), "s3:GetObject", object, keys("k:k=a"), No},
		{operatorsPage, allowing("StringEquals", "k:k", `"a"`), "s3:GetObject", object, keys("-k:k"), No},
		{operatorsPage, allowing("StringEquals", "k:k", `"a"`), "s3:GetObject", object, nil, Unknown},
		{operatorsPage, allowing("StringNotLike", "k:k", `"a*"`), "s3:GetObject", object, keys("-k:k"), Yes},
		{operatorsPage, allowing("StringNotEquals", "k:k", `"a"`), "s3:GetObject", object, keys("k:k=a"), No},
		{operatorsPage, allowing("StringEqualsIfExists", "k:k", `"a"`), "s3:GetObject", object, keys("-k:k"), Yes},
		{operatorsPage, allowing("StringEqualsIfExists", "k:k", `"a"`), "s3:GetObject", object, keys("k:k=b"), No},
		{operatorsPage, allowing("StringEqualsIfExists", "k:k", `"a"`), "s3:GetObject", object, nil, Unknown},
		{operatorsPage, allowing("StringLikeIfExists", "k:k", `"*"`), "s3:GetObject", object, nil, Yes},
		{operatorsPage, allowing("StringNotEqualsIfExists", "k:k", `"a"`), "s3:GetObject", object, keys("-k:k"), Yes},
		{operatorsPage, allowing("NumericLessThanEquals", "s3:max-keys", `"10"`), "s3:ListBucket", object, keys("s3:max-keys=10"), Yes},
		{operatorsPage, allowing("NumericLessThanEquals", "s3:max-keys", `10`), "s3:ListBucket", object, keys("s3:max-keys=10.5"), No},
		{operatorsPage, allowing("NumericLessThan", "s3:max-keys", `10`), "s3:ListBucket", object, keys("s3:max-keys=10"), No},
		{operatorsPage, allowing("NumericGreaterThan", "s3:max-keys", `"-1"`), "s3:ListBucket", object, keys("s3:max-keys=0"), Yes},
		{operatorsPage, allowing("NumericGreaterThanEquals", "s3:max-keys", `"1"`), "s3:ListBucket", object, keys("s3:max-keys=x"), No},
		{operatorsPage, allowing("NumericNotEquals", "s3:max-keys", `"1"`), "s3:ListBucket", object, keys("s3:max-keys=1.0"), No},
		{operatorsPage, allowing("NumericEquals", "s3:max-keys", `["1", "2"]`), "s3:ListBucket", object, keys("s3:max-keys=2"), Yes},
		{operatorsPage, allowing("DateGreaterThan", "aws:TokenIssueTime", `"2020-01-01T00:00:01Z"`), "s3:GetObject", object, keys("aws:TokenIssueTime=2020-01-01T00:00:02Z"), Yes},
		{operatorsPage, allowing("DateGreaterThan", "aws:TokenIssueTime", `"2020-01-01T00:00:01Z"`), "s3:GetObject", object, keys("-aws:TokenIssueTime"), No},
		{operatorsPage, allowing("DateLessThan", "aws:CurrentTime", `"1577836801"`), "s3:GetObject", object, keys("aws:CurrentTime=2020-01-01T00:00:00Z"), Yes},
		{operatorsPage, allowing("DateLessThanEquals", "aws:CurrentTime", `"2020"`), "s3:GetObject", object, keys("aws:CurrentTime=2020-01-01"), Yes},
		{operatorsPage, allowing("DateGreaterThanEquals", "aws:CurrentTime", `"2020-01-01T01:00+01:00"`), "s3:GetObject", object, keys("aws:CurrentTime=2020-01-01T00:00:00.0Z"), Yes},
		{operatorsPage, allowing("DateEquals", "aws:CurrentTime", `"2020-02"`), "s3:GetObject", object, keys("aws:CurrentTime=2020-02-01"), Yes},
		{operatorsPage, allowing("DateNotEquals", "aws:CurrentTime", `"2020-02-30"`), "s3:GetObject", object, keys("aws:CurrentTime=2020-02-01"), Yes},
		{operatorsPage, allowing("Bool", "aws:SecureTransport", `"false"`), "s3:GetObject", object, keys("aws:SecureTransport=true"), No},
		{operatorsPage, allowing("Bool", "aws:SecureTransport", `true`), "s3:GetObject", object, keys("aws:SecureTransport=true"), Yes},
		{operatorsPage, allowing("BinaryEquals", "k:k", `"QmluYXJ5VmFsdWVJbkJhc2U2NA=="`), "s3:GetObject", object, keys("k:k=QmluYXJ5VmFsdWVJbkJhc2U2NA=="), Yes},
		{operatorsPage, allowing("BinaryEquals", "k:k", `"QmluYXJ5"`), "s3:GetObject", object, keys("k:k=QmluYXJ6"), No},
		{operatorsPage, allowing("IpAddress", "aws:SourceIp", `"203.0.113.0/24"`), "s3:GetObject", object, keys("aws:SourceIp=203.0.113.7"), Yes},
		{operatorsPage, allowing("IpAddress", "aws:SourceIp", `["203.0.113.0/24", "2001:DB8:1234:5678::/64"]`), "s3:GetObject", object, keys("aws:SourceIp=2001:db8:1234:5678::1"), Yes},
		{operatorsPage, allowing("IpAddress", "aws:SourceIp", `"203.0.113.7"`), "s3:GetObject", object, keys("aws:SourceIp=203.0.113.8"), No},
		{operatorsPage, allowing("NotIpAddress", "aws:SourceIp", `"203.0.113.0/24"`), "s3:GetObject", object, keys("aws:SourceIp=203.0.113.8"), No},
		{operatorsPage, allowing("NotIpAddress", "aws:SourceIp", `"203.0.113.0/24"`), "s3:GetObject", object, keys("-aws:SourceIp"), Yes},
		{operatorsPage, allowing("ArnEquals", "aws:SourceArn", `"arn:aws:sns:*:111122223333:topic"`), "s3:GetObject", object, keys("aws:SourceArn=arn:aws:sns:us-east-1:111122223333:topic"), Yes},
		{operatorsPage, allowing("ArnLike", "k:k", `"arn:aws:someservice:*:111122223333:finance/*"`), "s3:GetObject", object, keys("k:k=arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"), No},
		{operatorsPage, allowing("StringLike", "k:k", `"arn:aws:someservice:*:111122223333:finance/*"`), "s3:GetObject", object, keys("k:k=arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"), Yes},
		{operatorsPage, allowing("ArnNotLike", "k:k", `"arn:aws:sns:*:*:*"`), "s3:GetObject", object, keys("k:k=arn:aws:sns:us-east-1:111122223333:a:b"), No},
		{operatorsPage, allowing("ArnNotEquals", "k:k", `"arn:aws:sns:*:*:*"`), "s3:GetObject", object, keys("-k:k"), Yes},
		{operatorsPage, allowing("ArnLike", "k:k", `"topic"`), "s3:GetObject", object, keys("k:k=topic"), No},
		{operatorsPage, allowing("ArnNotLike", "k:k", `"topic"`), "s3:GetObject", object, keys("k:k=arn:aws:sns:us-east-1:111122223333:a"), Unknown},
		{operatorsPage, allowing("ArnNotLike", "k:k", `"arn:aws:sns:*:*:*"`), "s3:GetObject", object, keys("k:k=topic"), Unknown},
		{operatorsPage, allowing("ArnLike", "k:k", `"*"`), "s3:GetObject", object, keys("k:k=arn:aws:sns:us-east-1:111122223333:a"), Unknown},
		{operatorsPage, allowing("ArnNotLike", "k:k", `"arn:aws:s3:::${k:v}"`), "s3:GetObject", object, keys("k:k=arn:aws:s3:::x", "-k:v"), Unknown},
		{operatorsPage, allowing("Null", "aws:TokenIssueTime", `"true"`), "s3:GetObject", object, keys("-aws:TokenIssueTime"), Yes},
		{operatorsPage, allowing("Null", "aws:TokenIssueTime", `true`), "s3:GetObject", object, keys("aws:TokenIssueTime=2020"), No},
		{operatorsPage, allowing("Null", "aws:TokenIssueTime", `"false"`), "s3:GetObject", object, keys("aws:TokenIssueTime=2020"), Yes},
		{operatorsPage, allowing("Null", "aws:TokenIssueTime", `"false"`), "s3:GetObject", object, nil, Unknown},
		{operatorsPage, allowing("NullIfExists", "aws:TokenIssueTime", `"false"`), "s3:GetObject", object, nil, Unknown},
		{operatorsPage, allowing("StringSame", "k:k", `"a"`), "s3:GetObject", object, keys("k:k=a"), Unknown},

		{setsPage, allowing("ForAllValues:StringLike", "dynamodb:requestedAttributes", `["PostDateTime", "Message", "Tags"]`), "dynamodb:GetItem", object, keys("dynamodb:requestedAttributes=PostDateTime|Message"), Yes},
		{setsPage, allowing("ForAllValues:StringLike", "dynamodb:requestedAttributes", `["PostDateTime", "Message", "Tags"]`), "dynamodb:GetItem", object, keys("dynamodb:requestedAttributes=PostDateTime|UserName"), No},
		{setsPage, allowing("ForAllValues:StringLike", "dynamodb:requestedAttributes", `["PostDateTime"]`), "dynamodb:GetItem", object, keys("-dynamodb:requestedAttributes"), Yes},
		{setsPage, allowing("ForAnyValue:StringLike", "dynamodb:requestedAttributes", `["ID", "PostDateTime"]`), "dynamodb:PutItem", object, keys("dynamodb:requestedAttributes=UserName|Message|PostDateTime"), Yes},
		{setsPage, allowing("ForAnyValue:StringLike", "dynamodb:requestedAttributes", `["ID", "PostDateTime"]`), "dynamodb:PutItem", object, keys("dynamodb:requestedAttributes=UserName"), No},
		{setsPage, allowing("ForAnyValue:StringEquals", "aws:TagKeys", `"a"`), "s3:GetObject", object, keys("-aws:TagKeys"), No},
		{setsPage, allowing("ForAnyValue:StringNotEquals", "aws:TagKeys", `"a"`), "s3:GetObject", object, keys("aws:TagKeys=a|b"), Yes},
		{setsPage, allowing("ForAnyValue:StringNotEquals", "aws:TagKeys", `"a"`), "s3:GetObject", object, keys("-aws:TagKeys"), No},
		{setsPage, allowing("ForAllValues:StringNotEquals", "aws:TagKeys", `"a"`), "s3:GetObject", object, keys("aws:TagKeys=a|b"), No},
		{setsPage, allowing("ForAllValues:StringEqualsIfExists", "aws:TagKeys", `"a"`), "s3:GetObject", object, nil, Unknown},
		{setsPage, allowing("ForAnyValue:StringEqualsIfExists", "aws:TagKeys", `"a"`), "s3:GetObject", object, keys("-aws:TagKeys"), Unknown},
		{setsPage, allowing("StringEquals", "aws:TagKeys", `"a"`), "s3:GetObject", object, keys("aws:TagKeys=a|b"), Unknown},

		{multiplePage, `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:a": "1", "b:b": "2"}}}`, "s3:GetObject", object, keys("a:a=1", "b:b=3"), No},
		{multiplePage, `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:a": "1"}, "StringLike": {"b:b": "2*"}}}`, "s3:GetObject", object, keys("a:a=1", "b:b=22"), Yes},
		{multiplePage, allowing("StringEquals", "k:k", `["a", "b"]`), "s3:GetObject", object, keys("k:k=b"), Yes},
		{multiplePage, allowing("StringNotEquals", "k:k", `["a", "b"]`), "s3:GetObject", object, keys("k:k=b"), No},
		{multiplePage, allowing("StringEquals", "k:k", `[]`), "s3:GetObject", object, nil, No},
	} {
		e := NewEvaluator(Policies{Identity: []Policy{{Name: "P", Document: document(t, tt.policy)}}}, nil, nil)
		resource := tt.resource
		if resource != "*" {
			resource = Escape(resource)
		}
		got := e.Evaluate(Request{Action: tt.action, Resource: resource, Match: Exact, Context: tt.context})
		if got.Allowed != tt.want {
			t.Errorf("%s: %s\n%s on %s with %v: %v, want %v", tt.page, tt.policy, tt.action, tt.resource, tt.context, got.Allowed, tt.want)
		}
	}
}

// TestEvaluateLayers: which policies have a say beside the role's own.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html, …-cross-account.html,
// access_policies_boundaries.html, and https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
func TestEvaluateLayers(t *testing.T) {
	const (
		all, none  = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`, `{"Effect": "Allow", "Action": "x:y", "Resource": "*"}`
		deny       = `{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, ` + all
		perhaps    = `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "v"}}}`
		denyMaybe  = `{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "v"}}}, ` + all
		role       = `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/r"}, "Action": "*", "Resource": "*"}`
		other      = `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}, "Action": "*", "Resource": "*"}`
		account    = `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "*", "Resource": "*"}`
		number     = `{"Effect": "Allow", "Principal": {"AWS": ["444455556666", "111122223333"]}, "Action": "*", "Resource": "*"}`
		public     = `{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}`
		publicAWS  = `{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}`
		session    = `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}, "Action": "*", "Resource": "*"}`
		strange    = `{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:sts::111122223333:assumed-role/other/s", "AROAEXAMPLE", "arn:aws:sts::444455556666:assumed-role/r/s", "arn:aws:sts::111122223333:federated-user/r"], "Service": "s3.amazonaws.com", "Federated": "x"}, "Action": "*", "Resource": "*"}`
		roleDenied = `{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:role/r"}, "Action": "*", "Resource": "*"}`
	)
	type layers struct{ identity, boundary, resource string }
	for _, tt := range []struct {
		name    string
		layers  layers
		control [][]string
		action  string
		account Text
		want    Truth
		by      Layer
	}{
		{"identity", layers{identity: all}, nil, "s3:GetObject", "", Yes, ""},
		{"no identity", layers{identity: none}, nil, "s3:GetObject", "", No, IdentityLayer},
		{"explicit deny", layers{identity: deny}, nil, "s3:GetObject", "", No, IdentityLayer},
		{"deny of another action", layers{identity: deny}, nil, "sqs:SendMessage", "", Yes, ""},
		{"perhaps denied", layers{identity: denyMaybe}, nil, "s3:GetObject", "", Unknown, IdentityLayer},
		{"perhaps denied, not allowed", layers{identity: none, boundary: denyMaybe}, nil, "s3:GetObject", "", No, IdentityLayer},
		{"perhaps", layers{identity: perhaps}, nil, "s3:GetObject", "", Unknown, IdentityLayer},
		{"boundary", layers{identity: all, boundary: all}, nil, "s3:GetObject", "", Yes, ""},
		{"boundary does not allow", layers{identity: all, boundary: none}, nil, "s3:GetObject", "", No, BoundaryLayer},
		{"boundary denies", layers{identity: all, boundary: deny}, nil, "s3:GetObject", "", No, BoundaryLayer},
		{"boundary grants nothing", layers{identity: none, boundary: all}, nil, "s3:GetObject", "", No, IdentityLayer},
		{"perhaps, and the boundary not", layers{identity: perhaps, boundary: none}, nil, "s3:GetObject", "", No, BoundaryLayer},
		{"service control", layers{identity: all}, [][]string{{all}, {none, all}}, "s3:GetObject", "", Yes, ""},
		{"one level does not allow", layers{identity: all}, [][]string{{all}, {none}}, "s3:GetObject", "", No, ServiceControlLayer},
		{"one level denies", layers{identity: all}, [][]string{{all}, {deny}}, "s3:GetObject", "", No, ServiceControlLayer},
		{"one account, either: identity", layers{identity: all, resource: other}, nil, "s3:GetObject", "111122223333", Yes, ""},
		{"one account, either: resource", layers{identity: none, resource: role}, nil, "s3:GetObject", "111122223333", Yes, ""},
		{"one account, neither", layers{identity: none, resource: other}, nil, "s3:GetObject", "111122223333", No, IdentityLayer},
		{"one account, delegated", layers{identity: none, resource: account}, nil, "s3:GetObject", "111122223333", No, IdentityLayer},
		{"one account, boundary limits the resource policy", layers{identity: none, boundary: none, resource: role}, nil, "s3:GetObject", "111122223333", No, BoundaryLayer},
		{"one account, resource denies", layers{identity: all, resource: roleDenied}, nil, "s3:GetObject", "111122223333", No, ResourceLayer},
		{"one account, public", layers{identity: none, resource: public}, nil, "s3:GetObject", "111122223333", Yes, ""},
		{"one account, public, and a boundary", layers{identity: none, boundary: none, resource: public}, nil, "s3:GetObject", "111122223333", Unknown, BoundaryLayer},
		{"across accounts, both", layers{identity: all, resource: role}, nil, "s3:GetObject", "444455556666", Yes, ""},
		{"across accounts, delegated", layers{identity: all, resource: account}, nil, "s3:GetObject", "444455556666", Yes, ""},
		{"across accounts, by number", layers{identity: all, resource: number}, nil, "s3:GetObject", "444455556666", Yes, ""},
		{"across accounts, public", layers{identity: all, resource: publicAWS}, nil, "s3:GetObject", "444455556666", Yes, ""},
		{"across accounts, only identity", layers{identity: all, resource: other}, nil, "s3:GetObject", "444455556666", No, ResourceLayer},
		{"across accounts, only resource", layers{identity: none, resource: role}, nil, "s3:GetObject", "444455556666", No, IdentityLayer},
		{"across accounts, strangers", layers{identity: all, resource: strange}, nil, "s3:GetObject", "444455556666", No, ResourceLayer},
		{"across accounts, a session", layers{identity: all, resource: session}, nil, "s3:GetObject", "444455556666", Unknown, ResourceLayer},
		{"unknown account, both", layers{identity: all, resource: role}, nil, "s3:GetObject", "", Yes, ""},
		{"unknown account, only identity", layers{identity: all, resource: other}, nil, "s3:GetObject", "", Unknown, ResourceLayer},
		{"key policy, direct", layers{identity: none, resource: role}, nil, "kms:Decrypt", "111122223333", Yes, ""},
		{"key policy, delegated", layers{identity: all, resource: account}, nil, "kms:Decrypt", "111122223333", Yes, ""},
		{"key policy, delegated in vain", layers{identity: none, resource: account}, nil, "kms:Decrypt", "111122223333", No, IdentityLayer},
		{"key policy, identity alone", layers{identity: all, resource: other}, nil, "kms:Decrypt", "111122223333", No, ResourceLayer},
	} {
		p := Policies{Identity: []Policy{{Name: "I", Document: document(t, tt.layers.identity)}}}
		if tt.layers.boundary != "" {
			p.Boundary = &Policy{Name: "B", Document: document(t, tt.layers.boundary)}
		}
		if tt.layers.resource != "" {
			p.Resource = &Policy{Name: "R", Document: document(t, tt.layers.resource)}
		}
		for _, level := range tt.control {
			var list []Policy
			for _, src := range level {
				list = append(list, Policy{Name: "S", Document: document(t, src)})
			}
			p.ServiceControl = append(p.ServiceControl, list)
		}
		got := NewEvaluator(p, nil, nil).Evaluate(Request{
			Action: tt.action, Resource: "arn:aws:s3:::b/k", Match: Exact, Account: tt.account,
			Principal: Requester{ARN: "arn:aws:iam::111122223333:role/r", Account: "111122223333"},
		})
		if got.Allowed != tt.want || got.By != tt.by {
			t.Errorf("%s: %v by %q, want %v by %q\n%+v", tt.name, got.Allowed, got.By, tt.want, tt.by, got.Deciders)
		}
	}
}

// TestEvaluateTrust: a service asks in its own name, and only the role's trust policy has a say.
func TestEvaluateTrust(t *testing.T) {
	for src, want := range map[string]Truth{
		`{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}`:                                                                                                             Yes,
		`{"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}, "Action": "sts:*"}`:                                                                                               Yes,
		`{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}`:                                                                                                                   No,
		`{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}`:                                                                                                                            No,
		`{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}`:                                                                                                                                                Yes,
		`{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}`:                                       Unknown,
		`{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:111122223333:*"}}}`:                                Unknown,
		`{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:*:*"}}}`:                                   No,
		`{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:*:*"}, "Null": {"sts:ExternalId": true}}}`: Yes,
	} {
		context := Context{}
		context.SetValues("aws:SourceArn", "arn:aws:ecs:us-east-1:"+Of(AccountID)+":task/*")
		context.SetValues("aws:SourceAccount", Of(AccountID))
		context.Set("sts:ExternalId", ContextKey{State: KeyAbsent})
		request := Request{Action: "sts:AssumeRole", Match: Exact, Principal: Requester{Service: "ecs-tasks.amazonaws.com"}, Context: context}
		if got := NewEvaluator(Policies{Resource: &Policy{Document: document(t, src)}}, nil, nil).Evaluate(request); got.Allowed != want {
			t.Errorf("%s: %v, want %v", src, got.Allowed, want)
		}
	}
	if got := NewEvaluator(Policies{}, nil, nil).Evaluate(Request{Principal: Requester{Service: "s"}}); got.Allowed != No || got.By != ResourceLayer {
		t.Errorf("without a trust policy: %+v", got)
	}
}

// TestEvaluateEach: a request that stands for many strings, or for one that is unknown.
func TestEvaluateEach(t *testing.T) {
	const stream = "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:p/app/*"
	allow := func(resources ...string) string {
		return fmt.Sprintf(`{"Effect": "Allow", "Action": "*", "Resource": ["%s"]}`, strings.Join(resources, `", "`))
	}
	deny := func(resource string) string {
		return `, {"Effect": "Deny", "Action": "*", "Resource": "` + resource + `"}`
	}
	const group = "arn:aws:logs:us-east-1:111122223333:log-group:g"
	for _, tt := range []struct {
		policy      string
		each, oneOf Truth
	}{
		{allow(stream), Yes, Yes},
		{allow("*"), Yes, Yes},
		{allow(group + ":*"), Yes, Yes},
		{allow(group), No, No},
		{allow(group + ":log-stream:p/app/a*"), No, Unknown},
		{allow(group + ":log-stream:p/*/?*"), No, Unknown},
		{allow(group+":log-stream:p/app/a*", group+":log-stream:p/app/b*"), No, Unknown},
		{allow(group+":log-stream:p/app/?*", group+":log-stream:p/app/"), Unknown, Unknown},
		{allow(group+":log-stream:p/app/?*") + ", " + allow(group+":log-stream:p/app/"), Unknown, Unknown},
		{allow(group+":log-stream:p/app/a*") + ", " + allow(group+":log-stream:p/app/b"), No, Unknown},
		{allow(group+":log-stream:p/app/a*", stream), Yes, Yes},
		{allow("*") + deny(group+":log-stream:p/app/a"), No, Unknown},
		{allow("*") + deny(group+":log-stream:q/*"), Yes, Yes},
		{allow("*") + deny(group+":*"), No, No},
		{`{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::*"}`, Yes, Yes},
		{`{"Effect": "Allow", "Action": "*", "NotResource": "` + group + `:*"}`, No, No},
		{`{"Effect": "Allow", "Action": "*", "NotResource": "` + group + `:log-stream:p/app/a"}`, No, Unknown},
		{`{"Effect": "Allow", "Action": "*", "NotResource": ["` + group + `:log-stream:p/app/", "` + group + `:log-stream:p/app/?*"]}`, Unknown, Unknown},
		{`{"Effect": "Allow", "Action": "*", "NotResource": "` + group + `:${aws:username}"}`, Unknown, Unknown},
		{allowing("StringEquals", "aws:SourceVpce", `"v"`), Unknown, Unknown},
		{allow(group+":log-stream:p/app/a*") + ", " + allowing("StringEquals", "aws:SourceVpce", `"v"`), Unknown, Unknown},
	} {
		e := NewEvaluator(Policies{Identity: []Policy{{Document: document(t, tt.policy)}}}, nil, nil)
		for match, want := range map[Match]Truth{Each: tt.each, OneOf: tt.oneOf} {
			if got := e.Evaluate(Request{Action: "logs:PutLogEvents", Resource: stream, Match: match}); got.Allowed != want {
				t.Errorf("%s: %s: %v, want %v", tt.policy, match, got.Allowed, want)
			}
		}
	}
}

// TestEvaluateSymbols: symbols are strings that nobody knows. The same symbol is the same string.
func TestEvaluateSymbols(t *testing.T) {
	secret, name, text := Of("Secret"), Of("Name"), Of("Text")
	symbols := SymbolTable{"Secret": {Meaning: MeansSecretARN}, "Name": {Meaning: MeansSecretName}, "Key": {Meaning: MeansKeyARN}, "Role": {Meaning: MeansRoleARN},
		"Parameter": {Meaning: MeansParameterARN}, "Repository": {Meaning: MeansRepositoryARN}, "Group": {Meaning: MeansLogGroupARN}, "Bucket": {Meaning: MeansBucketARN}}
	local := func(resource Text) Text { return LocalARN("ssm", resource).Text() }
	for _, tt := range []struct {
		of, by Text
		want   Coverage
	}{
		{secret, secret, CoversAll},
		{secret, "*", CoversAll},
		{secret, "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf", CoverageUnknown},
		{secret, "arn:aws:ssm:us-east-1:111122223333:parameter/x", CoversNone},
		{secret, "arn:aws:s3:::b/*", CoversNone},
		{secret, Of("Other"), CoverageUnknown},
		{secret, Of("Key"), CoversNone},
		{Of("Parameter"), local("parameter/*"), CoverageUnknown},
		{Of("Repository"), Of("Group"), CoversNone},
		{Of("Bucket"), Of("Role"), CoversNone},
		{local("parameter/x"), local("parameter/x"), CoversAll},
		{local("parameter/x"), local("parameter/*"), CoversAll},
		{local("parameter/x"), local("parameter/y"), CoversNone},
		{local("parameter/x"), "arn:aws:ssm:us-east-1:111122223333:parameter/x", CoverageUnknown},
		{local("parameter/x"), "arn:aws:ssm:us-east-1:111:parameter/x", CoversNone},
		{local("parameter/x"), "arn:aws:ssm:us-east-1:11112222333a:parameter/x", CoversNone},
		{local("parameter/x"), "arn:aws:ssm:*:111122223333:parameter/x", CoverageUnknown},
		{local("parameter/x"), "arn:aws:ssm:*:*:parameter/x", CoverageUnknown},
		{local("parameter/x"), "arn:*:ssm:*:*:parameter/x", CoversAll},
		{local("parameter/x"), "arn:gcp:ssm:*:*:parameter/x", CoversNone},
		{local("parameter/x"), "arn:aws:ssm:US-EAST-1:*:parameter/x", CoversNone},
		{local("parameter/" + text), local("parameter/" + text), CoversAll},
		{local("parameter/" + text), local("parameter/?"), CoverageUnknown},
		{local("parameter/" + text + "/*"), local("parameter/" + text + "/a*"), CoverageUnknown},
		{local("parameter/" + text + "/*"), local("parameter/" + text + "/*"), CoversAll},
		{"arn:aws:secretsmanager:us-east-1:111122223333:secret:" + name + "-??????", "arn:aws:secretsmanager:*:secret:*", CoversAll},
		{"arn:aws:secretsmanager:us-east-1:111122223333:secret:" + name + "-??????", "arn:aws:secretsmanager:*:secret:" + name + "*", CoversAll},
		{"arn:aws:secretsmanager:us-east-1:111122223333:secret:" + name, "arn:aws:secretsmanager:*:secret:a:b", CoversNone},
		{"x", text, CoverageUnknown},
	} {
		if got := symbols.Pattern(tt.of, nil).CoveredBy(symbols.Pattern(tt.by, nil)); got != tt.want {
			t.Errorf("%s by %s: %v, want %v", tt.of, tt.by, got, tt.want)
		}
	}
	e := NewEvaluator(Policies{Identity: []Policy{{Document: NewDocument(
		Statement{Actions: []string{"a:b"}, Resources: []Value{{Text: local("parameter/x")}, {Text: local("parameter/y"), When: When{"S"}}}},
	)}}}, nil, map[Symbol]string{AccountID: "111122223333", Partition: "aws"})
	for resource, want := range map[Text]Truth{
		"arn:aws:ssm:" + Of(Region) + ":111122223333:parameter/x": Yes,
		"arn:aws:ssm:" + Of(Region) + ":444455556666:parameter/x": No,
		"arn:aws:ssm:us-east-1:111122223333:parameter/x":          Unknown,
		local("parameter/y"): Unknown,
	} {
		if got := e.Evaluate(Request{Action: "a:b", Resource: resource, Match: Exact}); got.Allowed != want {
			t.Errorf("%s: %v, want %v", resource, got.Allowed, want)
		}
	}
	if got := e.Evaluate(Request{Action: "a:b", Resource: local("parameter/y"), Match: Exact, When: When{"S"}}); got.Allowed != Yes {
		t.Errorf("what is there where it is needed: %v", got.Allowed)
	}
}

// TestDeciders: every statement that decides or might is in the answer, with what cannot be decided.
func TestDeciders(t *testing.T) {
	p := Policies{
		Identity: []Policy{{Name: "A", Document: document(t, `
			{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": ["arn:aws:s3:::c", "*"]},
			{"Sid": "Other", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
			{"Sid": "Perhaps", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*", "Condition": {"StringEquals": {"a:a": "1", "b:b": "2"}}}`)}, {Name: "B", Document: document(t, `
			{"Sid": "Deny", "Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::c/*"}`)}},
		Boundary: &Policy{Name: "C", Document: document(t, `{"Sid": "Some", "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/?"}`)},
	}
	got := NewEvaluator(p, nil, nil).Evaluate(Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*", Match: OneOf, Context: keys("a:a=1")})
	if got.Allowed != No || !got.Explicit || got.By != IdentityLayer {
		t.Errorf("%v by %s", got.Allowed, got.By)
	}
	var lines []string
	for _, d := range got.Deciders {
		if d.Policy != &p.Identity[0] && d.Policy != &p.Identity[1] && d.Policy != p.Boundary {
			t.Errorf("the policy of %s is a copy", d.Statement.Sid)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s %v: %v, covers %v, resources %v, undecided %v", d.Layer, d.Policy.Name, d.Statement.Place, d.Statement.Sid, d.Statement.Effect, d.Applies, d.Coverage, d.Resources, d.Undecided))
	}
	want := []string{
		"identity A p.json:2:4 All Allow: yes, covers all, resources [1], undecided []",
		"identity A p.json:4:4 Perhaps Allow: cannot tell, covers all, resources [0], undecided [1]",
		"identity B p.json:2:4 Deny Deny: yes, covers all, resources [], undecided []",
		"permissions boundary C p.json:1:41 Some Allow: cannot tell, covers some, resources [0], undecided []",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestEvaluateIsBounded: policies and requests that are made to be slow, such as those with many wildcards, are answered all
// the same: what cannot be compared in time is unknown.
func TestEvaluateIsBounded(t *testing.T) {
	slow := strings.Repeat("*a", 1000)
	statements := make([]Statement, 10000)
	for i := range statements {
		statements[i] = Statement{Actions: []string{"*a*a*a*a*b"}, NotResources: Values("y"), Conditions: []Condition{{Operator: "StringLike", Key: "k", Values: Values(Text(slow + "*b"))}}}
		if i%2 == 0 {
			statements[i] = Statement{Actions: []string{"a:*"}, Resources: Values(Text(slow + "*b"))}
		}
	}
	e := NewEvaluator(Policies{Identity: []Policy{{Document: NewDocument(statements...)}}}, nil, nil)
	for resource, match := range map[string]Match{strings.Repeat("a", 2000): Exact, slow: Each, strings.Repeat("?*", 1000): OneOf, "arn:aws:s3:::b": Exact} {
		got := e.Evaluate(Request{Action: "a:" + strings.Repeat("a", 100) + "b", Resource: Text(resource), Match: match, Context: Context{"k": {State: KeyPresent, Values: []Text{Text(resource)}}}})
		if got.Allowed == Yes {
			t.Errorf("%.20s: allowed", resource)
		}
	}
	if got := covered(Text(slow), Text(slow+"*")); got != CoversAll {
		t.Errorf("a slow pair: %v", got)
	}
	if got := covered(Text(strings.Repeat("a*", 20000)+"b"), Text(strings.Repeat("*a", 20000)+"*c*b")); got != CoverageUnknown {
		t.Errorf("a pair that is too long: %v", got)
	}
}

// covered compares two patterns without symbols.
func covered(of, by Text) Coverage {
	var symbols SymbolTable
	return symbols.Pattern(of, nil).CoveredBy(symbols.Pattern(by, nil))
}

// glob matches a pattern in the simplest way.
func glob(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return glob(pattern[1:], s) || s != "" && glob(pattern, s[1:])
	case s == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == s[0]) && glob(pattern[1:], s[1:])
}

// TestCoverIsExact compares every pair of short patterns with all short strings.
func TestCoverIsExact(t *testing.T) {
	words, patterns := []string{""}, []string{""}
	for i := 0; len(words[i]) < 6; i++ {
		for _, c := range "abc" {
			words = append(words, words[i]+string(c))
		}
	}
	for i := 0; len(patterns[i]) < 4; i++ {
		for _, c := range "ab?*" {
			patterns = append(patterns, patterns[i]+string(c))
		}
	}
	fits, taken := make([][]bool, len(patterns)), make([]Pattern, len(patterns))
	for i, p := range patterns {
		for _, w := range words {
			fits[i] = append(fits[i], glob(p, w))
		}
		taken[i] = (SymbolTable)(nil).Pattern(Text(p), nil)
	}
	for i, of := range patterns {
		for j, by := range patterns {
			some, missed := false, false
			for k, fit := range fits[i] {
				some, missed = some || fit && fits[j][k], missed || fit && !fits[j][k]
			}
			want := CoversNone
			switch {
			case some && missed:
				want = CoversSome
			case some:
				want = CoversAll
			}
			if got := taken[i].CoveredBy(taken[j]); got != want {
				t.Errorf("%q by %q: %v, want %v", of, by, got, want)
			}
		}
	}
}

// TestCoverHardPairs: pairs in which the shape of the wildcards decides.
func TestCoverHardPairs(t *testing.T) {
	for _, tt := range []struct {
		of, by Text
		want   Coverage
	}{
		{"a*", "a?*", CoversSome},
		{"a?*", "a*?", CoversAll},
		{"*a*", "?*", CoversAll},
		{"*a*", "*?*", CoversAll},
		{"a*bb*", "a*b?*", CoversAll},
		{"a*b*", "a*b?*", CoversSome},
		{"a*a*b*", "*a*b*", CoversAll},
		{"*b*a*", "*a*b*", CoversSome},
		{"a*cb", "a?*b", CoversAll},
		{"a*b", "a?*b", CoversSome},
		{"ab*ba", "*b?*", CoversAll},
		{"a*", "b*", CoversNone},
		{"*a", "*b", CoversNone},
		{"a*b", "ab", CoversSome},
		{"???", "*??", CoversAll},
		{"??", "???", CoversNone},
		{"é?", "??", CoversAll},
		{"?", "é", CoversSome},
		{"a" + Text(strings.Repeat("*a", 50)), "a" + Text(strings.Repeat("*a", 50)), CoversAll},
		{"a" + Text(strings.Repeat("*a", 50)), "a" + Text(strings.Repeat("*a", 51)), CoversSome},
		{"a" + Text(strings.Repeat("*a", 51)), "a" + Text(strings.Repeat("*a", 50)), CoversAll},
		{Text(strings.Repeat("a*", 30)) + "b", "*a????????????????????????b", CoversSome},
		{Text(strings.Repeat("a*", 30)) + "b", "*a????????????????????????*b", CoversAll},
	} {
		if got := covered(tt.of, tt.by); got != tt.want {
			t.Errorf("%q by %q: %v, want %v", tt.of, tt.by, got, tt.want)
		}
	}
	for _, tt := range []struct {
		of, by string
		want   Coverage
	}{{"s3:Get*", "S3:*", CoversAll}, {"s3:*", "s3:get*", CoversSome}, {"*", "*:*", CoversSome}, {"iam:*", "s3:*", CoversNone}} {
		if got := ActionPattern(tt.of).CoveredBy(ActionPattern(tt.by)); got != tt.want {
			t.Errorf("%q by %q: %v, want %v", tt.of, tt.by, got, tt.want)
		}
	}
}

// TestWithin: a pattern is not within another one where a string is surely outside, whatever the symbols are.
func TestWithin(t *testing.T) {
	local := LocalARN("ssm", "parameter/a").Text()
	symbols := SymbolTable{"S": {Meaning: MeansSecretARN}}
	for _, tt := range []struct {
		of, by Text
		want   Truth
	}{
		{"a*", "a*", Yes},
		{"a*", "ab*", No},
		{"a", "b", No},
		{local, local, Yes},
		{local, "arn:aws:ssm:us-east-1:111122223333:parameter/a", Unknown},
		{"arn:aws:ssm:us-east-1:111122223333:parameter/a", local, Unknown},
		{"*", local + "*", No},
		{"arn:aws:ssm:us-east-1:111122223333:parameter/*", local, No},
		{"arn:aws:secretsmanager:us-east-1:111122223333:secret:*", Of("S"), No},
		{"arn:aws:secretsmanager:us-east-1:111122223333:secret:a", Of("S"), Unknown},
		{Of("T") + "/a*", Of("T") + "/*", Yes},
		{"x/a*", Of("T") + "/*", Unknown},
	} {
		if got := symbols.Pattern(tt.of, nil).Within(symbols.Pattern(tt.by, nil)); got != tt.want {
			t.Errorf("%s within %s: %v, want %v", tt.of, tt.by, got, tt.want)
		}
	}
}

// TestParseDate checks the days against known ones.
func TestParseDate(t *testing.T) {
	for s, want := range map[string]float64{
		"1970": 0, "1970-01-02": 86400, "2000-02-29": 951782400, "2026-11-26T10:28:47Z": 1795688927, "1969-12-31T23:59:59Z": -1,
		"2000-01-01T00:00:00.5+00:30": 946684800.5 - 1800, "2000-01-01T00:00-00:30": 946684800 + 1800, "946684800": 946684800,
	} {
		if got, ok := parseDate(s); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "x", "1970-13", "1970-00-01", "2001-02-29", "1900-02-29", "1970-1-1", "1970-01-01T", "1970-01-01T00Z", "1970-01-01T00:00", "1970-01-01T24:00Z", "1970-01-01T00:60Z",
		"1970-01-01T00:00:00.Z", "1970-01-01T00:00.5Z", "1970-01-01T00:00+0100", "1970-01-01T00:00+24:00", "1970T00:00Z", "1970-01-01T00:00:00:00Z", "1970-01-01-01", "1970-01-01T00:00:00.xZ"} {
		if got, ok := parseDate(s); ok {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// TestTruth: the logic of three values.
func TestTruth(t *testing.T) {
	all := []Truth{Unknown, No, Yes}
	for _, a := range all {
		if a.Not().Not() != a || a.And(Yes) != a || a.Or(No) != a || a.And(No) != No || a.Or(Yes) != Yes || a.And(a) != a {
			t.Errorf("%v breaks a law", a)
		}
		for _, b := range all {
			if a.And(b) != b.And(a) || a.And(b).Not() != a.Not().Or(b.Not()) {
				t.Errorf("%v and %v break a law", a, b)
			}
		}
	}
	words := []string{Unknown.String(), No.String(), Yes.String(), CoverageUnknown.String(), CoversNone.String(), CoversSome.String(), CoversAll.String()}
	if want := []string{"cannot tell", "no", "yes", "unknown", "none", "some", "all"}; !slices.Equal(words, want) {
		t.Errorf("%q", words)
	}
}
