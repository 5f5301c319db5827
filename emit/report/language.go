package report

import (
	"strings"
	"unicode"
)

// Language gives the texts of a page that is made from a table.
type Language struct {
	// Texts gives the texts of a key in the language: as many as it gets. The key is a code such as EXR001, the name of a message
	// or a cause, or a part of the page. The key "" is for words that are the same wherever they are: there the English words are
	// the key. nil is English.
	Texts func(key string, english ...string) []string
}

// English is the language of the tables.
var English Language

func (l Language) texts(key string, english ...string) []string {
	if l.Texts == nil {
		return english
	}
	return l.Texts(key, english...)
}

// word returns one word, or some that are used as one.
func (l Language) word(english string) string { return l.texts("", english)[0] }

// join puts sentences behind each other, with a space between them. Languages that have no spaces between words, such as
// Japanese, have them beside Latin letters alone, and not behind a full stop.
func (l Language) join(sentences ...string) string {
	list := []rune(strings.Join(sentences, " "))
	out := list[:0]
	for i, r := range list {
		if r == ' ' && i > 0 && i+1 < len(list) {
			last := out[len(out)-1]
			if last == '。' || last == '、' || isUnspaced(last) && isUnspaced(list[i+1]) {
				continue
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// isUnspaced reports whether a character is of a script that has no spaces between words.
func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー'
}
