package emit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
	"github.com/execrole/execrole/emit/internal/sample"
	"github.com/execrole/execrole/emit/report"
	"github.com/execrole/execrole/testdata/golden"
)

// FuzzAnalyze runs the whole pipeline, from bytes and a setting to files. The setting is a --set, or what its
// prefix says: "image:", "credspec:" with the spec itself, "credspec-secret:".
func FuzzAnalyze(f *testing.F) {
	for _, c := range golden.Cases(f) {
		input, _ := c.Section("input.json")
		setting := ""
		if len(c.Options.Set) > 0 {
			setting = c.Options.Set[0].Name + "=" + c.Options.Set[0].Value
		} else if len(c.Options.Image) > 0 {
			setting = "image:" + c.Options.Image[0].Name + "=" + c.Options.Image[0].Value
		} else if len(c.Options.CredSpecSecrets) > 0 {
			setting = "credspec-secret:" + c.Options.CredSpecSecrets[0]
			f.Add([]byte(input), `credspec:{"ActiveDirectoryConfig":{"HostAccountConfig":{"PluginInput":{"CredentialArn":"`+c.Options.CredSpecSecrets[0]+`"}}}}`)
			f.Add([]byte(input), `credspec:{"ActiveDirectoryConfig":{"HostAccountConfig":{"PluginInput":"{\"credentialArn\":\"`+c.Options.CredSpecSecrets[0]+`\"}"}}}`)
		}
		f.Add([]byte(input), setting)
	}
	for _, d := range golden.Documents(f) {
		// Templates, and plans of Terraform, have symbols, which some formats cannot write.
		if form, _, _ := strings.Cut(d.Name, "-"); form != "cloudformation" && form != "terraform" {
			f.Add(d.Inputs[0].Source, "")
		}
	}
	if golden.HasCorpus(f) {
		for i, file := range golden.Corpus(f, "taskdef", "describe") {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if i%10 == 0 {
				f.Add(src, "")
			}
		}
	}
	f.Fuzz(checkPipeline)
}

// checkOpen: what can be left open is left open in every format that can ask for values. Where everything is known, nothing
// changes but words that look like placeholders.
func checkOpen(t *testing.T, src []byte, opts analyze.Options, isKnown bool) {
	opts.Parameters = true
	plan, err := golden.Plan(src, opts)
	for _, finding := range plan.Findings {
		checkFinding(t, finding)
	}
	if isKnown && err != nil {
		t.Fatalf("an error with --parameters alone: %v", err)
	}
	role, err := plan.Role(policy.Options{})
	if err != nil {
		return
	}
	for s, info := range role.Symbols {
		if info.Pattern == "" && info.Meaning != policy.MeansRepositoryURI {
			t.Errorf("%q has no pattern", s)
		}
	}
	for _, f := range emit.Formats() {
		if !slices.Contains(f.Flags, "parameters") {
			continue
		}
		files, err := f.Emit(role, emit.Options{Source: "input.json"})
		if err != nil {
			if strings.Contains(err.Error(), "{{resolve:") || strings.Contains(err.Error(), "NFC") || strings.Contains(err.Error(), "takes for a value") {
				continue
			}
			t.Fatalf("format %s: %v", f.Name, err)
		}
		name, data := files[0].Name, files[0].Data
		var parsed any
		switch filepath.Ext(name) {
		case ".json":
			err = json.Unmarshal(data, &parsed)
		case ".yaml":
			err = yamlv3.Unmarshal(data, &parsed)
		case ".go":
			_, err = format.Source(data)
		case ".tf":
			if _, problems := hclsyntax.ParseConfig(data, name, hcl.InitialPos); problems.HasErrors() {
				err = problems
			}
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, data)
		}
	}
}

func checkPipeline(t *testing.T, src []byte, setting string) {
	var opts analyze.Options
	switch kind, value, _ := strings.Cut(setting, ":"); {
	case setting == "":
	case kind == "image":
		opts.Image = golden.Settings([]string{value})
	case kind == "credspec":
		opts.CredSpecs = []analyze.CredSpec{{File: "spec.json", Data: []byte(value)}}
	case kind == "credspec-secret":
		opts.CredSpecSecrets = []string{value}
	default:
		opts.Set = golden.Settings([]string{setting})
	}
	plan, err := golden.Plan(src, opts)
	if (err != nil) != (plan.Err() != nil) {
		t.Fatalf("the analysis says %v, its plan %v", err, plan.Err())
	}
	for _, finding := range plan.Findings {
		checkFinding(t, finding)
	}
	role, roleErr := plan.Role(policy.Options{})
	var limit policy.LimitError
	if (roleErr == nil) != (err == nil) && !errors.As(roleErr, &limit) {
		t.Fatalf("the plan says %v, its role %v", err, roleErr)
	}
	if !json.Valid(report.JSON(plan, role)) {
		t.Errorf("explain writes what is not JSON:\n%s", report.JSON(plan, role))
	}
	if text := report.Text(plan, role, false); !utf8.Valid(text) || analyze.PrintableLines(string(text)) != string(text) {
		t.Errorf("explain writes what is not printable:\n%q", text)
	}
	// A key or prefix may have ? for what a policy cannot hold; otherwise no input has a wildcard's effect.
	plain := !strings.ContainsFunc(string(src)+setting, func(r rune) bool { return !policy.Allowed(r) && !strings.ContainsRune("\t\r\n", r) }) &&
		!strings.ContainsAny(string(src)+setting, `\%`)
	for _, r := range plan.Requirements {
		checkResource(t, r, plain)
	}
	checkOpen(t, src, opts, err == nil)
	if roleErr != nil {
		return
	}
	own := policy.Environment{Partition: "aws-cn", Region: "cn-north-1", Account: "444455556666"}
	outputs := map[string]string{}
	for _, format := range emit.Formats() {
		files, err := format.Emit(sample.In(own, role), emit.Options{Source: "input.json"})
		if err != nil {
			if strings.Contains(err.Error(), "{{resolve:") {
				continue
			}
			t.Fatalf("format %s: %v", format.Name, err)
		}
		for _, file := range files {
			if file.Data == nil {
				continue
			}
			outputs[file.Name] = string(file.Data)
			var parsed any
			var err error
			switch {
			case strings.HasSuffix(file.Name, ".json"):
				err = json.Unmarshal(file.Data, &parsed)
			case strings.HasSuffix(file.Name, ".yaml"):
				err = yamlv3.Unmarshal(file.Data, &parsed)
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", file.Name, err, file.Data)
			}
			if strings.HasSuffix(file.Name, "-execution-policy.json") {
				checkWritten(t, parsed, role, own)
			}
		}
	}
	again, _ := golden.Plan(src, opts)
	second, err := again.Role(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range emit.Formats() {
		files, err := format.Emit(sample.In(own, second), emit.Options{Source: "input.json"})
		if err != nil {
			continue
		}
		for _, file := range files {
			if outputs[file.Name] != string(file.Data) {
				t.Errorf("%s differs on the second run:\n%s", file.Name, cmp.Diff(outputs[file.Name], string(file.Data)))
			}
		}
	}
}

// checkFinding checks that a finding is one line, and that its flags are words of a shell.
func checkFinding(t *testing.T, f analyze.Finding) {
	t.Helper()
	if s := f.String(); !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n") || analyze.Printable(s) != s || f.Message == "" || f.Rule == "" {
		t.Errorf("finding %q", s)
	}
	for _, flag := range f.Flags {
		words := golden.Words(flag)
		settable := len(words) == 2 && slices.Contains([]string{"--set", "--image", "--kms-key"}, words[0]) && strings.Contains(words[1], "=")
		if !settable && !slices.Contains([]string{"--credspec FILE", "--complete-arns", "--partial-arns"}, flag) {
			t.Errorf("flag %q reads as %q", flag, words)
		}
	}
}

// escapes are how a policy writes a wildcard that means itself.
var escapes = strings.NewReplacer("${*}", "", "${?}", "", "${$}", "")

// wildcards are those that the rules put at the end of a resource.
var wildcards = regexp.MustCompile(`^arn:[^:]+:(?:logs:[^:]+:[^:]+:log-group:[^:]+:(?:\*|log-stream:(?:\*|[^*]+/\*))|secretsmanager:[^:]+:[^:]+:secret:[^:]+-\?{6})$`)

// givenNames take the wildcards out of the names that ECS and AWS Batch give: a log group of Express Mode, the streams of a
// job definition without a name, and the proxy of Service Connect.
var givenNames = strings.NewReplacer("-????:log-stream:ecs/Main/*", ":log-stream:ecs/Main/*", ":log-stream:*/default/*", ":log-stream:job/default/*",
	"/ecs-service-connect-*/*", "/ecs-service-connect/*")

// checkResource checks that a resource has wildcards only where a rule put them. If plain is set, there is no
// reason for a ? in the place of a character.
func checkResource(t *testing.T, r analyze.Requirement, plain bool) {
	t.Helper()
	literal := r.Resource.Expand(escapes.Replace, func(policy.Symbol) string { return "symbol" })
	if r.Match == analyze.Each {
		literal = givenNames.Replace(literal)
	}
	if literal == "*" {
		if slices.ContainsFunc(r.Actions, func(a analyze.Action) bool {
			return a.Name != "ecr:GetAuthorizationToken" && a.Name != "fsx:DescribeFileSystems"
		}) {
			t.Errorf("%v on every resource", r.Actions)
		}
		return
	}
	if wildcards.MatchString(literal) {
		literal = strings.TrimSuffix(strings.TrimSuffix(literal, "*"), "-??????")
	}
	if !plain {
		literal = strings.ReplaceAll(literal, "?", "")
	}
	if strings.ContainsAny(literal, "*?$") || strings.ContainsFunc(literal, func(c rune) bool { return !policy.Allowed(c) }) {
		t.Errorf("the resource %q has what nobody escaped", r.Resource)
	}
	if r.Match == analyze.Exact && !plain && strings.Contains(escapes.Replace(r.Resource.String()), "?") {
		t.Errorf("the resource %q is called exact", r.Resource)
	}
}

// checkWritten checks that a written policy allows what the role does, resource by resource.
func checkWritten(t *testing.T, document any, role *policy.Role, own policy.Environment) {
	t.Helper()
	var got, want []string
	statements, _ := document.(map[string]any)["Statement"].([]any)
	for _, s := range statements {
		for _, a := range stringsOf(s.(map[string]any)["Action"]) {
			for _, r := range stringsOf(s.(map[string]any)["Resource"]) {
				got = append(got, a+" "+r)
			}
		}
	}
	values := own.Values()
	for _, s := range role.Policies()[0].Document.Statements {
		for _, a := range s.Actions {
			for _, r := range s.Resources {
				want = append(want, a+" "+r.Expand(func(s string) string { return s }, func(s policy.Symbol) string { return values[s] }))
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("permissions (-role +written):\n%s", diff)
	}
}

// stringsOf returns a string or a list of strings as a list.
func stringsOf(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var list []string
	for _, s := range v.([]any) {
		list = append(list, s.(string))
	}
	return list
}

// FuzzValues is FuzzAnalyze with the JSON around the values given: every mutation reaches the rules.
func FuzzValues(f *testing.F) {
	f.Add("111122223333.dkr.ecr.us-east-1.amazonaws.com/a/b:1@sha256:0123456789abcdef0123456789abcdef", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1B2c3:key::",
		"registry", "arn:aws:s3:::bucket/key*?$.env", "/ecs/web", "us-east-1", "$web", "X=y")
	f.Add("<REG>/{{ x `y` }}:$TAG", "/aws/reference/secretsmanager/a!b", "arn:aws:secretsmanager:cn-north-1:111122223333:secret:db-config",
		"https://s3-x.s3.dualstack.us-west-2.amazonaws.com/a%20b/%E6%97%A5.env", "$G", "REGION", "%P%/[x]", "REG=111122223333.dkr-ecr.REGION.on.aws")
	f.Add("REPO:TAG", "arn:aws:ssm:REGION:ACCOUNT:parameter:/a:3", "a b", "s3://bucket/${K}", "g", "eusc-de-east-1", "日\u0085", "REPO=REPO/REPO:REPO@REPO")
	f.Add("K.dkr.ecr..amazonaws.com.cn/x", "arn:aws:ssm:us-east-1::parameter/aws/service/x", "rds!x", "arn:aws:s3:::BUCKET/<K>", "a#b", "us-gov-west-1", "", "BUCKET=my-bucket")
	f.Fuzz(func(t *testing.T, image, valueFrom, credentials, object, group, region, prefix, setting string) {
		src, err := json.Marshal(map[string]any{
			"family": "web", "executionRoleArn": "arn:aws:iam::111122223333:role/" + group,
			"containerDefinitions": []any{
				map[string]any{
					"name": "app", "image": image,
					"secrets":          []any{map[string]any{"name": group, "valueFrom": valueFrom}},
					"environmentFiles": []any{map[string]any{"type": "s3", "value": object}},
					"logConfiguration": map[string]any{
						"logDriver":     "awslogs",
						"options":       map[string]any{"awslogs-group": group, "awslogs-region": region, "awslogs-stream-prefix": prefix, "awslogs-create-group": "true"},
						"secretOptions": []any{map[string]any{"name": region, "valueFrom": credentials}},
					},
				},
				map[string]any{
					"name": prefix, "image": "nginx",
					"repositoryCredentials": map[string]any{"credentialsParameter": credentials},
					"credentialSpecs":       []any{"credentialspec:" + object},
					"firelensConfiguration": map[string]any{"type": "fluentbit", "options": map[string]any{"config-file-type": "s3", "config-file-value": object}},
				},
			},
			"volumes": []any{map[string]any{"fsxWindowsFileServerVolumeConfiguration": map[string]any{
				"authorizationConfig": map[string]any{"credentialsParameter": valueFrom},
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		checkPipeline(t, src, setting)
	})
}

// TestValuesOfTokens puts together values from what the rules look for, one field at a time, so that most parts
// of a value are right and one is not.
func TestValuesOfTokens(t *testing.T) {
	fields := []string{
		`"name":"app","image":%s`,
		`"name":"app","image":"nginx","secrets":[{"name":"A","valueFrom":%s}]`,
		`"name":"app","image":"nginx","repositoryCredentials":{"credentialsParameter":%s}`,
		`"name":"app","image":"nginx","environmentFiles":[{"type":"s3","value":%s}]`,
		`"name":"app","image":"nginx","logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":%s,"awslogs-region":"us-east-1","awslogs-stream-prefix":"web"}}`,
		`"name":"app","image":"nginx","logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/web","awslogs-region":%s,"awslogs-create-group":"1"}}`,
		`"name":"app","image":"nginx","logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/web","awslogs-region":"us-east-1","awslogs-stream-prefix":%s}}`,
		`"image":"nginx","logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/web","awslogs-region":"us-east-1","awslogs-stream-prefix":"web"}},"name":%s`,
		`"name":"app","image":"nginx","credentialSpecs":[%s]`,
		`"name":"app","image":"nginx","firelensConfiguration":{"type":"fluentbit","options":{"config-file-type":"s3","config-file-value":%s}}`,
	}
	tokens := []string{
		"111122223333.dkr.ecr.us-east-1.amazonaws.com/", "444455556666.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/", "REG.dkr.ecr.", ".amazonaws.com", "web", "/", ":1", "@sha256:", "0123456789abcdef0123456789abcdef",
		"arn:aws:secretsmanager:us-east-1:111122223333:secret:", "arn:aws:ssm:us-east-1:111122223333:parameter", "arn:aws:ssm:us-east-1::", "arn:aws:s3:::bucket/", "arn:", "aws", "us-east-1", "111122223333",
		"-a1B2c3", "-config", ":key::", "/aws/reference/secretsmanager/", "/aws/service/", "s3://bucket/", "https://bucket.s3.amazonaws.com/", "https://s3-x.s3.", "%2F", "%00", "credentialspec:", "credentialspecdomainless:", "file://",
		"*", "?", "$", "${", "}", "<X>", "${X}", "$X", "$x", "{{ f `X` }}", "%X%", "[X]", "{x}", "X", "é", "日", "\U0001f600", "\n", "\t", "\x7f", "\"", "'", "\\", " ", "", ".env", "#", "!", "=", "-", "_", ".", ":", "@", "${AWS::Region}", "{{resolve:ssm:a}}",
	}
	settings := []string{"", "", "X=web", "X=$X*?", "REG=111122223333", "x=<x>", "image:app=111122223333.dkr.ecr.us-east-1.amazonaws.com/${X}", "credspec-secret:arn:aws:secretsmanager:us-east-1:111122223333:secret:a-*"}
	random := rand.New(rand.NewPCG(3, 4))
	roles := 0
	for range 10_000 {
		var value strings.Builder
		for range 1 + random.IntN(5) {
			value.WriteString(tokens[random.IntN(len(tokens))])
		}
		quoted, err := json.Marshal(value.String())
		if err != nil {
			t.Fatal(err)
		}
		src := fmt.Sprintf(`{"family":"web","containerDefinitions":[{`+fields[random.IntN(len(fields))]+`}]}`, quoted)
		setting := settings[random.IntN(len(settings))]
		if plan, err := golden.Plan([]byte(src), analyze.Options{}); err == nil && len(plan.Requirements) > 0 {
			roles++
		}
		checkPipeline(t, []byte(src), setting)
		if t.Failed() {
			t.Fatalf("setting %q, input %s", setting, src)
		}
	}
	if roles < 500 {
		t.Errorf("only %d values gave permissions: the others test little", roles)
	}
}
