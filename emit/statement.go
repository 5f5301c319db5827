package emit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/execrole/execrole/analyze/policy"
)

// member is one element of a statement as every format writes it: a key with one or many texts, or with
// members of its own. IAM's grammar has nothing else, so that formats need to know only how their
// language writes a text, a list and a mapping.
type member struct {
	key     string
	values  []policy.Value // one is written as such, without a list around it
	members []member       // for Principal and Condition, instead of values
	ours    bool           // the values are constants of execrole: they need no quotes where none are usual
}

// statementMembers returns the elements of a statement in the order in which they are written.
func statementMembers(s policy.Statement) []member {
	list := make([]member, 0, 6)
	if s.Sid != "" {
		list = append(list, constant("Sid", s.Sid))
	}
	list = append(list, constant("Effect", s.Effect.String()))
	if len(s.Principals) > 0 {
		list = append(list, principalMember(s.Principals))
	}
	if s.Actions != nil {
		list = append(list, constant("Action", s.Actions...))
	}
	if s.NotActions != nil {
		list = append(list, constant("NotAction", s.NotActions...))
	}
	if s.Resources != nil {
		list = append(list, member{key: "Resource", values: s.Resources})
	}
	if s.NotResources != nil {
		list = append(list, member{key: "NotResource", values: s.NotResources})
	}
	if len(s.Conditions) > 0 {
		list = append(list, member{key: "Condition", members: conditionMembers(s.Conditions)})
	}
	return list
}

func principalMember(principals []policy.Principal) member {
	if principals[0].Type == policy.AnyPrincipal {
		return constant("Principal", policy.AnyPrincipal)
	}
	m := member{key: "Principal"}
	for _, p := range principals {
		// The name of a service is a constant of execrole.
		m.members = append(m.members, member{key: p.Type, values: policy.Values(p.IDs...), ours: p.Type == policy.ServicePrincipal})
	}
	return m
}

// conditionMembers returns the operators, each with its keys. It sorts, since an operator that stood in
// two places would make a mapping with a repeated key.
func conditionMembers(conditions []policy.Condition) []member {
	sorted := slices.SortedStableFunc(slices.Values(conditions), func(a, b policy.Condition) int {
		return cmp.Or(cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Key, b.Key))
	})
	var operators []member
	for _, c := range sorted {
		if n := len(operators); n == 0 || operators[n-1].key != c.Operator {
			operators = append(operators, member{key: c.Operator})
		}
		last := &operators[len(operators)-1]
		last.members = append(last.members, member{key: c.Key, values: c.Values})
	}
	return operators
}

func constant(key string, values ...string) member {
	m := member{key: key, ours: true, values: make([]policy.Value, len(values))}
	for i, v := range values {
		m.values[i].Text = policy.Text(v)
	}
	return m
}

// checkTexts calls bad for every string of the role that ends as a value in the output, and returns the
// first error. Every format refuses text that is not UTF-8: it could only write something else.
func checkTexts(role *policy.Role, bad func(string) error) error {
	var first error
	check := func(list ...string) {
		for _, s := range list {
			switch {
			case first != nil:
			case !utf8.ValidString(s):
				first = fmt.Errorf("%q is not valid UTF-8", s)
			default:
				first = bad(s)
			}
		}
	}
	values := func(list []policy.Value) {
		for _, v := range list {
			check(v.String())
		}
	}
	for _, arn := range role.Attached {
		check(arn.String())
	}
	for _, t := range role.Mappings {
		check(t.Name, t.Column)
		for _, r := range t.Rows {
			check(r.Region, r.Value)
		}
	}
	for _, p := range role.Properties.List(role.Name) {
		check(p.Text)
		for _, t := range p.Tags {
			check(t.Key, t.Value)
		}
	}
	for _, info := range role.Symbols {
		check(info.Default, info.Expression)
	}
	for _, p := range role.Policies() {
		check(p.Name)
	}
	for _, d := range documents(role) {
		for _, s := range d.Statements {
			check(s.Sid)
			for _, p := range s.Principals {
				check(p.Type)
				values(policy.Values(p.IDs...))
			}
			check(s.Actions...)
			check(s.NotActions...)
			check(s.Reasons()...)
			values(s.Resources)
			values(s.NotResources)
			for _, c := range s.Conditions {
				check(c.Operator, c.Key)
				values(c.Values)
			}
		}
	}
	return first
}

// documents returns the permissions policies and then the trust policy.
func documents(role *policy.Role) []policy.Document {
	var list []policy.Document
	for _, p := range role.Policies() {
		list = append(list, p.Document)
	}
	return append(list, role.Trust)
}

// symbolsOf returns the symbols of documents and of further texts, each once.
func symbolsOf(documents []policy.Document, texts []policy.Text) []policy.Symbol {
	list := policy.Symbols(documents...)
	for _, t := range texts {
		for _, s := range t.Symbols() {
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}

// maxStem leaves room for the ending in the 255 bytes that file systems allow.
const maxStem = 128

// stem returns how names of a role's files begin: the family, without what a file system or a shell
// could take for something else. A family that is too long is cut and gets a hash of the whole, so that
// two long families that begin alike keep two names.
func stem(family string) string { return shorten(cleaned(family), family, maxStem) }

// cleaned returns the family with "-" for what is no letter, digit, "-" or "_".
func cleaned(family string) string {
	s := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, family)
	if s == "" || s[0] == '-' {
		s = "task" + s // a name that began with "-" would be a flag to the next command
	}
	return s
}

// shorten cuts a name that is longer than max, and puts a hash of what it was made of at its end.
func shorten(name, whole string, max int) string {
	if len(name) <= max {
		return name
	}
	sum := sha256.Sum256([]byte(whole))
	hash := hex.EncodeToString(sum[:4])
	return name[:max-len(hash)-1] + "-" + hash
}
