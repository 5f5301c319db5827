package analyze

import (
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
	"github.com/execrole/execrole/analyze/tree"
)

var firelensConfig = &Rule{
	ID:     "firelens-config",
	Title:  "FireLens configuration in Amazon S3",
	Why:    "ECS fetches the log router's configuration from S3 before it starts the router.",
	Doc:    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef-customconfig.html",
	Fields: []string{"containerDefinitions[].firelensConfiguration.options"},
	Grants: []*Grant{getFirelensConfig, locateFirelensConfig, useKey},
	check:  checkFirelensConfig,
}

var (
	// Source: agent/taskresource/firelens/firelens_unix.go
	getFirelensConfig    = getFile.variant(Grant{Shown: "Unable to download firelens s3 config file: … AccessDenied", Agent: "1.31.0"})
	locateFirelensConfig = locateBucket.variant(Grant{Why: locateBucket.Why, Agent: "1.31.0"})
)

// firelensOptions are the options of a FireLens configuration.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_FirelensConfiguration.html
var firelensOptions = []string{"config-file-type", "config-file-value", "enable-ecs-log-metadata"}

func checkFirelensConfig(p *pass, td taskdef.Value) {
	for options := range td.Each("containerDefinitions", "firelensConfiguration", "options") {
		for name, value := range options.Members() {
			if near := tree.Nearest(name, firelensOptions); near != "" && name != near {
				p.find(Warning, value.NameRef(), nil, "FireLens has no option %q; did you mean %q?", name, near)
			}
		}
		for v := range options.Each("config-file-value") {
			typed := false
			for _, kind := range options.Scalars("config-file-type") {
				typed = typed || kind != ""
			}
			if !typed {
				p.Warnf(v, "config-file-value without config-file-type: FireLens does not read the file; say \"s3\" or \"file\"")
			}
		}
		for kind := range options.Each("config-file-type") {
			p.checkFirelensType(td, options, kind)
		}
	}
}

func (p *pass) checkFirelensType(td, options, kind taskdef.Value) {
	t, _ := kind.Text()
	switch list := slices.Concat(placeholders(t, false), p.open(t)); {
	case t == "file": // in the image or on a volume
		for v := range options.Each("config-file-value") {
			if t, _ := v.Text(); !kind.ChosenBelow(options) && (t.HasPrefix("arn:") || t.HasPrefix("s3://")) {
				p.Warnf(v, "config-file-value %s is in S3, and config-file-type \"file\" means a file in the container: FireLens does not find it. On EC2, \"s3\" reads it; Fargate has no such type. %s", quote(t), onePermissionLost)
			}
		}
	case t == "s3":
		if onFargate(td) {
			p.Warnf(kind, "FireLens configuration in S3: Fargate takes only config-file-type \"file\"")
		}
		for v := range options.EachOrAbsent("config-file-value") {
			if t, ok := v.Text(); !ok || t == "" {
				p.Errorf(v, "FireLens configuration in S3 without config-file-value: give the ARN of an object in S3")
				continue
			}
			p.requireObject(v, "config-file-value", getFirelensConfig, locateFirelensConfig)
		}
	case len(list) > 0:
		p.Unknown(kind, "config-file-type", list)
	default:
		p.Wrong(kind, "config-file-type", "FireLens has \"s3\" and \"file\"")
	}
}

// firelensOutputs are the destinations of FireLens in AWS, as the option Name (Fluent Bit) or @type (Fluentd)
// names them, and what the task role needs for them: the log router runs as a container of the task.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html and the plug-ins' own pages
var firelensOutputs = [...]struct {
	name  policy.Text
	needs string
}{
	{"cloudwatch", "logs:CreateLogGroup, logs:CreateLogStream, logs:DescribeLogStreams and logs:PutLogEvents"},
	{"cloudwatch_logs", "logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents"},
	{"firehose", "firehose:PutRecordBatch"},
	{"kinesis_firehose", "firehose:PutRecordBatch"},
	{"kinesis", "kinesis:PutRecords"},
	{"kinesis_streams", "kinesis:PutRecords"},
	{"s3", "s3:PutObject"},
	{"es", "es:ESHttp* on the domain, if that asks for IAM"},
	{"opensearch", "es:ESHttp* on the domain, if that asks for IAM"},
}

// noteFirelensOutputs says what the task role needs where a container's logs go to AWS by FireLens.
func noteFirelensOutputs(p *pass, td taskdef.Value) {
	for config := range td.Each("containerDefinitions", "logConfiguration") {
		driver := false
		for v := range config.Each("logDriver") {
			driver = driver || v.Is("awsfirelens")
		}
		for options := range config.Each("options") {
			for name, v := range options.Members() {
				if !driver || !strings.EqualFold(name, "name") && name != "@type" {
					continue
				}
				t, _ := v.Text()
				for _, output := range firelensOutputs {
					if lowerASCII(t) == output.name {
						p.Notef(v, "FireLens output %s: the task role needs %s, not this one", quote(t), output.needs)
					}
				}
			}
		}
	}
}
