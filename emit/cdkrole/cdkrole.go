// Package cdkrole is a construct for apps of the AWS CDK in Go: the task execution role of a task definition. It reads
// the task definition whenever the app is synthesised, so that the role is never older than the task definition.
//
// It makes the same role as an app that the command writes with -f cdk-go. Use the latter if people are to review the
// text of the role, and this package if the role is to follow the task definition by itself.
//
// Unlike the other packages, this one opens a file, if [Props] name one. It needs Node, as every app of the CDK does.
package cdkrole

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/execrole/execrole/analyze"
	"github.com/execrole/execrole/analyze/policy"
)

// Props say which task definition the role is for. One of File, Source and Plan has to be given, and no other.
type Props struct {
	// File is the path of a task definition, as the command execrole takes it. A relative path begins at the folder in
	// which the app runs. The command cdk runs it in the folder of cdk.json.
	File string
	// Source is the text of a task definition, and Name is its name in findings.
	Source []byte
	Name   string
	// Plan is a plan that package analyze made.
	Plan *analyze.Plan
	// Options change what is required. A Plan has been made with options of its own.
	Options analyze.Options
	// Role are the properties of the role.
	Role policy.Options
}

// TaskExecutionRole is the construct. Its child is the role. If the role has more permissions than fit into it, the
// construct has managed policies too.
//
// The role has the logical ID that it would have in the construct's place, as in an app of -f cdk-go. So one can become
// the other, and CloudFormation keeps the role. The ID is made of the construct's path: a construct that moves to
// another scope or changes its ID makes another role.
type TaskExecutionRole struct {
	constructs.Construct
	role awsiam.Role
	plan *analyze.Plan
}

// Role returns the role, for the task definition's ExecutionRole. All its permissions are inside the role, or in managed
// policies that it names. Permissions that are added to it later become a resource of their own, and ECS could start a
// task before that is attached.
func (r *TaskExecutionRole) Role() awsiam.Role { return r.role }

// Plan returns what the task needs, field by field; nil if there was nothing to analyze.
func (r *TaskExecutionRole) Plan() *analyze.Plan { return r.plan }

// NewTaskExecutionRole reads a task definition and returns its task execution role.
//
// Errors fail the synthesis of the app, those of all constructs at once. Each is one line with its place,
// file:line:column. Until then the returned construct can be used, but its role has no permissions. Warnings become
// annotations of the construct. Their IDs are execrole: and the rule, for Annotations.AcknowledgeWarning. Notes are only
// in [TaskExecutionRole.Plan].
func NewTaskExecutionRole(scope constructs.Construct, id *string, props *Props) *TaskExecutionRole {
	r := new(TaskExecutionRole)
	constructs.NewConstruct_Override(r, scope, id) // so that the CDK takes r itself for the construct, as a scope for example
	if props == nil {
		props = new(Props)
	}
	var role *policy.Role
	var problems []string
	if r.plan, problems = props.plan(); problems == nil {
		role, problems = r.makeRole(props.Role)
	}
	if r.plan != nil {
		for _, f := range r.plan.Findings {
			if f.Severity == analyze.Warning {
				awscdk.Annotations_Of(r).AddWarningV2(jsii.String("execrole:"+f.Rule), jsii.String(f.String()))
			}
		}
	}
	if problems != nil {
		r.Node().AddValidation(&failure{problems})
		r.role = awsiam.NewRole(r, roleID, &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()})
		return r
	}
	r.role = build(r, role)
	return r
}

// failure fails the synthesis. An annotation would fail the command cdk only, and everybody else would get a template
// without the permissions.
type failure struct{ lines []string }

// Validate returns the lines, for the CDK.
func (f *failure) Validate() *[]*string { return jsii.Strings(f.lines...) }

// plan returns the plan of the task definition, or the errors of the properties or of the file.
func (p *Props) plan() (*analyze.Plan, []string) {
	given := 0
	for _, is := range []bool{p.File != "", p.Source != nil, p.Plan != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, []string{fmt.Sprintf("error: cdkrole.Props has %d of File, Source and Plan: give one", given)}
	case p.Name != "" && p.Source == nil:
		return nil, []string{"error: cdkrole.Props has a Name without a Source, and it is that of Source"}
	case p.Plan != nil && !reflect.ValueOf(p.Options).IsZero():
		return nil, []string{"error: cdkrole.Props has Options beside a Plan, which was made with its own"}
	case p.Plan != nil:
		return p.Plan, lines(p.Plan.Err())
	}
	name, source := p.Name, p.Source
	if p.File != "" {
		var err error
		name = analyze.Printable(p.File)
		if source, err = os.ReadFile(p.File); err != nil {
			var path *fs.PathError
			if errors.As(err, &path) {
				err = path.Err // the message names the file itself
			}
			return nil, []string{fmt.Sprintf("%s: error: cannot read the task definition: %v", name, err)}
		}
	}
	plans, err := analyze.Read(name, source, p.Options)
	if len(plans) > 1 {
		return nil, []string{fmt.Sprintf("%s: error: it has %d task definitions, and a role is for one", name, len(plans))}
	}
	return plans[0], lines(err)
}

// makeRole makes the role of the plan, or returns the reasons why it cannot.
func (r *TaskExecutionRole) makeRole(options policy.Options) (*policy.Role, []string) {
	role, err := r.plan.Role(options)
	if err == nil {
		err = check(role)
	}
	if err == nil {
		return role, nil
	}
	place := ""
	if r.plan.File != "" {
		place = r.plan.File + ": "
	}
	var list []string
	for _, line := range lines(err) {
		list = append(list, place+"error: "+line)
	}
	return nil, list
}

// lines returns all errors of a joined error, each as a line with its place.
func lines(err error) (list []string) {
	var findings analyze.Errors
	joined, isJoined := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
	case errors.As(err, &findings):
		for _, f := range findings {
			list = append(list, f.String())
		}
	case isJoined:
		for _, err := range joined.Unwrap() {
			list = append(list, lines(err)...)
		}
	default:
		list = []string{analyze.Printable(err.Error())}
	}
	return list
}
