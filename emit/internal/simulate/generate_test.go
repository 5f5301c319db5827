package simulate

import (
	"math/rand/v2"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
)

// testCase is a request and the policies that have a say, as iam-simulate takes them.
type testCase struct {
	Request         request         `json:"request"`
	Identity        []namedPolicy   `json:"identityPolicies"`
	Boundary        []namedPolicy   `json:"permissionBoundaryPolicies,omitempty"`
	ServiceControl  []controlPolicy `json:"serviceControlPolicies"`
	ResourceControl []controlPolicy `json:"resourceControlPolicies"`
	Resource        *document       `json:"resourcePolicy,omitempty"`
	absent          []string        // keys of conditions that the request does not have
}

type request struct {
	Principal string         `json:"principal"`
	Action    string         `json:"action"`
	Resource  resource       `json:"resource"`
	Context   map[string]any `json:"contextVariables"`
}

type resource struct {
	Resource string `json:"resource"`
	Account  string `json:"accountId"`
}

type namedPolicy struct {
	Name   string   `json:"name"`
	Policy document `json:"policy"`
}

type controlPolicy struct {
	Level    string        `json:"orgIdentifier"`
	Policies []namedPolicy `json:"policies"`
}

type document struct {
	Version   string      `json:"Version,omitempty"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Effect      string
	Principal   any                            `json:",omitempty"`
	Action      []string                       `json:",omitempty"`
	NotAction   []string                       `json:",omitempty"`
	Resource    []string                       `json:",omitempty"`
	NotResource []string                       `json:",omitempty"`
	Condition   map[string]map[string][]string `json:",omitempty"`
}

// eachDocument calls do for every document of a case.
func (c *testCase) eachDocument(do func(*document)) {
	for i := range c.Identity {
		do(&c.Identity[i].Policy)
	}
	for i := range c.Boundary {
		do(&c.Boundary[i].Policy)
	}
	for i := range c.ServiceControl {
		for j := range c.ServiceControl[i].Policies {
			do(&c.ServiceControl[i].Policies[j].Policy)
		}
	}
	if c.Resource != nil {
		do(c.Resource)
	}
}

const (
	roleARN     = "arn:aws:iam::111122223333:role/app/web"
	ownAccount  = "111122223333"
	elseAccount = "444455556666"
)

// wanted are actions with resources that they are called on.
var wanted = []struct{ action, resource string }{
	{"s3:GetObject", "arn:aws:s3:::config/app/web.env"},
	{"s3:GetObject", "arn:aws:s3:::config/app/*.env"},
	{"ssm:GetParameters", "arn:aws:ssm:us-east-1:111122223333:parameter/app/db"},
	{"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-AbCdEf"},
	{"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:444455556666:secret:app/db-AbCdEf"},
	{"logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:/app:log-stream:web/app/0a1b"},
	{"ecr:BatchGetImage", "arn:aws:ecr:us-east-1:111122223333:repository/app/web"},
	{"kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d"},
}

// keys are those of conditions, with the operators for them and values that requests and policies have.
var keys = []struct {
	name      string
	list      bool
	operators []string
	values    []string // of requests
	patterns  []string // of policies
}{
	{"aws:username", false, texts, []string{"app", "web", "App", "a*b"}, []string{"app", "a*", "?pp", "APP", "*", "web", "a${*}b", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'app'}"}},
	{"aws:PrincipalTag/team", false, texts, []string{"app", "web", ""}, []string{"app", "*", "w?b", "", "${aws:username}"}},
	{"aws:TagKeys", true, texts, []string{"app", "web", "db"}, []string{"app", "w*", "db", "*"}},
	{"aws:SourceArn", false, arns, []string{"arn:aws:ecs:us-east-1:111122223333:task/web/0a1b", "arn:aws:sns:us-east-1:444455556666:topic:sub", "task"}, []string{"arn:aws:ecs:*:111122223333:*", "arn:aws:ecs:us-east-1:*:task/*", "arn:aws:sns:*:sub", "arn:aws:sns:*:*:topic:*", "arn:aws:*:us-east-1:444455556666:topic", "arn:aws:ecs:us-east-1:111122223333:task/${aws:username}/*", "task"}},
	{"aws:SourceIp", false, []string{"IpAddress", "NotIpAddress"}, []string{"203.0.113.7", "10.0.0.1", "2001:db8::1"}, []string{"203.0.113.0/24", "203.0.113.7", "0.0.0.0/0", "2001:db8::/32", "10.0.0.0/8"}},
	{"aws:CurrentTime", false, []string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"}, []string{"2026-11-26T10:00:00Z", "2020-01-01T00:00:00Z", "1577836800"}, []string{"2020-01-01T00:00:00Z", "2026-11-26", "1577836801", "2026-11-26T11:00:00+01:00"}},
	{"s3:max-keys", false, []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"}, []string{"10", "0", "-1", "10.5"}, []string{"10", "10.0", "0", "-2", "11"}},
	{"aws:SecureTransport", false, []string{"Bool"}, []string{"true", "false"}, []string{"true", "false"}},
	{"aws:MultiFactorAuthAge", false, []string{"Null"}, []string{"10"}, []string{"true", "false"}},
	{"kms:Bytes", false, []string{"BinaryEquals"}, []string{"QmluYXJ5", "AAAA"}, []string{"QmluYXJ5", "AAAB"}},
}

var (
	texts = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"}
	arns  = []string{"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringLike"}
)

// generator makes cases.
type generator struct{ *rand.Rand }

func pick[T any](g generator, list []T) T { return list[g.IntN(len(list))] }

// chance reports true in so many of a hundred cases.
func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) some(n int, one func() string) []string {
	list := []string{one()}
	for g.chance(30) && len(list) < n {
		list = append(list, one())
	}
	return list
}

func (g generator) testCase() testCase {
	want := pick(g, wanted)
	c := testCase{ServiceControl: []controlPolicy{}, ResourceControl: []controlPolicy{}}
	c.Request = request{Principal: roleARN, Action: want.action, Resource: resource{want.resource, ownAccount}, Context: map[string]any{}}
	if strings.Contains(want.resource, elseAccount) || g.chance(10) {
		c.Request.Resource.Account = elseAccount
	}
	for _, k := range keys {
		switch {
		case g.chance(40):
			c.absent = append(c.absent, k.name)
		case k.list:
			c.Request.Context[k.name] = g.some(3, func() string { return pick(g, k.values) })
		default:
			c.Request.Context[k.name] = pick(g, k.values)
		}
	}
	for range 1 + g.IntN(2) {
		c.Identity = append(c.Identity, namedPolicy{"identity", g.document(want.action, want.resource, nil)})
	}
	if g.chance(20) {
		c.Boundary = []namedPolicy{{"boundary", g.document(want.action, want.resource, nil)}}
	}
	for range g.IntN(5) / 3 {
		level := controlPolicy{Level: "level"}
		for range 1 + g.IntN(2) {
			level.Policies = append(level.Policies, namedPolicy{"control", g.document(want.action, want.resource, nil)})
		}
		c.ServiceControl = append(c.ServiceControl, level)
	}
	// Where the policy of a key, or of something in another account, is missing, iam-simulate takes it for one that allows
	// nothing. To this project it is unknown.
	if g.chance(25) || c.Request.Resource.Account != ownAccount || strings.HasPrefix(want.action, "kms:") {
		d := g.document(want.action, want.resource, g.principal)
		c.Resource = &d
	}
	return c
}

func (g generator) principal() any {
	return pick(g, []any{
		"*", map[string]any{"AWS": "*"}, map[string]any{"AWS": roleARN}, map[string]any{"AWS": ownAccount}, map[string]any{"AWS": "arn:aws:iam::111122223333:root"},
		map[string]any{"AWS": []string{"arn:aws:iam::111122223333:role/other", "arn:aws:iam::444455556666:root"}}, map[string]any{"Service": "s3.amazonaws.com"},
	})
}

func (g generator) document(action, resource string, principal func() any) document {
	d := document{Version: "2012-10-17"}
	if g.chance(10) {
		d.Version = "2008-10-17"
	}
	for range 1 + g.IntN(3) {
		s := statement{Effect: "Allow"}
		if g.chance(25) {
			s.Effect = "Deny"
		}
		if principal != nil {
			s.Principal = principal()
		}
		actions := g.some(3, func() string { return g.actionPattern(action) })
		if s.Action = actions; g.chance(12) {
			s.Action, s.NotAction = nil, actions
		}
		resources := g.some(3, func() string { return g.resourcePattern(resource) })
		if s.Resource = resources; g.chance(12) {
			s.Resource, s.NotResource = nil, resources
		}
		for g.chance(35) {
			k := pick(g, keys)
			operator := pick(g, k.operators)
			if operator != "Null" {
				if k.list {
					operator = pick(g, []string{"ForAllValues:", "ForAnyValue:"}) + operator
				}
				if g.chance(20) {
					operator += "IfExists"
				}
			}
			if s.Condition == nil {
				s.Condition = map[string]map[string][]string{}
			}
			name := k.name
			if g.chance(10) {
				name = strings.ToUpper(name)
			}
			s.Condition[operator] = map[string][]string{name: g.some(3, func() string { return pick(g, k.patterns) })}
		}
		d.Statement = append(d.Statement, s)
	}
	return d
}

// actionPattern returns an action of a statement, which often fits.
func (g generator) actionPattern(action string) string {
	service, name, _ := strings.Cut(action, ":")
	return pick(g, []string{
		action, action, strings.ToUpper(action), "*", service + ":*", service + ":" + name[:3] + "*", service + ":*" + name[len(name)-4:], service + ":?" + name[1:],
		service + ":" + name[:3], "sqs:*", service + ":Delete*", "*:*",
	})
}

// resourcePattern returns a resource of a statement, which often fits: the resource itself with changes.
func (g generator) resourcePattern(resource string) string {
	if g.chance(20) {
		return "*"
	}
	if g.chance(10) {
		return pick(g, wanted).resource
	}
	r := []rune(resource)
	begin := len("arn:aws:") + strings.Index(resource[len("arn:aws:"):], ":") // no wildcard can be in the service
	for g.chance(60) {
		i := begin + g.IntN(len(r)-begin)
		switch end := i + 1 + g.IntN(len(r)-i); g.IntN(6) {
		case 0, 1:
			r = append(append(append([]rune{}, r[:i]...), '*'), r[end:]...)
		case 2:
			r[i] = '?'
		case 3:
			r[i] = []rune(strings.ToUpper(string(r[i])))[0]
		case 4:
			name := pick(g, []string{"${aws:username}", "${aws:PrincipalTag/team}", "${aws:username, 'web'}", "${*}", "${?}", "${$}"})
			word := pick(g, []string{"app", "web", "*"})
			return strings.Replace(string(r), word, name, 1)
		case 5:
			if colon := strings.LastIndex(string(r), ":"); colon > begin {
				return string(r[:colon]) + ":*"
			}
		}
		if len(r) <= begin {
			break
		}
	}
	return string(r)
}

// ours returns the answer of this project.
func ours(c *testCase, read func(document) policy.Document) policy.Answer {
	p := policy.Policies{}
	for _, n := range c.Identity {
		p.Identity = append(p.Identity, policy.Policy{Name: n.Name, Document: read(n.Policy)})
	}
	for _, n := range c.Boundary {
		p.Boundary = &policy.Policy{Name: n.Name, Document: read(n.Policy)}
	}
	for _, level := range c.ServiceControl {
		var list []policy.Policy
		for _, n := range level.Policies {
			list = append(list, policy.Policy{Name: n.Name, Document: read(n.Policy)})
		}
		p.ServiceControl = append(p.ServiceControl, list)
	}
	if c.Resource != nil {
		p.Resource = &policy.Policy{Document: read(*c.Resource)}
	}
	context := policy.Context{}
	for _, name := range c.absent {
		context.Set(name, policy.ContextKey{State: policy.KeyAbsent})
	}
	for name, value := range c.Request.Context {
		list, ok := value.([]string)
		if !ok {
			list = []string{value.(string)}
		}
		var values []policy.Text
		for _, v := range list {
			values = append(values, policy.Escape(policy.Text(v)))
		}
		context.SetValues(name, values...)
	}
	return policy.NewEvaluator(p, nil, nil).Evaluate(policy.Request{
		Action: c.Request.Action, Resource: policy.Escape(policy.Text(c.Request.Resource.Resource)), Match: policy.Exact, Account: policy.Text(c.Request.Resource.Account),
		Context: context, Principal: policy.Requester{ARN: roleARN, Account: ownAccount},
	})
}
