package emit

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/execrole/execrole/analyze/policy"
)

// iamJSON writes policy documents as IAM's API takes them, so that no symbol can stay open.
//
// The first permissions policy is the main file. A role whose permissions fill more than one has a file
// for each: the first keeps the name it has alone, so that a role that outgrows one policy leaves no
// stale file behind, and the others are numbered from 2. Those that it no longer has must not be left from
// before, or they would be sent along.
var iamJSON = &Format{
	Name:       "json",
	Help:       "the IAM policy document (JSON)",
	Extensions: []string{".json"},
	Emit:       emitJSON,
}

func emitJSON(role *policy.Role, opts Options) ([]File, error) {
	n := len(role.Inline) + len(role.Managed)
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
	missing := &MissingValues{Format: "json"}
	for _, s := range policy.Symbols(docs...) {
		switch v := opts.Values[s]; {
		case v == "":
			missing.Symbols = append(missing.Symbols, s)
		case !utf8.ValidString(v):
			return nil, fmt.Errorf("format json: the value %q of %s is not valid UTF-8", v, s)
		}
	}
	if missing.Symbols != nil {
		return nil, missing
	}
	base := stem(role.Family) + "-execution-"
	files := []File{{Name: base + "policy.json"}}
	numbered := func(i int) string { return base + "policy-" + strconv.Itoa(i) + ".json" }
	for i, d := range docs {
		f := File{Name: base + "policy.json", Data: jsonDocument(d, opts.Values), Uses: policy.Symbols(d)}
		switch {
		case i == n:
			f.Name = base + "trust.json"
			files = append(files, f)
		case i == 0:
			files[0] = f
		default:
			f.Name = numbered(i + 1)
			files = append(files, f)
		}
	}
	for i := max(n, 1) + 1; i <= policy.MaxAttached && !opts.MainOnly; i++ {
		files[0].Absent = append(files[0].Absent, numbered(i))
	}
	return files, nil
}

// jsonWriter writes JSON token by token. Strings are escaped by quote and not by the encoder, which leaves
// characters as they are that IAM or a terminal would not take.
type jsonWriter struct {
	encoder *jsontext.Encoder
	values  map[policy.Symbol]string
}

func jsonDocument(d policy.Document, values map[policy.Symbol]string) []byte {
	var b bytes.Buffer
	w := jsonWriter{
		encoder: jsontext.NewEncoder(&b, jsontext.WithIndent("  "), jsontext.PreserveRawStrings(true)),
		values:  values,
	}
	w.token(jsontext.BeginObject)
	w.string("Version")
	w.string(policy.Version)
	w.string("Statement")
	w.token(jsontext.BeginArray)
	for _, s := range d.Statements {
		w.members(statementMembers(s))
	}
	w.token(jsontext.EndArray)
	w.token(jsontext.EndObject) // the encoder ends a value at the top with a line break
	return b.Bytes()
}

func (w jsonWriter) members(members []member) {
	w.token(jsontext.BeginObject)
	for _, m := range members {
		w.string(m.key)
		switch {
		case m.members != nil:
			w.members(m.members)
		case len(m.texts) == 1:
			w.text(m.texts[0])
		default:
			w.token(jsontext.BeginArray)
			for _, t := range m.texts {
				w.text(t)
			}
			w.token(jsontext.EndArray)
		}
	}
	w.token(jsontext.EndObject)
}

func (w jsonWriter) text(t policy.Text) {
	w.string(t.Expand(
		func(literal string) string { return literal },
		func(s policy.Symbol) string { return w.values[s] },
	))
}

func (w jsonWriter) string(s string) { w.must(w.encoder.WriteValue([]byte(quote(s, dialectIAM)))) }

func (w jsonWriter) token(t jsontext.Token) { w.must(w.encoder.WriteToken(t)) }

// must panics: a buffer takes every write, so that an error here is a wrong order of tokens or a repeated
// key, a defect of this file or of a role made by hand.
func (w jsonWriter) must(err error) {
	if err != nil {
		panic("emit: " + err.Error())
	}
}
