package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Properties are what a role has besides its name and its policies. The zero value leaves all of them to IAM.
type Properties struct {
	// Path groups roles: "/ecs/". It becomes a part of the role's ARN. "" is IAM's default, "/".
	Path string
	// PermissionsBoundary is the ARN of a policy. The role can do only what this policy allows too. "" for none.
	PermissionsBoundary string
	// Tags are sorted by key in a role, and in any order in options.
	Tags []Tag
	// Description says to people what the role is for; "" for none.
	Description string
	// MaxSessionDuration is how many seconds a session of the role may last; 0 leaves it to IAM.
	MaxSessionDuration int
}

// Property is one property of a role that is set. Its value is one of Text, Number and Tags.
type Property struct {
	Key    string // its name in IAM's API: "PermissionsBoundary"
	Words  string // its name in messages: "permissions boundary"
	Text   string
	Number int
	Tags   []Tag
}

// The keys of the properties, as in the arguments of CreateRole.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
const (
	RoleNameKey            = "RoleName"
	PathKey                = "Path"
	DescriptionKey         = "Description"
	PermissionsBoundaryKey = "PermissionsBoundary"
	MaxSessionDurationKey  = "MaxSessionDuration"
	TagsKey                = "Tags"
)

// List returns the properties that are set, and the name of the role before them, in the order in which every format
// writes them: texts first, then the number, then the tags. The name "" is one that is not set.
func (p Properties) List(name string) []Property {
	list := make([]Property, 0, 6)
	for _, property := range [...]Property{
		{Key: RoleNameKey, Words: "name", Text: name},
		{Key: PathKey, Words: "path", Text: p.Path},
		{Key: DescriptionKey, Words: "description", Text: p.Description},
		{Key: PermissionsBoundaryKey, Words: "permissions boundary", Text: p.PermissionsBoundary},
		{Key: MaxSessionDurationKey, Words: "maximum session duration", Number: p.MaxSessionDuration},
		{Key: TagsKey, Words: "tags", Tags: p.Tags},
	} {
		if property.Text != "" || property.Number != 0 || len(property.Tags) > 0 {
			list = append(list, property)
		}
	}
	return list
}

// Tag is one tag of a role.
type Tag struct {
	Key   string
	Value string // may be ""
}

// IAM's limits for a role's properties: lengths in characters, durations in seconds.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, which also has the patterns
// that the checks below follow, and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	MaxPath        = 512
	MaxDescription = 1000
	MaxTags        = 50
	MaxTagKey      = 128
	MaxTagValue    = 256
	MinSession     = 3600
	MaxSession     = 43200
	maxPolicyARN   = 2048
	maxPolicyName  = 128

	// nameMarks are what names of roles and policies may have besides letters and digits.
	nameMarks = "_+=,.@-"
)

// Check returns everything that IAM would not accept, joined with [errors.Join].
func (p Properties) Check() error {
	var errs []error
	for _, check := range []func() error{p.checkPath, p.checkBoundary, p.checkDescription, p.checkDuration, p.checkTags} {
		errs = append(errs, check())
	}
	return errors.Join(errs...)
}

func (p Properties) checkPath() error {
	switch n := utf8.RuneCountInString(p.Path); {
	case p.Path == "" || p.Path == "/":
		return nil
	case n > MaxPath:
		return tooLong("path", p.Path, n, MaxPath)
	case len(p.Path) < 3 || p.Path[0] != '/' || p.Path[len(p.Path)-1] != '/':
		return fmt.Errorf("path %s: IAM wants a slash at both ends and something between them, as in /ecs/, or / alone", shown(p.Path))
	}
	return onlyOf("path", p.Path, printableASCII, "ASCII characters that print, and no spaces")
}

// checkBoundary accepts policies of any partition and account: mostly those of the role are not known. The account of
// policies that AWS manages is "aws".
func (p Properties) checkBoundary() error {
	arn := p.PermissionsBoundary
	if arn == "" {
		return nil
	}
	if n := utf8.RuneCountInString(arn); n > maxPolicyARN {
		return tooLong("permissions boundary", arn, n, maxPolicyARN)
	}
	bad := func(what string) error {
		return fmt.Errorf("permissions boundary %s: %s; IAM wants the ARN of a policy, as in arn:aws:iam::111122223333:policy/NAME", shown(arn), what)
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return bad("this is no ARN")
	}
	account := parts[4]
	path, found := strings.CutPrefix(parts[5], "policy/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case !IsPartition(parts[1]):
		return bad(fmt.Sprintf("%s is no partition", shown(parts[1])))
	case parts[2] != "iam":
		return bad(fmt.Sprintf("the service is %s and not iam", shown(parts[2])))
	case parts[3] != "":
		return bad(fmt.Sprintf("IAM has no regions, and the ARN has %s", shown(parts[3])))
	case account != "aws" && !IsAccount(account):
		return bad(fmt.Sprintf("the account is %s, and not 12 digits or aws", shown(account)))
	case !found:
		return bad(fmt.Sprintf("%s is no policy", shown(parts[5])))
	case name == "":
		return bad("the policy has no name")
	case len(name) > maxPolicyName:
		return bad(fmt.Sprintf("the policy's name has %d characters, and IAM allows %d", len(name), maxPolicyName))
	}
	const allowed = "letters, digits and " + nameMarks
	if err := onlyOf("permissions boundary", name, isNameCharacter, allowed+" in the name of a policy"); err != nil {
		return err
	}
	return onlyOf("permissions boundary", path, printableASCII, "ASCII characters that print, and no spaces")
}

func (p Properties) checkDescription() error {
	if n := utf8.RuneCountInString(p.Description); n > MaxDescription {
		return tooLong("description", p.Description, n, MaxDescription)
	}
	return onlyOf("description", p.Description, func(r rune) bool {
		return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0x7E || r >= 0xA1 && r <= 0xFF
	}, "the characters of ISO 8859-1 that print, tabs and line breaks")
}

func (p Properties) checkDuration() error {
	if d := p.MaxSessionDuration; d != 0 && (d < MinSession || d > MaxSession) {
		return fmt.Errorf("maximum session duration %d: IAM allows %d to %d seconds", d, MinSession, MaxSession)
	}
	return nil
}

// checkTags follows the rules for tags on roles. Tags of other IAM resources may have keys that differ in case only.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
func (p Properties) checkTags() error {
	var errs []error
	if n := len(p.Tags); n > MaxTags {
		errs = append(errs, fmt.Errorf("%d tags; IAM allows %d", n, MaxTags))
	}
	const allowed = "letters, digits, spaces and _.:/=+-@"
	add := func(err error) { errs = append(errs, err) }
	for i, t := range p.Tags {
		if n := utf8.RuneCountInString(t.Key); n > MaxTagKey {
			add(tooLong("tag key", t.Key, n, MaxTagKey))
		} else {
			add(onlyOf("tag key", t.Key, isTagCharacter, allowed))
		}
		if n := utf8.RuneCountInString(t.Value); n > MaxTagValue {
			add(tooLong("value of tag "+shown(t.Key)+",", t.Value, n, MaxTagValue))
		} else {
			add(onlyOf("value of tag "+shown(t.Key)+",", t.Value, isTagCharacter, allowed))
		}
		if t.Key == "" {
			add(errors.New("a tag has no key; IAM wants at least one character"))
		}
		if reservedTag(t.Key) || reservedTag(t.Value) {
			add(fmt.Errorf("tag %s=%s: keys and values that begin with aws:, in whatever case, are AWS's own", shown(t.Key), shown(t.Value)))
		}
		if j := slices.IndexFunc(p.Tags[:i], func(u Tag) bool { return strings.EqualFold(t.Key, u.Key) }); j >= 0 {
			add(fmt.Errorf("tag key %s is there twice, first as %s; IAM takes keys that differ in case alone for one", shown(t.Key), shown(p.Tags[j].Key)))
		}
	}
	return errors.Join(errs...)
}

func reservedTag(s string) bool { return len(s) >= 4 && strings.EqualFold(s[:4], "aws:") }

// Sorted returns p with a copy of its tags that is sorted by key.
func (p Properties) Sorted() Properties {
	p.Tags = slices.SortedFunc(slices.Values(p.Tags), func(a, b Tag) int { return cmp.Compare(a.Key, b.Key) })
	return p
}

func tooLong(what, value string, n, limit int) error {
	return fmt.Errorf("%s %s has %d characters; IAM allows %d", what, shown(value), n, limit)
}

// onlyOf returns an error that names the first character that is not allowed.
func onlyOf(what, value string, ok func(rune) bool, allowed string) error {
	if !utf8.ValidString(value) {
		return fmt.Errorf("%s %s is not UTF-8", what, shown(value))
	}
	for _, r := range value {
		if !ok(r) {
			return fmt.Errorf("%s %s has %q; IAM allows %s", what, shown(value), r, allowed)
		}
	}
	return nil
}

// shown quotes a value for a message of one line: the beginning of a long value.
func shown(s string) string {
	const enough = 60
	if utf8.RuneCountInString(s) <= enough {
		return strconv.Quote(s)
	}
	n := 0
	for i := range s {
		if n++; n > enough {
			return strconv.Quote(s[:i]) + "…"
		}
	}
	return strconv.Quote(s)
}

func printableASCII(r rune) bool { return r >= '!' && r <= '~' }

func isNameCharacter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(nameMarks, r)
}

func isTagCharacter(r rune) bool {
	return unicode.IsLetter(r) || unicode.Is(unicode.Z, r) || unicode.Is(unicode.N, r) || strings.ContainsRune("_.:/=+-@", r)
}
