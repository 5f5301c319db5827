package taskdef

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/execrole/execrole/analyze/tree"
)

// terraformBlock matches the first line of a block in Terraform's source.
const terraformBlock = `(?m)^ *(?:[-+~/<=]+ )?(resource|data|module|variable|provider|terraform|locals|output)( "[^"]*")* *\{`

// isTerraformSource reports whether a text that is neither JSON nor YAML is Terraform's source with a resource or a module
// in it. Prose can quote source, and so the file must have a name of source, or one without an extension, such as that of
// standard input. The output of terraform plan has marks before its blocks.
func isTerraformSource(file string, src []byte) bool {
	if ext := path.Ext(file); ext != "" && ext != ".tf" {
		return false
	}
	return regexp.MustCompile(`(?m)^ *(resource|module)( +"[^"]*")+ *\{`).Match(src) && !regexp.MustCompile(`(?m)^ *[-+~/<=]+ resource `).Match(src)
}

// otherTexts are texts that tools turn into a task definition: they are recognised by their content, since the names of
// files are wrong too often. The first pattern that fits counts. Patterns are compiled when they are used: that takes
// longer than the start of the command.
var otherTexts = [...]struct{ pattern, advice string }{
	{`\A\s*(TASKDEFINITION\t|-{10,}\n\|)`,
		"it looks like what the AWS CLI prints as text or as a table: add --output json to the command"},
	{`(?m)^\s*(local \w+ ?=|import(str)? ['"])|\bstd\.\w+\(`,
		"it looks like Jsonnet: run jsonnet, or ecspresso render taskdef, and pass what that prints"},
	{`\APK\x03\x04`,
		"it looks like a plan that terraform saved: pass what terraform show -json prints of it"},
	{terraformBlock,
		"it looks like Terraform: pass the folder with the source, or what terraform show -json prints of the state, or of a plan"},
	{`\{\{-? *(if|range|with|else|end|define|template|block|include)\b|\{% `,
		"it looks like a template: render it first, with ecspresso render taskdef, copilot svc package or the tool that it is for"},
	{`(?s)\A\x{feff}?\s*[^\s{\["#/<'-][^\n{\["]*\n.*?(?m)^\s*[{\[]`,
		"there is text around the JSON: pass the JSON alone"},
	{`(?s)\A\x{feff}?\s*\{\s*[A-Za-z]\w*\s*:`,
		"it looks like Jsonnet or JavaScript: run jsonnet, or ecspresso render taskdef, and pass what that prints"},
}

// otherDocuments are documents that people mix up with a task definition, by a member that they have.
var otherDocuments = [...]struct{ member, advice string }{
	{"serviceName", "it looks like a service definition, which is read beside its task definition"},
	{"jobQueue", "it looks like the input of aws batch submit-job: pass the job definition"},
	{"taskDefinitionArns", "it looks like the output of aws ecs list-task-definitions: use describe-task-definition"},
	{"apiVersion", "it looks like a manifest of Kubernetes, where there is no task execution role"},
	{"@level", "it looks like the log of terraform plan -json: save the plan with -out FILE, and pass what terraform show -json FILE prints"},
}

// manifestTypes are the types of AWS Copilot's manifests, with the command that makes a template of one.
//
// Source: https://aws.github.io/copilot-cli/docs/manifest/overview/
var manifestTypes = map[string]string{
	"Load Balanced Web Service":  "copilot svc package",
	"Backend Service":            "copilot svc package",
	"Worker Service":             "copilot svc package",
	"Request-Driven Web Service": "copilot svc package",
	"Static Site":                "copilot svc package",
	"Scheduled Job":              "copilot job package",
}

// adviceSize is how much of a text is looked at, in bytes: what it is shows at its beginning.
const adviceSize = 64 << 10

// adviceOnText says what a text that cannot be read looks like, and what to do first; "" if it looks like nothing known.
func adviceOnText(text string) string {
	for _, other := range otherTexts {
		if regexp.MustCompile(other.pattern).MatchString(text) {
			return other.advice
		}
	}
	return ""
}

// adviceOnDocument says what an object without containers looks like, and what to do first; "" if it looks like nothing
// known.
func adviceOnDocument(top *tree.Node) string {
	if kind := top.Member("type"); kind != nil && manifestTypes[kind.Text] != "" {
		return "it looks like a manifest of AWS Copilot: run " + manifestTypes[kind.Text] + ", and pass the template that it prints"
	}
	if services := top.Member("services"); services != nil && services.Kind == tree.Object {
		return "it looks like a Compose file: register it with the tool that deploys it, and pass what aws ecs describe-task-definition prints"
	}
	if resource := top.Member("resource"); resource != nil && (resource.Member("aws_ecs_task_definition") != nil || top.Member("terraform") != nil) {
		return "it looks like Terraform's source in JSON: its file has to be named *.tf.json, as for Terraform"
	}
	if len(top.Children) == 1 && strings.HasPrefix(top.Children[0].Name, "An error occurred (") {
		return "it is an error message of the AWS CLI"
	}
	for _, other := range otherDocuments {
		if top.Member(other.member) != nil {
			return other.advice
		}
	}
	return ""
}

// signs are words of which each form of a task definition has one at least.
var signs = [...]string{"ontainerDefinitions", "ontainer_definitions", "image", "Image", "IMAGE", "erviceConnectConfiguration", "ontainerOverrides"}

// MayHold reports whether a text can have a task definition in it, without reading it. Of a text that cannot, nothing
// needs to be read.
func MayHold(src []byte) bool {
	if len(src) >= 2 && (src[0] == 0 || src[1] == 0 || src[0] >= 0xFE) {
		return true // UTF-16
	}
	return slices.ContainsFunc(signs[:], func(sign string) bool { return bytes.Contains(src, []byte(sign)) })
}

// containersMember matches the member that each task definition has.
var containersMember = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)"?container_?definitions"?\s*:`) })

// brokenTaskDefinition reports whether a text that cannot be read was meant as a task definition. Prose and programs can
// quote one, so what is not written like JSON has to be called JSON or YAML.
func brokenTaskDefinition(file string, src []byte) bool {
	text := strings.TrimLeft(string(src[:min(len(src), adviceSize)]), "\ufeff \t\r\n")
	isJSON := text != "" && (text[0] == '{' || text[0] == '[')
	named := slices.ContainsFunc([]string{".json", ".yaml", ".yml", ".template"}, func(ext string) bool {
		return strings.HasSuffix(strings.ToLower(file), ext)
	})
	return (isJSON || named) && containersMember().Match(src)
}
