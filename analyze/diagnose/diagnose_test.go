package diagnose

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/check"
	"github.com/execrole/execrole/analyze/policy"
)

// textCase is a case of testdata/diagnose: an input, and the lines that somebody expects of it.
type textCase struct {
	name, input string
	want        []string
}

func textCases(t testing.TB) (cases []textCase) {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/diagnose/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			want, input, ok := strings.Cut(strings.ReplaceAll(string(f.Data), "\r\n", "\n"), "\n\n")
			if !ok {
				t.Fatalf("%s: %s has no input", path, f.Name)
			}
			cases = append(cases, textCase{f.Name, strings.TrimSuffix(input, "\n"), strings.Split(want, "\n")})
		}
	}
	return cases
}

// describe returns what was found, in the words of a case: of the details those that the case names.
func describe(d *Diagnosis, want []string) (lines []string) {
	for i, a := range d.Answers {
		from, to := span(want, i)
		lines = append(lines, "cause "+string(a.Causes[0])+" "+string(a.Sure))
		alternatives := slices.ContainsFunc(want[from:to], func(s string) bool { return strings.HasPrefix(s, "or ") })
		if alternatives {
			var or []string
			for _, c := range a.Causes[1:] {
				or = append(or, "or "+string(c))
			}
			order := func(s string) int { return slices.Index(want, s) }
			slices.SortStableFunc(or, func(x, y string) int { return order(x) - order(y) })
			lines = append(lines, or...)
		}
		f := a.Facts
		for _, line := range want[from:to] {
			word, _, _ := strings.Cut(line, " ")
			value, ok := map[string]string{
				"action": f.Action, "resource": f.Resource, "role": f.Role, "account": f.Account, "partition": f.Partition, "region": f.Region, "image": f.Image,
				"key": f.Key, "parameter": f.Parameter, "policyArn": f.PolicyARN, "secret": f.Secret, "file": f.File, "principal": f.Principal, "messages": strconv.Itoa(len(a.Messages)),
			}[word]
			if ok {
				lines = append(lines, word+" "+value)
			}
		}
	}
	if len(d.Answers) == 0 {
		lines = append(lines, "unknown")
	}
	return lines
}

// span returns which of the lines are about the answer with that index.
func span(want []string, index int) (from, to int) {
	n := -1
	for i, line := range want {
		if strings.HasPrefix(line, "cause ") {
			if n++; n == index {
				from = i
			} else if n == index+1 {
				return from, i
			}
		}
	}
	if n < index {
		return len(want), len(want)
	}
	return from, len(want)
}

func TestMessages(t *testing.T) {
	cases := textCases(t)
	if len(cases) < 100 {
		t.Errorf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list, err := Read("input", []byte(c.input))
			if c.want[0] == "nothing" {
				if !errors.Is(err, errNothing) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			d := Diagnose(list, Options{})
			if diff := cmp.Diff(c.want, describe(d, c.want)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// exactCase is a case of testdata/diagnose/exact: a message, a task definition, perhaps the files of a role, and the answer.
func TestExactAnswers(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/diagnose/exact/*.txtar")
	if err != nil || len(paths) < 25 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var message, want string
			var role []analyze.Input
			var opts Options
			document := func(f txtar.File) policy.Policy {
				d, problems := policy.ReadDocument(f.Name, f.Data)
				if problems != nil {
					t.Fatal(problems)
				}
				return policy.Policy{Name: f.Name, Document: d}
			}
			for _, f := range archive.Files {
				switch f.Name {
				case "message":
					message = string(f.Data)
				case "want":
					want = strings.TrimSpace(string(f.Data))
				case "task.json":
					opts.Plans, _ = analyze.Read(f.Name, f.Data, analyze.Options{})
				case "boundary.json":
					p := document(f)
					opts.Check.Boundary = &p
				case "scp.json":
					opts.Check.ServiceControl = [][]policy.Policy{{document(f)}}
				default:
					role = append(role, analyze.Input{Name: f.Name, Source: f.Data})
				}
			}
			list, err := ReadText(message)
			if err != nil {
				t.Fatal(err)
			}
			if role != nil {
				roles, problems := check.Read(role)
				if len(roles) != 1 {
					t.Fatal(problems)
				}
				opts.Check.Environment = policy.Environment{Account: "111122223333", Region: "us-east-1"}
				opts.Verdicts = []*check.Verdict{check.Check(roles[0], opts.Plans, opts.Check)}
			}
			d := Diagnose(list, opts)
			if diff := cmp.Diff(strings.Split(want, "\n"), describeExact(d, strings.Contains(want, "\nor "))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func describeExact(d *Diagnosis, alternatives bool) (lines []string) {
	add := func(words ...string) { lines = append(lines, strings.TrimSpace(strings.Join(words, " "))) }
	statements := func(word string, list []policy.Statement) {
		for _, s := range list {
			for _, r := range s.Resources {
				for _, action := range s.Actions {
					add(word, action, "on", r.Text.String())
				}
			}
		}
	}
	for _, a := range d.Answers {
		add("cause", string(a.Causes[0]), string(a.Sure))
		for _, c := range a.Causes[1:] {
			if alternatives {
				add("or", string(c))
			}
		}
		for _, f := range a.Fields {
			mark := ""
			if !f.Sure {
				mark = "?"
			}
			add("field", f.At.Field, strconv.Itoa(f.At.Line)+":"+strconv.Itoa(f.At.Column)+mark)
		}
		switch {
		case a.Finding != nil:
			add("allowed", a.Allowed.String(), string(a.Finding.Code))
		case a.Allowed != policy.Unknown:
			add("allowed", a.Allowed.String())
		}
		if a.Sure != OneOf && len(a.Fields) < 2 && a.Causes[0] != InstanceRole && !(a.Causes[0] == SecretMissing) && !(a.Shape.ID == "denied-registry-secret") {
			statements("add", a.Add)
		}
		statements("permit", a.Allow.Statements)
		if a.Sure == Certain && a.Causes[0] == Trust && a.Trust.Statements != nil {
			add("trust")
		}
		if a.Sure == Certain && a.Causes[0] != SecretKey {
			for _, n := range a.Needs {
				if n.Kind == analyze.NeedThing {
					add("need", n.Thing, n.Name.String())
				} else {
					add("need", n.Name.String())
				}
			}
		}
		for _, n := range a.Notes {
			first, _, _ := strings.Cut(n, ":")
			if len(first) > 60 {
				first = first[:60]
			}
			add("note", first)
		}
	}
	for _, f := range d.Next {
		if f.Permission == nil {
			add("next", string(f.Code))
			continue
		}
		add("next", f.Permission.Action.Name, "on", f.Permission.Resource().String(), string(f.Kind))
	}
	return lines
}

// TestUnknown: what can be read from a text of no known form is read.
func TestUnknown(t *testing.T) {
	const principal = "arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef"
	d := diagnoseText(t, "A new error: ("+principal+") had no luck with 'ecr:DescribeRegistry' on arn:aws:ecr:us-east-1:111122223333:repository/web.")
	if len(d.Answers) != 0 || len(d.Unknown) != 1 {
		t.Fatalf("%+v", d)
	}
	f := d.Unknown[0].Facts
	if f.Principal != principal || f.Role != "web" || f.Action != "ecr:DescribeRegistry" || f.Resource != "arn:aws:ecr:us-east-1:111122223333:repository/web" {
		t.Errorf("%+v", f)
	}
}

// TestCutOff: a part of a name is not put into a command as if it were all of it; what is cut is said.
func TestCutOff(t *testing.T) {
	const (
		secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db"
		user   = "User: arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef is not authorized to perform: "
	)
	for _, tt := range []struct {
		text, cut string // the text, and what is cut off in it; "" for nothing
		settle    string // what the command ends in
	}{
		{"unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + secret + "-Ab", secret + "-Ab", "--resource-arns RESOURCE"},
		{"failed to fetch secret " + secret + "-AbCdEf from secrets manager: AccessDeniedException: " + user + "secretsmanager:GetSecretValue on resource: " + secret, secret, "--resource-arns RESOURCE"},
		{user + "secretsmanager:GetSecretValue on resource: " + secret + "-AbCdEf", "", "--resource-arns " + secret + "-AbCdEf"},
		{user + "secretsmanager:GetSecretValue on resource: " + secret + " because no identity-based policy allows", "", "--resource-arns " + secret},
		{user + "ssm:GetParameters on resource: arn:aws:ssm:us-east-1:111122223333:parameter/pro", "arn:aws:ssm:us-east-1:111122223333:parameter/pro", "--resource-arns RESOURCE"},
		{user + "ecr:GetAuthorizationToken on resource: *", "", "--resource-arns '*'"},
		{user + "logs:CreateLogStream on resource: arn:aws:logs:us-east-1:111122223333:log-group:web:log-stream:web/app/0123456789abcdef0123456789abcdef", "", ":log-stream:web/app/0123456789abcdef0123456789abcdef"},
		{"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 111122223333.dkr.ecr.us-east-1.amazonaws.com/web:la", "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:la", "docker manifest inspect IMAGE"},
	} {
		d := diagnoseText(t, tt.text)
		if len(d.Answers) != 1 {
			t.Errorf("%s: %+v", tt.text, d.Answers)
			continue
		}
		a := &d.Answers[0]
		if got := a.Settle(a.Causes[0]); !strings.HasSuffix(got, tt.settle) {
			t.Errorf("%s: %s", tt.text, got)
		}
		noted := slices.ContainsFunc(a.Notes, func(n string) bool { return strings.Contains(n, "cut off in or right behind "+tt.cut+".") })
		if noted != (tt.cut != "") || tt.cut != "" && !strings.Contains(a.Sentence(a.Causes[0]), tt.cut+"…") {
			t.Errorf("%s: %s %q", tt.text, a.Sentence(a.Causes[0]), a.Notes)
		}
	}
	// CloudTrail has whole messages.
	list, err := Read("trail", []byte(`{"eventSource": "ssm.amazonaws.com", "eventName": "GetParameters", "errorCode": "AccessDenied", "errorMessage": "`+user+`ssm:GetParameters on resource: arn:aws:ssm:us-east-1:111122223333:parameter/pro"}`))
	if err != nil {
		t.Fatal(err)
	}
	if a := Diagnose(list, Options{}).Answers[0]; a.Add == nil || strings.Contains(a.Settle(RoleLacks), "RESOURCE") {
		t.Errorf("%+v", a)
	}
}

// TestExitCodes: how the containers of a task ended is said.
func TestExitCodes(t *testing.T) {
	list, err := Read("tasks", []byte(`{"tasks": [{"stoppedReason": "Essential container in task exited", "containers": [{"name": "app", "exitCode": 137}, {"name": "log", "exitCode": 0}, {"name": "web", "exitCode": 3}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"The container app ended with exit code 137: it was killed, since it used more memory than it may, or did not stop in time when ECS asked it to.", "The container web ended with exit code 3."}
	if got := Diagnose(list, Options{}).Answers[0].Notes; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestSameReason: messages with the same words, which differ in what is written beside them, are different answers.
func TestSameReason(t *testing.T) {
	list, err := Read("failures", []byte(`{"failures": [{"arn": "arn:aws:ecs:us-east-1:111122223333:container-instance/a/1", "reason": "MISSING"}, {"arn": "arn:aws:ecs:us-east-1:111122223333:container-instance/a/2", "reason": "MISSING"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var resources []string
	for _, a := range Diagnose(list, Options{}).Answers {
		resources = append(resources, a.Facts.Resource)
	}
	if want := []string{"arn:aws:ecs:us-east-1:111122223333:container-instance/a/1", "arn:aws:ecs:us-east-1:111122223333:container-instance/a/2"}; !slices.Equal(resources, want) {
		t.Errorf("%q", resources)
	}
}

// TestRegistryRoot: the address of a registry alone is no image.
func TestRegistryRoot(t *testing.T) {
	for _, text := range []string{
		"CannotPullContainerError: Error response from daemon: Get https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/: Service Unavailable",
		"CannotPullContainerError: Error response from daemon: Get \"https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/\": Service Unavailable",
	} {
		if f := diagnoseText(t, text).Answers[0].Facts; f.Image != "" || f.Region != "us-east-1" {
			t.Errorf("%s: %+v", text, f)
		}
	}
}

// TestInfrastructure tests that diagnose recognizes the infrastructure role by the name of its session.
func TestInfrastructure(t *testing.T) {
	for _, session := range append(infrastructureSessions[:], "ECSFargateManagedInstances") {
		d := diagnoseText(t, "User: arn:aws:sts::111122223333:assumed-role/infra/"+session+" is not authorized to perform: ec2:CreateVolume on resource: arn:aws:ec2:us-east-1:111122223333:volume/* because no identity-based policy allows the ec2:CreateVolume action")
		if a := d.Answers[0]; a.Sure != Certain || a.Causes[0] != OtherRole || a.Add != nil || len(a.Notes) != 1 || !strings.HasSuffix(a.Notes[0], "as this role, which is not allowed ec2:CreateVolume.") {
			t.Errorf("%s: %s %v %q", session, a.Sure, a.Causes, a.Notes)
		}
	}
}

// TestIssuer: CloudTrail says the role with its path, which the ARN of a session does not have.
func TestIssuer(t *testing.T) {
	list, err := Read("trail", []byte(`{"eventSource": "ssm.amazonaws.com", "eventName": "GetParameters", "errorCode": "AccessDenied", "errorMessage": "User: arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:us-east-1:111122223333:parameter/p because no identity-based policy allows the ssm:GetParameters action", "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/web/0123456789abcdef0123456789abcdef", "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/service/web", "userName": "web"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if a := Diagnose(list, Options{}).Answers[0]; !strings.Contains(a.Settle(RoleLacks), "--policy-source-arn arn:aws:iam::111122223333:role/service/web ") {
		t.Error(a.Settle(RoleLacks))
	}
}
