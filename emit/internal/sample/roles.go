package sample

import (
	"slices"
	"strconv"

	"github.com/execrole/execrole/analyze/policy"
)

var (
	partition = policy.Of(policy.Partition)
	region    = policy.Of(policy.Region)
	account   = policy.Of(policy.AccountID)
)

// In returns the role, used in another environment.
func In(environment policy.Environment, role *policy.Role) *policy.Role {
	r := *role
	r.Environment = environment
	return &r
}

// ECSTasks returns the principal of an execution role's trust policy.
func ECSTasks() []policy.Principal {
	return []policy.Principal{{Type: policy.ServicePrincipal, IDs: []policy.Text{"ecs-tasks.amazonaws.com"}}}
}

// Asked returns texts as values that these fields asked for, for these reasons.
func Asked(from []policy.Source, reasons []string, texts ...policy.Text) []policy.Value {
	list := policy.Values(texts...)
	for i := range list {
		list[i].From, list[i].Reasons = from, reasons
	}
	return list
}

// Trust returns the trust policy of every role here.
func Trust() policy.Document {
	return policy.Document{Statements: []policy.Statement{{
		Principals: ECSTasks(),
		Actions:    []string{"sts:AssumeRole"},
		Conditions: []policy.Condition{
			{Operator: "ArnLike", Key: "aws:SourceArn", Values: policy.Values("arn:" + partition + ":ecs:*:" + account + ":*")},
			{Operator: "StringEquals", Key: "aws:SourceAccount", Values: policy.Values(policy.Of(policy.AccountID))},
		},
	}}}
}

// Web returns a role with several statements and every kind of symbol.
func Web() *policy.Role {
	images := []policy.Source{{Container: "app", Field: "image"}, {Container: "proxy", Field: "image"}}
	return &policy.Role{Family: "web", Name: "web-execution", Trust: Trust(), Inline: []policy.Policy{{
		Name: "TaskExecution",
		Document: policy.Document{Statements: []policy.Statement{
			{
				Sid: "EcrToken", Actions: []string{"ecr:GetAuthorizationToken"}, Resources: Asked(images, []string{"IAM takes nothing else here."}, "*"),
			},
			{
				Sid: "EcrPull", Actions: []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
				Resources: Asked(images, nil,
					"arn:aws:ecr:us-east-1:111122223333:repository/app",
					"arn:aws:ecr:us-east-1:906394416424:repository/aws-for-fluent-bit",
				),
			},
			{
				Sid: "EnvironmentFiles", Actions: []string{"s3:GetObject"},
				Resources: Asked([]policy.Source{{Container: "app", Field: "environmentFiles s3://b/50%*.env"}}, nil, "arn:"+partition+":s3:::b/50%${*}.env"),
				Conditions: []policy.Condition{
					{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: policy.Values("111122223333", "444455556666")},
				},
			},
			{
				Sid: "Secrets", Actions: []string{"secretsmanager:GetSecretValue"},
				Resources: Asked([]policy.Source{{Container: "app\nB", Field: "secrets DB_PASSWORD"}}, nil,
					"arn:"+partition+":secretsmanager:"+region+":"+account+":secret:db-??????",
					"arn:"+partition+":y${?}$"+region+":x",
				),
			},
		}},
	}}}
}

// Files returns a role with one statement, whose conditions have the same operator twice.
func Files() *policy.Role {
	return &policy.Role{Family: "web", Trust: Trust(), Inline: []policy.Policy{{
		Name: "TaskExecution",
		Document: policy.Document{Statements: []policy.Statement{{
			Sid: "Files", Actions: []string{"s3:GetObject", "s3:GetBucketLocation"},
			Resources: policy.Values("arn:" + partition + ":s3:::b/<é>\u0085\u2028 &${*}.env"),
			// Not sorted on purpose: an operator must be written once all the same.
			Conditions: []policy.Condition{
				{Operator: "StringEquals", Key: "aws:SourceVpc", Values: policy.Values("vpc-1")},
				{Operator: "StringLike", Key: "aws:SourceArn", Values: policy.Values("arn:" + partition + ":x:" + region + ":" + account + ":*")},
				{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: policy.Values("111122223333", "444455556666")},
			},
		}}},
	}}}
}

// Roles returns roles with what the golden cases do not have: a name, no conditions, several policies, and
// strings that some layer between the Go source and the template might not carry.
func Roles() map[string]*policy.Role {
	roles := map[string]*policy.Role{"made-web": Web(), "made-files": Files()}
	bare := Web()
	bare.Name, bare.Trust.Statements[0].Conditions = "", nil
	second := Files().Inline[0]
	second.Name = "TaskExecution2"
	bare.Inline = append(bare.Inline, second)
	roles["made-bare"] = bare
	both := Web()
	both.Managed = Files().Inline
	roles["made-both"] = both
	tricky := Web()
	tricky.Family = "a\nb"
	for i, s := range Strings {
		if !Writable(s) {
			continue
		}
		tricky.Inline[0].Document.Statements = append(tricky.Inline[0].Document.Statements, policy.Statement{
			Sid: "Tricky" + strconv.Itoa(i), Actions: []string{"s3:GetObject"},
			Resources:  Asked([]policy.Source{{Container: s, Field: s}, {Field: s}}, []string{"Since " + s + " is tricky."}, policy.Text("arn:aws:s3:::b/"+s), "arn:"+partition+":s3:::"+policy.Text(s)+region+policy.Text(s)),
			Conditions: []policy.Condition{{Operator: "StringEquals", Key: "aws:x", Values: policy.Values(policy.Text(s), "y")}},
		})
	}
	roles["made-tricky"] = tricky
	full := Files()
	full.Properties = Properties()
	roles["made-properties"] = full
	one := Web()
	one.Name, one.Properties = "", policy.Properties{Tags: []policy.Tag{{Key: "empty"}}}
	roles["made-tag"] = one
	// The mappings are not in the order of their use. One symbol is a whole text, and another is twice in one.
	table := policy.Mapping{Symbol: "Test::Owner", Name: "TestTable", Column: "Owner", Rows: []policy.Row{{Region: "eu-west-1", Value: "000000000001"}, {Region: "us-east-1", Value: "000000000002"}}}
	other := policy.Mapping{Symbol: "Test::Other", Name: "OtherTable", Column: "Text", Rows: []policy.Row{{Region: "us-east-1", Value: "a ${b} \"c\" $"}}}
	tables := Web()
	tables.Mappings = []policy.Mapping{table, other}
	tables.Attached = []policy.Text{"arn:" + partition + ":iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy", "arn:aws:iam::111122223333:policy/a"}
	tables.Inline[0].Document.Statements = append(tables.Inline[0].Document.Statements, policy.Statement{
		Sid: "Tables", Actions: []string{"s3:GetObject"},
		Resources: policy.Values(
			"arn:"+partition+":ecr:"+region+":"+policy.Of(table.Symbol)+":repository/a/"+policy.Of(other.Symbol)+"/"+policy.Of(other.Symbol)+"$",
			policy.Of(table.Symbol),
		),
		Conditions: []policy.Condition{{Operator: "StringEquals", Key: "aws:ResourceAccount", Values: policy.Values("${*}"+policy.Of(other.Symbol), policy.Of(table.Symbol))}},
	})
	roles["made-tables"] = tables
	attached := Files()
	attached.Inline, attached.Attached = nil, tables.Attached[:1]
	roles["made-attached"] = attached
	return roles
}

// Properties returns all properties, with the strangest characters that IAM allows, and that some layer might
// take for its own.
func Properties() policy.Properties {
	return policy.Properties{
		Path:                "/#{a}/%s\\\"'`&<!--/",
		PermissionsBoundary: "arn:aws-us-gov:iam::111122223333:policy/{{a}}/b+=,.@-_",
		Description:         "a: \"b\" #'c'\\\t- *d\n\r{{e}} %v &f\u00a1\u00ff",
		MaxSessionDuration:  43200,
		Tags: []policy.Tag{
			{Key: "Zone", Value: " a  b "}, {Key: "a:b/c=d+e-f@g", Value: "@-+=/:."}, {Key: "empty"}, {Key: "no", Value: "yes"},
			{Key: "名前", Value: "é\u00a0\u2028\u3000ⅷ¼"}, {Key: "\U00020000", Value: "\U0001D7D8"},
		},
	}
}

// Shared returns a role that needs resource policies of several things in one account, and of two services.
func Shared() *policy.Role {
	share := func(service, thing string) policy.ResourcePolicy {
		return policy.ResourcePolicy{
			Account: "444455556666", Service: service, Things: []policy.Text{policy.Text("arn:aws:" + service + ":us-east-1:444455556666:" + thing)},
			Document: policy.Document{Statements: []policy.Statement{{
				Sid: "TaskExecution", Principals: []policy.Principal{{Type: policy.AWSPrincipal, IDs: []policy.Text{"arn:aws:iam::111122223333:role/web"}}}, Actions: []string{service + ":" + thing}, Resources: policy.Values("*"),
			}}},
		}
	}
	role := Web()
	role.ResourcePolicies = []policy.ResourcePolicy{share("kms", "A"), share("kms", "B"), share("secretsmanager", "C"), share("kms", "D")}
	return role
}

// Inputs returns a role with symbols whose values are given when the role is deployed.
func Inputs() *policy.Role {
	role := Web()
	role.Name = ""
	role.Symbols = policy.SymbolTable{
		"Database":   {Kind: policy.Resource, Meaning: policy.MeansSecretARN, Expression: "!Ref Database"},
		"Repo.Arn":   {Kind: policy.Attribute, Meaning: policy.MeansRepositoryARN, Expression: "!GetAtt Repo.Arn"},
		"LogGroup":   {Kind: policy.Parameter, Meaning: policy.MeansLogGroupName, Default: "/ecs/web", MaxLength: 512, Expression: "!Ref LogGroup"},
		"Log::Group": {},
		"Literal1":   {Kind: policy.Variable, Meaning: policy.MeansText, Expression: "var.literal1"},
	}
	role.Inline[0].Document.Statements = []policy.Statement{
		{Sid: "Secrets", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: policy.Values(policy.Of("Database"))},
		{Sid: "Pull", Actions: []string{"ecr:BatchGetImage"}, Resources: policy.Values(policy.Of("Repo.Arn"))},
		{Sid: "Logs", Actions: []string{"logs:PutLogEvents"}, Resources: policy.Values(
			"arn:"+partition+":logs:"+region+":"+account+":log-group:"+policy.Of("LogGroup")+":log-stream:"+policy.Of("Log::Group")+"/*",
			"arn:"+partition+":logs:"+region+":"+account+":log-group:${*}"+policy.Of("Literal1"),
		), Conditions: []policy.Condition{{Operator: "StringEquals", Key: "kms:ViaService", Values: policy.Values("logs." + region + "." + policy.Of(policy.URLSuffix))}}},
	}
	return role
}

// Asking returns roles that ask for values, by their names.
func Asking() map[string]*policy.Role {
	return map[string]*policy.Role{"made-inputs": Inputs(), "made-optional": Optional(false), "made-optional-managed": Optional(true)}
}

// Optional returns a role that depends on whether values are given: with statements, resources and values of conditions
// that are there only then, in one inline policy, or in managed policies of which one can be empty. The values in
// [OptionalValues] fit it.
func Optional(managed bool) *policy.Role {
	role := Web()
	role.Name = ""
	role.Symbols = policy.SymbolTable{
		"IMAGE":   {Kind: policy.Parameter, Meaning: policy.MeansRepositoryARN, Pattern: "arn:[a-z]+:ecr:.*", Optional: true, MaxLength: 256},
		"sidecar": {Kind: policy.Parameter, Meaning: policy.MeansRepositoryARN, Pattern: "arn:[a-z]+:ecr:.*", Optional: true},
		"db":      {Kind: policy.Parameter, Meaning: policy.MeansSecretARN, Pattern: `arn:[a-z]+:secretsmanager:[A-Za-z0-9:\\\-"#$]+`, Optional: true},
		"db name": {Kind: policy.Parameter, Meaning: policy.MeansParameterARN, Optional: true},
		"Env":     {Kind: policy.Parameter, Meaning: policy.MeansText, Pattern: `[a-z\-]+`},
	}
	for s, info := range role.Symbols {
		info.Description = OptionalDescription(s)
		role.Symbols[s] = info
	}
	from := func(values []policy.Value, field string, when ...policy.Symbol) []policy.Value {
		for i := range values {
			values[i].From, values[i].When = []policy.Source{{Container: "app", Field: field}}, policy.WhenAny(when...)
		}
		return values
	}
	of := func(s policy.Symbol) []policy.Value { return policy.Values(policy.Of(s)) }
	pull := policy.Statement{Sid: "Pull", Actions: []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
		Resources: append(from(of("IMAGE"), "image", "IMAGE"), from(of("sidecar"), "image", "sidecar")...)}
	login := policy.Statement{Sid: "Login", Actions: []string{"ecr:GetAuthorizationToken"}, Resources: from(policy.Values("*"), "image", "IMAGE", "sidecar")}
	one := policy.Statement{Sid: "One", Actions: []string{"ssm:GetParameters"}, Resources: from(of("db name"), "secrets DB", "db name")}
	secrets := policy.Statement{Sid: "Secrets", Actions: []string{"secretsmanager:GetSecretValue"},
		Resources: append(from(policy.Values("arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf"), "secrets A"), from(of("db"), "secrets DB", "db")...)}
	decrypt := policy.Statement{Sid: "Decrypt", Actions: []string{"kms:Decrypt"}, Resources: from(policy.Values("arn:aws:kms:us-east-1:111122223333:key/k"), "secrets", "db", "db name"),
		Conditions: []policy.Condition{
			{Operator: "StringEquals", Key: "kms:EncryptionContext:SecretARN", Values: append(from(of("db"), "secrets DB", "db"), from(of("db name"), "secrets DB", "db name")...)},
			{Operator: "StringEquals", Key: "kms:ViaService", Values: from(policy.Values("secretsmanager."+region+".amazonaws.com"), "secrets", "db", "db name")},
		}}
	logs := policy.Statement{Sid: "Logs", Actions: []string{"logs:PutLogEvents"}, Resources: from(policy.Values(
		"arn:"+partition+":logs:"+region+":"+account+":log-group:/ecs/"+policy.Of("Env")+":log-stream:x/*"), "awslogs-group")}
	login.Resources[0].Reasons = []string{"IAM takes nothing else here."}
	logs.Resources[0].Reasons = []string{"Each task has streams of its own."}
	if managed {
		role.Inline, role.Managed = nil, []policy.Policy{
			{Name: "TaskExecution1", Document: policy.NewDocument(login, pull)}, {Name: "TaskExecution2", Document: policy.NewDocument(secrets, logs)},
			{Name: "TaskExecution3", Document: policy.NewDocument(decrypt, one)},
		}
		return role
	}
	again := pull
	again.Sid = "PullAgain"
	role.Inline = []policy.Policy{{Name: "TaskExecution", Document: policy.NewDocument(login, pull, secrets, decrypt, one, logs)}, {Name: "Other", Document: policy.NewDocument(again)}}
	return role
}

// OptionalDescription returns the description of a symbol of [Optional], which no other has.
func OptionalDescription(s policy.Symbol) string { return "What is given for " + string(s) }

// OptionalValues are values of the symbols of [Optional]: all, none of those that can be empty, and some.
func OptionalValues() []map[policy.Symbol]string {
	image, sidecar, db := "arn:aws:ecr:us-east-1:111122223333:repository/a", "arn:aws:ecr:us-east-1:111122223333:repository/b", "arn:aws:secretsmanager:x"
	return []map[policy.Symbol]string{
		{"IMAGE": image, "sidecar": sidecar, "db": db, "db name": "arn:x", "Env": "prod"},
		{"IMAGE": "", "sidecar": "", "db": "", "db name": "", "Env": "prod"},
		{"IMAGE": "", "sidecar": sidecar, "db": db, "db name": "", "Env": "prod"},
		{"IMAGE": image, "sidecar": "", "db": "", "db name": "arn:x", "Env": "prod"},
	}
}

// Given returns the role that a role is where its symbols have these values. What depends on an empty value is not there.
func Given(role *policy.Role, values map[policy.Symbol]string) *policy.Role {
	text := func(t policy.Text) policy.Text {
		return policy.Text(t.Expand(func(s string) string { return s }, func(s policy.Symbol) string {
			if value, ok := values[s]; ok {
				return value
			}
			return string(policy.Of(s))
		}))
	}
	present := func(list []policy.Value) (kept []policy.Value) {
		for _, v := range list {
			if v.When == nil || slices.ContainsFunc(v.When, func(s policy.Symbol) bool { return values[s] != "" }) {
				v.Text, v.When = text(v.Text), nil
				kept = append(kept, v)
			}
		}
		return kept
	}
	policies := func(list []policy.Policy) (kept []policy.Policy) {
		for _, p := range list {
			var statements []policy.Statement
			for _, s := range p.Document.Statements {
				if s.Resources = present(s.Resources); s.Resources == nil {
					continue
				}
				s.Conditions = slices.Clone(s.Conditions)
				for i := range s.Conditions {
					s.Conditions[i].Values = present(s.Conditions[i].Values)
				}
				statements = append(statements, s)
			}
			if p.Document.Statements = statements; statements != nil {
				kept = append(kept, p)
			}
		}
		return kept
	}
	given := *role
	given.Inline, given.Managed, given.Symbols = policies(role.Inline), policies(role.Managed), nil
	return &given
}
