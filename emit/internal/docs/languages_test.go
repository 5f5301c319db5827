package docs

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/execrole/execrole/testdata/golden"
)

// inJapanese are the Japanese documents, by the English ones.
var inJapanese = map[string]string{
	"README.md":        "README.ja.md",
	"docs/findings.md": "docs/ja/findings.md",
	"docs/errors.md":   "docs/ja/errors.md",
}

// block is a part of a document: a heading, a paragraph, an item of a list, a row of a table, or a block of code.
type block struct {
	line int
	kind string // "#" with as many characters as the heading has; "code", "-", "|" or "text"
	text string // without the marks of its kind; of code, as it is
}

// blocksOf splits a document.
func blocksOf(text string) (list []block) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	item := regexp.MustCompile(`^(?:- |\d+\. )`)
	heading := regexp.MustCompile(`^(#+) (.+)$`)
	for i := 0; i < len(lines); i++ {
		line, first := lines[i], i
		b := block{line: first + 1, kind: "text", text: line}
		switch {
		case strings.TrimSpace(line) == "" || regexp.MustCompile(`^\|[-|]+\|$`).MatchString(line):
			continue
		case strings.HasPrefix(line, "```"):
			i += 1 + max(0, slices.Index(lines[i+1:], "```"))
			b.kind, b.text = "code", strings.Join(lines[first:i+1], "\n")
		case strings.HasPrefix(line, "    "):
			for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "    ") {
				i++
			}
			b.kind, b.text = "code", strings.Join(lines[first:i+1], "\n")
		case heading.MatchString(line):
			m := heading.FindStringSubmatch(line)
			b.kind, b.text = m[1], m[2]
		case strings.HasPrefix(line, "|"):
			b.kind = "|"
		default:
			if mark := item.FindString(line); mark != "" {
				b.kind, b.text = "-", strings.TrimPrefix(line, mark)
			}
			for i+1 < len(lines) && strings.TrimSpace(lines[i+1]) != "" && !regexp.MustCompile("^(```|\\||#|- |\\d+\\. )").MatchString(lines[i+1]) {
				i++
				b.text += " " + strings.TrimSpace(lines[i])
			}
		}
		list = append(list, b)
	}
	return list
}

// link is a link of Markdown: its text and its target.
var link = regexp.MustCompile(`\[([^\[\]]*)\]\(([^()\s]+)\)`)

// codeSpan is a text in backquotes, of which there can be several.
var codeSpan = regexp.MustCompile("(`+)([^`]+)(`+)")

// plainOf returns what a reader sees of a block, and its spans of code.
func plainOf(text string) (plain string, spans map[string]bool) {
	text = link.ReplaceAllString(text, "$1")
	spans = map[string]bool{}
	for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
		spans[strings.TrimSpace(m[2])] = true
	}
	return strings.ReplaceAll(text, "`", ""), spans
}

// A figure is a number that is written with digits: a count, a size, a version, a port, a date. It can have commas and
// points inside.
var figure = regexp.MustCompile(`[0-9]+(?:[.,][0-9]+)*`)

// numerals are the words that English has for figures. Japanese writes most of them with digits.
var numerals = map[string]string{
	"once": "1", "one": "1", "first": "1", "a": "1", "an": "1", "two": "2", "second": "2", "both": "2", "twice": "2", "half": "2", "three": "3", "third": "3",
	"four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "hundred": "100",
}

// largeNumerals have to be in the Japanese text too; the others can be left out, as in "one of them".
var largeNumerals = regexp.MustCompile(`^(four|five|six|seven|eight|nine|ten|eleven|twelve|hundred)$`)

// figuresOf returns the figures of an English text that have to be in the Japanese one, and those that can be in it.
func figuresOf(english string) (needed, possible map[string]bool) {
	needed, possible = map[string]bool{}, map[string]bool{}
	for _, f := range figure.FindAllString(english, -1) {
		needed[f], possible[f] = true, true
	}
	for _, w := range regexp.MustCompile(`[A-Za-z]+`).FindAllString(strings.ToLower(english), -1) {
		if f := numerals[w]; f != "" {
			possible[f] = true
			if largeNumerals.MatchString(w) {
				needed[f] = true
			}
		}
	}
	return needed, possible
}

// technical is a word that is the same in every language: a flag, a field, an action, a path, a name in capitals.
var technical = regexp.MustCompile("^-|[_/=$<{}*…]|[a-z][A-Z]|[.:@][A-Za-z0-9]|^[A-Z0-9]{2,}$")

// wordsOf returns the words of a text, without the characters around them. Japanese letters end a word.
func wordsOf(text string) (list []string) {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == '|' || r > '~' && r != '…' && r != 'é' }) {
		w = strings.Trim(strings.TrimSuffix(strings.Trim(w, `.,:;()"'!?[]*`), "'s"), `.,:;()"'!?[]*`)
		if strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			list = append(list, w)
		}
	}
	return list
}

// ofJapanese are words that the Japanese document can have where the English one says "it", or links to the other.
var ofJapanese = map[string]bool{"English": true, "ECS": true, "AWS": true, "IAM": true}

// document is one with its place.
type document struct {
	name   string // from the project's root, with slashes
	blocks []block
}

// headings returns the name of each heading, as GitHub makes it. The second heading of a name has -1 behind it.
func (d *document) headings() (list []string) {
	count := map[string]int{}
	for _, b := range d.blocks {
		if !strings.HasPrefix(b.kind, "#") {
			continue
		}
		plain, _ := plainOf(b.text)
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r), r == '-', r == '_':
				return r
			}
			return -1
		}, strings.ToLower(plain))
		count[name]++
		if n := count[name]; n > 1 {
			name += fmt.Sprint("-", n-1)
		}
		list = append(list, name)
	}
	return list
}

// library is the documents that exist in both languages, by name, and the names of the Japanese ones, by the English ones.
type library struct {
	documents  map[string]*document
	inJapanese map[string]string
}

// pair is a document in both languages.
type pair struct{ english, japanese *document }

// same lists what one of the documents has and the other has not.
func (p *pair) same(all *library) (problems []string) {
	en, ja := p.english.blocks, p.japanese.blocks
	kinds := func(list []block) (out []string) {
		for _, b := range list {
			out = append(out, b.kind)
		}
		return out
	}
	if a, b := kinds(en), kinds(ja); !slices.Equal(a, b) {
		for i := range max(len(a), len(b)) {
			switch {
			case i >= len(a):
				return []string{fmt.Sprintf("%s:%d: the English document ends before this", p.japanese.name, ja[i].line)}
			case i >= len(b):
				return []string{fmt.Sprintf("%s:%d: the Japanese document ends before this", p.english.name, en[i].line)}
			case a[i] != b[i]:
				return []string{fmt.Sprintf("%s:%d is a block of the kind %q, and %s:%d of the kind %q", p.english.name, en[i].line, a[i], p.japanese.name, ja[i].line, b[i])}
			}
		}
	}
	for i := range en {
		for _, problem := range p.sameBlock(en[i], ja[i], all) {
			problems = append(problems, fmt.Sprintf("%s:%d and %s:%d: %s", p.english.name, en[i].line, p.japanese.name, ja[i].line, problem))
		}
	}
	return problems
}

func (p *pair) sameBlock(en, ja block, all *library) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if en.kind == "code" {
		if en.text != ja.text {
			say("the code is different")
		}
		return problems
	}
	a, b := all.targets(p.english, en), all.targets(p.japanese, ja)
	if !slices.Equal(a, b) {
		say("the links are different: %q, %q", a, b)
	}
	english, spans := plainOf(en.text)
	japanese, japaneseSpans := plainOf(ja.text)
	words := map[string]bool{}
	for _, w := range wordsOf(japanese) {
		words[w] = true
		if !strings.Contains(english, w) && !ofJapanese[w] && !figure.MatchString(w) {
			say("only the Japanese has %q", w)
		}
	}
	for s := range spans {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(japaneseSpans)), func(j string) bool { return strings.Contains(j, s) }) {
			say("the Japanese lacks the code %q", s)
		}
	}
	for s := range japaneseSpans {
		if !strings.Contains(english, s) {
			say("only the Japanese has the code %q", s)
		}
	}
	for _, w := range wordsOf(english) {
		if technical.MatchString(w) && !strings.Contains(japanese, w) {
			say("the Japanese lacks %q", w)
		}
	}
	needed, possible := figuresOf(english)
	got := map[string]bool{}
	for _, f := range figure.FindAllString(japanese, -1) {
		got[f] = true
		if !possible[f] {
			say("only the Japanese has the figure %s", f)
		}
	}
	for f := range needed {
		if !got[f] {
			say("the Japanese lacks the figure %s", f)
		}
	}
	slices.Sort(problems)
	return problems
}

// targets returns the targets of a block's links, sorted. That of a document in both languages is the English one with the
// number of the heading.
func (all *library) targets(d *document, b block) (list []string) {
	for _, m := range link.FindAllStringSubmatch(b.text, -1) {
		u, err := url.Parse(m[2])
		if err != nil || u.IsAbs() {
			list = append(list, m[2])
			continue
		}
		name := d.name
		if u.Path != "" {
			name = path.Join(path.Dir(d.name), u.Path)
		}
		anchor, japanese := u.Fragment, slices.Contains(slices.Collect(maps.Values(all.inJapanese)), d.name)
		if other := all.documents[name]; other != nil && anchor != "" {
			anchor = fmt.Sprint("heading ", slices.Index(other.headings(), anchor))
		}
		for english, translated := range all.inJapanese {
			switch {
			case name == translated:
				name = english
			case name == english && japanese && d.name != translated:
				name += " in English, which is there in Japanese"
			}
		}
		list = append(list, name+"#"+anchor)
	}
	slices.Sort(list)
	return list
}

// TestLanguages: a Japanese document has the same blocks as the English one, in the same order, and in each block the same
// code, flags, names, figures and links. What a figure is, is said above.
func TestLanguages(t *testing.T) {
	root := golden.Root(t)
	all := &library{map[string]*document{}, inJapanese}
	for english, japanese := range inJapanese {
		for _, name := range []string{english, japanese} {
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			all.documents[name] = &document{name, blocksOf(string(text))}
		}
	}
	for _, english := range slices.Sorted(maps.Keys(inJapanese)) {
		p := pair{all.documents[english], all.documents[inJapanese[english]]}
		if len(p.english.blocks) < 20 {
			t.Errorf("%s has only %d blocks", english, len(p.english.blocks))
		}
		for _, problem := range p.same(all) {
			t.Error(problem)
		}
	}
	found, err := filepath.Glob(filepath.Join(root, "docs", "ja", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		if name := "docs/ja/" + filepath.Base(file); all.documents[name] == nil {
			t.Errorf("%s is not compared with an English document", name)
		}
	}
}

// TestSameBlocks: each kind of difference is found.
func TestSameBlocks(t *testing.T) {
	for _, tt := range []struct{ name, english, japanese, want string }{
		{"nothing", "# Title\n\n- Use `--set A=B` for\n  the ten ARNs of ECS.\n\n| a | `b` |\n|---|---|\n\n```sh\nrun\n```\n\n    indented\n", "# 題\n\n- ECS の ARN 10 個には `--set A=B` を使います。\n\n| あ | `b` |\n|---|---|\n\n```sh\nrun\n```\n\n    indented\n", ""},
		{"a paragraph", "One.\n\nTwo.\n", "一。\n", "en.md:3: the Japanese document ends before this"},
		{"a section", "One.\n", "一。\n\n# 題\n", "ja.md:3: the English document ends before this"},
		{"the order", "One.\n\n- Two.\n", "- 一。\n\n二。\n", "kind"},
		{"code", "```sh\nrun\n```\n", "```sh\nruns\n```\n", "the code is different"},
		{"indented code", "A\n\n    run\n", "あ\n\n    runs\n", "the code is different"},
		{"a flag", "Use `--set`.\n", "`--image` を使います。\n", "the Japanese lacks the code \"--set\""},
		{"a flag without backquotes", "Use --set.\n", "使います。\n", "the Japanese lacks \"--set\""},
		{"a word", "Use it.\n", "Terraform を使います。\n", "only the Japanese has \"Terraform\""},
		{"code that the English lacks", "Use it.\n", "`aws` を使います。\n", "only the Japanese has the code \"aws\""},
		{"a name", "Set executionRoleArn.\n", "設定します。\n", "the Japanese lacks \"executionRoleArn\""},
		{"a figure", "At most 10,240 characters.\n", "最大 10,420 文字です。\n", "only the Japanese has the figure 10,420"},
		{"a figure that is missing", "At most 10,240 characters.\n", "最大です。\n", "the Japanese lacks the figure 10,240"},
		{"a numeral", "Up to ten.\n", "最大 12 個です。\n", "the Japanese lacks the figure 10"},
		{"a small numeral", "One of two.\n", "2 つのうちの 1 つです。\n", ""},
		{"a link", "See [a](a.md).\n", "[あ](b.md) を参照してください。\n", "the links are different"},
		{"a heading", "# One\n\n# Two\n\n[a](#one)\n", "# 一\n\n# 二\n\n[あ](#二)\n", "the links are different"},
		{"the same heading", "# One\n\n# Two\n\n[a](#two)\n", "# 一\n\n# 二つ\n\n[あ](#二つ)\n", ""},
		{"an address", "See https://a.example/1.\n", "https://a.example/2 を参照してください。\n", "the Japanese lacks \"https://a.example/1\""},
	} {
		p := pair{&document{"en.md", blocksOf(tt.english)}, &document{"ja.md", blocksOf(tt.japanese)}}
		all := &library{map[string]*document{"en.md": p.english, "ja.md": p.japanese}, map[string]string{"en.md": "ja.md"}}
		got := strings.Join(p.same(all), "\n")
		if !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
