package emit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/templates"
)

// AWSCLI writes a POSIX shell script that makes the role with the AWS CLI, and updates it when it runs again. Its
// documents are quoted here-documents, so every symbol needs a value. Tags of the role say that the script made it.
//
// Text of the input is an argument of the CLI only if the CLI cannot take it for something else: it would read a
// description that begins with "file://" from that file. Other text is in JSON, which the CLI passes on unread.
var AWSCLI = &Format{
	Name:       "aws-cli",
	Aliases:    []string{"sh"},
	Help:       "a shell script for the AWS CLI",
	Extensions: []string{".sh"},
	Emit:       emitAWSCLI,
}

// The tags by which a script recognises its role. The role has a third one, execrole:attached, while the script has
// attached managed policies to it that exist without the role.
const familyTag, regionTag, attachedTag = "execrole:family", "execrole:region", "execrole:attached"

// The data of the template. Every string is ready for its place: quoted for the shell, the line of a comment, or JSON
// that ends with a line break.
type (
	shScript struct {
		Header, Family              string
		Role, Path, Account, Region string
		Tag, Boundary, Attached     string
		Naming, Inline              string
		Trust, Properties, Tags     string
		InlinePolicies              []shPolicy
		ManagedPolicies             []shPolicy
	}
	shPolicy struct {
		Function, Name, Document string
		Hash                     string // of a managed policy's document; "" for an inline policy
		Comments                 []string
	}
)

var shTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.ParseFS(templates.AWSCLI, "awscli/role.sh.tmpl")
})

func emitAWSCLI(role *policy.Role, opts Options) ([]File, error) {
	if err := checkTexts(role, func(string) error { return nil }); err != nil {
		return nil, fmt.Errorf("format aws-cli: %w", err)
	}
	used := usedSymbols(role)
	for _, s := range []policy.Symbol{policy.Region, policy.AccountID} {
		if !slices.Contains(used, s) {
			used = append(used, s)
		}
	}
	values, err := knownValues("aws-cli", role, used)
	if err != nil {
		return nil, err
	}
	script, err := shData(role, opts, values)
	if err != nil {
		return nil, fmt.Errorf("format aws-cli: %w", err)
	}
	text, err := shTemplate()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := text.Execute(&b, script); err != nil {
		return nil, err
	}
	program, err := templates.AWSCLI.ReadFile("awscli/program.sh")
	if err != nil {
		return nil, err
	}
	b.Write(program)
	return []File{{Name: stem(role.Family) + "-execution-role.sh", Data: b.Bytes(), Uses: needed(role, used), Executable: true}}, nil
}

func shData(role *policy.Role, opts Options, values map[policy.Symbol]string) (shScript, error) {
	p := role.Properties
	// The script passes these to the CLI, which would take other text for files and options.
	if err := (policy.Options{Name: role.Name, Properties: policy.Properties{Path: p.Path, PermissionsBoundary: p.PermissionsBoundary}}).Check(); err != nil {
		return shScript{}, err
	}
	name, region := role.Name, values[policy.Region]
	if name == "" {
		name = defaultRoleName(role.Family, region)
	}
	family := shorten(cleaned(role.Family), role.Family, policy.MaxTagValue)
	tags, err := ownTags(p.Tags, family, region)
	if err != nil {
		return shScript{}, err
	}
	attached := make([]string, len(role.Attached))
	for i, t := range role.Attached {
		attached[i] = t.Expand(func(s string) string { return s }, func(s policy.Symbol) string { return values[s] })
	}
	list := strings.Join(attached, " ")
	switch bad := strings.IndexFunc(list, func(r rune) bool {
		return !asciiLetter(byte(min(r, 0x7F))) && !strings.ContainsRune("0123456789_.:/=+-@ ", r)
	}); {
	case bad >= 0:
		return shScript{}, fmt.Errorf("the managed policy's ARN %q has characters that the tag %s cannot have", list, attachedTag)
	case len(list) > policy.MaxTagValue:
		return shScript{}, fmt.Errorf("the ARNs of the attached managed policies have %d characters, and the tag %s has room for %d", len(list), attachedTag, policy.MaxTagValue)
	}
	if list != "" {
		tags = append(tags, policy.Tag{Key: attachedTag, Value: list})
	}
	path := p.Path
	if path == "" {
		path = "/"
	}
	script := shScript{
		Header: headerComment(opts.Source), Family: "the task definition", Naming: shQuote(policy.Name),
		Role: shQuote(name), Path: shQuote(path), Account: shQuote(values[policy.AccountID]), Region: shQuote(region),
		Tag: shQuote(family), Boundary: shQuote(p.PermissionsBoundary), Attached: shQuote(list),
		Trust: string(jsonDocument(role.Trust, values)), Properties: shProperties(p), Tags: shTags(tags),
	}
	if role.Family != "" {
		script.Family = word(role.Family)
	}
	names := make([]string, len(role.Inline))
	for i, q := range role.Inline {
		names[i] = q.Name
		script.InlinePolicies = append(script.InlinePolicies, shPolicyOf(q, i, values))
	}
	script.Inline = shQuote(strings.Join(names, " "))
	for i, q := range role.Managed {
		one := shPolicyOf(q, len(role.Inline)+i, values)
		sum := sha256.Sum256([]byte(one.Document))
		// Names of managed policies are unique in an account too.
		one.Name, one.Hash = shQuote(name+"-"+q.Name), hex.EncodeToString(sum[:])
		script.ManagedPolicies = append(script.ManagedPolicies, one)
	}
	return script, nil
}

// shPolicyOf returns a policy, numbered from 0. JSON has no comments, so the fields that asked for a statement are
// listed above the document.
func shPolicyOf(p policy.Policy, i int, values map[policy.Symbol]string) shPolicy {
	out := shPolicy{Function: "policy_" + strconv.Itoa(i+1), Name: shQuote(p.Name), Document: string(jsonDocument(p.Document, values))}
	for _, s := range p.Document.Statements {
		for _, from := range s.Fields() {
			out.Comments = append(out.Comments, word(s.Sid)+": "+sourceComment(from))
		}
	}
	return out
}

// defaultRoleName returns the name of a role for which none was given. The region is a part of it, since names of roles
// are unique in an account.
func defaultRoleName(family, region string) string {
	return shorten(cleaned(family)+"-execution-"+cleaned(region), family+"-execution-"+region, policy.MaxRoleName)
}

// ownTags returns the tags together with the two by which the script recognises the role. It leaves room for the third.
func ownTags(tags []policy.Tag, family, region string) ([]policy.Tag, error) {
	own := []string{familyTag, regionTag, attachedTag}
	for _, t := range tags {
		if slices.ContainsFunc(own, func(key string) bool { return strings.EqualFold(key, t.Key) }) {
			return nil, fmt.Errorf("the tag %q is the script's own", t.Key)
		}
	}
	if n := len(tags) + len(own); n > policy.MaxTags {
		return nil, fmt.Errorf("%d tags, and the script's own are %s: IAM allows %d together", len(tags), strings.Join(own, ", "), policy.MaxTags)
	}
	return append(slices.Clip(tags), policy.Tag{Key: familyTag, Value: family}, policy.Tag{Key: regionTag, Value: region}), nil
}

// shProperties returns the properties that can be changed after the role exists, as --cli-input-json of aws iam
// create-role and update-role takes them. A property that is no longer wanted gets its default again.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
func shProperties(p policy.Properties) string {
	duration := p.MaxSessionDuration
	if duration == 0 {
		duration = policy.MinSession // IAM's default
	}
	var b bytes.Buffer
	w := newJSONWriter(&b, nil, jsontext.WithIndent("  "))
	w.token(jsontext.BeginObject)
	w.string("Description")
	w.string(p.Description)
	w.string("MaxSessionDuration")
	w.token(jsontext.Int(int64(duration)))
	w.token(jsontext.EndObject)
	return b.String()
}

func shTags(tags []policy.Tag) string {
	var b bytes.Buffer
	newJSONWriter(&b, nil, jsontext.WithIndent("  ")).tags(tags)
	return b.String()
}

// shQuote returns s, which has no NUL byte, as one word for a POSIX shell.
func shQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
