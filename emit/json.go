package emit

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
)

// IAMJSON writes policy documents as IAM's API takes them, so every symbol needs a value.
//
// The first permissions policy is the main file. A role with several permissions policies has a file for each. The first
// keeps the name that it has alone, so that a role that outgrows one policy leaves no stale file, and the others are
// numbered from 2. A numbered file of another run must not remain: a script that sends all files would send it too.
//
// Policy documents have no place for properties of the role. So a role with a name or other properties also has a file
// with the arguments of create-role, and a role with attached managed policies has the arguments of attach-role-policy.
var IAMJSON = &Format{
	Name:       "json",
	Help:       "the IAM policy document (JSON)",
	Extensions: []string{".json"},
	Emit:       emitJSON,
}

func emitJSON(role *policy.Role, opts Options) ([]File, error) {
	n := len(role.Inline) + len(role.Managed)
	// The name does not count: the command that puts the document into a role names that role again.
	var names []string
	for _, p := range role.Properties.List("") {
		names = append(names, p.Words)
	}
	if len(role.Attached) > 0 {
		names = append(names, "attached managed policy")
	}
	if opts.MainOnly && names != nil {
		return nil, fmt.Errorf("format json: a policy document has no place for the role's %s: use -o DIR/, which writes files for that too",
			strings.Join(names, ", "))
	}
	if opts.MainOnly && n > 1 {
		return nil, fmt.Errorf("the role has %d permissions policies, and each is a file of its own: use -o DIR/", n)
	}
	if err := checkTexts(role, func(string) error { return nil }); err != nil {
		return nil, fmt.Errorf("format json: %w", err)
	}
	docs := documents(role)
	if opts.MainOnly {
		docs = docs[:n]
	}
	var attached []policy.Text
	if !opts.MainOnly {
		attached = role.Attached
	}
	values, err := knownValues("json", role, symbolsOf(docs, attached))
	if err != nil {
		return nil, err
	}
	base := stem(role.Family) + "-execution-"
	files := []File{{Name: base + "policy.json", Write: Remove}}
	numbered := func(i int) string { return base + "policy-" + strconv.Itoa(i) + ".json" }
	for i, d := range docs {
		f := File{Name: base + "policy.json", Data: jsonDocument(d, values), Uses: needed(role, policy.Symbols(d))}
		switch {
		case i == n:
			for j := max(n, 1) + 1; j <= policy.MaxAttached; j++ {
				files = append(files, File{Name: numbered(j), Write: Remove})
			}
			if len(role.Attached) == 0 {
				files = append(files, File{Name: base + "attach.json", Write: Remove})
			}
			for j, arn := range attached {
				attach := File{Name: base + "attach.json", Data: attachRolePolicy(role.Name, arn, values), Uses: needed(role, arn.Symbols())}
				if j > 0 {
					attach.Name = base + "attach-" + strconv.Itoa(j+1) + ".json"
				}
				files = append(files, attach)
			}
			created := File{Name: base + "role.json", Write: Remove}
			if len(role.Properties.List(role.Name)) > 0 {
				created.Write, created.Data, created.Uses = Always, createRole(role, values), f.Uses
			}
			files = append(files, created)
			f.Name = base + "trust.json"
			files = append(files, f)
		case i == 0:
			files[0] = f
		default:
			f.Name = numbered(i + 1)
			files = append(files, f)
		}
	}
	return files, nil
}

// jsonWriter writes JSON token by token. Strings are escaped by appendQuoted: the encoder would not escape characters
// that IAM or a terminal does not accept.
type jsonWriter struct {
	encoder *jsontext.Encoder
	values  map[policy.Symbol]string
	dialect dialect
	open    bool    // a symbol without a value is written as ${NAME}
	scratch *[]byte // for one string at a time
}

func newJSONWriter(b *bytes.Buffer, values map[policy.Symbol]string, options ...jsontext.Options) jsonWriter {
	options = append(options, jsontext.PreserveRawStrings(true))
	return jsonWriter{encoder: jsontext.NewEncoder(b, options...), values: values, scratch: new([]byte)}
}

func jsonDocument(d policy.Document, values map[policy.Symbol]string) []byte {
	var b bytes.Buffer
	b.Grow(256 * (1 + len(d.Statements))) // most statements are shorter
	newJSONWriter(&b, values, jsontext.WithIndent("  ")).document(d)
	return b.Bytes() // the encoder ends a value at the top with a line break
}

func (w jsonWriter) document(d policy.Document) {
	w.token(jsontext.BeginObject)
	w.string("Version")
	w.string(cmp.Or(d.Version, policy.Version))
	w.string("Statement")
	w.token(jsontext.BeginArray)
	var room [6]member
	for i := range d.Statements {
		w.members(statementMembers(room[:], &d.Statements[i]))
	}
	w.token(jsontext.EndArray)
	w.token(jsontext.EndObject)
}

// createRole returns the arguments of aws iam create-role, for --cli-input-json. The trust policy is a string in them,
// as in the API.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func createRole(role *policy.Role, values map[policy.Symbol]string) []byte {
	var trust bytes.Buffer
	newJSONWriter(&trust, values).document(role.Trust)
	properties := role.Properties.List(role.Name)
	i := slices.IndexFunc(properties, func(p policy.Property) bool { return p.Text == "" })
	if i < 0 {
		i = len(properties)
	}
	properties = slices.Insert(properties, i, policy.Property{Key: "AssumeRolePolicyDocument", Text: strings.TrimSuffix(trust.String(), "\n")})
	var b bytes.Buffer
	w := newJSONWriter(&b, values, jsontext.WithIndent("  "))
	w.token(jsontext.BeginObject)
	for _, p := range properties {
		w.string(p.Key)
		switch {
		case p.Tags != nil:
			w.tags(p.Tags)
		case p.Number != 0:
			w.token(jsontext.Int(int64(p.Number)))
		default:
			w.string(p.Text)
		}
	}
	w.token(jsontext.EndObject)
	return b.Bytes()
}

func (w jsonWriter) tags(tags []policy.Tag) {
	w.token(jsontext.BeginArray)
	for _, t := range tags {
		w.token(jsontext.BeginObject)
		w.string("Key")
		w.string(t.Key)
		w.string("Value")
		w.string(t.Value)
		w.token(jsontext.EndObject)
	}
	w.token(jsontext.EndArray)
}

// attachRolePolicy returns the arguments of aws iam attach-role-policy. For a role without a name, the command line
// gives the name in addition to --cli-input-json.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
func attachRolePolicy(name string, arn policy.Text, values map[policy.Symbol]string) []byte {
	var b bytes.Buffer
	w := newJSONWriter(&b, values, jsontext.WithIndent("  "))
	w.token(jsontext.BeginObject)
	if name != "" {
		w.string("RoleName")
		w.string(name)
	}
	w.string("PolicyArn")
	w.text(arn)
	w.token(jsontext.EndObject)
	return b.Bytes()
}

func (w jsonWriter) members(members []member) {
	w.token(jsontext.BeginObject)
	for _, m := range members {
		w.string(m.key)
		switch {
		case m.members != nil:
			w.members(m.members)
		case len(m.words)+len(m.values) == 1:
			w.texts(m)
		default:
			w.token(jsontext.BeginArray)
			w.texts(m)
			w.token(jsontext.EndArray)
		}
	}
	w.token(jsontext.EndObject)
}

func (w jsonWriter) texts(m member) {
	for _, word := range m.words {
		w.string(word)
	}
	for _, v := range m.values {
		w.text(v.Text)
	}
}

func (w jsonWriter) text(t policy.Text) {
	w.string(t.Expand(
		func(literal string) string { return literal },
		func(s policy.Symbol) string {
			if v := w.values[s]; v != "" || !w.open {
				return v
			}
			return "${" + string(s) + "}"
		},
	))
}

func (w jsonWriter) string(s string) {
	*w.scratch = appendQuoted((*w.scratch)[:0], s, w.dialect)
	w.must(w.encoder.WriteValue(*w.scratch))
}

func (w jsonWriter) token(t jsontext.Token) { w.must(w.encoder.WriteToken(t)) }

// must panics. A buffer accepts every write, so an error is a wrong order of tokens or a repeated key: a defect of this
// file, or of a role that was made by hand.
func (w jsonWriter) must(err error) {
	if err != nil {
		panic("emit: " + err.Error())
	}
}
