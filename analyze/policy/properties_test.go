package policy

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// properties returns properties that IAM takes, all at their limits, with one change.
func properties(change func(*Properties)) Properties {
	p := Properties{
		Path:                "/" + strings.Repeat("~", 510) + "/",
		PermissionsBoundary: "arn:aws-iso-b:iam::111122223333:policy/!~/" + strings.Repeat("a", 128),
		Description:         strings.Repeat("ÿ", 1000),
		MaxSessionDuration:  43200,
	}
	for i := range 50 {
		p.Tags = append(p.Tags, Tag{strings.Repeat("é", 126) + fmt.Sprintf("%02d", i), strings.Repeat("\u3000", 256)})
	}
	change(&p)
	return p
}

func TestPropertiesThatIAMTakes(t *testing.T) {
	for name, p := range map[string]Properties{
		"none":          {},
		"limits":        properties(func(*Properties) {}),
		"root":          {Path: "/"},
		"one character": {Path: "/a/"},
		"slashes":       {Path: "///"}, // IAM's pattern has them
		"AWS's policy":  {PermissionsBoundary: "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"},
		"shortest":      {MaxSessionDuration: 3600},
		"lines":         {Description: "a\tb\r\nc ~¡"},
		"tags":          {Tags: []Tag{{"aws", "aws"}, {"awsome:", ""}, {"a:aws:", "a aws:"}, {"_.:/=+-@ 日", "ⅷ¼"}}},
	} {
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPropertiesThatIAMRefuses: a message names the limit and the value, of a long one its begin.
func TestPropertiesThatIAMRefuses(t *testing.T) {
	for _, tt := range []struct {
		change func(*Properties)
		want   string
	}{
		{func(p *Properties) { p.Path = "/" + strings.Repeat("a", 511) + "/" }, `path "/` + strings.Repeat("a", 59) + `"… has 513 characters; IAM allows 512`},
		{func(p *Properties) { p.Path = "//" }, `path "//": IAM wants a slash at both ends and something between them, as in /ecs/, or / alone`},
		{func(p *Properties) { p.Path = "/a" }, `path "/a": IAM wants`},
		{func(p *Properties) { p.Path = "a/" }, `path "a/": IAM wants`},
		{func(p *Properties) { p.Path = "/a\n/" }, `path "/a\n/" has '\n'; IAM allows`},
		{func(p *Properties) { p.Path = "/é/" }, `path "/é/" has 'é'; IAM allows`},
		{func(p *Properties) { p.Path = "/\xff/" }, `path "/\xff/" is not UTF-8`},
		{func(p *Properties) {
			p.PermissionsBoundary = "arn:aws:iam::aws:policy/" + strings.Repeat("a/", 1012) + "a"
		}, `"… has 2049 characters; IAM allows 2048`},
		{func(p *Properties) { p.PermissionsBoundary = "MyBoundary" }, `permissions boundary "MyBoundary": this is no ARN; IAM wants the ARN of a policy`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:iam:aws:policy/a" }, `this is no ARN`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws-:iam::aws:policy/a" }, `"aws-" is no partition`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:awsome:iam::aws:policy/a" }, `"awsome" is no partition`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:sts::aws:policy/a" }, `the service is "sts" and not iam`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:iam:*:aws:policy/a" }, `IAM has no regions, and the ARN has "*"`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:iam::AWS:policy/a" }, `the account is "AWS", and not 12 digits or aws`},
		{func(p *Properties) {
			p.PermissionsBoundary = "arn:aws:iam::１１１１２２２２３３３３:policy/a"
		}, `not 12 digits or aws`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:iam::aws:policy" }, `"policy" is no policy`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:iam::aws:policy/" }, `the policy has no name`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:iam::aws:policy/a/" + strings.Repeat("b", 129) }, `the policy's name has 129 characters, and IAM allows 128`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:iam::aws:policy/a:b" }, `has ':'; IAM allows letters, digits and _+=,.@- in the name of a policy`},
		{func(p *Properties) { p.PermissionsBoundary = "arn:aws:iam::aws:policy/a b/c" }, `has ' '; IAM allows ASCII characters that print`},
		{func(p *Properties) { p.Description += "a" }, `"… has 1001 characters; IAM allows 1000`},
		{func(p *Properties) { p.Description = "a\u0080" }, `description "a\u0080" has '\u0080'; IAM allows`},
		{func(p *Properties) { p.Description = "a\u00a0" }, `has '\u00a0'`},
		{func(p *Properties) { p.Description = "a\x7f" }, `has '\x7f'`},
		{func(p *Properties) { p.Description = "ā" }, `has 'ā'`},
		{func(p *Properties) { p.MaxSessionDuration = 3599 }, `maximum session duration 3599: IAM allows 3600 to 43200 seconds`},
		{func(p *Properties) { p.MaxSessionDuration = 43201 }, `maximum session duration 43201: IAM allows 3600 to 43200 seconds`},
		{func(p *Properties) { p.MaxSessionDuration = -1 }, `maximum session duration -1: IAM allows 3600 to 43200 seconds`},
		{func(p *Properties) { p.Tags = append(p.Tags, Tag{"a", ""}) }, `51 tags; IAM allows 50`},
		{func(p *Properties) { p.Tags[0].Key += "é" }, `"… has 129 characters; IAM allows 128`},
		{func(p *Properties) { p.Tags[0] = Tag{"a", strings.Repeat("b", 257)} }, `value of tag "a", "` + strings.Repeat("b", 60) + `"… has 257 characters; IAM allows 256`},
		{func(p *Properties) { p.Tags[0].Key = "" }, `a tag has no key; IAM wants at least one character`},
		{func(p *Properties) { p.Tags[0].Key = "a\tb" }, `tag key "a\tb" has '\t'; IAM allows letters, digits, spaces and _.:/=+-@`},
		{func(p *Properties) { p.Tags[0] = Tag{"a", "b*"} }, `value of tag "a", "b*" has '*'; IAM allows`},
		{func(p *Properties) { p.Tags[0] = Tag{"aWs:", "b"} }, `tag "aWs:"="b": keys and values that begin with aws:, in whatever case, are AWS's own`},
		{func(p *Properties) { p.Tags[0] = Tag{"a", "AWS:b"} }, `tag "a"="AWS:b": keys and values`},
		{func(p *Properties) { p.Tags[0].Key, p.Tags[9].Key = "É", "é" }, `tag key "é" is there twice, first as "É"; IAM takes keys that differ in case alone for one`},
		{func(p *Properties) { p.Tags[1].Key = p.Tags[0].Key }, `is there twice`},
	} {
		p := properties(tt.change)
		err := p.Check()
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v\nwant %s", err, tt.want)
		}
		if err := (Options{Properties: p}).Check(); err == nil {
			t.Errorf("Options take what Properties refuse: %s", tt.want)
		}
	}
}

// TestAllProblemsAtOnce: each is a line of the joined error.
func TestAllProblemsAtOnce(t *testing.T) {
	err := Options{Name: "a b", Properties: Properties{Path: "a", PermissionsBoundary: "b", Description: "\x00", MaxSessionDuration: 1, Tags: []Tag{{"", "*"}}}}.Check()
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 7 {
		t.Errorf("%d problems, want 7: %v", n, err)
	}
}

func TestSortedTags(t *testing.T) {
	p := Properties{Tags: []Tag{{"b", "1"}, {"a", "2"}, {"B", "3"}}}
	if got, want := p.Sorted().Tags, []Tag{{"B", "3"}, {"a", "2"}, {"b", "1"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if p.Tags[0].Key != "b" {
		t.Error("the caller's list was sorted")
	}
	if (Properties{}).Sorted().Tags != nil {
		t.Error("no tags became an empty list")
	}
}

// FuzzProperties: what passes has IAM's lengths, and every complaint is a line for each problem.
func FuzzProperties(f *testing.F) {
	for _, s := range []string{"", "/", "/a/", "arn:aws:iam::111122223333:policy/a/b", "arn:aws:iam::aws:policy/a", "aws:a", "a\nb", "\xff", "é", "日", "\x00", strings.Repeat("a", 600)} {
		f.Add(s, s, 3600)
	}
	f.Fuzz(func(t *testing.T, s, u string, n int) {
		one := []Properties{
			{Path: s}, {PermissionsBoundary: s}, {Description: s}, {MaxSessionDuration: n}, {Tags: []Tag{{Key: s, Value: u}}},
			{Tags: []Tag{{Key: "a", Value: s}, {Key: "b", Value: u}}},
		}
		for i, p := range one {
			err := p.Check()
			if err != nil {
				if lines := strings.Count(err.Error(), "\n"); lines > 4 || !utf8.ValidString(err.Error()) {
					t.Errorf("%+v: %d lines: %q", p, lines, err)
				}
				continue
			}
			if !utf8.ValidString(s+u) && i != 3 && (i > 3 || !utf8.ValidString(s)) || strings.Contains(s, "\x00") && i != 3 {
				t.Errorf("%+v is accepted", p)
			}
			limits := []int{MaxPath, 2048, MaxDescription, 1 << 40, MaxTagKey, MaxTagValue}
			if utf8.RuneCountInString(s) > limits[i] {
				t.Errorf("%+v is accepted", p)
			}
		}
	})
}
