package emit

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/emit/internal/sample"
)

func TestCDKGoGolden(t *testing.T) {
	checkFile(t, "stack.go.golden", emitOne(t, "cdk-go", sample.Web(), Options{Source: "web.json"})[0].Data)
}

func TestCDKGoFiles(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts Options
		want string // names, with what becomes of files that exist
	}{
		{"app", Options{}, "stack.go owned, main.go kept, go.mod kept, go.sum kept, cdk.json kept, .gitignore kept"},
		{"main only", Options{MainOnly: true}, "stack.go owned"},
		{"package", Options{Package: "roles"}, "stack.go owned"},
		{"package, main only", Options{Package: "roles", MainOnly: true}, "stack.go owned"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range emitOne(t, "cdk-go", sample.Web(), tt.opts) {
				name := f.Name
				switch f.Write {
				case IfOurs:
					name += " owned"
				case IfAbsent:
					name += " kept"
				}
				got = append(got, name)
				if (f.Write == IfOurs) != Generated(f.Data) {
					t.Errorf("%s: Generated is %v: the header is for files that nobody is to edit", f.Name, f.Write != IfOurs)
				}
			}
			if got := strings.Join(got, ", "); got != tt.want {
				t.Errorf("files %s, want %s", got, tt.want)
			}
		})
	}
}

// TestCDKGoPackage has nothing in the role's function that the role does not need.
func TestCDKGoPackage(t *testing.T) {
	open := string(emitOne(t, "cdk-go", sample.Web(), Options{Package: "roles"})[0].Data)
	closed := &policy.Role{Trust: policy.Document{Statements: []policy.Statement{
		{Principals: sample.ECSTasks(), Actions: []string{"sts:AssumeRole"}},
	}}}
	none := string(emitOne(t, "cdk-go", closed, Options{Package: "roles"})[0].Data)
	if part := "awscdk.Stack_Of(scope)"; !strings.Contains(open, part) || strings.Contains(none, part) {
		t.Errorf("%s: must stand in the first and not in the second:\n%s\n%s", part, open, none)
	}
	if !strings.Contains(none, `jsii.String("ecs-tasks.amazonaws.com"), nil)`) || strings.Contains(none, "InlinePolicies") {
		t.Errorf("a role without conditions and permissions:\n%s", none)
	}
}

// TestCDKGoProperties: the source has every property of the role and everything that it has attached. That the CDK makes
// the same of it is tested in emit/internal/synth.
func TestCDKGoProperties(t *testing.T) {
	role := sample.Deployed(2, "a", policy.Properties{
		Path: "/ecs/", Description: "of \"web\"", PermissionsBoundary: "arn:aws:iam::111122223333:policy/limit", MaxSessionDuration: 7200,
		Tags: []policy.Tag{{Key: "team", Value: "shop"}, {Key: "stage", Value: ""}},
	})
	role.Name, role.Attached = "web", []policy.Text{"arn:" + partition + ":iam::aws:policy/A", "arn:aws:iam::111122223333:policy/b"}
	source := string(emitOne(t, "cdk-go", role, Options{})[0].Data)
	for _, part := range []string{
		`jsii.String("/ecs/"),`, `jsii.String("of \"web\""),`, `jsii.String("web"),`, `awscdk.Duration_Seconds(jsii.Number(7200)),`,
		`awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.String(*id+"Boundary"), jsii.String("arn:aws:iam::111122223333:policy/limit")),`,
		`awscdk.Tags_Of(role).Add(jsii.String("team"), jsii.String("shop"), nil)`, `awscdk.Tags_Of(role).Add(jsii.String("stage"), jsii.String(""), nil)`,
		`awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.String(*id+"Attached1"), jsii.String("arn:"+partition+":iam::aws:policy/A")),`,
		`awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.String(*id+"Attached2"), jsii.String("arn:aws:iam::111122223333:policy/b")),`,
		`awsiam.NewManagedPolicy(scope, jsii.String(*id+"Policy1"),`, `awsiam.NewManagedPolicy(scope, jsii.String(*id+"Policy2"),`,
	} {
		if !strings.Contains(source, part) {
			t.Errorf("%s is not in\n%s", part, source)
		}
	}
}

func TestCDKGoRefuses(t *testing.T) {
	role := func(change func(*policy.Role)) *policy.Role {
		r := sample.Web()
		change(r)
		return r
	}
	resource := func(text policy.Text) *policy.Role {
		return role(func(r *policy.Role) { r.Inline[0].Document.Statements[0].Resources = policy.Values(text) })
	}
	for _, tt := range []struct {
		name string
		role *policy.Role
		opts Options
		want string
	}{
		{"dynamic reference", resource("a{{resolve:ssm:x}}"), Options{}, `"{{resolve:"`},
		{"token", resource("a${Token[AWS.Region.4]}"), Options{}, `"${Token["`},
		{"list token", resource("a" + region + "#{Token[x]}"), Options{}, `"#{Token["`},
		{"number token", resource("-1.5 -1.8881545897087736e+289"), Options{}, `"-1.8881545897087736e+289"`},
		{"token in the name", role(func(r *policy.Role) { r.Name = "${Token[x]}" }), Options{}, `"${Token["`},
		{"token in the path", role(func(r *policy.Role) { r.Properties.Path = "/${Token[x]}/" }), Options{}, `"${Token["`},
		{"token in a tag", role(func(r *policy.Role) { r.Properties.Tags = []policy.Tag{{Key: "a", Value: "-1.5e+289"}} }), Options{}, `"-1.5e+289"`},
		{"dynamic reference in the description", role(func(r *policy.Role) { r.Properties.Description = "{{resolve:ssm:x}}" }), Options{}, `"{{resolve:"`},
		{"not UTF-8 in a tag", role(func(r *policy.Role) { r.Properties.Tags = []policy.Tag{{Key: "a\xff"}} }), Options{}, "UTF-8"},
		{"not UTF-8", resource("a\xff"), Options{}, "UTF-8"},
		{"no trust", role(func(r *policy.Role) { r.Trust.Statements = nil }), Options{}, "trust policy"},
		{"two trusted", role(func(r *policy.Role) { r.Trust.Statements = append(r.Trust.Statements, r.Trust.Statements[0]) }), Options{}, "trust policy"},
		{"trust with a Sid", role(func(r *policy.Role) { r.Trust.Statements[0].Sid = "A" }), Options{}, "trust policy"},
		{"another action", role(func(r *policy.Role) { r.Trust.Statements[0].Actions = []string{"sts:TagSession"} }), Options{}, "trust policy"},
		{"denied", role(func(r *policy.Role) { r.Inline[0].Document.Statements[1].Effect = policy.Deny }), Options{}, `the statement "EcrPull" does not just allow`},
		{"all but one action", role(func(r *policy.Role) { r.Inline[0].Document.Statements[1].NotActions = []string{"a:b"} }), Options{}, "does not just allow"},
		{"one name twice", role(func(r *policy.Role) { r.Inline = append(r.Inline, r.Inline[0]) }), Options{}, `two policies have the name "TaskExecution"`},
		{"package", sample.Web(), Options{Package: "a-b"}, `package name "a-b"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files, err := CDKGo.Emit(tt.role, tt.opts)
			if files != nil || err == nil || !strings.HasPrefix(err.Error(), "format cdk-go: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("files %v, error %v", files, err)
			}
		})
	}
	for _, s := range []string{"", "${Token", "$Token[x]", "{Token[x]}", "-1.8881545897087736e+28", "-1.e289", "e+289", "${AWS::Region}", "-1.-1."} {
		if err := noCDKToken(s); err != nil {
			t.Errorf("%q is no token: %v", s, err)
		}
	}
}

func TestCheckPackage(t *testing.T) {
	for name, ok := range map[string]bool{
		"roles": true, "main": true, "r2": true, "my_roles": true, "größe": true, "string": true,
		"": false, "_": false, "2r": false, "a-b": false, "a.b": false, "a/b": false, "a b": false, "func": false,
		"init": false, "documentation": false, "roles_test": false, "x\n": false, "x;": false,
	} {
		if err := CheckPackage(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestCDKStackName(t *testing.T) {
	long := strings.Repeat("a", 255)
	for family, want := range map[string]string{
		"":       "task-execution-role",
		"web":    "web-execution-role",
		"my-web": "my-web-execution-role",
		// printf %s my_web | sha256sum
		"my_web":  "my-web-db87a0cd-execution-role",
		"2048":    "task-2048-bfa0ec8b-execution-role",
		"_x":      "task--x-a01e47cb-execution-role",
		"a b\nc;": "a-b-c--7d14a5e7-execution-role",
		// printf %s aaa… | sha256sum, of 255
		long: strings.Repeat("a", 104) + "-b0f3323e-execution-role",
	} {
		got := cdkStackName(family)
		if len(got) > 128 || got != want {
			t.Errorf("%q: %s, want %s", family, got, want)
		}
	}
	if cdkStackName(long) == cdkStackName(long+"b") {
		t.Error("two long families that begin alike have one name")
	}
}

func TestGenerated(t *testing.T) {
	for text, want := range map[string]bool{
		"// Code generated by execrole from web.json; DO NOT EDIT.\n\npackage main\n":   true,
		"// Code generated by execrole from web.json; DO NOT EDIT.\r\n\r\npackage main": true,
		"# Code generated by execrole from standard input; DO NOT EDIT.":                true,
		"// Code generated by protoc; DO NOT EDIT.\n":                                   false,
		"// Code generated by execrole from web.json and changed by hand\n":             false,
		"package main\n// Code generated by execrole from web.json; DO NOT EDIT.\n":     false,
		"": false,
	} {
		if Generated([]byte(text)) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

// TestCDKGoHostileStrings: a string, wherever it is written, is the value of a Go string, and changes nothing else.
func TestCDKGoHostileStrings(t *testing.T) {
	for _, s := range sample.Strings {
		checkCDKGoHostile(t, s)
	}
}

func FuzzCDKGoHostileStrings(f *testing.F) {
	for _, s := range sample.Strings {
		f.Add(s)
	}
	f.Fuzz(checkCDKGoHostile)
}

func checkCDKGoHostile(t *testing.T, s string) {
	t.Helper()
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) || noCDKToken(s+"${AWS::Region}"+s) != nil || noCDKToken(s) != nil {
		return
	}
	harmless, err := CDKGo.Emit(sample.Hostile("x"), Options{Source: "x"})
	if err != nil {
		t.Fatal(err)
	}
	hostile, err := CDKGo.Emit(sample.Hostile(s), Options{Source: s})
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	for i, f := range hostile {
		var lines strings.Builder
		for line := range strings.Lines(string(f.Data)) {
			lines.WriteString(strings.TrimLeft(line, "\t"))
		}
		sample.CheckPrintable(t, []byte(lines.String()))
		if !strings.HasSuffix(f.Name, ".go") {
			if f.Name != "go.mod" && !bytes.Equal(f.Data, harmless[i].Data) {
				t.Errorf("%q: %s differs", s, f.Name)
			}
			continue
		}
		checkFormatted(t, fmt.Sprintf("%q: %s", s, f.Name), f.Data)
		if s == "" {
			continue // it leaves nothing behind, not even an empty string
		}
		want, got := goShape(t, harmless[i].Data), goShape(t, f.Data)
		text := s
		for j, v := range want {
			switch v {
			case `"x"`:
				want[j] = strconv.Quote(s)
			case `"arn:aws:s3:::x*"`, `":s3:::x"`, `"x*"`, `"Since x"`, `"Resource::arn:aws:s3:::x*"`:
				before, after, _ := strings.Cut(v[1:len(v)-1], "x")
				want[j] = strconv.Quote(before + text + after)
			case `"reason"`:
				text = s
			case `"applies_to"`: // cdk-nag has brackets of its own
				text = strings.NewReplacer("${", "<", "}", ">").Replace(s)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s: -want +got\n%s", s, f.Name, diff)
		}
	}
}

// goShape returns the nodes of a Go file: names, strings, how many lines each comment has, and the kinds of
// all else. The stack's name and description are replaced by words: they are made of the family's letters.
func goShape(t *testing.T, src []byte) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ParseComments)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	var list []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CommentGroup:
			return false
		case *ast.Ident:
			list = append(list, n.Name)
		case *ast.BasicLit:
			if n.Kind == token.INT {
				list = append(list, n.Value)
				break
			}
			v, err := strconv.Unquote(n.Value)
			switch {
			case err != nil:
				t.Fatalf("%s: %v", n.Value, err)
			case strings.HasSuffix(v, "-execution-role"):
				v = "the stack's name"
			case strings.HasPrefix(v, "Task execution role"):
				v = "the stack's description"
			}
			list = append(list, strconv.Quote(v))
		default:
			list = append(list, fmt.Sprintf("%T", n))
		}
		return true
	})
	for _, group := range file.Comments {
		list = append(list, "comment of lines "+strconv.Itoa(len(group.List)))
	}
	return list
}
