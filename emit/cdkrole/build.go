package cdkrole

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit"
)

// roleID is the ID of the role in the construct. The CDK leaves it out of logical IDs.
//
// Source: aws-cdk-lib, core/lib/private/uniqueid.ts
var roleID = jsii.String("Default")

// check reports what the CDK could not write of a role.
func check(role *policy.Role) error {
	known := []policy.Symbol{policy.Partition, policy.Region, policy.AccountID, policy.URLSuffix}
	for _, m := range role.Mappings {
		known = append(known, m.Symbol)
	}
	var used []policy.Symbol
	for _, arn := range role.Attached {
		used = append(used, arn.Symbols()...)
	}
	for _, p := range role.Policies() {
		used = append(used, policy.Symbols(p.Document)...)
	}
	for _, s := range used {
		if !slices.Contains(known, s) {
			return fmt.Errorf("a stack has no value for %s", s)
		}
	}
	return emit.CheckCDK(role)
}

// build makes the constructs of a role, like the function of templates/cdkgo.
func build(scope constructs.Construct, role *policy.Role) awsiam.Role {
	stack := awscdk.Stack_Of(scope)
	values := symbols{
		policy.Partition: *stack.Partition(), policy.Region: *stack.Region(), policy.AccountID: *stack.Account(), policy.URLSuffix: *stack.UrlSuffix(),
	}
	for _, t := range role.Mappings {
		rows := map[string]*map[string]any{}
		for _, r := range t.Rows {
			rows[r.Region] = &map[string]any{t.Column: r.Value}
		}
		mapping := awscdk.NewCfnMapping(scope, jsii.String(t.Name), &awscdk.CfnMappingProps{Mapping: &rows})
		values[t.Symbol] = *mapping.FindInMap(stack.Region(), jsii.String(t.Column), nil)
	}

	props := &awsiam.RoleProps{}
	var tags []policy.Tag
	for _, p := range role.Properties.List(role.Name) {
		switch p.Key {
		case policy.RoleNameKey:
			props.RoleName = &p.Text
		case policy.PathKey:
			props.Path = &p.Text
		case policy.DescriptionKey:
			props.Description = &p.Text
		case policy.PermissionsBoundaryKey:
			props.PermissionsBoundary = awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.String("Boundary"), &p.Text)
		case policy.MaxSessionDurationKey:
			props.MaxSessionDuration = awscdk.Duration_Seconds(jsii.Number(p.Number))
		case policy.TagsKey:
			tags = p.Tags
		default:
			panic("cdkrole does not know the property " + p.Key)
		}
	}
	// The CDK makes the trust policy itself, of a principal. emit.CheckCDK made sure that it can.
	trust := role.Trust.Statements[0]
	var principal *awsiam.ServicePrincipalOpts
	if len(trust.Conditions) > 0 {
		principal = &awsiam.ServicePrincipalOpts{Conditions: values.conditions(trust.Conditions)}
	}
	props.AssumedBy = awsiam.NewServicePrincipal(jsii.String(trust.Service()), principal)
	if len(role.Inline) > 0 {
		inline := map[string]awsiam.PolicyDocument{}
		for _, p := range role.Inline {
			inline[p.Name] = values.document(p.Document)
		}
		props.InlinePolicies = &inline
	}
	var attached []awsiam.IManagedPolicy
	for i, arn := range role.Attached {
		attached = append(attached, awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.String("Attached"+strconv.Itoa(i+1)), jsii.String(values.text(arn))))
	}
	managed := make([]awsiam.ManagedPolicy, len(role.Managed))
	for i, p := range role.Managed {
		managed[i] = awsiam.NewManagedPolicy(scope, jsii.String("Policy"+strconv.Itoa(i+1)), &awsiam.ManagedPolicyProps{Document: values.document(p.Document)})
		attached = append(attached, managed[i])
	}
	if attached != nil {
		props.ManagedPolicies = &attached
	}
	made := awsiam.NewRole(scope, roleID, props)

	onRole, onManaged := emit.Suppressions(role)
	values.suppress(made, onRole)
	for i, list := range onManaged {
		values.suppress(managed[i], list)
	}
	for _, t := range tags {
		awscdk.Tags_Of(made).Add(jsii.String(t.Key), jsii.String(t.Value), nil)
	}
	return made
}

// optional returns nil for "".
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// symbols are the stack's values of symbols: literals, or tokens of the CDK where the stack does not know them.
type symbols map[policy.Symbol]string

func (values symbols) text(t policy.Text) string {
	return t.Expand(func(s string) string { return s }, func(s policy.Symbol) string { return values[s] })
}

func (values symbols) texts(list []policy.Value) *[]*string {
	out := make([]*string, len(list))
	for i, v := range list {
		out[i] = jsii.String(values.text(v.Text))
	}
	return &out
}

func (values symbols) document(d policy.Document) awsiam.PolicyDocument {
	statements := make([]awsiam.PolicyStatement, len(d.Statements))
	for i, s := range d.Statements {
		props := &awsiam.PolicyStatementProps{
			Sid: optional(s.Sid), Effect: awsiam.Effect_ALLOW,
			Actions: jsii.Strings(s.Actions...), Resources: values.texts(s.Resources),
		}
		if len(s.Conditions) > 0 {
			props.Conditions = values.conditions(s.Conditions)
		}
		statements[i] = awsiam.NewPolicyStatement(props)
	}
	return awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{
		Minimize:   jsii.Bool(false), // each statement stays one, and the same in every format
		Statements: &statements,
	})
}

func (values symbols) conditions(list []policy.Condition) *map[string]any {
	operators := map[string]any{}
	for _, c := range list {
		keys, _ := operators[c.Operator].(map[string]any)
		if keys == nil {
			keys = map[string]any{}
			operators[c.Operator] = keys
		}
		if len(c.Values) == 1 {
			keys[c.Key] = values.text(c.Values[0].Text)
		} else {
			keys[c.Key] = values.texts(c.Values)
		}
	}
	return &operators
}

// suppress writes into the metadata of a resource and of its construct what tools find on them, and the reason for it.
func (values symbols) suppress(construct constructs.IConstruct, list []emit.Suppression) {
	resource := construct.Node().DefaultChild().(awscdk.CfnResource)
	rules := map[emit.Tool][]map[string]any{}
	for _, s := range list {
		rule := map[string]any{"id": s.ID, "reason": s.Reason}
		if s.Findings != nil {
			names := make([]string, len(s.Findings))
			for i, f := range s.Findings {
				names[i] = f.Name(values.known)
				resource.Node().AddMetadata(jsii.String("aws:cdk:acknowledged-rules"), map[string]any{s.ID + "[" + names[i] + "]": s.Reason}, nil)
			}
			rule["applies_to"] = names
		}
		rules[s.Tool] = append(rules[s.Tool], rule)
	}
	for _, member := range []struct {
		tool emit.Tool
		name string
	}{{emit.CFNNag, "cfn_nag"}, {emit.CDKNag, "cdk_nag"}} {
		if rules[member.tool] != nil {
			resource.AddMetadata(jsii.String(member.name), map[string]any{"rules_to_suppress": rules[member.tool]})
		}
	}
}

// known returns the value of a symbol, or "" where the stack does not know it.
func (values symbols) known(s policy.Symbol) string {
	if *awscdk.Token_IsUnresolved(values[s]) {
		return ""
	}
	return values[s]
}
