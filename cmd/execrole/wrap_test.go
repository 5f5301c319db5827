package main

import (
	"strings"
	"testing"
)

func TestWrapText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"short", "one\n\ntwo\n", "one\n\ntwo\n"},
		{"no line break at the end", "one", "one"},
		{"exactly", "12345678901234567890\n", "12345678901234567890\n"},
		{"a paragraph", "ECS reads the secret and puts it there.\n", "ECS reads the secret\nand puts it there.\n"},
		{"an indented line", "  a file: warning: this is wrong\n", "  a file: warning:\n    this is wrong\n"},
		{"a label", "  why   ECS reads the secret\n  see   x\n", "  why   ECS reads\n        the secret\n  see   x\n"},
		{"a word that is too wide", "  on    arn:aws:secretsmanager:eu-west-1:111122223333 (each)\n", "  on    arn:aws:secretsmanager:eu-west-1:111122223333\n        (each)\n"},
		{"only a word that is too wide", "arn:aws:secretsmanager:eu-west-1\n", "arn:aws:secretsmanager:eu-west-1\n"},
		{"JSON", "      \"reason\": \"it is as it is and remains\"\n", "      \"reason\": \"it is as it is and remains\"\n"},
		{"JSON in a style", "   \x1b[2m  \"reason\": \"it is as it is\"\x1b[0m\n", "   \x1b[2m  \"reason\": \"it is as it is\"\x1b[0m\n"},
		{"spaces alone", strings.Repeat(" ", 30) + "\n", strings.Repeat(" ", 30) + "\n"},
		{"characters, not bytes", "ééééééé ééééé éééééé ü\n", "ééééééé ééééé éééééé\nü\n"},
		{"a style takes no columns", "\x1b[2m123456789\x1b[0m \x1b[31m1234567890\x1b[0m 12\n", "\x1b[2m123456789\x1b[0m \x1b[31m1234567890\x1b[0m\n12\n"},
		{"spaces between words", "12345678901234   5678901\n", "12345678901234\n5678901\n"},
	} {
		if got := wrapText(c.in, 20); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// FuzzWrapText: wrapping changes spaces and line breaks only.
func FuzzWrapText(f *testing.F) {
	f.Add("  why   ECS reads the secret\n", 20)
	f.Add("\x1b[1ma\x1b[0m  b\n\n c", 3)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if width < 1 {
			return
		}
		got := wrapText(text, width)
		without := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if without(got) != without(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
