package emit

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"sync"

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
	Flags:      []string{"package", "force", "parameters"},
	Emit:       emitCDKGo,
	OwnFolder:  true,
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

// The data of the templates. Every string is Go source in the layout of gofmt: whole lines, a quoted string, or the line of
// a comment. Only the names of the package and the stack are neither.
type (
	cdkApp struct {
		Header, Package string
		Family          string // for a doc comment
		StackValues     []cdkStackValue
		Inputs          []cdkInput
		InputFields     string // the inputs as fields of a struct
		InputValues     string // the inputs in a literal, for people to fill in
		Mappings        string // statements that look up a value of the region
		RoleProps       string // the fields of awsiam.RoleProps
		Suppressed      string // calls
		NamesOpen       bool   // the name of a finding has a symbol in it
		Optional        bool   // some statements or policies are there only where a value is not empty
		OptionalPolicy  bool   // a policy inside the role can have no statements
		MadeIf          bool   // a managed policy can have none
		Patterns        bool   // some inputs have patterns
		Tags            []cdkTag
		Description     string
		Stack           string
	}
	cdkTag        struct{ Key, Value string }
	cdkStackValue struct{ Name, Method string }
	// cdkInput is a field of the role's properties. Default is "" for none. A value that can be empty is a pointer, so that
	// nobody forgets it.
	cdkInput struct {
		Field, Comment, Default string
		Type, Value             string // the type of the field, and the expression of its value
		Empty                   string // the value of a field that nobody has set
		Optional                bool
		Pattern                 string
	}
)

var cdkTemplates = sync.OnceValues(func() (templateSet, error) {
	return parseTemplates(templates.CDKGo, "cdkgo/*.tmpl")
})

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
	text, err := cdkTemplates()
	if err != nil {
		return nil, err
	}
	files := []File{
		{Name: "stack.go", Write: IfOurs, Line: "package " + app.Package},
		{Name: "main.go", Write: IfAbsent, Line: "\tNewExecutionRoleStack(app, jsii.String(" + strconv.Quote(app.Stack) + "), " + app.stackProps()},
		{Name: "go.mod", Write: IfAbsent},
	}
	if opts.MainOnly || opts.Package != "" {
		files = files[:1]
	}
	for i := range files {
		if files[i].Data, err = text.print(files[i].Name+".tmpl", app); err != nil {
			return nil, err
		}
	}
	if len(files) == 1 {
		return files, nil
	}
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
		Header: headerComment(opts), Package: "main", Stack: cdkStackName(role.Family),
		Family: "the task definition", Description: strconv.Quote(cfnDescription(role.Family)),
	}
	if opts.Package != "" {
		app.Package = opts.Package
	}
	if role.Family != "" {
		app.Family = goDoc(word(role.Family))
	}
	for _, p := range role.Properties.List(role.Name) {
		for _, t := range p.Tags {
			app.Tags = append(app.Tags, cdkTag{strconv.Quote(t.Key), strconv.Quote(t.Value)})
		}
	}
	symbols := cdkSymbols{}
	app.Mappings = symbols.mappings(role)
	used := usedSymbols(role)
	for _, f := range cdkFindings(role) {
		used = append(used, f.Symbols()...)
		app.NamesOpen = app.NamesOpen || !f.IsLiteral()
	}
	used = needed(role, used)
	app.addInputs(role, used, symbols)
	app.OptionalPolicy, app.MadeIf = slices.ContainsFunc(role.Inline, isOptionalPolicy), slices.ContainsFunc(role.Managed, isOptionalPolicy)
	for _, s := range []policy.Symbol{policy.Partition, policy.Region, policy.AccountID, policy.URLSuffix} {
		if slices.Contains(used, s) {
			app.StackValues = append(app.StackValues, cdkStackValues[s])
			symbols[s] = cdkStackValues[s].Name
		}
	}
	app.RoleProps, app.Suppressed = symbols.roleProps(role), symbols.suppressions(role)
	return app, nil
}

// addInputs adds the inputs among the symbols, and their expressions to the symbols.
func (app *cdkApp) addInputs(role *policy.Role, used []policy.Symbol, symbols cdkSymbols) {
	fields, values := goWriter{indent: 1}, goWriter{indent: 2}
	isOwn := func(s policy.Symbol) bool { _, ok := cdkStackValues[s]; return ok }
	for _, in := range inputsOf(role, used, isOwn, camel) {
		field := cdkInput{Field: in.name, Comment: in.description(word), Type: "string", Value: "values." + in.name, Empty: `""`, Optional: in.info.Optional}
		if field.Optional {
			field.Type, field.Value, field.Empty = "*string", "*values."+in.name, "nil"
		}
		if in.info.Default != "" {
			field.Default = strconv.Quote(in.info.Default)
		}
		if in.info.Pattern != "" {
			field.Pattern, app.Patterns = strconv.Quote(in.pattern()), true
		}
		app.Inputs = append(app.Inputs, field)
		app.Optional = app.Optional || field.Optional
		symbols[in.symbol] = field.Value
		values.commented(in.name, cmp.Or(field.Default, field.Empty), field.Comment)
	}
	names, types := 0, 0
	for _, in := range app.Inputs {
		names, types = max(names, len(in.Field)), max(types, len(in.Type))
	}
	for _, in := range app.Inputs {
		fields.line(in.Field, strings.Repeat(" ", names-len(in.Field)), " ", in.Type, strings.Repeat(" ", types-len(in.Type)), " // ", in.Comment)
	}
	app.InputFields, app.InputValues = fields.String(), values.String()
}

// mappings writes the statements that look up values of the region, and adds their variables to symbols.
func (symbols cdkSymbols) mappings(role *policy.Role) string {
	w := goWriter{indent: 1}
	for _, t := range role.Mappings {
		// The mapping is a construct below the scope. Its ID begins with that of the role, so that a scope can have
		// several roles.
		variable, column := strings.ToLower(t.Name[:1])+t.Name[1:]+t.Column, strconv.Quote(t.Column)
		w.open(variable, " := *awscdk.NewCfnMapping(scope, jsii.String(*id+", strconv.Quote(t.Name), "), &awscdk.CfnMappingProps{")
		if len(t.Rows) == 0 {
			w.field("Mapping", "&map[string]*map[string]any{}")
		} else {
			w.open("Mapping: &map[string]*map[string]any{")
			for _, r := range t.Rows {
				w.field(strconv.Quote(r.Region), "{"+column+": "+strconv.Quote(r.Value)+"}")
			}
			w.close("},")
		}
		w.close("}).FindInMap(jsii.String(", cdkStackValues[policy.Region].Name, "), jsii.String(", column, "), nil)")
		symbols[t.Symbol] = variable
	}
	return w.String()
}

// roleProps writes the fields of awsiam.RoleProps.
func (symbols cdkSymbols) roleProps(role *policy.Role) string {
	w := &goWriter{indent: 2}
	for _, p := range role.Properties.List(role.Name) {
		switch {
		case p.Tags != nil: // they are set on the role that there is
		case p.Number != 0:
			w.field(p.Key, fmt.Sprintf("awscdk.Duration_Seconds(jsii.Number(%d))", p.Number))
		case p.Key == policy.PermissionsBoundaryKey:
			w.field(p.Key, cdkManagedPolicy("Boundary", strconv.Quote(p.Text)))
		default:
			w.field(p.Key, "jsii.String("+strconv.Quote(p.Text)+")")
		}
	}
	trust := &role.Trust.Statements[0]
	principal := "awsiam.NewServicePrincipal(jsii.String(" + strconv.Quote(trust.Service()) + "), "
	if len(trust.Conditions) == 0 {
		w.field("AssumedBy", principal+"nil)")
	} else {
		w.open("AssumedBy: ", principal, "&awsiam.ServicePrincipalOpts{")
		symbols.conditions(w, trust.Conditions, nil)
		w.close("}),")
	}
	if len(role.Inline) > 0 {
		open, end := "&map[string]awsiam.PolicyDocument{", "},"
		if slices.ContainsFunc(role.Inline, isOptionalPolicy) {
			open, end = "withStatements(map[string]awsiam.PolicyDocument{", "}),"
		}
		w.open("InlinePolicies: ", open)
		for _, p := range role.Inline {
			symbols.document(w, strconv.Quote(p.Name), p.Document)
		}
		w.close(end)
	}
	if len(role.Attached)+len(role.Managed) > 0 {
		symbols.managedPolicies(w, role)
	}
	return w.String()
}

// cdkFindings returns the findings that are suppressed on the role and its policies.
func cdkFindings(role *policy.Role) (findings []policy.Text) {
	onRole, onManaged := Suppressions(role)
	for _, list := range append(onManaged, onRole) {
		for _, s := range of(CDKNag, list) {
			for _, f := range s.Findings {
				findings = append(findings, policy.Text(f))
			}
		}
	}
	return findings
}

// suppressions writes the calls that suppress findings on each construct.
func (symbols cdkSymbols) suppressions(role *policy.Role) string {
	w := &goWriter{indent: 1}
	// rules writes a list of rules, which begins in the line of before and ends in that of after.
	rules := func(before string, list []Suppression) (after string) {
		if len(list) == 0 {
			return before + "nil"
		}
		w.open(before, "[]map[string]any{")
		for _, s := range list {
			w.open("{")
			w.field(`"id"`, strconv.Quote(s.ID))
			w.field(`"reason"`, strconv.Quote(s.Reason))
			var names []string
			for _, f := range s.Findings {
				names = append(names, symbols.finding(f))
			}
			if names != nil {
				w.list(`"applies_to": []string{`, names, "},")
			}
			w.close("},")
		}
		w.indent--
		return "}"
	}
	add := func(construct string, list []Suppression) {
		if len(list) > 0 {
			w.line(rules(rules("suppress("+construct+", ", of(CFNNag, list))+", ", of(CDKNag, list)), ")")
		}
	}
	onRole, onManaged := Suppressions(role)
	add("role", onRole)
	for i, list := range onManaged {
		when := role.Managed[i].Document.When()
		if when != nil && len(list) > 0 {
			w.open("if ", symbols.when(when), " {")
		}
		add("scope.Node().FindChild(jsii.String(*id+"+cdkPolicyID(i)+"))", list)
		if when != nil && len(list) > 0 {
			w.close("}")
		}
	}
	return w.String()
}

// cdkSymbols are the Go expressions for the values of symbols.
type cdkSymbols map[policy.Symbol]string

// cdkStackValues are the variables for symbols whose value a stack has, and the stack's methods for them.
var cdkStackValues = map[policy.Symbol]cdkStackValue{
	policy.Partition: {"partition", "Partition"},
	policy.Region:    {"region", "Region"},
	policy.AccountID: {"account", "Account"},
	policy.URLSuffix: {"urlSuffix", "UrlSuffix"},
}

// text returns a Go expression. Like quote, strconv.Quote escapes what is not printable.
func (symbols cdkSymbols) text(t policy.Text) string {
	return cdkExpression(t, " + ", func(s policy.Symbol) string { return symbols[s] })
}

// argument is text for a call with several arguments, in which gofmt writes no spaces around an operator.
func (symbols cdkSymbols) argument(t policy.Text) string {
	return cdkExpression(t, "+", func(s policy.Symbol) string { return symbols[s] })
}

// finding returns a Go expression for the name of a finding of cdk-nag.
func (symbols cdkSymbols) finding(f NagFinding) string {
	return cdkExpression(policy.Text(f), " + ", func(s policy.Symbol) string {
		return "name(" + symbols[s] + ", " + strconv.Quote(openName(s)) + ")"
	})
}

func cdkExpression(t policy.Text, plus string, symbol func(policy.Symbol) string) string {
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
	return strings.Join(parts, plus)
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
