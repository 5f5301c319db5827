package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/analyze/taskdef"
)

// misplaced remarks on references in places from which ECS reads nothing: in members that it does not have, and in fields
// that are the application's. It grants nothing. So every string that looks like a reference ends in a requirement or
// in a finding.
var misplaced = &Rule{
	ID:          "misplaced-references",
	Title:       "References in the wrong place",
	Why:         "ECS ignores or refuses a member that it does not have, and reads nothing that the member names.",
	Doc:         "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html",
	check:       checkMisplaced,
	checkBeside: checkMisplaced,
	finish:      finishReferences,
}

// rightPlaces are members that people write in the wrong place, and where they belong.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
var rightPlaces = map[string]string{
	"containerDefinitions[].logConfiguration.secrets":                        "logConfiguration.secretOptions",
	"containerDefinitions[].logConfiguration.environmentFiles":               "environmentFiles of the container",
	"containerDefinitions[].secretOptions":                                   "logConfiguration.secretOptions",
	"containerDefinitions[].credentialsParameter":                            "repositoryCredentials.credentialsParameter",
	"containerDefinitions[].envFile":                                         "environmentFiles",
	"containerDefinitions[].envFiles":                                        "environmentFiles",
	"containerDefinitions[].parameters":                                      "secrets",
	"containerDefinitions[].environment[].valueFrom":                         "secrets",
	"containerDefinitions[].environment[].value":                             "secrets",
	"containerDefinitions[].logDriver":                                       "logConfiguration",
	"containerDefinitions[].options":                                         "logConfiguration",
	"containerDefinitions[].logConfiguration.awslogs-group":                  "logConfiguration.options",
	"containerDefinitions[].firelensConfiguration.config-file-type":          "firelensConfiguration.options",
	"containerDefinitions[].firelensConfiguration.config-file-value":         "firelensConfiguration.options",
	"containerDefinitions[].fsxWindowsFileServerVolumeConfiguration":         "volumes of the task definition",
	"volumes[].fsxWindowsFileServerVolumeConfiguration.credentialsParameter": "authorizationConfig",
}

// rightPlace returns where a member belongs that ECS does not know at its path, such as secrets beside containerDefinitions; "" if
// that is unknown.
func rightPlace(path string) string {
	name, inContainer := strings.CutPrefix(path, "containerDefinitions[].")
	switch {
	case rightPlaces[path] != "":
		return rightPlaces[path]
	case strings.Contains(name, ".") || name == "name": // anything can have a name
		return ""
	case inContainer && slices.Contains(taskdef.Members(), name):
		return "the task definition, beside containerDefinitions"
	case !inContainer && slices.Contains(taskdef.Members("containerDefinitions"), name):
		return "the definition of a container"
	}
	return ""
}

const misplacedRole = "containerDefinitions[].executionRoleArn"

func checkMisplaced(p *pass, td taskdef.Value) {
	for v, message := range p.reader.Unknown() {
		if place := rightPlace(v.Path()); place != "" {
			message, _, _ = strings.Cut(message, "; did you mean")
			message += "; it belongs in " + place
		}
		if lost := p.lost(v); lost != "" {
			separator := "; "
			if strings.HasSuffix(message, "?") {
				separator = " "
			}
			message += separator + lost
		}
		p.plan.Findings = append(p.plan.Findings, Finding{Severity: Warning, Rule: string(taskdef.Schema), At: v.NameRef(), Message: message})
	}
	for options := range td.Each("containerDefinitions", "logConfiguration", "options") {
		for _, v := range options.Members() {
			t, _ := v.Text()
			if arn, ok := policy.CutARN(t); ok && (arn.Service == "secretsmanager" || arn.Service == "ssm") {
				p.Warnf(v, "the log driver gets %s as it is written; what ECS is to read for it belongs in logConfiguration.secretOptions; %s", quote(t), onePermissionLost)
			}
		}
	}
}

// lost says in words how many permissions are lost because nobody reads the references in v; "" if there are none.
func (p *pass) lost(v taskdef.Value) string {
	lost := 0
	for s := range v.Strings() {
		if p.isReference(s) {
			lost++
		}
	}
	switch lost {
	case 0:
		return ""
	case 1:
		return onePermissionLost
	}
	return fmt.Sprintf("%d permissions are lost by it", lost)
}

const onePermissionLost = "1 permission is lost by it"

// hasMisplacedRole reports whether a container has the member that belongs to the task definition.
func (p *pass) hasMisplacedRole() bool {
	for v := range p.reader.Unknown() {
		if v.Path() == misplacedRole {
			return true
		}
	}
	return false
}

// isReference reports whether a string is one that ECS would read something for, if it were in the right place.
func (p *pass) isReference(v taskdef.Value) bool {
	t, _ := v.Text()
	path := v.Path()
	name := path[strings.LastIndexByte(path, '.')+1:]
	if t != "" && slices.Contains([]string{"valueFrom", "credentialsParameter", "awslogs-group"}, name) {
		return true
	}
	return p.looksLikeReference(t)
}

// looksLikeReference reports whether a text is the ARN of a secret, a parameter or an object, or an image in private
// Amazon ECR.
func (p *pass) looksLikeReference(t policy.Text) bool {
	for _, prefix := range [...]policy.Text{specPrefix, domainlessPrefix} {
		t, _ = t.CutPrefix(prefix)
	}
	if arn, ok := policy.CutARN(t); ok {
		return arn.Service == "secretsmanager" || arn.Service == "ssm" || arn.Service == "s3"
	}
	if lowerASCII(t).Index("dkr") < 0 {
		return false // without a look at the domains
	}
	host, _, found := t.Cut("/")
	return found && p.isECRHost(host)
}

// finishReferences adds to the warnings about values of a wrong type how many permissions are lost by them, and notes the
// references about which there is neither a requirement nor a finding.
func finishReferences(f *finish) {
	for _, p := range f.passes {
		p.countMistyped()
		var required []int // the offsets of what is required, in order
		var said map[string]bool
		for v := range p.td.Strings() {
			t, _ := v.Text()
			if !p.looksLikeReference(t) {
				continue
			}
			if required == nil {
				required = make([]int, len(p.plan.Requirements))
				for i := range p.plan.Requirements {
					required[i] = p.plan.Requirements[i].At.Offset
				}
				slices.Sort(required)
			}
			if _, found := slices.BinarySearch(required, v.Offset()); found {
				continue // as nearly all are
			}
			if said == nil {
				said = p.saidOf()
			}
			if !covered(said, v.Ref().Pointer) {
				p.Notef(v, "%s looks like a reference, and ECS reads nothing from %s: what the application reads, it reads as the task role", quote(t), v.Path())
			}
		}
	}
}

// countMistyped adds to the warnings about values of a wrong type how many permissions are lost by them.
func (p *pass) countMistyped() {
	lostAt := map[taskdef.Ref]string{}
	for v := range p.reader.Unwanted() {
		lost := p.lost(v)
		if lost == "" {
			continue
		}
		if place := rightPlaces[v.Path()]; place != "" {
			lost = "it belongs in " + place + "; " + lost
		}
		lostAt[v.Ref()] = "; " + lost
	}
	for i := range p.plan.Findings {
		if f := &p.plan.Findings[i]; f.Rule == string(taskdef.Schema) {
			f.Message += lostAt[f.At]
		}
	}
}

// saidOf returns the places of all requirements and findings. What is about the whole task definition, or about a whole
// container, says nothing of its parts.
func (p *pass) saidOf() map[string]bool {
	list, whole := map[string]bool{}, map[string]bool{p.td.Ref().Pointer: true}
	for container := range p.td.Each("containerDefinitions") {
		whole[container.Ref().Pointer] = true
	}
	for _, r := range p.plan.Requirements {
		list[r.At.Pointer] = !whole[r.At.Pointer]
	}
	for _, f := range p.plan.Findings {
		pointer := f.At.Pointer
		if f.Rule == string(taskdef.Schema) || strings.Count(pointer, "/") > 2 && !whole[pointer] {
			list[pointer] = true
		}
		// An error can keep what is beside it from being read.
		if f.Severity == Error && pointer != "" {
			list[pointer[:strings.LastIndexByte(pointer, '/')]] = true
		}
	}
	return list
}

// covered reports whether a pointer, or one above it, is in the list.
func covered(list map[string]bool, pointer string) bool {
	for pointer != "" {
		if list[pointer] {
			return true
		}
		pointer = pointer[:strings.LastIndexByte(pointer, '/')]
	}
	return false
}
