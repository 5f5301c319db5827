package emit

import (
	"bytes"
	"fmt"
	"go/format"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/templates"
)

// CDKGo writes the role as Go source for the AWS Cloud Development Kit: a function that makes the role in a scope, and a
// stack with nothing else. It writes a whole app around them, or one file for a package of an existing app. The account,
// region and partition are those of the stack.
//
// The policies are inside the role, or managed policies that the role names. What is added to a role later would become
// a resource of its own in the CDK, and ECS could start a task before it is attached.
var CDKGo = &Format{
	Name:       "cdk-go",
	Help:       "an app for the AWS CDK, in Go",
	Extensions: []string{".go"},
	Flags:      []string{"package", "force"},
	Emit:       emitCDKGo,
}

// CheckPackage reports why a name cannot be the name of a Go package that people import.
func CheckPackage(name string) error {
	switch {
	case token.IsKeyword(name):
		return fmt.Errorf("package name %q is a keyword of Go", name)
	case !token.IsIdentifier(name) || name == "_":
		return fmt.Errorf("package name %q is no Go identifier: letters, digits and _, not beginning with a digit", name)
	case name == "init":
		return fmt.Errorf("package name %q cannot be imported: Go keeps that name for functions", name)
	case name == "documentation":
		return fmt.Errorf("package name %q is ignored by the go command", name)
	case strings.HasSuffix(name, "_test"):
		return fmt.Errorf("package name %q ends in _test, which is for tests alone", name)
	}
	return nil
}

// The data of the templates. Every string is Go source: a quoted string, an expression, or the line of a comment. Only the
// names of the package and the stack are neither.
type (
	cdkApp struct {
		Header, Package string
		Family          string // for a comment
		StackValues     []cdkStackValue
		Inputs          []cdkInput
		Properties      []cdkTag // the fields of awsiam.RoleProps
		Tags            []cdkTag
		Trust           cdkStatement
		Policies        []cdkPolicy
		Managed         []cdkPolicy
		Attached        []cdkTag
		Mappings        []cdkMapping
		Suppressed      []cdkSuppressed
		NamesOpen       bool // the name of a finding has a symbol in it
		Description     string
		Stack           string
	}
	// cdkTag is a tag, or another pair of a name and a value.
	cdkTag        struct{ Key, Value string }
	cdkStackValue struct{ Name, Method string }
	// cdkInput is a field of the role's properties. Default is "" for none.
	cdkInput   struct{ Field, Comment, Default string }
	cdkMapping struct {
		Variable, ID, Region, Column string
		Rows                         []cdkTag
	}
	cdkPolicy struct {
		Name       string
		Statements []cdkStatement
	}
	cdkStatement struct {
		Comments           []string
		Sid, Service       string
		Actions, Resources cdkValues
		Conditions         []cdkOperator
	}
	cdkOperator struct {
		Name string
		Keys []cdkKey
	}
	cdkKey struct {
		Name   string
		Values cdkValues
	}
	// cdkSuppressed is what is suppressed on one construct.
	cdkSuppressed struct {
		Construct      string
		CFNNag, CDKNag []cdkRule
	}
	cdkRule struct {
		ID, Reason string
		Findings   []string
	}
	// cdkValues is a list. It is written in one line if it has one element.
	cdkValues struct {
		One  string
		Many []string
	}
)

func emitCDKGo(role *policy.Role, opts Options) ([]File, error) {
	files, err := cdkFiles(role, opts)
	if err != nil {
		return nil, fmt.Errorf("format cdk-go: %w", err)
	}
	return files, nil
}

func cdkFiles(role *policy.Role, opts Options) ([]File, error) {
	if opts.Package != "" {
		if err := CheckPackage(opts.Package); err != nil {
			return nil, err
		}
	}
	app, err := cdkData(role, opts)
	if err != nil {
		return nil, err
	}
	text, err := template.ParseFS(templates.CDKGo, "cdkgo/*.tmpl")
	if err != nil {
		return nil, err
	}
	src, err := cdkSource(text, app, "stack.go.tmpl")
	if err != nil {
		return nil, err
	}
	files := []File{{Name: "stack.go", Write: IfOurs, Data: src, Line: "package " + app.Package}}
	if opts.MainOnly || opts.Package != "" {
		return files, nil
	}
	if src, err = cdkSource(text, app, "main.go.tmpl"); err != nil {
		return nil, err
	}
	files = append(files, File{Name: "main.go", Write: IfAbsent, Data: src, Line: "\tNewExecutionRoleStack(app, jsii.String(" + strconv.Quote(app.Stack) + "), " + app.stackProps()})
	var module bytes.Buffer
	if err := text.ExecuteTemplate(&module, "go.mod.tmpl", app); err != nil {
		return nil, err
	}
	files = append(files, File{Name: "go.mod", Write: IfAbsent, Data: module.Bytes()})
	for _, f := range []struct{ name, from string }{{"go.sum", "cdkgo/go.sum.txt"}, {"cdk.json", "cdkgo/cdk.json"}, {".gitignore", "cdkgo/gitignore.txt"}} {
		data, err := templates.CDKGo.ReadFile(f.from)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: f.name, Write: IfAbsent, Data: data})
	}
	return files, nil
}

// stackProps returns the beginning of the stack's last argument, up to the end of its line.
func (app cdkApp) stackProps() string {
	if app.Inputs == nil {
		return "nil)"
	}
	return "&ExecutionRoleStackProps{Role: TaskExecutionRoleProps{"
}

// cdkSource prints a template as a Go file.
func cdkSource(text *template.Template, app cdkApp, name string) ([]byte, error) {
	var b bytes.Buffer
	if err := text.ExecuteTemplate(&b, name, app); err != nil {
		return nil, err
	}
	return format.Source(b.Bytes())
}

// CheckCDK reports what execrole could not write with the CDK: texts that the CDK takes for something else, a trust policy
// that is not one statement about a service, and permissions that do not just allow actions on resources.
func CheckCDK(role *policy.Role) error {
	if err := checkTexts(role, noCDKToken); err != nil {
		return err
	}
	// The CDK makes the trust policy itself, from a principal.
	trust := role.Trust.Statements
	if len(trust) != 1 || trust[0].Sid != "" || trust[0].Effect != policy.Allow || trust[0].Service() == "" || trust[0].Resources != nil || !slices.Equal(trust[0].Actions, []string{"sts:AssumeRole"}) {
		return fmt.Errorf("the trust policy is not one statement without a name that lets one service assume the role, and the CDK makes no other")
	}
	for _, p := range role.Policies() {
		for _, s := range p.Document.Statements {
			if s.Effect != policy.Allow || s.Principals != nil || s.NotActions != nil || s.NotResources != nil {
				return fmt.Errorf("the statement %q does not just allow actions on resources, and the CDK gets no other", s.Sid)
			}
		}
	}
	for i, p := range role.Inline {
		if slices.ContainsFunc(role.Inline[:i], func(q policy.Policy) bool { return q.Name == p.Name }) {
			return fmt.Errorf("two policies have the name %q", p.Name)
		}
	}
	return nil
}

func cdkData(role *policy.Role, opts Options) (cdkApp, error) {
	if err := CheckCDK(role); err != nil {
		return cdkApp{}, err
	}
	app := cdkApp{
		Header: headerComment(opts.Source), Package: "main", Stack: cdkStackName(role.Family),
		Family: "the task definition", Description: strconv.Quote(cfnDescription(role.Family)),
	}
	if opts.Package != "" {
		app.Package = opts.Package
	}
	if role.Family != "" {
		app.Family = word(role.Family)
	}
	for _, p := range role.Properties.List(role.Name) {
		switch {
		case p.Tags != nil:
			for _, t := range p.Tags {
				app.Tags = append(app.Tags, cdkTag{strconv.Quote(t.Key), strconv.Quote(t.Value)})
			}
		case p.Number != 0:
			app.Properties = append(app.Properties, cdkTag{p.Key, fmt.Sprintf("awscdk.Duration_Seconds(jsii.Number(%d))", p.Number)})
		case p.Key == policy.PermissionsBoundaryKey:
			app.Properties = append(app.Properties, cdkTag{p.Key,
				`awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.String(*id + "Boundary"), jsii.String(` + strconv.Quote(p.Text) + `))`})
		default:
			app.Properties = append(app.Properties, cdkTag{p.Key, "jsii.String(" + strconv.Quote(p.Text) + ")"})
		}
	}
	symbols := cdkSymbols{}
	used := usedSymbols(role)
	for _, t := range role.Mappings {
		// The mapping is a construct below the scope. Its ID begins with that of the role, so that a scope can have
		// several roles.
		mapping := cdkMapping{
			Variable: strings.ToLower(t.Name[:1]) + t.Name[1:] + t.Column, ID: strconv.Quote(t.Name),
			Region: cdkStackValues[policy.Region].Name, Column: strconv.Quote(t.Column),
		}
		for _, r := range t.Rows {
			mapping.Rows = append(mapping.Rows, cdkTag{strconv.Quote(r.Region), strconv.Quote(r.Value)})
		}
		app.Mappings = append(app.Mappings, mapping)
		symbols[t.Symbol] = mapping.Variable
	}
	var findings []policy.Text
	app.Suppressed, findings = cdkSuppressions(role)
	for _, f := range findings {
		used = append(used, f.Symbols()...)
		app.NamesOpen = app.NamesOpen || !f.IsLiteral()
	}
	used = needed(role, used)
	isOwn := func(s policy.Symbol) bool { _, ok := cdkStackValues[s]; return ok }
	for _, in := range inputsOf(role, used, isOwn, camel) {
		field := cdkInput{Field: in.name, Comment: in.description(word)}
		if in.info.Default != "" {
			field.Default = strconv.Quote(in.info.Default)
		}
		app.Inputs = append(app.Inputs, field)
		symbols[in.symbol] = "values." + in.name
	}
	for _, s := range []policy.Symbol{policy.Partition, policy.Region, policy.AccountID, policy.URLSuffix} {
		if slices.Contains(used, s) {
			app.StackValues = append(app.StackValues, cdkStackValues[s])
			symbols[s] = cdkStackValues[s].Name
		}
	}
	app.Trust = symbols.statement(&role.Trust.Statements[0])
	for _, p := range role.Inline {
		app.Policies = append(app.Policies, symbols.policy(strconv.Quote(p.Name), p.Document))
	}
	for i, p := range role.Managed {
		app.Managed = append(app.Managed, symbols.policy(cdkPolicyID(i), p.Document))
	}
	for i, arn := range role.Attached {
		app.Attached = append(app.Attached, cdkTag{strconv.Quote("Attached" + strconv.Itoa(i+1)), symbols.text(arn)})
	}
	return app, nil
}

// cdkSuppressions returns the suppressions of each construct, and all findings.
func cdkSuppressions(role *policy.Role) (list []cdkSuppressed, findings []policy.Text) {
	rules := func(suppressions []Suppression) (list []cdkRule) {
		for _, s := range suppressions {
			rule := cdkRule{ID: strconv.Quote(s.ID), Reason: strconv.Quote(s.Reason)}
			for _, f := range s.Findings {
				findings = append(findings, policy.Text(f))
				rule.Findings = append(rule.Findings, cdkFinding(f))
			}
			list = append(list, rule)
		}
		return list
	}
	add := func(construct string, suppressions []Suppression) {
		if len(suppressions) > 0 {
			list = append(list, cdkSuppressed{construct, rules(of(CFNNag, suppressions)), rules(of(CDKNag, suppressions))})
		}
	}
	onRole, onManaged := Suppressions(role)
	add("role", onRole)
	for i, suppressions := range onManaged {
		add("scope.Node().FindChild(jsii.String(*id + "+cdkPolicyID(i)+"))", suppressions)
	}
	return list, findings
}

// cdkPolicyID returns what follows the role's ID in the ID of a managed policy, so that a scope can have several roles.
func cdkPolicyID(i int) string { return strconv.Quote("Policy" + strconv.Itoa(i+1)) }

// cdkSymbols are the Go expressions for the values of symbols.
type cdkSymbols map[policy.Symbol]string

func (symbols cdkSymbols) policy(name string, d policy.Document) cdkPolicy {
	list := make([]cdkStatement, len(d.Statements))
	for i := range d.Statements {
		list[i] = symbols.statement(&d.Statements[i])
	}
	return cdkPolicy{Name: name, Statements: list}
}

func (symbols cdkSymbols) statement(s *policy.Statement) cdkStatement {
	out := cdkStatement{Service: strconv.Quote(s.Service()), Resources: symbols.values(s.Resources)}
	if s.Sid != "" {
		out.Sid = strconv.Quote(s.Sid)
	}
	for _, from := range s.Fields() {
		out.Comments = append(out.Comments, sourceComment(from))
	}
	actions := make([]string, len(s.Actions))
	for i, a := range s.Actions {
		actions[i] = strconv.Quote(a)
	}
	out.Actions = cdkList(actions)
	for _, operator := range conditionMembers(s.Conditions) {
		o := cdkOperator{Name: strconv.Quote(operator.key)}
		for _, key := range operator.members {
			o.Keys = append(o.Keys, cdkKey{strconv.Quote(key.key), symbols.values(key.values)})
		}
		out.Conditions = append(out.Conditions, o)
	}
	return out
}

func (symbols cdkSymbols) values(values []policy.Value) cdkValues {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = symbols.text(v.Text)
	}
	return cdkList(list)
}

func cdkList(list []string) cdkValues {
	if len(list) == 1 {
		return cdkValues{One: list[0]}
	}
	return cdkValues{Many: list}
}

// cdkStackValues are the variables for symbols whose value a stack has, and the stack's methods for them.
var cdkStackValues = map[policy.Symbol]cdkStackValue{
	policy.Partition: {"partition", "Partition"},
	policy.Region:    {"region", "Region"},
	policy.AccountID: {"account", "Account"},
	policy.URLSuffix: {"urlSuffix", "UrlSuffix"},
}

// text returns a Go expression. Like quote, strconv.Quote escapes what is not printable.
func (symbols cdkSymbols) text(t policy.Text) string {
	return cdkExpression(t, func(s policy.Symbol) string { return symbols[s] })
}

// cdkFinding returns a Go expression for the name of a finding of cdk-nag.
func cdkFinding(f NagFinding) string {
	return cdkExpression(policy.Text(f), func(s policy.Symbol) string {
		return "name(" + cdkStackValues[s].Name + ", " + strconv.Quote(openName(s)) + ")"
	})
}

func cdkExpression(t policy.Text, symbol func(policy.Symbol) string) string {
	if t == "" {
		return `""`
	}
	var parts []string
	part := func(s string) string {
		parts = append(parts, s)
		return ""
	}
	t.Expand(
		func(literal string) string { return part(strconv.Quote(literal)) },
		func(s policy.Symbol) string { return part(symbol(s)) },
	)
	return strings.Join(parts, " + ")
}

// noCDKToken refuses a text that the CDK would not write unchanged into the template. Strings of these forms mark values
// that the CDK does not know until later. It looks for them in all strings, and there is no escape. A dynamic reference
// is refused too: the CDK would write it unchanged, and CloudFormation would replace it.
//
// Source: aws-cdk-lib, core/lib/private/encoding
func noCDKToken(s string) error {
	if err := noDynamicReference(s); err != nil {
		return err
	}
	found := ""
	for _, begin := range []string{"${Token[", "#{Token["} {
		if strings.Contains(s, begin) {
			found = begin
		}
	}
	for rest := s; found == ""; {
		_, after, ok := strings.Cut(rest, "-1.")
		if !ok {
			return nil
		}
		rest = after
		digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
		if strings.HasPrefix(after[digits:], "e+289") {
			found = "-1." + after[:digits] + "e+289"
		}
	}
	return fmt.Errorf("%q holds %q, which the CDK takes for a value that is to come; it has no way to write this text", s, found)
}

// cdkStackName returns the name of the stack and of the app's module: CloudFormation wants letters, digits and hyphens, a
// letter first, and 128 characters at most.
func cdkStackName(family string) string {
	const end, max = "-execution-role", 128
	return shorten(hyphened(family), family, max-len(end)) + end
}
