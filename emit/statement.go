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

// member is one element of a statement, as every format writes it: a key with one or many texts, or with members of its
// own. IAM's grammar has nothing else. So a format needs to know only how its language writes a text, a list and an object.
type member struct {
	key     string
	words   []string       // constants of execrole, which need no quotes where constants usually have none
	values  []policy.Value // other texts; of words and values, one alone is written without a list around it
	members []member       // of Principal and Condition, instead of texts
}

// statementMembers returns the elements of a statement in the order in which they are written. They are in room, if it has
// enough.
func statementMembers(room []member, s *policy.Statement) []member {
	list := room[:0]
	if s.Sid != "" {
		list = append(list, member{key: "Sid", words: []string{s.Sid}})
	}
	list = append(list, member{key: "Effect", words: []string{s.Effect.String()}})
	if len(s.Principals) > 0 {
		list = append(list, principalMember(s.Principals))
	}
	if s.Actions != nil {
		list = append(list, member{key: "Action", words: s.Actions})
	}
	if s.NotActions != nil {
		list = append(list, member{key: "NotAction", words: s.NotActions})
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
		return member{key: "Principal", words: []string{policy.AnyPrincipal}}
	}
	m := member{key: "Principal"}
	for _, p := range principals {
		ids := member{key: p.Type}
		if p.Type == policy.ServicePrincipal {
			for _, id := range p.IDs {
				ids.words = append(ids.words, string(id))
			}
		} else {
			ids.values = policy.Values(p.IDs...)
		}
		m.members = append(m.members, ids)
	}
	return m
}

// conditionMembers returns the operators, each with its keys. It sorts them, so that no operator becomes a key twice.
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

// checkTexts calls bad for every string of the role that becomes a value in the output, and returns the first error.
// Text that is not UTF-8 is an error in every format: none could write it.
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
	text := func(t policy.Text) {
		// The form for people is needed for an error only.
		if s := string(t); !utf8.ValidString(s) || bad(s) != nil {
			check(t.String())
		}
	}
	values := func(list []policy.Value) {
		for _, v := range list {
			text(v.Text)
		}
	}
	for _, arn := range role.Attached {
		text(arn)
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
	for _, s := range declaredSymbols(role) {
		info := role.Symbols[s]
		check(string(s), info.Default, info.Expression, info.Description)
	}
	for _, p := range role.Policies() {
		check(p.Name)
	}
	for _, d := range documents(role) {
		for _, s := range d.Statements {
			check(s.Sid)
			for _, p := range s.Principals {
				check(p.Type)
				for _, id := range p.IDs {
					text(id)
				}
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

// declaredSymbols returns the symbols that the role uses and about which something is known. Most roles have none.
func declaredSymbols(role *policy.Role) []policy.Symbol {
	if len(role.Symbols) == 0 {
		return nil
	}
	return slices.DeleteFunc(usedSymbols(role), func(s policy.Symbol) bool { _, ok := role.Symbols[s]; return !ok })
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

// maxStem leaves room for the end of the name in the 255 bytes that file systems allow.
const maxStem = 128

// stem returns the beginning of the names of a role's files: the family, without characters that mean something to a
// file system or a shell. A long family is cut and gets a hash of the whole, so that two long families that begin alike
// have different names.
func stem(family string) string { return shorten(cleaned(family), family, maxStem) }

// cleaned returns the family as a name of letters, digits, "-" and "_".
func cleaned(family string) string { return distinct(plain(family), family) }

// hyphened returns the family as a name of letters, digits and hyphens that begins with a letter, for the languages that
// have no more characters in names, or in which names have underscores instead of hyphens. Of the families that people
// have, many contain hyphens and few contain underscores.
func hyphened(family string) string {
	s := strings.ReplaceAll(plain(family), "_", "-")
	if !asciiLetter(s[0]) {
		s = "task-" + s
	}
	return distinct(s, family)
}

// plain returns the family with "-" for every character that is no letter, digit, "-" or "_".
func plain(family string) string {
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

// distinct returns a name that was made of a family, with a hash of the family at its end if the name is not the family
// itself. So two families have two names, and the name of one does not depend on which others there are.
func distinct(name, family string) string {
	if family == "" || name == family {
		return name
	}
	return name + "-" + hash(family)
}

// shorten cuts a name that is longer than max, and puts a hash of the whole at its end.
func shorten(name, whole string, max int) string {
	if len(name) <= max {
		return name
	}
	end := "-" + hash(whole)
	return name[:max-len(end)] + end
}

// hash returns eight characters that differ for different texts.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}
