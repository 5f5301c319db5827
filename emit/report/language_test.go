package report

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// language has the texts of one page in another language, from a file of testdata. They are there and not in the command,
// which speaks English.
//
// An entry of the file has a key, and the hash of the English texts that it was written from. Each line is one text. The
// entry "words" has lines of the form ENGLISH = WORDS. Comments are before the first entry.
type language struct {
	name    string
	entries map[string]entry
	words   map[string]string
	used    map[string]bool // entries and words
	missing []string        // entries to write, as the file has them; and complaints
}

type entry struct {
	hash  string
	texts []string
}

func readLanguage(t *testing.T, name string) *language {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	l, problems := parseLanguage(name, archive)
	for _, p := range problems {
		t.Error(p)
	}
	return l
}

func parseLanguage(name string, archive *txtar.Archive) (l *language, problems []string) {
	l = &language{name: name, entries: map[string]entry{}, words: map[string]string{}, used: map[string]bool{}}
	for _, f := range archive.Files {
		var lines []string
		for line := range strings.Lines(strings.ReplaceAll(string(f.Data), "\r\n", "\n")) {
			if line = strings.TrimSuffix(line, "\n"); line != "" {
				lines = append(lines, line)
			}
		}
		key, hash, _ := strings.Cut(f.Name, " ")
		if _, twice := l.entries[key]; twice {
			problems = append(problems, fmt.Sprintf("%s: there are two entries %q", name, key))
		}
		if key != "words" {
			l.entries[key] = entry{hash, lines}
			continue
		}
		for _, line := range lines {
			english, words, ok := strings.Cut(line, " = ")
			if _, twice := l.words[english]; twice || !ok {
				problems = append(problems, fmt.Sprintf("%s: words: %q is there twice, or has no \" = \"", name, line))
			}
			l.words[english] = words
		}
	}
	return l, problems
}

// texts is that of a [Language]. What is not in the file stays English.
func (l *language) texts(key string, english ...string) []string {
	if key == "" {
		out := slices.Clone(english)
		for i, e := range english {
			if w, ok := l.words[e]; ok {
				out[i] = w
			} else if !l.used[e] {
				l.missing = append(l.missing, fmt.Sprintf("%s: the words %q are missing", l.name, e))
			}
			l.used[e] = true
		}
		return out
	}
	hash := hashOf(english)
	e, ok := l.entries[key]
	again := l.used[key]
	l.used[key] = true
	switch {
	case again && ok && e.hash == hash: // as before
	case !ok || len(e.texts) != len(english):
		l.missing = append(l.missing, fmt.Sprintf("%s lacks this, in its language:\n-- %s %s --\n%s", l.name, key, hash, strings.Join(english, "\n")))
		return english
	case e.hash != hash:
		l.missing = append(l.missing, fmt.Sprintf("%s: the English of %s is different now. Make the entry say the same, and give it the hash %s:\n%s", l.name, key, hash, strings.Join(english, "\n")))
	}
	return e.texts
}

// report reports what the page asked for and the file lacks, and what the file has and nothing asks for.
func (l *language) report(t *testing.T) {
	t.Helper()
	for _, p := range l.complaints() {
		t.Error(p)
	}
}

func (l *language) complaints() []string {
	list := l.missing
	for key := range l.entries {
		if !l.used[key] {
			list = append(list, fmt.Sprintf("%s: nothing asks for %s", l.name, key))
		}
	}
	for english := range l.words {
		if !l.used[english] {
			list = append(list, fmt.Sprintf("%s: nothing asks for the words %q", l.name, english))
		}
	}
	slices.Sort(list)
	return list
}

// hashOf returns eight digits that are different when the texts are.
func hashOf(texts []string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return fmt.Sprintf("%x", sum[:4])
}

// TestLanguage: what is missing, stale, there twice or of no use is found.
func TestLanguage(t *testing.T) {
	english := []string{"Title", "A sentence."}
	for _, tt := range []struct{ name, file, want string }{
		{"all", "-- A %s --\n題\n文。\n-- words --\nyes = はい\n", `^$`},
		{"missing", "-- words --\nyes = はい\n", `lacks this, in its language:\n-- A [0-9a-f]{8} --\nTitle\nA sentence\.`},
		{"a line too few", "-- A %s --\n題\n-- words --\nyes = はい\n", `lacks this`},
		{"stale", "-- A 00000000 --\n題\n文。\n-- words --\nyes = はい\n", `the English of A is different now\..* hash [0-9a-f]{8}:\nTitle`},
		{"missing words", "-- A %s --\n題\n文。\n", `the words "yes" are missing`},
		{"of no use", "-- A %s --\n題\n文。\n-- B 00000000 --\n他\n-- words --\nyes = はい\nno = いいえ\n", `asks for B\n.*asks for the words "no"`},
		{"twice", "-- A %[1]s --\n題\n文。\n-- A %[1]s --\n題\n文。\n-- words --\nyes = はい\n", `two entries "A"`},
		{"no equals sign", "-- A %s --\n題\n文。\n-- words --\nyes = はい\nno\n", `"no" is there twice, or has no " = "`},
	} {
		text := tt.file
		if strings.Contains(text, "%") {
			text = fmt.Sprintf(text, hashOf(english))
		}
		l, problems := parseLanguage("file", txtar.Parse([]byte(text)))
		for range 2 {
			l.texts("A", english...)
			l.texts("", "yes")
		}
		got := strings.Join(append(problems, l.complaints()...), "\n")
		if !regexp.MustCompile(tt.want).MatchString(got) {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

// TestJoin: Japanese has spaces beside Latin letters alone.
func TestJoin(t *testing.T) {
	for _, tt := range []struct {
		sentences []string
		want      string
	}{
		{[]string{"One.", "Two."}, "One. Two."},
		{[]string{"タスクから 呼び出し先のサービス への経路。", "追加します。"}, "タスクから呼び出し先のサービスへの経路。追加します。"},
		{[]string{"タスクから Amazon ECR への経路。", "`role` です。"}, "タスクから Amazon ECR への経路。`role` です。"},
	} {
		if got := English.join(tt.sentences...); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
