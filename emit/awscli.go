package emit

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
	"github.com/execrole/execrole/templates"
)

// AWSCLI writes a POSIX shell script that makes the role with the AWS CLI, and updates it when it runs again. The account,
// the region and the partition are variables of the script. If one is unknown, the script asks the CLI for it, so that
// one script serves every account, as a template does. If it is known, the script refuses credentials of another one.
// Every other symbol needs a value. Tags of the role and of its policies say that the script made them.
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

// The data of the template. Every string is ready for its place: quoted for the shell, the line of a comment, or a word
// of harmless characters.
type (
	shScript struct {
		Header, Family             string
		Role, Path                 string
		Account, Partition, Region string
		NeedsRegion, AddRegion     string // "yes" or "no"
		Tag, Boundary              string
		Naming, Inline             string
		Attached, Trust            shDocument
		Properties, Tags           shDocument
		InlinePolicies             []shPolicy
		ManagedPolicies            []shPolicy
		Mappings                   []shMapping
	}
	shPolicy struct {
		Function, Name string
		Document       shDocument
		Mark           string // of a managed policy: a word that differs where the document does
		Comments       []string
	}
	// shMapping gives a variable its value by the region.
	shMapping struct {
		Variable, Missing string
		Rows              []policy.Row
	}
	// shDocument is the text of a here-document, which ends with a line break. The shell expands variables in one that
	// is open.
	shDocument struct {
		Text string
		Open bool
	}
)

var shTemplate = sync.OnceValues(func() (templateSet, error) {
	return parseTemplates(templates.AWSCLI, "awscli/*.tmpl")
})

// shVariables are the variables of a script that have the values of an environment.
var shVariables = map[policy.Symbol]string{policy.Partition: "partition", policy.Region: "region", policy.AccountID: "account"}

func emitAWSCLI(role *policy.Role, opts Options) ([]File, error) {
	if err := checkTexts(role, withoutNUL); err != nil {
		return nil, fmt.Errorf("format aws-cli: %w", err)
	}
	used := usedSymbols(role)
	for _, s := range []policy.Symbol{policy.Region, policy.AccountID} {
		if !slices.Contains(used, s) {
			used = append(used, s)
		}
	}
	values, mappings, err := shValues(role, used)
	if err != nil {
		return nil, err
	}
	script, err := shData(role, opts, values, mappings)
	if err != nil {
		return nil, fmt.Errorf("format aws-cli: %w", err)
	}
	text, err := shTemplate()
	if err != nil {
		return nil, err
	}
	data, err := text.print("role.sh.tmpl", script)
	if err != nil {
		return nil, err
	}
	program, err := templates.AWSCLI.ReadFile("awscli/program.sh")
	if err != nil {
		return nil, err
	}
	data = append(data, program...)
	uses := slices.DeleteFunc(needed(role, used), func(s policy.Symbol) bool { return role.Environment.Value(s) == "" })
	return []File{{Name: stem(role.Family) + "-execution-role.sh", Data: data, Uses: uses, Executable: true}}, nil
}

// withoutNUL refuses a text with a NUL byte. A script cannot have one, and shVariable needs it.
func withoutNUL(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("%q has a NUL byte, which no script can have", s)
	}
	return nil
}

// shVariable is the value of a symbol until shJSON or shList writes the variable of that name.
func shVariable(name string) string { return "\x00" + name + "\x00" }

// shValues returns a value for each symbol. Symbols of the environment, and of mappings if the region is unknown, are
// variables. It fails with a [MissingValues] if another symbol has no value, and with a [policy.LimitError] if the role
// is too large with the values that are known.
func shValues(role *policy.Role, used []policy.Symbol) (values map[policy.Symbol]string, mappings []shMapping, err error) {
	env := role.Environment
	for _, e := range []policy.Environment{{Partition: env.Partition}, {Region: env.Region}, {Account: env.Account}} {
		// The documents contain these values as they are.
		if err := e.Check(); err != nil {
			return nil, nil, fmt.Errorf("format aws-cli: %w", err)
		}
	}
	values, longest := map[policy.Symbol]string{}, env.Values()
	missing := &MissingValues{Format: "aws-cli"}
	for _, s := range used {
		m, mapped := mappingOf(role, s)
		switch {
		case shVariables[s] != "":
			values[s] = shVariable(shVariables[s])
		case !mapped:
			missing.Symbols = append(missing.Symbols, s)
		case env.Region != "":
			if values[s], err = mappedValue("aws-cli", m, env.Region); err != nil {
				return nil, nil, err
			}
			longest[s] = values[s]
		default:
			one := shMappingOf(m, mappings)
			values[s], mappings = shVariable(one.Variable), append(mappings, one)
			longest[s] = longestValue(m)
		}
	}
	if missing.Symbols != nil {
		return nil, nil, missing
	}
	// The permissions were packed for the longest values of today and some more. Longer values can be given. The script
	// refuses them if the CLI says them.
	if err := role.CheckValues(longest); err != nil {
		return nil, nil, fmt.Errorf("format aws-cli: %w", err)
	}
	return values, mappings, nil
}

// shMappingOf returns a mapping with a variable that no other one has.
func shMappingOf(m policy.Mapping, others []shMapping) shMapping {
	words := append(wordsOf(m.Name), wordsOf(m.Column)...)
	first := "mapping_" + strings.ToLower(strings.Join(words, "_"))
	out := shMapping{Variable: first, Missing: shQuote(fmt.Sprintf("the mapping %s has no %s for region ", m.Name, m.Column))}
	for n := 2; slices.ContainsFunc(others, func(o shMapping) bool { return o.Variable == out.Variable }); n++ {
		out.Variable = first + "_" + strconv.Itoa(n)
	}
	for _, r := range m.Rows {
		// The value becomes a part of a JSON string.
		value := quote(r.Value, dialectIAM)
		out.Rows = append(out.Rows, policy.Row{Region: shQuote(r.Region), Value: shQuote(value[1 : len(value)-1])})
	}
	return out
}

// longestValue returns the longest value of a mapping.
func longestValue(m policy.Mapping) (longest string) {
	for _, r := range m.Rows {
		if utf8.RuneCountInString(r.Value) > utf8.RuneCountInString(longest) {
			longest = r.Value
		}
	}
	return longest
}

func shData(role *policy.Role, opts Options, values map[policy.Symbol]string, mappings []shMapping) (shScript, error) {
	p, env := role.Properties, role.Environment
	name, addRegion := role.Name, false
	if name == "" {
		name, addRegion = regionlessName(role), env.Region == ""
		if !addRegion {
			name += "-" + env.Region
		}
	}
	// The script passes these to the CLI, which would take other text for files and options.
	if err := (policy.Options{Name: name, Properties: policy.Properties{Path: p.Path, PermissionsBoundary: p.PermissionsBoundary}}).Check(); err != nil {
		return shScript{}, err
	}
	attached, err := shAttached(role, values)
	if err != nil {
		return shScript{}, err
	}
	family := shorten(cleaned(role.Family), role.Family, policy.MaxTagValue)
	tags, err := ownTags(p.Tags, family, values[policy.Region])
	if err != nil {
		return shScript{}, err
	}
	if attached != "" {
		tags = append(tags, policy.Tag{Key: attachedTag, Value: attached})
	}
	script := shScript{
		Header: headerComment(opts), Family: "the task definition",
		Role: shQuote(name), Path: shQuote(cmp.Or(p.Path, "/")),
		Account: shQuote(env.Account), Partition: shQuote(cmp.Or(env.Partition, partitionOfResources(role))), Region: shQuote(env.Region),
		NeedsRegion: yesNo(addRegion || mappings != nil || slices.Contains(usedSymbols(role), policy.Region)), AddRegion: yesNo(addRegion),
		Tag: shQuote(family), Boundary: shQuote(p.PermissionsBoundary), Naming: shQuote(policy.Name),
		Attached: shList(attached), Trust: shJSON(jsonDocument(role.Trust, values)),
		Properties: shDocument{Text: shProperties(p)}, Tags: shJSON(shTags(tags)), Mappings: mappings,
	}
	if role.Family != "" {
		script.Family = word(role.Family)
	}
	names := make([]string, len(role.Inline))
	for i, q := range role.Inline {
		names[i] = q.Name
		script.InlinePolicies = append(script.InlinePolicies, shPolicyOf(q, i, values, mappings))
	}
	script.Inline = shQuote(strings.Join(names, " "))
	for i, q := range role.Managed {
		script.ManagedPolicies = append(script.ManagedPolicies, shPolicyOf(q, len(role.Inline)+i, values, mappings))
	}
	return script, nil
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// shPolicyOf returns a policy, numbered from 0. JSON has no comments, so the fields that asked for a statement are
// listed above the document.
func shPolicyOf(p policy.Policy, i int, values map[policy.Symbol]string, mappings []shMapping) shPolicy {
	document := jsonDocument(p.Document, values)
	out := shPolicy{Function: "policy_" + strconv.Itoa(i+1), Name: shQuote(p.Name), Document: shJSON(document)}
	for _, s := range p.Document.Statements {
		for _, from := range s.Fields() {
			out.Comments = append(out.Comments, word(s.Sid)+": "+sourceComment(from))
		}
	}
	// An account has one partition, so in its policies only the region can differ, and what depends on it.
	hash, regional := sha256.New(), strings.Contains(out.Document.Text, "${"+shVariables[policy.Region]+"}")
	hash.Write(document)
	for _, m := range mappings {
		if strings.Contains(out.Document.Text, "${"+m.Variable+"}") {
			fmt.Fprintf(hash, "%q", m)
			regional = true
		}
	}
	out.Mark = hex.EncodeToString(hash.Sum(nil))
	if regional {
		out.Mark = `"` + out.Mark + `:$region"`
	}
	return out
}

// shJSON returns JSON as the text of a here-document. Names between NUL bytes are those of variables.
func shJSON(data []byte) shDocument {
	const nul = `\u0000`
	text := string(data)
	if !strings.Contains(text, nul) {
		return shDocument{Text: text}
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], nul):
			name, _, _ := strings.Cut(text[i+len(nul):], nul)
			b.WriteString("${" + name + "}")
			i += 2*len(nul) + len(name) - 1
		case c == '\\':
			// An escape of JSON: both characters go together, so that what follows \\ is no escape.
			b.WriteString(`\\`)
			if i++; text[i] == '\\' {
				b.WriteString(`\\`)
			} else {
				b.WriteByte(text[i])
			}
		case c == '$', c == '`':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return shDocument{Text: b.String(), Open: true}
}

// shList returns a list of words as the text of a here-document. Names between NUL bytes are those of variables. Nothing
// else in it means something to the shell.
func shList(list string) shDocument {
	if list == "" {
		return shDocument{}
	}
	parts := strings.Split(list, "\x00")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = "${" + parts[i] + "}"
	}
	return shDocument{Text: strings.Join(parts, "") + "\n", Open: len(parts) > 1}
}

// shAttached returns the ARNs of the attached managed policies, with a space between two.
func shAttached(role *policy.Role, values map[policy.Symbol]string) (string, error) {
	longest := func(s policy.Symbol) string {
		if m, mapped := mappingOf(role, s); mapped && role.Environment.Region == "" {
			return longestValue(m)
		}
		if values[s] != "" && shVariables[s] == "" {
			return values[s]
		}
		return cmp.Or(role.Environment.Value(s), strings.Repeat("x", role.Symbols.Lookup(s).MaxLength))
	}
	list, measured := make([]string, len(role.Attached)), make([]string, len(role.Attached))
	for i, t := range role.Attached {
		list[i] = t.Expand(unquoted, func(s policy.Symbol) string { return values[s] })
		measured[i] = t.Expand(unquoted, longest)
		for _, s := range t.Symbols() {
			if m, mapped := mappingOf(role, s); mapped {
				for _, r := range m.Rows {
					if !isTagWord(r.Value) {
						return "", fmt.Errorf("the value %q of a managed policy's ARN has characters that the tag %s cannot have", r.Value, attachedTag)
					}
				}
			}
		}
	}
	all := strings.Join(measured, " ")
	switch {
	case !isTagWord(all):
		return "", fmt.Errorf("the managed policy's ARN %q has characters that the tag %s cannot have", all, attachedTag)
	case len(all) > policy.MaxTagValue:
		return "", fmt.Errorf("the ARNs of the attached managed policies have %d characters, and the tag %s has room for %d", len(all), attachedTag, policy.MaxTagValue)
	}
	return strings.Join(list, " "), nil
}

// isTagWord reports whether a text has only characters of ASCII that the values of tags can have.
func isTagWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !asciiLetter(byte(min(r, 0x7F))) && !strings.ContainsRune("0123456789_.:/=+-@ ", r)
	})
}

// partitionOfResources returns the partition that all ARNs of the role's permissions have, if it is the same in all that
// say one: a role has no access to another partition. It is "" if they differ or say none.
func partitionOfResources(role *policy.Role) string {
	found := ""
	for _, p := range role.Policies() {
		for _, s := range p.Document.Statements {
			for _, v := range s.Resources {
				arn, ok := policy.CutARN(v.Text)
				partition := string(arn.Partition)
				switch {
				case !ok || !policy.IsPartition(partition) || partition == found:
				case found != "":
					return ""
				default:
					found = partition
				}
			}
		}
	}
	return found
}

// regionlessName returns the name of a role for which none was given, without the region at its end, for which it leaves
// room. The region is a part of the name, since names of roles are unique in an account.
func regionlessName(role *policy.Role) string {
	room := policy.MaxRoleName - len("-") - role.Symbols.Lookup(policy.Region).MaxLength
	return shorten(cleaned(role.Family)+"-execution", role.Family+"-execution", room)
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

func shTags(tags []policy.Tag) []byte {
	var b bytes.Buffer
	newJSONWriter(&b, nil, jsontext.WithIndent("  ")).tags(tags)
	return b.Bytes()
}

// shQuote returns s, which has no NUL byte, as one word for a POSIX shell. Dollars and backticks are not between quotes:
// shellcheck would warn that they mean nothing there.
func shQuote(s string) string { return "'" + shQuotes.Replace(s) + "'" }

var shQuotes = strings.NewReplacer("'", `'\''`, "$", `'\$'`, "`", "'\\`'")
