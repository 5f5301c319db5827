package taskdef

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/execrole/execrole/analyze/tree"
)

// inState returns a state with one task definition, web, of which the attributes are those.
func inState(attributes string) string {
	return `{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"aws_ecs_task_definition.web","mode":"managed","type":"aws_ecs_task_definition","values":{` + attributes + `}}]}}}`
}

// inPlan returns a plan with one task definition, web, and what is unknown of it.
func inPlan(attributes, unknown string) string {
	return `{"format_version":"1.2","terraform_version":"1","planned_values":{"root_module":{"resources":[{"address":"aws_ecs_task_definition.web","mode":"managed","type":"aws_ecs_task_definition","values":{` +
		attributes + `}}]}},"resource_changes":[{"address":"aws_ecs_task_definition.web","change":{"after_unknown":{` + unknown + `}}}]}`
}

// containersAttribute returns the attribute container_definitions with that text.
func containersAttribute(text string) string {
	quoted, _ := json.Marshal(text)
	return `"container_definitions":` + string(quoted)
}

var oneContainer = containersAttribute(`[{"name":"web","image":"x"}]`)

// TestTerraformProblems: what cannot be read of a plan or a state has an error, and each resource its own.
func TestTerraformProblems(t *testing.T) {
	plan := func(change, to string) string { return strings.Replace(inPlan(oneContainer, ``), change, to, 1) }
	const web = "aws_ecs_task_definition.web"
	for in, want := range map[string]string{
		`{"format_version":"1.0"}`:                                     `{"format_ver: the state has no resource of type aws_ecs_task_definition or aws_batch_job_definition`,
		`{"format_version":"1.0","terraform_version":"1","values":{}}`: `{"format_ver: the state has no resource of type aws_ecs_task_definition or aws_batch_job_definition`,
		`{"format_version":"1.0","planned_values":{"root_module":{}}}`: `{"format_ver: the plan has no resource of type aws_ecs_task_definition or aws_batch_job_definition`,
		`{"format_version":"1.0","terraform_version":"1","checks":[]}`: `{"format_ver: Terraform wrote this, and it is neither a plan nor a state: pass what terraform show -json prints of one`,
		`{"version":3,"terraform_version":"0.11.1","lineage":"x"}`:     `3,"terraform: a state of version 3 is not read: pass what terraform show -json prints`,
		`{"version":4,"terraform_version":"1","resources":[]}`:         `{"version":4: the state has no resource of type aws_ecs_task_definition or aws_batch_job_definition`,

		inState(`"family":"x"`):                                                                                      `{"family":"x: ` + web + ` has no container_definitions`,
		inState(`"container_definitions":null`):                                                                      `{"container_: ` + web + ` has no container_definitions`,
		inState(`"container_definitions":[]`):                                                                        `[]}}]}}}: container_definitions of ` + web + ` is a list: Terraform writes it as a string of JSON`,
		inState(`"container_definitions":"[]"`):                                                                      `[]"}}]}}}: containerDefinitions is empty: a task definition has at least one container`,
		inState(`"container_definitions":"{\"a\":[1,]}"`):                                                            `,]}"}}]}}}: in the string container_definitions: a comma before "]": JSON has none after the last element`,
		inState(`"container_definitions":"[{\"a\":1,\"a\":2}]"`):                                                     `\"a\":2}]"}}: in the string container_definitions: "a" is here a second time, with another value; the first one is at 1:191`,
		strings.Replace(inState(``), `"values":{}}]`, `"x":1}]`, 1):                                                  `{"address":": ` + web + ` has no values`,
		strings.Replace(inState(oneContainer), `managed`, `data`, 1):                                                 `{"format_ver: the state has no resource of type aws_ecs_task_definition or aws_batch_job_definition; data.aws_ecs_task_definition is not the definition itself: use aws ecs describe-task-definition`,
		inState(oneContainer + `,"new_thing":1`):                                                                     `web "new_thing":: ECS has no member "new_thing" here`,
		inState(oneContainer + `,"runtime_platform":[{},{}]`):                                                        `web [{},{}]}}]}}: runtimePlatform is a list; ECS wants an object`,
		inPlan(``, `"container_definitions":true`):                                                                   `{"address":": container_definitions of ` + web + ` is unknown until apply: it is one string, and one unknown part hides all of it from the plan; ` + stateKnows,
		inPlan(``, `"container_definitions":true}}},{"address":"`+web+`","deposed":"0","change":{"after_unknown":{`): `{"address":": container_definitions of ` + web + ` is unknown`,
		inState(`"family":"x"},"deposed_key":"0","x":{`):                                                             `{"format_ver: the state has no resource`,
		plan(`"after_unknown":{}`, `"after_unknown":true`):                                                           `{"address":": container_definitions of ` + web + ` is unknown until apply: it is one string`,
		inPlan(oneContainer, `"requires_compatibilities":true`):                                                      `web {"container_: requires_compatibilities of ` + web + ` is unknown until apply; ` + stateKnows,
		plan(`"resource_changes"`, `"errored":true,"resource_changes"`):                                              `web true,"resour: terraform plan ended with an error: task definitions can be missing from the plan`,
		plan(`"resource_changes"`, `"deferred_changes":[{"resource_change":{"address":"a.b","type":"aws_ecs_task_definition"}}],"resource_changes"`): `web {"address":": a.b is deferred to a later plan; ` + stateKnows,
		plan(oneContainer+"}}", `}},{"address":"c.d","mode":"managed","type":"aws_batch_job_definition","values":{}},{"address":"e","type":"aws_ecs_task_definition"}`): `{}},{"addres: ` + web + ` has no container_definitions ` +
			`{}},{"addres: the job definition has none of containerProperties, ecsProperties and nodeProperties with containers in them {"address":": e has no values`,
	} {
		tds, problems := Read("f", []byte(in), Options{})
		var got []string
		for _, td := range tds {
			r := td.Reader()
			got = append(got, strings.TrimPrefix(r.Name(), "aws_ecs_task_definition."))
			for v, message := range r.Unknown() {
				problems = append(problems, Problem{At: v.NameRef(), Message: message})
			}
			problems = append(problems, r.Problems()...)
		}
		for _, p := range problems {
			got = append(got, fmt.Sprintf("%.12s: %s", in[p.At.Offset:], p.Message))
		}
		if s := strings.Join(got, " "); !strings.HasPrefix(s, want) {
			t.Errorf("%s\n%s\nwant %s", in, s, want)
		}
	}
}

// TestPlacesInTerraform: pointers lead on into the string of JSON and are those of Terraform's attributes, and --set takes
// them. At each place is the value.
func TestPlacesInTerraform(t *testing.T) {
	src := inState(containersAttribute("[\n{\"name\":\"w\\u0065b\",\"image\":\"x\",\"secrets\":[{\"name\":\"A\",\"valueFrom\":\"/é\\\"<A>\"}]}]") +
		`,"execution_role_arn":"r","runtime_platform":[{"cpu_architecture":"c","operating_system_family":"o"}],"tags":{"k/ey":"t"},"volume":[` +
		`{"name":"n","host_path":"h"},{"name":"","fsx_windows_file_server_volume_configuration":[{"authorization_config":[{"domain":"d","credentials_parameter":"p"}]}],"docker_volume_configuration":[{"labels":{"l_l":""}}]}]` +
		`,"proxy_configuration":[{"container_name":"e","properties":{"P_P":"8"},"type":"APPMESH"}],"placement_constraints":[{"type":"t","expression":""}]`)
	const top = "/values/root_module/resources/0/values/"
	want := map[string]string{
		"container_definitions/0/name": "web", "container_definitions/0/image": "x", "container_definitions/0/secrets/0/name": "A",
		"container_definitions/0/secrets/0/valueFrom": `/é"<A>`, "execution_role_arn": "r", "runtime_platform/0/cpu_architecture": "c",
		"runtime_platform/0/operating_system_family": "o", "tags/k~1ey": "t", "volume/0/name": "n", "volume/0/host_path": "h",
		"volume/1/fsx_windows_file_server_volume_configuration/0/authorization_config/0/domain":                "d",
		"volume/1/fsx_windows_file_server_volume_configuration/0/authorization_config/0/credentials_parameter": "p",
		"volume/1/docker_volume_configuration/0/labels/l_l":                                                    "", "proxy_configuration/0/container_name": "e",
		"proxy_configuration/0/properties/P_P": "8", "proxy_configuration/0/type": "APPMESH", "placement_constraints/0/type": "t",
	}
	tds, problems := Read("f", []byte(src), Options{})
	if len(tds) != 1 || len(problems) > 0 {
		t.Fatal(problems)
	}
	var set []Setting
	for v := range tds[0].Reader().Root().Strings() {
		text, _ := v.Text()
		name, ok := strings.CutPrefix(v.Ref().Pointer, top)
		if name == "tags" && text == "k/ey" || name == "proxy_configuration/0/properties" && text == "P_P" {
			continue // the name of a pair cannot be set
		}
		if !ok || want[name] != text.String() {
			t.Errorf("%s is %q", v.Ref().Pointer, text)
		}
		delete(want, name)
		set = append(set, Setting{top + name, "set " + name})
		if name == "volume/0/host_path" {
			continue // its place is that of the object around it
		}
		doc, _ := tree.ReadJSON("", []byte(src))
		if n := doc.Root.Find(v.Ref().Pointer, (*tree.Node).Member); n != nil && n.Start != v.Ref().Offset {
			t.Errorf("%s is at %d, want %d", name, v.Ref().Offset, n.Start)
		}
	}
	if len(want) > 0 {
		t.Errorf("not read: %v", want)
	}
	tds, problems = Read("f", []byte(src), Options{Set: set})
	var got []string
	for v := range tds[0].Reader().Root().Strings() {
		if text, _ := v.Text(); text.HasPrefix("set ") && strings.TrimPrefix(v.Ref().Pointer, top) == string(text[4:]) {
			got = append(got, string(text[4:]))
		}
	}
	if len(got) != len(set) || len(problems) > 0 {
		t.Errorf("%d of %d values are set: %q %v", len(got), len(set), got, problems)
	}
	tds, _ = Read("f", []byte(src), Options{Set: []Setting{{"A", "a"}}})
	if got := texts(tds[0].Reader().Root().Each("containerDefinitions", "secrets", "valueFrom")); !slices.Equal(got, []string{`/é"a`}) {
		t.Errorf("set by name: %q", got)
	}
}

// TestUnknownInPlans: an unknown attribute is a symbol, which --set replaces by its name or its pointer. One that nobody set
// is absent.
func TestUnknownInPlans(t *testing.T) {
	src := inPlan(oneContainer+`,"requires_compatibilities":["EC2",null],"volume":[{"name":"a","efs_volume_configuration":[{}]}]`,
		`"arn":true,"network_mode":true,"enable_fault_injection":true,"execution_role_arn":true,"tags_all":true,"requires_compatibilities":[false,true],`+
			`"volume":[{"configure_at_launch":true,"host_path":true,"efs_volume_configuration":[{"file_system_id":true}]}]`)
	const address = "aws_ecs_task_definition.web."
	read := func(set ...Setting) map[string]string {
		tds, problems := Read("f", []byte(src), Options{Set: set})
		if len(tds) != 1 || len(problems) > 0 {
			t.Fatal(problems)
		}
		list := map[string]string{}
		for v := range tds[0].Reader().Root().Strings() {
			if text, _ := v.Text(); !text.IsLiteral() || strings.HasPrefix(text.String(), "set") {
				list[v.Path()] = text.String()
			}
		}
		return list
	}
	want := map[string]string{
		"executionRoleArn": "${" + address + "execution_role_arn}", "requiresCompatibilities[]": "${" + address + "requires_compatibilities.1}",
		"volumes[].efsVolumeConfiguration.fileSystemId": "${" + address + "volume.0.efs_volume_configuration.0.file_system_id}",
		"volumes[].host.sourcePath":                     "${" + address + "volume.0.host_path}",
	}
	if got := read(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("unknown: %q\nwant %q", got, want)
	}
	want["executionRoleArn"], want["volumes[].efsVolumeConfiguration.fileSystemId"] = "set1", "set2"
	got := read(Setting{address + "execution_role_arn", "set1"}, Setting{"/planned_values/root_module/resources/0/values/volume/0/efs_volume_configuration/0/file_system_id", "set2"})
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("set: %q\nwant %q", got, want)
	}
}

// TestTerraformConfiguration: the configuration of a plan says what a hidden attribute refers to, and the region.
func TestTerraformConfiguration(t *testing.T) {
	const configuration = `{"provider_config":{"module.m:aws":{"expressions":{"region":{"constant_value":"eu-west-1"}}}},"root_module":{"module_calls":{"m":{"module":{"resources":[
{"address":"aws_ecs_task_definition.web","provider_config_key":"module.m:aws","expressions":{"container_definitions":{"references":["var.a","aws_b.c.d","aws_b.c","aws_b.c.d"]}}}]}}}}}`
	in := func(unknown string) string {
		src := strings.ReplaceAll(inPlan(oneContainer, unknown), "aws_ecs_task_definition.web", `module.m[\"x].y\\\"\"].aws_ecs_task_definition.web[0]`)
		return strings.TrimSuffix(src, "}") + `,"configuration":` + configuration + "}"
	}
	_, problems := Read("f", []byte(in(`"container_definitions":true`)), Options{})
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "it is one string that refers to var.a, aws_b.c.d, and one unknown part ") {
		t.Error(problems)
	}
	tds, _ := Read("f", []byte(in(``)), Options{})
	if region := tds[0].Reader().Region(); region != "eu-west-1" {
		t.Errorf("region %q", region)
	}
	tds, _ = Read("f", []byte(inState(oneContainer+`,"region":"eu-west-3"`)), Options{})
	if region := tds[0].Reader().Region(); region != "eu-west-3" {
		t.Errorf("region of the resource %q", region)
	}
}

// TestServicesInTerraform: what a service in a plan refers to is its task definition. Where that can be several, an error names
// the flag; where nothing depends on it, there is none.
func TestServicesInTerraform(t *testing.T) {
	const logs = `"service_connect_configuration":[{"log_configuration":[{"log_driver":"splunk"}]}]`
	tasks := func(addresses ...string) (list string) {
		for _, a := range addresses {
			a = strings.ReplaceAll(a, `"`, `\"`)
			list += fmt.Sprintf(`,{"address":"%s","mode":"managed","type":"aws_ecs_task_definition","values":{"family":"f","container_definitions":"[{\"image\":\"x\"}]"}}`, a)
		}
		return list
	}
	for _, c := range []struct{ name, service, values, tasks, references, set, want string }{
		{"one", "s", logs, tasks("T.a"), `"T.a.arn","T.a"`, "", "T.a"},
		{"no reference", "s", logs, tasks("T.a"), ``, "", "T.a"},
		{"one of several", "s", logs, tasks("T.a", "T.b"), `"T.b.arn","T.b"`, "", "T.b"},
		{"the only instance", "s", logs, tasks("T.a[0]", "T.b"), `"T.a.arn","T.a"`, "", "T.a[0]"},
		{"an instance", "s", logs, tasks("T.a[0]", "T.a[1]"), `"T.a[1].arn","T.a[1]","T.a"`, "", "T.a[1]"},
		{"the same key", `s["x"]`, logs, tasks(`T.a["x"]`, `T.a["y"]`), `"T.a","each.key"`, "", `T.a["x"]`},
		{"no key", "s", logs, tasks("T.a[0]", "T.a[1]", "T.b"), `"T.a","count.index"`, "", "cannot: task_definition of aws_ecs_service.s is unknown until apply: it is one string that refers to T.a, count.index, and can be that of T.a[0], T.a[1]; add --set \"aws_ecs_service.s.task_definition=FAMILY\", or " + stateKnows},
		{"a local value", "s", logs, tasks("T.a", "T.b"), `"local.x"`, "", "cannot: task_definition of aws_ecs_service.s is unknown until apply: it is one string that refers to local.x, and can be that of T.a, T.b; "},
		{"nothing depends on it", "s", `"service_connect_configuration":[]`, tasks("T.a", "T.b"), `"local.x"`, "", ""},
		{"none", "s", logs, "", `"local.x"`, "", "there is none"},
		{"a module around itself", "s", logs, tasks("T.a", "T.b"), `"module.m.o"`, "", "cannot: task_definition"},
		{"set", "s", logs, tasks("T.a", "T.b"), `"local.x"`, "g", "left out"},
	} {
		src := inPlan(oneContainer, "")
		src = src[:strings.Index(src, `{"address"`)] + fmt.Sprintf(`{"address":"aws_ecs_service.%s","mode":"managed","type":"aws_ecs_service","values":{%s}}%s]}},`, strings.ReplaceAll(c.service, `"`, `\"`), c.values, c.tasks) +
			fmt.Sprintf(`"resource_changes":[{"address":"aws_ecs_service.%s","change":{"after_unknown":{"task_definition":true}}}],`, strings.ReplaceAll(c.service, `"`, `\"`)) +
			`"configuration":{"root_module":{"module_calls":{"m":{"expressions":{"v":{"references":["module.m.o"]}},"module":{"outputs":{"o":{"expression":{"references":["var.v","var.v"]}}}}}},` +
			fmt.Sprintf(`"resources":[{"address":"aws_ecs_service.s","expressions":{"task_definition":{"references":[%s]}}}]}}}`, c.references)
		src = strings.ReplaceAll(src, "T.", "aws_ecs_task_definition.")
		var opts Options
		if c.set != "" {
			opts.Set = []Setting{{"aws_ecs_service.s.task_definition", c.set}}
		}
		tds, problems := Read("f", []byte(src), opts)
		got := ""
		for _, td := range tds {
			for v := range td.Reader().Root().Each("taskDefinitionArn") {
				text, _ := v.Text()
				symbol, _, _ := text.CutSymbol()
				got += string(symbol)
			}
		}
		for _, p := range problems {
			switch {
			case p.Note:
				got += "left out"
			case strings.HasPrefix(p.Message, "the plan has no resource"):
				got += "there is none"
			default:
				got += "cannot: " + p.Message
			}
		}
		if want := strings.ReplaceAll(c.want, "T.", "aws_ecs_task_definition."); !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: %s, want %s\n%s", c.name, got, want, src)
		}
	}
}

// TestKeysInTerraform: the keys of secrets, parameters and buckets, and the secrets that exist.
func TestKeysInTerraform(t *testing.T) {
	resource := func(mode, kind, values string) string {
		return fmt.Sprintf(`{"address":"%s.a","mode":"%s","type":"%s","values":{%s}}`, kind, mode, kind, values)
	}
	bucketRule := func(key string) string {
		return `"rule":[{"apply_server_side_encryption_by_default":[{"kms_master_key_id":"` + key + `"}]}]`
	}
	src := inState(oneContainer)
	src = strings.Replace(src, `"resources":[`, `"resources":[`+strings.Join([]string{
		resource("managed", "aws_secretsmanager_secret", `"arn":"arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a-a1B2c3","name":"a","kms_key_id":"mrk-1"`),
		resource("managed", "aws_secretsmanager_secret", `"name":"b","kms_key_id":"arn:aws:kms:eu-west-1:111122223333:alias/aws/secretsmanager"`),
		resource("data", "aws_secretsmanager_secret", `"name":"c","kms_key_id":"1-2"`),
		resource("managed", "aws_ssm_parameter", `"name":"d","key_id":"alias/d"`),
		resource("managed", "aws_ssm_parameter", `"name":"e","key_id":"alias/aws/ssm"`),
		resource("data", "aws_ssm_parameter", `"name":"f","key_id":"alias/f"`),
		resource("managed", "aws_s3_bucket_server_side_encryption_configuration", `"bucket":"g",`+bucketRule("arn:aws:kms:eu-west-1:111122223333:key/1")),
		resource("managed", "aws_s3_bucket", `"bucket":"g","server_side_encryption_configuration":[{`+bucketRule("arn:aws:kms:eu-west-1:111122223333:key/1")+`}]`),
		resource("managed", "aws_s3_bucket_server_side_encryption_configuration", `"bucket":"h",`+bucketRule("")),
		resource("managed", "aws_secretsmanager_secret", `"name":null,"kms_key_id":null`),
	}, ",")+",", 1)
	tds, problems := Read("f", []byte(src), Options{})
	if len(tds) != 1 {
		t.Fatal(problems)
	}
	var got []string
	for _, k := range tds[0].Reader().Keys() {
		got = append(got, strings.Join(k.Refs, ",")+": "+k.Key.String())
	}
	want := []string{
		"arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a-a1B2c3,a: arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1",
		"c: arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/1-2", "d: alias/d", "g: arn:aws:kms:eu-west-1:111122223333:key/1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys\n%q, want\n%q", got, want)
	}
	if r := tds[0].Reader(); !r.Exists("arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a-a1B2c3") || r.Exists("") || r.Exists("a") {
		t.Error("the secrets that exist")
	}

	// A plan knows that a secret has a key, but not which. A data source is in what was read before.
	src = inPlan(oneContainer, ``)
	src = strings.Replace(src, `"resources":[`, `"resources":[{"address":"s","type":"aws_secretsmanager_secret","values":{"name":"a"}},`, 1)
	src = strings.Replace(src, `"resource_changes":[`, `"prior_state":{"values":{"root_module":{"resources":[`+resource("data", "aws_secretsmanager_secret", `"name":"b","kms_key_id":"alias/b"`)+
		","+resource("managed", "aws_secretsmanager_secret", `"name":"a","kms_key_id":"alias/before"`)+`]}}},"resource_changes":[{"address":"s","change":{"after_unknown":{"arn":true,"kms_key_id":true}}},`, 1)
	if tds, problems = Read("f", []byte(src), Options{}); len(tds) != 1 {
		t.Fatal(problems)
	}
	got = nil
	for _, k := range tds[0].Reader().KeysOf([]string{"b", "a", "b", "c"}) {
		got = append(got, strings.Join(k.Refs, ",")+": "+k.Key.String())
	}
	if want = []string{"a: ${s.kms_key_id}", "b: alias/b"}; !slices.Equal(got, want) {
		t.Errorf("keys of a plan %q, want %q", got, want)
	}
}

// FuzzTerraform: whatever a plan or a state says, there is a task definition or an error, every place is in the input, and
// --set finds every string by its pointer.
func FuzzTerraform(f *testing.F) {
	for _, s := range []string{
		inState(oneContainer + `,"volume":[{"host_path":"h","efs_volume_configuration":[{"file_system_id":"f"}]}],"tags":{"a":"b","a/b":"~"}`),
		inPlan(oneContainer, `"execution_role_arn":true,"volume":[{"host_path":true}],"requires_compatibilities":[true]`),
		inPlan(oneContainer+`,"requires_compatibilities":[null],"volume":[{"fsx_windows_file_server_volume_configuration":[{}]}]`,
			`"requires_compatibilities":[true],"volume":[{"fsx_windows_file_server_volume_configuration":[{"file_system_id":true,"authorization_config":true}]}]`),
		inState(containersAttribute(`{"image":"<A>","Name":"x","secrets":[{"valueFrom":"\u00e9"}]}`) + `,"memory":"","me_mory":"1","proxy_configuration":[{"properties":{"a":1,"b":""}}]`),
		`{"version":4,"terraform_version":"1","resources":[{"mode":"managed","type":"aws_ecs_task_definition","name":"a","instances":[{"index_key":"b","attributes":{` + oneContainer + `}}]}]}`,
		strings.Replace(inPlan(oneContainer, `"launch_type":true`), `"resources":[`, `"resources":[{"address":"a.b","type":"aws_ecs_service","values":{"task_definition":"f:1","service_connect_configuration":[{"log_configuration":[{"options":{"a":"b"},"secret_option":[{"value_from":"x"}]}]}]}},`, 1),
		"a:\ra:", // a warning before the error
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if strings.HasPrefix(src, "\xfe\xff") || strings.HasPrefix(src, "\xff\xfe") {
			return // UTF-16, whose offsets are those of the text in UTF-8
		}
		tds, problems := Read("f", []byte(src), Options{})
		if len(tds) == 0 && !slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning && !p.Note }) {
			t.Fatal("neither a task definition nor an error")
		}
		for _, p := range problems {
			if p.At.Offset < 0 || p.At.Offset > len(src) || p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
		if len(tds) == 0 || !strings.Contains(src, "terraform") && !strings.Contains(src, "format_version") {
			return
		}
		var set []Setting
		seen := map[string]bool{}
		for v := range tds[0].Reader().Root().Strings() {
			pointer := v.Ref().Pointer
			if pointer == "" || v.Ref().Offset > len(src) {
				t.Errorf("%q at %d", pointer, v.Ref().Offset)
			}
			if seen[pointer] || tds[0].Reader().Name() == "" {
				continue
			}
			seen[pointer] = true
			set = append(set, Setting{pointer, "set " + pointer})
		}
		again, problems := Read("f", []byte(src), Options{Set: set})
		if len(again) == 0 {
			t.Fatal(problems)
		}
		for v := range again[0].Reader().Root().Strings() {
			delete(seen, strings.TrimPrefix(textIn(v), "set "))
		}
		for _, p := range problems {
			for pointer := range seen {
				if strings.HasPrefix(p.Message, "--set "+pointer+": there is ") {
					delete(seen, pointer) // the name of a pair
				}
			}
		}
		if len(seen) > 0 {
			t.Errorf("not set: %v %v", seen, problems)
		}
	})
}

// textIn returns the text of a string.
func textIn(v Value) string {
	text, _ := v.Text()
	return text.String()
}
